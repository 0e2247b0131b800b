// SPDX-License-Identifier: Apache-2.0
/* Another spelling of a regular expression: what is offered, and that it means the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gardener/posix.h"
#include "gardener/spelling.h"
#include "record/regex.h"

#include <stdio.h>
#include <stdlib.h>

struct pair {
	const char *text, *other; /* NULL: we know none */
};

static void run_pairs(const struct pair *pairs, size_t n)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		struct buf out = { 0 };
		int rc = gardener_regex_spelling(slice_str(pairs[i].text), &out);
		const char *made = rc < 0 ? NULL : buf_cstr(&out), *other = pairs[i].other;

		if ((made == NULL) != (other == NULL) ||
		    (made != NULL && strcmp(made, other) != 0)) {
			print_error("%s: %s, not %s\n", pairs[i].text, made != NULL ? made : "none",
				    other != NULL ? other : "none");
			wrong++;
		}
		buf_free(&out);
	}
	assert_int_equal(wrong, 0);
}

#define RUN(p) run_pairs(p, sizeof(p) / sizeof((p)[0]))

static void nothing_to_change(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" },
		{ "foo", "foo" },
		{ "^type=(A|B) ", "^type=(A|B) " },
		{ "\\(a\\)", "\\(a\\)" }, /* a group to admission, and a whole one */
		{ "a\\.b\\*\\{2}", "a\\.b\\*\\{2}" },
		{ "[(]a", "[(]a" },
		{ "say \"x\"", "say \"x\"" },
		{ "a{,3}b\tc\n\r", "a{,3}b\tc\n\r" },
		{ "[[:alpha:]_]+\\>", "[[:alpha:]_]+\\>" },
		{ "(a|b)\\1", "(a|b)\\1" },
		{ "\xc3\xa4[\xc3\xa4]", "\xc3\xa4[\xc3\xa4]" },
		{ "a{1000}", "a{1000}" },
	};

	(void)state;
	RUN(pairs);
}

static void brackets_and_parentheses(void **state)
{
	static const struct pair pairs[] = {
		{ "foo\\(bar", "foo[(]bar" },
		{ "foo\\)", "foo[)]" },
		{ "\\[x", "[[]x" },
		{ "a)", "a[)]" },
		{ "(a\\))", "(a[)])" },
		{ "(\\()+x\\[[0-9]+\\]", "([(])+x[[][0-9]+\\]" },
		{ "\\[error\\] \\(core", "[[]error\\] [(]core" },
		{ "\\{1001}", "[{]1001}" },
		{ "x\\{2,1}\\(", "x[{]2,1}[(]" },
		{ "[[.].](]", "[](]" },
		{ "[a-[.z.]]", "[a-z]" },
		{ "[[=(=]", NULL },
		{ "\\([[.(.])]", "\\([[.(.])]" }, /* admission sees a group here */
		{ "[[.a.](]", "[(a]" },
		{ "[[.[.](:]", "[(:[]" },
		{ "[[.].](^]", "[](^]" },
		{ "[[.].](-]", "[](-]" },
		{ "[^[.].](\\]", "[^](\\]" },
	};

	(void)state;
	RUN(pairs);
}

static void dollars(void **state)
{
	static const struct pair pairs[] = {
		{ "foo$", "foo\\'" },
		{ "^$", "^\\'" },
		{ "(a|b$)|$", "(a|b\\')|\\'" },
		{ "foo\\($", "foo[(]\\'" },
		{ "\\$", NULL },
		{ "US\\$", NULL },
		{ "\\\\$", "\\\\\\'" },
		{ "[$]", NULL },
		{ "[a$]", NULL },
		{ "[$-&]", NULL },
		{ "[\"-$]", NULL },
		{ "[#$%]", "[#-%]" },
		{ "[!-$%-/]", "[!-/]" },
		{ "[[.$.]#%]", "[#-%]" },
		{ "[[:punct:]$]", "[]!-/:-@_`{-~\\[^]" },
		{ "[^$]", "([^#-%]|[#%])" },
		{ "[^$#]", "([^#-%]|[%])" },
		{ "[^$%]+=", "([^#-%]|[#])+=" },
		{ "[^#$%]", "[^#-%]" },
		{ "[^ $]*x", "([^ #-%]|[#%])*x" },
		{ "[^[:space:]$]", "([^[:space:]#-%]|[#%])" },
		{ "[^[:cntrl:]$]", "([^[:cntrl:]#-%]|[#%])" },
		{ "^[^$]", NULL },	  /* a parenthesis would bring the ^ to life in copies */
		{ "(a|b)\\1[^$]", NULL }, /* and would be counted */
		{ "[^$\x01]", "([^\x01#-%]|[#%])" },
		{ "[^$\a]", NULL },
		{ "a[$", NULL },
	};

	(void)state;
	RUN(pairs);
}

