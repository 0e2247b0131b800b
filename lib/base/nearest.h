// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/slice.h"

/*
 * "did you mean ...?": of the words that are known, the one that somebody who
 * wrote `word` most likely meant. A third of the letters may be wrong, missing,
 * too many or swapped; upper and lower case count half; the beginning of a known
 * word is near it too. Words over 64 bytes are near nothing. The first of equally
 * near ones wins. NULL when none is near.
 */
const char *nearest(struct slice word, const char *const *known, size_t n);

/* The same one by one, for names that stand in a table of something else. */
struct nearest {
	struct slice word;
	const char *best; /* NULL: none is near */
	unsigned cost;	  /* of best; internal */
};

void nearest_try(struct nearest *n, const char *known);

#endif
