# SPDX-License-Identifier: Apache-2.0
"""relp-send against receivers that it has to refuse, or that refuse it: for each the exit code,
nothing delivered, and a text that names the cause (testdata/tls/refused/send; see
relptest/golden.py for how to write it anew).
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import unittest

from relptest import golden, pki, proc, relp, rsyslog, tls_rsyslog
from relptest import tls_peers as peers
from relptest.case import add_test
from relptest.tls_peers import RawServer, TlsServer, context

TLS, PEER, OPEN, TIMEOUT, EARLY = 12, 13, 14, 16, 17
DROPPED = EARLY, TLS  # who did not ask for a certificate did not refuse it
MESSAGE = "must not arrive"
BOTH = (2, 3)


def setUpModule():
    global PKI
    PKI = pki.Pki(tempfile.mkdtemp(prefix="refused-"))
    unittest.addModuleCleanup(shutil.rmtree, PKI.folder)
    PKI.ca()


def options(ca="ca", own="client", permitted=("server.test",), mode=None, **more):
    """--tls and its companions; ca: a name or a path, own: a name, a Cert, or None."""
    out = ["--tls"]
    if ca:
        out += ["--ca", ca if "/" in ca else PKI.ca(ca).cert]
    if own:
        own = PKI.client(own) if isinstance(own, str) else own
        out += ["--cert", own.cert, "--key", own.key]
    if mode:
        out += ["--auth-mode", mode]
    for p in permitted:
        out += ["--permitted-peer", p]
    return out


class Refused(unittest.TestCase):
    maxDiff = None

    def refused(self, name, code, port, args, words, seconds=10, host="127.0.0.1", **how):
        """Runs relp-send; its text is the one in the golden file, and has the words."""
        result = proc.run("relp-send", "--timeout", "%dms" % (seconds * 1000), *args,
                          "%s:%d" % (host, port), MESSAGE, **how)
        text = result.stderr.decode()
        self.assertEqual(result.code, code, result)
        self.assertEqual(result.stdout, b"", result)
        self.assertRegex(text, words)
        self.assertNotRegex(text, "[^\n -~]")
        golden.check(self, "tls/refused/send/" + name, text + "exit code %d\n" % code,
                     (PKI.folder, "FOLDER"))
        return result

    def nothing_came(self, server):
        self.assertEqual((server.messages, server.closes), ([], 0))


# --- what the receiver shows is not to be trusted ------------------------------------------


def alone(cert):
    """Without the intermediates behind it."""
    path = PKI.file(cert.name + ".alone.crt", pki.pem(cert.der))
    return path, cert.key


def hostile(name, **more):
    """A name that would colour a terminal, break a line and end a string of C."""
    return PKI.server(name, subject=[("CN", b"red\x1b[31m\nCN=server.test\x00"), ("O", "\u202etxet".encode())],
                      san=[b"server.test\x00.evil.test", b"\x1b]0;title\x07", b"\x9bname"], **more)


# name: (exit code, words, what the server shows, options of relp-send)
STRANGERS = {
    "wrong-ca": (PEER, "issued by .*CN=Test CA other", lambda: PKI.server("other-ca", ca="other",
                 cn="server.test"), {}),
    "same-ca-name-other-key": (PEER, "signature|signed", lambda: PKI.server(
        "impostor", ca=PKI.ca("impostor-ca", cn="Test CA ca"), cn="server.test"), {}),
    "wrong-name": (PEER, "wanted logs.test.*server.test", lambda: PKI.server(),
                   {"permitted": ["logs.test"]}),
    "wrong-names": (PEER, "wanted .*logs.test.*[*].example.com", lambda: PKI.server(),
                    {"permitted": ["logs.test", "*.example.com"]}),
    "wrong-name-of-the-target": (PEER, "wanted .*127.0.0.1", lambda: PKI.server(
        "elsewhere", san=["elsewhere.test", "IP:192.0.2.1"]), {"permitted": []}),
    "right-name-in-the-wrong-case": (PEER, "case", lambda: PKI.server(),
                                     {"permitted": ["Server.test"]}),
    "wildcard-of-one-label": (PEER, "wanted", lambda: PKI.server("deep", cn="a.b.test"),
                              {"permitted": ["*.test"]}),
    "no-name": (PEER, "no name", lambda: PKI.server("nameless", cn="", san=[]), {}),
    "name-behind-a-nul": (PEER, "evil", lambda: hostile("hostile"), {}),
    "hostile-and-of-a-wrong-ca": (PEER, "issued by", lambda: hostile("hostile-other", ca="other"), {}),
    "expired": (PEER, "expired", lambda: PKI.server("expired", cn="server.test", days=(-20, -10)), {}),
    "not-yet-valid": (PEER, "not valid (before|yet)", lambda: PKI.server(
        "early", cn="server.test", days=(10, 20)), {}),
    "intermediate-expired": (PEER, "expired", lambda: PKI.server(
        "of-old", cn="server.test", ca=PKI.intermediate("old-intermediate", days=(-20, -10))), {}),
    "intermediate-missing": (PEER, "issued by .*intermediate", lambda: alone(PKI.server(
        "below", cn="server.test", ca=PKI.intermediate())), {}),
    "ca-expired": (PEER, "the CA .*expired", lambda: PKI.server(
        "of-old-ca", cn="server.test", ca=PKI.ca("old-ca", days=(-20, -10))), {"ca": lambda: PKI.made["old-ca"].cert}),
    "issuer-is-no-ca": (PEER, "issued|signed|CA", lambda: PKI.server("below-leaf", cn="server.test",
                                                     ca=PKI.server("no-authority")), {}),
    "self-signed": (PEER, "signed by itself", lambda: PKI.server("self", cn="server.test", ca=None), {}),
    "ca-as-leaf": (PEER, "CA", lambda: PKI.ca(
        "authority", cn="server.test", issuer="ca", usage=["digitalSignature", "keyCertSign"]), {}),
    "the-ca-itself": (PEER, "CA", lambda: PKI.ca(
        "root", cn="server.test", usage=["digitalSignature", "keyCertSign"]), {
            "ca": lambda: PKI.made["root"].cert}),
    "for-clients-only": (PEER, "client|purpose|usage", lambda: PKI.server(
        "clients-only", cn="server.test", eku=["client"]), {}),
    "for-code-only": (PEER, "purpose|usage", lambda: PKI.server(
        "code-only", cn="server.test", eku=["code"]), {}),
    "may-not-sign": (PEER, "purpose|usage", lambda: PKI.server(
        "no-signing", cn="server.test", usage=["keyAgreement"]), {"versions": [3]}),
    "sha1-signature": (PEER, "SHA-1", lambda: PKI.server("sha1", cn="server.test", digest="sha1"), {}),
    "ca-rsa-1024": (PEER, "CA .*RSA 1024", lambda: PKI.server(
        "of-weak-ca", cn="server.test", ca=PKI.ca("weak-ca", key="rsa1024")), {
            "ca": lambda: PKI.made["weak-ca"].cert}),
    "rsa-1024": (PEER, "RSA 1024", lambda: PKI.server("rsa1024", cn="server.test", key="rsa1024"), {}),
    "fingerprint-not-permitted": (PEER, "SHA1:[0-9A-F:]{59}", lambda: PKI.server(), {
        "mode": "fingerprint", "permitted": ["SHA1:" + "AB" * 20]}),
    "fingerprint-sha256-not-permitted": (PEER, "SHA256:[0-9A-F:]{95}", lambda: PKI.server(), {
        "mode": "fingerprint", "permitted": ["SHA256:" + "AB" * 32]}),
    "pinned-and-expired": (PEER, "expired", lambda: PKI.server(
        "expired", cn="server.test", days=(-20, -10)), {
            "mode": "fingerprint", "permitted": lambda: [PKI.made["expired"].sha256]}),
    "pinned-and-not-yet-valid": (PEER, "not valid (before|yet)", lambda: PKI.server(
        "early", cn="server.test", days=(10, 20)), {
            "mode": "fingerprint", "permitted": lambda: [PKI.made["early"].sha1]}),
    "key-of-another": (PEER, "private key", lambda: (PKI.server().cert, peers.forged_key(
        PKI.server(), PKI.client(), PKI.path("forged.key"))), {}),
    "pinned-with-the-key-of-another": (PEER, "private key", lambda: (
        PKI.server().cert, peers.forged_key(PKI.server(), PKI.client(), PKI.path("forged.key"))), {
            "mode": "fingerprint", "permitted": lambda: [PKI.server().sha1]}),
}


class Strangers(Refused):
    """The receiver's certificate: over TLS 1.2 and 1.3, with and without one of ours, the same
    words."""

    def check(self, name, code, words, shown, how):
        shown = shown()
        how = {k: v() if callable(v) else v for k, v in how.items()}
        for version, own in itertools.product(how.pop("versions", BOTH), ("client", None)):
            with self.subTest(version=version, own=own), \
                    TlsServer(context(True, shown, version=version)) as server:
                self.refused(name, code, server.port, options(own=own, **how), words)
                self.nothing_came(server)
                self.assertEqual(server.opens, 0)


# --- a receiver that refuses us ------------------------------------------------------------

OURS = {
    "none": lambda: None,
    "wrong-ca": lambda: PKI.client("stranger", ca="other", cn="client.test"),
    "expired": lambda: PKI.client("old-client", cn="client.test", days=(-20, -10)),
    "self-signed": lambda: PKI.client("own-hand", cn="client.test", ca=None),
    "for-servers-only": lambda: PKI.client("servers-only", cn="client.test", eku=["server"]),
    "not-permitted": lambda: PKI.client("guest", cn="guest.test"),
}


class RefusesUs(Refused):
    """By Python's ssl, which tells by an alert."""

    def check(self, name, version, ours, polite=True):
        server = TlsServer(context(True, PKI.server(), ca=PKI.ca().cert, version=version), polite)
        with server:
            self.refused("us-%s.openssl-1.%d%s" % (name, version, "" if polite else ".reset"), TLS,
                         server.port, options(own=ours()), "certificate")
            self.nothing_came(server)
            self.assertEqual(server.opens, 0)


