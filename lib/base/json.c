// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>

/* One character as it stands inside a JSON string. raw: its bytes. */
static void add_char(struct buf *out, uint32_t cp, struct slice raw)
{
	if (cp == UTF8_BAD)
		buf_add_str(out, "\xef\xbf\xbd");
	else if (cp == '"' || cp == '\\')
		buf_printf(out, "\\%c", (char)cp);
	else if (cp == '\n')
		buf_add_str(out, "\\n");
	else if (cp == '\r')
		buf_add_str(out, "\\r");
	else if (cp == '\t')
		buf_add_str(out, "\\t");
	else if (utf8_printable(cp))
		buf_add_slice(out, raw);
	else if (cp < 0x10000) /* JSON may reach a terminal: no control is left in it */
		buf_printf(out, "\\u%04" PRIx32, cp);
	else
		buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((cp - 0x10000) >> 10),
			   0xdc00 + ((cp - 0x10000) & 0x3ff));
}

static void add_quoted(struct buf *out, struct slice s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.len;) {
		uint32_t cp;
		size_t n = utf8_next(slice_of(s.p + i, s.len - i), &cp);
		add_char(out, cp, slice_of(s.p + i, n));
		i += n;
	}
	buf_add_char(out, '"');
}

/* What stands before a value: a comma where it is not the first, and its key. */
static void before(struct json *j, const char *key)
{
	if (!j->first)
		buf_add_char(j->out, ',');
	j->first = false;
	if (key) {
		add_quoted(j->out, slice_str(key));
		buf_add_char(j->out, ':');
	}
}

static void open_with(struct json *j, const char *key, char c)
{
	before(j, key);
	buf_add_char(j->out, c);
	j->first = true;
}

static void close_with(struct json *j, char c)
{
	buf_add_char(j->out, c);
	j->first = false;
}

void json_start(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out, .first = true };
}

void json_object(struct json *j, const char *key)
{
	open_with(j, key, '{');
}

void json_object_end(struct json *j)
{
	close_with(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_with(j, key, '[');
}

void json_array_end(struct json *j)
{
	close_with(j, ']');
}

void json_str(struct json *j, const char *key, struct slice s)
{
	before(j, key);
	add_quoted(j->out, s);
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
	before(j, key);
	buf_add_u64(j->out, v);
}

void json_i64(struct json *j, const char *key, int64_t v)
{
	before(j, key);
	buf_printf(j->out, "%" PRId64, v);
}

void json_bool(struct json *j, const char *key, bool v)
{
	before(j, key);
	buf_add_str(j->out, v ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	before(j, key);
	buf_add_str(j->out, "null");
}

void json_fixed(struct json *j, const char *key, double v, int digits)
{
	before(j, key);
	if (isfinite(v))
		buf_printf(j->out, "%.*f", digits < 0 ? 0 : digits, v);
	else
		buf_add_str(j->out, "null"); /* JSON has no word for it */
}
