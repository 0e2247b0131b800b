# SPDX-License-Identifier: Apache-2.0
"""relp-recv and clients that it has to refuse, or that refuse it: nothing is delivered, nothing
is acknowledged, the client is told by the right alert, and one line names the cause
(testdata/tls/refused/recv; see relptest/golden.py for how to write it anew). Where relp-send can
be such a client, its own words stand below the receiver's.
"""

import shutil
import socket
import tempfile
import unittest

from relptest import golden, pki, proc, relp, rsyslog, tls_rsyslog
from relptest import tls_peers as peers
from relptest.case import add_test
from relptest.tls_peers import context

MANY = 3  # receivers that share the many rows for "named"
LATE = 700  # ms until a connection has to be open, at the receiver for the silent ones
MESSAGE = "must not arrive"


def setUpModule():
    global PKI
    PKI = pki.Pki(tempfile.mkdtemp(prefix="refused-"))
    unittest.addModuleCleanup(shutil.rmtree, PKI.folder)
    PKI.ca()
    # a receiver says 30 lines at once, and then one a second
    for name in ["named"] + ["named%d" % i for i in range(MANY)]:
        start(name, "--permitted-peer", "client.test")
    start("signed")
    start("pinned", "--auth-mode", "fingerprint", "--permitted-peer", PKI.client().sha256,
          "--permitted-peer", old().sha1, "--permitted-peer", early().sha256)
    start("hasty", "--permitted-peer", "client.test", "--open-timeout", "%dms" % LATE)
    start("lenient", "--allow-no-client-cert")
    start("alerted", "--permitted-peer", "client.test")
    start("omrelp", "--permitted-peer", "client.test")
    start("plain", tls=False)


RECEIVERS = {}


def start(name, *args, tls=True):
    """A relp-recv that lives as long as the module."""
    server = PKI.server()
    output = PKI.path(name + ".out")
    if tls:
        args = ("--tls", "--ca", server.ca, "--cert", server.cert, "--key", server.key, *args)
    receiver = proc.Receiver("--output", output, *args)
    unittest.addModuleCleanup(receiver.__exit__)
    receiver.output = output
    RECEIVERS[name] = receiver


def old():
    return PKI.client("old", cn="client.test", days=(-20, -10))


def early():
    return PKI.client("early", cn="client.test", days=(10, 20))


def forged():
    return PKI.client().cert, peers.forged_key(PKI.client(), PKI.server(), PKI.path("forged.key"))


def alone(cert):
    return PKI.file(cert.name + ".alone.crt", pki.pem(cert.der)), cert.key


class Recv(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.marks = {n: len(r.lines) for n, r in RECEIVERS.items()}

    def lines(self, name):
        return RECEIVERS[name].lines[self.marks[name]:]

    def wait_line(self, name, limit=10):
        proc.wait_until(lambda: self.lines(name), "%s says something" % name, limit)
        lines, self.marks[name] = self.lines(name), len(RECEIVERS[name].lines)
        return lines

    def nothing_came(self, name, answer=b""):
        with open(RECEIVERS[name].output, "rb") as f:
            self.assertEqual(f.read(), b"")
        self.assertNotIn(b"rsp", answer)

    def said(self, name, to, words, more=""):
        """One line, whatever the version was; more: what the client says."""
        lines = self.wait_line(to)
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], words)
        self.assertNotRegex(lines[0], "[^ -~]")
        golden.check(self, "tls/refused/recv/" + name, lines[0] + "\n" + more, (PKI.folder, "FOLDER"))


# --- certificates --------------------------------------------------------------------------

