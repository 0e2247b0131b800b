// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relp/client.h"
#include "relp/server.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define OPEN "1 open 30 relp_version=0\ncommands=syslog\n"

/* The machine, and what it said in one line: "open 2:hello close". */
struct fixture {
	struct relp_server *s;
	struct buf said;
	struct err e;
};

static struct fixture start(struct relp_server_conf conf)
{
	return (struct fixture){ .s = relp_server_new(&conf) };
}

static void end(struct fixture *f)
{
	relp_server_free(f->s);
	buf_free(&f->said);
}

static void note(struct fixture *f, const struct relp_server_event *ev)
{
	if (f->said.len)
		buf_add_char(&f->said, ' ');
	if (ev->kind == RELP_SERVER_OPEN)
		buf_add_str(&f->said, "open");
	else if (ev->kind == RELP_SERVER_CLOSE)
		buf_add_str(&f->said, "close");
	else
		buf_printf(&f->said, "%u:%.*s", ev->txnr, (int)ev->data.len, ev->data.p);
}

static const char *hears(struct fixture *f, const char *bytes)
{
	char *copy = mem_dup(bytes, strlen(bytes));
	struct relp_server_event ev;
	int r;

	f->said.len = 0;
	relp_server_input(f->s, slice_of(copy, strlen(bytes)));
	while ((r = relp_server_next(f->s, &ev, &f->e)) > 0)
		note(f, &ev);
	if (r < 0)
		buf_add_str(&f->said, f->said.len ? " error" : "error");
	free(copy);
	return buf_cstr(&f->said);
}

static char *writes(struct fixture *f)
{
	struct slice out = relp_server_output(f->s);
	char *text = mem_alloc(out.len + 1);

	if (out.len)
		memcpy(text, out.p, out.len);
	text[out.len] = '\0';
	relp_server_wrote(f->s, out.len);
	return text;
}

#define assert_writes(f, want)                        \
	do {                                          \
		char *got = writes(f);                \
		assert_string_equal(got, want);       \
		free(got);                            \
	} while (0)

static struct fixture opened(struct relp_server_conf conf)
{
	struct fixture f = start(conf);

	assert_string_equal(hears(&f, OPEN), "open");
	free(writes(&f));
	return f;
}

static void a_session(void **state)
{
	(void)state;
	struct fixture f = start((struct relp_server_conf){ .software = "relpbox,1" });

	assert_string_equal(hears(&f, OPEN), "open");
	assert_writes(&f, "1 rsp 61 200 OK\nrelp_version=0\nrelp_software=relpbox,1\ncommands=syslog\n");
	assert_string_equal(hears(&f, "2 syslog 5 hello\n3 syslog 0\n4 syslog 1 \n\n"), "2:hello 3: 4:\n");
	assert_int_equal(relp_server_unanswered(f.s), 3);
	assert_writes(&f, "");
	relp_server_accept(f.s, 2);
	relp_server_answer(f.s, 500, slice_str("no room"));
	assert_writes(&f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 11 500 no room\n");
	assert_string_equal(hears(&f, "5 close 0\n6 syslog 1 x\n"), "close");
	assert_writes(&f, "5 rsp 0\n");
	assert_true(relp_server_ended(f.s));
	end(&f);
}

/* librelp's client takes no answer without the blank behind its code. */
static void a_code_has_its_blank(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_server_conf){ 0 });

	hears(&f, "2 syslog 1 x\n");
	relp_server_answer(f.s, 200, slice_of(NULL, 0));
	assert_writes(&f, "2 rsp 4 200 \n");
	end(&f);
}

static void close_waits_for_the_answers(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_server_conf){ 0 });

	assert_string_equal(hears(&f, "2 syslog 1 x\n3 syslog 1 y\n4 close 0\n"), "2:x 3:y close");
	assert_writes(&f, "");
	relp_server_accept(f.s, 1);
	assert_false(relp_server_ended(f.s));
	relp_server_accept(f.s, 1);
	assert_true(relp_server_ended(f.s));
	assert_writes(&f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 0\n");
	end(&f);
}

