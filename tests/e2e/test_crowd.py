# SPDX-License-Identifier: Apache-2.0
"""Many nodes and one receiver that takes few of them at a time, or few a second.

build/tools/crowd (CROWD=path names another one) runs the nodes' sinks, spools
and all, in one process. Nothing may be lost, nobody may be starved, and the
tries of all together stay few and spread, which is what jitter is for. Measured
for 2,000 nodes, tries for each on average and at most: 2.3 and 4 where 20 are taken
at a time (5 s), 4.1 and 7 where 200 are taken a second (26 s), 5.0 and 8 with 100 (63 s).
"""

import collections
import os
import resource
import subprocess
import tempfile
import time
import unittest

from relptest import proc
from relptest.case import ROOT, Case, long

CROWD = os.environ.get("CROWD", os.path.join(ROOT, "build", "tools", "crowd"))
# Of the nodes, those that may plan their next try for the same tenth of a second. When all are
# refused at the same instant, their first wait spreads them over 0.1 to 1 s: a ninth each. Where
# nobody listens each waits 0.2 to 1 s, again and again: at most 0.235 are expected, in the second
# after the start.
SHARE = 0.2
SHARE_REFUSED = 0.3
FILES = 6  # each node has open


class Gate:
    """at_connect of a receiver that takes so many a second and resets the rest."""

    def __init__(self, rate):
        self.rate = rate
        self.tokens = rate / 10
        self.at = time.monotonic()
        self.turned_away = 0

    def __call__(self):
        now = time.monotonic()
        self.tokens = min(self.rate / 10, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            self.turned_away += 1
            return "reset"
        self.tokens -= 1
        return "ok"


class CrowdCase(Case):
    PROGRAM = CROWD

    def start(self, port, nodes, seconds=120, *more):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if most != resource.RLIM_INFINITY and most < nodes * FILES + 100:
            self.skipTest("%d nodes need %d open files, the limit is %d" % (
                nodes, nodes * FILES + 100, most))
        # so many small spools belong into memory
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else self.dir
        folder = tempfile.TemporaryDirectory(dir=memory)
        self.addCleanup(folder.cleanup)
        self.nodes = nodes
        self.events = self.path("events")
        with open(self.events, "wb") as out:
            self.process = self.spawn(
                [self.PROGRAM, "127.0.0.1:%d" % port, str(nodes), folder.name, str(seconds),
                 *map(str, more)], name="crowd", stdin=subprocess.DEVNULL, stdout=out)

    def happened(self):
        """(milliseconds, what, node), as far as it has come."""
        with open(self.events, "rb") as f:
            lines = f.read().decode().split("\n")[:-1]
        return [(int(a), b, int(c)) for a, b, c in map(str.split, lines)]

    def end_well(self, seconds=150):
        """All delivered, and left."""
        code = self.process.wait(seconds)
        with open(self.logs[-1].name, encoding="utf-8") as f:
            self.assertEqual(code, 0, f.read())

    def finish(self, average, most, share=SHARE):
        """All delivered; tries for each node: on average, and at most."""
        self.end_well()
        events = self.happened()
        tries = collections.Counter(n for _, what, n in events if what in ("open", "failure"))
        self.assertEqual(len(tries), self.nodes)
        of_all = sum(tries.values()) / self.nodes
        if os.environ.get("RELPTEST_TIMES"):
            print("%d nodes: %.1f tries each, %d at most, %.1f s, fullest tenth %d" % (
                self.nodes, of_all, max(tries.values()), events[-1][0] / 1000,
                self.fullest(events)))
        self.assertLessEqual(of_all, average)
        self.assertLessEqual(max(tries.values()), most)
        self.assertLessEqual(self.fullest(events), share * self.nodes)

    @staticmethod
    def fullest(events):
        """How many tries are planned for the same 100 ms, wherever these begin."""
        planned = sorted(ms for ms, what, _ in events if what == "retry")
        first = best = 0
        for i, ms in enumerate(planned):
            while planned[first] <= ms - 100:
                first += 1
            best = max(best, i - first + 1)
        return best


@unittest.skipUnless(os.access(CROWD, os.X_OK), "no %s: run make tools" % CROWD)
class Crowd(CrowdCase):
    def few_at_a_time(self, nodes, few):
        """relp-recv ends the sessions of those it has no room for."""
        output = self.path("output")
        with proc.Receiver("--output", output, "--max-connections", few, "-q") as receiver:
            self.start(receiver.port, nodes)
            self.finish(average=4, most=8)
            self.assertEqual(receiver.stop(), 0)
        with open(output, "rb") as f:
            self.assertEqual(len(set(f)), nodes)

    def few_a_second(self, nodes, rate, average, most):
        gate = Gate(rate)
        r = self.receiver(at_connect=gate)
        self.start(r.port, nodes)
        self.finish(average, most)
        self.assertGreater(gate.turned_away, nodes)
        self.assert_all(r, "a", nodes)

    def test_2000_and_a_receiver_with_room_for_20(self):
        self.few_at_a_time(2000, 20)

    def test_500_and_a_receiver_that_takes_200_a_second(self):
        self.few_a_second(500, 200, average=6, most=10)

    @long
    def test_2000_and_a_receiver_that_takes_200_a_second(self):
        self.few_a_second(2000, 200, average=6, most=11)

    @long
    def test_2000_and_a_receiver_that_takes_100_a_second(self):
        self.few_a_second(2000, 100, average=7.5, most=12)

    def test_500_wait_for_a_receiver_that_comes_back(self):
        """Refused connects are tried again soon, but spread; then it takes 200 a second."""
        gate = Gate(200)
        r = self.receiver(at_connect=gate)
        r.kill()
        self.start(r.port, 500)
        self.until(lambda: len(self.happened()) >= 6 * 500, what="three failures of each")
        r.restart()
        self.finish(average=10, most=16, share=SHARE_REFUSED)
        self.assert_all(r, "a", 500)


if __name__ == "__main__":
    unittest.main()