# name: (words, what the client is told, what it shows, which receiver)
STRANGERS = {
    "none": ("no certificate", "CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE", lambda: None, "named"),
    "wrong-ca": ("issued by .*Test CA other", "UNKNOWN_CA", lambda: PKI.client(
        "other-ca", cn="client.test", ca="other"), "named"),
    "same-ca-name-other-key": ("signed", "UNKNOWN_CA", lambda: PKI.client(
        "impostor", cn="client.test", ca=PKI.ca("impostor-ca", cn="Test CA ca")), "named"),
    "not-permitted": ("wanted client.test.*guest.test", "ACCESS_DENIED", lambda: PKI.client(
        "guest"), "named"),
    "wrong-case": ("case", "ACCESS_DENIED", lambda: PKI.client("shout", cn="Client.test"), "named"),
    "name-behind-a-nul": ("evil", "ACCESS_DENIED", lambda: PKI.client(
        "hostile", subject=[("CN", b"\x1b[31m\nred"), ("O", b"\x07")],
        san=[b"client.test\x00.evil.test", b"\x9bx"]), "named"),
    "expired": ("expired", "CERTIFICATE_EXPIRED", old, "named"),
    "not-yet-valid": ("not valid before", "CERTIFICATE_EXPIRED", early, "named"),
    "self-signed": ("signed by itself", "UNKNOWN_CA", lambda: PKI.client(
        "self", cn="client.test", ca=None), "named"),
    "ca-as-leaf": ("CA's own", "BAD_CERTIFICATE", lambda: PKI.ca(
        "authority", cn="client.test", issuer="ca", usage=["digitalSignature", "keyCertSign"]),
        "named"),
    "for-servers-only": ("TLS client.*usage", "UNSUPPORTED_CERTIFICATE", lambda: PKI.client(
        "servers-only", cn="client.test", eku=["server"]), "named"),
    "sha1-signature": ("SHA-1", "UNSUPPORTED_CERTIFICATE", lambda: PKI.client(
        "sha1", cn="client.test", digest="sha1"), "named"),
    "rsa-1024": ("RSA 1024", "UNSUPPORTED_CERTIFICATE", lambda: PKI.client(
        "rsa1024", cn="client.test", key="rsa1024"), "named"),
    "intermediate-missing": ("issued by .*intermediate", "UNKNOWN_CA", lambda: alone(PKI.client(
        "below", cn="client.test", ca=PKI.intermediate())), "named"),
    "key-of-another": ("private key", "DECRYPT_ERROR", forged, "named"),
    "none.signed": ("no certificate", "CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE", lambda: None, "signed"),
    "wrong-ca.signed": ("issued by .*Test CA other", "UNKNOWN_CA", lambda: PKI.client(
        "other-ca", cn="client.test", ca="other"), "signed"),
    "wrong-ca.lenient": ("issued by .*Test CA other", "UNKNOWN_CA", lambda: PKI.client(
        "other-ca", cn="client.test", ca="other"), "lenient"),
    "not-pinned": ("wanted .*SHA", "ACCESS_DENIED", lambda: PKI.client("guest"), "pinned"),
    "pinned-and-expired": ("expired", "CERTIFICATE_EXPIRED", old, "pinned"),
    "pinned-and-not-yet-valid": ("not valid before", "CERTIFICATE_EXPIRED", early, "pinned"),
    "pinned-with-the-key-of-another": ("private key", "DECRYPT_ERROR", forged, "pinned"),
    "none.pinned": ("no certificate", "CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE", lambda: None,
                    "pinned"),
}


class Strangers(Recv):
    def check(self, name, words, told, shows, to):
        shows = shows()
        more = self.by_relp_send(name, shows, to)
        if more:
            self.wait_line(to)  # the same as below
        for version in (2, 3):
            with self.subTest(version=version):
                seen = peers.speak_tls(RECEIVERS[to].port, context(False, shows, version=version))
                self.assertRegex(str(seen.handshake) + str(seen.end), told, seen)
                self.said(name, to, words, more)
                self.nothing_came(to, seen.answer)

    def by_relp_send(self, name, shows, to):
        """What relp-send says of it: it has to know at the stage of TLS."""
        args = ["--tls", "--ca", PKI.ca().cert, "--permitted-peer", "server.test"]
        if shows:
            cert, key = shows if isinstance(shows, tuple) else (shows.cert, shows.key)
            args += ["--cert", cert, "--key", key]
        result = proc.run("relp-send", *args, "127.0.0.1:%d" % RECEIVERS[to].port, MESSAGE)
        if result.code == 2:
            return ""  # it does not take such a certificate for its own
        self.assertEqual(result.code, 12, result)
        return result.stderr.decode() + "exit code %d\n" % result.code


# --- no TLS comes about --------------------------------------------------------------------


def then_close(*parts):
    def speak(port):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            for p in parts:
                sock.sendall(p)
            return peers.drain(sock, 5)
    return speak


