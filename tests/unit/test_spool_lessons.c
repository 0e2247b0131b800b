// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

/*
 * The lessons that were paid for once (docs/SPOOL.md has the list), each a test
 * by its number.
 */

/* A crash after the old segments went and before a frame came: the cursors were gone. */
static void lesson_1_a_segment_appears_whole_with_all_cursors(void **state)
{
	(void)state;
	struct box b;
	char seg[64][SEG_PATH], path[128];
	box_start(&b, 1 << 20);
	put_cursor(&b, "file", "inode 7 at 4096", 1);
	put_cursor(&b, "journal", "i=99", 0);
	put_many(&b, 2, 400, 500);
	put(&b, 400, 70000); /* large enough to start a new segment: nothing is in it yet */
	commit(&b);
	ack(&b, spool_readable(b.sp));
	size_t n = segments(&b, seg, 64);
	assert_int_equal(n, 1);
	box_path(&b, "mark", path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	box_path(&b, "new.tmp", path, sizeof(path)); /* a kill before the rename left this */
	close(open(path, O_WRONLY | O_CREAT, 0600));
	box_reopen(&b);
	assert_true(cursor_is(&b, "file", "inode 7 at 4096"));
	assert_true(cursor_is(&b, "journal", "i=99"));
	assert_int_equal(stats(&b).foreign_files, 0);
	put_many(&b, 401, 402, 500);
	expect(&b, 401, 402);
	box_free(&b);
}

/* A checkpoint held the cursor of a record that was never written. */
static void lesson_2_a_cursor_becomes_known_at_commit(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 1 << 20);
	put_cursor(&b, "file", "one", 1);
	assert_true(cursor_is(&b, "file", NULL));
	commit(&b);
	assert_true(cursor_is(&b, "file", "one"));
	put_cursor(&b, "file", "two", 2);
	assert_true(cursor_is(&b, "file", "one"));
	box_reopen(&b);
	assert_true(cursor_is(&b, "file", "one"));
	expect(&b, 1, 1);

	/* The batch fails after a new segment was made for it: its head has no cursor of the batch. */
	put_many(&b, 2, 200, 500);
	b.now += 60000;
	limit_files(4096);
	ack(&b, spool_readable(b.sp));
	for (int i = 0; i < 20; i++)
		put(&b, 300, 500);
	put_cursor(&b, "file", "three", 3);
	commit(&b);
	limit_files(0);
	assert_true(stats(&b).in_memory);
	assert_true(cursor_is(&b, "file", "one"));
	box_reopen(&b);
	assert_true(cursor_is(&b, "file", "one"));
	box_free(&b);
}

/* All was acknowledged, and yet there was no room, for ever. */
static void lesson_4_a_large_last_segment_that_is_acknowledged_is_freed(void **state)
{
	(void)state;
	for (uint64_t segment = 0; segment <= 1 << 20; segment += 1 << 18) {
		struct box b;
		uint64_t n = 0;
		box_new(&b, 1 << 20);
		b.conf.segment_bytes = segment;
		b.conf.audit_percent = 0;
		box_open(&b);
		for (int round = 0; round < 5; round++) {
			while (put(&b, ++n, 1000) == 0)
				commit(&b);
			assert_true(stats(&b).bytes > 900000);
			assert_true(stats(&b).bytes <= 1 << 20);
			assert_int_equal(spool_room(b.sp, 1000, false), SPOOL_ROOM_NONE);
			ack(&b, spool_readable(b.sp));
			assert_int_equal(spool_room(b.sp, 1000, false), SPOOL_ROOM);
			assert_int_not_equal(spool_room(b.sp, 900000, false), SPOOL_ROOM_NONE);
			assert_int_equal(put(&b, n, 900000), 0);
			commit(&b);
			assert_true(stats(&b).bytes < 1 << 20);
			assert_false(stats(&b).in_memory);
			ack(&b, spool_readable(b.sp));
		}
		/* Also where there is too little in it to begin another at once. */
		put(&b, 1, 30000);
		commit(&b);
		ack(&b, spool_readable(b.sp));
		assert_int_equal(put(&b, 2, (1 << 20) / 64 * 63 - 100), 0);
		commit(&b);
		assert_true(stats(&b).bytes <= 1 << 20);
		box_free(&b);
	}
}

/* A source was known by its place in a list, and an edit gave its cursor to another. */
static void lesson_7_a_cursor_belongs_to_a_name(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 1 << 20);
	put_cursor(&b, "a", "of a", 1);
	put_cursor(&b, "b", "of b", 2);
	put_cursor(&b, "ab", "of ab", 3);
	commit(&b);
	box_reopen(&b);
	put_cursor(&b, "b", "of b again", 4);
	put_cursor(&b, "new", "of new", 5);
	commit(&b);
	box_reopen(&b);
	assert_true(cursor_is(&b, "a", "of a"));
	assert_true(cursor_is(&b, "b", "of b again"));
	assert_true(cursor_is(&b, "ab", "of ab"));
	assert_true(cursor_is(&b, "new", "of new"));
	assert_true(cursor_is(&b, "", NULL));
	box_free(&b);
}

