// SPDX-License-Identifier: Apache-2.0
#include "tls_pair.h"

/* Files by their whole names; NULL: none. */
struct files {
	const char *ca, *cert, *key;
};

static struct slice read_file(const char *name, struct buf *b)
{
	*b = name ? pair_file(name, "") : (struct buf){ 0 };
	/* as a file is mapped: nothing behind it that could be read */
	return name ? slice_of(b->p, b->len) : (struct slice){ 0 };
}

static struct tls_creds *make(const struct tls_conf *conf, struct files f, struct err *e)
{
	struct buf b[3];
	struct tls_pem pem = { .ca = read_file(f.ca, &b[0]), .cert = read_file(f.cert, &b[1]),
			       .key = read_file(f.key, &b[2]) };
	struct tls_creds *c = tls_creds_new(conf, &pem, e);

	for (size_t i = 0; i < 3; i++)
		buf_free(&b[i]);
	return c;
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		enum tls_side side;
		struct files f;
		int code;
		const char *text;
	} cases[] = {
		{ TLS_CLIENT, { NULL, NULL, NULL }, 0, "CA" },
		{ TLS_CLIENT, { NULL, "client.crt", "client.key" }, 0, "CA" },
		{ TLS_CLIENT, { "words.crt", NULL, NULL }, 0, "CA: no certificate" },
		{ TLS_CLIENT, { "empty.crt", NULL, NULL }, 0, "CA: no certificate" },
		{ TLS_CLIENT, { "truncated.crt", NULL, NULL }, 0, "CA: certificate 1" },
		{ TLS_CLIENT, { "damaged.crt", NULL, NULL }, 0, "CA: certificate 1" },
		{ TLS_CLIENT, { "ca.crt", "client.crt", NULL }, TLS_ERR_MISMATCH, "no key" },
		{ TLS_CLIENT, { "ca.crt", NULL, "client.key" }, TLS_ERR_MISMATCH, "no certificate" },
		{ TLS_CLIENT, { "ca.crt", "client.crt", "server.key" }, TLS_ERR_MISMATCH, "does not belong" },
		{ TLS_CLIENT, { "ca.crt", "server-rsa.crt", "server.key" }, TLS_ERR_MISMATCH, "does not belong" },
		{ TLS_CLIENT, { "ca.crt", "chained.crt", "intermediate.key" }, TLS_ERR_MISMATCH, "certificate 2" },
		{ TLS_CLIENT, { "ca.crt", "truncated.crt", "server.key" }, 0, "certificate: certificate 1" },
		{ TLS_CLIENT, { "ca.crt", "server.crt", "truncated.key" }, 0, "key: " },
		{ TLS_CLIENT, { "ca.crt", "server.crt", "server.encrypted.key" }, 0, "encrypted" },
		{ TLS_CLIENT, { "ca.crt", "server.crt", "words.crt" }, 0, "no private key" },
		{ TLS_CLIENT, { "ca.crt", "server.crt", "empty.crt" }, 0, "no private key" },
		{ TLS_CLIENT, { "ca.crt", "server.crt", "server.crt" }, 0, "no private key" },
		{ TLS_CLIENT, { "ca.crt", "ed25519.crt", "ed25519.key" }, 0, "not supported" },
		{ TLS_CLIENT, { "ca.crt", "server.crt", "ed25519.key" }, 0, "Ed25519" },
		{ TLS_SERVER, { "ca.crt", NULL, NULL }, 0, "server" },
		{ TLS_SERVER, { NULL, "server.crt", "server.key" }, 0, "clients" },
		{ TLS_SERVER, { "ca.crt", "eku-client.crt", "eku-client.key" }, 0, "purpose" },
		{ TLS_SERVER, { "ca.crt", "no-usage.crt", "no-usage.key" }, 0, "purpose" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_conf conf = { .side = cases[i].side, .target = "server.test" };
		struct err e = { 0 };
		struct tls_creds *c = make(&conf, cases[i].f, &e);
		if (c || e.code != cases[i].code || !strstr(e.text, cases[i].text))
			fail_msg("%zu: %s, code %d: %s", i, c ? "taken" : "refused", e.code, e.text);
	}
}