static void breaches(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"3 syslog 1 x\n", "1 syslog 1 x\n", "0 syslog 1 x\n", "2 open 0\n", "2 rsp 6 200 OK\n",
		"2 abort 0\n", "2 starttls 0\n", "0 serverclose 0\n", "2 serverclose 0\n", "2 SYSLOG 1 x\n",
		"2 syslog 1 xx\n", "2 syslog 101 ", "rubbish", "2 close 0 \n",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = opened((struct relp_server_conf){ .max_data = 100 });
		const char *said = hears(&f, cases[i]);
		if (strcmp(said, "error") != 0)
			fail_msg("%s: %s", cases[i], said);
		assert_true(f.e.text[0]);
		assert_true(relp_server_ended(f.s));
		assert_writes(&f, "0 serverclose 0\n");
		assert_string_equal(hears(&f, "2 syslog 1 x\n"), "");
		end(&f);
	}
}

static void breaches_before_open(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"1 syslog 1 x\n", "2 open 0\n", "0 open 0\n", "1 close 0\n", "GET / HTTP/1.1\r\n",
		"\x16\x03\x01\x02", "1 open 999999999 ",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = start((struct relp_server_conf){ 0 });
		const char *said = hears(&f, cases[i]);
		if (strcmp(said, "error") != 0)
			fail_msg("%s: %s", cases[i], said);
		assert_writes(&f, "0 serverclose 0\n");
		end(&f);
	}
}

static void what_came_before_a_breach_is_answered(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_server_conf){ 0 });

	assert_string_equal(hears(&f, "2 syslog 1 x\n9 syslog 1 y\n3 syslog 1 y\n"), "2:x error");
	assert_false(relp_server_ended(f.s));
	assert_writes(&f, "");
	relp_server_accept(f.s, 1);
	assert_writes(&f, "2 rsp 6 200 OK\n0 serverclose 0\n");
	end(&f);
}

static void repeated(struct buf *b, const char *text, size_t n)
{
	for (; n > 0; n--)
		buf_add_str(b, text);
}

static void offers_have_limits(void **state)
{
	(void)state;
	static const struct {
		const char *begin, *repeat;
		size_t times;
		bool good;
	} cases[] = {
		{ "relp_version=0", "\na=b", 63, true },
		{ "relp_version=0", "\na=b", 64, false },
		{ "commands=syslog,", "x", 248, true }, /* 255 bytes of value */
		{ "commands=syslog,", "x", 249, false },
		{ "", "x", 32, true },
		{ "", "x", 33, false },
		{ "", "\n", 64, true },
		{ "", "\n", 65, false },
		{ "commands=eventlog,syslog", "", 0, true },
		{ "commands=eventlog", "", 0, false },
		{ "commands", "", 0, false },
		{ "relp_version=7", "", 0, true }, /* it is for the client to judge our 0 */
		{ "relp_version=abc", "", 0, false },
		{ "relp_version", "", 0, false },
		{ "", "", 0, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = start((struct relp_server_conf){ 0 });
		struct buf data = { 0 }, frame = { 0 };
		buf_add_str(&data, cases[i].begin);
		repeated(&data, cases[i].repeat, cases[i].times);
		buf_printf(&frame, "1 open %zu%s%s\n", data.len, data.len ? " " : "", buf_cstr(&data));
		const char *said = hears(&f, buf_cstr(&frame));
		if (strcmp(said, cases[i].good ? "open" : "error") != 0)
			fail_msg("case %zu: %s", i, said);
		char *out = writes(&f);
		assert_true(strncmp(out, "1 rsp ", 6) == 0);
		assert_int_equal(strstr(out, "serverclose") != NULL, !cases[i].good);
		assert_int_equal(strstr(out, " 500 ") != NULL, !cases[i].good);
		free(out);
		buf_free(&data);
		buf_free(&frame);
		end(&f);
	}
}

/* librelp never gets there; the specification has 1 follow the last number. */
static void numbers_begin_again_at_one(void **state)
{
	(void)state;
	struct fixture f = start((struct relp_server_conf){ .first_txnr = 999999998 });

	assert_string_equal(hears(&f, "999999998 open 0\n999999999 syslog 1 a\n1 syslog 1 b\n2 syslog 1 c\n"),
			    "open 999999999:a 1:b 2:c");
	free(writes(&f));
	relp_server_accept(f.s, 3);
	assert_writes(&f, "999999999 rsp 6 200 OK\n1 rsp 6 200 OK\n2 rsp 6 200 OK\n");
	end(&f);
	f = start((struct relp_server_conf){ .first_txnr = 999999999 });
	assert_string_equal(hears(&f, "999999999 open 0\n1000000000 syslog 1 a\n"), "open error");
	end(&f);
}

static void shut_is_at_once_and_once(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_server_conf){ 0 });

	hears(&f, "2 syslog 1 x\n3 sys");
	relp_server_shut(f.s);
	relp_server_shut(f.s);
	relp_server_accept(f.s, 1);
	assert_writes(&f, "0 serverclose 0\n");
	end(&f);
}

