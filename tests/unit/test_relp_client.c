// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relp/client.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define OPEN_OK "1 rsp 43 200 OK\nrelp_version=0\ncommands=syslog,foo\nx\n"

/* The machine, and what it said in one line: "opened accepted 1-3(3) refused 4:500 no". */
struct fixture {
	struct relp_client *c;
	struct buf said;
	struct err e;
};

static struct fixture start(struct relp_client_conf conf)
{
	struct fixture f = { .c = relp_client_new(&conf) };

	relp_client_start(f.c);
	return f;
}

static void end(struct fixture *f)
{
	relp_client_free(f->c);
	buf_free(&f->said);
}

static void note(struct fixture *f, const struct relp_event *ev)
{
	int len = (int)ev->text.len;

	if (f->said.len)
		buf_add_char(&f->said, ' ');
	switch (ev->kind) {
	case RELP_OPENED:
		buf_add_str(&f->said, "opened");
		break;
	case RELP_OPEN_REFUSED:
		buf_printf(&f->said, "open-refused %u:%.*s", ev->code, len, ev->text.p);
		break;
	case RELP_ACCEPTED:
		buf_printf(&f->said, "accepted %d-%d(%zu)", (int)ev->token, (int)ev->last, ev->count);
		break;
	case RELP_REFUSED:
		buf_printf(&f->said, "refused %d:%u %.*s", (int)ev->token, ev->code, len, ev->text.p);
		break;
	case RELP_CLOSED:
		buf_add_str(&f->said, "closed");
		break;
	case RELP_SERVERCLOSE:
		buf_add_str(&f->said, "serverclose");
		break;
	}
}

/* What it says to these bytes; "error" at the end where it broke. */
static const char *hears(struct fixture *f, const char *bytes)
{
	char *copy = mem_dup(bytes, strlen(bytes));
	struct relp_event ev;
	int r;

	f->said.len = 0;
	relp_client_input(f->c, slice_of(copy, strlen(bytes)));
	while ((r = relp_client_next(f->c, &ev, &f->e)) > 0)
		note(f, &ev);
	if (r < 0)
		buf_add_str(&f->said, f->said.len ? " error" : "error");
	free(copy);
	return buf_cstr(&f->said);
}

/* All output, taken off. */
static char *writes(struct fixture *f)
{
	struct slice out = relp_client_output(f->c);
	char *text = mem_alloc(out.len + 1);

	if (out.len)
		memcpy(text, out.p, out.len);
	text[out.len] = '\0';
	relp_client_wrote(f->c, out.len);
	return text;
}

#define assert_writes(f, want)                        \
	do {                                          \
		char *got = writes(f);                \
		assert_string_equal(got, want);       \
		free(got);                            \
	} while (0)

static struct fixture opened(struct relp_client_conf conf)
{
	struct fixture f = start(conf);

	free(writes(&f));
	assert_string_equal(hears(&f, OPEN_OK), "opened");
	return f;
}

static void send_tokens(struct fixture *f, uint64_t first, uint64_t last)
{
	for (uint64_t t = first; t <= last; t++) {
		assert_true(relp_client_room(f->c, 1));
		relp_client_send(f->c, t, slice_str("x"));
	}
}

static void a_session(void **state)
{
	(void)state;
	struct fixture f = start((struct relp_client_conf){ .software = "relpbox,1" });

	assert_writes(&f, "1 open 54 relp_version=0\nrelp_software=relpbox,1\ncommands=syslog\n");
	assert_false(relp_client_room(f.c, 1));
	assert_string_equal(hears(&f, OPEN_OK), "opened");
	assert_true(relp_client_is_open(f.c));
	relp_client_send(f.c, 7, slice_str("hello"));
	relp_client_send(f.c, 8, slice_str(""));
	assert_writes(&f, "2 syslog 5 hello\n3 syslog 0\n");
	assert_int_equal(relp_client_unanswered(f.c), 2);
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n"), "accepted 7-8(2)");
	relp_client_close(f.c, false);
	assert_false(relp_client_room(f.c, 1));
	assert_writes(&f, "4 close 0\n");
	assert_string_equal(hears(&f, "4 rsp 0\n0 serverclose 0\n"), "closed");
	end(&f);
}

