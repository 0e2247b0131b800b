// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_FORWARD_CONF_H
#define CMD_FORWARD_CONF_H

#include "base/buf.h"
#include "base/err.h"
#include "conf/config.h"

/* The configuration document as commands take it: read, decoded, findings printed. */

struct document {
	struct buf text;
	struct config config;
	struct findings findings;
};

/*
 * Reads and decodes path. 0: good; -1: not (its findings, or why it can't be
 * read, are on stderr, each as FILE:LINE:COL: ...). What could be decoded is in
 * config either way. document_free in all cases.
 */
int document_load(struct document *d, const char *path);

/* The same from a spool directory's last good configuration; prints nothing where there is none. */
int document_load_last_good(struct document *d, const char *spool_dir);

/*
 * Does a broken document ask for TLS, as far as can be seen? It may not even be
 * YAML, so its text is looked at: a key "tls" whose "enabled" is not plainly
 * false asks for it. May say yes where a sound document would not.
 */
bool document_asks_for_tls(const struct document *d);

void document_free(struct document *d);

#endif
