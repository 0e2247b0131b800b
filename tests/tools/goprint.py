#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes lib/gardener/isprint.c: tests/tools/goprint.py VERSION UnicodeData.txt

UnicodeData.txt of that version of Unicode (Debian 12 has 15.0.0 in its package
unicode-data). The file then holds what strconv.IsPrint of a Go with that version
says; tests/tools/goregex.go tells what the Go at hand says of each character.
"""

import sys

MAX = 0x110000


def printable(path):
    yes = bytearray(MAX)
    first = None
    for line in open(path, encoding="ascii"):
        field = line.split(";")
        at = int(field[0], 16)
        if field[1].endswith(", First>"):
            first = at
            continue
        start, first = (at if first is None else first), None
        if field[2][0] in "LMNPS":
            yes[start:at + 1] = b"\1" * (at + 1 - start)
    yes[0x20] = 1
    return yes


def turns(yes, start, end):
    """Where the answer turns, relative to start; before start it is no."""
    found, now = [], 0
    for at in range(start, end):
        if yes[at] != now:
            found.append(at - start)
            now = yes[at]
    return found


def table(name, values):
    print(f"static const uint16_t {name}[] = {{")
    for i in range(0, len(values), 10):
        print("\t" + " ".join(f"0x{v:04x}," for v in values[i:i + 10]))
    print("};\n")


def main():
    version, path = sys.argv[1:]
    yes = printable(path)
    rest = list(ranges(yes, 0x20000))
    print(f"""// SPDX-License-Identifier: Apache-2.0
// Written by tests/tools/goprint.py {version}: do not edit.
#include "gardener/quote.h"

/* Unicode {version}. Where the answer turns: no before the first, yes from it on, no from the second. */""")
    table("plane0", turns(yes, 0, 0x10000))
    print("/* The same, less 0x10000. */")
    table("plane1", turns(yes, 0x10000, 0x20000))
    print("static const uint32_t above[][2] = { /* first and last */")
    for first, last in rest:
        print(f"\t{{ 0x{first:x}, 0x{last:x} }},")
    print("""};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Is the number of turns up to v odd? */
static bool turned(const uint16_t *turns, size_t n, uint32_t v)
{
	size_t low = 0, high = n; /* turns before low are <= v, those from high on are not */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (turns[middle] <= v)
			low = middle + 1;
		else
			high = middle;
	}
	return low % 2 == 1;
}

bool go_is_print(uint32_t cp)
{
	if (cp < 0x10000)
		return turned(plane0, COUNT(plane0), cp);
	if (cp < 0x20000)
		return turned(plane1, COUNT(plane1), cp - 0x10000);
	for (size_t i = 0; i < COUNT(above); i++) {
		if (cp >= above[i][0] && cp <= above[i][1])
			return true;
	}
	return false;
}""")


def ranges(yes, start):
    at = start
    while at < MAX:
        if not yes[at]:
            at += 1
            continue
        end = at
        while end + 1 < MAX and yes[end + 1]:
            end += 1
        yield at, end
        at = end + 1


if __name__ == "__main__":
    main()
