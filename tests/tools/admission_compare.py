#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random manifests, judged by `relpbox validate` and by what Gardener's admission would say.

By hand, not in CI: tests/tools/admission.go needs Debian's golang-go, golang-k8s-sigs-yaml-dev
and golang-k8s-sigs-json-dev. See docs/CONFIGURATION.md, "Held against Gardener's admission".

For each file it compares whether it is refused, and path, kind and message of each error. Where
strict decoding fails, admission says no more than that: then there must be a finding of kind
Decode for the same cause. Differences are counted by class; -d keeps some of each.
"""

import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GROUP = "rsyslog-relp.extensions.gardener.cloud"
VERSION = GROUP + "/v1alpha1"

# --- trees that become YAML or JSON ---------------------------------------------------------


class Raw(str):
    """A scalar as it is written in YAML; as JSON it is a string, or what json is."""

    json = None


class Map(list):
    """Pairs, of which some may have the same key."""


class Seq(list):
    pass


def raw(yaml, js=None):
    s = Raw(yaml)
    s.json = js
    return s


PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*\Z")
ODD_PLAIN = ["yes", "No", "on", "OFF", "y", "n", "Y", "true", "False", "TRUE", "~", "null", "Null", "NULL", "",
             "1", "-1", "+1", "0", "010", "0x10", "-0x1", "0o10", "0b11", "1_000", "1.0", "4.0", "4e0", "1e3", "-0",
             "1.5", ".5", "5.", "1e30", "1e400", ".inf", "-.inf", ".nan", "08", "2001-01-01", "20:30", "1:02:03",
             "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
             "-9223372036854775808", "-9223372036854775809", "2147483648", "0.0", "-1.0", "-0.0", "1E3", "0x", "_1", "1_",
             "<<", "=", "!!str 1", "!!str yes", "!!int \"4\"", "!!float 4", "!!bool \"yes\"", "!!null ''", "! 5", "!x 5",
             "!!int 4.0", "!!bool 1", "'on'", "\"5\"", "'null'", "'~'", "\"true\"", "6", "514", "65535", "65536"]
ODD_JSON = ["null", "true", "false", "0", "-1", "1", "4.0", "4e0", "1e3", "-0", "1.5", "1e30", "514", "9223372036854775808",
            "-9223372036854775809", "18446744073709551616", "\"\"", "\"5\"", "[]", "{}", "[null]", "-0.0", "1E400"]
CHARACTERS = ["\u00e9", "\u4e2d", "\U0001f600", "\u00a0", "\u200b", "\u0301", "\u00ad", "\u202e", "\u0378", "\ue000",
              "\u017f", "\u212a", "\u0130", "\t", "\x01", "\x07", "\x08", "\x1b", "\x7f", "\u0085", "\u2028", "\ufeff",
              "\n", "\r", "\\", "\"", "'", "$", "%", "{", "}", "\u0080", "\ufffd", "\u037e", "\U0010ffff", "\ufdd0"]


def quoted(r, s):
    """A string, in one of YAML's ways to write it."""
    js = json.dumps(s, ensure_ascii=r.random() < 0.5)
    way = r.random()
    if way < 0.4 and PLAIN.match(s) and s.lower() not in ("y", "n", "yes", "no", "on", "off", "true", "false", "null"):
        return raw(s, js)
    if way < 0.7 and all(0x20 <= ord(c) < 0x7f or 0xa0 <= ord(c) < 0xd800 for c in s if c not in "\u2028\u2029"):
        if "\u2028" not in s and "\u2029" not in s:
            return raw("'" + s.replace("'", "''") + "'", js)
    out = '"'
    for c in s:
        n = ord(c)
        if c in '"\\':
            out += "\\" + c
        elif n < 0x20 or 0x7f <= n < 0xa0 or c in "\u2028\u2029\ufeff" or r.random() < 0.02:
            out += "\\x%02x" % n if n < 256 else "\\u%04x" % n if n < 65536 else "\\U%08x" % n
        else:
            out += c
    return raw(out + '"', js)


def odd_string(r):
    s = "".join(r.choice(CHARACTERS + ["a", "b", "z", "0", "9", "-", ".", " ", ":", "/", "[", "]", "*", "A"])
                for _ in range(r.randint(0, 6)))
    return quoted(r, s)


