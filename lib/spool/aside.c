// SPDX-License-Identifier: Apache-2.0
#include "spool/aside.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "spool/internal.h"
#include "spool/le.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A head, then frames as in a segment, where the cursor's place holds when and
 * why. A frame that was put back gets another byte in its magic: one byte
 * written, so it is there or it is gone.
 */
#define ASIDE_MAGIC "RELPBOXA"
#define GONE '0' /* at byte 3 of a frame, in place of '1' */
#define GONE_AT 3
#define CAUSE_MAX 1024U
#define REQUEUE_BYTES (1U << 20)

struct aside {
	int fd; /* -1: there is none yet */
	uint64_t salt;
	uint32_t seed;
	uint64_t size;
	uint64_t count; /* frames that are not gone */
	uint64_t gone;	/* bytes of those that are */
	/* What requeue put back and the file still has: from .. to, until upto is durable. */
	uint64_t from, to, upto;
};

bool aside_head_decode(const char *p, uint64_t *salt)
{
	*salt = le_get64(p + 16);
	return memcmp(p, ASIDE_MAGIC, 8) == 0 && le_get32(p + 8) == FORMAT_VERSION &&
	       le_get32(p + 28) == crc32c(format_seed(*salt), p, 28);
}

static void head_encode(char *p, uint64_t salt)
{
	memset(p, 0, ASIDE_HEAD);
	memcpy(p, ASIDE_MAGIC, 8);
	le_put32(p + 8, FORMAT_VERSION);
	le_put64(p + 16, salt);
	le_put32(p + 28, crc32c(format_seed(salt), p, 28));
}

bool aside_why(const struct spool_frame *f, int64_t *when_us, struct slice *cause)
{
	if (f->cursor.len < 8)
		return false;
	*when_us = (int64_t)le_get64(f->cursor.p);
	*cause = slice_of(f->cursor.p + 8, f->cursor.len - 8);
	return true;
}

uint64_t aside_count(const struct spool *sp)
{
	return sp->aside ? sp->aside->count : 0;
}

void aside_free(struct spool *sp)
{
	if (sp->aside && sp->aside->fd >= 0)
		close(sp->aside->fd);
	free(sp->aside);
	sp->aside = NULL;
}

static void count_frames(struct aside *a)
{
	struct scan s = { 0 };
	struct frame_head h;
	const char *p;
	uint64_t live = 0;
	scan_start(&s, a->fd, a->seed, ASIDE_HEAD, a->size, 0);
	for (a->count = 0; scan_next(&s, &h, &p); a->count++)
		live += frame_head_size(&h);
	a->size = s.off; /* what a kill cut short is written over */
	scan_free(&s);
	a->gone = a->size - ASIDE_HEAD - live;
}

