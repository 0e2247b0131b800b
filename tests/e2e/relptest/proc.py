# SPDX-License-Identifier: Apache-2.0
"""Programs under test: started, watched by what they say, ended by process id."""

import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "..", "..", ".."))

# Tests wait for events; this only ends a test that waits for what never comes.
LIMIT = float(os.environ.get("RELPTEST_LIMIT", "60"))


def relpbox():
    """The program under test: RELPBOX, or what `make` builds."""
    return os.environ.get("RELPBOX", os.path.join(TOP, "build", "relpbox"))


def free_port():
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_ports(n):
    """n ports, below those that the kernel gives to whoever asks for any: of many that were taken
    one after the other as free_port does, one soon comes twice."""
    held, ports = [], []
    try:
        for port in random.sample(range(12000, 32000), 4 * n + 100):
            s = socket.socket()
            held.append(s)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == n:
                return ports
    finally:
        for s in held:
            s.close()
    raise AssertionError("no %d free ports" % n)


def listening():
    """The TCP ports that somebody listens on, over IPv4."""
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return {int(r[1].rpartition(":")[2], 16) for r in rows if r[3] == "0A"}


def wait_until(condition, what, limit=LIMIT):
    """Waits until condition() is true and returns its value."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {limit:g} s still not: {what}")
        time.sleep(0.01)


def wait_for_port(port, limit=LIMIT):
    """Waits until somebody listens on 127.0.0.1:port."""

    def connects():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    wait_until(connects, f"somebody listens on port {port}", limit)


class Process:
    """A running program. Standard error is collected; standard output goes where told."""

    def __init__(self, argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=None, **more):
        self.argv = argv
        self.popen = subprocess.Popen(
            argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=env, **more
        )
        self.pid = self.popen.pid
        self.lines = []
        self._more = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stderr:
            with self._more:
                self.lines.append(line.decode(errors="backslashreplace").rstrip("\n"))
                self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    @property
    def stderr(self):
        return "\n".join(self.lines)

    def wait_line(self, pattern, limit=LIMIT):
        """The match of pattern in the first line of standard error that has one."""
        end = time.monotonic() + limit
        seen = 0
        with self._more:
            while True:
                for line in self.lines[seen:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                seen = len(self.lines)
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(
                        f"{self.argv} did not say {pattern!r}, but:\n" + "\n".join(self.lines)
                    )
                self._more.wait(left)

    def wait(self, limit=LIMIT):
        """The exit code (negative: the signal that ended it), with all of standard error read."""
        try:
            code = self.popen.wait(limit)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.argv} does not end; it said:\n{self.stderr}") from None
        self._reader.join(limit)
        return code

    def signal(self, number):
        self.popen.send_signal(number)

    def stop(self, limit=LIMIT):
        """SIGTERM, and the exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return self.wait(limit)

    def kill(self):
        """SIGKILL."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        if self.popen.stdin:
            self.popen.stdin.close()
        if self.popen.stdout:
            self.popen.stdout.close()
        self._reader.join(LIMIT)
        self.popen.stderr.close()


class Relpbox(Process):
    """A relpbox command that runs until it is told to end."""

    def __init__(self, *args, **more):
        super().__init__([relpbox(), *map(str, args)], **more)


class Receiver(Relpbox):
    """relp-recv on a free port; .port once it listens."""

    def __init__(self, *args, listen="127.0.0.1:0", **more):
        super().__init__("relp-recv", "--listen", listen, *args, **more)
        try:
            self.address = self.wait_line(r"^listening on ([^,]*)")[1]
        except AssertionError:
            self.__exit__()
            raise
        self.port = int(self.address.rsplit(":", 1)[1])


class Result:
    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr

    def __repr__(self):
        return f"exit code {self.code}\n{self.stderr.decode(errors='backslashreplace')}"


def run(*args, stdin=b"", limit=LIMIT, env=None):
    """Runs a relpbox command to its end."""
    done = subprocess.run(
        [relpbox(), *map(str, args)], input=stdin, capture_output=True, timeout=limit, env=env,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)
