// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_SANITIZE_H
#define RECORD_SANITIZE_H

#include "base/buf.h"

/*
 * The text of a datagram as rsyslog 8.2302 keeps it (docs/WIRE.md, "Escapes"):
 * one NUL and then one LF at the very end are dropped, and every byte below
 * 0x20 becomes '#' and three octal digits. 0x7F and what is above stays.
 * Returns a slice of the datagram where nothing had to be escaped, else of
 * scratch (emptied first), which holds at most four times the datagram.
 */
struct slice sanitize(struct slice datagram, struct buf *scratch);

#endif
