// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_JSON_SCAN_H
#define CONF_JSON_SCAN_H

#include "base/buf.h"

#include <stdint.h>

/*
 * The parts of a strict JSON text (RFC 8259), one after the other. No recursion:
 * each level is a bit.
 */
#define JSON_DEPTH_MAX 64

enum json_part {
	JSON_BAD, /* no JSON, no UTF-8, or nested deeper than JSON_DEPTH_MAX */
	JSON_END,
	JSON_MAP,
	JSON_SEQ,
	JSON_CLOSE,
	JSON_STRING, /* a key too */
	JSON_NUMBER,
	JSON_WORD, /* true, false, null */
};

struct json_scan {
	struct slice text;
	size_t at;	   /* behind the part */
	size_t from;	   /* where the part begins */
	struct slice part; /* as written; of a string without the quotes */
	uint64_t maps;	   /* the innermost level is the lowest bit: 1 for a map */
	unsigned depth;
	unsigned char state;
};

void json_scan_start(struct json_scan *s, struct slice text, size_t at);
enum json_part json_scan_next(struct json_scan *s);

/*
 * Adds what a JSON_STRING stands for to out, as Go's encoding/json has it: half
 * a surrogate pair becomes U+FFFD.
 */
void json_unescape(struct slice part, struct buf *out);

#endif
