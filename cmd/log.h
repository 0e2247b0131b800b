// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_LOG_H
#define CMD_LOG_H

#include "base/say.h"

/*
 * Lines for people on stderr: "relpbox: TEXT", and under systemd (JOURNAL_STREAM)
 * with the priority in front, as sd-daemon(3) has it.
 */
struct say log_say(void);

#endif
