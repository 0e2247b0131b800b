// SPDX-License-Identifier: Apache-2.0
#include "sink/giveup.h"

#define RSYSLOG_RESUME_INTERVAL_MS 30000

void giveup_init(struct giveup *g, int64_t retry_count)
{
	*g = (struct giveup){ 0 };
	if (retry_count >= 0)
		g->limit_ms = ((uint64_t)retry_count + 1) * RSYSLOG_RESUME_INTERVAL_MS;
}

void giveup_reset(struct giveup *g)
{
	g->n = 0;
}

static void add_mark(struct giveup *g, uint64_t now_ms, uint64_t seq)
{
	size_t at = (g->first + g->n) % GIVEUP_MARKS;
	g->mark[at].at_ms = now_ms;
	g->mark[at].seq = seq;
	g->n++;
}

uint64_t giveup_check(struct giveup *g, uint64_t now_ms, uint64_t appended)
{
	if (g->limit_ms == 0)
		return 0;
	uint64_t upto = 0;
	while (g->n && now_ms - g->mark[g->first].at_ms >= g->limit_ms) {
		upto = g->mark[g->first].seq;
		g->first = (g->first + 1) % GIVEUP_MARKS;
		g->n--;
	}
	size_t last = (g->first + g->n + GIVEUP_MARKS - 1) % GIVEUP_MARKS;
	if (g->n == 0 || (g->n < GIVEUP_MARKS &&
			  now_ms - g->mark[last].at_ms >= g->limit_ms / 64))
		add_mark(g, now_ms, appended);
	return upto;
}