def then_wait(*parts):
    """Stays, and says no more; returns when the receiver has had enough."""
    def speak(port):
        with socket.create_connection(("127.0.0.1", port), proc.LIMIT) as sock:
            for p in parts:
                sock.sendall(p)
            try:
                while sock.recv(65536):
                    pass
            except OSError:
                pass
    return speak


def reset_after_hello(port):
    sock = socket.create_connection(("127.0.0.1", port), proc.LIMIT)
    incoming, outgoing = peers.ssl.MemoryBIO(), peers.ssl.MemoryBIO()
    tls = context(False, PKI.client()).wrap_bio(incoming, outgoing)
    try:
        tls.do_handshake()
    except peers.ssl.SSLWantReadError:
        sock.sendall(outgoing.read())
    sock.recv(100)  # the answer has begun
    relp.reset(sock)


def after(data, then="close"):
    """A good handshake, and then this."""
    def speak(port):
        sock = socket.create_connection(("127.0.0.1", port), proc.LIMIT)
        tls = context(False, PKI.client()).wrap_socket(sock)
        if data:
            tls.sendall(data)
        if then == "reset" and data:
            tls.recv(100)  # the answer to open
        if then == "reset":
            relp.reset(tls)
        elif then == "wait":
            peers.exchange(tls, b"")
            tls.close()
        else:
            peers.drain(tls, 5)
            tls.close()
    return speak


def damaged(port):
    """A record that was changed on its way."""
    with socket.create_connection(("127.0.0.1", port), proc.LIMIT) as sock:
        other = sock.dup()
        tls = context(False, PKI.client()).wrap_socket(sock)
        other.sendall(peers.record(23, b"\x5a" * 60))
        other.close()
        peers.exchange(tls, b"")
        tls.close()


def refuses_us(port):
    """A client that trusts another CA."""
    PKI.ca("other")
    peers.speak_tls(port, context(False, PKI.client(), ca=PKI.ca("other").cert, version=2))


def refuses_us_1_3(port):
    peers.speak_tls(port, context(False, PKI.client(), ca=PKI.ca("other").cert, version=3))


HTTP = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
# name: (words, what the client does, which receiver)
GROUND = {
    "anonymous-only": ("in common", lambda port: peers.speak_tls(
        port, context(False, anonymous=True)), "named"),
    "anonymous-only-openssl": ("in common", lambda port: peers.s_client(
        port, "-cipher", "ADH:AECDH:@SECLEVEL=0", "-tls1_2"), "named"),
    "old-versions-only": ("no TLS version in common with", lambda port: peers.speak_tls(
        port, peers.old_versions(context(False, PKI.client()))), "named"),
    "cbc-suites-only": ("in common", lambda port: peers.speak_tls(port, context(
        False, PKI.client(), version=2, ciphers="AES128-SHA:ECDHE-ECDSA-AES128-SHA")), "named"),
    "plain-relp": ("plain RELP", lambda port: peers.speak_plain(port, peers.SESSION), "named"),
    "http": ("not speak TLS.*GET /", then_close(HTTP), "named"),
    "escapes": ("not speak TLS", then_close(b"\x1b[31mred\x07\n"), "named"),
    "half-a-hello": ("closed", then_close(peers.record(22, b"\1\0\0\xc0\3\3" + b"\x5a" * 40)[:30]),
                     "named"),
    "reset-after-hello": ("left", reset_after_hello, "named"),
    "refuses-our-certificate": ("refuses our certificate.*unknown_ca", refuses_us, "named"),
    "refuses-our-certificate-1.3": ("refuses our certificate.*unknown_ca", refuses_us_1_3, "named"),
    "tls-to-plain": ("speaks TLS", lambda port: peers.speak_tls(
        port, context(False, PKI.client())), "plain"),
    "silent": ("%g s" % (LATE / 1000), then_wait(), "hasty"),
    "silent-after-half-a-hello": ("%g s" % (LATE / 1000), then_wait(b"\x16\3\1\1\0\1"), "hasty"),
    "silent-after": ("%g s" % (LATE / 1000), after(b"", "wait"), "hasty"),
    "garbage-after": ("RELP", after(HTTP), "named"),
    "escapes-after": ("RELP", after(b"\x1b[31mred\x07\n"), "named"),
    "damaged-after": ("damaged|protocol", damaged, "named"),
    "reset-after": ("left", after(b"", "reset"), "named"),
    "closed-after": ("left", after(b""), "named"),
    "reset-in-a-message": ("reset", after(
        relp.frame(1, b"open", relp.OFFERS) + b"2 syslog 100 begun", "reset"), "named"),
}
for _name, _number in peers.ALERTS.items():
    GROUND["alert-" + _name] = (_name, then_close(peers.alert(_number)), "alerted")


