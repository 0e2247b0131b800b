// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_NAMES_INT_H
#define GARDENER_NAMES_INT_H

#include "gardener/names.h"

/* Sets error n (from 0) of out, which may be NULL. Returns n + 1. */
size_t names_error(struct names_errors *out, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
