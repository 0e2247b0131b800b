# SPDX-License-Identifier: Apache-2.0
"""kill -9 of forward, of the receiver, of both: nothing lost, little twice, in order.

The socket is held by the test as systemd would hold it, so that what was sent
while forward was dead, or had read and not yet written, is still there.
"""

import re
import subprocess
import time
import unittest

from relptest.case import RELPBOX, Case
from relptest.feed import Feeder, Held, Sender
from relptest.forward import Forward


class Kill(Case):
    def setUp(self):
        super().setUp()
        self.held = Held(self.path("syslog"))
        self.addCleanup(self.held.close)

    def nap(self, most):
        time.sleep(self.random.random() * most)  # the random moment: the one wait for time

    def kill_many(self, f, times, most):
        """At random moments, one in three before it is ready."""
        for _ in range(times):
            self.nap(most)
            f.kill()
            f.start(ready=self.random.random() > 0.33)


class Forwarder(Kill):
    def test_at_30_random_moments(self):
        r = self.receiver()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, rate=3000)
        self.kill_many(f, 30, 0.15)
        n = feeder.stop()
        r.wait_distinct("a", n)
        self.assert_exact(r, "a", n, breaks=30)
        self.assertEqual(f.wait_empty()["counts"]["set_aside"], 0)
        f.term()

    def test_at_30_random_moments_under_full_load(self):
        r = self.receiver()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, bytes=400)
        self.kill_many(f, 30, 0.15)
        n = feeder.stop()
        self.assertGreater(n, 5000)
        r.wait_distinct("a", n, 60)
        self.assert_exact(r, "a", n, breaks=30)
        f.wait_empty()
        f.term()

    def test_restarts_under_full_load(self):
        """SIGTERM waits for the answers: nothing twice."""
        r = self.receiver()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, bytes=400)
        for _ in range(5):
            self.nap(0.3)
            f.term()
            f.start()
        n = feeder.stop()
        r.wait_distinct("a", n, 60)
        self.assertEqual(self.assert_exact(r, "a", n), 0)
        f.term()

    def test_with_two_sources_and_a_small_window(self):
        r = self.receiver()
        other = Held(self.path("other"))
        self.addCleanup(other.close)
        f = Forward(self, r.port, held=[self.held, other], window_frames=50).start()
        feeders = [Feeder(self, self.held.path, source="a", bytes=300),
                   Feeder(self, other.path, source="b", rate=1000)]
        self.kill_many(f, 10, 0.15)
        a, b = feeders[0].stop(), feeders[1].stop()
        r.wait_distinct("a", a, 60)
        r.wait_distinct("b", b)
        self.assert_exact(r, "a", a, breaks=10, window=50)
        self.assert_exact(r, "b", b, breaks=10, window=50)
        f.term()

    def test_with_the_receiver_away(self):
        """Everything is in the spool, or in the socket."""
        r = self.receiver()
        r.kill()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, bytes=400)
        self.kill_many(f, 10, 0.15)
        n = feeder.stop()
        f.kill()
        r.restart()
        f.start()
        r.wait_distinct("a", n, 60)
        # nothing was in flight: only what was read and written, and not yet consumed
        self.assert_exact(r, "a", n, breaks=11, window=0)
        f.term()

    def test_with_datagrams_of_every_size(self):
        """Also those that are longer than the buffer of a peek, and empty ones."""
        r = self.receiver()
        f = Forward(self, r.port, held=[self.held], max_message="200KiB").start()
        s = Sender(self.held.path)
        n = 0
        for i in range(12):
            for _ in range(40):
                n += 1
                size = self.random.choice([0, 10, 1000, 8000, 8192, 9000, 70000])
                s.send("src=a seq=%d %s" % (n, "y" * size))
                if self.random.random() < 0.1:
                    s.sock.send(b"")
            f.kill()
            f.start(ready=self.random.random() > 0.5)
        s.close()
        r.wait_distinct("a", n)
        self.assert_exact(r, "a", n, breaks=12)
        f.term()

    def test_what_is_taken_survives_without_a_held_socket(self):
        """A socket of our own dies with us, and what it still held; what was taken does not."""
        r = self.receiver()
        r.kill()
        f = Forward(self, r.port, inputs=["unix:" + self.path("own")]).start()
        s = Sender(self.path("own"))
        s.numbered("a", range(1, 1001))
        s.close()
        f.wait_status(lambda j: j["counts"]["taken"] == 1000)
        f.kill()
        r.restart()
        f.start()
        r.wait_distinct("a", 1000)
        self.assertEqual(self.assert_exact(r, "a", 1000), 0)
        f.term()

    def test_a_file_on_stdin_is_read_again(self):
        """It has no cursor yet: what was taken comes twice, nothing is lost."""
        r = self.receiver()
        r.kill()
        path = self.path("lines")
        with open(path, "wb") as lines:
            lines.write(b"".join(b"<14>x: src=a seq=%d\n" % i for i in range(1, 5001)))
        for last in (False, True):
            with open(path, "rb") as lines:
                f = Forward(self, r.port, inputs=["stdin"], stdin=lines, notify=False)
                f.start(ready=False)
            if not last:
                f.wait_status(lambda j: j["counts"]["taken"] > 0)
                f.kill()
        r.restart()
        self.assertEqual(f.wait_exit(), 0, f.talk())
        r.wait_distinct("a", 5000)

    def test_between_stdin_and_the_spool(self):
        r = self.receiver()
        r.kill()
        f = Forward(self, r.port, inputs=["stdin"], stdin=subprocess.PIPE).start()
        f.process.stdin.write(b"".join(b"<14>x: src=a seq=%d\n" % i for i in range(1, 501)))
        f.process.stdin.flush()
        f.wait_status(lambda j: j["counts"]["taken"] == 500)
        f.kill()
        r.restart()
        f.start()
        f.process.stdin.close()
        self.assertEqual(f.wait_exit(), 0, f.talk())
        self.assertEqual(self.assert_exact(r, "a", 500), 0)


