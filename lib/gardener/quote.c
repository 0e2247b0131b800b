// SPDX-License-Identifier: Apache-2.0
#include "gardener/quote.h"

#include "base/utf8.h"

#include <string.h>

static void add_hex(struct buf *out, char letter, int digits, uint32_t v)
{
	static const char hex[] = "0123456789abcdef";

	buf_add_char(out, '\\');
	buf_add_char(out, letter);
	for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
		buf_add_char(out, hex[v >> shift & 15]);
}

static void add_escaped(struct buf *out, uint32_t cp)
{
	static const char control[] = "\a\b\f\n\r\t\v", letter[] = "abfnrtv";
	const char *at = cp > 0 && cp < 0x80 ? strchr(control, (int)cp) : NULL;

	if (at != NULL) {
		buf_add_char(out, '\\');
		buf_add_char(out, letter[at - control]);
	} else if (cp < 0x80) {
		add_hex(out, 'x', 2, cp);
	} else if (cp < 0x10000) {
		add_hex(out, 'u', 4, cp);
	} else {
		add_hex(out, 'U', 8, cp);
	}
}

void go_quote(struct buf *out, struct slice s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len;) {
		uint32_t cp;
		size_t n = utf8_next(slice_of(s.p + i, s.len - i), &cp);

		if (cp == UTF8_BAD) { /* Go goes on behind its first byte */
			n = 1;
			add_hex(out, 'x', 2, (uint8_t)s.p[i]);
		} else if (cp == '"' || cp == '\\') {
			buf_add_char(out, '\\');
			buf_add_char(out, (char)cp);
		} else if (go_is_print(cp)) {
			buf_add(out, s.p + i, n);
		} else {
			add_escaped(out, cp);
		}
		i += n;
	}
	buf_add_char(out, '"');
}
