// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

#include <errno.h>

/* The queue on a healthy disk: numbers, reading, acknowledging, starting again. */

static void commit_makes_safe_and_readable(void **state)
{
	(void)state;
	struct box b;
	uint64_t from = 1;
	box_start(&b, 1 << 20);
	assert_int_equal(put(&b, 1, 100), 0);
	assert_int_equal(spool_appended(b.sp), 1);
	assert_int_equal(spool_readable(b.sp), 0);
	assert_int_equal(spool_safe(b.sp), 0);
	assert_int_equal(get(&b, &from), 0);
	commit(&b);
	assert_int_equal(spool_readable(b.sp), 1);
	assert_int_equal(spool_safe(b.sp), 1);
	assert_int_equal(get(&b, &from), 1);
	assert_int_equal(spool_acknowledged(b.sp), 0);
	ack(&b, 1);
	assert_int_equal(spool_acknowledged(b.sp), 1);
	assert_int_equal(stats(&b).frames, 0);
	ack(&b, 1);
	box_free(&b);
}

static void a_frame_comes_back_as_it_was(void **state)
{
	(void)state;
	struct box b;
	struct spool_frame f = { .taken_us = 1234567890123456, .source = slice_str("journal"),
				 .cursor = slice_str("s=1;i=2"), .payload = slice_str("x\0y\n"),
				 .audit = true }, g;
	f.payload.len = 4;
	box_start(&b, 1 << 20);
	assert_int_equal(spool_append(b.sp, &f), 0);
	commit(&b);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(spool_read(b.sp, 1, &g), 1);
		assert_int_equal(g.seq, 1);
		assert_int_equal(g.taken_us, f.taken_us);
		assert_true(slice_eq(g.source, f.source));
		assert_true(slice_eq(g.cursor, f.cursor));
		assert_true(slice_eq(g.payload, f.payload));
		assert_true(g.audit);
		box_reopen(&b); /* first from memory, then from the file */
	}
	box_free(&b);
}

static void what_was_committed_is_there_after_a_restart(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 16 << 20);
	put_many(&b, 1, 5000, 500);
	ack(&b, 1234);
	box_reopen(&b);
	assert_int_equal(spool_acknowledged(b.sp), 1234);
	assert_int_equal(stats(&b).frames, 5000 - 1234);
	assert_int_equal(stats(&b).oldest_us, 1235 * 1000);
	expect(&b, 1235, 5000);
	put_many(&b, 5001, 6000, 500);
	expect(&b, 1235, 6000);
	box_reopen(&b);
	expect(&b, 1235, 6000);
	ack(&b, spool_readable(b.sp));
	assert_int_equal(stats(&b).segments, 1);
	assert_int_equal(stats(&b).gap_frames, 0);
	box_free(&b);
}

static void what_was_not_committed_is_gone_after_a_restart(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 1 << 20);
	put_many(&b, 1, 10, 100);
	put(&b, 11, 100);
	box_reopen(&b);
	expect(&b, 1, 10);
	box_free(&b);
}

static void reading_starts_again_anywhere_above_the_mark(void **state)
{
	(void)state;
	struct box b;
	box_start(&b, 64 << 20);
	put_many(&b, 1, 40000, 500); /* 21 MB: far more than memory keeps */
	ack(&b, 100);
	for (uint64_t at = 101; at < 40000; at += 997) {
		uint64_t from = at;
		for (uint64_t n = at; n < at + 50 && n <= 40000; n++)
			assert_int_equal(get(&b, &from), n);
	}
	expect(&b, 101, 40000);
	box_free(&b);
}

static void reading_goes_from_the_file_to_memory_and_on(void **state)
{
	(void)state;
	struct box b;
	uint64_t from = 1, n = 0, next = 1;
	box_start(&b, 64 << 20);
	put_many(&b, 1, 20000, 500);
	for (uint64_t put_next = 20001; put_next <= 30000; put_next++) {
		assert_int_equal(put(&b, put_next, 300), 0);
		commit(&b);
		for (int i = 0; i < 4 && (n = get(&b, &from)) != 0; i++)
			assert_int_equal(n, next++);
		if (put_next % 7 == 0 && from > 2000)
			ack(&b, from - 1000);
	}
	while ((n = get(&b, &from)) != 0)
		assert_int_equal(n, next++);
	assert_int_equal(next, 30001);
	box_free(&b);
}

static void sizes_of_all_kinds(void **state)
{
	(void)state;
	struct box b;
	uint64_t from = 1, n = 0;
	box_start(&b, 256 << 20);
	for (size_t size = 20; size <= SPOOL_PAYLOAD_MAX; size = size * 5 / 4 + 1)
		assert_int_equal(put(&b, ++n, size), 0);
	assert_int_equal(put(&b, ++n, SPOOL_PAYLOAD_MAX), 0);
	commit(&b);
	expect(&b, 1, n);
	box_reopen(&b);
	expect(&b, 1, n);
	for (uint64_t i = 1; i <= n; i++) {
		assert_int_equal(get(&b, &from), i);
		ack(&b, from - 1);
	}
	box_free(&b);
}

