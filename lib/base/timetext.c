// SPDX-License-Identifier: Apache-2.0
#include "base/timetext.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static int64_t clamp(int64_t us)
{
	if (us < 0)
		return 0;
	return us / 1000000 > SECOND_MAX ? SECOND_MAX * 1000000 + 999999 : us;
}

static void fill(struct timetext *t, int64_t second)
{
	struct tm tm = { 0 };
	time_t at = (time_t)second;
	localtime_r(&at, &tm);
	size_t n = strftime(t->prefix, sizeof(t->prefix), "%Y-%m-%dT%H:%M:%S", &tm);
	long off = tm.tm_gmtoff / 60;
	char sign = off < 0 ? '-' : '+';
	unsigned minutes = (unsigned)(off < 0 ? -off : off) % (100 * 60);
	snprintf(t->offset, sizeof(t->offset), "%c%02u:%02u", sign, minutes / 60, minutes % 60);
	t->second = second;
	t->prefix_len = n;
}

size_t timetext_rfc3339(struct timetext *t, int64_t realtime_us, char *out)
{
	realtime_us = clamp(realtime_us);
	int64_t second = realtime_us / 1000000;
	uint32_t us = (uint32_t)(realtime_us % 1000000);
	if (t->prefix_len == 0 || t->second != second)
		fill(t, second);
	size_t at = t->prefix_len;
	memcpy(out, t->prefix, sizeof(t->prefix)); /* of a fixed size: no call */
	out[at] = '.';
	for (size_t i = 6; i > 0; i--, us /= 10)
		out[at + i] = (char)('0' + us % 10);
	at += 7;
	memcpy(out + at, t->offset, sizeof(t->offset));
	return at + strlen(t->offset);
}

size_t timetext_utc(int64_t realtime_us, char *out)
{
	struct tm tm = { 0 };
	time_t at = (time_t)(clamp(realtime_us) / 1000000);
	gmtime_r(&at, &tm);
	return strftime(out, TIMETEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* "4 min 10 s", or "4 min" where there is nothing of the small unit. */
static size_t two_units(char *out, uint64_t big, const char *big_name, uint64_t small,
			const char *small_name)
{
	int n = snprintf(out, TIMETEXT_MAX, "%" PRIu64 " %s", big, big_name);
	if (small)
		n += snprintf(out + n, TIMETEXT_MAX - (size_t)n, " %" PRIu64 " %s", small,
			      small_name);
	return (size_t)n;
}

size_t timetext_span(uint64_t ms, char *out)
{
	uint64_t s = ms / 1000;
	if (ms < 1000)
		return two_units(out, ms, "ms", 0, "");
	if (s < 60)
		return two_units(out, s, "s", 0, "");
	if (s < 3600)
		return two_units(out, s / 60, "min", s % 60, "s");
	if (s < 24 * 3600)
		return two_units(out, s / 3600, "h", s / 60 % 60, "min");
	return two_units(out, s / (24 * 3600), "d", s / 3600 % 24, "h");
}
