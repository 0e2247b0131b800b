// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_INSPECT_INTERNAL_H
#define TLS_INSPECT_INTERNAL_H

/* What the files of tls_inspect share. */

#include "tls/inspect.h"
#include "tls/internal.h"
#include "tls/pem.h"

#define INSPECT_CERTS_MAX 512 /* of a text: more are counted as too long */

/* A certificate of ca or crt that Mbed TLS reads. */
struct inspect_cert {
	mbedtls_x509_crt crt;
	struct tls_cert says;
	size_t line;  /* of its BEGIN */
	size_t place; /* among the certificates of its text, from 1 */
	bool used;    /* part of the chain */
};

struct inspect_certs {
	struct inspect_cert *at;
	size_t n;      /* read */
	size_t blocks; /* certificates there are, read or not */
};

struct inspect {
	struct tls_inspection *out;
	int64_t now, soon;
	struct inspect_certs ca, own;
	mbedtls_pk_context key;
	bool has_key;
	struct inspect_cert *leaf; /* of own: the key's, or the first; NULL: it cannot be read */
	unsigned again[TLS_INSPECT_MAX]; /* how often more the same was found */
	uint8_t ca_takes; /* whose TLS can work with one of the CAs */
};

/* inspect_say.c: a finding, with its words. One that is there already is counted. */
void inspect_find(struct inspect *in, enum tls_part part, enum tls_trouble what, size_t line,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
bool inspect_found(const struct inspect *in, enum tls_part part, enum tls_trouble what);
/* "CN=a", or "certificate 2 (CN=a)" where its text has several. out is also returned. */
#define INSPECT_WHO_MAX 112
const char *inspect_who(const struct inspect_certs *all, const struct inspect_cert *c,
			char out[INSPECT_WHO_MAX]);
/* The last step: words for what was found again, the order, errors. */
void inspect_finish(struct inspect *in);

/* inspect_text.c: the text as such, and its blocks; fills in->ca, own, key. */
void inspect_text(struct inspect *in, enum tls_part part, struct slice text);

/* inspect_read.c: what is in a block that is not damaged, for Mbed TLS; or why it does not take it. */
void inspect_read_cert(struct inspect *in, enum tls_part part, const struct pem_block *b);
void inspect_read_key(struct inspect *in, const struct pem_block *b);

/* inspect_cert.c: each by itself. */
void inspect_ca(struct inspect *in);
void inspect_own(struct inspect *in);
/* inspect_chain.c: before the above, whose the key is; then how they hang together. */
void inspect_pair(struct inspect *in);
void inspect_chain(struct inspect *in);

#endif