static void the_second_to_open_learns_who_holds_it(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	struct spool *other = NULL;
	char want[32];
	box_start(&b, 1 << 20);
	assert_int_equal(spool_open(&other, &b.conf, 1, &e), -1);
	assert_int_equal(e.code, EBUSY);
	snprintf(want, sizeof(want), "process %ld", (long)getpid());
	assert_non_null(strstr(e.text, want));
	box_free(&b);
}

static void modes_are_closed_to_others(void **state)
{
	(void)state;
	struct box b;
	struct stat st;
	char name[8][SEG_PATH], sub[80];
	box_new(&b, 1 << 20);
	snprintf(sub, sizeof(sub), "%.60s/sub", b.dir);
	b.conf.dir = sub;
	umask(0);
	box_open(&b);
	put_many(&b, 1, 10, 100);
	ack(&b, 5);
	spool_close(b.sp);
	b.sp = NULL;
	assert_int_equal(stat(sub, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	struct box in = b;
	memcpy(in.dir, sub, sizeof(in.dir));
	assert_true(segments(&in, name, 8) >= 1);
	assert_int_equal(stat(name[0], &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	rm_dir(sub);
	box_free(&b);
}

static void cursors_of_many_sources(void **state)
{
	(void)state;
	struct box b;
	char source[32], cursor[32];
	box_start(&b, 4 << 20);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			snprintf(source, sizeof(source), "file-%d", i);
			snprintf(cursor, sizeof(cursor), "at %d %d", round, i);
			assert_int_equal(put_cursor(&b, source, cursor, 1), 0);
		}
		commit(&b);
		box_reopen(&b);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(source, sizeof(source), "file-%d", i);
		snprintf(cursor, sizeof(cursor), "at 2 %d", i);
		assert_true(cursor_is(&b, source, cursor));
	}
	assert_true(cursor_is(&b, "file-100", NULL));
	box_free(&b);
}

static void frames_with_only_a_cursor_pass_by_the_sink(void **state)
{
	(void)state;
	struct box b;
	uint64_t from = 1;
	box_start(&b, 1 << 20);
	for (int i = 0; i < 20000; i++) { /* an idle node, five hours long */
		assert_int_equal(put_cursor(&b, "journal", "s=6cd0e6e4b2104f0eb8b9b0e7d3c8a5d1;i=1f", 0), 0);
		b.now += 1000;
		commit(&b);
	}
	assert_int_equal(spool_acknowledged(b.sp), 20000);
	assert_true(stats(&b).bytes < 300000);
	assert_int_equal(get(&b, &from), 0);
	put_cursor(&b, "journal", "with", 7);
	put_cursor(&b, "journal", "behind", 0);
	commit(&b);
	assert_int_equal(spool_acknowledged(b.sp), 20000);
	assert_int_equal(get(&b, &from), 7);
	assert_int_equal(stats(&b).frames, 1);
	ack(&b, 20001);
	assert_int_equal(spool_acknowledged(b.sp), 20002);
	assert_true(cursor_is(&b, "journal", "behind"));
	box_reopen(&b);
	assert_true(cursor_is(&b, "journal", "behind"));
	box_free(&b);
}

/* A kill right after segments went: nothing comes twice, no cursor falls back. */
static void the_mark_is_written_before_segments_go(void **state)
{
	(void)state;
	struct box b, c;
	char path[128];
	for (uint64_t i = 0; i < 60; i++) { /* the last segment of every size */
		bool lost = i % 2;
		box_new(&b, 1 << 20);
		b.conf.segment_bytes = 8192;
		box_open(&b);
		for (uint64_t n = 1; n <= 200; n++)
			put_cursor(&b, "file", "early", n);
		commit(&b);
		box_reopen(&b);
		put_cursor(&b, "file", "last", 201);
		put_many(&b, 202, 350 + i / 2 * 2, 100);
		ack(&b, spool_readable(b.sp));
		box_new(&c, 1 << 20);
		copy_dir(b.dir, c.dir);
		box_path(&c, "mark", path, sizeof(path));
		if (lost)
			assert_int_equal(unlink(path), 0);
		box_open(&c);
		assert_int_equal(stats(&c).gap_frames, 0);
		if (!lost) {
			assert_int_equal(stats(&c).frames, 0);
			assert_true(cursor_is(&c, "file", "last"));
		}
		box_free(&c);
		box_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commit_makes_safe_and_readable),
		cmocka_unit_test(a_frame_comes_back_as_it_was),
		cmocka_unit_test(what_was_committed_is_there_after_a_restart),
		cmocka_unit_test(what_was_not_committed_is_gone_after_a_restart),
		cmocka_unit_test(reading_starts_again_anywhere_above_the_mark),
		cmocka_unit_test(reading_goes_from_the_file_to_memory_and_on),
		cmocka_unit_test(sizes_of_all_kinds),
		cmocka_unit_test(the_second_to_open_learns_who_holds_it),
		cmocka_unit_test(modes_are_closed_to_others),
		cmocka_unit_test(cursors_of_many_sources),
		cmocka_unit_test(the_mark_is_written_before_segments_go),
		cmocka_unit_test(frames_with_only_a_cursor_pass_by_the_sink),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
