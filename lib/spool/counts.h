// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_COUNTS_H
#define SPOOL_COUNTS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Counters that survive kill -9: a small file in the spool directory, mapped
 * shared, one slot a name (so a later version finds its own and keeps others').
 * On a sick disk they live in memory alone until the file can be had.
 */
struct counts;

/* names: ends with NULL, each under 48 bytes; indices into it are the handles. Never fails: e tells why only memory. */
struct counts *counts_open(const char *dir, const char *const *names, struct err *e);
void counts_close(struct counts *c);
void counts_add(struct counts *c, size_t which, uint64_t n);
uint64_t counts_get(const struct counts *c, size_t which);

#endif
