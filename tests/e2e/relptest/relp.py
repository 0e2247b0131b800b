# SPDX-License-Identifier: Apache-2.0
"""A RELP server that misbehaves as it is told.

    with Server(message=lambda n, data: REFUSE if n == 3 else OK) as server:
        ... server.port, server.messages, server.sessions ...

connect, open, message and close say what to do at that point: one of the words
below, bytes to send instead of an answer, or a function that returns one of
these. Functions are called with: connect(session), open(session), message(n,
data) where n counts all messages from 1, close(session); session counts from 1.
"""

import select
import socket
import struct
import threading

from . import proc

OK = "ok"
SILENT = "silent"  # no answer, the connection stays
REFUSE = "refuse"  # 500
CLOSE = "close"  # the connection ends in good order
RESET = "reset"
SERVERCLOSE = "serverclose"
STALL = "stall"  # nothing is read any more either

OFFERS = b"relp_version=0\nrelp_software=relptest\ncommands=syslog"


def frame(txnr, command, data=b""):
    head = b"%d %s %d" % (txnr, command, len(data))
    return head + (b" " + data if data else b"") + b"\n"


def reset(sock):
    """Ends the connection by RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class ProtocolError(Exception):
    pass


class Frames:
    """Cuts bytes into (txnr, command, data)."""

    def __init__(self):
        self.data = bytearray()

    def feed(self, data):
        self.data += data
        at = 0
        while True:
            got = self._one(at)
            if not got:
                break
            at, one = got
            yield one
        del self.data[:at]

    def _one(self, at):
        first = self.data.find(b" ", at)
        second = self.data.find(b" ", first + 1) if first >= 0 else -1
        if second < 0:
            return None
        end = second + 1
        while end < len(self.data) and 48 <= self.data[end] <= 57:
            end += 1
        if end >= len(self.data):
            return None
        length = int(self.data[second + 1 : end])
        start = end + 1 if length else end
        stop = start + length
        if stop >= len(self.data):
            return None
        if self.data[stop] != 10:
            raise ProtocolError(bytes(self.data[at : stop + 1]))
        one = int(self.data[at:first]), bytes(self.data[first + 1 : second]), bytes(self.data[start:stop])
        return stop + 1, one


class Server:
    def __init__(self, connect=OK, open=OK, message=OK, close=OK, port=0, host="127.0.0.1"):
        self.connect, self.open, self.message, self.close = connect, open, message, close
        self.messages = []  # data of all syslog frames, in order of arrival
        self.accepted = []  # of those answered 200
        self.sessions = 0  # connections accepted
        self.opens = 0
        self.closes = 0  # close frames
        self.errors = []  # breaches of the protocol by the client
        self._lock = threading.Lock()
        self._held = []  # sockets that stay open without being read
        self._stop = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(128)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while not self._stop:
            ready, _, _ = select.select([self._listener], [], [], 0.05)
            if not ready:
                continue
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.sessions += 1
            thread = threading.Thread(target=self._serve, args=(sock, self.sessions), daemon=True)
            self._threads.append(thread)
            thread.start()

    @staticmethod
    def _what(policy, *args):
        return policy(*args) if callable(policy) else policy

    def _act(self, sock, action, txnr, good):
        """True: the session goes on."""
        if action == OK:
            sock.sendall(good)
        elif action == REFUSE:
            sock.sendall(frame(txnr, b"rsp", b"500 refused by the test"))
        elif action == SERVERCLOSE:
            sock.sendall(frame(0, b"serverclose"))
            sock.close()
            return False
        elif action == CLOSE:
            sock.close()
            return False
        elif action == RESET:
            reset(sock)
            return False
        elif action == STALL:
            self._held.append(sock)
            return False
        elif isinstance(action, bytes):
            sock.sendall(action)
        elif action != SILENT:
            raise ValueError(action)
        return True

    def _serve(self, sock, session):
        try:
            action = self._what(self.connect, session)
            if action != OK and not self._act(sock, action, 0, b""):
                return
            self._frames(sock, session)
        except OSError:
            sock.close()
        except (ProtocolError, ValueError) as e:
            self.errors.append(repr(e))
            sock.close()

    def _frames(self, sock, session):
        frames = Frames()
        due = 1
        while not self._stop:
            ready, _, _ = select.select([sock], [], [], 0.05)
            if not ready:
                continue
            data = sock.recv(1 << 18)
            if not data:
                sock.close()
                return
            for txnr, command, payload in frames.feed(data):
                if txnr != due:
                    raise ProtocolError(f"transaction {txnr} where {due} is due")
                due += 1
                if not self._one(sock, session, txnr, command, payload):
                    return
        sock.close()

    def _one(self, sock, session, txnr, command, payload):
        if command == b"open":
            self.opens += 1
            good = frame(txnr, b"rsp", b"200 OK\n" + OFFERS)
            return self._act(sock, self._what(self.open, session), txnr, good)
        if command == b"close":
            self.closes += 1
            good = frame(txnr, b"rsp")
            return self._act(sock, self._what(self.close, session), txnr, good)
        if command != b"syslog":
            raise ProtocolError(command)
        with self._lock:
            self.messages.append(payload)
            action = self._what(self.message, len(self.messages), payload)
            if action == OK:
                self.accepted.append(payload)
        return self._act(sock, action, txnr, frame(txnr, b"rsp", b"200 OK"))

    def wait_messages(self, n, limit=proc.LIMIT):
        proc.wait_until(lambda: len(self.messages) >= n, f"{n} messages came", limit)

    def stop(self):
        self._stop = True
        for thread in self._threads:
            thread.join()
        self._listener.close()
        for sock in self._held:
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
