// SPDX-License-Identifier: Apache-2.0
/* The sink under TLS, without TLS: renewal, handshakes that fail or hang, what has to be waited for. */
#include "sink_test.h"

/* --- renewal ----------------------------------------------------------------------- */

static void renewing_makes_no_duplicates(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	size_t twice;
	rig_put(r, 500);
	rig_until(r, r->peer.n > 100);
	sink_renew_within(r->sink, 0);
	rig_until(r, r->count[SINK_RENEWALS] == 1);
	rig_put(r, 500);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(r->peer.connections, 2);
	assert_int_equal(peer_taken(&r->peer, 1, 1000, &twice), 1000);
	assert_int_equal(twice, 0);
	assert_int_equal(peer_overtakers(&r->peer), 0);
	assert_int_equal(r->count[SINK_RESENT], 0);
	assert_int_equal(r->count[SINK_FAILURES], 0);
	assert_int_equal(r->lines, 0);
	rig_free(r);
}

static void a_renewal_has_a_random_moment_within_the_time(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	uint64_t least = UINT64_MAX, most = 0;
	rig_until(r, r->sink->opened);
	for (int i = 0; i < 200; i++) {
		sink_renew_within(r->sink, 600000);
		uint64_t in = r->sink->renew.due_ms - loop_now_ms(r->loop);
		least = in < least ? in : least;
		most = in > most ? in : most;
	}
	assert_true(least < 60000);
	assert_true(most > 540000 && most <= 600000);
	rig_free(r);
}

/* 2,000 nodes, each with its own seed: a tenth of the time has a tenth of them, within 4.5 sigma. */
static void nodes_renew_evenly_spread_over_the_time(void **state)
{
	(void)state;
	enum { NODES = 2000, TENTHS = 10 };
	struct rig *r = rig_new(NULL, 16, -1);
	int in[TENTHS] = { 0 };
	rig_until(r, r->sink->opened);
	for (uint64_t seed = 1; seed <= NODES; seed++) {
		r->sink->backoff.random = seed;
		sink_renew_within(r->sink, 599999);
		in[(r->sink->renew.due_ms - loop_now_ms(r->loop)) * TENTHS / 600000]++;
	}
	for (int i = 0; i < TENTHS; i++)
		assert_in_range(in[i], 140, 260);
	rig_free(r);
}

static void a_connection_that_is_new_anyway_is_not_renewed(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	rig_until(r, r->sink->opened);
	sink_renew_within(r->sink, 300);
	peer_hang_up(&r->peer);
	rig_until(r, r->peer.connections == 2 && r->sink->opened);
	assert_false(loop_timer_is_set(&r->sink->renew));
	assert_int_equal(r->count[SINK_RENEWALS], 0);
	rig_free(r);
}

static void new_files_end_a_long_wait(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	r->peer.open = OPEN_BREAK;
	rig_put(r, 1);
	rig_until(r, r->count[SINK_FAILURES] == 9);
	r->patient = true;
	rig_until(r, r->sink->stage == STAGE_WAITING);
	loop_timer_set(r->loop, &r->sink->retry, 60000);
	r->peer.open = OPEN_YES;
	sink_renew_within(r->sink, 600000);
	assert_true(r->sink->retry.due_ms <= loop_now_ms(r->loop) + 1000);
	assert_int_equal(r->sink->backoff.refusals, 1);
	rig_until(r, rig_is_empty(r));
	rig_free(r);
}

/* --- handshakes ------------------------------------------------------------------ */

enum shake { SHAKE_HANGS, SHAKE_FAILS, SHAKE_DONE };

struct fake {
	struct transport t;
	struct transport *plain;
	enum shake *how;
};

static int fake_handshake(struct transport *t, struct err *e)
{
	struct fake *f = (struct fake *)t;
	if (*f->how == SHAKE_FAILS)
		return err_set(e, "the certificate is not trusted");
	return *f->how == SHAKE_HANGS ? TRANSPORT_WANT_READ : 0;
}

static ssize_t fake_read(struct transport *t, void *p, size_t len, struct err *e)
{
	struct fake *f = (struct fake *)t;
	return f->plain->ops->read(f->plain, p, len, e);
}

static ssize_t fake_write(struct transport *t, const void *p, size_t len, struct err *e)
{
	struct fake *f = (struct fake *)t;
	return f->plain->ops->write(f->plain, p, len, e);
}

