// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_VALIDATE_H
#define CMD_VALIDATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "validate/ignore.h"
#include "validate/report.h"
#include "validate/validate.h"

#include <stdbool.h>

/* What the command line of `validate` asks for. */
enum validate_output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_SARIF, OUTPUT_GITHUB };
enum validate_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum validate_fail { FAIL_ERROR, FAIL_WARNING, FAIL_NONE };

struct validate_request {
	struct validate_options judge;
	enum validate_output output;
	enum validate_colour colour;
	enum validate_fail fail;
	struct ignore_list ignore;
	const char *baseline; /* a file, or NULL */
	const char *explain;  /* a code or "all", or NULL */
	bool schema, verbose, help;
	char **words; /* files and folders, or with schema a kind; owned */
	size_t n_words;
};

/* -1: it cannot be meant (e). To be freed either way. */
extern const struct opt_command validate_usage;

int validate_scan(int argc, char **argv, struct validate_request *r, struct err *e);
void validate_request_free(struct validate_request *r);

#endif
