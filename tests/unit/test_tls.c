// SPDX-License-Identifier: Apache-2.0
#include "tls_pair.h"

static const struct end_spec good_client = { .ca = "ca", .cert = "client" };
static const struct end_spec good_server = { .ca = "ca", .cert = "server" };

/* --- what works ------------------------------------------------------------------ */

static void carry(unsigned version_max, bool worker)
{
	struct end_spec client = good_client;
	struct pair p;

	client.version_max = version_max;
	pair_init(&p, &client, &good_server, worker);
	pair_shake(&p);
	if (!p.client.done || !p.server.done)
		fail_msg("client: %s; server: %s", p.client.e.text, p.server.e.text);
	assert_carries(&p.client, &p.server, "there");
	assert_carries(&p.server, &p.client, "and back");
	const char *version = version_max == 12 ? "TLS 1.2" : "TLS 1.3";
	assert_string_equal(p.client.report.version, version);
	assert_string_equal(p.server.report.version, version);
	assert_non_null(p.client.report.cipher);
	assert_string_equal(p.client.report.cipher, p.server.report.cipher);
	assert_int_equal(p.client.report.cause, TLS_GOOD);
	assert_int_equal(p.client.report.own, TLS_OWN_SENT);
	assert_int_equal(p.client.report.alert, -1);
	assert_int_equal(p.client.report.chain.n, 1);
	assert_string_equal(p.client.report.chain.at[0].common_name, "server.test");
	assert_string_equal(p.server.report.chain.at[0].common_name, "client.test");
	pair_free(&p);
}

static void it_carries_bytes_with_tls_13(void **state)
{
	(void)state;
	carry(0, false);
}

static void it_carries_bytes_with_tls_12(void **state)
{
	(void)state;
	carry(12, false);
}

static void the_handshake_is_computed_by_a_worker(void **state)
{
	(void)state;
	carry(0, true);
	carry(12, true);
}

struct works {
	const char *what;
	struct end_spec client, server;
};

static const struct works works[] = {
	{ "a chain with an intermediate", { .ca = "ca", .cert = "client", .target = "chained.test" }, { .ca = "ca", .cert = "chained" } },
	{ "P-384", { .ca = "ca", .cert = "client", .target = "server-p384.test" }, { .ca = "ca", .cert = "server-p384" } },
	{ "P-521", { .ca = "ca", .cert = "client", .target = "server-p521.test" }, { .ca = "ca", .cert = "server-p521" } },
	{ "RSA", { .ca = "rsa-ca", .cert = "server-rsa", .target = "127.0.0.1" }, { .ca = "rsa-ca", .cert = "server-rsa" } },
	{ "signed with PSS", { .ca = "rsa-ca", .cert = "client", .target = "127.0.0.1" }, { .ca = "ca", .cert = "server-pss" } },
	{ "a wildcard", { .ca = "ca", .cert = "client", .target = "a.example.test" },
	  { .ca = "ca", .cert = "wildcard" } },
	{ "an address", { .ca = "ca", .cert = "client", .target = "127.0.0.1" }, { .ca = "ca", .cert = "server" } },
	{ "permittedPeer", { .ca = "ca", .cert = "client", .target = "elsewhere", .permitted = "*.example.test" },
	  { .ca = "ca", .cert = "server", .permitted = "client.test" } },
	{ "a common name", { .ca = "ca", .cert = "client", .permitted = "cn-only.example.test" },
	  { .ca = "ca", .cert = "cn-only" } },
	{ "pinned by SHA-1, of another CA",
	  { .cert = "client", .auth = TLS_AUTH_FINGERPRINT, .permitted = "SHA1", .pinned = "other" },
	  { .ca = "ca", .cert = "other" } },
	{ "pinned by SHA-256, self-signed, both sides",
	  { .cert = "self-signed", .auth = TLS_AUTH_FINGERPRINT, .permitted = "SHA256", .pinned = "self-signed" },
	  { .cert = "self-signed", .auth = TLS_AUTH_FINGERPRINT, .permitted = "SHA256", .pinned = "self-signed" } },
	{ "anyone, with a certificate", { .ca = "ca", .cert = "client" },
	  { .ca = "ca", .cert = "server", .anyone = true } },
	{ "anyone, without", { .ca = "ca" }, { .ca = "ca", .cert = "server", .anyone = true } },
	{ "anyone, without a CA", { .ca = "ca", .cert = "client" }, { .cert = "server", .anyone = true } },
};

