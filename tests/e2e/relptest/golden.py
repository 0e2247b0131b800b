# SPDX-License-Identifier: Apache-2.0
"""What the program says, word for word, in files under testdata/.

    golden.check(case, "tls/refused/send/wrong-ca", text)

RELPBOX_WRITE_GOLDEN=1 writes the files anew instead of comparing; then read the difference with
the eyes of whoever is on call: is the cause named, what was wanted, what was seen, what to do?
What differs from run to run (ports, times, dates, fingerprints) has a word in its place.
"""

import os
import re

from relptest import proc

FOLDER = os.path.join(proc.TOP, "testdata")
WRITE = os.environ.get("RELPBOX_WRITE_GOLDEN") == "1"

USUAL = [
    (r"\bSHA(1|256):[0-9A-F]{2}(:[0-9A-F]{2}){9,31}", r"SHA\1:FINGERPRINT"),
    (r"\b\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?( ?Z| ?UTC|[+-]\d\d:\d\d)?)?", "DATE"),
    (r"\b(127\.0\.0\.1|\[::1\]|localhost):\d+", r"\1:PORT"),
    (r"\bport \d+", "port PORT"),
    (r"\b\d+\.\d+ ms\b", "TIME"),
    (r"\b\d+ days\b", "N days"),
]


def normal(text, *more):
    """more: pairs of a text of this run and what stands for it."""
    for there, here in more:
        text = text.replace(there, here)
    for pattern, word in USUAL:
        text = re.sub(pattern, word, text)
    return text


def path(name):
    return os.path.join(FOLDER, name + ".txt")


def check(case, name, text, *more):
    text = normal(text, *more)
    if WRITE:
        os.makedirs(os.path.dirname(path(name)), exist_ok=True)
        with open(path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return
    try:
        with open(path(name), encoding="utf-8") as f:
            wanted = f.read()
    except FileNotFoundError:
        case.fail("there is no %s; RELPBOX_WRITE_GOLDEN=1 writes it. It said:\n%s" % (
            path(name), text))
    case.assertEqual(text, wanted, "differs from %s" % path(name))
