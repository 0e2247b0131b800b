// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_TIMETEXT_H
#define BASE_TIMETEXT_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* Long enough for every text below, with the NUL. */
#define TIMETEXT_MAX 40

/*
 * Formats times; keeps the broken-down form of the last second, because a
 * busy sender asks for the same second thousands of times. {0} is ready.
 */
struct timetext {
	int64_t second; /* seconds since the epoch of prefix, or 0 */
	size_t prefix_len;
	char prefix[24]; /* "2026-11-21T19:20:01" */
	char offset[8];	 /* "+00:00" */
};

/*
 * RFC 3339 with 6 fraction digits and a numeric offset (local time zone, as
 * rsyslog does): "2026-11-21T19:20:01.081870+00:00". realtime_us: microseconds
 * since the epoch, 0 .. year 9999. out holds TIMETEXT_MAX. Returns the length.
 */
size_t timetext_rfc3339(struct timetext *t, int64_t realtime_us, char *out);

/* "2026-11-21T19:20:01Z", UTC, for status and log lines. */
size_t timetext_utc(int64_t realtime_us, char *out);

/*
 * Seconds since the epoch of an RFC 3339 time, "2026-11-21T19:20:01.5+01:00" (the
 * fraction is cut), or of a day alone, which begins in UTC. 0, or -1: it is none.
 */
int timetext_parse(struct slice text, int64_t *seconds);

/* A span in words: "350 ms", "12 s", "4 min 10 s", "3 h 20 min", "2 d 4 h". */
size_t timetext_span(uint64_t ms, char *out);

#endif
