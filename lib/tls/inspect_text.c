// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/inspect_internal.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <stdlib.h>

static const char *wanted(enum tls_part part)
{
	return part == TLS_PART_KEY ? "a private key" : "certificates";
}

static bool holds(struct slice s, const char *what)
{
	return s.len && memmem(s.p, s.len, what, strlen(what));
}

/* --- a text without a block --------------------------------------------------- */

static bool only_blanks(struct slice s)
{
	size_t i = 0;

	while (i < s.len && (strchr(" \t\r\n\v\f", s.p[i]) || !s.p[i]))
		i++;
	return i == s.len;
}

static bool utf16(struct slice s)
{
	return s.len >= 4 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0 ||
			      memcmp(s.p, "-\0-\0", 4) == 0 || memcmp(s.p, "\0-\0-", 4) == 0);
}

/* A sequence of more than 127 bytes: nothing shorter is a certificate or a key that is taken. */
static bool der(struct slice s)
{
	return s.len > 64 && s.p[0] == 0x30 &&
	       ((unsigned char)s.p[1] == 0x81 || (unsigned char)s.p[1] == 0x82 || (unsigned char)s.p[1] < 0x80);
}

/* What it is where it is base64 without more: of PEM, of DER; or nothing of the kind. */
static bool base64_of(struct slice s, enum tls_trouble *what)
{
	struct buf b = { 0 };
	bool is = false;

	if (pem_base64(s, &b) && b.len) {
		is = holds(buf_slice(&b), "-----BEGIN ") || der(buf_slice(&b));
		*what = b.p[0] == 0x30 ? TLS_NO_BEGIN : TLS_BASE64_TWICE;
	}
	if (b.p)
		mbedtls_platform_zeroize(b.p, b.cap);
	buf_free(&b);
	return is;
}

static bool begins_in_a_way(struct slice s)
{
	for (size_t i = 0; i + 6 <= s.len; i++)
		if (strncasecmp(s.p + i, "begin ", 6) == 0 && memchr(s.p, '-', s.len))
			return true;
	return false;
}

static void find_no_block(struct inspect *in, enum tls_part part, struct slice s)
{
	enum tls_trouble what;

	if (only_blanks(s))
		inspect_find(in, part, TLS_EMPTY, 0, "it is empty");
	else if (utf16(s))
		inspect_find(in, part, TLS_UTF16, 0, "the text is UTF-16, and only ASCII or UTF-8 is read");
	else if (der(s))
		inspect_find(in, part, TLS_DER, 0, "it is DER, and PEM is wanted");
	else if (begins_in_a_way(s))
		inspect_find(in, part, TLS_BEGIN_BROKEN, 0,
			     "no line in it is a BEGIN line, with five dashes before and behind and in upper case");
	else if (base64_of(s, &what) && what == TLS_BASE64_TWICE)
		inspect_find(in, part, what, 0, "it is base64 of PEM: encoded once too often");
	else if (holds(s, "-----END ") || base64_of(s, &what))
		inspect_find(in, part, TLS_NO_BEGIN, 0, "its BEGIN line is missing");
	else
		inspect_find(in, part, TLS_NOT_PEM, 0, "it is not PEM: there is no BEGIN line in it");
}

/* --- the form of the text ------------------------------------------------------ */

