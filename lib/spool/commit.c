// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include "base/mem.h"
#include "spool/aside.h"
#include "spool/late.h"

#include <sys/stat.h>
#include <unistd.h>

#define IOVS 16
#define ROLL_AGE_MS 2000U

/*
 * The disk fails us: what is in memory stays there and is read from there; the
 * file that failed is never written again.
 */
void spool_sick(struct spool *sp, const struct err *e)
{
	struct segment *s = sp->cur;
	sp->sick = true;
	sp->trouble = *e;
	sp->retry_ms = sp->now_ms + RETRY_MS;
	sp->cur = NULL;
	/* What a failed write left is cut off, or else hidden by the next segment's number. */
	if (s && ftruncate(s->fd, (off_t)s->size) != 0)
		return;
}

/*
 * A healthy receiver keeps the backlog small: then segments are kept small too,
 * and are removed before the kernel would write them to the disk.
 */
static bool wants_roll(const struct spool *sp)
{
	const struct segment *s = sp->cur;
	if (!s)
		return true;
	if (s->last < s->number)
		return false;
	if (s->size >= sp->seg_bytes || s->head_sources < sp->sources.n_safe)
		return true; /* a source's first cursor gets into a head at once, see wants_head */
	uint64_t used = sp->seg_total + sp->tail.unwritten;
	if (sp->acked >= sp->committed && used > sp->max_bytes - sp->reserve)
		return true; /* all that the files hold is acknowledged: room comes back so */
	uint64_t waiting = sp->tally.plain + sp->tally.audit;
	uint64_t backlog = waiting > sp->tail.unwritten ? waiting - sp->tail.unwritten : 0;
	return s->size >= sp->roll_bytes && backlog <= sp->roll_bytes / 2 &&
	       (sp->now_ms - s->born_ms >= ROLL_AGE_MS || s->size >= 8 * sp->roll_bytes);
}

static int write_piece(struct spool *sp, struct err *e)
{
	struct segment *s = sp->cur;
	struct iovec iov[IOVS];
	struct chunk *c = sp->tail.head, *first;
	uint64_t bytes = 0;
	int n = 0;

	while (c->written == c->len)
		c = c->next;
	for (first = c; c && n < IOVS; c = c->next) {
		size_t len = c->len - c->written;
		if (n && s->size + bytes + len > sp->seg_bytes)
			break;
		iov[n++] = (struct iovec){ c->p + c->written, len };
		bytes += len;
	}
	if (seg_write(s, iov, n, s->size) != 0)
		return err_errno(e, "cannot write to a file in %s", sp->path);

	seg_point(s, sp->written + 1, s->size, sp->point_bytes);
	for (c = first; n > 0; n--, c = c->next) {
		s->tally.frames += c->unwritten.frames;
		s->tally.plain += c->unwritten.plain;
		s->tally.audit += c->unwritten.audit;
		c->unwritten = (struct tally){ 0 };
		c->written = c->len;
		s->last = c->last;
	}
	s->size += bytes;
	sp->seg_total += bytes;
	sp->tail.unwritten -= bytes;
	sp->committed = sp->written = s->last;
	sources_commit(&sp->sources, sp->committed);
	return 0;
}

void spool_write(struct spool *sp)
{
	struct err e;
	while (sp->tail.unwritten) {
		if (wants_roll(sp)) {
			if (seg_roll(sp, &e) != 0) {
				spool_sick(sp, &e);
				return;
			}
			seg_release(sp);
		}
		if (write_piece(sp, &e) != 0) {
			spool_sick(sp, &e);
			return;
		}
	}
	sync_stamp(sp);
}

/* The directory itself: not there at start, or removed under us. */
static int heal_dir(struct spool *sp, struct err *e)
{
	struct stat st;
	if (sp->dirfd >= 0 && fstat(sp->dirfd, &st) == 0 && st.st_nlink > 0)
		return 0;
	int fd = dir_open(sp->path, true, e);
	if (fd < 0)
		return -1;
	if (dir_lock(fd, sp->path, e) != 0) {
		close(fd);
		return -1;
	}
	if (sp->dirfd >= 0)
		close(sp->dirfd);
	if (sp->mark_fd >= 0)
		close(sp->mark_fd);
	sp->mark_fd = -1;
	sp->marked = 0;
	sp->dirfd = fd;
	return 0;
}

