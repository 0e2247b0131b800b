// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include "base/mem.h"
#include "spool/late.h"
#include "spool/le.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What a start makes of the files, reading only: nothing is cut or repaired, as
 * the first segment of the new run has a number above all that was found.
 */

/* A file as it was found. */
struct found {
	struct segment *seg;
	struct sources sources; /* as its head says */
	uint64_t acked;
	bool run_start;
};

/* Up to n bytes from the start of the file; fewer where it ends or cannot be read. */
static void read_first(int fd, size_t n, struct buf *b)
{
	b->len = 0;
	buf_reserve(b, n ? n : 1);
	while (b->len < n) {
		ssize_t got = pread(fd, b->p + b->len, n - b->len, (off_t)b->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		b->len += (size_t)got;
	}
}

static void read_head(int fd, uint64_t size, struct buf *b)
{
	size_t most = size < SEG_HEAD_MAX ? (size_t)size : SEG_HEAD_MAX;
	read_first(fd, most < 4096 ? most : 4096, b);
	if (b->len < SEG_HEAD_FIXED)
		return;
	size_t len = le_get32(b->p + 12);
	if (len > b->len)
		read_first(fd, len < most ? len : most, b);
}

/* A damaged head: its frames show whether the file is ours. 1: yes; 0: it is empty; -1: no. */
static int salvage(struct segment *s)
{
	struct scan scan = { 0 };
	struct frame_head h;
	const char *p;
	scan_start(&scan, s->fd, s->seed, 0, s->size, 0);
	int found = scan_next(&scan, &h, &p);
	int verdict = found ? 1 : scan.gap_bytes || scan.errors ? -1 : 0;
	scan_free(&scan);
	return verdict;
}

/* 0: f is filled; 1: the file was put away or is nothing; -1: the disk. */
static int load(struct spool *sp, const struct dir_seg *d, struct found *f, struct err *e)
{
	char name[SEG_NAME_MAX];
	struct seg_head h;
	struct buf b = { 0 };
	struct stat st;
	struct segment *s = seg_new(d->number, d->salt);

	dir_seg_name(name, d->number, d->salt);
	s->found = true;
	s->fd = dir_file(sp->dirfd, name, O_RDONLY);
	int err = s->fd < 0 || fstat(s->fd, &st) != 0;
	if (!err) {
		s->size = (uint64_t)st.st_size;
		read_head(s->fd, s->size, &b);
	}
	if (err && errno != ELOOP && errno != ENOTSUP) {
		err_errno(e, "cannot read %s/%s", sp->path, name);
		seg_free(s);
		buf_free(&b);
		return -1;
	}
	enum seg_verdict v = err ? SEG_OTHER : seg_head_decode(b.p, b.len, &h, &f->sources);
	int ours = v == SEG_GOOD ? 1 : v == SEG_DAMAGED ? salvage(s) : -1;
	if (v == SEG_GOOD && (h.number != d->number || h.salt != d->salt))
		ours = -1;
	if (v == SEG_OTHER && !err && salvage(s) == 1)
		ours = 1; /* only its version field is damaged */
	buf_free(&b);
	if (ours >= 0) { /* an empty one too: what is missing shows by it */
		f->seg = s;
		if (v == SEG_GOOD) {
			s->head_len = h.len;
			s->prev_last = h.prev_last;
			f->acked = h.acked;
			f->run_start = (h.flags & SEG_RUN_START) != 0;
		} else if (ours == 1) {
			sp->gap_bytes += SEG_HEAD_FIXED;
		}
		return 0;
	}
	sources_free(&f->sources);
	dir_foreign(sp->dirfd, name);
	sp->foreign++;
	uint64_t above = d->number + s->size;
	if (sp->appended < above && above <= SEQ_MAX)
		sp->appended = above;
	seg_free(s);
	return 1;
}

static void take_sources(struct sources *to, const struct sources *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct source *s = &from->list[i];
		sources_safe(to, buf_slice(&s->name), buf_slice(&s->safe), s->safe_seq);
	}
}

struct pass {
	struct scan scan;
	bool frozen; /* records are missing: a cursor behind them would lose them for good */
	bool count;  /* damage is new: no earlier run has seen it */
};

static void gap(struct spool *sp, const struct pass *p, uint64_t last, uint64_t next)
{
	if (last < sp->acked)
		last = sp->acked;
	if (p->count && next > last + 1)
		sp->gap_frames += next - last - 1;
}

static void pass_frame(struct spool *sp, struct pass *p, struct segment *s,
		       const struct frame_head *h, const char *bytes)
{
	struct spool_frame f;
	gap(sp, p, s->last, h->seq);
	seg_point(s, h->seq, p->scan.off - frame_head_size(h), sp->point_bytes);
	s->last = h->seq;
	if (h->seq > sp->acked) {
		tally_add(&s->tally, h);
		tally_add(&sp->tally, h);
	}
	if (!h->cursor_len || p->frozen)
		return;
	frame_view(bytes, h, &f);
	sources_safe(&sp->sources, f.source, f.cursor, f.seq);
}

