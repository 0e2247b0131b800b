// SPDX-License-Identifier: Apache-2.0
/*
 * Any files in the spool directory: what recovery makes of them holds together,
 * and the spool works afterwards. The input is a run of files: what it is, a
 * number for its name, and its content: raw, or a script of good frames, damage
 * and zeros, so that the checksums do not keep the fuzzer out.
 */
#include "base/mem.h"
#include "spool/aside.h"
#include "spool/counts.h"
#include "spool/dir.h"
#include "spool/format.h"
#include "spool/inspect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SALT 0x0102030405060708ULL

struct input {
	const uint8_t *p;
	size_t len;
};

static uint8_t byte(struct input *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->p++;
}

static void raw(struct input *in, struct buf *out, size_t n)
{
	if (n > in->len)
		n = in->len;
	buf_add(out, in->p, n);
	in->p += n;
	in->len -= n;
}

static void add_head(struct input *in, struct buf *out, uint64_t number)
{
	struct sources t = { 0 };
	uint8_t how = byte(in);
	struct seg_head h = { .number = number, .salt = SALT, .acked = byte(in), .flags = how >> 4 & 1 };
	h.prev_last = number - 1 - (how >> 5 & 3) % number;
	if (how & 1)
		sources_safe(&t, slice_str("one"), slice_str("cursor"), 1 + (how >> 2 & 3));
	if (how & 2)
		sources_safe(&t, slice_str("two"), slice_str(""), number);
	if ((how & 12) == 12) {
		raw(in, out, 64);
	} else {
		seg_head_encode(out, &h, &t);
		if ((how & 12) == 8)
			out->p[8 + how % 50] ^= 1;
	}
	sources_free(&t);
}

static void add_frame(struct input *in, struct buf *out, uint64_t number, size_t cut)
{
	static const char letters[256] = "payload";
	uint8_t kind = byte(in);
	struct spool_frame f = { .seq = number + byte(in), .taken_us = 5,
				 .source = slice_str(kind & 1 ? "one" : "two"), .audit = kind >> 1 & 1,
				 .payload = slice_of(letters, kind & 4 ? byte(in) : kind >> 4),
				 .cursor = slice_of("cursors!", kind & 8 ? 8 : 0) };
	buf_reserve(out, frame_size(&f));
	frame_encode(out->p + out->len, format_seed(SALT), &f);
	out->len += frame_size(&f) - cut % frame_size(&f);
}

static void add_script(struct input *in, struct buf *out, uint64_t number)
{
	for (int i = byte(in) % 32; i > 0; i--) {
		uint8_t op = byte(in);
		if ((op & 3) == 1) {
			raw(in, out, op >> 2);
		} else if ((op & 3) == 2) {
			buf_reserve(out, op);
			memset(out->p + out->len, 0, op);
			out->len += op;
		} else {
			add_frame(in, out, number, (op & 3) == 3 ? op >> 2 : 0);
		}
	}
}

/* One file: its name into name, its content into out. */
static void make_file(struct input *in, char *name, struct buf *out)
{
	static const char *const suffix[] = { ".seg", ".seg", ".seg", ".late", ".seg.foreign" };
	static const char *const plain[] = { "mark", "aside", "counts", "new.tmp", "pid" };
	uint8_t kind = byte(in);
	uint64_t number = 1 + byte(in);
	out->len = 0;
	if (kind % 10 >= 5) {
		strcpy(name, plain[kind % 10 - 5]);
		raw(in, out, (size_t)byte(in) << (kind >> 7 ? 3 : 0));
		return;
	}
	snprintf(name, SEG_NAME_MAX, "%016llx-%016llx%s", (unsigned long long)number,
		 (unsigned long long)SALT + (kind >> 6 == 3), suffix[kind % 10]);
	if (kind & 16) {
		raw(in, out, (size_t)byte(in) * 4);
		return;
	}
	add_head(in, out, number);
	add_script(in, out, number);
}

