# SPDX-License-Identifier: Apache-2.0
"""Handshakes that are heavy or slow never hold up the reading of inputs.

A sender that does not wait feeds a held socket at a steady rate, and counts what finds no
room: that is what journald would drop. The socket's queue is that of systemd, and the
sender's buffer (net.core.wmem_default) takes some 270 datagrams: 90 ms at 3,000 a second.

Measured with a client's key of RSA-4096, from a datagram's arrival until it was read, the longest
of ten handshakes, in several runs on a machine that did more beside it: 2 to 8 ms; and 30 to 56 ms
where the loop itself computes them. That is no test: what is held is that nothing is lost, and that
the handshakes' time is spent in another thread than the loop's.
"""

import os
import time
import unittest

from relptest.case import SLOW, needs_namespaces
from relptest.fault import Fault
from relptest.feed import Feeder
from relptest.over_tls import OverTls, pki

RATE = 3000 // SLOW
# Nanoseconds of a processor that a signature of RSA-4096 takes at the very least; the thread that
# syncs takes none to speak of.
SIGNATURE = 1000000


def beside_the_loop(pid):
    """Nanoseconds that the threads of a process ran, but for its first, the loop's."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        if int(task) != pid:
            with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                total += int(f.read().split()[0])
    return total


@needs_namespaces
class Reading(OverTls, Fault):
    KEY = "rsa4096"
    queue = 512

    def setUp(self):
        super().setUp()
        self.tls_dir = pki().tls_dir("heavy", pki().client("heavy", key=self.KEY))

    def fed(self, r, during):
        """Feeds while during() lasts: nothing may be lost. The longest that one waited."""
        feeder = Feeder(self, self.held.path, rate=RATE, nonblock=True, steady=True,
                        start=self.sent + 1)
        during()
        self.sent += feeder.stop()
        if os.environ.get("RELPTEST_TIMES"):
            print("%d sent, %d dropped, %d handshakes, read after %.1f ms at the latest" % (
                self.sent, feeder.dropped, r.opens, 1000 * feeder.unread))
        self.assertEqual(feeder.dropped, 0)
        return feeder.unread

    def handshakes(self, r, count):
        """One after the other: each connection is broken when it has delivered a little."""
        def during():
            for _ in range(count):
                n, stored = r.opens, r.stored
                r.reset_all()
                r.wait(lambda n=n, stored=stored: r.opens > n and r.stored > stored + 10, 30,
                       "a new connection that delivers")
        return during

    def test_a_heavy_handshake(self):
        r = self.receiver()
        f = self.forward(r)
        r.wait(lambda: r.opens == 1, what="a connection")
        before = beside_the_loop(f.pid)
        self.fed(r, self.handshakes(r, 10))
        self.arrived(r, f, breaks=10)
        self.assertGreater(beside_the_loop(f.pid) - before, 10 * SIGNATURE)
        f.term()

    def test_a_receiver_that_is_slow_in_it(self):
        r = self.receiver(handshake_rate=1)
        f = self.forward(r)
        r.wait(lambda: r.opens == 1, what="a connection")
        self.fed(r, self.handshakes(r, 4))
        self.arrived(r, f, breaks=4)
        f.term()

    def test_a_receiver_that_is_silent_in_it(self):
        r = self.receiver()
        f = self.forward(r, fields={"timeout": 1})
        r.wait(lambda: r.opens == 1, what="a connection")

        def silent():
            r.at_connect = "silent"
            r.reset_all()
            f.wait_status(lambda s: s["counts"]["tls_handshake_failures"] >= 2,
                          what="two handshakes that had no answer")
            r.at_connect = "ok"
        self.fed(r, silent)
        self.arrived(r, f, breaks=1)
        f.term()

    def test_new_files_are_read_meanwhile(self):
        """Reading a heavy key, and checking that it fits, is computed beside it as well."""
        r = self.receiver()
        f = self.forward(r, rotate_within="1")
        r.wait(lambda: r.opens == 1, what="a connection")

        def rotated():
            for i in range(2):
                pki().tls_dir("heavy", pki().client("heavy-%d" % i, key=self.KEY))
                f.wait_status(lambda s, i=i: s["counts"]["tls_renewals"] == i + 1, 30 * SLOW,
                              "a renewal")
        self.fed(r, rotated)
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_files_that_come_late_are_read_meanwhile(self):
        folder = self.tls_dir
        self.tls_dir = self.path("late")
        os.mkdir(self.tls_dir)
        r = self.receiver()
        f = self.forward(r, rotate_within="1")

        def come():
            time.sleep(0.2)
            for name in ("ca.crt", "tls.crt", "tls.key"):
                os.symlink(os.path.join(folder, name), os.path.join(self.tls_dir, name))
            r.wait(lambda: r.opens == 1, what="a connection")
        self.fed(r, come)
        self.assertEqual(self.arrived(r, f), 0)
        f.term()


if __name__ == "__main__":
    unittest.main()
