// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/opt.h"

/*
 * A subcommand: cmd/NAME.c defines `const struct command cmd_NAME`, cmd/main.c
 * lists it. Its table of options gives parsing, --help, man page and completion.
 */
struct command {
	const char *name;    /* "relp-send": the word, or the name of a link to the program */
	const char *summary; /* one line for `relpbox help` */
	int (*run)(int argc, char **argv); /* argv[0] is the name; returns the exit code */
	const struct opt_command *usage;
};

/* Exit codes that all commands share; each command's own are in its notes. */
#define EXIT_OK 0
#define EXIT_FAILED 1 /* also: the output could not be written */
#define EXIT_USAGE 2

extern const char program_version[];
extern const char program_software[]; /* what RELP offers say: "relpbox,VERSION" */

/* One file each. */
extern const struct command cmd_forward;
extern const struct command cmd_status;
extern const struct command cmd_spool;
extern const struct command cmd_relp_send;
extern const struct command cmd_relp_recv;
extern const struct command cmd_validate;
extern const struct command cmd_completion;
extern const struct command cmd_help;

/* The table, ended by NULL. */
extern const struct command *const commands[];

const struct command *command_find(const char *name); /* NULL: there is none */

/* Says so in e, with the nearest name. Returns -1. */
int command_unknown(const char *name, struct err *e);

/* For a wrong command line: the reason and where help is, on stderr. Returns EXIT_USAGE. */
int command_misused(const struct command *c, const struct err *e);

/* --help of a command on stdout. Returns an exit code. */
int command_help(const struct command *c);

/* Prints b on stdout and frees it. Returns EXIT_OK, or EXIT_FAILED with the reason on stderr. */
int command_print(struct buf *b);

#endif