static void repeats(void **state)
{
	static const struct pair pairs[] = {
		{ "a{2500}", "a{1000}a{1000}a{500}" },
		{ "x.{0,2000}y", "x.{0,1000}.{0,1000}y" },
		{ "[ab]{1001,}$", "[ab]{1000}[ab]{1}[ab]*\\'" },
		{ "\\({10,1500}", "[(]{10}[(]{0,1000}[(]{0,490}" },
		{ "a{,1001}", "a{,1001}" /* no repeat to admission */ },
		{ "(ab){1001}", NULL },
		{ "a{1001}*", NULL },
		{ "(a{100}){100}", NULL },
	};

	(void)state;
	RUN(pairs);
}

static void what_glibc_refuses(void **state)
{
	static const struct pair pairs[] = {
		{ "*foo", NULL },	 { "a|*", NULL },	{ "foo\\", NULL },
		{ "(foo", NULL },	 { "[a", NULL },	{ "^*", NULL },
		{ "a{1", NULL },	 { "[z-a]$", NULL },	{ "[a-c-e$]", NULL },
		{ "[[:word:]$]", NULL }, { "$*", NULL },	{ "\\b+", NULL },
		{ "a{{})", NULL },	 { "a{\\}}", NULL },	{ "a{1\\0\\,}$", "a{1\\0\\,}\\'" },
		{ "a{,}$", "a{,}\\'" },	 { "a{32768}$", NULL }, { "a{2,1}", NULL },
		{ "a{x}", NULL },
	};

	(void)state;
	RUN(pairs);
}

static void other_characters(void **state)
{
	static const struct pair pairs[] = {
		{ "\a", NULL },
		{ "a\fb", NULL },
		{ "[\v]", NULL },
		{ "\b", NULL }, /* the backspace: rsyslog reads it, admission refuses it */
		{ "\xc2\xa0", NULL },
		{ "\xe2\x80\x8b", NULL },
		{ "\x7f\x1b\xff$", "\x7f\x1b\xff\\'" },
		{ "[\x01-\x1f]", "[\x01-\x1f]" },
		{ "[\x01-\x03$#%]", "[\x01\x02\x03#-%]" },
		{ "[\x06-\x09$#%]", NULL },
	};

	(void)state;
	RUN(pairs);
	assert_true(gardener_rsyslog_reads(slice_str("a\\b\"\t\n\r\b\x1b\x7f\xff \xc3\xa4")));
	assert_true(gardener_rsyslog_reads(slice_of(NULL, 0)));
	assert_false(gardener_rsyslog_reads(slice_str("a$")));
	assert_false(gardener_rsyslog_reads(slice_str("a\\$")));
	assert_false(gardener_rsyslog_reads(slice_str("\a")));
	assert_false(gardener_rsyslog_reads(slice_str("\xc2\xa0")));
	assert_false(gardener_rsyslog_reads(slice_str("\f")));
	assert_false(gardener_rsyslog_reads(slice_str("\xf3\xa0\x80\x81")));
}

/* --- the same meaning ------------------------------------------------------- */

static const char *const pieces[] = {
	"a",
	"b",
	"(",
	")",
	"(",
	")",
	"|",
	"^",
	"$",
	"$",
	".",
	"\\(",
	"\\)",
	"\\[",
	"\\]",
	"\\{",
	"\\}",
	"\\.",
	"\\b",
	"\\B",
	"\\w",
	"\\'",
	"*",
	"+",
	"?",
	"{2}",
	"{0,1}",
	"[^$]",
	"[^$a]",
	"[^#$]",
	"[#$%]",
	"[[:punct:]$]",
	"[^[:space:]$]",
	"[!-/]",
	"[(]",
	"[^(]",
	"[[.].](]",
	"[^]$[]",
	"[[.(.]",
	"[a-[.c.]]",
	"[^-$]",
	"[\\$#%]",
	"[]#-%^-]",
	" ",
	"\"",
	"%",
	"#",
};

static void random_pattern(uint64_t *seed, struct buf *out)
{
	out->len = 0;
	for (uint64_t n = 1 + rand_below(seed, 7); n > 0; n--)
		buf_add_str(out, pieces[rand_below(seed, sizeof(pieces) / sizeof(pieces[0]))]);
}

static size_t random_text(uint64_t *seed, char *out, size_t size)
{
	static const char bytes[] = "aaabbc$$##%%()[]{}^-\\\". \x80\xff\t";
	size_t len = (size_t)rand_below(seed, size);

	for (size_t i = 0; i < len; i++)
		out[i] = bytes[rand_below(seed, sizeof(bytes) - 1)];
	return len;
}

