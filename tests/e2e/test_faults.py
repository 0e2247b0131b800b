# SPDX-License-Identifier: Apache-2.0
"""Receivers that refuse, close, are silent, are slow, or end sessions in the middle."""

import time
import unittest

from relptest.case import SLOW
from relptest.fault import Fault
from relptest.feed import Feeder


class Away(Fault):
    """It is not delivered to, nothing is lost, it resumes by itself, without duplicates."""

    # what is said of a receiver that is silent from the start, and of one that ends at open
    SILENT, ENDED = "open", "open"

    def through(self, r, f, begin, end, error, tries, first=100):
        """A fault that begins while it is delivered, lasts, and ends. Duplicates: none."""
        self.send(first)
        r.wait_distinct("a", first)
        f.wait_empty()
        begin()
        self.send(500)
        s = f.wait_status(lambda s: not s["delivering"] and s["last_error"] and
                          error in s["last_error"]["text"], 20, "an error with %r" % error)
        connects = r.connects
        self.calm(f)
        self.assertLessEqual(r.connects - connects, tries * SLOW, "tries in 1 s")
        self.assertEqual(r.stored, first)
        self.send(500)
        end()
        before = time.monotonic()
        self.arrived(r, f)
        self.assertEqual(f.command("status").returncode, 0)
        self.assertTrue(f.said("works again"), f.talk())
        f.term()
        return time.monotonic() - before

    def ok(self, r, **faults):
        """Setting and clearing of attributes, with the connection that stands ended."""
        def begin():
            for name, value in faults.items():
                setattr(r, name, value)
            r.close_all()

        def end():
            for name in faults:
                setattr(r, name, "ok")
        return begin, end

    def test_refusing(self):
        r = self.receiver()
        f = self.forward(r)
        took = self.through(r, f, r.kill, r.restart, "refused", 0)
        self.assertLess(took, 3 * SLOW, "it resumes within a second of the receiver being back")

    def test_closing_at_connect(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_connect="close"), "closed", 8)

    def test_reset_at_connect(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_connect="reset"), "", 8)

    def test_silent_at_connect(self):
        r = self.receiver()
        f = self.forward(r, fields={"timeout": 1})
        self.through(r, f, *self.ok(r, at_connect="silent"), self.SILENT, 3)

    def test_silent_at_open(self):
        r = self.receiver()
        f = self.forward(r, fields={"timeout": 1})
        self.through(r, f, *self.ok(r, at_open="silent"), "open", 3)

    def test_open_refused(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_open="refuse"), "not today", 8)

    def test_closing_at_open(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_open="close"), self.ENDED, 8)

    def test_reset_at_open(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_open="reset"), self.ENDED, 8)

    def test_serverclose_at_open(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_open="serverclose"), self.ENDED, 8)

    def test_no_relp_at_all(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_open="garbage"), "", 8)

    def test_reset_after_every_open(self):
        r = self.receiver()
        f = self.forward(r)
        self.through(r, f, *self.ok(r, at_open="reset-after"), "", 8)

    def test_name_that_does_not_resolve(self):
        r = self.receiver()
        f = self.forward(r, target="no-such-host.invalid")
        self.send(10)
        s = f.wait_status(lambda s: s["last_error"])
        self.assertIn("no-such-host.invalid", s["last_error"]["text"])
        self.calm(f, 1)
        f.term()

    def test_away_from_the_start(self):
        r = self.receiver()
        r.kill()
        f = self.forward(r)
        self.send(1000)
        f.wait_status(lambda s: s["spool"]["records"] == 1000)
        r.restart()
        self.arrived(r, f)
        f.term()

    def test_an_idle_outage_ends_without_a_record(self):
        r = self.receiver()
        f = self.forward(r)
        self.send(1)
        self.arrived(r, f)
        r.kill()
        f.wait_status(lambda s: not s["delivering"])
        r.restart()
        f.wait_status(lambda s: s["delivering"])
        f.term()

    def test_suspension_is_said_once_and_its_end(self):
        r = self.receiver()
        f = self.forward(r)
        for _ in range(3):
            self.send(10)
            self.arrived(r, f)
            r.kill()
            f.wait_status(lambda s: not s["delivering"])
            self.send(10)
            time.sleep(1)  # some tries, which are not said
            r.restart()
            self.arrived(r, f)
        self.assertEqual(f.talk().count("is suspended"), 3, f.talk())
        self.assertEqual(f.talk().count("works again"), 3, f.talk())
        f.term()


