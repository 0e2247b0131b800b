// SPDX-License-Identifier: Apache-2.0
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/err.h"
#include "base/slice.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A source makes records out of an input and hands each to the intake. It
 * never forgets (consumes a datagram, moves a cursor) what is not safe: the
 * intake gives each record a number, and source_safe tells up to which number
 * all is committed or acknowledged.
 *
 * Three kinds: replayable (gives a cursor with each record), patient (can wait,
 * not go back), live (can do neither: what does not fit is dropped and counted).
 */

/* Who sent a datagram, as the kernel vouches for it. */
struct sender {
	bool known;
	uid_t uid;
	pid_t pid;
};

enum take {
	TAKE_DONE, /* *seq is its number; 0: nothing of it is kept (filtered, or dropped and counted) */
	TAKE_WAIT, /* no room: a patient source keeps it and asks again when told to resume */
};

/* What the pipeline is to a source. */
struct intake {
	void *arg;
	enum take (*take)(void *arg, struct slice datagram, const struct sender *from,
			  uint64_t *seq);
	/* Something to be counted and said that the source alone can see. */
	void (*lost)(void *arg, const char *what, uint64_t n);
	/* The source has more than it could read in this turn: come back at once. */
	void (*again)(void *arg);
	/* A patient source ended; or an input can't be read any more (why is not empty). */
	void (*ended)(void *arg, const struct err *why);
};

struct source;

struct source_ops {
	const char *kind; /* "unix", "stdin" */
	/* Reads at most its quantum; called in each turn while the loop found it ready or it said again. */
	void (*read)(struct source *s);
	/* All up to seq is safe: forget what lies behind. */
	void (*safe)(struct source *s, uint64_t seq);
	/* There is room again. */
	void (*resume)(struct source *s);
	void (*free)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	char *name; /* stable; owned */
	bool ended; /* nothing more will come */
	struct intake intake;
};

/*
 * A unix datagram socket, fd already bound (by systemd or by us); owned. Live.
 * Peeks a batch, hands it over, and takes the datagrams off the socket only
 * when they are safe: with the socket held by systemd, kill -9 loses nothing.
 * max_datagram: longer ones are cut, with their real length told by the lost
 * callback ("datagram_cut"). batch: datagrams a turn at the most.
 */
struct source *source_unix(struct loop *l, const char *name, int fd, size_t max_datagram,
			   const struct intake *in, struct err *e);

/*
 * Lines of a descriptor (0 for stdin; not closed). Patient. A last line without
 * a line feed counts; a line longer than max_line comes as its first max_line
 * bytes, the rest is passed over and told by the lost callback ("line_cut").
 */
struct source *source_stdin(struct loop *l, const char *name, int fd, size_t max_line,
			    const struct intake *in, struct err *e);

/* A source that could not be made counts as ended. */
static inline bool source_is_ended(const struct source *s)
{
	return !s || s->ended;
}

static inline void source_free(struct source *s)
{
	if (s)
		s->ops->free(s);
}

#endif
