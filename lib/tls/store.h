// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_STORE_H
#define TLS_STORE_H

#include "base/err.h"
#include "base/say.h"
#include "io/loop.h"
#include "io/worker.h"
#include "tls/tls.h"

#include <stdbool.h>

/*
 * The files behind the credentials: read at the start, and read again when they
 * change, however they do (written in place, by rename, a symbolic link that
 * points elsewhere), without a restart. New files are taken once they parse and
 * fit together; until then, and when they are broken, the old ones stay in use.
 */
struct tls_files {
	const char *ca, *cert, *key; /* paths; NULL: none */
	bool no_pipes; /* only files are read: whoever looks must not wait for the writer of a pipe */
};

struct tls_store;

struct tls_store_events {
	void *arg;
	struct say say; /* broken new files, ones that others may read, a certificate that ends soon */
	void (*changed)(void *arg); /* tls_store_creds gives new ones from now on */
};

/*
 * Reads the files at once; NULL: they cannot be used, e names the file. conf and
 * the paths are copied. A private key that others may read is told by say.
 */
struct tls_store *tls_store_new(const struct tls_conf *conf, const struct tls_files *files,
				const struct tls_store_events *ev, struct err *e);
void tls_store_free(struct tls_store *s); /* NULL is fine */

/*
 * Looks every check_ms from now on whether the files changed; reading and parsing
 * happen in w. Both must outlive the store.
 */
void tls_store_watch(struct tls_store *s, struct loop *l, struct worker *w, uint64_t check_ms);

/* The ones in use; the store's, hold them to keep them. */
struct tls_creds *tls_store_creds(const struct tls_store *s);

/* Why the files that lie there now are not in use; "" when they are. */
const char *tls_store_trouble(const struct tls_store *s);

#endif
