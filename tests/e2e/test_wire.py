# SPDX-License-Identifier: Apache-2.0
"""The wire record against real rsyslog: the same datagrams through both, the payloads compared.

Ours is build/tools/wire (WIRE=path names another one), which runs record_parse
and format_record on what it is given. Skipped, loudly, without rsyslogd.
WIRE_RANDOM sets the number of random datagrams, WIRE_SEED their seed.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire_cases
import wire_rsyslog

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WIRE = os.environ.get("WIRE", os.path.join(ROOT, "build", "tools", "wire"))
SEED = int(os.environ.get("WIRE_SEED", "20261121"))
RANDOM = int(os.environ.get("WIRE_RANDOM", "1000"))
KEPT = 8096  # what omrelp and imrelp keep of a record, when nobody sets maxMessageSize
FIXED_TIME = b"2026-11-21T19:20:01.081870+00:00"
TIME = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


class Wire:
    """build/tools/wire, running."""

    def __init__(self, *options):
        names = (wire_rsyslog.PROJECT, wire_rsyslog.SHOOT, wire_rsyslog.SHOOT_UID,
                 wire_rsyslog.hostname())
        self.process = subprocess.Popen((WIRE,) + names + options, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=dict(os.environ, TZ="UTC"))

    def _number(self):
        return struct.unpack(">I", self.process.stdout.read(4))[0]

    def ask(self, datagram):
        """Returns (payloads, "program:severity:pri:msg")."""
        self.process.stdin.write(struct.pack(">I", len(datagram)) + datagram)
        self.process.stdin.flush()
        payloads = [self.process.stdout.read(self._number()) for _ in range(self._number())]
        return payloads, self.process.stdout.read(self._number())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


def with_fixed_time(theirs, ours):
    """theirs, its time replaced by the fixed one where ours has its time."""
    at = ours.find(FIXED_TIME)
    end = at + len(FIXED_TIME)
    if at >= 0 and TIME.fullmatch(theirs[at:end]):
        return theirs[:at] + FIXED_TIME + theirs[end:]
    return theirs


def tag_ends_datagram(datagram, ours):
    """
    Whether our tag runs to the very end of the datagram. Where rsyslog's count
    is off, it reads on there, in leftovers of its heap (docs/WIRE.md, "Behind
    the end"), so such a case may differ behind the tag, and only there.
    """
    if FIXED_TIME not in ours:  # a NUL in the tag ends the record
        return len(ours)
    end = ours.find(FIXED_TIME) - 1
    tag = ours[:end].split(b" ", 6)[-1]
    return end if datagram.endswith(tag) else None


@unittest.skipUnless(os.access(WIRE, os.X_OK), "no %s: run make build/tools/wire" % WIRE)
class AgainstRsyslog(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        if wire_rsyslog.available() is None:
            self.skipTest("no rsyslogd with omrelp here")
        self.wire = Wire("1M")  # so that only rsyslog cuts
        self.addCleanup(self.wire.close)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.cases = wire_cases.fixed() + list(wire_cases.generated(SEED, RANDOM))

    def compare(self, kept, globals_=""):
        with wire_rsyslog.Rsyslog(self.directory, globals_=globals_) as rsyslog:
            answers = rsyslog.exchange([datagram for _, datagram in self.cases])
        behind = 0
        for (name, datagram), theirs in zip(self.cases, answers):
            (ours,), _ = self.wire.ask(datagram)
            theirs, ours = with_fixed_time(theirs, ours), ours[:kept]
            end = tag_ends_datagram(datagram, ours)
            if theirs != ours and end is not None and theirs[:end] == ours[:end]:
                behind += 1
                continue
            with self.subTest(name, datagram=datagram[:200], seed=SEED):
                self.assertEqual(theirs, ours)
        self.assertGreaterEqual(len(self.cases) - behind, 300)
        self.assertLess(behind, len(self.cases) / 30)

    def test_payloads(self):
        self.compare(KEPT)

    def test_payloads_with_64k_messages(self):
        self.compare(65536, 'maxMessageSize="64k"')

    def test_what_the_rules_see(self):
        with wire_rsyslog.Rsyslog(self.directory, template="Parts") as rsyslog:
            answers = rsyslog.exchange([datagram for _, datagram in self.cases])
        behind = 0
        for (name, datagram), theirs in zip(self.cases, answers):
            (payload,), ours = self.wire.ask(datagram)
            # its datagrams end at 8096 bytes, and text that grows by its escapes does too
            if len(datagram) + 3 * sum(byte < 32 for byte in datagram) > KEPT - 4:
                self.assertGreater(len(theirs), KEPT - 600)
                ours = ours[:len(theirs)]
            if theirs != ours and tag_ends_datagram(datagram, payload) is not None:
                behind += 1
                continue
            with self.subTest(name, datagram=datagram[:200], seed=SEED):
                self.assertEqual(theirs, ours)
        self.assertLess(behind, len(self.cases) / 30)


@unittest.skipUnless(os.access(WIRE, os.X_OK), "no %s: run make build/tools/wire" % WIRE)
class Oversize(unittest.TestCase):
    """No rsyslog here: what we do where rsyslog cuts in silence."""

    HEAD = b"<30>" + wire_cases.D + b"tag[7]: "

    def ask(self, datagram, *options):
        wire = Wire(*options)
        payloads, _ = wire.ask(datagram)
        self.assertEqual(wire.close(), 0)
        return payloads

    def test_cut_is_marked(self):
        payloads = self.ask(self.HEAD + b"x" * 9000, "8096", "cut")
        self.assertEqual(len(payloads), 1)
        self.assertLessEqual(len(payloads[0]), 8096)
        text, mark = payloads[0].split(b" -  ")[1].split(b" [relpbox: ")
        self.assertEqual(text, b"x" * len(text))
        self.assertEqual(mark, b"%d bytes cut] " % (9000 - len(text)))

    def test_split_loses_nothing(self):
        text = ("größe \x01 " * 1500).encode()
        payloads = self.ask(self.HEAD + text, "4096", "split")
        joined = b""
        for i, payload in enumerate(payloads, 1):
            self.assertLessEqual(len(payload), 4096)
            mark = b" [relpbox: part %d/%d] " % (i, len(payloads))
            self.assertTrue(payload.endswith(mark))
            part = payload[:-len(mark)].split(b" 7 - ", 1)[1]
            part.decode()  # no character is torn
            self.assertNotRegex(part, rb"#0?0?\Z|\A0?1")
            joined += part
        self.assertEqual(joined, b" " + text.replace(b"\x01", b"#001"))


if __name__ == "__main__":
    unittest.main()
