# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema for editors against the decoder: it never refuses what the decoder takes, and
refuses what the decoder says of types, missing and unknown fields, choices and bounds.

Both verdicts come from build/tools/conf (CONF=path names another one), which runs the decoder for
whom relpbox on the node is, and shows the values as the decoder reads them.
SCHEMA_MUTATIONS sets how many documents are made from good ones, SCHEMA_SEED their seed.
"""

import copy
import glob
import json
import os
import random
import struct
import subprocess
import unittest

import jsonschema

from relptest.proc import TOP

CONF = os.environ.get("CONF", os.path.join(TOP, "build", "tools", "conf"))
SEED = int(os.environ.get("SCHEMA_SEED", "20261130"))
MUTATIONS = int(os.environ.get("SCHEMA_MUTATIONS", "2000"))
KINDS = ("RsyslogRelpConfig", "Forward", "Auditd")

# What the schema refuses too.
EXPRESSED = {"api-version", "kind", "kind-absent", "unknown-field", "type", "required", "port-absent",
             "unsupported", "range", "port", "port-negative", "too-many", "invalid", "program-name", "path",
             "audit-rules-empty"}
# What a schema does not say. Of these it refuses some, and may.
LEFT = {
    "target-node",  # an address and a name have the same letters
    "regex-syntax", "regex-relpbox", "regex-rsyslog",
    "peer-node", "peers-nobody", "tls-fingerprint-required",  # authMode says what a peer must be
    "tls-files",  # two fields contradict each other
    "input",  # unix beside stdin: two fields again
    "duplicate",  # items that are alike in one field
    "too-long",  # bytes, where a schema counts characters
    # the text, before there are values
    "documents", "duplicate-key", "too-deep", "too-large", "yaml-alias", "yaml-binary",
    "yaml-control", "yaml-key", "yaml-merge", "yaml-syntax", "yaml-tag", "yaml-utf8",
}

WORDS = ["", "x", "4", "64KiB", "1 MiB", "1Mi", "10m", "1.5s", "9999h", "900K", "/abs", "relative", "on",
         "logs.example.com", "logs.example.com:514", "relp://a", "::1", "[::1]", "fe80::1%eth0", "10.0.0.1",
         "256.1.1.1", "a b", "kubelet", "ku/be", "a[1]", "name", "Name", "fingerprint", "gnutls", "cut",
         "SHA1:" + "ab" * 20, "*.example.com", "(", "a$", "\u00e4", "a" * 64, "/" + "a" * 107]
VALUES = WORDS + [None, True, False, 0, 1, -1, -2, 4.0, 4.5, 7, 8, 100, 101, 480, 65535, 65536, 1 << 20, 1 << 31,
                  1 << 40, (1 << 40) + 1, (1 << 63) - 1, 1 << 63, 1e30, [], {}, [None], ["x"], ["kubelet", ""],
                  [1], [{}], [{"severity": 7}], {"x": 1}, {"enabled": True}, {"regex": "a"}, {"severity": 1},
                  {"directory": "/d"}, {"cert": "/c"}, {"cert": "/c", "key": "/k"}, {"name": "a", "stdin": True}]


def judge(texts):
    """What the decoder says of each: (errors as pairs of code and message, documents)."""
    data = b"".join(struct.pack(">I", len(t)) + t for t in texts)
    p = subprocess.run([CONF], input=data, stdout=subprocess.PIPE, timeout=60, check=True)
    answers = [json.loads(line) for line in p.stdout.splitlines()]
    assert len(answers) == len(texts)
    return [([tuple(e) for e in a["errors"]], a["documents"]) for a in answers]


def schema_of(*kind):
    p = subprocess.run([CONF, "schema", *kind], stdout=subprocess.PIPE, timeout=60, check=True)
    return json.loads(p.stdout)


def validator(*kind):
    schema = schema_of(*kind)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def is_expressed(code, message):
    """Not so: a size or time as a text that is out of bounds, and a NUL."""
    if code == "range" and message.startswith('Invalid value: "'):
        return False
    return code in EXPRESSED and "must not contain NUL" not in message


def fields(schema, path=""):
    """All properties of a schema, nested ones too: pairs of path and what is said of it."""
    for name, field in schema.get("properties", {}).items():
        yield path + name, field
        yield from fields(field, path + name + ".")
        yield from fields(field.get("items", {}), path + name + "[].")


def places(value):
    """Each map and list in value, value too."""
    if isinstance(value, (dict, list)):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from places(inner)


class Mutator:
    def __init__(self, seed, good, names):
        self.random = random.Random(seed)
        self.good = good
        self.weights = [len(json.dumps(g)) for g in good]  # where there is much, much can go wrong
        self.names = names

    def typo(self, text):
        at = self.random.randrange(len(text) + 1)
        return self.random.choice([text[:at] + text[at + 1:], text[:at] + "x" + text[at:],
                                   text.swapcase(), text + " "])

    def another(self, value):
        """Something near value, of its type, or anything."""
        r = self.random
        near = []
        alike = [v for v in VALUES if type(v) is type(value)]
        if isinstance(value, str):
            near = [self.typo(value), [value]]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            near = [value + 1, -value, float(value), str(value), value * 1000, value + 0.5]
        elif isinstance(value, list):
            near = [value * 2, value * 300, value[:1], value + [None]]
        how = r.random()
        if near and how < 0.3:
            return r.choice(near)
        if alike and how < 0.8:
            return copy.deepcopy(r.choice(alike))
        return copy.deepcopy(r.choice(VALUES))

    def mutate(self, document):
        r = self.random
        all_places = list(places(document))
        place = r.choice(all_places[r.random() < 0.7 and len(all_places) > 1:])  # seldom the top
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = r.choice(keys) if keys else None
        how = r.randrange(9)
        if how == 0 and isinstance(place, dict):
            place[r.choice(self.names)] = copy.deepcopy(r.choice(VALUES))
        elif how == 1 and key is not None:
            del place[key]
        elif how == 2 and isinstance(key, str):
            place[self.typo(key)] = place.pop(key)
        elif key is not None:
            place[key] = self.another(place[key])

    def document(self):
        document = copy.deepcopy(self.random.choices(self.good, self.weights)[0])
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            self.mutate(document)
        return document


@unittest.skipUnless(os.access(CONF, os.X_OK), "no %s: run make build/tools/conf" % CONF)
class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = validator()
        cls.single = {k: validator(k) for k in KINDS}
        cls.files = sorted(glob.glob(os.path.join(TOP, "testdata", "conf", "*.yaml")) +
                           glob.glob(os.path.join(TOP, "deploy", "*.yaml")))
        texts = []
        for name in cls.files:
            with open(name, "rb") as f:
                texts.append(f.read())
        cls.answers = judge(texts)

    def compare(self, what, errors, value):
        """Returns whether the decoder takes value."""
        refused = jsonschema.exceptions.best_match(self.all.iter_errors(value))
        codes = {c for c, _ in errors}
        self.assertFalse(codes - EXPRESSED - LEFT, "%s: which of both is it?" % what)
        if not errors:
            self.assertIsNone(refused, "%s: the decoder takes it: %r" % (what, value))
        elif any(is_expressed(*e) for e in errors):
            self.assertIsNotNone(refused, "%s: the decoder says %s: %r" % (what, errors, value))
        kind = value.get("kind") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in KINDS:
            self.assertEqual(self.single[kind].is_valid(value), refused is None, what)
        return not errors

    def test_each_kind_has_one_of_its_own(self):
        for kind in KINDS:
            self.assertEqual(schema_of(kind)["title"], kind)
            self.assertEqual(schema_of()["definitions"][kind]["properties"].keys(),
                             schema_of(kind)["properties"].keys())
        p = subprocess.run([CONF, "schema", "Shoot"], stdout=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual((p.returncode, p.stdout), (1, b""))

    def test_every_field_says_what_it_means(self):
        for kind in KINDS:
            for path, field in fields(schema_of(kind)):
                if path.split(".")[-1] not in ("apiVersion", "kind"):
                    self.assertRegex(field.get("description", ""), r"^[A-Z].*\.$", path)

    def test_files(self):
        taken = 0
        for name, (errors, documents) in zip(self.files, self.answers):
            if documents is None:
                self.assertTrue(errors and {c for c, _ in errors} <= LEFT, (name, errors))
                continue
            said = [d for d in documents if d is not None]
            taken += self.compare(name, errors, said[0] if said else None)
        self.assertGreater(taken, 40)

    def test_auditd(self):
        """For it there are no files, as forward takes none."""
        head = {"apiVersion": "rsyslog-relp.extensions.gardener.cloud/v1alpha1", "kind": "Auditd"}
        for more, takes in (({"auditRules": "-D\n"}, True), ({"auditRules": " "}, True),
                            ({"auditRules": "-D\n" * 10000}, True), ({"auditRules": ""}, False),
                            ({"auditRules": None}, False), ({}, False), ({"auditRules": ["-D"]}, False),
                            ({"auditRules": "-D\n", "rules": "-D\n"}, False),
                            ({"auditRules": "-D\n", "apiVersion": "v1alpha1"}, False)):
            document = dict(head, **more)
            [(errors, _)] = judge([json.dumps(document).encode()])
            self.assertEqual(self.compare(str(more)[:60], errors, document), takes, more)

    def test_mutations(self):
        good = [d[0] for e, d in self.answers if not e and d and isinstance(d[0], dict)]
        names = sorted({p.split(".")[-1] for k in KINDS for p, _ in fields(schema_of(k))})
        mutator = Mutator(SEED, [g for g in good if len(json.dumps(g)) < 4096], names)
        texts = [json.dumps(mutator.document(), ensure_ascii=False).encode() for _ in range(MUTATIONS)]
        taken = 0
        for text, (errors, documents) in zip(texts, judge(texts)):
            if documents is not None:
                taken += self.compare(text.decode(), errors, documents[0])
        # both verdicts are there, or nothing was compared
        self.assertGreater(taken, MUTATIONS // 10)
        self.assertLess(taken, MUTATIONS * 7 // 10)


if __name__ == "__main__":
    unittest.main()
