// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_COUNTS_H
#define SPOOL_COUNTS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Counters that survive kill -9: a small file in the spool directory, one slot a
 * name (so a later version finds its own and keeps others'). They are written by
 * counts_commit, which belongs beside every spool_commit: 64 bytes for each that
 * changed. (Not mapped: a store into a page of a file whose disk
 * fails kills the process.) On a sick disk they live in memory alone until the
 * file can be had.
 */
struct counts;

#define COUNTS_NAME_MAX 47 /* bytes in a name */
#define COUNTS_MAX 256	   /* slots in the file, others' included */

/*
 * names: ends with NULL; indices into it are the handles. The strings and the
 * array must live on. dir must exist, else memory only. Never fails: e tells why
 * only memory (e->text empty: all is well).
 */
struct counts *counts_open(const char *dir, const char *const *names, struct err *e);
void counts_close(struct counts *c); /* commits; NULL is fine */
void counts_add(struct counts *c, size_t which, uint64_t n);
uint64_t counts_get(const struct counts *c, size_t which);

/* Writes what changed. Without a file, tries to get it, every 10 s at most. */
void counts_commit(struct counts *c, uint64_t now_ms);

#endif
