// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_ASIDE_H
#define SPOOL_ASIDE_H

#include "spool/spool.h"

/*
 * The file "aside": frames that no receiver took, with cause and time, until
 * somebody puts them back into the queue. At most 8 MiB.
 */

/*
 * Puts what was set aside (seq 0: all; else the one of that number) at the end
 * of the queue, as new frames without cursor, commits, and asks for a sync; the
 * file forgets them once they are durable or acknowledged, which a later
 * spool_commit sees: a kill in between costs duplicates only. *count: how many;
 * fewer than there are where room or the memory of one call (1 MiB) ends: call
 * again. -1: the disk is sick, the file is damaged, no such number (e->code
 * ENOENT), or an earlier requeue is not durable yet (EBUSY).
 */
int spool_requeue(struct spool *sp, uint64_t seq, uint64_t now_ms, uint64_t *count, struct err *e);

/*
 * For a program that has no loop (requeue or drain while no forward runs):
 * syncs all that is committed, waiting for the disk, and settles what requeue
 * left to settle. -1: not everything is durable.
 */
int spool_sync_wait(struct spool *sp, uint64_t now_ms, struct err *e);

/* For lib/spool only. */
void aside_open(struct spool *sp);
void aside_settle(struct spool *sp);
uint64_t aside_count(const struct spool *sp);
void aside_free(struct spool *sp);

#define ASIDE_HEAD 32U
/* From the first ASIDE_HEAD bytes of the file; false: of another format, or damaged. */
bool aside_head_decode(const char *p, uint64_t *salt);
/* The cursor field of a frame in the file holds when it was set aside (8 bytes) and why. */
bool aside_why(const struct spool_frame *f, int64_t *when_us, struct slice *cause);

#endif
