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
	TRANSPORT_WANT_WORKER = -4, /* handshake: it is computed beside the loop; wake says when to call again */
};

struct transport;

struct transport_ops {
	const char *name; /* "plain", "TLS" */
	/* 0 done, or an enum transport_want. e->code ENODATA: the peer left before its first byte */
	int (*handshake)(struct transport *t, struct err *e);
	ssize_t (*read)(struct transport *t, void *p, size_t len, struct err *e);	/* > 0: bytes */
	ssize_t (*write)(struct transport *t, const void *p, size_t len, struct err *e); /* > 0: bytes taken */
	int (*shut)(struct transport *t, struct err *e); /* says goodbye, does not wait for it: 0 or a want */
	/*
	 * NULL where there is nothing to tell: the stream ended, or a serverclose
	 * came, before the peer's first answer: puts into e what that means here.
	 */
	void (*explain)(struct transport *t, struct err *e);
	bool (*spent)(const struct transport *t); /* NULL: never. It has carried so much that a new one is due */
	void (*free)(struct transport *t); /* closes the socket */
};

/* wake and wake_arg are set by the owner, before the handshake; called from the loop. */
struct transport {
	const struct transport_ops *ops;
	int fd;
	void (*wake)(void *wake_arg);
	void *wake_arg;
};

/* A plain one over fd, which it owns from now on. */
struct transport *transport_plain(int fd);

static inline void transport_free(struct transport *t)
{
	if (t)
		t->ops->free(t);
}

#endif