static struct segment *failed(const struct spool *sp)
{
	for (size_t i = 0; i < sp->n_segs; i++)
		if (sp->segs[i]->failed)
			return sp->segs[i];
	return NULL;
}

static int heal(struct spool *sp, struct err *e)
{
	if (heal_dir(sp, e) != 0)
		return -1;
	if (!sp->recovered) {
		if (late_adopt(sp, e) != 0)
			return -1;
		sp->recovered = true;
	}
	for (struct segment *s; (s = failed(sp)) != NULL;)
		if (spool_respool(sp, s, e) != 0)
			return -1;
	return seg_roll(sp, e);
}

static void try_heal(struct spool *sp)
{
	struct err e;
	sp->retry_ms = sp->now_ms + RETRY_MS;
	if (heal(sp, &e) != 0 && (!seg_make_room(sp) || heal(sp, &e) != 0)) {
		sp->trouble = e;
		return;
	}
	sp->sick = false;
	sp->trouble = (struct err){ 0 };
	seg_release(sp);
	spool_write(sp);
}

/* Takes the frames up to upto out of the counts; their cursors become safe. */
static void walk(struct spool *sp, uint64_t upto)
{
	struct frame_head h;
	const char *p;
	struct segment *s = NULL;
	struct spool_frame f;
	uint64_t from = sp->acked + 1;
	struct reader *r = &sp->readers[READ_WALK];

	while (from <= upto && reader_next(sp, r, from, upto, &h, &p)) {
		from = h.seq + 1;
		tally_sub(&sp->tally, &h);
		if (h.seq > sp->written) {
			tally_sub(&r->chunk->unwritten, &h);
			frame_view(p, &h, &f);
			if (f.cursor.len)
				sources_safe(&sp->sources, f.source, f.cursor, f.seq);
			continue;
		}
		if (!s || h.seq < s->number || h.seq > s->last)
			s = seg_of(sp, h.seq);
		if (s)
			tally_sub(&s->tally, &h);
	}
}

void spool_advance(struct spool *sp, uint64_t upto)
{
	struct err e;
	walk(sp, upto);
	sp->acked = upto;
	if (sp->sick)
		tail_discard(sp, upto);
	tail_trim(sp);
	struct segment *s = sp->cur;
	if (!sp->sick && s && upto >= sp->appended && s->size >= sp->roll_bytes &&
	    s->last >= s->number && seg_roll(sp, &e) != 0)
		spool_sick(sp, &e);
	if (sp->n_segs > 1)
		seg_release(sp);
	mark_write(sp, false);
}

/* Nobody acknowledges frames without payload: they go when nothing else waits. */
void spool_idle_cursors(struct spool *sp)
{
	if (!sp->tally.frames && sp->acked < sp->readable)
		spool_advance(sp, sp->readable);
}

void spool_commit(struct spool *sp, uint64_t now_ms)
{
	sp->now_ms = now_ms;
	if (sp->sick) {
		if ((int64_t)(now_ms - sp->retry_ms) >= 0)
			try_heal(sp);
	} else if (sp->tail.unwritten) {
		spool_write(sp);
	}
	sp->readable = sp->appended;
	spool_idle_cursors(sp);
	mark_write(sp, false);
	if (sp->aside)
		aside_settle(sp);
	if (sp->late && !sp->sick)
		late_step(sp);
	tail_idle(sp);
}

void spool_acknowledge(struct spool *sp, uint64_t upto, uint64_t now_ms)
{
	sp->now_ms = now_ms;
	if (upto <= sp->acked)
		return;
	invariant(upto <= sp->readable);
	spool_advance(sp, upto);
	spool_idle_cursors(sp);
}
