// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_FINDINGS_H
#define CONF_FINDINGS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What is to be said about the user's input: data, printed by the command.
 * Position is 1-based, in characters, 0 where there is none. All findings are
 * collected. {0} is a valid empty list.
 */
enum finding_severity { FINDING_ERROR, FINDING_WARNING };

struct finding {
	enum finding_severity severity;
	unsigned line, col;
	const char *code; /* stable, static: "unknown-field" */
	char *path;	  /* "loggingRules[0].programNames[2]"; escaped; "" at the top */
	char *message;	  /* escaped; no value of a secret */
};

struct findings {
	size_t n, cap;
	size_t errors;	/* also those that were not kept */
	size_t dropped; /* beyond FINDINGS_MAX: counted, not kept */
	struct finding *at;
};

#define FINDINGS_MAX 1000

void findings_free(struct findings *f); /* and makes f an empty list */
bool findings_full(const struct findings *f); /* what is added now is only counted */

/* path (NULL: "") and the text that fmt makes must be escaped already; both are copied. */
void findings_add(struct findings *f, enum finding_severity s, unsigned line, unsigned col,
		  const char *code, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

/* By position; those of the same position stay in the order in which they came. */
void findings_sort(struct findings *f);

/* One a line: "FILE:LINE:COL: error: PATH: MESSAGE [CODE]". file must be escaped already. */
void findings_print(const struct findings *f, const char *file, struct buf *out);

#endif
