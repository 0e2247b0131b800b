# SPDX-License-Identifier: Apache-2.0
"""A RELP receiver whose faults a test chooses, and which keeps all that came.

One thread, one selector. A test changes the plain attributes below at any time;
`wait` waits for a condition over what arrived, never for time alone.
"""

import random
import re
import selectors
import socket
import ssl
import struct
import threading
import time
from collections import deque

HEADER = re.compile(rb"(\d{1,9}) ([A-Za-z]{1,32}) (\d{1,9})([ \n])")
SEQUENCE = re.compile(rb"src=(\w+) seq=(\d+)")
OPEN_ANSWER = b"200 OK\nrelp_version=0\nrelp_software=relptest,1,-\ncommands=syslog\n"
READ_BYTES = 256 * 1024


class Arrival:
    """One syslog frame: in which connection (from 1), its data, what was done with it."""

    __slots__ = ("connection", "payload", "verdict")

    def __init__(self, connection, payload, verdict):
        self.connection = connection
        self.payload = payload
        self.verdict = verdict


class Connection:
    def __init__(self, number, sock):
        self.number = number
        self.sock = sock
        self.received = bytearray()
        self.out = bytearray()
        self.opened = False
        self.frames = 0       # syslog frames that arrived
        self.ending = False   # to be closed when `out` is written
        self.mute = False     # accepted, and never heard
        self.later = []       # answers that wait to be shuffled


class Tokens:
    """So many a second, of which those of a twentieth may come at once. Rate 0: no bound."""

    def __init__(self):
        self.n = 0
        self.at = time.monotonic()

    def take(self, rate):
        now = time.monotonic()
        self.n = min(max(1, rate / 20), self.n + (now - self.at) * rate)
        self.at = now
        if rate and self.n < 1:
            return False
        self.n -= 1
        return True


