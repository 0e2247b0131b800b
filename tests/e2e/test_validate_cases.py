#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`relpbox validate` against testdata/validate/: what it says of each input, by position.

NAME.yaml or NAME.json has NAME.expected beside it; a folder has its files and `expected`. Options
stand in a first line `# options: ...` of a YAML file, or in the folder's file `options`. A line of
what is expected is a finding, in any order where the position is the same:

    [FILE:]LINE:COL SEVERITY GARDENER KIND PATH CODE[ | MESSAGE]

FILE stands only in folders; `*` for LINE or COL takes any, `-` is the empty PATH. A message is
compared where there is one; one that ends in ` ...` is how it begins. Lines with # are comments.
RELPTEST_UPDATE=1 writes the messages to lines that have none, and nothing else. Then read them.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from relptest import proc  # noqa: E402

FOLDER = os.path.join(proc.TOP, "testdata", "validate")
UPDATE = os.environ.get("RELPTEST_UPDATE") == "1"
NOTHING = "relpbox validate: there was no document in what was given\n"
LIMIT = 120  # seconds for one run: nothing here is large
LINE = re.compile(r"(?:(?P<file>[^:]+):)?(?P<line>\d+|\*):(?P<col>\d+|\*) "
                  r"(?P<severity>error|warning) (?P<gardener>refuses|accepts) (?P<kind>[A-Za-z]+) "
                  r"(?P<path>.+) (?P<code>[a-z0-9-]+)\Z")
COLUMNS = ("severity", "gardener", "kind", "path", "code")


class Wanted:
    """A line of the file `expected`."""

    def __init__(self, number, text):
        self.number, self.text = number, text
        head, bar, message = text.partition(" | ")
        m = LINE.match(head)
        if not m:
            raise ValueError("line %d is not a finding: %s" % (number, text))
        self.file = m["file"] or ""
        self.line, self.col = m["line"], m["col"]
        self.columns = tuple(m[c] for c in COLUMNS)
        self.message = message if bar else None

    def fits_columns(self, seen):
        return (self.file == seen.file and self.columns == seen.columns and
                self.line in ("*", str(seen.line)) and self.col in ("*", str(seen.col)))

    def fits(self, seen):
        if not self.fits_columns(seen):
            return False
        if self.message is None:
            return True
        if self.message.endswith(" ..."):
            return seen.message.startswith(self.message[:-4])
        return self.message == seen.message


class Seen:
    """A finding, as the program wrote it."""

    def __init__(self, o, folder):
        self.file = os.path.relpath(o["file"], folder) if folder else ""
        self.line, self.col, self.message = o["line"], o["column"], o["message"]
        self.columns = tuple(o[c] or "-" for c in COLUMNS)

    def __str__(self):
        return "%s%d:%d %s | %s" % (self.file + ":" if self.file else "", self.line, self.col,
                                    " ".join(self.columns), self.message)


class Input:
    def __init__(self, name):
        self.name = name
        path = os.path.join(FOLDER, name)
        self.folder = path if os.path.isdir(path) else None
        self.path = path
        self.expected = os.path.join(path, "expected") if self.folder else (
            os.path.splitext(path)[0] + ".expected")

    def options(self):
        where = os.path.join(self.path, "options") if self.folder else self.path
        if not os.path.exists(where):
            return []
        with open(where, encoding="utf-8", errors="replace") as f:
            first = f.readline().strip()
        if not self.folder:
            begin = "# options:"
            first = first[len(begin):] if first.startswith(begin) else ""
        return shlex.split(first)

    def wanted(self):
        with open(self.expected, encoding="utf-8") as f:
            lines = f.read().splitlines()
        return [Wanted(i, l) for i, l in enumerate(lines, 1) if l.strip() and l[0] != "#"]

    def run(self):
        """The findings and the exit code."""
        argv = [proc.relpbox(), "validate", "-o", "json", *self.options(), self.path]
        r = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=LIMIT)
        out, err = r.stdout.decode("utf-8"), r.stderr.decode("utf-8", "backslashreplace")
        if r.returncode not in (0, 1) or err not in ("", NOTHING):
            raise AssertionError("%s: exit code %d: %s%s" % (shlex.join(argv), r.returncode,
                                                             err, out))
        return [Seen(o, self.folder) for o in json.loads(out)], r.returncode


def pair(wanted, seen):
    """Which fits which: those with a message choose first. -> pairs, wanted left, seen left"""
    pairs, missing, left = [], [], list(seen)
    for w in sorted(wanted, key=lambda w: (w.message is None, w.number)):
        s = next((s for s in left if w.fits(s)), None)
        if s:
            left.remove(s)
            pairs.append((w, s))
        else:
            missing.append(w)
    return pairs, sorted(missing, key=lambda w: w.number), left


def add_messages(path, pairs):
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    new = [s for w, s in pairs if w.message is None]
    for w, s in pairs:
        if w.message is None:
            lines[w.number - 1] += " | " + s.message
    if new:
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")


def difference(case, missing, left):
    text = ["%s:" % os.path.relpath(case.path, proc.TOP)]
    text += ["  not said:  " + w.text for w in missing]
    text += ["  said:      " + str(s) for s in left]
    return "\n".join(text)


def judge(case):
    """None, or what is wrong."""
    try:
        wanted = case.wanted()
        seen, code = case.run()
    except (OSError, ValueError, KeyError, AssertionError, subprocess.TimeoutExpired) as e:
        return "%s: %s" % (case.name, e)
    pairs, missing, left = pair(wanted, seen)
    if UPDATE:
        add_messages(case.expected, pairs)
    if missing or left:
        return difference(case, missing, left)
    places = [(s.file, s.line, s.col) for s in seen]
    if places != sorted(places):
        return "%s: not sorted by position: %s" % (case.name, places)
    errors = any(w.columns[0] == "error" for w in wanted)
    if "--fail-level" not in case.options() and code != int(errors):
        return "%s: exit code %d, and %s" % (case.name, code,
                                             "an error" if errors else "no error")
    return None


def all_names():
    if not os.path.isdir(FOLDER):
        return []
    return sorted(n for n in os.listdir(FOLDER)
                  if n.endswith((".yaml", ".yml", ".json")) or
                  os.path.isdir(os.path.join(FOLDER, n)))


class ValidateCases(unittest.TestCase):
    longMessage = False
    lock = threading.Lock()
    pool = None

    @classmethod
    def outcome(cls, name):
        """All start when the first is asked for, unless one alone is wanted."""
        with cls.lock:
            if cls.pool is None:
                cls.pool = ThreadPoolExecutor(os.cpu_count() or 1)
                cls.outcomes = {n: cls.pool.submit(judge, Input(n)) for n in cls.names}
        return cls.outcomes[name].result()

    names = ()

    @classmethod
    def tearDownClass(cls):
        if cls.pool:
            cls.pool.shutdown()


def method(name):
    def test(self):
        problem = self.outcome(name)
        if problem:
            self.fail(problem)
    return test


def every_case_has_what_is_expected(self):
    orphans = [n for n in os.listdir(FOLDER) if n.endswith(".expected") and not any(
        os.path.exists(os.path.join(FOLDER, n[:-9] + end)) for end in (".yaml", ".yml", ".json"))]
    self.assertEqual(orphans, [])
    self.assertGreater(len(self.names), 0)


ValidateCases.names = all_names()
ValidateCases.test_0_files = every_case_has_what_is_expected
for each in ValidateCases.names:
    setattr(ValidateCases, "test_" + re.sub(r"\W", "_", each), method(each))

if __name__ == "__main__":
    unittest.main()
