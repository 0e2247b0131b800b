// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a baseline: taken or not, and what is said of it is one printable
 * line. Of one that is taken each entry stands for one finding.
 */
#include "base/mem.h"
#include "base/utf8.h"
#include "validate/baseline.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	struct slice s = slice_str(text);
	invariant(s.len > 0);
	while (s.len > 0) {
		uint32_t cp;
		size_t n = utf8_next(s, &cp);
		invariant(cp != UTF8_BAD && utf8_printable(cp));
		s = slice_of(s.p + n, s.len - n);
	}
}

/* As the entries of the corpus name it, or as they do not. */
static size_t take_all(struct baseline *b, enum code code)
{
	struct finding f = { .code = code, .path = (char *)"p", .message = (char *)"m" };
	size_t taken = 0;
	while (baseline_take(b, "./d//f.yaml", &f))
		taken++;
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	struct baseline *b = baseline_parse(size ? slice_of(data, size) : slice_str(""), &e);
	if (!b) {
		check_text(e.text);
		return 0;
	}
	size_t left = baseline_left(b), taken = 0;
	for (unsigned c = 0; c < CODES; c++)
		taken += take_all(b, (enum code)c);
	invariant(baseline_left(b) == left - taken);
	baseline_free(b);
	return 0;
}
