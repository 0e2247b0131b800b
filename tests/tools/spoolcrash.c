// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A writer, reader and checker of a spool, made to be killed.
 *
 *   spoolcrash run DIR FIRST COUNT SEED [LAG]
 *       appends records FIRST .. FIRST+COUNT-1 (or on from the last one that is
 *       in the spool) in batches, commits, reads, acknowledges but for the last
 *       LAG, syncs; tells each step on stdout, one line a step, by write(2):
 *       "A n" before the records up to n are acknowledged (so they were seen),
 *       "C n" once they are safe, "D n" once they are durable. Ends with "E n".
 *   spoolcrash check DIR
 *       prints "first last cursor foreign-files gap-frames trouble".
 *
 * Exit 3: what was read is not what was written. Time is a count of steps.
 */

static void say(char what, uint64_t n)
{
	char line[40];
	int len = snprintf(line, sizeof(line), "%c %llu\n", what, (unsigned long long)n);
	if (write(1, line, (size_t)len) != len)
		exit(4);
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

#define TEXT_MAX 3000

static size_t text_of(uint64_t n, char *out)
{
	size_t len = 30 + mix(n) % (n % 17 == 0 ? 2900 : 400);
	int head = snprintf(out, TEXT_MAX, "record %llu ", (unsigned long long)n);
	for (size_t i = (size_t)head; i < len; i++)
		out[i] = (char)(mix(n + i / 8) >> (i % 8 * 8));
	return len;
}

static uint64_t number_of(const struct spool_frame *f)
{
	char head[40] = { 0 }, want[TEXT_MAX];
	unsigned long long n = 0;
	memcpy(head, f->payload.p, f->payload.len < 39 ? f->payload.len : 39);
	if (sscanf(head, "record %llu ", &n) != 1)
		return 0;
	size_t len = text_of(n, want);
	return slice_eq(f->payload, slice_of(want, len)) ? n : 0;
}

static _Noreturn void wrong(const char *what, uint64_t a, uint64_t b)
{
	fprintf(stderr, "spoolcrash: %s (%llu, %llu)\n", what, (unsigned long long)a,
		(unsigned long long)b);
	exit(3);
}

struct run {
	struct spool *sp;
	uint64_t now;
	uint64_t from;	/* next number of the spool to read */
	uint64_t seen;	/* last record read, 0: none yet */
	uint64_t seqs[4096]; /* of the records read and not acknowledged, by record % 4096 */
	uint64_t acked;
};

static void open_spool(struct run *r, const char *dir)
{
	struct err e;
	struct spool_conf c = { .dir = dir, .max_bytes = 1 << 20, .segment_bytes = 8192,
				.audit_percent = 20 };
	r->now = 1000;
	if (spool_open(&r->sp, &c, r->now, &e) != 0) {
		fprintf(stderr, "spoolcrash: %s\n", e.text);
		exit(2);
	}
}

/* Reads all that is readable; records must follow one another. */
static void read_all(struct run *r)
{
	struct spool_frame f;
	while (spool_read(r->sp, r->from, &f)) {
		uint64_t n = number_of(&f);
		if (!n)
			wrong("a record that nobody wrote", f.seq, f.payload.len);
		if (r->seen && n != r->seen + 1)
			wrong("not the next record", r->seen, n);
		r->seen = n;
		r->seqs[n % 4096] = f.seq;
		r->from = f.seq + 1;
	}
}

static uint64_t cursor(struct run *r)
{
	struct buf b = { 0 };
	unsigned long long n = 0;
	if (spool_cursor(r->sp, slice_str("file"), &b))
		n = strtoull(buf_cstr(&b), NULL, 10);
	buf_free(&b);
	return n;
}

static int append(struct run *r, uint64_t n)
{
	char text[TEXT_MAX], at[24];
	snprintf(at, sizeof(at), "%llu", (unsigned long long)n);
	size_t len = text_of(n, text);
	struct spool_frame f = { .taken_us = (int64_t)n, .source = slice_str("file"),
				 .cursor = slice_str(at), .payload = slice_of(text, len),
				 .audit = n % 3 == 0 };
	return spool_append(r->sp, &f);
}

static void acknowledge(struct run *r, uint64_t lag)
{
	if (r->seen <= lag || r->seen - lag <= r->acked || r->seen - lag + 4096 <= r->seen)
		return;
	uint64_t upto = r->seen - lag, seq = r->seqs[upto % 4096];
	if (!seq)
		return;
	say('A', upto);
	r->acked = upto;
	spool_acknowledge(r->sp, seq, r->now);
}

/* Which record the number `seq` is, for those that were read. */
static uint64_t record_at(const struct run *r, uint64_t seq)
{
	for (uint64_t n = r->seen; n > 0 && n + 4096 > r->seen; n--)
		if (r->seqs[n % 4096] && r->seqs[n % 4096] <= seq)
			return n;
	return 0;
}

static void sync_some(struct run *r)
{
	int fd;
	uint64_t number, before = spool_durable(r->sp);
	while (spool_sync_next(r->sp, r->now, &fd, &number))
		spool_synced(r->sp, number, fdatasync(fd) == 0 ? 0 : errno, r->now);
	if (spool_durable(r->sp) > before)
		say('D', record_at(r, spool_durable(r->sp)));
}

static int run(int argc, char **argv)
{
	static struct run r;
	uint64_t next = strtoull(argv[3], NULL, 10), last = next + strtoull(argv[4], NULL, 10) - 1;
	uint64_t seed = strtoull(argv[5], NULL, 10);
	uint64_t lag = argc > 6 ? strtoull(argv[6], NULL, 10) : 5, stuck = 0;

	open_spool(&r, argv[2]);
	read_all(&r);
	if (r.seen >= next)
		next = r.seen + 1;
	if (!r.seen)
		r.seen = next - 1;
	while (r.seen < last || spool_trouble(r.sp)[0]) {
		uint64_t batch = 1 + mix(seed + next) % 12;
		for (uint64_t i = 0; i < batch && next <= last && append(&r, next) == 0; i++)
			next++;
		r.now += 100;
		spool_commit(r.sp, r.now);
		read_all(&r);
		uint64_t safe = record_at(&r, spool_safe(r.sp));
		if (safe)
			say('C', safe);
		if (mix(seed ^ next) % 3 == 0)
			acknowledge(&r, lag + mix(next) % 20);
		if (stuck > 1000) /* the disk cannot even hold what lags: all is delivered now */
			acknowledge(&r, 0);
		sync_some(&r);
		if (next > last && ++stuck > 100000)
			wrong("it does not end", next, r.seen);
	}
	say('E', r.seen);
	spool_close(r.sp);
	return 0;
}

static int check(char **argv)
{
	static struct run r;
	struct spool_stats s;
	open_spool(&r, argv[2]);
	uint64_t first = 0;
	struct spool_frame f;
	if (spool_read(r.sp, 1, &f))
		first = number_of(&f);
	read_all(&r);
	spool_stats(r.sp, &s);
	printf("%llu %llu %llu %llu %llu %s\n", (unsigned long long)first, (unsigned long long)r.seen,
	       (unsigned long long)cursor(&r), (unsigned long long)s.foreign_files,
	       (unsigned long long)s.gap_frames, spool_trouble(r.sp));
	spool_close(r.sp);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 6 && strcmp(argv[1], "run") == 0)
		return run(argc, argv);
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv);
	fprintf(stderr, "usage: spoolcrash run DIR FIRST COUNT SEED [LAG] | check DIR\n");
	return 2;
}
