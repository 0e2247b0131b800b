# SPDX-License-Identifier: Apache-2.0
"""Between a TLS client and 127.0.0.1:upstream: what stands on the wire, without a key."""

import socket
import threading

HANDSHAKE, DATA = 22, 23


class Way:
    """The records of one direction: (type, length) of each; the handshake's bytes as they came."""

    def __init__(self):
        self.records = []
        self.hello = b""
        self._left = b""

    def feed(self, data):
        self._left += data
        while len(self._left) >= 5:
            n = int.from_bytes(self._left[3:5], "big")
            if len(self._left) < 5 + n:
                return
            if not self.records:
                self.hello = self._left[5:5 + n]
            self.records.append((self._left[0], n))
            self._left = self._left[5 + n:]

    def data(self):
        """The lengths of the records of data; in TLS 1.3 the handshake's end is among them."""
        return [n for kind, n in self.records if kind == DATA]


class WireTap:
    """.sent, .heard: a Way for each connection, in order."""

    def __init__(self, case, upstream):
        self.upstream = upstream
        self.sent, self.heard, self._ends = [], [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        case.addCleanup(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        for s in [self.listener] + self._ends:
            try:
                s.shutdown(socket.SHUT_RDWR)  # wakes the threads, which close alone does not
            except OSError:
                pass
            s.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                client.close()
                continue
            self._ends += [client, server]
            self.sent.append(Way())
            self.heard.append(Way())
            for a, b, way in ((client, server, self.sent[-1]), (server, client, self.heard[-1])):
                threading.Thread(target=self._pump, args=(a, b, way), daemon=True).start()

    @staticmethod
    def _pump(a, b, way):
        try:
            while True:
                data = a.recv(1 << 18)
                if not data:
                    break
                way.feed(data)
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (a, b):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Hello:
    """A ClientHello (RFC 8446, section 4.1.2), from the first record of a client."""

    def __init__(self, record):
        assert record[0] == 1, record[:4]
        p = record[4:]
        at = 2 + 32
        at += 1 + p[at]  # the session's id
        n = int.from_bytes(p[at:at + 2], "big")
        self.suites = [int.from_bytes(p[i:i + 2], "big") for i in range(at + 2, at + 2 + n, 2)]
        at += 2 + n
        at += 1 + p[at]  # compression
        end = at + 2 + int.from_bytes(p[at:at + 2], "big")
        at += 2
        self.extensions = {}
        while at < end:
            kind, n = (int.from_bytes(p[i:i + 2], "big") for i in (at, at + 2))
            self.extensions[kind] = p[at + 4:at + 4 + n]
            at += 4 + n

    @property
    def server_name(self):
        """Of RFC 6066, section 3; None: there is none."""
        got = self.extensions.get(0)
        return got and got[5:].decode()
