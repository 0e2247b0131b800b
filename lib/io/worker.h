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
	/*
	 * In the loop, from inside worker_free, instead of done: whether or not it
	 * ran, it is not posted any more, and may be freed. NULL: nothing to do.
	 */
	void (*drop)(void *arg);
	void *arg;
	/* internal */
	struct worker_job *next;
	bool posted;
};

struct worker *worker_new(struct loop *l, struct err *e);

/*
 * NULL is fine. Waits for the job that runs; no `done` is called any more, of no
 * job, but each that is posted is dropped. Not from inside a callback of the worker.
 */
void worker_free(struct worker *w);

/* The job stays where it is until its done (or drop) was called. Only one that is not posted. */
void worker_post(struct worker *w, struct worker_job *job);

/*
 * Takes back a job that is posted: true: neither done nor drop is called, it may
 * be freed. False: it runs now, and its done or drop will still come.
 */
bool worker_cancel(struct worker *w, struct worker_job *job);

#endif
