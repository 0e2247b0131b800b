// SPDX-License-Identifier: Apache-2.0
#include "record/regex.h"

#include "base/mem.h"
#include "record/regex_int.h"

#include <stdlib.h>

#define WORK_SETS 5 /* from, ready, seen, to, asserts */

static uint32_t words_for(uint64_t n)
{
	return (uint32_t)((n + 63) / 64);
}

/* Bytes for a program of this length, beside its states. */
static uint64_t fixed_bytes(uint64_t n_inst, uint64_t n_sets)
{
	uint64_t set = (n_inst + 63) / 64 * sizeof(uint64_t);

	return sizeof(struct regex) + n_inst * (sizeof(struct regex_inst) + sizeof(uint32_t)) +
	       n_sets * sizeof(struct regex_set) + WORK_SETS * set;
}

static int too_big(struct err *e, uint64_t bytes, size_t memory_max)
{
	return err_set(e, "the pattern needs %llu KiB of memory, more than %zu",
		       (unsigned long long)((bytes + 1023) / 1024), memory_max / 1024);
}

static void find_asserts(struct regex *re)
{
	for (uint32_t i = 0; i < re->prog.n; i++) {
		if (re->prog.inst[i].op != RX_ASSERT || re->prog.inst[i].arg == RX_BEGIN)
			continue;
		re->asserts[i / 64] |= (uint64_t)1 << (i % 64);
		if (re->prog.inst[i].arg != RX_END)
			re->word_asserts = true;
	}
}

static void prepare(struct regex *re)
{
	uint32_t words = words_for(re->prog.n);
	uint64_t *sets = mem_zero((size_t)words * WORK_SETS, sizeof(uint64_t));

	re->words = words;
	re->work.from = sets;
	re->work.ready = sets + words;
	re->work.seen = sets + 2 * (size_t)words;
	re->work.to = sets + 3 * (size_t)words;
	re->asserts = sets + 4 * (size_t)words;
	re->work.stack = mem_alloc(re->prog.n * sizeof(re->work.stack[0]));
	re->fixed = (size_t)fixed_bytes(re->prog.n, re->prog.n_sets);
	find_asserts(re);
	regex_nfa_classes(&re->prog, re->word_asserts, &re->classes);
	regex_nfa_first(re);
	regex_literals_find(&re->prog, &re->literals);
}

struct regex *regex_compile(struct slice pattern, size_t memory_max, struct err *e)
{
	struct regex_prog prog;
	uint64_t need;

	if (pattern.len > memory_max) {
		too_big(e, pattern.len, memory_max);
		return NULL;
	}
	if (regex_parse(pattern, memory_max / sizeof(struct regex_inst), &prog, &need, e) < 0)
		return NULL;
	if (prog.n == 0) {
		too_big(e, fixed_bytes(need, 0), memory_max);
		return NULL;
	}
	struct regex *re = mem_zero(1, sizeof(*re));

	re->prog = prog;
	prepare(re);

	size_t least = re->fixed + regex_dfa_least(re);

	if (least > memory_max) {
		too_big(e, least, memory_max);
		regex_free(re);
		return NULL;
	}
	regex_dfa_init(re, memory_max - re->fixed);
	return re;
}

void regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	regex_dfa_free(&re->dfa);
	free(re->work.stack);
	free(re->work.from); /* and the other sets with it */
	free(re->prog.inst);
	free(re->prog.sets);
	free(re);
}

bool regex_match(struct regex *re, struct slice text)
{
	size_t at = 0;

	if (re->literals.n > 0) {
		at = regex_literals_search(&re->literals, text);
		if (at == SIZE_MAX)
			return false;
		if (re->literals.exact)
			return true;
		if (!re->literals.prefix)
			at = 0;
	}
	return regex_dfa_run(re, text, at);
}

size_t regex_memory(const struct regex *re)
{
	return re->fixed + regex_dfa_memory(re);
}