class Ground(Recv):
    def test_what_is_not_worth_a_line(self):
        """A port scan, a health check."""
        then_close()(RECEIVERS["signed"].port)
        # the next one's line is the first
        peers.speak_tls(RECEIVERS["signed"].port, context(False))
        self.assertRegex(self.wait_line("signed")[0], "no certificate")

    def check(self, name, words, does, to):
        seen = does(RECEIVERS[to].port)
        self.said(name, to, words)
        self.nothing_came(to, seen.answer if isinstance(seen, peers.Outcome) else b"")


# --- real omrelp ---------------------------------------------------------------------------


@unittest.skipUnless(rsyslog.available(), "needs rsyslog with RELP")
class Omrelp(Recv):
    """What omrelp does where it is refused, or refuses; it tries again, so there may be more of
    the same line."""

    def check(self, name, lib, params, words):
        receiver = RECEIVERS["omrelp"]
        folder = tempfile.mkdtemp(prefix="refused-")
        self.addCleanup(shutil.rmtree, folder)
        with tls_rsyslog.OmrelpTls(folder, lib, {"a": (receiver.port, params())}) as sender:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.sendto(b"<13>x: must not arrive", sender.socket)
            line = self.wait_line("omrelp")[0]
        self.assertRegex(line, words)
        golden.check(self, "tls/refused/recv/" + name, line + "\n", (PKI.folder, "FOLDER"))
        self.nothing_came("omrelp")


def omrelp(cert, permitted="server.test", ca=None):
    def params():
        who = cert and cert()
        return tls_rsyslog.tls(lib="gnutls", ca=ca and PKI.ca(ca).cert or PKI.ca().cert,
                               cert=who and who.cert, key=who and who.key, auth="name",
                               permitted=[permitted])
    return params


def good():
    return PKI.client()


# name: (library, parameters, words)
OMRELP = {
    "omrelp-anonymous": ("gnutls", omrelp(None), "in common"),
    "omrelp-gnutls-not-permitted": ("gnutls", omrelp(lambda: PKI.client("guest")), "guest.test"),
    "omrelp-openssl-not-permitted": ("openssl", omrelp(lambda: PKI.client("guest")), "guest.test"),
    "omrelp-gnutls-wants-another-name": ("gnutls", omrelp(good, "logs.test"), "."),
    "omrelp-openssl-wants-another-name": ("openssl", omrelp(good, "logs.test"), "."),
    "omrelp-gnutls-wants-another-ca": ("gnutls", omrelp(good, ca="other"), "."),
    "omrelp-openssl-wants-another-ca": ("openssl", omrelp(good, ca="other"), "."),
}


class Unharmed(unittest.TestCase):
    """Runs last: all receivers are as good as new."""

    def test_good_clients_get_in(self):
        for name, receiver in RECEIVERS.items():
            client = PKI.client()
            tls = [] if name == "plain" else [
                "--tls", "--ca", client.ca, "--cert", client.cert, "--key", client.key]
            result = proc.run("relp-send", "--raw", *tls, "127.0.0.1:%d" % receiver.port, name)
            self.assertEqual(result.code, 0, result)
            with open(receiver.output, encoding="ascii") as f:
                self.assertEqual(f.read(), name + "\n")


for _i, (_name, _row) in enumerate(STRANGERS.items()):
    add_test(Strangers, _name, "check", _name, *_row[:3],
             "named%d" % (_i % MANY) if _row[3] == "named" else _row[3])
for _name, _row in GROUND.items():
    add_test(Ground, _name, "check", _name, *_row)
for _name, _row in OMRELP.items():
    add_test(Omrelp, _name, "check", _name, *_row)

if __name__ == "__main__":
    unittest.main()
