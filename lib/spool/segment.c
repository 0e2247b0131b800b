// SPDX-License-Identifier: Apache-2.0

#include "spool/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct segment *seg_new(uint64_t number, uint64_t salt)
{
	struct segment *s = mem_zero(1, sizeof(*s));
	s->number = number;
	s->last = number - 1;
	s->salt = salt;
	s->seed = format_seed(salt);
	s->fd = -1;
	return s;
}

void seg_free(struct segment *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->points);
	free(s);
}

void seg_insert(struct spool *sp, struct segment *s)
{
	sp->segs = mem_grow(sp->segs, (sp->n_segs + 1) * sizeof(*sp->segs));
	size_t i = sp->n_segs++;
	for (; i > 0 && sp->segs[i - 1]->number > s->number; i--)
		sp->segs[i] = sp->segs[i - 1];
	sp->segs[i] = s;
	sp->seg_total += s->size;
}

static size_t place(const struct spool *sp, const struct segment *s)
{
	size_t i = 0;
	while (i < sp->n_segs && sp->segs[i] != s)
		i++;
	return i;
}

void seg_forget(struct spool *sp, struct segment *s)
{
	size_t i = place(sp, s);
	invariant(i < sp->n_segs);
	for (sp->n_segs--; i < sp->n_segs; i++)
		sp->segs[i] = sp->segs[i + 1];
	for (i = 0; i < READERS; i++)
		if (sp->readers[i].seg == s)
			sp->readers[i].seg = NULL;
	if (sp->job.seg == s)
		sp->job.seg = NULL;
	if (sp->cur == s)
		sp->cur = NULL;
	sp->seg_total -= s->size;
	seg_free(s);
}

struct segment *seg_of(const struct spool *sp, uint64_t seq)
{
	size_t low = 0, high = sp->n_segs; /* the last one whose number is <= seq */
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (sp->segs[mid]->number <= seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? sp->segs[low - 1] : NULL;
}

struct segment *seg_after(const struct spool *sp, const struct segment *s)
{
	size_t i = place(sp, s) + 1;
	return i < sp->n_segs ? sp->segs[i] : NULL;
}

int seg_open(struct spool *sp, struct segment *s)
{
	char name[SEG_NAME_MAX];
	if (s->fd >= 0)
		return 0;
	dir_seg_name(name, s->number, s->salt);
	s->fd = dir_file(sp->dirfd, name, O_RDONLY);
	return s->fd < 0 ? -1 : 0;
}

void seg_point(struct segment *s, uint64_t seq, uint64_t off, uint64_t every)
{
	if (s->n_points && off - s->points[s->n_points - 1].off < every)
		return;
	if ((s->n_points & (s->n_points - 1)) == 0)
		s->points = mem_grow(s->points,
				     (s->n_points ? 2 * s->n_points : 1) * sizeof(*s->points));
	s->points[s->n_points++] = (struct point){ seq, off };
}

int seg_write(struct segment *s, const struct iovec *iov, int n, uint64_t off)
{
	struct iovec v[32];
	invariant(n <= 32);
	memcpy(v, iov, (size_t)n * sizeof(*v));
	for (int i = 0; i < n;) {
		ssize_t put = pwritev(s->fd, v + i, n - i, (off_t)off);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			if (put == 0)
				errno = ENOSPC;
			return -1;
		}
		off += (uint64_t)put;
		for (; i < n && (size_t)put >= v[i].iov_len; i++)
			put -= (ssize_t)v[i].iov_len;
		if (i < n) {
			v[i].iov_base = (char *)v[i].iov_base + put;
			v[i].iov_len -= (size_t)put;
		}
	}
	return 0;
}

struct segment *seg_create(struct spool *sp, uint64_t number, uint64_t prev_last, struct err *e)
{
	struct seg_head h = { .number = number, .salt = sp->salt, .acked = sp->acked,
			      .prev_last = prev_last, .flags = sp->run_start ? SEG_RUN_START : 0 };
	struct segment *s = seg_new(number, sp->salt);
	int flags = O_RDWR | O_CREAT | O_EXCL;

	s->fd = dir_file(sp->dirfd, DIR_TMP, flags);
	if (s->fd < 0 && errno == EEXIST && unlinkat(sp->dirfd, DIR_TMP, 0) == 0)
		s->fd = dir_file(sp->dirfd, DIR_TMP, flags);
	if (s->fd < 0) {
		err_errno(e, "cannot make a file in %s", sp->path);
		seg_free(s);
		return NULL;
	}
	struct buf head = { 0 };
	seg_head_encode(&head, &h, &sp->sources);
	struct iovec iov = { head.p, head.len };
	if (seg_write(s, &iov, 1, 0) != 0) {
		err_errno(e, "cannot write a new file in %s", sp->path);
		(void)unlinkat(sp->dirfd, DIR_TMP, 0);
		seg_free(s);
		s = NULL;
	} else {
		s->size = s->head_len = h.len;
		s->head_sources = sp->sources.n_safe;
		s->prev_last = prev_last;
		s->born_ms = sp->now_ms;
	}
	buf_free(&head);
	return s;
}

