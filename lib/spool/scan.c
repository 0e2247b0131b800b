// SPDX-License-Identifier: Apache-2.0
#include "spool/scan.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define ERRORS_MAX 64U /* reads of one file that may fail before the rest is given up */
#define BAD_BLOCK 4096U

void scan_start(struct scan *s, int fd, uint32_t seed, uint64_t off, uint64_t end, size_t want)
{
	char *win = s->win;
	size_t cap = s->cap;
	*s = (struct scan){ .fd = fd, .seed = seed, .off = off, .end = end,
			    .want = want ? want : SCAN_WINDOW, .win = win, .cap = cap };
	if (end < off)
		s->end = off;
}

void scan_until(struct scan *s, uint64_t end)
{
	if (end <= s->end)
		return;
	s->end = end;
	s->rest = 0;
}

void scan_free(struct scan *s)
{
	free(s->win);
	*s = (struct scan){ .fd = -1 };
}

/* A block that cannot be read is zeros: never a frame. Returns bytes added. */
static size_t bad_block(struct scan *s, size_t need)
{
	s->errors++;
	size_t n = need - s->len;
	if (s->errors <= ERRORS_MAX && n > BAD_BLOCK)
		n = BAD_BLOCK;
	memset(s->win + s->len, 0, n);
	return n;
}

static void fill(struct scan *s, uint64_t off, size_t n)
{
	size_t need = n > s->want ? n : s->want;
	if (need > s->end - off)
		need = (size_t)(s->end - off);
	if (need > s->cap || (s->cap > s->want && need <= s->want)) {
		free(s->win);
		s->cap = n > s->want ? n : s->want;
		s->win = mem_alloc(s->cap);
	}
	s->at = off;
	s->len = 0;
	while (s->len < need) {
		ssize_t got = -1;
		if (s->errors <= ERRORS_MAX)
			got = pread(s->fd, s->win + s->len, need - s->len, (off_t)(off + s->len));
		if (got < 0 && errno == EINTR && s->errors <= ERRORS_MAX)
			continue;
		if (got == 0) { /* shorter than it was */
			s->end = off + s->len;
			return;
		}
		s->len += got < 0 ? bad_block(s, need) : (size_t)got;
	}
}

/* n bytes at off, or NULL where the end comes before. */
static const char *window(struct scan *s, uint64_t off, size_t n)
{
	if (off > s->end || s->end - off < n)
		return NULL;
	if (off < s->at || off - s->at > s->len || s->len - (size_t)(off - s->at) < n) {
		fill(s, off, n);
		if (s->len < n)
			return NULL;
	}
	return s->win + (off - s->at);
}

/* How much to look at from off on: what the window holds, or else a new window. */
static size_t ahead(const struct scan *s, uint64_t off)
{
	if (off >= s->at && off - s->at + FRAME_HEAD <= s->len)
		return s->len - (size_t)(off - s->at);
	return s->end - off < s->want ? (size_t)(s->end - off) : s->want;
}

static bool all_zero(struct scan *s, uint64_t off, uint64_t end)
{
	while (off < end) {
		size_t n = end - off < s->want ? (size_t)(end - off) : s->want;
		const char *p = window(s, off, n);
		for (size_t i = 0; p && i < n; i++)
			if (p[i])
				return false;
		off += n;
	}
	return true;
}

/* From s->off on, where no good head is, to the next one. False: there is none. */
static bool resync(struct scan *s, struct frame_head *h)
{
	uint64_t from = s->off, off = from + 1;
	while (s->end >= FRAME_HEAD && off <= s->end - FRAME_HEAD) {
		size_t n = ahead(s, off);
		const char *p = window(s, off, n);
		if (!p)
			break;
		const char *m = memmem(p, n - FRAME_HEAD + 4, FRAME_MAGIC, 4);
		if (!m) {
			off += n - FRAME_HEAD + 1;
			continue;
		}
		off += (uint64_t)(m - p);
		if (frame_head_decode(m, s->seed, h)) {
			s->gap_bytes += off - from;
			s->off = off;
			return true;
		}
		off++;
	}
	s->rest = s->end - from;
	if (!all_zero(s, from, s->end))
		s->gap_bytes += s->rest;
	return false;
}

int scan_next(struct scan *s, struct frame_head *h, const char **p)
{
	for (;;) {
		const char *q = window(s, s->off, FRAME_HEAD);
		if (!q) { /* nothing, or a head that was not finished */
			s->rest = s->end - s->off;
			return 0;
		}
		if (!frame_head_decode(q, s->seed, h) && !resync(s, h))
			return 0;
		size_t size = frame_head_size(h);
		if (s->end - s->off < size) { /* cut by a kill: was never committed */
			s->rest = s->end - s->off;
			return 0;
		}
		if (h->seq > s->seen)
			s->seen = h->seq;
		q = window(s, s->off, size);
		if (!q)
			return 0;
		s->off += size;
		if (frame_content_ok(q, s->seed, h)) {
			*p = q;
			return 1;
		}
		s->gap_bytes += size;
	}
}