def anything(r, deep=0):
    """A value of any type."""
    way = r.random()
    if way < 0.6 or deep > 2:
        yaml = r.choice(ODD_PLAIN)
        return raw(yaml, r.choice(ODD_JSON))
    if way < 0.75:
        return odd_string(r)
    if way < 0.88:
        return Seq(anything(r, deep + 1) for _ in range(r.randint(0, 3)))
    return Map((quoted(r, r.choice(["a", "enabled", "regex", "target", "severity", "x y", "1"])), anything(r, deep + 1))
               for _ in range(r.randint(0, 3)))


def show_flow(r, n, js):
    if isinstance(n, Map):
        return "{" + ", ".join((k.json if js else k) + ": " + show_flow(r, v, js) for k, v in n) + "}"
    if isinstance(n, Seq):
        return "[" + ", ".join(show_flow(r, v, js) for v in n) + "]"
    if js:
        return n.json if n.json is not None else json.dumps(str(n))
    return n if n else "null"


def show_block(r, n, indent):
    """Lines of a map or list."""
    pad, out = " " * indent, ""
    for item in n:
        if isinstance(n, Map):
            head, v = pad + item[0] + ":", item[1]
        else:
            head, v = pad + "-", item
        if isinstance(v, (Map, Seq)) and len(v) and r.random() < 0.9:
            out += head + "\n" + show_block(r, v, indent + 2)
        elif isinstance(v, Block):
            out += head + v.show(indent + 2)
        elif isinstance(v, (Map, Seq)):
            out += head + " " + show_flow(r, v, False) + "\n"
        else:
            out += head + (" " + v if v else "") + "\n"
    return out


class Block(Raw):
    """A text behind a bar."""

    def show(self, indent):
        pad = " " * indent
        return " |\n" + "".join(pad + line + "\n" if line else "\n" for line in self.split("\n")[:-1])


def show(r, n, js):
    if js:
        text = show_flow(r, n, True) + "\n"
    elif isinstance(n, Map) and n and r.random() < 0.95:
        text = show_block(r, n, 0)
    else:
        text = show_flow(r, n, False) + "\n"
    return spoilt(r, text) if odd(r, 0.08) else text


SPOILS = ["a", " ", "  ", "\n", ":", ": ", "- ", "'", "\"", "#", " #", "{", "}", "[", "]", ",", "&a ", "*a", "!!str ", "|", ">", "~",
          "?", "\t", "\r", "\\", "%", "@", "0", "null", "true", "<<: *a", "---", "...", "\u00a0", "\u2028", "\u0085", "\ufeff", "\x01"]


def spoilt(r, text):
    """Somebody's slip of the hand, but not where the kind stands: that is in the first lines, or bytes of one line."""
    lines = text.split("\n")
    objects = re.search(r"(?m)^\S{0,5}(metadata|data|spec)\b", text)
    for _ in range(r.randint(1, 2)):
        if len(lines) == 2 and len(text) > 150:
            at = r.randint(140, len(text) - 1)
            return text[:at] + r.choice(SPOILS) + text[at + r.choice([0, 0, 1, 2]):].rstrip("\n") + "\n"
        if len(lines) < 4:
            break
        i = r.randint(1, len(lines) - 2)
        if objects and not lines[i].startswith(" "):
            continue
        at, way = r.randint(0, len(lines[i])), r.random()
        if way < 0.5:
            lines[i] = lines[i][:at] + r.choice(SPOILS[:-4] if r.random() < 0.9 else SPOILS) + lines[i][at:]
        elif way < 0.75:
            lines[i] = lines[i][:at] + lines[i][at + r.randint(1, 3):]
        elif way < 0.85:
            lines.insert(r.randint(i, len(lines) - 1), lines[i])
        elif way < 0.95:
            lines[i] = " " * r.randint(1, 4) + lines[i]
        else:
            del lines[i]
    return "\n".join(lines)


