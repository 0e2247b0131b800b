// SPDX-License-Identifier: Apache-2.0
#include "tls_test.h"

#include "tls/report.h"

#define NOW 1793404800 /* 2026-10-31T00:00:00Z; no certificate is judged by it here */
#define ALL_CAUSES (TLS_BROKEN + 1)

static const char *said(const struct tls_report *r)
{
	static struct err e;
	assert_int_equal(tls_report_say(r, NOW, &e), -1);
	return e.text;
}

/* One line for a person: printable, not too long, about something. */
static void looks_right(const char *text)
{
	size_t len = strlen(text);
	assert_true(len > 5 && len < 500);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7F)
			fail_msg("byte %02x in: %s", (unsigned char)text[i], text);
}

static void causes_have_stable_names(void **state)
{
	(void)state;
	static const char *const names[ALL_CAUSES] = {
		"unknown", "good", "peer-no-certificate", "peer-unknown-ca", "peer-self-signed",
		"peer-bad-signature", "peer-expired", "peer-not-yet-valid", "peer-ca-as-leaf",
		"peer-purpose", "peer-weak", "peer-key", "peer-name", "peer-name-case", "peer-fingerprint",
		"we-refused", "we-dropped", "nothing-common", "not-tls", "plain-relp", "closed", "alert",
		"broken",
	};
	for (int c = 0; c < ALL_CAUSES; c++) {
		assert_string_equal(tls_cause_name((enum tls_cause)c), names[c]);
		assert_int_equal(tls_cause_is_peer((enum tls_cause)c), strncmp(names[c], "peer-", 5) == 0);
		const char *hint = tls_cause_hint((enum tls_cause)c);
		assert_int_equal(!hint, c == TLS_UNKNOWN || c == TLS_GOOD);
		if (hint) {
			looks_right(hint);
			assert_int_equal(hint[strlen(hint) - 1], '.');
		}
	}
	assert_string_equal(tls_cause_name((enum tls_cause)ALL_CAUSES), "unknown");
	assert_null(tls_cause_hint((enum tls_cause)-1));
}

static void alerts_have_names(void **state)
{
	(void)state;
	char out[32];
	assert_string_equal(tls_alert_name(0, out), "close_notify");
	assert_string_equal(tls_alert_name(48, out), "unknown_ca");
	assert_string_equal(tls_alert_name(116, out), "certificate_required");
	assert_string_equal(tls_alert_name(41, out), "no_certificate");
	assert_string_equal(tls_alert_name(77, out), "alert 77");
	assert_string_equal(tls_alert_name(-1, out), "alert -1");
	assert_string_equal(tls_alert_name(255, out), "alert 255");
}

static void clearing(void **state)
{
	(void)state;
	struct tls_report r = { 0 };
	tls_report_clear(&r);
	assert_int_equal(r.alert, -1);
	r.chain = pki_certs("server");
	r.cause = TLS_GOOD;
	tls_report_clear(&r);
	assert_int_equal(r.cause, TLS_UNKNOWN);
	assert_int_equal(r.chain.n, 0);
	tls_report_clear(&r);
}

/* Every cause, with all and with nothing known beside it, is a line. */
static void every_cause_is_a_line(void **state)
{
	(void)state;
	static const int alerts[] = { -1, 0, 40, 42, 48, 70, 77, 116 };
	const char *files[] = { NULL, "server", "control", "nul", "no-name", "long-name", "many-names" };
	for (size_t f = 0; f < COUNT(files); f++) {
		struct tls_report r = { 0 };
		if (files[f])
			r.chain = pki_certs(files[f]);
		for (int c = 0; c < ALL_CAUSES; c++)
			for (unsigned i = 0; i < COUNT(alerts) * 4 * 2; i++) {
				r.cause = (enum tls_cause)c;
				r.own = (enum tls_own)(i % 4);
				r.alert = alerts[i / 4 % COUNT(alerts)];
				r.alert_of_ours = r.server = i & 32;
				r.bad = i % 3;
				looks_right(said(&r));
			}
		tls_report_clear(&r);
	}
}

struct line_case {
	const char *file; /* whose certificates are the chain; NULL: none */
	struct tls_report r;
	const char *line;
};

