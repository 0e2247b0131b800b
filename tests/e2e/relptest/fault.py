# SPDX-License-Identifier: Apache-2.0
"""What the tests of a receiver's faults share."""

import time

from relptest.case import SLOW, Case
from relptest.feed import Held, Sender
from relptest.forward import Forward


class Fault(Case):
    """One forward with a held socket; `send` goes on with the numbers of source a."""

    queue = None  # of the socket; None: as net.unix.max_dgram_qlen has it

    def setUp(self):
        super().setUp()
        self.held = Held(self.path("syslog"), self.queue)
        self.addCleanup(self.held.close)
        self.sender = Sender(self.held.path)
        self.addCleanup(self.sender.close)
        self.sent = 0

    def forward(self, r, **how):
        return Forward(self, r.port, held=[self.held], **how).start()

    def send(self, n):
        self.sender.numbered("a", range(self.sent + 1, self.sent + n + 1))
        self.sent += n

    def arrived(self, r, f, breaks=0, **how):
        """All that was sent is stored; the spool is empty, nothing is set aside."""
        r.wait_distinct("a", self.sent, 60 * SLOW)
        n = self.assert_exact(r, "a", self.sent, breaks=breaks, **how)
        s = f.wait_empty()
        self.assertEqual((s["counts"]["set_aside"], s["spool"]["set_aside"],
                          s["counts"]["given_up"]), (0, 0, 0))
        self.assertEqual(s["counts"]["taken"], self.sent)
        return n

    def calm(self, f, seconds=1, most=0.3):
        """While a fault lasts forward does not spin."""
        before = f.cpu_seconds()
        time.sleep(seconds)
        self.assertLess(f.cpu_seconds() - before, most * SLOW)
