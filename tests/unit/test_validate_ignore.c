// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "validate/ignore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct one {
	struct ignore_comments c;
	struct findings f;
};

static void scan(struct one *o, const char *text)
{
	*o = (struct one){ 0 };
	ignore_scan(&o->c, slice_str(text), &o->f);
}

static void done(struct one *o)
{
	ignore_free(&o->c);
	findings_free(&o->f);
}

static bool ignores(const struct one *o, enum code code, unsigned line)
{
	struct finding f = { .code = code, .line = line, .col = 1 };
	return ignore_has(&o->c, &f);
}

/* The lines of 1 to 9 on which port is ignored, "" where there is none. */
static void lines_of(const struct one *o, char out[10])
{
	char *p = out;
	for (unsigned line = 1; line < 10; line++)
		if (ignores(o, CODE_PORT, line))
			*p++ = (char)('0' + line);
	*p = '\0';
}

static void which_lines(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "port: 0 # relpbox:ignore port because\nx\n", "1" },
		{ "# relpbox:ignore port because\nport: 0\nx\n", "12" },
		{ "  \t# relpbox:ignore port because\nport: 0\nx\n", "12" },
		{ "#relpbox:ignore port because\nport: 0\n", "12" },
		{ "#   \trelpbox:ignore\tport\tbecause\nport: 0\n", "12" },
		{ "# relpbox:ignore port because\r\nport: 0\r\nx\r\n", "12" },
		{ "# relpbox:ignore port because", "1" },
		/* more comments may stand between, a blank line may not */
		{ "# relpbox:ignore port because\n# and why\n# relpbox:ignore tls-off so\nport: 0\nx\n", "1234" },
		{ "# relpbox:ignore port because\n\nport: 0\n", "12" },
		/* behind something it is of its own line alone */
		{ "a: 1 # relpbox:ignore port because\nport: 0\n", "1" },
		{ "a: 1 # relpbox:ignore port because\n# x\nport: 0\n", "1" },
		/* more on one line */
		{ "# x # relpbox:ignore port because\nport: 0\n", "12" },
		{ "a: 'b#' # relpbox:ignore port because\n", "1" },
		{ "a: b#c # relpbox:ignore port because\n", "1" },
		/* none */
		{ "a: b# relpbox:ignore port because\n", "" },
		{ "a: b#relpbox:ignore port because\n", "" },
		{ "relpbox:ignore port because\n", "" },
		{ "# relpbox:ignored port because\n", "" },
		{ "# relpbox:ignore-line port because\n", "" },
		{ "# relpbox ignore port because\n", "" },
		{ "", "" },
		{ "#", "" },
		{ "# relpbox:ignor", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct one o;
		char lines[10];
		scan(&o, cases[i][0]);
		lines_of(&o, lines);
		if (strcmp(lines, cases[i][1]) != 0 || o.f.n != 0)
			fail_msg("case %zu: \"%s\", %zu findings", i, lines, o.f.n);
		done(&o);
	}
}

static void several_codes(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"# relpbox:ignore port,tls-off why\n", "# relpbox:ignore port, tls-off why\n",
		"# relpbox:ignore port,\ttls-off\twhy\n",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct one o;
		scan(&o, texts[i]);
		assert_int_equal(o.f.n, 0);
		assert_true(ignores(&o, CODE_PORT, 1));
		assert_true(ignores(&o, CODE_TLS_OFF, 1));
		assert_false(ignores(&o, CODE_RETRY, 1));
		done(&o);
	}
}

