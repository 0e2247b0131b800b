// SPDX-License-Identifier: Apache-2.0
#ifndef IO_NET_H
#define IO_NET_H

#include "base/err.h"
#include "io/addr.h"

#include <sys/types.h>

/* Sockets as relpbox wants them: non-blocking, close-on-exec, TCP_NODELAY. */

/*
 * Begins a TCP connect: a descriptor, or -1. When it becomes writable, ask
 * net_connect_result. SO_KEEPALIVE is on (30 s, 10 s, 3 times).
 */
int net_connect(const struct addr *a, struct err *e);

/*
 * 0 connected; -1: e->code is the errno, e->text tells refused, time-out and no
 * route apart (without the address, as in net_connect: put it in front). A
 * connection of the socket with itself, which TCP makes of a free local port,
 * counts as refused.
 */
int net_connect_result(int fd, struct err *e);

/* How long sent bytes may stay unacknowledged by the peer's kernel before the connection is dropped. */
void net_user_timeout(int fd, uint32_t ms);

/*
 * A listening TCP socket (SO_REUSEADDR, backlog 4096; port 0: a free one); *bound
 * is what it got. "[::]" takes IPv4 as well.
 */
int net_listen(const struct addr *a, struct addr *bound, struct err *e);

/*
 * accept4: a descriptor and its peer (NULL: not asked for); -1 with e->code EAGAIN,
 * EMFILE, ... A connection that broke before we took it is passed over.
 */
int net_accept(int listen_fd, struct addr *peer, struct err *e);

/*
 * A unix socket (SOCK_DGRAM, or SOCK_STREAM, then listening) bound to path, mode
 * exact (no umask), the folder must exist. A stale socket there (nobody answers)
 * is replaced by rename; one that somebody answers on is not: e->code is
 * EADDRINUSE and the error names the owner's pid and program where /proc tells
 * it. What is no socket is never replaced. A path too long for sun_path is
 * reached through /proc/self/fd. May wait up to a second for another relpbox
 * that binds in the same folder: at start only.
 */
int net_unix_bind(const char *path, int type, mode_t mode, struct err *e);

/*
 * What net_unix_bind holds meanwhile, so that only one at a time looks and binds
 * in path's folder: a descriptor to close, or -1; waits 1 s at the most.
 */
int net_unix_lock(const char *path);

/* e->code ENOENT or ECONNREFUSED: nobody is there; EAGAIN: a stream's backlog is full. */
int net_unix_connect(const char *path, int type, struct err *e);

#endif
