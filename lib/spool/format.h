// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_FORMAT_H
#define SPOOL_FORMAT_H

#include "spool/sources.h"
#include "spool/spool.h"

/*
 * Format 1 on disk, byte by byte: see docs/SPOOL.md. Numbers are little-endian.
 * Every checksum starts from the log's salt, a random number that only the
 * spool directory (0700) knows: bytes inside a payload that look like a frame
 * are not taken for one when a scan looks for the next good frame.
 */
#define FORMAT_VERSION 1U

/* --- frames ------------------------------------------------------------------ */

#define FRAME_HEAD 36U
#define FRAME_MAX (FRAME_HEAD + SPOOL_SOURCE_MAX + SPOOL_CURSOR_MAX + SPOOL_PAYLOAD_MAX)
#define FRAME_MAGIC "\xd7RF1"
#define FRAME_AUDIT 1U /* flags */

struct frame_head {
	uint64_t seq;
	int64_t taken_us;
	uint32_t payload_len;
	uint16_t cursor_len;
	uint8_t source_len;
	uint8_t flags;
	uint32_t content_crc;
};

/* Above it no number is believed: a name or a field that says more is damaged. */
#define SEQ_MAX (1ULL << 62)

uint32_t format_seed(uint64_t salt);

/* Bytes of the whole frame. */
size_t frame_size(const struct spool_frame *f);
static inline size_t frame_head_size(const struct frame_head *h)
{
	return FRAME_HEAD + (size_t)h->source_len + h->cursor_len + h->payload_len;
}

/* Writes frame_size(f) bytes to out. */
void frame_encode(char *out, uint32_t seed, const struct spool_frame *f);

/* FRAME_HEAD bytes from anywhere: false where they are no head of this log. */
bool frame_head_decode(const char *p, uint32_t seed, struct frame_head *h);
/* Behind a good head: whether the content is what was written. */
bool frame_content_ok(const char *p, uint32_t seed, const struct frame_head *h);
/* The head of a frame that we hold ourselves: nothing is checked. */
void frame_head_load(const char *p, struct frame_head *h);
/* A whole good frame as slices into p. */
void frame_view(const char *p, const struct frame_head *h, struct spool_frame *f);

/* --- the head of a segment --------------------------------------------------- */

#define SEG_MAGIC "RELPBOXS"
#define SEG_HEAD_FIXED 60U
#define SEG_HEAD_MAX \
	(SEG_HEAD_FIXED + SOURCES_MAX * (12U + SPOOL_SOURCE_MAX + SPOOL_CURSOR_MAX) + 4U)
#define SEG_RUN_START 1U /* flags: the first segment after a start: older damage was counted */

struct seg_head {
	uint64_t number;    /* no frame in it has a lower number */
	uint64_t salt;
	uint64_t acked;	    /* acknowledged when it was made */
	uint64_t prev_last; /* the last number that was in the log when it was made */
	uint32_t flags;
	uint32_t len;	    /* of the whole head */
};

void seg_head_encode(struct buf *out, struct seg_head *h, const struct sources *t);

enum seg_verdict { SEG_GOOD, SEG_OTHER, SEG_DAMAGED };
/*
 * p: the first len bytes of a file. SEG_OTHER: says that it is of another
 * version. The sources go to t (may be NULL) only when all is good.
 */
enum seg_verdict seg_head_decode(const char *p, size_t len, struct seg_head *h, struct sources *t);

#endif
