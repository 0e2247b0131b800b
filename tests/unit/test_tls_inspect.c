// SPDX-License-Identifier: Apache-2.0
#include "tls_test.h"

#include "base/clock.h"
#include "tls/inspect.h"

#define SOON (7 * 86400)

static void free_pem(struct buf text[TLS_PARTS])
{
	for (int i = 0; i < TLS_PARTS; i++)
		buf_free(&text[i]);
}

/* "a.crt+b.crt": those files of the PKI, one behind the other; "": nothing. */
static struct buf joined(const char *files)
{
	struct buf out = { 0 };
	char *list = mem_strdup(files), *save = NULL;

	buf_reserve(&out, 1);
	for (char *f = strtok_r(list, "+", &save); f; f = strtok_r(NULL, "+", &save)) {
		struct buf one = pki_read(f, "");
		buf_add_slice(&out, buf_slice(&one));
		buf_free(&one);
	}
	free(list);
	return out;
}

/* --- what may happen to a text ------------------------------------------------------ */

static void replace(struct buf *b, const char *what, const char *by)
{
	struct buf out = { 0 };
	size_t len = strlen(what);

	for (size_t i = 0; i < b->len;) {
		if (i + len <= b->len && memcmp(b->p + i, what, len) == 0) {
			buf_add_str(&out, by);
			i += len;
		} else {
			buf_add_char(&out, b->p[i++]);
		}
	}
	buf_free(b);
	*b = out;
}

static void prepend(struct buf *b, const char *what, size_t len)
{
	struct buf out = { 0 };

	buf_add(&out, what, len);
	buf_add_slice(&out, buf_slice(b));
	buf_free(b);
	*b = out;
}

static void base64(struct buf *b)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf out = { 0 };

	for (size_t i = 0; i < b->len; i += 3) {
		unsigned char p[3] = { (unsigned char)b->p[i] };
		for (size_t k = 1; k < 3 && i + k < b->len; k++)
			p[k] = (unsigned char)b->p[i + k];
		char four[4] = { digits[p[0] >> 2], digits[(p[0] & 3) << 4 | p[1] >> 4],
				 i + 1 < b->len ? digits[(p[1] & 15) << 2 | p[2] >> 6] : '=',
				 i + 2 < b->len ? digits[p[2] & 63] : '=' };
		buf_add(&out, four, sizeof(four));
	}
	buf_free(b);
	*b = out;
}

/* Each line but BEGIN's and END's, with this before and that behind. */
static void lines(struct buf *b, const char *before, const char *behind)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < b->len;) {
		const char *end = memchr(b->p + i, '\n', b->len - i);
		size_t len = end ? (size_t)(end - b->p) - i : b->len - i;
		bool inside = len && b->p[i] != '-';
		buf_add_str(&out, inside ? before : "");
		buf_add(&out, b->p + i, len);
		buf_add_str(&out, inside ? behind : "");
		buf_add_char(&out, '\n');
		i += len + 1;
	}
	buf_free(b);
	*b = out;
}

static void utf16(struct buf *b)
{
	struct buf out = { 0 };

	buf_add(&out, "\xff\xfe", 2);
	for (size_t i = 0; i < b->len; i++)
		buf_add(&out, (char[]){ b->p[i], 0 }, 2);
	buf_free(b);
	*b = out;
}

