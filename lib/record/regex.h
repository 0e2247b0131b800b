// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_REGEX_H
#define RECORD_REGEX_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

/*
 * POSIX extended regular expressions with glibc's verdict in the C locale
 * (regcomp with REG_EXTENDED, as rsyslog's re_match uses it): does text contain
 * a match? Linear in the text, bounded in memory. docs/REGEX.md tells what
 * agrees with glibc and how that is tested.
 */
struct regex;

#define REGEX_MEMORY_MAX (256 * 1024)

/*
 * NULL: e says what is wrong and where (1-based byte position in e->code). What
 * glibc takes and we do not has a negative e->code, the position below 0, or 0:
 * the pattern needs more than memory_max.
 */
struct regex *regex_compile(struct slice pattern, size_t memory_max, struct err *e);
void regex_free(struct regex *re);

/* Not const: states are built as texts need them, and dropped when memory_max is reached. */
bool regex_match(struct regex *re, struct slice text);

size_t regex_memory(const struct regex *re); /* bytes in use now */

#endif
