// SPDX-License-Identifier: Apache-2.0
#ifndef IO_WORKER_H
#define IO_WORKER_H

#include "io/loop.h"

#include <stdbool.h>

/*
 * One thread beside the loop, for what takes long to compute (a handshake's
 * signatures) or may have to wait for a disk (reading keys). Jobs run one at a
 * time, in the order of posting. The thread takes no signals.
 */
struct worker;

struct worker_job {
	void (*run)(void *arg);	 /* in the thread */
	void (*done)(void *arg); /* in the loop, later; may post it again, or free it */
	void *arg;
	/* internal */
	struct worker_job *next;
	bool posted;
};

struct worker *worker_new(struct loop *l, struct err *e);

/* NULL is fine. Waits for the job that runs; no `done` is called any more, of no job. */
void worker_free(struct worker *w);

/* The job stays where it is until its done was called. Only one that is not posted. */
void worker_post(struct worker *w, struct worker_job *job);

#endif
