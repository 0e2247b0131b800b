// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_ESC_H
#define BASE_ESC_H

#include "base/buf.h"

/*
 * Bytes from outside made safe for a terminal or a log line: printable ASCII
 * stays, as do well-formed UTF-8 sequences of printable characters (C1 controls
 * and bidirectional overrides are not); a backslash becomes \\, a line feed \n,
 * tab \t, carriage return \r, anything else \xHH. At most max bytes of s are
 * looked at; what is cut is shown as "...".
 */
void esc_add(struct buf *b, struct slice s, size_t max);

/* The same into a fixed buffer (always terminated); returns out, for use in printf. */
const char *esc_text(char *out, size_t size, struct slice s);

#endif
