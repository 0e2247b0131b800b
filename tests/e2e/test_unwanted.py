# SPDX-License-Identifier: Apache-2.0
"""Is it the record or the receiver? 500 to one or to all, and records that break the session."""

import time
import unittest

from relptest.case import SLOW, long
from relptest.fault import Fault
from relptest.feed import Feeder


def numbers(*which):
    """A payload's verdict: is its number one of these?"""
    marks = [b"seq=%d " % n for n in which]
    return lambda payload: any(m in payload + b" " for m in marks)


ALIBIS = 3  # accepted records that are sent once more to see whether the receiver takes any


class Unwanted(Fault):
    """One record is not wanted: it ends in the aside file, all others arrive."""

    def others(self, r, bad):
        want = set(range(1, self.sent + 1)) - set(bad)
        r.wait(lambda: r.seen.get("a", set()) >= want, 60 * SLOW, "all other records")
        self.assertEqual(r.seen["a"], want)
        self.assert_order(r, "a")

    def aside(self, f, n, seconds=60):
        """Until so many are set aside; life goes on meanwhile, and gives each its alibi."""
        def there():
            if f.counts()["set_aside"] >= n:
                return True
            self.send(1)
            return False
        self.until(there, seconds, lambda: "%d records set aside\n%s" % (n, f.talk()), every=0.2)
        s = f.wait_empty()
        self.assertEqual((s["counts"]["set_aside"], s["spool"]["set_aside"]), (n, n))
        return s

    def test_500_to_one_record(self):
        r = self.receiver()
        is_bad = numbers(500)
        r.at_message = lambda p: "refuse" if is_bad(p) else "ok"
        f = self.forward(r)
        self.send(1000)
        self.others(r, [500])
        s = self.aside(f, 1)
        # what was accepted behind the refused one is not sent again, but for the alibi
        self.assert_duplicates(r, "a", 1, window=ALIBIS, batch=0)
        self.assertEqual(f.talk().count("was set aside"), 1, f.talk())
        self.assertIn("500", s["last_error"]["text"])
        self.send(100)
        self.others(r, [500])
        # by hand: shown, put back, and taken by a receiver that wants it
        self.assertIn("seq=500", f.command("spool", "list").stdout.decode() +
                      f.command("spool", "list", "--aside").stdout.decode())
        r.at_message = None
        self.assertEqual(f.command("spool", "requeue").returncode, 0)
        r.wait_distinct("a", self.sent)
        self.assert_all(r, "a", self.sent)
        f.wait_status(lambda s: s["spool"]["set_aside"] == 0 and s["spool"]["records"] == 0)
        f.term()

    def test_500_to_some_records(self):
        bad = [1, 300, 301]
        r = self.receiver()
        is_bad = numbers(*bad)
        r.at_message = lambda p: "refuse" if is_bad(p) else "ok"
        f = self.forward(r)
        self.send(1000)
        self.others(r, bad)
        self.aside(f, len(bad), 100)
        self.others(r, bad)
        self.assert_duplicates(r, "a", len(bad), window=ALIBIS, batch=0)
        f.term()

    def breaking(self, what, bad=500):
        r = self.receiver()
        is_bad = numbers(bad)
        r.at_message = lambda p: what if is_bad(p) else "ok"
        f = self.forward(r)
        self.send(1000)
        self.others(r, [bad])
        self.aside(f, 1)
        self.others(r, [bad])
        # two breaks in the stream; then it is sent alone
        self.assert_duplicates(r, "a", 2)
        f.term()

    def test_a_record_that_resets_the_session(self):
        self.breaking("reset")

    def test_a_record_that_closes_the_session(self):
        self.breaking("close")

    def test_a_record_that_is_answered_by_serverclose(self):
        self.breaking("serverclose")

    def test_the_first_record_breaks_the_session(self):
        self.breaking("reset", bad=1)

    def test_a_record_that_is_never_answered(self):
        r = self.receiver()
        is_bad = numbers(50)
        r.at_message = lambda p: "ignore" if is_bad(p) else "ok"
        f = self.forward(r, fields={"timeout": 1})
        self.send(100)
        self.others(r, [50])
        self.aside(f, 1)
        # two breaks in the stream; then it is sent alone
        self.assert_duplicates(r, "a", 2)
        f.term()

    def test_new_records_do_not_wait_for_the_back_off_of_a_lone_suspect(self):
        r = self.receiver()
        is_bad = numbers(1)
        r.at_message = lambda p: "refuse" if is_bad(p) else "ok"
        f = self.forward(r)
        self.send(1)
        f.wait_status(lambda s: s["connection"]["next_try_ms"] > 5000, 60 * SLOW,
                      "a long back-off")
        self.send(100)
        begin = time.monotonic()
        self.others(r, [1])
        self.aside(f, 1)
        self.assertLess(time.monotonic() - begin, 10 * SLOW)
        f.term()

    def test_the_only_record_is_never_set_aside(self):
        """Nobody else was accepted: it may be the receiver."""
        r = self.receiver(at_message=lambda p: "refuse")
        f = self.forward(r)
        self.send(1)
        r.wait(lambda: len(r.arrivals) >= 4, 60 * SLOW, "four tries")
        self.assertEqual(f.counts()["set_aside"], 0)
        self.assertLessEqual(r.connects, 6, "it hammers")
        r.at_message = None
        r.wait_distinct("a", 1, 60 * SLOW)
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_kill_9_while_a_record_is_doubted(self):
        r = self.receiver()
        is_bad = numbers(50)
        r.at_message = lambda p: "refuse" if is_bad(p) else "ok"
        f = self.forward(r)
        self.send(100)
        for _ in range(4):
            f.wait_status(lambda s: s["suspect"] or s["counts"]["set_aside"])
            f.kill()
            f.start()
        self.others(r, [50])
        self.aside(f, 1)
        self.assert_duplicates(r, "a", 4)
        f.term()


