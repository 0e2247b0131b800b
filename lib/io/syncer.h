// SPDX-License-Identifier: Apache-2.0
#ifndef IO_SYNCER_H
#define IO_SYNCER_H

#include "io/loop.h"

/*
 * fdatasync in a thread of its own: in, a descriptor and a number; out, "durable
 * to that number" by an eventfd in the loop. One job at a time.
 */
struct syncer;

/* done(arg, number, error): error 0 or the errno of fdatasync. Called from the loop. */
struct syncer *syncer_new(struct loop *l, void (*done)(void *arg, uint64_t number, int error),
			  void *arg, struct err *e);
void syncer_free(struct syncer *s); /* waits for the job under way */

bool syncer_busy(const struct syncer *s);

/* fd is dup(2)ed, so the caller may close its own at any time. Only while not busy. */
void syncer_start(struct syncer *s, int fd, uint64_t number);

#endif
