// SPDX-License-Identifier: Apache-2.0
/*
 * The regex engine against glibc's own, as rsyslog's re_match() calls it:
 * regcomp(REG_EXTENDED) and regexec() without match positions, in the C locale.
 * What may differ is listed in `differences` below, by name; all else is a bug.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "record/regex_int.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef __GLIBC__

#include <regex.h>

enum difference {
	NONE,
	BACK_REFERENCE,	 /* glibc takes (a)\1, we refuse: no search in linear time is known */
	OUT_OF_MEMORY,	 /* glibc takes a{32767}, we refuse what needs more than 256 KiB */
	VOIDED_BEHIND_ASSERTION, /* we find more than glibc, see regex_build.c and docs/REGEX.md */
	NESTING,	 /* glibc takes 1001 levels of parentheses, we refuse */
	LINE_FEED,	 /* glibc's $ and ^ hold at one, inside of a match; records hold none */
	N_DIFFERENCES
};

struct tally {
	uint64_t patterns, accepted, matches, found;
	uint64_t differences[N_DIFFERENCES];
};

static enum difference allowed(const struct regex *re, const char *text, int glibc, bool ours)
{
	if (strchr(text, '\n') != NULL && glibc == 0 && !ours)
		return LINE_FEED;
	if (re->prog.voided > 0 && glibc != 0 && ours)
		return VOIDED_BEHIND_ASSERTION;
	return NONE;
}

/* All ways to the answer must lead to the same. */
static bool match_all_ways(struct regex *re, struct slice text, const char *pattern)
{
	struct regex_literals literals = re->literals;
	bool usual = regex_match(re, text);

	re->literals.n = 0;
	bool states = regex_match(re, text);

	re->nfa_only = true;
	bool threads = regex_match(re, text);

	re->nfa_only = false;
	re->literals = literals;
	if (usual != states || states != threads)
		fail_msg("%s on \"%.*s\": %d with literals, %d by states, %d by threads", pattern,
			 (int)text.len, text.p, usual, states, threads);
	return usual;
}

static void compare_match(struct tally *t, const regex_t *glibc, struct regex *re,
			  const char *pattern, const char *text)
{
	int theirs = regexec(glibc, text, 0, NULL, 0);
	bool ours = match_all_ways(re, slice_str(text), pattern);

	t->matches++;
	t->found += ours;
	if ((theirs == 0) == ours)
		return;
	enum difference d = allowed(re, text, theirs, ours);

	if (d == NONE)
		fail_msg("%s on \"%s\": glibc %d, we %d", pattern, text, theirs == 0, ours);
	t->differences[d]++;
}

static enum difference allowed_refusal(const struct err *e)
{
	if (strstr(e->text, "back-references") != NULL)
		return BACK_REFERENCE;
	if (strstr(e->text, "KiB of memory") != NULL)
		return OUT_OF_MEMORY;
	if (strstr(e->text, "more than 1000 levels") != NULL)
		return NESTING;
	return NONE;
}

/* Do both take the pattern? Then it is in *glibc and returned. */
static struct regex *compile(struct tally *t, const char *pattern, regex_t *glibc)
{
	struct err e;
	int theirs = regcomp(glibc, pattern, REG_EXTENDED);
	struct regex *ours = regex_compile(slice_str(pattern), REGEX_MEMORY_MAX, &e);

	t->patterns++;
	if (theirs == 0 && ours != NULL) {
		t->accepted++;
		return ours;
	}
	if (theirs != 0 && ours != NULL)
		fail_msg("%s: glibc refuses (%d), we do not", pattern, theirs);
	if (theirs == 0) {
		enum difference d = allowed_refusal(&e);

		if (d == NONE)
			fail_msg("%s: glibc takes it, we do not: %s", pattern, e.text);
		t->differences[d]++;
		regfree(glibc);
	} else if (e.code == 0 && allowed_refusal(&e) != OUT_OF_MEMORY) {
		fail_msg("%s: no position in \"%s\"", pattern, e.text);
	}
	return NULL;
}

static void release(regex_t *glibc, struct regex *re)
{
	regfree(glibc);
	regex_free(re);
}

static void tell(const char *what, const struct tally *t)
{
	print_message("%s: %llu patterns, %llu accepted by both, %llu comparisons, %llu matches; "
		      "differences: %llu back-reference, %llu memory, %llu voided\n",
		      what, (unsigned long long)t->patterns, (unsigned long long)t->accepted,
		      (unsigned long long)t->matches, (unsigned long long)t->found,
		      (unsigned long long)t->differences[BACK_REFERENCE],
		      (unsigned long long)t->differences[OUT_OF_MEMORY],
		      (unsigned long long)t->differences[VOIDED_BEHIND_ASSERTION]);
}

