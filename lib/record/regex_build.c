// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "record/regex_int.h"

/*
 * Programs, built without a tree: what an operator applies to is the last run
 * of instructions, and all jumps are relative, so that a run can be moved up by
 * one to put a branch before it, and copied to repeat it.
 *
 * In glibc an assertion is without effect in the second and further copies of
 * what {} or + repeats, if what follows it directly there is not a group:
 * (^a){2} finds "aa". Rules in use were tried with that, so it is so here; such
 * an assertion is called frail.
 */

#define FRAIL 1 /* jump of such an RX_ASSERT */
#define LEN_MAX ((uint64_t)1 << 40) /* lengths stop growing here, far above all that is built */

static void grow_by(struct regex_build *b, uint64_t more)
{
	b->n = b->n + more < LEN_MAX ? b->n + more : LEN_MAX;
	if (b->n > b->peak)
		b->peak = b->n;
}

void regex_emit(struct regex_build *b, enum regex_op op, unsigned arg, int64_t jump)
{
	if (b->inst != NULL) {
		b->inst[b->n] = (struct regex_inst){ .op = (uint8_t)op,
						     .arg = (uint8_t)arg,
						     .jump = (int32_t)jump };
	}
	grow_by(b, 1);
}

void regex_emit_before(struct regex_build *b, uint64_t at, enum regex_op op, int64_t jump)
{
	if (b->inst != NULL) {
		memmove(b->inst + at + 1, b->inst + at, (b->n - at) * sizeof(b->inst[0]));
		b->inst[at] = (struct regex_inst){ .op = (uint8_t)op, .jump = (int32_t)jump };
	}
	grow_by(b, 1);
}

static void emit_copy(struct regex_build *b, uint64_t at, uint64_t len)
{
	for (uint64_t i = 0; b->inst != NULL && i < len; i++) {
		struct regex_inst in = b->inst[at + i];

		if (in.op == RX_ASSERT && in.jump == FRAIL) {
			in = (struct regex_inst){ .op = RX_JUMP, .jump = 1 };
			b->voided++;
		}
		b->inst[b->n + i] = in;
	}
	grow_by(b, len);
}

void regex_mark_frail(struct regex_build *b, uint64_t at)
{
	if (b->inst != NULL)
		b->inst[at - 1].jump = FRAIL;
	b->frail++;
}

void regex_emit_set(struct regex_build *b, const struct regex_set *set)
{
	if (b->inst != NULL)
		b->sets[b->n_sets] = *set;
	regex_emit(b, RX_SET, 0, b->n_sets);
	b->n_sets++;
}

/* How long the last len instructions become when repeated. */
static uint64_t repeated_len(uint64_t len, uint64_t min, int max, bool frail)
{
	uint64_t n;

	if (max < 0)
		n = min == 0 ? len + 2 : len * min + 1 + (frail ? len + 1 : 0);
	else
		n = len * min + (len + 1) * ((uint64_t)max - min);
	return n < LEN_MAX ? n : LEN_MAX;
}

/*
 * n SKIPs in front of n bodies of len instructions, of which the first may be
 * there already: (((x)?x)?x)?, which is glibc's order.
 */
static void emit_optional(struct regex_build *b, uint64_t at, uint64_t n, uint64_t len)
{
	memmove(b->inst + at + n, b->inst + at, (b->n - at) * sizeof(b->inst[0]));
	for (uint64_t i = 0; i < n; i++)
		b->inst[at + i] = (struct regex_inst){ .op = RX_SKIP,
						       .jump = (int32_t)((n - i) * (len + 1)) };
	grow_by(b, n);
}

void regex_repeat(struct regex_build *b, const struct regex_atom *atom, uint64_t min, int max)
{
	uint64_t from = atom->from, len = b->n - from;
	bool frail = b->frail != atom->frail && min == 1 && max < 0;
	uint64_t total = repeated_len(len, min, max, frail);

	if (min == 0 && atom->asserted)
		regex_mark_frail(b, from);
	if (len == 0)
		return;
	if (b->inst == NULL) {
		grow_by(b, total - len);
		return;
	}
	for (uint64_t i = 1; i < min; i++)
		emit_copy(b, from, len);
	if (max < 0 && min == 0)
		regex_emit_before(b, from, RX_SKIP, (int64_t)total);
	if (max < 0 && frail) {
		regex_emit(b, RX_SKIP, 0, (int64_t)len + 2);
		emit_copy(b, from, len);
	}
	if (max < 0)
		regex_emit(b, RX_BACK, 0, -(int64_t)len);

	uint64_t optional = max < 0 ? 0 : (uint64_t)max - min;
	uint64_t body = min == 0 ? from + optional : from;

	emit_optional(b, min == 0 ? from : b->n, optional, len);
	while (b->n < from + total)
		emit_copy(b, body, len);
}

void regex_drop(struct regex_build *b, const struct regex_atom *atom)
{
	b->n = atom->from;
	if (atom->asserted && b->inst != NULL)
		b->inst[b->n - 1].jump = 0;
}
