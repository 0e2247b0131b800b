# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests: made on demand, right or wrong in any one way.

    pki = Pki(folder)
    server = pki.server()                      # server.test, localhost, 127.0.0.1, ::1
    node = pki.leaf("node", san=["node-1.test"], key="rsa")
    old = pki.leaf("old", days=(-20, -10))     # expired
    pki.ca("other")                            # another CA, to be named: ca="other"
    server.cert, server.key, server.ca         # paths; cert has the intermediates behind it
    server.sha1, server.sha256                 # "SHA1:AB:CD:..."

The DER is written here, so that a certificate can say what no tool would write;
the openssl program makes keys and signs. Nothing lasts: a year at most.
"""

import base64
import datetime
import hashlib
import ipaddress
import os
import secrets
import shutil
import subprocess

LOCAL = ["localhost", "IP:127.0.0.1", "IP:::1"]
YEAR = 365

KEYS = {
    "ec": ["EC", "ec_paramgen_curve:P-256"],
    "p384": ["EC", "ec_paramgen_curve:P-384"],
    "p521": ["EC", "ec_paramgen_curve:P-521"],
    "rsa": ["RSA", "rsa_keygen_bits:2048"],
    "rsa1024": ["RSA", "rsa_keygen_bits:1024"],
    "rsa3072": ["RSA", "rsa_keygen_bits:3072"],
    "rsa4096": ["RSA", "rsa_keygen_bits:4096"],
    "rsa4104": ["RSA", "rsa_keygen_bits:4104"],
    "rsa8192": ["RSA", "rsa_keygen_bits:8192"],
    "k256": ["EC", "ec_paramgen_curve:secp256k1"],
    "ed25519": ["ED25519"],
}
SIGNATURES = {  # of the issuer's kind of key, and the hash
    ("ec", "sha1"): "1.2.840.10045.4.1",
    ("ec", "sha256"): "1.2.840.10045.4.3.2",
    ("ec", "sha384"): "1.2.840.10045.4.3.3",
    ("ec", "sha512"): "1.2.840.10045.4.3.4",
    ("rsa", "md5"): "1.2.840.113549.1.1.4",
    ("rsa", "sha1"): "1.2.840.113549.1.1.5",
    ("rsa", "sha256"): "1.2.840.113549.1.1.11",
    ("rsa", "sha384"): "1.2.840.113549.1.1.12",
    ("rsa", "sha512"): "1.2.840.113549.1.1.13",
}
HASHES = {"sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2",
          "sha512": "2.16.840.1.101.3.4.2.3"}
ATTRIBUTES = {"C": "2.5.4.6", "DC": "0.9.2342.19200300.100.1.25", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3"}
USAGE_BITS = ["digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
              "keyAgreement", "keyCertSign", "cRLSign"]
PURPOSES = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2",
            "code": "1.3.6.1.5.5.7.3.3", "email": "1.3.6.1.5.5.7.3.4"}


# --- DER ------------------------------------------------------------------------


def der(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    if n < 0x80:
        return bytes([tag, n]) + content
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def seq(*parts):
    return der(0x30, *parts)


def integer(n):
    return der(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(text):
    first, second, *rest = [int(x) for x in text.split(".")]
    out = bytearray([40 * first + second])
    for arc in rest:
        digits = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            digits.append(arc & 0x7F | 0x80)
        out += bytes(reversed(digits))
    return der(0x06, bytes(out))


def moment(t):
    t = t.astimezone(datetime.timezone.utc)
    if 1950 <= t.year < 2050:
        return der(0x17, t.strftime("%y%m%d%H%M%SZ").encode())
    return der(0x18, t.strftime("%Y%m%d%H%M%SZ").encode())


def raw(text):
    return text if isinstance(text, bytes) else text.encode()


def distinguished(parts):
    """[("CN", "a"), ...]; a value of bytes is taken as it is."""
    return seq(*[der(0x31, seq(oid(ATTRIBUTES.get(k, k)), der(0x0C, raw(v)))) for k, v in parts])


def general_name(text):
    """"x.test" or "DNS:x.test", "IP:::1", "URI:...", "email:..."; bytes: a DNS name as it is."""
    if isinstance(text, bytes):
        return der(0x82, text)
    kind, colon, value = text.partition(":")
    if not colon:
        return der(0x82, raw(text))
    if kind == "IP":
        return der(0x87, ipaddress.ip_address(value).packed)
    return der({"DNS": 0x82, "email": 0x81, "URI": 0x86}[kind], raw(value))


def extension(number, value, critical=False):
    return seq(oid(number), der(0x01, b"\xff") if critical else b"", der(0x04, value))


def usage_bits(names):
    bits = sum(0x80 >> USAGE_BITS.index(n) for n in names)
    unused = (bits & -bits).bit_length() - 1
    return der(0x03, bytes([unused, bits]))


def pem(content, label="CERTIFICATE"):
    text = base64.encodebytes(content).decode().replace("\n", "")
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)


def openssl(*argv, content=None):
    done = subprocess.run(["openssl", *argv], input=content, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise AssertionError("openssl %s: %s" % (" ".join(argv), done.stderr.decode()))
    return done.stdout


# --- certificates -----------------------------------------------------------------


def fingerprint(digest, content):
    text = hashlib.new(digest, content).hexdigest().upper()
    pairs = ":".join(text[i:i + 2] for i in range(0, len(text), 2))
    return "%s:%s" % (digest.upper(), pairs)


class Cert:
    """One certificate: paths of what it needs, and what it is known by."""

    def __init__(self, name, folder, issuer, kind, subject):
        self.name, self.issuer, self.kind, self.subject = name, issuer, kind, subject
        self.cert = os.path.join(folder, name + ".crt")  # with the intermediates behind it
        self.key = os.path.join(folder, name + ".key")
        self.der = b""

    def finish(self, content):
        self.der = content
        self.sha1 = fingerprint("sha1", content)
        self.sha256 = fingerprint("sha256", content)
        with open(self.cert, "w", encoding="ascii") as f:
            f.write(self.pem_chain())

    def root(self):
        return self if self.issuer is self else self.issuer.root()

    @property
    def ca(self):
        """The path of the root at the end of its chain: for --ca."""
        return self.root().cert

    def pem_chain(self):
        """Itself and the intermediates, as a server sends it: without the root."""
        return pem(self.der) + ("" if self.issuer is self or self.issuer.issuer is self.issuer
                                else self.issuer.pem_chain())


class Pki:
    """A folder of keys and certificates. A name stands for one and the same ever after."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.made = {}
        self.asked = {}
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

    def path(self, name):
        return os.path.join(self.folder, name)

    def ca(self, name="ca", *, cn=None, issuer=None, key="ec", **more):
        """A CA; issuer: the one above it, by name or Cert (an intermediate), or None (a root)."""
        more.setdefault("usage", ["keyCertSign", "cRLSign"])
        more.setdefault("eku", None)
        return self.leaf(name, ca=issuer, key=key, cn=cn or "Test CA " + name, san=[], is_ca=True,
                         **more)

    def intermediate(self, name="intermediate", *, issuer="ca", **more):
        return self.ca(name, issuer=issuer, **more)

    def server(self, name="server", **more):
        """A server's, for NAME.test and this machine."""
        more.setdefault("cn", name + ".test")
        more.setdefault("san", [more["cn"]] + LOCAL)
        return self.leaf(name, **more)

    def client(self, name="client", **more):
        more.setdefault("cn", name + ".test")
        return self.leaf(name, **more)

    def leaf(self, name, *, ca="ca", key="ec", cn=None, san=None, days=YEAR, digest="sha256",
             eku=("server", "client"), usage=None, is_ca=False, subject=None, like=None, pss=False,
             more=()):
        """
        A certificate. ca: who signs, by name (a root of that name is made when
        there is none) or Cert; None: it signs itself. key: one of KEYS. is_ca: None leaves
        the basic constraints out. cn: NAME
        when absent, "": none. san: see general_name; absent: [cn]. days: until
        when from now, or (from, until); or two datetimes. eku: of PURPOSES, None: none. like: a Cert
        whose key it has too. subject: [("O", "x"), ("CN", "y")], instead of cn. more: extensions.
        """
        asked = dict(locals())
        del asked["self"]
        if name in self.made:
            assert self.asked[name] == asked, "%s was made in another way" % name
            return self.made[name]
        cn = name if cn is None else cn
        out = Cert(name, self.folder, None, like.kind if like else key,
                   subject or ([("CN", cn)] if cn else []))
        if isinstance(ca, str):
            ca = self.made.get(ca) or self.ca(ca)
        out.issuer = ca or out
        if like:
            shutil.copyfile(like.key, out.key)
        else:
            self.make_key(out.key, key)
        san = ([cn] if cn else []) if san is None else san
        if usage is None:
            usage = ["digitalSignature"] + (["keyEncipherment"] if key.startswith("rsa") else [])
        out.finish(self.sign(out, days, digest, pss,
                             self.extensions(out, san, eku, usage, is_ca) + list(more)))
        self.made[name], self.asked[name] = out, asked
        return out

    @staticmethod
    def make_key(path, kind):
        algorithm, *options = KEYS[kind]
        argv = ["genpkey", "-algorithm", algorithm, "-out", path]
        for o in options:
            argv += ["-pkeyopt", o]
        openssl(*argv)
        os.chmod(path, 0o600)

    @staticmethod
    def public_key(cert):
        return openssl("pkey", "-in", cert.key, "-pubout", "-outform", "DER")

    def key_id(self, cert):
        if not hasattr(cert, "id"):
            cert.public = self.public_key(cert)
            cert.id = hashlib.sha1(cert.public).digest()
        return cert.id

    def extensions(self, cert, san, eku, usage, is_ca):
        out = [] if is_ca is None else [
            extension("2.5.29.19", seq(der(0x01, b"\xff")) if is_ca else seq(), True)]
        out += [
            extension("2.5.29.14", der(0x04, self.key_id(cert))),
            extension("2.5.29.35", seq(der(0x80, self.key_id(cert.issuer)))),
        ]
        if usage:
            out.append(extension("2.5.29.15", usage_bits(usage), True))
        if eku:
            out.append(extension("2.5.29.37", seq(*[oid(PURPOSES[e]) for e in eku])))
        if san:
            out.append(extension("2.5.29.17", seq(*[general_name(n) for n in san])))
        return out

    def sign(self, cert, days, digest, pss, extensions):
        first, last = days if isinstance(days, tuple) else (-1, days)
        if not isinstance(first, datetime.datetime):
            day = datetime.timedelta(days=1)
            first, last = self.now + first * day, self.now + last * day
        kind, algorithm = self.algorithm(cert.issuer.kind, digest, pss)
        content = seq(
            der(0xA0, integer(2)), integer(secrets.randbits(126) | 1 << 126), algorithm,
            distinguished(cert.issuer.subject),
            seq(moment(first), moment(last)),
            distinguished(cert.subject), cert.public, der(0xA3, seq(*extensions)))
        if kind == "ed25519":  # takes its input from a file alone
            path = self.path(cert.name + ".tbs")
            with open(path, "wb") as f:
                f.write(content)
            signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", cert.issuer.key, "-in", path)
            os.unlink(path)
        else:
            more = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
            signature = openssl("dgst", "-" + digest, "-sign", cert.issuer.key,
                                *(more if pss else []), content=content)
        return seq(content, algorithm, der(0x03, b"\0", signature))

    @staticmethod
    def algorithm(kind, digest, pss):
        if kind == "ed25519":
            return kind, seq(oid("1.3.101.112"))
        kind = "rsa" if kind.startswith("rsa") else "ec"
        if pss:
            hashed = seq(oid(HASHES[digest]), der(0x05))
            size = hashlib.new(digest).digest_size
            return kind, seq(oid("1.2.840.113549.1.1.10"), seq(
                der(0xA0, hashed), der(0xA1, seq(oid("1.2.840.113549.1.1.8"), hashed)),
                der(0xA2, integer(size))))
        return kind, seq(oid(SIGNATURES[kind, digest]), der(0x05) if kind == "rsa" else b"")

    def file(self, name, content, mode=0o644):
        """Any other file in the folder; returns its path."""
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(raw(content))
        os.chmod(path, mode)
        return path

    def encrypted_key(self, cert):
        """The path of its key behind a password, which is "secret"."""
        path = self.path(cert.name + ".encrypted.key")
        openssl("pkcs8", "-topk8", "-in", cert.key, "-out", path, "-passout", "pass:secret")
        return path

    def tls_dir(self, name, cert, ca=None):
        """A folder as Gardener lays it down, for --tls-dir: ca.crt, tls.crt, tls.key."""
        folder = self.path(name)
        os.makedirs(folder, exist_ok=True)
        for source, target, mode in ((ca or cert.ca, "ca.crt", 0o644), (cert.cert, "tls.crt", 0o644),
                                     (cert.key, "tls.key", 0o600)):
            path = os.path.join(folder, target)
            shutil.copyfile(source, path + ".new")
            os.chmod(path + ".new", mode)
            os.replace(path + ".new", path)
        return folder
