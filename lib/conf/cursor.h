// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_CURSOR_H
#define CONF_CURSOR_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A place in a text that only moves forward, as an editor shows it: lines end
 * with LF, CRLF or CR (and not with U+0085, U+2028 or U+2029, as libyaml has
 * it); columns are characters. Bytes that are no UTF-8 count somehow.
 */
struct cursor {
	struct slice text;
	size_t byte, index;  /* 0-based; index: in characters */
	unsigned line, col;  /* 1-based */
};

struct cursor cursor_at(struct slice text, unsigned line); /* its first byte, which begins this line */
void cursor_to_index(struct cursor *c, size_t index);	   /* stays where it is beyond already */
void cursor_to_byte(struct cursor *c, size_t byte);

/* Does text hold a line break that no editor shows? */
bool has_hidden_breaks(struct slice text);

#endif
