// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_IGNORE_H
#define VALIDATE_IGNORE_H

#include "base/err.h"
#include "conf/findings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Findings that somebody knows of and wants no more: by comments in the file,
 *
 *   # relpbox:ignore CODE[,CODE...] reason
 *
 * on the finding's line, or alone on a line above it (more comments may stand
 * between), and by --ignore.
 */
struct ignore_at {
	enum code code;
	unsigned from, to; /* lines, both included */
};

/* Of one file. {0} is a valid empty one. */
struct ignore_comments {
	struct ignore_at *at;
	size_t n, cap;
};

#define IGNORE_COMMENTS_MAX 10000 /* codes in the comments of a file */

/*
 * Reads the comments of a file's text into c, an empty one. A comment without
 * reason, or with a code that there is not, ignores nothing: it is CODE_IGNORE
 * in f, at its '#'. A '#' at a line's beginning or behind a blank begins a
 * comment, wherever that is: quotes and block scalars are not looked at.
 */
void ignore_scan(struct ignore_comments *c, struct slice text, struct findings *f);
void ignore_free(struct ignore_comments *c); /* and makes it an empty one */

/* Does a comment name the finding? Never for CODE_IGNORE, nor where it has no line. */
bool ignore_has(const struct ignore_comments *c, const struct finding *f);

/* What --ignore names. {0} is a valid empty one. */
struct ignore_list {
	bool has[CODES];
};

/* "CODE[,CODE...]". -1: there is no such code; then e says which is near it. */
int ignore_list_add(struct ignore_list *l, const char *codes, struct err *e);

#endif
