# SPDX-License-Identifier: Apache-2.0
"""relp-recv over TLS: who gets in, who does not and why, files that change, strangers."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from relptest import proc, rsyslog, seq, tls_rsyslog
from relptest.pki import Pki
from relptest.relp import OFFERS, Frames, frame

OPEN = frame(1, b"open", OFFERS)
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

shared = {}


def setUpModule():
    folder = tempfile.TemporaryDirectory()
    pki = Pki(folder.name)
    pki.server(), pki.client()  # and their CA
    shared.update(folder=folder, pki=pki)


def tearDownModule():
    shared["folder"].cleanup()


class Client:
    """A TLS client in the test's own hands (OpenSSL's, by Python)."""

    def __init__(self, port, leaf=None, version=None, opened=True, ca=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(ca or shared["pki"].server().ca)
        if leaf:
            context.load_cert_chain(leaf.cert, leaf.key)
        if version:
            context.minimum_version = context.maximum_version = VERSIONS[version]
        plain = socket.create_connection(("127.0.0.1", port))
        plain.settimeout(proc.LIMIT)
        self.frames, self.got, self.txnr = Frames(), [], 0
        try:
            self.sock = context.wrap_socket(plain)
        except OSError:
            plain.close()
            raise
        if not opened:
            return
        try:
            self.send(b"open", OFFERS)
            got = self.answer()
            assert got[2].startswith(b"200 OK\n"), got
        except BaseException:
            self.sock.close()
            raise

    def send(self, command, data=b""):
        self.txnr += 1
        self.sock.sendall(frame(self.txnr, command, data))

    def answer(self):
        while not self.got:
            data = self.sock.recv(1 << 16)
            if not data:
                raise EOFError
            self.got += self.frames.feed(data)
        return self.got.pop(0)

    def tell(self, message):
        self.send(b"syslog", message)
        assert self.answer() == (self.txnr, b"rsp", b"200 OK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.output = os.path.join(self.folder, "output")
        self.pki = shared["pki"]

    def start(self, process):
        self.addCleanup(process.__exit__, None, None, None)
        return process

    def receiver(self, *args, leaf=None, ca=True, name=None, **more):
        """relp-recv --tls with a certificate of its own, and the CA."""
        leaf = leaf or self.pki.server()
        ca = ("--ca", self.pki.client().ca) if ca else ()
        return self.start(proc.Receiver("--output", self.output, "--tls", "--cert", leaf.cert,
                                        "--key", leaf.key, *ca, *args, **more))

    def content(self):
        with open(self.output, "rb") as f:
            return f.read()

    def refused(self, r, leaf, words, version):
        """It gets an error or an end, no answer; a line names the cause; nothing is written."""
        with self.assertRaises((OSError, EOFError)):
            with Client(r.port, leaf, version, opened=False) as c:
                c.sock.sendall(OPEN + frame(2, b"syslog", b"from a stranger"))
                c.answer()
        r.wait_line(r"127\.0\.0\.1:\d+: .*" + words)
        self.assertNotIn(b"stranger", self.content())


class WhoGetsIn(Case):
    def test_a_client_of_the_ca(self):
        r = self.receiver()
        r.wait_line(r"^listening on 127\.0\.0\.1:\d+, TLS, clients: .*%s" % re.escape(self.pki.client().ca))
        for version in VERSIONS:
            with Client(r.port, self.pki.client(), version) as c:
                c.tell(b"by TLS " + version.encode())
                self.assertEqual(c.sock.version(), "TLSv" + version)
        self.assertEqual(self.content(), b"by TLS 1.2\nby TLS 1.3\n")

    def test_keys_and_chains(self):
        self.pki.intermediate("middle")
        for name, more in (("rsa", {"key": "rsa"}), ("p384", {"key": "p384"}),
                           ("deep", {"ca": "middle"})):
            server = self.pki.server("s-" + name, **more)
            client = self.pki.client("c-" + name, **more)
            r = self.receiver(leaf=server)
            for version in VERSIONS:
                with Client(r.port, client, version) as c:
                    c.tell(b"x")

    def test_permitted_names(self):
        for peer in ("client.test", "*.test", "cli*.test"):
            r = self.receiver("--permitted-peer", "other.test", "--permitted-peer", peer)
            with Client(r.port, self.pki.client()) as c:
                c.tell(b"x")
        r.wait_line(r"TLS, clients: .*other\.test.*")

    def test_fingerprints(self):
        alone = self.pki.client("alone", ca=None)
        for peer in (alone.sha1, alone.sha256, alone.sha1.replace(":", "").replace("SHA1", "SHA1:")):
            r = self.receiver("--auth-mode", "fingerprint", "--permitted-peer", peer, ca=False)
            with Client(r.port, alone) as c:
                c.tell(b"x")

    def test_without_a_certificate_only_when_told(self):
        for ca in (True, False):
            r = self.receiver("--allow-no-client-cert", ca=ca)
            r.wait_line("TLS, clients: anyone")
            for version in VERSIONS:
                with Client(r.port, None, version) as c:
                    c.tell(b"x")

    def test_verbose(self):
        r = self.receiver("--verbose")
        client = self.pki.client()
        with Client(r.port, client, "1.3") as c:
            c.tell(b"x")
        r.wait_line(r"127\.0\.0\.1:\d+: TLS 1\.3, TLS[0-9A-Za-z_-]+, CN=client\.test, " + client.sha256)

    def test_s_client(self):
        """RELP by hand through openssl s_client."""
        r = self.receiver()
        leaf = self.pki.client()
        for version in ("-tls1_2", "-tls1_3"):
            p = subprocess.Popen(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{r.port}", version,
                                  "-cert", leaf.cert, "-key", leaf.key, "-CAfile", leaf.ca,
                                  "-verify_return_error"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            p.stdin.write(OPEN + frame(2, b"syslog", b"by hand") + frame(3, b"close"))
            p.stdin.flush()
            answers = list(Frames().feed(p.stdout.read()))
            self.assertEqual(p.wait(), 0)
            p.stdin.close()
            p.stdout.close()
            self.assertEqual(answers[1:], [(2, b"rsp", b"200 OK"), (3, b"rsp", b"")])
        self.assertEqual(self.content(), b"by hand\nby hand\n")


class WhoDoesNot(Case):
    def test_no_certificate(self):
        r = self.receiver()
        for version in VERSIONS:
            self.refused(r, None, "no certificate|without a certificate|certificate", version)

    def test_wrong_ones(self):
        self.pki.ca("foreign")
        wrong = {
            "foreign": (self.pki.client("stranger", ca="foreign"), "CA"),
            "alone": (self.pki.client("selfmade", ca=None), "self-signed|signed"),
            "old": (self.pki.client("old", days=(-20, -10)), "expired"),
            "early": (self.pki.client("early", days=(10, 20)), "not yet valid|valid"),
            "purpose": (self.pki.client("purpose", eku=["server"]), "usage|purpose|client"),
        }
        r = self.receiver()
        for name, (leaf, words) in wrong.items():
            for version in VERSIONS:
                with self.subTest(name, version=version):
                    self.refused(r, leaf, words, version)
        with Client(r.port, self.pki.client()) as c:
            c.tell(b"still there")
        self.assertEqual(self.content(), b"still there\n")

    def test_not_permitted(self):
        r = self.receiver("--permitted-peer", "other.test")
        for version in VERSIONS:
            self.refused(r, self.pki.client(), r"client\.test", version)

    def test_another_fingerprint(self):
        r = self.receiver("--auth-mode", "fingerprint", "--permitted-peer", self.pki.server().sha256)
        for version in VERSIONS:
            self.refused(r, self.pki.client(), "SHA256:", version)

    def test_a_wrong_one_where_none_is_needed(self):
        r = self.receiver("--allow-no-client-cert")
        for version in VERSIONS:
            self.refused(r, self.pki.client("selfmade", ca=None), "self-signed|signed", version)

    def test_old_versions(self):
        r = self.receiver()
        done = subprocess.run(["openssl", "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-connect",
                               f"127.0.0.1:{r.port}"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        r.wait_line(r"127\.0\.0\.1:\d+: .*(version|common)")

    def test_plain_relp(self):
        r = self.receiver()
        with socket.create_connection(("127.0.0.1", r.port)) as s:
            s.settimeout(proc.LIMIT)
            s.sendall(OPEN)
            while s.recv(4096):
                pass
        r.wait_line(r"127\.0\.0\.1:\d+: .*plain RELP")

    def test_other_rubbish(self):
        r = self.receiver()
        for sent in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 100):
            with socket.create_connection(("127.0.0.1", r.port)) as s:
                s.settimeout(proc.LIMIT)
                s.sendall(sent)
                try:
                    while s.recv(4096):
                        pass
                except ConnectionResetError:
                    pass
        proc.wait_until(lambda: len(r.lines) >= 4, "three lines more")
        for line in r.lines[1:4]:
            self.assertRegex(line, r"127\.0\.0\.1:\d+: ")
            self.assertNotIn("plain RELP", line)

    def test_tls_to_a_plain_port(self):
        r = self.start(proc.Receiver("--output", self.output))
        with self.assertRaises(OSError):
            Client(r.port)
        r.wait_line(r"speaks TLS.*this port is plain")

    def test_a_scanner_does_not_flood(self):
        r = self.receiver()
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", r.port)) as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with Client(r.port, self.pki.client()) as c:
            c.tell(b"x")
        self.assertLess(len(r.lines), 60)


class Strangers(Case):
    def test_silent_in_the_handshake(self):
        """It does not hold up others, and is dropped in the end."""
        r = self.receiver("--open-timeout", "2s")
        with socket.create_connection(("127.0.0.1", r.port)) as s:
            s.settimeout(proc.LIMIT)
            with Client(r.port, self.pki.client()) as c:
                c.tell(b"x")
            self.assertEqual(s.recv(1), b"")
        r.wait_line(r"127\.0\.0\.1:\d+: .*handshake")

    def test_a_trickle_in_the_handshake(self):
        """A byte now and then does not hold the place longer."""
        r = self.receiver("--open-timeout", "1s")
        with socket.create_connection(("127.0.0.1", r.port)) as s:
            end = time.monotonic() + 20
            with self.assertRaises(OSError):
                s.sendall(b"\x16\x03\x01\x02\0")
                while time.monotonic() < end:
                    s.sendall(b"\x01")
                    time.sleep(0.1)

    def test_connections_are_counted_from_accept(self):
        r = self.receiver("--max-connections", 2, "--open-timeout", "3s")
        silent = [socket.create_connection(("127.0.0.1", r.port)) for _ in range(2)]
        try:
            with Client(r.port, self.pki.client(), opened=False) as c:
                c.send(b"open", OFFERS)
                self.assertEqual(c.answer(), (0, b"serverclose", b""))
            with self.assertRaises(EOFError):
                with Client(r.port, self.pki.client(), opened=False) as c:
                    c.answer()
                    c.answer()
        finally:
            for s in silent:
                s.close()

        def again():
            try:
                with Client(r.port, self.pki.client()) as d:
                    d.tell(b"x")
            except AssertionError:
                return False
            return True

        proc.wait_until(again, "there is room for another")

    def test_a_hundred_at_once(self):
        r = self.receiver()
        clients = []
        try:
            for _ in range(100):
                clients.append(Client(r.port, self.pki.client()))
            for n, c in enumerate(clients):
                c.send(b"syslog", b"seq=%d" % (n + 1))
            for c in clients:
                self.assertEqual(c.answer(), (2, b"rsp", b"200 OK"))
            with open(f"/proc/{r.pid}/status", encoding="ascii") as f:
                peak = int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])
            if "/san/" not in proc.relpbox():
                self.assertLess(peak, 5000 + 100 * 60)
        finally:
            for c in clients:
                c.sock.close()
        self.assertTrue(seq.Account(sorted(seq.read(self.output)), 1, 100).exact)

    def test_large_messages_and_many(self):
        """Records are cut and joined anywhere, and nothing is lost or changed."""
        r = self.receiver("--raw", "--max-message", "1MiB")
        with Client(r.port, self.pki.client()) as c:
            sent = [b"x" * n for n in (0, 1, 16383, 16384, 16385, 100000, 1 << 20)] * 3
            for m in sent:
                c.send(b"syslog", m)
            for n, _ in enumerate(sent):
                self.assertEqual(c.answer(), (n + 2, b"rsp", b"200 OK"))
        self.assertEqual(self.content(), b"".join(m + b"\n" for m in sent))

    def test_sigterm(self):
        r = self.receiver()
        with Client(r.port, self.pki.client()) as c:
            c.tell(b"x")
            with socket.create_connection(("127.0.0.1", r.port)):
                r.signal(15)
                self.assertEqual(c.answer(), (0, b"serverclose", b""))
                self.assertEqual(c.sock.recv(1), b"")
        self.assertEqual(r.wait(), 0)


class Files(Case):
    """What is read, when it is read again, and what cannot be used."""

    def copy(self, leaf):
        """The leaf's files at paths that a test changes: (cert, key, ca)."""
        out = [os.path.join(self.folder, n) for n in ("tls.crt", "tls.key", "ca.crt")]
        for source, target in zip((leaf.cert, leaf.key, leaf.ca), out):
            shutil.copyfile(source, target + ".new")
            os.chmod(target + ".new", 0o600)
            os.replace(target + ".new", target)
        return out

    def shown(self, port, ca=None):
        """The certificate that the receiver shows."""
        with Client(port, self.pki.client(), ca=ca) as c:
            return c.sock.getpeercert(True)

    def test_new_files_are_used(self):
        one, two = self.pki.server(), self.pki.server("second", ca="ca2", key="rsa")
        cert, key, ca = self.copy(one)
        r = self.start(proc.Receiver("--output", self.output, "--tls", "--cert", cert, "--key", key, "--ca", ca))
        with Client(r.port, self.pki.client()) as c:
            c.tell(b"before")
            self.assertEqual(self.shown(r.port), one.der)
            with open(two.cert, "rb") as f, open(cert, "wb") as g:
                g.write(f.read())  # half of the pair, in place
            time.sleep(2.5)
            self.assertEqual(self.shown(r.port), one.der)
            shutil.copyfile(two.key, key)
            proc.wait_until(lambda: self.shown_any(r.port) == two.der, "the new certificate is shown")
            c.tell(b"the old session goes on")

    def shown_any(self, port):
        for leaf in (self.pki.server(), self.pki.server("second", ca="ca2", key="rsa")):
            try:
                return self.shown(port, leaf.ca)
            except ssl.SSLError:
                pass
        return None

    def test_a_new_ca_shuts_out_the_old(self):
        cert, key, ca = self.copy(self.pki.server())
        r = self.start(proc.Receiver("--output", self.output, "--tls", "--cert", cert, "--key", key, "--ca", ca))
        self.shown(r.port)
        other = self.pki.client("other", ca="ca3")
        shutil.copyfile(other.ca, ca + ".new")
        os.replace(ca + ".new", ca)

        def shut_out():
            try:
                self.shown(r.port)
            except (OSError, EOFError):
                return True
            return False

        proc.wait_until(shut_out, "the old CA is gone")
        with Client(r.port, other, ca=self.pki.server().ca) as c:
            c.tell(b"x")

    def test_broken_files_change_nothing(self):
        cert, key, ca = self.copy(self.pki.server())
        r = self.start(proc.Receiver("--output", self.output, "--tls", "--cert", cert, "--key", key, "--ca", ca))
        with open(cert, "w", encoding="ascii") as f:
            f.write("-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n")
        r.wait_line(re.escape(cert))
        self.assertEqual(self.shown(r.port), self.pki.server().der)

    def test_what_cannot_be_used_at_the_start(self):
        server, client = self.pki.server(), self.pki.client()
        missing = os.path.join(self.folder, "missing")
        empty = self.pki.file("empty", "")
        for cert, key, ca in ((missing, server.key, client.ca), (server.cert, missing, client.ca),
                              (server.cert, server.key, missing), (empty, server.key, client.ca),
                              (server.cert, empty, client.ca), (server.cert, server.key, empty),
                              (server.cert, client.key, client.ca), (server.key, server.cert, client.ca),
                              (server.cert, self.pki.encrypted_key(server), client.ca)):
            done = proc.run("relp-recv", "--listen", "127.0.0.1:0", "--output", self.output, "--tls",
                            "--cert", cert, "--key", key, "--ca", ca)
            self.assertEqual(done.code, 1, done)
            self.assertNotIn(b"listening", done.stderr)
            for path in (server.key, client.key):
                with open(path, "rb") as f:
                    for line in f.read().splitlines()[1:-1]:
                        self.assertNotIn(line, done.stderr)

    def test_a_file_that_is_cut_off_is_named(self):
        server = self.pki.server()
        whole = {"--cert": server.cert, "--key": server.key, "--ca": self.pki.client().ca}
        for option, path in whole.items():
            with open(path, encoding="ascii") as f:
                text = f.read()
            cut = self.pki.file("cut" + option, text[:len(text) // 2])
            with self.subTest(option):
                done = proc.run("relp-recv", "--listen", "127.0.0.1:0", "--output", self.output, "--tls",
                                *[a for o, p in whole.items() for a in (o, cut if o == option else p)])
                self.assertEqual(done.code, 1, done)
                self.assertRegex(done.stderr.decode(), "%s.*(cut|end|damaged|broken)" % re.escape(cut))

    def test_a_key_that_others_may_read(self):
        cert, key, ca = self.copy(self.pki.server())
        os.chmod(key, 0o644)
        r = self.start(proc.Receiver("--output", self.output, "--tls", "--cert", cert, "--key", key, "--ca", ca))
        r.wait_line(re.escape(key))

    def test_usage(self):
        """Whatever would let in everybody, or says less than it seems to, is not started."""
        s = self.pki.server()
        pair = ("--cert", s.cert, "--key", s.key)
        print_ = ("--auth-mode", "fingerprint")
        for args in (("--tls",), ("--tls", *pair), ("--tls", "--ca", s.ca), ("--tls", "--ca", s.ca, *pair[:2]),
                     ("--tls", "--ca", s.ca, *pair[2:]), ("--tls", *pair, *print_),
                     ("--tls", *pair, *print_, "--ca", s.ca), ("--tls", *pair, *print_, "--permitted-peer", "a.b"),
                     ("--tls", *pair, "--ca", s.ca, "--permitted-peer", ""),
                     ("--tls", *pair, "--permitted-peer", "a.b", "--allow-no-client-cert"),
                     ("--tls", *pair, *print_, "--permitted-peer", "SHA1:AB"),
                     ("--tls", *pair, "--ca", s.ca, "--auth-mode", "anon"), ("--ca", s.ca), pair[:2], pair[2:],
                     print_, ("--permitted-peer", "a"), ("--allow-no-client-cert",)):
            done = proc.run("relp-recv", "--listen", "127.0.0.1:0", "--output", self.output, *args)
            self.assertEqual(done.code, 2, (args, done))


@unittest.skipUnless(rsyslog.available(), "no rsyslogd with imrelp and omrelp")
class Omrelp(Case):
    """Real omrelp, with both of its libraries."""

    def send(self, sender, first, last):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(sender.socket)
            for n in range(first, last + 1):
                s.send(b"<13>Nov 21 20:51:31 prog: seq=%d some words" % n)

    def wait_exact(self, n):
        proc.wait_until(lambda: len(seq.read(self.output)) >= n, f"{n} messages are in the file")
        account = seq.Account(seq.read(self.output), 1, n)
        self.assertTrue(account.exact, account)

    def omrelp(self, lib, port, params):
        return self.start(tls_rsyslog.OmrelpTls(self.folder, lib, {"a": (port, params)}))

    def test_mutual(self):
        # omrelp with OpenSSL takes what is best, whatever its configuration says
        for lib, version in (("gnutls", "1.2"), ("gnutls", "1.3"), ("openssl", None)):
            with self.subTest(lib=lib, version=version):
                self.folder = os.path.join(os.path.dirname(self.output), f"{lib}{version}")
                os.makedirs(self.folder)
                r = self.receiver("--permitted-peer", "client.test", "--verbose")
                params = tls_rsyslog.tls(lib, **tls_rsyslog.identity(self.pki.client()), auth="name",
                                         permitted=["server.test"], version=version)
                sender = self.omrelp(lib, r.port, params)
                self.send(sender, 1, 2000)
                self.wait_exact(2000)
                r.wait_line("TLS " + re.escape(version or "1.3") + ", .*CN=client.test")
                sender.__exit__()
                self.assertEqual(r.stop(), 0)

    def test_openssl_without_a_certificate(self):
        """Only where the receiver allows it; GnuTLS's omrelp has anonymous suites alone then."""
        params = tls_rsyslog.tls("openssl", ca=self.pki.server().ca)
        r = self.receiver("--allow-no-client-cert", "--verbose")
        sender = self.omrelp("openssl", r.port, params)
        self.send(sender, 1, 100)
        try:
            self.wait_exact(100)
        except AssertionError:
            self.fail(r.stderr + "\n" + sender.stderr)

    def test_refused_ones_deliver_nothing(self):
        self.pki.ca("foreign")
        r = self.receiver()
        for lib in tls_rsyslog.LIBS:
            leaf = self.pki.client("stranger", ca="foreign")
            params = tls_rsyslog.tls(lib, ca=self.pki.server().ca, cert=leaf.cert, key=leaf.key, auth="name",
                                     permitted=["server.test"])
            with tls_rsyslog.OmrelpTls(self.folder, lib, {"a": (r.port, params)}) as sender:
                self.send(sender, 1, 5)
                count = len(r.lines)
                proc.wait_until(lambda n=count: len(r.lines) > n, "a refusal is told")
                self.assertRegex(r.lines[-1], "CA")
        self.assertEqual(self.content(), b"")

    def test_anonymous_ones(self):
        r = self.receiver("--allow-no-client-cert")
        with tls_rsyslog.OmrelpTls(self.folder, "gnutls", {"a": (r.port, tls_rsyslog.tls("gnutls"))}) as sender:
            self.send(sender, 1, 5)
            r.wait_line(r"127\.0\.0\.1:\d+: .*common")
        self.assertEqual(self.content(), b"")


class RelpSend(Case):
    def setUp(self):
        super().setUp()
        if b"--tls" not in proc.run("relp-send", "--help").stdout:
            self.skipTest("relp-send has no --tls")

    def send(self, r, leaf, *args, **more):
        own = ("--cert", leaf.cert, "--key", leaf.key) if leaf else ()
        return proc.run("relp-send", "--tls", "--ca", self.pki.server().ca, *own, *args,
                        f"localhost:{r.port}", **more)

    def test_fifty_thousand(self):
        r = self.receiver("--permitted-peer", "client.test", listen="localhost:0")
        sent = self.send(r, self.pki.client(), "--raw", stdin=seq.lines(1, 50000))
        self.assertEqual(sent.code, 0, sent)
        self.assertTrue(seq.Account(seq.read(self.output), 1, 50000).exact)

    def test_refused(self):
        r = self.receiver("--permitted-peer", "other.test", listen="localhost:0")
        for leaf in (None, self.pki.client()):
            sent = self.send(r, leaf, "--raw", stdin=b"x\n")
            self.assertNotEqual(sent.code, 0, sent)
        self.assertEqual(self.content(), b"")


if __name__ == "__main__":
    unittest.main()
