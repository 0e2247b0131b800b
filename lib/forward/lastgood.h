// SPDX-License-Identifier: Apache-2.0
#ifndef FORWARD_LASTGOOD_H
#define FORWARD_LASTGOOD_H

#include "base/buf.h"
#include "base/err.h"

/*
 * The last configuration that worked is kept in the spool directory, so that a
 * broken one at the next start does not leave the node without an audit trail.
 */
#define LASTGOOD_NAME "last-good.yaml"

/* Keeps text (a configuration that forward runs by now); does nothing when it is there already. */
int lastgood_save(const char *spool_dir, struct slice text, struct err *e);

/* Reads it into out; -1 where there is none. */
int lastgood_load(const char *spool_dir, struct buf *out, struct err *e);

#endif