static void put_files(struct input *in, int dirfd)
{
	char name[SEG_NAME_MAX + 16];
	struct buf b = { 0 };
	for (int i = 0; i < 6 && in->len; i++) {
		make_file(in, name, &b);
		int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		invariant(fd >= 0 && (!b.len || write(fd, b.p, b.len) == (ssize_t)b.len));
		close(fd);
	}
	buf_free(&b);
}

static void clear(const char *dir)
{
	char path[512];
	DIR *d = opendir(dir);
	for (struct dirent *ent; d && (ent = readdir(d)) != NULL;) {
		if (ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, ent->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
}

/* All that can be read; checks order and count. Returns the highest number. */
static uint64_t read_all(struct spool *sp)
{
	struct spool_frame f;
	struct spool_stats s;
	uint64_t from = spool_acknowledged(sp) + 1, n = 0, last = from - 1;
	for (; spool_read(sp, from, &f); from = f.seq + 1, n++) {
		invariant(f.seq >= from && f.seq <= spool_readable(sp));
		invariant(f.payload.len > 0 && f.source.len <= SPOOL_SOURCE_MAX);
		last = f.seq;
	}
	spool_stats(sp, &s);
	invariant(s.frames == n || spool_appended(sp) > spool_readable(sp));
	return last;
}

static int see(void *arg, const struct spool_item *item)
{
	(*(uint64_t *)arg) += item->frame.payload.len + item->cause.len;
	return 0;
}

static void settle(struct spool *sp, uint64_t *now)
{
	int fd;
	uint64_t number;
	*now += 1000;
	spool_commit(sp, *now);
	while (spool_sync_next(sp, *now, &fd, &number))
		spool_synced(sp, number, 0, *now);
}

static void use(struct spool *sp, const char *dir, uint64_t *now)
{
	struct err e = { 0 };
	struct spool_frame f = { .source = slice_str("new"), .cursor = slice_str("c"),
				 .payload = slice_str("a new record") };
	uint64_t count, sum = 0;
	uint64_t before = spool_appended(sp);
	invariant(spool_append(sp, &f) == 0 && f.seq > before);
	spool_commit(sp, *now);
	invariant(spool_trouble(sp)[0] == '\0');
	invariant(read_all(sp) >= f.seq);
	struct spool_frame g;
	invariant(spool_read(sp, f.seq, &g) && slice_is(g.payload, "a new record"));
	invariant(spool_set_aside(sp, &g, "why", 1, &e) == 0);
	invariant(spool_requeue(sp, g.seq, *now, &count, &e) == 0 || e.code);
	for (int i = 0; i < 4; i++)
		settle(sp, now);
	invariant(spool_walk(dir, see, &sum, &e) == 0);
	uint64_t acked = spool_acknowledged(sp);
	spool_acknowledge(sp, acked + (spool_readable(sp) - acked) / 2, *now);
	read_all(sp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[64];
	static const char *const names[] = { "one", "two", NULL };
	struct input in = { data, size };
	struct spool *sp;
	struct spool_stats s;
	struct err e = { 0 };
	uint64_t now = 1000;

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "%s/fuzz-spool-%d",
			 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
		mkdir(dir, 0700);
	}
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	invariant(dirfd >= 0);
	put_files(&in, dirfd);
	close(dirfd);

	struct counts *counts = counts_open(dir, names, &e);
	counts_add(counts, 1, 1);
	counts_close(counts);
	struct spool_conf c = { .dir = dir, .max_bytes = 1 << 20, .segment_bytes = 512 };
	invariant(spool_open(&sp, &c, now, &e) == 0);
	invariant(spool_trouble(sp)[0] == '\0');
	read_all(sp);
	use(sp, dir, &now);
	spool_close(sp);

	invariant(spool_open(&sp, &c, now, &e) == 0);
	read_all(sp);
	spool_acknowledge(sp, spool_readable(sp), now);
	settle(sp, &now); /* until then heads may stay for their cursors */
	spool_acknowledge(sp, spool_readable(sp), now);
	spool_stats(sp, &s);
	invariant(spool_appended(sp) > spool_readable(sp) || (s.frames == 0 && s.segments <= 2));
	spool_close(sp);
	clear(dir);
	rmdir(dir);
	dir[0] = '\0';
	return 0;
}
