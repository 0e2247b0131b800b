#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes testdata/gardener/rsyslog-text.tsv and rsyslog-lines.tsv from a real rsyslogd.

tests/tools/rsyslog_text.py [FOLDER]; how it is measured: tests/e2e/relptest/quoted.py.

rsyslog-text.tsv: a text as it stands in the configuration file, with its quotes; same, changed or
refused (see lib/gardener/rsyslog_text.h); the bytes that rsyslogd takes. Bytes but printable ASCII
are %HH, and so are the blank and the percent sign.

rsyslog-lines.tsv: a rule's line `if $programname == ["x...","p0000","p0001",...] and
$syslogseverity <= 7 then {` by the length of the first name and how many follow; whole, torn (some
names do not match any more, and rsyslogd does not say so) or refused.
"""

import os
import sys
import tempfile

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
sys.dont_write_bytecode = True

from relptest import quoted, rsyslog  # noqa: E402


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "testdata", "gardener")
    if not rsyslog.available():
        sys.exit("there is no rsyslogd with imrelp and omrelp")
    with tempfile.TemporaryDirectory(prefix="relptest-") as folder:
        with open(os.path.join(out, "rsyslog-text.tsv"), "w", encoding="ascii") as f:
            for text, verdict, taken in quoted.table(folder):
                print(quoted.percent(text), verdict, quoted.percent(taken), sep="\t", file=f)
        with open(os.path.join(out, "rsyslog-lines.tsv"), "w", encoding="ascii") as f:
            for row in quoted.lines(folder):
                print(*row, sep="\t", file=f)


if __name__ == "__main__":
    main()
