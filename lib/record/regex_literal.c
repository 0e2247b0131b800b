// SPDX-License-Identifier: Apache-2.0
#include "record/regex_int.h"

/*
 * Words that every match must hold. Most rules look for rare records, so most
 * texts lack the word, and a search that reads 32 bytes at once answers before
 * any state is looked at.
 */

#define WORTH_MAX 8 /* longer words are not better ones */

/* Bytes of log text, the most frequent first; those not named are rare. */
static const char frequent[] = " e=0\"1ts2aroin3dc5l4u6p7:/8m9.-fxhgb_vyk(),SAUIDTEYNR";

static unsigned rank(char c)
{
	const char *at = memchr(frequent, c, sizeof(frequent) - 1);

	return at == NULL ? 0 : (unsigned)(frequent + sizeof(frequent) - at);
}

/* In thousandths, roughly. */
bool regex_bytes_rare(const struct regex_set *set)
{
	unsigned share = 0;

	for (unsigned b = 0; b < 256; b++) {
		unsigned r = rank((char)b);

		if (regex_set_has(set, (uint8_t)b))
			share += r > 38 ? 40 : r > 25 ? 15 : r > 0 ? 4 : 0;
	}
	return share <= 60;
}

static void choose_bytes(struct regex_literal *w)
{
	w->a = 0;
	for (uint8_t i = 1; i < w->len; i++) {
		if (rank(w->bytes[i]) < rank(w->bytes[w->a]))
			w->a = i;
	}
	w->b = w->a == 0 && w->len > 1 ? 1 : 0;
	for (uint8_t i = 0; i < w->len; i++) {
		if (i != w->a && rank(w->bytes[i]) < rank(w->bytes[w->b]))
			w->b = i;
	}
}

/* Collects the runs of bytes that follow each other in every match. */
struct runs {
	struct regex_literal now, best;
	bool first;	 /* nothing that takes a byte was before the present run */
	bool best_first; /* the same for the best one */
	bool pure;	 /* nothing but bytes, all of them in the run */
};

static void runs_init(struct runs *r)
{
	*r = (struct runs){ .first = true, .pure = true };
}

static void runs_break(struct runs *r)
{
	if (r->now.len > r->best.len) {
		r->best = r->now;
		r->best_first = r->first;
	}
	r->now.len = 0;
	r->first = false;
}

static void runs_byte(struct runs *r, char c)
{
	if (r->now.len < REGEX_LITERAL_MAX)
		r->now.bytes[r->now.len++] = c;
	else
		r->pure = false;
}

/* Where the alternatives that begin at pc are over: behind the first one is a jump to there. */
static uint32_t alt_end(const struct regex_inst *inst, uint32_t pc)
{
	uint32_t jump = (uint32_t)((int32_t)pc + inst[pc].jump) - 1;

	return (uint32_t)((int32_t)jump + inst[jump].jump);
}

/* One instruction of those that all matches go through; returns where the next one is. */
static uint32_t runs_step(struct runs *r, const struct regex_inst *inst, uint32_t pc)
{
	if (inst[pc].op == RX_BYTE) {
		runs_byte(r, (char)inst[pc].arg);
		return pc + 1;
	}
	r->pure = false;
	if (inst[pc].op == RX_ASSERT)
		return pc + 1;
	runs_break(r);
	if (inst[pc].op == RX_SKIP)
		return (uint32_t)((int32_t)pc + inst[pc].jump);
	return inst[pc].op == RX_ALT ? alt_end(inst, pc) : pc + 1;
}

static void runs_walk(struct runs *r, const struct regex_inst *inst, uint32_t from, uint32_t to)
{
	runs_init(r);
	for (uint32_t pc = from; pc < to;)
		pc = runs_step(r, inst, pc);
	runs_break(r);
}

