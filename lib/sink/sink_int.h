// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_SINK_INT_H
#define SINK_SINK_INT_H

/* The sink's inside, shared by sink.c (its life), sink_send.c and sink_outage.c. */

#include "sink/backoff.h"
#include "sink/giveup.h"
#include "sink/sink.h"
#include "sink/suspect.h"
#include "sink/window.h"

enum sink_stage { STAGE_WAITING, STAGE_RESOLVING, STAGE_SESSION, STAGE_STOPPED };

/* What delivery failed by, while it does not work. */
struct outage {
	uint64_t since_ms;    /* 0: there is none */
	uint64_t given_up;    /* records, in this outage */
	uint64_t said_ms;     /* when a failure was last put in the log */
	char said[128];	      /* and which, so that a new cause is told at once */
	bool quiet;	      /* the log has heard of too many: of this one only if it lasts */
	uint64_t untold;      /* so many were over before they were told */
	unsigned told;	      /* of late: falls by one every TELL_EVERY_MS */
	uint64_t told_ms;     /* when it fell last */
	struct giveup giveup;
	struct loop_timer timer; /* once a second: who has waited too long? */
};

struct bucket {
	double tokens; /* records that may be sent now */
	uint64_t at_ms;
	struct loop_timer timer;
};

struct sink {
	struct loop *loop;
	struct resolver *resolver;
	struct spool *spool;
	struct sink_conf conf;
	struct sink_events ev;
	char *host;

	enum sink_stage stage;
	bool stopping;
	struct session *session;
	struct loop_timer retry, rebind, renew, stop;

	struct window window;
	size_t careful;	    /* after a break: so many under way at the most, doubling; 0: no bound */
	uint64_t read_upto; /* everything up to it was put into the window */
	uint64_t sent_upto; /* highest ever sent, to tell a first sending from another */
	struct backoff backoff;
	struct suspect suspect;
	struct outage outage;
	struct bucket bucket;

	/* sessions in a row that TCP took and that never opened: the next begins at another address */
	unsigned unopened;
	unsigned slow; /* handshakes in a row that were not done in time */

	/* of the session of now */
	bool opened;
	bool renew_due;	     /* its renewal came before it was open */
	uint64_t opened_ms;
	uint64_t accepted_here;
	uint64_t probe;	     /* plan ALONE or OTHER: the one record sent; 0: not yet */
	bool lonely;	     /* it waits, and there is no record but the suspect */
	bool probe_answered; /* refused; an acceptance changes the plan at once */
	bool failed_here;    /* an answer said no */
	uint64_t aside_said_ms; /* when the log was told that nothing can be set aside; 0: never */

	enum sink_state state;
	uint64_t state_ms;
	char last_error[512];
	uint64_t last_error_ms;
	uint64_t last_accepted_ms;
};

/* sink.c */
void sink_set_state(struct sink *s, enum sink_state state);
void sink_count(struct sink *s, enum sink_count what, uint64_t n);
void sink_try_after(struct sink *s, uint64_t ms);

/* sink_send.c: callbacks of the session, arg is the sink */
void sink_on_room(void *arg);
void sink_on_accepted(void *arg, uint64_t first, uint64_t last, size_t count);
void sink_on_refused(void *arg, uint64_t token, unsigned code, struct slice text);
void sink_on_rate(void *arg);

/* Is there any record beside the suspect to be sent in its stead? */
bool sink_has_other(struct sink *s);

/* The connection ended with something unanswered, or a no: what that means for the suspect. */
void sink_judge(struct sink *s, enum session_end why);

/* sink_outage.c */
void sink_outage_begin(struct sink *s, const char *reason);
void sink_outage_opened(struct sink *s); /* a session is open: with nothing to deliver all is well */
void sink_outage_end(struct sink *s);
void sink_on_outage_tick(void *arg);

#endif