/* After a power cut the mark was newer than the log, and new records counted as acknowledged. */
static void lesson_8_numbers_go_on_above_log_and_mark(void **state)
{
	(void)state;
	struct box b;
	char seg[64][SEG_PATH], path[128];
	box_start(&b, 1 << 20);
	put_many(&b, 1, 100, 100);
	ack(&b, 100);
	spool_close(b.sp);
	for (size_t n = segments(&b, seg, 64); n-- > 0;)
		assert_int_equal(unlink(seg[n]), 0);
	box_open(&b);
	assert_true(spool_appended(b.sp) >= 100);
	put_many(&b, 101, 110, 100);
	assert_true(spool_readable(b.sp) > 100);
	expect(&b, 101, 110);
	box_reopen(&b);
	expect(&b, 101, 110);

	/* The other way round: without the mark there are duplicates, and no more than that. */
	ack(&b, spool_acknowledged(b.sp) + 5);
	spool_close(b.sp);
	box_path(&b, "mark", path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	box_open(&b);
	uint64_t from = spool_acknowledged(b.sp) + 1, n, last = 0;
	while ((n = get(&b, &from)) != 0)
		last = n;
	assert_int_equal(last, 110);
	box_free(&b);
}

/* Without the mark, the heads tell how far it was at least. */
static void lesson_8_the_heads_know_what_was_acknowledged(void **state)
{
	(void)state;
	struct box b;
	char path[128];
	box_start(&b, 1 << 20);
	put_many(&b, 1, 100, 100);
	ack(&b, 50);
	box_reopen(&b);
	spool_close(b.sp);
	box_path(&b, "mark", path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	box_open(&b);
	expect(&b, 51, 100);
	box_free(&b);
}

static size_t find_payload(const char *path, const char *text)
{
	static char all[1 << 20];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, all, sizeof(all));
	close(fd);
	char *p = n > 0 ? memmem(all, (size_t)n, text, strlen(text)) : NULL;
	assert_non_null(p);
	return (size_t)(p - all);
}

static void lesson_9_a_damaged_frame_costs_that_frame(void **state)
{
	(void)state;
	struct box b;
	char seg[64][SEG_PATH];
	const char zeros[100] = { 0 };
	for (int kind = 0; kind < 3; kind++) {
		uint64_t from = 1, at = 0;
		box_start(&b, 1 << 20);
		put_many(&b, 1, 100, 300);
		spool_close(b.sp);
		assert_true(segments(&b, seg, 64) >= 1);
		size_t off = find_payload(seg[0], "record 50 ");
		if (kind == 0)
			poke(seg[0], off + 20, "!", 1); /* in the payload */
		else if (kind == 1)
			poke(seg[0], off - 20, "!", 1); /* in the head */
		else
			poke(seg[0], off - 40, zeros, sizeof(zeros));
		box_open(&b);
		assert_int_equal(stats(&b).frames, 99);
		assert_int_equal(stats(&b).gap_frames, 1);
		assert_true(stats(&b).gap_bytes >= 300);
		box_reopen(&b);
		assert_int_equal(stats(&b).gap_frames, 0); /* counted once */
		assert_int_equal(stats(&b).gap_bytes, 0);
		assert_int_equal(stats(&b).frames, 99);
		for (uint64_t n = 1; n <= 100; n++)
			if (n != 50) {
				assert_int_equal(get(&b, &from), n);
				at = from - 1;
			}
		ack(&b, at);
		assert_int_equal(stats(&b).frames, 0);
		box_reopen(&b);
		assert_int_equal(stats(&b).gap_frames, 0);
		box_free(&b);
	}
}

/* What a payload holds is never taken for a frame, also where a scan passes over it. */
static void lesson_9_a_payload_cannot_pose_as_a_frame(void **state)
{
	(void)state;
	struct box b;
	char seg[64][SEG_PATH], all[8192];
	uint64_t from = 1;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 3, 300);
	spool_close(b.sp);
	segments(&b, seg, 64);
	int fd = open(seg[0], O_RDONLY);
	ssize_t n = read(fd, all, sizeof(all));
	close(fd);
	rm_dir(b.dir);

	/* A log of another salt, whose payload is a whole segment of frames. */
	box_start(&b, 1 << 20);
	struct spool_frame f = { .source = slice_str("test"), .payload = slice_of(all, (size_t)n) };
	put_many(&b, 11, 11, 300);
	assert_int_equal(spool_append(b.sp, &f), 0);
	put_many(&b, 12, 12, 300);
	spool_close(b.sp);
	segments(&b, seg, 64);
	fd = open(seg[0], O_RDWR);
	ssize_t m = pread(fd, all, sizeof(all), 0);
	char *head = memmem(all, (size_t)m, "record 11 ", 10); /* the next head is the wrapping one's */
	assert_non_null(head);
	head = memmem(head, (size_t)(all + m - head), "\xd7RF1", 4);
	assert_non_null(head);
	assert_int_equal(pwrite(fd, "!", 1, head - all + 9), 1); /* its head: so the scan goes through it */
	close(fd);
	box_open(&b);
	assert_int_equal(stats(&b).gap_frames, 1);
	assert_int_equal(get(&b, &from), 11);
	assert_int_equal(get(&b, &from), 12);
	assert_int_equal(get(&b, &from), 0);
	box_free(&b);
}