struct lines {
	struct buf text;
	char *line[1000];
	size_t n;
};

static void read_lines(struct lines *l, const char *path)
{
	struct err e;

	*l = (struct lines){ .n = 0 };
	if (file_read(path, 1 << 20, &l->text, &e) < 0)
		fail_msg("%s", e.text);
	buf_cstr(&l->text);
	for (char *at = l->text.p, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		*end = '\0';
		assert_true(l->n < 1000);
		if (strncmp(at, "# ", 2) != 0)
			l->line[l->n++] = at;
	}
}

static void written_by_hand(void **state)
{
	struct lines patterns, lines;
	struct tally t = { 0 };

	(void)state;
	read_lines(&patterns, "testdata/regex/patterns.txt");
	read_lines(&lines, "testdata/regex/lines.txt");
	for (size_t i = 0; i < patterns.n; i++) {
		regex_t glibc;
		struct regex *re = compile(&t, patterns.line[i], &glibc);

		if (re == NULL)
			continue;
		for (size_t k = 0; k < lines.n; k++)
			compare_match(&t, &glibc, re, patterns.line[i], lines.line[k]);
		release(&glibc, re);
	}
	tell("patterns.txt", &t);
	assert_true(t.patterns > 400 && t.accepted > 300);
	assert_int_equal(t.differences[BACK_REFERENCE], 4);
	assert_int_equal(t.differences[OUT_OF_MEMORY], 1);
	assert_int_equal(t.differences[VOIDED_BEHIND_ASSERTION], 0);
	buf_free(&patterns.text);
	buf_free(&lines.text);
}

/* Every byte, alone and between letters, against what looks at single bytes. */
static void every_byte(void **state)
{
	static const char *const patterns[] = {
		".",	       "^.$",		"a.a",		 "[^a]",	"[[:alpha:]]",
		"[[:digit:]]", "[[:alnum:]]",	"[[:upper:]]",	 "[[:lower:]]", "[[:space:]]",
		"[[:blank:]]", "[[:punct:]]",	"[[:print:]]",	 "[[:graph:]]", "[[:cntrl:]]",
		"[[:xdigit:]]", "[^[:alpha:]]", "[^[:print:]]",	 "\\w",		"\\W",
		"\\s",	       "\\S",		"a\\b",		 "a\\B",	"\\ba\\B.\\Ba\\b",
		"a\\>",	       "\\<.",		"[\x80-\xff]",	 "[\x01-\x1f]", "[^\x80-\xff]",
		"\xe4",	       "[\xe4]",	"[^\xe4]",	 "[\x7f-\x80]", "[[=\xe4=]]",
		"[[.\xe4.]]",  "[a-[.\xff.]]",	"\\\xe4",	 "\xc3\xa4",	"\xc3.",
		"[\xc3\xa4]{2}", "\xe4*a",	"(\xe4|\xf6)+a", "[a-\xe4]",	"[\xff-a]",
	};
	struct tally t = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		regex_t glibc;
		struct regex *re = compile(&t, patterns[i], &glibc);

		if (re == NULL)
			continue;
		for (int b = 1; b < 256; b++) {
			char alone[] = { (char)b, '\0' }, between[] = { 'a', (char)b, 'a', '\0' };

			compare_match(&t, &glibc, re, patterns[i], alone);
			compare_match(&t, &glibc, re, patterns[i], between);
		}
		release(&glibc, re);
	}
	tell("every byte", &t);
}

/* A pattern of every byte as first and as escaped one, for what operators there are. */
static void every_byte_as_pattern(void **state)
{
	static const char *const shapes[] = { "%", "\\%", "a%", "a\\%b", "[%]", "[%-z]", "(%",
					      "a{%}", "a{1%}", "[[%a%]]", "^%", "(%)*" };
	struct tally t = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (int b = 1; b < 256; b++) {
			char pattern[32], text[] = { 'a', (char)b, 'b', '\0' };
			regex_t glibc;

			snprintf(pattern, sizeof(pattern), "%s", shapes[i]);
			for (char *at = pattern; *at != '\0'; at++)
				*at = *at == '%' ? (char)b : *at;
			struct regex *re = compile(&t, pattern, &glibc);

			if (re == NULL)
				continue;
			compare_match(&t, &glibc, re, pattern, text);
			compare_match(&t, &glibc, re, pattern, text + 1);
			release(&glibc, re);
		}
	}
	tell("every byte as pattern", &t);
}

