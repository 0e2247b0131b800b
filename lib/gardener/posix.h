// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_POSIX_H
#define GARDENER_POSIX_H

#include "base/err.h"
#include "base/slice.h"

/*
 * Does Go's regexp.CompilePOSIX take the pattern? 0, or -1 with Go's own words
 * in e, where the part of the pattern that Go quotes is escaped for a terminal
 * and cut after 64 bytes: error parsing regexp: missing closing ): `(a`
 *
 * Linear in the pattern, which the caller bounds, and at most 50 bytes of memory
 * for each byte of it; no recursion.
 *
 * The words are those of the newest Go that was read (1.26). In POSIX syntax the
 * only difference from 1.19, with which this was compared, is "expression too
 * large", which 1.19 calls "regexp/syntax: internal error". Two limits of Go are
 * reckoned on its syntax tree (1000 levels; 3,355,443 instructions, looked at
 * when the repeats of a pattern multiply to a lot). Go joins alternatives that
 * begin alike into one before it reckons (ab|ac becomes a(b|c)), which is not
 * done here, so that far out, with hundreds of levels or thousands of
 * instructions repeated a thousand times, the verdict can be another one.
 */
int go_posix_check(struct slice pattern, struct err *e);

/*
 * What Gardener's admission makes of messageContent.regex and .exclude: quotes
 * the text as Go does (quote.h), and compiles that. So every backslash is one
 * that stands for itself to the check, and \( opens a group.
 */
int gardener_regex_check(struct slice text, struct err *e);

#endif
