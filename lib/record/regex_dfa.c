// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "record/regex_int.h"

#include <stdlib.h>

/*
 * The sets of threads that a text leads to, remembered as states: a byte is
 * then one look into a row. States are built when a text needs them. When the
 * memory is used up all are dropped; where that happens again and again within
 * a text, the rest of it goes through the threads themselves.
 */

#define CAP_FIRST 16
#define CAP_LEAST 10 /* with fewer, remembering does not pay */
#define BYTES_PER_STATE 10 /* that a full cache must have served, or the text goes on without */

/* Bytes that n states take, a hash table of at most four cells for each with them. */
static size_t bytes_for(const struct regex *re, size_t n)
{
	size_t state = (re->classes.n + 1) * sizeof(uint32_t) + re->words * sizeof(uint64_t) + 1;

	return n * (state + 4 * sizeof(uint32_t));
}

size_t regex_dfa_least(const struct regex *re)
{
	return bytes_for(re, RX_ROWS_FIXED + CAP_LEAST);
}

static uint32_t hash_cells(uint32_t cap)
{
	uint32_t cells = 32;

	while (cells < cap * 2)
		cells *= 2;
	return cells;
}

size_t regex_dfa_memory(const struct regex *re)
{
	const struct regex_dfa *d = &re->dfa;

	if (d->cap == 0)
		return 0;
	return d->cap * (d->row * sizeof(d->next[0]) + re->words * sizeof(d->sets[0]) + 1) +
	       hash_cells(d->cap) * sizeof(d->hash[0]);
}

void regex_dfa_init(struct regex *re, size_t memory)
{
	struct regex_dfa *d = &re->dfa;
	size_t max = memory / bytes_for(re, 1);

	*d = (struct regex_dfa){ .row = re->classes.n + 1, .n = RX_ROWS_FIXED };
	d->cap_max = max > UINT16_MAX ? UINT16_MAX : (uint32_t)max;
}

void regex_dfa_free(struct regex_dfa *d)
{
	free(d->next);
	free(d->sets);
	free(d->sides);
	free(d->hash);
}

