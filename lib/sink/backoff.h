// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_BACKOFF_H
#define SINK_BACKOFF_H

#include <stdint.h>

/*
 * How long to wait before the next try, with full jitter, because ten thousand
 * nodes share a receiver. Two ladders:
 *  - the way is blocked (name, TCP): 0.2 to 1 s in the first minute of the
 *    outage, then up to 10 s;
 *  - the receiver answers and will not have us (open failed, closed early,
 *    refused): 1 s, doubling to 60 s.
 */
struct backoff {
	uint64_t random;	/* state of the generator, seeded by the owner */
	uint64_t blocked_since; /* monotonic ms; 0: not blocked */
	unsigned refusals;	/* in a row */
};

/* The next try after name or TCP failed at now_ms: milliseconds to wait. */
uint64_t backoff_blocked(struct backoff *b, uint64_t now_ms);

/* After the receiver would not have us. */
uint64_t backoff_refused(struct backoff *b);

/* A connection that had delivered was lost: the shortest wait of the first ladder. */
uint64_t backoff_lost(struct backoff *b);

/* A TCP connection stands: the first ladder starts again. */
void backoff_connected(struct backoff *b);

/* What refused us before need not refuse us now (our certificate is another): both ladders start again. */
void backoff_anew(struct backoff *b);

/* A record was accepted: both ladders start again. */
void backoff_accepted(struct backoff *b);

#endif