static unsigned worth(const struct regex_literals *l)
{
	unsigned least = WORTH_MAX;

	for (int i = 0; i < l->n; i++) {
		if (l->word[i].len < least)
			least = l->word[i].len;
	}
	if (l->n == 0 || least < 2)
		return 0; /* single bytes are found too often */
	return least * 2 - (l->n > 1);
}

static void keep_better(struct regex_literals *out, const struct regex_literals *other)
{
	if (worth(other) > worth(out))
		*out = *other;
}

/* The alternatives at pc: if each holds a word, one of these is in every match. */
static void from_alternatives(const struct regex_prog *p, uint32_t pc, struct regex_literals *out)
{
	const struct regex_inst *inst = p->inst;
	struct regex_literals l = { .exact = pc == 0 && inst[alt_end(inst, pc)].op == RX_MATCH };
	uint32_t end = alt_end(inst, pc);
	struct runs r;

	for (bool last = false; !last;) {
		uint32_t next = end;

		last = inst[pc].op != RX_ALT || alt_end(inst, pc) != end;
		if (!last)
			next = (uint32_t)((int32_t)pc + inst[pc].jump);
		runs_walk(&r, inst, last ? pc : pc + 1, last ? end : next - 1);
		if (r.best.len == 0 || l.n == REGEX_LITERALS_MAX)
			return;
		l.exact = l.exact && r.pure;
		l.word[l.n++] = r.best;
		pc = next;
	}
	keep_better(out, &l);
}

void regex_literals_find(const struct regex_prog *p, struct regex_literals *out)
{
	struct runs r;

	*out = (struct regex_literals){ 0 };
	runs_init(&r);
	for (uint32_t pc = 0; p->inst[pc].op != RX_MATCH;) {
		if (p->inst[pc].op == RX_ALT)
			from_alternatives(p, pc, out);
		pc = runs_step(&r, p->inst, pc);
	}
	runs_break(&r);

	struct regex_literals one = {
		.n = r.best.len > 0, .exact = r.pure, .prefix = r.best_first
	};

	one.word[0] = r.best;
	keep_better(out, &one);
	if (out->prefix && p->inst[0].op == RX_ASSERT && p->inst[0].arg == RX_BEGIN)
		out->n = 0; /* the first byte of most texts will tell */
	for (int i = 0; i < out->n; i++)
		choose_bytes(&out->word[i]);
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

static inline bytes16 load16(const char *p)
{
	bytes16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline bytes16 fill16(char c)
{
	return (bytes16){ 0 } + (uint8_t)c;
}

/* The first place from..to (inclusive) at which the word is. */
static size_t search_plain(const struct regex_literal *w, const char *text, size_t from, size_t to)
{
	for (size_t i = from; i <= to; i++) {
		if (text[i + w->a] == w->bytes[w->a] && memcmp(text + i, w->bytes, w->len) == 0)
			return i;
	}
	return SIZE_MAX;
}

static size_t search_one(const struct regex_literal *w, struct slice text)
{
	if (text.len < w->len)
		return SIZE_MAX;

	const bytes16 a = fill16(w->bytes[w->a]), b = fill16(w->bytes[w->b]);
	const char *pa = text.p + w->a, *pb = text.p + w->b;
	size_t last = text.len - w->len; /* the last place where it may be */
	size_t i = 0;

	for (; i + 31 <= last; i += 32) {
		bytes16 low = (bytes16)((load16(pa + i) == a) & (load16(pb + i) == b));
		bytes16 high = (bytes16)((load16(pa + i + 16) == a) & (load16(pb + i + 16) == b));
		words2 any = (words2)(low | high);

		if ((any[0] | any[1]) == 0)
			continue;
		size_t at = search_plain(w, text.p, i, i + 31);

		if (at != SIZE_MAX)
			return at;
	}
	return search_plain(w, text.p, i, last);
}

size_t regex_literals_search(const struct regex_literals *l, struct slice text)
{
	for (int i = 0; i < l->n; i++) {
		size_t at = search_one(&l->word[i], text);

		if (at != SIZE_MAX)
			return at;
	}
	return SIZE_MAX;
}
