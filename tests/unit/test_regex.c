// SPDX-License-Identifier: Apache-2.0
/* The regex engine by itself: verdicts, words of errors, bounds of memory and work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "record/regex_int.h"

#include <stdlib.h>

static struct regex *compile(const char *pattern)
{
	struct err e;
	struct regex *re = regex_compile(slice_str(pattern), REGEX_MEMORY_MAX, &e);

	if (re == NULL)
		fail_msg("%s: %s", pattern, e.text);
	return re;
}

struct match_case {
	const char *pattern, *text;
	bool match;
};

static void run_matches(const struct match_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct regex *re = compile(c[i].pattern);

		if (regex_match(re, slice_str(c[i].text)) != c[i].match)
			fail_msg("%s on \"%s\": not %d", c[i].pattern, c[i].text, c[i].match);
		regex_free(re);
	}
}

#define RUN(c) run_matches(c, sizeof(c) / sizeof((c)[0]))

static void what_matches(void **state)
{
	static const struct match_case cases[] = {
		{ "", "", true },
		{ "", "a", true },
		{ "a", "", false },
		{ "a", "bab", true },
		{ "abc", "xxabxabcx", true },
		{ "abc", "xxabxabx", false },
		{ "^abc", "xabc", false },
		{ "abc$", "abcabc", true },
		{ "abc$", "abcabcx", false },
		{ "a|^b", "xb", false },
		{ "a||b", "x", true },
		{ "(a|)b", "b", true },
		{ "(^)*a", "ba", true },
		{ "a)", "xa)", true },
		{ "a}", "a}", true },
		{ "a{,2}b", "aaab", true },
		{ "^a{,2}b", "aaab", false },
		{ "^a{,}b", "aaab", true },
		{ "^(ab){2}$", "abab", true },
		{ "^(ab){2}$", "ababab", false },
		{ "[]a]", "]", true },
		{ "[^]a]", "]", false },
		{ "[\\w]", "w", true },
		{ "[\\w]", "x", false },
		{ "[a-]", "-", true },
		{ "\\d", "5", false },
		{ "\\d", "d", true },
		{ "\\bfoo\\b", "a foo.", true },
		{ "\\bfoo\\b", "afoo.", false },
		{ "\\Boo\\B", "fools", true },
		{ "\\<o|d\\>", "food", true },
		{ "\\Bfoo", "foo", false },
		{ "x\\By", "xy", true },
		{ "\\B", "", true },
		{ "\\b", "", false },
		{ "\\`a\\'", "a", true },
		{ "\\`a\\'", "ab", false },
		{ "a.b", "a\nb", true },
		{ "[^x]", "\n", true },
		{ "^b", "a\nb", false },
		{ "a$", "a\nb", false },
	};

	(void)state;
	RUN(cases);
}

/* Words that are searched for, and what the automaton makes of the place. */
static void literals(void **state)
{
	static const struct match_case cases[] = {
		{ "type=USER_CMD", "xx type=USER_CMD yy", true },
		{ "type=USER_CMD", "xx type=USER_CM", false },
		{ "(USER_CMD|EXECVE)", "EXECV EXECVE", true },
		{ "type=(USER_CMD|EXECVE) m", "type=EXECVE  m", false },
		{ "foobar[0-9]", "foobar foobar7", true },
		{ "\\bfoobar[0-9]", "xfoobar7 foobar7", true },
		{ "\\bfoobar[0-9]", "xfoobar7 foobar", false },
		{ "\\Bfoobar[0-9]", "foobar7", false },
		{ "abc+d", "abccccd", true },
		{ "ab(cd)*ef", "abef", true },
		{ "(abc)+(def)+", "abcabcdefdef", true },
		{ "^foo.*bar$", "foo bar", true },
		{ "^foo.*bar$", "xfoo bar", false },
		{ "a|(bc|de)f", "bcf", true },
		{ "a|(bc|de)f", "bc", false },
		{ "ab|(cd|ef)", "ef", true },
		{ "ab|(cd|ef)+x", "efcd", false },
		{ "(ab|cd){2}", "abcd", true },
		{ "(ab|cd){2}", "ab cd", false },
		{ "(ab|cd)?ef", "ef", true },
		{ "0123456789012345678901234567890123456789",
		  "0123456789012345678901234567890123456788", false },
		{ "0123456789012345678901234567890123456789",
		  "0123456789012345678901234567890123456789", true },
	};

	(void)state;
	RUN(cases);
}

