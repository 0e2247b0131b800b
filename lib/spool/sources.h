// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_SOURCES_H
#define SPOOL_SOURCES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The cursors of all sources, by the sources' names. A cursor is pending from
 * append on and becomes safe by commit (or by acknowledgement, where the disk is
 * sick): only safe ones are shown and written into the head of a segment.
 */
#define SOURCES_MAX 128U /* one more pushes out the one that was silent the longest */

struct source {
	struct buf name;
	struct buf safe;
	uint64_t safe_seq; /* of the frame that carried it; 0: has no safe cursor */
	struct buf pending;
	uint64_t pending_seq; /* 0: none */
};

struct sources {
	struct source *list;
	size_t n;
	size_t n_safe; /* with a safe cursor */
	size_t last;   /* found last time */
};

void sources_free(struct sources *t);

/* A cursor that was written under number seq; an older one than known is ignored. */
void sources_safe(struct sources *t, struct slice name, struct slice cursor, uint64_t seq);
/* Appended, not written yet. */
void sources_pending(struct sources *t, struct slice name, struct slice cursor, uint64_t seq);
/* Everything up to seq was written. */
void sources_commit(struct sources *t, uint64_t seq);

/* NULL: not known. */
const struct source *sources_find(const struct sources *t, struct slice name);

#endif
