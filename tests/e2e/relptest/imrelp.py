# SPDX-License-Identifier: Apache-2.0
"""A real imrelp as the cases see it: what its file holds, killed and started again; and a tap
on the way to it, which knows what it acknowledged."""

import re

from relptest import proc, relp, rsyslog, tap
from relptest.receiver import SEQUENCE

# A line that kill -9 left half written has another record directly behind it.
WHOLE = re.compile(rb"src=(\w+) seq=(\d+) [xyz]* \n")


class Imrelp:
    """params: of input(type="imrelp"), globals_: of global(), ruleset: of its ruleset, module: of
    module(load="imrelp")."""

    def __init__(self, case, params="", globals_="", ruleset="", module=""):
        self.case = case
        self.params = params
        self.globals_ = globals_
        self.ruleset = ruleset
        self.module = module
        self.port = proc.free_port()
        self.file = case.path("arrived")
        self.starts = 0
        self.process = None

    def start(self):
        self.starts += 1
        self.process = rsyslog.imrelp(self.case.dir, self.file, self.port, self.params,
                                      self.globals_, "imrelp%d" % self.starts, self.ruleset,
                                      self.module)
        self.case.addCleanup(self.process.__exit__)
        return self

    def kill(self):
        self.process.kill()

    def records(self):
        """The whole lines of its file."""
        try:
            with open(self.file, "rb") as f:
                return f.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return []

    def wait_records(self, count, seconds=60):
        self.case.until(lambda: len(self.records()) >= count, seconds,
                        lambda: "%d records; there are %d" % (count, len(self.records())), 0.1)
        return self.records()

    def load(self):
        """The stored numbers as the cases count them: seen, sequences."""
        self.sequences = {}
        try:
            with open(self.file, "rb") as f:
                for m in WHOLE.finditer(f.read()):
                    self.sequences.setdefault(m[1].decode(), []).append(int(m[2]))
        except FileNotFoundError:
            pass
        self.seen = {s: set(v) for s, v in self.sequences.items()}
        return self.seen

    def wait_distinct(self, source, count, seconds=60):
        self.case.until(lambda: len(self.load().get(source, ())) >= count, seconds,
                        lambda: "%d records of %s; there are %d" % (
                            count, source, len(self.seen.get(source, ()))), 0.1)


class Tap(tap.Tap):
    """Between a client and 127.0.0.1:upstream. acked: the numbers whose 200 passed, by session."""

    def __init__(self, case, upstream):
        self.acked = []
        super().__init__(case, upstream)

    def count(self):
        return sum(map(len, self.acked))

    def looks(self):
        numbers, acked = {}, set()
        self.acked.append(acked)

        def sent(txnr, command, data):
            m = SEQUENCE.search(data)
            if command == b"syslog" and m:
                numbers[txnr] = int(m[2])

        def heard(txnr, command, data):
            if command == b"rsp" and data.startswith(b"200") and txnr in numbers:
                acked.add(numbers[txnr])

        return frames(sent), frames(heard)


def frames(look):
    """Calls look with each frame of what comes."""
    of = relp.Frames()

    def feed(data):
        for one in of.feed(data):
            look(*one)
    return feed
