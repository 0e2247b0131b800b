// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/inspect_internal.h"

#include <mbedtls/psa_util.h>

/* --- certificates ------------------------------------------------------------------ */

/* Why Mbed TLS does not take it: for its kind, or because it is none. */
static bool unsupported(int code)
{
	switch (-(-code & 0xFF80)) {
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_X509_UNKNOWN_OID:
	case MBEDTLS_ERR_X509_INVALID_EXTENSIONS:
	case MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
		return true;
	default:
		return false;
	}
}

static bool has(struct slice der, const char *oid, size_t len)
{
	return memmem(der.p, der.len, oid, len) != NULL;
}
#define HAS(der, oid) has(der, oid, sizeof(oid) - 1)

/* A key or signature that Mbed TLS was not built for, by its object identifier; NULL: it is another trouble. */
static const char *odd_curve(struct slice der)
{
	if (HAS(der, "\x06\x05\x2b\x81\x04\x00\x0a"))
		return "secp256k1";
	if (HAS(der, "\x06\x05\x2b\x81\x04\x00\x21"))
		return "P-224";
	if (HAS(der, "\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01"))
		return "brainpool";
	return NULL;
}

static const char *odd_kind(struct slice der)
{
	if (HAS(der, "\x06\x03\x2b\x65\x70"))
		return "Ed25519";
	if (HAS(der, "\x06\x03\x2b\x65\x71"))
		return "Ed448";
	if (HAS(der, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"))
		return "RSA-PSS";
	return HAS(der, "\x06\x07\x2a\x86\x48\xce\x38\x04\x01") ? "DSA" : NULL;
}

static bool md5(struct slice der)
{
	return HAS(der, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04");
}

static void find_unread(struct inspect *in, enum tls_part part, const struct pem_block *b, int code)
{
	int why = -(-code & 0xFF80);
	const char *curve = odd_curve(b->der), *kind = odd_kind(b->der);

	if (!unsupported(code))
		inspect_find(in, part, TLS_CERT_DAMAGED, b->line,
			     "the certificate in line %zu is damaged: what is in its base64 is none", b->line);
	else if (why == MBEDTLS_ERR_X509_INVALID_EXTENSIONS || why == MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE)
		inspect_find(in, part, TLS_CERT_EXTENSION, b->line,
			     "the certificate in line %zu has an extension that is malformed, or critical and "
			     "not known", b->line);
	else if (md5(b->der))
		inspect_find(in, part, TLS_CERT_MD5, b->line, "the certificate in line %zu is signed with MD5",
			     b->line);
	else if (curve || why == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE)
		inspect_find(in, part, TLS_CERT_CURVE, b->line,
			     "the key of the certificate in line %zu is of a curve that few take (%s)", b->line,
			     curve ? curve : "none of P-256, P-384, P-521");
	else
		inspect_find(in, part, TLS_CERT_KEY_KIND, b->line,
			     "the key or signature of the certificate in line %zu is of a kind that not all "
			     "take (%s)", b->line, kind ? kind : "neither EC nor RSA");
}

void inspect_read_cert(struct inspect *in, enum tls_part part, const struct pem_block *b)
{
	struct inspect_certs *all = part == TLS_PART_CA ? &in->ca : &in->own;

	all->blocks++;
	if (all->n == INSPECT_CERTS_MAX) {
		inspect_find(in, part, TLS_TOO_LONG, b->line, "there are more than %d certificates in it",
			     INSPECT_CERTS_MAX);
		return;
	}
	all->at = mem_grow(all->at, (all->n + 1) * sizeof(all->at[0]));
	struct inspect_cert *c = &all->at[all->n];
	*c = (struct inspect_cert){ .line = b->line, .place = all->blocks };
	mbedtls_x509_crt_init(&c->crt);
	int code = mbedtls_x509_crt_parse_der(&c->crt, (const unsigned char *)b->der.p, b->der.len);
	if (code != 0) {
		mbedtls_x509_crt_free(&c->crt);
		find_unread(in, part, b, code);
		return;
	}
	if (c->crt.raw.len < b->der.len)
		inspect_find(in, part, TLS_DER_LONGER, b->line,
			     "bytes follow the certificate in line %zu inside its block", b->line);
	tls_cert_from(&c->crt, &c->says);
	all->n++;
}

/* --- the key --------------------------------------------------------------------- */

/* The three forms of a key, by how their bytes begin behind the sequence's length. */
enum key_form { FORM_OTHER, FORM_PKCS8, FORM_PKCS1, FORM_SEC1 };

static enum key_form form_of(struct slice der)
{
	size_t at = der.len > 2 && ((unsigned char)der.p[1] & 0x80) ? 2 + (der.p[1] & 0x7F) : 2;
	const unsigned char *p = (const unsigned char *)der.p + at;

	if (at + 4 > der.len || p[0] != 2 || p[1] != 1)
		return FORM_OTHER;
	if (p[2] == 1 && p[3] == 0x04)
		return FORM_SEC1;
	if (p[2] > 1)
		return FORM_OTHER;
	return p[3] == 0x30 ? FORM_PKCS8 : p[3] == 0x02 ? FORM_PKCS1 : FORM_OTHER;
}

/* Read as what it is, whatever BEGIN says: then it is told that BEGIN is wrong, and the rest is judged too. */
static void find_label(struct inspect *in, const struct pem_block *b)
{
	bool rsa = strcmp(b->label, "RSA PRIVATE KEY") == 0, ec = strcmp(b->label, "EC PRIVATE KEY") == 0;
	enum key_form said = rsa ? FORM_PKCS1 : ec ? FORM_SEC1 : FORM_PKCS8, is = form_of(b->der);
	bool is_rsa = mbedtls_pk_get_type(&in->key) == MBEDTLS_PK_RSA;

	if (is == said || is == FORM_OTHER)
		return;
	inspect_find(in, TLS_PART_KEY,
		     is == FORM_PKCS8 && (rsa ? is_rsa : !is_rsa) ? TLS_KEY_LABEL_PKCS8 : TLS_KEY_LABEL, b->line,
		     "BEGIN says %s in line %zu, and the key is %s", b->label, b->line,
		     is == FORM_PKCS8 ? "PKCS #8 (PRIVATE KEY)" :
		     is == FORM_PKCS1 ? "PKCS #1 (RSA PRIVATE KEY)" : "SEC 1 (EC PRIVATE KEY)");
}

void inspect_read_key(struct inspect *in, const struct pem_block *b)
{
	int code = mbedtls_pk_parse_key(&in->key, (const unsigned char *)b->der.p, b->der.len, NULL, 0,
					mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	const char *kind = odd_curve(b->der) ? odd_curve(b->der) : odd_kind(b->der);

	in->has_key = code == 0;
	if (code == 0)
		find_label(in, b);
	else if (kind || b->kind == PEM_KEY_ODD)
		inspect_find(in, TLS_PART_KEY, TLS_KEY_KIND, b->line,
			     "the private key is of a kind that not all take (%s)", kind ? kind : b->words);
	else
		inspect_find(in, TLS_PART_KEY, TLS_KEY_DAMAGED, b->line,
			     "the private key is damaged: what is in its base64 is none");
}
