// SPDX-License-Identifier: Apache-2.0
#include "record/format.h"

#include "base/mem.h"
#include "record/copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PRI_MAX 191
#define MARK_MAX 48 /* the longest of the two marks */
#define SHORTER_MAX 3 /* good_end takes so much off at most */
#define BETWEEN 16  /* "191 ", and blanks, "- " */

/* One record on its way out. */
struct output {
	struct buf *work; /* head_len bytes of head, then the text of a piece */
	size_t head_len;
	void (*emit)(void *arg, struct slice payload);
	void *arg;
	struct format_result *result;
};

static void lay_out_prefix(struct format *f)
{
	const char *names[] = { f->who.project, f->who.shoot, f->who.shoot_uid, f->who.hostname };
	buf_add_char(&f->prefix, ' ');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_add_str(&f->prefix, names[i]);
		buf_add_char(&f->prefix, ' ');
	}
}

void format_free(struct format *f)
{
	buf_free(&f->prefix);
}

static char *put_pri(char *p, unsigned pri)
{
	if (pri > PRI_MAX)
		return copy_short(p, slice_of("invld", 5));
	if (pri >= 100)
		*p++ = '1';
	if (pri >= 10)
		*p++ = (char)('0' + pri / 10 % 10);
	*p++ = (char)('0' + pri % 10);
	return p;
}

/* Everything before the message; there is room behind it for `more` bytes. */
static size_t put_head(struct format *f, const struct record *r, int64_t realtime_us,
		       struct buf *work, size_t more)
{
	if (f->prefix.len == 0)
		lay_out_prefix(f);
	work->len = 0;
	buf_reserve(work, f->prefix.len + r->tag.len + TIMETEXT_MAX + r->procid.len + BETWEEN + more);
	char *p = copy_short(work->p, buf_slice(&f->prefix));
	p = put_pri(p, r->pri);
	*p++ = ' ';
	p = copy_short(p, r->tag);
	*p++ = ' ';
	p += timetext_rfc3339(&f->time, realtime_us, p);
	*p++ = ' ';
	p = copy_short(p, r->procid);
	p = copy_short(p, slice_of(" - ", 3));
	work->len = (size_t)(p - work->p);
	return work->len;
}

static void send_piece(struct output *out, struct slice text, struct slice mark)
{
	struct buf *work = out->work;
	work->len = out->head_len;
	buf_reserve(work, text.len + mark.len + 1);
	char *p = copy_short(work->p + work->len, text);
	p = copy_short(p, mark);
	*p++ = ' ';
	work->len = (size_t)(p - work->p);
	out->result->pieces++;
	if (work->len > FORMAT_RECEIVER_DEFAULT)
		out->result->beyond_8k = true;
	out->emit(out->arg, buf_slice(work));
}

/* Where a text of at most max bytes of s may end: not inside a character or an escape. */
static size_t good_end(struct slice s, size_t max)
{
	if (s.len <= max)
		return s.len;
	size_t end = max;
	for (size_t back = 1; back <= 3 && back <= max; back++)
		if (s.p[max - back] == '#')
			return max - back > 0 ? max - back : max;
	for (size_t back = 0; back <= 3 && end > 1; back++, end--)
		if (((unsigned char)s.p[end] & 0xc0) != 0x80)
			return end;
	return max;
}

/* For the text, a mark included, behind a head of so many bytes. */
static size_t room_behind(const struct format *f, size_t head)
{
	size_t room = f->max_message > head + 1 ? f->max_message - head - 1 : 0;
	return room < FORMAT_TEXT_MIN + MARK_MAX ? FORMAT_TEXT_MIN + MARK_MAX : room;
}

static void send_cut(struct output *out, struct slice msg, size_t room)
{
	char mark[MARK_MAX];
	size_t keep = good_end(msg, room - MARK_MAX);
	out->result->cut_bytes = msg.len - keep;
	snprintf(mark, sizeof(mark), " [relpbox: %zu bytes cut]", msg.len - keep);
	send_piece(out, slice_of(msg.p, keep), slice_str(mark));
}

static void send_split(struct output *out, struct slice msg, size_t room)
{
	char mark[MARK_MAX];
	size_t max = room - MARK_MAX;
	unsigned n = 0;
	for (size_t at = 0; at < msg.len; n++)
		at += good_end(slice_of(msg.p + at, msg.len - at), max);
	unsigned i = 0;
	for (size_t at = 0, len; at < msg.len; at += len) {
		len = good_end(slice_of(msg.p + at, msg.len - at), max);
		snprintf(mark, sizeof(mark), " [relpbox: part %u/%u]", ++i, n);
		send_piece(out, slice_of(msg.p + at, len), slice_str(mark));
	}
}

/*
 * omrelp takes the length of a record with strlen, and only the tag can still
 * hold a NUL: what stands behind it is not sent.
 */
static void send_up_to_nul(struct output *out, const struct record *r, const char *nul)
{
	const char *head_nul = memchr(out->work->p, '\0', out->head_len);
	out->result->cut_bytes = (size_t)(r->tag.p + r->tag.len - nul) + r->msg.len;
	out->result->pieces = 1;
	out->emit(out->arg, slice_of(out->work->p, (size_t)(head_nul - out->work->p)));
}

size_t format_most(struct format *f, const struct record *r, size_t each)
{
	if (f->prefix.len == 0)
		lay_out_prefix(f);
	size_t head = f->prefix.len + r->tag.len + TIMETEXT_MAX + r->procid.len + BETWEEN;
	size_t room = room_behind(f, head), text = r->msg.len, pieces = 1;
	if (text > room && f->oversize == OVERSIZE_CUT)
		text = room;
	else if (text > room)
		pieces = text / (room - MARK_MAX - SHORTER_MAX) + 1;
	return text + pieces * (head + MARK_MAX + 1 + each);
}

void format_record(struct format *f, const struct record *r, int64_t realtime_us, struct buf *work,
		   void (*emit)(void *arg, struct slice payload), void *arg,
		   struct format_result *result)
{
	invariant(f->max_message >= FORMAT_MESSAGE_MIN && f->max_message <= FORMAT_MESSAGE_MAX);
	*result = (struct format_result){ 0 };
	size_t whole = r->msg.len < f->max_message ? r->msg.len : f->max_message;
	size_t head = put_head(f, r, realtime_us, work, whole + MARK_MAX + FORMAT_TEXT_MIN);
	struct output out = { work, head, emit, arg, result };
	const char *nul = r->tag.len > 0 ? memchr(r->tag.p, '\0', r->tag.len) : NULL;
	if (nul != NULL) {
		send_up_to_nul(&out, r, nul);
		return;
	}
	size_t room = room_behind(f, head);
	if (r->msg.len <= room)
		send_piece(&out, r->msg, slice_of("", 0));
	else if (f->oversize == OVERSIZE_CUT)
		send_cut(&out, r->msg, room);
	else
		send_split(&out, r->msg, room);
}