static void t_blanks(struct buf *b) { b->len = 0; buf_add_str(b, " \n\t\n"); }
static void t_words(struct buf *b) { b->len = 0; buf_add_str(b, "/etc/ssl/private/tls.key\n"); }
static void t_long(struct buf *b) { while (b->len <= TLS_PEM_MAX) buf_add_str(b, "# a comment that says nothing\n"); }
static void t_base64(struct buf *b) { base64(b); }
static void t_utf16(struct buf *b) { utf16(b); }
static void t_no_begin(struct buf *b) { buf_drop(b, (size_t)((char *)memchr(b->p, '\n', b->len) - b->p) + 1); }
static void t_begin_short(struct buf *b) { buf_drop(b, 1); }
static void t_begin_lower(struct buf *b) { replace(b, "BEGIN", "Begin"); }
static void t_begin_open(struct buf *b) { b->p[26] = b->p[25] = ' '; }
static void t_begin_begin(struct buf *b) { replace(b, "BEGIN ", "BEGIN BEGIN "); }
static void t_cut(struct buf *b) { b->len = b->len * 2 / 3; }
static void t_end_open(struct buf *b) { b->len -= 3; }
static void t_other_end(struct buf *b) { replace(b, "END ", "END OTHER "); }
static void t_nothing_in_it(struct buf *b) { b->len = 0; buf_add_str(b, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"); }
static void t_bad_base64(struct buf *b) { memcpy(b->p + 100, "!!!!", 4); }
static void t_line_lost(struct buf *b) { memmove(b->p + 80, b->p + 90, b->len - 90); b->len -= 10; }
static void t_escaped(struct buf *b) { replace(b, "\n", "\\n"); }
static void t_request(struct buf *b) { replace(b, "CERTIFICATE-", "CERTIFICATE REQUEST-"); }
static void t_public(struct buf *b) { replace(b, "CERTIFICATE-", "PUBLIC KEY-"); }
static void t_pkcs7(struct buf *b) { replace(b, "CERTIFICATE-", "PKCS7-"); }
static void t_x509(struct buf *b) { replace(b, "CERTIFICATE-", "X509 CERTIFICATE-"); }
static void t_trusted(struct buf *b) { replace(b, "CERTIFICATE-", "TRUSTED CERTIFICATE-"); }
static void t_and(struct buf *b, void (*twist)(struct buf *))
{
	struct buf other = { 0 };

	buf_add_slice(&other, buf_slice(b));
	twist(&other);
	buf_add_slice(b, buf_slice(&other));
	buf_free(&other);
}
static void t_and_request(struct buf *b) { t_and(b, t_request); }
static void t_and_pkcs7(struct buf *b) { t_and(b, t_pkcs7); }
static void t_one_line(struct buf *b) { replace(b, "\n", " "); }
static void t_joined(struct buf *b) { struct buf o = { 0 }; b->len--; buf_add_slice(&o, buf_slice(b)); buf_add_slice(b, buf_slice(&o)); buf_free(&o); }
static void t_indented(struct buf *b) { prepend(b, "  ", 2); }
static void t_body_indented(struct buf *b) { lines(b, "  ", ""); }
static void t_blank_amid(struct buf *b) { replace(b, "\nMII", "\nM II"); }
static void t_six_dashes(struct buf *b) { prepend(b, "-", 1); }
static void t_tabs(struct buf *b) { lines(b, "", "\t"); }
static void t_end_indented(struct buf *b) { replace(b, "-----END", "  -----END"); }
static void t_empty_lines(struct buf *b) { lines(b, "", "\n"); }
static void t_cr(struct buf *b) { replace(b, "\n", "\r"); }
static void t_crlf(struct buf *b) { replace(b, "\n", "\r\n"); }
static void t_bom(struct buf *b) { prepend(b, "\xef\xbb\xbf", 3); }
static void t_nul(struct buf *b) { prepend(b, "\0\n", 2); }
static void t_junk(struct buf *b) { buf_add_str(b, "-----END CERTIFICATE-----\n"); }
static void t_comment(struct buf *b) { prepend(b, "# of node-1\nsubject=CN = x\n\n", 28); }
static void t_blank_ends(struct buf *b) { lines(b, "", " "); }
static void t_as_ec(struct buf *b) { replace(b, " PRIVATE", " EC PRIVATE"); }
static void t_as_rsa(struct buf *b) { replace(b, " PRIVATE", " RSA PRIVATE"); }
static void t_as_pkcs8(struct buf *b) { replace(b, "EC PRIVATE", "PRIVATE"); }
static void t_key_lost(struct buf *b)
{
	b->len = 0;
	buf_add_str(b, "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w\n"
		       "-----END PRIVATE KEY-----\n");
}

/* --- each trouble --------------------------------------------------------------------- */

#define CA "ca.crt"
#define CRT "client.crt"
#define KEY "client.key"
#define PAIR(name) name ".crt", name ".key"

static const struct {
	const char *ca, *crt, *key;
	enum tls_part part; /* is twisted */
	void (*twist)(struct buf *);
	const char *want; /* in order; "!": an error */
} cases[] = {
	{ CA, CRT, KEY, 0, NULL, "" },
	{ CA, PAIR("chained"), 0, NULL, "" },
	{ CA, PAIR("deep"), 0, NULL, "" },
	{ CA, "chained.crt+ca.crt", "chained.key", 0, NULL, "" }, /* with the root */
	{ "other-ca.crt+ca.crt", CRT, KEY, 0, NULL, "" },
	{ CA, CRT, "sec1.key", 0, NULL, "" },
	{ "rsa-ca.crt", PAIR("server-pss"), 0, NULL, "" },
	{ CA, PAIR("server-p521"), 0, NULL, "" },
	{ CA, CRT, KEY, TLS_PART_CA, t_comment, "" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_blank_ends, "" },
	/* the text as a whole */
	{ "", CRT, KEY, 0, NULL, "ca!tls-empty" },
	{ CA, "", KEY, 0, NULL, "crt!tls-empty" },
	{ CA, CRT, "", 0, NULL, "key!tls-empty" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_blanks, "crt!tls-empty" },
	{ CA, CRT, KEY, TLS_PART_CA, t_long, "ca!tls-too-long" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_utf16, "crt!tls-utf16" },
	{ "ca.der", CRT, KEY, 0, NULL, "ca!tls-der" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_base64, "key!tls-base64-twice" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_no_begin, "key!tls-no-begin" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_words, "key!tls-not-pem" },
	/* damaged blocks */
	{ CA, CRT, KEY, TLS_PART_CERT, t_begin_short, "crt!tls-begin-broken" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_begin_lower, "crt!tls-begin-broken" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_begin_open, "crt!tls-begin-broken" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_begin_begin, "key!tls-begin-twice" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_cut, "key!tls-no-end" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_end_open, "crt!tls-end-broken" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_other_end, "crt!tls-label-mismatch" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_nothing_in_it, "crt!tls-block-empty" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_bad_base64, "key!tls-bad-base64" },
	{ CA, CRT, KEY, TLS_PART_CA, t_line_lost, "ca!tls-bad-base64" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_escaped, "crt!tls-newlines-escaped" },
	/* another kind */
	{ KEY, CRT, KEY, 0, NULL, "ca!tls-wants-cert-is-key" },
	{ CA, CRT, CRT, 0, NULL, "key!tls-wants-key-is-cert" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_request, "crt!tls-is-request" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_public, "crt!tls-is-public-key" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_pkcs7, "crt!tls-wrong-kind" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_x509, "crt!tls-cert-label" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_trusted, "crt!tls-cert-trusted" },
	{ "ca.crt+client.key", CRT, KEY, 0, NULL, "ca tls-key-in-certs" },
	{ CA, "client.crt+client.key", KEY, 0, NULL, "crt tls-key-in-certs" },
	{ CA, CRT, "client.key+client.crt", 0, NULL, "key tls-cert-in-key" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_and_request, "crt!tls-request-beside" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_and_pkcs7, "crt tls-other-block" },
	{ CA, CRT, "client.key+other.key", 0, NULL, "key tls-keys-several" },
	{ CA, "server.crt", "server.encrypted.key", 0, NULL, "key!tls-key-encrypted" },
	/* form */
	{ CA, CRT, KEY, TLS_PART_KEY, t_one_line, "key!tls-one-line" },
	{ CA, CRT, KEY, TLS_PART_CA, t_joined, "ca!tls-blocks-joined ca tls-ca-repeated" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_indented, "crt!tls-begin-indented" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_body_indented, "crt!tls-body-blanks" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_blank_amid, "crt!tls-body-blanks" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_six_dashes, "crt!tls-begin-prefixed" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_tabs, "crt!tls-trailing-blanks" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_end_indented, "crt!tls-end-mixed" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_empty_lines, "crt!tls-empty-line" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_cr, "key!tls-lone-cr" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_crlf, "key tls-crlf" },
	{ CA, CRT, KEY, TLS_PART_CA, t_bom, "ca tls-bom" },
	{ CA, CRT, KEY, TLS_PART_CA, t_nul, "ca!tls-nul" },
	{ CA, CRT, KEY, TLS_PART_CERT, t_junk, "crt tls-junk" },
	/* one certificate */
	{ CA, "no-certificate.crt", KEY, 0, NULL, "crt!tls-cert-damaged" },
	{ CA, PAIR("unknown-critical"), 0, NULL, "crt!tls-cert-extension" },
	{ CA, "longer.crt", KEY, 0, NULL, "crt!tls-der-longer" },
	{ CA, PAIR("ed25519"), 0, NULL, "crt!tls-cert-key-kind key!tls-key-kind" },
	{ "ca.crt+ed25519.crt", CRT, KEY, 0, NULL, "ca!tls-cert-key-kind" },
	{ "rsa-ca.crt", PAIR("md5-signed"), 0, NULL, "crt!tls-cert-md5" },
	{ CA, PAIR("k256"), 0, NULL, "crt!tls-cert-curve key!tls-key-kind" },
	{ CA, PAIR("rsa1024"), 0, NULL, "crt!tls-weak-rsa" },
	{ "rsa1024-ca.crt", CRT, KEY, 0, NULL, "ca!tls-weak-rsa crt tls-not-of-ca" },
	{ "rsa1024-ca.crt+ca.crt", CRT, KEY, 0, NULL, "ca tls-weak-rsa" },
	{ CA, PAIR("rsa4104"), 0, NULL, "crt!tls-long-rsa" },
	{ "rsa-ca.crt", PAIR("sha1-signed"), 0, NULL, "crt!tls-weak-signature" },
	/* the key */
	{ CA, CRT, KEY, TLS_PART_KEY, t_key_lost, "key!tls-key-damaged" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_as_rsa, "key!tls-key-label" },
	{ CA, CRT, "sec1.key", TLS_PART_KEY, t_as_pkcs8, "key!tls-key-label" },
	{ CA, CRT, KEY, TLS_PART_KEY, t_as_ec, "key!tls-key-label-pkcs8" },
	{ CA, CRT, "other.key", 0, NULL, "key!tls-key-mismatch" },
	/* our certificate, and those behind it */
	{ CA, PAIR("expired"), 0, NULL, "crt!tls-expired" },
	{ CA, PAIR("not-yet"), 0, NULL, "crt!tls-not-yet-valid" },
	{ CA, PAIR("ends-6.5"), 0, NULL, "crt tls-expires-soon" },
	{ CA, PAIR("ends-29.5"), 0, NULL, "" },
	{ CA, PAIR("of-expired-intermediate"), 0, NULL, "crt!tls-chain-expired" },
	{ CA, PAIR("of-early-intermediate"), 0, NULL, "crt!tls-chain-not-yet-valid" },
	{ CA, PAIR("of-ending-intermediate"), 0, NULL, "crt tls-chain-expires-soon" },
	{ CA, PAIR("eku-server"), 0, NULL, "crt tls-not-for-clients" },
	{ CA, PAIR("no-usage"), 0, NULL, "crt!tls-key-usage" },
	{ CA, PAIR("ca-client"), 0, NULL, "crt tls-cert-is-ca" },
	{ CA, PAIR("no-name"), 0, NULL, "crt tls-no-name" },
	{ CA, PAIR("cn-only"), 0, NULL, "" },
	{ CA, PAIR("self-signed"), 0, NULL, "crt tls-self-signed" },
	{ CA, "intermediate.crt+chained.leaf.crt", "chained.key", 0, NULL, "crt!tls-leaf-not-first" },
	{ CA, "deep.leaf.crt+intermediate.crt+second-intermediate.leaf.crt", "deep.key", 0, NULL,
	  "crt tls-chain-order" },
	{ CA, "chained.leaf.crt+same-name-intermediate.crt", "chained.key", 0, NULL,
	  "crt!tls-chain-signature crt tls-not-of-ca crt tls-chain-stray" },
	{ CA, "client.crt+intermediate.crt", KEY, 0, NULL, "crt tls-chain-stray" },
	{ CA, "client.crt+server.crt", KEY, 0, NULL, "crt tls-several-leaves" },
	{ CA, "client.crt+client.crt", KEY, 0, NULL, "crt tls-cert-repeated" },
	{ CA, "chained.crt+many.crt", "chained.key", 0, NULL,
	  "crt tls-chain-long crt tls-several-leaves crt tls-cert-repeated" },
	{ "other-ca.crt", CRT, KEY, 0, NULL, "crt tls-not-of-ca" },
	{ CA, "chained.leaf.crt", "chained.key", 0, NULL, "crt tls-not-of-ca" },
	{ "intermediate.crt+ca.crt", "chained.leaf.crt", "chained.key", 0, NULL, "" },
	{ CA, PAIR("bad-signature"), 0, NULL, "crt tls-ca-other-key" },
	{ CA, "signature-changed.crt", KEY, 0, NULL, "crt!tls-signature-bad" },
	/* the CA */
	{ "expired-ca.crt", PAIR("of-expired-ca"), 0, NULL, "ca!tls-ca-expired" },
	{ "expired-ca.crt+ca.crt", CRT, KEY, 0, NULL, "ca tls-ca-some-expired" },
	{ "early-ca.crt", CRT, KEY, 0, NULL, "ca!tls-ca-not-yet-valid crt tls-not-of-ca" },
	{ "early-ca.crt+ca.crt", CRT, KEY, 0, NULL, "ca tls-ca-not-yet-valid" },
	{ "ending-ca.crt+ca.crt", CRT, KEY, 0, NULL, "ca tls-ca-expires-soon" },
	{ "server.crt", CRT, KEY, 0, NULL, "ca!tls-ca-is-leaf crt tls-not-of-ca" },
	{ "ca.crt+server.crt", CRT, KEY, 0, NULL, "ca tls-ca-is-leaf" },
	{ "self-signed.crt", CRT, KEY, 0, NULL, "ca tls-ca-self-signed crt tls-not-of-ca" },
	{ "bare-ca.crt", PAIR("of-bare-ca"), 0, NULL, "ca!tls-ca-no-constraints" },
	{ "no-sign-ca.crt", CRT, KEY, 0, NULL, "ca!tls-ca-key-usage crt tls-not-of-ca" },
	{ "code-ca.crt", CRT, KEY, 0, NULL, "ca!tls-ca-purpose ca!tls-ca-not-root crt tls-not-of-ca" },
	{ CRT, CRT, KEY, 0, NULL, "ca!tls-ca-is-leaf ca tls-ca-is-ours" },
	{ "intermediate.crt", PAIR("chained"), 0, NULL, "ca!tls-ca-not-root" },
	{ "ca.crt+other-ca.crt+ca.crt", CRT, KEY, 0, NULL, "ca tls-ca-repeated" },
	/* Mbed TLS looks for an RSA key first, wherever it stands */
	{ CA, CRT, "client.key+pkcs1.key", 0, NULL, "crt!tls-not-usable key tls-keys-several" },
};

/* "ca!tls-empty crt tls-crlf": part, error or not, name. */
static const char *said(const struct tls_inspection *in, char out[1024])
{
	static const char *const parts[] = { "ca", "crt", "key" };
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < in->n; i++)
		at += (size_t)snprintf(out + at, 1024 - at, "%s%s%s%s", i ? " " : "", parts[in->at[i].part],
				       in->at[i].error ? "!" : " ", tls_trouble_info(in->at[i].what)->name);
	return out;
}

static void check_finding(const struct tls_finding *f)
{
	assert_true(f->text[0] && memchr(f->text, 0, sizeof(f->text)));
	for (const char *p = f->text; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	assert_int_equal(f->error, f->node || f->receiver == TLS_ALL);
}

static void each_trouble(void **state)
{
	bool seen[TLS_TROUBLES] = { false };
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf text[TLS_PARTS] = { joined(cases[i].ca), joined(cases[i].crt), joined(cases[i].key) };
		char is[1024];
		struct tls_inspection out;
		if (cases[i].twist)
			cases[i].twist(&text[cases[i].part]);
		struct tls_pem pem = { buf_slice(&text[0]), buf_slice(&text[1]), buf_slice(&text[2]) };
		tls_inspect(&pem, clock_real_s(), SOON, &out);
		bool same = strcmp(said(&out, is), cases[i].want) == 0;
		bad += !same;
		if (!same)
			print_error("case %zu (%s, %s, %s): \"%s\", and not \"%s\"\n", i, cases[i].ca, cases[i].crt,
				    cases[i].key, is, cases[i].want);
		for (size_t k = 0; k < out.n; k++) {
			check_finding(&out.at[k]);
			seen[out.at[k].what] = true;
		}
		free_pem(text);
	}
	assert_int_equal(bad, 0);
	for (int what = 0; what < TLS_TROUBLES; what++)
		if (!seen[what])
			fail_msg("no case has %s", tls_trouble_info((enum tls_trouble)what)->name);
}

static void names_are_different(void **state)
{
	(void)state;
	for (int a = 0; a < TLS_TROUBLES; a++) {
		const struct tls_trouble_info *info = tls_trouble_info((enum tls_trouble)a);
		assert_int_equal(strncmp(info->name, "tls-", 4), 0);
		assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(info->name));
		assert_true(info->means[0] && info->mend[0]);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(info->name, tls_trouble_info((enum tls_trouble)b)->name);
	}
}

