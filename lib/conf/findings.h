// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_FINDINGS_H
#define CONF_FINDINGS_H

#include "base/buf.h"

#include <stddef.h>

/*
 * What is to be said about the user's input: data, printed by the command.
 * Position is 1-based, 0 where there is none. All findings are collected.
 */
enum finding_severity { FINDING_ERROR, FINDING_WARNING };

struct finding {
	enum finding_severity severity;
	unsigned line, col;
	const char *code; /* stable, static: "unknown-field" */
	char *path;	  /* "loggingRules[0].programNames[2]"; escaped */
	char *message;	  /* escaped; no value of a secret */
};

struct findings {
	size_t n, cap;
	size_t errors;
	struct finding *at;
};

#define FINDINGS_MAX 1000 /* more are only counted in errors */

void findings_free(struct findings *f);
void findings_add(struct findings *f, enum finding_severity s, unsigned line, unsigned col,
		  const char *code, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

/* One a line: "FILE:LINE:COL: error: PATH: MESSAGE [CODE]". */
void findings_print(const struct findings *f, const char *file, struct buf *out);

#endif