static void answers_of_many_kinds(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ 0 });

	send_tokens(&f, 10, 20);
	assert_string_equal(hears(&f, "2 rsp 3 200\n3 rsp 4 200 \n4 rsp 10 200 OK yes\n"),
			    "accepted 10-12(3)");
	assert_string_equal(hears(&f, "5 rsp 6 200 OK\n6 rsp 7 500 no!\n7 rsp 6 200 OK\n"),
			    "accepted 13-13(1) refused 14:500 no! accepted 15-15(1)");
	assert_string_equal(hears(&f, "8 rsp 3 500\n9 rsp 3 500\n"), "refused 16:500  refused 17:500 ");
	assert_int_equal(relp_client_unanswered(f.c), 3);
	end(&f);
}

/* In any order; what was accepted early is told in the order of sending. */
static void answers_out_of_order(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ .window_frames = 6 });

	send_tokens(&f, 1, 6);
	assert_string_equal(hears(&f, "3 rsp 6 200 OK\n4 rsp 6 200 OK\n"), "");
	assert_int_equal(relp_client_unanswered(f.c), 4);
	assert_false(relp_client_room(f.c, 1)); /* the window counts from its oldest */
	assert_string_equal(hears(&f, "5 rsp 6 500 no\n"), "refused 4:500 no");
	assert_string_equal(hears(&f, "7 rsp 6 200 OK\n"), "");
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n"), "accepted 1-3(3)");
	assert_true(relp_client_room(f.c, 1));
	assert_string_equal(hears(&f, "6 rsp 6 200 OK\n"), "accepted 5-6(2)");
	assert_int_equal(relp_client_unanswered(f.c), 0);
	end(&f);
}

/* A refusal is told before what was accepted behind it, also when that was answered first. */
static void a_refusal_is_told_before_what_is_behind_it(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ 0 });

	send_tokens(&f, 1, 3);
	assert_string_equal(hears(&f, "4 rsp 6 200 OK\n3 rsp 6 200 OK\n2 rsp 6 500 no\n"),
			    "refused 1:500 no accepted 2-3(2)");
	send_tokens(&f, 4, 8);
	assert_string_equal(hears(&f, "6 rsp 6 500 no\n"), "refused 5:500 no");
	assert_string_equal(hears(&f, "8 rsp 6 500 no\n"), "refused 7:500 no");
	assert_string_equal(hears(&f, "7 rsp 6 200 OK\n9 rsp 6 200 OK\n5 rsp 6 200 OK\n0 serverclose 0\n"),
			    "accepted 4-4(1) accepted 6-6(1) accepted 8-8(1) serverclose");
	end(&f);
}

static void open_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *says;
	} cases[] = {
		{ "1 rsp 6 500 no\n1 rsp 6 500 no\n0 serverclose 0\n", "open-refused 500:no" },
		{ "1 rsp 24 500 Required command(s)\n0 serverclose 0\n", "open-refused 500:Required command(s)" },
		{ "1 rsp 22 200 OK\nrelp_version=2\n\n", "open-refused 0:it speaks a version of RELP that we do not" },
		{ "1 rsp 22 200 OK\nrelp_version=x\n\n", "open-refused 0:it speaks a version of RELP that we do not" },
		{ "1 rsp 18 200 OK\ncommands=x,\n", "open-refused 0:it does not offer the command syslog" },
		{ "0 serverclose 0\n", "serverclose" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = start((struct relp_client_conf){ 0 });
		const char *said = hears(&f, cases[i].answer);
		if (strcmp(said, cases[i].says) != 0)
			fail_msg("%s: %s", cases[i].answer, said);
		assert_false(relp_client_room(f.c, 0));
		end(&f);
	}
}

static void open_is_answered_in_many_ways(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"1 rsp 6 200 OK\n", "1 rsp 3 200\n", "1 rsp 21 200 OK\nrelp_version=1\n",
		"1 rsp 26 200 OK welcome to our site\n",
		/* logstash */
		("1 rsp 86 200 OK relp_version=0\nrelp_software=logstash,1.1.1,http://logstash.net\n"
		"commands=syslog\n"),
		"0 foo 0\n1 rsp 6 200 OK\n", /* a hint that nobody knows */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = start((struct relp_client_conf){ 0 });
		const char *said = hears(&f, cases[i]);
		if (strcmp(said, "opened") != 0)
			fail_msg("%s: %s %s", cases[i], said, f.e.text);
		end(&f);
	}
	/* the offer that logstash hides in the text counts */
	struct fixture f = start((struct relp_client_conf){ 0 });
	assert_string_equal(hears(&f, "1 rsp 21 200 OK relp_version=9\n"),
			    "open-refused 0:it speaks a version of RELP that we do not");
	end(&f);
}

