// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

/* What a first byte asks for: bytes behind it, and the range of the second one. */
struct lead {
	unsigned more;
	uint8_t low, high;
	uint32_t bits;
};

static struct lead lead_of(uint8_t c)
{
	struct lead l = { .low = 0x80, .high = 0xbf };
	if (c >= 0xc2 && c <= 0xdf) {
		l.more = 1;
		l.bits = c & 0x1fu;
	} else if (c >= 0xe0 && c <= 0xef) {
		l.more = 2;
		l.bits = c & 0x0fu;
		if (c == 0xe0)
			l.low = 0xa0; /* else overlong */
		if (c == 0xed)
			l.high = 0x9f; /* else a surrogate */
	} else if (c >= 0xf0 && c <= 0xf4) {
		l.more = 3;
		l.bits = c & 0x07u;
		if (c == 0xf0)
			l.low = 0x90; /* else overlong */
		if (c == 0xf4)
			l.high = 0x8f; /* else above U+10FFFF */
	}
	return l;
}

size_t utf8_next(struct slice s, uint32_t *cp)
{
	uint8_t c = (uint8_t)s.p[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	struct lead l = lead_of(c);
	uint32_t v = l.bits;
	*cp = UTF8_BAD;
	if (l.more == 0)
		return 1;
	for (size_t i = 1; i <= l.more; i++) {
		if (i >= s.len)
			return i;
		c = (uint8_t)s.p[i];
		if (c < l.low || c > l.high)
			return i;
		l.low = 0x80;
		l.high = 0xbf;
		v = v << 6 | (c & 0x3fu);
	}
	*cp = v;
	return l.more + 1;
}

bool utf8_printable(uint32_t cp)
{
	static const uint32_t hidden[][2] = {
		{ 0x0000, 0x001f },   { 0x007f, 0x009f },
		{ 0x00ad, 0x00ad },   /* soft hyphen */
		{ 0x034f, 0x034f },   /* combining grapheme joiner */
		{ 0x061c, 0x061c },   /* Arabic letter mark */
		{ 0x115f, 0x1160 },   /* Hangul fillers */
		{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
		{ 0x200b, 0x200f },   /* zero width, direction marks */
		{ 0x2028, 0x202e },   /* line and paragraph separators, direction overrides */
		{ 0x2060, 0x206f },   /* joiners, isolates */
		{ 0x3164, 0x3164 },   { 0xd800, 0xdfff },
		{ 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },   { 0xe0000, 0xe0fff }, /* tags, variation selectors */
	};
	if (cp > 0x10ffff || (cp & 0xfffe) == 0xfffe)
		return false;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (cp >= hidden[i][0] && cp <= hidden[i][1])
			return false;
	return true;
}
