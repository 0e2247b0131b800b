// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_FORWARD_TLS_H
#define CMD_FORWARD_TLS_H

#include "base/opt.h"
#include "conf/config.h"

/*
 * The options of TLS that `forward` and `spool drain` share. They go over the
 * document, as all options do.
 */
enum forward_tls_option { FORWARD_TLS_DIR, FORWARD_TLS_AUTH_MODE, FORWARD_TLS_PEER, FORWARD_TLS_OPTIONS };

/* The rows, in that order, for a table whose row FIRST is FORWARD_TLS_DIR. */
#define FORWARD_TLS_ROWS(FIRST) \
	[(FIRST) + FORWARD_TLS_DIR] = { "tls-dir", 0, "DIR", "send by TLS, with the files ca.crt, tls.crt and tls.key of this directory; new files are used without a restart", NULL, NULL }, \
	[(FIRST) + FORWARD_TLS_AUTH_MODE] = { "auth-mode", 0, NULL, "what of the receiver's certificate is permitted: its name (and chain), or its fingerprint", "name", "name|fingerprint" }, \
	[(FIRST) + FORWARD_TLS_PEER] = { "permitted-peer", 0, "PEER", "who the receiver may be: a name, a pattern such as *.example.com, or SHA1:HEX or SHA256:HEX; may be given several times; replaces those of the configuration", "with auth-mode name the configuration's target", NULL }

struct forward_tls_words {
	const char *dir, *auth_mode;
	const char *peers[TLS_PEERS_MAX];
	size_t n_peers;
};

/* which: of enum forward_tls_option; value stays the caller's. -1 with e: a wrong one. */
int forward_tls_take(struct forward_tls_words *w, int which, const char *value, struct err *e);

/* Puts them over c. -1 with e where they are given, and there is no TLS for them. */
int forward_tls_put(const struct forward_tls_words *w, struct config *c, struct err *e);

#endif
