# SPDX-License-Identifier: Apache-2.0
"""openssl s_server and s_client as RELP peers: TLS is theirs, RELP is spoken here, over their
standard input and output."""

import os
import subprocess
import threading

from relptest import proc, relp


def arguments(leaf, ca, version, more=()):
    out = ["-quiet", "-CAfile", ca, "-verify_return_error", *more]
    if leaf:
        out += ["-cert", leaf.cert, "-key", leaf.key] + intermediates(leaf)
    return out + (["-tls" + version.replace(".", "_")] if version else [])


def intermediates(leaf):
    """-cert takes the first certificate of a file alone; those behind it stand in one of their own."""
    with open(leaf.cert, encoding="ascii") as f:
        _, end, behind = f.read().partition("-----END CERTIFICATE-----\n")
    assert end
    if not behind:
        return []
    path = leaf.cert + ".chain"
    if not os.path.exists(path):
        new = "%s.new.%d" % (path, threading.get_ident())  # cells that run at once write it too
        with open(new, "w", encoding="ascii") as f:
            f.write(behind)
        os.replace(new, path)
    return ["-cert_chain", path]


class Openssl:
    def __init__(self, *argv):
        self.messages = []
        self.frames = relp.Frames()
        self.popen = subprocess.Popen(["openssl", *argv], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = b""
        self._reader = threading.Thread(target=self._hear, daemon=True)
        self._reader.start()

    def _hear(self):
        self.said = self.popen.stderr.read()

    def send(self, data):
        try:
            self.popen.stdin.write(data)
            self.popen.stdin.flush()
        except BrokenPipeError:
            pass

    def read(self):
        """Frames as they come, until the other side ends."""
        while True:
            data = self.popen.stdout.read1(1 << 16)
            if not data:
                return
            yield from self.frames.feed(data)

    def wait(self, limit=proc.LIMIT):
        return self.popen.wait(limit)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self._reader.join()
        for f in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            try:
                f.close()
            except BrokenPipeError:
                pass


class Server(Openssl):
    """s_server for one connection, which answers as a RELP receiver does. asks: it wants a
    certificate of the client, which leads to ca."""

    def __init__(self, leaf, ca, version=None, asks=True, more=()):
        self.port, = proc.free_ports(1)
        verify = ["-Verify", "4"] if asks else []
        super().__init__("s_server", "-accept", "127.0.0.1:%d" % self.port, "-naccept", "1",
                         *arguments(leaf, ca, version, [*verify, *more]))
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()
        proc.wait_until(lambda: self.port in proc.listening() or
                        self.popen.poll() is not None, "s_server listens")

    def _serve(self):
        for txnr, command, data in self.read():
            text = b"200 OK"
            if command == b"open":
                text += b"\n" + relp.OFFERS
            elif command == b"syslog":
                self.messages.append(data)
            self.send(relp.frame(txnr, b"rsp", b"" if command == b"close" else text))

    def end(self):
        """Its exit code, once the client has gone."""
        code = self.wait()
        self._server.join(proc.LIMIT)
        return code


class Client(Openssl):
    """s_client that sends messages and closes; .answers as they came, .end() its exit code."""

    def __init__(self, port, leaf, ca, version=None, messages=(), more=()):
        super().__init__("s_client", "-connect", "127.0.0.1:%d" % port,
                         *arguments(leaf, ca, version, [*more, "-no_ign_eof"]))
        self.answers = []
        self.count = len(messages)
        frames = [relp.frame(2 + n, b"syslog", m) for n, m in enumerate(messages)]
        self._rest = b"".join(frames) + relp.frame(2 + self.count, b"close")
        self._client = threading.Thread(target=self._talk, daemon=True)
        self._client.start()

    def _talk(self):
        self.send(relp.frame(1, b"open", relp.OFFERS))
        for txnr, command, data in self.read():
            self.answers.append((txnr, command, data))
            if txnr == 1 and data.startswith(b"200"):
                self.send(self._rest)
            if txnr == 2 + self.count:
                self.popen.stdin.close()

    def end(self):
        self._client.join(proc.LIMIT)
        return self.wait()
