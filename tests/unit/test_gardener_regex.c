// SPDX-License-Identifier: Apache-2.0
/*
 * What Go makes of a text: strconv.Quote, and regexp.CompilePOSIX. The verdicts in
 * testdata/gardener are Go's own; tests/tools/goregex.go tells how to get them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "gardener/posix.h"
#include "gardener/posix_int.h"
#include "gardener/quote.h"

#include <stdlib.h>

/* --- Go's verdicts ---------------------------------------------------------- */

static void encode(struct buf *out, struct slice s)
{
	out->len = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\\')
			buf_add_str(out, "\\\\");
		else if (c < ' ' || c > '~')
			buf_printf(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
}

static void decode(struct buf *out, const char *s)
{
	out->len = 0;
	for (; *s != '\0'; s++) {
		if (*s != '\\' || s[1] != 'x') {
			s += *s == '\\';
			buf_add_char(out, *s);
			continue;
		}
		const char hex[] = { s[2], s[3], '\0' };

		buf_add_char(out, (char)strtol(hex, NULL, 16));
		s += 3;
	}
}

/* The field that begins at *at, which moves behind its tab. NULL if there is none. */
static char *field(char **at)
{
	char *from = *at, *tab = from == NULL ? NULL : strchr(from, '\t');

	*at = tab == NULL ? NULL : tab + 1;
	if (tab != NULL)
		*tab = '\0';
	return from;
}

static void hold_verdict(char *line, bool quoted)
{
	struct buf pattern = { 0 }, text = { 0 }, part = { 0 };
	struct posix_error e = { 0 };
	char *shown = field(&line), *why = field(&line), *of = field(&line);

	decode(quoted ? &text : &pattern, shown);
	if (quoted)
		go_quote(&pattern, buf_slice(&text));
	int rc = posix_parse(buf_slice(&pattern), &e);

	encode(&part, e.part);
	if (rc == 0 && strcmp(why, "ok") != 0)
		fail_msg("%s: fine, but Go: %s: %s", shown, why, of);
	if (rc < 0 && (strcmp(why, e.why) != 0 || of == NULL || strcmp(of, buf_cstr(&part)) != 0))
		fail_msg("%s: %s: %s, but Go: %s: %s", shown, e.why, buf_cstr(&part), why, of);
	buf_free(&pattern);
	buf_free(&text);
	buf_free(&part);
}

static size_t hold_verdicts(const char *path, bool quoted)
{
	struct buf text = { 0 };
	struct err e;
	size_t n = 0;

	if (file_read(path, 1 << 20, &text, &e) < 0)
		fail_msg("%s", e.text);
	buf_cstr(&text);
	for (char *at = text.p, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		*end = '\0';
		if (strncmp(at, "# ", 2) == 0)
			continue;
		hold_verdict(at, quoted);
		n++;
	}
	buf_free(&text);
	return n;
}

static void verdicts_of_go(void **state)
{
	(void)state;
	assert_true(hold_verdicts("testdata/gardener/posix.txt", false) > 1400);
	assert_true(hold_verdicts("testdata/gardener/admission.txt", true) > 600);
}

/* --- words ------------------------------------------------------------------ */

static void words(void **state)
{
	static const struct {
		const char *pattern, *text; /* text NULL: it is fine */
	} cases[] = {
		{ "foo$", NULL },
		{ "(a", "error parsing regexp: missing closing ): `(a`" },
		{ "a)", "error parsing regexp: unexpected ): `a)`" },
		{ "a\\", "error parsing regexp: trailing backslash at end of expression: ``" },
		{ "\\d", "error parsing regexp: invalid escape sequence: `\\d`" },
		{ "a{2,1}b", "error parsing regexp: invalid repeat count: `{2,1}`" },
		{ "x[\n\x1b", "error parsing regexp: missing closing ]: `[\\n\\x1b`" },
		{ "(?:a)", "error parsing regexp: missing argument to repetition operator: `?`" },
		{ "\xe2\x80\xae[b-a]",
		  "error parsing regexp: invalid character class range: `b-a`" },
		{ "a\xff"
		  "b",
		  "error parsing regexp: invalid UTF-8: `\\xffb`" },
		{ "(0123456789012345678901234567890123456789012345678901234567890123456789",
		  "error parsing regexp: missing closing ): "
		  "`(012345678901234567890123456789012345678901234567890123456789012...`" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { .text = "" };
		int rc = go_posix_check(slice_str(cases[i].pattern), &e);

		assert_int_equal(rc, cases[i].text == NULL ? 0 : -1);
		if (rc < 0)
			assert_string_equal(e.text, cases[i].text);
		assert_int_equal(go_posix_check(slice_str(cases[i].pattern), NULL), rc);
	}
	assert_int_equal(go_posix_check(slice_of(NULL, 0), NULL), 0);
}

static void admission(void **state)
{
	static const char *const taken[] = {
		"",	      "foo",	  "foo$", "*foo",  "foo\\",   "\\d",
		"\\(a\\)",    "a\\.b",	  "\\{x", "[\\w]", "\"",      "{5}",
		"[[:word:]]", "\xc3\xa4", "\t",	  "\\$",   "a{1000}",
	};
	static const char *const refused[] = {
		"foo\\(bar", "foo\\)",	  "\\[x",     "a)", "(a",  "a{1001}",
		"[z-a]",     "[[:foo:]]", "\xc2\xa0", "\b", "a|*", "\\{1001}",
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (gardener_regex_check(slice_str(taken[i]), &e) < 0)
			fail_msg("%s: %s", taken[i], e.text);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (gardener_regex_check(slice_str(refused[i]), &e) == 0)
			fail_msg("%s: fine", refused[i]);
	}
	gardener_regex_check(slice_str("foo\\(bar"), &e);
	assert_string_equal(e.text,
			    "error parsing regexp: missing closing ): `\"foo\\\\(bar\"`");
}

/* --- limits ----------------------------------------------------------------- */

static void add_times(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, s);
}

/* n times begin, middle, n times end. */
static void hold_nested(const char *begin, const char *middle, const char *end, size_t n,
			const char *why)
{
	struct buf b = { 0 };
	struct posix_error e = { "ok", { 0 } };

	add_times(&b, begin, n);
	buf_add_str(&b, middle);
	add_times(&b, end, n);
	posix_parse(buf_slice(&b), &e);
	assert_string_equal(e.why, why);
	buf_free(&b);
}

/* The numbers are what Go says, too. */
static void limits(void **state)
{
	(void)state;
	hold_nested("(", "a", ")", 999, "ok");
	hold_nested("(", "a", ")", 1000, POSIX_TOO_DEEP);
	hold_nested("(", "", ")", 999, "ok");
	hold_nested("(a", "b", ")", 500, "ok");
	hold_nested("(a", "b", ")", 501, POSIX_TOO_DEEP);
	hold_nested("", "a", "*", 999, "ok");
	hold_nested("", "a", "*", 1000, POSIX_TOO_DEEP);
	hold_nested("(", "", "", 5000, POSIX_NO_PAREN);
	hold_nested("", "(a{10}){100}", "", 1, "ok");
	hold_nested("", "(a{10}){101}", "", 1, POSIX_BAD_REPEAT);
	hold_nested("", "((a{0,2}){0}){1000}", "", 1, "ok");
}

/* a...a in parentheses, repeated, and then what makes Go look at sizes or not. */
static const char *repeated(size_t n, const char *behind)
{
	struct buf b = { 0 };
	struct posix_error e = { "ok", { 0 } };

	buf_add_str(&b, "(");
	add_times(&b, "a", n);
	buf_printf(&b, "){1000}%s", behind);
	posix_parse(buf_slice(&b), &e);
	buf_free(&b);
	return e.why; /* a literal */
}

static void sizes(void **state)
{
	(void)state;
	assert_string_equal(repeated(3353, ""), "ok");
	assert_string_equal(repeated(3354, ""), POSIX_TOO_LARGE);
	assert_string_equal(repeated(3352, "b{1000}"), "ok");
	assert_string_equal(repeated(3353, "b{1000}"), POSIX_TOO_LARGE);
}

/* Work and memory stay linear for what is awkward: none of these may take seconds under sanitizers.
 */
static void awkward(void **state)
{
	static const char *const pieces[] = { "(",	 "[:",	  "[[:",   "|",	 "a|", "(|",
					      "a{1000}", "\\x{0", "()",	   "x*", "[^", "{1,",
					      "{9",	 "a{2}",  "((a)|", "[a]" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct buf b = { 0 };
		struct posix_error e;

		add_times(&b, pieces[i], 65536 / strlen(pieces[i]));
		posix_parse(buf_slice(&b), &e);
		buf_add_str(&b, "]");
		posix_parse(buf_slice(&b), &e);
		buf_free(&b);
	}
}

/* --- quote ------------------------------------------------------------------ */

static void quoting(void **state)
{
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "\\(\"", "\"\\\\(\\\"\"" },
		{ "\a\b\f\n\r\t\v", "\"\\a\\b\\f\\n\\r\\t\\v\"" },
		{ "\x01\x1b\x7f", "\"\\x01\\x1b\\x7f\"" },
		{ "\xc3\xa4\xe2\x82\xac", "\"\xc3\xa4\xe2\x82\xac\"" },
		{ "\xc2\x80\xc2\xa0\xc2\xad", "\"\\u0080\\u00a0\\u00ad\"" },
		{ "\xe2\x80\xa8\xef\xbb\xbf", "\"\\u2028\\ufeff\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		{ "\xf3\xa0\x80\x81\xf4\x8f\xbf\xbf", "\"\\U000e0001\\U0010ffff\"" },
		{ "\xef\xbf\xbd", "\"\xef\xbf\xbd\"" },
		{ "\xff\xc3(\xe2\x82(", "\"\\xff\\xc3(\\xe2\\x82(\"" },
		{ "\xed\xa0\x80\xc0\x80", "\"\\xed\\xa0\\x80\\xc0\\x80\"" },
		{ "\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = { 0 };

		go_quote(&out, slice_str(cases[i].text));
		assert_string_equal(buf_cstr(&out), cases[i].quoted);
		buf_free(&out);
	}
	struct buf zero = { 0 };

	go_quote(&zero, slice_of("\0", 1));
	assert_string_equal(buf_cstr(&zero), "\"\\x00\"");
	buf_free(&zero);
}

static void printable(void **state)
{
	size_t n = 0;

	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++)
		n += go_is_print(cp);
	assert_int_equal(n, 148998); /* assigned, and no control, format, private or blank */
	assert_true(go_is_print(' ') && go_is_print('~') && go_is_print(0xa1) &&
		    go_is_print(0x300));
	assert_true(go_is_print(0x1f600) && go_is_print(0x323af) && go_is_print(0xe01ef));
	assert_true(go_is_print(0x1f774)); /* of Unicode 15 */
	assert_false(go_is_print(0x7f) || go_is_print(0xa0) || go_is_print(0xad));
	assert_false(go_is_print(0x3000) || go_is_print(0xe000) || go_is_print(0xd800));
	assert_false(go_is_print(0xffff) || go_is_print(0x1ffff) || go_is_print(0x110000));
	assert_false(go_is_print(0x323b0) || go_is_print(0xe01f0) || go_is_print(0x1e0001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_of_go), cmocka_unit_test(words),
		cmocka_unit_test(admission),	  cmocka_unit_test(limits),
		cmocka_unit_test(sizes),	  cmocka_unit_test(awkward),
		cmocka_unit_test(quoting),	  cmocka_unit_test(printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
