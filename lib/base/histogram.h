// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

/*
 * Counts values in buckets that grow with the value, so that any quantile is
 * known to 1/32 of itself, in memory of a fixed size. {0} is an empty one.
 */
#define HISTOGRAM_SUB 32 /* buckets for each doubling */
#define HISTOGRAM_MAX ((UINT64_C(1) << 40) - 1) /* a larger value counts as this one */
#define HISTOGRAM_BUCKETS (36 * HISTOGRAM_SUB)

struct histogram {
	uint64_t n;
	uint64_t max; /* exact, as min */
	uint64_t min;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value, uint64_t times);

/*
 * The least value that at least so many of a thousand are not above (500: the
 * median), to the upper end of its bucket, and never above max. 0 when empty.
 */
uint64_t histogram_at(const struct histogram *h, unsigned per_mille);

#endif
