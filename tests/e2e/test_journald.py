# SPDX-License-Identifier: Apache-2.0
"""From logger(1) and systemd-cat(1) through a real systemd-journald into forward.

What journald forwards, in what form, and whose: docs/GUARANTEES.md, "journald".
"""

import os
import re
import signal
import socket
import unittest

from relptest import journald
from relptest.case import Case, long
from relptest.feed import Feeder, Held
from relptest.forward import Forward
from relptest.journald import Journald, cat, logger, native

NOBODY = 65534
KIB = 1024
TIME = rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00"


class WithJournald(Case):
    def setUp(self):
        super().setUp()
        self.journald = Journald(self, queue=self.QUEUE).start()
        self.held = Held(journald.SYSLOG)
        self.addCleanup(self.held.close)
        self.r = self.receiver()

    QUEUE = 512  # as systemd sets it

    def forward(self, **options):
        self.f = Forward(self, self.r.port, held=[self.held], **options).start()
        return self.f

    def arrives(self, pri, tag, pid, text):
        """The next record is exactly this one."""
        n = self.looked + 1
        self.r.wait_stored(n)
        self.looked = n
        head = b" proj shoot1 uid node %d %s " % (pri, tag.encode())
        tail = b" %s -  %s " % (str(pid).encode(), text)
        got = self.r.payloads()[n - 1]
        m = re.match(re.escape(head) + TIME + b"(?=" + re.escape(tail[:200]) + b")", got)
        self.assertTrue(m, got[:400])
        self.assertEqual(got[m.end():], tail)

    looked = 0


