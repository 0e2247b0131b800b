// SPDX-License-Identifier: Apache-2.0
#ifndef IO_TRANSPORT_H
#define IO_TRANSPORT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A byte stream over a connected, non-blocking socket: plain here, TLS in
 * lib/tls. Each call does what it can at once and says what it waits for.
 */
enum transport_want {
	TRANSPORT_EOF = 0,	   /* read: the peer sent no more */
	TRANSPORT_FAILED = -1,	   /* e says why */
	TRANSPORT_WANT_READ = -2,  /* call again when the socket is readable */
	TRANSPORT_WANT_WRITE = -3, /* call again when the socket is writable */
};

struct transport;

struct transport_ops {
	const char *name; /* "plain", "TLS" */
	int (*handshake)(struct transport *t, struct err *e); /* 0 done, or an enum transport_want */
	ssize_t (*read)(struct transport *t, void *p, size_t len, struct err *e);	/* > 0: bytes */
	ssize_t (*write)(struct transport *t, const void *p, size_t len, struct err *e); /* > 0: bytes taken */
	int (*shut)(struct transport *t, struct err *e); /* says goodbye, does not wait for it: 0 or a want */
	void (*free)(struct transport *t); /* closes the socket */
};

struct transport {
	const struct transport_ops *ops;
	int fd;
};

/* A plain one over fd, which it owns from now on. */
struct transport *transport_plain(int fd);

static inline void transport_free(struct transport *t)
{
	if (t)
		t->ops->free(t);
}

#endif
