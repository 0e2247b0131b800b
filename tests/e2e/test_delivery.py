# SPDX-License-Identifier: Apache-2.0
"""What the configuration says about delivery: rebind, rate, giving up, sizes, untrusted senders."""

import re
import socket
import subprocess
import time
import unittest

from relptest.case import RELPBOX, SLOW, Case, long, needs_root
from relptest.fault import Fault
from relptest.feed import Feeder, Sender, lines
from relptest.forward import Forward, relp_config

NOBODY = 65534
SO_SNDBUFFORCE = 32  # socket(7); the module does not name it


class Rebind(Fault):
    def test_every_second_without_duplicates_or_loss(self):
        r = self.receiver()
        f = self.forward(r, fields={"rebindInterval": 1})
        feeder = Feeder(self, self.held.path, rate=3000)
        r.wait(lambda: r.opens >= 4, 30, "three rebinds")
        self.sent = feeder.stop()
        self.assertEqual(self.arrived(r, f), 0)
        s = f.status()
        self.assertEqual((s["counts"]["resent"], s["counts"]["failures"]), (0, 0))
        self.assertFalse(f.said("suspended"), f.talk())
        f.term()
        self.assertEqual(r.closes, r.opens)

    def test_it_waits_for_slow_answers(self):
        r = self.receiver(rate=1000)
        f = self.forward(r, fields={"rebindInterval": 1})
        feeder = Feeder(self, self.held.path, rate=1500)
        r.wait(lambda: r.opens >= 3, 40, "two rebinds")
        self.sent = feeder.stop()
        r.rate = 0
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_idle(self):
        r = self.receiver()
        f = self.forward(r, fields={"rebindInterval": 1})
        r.wait(lambda: r.opens >= 3, 30, "two rebinds")
        self.assertFalse(f.said("suspended"), f.talk())
        self.assertIs(f.wait_status(lambda s: s["delivering"])["delivering"], True)
        f.term()

    def test_absent_it_never_does(self):
        r = self.receiver()
        f = self.forward(r)
        feeder = Feeder(self, self.held.path, rate=500, count=1500)
        self.sent = feeder.wait()
        self.arrived(r, f)
        self.assertEqual(r.opens, 1)
        f.term()


class Rate(Fault):
    def test_max_rate_bounds_catching_up(self):
        r = self.receiver()
        f = self.forward(r, max_rate=400)
        begin = time.monotonic()
        self.send(1000)
        r.wait_distinct("a", 1000, 60)
        took = time.monotonic() - begin
        self.assertGreater(took, 2.0)
        self.assertLess(took, 10 * SLOW)
        self.assertEqual(self.arrived(r, f), 0)
        f.term()


class GivingUp(Fault):
    def away(self, fields, seconds):
        """The receiver is away for so long while records come; none may be lost."""
        r = self.receiver()
        f = self.forward(r, fields=fields)
        self.send(100)
        self.arrived(r, f)
        r.kill()
        feeder = Feeder(self, self.held.path, start=101, rate=500)
        time.sleep(seconds)
        r.restart()
        opens = r.opens
        r.wait(lambda: r.opens > opens, 30, "a session")
        self.sent += feeder.stop()
        self.assertEqual(self.arrived(r, f), 0)
        f.term()

    def test_ten_retries_and_the_receiver_away_for_3_s(self):
        self.away({"resumeRetryCount": 10}, 3)

    def test_no_retries_and_the_receiver_away_for_3_s(self):
        """rsyslog would have lost all of these."""
        self.away({"resumeRetryCount": 0}, 3)

    @long
    def test_ten_retries_and_the_receiver_away_for_20_s(self):
        self.away({"resumeRetryCount": 10}, 20)

    @long
    def test_minus_one_and_the_receiver_away_for_100_s(self):
        self.away({"resumeRetryCount": -1}, 100)

    @long
    def test_no_retries_gives_up_after_30_s_and_counts(self):
        r = self.receiver()
        f = self.forward(r, fields={"resumeRetryCount": 0})
        self.send(100)
        self.arrived(r, f)
        r.kill()
        self.send(200)
        begin = time.monotonic()
        f.wait_status(lambda s: s["spool"]["records"] == 200)
        f.wait_status(lambda s: s["counts"]["given_up"], 60)
        self.assertGreater(time.monotonic() - begin, 28)
        self.assertLess(time.monotonic() - begin, 36)
        self.send(300)
        s = f.wait_status(lambda s: s["spool"]["records"] == 300)
        self.assertEqual(s["counts"]["given_up"], 200)
        self.assertEqual(f.talk().count("given up"), 1, f.talk())
        r.restart()
        r.wait(lambda: len(r.seen["a"]) >= 400, 30, "the rest")
        self.assertEqual(r.seen["a"], set(range(1, 101)) | set(range(301, 601)))
        self.assert_order(r, "a")
        f.wait_said("200 were given up")
        f.term()

    @long
    def test_a_trickle_is_given_up_bit_by_bit(self):
        r = self.receiver()
        r.kill()
        f = self.forward(r, fields={"resumeRetryCount": 0})
        feeder = Feeder(self, self.held.path, rate=20)
        time.sleep(50)
        r.restart()
        r.wait(lambda: r.opens, 30, "a session")
        n = feeder.stop()
        f.wait_empty()
        s = f.status()
        self.assertGreater(s["counts"]["given_up"], 100)
        self.assertEqual(s["counts"]["given_up"] + len(r.seen["a"]), n)
        # what is left is the newest: at least 28 s of it
        self.assertEqual(r.seen["a"], set(range(n - len(r.seen["a"]) + 1, n + 1)))
        self.assertGreater(len(r.seen["a"]), 28 * 20 - 40)
        self.assert_order(r, "a")
        f.term()

    @long
    def test_stdin_that_gave_up_ends_with_1(self):
        r = self.receiver()
        r.kill()
        f = Forward(self, r.port, inputs=["stdin"], stdin=subprocess.PIPE,
                    fields={"resumeRetryCount": 0}).start()
        f.process.stdin.write(lines("a", range(1, 11)))
        f.process.stdin.close()
        self.assertEqual(f.wait_exit(60), 1, f.talk())
        self.assertTrue(f.said("not all was delivered"), f.talk())


