// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One table a command gives parsing, --help, the OPTIONS section of its man
 * page and shell completion.
 */
struct opt {
	const char *name;     /* long name without the dashes; NULL ends the table */
	char letter;	      /* short name, or 0 */
	const char *arg;      /* what its value is called ("FILE"); NULL: takes none, or choices */
	const char *help;     /* one sentence without a final stop; no line feed */
	const char *fallback; /* what is taken when absent, for the help; or NULL */
	const char *choices;  /* the words it takes, "cut|split"; or NULL. Any other is refused */
};

/* What a command is, beside its options. */
struct opt_command {
	const char *name;      /* "relp-send"; NULL for relpbox itself */
	const char *synopsis;  /* behind the name: "[OPTION]... HOST:PORT [MESSAGE]..." */
	const char *summary;   /* one line */
	const struct opt *opts;
	const char *notes;     /* more text for --help: exit codes, examples; or NULL */
};

/*
 * Walks argv[1..]: "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE",
 * "-abc" for letters without value; "--" ends the options; options and words
 * may be mixed. A long name must be written in full. {.argc, .argv} to start.
 */
struct opt_scan {
	int argc;
	char **argv;
	int at;		    /* internal: next argv; start at 0 */
	const char *letters; /* internal: rest of a run of letters */
	bool words_only;    /* internal: "--" was seen */
	const char *value;  /* of the option or the word that opt_next returned */
};

#define OPT_END (-1)  /* nothing left */
#define OPT_WORD (-2) /* scan->value is a word that is no option */
/* e says why: unknown (with the nearest name), missing or unwanted value, not a choice. */
#define OPT_BAD (-3)

/* Returns the index into opts of the next option, or one of the above. */
int opt_next(struct opt_scan *scan, const struct opt *opts, struct err *e);

void opt_help(const struct opt_command *c, struct buf *out);	/* for --help */
void opt_man(const struct opt_command *c, struct buf *out);	/* the OPTIONS section as mdoc(7) */
/* One a line: "--name", "-n", "--name=CHOICE". */
void opt_complete(const struct opt_command *c, struct buf *out);

#endif