static uint32_t hash_of(const uint64_t *set, uint32_t words, enum regex_side side)
{
	uint64_t h = (uint64_t)side + 0x9e3779b97f4a7c15u;

	for (uint32_t i = 0; i < words; i++) {
		h = (h ^ set[i]) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

static void hash_put(struct regex *re, uint32_t index)
{
	struct regex_dfa *d = &re->dfa;
	uint32_t mask = hash_cells(d->cap) - 1;
	const uint64_t *set = d->sets + (size_t)index * re->words;
	uint32_t i = hash_of(set, re->words, d->sides[index]) & mask;

	while (d->hash[i] != 0)
		i = (i + 1) & mask;
	d->hash[i] = index;
}

static void hash_fill(struct regex *re)
{
	struct regex_dfa *d = &re->dfa;

	memset(d->hash, 0, hash_cells(d->cap) * sizeof(d->hash[0]));
	for (uint32_t i = RX_ROWS_FIXED; i < d->n; i++)
		hash_put(re, i);
}

static void grow(struct regex *re)
{
	struct regex_dfa *d = &re->dfa;
	uint32_t cap = d->cap == 0 ? CAP_FIRST : d->cap * 2;

	d->cap = cap > d->cap_max ? d->cap_max : cap;
	d->next = mem_grow(d->next, (size_t)d->cap * d->row * sizeof(d->next[0]));
	d->sets = mem_grow(d->sets, (size_t)d->cap * re->words * sizeof(d->sets[0]));
	d->sides = mem_grow(d->sides, d->cap);
	d->hash = mem_grow(d->hash, hash_cells(d->cap) * sizeof(d->hash[0]));
	hash_fill(re);
}

static void flush(struct regex *re)
{
	struct regex_dfa *d = &re->dfa;

	d->n = RX_ROWS_FIXED;
	memset(d->start, 0, sizeof(d->start));
	d->idle = 0;
	hash_fill(re);
	d->flushes++;
}

/* What was before counts only where threads wait for what comes. */
static enum regex_side side_of(const struct regex *re, const uint64_t *set, enum regex_side before)
{
	for (uint32_t i = 0; i < re->words; i++) {
		if ((set[i] & re->asserts[i]) != 0)
			return before;
	}
	return RX_SIDE_UNKNOWN;
}

/* The row of the state, or 0 when there is no room for a new one. */
static uint32_t state_for(struct regex *re, const uint64_t *set, enum regex_side before)
{
	struct regex_dfa *d = &re->dfa;
	enum regex_side side = side_of(re, set, before);

	if (d->cap == 0)
		grow(re);

	uint32_t mask = hash_cells(d->cap) - 1;
	uint32_t i = hash_of(set, re->words, side) & mask;
	size_t size = re->words * sizeof(set[0]);

	for (; d->hash[i] != 0; i = (i + 1) & mask) {
		uint32_t at = d->hash[i];
		const uint64_t *other = d->sets + (size_t)at * re->words;

		if (d->sides[at] == side && memcmp(other, set, size) == 0)
			return at * d->row;
	}
	if (d->n == d->cap && d->cap == d->cap_max)
		return 0;
	if (d->n == d->cap)
		grow(re);
	memcpy(d->sets + (size_t)d->n * re->words, set, size);
	memset(d->next + (size_t)d->n * d->row, 0, d->row * sizeof(d->next[0]));
	d->sides[d->n] = (uint8_t)side;
	hash_put(re, d->n);
	return d->n++ * d->row;
}

static uint32_t row_for(struct regex *re, enum regex_verdict verdict, enum regex_side before)
{
	if (verdict == RX_MATCHED)
		return RX_ROW_MATCH * re->dfa.row;
	if (verdict == RX_NEVER)
		return RX_ROW_DEAD * re->dfa.row;
	return state_for(re, re->work.to, before);
}

/* The class of the byte at this place, or the one of the end. */
static uint32_t class_at(const struct regex *re, struct slice text, size_t at)
{
	return at < text.len ? re->classes.of[(uint8_t)text.p[at]] : re->classes.n;
}

/* The rest of the text without states, from the set in work.from. */
static bool run_threads(struct regex *re, struct slice text, size_t at, enum regex_side before)
{
	for (;; at++) {
		enum regex_verdict v = regex_nfa_step(re, &before, class_at(re, text, at));

		if (v != RX_GO_ON || at == text.len)
			return v == RX_MATCHED;
		memcpy(re->work.from, re->work.to, re->words * sizeof(re->work.from[0]));
	}
}

/* Which state is reached from the one at row by the class: built, and noted there. 0: no room. */
static uint32_t build_next(struct regex *re, uint32_t row, uint32_t class)
{
	struct regex_dfa *d = &re->dfa;
	uint32_t index = row / d->row;
	enum regex_side before = d->sides[index];

	memcpy(re->work.from, d->sets + (size_t)index * re->words,
	       re->words * sizeof(re->work.from[0]));

	enum regex_verdict v = regex_nfa_step(re, &before, class);
	uint32_t to = row_for(re, v, before);

	if (to == 0) {
		flush(re);
		return row_for(re, v, before);
	}
	d->next[row + class] = to;
	return to;
}

static enum regex_side side_before(const struct regex *re, struct slice text, size_t at)
{
	return at == 0 ? RX_SIDE_EDGE : regex_nfa_side(re, (uint8_t)text.p[at - 1]);
}

static uint32_t start_row(struct regex *re, enum regex_side before)
{
	if (re->dfa.start[before] == 0) {
		enum regex_verdict v = regex_nfa_start(re, before);
		uint32_t row = row_for(re, v, before);

		if (row == 0) {
			flush(re);
			row = row_for(re, v, before);
		}
		re->dfa.start[before] = row;
	}
	return re->dfa.start[before];
}

/* Where a byte is with which a match can begin, or the end. */
static const char *leap(const bool *first, const char *p, const char *end)
{
	const uint8_t *u = (const uint8_t *)p;

	for (; end - (const char *)u >= 4; u += 4) {
		if (first[u[0]] | first[u[1]] | first[u[2]] | first[u[3]])
			break;
	}
	while ((const char *)u < end && !first[*u])
		u++;
	return (const char *)u;
}

/*
 * Through the text as far as the rows are known. Returns where it stopped: *row
 * is an answer, or the byte there (or the end) leads from *row to what is not
 * known yet. The column's address does not wait for the row, so that one load
 * is all that a byte waits for; the barrier keeps compilers from adding in
 * another order, which costs a fifth.
 */
static size_t run_known(const struct regex *re, struct slice text, size_t at, uint32_t *row)
{
	const uint32_t *next = re->dfa.next;
	const uint8_t *of = re->classes.of;
	const char *p = text.p + at;
	const char *end = text.p + text.len;
	size_t answers = (size_t)RX_ROWS_FIXED * re->dfa.row;
	size_t s = *row, to = s;

	size_t idle = re->leaps && re->dfa.idle != 0 ? re->dfa.idle : RX_ROW_UNKNOWN;

	while (p < end) {
		if (s == idle) {
			p = leap(re->first, p, end);
			if (p == end)
				break;
		}
		const uint32_t *column = next + of[(uint8_t)*p];

		__asm__("" : "+r"(column));
		to = column[s];
		if (to < answers)
			break;
		s = to;
		p++;
	}
	if (p == end)
		to = next[s + re->classes.n];
	*row = (uint32_t)(to < answers && to != RX_ROW_UNKNOWN ? to : s);
	return (size_t)(p - text.p);
}

/* After the cache was dropped: did it serve too few bytes to be filled again? */
static bool thrashes(struct regex_dfa *d)
{
	bool yes = d->served < (uint64_t)d->cap * BYTES_PER_STATE;

	d->served = 0;
	return yes;
}

/* The state in which nothing has begun: where a byte that begins nothing leads to. */
static void find_idle(struct regex *re)
{
	if (re->leaps && re->dfa.idle == 0)
		re->dfa.idle = start_row(re, RX_SIDE_NOTWORD);
}

static bool run_states(struct regex *re, struct slice text, size_t at)
{
	struct regex_dfa *d = &re->dfa;
	find_idle(re);

	uint32_t row = start_row(re, side_before(re, text, at));
	uint32_t match = RX_ROW_MATCH * d->row, dead = RX_ROW_DEAD * d->row;

	while (row != match && row != dead) {
		size_t from = at;
		uint64_t flushes = d->flushes;

		at = run_known(re, text, at, &row);
		d->served += at - from;
		if (row == match || row == dead)
			break;
		row = build_next(re, row, class_at(re, text, at));
		if (row == match || row == dead)
			break;
		at++;
		if (d->flushes != flushes && thrashes(d)) {
			memcpy(re->work.from, re->work.to, re->words * sizeof(uint64_t));
			return run_threads(re, text, at, d->sides[row / d->row]);
		}
	}
	return row == match;
}

bool regex_dfa_run(struct regex *re, struct slice text, size_t at)
{
	if (!re->nfa_only)
		return run_states(re, text, at);

	enum regex_side before = side_before(re, text, at);
	enum regex_verdict v = regex_nfa_start(re, before);

	memcpy(re->work.from, re->work.to, re->words * sizeof(uint64_t));
	return v == RX_GO_ON ? run_threads(re, text, at, before) : v == RX_MATCHED;
}
