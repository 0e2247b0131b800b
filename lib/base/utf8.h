// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

#include <stdint.h>

#define UTF8_BAD UINT32_MAX

/*
 * The first character of s (not empty). Returns how many bytes it takes, at
 * least 1, and sets *cp. Malformed (Unicode 15, table 3-7: overlong forms and
 * surrogates too): *cp is UTF8_BAD, and the bytes returned are those that one
 * U+FFFD stands for ("maximal subpart").
 */
size_t utf8_next(struct slice s, uint32_t *cp);

/*
 * May it be shown on a terminal as it is? Not the controls (C0, DEL, C1), not
 * what is invisible or turns the direction of text, not a non-character.
 */
bool utf8_printable(uint32_t cp);

#endif
