// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/*
 * Adds what s stands for to out, as Kubernetes reads a Secret's data (Go's
 * encoding/base64, StdEncoding): the alphabet of RFC 4648 section 4 with its
 * padding; line ends anywhere are passed over, and nothing else is. -1: it is
 * no base64; out is as it was.
 */
int base64_decode(struct slice s, struct buf *out);

/* What a digit stands for, 0 to 63; -1: it is none. */
int base64_digit(char c);

#endif