@unittest.skipUnless(rsyslog.available(), "needs rsyslog with RELP")
class ImrelpRefusesUs(Refused):
    """By real imrelp: GnuTLS ends the connection without a word, OpenSSL by alerts or, after a
    good handshake, by serverclose."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="refused-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.daemons = {}
        for lib, versions in (("gnutls", BOTH), ("openssl", (2,)), ("openssl", (3,))):
            inputs = {"v%d" % v: tls_rsyslog.tls(
                lib, auth="name", permitted=["client.test"], version="1.%d" % v,
                **tls_rsyslog.identity(PKI.server())) for v in versions}
            name = "%s-%d" % (lib, versions[0])
            daemon = tls_rsyslog.ImrelpTls(cls.folder, os.path.join(cls.folder, name + ".out"), lib,
                                           inputs, name)
            cls.addClassCleanup(daemon.__exit__)
            for v in versions:
                cls.daemons[lib, v] = daemon, daemon.ports["v%d" % v]

    def check(self, name, version, ours, lib):
        daemon, port = self.daemons[lib, version]
        self.refused("us-%s.imrelp-%s-1.%d" % (name, lib, version), TLS, port,
                     options(own=ours()), "certificate")
        self.assertEqual(daemon.arrived(), {})

    def test_a_permitted_client_gets_in(self):
        """So that the others are refused for what they are."""
        for (lib, version), (_, port) in self.daemons.items():
            with self.subTest(lib=lib, version=version):
                # without a message: the others must find the outputs empty
                result = proc.run("relp-send", *options(), "127.0.0.1:%d" % port)
                self.assertEqual(result.code, 0, result)


# --- no TLS comes about --------------------------------------------------------------------


def served(cert=None, **how):
    policy = {k: how.pop(k) for k in ("connect", "open", "message") if k in how}
    return lambda: TlsServer(context(True, cert and PKI.made[cert], **how), **policy)


def old_versions():
    return TlsServer(peers.old_versions(context(True, PKI.server())))


def cut(count, then, version):
    """In the midst of a handshake: so many records of the server come through."""
    @contextlib.contextmanager
    def both():
        with TlsServer(context(True, PKI.server(), ca=PKI.ca().cert, version=version)) as server, \
                peers.Relay(server.port, count, then) as relay:
            relay.messages, relay.closes = server.messages, server.closes
            yield relay
    return both


HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
ESCAPES = b"\x1b[31mred\x07\x00\xff" * 10

# name: (exit code, words, the server, more options of the test)
GROUND = {
    "anonymous-only": (TLS, "in common", served(anonymous=True), {}),
    "anonymous-only-openssl": (TLS, "in common", lambda: peers.OpensslServer(
        "-nocert", "-cipher", "ADH:AECDH:@SECLEVEL=0", "-tls1_2"), {}),
    "old-versions-only": (TLS, "version", old_versions, {}),
    "cbc-suites-only": (TLS, "in common", served(
        "server", version=2, ciphers="AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"), {}),
    "plain-relp": (TLS, "speaks plain RELP", peers.PlainServer, {}),
    "http": (TLS, "not speak TLS.*HTTP", lambda: RawServer(peers.say(HTTP)), {}),
    "ssh": (TLS, "not speak TLS.*SSH", lambda: RawServer(peers.say(b"SSH-2.0-x\r\n"), wait=False), {}),
    "escapes": (TLS, "TLS", lambda: RawServer(peers.say(ESCAPES)), {}),
    "closed-at-once": (TLS, "closed|ended", lambda: RawServer(peers.say()), {}),
    "reset-at-once": (TLS, "reset", lambda: RawServer(peers.say(then="reset")), {}),
    "half-a-hello": (TLS, "closed|ended", lambda: RawServer(peers.say(
        peers.server_hello()[:40])), {}),
    "bad-hello": (TLS, "in common", lambda: RawServer(peers.say(peers.server_hello(b"\5\5"))), {}),
    "silent": (TLS, "no answer|within|time", lambda: RawServer(
        peers.say(then="stay")), {"seconds": 0.4}),
    "silent-in-the-midst": (TLS, "no answer|within|time", cut(1, relp.STALL, 2), {"seconds": 0.4}),
    "closed-in-the-midst": (TLS, "closed|ended", cut(2, relp.CLOSE, 2), {}),
    "reset-in-the-midst": (TLS, "reset", cut(2, relp.RESET, 2), {}),
    "closed-in-the-midst-1.3": (TLS, "closed|ended", cut(2, relp.CLOSE, 3), {}),
    "reset-in-the-midst-1.3": (TLS, "reset", cut(2, relp.RESET, 3), {}),
    "tls-to-plain": (OPEN, "TLS", served("server"), {"args": []}),
}
# the same, once the handshake is done
AFTER = {
    "closed-after": (DROPPED, "right after|closed|ended|reset", {"connect": relp.CLOSE}),
    "reset-after": (DROPPED, "right after|reset", {"connect": relp.RESET}),
    "serverclose-after": (DROPPED, "right after|serverclose", {"connect": relp.SERVERCLOSE}),
    "closed-after-open": (DROPPED, "right after|closed", {"open": relp.CLOSE}),
    "serverclose-after-open": (DROPPED, "right after|serverclose", {"open": relp.SERVERCLOSE}),
    "garbage-after": (OPEN, "HTTP|RELP", {"connect": HTTP}),
    "escapes-after": (OPEN, "RELP", {"connect": ESCAPES}),
    "silent-after": (TIMEOUT, "open", {"connect": relp.STALL}),
    "open-refused": (OPEN, "500|refused", {"open": relp.REFUSE}),
    "closed-at-the-message": (EARLY, "closed|ended", {"message": relp.CLOSE}),
}


class Ground(Refused):
    """There is no TLS to be had, or nothing behind it."""

    def check(self, name, code, words, serve, how):
        how = dict(how)
        args = how.pop("args", None)
        PKI.server()
        with serve() as server:
            self.refused(name, code, server.port, options() if args is None else args, words, **how)
            if hasattr(server, "messages"):
                self.assertEqual([m for m in server.messages if b"=" in m], [])

    def check_alert(self, name, number):
        with RawServer(peers.say(peers.alert(number))) as server:
            self.refused("alert-" + name, TLS, server.port, options(), name)

    def check_after(self, name, code, words, policy):
        how = {"seconds": 0.5} if relp.STALL in policy.values() else {}
        for asks in (False, True):
            ctx = context(True, PKI.server(), ca=PKI.ca().cert if asks else None)
            with self.subTest(asks=asks), TlsServer(ctx, **policy) as server:
                self.refused(name + (".asked" if asks else ""),
                             code[asks] if code is DROPPED else code, server.port, options(), words,
                             **how)


# --- files ---------------------------------------------------------------------------------


def pair(cert, key):
    return ["--tls", "--ca", PKI.ca().cert, "--cert", cert, "--key", key]


def with_ca(path):
    return ["--tls", "--ca", path]


def text_of(path):
    with open(path, "rb") as f:
        return f.read()


def cut_short(path, name):
    text = text_of(path)
    return PKI.file(name, text[:len(text) // 2])


def encrypted(old):
    path = PKI.path("traditional.key" if old else "pkcs8.key")
    if old:
        pki.openssl("ec", "-in", PKI.client().key, "-aes128", "-passout", "pass:secret", "-out", path)
    else:
        path = PKI.encrypted_key(PKI.client())
    return path


# name: (words, options)
FILES = {
    "missing-cert": ("No such file", lambda c: pair("/nonexistent/tls.crt", c.key)),
    "missing-key": ("No such file", lambda c: pair(c.cert, "/nonexistent/tls.key")),
    "missing-ca": ("No such file", lambda c: with_ca("/nonexistent/ca.crt")),
    "folder-for-a-file": ("folder", lambda c: with_ca(PKI.folder)),
    "empty-ca": ("no certificate|empty", lambda c: with_ca(PKI.file("empty", ""))),
    "no-pem-ca": ("no certificate|PEM", lambda c: with_ca(PKI.file("words", "hello\n" * 10))),
    "der-ca": ("PEM", lambda c: with_ca(PKI.file("ca.der", PKI.ca().der))),
    "cut-ca": ("END|cut|PEM", lambda c: with_ca(cut_short(PKI.ca().cert, "cut-ca.crt"))),
    "bad-ca": ("certificate", lambda c: with_ca(PKI.file("bad.crt", pki.pem(b"no DER, this")))),
    "cut-cert": ("END|cut|PEM", lambda c: pair(cut_short(c.cert, "cut.crt"), c.key)),
    "cut-key": ("END|cut|PEM|key", lambda c: pair(c.cert, cut_short(c.key, "cut.key"))),
    "key-of-another": ("does not (fit|belong)|not fit", lambda c: pair(c.cert, PKI.server().key)),
    "key-of-another-kind": ("does not (fit|belong)|not fit", lambda c: pair(
        c.cert, PKI.client("rsa-client", key="rsa").key)),
    "key-and-cert-swapped": ("certificate", lambda c: pair(c.key, c.cert)),
    "key-in-place-of-cert": ("key", lambda c: pair(c.key, c.key)),
    "encrypted-key": ("encrypted|password", lambda c: pair(c.cert, encrypted(old=False))),
    "encrypted-key-traditional": ("encrypted|password", lambda c: pair(c.cert, encrypted(old=True))),
    "key-of-an-odd-kind": ("key", lambda c: pair(
        PKI.client("ed", key="ed25519").cert, PKI.made["ed"].key)),
    "escapes-in-a-path": ("No such file", lambda c: with_ca("/nonexistent/\x1b[31m\nca.crt")),
    "fingerprint-without-peers": ("permitted-peer", lambda c: [
        "--tls", "--auth-mode", "fingerprint"]),
    "fingerprint-too-short": ("SHA1", lambda c: [
        "--tls", "--auth-mode", "fingerprint", "--permitted-peer", "SHA1:AB:CD"]),
    "fingerprint-in-name-mode": ("fingerprint", lambda c: options(permitted=[PKI.server().sha1])),
    "wildcard-inside": ("[*]", lambda c: options(permitted=["lo*s.test"])),
    "no-ca": ("--ca", lambda c: ["--tls"]),
    "ca-without-tls": ("--tls", lambda c: ["--ca", PKI.ca().cert]),
    "cert-without-key": ("--key", lambda c: ["--tls", "--ca", PKI.ca().cert, "--cert", c.cert]),
}


class Files(Refused):
    def setUp(self):
        self.client = PKI.client()
        self.server = TlsServer(context(True, PKI.server()))
        self.addCleanup(self.server.stop)

    def check(self, name, words, args):
        self.refused("file-" + name, 2, self.server.port, args(self.client), words)
        self.assertEqual(self.server.sessions, 0)

    def test_unreadable_key(self):
        key = PKI.file("unreadable.key", text_of(self.client.key), 0o000)
        args = pair(self.client.cert, key)
        if os.geteuid() != 0:
            self.refused("file-unreadable-key", 2, self.server.port, args, "Permission denied")
            return
        if not shutil.which("setpriv"):
            self.skipTest("needs setpriv, as root")
        os.chmod(PKI.folder, 0o755)
        done = subprocess.run(
            ["setpriv", "--reuid", "65534", "--clear-groups", proc.relpbox(), "relp-send", *args,
             "127.0.0.1:%d" % self.server.port, MESSAGE], capture_output=True, check=False)
        if done.returncode == 127:
            self.skipTest("the program may not be run by others")
        text = done.stderr.decode()
        self.assertRegex(text, "Permission denied")
        golden.check(self, "tls/refused/send/file-unreadable-key",
                     text + "exit code %d\n" % done.returncode, (PKI.folder, "FOLDER"))
        self.assertEqual(self.server.sessions, 0)


# --- a method for each row -----------------------------------------------------------------


def refuses(lib, ours):
    """GnuTLS's imrelp does not look at what a certificate is for."""
    return not (lib == "gnutls" and ours == "for-servers-only")


def add_all():
    for name, row in STRANGERS.items():
        add_test(Strangers, name, "check", name, *row)
    for name, row in GROUND.items():
        add_test(Ground, name, "check", name, *row)
    for name, row in AFTER.items():
        add_test(Ground, name, "check_after", name, *row)
    for name, number in peers.ALERTS.items():
        add_test(Ground, "alert-" + name, "check_alert", name, number)
    for name, row in FILES.items():
        add_test(Files, name, "check", name, *row)
    for name, ours in OURS.items():
        for version in BOTH:
            for lib in [x for x in tls_rsyslog.LIBS if refuses(x, name)]:
                add_test(ImrelpRefusesUs, "%s.%s-1.%d" % (name, lib, version), "check", name, version,
                         ours, lib)
            if name == "not-permitted":
                continue  # an OpenSSL that knows no names
            for polite in (True, False):
                add_test(RefusesUs, "%s.1.%d%s" % (name, version, "" if polite else ".reset"), "check",
                         name, version, ours, polite)


add_all()

if __name__ == "__main__":
    unittest.main()
