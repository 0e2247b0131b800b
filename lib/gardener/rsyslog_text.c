// SPDX-License-Identifier: Apache-2.0
#include "gardener/rsyslog_text.h"

#include <ctype.h>
#include <stdint.h>

/* What rsyslog knows behind a backslash: its lexer ignores case, what then unescapes does not. */
struct escape {
	size_t len; /* without the backslash; 0: not known */
	char byte;
	bool odd; /* the byte is a question mark, which the escape does not say */
};

static int digit(char c, int base)
{
	int v = c >= '0' && c <= '9' ? c - '0'
	      : c >= 'a' && c <= 'f' ? c - 'a' + 10
	      : c >= 'A' && c <= 'F' ? c - 'A' + 10
				     : base;
	return v < base ? v : -1;
}

/* count digits of s as a byte, modulo 256; -1: they are not there */
static int number(struct slice s, size_t count, int base)
{
	unsigned v = 0;
	if (s.len < count)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int d = digit(s.p[i], base);
		if (d < 0)
			return -1;
		v = v * (unsigned)base + (unsigned)d;
	}
	return (int)(v & 0xff);
}

static struct escape escape_of_number(struct slice s)
{
	bool hex = s.p[0] == 'x' || s.p[0] == 'X';
	size_t digits = hex ? 2 : 3, before = hex ? 1 : 0;
	int v = number(slice_of(s.p + before, s.len - before), digits, hex ? 16 : 8);
	if (v < 0)
		return (struct escape){ 0 };
	if (s.p[0] == 'X') /* the digits stay behind */
		return (struct escape){ .len = 1, .byte = '?', .odd = true };
	return (struct escape){ .len = before + digits, .byte = (char)v };
}

/* s: what stands behind the backslash, at least one byte. */
static struct escape escape_of(struct slice s)
{
	switch (s.p[0]) {
	case '"':
	case '\'':
	case '\\':
	case '$': return (struct escape){ .len = 1, .byte = s.p[0] };
	case 'b': return (struct escape){ .len = 1, .byte = '\b' };
	case 'n': return (struct escape){ .len = 1, .byte = '\n' };
	case 'r': return (struct escape){ .len = 1, .byte = '\r' };
	case 't': return (struct escape){ .len = 1, .byte = '\t' };
	case 'B':
	case 'N':
	case 'R':
	case 'T': return (struct escape){ .len = 1, .byte = '?', .odd = true };
	default: return escape_of_number(s);
	}
}

static enum rsyslog_text refuse_escape(struct slice quoted, size_t at, struct err *e)
{
	/* what Go writes: \a, \v, \f, \u and eight digits at most; nothing else is shown */
	unsigned char c = (unsigned char)quoted.p[at + 1];
	if (isalnum(c))
		err_code(e, (int)at + 1, "rsyslog does not know the escape \\%c", c);
	else
		err_code(e, (int)at + 1, "rsyslog does not know this escape");
	return RSYSLOG_TEXT_REFUSED;
}

/* Whether quotes stand around s, and the last one ends it. */
static bool is_quoted(struct slice s)
{
	if (s.len < 2 || s.p[0] != '"')
		return false;
	size_t at = 1;
	while (at < s.len && s.p[at] != '"')
		at += s.p[at] == '\\' ? 2 : 1;
	return at + 1 == s.len;
}

static enum rsyslog_text read_inside(struct slice quoted, struct buf *out, struct err *e)
{
	enum rsyslog_text verdict = RSYSLOG_TEXT_SAME;
	bool ended = false;

	for (size_t at = 1; at + 1 < quoted.len;) {
		struct escape x = { .byte = quoted.p[at] };
		if (x.byte == '$') {
			err_code(e, (int)at + 1, "\"$\" in double quotes");
			return RSYSLOG_TEXT_REFUSED;
		}
		if (x.byte == '\\') {
			x = escape_of(slice_of(quoted.p + at + 1, quoted.len - at - 2));
			if (x.len == 0)
				return refuse_escape(quoted, at, e);
		}
		if ((x.odd || x.byte == '\0') && verdict == RSYSLOG_TEXT_SAME) {
			err_code(e, (int)at + 1, "rsyslog %s",
				 x.odd ? "takes \"?\" for this escape" : "ends the text at this byte 0");
			verdict = RSYSLOG_TEXT_CHANGED;
		}
		ended = ended || x.byte == '\0';
		if (!ended)
			buf_add_char(out, x.byte);
		at += 1 + x.len;
	}
	return verdict;
}

enum rsyslog_text rsyslog_read_quoted(struct slice quoted, struct buf *out, struct err *e)
{
	size_t before = out->len;
	if (!is_quoted(quoted)) {
		err_code(e, 1, "no text in double quotes");
		return RSYSLOG_TEXT_REFUSED;
	}
	enum rsyslog_text verdict = read_inside(quoted, out, e);
	if (verdict == RSYSLOG_TEXT_REFUSED)
		out->len = before;
	return verdict;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool is_comparison(char c)
{
	return c == '<' || c == '=' || c == '>' || c == '!';
}

/* Where the token ends that begins at `at`. */
static size_t token_end(struct slice line, size_t at)
{
	if (line.p[at] == '"') {
		for (at++; at < line.len && line.p[at] != '"'; at++)
			if (line.p[at] == '\\')
				at++;
		return at < line.len ? at + 1 : line.len;
	}
	bool (*same)(char) = is_word(line.p[at]) ? is_word : is_comparison;
	do
		at++;
	while (at < line.len && same(line.p[at - 1]) && same(line.p[at]));
	return at;
}

bool rsyslog_torn(struct slice line, size_t *at, struct slice *token)
{
	while (*at < line.len) {
		size_t begin = *at, end = token_end(line, begin);
		*at = end;
		/* a piece ends behind the first byte of the token, and before its end */
		if (begin / RSYSLOG_PIECE != (end - 1) / RSYSLOG_PIECE) {
			*token = slice_of(line.p + begin, end - begin);
			return true;
		}
	}
	return false;
}
