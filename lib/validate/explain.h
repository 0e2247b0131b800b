// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_EXPLAIN_H
#define VALIDATE_EXPLAIN_H

#include "base/buf.h"
#include "conf/codes.h"

/* What a code means, for whoever meets it. Markdown: `code`, and lines that are indented by four. */
struct explanation {
	const char *what; /* it says */
	const char *why;  /* it matters: what happens in admission or on the node */
	const char *mend; /* it, with an example */
};

/* False: nobody wrote it yet; a test sees to it that this does not happen. */
bool explain(enum code code, struct explanation *out);

void explain_one(enum code code, struct buf *out); /* for `--explain CODE` */
void explain_all(struct buf *out); /* docs/FINDINGS.md */

#endif
