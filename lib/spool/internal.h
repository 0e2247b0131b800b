// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_INTERNAL_H
#define SPOOL_INTERNAL_H

#include "spool/dir.h"
#include "spool/format.h"
#include "spool/scan.h"
#include "spool/spool.h"

#include <sys/uio.h>

/* What lib/spool's files share. Nobody outside includes it. */

#define CHUNK_BYTES (128U << 10)
#define TAIL_BYTES (1U << 20)  /* of what the file has too, kept for a quick reader */
#define RETRY_MS 1000U
#define LINGER_MS 1000U	       /* unacknowledged for so long: wants a sync */
#define MARK_MS 250U
#define MARK_FRAMES 256U       /* or sooner: a kill costs a window and a read batch at most */
#define HEAD_MS 60000U	       /* so old may durable cursors become */
#define STAMP_MS 100U
#define STAMPS 32U /* at least 1.5 s of them */
#define ASIDE_MAX (8U << 20)

/* Frames with a payload that are not acknowledged; bytes as encoded. */
struct tally {
	uint64_t frames;
	uint64_t plain;
	uint64_t audit;
};

static inline void tally_add(struct tally *t, const struct frame_head *h)
{
	if (!h->payload_len)
		return;
	t->frames++;
	*(h->flags & FRAME_AUDIT ? &t->audit : &t->plain) += frame_head_size(h);
}

static inline void tally_sub(struct tally *t, const struct frame_head *h)
{
	uint64_t *bytes = h->flags & FRAME_AUDIT ? &t->audit : &t->plain;
	size_t size = frame_head_size(h);
	if (!h->payload_len || !t->frames || *bytes < size)
		return;
	t->frames--;
	*bytes -= size;
}

/* Where a frame stands in a segment: one every few KiB, for quick seeking. */
struct point {
	uint64_t seq;
	uint64_t off;
};

struct segment {
	uint64_t number;
	uint64_t last; /* the highest number in it; number - 1: none */
	uint64_t prev_last;
	uint64_t salt;
	uint32_t seed;
	uint32_t head_len;
	size_t head_sources; /* how many its head tells of */
	uint64_t size;	     /* bytes of the file */
	struct tally tally;
	uint64_t synced;     /* durable up to this number */
	bool named;	     /* so is its name */
	bool filed;	     /* so is its head */
	bool based;	     /* all before it was durable or, by a durable mark, acknowledged */
	bool found;	     /* by recovery: its head may be durable */
	bool failed;	     /* fdatasync failed: never again */
	int fd;		     /* -1: closed */
	uint64_t born_ms;
	uint64_t denied_ms;  /* since when the disk fails to open it; 0: it does not */
	struct point *points;
	size_t n_points;
};

/* A run of frames in memory; what is not in the file yet is never dropped. */
struct chunk {
	struct chunk *next;
	uint64_t first, last; /* numbers; meaningless while len is 0 */
	size_t cap, len;
	size_t written;	      /* bytes that are in the file, or need not be */
	struct tally unwritten;
	char p[];
};

struct tail {
	struct chunk *head, *end;
	struct chunk *spare;
	size_t n_spare;
	size_t held;	      /* capacity of all chunks in the list */
	uint64_t unwritten;   /* bytes */
	uint64_t used_ms;
};

/* A place in the log. Which of chunk and seg is set tells where; neither: nowhere. */
struct reader {
	uint64_t next; /* no frame below it is ahead */
	struct chunk *chunk;
	size_t off;
	struct segment *seg;
	struct scan scan;
	size_t window;
	bool blocked; /* it found nothing because a file can't be opened now: later again */
};

enum { READ_SINK, READ_WALK, READ_OLDEST, READ_COPY, READERS };

struct stamp {
	uint64_t seq, ms;
};

enum job_kind { JOB_NONE, JOB_FILE, JOB_DIR, JOB_MARK };

struct sync_job {
	enum job_kind kind;
	struct segment *seg; /* NULL: gone meanwhile */
	uint64_t last;	     /* JOB_DIR: number of the newest segment then */
	uint64_t upto;
};

struct spool {
	char *path;
	uint64_t max_bytes, reserve, seg_bytes, roll_bytes, point_bytes;
	unsigned audit_percent;
	size_t memory_max;
	int dirfd;	  /* -1: not to be had yet */
	bool recovered;	  /* the directory's content is known */
	bool run_start;	  /* the next segment is the first of this run */

