# SPDX-License-Identifier: Apache-2.0
"""A real systemd-journald in mount and network namespaces of the test's own.

Its /run is a tmpfs and its loopback is its own, so that it meets no journald of
the machine, and the queue of a datagram socket has the length a test asks for.
"""

import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import unittest

from relptest.feed import Held
from relptest.forward import PASS

DAEMON = "/lib/systemd/systemd-journald"
FOLDER = "/run/systemd/journal"
SYSLOG = FOLDER + "/syslog"    # where journald forwards to
DEV_LOG = FOLDER + "/dev-log"  # what /dev/log is a link to
NATIVE = FOLDER + "/socket"
CONF = """\
[Journal]
Storage=volatile
ForwardToSyslog=yes
MaxLevelSyslog=debug
ReadKMsg=no
Audit=no
RateLimitBurst=0
"""
WARN_SECONDS = 30  # WARN_FORWARD_SYSLOG_MISSED_USEC of journald-syslog.c
MISSED = re.compile(r"^Forwarding to syslog missed (\d+) messages\.$", re.M)

CLONE_NEWNS, CLONE_NEWNET, CLONE_FS = 0x20000, 0x40000000, 0x200
MS_REC, MS_PRIVATE = 0x4000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *args):
    if getattr(libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (name, os.strerror(number)))


def _loopback_up():
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


class Node:
    """The test's process in namespaces of its own until leave()."""

    def __init__(self, queue):
        self.before = [os.open("/proc/self/ns/" + n, os.O_RDONLY) for n in ("mnt", "net")]
        self.cwd = os.open(".", os.O_RDONLY)
        try:
            _call("unshare", CLONE_NEWNS | CLONE_NEWNET)
            _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
            _call("mount", b"tmpfs", b"/run", b"tmpfs", 0, b"mode=755")
            _loopback_up()
            with open("/proc/sys/net/unix/max_dgram_qlen", "w", encoding="ascii") as f:
                f.write(str(queue))
        except OSError:
            self.leave()
            raise
        os.makedirs(FOLDER)
        os.makedirs("/run/systemd/journald.conf.d")
        with open("/run/systemd/journald.conf.d/zzz-test.conf", "w", encoding="ascii") as f:
            f.write(CONF)

    def leave(self):
        _call("unshare", CLONE_FS)  # threads that still end share it, and setns refuses then
        for fd in self.before:
            _call("setns", fd, 0)
            os.close(fd)
        os.fchdir(self.cwd)
        os.close(self.cwd)


def needed():
    """Why it can't run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in (DAEMON, "logger", "systemd-cat", "journalctl", "bash"):
        if not shutil.which(program):
            return "there is no " + program
    try:
        Node(10).leave()
    except OSError as e:
        return "no namespaces: %s" % e
    return None


class Journald:
    """The daemon, its sockets held by the test as systemd holds them."""

    def __init__(self, case, queue=512):
        why = needed()
        if why:
            raise unittest.SkipTest(why)
        self.case = case
        node = Node(queue)
        case.addCleanup(node.leave)
        self.held = []
        for path in (DEV_LOG, NATIVE):
            h = Held(path)
            case.addCleanup(h.close)
            self.held.append(h)
        self.process = None

    def start(self):
        high = [fcntl.fcntl(h.fileno(), fcntl.F_DUPFD, 100) for h in self.held]
        moves = "".join(" %d<&%d %d<&-" % (3 + i, fd, fd) for i, fd in enumerate(high))
        env = {"PATH": os.environ["PATH"], "TZ": "UTC"}
        self.process = self.case.spawn(["bash", "-c", PASS + moves, "bash", str(len(high)), DAEMON],
                                       name="journald", env=env, pass_fds=high,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for fd in high:
            os.close(fd)
        self.case.until(self._answers, what="journald takes streams")
        return self

    @staticmethod
    def _answers():
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(FOLDER + "/stdout") == 0

    def stop(self):
        """It takes what waits in its sockets before it ends."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def restart(self):
        self.stop()
        return self.start()

    def journal(self, *matches):
        """The messages of these entries, as journalctl prints them."""
        subprocess.run(["journalctl", "--sync"], check=True, stderr=subprocess.PIPE)
        return subprocess.run(
            ["journalctl", "--directory=/run/log/journal", "-q", "-o", "cat", "-a", *matches],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.decode(
                "utf-8", "replace")

    def missed(self):
        """How many messages it says it could not forward, up to now."""
        return sum(map(int, MISSED.findall(self.journal("_TRANSPORT=driver"))))


def run(*command, data=b"", uid=None):
    """Runs a program to its end; returns its pid."""
    how = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
    p = subprocess.Popen(command, stdin=subprocess.PIPE, cwd="/", **how)
    p.communicate(data, timeout=30)
    if p.returncode:
        raise AssertionError("%s ended with %d" % (command, p.returncode))
    return p.pid


def logger(*words, uid=None):
    """logger(1); on a node /dev/log leads to the same socket."""
    return run("logger", "--socket", DEV_LOG, *words, uid=uid)


def cat(text, *words, uid=None):
    """systemd-cat(1) with the text as a program's output."""
    return run("systemd-cat", *words, "cat", data=text, uid=uid)


def native(**fields):
    """One entry by journald's own protocol, binary fields and all, from this process."""
    data = b""
    for name, value in fields.items():
        data += b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(value)), value)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(NATIVE)
        s.send(data)
