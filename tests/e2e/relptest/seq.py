# SPDX-License-Identifier: Apache-2.0
"""Messages that carry a sequence number, and what became of them."""

import re

NUMBER = re.compile(rb"seq=(\d+)")


def lines(first, last, text="some words of a message"):
    """Lines "seq=N text" for N in first..last, as bytes."""
    return b"".join(b"seq=%d %s\n" % (n, text.encode()) for n in range(first, last + 1))


def numbers(data):
    """All sequence numbers in data (bytes, or a list of them), in order."""
    if isinstance(data, (list, tuple)):
        data = b"\n".join(data)
    return [int(n) for n in NUMBER.findall(data)]


def read(path):
    """The sequence numbers in a file; none where there is no file yet."""
    try:
        with open(path, "rb") as f:
            return numbers(f.read())
    except FileNotFoundError:
        return []


class Account:
    """lost and extra: sets; duplicates: how many; in_order: first arrivals."""

    def __init__(self, got, first, last):
        expected = set(range(first, last + 1))
        arrived = set(got)
        self.lost = expected - arrived
        self.extra = arrived - expected
        self.duplicates = len(got) - len(arrived)
        seen, firsts = set(), []
        for n in got:
            if n not in seen:
                seen.add(n)
                firsts.append(n)
        self.in_order = firsts == sorted(firsts)

    def __repr__(self):
        lost = sorted(self.lost)
        return (
            f"lost {len(lost)} {lost[:10]}, extra {sorted(self.extra)[:10]}, "
            f"duplicates {self.duplicates}, in order: {self.in_order}"
        )

    @property
    def exact(self):
        return not (self.lost or self.extra or self.duplicates) and self.in_order
