// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#define WORD_MAX 64
#define COST_EDIT 4 /* one wrong letter; upper for lower case is half of it */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned change(char a, char b)
{
	if (a == b)
		return 0;
	return lower(a) == lower(b) ? COST_EDIT / 2 : COST_EDIT;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's distance with swapped neighbours as one edit. */
static unsigned distance(struct slice a, struct slice b)
{
	unsigned row[3][WORD_MAX + 1]; /* before the last, last, this one: by i % 3 */
	for (unsigned j = 0; j <= b.len; j++)
		row[0][j] = j * COST_EDIT;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = i * COST_EDIT;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned d = last[j - 1] + change(a.p[i - 1], b.p[j - 1]);
			d = least(d, last[j] + COST_EDIT);
			d = least(d, now[j - 1] + COST_EDIT);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				d = least(d, before[j - 2] + COST_EDIT);
			now[j] = d;
		}
	}
	return row[a.len % 3][b.len];
}

void nearest_try(struct nearest *n, const char *known)
{
	struct slice w = n->word, k = slice_str(known);
	if (w.len == 0 || w.len > WORD_MAX || k.len == 0 || k.len > WORD_MAX)
		return;
	size_t longer = w.len > k.len ? w.len : k.len;
	unsigned edits = longer < 3 ? 0 : longer < 6 ? 1 : (unsigned)longer / 3;
	unsigned limit = edits * COST_EDIT + COST_EDIT / 2;
	unsigned cost = distance(w, k);
	/* A beginning costs its missing letters: more than any word within the limit. */
	bool begins = w.len >= 2 && w.len < k.len && slice_eq(w, slice_of(k.p, w.len));
	if (cost > limit && !begins)
		return;
	if (!n->best || cost < n->cost) {
		n->best = known;
		n->cost = cost;
	}
}

const char *nearest(struct slice word, const char *const *known, size_t n)
{
	struct nearest near = { .word = word };
	for (size_t i = 0; i < n; i++)
		nearest_try(&near, known[i]);
	return near.best;
}