static struct tls_inspection inspect(const char *ca, const char *crt, const char *key, int64_t now, int64_t soon)
{
	struct buf text[TLS_PARTS] = { joined(ca), joined(crt), joined(key) };
	struct tls_pem pem = { buf_slice(&text[0]), buf_slice(&text[1]), buf_slice(&text[2]) };
	struct tls_inspection out;

	tls_inspect(&pem, now, soon, &out);
	free_pem(text);
	return out;
}

static void what_ends_first(void **state)
{
	char is[1024];

	(void)state;
	struct tls_certs client = pki_certs("client"), ca = pki_certs("ca");
	int64_t end = client.at[0].not_after, now = end - 10;
	struct tls_inspection out = inspect(CA, CRT, KEY, now, 0);
	assert_int_equal(out.first_not_after, end);
	assert_string_equal(said(&out, is), "");
	/* both inclusive: the second that it says is its last */
	out = inspect(CA, CRT, KEY, end, 0);
	assert_string_equal(said(&out, is), "");
	out = inspect(CA, CRT, KEY, now, 10);
	assert_string_equal(said(&out, is), "");
	out = inspect(CA, CRT, KEY, now, 11);
	assert_non_null(strstr(said(&out, is), "crt tls-expires-soon"));
	out = inspect(CA, CRT, KEY, ca.at[0].not_after + 1, 0);
	assert_non_null(strstr(said(&out, is), "ca!tls-ca-expired"));
	assert_non_null(strstr(is, "crt!tls-expired"));
	out = inspect("", "", "", now, 0);
	assert_int_equal(out.first_not_after, INT64_MAX);
	tls_certs_free(&client);
	tls_certs_free(&ca);
}

