// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "gardener/posix_int.h"

/* Escapes and character classes, as Go reads them in POSIX syntax. */

int posix_fail(struct posix_text *t, const char *why, size_t from, size_t to)
{
	t->error->why = why;
	t->error->part = slice_of(t->s.p + from, to - from);
	return -1;
}

int posix_char(struct posix_text *t, uint32_t *c)
{
	*c = UTF8_BAD;
	if (t->at == t->s.len)
		return 0;
	size_t n = utf8_next(slice_of(t->s.p + t->at, t->s.len - t->at), c);

	if (*c == UTF8_BAD)
		return posix_fail(t, POSIX_BAD_UTF8, t->at, t->s.len);
	t->at += n;
	return 0;
}

static bool at_byte(const struct posix_text *t, size_t ahead, char c)
{
	return ahead < t->s.len - t->at && t->s.p[t->at + ahead] == c;
}

static bool at_octal(const struct posix_text *t)
{
	return t->at < t->s.len && t->s.p[t->at] >= '0' && t->s.p[t->at] <= '7';
}

static int unhex(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return (int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (int)(c - 'a') + 10 : -1;
}

/* Behind "\x{": digits and '}'. Returns 1 if it is none. */
static int braced_hex(struct posix_text *t, uint32_t *out)
{
	uint32_t c, v = 0;

	for (unsigned digits = 0;; digits++) {
		if (posix_char(t, &c) < 0)
			return -1;
		if (c == '}') {
			*out = v;
			return digits == 0;
		}
		int digit = c == UTF8_BAD ? -1 : unhex(c);

		if (digit < 0)
			return 1;
		v = v * 16 + (uint32_t)digit;
		if (v > 0x10ffff)
			return 1;
	}
}

/* Behind "\x". Returns 1 if it is no such escape. */
static int hex_escape(struct posix_text *t, uint32_t *out)
{
	uint32_t c, d;

	if (t->at == t->s.len)
		return 1;
	if (posix_char(t, &c) < 0)
		return -1;
	if (c == '{')
		return braced_hex(t, out);
	if (posix_char(t, &d) < 0)
		return -1;
	int high = unhex(c), low = d == UTF8_BAD ? -1 : unhex(d);

	if (high < 0 || low < 0)
		return 1;
	*out = (uint32_t)(high * 16 + low);
	return 0;
}

/* Up to three digits, of which one is read already. A single one is 0, or no escape: returns 1. */
static int octal_escape(struct posix_text *t, uint32_t first, uint32_t *out)
{
	uint32_t v = first - '0';

	if (first != '0' && !at_octal(t))
		return 1;
	for (int i = 1; i < 3 && at_octal(t); i++)
		v = v * 8 + (uint32_t)(t->s.p[t->at++] - '0');
	*out = v;
	return 0;
}

static bool is_alnum(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Behind the backslash. Returns 1 if it is no escape that Go knows. */
static int escape(struct posix_text *t, uint32_t *out)
{
	uint32_t c;

	if (posix_char(t, &c) < 0)
		return -1;
	if (c >= '0' && c <= '7')
		return octal_escape(t, c, out);
	switch (c) {
	case 'x': return hex_escape(t, out);
	case 'a': *out = '\a'; return 0;
	case 'f': *out = '\f'; return 0;
	case 'n': *out = '\n'; return 0;
	case 'r': *out = '\r'; return 0;
	case 't': *out = '\t'; return 0;
	case 'v': *out = '\v'; return 0;
	default: *out = c; return c >= 0x80 || is_alnum(c);
	}
}

int posix_escape(struct posix_text *t, uint32_t *c)
{
	size_t from = t->at++;

	if (t->at == t->s.len)
		return posix_fail(t, POSIX_BACKSLASH_LAST, t->at, t->at);
	int rc = escape(t, c);

	return rc > 0 ? posix_fail(t, POSIX_BAD_ESCAPE, from, t->at) : rc;
}

/* --- classes ---------------------------------------------------------------- */

static bool known_name(struct slice name)
{
	static const char *const names[] = { "alnum", "alpha", "ascii", "blank", "cntrl",
					     "digit", "graph", "lower", "print", "punct",
					     "space", "upper", "word",	"xdigit" };

	if (name.len > 0 && name.p[0] == '^')
		name = slice_of(name.p + 1, name.len - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_is(name, names[i]))
			return true;
	}
	return false;
}

/* At "[:" perhaps. 1: it was one with its name, 0: it is none. */
static int named_class(struct posix_text *t)
{
	if (t->s.len - t->at < 3 || !at_byte(t, 0, '[') || !at_byte(t, 1, ':'))
		return 0;
	if (t->no_name != 0 && t->at + 2 >= t->no_name)
		return 0;
	for (size_t i = t->at + 2; i + 1 < t->s.len; i++) {
		if (t->s.p[i] != ':' || t->s.p[i + 1] != ']')
			continue;
		size_t from = t->at;

		if (!known_name(slice_of(t->s.p + from + 2, i - from - 2)))
			return posix_fail(t, POSIX_BAD_RANGE, from, i + 2);
		t->at = i + 2;
		return 1;
	}
	t->no_name = t->at + 2;
	return 0;
}

static int class_char(struct posix_text *t, size_t open, uint32_t *c)
{
	if (t->at == t->s.len)
		return posix_fail(t, POSIX_NO_BRACKET, open, t->s.len);
	return at_byte(t, 0, '\\') ? posix_escape(t, c) : posix_char(t, c);
}

static void class_add(struct posix_class *class, uint32_t c)
{
	if (class->n == 0)
		class->first = c;
	else if (class->n == 1)
		class->second = c;
	if ((class->n == 1 && class->first == c) || (class->n == 2 && class->second == c) ||
	    (class->n == 2 && class->first == c) || class->n == 3)
		return;
	class->n++;
}

/* One character, or a range of them. */
static int class_range(struct posix_text *t, size_t open, struct posix_class *class)
{
	size_t from = t->at;
	uint32_t low, high;

	if (class_char(t, open, &low) < 0)
		return -1;
	high = low;
	if (t->s.len - t->at >= 2 && at_byte(t, 0, '-') && !at_byte(t, 1, ']')) {
		t->at++;
		if (class_char(t, open, &high) < 0)
			return -1;
		if (high < low)
			return posix_fail(t, POSIX_BAD_RANGE, from, t->at);
	}
	if (low == high)
		class_add(class, low);
	else
		class->n = 3;
	return 0;
}

/* A '-' that is neither first nor last, nor in the middle of a range: said of it and what follows.
 */
static int stray_hyphen(struct posix_text *t)
{
	size_t from = t->at, left = t->s.len - from - 1;
	uint32_t c = 0;
	size_t n = left > 0 ? utf8_next(slice_of(t->s.p + from + 1, left), &c) : 0;

	return posix_fail(t, POSIX_BAD_RANGE, from, from + 1 + (c == UTF8_BAD ? 1 : n));
}

int posix_class(struct posix_text *t, struct posix_class *out)
{
	size_t open = t->at++;
	bool negated = at_byte(t, 0, '^');

	*out = (struct posix_class){ 0 };
	t->at += negated;
	for (bool first = true; first || !at_byte(t, 0, ']'); first = false) {
		if (!first && at_byte(t, 0, '-') && !at_byte(t, 1, ']'))
			return stray_hyphen(t);
		int named = named_class(t);

		if (named < 0 || (named == 0 && class_range(t, open, out) < 0))
			return -1;
		if (named > 0)
			out->n = 3;
	}
	t->at++;
	if (negated)
		out->n = 3;
	return 0;
}
