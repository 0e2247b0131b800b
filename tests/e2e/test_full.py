# SPDX-License-Identifier: Apache-2.0
"""A full spool: the newest are dropped, counted exactly and reported, audit records last."""

import unittest

from relptest.case import BATCH, Case, needs_root
from relptest.feed import REPORT, Feeder, Held, reported
from relptest.forward import Forward

NOBODY = 65534
AUDIT = {"tag": "audisp-syslog", "bytes": 400}


class Full(Case):
    """A spool of 1 MiB; the receiver is away until a test brings it back."""

    def setUp(self):
        super().setUp()
        self.held = Held(self.path("syslog"))
        self.addCleanup(self.held.close)
        self.r = self.receiver()
        self.r.kill()

    def forward(self, **how):
        return Forward(self, self.r.port, held=[self.held], spool_max="1MiB", **how).start()

    def feed(self, **how):
        """Sends that many and waits until all were read; returns the number."""
        return Feeder(self, self.held.path, **how).wait()

    def read(self, f, n):
        return f.wait_status(lambda s: s["counts"]["received"] == n, 60)

    def stored(self, source):
        return len(self.r.seen.get(source, ()))

    def dropped(self, s):
        return s["counts"]["dropped_spool_full"] + s["counts"]["dropped_spool_full_audit"]

    def wait_reported(self, n):
        """The receiver is told of all n that were dropped, and of no more."""
        self.r.wait(lambda: reported(self.r.payloads_now()) >= n, 30, "reports of %d" % n)
        self.assertEqual(reported(self.r.payloads()), n)


class Plain(Full):
    def test_newest_are_dropped_and_counted_exactly(self):
        f = self.forward()
        n = self.feed(count=8000, bytes=400)
        s = self.read(f, n)
        taken = s["counts"]["taken"]
        self.assertEqual(s["counts"]["dropped_spool_full"], n - taken)
        self.assertEqual(s["counts"]["dropped_spool_full_audit"], 0)
        self.assertLessEqual(s["spool"]["bytes"], 1 << 20)
        self.assertGreater(taken, 300)
        self.assertEqual(f.talk().count("the spool is full"), 1, f.talk())
        self.r.restart()
        self.wait_reported(n - taken)
        f.wait_empty()
        # what came first was kept: the first `taken`, without a gap
        self.assertEqual(self.assert_exact(self.r, "a", taken), 0)
        self.assertEqual(f.talk().count("has room again"), 1, f.talk())
        s = f.status()
        self.assertEqual(s["counts"]["dropped_reported"], n - taken)
        self.assertLess(s["spool"]["bytes"], 300000, "what is acknowledged is freed")
        report = [p for p in self.r.payloads() if REPORT.search(p)][0]
        self.assertRegex(report, rb"^ proj shoot1 uid node 43 relpbox\[\d+\]: .* between .* and ")
        f.term()

    def test_life_goes_on_after_it(self):
        """Three times full and empty again: nothing gets stuck, the counts add up."""
        f = self.forward()
        first, lost = 1, 0
        for _ in range(3):
            n = self.feed(count=5000, bytes=400, start=first)
            s = self.read(f, first + n - 1)
            lost = self.dropped(s)
            self.r.restart()
            self.wait_reported(lost)
            f.wait_empty()
            n2 = self.feed(count=200, start=first + n)
            first += n + n2
            self.r.wait(lambda: first - 1 in self.r.seen["a"], 30, "the last one")
            self.r.kill()
            f.wait_status(lambda s: not s["delivering"])
        self.assertEqual(self.stored("a") + lost, first - 1)
        self.assert_order(self.r, "a")
        f.term()

    def test_dropping_while_it_is_delivered(self):
        """A receiver that is too slow: some are dropped, in between others find room."""
        self.r.rate = 2000
        self.r.restart()
        f = self.forward()
        n = self.feed(count=15000, bytes=400)
        s = self.read(f, n)
        self.r.rate = 0
        f.wait_empty(60)
        s = f.status()
        lost = self.dropped(s)
        self.assertGreater(lost, 0)
        self.wait_reported(lost)
        self.assertEqual(self.stored("a"), n - lost)
        self.assert_order(self.r, "a")
        self.assert_duplicates(self.r, "a", 0)
        f.term()

    def test_kill_9_while_full(self):
        """The counts survive; a batch that was read again may be counted again, never less."""
        f = self.forward()
        feeder = Feeder(self, self.held.path, bytes=400, count=20000)
        for _ in range(5):
            received = f.counts()["received"]
            f.wait_status(lambda s: s["counts"]["received"] > received + 1000 or
                          s["counts"]["received"] >= 20000)
            f.kill()
            f.start()
        n = feeder.wait()
        f.wait_status(lambda s: s["counts"]["received"] >= n)
        self.r.restart()
        f.wait_status(lambda s: s["spool"]["records"] == 0 and
                      s["counts"]["dropped_reported"] == self.dropped(s))
        lost = n - self.stored("a")
        told = reported(self.r.payloads())
        self.assertGreaterEqual(told, lost)
        self.assertLessEqual(told, lost + 5 * BATCH)
        self.assertEqual(told, self.dropped(f.status()))
        self.assert_order(self.r, "a")
        f.term()

    def test_restart_while_full(self):
        f = self.forward()
        n = self.feed(count=5000, bytes=400)
        self.read(f, n)
        f.restart()
        self.r.restart()
        s = f.wait_status(lambda s: s["spool"]["records"] == 0 and
                          s["counts"]["dropped_reported"] > 0)
        lost = self.dropped(s)
        self.wait_reported(lost)
        self.assertEqual(self.assert_exact(self.r, "a", n - lost), 0)
        f.term()