static void parts_that_are_not_there(void **state)
{
	struct tls_inspection out;
	struct buf crt = pki_read("client", ".crt");
	struct tls_pem none = { 0 }, only = { .cert = buf_slice(&crt) };

	(void)state;
	tls_inspect(&none, 0, 0, &out);
	assert_int_equal(out.n, 0);
	tls_inspect(&only, clock_real_s(), 0, &out);
	assert_int_equal(out.n, 0);
	buf_free(&crt);
}

/* Where, how often, and who; and bytes of a stranger do not reach a terminal. */
static void the_words(void **state)
{
	(void)state;
	struct tls_inspection out = inspect("ca.crt+expired-ca.crt+expired-ca.crt", "control.crt+control.crt",
					    "control.key", clock_real_s(), 0);
	char is[1024];
	assert_string_equal(said(&out, is), "ca tls-ca-some-expired ca tls-ca-repeated crt tls-cert-repeated");
	assert_int_equal(out.at[0].line, 12);
	assert_non_null(strstr(out.at[0].text, "certificate 2 (CN=Test CA expired-ca) expired on 20"));
	assert_non_null(strstr(out.at[0].text, " (and 1 more)"));
	assert_non_null(strstr(out.at[2].text, "\\x1b[31mred\\n\\x9b\\xff"));
}