static void find_form(struct inspect *in, enum tls_part part, struct slice s)
{
	if (s.len >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
		inspect_find(in, part, TLS_BOM, 1, "it begins with a byte order mark");
	if (holds(s, "\r\n"))
		inspect_find(in, part, TLS_CRLF, 0, "its lines end as on Windows (CR LF)");
}

/* Before the end of the last block: what is behind it nobody reads. */
static void find_nul(struct inspect *in, enum tls_part part, struct slice read)
{
	if (read.len && memchr(read.p, 0, read.len))
		inspect_find(in, part, TLS_NUL, 0, "there is a NUL byte in it");
}

/* --- a block, in form ------------------------------------------------------------ */

static const struct {
	unsigned bit;
	enum tls_trouble what;
	const char *words;
} oddities[] = {
	{ PEM_JOINED, TLS_BLOCKS_JOINED, "it begins in the line in which the block before it ends" },
	{ PEM_BEGIN_INDENTED, TLS_BEGIN_INDENTED, "there are blanks before BEGIN" },
	{ PEM_PREFIXED, TLS_BEGIN_PREFIXED, "there is something else before BEGIN in its line" },
	{ PEM_ESCAPED, TLS_NEWLINES_ESCAPED, "its line ends are written as \\n" },
	{ PEM_BEGIN_TWICE, TLS_BEGIN_TWICE, "its first line says BEGIN twice" },
	{ PEM_BEGIN_BROKEN, TLS_BEGIN_BROKEN, "the dashes behind its BEGIN are not five" },
	{ PEM_NO_END, TLS_NO_END, "it is cut off: there is no END line" },
	{ PEM_END_BROKEN, TLS_END_BROKEN, "the dashes behind its END are not five" },
	{ PEM_MISMATCH, TLS_LABEL_MISMATCH, "BEGIN and END name different things" },
	{ PEM_EMPTY, TLS_BLOCK_EMPTY, "nothing is between BEGIN and END" },
	{ PEM_BAD_BASE64, TLS_BAD_BASE64, "its base64 is damaged" },
	{ PEM_ONE_LINE, TLS_ONE_LINE, "its line ends are lost, at least those of BEGIN or END" },
	{ PEM_BODY_BLANKS, TLS_BODY_BLANKS, "there are blanks before or amid its base64" },
	{ PEM_TRAILING, TLS_TRAILING_BLANKS, "there are tabs or more than one blank at line ends" },
	{ PEM_END_MIXED, TLS_END_MIXED, "there is something else in the line of its END" },
	{ PEM_EMPTY_LINE, TLS_EMPTY_LINE, "there is an empty line amid its base64" },
	{ PEM_LONE_CR, TLS_LONE_CR, "its lines end with CR alone" },
};

#define HARD (PEM_BEGIN_TWICE | PEM_BEGIN_BROKEN | PEM_NO_END | PEM_ESCAPED | PEM_EMPTY | PEM_BAD_BASE64)
#define BEFORE_BEGIN (PEM_JOINED | PEM_BEGIN_INDENTED | PEM_PREFIXED)

/* Where a block is damaged, the first of it is told: the rest follows from that. */
static void find_oddities(struct inspect *in, enum tls_part part, const struct pem_block *b)
{
	bool hard = b->odd & HARD;

	for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
		if (!(b->odd & oddities[i].bit) || (hard && !(oddities[i].bit & (HARD | BEFORE_BEGIN))))
			continue;
		inspect_find(in, part, oddities[i].what, b->line, "%s in line %zu: %s", b->words, b->line,
			     oddities[i].words);
		if (oddities[i].bit & HARD)
			return;
	}
}

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

static void take_cert(struct inspect *in, enum tls_part part, const struct pem_block *b)
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

static void take_key(struct inspect *in, const struct pem_block *b)
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

/* --- blocks, by what they are ------------------------------------------------------ */

struct seen {
	size_t wanted, all; /* blocks that belong there; all */
	const char *first;  /* what the first of another kind is, and where */
	enum pem_kind first_kind;
	size_t first_line;
};

static bool is_key(enum pem_kind k)
{
	return k == PEM_KEY || k == PEM_KEY_ODD || k == PEM_ENCRYPTED;
}

static bool is_cert(enum pem_kind k)
{
	return k == PEM_CERT || k == PEM_CERT_X509 || k == PEM_CERT_TRUSTED;
}

static void take_in_key(struct inspect *in, struct seen *seen, const struct pem_block *b)
{
	/* all three read the first, and no further */
	if (seen->wanted++) {
		if (b->odd & PEM_JOINED)
			find_oddities(in, TLS_PART_KEY, b);
		inspect_find(in, TLS_PART_KEY, TLS_KEYS_SEVERAL, b->line,
			     "another private key follows in line %zu: the first is used", b->line);
		return;
	}
	find_oddities(in, TLS_PART_KEY, b);
	if (b->kind == PEM_ENCRYPTED)
		inspect_find(in, TLS_PART_KEY, TLS_KEY_ENCRYPTED, b->line,
			     "the private key is encrypted, and on a node nobody types its password");
	else if (!(b->odd & PEM_DAMAGED))
		take_key(in, b);
}

