// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_REPORT_H
#define VALIDATE_REPORT_H

#include "conf/findings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What `validate` has to say, for whoever writes it down: the findings of all
 * files, in the order of the files, each file's by position.
 */
struct report_finding {
	const char *file;	 /* as it was given or found; not escaped; "-" is standard input */
	const struct finding *finding;
	const char *source;	 /* its line of the file, without the line's end, not escaped; NULL: not to be shown */
};

struct report {
	struct report_finding *at;
	size_t n;
	size_t dropped; /* findings beyond a limit: counted, not kept */
	size_t dropped_errors; /* of these */

	/* for -v */
	size_t files, documents; /* documents that are not empty */
	size_t judged; /* documents, and items of Lists */
	size_t other, templates, encrypted; /* documents that were skipped: of another kind, with {{ or ${, by sops */
	size_t references; /* to objects that are not among the files */
	size_t ignored; /* findings that a comment or --ignore takes away */
	size_t known;	/* findings that the baseline has */
};

/* "refuses" or "accepts": what Gardener's admission, or its API server, does with it. */
const char *report_gardener(const struct finding *f);

/* Each into out, which need not be empty. */
void report_text(const struct report *r, bool colour, struct buf *out);
void report_json(const struct report *r, struct buf *out);
void report_sarif(const struct report *r, const char *version, struct buf *out);
void report_github(const struct report *r, struct buf *out);

#endif
