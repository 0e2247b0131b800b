# SPDX-License-Identifier: Apache-2.0
"""relp-send into a real imrelp, a real omrelp into relp-recv."""

import os
import socket
import tempfile
import unittest

from relptest import proc, rsyslog, seq

N = 50000


@unittest.skipUnless(rsyslog.available(), "no rsyslogd with imrelp and omrelp")
class WithRsyslog(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.output = os.path.join(self.folder, "output")

    def start(self, process):
        process.__enter__()
        self.addCleanup(process.__exit__, None, None, None)
        return process

    def wait_for(self, n):
        proc.wait_until(lambda: len(seq.read(self.output)) >= n, f"{n} messages are in the file")

    def test_send_to_imrelp(self):
        receiver = self.start(rsyslog.imrelp(self.folder, self.output))
        sent = proc.run("relp-send", "-t", "prog", f"127.0.0.1:{receiver.port}", stdin=seq.lines(1, N))
        self.assertEqual(sent.code, 0, sent)
        self.assertEqual(sent.stderr, b"")
        self.wait_for(N)
        account = seq.Account(seq.read(self.output), 1, N)
        self.assertTrue(account.exact, account)

    def test_send_what_imrelp_might_not_like(self):
        """An empty frame, control characters, bytes above 127, a message of 8 KiB."""
        receiver = self.start(rsyslog.imrelp(self.folder, self.output))
        lines = [b"", b"<13>a\x01b\xff\xc3\xa4", b"<13>" + b"x" * 8000, b"seq=1"]
        sent = proc.run(
            "relp-send", "--raw", f"127.0.0.1:{receiver.port}", stdin=b"\n".join(lines) + b"\n"
        )
        self.assertEqual(sent.code, 0, sent)
        self.wait_for(1)
        with open(self.output, "rb") as f:
            got = f.read()
        self.assertIn(b"<13>a#001b", got)
        self.assertIn(b"x" * 8000, got)

    def test_an_imrelp_that_aborts_what_is_too_long(self):
        receiver = self.start(
            rsyslog.imrelp(self.folder, self.output, params='maxDataSize="8192" oversizeMode="abort"')
        )
        address = f"127.0.0.1:{receiver.port}"
        sent = proc.run("relp-send", "--raw", address, stdin=b"seq=1\n" + b"x" * 9000 + b"\n")
        self.assertEqual(sent.code, 17, sent)
        sent = proc.run("relp-send", "--raw", address, "seq=2")
        self.assertEqual(sent.code, 0, sent)

    def test_ping_of_imrelp(self):
        receiver = self.start(rsyslog.imrelp(self.folder, self.output))
        sent = proc.run("relp-send", f"127.0.0.1:{receiver.port}")
        self.assertEqual(sent.code, 0, sent)

    def send_datagrams(self, path, first, last):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with s:
            s.connect(path)
            for n in range(first, last + 1):
                s.send(b"<13>Nov 21 20:51:31 prog: seq=%d some words" % n)

    def omrelp_to_recv(self, *args, params=""):
        receiver = self.start(proc.Receiver("--output", self.output, *args))
        path = os.path.join(self.folder, "socket")
        sender = self.start(rsyslog.omrelp(self.folder, receiver.port, path, params))
        return receiver, sender, path

    def test_omrelp_to_recv(self):
        """Exact, and not held up: omrelp's window of 128 must not wait for us."""
        receiver, sender, path = self.omrelp_to_recv(params='windowSize="1024"')
        self.send_datagrams(path, 1, N)
        self.wait_for(N)
        account = seq.Account(seq.read(self.output), 1, N)
        self.assertTrue(account.exact, account)
        self.assertEqual(sender.stop(), 0)
        self.assertEqual(receiver.stop(), 0)
        self.assertEqual(len(receiver.lines), 1, receiver.stderr)

    def test_omrelp_with_defaults_to_recv_with_sync(self):
        receiver, sender, path = self.omrelp_to_recv("--sync")
        self.send_datagrams(path, 1, 2000)
        self.wait_for(2000)
        account = seq.Account(seq.read(self.output), 1, 2000)
        self.assertTrue(account.exact, account)
        self.assertEqual(sender.stop(), 0)
        self.assertEqual(receiver.stop(), 0)

    def test_omrelp_survives_a_restart_of_recv(self):
        """What recv acknowledged is in its file; omrelp sends the rest again."""
        receiver, _, path = self.omrelp_to_recv()
        self.send_datagrams(path, 1, 1000)
        self.wait_for(100)
        port = receiver.port
        self.assertEqual(receiver.stop(), 0)
        self.start(
            proc.Receiver("--output", self.output, "--append", listen=f"127.0.0.1:{port}")
        )
        self.send_datagrams(path, 1001, 2000)
        proc.wait_until(lambda: len(set(seq.read(self.output))) >= 2000, "all 2000 are there")
        account = seq.Account(seq.read(self.output), 1, 2000)
        self.assertFalse(account.lost, account)
        self.assertFalse(account.extra, account)


if __name__ == "__main__":
    unittest.main()
