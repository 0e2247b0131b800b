// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_PEM_H
#define TLS_PEM_H

#include "base/buf.h"

#include <stdbool.h>

/*
 * PEM (RFC 7468) as people hand it in: block by block, with what is odd about
 * each, so that it can be told. For judging alone; Mbed TLS reads the texts that
 * are used.
 */
enum pem_kind {
	PEM_CERT,
	PEM_CERT_X509,	/* X509 CERTIFICATE */
	PEM_CERT_TRUSTED, /* TRUSTED CERTIFICATE: remarks follow it */
	PEM_KEY,	/* PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY */
	PEM_KEY_ODD,	/* DSA, OPENSSH, ... PRIVATE KEY */
	PEM_ENCRYPTED,	/* ENCRYPTED PRIVATE KEY; or a key with Proc-Type: 4,ENCRYPTED */
	PEM_REQUEST,
	PEM_PUBLIC_KEY,
	PEM_PARAMETERS,	/* EC PARAMETERS, as openssl writes them before a key */
	PEM_OTHER,
};

#define PEM_BEGIN_BROKEN	0x0001U /* no dashes behind the label */
#define PEM_BEGIN_TWICE		0x0002U
#define PEM_NO_END		0x0004U
#define PEM_END_BROKEN		0x0008U
#define PEM_MISMATCH		0x0010U
#define PEM_EMPTY		0x0020U
#define PEM_BAD_BASE64		0x0040U
#define PEM_ESCAPED		0x0080U /* "\n" as two characters */
#define PEM_DAMAGED		0x00FFU /* one of the above: der is not what it was */
#define PEM_ONE_LINE		0x0100U
#define PEM_JOINED		0x0200U /* BEGIN stands behind another END */
#define PEM_BEGIN_INDENTED	0x0400U
#define PEM_BODY_BLANKS		0x0800U /* before or amid its base64 */
#define PEM_PREFIXED		0x1000U
#define PEM_TRAILING		0x2000U /* blanks at line ends that Mbed TLS does not take */
#define PEM_EMPTY_LINE		0x4000U
#define PEM_LONE_CR		0x8000U
#define PEM_END_MIXED		0x10000U /* END is not alone in its line */

struct pem_block {
	enum pem_kind kind;
	const char *label; /* of a table, as BEGIN has it; "": another */
	const char *words; /* "a certificate", "a private key" */
	size_t line;	   /* of its BEGIN, from 1 */
	unsigned odd;	   /* PEM_... */
	struct slice der;  /* decoded, where it is not damaged; the scan's, until the next block */
};

struct pem_scan {
	struct slice text;
	size_t at;	 /* behind the block */
	size_t line;	 /* there */
	bool junk;	 /* between blocks stood what looks like a part of one */
	size_t junk_line;
	struct buf der;	 /* freed by pem_end, and made zero first: perhaps a key */
};

/* The next block; false: there is none any more. text must outlive s. */
void pem_begin(struct pem_scan *s, struct slice text);
bool pem_next(struct pem_scan *s, struct pem_block *out);
void pem_end(struct pem_scan *s);

/*
 * Base64, blanks and line ends passed over: its bytes behind out; false, with
 * nothing of use there, where there is another character or a part is missing.
 */
bool pem_base64(struct slice s, struct buf *out);

#endif