/* --- no byte of a key ------------------------------------------------------------------- */

#define RUN 12

static void check_no_leak(struct slice secret, const struct tls_inspection *out, const char *how, unsigned n)
{
	for (size_t i = 0; i < out->n; i++)
		for (size_t at = 0; at + RUN <= secret.len; at++)
			if (memmem(out->at[i].text, strlen(out->at[i].text), secret.p + at, RUN))
				fail_msg("%s %u: \"%s\" has bytes of the key", how, n, out->at[i].text);
}

/* The base64 alone, in one run. */
static struct buf secret_of(const struct buf *key)
{
	struct buf out = { 0 };
	const char *p = (char *)memchr(key->p, '\n', key->len) + 1;

	for (; *p != '-'; p++)
		if (*p != '\n')
			buf_add_char(&out, *p);
	return out;
}

/* A damaged one; false: there are no more of this kind. */
static bool damage(struct buf *b, int how, unsigned n)
{
	size_t at = n * 7 + 1;

	if (at + 40 >= b->len)
		return false;
	switch (how) {
	case 0: /* cut */
		b->len = at;
		return true;
	case 1: /* its beginning lost */
		buf_drop(b, at);
		return true;
	case 2: /* shifted */
		memmove(b->p + at, b->p + at + 3, b->len - at - 3);
		b->len -= 3;
		return true;
	case 3: /* swapped */
		for (size_t i = 0; i < 10; i++) {
			char c = b->p[at + i];
			b->p[at + i] = b->p[at + 20 + i];
			b->p[at + 20 + i] = c;
		}
		return true;
	case 4: /* lines joined */
		replace(b, "\n", n % 2 ? "" : " ");
		b->p[at] = n % 3 ? b->p[at] : '-';
		return true;
	case 5: /* other words around it */
		replace(b, "PRIVATE KEY", n % 2 ? "CERTIFICATE" : "PUBLIC KEY");
		b->p[at] ^= n % 3 ? 0 : 1;
		return true;
	case 6: /* the lines of BEGIN and END amid it */
		prepend(b, b->p + at, 30);
		replace(b, "-----", n % 2 ? "---" : "-----BEGIN ");
		return true;
	default: /* encoded twice, and cut */
		base64(b);
		b->len -= at;
		return true;
	}
}

