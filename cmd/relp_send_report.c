// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send_report.h"

#include <stdarg.h>
#include <string.h>

const char *stage_name(enum stage stage)
{
	static const char *const names[] = {
		"configuration", "dns", "tcp", "tls", "open", "messages", "close", "result",
	};

	return names[stage];
}

const char *spent_text(uint64_t us, char out[SPENT_MAX])
{
	if (us < 10000000)
		snprintf(out, SPENT_MAX, "%.1f ms", (double)us / 1000);
	else
		snprintf(out, SPENT_MAX, "%.2f s", (double)us / 1000000);
	return out;
}

struct slice report_line(struct slice *rest)
{
	const char *lf = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
	struct slice line = slice_of(rest->p, lf ? (size_t)(lf - rest->p) : rest->len);
	size_t gone = line.len + (lf ? 1 : 0);

	*rest = slice_of(rest->p + gone, rest->len - gone);
	return line;
}

FILE *report_file(const struct report *r)
{
	return r->how == REPORT_TEXT ? stdout : stderr;
}

void report_free(struct report *r)
{
	buf_free(&r->held);
}

void stage_begin(struct stage_report *s, enum stage stage, bool ok, uint64_t us)
{
	*s = (struct stage_report){ .stage = stage, .ok = ok, .us = us };
	json_start(&s->json, &s->object);
	json_object(&s->json, NULL);
	json_str(&s->json, "stage", slice_str(stage_name(stage)));
	json_bool(&s->json, "ok", ok);
	json_fixed(&s->json, "ms", (double)us / 1000, 3);
}

__attribute__((format(printf, 2, 0)))
static void add(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	buf_reserve(b, (size_t)n + 1);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void stage_seen(struct stage_report *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(&s->seen, fmt, ap);
	va_end(ap);
}

void stage_detail(struct stage_report *s, const char *fmt, ...)
{
	va_list ap;

	buf_add_str(&s->details, "        ");
	va_start(ap, fmt);
	add(&s->details, fmt, ap);
	va_end(ap);
	buf_add_char(&s->details, '\n');
}

void stage_hint(struct stage_report *s, const char *hint)
{
	if (!hint)
		return;
	if (s->hint.len)
		buf_add_char(&s->hint, ' ');
	buf_add_str(&s->hint, hint);
}

/* A line of its own for each stage, and what is indented behind it. */
static void add_text(const struct stage_report *s, bool failure_alone, struct buf *out)
{
	char spent[SPENT_MAX];

	if (failure_alone)
		buf_printf(out, "relpbox relp-send: %s: ", stage_name(s->stage));
	else
		buf_printf(out, "%-13s  %-4s  %9s  ", stage_name(s->stage), s->ok ? "OK" : "FAIL",
			   spent_text(s->us, spent));
	buf_add_slice(out, buf_slice(&s->seen));
	buf_add_char(out, '\n');
	buf_add_slice(out, buf_slice(&s->details));
	if (s->hint.len) {
		buf_add_str(out, "        hint: ");
		buf_add_slice(out, buf_slice(&s->hint));
		buf_add_char(out, '\n');
	}
}

static void put(FILE *to, struct buf *b)
{
	if (b->len)
		fwrite(b->p, 1, b->len, to);
	fflush(to);
	b->len = 0;
}

static void end_json(struct stage_report *s)
{
	json_str(&s->json, "seen", buf_slice(&s->seen));
	if (s->hint.len)
		json_str(&s->json, "hint", buf_slice(&s->hint));
	json_object_end(&s->json);
	buf_add_char(&s->object, '\n');
	put(stdout, &s->object);
}

void stage_end(struct stage_report *s, struct report *r)
{
	struct buf text = { 0 };

	if (r->how == REPORT_JSON) {
		end_json(s);
	} else if (r->how == REPORT_TEXT) {
		add_text(s, false, &text);
		put(stdout, &text);
	} else if (s->ok) {
		add_text(s, false, &r->held);
	} else {
		if (r->terminal)
			put(stderr, &r->held);
		add_text(s, !r->terminal, &text);
		put(stderr, &text);
	}
	buf_free(&text);
	buf_free(&s->seen);
	buf_free(&s->details);
	buf_free(&s->hint);
	buf_free(&s->object);
}