/* Finds the file that is there; one that is not ours is put away, and then there is none. */
void aside_open(struct spool *sp)
{
	char head[ASIDE_HEAD];
	struct stat st;
	aside_free(sp);
	struct aside *a = sp->aside = mem_zero(1, sizeof(*a));
	a->fd = dir_file(sp->dirfd, "aside", O_RDWR);
	if (a->fd < 0 && (errno == EROFS || errno == EACCES))
		a->fd = dir_file(sp->dirfd, "aside", O_RDONLY);
	if (a->fd < 0 && errno != ELOOP && errno != ENOTSUP)
		return; /* there is none, or it can't be had now: nothing is put away */
	if (a->fd >= 0 && fstat(a->fd, &st) == 0 &&
	    pread(a->fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    aside_head_decode(head, &a->salt)) {
		a->seed = format_seed(a->salt);
		a->size = (uint64_t)st.st_size;
		count_frames(a);
		return;
	}
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	if (dir_foreign(sp->dirfd, "aside") == 0)
		sp->foreign++;
}

/* --- setting aside --- */

static int make(struct spool *sp, struct aside *a, struct err *e)
{
	char head[ASIDE_HEAD];
	a->fd = dir_file(sp->dirfd, "aside", O_RDWR | O_CREAT | O_EXCL);
	if (a->fd < 0)
		return err_errno(e, "cannot make %s/aside", sp->path);
	a->salt = sp->salt;
	a->seed = sp->seed;
	head_encode(head, a->salt);
	if (pwrite(a->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head)) {
		err_errno(e, "cannot write %s/aside", sp->path);
		close(a->fd);
		a->fd = -1;
		(void)unlinkat(sp->dirfd, "aside", 0);
		return -1;
	}
	a->size = ASIDE_HEAD;
	a->count = a->gone = 0;
	return 0;
}

static int append(struct spool *sp, struct aside *a, const char *p, size_t size, struct err *e)
{
	ssize_t n = -1;
	if (ftruncate(a->fd, (off_t)a->size) == 0)
		n = pwrite(a->fd, p, size, (off_t)a->size);
	if (n == (ssize_t)size && fdatasync(a->fd) == 0 && fsync(sp->dirfd) == 0)
		return 0;
	if (n >= 0 && n < (ssize_t)size)
		errno = ENOSPC;
	err_errno(e, "cannot write %s/aside", sp->path);
	if (ftruncate(a->fd, (off_t)a->size) != 0)
		aside_open(sp); /* what stands there now counts */
	return -1;
}

/* All gone: the file is started anew. A kill in between leaves none, and nothing is lost. */
static void restart(struct spool *sp, struct aside *a)
{
	if (a->count || !a->gone || a->to || unlinkat(sp->dirfd, "aside", 0) != 0)
		return;
	close(a->fd);
	a->fd = -1;
	a->gone = 0;
}

int spool_set_aside(struct spool *sp, const struct spool_frame *f, const char *cause,
		    int64_t now_real_us, struct err *e)
{
	char why[8 + CAUSE_MAX];
	size_t len = strnlen(cause, CAUSE_MAX);
	struct aside *a = sp->aside;
	if (!a || sp->dirfd < 0)
		return err_set(e, "%s: %s", sp->path, sp->trouble.text);

	le_put64(why, (uint64_t)now_real_us);
	memcpy(why + 8, cause, len);
	struct spool_frame g = *f;
	g.cursor = slice_of(why, 8 + len);
	size_t size = frame_size(&g);
	if (a->fd >= 0 && a->size + size > ASIDE_MAX)
		restart(sp, a);
	if (a->fd >= 0 && a->size + size > ASIDE_MAX)
		return err_code(e, ENOSPC, "%s/aside is full (%u MiB)", sp->path, ASIDE_MAX >> 20);
	if (a->fd < 0 && make(sp, a, e) != 0)
		return -1;
	char *p = mem_alloc(size);
	frame_encode(p, a->seed, &g);
	int ret = append(sp, a, p, size, e);
	free(p);
	if (ret == 0) {
		a->size += size;
		a->count++;
	}
	return ret;
}

/* --- putting back --- */

static int put_back(struct spool *sp, struct aside *a, uint64_t seq, uint64_t *count)
{
	struct scan s = { 0 };
	struct frame_head h;
	const char *p;
	uint64_t bytes = 0;
	scan_start(&s, a->fd, a->seed, ASIDE_HEAD, a->size, 0);
	while (bytes < REQUEUE_BYTES && scan_next(&s, &h, &p)) {
		struct spool_frame f;
		if (seq && h.seq != seq)
			continue;
		frame_view(p, &h, &f);
		f.cursor = slice_of(NULL, 0);
		if (spool_append(sp, &f) != 0)
			break;
		if (!(*count)++)
			a->from = s.off - frame_head_size(&h);
		a->to = s.off;
		bytes += frame_head_size(&h);
		if (seq)
			break;
	}
	scan_free(&s);
	a->upto = sp->appended;
	return *count ? 0 : -1;
}

int spool_requeue(struct spool *sp, uint64_t seq, uint64_t now_ms, uint64_t *count, struct err *e)
{
	struct aside *a = sp->aside;
	*count = 0;
	if (sp->sick || !a)
		return err_set(e, "%s", sp->trouble.text);
	aside_settle(sp);
	if (a->to)
		return err_code(e, EBUSY, "what was put back before is not safe on the disk yet");
	if (a->fd < 0 || !a->count)
		return seq ? err_code(e, ENOENT, "nothing was set aside") : 0;
	if (put_back(sp, a, seq, count) != 0) {
		if (spool_room(sp, SPOOL_PAYLOAD_MAX / 16, true) == SPOOL_ROOM_NONE)
			return err_code(e, ENOSPC, "the queue is full");
		return err_code(e, ENOENT, "no such record was set aside");
	}
	spool_commit(sp, now_ms);
	spool_sync_all(sp);
	return 0;
}

void aside_settle(struct spool *sp)
{
	struct aside *a = sp->aside;
	struct scan s = { 0 };
	struct frame_head h;
	const char *p;
	const char gone = GONE;
	if (!a->to || a->fd < 0 || spool_durable(sp) < a->upto)
		return;
	scan_start(&s, a->fd, a->seed, a->from, a->to, 0);
	while (scan_next(&s, &h, &p)) {
		uint64_t size = frame_head_size(&h);
		if (pwrite(a->fd, &gone, 1, (off_t)(s.off - size + GONE_AT)) != 1)
			continue;
		a->count--;
		a->gone += size;
	}
	scan_free(&s);
	a->from = a->to = a->upto = 0;
	restart(sp, a);
}

int spool_sync_wait(struct spool *sp, uint64_t now_ms, struct err *e)
{
	int fd;
	uint64_t number;
	spool_commit(sp, now_ms);
	spool_sync_all(sp);
	for (unsigned i = 0; i < 100000 && spool_sync_next(sp, now_ms, &fd, &number); i++)
		spool_synced(sp, number, fdatasync(fd) == 0 ? 0 : errno, now_ms);
	spool_commit(sp, now_ms);
	if (sp->sick)
		return err_set(e, "%s", sp->trouble.text);
	if (spool_durable(sp) < sp->committed)
		return err_set(e, "not everything could be made safe in %s", sp->path);
	return 0;
}
