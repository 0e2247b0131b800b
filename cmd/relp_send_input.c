// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send_input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1 << 20)
#define READ_BYTES (64 * 1024)

/* 8096 is what rsyslog takes unless maxMessageSize is set, 128 KiB librelp's own limit. */
const size_t input_sizes[] = { 1024,  2048,  4096,  8096,   8192,
			       16384, 32768, 65536, 131072 };
const size_t input_n_sizes = sizeof(input_sizes) / sizeof(input_sizes[0]);

int input_open(struct input *in, struct err *e)
{
	in->watch.fd = STDIN_FILENO;
	if (in->file)
		in->watch.fd = open(in->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in->watch.fd < 0)
		return err_errno(e, "%s", in->file);
	in->open = true;
	return 0;
}

void input_free(struct input *in)
{
	if (in->file && in->open)
		close(in->watch.fd);
	buf_free(&in->read);
}

void input_read(struct input *in)
{
	ssize_t n;

	buf_drop(&in->read, in->read_at);
	in->read_at = 0;
	if (in->read.len > LINE_MAX_BYTES) {
		err_set(&in->error, "a line is longer than %d bytes", LINE_MAX_BYTES);
		in->ended = true;
		in->read.len = 0;
		return;
	}
	buf_reserve(&in->read, READ_BYTES);
	n = read(in->watch.fd, in->read.p + in->read.len, READ_BYTES);
	if (n > 0)
		in->read.len += (size_t)n;
	else if (n == 0)
		in->ended = true;
	else if (errno != EINTR && errno != EAGAIN) {
		err_errno(&in->error, "%s", in->file ? in->file : "standard input");
		in->ended = true;
	}
}

static bool next_word(struct input *in, struct slice *out)
{
	if (in->word == in->n_words) {
		in->ended = true;
		return false;
	}
	*out = slice_str(in->words[in->word++]);
	return true;
}

/* A line of what was read; the last one may lack its line feed. */
static bool next_line(struct input *in, struct slice *out)
{
	struct slice rest = slice_of(in->read.p ? in->read.p + in->read_at : NULL,
				     in->read.len - in->read_at);
	const char *lf = rest.len ? memchr(rest.p, '\n', rest.len) : NULL;

	if (!lf && (!in->ended || rest.len == 0))
		return false;
	*out = slice_of(rest.p, lf ? (size_t)(lf - rest.p) : rest.len);
	in->read_at += out->len + (lf ? 1 : 0);
	return true;
}

/* x, until the message has this many bytes with what is still to come. */
static void pad(struct buf *out, size_t from, size_t size)
{
	size_t len = out->len - from;

	if (len >= size)
		return;
	buf_reserve(out, size - len);
	memset(out->p + out->len, 'x', size - len);
	out->len += size - len;
}

static bool next_of_load(struct input *in, struct syslog_format *f, int64_t now_us, struct buf *out)
{
	char text[64];
	size_t from = out->len;

	if (in->number == in->count) {
		in->ended = true;
		return false;
	}
	in->number++;
	snprintf(text, sizeof(text), "src=%s seq=%" PRIu64 " of=%" PRIu64 " ", in->id, in->number,
		 in->count);
	syslog_format_add(f, slice_str(text), now_us, out);
	if (in->size)
		pad(out, from, in->size);
	else
		out->len--; /* the blank that parts it from the padding */
	return true;
}

static bool next_size(struct input *in, struct syslog_format *f, int64_t now_us, struct buf *out)
{
	char text[64], end[32];
	size_t from = out->len;

	if (in->at == input_n_sizes)
		in->ended = true;
	if (in->ended || in->waits)
		return false;
	in->waits = true;
	size_t size = input_sizes[in->at];
	snprintf(text, sizeof(text), "probe=%s size=%zu ", in->id, size);
	int n = snprintf(end, sizeof(end), " END-%zu", size);
	syslog_format_add(f, slice_str(text), now_us, out);
	pad(out, from, size - (size_t)n);
	buf_add_str(out, end);
	return true;
}

bool input_next(struct input *in, struct syslog_format *f, int64_t now_us, struct buf *out)
{
	struct slice text;

	switch (in->kind) {
	case INPUT_LOAD:
		return next_of_load(in, f, now_us, out);
	case INPUT_SIZES:
		return next_size(in, f, now_us, out);
	case INPUT_WORDS:
		if (!next_word(in, &text))
			return false;
		break;
	case INPUT_LINES:
		if (!next_line(in, &text))
			return false;
		break;
	case INPUT_NONE:
	default:
		in->ended = true;
		return false;
	}
	syslog_format_add(f, text, now_us, out);
	return true;
}