@needs_root
class Audit(Full):
    """The share that is kept for audit programs: only root's records may use it."""

    def test_a_flood_leaves_the_share(self):
        f = self.forward()
        flood = self.feed(source="flood", count=6000, bytes=400, uid=NOBODY)
        self.read(f, flood)
        n = self.feed(source="audit", count=700, **AUDIT)
        s = self.read(f, flood + n)
        self.assertEqual(s["counts"]["dropped_spool_full_audit"], 0)
        self.assertGreater(s["counts"]["dropped_spool_full"], 0)
        self.r.restart()
        self.wait_reported(self.dropped(s))
        f.wait_empty()
        self.assertEqual(self.assert_exact(self.r, "audit", n), 0)
        self.assertEqual(self.stored("flood"), flood - self.dropped(s))
        f.term()

    def test_a_flood_under_an_audit_programs_name_leaves_it_too(self):
        f = self.forward()
        flood = self.feed(source="flood", count=6000, uid=NOBODY, **AUDIT)
        s = self.read(f, flood)
        self.assertEqual(s["counts"]["untrusted"], flood)
        n = self.feed(source="audit", count=700, **AUDIT)
        s = self.read(f, flood + n)
        self.assertEqual(s["counts"]["dropped_spool_full_audit"], 0)
        self.r.restart()
        self.wait_reported(self.dropped(s))
        f.wait_empty()
        self.assertEqual(self.assert_exact(self.r, "audit", n), 0)
        self.assertEqual(self.stored("flood"), flood - self.dropped(s))
        f.term()

    def test_while_the_flood_goes_on(self):
        f = self.forward()
        flood = Feeder(self, self.held.path, source="flood", bytes=400, uid=NOBODY)
        f.wait_status(lambda s: s["counts"]["dropped_spool_full"] > 100)
        n = self.feed(source="audit", count=700, **AUDIT)
        m = flood.stop()
        s = self.read(f, m + n)
        self.assertEqual(s["counts"]["dropped_spool_full_audit"], 0)
        self.r.restart()
        self.wait_reported(self.dropped(s))
        f.wait_empty()
        self.assertEqual(self.assert_exact(self.r, "audit", n), 0)
        self.assertEqual(self.stored("flood"), m - self.dropped(s))
        f.term()

    def test_audit_records_beyond_all_room_are_counted_apart(self):
        f = self.forward()
        n = self.feed(source="audit", count=5000, **AUDIT)
        s = self.read(f, n)
        self.assertGreater(s["counts"]["dropped_spool_full_audit"], 0)
        self.assertEqual(s["counts"]["dropped_spool_full"], 0)
        self.assertRegex(f.talk(), "audit")
        self.r.restart()
        self.wait_reported(self.dropped(s))
        f.wait_empty()
        self.assertEqual(self.assert_exact(self.r, "audit", n - self.dropped(s)), 0)
        f.term()

    def test_without_a_share_a_flood_takes_all_room(self):
        f = self.forward(audit_share=0)
        flood = self.feed(source="flood", count=6000, bytes=400, uid=NOBODY)
        full = self.read(f, flood)
        n = self.feed(source="audit", count=100, **AUDIT)
        s = self.read(f, flood + n)
        self.assertGreater(s["counts"]["dropped_spool_full_audit"], 80)
        self.assertGreater(full["counts"]["taken"], 1500)
        self.r.restart()
        self.wait_reported(self.dropped(s))
        f.wait_empty()
        self.assertEqual(self.stored("audit"),
                         n - s["counts"]["dropped_spool_full_audit"])
        f.term()

    def test_a_share_of_everything_leaves_others_nothing(self):
        f = self.forward(audit_share=100)
        n = self.feed(source="a", count=100)
        m = self.feed(source="audit", count=500, **AUDIT)
        s = self.read(f, n + m)
        self.assertEqual((s["counts"]["dropped_spool_full"],
                          s["counts"]["dropped_spool_full_audit"]), (n, 0))
        self.r.restart()
        f.wait_empty()
        self.assertEqual(self.assert_exact(self.r, "audit", m), 0)
        f.term()


if __name__ == "__main__":
    unittest.main()
