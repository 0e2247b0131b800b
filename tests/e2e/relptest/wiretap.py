# SPDX-License-Identifier: Apache-2.0
"""Between a TLS client and 127.0.0.1:upstream: what stands on the wire, without a key."""

from relptest import tap

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


class WireTap(tap.Tap):
    """.sent, .heard: a Way for each connection, in order."""

    def __init__(self, case, upstream):
        self.sent, self.heard = [], []
        super().__init__(case, upstream)

    def looks(self):
        self.sent.append(Way())
        self.heard.append(Way())
        return self.sent[-1].feed, self.heard[-1].feed


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
