# SPDX-License-Identifier: Apache-2.0
"""Odd starts, odd folders, odd configurations: nothing is lost, and no exit code lies."""

import os
import subprocess

from relptest.case import RELPBOX, Case
from relptest.feed import Held, Sender, lines
from relptest.forward import Forward, relp_config


class Descriptors(Case):
    def forward(self, closed, stdin, port, **env):
        script = 'exec "$@" ' + closed
        return subprocess.run(
            ["bash", "-c", script, "bash", RELPBOX, "forward", "--config",
             self.write("c.yaml", relp_config(port)), "--spool-dir", self.path("spool"),
             "--input", "stdin"], input=stdin, stderr=subprocess.PIPE, timeout=60,
            env=dict(os.environ, **env), check=False)

    def test_standard_input_that_is_closed_is_no_empty_input(self):
        r = self.receiver()
        p = self.forward("<&-", b"", r.port)
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"input stdin", p.stderr)

    def test_the_log_goes_into_no_file_of_ours(self):
        """With 1 and 2 closed, a file that we open must not get these numbers."""
        r = self.receiver()
        r.kill()
        f = Forward(self, r.port, inputs=["stdin"], stdin=subprocess.PIPE, target="localhost")
        f.wrapper = ["bash", "-c", 'exec "$@" >&- 2>&-', "bash"]
        f.start()
        f.process.stdin.write(lines("a", range(1, 11)))
        f.process.stdin.close()
        f.wait_status(lambda s: s["spool"]["records"] == 10 and s["counts"]["failures"] > 1)
        for n in range(3):
            self.assertIn(os.readlink("/proc/%d/fd/%d" % (f.pid, n)).split(":")[0],
                          ("pipe", "/dev/null"))
        r.restart()
        self.assertEqual(f.wait_exit(), 0)
        self.assert_exact(r, "a", 10)

    def test_more_sockets_promised_than_passed(self):
        """What is no socket of systemd's is not closed as one."""
        r = self.receiver()
        script = 'LISTEN_PID=$$ LISTEN_FDS=3 exec "$@" 3<&- 4<&- 5<&-'
        p = subprocess.run(
            ["bash", "-c", script, "bash", RELPBOX, "forward", "--config",
             self.write("c.yaml", relp_config(r.port)), "--spool-dir", self.path("spool"),
             "--input", "stdin"], input=lines("a", [1]), stderr=subprocess.PIPE, timeout=60,
            check=False)
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"descriptor 3, which LISTEN_FDS names", p.stderr)


class Folders(Case):
    """drain and requeue make no spool, and what they can't read is not empty."""

    def spool(self, *args):
        return subprocess.run([RELPBOX, "spool"] + list(args), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)

    def test_a_folder_that_is_not_there(self):
        r = self.receiver()
        c = self.write("c.yaml", relp_config(r.port))
        for verb in (["drain", "--config", c], ["requeue"], ["list"]):
            with self.subTest(verb):
                p = self.spool(*verb, "--spool-dir", self.path("nowhere"))
                self.assertEqual(p.returncode, 1)
                self.assertIn(b"No such file", p.stderr)
                self.assertFalse(os.path.exists(self.path("nowhere")))

    def test_a_link_is_not_followed_and_not_called_empty(self):
        r = self.receiver()
        r.kill()
        f = Forward(self, r.port, inputs=["stdin"], stdin=subprocess.PIPE)
        f.start()
        f.process.stdin.write(lines("a", range(1, 6)))
        f.process.stdin.flush()
        f.wait_status(lambda s: s["spool"]["records"] == 5)
        f.term()
        os.symlink(self.path("spool"), self.path("link"))
        r.restart()
        p = self.spool("drain", "--config", f.config, "--spool-dir", self.path("link"))
        self.assertEqual(p.returncode, 1)
        self.assertEqual(r.stored, 0)
        p = self.spool("drain", "--config", f.config, "--spool-dir", self.path("spool"))
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assert_exact(r, "a", 5)

    def test_requeue_puts_back_all_beside_a_running_forward(self):
        """More than one call of the spool can take (1 MiB)."""
        bad = [True]
        r = self.receiver(at_message=lambda p: "refuse" if b"src=bad" in p and bad[0] else "ok")
        held = Held(self.path("in"))
        self.addCleanup(held.close)
        f = Forward(self, r.port, held=[held]).start()
        s = Sender(held.path)
        self.addCleanup(s.close)
        count = 20
        for n in range(1, count + 1):
            s.send("src=bad seq=%d " % n + "x" * 60000)
            s.send("src=a seq=%d" % n)
        f.wait_status(lambda s: s["spool"]["set_aside"] == count, 90)
        bad[0] = False
        p = f.command("spool", "requeue")
        self.assertEqual((p.returncode, p.stdout, p.stderr),
                         (0, b"%d records were put back into the queue\n" % count, b""))
        r.wait_distinct("bad", count)
        f.wait_status(lambda s: s["spool"]["set_aside"] == 0)
        f.term()


