// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

#include "base/clock.h"

/*
 * The power goes. What is left is what the harshest disk leaves: of each file
 * what it had when it was last synced, or nothing, or zeros, or some of what was
 * written since; of the directory what it is, or what it was when it was synced.
 * A replayable source goes on from the cursor that is found; whatever was not
 * acknowledged must then be in the spool or still come from the source.
 */

#define FILES 512

struct disk {
	struct {
		ino_t ino;
		char *p;
		size_t len;
	} file[FILES]; /* as last synced */
	size_t n;
	struct {
		char name[SEG_NAME_MAX];
		ino_t ino;
	} entry[FILES]; /* the directory as last synced */
	size_t n_entries;
	bool dir_synced;
};

static char *slurp(int fd, size_t *len)
{
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	char *p = malloc(*len + 1);
	assert_int_equal(pread(fd, p, *len, 0), (ssize_t)*len);
	return p;
}

static size_t slot_of(const struct disk *d, ino_t ino)
{
	size_t i = 0;
	while (i < d->n && d->file[i].ino != ino)
		i++;
	return i;
}

static void list(const char *dir, struct disk *d)
{
	struct stat st;
	DIR *p = opendir(dir);
	d->n_entries = 0;
	for (struct dirent *ent; (ent = readdir(p)) != NULL;) {
		if (ent->d_name[0] == '.')
			continue;
		assert_true(d->n_entries < FILES);
		snprintf(d->entry[d->n_entries].name, SEG_NAME_MAX, "%.79s", ent->d_name);
		assert_int_equal(fstatat(dirfd(p), ent->d_name, &st, 0), 0);
		d->entry[d->n_entries++].ino = st.st_ino;
	}
	closedir(p);
}

static void synced(struct box *b, struct disk *d, int fd)
{
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	if (S_ISDIR(st.st_mode)) {
		list(b->dir, d);
		d->dir_synced = true;
		return;
	}
	size_t i = slot_of(d, st.st_ino);
	assert_true(i < FILES);
	if (i == d->n)
		d->n++;
	else
		free(d->file[i].p);
	d->file[i].ino = st.st_ino;
	d->file[i].p = slurp(fd, &d->file[i].len);
}

static void run_syncs(struct box *b, struct disk *d)
{
	int fd;
	uint64_t number;
	while (spool_sync_next(b->sp, b->now, &fd, &number)) {
		synced(b, d, fd);
		spool_synced(b->sp, number, 0, b->now);
	}
}

/* What is left of a file that is `len` bytes now (NULL: it is gone by now). */
static void leave(const struct disk *d, ino_t ino, const char *now, size_t len, int out,
		  uint64_t *random)
{
	size_t i = slot_of(d, ino), keep = i < d->n ? d->file[i].len : 0;
	ssize_t n = keep ? pwrite(out, d->file[i].p, keep, 0) : 0;
	assert_int_equal(n, (ssize_t)keep);
	if (!now || len <= keep)
		return; /* what was cut off may be there again */
	size_t more = rand_below(random, 3) ? 0 : rand_below(random, len - keep + 1);
	if (more)
		assert_int_equal(pwrite(out, now + keep, more, (off_t)keep), (ssize_t)more);
	if (rand_below(random, 3) == 0)
		assert_int_equal(ftruncate(out, (off_t)len), 0);
}

static void cut(const struct box *b, const struct disk *d, const char *to, uint64_t *random)
{
	struct disk now = { 0 };
	bool old = d->dir_synced && rand_below(random, 3) == 0;
	list(b->dir, &now);
	const struct disk *dir = old ? d : &now;
	int from = open(b->dir, O_RDONLY | O_DIRECTORY), out = open(to, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < dir->n_entries; i++) {
		const char *name = dir->entry[i].name;
		struct stat st;
		size_t len = 0;
		char *p = NULL;
		int fd = openat(from, name, O_RDONLY);
		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == dir->entry[i].ino)
			p = slurp(fd, &len);
		if (fd >= 0)
			close(fd);
		if (strcmp(name, "mark") != 0 || d->dir_synced || rand_below(random, 3)) {
			fd = openat(out, name, O_WRONLY | O_CREAT, 0600);
			leave(d, dir->entry[i].ino, p, len, fd, random);
			close(fd);
		}
		free(p);
	}
	close(from);
	close(out);
}

static void disk_free(struct disk *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->file[i].p);
}

static uint64_t cursor_of(struct box *b)
{
	struct buf c = { 0 };
	uint64_t n = 0;
	if (spool_cursor(b->sp, slice_str("file"), &c))
		n = strtoull(buf_cstr(&c), NULL, 10);
	buf_free(&c);
	return n;
}

static void judge(struct box *t, uint64_t acked, uint64_t durable, uint64_t taken, uint64_t oldest)
{
	char *there = calloc(taken + 2, 1);
	uint64_t from = 1, n;
	while ((n = get(t, &from)) != 0) {
		assert_true(n <= taken);
		there[n] = 1;
	}
	uint64_t cursor = cursor_of(t);
	for (n = acked + 1; n <= durable; n++)
		if (!there[n])
			fail_msg("record %d was durable and is lost", (int)n);
	for (n = acked + 1; n <= cursor && n <= taken; n++)
		if (!there[n])
			fail_msg("record %d is lost: the cursor says %d, acknowledged were %d", (int)n,
				 (int)cursor, (int)acked);
	if (cursor < oldest)
		fail_msg("the cursor fell to %d of %d, not under %d was promised", (int)cursor,
			 (int)taken, (int)oldest);
	free(there);
}

/* 100 records a second; the receiver is away at times. */
static void one_node(uint64_t seed)
{
	static struct disk d;
	struct box b, t;
	uint64_t random = seed, n = 0, lag = 10, cuts = 0;
	uint64_t seq_of[20002] = { 0 };
	char at[24];
	d = (struct disk){ 0 };
	box_new(&b, 8 << 20);
	b.conf.segment_bytes = 64 << 10;
	box_open(&b);
	box_new(&t, 8 << 20);
	while (n < 20000) {
		snprintf(at, sizeof(at), "%d", (int)++n);
		assert_int_equal(put_cursor(&b, "file", at, n), 0);
		seq_of[n] = spool_appended(b.sp);
		b.now += 10;
		commit(&b);
		if (n % 2000 == 0)
			lag = rand_below(&random, 2) ? 10 : 100000;
		if (n > lag && seq_of[n - lag] > spool_acknowledged(b.sp))
			ack(&b, seq_of[n - lag]);
		run_syncs(&b, &d);
		if (rand_below(&random, 500))
			continue;
		rm_dir(t.dir);
		mkdir(t.dir, 0700);
		cut(&b, &d, t.dir, &random);
		box_open(&t);
		uint64_t acked = 0, durable = 0;
		for (uint64_t k = 1; k <= n; k++) {
			acked = seq_of[k] <= spool_acknowledged(b.sp) ? k : acked;
			durable = seq_of[k] <= spool_durable(b.sp) ? k : durable;
		}
		uint64_t oldest = n > 14000 ? n - 14000 : d.dir_synced ? 1 : 0;
		judge(&t, acked, durable, n, oldest);
		spool_close(t.sp);
		t.sp = NULL;
		cuts++;
		if (rand_below(&random, 4) == 0)
			box_reopen(&b); /* and kills in between */
	}
	assert_true(cuts > 10);
	disk_free(&d);
	box_free(&b);
	box_free(&t);
}

static void nothing_durable_is_lost_and_no_cursor_passes_by_a_record(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		print_message("seed %d\n", (int)seed);
		one_node(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_durable_is_lost_and_no_cursor_passes_by_a_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