/* A word at each place of texts of each length about the width of the vectors. */
static void literals_at_each_place(void **state)
{
	static const char *const words[] = { "ab", "abc", "=\"USER", "0123456789abcdefghij" };

	(void)state;
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		struct regex *re = compile(words[w]);
		size_t word_len = strlen(words[w]);

		assert_true(re->literals.exact);
		for (size_t len = 0; len < 100; len++) {
			char *text = malloc(len + 1); /* just as long, for ASan */

			memset(text, 'a', len + 1);
			assert_false(regex_match(re, slice_of(text, len)));
			for (size_t at = 0; at + word_len <= len; at++) {
				memset(text, 'a', len + 1);
				memcpy(text + at, words[w], word_len);
				if (!regex_match(re, slice_of(text, len)))
					fail_msg("\"%s\" at %zu of %zu", words[w], at, len);
				if (regex_match(re, slice_of(text, at + word_len - 1)))
					fail_msg("\"%s\" found in a part", words[w]);
			}
			free(text);
		}
		regex_free(re);
	}
}

static void which_literals(void **state)
{
	static const struct {
		const char *pattern, *words;
		bool exact, prefix;
	} cases[] = {
		{ "foobar", "foobar", true, true },
		{ "(foo)(bar)", "foobar", true, true },
		{ "foo[b]ar", "foobar", true, true },
		{ "foo\\.bar", "foo.bar", true, true },
		{ "foo.bars", "bars", false, false },
		{ "foos.bar", "foos", false, true },
		{ "\\bfoo\\b", "foo", false, true },
		{ "fo+bar", "bar", false, false },
		{ "foo*bars", "bars", false, false },
		{ "(foo)?bar", "bar", false, false },
		{ "fo{3}bar", "fooobar", true, true },
		{ "foo|bar", "foo,bar", true, false },
		{ "(foo|bar)", "foo,bar", true, false },
		{ "(foo|bar)x", "foo,bar", false, false },
		{ "(foo|(bar|baz))", "foo,bar,baz", true, false },
		{ "(foo|(bar|baz)x)", "", false, false }, /* one branch holds no word of its own */
		{ "foo|b.r", "", false, false },
		{ "(foo|bar)*", "", false, false },
		{ "[0-9]+", "", false, false },
		{ "a", "", false, false },
		{ "^foo", "", false, false },
		{ "^.*foo", "foo", false, false },
		{ "type=(A|B)", "type=", false, true },
		{ "k=(USER_CMD|EXECVE)", "USER_CMD,EXECVE", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct regex *re = compile(cases[i].pattern);
		const struct regex_literals *l = &re->literals;
		struct buf words = { 0 };

		for (int k = 0; k < l->n; k++) {
			buf_add_str(&words, k > 0 ? "," : "");
			buf_add(&words, l->word[k].bytes, l->word[k].len);
		}
		if (strcmp(buf_cstr(&words), cases[i].words) != 0)
			fail_msg("%s: \"%s\"", cases[i].pattern, buf_cstr(&words));
		if (l->n > 0 && (l->exact != cases[i].exact || l->prefix != cases[i].prefix))
			fail_msg("%s: exact %d, prefix %d", cases[i].pattern, l->exact, l->prefix);
		buf_free(&words);
		regex_free(re);
	}
}

static void words_of_errors(void **state)
{
	static const struct {
		const char *pattern;
		int position;
		const char *words;
	} cases[] = {
		{ "*foo", 1, "nothing before '*' that it could repeat (byte 1)" },
		{ "a|+", 3, "nothing before '+' that it could repeat" },
		{ "(?a)", 2, "nothing before '?' that it could repeat" },
		{ "^{2}", 2, "nothing before '{' that it could repeat" },
		{ "foo\\", 4, "nothing behind the last '\\'" },
		{ "a(b(c)", 2, "'(' is not closed by ')'" },
		{ "ab[c", 3, "'[' is not closed by ']'" },
		{ "[[:foo:]]", 2, "no such class of characters" },
		{ "[[:alpha:", 1, "'[' is not closed by ']'" },
		{ "[[.ab.]]", 2, "a collating element is one byte here" },
		{ "[c-a]", 2, "the range's end comes before its begin" },
		{ "[a-[:digit:]]", 4, "a class cannot end a range" },
		{ "[a-c-e]", 5, "'-' has no begin of a range before it" },
		{ "a{1", 2, "'{' is not closed by '}'" },
		{ "a{}", 2, "no number in '{}'" },
		{ "a{1x}", 2, "'{' is not followed by N}, N,} or N,M}" },
		{ "a{3,2}", 2, "the first number in '{}' is above the second" },
		{ "a{32768}", 2, "a number in '{}' is above 32767" },
		{ "(a)\\1", -4, "back-references (\\1 to \\9) are not supported: no search in" },
		{ "a\\1", 2, "no such group is closed before" },
		{ "(a\\1)", 3, "no such group is closed before" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };

		assert_null(regex_compile(slice_str(cases[i].pattern), REGEX_MEMORY_MAX, &e));
		if (e.code != cases[i].position || strstr(e.text, cases[i].words) == NULL)
			fail_msg("%s: %d, \"%s\"", cases[i].pattern, e.code, e.text);
		assert_null(regex_compile(slice_str(cases[i].pattern), REGEX_MEMORY_MAX, NULL));
	}
	struct err e = { 0 };

	assert_null(regex_compile(slice_of("a\0b", 3), REGEX_MEMORY_MAX, &e));
	assert_int_equal(e.code, 2);
}

static void too_big(const char *pattern, size_t memory, const char *words)
{
	struct err e = { .code = 1 };

	assert_null(regex_compile(slice_str(pattern), memory, &e));
	if (e.code != 0 || strstr(e.text, words) == NULL)
		fail_msg("%s: %d, \"%s\"", pattern, e.code, e.text);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	too_big("a{32767}", REGEX_MEMORY_MAX, "KiB of memory, more than 256");
	too_big("((a{1000}){1000}){1000}", REGEX_MEMORY_MAX, "KiB of memory, more than 256");
	too_big("((((a{32767}){32767}){32767}){32767}){32767}", REGEX_MEMORY_MAX, "more than 256");
	too_big("abc", 1024, "KiB of memory, more than 1");

	static const char *const large[] = {
		"x{300}", "(x{10}){30}", "a{1000}", "[0-9a-f]{1,1000}z",
		"(a|bc){1000}", ".{5000}", "(a?){2000}a{2000}",
	};

	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		struct regex *re = compile(large[i]);
		char text[6000];

		memset(text, 'x', sizeof(text));
		for (size_t k = 0; k < 3; k++) {
			text[500 * k] = 'a';
			regex_match(re, slice_of(text, sizeof(text)));
		}
		if (regex_memory(re) > REGEX_MEMORY_MAX)
			fail_msg("%s: %zu bytes", large[i], regex_memory(re));
		regex_free(re);
	}
}

