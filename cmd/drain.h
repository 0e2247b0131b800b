// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_DRAIN_H
#define CMD_DRAIN_H

#include "cmd/forward_tls.h"

/*
 * `spool drain`: sends what is left in the spool directory and ends; beside a
 * running forward, waits until that one has sent it. config: a file, or NULL
 * for the last configuration that worked; words go over it. Returns an exit code.
 */
int drain(const char *dir, const char *config, const struct forward_tls_words *words);

#endif
