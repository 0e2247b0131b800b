# SPDX-License-Identifier: Apache-2.0
"""`relpbox validate` and a real rsyslogd: what one says of a RsyslogRelpConfig, the other must too.

Configurations are made by chance (RELPTEST_SEED), rendered as Gardener does, and checked by
`rsyslogd -N1`, which knows three things that validate must say:
  syntax    the file is read no further
  regex     a regular expression is not compiled: its rule takes nothing, or leaves nothing out
  severity  a number that is no severity (of 32 bits)
It says nothing of the rest: see BLIND.
"""

import concurrent.futures
import json
import os
import random
import socket
import subprocess
import tempfile
import unittest

from relptest import case, proc, quoted, rendered, rsyslog, tls_rsyslog
from relptest.pki import Pki

API = "rsyslog-relp.extensions.gardener.cloud/v1alpha1"
COUNT = 300
CHUNK = 100  # configurations that one `relpbox validate` judges
JOBS = 2
PROGRAM = "8.2302"

# Errors of validate that concern rsyslog, and which -N1 does not see: they show when it runs, and
# were seen there.
BLIND = {
    "port": "any number is taken: 0 never connects, what is above 65535 loses its upper bits",
    "port-absent": "port 0",
    "timeout": "any number is taken; below 1 no session is opened",
    "rule-long": "a torn text is another text, and a torn line may be one by chance",
    "target-node": "it is looked up when the first message comes",
    "tls-auth-absent": "the receiver is refused when it is there",
    "tls-name-required": "the same",
    "tls-fingerprint": "the same",
    "tls-fingerprint-required": "the same",
    "peers-nobody": "the same",
    "secret-reference": "files are opened when the first message comes",
}

available = rsyslog.available()


