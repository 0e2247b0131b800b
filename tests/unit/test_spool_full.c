// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

/* What fits and what does not, and that room comes back. */

static int put_class(struct box *b, uint64_t n, size_t len, bool audit)
{
	struct spool_frame f = { .taken_us = 1, .source = slice_str("test"),
				 .payload = text_of(n, len), .audit = audit };
	int ret = spool_append(b->sp, &f);
	commit(b);
	return ret;
}

static void a_flood_leaves_the_audit_share(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0, plain;
	box_start(&b, 4 << 20);
	while (put_class(&b, ++n, 500, false) == 0)
		;
	plain = n - 1;
	assert_true(stats(&b).bytes > (4 << 20) / 100 * 45);
	assert_true(stats(&b).bytes <= (4 << 20) / 2 + 20000);
	assert_int_equal(spool_room(b.sp, 500, false), SPOOL_ROOM_NONE);
	assert_int_equal(spool_room(b.sp, 500, true), SPOOL_ROOM);
	while (put_class(&b, n, 500, true) == 0)
		n++;
	assert_true(stats(&b).bytes > (4 << 20) / 100 * 96);
	assert_true(stats(&b).bytes <= 4 << 20);
	assert_true(stats(&b).audit_bytes > (4 << 20) / 100 * 45);
	assert_int_equal(spool_room(b.sp, 0, false), SPOOL_ROOM_LITTLE); /* a cursor always fits */
	expect(&b, 1, n - 1);
	assert_true(plain < n);
	box_free(&b);
}

static void audit_frames_may_take_everything(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0, seq = 0;
	box_start(&b, 4 << 20);
	while (put_class(&b, n + 1, 500, true) == 0)
		n++;
	assert_true(stats(&b).bytes > (4 << 20) / 100 * 96);
	assert_int_equal(spool_room(b.sp, 500, false), SPOOL_ROOM_NONE);
	seq = spool_readable(b.sp) * 3 / 4;
	ack(&b, seq);
	assert_int_not_equal(spool_room(b.sp, 500, false), SPOOL_ROOM_NONE);
	expect(&b, seq + 1, n);
	box_free(&b);
}

/* Audit frames that wait take nothing from the share of the others. */
static void the_shares_are_counted_by_what_waits(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0;
	box_start(&b, 4 << 20);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(put_class(&b, ++n, 500, true), 0);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(put_class(&b, ++n, 500, false), 0);
	box_reopen(&b);
	assert_int_equal(stats(&b).frames, 6000);
	assert_true(stats(&b).audit_bytes >= 3000 * 500 && stats(&b).audit_bytes < 3000 * 600);
	assert_int_equal(spool_room(b.sp, 500, false), SPOOL_ROOM_LITTLE);
	ack(&b, 3000);
	assert_int_equal(stats(&b).audit_bytes, 0);
	assert_int_equal(stats(&b).frames, 3000);
	box_free(&b);
}

static void levels(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0, first_little = 0;
	box_start(&b, 16 << 20);
	b.conf.audit_percent = 0;
	box_reopen(&b);
	for (;;) {
		enum spool_room r = spool_room(b.sp, 1000, false);
		if (r == SPOOL_ROOM_NONE)
			break;
		if (r == SPOOL_ROOM_LITTLE && !first_little)
			first_little = stats(&b).bytes;
		assert_int_equal(put_class(&b, ++n, 1000, false), 0);
	}
	assert_true(first_little > (16 << 20) / 100 * 70 && first_little < (16 << 20) / 100 * 76);
	assert_int_equal(put_class(&b, n, 1000, false), -1);
	assert_int_equal(put_class(&b, n, 1000, true), -1);
	box_free(&b);
}

/* Acknowledging record by record: room is never further away than a segment. */
static void room_comes_back_as_acknowledgements_come(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0, acked = 0, from = 1;
	box_start(&b, 1 << 20);
	while (put_class(&b, n + 1, 700, true) == 0)
		n++;
	for (int i = 0; i < 5000; i++) {
		uint64_t want = ++acked;
		assert_int_equal(get(&b, &from), want);
		ack(&b, from - 1);
		while (put_class(&b, n + 1, 700, true) == 0)
			n++;
		assert_true(stats(&b).bytes <= 1 << 20);
		assert_true(n - acked > (1 << 20) / 800 * 80 / 100);
	}
	box_free(&b);
}

static void a_payload_larger_than_all_is_refused(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 1 << 20);
	assert_int_equal(spool_room(b.sp, SPOOL_PAYLOAD_MAX, true), SPOOL_ROOM_NONE);
	assert_int_equal(put_class(&b, 1, SPOOL_PAYLOAD_MAX, true), -1);
	assert_int_equal(put_class(&b, 1, 64 << 10, false), 0);
	box_free(&b);
}

static void files_stay_small_while_the_receiver_keeps_up(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0, most = 0;
	box_start(&b, 256 << 20);
	for (int i = 0; i < 20000; i++) { /* 200 a second; 20 are always on their way */
		put(&b, ++n, 500);
		b.now += 5;
		commit(&b);
		if (n > 20)
			ack(&b, n - 20);
		most = stats(&b).bytes > most ? stats(&b).bytes : most;
	}
	assert_true(most < 1200 << 10);
	box_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_leaves_the_audit_share),
		cmocka_unit_test(audit_frames_may_take_everything),
		cmocka_unit_test(the_shares_are_counted_by_what_waits),
		cmocka_unit_test(levels),
		cmocka_unit_test(room_comes_back_as_acknowledgements_come),
		cmocka_unit_test(a_payload_larger_than_all_is_refused),
		cmocka_unit_test(files_stay_small_while_the_receiver_keeps_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
