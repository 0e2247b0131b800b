// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>

/* A disk that fails: delivery goes on from memory, and nothing is said to be safe that is not. */

static void a_failed_write_keeps_the_batch(void **state)
{
	(void)state;
	for (uint64_t limit = 3000; limit < 9000; limit += 97) { /* cuts the batch everywhere */
		struct box b;
		box_start(&b, 16 << 20);
		put_many(&b, 1, 5, 400);
		uint64_t safe = spool_safe(b.sp), size;
		char seg[4][SEG_PATH];
		assert_int_equal(segments(&b, seg, 4), 1);
		size = file_size(seg[0]);
		limit_files(limit);
		for (uint64_t n = 6; n <= 30; n++)
			put(&b, n, 400);
		commit(&b);
		assert_true(stats(&b).in_memory);
		assert_non_null(strstr(spool_trouble(b.sp), b.dir));
		assert_int_equal(spool_safe(b.sp), safe);
		assert_int_equal(file_size(seg[0]), size);
		assert_int_equal(spool_readable(b.sp), 30);
		expect(&b, 1, 30);

		/* A kill now: what was committed is there, and what came after may be, in order. */
		struct box c = b;
		memcpy(c.dir + strlen(c.dir), "-copy", 6);
		c.conf.dir = c.dir;
		limit_files(0);
		mkdir(c.dir, 0700);
		copy_dir(b.dir, c.dir);
		box_open(&c);
		uint64_t from = 1, got = 0, n;
		while ((n = get(&c, &from)) != 0)
			assert_int_equal(n, ++got);
		assert_true(got >= 5 && got <= 30);
		assert_int_equal(stats(&c).gap_frames, 0);
		box_free(&c);

		/* Well again: within a second all is in a file. */
		put(&b, 31, 400);
		b.now += 900;
		commit(&b);
		assert_true(stats(&b).in_memory);
		b.now += 200;
		commit(&b);
		assert_false(stats(&b).in_memory);
		assert_string_equal(spool_trouble(b.sp), "");
		assert_int_equal(spool_safe(b.sp), 31);
		expect(&b, 1, 31);
		box_reopen(&b);
		expect(&b, 1, 31);
		assert_int_equal(stats(&b).gap_frames, 0);
		box_free(&b);
	}
}

/* Where even cutting it off failed: the frames stand in both files, and come once. */
static void what_a_failed_write_left_is_superseded(void **state)
{
	(void)state;
	struct box b;
	char seg[4][SEG_PATH], bytes[8192];
	box_start(&b, 1 << 20);
	put_many(&b, 1, 5, 200);
	limit_files(1500);
	for (uint64_t n = 6; n <= 10; n++)
		put(&b, n, 200);
	commit(&b);
	limit_files(0);
	b.now += 1000;
	commit(&b);
	put_many(&b, 11, 20, 200);
	spool_close(b.sp);
	assert_int_equal(segments(&b, seg, 4), 2);
	int fd = open(seg[1], O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));
	close(fd);
	char *first = memmem(bytes, (size_t)n, "\xd7RF1", 4);
	assert_non_null(first);
	poke(seg[0], file_size(seg[0]), first, 900); /* three whole frames, one cut short */
	box_open(&b);
	assert_int_equal(stats(&b).frames, 20);
	assert_int_equal(stats(&b).gap_frames, 0);
	expect(&b, 1, 20);
	ack(&b, spool_readable(b.sp));
	assert_int_equal(stats(&b).frames, 0);
	box_free(&b);
}

static void delivery_goes_on_from_memory(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0, got = 0, from = 1;
	box_start(&b, 64 << 20);
	limit_files(300);
	for (int round = 0; round < 50; round++) {
		while (put(&b, n + 1, 1000) == 0) {
			n++;
			put_cursor(&b, "file", "x", 0);
		}
		b.now += 50;
		commit(&b);
		assert_true(stats(&b).in_memory);
		assert_int_equal(spool_room(b.sp, 1000, true), SPOOL_ROOM_NONE);
		while (from <= spool_readable(b.sp)) {
			uint64_t k = get(&b, &from);
			if (!k)
				break;
			assert_int_equal(k, ++got);
			assert_true(spool_safe(b.sp) < from - 1);
			if (k % 10 == 0)
				ack(&b, from - 1);
		}
		assert_int_equal(got, n);
		ack(&b, from - 1);
		assert_true(spool_safe(b.sp) >= from - 1);
	}
	assert_true(n > 40000 && n < 60000);
	limit_files(0);
	b.now += 2000;
	put(&b, ++n, 1000);
	commit(&b);
	assert_false(stats(&b).in_memory);
	box_reopen(&b);
	assert_true(cursor_is(&b, "file", "x"));
	expect(&b, n, n);
	box_free(&b);
}

