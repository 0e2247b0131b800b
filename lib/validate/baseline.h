// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_BASELINE_H
#define VALIDATE_BASELINE_H

#include "base/err.h"
#include "base/slice.h"
#include "conf/findings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The findings of an earlier run, as `validate -o json` wrote them: those are
 * known. A finding is the same when file, code, path and message are; its line
 * may have moved. Each entry stands for one finding.
 */
struct baseline;

#define BASELINE_MAX (64U << 20)	/* bytes of its file */
#define BASELINE_ENTRIES_MAX 200000

/* NULL: e says what is wrong with the text, and in which line. */
struct baseline *baseline_parse(struct slice text, struct err *e);
void baseline_free(struct baseline *b); /* NULL is fine */

/* Is it known? Then the entry is used up. file as it was given: "./a.yaml" is "a.yaml". */
bool baseline_take(struct baseline *b, const char *file, const struct finding *f);

/* Entries that nothing was taken for: what they tell of is mended. */
size_t baseline_left(const struct baseline *b);

#endif
