// SPDX-License-Identifier: Apache-2.0
#include "spool/inspect.h"

#include "spool/aside.h"
#include "spool/internal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
	int dirfd;
	struct scan scan;
	uint64_t acked;
	int (*fn)(void *arg, const struct spool_item *item);
	void *arg;
};

static uint64_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int walk_segment(struct walk *w, const struct dir_seg *d, uint64_t limit)
{
	char name[SEG_NAME_MAX], first[4096];
	struct seg_head head;
	struct spool_item item = { 0 };
	struct frame_head h;
	const char *p;
	int ret = 0;
	dir_seg_name(name, d->number, d->salt);
	int fd = dir_file(w->dirfd, name, O_RDONLY);
	if (fd < 0)
		return 0;
	ssize_t n = pread(fd, first, sizeof(first), 0);
	if (n > 0 && seg_head_decode(first, (size_t)n, &head, NULL) == SEG_GOOD &&
	    head.acked > w->acked)
		w->acked = head.acked;
	scan_start(&w->scan, fd, format_seed(d->salt), 0, size_of(fd), 0);
	while (!ret && scan_next(&w->scan, &h, &p) && h.seq < limit) {
		if (h.seq <= w->acked || !h.payload_len)
			continue;
		frame_view(p, &h, &item.frame);
		ret = w->fn(w->arg, &item);
	}
	close(fd);
	return ret;
}

static int walk_aside(struct walk *w)
{
	char head[ASIDE_HEAD];
	uint64_t salt;
	struct spool_item item = { .aside = true };
	struct frame_head h;
	const char *p;
	int ret = 0;
	int fd = dir_file(w->dirfd, "aside", O_RDONLY);
	if (fd < 0)
		return 0;
	if (pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    aside_head_decode(head, &salt)) {
		scan_start(&w->scan, fd, format_seed(salt), ASIDE_HEAD, size_of(fd), 0);
		while (!ret && scan_next(&w->scan, &h, &p)) {
			frame_view(p, &h, &item.frame);
			if (!aside_why(&item.frame, &item.aside_us, &item.cause))
				continue;
			item.frame.cursor = slice_of(NULL, 0);
			ret = w->fn(w->arg, &item);
		}
	}
	close(fd);
	return ret;
}

int spool_walk(const char *dir, int (*fn)(void *arg, const struct spool_item *item), void *arg,
	       struct err *e)
{
	struct dir_list l = { 0 };
	struct walk w = { .fn = fn, .arg = arg };
	uint64_t turn;
	w.dirfd = dir_open(dir, false, e);
	if (w.dirfd < 0)
		return -1;
	w.acked = mark_read(w.dirfd, &turn);
	int ret = dir_scan(w.dirfd, &l, e);
	for (size_t i = 0; ret == 0 && i < l.n_segs; i++)
		ret = walk_segment(&w, &l.segs[i],
				   i + 1 < l.n_segs ? l.segs[i + 1].number : UINT64_MAX);
	if (ret == 0)
		ret = walk_aside(&w);
	scan_free(&w.scan);
	dir_list_free(&l);
	close(w.dirfd);
	return ret;
}