static void all_that_is_permitted_gets_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(works); i++) {
		for (unsigned version = 12; version <= 13; version++) {
			struct end_spec client = works[i].client;
			struct pair p;
			client.version_max = version;
			pair_init(&p, &client, &works[i].server, false);
			pair_shake(&p);
			if (!p.client.done || !p.server.done)
				fail_msg("%s, 1.%u: client: %s; server: %s", works[i].what, version - 10,
					 p.client.e.text, p.server.e.text);
			assert_carries(&p.client, &p.server, "there");
			assert_carries(&p.server, &p.client, "and back");
			pair_free(&p);
		}
	}
}

static void it_tells_whether_a_certificate_of_ours_was_asked_for(void **state)
{
	static const struct end_spec none = { .ca = "ca" };
	static const struct end_spec anyone = { .ca = "ca", .cert = "server", .anyone = true };
	static const struct end_spec asks_nobody = { .cert = "server", .anyone = true };
	static const struct {
		const struct end_spec *client, *server;
		enum tls_own own;
	} cases[] = {
		{ &good_client, &anyone, TLS_OWN_SENT },
		{ &none, &anyone, TLS_OWN_NONE },
		{ &good_client, &asks_nobody, TLS_OWN_NOT_ASKED },
		{ &none, &asks_nobody, TLS_OWN_NOT_ASKED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (unsigned version = 12; version <= 13; version++) {
			struct end_spec client = *cases[i].client;
			struct pair p;
			client.version_max = version;
			pair_init(&p, &client, cases[i].server, false);
			pair_shake(&p);
			assert_true(p.client.done && p.server.done);
			assert_int_equal(p.client.report.own, cases[i].own);
			pair_free(&p);
		}
	}
}

/* --- who is refused ------------------------------------------------------------------ */

struct refused {
	const char *what;
	struct end_spec us; /* who refuses */
	const char *them;   /* the certificate of the other end; NULL: none */
	enum tls_cause cause;
	int alert;
	const char *text;
};

#define PINNED .auth = TLS_AUTH_FINGERPRINT, .permitted = "SHA256"

/* Both sides refuse in the same way: of a client the purpose is another. */
static const struct refused refused[] = {
	{ "another CA", { .ca = "ca" }, "other", TLS_PEER_UNKNOWN_CA, 48, "CA" },
	{ "no intermediate, so to say", { .ca = "other-ca" }, "chained", TLS_PEER_UNKNOWN_CA, 48, "CA" },
	{ "the CA's name, another key", { .ca = "ca" }, "bad-signature", TLS_PEER_BAD_SIGNATURE, 48, "sign" },
	{ "self-signed", { .ca = "ca" }, "self-signed", TLS_PEER_SELF_SIGNED, 48, "self" },
	{ "expired", { .ca = "ca" }, "expired", TLS_PEER_EXPIRED, 45, "expired" },
	{ "not yet valid", { .ca = "ca" }, "not-yet", TLS_PEER_NOT_YET_VALID, 45, "valid" },
	{ "the CA has expired", { .ca = "expired-ca" }, "of-expired-ca", TLS_PEER_EXPIRED, 45, "the CA that is given here (CN=" },
	{ "the CA as leaf", { .ca = "ca" }, "ca", TLS_PEER_CA_AS_LEAF, 42, "CA" },
	{ "for something else", { .ca = "ca" }, "eku-code", TLS_PEER_PURPOSE, 43, "" },
	{ "no signatures", { .ca = "ca" }, "no-usage", TLS_PEER_PURPOSE, 43, "" },
	{ "of a CA for something else", { .ca = "ca" }, "of-code-ca", TLS_PEER_PURPOSE, 43, "may not issue" },
	{ "of a CA for some names", { .ca = "ca" }, "of-names-ca", TLS_PEER_PURPOSE, 43, "name constraints" },
	{ "signed with SHA-1", { .ca = "rsa-ca" }, "sha1-signed", TLS_PEER_WEAK, 43, "SHA-1" },
	{ "RSA with 1024 bits", { .ca = "ca" }, "rsa1024", TLS_PEER_WEAK, 43, "1024" },
	{ "another name", { .ca = "ca", .permitted = "someone" }, "server", TLS_PEER_NAME, 42, "someone" },
	{ "the case of a name", { .ca = "ca", .permitted = "server.test" }, "wrong-case", TLS_PEER_NAME_CASE, 42, "case" },
	{ "another fingerprint", { PINNED, .pinned = "client" }, "server", TLS_PEER_FINGERPRINT, 42, "SHA256" },
	{ "pinned, but expired", { PINNED, .pinned = "expired" }, "expired", TLS_PEER_EXPIRED, 45, "expired" },
	{ "pinned, but not yet valid", { PINNED, .pinned = "not-yet" }, "not-yet", TLS_PEER_NOT_YET_VALID, 45, "valid" },
};

/* To a client that is right, but not permitted, a server has a word of its own. */
static int alert_of(const struct refused *r, const struct end *us)
{
	bool not_permitted = r->cause >= TLS_PEER_NAME && r->cause <= TLS_PEER_FINGERPRINT;

	return us->report.server && not_permitted ? 49 : r->alert;
}

static void assert_refused(const struct refused *r, const struct end *us, unsigned version)
{
	if (!us->failed)
		fail_msg("%s, 1.%u: it got in", r->what, version - 10);
	if (us->report.cause != r->cause || us->report.alert != alert_of(r, us) || !us->report.alert_of_ours)
		fail_msg("%s, 1.%u: cause %d, alert %d: %s", r->what, version - 10, us->report.cause,
			 us->report.alert, us->e.text);
	if (!strstr(us->e.text, r->text))
		fail_msg("%s: \"%s\" is not in \"%s\"", r->what, r->text, us->e.text);
	assert_true(tls_cause_is_peer(us->report.cause));
	assert_true(us->report.chain.n >= 1);
}

/* The one who was refused knows it, by the alert. */
static void assert_told(int alert, const struct refused *r, struct end *them)
{
	char got[16];

	if (them->done)
		assert_int_equal(end_read(them, got, sizeof(got)), TRANSPORT_FAILED);
	if (them->report.alert != alert || them->report.alert_of_ours)
		fail_msg("%s: the other side has cause %d, alert %d: %s", r->what, them->report.cause,
			 them->report.alert, them->e.text);
	assert_int_equal(them->report.cause, TLS_WE_REFUSED);
}

/* Our own server does not serve what is not for signing. */
static bool is_served(enum tls_cause cause)
{
	return cause != TLS_PEER_CA_AS_LEAF && cause != TLS_PEER_PURPOSE;
}

static void a_client_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct refused *r = &refused[i];
		for (unsigned version = 12; version <= 13 && is_served(r->cause); version++) {
			struct end_spec client = r->us;
			struct end_spec server = { .cert = r->them, .anyone = true };
			struct pair p;
			client.version_max = version;
			pair_init(&p, &client, &server, version == 13);
			pair_shake(&p);
			assert_refused(r, &p.client, version);
			assert_told(alert_of(r, &p.client), r, &p.server);
			pair_free(&p);
		}
	}
}