def anchored(r, n):
    """Some values get an anchor, and others become an alias of it or a merge."""
    maps, places = [], []

    def walk(node, depth):
        for i, item in enumerate(node):
            v = item[1] if isinstance(node, Map) else item
            if depth > 0 and isinstance(v, Raw) and not isinstance(v, Block) and v:
                places.append((node, i))
            if isinstance(v, Map):
                maps.append(v)
            if isinstance(v, (Map, Seq)):
                walk(v, depth + 1)
    walk(n, 0)
    if not places:
        return n
    first = r.randrange(len(places))
    node, i = places[first]
    v = node[i][1] if isinstance(node, Map) else node[i]
    put(node, i, raw("&a " + v, None))
    if first + 1 < len(places) and r.random() < 0.8:
        put(*r.choice(places[first + 1:]), raw("*a", None))
    if maps and r.random() < 0.5:
        r.choice(maps).append((raw("<<", None), Map([(quoted(r, r.choice(["severity", "enabled", "regex", "x"])), number(r))])))
    return n


def put(node, i, v):
    node[i] = (node[i][0], v) if isinstance(node, Map) else v


# --- what stands in them --------------------------------------------------------------------

GOOD_NAMES = ["logs.example.com", "a", "a.b", "10.0.0.1", "2001:db8::1", "::1", "1", "256.1.1.1", "a-b.c-d", "0.0.0.0"]
ODD_NAMES = ["", "A.b", "a_b", "-a", "a-", "a..b", ".a", "a.", "010.1.1.1", "::ffff:1.2.3.4", "2001:DB8::1", "1:0:0::1",
             "fe80::1%eth0", "[::1]", "1.2.3", "01.02.03.04", "2001:0db8::1", "::", "::1.2.3.4", "::ffff:01.2.3.4",
             "1:2:3:4:5:6:7:8", "0:0:0:0:0:0:0:1", "1:2:3:4:5:6:7", "00001::", "::0", "a b", "a:514", "*", "a\n",
             "*.example.com", "xn--a", "a" * 63, "a" * 64, "a" * 253, "a" * 254, "a." * 126 + "b", "a." * 127 + "b",
             "*." + "a" * 251, "*." + "a" * 252, "A" * 300, "\u00e9.de", " a", "a ", "a\t", "\u0430.com", "a'b", "a\"b", "a\\b"]
PEERS = ["*.example.com", "SHA1:" + "0aF9" * 10, "logs.example.com", "SHA1:" + "00" * 19, "SHA1:" + "0" * 41,
         "sha1:" + "0" * 40, "SHA1:" + ":".join(["00"] * 20), "SHA256:" + "ab" * 32, "*.", "*", "a.*", "*.*.b", "**.b",
         "*a.b", "SHA1:" + "g" * 40, "SHA1:" + "0" * 40 + "\n"]
PROGRAMS = ["kubelet", "audisp-syslog", "systemd", "sshd", "a", "A_b", "a(b)", "\"", "\\", "a$b", "~", "!", "%", "#", "x" * 300]
ODD_PROGRAMS = ["", " ", "a b", "a[1]", "a:", "/usr/bin/a", "[:/", "[: \x01", "\u00e9", "a\tb", "a\n", "\x7f", "a\u00a0", "a]"]
REGEXES = []
PIECES = ["a", "b", "foo", ".", "*", "+", "?", "(", ")", "[", "]", "{", "}", "|", "^", "$", "\\", "\\.", "\\d", "\\(", "[a-z]",
          "[[:alpha:]]", "[[:foo:]]", "[z-a]", "{2}", "{1001}", "{2,1}", "(?i)", "\"", " ", "\\\\", "[^", "[]", "*?", "**", "(?:", "\\b"]


def odd(r, chance):
    """Tamer in some files than in others."""
    return r.random() < chance * r.wild


def way_of(r, good):
    """A random number that is below good the more often the tamer the file is."""
    way = r.random()
    return way if r.random() < r.wild else way * good


def name(r):
    way = way_of(r, 0.55)
    if way < 0.55:
        return quoted(r, r.choice(GOOD_NAMES))
    if way < 0.9:
        return quoted(r, r.choice(ODD_NAMES))
    if way < 0.95:
        return quoted(r, "".join(r.choice("0123456789abcdefF::::....") for _ in range(r.randint(1, 20))))
    return odd_string(r)


def peer(r):
    return quoted(r, r.choice(PEERS if odd(r, 1) else PEERS[:3])) if r.random() < 0.6 else name(r)


def program(r):
    way = way_of(r, 0.7)
    return quoted(r, r.choice(PROGRAMS if way < 0.7 else ODD_PROGRAMS)) if way < 0.93 else odd_string(r)


