// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send_load.h"

#include "base/mem.h"

#include <stdlib.h>

/* Who falls behind catches up on so much at most; then the rate counts from now. */
#define BEHIND_NS UINT64_C(100000000)

void load_init(struct load *l, uint64_t rate, size_t window)
{
	size_t n = 1;

	while (n < window)
		n *= 2;
	*l = (struct load){ .rate = rate, .mask = n - 1 };
	l->sent_us = mem_zero(n, sizeof(*l->sent_us));
}

void load_free(struct load *l)
{
	free(l->sent_us);
}

bool load_may_send(struct load *l, uint64_t now_us, uint64_t *wait_ms)
{
	uint64_t now_ns = now_us * 1000;

	if (l->rate == 0)
		return true;
	if (now_ns > l->due_ns + BEHIND_NS)
		l->due_ns = now_ns;
	if (now_ns >= l->due_ns)
		return true;
	*wait_ms = (l->due_ns - now_ns) / 1000000 + 1;
	return false;
}

void load_sent(struct load *l, uint64_t token, size_t bytes, uint64_t now_us)
{
	l->sent_us[token & l->mask] = now_us;
	l->bytes += bytes;
	if (l->rate)
		l->due_ns += UINT64_C(1000000000) / l->rate;
	if (l->begun_us == 0)
		l->begun_us = now_us;
}

uint64_t load_took(const struct load *l, uint64_t token, uint64_t now_us)
{
	uint64_t sent = l->sent_us[token & l->mask];

	return now_us > sent ? now_us - sent : 0;
}

void load_accepted(struct load *l, uint64_t first, uint64_t last, uint64_t now_us)
{
	for (uint64_t t = first; t <= last; t++)
		histogram_add(&l->latency, load_took(l, t, now_us), 1);
	l->answered_us = now_us;
}

void load_refused(struct load *l, uint64_t now_us)
{
	l->answered_us = now_us;
}

double load_per_second(const struct load *l, uint64_t n)
{
	if (l->answered_us <= l->begun_us)
		return 0;
	return (double)n * 1000000 / (double)(l->answered_us - l->begun_us);
}
