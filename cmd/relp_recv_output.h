// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_RECV_OUTPUT_H
#define CMD_RELP_RECV_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <sys/types.h>

/* Where relp-recv's messages go: a line each, many in one write. */
struct output {
	/* set by the owner before output_open */
	const char *path; /* NULL: standard output */
	bool append;	  /* else the file is emptied */
	bool sync;	  /* a commit is fdatasync too */
	bool raw;	  /* bytes as they are, instead of control characters as #ooo */
	/* internal */
	int fd;
	bool terminal;
	struct buf lines; /* taken, not written */
	off_t written;	  /* where a regular file ended after the last commit; -1: it is none */
};

/* -1: it cannot be opened, or with sync not be synced; e says why. */
int output_open(struct output *o, struct err *e);

/* Takes a message, whatever its bytes; on a terminal nothing of it is a command. */
void output_add(struct output *o, struct slice message);

/*
 * Writes what was taken since the last commit. -1 with e: it is not all there;
 * then, of a regular file, nothing of it stays, or e says that a part does.
 */
int output_commit(struct output *o, struct err *e);

/* -1 with e: a network file system tells some failures only here. */
int output_close(struct output *o, struct err *e);

#endif
