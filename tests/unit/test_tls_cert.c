// SPDX-License-Identifier: Apache-2.0
#include "tls_test.h"

#include "base/clock.h"

static void a_server_certificate(void **state)
{
	(void)state;
	struct tls_certs certs = pki_certs("server");
	const struct tls_cert *c = &certs.at[0];
	assert_int_equal(certs.n, 1);
	assert_string_equal(c->subject, "CN=server.test");
	assert_string_equal(c->issuer, "O=Test, CN=Test CA");
	assert_string_equal(c->common_name, "server.test");
	assert_string_equal(c->key, "EC P-256");
	assert_string_equal(c->signature, "ECDSA SHA-256");
	assert_false(c->ca);
	assert_false(c->self_issued);
	assert_false(c->names_cut);
	static const struct {
		enum tls_name_kind kind;
		const char *text;
	} want[] = {
		{ TLS_NAME_DNS, "server.test" }, { TLS_NAME_DNS, "logs.example.test" },
		{ TLS_NAME_IP, "127.0.0.1" },	 { TLS_NAME_IP, "::1" },
		{ TLS_NAME_OTHER, "URI:spiffe://test/server" },
		{ TLS_NAME_OTHER, "email:ops@example.test" },
	};
	assert_int_equal(c->n_names, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(c->names[i].kind, want[i].kind);
		assert_string_equal(c->names[i].text, want[i].text);
	}
	int64_t now = clock_real_s();
	assert_true(c->not_before > now - 3 * 86400 && c->not_before < now);
	assert_int_equal(c->not_after - c->not_before, 366 * 86400);
	assert_int_equal(strlen(c->serial), 32);
	tls_certs_free(&certs);
	assert_int_equal(certs.n, 0);
}

static void fingerprints_are_those_of_openssl(void **state)
{
	(void)state;
	static const char *const names[] = { "server", "server-rsa", "control", "many-names" };
	for (size_t i = 0; i < COUNT(names); i++) {
		char text[TLS_FINGERPRINT_MAX];
		struct tls_certs certs = pki_certs(names[i]);
		struct buf sha1 = pki_read(names[i], ".sha1"), sha256 = pki_read(names[i], ".sha256");
		sha1.len--; /* the line feed */
		sha256.len--;
		assert_string_equal(tls_fingerprint_text(certs.at[0].sha1, 20, text), buf_cstr(&sha1));
		assert_string_equal(tls_fingerprint_text(certs.at[0].sha256, 32, text),
				    buf_cstr(&sha256));
		buf_free(&sha1);
		buf_free(&sha256);
		tls_certs_free(&certs);
	}
}

