// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_TLS_OPTIONS_H
#define CMD_TLS_OPTIONS_H

#include "base/opt.h"
#include "tls/store.h"

#include <stdbool.h>

/*
 * --tls and its companions, the same for relp-send and relp-recv: rows of the
 * table of options, what they filled, and what follows from it.
 */
enum tls_option { TLS_OPT_TLS, TLS_OPT_CA, TLS_OPT_CERT, TLS_OPT_KEY, TLS_OPT_AUTH_MODE, TLS_OPT_PEER };

/* The rows, in the order of enum tls_option, for a table whose row FIRST is TLS_OPT_TLS. */
#define TLS_OPTION_ROWS(FIRST) \
	[(FIRST) + TLS_OPT_TLS] = { "tls", 0, NULL, "speak TLS", NULL, NULL }, \
	[(FIRST) + TLS_OPT_CA] = { "ca", 0, "FILE", "certificates of the CA that the other side's chain has to lead to", NULL, NULL }, \
	[(FIRST) + TLS_OPT_CERT] = { "cert", 0, "FILE", "our own certificate, followed by its chain", NULL, NULL }, \
	[(FIRST) + TLS_OPT_KEY] = { "key", 0, "FILE", "the private key of --cert", NULL, NULL }, \
	[(FIRST) + TLS_OPT_AUTH_MODE] = { "auth-mode", 0, NULL, "what of the other side's certificate is permitted: its name (and chain), or its fingerprint", "name", "name|fingerprint" }, \
	[(FIRST) + TLS_OPT_PEER] = { "permitted-peer", 0, "PEER", "a name, a pattern such as *.example.com, or SHA1:HEX or SHA256:HEX; may be given often", NULL, NULL }

struct tls_options {
	bool tls;
	bool given; /* one of the others was */
	bool anyone; /* relp-recv's --allow-no-client-cert: its own row, set by it */
	struct tls_files files;
	enum tls_auth auth;
	const char *permitted[TLS_PEERS_MAX];
	size_t n_permitted;
};

/* value stays the caller's. -1 with e for a wrong one. */
int tls_options_take(struct tls_options *o, enum tls_option which, const char *value, struct err *e);

/* Do they go together? "--ca without --tls", "--cert without --key", ...: -1 with e, exit code 2. */
int tls_options_check(const struct tls_options *o, enum tls_side side, struct err *e);

/* The policy that they say; borrows o and target (NULL for a server). */
void tls_options_conf(const struct tls_options *o, enum tls_side side, const char *target,
		      struct tls_conf *out);

#endif
