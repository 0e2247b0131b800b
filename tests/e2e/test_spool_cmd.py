# SPDX-License-Identifier: Apache-2.0
"""`relpbox spool`, status and relp-send where what they are given is not what it should be."""

import os
import subprocess

from relptest.case import RELPBOX, Case, needs_root
from relptest.feed import lines
from relptest.forward import Forward, relp_config


def relpbox(*args):
    return subprocess.run([RELPBOX] + list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30)


class Folder(Case):
    """A folder that is no spool is no empty spool: an error, and nothing is made there."""

    def refused(self, folder, wanted, verbs=("list", "requeue", "drain")):
        config = self.write("c.yaml", relp_config(1))
        before = sorted(os.walk(self.dir))
        for verb in verbs:
            with self.subTest(verb):
                p = relpbox("spool", verb, "--spool-dir", folder, "--config", config)
                self.assertEqual(p.returncode, 1, p)
                self.assertEqual(p.stdout, b"")
                self.assertIn(wanted, p.stderr.decode())
                self.assertEqual(sorted(os.walk(self.dir)), before)

    def test_that_is_not_there(self):
        self.refused(self.path("no"), "No such file")

    def test_that_holds_no_spool(self):
        os.mkdir(self.path("empty"))
        self.refused(self.path("empty"), "is no spool directory")

    def spool(self, r):
        f = Forward(self, r.port, inputs=["unix:" + self.path("in")])
        f.start()
        f.term()
        return f

    def test_that_is_a_link_with_whatever_behind_it(self):
        f = self.spool(self.receiver())
        os.symlink(f.spool, self.path("link"))
        for end in "", "/", "//", "/.", "/./":
            self.refused(self.path("link") + end, "cannot open")
        self.assertEqual(relpbox("spool", "list", "--spool-dir", f.spool + "/").returncode, 0)

    @needs_root
    def test_that_belongs_to_another_user(self):
        f = self.spool(self.receiver())
        os.chown(f.spool, 12345, 12345)
        self.refused(f.spool, "belongs to the user 12345")

    def test_whose_segments_cannot_be_made(self):
        """Sick: a folder stands where a new segment is written first."""
        f = self.spool(self.receiver())
        os.mkdir(os.path.join(f.spool, "new.tmp"))
        os.mkdir(os.path.join(f.spool, "new.tmp", "x"))
        self.refused(f.spool, "cannot make a file", ("requeue", "drain"))

    def test_without_a_name_is_wrong_usage(self):
        for args in (["status"], ["spool", "list"], ["spool", "requeue"], ["spool", "drain"]):
            p = relpbox(*args, "--spool-dir", "")
            self.assertEqual(p.returncode, 2, p)
            self.assertIn(b"--spool-dir is empty", p.stderr)


class Drain(Case):
    def filled(self, r, count):
        r.kill()
        f = Forward(self, r.port, inputs=["stdin"], stdin=subprocess.PIPE, notify=False)
        f.start(ready=False)
        f.process.stdin.write(lines("a", range(1, count + 1)))
        f.process.stdin.flush()
        f.wait_status(lambda s: s["spool"]["records"] == count)
        f.term()
        r.restart()
        return f

    def test_it_says_how_many_it_delivered(self):
        r = self.receiver()
        f = self.filled(r, 25)
        p = f.command("spool", "drain")
        self.assertEqual((p.returncode, p.stdout), (0, b"25 records were delivered\n"), p)
        self.assert_all(r, "a", 25)
        p = f.command("spool", "drain")
        self.assertEqual((p.returncode, p.stdout), (0, b"0 records were delivered\n"), p)


class RelpSend(Case):
    def test_an_ipv6_address_without_brackets_is_shown_with_them(self):
        p = relpbox("relp-send", "::1:20514", "x")
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"brackets: [::1]:20514\n", p.stderr)

    def test_what_was_to_be_sent_is_counted(self):
        r = self.receiver()
        r.kill()
        p = relpbox("relp-send", "127.0.0.1:%d" % r.port, "x", "y")
        self.assertEqual(p.returncode, 11)
        self.assertIn(b"0 of 2 messages are acknowledged", p.stderr)
