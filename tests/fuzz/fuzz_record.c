// SPDX-License-Identifier: Apache-2.0
/*
 * Any datagram: what record_parse says of it holds together, and the wire
 * records are those that a plain reading of docs/WIRE.md gives. The first two
 * bytes choose the limit and what happens beyond it.
 */
#include "base/mem.h"
#include "record/format.h"
#include "record/rules.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIXED_TIME INT64_C(1795288801081870)
#define MARK_MAX 48

struct seen {
	struct buf head; /* what each payload begins with */
	struct buf text; /* the message, put together from the pieces */
	const struct format_result *result;
	bool split;
	size_t max;
	unsigned n;
};

static bool inside(struct slice part, const char *p, size_t len)
{
	return part.len == 0 || (part.p >= p && part.p + part.len <= p + len);
}

static void check_record(const struct record *r, const char *p, size_t len,
			 const struct buf *scratch)
{
	invariant(r->datagram_len == len);
	invariant(r->severity == (r->pri > 191 ? 7 : r->pri % 8));
	invariant(inside(r->tag, p, len) && r->tag.len <= 511);
	invariant(r->tag.len == 0 || memchr(r->tag.p, ' ', r->tag.len) == NULL);
	invariant(r->program.p == r->tag.p && r->program.len <= r->tag.len);
	invariant(inside(r->procid, r->tag.p, r->tag.len) || slice_is(r->procid, "-"));
	invariant(inside(r->msg, p, len) || inside(r->msg, scratch->p, scratch->len));
	for (size_t i = 0; i < r->msg.len; i++)
		invariant((unsigned char)r->msg.p[i] >= 0x20);
}

static void plain_head(struct buf *b, const struct record *r)
{
	char time[TIMETEXT_MAX];
	struct timetext t = { 0 };
	buf_add_str(b, " p s u h ");
	if (r->pri > 191)
		buf_add_str(b, "invld");
	else
		buf_add_u64(b, r->pri);
	buf_add_char(b, ' ');
	buf_add_slice(b, r->tag);
	buf_add_char(b, ' ');
	buf_add(b, time, timetext_rfc3339(&t, FIXED_TIME, time));
	buf_add_char(b, ' ');
	buf_add_slice(b, r->procid);
	buf_add_str(b, " - ");
}

static bool begins_with(struct slice s, struct slice with)
{
	return s.len >= with.len && memcmp(s.p, with.p, with.len) == 0;
}

/* Takes head, the blank at the end and the mark, if there is one, off; keeps the text. */
static void see(void *arg, struct slice payload)
{
	struct seen *s = arg;
	const char *nul = memchr(s->head.p, '\0', s->head.len);
	s->n++;
	if (nul != NULL) { /* see send_up_to_nul in format.c */
		invariant(slice_eq(payload, slice_of(s->head.p, (size_t)(nul - s->head.p))));
		return;
	}
	invariant(payload.len <= s->max);
	invariant(begins_with(payload, buf_slice(&s->head)));
	invariant(payload.p[payload.len - 1] == ' ');
	struct slice text = slice_of(payload.p + s->head.len, payload.len - s->head.len - 1);
	if (s->split) {
		invariant(text.len > 16);
		const char *mark = text.p + text.len - 16;
		while (mark > text.p && memcmp(mark, " [relpbox: part ", 16) != 0)
			mark--;
		text.len = (size_t)(mark - text.p);
	}
	buf_add_slice(&s->text, text);
}

static void check_text(struct seen *s, const struct record *r)
{
	struct slice whole = r->msg;
	if (s->result->cut_bytes > 0) {
		struct buf mark = { 0 };
		buf_add(&mark, whole.p, whole.len - s->result->cut_bytes);
		buf_printf(&mark, " [relpbox: %zu bytes cut]", s->result->cut_bytes);
		invariant(slice_eq(buf_slice(&s->text), buf_slice(&mark)));
		buf_free(&mark);
		return;
	}
	invariant(slice_eq(buf_slice(&s->text), whole));
}

static void check_wire(struct format *f, const struct record *r)
{
	struct buf work = { 0 };
	struct format_result result;
	struct seen s = { .result = &result };
	plain_head(&s.head, r);
	size_t least = s.head.len + FORMAT_TEXT_MIN + MARK_MAX + 1;
	s.max = f->max_message > least ? f->max_message : least;
	s.split = f->oversize == OVERSIZE_SPLIT && s.head.len + r->msg.len + 1 > s.max;
	format_record(f, r, FIXED_TIME, &work, see, &s, &result);
	invariant(s.n == result.pieces && s.n >= 1);
	invariant(s.n == 1 || s.split);
	if (memchr(s.head.p, '\0', s.head.len) == NULL) {
		invariant(result.cut_bytes == 0 || f->oversize == OVERSIZE_CUT);
		check_text(&s, r);
	}
	buf_free(&work);
	buf_free(&s.head);
	buf_free(&s.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct format f = { .who = { "p", "s", "u", "h" },
			    .max_message = FORMAT_MESSAGE_MIN + data[0] * 8U,
			    .oversize = data[1] & 1 ? OVERSIZE_SPLIT : OVERSIZE_CUT };
	struct buf scratch = { 0 };
	struct record r;
	char *exact = malloc(size > 2 ? size - 2 : 1); /* so that ASan sees one byte too far */
	invariant(exact != NULL);
	memcpy(exact, data + 2, size - 2);
	record_parse(slice_of(exact, size - 2), &scratch, &r);
	check_record(&r, exact, size - 2, &scratch);
	rules_is_audit(&r);
	check_wire(&f, &r);
	free(exact);
	buf_free(&scratch);
	format_free(&f);
	return 0;
}
