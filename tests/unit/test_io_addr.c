// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "io/addr.h"

#include <netdb.h>
#include <netinet/in.h>

struct split_case {
	const char *text;
	const char *host; /* NULL: an error with words */
	int port;
	const char *words;
};

static void addresses_are_split(void **state)
{
	(void)state;
	static const struct split_case cases[] = {
		{ "localhost:20514", "localhost", 20514, NULL },
		{ "127.0.0.1:0", "127.0.0.1", 0, NULL },
		{ "a.b-c_d.example.:65535", "a.b-c_d.example.", 65535, NULL },
		{ "[::1]:514", "::1", 514, NULL },
		{ "[fe80::1%1]:514", "fe80::1%1", 514, NULL },
		{ "[::ffff:1.2.3.4]:1", "::ffff:1.2.3.4", 1, NULL },
		{ "", NULL, 0, "empty" },
		{ "localhost", NULL, 0, "port is missing" },
		{ ":514", NULL, 0, "host is missing" },
		{ "localhost:", NULL, 0, "not a number" },
		{ "localhost:65536", NULL, 0, "not a number" },
		{ "localhost:-1", NULL, 0, "not a number" },
		{ "localhost:+1", NULL, 0, "not a number" },
		{ "localhost: 1", NULL, 0, "not a number" },
		{ "localhost:0x10", NULL, 0, "not a number" },
		{ "localhost:1 ", NULL, 0, "not a number" },
		{ "::1:514", NULL, 0, "[::1:514]:PORT" },
		{ "fe80::1", NULL, 0, "[fe80::1]:PORT" },
		{ "[::1]", NULL, 0, "port is missing" },
		{ "[::1]514", NULL, 0, "port is missing" },
		{ "[::1:514", NULL, 0, "bracket" },
		{ "[localhost]:514", NULL, 0, "no IPv6 address" },
		{ "[127.0.0.1]:514", NULL, 0, "no IPv6 address" },
		{ "[]:514", NULL, 0, "host is missing" },
		{ "[::1%nosuchzone]:514", NULL, 0, "no IPv6 address" },
		{ "a b:514", NULL, 0, "a character" },
		{ "a\x1b[31m:514", NULL, 0, "\\x1b[31m" },
		{ "tcp://host:514", NULL, 0, "more than one colon" },
		{ "host/x:514", NULL, 0, "a character" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct split_case *c = &cases[i];
		char host[ADDR_HOST_MAX] = "";
		uint16_t port = 0;
		struct err e = { 0 };
		int r = addr_split(slice_str(c->text), host, &port, &e);
		if (r != (c->host ? 0 : -1))
			fail_msg("\"%s\": %d %s", c->text, r, e.text);
		if (c->host) {
			assert_string_equal(host, c->host);
			assert_int_equal(port, c->port);
		} else {
			assert_in(e.text, c->words);
		}
	}
}

static void a_nul_or_a_long_name_is_refused(void **state)
{
	(void)state;
	char host[ADDR_HOST_MAX];
	uint16_t port;
	struct err e;
	char text[ADDR_HOST_MAX + 8];
	assert_int_equal(addr_split(slice_of("a\0b:1", 5), host, &port, &e), -1);
	assert_int_equal(addr_split(slice_of("[::1\0]:1", 8), host, &port, &e), -1);

	memset(text, 'a', sizeof(text));
	memcpy(text + ADDR_HOST_MAX - 1, ":1", 2);
	assert_int_equal(addr_split(slice_of(text, ADDR_HOST_MAX + 1), host, &port, &e), 0);
	assert_int_equal(strlen(host), ADDR_HOST_MAX - 1);
	memcpy(text + ADDR_HOST_MAX - 1, "a:1", 3);
	assert_int_equal(addr_split(slice_of(text, ADDR_HOST_MAX + 2), host, &port, &e), -1);
	assert_in(e.text, "too long");
}

static void literals_and_their_text(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "127.0.0.1", "127.0.0.1:514" },
		{ "::1", "[::1]:514" },
		{ "0:0::1", "[::1]:514" },
		{ "fe80::1%7", "[fe80::1%7]:514" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:514" },
		{ "localhost", NULL },
		{ "1.2.3", NULL },
		{ "127.1", NULL },
		{ "0x7f000001", NULL },
		{ "1.2.3.4.5", NULL },
		{ "", NULL },
		{ "fe80::1%", NULL },
		{ "fe80::1%0", NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr a;
		char text[ADDR_TEXT_MAX];
		int r = addr_literal(cases[i][0], 514, &a);
		assert_int_equal(r, cases[i][1] ? 0 : -1);
		if (r < 0)
			continue;
		assert_string_equal(addr_text(&a, text), cases[i][1]);
		assert_int_equal(addr_port(&a), 514);
	}
	struct addr none = { 0 };
	char text[ADDR_TEXT_MAX];
	assert_string_equal(addr_text(&none, text), "unknown");
	assert_int_equal(addr_port(&none), 0);
}

static void names_are_resolved(void **state)
{
	(void)state;
	struct addr_list list;
	struct err e;
	char text[ADDR_TEXT_MAX];

	assert_int_equal(addr_resolve("localhost", 99, AF_INET, &list, &e), 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(addr_text(&list.at[0], text), "127.0.0.1:99");

	assert_int_equal(addr_resolve("localhost", 99, AF_UNSPEC, &list, &e), 0);
	assert_in_range(list.n, 1, ADDR_LIST_MAX);
	for (size_t i = 0; i < list.n; i++)
		assert_int_equal(addr_port(&list.at[i]), 99);

	assert_int_equal(addr_resolve("::1", 99, AF_UNSPEC, &list, &e), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(addr_resolve("::1", 99, AF_INET, &list, &e), -1);
	assert_int_equal(e.code, EAI_FAMILY);

	assert_int_equal(addr_resolve(NO_NAME, 99, AF_UNSPEC, &list, &e), -1);
	assert_in(e.text, NO_NAME_SHOWN);
	assert_int_not_equal(e.code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_split),
		cmocka_unit_test(a_nul_or_a_long_name_is_refused),
		cmocka_unit_test(literals_and_their_text),
		cmocka_unit_test(names_are_resolved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
