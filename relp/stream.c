// SPDX-License-Identifier: Apache-2.0
#include "relp/stream.h"

#include "base/mem.h"

/* A buffer that a long frame made larger than this is given back after it. */
#define PART_KEEP (64 * 1024)

void relp_in_reset(struct relp_in *in)
{
	in->bytes = slice_of(NULL, 0);
	in->part.len = 0;
	in->part_used = false;
}

void relp_in_free(struct relp_in *in)
{
	buf_free(&in->part);
}

static void in_skip(struct relp_in *in, size_t n)
{
	in->bytes.p += n;
	in->bytes.len -= n;
}

/* From the caller's bytes as they are: the usual way. */
static int next_direct(struct relp_in *in, struct relp_frame *f, struct err *e)
{
	ssize_t n;

	if (in->bytes.len == 0)
		return 0;
	n = relp_frame_read(in->bytes, &in->rules, f, NULL, e);
	if (n < 0)
		return -1;
	if (n > 0) {
		in_skip(in, (size_t)n);
		return 1;
	}
	buf_add_slice(&in->part, in->bytes);
	in_skip(in, in->bytes.len);
	return 0;
}

/*
 * A frame whose beginning came earlier: as many bytes are added to it as it
 * surely needs, or a header's length while that is not known; what was too much
 * is handed back.
 */
static int next_joined(struct relp_in *in, struct relp_frame *f, struct err *e)
{
	size_t need;
	ssize_t n = relp_frame_read(buf_slice(&in->part), &in->rules, f, &need, e);

	while (n == 0 && in->bytes.len) {
		size_t more = need > in->part.len ? need - in->part.len : RELP_HEADER_MAX;
		if (more > in->bytes.len)
			more = in->bytes.len;
		buf_add(&in->part, in->bytes.p, more);
		in_skip(in, more);
		n = relp_frame_read(buf_slice(&in->part), &in->rules, f, &need, e);
	}
	if (n <= 0)
		return (int)n;
	size_t back = in->part.len - (size_t)n;
	in->bytes.p -= back;
	in->bytes.len += back;
	in->part_used = true;
	return 1;
}

int relp_in_next(struct relp_in *in, struct relp_frame *f, struct err *e)
{
	if (in->part_used) {
		in->part_used = false;
		in->part.len = 0;
		if (in->part.cap > PART_KEEP)
			buf_free(&in->part);
	}
	return in->part.len ? next_joined(in, f, e) : next_direct(in, f, e);
}

void relp_out_reset(struct relp_out *o)
{
	o->b.len = 0;
	o->done = 0;
}

void relp_out_free(struct relp_out *o)
{
	buf_free(&o->b);
	o->done = 0;
}

size_t relp_out_len(const struct relp_out *o)
{
	return o->b.len - o->done;
}

struct slice relp_out_slice(const struct relp_out *o)
{
	return o->b.len ? slice_of(o->b.p + o->done, o->b.len - o->done) : slice_of(NULL, 0);
}

void relp_out_wrote(struct relp_out *o, size_t n)
{
	invariant(n <= relp_out_len(o));
	o->done += n;
	if (o->done == o->b.len)
		relp_out_reset(o);
}

void relp_out_frame(struct relp_out *o, uint32_t txnr, struct slice command, struct slice data)
{
	size_t room = relp_frame_size(txnr, command.len, data.len);

	if (o->b.cap - o->b.len < room && o->done >= relp_out_len(o)) {
		buf_drop(&o->b, o->done);
		o->done = 0;
	}
	buf_reserve(&o->b, room);
	o->b.len += relp_frame_write(o->b.p + o->b.len, txnr, command, data);
}
