# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, read-only, failing or slow, and a DNS server that never answers.

With the receiver there delivery goes on from memory; nothing that can wait
holds up the reading. Faults are real (a small tmpfs, a read-only mount) or put
in by strace -e inject.
"""

import os
import socket
import subprocess
import threading
import unittest

from relptest.case import SLOW, Case, needs_mounts, needs_root, needs_strace
from relptest.feed import Feeder, Held, Sender
from relptest.forward import Forward

STATUS_QUIET = 5  # records: fewer than a socket's queue holds, so that no sender waits


class Disk(Case):
    def setUp(self):
        super().setUp()
        self.held = Held(self.path("syslog"))
        self.addCleanup(self.held.close)
        self.sender = Sender(self.held.path)
        self.addCleanup(self.sender.close)
        self.sent = 0

    def send(self, n):
        self.sender.numbered("a", range(self.sent + 1, self.sent + n + 1))
        self.sent += n

    def inject(self, *what):
        """strace that puts faults in; the traced program stays our own child (-D)."""
        args = ["strace", "-D", "-f", "-qq", "-o", self.path("strace")]
        calls = ",".join(w.partition(":")[0] for w in what)
        args += ["-e", "trace=exit_group," + calls]
        for w in what:
            args += ["-e", "inject=" + w]
        return args

    def traced(self, word):
        with open(self.path("strace"), encoding="utf-8", errors="replace") as f:
            return word in f.read()

    def delivers(self, r, f, n=500):
        """What is sent now arrives, and the reading does not stop."""
        self.send(n)
        r.wait_distinct("a", self.sent, 60 * SLOW)
        self.assert_all(r, "a", self.sent)
        self.assert_order(r, "a")

    def sick(self, f, word):
        s = f.wait_status(lambda s: s["spool"]["in_memory"], 20, "a sick disk")
        self.assertRegex(s["spool"]["disk_trouble"], word)
        f.wait_said("disk is sick")
        self.assertRegex(f.command("status").stdout.decode(), "disk: .*" + word)
        return s

    def well(self, f):
        f.wait_status(lambda s: not s["spool"]["in_memory"], 30, "a disk that is well again")
        f.wait_said("disk is well again")


@needs_mounts
class Mounted(Disk):
    """The spool on a small tmpfs of its own."""

    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "none", self.disk],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.r = self.receiver()

    def fill(self):
        with open(os.path.join(self.disk, "filler"), "ab", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError:
                pass

    def free(self):
        os.unlink(os.path.join(self.disk, "filler"))

    def read_only(self, on):
        subprocess.run(["mount", "-o", "remount," + ("ro" if on else "rw"), self.disk], check=True)

    def forward(self, **how):
        return Forward(self, self.r.port, held=[self.held], spool=self.disk + "/spool", **how)


class Enospc(Mounted):
    def test_at_start(self):
        os.mkdir(self.disk + "/spool", 0o700)
        self.fill()
        f = self.forward().start()
        self.delivers(self.r, f)
        self.sick(f, "No space left")
        self.free()
        self.well(f)
        self.delivers(self.r, f)
        f.wait_empty()
        f.term()
        self.assert_duplicates(self.r, "a", 0)

    def test_later(self):
        f = self.forward().start()
        self.delivers(self.r, f)
        self.fill()
        self.delivers(self.r, f, 3000)
        self.sick(f, "No space left")
        self.delivers(self.r, f)
        self.free()
        self.well(f)
        self.delivers(self.r, f)
        f.wait_empty()
        f.term()
        self.assert_duplicates(self.r, "a", 0)

    def test_later_under_load_with_breaks(self):
        f = self.forward().start()
        feeder = Feeder(self, self.held.path, rate=3000, bytes=400)
        self.r.wait_distinct("a", 1000)
        self.fill()
        for _ in range(3):
            here = len(self.r.seen["a"])
            self.r.wait_distinct("a", here + 300)
            self.r.reset_all()
        self.free()
        self.well(f)
        here = len(self.r.seen["a"])
        self.r.wait_distinct("a", here + 1000)
        self.sent = feeder.stop()
        self.r.wait_distinct("a", self.sent)
        self.assert_exact(self.r, "a", self.sent, breaks=3)
        f.wait_empty()
        f.term()

    def test_kill_9_with_a_full_disk_and_the_receiver_away(self):
        """What is only in memory is still in the socket."""
        self.r.kill()
        os.mkdir(self.disk + "/spool", 0o700)
        self.fill()
        f = self.forward().start()
        self.send(STATUS_QUIET)
        f.wait_status(lambda s: s["counts"]["received"] == STATUS_QUIET)
        f.kill()
        self.r.restart()
        f.start()
        self.r.wait_distinct("a", STATUS_QUIET)
        self.assertEqual(self.assert_exact(self.r, "a", STATUS_QUIET), 0)
        f.term()

    def test_another_process_reads_the_same_socket(self):
        """What that one took is lost; it is noticed, said and counted, and a restart mends it.

        With no other input it ends, 1, so that the service manager starts it again.
        """
        self.r.kill()
        os.mkdir(self.disk + "/spool", 0o700)
        self.fill()
        f = self.forward().start()
        for i in range(1, 6):
            self.sender.send("src=a seq=%d %s" % (i, "x" * i))
        f.wait_status(lambda s: s["counts"]["received"] == 5)  # peeked, and not yet consumed
        self.held.sock.recv(1000)
        self.r.restart()
        self.r.wait_distinct("a", 5)
        self.assertEqual(f.wait_exit(), 1, f.talk())
        self.assertTrue(f.said("another process reads the same socket"), f.talk())
        self.free()
        self.sender.numbered("b", [1, 2, 3])
        f.start()
        self.r.wait_distinct("b", 3)
        f.term()

    def test_what_was_on_the_disk_is_delivered_from_a_full_one(self):
        self.r.kill()
        f = self.forward().start()
        self.send(1000)
        f.wait_status(lambda s: s["counts"]["taken"] == 1000)
        f.kill()
        self.fill()
        f.start()
        self.r.restart()
        self.r.wait_distinct("a", 1000)
        self.delivers(self.r, f)
        f.wait_empty()
        f.term()
        self.assert_duplicates(self.r, "a", 0)

    def test_stdin_waits_and_loses_nothing(self):
        """Memory holds 1 MiB; a patient source waits for more."""
        self.r.kill()
        os.mkdir(self.disk + "/spool", 0o700)
        self.fill()
        text = b"".join(b"<14>x: src=a seq=%d %s\n" % (n, b"x" * 500) for n in range(1, 5001))
        with open(self.write("lines", text), "rb") as lines:
            f = Forward(self, self.r.port, inputs=["stdin"], stdin=lines,
                        spool=self.disk + "/spool").start()
        s = f.wait_status(lambda s: s["counts"]["taken"] > 1000)
        self.assertLess(s["counts"]["taken"], 4000)
        self.r.restart()
        self.assertEqual(f.wait_exit(60), 0, f.talk())
        self.assert_exact(self.r, "a", 5000)


class Erofs(Mounted):
    def test_at_start(self):
        """Not even the status socket can be made; it is when the disk is well again."""
        os.mkdir(self.disk + "/spool", 0o700)
        self.read_only(True)
        f = self.forward().start()
        self.delivers(self.r, f)
        f.wait_said("disk is sick")
        self.assertTrue(f.said("Read-only"), f.talk())
        self.read_only(False)
        f.wait_said("disk is well again")
        self.delivers(self.r, f)
        s = f.wait_empty()
        self.assertIs(s["spool"]["in_memory"], False)
        self.assertTrue(os.path.exists(self.disk + "/spool/last-good.yaml"))
        f.term()
        self.assert_duplicates(self.r, "a", 0)

    def test_at_start_with_records_on_it(self):
        self.r.kill()
        f = self.forward().start()
        self.send(1000)
        f.wait_status(lambda s: s["counts"]["taken"] == 1000)
        f.term()
        self.read_only(True)
        self.r.restart()
        f.start()
        self.r.wait_distinct("a", 1000)
        self.delivers(self.r, f)
        f.term()
        self.assert_order(self.r, "a")

    def test_without_a_folder_it_can_not_start(self):
        """No spool directory and none can be made: that is an error, not a sick disk."""
        self.read_only(True)
        f = self.forward(notify=False).start(ready=False)
        code = self.until(lambda: f.process.poll() is not None or self.r.opens, 20)
        if f.process.poll() is None:
            self.delivers(self.r, f)  # as good: it delivers from memory
            f.term()
        else:
            self.assertEqual(f.process.returncode, 1, f.talk())
            self.assertTrue(f.said("Read-only"), f.talk())
        self.assertTrue(code)


@needs_root
@needs_strace
class Failing(Disk):
    """EIO, by strace."""

    def setUp(self):
        super().setUp()
        self.r = self.receiver()

    def forward(self, *faults, **how):
        return Forward(self, self.r.port, held=[self.held], wrapper=self.inject(*faults), **how)

    def test_eio_at_start(self):
        f = self.forward("pwritev:error=EIO:when=1+").start()
        self.delivers(self.r, f)
        self.sick(f, "I/O error|Input/output")
        f.term(3)
        self.assert_duplicates(self.r, "a", 0)

    def test_eio_later_and_well_again(self):
        """The first writes succeed, some tries fail, then the disk is well."""
        f = self.forward("pwritev:error=EIO:when=20..24").start()
        for _ in range(40):
            self.delivers(self.r, f, 5)
        f.wait_said("disk is sick")
        self.well(f)
        self.delivers(self.r, f)
        f.wait_empty()
        f.term(3)
        self.assert_duplicates(self.r, "a", 0)

    def test_eio_for_good(self):
        f = self.forward("pwritev:error=EIO:when=20+", "ftruncate:error=EIO:when=5+").start()
        for _ in range(40):
            self.delivers(self.r, f, 5)
        self.sick(f, "I/O error|Input/output")
        f.term(3)
        self.assert_duplicates(self.r, "a", 0)

    def test_fdatasync_eio(self):
        """What is unacknowledged is written again; the same file is never synced again."""
        self.r.kill()
        f = self.forward("fdatasync:error=EIO:when=1").start()
        self.send(300)
        f.wait_status(lambda s: s["counts"]["taken"] == 300)
        self.until(lambda: self.traced("EIO"), 20, "a failed fdatasync")
        self.send(300)
        f.wait_status(lambda s: s["counts"]["taken"] == 600)
        f.kill()  # what it holds must be in files
        f.wrapper = []
        self.r.restart()
        f.start()
        self.r.wait_distinct("a", 600)
        self.assert_exact(self.r, "a", 600)
        f.wait_empty()
        f.term()

    def slow(self, f):
        """1,000 a second for some seconds, with syncs under way: the reading is not held up."""
        f.start()
        feeder = Feeder(self, self.held.path, rate=1000, count=6500)
        feeder.wait(6.5 + 20 * SLOW)
        self.assertLess(feeder.longest, 2 * SLOW, "the reading was held up")
        f.wait_status(lambda s: s["counts"]["received"] == 6500)
        self.assertTrue(self.traced("fdatasync("), "nothing was delayed")
        self.sent = 6500

    def test_slow_fdatasync_with_the_receiver_away(self):
        self.r.kill()
        f = self.forward("fdatasync:delay_enter=5000000")
        self.slow(f)
        # nor does it hold up the end; that of the thread is the kernel's
        f.process.terminate()
        self.until(lambda: self.traced("exit_group(0"), 2, "the end")
        f.kill()
        f.wrapper = []
        self.r.restart()
        f.start()
        self.r.wait_distinct("a", 6500)
        self.assertEqual(self.assert_exact(self.r, "a", 6500), 0)
        f.term()

    def test_slow_fdatasync_with_a_slow_receiver(self):
        self.r.rate = 500
        f = self.forward("fdatasync:delay_enter=5000000")
        self.slow(f)
        self.r.rate = 0
        self.r.wait_distinct("a", 6500)
        self.assertEqual(self.assert_exact(self.r, "a", 6500), 0)
        f.kill()


class SilentDns:
    """A name server that is asked and says nothing, until it is told to answer 127.0.0.1."""

    def __init__(self, case, address):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 53))
        self.sock.settimeout(0.1)
        self.answers = False
        self.asked = 0
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        case.addCleanup(self.close)

    def _run(self):
        while not self.ended:
            try:
                query, who = self.sock.recvfrom(2000)
            except TimeoutError:
                continue
            self.asked += 1
            if self.answers:
                self.sock.sendto(self._answer(query), who)

    @staticmethod
    def _answer(query):
        """RFC 1035, 4.1: the question again, and for type A one address."""
        end = query.index(b"\0", 12) + 5
        is_a = query[end - 4:end - 2] == b"\0\1"
        head = query[:2] + b"\x81\x80" + b"\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0"
        address = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if is_a else b""
        return head + query[12:end] + address

    def close(self):
        self.ended = True
        self.thread.join()
        self.sock.close()


@needs_mounts
class Dns(Disk):
    def setUp(self):
        super().setUp()
        self.r = self.receiver()
        # an address of loopback that no other server is likely to have
        address = "127.%d.%d.%d" % tuple(self.random.randrange(2, 250) for _ in range(3))
        try:
            self.dns = SilentDns(self, address)
        except OSError as e:
            self.skipTest("port 53 on loopback: %s" % e)
        conf = self.write("resolv.conf", "nameserver %s\n" % address)
        self.wrapper = ["unshare", "-m", "sh", "-c",
                        'mount --bind "$0" /etc/resolv.conf && exec "$@"', conf]

    def forward(self, **how):
        return Forward(self, self.r.port, held=[self.held], target="receiver.test",
                       wrapper=self.wrapper, **how)

    def test_a_dns_server_that_never_answers(self):
        f = self.forward().start()
        feeder = Feeder(self, self.held.path, rate=1000, count=6000)
        feeder.wait(6 + 20 * SLOW)
        self.assertLess(feeder.longest, 2 * SLOW, "the reading was held up")
        self.assertGreater(self.dns.asked, 0)
        s = f.wait_status(lambda s: s["counts"]["taken"] == 6000)
        self.assertIs(s["delivering"], False)
        self.sent = 6000
        # it answers at last
        self.dns.answers = True
        self.r.wait_distinct("a", 6000, 60)
        self.assertEqual(self.assert_exact(self.r, "a", 6000), 0)
        f.wait_empty()
        f.term()

    def test_it_ends_while_a_name_is_asked_for(self):
        f = self.forward().start()
        self.until(lambda: self.dns.asked, 20, "a question")
        self.send(100)
        f.wait_status(lambda s: s["counts"]["taken"] == 100)
        f.term(2)
        self.dns.answers = True
        f.start()
        self.r.wait_distinct("a", 100)
        self.assertEqual(self.assert_exact(self.r, "a", 100), 0)
        f.term()


@needs_mounts
class Addresses(Disk):
    """A name with two addresses, of which the first is no good."""

    def over(self, **bad):
        good = self.receiver()
        address = "127.%d.%d.%d" % tuple(self.random.randrange(2, 250) for _ in range(3))
        if bad:
            self.receiver(host=address, port=good.port, **bad)
        hosts = self.write("hosts", "%s receiver.test\n127.0.0.1 receiver.test\n" % address)
        wrapper = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
        f = Forward(self, good.port, held=[self.held], target="receiver.test",
                    wrapper=wrapper).start()
        self.send(100)
        good.wait_distinct("a", 100)
        self.assertEqual(self.assert_exact(good, "a", 100), 0)
        f.term()

    def test_nobody_listens(self):
        self.over()

    def test_it_refuses_open(self):
        self.over(at_open="refuse")

    def test_it_closes_at_once(self):
        self.over(at_connect="close")


if __name__ == "__main__":
    unittest.main()
