// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_INSPECT_H
#define TLS_INSPECT_H

#include "tls/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is wrong with the three texts of a Secret, before a node gets them: for
 * whom, and in words that hold no byte of a key and none of PEM. Who refuses
 * what was measured with rsyslog 8.2302 (docs/TLS.md).
 */
enum tls_part { TLS_PART_CA, TLS_PART_CERT, TLS_PART_KEY };
#define TLS_PARTS 3

/* Whose TLS. GnuTLS and OpenSSL: rsyslog's, by its tlsLib. Mbed TLS: relpbox's. */
#define TLS_GNUTLS 1U
#define TLS_OPENSSL 2U
#define TLS_MBEDTLS 4U
#define TLS_ALL (TLS_GNUTLS | TLS_OPENSSL | TLS_MBEDTLS)

enum tls_trouble {
	/* the text as a whole */
	TLS_EMPTY,	   /* nothing, or blanks */
	TLS_TOO_LONG,	   /* more than TLS_PEM_MAX */
	TLS_UTF16,	   /* written by an editor or shell of Windows */
	TLS_DER,	   /* the same without PEM around it */
	TLS_BASE64_TWICE,  /* base64 of PEM */
	TLS_NO_BEGIN,	   /* base64 and perhaps an END line, but no BEGIN line */
	TLS_NOT_PEM,
	/* its blocks */
	TLS_BEGIN_BROKEN,  /* a BEGIN line that is none: dashes, case */
	TLS_BEGIN_TWICE,   /* BEGIN BEGIN */
	TLS_NO_END,	   /* cut off */
	TLS_END_BROKEN,	   /* an END line without its dashes */
	TLS_LABEL_MISMATCH, /* BEGIN one thing, END another */
	TLS_BLOCK_EMPTY,   /* nothing between BEGIN and END */
	TLS_BAD_BASE64,
	TLS_NEWLINES_ESCAPED, /* "\n" as two characters */
	/* its kind */
	TLS_WANTS_CERT_IS_KEY,
	TLS_WANTS_KEY_IS_CERT,
	TLS_IS_REQUEST,	   /* a certificate signing request */
	TLS_IS_PUBLIC_KEY,
	TLS_WRONG_KIND,	   /* anything else */
	TLS_CERT_LABEL,	   /* X509 CERTIFICATE */
	TLS_CERT_TRUSTED,  /* TRUSTED CERTIFICATE */
	TLS_KEY_IN_CERTS,  /* a private key beside certificates */
	TLS_CERT_IN_KEY,
	TLS_REQUEST_BESIDE, /* a certificate signing request beside what belongs there */
	TLS_OTHER_BLOCK,   /* something else beside it */
	TLS_KEYS_SEVERAL,
	TLS_KEY_ENCRYPTED,
	/* its form */
	TLS_ONE_LINE,	   /* the line ends are lost */
	TLS_BLOCKS_JOINED, /* END and the next BEGIN in one line */
	TLS_BEGIN_INDENTED,
	TLS_BODY_BLANKS,
	TLS_BEGIN_PREFIXED, /* something else before BEGIN in its line */
	TLS_END_MIXED,	   /* something else before or behind END in its line */
	TLS_TRAILING_BLANKS,
	TLS_EMPTY_LINE,	   /* inside a block */
	TLS_LONE_CR,	   /* line ends of an old Mac */
	TLS_CRLF,
	TLS_BOM,
	TLS_NUL,
	TLS_JUNK,	   /* what looks like a part of a block, outside of one */
	/* one certificate */
	TLS_CERT_DAMAGED,
	TLS_CERT_EXTENSION,   /* malformed, or critical and not known */
	TLS_DER_LONGER,	      /* bytes follow it inside its block */
	TLS_CERT_KEY_KIND,    /* of its key or signature: Ed25519, Ed448, RSA-PSS */
	TLS_CERT_MD5,
	TLS_CERT_CURVE,	      /* of its key: none of P-256, P-384, P-521 */
	TLS_WEAK_RSA,
	TLS_LONG_RSA,	      /* more than 4096 bits */
	TLS_WEAK_SIGNATURE,
	/* the key */
	TLS_KEY_DAMAGED,
	TLS_KEY_LABEL,	      /* another form of key than BEGIN says */
	TLS_KEY_LABEL_PKCS8,  /* PKCS #8, and BEGIN says RSA or EC */
	TLS_KEY_KIND,
	TLS_KEY_MISMATCH,
	/* our certificate, and those behind it */
	TLS_EXPIRED,
	TLS_NOT_YET_VALID,
	TLS_EXPIRES_SOON,
	TLS_CHAIN_EXPIRED,
	TLS_CHAIN_NOT_YET_VALID,
	TLS_CHAIN_EXPIRES_SOON,
	TLS_NOT_FOR_CLIENTS,  /* extended key usage */
	TLS_KEY_USAGE,
	TLS_CERT_IS_CA,
	TLS_NO_NAME,
	TLS_SELF_SIGNED,
	TLS_LEAF_NOT_FIRST,
	TLS_CHAIN_ORDER,
	TLS_CHAIN_SIGNATURE,  /* the one behind it has the issuer's name, and did not sign it */
	TLS_CHAIN_STRAY,
	TLS_SEVERAL_LEAVES,
	TLS_CERT_REPEATED,
	TLS_CHAIN_LONG,
	TLS_NOT_OF_CA,
	TLS_CA_RENAMED,	      /* of a CA of the same name, with another key */
	TLS_SIGNATURE_BAD,
	/* the CA */
	TLS_CA_EXPIRED,	      /* all of them */
	TLS_CA_SOME_EXPIRED,
	TLS_CA_NOT_YET_VALID, /* all that have not expired */
	TLS_CA_EXPIRES_SOON,
	TLS_CA_IS_LEAF,	      /* basic constraints say that it is no CA */
	TLS_CA_NO_CONSTRAINTS,
	TLS_CA_KEY_USAGE,
	TLS_CA_PURPOSE,	      /* extended key usage without serverAuth */
	TLS_CA_SELF_SIGNED,   /* no CA, signed itself: good for the one receiver that shows it */
	TLS_CA_IS_OURS,	      /* our own certificate */
	TLS_CA_NOT_ROOT,      /* an intermediate, and its root is not there */
	TLS_CA_REPEATED,
	/* whatever else keeps relpbox from using them */
	TLS_NOT_USABLE,
	TLS_TROUBLES
};