static int fake_shut(struct transport *t, struct err *e)
{
	(void)t;
	(void)e;
	return 0;
}

static void fake_free(struct transport *t)
{
	transport_free(((struct fake *)t)->plain);
	free(t);
}

static const struct transport_ops fake_ops = {
	.name = "fake", .handshake = fake_handshake, .read = fake_read, .write = fake_write,
	.shut = fake_shut, .free = fake_free,
};

static struct transport *fake_wrap(void *arg, int fd, struct err *e)
{
	struct fake *f = mem_zero(1, sizeof(*f));
	(void)e;
	f->t = (struct transport){ .ops = &fake_ops, .fd = fd };
	f->plain = transport_plain(fd);
	f->how = arg;
	return &f->t;
}

static struct rig *rig_that_shakes(enum shake *how, uint64_t handshake_ms)
{
	struct rig *r = rig_new(NULL, 16, -1);
	sink_free(r->sink);
	r->conf.session.wrap = fake_wrap;
	r->conf.session.wrap_arg = how;
	r->conf.session.handshake_ms = handshake_ms;
	rig_sink(r);
	return r;
}

static void handshakes_that_fail_are_waited_out_ever_longer(void **state)
{
	(void)state;
	enum shake how = SHAKE_FAILS;
	struct rig *r = rig_that_shakes(&how, 0);
	rig_put(r, 10);
	rig_until(r, r->waits == 12);
	assert_true(r->longest_ms > 4000 && r->longest_ms <= 60000);
	assert_true(r->waited_ms > 20000); /* of 1, 2, 4 ... 60 s, each by chance from nothing on */
	assert_int_equal(r->lines, 1);
	assert_true(rig_said(r, "is suspended: the certificate is not trusted"));
	how = SHAKE_DONE;
	rig_until(r, rig_is_empty(r));
	assert_int_equal(r->sink->backoff.refusals, 0);
	rig_free(r);
}

static void a_handshake_has_ever_more_time_when_it_is_late(void **state)
{
	(void)state;
	enum shake how = SHAKE_HANGS;
	struct rig *r = rig_that_shakes(&how, 20);
	rig_put(r, 1);
	for (unsigned n = 1; n < 5; n++) {
		rig_until(r, r->count[SINK_FAILURES] == n);
		rig_until(r, session_stage(r->sink->session) == SESSION_HANDSHAKE);
		assert_int_equal(r->sink->session->conf.handshake_ms, 20 << n);
	}
	assert_true(rig_said(r, "the handshake was not done within 0.02 s"));
	how = SHAKE_DONE;
	rig_until(r, rig_is_empty(r));
	peer_hang_up(&r->peer);
	how = SHAKE_HANGS;
	rig_until(r, session_stage(r->sink->session) == SESSION_HANDSHAKE);
	assert_int_equal(r->sink->session->conf.handshake_ms, 20);
	rig_free(r);
}

static void a_handshake_has_30_s_at_first_and_60_at_most(void **state)
{
	(void)state;
	enum shake how = SHAKE_HANGS;
	struct rig *r = rig_that_shakes(&how, 0);
	rig_until(r, session_stage(r->sink->session) == SESSION_HANDSHAKE);
	assert_int_equal(r->sink->session->conf.handshake_ms, 30000);
	for (unsigned n = 1; n < 4; n++) {
		loop_timer_set(r->loop, &r->sink->session->limit, 0);
		rig_until(r, r->count[SINK_FAILURES] == n);
		rig_until(r, session_stage(r->sink->session) == SESSION_HANDSHAKE);
		assert_int_equal(r->sink->session->conf.handshake_ms, 60000);
	}
	rig_free(r);
}

/* As TLS 1.3 does it: our handshake is done, and then the receiver drops us. */
static void a_refusal_after_the_handshake_is_waited_out_too(void **state)
{
	(void)state;
	enum shake how = SHAKE_DONE;
	struct rig *r = rig_that_shakes(&how, 0);
	r->peer.open = OPEN_BREAK;
	rig_put(r, 10);
	rig_until(r, r->waits == 12);
	assert_true(r->longest_ms > 4000);
	assert_true(r->waited_ms > 20000);
	r->peer.open = OPEN_YES;
	rig_until(r, rig_is_empty(r));
	rig_free(r);
}

