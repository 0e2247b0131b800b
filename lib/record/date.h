// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_DATE_H
#define RECORD_DATE_H

#include "base/slice.h"

#include <stdint.h>

/*
 * What rsyslog 8.2302 takes for a date at the beginning of text: first RFC
 * 3339, then the one of RFC 3164 with its liberties (any case, one-digit
 * numbers, a year in front or behind the day, a fraction, a colon behind).
 * room: how many bytes rsyslog believes there are, which may be more than
 * text.len (docs/WIRE.md, "Two counts"). Returns the room behind the date and
 * one blank, or -1 where there is no date. That is not always room minus the
 * length of the date: with a year in front it is one more, as in rsyslog.
 */
int64_t date_skip(struct slice text, int64_t room);

#endif
