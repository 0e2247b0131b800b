// SPDX-License-Identifier: Apache-2.0
/* Names and addresses, and what apimachinery says of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "gardener/names.h"

#define LONG_NAME "must be no more than 253 characters"
#define NOT_SUBDOMAIN                                                                              \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "      \
	"'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "  \
	"regex used for validation is "                                                            \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define NOT_WILDCARD                                                                               \
	"a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "  \
	"which must consist of lower case alphanumeric characters, '-' or '.' and end with an "    \
	"alphanumeric character (e.g. '*.example.com', regex used for validation is "              \
	"'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

static void right_subdomains(void **state)
{
	static const char *const names[] = { "a",	  "example.com",
					     "0",	  "256.1.1.1",
					     "010.1.1.1", "a-b.c--d",
					     "1.2",	  "xn--bcher-kva.example" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct names_errors e = { .n = 9 };

		assert_int_equal(gardener_dns1123_subdomain(slice_str(names[i]), &e), 0);
		assert_int_equal(e.n, 0);
		assert_int_equal(gardener_dns1123_subdomain(slice_str(names[i]), NULL), 0);
		assert_int_equal(gardener_dns1123_wildcard(slice_str(names[i]), NULL), 1);
	}
}

static void wrong_subdomains(void **state)
{
	static const char *const names[] = { "",    ".",    "a.",	".a", "a..b", "-a",
					     "a-",  "a-.b", "a.-b",	"A",  "a_b",  "*.a",
					     "a b", "a\n",  "\xc3\xa4", "a:1" };
	struct names_errors e;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (gardener_dns1123_subdomain(slice_str(names[i]), &e) != 1)
			fail_msg("%s", names[i]);
		assert_int_equal(e.n, 1);
		assert_string_equal(e.text[0], NOT_SUBDOMAIN);
	}
	assert_int_equal(gardener_dns1123_subdomain(slice_of("a\0b", 3), &e), 1);
}

static void wildcards(void **state)
{
	static const char *const wrong[] = { "*",    "*.",  "",	    "*a.b", "*.*.a",
					     "*.-a", "*.A", "**.a", "a.*.b" };
	struct names_errors e;

	(void)state;
	assert_int_equal(gardener_dns1123_wildcard(slice_str("*.example.com"), &e), 0);
	assert_int_equal(gardener_dns1123_wildcard(slice_str("*.a"), &e), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(gardener_dns1123_wildcard(slice_str(wrong[i]), &e), 1);
		assert_string_equal(e.text[0], NOT_WILDCARD);
	}
}

static void lengths(void **state)
{
	struct names_errors e;
	char name[255];

	(void)state;
	memset(name, 'a', sizeof(name)); /* no limit for one label */
	assert_int_equal(gardener_dns1123_subdomain(slice_of(name, 253), &e), 0);
	assert_int_equal(gardener_dns1123_subdomain(slice_of(name, 254), &e), 1);
	assert_string_equal(e.text[0], LONG_NAME);
	name[0] = '*';
	assert_int_equal(gardener_dns1123_subdomain(slice_of(name, 254), &e), 2);
	assert_string_equal(e.text[0], LONG_NAME);
	assert_string_equal(e.text[1], NOT_SUBDOMAIN);
	assert_int_equal(gardener_dns1123_wildcard(slice_of(name, 254), &e), 2);
	assert_string_equal(e.text[1], NOT_WILDCARD);
	name[1] = '.';
	assert_int_equal(gardener_dns1123_wildcard(slice_of(name, 253), &e), 0);
	assert_int_equal(gardener_dns1123_wildcard(slice_of(name, 254), &e), 1);
}

#define NO_IP "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
#define ZEROS "must not have leading 0s"
#define MAPPED "must not be an IPv4-mapped IPv6 address"
#define FORM(s) "must be in canonical form (\"" s "\")"

