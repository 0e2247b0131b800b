// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_recv_output.h"

#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_octal(struct buf *out, unsigned char c)
{
	char text[4] = { '#', (char)('0' + c / 64), (char)('0' + c / 8 % 8), (char)('0' + c % 8) };

	buf_add(out, text, sizeof(text));
}

/* As rsyslog writes control characters. */
static void add_escaped(struct buf *out, struct slice s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x20 && c != 0x7f)
			continue;
		buf_add(out, s.p + from, i - from);
		add_octal(out, c);
		from = i + 1;
	}
	buf_add(out, s.p + from, s.len - from);
}

/* On a terminal nothing else that it could take as a command either. */
static void add_for_terminal(struct buf *out, struct slice s)
{
	uint32_t cp;

	while (s.len) {
		size_t n = utf8_next(s, &cp);
		if (cp != UTF8_BAD && utf8_printable(cp))
			buf_add(out, s.p, n);
		else
			for (size_t i = 0; i < n; i++)
				add_octal(out, (unsigned char)s.p[i]);
		s = slice_of(s.p + n, s.len - n);
	}
}

static const char *name(const struct output *o)
{
	return o->path ? o->path : "standard output";
}

int output_open(struct output *o, struct err *e)
{
	struct stat st;

	o->fd = STDOUT_FILENO;
	if (o->path)
		o->fd = open(o->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
					(o->append ? O_APPEND : O_TRUNC), 0600);
	if (o->fd < 0)
		return err_errno(e, "%s", o->path);
	o->terminal = isatty(o->fd);
	/* only in a file of our own can a half-written batch be taken back */
	o->written = -1;
	if (o->path && fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode))
		o->written = st.st_size;
	if (o->sync && fdatasync(o->fd) < 0)
		return err_errno(e, "--sync: %s", name(o));
	return 0;
}

void output_add(struct output *o, struct slice message)
{
	if (o->raw)
		buf_add_slice(&o->lines, message);
	else if (o->terminal)
		add_for_terminal(&o->lines, message);
	else
		add_escaped(&o->lines, message);
	buf_add_char(&o->lines, '\n');
}

/* What is not acknowledged comes again, so no part of it should stay. */
static int failed(const struct output *o, const char *what, struct err *e)
{
	int why = errno;

	if (o->written >= 0 && ftruncate(o->fd, o->written) < 0)
		return err_code(e, why, "%s: %s: %s; a part of it stays in the file", name(o), what,
				strerror(why));
	errno = why;
	return err_errno(e, "%s: %s", name(o), what);
}

int output_commit(struct output *o, struct err *e)
{
	int result = 0;

	if (file_write_all(o->fd, o->lines.p, o->lines.len) < 0)
		result = failed(o, "write", e);
	else if (o->sync && fdatasync(o->fd) < 0)
		result = failed(o, "fdatasync", e);
	else if (o->written >= 0)
		o->written += (off_t)o->lines.len;
	o->lines.len = 0;
	return result;
}

int output_close(struct output *o, struct err *e)
{
	buf_free(&o->lines);
	if (close(o->fd) < 0)
		return err_errno(e, "%s", name(o));
	return 0;
}