static const char *const atoms[] = {
	"a", "b", "c", "a", "b", "_", "-", " ", ".", "[ab]", "[^a]", "[a-c]", "[[:alpha:]]",
	"[^[:space:]]", "\\w", "\\W", "\\s", "\\S", "()", "^", "$", "\\b", "\\B", "\\<", "\\>",
	"\\`", "\\'",
};
static const char *const repeats[] = { "*", "+", "?", "{2}", "{0,1}", "{1,2}", "{,2}", "{0}",
				       "{1,}", "{2,}", "{0,0}" };

#define PICK(seed, list) (list)[rand_below(seed, sizeof(list) / sizeof((list)[0]))]

/*
 * One random pattern. Open groups are kept as a count, so nothing is nested by
 * recursion. glibc takes minutes for some patterns with repeats inside repeats,
 * so there are few repeats in one.
 */
static void random_pattern(uint64_t *seed, struct buf *out)
{
	unsigned open = 0, things = 1 + (unsigned)rand_below(seed, 8), repeated = 0;

	out->len = 0;
	for (unsigned i = 0; i < things; i++) {
		if (i > 0 && rand_below(seed, 4) == 0)
			buf_add_char(out, '|');
		if (open < 3 && rand_below(seed, 3) == 0) {
			buf_add_char(out, '(');
			open++;
			continue;
		}
		buf_add_str(out, PICK(seed, atoms));
		if (repeated < 3 && rand_below(seed, 4) == 0) {
			buf_add_str(out, PICK(seed, repeats));
			repeated++;
		}
		if (open == 0 || rand_below(seed, 3) != 0)
			continue;
		buf_add_char(out, ')');
		open--;
		if (repeated < 3 && rand_below(seed, 2) == 0) {
			buf_add_str(out, PICK(seed, repeats));
			repeated++;
		}
	}
	for (; open > 0; open--)
		buf_add_char(out, ')');
}

static void random_text(uint64_t *seed, char *out, size_t size)
{
	static const char bytes[] = "aaaabbbccc_- x";
	size_t len = (size_t)rand_below(seed, size);

	for (size_t i = 0; i < len; i++)
		out[i] = bytes[rand_below(seed, sizeof(bytes) - 1)];
	out[len] = '\0';
}

static void made_at_random(void **state)
{
	uint64_t seed = 4;
	struct tally t = { 0 };
	struct buf pattern = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		regex_t glibc;

		random_pattern(&seed, &pattern);
		struct regex *re = compile(&t, buf_cstr(&pattern), &glibc);

		if (re == NULL)
			continue;
		for (int k = 0; k < 20; k++) {
			char text[12];

			random_text(&seed, text, sizeof(text));
			compare_match(&t, &glibc, re, pattern.p, text);
		}
		release(&glibc, re);
	}
	tell("random patterns", &t);
	assert_true(t.accepted > 10000);
	assert_true(t.differences[VOIDED_BEHIND_ASSERTION] < t.matches / 10000);
	buf_free(&pattern);
}

/* The list of differences is not longer than it must be: each of them is seen here. */
static void differences(void **state)
{
	static char deep[2003];
	static const struct {
		const char *pattern, *text;
		enum difference difference;
	} cases[] = {
		{ "(a|b)\\1", "", BACK_REFERENCE },
		{ "a{32767}", "", OUT_OF_MEMORY },
		{ "c{1,2}(\\>|b|(\\`.?))+\\B", "c-", VOIDED_BEHIND_ASSERTION },
		{ "(^|\\B[^a])+\\B", "b _-", VOIDED_BEHIND_ASSERTION },
		{ "a$.b", "a\nb", LINE_FEED },
		{ "\n^b", "\nb", LINE_FEED },
		{ deep, "", NESTING },
	};

	(void)state;
	memset(deep, '(', 1001);
	memset(deep + 1001, ')', 1001);
	deep[2002] = '\0';
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tally t = { 0 };
		regex_t glibc;
		struct regex *re = compile(&t, cases[i].pattern, &glibc);

		if (re != NULL) {
			compare_match(&t, &glibc, re, cases[i].pattern, cases[i].text);
			release(&glibc, re);
		}
		assert_int_equal(t.differences[cases[i].difference], 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_by_hand),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(every_byte_as_pattern),
		cmocka_unit_test(made_at_random),
		cmocka_unit_test(differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else /* another C library has nothing to compare with */

static void glibc_only(void **state)
{
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(glibc_only) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
