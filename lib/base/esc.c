// SPDX-License-Identifier: Apache-2.0
#include "base/esc.h"

#include "base/utf8.h"

#include <string.h>

#define ESC_ONE_MAX 16 /* a malformed run of 3 bytes: \xHH\xHH\xHH */

/* One character of s (not empty) as it is to be shown. Returns how many bytes of s it took. */
static size_t esc_one(struct slice s, char out[ESC_ONE_MAX], size_t *out_len)
{
	static const char plain[] = "\\\n\t\r", letter[] = "\\ntr";
	static const char hex[] = "0123456789abcdef";
	uint32_t cp;
	size_t n = utf8_next(s, &cp);
	const char *special = cp && cp < 0x80 ? strchr(plain, (int)cp) : NULL;
	size_t at = 0;
	if (special) {
		out[at++] = '\\';
		out[at++] = letter[special - plain];
	} else if (cp != UTF8_BAD && utf8_printable(cp)) {
		memcpy(out, s.p, n);
		at = n;
	} else {
		for (size_t i = 0; i < n; i++) {
			unsigned char c = (unsigned char)s.p[i];
			out[at++] = '\\';
			out[at++] = 'x';
			out[at++] = hex[c >> 4];
			out[at++] = hex[c & 15];
		}
	}
	*out_len = at;
	return n;
}

/* Of printable ASCII but the backslash, which most of all text is, at most max bytes. */
static size_t plain_run(struct slice s, size_t max)
{
	size_t n = 0;
	while (n < s.len && n < max && s.p[n] >= 0x20 && s.p[n] < 0x7F && s.p[n] != '\\')
		n++;
	return n;
}

void esc_add(struct buf *b, struct slice s, size_t max)
{
	for (size_t i = 0; i < s.len;) {
		char one[ESC_ONE_MAX];
		size_t run = plain_run(slice_of(s.p + i, s.len - i), max - i);
		if (run > 0) {
			buf_add(b, s.p + i, run);
			i += run;
			continue;
		}
		size_t len, n = esc_one(slice_of(s.p + i, s.len - i), one, &len);
		if (n > max - i) {
			buf_add_str(b, "...");
			return;
		}
		buf_add(b, one, len);
		i += n;
	}
}

const char *esc_text(char *out, size_t size, struct slice s)
{
	size_t at = 0, mark = 0; /* mark: as far as "..." still fits behind it */
	if (size == 0)
		return out;
	for (size_t i = 0; i < s.len;) {
		char one[ESC_ONE_MAX];
		size_t len;
		i += esc_one(slice_of(s.p + i, s.len - i), one, &len);
		if (len >= size - at) {
			size_t dots = size - mark - 1 < 3 ? size - mark - 1 : 3;
			memcpy(out + mark, "...", dots);
			at = mark + dots;
			break;
		}
		memcpy(out + at, one, len);
		at += len;
		if (size - at > 3)
			mark = at;
	}
	out[at] = '\0';
	return out;
}
