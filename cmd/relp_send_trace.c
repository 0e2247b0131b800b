// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send_trace.h"

#include "base/esc.h"
#include "relp/frame.h"

#include <stdarg.h>

#define SHOWN 300 /* bytes of a frame's data */

void trace_start(struct trace *t, bool tls)
{
	t->tls = tls;
	t->in[0].len = t->in[1].len = 0;
	t->raw[0] = t->raw[1] = false;
	t->n_first = 0;
}

void trace_free(struct trace *t)
{
	buf_free(&t->in[0]);
	buf_free(&t->in[1]);
}

void trace_note(struct trace *t, const char *fmt, ...)
{
	va_list ap;

	if (!t->to)
		return;
	fputs("=== ", t->to);
	va_start(ap, fmt);
	vfprintf(t->to, fmt, ap);
	va_end(ap);
	fputc('\n', t->to);
	fflush(t->to);
}

static void show(struct trace *t, bool sent, const struct relp_frame *f, struct slice bytes)
{
	struct buf line = { 0 };

	buf_add_str(&line, sent ? t->tls ? "~> " : "-> " : t->tls ? "<~ " : "<- ");
	if (f)
		buf_printf(&line, "%u %.*s %zu%s", f->txnr, (int)f->command.len, f->command.p,
			   f->data.len, f->data.len ? " " : "");
	esc_add(&line, bytes, SHOWN);
	buf_add_char(&line, '\n');
	fwrite(line.p, 1, line.len, t->to);
	buf_free(&line);
}

/* The whole frames at the front of b. */
static void show_frames(struct trace *t, bool sent, struct buf *b)
{
	static const struct relp_frame_rules rules = { .max_data = 4 << 20, .lf_in_data = true };
	struct relp_frame f;
	size_t at = 0;

	while (at < b->len) {
		ssize_t n = relp_frame_read(slice_of(b->p + at, b->len - at), &rules, &f, NULL, NULL);
		if (n == 0)
			break;
		if (n < 0) {
			t->raw[sent] = true;
			show(t, sent, NULL, slice_of(b->p + at, b->len - at));
			at = b->len;
			break;
		}
		show(t, sent, &f, f.data);
		at += (size_t)n;
	}
	buf_drop(b, at);
}

void trace_bytes(void *trace, bool sent, struct slice bytes)
{
	struct trace *t = trace;

	for (size_t i = 0; !sent && i < bytes.len && t->n_first < TRACE_FIRST; i++)
		t->first[t->n_first++] = (uint8_t)bytes.p[i];
	if (!t->to)
		return;
	if (t->raw[sent]) {
		show(t, sent, NULL, bytes);
	} else {
		buf_add_slice(&t->in[sent], bytes);
		show_frames(t, sent, &t->in[sent]);
	}
	fflush(t->to);
}

const char *trace_protocol(const struct trace *t)
{
	static const struct {
		const char *begin, *name;
	} known[] = {
		{ "HTTP/", "HTTP" }, { "SSH-", "SSH" }, { "220 ", "SMTP or FTP" }, { "220-", "SMTP or FTP" },
		{ "* OK", "IMAP" },  { "+OK", "POP3" }, { "\x15\x03", "TLS" },	   { "\x16\x03", "TLS" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].begin);
		if (t->n_first >= len && memcmp(t->first, known[i].begin, len) == 0)
			return known[i].name;
	}
	return NULL;
}
