// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relp/frame.h"

#include "base/mem.h"

#include <stdlib.h>

static const struct relp_frame_rules rules = { .max_data = 1000 };
static const struct relp_frame_rules lenient = { .max_data = 1000, .lf_in_data = true };

/* On the heap and exact, so that reading behind it is seen. */
static ssize_t read_copy(const char *text, size_t len, const struct relp_frame_rules *r,
			 struct relp_frame *f, size_t *need, struct err *e, char **copy)
{
	*copy = mem_dup(text, len);
	return relp_frame_read(slice_of(*copy, len), r, f, need, e);
}

struct good {
	const char *wire;
	uint32_t txnr;
	const char *command, *data;
	size_t rest; /* bytes behind the frame */
};

static void frames_that_are_right(void **state)
{
	(void)state;
	static const struct good cases[] = {
		{ "1 open 0\n", 1, "open", "", 0 },
		{ "2 syslog 5 hello\n", 2, "syslog", "hello", 0 },
		{ "2 syslog 5 hello\n3 syslog", 2, "syslog", "hello", 8 },
		{ "0 serverclose 0\n", 0, "serverclose", "", 0 },
		{ "999999999 rsp 6 200 OK\n", 999999999, "rsp", "200 OK", 0 },
		{ "3 syslog 3 \n\n\n\n", 3, "syslog", "\n\n\n", 0 },
		{ "002 syslog 0005 hello\n", 2, "syslog", "hello", 0 },
		{ "5 abcdefghijklmnopqrstuvwxyzABCDEF 1  \n", 5, "abcdefghijklmnopqrstuvwxyzABCDEF", " ", 0 },
		{ "4 close 000\n", 4, "close", "", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct good *c = &cases[i];
		size_t whole = strlen(c->wire) - c->rest;
		for (size_t len = 0; len <= strlen(c->wire); len++) {
			struct relp_frame f;
			struct err e;
			size_t need;
			char *copy;
			ssize_t n = read_copy(c->wire, len, &rules, &f, &need, &e, &copy);
			if (len < whole) {
				assert_int_equal(n, 0);
				assert_true(need == 0 || need == whole);
			} else {
				assert_int_equal(n, whole);
				assert_int_equal(f.txnr, c->txnr);
				assert_true(slice_is(f.command, c->command));
				assert_true(slice_is(f.data, c->data));
			}
			free(copy);
		}
	}
}

static void frames_that_are_wrong(void **state)
{
	(void)state;
	static const char *const cases[] = {
		" 1 open 0\n", "\n1 open 0\n", "x", "-1 open 0\n", "1234567890 open 0\n",
		"1  open 0\n", "1\topen 0\n", "1 \n", "1 open\n", "1 op3n 0\n", "1 2 0\n",
		"1 abcdefghijklmnopqrstuvwxyzABCDEFG 0\n", "1 open x\n", "1 open -1\n",
		"1 open 1234567890\n", "1 open 0 \n", "1 open 0x", "1 open 0\r\n", "1 open  0\n",
		"2 syslog 5\nhello\n", "2 syslog 5 helloo\n", "2 syslog 5 hello\r\n",
		"2 syslog \n", "2 syslog 1001 ", "2 syslog 999999999 ", "1 open \xff",
		"\x15\x03\x03\x00\x02\x02(", "SSH-2.0-OpenSSH\r\n",
		"2 syslog 5 hell\n3 rsp 0\n", /* a missing LF is only taken when told so */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct relp_frame f;
		struct err e = { 0 };
		char *copy;
		ssize_t n = read_copy(cases[i], strlen(cases[i]), &rules, &f, NULL, &e, &copy);
		if (n != -1)
			fail_msg("\"%s\": %zd", cases[i], n);
		assert_true(e.text[0]);
		for (const char *p = e.text; *p; p++)
			assert_true(*p >= ' ' && *p < 127);
		free(copy);
	}
}

static void length_is_judged_before_the_data_comes(void **state)
{
	(void)state;
	struct relp_frame f;
	struct err e;
	size_t need;

	assert_int_equal(relp_frame_read(slice_str("2 syslog 1001 "), &rules, &f, &need, &e), -1);
	assert_non_null(strstr(e.text, "1001"));
	assert_int_equal(relp_frame_read(slice_str("2 syslog 1000 "), &rules, &f, &need, &e), 0);
	assert_int_equal(need, 14 + 1000 + 1);
}

/* "500 Required command(s) " with its blank cut off: the length counts the LF. */
static void logstash_counts_the_line_feed_as_data(void **state)
{
	(void)state;
	const char *wire = "1 rsp 24 500 Required command(s)\n0 serverclose 0\n";
	struct relp_frame f;
	struct err e;
	ssize_t n = relp_frame_read(slice_str(wire), &lenient, &f, NULL, &e);

	assert_int_equal(n, strlen("1 rsp 24 500 Required command(s)\n"));
	assert_true(slice_is(f.data, "500 Required command(s)\n"));
	assert_int_equal(relp_frame_read(slice_str(wire), &rules, &f, NULL, &e), -1);
	/* nothing but a digit may follow */
	wire = "1 rsp 4 500\nx";
	assert_int_equal(relp_frame_read(slice_str(wire), &lenient, &f, NULL, &e), -1);
	wire = "1 rsp 4 500\n\n";
	assert_int_equal(relp_frame_read(slice_str(wire), &lenient, &f, NULL, &e), strlen(wire));
}

static void what_is_written_is_read_again(void **state)
{
	(void)state;
	static const uint32_t numbers[] = { 0, 1, 9, 10, 99, 100, 12345678, 99999999, 999999999 };
	char data[1000], wire[2000];

	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (size_t len = 0; len <= sizeof(data); len += len < 12 ? 1 : 89) {
			size_t size = relp_frame_size(numbers[i], 6, len);
			struct relp_frame f;
			assert_int_equal(relp_frame_write(wire, numbers[i], slice_str("syslog"),
							  slice_of(data, len)), size);
			assert_int_equal(relp_frame_read(slice_of(wire, size), &rules, &f, NULL,
							 NULL), size);
			assert_int_equal(f.txnr, numbers[i]);
			assert_int_equal(f.data.len, len);
		}
	}
}