static void compare(uint64_t *seed, struct regex *a, struct regex *b, const char *pattern,
		    const char *other)
{
	for (int i = 0; i < 40; i++) {
		char text[10];
		size_t len = random_text(seed, text, sizeof(text));

		if (regex_match(a, slice_of(text, len)) != regex_match(b, slice_of(text, len)))
			fail_msg("%s and %s differ on \"%.*s\"", pattern, other, (int)len, text);
	}
	for (unsigned c = 1; c < 256; c++) {
		char text = (char)c;

		if (regex_match(a, slice_of(&text, 1)) != regex_match(b, slice_of(&text, 1)))
			fail_msg("%s and %s differ on byte 0x%02x", pattern, other, c);
	}
}

static void same_meaning(void **state)
{
	uint64_t seed = 7;
	struct buf pattern = { 0 }, other = { 0 };
	unsigned compared = 0, changed = 0, refused = 0;

	(void)state;
	for (int i = 0; i < 12000; i++) {
		random_pattern(&seed, &pattern);
		struct regex *a = regex_compile(buf_slice(&pattern), REGEX_MEMORY_MAX, NULL);

		other.len = 0;
		int rc = gardener_regex_spelling(buf_slice(&pattern), &other);

		if (rc == 0 && a == NULL)
			fail_msg("%s: not taken, but spelled %s", buf_cstr(&pattern),
				 buf_cstr(&other));
		if (a != NULL && rc < 0 && gardener_rsyslog_reads(buf_slice(&pattern)) &&
		    gardener_regex_check(buf_slice(&pattern), NULL) == 0)
			fail_msg("%s: nothing to change, but no spelling", buf_cstr(&pattern));
		refused += rc < 0 && a != NULL;
		if (rc == 0) {
			struct regex *b = regex_compile(buf_slice(&other), REGEX_MEMORY_MAX, NULL);

			if (b == NULL)
				fail_msg("%s: not taken, of %s", buf_cstr(&other),
					 buf_cstr(&pattern));
			assert_true(gardener_rsyslog_reads(buf_slice(&other)));
			assert_int_equal(gardener_regex_check(buf_slice(&other), NULL), 0);
			if (!slice_eq(buf_slice(&pattern), buf_slice(&other))) {
				compare(&seed, a, b, buf_cstr(&pattern), buf_cstr(&other));
				changed++;
			}
			compared++;
			regex_free(b);
		}
		regex_free(a);
	}
	print_message("%u spellings, %u of them other than the text; %u without any\n", compared,
		      changed, refused);
	assert_true(changed > 2000 && refused < compared / 4);
	buf_free(&pattern);
	buf_free(&other);
}

/* Every set of three ranges: each bracket expression, read and written anew, matches the same
 * bytes. */
static void brackets_anew(void **state)
{
	static const char edges[] = "!\"#$%&'(),-./09:;AZ[\\]^_`az{|}~ ";
	uint64_t seed = 11;
	unsigned written = 0;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct buf pattern = { 0 }, other = { 0 };

		buf_add_str(&pattern, rand_below(&seed, 2) ? "\\([" : "\\([^");
		for (uint64_t n = 1 + rand_below(&seed, 3); n > 0; n--) {
			char a = edges[rand_below(&seed, sizeof(edges) - 1)];
			char b = edges[rand_below(&seed, sizeof(edges) - 1)];

			if (rand_below(&seed, 4) == 0)
				buf_add_str(&pattern,
					    rand_below(&seed, 2) ? "[:alpha:]" : "[:cntrl:]");
			else if (rand_below(&seed, 2))
				buf_printf(&pattern, "[.%c.]", a);
			else
				buf_printf(&pattern, "[.%c.]-[.%c.]", a < b ? a : b, a < b ? b : a);
		}
		buf_add_str(&pattern, "]{1,1001}");
		if (gardener_regex_spelling(buf_slice(&pattern), &other) == 0) {
			struct regex *a =
				regex_compile(buf_slice(&pattern), REGEX_MEMORY_MAX, NULL);
			struct regex *b = regex_compile(buf_slice(&other), REGEX_MEMORY_MAX, NULL);

			for (unsigned c = 1; a != NULL && b != NULL && c < 256; c++) {
				char text[] = { '(', (char)c };

				if (regex_match(a, slice_of(text, 2)) !=
				    regex_match(b, slice_of(text, 2)))
					fail_msg("%s and %s differ on byte 0x%02x",
						 buf_cstr(&pattern), buf_cstr(&other), c);
			}
			written += a != NULL && b != NULL;
			regex_free(a);
			regex_free(b);
		}
		buf_free(&pattern);
		buf_free(&other);
	}
	print_message("%u bracket expressions\n", written);
	assert_true(written > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_change),
		cmocka_unit_test(brackets_and_parentheses),
		cmocka_unit_test(dollars),
		cmocka_unit_test(repeats),
		cmocka_unit_test(what_glibc_refuses),
		cmocka_unit_test(other_characters),
		cmocka_unit_test(same_meaning),
		cmocka_unit_test(brackets_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