static void memory_comes_back_as_acknowledgements_come(void **state)
{
	(void)state;
	struct box b;
	uint64_t n = 0;
	box_new(&b, 1 << 20);
	b.conf.memory_max = 50000; /* less than a chunk */
	box_open(&b);
	limit_files(300);
	while (put(&b, n + 1, 400) == 0) {
		n++;
		commit(&b);
	}
	assert_in_range(n, 80, 125);
	for (uint64_t i = 1; i <= 1000; i++) {
		ack(&b, i);
		assert_int_equal(put(&b, ++n, 400), 0);
		commit(&b);
	}
	expect(&b, 1001, n);
	limit_files(0);
	box_free(&b);
}

static void a_cursor_becomes_safe_by_acknowledgement(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 1 << 20);
	limit_files(200);
	put_cursor(&b, "file", "one", 1);
	put_cursor(&b, "file", "two", 2);
	put_cursor(&b, "other", "three", 3);
	commit(&b);
	assert_true(cursor_is(&b, "file", NULL));
	ack(&b, 1);
	assert_true(cursor_is(&b, "file", "one"));
	assert_true(cursor_is(&b, "other", NULL));
	ack(&b, 3);
	assert_true(cursor_is(&b, "file", "two"));
	assert_true(cursor_is(&b, "other", "three"));
	limit_files(0);
	b.now += 1000;
	commit(&b);
	box_reopen(&b);
	assert_true(cursor_is(&b, "file", "two"));
	assert_int_equal(stats(&b).frames, 0);
	box_free(&b);
}

static void acknowledged_in_memory_is_not_written_later(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 10, 100);
	limit_files(200);
	for (uint64_t n = 11; n <= 20; n++)
		put(&b, n, 100);
	commit(&b);
	ack(&b, 15);
	limit_files(0);
	b.now += 1000;
	commit(&b);
	assert_int_equal(spool_safe(b.sp), 20);
	expect(&b, 16, 20);
	box_reopen(&b);
	expect(&b, 16, 20);
	assert_int_equal(stats(&b).gap_frames, 0);
	box_free(&b);
}

static void a_full_disk_leaves_no_heap_of_files(void **state)
{
	(void)state;
	struct box b;
	char seg[64][SEG_PATH];
	uint64_t n = 0;
	box_start(&b, 1 << 20);
	limit_files(200); /* a head fits, a frame does not */
	for (int i = 0; i < 40; i++) {
		put(&b, ++n, 300);
		b.now += 1000;
		commit(&b);
		if (n > 2)
			ack(&b, n - 2);
	}
	limit_files(0);
	assert_true(segments(&b, seg, 64) <= 2);
	box_free(&b);
}

/* --- at start --- */

static void a_file_in_the_way(void **state)
{
	(void)state;
	struct box b;
	box_new(&b, 1 << 20);
	rmdir(b.dir);
	close(open(b.dir, O_WRONLY | O_CREAT, 0600));
	box_open(&b);
	assert_true(stats(&b).in_memory);
	assert_non_null(strstr(spool_trouble(b.sp), "Not a directory"));
	put_many(&b, 1, 50, 100);
	expect(&b, 1, 50);
	ack(&b, 30);
	unlink(b.dir);
	b.now += 1000;
	commit(&b);
	assert_string_equal(spool_trouble(b.sp), "");
	assert_int_equal(spool_safe(b.sp), 50);
	box_reopen(&b);
	expect(&b, 31, 50);
	box_free(&b);
}

static void a_link_is_not_followed(void **state)
{
	(void)state;
	struct box b;
	char to[128];
	box_new(&b, 1 << 20);
	snprintf(to, sizeof(to), "%s-target", b.dir);
	rmdir(b.dir);
	assert_int_equal(mkdir(to, 0700), 0);
	assert_int_equal(symlink(to, b.dir), 0);
	box_open(&b);
	assert_true(stats(&b).in_memory);
	put_many(&b, 1, 5, 100);
	assert_int_equal(rmdir(to), 0); /* nothing was made in it */
	unlink(b.dir);
	box_free(&b);
}

static void run_syncs(struct box *b)
{
	int fd;
	uint64_t number;
	while (spool_sync_next(b->sp, b->now, &fd, &number))
		spool_synced(b->sp, number, 0, b->now);
}