static void answers(void **state)
{
	(void)state;
	static const struct {
		const char *wire;
		unsigned code; /* 0: none */
		const char *text, *data;
	} cases[] = {
		{ "200 OK", 200, "OK", "" },	   { "200", 200, "", "" },
		{ "200 ", 200, "", "" },	   { "500 no room", 500, "no room", "" },
		{ "200 OK\na=b\nc", 200, "OK", "a=b\nc" }, { "200\na=b", 200, "", "a=b" },
		{ "", 0, 0, 0 }, { "20", 0, 0, 0 }, { "OK", 0, 0, 0 }, { "2000", 0, 0, 0 },
		{ "20x", 0, 0, 0 }, { "200x", 0, 0, 0 }, { " 200 OK", 0, 0, 0 }, { "-20 OK", 0, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct relp_answer a;
		bool good = relp_answer_read(slice_str(cases[i].wire), &a);
		assert_int_equal(good, cases[i].code != 0);
		if (!good)
			continue;
		assert_int_equal(a.code, cases[i].code);
		assert_true(slice_is(a.text, cases[i].text));
		assert_true(slice_is(a.data, cases[i].data));
	}
	struct relp_answer a;
	assert_false(relp_answer_read(slice_of(NULL, 0), &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_that_are_right),
		cmocka_unit_test(frames_that_are_wrong),
		cmocka_unit_test(length_is_judged_before_the_data_comes),
		cmocka_unit_test(logstash_counts_the_line_feed_as_data),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
