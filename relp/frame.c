// SPDX-License-Identifier: Apache-2.0
#include "relp/frame.h"

#include "base/esc.h"
#include "base/mem.h"

/* A cursor over the bytes; at == end means that more are needed. */
struct reading {
	const unsigned char *at;
	const unsigned char *end;
};

enum part { PART_OK, PART_MORE, PART_BAD };

static enum part part_bad(const struct reading *r, struct err *e, const char *what)
{
	char shown[64];
	size_t left = (size_t)(r->end - r->at);

	esc_text(shown, sizeof(shown), slice_of(r->at, left < 12 ? left : 12));
	err_set(e, "not a RELP frame: %s, at \"%s\"", what, shown);
	return PART_BAD;
}

/* 1 to 9 digits; their end must be in sight. */
static enum part read_number(struct reading *r, uint32_t *out, const char *what, struct err *e)
{
	const unsigned char *p = r->at;
	uint32_t v = 0;

	for (; p < r->end && *p >= '0' && *p <= '9'; p++) {
		if (p - r->at == 9)
			return part_bad(r, e, what);
		v = v * 10 + (*p - '0');
	}
	if (p == r->end)
		return PART_MORE;
	if (p == r->at)
		return part_bad(r, e, what);
	r->at = p;
	*out = v;
	return PART_OK;
}

static enum part read_command(struct reading *r, struct slice *out, struct err *e)
{
	static const char what[] = "the command is not 1 to 32 letters";
	const unsigned char *p = r->at;

	for (; p < r->end && (unsigned)((*p | 0x20) - 'a') < 26; p++)
		if (p - r->at == RELP_COMMAND_MAX)
			return part_bad(r, e, what);
	if (p == r->end)
		return PART_MORE;
	if (p == r->at)
		return part_bad(r, e, what);
	*out = slice_of(r->at, (size_t)(p - r->at));
	r->at = p;
	return PART_OK;
}

static enum part read_space(struct reading *r, struct err *e)
{
	if (r->at == r->end)
		return PART_MORE;
	if (*r->at != ' ')
		return part_bad(r, e, "a blank is missing");
	r->at++;
	return PART_OK;
}

/* Up to the first byte behind the header: the LF of a frame without data, or its data. */
static enum part read_header(struct reading *r, size_t max_data, struct relp_frame *f,
			     struct err *e)
{
	uint32_t len = 0;
	enum part p;

	if ((p = read_number(r, &f->txnr, "the transaction number is not 1 to 9 digits", e)) ||
	    (p = read_space(r, e)) || (p = read_command(r, &f->command, e)) ||
	    (p = read_space(r, e)) ||
	    (p = read_number(r, &len, "the length is not 1 to 9 digits", e)))
		return p;
	f->data = slice_of(NULL, len);
	if (len > max_data) {
		err_set(e, "a frame of %u bytes is longer than the %zu that are taken", len,
			max_data);
		return PART_BAD;
	}
	return len ? read_space(r, e) : PART_OK;
}

/* The LF behind the data, see relp_frame_rules. */
static enum part read_end(struct reading *r, const struct relp_frame *f, bool lf_in_data,
			  struct err *e)
{
	if (r->at == r->end)
		return PART_MORE;
	if (*r->at == '\n') {
		r->at++;
		return PART_OK;
	}
	if (lf_in_data && f->data.len && f->data.p[f->data.len - 1] == '\n' && *r->at >= '0' &&
	    *r->at <= '9')
		return PART_OK;
	return part_bad(r, e, "the line feed at its end is missing");
}

ssize_t relp_frame_read(struct slice in, const struct relp_frame_rules *rules,
			struct relp_frame *out, size_t *need, struct err *e)
{
	const unsigned char *start = (const unsigned char *)in.p;
	struct reading r;
	enum part p;

	if (need)
		*need = 0;
	if (in.len == 0)
		return 0;
	r = (struct reading){ .at = start, .end = start + in.len };
	p = read_header(&r, rules->max_data, out, e);
	if (p)
		return p == PART_BAD ? -1 : 0;
	if (need)
		*need = (size_t)(r.at - start) + out->data.len + 1;
	if (out->data.len > (size_t)(r.end - r.at))
		return 0;
	out->data.p = (const char *)r.at;
	r.at += out->data.len;
	p = read_end(&r, out, rules->lf_in_data, e);
	if (p)
		return p == PART_BAD ? -1 : 0;
	return r.at - start;
}

static size_t digits(uint32_t v)
{
	size_t n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

size_t relp_frame_size(uint32_t txnr, size_t command_len, size_t data_len)
{
	return digits(txnr) + 1 + command_len + 1 + digits((uint32_t)data_len) +
	       (data_len ? 1 + data_len : 0) + 1;
}

static char *put_number(char *out, uint32_t v)
{
	size_t n = digits(v);

	for (size_t i = n; i > 0; i--) {
		out[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	return out + n;
}

size_t relp_frame_write(char *out, uint32_t txnr, struct slice command, struct slice data)
{
	char *p = out;

	invariant(txnr <= RELP_TXNR_MAX && data.len <= RELP_DATALEN_MAX);
	invariant(command.len >= 1 && command.len <= RELP_COMMAND_MAX);
	p = put_number(p, txnr);
	*p++ = ' ';
	memcpy(p, command.p, command.len);
	p += command.len;
	*p++ = ' ';
	p = put_number(p, (uint32_t)data.len);
	if (data.len) {
		*p++ = ' ';
		memcpy(p, data.p, data.len);
		p += data.len;
	}
	*p++ = '\n';
	return (size_t)(p - out);
}

bool relp_answer_read(struct slice data, struct relp_answer *out)
{
	const char *p = data.p, *end, *lf;

	if (data.len < 3)
		return false;
	end = p + data.len;
	out->code = 0;
	for (; p < data.p + 3; p++) {
		if (*p < '0' || *p > '9')
			return false;
		out->code = out->code * 10 + (unsigned)(*p - '0');
	}
	/* the code alone is an answer as well; "2000" and "200x" are none */
	if (p < end && *p == ' ')
		p++;
	else if (p < end && *p != '\n')
		return false;
	lf = memchr(p, '\n', (size_t)(end - p));
	out->text = slice_of(p, (size_t)((lf ? lf : end) - p));
	out->data = lf ? slice_of(lf + 1, (size_t)(end - lf - 1)) : slice_of(end, 0);
	return true;
}
