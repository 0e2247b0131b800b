# SPDX-License-Identifier: Apache-2.0
"""A command on a terminal of its own."""

import os
import pty
import select
import signal
import subprocess
import time

from . import proc


class Terminal:
    """A relpbox command whose stdin, stdout and stderr are a terminal. .shown: all that it got."""

    def __init__(self, *args, argv=None, stdin=None):
        self.shown = b""
        self.master, slave = pty.openpty()
        self.popen = subprocess.Popen(
            [*(argv or [proc.relpbox()]), *map(str, args)], stdin=slave if stdin is None else stdin,
            stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)

    def read(self, until=None, limit=proc.LIMIT):
        """Until it shows these words, or ends."""
        end = time.monotonic() + limit
        while until is None or until not in self.shown:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not shown: {until!r}, but {self.shown!r}")
            if not select.select([self.master], [], [], left)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:  # EIO: the other end is closed
                data = b""
            if not data:
                if until is not None:
                    raise AssertionError(f"ended without {until!r}: {self.shown!r}")
                break
            self.shown += data.replace(b"\r\n", b"\n")
        return self.shown

    def end(self, limit=proc.LIMIT):
        """The exit code, once it ended; all of what it showed is in .shown."""
        self.read(limit=limit)
        return self.popen.wait(limit)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()
        os.close(self.master)


def run(*args, **more):
    """(exit code, what the terminal showed)"""
    with Terminal(*args, **more) as t:
        return t.end(), t.shown