static void no_byte_of_a_key(void **state)
{
	static const char *const keys[] = { "client.key", "sec1.key" };
	struct buf ca = pki_read("ca", ".crt"), crt = pki_read("client", ".crt");
	unsigned tried = 0;

	(void)state;
	for (size_t k = 0; k < COUNT(keys); k++) {
		struct buf key = joined(keys[k]), secret = secret_of(&key), twice = joined(keys[k]);
		base64(&twice);
		for (int how = 0; how < 8; how++) {
			for (unsigned n = 0;; n++) {
				struct tls_inspection out;
				struct buf b = joined(keys[k]);
				bool more = damage(&b, how, n);
				struct slice at[] = { buf_slice(&ca), buf_slice(&crt), buf_slice(&key) };
				at[n % 3] = buf_slice(&b);
				struct tls_pem pem = { at[0], at[1], at[2] };
				tls_inspect(&pem, clock_real_s(), SOON, &out);
				check_no_leak(buf_slice(&secret), &out, "damage", (unsigned)how * 1000 + n);
				check_no_leak(buf_slice(&twice), &out, "damage", (unsigned)how * 1000 + n);
				buf_free(&b);
				tried++;
				if (!more)
					break;
			}
		}
		buf_free(&key);
		buf_free(&secret);
		buf_free(&twice);
	}
	assert_true(tried > 300);
	buf_free(&ca);
	buf_free(&crt);
}