	uint64_t acked, readable, appended;
	uint64_t committed; /* in a file */
	uint64_t written;   /* in a file, or acknowledged and needs none */
	uint64_t log_last;  /* prev_last of the next segment where it is not number - 1; 0 */
	uint64_t salt;
	uint32_t seed;
	struct sources sources;
	struct tail tail;
	struct tally tally;
	struct reader readers[READERS];

	struct segment **segs;
	size_t n_segs;
	struct segment *cur; /* the one that is written; NULL: a new one is needed */
	uint64_t seg_total;  /* bytes of all */

	bool sick;
	uint64_t retry_ms;
	struct err trouble;
	uint64_t now_ms; /* of the last call that told */

	int mark_fd;
	uint64_t mark_turn, marked, mark_ms;

	struct stamp stamps[STAMPS];
	size_t n_stamps;
	uint64_t sync_upto, durable;
	uint64_t head_ms;    /* when a head with all cursors became durable; 0: none in this run */
	size_t head_sources; /* how many it told of */
	struct sync_job job;

	uint64_t oldest_seq;
	int64_t oldest_us;
	uint64_t gap_frames, gap_bytes, foreign;

	struct aside *aside;
	struct late *late;
};

/* --- tail.c: frames in memory --- */
char *tail_add(struct spool *sp, size_t size, uint64_t seq, struct chunk **c);
void tail_trim(struct spool *sp);
void tail_discard(struct spool *sp, uint64_t upto); /* what is acknowledged needs no file */
void tail_idle(struct spool *sp);
void tail_free(struct spool *sp);
/* The lowest number that memory has, or 0. */
uint64_t tail_first(const struct spool *sp);

/* --- segment.c --- */
struct segment *seg_new(uint64_t number, uint64_t salt);
void seg_free(struct segment *s);
void seg_insert(struct spool *sp, struct segment *s);
void seg_forget(struct spool *sp, struct segment *s); /* out of the list, and freed */
/* The one that would hold seq, or NULL. */
struct segment *seg_of(const struct spool *sp, uint64_t seq);
struct segment *seg_after(const struct spool *sp, const struct segment *s);
int seg_open(struct spool *sp, struct segment *s);
void seg_close(struct spool *sp, struct segment *s); /* where no reader is in it */
void seg_point(struct segment *s, uint64_t seq, uint64_t off, uint64_t every);
/* A new file by temporary name; seg_publish gives it its name and puts it into the list. */
struct segment *seg_create(struct spool *sp, uint64_t number, uint64_t prev_last, struct err *e);
int seg_publish(struct spool *sp, struct segment *s, struct err *e);
int seg_write(struct segment *s, const struct iovec *iov, int n, uint64_t off);
int seg_roll(struct spool *sp, struct err *e); /* finishes cur, starts the next */
/* Its head is durable and has the cursors of all sources. */
bool seg_headed(const struct spool *sp, const struct segment *s);
bool seg_make_room(struct spool *sp); /* on a full disk; true: there may be some now */
void seg_release(struct spool *sp); /* removes those that are acknowledged */

/* --- read.c --- */
void reader_reset(struct reader *r);
/* The next frame from `from` to `upto`. 1 and its head and bytes, or 0: none, or r->blocked. */
int reader_next(struct spool *sp, struct reader *r, uint64_t from, uint64_t upto,
		struct frame_head *h, const char **p);

/* --- commit.c --- */
void spool_sick(struct spool *sp, const struct err *e);
void spool_write(struct spool *sp); /* what is in memory only, to the file */
void spool_advance(struct spool *sp, uint64_t upto);
void spool_idle_cursors(struct spool *sp);

/* --- respool.c --- */
int spool_respool(struct spool *sp, struct segment *old, struct err *e);

/* --- mark.c --- */
uint64_t mark_read(int dirfd, uint64_t *turn); /* 0: none */
void mark_write(struct spool *sp, bool now);
void mark_drop(struct spool *sp); /* the next mark_write makes another file */

/* --- recover.c --- */
int recover(struct spool *sp, struct err *e);

/* --- sync.c --- */
void sync_stamp(struct spool *sp);

#endif
