// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_SESSION_H
#define SINK_SESSION_H

#include "base/err.h"
#include "base/slice.h"
#include "io/addr.h"
#include "io/loop.h"
#include "io/transport.h"
#include "relp/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The life of one RELP connection: addresses tried in turn, handshake of the
 * transport, open, running, close; each with its time limit. What to send, and
 * when to try again, is the owner's.
 *
 *   session_start -> CONNECT -> HANDSHAKE -> OPEN -> RUNNING -> CLOSE -> ended
 *
 * Safe use: callbacks come from the loop only, never from inside a function of
 * this header. From inside a callback the owner may call anything here:
 * session_free too (the memory goes when the callback has returned), and in
 * `ended`, which is the last call of a connection, session_start for the next.
 * After session_free and session_abort no callback comes.
 */
struct session;

#define SESSION_OUTPUT (256 * 1024) /* bytes gathered for one write */

enum session_stage {
	SESSION_IDLE,	   /* before the first start and after the end */
	SESSION_CONNECT,   /* to session_peer */
	SESSION_HANDSHAKE, /* of the transport */
	SESSION_OPEN,	   /* waits for the answer to open */
	SESSION_RUNNING,
	SESSION_DRAIN,	   /* no more is sent, answers are awaited */
	SESSION_CLOSE,	   /* waits for the answer to close */
};

enum session_end {
	SESSION_END_CONNECT,	   /* no address took it; e->code: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ... of the last */
	SESSION_END_HANDSHAKE,	   /* the transport's handshake failed or took too long (e->code ETIMEDOUT) */
	SESSION_END_OPEN_REFUSED,  /* e->code: the answer's code; 0: its offers do not suit */
	SESSION_END_OPEN_TIMEOUT,
	SESSION_END_OPEN_CLOSED,   /* end of stream, reset or serverclose instead of the answer to open */
	SESSION_END_CLOSED_EARLY,  /* end of stream or reset while it ran */
	SESSION_END_SERVERCLOSE,   /* while it ran */
	SESSION_END_PROTOCOL,	   /* the other side does not speak RELP, or wrongly */
	SESSION_END_SILENT,	   /* no answer in time while messages are unanswered */
	SESSION_END_CLOSED,	   /* as wished, all answered; e NULL, or what was odd about the closing */
};

/* Any of them may be NULL. arg is what session_new was given. */
struct session_events {
	/* A stage begins (e NULL); SESSION_CONNECT with e: this address failed, another follows. */
	void (*stage)(void *arg, enum session_stage stage, const struct err *e);
	void (*opened)(void *arg, struct slice offers);
	/* count frames sent one after the other, from token first to last, in the order of sending (client.h). */
	void (*accepted)(void *arg, uint64_t first, uint64_t last, size_t count);
	void (*refused)(void *arg, uint64_t token, unsigned code, struct slice text);
	/* There is room: send while session_room says so; it is written when this returns. */
	void (*room)(void *arg);
	void (*ended)(void *arg, enum session_end why, const struct err *e);
};

struct session_conf {
	struct relp_client_conf relp;
	uint64_t connect_ms;   /* for each address; 0: 10 s */
	uint64_t handshake_ms; /* 0: 10 s */
	uint64_t open_ms;      /* 0: 30 s */
	uint64_t silent_ms;    /* without any answer while messages are unanswered; 0: 90 s */
	uint64_t drain_ms;     /* from session_close until all is answered; 0: as silent_ms */
	uint64_t close_ms;     /* for the answer to close; 0: 5 s */
	uint32_t user_timeout_ms; /* TCP_USER_TIMEOUT; 0: as silent_ms */
	/*
	 * Makes the transport over a connected socket, which it owns then; NULL with
	 * e: it cannot (the socket stays ours). NULL instead of a function: plain.
	 * Its write may be called again with more bytes, at another address, after
	 * it wanted to wait: bytes not taken are never lost or changed, but moved.
	 */
	struct transport *(*wrap)(void *wrap_arg, int fd, struct err *e);
	void *wrap_arg;
	/*
	 * NULL, or told all bytes of RELP as they pass, inside the transport, and
	 * whether it is we who sent them. It calls nothing of this header.
	 */
	void (*tap)(void *tap_arg, bool sent, struct slice bytes);
	void *tap_arg;
};

/* conf and ev are copied; conf's strings too. */
struct session *session_new(struct loop *l, const struct session_conf *conf,
			    const struct session_events *ev, void *arg);
void session_free(struct session *s); /* NULL is fine; drops a connection without a word */

/* Connects: idle only. list (at least one address) is copied. */
void session_start(struct session *s, const struct addr_list *list);

/* The handshake's limit from the next one on: it may have to wait in a long queue. */
void session_handshake_limit(struct session *s, uint64_t ms);

/*
 * Sending: while room, send; then flush, unless from inside `room`. A large
 * output is written at once. What the write meets is told by callbacks later.
 */
bool session_room(const struct session *s, size_t len);
void session_send(struct session *s, uint64_t token, struct slice payload);
void session_flush(struct session *s);

/*
 * Ends it well: nothing more is taken, all answers are awaited (drain_ms), then
 * close (close_ms), then `ended`. Before it runs the same as session_abort, but
 * with `ended`. Does nothing when idle or closing already. A session whose
 * transaction numbers are used up does this by itself.
 */
void session_close(struct session *s);

/* Drops the connection, no callback: idle. */
void session_abort(struct session *s);

enum session_stage session_stage(const struct session *s);
const struct addr *session_peer(const struct session *s); /* the address in use, or tried last */
size_t session_unanswered(const struct session *s);
/* Since when messages wait without any answer: milliseconds; 0: none waits. */
uint64_t session_silent_ms(const struct session *s);

/* Names for people: "connect", "open", ...; "refused connection", "closed early", ... */
const char *session_stage_name(enum session_stage stage);
const char *session_end_name(enum session_end why);

#endif