static size_t count_files(const struct box *b, const char *part)
{
	size_t n = 0;
	DIR *d = opendir(b->dir);
	struct dirent *ent;
	while ((ent = readdir(d)) != NULL)
		n += strstr(ent->d_name, part) != NULL;
	closedir(d);
	return n;
}

static size_t count_foreign(const struct box *b)
{
	return count_files(b, ".foreign");
}

static size_t count_late(const struct box *b)
{
	return count_files(b, ".late");
}

static void lesson_10_another_version_is_set_aside(void **state)
{
	(void)state;
	struct box b;
	char seg[64][SEG_PATH];
	box_start(&b, 1 << 20);
	put_many(&b, 1, 100, 300);
	spool_close(b.sp);
	assert_int_equal(segments(&b, seg, 64), 1);
	/* What a version 2 would write: another number in the head, another magic in the frames. */
	static char all[1 << 20];
	int fd = open(seg[0], O_RDWR);
	ssize_t n = read(fd, all, sizeof(all));
	all[8] = 2;
	for (char *p = all; (p = memmem(p, (size_t)(all + n - p), "\xd7RF1", 4)) != NULL;)
		p[3] = '2';
	assert_int_equal(pwrite(fd, all, (size_t)n, 0), n);
	close(fd);

	for (int i = 0; i < 2; i++) {
		box_open(&b);
		assert_string_equal(spool_trouble(b.sp), "");
		assert_int_equal(stats(&b).foreign_files, 1);
		assert_int_equal(stats(&b).frames, 0);
		assert_true(stats(&b).bytes < 4096); /* it counts against nothing */
		assert_true(spool_appended(b.sp) >= 100); /* numbers go on above */
		put_many(&b, 101, 110, 300);
		expect(&b, 101, 110);
		ack(&b, spool_readable(b.sp));
		spool_close(b.sp);
		assert_int_equal(count_foreign(&b), 1);
	}
	b.sp = NULL;
	box_free(&b);
}

/* Version 1, then 2 (which sets aside what is of 1), then 1 again: its records go out. */
static void lesson_10_what_another_version_set_aside_is_taken_back(void **state)
{
	(void)state;
	struct box b;
	char seg[64][SEG_PATH], to[SEG_PATH + 16];
	uint64_t from = 1, n, seen = 0;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 100, 300);
	spool_close(b.sp);
	assert_int_equal(segments(&b, seg, 64), 1);
	snprintf(to, sizeof(to), "%s.foreign", seg[0]);
	assert_int_equal(rename(seg[0], to), 0);
	box_open(&b);
	for (int turn = 0; turn < 50; turn++) {
		int fd;
		uint64_t number;
		b.now += 10;
		commit(&b);
		if (turn < 20) { /* until they are durable, the file stays */
			assert_int_equal(count_late(&b), 1);
			continue;
		}
		while (spool_sync_next(b.sp, b.now, &fd, &number))
			spool_synced(b.sp, number, 0, b.now);
	}
	while ((n = get(&b, &from)) != 0)
		assert_int_equal(n, ++seen);
	assert_int_equal(seen, 100);
	assert_int_equal(count_foreign(&b), 0);
	assert_int_equal(count_late(&b), 0);
	assert_int_equal(stats(&b).foreign_files, 0);
	box_free(&b);
}

static void what_a_kill_left_of_a_file_being_replaced_is_removed(void **state)
{
	(void)state;
	struct box b;
	static const char *const names[] = { ".relpbox-tmp-0123456789abcdef", ".relpbox-tmp-mine" };
	box_start(&b, 1 << 20);
	int dir = open(b.dir, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < 2; i++)
		close(openat(dir, names[i], O_WRONLY | O_CREAT, 0600));
	box_reopen(&b);
	assert_int_equal(faccessat(dir, names[0], F_OK, 0), -1);
	assert_int_equal(faccessat(dir, names[1], F_OK, 0), 0);
	unlinkat(dir, names[1], 0);
	close(dir);
	box_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lesson_1_a_segment_appears_whole_with_all_cursors),
		cmocka_unit_test(lesson_2_a_cursor_becomes_known_at_commit),
		cmocka_unit_test(lesson_4_a_large_last_segment_that_is_acknowledged_is_freed),
		cmocka_unit_test(lesson_7_a_cursor_belongs_to_a_name),
		cmocka_unit_test(lesson_8_numbers_go_on_above_log_and_mark),
		cmocka_unit_test(lesson_8_the_heads_know_what_was_acknowledged),
		cmocka_unit_test(lesson_9_a_damaged_frame_costs_that_frame),
		cmocka_unit_test(lesson_9_a_payload_cannot_pose_as_a_frame),
		cmocka_unit_test(lesson_10_another_version_is_set_aside),
		cmocka_unit_test(what_a_kill_left_of_a_file_being_replaced_is_removed),
		cmocka_unit_test(lesson_10_what_another_version_set_aside_is_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
