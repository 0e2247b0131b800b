// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_RECEIVER_H
#define SINK_RECEIVER_H

#include "base/err.h"
#include "base/slice.h"
#include "io/addr.h"
#include "io/loop.h"
#include "io/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The other end of a session: a listening socket and its RELP connections, with
 * limits on what strangers can take. Messages of one turn of the loop are handed
 * over one by one, then committed together, and only then answered.
 */
struct receiver;

struct receiver_conf {
	size_t max_connections; /* one more is sent away with serverclose; 0: 1024 */
	size_t max_message;	/* bytes; a longer one ends its session; 0: 128 KiB */
	size_t max_partial;	/* bytes of unfinished messages of all connections; 0: 64 MiB */
	size_t max_uncommitted; /* bytes of messages; then it is committed within the turn; 0: 1 MiB */
	uint64_t idle_ms;	/* a connection that sends nothing for so long is ended; 0: 10 min */
	uint64_t open_ms;	/* from accept to open; 0: 30 s */
	const char *software;	/* offered; NULL: none */
	/* As in struct session_conf. */
	struct transport *(*wrap)(void *wrap_arg, int fd, struct err *e);
	void *wrap_arg;
};

struct receiver_events {
	/* Takes a message; false: it takes no more, this one included (it is never answered). */
	bool (*message)(void *arg, struct slice payload);
	/* Makes what was taken safe. 0: it is answered 200; -1: it is not answered, and no more is taken. */
	int (*commit)(void *arg);
	/* A connection came to an end that is worth a line. */
	void (*trouble)(void *arg, const struct addr *peer, const struct err *e);
};

/* Owns listen_fd from now on. conf and ev are copied. NULL: e says why. */
struct receiver *receiver_new(struct loop *l, int listen_fd, const struct receiver_conf *conf,
			      const struct receiver_events *ev, void *arg, struct err *e);
void receiver_free(struct receiver *r); /* drops all connections; not from inside a callback */

/* To be called after each loop_turn: commits and answers. */
void receiver_turn(struct receiver *r);

/* No more connections and messages; all sessions are ended with serverclose, at the latest after 2 s. */
void receiver_stop(struct receiver *r);

/* After receiver_stop: all are gone. */
bool receiver_stopped(const struct receiver *r);

size_t receiver_connections(const struct receiver *r);

#endif
