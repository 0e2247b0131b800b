// SPDX-License-Identifier: Apache-2.0
#ifndef IO_SERVICE_H
#define IO_SERVICE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* systemd's side of a service without libsystemd: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3). */

struct service {
	int notify_fd;	       /* -1 where NOTIFY_SOCKET is not set */
	uint64_t watchdog_ms;  /* how often at the latest to say WATCHDOG=1 twice; 0: never. WATCHDOG_PID checked */
};

/* Reads the environment (and removes the variables, so that no child sees them). */
int service_open(struct service *s, struct err *e);
void service_close(struct service *s);

/* Sends "READY=1", "STATUS=...", "WATCHDOG=1", "STOPPING=1"; newline-separated. Never blocks; a failure is dropped. */
void service_notify(struct service *s, const char *state);

/*
 * The sockets systemd passed: LISTEN_PID must be our pid. Fills fds (at most
 * max), sets close-on-exec and non-blocking, removes the variables; returns how
 * many, 0 where none. More than max is an error.
 */
int service_listen_fds(int *fds, size_t max, struct err *e);

#endif
