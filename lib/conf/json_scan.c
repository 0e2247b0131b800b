// SPDX-License-Identifier: Apache-2.0
#include "conf/json_scan.h"

#include "base/utf8.h"

enum state { VALUE, VALUE_OR_CLOSE, KEY, KEY_OR_CLOSE, COLON, AFTER };

void json_scan_start(struct json_scan *s, struct slice text, size_t at)
{
	*s = (struct json_scan){ .text = text, .at = at, .state = VALUE };
}

static bool is_map(const struct json_scan *s)
{
	return s->depth > 0 && (s->maps & 1) != 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* '\0' behind the end: no text that is taken has one outside a string. */
static char at_of(const struct json_scan *s)
{
	return s->at < s->text.len ? s->text.p[s->at] : '\0';
}

static void skip_blanks(struct json_scan *s)
{
	while (s->at < s->text.len && strchr(" \t\r\n", s->text.p[s->at]) && s->text.p[s->at])
		s->at++;
}

static bool skip_digits(struct json_scan *s)
{
	size_t from = s->at;
	while (is_digit(at_of(s)))
		s->at++;
	return s->at > from;
}

/* --- strings ----------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of \uXXXX, of which s is the rest behind "\u". -1: they are none. */
static int32_t hex4(struct slice s)
{
	int32_t v = 0;
	for (size_t i = 0; i < 4; i++) {
		int d = i < s.len ? hex_digit(s.p[i]) : -1;
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static struct slice rest_of(struct slice s, size_t from)
{
	return from < s.len ? slice_of(s.p + from, s.len - from) : slice_of(s.p + s.len, 0);
}

/* How many bytes the character or escape at the front takes; 0: a string cannot hold it. */
static size_t piece(struct slice s)
{
	unsigned char c = (unsigned char)s.p[0];
	uint32_t cp;
	if (c < 0x20)
		return 0;
	if (c == '\\') {
		if (s.len < 2 || s.p[1] == '\0' || strchr("\"\\/bfnrtu", s.p[1]) == NULL)
			return 0;
		if (s.p[1] != 'u')
			return 2;
		return hex4(rest_of(s, 2)) < 0 ? 0 : 6;
	}
	if (c < 0x80)
		return 1;
	size_t n = utf8_next(s, &cp);
	return cp == UTF8_BAD ? 0 : n;
}

/* Behind the opening quote; ends behind the closing one. */
static bool scan_string(struct json_scan *s)
{
	size_t from = s->at;
	while (s->at < s->text.len && s->text.p[s->at] != '"') {
		size_t n = piece(rest_of(s->text, s->at));
		if (n == 0)
			return false;
		s->at += n;
	}
	if (s->at == s->text.len)
		return false;
	s->part = slice_of(s->text.p + from, s->at - from);
	s->at++;
	return true;
}

static void add_utf8(struct buf *out, uint32_t cp)
{
	char c[4];
	if (cp < 0x80) {
		buf_add_char(out, (char)cp);
		return;
	}
	size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, cp >>= 6)
		c[i] = (char)(0x80 | (cp & 0x3F));
	c[0] = (char)((0xF00U >> n & 0xF0) | cp);
	buf_add(out, c, n);
}

/* Returns how many bytes of part it took. */
static size_t add_unicode(struct slice part, struct buf *out)
{
	uint32_t cp = (uint32_t)hex4(rest_of(part, 2));
	if (cp < 0xD800 || cp > 0xDFFF) {
		add_utf8(out, cp);
		return 6;
	}
	int32_t low = part.len >= 12 && part.p[6] == '\\' && part.p[7] == 'u'
			      ? hex4(rest_of(part, 8)) : -1;
	if (cp < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF) {
		add_utf8(out, 0x10000 + ((cp - 0xD800) << 10) + ((uint32_t)low - 0xDC00));
		return 12;
	}
	add_utf8(out, 0xFFFD);
	return 6;
}

static char simple_escape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

void json_unescape(struct slice part, struct buf *out)
{
	while (part.len > 0) {
		const char *escape = memchr(part.p, '\\', part.len);
		size_t n = escape ? (size_t)(escape - part.p) : part.len;
		buf_add(out, part.p, n);
		part = rest_of(part, n);
		if (part.len == 0)
			break;
		n = 2;
		if (part.p[1] == 'u')
			n = add_unicode(part, out);
		else
			buf_add_char(out, simple_escape(part.p[1]));
		part = rest_of(part, n);
	}
}

/* --- what is no string --------------------------------------------------------- */

static bool scan_number(struct json_scan *s)
{
	if (at_of(s) == '-')
		s->at++;
	if (at_of(s) == '0')
		s->at++;
	else if (!skip_digits(s))
		return false;
	if (at_of(s) == '.') {
		s->at++;
		if (!skip_digits(s))
			return false;
	}
	if (at_of(s) == 'e' || at_of(s) == 'E') {
		s->at++;
		if (at_of(s) == '+' || at_of(s) == '-')
			s->at++;
		if (!skip_digits(s))
			return false;
	}
	s->part = slice_of(s->text.p + s->from, s->at - s->from);
	return true;
}

static bool scan_word(struct json_scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t len = strlen(words[i]);
		if (s->text.len - s->at < len || memcmp(s->text.p + s->at, words[i], len) != 0)
			continue;
		s->part = slice_of(s->text.p + s->at, len);
		s->at += len;
		return true;
	}
	return false;
}

static enum json_part open_level(struct json_scan *s, bool map)
{
	if (s->depth == JSON_DEPTH_MAX)
		return JSON_BAD;
	s->at++;
	s->depth++;
	s->maps = s->maps << 1 | map;
	s->state = map ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
	return map ? JSON_MAP : JSON_SEQ;
}

static enum json_part close_level(struct json_scan *s)
{
	s->at++;
	s->depth--;
	s->maps >>= 1;
	s->state = AFTER;
	return JSON_CLOSE;
}

static enum json_part value(struct json_scan *s)
{
	char c = at_of(s);
	if (c == '{' || c == '[')
		return open_level(s, c == '{');
	s->state = AFTER;
	if (c == '"') {
		s->at++;
		return scan_string(s) ? JSON_STRING : JSON_BAD;
	}
	if (c == '-' || is_digit(c))
		return scan_number(s) ? JSON_NUMBER : JSON_BAD;
	return scan_word(s) ? JSON_WORD : JSON_BAD;
}

static enum json_part key(struct json_scan *s)
{
	if (at_of(s) != '"')
		return JSON_BAD;
	s->at++;
	s->state = COLON;
	return scan_string(s) ? JSON_STRING : JSON_BAD;
}

/* Over the colon or comma before the next part. False: it is not there. */
static bool punctuation(struct json_scan *s)
{
	char c = at_of(s);
	if (s->state == COLON) {
		if (c != ':')
			return false;
		s->state = VALUE;
	} else if (s->state == AFTER && s->depth > 0 && c == ',') {
		s->state = is_map(s) ? KEY : VALUE;
	} else {
		return true;
	}
	s->at++;
	skip_blanks(s);
	return true;
}

enum json_part json_scan_next(struct json_scan *s)
{
	skip_blanks(s);
	if (!punctuation(s))
		return JSON_BAD;
	s->from = s->at;
	bool may_close = s->state == AFTER || s->state == KEY_OR_CLOSE || s->state == VALUE_OR_CLOSE;
	if (may_close && s->depth > 0 && at_of(s) == (is_map(s) ? '}' : ']'))
		return close_level(s);
	if (s->state == AFTER)
		return s->depth == 0 && s->at == s->text.len ? JSON_END : JSON_BAD;
	return s->state == KEY || s->state == KEY_OR_CLOSE ? key(s) : value(s);
}
