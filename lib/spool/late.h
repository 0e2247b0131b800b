// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_LATE_H
#define SPOOL_LATE_H

#include "base/err.h"
#include "spool/dir.h"

/*
 * Segments that this run cannot take into its own numbering: the directory
 * could be read only after the start, or another version had set them aside and
 * they are ours after all. They are named "*.late", and their frames are
 * appended again, as new frames without cursor, while there is plenty of room.
 * The file goes when all of them are durable: a kill costs duplicates only.
 * For lib/spool only.
 */
struct spool;

/* Those that recovery found. */
void late_found(struct spool *sp, const struct dir_seg *list, size_t n);

/* Those among *.foreign that are of our format after all. */
void late_take_back(struct spool *sp, struct dir_list *l);

/* The directory can be read at last: all of the log in it becomes late. */
int late_adopt(struct spool *sp, struct err *e);

/* A few frames more; after a commit. */
void late_step(struct spool *sp);
void late_settle(struct spool *sp); /* removes the file whose frames are all durable */

void late_free(struct spool *sp);

#endif
