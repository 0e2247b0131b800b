// SPDX-License-Identifier: Apache-2.0
/* The sink's pure parts: window, ladders, giving up, suspicion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sink/backoff.h"
#include "sink/giveup.h"
#include "sink/suspect.h"
#include "sink/window.h"

static void send_next(struct window *w)
{
	window_sent(w, window_next(w));
}

static void window_keeps_what_was_accepted_over_a_break(void **state)
{
	(void)state;
	struct window w;
	window_init(&w, 8);
	for (uint64_t seq = 10; seq < 16; seq++)
		window_add(&w, seq, 100);
	for (int i = 0; i < 5; i++)
		send_next(&w);
	assert_int_equal(w.in_flight, 5);
	window_accept(&w, 12, 13);
	assert_int_equal(window_advance(&w), 0);
	assert_int_equal(window_oldest_in_flight(&w)->seq, 10);
	window_rewind(&w);
	assert_int_equal(w.in_flight, 0);
	uint64_t again[4];
	for (int i = 0; i < 4; i++) {
		again[i] = window_next(&w)->seq;
		send_next(&w);
	}
	assert_int_equal(again[0], 10);
	assert_int_equal(again[1], 11);
	assert_int_equal(again[2], 14);
	assert_int_equal(again[3], 15);
	assert_null(window_next(&w));
	window_accept(&w, 10, 14);
	assert_int_equal(window_advance(&w), 14);
	assert_int_equal(window_items(&w), 1);
	window_free(&w);
}

static void window_mark_moves_over_an_unbroken_run_only(void **state)
{
	(void)state;
	struct window w;
	window_init(&w, 4);
	for (uint64_t seq = 1; seq <= 4; seq++)
		window_add(&w, seq, 1);
	assert_true(window_full(&w));
	for (int i = 0; i < 4; i++)
		send_next(&w);
	window_refuse(&w, window_find(&w, 2));
	window_accept(&w, 1, 4);
	assert_int_equal(window_advance(&w), 1);
	assert_int_equal(window_items(&w), 3);
	assert_false(window_find(&w, 2)->accepted);
	assert_null(window_find(&w, 1));
	assert_null(window_find(&w, 5));
	/* given up: gone whatever its state */
	window_forget(&w, 3);
	assert_int_equal(window_items(&w), 1);
	assert_int_equal(window_advance(&w), 4);
	window_free(&w);
}

static void window_other_passes_over_the_suspect_and_the_accepted(void **state)
{
	(void)state;
	struct window w;
	window_init(&w, 8);
	for (uint64_t seq = 1; seq <= 5; seq++)
		window_add(&w, seq, 1);
	for (int i = 0; i < 5; i++)
		send_next(&w);
	window_accept(&w, 2, 2);
	assert_int_equal(window_other(&w, 1, 0)->seq, 3);
	assert_int_equal(window_other(&w, 1, 2)->seq, 5);
	assert_null(window_other(&w, 1, 3));
	window_free(&w);
}

static void backoff_of_a_blocked_way(void **state)
{
	(void)state;
	struct backoff b = { .random = 1 };
	uint64_t longest = 0;
	for (uint64_t now = 5; now < 60000; now += 500) {
		uint64_t ms = backoff_blocked(&b, now);
		assert_in_range(ms, 200, 1000);
	}
	for (uint64_t now = 60005; now < 600000; now += 5000) {
		uint64_t ms = backoff_blocked(&b, now);
		assert_in_range(ms, 200, 10000);
		if (ms > longest)
			longest = ms;
	}
	assert_true(longest > 5000);
	backoff_connected(&b);
	assert_in_range(backoff_blocked(&b, 700000), 200, 1000);
}

static void backoff_of_a_refusing_receiver(void **state)
{
	(void)state;
	struct backoff b = { .random = 7 };
	uint64_t high = 1000;
	for (int i = 0; i < 12; i++) {
		assert_in_range(backoff_refused(&b), 100, high);
		high = high * 2 < 60000 ? high * 2 : 60000;
	}
	/* a connection alone is no good sign: only an acceptance starts the ladder again */
	backoff_connected(&b);
	uint64_t longest = 0;
	for (int i = 0; i < 50; i++) {
		uint64_t ms = backoff_refused(&b);
		longest = ms > longest ? ms : longest;
	}
	assert_true(longest > 30000);
	backoff_accepted(&b);
	assert_in_range(backoff_refused(&b), 100, 1000);
}

