#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the certificates of the unit tests: tests/tools/pki.py FOLDER

Does nothing when FOLDER has those of today, made by these same scripts.
FOLDER/NAME.crt, NAME.key, and NAME.sha1, NAME.sha256 with the fingerprints.
"""

import datetime
import hashlib
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
sys.dont_write_bytecode = True

from relptest import pki as module  # noqa: E402

DAY = 24 * 3600


def utc(*fields):
    return datetime.datetime(*fields, tzinfo=datetime.timezone.utc)


def right(p):
    p.ca("ca", subject=[("O", "Test"), ("CN", "Test CA")])
    p.ca("rsa-ca", key="rsa")
    p.ca("other-ca")
    p.intermediate("intermediate")
    p.server("server", san=["server.test", "logs.example.test", "IP:127.0.0.1", "IP:::1",
                            "URI:spiffe://test/server", "email:ops@example.test"])
    p.client("client")
    p.server("chained", ca="intermediate")
    p.server("server-p384", key="p384", digest="sha384")
    p.server("server-p521", key="p521", digest="sha512")
    p.server("server-rsa", key="rsa", ca="rsa-ca", subject=[("C", "DE"), ("O", "A, B"), ("CN", "x")])
    p.server("server-pss", key="rsa", ca="rsa-ca", pss=True)
    p.server("wildcard", san=["*.example.test"])
    p.leaf("cn-only", cn="cn-only.example.test", san=[])
    p.leaf("wrong-case", cn="Server.Test")
    p.leaf("no-name", cn="", san=[])
    p.leaf("odd-subject", san=[], subject=[("2.5.4.65", "p"), ("CN", "first"), ("DC", "x"),
                                           ("CN", "a=b"), ("1.3.6.1.4.1.99999.1", "")])
    p.leaf("dates-1950", days=(utc(1950, 1, 1), utc(2049, 12, 31, 23, 59, 59)))
    p.leaf("dates-2050", days=(utc(2050, 1, 1), utc(9999, 12, 31, 23, 59, 59)))
    p.leaf("dates-2000", days=(utc(2000, 2, 29), utc(2024, 2, 29, 23, 59, 59)))


def wrong(p):
    p.ca("same-name-ca", subject=[("O", "Test"), ("CN", "Test CA")])
    p.server("other", ca="other-ca")
    p.server("bad-signature", ca="same-name-ca")
    p.server("expired", days=(-20, -10))
    p.server("not-yet", days=(10, 20))
    p.ca("expired-ca", days=(-20, -10))
    p.server("of-expired-ca", ca="expired-ca")
    for days in (0.5, 6.5, 29.5):
        p.server("ends-%g" % days, days=(-300, days))
    p.server("short-lived", days=(-0.2, 0.3))
    p.server("self-signed", ca=None)
    p.server("eku-client", eku=["client"])
    p.server("eku-server", eku=["server"])
    p.server("eku-code", eku=["code"])
    p.server("no-usage", usage=["keyAgreement"])
    p.intermediate("code-ca", eku=["code"])
    p.server("of-code-ca", ca="code-ca")
    # for names below allowed.test: not critical, so that it is parsed
    p.intermediate("names-ca", more=[module.extension("2.5.29.30", bytes.fromhex("3012a010300e820c") +
                                                      b"allowed.test", False)])
    p.server("of-names-ca", ca="names-ca")
    p.server("sha1-signed", ca="rsa-ca", digest="sha1")
    p.server("rsa1024", key="rsa1024")
    p.server("ed25519", key="ed25519")
    p.leaf("nul", cn=b"server.test\0.evil.test", san=[b"server.test\0.evil.test", b"\0", b""])
    p.leaf("nul-cn", cn=b"server.test\0.evil.test", san=[])
    p.leaf("control", cn=b"\x1b[31mred\n\x9b\xff", san=[b"\x1b]0;title\x07", b"a\r\nb", "URI:\x1b[2J"])
    p.leaf("unknown-critical", more=[module.extension("1.3.6.1.4.1.99999.2", b"\x05\0", True)])
    p.leaf("many-names", cn="", san=["host-%d.example.test" % i for i in range(2000)])
    p.leaf("long-name", cn="x" * 250, san=["y" * 5000])


def inspected(p):
    """Secrets that are right but for one thing."""
    p.client("rsa4104", key="rsa4104")
    p.client("k256", key="k256")
    p.client("md5-signed", ca="rsa-ca", digest="md5")
    p.client("ca-client", is_ca=True, usage=["digitalSignature", "keyCertSign"])
    p.ca("rsa1024-ca", key="rsa1024")
    p.leaf("bare-ca", ca=None, is_ca=None, usage=["keyCertSign"], eku=None, san=[])
    p.client("of-bare-ca", ca="bare-ca")
    p.ca("no-sign-ca", usage=["digitalSignature"])
    p.ca("early-ca", days=(10, 20))
    p.ca("ending-ca", days=(-300, 6.5))
    for name, days in (("expired", (-20, -10)), ("early", (10, 20)), ("ending", (-300, 6.5))):
        p.intermediate(name + "-intermediate", days=days)
        p.client("of-%s-intermediate" % name, ca=name + "-intermediate")
    p.intermediate("same-name-intermediate", cn="Test CA intermediate")
    p.intermediate("second-intermediate", issuer="intermediate")
    p.client("deep", ca="second-intermediate")
    for name in ("chained", "deep", "second-intermediate"):  # without those behind it
        p.file(name + ".leaf.crt", module.pem(p.made[name].der))
    client = p.made["client"].der
    p.file("signature-changed.crt", module.pem(client[:-3] + bytes([client[-3] ^ 1]) + client[-2:]))
    p.file("longer.crt", module.pem(client + b"more"))
    p.file("no-certificate.crt", module.pem(client[:-7]))
    p.file("pkcs1.key", module.openssl("rsa", "-in", p.made["server-rsa"].key, "-traditional"))
    p.file("sec1.key", module.openssl("ec", "-in", p.made["client"].key))


def files(p):
    server = p.made["server"]
    with open(server.cert, "rb") as f:
        text = f.read()
    p.file("truncated.crt", text[:len(text) // 2])
    p.file("damaged.crt", text[:200] + b"!!!!" + text[204:])
    with open(p.path("damaged.crt"), "rb") as f:
        p.file("second-damaged.crt", text + f.read())
    p.file("empty.crt", b"")
    p.file("words.crt", b"no certificate at all\n")
    with open(server.key, "rb") as f:
        text = f.read()
    p.file("truncated.key", text[:len(text) // 2], 0o600)
    p.encrypted_key(server)
    everything = [c for c in p.made.values() if c.issuer is c]
    p.file("bundle.crt", "".join("# %s\n" % c.name + module.pem(c.der) for c in everything[:3]))
    p.file("many.crt", module.pem(server.der) * 12)
    for c in p.made.values():
        p.file(c.name + ".sha1", c.sha1 + "\n")
        p.file(c.name + ".sha256", c.sha256 + "\n")
        p.file(c.name + ".der", c.der)


def recipe():
    out = hashlib.sha256()
    for name in (__file__, module.__file__):
        with open(name, "rb") as f:
            out.update(f.read())
    return out.hexdigest()


def fresh(folder):
    stamp = os.path.join(folder, "stamp")
    try:
        with open(stamp, encoding="ascii") as f:
            return f.read() == recipe() and 0 <= time.time() - os.stat(stamp).st_mtime < DAY / 4
    except OSError:
        return False


def main():
    folder = sys.argv[1].rstrip("/")
    if fresh(folder):
        return
    new = "%s.%d" % (folder, os.getpid())
    p = module.Pki(new)
    right(p)
    wrong(p)
    inspected(p)
    files(p)
    p.file("stamp", recipe())
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(new, folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
