// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Appends at text[at]. What does not fit ends in "...", put where no UTF-8
 * sequence is left half. Returns the new length.
 */
__attribute__((format(printf, 3, 0)))
static size_t text_add(struct err *e, size_t at, const char *fmt, va_list ap)
{
	size_t size = sizeof(e->text);
	int n = vsnprintf(e->text + at, size - at, fmt, ap);
	if (n < 0) {
		e->text[at] = '\0';
		return at;
	}
	if ((size_t)n < size - at)
		return at + (size_t)n;
	size_t cut = size - 4;
	while (cut > 0 && ((unsigned char)e->text[cut] & 0xc0) == 0x80)
		cut--;
	memcpy(e->text + cut, "...", 4);
	return cut + 3;
}

__attribute__((format(printf, 3, 4)))
static size_t text_addf(struct err *e, size_t at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	size_t end = text_add(e, at, fmt, ap);
	va_end(ap);
	return end;
}

int err_set(struct err *e, const char *fmt, ...)
{
	if (!e)
		return -1;
	e->code = 0;
	va_list ap;
	va_start(ap, fmt);
	text_add(e, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_code(struct err *e, int code, const char *fmt, ...)
{
	if (!e)
		return -1;
	e->code = code;
	va_list ap;
	va_start(ap, fmt);
	text_add(e, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *e, const char *fmt, ...)
{
	int code = errno;
	if (!e)
		return -1;
	e->code = code;
	va_list ap;
	va_start(ap, fmt);
	size_t at = text_add(e, 0, fmt, ap);
	va_end(ap);
	text_addf(e, at, ": %s", strerror(code));
	errno = code;
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	if (!e)
		return -1;
	char old[sizeof(e->text)];
	memcpy(old, e->text, sizeof(old));
	old[sizeof(old) - 1] = '\0';
	va_list ap;
	va_start(ap, fmt);
	size_t at = text_add(e, 0, fmt, ap);
	va_end(ap);
	text_addf(e, at, ": %s", old);
	return -1;
}