static void lines(void **state)
{
	(void)state;
	static const struct line_case cases[] = {
		{ NULL, { .cause = TLS_UNKNOWN }, "nothing is known of the TLS handshake" },
		{ NULL, { .cause = TLS_GOOD, .version = "TLS 1.3", .cipher = "TLS_AES_128_GCM_SHA256" },
		  "TLS 1.3, TLS_AES_128_GCM_SHA256" },
		{ NULL, { .cause = TLS_PEER_NO_CERTIFICATE }, "the peer showed no certificate" },
		{ "other", { .cause = TLS_PEER_UNKNOWN_CA },
		  "the peer's certificate (CN=other.test) was issued by CN=Test CA other-ca, and no way "
		  "leads from there to the CA that is given" },
		{ "chained", { .cause = TLS_PEER_UNKNOWN_CA, .bad = 1 },
		  "certificate 2 of the peer's chain (CN=Test CA intermediate) was issued by O=Test, "
		  "CN=Test CA, and no way leads from there to the CA that is given" },
		{ "self-signed", { .cause = TLS_PEER_SELF_SIGNED },
		  "the peer's certificate (CN=self-signed.test) is signed by itself, and is not the CA "
		  "that is given" },
		{ "bad-signature", { .cause = TLS_PEER_BAD_SIGNATURE },
		  "the peer's certificate (CN=bad-signature.test) was not signed by the CA that is given, "
		  "though that is called O=Test, CN=Test CA too: another key of the same name, or it was "
		  "changed" },
		{ "dates-2000", { .cause = TLS_PEER_EXPIRED },
		  "the peer's certificate (CN=dates-2000) expired on 2024-02-29T23:59:59Z, the clock here "
		  "says 2026-10-31T00:00:00Z" },
		{ "dates-2050", { .cause = TLS_PEER_NOT_YET_VALID },
		  "the peer's certificate (CN=dates-2050) is not valid before 2050-01-01T00:00:00Z, the "
		  "clock here says 2026-10-31T00:00:00Z" },
		{ NULL, { .cause = TLS_PEER_EXPIRED },
		  "the peer's certificate has expired, the clock here says 2026-10-31T00:00:00Z" },
		{ "ca", { .cause = TLS_PEER_CA_AS_LEAF },
		  "the peer's certificate (O=Test, CN=Test CA) is a CA's own, not one for a peer" },
		{ "eku-client", { .cause = TLS_PEER_PURPOSE },
		  "the peer's certificate (CN=eku-client.test) is not meant for a TLS server: its key usage "
		  "or extended key usage says otherwise" },
		{ "eku-server", { .cause = TLS_PEER_PURPOSE, .server = true },
		  "the peer's certificate (CN=eku-server.test) is not meant for a TLS client: its key usage "
		  "or extended key usage says otherwise" },
		{ "rsa1024", { .cause = TLS_PEER_WEAK },
		  "the peer's certificate (CN=rsa1024.test) is too weak: its key is RSA 1024, signed with "
		  "ECDSA SHA-256" },
		{ "wildcard", { .cause = TLS_PEER_NAME, .wanted = "a.test" },
		  "the peer is not permitted: wanted a.test, its certificate is for CN wildcard.test, "
		  "*.example.test" },
		{ "server", { .cause = TLS_PEER_NAME, .wanted = "one of a, b", .seen = "what tls saw" },
		  "the peer is not permitted: wanted one of a, b, its certificate is for what tls saw" },
		{ "wrong-case", { .cause = TLS_PEER_NAME_CASE, .wanted = "server.test" },
		  "the peer is not permitted: wanted server.test, its certificate is for Server.Test: it "
		  "differs in upper and lower case alone, which count" },
		{ "no-name", { .cause = TLS_PEER_NAME, .wanted = "server.test" },
		  "the peer is not permitted: wanted server.test, its certificate is for no name" },
		{ NULL, { .cause = TLS_WE_REFUSED, .own = TLS_OWN_SENT, .alert = 48 },
		  "the peer refuses our certificate: it does not know the CA that issued it (its alert "
		  "unknown_ca)" },
		{ NULL, { .cause = TLS_WE_REFUSED, .own = TLS_OWN_SENT, .alert = 45 },
		  "the peer refuses our certificate: it has expired, or a clock is wrong (its alert "
		  "certificate_expired)" },
		{ NULL, { .cause = TLS_WE_REFUSED, .own = TLS_OWN_SENT, .alert = 46 },
		  "the peer refuses our certificate (its alert certificate_unknown)" },
		{ NULL, { .cause = TLS_WE_REFUSED, .own = TLS_OWN_NONE, .alert = 116 },
		  "the peer wants a certificate of ours, and there is none (its alert "
		  "certificate_required)" },
		{ NULL, { .cause = TLS_WE_REFUSED, .own = TLS_OWN_NONE, .alert = 40 },
		  "the peer wants a certificate of ours, and there is none (its alert handshake_failure)" },
		{ NULL, { .cause = TLS_WE_DROPPED, .alert = -1 },
		  "the receiver dropped us right after the TLS handshake: it probably refuses our client "
		  "certificate (missing, of an unknown CA, expired, or its name or fingerprint is not in its "
		  "permittedPeer)" },
		{ NULL, { .cause = TLS_WE_DROPPED, .alert = -1, .own = TLS_OWN_SENT },
		  "the receiver dropped us right after the TLS handshake: it probably refuses our client "
		  "certificate (of an unknown CA, expired, or its name or fingerprint is not in its "
		  "permittedPeer)" },
		{ NULL, { .cause = TLS_WE_DROPPED, .alert = -1, .own = TLS_OWN_NONE },
		  "the receiver dropped us right after the TLS handshake: it asked for a client certificate, "
		  "and we have none" },
		{ NULL, { .cause = TLS_WE_DROPPED, .alert = -1, .own = TLS_OWN_NOT_ASKED },
		  "the receiver dropped us right after the TLS handshake: it asked for no client "
		  "certificate, so it is not that: it is full or stopping, or speaks something else than "
		  "RELP" },
		{ NULL, { .cause = TLS_WE_DROPPED, .alert = -1, .own = TLS_OWN_SENT, .server = true },
		  "the sender left in or right after the TLS handshake: it refuses our certificate (of an "
		  "unknown CA, expired, or its name or fingerprint is not in its permittedPeer), or only "
		  "tried the connection" },
		{ NULL, { .cause = TLS_NOTHING_COMMON, .alert = 70 },
		  "no TLS version in common with the peer (its alert protocol_version)" },
		{ NULL, { .cause = TLS_NOTHING_COMMON, .alert = 40, .alert_of_ours = true },
		  "no TLS version, cipher suite or kind of signature in common with the peer (our alert "
		  "handshake_failure)" },
		{ NULL, { .cause = TLS_NOT_TLS }, "the peer does not speak TLS" },
		{ NULL, { .cause = TLS_PLAIN_RELP }, "the peer speaks plain RELP, not TLS" },
		{ NULL, { .cause = TLS_CLOSED }, "the peer closed the connection in the TLS handshake" },
		{ NULL, { .cause = TLS_ALERT, .alert = 77 }, "the peer ended TLS with alert 77" },
		{ NULL, { .cause = TLS_ALERT, .alert = 80 }, "the peer ended TLS with alert internal_error" },
		{ NULL, { .cause = TLS_BROKEN, .alert = 50, .alert_of_ours = true },
		  "what came is not right TLS: damaged on its way, or the peer breaks the protocol (our "
		  "alert decode_error)" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_report r = cases[i].r;
		if (cases[i].file)
			r.chain = pki_certs(cases[i].file);
		assert_string_equal(said(&r), cases[i].line);
		tls_report_clear(&r);
	}
}

static void fingerprints_are_there_to_paste(void **state)
{
	(void)state;
	struct tls_report r = { .cause = TLS_PEER_FINGERPRINT, .wanted = "SHA1:00:11" };
	struct buf sha1 = pki_read("server", ".sha1"), sha256 = pki_read("server", ".sha256");
	sha1.len--;
	sha256.len--;
	char want[512];
	snprintf(want, sizeof(want), "the peer is not permitted: wanted SHA1:00:11, its certificate is "
		 "%s (%s)", buf_cstr(&sha1), buf_cstr(&sha256));
	r.chain = pki_certs("server");
	assert_string_equal(said(&r), want);
	/* as long as a list of who is wanted may be, what was seen is told whole */
	memset(r.wanted, 'x', sizeof(r.wanted) - 1);
	assert_non_null(strstr(said(&r), buf_cstr(&sha1)));
	assert_non_null(strstr(said(&r), buf_cstr(&sha256)));
	tls_report_clear(&r);
	buf_free(&sha1);
	buf_free(&sha256);
}

static void strangers_are_escaped_and_cut(void **state)
{
	(void)state;
	struct tls_report r = { .cause = TLS_PEER_NAME, .wanted = "a" };
	r.chain = pki_certs("control");
	assert_string_equal(said(&r), "the peer is not permitted: wanted a, its certificate is for CN "
			    "\\x1b[31mred\\n\\x9b\\xff, \\x1b]0;title\\x07, a\\r\\nb");
	r.cause = TLS_PEER_UNKNOWN_CA;
	assert_non_null(strstr(said(&r), "(CN=\\x1b[31mred\\n\\x9b\\xff) was issued by"));
	tls_report_clear(&r);

	r = (struct tls_report){ .cause = TLS_PEER_NAME, .wanted = "a" };
	r.chain = pki_certs("many-names");
	const char *line = said(&r);
	assert_non_null(strstr(line, "its certificate is for host-0.example.test, host-1."));
	assert_non_null(strstr(line, ", ..."));
	tls_report_clear(&r);
}

static void names_for_people(void **state)
{
	(void)state;
	char out[512], small[10];
	struct tls_certs c = pki_certs("server"); /* its CN is a SAN too */
	assert_string_equal(tls_names_text(&c.at[0], out, sizeof(out)),
			    "server.test, logs.example.test, 127.0.0.1, ::1");
	assert_string_equal(tls_names_text(&c.at[0], small, sizeof(small)), "...");
	tls_certs_free(&c);
	c = pki_certs("cn-only");
	assert_string_equal(tls_names_text(&c.at[0], out, sizeof(out)), "CN cn-only.example.test");
	tls_certs_free(&c);
	c = pki_certs("many-names");
	c.at[0].n_names = 2;
	assert_string_equal(tls_names_text(&c.at[0], out, sizeof(out)),
			    "host-0.example.test, host-1.example.test, and more that are not looked at");
	c.at[0].n_names = TLS_NAMES_MAX;
	tls_certs_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes_have_stable_names),
		cmocka_unit_test(alerts_have_names),
		cmocka_unit_test(clearing),
		cmocka_unit_test(every_cause_is_a_line),
		cmocka_unit_test(lines),
		cmocka_unit_test(fingerprints_are_there_to_paste),
		cmocka_unit_test(strangers_are_escaped_and_cut),
		cmocka_unit_test(names_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
