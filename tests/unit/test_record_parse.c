// SPDX-License-Identifier: Apache-2.0
/* Quirks by name; the bulk is in test_record_golden.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/date.h"
#include "record/record.h"
#include "record/sanitize.h"

#include <stdio.h>
#include <stdlib.h>

struct parse_case {
	const char *datagram;
	unsigned pri, severity;
	const char *tag, *program, *procid, *msg;
};

static struct buf scratch;

static void expect(const char *datagram, const char *what, struct slice got, const char *expected)
{
	if (!slice_is(got, expected))
		fail_msg("%s\n%s: \"%.*s\" and not \"%s\"", datagram, what, (int)got.len, got.p,
			 expected);
}

static void run(const struct parse_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct record r;
		record_parse(slice_str(c[i].datagram), &scratch, &r);
		if (r.pri != c[i].pri || r.severity != c[i].severity)
			fail_msg("%s: pri %u severity %u", c[i].datagram, r.pri, r.severity);
		expect(c[i].datagram, "tag", r.tag, c[i].tag);
		expect(c[i].datagram, "program", r.program, c[i].program);
		expect(c[i].datagram, "procid", r.procid, c[i].procid);
		expect(c[i].datagram, "msg", r.msg, c[i].msg);
	}
}

#define RUN(c) run(c, sizeof(c) / sizeof((c)[0]))
#define D "Nov 21 19:20:01 "

static void lines_of_journald(void **state)
{
	(void)state;
	static const struct parse_case cases[] = {
		{ "<30>" D "kubelet[1234]: hello", 30, 6, "kubelet[1234]:", "kubelet", "1234", " hello" },
		{ "<14>" D "audisp-syslog[9]: type=PATH", 14, 6, "audisp-syslog[9]:", "audisp-syslog",
		  "9", " type=PATH" },
		{ "<13>" D "logger: x", 13, 5, "logger:", "logger", "-", " x" },
		{ "<13>" D "my app[3]: x", 13, 5, "my", "my", "-", " app[3]: x" },
		{ "<13>" D "/usr/bin/foo[1]: x", 13, 5, "/usr/bin/foo[1]:", "", "1", " x" },
	};
	RUN(cases);
}

static void pri_of_any_shape(void **state)
{
	(void)state;
	static const struct parse_case cases[] = {
		{ "<191>a: b", 191, 7, "a:", "a", "-", " b" },
		{ "<192>a: b", 192, 7, "a:", "a", "-", " b" },
		{ "<65549>a: b", 13, 5, "a:", "a", "-", " b" }, /* 16 bits */
		{ "<-1>a: b", 0, 0, "1>a:", "1>a", "-", " b" },
		{ "hello world", 0, 0, "llo", "llo", "-", " world" },
		{ "", 0, 0, "", "", "-", "" },
		{ "<", 0, 0, "", "", "-", "" },
		{ "<13", 13, 5, "", "", "-", "" },
		{ "<13>", 13, 5, "", "", "-", "" },
	};
	RUN(cases);
}

static void dates_that_are_not_16_bytes(void **state)
{
	(void)state;
	static const struct parse_case cases[] = {
		{ "<13>2026 Nov 21 19:20:01 tag: hello", 13, 5, "0:01", "0", "-", ": hello" },
		{ "<13>Nov 1 19:20:01 tag: hello", 13, 5, "ag:", "ag", "-", ": hello" },
		{ "<13>2026-11-21T19:20:01Z tag: hello", 13, 5, ":01Z", "", "-", " hello" },
		{ "<13>Nov 21 19:20:01", 13, 5, "", "", "-", "" },
	};
	RUN(cases);
}

static void controls_shift_the_message(void **state)
{
	(void)state;
	static const struct parse_case cases[] = {
		{ "<13>" D "a\x01" "b: c d", 13, 5, "a\x01" "b:", "a", "-", "1b: c d" },
		{ "<13>tag:\thello world", 13, 5, "tag:\thello", "tag", "-", "llo world" },
		{ "<13>tag: a\x1d" "b\n\n", 13, 5, "tag:", "tag", "-", " a#035b#012" },
	};
	RUN(cases);
}

/* There rsyslog sends what an earlier message left in its heap. */
static void nothing_behind_the_datagram(void **state)
{
	(void)state;
	static const struct parse_case cases[] = {
		{ "<13>a\x01" "b", 13, 5, "a\x01" "b", "a", "-", "" },
		{ "<13>Nov 1 19:20:01 tag", 13, 5, "ag", "ag", "-", "" },
		{ "<13>1-1-1T1:1:1Z x", 13, 5, "", "", "-", "x" },
	};
	RUN(cases);
}

static void every_prefix_is_some_record(void **state)
{
	(void)state;
	static const char text[] = "<30>2026 Nov 21 2026 19:20:01.5: a\x01[1\0]: b\t\n\0";
	for (size_t from = 0; from < sizeof(text); from++)
		for (size_t len = 0; len <= sizeof(text) - from; len++) {
			struct record r;
			char *exact = malloc(len > 0 ? len : 1);
			assert_non_null(exact);
			memcpy(exact, text + from, len);
			record_parse(slice_of(exact, len), &scratch, &r);
			assert_true(r.tag.len <= len && r.program.len <= r.tag.len);
			assert_true(r.msg.len <= 4 * len && r.severity <= 7);
			free(exact);
		}
}

static void controls_at_every_place_are_escaped(void **state)
{
	(void)state;
	char text[100], expected[104];
	for (size_t len = 1; len <= sizeof(text); len++)
		for (size_t at = 0; at < len; at++) {
			for (size_t i = 0; i < len; i++)
				text[i] = (char)(i % 3 == 0 ? ' ' : i % 3 == 1 ? '\x80' : '\xff');
			text[at] = '\x1f';
			memcpy(expected, text, at);
			memcpy(expected + at, "#037", 4);
			memcpy(expected + at + 4, text + at + 1, len - at - 1);
			struct slice s = sanitize(slice_of(text, len), &scratch);
			assert_true(slice_eq(s, slice_of(expected, len + 3)));
		}
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_journald),
		cmocka_unit_test(pri_of_any_shape),
		cmocka_unit_test(dates_that_are_not_16_bytes),
		cmocka_unit_test(controls_shift_the_message),
		cmocka_unit_test(nothing_behind_the_datagram),
		cmocka_unit_test(every_prefix_is_some_record),
		cmocka_unit_test(controls_at_every_place_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
