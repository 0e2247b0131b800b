// SPDX-License-Identifier: Apache-2.0
#include "sink/backoff.h"

#include "base/clock.h"

#define BLOCKED_MIN_MS 200
#define BLOCKED_FIRST_MS 1000
#define BLOCKED_LATER_MS 10000
#define BLOCKED_FIRST_SPAN_MS 60000
#define REFUSED_FIRST_MS 1000
#define REFUSED_MAX_MS 60000
/* Full jitter may give nothing at all: this much keeps a refusing receiver from a tight loop. */
#define REFUSED_MIN_MS 100

static uint64_t between(struct backoff *b, uint64_t low, uint64_t high)
{
	return low + rand_below(&b->random, high - low + 1);
}

uint64_t backoff_blocked(struct backoff *b, uint64_t now_ms)
{
	if (b->blocked_since == 0)
		b->blocked_since = now_ms ? now_ms : 1;
	if (now_ms - b->blocked_since < BLOCKED_FIRST_SPAN_MS)
		return between(b, BLOCKED_MIN_MS, BLOCKED_FIRST_MS);
	return between(b, BLOCKED_MIN_MS, BLOCKED_LATER_MS);
}

uint64_t backoff_refused(struct backoff *b)
{
	uint64_t high = REFUSED_FIRST_MS;
	for (unsigned i = 0; i < b->refusals && high < REFUSED_MAX_MS; i++)
		high *= 2;
	b->refusals++;
	return between(b, REFUSED_MIN_MS, high < REFUSED_MAX_MS ? high : REFUSED_MAX_MS);
}

uint64_t backoff_lost(struct backoff *b)
{
	return between(b, BLOCKED_MIN_MS, BLOCKED_FIRST_MS);
}

void backoff_connected(struct backoff *b)
{
	b->blocked_since = 0;
}

void backoff_anew(struct backoff *b)
{
	b->blocked_since = 0;
	b->refusals = 0;
}

void backoff_accepted(struct backoff *b)
{
	backoff_anew(b);
}
