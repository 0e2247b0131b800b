# SPDX-License-Identifier: Apache-2.0
"""The spool killed at every system call, and on disks that fail.

build/tools/spoolcrash (SPOOLCRASH=path names another one) writes, reads and
acknowledges records in small segments and tells each step. Whatever happens to
it, what the next start finds must be an unbroken run of records, from at most
the first unacknowledged one to at least the last committed one.
"""

import os
import re
import shutil
import signal
import subprocess
import unittest

from relptest.case import LONG, ROOT, Case, needs_mounts, needs_strace

TOOL = os.path.abspath(os.environ.get("SPOOLCRASH",
                                      os.path.join(ROOT, "build", "tools", "spoolcrash")))
ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")  # no leak check under a tracer
WRITES = "pwrite64,pwritev,pwritev2"
RENAMES = "renameat,renameat2"
KINDS = [WRITES, RENAMES, "unlinkat", "fdatasync,fsync", "openat", "ftruncate"]


class Told:
    """What the tool said before its end."""

    def __init__(self, text):
        self.last = {"A": 0, "C": 0, "D": 0, "E": 0}
        lines = text.split("\n")[:-1]  # a line that a kill cut short was not said
        for line in lines:
            kind, number = line.split()
            self.last[kind] = max(self.last[kind], int(number))

    def __getattr__(self, name):
        return self.last[name]


@unittest.skipUnless(os.access(TOOL, os.X_OK), "no %s: run make tools" % TOOL)
class Crash(Case):
    def tool(self, *args, wrap=(), code=(0,)):
        p = subprocess.run([*wrap, TOOL, *map(str, args)], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, env=ENV, timeout=120)
        if code is not None and p.returncode not in code:
            self.fail("%s %s: exit %s\n%s" % (wrap, args, p.returncode, p.stderr[-2000:]))
        return p

    def check(self, told, spool, acked_before=0, gaps=0):
        """The spool holds what it must; returns the last record that it knows of."""
        words = self.tool("check", spool).stdout.rstrip("\n").split(" ", 5)
        first, last, cursor, foreign, gap_frames = map(int, words[:5])
        acked = max(told.A, acked_before)
        self.assertEqual(words[5], "", "the disk is well now")
        self.assertEqual(foreign, 0)
        self.assertEqual(gap_frames, gaps)
        if not first:
            self.assertGreaterEqual(acked, told.C, "records are gone")
            return max(acked, cursor)
        self.assertLessEqual(first, acked + 1, "records before %d are gone" % first)
        self.assertGreaterEqual(last, told.C, "committed records are gone")
        self.assertEqual(cursor, last, "the cursor stands behind the last record")
        return last

    def strace(self, inject, log=None):
        return ["strace", "-f", "-o", log or "/dev/null", "-e", "trace=" + inject.split(":")[0],
                "-e", "inject=" + inject]


@needs_strace
class KilledAtACall(Crash):
    RECORDS = 90

    def calls(self, kind):
        """How many calls of a kind an undisturbed run makes."""
        spool, log = self.path("count"), self.path("calls")
        shutil.rmtree(spool, ignore_errors=True)
        self.tool("run", spool, 1, self.RECORDS, self.seed, wrap=[
            "strace", "-f", "-o", log, "-e", "trace=" + kind])
        with open(log, encoding="utf-8", errors="replace") as f:
            return len(re.findall(r"^\d+ +\w+\(", f.read(), re.M))

    def every(self, kind):
        n = self.calls(kind)
        step = 1 if LONG else max(1, n // 25)
        killed = 0
        for i in range(1 + self.random.randrange(step), n + 1, step):
            spool = self.path("spool-%d" % i)
            p = self.tool("run", spool, 1, self.RECORDS, self.seed, code=None,
                          wrap=self.strace("%s:signal=KILL:when=%d" % (kind, i)))
            told = Told(p.stdout)
            if told.E:
                continue  # it made fewer calls this time
            self.assertIn(p.returncode, (-signal.SIGKILL, 128 + signal.SIGKILL), p.stderr)
            killed += 1
            last = self.check(told, spool)
            # and it goes on from there
            p = self.tool("run", spool, last + 1, 30, self.seed)
            self.assertEqual(Told(p.stdout).E, last + 30)
            self.check(Told(p.stdout), spool, told.A)
            shutil.rmtree(spool)
        if n:
            self.assertGreater(killed, 0)

    def test_write(self):
        self.every(WRITES)

    def test_rename(self):
        self.every(RENAMES)

    def test_unlink(self):
        self.every("unlinkat")

    def test_sync(self):
        self.every("fdatasync,fsync")

    def test_open(self):
        self.every("openat")


@needs_strace
class FailingCalls(Crash):
    """Each call of a kind fails once, or from one on for a while: nothing is lost."""

    def fail_each(self, kind, errors, most=60):
        step = 1 if LONG else 4
        for error in errors:
            for i in range(1 + self.random.randrange(step), most, step):
                for when in ("%d" % i, "%d..%d" % (i, i + 15)):
                    spool = self.path("spool")
                    shutil.rmtree(spool, ignore_errors=True)
                    p = self.tool("run", spool, 1, 150, self.seed, wrap=self.strace(
                        "%s:error=%s:when=%s" % (kind, error, when)))
                    told = Told(p.stdout)
                    self.assertEqual(told.E, 150, p.stderr)
                    self.check(told, spool)

    def test_write(self):
        self.fail_each(WRITES, ["ENOSPC", "EIO"])

    def test_rename(self):
        self.fail_each(RENAMES, ["EROFS"], most=16)

    def test_unlink(self):
        self.fail_each("unlinkat", ["EIO"], most=16)

    def test_sync(self):
        self.fail_each("fdatasync,fsync", ["EIO"], most=16)


class Kills(Crash):
    def test_kill_at_random_moments(self):
        spool, first, acked = self.path("spool"), 1, 0
        for _ in range(150 if LONG else 40):
            p = subprocess.Popen([TOOL, "run", spool, str(first), "1000000", str(self.seed), "3"],
                                 stdout=subprocess.PIPE, text=True, env=ENV)
            lines = [p.stdout.readline() for _ in range(self.random.randrange(1, 400))]
            p.kill()
            told = Told("".join(lines) + p.stdout.read())
            p.stdout.close()
            self.assertEqual(p.wait(), -signal.SIGKILL)
            acked = max(acked, told.A)
            first = self.check(told, spool, acked) + 1
        self.assertGreater(first, 1000)

    @needs_mounts
    def test_a_disk_that_is_really_full(self):
        spool = self.path("spool")
        os.mkdir(spool)
        for size in ("24k", "40k", "72k"):
            # the log on the small disk grows to 1 MiB: most of the time there is no room
            script = ("mount -t tmpfs -o size=%s none %s && %s run %s 1 3000 %d 40 && "
                      "echo check >&2 && %s check %s" %
                      (size, spool, TOOL, spool, self.seed, TOOL, spool))
            p = subprocess.run(["unshare", "-m", "sh", "-c", script], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=ENV, timeout=120)
            self.assertEqual(p.returncode, 0, p.stderr)
            lines = p.stdout.split("\n")
            told = Told("\n".join(lines[:-2]) + "\n")
            self.assertEqual(told.E, 3000)
            words = lines[-2].split(" ")
            self.assertLessEqual(int(words[0]), told.A + 1)
            self.assertEqual(words[2], "3000", "the last cursor")


if __name__ == "__main__":
    unittest.main()