/* Cut anywhere, in exact memory, so that the sanitizer sees a byte too far. */
static void cut_anywhere(void **state)
{
	struct buf text[TLS_PARTS] = { joined(CA), joined("chained.crt"), joined("sec1.key") };

	(void)state;
	for (int part = 0; part < TLS_PARTS; part++) {
		for (size_t len = 0; len < text[part].len; len += 3) {
			struct tls_inspection out;
			char *exact = mem_dup(text[part].p, len);
			struct slice at[] = { buf_slice(&text[0]), buf_slice(&text[1]), buf_slice(&text[2]) };
			at[part] = slice_of(exact, len);
			/* by itself: what belongs together is looked at elsewhere */
			struct tls_pem pem = { part == 0 ? at[0] : (struct slice){ 0 },
					       part == 1 ? at[1] : (struct slice){ 0 },
					       part == 2 ? at[2] : (struct slice){ 0 } };
			tls_inspect(&pem, clock_real_s(), SOON, &out);
			assert_true(out.n > 0 || len + 2 > text[part].len || part == 1);
			free(exact);
		}
	}
	free_pem(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trouble),
		cmocka_unit_test(names_are_different),
		cmocka_unit_test(what_ends_first),
		cmocka_unit_test(parts_that_are_not_there),
		cmocka_unit_test(the_words),
		cmocka_unit_test(no_byte_of_a_key),
		cmocka_unit_test(cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