class Receiver:
    """Faults, each an attribute; "ok" or False is none:

    at_connect  "silent" (accepts, reads nothing), "close", "reset"; or a function that
                returns one of these or "ok", asked for each connection
    at_open     "silent", "refuse" (500), "close", "reset", "serverclose",
                "garbage", "reset-after" (answers, then resets)
    at_message  a function of the payload: "ok", "refuse" (500), "silent" (stored,
                not answered), "ignore" (neither), "close", "reset", "serverclose"
    at_close    "silent", "close", "empty" (answered as librelp does)
    shuffle     answers of one read in random order
    rate        answers a second at the most
    clients_max connections at a time; others are closed at once
    handshake_rate   handshakes of TLS begun a second at the most, in order of arrival;
                     who has gone by then costs one all the same
    handshake_queue  who may wait for one; no more are accepted then; 0: all
    backlog     of the port, from the next restart() on

    tls: an ssl.SSLContext of a server; None: plain. "silent" at_connect is then a silence
    in the handshake, and the other faults come after it or in its stead.
    """

    def __init__(self, host="127.0.0.1", port=0, tls=None, **faults):
        self.host = host
        self.port = port
        self.tls = tls
        self.at_connect = self.at_open = self.at_close = "ok"
        self.at_message = None
        self.shuffle = False
        self.rate = 0
        self.clients_max = 0
        self.handshake_rate = 0
        self.handshake_queue = 0
        self.backlog = 1024
        self.keep = True          # False: payloads are counted, not kept
        for name, value in faults.items():
            if not hasattr(self, name):
                raise TypeError("no such fault: " + name)
            setattr(self, name, value)
        self.arrivals = []        # of Arrival, in order
        self.sequences = {}       # source: numbers in order of arrival, stored ones alone
        self.seen = {}            # source: set of them
        self.stored = 0
        self.connects = 0
        self.opens = 0
        self.closes = 0           # sessions that ended by close
        self.turned_away = 0      # by clients_max
        self.most_clients = 0
        self.begun = 0            # handshakes, by handshake_rate
        self.most_waiting = 0     # for one
        self.errors = []          # what a client did wrong
        self._lock = threading.Condition()
        self._connections = {}
        self._jobs = deque()
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._selector.register(self._wake_in, selectors.EVENT_READ, "wake")
        self._listener = None
        self._paused = False
        self._ended = False
        self._queue = deque()     # of connections that wait for their handshake
        self._full = False        # it is: the listener is not looked at
        self._handshakes = Tokens()
        self._tokens_at = time.monotonic()
        self._listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # --- for tests ---------------------------------------------------------------------

    def wait(self, condition, seconds=30, what="the condition"):
        """Until condition() holds; it is asked whenever something arrived."""
        with self._lock:
            if not self._lock.wait_for(condition, seconds):
                raise AssertionError("%s did not happen within %g s (%s)" % (
                    what, seconds, self.summary()))

    def wait_stored(self, count, seconds=30):
        self.wait(lambda: self.stored >= count, seconds, "%d stored records" % count)

    def wait_distinct(self, source, count, seconds=30):
        """Until `count` different numbers of the source are stored."""
        self.wait(lambda: len(self.seen.get(source, ())) >= count, seconds,
                  "%d records of %s" % (count, source))

    def summary(self):
        return "connects %d, opens %d, stored %d, distinct %s, errors %s" % (
            self.connects, self.opens, self.stored,
            {s: len(v) for s, v in self.seen.items()}, self.errors[:3])

    def payloads(self, verdict="ok"):
        with self._lock:
            return [a.payload for a in self.arrivals if a.verdict == verdict]

    def payloads_now(self):
        """The same from within a condition of `wait`."""
        return [a.payload for a in self.arrivals if a.verdict == "ok"]

    def forget(self):
        """Starts the record anew."""
        def job():
            self.arrivals, self.sequences, self.seen, self.stored = [], {}, {}, 0
        self._do(job)

    def refuse(self):
        """The port is closed; connections that stand stay."""
        self._do(self._unlisten)

    def kill(self):
        """As kill -9 does: all connections reset, the port closed."""
        def job():
            self._unlisten()
            for c in list(self._connections.values()):
                self._reset(c)
        self._do(job)

    def reset_all(self):
        self._do(lambda: [self._reset(c) for c in list(self._connections.values())])

    def close_all(self):
        """Ends each connection in an orderly way, without a word."""
        self._do(lambda: [self._drop(c) for c in list(self._connections.values())])

    def restart(self):
        """Listens again, on the port of before."""
        self._do(self._listen)

    def pause(self):
        """As SIGSTOP does: the kernel still takes connections and bytes."""
        self._paused = True
        self._do(lambda: None)

    def resume(self):
        self._paused = False
        self._do(lambda: None)

    @property
    def clients(self):
        return len(self._connections)

    def close(self):
        if self._ended:
            return
        def job():
            self._ended = True
        self._do(job)
        self._thread.join()
        for c in list(self._connections.values()):
            c.sock.close()
        self._unlisten()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    # --- the thread --------------------------------------------------------------------

    def _do(self, job):
        """Runs job in the thread and waits for it."""
        done = threading.Event()
        self._jobs.append((job, done))
        self._wake_out.send(b"x")
        if not done.wait(30):
            raise AssertionError("the receiver's thread hangs")

    def _listen(self):
        if self._listener:
            return
        s = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.host, self.port))
        s.listen(self.backlog)
        s.setblocking(False)
        self.port = s.getsockname()[1]
        self._listener = s
        self._selector.register(s, selectors.EVENT_READ, "listener")

    def _unlisten(self):
        if self._listener:
            if not self._full:
                self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
            self._full = False

    def _run(self):
        while not self._ended:
            events = self._selector.select(0.01 if self.rate or self._queue else None)
            with self._lock:
                for key, mask in events:
                    if key.data == "wake":
                        self._wake_in.recv(4096)
                if not self._paused:
                    for key, mask in events:
                        self._event(key.data, mask)
                    self._begin_handshakes()
                    self._release_by_rate()
                while self._jobs:
                    job, done = self._jobs.popleft()
                    job()
                    done.set()
                self._lock.notify_all()
            if self._paused:
                time.sleep(0.01)

    def _event(self, who, mask):
        if who == "wake":
            return
        if who == "listener":
            self._accept()
        elif who.sock.fileno() >= 0:
            if mask & selectors.EVENT_READ:
                self._read(who)
            if mask & selectors.EVENT_WRITE and who.sock.fileno() >= 0:
                self._write(who)

    def _accept(self):
        for _ in range(256):
            if self.handshake_queue and len(self._queue) >= self.handshake_queue:
                return
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, AttributeError):
                return
            except OSError:
                continue
            self.connects += 1
            c = Connection(self.connects, sock)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.clients_max and len(self._connections) >= self.clients_max:
                self.turned_away += 1
                sock.close()
                continue
            what = self.at_connect() if callable(self.at_connect) else self.at_connect
            if what == "close":
                sock.close()
                continue
            self._connections[c.number] = c
            self.most_clients = max(self.most_clients, len(self._connections))
            if what == "reset":
                self._reset(c)
                continue
            c.mute = what == "silent"
            if self.tls:
                # the first read shakes hands
                sock = c.sock = self.tls.wrap_socket(sock, server_side=True,
                                                     do_handshake_on_connect=False)
            if self.tls and self.handshake_rate and not c.mute:
                self._queue.append(c)
            elif not (c.mute and self.tls):
                self._selector.register(sock, selectors.EVENT_READ, c)

    def _begin_handshakes(self):
        self.most_waiting = max(self.most_waiting, len(self._queue))
        while self._queue:
            c = self._queue[0]
            stands = c.number in self._connections  # not one that we reset ourselves
            if stands and not self._handshakes.take(self.handshake_rate):
                break
            self._queue.popleft()
            if stands:
                self.begun += 1
                self._selector.register(c.sock, selectors.EVENT_READ, c)
        full = bool(self.handshake_queue) and len(self._queue) >= self.handshake_queue
        if self._listener and full != self._full:
            self._full = full
            if full:
                self._selector.unregister(self._listener)
            else:
                self._selector.register(self._listener, selectors.EVENT_READ, "listener")

    def _drop(self, c):
        if self._connections.pop(c.number, None) is None:
            return
        try:
            self._selector.unregister(c.sock)
        except KeyError:
            pass
        c.sock.close()

    def _reset(self, c):
        try:
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self._drop(c)

    def _recv(self, c):
        """All that is there now: a record of TLS at a time, which the selector knows nothing of."""
        data = c.sock.recv(READ_BYTES)
        while self.tls and data and c.sock.pending():
            data += c.sock.recv(READ_BYTES)
        return data

    def _read(self, c):
        try:
            data = self._recv(c)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self._drop(c)
            return
        if not data:
            self._drop(c)
            return
        if c.mute or c.ending:
            return
        c.received += data
        self._frames(c)
        if c.sock.fileno() >= 0:
            self._flush_later(c)
            self._write(c)

    def _frames(self, c):
        buf = bytes(c.received)
        at = 0
        while c.sock.fileno() >= 0 and not c.mute and not c.ending:
            m = HEADER.match(buf, at)
            if not m:
                if len(buf) - at > 64 or b"\n" in buf[at:]:
                    self.errors.append("no frame: %r" % buf[at:at + 80])
                    self._reset(c)
                    return
                break
            txnr, command, length = int(m[1]), m[2], int(m[3])
            end = m.end()
            data = b""
            if m[4] == b" ":
                if len(buf) < end + length + 1:
                    break
                data = buf[end:end + length]
                if buf[end + length] != 10:
                    self.errors.append("frame %d does not end with LF" % txnr)
                end += length + 1
            elif length:
                self.errors.append("frame %d lacks its data" % txnr)
            at = end
            self._frame(c, txnr, command, data)
        del c.received[:at]

    def _frame(self, c, txnr, command, data):
        if command == b"syslog":
            self._message(c, txnr, data)
        elif command == b"open":
            self._open(c, txnr, data)
        elif command == b"close":
            self._close(c, txnr)
        else:
            self.errors.append("command %r" % command)

    def _answer(self, c, txnr, text):
        frame = b"%d rsp %d %s\n" % (txnr, len(text), text) if text else b"%d rsp 0\n" % txnr
        if (self.shuffle or self.rate) and text == b"200 OK":
            c.later.append(frame)
        else:
            c.out += frame

    def _flush_later(self, c):
        if self.shuffle and c.later:
            random.shuffle(c.later)
            for frame in c.later:
                c.out += frame
            c.later.clear()

    def _release_by_rate(self):
        now = time.monotonic()
        if not self.rate:
            self._tokens_at = now
            for c in list(self._connections.values()):
                if c.later:
                    c.out += b"".join(c.later)
                    c.later.clear()
                    self._write(c)
            return
        n = int((now - self._tokens_at) * self.rate)
        if n == 0:
            return
        self._tokens_at = now
        for c in list(self._connections.values()):
            mine, c.later = c.later[:n], c.later[n:]
            n -= len(mine)
            if mine:
                c.out += b"".join(mine)
                self._write(c)

    def _serverclose(self, c):
        c.out += b"0 serverclose 0\n"
        c.ending = True

    def _open(self, c, txnr, data):
        if c.opened or txnr != 1:
            self.errors.append("open as frame %d" % txnr)
        if b"commands=syslog" not in data or b"relp_version=0" not in data:
            self.errors.append("offers %r" % data)
        what = self.at_open
        if what == "silent":
            c.mute = True
        elif what == "refuse":
            self._answer(c, txnr, b"500 not today")
        elif what == "serverclose":
            self._serverclose(c)
        elif what == "garbage":
            c.out += b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
            c.ending = True
        elif what == "close":
            self._drop(c)
        elif what == "reset":
            self._reset(c)
        else:
            c.opened = True
            self.opens += 1
            self._answer(c, txnr, OPEN_ANSWER)
            if what == "reset-after":
                self._write(c)
                self._reset(c)

    def _message(self, c, txnr, data):
        if not c.opened:
            self.errors.append("syslog before open")
        c.frames += 1
        if txnr != c.frames + 1:
            self.errors.append("frame %d instead of %d" % (txnr, c.frames + 1))
        verdict = self.at_message(data) if self.at_message else "ok"
        if self.keep:
            self.arrivals.append(Arrival(c.number, data, verdict))
        if verdict in ("ok", "silent"):
            self.stored += 1
            m = SEQUENCE.search(data)
            if m:
                source, number = m[1].decode(), int(m[2])
                self.sequences.setdefault(source, []).append(number)
                self.seen.setdefault(source, set()).add(number)
        if verdict == "ok":
            self._answer(c, txnr, b"200 OK")
        elif verdict == "refuse":
            self._answer(c, txnr, b"500 will not take this one")
        elif verdict == "serverclose":
            self._flush_later(c)
            self._serverclose(c)
        elif verdict in ("close", "reset"):
            # what was answered before is on its way, as with a process that dies here
            self._write(c)
            (self._reset if verdict == "reset" else self._drop)(c)

    def _close(self, c, txnr):
        self.closes += 1
        self._flush_later(c)
        c.out += b"".join(c.later)
        c.later.clear()
        if self.at_close == "silent":
            c.mute = True
        elif self.at_close == "close":
            self._drop(c)
        else:
            self._answer(c, txnr, b"" if self.at_close == "empty" else b"200 bye")
            c.ending = True

    def _write(self, c):
        if c.sock.fileno() < 0 or c.number not in self._connections:
            return
        try:
            while c.out:
                n = c.sock.send(c.out)
                del c.out[:n]
        except (BlockingIOError, ssl.SSLWantWriteError):
            self._selector.modify(c.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, c)
            return
        except OSError:
            self._drop(c)
            return
        self._selector.modify(c.sock, selectors.EVENT_READ, c)
        if c.ending:
            self._drop(c)
