// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include "base/err.h"
#include "base/say.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "sink/session.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Pulls payloads from the spool in order and delivers them over RELP. When to
 * connect, to try again, to rebind, to suspect a record, to give up: all of
 * that is here and nowhere else; docs/DELIVERY.md tells it for operators.
 */
struct sink;

/* What is counted; sink_count_names gives the names, in this order. */
enum sink_count {
	SINK_ACCEPTED,	 /* records the receiver answered 200 */
	SINK_RESENT,	 /* records sent once more after a lost connection */
	SINK_REFUSED,	 /* answers other than 200 */
	SINK_SET_ASIDE,	 /* records moved to the aside file */
	SINK_GIVEN_UP,	 /* records dropped because resumeRetryCount says so */
	SINK_CONNECTS,	 /* sessions opened */
	SINK_FAILURES,	 /* tries that failed, and sessions lost */
	SINK_RENEWALS,	 /* sessions ended and followed by another: sink_renew_within */
	SINK_COUNTS
};

struct sink_conf {
	const char *host;
	uint16_t port;
	struct session_conf session; /* windows, time limits (handshake_ms: of the first try), transport */
	uint64_t rebind_ms;	     /* 0: never */
	int64_t resume_retry_count;  /* -1: never gives up */
	uint64_t max_rate;	     /* records a second; 0: no bound */
	bool report_continuation;    /* a log line for each failed try of an outage, not only its first */
	uint64_t seed;		     /* of the jitter */
};

struct sink_events {
	void *arg;
	struct say say;
	void (*count)(void *arg, enum sink_count what, uint64_t n);
	void (*stopped)(void *arg); /* after sink_stop: nothing more will happen */
	/*
	 * The rest may be NULL. May a connection be tried now? -1 with e: not yet, which
	 * is a failed try as others are; sink_renew_within tells that it may.
	 */
	int (*ready)(void *arg, struct err *e);
	void (*stage)(void *arg, enum session_stage stage); /* of a connection; a new one begins */
	/* A connection ended. e (NULL where all went well): what is known better may be put into it. */
	void (*ended)(void *arg, enum session_end why, struct err *e);
};

/* All but conf are borrowed and must outlive it; conf is copied, its strings too. */
struct sink *sink_new(struct loop *l, struct resolver *r, struct spool *sp,
		      const struct sink_conf *conf, const struct sink_events *ev);
void sink_free(struct sink *s);

/* Begins to connect. */
void sink_start(struct sink *s);

/* Sends what is readable, as far as there is room. To be called after each commit. */
void sink_pump(struct sink *s);

/*
 * Connections are made in another way from now on (other certificates): the one
 * that stands ends well and is followed by another, at a random moment within ms;
 * where a failure has to be waited out, that wait begins anew, with the shortest.
 */
void sink_renew_within(struct sink *s, uint64_t ms);

/*
 * No more is sent; answers are awaited and the connection closed, limit_ms at
 * most; then the stopped event. What was not accepted stays in the spool.
 */
void sink_stop(struct sink *s, uint64_t limit_ms);

enum sink_state {
	SINK_STARTING,	 /* never delivered nor failed yet */
	SINK_DELIVERING, /* connected; answers come, or there is nothing to send */
	SINK_SUSPENDED,	 /* no delivery: see last_error */
	SINK_DOUBTING,	 /* connected, but a record is under suspicion */
	SINK_STOPPED,
};

struct sink_status {
	enum sink_state state;
	const char *stage;	 /* "resolving", "connecting", "open", "waiting", ... */
	char peer[ADDR_TEXT_MAX]; /* "" when not connected */
	uint64_t since_ms;	 /* monotonic: when the state began */
	uint64_t next_try_ms;	 /* from now; 0: none planned */
	uint64_t unanswered;
	uint64_t suspect;	 /* sequence number, 0: none */
	char last_error[512];	 /* "" when there never was one */
	uint64_t last_error_ms;	 /* monotonic */
	uint64_t last_accepted_ms; /* monotonic; 0: never */
};
void sink_status(const struct sink *s, struct sink_status *out);

const char *sink_state_name(enum sink_state state);

#endif