struct tls_trouble_info {
	const char *name;	  /* stable: "tls-empty" */
	uint8_t node[TLS_PARTS];  /* who on the node cannot work with it, in which part; 0: all go on */
	uint8_t receiver;	  /* whose receiver refuses the node then, in its usual set-up */
	const char *means, *mend; /* for people */
};

const struct tls_trouble_info *tls_trouble_info(enum tls_trouble what);

struct tls_finding {
	enum tls_part part;
	enum tls_trouble what;
	bool error;	  /* nobody's node, or nobody's receiver, can work with it: see below */
	uint8_t node;	  /* of the table, for this part */
	uint8_t receiver;
	size_t line;	  /* of the text, from 1; 0: it is about the whole of it */
	char text[320];	  /* escaped */
};

#define TLS_INSPECT_MAX 64
struct tls_inspection {
	struct tls_finding at[TLS_INSPECT_MAX]; /* by part, then in the order of the text */
	size_t n;
	int64_t first_not_after; /* when the first certificate of crt ends, or the last of ca; INT64_MAX: none was read */
};

/*
 * Judges the texts: each by itself, the key with the certificate, the certificate
 * with the CA. A text whose p is NULL is not there and is not judged. now and
 * expires_within_s in seconds (0: nothing expires soon). A finding is an error
 * when somebody on the node refuses it (whom it concerns: node), or every
 * receiver does. Of the same trouble in one part only the first is told, and how
 * often it is there. Pure: no files, no clock.
 */
void tls_inspect(const struct tls_pem *pem, int64_t now, int64_t expires_within_s,
		 struct tls_inspection *out);

#endif
