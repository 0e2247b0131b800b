// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/slice.h"

#include <stdint.h>

/*
 * The one way in which a number from outside is read. Each returns 0 and sets
 * *out, or returns -1 and leaves it alone. The whole slice must be the number:
 * no blank, no sign, nothing behind it.
 */
int num_u64(struct slice s, uint64_t min, uint64_t max, uint64_t *out); /* decimal digits */

/* Bytes: digits with an optional K, M, G or KiB, MiB, GiB (powers of 1024). */
int num_size(struct slice s, uint64_t min, uint64_t max, uint64_t *out);

/* Milliseconds: digits with an optional ms, s (also when absent), m or h. "1.5s" is not known. */
int num_duration_ms(struct slice s, uint64_t min, uint64_t max, uint64_t *out);

#endif
