// SPDX-License-Identifier: Apache-2.0
#ifndef FORWARD_SETTINGS_H
#define FORWARD_SETTINGS_H

#include "conf/config.h"
#include "forward/forward.h"

/* From the model of the configuration to what the pipeline runs by. */

#define DEFAULT_UNIX_PATH "/run/systemd/journal/syslog"
#define DEFAULT_SPOOL_MAX (256ULL << 20)
#define DEFAULT_AUDIT_SHARE 50
#define DEFAULT_MAX_MESSAGE 65536
#define DEFAULT_WINDOW_FRAMES 2048
#define DEFAULT_WINDOW_BYTES (1U << 20)
#define DEFAULT_TIMEOUT_S 90

/* What --input takes: "unix:PATH" or "stdin". Strings are for config_free to free. */
int settings_parse_input(const char *text, struct config_input *out, struct err *e);

#define DEFAULT_ROTATE_WITHIN_MS (10 * 60 * 1000)
#define HANDSHAKE_MS 30000 /* of the first try, see sink.c */

/*
 * Fills out; its strings are c's, which must outlive it. hostname: this
 * machine's short name, used where c has none. settings_free in all cases.
 */
int settings_from_config(const struct config *c, const char *hostname, struct forward_conf *out,
			 struct err *e);

void settings_free(struct forward_conf *out);

/* Is it to be sent by TLS? tls.enabled says so, or files for it are named. */
bool settings_ask_for_tls(const struct config *c);

/*
 * Does what it says of TLS go together? Never plain where TLS was asked for:
 * tls.enabled without files, and files where tls.enabled is false, are refused.
 */
int settings_check_tls(const struct config *c, struct err *e);

/* May forward run by it? Not without a spool directory either. */
int settings_check_run(const struct config *c, struct err *e);

/* This machine's name up to its first dot, as rsyslog takes it; size as gethostname(2). */
void settings_hostname(char *out, size_t size);

#endif
