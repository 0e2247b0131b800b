# SPDX-License-Identifier: Apache-2.0
"""Between a client and 127.0.0.1:upstream: passes everything on, and looks at it."""

import socket
import threading

from relptest import relp


class Tap:
    """Begun from __init__; looks() says for each connection what looks at its two ways."""

    def __init__(self, case, upstream):
        self.upstream = upstream
        self.ends = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        case.addCleanup(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def looks(self):
        """Two functions, each called with the bytes of one read: of the client, of the server."""
        raise NotImplementedError

    def close(self):
        # shutdown wakes the threads, close alone does not
        for s in [self.listener] + self.ends:
            try:
                s.shutdown(socket.SHUT_RDWR)
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
                relp.reset(client)
                continue
            self.ends += [client, server]
            sent, heard = self.looks()
            for a, b, look in ((client, server, sent), (server, client, heard)):
                a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(a, b, look), daemon=True).start()

    @staticmethod
    def _pump(a, b, look):
        try:
            while True:
                data = a.recv(1 << 18)
                if not data:
                    break
                look(data)
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (a, b):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
