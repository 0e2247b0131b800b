// SPDX-License-Identifier: Apache-2.0
#include "conf/json_read.h"

#include "conf/cursor.h"
#include "conf/json_scan.h"

#include <errno.h>
#include <stdlib.h>

struct reading {
	struct builder *b;
	struct json_scan scan;
	struct cursor cursor;
	struct buf text; /* of the string at hand */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the value begins. */
static size_t front(struct slice text)
{
	size_t i = text.len > 3 && memcmp(text.p, "---", 3) == 0 && is_blank(text.p[3]) ? 3 : 0;
	while (i < text.len && is_blank(text.p[i]))
		i++;
	return i;
}

/* Before anything is built: what is no JSON in its last line would have left findings. */
static bool is_json(struct slice text, size_t at)
{
	struct json_scan s;
	enum json_part part;
	if (at == text.len || (text.p[at] != '{' && text.p[at] != '['))
		return false;
	json_scan_start(&s, text, at);
	do
		part = json_scan_next(&s);
	while (part != JSON_BAD && part != JSON_END);
	return part == JSON_END;
}

/* As Go: an integer that fits 64 bits, else a float. n->text holds nothing but a JSON number. */
static void set_number(struct node *n)
{
	char *end;
	errno = 0;
	long long v = strtoll(n->text.p, &end, 10);
	if (*end == '\0' && errno == 0) {
		n->kind = NODE_INT;
		n->integer = v;
		return;
	}
	n->kind = NODE_FLOAT;
	n->real = strtod(n->text.p, NULL);
}

static void set_word(struct node *n)
{
	n->kind = slice_is(n->text, "null") ? NODE_NULL : NODE_BOOL;
	if (n->kind == NODE_BOOL)
		n->boolean = slice_is(n->text, "true");
}

static int scalar(struct reading *r, const struct build_item *item, enum json_part part)
{
	struct slice text = r->scan.part;
	if (part == JSON_STRING) {
		r->text.len = 0;
		json_unescape(text, &r->text);
		text = buf_slice(&r->text);
	}
	struct node *n = build_scalar(r->b, item, text);
	if (n == NULL)
		return -1;
	n->plain = part != JSON_STRING;
	if (part == JSON_STRING)
		n->kind = NODE_STRING;
	else if (part == JSON_NUMBER)
		set_number(n);
	else
		set_word(n);
	build_add(r->b, n);
	return 0;
}

static int take(struct reading *r, enum json_part part)
{
	cursor_to_byte(&r->cursor, r->scan.from);
	struct build_item item = { .line = r->cursor.line, .col = r->cursor.col };
	if (part == JSON_CLOSE)
		return build_end(r->b);
	if (part == JSON_MAP || part == JSON_SEQ)
		return build_start(r->b, &item, part == JSON_MAP ? NODE_MAP : NODE_SEQ);
	return scalar(r, &item, part);
}

int json_read(struct builder *b, struct slice text, unsigned line)
{
	size_t at = front(text);
	if (!is_json(text, at))
		return 1;
	struct reading r = { .b = b, .cursor = cursor_at(text, line) };
	enum json_part part;
	int done = 0;
	json_scan_start(&r.scan, text, at);
	while (done == 0 && (part = json_scan_next(&r.scan)) != JSON_END)
		done = take(&r, part);
	buf_free(&r.text);
	return done;
}
