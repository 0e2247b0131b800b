// SPDX-License-Identifier: Apache-2.0
#ifndef IO_CONTROL_H
#define IO_CONTROL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "io/loop.h"

#include <sys/types.h>

/*
 * A running program asked by another one on the same machine: one request line,
 * one answer, then the connection is closed. On the wire, over a unix stream:
 *
 *     REQUEST LF  ->
 *                 <-  "ok" SP LENGTH LF  and LENGTH bytes, or  "error" SP WORDS LF
 *
 * The length tells a whole answer from one whose giver was killed.
 */

#define CONTROL_REQUEST_MAX 4096		 /* without the line feed */
#define CONTROL_ANSWER_MAX ((size_t)8 * 1024 * 1024)
#define CONTROL_CLIENTS_MAX 16			 /* more wait in the kernel's queue */
#define CONTROL_IDLE_MS 5000			 /* for the whole request; for each step of the answer */
#define CONTROL_TOTAL_MS 60000			 /* for a whole connection */

/* ---- the side that answers: never blocks the loop ---- */

struct control;

/*
 * Listens at path (see net_unix_bind; mode 0600 in general: who may connect may
 * ask). answer(arg, request, out) is called for each request, which may hold any
 * bytes but a line feed; what it adds to out, at most CONTROL_ANSWER_MAX, is
 * written as the peer takes it. It must not free the control.
 */
struct control *control_new(struct loop *l, const char *path, mode_t mode,
			    void (*answer)(void *arg, struct slice request, struct buf *out),
			    void *arg, struct err *e);

/* For tests: another CONTROL_IDLE_MS, for those who come from now on. */
void control_set_idle(struct control *c, uint64_t ms);

/* Closes all and removes the socket from its folder. NULL is fine. */
void control_free(struct control *c);

/* ---- the side that asks: blocks, for short-lived commands ---- */

/*
 * Asks and puts the answer into answer (emptied first; bytes of the other
 * side's, not escaped). -1: e->code is ENOENT or ECONNREFUSED where nobody runs
 * there, EACCES where we may not ask, ETIMEDOUT after timeout_ms in all, EPROTO
 * for half an answer or none, 0 where the other side refused, with its words.
 */
int control_ask(const char *path, struct slice request, uint64_t timeout_ms, struct buf *answer,
		struct err *e);

#endif
