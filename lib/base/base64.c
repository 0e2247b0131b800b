// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits, of which the last `padding` are none. */
static void add_group(struct buf *out, const int *digits, size_t padding)
{
	unsigned v = (unsigned)digits[0] << 18 | (unsigned)digits[1] << 12 | (unsigned)digits[2] << 6 |
		     (unsigned)digits[3];
	const char bytes[3] = { (char)(v >> 16), (char)(v >> 8), (char)v };
	buf_add(out, bytes, 3 - padding);
}

int base64_decode(struct slice s, struct buf *out)
{
	size_t before = out->len, n = 0, padding = 0;
	int digits[4] = { 0 };
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c == '\r' || c == '\n')
			continue;
		bool pad = c == '=' && n >= 2;
		int digit = pad ? 0 : base64_digit(c);
		if (digit < 0 || (padding > 0 && (!pad || n == 0)))
			goto bad;
		padding += pad;
		digits[n++] = digit;
		if (n < 4)
			continue;
		add_group(out, digits, padding);
		n = 0;
		if (padding > 0) {
			/* nothing but line ends may follow */
			while (++i < s.len)
				if (s.p[i] != '\r' && s.p[i] != '\n')
					goto bad;
		}
	}
	if (n == 0)
		return 0;
bad:
	out->len = before;
	return -1;
}
