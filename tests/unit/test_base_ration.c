// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ration.h"

static void some_at_once_then_one_now_and_then(void **state)
{
	struct ration r = { .burst = 3, .every_ms = 1000 };
	uint64_t left_out;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(ration_take(&r, 5000, &left_out));
	for (int i = 0; i < 10; i++)
		assert_false(ration_take(&r, 5999, &left_out));
	assert_true(ration_take(&r, 6000, &left_out));
	assert_int_equal(left_out, 10);
	assert_false(ration_take(&r, 6999, &left_out));
	assert_true(ration_take(&r, 7000, &left_out));
	assert_int_equal(left_out, 1);
}

static void a_rest_gives_all_back(void **state)
{
	struct ration r = { .burst = 3, .every_ms = 1000 };
	uint64_t left_out;

	(void)state;
	for (int round = 0; round < 3; round++) {
		uint64_t now = 1000000 * (uint64_t)round;
		for (int i = 0; i < 3; i++) {
			assert_true(ration_take(&r, now, &left_out));
			assert_int_equal(left_out, round && !i ? 1 : 0);
		}
		assert_false(ration_take(&r, now, &left_out));
	}
}

/* Asked all the time it gives one in every_ms, not more and not less. */
static void whoever_asks_often_gets_no_more(void **state)
{
	struct ration r = { .burst = 2, .every_ms = 10 };
	uint64_t left_out, lines = 0, kept_back = 0;

	(void)state;
	for (uint64_t now = 0; now < 1000; now++) {
		if (ration_take(&r, now, &left_out)) {
			lines++;
			kept_back += left_out;
		}
	}
	assert_in_range(lines, 100, 102);
	assert_int_equal(lines + kept_back + r.left_out, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_at_once_then_one_now_and_then),
		cmocka_unit_test(a_rest_gives_all_back),
		cmocka_unit_test(whoever_asks_often_gets_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
