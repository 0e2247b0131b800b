// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Writes JSON (RFC 8259) into a buffer. Commas are put by the writer; the
 * caller opens and closes in order. Bytes that are not UTF-8 become U+FFFD;
 * what a terminal should not get (utf8_printable) is written as \uXXXX.
 */
struct json {
	struct buf *out;
	bool first; /* nothing yet in the innermost object or array */
};

void json_start(struct json *j, struct buf *out);
void json_object(struct json *j, const char *key); /* key NULL: inside an array or at the top */
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_str(struct json *j, const char *key, struct slice s);
void json_u64(struct json *j, const char *key, uint64_t v);
void json_i64(struct json *j, const char *key, int64_t v);
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);
/* A number with that many decimals; what is not finite becomes null. */
void json_fixed(struct json *j, const char *key, double v, int digits);

#endif