int seg_publish(struct spool *sp, struct segment *s, struct err *e)
{
	char name[SEG_NAME_MAX];
	dir_seg_name(name, s->number, s->salt);
	if (renameat(sp->dirfd, DIR_TMP, sp->dirfd, name) != 0) {
		err_errno(e, "cannot rename to %s/%s", sp->path, name);
		(void)unlinkat(sp->dirfd, DIR_TMP, 0);
		seg_free(s);
		return -1;
	}
	/* It may have replaced one of the same number that held nothing that counts. */
	struct segment *same = seg_of(sp, s->number);
	if (same && same->number == s->number && same->salt == s->salt)
		seg_forget(sp, same);
	seg_insert(sp, s);
	sp->run_start = false;
	return 0;
}

int seg_roll(struct spool *sp, struct err *e)
{
	uint64_t number = sp->written + 1;
	struct segment *s = seg_create(sp, number, sp->log_last ? sp->log_last : number - 1, e);
	if (!s || seg_publish(sp, s, e) != 0)
		return -1;
	sp->log_last = 0;
	sp->cur = s;
	return 0;
}

/* Damage that came after the start: counted once the frames would have been passed. */
static void count_lost(struct spool *sp, struct segment *s)
{
	sp->gap_frames += s->tally.frames;
	sp->gap_bytes += s->tally.plain + s->tally.audit;
	sp->tally.frames -= s->tally.frames;
	sp->tally.plain -= s->tally.plain;
	sp->tally.audit -= s->tally.audit;
	s->tally = (struct tally){ 0 };
}

bool seg_headed(const struct spool *sp, const struct segment *s)
{
	return s->filed && s->named && s->based && s->head_sources >= sp->sources.n_safe;
}

/*
 * The directory may reach the disk long before a new file's bytes do: if then
 * the power goes, the only heads with cursors are those that were synced. The
 * last of them stays, without its frames, until a later one is durable.
 */
static bool must_stay(const struct spool *sp, size_t i)
{
	if (!sp->sources.n_safe || !(sp->segs[i]->found || sp->segs[i]->filed))
		return false;
	while (++i < sp->n_segs)
		if (seg_headed(sp, sp->segs[i]))
			return false;
	return true;
}

static bool empty(struct spool *sp, struct segment *s, const char *name)
{
	if (s->size <= s->head_len)
		return true;
	int fd = dir_file(sp->dirfd, name, O_WRONLY);
	if (fd < 0)
		return false;
	bool done = s->head_len && ftruncate(fd, (off_t)s->head_len) == 0;
	close(fd);
	if (!done)
		return false;
	for (size_t i = 0; i < READERS; i++)
		if (sp->readers[i].seg == s)
			reader_reset(&sp->readers[i]);
	count_lost(sp, s);
	sp->seg_total -= s->size - s->head_len;
	s->size = s->head_len;
	s->last = s->number - 1;
	s->n_points = 0;
	return true;
}

void seg_release(struct spool *sp)
{
	char name[SEG_NAME_MAX];
	for (size_t i = 0; i + 1 < sp->n_segs && sp->segs[i]->last <= sp->acked;) {
		struct segment *s = sp->segs[i];
		if (s == sp->cur)
			return;
		dir_seg_name(name, s->number, s->salt);
		mark_write(sp, true); /* else its frames would look lost after a kill */
		if (must_stay(sp, i) && empty(sp, s, name)) {
			i++;
			continue;
		}
		if (unlinkat(sp->dirfd, name, 0) != 0 && errno != ENOENT)
			return;
		count_lost(sp, s);
		seg_forget(sp, s);
	}
}

/*
 * On a full disk the next segment may not fit because of the last one, though
 * all of it is acknowledged. Its head stays: an older cursor costs duplicates.
 */
bool seg_make_room(struct spool *sp)
{
	char name[SEG_NAME_MAX];
	struct segment *s = sp->n_segs ? sp->segs[sp->n_segs - 1] : NULL;
	if (!s || sp->cur || s->last > sp->acked || s->size <= s->head_len)
		return false;
	mark_write(sp, true);
	dir_seg_name(name, s->number, s->salt);
	return empty(sp, s, name);
}

void seg_close(struct spool *sp, struct segment *s)
{
	for (size_t i = 0; i < READERS; i++)
		if (sp->readers[i].seg == s)
			return;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