def regex(r):
    way = way_of(r, 0.2)
    if way < 0.2:
        s = r.choice(["foo", "^a+$", "", "x|y", "[0-9]{1,3}"])
    elif way < 0.6:
        s = r.choice(REGEXES)
    elif way < 0.95:
        s = "".join(r.choice(PIECES + CHARACTERS[:3]) for _ in range(r.randint(1, 8)))
    else:
        s = "".join(r.choice(PIECES) for _ in range(r.randint(20, 60)))
    return quoted(r, s)


def number(r, good=("0", "1", "7", "514", "20514")):
    return raw(r.choice(good), r.choice(good)) if not odd(r, 0.3) else raw(r.choice(ODD_PLAIN), r.choice(ODD_JSON))


def boolean(r):
    s = r.choice(["true", "false"])
    return raw(s, s) if not odd(r, 0.2) else raw(r.choice(ODD_PLAIN), r.choice(ODD_JSON))


def many(r, one, most=3):
    return Seq(anything(r) if odd(r, 0.03) else one(r) for _ in range(r.randint(0, most)))


class Maker:
    """Makes one file; heat: how often something is wrong."""

    def __init__(self, r, number):
        self.r, self.number = r, number
        self.heat = r.choice([0.0, 0.0, 0.01, 0.02, 0.04, 0.12])
        r.wild = r.choice([0.02, 0.1, 0.3, 1.0])

    def fields(self, pairs):
        """pairs: (key, chance, function)."""
        r, out = self.r, Map()
        for key, chance, one in pairs:
            if r.random() < chance:
                out.append((quoted(r, key), anything(r) if r.random() < self.heat else one(r)))
        if r.random() < self.heat * 2 and out:
            k, v = r.choice(out)
            out.append((k, v if r.random() < 0.5 else anything(r)))
        if r.random() < self.heat * 2:
            key = r.choice([pairs[-1][0].upper(), pairs[0][0].capitalize(), "x", "ports", "", "a.b", "\u00e9", "<<", "kind",
                            "apiVersion", pairs[0][0] + " ", r.choice(pairs)[0][:-1]])
            out.append((quoted(r, key), anything(r)))
        if r.random() < self.heat:
            out.append((raw(r.choice(["1", "true", "~", "1.5", "on", "2001-01-01", "? a", "[a]", "null"]), '"1"'), anything(r)))
        if r.random() < 0.3:
            r.shuffle(out)
        return out

    def object(self, kind, pairs, alone, version=VERSION):
        """alone: its kind is what it is known by, and that of an Auditd its group too."""
        r = self.r
        kinds = [kind] * 12 + ["Auditd", "RsyslogRelpConfig", "Foo", "", kind.lower(), "ListOptions"]
        versions = [version] * 16 + [GROUP + "/v1", GROUP, "", "v1", "/", "a/b/c", GROUP + "/", VERSION + "/", "V1alpha1"]
        k = r.choice(kinds) if r.random() < self.heat * 3 else kind
        v = r.choice(versions[:-8] if alone and kind == "Auditd" else versions) if r.random() < self.heat * 3 else version
        head = [("apiVersion", 1 - self.heat, lambda r: quoted(r, v))]
        if not alone:
            return self.fields(head + [("kind", 1 - self.heat, lambda r: quoted(r, k))] + pairs)
        return Map([(raw("kind", '"kind"'), quoted(r, kind))] + [e for e in self.fields(head + pairs) if str(e[0]).strip("'\"") != "kind"])

    def content(self, r):
        return self.fields([("regex", 0.7, regex), ("exclude", 0.4, regex)])

    def rule(self, r):
        return self.fields([("programNames", 0.5, lambda r: many(r, program)), ("severity", 0.5, number),
                            ("messageContent", 0.5, self.content)])

    def reference(self, what):
        return lambda r: quoted(r, what if r.random() < 0.85 else r.choice(["", "other", "tls", "audit", "A b"]))

    def tls(self, r):
        return self.fields([("enabled", 0.9, boolean), ("secretReferenceName", 0.8, self.reference("tls")),
                            ("permittedPeer", 0.6, lambda r: many(r, peer)),
                            ("authMode", 0.6, lambda r: quoted(r, r.choice(["name", "fingerprint"] * 4 + ["", "Name", "x509/name", "n\u00e4me", "a'b"]))),
                            ("tlsLib", 0.5, lambda r: quoted(r, r.choice(["openssl", "gnutls"] * 4 + ["", "OpenSSL", "mbedtls", "gnutls "])))])

    def audit(self, r):
        return self.fields([("enabled", 0.9, boolean), ("configMapReferenceName", 0.7, self.reference("audit"))])

    def config(self, alone=True):
        return self.object("RsyslogRelpConfig", [
            ("target", 0.97, name), ("port", 0.95, number),
            ("loggingRules", 0.97, lambda r: Seq(self.rule(r) for _ in range(r.randint(0, 4)))),
            ("tls", 0.5, self.tls), ("rebindInterval", 0.3, number), ("timeout", 0.3, number),
            ("resumeRetryCount", 0.5, lambda r: number(r, ["-1", "0", "5"])),
            ("reportSuspensionContinuation", 0.3, boolean), ("auditConfig", 0.4, self.audit)], alone)

    def auditd(self, alone=True):
        return self.object("Auditd", [("auditRules", 0.97, lambda r: quoted(
            r, r.choice(["-w /etc -p wa -k x\n", "-D\n", "", " ", "# none", "nonsense", "-a exit,always -S all"])))], alone)

    def meta(self, what):
        pairs = [("name", "%s-%d" % (what, self.number)), ("namespace", "garden-foo")]
        return Map((quoted(self.r, k), quoted(self.r, v)) for k, v in pairs)

    def text_of_auditd(self, r):
        js = r.random() < 0.3
        text = r.choice(["", "", "", "", "# c\n", "---\n", "---\n---\n", "\n"]) + show(r, self.auditd(False), js)
        if r.random() < self.heat:
            text = r.choice(["", "\n", "a", "- a\n", "{", "{}", "null", "5", "\"\"", "a: b: c\n", text + "---\na: 1\n", text + "---\n{\n"])
        if r.random() < 0.5 and text.endswith("\n") and all(0x20 <= ord(c) < 0x7f or c == "\n" for c in text) and text[0] not in " \n":
            block = Block(text)
            block.json = json.dumps(text)
            return block
        return quoted(r, text)

    def flag(self, r):
        return boolean(r) if r.random() < self.heat * 3 else raw("true", "true")

    def configmap(self):
        r = self.r
        data = lambda r: self.entries([("auditd", self.text_of_auditd)], lambda r: quoted(r, "x"))  # noqa: E731
        return self.whole("ConfigMap", "audit", [("data", 0.97, data)])

    def entries(self, pairs, other):
        r, out = self.r, Map()
        for key, one in pairs:
            if r.random() >= self.heat:
                out.append((quoted(r, key), one(r)))
        if r.random() < self.heat:
            out.append((quoted(r, r.choice(["x", "ca.crt", "Auditd", "tls.key"])), other(r)))
        return out

    def secret(self):
        def base64(r):
            good = ["", "YQ==", "LS0tLS0=", "YWI=", "YW\\nI="[:0]]
            return quoted(r, r.choice(["YQ", "!", "YQ== ", "Y Q==", "YQ==\n", "Y\nQ==", "YR==", "a-_=", "YQ===", "-----BEGIN"])
                          if r.random() < self.heat else r.choice(good)) if r.random() >= self.heat / 4 else raw("null", "null")
        keys = [("ca", base64), ("crt", base64), ("key", base64)]
        strings = [(k, lambda r: quoted(r, "x")) for k, _ in keys]
        pairs = [("data", 0.97, lambda r: self.entries(keys, base64))]
        if self.r.random() < 0.1:
            pairs = [("stringData", 1, lambda r: self.entries(strings, lambda r: quoted(r, "x")))]
            if self.r.random() < 0.5:
                pairs.append(("data", 1, lambda r: self.entries(keys[:2], base64)))
        return self.whole("Secret", "tls", pairs)

    def whole(self, kind, what, pairs):
        r, q = self.r, lambda s: quoted(self.r, s)  # noqa: E731
        out = Map([(q("apiVersion"), q("v1")), (q("kind"), q(kind)), (q("metadata"), self.meta(what))])
        if r.random() > self.heat:
            out.append((q("immutable"), self.flag(r)))
        return Map(out + [(q(k), one(r)) for k, chance, one in pairs if r.random() < chance])

    def resource(self, key, kind):
        r, q = self.r, lambda s: quoted(self.r, s)  # noqa: E731
        if r.random() < self.heat:
            kind = r.choice(["Secret", "ConfigMap", "secret", ""])
        ref = Map([(q("apiVersion"), q("v1")), (q("kind"), q(kind)), (q("name"), q("%s-%d" % (key, self.number)))])
        return Map([(q("name"), q(key)), (q("resourceRef"), ref)])

    def shoot(self):
        r, q = self.r, lambda s: quoted(self.r, s)  # noqa: E731
        ours = Map([(q("type"), q("shoot-rsyslog-relp"))])
        if r.random() >= self.heat:
            ours.append((q("providerConfig"), self.config(False) if r.random() >= self.heat / 2 else anything(r)))
        if r.random() < 0.1:
            ours.append((q("disabled"), raw(r.choice(["true", "false", "null"]), r.choice(["true", "false", "null"]))))
        extensions = Seq([ours])
        if r.random() < 0.2:
            extensions.insert(0, Map([(q("type"), q("shoot-dns-service"))]))
        spec = Map([(q("extensions"), extensions)])
        resources = Seq(self.resource(k, v) for k, v in (("tls", "Secret"), ("audit", "ConfigMap"), ("tls", "Secret"))
                        if r.random() >= self.heat * 2 and (k, v) != ("x", "x"))
        resources = Seq(resources[:2])
        spec.append((q("resources"), resources))
        return Map([(q("apiVersion"), q("core.gardener.cloud/v1beta1")), (q("kind"), q("Shoot")),
                    (q("metadata"), self.meta("shoot")), (q("spec"), spec)])

    def file(self):
        """[(kind, text)], is it JSON?"""
        r, way = self.r, self.r.random()
        js = r.random() < 0.2
        if way < 0.45:
            kinds = [("RsyslogRelpConfig", self.config)]
        elif way < 0.5:
            kinds = [("Auditd", self.auditd)]
        elif way < 0.65:
            kinds = [("Shoot", self.shoot)]
        elif way < 0.75:
            kinds = [("Secret", self.secret)]
        elif way < 0.85:
            kinds = [("ConfigMap", self.configmap)]
        else:
            js = False
            kinds = [("Shoot", self.shoot), ("Secret", self.secret), ("ConfigMap", self.configmap)]
            r.shuffle(kinds)
        return [(k, show(r, anchored(r, one()) if not js and odd(r, 0.1) else one(), js)) for k, one in kinds], js


