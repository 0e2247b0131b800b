// SPDX-License-Identifier: Apache-2.0
#include "spool/late.h"

#include "base/mem.h"
#include "spool/aside.h"
#include "spool/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_FRAMES 64
#define STEP_BYTES (256U << 10)

struct late {
	struct dir_seg *list; /* number: no frame below it waits */
	size_t n;
	int fd; /* of list[0]; -1: not open */
	struct scan scan;
	bool ended;    /* all was appended, up to `upto` */
	uint64_t upto;
};

static void name_of(char *out, const struct dir_seg *d)
{
	snprintf(out, SEG_NAME_MAX, "%016" PRIx64 "-%016" PRIx64 ".late", d->number, d->salt);
}

void late_found(struct spool *sp, const struct dir_seg *list, size_t n)
{
	if (!n)
		return;
	if (!sp->late) {
		sp->late = mem_zero(1, sizeof(*sp->late));
		sp->late->fd = -1;
	}
	struct late *l = sp->late;
	l->list = mem_grow(l->list, (l->n + n) * sizeof(*l->list));
	memcpy(l->list + l->n, list, n * sizeof(*list));
	l->n += n;
}

static bool is_ours(struct spool *sp, const char *name, const struct dir_seg *d)
{
	char first[4096];
	struct seg_head head;
	struct scan s = { 0 };
	struct frame_head h;
	const char *p;
	struct stat st;
	int fd = dir_file(sp->dirfd, name, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0)
		return false;
	ssize_t n = pread(fd, first, sizeof(first), 0);
	bool ours = n > 0 && seg_head_decode(first, (size_t)n, &head, NULL) == SEG_GOOD &&
		    head.number == d->number && head.salt == d->salt;
	if (!ours) {
		scan_start(&s, fd, format_seed(d->salt), 0, (uint64_t)st.st_size, 0);
		ours = scan_next(&s, &h, &p);
		scan_free(&s);
	}
	close(fd);
	return ours;
}

void late_take_back(struct spool *sp, struct dir_list *l)
{
	char from[SEG_NAME_MAX + 16], to[SEG_NAME_MAX];
	for (size_t i = 0; i < l->n_other; i++) {
		struct dir_seg *d = &l->other[i];
		dir_seg_name(from, d->number, d->salt);
		strcat(from, ".foreign");
		name_of(to, d);
		if (!is_ours(sp, from, d) || renameat(sp->dirfd, from, sp->dirfd, to) != 0)
			continue;
		l->foreign--;
		late_found(sp, d, 1);
	}
}

void late_free(struct spool *sp)
{
	struct late *l = sp->late;
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	scan_free(&l->scan);
	free(l->list);
	free(l);
	sp->late = NULL;
}

/* --- adopting --- */

/* Cursors of sources that this run has not heard of: below all its numbers. */
static void take_cursor(struct spool *sp, struct slice name, struct slice cursor)
{
	if (cursor.len && !sources_find(&sp->sources, name))
		sources_safe(&sp->sources, name, cursor, 1);
}

static void take_cursors(struct spool *sp, int fd, const struct dir_seg *d, uint64_t size)
{
	struct sources t = { 0 };
	struct seg_head head;
	struct scan s = { 0 };
	struct frame_head h;
	struct spool_frame f;
	const char *p;
	char first[4096];
	ssize_t n = pread(fd, first, sizeof(first), 0);

	if (n > 0)
		seg_head_decode(first, (size_t)n, &head, &t);
	scan_start(&s, fd, format_seed(d->salt), 0, size, 0);
	while (scan_next(&s, &h, &p)) {
		frame_view(p, &h, &f);
		if (f.cursor.len)
			sources_safe(&t, f.source, f.cursor, f.seq);
	}
	for (size_t i = 0; i < t.n; i++)
		take_cursor(sp, buf_slice(&t.list[i].name), buf_slice(&t.list[i].safe));
	sources_free(&t);
	scan_free(&s);
}

