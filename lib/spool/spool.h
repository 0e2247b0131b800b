// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The one queue, and the only state on disk: an append-only log of frames in
 * segments. It knows nothing of logs: a payload is bytes. See docs/SPOOL.md for
 * the format and the states.
 *
 * Numbers are not dense: after a restart or damage some are left out. Frames
 * without payload are acknowledged by the spool itself as soon as nothing with
 * a payload waits, so that acknowledged may pass by what a sink has sent.
 *
 * Four numbers, each a sequence number, never falling while the spool is open:
 *   acknowledged <= sent (the sink's own) <= readable <= appended
 * safe: everything up to it is committed to the file or acknowledged; a source
 * may forget what is safe. With a healthy disk a commit makes all that was
 * appended safe and readable. With a sick disk (full, read-only, failing; at
 * start or later) what was appended is readable from memory, up to
 * memory_max bytes, and becomes safe only when acknowledged.
 */
struct spool;

#define SPOOL_SOURCE_MAX 64  /* bytes in a source's name */
#define SPOOL_CURSOR_MAX 4096
#define SPOOL_PAYLOAD_MAX (1U << 20)
#define SPOOL_FRAME_MORE (36 + SPOOL_SOURCE_MAX) /* what a frame takes beside payload and cursor, at most */

struct spool_conf {
	const char *dir;	/* made (0700) where it is missing; its parent must exist */
	uint64_t max_bytes;	/* of all segments; at least 1 MiB. A payload must fit into it */
	unsigned audit_percent; /* of max_bytes that only audit frames may take: 0..100 */
	uint64_t segment_bytes; /* a new segment after so many; 0: chosen by the spool */
	size_t memory_max;	/* what waits in memory while the disk is sick; 0: 1 MiB */
	bool existing;		/* a directory that is not there, or can't be read, is an error */
};

struct spool_frame {
	uint64_t seq;	     /* set by the spool */
	int64_t taken_us;    /* when it was taken, microseconds since the epoch */
	struct slice source; /* the source's stable name */
	struct slice cursor; /* its position behind this record; empty: has none */
	struct slice payload; /* empty: the frame only carries a cursor */
	bool audit;	     /* counts against the audit share first */
};

/*
 * Opens, locks and recovers. A lock held by another: -1, e->code EBUSY, the
 * text names the holder's pid. The lock ends with the last copy of a descriptor:
 * a child process must be forked before, or exec (O_CLOEXEC). A sick disk is
 * no error: the spool starts in memory and spool_trouble says why. Damage found
 * by recovery is no error: see struct spool_stats. now_ms is monotonic, in every
 * call that takes it.
 */
int spool_open(struct spool **out, const struct spool_conf *conf, uint64_t now_ms, struct err *e);
void spool_close(struct spool *sp); /* commits nothing; NULL is fine */

enum spool_room {
	SPOOL_ROOM,	    /* plenty */
	SPOOL_ROOM_LITTLE,  /* three quarters are taken: replayable sources pause */
	SPOOL_ROOM_NONE,    /* a frame of this size and class does not fit */
};
enum spool_room spool_room(const struct spool *sp, size_t payload_len, bool audit);

/*
 * Takes a frame (copied) into memory and gives it a number (f->seq). 0, or -1
 * where spool_room says none. Written by spool_commit; a batch of more than
 * 512 KiB is written earlier in part (and safe then, not yet readable).
 * A name, cursor or payload over its limit is a broken invariant. Of more than
 * 128 sources with cursors the one that was silent the longest is forgotten.
 */
int spool_append(struct spool *sp, struct spool_frame *f);

/*
 * Writes what was appended since the last commit, in one write. A failure is
 * not an error to the caller: the spool goes to memory, tries a new segment
 * once a second (now_ms), and spool_trouble tells. Cheap when there is nothing.
 */
void spool_commit(struct spool *sp, uint64_t now_ms);

uint64_t spool_safe(const struct spool *sp);
uint64_t spool_readable(const struct spool *sp);
uint64_t spool_acknowledged(const struct spool *sp);
uint64_t spool_appended(const struct spool *sp);

/*
 * The first frame with a payload whose number is >= from and <= readable.
 * 1: found, slices valid until the next call with sp; 0: none now; -1: it can't
 * be said now, as a segment can't be opened (no descriptor or memory; a disk
 * that fails at that for less than a minute): ask again later. Damaged or
 * unreadable frames are passed over and counted (gap_frames, gap_bytes).
 */
int spool_read(struct spool *sp, uint64_t from, struct spool_frame *out);

/*
 * Everything up to upto was accepted (or given up, or set aside): moves the
 * mark, removes whole segments, rolls a large last segment that is empty now.
 * upto beyond readable is a broken invariant; one below the mark does nothing.
 */
void spool_acknowledge(struct spool *sp, uint64_t upto, uint64_t now_ms);

/* The last safe cursor of a source into out (emptied first); false: has none. */
bool spool_cursor(const struct spool *sp, struct slice source, struct buf *out);

/*
 * Durability: what is committed and still not acknowledged a second after it
 * was taken wants a sync. True: *fd (the spool's own) is to be fdatasynced and
 * then spool_synced called with *number and the errno or 0. After an error the
 * spool never syncs that file again: what is unacknowledged is written again to
 * a new segment. spool_sync_all asks for everything committed now.
 */
bool spool_sync_next(struct spool *sp, uint64_t now_ms, int *fd, uint64_t *number);
void spool_synced(struct spool *sp, uint64_t number, int error, uint64_t now_ms);
void spool_sync_all(struct spool *sp);
uint64_t spool_durable(const struct spool *sp); /* everything up to it survives a power cut */

/*
 * Moves one frame out of the way into the bounded file of what was set aside
 * ("aside", at most 8 MiB; see aside.h), with cause (one line) and time, synced.
 * The caller acknowledges it afterwards. -1: full or disk sick; e says which.
 */
int spool_set_aside(struct spool *sp, const struct spool_frame *f, const char *cause,
		    int64_t now_real_us, struct err *e);

struct spool_stats {
	uint64_t frames;       /* with payload, not acknowledged */
	uint64_t bytes;	       /* of all segments (what max_bytes bounds) */
	uint64_t max_bytes;
	uint64_t audit_bytes;  /* of waiting audit frames */
	uint64_t segments;
	int64_t oldest_us;     /* taken_us of the oldest that waits, 0: none */
	uint64_t aside_frames; /* set aside and not requeued */
	uint64_t gap_frames;   /* damaged, lost (a lower bound) */
	uint64_t gap_bytes;
	uint64_t foreign_files; /* of another format, left alone under another name */
	bool in_memory;	       /* the disk is sick */
};
void spool_stats(const struct spool *sp, struct spool_stats *out);

/* Why the disk is sick, in words; "" while it is well. */
const char *spool_trouble(const struct spool *sp);

#endif