/* An old log that could not be read at the start: its records go out too, its cursors count. */
static void an_old_log_that_comes_late(void **state)
{
	(void)state;
	struct box b;
	char away[128];
	uint64_t from, n, seen[2] = { 0, 0 };
	box_start(&b, 4 << 20);
	put_cursor(&b, "file", "old", 1);
	put_cursor(&b, "other", "old", 2);
	put_many(&b, 3, 3000, 300);
	ack(&b, 1000);
	spool_close(b.sp);
	snprintf(away, sizeof(away), "%s-away", b.dir);
	assert_int_equal(rename(b.dir, away), 0);
	close(open(b.dir, O_WRONLY | O_CREAT, 0600));

	box_open(&b);
	put_cursor(&b, "file", "new", 5001);
	put_many(&b, 5002, 5100, 300);
	ack(&b, 50);
	unlink(b.dir);
	assert_int_equal(rename(away, b.dir), 0);
	from = spool_acknowledged(b.sp) + 1;
	for (int i = 0; i < 100; i++) {
		b.now += 100;
		commit(&b);
		run_syncs(&b);
		if (i == 14) { /* and killed in the middle of it */
			box_reopen(&b);
			from = spool_acknowledged(b.sp) + 1;
			seen[0] = seen[1] = 0;
		}
		while ((n = get(&b, &from)) != 0)
			seen[n > 5000] = n > seen[n > 5000] ? n : seen[n > 5000];
	}
	assert_string_equal(spool_trouble(b.sp), "");
	assert_int_equal(seen[0], 3000);
	assert_int_equal(seen[1], 5100);
	assert_true(stats(&b).frames >= 2000 + 50);
	assert_true(cursor_is(&b, "file", "new"));
	assert_true(cursor_is(&b, "other", "old"));
	DIR *d = opendir(b.dir);
	for (struct dirent *ent; (ent = readdir(d)) != NULL;)
		assert_null(strstr(ent->d_name, ".late"));
	closedir(d);
	box_free(&b);
}

static void the_directory_goes_away(void **state)
{
	(void)state;
	struct box b;
	uint64_t from = 1;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 20, 100);
	rm_dir(b.dir);
	for (uint64_t n = 21; n <= 40; n++)
		put(&b, n, 70000 / 10);
	commit(&b);
	for (uint64_t n = 1; n <= 40; n++)
		assert_int_equal(get(&b, &from), n);
	b.now += 10000;
	for (uint64_t n = 41; n <= 60; n++)
		put(&b, n, 7000);
	commit(&b); /* the next segment cannot be made */
	b.now += 1000;
	commit(&b);
	put(&b, 61, 100);
	b.now += 1000;
	commit(&b);
	assert_string_equal(spool_trouble(b.sp), "");
	from = 41;
	for (uint64_t n = 41; n <= 61; n++)
		assert_int_equal(get(&b, &from), n);
	box_free(&b);
}

/* A segment that can't be opened: ENXIO by a socket in its place, as a sick disk gives EIO. */
static void a_segment_that_can_not_be_opened_is_waited_for_a_minute(void **state)
{
	(void)state;
	struct box b;
	struct spool_frame f;
	char seg[4][SEG_PATH], away[SEG_PATH + 8];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	box_start(&b, 16 << 20);
	put_many(&b, 1, 20, 100);
	size_t n = segments(&b, seg, 4);
	assert_true(n >= 1);
	box_reopen(&b);
	snprintf(away, sizeof(away), "%s~", seg[0]);
	assert_int_equal(rename(seg[0], away), 0);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(strlen(seg[0]) < sizeof(sun.sun_path));
	memcpy(sun.sun_path, seg[0], strlen(seg[0]));
	assert_int_equal(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);
	for (int i = 0; i < 59; i++, b.now += 1000) {
		commit(&b);
		assert_int_equal(spool_read(b.sp, 1, &f), -1);
	}
	/* well again in time: nothing is lost */
	assert_int_equal(unlink(seg[0]), 0);
	assert_int_equal(rename(away, seg[0]), 0);
	expect(&b, 1, 20);
	close(s);
	box_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_write_keeps_the_batch),
		cmocka_unit_test(what_a_failed_write_left_is_superseded),
		cmocka_unit_test(delivery_goes_on_from_memory),
		cmocka_unit_test(memory_comes_back_as_acknowledgements_come),
		cmocka_unit_test(a_cursor_becomes_safe_by_acknowledgement),
		cmocka_unit_test(acknowledged_in_memory_is_not_written_later),
		cmocka_unit_test(a_full_disk_leaves_no_heap_of_files),
		cmocka_unit_test(a_file_in_the_way),
		cmocka_unit_test(a_link_is_not_followed),
		cmocka_unit_test(an_old_log_that_comes_late),
		cmocka_unit_test(the_directory_goes_away),
		cmocka_unit_test(a_segment_that_can_not_be_opened_is_waited_for_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
