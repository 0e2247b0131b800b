#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`relpbox validate` says nothing of what a Secret or a key holds, however damaged the file is.

Some three hundred files around one fresh key and its certificates: Secrets that are indented wrongly,
cut, of a wrong kind or of none, broken at a hundred places; keys where they do not belong. In each
format, for both nodes, on a terminal with colour and source lines: no ten characters of the base64
of a key, of its PEM, or of the certificates come out.
"""

import base64
import os
import random
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from relptest import pki, proc, pty_run  # noqa: E402

RUN = 10  # characters that no output may share with what is secret
SEED = 20514
LIMIT = 120
RELP = "rsyslog-relp.extensions.gardener.cloud/v1alpha1"
SHOOT = """apiVersion: core.gardener.cloud/v1beta1
kind: Shoot
metadata:
  name: bar
  namespace: garden-foo
spec:
  extensions:
  - type: shoot-rsyslog-relp
    providerConfig:
      apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1
      kind: RsyslogRelpConfig
      target: logs.example.com
      port: 20514
      loggingRules:
      - severity: 6
        programNames: [kubelet]
      tls:
        enabled: true
        authMode: name
        permittedPeer: [logs.example.com]
        secretReferenceName: relp-tls
      auditConfig:
        configMapReferenceName: audit
  resources:
  - name: relp-tls
    resourceRef:
      apiVersion: v1
      kind: Secret
      name: relp-tls-v1
