// SPDX-License-Identifier: Apache-2.0
#include "tls/cert.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tls/internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char begin_line[] = "-----BEGIN CERTIFICATE-----";
static const char end_line[] = "-----END CERTIFICATE-----";

/* Why Mbed TLS does not take it. Its codes are a sum: what failed, and below it why. */
static const char *trouble(int code)
{
	switch (-(-code & 0xFF80)) {
	case MBEDTLS_ERR_X509_INVALID_DATE:
		return "its dates are malformed";
	case MBEDTLS_ERR_X509_INVALID_NAME:
		return "its subject or issuer is malformed";
	case MBEDTLS_ERR_X509_INVALID_EXTENSIONS:
		return "an extension of it is malformed, or critical and not known here";
	case MBEDTLS_ERR_X509_UNKNOWN_VERSION:
	case MBEDTLS_ERR_X509_INVALID_VERSION:
		return "it is of an unknown version";
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_X509_UNKNOWN_OID:
		return "its signature is of a kind that is not supported (ECDSA and RSA are; Ed25519 is not)";
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
		return "its key is of a kind that is not supported (EC P-256, P-384, P-521 and RSA are)";
	default:
		return "it is damaged";
	}
}

/* One block, both its lines included, behind the others of out. */
static int take_block(struct slice block, struct tls_certs *out, struct err *e)
{
	char *text = mem_alloc(block.len + 1); /* Mbed TLS wants the NUL */
	memcpy(text, block.p, block.len);
	text[block.len] = '\0';
	mbedtls_x509_crt crt;
	mbedtls_x509_crt_init(&crt);
	int code = mbedtls_x509_crt_parse(&crt, (const unsigned char *)text, block.len + 1);
	if (code == 0) {
		out->at = mem_grow(out->at, (out->n + 1) * sizeof(out->at[0]));
		tls_cert_from(&crt, &out->at[out->n++]);
	}
	mbedtls_x509_crt_free(&crt);
	free(text);
	if (code == 0)
		return 0;
	return err_set(e, "certificate %zu: %s", out->n + 1, trouble(code));
}

static const char *find(struct slice s, const char *what)
{
	return memmem(s.p, s.len, what, strlen(what));
}

int tls_certs_parse(struct slice pem, struct tls_certs *out, struct err *e)
{
	*out = (struct tls_certs){ 0 };
	if (pem.len > TLS_PEM_MAX)
		return err_set(e, "more than %u bytes of certificates", TLS_PEM_MAX);
	if (tls_psa_ready() != 0)
		return err_set(e, "the cryptography cannot be started: no random numbers?");
	for (;;) {
		const char *begin = pem.len ? find(pem, begin_line) : NULL;
		if (!begin)
			break;
		struct slice rest = slice_of(begin, (size_t)(pem.p + pem.len - begin));
		const char *end = find(rest, end_line);
		if (!end)
			return err_set(e, "certificate %zu is cut off: it has no END line", out->n + 1);
		size_t len = (size_t)(end - begin) + strlen(end_line);
		if (take_block(slice_of(begin, len), out, e) != 0)
			return -1;
		pem = slice_of(begin + len, rest.len - len);
	}
	if (out->n == 0)
		return err_set(e, "no certificate in it (a PEM block that begins with %s)", begin_line);
	return 0;
}

static void free_cert(struct tls_cert *c)
{
	for (size_t i = 0; i < c->n_names; i++)
		free(c->names[i].text);
	free(c->names);
	free(c->subject);
	free(c->issuer);
	free(c->common_name);
	free(c->serial);
}

void tls_certs_free(struct tls_certs *c)
{
	for (size_t i = 0; i < c->n; i++)
		free_cert(&c->at[i]);
	free(c->at);
	*c = (struct tls_certs){ 0 };
}

const char *tls_fingerprint_text(const uint8_t *digest, size_t len, char out[TLS_FINGERPRINT_MAX])
{
	invariant(len == 20 || len == 32);
	char *at = out + sprintf(out, len == 20 ? "SHA1" : "SHA256");
	for (size_t i = 0; i < len; i++)
		at += sprintf(at, ":%02X", digest[i]);
	return out;
}