class Lines(WithJournald):
    def test_logger(self):
        f = self.forward()
        pid = logger("-i", "-p", "auth.err", "-t", "prog", "hello from logger")
        self.arrives(35, "prog[%d]:" % pid, pid, b"hello from logger")
        logger("-p", "local7.debug", "-t", "plain", "no pid")
        self.arrives(191, "plain:", "-", b"no pid")
        logger("--id=4711", "-p", "kern.emerg", "-t", "k", "not from the kernel")
        self.arrives(8, "k[4711]:", 4711, b"not from the kernel")  # logger makes it user.emerg
        f.term()

    def test_systemd_cat(self):
        f = self.forward()
        pid = cat(b"one line\nand another\n<3>with a prefix\n", "-t", "unit", "-p", "warning")
        self.arrives(12, "unit[%d]:" % pid, pid, b"one line")
        self.arrives(12, "unit[%d]:" % pid, pid, b"and another")
        self.arrives(11, "unit[%d]:" % pid, pid, b"with a prefix")
        pid = cat(b"the end lacks its line feed", "-t", "unit")
        self.arrives(14, "unit[%d]:" % pid, pid, b"the end lacks its line feed")
        f.term()

    def test_several_lines_in_one_message(self):
        """By journald's own protocol, and raw to /dev/log: each stays one record."""
        f = self.forward()
        native(MESSAGE=b"first\nsecond\n\tthird", PRIORITY=b"4", SYSLOG_IDENTIFIER=b"native")
        self.arrives(12, "native[%d]:" % os.getpid(), os.getpid(), b"first#012second#012#011third")
        self.dev_log(b"<30>Nov 21 12:00:00 raw[5]: first\nsecond\n")
        self.arrives(30, "raw[5]:", 5, b"first#012second")
        f.term()

    def test_what_is_no_text(self):
        f = self.forward()
        text = b"\xff\xfe latin1: gr\xfc\xdfe, utf-8: gr\xc3\xbc\xc3\x9fe \x7f \x1b[31m"
        escaped = text.replace(b"\x1b", b"#033")
        native(MESSAGE=text, PRIORITY=b"6", SYSLOG_IDENTIFIER=b"native")
        self.arrives(14, "native[%d]:" % os.getpid(), os.getpid(), escaped)
        pid = cat(text + b"\n", "-t", "unit")
        self.arrives(14, "unit[%d]:" % pid, pid, escaped)
        self.dev_log(b"<30>Nov 21 12:00:00 raw[5]: a\x00b\x01" + text)
        self.arrives(30, "raw[5]:", 5, b"a#000b#001" + escaped)
        f.term()

    def test_long_messages(self):
        """Beyond 8 KiB and up to 48 KiB (LineMax=) each way; a longer line is journald's to part."""
        f = self.forward()
        for size in (9 * KIB, 48 * KIB):
            text = (b"%07d " * (size // 8) % tuple(range(size // 8)))[:-1] + b"$"
            native(MESSAGE=text, PRIORITY=b"6", SYSLOG_IDENTIFIER=b"native")
            self.arrives(14, "native[%d]:" % os.getpid(), os.getpid(), text)
            self.dev_log(b"<30>Nov 21 12:00:00 raw[5]: " + text)
            self.arrives(30, "raw[5]:", 5, text)
            pid = logger("-i", "--size", "64KiB", "-t", "prog", text.decode())
            self.arrives(13, "prog[%d]:" % pid, pid, text)
            pid = cat(text[:-1] + b"\n", "-t", "unit")
            self.arrives(14, "unit[%d]:" % pid, pid, text[:-1])
        pid = cat(b"a" * (60 * KIB) + b"\n", "-t", "unit")
        self.arrives(14, "unit[%d]:" % pid, pid, b"a" * (48 * KIB))
        self.arrives(14, "unit[%d]:" % pid, pid, b"a" * (12 * KIB))
        self.assertEqual(f.counts()["cut"], 0)
        f.term()

    def test_a_message_of_200_kib_is_cut_and_marked(self):
        f = self.forward()
        native(MESSAGE=b"b" * (200 * KIB), PRIORITY=b"6", SYSLOG_IDENTIFIER=b"native")
        self.r.wait_stored(1)
        got = self.r.payloads()[0]
        self.assertLessEqual(len(got), 64 * KIB)
        m = re.search(rb" native\[\d+\]: \S+ \d+ -  (b+) \[relpbox: (\d+) bytes cut\] $", got)
        self.assertEqual(len(m[1]) + int(m[2]), 200 * KIB)
        self.assertEqual(f.counts()["cut"], 1)
        f.term()

    def test_forward_binds_the_default_socket_itself(self):
        self.held.close()
        os.unlink(journald.SYSLOG)
        f = Forward(self, self.r.port).start()  # no --input
        self.assertEqual(f.status()["inputs"][0]["path"], journald.SYSLOG)
        pid = logger("-i", "-t", "prog", "hello")
        self.arrives(13, "prog[%d]:" % pid, pid, b"hello")
        f.term()

    @staticmethod
    def dev_log(datagram):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(journald.DEV_LOG)
            s.send(datagram)


class Credentials(WithJournald):
    """journald passes the sender's uid on, so a forged audit program's name is known."""

    def forge(self, f):
        pid = logger("-i", "-p", "user.info", "-t", "audisp-syslog", "type=USER_AUTH forged",
                     uid=NOBODY)
        other = cat(b"type=LOGIN forged\n", "-t", "audispd", uid=NOBODY)
        own = logger("-i", "-p", "user.info", "-t", "audisp-syslog", "type=USER_AUTH real")
        f.wait_status(lambda s: s["counts"]["untrusted"] == 2)
        self.assertIn("uid %d" % NOBODY, f.talk().replace("=", " "))
        return pid, other, own

    def test_pass_is_the_default(self):
        f = self.forward()
        pid, other, own = self.forge(f)
        self.arrives(14, "audisp-syslog[%d]:" % pid, pid, b"type=USER_AUTH forged")
        self.arrives(14, "audispd[%d]:" % other, other, b"type=LOGIN forged")
        self.arrives(14, "audisp-syslog[%d]:" % own, own, b"type=USER_AUTH real")
        f.term()

    def test_mark(self):
        f = self.forward(untrusted="mark")
        pid, other, own = self.forge(f)
        mark = b"untrusted uid=%d: " % NOBODY
        self.arrives(14, "audisp-syslog[%d]:" % pid, pid, mark + b"type=USER_AUTH forged")
        self.arrives(14, "audispd[%d]:" % other, other, mark + b"type=LOGIN forged")
        self.arrives(14, "audisp-syslog[%d]:" % own, own, b"type=USER_AUTH real")
        f.term()

    def test_drop(self):
        f = self.forward(untrusted="drop")
        own = self.forge(f)[2]
        self.arrives(14, "audisp-syslog[%d]:" % own, own, b"type=USER_AUTH real")
        f.wait_empty()
        self.assertEqual(self.r.stored, 1)
        f.term()

    def test_a_sender_that_is_gone_keeps_its_uid(self):
        """The pid is journald's then; the uid is not."""
        f = self.forward(untrusted="drop")
        self.journald.process.send_signal(signal.SIGSTOP)
        logger("-i", "-t", "audisp-syslog", "type=USER_AUTH forged", uid=NOBODY)
        own = logger("-i", "-t", "audisp-syslog", "type=USER_AUTH real")
        self.journald.process.send_signal(signal.SIGCONT)
        self.arrives(13, "audisp-syslog[%d]:" % own, own, b"type=USER_AUTH real")
        self.assertEqual(f.counts()["untrusted"], 1)
        f.term()


class Restarts(WithJournald):
    def account(self, f, n, breaks):
        """Exact, but for what journald's own journal says it could not forward."""
        f.wait_empty()
        stored = self.journald.journal("SYSLOG_IDENTIFIER=kubelet").count("src=a seq=")
        self.assertEqual(stored, n, "journald has them all")
        self.assertEqual(self.journald.missed(), 0)
        self.r.wait_distinct("a", n)
        self.assert_exact(self.r, "a", n, breaks=breaks)

    def test_journald_restarted(self):
        f = self.forward()
        feeder = Feeder(self, journald.DEV_LOG, rate=1000)
        for _ in range(5):
            more = self.r.stored + 200
            self.r.wait_stored(more)
            self.journald.restart()
        self.account(f, feeder.stop(), 0)
        f.term()

    def test_forward_killed_and_restarted(self):
        f = self.forward()
        feeder = Feeder(self, journald.DEV_LOG, rate=500)
        for i in range(6):
            more = self.r.stored + 50 + self.random.randrange(200)
            self.r.wait_stored(more)
            if i % 3 == 2:
                f.term()
            else:
                f.kill()
            f.start()
        self.account(f, feeder.stop(), 6)
        f.term()

    def test_both(self):
        f = self.forward()
        feeder = Feeder(self, journald.DEV_LOG, rate=500)
        for i in range(6):
            more = self.r.stored + 50 + self.random.randrange(200)
            self.r.wait_stored(more)
            if i % 2:
                f.kill()
                self.journald.restart()
            else:
                self.journald.stop()
                f.kill()
                self.journald.start()
            f.start()
        self.account(f, feeder.stop(), 6)
        f.term()


@long
class Missed(WithJournald):
    """A short queue, and nobody reads: journald drops, and says how many."""

    QUEUE = 10

    def test_what_journald_says_it_missed_is_what_is_missing(self):
        f = self.forward()
        f.process.send_signal(signal.SIGSTOP)
        n = 200
        self.assertEqual(Feeder(self, journald.DEV_LOG, count=n).wait(), n)
        self.journald.journal()  # it has taken them all
        f.process.send_signal(signal.SIGCONT)
        f.wait_empty()
        seen = self.r.seen["a"]
        # it tells of the first at once, and of the others 30 s later
        self.until(lambda: self.journald.missed() >= n - len(seen), journald.WARN_SECONDS + 15,
                   lambda: "journald says it missed %d of %d" % (
                       self.journald.missed(), n - len(seen)), 1)
        self.assertEqual(self.journald.missed(), n - len(seen))
        self.assertGreaterEqual(len(seen), self.QUEUE)
        self.assert_order(self.r, "a")
        f.term()


if __name__ == "__main__":
    unittest.main()