"""


def b64(text):
    return base64.b64encode(text.encode()).decode()


def indent(text, by):
    return "".join(" " * by + line + "\n" for line in text.splitlines())


def fold(text, width=76):
    return "\n".join(text[i:i + width] for i in range(0, len(text), width)) + "\n"


class Cases:
    """(name, text of a file): around the PEM texts of ca, crt and key."""

    def __init__(self, pems):
        self.pems = pems
        self.all = []
        self.random = random.Random(SEED)

    def add(self, name, text):
        self.all.append(("%03d-%s.yaml" % (len(self.all), name), text))

    def secret(self, head="apiVersion: v1\nkind: Secret\n", **entries):
        data = {k: b64(v) for k, v in self.pems.items()}
        data.update(entries)
        return (head + "metadata:\n  name: relp-tls-v1\n  namespace: garden-foo\nimmutable: true\n"
                "data:\n" + "".join("  %s: %s\n" % e for e in data.items()))

    def plain(self, head="apiVersion: v1\nkind: Secret\n", bar="|", by=4):
        return head + "metadata: {name: relp-tls-v1}\nimmutable: true\nstringData:\n" + "".join(
            "  %s: %s\n%s" % (k, bar, indent(v, by)) for k, v in self.pems.items())

    def heads(self):
        kinds = ["", "kind: Secrets\n", "kind: secret\n", "kind: Secert\n", "kind: [Secret]\n", "kind:\n",
                 "kind Secret\n", "kind: SecretList\n", "kind: ConfigMap\n", "kind: Shoot\n", "Kind: Secret\n",
                 "kind: RsyslogRelpConfig\n", "kind: Auditd\n", "kind: Forward\n", "kind: List\n",
                 "kind: SealedSecret\n", "kind: !!binary Secret\n", "kind: &a Secret\n", "\tkind: Secret\n"]
        for version in ["apiVersion: v1\n", "apiVersion: %s\n" % RELP, "apiVersion: relpbox/v1alpha1\n", ""]:
            for kind in kinds if version else kinds[:3]:
                self.add("head", self.secret(version + kind))
        for kind in kinds:
            self.add("head-plain", self.plain("apiVersion: v1\n" + kind))

    def texts(self):
        """What stands where the value of data.key belongs."""
        key, pem = b64(self.pems["key"]), self.pems["key"]
        body = "".join(pem.splitlines()[1:-1])
        half = len(key) // 2
        return {
            "cut": key[:half], "tail": key[half:], "padding": key + "=", "dash": key[:half] + "-" + key[half:],
            "blank": key[:half] + " " + key[half:], "twice": b64(key), "body": body, "der": "!!binary " + body,
            "list": "[%s]" % key, "map": "{%s: 1}" % key, "map-value": "{a: %s}" % key, "quoted": '"%s"' % key,
            "quoted-open": '"' + key, "single-open": "'" + key, "folded": "\n" + indent(fold(key), 4),
            "folded-flat": "\n" + fold(key), "folded-half": "\n" + indent(fold(key), 4) + fold(key),
            "block": "|\n" + indent(fold(key), 4), "block-flat": "|\n" + fold(key), "strip": ">-\n" + indent(pem, 4),
            "pem": "|\n" + indent(pem, 4), "pem-flat": "|\n" + pem, "pem-torn": "\n" + indent(pem, 4),
            "pem-line": pem.replace("\n", " "), "pem-escaped": '"%s"' % pem.replace("\n", "\\n"),
            "pem-single": "'%s'" % pem.replace("\n", "\\n"), "pem-keys": "\n" + indent(pem.replace("\n", ":\n"), 4),
            "pem-items": "\n" + re.sub("(?m)^", "  - ", pem.strip()), "anchor": "&" + key, "alias": "*" + key,
            "alias-body": "*" + body[:40], "tag": "!%s x" % body[:30], "tag-long": "!<%s> x" % body,
            "tag-int": "!!int " + body, "tag-bool": "!!bool " + key, "tag-null": "!!null " + body[:20],
            "tag-float": "!!float %s" % key, "comment": "# " + key, "cr": "|\r" + pem.replace("\n", "\r"),
            "crlf": "|\r\n" + indent(pem, 4).replace("\n", "\r\n"), "ls": '"%s"' % pem.replace("\n", "\u2028"),
            "ls-raw": key[:half] + "\u2028" + key[half:], "nel": key[:half] + "\x85" + key[half:],
            "nul": key[:half] + "\0" + key[half:], "esc": key[:half] + "\x1b[0m" + key[half:],
            "tab": "\t" + key, "percent": "%" + key, "at": "@" + key, "question": "? " + key,
            "colon": key[:half] + ": " + key[half:], "brace": "{" + key, "merge": "{<<: %s}" % key,
            "merge-list": "\n    <<: [%s]" % key, "duplicate": key + "\n  key: " + body,
            "duplicate-value": "\n    %s: 1\n    %s: 2" % (body[:24], body[:24]),
            "duplicate-short": "\n    %s: 1\n    %s: 2" % (body[40:51], body[40:51]),
            "document": "|\n    -----BEGIN PRIVATE KEY-----\n---\n" + indent(body, 2),
            "document-end": key[:half] + "\n...\n" + key[half:], "template": "{{ %s }}" % key,
            "indicator": "|9\n" + indent(pem, 4), "indicator-bad": "|%s\n" % body[:12] + indent(pem, 4),
            "null": "\n" + key, "number": "0x" + body, "unicode": '"\\u%s"' % body, "backslash": '"\\%s"' % key,
        }

    def entries(self):
        for name, text in self.texts().items():
            self.add("key-" + name, self.secret(key=text))
            self.add("kindless-" + name, self.secret("apiVersion: v1\n", key=text))

    def places(self):
        """In a Shoot, and in what goes with it."""
        pem, key = self.pems["key"], b64(self.pems["key"])
        fields = ["logs.example.com", "20514", "6", "kubelet", "name", "bar", "garden-foo", "relp-tls-v1",
                  "relp-tls", "audit", "Secret", "v1", "true", "shoot-rsyslog-relp", RELP, "RsyslogRelpConfig"]
        for field in fields:
            for value in [key, '"%s"' % pem.replace("\n", "\\n"), "!%s x" % key[60:100], "*" + key[60:100]]:
                self.add("shoot", re.sub(r"(: |\[)%s(?=\n|\])" % re.escape(field), lambda m: m[1] + value, SHOOT, 1))
        block = "|\n" + indent(pem, 12)
        self.add("shoot-block", SHOOT.replace("secretReferenceName: relp-tls", "secretReferenceName: " + block))
        self.add("shoot-block-flat", SHOOT.replace("secretReferenceName: relp-tls", "secretReferenceName: |\n" + pem))
        for tail in ["    %s: 1\n" % key, "---\n" + self.secret(), self.secret(), "--\n" + self.secret(),
                     "-- -\n" + self.secret(), "  --- \n" + self.secret(), "\n" + self.plain(), pem, indent(pem, 2),
                     "# %s\n" % key, "# relpbox:ignore %s\n" % key, "# relpbox:ignore type, %s reason\n" % key]:
            self.add("shoot-tail", SHOOT + tail)
        regex = ["messageContent: {regex: '%s('}" % key, "messageContent: {regex: '%s[', exclude: '*%s'}" % (pem, key)]
        for r in regex:
            self.add("regex", SHOOT.replace("programNames: [kubelet]", r))

    def metadata(self):
        key, body = b64(self.pems["key"]), "".join(self.pems["key"].splitlines()[1:-1])
        for where in ["name: %s", "namespace: %s", "annotations: {a: %s}", "labels: {%s: a}", "labels: {a: %s, a: b}",
                      "annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"data\":{\"key\":\"%s\"}}",
                      "%s: a", "? [%s]\n  : 1", "<<: %s", "finalizers: [%s]"]:
            for value in [key, body[:20], body[30:41]]:
                self.add("metadata", self.secret().replace("name: relp-tls-v1", where % value))
        for line in ["immutable: %s", "type: %s", "%s: 1", "apiVersion: %s", "kind: %s", "%s", "data: %s",
                     "stringData: %s", "data: {ca: 1, %s: 2}"]:
            for value in [key, body[:20]]:
                self.add("line", self.secret() + line % value + "\n")

    def wrapped(self):
        secret, plain, pem = self.secret(), self.plain(), self.pems["key"]
        self.add("list", "apiVersion: v1\nkind: List\nitems:\n- " + indent(secret, 2)[2:])
        self.add("list-torn", "apiVersion: v1\nkind: List\nitems:\n- " + secret)
        self.add("list-kindless", "apiVersion: v1\nkind: List\nitems:\n- " + indent(self.secret(""), 2)[2:])
        self.add("items", "items:\n- " + indent(secret, 2)[2:])
        data = ",".join('"%s":"%s"' % (k, b64(v)) for k, v in self.pems.items())
        js = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"data":{%s}}'
        for text in [js % data, js % (data + "," + data), (js % data)[:-3], (js % data).replace('":', '" '),
                     (js % data).replace("Secret", "Secert"), "[" + js % data, js % data + js % data]:
            self.add("json", text)
        audit = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\nimmutable: true\ndata:\n"
        for inner in [secret, plain, "auditRules: |\n" + indent(pem, 2), pem, secret.replace("data:", "data"),
                      "apiVersion: %s\nkind: Auditd\n%s" % (RELP, "auditRules: " + b64(pem))]:
            self.add("configmap", audit + "  auditd: |\n" + indent(inner, 4))
            self.add("configmap-flat", audit + "  auditd: |\n" + inner)
        self.add("configmap-key", audit + "  auditd: a\n  tls.key: |\n" + indent(pem, 4) + "  %s: b\n" % b64(pem))
        self.add("sops", secret + "sops:\n  mac: ENC[x]\n")
        self.add("sops-half", secret.replace("metadata", "sops: [") + "  mac: " + b64(pem))
        for text in [pem, indent(pem, 2), pem + secret, "- " + pem, "key: " + pem, b64(pem), fold(b64(pem)),
                     "\ufeff" + pem, plain.replace("    ", " \t"), plain.replace("|", ""), plain.replace("|", ">")]:
            self.add("bare", text)
        lines = secret.splitlines(keepends=True)
        for i in range(1, len(lines)):
            self.add("dedented", "".join(lines[:i]) + lines[i].lstrip() + "".join(lines[i + 1:]))
            self.add("indented", "".join(lines[:i]) + "   " + lines[i] + "".join(lines[i + 1:]))

    def broken(self):
        marks = ['"', "'", "{", "[", ": ", "\t", "\n---\n", "\n- ", "\n", "\r", "%", " *", " &", " !", " #", "\0", "\ufffe",
                 "\\", "}", "|\n", " ? ", "\n...\n", "\u2028"]
        for text in [self.secret(), self.plain()]:
            for i in range(50):
                at = len(text) * i // 50 + self.random.randrange(len(text) // 50)
                self.add("broken", text[:at] + self.random.choice(marks) + text[at:])

    def make(self):
        for add in (self.heads, self.entries, self.places, self.metadata, self.wrapped, self.broken):
            add()
        return self.all


def secrets(pems):
    """All that must not come out, in pieces of RUN characters."""
    texts = []
    for pem in pems.values():
        lines = pem.splitlines()
        texts += [l for l in lines if not l.startswith("-----")] + ["".join(l for l in lines if l[0] != "-")]
        whole = b64(pem)
        texts += [whole[40:-40]]  # without what makes the lines BEGIN and END, as in every file
        texts += [b64(whole)[60:-60]]
    return {t[i:i + RUN] for t in texts for i in range(len(t) - RUN + 1)}


class ValidateLeak(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="relpbox-leak-")
        made = pki.Pki(os.path.join(cls.folder.name, "pki"))
        cert = made.client("node")
        cls.pems = {}
        for name, path in (("ca", cert.ca), ("crt", cert.cert), ("key", cert.key)):
            with open(path, encoding="ascii") as f:
                cls.pems[name] = f.read()
        cls.secret = secrets(cls.pems)
        cls.files = os.path.join(cls.folder.name, "files")
        os.mkdir(cls.files)
        cls.cases = Cases(cls.pems).make()
        for name, text in cls.cases:
            with open(os.path.join(cls.files, name), "w", encoding="utf-8", newline="") as f:
                f.write(text)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def leaks(self, text):
        return any(run[i:i + RUN] in self.secret for run in re.findall(r"[A-Za-z0-9+/=]{%d,}" % RUN, text)
                   for i in range(len(run) - RUN + 1))

    def check(self, what, *outputs):
        lines = [line for out in outputs for line in out.decode("utf-8").splitlines() if self.leaks(line)]
        if lines:
            self.fail("%s: %d lines, among them\n%s" % (what, len(lines), "\n".join(l[:600] for l in lines[:8])))

    def test_there_is_something_to_find(self):
        self.assertGreater(len(self.cases), 300)
        for name, text in self.cases:
            if not self.leaks(re.sub("[\\s'\"-]", "", text)):
                self.fail(name + " holds no secret")

    def test_formats(self):
        for node in ("gardener", "relpbox"):
            for output in ("text", "json", "sarif", "github"):
                with self.subTest(node=node, output=output):
                    r = proc.run("validate", "-v", "--require-refs", "--for", node, "-o", output, self.files, limit=LIMIT)
                    self.assertEqual(r.code, 1, r)
                    self.check(output, r.stdout, r.stderr)

    def test_terminal(self):
        for node in ("gardener", "relpbox"):
            with self.subTest(node=node):
                code, shown = pty_run.run("validate", "-v", "--colour", "always", "--for", node, self.files)
                self.assertEqual(code, 1)
                self.assertIn(b"\033[1m^\033[0m", shown)  # a source line or two, of what holds no secret
                self.check("terminal", shown)

    def test_each_alone_on_standard_input(self):
        for name, text in self.cases[::9]:
            r = proc.run("validate", "-v", "-", stdin=text.encode("utf-8"), limit=LIMIT)
            self.check(name, r.stdout, r.stderr)

    def test_as_baseline(self):
        good = os.path.join(self.folder.name, "empty.yaml")
        with open(good, "w", encoding="ascii"):
            pass
        for name, text in self.cases[::9]:
            for odd in (text, "[{" + text, '[{"file": %s}]' % text, '[\n{"code":"%s"' % b64(text)):
                path = os.path.join(self.folder.name, "baseline")
                with open(path, "w", encoding="utf-8", newline="") as f:
                    f.write(odd)
                r = proc.run("validate", "--baseline", path, good, limit=LIMIT)
                self.assertEqual(r.code, 3, (name, r))
                self.check(name, r.stdout, r.stderr)

    def test_explain(self):
        r = proc.run("validate", "--explain", "all", limit=LIMIT)
        self.check("--explain all", r.stdout, r.stderr)


if __name__ == "__main__":
    unittest.main()