static void nesting_is_bounded(void **state)
{
	struct buf pattern = { 0 };
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_add_char(&pattern, '(');
	buf_add_char(&pattern, 'x');
	for (int i = 0; i < 1000; i++)
		buf_add_str(&pattern, ")?");
	struct regex *re = regex_compile(buf_slice(&pattern), REGEX_MEMORY_MAX, &e);

	assert_non_null(re);
	assert_true(regex_match(re, slice_str("")));
	regex_free(re);

	pattern.len = 0;
	for (int i = 0; i < 1001; i++)
		buf_add_char(&pattern, '(');
	assert_null(regex_compile(buf_slice(&pattern), REGEX_MEMORY_MAX, &e));
	assert_int_equal(e.code, -1001);
	buf_free(&pattern);
}

/* Looks at instructions for a text of n bytes, without states: the cost that states only lower. */
static uint64_t work(struct regex *re, const char *unit, size_t n)
{
	struct buf text = { 0 };

	while (text.len < n)
		buf_add_str(&text, unit);
	text.len = n;
	re->steps = 0;
	re->nfa_only = true;
	re->literals.n = 0;
	regex_match(re, buf_slice(&text));
	buf_free(&text);
	return re->steps;
}

static void work_is_linear_in_the_text(void **state)
{
	static const struct {
		const char *pattern, *unit;
	} cases[] = {
		{ "(a*)*b", "a" },	{ "(a|a)*c", "a" },	  { "(x+x+)+y", "x" },
		{ "a{1000}", "a" },	{ "(a|aa)+$", "ab" },	  { "(.*)(.*)(.*)(.*)(.*)z", "xy" },
		{ "(a?){100}a{100}b", "a" }, { "((a*)*)*b", "a" }, { "(a|b|ab)*c", "ab" },
		{ "^(([a-z])+.)+[A-Z]([a-z])+$", "a" }, { "(\\b|\\B)*x", "a b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct regex *re = compile(cases[i].pattern);
		uint64_t once = work(re, cases[i].unit, 4000);
		uint64_t twice = work(re, cases[i].unit, 8000);

		if (twice > once * 21 / 10 + 1000)
			fail_msg("%s: %llu, %llu", cases[i].pattern, (unsigned long long)once,
				 (unsigned long long)twice);
		/* and no byte costs more than the program is long */
		if (twice > 8000 * 4 * (uint64_t)re->prog.n)
			fail_msg("%s: %llu for %u instructions", cases[i].pattern,
				 (unsigned long long)twice, re->prog.n);
		regex_free(re);
	}
}

static void work_is_linear_in_the_pattern(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (unsigned n = 400; n <= 3200; n *= 2) {
		struct buf pattern = { 0 };

		buf_printf(&pattern, "^(a?){%u}a{%u}$", n, n);
		struct regex *re = compile(buf_cstr(&pattern));
		uint64_t now = work(re, "a", 300);

		if (last != 0 && now > last * 22 / 10)
			fail_msg("%s: %llu after %llu", pattern.p, (unsigned long long)now,
				 (unsigned long long)last);
		last = now;
		regex_free(re);
		buf_free(&pattern);
	}
}

/* States once built serve all texts: the threads are not looked at again. */
static void states_are_kept(void **state)
{
	struct regex *re = compile("[0-9]+:[a-z]*[0-9]");
	struct slice text = slice_str("abc 123 12: 4:abc 99:xyz:");

	(void)state;
	assert_false(regex_match(re, text));
	re->steps = 0;
	for (int i = 0; i < 10; i++)
		assert_false(regex_match(re, text));
	assert_int_equal(re->steps, 0);
	assert_int_equal(re->dfa.flushes, 0);
	regex_free(re);
}

/*
 * (a|b)*a[ab]{n} leads to 2^n states. With as little memory as it can do with
 * the answers are the same as with much, and it is seen that states were
 * dropped and that texts went on without.
 */
static void little_memory(void **state)
{
	static const char *const patterns[] = {
		"^[ab]*a[ab]{9}$", "a[ab]{8}c", "\\ba[ab ]{7}\\b.a", "(a|bb){2,6}[^a]b?a[ab]{2}",
		"(^|b)a.{6}(a$|\\Bc)", "[ac].{10}a\\>",
	};
	uint64_t seed = 1, flushes = 0, steps = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct regex *large = compile(patterns[i]), *small = NULL;
		size_t memory = 1024, found = 0;

		for (; small == NULL; memory += 64)
			small = regex_compile(slice_str(patterns[i]), memory, NULL);
		for (int k = 0; k < 400; k++) {
			char text[80];
			size_t len = (size_t)rand_below(&seed, sizeof(text));

			for (size_t b = 0; b < len; b++)
				text[b] = "aaaabbbbbbc "[rand_below(&seed, 12)];
			bool ours = regex_match(small, slice_of(text, len));

			if (ours != regex_match(large, slice_of(text, len)))
				fail_msg("%s on \"%.*s\": not %d", patterns[i], (int)len, text,
					 ours);
			assert_true(regex_memory(small) <= memory);
			found += ours;
		}
		if (found == 0 || found == 400)
			fail_msg("%s: %zu of 400", patterns[i], found);
		flushes += small->dfa.flushes;
		steps += small->steps;
		regex_free(small);
		regex_free(large);
	}
	assert_true(flushes > 100);
	assert_true(steps > 0);
}

/* Even where states never pay, the cost of a byte is bounded by the program. */
static void thrashing_is_bounded(void **state)
{
	struct regex *re = compile("[ab]*a[ab]{300}c");
	uint64_t seed = 7;
	static char text[100000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = rand_below(&seed, 2) ? 'a' : 'b';
	assert_false(regex_match(re, slice_of(text, sizeof(text))));
	assert_true(re->dfa.flushes > 0 && re->dfa.flushes < 5); /* then it went on without */
	assert_true(re->steps < sizeof(text) * 4 * (uint64_t)re->prog.n);
	assert_true(regex_memory(re) <= REGEX_MEMORY_MAX);
	assert_true(regex_match(re, slice_str("a")) == false);
	regex_free(re);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matches),
		cmocka_unit_test(literals),
		cmocka_unit_test(literals_at_each_place),
		cmocka_unit_test(which_literals),
		cmocka_unit_test(words_of_errors),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(work_is_linear_in_the_text),
		cmocka_unit_test(work_is_linear_in_the_pattern),
		cmocka_unit_test(states_are_kept),
		cmocka_unit_test(little_memory),
		cmocka_unit_test(thrashing_is_bounded),
	};

	regex_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
