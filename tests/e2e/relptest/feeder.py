# SPDX-License-Identifier: Apache-2.0
"""Sends numbered datagrams, in a process of its own: python3 feeder.py OPTIONS.

Waits where the socket is full (or, with --nonblock, counts what did not fit),
stops at SIGTERM, and ends with one line of JSON: what was sent, and the longest that
one datagram took. With --steady (and --rate) what could not be sent in time because
this process had to wait for a processor is not sent all at once; and the longest is
told for which the socket was never found empty: the reader paused no longer than that.
"""

import argparse
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import termios
import time


# A signal only sets this, so that no datagram is sent and not counted.
stopping = []
# With --steady it makes up for so much: seconds.
BEHIND = 0.005
# A blocked send looks at it so often: seconds, microseconds.
LOOK_EVERY = struct.pack("ll", 0, 100000)


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("path")
    p.add_argument("--source", default="a")
    p.add_argument("--start", type=int, default=1)
    p.add_argument("--count", type=int, default=1 << 60)
    p.add_argument("--rate", type=float, default=0)
    p.add_argument("--bytes", type=int, default=120)
    p.add_argument("--tag", default="kubelet[77]")
    p.add_argument("--pri", type=int, default=14)
    p.add_argument("--uid", type=int, default=-1)
    p.add_argument("--nonblock", action="store_true")
    p.add_argument("--steady", action="store_true")
    return p.parse_args()


def line(a, number):
    text = b"<%d>Nov 21 12:00:00 %s: src=%s seq=%d " % (
        a.pri, a.tag.encode(), a.source.encode(), number)
    return text + b"x" * (a.bytes - len(text))


def send(out, data, nonblock, result):
    """False: it was told to stop while it waited, and this one was not sent."""
    while not stopping:
        try:
            out.send(data)
            result["sent"] += 1
            return True
        except BlockingIOError:
            if nonblock:
                result["dropped"] += 1
                return True
    return False


def unread(out):
    """Bytes, with the kernel's own, of what was sent and not read: tty_ioctl(4), unix(7) TIOCOUTQ."""
    return struct.unpack("i", fcntl.ioctl(out, termios.TIOCOUTQ, b"\0\0\0\0"))[0]


def main():
    a = arguments()
    out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    out.connect(a.path)
    if a.uid >= 0:
        os.setgroups([])
        os.setgid(a.uid)
        os.setuid(a.uid)
    if a.nonblock:
        out.setblocking(False)
    else:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, LOOK_EVERY)
    result = {"sent": 0, "dropped": 0, "longest": 0.0, "unread": 0.0}
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    print("ready", flush=True)
    begin = empty = time.monotonic()
    for i in range(a.count):
        data = line(a, a.start + i)
        before = time.monotonic()
        if a.steady:
            begin = max(begin, before - i / a.rate - BEHIND)
        if a.rate and begin + i / a.rate > before:
            time.sleep(begin + i / a.rate - before)
            before = time.monotonic()
        if a.steady:
            empty = before if unread(out) == 0 else empty
            result["unread"] = max(result["unread"], before - empty)
        if stopping or not send(out, data, a.nonblock, result):
            break
        result["longest"] = max(result["longest"], time.monotonic() - before)
    result["seconds"] = time.monotonic() - begin
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
