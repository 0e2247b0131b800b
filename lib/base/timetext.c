// SPDX-License-Identifier: Apache-2.0
#include "base/timetext.h"

#include "base/num.h"

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

/* Digits off the front of *rest, then what stands behind them. */
static int take_digits(struct slice *rest, size_t digits, uint64_t max, char behind, int *out)
{
	uint64_t v;
	size_t len = digits + (behind != '\0');
	if (rest->len < len || num_u64(slice_of(rest->p, digits), 0, max, &v) < 0 ||
	    (behind && rest->p[digits] != behind))
		return -1;
	*out = (int)v;
	*rest = slice_of(rest->p + len, rest->len - len);
	return 0;
}

/* Behind the seconds: a fraction or none, Z or +HH:MM, and the end. Seconds east of UTC. */
static int take_offset(struct slice rest, int *out)
{
	int hours, minutes;
	if (rest.len > 1 && rest.p[0] == '.') {
		size_t n = 1;
		while (n < rest.len && rest.p[n] >= '0' && rest.p[n] <= '9')
			n++;
		if (n == 1)
			return -1;
		rest = slice_of(rest.p + n, rest.len - n);
	}
	*out = 0;
	if (rest.len == 1 && (rest.p[0] | 0x20) == 'z')
		return 0;
	if (rest.len != 6 || (rest.p[0] != '+' && rest.p[0] != '-'))
		return -1;
	int sign = rest.p[0] == '-' ? -1 : 1;
	rest = slice_of(rest.p + 1, 5);
	if (take_digits(&rest, 2, 23, ':', &hours) < 0 || take_digits(&rest, 2, 59, '\0', &minutes) < 0)
		return -1;
	*out = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int timetext_parse(struct slice text, int64_t *seconds)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct tm tm = { 0 };
	int east = 0;
	if (take_digits(&text, 4, 9999, '-', &tm.tm_year) < 0 ||
	    take_digits(&text, 2, 12, '-', &tm.tm_mon) < 0 ||
	    take_digits(&text, 2, 31, '\0', &tm.tm_mday) < 0)
		return -1;
	bool leap = tm.tm_year % 4 == 0 && (tm.tm_year % 100 != 0 || tm.tm_year % 400 == 0);
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mday < 1 ||
	    tm.tm_mday > days[tm.tm_mon - 1] - (tm.tm_mon == 2 && !leap))
		return -1;
	if (text.len > 0) {
		if ((text.p[0] | 0x20) != 't')
			return -1;
		text = slice_of(text.p + 1, text.len - 1);
		if (take_digits(&text, 2, 23, ':', &tm.tm_hour) < 0 ||
		    take_digits(&text, 2, 59, ':', &tm.tm_min) < 0 ||
		    take_digits(&text, 2, 60, '\0', &tm.tm_sec) < 0 || take_offset(text, &east) < 0)
			return -1;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*seconds = (int64_t)timegm(&tm) - east;
	return 0;
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
