// SPDX-License-Identifier: Apache-2.0
#include "spool/format.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "spool/le.h"

uint32_t format_seed(uint64_t salt)
{
	char p[8];
	le_put64(p, salt);
	return crc32c(0, p, sizeof(p));
}

size_t frame_size(const struct spool_frame *f)
{
	return FRAME_HEAD + f->source.len + f->cursor.len + f->payload.len;
}

static char *add(char *p, struct slice s)
{
	if (s.len)
		memcpy(p, s.p, s.len);
	return p + s.len;
}

void frame_encode(char *out, uint32_t seed, const struct spool_frame *f)
{
	char *content = out + FRAME_HEAD;
	char *end = add(add(add(content, f->source), f->cursor), f->payload);

	memcpy(out, FRAME_MAGIC, 4);
	le_put64(out + 8, f->seq);
	le_put64(out + 16, (uint64_t)f->taken_us);
	le_put32(out + 24, (uint32_t)f->payload.len);
	le_put16(out + 28, (uint16_t)f->cursor.len);
	out[30] = (char)f->source.len;
	out[31] = f->audit ? (char)FRAME_AUDIT : 0;
	le_put32(out + 32, crc32c(seed, content, (size_t)(end - content)));
	le_put32(out + 4, crc32c(seed, out + 8, FRAME_HEAD - 8));
}

void frame_head_load(const char *p, struct frame_head *h)
{
	h->seq = le_get64(p + 8);
	h->taken_us = (int64_t)le_get64(p + 16);
	h->payload_len = le_get32(p + 24);
	h->cursor_len = le_get16(p + 28);
	h->source_len = (uint8_t)p[30];
	h->flags = (uint8_t)p[31];
	h->content_crc = le_get32(p + 32);
}

bool frame_head_decode(const char *p, uint32_t seed, struct frame_head *h)
{
	if (memcmp(p, FRAME_MAGIC, 4) != 0)
		return false;
	if (le_get32(p + 4) != crc32c(seed, p + 8, FRAME_HEAD - 8))
		return false;
	frame_head_load(p, h);
	return h->payload_len <= SPOOL_PAYLOAD_MAX && h->cursor_len <= SPOOL_CURSOR_MAX &&
	       h->source_len <= SPOOL_SOURCE_MAX && h->seq >= 1 && h->seq <= SEQ_MAX;
}

bool frame_content_ok(const char *p, uint32_t seed, const struct frame_head *h)
{
	return crc32c(seed, p + FRAME_HEAD, frame_head_size(h) - FRAME_HEAD) == h->content_crc;
}

void frame_view(const char *p, const struct frame_head *h, struct spool_frame *f)
{
	p += FRAME_HEAD;
	f->seq = h->seq;
	f->taken_us = h->taken_us;
	f->source = slice_of(p, h->source_len);
	f->cursor = slice_of(p + h->source_len, h->cursor_len);
	f->payload = slice_of(p + h->source_len + h->cursor_len, h->payload_len);
	f->audit = (h->flags & FRAME_AUDIT) != 0;
}

/* --- the head of a segment --- */

void seg_head_encode(struct buf *out, struct seg_head *h, const struct sources *t)
{
	char fixed[SEG_HEAD_FIXED] = { 0 };
	uint32_t n = 0;

	out->len = 0;
	buf_add(out, fixed, sizeof(fixed));
	for (size_t i = 0; i < t->n; i++) {
		const struct source *s = &t->list[i];
		if (!s->safe_seq)
			continue;
		char entry[12] = { (char)s->name.len };
		le_put16(entry + 2, (uint16_t)s->safe.len);
		le_put64(entry + 4, s->safe_seq);
		buf_add(out, entry, sizeof(entry));
		buf_add_slice(out, buf_slice(&s->name));
		buf_add_slice(out, buf_slice(&s->safe));
		n++;
	}
	h->len = (uint32_t)out->len + 4;

	char *p = out->p;
	memcpy(p, SEG_MAGIC, 8);
	le_put32(p + 8, FORMAT_VERSION);
	le_put32(p + 12, h->len);
	le_put64(p + 16, h->number);
	le_put64(p + 24, h->salt);
	le_put64(p + 32, h->acked);
	le_put64(p + 40, h->prev_last);
	le_put32(p + 48, h->flags);
	le_put32(p + 56, n);

	char crc[4];
	le_put32(crc, crc32c(format_seed(h->salt), out->p, out->len));
	buf_add(out, crc, sizeof(crc));
}

/* Walks the entries; with t given, stores them. False: they do not fill the head exactly. */
static bool entries(const char *p, const char *end, uint32_t n, struct sources *t)
{
	for (uint32_t i = 0; i < n; i++) {
		if (end - p < 12)
			return false;
		size_t name_len = (uint8_t)p[0], cursor_len = le_get16(p + 2);
		uint64_t seq = le_get64(p + 4);
		p += 12;
		if (name_len > SPOOL_SOURCE_MAX || cursor_len > SPOOL_CURSOR_MAX ||
		    (size_t)(end - p) < name_len + cursor_len || !seq || seq > SEQ_MAX)
			return false;
		if (t)
			sources_safe(t, slice_of(p, name_len),
				     slice_of(p + name_len, cursor_len), seq);
		p += name_len + cursor_len;
	}
	return p == end;
}

enum seg_verdict seg_head_decode(const char *p, size_t len, struct seg_head *h, struct sources *t)
{
	if (len < 12 || memcmp(p, SEG_MAGIC, 8) != 0)
		return SEG_DAMAGED;
	if (le_get32(p + 8) != FORMAT_VERSION)
		return SEG_OTHER;
	if (len < SEG_HEAD_FIXED + 4)
		return SEG_DAMAGED;
	h->len = le_get32(p + 12);
	h->number = le_get64(p + 16);
	h->salt = le_get64(p + 24);
	h->acked = le_get64(p + 32);
	h->prev_last = le_get64(p + 40);
	h->flags = le_get32(p + 48);
	uint32_t n = le_get32(p + 56);
	if (h->len < SEG_HEAD_FIXED + 4 || h->len > len || n > SOURCES_MAX)
		return SEG_DAMAGED;
	const char *end = p + h->len - 4;
	if (le_get32(end) != crc32c(format_seed(h->salt), p, (size_t)(end - p)))
		return SEG_DAMAGED;
	if (h->number < 1 || h->number > SEQ_MAX || h->acked > SEQ_MAX || h->prev_last >= h->number)
		return SEG_DAMAGED;
	if (!entries(p + SEG_HEAD_FIXED, end, n, NULL))
		return SEG_DAMAGED;
	if (t)
		entries(p + SEG_HEAD_FIXED, end, n, t);
	return SEG_GOOD;
}
