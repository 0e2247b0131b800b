// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "base/err.h"
#include "base/slice.h"
#include "io/transport.h"
#include "io/worker.h"
#include "tls/peer.h"
#include "tls/report.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * TLS 1.2 and 1.3 as a transport. This folder alone includes Mbed TLS, and of
 * it mbedtls_ssl_*, mbedtls_x509_*, mbedtls_pk_* and PSA alone.
 */
enum tls_side { TLS_CLIENT, TLS_SERVER };

struct tls_conf {
	enum tls_side side;
	enum tls_auth auth;
	const char *const *permitted; /* permittedPeer */
	size_t n_permitted;
	const char *target;	   /* client: the host as it was given; sent as SNI when it is a name */
	bool anyone;		   /* server: a client needs no certificate (one that it shows must be right) */
	unsigned version_max;	   /* 0: the newest; 12: TLS 1.2 at most (for tests) */
};

/* The bytes of the files; {0} is none. */
struct tls_pem {
	struct slice ca, cert, key;
};

/*
 * Credentials and policy of one side, checked: everything parses, the key fits
 * the certificate, there is what the mode needs (name: a CA; fingerprint:
 * permitted peers; server: its certificate). Does not change any more and is
 * counted: every transport made of it holds it. conf and pem are copied. May be
 * made in any thread; the counting is the loop's alone. NULL: e says which part
 * is wrong, and names no secret. What does not fit together has e->code
 * TLS_ERR_MISMATCH: perhaps the other file of the pair is still to be written.
 */
struct tls_creds;
#define TLS_ERR_MISMATCH 1
struct tls_creds *tls_creds_new(const struct tls_conf *conf, const struct tls_pem *pem, struct err *e);
struct tls_creds *tls_creds_hold(struct tls_creds *c);
void tls_creds_free(struct tls_creds *c); /* lets go; NULL is fine */

/* Our own certificate: Unix seconds; INT64_MAX: there is none. For the CA: the last day of the longest. */
int64_t tls_creds_not_after(const struct tls_creds *c);
/* Ours, leaf first; n 0: none. The CA certificates. */
const struct tls_certs *tls_creds_own(const struct tls_creds *c);
const struct tls_certs *tls_creds_ca(const struct tls_creds *c);

/*
 * A transport over the connected, non-blocking fd, which it owns. What is heavy
 * in the handshake is computed by w, so that the loop goes on; NULL: here.
 * report (may be NULL) is cleared, and filled by calls of the transport's
 * functions alone; it must outlive the transport, and outlives it with what was
 * seen. The handshake has no time limit of its own. Never fails.
 *
 * w must live until the handshake is done, or the transport freed; if it ends
 * while it has the handshake, the rest is computed here, when somebody asks. What
 * is freed while w has it goes when w is done with it, or ends.
 *
 * After a handshake the peer may still refuse us (TLS 1.3): an alert is a read
 * that fails, and says so. An end of the stream or a serverclose before the first
 * answer means the same from receivers that say nothing: `explain` tells.
 */
struct transport *tls_transport(struct tls_creds *c, int fd, struct worker *w,
				struct tls_report *report);

#endif
