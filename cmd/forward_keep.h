// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_FORWARD_KEEP_H
#define CMD_FORWARD_KEEP_H

#include "base/say.h"
#include "cmd/forward_conf.h"

#include <stdbool.h>

/*
 * Keeps the configuration that works in the spool directory, for a later start
 * that finds a broken one (forward/lastgood.h): in a thread, because it syncs,
 * and the inputs are to be read meanwhile. What fails is said, and harms nothing.
 */
struct forward_keep;

/* d and say are copied; tls_by_option: document_mark_tls. */
struct forward_keep *forward_keep_new(const struct document *d, bool tls_by_option,
				      const struct say *say);

/* It works: for forward_conf's ready. arg is the struct forward_keep; spool_dir is copied. */
void forward_keep_ready(void *arg, const char *spool_dir);

/* Frees it. A disk that hangs is waited for a second: then the thread has it until exit(2). */
void forward_keep_end(struct forward_keep *k);

#endif