/* Nothing is ignored, and that is said once, at the '#'. */
static void wrong_comments_ignore_nothing(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "relpbox:ignore port", "reason" },
		{ "relpbox:ignore port  ", "reason" },
		{ "relpbox:ignore port --", "reason" },
		{ "relpbox:ignore port,tls-off", "reason" },
		{ "relpbox:ignore", "names no code" },
		{ "relpbox:ignore  ", "names no code" },
		{ "relpbox:ignore prt why", "code \"prt\": did you mean \"port\"?" },
		{ "relpbox:ignore PORT why", "none" }, /* it could be anything, and is not shown */
		{ "relpbox:ignore port,tls-of why", "\"tls-of\": did you mean \"tls-off\"?" },
		{ "relpbox:ignore port,,tls-off why", "none" },
		{ "relpbox:ignore port, ", "none" },
		{ "relpbox:ignore ,port why", "none" },
		{ "relpbox:ignore port ,tls-off", "" },	/* "," is no reason, "tls-off" could be */
		{ "relpbox:ignore zzzzzzzzzz why", "\"zzzzzzzzzz\"" },
		{ "relpbox:ignore ignore why", "cannot ignore" },
		{ "relpbox:ignore port,ignore why", "cannot ignore" },
		{ "relpbox:ignore \x1b[31m why", "none" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct one o;
		char text[200];
		snprintf(text, sizeof(text), "x\n\xc3\xa4: 1 # %s\nport: 0\n", cases[i][0]);
		scan(&o, text);
		if (cases[i][1][0] == '\0') {
			assert_int_equal(o.f.n, 0);
			done(&o);
			continue;
		}
		assert_int_equal(o.f.n, 1);
		assert_int_equal(o.f.at[0].code, CODE_IGNORE);
		assert_int_equal(o.f.at[0].line, 2);
		assert_int_equal(o.f.at[0].col, 6); /* characters */
		if (!strstr(o.f.at[0].message, cases[i][1]))
			fail_msg("case %zu: %s", i, o.f.at[0].message);
		assert_null(strchr(o.f.at[0].message, '\x1b'));
		assert_int_equal(o.c.n, 0);
		done(&o);
	}
}

static void what_has_no_line_is_not_ignored(void **state)
{
	(void)state;
	struct one o;
	scan(&o, "# relpbox:ignore port why\n");
	assert_false(ignores(&o, CODE_PORT, 0));
	done(&o);
}

static void comments_beyond_the_limit(void **state)
{
	(void)state;
	struct buf text = { 0 };
	struct one o = { 0 };
	for (int i = 0; i < IGNORE_COMMENTS_MAX + 5; i++)
		buf_add_str(&text, "x # relpbox:ignore port y\n");
	ignore_scan(&o.c, buf_slice(&text), &o.f);
	assert_int_equal(o.c.n, IGNORE_COMMENTS_MAX);
	assert_int_equal(o.f.n, 5);
	assert_true(ignores(&o, CODE_PORT, IGNORE_COMMENTS_MAX));
	assert_false(ignores(&o, CODE_PORT, IGNORE_COMMENTS_MAX + 1));
	buf_free(&text);
	done(&o);
}

/* Whatever is cut off, and wherever. */
static void any_prefix(void **state)
{
	(void)state;
	static const char text[] = "a: 1 # relpbox:ignore port,tls-off why\r\n# relpbox:ignore x\n\xff#\n";
	for (size_t n = 0; n < sizeof(text); n++) {
		struct one o = { 0 };
		char *copy = malloc(n ? n : 1);
		memcpy(copy, text, n);
		ignore_scan(&o.c, slice_of(copy, n), &o.f);
		free(copy);
		done(&o);
	}
}

static void the_list_of_the_command_line(void **state)
{
	(void)state;
	struct ignore_list l = { 0 };
	struct err e;
	assert_int_equal(ignore_list_add(&l, "port", &e), 0);
	assert_int_equal(ignore_list_add(&l, "tls-off,ignore", &e), 0);
	assert_true(l.has[CODE_PORT] && l.has[CODE_TLS_OFF] && l.has[CODE_IGNORE]);
	assert_false(l.has[CODE_RETRY]);
	assert_int_equal(ignore_list_add(&l, "prot", &e), -1);
	assert_string_equal(e.text, "there is no finding with the code \"prot\": did you mean \"port\"?");
	static const char *const wrong[] = { "", ",", "port,", "port tls-off", "port;x", "\x1b" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(ignore_list_add(&l, wrong[i], &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_lines),
		cmocka_unit_test(several_codes),
		cmocka_unit_test(wrong_comments_ignore_nothing),
		cmocka_unit_test(what_has_no_line_is_not_ignored),
		cmocka_unit_test(comments_beyond_the_limit),
		cmocka_unit_test(any_prefix),
		cmocka_unit_test(the_list_of_the_command_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
