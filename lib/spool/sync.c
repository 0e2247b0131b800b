// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include <unistd.h>

#define HEAD_MORE (64U << 10)

/*
 * Remembers when what is committed now was committed. The last stamp moves on
 * until STAMP_MS have passed since the one before it, so that none is missing.
 */
void sync_stamp(struct spool *sp)
{
	size_t n = sp->n_stamps;
	struct stamp now = { sp->committed, sp->now_ms };
	if (n && sp->stamps[n - 1].seq >= sp->committed)
		return;
	if (n >= 2 && sp->now_ms - sp->stamps[n - 2].ms < STAMP_MS) {
		sp->stamps[n - 1] = now;
		return;
	}
	if (n == STAMPS)
		memmove(sp->stamps, sp->stamps + 1, --n * sizeof(*sp->stamps));
	sp->stamps[n] = now;
	sp->n_stamps = n + 1;
}

static uint64_t lingering(const struct spool *sp)
{
	for (size_t i = sp->n_stamps; i-- > 0;)
		if (sp->now_ms - sp->stamps[i].ms >= LINGER_MS)
			return sp->stamps[i].seq;
	return 0;
}

static bool done(const struct spool *sp, const struct segment *s)
{
	return s->last < s->number || s->last <= sp->acked || (s->synced >= s->last && s->named);
}

static void update(struct spool *sp)
{
	uint64_t d = sp->committed;
	for (size_t i = 0; i < sp->n_segs; i++) {
		const struct segment *s = sp->segs[i];
		if (done(sp, s))
			continue;
		d = s->named && s->synced >= s->number ? s->synced : s->number - 1;
		break;
	}
	if (d < sp->acked)
		d = sp->acked;
	if (d > sp->durable)
		sp->durable = d;
}

uint64_t spool_durable(const struct spool *sp)
{
	return sp->durable > sp->acked ? sp->durable : sp->acked;
}

void spool_sync_all(struct spool *sp)
{
	sp->sync_upto = sp->committed;
}

static bool job(struct spool *sp, enum job_kind kind, struct segment *s, uint64_t upto, int *fd,
		uint64_t *number)
{
	sp->job = (struct sync_job){ .kind = kind, .seg = s, .upto = upto };
	if (kind == JOB_DIR)
		sp->job.last = sp->segs[sp->n_segs - 1]->number;
	*fd = kind == JOB_DIR ? sp->dirfd : kind == JOB_MARK ? sp->mark_fd : s->fd;
	*number = upto;
	return true;
}

/*
 * Durable cursors, where a source has any: once a minute, best while the segment
 * is little more than its head.
 */
static bool wants_head(const struct spool *sp)
{
	const struct segment *s = sp->cur;
	if (!s || sp->sick || seg_headed(sp, s) || s->head_sources < sp->sources.n_safe ||
	    !sp->sources.n_safe)
		return false;
	uint64_t age = sp->now_ms - sp->head_ms;
	return !sp->head_ms || sp->head_sources < sp->sources.n_safe || age >= 2 * HEAD_MS ||
	       (age >= HEAD_MS && s->size < s->head_len + HEAD_MORE);
}

/* The file, then the mark (so that no hole seems to be before it), then the names. */
static bool job_head(struct spool *sp, int *fd, uint64_t *number)
{
	struct segment *s = sp->cur;
	if (!wants_head(sp))
		return false;
	if (!s->filed)
		return job(sp, JOB_FILE, s, s->last, fd, number);
	if (!s->based) {
		mark_write(sp, true);
		if (sp->mark_fd < 0 || sp->marked != sp->acked || spool_durable(sp) < s->prev_last)
			return false;
		return job(sp, JOB_MARK, s, s->last, fd, number);
	}
	return job(sp, JOB_DIR, NULL, s->last, fd, number);
}

bool spool_sync_next(struct spool *sp, uint64_t now_ms, int *fd, uint64_t *number)
{
	sp->now_ms = now_ms;
	if (sp->job.kind || sp->dirfd < 0)
		return false;
	uint64_t upto = lingering(sp);
	if (upto < sp->sync_upto)
		upto = sp->sync_upto;
	if (upto <= sp->acked || upto <= sp->durable)
		return job_head(sp, fd, number);
	for (size_t i = 0; i < sp->n_segs && sp->segs[i]->number <= upto; i++) {
		struct segment *s = sp->segs[i];
		if (done(sp, s) || s->failed)
			continue;
		if (s->synced < s->last && s->synced < upto) {
			if (seg_open(sp, s) != 0)
				continue;
			return job(sp, JOB_FILE, s, s->last, fd, number);
		}
		if (!s->named)
			return job(sp, JOB_DIR, NULL, upto, fd, number);
	}
	return job_head(sp, fd, number);
}

static void failed(struct spool *sp, struct segment *s, int error)
{
	struct err e, why;
	err_code(&e, error, "cannot sync a file in %s: %s", sp->path, strerror(error));
	if (!s || s->last <= sp->acked) {
		spool_sick(sp, &e);
		return;
	}
	s->failed = true;
	if (spool_respool(sp, s, &why) != 0)
		spool_sick(sp, &e);
}

void spool_synced(struct spool *sp, uint64_t number, int error, uint64_t now_ms)
{
	struct sync_job j = sp->job;
	sp->now_ms = now_ms;
	if (!j.kind || number != j.upto)
		return;
	sp->job = (struct sync_job){ 0 };
	if (error) {
		if (j.kind == JOB_MARK)
			mark_drop(sp);
		if (j.kind != JOB_FILE || j.seg)
			failed(sp, j.kind == JOB_FILE ? j.seg : NULL, error);
		return;
	}
	for (size_t i = 0; j.kind == JOB_DIR && i < sp->n_segs; i++)
		if (sp->segs[i]->number <= j.last)
			sp->segs[i]->named = true;
	if (j.seg && j.kind == JOB_MARK)
		j.seg->based = true;
	if (j.seg && j.kind == JOB_FILE) {
		j.seg->filed = true;
		if (j.seg->synced < j.upto)
			j.seg->synced = j.upto;
	}
	if (j.seg && j.seg != sp->cur && j.seg->synced >= j.seg->last)
		seg_close(sp, j.seg);
	update(sp);
	if (sp->cur && seg_headed(sp, sp->cur)) {
		sp->head_ms = sp->now_ms ? sp->now_ms : 1;
		sp->head_sources = sp->cur->head_sources;
		seg_release(sp); /* what stayed only for its cursors */
	}
}
