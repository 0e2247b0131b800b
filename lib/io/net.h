// SPDX-License-Identifier: Apache-2.0
#ifndef IO_NET_H
#define IO_NET_H

#include "base/err.h"
#include "io/addr.h"

/* Sockets as relpbox wants them: non-blocking, close-on-exec, TCP_NODELAY. */

/*
 * Begins a TCP connect: a descriptor, or -1. When it becomes writable, ask
 * net_connect_result. SO_KEEPALIVE is on (30 s, 10 s, 3 times).
 */
int net_connect(const struct addr *a, struct err *e);

/* 0 connected; -1: e->code is the errno, e->text tells refused, time-out and no route apart. */
int net_connect_result(int fd, struct err *e);

/* How long sent bytes may stay unacknowledged by the peer's kernel before the connection is dropped. */
void net_user_timeout(int fd, uint32_t ms);

/* A listening TCP socket (SO_REUSEADDR, backlog 4096; port 0: a free one); *bound is what it got. */
int net_listen(const struct addr *a, struct addr *bound, struct err *e);

/* accept4: a descriptor and its peer; -1 with e->code EAGAIN, EMFILE, ... */
int net_accept(int listen_fd, struct addr *peer, struct err *e);

/*
 * A unix socket (SOCK_DGRAM or SOCK_STREAM) bound to path, mode as given, the
 * folder must exist. A stale file there (nobody answers) is replaced by rename;
 * one that somebody answers on is not: the error names the owner's pid and
 * program where /proc tells it.
 */
int net_unix_bind(const char *path, int type, mode_t mode, struct err *e);
int net_unix_connect(const char *path, int type, struct err *e);

#endif