class Reports(Fault):
    def outage(self, fields):
        r = self.receiver()
        f = self.forward(r, fields=fields)
        self.send(1)
        self.arrived(r, f)
        r.kill()
        f.wait_said("is suspended")
        time.sleep(13)
        r.restart()
        f.wait_said("works again")
        f.term()
        return f.talk()

    @long
    def test_report_suspension_continuation(self):
        self.assertIn("still suspended", self.outage({"reportSuspensionContinuation": True}))

    @long
    def test_without_it_an_outage_is_said_once(self):
        self.assertNotIn("still suspended", self.outage({}))


class Sizes(Fault):
    MARK = re.compile(rb"^(.*) \[relpbox: (\d+) bytes cut\] $", re.S)
    PIECE = re.compile(rb"^(.*) \[relpbox: ([^\]]*)\] $", re.S)

    def body(self, payload):
        """The message: its first piece begins with the blank behind the tag's colon."""
        return re.split(rb"\+00:00 (?:\d+|-) - ", payload, maxsplit=1)[1]

    def text(self, size):
        """Words that tell where they stand."""
        out = b"".join(b"%07d " % i for i in range(0, size, 8))
        return out[:size - 1] + b"."

    def test_up_to_the_limit_nothing_is_touched(self):
        r = self.receiver()
        f = self.forward(r)
        for size in 1000, 8000, 9000, 60000, 65000:
            self.sender.send(self.text(size))
        r.wait_stored(5)
        self.assertEqual([self.body(p)[:-1] for p in r.payloads()],
                         [b" " + self.text(s) for s in (1000, 8000, 9000, 60000, 65000)])
        s = f.wait_empty()["counts"]
        self.assertEqual((s["cut"], s["split"], s["beyond_8k"]), (0, 0, 3))
        self.assertEqual(f.talk().count("8 KiB"), 1, f.talk())
        f.term()

    def test_cut(self):
        for limit, size in (("64KiB", 100000), (4096, 5000)):
            with self.subTest(limit):
                r = self.receiver()
                f = Forward(self, r.port, inputs=["unix:" + self.path("s%s" % limit)],
                            spool=self.path("spool%s" % limit), max_message=limit, oversize="cut",
                            notify=False).start(ready=False)
                self.until(lambda: f.command("status").returncode == 0)
                s = Sender(self.path("s%s" % limit))
                s.send(self.text(size))
                s.send("src=a seq=1")
                s.close()
                r.wait_distinct("a", 1)
                payload = r.payloads()[0]
                self.assertLessEqual(len(payload), 65536 if limit == "64KiB" else limit)
                kept, missing = self.MARK.match(self.body(payload)).groups()
                text = b" " + self.text(size)
                self.assertEqual(kept, text[:len(kept)])
                self.assertEqual(int(missing), len(text) - len(kept))
                c = f.counts()
                self.assertEqual((c["cut"], c["split"]), (1, 0))
                f.term()

    def test_split(self):
        r = self.receiver()
        f = self.forward(r, max_message=8096, oversize="split")
        text = self.text(100000)
        self.sender.send(text, tag="kubelet[12]")
        self.send(1)
        r.wait_distinct("a", 1)
        whole, parts = b"", 0
        for p in r.payloads()[:-1]:
            self.assertLessEqual(len(p), 8096)
            self.assertTrue(p.startswith(b" proj shoot1 uid node 14 kubelet[12]: "), p[:80])
            whole += self.PIECE.match(self.body(p))[1]
            parts += 1
        self.assertEqual(whole, b" " + text)
        self.assertGreaterEqual(parts, 13)
        c = f.wait_empty()["counts"]
        self.assertEqual((c["cut"], c["split"], c["received"], c["taken"]),
                         (0, 1, 2, parts + 1))
        f.term()

    def test_split_and_kill_9(self):
        """A record and its pieces are taken together or not at all."""
        r = self.receiver()
        f = self.forward(r, max_message=1000, oversize="split")
        for i in range(10):
            for _ in range(20):
                self.sender.send("src=a seq=%d %s" % (self.sent + 1, "w" * 5000))
                self.sent += 1
            f.kill()
            f.start()
        r.wait_distinct("a", self.sent)
        f.wait_empty()
        w = sum(p.count(b"w") for p in r.payloads())
        self.assertGreaterEqual(w, 5000 * self.sent)
        self.assert_exact(r, "a", self.sent, breaks=10)
        f.term()

    def test_a_datagram_beyond_1_mib_is_cut_and_counted(self):
        r = self.receiver()
        f = self.forward(r)
        self.sender.sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
        try:
            self.sender.send(b"z" * 1500000)
        except OSError as e:
            self.skipTest("no datagram of 1.5 MB can be sent here: %s" % e)
        self.send(10)
        self.until(lambda: f.counts()["datagram_cut"] == 1)
        r.wait_distinct("a", 10)
        f.term()

    def test_a_line_beyond_1_mib_is_cut_and_counted(self):
        r = self.receiver()
        f = Forward(self, r.port, inputs=["stdin"], stdin=subprocess.PIPE).start()
        f.process.stdin.write(b"<14>x: " + b"z" * 3000000 + b"\n" + lines("a", range(1, 11)))
        f.process.stdin.flush()
        r.wait_distinct("a", 10)
        self.assertEqual(f.counts()["line_cut"], 1)
        f.process.stdin.close()
        self.assertEqual(f.wait_exit(), 0, f.talk())
        self.assertEqual(r.stored, 11)


