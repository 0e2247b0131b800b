# SPDX-License-Identifier: Apache-2.0
"""A running `relpbox forward`, as the service manager would run it."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time

from relptest.case import RELPBOX, SLOW

RULES = """\
loggingRules:
- severity: 7
"""

# Gives the descriptors after $1 the numbers from 3 on and says so to the process that follows.
PASS = 'n=$1; shift; export LISTEN_PID=$$ LISTEN_FDS=$n; exec "$@"'


def relp_config(port, rules=RULES, target="127.0.0.1", **fields):
    text = "apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\n" \
           "kind: RsyslogRelpConfig\n" \
           "target: %s\nport: %d\n%s" % (target, port, rules)
    for name, value in fields.items():
        text += "%s: %s\n" % (name, json.dumps(value))
    return text


class Forward:
    """options: of the command line, `max_rate=3` as --max-rate 3; fields: of the configuration."""

    def __init__(self, case, port, config=None, fields=None, target="127.0.0.1", held=(),
                 inputs=None, spool=None, wrapper=(), stdin=subprocess.DEVNULL, env=None,
                 notify=True, listen_pid=True, names=None, **options):
        self.case = case
        self.spool = spool or case.path("spool")
        self.config = case.path("relp.yaml")
        if config is None:
            config = relp_config(port, target=target, **(fields or {}))
        case.write("relp.yaml", config)
        self.held = list(held)
        if inputs is None:
            inputs = ["unix:" + h.path for h in self.held]
        self.args = [RELPBOX, "forward", "--config", self.config, "--spool-dir", self.spool,
                     "--project", "proj", "--shoot", "shoot1", "--shoot-uid", "uid", "--hostname",
                     "node"]
        for i in inputs:
            self.args += ["--input", i]
        if case.tls_dir:
            self.args += ["--tls-dir", case.tls_dir]
        for name, value in options.items():
            self.args += ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
        self.wrapper = list(wrapper)
        self.stdin = stdin
        self.env = env or {}
        self.names = names
        self.listen_pid = listen_pid
        self.process = None
        self.starts = 0
        self.notify = None
        self.notes = []
        if notify:
            self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.notify.bind(case.path("notify"))
            self.notify.settimeout(0.05)
            case.addCleanup(self.notify.close)

    # --- life ----------------------------------------------------------------------------

    def start(self, ready=True):
        env = dict(os.environ, TZ="UTC", **self.env)
        env.pop("NOTIFY_SOCKET", None)
        if "strace" in self.wrapper:
            env["ASAN_OPTIONS"] = "detect_leaks=0"  # the leak checker does not work under ptrace
        if self.notify:
            env["NOTIFY_SOCKET"] = self.case.path("notify")
        self.notes = []
        self.starts += 1
        self.process = self.case.spawn(self._command(env), name="forward", env=env,
                                       stdin=self.stdin, stdout=subprocess.PIPE,
                                       pass_fds=[h.fileno() for h in self._high])
        for h in self._high:
            h.close()
        self.log = self.case.logs[-1]
        if ready:
            self.wait_ready()
        return self

    def _command(self, env):
        """With held sockets: by way of a shell, which knows its own pid, and so LISTEN_PID."""
        self._high = []
        if not self.held:
            return self.wrapper + self.args
        moves = ""
        for i, h in enumerate(self.held):
            high = os.fdopen(fcntl.fcntl(h.fileno(), fcntl.F_DUPFD, 100), "rb", buffering=0)
            self._high.append(high)
            moves += " %d<&%d %d<&-" % (3 + i, high.fileno(), high.fileno())
        if self.names:
            env["LISTEN_FDNAMES"] = self.names
        script = PASS + moves
        if not self.listen_pid:
            script = script.replace("$$", "1")
        return ["bash", "-c", script, "bash", str(len(self.held))] + self.wrapper + self.args

    @property
    def pid(self):
        return self.process.pid

    def wait_note(self, wanted, seconds=20):
        """Until the service manager was told something that begins with `wanted`."""
        deadline = time.monotonic() + seconds * SLOW
        while True:
            for note in self.notes:
                if note.startswith(wanted):
                    return note
            if time.monotonic() > deadline:
                raise AssertionError("no %s within %g s:\n%s" % (wanted, seconds, self.talk()))
            try:
                self.notes += self.notify.recv(65536).decode().splitlines()
            except TimeoutError:
                if self.process.poll() is not None:
                    raise AssertionError("forward ended with %d:\n%s" % (
                        self.process.returncode, self.talk())) from None

    def wait_ready(self, seconds=20):
        self.wait_note("READY=1", seconds)

    def wait_exit(self, seconds=20):
        try:
            return self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError("forward did not end within %g s:\n%s" % (
                seconds, self.talk())) from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def term(self, seconds=2):
        """SIGTERM; it must end well within `seconds`. Returns how long it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.wait_exit(seconds + 3)
        took = time.monotonic() - begin
        self.case.assertEqual(code, 0, self.talk())
        self.case.assertLess(took, seconds * SLOW, "SIGTERM took %.2f s" % took)
        return took

    def restart(self):
        self.term()
        return self.start()

    # --- what it tells -------------------------------------------------------------------

    def talk(self):
        with open(self.log.name, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def said(self, text):
        return text in self.talk()

    def wait_said(self, text, seconds=20):
        self.case.until(lambda: self.said(text), seconds,
                        lambda: "the log line %r; it said:\n%s" % (text, self.talk()))

    def command(self, *args, **how):
        """relpbox COMMAND --spool-dir DIR ...: the finished process."""
        return subprocess.run([RELPBOX, args[0], "--spool-dir", self.spool] + list(args[1:]),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=30 * SLOW, **how)

    def status(self):
        p = self.command("status", "--json")
        if not p.stdout:
            raise AssertionError("no status (%d): %s\n%s" % (
                p.returncode, p.stderr.decode(), self.talk()))
        return json.loads(p.stdout)

    def counts(self):
        return self.status()["counts"]

    def wait_status(self, condition, seconds=30, what="the status"):
        """Until condition(status) is true; returns that status."""
        last = [None]

        def look():
            p = self.command("status", "--json")
            last[0] = json.loads(p.stdout) if p.stdout else p.stderr.decode()
            return p.stdout and condition(last[0])
        self.case.until(look, seconds, lambda: "%s; it was %s\n%s" % (
            what, json.dumps(last[0]), self.talk()), every=0.05)
        return last[0]

    def wait_empty(self, seconds=30):
        """Until nothing waits in the spool."""
        return self.wait_status(lambda s: s["spool"]["records"] == 0, seconds, "an empty spool")

    def spool_list(self):
        p = self.command("spool", "list")
        self.case.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout.decode()

    def rss_kib(self):
        with open("/proc/%d/status" % self.pid, encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0

    def cpu_seconds(self):
        """User and system time of the process so far."""
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
