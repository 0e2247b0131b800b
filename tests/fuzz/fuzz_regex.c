// SPDX-License-Identifier: Apache-2.0
/*
 * A pattern, a line feed, a text. All ways of the engine must lead to one
 * answer, within the memory they were given; and where glibc can be asked
 * without the risk that it takes minutes, that must be its answer, too.
 */
#include "base/mem.h"
#include "record/regex_int.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <regex.h>
#endif

#define PATTERN_MAX 200
#define TEXT_MAX 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool match_all_ways(struct regex *re, struct slice text)
{
	struct regex_literals literals = re->literals;
	bool usual = regex_match(re, text);

	invariant(regex_match(re, text) == usual);
	re->literals.n = 0;
	invariant(regex_match(re, text) == usual);
	re->leaps = false;
	invariant(regex_match(re, text) == usual);
	re->nfa_only = true;
	re->steps = 0;
	invariant(regex_match(re, text) == usual);
	invariant(re->steps <= (text.len + 2) * 4 * re->prog.n);
	re->nfa_only = false;
	re->literals = literals;
	return usual;
}

/* The least memory that the pattern can do with: states are dropped often. */
static void match_with_little(struct slice pattern, struct slice text, size_t memory, bool usual)
{
	struct regex *re = regex_compile(pattern, memory, NULL);

	if (re == NULL) /* (a{9999}){0}: building it takes more than having it */
		return;
	invariant(regex_match(re, text) == usual);
	invariant(regex_match(re, text) == usual);
	invariant(regex_memory(re) <= memory);
	regex_free(re);
	invariant(regex_compile(pattern, memory - 1, NULL) == NULL);
}

#ifdef __GLIBC__

/* glibc needs time and memory without bound for repeats within repeats. */
static bool tame(const char *pattern)
{
	static const char repeats[] = "*+?{";
	unsigned n = 0, groups = 0;

	if (strlen(pattern) > 60)
		return false;
	for (const char *p = pattern; *p != '\0'; p++) {
		if (strchr(repeats, *p) == NULL)
			continue;
		n++;
		groups += p > pattern && strchr(")*+?}", p[-1]) != NULL;
		for (const char *d = p + 1; *p == '{' && *d != '\0' && *d != '}'; d++) {
			if (d[0] >= '0' && d[0] <= '9' && d[1] >= '0' && d[1] <= '9')
				return false;
		}
	}
	return n <= 2 || (groups == 0 && n <= 6);
}

/* What docs/REGEX.md names as different. */
static bool excused(const struct regex *re, const struct err *e)
{
	if (re != NULL)
		return re->prog.voided > 0;
	return strstr(e->text, "back-references") != NULL || strstr(e->text, "of memory") != NULL ||
	       strstr(e->text, "levels") != NULL;
}

static void compare(const char *pattern, const char *text, const struct regex *re,
		    const struct err *e, bool ours)
{
	regex_t glibc;

	if (!tame(pattern) || excused(re, e) || strchr(text, '\n') != NULL)
		return;
	int theirs = regcomp(&glibc, pattern, REG_EXTENDED);

	invariant((theirs == 0) == (re != NULL));
	if (theirs != 0)
		return;
	invariant((regexec(&glibc, text, 0, NULL, 0) == 0) == ours);
	regfree(&glibc);
}

#else

static void compare(const char *pattern, const char *text, const struct regex *re,
		    const struct err *e, bool ours)
{
	(void)pattern, (void)text, (void)re, (void)e, (void)ours;
}

#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *feed = memchr(data, '\n', size);
	struct slice pattern = slice_of(data, feed == NULL ? size : (size_t)(feed - data));
	struct slice text = { "", 0 };
	struct err e;

	if (feed != NULL)
		text = slice_of(feed + 1, size - pattern.len - 1);
	if (pattern.len > PATTERN_MAX || text.len > TEXT_MAX)
		return 0;
	struct regex *re = regex_compile(pattern, REGEX_MEMORY_MAX, &e);
	bool ours = false;

	if (re != NULL) {
		ours = match_all_ways(re, text);
		match_with_little(pattern, text, re->fixed + regex_dfa_least(re), ours);
		invariant(regex_memory(re) <= REGEX_MEMORY_MAX);
	} else {
		int at = e.code < 0 ? -e.code : e.code; /* below 0: what glibc takes */
		invariant(at > 0 || strstr(e.text, "of memory") != NULL);
		invariant(at <= (int)pattern.len);
	}
	if (memchr(data, '\0', size) == NULL) {
		char *p = mem_zero(pattern.len + 1, 1), *t = mem_zero(text.len + 1, 1);

		memcpy(p, pattern.p, pattern.len);
		memcpy(t, text.p, text.len);
		compare(p, t, re, &e, ours);
		free(p);
		free(t);
	}
	regex_free(re);
	return 0;
}
