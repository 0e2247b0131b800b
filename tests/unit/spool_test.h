// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_TEST_H
#define SPOOL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "spool/dir.h"
#include "spool/spool.h"

#define SEG_PATH (80 + SEG_NAME_MAX + 1)

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A spool in a folder of its own; time is a number that the test moves. */
struct box {
	char dir[80];
	struct spool_conf conf;
	struct spool *sp;
	uint64_t now;
};

static inline void box_open(struct box *b)
{
	struct err e = { 0 };
	if (spool_open(&b->sp, &b->conf, b->now, &e) != 0)
		fail_msg("%s", e.text);
}

static inline void box_new(struct box *b, uint64_t max_bytes)
{
	*b = (struct box){ .now = 1000 };
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(b->dir, sizeof(b->dir), "%s/spool-test-XXXXXX", base);
	assert_non_null(mkdtemp(b->dir));
	b->conf = (struct spool_conf){ .dir = b->dir, .max_bytes = max_bytes, .audit_percent = 50 };
}

static inline void box_start(struct box *b, uint64_t max_bytes)
{
	box_new(b, max_bytes);
	box_open(b);
}

static inline void box_reopen(struct box *b)
{
	spool_close(b->sp);
	box_open(b);
}

static inline void box_path(const struct box *b, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/%s", b->dir, name);
}

static inline void rm_dir(const char *dir)
{
	char path[512];
	DIR *d = opendir(dir);
	struct dirent *ent;
	while (d && (ent = readdir(d)) != NULL) {
		if (ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, ent->d_name);
		if (unlink(path) != 0)
			rmdir(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static inline void box_free(struct box *b)
{
	spool_close(b->sp);
	b->sp = NULL;
	rm_dir(b->dir);
}

/* The payload of record n: its number and a run of letters. Lives until the next call. */
static inline struct slice text_of(uint64_t n, size_t len)
{
	static char text[SPOOL_PAYLOAD_MAX];
	int head = snprintf(text, sizeof(text), "record %llu ", (unsigned long long)n);
	if (len < (size_t)head)
		len = (size_t)head;
	memset(text + head, 'a' + (char)(n % 26), len - (size_t)head);
	return slice_of(text, len);
}

static inline uint64_t number_of(struct slice payload)
{
	char text[32] = { 0 };
	memcpy(text, payload.p, payload.len < 31 ? payload.len : 31);
	unsigned long long n = 0;
	assert_int_equal(sscanf(text, "record %llu ", &n), 1);
	return n;
}

static inline int put(struct box *b, uint64_t n, size_t len)
{
	struct spool_frame f = { .taken_us = (int64_t)n * 1000, .source = slice_str("test"),
				 .payload = text_of(n, len) };
	return spool_append(b->sp, &f);
}

static inline int put_cursor(struct box *b, const char *source, const char *cursor, uint64_t n)
{
	struct spool_frame f = { .taken_us = 1, .source = slice_str(source),
				 .cursor = slice_str(cursor) };
	if (n)
		f.payload = text_of(n, 100);
	return spool_append(b->sp, &f);
}

static inline void commit(struct box *b)
{
	spool_commit(b->sp, b->now);
}

static inline void put_many(struct box *b, uint64_t from, uint64_t to, size_t len)
{
	for (uint64_t n = from; n <= to; n++) {
		assert_int_equal(put(b, n, len), 0);
		if (n % 16 == 0)
			commit(b);
	}
	commit(b);
}

/* Reads on from *from: the record's number, or 0: none. */
static inline uint64_t get(struct box *b, uint64_t *from)
{
	struct spool_frame f;
	if (spool_read(b->sp, *from, &f) != 1)
		return 0;
	assert_true(f.seq >= *from);
	*from = f.seq + 1;
	return number_of(f.payload);
}

/* Everything that waits is the records from..to and no other. Returns the last number. */
static inline uint64_t expect(struct box *b, uint64_t from, uint64_t to)
{
	uint64_t seq = spool_acknowledged(b->sp) + 1;
	for (uint64_t n = from; n <= to; n++)
		assert_int_equal(get(b, &seq), n);
	assert_int_equal(get(b, &seq), 0);
	return seq - 1;
}

static inline void ack(struct box *b, uint64_t upto)
{
	spool_acknowledge(b->sp, upto, b->now);
}

static inline bool cursor_is(struct box *b, const char *source, const char *want)
{
	struct buf c = { 0 };
	bool known = spool_cursor(b->sp, slice_str(source), &c);
	bool same = want ? known && slice_is(buf_slice(&c), want) : !known;
	if (!same)
		print_message("cursor of %s is \"%.*s\"\n", source, (int)c.len, c.p ? c.p : "");
	buf_free(&c);
	return same;
}

static inline struct spool_stats stats(const struct box *b)
{
	struct spool_stats s;
	spool_stats(b->sp, &s);
	return s;
}

/* Names of the segments, oldest first, as paths; returns how many. */
static inline size_t segments(const struct box *b, char out[][SEG_PATH], size_t max)
{
	struct dir_list l = { 0 };
	struct err e;
	char name[SEG_NAME_MAX];
	int fd = dir_open(b->dir, false, &e);
	assert_true(fd >= 0);
	assert_int_equal(dir_scan(fd, &l, &e), 0);
	close(fd);
	size_t n = l.n_segs < max ? l.n_segs : max;
	for (size_t i = 0; i < n; i++) {
		dir_seg_name(name, l.segs[i].number, l.segs[i].salt);
		snprintf(out[i], SEG_PATH, "%s/%s", b->dir, name);
	}
	dir_list_free(&l);
	return n;
}

/* Copies the files of a folder, as a kill would leave them. */
static inline void copy_dir(const char *from, const char *to)
{
	char path[512];
	size_t most = 64 << 20;
	char *data = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	DIR *d = opendir(from);
	struct dirent *ent;
	assert_non_null(d);
	assert_true(data != MAP_FAILED);
	while ((ent = readdir(d)) != NULL) {
		if (ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", from, ent->d_name);
		int fd = open(path, O_RDONLY);
		ssize_t n = read(fd, data, most);
		close(fd);
		snprintf(path, sizeof(path), "%s/%s", to, ent->d_name);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_true(n >= 0 && write(fd, data, (size_t)n) == n);
		close(fd);
	}
	closedir(d);
	munmap(data, most);
}

/* From here on no file grows beyond `bytes`: writes end short, then fail. 0: as before. */
static inline void limit_files(uint64_t bytes)
{
	struct rlimit r;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes ? bytes : r.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static inline uint64_t file_size(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static inline void poke(const char *path, uint64_t off, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, p, n, (off_t)off), (ssize_t)n);
	close(fd);
}

#endif