# --- comparing --------------------------------------------------------------------------------

CAUSES = [("couldn't get version", ("api-version", "kind", "type", "unknown-field", "duplicate-key", "yaml-")),
          ("Go value of type float64", ("type", "unknown-field", "duplicate-key", "kind", "api-version", "provider-config")),
          ("duplicate", ("duplicate-key", "yaml-merge")), ("already set in map", ("duplicate-key", "yaml-merge", "yaml-syntax")),
          ("unsupported value", ("type", "unknown-field", "api-version", "duplicate-key", "configmap-extra", "secret-extra", "kind")),
          ("unknown field", ("unknown-field", "api-version")), ("cannot unmarshal", ("type", "duplicate-key")),
          ("base64", ("secret-base64", "type")), ("no kind", ("api-version", "kind", "duplicate-key", "unknown-field"))]


def causes(message):
    for text, codes in CAUSES:
        if text in message:
            return text, codes
    return "syntax", ("yaml-",)


def same_words(ours, g):
    m = re.sub(r"; write \"[^\"]*\"\Z", "", ours["message"])
    if m == g["message"]:
        return True
    if g["kind"] == "Reference":
        head = g["message"].split(":")[0].split(", not ")[0]
        return head in m
    if g["kind"] == "Required" and "`" in g["message"]:
        shown = g["message"].split("`")[1]
        if all(" " <= c <= "~" for c in shown) and len(shown) <= 64:
            return m.startswith(g["message"])
        return m.split("`")[0] == g["message"].split("`")[0]
    v = g["value"]
    if len(v) <= 64 and all(" " <= c <= "~" and c not in "\\\"" for c in v):
        return False
    return m.endswith(": " + g["detail"])


