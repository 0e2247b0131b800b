// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include <errno.h>

void reader_reset(struct reader *r)
{
	r->chunk = NULL;
	r->seg = NULL;
	r->blocked = false;
}

#define DENIED_MS 60000U /* so long a disk may fail to open a file before it is passed over */

/* A segment that could not be opened (errno): is it worth to wait for it? */
static bool wait_for(const struct spool *sp, struct segment *s, int error)
{
	if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR)
		return true; /* nothing is wrong with the file */
	if (error == ENOENT || error == ELOOP || error == ENOTSUP)
		return false; /* gone, or none of ours any more */
	if (s->denied_ms == 0)
		s->denied_ms = sp->now_ms ? sp->now_ms : 1;
	return sp->now_ms - s->denied_ms < DENIED_MS;
}

static bool in_file(struct spool *sp, struct reader *r, struct segment *s, uint64_t from)
{
	uint64_t off = s->head_len;
	size_t low = 0, high = s->n_points;
	if (seg_open(sp, s) != 0) {
		r->blocked = wait_for(sp, s, errno);
		return false;
	}
	s->denied_ms = 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (s->points[mid].seq <= from)
			low = mid + 1;
		else
			high = mid;
	}
	if (low)
		off = s->points[low - 1].off;
	r->seg = s;
	scan_start(&r->scan, s->fd, s->seed, off, s->size, r->window);
	return true;
}

static void in_memory(struct spool *sp, struct reader *r, uint64_t from)
{
	struct chunk *c = sp->tail.head;
	while (c && c->next && c->last < from)
		c = c->next;
	r->chunk = c;
	r->off = 0;
}

/*
 * To the first place behind segment s (NULL: at all) that can hold `from` or
 * more. A segment that is gone is passed over; one that can't be opened for now
 * is waited for: what it holds would be lost.
 */
static bool seek(struct spool *sp, struct reader *r, struct segment *s, uint64_t from)
{
	uint64_t memory = tail_first(sp);
	reader_reset(r);
	if (s && from <= s->last)
		from = s->last + 1;
	if (!memory || from < memory) {
		s = s ? seg_after(sp, s) : seg_of(sp, from);
		if (!s && sp->n_segs && sp->segs[0]->number > from)
			s = sp->segs[0];
		for (; s && (s->last < from || !in_file(sp, r, s, from)); s = seg_after(sp, s))
			if (r->blocked || (memory && s->last >= memory))
				break;
		if (r->seg || r->blocked)
			return !r->blocked;
	}
	if (!memory)
		return false;
	in_memory(sp, r, from);
	return true;
}

static int from_memory(struct reader *r, uint64_t from, uint64_t upto, struct frame_head *h,
		       const char **p)
{
	for (;;) {
		const struct chunk *c = r->chunk;
		if (r->off >= c->len) {
			if (!c->next)
				return 0;
			r->chunk = c->next;
			r->off = 0;
			continue;
		}
		*p = c->p + r->off;
		frame_head_load(*p, h);
		if (h->seq > upto)
			return 0;
		r->off += frame_head_size(h);
		if (h->seq >= from)
			return 1;
	}
}

/* 1: found; 0: nothing up to upto; -1: the segment has ended. */
static int from_file(struct reader *r, uint64_t from, uint64_t upto,
		     struct frame_head *h, const char **p)
{
	scan_until(&r->scan, r->seg->size);
	while (scan_next(&r->scan, h, p)) {
		if (h->seq > r->seg->last)
			return -1;
		if (h->seq > upto) {
			r->scan.off -= frame_head_size(h);
			return 0;
		}
		if (h->seq >= from)
			return 1;
	}
	return -1;
}

int reader_next(struct spool *sp, struct reader *r, uint64_t from, uint64_t upto,
		struct frame_head *h, const char **p)
{
	int got = 0;
	r->blocked = false;
	if (from > upto)
		return 0;
	if ((from != r->next || (!r->chunk && !r->seg)) && !seek(sp, r, NULL, from))
		return 0;
	while (!r->chunk && r->seg) {
		got = from_file(r, from, upto, h, p);
		if (got >= 0)
			break;
		got = 0;
		if (!seek(sp, r, r->seg, from))
			break;
	}
	if (r->chunk)
		got = from_memory(r, from, upto, h, p);
	r->next = got ? h->seq + 1 : from;
	return got;
}

int spool_read(struct spool *sp, uint64_t from, struct spool_frame *out)
{
	struct frame_head h;
	const char *p;
	if (from <= sp->acked)
		from = sp->acked + 1;
	while (reader_next(sp, &sp->readers[READ_SINK], from, sp->readable, &h, &p)) {
		if (h.payload_len) {
			frame_view(p, &h, out);
			return 1;
		}
		from = h.seq + 1;
	}
	return sp->readers[READ_SINK].blocked ? -1 : 0;
}
