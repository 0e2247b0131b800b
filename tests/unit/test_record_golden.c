// SPDX-License-Identifier: Apache-2.0
/*
 * testdata/wire/golden.tsv, written by tests/e2e/capture_wire.py from a real
 * rsyslog: for each datagram the wire record and what rules see.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/format.h"

#include <stdio.h>
#include <stdlib.h>

#define GOLDEN "testdata/wire/golden.tsv"
#define FIXED_TIME INT64_C(1795288801081870)
#define CASES_MIN 400

static const struct identity WHO = { "proj", "shoot1", "6b3e2f2c-0c4e-4e0a-9e57-0d2a7f6a9f11",
				     "node-7" };

static unsigned hex2(const char *p)
{
	char text[3] = { p[0], p[1], '\0' };
	char *end;
	unsigned long v = strtoul(text, &end, 16);
	assert_true(end == text + 2);
	return (unsigned)v;
}

/* \xHH and \*HH{N}; see capture_wire.py */
static void unescape(const char *p, struct buf *out)
{
	out->len = 0;
	while (*p != '\0') {
		if (*p != '\\') {
			buf_add_char(out, *p++);
			continue;
		}
		char c = (char)hex2(p + 2);
		unsigned long n = 1;
		if (p[1] == '*') {
			char *end;
			assert_int_equal(p[4], '{');
			n = strtoul(p + 5, &end, 10);
			assert_int_equal(*end, '}');
			p = end + 1;
		} else {
			assert_int_equal(p[1], 'x');
			p += 4;
		}
		while (n-- > 0)
			buf_add_char(out, c);
	}
}

static void same(const char *name, const char *what, struct slice got, struct slice expected)
{
	if (!slice_eq(got, expected))
		fail_msg("%s: %s\nexpected %.*s\ngot      %.*s", name, what, (int)expected.len,
			 expected.p, (int)got.len, got.p);
}

static void keep(void *arg, struct slice payload)
{
	struct buf *b = arg;
	b->len = 0;
	buf_add_slice(b, payload);
}

static void check_case(struct format *f, const char *name, const char *datagram,
		       const char *payload, const char *parts)
{
	struct buf text = { 0 }, expected = { 0 }, scratch = { 0 }, work = { 0 }, got = { 0 };
	struct record r;
	struct format_result result;
	unescape(datagram, &text);
	char *exact = malloc(text.len > 0 ? text.len : 1); /* so that ASan sees one byte too far */
	assert_non_null(exact);
	memcpy(exact, text.p, text.len);
	record_parse(slice_of(exact, text.len), &scratch, &r);
	assert_int_equal(r.datagram_len, text.len);

	format_record(f, &r, FIXED_TIME, &work, keep, &got, &result);
	unescape(payload, &expected);
	same(name, "payload", buf_slice(&got), buf_slice(&expected));
	assert_int_equal(result.pieces, 1);

	got.len = 0;
	buf_add_slice(&got, r.program);
	buf_printf(&got, r.pri > 191 ? ":%u:invld:" : ":%u:%u:", r.severity, r.pri);
	buf_add_slice(&got, r.msg);
	unescape(parts, &expected);
	same(name, "parts", buf_slice(&got), buf_slice(&expected));
	free(exact);
	buf_free(&text);
	buf_free(&expected);
	buf_free(&scratch);
	buf_free(&work);
	buf_free(&got);
}

static void as_rsyslog_does(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	struct format f = { .who = WHO, .max_message = FORMAT_MESSAGE_DEFAULT };
	FILE *in = fopen(GOLDEN, "r");
	char *line = NULL;
	size_t cap = 0, n = 0;
	if (in == NULL)
		fail_msg("%s: run this from the top of the tree", GOLDEN);
	for (ssize_t len; (len = getline(&line, &cap, in)) > 0; n++) {
		char *rest = line;
		line[len - 1] = '\0';
		char *name = strsep(&rest, "\t"), *datagram = strsep(&rest, "\t");
		char *payload = strsep(&rest, "\t");
		assert_non_null(rest);
		check_case(&f, name, datagram, payload, rest);
	}
	assert_true(n >= CASES_MIN);
	free(line);
	fclose(in);
	format_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_rsyslog_does) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
