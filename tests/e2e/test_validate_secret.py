# SPDX-License-Identifier: Apache-2.0
"""What validate says of a Secret's certificates and key, and what a real omrelp does with them.

One record is sent with each Secret, by omrelp with either library and by relp-send, to an imrelp
with OpenSSL that takes any *.test of its CAs: it arrives exactly where validate has no error of a
code "tls-...".
"""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from relptest import pki as module
from relptest import proc, rsyslog, tls_rsyslog
from relptest.case import add_test, long

SHOOT = """\
apiVersion: core.gardener.cloud/v1beta1
kind: Shoot
metadata: {name: one, namespace: garden-test}
spec:
  extensions:
  - type: shoot-rsyslog-relp
    providerConfig:
      apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1
      kind: RsyslogRelpConfig
      target: logs.example.test
      port: 20514
      resumeRetryCount: -1
      loggingRules: [{severity: 7}]
      tls: {enabled: true, secretReferenceName: relp, authMode: name, tlsLib: %s, permittedPeer: [server.test]}
  resources:
  - {name: relp, resourceRef: {apiVersion: v1, kind: Secret, name: relp-1}}
---
apiVersion: v1
kind: Secret
metadata: {name: relp-1, namespace: garden-test}
immutable: true
data: {ca: "%s", crt: "%s", key: "%s"}
"""
FAILED = re.compile(r"librelp error|error opening connection|session broke")


def knows():
    """Whether this program judges what is in a Secret."""
    return subprocess.run([proc.relpbox(), "validate", "--explain", "tls-key-mismatch"],
                          capture_output=True, check=False).returncode == 0


def labelled(label, content):
    return content.replace(b"BEGIN PRIVATE", b"BEGIN %s PRIVATE" % label).replace(
        b"END PRIVATE", b"END %s PRIVATE" % label)


def request(key):
    return module.openssl("req", "-new", "-key", "/dev/stdin", "-subj", "/CN=x", content=key)


def indented(content):
    return b"".join(b"  " + line + b"\n" for line in content.split(b"\n")[:-1])


# name: names of certificates whose files are ca, crt and key; and what is done to which text
VARIANTS = {
    "right": ("ca", "client", "client"),
    "with-a-chain": ("ca", "chained", "chained"),
    "key-of-another": ("ca", "client", "server"),
    "swapped": ("ca", "client", "client", ("crt", "key"), lambda crt, key: (key, crt)),
    "cut": ("ca", "client", "client", ("key",), lambda key: key[:150]),
    "one-line": ("ca", "client", "client", ("crt",), lambda crt: crt.replace(b"\n", b" ")),
    "indented": ("ca", "client", "client", ("key",), indented),
    "encoded-twice": ("ca", "client", "client", ("ca",), base64.b64encode),
    "windows": ("ca", "client", "client", ("crt",), lambda crt: crt.replace(b"\n", b"\r\n")),
    "a-bom": ("ca", "client", "client", ("ca",), lambda ca: b"\xef\xbb\xbf" + ca),
    "key-in-ca": ("ca", "client", "client", ("ca", "key"), lambda ca, key: (ca + key, key)),
    "request-beside": ("ca", "client", "client", ("crt", "key"), lambda crt, key: (
        crt + request(key), key)),
    "another-label": ("ca", "client", "client", ("key",), lambda key: labelled(b"EC", key)),
    "blocks-joined": ("ca", "client", "client", ("ca",), lambda ca: ca[:-1] + ca),
    "expired": ("ca", "expired", "expired"),
    "not-to-sign": ("ca", "usage", "usage"),
    "ed25519": ("ca", "ed25519", "ed25519"),
    "leaf-second": ("ca", "chained", "chained", ("crt",), lambda crt: b"".join(
        reversed(re.findall(b"-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n", crt)))),
    "ca-expired": ("expired-ca", "client", "client"),
    "ca-expired-too": ("ca", "client", "client", ("ca",), None),
}


def make_pki(folder):
    pki = module.Pki(folder)
    pki.ca()
    pki.intermediate()
    pki.ca("expired-ca", days=(-20, -10))
    pki.server()
    pki.client()
    pki.client("chained", ca="intermediate")
    pki.client("expired", days=(-20, -10))
    pki.client("usage", key="rsa", usage=["keyEncipherment"])
    pki.client("ed25519", key="ed25519")
    return pki


def read(path):
    with open(path, "rb") as f:
        return f.read()