def same_path(ours, g):
    return ours["path"] == g["path"] or (g["path"] == "*" and ours["code"] in ("secret-extra", "configmap-extra"))


def known(kind, name_of, what, text):
    """Why the two differ here, where that is meant to be; docs/CONFIGURATION.md has them."""
    if name_of == "said too: api-version" and re.search('Required value|version "[^"]*/":', what):
        return "an object without apiVersion is said to have none"
    if kind == "ConfigMap" and (name_of == "said too: kind" and re.search("no document|is empty", what) or
                                name_of == "not said: data.auditd.auditRules Invalid"):
        return "a text without a document is said to be one"
    if name_of.startswith("taken: ") and re.search("unsupported value|1E400", what) and kind == "Shoot" and (
            re.search(r"disabl.*true", text) or not re.search(r"type\W+(&\w+ )?.?shoot-rsyslog-relp", text)):
        return "an extension that is disabled, or none of ours, is not looked at"
    if name_of.startswith("taken: ") and re.search(r"\{\{(.|\n)*\}\}", text):
        return "a template is not looked at"
    if name_of.startswith("taken: ") and kind not in text or re.match("(said too|refused): kind", name_of) and "Required value" in what:
        return "what has another kind is not ours"
    if name_of in ("other cause: cannot unmarshal", "taken: cannot unmarshal") and "the API server" in what:
        return "of a Shoot only our extension and what it refers to is looked at"
    if name_of == "other cause: cannot unmarshal" and re.search(r"configMap.data of|secret.(stringD|d)ata of", what) and "-extra" in what:
        return "an entry that is too many is not looked into"
    if kind == "Shoot" and re.match("(said too|refused): ", name_of) and re.match(
            r"spec\.(resources\[\d+\]\.(name|resourceRef\.\w+)|extensions\[\d+\]\.type) ", what):
        return "Gardener's API server refuses it, before admission"
    if kind == "Auditd" and name_of.startswith("taken: ") and GROUP + "/" not in text:
        return "an Auditd of another group is not ours"
    if re.match("(said too|refused): yaml-syntax|not said: .* after yaml-syntax", name_of):
        return "what follows the first document must be YAML too"
    if name_of.startswith("taken: ") and "unsupported value" in what and kind in ("Secret", "ConfigMap"):
        return "metadata are not looked at"
    if kind == "ConfigMap" and name_of == "other cause: syntax" and re.search(r"---(\n|\\n|\\x0a)\s*\{", text):
        return "JSON behind --- is read as JSON"
    return None


