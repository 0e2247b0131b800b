// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "base/mem.h"
#include "tls/internal.h"

#include <arpa/inet.h>
#include <psa/crypto.h>
#include <stdio.h>

#define DIGITS_MAX 64 /* bytes of a serial number that are told: RFC 5280 allows 20 */

/* An object identifier as it stands in a certificate, and its name. */
struct known {
	const char *oid;
	size_t len;
	const char *name;
};
#define KNOWN(oid, name) { oid, sizeof(oid) - 1, name }

static const char *known_name(const struct known *known, size_t n, const mbedtls_x509_buf *oid)
{
	for (size_t i = 0; i < n; i++)
		if (oid->len == known[i].len && memcmp(oid->p, known[i].oid, oid->len) == 0)
			return known[i].name;
	return NULL;
}

/*
 * A NUL would end the text, and let "a.test\0.evil" pass for "a.test": it becomes
 * "\x00", and the backslash keeps such a name from matching (peer.c).
 */
static void add_value(struct buf *b, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i])
			buf_add_char(b, (char)p[i]);
		else
			buf_add_str(b, "\\x00");
	}
}

static char *text_of(struct buf *b)
{
	char *text = mem_strdup(buf_cstr(b));
	buf_free(b);
	return text;
}

static char *value_of(const char *prefix, const mbedtls_x509_buf *value)
{
	struct buf b = { 0 };
	buf_add_str(&b, prefix);
	add_value(&b, value->p, value->len);
	return text_of(&b);
}

/* --- subject and issuer ------------------------------------------------------- */