class Ill(Fault):
    """The receiver takes nothing: order is kept, nothing is set aside, however often it fails."""

    def refused(self, seconds, what="refuse", before=0):
        r = self.receiver()
        f = self.forward(r)
        if before:
            self.send(before)
            self.arrived(r, f)
        r.at_message = lambda p: what
        feeder = Feeder(self, self.held.path, start=self.sent + 1, rate=1000)
        s = f.wait_status(lambda s: not s["delivering"])
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.2)
            s = f.status()
            self.assertEqual((s["counts"]["set_aside"], s["delivering"]), (0, False))
        self.sent += feeder.stop()
        self.assertLess(f.cpu_seconds(), 3 * SLOW + seconds * 0.05)
        self.assertEqual(r.stored, before)
        r.at_message = None
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_500_to_everything(self):
        self.refused(3)

    def test_500_to_everything_after_it_worked(self):
        self.refused(3, before=1000)

    def test_a_reset_at_every_record(self):
        self.refused(3, "reset")

    def test_serverclose_at_every_record(self):
        self.refused(3, "serverclose", before=100)

    @long
    def test_500_to_everything_for_a_minute(self):
        self.refused(60, before=1000)

    @long
    def test_a_reset_at_every_record_for_a_minute(self):
        self.refused(60, "reset")

    def test_500_to_nearly_everything(self):
        """One in ten is taken, whichever it is: no reason to throw away the others."""
        r = self.receiver()
        taken = [0]

        def verdict(payload):
            taken[0] += 1
            return "ok" if taken[0] % 10 == 0 else "refuse"
        r.at_message = verdict
        f = self.forward(r)
        self.send(300)
        f.wait_status(lambda s: s["counts"]["refused"] >= 5, 60)
        r.at_message = None
        r.wait(lambda: len(r.seen.get("a", ())) + f.counts()["set_aside"] >= 300, 60 * SLOW,
               "each record delivered or set aside")
        f.wait_empty()
        aside = f.counts()["set_aside"]
        # each one that is set aside failed alone three times between others
        self.assertLessEqual(aside, 1)
        f.term()


if __name__ == "__main__":
    unittest.main()
