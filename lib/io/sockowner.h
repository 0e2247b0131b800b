// SPDX-License-Identifier: Apache-2.0
#ifndef IO_SOCKOWNER_H
#define IO_SOCKOWNER_H

/* Room for "pid 4194304 (SIXTEEN ESCAPED BYTES)", with the NUL. */
#define SOCKOWNER_TEXT_MAX 96

/*
 * Who holds the unix socket at path, for a message: "pid 123 (rsyslogd)", or
 * "a process that /proc does not show". A connected stream (peer_fd) knows the
 * pid of the one who listens (SO_PEERCRED, unix(7)); a datagram socket does not
 * (peer_fd -1): then the socket's number in /proc/net/unix is looked for in
 * /proc/PID/fd, which only root sees of others. Where systemd and a service
 * hold it, the service is named. Returns out. Reads much of /proc: for errors only.
 */
const char *sockowner_text(const char *path, int peer_fd, char out[SOCKOWNER_TEXT_MAX]);

#endif
