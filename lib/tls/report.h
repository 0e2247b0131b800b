// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_REPORT_H
#define TLS_REPORT_H

#include "base/err.h"
#include "tls/cert.h"

/*
 * What was seen of one connection's TLS, and how it ended: for a log line, for
 * status, and for the doctor.
 */
enum tls_cause {
	TLS_UNKNOWN, /* nothing is known yet */
	TLS_GOOD,    /* the handshake is done, and the peer is permitted */

	/* We refused the peer: it is not permitted. */
	TLS_PEER_NO_CERTIFICATE,
	TLS_PEER_UNKNOWN_CA,	/* its chain does not lead to the given CA */
	TLS_PEER_SELF_SIGNED,	/* the same, and it is its own issuer */
	TLS_PEER_BAD_SIGNATURE, /* the CA's name is right, its signature is not */
	TLS_PEER_EXPIRED,	/* the leaf, or one of its chain: see bad */
	TLS_PEER_NOT_YET_VALID,
	TLS_PEER_CA_AS_LEAF,	/* a CA's certificate instead of the peer's own */
	TLS_PEER_PURPOSE,	/* key usage, or extended key usage, says otherwise */
	TLS_PEER_WEAK,		/* a key or a signature that is not taken any more */
	TLS_PEER_KEY,		/* it has not got the key of the certificate that it shows */
	TLS_PEER_NAME,
	TLS_PEER_NAME_CASE,	/* differs in case alone */
	TLS_PEER_FINGERPRINT,

	/* The peer refused us, or there is no common ground. */
	TLS_WE_REFUSED,		/* an alert about our certificate */
	TLS_WE_DROPPED,		/* dropped without a word after our certificate, or for want of one */
	TLS_NOTHING_COMMON,	/* no version, suite or signature in common; so with anonymous-only peers */
	TLS_NOT_TLS,		/* the peer's first bytes are no TLS */
	TLS_PLAIN_RELP,		/* they are RELP */
	TLS_CLOSED,		/* ended in the handshake, before any certificate of ours: see reset */
	TLS_ALERT,		/* another alert */
	TLS_BROKEN,		/* the peer breaks the protocol, or a record is damaged */
};

enum tls_own { TLS_OWN_UNKNOWN, TLS_OWN_NOT_ASKED, TLS_OWN_NONE, TLS_OWN_SENT };

struct tls_report {
	enum tls_cause cause;
	const char *version;   /* "TLS 1.3"; NULL: not agreed */
	const char *cipher;    /* IANA's name; NULL */
	bool server;	       /* we are the server of this connection */
	enum tls_own own;      /* was a certificate of ours asked for, and sent? */
	struct tls_certs chain; /* as the peer sent it, leaf first */
	size_t bad;	       /* the place in chain of the certificate the cause is about; behind its last: ca */
	struct tls_certs ca;   /* the one of our file that it is about; none: it is about none of them */
	bool reset;	       /* TLS_CLOSED: by a reset */
	int alert;	       /* the number of the alert that came; -1: none */
	bool alert_of_ours;    /* it was sent by us */
	char wanted[512];      /* TLS_PEER_NAME, _FINGERPRINT: who would have been permitted, escaped */
	char seen[512];	       /* and who it was, escaped; TLS_NOT_TLS: how its first answer begins */
};

void tls_report_clear(struct tls_report *r); /* frees what it holds; all zero is cleared too */

/* Did we refuse the peer for what its certificate is? (exit code 13 of relp-send) */
bool tls_cause_is_peer(enum tls_cause cause);

/* Stable name for JSON: "good", "peer-unknown-ca", "we-refused", ... */
const char *tls_cause_name(enum tls_cause cause);

/* "unknown_ca", as RFC 8446 section 6 names it; "alert 77" for one it does not. */
const char *tls_alert_name(int alert, char out[32]);

/*
 * One line for a person, escaped: what happened, wanted and seen. now: Unix
 * seconds, told where a date is the matter. Fills e; always returns -1.
 */
int tls_report_say(const struct tls_report *r, int64_t now, struct err *e);

/*
 * What a certificate is called, for people, escaped and cut to fit: "CN a,
 * a.test, 127.0.0.1" (the CN only where it says something else); and its
 * fingerprints, each to be pasted into permittedPeer: "SHA1:AB:...
 * (SHA256:CD:...)". For seen above. Return out.
 */
const char *tls_names_text(const struct tls_cert *c, char *out, size_t size);
const char *tls_fingerprints_text(const struct tls_cert *c, char *out, size_t size);

/* What to do about it, or NULL: one sentence. By the cause alone; by all that was seen. */
const char *tls_cause_hint(enum tls_cause cause);
const char *tls_report_hint(const struct tls_report *r);

#endif
