// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_SEND_LOAD_H
#define CMD_RELP_SEND_LOAD_H

#include "base/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How fast messages may go (--rate), and how long each answer took. Times are
 * microseconds of the monotonic clock; tokens count from 1.
 */
struct load {
	uint64_t rate;	 /* messages a second; 0: as fast as it goes */
	uint64_t due_ns; /* when the next one may go */
	uint64_t *sent_us; /* by token, as many as may be under way */
	size_t mask;
	struct histogram latency;
	uint64_t begun_us, answered_us; /* the first was sent, the last answer came */
	uint64_t bytes;			/* of the messages sent */
};

void load_init(struct load *l, uint64_t rate, size_t window);
void load_free(struct load *l);

/* May a message go now? Else *wait_ms: ask again then. */
bool load_may_send(struct load *l, uint64_t now_us, uint64_t *wait_ms);
void load_sent(struct load *l, uint64_t token, size_t bytes, uint64_t now_us);

/* Since it was sent; with accepted ones it counts among the latencies. */
uint64_t load_took(const struct load *l, uint64_t token, uint64_t now_us);
void load_accepted(struct load *l, uint64_t first, uint64_t last, uint64_t now_us);
void load_refused(struct load *l, uint64_t now_us);

/* Messages and bytes a second, from the first sent to the last answered; 0: nothing to tell. */
double load_per_second(const struct load *l, uint64_t n);

#endif
