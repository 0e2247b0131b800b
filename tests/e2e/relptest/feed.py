# SPDX-License-Identifier: Apache-2.0
"""The test's side of a datagram socket: held as systemd holds it, and fed."""

import json
import os
import re
import socket
import subprocess
import sys

FEEDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "feeder.py")


# A queue has the size that the network namespace gave it when the socket was made. The socket
# is found by its path from everywhere.
OF_QUEUE = """
import socket, sys
with open("/proc/sys/net/unix/max_dgram_qlen", "w") as f:
    f.write(sys.argv[1])
made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
socket.send_fds(socket.socket(fileno=int(sys.argv[2])), [b"x"], [made.fileno()])
"""


def of_queue(queue):
    """A datagram socket whose queue takes so many; unshare -n is needed."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run(["unshare", "-n", sys.executable, "-ISc", OF_QUEUE, str(queue),
                        str(theirs.fileno())], pass_fds=[theirs.fileno()], check=True)
        return socket.socket(fileno=socket.recv_fds(ours, 1, 1)[1][0])


class Held:
    """A bound datagram socket that outlives every forward which it is passed to."""

    def __init__(self, path, queue=None):
        self.path = path
        self.sock = of_queue(queue) if queue else socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        # as `PassCredentials=yes`: also what is sent while nobody reads has its sender
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def fileno(self):
        return self.sock.fileno()

    def close(self):
        self.sock.close()


class Feeder:
    """A running feeder.py; the numbers go on where the last one of the source ended."""

    def __init__(self, case, path, **options):
        args = [sys.executable, "-ISs", FEEDER, path]
        for name, value in options.items():
            if value is True:
                args.append("--" + name)
            else:
                args += ["--" + name, str(value)]
        self.process = case.spawn(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  bufsize=0, name="feeder")  # communicate sees no buffer of readline
        if self.process.stdout.readline() != b"ready\n":
            raise AssertionError("the feeder did not start")
        self.result = None

    def wait(self, seconds=60):
        """Until it has sent all; returns how many."""
        if self.result is None:
            try:
                out, _ = self.process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise AssertionError("the feeder is held up for %g s" % seconds) from None
            self.result = json.loads(out)
        return self.result["sent"]

    def stop(self):
        """Ends it where it stands; returns how many it has sent."""
        if self.result is None:
            self.process.terminate()
        return self.wait()

    @property
    def longest(self):
        """The seconds that its slowest send took."""
        return self.result["longest"]

    @property
    def dropped(self):
        """With nonblock: how many found no room."""
        return self.result["dropped"]

    @property
    def unread(self):
        """The longest for which something waited to be read: seconds."""
        return self.result["unread"]


class Sender:
    """Sends single datagrams from the test itself."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.settimeout(30)
        self.sock.connect(path)

    def send(self, text, pri=14, tag="kubelet[77]"):
        if isinstance(text, str):
            text = text.encode()
        self.sock.send(b"<%d>Nov 21 12:00:00 %s: %s" % (pri, tag.encode(), text))

    def numbered(self, source, numbers, **how):
        for n in numbers:
            self.send("src=%s seq=%d" % (source, n), **how)

    def close(self):
        self.sock.close()


def lines(source, numbers, size=0):
    """Numbered lines for stdin, as bytes."""
    out = []
    for n in numbers:
        text = b"<14>Nov 21 12:00:00 kubelet[77]: src=%s seq=%d " % (source.encode(), n)
        out.append(text + b"x" * (size - len(text)) + b"\n")
    return b"".join(out)


REPORT = re.compile(rb"(\d+) records were lost on this node")


def reported(payloads):
    """How many lost records the reports among the payloads tell of."""
    return sum(int(m[1]) for m in map(REPORT.search, payloads) if m)
