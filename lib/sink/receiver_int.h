// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_RECEIVER_INT_H
#define SINK_RECEIVER_INT_H

#include "sink/receiver.h"

#include "relp/server.h"

/*
 * What receiver.c (listening, and the turn of all connections) and
 * receiver_conn.c (one connection) share.
 */
#define RECEIVER_READ_BYTES (64 * 1024)

enum receiver_phase {
	PHASE_HANDSHAKE,
	PHASE_RUNNING,
	PHASE_ENDING, /* the last frame is queued: write it, then wait for the other side's end */
};

struct connection {
	struct receiver *of;
	struct connection *next, **link; /* in of->all */
	struct connection *next_dirty;	 /* in of->dirty, while is_dirty */
	bool is_dirty;			 /* has messages to be answered, or output */
	struct addr peer;
	struct transport *t;
	struct relp_server *relp;
	struct loop_watch watch;
	struct loop_timer limit;
	struct loop_timer more; /* it was read only in part: go on in the next turn */
	enum receiver_phase phase;
	size_t taken;	/* messages handed over and not answered */
	size_t partial; /* what it has in of->partial */
	bool refused;	/* one too many: told so once it can be */
	bool eof;	/* the other side sends no more */
	bool read_waits_out, write_waits_out, said_goodbye;
	bool heard; /* bytes of RELP, or what it thinks it is */
	bool waits_for_worker; /* the handshake is computed beside the loop */
};

struct receiver {
	struct loop *loop;
	struct receiver_conf conf;
	char *software;
	struct receiver_events ev;
	void *arg;
	struct loop_watch listening;
	struct loop_timer again; /* listening was paused */
	struct connection *all, *dirty;
	size_t n, n_refused; /* connections; of them those that are one too many */
	size_t partial;	     /* bytes of unfinished messages, of all */
	size_t uncommitted;  /* bytes of messages handed over since the last commit */
	bool stopped;	     /* listens no more */
	bool full;	     /* the owner takes no more */
	char *read_bytes;
};

/* A connection that was accepted; one too many is told so once it can be. Owns t. */
void receiver_add(struct receiver *r, struct transport *t, const struct addr *peer);
void receiver_drop(struct connection *c);

/* After anything that may have queued output. False: the connection was dropped. */
bool receiver_settle(struct connection *c);

#endif
