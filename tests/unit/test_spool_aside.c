// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

#include "spool/aside.h"
#include "spool/inspect.h"

#include <errno.h>

/* Frames that no receiver took; and looking in from another process. */

static int aside_now(struct box *b, uint64_t seq, const char *cause)
{
	struct spool_frame f;
	struct err e = { 0 };
	assert_int_equal(spool_read(b->sp, seq, &f), 1);
	assert_int_equal(f.seq, seq);
	return spool_set_aside(b->sp, &f, cause, 1700000000000000 + (int64_t)seq, &e);
}

struct seen {
	uint64_t waiting[64], aside[64];
	size_t n_waiting, n_aside;
	char cause[64];
	int64_t aside_us;
	int stop_after;
};

static int see(void *arg, const struct spool_item *it)
{
	struct seen *s = arg;
	assert_true(slice_is(it->frame.source, "test"));
	assert_int_equal(it->frame.cursor.len, 0);
	uint64_t n = number_of(it->frame.payload);
	assert_int_equal(it->frame.taken_us, n * 1000);
	if (it->aside) {
		s->aside[s->n_aside++] = n;
		s->aside_us = it->aside_us;
		snprintf(s->cause, sizeof(s->cause), "%.*s", (int)it->cause.len, it->cause.p);
	} else {
		s->waiting[s->n_waiting++] = n;
	}
	return s->stop_after && --s->stop_after == 0 ? 7 : 0;
}

static struct seen look(struct box *b)
{
	struct seen s = { 0 };
	struct err e;
	assert_int_equal(spool_walk(b->dir, see, &s, &e), 0);
	return s;
}

static int syncs(struct box *b)
{
	int fd, n = 0;
	uint64_t number;
	for (; spool_sync_next(b->sp, b->now, &fd, &number); n++)
		spool_synced(b->sp, number, 0, b->now);
	return n;
}

static void set_aside_and_put_back(void **state)
{
	(void)state;
	struct box b;
	struct err e = { 0 };
	uint64_t count;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 10, 200);
	ack(&b, 2);
	assert_int_equal(aside_now(&b, 3, "answered 500"), 0);
	ack(&b, 3);
	assert_int_equal(aside_now(&b, 4, "answered 500 again"), 0);
	ack(&b, 4);
	assert_int_equal(stats(&b).aside_frames, 2);
	b.now += 1000; /* the mark is written a few times a second */
	commit(&b);
	struct seen s = look(&b); /* beside the running one */
	assert_int_equal(s.n_waiting, 6);
	assert_int_equal(s.waiting[0], 5);
	assert_int_equal(s.n_aside, 2);
	assert_int_equal(s.aside[0], 3);
	assert_string_equal(s.cause, "answered 500 again");
	assert_int_equal(s.aside_us, 1700000000000004);

	box_reopen(&b);
	assert_int_equal(stats(&b).aside_frames, 2);
	assert_int_equal(spool_requeue(b.sp, 9, b.now, &count, &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(spool_requeue(b.sp, 4, b.now, &count, &e), 0);
	assert_int_equal(count, 1);
	assert_int_equal(stats(&b).aside_frames, 2); /* until it is durable */
	assert_int_equal(spool_requeue(b.sp, 0, b.now, &count, &e), -1);
	assert_int_equal(e.code, EBUSY);
	assert_true(syncs(&b) > 0);
	commit(&b);
	assert_int_equal(stats(&b).aside_frames, 1);
	assert_int_equal(spool_requeue(b.sp, 0, b.now, &count, &e), 0);
	assert_int_equal(count, 1);
	syncs(&b);
	commit(&b);
	assert_int_equal(stats(&b).aside_frames, 0);
	uint64_t from = 1;
	for (uint64_t n = 5; n <= 10; n++)
		assert_int_equal(get(&b, &from), n);
	assert_int_equal(get(&b, &from), 4);
	assert_int_equal(get(&b, &from), 3);
	box_reopen(&b);
	assert_int_equal(stats(&b).frames, 8);
	assert_int_equal(look(&b).n_aside, 0);
	assert_int_equal(spool_requeue(b.sp, 0, b.now, &count, &e), 0);
	assert_int_equal(count, 0);
	box_free(&b);
}

static void a_kill_while_putting_back_costs_duplicates_only(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	uint64_t count;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 3, 200);
	for (uint64_t n = 1; n <= 3; n++) {
		assert_int_equal(aside_now(&b, n, "x"), 0);
		ack(&b, n);
	}
	assert_int_equal(spool_requeue(b.sp, 0, b.now, &count, &e), 0);
	assert_int_equal(count, 3);
	box_reopen(&b); /* before it was durable */
	assert_int_equal(stats(&b).aside_frames, 3);
	assert_int_equal(stats(&b).frames, 3);
	assert_int_equal(spool_requeue(b.sp, 0, b.now, &count, &e), 0);
	ack(&b, spool_readable(b.sp)); /* delivered: as good as durable */
	commit(&b);
	assert_int_equal(stats(&b).aside_frames, 0);
	box_free(&b);
}

