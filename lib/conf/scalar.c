// SPDX-License-Identifier: Apache-2.0
#include "conf/scalar.h"

#include <math.h>
#include <stdlib.h>

/* No number is longer; what is, is a string. */
#define NUMBER_MAX 256

static bool is_one_of(struct slice s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(s, words[i]))
			return true;
	return false;
}

#define IS_ONE_OF(s, ...) \
	is_one_of(s, (const char *const[]){ __VA_ARGS__ }, \
		  sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

/* The words of YAML 1.1 in the three spellings that are known, and no other. */
static bool resolve_word(struct node *out)
{
	struct slice s = out->text;
	if (IS_ONE_OF(s, "", "~", "null", "Null", "NULL")) {
		out->kind = NODE_NULL;
	} else if (IS_ONE_OF(s, "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On",
			     "ON")) {
		out->kind = NODE_BOOL;
		out->boolean = true;
	} else if (IS_ONE_OF(s, "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off",
			     "Off", "OFF")) {
		out->kind = NODE_BOOL;
		out->boolean = false;
	} else if (IS_ONE_OF(s, ".nan", ".NaN", ".NAN")) {
		out->kind = NODE_FLOAT;
		out->real = NAN;
	} else if (IS_ONE_OF(s, ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
			     "-.Inf", "-.INF")) {
		out->kind = NODE_FLOAT;
		out->real = s.p[0] == '-' ? -INFINITY : INFINITY;
	} else {
		return false;
	}
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* As Go's strconv with base 0: 0x, 0o, 0b, and a bare 0 for octal. */
static int number_base(const char **digits)
{
	const char *p = *digits;
	if (p[0] != '0')
		return 10;
	char kind = p[1] == '\0' || p[2] == '\0' ? '\0' : p[1];
	int base = kind == 'x' || kind == 'X'	? 16
		   : kind == 'o' || kind == 'O' ? 8
		   : kind == 'b' || kind == 'B' ? 2
						: 0;
	*digits += base ? 2 : 1;
	return base ? base : 8;
}

/* number: without underscores. An integer beyond int64_t is a NODE_FLOAT. */
static bool resolve_int(const char *number, struct node *out)
{
	bool minus = number[0] == '-';
	const char *p = number + (minus || number[0] == '+');
	if (*p == '\0')
		return false;
	int base = number_base(&p);
	uint64_t v = 0;
	for (; *p; p++) {
		int d = digit_value(*p);
		if (d >= base || v > (UINT64_MAX - (uint64_t)d) / (uint64_t)base)
			return false;
		v = v * (uint64_t)base + (uint64_t)d;
	}
	uint64_t most = (uint64_t)INT64_MAX + (minus ? 1 : 0);
	if (v > most) {
		out->kind = NODE_FLOAT;
		out->real = minus ? -(double)v : (double)v;
		out->wide = number[0] >= '0' && number[0] <= '9';
		return true;
	}
	out->kind = NODE_INT;
	out->integer = !minus ? (int64_t)v : v == 0 ? 0 : -(int64_t)(v - 1) - 1;
	return true;
}

static const char *skip_digits(const char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? and nothing behind. */
static bool looks_float(const char *p)
{
	if (*p == '-' || *p == '+')
		p++;
	const char *whole = skip_digits(p);
	bool any = whole != p;
	p = whole;
	if (*p == '.') {
		const char *part = skip_digits(p + 1);
		any = any || part != p + 1;
		p = part;
	}
	if (!any)
		return false;
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '-' || *p == '+')
			p++;
		const char *end = skip_digits(p);
		if (end == p)
			return false;
		p = end;
	}
	return *p == '\0';
}

static bool resolve_float(const char *number, struct node *out)
{
	if (!looks_float(number))
		return false;
	double v = strtod(number, NULL);
	if (isinf(v))
		return false;
	out->kind = NODE_FLOAT;
	out->real = v;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Go drops all of them, but where the text begins with a point only those between digits. */
static bool is_dropped(struct slice s, size_t i)
{
	if (s.p[i] != '_' || s.p[0] != '.')
		return s.p[i] == '_';
	return is_digit(s.p[i - 1]) && i + 1 < s.len && is_digit(s.p[i + 1]);
}

static bool resolve_number(struct node *out)
{
	struct slice s = out->text;
	char number[NUMBER_MAX + 1];
	size_t len = 0;
	bool point = s.p[0] == '.';
	if (s.len > NUMBER_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_dropped(s, i))
			number[len++] = s.p[i];
	number[len] = '\0';
	if (strlen(number) != len)
		return false;
	return (!point && resolve_int(number, out)) || resolve_float(number, out);
}

static void resolve_plain(struct node *out)
{
	if (resolve_word(out))
		return;
	char c = out->text.p[0];
	bool number = is_digit(c) || c == '+' || c == '-' || c == '.';
	if (!number || !resolve_number(out))
		out->kind = NODE_STRING;
}

int scalar_resolve(enum scalar_tag tag, struct node *out)
{
	if (tag == SCALAR_TEXT) {
		out->kind = NODE_STRING;
		return 0;
	}
	resolve_plain(out);
	switch (tag) {
	case SCALAR_BOOL:
		return out->kind == NODE_BOOL ? 0 : -1;
	case SCALAR_INT:
		return out->kind == NODE_INT || out->wide ? 0 : -1;
	case SCALAR_NULL:
		return out->kind == NODE_NULL ? 0 : -1;
	case SCALAR_FLOAT:
		if (out->kind == NODE_INT) {
			out->kind = NODE_FLOAT;
			out->real = (double)out->integer;
		}
		return out->kind == NODE_FLOAT && !out->wide ? 0 : -1;
	case SCALAR_PLAIN:
	case SCALAR_TEXT:
		break;
	}
	return 0;
}