static int adopt_one(struct spool *sp, const struct dir_seg *d, bool last, uint64_t mark,
		     uint64_t limit, struct err *e)
{
	char from[SEG_NAME_MAX], to[SEG_NAME_MAX];
	struct stat st;
	struct dir_seg late = *d;
	dir_seg_name(from, d->number, d->salt);
	if (last) {
		int fd = dir_file(sp->dirfd, from, O_RDONLY);
		if (fd >= 0 && fstat(fd, &st) == 0)
			take_cursors(sp, fd, d, (uint64_t)st.st_size);
		if (fd >= 0)
			close(fd);
	}
	if (limit - 1 <= mark) {
		(void)unlinkat(sp->dirfd, from, 0);
		return 0;
	}
	if (late.number <= mark)
		late.number = mark + 1;
	name_of(to, &late);
	if (renameat(sp->dirfd, from, sp->dirfd, to) != 0)
		return err_errno(e, "cannot rename %s/%s", sp->path, from);
	late_found(sp, &late, 1);
	return 0;
}

int late_adopt(struct spool *sp, struct err *e)
{
	struct dir_list l = { 0 };
	uint64_t turn, mark = mark_read(sp->dirfd, &turn);
	int ret = dir_scan(sp->dirfd, &l, e);
	late_free(sp);
	if (ret == 0)
		late_found(sp, l.late, l.n_late);
	late_take_back(sp, &l);
	for (size_t i = l.n_segs; ret == 0 && i-- > 0;) {
		bool last = i + 1 == l.n_segs;
		ret = adopt_one(sp, &l.segs[i], last, mark,
				last ? UINT64_MAX : l.segs[i + 1].number, e);
	}
	sp->foreign = l.foreign;
	dir_list_free(&l);
	if (ret != 0)
		return -1;
	/* It speaks of the old numbers; the names carry what it said. */
	if (unlinkat(sp->dirfd, "mark", 0) != 0 && errno != ENOENT)
		return err_errno(e, "cannot remove %s/mark", sp->path);
	sp->marked = 0;
	aside_open(sp);
	return 0;
}

/* --- appending --- */

static bool open_first(struct spool *sp, struct late *l)
{
	char name[SEG_NAME_MAX];
	struct stat st;
	name_of(name, &l->list[0]);
	l->fd = dir_file(sp->dirfd, name, O_RDONLY);
	if (l->fd < 0 || fstat(l->fd, &st) != 0)
		return false;
	scan_start(&l->scan, l->fd, format_seed(l->list[0].salt), 0, (uint64_t)st.st_size, 0);
	l->ended = false;
	return true;
}

static void drop_first(struct spool *sp, struct late *l, bool remove)
{
	char name[SEG_NAME_MAX];
	name_of(name, &l->list[0]);
	if (remove)
		(void)unlinkat(sp->dirfd, name, 0);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	memmove(l->list, l->list + 1, --l->n * sizeof(*l->list));
	if (!l->n)
		late_free(sp);
}

static void append_some(struct spool *sp, struct late *l)
{
	struct frame_head h;
	struct spool_frame f;
	const char *p;
	uint64_t bytes = 0;
	for (int i = 0; i < STEP_FRAMES && bytes < STEP_BYTES; i++) {
		if (!scan_next(&l->scan, &h, &p)) {
			l->ended = true;
			l->upto = sp->appended;
			return;
		}
		if (h.seq < l->list[0].number || !h.payload_len)
			continue;
		frame_view(p, &h, &f);
		f.cursor = slice_of(NULL, 0);
		if (spool_room(sp, f.payload.len, f.audit) != SPOOL_ROOM ||
		    spool_append(sp, &f) != 0) {
			l->scan.off -= frame_head_size(&h);
			return;
		}
		bytes += frame_head_size(&h);
	}
}

void late_step(struct spool *sp)
{
	struct late *l = sp->late;
	if (l->fd < 0 && !open_first(sp, l)) {
		drop_first(sp, l, false);
		return;
	}
	if (!l->ended)
		append_some(sp, l);
	else if (spool_durable(sp) < l->upto)
		spool_sync_all(sp);
	else
		late_settle(sp);
}

void late_settle(struct spool *sp)
{
	struct late *l = sp->late;
	if (l && l->fd >= 0 && l->ended && spool_durable(sp) >= l->upto)
		drop_first(sp, l, true);
}
