// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include <stddef.h>

/* Below HISTOGRAM_SUB each value has a bucket; above, 32 for each power of two. */
static size_t bucket_of(uint64_t v)
{
	if (v < HISTOGRAM_SUB)
		return (size_t)v;
	unsigned power = 63U - (unsigned)__builtin_clzll(v); /* 5 .. 39 */
	return (size_t)(power - 4) * HISTOGRAM_SUB + (size_t)((v >> (power - 5)) & (HISTOGRAM_SUB - 1));
}

/* The largest value of a bucket. */
static uint64_t upper_end(size_t i)
{
	if (i < HISTOGRAM_SUB)
		return i;
	unsigned shift = (unsigned)(i / HISTOGRAM_SUB) - 1;
	return ((HISTOGRAM_SUB + i % HISTOGRAM_SUB + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value, uint64_t times)
{
	if (times == 0)
		return;
	if (value > HISTOGRAM_MAX)
		value = HISTOGRAM_MAX;
	if (h->n == 0 || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->n += times;
	h->bucket[bucket_of(value)] += times;
}

uint64_t histogram_at(const struct histogram *h, unsigned per_mille)
{
	/* the how-manieth of all in order, rounded up, from 1 */
	uint64_t wanted = h->n / 1000 * per_mille + (h->n % 1000 * per_mille + 999) / 1000;
	uint64_t seen = 0;

	if (h->n == 0)
		return 0;
	if (wanted == 0)
		wanted = 1;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= wanted)
			return upper_end(i) < h->max ? upper_end(i) : h->max;
	}
	return h->max;
}
