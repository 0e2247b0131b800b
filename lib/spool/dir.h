// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_DIR_H
#define SPOOL_DIR_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The spool directory and the names in it. No link is followed, files are 0600,
 * the directory is 0700.
 */

/*
 * Makes it where it is missing (make), opens it. The descriptor, or -1, also
 * where it is a link (with "/" behind it too) or belongs to another user.
 */
int dir_open(const char *path, bool make, struct err *e);

/* Takes the lock, which ends with the descriptor. -1: e->code EBUSY names the holder. */
int dir_lock(int fd, const char *path, struct err *e);

/* Opens a regular file: flags as for open(2). -1 with errno (ELOOP, ENOTSUP: no regular file). */
int dir_file(int dirfd, const char *name, int flags);

/* "0000000000000001-9f86d081884c7d65.seg": the first number and the log's salt. */
#define SEG_NAME_MAX 80
void dir_seg_name(char *out, uint64_t number, uint64_t salt);

struct dir_seg {
	uint64_t number;
	uint64_t salt;
};

/* What is in the directory. {0} to start; dir_list_free frees. */
struct dir_list {
	struct dir_seg *segs; /* by number */
	size_t n_segs;
	struct dir_seg *late; /* "*.late": see late.h */
	size_t n_late;
	struct dir_seg *other; /* "*.seg.foreign", which are in foreign too */
	size_t n_other;
	uint64_t foreign;      /* files whose name ends with .foreign, *.seg with odd names */
	uint64_t foreign_above; /* a number above all that foreign segments can hold */
	bool temporary;	       /* left by a kill: *.tmp */
};

int dir_scan(int dirfd, struct dir_list *l, struct err *e);
/* Removes what a kill left of files that were being replaced (base/file.h); only whoever holds the lock. */
void dir_sweep(int dirfd);

/* Has it a segment, or another file of a spool? 0, or -1 with e: no, or it can't be read. */
int dir_holds_spool(const char *path, struct err *e);
void dir_list_free(struct dir_list *l);

#define DIR_TMP "new.tmp"

/* Puts name out of the way as name.foreign, name.foreign.2 ... 0 or -1 with errno. */
int dir_foreign(int dirfd, const char *name);

#endif
