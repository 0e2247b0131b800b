// SPDX-License-Identifier: Apache-2.0
#include "record/sanitize.h"

#include "record/copy.h"

#include <stdint.h>
#include <string.h>

#define EACH_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

/* Not 0 when one of the 8 bytes is below 0x20. */
static inline uint64_t below_blank(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof(w));
	return (w - EACH_BYTE(0x20)) & ~w & EACH_BYTE(0x80);
}

static inline bool is_control(char c)
{
	return (unsigned char)c < 0x20;
}

/* The index of the first control character at or behind from, or len. */
static size_t find_control(const char *p, size_t from, size_t len)
{
	size_t i = from;
	for (; len - i >= 32; i += 32)
		if ((below_blank(p + i) | below_blank(p + i + 8) | below_blank(p + i + 16) |
		     below_blank(p + i + 24)) != 0)
			break;
	for (; len - i >= 8; i += 8)
		if (below_blank(p + i) != 0)
			break;
	while (i < len && !is_control(p[i]))
		i++;
	return i;
}

static void add(struct buf *b, struct slice s)
{
	buf_reserve(b, s.len);
	b->len = (size_t)(copy_short(b->p + b->len, s) - b->p);
}

static void add_escaped(struct buf *b, char c)
{
	unsigned v = (unsigned char)c;
	char text[4] = { '#', '0', (char)('0' + (v >> 3)), (char)('0' + (v & 7)) };
	add(b, slice_of(text, sizeof(text)));
}

static size_t without_end(struct slice s)
{
	size_t len = s.len;
	if (len > 0 && s.p[len - 1] == '\0')
		len--;
	if (len > 0 && s.p[len - 1] == '\n')
		len--;
	return len;
}

struct slice sanitize(struct slice datagram, struct buf *scratch)
{
	const char *p = datagram.p;
	size_t len = without_end(datagram);
	size_t at = 0;
	scratch->len = 0;
	size_t control = find_control(p, 0, len);
	if (control == len)
		return slice_of(p, len);
	buf_reserve(scratch, len + len / 4 + 32);
	while (control < len) {
		add(scratch, slice_of(p + at, control - at));
		add_escaped(scratch, p[control]);
		at = control + 1;
		control = find_control(p, at, len);
	}
	add(scratch, slice_of(p + at, len - at));
	return buf_slice(scratch);
}
