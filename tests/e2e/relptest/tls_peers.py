# SPDX-License-Identifier: Apache-2.0
"""Peers for refusals: TLS servers and clients that speak RELP by Python's ssl, each wrong in
one way, and servers that speak the bytes of TLS by hand, as far as that goes.

What a server took part in stands in its counters, so that a test can say not just "it was
refused" but "and nothing had arrived".
"""

import select
import socket
import ssl
import struct
import subprocess
import warnings

from relptest import pki, proc, relp

CHANGE_CIPHER, ALERT, HANDSHAKE = 20, 21, 22
FATAL = 2
# RFC 8446 section 6, RFC 5246 section 7.2
ALERTS = {
    "handshake_failure": 40, "bad_certificate": 42, "unsupported_certificate": 43,
    "certificate_revoked": 44, "certificate_expired": 45, "certificate_unknown": 46,
    "unknown_ca": 48, "access_denied": 49, "decode_error": 50, "decrypt_error": 51,
    "protocol_version": 70, "insufficient_security": 71, "internal_error": 80,
    "unrecognized_name": 112, "certificate_required": 116,
}
EVERY_SUITE = "ALL:@SECLEVEL=0"  # weak ones as well: so that it is the other side that refuses


# --- contexts ---------------------------------------------------------------------------


def context(server, cert=None, ca=None, version=None, ciphers=EVERY_SUITE, anonymous=False):
    """cert: with .cert and .key, or a pair of paths; ca: a path, then the peer must show a
    certificate that it signed; version: 2 or 3 alone."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    ctx.set_ciphers("aNULL:@SECLEVEL=0" if anonymous else ciphers)
    if version or anonymous:
        only = ssl.TLSVersion.TLSv1_3 if version == 3 else ssl.TLSVersion.TLSv1_2
        ctx.minimum_version = ctx.maximum_version = only
    if cert:
        ctx.load_cert_chain(*(cert if isinstance(cert, tuple) else (cert.cert, cert.key)))
    if ca:
        ctx.load_verify_locations(ca)
        ctx.verify_mode = ssl.CERT_REQUIRED
    return ctx


def old_versions(ctx):
    """TLS 1.0 and 1.1 alone, of which Python warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        ctx.minimum_version = ssl.TLSVersion.TLSv1
        ctx.maximum_version = ssl.TLSVersion.TLSv1_1
    return ctx


def forged_key(cert, other, path):
    """A key file that says it fits cert, an EC P-256 one, but signs with other's key."""
    def private(c):
        text = pki.openssl("pkey", "-in", c.key, "-outform", "DER")
        at = text.index(b"\x02\x01\x01\x04\x20") + 5  # RFC 5915: version 1, 32 bytes of key
        return text[at:at + 32]

    point = pki.Pki.public_key(cert)[-65:]
    content = pki.seq(pki.integer(1), pki.der(0x04, private(other)),
                      pki.der(0xA0, pki.oid("1.2.840.10045.3.1.7")),
                      pki.der(0xA1, pki.der(0x03, b"\0", point)))
    with open(path, "w", encoding="ascii") as f:
        f.write(pki.pem(content, "EC PRIVATE KEY"))
    return path


# --- servers ----------------------------------------------------------------------------