@long
@unittest.skipUnless(rsyslog.available() and shutil.which("openssl"), "no rsyslogd with RELP, or no openssl")
@unittest.skipUnless(knows(), "this relpbox does not judge what is in a Secret")
class Secrets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="relptest-")
        cls.addClassCleanup(folder.cleanup)
        cls.dir = folder.name
        cls.pki = make_pki(os.path.join(cls.dir, "pki"))
        cls.server = cls.pki.made["server"]
        cls.receiver = tls_rsyslog.ImrelpTls(
            cls.dir, os.path.join(cls.dir, "arrived"), "openssl",
            {"in": tls_rsyslog.tls("openssl", **tls_rsyslog.identity(cls.server), auth="name",
                                   permitted=["*.test"])})
        cls.addClassCleanup(cls.receiver.__exit__)

    def secret(self, name):
        """The three texts."""
        ca, crt, key, *twist = VARIANTS[name]
        texts = {"ca": read(self.pki.made[ca].cert), "crt": read(self.pki.made[crt].cert),
                 "key": read(self.pki.made[key].key)}
        if name == "ca-expired-too":
            texts["ca"] += read(self.pki.made["expired-ca"].cert)
        elif twist:
            which, how = twist
            made = how(*[texts[k] for k in which])
            texts.update(zip(which, made if isinstance(made, tuple) else (made,)))
        return texts

    def says(self, texts, lib, *options):
        """The codes of the errors in the certificates and the key."""
        encoded = [base64.b64encode(texts[k]).decode() for k in ("ca", "crt", "key")]
        path = os.path.join(self.dir, self.id() + ".yaml")
        with open(path, "w", encoding="ascii") as f:
            f.write(SHOOT % (lib, *encoded))
        done = subprocess.run([proc.relpbox(), "validate", *options, "-o", "json", path],
                              capture_output=True, check=False, timeout=proc.LIMIT)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        for text in texts.values():  # nothing of it is shown, in whatever form
            for line in text.split(b"\n"):
                if len(line) > 30 and not line.startswith(b"-"):
                    self.assertNotIn(line.strip(), done.stdout)
        return sorted(f["code"] for f in json.loads(done.stdout)
                      if f["severity"] == "error" and f["code"].startswith("tls-"))

    def files(self, texts):
        out = {}
        for name, content in texts.items():
            out[name] = os.path.join(self.dir, "%s.%s" % (self.id(), name))
            with open(out[name], "wb") as f:
                f.write(content)
        return out

    def arrived(self, text):
        return any(text in line for line in self.receiver.arrived().get("in", ()))

    def omrelp_delivers(self, files, lib):
        """True, or what it complained of, more than once."""
        params = tls_rsyslog.tls(lib, files["ca"], files["crt"], files["key"], "name", ["server.test"])
        name = "omrelp-" + self.id().rpartition(".")[2]
        sender = tls_rsyslog.OmrelpTls(self.dir, lib, {name: (self.receiver.ports["in"], params)}, name)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.connect(sender.socket)
                s.send(b"<13>Nov 21 20:51:31 one: message")
            proc.wait_until(lambda: self.arrived(name.encode()) or
                            any("DISABLING action" in line for line in list(sender.lines)) or
                            sum(bool(FAILED.search(line)) for line in list(sender.lines)) > 3,
                            "the record arrives, or omrelp complains")
            return self.arrived(name.encode())
        finally:
            sender.kill()
            sender.__exit__()

    def omrelp(self, name, lib):
        texts = self.secret(name)
        errors = self.says(texts, lib)
        self.assertEqual(self.omrelp_delivers(self.files(texts), lib), not errors, errors)

    def relp_send(self, name):
        texts = self.secret(name)
        errors = self.says(texts, "openssl", "--for", "relpbox")
        files = self.files(texts)
        sent = proc.run("relp-send", "--tls", "--ca", files["ca"], "--cert", files["crt"], "--key",
                        files["key"], "--permitted-peer", "server.test",
                        "127.0.0.1:%d" % self.receiver.ports["in"], "message")
        self.assertEqual(sent.code == 0, not errors, (errors, sent))


for variant in VARIANTS:
    for library in tls_rsyslog.LIBS:
        add_test(Secrets, "%s_%s" % (library, variant), "omrelp", variant, library)
    add_test(Secrets, "relpbox_" + variant, "relp_send", variant)


if __name__ == "__main__":
    unittest.main()