static void without_a_loop(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	uint64_t count;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 3, 200);
	assert_int_equal(aside_now(&b, 2, "x"), 0);
	ack(&b, 3);
	assert_int_equal(spool_requeue(b.sp, 0, b.now, &count, &e), 0);
	assert_int_equal(spool_sync_wait(b.sp, b.now, &e), 0);
	assert_int_equal(stats(&b).aside_frames, 0);
	expect(&b, 2, 2);
	box_free(&b);
}

static void the_file_is_bounded_and_starts_anew(void **state)
{
	(void)state;
	struct box b;
	struct err e = { 0 };
	uint64_t count, total = 0, n = 0;
	char path[256];
	box_start(&b, 64 << 20);
	put(&b, 1, 500000);
	commit(&b);
	while (aside_now(&b, 1, "too large") == 0)
		n++;
	assert_int_equal(n, 16);
	struct spool_frame f;
	assert_int_equal(spool_read(b.sp, 1, &f), 1);
	assert_int_equal(spool_set_aside(b.sp, &f, "x", 1, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(spool_requeue(b.sp, 0, b.now, &count, &e), 0);
		total += count;
		syncs(&b);
		commit(&b);
	}
	assert_int_equal(total, 16);
	box_path(&b, "aside", path, sizeof(path));
	assert_int_equal(file_size(path), 0);
	assert_int_equal(aside_now(&b, 1, "again"), 0);
	assert_int_equal(stats(&b).aside_frames, 1);
	box_free(&b);
}

static void damage_costs_what_it_hits(void **state)
{
	(void)state;
	struct box b;
	char path[256];
	box_start(&b, 1 << 20);
	put_many(&b, 1, 5, 200);
	for (uint64_t n = 1; n <= 5; n++)
		assert_int_equal(aside_now(&b, n, "x"), 0);
	spool_close(b.sp);
	box_path(&b, "aside", path, sizeof(path));
	uint64_t size = file_size(path);
	poke(path, size / 2, "\0", 1);
	assert_int_equal(truncate(path, (off_t)size - 1), 0);
	box_open(&b);
	assert_int_equal(stats(&b).aside_frames, 3);
	struct seen s = look(&b);
	assert_int_equal(s.n_aside, 3);
	assert_int_equal(aside_now(&b, 5, "x"), 0);
	assert_int_equal(look(&b).n_aside, 4);
	/* Its head: the file is put away, and another is begun. */
	spool_close(b.sp);
	poke(path, 9, "!", 1);
	box_open(&b);
	assert_int_equal(stats(&b).aside_frames, 0);
	assert_int_equal(stats(&b).foreign_files, 1);
	assert_int_equal(aside_now(&b, 5, "x"), 0);
	assert_int_equal(look(&b).n_aside, 1);
	box_free(&b);
}

static void a_full_disk_leaves_the_file_as_it_was(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 5, 2000);
	limit_files(10);
	assert_int_equal(aside_now(&b, 1, "x"), -1);
	limit_files(0);
	assert_int_equal(aside_now(&b, 1, "x"), 0);
	limit_files(3000);
	assert_int_equal(aside_now(&b, 2, "x"), -1);
	limit_files(0);
	assert_int_equal(stats(&b).aside_frames, 1);
	assert_int_equal(aside_now(&b, 3, "x"), 0);
	struct seen s = look(&b);
	assert_int_equal(s.n_aside, 2);
	assert_int_equal(s.aside[1], 3);
	box_free(&b);
}

static void a_walk_can_be_ended(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	struct seen s = { .stop_after = 3 };
	box_start(&b, 1 << 20);
	put_many(&b, 1, 10, 200);
	assert_int_equal(spool_walk(b.dir, see, &s, &e), 7);
	assert_int_equal(s.n_waiting, 3);
	assert_int_equal(spool_walk("/nonexistent/spool", see, &s, &e), -1);
	assert_int_equal(e.code, ENOENT);
	box_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_aside_and_put_back),
		cmocka_unit_test(a_kill_while_putting_back_costs_duplicates_only),
		cmocka_unit_test(without_a_loop),
		cmocka_unit_test(the_file_is_bounded_and_starts_anew),
		cmocka_unit_test(damage_costs_what_it_hits),
		cmocka_unit_test(a_full_disk_leaves_the_file_as_it_was),
		cmocka_unit_test(a_walk_can_be_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
