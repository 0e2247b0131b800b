// SPDX-License-Identifier: Apache-2.0
/*
 * testdata/gardener/rsyslog-text.tsv and rsyslog-lines.tsv, written by
 * tests/tools/rsyslog_text.py from a real rsyslogd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gardener/rsyslog_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS "testdata/gardener/rsyslog-text.tsv"
#define LINES "testdata/gardener/rsyslog-lines.tsv"
#define TEXTS_MIN 390
#define LINES_MIN 75

static const char *const VERDICT[] = { "same", "changed", "refused" };

/* %HH */
static void decode(const char *p, struct buf *out)
{
	out->len = 0;
	while (*p != '\0') {
		char two[3] = { 0 };
		if (*p != '%') {
			buf_add_char(out, *p++);
			continue;
		}
		memcpy(two, p + 1, 2);
		buf_add_char(out, (char)strtoul(two, NULL, 16));
		p += 3;
	}
}

static enum rsyslog_text read_exactly(struct slice quoted, struct buf *out, struct err *e)
{
	char *exact = malloc(quoted.len > 0 ? quoted.len : 1); /* so that ASan sees one byte too far */
	assert_non_null(exact);
	if (quoted.len > 0)
		memcpy(exact, quoted.p, quoted.len);
	out->len = 0;
	buf_add_str(out, "kept");
	*e = (struct err){ .code = -1 };
	enum rsyslog_text verdict = rsyslog_read_quoted(slice_of(exact, quoted.len), out, e);
	assert_true(out->len >= 4 && memcmp(out->p, "kept", 4) == 0);
	buf_drop(out, 4);
	free(exact);
	return verdict;
}

static void check_text(const char *field, const char *verdict, const char *taken)
{
	struct buf quoted = { 0 }, wanted = { 0 }, got = { 0 };
	struct err e;
	decode(field, &quoted);
	decode(taken, &wanted);
	enum rsyslog_text v = read_exactly(buf_slice(&quoted), &got, &e);
	if (strcmp(VERDICT[v], verdict) != 0)
		fail_msg("%s: %s, and rsyslog: %s", field, VERDICT[v], verdict);
	if (!slice_eq(buf_slice(&got), buf_slice(&wanted)))
		fail_msg("%s: other bytes than rsyslog's: %.*s", field, (int)got.len, got.p);
	if (v == RSYSLOG_TEXT_SAME) {
		assert_int_equal(e.code, -1);
	} else {
		assert_true(e.code > 1 && (size_t)e.code < quoted.len);
		assert_true(e.text[0] != '\0');
	}
	buf_free(&quoted);
	buf_free(&wanted);
	buf_free(&got);
}

static size_t each_row(const char *path, void (*check)(const char *, const char *, const char *))
{
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0, n = 0;
	if (in == NULL)
		fail_msg("%s: run this from the top of the tree", path);
	for (ssize_t len; (len = getline(&line, &cap, in)) > 0; n++) {
		char *rest = line;
		line[len - 1] = '\0';
		char *first = strsep(&rest, "\t"), *second = strsep(&rest, "\t");
		assert_non_null(rest);
		check(first, second, rest);
	}
	free(line);
	fclose(in);
	return n;
}

static void texts_as_rsyslog_reads_them(void **state)
{
	(void)state;
	assert_true(each_row(TEXTS, check_text) >= TEXTS_MIN);
}

static void check_line(const char *pad, const char *count, const char *verdict)
{
	struct buf line = { 0 };
	struct slice token;
	size_t at = 0;
	buf_add_str(&line, "if $programname == [\"");
	for (unsigned long i = strtoul(pad, NULL, 10); i > 0; i--)
		buf_add_char(&line, 'x');
	buf_add_char(&line, '"');
	for (unsigned i = 0, n = (unsigned)strtoul(count, NULL, 10); i < n; i++)
		buf_printf(&line, ",\"p%04u\"", i);
	buf_add_str(&line, "] and $syslogseverity <= 7 then {");

	bool torn = rsyslog_torn(buf_slice(&line), &at, &token);
	const char *got = !torn ? "whole" : token.p[0] == '"' ? "torn" : "refused";
	if (strcmp(got, verdict) != 0)
		fail_msg("%s, %s: %s, and rsyslog: %s", pad, count, got, verdict);
	buf_free(&line);
}