class TlsServer(relp.Server):
    """The RELP server of relptest.relp behind TLS. `connect` is what it does when the
    handshake is done: OK speaks RELP, CLOSE ends the connection, bytes are sent, ..."""


    def __init__(self, ctx, polite=True, **policy):
        self.context = ctx
        self.polite = polite  # a refusal ends in good order, instead of by a reset
        self.handshakes = 0  # that were completed on this side
        self.refusals = []  # what Python's ssl says of the others
        super().__init__(**policy)

    def _serve(self, sock, session):
        sock.settimeout(proc.LIMIT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other = sock.dup()  # Python closes the one it could not wrap
        try:
            tls = self.context.wrap_socket(sock, server_side=True)
        except (ssl.SSLError, OSError) as e:
            self.refusals.append(str(e))
            if self.polite:
                drain(other)
            return
        finally:
            other.close()
        self.handshakes += 1
        super()._serve(tls, session)

    def _act(self, sock, action, txnr, good):
        """Ends so that the other side sees the same each time."""
        if action == relp.CLOSE:
            drain(sock)
        elif action == relp.SERVERCLOSE:
            sock.sendall(relp.frame(0, b"serverclose"))
            drain(sock)
            action = relp.CLOSE
        elif action == relp.RESET:
            sock.recv(65536)
        return super()._act(sock, action, txnr, good)


def drain(sock, seconds=0.2):
    """Ends in good order: what is left unread would make of the end a reset."""
    try:
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(seconds)
        while sock.recv(65536):
            pass
    except OSError:
        pass


class PlainServer(relp.Server):
    """To what is no RELP it answers as librelp does."""

    def _serve(self, sock, session):
        sock.settimeout(proc.LIMIT)
        first = sock.recv(1, socket.MSG_PEEK)
        if first.isdigit():
            super()._serve(sock, session)
            return
        if first:
            sock.sendall(relp.frame(0, b"serverclose"))
        drain(sock)
        sock.close()


class RawServer(relp.Server):
    """Each connection is handed to speak(socket, first bytes that came)."""

    def __init__(self, speak, wait=True):
        self.speak = speak
        self.wait_first = wait  # False: it speaks first
        self.first = []  # what clients began with
        super().__init__()

    def _serve(self, sock, session):
        sock.settimeout(proc.LIMIT)
        try:
            first = sock.recv(65536) if self.wait_first else b""
            self.first.append(first)
            if self.speak(sock, first) != "stay":
                sock.close()
                return
        except OSError:
            sock.close()
            return
        self._held.append(sock)


def record(kind, content, version=b"\x03\x03"):
    return bytes([kind]) + version + struct.pack(">H", len(content)) + content


def alert(number, level=FATAL):
    return record(ALERT, bytes([level, number]))


def say(*parts, then="close"):
    """A speaker for RawServer."""
    def speak(sock, _):
        for p in parts:
            sock.sendall(p)
        if then == "reset":
            relp.reset(sock)
        elif then == "close":
            drain(sock)
        return then
    return speak


def server_hello(version=b"\3\3"):
    """A ServerHello that agrees to a suite nobody has."""
    body = version + b"\x5a" * 32 + b"\0" + b"\xba\xba" + b"\0"
    return record(HANDSHAKE, b"\2" + struct.pack(">I", len(body))[1:] + body)


class Relay(relp.Server):
    """Passes bytes on to a port until `count` records came from there, then does as `then`
    says: so a handshake that has begun well ends in its midst."""

    def __init__(self, port, count, then):
        self.upstream, self.count, self.then = port, count, then
        super().__init__()

    def _serve(self, sock, session):
        with socket.create_connection(("127.0.0.1", self.upstream)) as up:
            try:
                self._pass(sock, up)
            except OSError:
                pass
            if self.then == relp.STALL:
                self._held += [sock, up.dup()]
            elif self.then == relp.RESET:
                relp.reset(sock)
            else:
                drain(sock)
                sock.close()

    def _pass(self, sock, up):
        """Until so many records went back."""
        came = b""
        while self.count_of(came) < self.count:
            for ready in select.select([sock, up], [], [], proc.LIMIT)[0]:
                data = ready.recv(65536)
                if not data:
                    return
                if ready is sock:
                    up.sendall(data)
                else:
                    came += data
        sock.sendall(came[:self.end_of(came, self.count)])

    @staticmethod
    def end_of(data, count):
        """Where record number `count` ends; None: it is not there."""
        at = 0
        for _ in range(count):
            if len(data) < at + 5:
                return None
            at += 5 + struct.unpack(">H", data[at + 3:at + 5])[0]
        return at if at <= len(data) else None

    def count_of(self, data):
        n = 0
        while self.end_of(data, n + 1) is not None:
            n += 1
        return n


class OpensslServer:
    """`openssl s_server`, which takes whoever comes and answers nothing."""

    def __init__(self, *args):
        self.port = proc.free_port()
        self.process = proc.Process(
            ["openssl", "s_server", "-accept", "127.0.0.1:%d" % self.port, "-quiet", *args],
            stdin=subprocess.PIPE)
        # it listens before it says so; a connection to ask would count as one
        proc.wait_until(lambda: self.port in proc.listening(), "s_server listens")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.__exit__()


# --- clients ----------------------------------------------------------------------------


SESSION = (relp.frame(1, b"open", relp.OFFERS) + relp.frame(2, b"syslog", b"<13>refused or not") +
           relp.frame(3, b"close"))


class Outcome:
    """handshake: what Python's ssl saw of it, None or the error; answer: the bytes that came."""

    def __init__(self, handshake=None, answer=b"", end=None):
        self.handshake, self.answer, self.end = handshake, answer, end

    def __repr__(self):
        return "handshake %s, answer %r, end %s" % (self.handshake, self.answer, self.end)


def speak_tls(port, ctx, data=SESSION, name="recv.test"):
    """Connects, sends data once the handshake is done, reads to the end."""
    with socket.create_connection(("127.0.0.1", port), proc.LIMIT) as sock:
        try:
            tls = ctx.wrap_socket(sock, server_hostname=name)
        except (ssl.SSLError, OSError) as e:
            return Outcome(handshake=str(e))
        with tls:
            return exchange(tls, data)


def speak_plain(port, data):
    with socket.create_connection(("127.0.0.1", port), proc.LIMIT) as sock:
        return exchange(sock, data)


def exchange(sock, data):
    out = Outcome()
    try:
        sock.sendall(data)
        sock.settimeout(10)
        while b"3 rsp" not in out.answer and (got := sock.recv(65536)):
            out.answer += got
    except (ssl.SSLError, OSError) as e:
        out.end = str(e)
    return out


def s_client(port, *args, data=SESSION):
    """`openssl s_client`: what it wrote on both outputs."""
    done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-quiet", *args],
                          input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=proc.LIMIT, check=False)
    return done.stdout, done.stderr