static void giveup_never(void **state)
{
	(void)state;
	struct giveup g;
	giveup_init(&g, -1);
	for (uint64_t now = 0; now < 100000000; now += 1000000)
		assert_int_equal(giveup_check(&g, now, now), 0);
}

static void giveup_after_its_time_within_one_outage(void **state)
{
	(void)state;
	struct giveup g;
	giveup_init(&g, 0); /* 30 s */
	/* one record a second, numbered by the second */
	for (uint64_t s = 0; s < 30; s++)
		assert_int_equal(giveup_check(&g, s * 1000, s), 0);
	for (uint64_t s = 30; s < 300; s++) {
		uint64_t upto = giveup_check(&g, s * 1000, s);
		/* none that is younger than 30 s, and none much older is kept */
		assert_true(upto <= s - 30);
		assert_true(upto + 2 >= s - 30);
	}
	giveup_reset(&g);
	assert_int_equal(giveup_check(&g, 400000, 400), 0);
	assert_int_equal(giveup_check(&g, 429000, 429), 0);
	assert_int_equal(giveup_check(&g, 430000, 430), 400);
}

static void giveup_ten_retries_is_330_seconds(void **state)
{
	(void)state;
	struct giveup g;
	giveup_init(&g, 10);
	uint64_t now = 0;
	while (giveup_check(&g, now, 1 + now / 1000) == 0)
		now += 1000;
	assert_int_equal(now, 330000);
}

static void suspect_is_set_aside_after_three_failures_with_others_between(void **state)
{
	(void)state;
	struct suspect s = { 0 };
	suspect_refused(&s, 7);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s.plan, SUSPECT_ALONE);
		assert_false(suspect_failed(&s, true));
		assert_int_equal(s.plan, SUSPECT_OTHER);
		suspect_accepted(&s, 8 + (uint64_t)i);
	}
	assert_int_equal(s.plan, SUSPECT_ALONE);
	assert_true(suspect_failed(&s, true));
}

static void nothing_is_set_aside_while_everything_is_refused(void **state)
{
	(void)state;
	struct suspect s = { 0 };
	suspect_refused(&s, 7);
	for (int i = 0; i < 1000; i++)
		assert_false(suspect_failed(&s, true));
	assert_true(s.failures <= 1);
	/* the receiver is mended in between: the other record goes first, the suspect next */
	while (s.plan != SUSPECT_OTHER)
		assert_false(suspect_failed(&s, true));
	suspect_accepted(&s, 9);
	assert_int_equal(s.plan, SUSPECT_ALONE);
	suspect_accepted(&s, 7);
	assert_int_equal(s.seq, 0);
	assert_int_equal(s.plan, SUSPECT_NONE);
}

static void suspect_by_breaking_twice_at_the_same_record(void **state)
{
	(void)state;
	struct suspect s = { 0 };
	suspect_broke(&s, 4);
	assert_int_equal(s.seq, 0);
	suspect_broke(&s, 5);
	assert_int_equal(s.seq, 0);
	suspect_broke(&s, 5);
	assert_int_equal(s.seq, 5);
	suspect_clear(&s);
	suspect_broke(&s, 6);
	suspect_accepted(&s, 6);
	suspect_broke(&s, 6);
	assert_int_equal(s.seq, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_keeps_what_was_accepted_over_a_break),
		cmocka_unit_test(window_mark_moves_over_an_unbroken_run_only),
		cmocka_unit_test(window_other_passes_over_the_suspect_and_the_accepted),
		cmocka_unit_test(backoff_of_a_blocked_way),
		cmocka_unit_test(backoff_of_a_refusing_receiver),
		cmocka_unit_test(giveup_never),
		cmocka_unit_test(giveup_after_its_time_within_one_outage),
		cmocka_unit_test(giveup_ten_retries_is_330_seconds),
		cmocka_unit_test(suspect_is_set_aside_after_three_failures_with_others_between),
		cmocka_unit_test(nothing_is_set_aside_while_everything_is_refused),
		cmocka_unit_test(suspect_by_breaking_twice_at_the_same_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
