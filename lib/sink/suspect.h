// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_SUSPECT_H
#define SINK_SUSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is it the record or the receiver? A record that was answered with an error,
 * or was the oldest unanswered when the connection broke twice, is a suspect
 * only. It is then sent alone, on a connection of its own; between its tries
 * another record is sent alone, to see whether the receiver takes anything at
 * all. A failure counts only with such an acceptance since the one before it,
 * so three counted failures mean that others were accepted and this one never
 * was. While everything is refused nothing is ever set aside.
 *
 * The other record goes at once after the suspect failed, so that a receiver
 * that refused everything and is mended meets the suspect first: order is kept.
 */
enum suspect_plan {
	SUSPECT_NONE,  /* send as usual */
	SUSPECT_ALONE, /* this connection: only the suspect */
	SUSPECT_OTHER, /* this connection: only one other record */
};

struct suspect {
	uint64_t seq; /* 0: nobody is suspected */
	enum suspect_plan plan;
	unsigned failures;   /* counted */
	unsigned other;	     /* how many others failed in a row: suspect_other_nth */
	bool other_accepted; /* since the last counted failure */
	bool answered;	     /* its last failure was an answer, not a break */
	uint64_t broke_at;   /* the oldest unanswered at the last break */
	unsigned broke_times;
};

#define SUSPECT_BREAKS 2
#define SUSPECT_FAILURES 3

/* The connection was lost while seq was the oldest unanswered, under plan SUSPECT_NONE. */
void suspect_broke(struct suspect *s, uint64_t seq);

/* seq was answered with an error, under plan SUSPECT_NONE. */
void suspect_refused(struct suspect *s, uint64_t seq);

/* A record was accepted, under any plan. */
void suspect_accepted(struct suspect *s, uint64_t seq);

/*
 * The record of plan ALONE or OTHER was refused (answered), or the connection
 * broke with it unanswered. Sets the plan for the next connection. True: the
 * suspect is to be set aside now (then call suspect_clear).
 */
bool suspect_failed(struct suspect *s, bool answered);

/*
 * Under plan OTHER the connection did not come as far as sending it. A receiver
 * that answered and is away now meets the suspect first when it is back; one
 * that the suspect may have broken needs the other record for an alibi.
 */
void suspect_untried(struct suspect *s);

/*
 * Which other record to try, counted from the nearest: the next ones, then ever
 * farther, so that no run of bad records hides the good ones behind it.
 */
size_t suspect_other_nth(const struct suspect *s);

/* Under plan OTHER there was no other record: the suspect is tried again. */
void suspect_no_other(struct suspect *s);

void suspect_clear(struct suspect *s);

#endif
