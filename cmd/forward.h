// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_FORWARD_H
#define CMD_FORWARD_H

#include "forward/forward.h"

/*
 * --dry-run: reads lines from stdin and prints for each the rule that takes it,
 * or why none does, and the bytes that would be sent. No spool, no network.
 * Returns an exit code.
 */
int forward_dry_run(const struct forward_conf *conf);

#endif
