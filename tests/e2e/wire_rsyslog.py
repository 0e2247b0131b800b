# SPDX-License-Identifier: Apache-2.0
"""A private rsyslogd with Gardener's template, and what it sends for a datagram.

The datagrams go into its imuxsock socket; omrelp delivers to a small RELP
receiver in this process, so what comes back is the data of RELP frames, byte
for byte: no file in between that would have to mark the end of a record.
"""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time

PROJECT, SHOOT, SHOOT_UID = "proj", "shoot1", "6b3e2f2c-0c4e-4e0a-9e57-0d2a7f6a9f11"

CONFIG = """\
template(name="SyslogForwarderTemplate" type="list") {{
  constant(value=" ")
  constant(value="{project}")
  constant(value=" ")
  constant(value="{shoot}")
  constant(value=" ")
  constant(value="{uid}")
  constant(value=" ")
  property(name="hostname")
  constant(value=" ")
  property(name="pri")
  constant(value=" ")
  property(name="syslogtag")
  constant(value=" ")
  property(name="timestamp" dateFormat="rfc3339")
  constant(value=" ")
  property(name="procid")
  constant(value=" ")
  property(name="msgid")
  constant(value=" ")
  property(name="msg")
  constant(value=" ")
}}

# What the rules look at, through a template that is not Gardener's (no program name holds a colon).
template(name="Parts" type="list") {{
  property(name="programname")
  constant(value=":")
  property(name="syslogseverity")
  constant(value=":")
  property(name="pri")
  constant(value=":")
  property(name="msg")
}}

global(workDirectory="{work}" {globals})
module(load="omrelp")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{socket}")

ruleset(name="relp_action_ruleset") {{
  action(
    name="rsyslog-relp"
    type="omrelp"
    target="127.0.0.1"
    port="{port}"
    queue.type="linkedlist"
    queue.size="100000"
    Template="{template}"
    action.resumeRetryCount="-1"
  )
}}
{rules}
"""

FORWARD_ALL = "call relp_action_ruleset\nstop\n"


def available():
    """The rsyslogd to run, or None when the machine has none (or no omrelp)."""
    rsyslogd = shutil.which("rsyslogd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if rsyslogd is None:
        return None
    for where in ("/usr/lib/x86_64-linux-gnu/rsyslog", "/usr/lib/aarch64-linux-gnu/rsyslog",
                  "/usr/lib/rsyslog", "/usr/lib64/rsyslog"):
        if os.path.exists(os.path.join(where, "omrelp.so")):
            return rsyslogd
    return None


def hostname():
    """The host name that rsyslog writes."""
    return socket.gethostname().split(".")[0]


class RelpReceiver:
    """Answers open, syslog and close; keeps the data of each syslog frame."""

    def __init__(self):
        self.payloads = []
        self.arrived = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        try:
            while self._frame(connection, stream):
                pass
        except OSError:
            pass
        connection.close()

    def _frame(self, connection, stream):
        header = b""
        while header.count(b" ") < 3:
            byte = stream.read(1)
            if not byte:
                return False
            if byte == b"\n" and header.count(b" ") == 2:
                break  # no data: the LF stands right behind the length
            header += byte
        txnr, command, length = header.split()[:3]
        data = b""
        if int(length):
            data = stream.read(int(length))
            stream.read(1)
        answer = b"200 OK"
        if command == b"open":
            answer += b"\nrelp_version=0\nrelp_software=test\ncommands=syslog\n"
        elif command == b"syslog":
            with self.arrived:
                self.payloads.append(data)
                self.arrived.notify_all()
        connection.sendall(b"%s rsp %d %s\n" % (txnr, len(answer), answer))
        return command != b"close"

    def wait(self, count, seconds):
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.payloads) >= count, seconds)

    def close(self):
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Rsyslog:
    """Context manager: a running rsyslogd and the way in (send) and out (collect)."""

    def __init__(self, directory, template="SyslogForwarderTemplate", rules=FORWARD_ALL,
                 globals_=""):
        self.directory = directory
        self.socket_path = os.path.join(directory, "syslog")
        self.template = template
        self.rules = rules
        self.globals = globals_

    def __enter__(self):
        self.receiver = RelpReceiver()
        config = os.path.join(self.directory, "rsyslog.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(project=PROJECT, shoot=SHOOT, uid=SHOOT_UID,
                                  work=self.directory, socket=self.socket_path,
                                  port=self.receiver.port, template=self.template,
                                  rules=self.rules, globals=self.globals))
        self.log = open(os.path.join(self.directory, "rsyslogd.log"), "wb")
        environment = dict(os.environ, LC_ALL="C", TZ="UTC")
        self.process = subprocess.Popen(
            [available(), "-n", "-f", config, "-i", os.path.join(self.directory, "pid")],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)
        self.out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.out.connect(self.socket_path)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise RuntimeError("rsyslogd did not open its socket:\n" + self.talk())
                time.sleep(0.02)
        return self

    def talk(self):
        with open(os.path.join(self.directory, "rsyslogd.log"), "rb") as f:
            return f.read().decode("utf-8", "replace")

    def exchange(self, datagrams, seconds=30):
        """Sends all, in order; returns the payloads, which must be as many."""
        before = len(self.receiver.payloads)
        for datagram in datagrams:
            self.out.send(datagram)
        if not self.receiver.wait(before + len(datagrams), seconds):
            raise RuntimeError("rsyslog sent %d records for %d datagrams\n%s" % (
                len(self.receiver.payloads) - before, len(datagrams), self.talk()))
        return self.receiver.payloads[before:]

    def __exit__(self, *_):
        self.out.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.receiver.close()
        self.log.close()