static void breaches(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"9 rsp 6 200 OK\n",		      /* never sent */
		"2 rsp 6 200 OK\n2 rsp 6 200 OK\n",   /* twice */
		"3 rsp 6 200 OK\n3 rsp 6 200 OK\n",   /* twice, out of order */
		"1 rsp 6 200 OK\n",		      /* open again */
		"0 rsp 6 200 OK\n",
		"2 rsp 0\n",			      /* only close may be answered so */
		"2 rsp 2 OK\n",
		"2 syslog 1 x\n",
		"rubbish",
		"2 rsp 99999 ",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = opened((struct relp_client_conf){ .max_answer = 1000 });
		send_tokens(&f, 1, 5);
		const char *said = hears(&f, cases[i]);
		if (strlen(said) < 5 || strcmp(said + strlen(said) - 5, "error") != 0)
			fail_msg("%s: %s", cases[i], said);
		assert_true(f.e.text[0]);
		/* for good, and with the same words */
		f.e.text[0] = '\0';
		assert_string_equal(hears(&f, "2 rsp 6 200 OK\n"), "error");
		assert_true(f.e.text[0]);
		assert_false(relp_client_room(f.c, 1));
		end(&f);
	}
}

static void answers_before_a_breach_count(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ 0 });

	send_tokens(&f, 1, 5);
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n???"), "accepted 1-2(2) error");
	assert_non_null(strstr(f.e.text, "not a RELP frame"));
	end(&f);
}

static void serverclose_behind_answers(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ 0 });

	send_tokens(&f, 1, 5);
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n0 serverclose 0\n3 rsp 6 200 OK\n"),
			    "accepted 1-1(1) serverclose");
	assert_string_equal(hears(&f, "anything at all"), "");
	assert_false(relp_client_room(f.c, 1));
	end(&f);
}

static void windows(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ .window_frames = 3 });

	send_tokens(&f, 1, 3);
	assert_false(relp_client_room(f.c, 1));
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n"), "accepted 1-1(1)");
	send_tokens(&f, 4, 4);
	assert_false(relp_client_room(f.c, 1));
	end(&f);

	f = opened((struct relp_client_conf){ .window_bytes = 100 });
	char big[300];
	memset(big, 'x', sizeof(big));
	assert_true(relp_client_room(f.c, sizeof(big))); /* one always fits */
	relp_client_send(f.c, 1, slice_of(big, sizeof(big)));
	assert_false(relp_client_room(f.c, 0));
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n"), "accepted 1-1(1)");
	relp_client_send(f.c, 2, slice_of(big, 50));
	assert_false(relp_client_room(f.c, 50));
	assert_true(relp_client_room(f.c, 10));
	end(&f);

	f = opened((struct relp_client_conf){ .output_bytes = 100 });
	relp_client_send(f.c, 1, slice_of(big, 90));
	assert_false(relp_client_room(f.c, 1));
	relp_client_wrote(f.c, 50);
	assert_true(relp_client_room(f.c, 1));
	end(&f);
}

/* Never beyond last_txnr, and close still has a number. */
static void numbers_are_used_up(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ .last_txnr = 4 });

	assert_false(relp_client_spent(f.c));
	send_tokens(&f, 1, 3);
	assert_true(relp_client_spent(f.c));
	assert_false(relp_client_room(f.c, 1));
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n"),
			    "accepted 1-3(3)");
	free(writes(&f));
	relp_client_close(f.c, false);
	assert_writes(&f, "5 close 0\n");
	relp_client_start(f.c);
	assert_false(relp_client_spent(f.c));
	end(&f);
}

static void a_new_connection_begins_afresh(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){ 0 });

	send_tokens(&f, 1, 50);
	relp_client_wrote(f.c, 7); /* half a frame is out */
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n3 rsp 6 20"), "accepted 1-1(1)");
	relp_client_start(f.c);
	assert_writes(&f, "1 open 30 relp_version=0\ncommands=syslog\n");
	assert_int_equal(relp_client_unanswered(f.c), 0);
	assert_string_equal(hears(&f, OPEN_OK), "opened");
	send_tokens(&f, 2, 2);
	assert_writes(&f, "2 syslog 1 x\n");
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n"), "accepted 2-2(1)");
	end(&f);

	/* after a breach too */
	f = opened((struct relp_client_conf){ 0 });
	assert_string_equal(hears(&f, "???"), "error");
	relp_client_start(f.c);
	assert_string_equal(hears(&f, OPEN_OK), "opened");
	end(&f);
}

