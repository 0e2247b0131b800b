// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_INSPECT_H
#define SPOOL_INSPECT_H

#include "spool/spool.h"

/*
 * Looking into a spool directory from another process, also beside a running
 * forward: reading only, without the lock. What is removed meanwhile is passed
 * over.
 */
struct spool_item {
	struct spool_frame frame; /* with its payload; cursor empty where set aside */
	bool aside;
	int64_t aside_us;   /* when it was set aside */
	struct slice cause; /* and why */
};

/*
 * First what waits, by number, then what was set aside. fn: not 0 ends the walk
 * and is returned; the slices live until it returns. -1: the directory cannot
 * be read.
 */
int spool_walk(const char *dir, int (*fn)(void *arg, const struct spool_item *item), void *arg,
	       struct err *e);

#endif
