# SPDX-License-Identifier: Apache-2.0
"""The base of every case: a folder, processes that end with the test, patience."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from relptest.receiver import Receiver

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
RELPBOX = os.path.abspath(os.environ.get("RELPBOX", os.path.join(ROOT, "build", "relpbox")))
LONG = os.environ.get("RELPTEST_LONG") == "1"
# Sanitizers make the program slower: limits of time are stretched, counts never are.
SLOW = 3 if "/san/" in RELPBOX else 1
WINDOW = 2048
BATCH = 512  # what one turn of the loop may read from a socket

needs_root = unittest.skipUnless(os.geteuid() == 0, "needs root")
needs_strace = unittest.skipUnless(shutil.which("strace"), "needs strace")
needs_mounts = unittest.skipUnless(
    os.geteuid() == 0 and shutil.which("unshare") and
    subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0,
    "needs root and unshare -m")
needs_namespaces = unittest.skipUnless(
    os.geteuid() == 0 and shutil.which("unshare") and
    subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL).returncode == 0,
    "needs root and unshare -n")
long = unittest.skipUnless(LONG, "long: tests/e2e/run --long")


class Case(unittest.TestCase):
    maxDiff = 4000
    tls_context = None  # of the receivers; relptest.over_tls sets all three
    tls_dir = None      # of forward
    tls_recv = ()       # options of relp-recv

    def setUp(self):
        # short: the path of a unix socket has 107 bytes
        self.dir = tempfile.mkdtemp(prefix="relptest-")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.seed = int(os.environ.get("RELPTEST_SEED", random.randrange(1 << 32)))
        self.random = random.Random(self.seed)
        self.logs = []

    def run(self, result=None):
        begin = time.monotonic()
        super().run(result)
        if os.environ.get("RELPTEST_TIMES"):
            print("%6.1f s %s" % (time.monotonic() - begin, self.id()), file=sys.stderr)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), "w" if isinstance(text, str) else "wb") as f:
            f.write(text)
        return self.path(name)

    def spawn(self, args, name=None, **how):
        """A process that ends with the test, whatever happens."""
        if "stderr" not in how:
            log = open(self.path("%s.%d.log" % (name or "process", len(self.logs))), "w+b")
            self.addCleanup(log.close)
            self.logs.append(log)
            how["stderr"] = log
        p = subprocess.Popen(args, **how)
        self.addCleanup(self.end, p)
        return p

    @staticmethod
    def end(p):
        if p.poll() is None:
            p.send_signal(signal.SIGCONT)
            p.kill()
        p.wait()
        for f in (p.stdin, p.stdout):
            if f:
                f.close()

    def receiver(self, **faults):
        r = Receiver(tls=self.tls_context, **faults)
        self.addCleanup(r.close)
        self.addCleanup(lambda: self.assertEqual(r.errors, [], "what a client did wrong"))
        return r

    def until(self, condition, seconds=30, what="the condition", every=0.02):
        """Until condition() is true (its value is returned)."""
        deadline = time.monotonic() + seconds * SLOW
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError("%s did not happen within %g s" % (
                    what() if callable(what) else what, seconds))
            time.sleep(every)

    # --- counting ------------------------------------------------------------------------

    def assert_all(self, receiver, source, count, first=1):
        """Every number is there: nothing is lost, nothing came from nowhere."""
        seen = receiver.seen.get(source, set())
        lost = [n for n in range(first, first + count) if n not in seen]
        strange = [n for n in seen if not first <= n < first + count]
        if lost or strange:
            self.fail("source %s: %d of %d lost (%s), %d strange (%s); seed %d" % (
                source, len(lost), count, runs(lost), len(strange), runs(sorted(strange)),
                self.seed))

    def assert_order(self, receiver, source):
        """The first arrivals are in order."""
        highest = 0
        seen = set()
        for n in receiver.sequences.get(source, ()):
            if n in seen:
                continue
            seen.add(n)
            if n < highest:
                self.fail("source %s: %d came first after %d" % (source, n, highest))
            highest = n

    def assert_duplicates(self, receiver, source, breaks, window=WINDOW, batch=BATCH):
        """At most one window and one read batch for each break."""
        n = len(receiver.sequences.get(source, ())) - len(receiver.seen.get(source, ()))
        most = breaks * (window + batch)
        if n > most:
            self.fail("source %s: %d duplicates, at most %d for %d breaks" % (
                source, n, most, breaks))
        return n

    def assert_exact(self, receiver, source, count, breaks=0, **how):
        self.assert_all(receiver, source, count)
        self.assert_order(receiver, source)
        return self.assert_duplicates(receiver, source, breaks, **how)


def runs(numbers):
    """1-3,7: as far as it can be read."""
    out, i = [], 0
    while i < len(numbers) and len(out) < 10:
        k = i
        while k + 1 < len(numbers) and numbers[k + 1] == numbers[k] + 1:
            k += 1
        out.append("%d" % numbers[i] if k == i else "%d-%d" % (numbers[i], numbers[k]))
        i = k + 1
    return ",".join(out) + (",..." if i < len(numbers) else "")


def add_test(cls, name, method, *args):
    """A row of a table as a test of its own: cls.test_NAME calls self.method(*args)."""
    def test(self):
        getattr(self, method)(*args)
    test.__name__ = "test_" + name.replace("-", "_").replace(".", "_")
    assert not hasattr(cls, test.__name__), test.__name__
    setattr(cls, test.__name__, test)