def has_validate():
    try:
        return subprocess.run([case.RELPBOX, "validate", "--help"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def is_version():
    said = subprocess.run([available, "-v"], stdout=subprocess.PIPE, check=False).stdout
    return PROGRAM.encode() in said.split(b"\n")[0]


# --- configurations by chance -----------------------------------------------------------------

PIECES = ["a", "b", "foo", " ", "^", "(", ")", "(a|b)", "[a-z]", "[[:digit:]]", "[b-a]", "[", "]",
          "{2}", "{1,3}", "{", "{3,2}", "{,4}", "*", "+", "?", "|", ".", "\\.", "\\d", "\\w", "\\<",
          "\\'", "\\", "\\(", "\\)", "-", "/", ":", "\"", "'", "`", "%", "#", "//", "/*", "then",
          "é", "漢", "😀"]
REFUSED = ["$", "a$", "\a", "\v", "\f", "\xa0", "\u200b", "\ufeff", "\x85", "\ue000"]
ODD = ["\t", "\n", "\r", "\b", "\x01", "\x1b", "\x7f"]
NAME_PIECES = ["a", "kubelet", "audisp-syslog", "-", ".", "(x)", "\"", "\\", "\\n", "'", "{", "}", "#",
               ",", "]", "%", "=", "~", "*"]
SEVERITIES = [0, 3, 6, 7, 7, 7, 8, -1, 100, 2 ** 31, 2 ** 32 + 4, 2 ** 40, -2 ** 31, -2 ** 63,
              2 ** 63 - 1]
NUMBERS = [0, 1, 30, 90, -1, -2, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 2 ** 40, -2 ** 63]


def text(random, pieces):
    out = "".join(random.choice(pieces) for _ in range(random.randrange(1, 6)))
    if random.random() < 0.1:
        at = random.randrange(len(out) + 1)
        out = out[:at] + random.choice(REFUSED + ODD) + out[at:]
    return out


def name(random):
    out = "".join(random.choice(NAME_PIECES) for _ in range(random.randrange(1, 4)))
    return out + "$" if random.random() < 0.04 else out


def rule(random):
    out = {}
    if random.random() < 0.5:
        out["programNames"] = [name(random) for _ in range(random.choice((1, 1, 2, 5, 40)))]
    if random.random() < 0.5:
        out["severity"] = random.choice(SEVERITIES) if random.random() < 0.3 else random.randrange(8)
    content = {}
    if random.random() < 0.6:
        content["regex"] = text(random, PIECES)
    if random.random() < 0.3:
        content["exclude"] = text(random, PIECES)
    if content or not out:
        out["messageContent"] = content or {"regex": text(random, PIECES)}
    return out


def configuration(random):
    """One that has no "{{": validate takes that for a template."""
    while True:
        out = any_configuration(random)
        if "{{" not in json.dumps(out):
            return out


def any_configuration(random):
    out = {"target": random.choice(["logs.example.test", "127.0.0.1", "::1", "a.b.c"]),
           "port": random.choice([514, 2514, 1, 65535, 0, 65536, 70000, 2 ** 32 + 514])}
    for field in ("rebindInterval", "timeout", "resumeRetryCount"):
        if random.random() < 0.2:
            out[field] = random.choice(NUMBERS)
    if random.random() < 0.2:
        out["reportSuspensionContinuation"] = random.random() < 0.5
    if random.random() < 0.2:
        out["tls"] = {"enabled": random.random() < 0.8, "secretReferenceName": "tls"}
        for field, values in (("authMode", ("name", "fingerprint")), ("tlsLib", ("openssl", "gnutls")),
                              ("permittedPeer", (["a.test"], ["*.a.test", "b.test"],
                                                 ["SHA1:" + "0123456789" * 4]))):
            if random.random() < 0.6:
                out["tls"][field] = random.choice(values)
    # few rules: behind a syntax error rsyslogd reads nothing
    out["loggingRules"] = [rule(random) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    return out


# --- what the two say -------------------------------------------------------------------------

SAID = {"syntax error": "syntax", "could not interpret": "syntax", "invalid character": "syntax",
        "must be escaped": "syntax", "cannot compile regex": "regex",
        "invalid syslogseverity": "severity"}


class Checked:
    """A configuration, what rsyslogd says (a set of the words of SAID) and what validate does."""

    def __init__(self, number, config):
        self.number, self.config = number, config
        self.found = []
        self.said = self.output = None

    def ask(self, folder):
        """rsyslogd -N1"""
        path = os.path.join(folder, "%d.conf" % self.number)
        # of the certificates it wants to see that they are there, no more
        places = rendered.Places(socket=os.path.join(folder, "s"), tls=folder, statistics=False)
        with open(path, "w", encoding="utf-8") as f:
            # as in the host's own file, which includes this one
            f.write('module(load="imuxsock" SysSock.Use="off")\n' + rendered.conf(self.config, places))
        code, self.output = quoted.check(path, folder, self.number)
        self.said = {word for words, word in SAID.items() if words in self.output}
        assert (code != 0) == bool(self.said), self.output

    def errors(self):
        """Of validate, those that concern rsyslog: {code}."""
        return {f["code"] for f in self.found
                if f["severity"] == "error" and "rsyslog" in f["concerns"]}

    def wrong_rules(self):
        """Errors of logging rules, for admission or for rsyslog: {code}."""
        return {f["code"] for f in self.found
                if f["severity"] == "error" and "loggingRules" in f["path"] and
                {"gardener", "rsyslog"} & set(f["concerns"])}

    def talk(self):
        return "\n".join("validate: %(severity)s %(path)s: %(message)s [%(code)s]" % f
                         for f in self.found)

    def __str__(self):
        return "%s\n%s\n%s" % (json.dumps(self.config), self.output.strip(), self.talk())


def validate(folder, configs):
    """Gives each of them what `relpbox validate` found."""
    by_file = {}
    for c in configs:
        path = os.path.join(folder, "%d.json" % c.number)
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"apiVersion": API, "kind": "RsyslogRelpConfig", **c.config}, f)
        by_file[path] = c
    done = subprocess.run([case.RELPBOX, "validate", "-o", "json", *by_file],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done.stderr.decode(errors="backslashreplace")
    for f in json.loads(done.stdout or b"[]"):
        by_file[f["file"]].found.append(f)


@unittest.skipUnless(available, "no rsyslogd with imrelp and omrelp")
@unittest.skipUnless(has_validate(), "relpbox has no validate")
class Agreement(case.Case):
    def setUp(self):
        """The same configurations in every run, so that a change is judged by what it changes;
        RELPTEST_SEED makes others."""
        super().setUp()
        if "RELPTEST_SEED" not in os.environ:
            self.seed = 1
            self.random = random.Random(self.seed)

    def judged(self, configs):
        folder = tempfile.mkdtemp(dir=self.dir)
        for file in ("ca.crt", "tls.crt", "tls.key"):
            with open(os.path.join(folder, file), "wb"):
                pass
        all_ = [Checked(n, c) for n, c in enumerate(configs)]
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(lambda c: c.ask(folder), all_))
        for at in range(0, len(all_), CHUNK):
            validate(folder, all_[at:at + CHUNK])
        return all_

    def compare(self, c):
        """None, or what they do not agree on."""
        # what admission refuses never comes to a node, and validate need not say more of it
        if c.said & {"syntax", "regex"} and not c.wrong_rules():
            return "rsyslogd has an error, and validate none for it"
        if "severity" in c.said and not any(f["path"].endswith("severity") for f in c.found):
            return "rsyslogd does not know a severity, and validate says nothing of one"
        seen = c.errors() - set(BLIND)
        if seen and not c.said:
            return "validate has an error that rsyslogd does not see: %s" % ", ".join(sorted(seen))
        return None

    def agree(self, configs):
        judged = self.judged(configs)
        wrong = [(what, c) for c in judged for what in [self.compare(c)] if what]
        if wrong:
            self.fail("%d of %d, seed %d; the first:\n%s" % (
                len(wrong), len(judged), self.seed,
                "\n\n".join("%s\n%s" % pair for pair in wrong[:5])))
        return judged

    def test_by_chance(self):
        judged = self.agree([configuration(self.random) for _ in range(COUNT)])
        # the choices above must not all be good, nor all bad
        self.assertGreater(sum(not c.said for c in judged), COUNT / 20)
        for word in ("syntax", "regex", "severity"):
            self.assertGreater(sum(word in c.said for c in judged), COUNT / 100, word)

    def test_every_byte(self):
        """Each in a program name that admission does not look at first, and in a regex."""
        configs = []
        for n in range(1, 0x180):
            for r in ({"messageContent": {"regex": "a%cb" % n}}, {"programNames": ["a%cb" % n]}):
                # admission lets printable ASCII alone through, in a program name
                if "programNames" not in r or 0x21 <= n <= 0x7E and chr(n) not in "[:/":
                    configs.append({"target": "a.test", "port": 514, "loggingRules": [r]})
        self.agree(configs)

    def test_regexes(self):
        """What glibc refuses and admission takes, and what both take."""
        texts = ["*foo", "+a", "?a", "^*", "(*a)", "{", "foo\\", "\\", "a{2", "a{", "a{x", "a{2,", "[b-a]",
                 "a{2,1}", "[[:foo:]]", "\\1", "(a)\\2", "(", "[a", "[]", "[^]", "a{32768}", "a)", "a]",
                 "}", "a**", "a||b", "(|a)", "()", "a{,2}", "a{1}{2}", "\\<a\\>", "\\w", "[[.x.]]", "[[=a=]]",
                 "\\d", "", "é", "a{255}", "foo\\'", "\\`foo", "[(]x[)]", "[[]x[]]", "[#-%]5", "a[.]b"]
        self.agree([{"target": "a.test", "port": 514, "loggingRules": [{"messageContent": {field: t}}]}
                    for t in texts for field in ("regex", "exclude")])

    def test_every_severity(self):
        self.agree([{"target": "a.test", "port": 514, "loggingRules": [{"severity": n}]}
                    for n in list(range(-3, 12)) + SEVERITIES])

    def test_long_rules(self):
        """A cut that wanders over a line: whatever tears a word or a text is an error."""
        configs = []
        for pad, count in [(p, 1300) for p in range(1, 10)] + [(p, 1270) for p in range(1, 70, 2)]:
            names = ["x" * pad] + ["p%04d" % n for n in range(count)]
            configs.append({"target": "a.test", "port": 514,
                            "loggingRules": [{"programNames": names, "severity": 7}]})
        for c in self.agree(configs):
            line = rendered.rule_lines(c.config["loggingRules"][0]).encode().split(b"\n")[0]
            if torn(line):
                self.assertIn("rule-long", c.errors(), len(line))
            if len(line) <= quoted.PIECE:
                self.assertNotIn("rule-long", c.errors(), len(line))


def torn(line):
    """Whether a piece ends in a word or in a quoted text of the line."""
    return any(m.start() // quoted.PIECE != (m.end() - 1) // quoted.PIECE
               for m in quoted.TOKEN.finditer(line))


@unittest.skipUnless(available, "no rsyslogd with imrelp and omrelp")
@unittest.skipUnless(has_validate(), "relpbox has no validate")
class TlsModes(case.Case):
    """Every authMode, tlsLib and kind of permittedPeer that admission takes: an omrelp delivers to a
    receiver whose certificate is right, or validate has an error."""

    def peers(self, server):
        sha1 = "SHA1:" + server.sha1.removeprefix("SHA1:").replace(":", "")
        return {"none": None, "exact": ["log.example.test"], "wildcard": ["*.example.test"],
                "many": ["a.test", "b.test", "log.example.test"], "address": ["127.0.0.1"],
                "fingerprint": [sha1], "both": [sha1, "log.example.test"]}

    def configs(self, server):
        out = {}
        for lib in (None, "gnutls", "openssl"):
            for auth in (None, "name", "fingerprint"):
                for name, peers in self.peers(server).items():
                    tls = {"enabled": True, "secretReferenceName": "tls", "authMode": auth,
                           "tlsLib": lib, "permittedPeer": peers}
                    out["%s-%s-%s" % (lib, auth, name)] = {k: v for k, v in tls.items() if v}
        return out

    def test_all(self):
        pki = Pki(self.path("pki"))
        server = pki.server("right", cn="log.example.test", san=["log.example.test", "IP:127.0.0.1"])
        configs = self.configs(server)
        delivers = self.run_all(pki, server, configs)
        checked = {}
        for number, (name, tls) in enumerate(configs.items()):
            checked[name] = Checked(number, {"target": "127.0.0.1", "port": 514, "tls": tls,
                                             "loggingRules": [{"severity": 7}]})
        validate(self.dir, checked.values())
        for name, c in checked.items():
            with self.subTest(name):
                self.assertEqual(not c.errors(), delivers[name], c.talk())
        self.assertIn(True, delivers.values())

    def keep(self, process):
        """It ends with the test, at once: rsyslogd would take its time."""
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        return process

    def run_all(self, pki, server, configs):
        """{name: whether the message came}"""
        identity = tls_rsyslog.tls("gnutls", ca=server.ca, cert=server.cert, key=server.key,
                                   auth="certvalid")
        places = rendered.Places(tls=pki.tls_dir("tls", pki.client("node")))
        out = {}
        receiver = self.keep(tls_rsyslog.ImrelpTls(
            self.dir, self.path("in"), "gnutls", {name: identity for name in configs}))
        for lib in (None, "gnutls", "openssl"):
            mine = {n: (receiver.ports[n], " ".join(rendered.tls_parameters(t, places)))
                    for n, t in configs.items() if t.get("tlsLib") == lib}
            sender = self.keep(tls_rsyslog.OmrelpTls(self.dir, lib, mine, name="out-%s" % lib))
            out.update(self.outcome(sender, receiver, mine))
            sender.kill()
        return out

    def outcome(self, sender, receiver, actions):
        """Each delivers, or says that it does not like the certificate."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(sender.socket)
            s.send(b"<13>Nov 21 20:51:31 test: hello")

        def all_known():
            came, said = receiver.arrived(), sender.stderr
            known = {n: n in came for n, (port, _) in actions.items()
                     if n in came or "omrelp[127.0.0.1:%d]: authentication error" % port in said}
            return known if len(known) == len(actions) else None

        return proc.wait_until(all_known, "each action delivers or refuses")


@unittest.skipUnless(available, "no rsyslogd with imrelp and omrelp")
@unittest.skipUnless(available and is_version(), "not rsyslogd " + PROGRAM)
class Tables(case.Case):
    """testdata/gardener/ is what the rsyslogd here does."""

    def rows(self, file):
        with open(os.path.join(case.ROOT, "testdata", "gardener", file), encoding="ascii") as f:
            return [tuple(line.rstrip("\n").split("\t")) for line in f]

    def test_texts(self):
        now = [(quoted.percent(t), v, quoted.percent(b)) for t, v, b in quoted.table(self.dir)]
        self.assertEqual(now, self.rows("rsyslog-text.tsv"))

    def test_lines(self):
        now = quoted.lines(self.dir)
        self.assertEqual([tuple(map(str, r)) for r in now], self.rows("rsyslog-lines.tsv"))
        for pad, count, verdict in now:
            self.assertEqual(torn(quoted.line(pad, count)[0]), verdict != "whole", (pad, count))


if __name__ == "__main__":
    unittest.main()
