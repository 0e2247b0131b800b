# SPDX-License-Identifier: Apache-2.0
"""TLS in front of a plain receiver, by OpenSSL: what certificates came, and what went wrong."""

import hashlib
import select
import socket
import ssl
import threading

from relptest import over_tls


class Shaken:
    """One handshake that was done."""

    def __init__(self, sock):
        der = sock.getpeercert(True)
        self.version = sock.version()
        self.cipher = sock.cipher()[0]
        self.client = None
        if der:
            text = hashlib.sha256(der).hexdigest().upper()
            self.client = "SHA256:" + ":".join(text[i:i + 2] for i in range(0, len(text), 2))


class TlsFront:
    """
    Decrypts to 127.0.0.1:upstream. cert: the server's (relptest.pki); ca: the path
    of the CA whose clients are taken, None: no certificate is asked for. use() changes
    both for the connections to come.
    """

    def __init__(self, case, upstream, cert, ca=None, version=None):
        self.upstream = upstream
        self.version = version
        self.shaken = []    # of Shaken
        self.failures = []  # of str
        self.context = None
        self.silent = False  # no handshake is answered
        self._open = set()
        self.use(cert, ca)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        case.addCleanup(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def use(self, cert, ca=None):
        self.context = over_tls.context(cert, ca, self.version)

    def break_all(self):
        for s in list(self._open):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.break_all()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        raw = client
        client.settimeout(20)
        try:
            if self.silent:
                while client.recv(65536):
                    pass
                return
            client = self.context.wrap_socket(client, server_side=True)
            self._open.discard(raw)
            self._open.add(client)
            self.shaken.append(Shaken(client))
            with socket.create_connection(("127.0.0.1", self.upstream)) as up:
                self._pump(client, up)
        except (OSError, ssl.SSLError) as e:
            self.failures.append(str(e))
        finally:
            self._open.discard(client)
            client.close()

    @staticmethod
    def _pump(client, up):
        while True:
            ready = [client] if client.pending() else select.select([client, up], [], [])[0]
            if client in ready:
                data = client.recv(65536)
                if not data:
                    return
                up.sendall(data)
            if up in ready:
                data = up.recv(65536)
                if not data:
                    return
                client.sendall(data)
