# SPDX-License-Identifier: Apache-2.0
"""What relpbox says on the wire of TLS, and what goes on while it waits there."""

import ssl
import subprocess
import unittest

from relptest import over_tls, proc
from relptest.case import SLOW, Case
from relptest.fault import Fault
from relptest.feed import Feeder
from relptest.forward import Forward
from relptest.over_tls import OverTls
from relptest.relp import OFFERS, frame
from relptest.tlsfront import TlsFront
from relptest.wiretap import Hello, WireTap

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

# Authenticated encryption, forward secrecy and a certificate (as IANA numbers them), in the
# order of preference; and that a renegotiation would be a safe one (RFC 5746, section 3.3),
# without which many servers refuse: it never comes to one.
SUITES = [0x1303, 0x1301, 0x1302, 0xCCA9, 0xCCA8, 0xC02B, 0xC02F, 0xC02C, 0xC030]
RENEGOTIATION_INFO = 0x00FF
SESSION_TICKET, PRE_SHARED_KEY, EARLY_DATA = 35, 41, 42


class Records(OverTls, Fault):
    """They are filled (16 KiB), never one a message."""

    def setUp(self):
        super().setUp()
        self.server, self.client = over_tls.pki().server(), over_tls.pki().client()

    def filled(self, lengths, messages, data):
        """Far less of them than messages; whatever was there at once fills them."""
        told = "%d records of %d bytes: %s ..." % (len(lengths), sum(lengths), lengths[:100])
        self.assertGreater(sum(lengths), data, told)
        self.assertLessEqual(max(lengths), 16384 + 256, told)
        self.assertGreater(sum(n >= 16384 for n in lengths), 50, told)
        self.assertLess(len(lengths), messages // 10, told)

    def test_of_forward_when_records_wait(self):
        for name, version in VERSIONS.items():
            with self.subTest(name):
                self.setUp()
                self.tls_context = over_tls.context(self.server, self.server.ca, version)
                r = self.receiver()
                tap = WireTap(self, r.port)
                r.kill()
                f = self.forward(tap)
                self.sent = Feeder(self, self.held.path, count=10000, bytes=400).wait()
                f.wait_status(lambda s: s["counts"]["taken"] == self.sent)
                r.restart()
                self.arrived(r, f)
                f.term()
                self.filled(tap.sent[-1].data(), self.sent, self.sent * 400)

    def test_of_relp_send_and_the_answers_of_relp_recv(self):
        ours = lambda leaf: ("--tls", "--ca", self.server.ca, "--cert", leaf.cert, "--key", leaf.key)
        with proc.Receiver("--output", "/dev/null", *ours(self.server)) as r:
            tap = WireTap(self, r.port)
            sent = proc.run("relp-send", *ours(self.client), "--count", "10000", "--size", "400",
                            "127.0.0.1:%d" % tap.port)
            self.assertEqual(sent.code, 0, sent)
        self.filled(tap.sent[0].data(), 10000, 10000 * 400)
        # an answer has some 15 bytes: as many as were safe together are in one
        self.assertLess(len(tap.heard[0].data()), 2000)


class Hellos(OverTls, Fault):
    def hello(self, target):
        r = self.receiver()
        tap = WireTap(self, r.port)
        f = self.forward(tap, target=target)
        r.wait(lambda: r.opens, 20, "a session")
        f.term()
        return Hello(tap.sent[0].hello)

    def test_what_is_offered(self):
        hello = self.hello("127.0.0.1")
        self.assertEqual([s for s in hello.suites if s != RENEGOTIATION_INFO], SUITES)
        for never in (SESSION_TICKET, PRE_SHARED_KEY, EARLY_DATA):
            self.assertNotIn(never, hello.extensions)

    def test_the_target_is_named_when_it_is_a_name(self):
        for target, name in (("localhost", "localhost"), ("127.0.0.1", None)):
            with self.subTest(target):
                self.setUp()
                self.assertEqual(self.hello(target).server_name, name)


class Chains(Case):
    def test_all_between_our_certificate_and_the_root_is_shown(self):
        pki = over_tls.pki()
        upper = pki.intermediate("upper")
        node = pki.client("below", ca=pki.intermediate("lower", issuer=upper))
        self.tls_dir = pki.tls_dir("below-dir", node, pki.server().ca)
        for name, version in VERSIONS.items():
            with self.subTest(name):
                r = self.receiver()
                front = TlsFront(self, r.port, pki.server(), pki.server().ca, version)
                f = Forward(self, front.port, inputs=["stdin"], stdin=subprocess.PIPE,
                            notify=False, spool=self.path("spool" + name)).start(ready=False)
                f.process.stdin.write(b"<14>a: src=a seq=1\n")
                f.process.stdin.close()
                self.assertEqual(f.wait_exit(), 0, f.talk())
                self.assertEqual([s.client for s in front.shaken], [node.sha256])
                self.assertEqual((r.stored, front.failures), (1, []))


class Renegotiation(unittest.TestCase):
    """TLS 1.2 has it, and we refuse it: whoever asks is told so, and hears no more."""

    def setUp(self):
        self.pki = over_tls.pki()
        self.server, self.client = self.pki.server(), self.pki.client()

    def openssl(self, *args):
        p = subprocess.Popen(["openssl", *args, "-tls1_2", "-CAfile", self.server.ca],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, bufsize=0)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stdin.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        p.got = b""
        return p

    def hear(self, p, wanted):
        while wanted not in p.got:
            more = p.stdout.read(65536)
            self.assertTrue(more, p.got)
            p.got += more

    def test_asked_for_by_a_client(self):
        with proc.Receiver("--output", "/dev/null", "--tls", "--ca", self.server.ca, "--cert",
                           self.server.cert, "--key", self.server.key) as r:
            p = self.openssl("s_client", "-connect", "127.0.0.1:%d" % r.port, "-cert",
                             self.client.cert, "-key", self.client.key)
            p.stdin.write(frame(1, b"open", OFFERS))
            self.hear(p, b"1 rsp ")
            p.stdin.write(b"R\n")
            self.hear(p, b"no renegotiation")
            # and to others it still speaks
            self.assertEqual(proc.run(
                "relp-send", "--tls", "--ca", self.server.ca, "--cert", self.client.cert, "--key",
                self.client.key, "127.0.0.1:%d" % r.port, "x").code, 0)

    def test_asked_for_by_a_server(self):
        port, = proc.free_ports(1)
        p = self.openssl("s_server", "-accept", "127.0.0.1:%d" % port, "-naccept", "1", "-cert",
                         self.server.cert, "-key", self.server.key)
        proc.wait_until(lambda: port in proc.listening(), "s_server listens")
        with proc.Process([proc.relpbox(), "relp-send", "--tls", "--ca", self.server.ca,
                           "--timeout", "10s", "127.0.0.1:%d" % port, "x"]) as sender:
            self.hear(p, b"1 open ")
            p.stdin.write(b"R\n")
            self.hear(p, b"no renegotiation")
            self.assertEqual(sender.wait(), 12, sender.stderr)
            # the handshake was done: it was no lack of a common suite
            self.assertNotIn("in common", sender.stderr)
            self.assertIn("handshake_failure", sender.stderr)


class Waiting(OverTls, Fault):
    """A peer that is silent holds up neither what is read, nor the end."""

    def test_a_silent_handshake_holds_up_no_input(self):
        r = self.receiver(at_connect="silent")
        f = self.forward(r)
        r.wait(lambda: r.connects, 20, "a connection")
        feeder = Feeder(self, self.held.path, count=20000)
        self.sent = feeder.wait()
        s = f.wait_status(lambda s: s["counts"]["taken"] == self.sent)
        self.assertEqual((s["counts"]["failures"], s["counts"]["tls_handshakes"]), (0, 0))
        self.assertLess(feeder.longest, SLOW, "a send was held up")
        f.term()  # in good time, from the midst of the handshake
        r.at_connect = "ok"
        f.start()
        self.arrived(r, f)
        f.term()

    def test_neither_a_silent_receiver_nor_one_that_reads_nothing_holds_up_the_end(self):
        for silent in ("close", "all"):
            with self.subTest(silent):
                self.setUp()
                r = self.receiver(at_close="silent")
                f = self.forward(r)
                self.send(10)
                self.arrived(r, f)
                if silent == "all":
                    r.pause()
                    self.send(5000)
                    f.wait_status(lambda s: s["counts"]["taken"] == self.sent)
                f.term(6)
                r.resume()


class Expiring(Case):
    """The connection is renewed before our certificate ends, whatever --rotate-within says."""

    def test_new_files_in_the_last_minute(self):
        pki = over_tls.pki()
        last = pki.client("last-minute", days=(-1, 50 / 86400))
        server, other = pki.server(), pki.client("other")
        r = self.receiver()
        front = TlsFront(self, r.port, server, server.ca)
        self.tls_dir = pki.tls_dir("expiring", last, server.ca)
        f = Forward(self, front.port, inputs=["unix:" + self.path("syslog")],
                    rotate_within="10m").start()
        self.until(lambda: front.shaken, what="a session")
        pki.tls_dir("expiring", other, server.ca)
        self.until(lambda: len(front.shaken) > 1, 40, f.talk)
        self.assertEqual([s.client for s in front.shaken], [last.sha256, other.sha256])
        f.term()


if __name__ == "__main__":
    unittest.main()
