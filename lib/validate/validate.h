// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_VALIDATE_H
#define VALIDATE_VALIDATE_H

#include "base/slice.h"
#include "validate/report.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Judges manifests: what Gardener's admission would refuse, what would not work
 * on the node, what is not likely meant. No I/O: texts in, a report out. Objects
 * may refer to each other over files; what they refer to is looked for at the end.
 */
struct validate_options {
	unsigned node;		/* whose node is judged: CONCERN_RSYSLOG or CONCERN_RELPBOX */
	bool require_refs;	/* an object that is referred to and not given is an error */
	int64_t now;		/* Unix seconds: are certificates valid? */
	int64_t expires_within; /* seconds: one that ends before is a warning */
	bool keep_source;	/* lines of the files for report_finding.source */
};

#define VALIDATE_FILE_MAX (16U << 20) /* bytes */

struct validate;
struct baseline;
struct ignore_list;

struct validate *validate_new(const struct validate_options *o);
void validate_free(struct validate *v); /* NULL is fine */

/* One file; name is copied. text is not needed any more afterwards. */
void validate_text(struct validate *v, const char *name, struct slice text);

/*
 * The same for a file that nobody named: what cannot be read in it and holds no word
 * that all manifests have (settings with comments, a lock file, old YAML) is of another kind.
 */
void validate_found(struct validate *v, const char *name, struct slice text);

/*
 * Follows the references, takes away what comments, list (--ignore) and baseline
 * name, and sorts. Both may be NULL. The report is v's and lives as long. Once, at the end.
 */
const struct report *validate_report(struct validate *v, const struct ignore_list *list,
				     struct baseline *known);

#endif
