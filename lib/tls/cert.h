// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_CERT_H
#define TLS_CERT_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a certificate says, as data. Strings are bytes of strangers: whoever
 * shows them escapes them (base/esc.h).
 */
#define TLS_PEM_MAX (1U << 20) /* bytes of a file of certificates */
#define TLS_CHAIN_MAX 10       /* certificates of a chain that are looked at */
#define TLS_NAMES_MAX 128      /* subject alternative names of a certificate that are looked at */

enum tls_name_kind { TLS_NAME_DNS, TLS_NAME_IP, TLS_NAME_OTHER };

struct tls_name {
	enum tls_name_kind kind;
	char *text; /* without a prefix; an address as inet_ntop writes it; OTHER: "URI:...", "email:...", ... */
};

struct tls_cert {
	char *subject, *issuer; /* "CN=a, O=b" */
	char *common_name;	/* the first CN of the subject; NULL: it has none */
	struct tls_name *names; /* subject alternative names */
	size_t n_names;
	bool names_cut;		/* there were more than TLS_NAMES_MAX */
	char *serial;		/* hexadecimal */
	int64_t not_before, not_after; /* Unix seconds, both inclusive */
	char key[32];		/* "EC P-256", "RSA 2048" */
	char signature[48];	/* "ECDSA SHA-256", "RSA SHA-1", ... */
	bool ca;		/* basic constraints */
	bool self_issued;	/* subject and issuer are the same */
	uint8_t sha1[20], sha256[32]; /* of the certificate in DER: its fingerprints */
};

struct tls_certs {
	struct tls_cert *at;
	size_t n;
};

/*
 * Every certificate of a PEM text, in order; what lies between the blocks is
 * skipped. An error where there is none, or where one does not parse (e says the
 * how-manieth, and why). out is the caller's to free, filled or not.
 */
int tls_certs_parse(struct slice pem, struct tls_certs *out, struct err *e);
void tls_certs_free(struct tls_certs *c);

/* "SHA1:AB:CD:..." or "SHA256:...", as rsyslog writes it and permittedPeer takes it; by the length, 20 or 32. */
#define TLS_FINGERPRINT_MAX 104
const char *tls_fingerprint_text(const uint8_t *digest, size_t len, char out[TLS_FINGERPRINT_MAX]);

#endif