static void take_in_certs(struct inspect *in, enum tls_part part, struct seen *seen,
			  const struct pem_block *b)
{
	seen->wanted++;
	find_oddities(in, part, b);
	if (b->kind != PEM_CERT)
		inspect_find(in, part, b->kind == PEM_CERT_X509 ? TLS_CERT_LABEL : TLS_CERT_TRUSTED, b->line,
			     "in line %zu stands %s, and not -----BEGIN CERTIFICATE-----", b->line, b->words);
	if (!(b->odd & (PEM_DAMAGED & ~(PEM_END_BROKEN | PEM_MISMATCH))))
		take_cert(in, part, b);
}

static void take_block(struct inspect *in, enum tls_part part, struct seen *seen,
		       const struct pem_block *b)
{
	seen->all++;
	if (part == TLS_PART_KEY && is_key(b->kind)) {
		take_in_key(in, seen, b);
		return;
	}
	if (part != TLS_PART_KEY && is_cert(b->kind)) {
		take_in_certs(in, part, seen, b);
		return;
	}
	if (b->kind == PEM_PARAMETERS && part == TLS_PART_KEY)
		return; /* as "openssl ecparam -genkey" writes them */
	if (b->kind == PEM_OTHER && (b->odd & (PEM_BEGIN_TWICE | PEM_BEGIN_BROKEN)))
		find_oddities(in, part, b);
	if (part != TLS_PART_KEY && is_key(b->kind))
		inspect_find(in, part, TLS_KEY_IN_CERTS, b->line,
			     "in line %zu stands %s: this text is not kept secret", b->line, b->words);
	if (!seen->first) {
		seen->first = b->words;
		seen->first_kind = b->kind;
		seen->first_line = b->line;
	}
}

static enum tls_trouble kind_trouble(enum tls_part part, enum pem_kind k)
{
	if (is_key(k))
		return TLS_WANTS_CERT_IS_KEY;
	if (part == TLS_PART_KEY && is_cert(k))
		return TLS_WANTS_KEY_IS_CERT;
	if (k == PEM_REQUEST)
		return TLS_IS_REQUEST;
	return k == PEM_PUBLIC_KEY ? TLS_IS_PUBLIC_KEY : TLS_WRONG_KIND;
}

/* What else is there: instead of what belongs there, or beside it. */
static void find_others(struct inspect *in, enum tls_part part, const struct seen *seen)
{
	if (!seen->first && !seen->wanted)
		inspect_find(in, part, TLS_WRONG_KIND, 0, "there is not %s in it", wanted(part));
	if (!seen->first)
		return;
	if (!seen->wanted)
		inspect_find(in, part, kind_trouble(part, seen->first_kind), seen->first_line,
			     "it holds %s, and is to hold %s", seen->first, wanted(part));
	else if (part == TLS_PART_KEY && kind_trouble(part, seen->first_kind) == TLS_WANTS_KEY_IS_CERT)
		inspect_find(in, part, TLS_CERT_IN_KEY, seen->first_line,
			     "beside the private key it holds %s", seen->first);
	else if (!is_key(seen->first_kind))
		inspect_find(in, part, seen->first_kind == PEM_REQUEST ? TLS_REQUEST_BESIDE : TLS_OTHER_BLOCK,
			     seen->first_line, "beside %s it holds %s", wanted(part), seen->first);
}

void inspect_text(struct inspect *in, enum tls_part part, struct slice text)
{
	struct seen seen = { 0 };
	struct pem_block b;
	struct pem_scan s;

	if (text.len > TLS_PEM_MAX) {
		inspect_find(in, part, TLS_TOO_LONG, 0, "it has more than %u bytes", TLS_PEM_MAX);
		return;
	}
	pem_begin(&s, text);
	while (pem_next(&s, &b))
		take_block(in, part, &seen, &b);
	find_nul(in, part, slice_of(text.p, seen.all ? s.at : 0));
	if (!seen.all) {
		find_no_block(in, part, text);
	} else {
		find_form(in, part, text);
		find_others(in, part, &seen);
		if (s.junk)
			inspect_find(in, part, TLS_JUNK, s.junk_line,
				     "line %zu looks like a part of a PEM block, and is outside of one", s.junk_line);
	}
	pem_end(&s);
}