static const char *attribute(const mbedtls_x509_buf *oid)
{
	static const struct known known[] = {
		KNOWN("\x55\x04\x03", "CN"), KNOWN("\x55\x04\x05", "serialNumber"),
		KNOWN("\x55\x04\x06", "C"),  KNOWN("\x55\x04\x07", "L"),
		KNOWN("\x55\x04\x08", "ST"), KNOWN("\x55\x04\x0a", "O"),
		KNOWN("\x55\x04\x0b", "OU"),
		KNOWN("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
		KNOWN("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
		KNOWN("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
	};
	return known_name(known, sizeof(known) / sizeof(known[0]), oid);
}

/* "2.5.4.65", for what has no name here. */
static void add_oid(struct buf *b, const mbedtls_x509_buf *oid)
{
	uint64_t arc = 0;
	bool first = true;
	for (size_t i = 0; i < oid->len; i++) {
		arc = arc << 7 | (oid->p[i] & 0x7F);
		if (oid->p[i] & 0x80)
			continue;
		if (first) {
			uint64_t top = arc < 80 ? arc / 40 : 2;
			buf_printf(b, "%u", (unsigned)top);
			arc -= top * 40;
		}
		buf_add_char(b, '.');
		buf_add_u64(b, arc);
		first = false;
		arc = 0;
	}
}

/* In quotes where it could be taken for more than one part. */
static void add_quoted(struct buf *b, const mbedtls_x509_buf *value)
{
	bool plain = value->len > 0 && value->p[0] != ' ' && value->p[value->len - 1] != ' ';
	for (size_t i = 0; plain && i < value->len; i++)
		plain = value->p[i] != ',' && value->p[i] != '"' && value->p[i] != '=';
	if (!plain)
		buf_add_char(b, '"');
	add_value(b, value->p, value->len);
	if (!plain)
		buf_add_char(b, '"');
}

static char *dn_text(const mbedtls_x509_name *dn)
{
	struct buf b = { 0 };
	for (; dn; dn = dn->next) {
		if (!dn->oid.p)
			continue;
		if (b.len)
			buf_add_str(&b, ", ");
		const char *name = attribute(&dn->oid);
		if (name)
			buf_add_str(&b, name);
		else
			add_oid(&b, &dn->oid);
		buf_add_char(&b, '=');
		add_quoted(&b, &dn->val);
	}
	return text_of(&b);
}

static char *first_cn(const mbedtls_x509_name *dn)
{
	for (; dn; dn = dn->next) {
		const char *name = dn->oid.p ? attribute(&dn->oid) : NULL;
		if (name && strcmp(name, "CN") == 0)
			return value_of("", &dn->val);
	}
	return NULL;
}

/* --- subject alternative names ------------------------------------------------ */

static struct tls_name ip_name(const mbedtls_x509_buf *value)
{
	char text[INET6_ADDRSTRLEN];
	int family = value->len == 4 ? AF_INET : value->len == 16 ? AF_INET6 : AF_UNSPEC;
	if (family == AF_UNSPEC || !inet_ntop(family, value->p, text, sizeof(text)))
		return (struct tls_name){ TLS_NAME_OTHER, value_of("IP:", value) };
	return (struct tls_name){ TLS_NAME_IP, mem_strdup(text) };
}

static struct tls_name name_of(const mbedtls_x509_buf *value)
{
	switch (value->tag & 0x1F) { /* RFC 5280, GeneralName */
	case 1:
		return (struct tls_name){ TLS_NAME_OTHER, value_of("email:", value) };
	case 2:
		return (struct tls_name){ TLS_NAME_DNS, value_of("", value) };
	case 6:
		return (struct tls_name){ TLS_NAME_OTHER, value_of("URI:", value) };
	case 7:
		return ip_name(value);
	case 4:
		return (struct tls_name){ TLS_NAME_OTHER, mem_strdup("a directory name") };
	case 8:
		return (struct tls_name){ TLS_NAME_OTHER, mem_strdup("a registered ID") };
	default:
		return (struct tls_name){ TLS_NAME_OTHER, mem_strdup("another kind of name") };
	}
}

static void take_names(const mbedtls_x509_crt *crt, struct tls_cert *out)
{
	const mbedtls_x509_sequence *at = &crt->subject_alt_names;
	size_t n = 0;
	for (; at && at->buf.p; at = at->next)
		n++;
	out->names_cut = n > TLS_NAMES_MAX;
	out->n_names = n < TLS_NAMES_MAX ? n : TLS_NAMES_MAX;
	out->names = mem_zero(out->n_names, sizeof(out->names[0]));
	at = &crt->subject_alt_names;
	for (size_t i = 0; i < out->n_names; i++, at = at->next)
		out->names[i] = name_of(&at->buf);
}

/* --- numbers ------------------------------------------------------------------ */

static char *serial_text(const mbedtls_x509_buf *serial)
{
	struct buf b = { 0 };
	size_t skip = 0; /* the zero in front that says: not negative */
	while (skip + 1 < serial->len && serial->p[skip] == 0)
		skip++;
	for (size_t i = skip; i < serial->len && i - skip < DIGITS_MAX; i++)
		buf_printf(&b, "%02x", serial->p[i]);
	return text_of(&b);
}

/* By hand: timegm reads the time zone's file, and this runs beside the loop. */
static int64_t unix_seconds(const mbedtls_x509_time *t)
{
	int64_t year = t->year - (t->mon <= 2), month = (t->mon + 9) % 12; /* March is the first */
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t day = of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + t->day - 1;
	int64_t days = era * 146097 + day - 719468;
	return days * 86400 + t->hour * 3600 + t->min * 60 + t->sec;
}

static const char *pss_hash(const mbedtls_x509_crt *crt)
{
	/* what follows the OID: parameters, [0], an algorithm, of which the OID is it */
	static const struct known known[] = {
		KNOWN("\x60\x86\x48\x01\x65\x03\x04\x02\x01", " SHA-256"),
		KNOWN("\x60\x86\x48\x01\x65\x03\x04\x02\x02", " SHA-384"),
		KNOWN("\x60\x86\x48\x01\x65\x03\x04\x02\x03", " SHA-512"),
	};
	const unsigned char *p = crt->sig_oid.p + crt->sig_oid.len;
	const unsigned char *end = crt->raw.p + crt->raw.len;
	if (end - p < 17 || p[0] != 0x30 || p[2] != 0xA0 || p[4] != 0x30 || p[6] != 6 || p[7] != 9)
		return "";
	mbedtls_x509_buf oid = { .p = (unsigned char *)p + 8, .len = 9 };
	const char *name = known_name(known, sizeof(known) / sizeof(known[0]), &oid);
	return name ? name : "";
}

static void signature_text(const mbedtls_x509_crt *crt, char *out, size_t size)
{
#define RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define ECDSA "\x2a\x86\x48\xce\x3d\x04"
	static const struct known known[] = {
		KNOWN(RSA "\x04", "RSA MD5"),	     KNOWN(RSA "\x05", "RSA SHA-1"),
		KNOWN(RSA "\x0a", "RSA-PSS"),	     KNOWN(RSA "\x0b", "RSA SHA-256"),
		KNOWN(RSA "\x0c", "RSA SHA-384"),    KNOWN(RSA "\x0d", "RSA SHA-512"),
		KNOWN(RSA "\x0e", "RSA SHA-224"),    KNOWN(ECDSA "\x01", "ECDSA SHA-1"),
		KNOWN(ECDSA "\x03\x01", "ECDSA SHA-224"), KNOWN(ECDSA "\x03\x02", "ECDSA SHA-256"),
		KNOWN(ECDSA "\x03\x03", "ECDSA SHA-384"), KNOWN(ECDSA "\x03\x04", "ECDSA SHA-512"),
	};
#undef RSA
#undef ECDSA
	const char *name = known_name(known, sizeof(known) / sizeof(known[0]), &crt->sig_oid);
	bool pss = name && strcmp(name, "RSA-PSS") == 0;
	snprintf(out, size, "%s%s", name ? name : "unknown", pss ? pss_hash(crt) : "");
}

static void key_text(const mbedtls_x509_crt *crt, char *out, size_t size)
{
	unsigned bits = (unsigned)mbedtls_pk_get_bitlen(&crt->pk);
	switch (mbedtls_pk_get_type(&crt->pk)) {
	case MBEDTLS_PK_RSA:
	case MBEDTLS_PK_RSASSA_PSS:
		snprintf(out, size, "RSA %u", bits);
		break;
	case MBEDTLS_PK_ECKEY:
	case MBEDTLS_PK_ECKEY_DH:
	case MBEDTLS_PK_ECDSA:
		snprintf(out, size, bits >= 256 ? "EC P-%u" : "EC %u", bits);
		break;
	default:
		snprintf(out, size, "unknown");
	}
}

static void hash(psa_algorithm_t algorithm, const mbedtls_x509_buf *der, uint8_t *out, size_t size)
{
	size_t len = 0;
	psa_status_t state = psa_hash_compute(algorithm, der->p, der->len, out, size, &len);
	invariant(state == PSA_SUCCESS && len == size);
}

void tls_cert_from(const mbedtls_x509_crt *crt, struct tls_cert *out)
{
	*out = (struct tls_cert){
		.subject = dn_text(&crt->subject),
		.issuer = dn_text(&crt->issuer),
		.common_name = first_cn(&crt->subject),
		.serial = serial_text(&crt->serial),
		.not_before = unix_seconds(&crt->valid_from),
		.not_after = unix_seconds(&crt->valid_to),
		.ca = mbedtls_x509_crt_get_ca_istrue(crt) == 1,
		.self_issued = crt->subject_raw.len == crt->issuer_raw.len &&
			memcmp(crt->subject_raw.p, crt->issuer_raw.p, crt->issuer_raw.len) == 0,
	};
	take_names(crt, out);
	key_text(crt, out->key, sizeof(out->key));
	signature_text(crt, out->signature, sizeof(out->signature));
	hash(PSA_ALG_SHA_1, &crt->raw, out->sha1, sizeof(out->sha1));
	hash(PSA_ALG_SHA_256, &crt->raw, out->sha256, sizeof(out->sha256));
}
