// SPDX-License-Identifier: Apache-2.0
#ifndef IO_SIGNALS_H
#define IO_SIGNALS_H

#include "io/loop.h"

/*
 * SIGTERM, SIGINT and SIGHUP as events of the loop (signalfd(2)): no handler, no
 * interrupted call, no global. One of a process, made before threads are: they
 * inherit the mask. SIGPIPE is ignored from then on: a write says EPIPE.
 */
struct signals;

/*
 * caught(arg, signo) is called from the loop; several of a kind that came
 * together are one. It may free the signals.
 */
struct signals *signals_new(struct loop *l, void (*caught)(void *arg, int signo), void *arg,
			    struct err *e);

/* Drops what waits; the mask becomes what it was; SIGPIPE stays ignored. NULL is fine. */
void signals_free(struct signals *s);

#endif
