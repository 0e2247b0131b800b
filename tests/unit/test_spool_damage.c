// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

/*
 * Files cut and damaged in every way, each time recovered: what was not touched
 * is there, in order; what is there was written; what is missing is counted.
 */

#define RECORDS 60

struct model {
	struct box b;	   /* the files as they were */
	struct box trial;  /* a copy, to be damaged */
	char seg[16][SEG_PATH];
	size_t n_seg;
	/* Where each record stands. */
	size_t in[RECORDS + 1];
	uint64_t from[RECORDS + 1], to[RECORDS + 1];
};

static char bytes[1 << 20];

static ssize_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	ssize_t n = read(fd, bytes, sizeof(bytes));
	close(fd);
	return n;
}

static void locate(struct model *m)
{
	for (size_t s = 0; s < m->n_seg; s++) {
		ssize_t n = slurp(m->seg[s]);
		for (uint64_t r = 1; r <= RECORDS; r++) {
			char text[32];
			struct slice payload = text_of(r, 100 + r * 7);
			int len = snprintf(text, sizeof(text), "record %llu ", (unsigned long long)r);
			char *p = memmem(bytes, (size_t)n, text, (size_t)len);
			if (!p)
				continue;
			m->in[r] = s;
			m->from[r] = (uint64_t)(p - bytes) - 36 - 4;
			m->to[r] = (uint64_t)(p - bytes) + payload.len;
		}
	}
}

static void model_new(struct model *m)
{
	memset(m, 0, sizeof(*m));
	box_new(&m->b, 1 << 20);
	m->b.conf.segment_bytes = 4096;
	box_open(&m->b);
	for (uint64_t r = 1; r <= RECORDS; r++) {
		assert_int_equal(put(&m->b, r, 100 + r * 7), 0);
		if (r % 3 == 0)
			commit(&m->b);
	}
	spool_close(m->b.sp);
	m->b.sp = NULL;
	m->n_seg = segments(&m->b, m->seg, 16);
	assert_true(m->n_seg >= 4);
	locate(m);
	box_new(&m->trial, 1 << 20);
}

static void model_free(struct model *m)
{
	box_free(&m->b);
	box_free(&m->trial);
}

static const char *trial_start(struct model *m, size_t seg)
{
	static char path[256];
	rm_dir(m->trial.dir);
	assert_int_equal(mkdir(m->trial.dir, 0700), 0);
	copy_dir(m->b.dir, m->trial.dir);
	snprintf(path, sizeof(path), "%s%s", m->trial.dir, strrchr(m->seg[seg], '/'));
	return path;
}

/* Records that overlap from..to of segment seg may be gone; all others must be there. */
static void trial_check(struct model *m, size_t seg, uint64_t from, uint64_t to)
{
	struct box *t = &m->trial;
	uint64_t at = 1, n, want = 1, lost = 0;
	box_open(t);
	assert_string_equal(spool_trouble(t->sp), "");
	while ((n = get(t, &at)) != 0) {
		assert_in_range(n, want, RECORDS);
		for (; want < n; want++, lost++)
			if (m->in[want] != seg || m->to[want] <= from || m->from[want] >= to)
				fail_msg("record %d lost by damage at %d..%d of segment %d", (int)want,
					 (int)from, (int)to, (int)seg);
		want++;
	}
	for (; want <= RECORDS; want++, lost++)
		if (m->in[want] != seg || m->to[want] <= from || m->from[want] >= to)
			fail_msg("record %d lost at the end", (int)want);
	assert_int_equal(stats(t).frames, RECORDS - lost);
	if (lost && seg + 1 < m->n_seg)
		assert_int_equal(stats(t).gap_frames, lost);

	/* New records go behind, and the next start sees the same. */
	put_many(t, RECORDS + 1, RECORDS + 2, 100);
	uint64_t gaps = stats(t).gap_frames;
	box_reopen(t);
	assert_int_equal(stats(t).frames, RECORDS + 2 - lost);
	assert_true(stats(t).gap_frames <= gaps);
	at = spool_readable(t->sp) - 1;
	assert_int_equal(get(t, &at), RECORDS + 1);
	assert_int_equal(get(t, &at), RECORDS + 2);
	ack(t, spool_readable(t->sp));
	assert_int_equal(stats(t).frames, 0);
	spool_close(t->sp);
	t->sp = NULL;
}

static void the_last_segment_torn_at_every_byte(void **state)
{
	(void)state;
	struct model m;
	model_new(&m);
	size_t last = m.n_seg - 1;
	uint64_t size = file_size(m.seg[last]);
	for (uint64_t cut = 0; cut < size; cut++) {
		assert_int_equal(truncate(trial_start(&m, last), (off_t)cut), 0);
		trial_check(&m, last, cut, size);
	}
	model_free(&m);
}

/* After a power cut: the length is there, the bytes are not. */
static void the_last_segment_zero_from_every_byte(void **state)
{
	(void)state;
	struct model m;
	model_new(&m);
	size_t last = m.n_seg - 1;
	uint64_t size = file_size(m.seg[last]);
	for (uint64_t cut = 0; cut < size; cut += 3) {
		const char *path = trial_start(&m, last);
		assert_int_equal(truncate(path, (off_t)cut), 0);
		assert_int_equal(truncate(path, (off_t)size), 0);
		trial_check(&m, last, cut, size);
	}
	model_free(&m);
}

