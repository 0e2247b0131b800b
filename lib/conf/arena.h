// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_ARENA_H
#define CONF_ARENA_H

#include "base/slice.h"

#include <stddef.h>

/* Memory that is given back all at once. {0} is a valid empty one. */
struct arena {
	struct arena_chunk *chunks; /* the newest first */
	size_t left;		    /* bytes free in the newest */
};

void *arena_zero(struct arena *a, size_t n, size_t size); /* n * size bytes, cleared, aligned for any type */
struct slice arena_text(struct arena *a, struct slice s); /* a copy with a NUL behind it */
void arena_reset(struct arena *a);			  /* the same, but for a little that is kept for what comes next */
void arena_free(struct arena *a);			  /* gives all back and makes a an empty one */

#endif