static void partial_frames_are_counted(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_server_conf){ 0 });

	assert_int_equal(relp_server_partial(f.s), 0);
	hears(&f, "2 syslog 1 x\n3 syslog 100 abc");
	assert_int_equal(relp_server_partial(f.s), strlen("3 syslog 100 abc"));
	end(&f);
}

/* Moves at most max bytes of what one wrote to the other; returns how many. */
static size_t move(struct relp_client *c, struct relp_server *s, uint64_t *rnd, bool to_server,
		   char *into)
{
	struct slice out = to_server ? relp_client_output(c) : relp_server_output(s);
	size_t n = (size_t)rand_below(rnd, 700);

	if (n > out.len)
		n = out.len;
	if (n)
		memcpy(into, out.p, n);
	if (to_server)
		relp_client_wrote(c, n);
	else
		relp_server_wrote(s, n);
	return n;
}

/* Client and server over a wire that cuts anywhere: exact and in order. */
static void client_and_server(void **state)
{
	(void)state;
	uint64_t rnd = 42, sent = 0, got = 0, done = 0;
	struct relp_client *c = relp_client_new(&(struct relp_client_conf){ .window_frames = 100 });
	struct relp_server *s = relp_server_new(&(struct relp_server_conf){ 0 });
	struct relp_server_event sev;
	struct relp_event cev;
	char wire[1024], data[512];

	relp_client_start(c);
	while (done < 20000) {
		while (sent < 20000 && relp_client_room(c, sizeof(data)) && rand_below(&rnd, 10)) {
			memset(data, 'a' + (int)(sent % 26), sizeof(data));
			relp_client_send(c, sent, slice_of(data, sent * 7 % sizeof(data)));
			sent++;
		}
		size_t n = move(c, s, &rnd, true, wire);
		relp_server_input(s, slice_of(wire, n));
		while (relp_server_next(s, &sev, NULL) > 0) {
			if (sev.kind != RELP_SERVER_MESSAGE)
				continue;
			assert_int_equal(sev.data.len, got * 7 % sizeof(data));
			for (size_t i = 0; i < sev.data.len; i++)
				assert_int_equal(sev.data.p[i], 'a' + (int)(got % 26));
			got++;
		}
		relp_server_accept(s, (size_t)rand_below(&rnd, relp_server_unanswered(s) + 1));
		n = move(c, s, &rnd, false, wire);
		relp_client_input(c, slice_of(wire, n));
		while (relp_client_next(c, &cev, NULL) > 0) {
			if (cev.kind != RELP_ACCEPTED)
				continue;
			assert_int_equal(cev.token, done);
			done += cev.count;
			assert_int_equal(cev.last, done - 1);
		}
	}
	assert_int_equal(got, 20000);
	assert_int_equal(relp_client_unanswered(c), 0);
	relp_client_free(c);
	relp_server_free(s);
}

/* As it comes, and cut behind its first byte; later on the same bytes are no hello. */
static void a_client_that_speaks_tls_is_named(void **state)
{
	struct fixture f = start((struct relp_server_conf){ 0 });

	(void)state;
	hears(&f, "\x16\x03\x01\x02");
	assert_non_null(strstr(f.e.text, "speaks TLS"));
	end(&f);
	f = start((struct relp_server_conf){ 0 });
	hears(&f, "\x16");
	assert_non_null(strstr(f.e.text, "speaks TLS"));
	end(&f);
	f = start((struct relp_server_conf){ 0 });
	hears(&f, "\x16\x02");
	assert_null(strstr(f.e.text, "speaks TLS"));
	end(&f);
	f = start((struct relp_server_conf){ 0 });
	hears(&f, OPEN);
	hears(&f, "\x16\x03\x01\x02");
	assert_null(strstr(f.e.text, "speaks TLS"));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session),
		cmocka_unit_test(a_code_has_its_blank),
		cmocka_unit_test(close_waits_for_the_answers),
		cmocka_unit_test(breaches),
		cmocka_unit_test(breaches_before_open),
		cmocka_unit_test(what_came_before_a_breach_is_answered),
		cmocka_unit_test(offers_have_limits),
		cmocka_unit_test(numbers_begin_again_at_one),
		cmocka_unit_test(shut_is_at_once_and_once),
		cmocka_unit_test(partial_frames_are_counted),
		cmocka_unit_test(a_client_that_speaks_tls_is_named),
		cmocka_unit_test(client_and_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
