// SPDX-License-Identifier: Apache-2.0
/*
 * A regular expression, a line feed, a text; all of it is a name as well. Nothing
 * may crash, and a spelling keeps what spelling.h promises: it comes through, and
 * where the expression is one, it matches what that matches.
 */
#include "base/mem.h"
#include "base/utf8.h"
#include "gardener/names.h"
#include "gardener/posix.h"
#include "gardener/quote.h"
#include "gardener/spelling.h"
#include "record/regex.h"

#include <stdlib.h>

#define INPUT_MAX 4096
#define PATTERN_MAX 300 /* of what is matched */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge_names(struct slice s)
{
	struct names_errors e;

	invariant(gardener_dns1123_subdomain(s, &e) == e.n && e.n <= NAMES_ERRORS_MAX);
	invariant(gardener_dns1123_wildcard(s, &e) == e.n && e.n <= NAMES_ERRORS_MAX);
	invariant(gardener_ip(s, &e) == e.n && e.n <= 1);
	(void)gardener_is_sha1_fingerprint(s);
}

/* It is one line, of well-formed and printable characters. */
static void quote(struct slice s)
{
	struct buf out = { 0 };

	go_quote(&out, s);
	invariant(out.len >= s.len + 2 && out.len <= 4 * s.len + 2);
	for (size_t i = 0; i < out.len;) {
		uint32_t cp;

		i += utf8_next(slice_of(out.p + i, out.len - i), &cp);
		invariant(cp != UTF8_BAD && go_is_print(cp));
	}
	buf_free(&out);
}

static void check(struct slice s)
{
	struct err e;

	if (go_posix_check(s, &e) < 0)
		invariant(strncmp(e.text, "error parsing regexp: ", 22) == 0 &&
			  strchr(e.text, '\n') == NULL);
	if (gardener_regex_check(s, &e) < 0)
		invariant(strchr(e.text, '\n') == NULL);
}

static void same(struct slice pattern, struct slice other, struct slice text)
{
	struct err e;
	struct regex *a = regex_compile(pattern, REGEX_MEMORY_MAX, &e);

	if (a == NULL) { /* where we refuse and glibc does not */
		invariant(strstr(e.text, "back-references") != NULL ||
			  strstr(e.text, "of memory") != NULL);
		return;
	}
	struct regex *b = regex_compile(other, REGEX_MEMORY_MAX, &e);

	if (b == NULL) { /* copies may need more than what they were made of */
		invariant(strstr(e.text, "of memory") != NULL);
		regex_free(a);
		return;
	}
	invariant(regex_match(a, text) == regex_match(b, text));
	for (unsigned c = 1; c < 256; c++) {
		char byte = (char)c;

		invariant(regex_match(a, slice_of(&byte, 1)) == regex_match(b, slice_of(&byte, 1)));
	}
	regex_free(a);
	regex_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX)
		return 0;
	struct slice all = slice_of(data, size), text = { "", 0 };
	const char *feed = size > 0 ? memchr(data, '\n', size) : NULL;
	struct buf made = { 0 }, again = { 0 };

	judge_names(all);
	quote(all);
	check(all);
	if (feed != NULL) {
		text = slice_of(feed + 1, (size_t)(all.p + all.len - feed - 1));
		all.len = (size_t)(feed - all.p);
	}
	if (gardener_regex_spelling(all, &made) == 0) {
		struct slice other = buf_slice(&made);

		invariant(gardener_regex_check(other, NULL) == 0 && gardener_rsyslog_reads(other));
		invariant(gardener_regex_spelling(other, &again) == 0 &&
			  slice_eq(other, buf_slice(&again)));
		if (all.len <= PATTERN_MAX)
			same(all, other, text);
	} else {
		invariant(made.len == 0);
	}
	buf_free(&made);
	buf_free(&again);
	return 0;
}
