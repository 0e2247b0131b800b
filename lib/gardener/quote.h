// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_QUOTE_H
#define GARDENER_QUOTE_H

#include "base/buf.h"

#include <stdint.h>

/*
 * Adds s as Go's strconv.Quote writes it, byte for byte: in double quotes; a
 * backslash and a double quote behind a backslash; \a \b \f \n \r \t \v; other
 * ASCII controls and bytes that are no UTF-8 as \xHH; characters that are not
 * printable as \uHHHH or \UHHHHHHHH. At most four bytes come of one.
 *
 * Gardener does this to a regular expression before its check, and to every
 * text that it writes into rsyslog's configuration.
 */
void go_quote(struct buf *out, struct slice s);

/*
 * Go's strconv.IsPrint with Unicode 15.0.0, as Go 1.21 to 1.26 have it: letters,
 * marks, numbers, punctuation, symbols, and of the blanks U+0020 alone.
 */
bool go_is_print(uint32_t cp);

#endif
