// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

#include <errno.h>

/* What is made durable, and when; and a disk that fails at that. */

static bool next(struct box *b, int *fd, uint64_t *number)
{
	return spool_sync_next(b->sp, b->now, fd, number);
}

/* Answers jobs with error; returns how many there were. */
static int run(struct box *b, int error)
{
	int fd, n = 0;
	uint64_t number;
	while (n < 100 && next(b, &fd, &number)) {
		assert_true(fcntl(fd, F_GETFD) >= 0);
		spool_synced(b->sp, number, error, b->now);
		n++;
	}
	return n;
}

static void only_what_lingers_is_synced(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0;
	box_start(&b, 16 << 20);
	for (int i = 0; i < 5000; i++) { /* a healthy receiver: never a sync */
		put(&b, ++n, 300);
		b.now += 5;
		commit(&b);
		assert_int_equal(run(&b, 0), 0);
		if (n > 10)
			ack(&b, n - 10);
	}
	assert_int_equal(spool_durable(b.sp), n - 10);
	b.now += 900;
	assert_int_equal(run(&b, 0), 0);
	b.now += 300;
	assert_true(run(&b, 0) > 0);
	assert_int_equal(spool_durable(b.sp), n);
	b.now += 5000;
	assert_int_equal(run(&b, 0), 0);
	box_free(&b);
}

static void an_outage_is_synced_once_a_second(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0;
	int jobs = 0;
	box_start(&b, 64 << 20);
	for (int i = 0; i < 1000; i++) {
		put(&b, ++n, 300);
		b.now += 10;
		commit(&b);
		jobs += run(&b, 0);
		if (b.now > 3000)
			assert_true(spool_durable(b.sp) + 125 > n);
	}
	assert_true(jobs >= 9 && jobs <= 110);
	box_free(&b);
}

static void all_at_once_when_asked(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 16 << 20);
	put_many(&b, 1, 100, 300);
	assert_int_equal(run(&b, 0), 0);
	spool_sync_all(b.sp);
	put_many(&b, 101, 110, 300);
	assert_true(run(&b, 0) > 0);
	assert_true(spool_durable(b.sp) >= 100);
	box_free(&b);
}

static void many_segments_and_their_names(void **state)
{
	(void)state;
	struct box b;
	int fd;
	uint64_t number;
	box_start(&b, 16 << 20);
	put_many(&b, 1, 12000, 500);
	assert_true(stats(&b).segments > 4);
	b.now += 2000;
	uint64_t before = 0;
	while (next(&b, &fd, &number)) {
		assert_false(next(&b, &fd, &number)); /* one at a time */
		spool_synced(b.sp, number, 0, b.now);
		assert_true(spool_durable(b.sp) >= before);
		before = spool_durable(b.sp);
	}
	assert_int_equal(spool_durable(b.sp), 12000);
	/* A new start knows nothing of it. */
	box_reopen(&b);
	assert_int_equal(spool_durable(b.sp), 0);
	b.now += 2000;
	assert_true(run(&b, 0) > 4);
	assert_int_equal(spool_durable(b.sp), 12000);
	box_free(&b);
}

static void acknowledged_under_way(void **state)
{
	(void)state;
	struct box b;
	int fd;
	uint64_t number;
	for (int error = 0; error <= EIO; error += EIO) {
		box_start(&b, 16 << 20);
		put_many(&b, 1, 4000, 500);
		b.now += 2000;
		assert_true(next(&b, &fd, &number));
		ack(&b, 4000); /* the file is gone */
		spool_synced(b.sp, number, error, b.now);
		assert_int_equal(run(&b, 0), 0);
		assert_int_equal(spool_durable(b.sp), 4000);
		put_many(&b, 4001, 4010, 500);
		expect(&b, 4001, 4010);
		assert_false(stats(&b).in_memory);
		box_free(&b);
	}
}

