// SPDX-License-Identifier: Apache-2.0
/*
 * For the tests of the wire record: reads datagrams on stdin, each as its
 * length (4 bytes, big endian) and its bytes, and answers each at once on
 * stdout. Usage: wire PROJECT SHOOT UID HOST [MAX_MESSAGE [cut|split]].
 * Answer: number of payloads, each as length and bytes, then what the rules
 * see as "PROGRAM:SEVERITY:PRI:MSG", again as length and bytes. The time is
 * always 2026-11-21T19:20:01.081870 in the local zone of TZ.
 */
#include "base/num.h"
#include "record/format.h"

#include <stdio.h>
#include <stdlib.h>

#define DATAGRAM_MAX (16 * 1024 * 1024)
#define FIXED_TIME INT64_C(1795288801081870)

static bool read_length(size_t *len)
{
	unsigned char b[4];
	if (fread(b, 1, sizeof(b), stdin) != sizeof(b))
		return false;
	*len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
	return *len <= DATAGRAM_MAX;
}

static void add_number(struct buf *b, size_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_char(b, (char)(v >> shift & 0xff));
}

static void add_block(struct buf *b, struct slice s)
{
	add_number(b, s.len);
	buf_add_slice(b, s);
}

static void keep(void *arg, struct slice payload)
{
	add_block(arg, payload);
}

static void add_parts(struct buf *out, const struct record *r)
{
	struct buf parts = { 0 };
	buf_add_slice(&parts, r->program);
	buf_printf(&parts, ":%u:", r->severity);
	if (r->pri > 191)
		buf_add_str(&parts, "invld:");
	else
		buf_printf(&parts, "%u:", r->pri);
	buf_add_slice(&parts, r->msg);
	add_block(out, buf_slice(&parts));
	buf_free(&parts);
}

static void answer(struct format *f, struct slice datagram)
{
	struct buf scratch = { 0 }, work = { 0 }, payloads = { 0 }, out = { 0 };
	struct record r;
	struct format_result result;
	record_parse(datagram, &scratch, &r);
	format_record(f, &r, FIXED_TIME, &work, keep, &payloads, &result);
	add_number(&out, result.pieces);
	buf_add_slice(&out, buf_slice(&payloads));
	add_parts(&out, &r);
	fwrite(out.p, 1, out.len, stdout);
	fflush(stdout);
	buf_free(&scratch);
	buf_free(&work);
	buf_free(&payloads);
	buf_free(&out);
}

int main(int argc, char **argv)
{
	struct format f = { .max_message = FORMAT_MESSAGE_DEFAULT };
	uint64_t max = FORMAT_MESSAGE_DEFAULT;
	size_t len;
	if (argc < 5 || argc > 7)
		return 2;
	f.who = (struct identity){ argv[1], argv[2], argv[3], argv[4] };
	if (argc > 5 && num_size(slice_str(argv[5]), FORMAT_MESSAGE_MIN, FORMAT_MESSAGE_MAX, &max) != 0)
		return 2;
	f.max_message = (size_t)max;
	if (argc > 6 && strcmp(argv[6], "split") == 0)
		f.oversize = OVERSIZE_SPLIT;
	while (read_length(&len)) {
		char *datagram = malloc(len > 0 ? len : 1);
		if (datagram == NULL || fread(datagram, 1, len, stdin) != len)
			return 1;
		answer(&f, slice_of(datagram, len));
		free(datagram);
	}
	format_free(&f);
	return 0;
}