class Verdicts(Case):
    def stdin(self, port, text, **options):
        f = Forward(self, port, inputs=["stdin"], stdin=subprocess.PIPE, notify=False, **options)
        f.start(ready=False)
        f.process.stdin.write(text)
        f.process.stdin.close()
        return f

    def test_dropped_lines_are_no_success(self):
        r = self.receiver()
        f = self.stdin(r.port, lines("a", range(1, 4)), audit_share=100)
        self.assertEqual(f.wait_exit(), 1, f.talk())
        self.assertIn("not all was delivered", f.talk())

    def test_a_line_split_into_many_waits_for_room_for_all_of_them(self):
        r = self.receiver()
        r.kill()
        f = Forward(self, r.port, inputs=["stdin"], stdin=subprocess.PIPE, spool_max="1MiB",
                    oversize="split", max_message=480)
        f.start()
        text = b"".join(b"<14>app: src=a seq=%d " % n + b"y" * 90000 + b"\n" for n in range(1, 9))
        writer = self.spawn(["cat", self.write("lines", text)], stdout=f.process.stdin)
        f.process.stdin.close()
        f.wait_status(lambda s: s["counts"]["split"] >= 2)
        r.restart()
        self.assertEqual(f.wait_exit(60), 0, f.talk())
        self.assertEqual(writer.wait(), 0)
        self.assertEqual(sum(p.count(b"y") for p in r.payloads()), 8 * 90000)


class Configurations(Case):
    """Those that are sound by their fields, and can't be run by all the same."""

    FORWARD = """\
apiVersion: relpbox/v1alpha1
kind: Forward
spool: {maxSize: 1MiB}
messages: {maxSize: 512KiB}
rsyslogRelpConfig:
  target: 127.0.0.1
  port: %d
  loggingRules:
  - severity: 7
"""

    def test_the_last_good_one_stands_in(self):
        r = self.receiver()
        held = Held(self.path("in"))
        self.addCleanup(held.close)
        f = Forward(self, r.port, held=[held]).start()
        f.term()
        self.write("relp.yaml", self.FORWARD % r.port)
        f.start()
        self.assertIn("must hold at least eight", f.talk())
        self.assertIn("last one that worked", f.status()["attention"])
        f.term()

    def test_but_not_where_tls_may_be_asked_for(self):
        r = self.receiver()
        held = Held(self.path("in"))
        self.addCleanup(held.close)
        f = Forward(self, r.port, held=[held]).start()
        f.term()
        connects = r.connects
        for text in ('{"target": "x #y", "tls": {"enabled": true}, "x": [\n',
                     "tls: {enabled: true}\nx: [\n".encode("utf-16")):
            with self.subTest(text):
                self.write("relp.yaml", text)
                f.start(ready=False)
                self.assertEqual(f.wait_exit(), 1, f.talk())
                self.assertEqual(r.connects, connects)
