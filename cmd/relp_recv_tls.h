// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_RECV_TLS_H
#define CMD_RELP_RECV_TLS_H

#include "base/err.h"
#include "base/say.h"
#include "cmd/tls_options.h"
#include "io/loop.h"
#include "io/transport.h"

/*
 * relp-recv's TLS: the files and the thread that computes handshakes, and the
 * transport of each client.
 */
struct recv_tls;

struct recv_tls_conf {
	const struct tls_options *options; /* checked; borrowed */
	struct say say;			   /* of the files, and of each client when verbose */
	bool verbose;
};

/* Reads the files; from then on new ones are used as they come. NULL: e names the file. */
struct recv_tls *recv_tls_new(struct loop *l, const struct recv_tls_conf *conf, struct err *e);
void recv_tls_free(struct recv_tls *t); /* NULL is fine; behind the last transport */

/* A receiver's wrap; arg is the struct recv_tls. */
struct transport *recv_tls_wrap(void *arg, int fd, struct err *e);

/* Who may talk, for the line at the start, escaped. Returns out. */
const char *recv_tls_clients(const struct tls_options *o, char *out, size_t size);

#endif