static ino_t inode(int fd)
{
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* A second fdatasync of the same file would say that all is well. */
static void a_failed_sync_is_never_tried_again_on_the_same_file(void **state)
{
	(void)state;
	struct box b;
	int fd, hold[8], holds = 0;
	uint64_t number;
	ino_t bad[8] = { 0 };
	box_start(&b, 16 << 20);
	put_many(&b, 1, 3000, 500);
	ack(&b, 100);
	for (int i = 0; i < 8; i++) {
		b.now += 1100;
		assert_true(next(&b, &fd, &number));
		bad[i] = inode(fd);
		hold[holds++] = dup(fd); /* else its number is free for the next file */
		for (int k = 0; k < i; k++)
			assert_true(bad[k] != bad[i]);
		spool_synced(b.sp, number, EIO, b.now);
		assert_true(spool_durable(b.sp) < 3000);
		expect(&b, 101, 3000 + (uint64_t)i);
		put(&b, 3001 + (uint64_t)i, 500);
		commit(&b);
		expect(&b, 101, 3001 + (uint64_t)i);
	}
	b.now += 1100;
	assert_true(run(&b, 0) > 0);
	assert_int_equal(spool_durable(b.sp), 3008);
	box_reopen(&b);
	expect(&b, 101, 3008);
	assert_int_equal(stats(&b).gap_frames, 0);
	while (holds > 0)
		close(hold[--holds]);
	box_free(&b);
}

/* The one that failed is in the middle; and the new file cannot be written at first. */
static void a_failed_sync_on_a_full_disk(void **state)
{
	(void)state;
	struct box b;
	int fd;
	uint64_t number;
	box_start(&b, 16 << 20);
	put_many(&b, 1, 5000, 500);
	b.now += 1100;
	assert_true(next(&b, &fd, &number));
	limit_files(100000);
	spool_synced(b.sp, number, EIO, b.now);
	assert_true(stats(&b).in_memory);
	put(&b, 5001, 500);
	commit(&b);
	expect(&b, 1, 5001);
	assert_int_equal(spool_safe(b.sp), 5000);
	ack(&b, 700);
	limit_files(0);
	b.now += 1100;
	commit(&b);
	assert_false(stats(&b).in_memory);
	expect(&b, 701, 5001);
	run(&b, 0);
	b.now += 1100;
	run(&b, 0);
	assert_int_equal(spool_durable(b.sp), 5001);
	box_reopen(&b);
	expect(&b, 701, 5001);
	ack(&b, spool_readable(b.sp));
	assert_int_equal(stats(&b).frames, 0);
	box_free(&b);
}

/* What can no longer be read of the old file is lost, counted, and passed by. */
static void a_failed_sync_of_a_file_with_damage(void **state)
{
	(void)state;
	struct box b;
	char seg[32][SEG_PATH];
	int fd;
	uint64_t number, from = 1, last = 0, n;
	box_start(&b, 16 << 20);
	put_many(&b, 1, 6000, 500);
	assert_true(segments(&b, seg, 32) >= 3);
	poke(seg[0], file_size(seg[0]) - 3, "!", 1); /* its last frame */
	b.now += 1100;
	assert_true(next(&b, &fd, &number));
	spool_synced(b.sp, number, EIO, b.now);
	assert_false(stats(&b).in_memory);
	assert_int_equal(stats(&b).gap_frames, 1);
	assert_int_equal(stats(&b).frames, 5999);
	for (unsigned missed = 0; (n = get(&b, &from)) != 0; last = n) {
		missed += n != last + 1;
		assert_true(missed <= 1);
	}
	assert_int_equal(last, 6000);
	b.now += 1100;
	run(&b, 0);
	assert_int_equal(spool_durable(b.sp), 6000);
	ack(&b, 6000);
	assert_int_equal(stats(&b).frames, 0);
	assert_int_equal(stats(&b).gap_frames, 1);
	box_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_lingers_is_synced),
		cmocka_unit_test(an_outage_is_synced_once_a_second),
		cmocka_unit_test(all_at_once_when_asked),
		cmocka_unit_test(many_segments_and_their_names),
		cmocka_unit_test(acknowledged_under_way),
		cmocka_unit_test(a_failed_sync_is_never_tried_again_on_the_same_file),
		cmocka_unit_test(a_failed_sync_on_a_full_disk),
		cmocka_unit_test(a_failed_sync_of_a_file_with_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
