// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_REPORT_INT_H
#define VALIDATE_REPORT_INT_H

#include "base/json.h"
#include "validate/report.h"

/* What the writers of reports share. */

/*
 * A file's name as it is shown: as it is where all of it is printable, else with
 * escapes, as esc_add makes them. So a name has no more than one line anywhere.
 */
void report_file_name(const char *file, struct buf *out);

/* "./a//b/./c" as "a/b/c"; "/" and ".." stay. */
void report_plain_name(struct slice name, struct buf *out);

/* "error" or "warning". */
const char *report_severity(const struct finding *f);

/* The names of those whom it concerns, as an array of strings. */
void report_concerns(const struct finding *f, struct json *j, const char *key);

/* "PATH: MESSAGE (WHOM)": "(Gardener refuses it)", "(rsyslog; Gardener accepts it)". */
void report_message(const struct finding *f, struct buf *out);

#endif