static void a_server_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct refused *r = &refused[i];
		/* once with a certificate asked for, once where anyone gets in who shows none */
		for (unsigned k = 0; k < 4; k++) {
			unsigned version = 12 + k % 2;
			struct end_spec server = r->us;
			struct end_spec client = { .ca = "ca", .cert = r->them, .version_max = version };
			struct pair p;
			server.cert = "server";
			server.anyone = k >= 2;
			pair_init(&p, &client, &server, k % 2 == 0);
			pair_shake(&p);
			assert_refused(r, &p.server, version);
			assert_told(alert_of(r, &p.server), r, &p.client);
			pair_free(&p);
		}
	}
}

static void a_client_without_a_certificate_is_refused(void **state)
{
	(void)state;
	for (unsigned version = 12; version <= 13; version++) {
		struct end_spec client = { .ca = "ca", .version_max = version };
		struct pair p;
		char got[16];
		pair_init(&p, &client, &good_server, false);
		pair_shake(&p);
		assert_true(p.server.failed);
		assert_int_equal(p.server.report.cause, TLS_PEER_NO_CERTIFICATE);
		if (p.client.done)
			assert_int_equal(end_read(&p.client, got, sizeof(got)), TRANSPORT_FAILED);
		if (p.client.report.cause != TLS_WE_REFUSED)
			fail_msg("1.%u: %s", version - 10, p.client.e.text);
		assert_int_equal(p.client.report.own, TLS_OWN_NONE);
		assert_int_equal(p.client.report.alert, version == 13 ? 116 : 40);
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_carries_bytes_with_tls_13),
		cmocka_unit_test(it_carries_bytes_with_tls_12),
		cmocka_unit_test(the_handshake_is_computed_by_a_worker),
		cmocka_unit_test(all_that_is_permitted_gets_in),
		cmocka_unit_test(it_tells_whether_a_certificate_of_ours_was_asked_for),
		cmocka_unit_test(a_client_refuses),
		cmocka_unit_test(a_server_refuses),
		cmocka_unit_test(a_client_without_a_certificate_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