class Breaking(Fault):
    """Sessions that end while records are under way."""

    def test_silent_at_acknowledgement(self):
        r = self.receiver(at_message=lambda p: "silent")
        f = self.forward(r, fields={"timeout": 1})
        self.send(3000)
        f.wait_status(lambda s: s["last_error"] and not s["delivering"], 20)
        r.wait(lambda: r.opens >= 2, 20, "a second session")
        r.at_message = None
        r.wait_distinct("a", self.sent, 60)
        self.arrived(r, f, breaks=r.opens - 1)
        f.term()

    def test_silent_in_the_middle(self):
        """It answers half of a window, then nothing: only the rest is sent again."""
        r = self.receiver()
        r.at_message = lambda p: "ok" if r.stored < 1000 or r.opens > 1 else "ignore"
        f = self.forward(r, fields={"timeout": 1})
        self.send(2000)
        r.wait_stored(1000)
        self.assertEqual(self.arrived(r, f), 0)
        self.assertEqual(r.opens, 2)
        f.term()

    def test_close_and_reset_and_serverclose_at_random_records(self):
        r = self.receiver()
        f = self.forward(r)
        breaks = 0
        for what in ("close", "reset", "serverclose") * 3:
            at = self.sent + self.random.randrange(1, 900)
            once = []

            def verdict(payload, at=at, what=what, once=once):
                if not once and b"seq=%d " % at in payload + b" ":
                    once.append(True)
                    return what
                return "ok"
            r.at_message = verdict
            self.send(1000)
            r.wait_distinct("a", self.sent)
            breaks += 1
        self.arrived(r, f, breaks=breaks)
        f.term()

    def test_a_break_every_500_records(self):
        """Progress is made, and no record is blamed for it."""
        r = self.receiver()
        left = [500]

        def verdict(payload):
            left[0] -= 1
            if left[0] == 0:
                left[0] = 500
                return "reset"
            return "ok"
        r.at_message = verdict
        f = self.forward(r)
        self.send(5000)
        r.wait_distinct("a", self.sent, 60 * SLOW)
        r.at_message = None
        self.arrived(r, f, breaks=r.opens)
        f.term()

    def test_reset_while_idle_costs_nothing(self):
        r = self.receiver()
        f = self.forward(r)
        for _ in range(4):
            self.send(100)
            r.wait_distinct("a", self.sent)
            f.wait_empty()
            opens = r.opens
            r.reset_all()
            r.wait(lambda: r.opens > opens, 20, "a new session")
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_silent_at_close(self):
        """A rebind waits for the answer to close, but not for ever."""
        r = self.receiver(at_close="silent")
        f = self.forward(r, fields={"rebindInterval": 1, "timeout": 1})
        feeder = Feeder(self, self.held.path, rate=500)
        r.wait(lambda: r.opens >= 3, 30, "two rebinds")
        self.sent = feeder.stop()
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_closing_at_close(self):
        for what in ("close", "empty"):
            r = self.receiver(at_close=what)
            r.keep = True
            f = self.forward(r, fields={"rebindInterval": 1}, spool=self.path(what)) \
                if what == "close" else self.again
            if what == "close":
                feeder = Feeder(self, self.held.path, rate=500)
                r.wait(lambda: r.opens >= 3, 30, "two rebinds")
                self.sent = feeder.stop()
                self.assertEqual(self.arrived(r, f), 0)
                r.at_close = "empty"
                opens = r.opens
                r.wait(lambda: r.opens >= opens + 2, 30, "two rebinds")
                self.assertEqual(self.arrived(r, f), 0)
                f.term()
                return

    def test_answers_out_of_order(self):
        r = self.receiver(shuffle=True)
        f = self.forward(r)
        self.send(5000)
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_answers_out_of_order_and_breaks(self):
        r = self.receiver(shuffle=True)
        f = self.forward(r)
        for _ in range(5):
            self.send(1000)
            r.reset_all()
        self.arrived(r, f, breaks=5)
        f.term()

    def test_a_slow_receiver(self):
        """The window bounds what is under way; the reading goes on."""
        r = self.receiver(rate=400)
        f = self.forward(r, window_frames=64)
        self.send(1000)
        s = f.wait_status(lambda s: s["counts"]["taken"] == 1000)
        self.assertLessEqual(s["connection"]["unanswered"], 64)
        self.assertGreater(s["spool"]["records"], 0)
        r.rate = 0
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_a_stopped_receiver(self):
        """As SIGSTOP: TCP takes what fits, nothing is answered, it goes on."""
        r = self.receiver()
        f = self.forward(r)
        self.send(100)
        r.wait_distinct("a", 100)
        r.pause()
        feeder = Feeder(self, self.held.path, start=101, count=20000, bytes=400)
        n = feeder.wait(60)
        f.wait_status(lambda s: s["counts"]["taken"] == 20100)
        r.resume()
        self.sent = 100 + n
        self.assertEqual(self.arrived(r, f), 0)
        f.term()


if __name__ == "__main__":
    unittest.main()
