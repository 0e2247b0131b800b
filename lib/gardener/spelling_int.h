// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_SPELLING_INT_H
#define GARDENER_SPELLING_INT_H

#include "base/buf.h"

#include <stdint.h>

/* Inside of spelling*.c: bracket expressions of glibc's dialect, in the C locale. */

struct byte_set {
	uint64_t bits[4];
};

/*
 * At a '[': moves *at behind its ']' and sets which bytes it matches, the 0
 * not among them. -1: glibc refuses it.
 */
int bracket_read(struct slice text, size_t *at, struct byte_set *out);

/*
 * Adds an expression that matches the bytes of set, which glibc and Go read
 * alike and that holds no dollar sign. group: may it be one in parentheses?
 * -1: we know none.
 */
int bracket_write(const struct byte_set *set, bool group, struct buf *out);

#endif