/* --- what is not there yet ----------------------------------------------------------- */

static int not_ready(void *arg, struct err *e)
{
	struct rig *r = arg;
	return r->put_upto < 20 ? err_set(e, "tls.crt: no such file") : 0;
}

static void until_it_is_ready_nobody_is_called(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	sink_free(r->sink);
	peer_hang_up(&r->peer);
	r->hooks.ready = not_ready;
	rig_sink(r);
	rig_put(r, 10);
	rig_until(r, r->waits > 5);
	assert_int_equal(r->peer.n, 0);
	assert_int_equal(r->lines, 1);
	assert_true(rig_said(r, "is suspended: tls.crt: no such file"));
	struct sink_status st;
	sink_status(r->sink, &st);
	assert_int_equal(st.state, SINK_SUSPENDED);
	rig_put(r, 10);
	sink_renew_within(r->sink, 600000);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(r->peer.n, 20);
	assert_true(rig_said(r, "works again"));
	rig_free(r);
}

struct heard {
	unsigned stages[SESSION_CLOSE + 1], ends;
	enum session_end last;
};

static struct heard heard;

static void on_heard_stage(void *arg, enum session_stage stage)
{
	(void)arg;
	heard.stages[stage]++;
}

static void on_heard_end(void *arg, enum session_end why, struct err *e)
{
	(void)arg;
	heard.ends++;
	heard.last = why;
	if (e)
		err_set(e, "known better");
}

static void whoever_asks_hears_of_stages_and_ends(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	sink_free(r->sink);
	peer_hang_up(&r->peer);
	heard = (struct heard){ 0 };
	r->hooks.stage = on_heard_stage;
	r->hooks.ended = on_heard_end;
	rig_sink(r);
	rig_put(r, 10);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(heard.stages[SESSION_HANDSHAKE], 1);
	assert_int_equal(heard.stages[SESSION_OPEN], 1);
	sink_renew_within(r->sink, 0);
	rig_until(r, heard.ends == 1);
	assert_int_equal(heard.last, SESSION_END_CLOSED);
	r->peer.open = OPEN_BREAK;
	rig_until(r, r->count[SINK_FAILURES] == 1);
	assert_int_equal(heard.last, SESSION_END_OPEN_CLOSED);
	struct sink_status st;
	sink_status(r->sink, &st);
	assert_string_equal(st.last_error, "known better");
	rig_free(r);
}

/* The moment of the renewal may come while hands are shaken, with what was read before. */
static void a_renewal_amid_the_handshake_is_made_up_for(void **state)
{
	(void)state;
	enum shake how = SHAKE_HANGS;
	struct rig *r = rig_that_shakes(&how, 0);
	rig_put(r, 10);
	rig_until(r, session_stage(r->sink->session) == SESSION_HANDSHAKE);
	unsigned before = r->peer.connections;
	sink_renew_within(r->sink, 0);
	rig_until(r, !loop_timer_is_set(&r->sink->renew));
	how = SHAKE_DONE;
	loop_timer_set(r->loop, &r->sink->session->soon, 0);
	rig_until(r, r->count[SINK_RENEWALS] == 1);
	rig_until(r, r->peer.connections == before + 1 && r->sink->opened);
	rig_put(r, 10);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(r->count[SINK_RENEWALS], 1);
	assert_int_equal(r->count[SINK_FAILURES], 0);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renewing_makes_no_duplicates),
		cmocka_unit_test(a_renewal_has_a_random_moment_within_the_time),
		cmocka_unit_test(nodes_renew_evenly_spread_over_the_time),
		cmocka_unit_test(a_connection_that_is_new_anyway_is_not_renewed),
		cmocka_unit_test(new_files_end_a_long_wait),
		cmocka_unit_test(a_renewal_amid_the_handshake_is_made_up_for),
		cmocka_unit_test(handshakes_that_fail_are_waited_out_ever_longer),
		cmocka_unit_test(a_handshake_has_ever_more_time_when_it_is_late),
		cmocka_unit_test(a_handshake_has_30_s_at_first_and_60_at_most),
		cmocka_unit_test(a_refusal_after_the_handshake_is_waited_out_too),
		cmocka_unit_test(until_it_is_ready_nobody_is_called),
		cmocka_unit_test(whoever_asks_hears_of_stages_and_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
