// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include "base/err.h"
#include "tls/cert.h"

/*
 * Who may talk: Gardener's authMode and permittedPeer (gardener.md 1.1), as
 * rsyslog means them (relp.md section 6) where that is safe. Pure.
 *
 *  - name: the chain leads to the given CA, and a name of the certificate, DNS
 *    and IP SANs first, then the common name, is permitted: exactly (case
 *    counts, as with rsyslog), or by a pattern in which "*" stands for one
 *    label or for the beginning or end of one ("*.a.b", "log*.a.b"). Without
 *    permittedPeer a client wants the target's own name (there a certificate's
 *    "*.a.b" covers one label too); a server takes everyone whom the CA signed.
 *  - fingerprint: SHA1:HEX or SHA256:HEX, colons between the pairs or not, any
 *    case; no chain is looked at, but the certificate's dates are. Without
 *    permittedPeer an error.
 */
enum tls_auth { TLS_AUTH_NAME, TLS_AUTH_FINGERPRINT };

#define TLS_PEERS_MAX 256

struct tls_peers;

/* target: the host a client connects to, as it was given; NULL for a server. e says which entry is wrong. */
struct tls_peers *tls_peers_new(enum tls_auth auth, const char *const *permitted, size_t n,
				const char *target, struct err *e);
void tls_peers_free(struct tls_peers *p); /* NULL is fine */

/* Is this one entry well formed for auth? For whoever checks a configuration; -1 with e. */
int tls_peer_check(enum tls_auth auth, const char *entry, struct err *e);

enum tls_match {
	TLS_MATCH,
	TLS_NO_MATCH,
	TLS_MATCH_BUT_CASE, /* a name differs in upper and lower case alone */
};
enum tls_match tls_peers_match(const struct tls_peers *p, const struct tls_cert *leaf);

/* Who is permitted, for people, escaped and cut to fit: "log.example.com", "one of a, b", ... */
const char *tls_peers_text(const struct tls_peers *p, char *out, size_t size);

#endif
