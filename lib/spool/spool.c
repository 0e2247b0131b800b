// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "spool/aside.h"
#include "spool/late.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MIB (1ULL << 20)
/* What a frame takes beside its payload; a longer cursor goes on the reserve. */
#define OVERHEAD SPOOL_FRAME_MORE
static_assert(SPOOL_FRAME_MORE == FRAME_HEAD + SPOOL_SOURCE_MAX, "as spool.h says");
#define BATCH_BYTES (512U << 10) /* so much waits for a commit at most */

static void configure(struct spool *sp, const struct spool_conf *conf)
{
	uint64_t max = conf->max_bytes < MIB ? MIB : conf->max_bytes;
	uint64_t seg = conf->segment_bytes;
	if (!seg)
		seg = max / 16 < MIB ? MIB : max / 16 > 16 * MIB ? 16 * MIB : max / 16;
	if (seg > max / 16)
		seg = max / 16;
	sp->path = mem_strdup(conf->dir);
	sp->max_bytes = max;
	sp->reserve = max / 64;
	sp->seg_bytes = seg;
	sp->roll_bytes = seg / 2 < MIB / 2 ? seg / 2 : MIB / 2;
	sp->point_bytes = max / 4096 < (64U << 10) ? 64U << 10 : max / 4096;
	if (sp->point_bytes > seg / 8)
		sp->point_bytes = seg / 8;
	sp->audit_percent = conf->audit_percent > 100 ? 100 : conf->audit_percent;
	sp->memory_max = conf->memory_max ? conf->memory_max : MIB;
	sp->readers[READ_WALK].window = 64U << 10;
	sp->readers[READ_OLDEST].window = 4096;
}

static int start(struct spool *sp, bool make, struct err *e)
{
	sp->dirfd = dir_open(sp->path, make, e);
	if (sp->dirfd < 0)
		return -1;
	if (dir_lock(sp->dirfd, sp->path, e) != 0 || recover(sp, e) != 0)
		return -1;
	dir_sweep(sp->dirfd);
	sp->recovered = true;
	return 0;
}

static void start_sick(struct spool *sp, const struct err *e)
{
	if (sp->dirfd >= 0 && !sp->recovered) {
		close(sp->dirfd);
		sp->dirfd = -1;
	}
	spool_sick(sp, e);
}

int spool_open(struct spool **out, const struct spool_conf *conf, uint64_t now_ms, struct err *e)
{
	struct err why = { 0 };
	struct spool *sp = mem_zero(1, sizeof(*sp));
	sp->dirfd = sp->mark_fd = -1;
	sp->run_start = true;
	sp->now_ms = now_ms;
	sp->salt = clock_seed();
	sp->seed = format_seed(sp->salt);
	configure(sp, conf);

	if (start(sp, !conf->existing, &why) != 0) {
		if (conf->existing || (why.code == EBUSY && sp->dirfd >= 0)) {
			if (e)
				*e = why;
			spool_close(sp);
			return -1;
		}
		start_sick(sp, &why);
	} else if (seg_roll(sp, &why) != 0) {
		spool_sick(sp, &why);
	} else {
		mark_write(sp, true);
		seg_release(sp);
	}
	if (sp->recovered)
		aside_open(sp);
	sync_stamp(sp);
	*out = sp;
	return 0;
}

void spool_close(struct spool *sp)
{
	if (!sp)
		return;
	mark_write(sp, true);
	late_settle(sp);
	aside_free(sp);
	late_free(sp);
	for (size_t i = 0; i < READERS; i++)
		scan_free(&sp->readers[i].scan);
	while (sp->n_segs)
		seg_free(sp->segs[--sp->n_segs]);
	free(sp->segs);
	tail_free(sp);
	sources_free(&sp->sources);
	if (sp->mark_fd >= 0)
		close(sp->mark_fd);
	if (sp->dirfd >= 0)
		close(sp->dirfd);
	free(sp->path);
	free(sp);
}

static enum spool_room level(uint64_t used, uint64_t size, uint64_t limit)
{
	if (used + size > limit)
		return SPOOL_ROOM_NONE;
	return used + size > limit / 4 * 3 ? SPOOL_ROOM_LITTLE : SPOOL_ROOM;
}

