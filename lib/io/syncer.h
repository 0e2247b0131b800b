// SPDX-License-Identifier: Apache-2.0
#ifndef IO_SYNCER_H
#define IO_SYNCER_H

#include "io/loop.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * fdatasync in a thread of its own: in, a descriptor and a number; out, "durable
 * to that number" by an eventfd in the loop. One job at a time.
 */
struct syncer;

/*
 * done(arg, number, error): error 0 or the errno of fdatasync (EMFILE: no
 * descriptor was left for the job, nothing is known of the file). Called from
 * the loop; may start the next job or free the syncer. The thread takes no
 * signals.
 */
struct syncer *syncer_new(struct loop *l, void (*done)(void *arg, uint64_t number, int error),
			  void *arg, struct err *e);
/*
 * NULL is fine. Waits for the job under way, so for as long as the disk takes:
 * who has to end in time with a sick disk ends the process without it. Its done
 * is not called.
 */
void syncer_free(struct syncer *s);

bool syncer_busy(const struct syncer *s);

/* fd is dup(2)ed, so the caller may close its own at any time. Only while not busy. */
void syncer_start(struct syncer *s, int fd, uint64_t number);

#endif