def compare_document(ours, go):
    """Yields (class, what)."""
    refusing = [o for o in ours if o["gardener"] == "refuses"]
    broken = [g for g in go if g["kind"] == "Decode"]
    if go and not refusing:
        yield "taken: " + (causes(broken[0]["message"])[0] if broken else go[0]["path"]), go[0]["message"]
        return
    for g in broken:
        text, codes = causes(g["message"])
        if not any(o["kind"] in ("Decode", "Required", "Reference") and o["code"].startswith(codes) for o in refusing):
            yield "other cause: " + text, "%s / %s" % (g["message"], [o["code"] for o in refusing])
    if broken:
        return
    left = list(refusing)
    for g in go:
        fit = [o for o in left if same_path(o, g) and o["kind"] == g["kind"]]
        exact = [o for o in fit if same_words(o, g)]
        if exact:
            left.remove(exact[0])
        elif fit:
            left.remove(fit[0])
            yield "words: " + fit[0]["code"], "%s / %s" % (g["message"], fit[0]["message"])
        else:
            after = " after yaml-syntax" if any(o["code"] == "yaml-syntax" for o in refusing) else ""
            yield "not said: %s %s%s" % (re.sub(r"\d+", "N", g["path"]), g["kind"], after), g["message"]
    for o in left:
        yield ("refused: " if not go else "said too: ") + o["code"], "%s %s" % (o["path"], o["message"])