static enum spool_room worse(enum spool_room a, enum spool_room b)
{
	return a > b ? a : b;
}

enum spool_room spool_room(const struct spool *sp, size_t payload_len, bool audit)
{
	uint64_t size = payload_len + OVERHEAD, used = sp->seg_total + sp->tail.unwritten;
	uint64_t limit = sp->max_bytes - (payload_len ? sp->reserve : 0);
	enum spool_room room = SPOOL_ROOM;

	if (sp->sick) {
		/* Files cannot go while the disk is sick. */
		used = sp->tally.plain + sp->tally.audit;
		if (sp->tail.unwritten)
			room = level(sp->tail.unwritten, size, sp->memory_max);
	} else if (!sp->tally.frames && !sp->tail.unwritten) {
		used = 0; /* the next commit rolls and frees all */
	}
	room = worse(room, level(used, size, limit));
	uint64_t share = limit * (100 - sp->audit_percent) / 100;
	if (payload_len && !audit)
		room = worse(room, level(sp->tally.plain, size, share));
	return room;
}

int spool_append(struct spool *sp, struct spool_frame *f)
{
	struct frame_head h;
	struct chunk *c;
	invariant(f->source.len <= SPOOL_SOURCE_MAX && f->cursor.len <= SPOOL_CURSOR_MAX &&
		  f->payload.len <= SPOOL_PAYLOAD_MAX);
	if (spool_room(sp, f->payload.len, f->audit) == SPOOL_ROOM_NONE)
		return -1;
	f->seq = sp->appended + 1;
	char *p = tail_add(sp, frame_size(f), f->seq, &c);
	frame_encode(p, sp->seed, f);
	frame_head_load(p, &h);
	tally_add(&c->unwritten, &h);
	tally_add(&sp->tally, &h);
	if (f->cursor.len)
		sources_pending(&sp->sources, f->source, f->cursor, f->seq);
	sp->appended = f->seq;
	sp->tail.used_ms = sp->now_ms;
	if (!sp->sick && sp->tail.unwritten >= BATCH_BYTES)
		spool_write(sp);
	return 0;
}

uint64_t spool_safe(const struct spool *sp)
{
	return sp->committed > sp->acked ? sp->committed : sp->acked;
}

uint64_t spool_readable(const struct spool *sp)
{
	return sp->readable;
}

uint64_t spool_acknowledged(const struct spool *sp)
{
	return sp->acked;
}

uint64_t spool_appended(const struct spool *sp)
{
	return sp->appended;
}

bool spool_cursor(const struct spool *sp, struct slice source, struct buf *out)
{
	const struct source *s = sources_find(&sp->sources, source);
	out->len = 0;
	if (!s || !s->safe_seq)
		return false;
	buf_add_slice(out, buf_slice(&s->safe));
	return true;
}

const char *spool_trouble(const struct spool *sp)
{
	return sp->sick ? sp->trouble.text : "";
}

/* The time of the oldest that waits: looked up once for each place of the mark. */
static int64_t oldest(struct spool *sp)
{
	struct frame_head h;
	const char *p;
	uint64_t from = sp->acked + 1;
	struct reader *r = &sp->readers[READ_OLDEST];
	if (!sp->tally.frames)
		return 0;
	if (sp->oldest_seq == from)
		return sp->oldest_us;
	while (reader_next(sp, r, from, sp->readable, &h, &p)) {
		if (h.payload_len) {
			sp->oldest_seq = sp->acked + 1;
			sp->oldest_us = h.taken_us;
			return h.taken_us;
		}
		from = h.seq + 1;
	}
	return 0;
}

void spool_stats(const struct spool *sp, struct spool_stats *out)
{
	*out = (struct spool_stats){
		.frames = sp->tally.frames,
		.bytes = sp->seg_total + sp->tail.unwritten,
		.max_bytes = sp->max_bytes,
		.audit_bytes = sp->tally.audit,
		.segments = sp->n_segs,
		.oldest_us = oldest((struct spool *)(uintptr_t)sp),
		.aside_frames = aside_count(sp),
		.gap_frames = sp->gap_frames,
		.gap_bytes = sp->gap_bytes,
		.foreign_files = sp->foreign,
		.in_memory = sp->sick,
	};
}