static void addresses(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "10.9.8.7", NULL },
		{ "0.0.0.0", NULL },
		{ "255.255.255.255", NULL },
		{ "256.1.1.1", NO_IP },
		{ "010.1.1.1", ZEROS },
		{ "1.1.1.00", ZEROS },
		{ "1.1.1.0000001", ZEROS },
		{ "0300.1.1.1", NO_IP },
		{ "1.1.1", NO_IP },
		{ "1.1.1.1.1", NO_IP },
		{ "1.1.1.", NO_IP },
		{ ".1.1.1", NO_IP },
		{ "1.1.1.1 ", NO_IP },
		{ "", NO_IP },
		{ "host", NO_IP },
		{ "1", NO_IP },
		{ "::", NULL },
		{ "::1", NULL },
		{ "2001:db8::ffff", NULL },
		{ "1:2:3:4:5:6:7:8", NULL },
		{ "fe80::1%eth0", NO_IP },
		{ "[::1]", NO_IP },
		{ "1::2::3", NO_IP },
		{ ":1", NO_IP },
		{ "1:", NO_IP },
		{ ":::", NO_IP },
		{ "1:2:3:4:5:6:7", NO_IP },
		{ "1:2:3:4:5:6:7:8:9", NO_IP },
		{ "1:2:3:4:5:6:7::8", NO_IP },
		{ "1:2:3:4:5:6:7:8::", NO_IP },
		{ "12345::", NO_IP },
		{ "00001::", NO_IP },
		{ "g::", NO_IP },
		{ "2001:DB8::1", FORM("2001:db8::1") },
		{ "2001:0db8::1", FORM("2001:db8::1") },
		{ "2001:db8:0:0:0:0:0:1", FORM("2001:db8::1") },
		{ "0:0:0:0:0:0:0:0", FORM("::") },
		{ "1:0:0:2:0:0:0:3", FORM("1:0:0:2::3") },
		{ "1:0:0:2:0:0:3:4", FORM("1::2:0:0:3:4") },
		{ "1::2:3:4:5:6:7", FORM("1:0:2:3:4:5:6:7") },
		{ "1:2:3:4:5:6:7::", FORM("1:2:3:4:5:6:7:0") },
		{ "::1.2.3.4", FORM("::102:304") },
		{ "1:2:3:4:5:6:1.2.3.4", FORM("1:2:3:4:5:6:102:304") },
		{ "1:2:3:4:5:6:7:1.2.3.4", NO_IP },
		{ "1:2:3:4:5:1.2.3.4", NO_IP },
		{ "::1.2.3", NO_IP },
		{ "::ffff:1.2.3.4", MAPPED },
		{ "::ffff:102:304", MAPPED },
		{ "0:0:0:0:0:FFFF:1.2.3.4", MAPPED },
		{ "::ffff:01.2.3.4", ZEROS },
		{ "::ffff:00000001.2.3.4", ZEROS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct names_errors e;
		size_t n = gardener_ip(slice_str(cases[i].text), &e);

		if (n != (cases[i].error != NULL) || e.n != n)
			fail_msg("%s: %zu errors", cases[i].text, n);
		if (n > 0 && strcmp(e.text[0], cases[i].error) != 0)
			fail_msg("%s: %s", cases[i].text, e.text[0]);
	}
}

static void fingerprints(void **state)
{
	static const char right[] = "SHA1:0123456789abcdefABCDEF0123456789abcdef01";
	struct buf b = { 0 };

	(void)state;
	assert_true(gardener_is_sha1_fingerprint(slice_str(right)));
	assert_false(gardener_is_sha1_fingerprint(slice_of(right, sizeof(right) - 2)));
	assert_false(gardener_is_sha1_fingerprint(slice_str("")));
	buf_add_str(&b, right);
	buf_add_char(&b, '0');
	assert_false(gardener_is_sha1_fingerprint(buf_slice(&b)));
	b.len--;
	b.p[44] = 'g';
	assert_false(gardener_is_sha1_fingerprint(buf_slice(&b)));
	b.p[44] = 'a';
	b.p[0] = 's';
	assert_false(gardener_is_sha1_fingerprint(buf_slice(&b)));
	assert_false(gardener_is_sha1_fingerprint(
		slice_str("SHA1:01:23:45:67:89:ab:cd:ef:AB:CD:EF:01:23:45:67")));
	buf_free(&b);
}

static void spellings(void **state)
{
	static const struct {
		enum gardener_names of;
		const char *text, *name; /* NULL: none */
	} cases[] = {
		{ GARDENER_TARGET, "Logs.Example.com", "logs.example.com" },
		{ GARDENER_TARGET, "logs.example.com.", "logs.example.com" },
		{ GARDENER_TARGET, "logs.example.com:20514", "logs.example.com" },
		{ GARDENER_TARGET, "relp://logs.example.com:20514/x", "logs.example.com" },
		{ GARDENER_TARGET, " logs.example.com ", "logs.example.com" },
		{ GARDENER_TARGET, "[2001:db8::1]", "2001:db8::1" },
		{ GARDENER_TARGET, "[2001:db8::1]:20514", "2001:db8::1" },
		{ GARDENER_TARGET, "2001:DB8::1", "2001:db8::1" },
		{ GARDENER_TARGET, "2001:db8:0::1", NULL },
		{ GARDENER_TARGET, "*.example.com", NULL },
		{ GARDENER_TARGET, "my_logs.example.com", NULL },
		{ GARDENER_TARGET, "a b", NULL },
		{ GARDENER_TARGET, "192.0.2.0/24", NULL },
		{ GARDENER_TARGET, "", NULL },
		{ GARDENER_TARGET, " ", NULL },
		{ GARDENER_TARGET, ":", NULL },
		{ GARDENER_TARGET, ".", NULL },
		{ GARDENER_TARGET, "[", NULL },
		{ GARDENER_TARGET, "[]", NULL },
		{ GARDENER_TARGET, "://", NULL },
		{ GARDENER_PEER, "*.Example.com", "*.example.com" },
		{ GARDENER_PEER, "LOGS.example.com", "logs.example.com" },
		{ GARDENER_PEER, "2001:db8::1", NULL },
		{ GARDENER_PEER, "SHA256:00", NULL },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].name;

		b.len = 0;
		assert_int_equal(gardener_name_spelling(cases[i].of, slice_str(cases[i].text), &b),
				 name ? 0 : -1);
		assert_true(slice_is(buf_slice(&b), name ? name : ""));
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_subdomains), cmocka_unit_test(wrong_subdomains),
		cmocka_unit_test(wildcards),	    cmocka_unit_test(lengths),
		cmocka_unit_test(addresses),	    cmocka_unit_test(fingerprints),
		cmocka_unit_test(spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
