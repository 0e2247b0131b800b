# SPDX-License-Identifier: Apache-2.0
"""`relpbox forward` into a real imrelp: sizes, order, a kill; and its records beside rsyslog's own.

What an imrelp does with a long record (docs/WIRE.md, Sizes): with its defaults it keeps 8096 bytes
and answers 200; `oversizeMode="abort"` ends the session instead.
"""

import re
import tempfile
import unittest

import test_wire
import wire_cases
import wire_rsyslog
from relptest import rsyslog
from relptest.case import Case
from relptest.feed import Feeder, Held, Sender, lines
from relptest.forward import Forward
from relptest.imrelp import Imrelp, Tap

N = 50000
KIB = 1024
KEPT = 8096
SIZES = [100, 7 * KIB, 9 * KIB, 60 * KIB, 100 * KIB]  # of the text
HEAD = b" proj shoot1 uid node 14 kubelet[77]: %s 77 - "
TIME = rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d"
FIXED = b"2026-11-21T12:00:00.000000+00:00"
CUT = re.compile(rb"^(.*) \[relpbox: (\d+) bytes cut\] $", re.S)
PART = re.compile(rb"^(.*) \[relpbox: part (\d+)/(\d+)\] $", re.S)


def text(number, size):
    """A numbered text of this size, in which every place is known by what stands there."""
    out = b"src=a seq=%d " % number
    return (out + b"".join(b"%07d " % i for i in range(size // 8 + 1)))[:size - 1] + b"$"


def whole(message):
    """The wire record of a message that nobody cut."""
    return HEAD % FIXED + b" " + message + b" "


def fixed_time(record):
    return re.sub(TIME, FIXED, record, count=1)


@unittest.skipUnless(rsyslog.available(), "no rsyslogd with imrelp and omrelp")
class WithImrelp(Case):
    def imrelp(self, **how):
        return Imrelp(self, **how).start()

    def by_stdin(self, port, messages, **options):
        """The finished forward that sent them from a file."""
        data = b"".join(b"<14>Nov 21 12:00:00 kubelet[77]: " + m + b"\n" for m in messages)
        with open(self.write("input", data), "rb") as f:
            return Forward(self, port, inputs=["stdin"], stdin=f, **options).start()

    def by_datagrams(self, port, messages, **options):
        f = Forward(self, port, inputs=["unix:" + self.path("syslog")], **options).start()
        s = Sender(self.path("syslog"))
        for m in messages:
            s.send(m)
        s.close()
        return f


class Sizes(WithImrelp):
    messages = [text(i, size) for i, size in enumerate(SIZES, 1)]

    def arrived(self, imrelp, count):
        return [fixed_time(r) for r in imrelp.wait_records(count)]

    def check_cut(self, record, message, limit):
        """It is what --oversize cut makes of the message: marked, and exact up to the mark."""
        self.assertLessEqual(len(record), limit)
        kept, missing = CUT.match(record).groups()
        self.assertEqual(kept, whole(message)[:len(kept)])
        self.assertEqual(len(kept) + int(missing) + 1, len(whole(message)))

    def joined(self, records, limit):
        """The messages that the pieces make up again."""
        out = []
        for record in records:
            self.assertLessEqual(len(record), limit)
            m = PART.match(record)
            if not m:
                out.append(record)
            elif m[2] == b"1":
                out.append(m[1])
            else:
                out[-1] += m[1][len(HEAD % FIXED):]
            if m and m[2] == m[3]:
                out[-1] += b" "
        return out

    def test_defaults_keep_8096_bytes_of_a_record_and_answer_200(self):
        r = self.imrelp()
        f = self.by_stdin(r.port, self.messages)
        self.assertEqual(f.wait_exit(), 0, f.talk())
        self.assertEqual(f.talk().count("an imrelp with its defaults keeps only"), 1, f.talk())
        got = self.arrived(r, 5)
        self.assertEqual(got, [whole(m)[:KEPT] for m in self.messages])

    def test_8k_keeps_8192(self):
        """The documented default, once somebody writes it down."""
        r = self.imrelp(globals_='maxMessageSize="8k"')
        f = self.by_datagrams(r.port, self.messages)
        got = self.arrived(r, 5)
        self.assertEqual(got, [whole(m)[:8192] for m in self.messages])
        counts = f.wait_empty()["counts"]
        self.assertEqual((counts["accepted"], counts["beyond_8k"], counts["cut"]), (5, 3, 1))
        f.term()

    def test_64k_keeps_all_that_we_send(self):
        r = self.imrelp(globals_='maxMessageSize="64k"')
        f = self.by_datagrams(r.port, self.messages)
        got = self.arrived(r, 5)
        self.assertEqual(got[:4], [whole(m) for m in self.messages[:4]])
        self.check_cut(got[4], self.messages[4], 64 * KIB)
        self.assertGreater(len(got[4]), 64 * KIB - 64)
        f.term()

    def test_64k_and_split_lose_nothing(self):
        r = self.imrelp(globals_='maxMessageSize="64k"')
        f = self.by_stdin(r.port, self.messages, oversize="split")
        self.assertEqual(f.wait_exit(), 0, f.talk())
        got = self.joined(self.arrived(r, 6), 64 * KIB)
        self.assertEqual(got, [whole(m) for m in self.messages])

    def test_defaults_and_split_at_8096_lose_nothing(self):
        r = self.imrelp()
        f = self.by_datagrams(r.port, self.messages, max_message=KEPT, oversize="split")
        counts = f.wait_empty()["counts"]
        self.assertEqual(counts["beyond_8k"], 0)
        got = self.joined(self.arrived(r, counts["accepted"]), KEPT)
        self.assertEqual(got, [whole(m) for m in self.messages])
        f.term()

    def test_defaults_and_cut_at_8096_tell_what_is_missing(self):
        r = self.imrelp()
        f = self.by_stdin(r.port, self.messages, max_message=KEPT)
        self.assertEqual(f.wait_exit(), 0, f.talk())
        got = self.arrived(r, 5)
        self.assertEqual(got[:2], [whole(m) for m in self.messages[:2]])
        for record, message in zip(got[2:], self.messages[2:]):
            self.check_cut(record, message, KEPT)

    def test_truncate(self):
        r = self.imrelp(params='maxDataSize="9000" oversizeMode="truncate"')
        f = self.by_stdin(r.port, self.messages)
        self.assertEqual(f.wait_exit(), 0, f.talk())
        # it takes 9000 bytes, of which the core of rsyslog keeps its own maximum
        self.assertEqual(self.arrived(r, 5), [whole(m)[:KEPT] for m in self.messages])

    def test_accept(self):
        r = self.imrelp(params='maxDataSize="9000" oversizeMode="accept"')
        f = self.by_stdin(r.port, self.messages)
        self.assertEqual(f.wait_exit(), 0, f.talk())
        self.assertEqual(self.arrived(r, 5), [whole(m)[:KEPT] for m in self.messages])

    def test_accept_with_64k(self):
        r = self.imrelp(globals_='maxMessageSize="64k"', params='oversizeMode="accept"')
        f = self.by_stdin(r.port, self.messages, max_message="128KiB")
        self.assertEqual(f.wait_exit(), 0, f.talk())
        self.assertEqual(self.arrived(r, 5), [whole(m)[:64 * KIB] for m in self.messages])


class Abort(WithImrelp):
    """`oversizeMode="abort"`: one long record ends the session of all."""

    ABORT = 'maxDataSize="8192" oversizeMode="abort"'

    def test_what_breaks_the_session_goes_aside_and_nothing_else(self):
        r = self.imrelp(params=self.ABORT)
        bad = {200: 9 * KIB, 301: 60 * KIB}
        messages = [b"src=a seq=%d %s" % (n, b"x" * bad.get(n, 50)) for n in range(1, 501)]
        f = self.by_datagrams(r.port, messages)
        f.wait_status(lambda s: s["spool"]["records"] == 0, 120, "an empty spool")
        self.assertEqual(f.counts()["set_aside"], len(bad), f.talk())
        r.wait_distinct("a", len(messages) - len(bad))
        self.assertEqual(set(range(1, 501)) - r.seen["a"], set(bad))
        self.assert_order(r, "a")
        shown = []
        for line in f.spool_list().splitlines():
            if re.match(r"\d+ aside ", line):
                shown.append(f.command("spool", "show", "--raw", line.split()[0]).stdout)
        self.assertEqual(len(shown), len(bad))
        for payload, n in zip(shown, bad):
            self.assertEqual(fixed_time(payload.rstrip(b"\n")), whole(messages[n - 1]))
        f.term()

    def breaks_nothing(self, how):
        """Cut or split to what the receiver takes."""
        r = self.imrelp(params=self.ABORT)
        messages = [text(i, size) for i, size in enumerate(SIZES * 3, 1)]
        f = self.by_stdin(r.port, messages, max_message=8 * KIB, oversize=how)
        self.assertEqual(f.wait_exit(), 0, f.talk())
        self.assertFalse(f.said("suspended"), f.talk())

    def test_what_is_cut_to_its_size_breaks_nothing(self):
        self.breaks_nothing("cut")

    def test_what_is_split_to_its_size_breaks_nothing(self):
        self.breaks_nothing("split")


class Exact(WithImrelp):
    def test_50000_datagrams(self):
        held = Held(self.path("syslog"))
        self.addCleanup(held.close)
        r = self.imrelp()
        f = Forward(self, r.port, held=[held]).start()
        self.assertEqual(Feeder(self, held.path, count=N).wait(), N)
        r.wait_distinct("a", N)
        self.assertEqual(self.assert_exact(r, "a", N), 0)
        self.assertEqual(f.wait_empty()["counts"]["failures"], 0)
        f.term()

    def test_50000_lines(self):
        r = self.imrelp()
        with open(self.write("input", lines("a", range(1, N + 1), 120)), "rb") as source:
            f = Forward(self, r.port, inputs=["stdin"], stdin=source).start()
        self.assertEqual(f.wait_exit(60), 0, f.talk())
        r.wait_distinct("a", N)
        self.assertEqual(self.assert_exact(r, "a", N), 0)


class Killed(WithImrelp):
    """rsyslogd killed and started again, five times, under 4,000 records a second."""

    KILLS = 5

    def kill_under_load(self, **how):
        r = self.imrelp(**how)
        tap = Tap(self, r.port)
        held = Held(self.path("syslog"))
        self.addCleanup(held.close)
        f = Forward(self, tap.port, held=[held]).start()
        feeder = Feeder(self, held.path, rate=4000)
        for _ in range(self.KILLS):
            more = tap.count() + self.random.randrange(1, 2500)
            self.until(lambda: tap.count() >= more, what="more acknowledgements")
            r.kill()
            r.start()
        n = feeder.stop()
        f.wait_empty()
        acked = set().union(*tap.acked)
        self.assertEqual(acked, set(range(1, n + 1)), "each was acknowledged once at least")
        self.assertGreater(len(tap.acked), self.KILLS, "a session for each life of rsyslogd")
        self.until(lambda: tap.acked[-1] <= r.load()["a"], what="what the last one acknowledged")
        self.assert_order(r, "a")
        self.assert_duplicates(r, "a", self.KILLS)
        self.assertEqual(f.counts()["set_aside"], 0)
        f.term()
        return r.seen["a"], tap.acked, n

    def test_what_it_did_not_acknowledge_comes_again(self):
        """It may lose what it acknowledged and still had in memory, and nothing else."""
        seen, acked, n = self.kill_under_load()
        lost = set(range(1, n + 1)) - seen
        self.assertLessEqual(lost, set().union(*acked[:-1]),
                             "lost without an acknowledgement of a killed one")

    def test_with_a_ruleset_without_a_queue_nothing_is_lost(self):
        """`queue.type="Direct"`: rsyslog writes before it acknowledges."""
        seen, _, n = self.kill_under_load(ruleset='queue.type="Direct"')
        self.assertEqual(seen, set(range(1, n + 1)))


@unittest.skipUnless(wire_rsyslog.available(), "no rsyslogd with omrelp")
class BesideRsyslog(Case):
    """The same datagrams into rsyslog with Gardener's template and into forward's socket."""

    def test_payloads(self):
        cases = wire_cases.fixed() + list(wire_cases.generated(self.seed, 300))
        datagrams = [d for _, d in cases]
        with tempfile.TemporaryDirectory(dir=self.dir) as folder:
            with wire_rsyslog.Rsyslog(folder) as other:
                theirs = other.exchange(datagrams)
        ours = self.by_forward(datagrams)
        behind = 0
        for (name, datagram), their, our in zip(cases, theirs, ours):
            our = re.sub(TIME, test_wire.FIXED_TIME, our, count=1)
            our = our[:KEPT]
            their = test_wire.with_fixed_time(their, our)
            end = test_wire.tag_ends_datagram(datagram, our)
            if their != our and end is not None and their[:end] == our[:end]:
                behind += 1  # docs/WIRE.md, "Behind the end"
                continue
            with self.subTest(name, datagram=datagram[:200], seed=self.seed):
                self.assertEqual(their, our)
        self.assertGreaterEqual(len(cases) - behind, 300)
        self.assertLess(behind, len(cases) / 30)

    def by_forward(self, datagrams):
        r = self.receiver()
        f = Forward(self, r.port, inputs=["unix:" + self.path("syslog")], max_message="1MiB")
        for option, value in (("--project", wire_rsyslog.PROJECT), ("--shoot", wire_rsyslog.SHOOT),
                              ("--shoot-uid", wire_rsyslog.SHOOT_UID),
                              ("--hostname", wire_rsyslog.hostname())):
            f.args[f.args.index(option) + 1] = value
        f.start()
        s = Sender(self.path("syslog"))
        for d in datagrams:
            s.sock.send(d)
        s.close()
        r.wait_stored(len(datagrams))
        f.term()
        return r.payloads()


if __name__ == "__main__":
    unittest.main()
