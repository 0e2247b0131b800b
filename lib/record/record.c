// SPDX-License-Identifier: Apache-2.0
#include "record/record.h"

#include "record/date.h"
#include "record/sanitize.h"

#include <string.h>

#define PRI_MAX 191
#define SEVERITY_INVALID 7
#define TAG_MAX 511
#define DATE_LEN 16 /* "Nov 21 19:20:01 ": what rsyslog steps over, whatever the date's length */

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The first byte is taken for the '<' and the one behind the digits for the
 * '>', whatever they are. Returns where the text begins, which may be 1 behind
 * the end. The number wraps at 16 bits, as in rsyslog.
 */
static size_t parse_pri(struct slice d, struct record *out)
{
	uint16_t pri = 0;
	size_t at = 1;
	for (; at < d.len && is_digit(d.p[at]); at++)
		pri = (uint16_t)(pri * 10 + (d.p[at] - '0'));
	out->pri = pri;
	out->severity = pri > PRI_MAX ? SEVERITY_INVALID : pri & 7;
	return at + 1;
}

/* Up to the first blank. Raw bytes, also control characters. Returns how much room it took. */
static int64_t parse_tag(struct slice d, size_t at, int64_t room, struct record *out)
{
	size_t max = room < TAG_MAX ? (size_t)room : TAG_MAX;
	size_t left = at < d.len ? d.len - at : 0;
	size_t n = max < left ? max : left;
	const char *blank = n > 0 ? memchr(d.p + at, ' ', n) : NULL;
	if (blank != NULL)
		n = (size_t)(blank - (d.p + at));
	out->tag = slice_of(n > 0 ? d.p + at : "", n);
	/*
	 * Here rsyslog reads on behind the datagram, in what an earlier one left
	 * there, until it finds a blank or has used up its count. We take the rest
	 * for read.
	 */
	if (blank == NULL && n > 0 && n == left)
		return room < TAG_MAX ? room : TAG_MAX;
	return (int64_t)n;
}

static void split_tag(struct record *out)
{
	struct slice tag = out->tag;
	size_t n = 0;
	while (n < tag.len && tag.p[n] > ' ' && tag.p[n] < 0x7f && tag.p[n] != ':' &&
	       tag.p[n] != '[' && tag.p[n] != '/')
		n++;
	out->program = slice_of(tag.p, n);
	out->procid = slice_of("-", 1);
	const char *open = memchr(tag.p + n, '[', tag.len - n);
	if (open == NULL)
		return;
	const char *id = open + 1;
	const char *close = memchr(id, ']', (size_t)(tag.p + tag.len - id));
	if (close != NULL)
		out->procid = slice_of(id, (size_t)(close - id));
}

void record_parse(struct slice datagram, struct buf *scratch, struct record *out)
{
	if (datagram.p == NULL)
		datagram = slice_of("", 0);
	struct slice text = sanitize(datagram, scratch);
	size_t at = parse_pri(datagram, out);
	/* positions are those of the datagram, the count is that of the escaped text: so in rsyslog */
	int64_t room = (int64_t)text.len - (int64_t)at;
	if (room > 0 && at < datagram.len) {
		struct slice rest = slice_of(datagram.p + at, datagram.len - at);
		int64_t behind = date_skip(rest, room);
		if (behind >= 0) {
			room = behind;
			at += DATE_LEN;
		}
	}
	if (room > 0) {
		room -= parse_tag(datagram, at, room, out);
	} else {
		out->tag = slice_of("", 0);
		room = 0;
	}
	split_tag(out);
	out->msg = room > 0 ? slice_of(text.p + text.len - room, (size_t)room) : slice_of("", 0);
	out->datagram_len = datagram.len;
}
