# SPDX-License-Identifier: Apache-2.0
"""relp-recv: what it writes, when it answers, and its limits."""

import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from relptest import proc, seq
from relptest.relp import OFFERS, Frames, frame


class Client:
    """A RELP client in the test's own hands."""

    def __init__(self, port, opened=True):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.settimeout(proc.LIMIT)
        self.frames, self.got, self.txnr = Frames(), [], 0
        if opened:
            self.send(b"open", OFFERS)
            assert self.answer()[1][2].startswith(b"200 OK\nrelp_version=0\n"), self.got

    def send(self, command, data=b""):
        self.txnr += 1
        self.sock.sendall(frame(self.txnr, command, data))

    def _receive(self):
        try:
            data = self.sock.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self.got += self.frames.feed(data)
        return data

    def answer(self):
        """("frame", (txnr, command, data)) or ("end", None)"""
        while not self.got:
            if not self._receive():
                return "end", None
        return "frame", self.got.pop(0)

    def rest(self):
        """All frames until the other side's end."""
        while self._receive():
            pass
        return self.got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Receives(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.output = os.path.join(folder.name, "output")

    def receiver(self, *args, output=True, **more):
        where = ("--output", self.output) if output else ()
        r = proc.Receiver(*where, *args, **more)
        self.addCleanup(r.__exit__, None, None, None)
        return r

    def client(self, receiver, **more):
        c = Client(receiver.port, **more)
        self.addCleanup(c.__exit__, None, None, None)
        return c

    def content(self):
        with open(self.output, "rb") as f:
            return f.read()

    def test_open_messages_close(self):
        with self.client(self.receiver()) as c:
            c.send(b"syslog", b"hello")
            self.assertEqual(c.answer()[1], (2, b"rsp", b"200 OK"))
            self.assertEqual(self.content(), b"hello\n")
            c.send(b"syslog")
            self.assertEqual(c.answer()[1], (3, b"rsp", b"200 OK"))
            c.send(b"close")
            self.assertEqual(c.rest(), [(4, b"rsp", b"")])
        self.assertEqual(self.content(), b"hello\n\n")

    def test_control_characters_are_escaped(self):
        with self.client(self.receiver()) as c:
            c.send(b"syslog", b"a\nb\0c\x7f\x1b[31m \xff\xc3\xa4 #")
            c.answer()
        self.assertEqual(self.content(), b"a#012b#000c#177#033[31m \xff\xc3\xa4 #\n")

    def test_raw(self):
        with self.client(self.receiver("--raw")) as c:
            c.send(b"syslog", b"a\nb\0c\x7f")
            c.answer()
        self.assertEqual(self.content(), b"a\nb\0c\x7f\n")

    def test_standard_output(self):
        with self.receiver(output=False, stdout=subprocess.PIPE) as r:
            with self.client(r) as c:
                c.send(b"syslog", b"hello")
                c.answer()
                self.assertEqual(r.popen.stdout.readline(), b"hello\n")

    def test_append_and_not(self):
        for args, want in (((), b"1\n"), (("--append",), b"1\n2\n"), ((), b"3\n")):
            with self.receiver(*args) as r:
                with self.client(r) as c:
                    c.send(b"syslog", want[-2:-1])
                    c.answer()
                self.assertEqual(self.content(), want)

    def test_count(self):
        """The Nth is answered, the N+1st neither answered nor written."""
        for sync in ((), ("--sync",)):
            r = self.receiver("--count", 3, *sync)
            c = self.client(r)
            c.sock.sendall(b"".join(frame(n + 1, b"syslog", b"seq=%d" % n) for n in range(1, 8)))
            self.assertEqual(
                c.rest(), [(n, b"rsp", b"200 OK") for n in (2, 3, 4)] + [(0, b"serverclose", b"")]
            )
            c.sock.close()
            self.assertEqual(r.wait(), 0)
            self.assertEqual(self.content(), b"seq=1\nseq=2\nseq=3\n")

    def test_count_over_several_connections(self):
        r = self.receiver("--count", 10)
        clients = [self.client(r) for _ in range(5)]
        for c in clients:
            c.sock.sendall(b"".join(frame(n + 1, b"syslog", b"x") for n in range(1, 6)))
        answered = sum(f[1] == b"rsp" for c in clients for f in c.rest())
        for c in clients:
            c.sock.close()
        self.assertEqual(r.wait(), 0)
        self.assertEqual((answered, self.content()), (10, b"x\n" * 10))

    def test_a_full_disk_is_never_acknowledged(self):
        r = proc.Receiver("--output", "/dev/full")
        self.addCleanup(r.__exit__, None, None, None)
        c = self.client(r)
        c.send(b"syslog", b"hello")
        self.assertEqual(c.rest(), [(0, b"serverclose", b"")])
        c.sock.close()
        self.assertEqual(r.wait(), 1)
        self.assertIn("/dev/full: write: No space left on device", r.stderr)

    def test_a_batch_that_is_written_in_part_is_taken_back(self):
        """Of a file that may not grow further, only what was acknowledged stays."""

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

        r = self.receiver(preexec_fn=limit)
        c = self.client(r)
        c.send(b"syslog", b"x" * 30)
        self.assertEqual(c.answer()[1], (2, b"rsp", b"200 OK"))
        c.send(b"syslog", b"y" * 30)
        self.assertEqual(c.rest(), [(0, b"serverclose", b"")])
        c.sock.close()
        self.assertEqual(r.wait(), 1)
        self.assertEqual(self.content(), b"x" * 30 + b"\n")

    def test_a_reader_that_went_away(self):
        r = self.receiver(output=False, stdout=subprocess.PIPE)
        r.popen.stdout.close()
        c = self.client(r)
        c.send(b"syslog", b"hello")
        self.assertEqual(c.rest(), [(0, b"serverclose", b"")])
        c.sock.close()
        self.assertEqual(r.wait(), 1)

    def test_sigterm_ends_sessions_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            r = self.receiver()
            c = self.client(r)
            c.send(b"syslog", b"hello")
            c.answer()
            r.signal(number)
            self.assertEqual(c.rest(), [(0, b"serverclose", b"")])
            c.sock.close()
            self.assertEqual(r.wait(), 0)
            self.assertEqual(self.content(), b"hello\n")

    def test_sigterm_with_a_client_that_never_ends(self):
        r = self.receiver()
        self.client(r)
        start = time.monotonic()
        self.assertEqual(r.stop(), 0)
        self.assertLess(time.monotonic() - start, 10)

    def test_half_closed(self):
        with self.client(self.receiver()) as c:
            c.sock.sendall(b"".join(frame(n, b"syslog", b"x") for n in range(2, 1000)))
            c.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(c.rest(), [(n, b"rsp", b"200 OK") for n in range(2, 1000)])

    def test_who_does_not_read_answers_is_not_read_from(self):
        """Ten million answers would take 190 MB; he gets no more than a part of them."""
        r = self.receiver("--raw")
        c = self.client(r)
        c.sock.settimeout(1)
        with self.assertRaises(socket.timeout):
            while True:
                start = c.txnr + 1
                c.txnr += 10000
                c.sock.sendall(b"".join(b"%d syslog 1 x\n" % n for n in range(start, start + 10000)))
                self.assertLess(c.txnr, 10000000)
        with open(f"/proc/{r.pid}/status") as f:
            self.assertLess(int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]), 60000)

    def test_breaches_of_the_protocol(self):
        cases = {
            b"GET / HTTP/1.1\r\n": b"not 1 to 9 digits",
            b"2 open 0\n": b"transaction 2 where 1 is due",
            b"1 syslog 1 x\n": b"before open",
            b"1 open 0 \n": b"line feed",
            b"1 open 999999999 ": b"longer than",
            b"1234567890 open": b"not 1 to 9 digits",
            b"1 open 12 relp_version=x\n": b"",
        }
        for sent, words in cases.items():
            with self.subTest(sent):
                r = self.receiver()
                c = self.client(r, opened=False)
                c.sock.sendall(sent)
                if words:
                    self.assertEqual(c.rest(), [(0, b"serverclose", b"")])
                    self.assertIn(words.decode(), r.wait_line(r"127.0.0.1:\d+: .*")[0])
                else:
                    c.sock.shutdown(socket.SHUT_WR)
                c.sock.close()
                self.assertEqual(r.stop(), 0)

    def test_breaches_in_an_open_session(self):
        for sent, words in (
            (b"3 syslog 1 x\n", "transaction 3 where 2 is due"),
            (b"1 syslog 1 x\n", "transaction 1 where 2 is due"),
            (b"0 syslog 1 x\n", "transaction 0"),
            (b"2 starttls 0\n", "starttls"),
            (b"2 open 0\n", "open"),
            (b"2 syslog 200000 x", "longer than"),
        ):
            with self.subTest(sent):
                r = self.receiver()
                c = self.client(r)
                c.sock.sendall(sent)
                self.assertEqual(c.rest(), [(0, b"serverclose", b"")])
                self.assertIn(words, r.wait_line(r"127.0.0.1:\d+: .*")[0])

    def test_what_came_before_a_breach_is_answered(self):
        with self.client(self.receiver()) as c:
            c.sock.sendall(b"2 syslog 1 x\n3 syslog 1 y\nrubbish")
            self.assertEqual(
                c.rest(), [(2, b"rsp", b"200 OK"), (3, b"rsp", b"200 OK"), (0, b"serverclose", b"")]
            )
        self.assertEqual(self.content(), b"x\ny\n")

    def test_an_open_that_cannot_be_served(self):
        c = self.client(self.receiver(), opened=False)
        c.send(b"open", b"relp_version=0\ncommands=other")
        got = c.rest()
        self.assertTrue(got[0][2].startswith(b"500 "), got)
        self.assertEqual(got[1:], [(0, b"serverclose", b"")])

    def test_too_many_connections(self):
        r = self.receiver("--max-connections", 2)
        first, second = self.client(r), self.client(r)
        third = self.client(r, opened=False)
        third.send(b"open", OFFERS)
        self.assertEqual(third.rest(), [(0, b"serverclose", b"")])
        third.sock.close()
        first.send(b"close")
        first.rest()
        first.sock.close()

        def again():
            c = self.client(r, opened=False)
            c.send(b"open", OFFERS)
            return c.answer()[1][1] == b"rsp"

        proc.wait_until(again, "there is room for another")
        second.send(b"syslog", b"still here")
        self.assertEqual(second.answer()[1], (2, b"rsp", b"200 OK"))

    def test_idle_connections_end(self):
        r = self.receiver("--idle-timeout", "300ms")
        c = self.client(r)
        self.assertEqual(c.rest(), [(0, b"serverclose", b"")])
        r.wait_line("no message came for 0.3 s")

    def test_a_trickle_is_idle(self):
        """A byte now and then that never makes a message does not hold a connection."""
        r = self.receiver("--idle-timeout", "300ms")
        c = self.client(r)
        c.sock.sendall(b"2 syslog 1000 ")
        deadline = time.monotonic() + 20
        with self.assertRaises(OSError):
            while time.monotonic() < deadline:
                c.sock.sendall(b"x")
                time.sleep(0.05)
        r.wait_line("no message came for 0.3 s")

    def test_few_descriptors(self):
        """Out of descriptors it waits without using the processor, and goes on."""
        r = self.receiver(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
        clients = [socket.create_connection(("127.0.0.1", r.port)) for _ in range(30)]

        def cpu():
            with open(f"/proc/{r.pid}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before = cpu()
        time.sleep(1)
        self.assertLess(cpu() - before, 0.2)
        for c in clients:
            c.close()
        with self.client(r) as c:
            c.send(b"syslog", b"x")
            self.assertEqual(c.answer()[1], (2, b"rsp", b"200 OK"))

    def test_messages_cut_anywhere(self):
        """Byte by byte, and in pieces that are cut at each place once."""
        with self.client(self.receiver()) as c:
            stream = b"".join(frame(n + 1, b"syslog", b"seq=%d" % n) for n in range(1, 20))
            for i in range(len(stream)):
                c.sock.sendall(stream[i : i + 1])
            for n in range(2, 21):
                self.assertEqual(c.answer()[1], (n, b"rsp", b"200 OK"))
        self.assertTrue(seq.Account(seq.read(self.output), 1, 19).exact)

    def test_port_in_use(self):
        r = self.receiver()
        second = proc.run("relp-recv", "--listen", f"127.0.0.1:{r.port}", "--output", self.output)
        self.assertEqual(second.code, 1, second)
        self.assertRegex(second.stderr, b"Address (already )?in use")  # glibc and musl

    def test_usage(self):
        for args in ((), ("--listen",), ("--listen", "x"), ("--listen", "127.0.0.1:0", "word"),
                     ("--listen", "127.0.0.1:0", "--count", "0"),
                     ("--listen", "127.0.0.1:0", "--append")):
            self.assertEqual(proc.run("relp-recv", *args).code, 2, args)


class SendAndReceive(unittest.TestCase):
    def test_fifty_thousand(self):
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "output")
            for args in ((), ("--sync",)):
                with proc.Receiver("--output", output, *args) as r:
                    result = proc.run("relp-send", r.address, stdin=seq.lines(1, 50000))
                    self.assertEqual(result.code, 0, result)
                    account = seq.Account(seq.read(output), 1, 50000)
                    self.assertTrue(account.exact, account)

    def test_many_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "output")
            with proc.Receiver("--output", output) as r:
                senders = [
                    proc.Relpbox("relp-send", "--raw", r.address, stdin=subprocess.PIPE)
                    for _ in range(20)
                ]
                for i, s in enumerate(senders):
                    s.popen.stdin.write(seq.lines(i * 1000 + 1, i * 1000 + 1000))
                    s.popen.stdin.close()
                for s in senders:
                    self.assertEqual(s.wait(), 0, s.stderr)
                    s.__exit__()
                account = seq.Account(sorted(seq.read(output)), 1, 20000)
                self.assertTrue(account.exact, account)


if __name__ == "__main__":
    unittest.main()
