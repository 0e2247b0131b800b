#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes testdata/wire/golden.tsv anew from a real rsyslogd (8.2302 at the time of writing).

One line a case, fields by tabs: name, datagram, wire record, and what rules
see as program:severity:pri:msg. Bytes that are not printable ASCII, the
backslash and the quote are \\xHH; \\*HH{N} is N times the byte HH. The time in
the wire record is FIXED_TIME. Usage: tests/e2e/capture_wire.py [FILE]
"""

import os
import re
import sys
import tempfile

import wire_cases
import wire_rsyslog
from test_wire import FIXED_TIME, ROOT, TIME

FILE = os.path.join(ROOT, "testdata", "wire", "golden.tsv")
HOSTNAME = b"node-7"
SEED, RANDOM = 8, 120


def escaped(data):
    out = []
    for run in re.finditer(rb"(.)\1*", data, re.DOTALL):
        byte, count = run.group()[0], len(run.group())
        one = chr(byte) if 32 <= byte < 127 and byte not in b"\\\"" else "\\x%02x" % byte
        out.append("\\*%02x{%d}" % (byte, count) if count > 16 else one * count)
    return "".join(out)


def normalized(payload):
    """With the fixed time and host name: the first time behind the identity is the record's."""
    head = b" %s %s %s " % tuple(s.encode() for s in (
        wire_rsyslog.PROJECT, wire_rsyslog.SHOOT, wire_rsyslog.SHOOT_UID))
    host = wire_rsyslog.hostname().encode()
    assert payload.startswith(head + host + b" ")
    rest = payload[len(head) + len(host):]
    return head + HOSTNAME + TIME.sub(FIXED_TIME, rest, 1)


def main():
    # not the sizes at which rsyslog cuts: what is then kept depends on its host name's length
    cases = [(name, datagram) for name, datagram in
             wire_cases.fixed() + list(wire_cases.generated(SEED, RANDOM)) if len(datagram) < 7900]
    datagrams = [datagram for _, datagram in cases]
    with tempfile.TemporaryDirectory() as directory:
        with wire_rsyslog.Rsyslog(directory) as rsyslog:
            payloads = rsyslog.exchange(datagrams)
        with wire_rsyslog.Rsyslog(directory, template="Parts") as rsyslog:
            parts = rsyslog.exchange(datagrams)
    left_out = 0
    with open(sys.argv[1] if len(sys.argv) > 1 else FILE, "w", encoding="ascii") as f:
        for (name, datagram), payload, part in zip(cases, payloads, parts):
            # rsyslog read on behind the datagram, into a NUL: no case, see docs/WIRE.md
            if not TIME.search(payload) and b"\0" not in datagram[:-1] or len(payload) >= 8096:
                left_out += 1
                continue
            f.write("\t".join((name, escaped(datagram), escaped(normalized(payload)),
                               escaped(part))) + "\n")
    print("%d cases, %d left out" % (len(cases) - left_out, left_out))


if __name__ == "__main__":
    main()
