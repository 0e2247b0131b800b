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
	bool sound; /* decoded without an error */
	bool tls_by_option; /* a last good one: it ran with TLS, and does not say so itself */
};

/*
 * Reads and decodes path. 0: good; -1: not (its findings, or why it can't be
 * read, are on stderr, each as FILE:LINE:COL: ...). What could be decoded is in
 * config either way. document_free in all cases.
 */
int document_load(struct document *d, const char *path);

/* The same from a spool directory's last good configuration; prints nothing where there is none. */
int document_load_last_good(struct document *d, const char *spool_dir);

/* To be kept as the last good one, which ran with --tls-dir: nobody is to send by it in plain. */
void document_mark_tls(struct buf *text);

/*
 * May it ask for TLS? A sound document says so itself. A broken one may not even
 * be YAML, and what it asks for is anybody's guess: any trace of the word in its
 * text counts, in whatever case, place or spelling, also where it is off or
 * commented out.
 */
bool document_may_ask_for_tls(const struct document *d);

void document_free(struct document *d);

#endif