class Restarts(Kill):
    """SIGTERM and a new start, as for a new configuration or version."""

    def test_under_load(self):
        r = self.receiver()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, bytes=400)
        for _ in range(10):
            self.nap(0.15)
            f.restart()
        n = feeder.stop()
        r.wait_distinct("a", n, 60)
        # every answer was awaited: nothing comes twice, but what was read and not yet consumed
        self.assert_exact(r, "a", n, breaks=10, window=0)
        f.wait_empty()
        f.term()

    def test_under_load_with_the_receiver_away_in_between(self):
        r = self.receiver()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, bytes=400, rate=10000)
        for i in range(6):
            self.nap(0.15)
            (r.kill if i % 2 else r.restart)()
            f.restart()
        r.restart()
        n = feeder.stop()
        r.wait_distinct("a", n, 60)
        self.assert_exact(r, "a", n, breaks=6)
        f.wait_empty()
        f.term()


class TheReceiver(Kill):
    def test_at_random_moments_under_load(self):
        r = self.receiver()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, bytes=400, rate=20000)
        for _ in range(12):
            self.nap(0.3)
            r.kill()
            self.nap(0.1)
            r.restart()
            opens = r.opens
            r.wait(lambda: r.opens > opens, 20, "a new session")
        n = feeder.stop()
        r.wait_distinct("a", n, 60)
        self.assert_exact(r, "a", n, breaks=12)
        s = f.wait_empty()
        self.assertEqual(s["counts"]["set_aside"], 0)
        f.term()


class RealReceiver:
    """relpbox relp-recv, which answers after the write; what it holds is its file."""

    def __init__(self, case):
        self.case = case
        self.port = 0
        self.file = case.path("arrived")
        self.process = None

    def start(self):
        self.process = self.case.spawn(
            [RELPBOX, "relp-recv", "--listen", "127.0.0.1:%d" % self.port, "--output", self.file,
             "--append", *self.case.tls_recv], stdin=subprocess.DEVNULL, name="relp-recv")
        log = self.case.logs[-1].name

        def listening():
            with open(log, encoding="ascii") as f:
                text = f.read()
            if self.process.poll() is not None:
                raise AssertionError("relp-recv ended: " + text)
            return re.search(r"listening on 127\.0\.0\.1:(\d+)\b", text, re.M)
        self.port = int(self.case.until(listening, what="relp-recv listening")[1])
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def load(self):
        """The stored numbers as the cases count them: seen, sequences."""
        self.sequences = {}
        with open(self.file, "rb") as f:
            # a line that kill -9 left half written was not acknowledged; the next record goes on in
            # it, and is the one that counts, wherever the first was cut: also amid its number
            for m in re.finditer(rb"src=(\w+) seq=(\d+) (?:(?!src=)[^\n])*\n", f.read()):
                self.sequences.setdefault(m[1].decode(), []).append(int(m[2]))
        self.seen = {s: set(v) for s, v in self.sequences.items()}

    def wait_distinct(self, source, count, seconds=60):
        def there():
            self.load()
            return len(self.seen.get(source, ())) >= count
        self.case.until(there, seconds, lambda: "%d records of %s; there are %d" % (
            count, source, len(self.seen.get(source, ()))), every=0.1)


class RealOne(Kill):
    def start_both(self):
        r = RealReceiver(self).start()
        f = Forward(self, r.port, held=[self.held]).start()
        return r, f

    def finish(self, r, f, feeder, breaks):
        n = feeder.stop()
        r.wait_distinct("a", n)
        self.assert_exact(r, "a", n, breaks=breaks)
        s = f.wait_empty()
        self.assertEqual(s["counts"]["set_aside"], 0)
        f.term()

    def test_kill_of_relp_recv(self):
        r, f = self.start_both()
        feeder = Feeder(self, self.held.path, bytes=400, rate=20000)
        for _ in range(10):
            self.nap(0.2)
            r.kill()
            self.nap(0.1)
            r.start()
        self.finish(r, f, feeder, 10)

    def test_kill_of_both(self):
        r, f = self.start_both()
        feeder = Feeder(self, self.held.path, bytes=400)
        breaks = 20
        for _ in range(breaks):
            self.nap(0.15)
            which = self.random.choice(["forward", "receiver", "both"])
            if which != "receiver":
                f.kill()
            if which != "forward":
                r.kill()
                r.start()
            if which != "receiver":
                f.start(ready=False)
        self.finish(r, f, feeder, 2 * breaks)


if __name__ == "__main__":
    unittest.main()
