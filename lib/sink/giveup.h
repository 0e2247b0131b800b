// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_GIVEUP_H
#define SINK_GIVEUP_H

#include <stddef.h>
#include <stdint.h>

/*
 * resumeRetryCount: N >= 0 keeps rsyslog's time. A record is given up when it
 * has waited (N + 1) x 30 s within one outage, however often we tried. Only the
 * monotonic clock counts: a stepped wall clock gives nobody up.
 *
 * Marks "all up to seq were there at this time" are kept 64 to the limit, so a
 * record waits at most a 64th longer than the limit.
 */
#define GIVEUP_MARKS 66

struct giveup {
	uint64_t limit_ms; /* 0: never gives up */
	size_t first, n;
	struct {
		uint64_t at_ms;
		uint64_t seq;
	} mark[GIVEUP_MARKS];
};

/* retry_count -1: never. */
void giveup_init(struct giveup *g, int64_t retry_count);

/* Delivery works again: the outage is over. */
void giveup_reset(struct giveup *g);

/*
 * To be called once in a while (a second, say) during an outage, appended being
 * the newest number in the spool. Returns the number up to which all has waited
 * too long, 0 when there is none.
 */
uint64_t giveup_check(struct giveup *g, uint64_t now_ms, uint64_t appended);

#endif