static void what_a_mode_needs(void **state)
{
	struct err e = { 0 };
	struct tls_conf pinned = { .side = TLS_CLIENT, .auth = TLS_AUTH_FINGERPRINT, .target = "x" };
	const char *one[] = { "SHA1:00112233445566778899AABBCCDDEEFF00112233" };
	struct tls_creds *c;

	(void)state;
	assert_null(make(&pinned, (struct files){ 0 }, &e));
	assert_in(e.text, "permitted peer");
	pinned.permitted = one;
	pinned.n_permitted = 1;
	c = make(&pinned, (struct files){ 0 }, &e); /* neither a CA nor a certificate of our own */
	assert_non_null(c);
	assert_int_equal(tls_creds_own(c)->n, 0);
	assert_int_equal(tls_creds_ca(c)->n, 0);
	assert_true(tls_creds_not_after(c) == INT64_MAX);
	tls_creds_free(c);
	tls_creds_free(NULL);
}

static void it_tells_what_it_holds(void **state)
{
	struct err e = { 0 };
	struct tls_conf conf = { .side = TLS_CLIENT, .target = "x" };
	struct tls_creds *c = make(&conf, (struct files){ "bundle.crt", "chained.crt", "chained.key" }, &e);

	(void)state;
	assert_non_null(c);
	assert_int_equal(tls_creds_ca(c)->n, 3);
	assert_int_equal(tls_creds_own(c)->n, 2); /* with its intermediate */
	assert_string_equal(tls_creds_own(c)->at[0].common_name, "chained.test");
	assert_true(tls_creds_not_after(c) == tls_creds_own(c)->at[0].not_after);
	assert_ptr_equal(tls_creds_hold(c), c);
	tls_creds_free(c);
	assert_int_equal(tls_creds_own(c)->n, 2); /* one holds it still */
	tls_creds_free(c);
}

/* RFC 6066 section 3: names alone, and without the dot at their end. */
static void names_are_sent_and_addresses_are_not(void **state)
{
	static const struct {
		const char *target, *sni;
	} cases[] = {
		{ "log.example.com", "log.example.com" },
		{ "log.example.com.", "log.example.com" },
		{ "localhost", "localhost" },
		{ "192.0.2.1", NULL },
		{ "::1", NULL },
		{ "fe80::1%eth0", NULL },
		{ "[::1]", NULL },
		{ NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *peer[] = { "peer.test" };
		struct tls_conf conf = { .side = TLS_CLIENT, .target = cases[i].target,
					 .permitted = peer, .n_permitted = 1 };
		struct err e = { 0 };
		struct tls_creds *c = make(&conf, (struct files){ .ca = "ca.crt" }, &e);
		assert_non_null(c);
		if (cases[i].sni)
			assert_string_equal(c->sni, cases[i].sni);
		else
			assert_null(c->sni);
		tls_creds_free(c);
	}
}

/* Of a chain of two, cut anywhere: what is taken ends behind a whole certificate. */
static void no_part_of_a_certificate_is_passed_over(void **state)
{
	struct buf ca = pair_file("ca", ".crt"), cert = pair_file("chained", ".crt"), key = pair_file("chained", ".key");
	struct tls_conf conf = { .side = TLS_CLIENT, .target = "x" };
	const char *second = strstr(strstr(buf_cstr(&cert), "-----BEGIN") + 1, "-----BEGIN CERTIFICATE-----");
	size_t begins = (size_t)(second - cert.p) + strlen("-----BEGIN CERTIFICATE-----"), n_one = 0, n_two = 0;

	(void)state;
	while (cert.p[cert.len - 1] == '\n')
		cert.len--;
	for (size_t len = 1; len <= cert.len; len += cert.len - len < 40 ? 1 : 37) {
		struct err e = { 0 };
		char *p = mem_dup(cert.p, len); /* nothing behind it that may be read */
		struct tls_pem pem = { buf_slice(&ca), slice_of(p, len), buf_slice(&key) };
		struct tls_creds *c = tls_creds_new(&conf, &pem, &e);
		n_one += c && tls_creds_own(c)->n == 1;
		n_two += c && tls_creds_own(c)->n == 2;
		assert_true(!c || tls_creds_own(c)->n == 2 || len < begins);
		assert_true(c || e.text[0]);
		tls_creds_free(c);
		free(p);
	}
	assert_true(n_one > 0);
	assert_int_equal(n_two, 1);
	buf_free(&ca);
	buf_free(&cert);
	buf_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(what_a_mode_needs),
		cmocka_unit_test(it_tells_what_it_holds),
		cmocka_unit_test(names_are_sent_and_addresses_are_not),
		cmocka_unit_test(no_part_of_a_certificate_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