@needs_root
class Untrusted(Fault):
    """An audit program's name from a uid other than 0."""

    def mixed(self, **how):
        r = self.receiver()
        f = self.forward(r, **how)
        for source, uid, tag in (("root", 0, "audisp-syslog"), ("forged", NOBODY, "audisp-syslog"),
                                 ("other", NOBODY, "kubelet[1]")):
            Feeder(self, self.held.path, source=source, uid=uid, tag=tag, count=50).wait()
        s = f.wait_status(lambda s: s["counts"]["received"] == 150 and
                          s["spool"]["records"] == 0)
        self.assertEqual(s["counts"]["untrusted"], 50)
        self.assert_exact(r, "root", 50)
        self.assert_exact(r, "other", 50)
        # said, but once a minute
        self.assertEqual(f.talk().count("not root"), 1, f.talk())
        self.assertRegex(f.talk(), r"uid %d" % NOBODY)
        f.term()
        return r

    def forged(self, r):
        return [p for p in r.payloads() if b"src=forged" in p]

    def test_by_default_as_rsyslog(self):
        r = self.mixed()
        self.assert_exact(r, "forged", 50)
        self.assertFalse([p for p in self.forged(r) if b"untrusted" in p])

    def test_mark(self):
        r = self.mixed(untrusted="mark")
        self.assert_exact(r, "forged", 50)
        self.assertEqual(len([p for p in self.forged(r)
                              if b" untrusted uid=65534: src=forged" in p]), 50)
        self.assertEqual(len([p for p in r.payloads() if b"untrusted" in p]), 50)

    def test_drop(self):
        r = self.mixed(untrusted="drop")
        self.assertEqual(self.forged(r), [])


class Clients(Case):
    """More clients than the receiver takes at a time: all get their turn, nobody hammers."""

    def crowd(self, n, at_a_time, rate, seconds):
        r = self.receiver(clients_max=at_a_time, rate=rate)
        r.kill()  # all wait when it comes back
        config = self.write("relp.yaml", relp_config(r.port))
        crowd = []
        for i in range(n):
            p = self.spawn([RELPBOX, "forward", "--config", config, "--spool-dir",
                            self.path("spool%d" % i), "--input", "stdin"],
                           stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            p.stdin.write(lines("c%d" % i, [1, 2, 3]))
            p.stdin.close()
            crowd.append(p)
        r.restart()
        deadline = time.monotonic() + seconds * SLOW
        for i, p in enumerate(crowd):
            try:
                code = p.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.fail("client %d did not get its turn; %s" % (i, r.summary()[:200]))
            self.assertEqual(code, 0)
        for i in range(n):
            self.assertEqual(r.sequences.get("c%d" % i), [1, 2, 3], "client %d" % i)
        self.assertLessEqual(r.most_clients, at_a_time)
        self.assertGreater(r.turned_away, 0)
        self.assertLess(r.turned_away, 20 * n)

    def test_a_hundred_against_a_receiver_that_takes_five(self):
        self.crowd(100, 5, 60, 60)

    @long
    def test_two_thousand_against_a_receiver_that_takes_fifty(self):
        self.crowd(2000, 50, 300, 600)


if __name__ == "__main__":
    unittest.main()
