// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_SEND_REPORT_H
#define CMD_RELP_SEND_REPORT_H

#include "base/buf.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The report of relp-send: what each stage saw, as text or as JSON, one stage
 * after the other. docs/DOCTOR.md explains both.
 */
enum stage {
	STAGE_CONFIGURATION,
	STAGE_DNS,
	STAGE_TCP,
	STAGE_TLS,
	STAGE_OPEN,
	STAGE_MESSAGES,
	STAGE_CLOSE,
	STAGE_RESULT, /* the last line: the exit code */
};

const char *stage_name(enum stage stage);

enum report_how {
	REPORT_QUIET, /* nothing but the stage that fails, on stderr; on a terminal those before it too */
	REPORT_TEXT,  /* every stage, on stdout */
	REPORT_JSON,  /* every stage, an object a line, on stdout */
};

struct report {
	enum report_how how;
	bool terminal;	 /* QUIET: stderr is one */
	struct buf held; /* QUIET: the stages that went well */
};

/* Where it goes; also for what stands between the stages. */
FILE *report_file(const struct report *r);
void report_free(struct report *r);

/*
 * One stage, while it is put together: begin, what was seen, details and hint in
 * any number, members of the JSON object by way of json, end. Text is to be
 * escaped already; json escapes for itself.
 */
struct stage_report {
	enum stage stage;
	bool ok;
	uint64_t us;
	struct buf seen, details, hint, object;
	struct json json;
};

void stage_begin(struct stage_report *s, enum stage stage, bool ok, uint64_t us);
void stage_seen(struct stage_report *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void stage_detail(struct stage_report *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void stage_hint(struct stage_report *s, const char *hint); /* one more sentence; NULL: none */
void stage_end(struct stage_report *s, struct report *r);

/* Cuts the first line off *rest: without its LF, or all of what has none. */
struct slice report_line(struct slice *rest);

/* "0.3 ms", "12.0 ms", "12.34 s": into out, which is returned. */
#define SPENT_MAX 32
const char *spent_text(uint64_t us, char out[SPENT_MAX]);

#endif