class Runner:
    def __init__(self, options):
        self.o = options
        self.counts = collections.Counter()
        self.classes = collections.defaultdict(list)
        self.known = collections.Counter()

    def go(self, files):
        text = "".join("%%% file\n" + "".join("%%%%%% document %s\n%s" % d for d in docs) for docs, _ in files)
        done = subprocess.run([self.o.admission], input=text.encode("utf-8", "surrogatepass"), stdout=subprocess.PIPE, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ours(self, files, first):
        paths = []  # given by name: in a folder, what is no YAML and does not look like ours is passed over
        with tempfile.TemporaryDirectory() as folder:
            for i, (docs, js) in enumerate(files):
                path = os.path.join(folder, "%07d.%s" % (first + i, "json" if js else "yaml"))
                paths.append(path)
                with open(path, "wb") as f:
                    f.write("---\n".join(t for _, t in docs).encode("utf-8", "surrogatepass"))
            done = subprocess.run([self.o.relpbox, "validate", "-o", "json", "--now", "2026-01-01T00:00:00Z", *paths],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if done.returncode not in (0, 1):
                sys.exit("relpbox ended with %d: %s" % (done.returncode, done.stderr.decode()))
            return json.loads(done.stdout)

    def batch(self, first, count):
        files = [Maker(random.Random("%d/%d" % (self.o.seed, i)), i).file() for i in range(first, first + count)]
        go, found = self.go(files), collections.defaultdict(list)
        for o in self.ours(files, first):
            found[int(os.path.basename(o["file"])[:7])].append(o)
        for i, (docs, js) in enumerate(files):
            self.file(first + i, docs, js, go[i], found[first + i])

    def file(self, number, docs, js, go, ours):
        line = 1
        undecoded = any(g["kind"] == "Decode" and docs[g["document"]][0] == "Shoot" for g in go)
        self.counts["files"] += 1
        self.counts["refused"] += bool(go)
        for i, (kind, text) in enumerate(docs):
            lines = len(re.findall("\r\n|\r|\n", text)) + 1
            mine = [o for o in ours if line <= o["line"] < line + lines]
            its = [g for g in go if g["document"] == i]
            line += lines
            self.counts["documents"] += 1
            self.counts["JSON"] += js
            self.counts["decoding failed"] += any(g["kind"] == "Decode" for g in its)
            self.counts["errors"] += len(its)
            if not its and kind in ("Secret", "ConfigMap") and undecoded:
                continue  # admission did not come to look at it
            if kind in ("Secret", "ConfigMap") and not any(g["used"] for g in its) and not mine and its:
                self.known["an object that no Shoot refers to, and that does not look like ours"] += 1
                continue
            for name_of, what in compare_document(mine, its):
                why = known(kind, name_of, what, text)
                self.known[why] += 1
                if not why:
                    self.classes[kind + " " + name_of].append((number, what, text))

    def report(self):
        print(", ".join("%s: %d" % c for c in self.counts.items()))
        for why, n in sorted((k, n) for k, n in self.known.items() if k):
            print("%6d meant to be: %s" % (n, why))
        for name_of, all_of in sorted(self.classes.items(), key=lambda c: -len(c[1])):
            print("%6d %s" % (len(all_of), name_of))
            for number, what, text in all_of[:self.o.show]:
                print("        file %d: %s" % (number, ascii(what)[:400]))
            if self.o.directory:
                for number, what, text in all_of[:5]:
                    safe = re.sub(r"[^A-Za-z0-9]+", "-", name_of)
                    with open(os.path.join(self.o.directory, "%s.%d" % (safe, number)), "wb") as f:
                        f.write(text.encode("utf-8", "surrogatepass"))
        return 1 if self.classes else 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("admission", help="the program made of tests/tools/admission.go")
    p.add_argument("-n", type=int, default=30000, help="files")
    p.add_argument("-s", "--seed", type=int, default=1)
    p.add_argument("-d", "--directory", help="where to keep documents that differ")
    p.add_argument("--show", type=int, default=2, help="of each class")
    p.add_argument("--relpbox", default=os.path.join(TOP, "build", "relpbox"))
    o = p.parse_args()
    with open(os.path.join(TOP, "testdata", "regex", "patterns.txt"), encoding="utf-8", errors="replace") as f:
        REGEXES.extend(line.rstrip("\n") for line in f if not line.startswith("# "))
    runner = Runner(o)
    for first in range(0, o.n, 500):
        runner.batch(first, min(500, o.n - first))
    return runner.report()


if __name__ == "__main__":
    sys.exit(main())
