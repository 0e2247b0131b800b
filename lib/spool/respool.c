// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include "base/mem.h"

#include <unistd.h>

/*
 * Writes what is not acknowledged in a segment to a new file, from memory or
 * from what can still be read of the old one: after a failed fdatasync the
 * kernel calls its pages clean, so a second fdatasync would lie.
 */
#define COPY_BYTES (256U << 10)

struct copy {
	struct segment *to;
	struct buf out;
	struct err *e;
	struct spool *sp;
};

static int flush(struct copy *c)
{
	struct iovec iov = { c->out.p, c->out.len };
	if (!c->out.len)
		return 0;
	if (seg_write(c->to, &iov, 1, c->to->size) != 0)
		return err_errno(c->e, "cannot write to a new file in %s", c->sp->path);
	c->to->size += c->out.len;
	c->out.len = 0;
	return 0;
}

static int copy_frames(struct copy *c, uint64_t from, uint64_t upto)
{
	struct frame_head h;
	const char *p;
	struct spool_frame f;
	struct reader *r = &c->sp->readers[READ_COPY];

	reader_reset(r);
	for (; reader_next(c->sp, r, from, upto, &h, &p); from = h.seq + 1) {
		size_t size = frame_head_size(&h);
		frame_view(p, &h, &f);
		seg_point(c->to, h.seq, c->to->size + c->out.len, c->sp->point_bytes);
		buf_reserve(&c->out, size);
		frame_encode(c->out.p + c->out.len, c->to->seed, &f);
		c->out.len += size;
		tally_add(&c->to->tally, &h);
		c->to->last = h.seq;
		if (c->out.len >= COPY_BYTES && flush(c) != 0)
			return -1;
	}
	if (r->blocked)
		return err_set(c->e, "cannot read a file in %s now", c->sp->path);
	return flush(c);
}

/* The old one's frames that were lost, and its file. */
static void replace(struct spool *sp, struct segment *old, struct tally had, bool same_name)
{
	char name[SEG_NAME_MAX];
	sp->tally.frames -= had.frames;
	sp->tally.plain -= had.plain;
	sp->tally.audit -= had.audit;
	sp->gap_frames += had.frames;
	sp->gap_bytes += had.plain + had.audit;
	if (same_name)
		return;
	dir_seg_name(name, old->number, old->salt);
	(void)unlinkat(sp->dirfd, name, 0);
	seg_forget(sp, old);
}

int spool_respool(struct spool *sp, struct segment *old, struct err *e)
{
	bool was_cur = sp->cur == old;
	uint64_t from = sp->acked + 1, upto = old->last;
	if (from < old->number)
		from = old->number;
	if (from > upto) {
		old->failed = false;
		return 0;
	}
	struct segment *to =
		seg_create(sp, from, from == old->number ? old->prev_last : from - 1, e);
	if (!to)
		return -1;
	struct copy c = { .to = to, .e = e, .sp = sp };
	int ret = copy_frames(&c, from, upto);
	buf_free(&c.out);
	reader_reset(&sp->readers[READ_COPY]);
	if (ret != 0) {
		(void)unlinkat(sp->dirfd, DIR_TMP, 0);
		seg_free(to);
		return -1;
	}
	to->last = upto; /* also where the end was lost */
	struct tally had = old->tally;
	had.frames -= to->tally.frames;
	had.plain -= to->tally.plain;
	had.audit -= to->tally.audit;
	bool same_name = to->number == old->number && to->salt == old->salt;
	if (seg_publish(sp, to, e) != 0)
		return -1;
	replace(sp, same_name ? NULL : old, had, same_name);
	if (was_cur)
		sp->cur = to;
	return 0;
}
