// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_SPLIT_H
#define CONF_SPLIT_H

#include "base/slice.h"

#include <stdbool.h>

/*
 * Cuts a text into its documents, without reading them: in YAML a line that
 * begins with "---" and a blank or its end begins a document wherever it
 * stands. Comments and directives before it belong to it when they are the first of
 * the text or stand behind a "...", else to the document before. Behind "..."
 * nothing else may follow; what does stays with the document, whose reader refuses it.
 */
struct split {
	struct slice rest;
	unsigned line; /* of the file, at which rest begins */
};

struct split_part {
	struct slice text;
	unsigned first, last; /* its lines */
};

/* False: there is nothing more, but perhaps blank lines and comments. */
bool split_next(struct split *s, struct split_part *out);

/* The first line of rest with its line break: LF, CR LF, or a CR alone, as YAML counts lines. */
struct slice line_next(struct slice rest);

/* A line without its break. */
struct slice line_text(struct slice line);

#endif