static void each_sector(void (*harm)(char *p, size_t n))
{
	struct model m;
	model_new(&m);
	for (size_t seg = 0; seg < m.n_seg; seg++) {
		uint64_t size = file_size(m.seg[seg]);
		for (uint64_t off = 0; off < size; off += 512) {
			const char *path = trial_start(&m, seg);
			size_t n = size - off < 512 ? (size_t)(size - off) : 512;
			slurp(path);
			harm(bytes + off, n);
			poke(path, off, bytes + off, n);
			trial_check(&m, seg, off, off + n);
		}
	}
	model_free(&m);
}

static void zero(char *p, size_t n)
{
	memset(p, 0, n);
}

static void invert(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)~p[i];
}

static void one_bit(char *p, size_t n)
{
	p[n / 3] ^= 4;
}

static void every_sector_zeroed(void **state)
{
	(void)state;
	each_sector(zero);
}

static void every_sector_inverted(void **state)
{
	(void)state;
	each_sector(invert);
}

static void a_bit_in_every_sector(void **state)
{
	(void)state;
	each_sector(one_bit);
}

static void every_byte_of_a_segment_flipped(void **state)
{
	(void)state;
	struct model m;
	model_new(&m);
	uint64_t size = file_size(m.seg[1]);
	for (uint64_t off = 0; off < size; off += 1) {
		const char *path = trial_start(&m, 1);
		slurp(path);
		bytes[off] = (char)~bytes[off];
		poke(path, off, bytes + off, 1);
		trial_check(&m, 1, off, off + 1);
	}
	model_free(&m);
}

/* --- the mark --- */

static void the_mark_torn_or_damaged(void **state)
{
	(void)state;
	struct model m;
	model_new(&m);
	box_open(&m.b);
	m.b.now += 1000;
	ack(&m.b, 20);
	m.b.now += 1000;
	ack(&m.b, 25);
	spool_close(m.b.sp);
	m.b.sp = NULL;
	m.n_seg = segments(&m.b, m.seg, 16);
	char path[256];
	box_path(&m.b, "mark", path, sizeof(path));
	assert_int_equal(slurp(path), 512 + 32);
	assert_memory_equal(bytes, "RELPBOXM", 8); /* written in turn */
	assert_memory_equal(bytes + 512, "RELPBOXM", 8);
	assert_memory_not_equal(bytes, bytes + 512, 32);
	for (int off = 0; off < 600; off++) {
		for (int kind = 0; kind < 2; kind++) {
			trial_start(&m, 0);
			box_path(&m.trial, "mark", path, sizeof(path));
			if (kind)
				assert_int_equal(truncate(path, off), 0);
			else
				poke(path, (uint64_t)off, "\x55", 1);
			box_open(&m.trial);
			uint64_t from = 1, first = get(&m.trial, &from), n, next = first + 1;
			if (kind)
				assert_true(first >= 1 && first <= 26);
			else
				assert_true(first >= 21 && first <= 26); /* the other slot counts */
			while ((n = get(&m.trial, &from)) != 0)
				assert_int_equal(n, next++);
			assert_int_equal(next, RECORDS + 1);
			spool_close(m.trial.sp);
			m.trial.sp = NULL;
		}
	}
	model_free(&m);
}

/*
 * A power cut that took the end of one segment and left the next: a cursor from
 * behind the hole would lose for good what a replayable source can give again.
 */
static void a_cursor_does_not_pass_by_a_hole(void **state)
{
	(void)state;
	struct box b;
	char seg[16][SEG_PATH], cursor[32];
	box_new(&b, 1 << 20);
	b.conf.segment_bytes = 4096;
	box_open(&b);
	for (uint64_t n = 1; n <= 100; n++) {
		snprintf(cursor, sizeof(cursor), "at %d", (int)n);
		put_cursor(&b, "file", cursor, n);
		commit(&b);
	}
	spool_close(b.sp);
	size_t n_seg = segments(&b, seg, 16);
	assert_true(n_seg >= 4);
	assert_int_equal(truncate(seg[n_seg - 2], 2000), 0);
	box_open(&b);
	uint64_t from = 1, n, last = 0;
	while ((n = get(&b, &from)) == last + 1)
		last = n;
	assert_true(n > last);
	snprintf(cursor, sizeof(cursor), "at %d", (int)last);
	assert_true(cursor_is(&b, "file", cursor));
	/* Where the missing ones were acknowledged, the cursor is the last one. */
	ack(&b, from - 1);
	box_reopen(&b);
	box_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_segment_torn_at_every_byte),
		cmocka_unit_test(the_last_segment_zero_from_every_byte),
		cmocka_unit_test(every_sector_zeroed),
		cmocka_unit_test(every_sector_inverted),
		cmocka_unit_test(a_bit_in_every_sector),
		cmocka_unit_test(every_byte_of_a_segment_flipped),
		cmocka_unit_test(the_mark_torn_or_damaged),
		cmocka_unit_test(a_cursor_does_not_pass_by_a_hole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
