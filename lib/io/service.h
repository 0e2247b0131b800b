// SPDX-License-Identifier: Apache-2.0
#ifndef IO_SERVICE_H
#define IO_SERVICE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* systemd's side of a service without libsystemd: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3). */

struct service {
	int notify_fd;	      /* -1 where NOTIFY_SOCKET is not set */
	uint64_t watchdog_ms; /* killed without WATCHDOG=1 for so long: say it twice as often; 0: no watchdog */
	/* internal: where to */
	struct sockaddr_un to;
	socklen_t to_len;
};

/*
 * Reads the environment (and removes the variables, so that no child sees
 * them): NOTIFY_SOCKET, a path or "@" and an abstract name; WATCHDOG_USEC, where
 * WATCHDOG_PID is absent or our pid. On -1 s is valid and says nothing to
 * nobody: the caller may log it and go on.
 */
int service_open(struct service *s, struct err *e);
void service_close(struct service *s);

/*
 * Sends "READY=1", "STATUS=...", "WATCHDOG=1", "STOPPING=1"; newline-separated.
 * Never blocks. True where it was sent, or where there is nobody to tell; false:
 * dropped, systemd's queue was full: READY=1 and STOPPING=1 are worth another try.
 */
bool service_notify(struct service *s, const char *state);

/*
 * The sockets systemd passed: LISTEN_PID must be our pid. Fills fds (at most
 * max), sets close-on-exec and non-blocking, removes the variables; returns how
 * many, 0 where none. More than max is an error. Once, before anything else is
 * opened: they are descriptors 3 and up, and until then a child inherits them.
 */
int service_listen_fds(int *fds, size_t max, struct err *e);

#endif