static void lines_as_rsyslog_reads_them(void **state)
{
	(void)state;
	assert_true(each_row(LINES, check_line) >= LINES_MIN);
}

static void what_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *quoted, *text;
		int code;
	} cases[] = {
		{ "\"foo$\"", "\"$\" in double quotes", 5 },
		{ "\"a\\vb\"", "rsyslog does not know the escape \\v", 3 },
		{ "\"\\u00a0\"", "rsyslog does not know the escape \\u", 2 },
		{ "\"\\\x1b[\"", "rsyslog does not know this escape", 2 },
		{ "\"ab\\x00c\"", "rsyslog ends the text at this byte 0", 4 },
		{ "", "no text in double quotes", 1 },
		{ "\"", "no text in double quotes", 1 },
		{ "\"a\\\"", "no text in double quotes", 1 },
		{ "\"\\\"", "no text in double quotes", 1 },
		{ "\"a\"b\"", "no text in double quotes", 1 },
		{ "a", "no text in double quotes", 1 },
	};
	struct buf out = { 0 };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e;
		assert_int_not_equal(read_exactly(slice_str(cases[i].quoted), &out, &e),
				     RSYSLOG_TEXT_SAME);
		assert_string_equal(e.text, cases[i].text);
		assert_int_equal(e.code, cases[i].code);
	}
	assert_int_equal(rsyslog_read_quoted(slice_str("\"$\""), &out, NULL), RSYSLOG_TEXT_REFUSED);
	buf_free(&out);
}

/* a text over three pieces, a quote that is escaped where a piece ends, the end of the line */
static void all_that_are_torn(void **state)
{
	(void)state;
	struct buf line = { 0 };
	struct slice token;
	size_t at = 0;
	buf_add_str(&line, "if re_match($msg, \"");
	while (line.len < RSYSLOG_PIECE * 2 + 5)
		buf_add_char(&line, 'x');
	buf_add_str(&line, "\") == 1 and re_match($msg, \"");
	while (line.len < RSYSLOG_PIECE * 3 - 1)
		buf_add_char(&line, 'y');
	buf_add_str(&line, "\\\"z\") == 0 then {");
	assert_true(rsyslog_torn(buf_slice(&line), &at, &token));
	assert_int_equal(token.p - line.p, 18);
	assert_int_equal(token.len, RSYSLOG_PIECE * 2 + 5 - 18 + 1);
	assert_true(rsyslog_torn(buf_slice(&line), &at, &token));
	assert_true(token.p[0] == '"' && token.p[token.len - 1] == '"' && token.p[token.len - 2] == 'z');
	assert_false(rsyslog_torn(buf_slice(&line), &at, &token));
	assert_int_equal(at, line.len);

	line.len = 0;
	at = 0;
	while (line.len < RSYSLOG_PIECE)
		buf_add_char(&line, 'w');
	assert_false(rsyslog_torn(buf_slice(&line), &at, &token));
	buf_add_char(&line, 'w');
	at = 0;
	assert_true(rsyslog_torn(buf_slice(&line), &at, &token));
	assert_int_equal(token.len, line.len);
	at = 0;
	assert_false(rsyslog_torn(slice_of("", 0), &at, &token));
	at = 0;
	assert_false(rsyslog_torn(slice_str("\"\\"), &at, &token)); /* never behind the end */
	assert_int_equal(at, 2);
	buf_free(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_as_rsyslog_reads_them),
		cmocka_unit_test(lines_as_rsyslog_reads_them),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(all_that_are_torn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
