// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void an_empty_one(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	assert_int_equal(histogram_at(&h, 500), 0);
	histogram_add(&h, 5, 0);
	assert_int_equal(h.n, 0);
}

static void one_value_is_every_quantile(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < HISTOGRAM_MAX; v = v * 3 / 2 + 1) {
		struct histogram h = { 0 };
		histogram_add(&h, v, 1);
		assert_int_equal(histogram_at(&h, 0), v);
		assert_int_equal(histogram_at(&h, 500), v);
		assert_int_equal(histogram_at(&h, 1000), v);
		assert_int_equal(h.min, v);
		assert_int_equal(h.max, v);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Against the values themselves, sorted: never below, and at most a 32nd above. */
static void quantiles_are_near(void **state)
{
	static const unsigned per_mille[] = { 1, 500, 900, 990, 999, 1000 };
	enum { N = 5000 };
	uint64_t *all = mem_zero(N, sizeof(*all));
	struct histogram h = { 0 };
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		all[i] = rand_next(&seed) >> (24 + rand_below(&seed, 40));
		histogram_add(&h, all[i], 1);
	}
	qsort(all, N, sizeof(*all), compare);
	for (size_t i = 0; i < sizeof(per_mille) / sizeof(*per_mille); i++) {
		uint64_t exact = all[(N * per_mille[i] + 999) / 1000 - 1];
		uint64_t got = histogram_at(&h, per_mille[i]);
		assert_true(got >= exact);
		assert_true(got <= exact + exact / 32);
	}
	free(all);
}

static void many_at_a_time(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	histogram_add(&h, 10, 900);
	histogram_add(&h, 20, 90);
	histogram_add(&h, 30, 10);
	assert_int_equal(histogram_at(&h, 900), 10);
	assert_int_equal(histogram_at(&h, 901), 20);
	assert_int_equal(histogram_at(&h, 990), 20);
	assert_int_equal(histogram_at(&h, 991), 30);
}

static void too_large_counts_as_the_largest(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	histogram_add(&h, UINT64_MAX, 1);
	assert_true(histogram_at(&h, 500) == HISTOGRAM_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one),
		cmocka_unit_test(one_value_is_every_quantile),
		cmocka_unit_test(quantiles_are_near),
		cmocka_unit_test(many_at_a_time),
		cmocka_unit_test(too_large_counts_as_the_largest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