static void kinds_of_keys_and_signatures(void **state)
{
	(void)state;
	static const struct {
		const char *name, *key, *signature;
	} cases[] = {
		{ "ca", "EC P-256", "ECDSA SHA-256" },
		{ "server-p384", "EC P-384", "ECDSA SHA-384" },
		{ "server-p521", "EC P-521", "ECDSA SHA-512" },
		{ "server-rsa", "RSA 2048", "RSA SHA-256" },
		{ "server-pss", "RSA 2048", "RSA-PSS SHA-256" },
		{ "sha1-signed", "EC P-256", "RSA SHA-1" },
		{ "rsa1024", "RSA 1024", "ECDSA SHA-256" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_certs certs = pki_certs(cases[i].name);
		assert_string_equal(certs.at[0].key, cases[i].key);
		assert_string_equal(certs.at[0].signature, cases[i].signature);
		tls_certs_free(&certs);
	}
}

static void chains_and_bundles(void **state)
{
	(void)state;
	struct tls_certs certs = pki_certs("chained");
	assert_int_equal(certs.n, 2);
	assert_string_equal(certs.at[0].common_name, "chained.test");
	assert_string_equal(certs.at[0].issuer, certs.at[1].subject);
	assert_true(certs.at[1].ca);
	assert_false(certs.at[1].self_issued);
	tls_certs_free(&certs);
	certs = pki_certs("bundle"); /* words between the blocks */
	assert_int_equal(certs.n, 3);
	assert_true(certs.at[0].ca && certs.at[0].self_issued);
	tls_certs_free(&certs);
	certs = pki_certs("many");
	assert_int_equal(certs.n, 12);
	tls_certs_free(&certs);
}

static void subjects(void **state)
{
	(void)state;
	static const struct {
		const char *name, *subject, *common_name;
	} cases[] = {
		{ "server-rsa", "C=DE, O=\"A, B\", CN=x", "x" },
		{ "no-name", "", NULL },
		{ "wrong-case", "CN=Server.Test", "Server.Test" },
		{ "odd-subject", "2.5.4.65=p, CN=first, DC=x, CN=\"a=b\", 1.3.6.1.4.1.99999.1=\"\"",
		  "first" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_certs certs = pki_certs(cases[i].name);
		assert_string_equal(certs.at[0].subject, cases[i].subject);
		if (cases[i].common_name)
			assert_string_equal(certs.at[0].common_name, cases[i].common_name);
		else
			assert_null(certs.at[0].common_name);
		tls_certs_free(&certs);
	}
}

static void a_nul_does_not_end_a_name(void **state)
{
	(void)state;
	struct tls_certs certs = pki_certs("nul");
	const struct tls_cert *c = &certs.at[0];
	assert_string_equal(c->common_name, "server.test\\x00.evil.test");
	assert_string_equal(c->subject, "CN=server.test\\x00.evil.test");
	assert_int_equal(c->n_names, 3);
	assert_string_equal(c->names[0].text, "server.test\\x00.evil.test");
	assert_string_equal(c->names[1].text, "\\x00");
	assert_string_equal(c->names[2].text, "");
	tls_certs_free(&certs);
}

static void bytes_stay_what_they_are(void **state)
{
	(void)state;
	struct tls_certs certs = pki_certs("control");
	assert_string_equal(certs.at[0].common_name, "\x1b[31mred\n\x9b\xff");
	assert_string_equal(certs.at[0].names[0].text, "\x1b]0;title\x07");
	assert_string_equal(certs.at[0].names[2].text, "URI:\x1b[2J");
	tls_certs_free(&certs);
}

static void limits(void **state)
{
	(void)state;
	struct tls_certs certs = pki_certs("many-names");
	assert_int_equal(certs.at[0].n_names, TLS_NAMES_MAX);
	assert_true(certs.at[0].names_cut);
	assert_string_equal(certs.at[0].names[127].text, "host-127.example.test");
	tls_certs_free(&certs);
	certs = pki_certs("long-name");
	assert_int_equal(strlen(certs.at[0].common_name), 250);
	assert_int_equal(strlen(certs.at[0].names[0].text), 5000);
	tls_certs_free(&certs);
	struct err e;
	struct buf big = { 0 };
	buf_reserve(&big, TLS_PEM_MAX + 1);
	memset(big.p, '\n', TLS_PEM_MAX + 1);
	assert_int_equal(tls_certs_parse(slice_of(big.p, TLS_PEM_MAX + 1), &certs, &e), -1);
	assert_non_null(strstr(e.text, "more than 1048576 bytes"));
	tls_certs_free(&certs);
	buf_free(&big);
}

static void dates(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int64_t not_before, not_after;
	} cases[] = {
		{ "dates-1950", -631152000, 2524607999 }, /* 1950-01-01, 2049-12-31T23:59:59 */
		{ "dates-2050", 2524608000, 253402300799 }, /* 2050-01-01, 9999-12-31T23:59:59 */
		{ "dates-2000", 951782400, 1709251199 }, /* two leap days: 2000-02-29, 2024-02-29T23:59:59 */
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_certs certs = pki_certs(cases[i].name);
		assert_int_equal(certs.at[0].not_before, cases[i].not_before);
		assert_int_equal(certs.at[0].not_after, cases[i].not_after);
		tls_certs_free(&certs);
	}
}

static void what_is_not_taken(void **state)
{
	(void)state;
	static const struct {
		const char *name, *words;
	} cases[] = {
		{ "empty", "no certificate in it" },
		{ "words", "no certificate in it" },
		{ "truncated", "certificate 1 is cut off" },
		{ "damaged", "certificate 1: it is damaged" },
		{ "second-damaged", "certificate 2: it is damaged" },
		{ "ed25519", "not supported" },
		{ "unknown-critical", "critical and not known" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = { 0 };
		struct tls_certs certs;
		struct buf pem = pki_read(cases[i].name, ".crt");
		int r = tls_certs_parse(buf_slice(&pem), &certs, &e);
		if (r != -1 || !strstr(e.text, cases[i].words))
			fail_msg("%s: %d \"%s\"", cases[i].name, r, e.text);
		tls_certs_free(&certs);
		buf_free(&pem);
	}
	struct err e;
	struct tls_certs certs;
	assert_int_equal(tls_certs_parse((struct slice){ 0 }, &certs, &e), -1);
	tls_certs_free(&certs);
	tls_certs_free(&certs); /* twice is fine */
}

/* Cut anywhere, or with a byte changed, it parses or does not, and nothing breaks. */
static void cut_and_changed(void **state)
{
	(void)state;
	struct buf pem = pki_read("server", ".crt");
	struct tls_certs certs;
	for (size_t len = 0; len < pem.len; len++) {
		char *exact = mem_dup(pem.p, len); /* so that the sanitizer sees a byte too far */
		(void)tls_certs_parse(slice_of(exact, len), &certs, NULL);
		tls_certs_free(&certs);
		free(exact);
	}
	for (size_t at = 28; at + 30 < pem.len; at++) {
		char old = pem.p[at];
		for (const char *c = "AZ+/="; *c; c++) {
			pem.p[at] = *c;
			(void)tls_certs_parse(buf_slice(&pem), &certs, NULL);
			tls_certs_free(&certs);
		}
		pem.p[at] = old;
	}
	buf_free(&pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_certificate),
		cmocka_unit_test(fingerprints_are_those_of_openssl),
		cmocka_unit_test(kinds_of_keys_and_signatures),
		cmocka_unit_test(chains_and_bundles),
		cmocka_unit_test(subjects),
		cmocka_unit_test(a_nul_does_not_end_a_name),
		cmocka_unit_test(bytes_stay_what_they_are),
		cmocka_unit_test(limits),
		cmocka_unit_test(dates),
		cmocka_unit_test(what_is_not_taken),
		cmocka_unit_test(cut_and_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