/*
 * One segment, whose frames end before `limit`: what a later segment holds too
 * counts there. prev_last: as the next segment says, or 0.
 */
static void pass_segment(struct spool *sp, struct pass *p, struct segment *s, uint64_t limit,
			 uint64_t prev_last)
{
	struct frame_head h;
	const char *bytes;
	scan_start(&p->scan, s->fd, s->seed, s->head_len, s->size, 0);
	while (scan_next(&p->scan, &h, &bytes) && h.seq < limit)
		if (h.seq > s->last)
			pass_frame(sp, p, s, &h, bytes);
	uint64_t end = p->scan.seen < limit ? p->scan.seen : s->last;
	if (end < prev_last)
		end = prev_last;
	/* Only a head is left where its frames were acknowledged, or by a power cut. */
	if (s->size > s->head_len)
		gap(sp, p, s->last, end + 1);
	if (p->count)
		sp->gap_bytes += p->scan.gap_bytes;
	if (prev_last > s->last && prev_last > sp->acked)
		p->frozen = true;
	/* Numbers go on above what damage at the end may have held. */
	uint64_t above = end + (p->scan.gap_bytes && p->scan.rest ? p->scan.rest / FRAME_HEAD : 0);
	if (sp->appended < above)
		sp->appended = above;
}

static void pass_all(struct spool *sp, struct found *f, size_t n)
{
	struct pass p = { .count = false };
	size_t run = 0;
	for (size_t i = 0; i < n; i++)
		if (f[i].run_start)
			run = i;
	for (size_t i = 0; i < n; i++) {
		struct segment *s = f[i].seg;
		bool last = i + 1 == n;
		uint64_t limit = last ? UINT64_MAX : f[i + 1].seg->number;
		if (!p.frozen)
			take_sources(&sp->sources, &f[i].sources);
		p.count = i >= run;
		if (last || limit - 1 > sp->acked) {
			pass_segment(sp, &p, s, limit, last ? 0 : f[i + 1].seg->prev_last);
		} else {
			s->last = limit - 1; /* all acknowledged: about to go */
		}
		if (last)
			sp->log_last = s->last;
		seg_insert(sp, s);
		close(s->fd);
		s->fd = -1;
	}
	scan_free(&p.scan);
}

static int load_all(struct spool *sp, const struct dir_list *l, struct found *f, size_t *n,
		    struct err *e)
{
	for (size_t i = 0; i < l->n_segs; i++) {
		int got = load(sp, &l->segs[i], &f[*n], e);
		if (got < 0)
			return -1;
		if (got > 0)
			continue;
		/* Two of one number: a copy made by hand. The first stays. */
		if (*n && f[*n - 1].seg->number == f[*n].seg->number) {
			char name[SEG_NAME_MAX];
			dir_seg_name(name, l->segs[i].number, l->segs[i].salt);
			dir_foreign(sp->dirfd, name);
			sp->foreign++;
			seg_free(f[*n].seg);
			sources_free(&f[*n].sources);
			f[*n] = (struct found){ 0 };
			continue;
		}
		if (f[*n].acked > sp->acked)
			sp->acked = f[*n].acked;
		(*n)++;
	}
	return 0;
}

static void settle(struct spool *sp, const struct dir_list *l)
{
	if (sp->appended < sp->acked)
		sp->appended = sp->acked;
	if (sp->appended < l->foreign_above)
		sp->appended = l->foreign_above;
	for (size_t i = 0; i < sp->n_segs; i++)
		if (sp->appended < sp->segs[i]->last)
			sp->appended = sp->segs[i]->last;
	sp->readable = sp->committed = sp->written = sp->appended;
	if (!sp->tally.frames)
		sp->acked = sp->appended;
}

int recover(struct spool *sp, struct err *e)
{
	struct dir_list l = { 0 };
	if (dir_scan(sp->dirfd, &l, e) != 0) {
		dir_list_free(&l);
		return -1;
	}
	struct found *f = mem_zero(l.n_segs + 1, sizeof(*f));
	size_t n = 0;
	late_found(sp, l.late, l.n_late);
	late_take_back(sp, &l);
	sp->foreign = l.foreign;
	sp->acked = sp->marked = mark_read(sp->dirfd, &sp->mark_turn);
	int ret = load_all(sp, &l, f, &n, e);
	if (ret == 0) {
		if (n) {
			sp->salt = f[n - 1].seg->salt;
			sp->seed = f[n - 1].seg->seed;
			/* Where the first segments are gone, they were acknowledged. */
			uint64_t before = f[0].seg->number - 1;
			if (sp->acked < before && f[0].seg->prev_last == before)
				sp->acked = before;
		}
		pass_all(sp, f, n);
		settle(sp, &l);
	}
	for (size_t i = 0; i < n; i++) {
		if (ret != 0)
			seg_free(f[i].seg);
		sources_free(&f[i].sources);
	}
	free(f);
	dir_list_free(&l);
	return ret;
}
