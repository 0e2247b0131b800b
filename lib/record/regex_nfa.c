// SPDX-License-Identifier: Apache-2.0
#include "record/regex_int.h"

/*
 * All threads of the program at once (Thompson's way): the cost of a byte is
 * bounded by the program's length, whatever the pattern. A set of threads holds
 * the instructions that wait: for a byte (RX_BYTE, RX_SET, RX_ANY), or for the
 * knowledge of what comes next (RX_ASSERT but RX_BEGIN, which looks back only).
 */

static inline bool bit_has(const uint64_t *set, uint32_t i)
{
	return (set[i >> 6] >> (i & 63)) & 1;
}

static inline void bit_add(uint64_t *set, uint32_t i)
{
	set[i >> 6] |= (uint64_t)1 << (i & 63);
}

/* Does the byte belong to what the instruction tells apart? */
static bool takes(const struct regex_prog *p, const struct regex_inst *in, uint8_t byte)
{
	switch (in->op) {
	case RX_BYTE: return in->arg == byte;
	case RX_SET: return regex_set_has(&p->sets[in->jump], byte);
	case RX_ANY: return true;
	default: return false;
	}
}

/* Splits the classes of bytes by one more set. */
static void refine(struct regex_classes *c, const struct regex_set *set)
{
	uint16_t with[256]; /* class -> class of its bytes that are in the set, + 1 */
	bool without[256] = { false };

	memset(with, 0, sizeof(with));
	for (unsigned b = 0; b < 256; b++) {
		if (!regex_set_has(set, (uint8_t)b))
			without[c->of[b]] = true;
	}
	for (unsigned b = 0; b < 256; b++) {
		unsigned was = c->of[b];

		if (!regex_set_has(set, (uint8_t)b) || !without[was])
			continue;
		if (with[was] == 0)
			with[was] = (uint16_t)(++c->n);
		c->of[b] = (uint8_t)(with[was] - 1);
	}
}

void regex_nfa_classes(const struct regex_prog *p, bool word_asserts, struct regex_classes *out)
{
	struct regex_set set = { 0 };

	*out = (struct regex_classes){ .n = 1 };
	if (word_asserts) {
		for (unsigned b = 0; b < 256; b++) {
			if (regex_is_word((uint8_t)b))
				regex_set_add(&set, (uint8_t)b);
		}
		refine(out, &set);
	}
	for (uint32_t i = 0; i < p->n_sets; i++)
		refine(out, &p->sets[i]);

	struct regex_set seen = { 0 };

	for (uint32_t i = 0; i < p->n; i++) {
		if (p->inst[i].op != RX_BYTE || regex_set_has(&seen, p->inst[i].arg))
			continue;
		regex_set_add(&seen, p->inst[i].arg);
		set = (struct regex_set){ 0 };
		regex_set_add(&set, p->inst[i].arg);
		refine(out, &set);
	}
	for (unsigned b = 0; b < 256; b++)
		out->example[out->of[b]] = (uint8_t)b;
}

static bool assert_holds(enum regex_assert which, enum regex_side before, enum regex_side after)
{
	bool word_before = before == RX_SIDE_WORD;
	bool word_after = after == RX_SIDE_WORD;

	switch (which) {
	case RX_BEGIN: return before == RX_SIDE_EDGE;
	case RX_END: return after == RX_SIDE_EDGE;
	case RX_WORD_EDGE: return word_before != word_after;
	case RX_WORD_SAME: return word_before == word_after;
	case RX_WORD_OPEN: return !word_before && word_after;
	case RX_WORD_SHUT: return word_before && !word_after;
	}
	return false;
}

/* One position in the text: where threads are followed as far as they go without a byte. */
struct place {
	struct regex *re;
	enum regex_side before, after;
	uint64_t *waiting; /* the threads that were followed to their end */
	bool matched;
};

static void place_push(struct place *pl, uint32_t *stack, uint32_t *n, uint32_t pc)
{
	uint64_t *seen = pl->re->work.seen;

	if (bit_has(seen, pc))
		return;
	bit_add(seen, pc);
	stack[(*n)++] = pc;
}

