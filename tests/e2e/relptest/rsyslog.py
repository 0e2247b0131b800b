# SPDX-License-Identifier: Apache-2.0
"""A real rsyslogd, started by hand in a folder of its own."""

import os
import shutil
import signal
import subprocess

from . import proc


def available():
    """The path of rsyslogd, or None where it or its RELP modules are missing."""
    path = shutil.which("rsyslogd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        return None
    folders = ["/usr/lib/x86_64-linux-gnu/rsyslog", "/usr/lib/aarch64-linux-gnu/rsyslog",
               "/usr/lib/rsyslog", "/usr/lib64/rsyslog"]
    modules = ("imrelp.so", "omrelp.so")
    for folder in folders:
        if all(os.path.exists(os.path.join(folder, m)) for m in modules):
            return path
    return None


class Rsyslogd(proc.Process):
    """rsyslogd with this configuration; its work folder is inside folder."""

    def __init__(self, folder, config, name="rsyslog", env=None):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        path = os.path.join(self.folder, "rsyslog.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'global(workDirectory="{self.folder}")\n' + config)
        pid = os.path.join(self.folder, "pid")
        super().__init__([available(), "-n", "-f", path, "-i", pid], env=env)

    def __exit__(self, *_):
        # it ends by itself; omrelp may take its time where the other side is dead
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                pass
        super().__exit__()


def imrelp(folder, output, port=None, params="", globals_="", name="imrelp", ruleset="",
           module=""):
    """An rsyslogd that writes what imrelp receives to output, one raw message a line."""
    port = port or proc.free_port()
    config = f"""\
global({globals_ or 'net.enableDNS="off"'})
module(load="imrelp" {module})
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imrelp" port="{port}" address="127.0.0.1" ruleset="in" {params})
ruleset(name="in" {ruleset}) {{
  action(type="omfile" file="{output}" template="raw" flushOnTXEnd="on")
}}
"""
    daemon = Rsyslogd(folder, config, name)
    daemon.port = port
    try:
        proc.wait_for_port(port)
    except AssertionError:
        daemon.__exit__()
        raise
    return daemon


def omrelp(folder, port, socket, params="", name="omrelp"):
    """An rsyslogd that takes datagrams on socket and sends them to 127.0.0.1:port by omrelp."""
    config = f"""\
module(load="omrelp")
module(load="imuxsock" SysSock.Use="off")
template(name="msg" type="string" string="%msg%")
input(type="imuxsock" Socket="{socket}" ruleset="out" RateLimit.Interval="0")
ruleset(name="out") {{
  action(type="omrelp" target="127.0.0.1" port="{port}" template="msg"
         action.resumeRetryCount="-1" action.resumeInterval="1"
         queue.type="LinkedList" queue.size="200000" {params})
}}
"""
    daemon = Rsyslogd(folder, config, name)
    try:
        proc.wait_until(lambda: os.path.exists(socket), f"{socket} exists")
    except AssertionError:
        daemon.__exit__()
        raise
    return daemon
