// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_COPY_H
#define RECORD_COPY_H

#include "base/slice.h"

/*
 * memcpy for what is mostly short: musl's takes longer to start than this
 * takes for a few hundred bytes. Returns what is behind the copy.
 */
static inline char *copy_short(char *to, struct slice from)
{
	size_t i = 0;
	for (; from.len - i >= 16; i += 16)
		memcpy(to + i, from.p + i, 16);
	if (from.len - i >= 8) {
		memcpy(to + i, from.p + i, 8);
		i += 8;
	}
	for (; i < from.len; i++)
		to[i] = from.p[i];
	return to + from.len;
}

#endif