static void place_add(struct place *pl, uint32_t start)
{
	const struct regex_inst *inst = pl->re->prog.inst;
	uint32_t *stack = pl->re->work.stack;
	uint32_t n = 0;

	place_push(pl, stack, &n, start);
	while (n > 0) {
		uint32_t pc = stack[--n];
		uint32_t to = (uint32_t)((int32_t)pc + inst[pc].jump);

		pl->re->steps++;
		switch ((enum regex_op)inst[pc].op) {
		case RX_BYTE:
		case RX_SET:
		case RX_ANY: bit_add(pl->waiting, pc); break;
		case RX_MATCH: pl->matched = true; break;
		case RX_JUMP: place_push(pl, stack, &n, to); break;
		case RX_ALT:
		case RX_SKIP:
		case RX_BACK:
			place_push(pl, stack, &n, pc + 1);
			place_push(pl, stack, &n, to);
			break;
		case RX_ASSERT:
			if (pl->after == RX_SIDE_UNKNOWN && inst[pc].arg != RX_BEGIN)
				bit_add(pl->waiting, pc);
			else if (assert_holds(inst[pc].arg, pl->before, pl->after))
				place_push(pl, stack, &n, pc + 1);
			break;
		}
	}
}

static void clear(const struct regex *re, uint64_t *set)
{
	memset(set, 0, re->words * sizeof(set[0]));
}

static enum regex_verdict verdict_of(const struct regex *re, const struct place *pl)
{
	if (pl->matched)
		return RX_MATCHED;
	for (uint32_t i = 0; i < re->words; i++) {
		if (pl->waiting[i] != 0)
			return RX_GO_ON;
	}
	return RX_NEVER; /* no thread is left, and none starts here: so none will start later */
}

enum regex_verdict regex_nfa_start(struct regex *re, enum regex_side before)
{
	struct place pl = { .re = re, .before = before, .after = RX_SIDE_UNKNOWN };

	pl.waiting = re->work.to;
	clear(re, re->work.seen);
	clear(re, re->work.to);
	place_add(&pl, 0);
	return verdict_of(re, &pl);
}

void regex_nfa_first(struct regex *re)
{
	struct regex_set set = { 0 };

	if (regex_nfa_start(re, RX_SIDE_NOTWORD) != RX_GO_ON)
		return;
	for (uint32_t i = 0; i < re->prog.n; i++) {
		if (!bit_has(re->work.to, i))
			continue;
		if (bit_has(re->asserts, i))
			return; /* what comes next counts, whichever it is */
		for (unsigned b = 0; b < 256; b++) {
			if (takes(&re->prog, &re->prog.inst[i], (uint8_t)b))
				regex_set_add(&set, (uint8_t)b);
		}
	}
	re->leaps = regex_bytes_rare(&set);
	for (unsigned b = 0; b < 256; b++)
		re->first[b] = regex_set_has(&set, (uint8_t)b);
}

/* Now the next byte is known: follows the threads that waited for that. */
static bool resolve(struct regex *re, enum regex_side before, enum regex_side after)
{
	struct regex_work *w = &re->work;
	struct place pl = { .re = re, .before = before, .after = after, .waiting = w->ready };
	bool any = false;

	memcpy(w->ready, w->from, re->words * sizeof(w->ready[0]));
	for (uint32_t i = 0; i < re->words; i++) {
		for (uint64_t m = w->from[i] & re->asserts[i]; m != 0; m &= m - 1) {
			if (!any)
				clear(re, w->seen);
			any = true;
			place_add(&pl, i * 64 + (uint32_t)__builtin_ctzll(m));
		}
	}
	return pl.matched;
}

enum regex_side regex_nfa_side(const struct regex *re, uint8_t byte)
{
	return re->word_asserts && regex_is_word(byte) ? RX_SIDE_WORD : RX_SIDE_NOTWORD;
}

enum regex_verdict regex_nfa_step(struct regex *re, enum regex_side *before, uint32_t class)
{
	struct regex_work *w = &re->work;
	bool end = class == re->classes.n;
	uint8_t byte = re->classes.example[end ? 0 : class];
	enum regex_side here = end ? RX_SIDE_EDGE : regex_nfa_side(re, byte);

	if (resolve(re, *before, here))
		return RX_MATCHED;
	if (end)
		return RX_NEVER;

	struct place pl = { .re = re, .before = here, .after = RX_SIDE_UNKNOWN };

	pl.waiting = w->to;
	*before = here;
	clear(re, w->seen);
	clear(re, w->to);
	for (uint32_t i = 0; i < re->words; i++) {
		for (uint64_t m = w->ready[i]; m != 0; m &= m - 1) {
			uint32_t pc = i * 64 + (uint32_t)__builtin_ctzll(m);

			re->steps++;
			if (takes(&re->prog, &re->prog.inst[pc], byte))
				place_add(&pl, pc + 1);
		}
	}
	place_add(&pl, 0);
	return verdict_of(re, &pl);
}
