// SPDX-License-Identifier: Apache-2.0
/* From a configuration to what forward runs by: what it says of TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "forward/settings.h"
#include "forward/tls.h"

#include <string.h>

#define SHA1 "SHA1:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
#define RELP "target: a.test\nport: 1\nloggingRules: [{severity: 7}]\n"
#define GARDENER "apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\nkind: RsyslogRelpConfig\n" RELP
#define OWN(tls, inner) \
	"apiVersion: relpbox/v1alpha1\nkind: Forward\nspool: {directory: /s}\n" tls \
	"rsyslogRelpConfig: {target: a.test, port: 1, loggingRules: [{severity: 7}]" inner "}\n"

struct made {
	struct config config;
	struct forward_conf conf;
	struct err check, e;
	int checked, result;
};

static struct made make(const char *text)
{
	struct made m = { 0 };
	struct findings f = { 0 };
	struct buf said = { 0 };
	if (config_load(slice_str(text), &m.config, &f) < 0) {
		findings_print(&f, "x", &said);
		fail_msg("%s", buf_cstr(&said));
	}
	findings_free(&f);
	m.checked = settings_check_tls(&m.config, &m.check);
	m.result = settings_from_config(&m.config, "node", &m.conf, &m.e);
	return m;
}

static void unmake(struct made *m)
{
	settings_free(&m->conf);
	config_free(&m->config);
}

static void refused(const char *text, const char *words)
{
	struct made m = make(text);
	const char *said = m.checked < 0 ? m.check.text : m.e.text;
	assert_true(m.checked < 0 || m.result < 0);
	if (!strstr(said, words))
		fail_msg("\"%s\" is not in \"%s\"", words, said);
	unmake(&m);
}

static void plain_where_nothing_asks_for_tls(void **state)
{
	(void)state;
	const char *const texts[] = {
		GARDENER, GARDENER "tls: {}\n", GARDENER "tls: {enabled: false}\n",
		GARDENER "tls: {authMode: fingerprint}\n",
		GARDENER "tls: {enabled: false, secretReferenceName: s, permittedPeer: [a]}\n",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct made m = make(texts[i]);
		assert_int_equal(m.checked, 0);
		assert_int_equal(m.result, 0);
		assert_false(m.conf.tls.on);
		assert_null(m.conf.tls.files.ca);
		unmake(&m);
	}
}

static void a_directory_is_three_files(void **state)
{
	(void)state;
	struct made m = make(OWN("tls: {directory: /etc/ssl/rsyslog}\n", ""));
	assert_int_equal(m.checked, 0);
	assert_int_equal(m.result, 0);
	assert_true(m.conf.tls.on);
	assert_int_equal(m.conf.tls.auth, TLS_AUTH_NAME);
	assert_string_equal(m.conf.tls.files.ca, "/etc/ssl/rsyslog/ca.crt");
	assert_string_equal(m.conf.tls.files.cert, "/etc/ssl/rsyslog/tls.crt");
	assert_string_equal(m.conf.tls.files.key, "/etc/ssl/rsyslog/tls.key");
	assert_int_equal(m.conf.tls.n_permitted, 0);
	assert_int_equal(m.conf.tls.rotate_within_ms, 600000);
	assert_int_equal(m.conf.tls.check_ms, 10000);
	assert_int_equal(m.conf.sink.session.handshake_ms, 30000);
	unmake(&m);
}

static void files_each_by_its_name(void **state)
{
	(void)state;
	struct made m = make(OWN("tls: {ca: /a, cert: /b, key: /c, rotateWithin: 8}\n",
				 ", timeout: 5, tls: {enabled: true, permittedPeer: [b.test]}"));
	assert_int_equal(m.result, 0);
	assert_true(m.conf.tls.on);
	assert_string_equal(m.conf.tls.files.ca, "/a");
	assert_string_equal(m.conf.tls.files.cert, "/b");
	assert_string_equal(m.conf.tls.files.key, "/c");
	assert_int_equal(m.conf.tls.n_permitted, 1);
	assert_int_equal(m.conf.tls.check_ms, 2000);
	assert_int_equal(m.conf.sink.session.handshake_ms, 5000);
	unmake(&m);
	m = make(OWN("tls: {ca: /a, rotateWithin: 0}\n", ""));
	assert_int_equal(m.checked, 0);
	assert_null(m.conf.tls.files.cert);
	assert_int_equal(m.conf.tls.check_ms, 200);
	unmake(&m);
}

static void what_does_not_go_together_is_refused(void **state)
{
	(void)state;
	refused(GARDENER "tls: {enabled: true}\n", "--tls-dir DIR is needed");
	refused(GARDENER "tls: {enabled: true, permittedPeer: [a.test]}\n", "in plain it is not sent");
	refused(OWN("tls: {cert: /a, key: /b}\n", ""), "tls.ca is needed");
	refused(OWN("tls: {directory: /a}\n", ", tls: {authMode: fingerprint}"), "permittedPeer");
	refused(OWN("tls: {directory: /a}\n", ", tls: {permittedPeer: ['" SHA1 "']}"),
		"nobody is permitted");
	/* by the option: the document knows of none */
	struct made m = make(GARDENER "tls: {enabled: false}\n");
	m.config.tls_files.present = true;
	assert_int_equal(settings_check_tls(&m.config, &m.check), -1);
	assert_non_null(strstr(m.check.text, "tls.enabled is false, but --tls-dir"));
	unmake(&m);
}

static void peers_of_the_other_mode_are_left_out(void **state)
{
	(void)state;
	struct made m = make(OWN("tls: {directory: /a}\n",
				 ", tls: {authMode: fingerprint, permittedPeer: [a.test, '" SHA1 "']}"));
	assert_int_equal(m.result, 0);
	assert_int_equal(m.conf.tls.auth, TLS_AUTH_FINGERPRINT);
	assert_int_equal(m.conf.tls.n_permitted, 1);
	assert_string_equal(m.conf.tls.permitted[0], SHA1);
	unmake(&m);
}

static void fingerprints_need_no_ca(void **state)
{
	(void)state;
	struct made m = make(OWN("tls: {cert: /a, key: /b}\n",
				 ", tls: {authMode: fingerprint, permittedPeer: ['" SHA1 "']}"));
	assert_int_equal(m.checked, 0);
	assert_true(m.conf.tls.on);
	unmake(&m);
}

static void a_connection_is_renewed_before_its_certificate_ends(void **state)
{
	(void)state;
	const uint64_t ten_min = 600000;
	assert_int_equal(forward_tls_within(ten_min, INT64_MAX, 1000), ten_min);
	assert_int_equal(forward_tls_within(ten_min, 1000 + 86400, 1000), ten_min);
	assert_int_equal(forward_tls_within(ten_min, 1000 + 360, 1000), 300000);
	assert_int_equal(forward_tls_within(ten_min, 1000 + 61, 1000), 1000);
	/* too late for that: soon, but not all nodes at once */
	assert_int_equal(forward_tls_within(ten_min, 1000 + 60, 1000), 10000);
	assert_int_equal(forward_tls_within(ten_min, 500, 1000), 10000);
	assert_int_equal(forward_tls_within(200, 500, 1000), 200);
	assert_int_equal(forward_tls_within(0, 1000 + 86400, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_where_nothing_asks_for_tls),
		cmocka_unit_test(a_directory_is_three_files),
		cmocka_unit_test(files_each_by_its_name),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(peers_of_the_other_mode_are_left_out),
		cmocka_unit_test(fingerprints_need_no_ca),
		cmocka_unit_test(a_connection_is_renewed_before_its_certificate_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
