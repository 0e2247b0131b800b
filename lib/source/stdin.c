// SPDX-License-Identifier: Apache-2.0
/*
 * Lines of a pipe, a file or a terminal. What was read and not yet taken waits
 * in memory, so a reader that stops (no room) stops its writer by the pipe.
 */
#include "source/source.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define CHUNK 65536

struct source_stdin {
	struct source base;
	struct loop *loop;
	struct loop_watch watch;
	size_t max_line;
	struct buf in;	 /* bytes read and not taken */
	size_t scanned;	 /* of in, without a line feed */
	bool skipping;	 /* the rest of a line that was too long */
	bool eof;
	bool waiting;	 /* no room: resume tells when */
	struct err why;	 /* what ended it; empty text: its end */
	bool pollable;	 /* epoll takes no regular file: those are always ready */
};

static struct source_stdin *self(struct source *s)
{
	return (struct source_stdin *)s;
}

static void end(struct source_stdin *i)
{
	i->base.ended = true;
	loop_unwatch(i->loop, &i->watch);
	i->base.intake.ended(i->base.intake.arg, &i->why);
}

/* Length of the next line without its line feed, and how much to drop with it. False: not whole yet. */
static bool next_line(struct source_stdin *i, size_t at, size_t *len, size_t *whole)
{
	const char *from = i->in.p + at;
	size_t have = i->in.len - at;
	const char *lf = have > i->scanned
				 ? memchr(from + i->scanned, '\n', have - i->scanned)
				 : NULL;
	if (lf) {
		*len = (size_t)(lf - from);
		*whole = *len + 1;
		return true;
	}
	i->scanned = have;
	if (have > i->max_line) {
		*len = *whole = have;
		return true;
	}
	if (i->eof && have) {
		*len = *whole = have;
		return true;
	}
	return false;
}

/* One line to the intake. False: there was no room, it stays. */
static bool take_line(struct source_stdin *i, struct slice line)
{
	struct sender nobody = { 0 };
	uint64_t seq;
	size_t len = line.len < i->max_line ? line.len : i->max_line;
	return i->base.intake.take(i->base.intake.arg, slice_of(line.p, len), &nobody, &seq) ==
	       TAKE_DONE;
}

/* Takes the lines that are whole. False when one has to wait. */
static bool take_lines(struct source_stdin *i)
{
	size_t at = 0, len, whole;
	bool went = true;
	while (next_line(i, at, &len, &whole)) {
		bool rest_follows = len == whole && !i->eof;
		if (!i->skipping) {
			if (!take_line(i, slice_of(i->in.p + at, len))) {
				went = false;
				break;
			}
			if (len > i->max_line)
				i->base.intake.lost(i->base.intake.arg, "line_cut", 1);
		}
		i->skipping = rest_follows;
		i->scanned = 0;
		at += whole;
	}
	buf_drop(&i->in, at);
	return went;
}

/*
 * One read a turn: the loop said there is something, so it can't block, and the
 * descriptor's flags, which others share with us, stay as they are.
 */
static void read_chunk(struct source_stdin *i)
{
	buf_reserve(&i->in, CHUNK);
	ssize_t n = read(i->watch.fd, i->in.p + i->in.len, CHUNK);
	if (n > 0)
		i->in.len += (size_t)n;
	else if (n == 0)
		i->eof = true;
	else if (errno != EAGAIN && errno != EINTR) {
		i->eof = true;
		err_errno(&i->why, "input %s: reading", i->base.name);
	}
}

/* What follows once lines were taken (went) or had to wait. */
static void after(struct source_stdin *i, bool went)
{
	i->waiting = !went;
	if (i->waiting)
		loop_unwatch(i->loop, &i->watch); /* level-triggered: it would call again and again */
	else if (i->eof)
		end(i);
	else if (!i->pollable)
		i->base.intake.again(i->base.intake.arg);
}

static void stdin_read(struct source *s)
{
	struct source_stdin *i = self(s);
	if (i->waiting || i->base.ended)
		return;
	read_chunk(i);
	after(i, take_lines(i));
}

static void on_ready(void *arg, uint32_t events)
{
	(void)events;
	stdin_read(arg);
}

static void stdin_resume(struct source *s)
{
	struct source_stdin *i = self(s);
	if (!i->waiting || i->base.ended)
		return;
	after(i, take_lines(i));
	if (i->waiting || i->base.ended || !i->pollable)
		return;
	if (loop_watch(i->loop, &i->watch, EPOLLIN, &i->why) < 0)
		end(i);
}

static void stdin_safe(struct source *s, uint64_t seq)
{
	(void)s; /* it can't go back: what was taken is the spool's */
	(void)seq;
}

static void stdin_free(struct source *s)
{
	struct source_stdin *i = self(s);
	loop_unwatch(i->loop, &i->watch);
	buf_free(&i->in);
	free(s->name);
	free(i);
}

static const struct source_ops stdin_ops = {
	.kind = "stdin",
	.read = stdin_read,
	.safe = stdin_safe,
	.resume = stdin_resume,
	.free = stdin_free,
};

struct source *source_stdin(struct loop *l, const char *name, int fd, size_t max_line,
			    const struct intake *in, struct err *e)
{
	struct source_stdin *i = mem_zero(1, sizeof(*i));
	i->base = (struct source){ .ops = &stdin_ops, .name = mem_strdup(name), .intake = *in };
	i->loop = l;
	i->watch = (struct loop_watch){ .ready = on_ready, .arg = i, .fd = fd };
	i->max_line = max_line;
	if (loop_watch(l, &i->watch, EPOLLIN, e) == 0) {
		i->pollable = true;
	} else if (e->code == EPERM) {
		in->again(in->arg); /* a regular file */
	} else {
		stdin_free(&i->base);
		return NULL;
	}
	return &i->base;
}