static void close_is_answered_in_many_ways(void **state)
{
	(void)state;
	static const char *const cases[] = { "2 rsp 0\n", "2 rsp 6 200 OK\n", "2 rsp 3 500\n", "2 rsp 1 x\n" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = opened((struct relp_client_conf){ 0 });
		relp_client_close(f.c, false);
		assert_string_equal(hears(&f, cases[i]), "closed");
		end(&f);
	}
	/* forced: answers to messages still count */
	struct fixture f = opened((struct relp_client_conf){ 0 });
	send_tokens(&f, 1, 2);
	relp_client_close(f.c, true);
	assert_string_equal(hears(&f, "2 rsp 6 200 OK\n4 rsp 0\n"), "accepted 1-1(1) closed");
	assert_int_equal(relp_client_unanswered(f.c), 1);
	end(&f);
}

/* Every answer cut at every place gives the same events. */
static void answers_cut_anywhere(void **state)
{
	(void)state;
	const char *whole = OPEN_OK "2 rsp 6 200 OK\n3 rsp 10 500 not me\n4 rsp 6 200 OK\n0 x 0\n"
				    "5 rsp 3 200\n0 serverclose 0\n";
	char part[400];

	for (size_t cut = 0; cut <= strlen(whole); cut++) {
		struct fixture f = start((struct relp_client_conf){ 0 });
		struct buf said = { 0 };
		size_t open_len = strlen(OPEN_OK);
		size_t at[] = { 0, cut < open_len ? cut : open_len, cut > open_len ? cut : open_len,
				strlen(whole) };
		for (int i = 0; i < 3; i++) {
			memcpy(part, whole + at[i], at[i + 1] - at[i]);
			part[at[i + 1] - at[i]] = '\0';
			if (at[i] == open_len)
				if (relp_client_unanswered(f.c) == 0 && relp_client_is_open(f.c))
					send_tokens(&f, 1, 4);
			buf_add_str(&said, hears(&f, part));
			buf_add_char(&said, ' ');
		}
		/* runs may be cut; what is told is the same */
		const char *text = buf_cstr(&said);
		assert_non_null(strstr(text, "opened"));
		assert_non_null(strstr(text, "accepted 1-1(1)"));
		assert_non_null(strstr(text, "refused 2:500 not me"));
		assert_true(strstr(text, "accepted 3-4(2)") ||
			    (strstr(text, "accepted 3-3(1)") && strstr(text, "accepted 4-4(1)")));
		assert_non_null(strstr(text, "serverclose"));
		buf_free(&said);
		end(&f);
	}
}

/* The output is moved and grown while it is written in odd pieces: every byte once. */
static void output_in_odd_pieces(void **state)
{
	(void)state;
	struct fixture f = opened((struct relp_client_conf){
		.window_frames = 1 << 20, .window_bytes = 1 << 30, .output_bytes = 5000 });
	struct buf all = { 0 }, want = { 0 };
	char data[64];

	for (unsigned i = 0; i < 20000; i++) {
		while (!relp_client_room(f.c, sizeof(data)) || i % 7 == 0) {
			struct slice out = relp_client_output(f.c);
			size_t n = out.len < 1 + i % 777 ? out.len : 1 + i % 777;
			buf_add(&all, out.p, n);
			relp_client_wrote(f.c, n);
			if (i % 7 == 0)
				break;
		}
		if (!relp_client_room(f.c, sizeof(data)))
			continue;
		int len = snprintf(data, sizeof(data), "message %u", i);
		uint32_t txnr = 2 + (uint32_t)relp_client_unanswered(f.c);
		buf_printf(&want, "%u syslog %d %s\n", txnr, len, data);
		relp_client_send(f.c, i, slice_of(data, (size_t)len));
	}
	buf_add_slice(&all, relp_client_output(f.c));
	assert_true(slice_eq(buf_slice(&all), buf_slice(&want)));
	buf_free(&all);
	buf_free(&want);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session),
		cmocka_unit_test(answers_of_many_kinds),
		cmocka_unit_test(answers_out_of_order),
		cmocka_unit_test(a_refusal_is_told_before_what_is_behind_it),
		cmocka_unit_test(open_is_refused),
		cmocka_unit_test(open_is_answered_in_many_ways),
		cmocka_unit_test(breaches),
		cmocka_unit_test(answers_before_a_breach_count),
		cmocka_unit_test(serverclose_behind_answers),
		cmocka_unit_test(windows),
		cmocka_unit_test(numbers_are_used_up),
		cmocka_unit_test(a_new_connection_begins_afresh),
		cmocka_unit_test(close_is_answered_in_many_ways),
		cmocka_unit_test(answers_cut_anywhere),
		cmocka_unit_test(output_in_odd_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
