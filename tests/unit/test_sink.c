// SPDX-License-Identifier: Apache-2.0
/* The sink as a whole: what it makes of receivers that refuse, break, are silent or away. */
#include "sink_test.h"

static void assert_in(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void all_arrive_once_and_in_order(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	size_t twice;
	rig_put(r, 1000);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, 1000, &twice), 1000);
	assert_int_equal(twice, 0);
	assert_int_equal(peer_overtakers(&r->peer), 0);
	assert_int_equal(r->count[SINK_ACCEPTED], 1000);
	assert_int_equal(r->lines, 0);
	rig_free(r);
}

/* --- one record that is not wanted --------------------------------------------- */

static enum verdict refuse_one(struct peer *p, uint64_t number)
{
	return number == p->arg ? NO : YES;
}

static enum verdict break_at_one(struct peer *p, uint64_t number)
{
	return number == p->arg ? BREAK : YES;
}

static void expect_one_aside(struct rig *r, uint64_t records)
{
	size_t twice;
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, records, &twice), records - 1);
	assert_int_equal(r->count[SINK_SET_ASIDE], 1);
	assert_int_equal(stats(&r->box).aside_frames, 1);
}

static void the_others_behind_a_refused_record_are_already_accepted(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_one, 2048, -1);
	r->peer.arg = 20;
	rig_put(r, 200);
	expect_one_aside(r, 200);
	rig_free(r);
}

static void the_whole_window_behind_a_refused_record_is_accepted(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_one, 8, -1);
	r->peer.arg = 1;
	rig_put(r, 8);
	expect_one_aside(r, 8);
	rig_put(r, 100);
	rig_until(r, rig_is_empty(r));
	rig_free(r);
}

static void a_full_window_behind_a_refused_record_is_no_dead_end(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_one, 8, -1);
	r->peer.arg = 1;
	rig_put(r, 100);
	expect_one_aside(r, 100);
	rig_free(r);
}

static void a_record_that_breaks_the_session_is_set_aside(void **state)
{
	(void)state;
	struct rig *r = rig_new(break_at_one, 16, -1);
	r->peer.arg = 30;
	rig_put(r, 100);
	expect_one_aside(r, 100);
	rig_free(r);
}

/* It takes the answers to those before it with it (they wait for an acknowledgement by TCP). */
static void a_record_that_breaks_the_session_is_soon_found(void **state)
{
	(void)state;
	struct rig *r = rig_new(break_at_one, 2048, -1);
	r->peer.arg = 900;
	rig_put(r, 1000);
	expect_one_aside(r, 1000);
	assert_in_range(r->peer.connections, 5, 40);
	rig_free(r);
}

/* --- many that are not wanted --------------------------------------------------- */

static enum verdict refuse_upto(struct peer *p, uint64_t number)
{
	return number <= p->arg ? NO : YES;
}

static enum verdict refuse_even(struct peer *p, uint64_t number)
{
	(void)p;
	return number % 2 ? YES : NO;
}

static void a_run_of_bad_records_hides_no_good_one(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_upto, 64, -1);
	size_t twice;
	r->peer.arg = 40;
	rig_put(r, 100);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, 100, &twice), 60);
	assert_int_equal(r->count[SINK_SET_ASIDE], 40);
	rig_free(r);
}

static void every_second_record_is_bad(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_even, 8, -1);
	size_t twice;
	rig_put(r, 61);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, 61, &twice), 31);
	assert_int_equal(r->count[SINK_SET_ASIDE], 30);
	rig_free(r);
}

/* --- where nothing can be set aside ------------------------------------------------ */

static void fill_aside(struct rig *r)
{
	struct err e;
	for (size_t size = 1 << 20; size; size /= 2) {
		struct spool_frame f = { .seq = 1, .payload = text_of(9999, size) };
		while (spool_set_aside(r->box.sp, &f, "test", 1, &e) == 0)
			;
		assert_in(e.text, "is full");
	}
}

static void with_a_full_aside_file_it_goes_to_the_end_of_the_queue(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_one, 16, -1);
	size_t twice;
	fill_aside(r);
	r->peer.arg = 5;
	rig_put(r, 200);
	rig_until(r, peer_taken(&r->peer, 1, 200, &twice) == 199);
	assert_int_equal(r->count[SINK_SET_ASIDE], 0);
	assert_true(rig_said(r, "it goes to the end of the queue"));
	/* it waits there for a receiver that takes it */
	r->peer.arg = 0;
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_times(&r->peer, 5, YES), 1);
	assert_int_equal(r->count[SINK_GIVEN_UP], 0);
	rig_free(r);
}

static void with_a_full_queue_as_well_it_is_given_up_and_counted(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_one, 16, -1);
	size_t twice;
	fill_aside(r);
	r->peer.arg = 1;
	rig_put(r, 100);
	while (put(&r->box, 100, 1 << 20) == 0)
		;
	while (put(&r->box, 100, 60) == 0)
		;
	r->sink->conf.session.silent_ms = 5000;
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, 100, &twice), 99);
	assert_int_equal(r->count[SINK_GIVEN_UP], 1);
	assert_true(rig_said(r, "it is given up"));
	rig_free(r);
}

/* --- a receiver that is ill ------------------------------------------------------ */

static enum verdict refuse_all_until(struct peer *p, uint64_t number)
{
	(void)number;
	return p->n < p->arg ? NO : YES;
}

static enum verdict break_all_until(struct peer *p, uint64_t number)
{
	(void)number;
	return p->n < p->arg ? BREAK : YES;
}

/* Mended at the nth record that it sees: nothing is set aside, and few overtake. */
static void ill_until(script *says, uint64_t n, size_t overtakers)
{
	struct rig *r = rig_new(says, 16, -1);
	size_t twice;
	r->peer.arg = n;
	rig_put(r, 50);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, 50, &twice), 50);
	assert_int_equal(twice, 0);
	assert_int_equal(r->count[SINK_SET_ASIDE], 0);
	assert_in_range(peer_overtakers(&r->peer), 0, overtakers);
	rig_free(r);
}

static void nothing_is_set_aside_when_everything_is_refused(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 40; n += 3)
		ill_until(refuse_all_until, n, n < 16 ? 16 : 1);
	for (uint64_t n = 1; n < 20; n++)
		ill_until(break_all_until, n, 1);
}

/* The suspect, and at once another one; then the pause, which grows to a minute. */
static void the_suspect_is_the_first_after_a_pause(void **state)
{
	(void)state;
	struct rig *r = rig_new(refuse_all_until, 16, -1);
	r->peer.arg = UINT64_MAX;
	rig_put(r, 16);
	rig_until(r, r->peer.connections == 41);
	assert_in_range(r->waits, 20, 21);
	assert_true(r->longest_ms > 10000);
	for (size_t i = 16; i < r->peer.n; i++)
		if (r->peer.seen[i].connection % 2 == 0)
			assert_int_equal(r->peer.seen[i].number, 1);
	/* mended in the pause */
	rig_until(r, r->sink->stage == STAGE_WAITING && r->sink->suspect.plan == SUSPECT_ALONE);
	r->peer.arg = 0;
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_overtakers(&r->peer), 0);
	rig_free(r);
}

/* --- giving up -------------------------------------------------------------------- */

static enum verdict refuse_one_mute_others(struct peer *p, uint64_t number)
{
	return number == p->arg ? NO : MUTE;
}

/* resumeRetryCount 0, but with another time than 30 s. */
static struct rig *rig_giving_up_after(uint64_t ms, script *says, size_t window_frames)
{
	struct rig *r = rig_new(says, window_frames, 0);
	r->sink->outage.giveup.limit_ms = ms;
	return r;
}

static void wait_ms(struct rig *r, uint64_t ms)
{
	for (uint64_t end = clock_mono_ms() + ms; clock_mono_ms() < end;)
		rig_turn(r);
}

static void the_suspect_is_given_up_while_another_record_is_under_way(void **state)
{
	(void)state;
	struct rig *r = rig_giving_up_after(50, refuse_one_mute_others, 16);
	r->peer.arg = 1;
	rig_put(r, 1);
	rig_until(r, r->sink->suspect.seq);
	rig_put(r, 5);
	rig_until(r, r->sink->suspect.plan == SUSPECT_OTHER && r->sink->probe);
	wait_ms(r, 60);
	sink_on_outage_tick(r->sink);
	assert_int_equal(r->count[SINK_GIVEN_UP], 1);
	assert_int_equal(r->sink->suspect.seq, 0);
	r->peer.says = NULL;
	r->sink->outage.giveup.limit_ms = 100000;
	rig_until(r, rig_is_empty(r));
	assert_int_equal(r->count[SINK_GIVEN_UP], 1);
	rig_free(r);
}

static void what_was_accepted_behind_a_gap_is_not_given_up(void **state)
{
	(void)state;
	struct rig *r = rig_giving_up_after(50, refuse_one, 16);
	r->peer.arg = 1;
	rig_put(r, 10);
	rig_until(r, r->count[SINK_ACCEPTED] == 9);
	peer_kill(&r->peer);
	sink_on_outage_tick(r->sink);
	wait_ms(r, 60);
	sink_on_outage_tick(r->sink);
	assert_true(rig_is_empty(r));
	assert_int_equal(r->count[SINK_GIVEN_UP], 1);
	rig_free(r);
}

/* An acceptance starts the time anew, also of a record beside a suspect. */
static void nobody_is_given_up_while_others_are_accepted(void **state)
{
	(void)state;
	struct rig *r = rig_giving_up_after(100000, refuse_upto, 64);
	r->peer.arg = 5;
	rig_put(r, 100);
	rig_until(r, r->sink->suspect.other_accepted);
	assert_int_equal(r->sink->outage.giveup.n, 0);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(r->count[SINK_SET_ASIDE], 5);
	rig_free(r);
}

/* --- a spool that can't be read now ---------------------------------------------------- */

static void without_descriptors_nothing_is_passed_over(void **state)
{
	(void)state;
	struct rlimit before, none;
	struct rig *r = rig_new(NULL, 16, -1);
	size_t twice;
	peer_kill(&r->peer);
	rig_put(r, 100);
	sink_free(r->sink);
	box_reopen(&r->box); /* a new run has not opened the file of the one before yet */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	rig_sink(r);
	rig_turns(r, 20);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	peer_listen(&r->peer);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, 100, &twice), 100);
	assert_int_equal(stats(&r->box).gap_frames, 0);
	rig_free(r);
}

/* --- connections that end by our own will ------------------------------------------------- */

static void all_arrive_over_many_connections(struct rig *r)
{
	size_t twice;
	rig_put(r, 500);
	rig_until(r, rig_is_empty(r));
	assert_int_equal(peer_taken(&r->peer, 1, 500, &twice), 500);
	assert_int_equal(twice, 0);
	assert_int_equal(peer_overtakers(&r->peer), 0);
	assert_int_equal(r->lines, 0);
	assert_int_equal(r->waited_ms, 0);
	rig_free(r);
}

static void transaction_numbers_that_are_used_up(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 16, -1);
	sink_free(r->sink);
	r->conf.session.relp.last_txnr = 20;
	rig_sink(r);
	all_arrive_over_many_connections(r);
}

static void rebinding_makes_no_duplicates(void **state)
{
	(void)state;
	struct rig *r = rig_new(NULL, 4, -1);
	sink_free(r->sink);
	r->conf.rebind_ms = 3;
	rig_sink(r);
	all_arrive_over_many_connections(r);
}

/* --- everything at once, at random --------------------------------------------------------- */

static enum verdict by_chance(struct peer *p, uint64_t number)
{
	if (number % 97 == 0)
		return p->arg2 & 1 ? NO : BREAK;
	if (p->arg2 == 0)
		return YES;
	switch (rand_below(&p->arg, 60)) {
	case 0:
		return NO;
	case 1:
		return BREAK;
	case 2:
		return p->arg2 & 2 ? MUTE : YES;
	default:
		return YES;
	}
}

static void something_happens(struct rig *r, uint64_t *random)
{
	switch (rand_below(random, 40)) {
	case 0:
		peer_kill(&r->peer);
		break;
	case 1:
		r->peer.open = (enum on_open)rand_below(random, 4);
		break;
	case 2: /* kill -9 of us */
		sink_free(r->sink);
		box_reopen(&r->box);
		rig_sink(r);
		break;
	case 3: /* SIGTERM */
		r->stopped = false;
		sink_stop(r->sink, 100);
		rig_until(r, r->stopped);
		sink_free(r->sink);
		box_reopen(&r->box);
		rig_sink(r);
		break;
	case 4:
		peer_hang_up(&r->peer);
		break;
	default:
		if (r->peer.listener < 0)
			peer_listen(&r->peer);
		r->peer.open = OPEN_YES;
	}
}

static void whatever_happens_nothing_is_lost(void **state)
{
	(void)state;
	const char *wish = getenv("SINK_TEST_SEED");
	uint64_t seed = wish ? strtoull(wish, NULL, 10) : clock_seed() % 1000000;
	for (unsigned round = 0; round < 12; round++) {
		print_message("SINK_TEST_SEED=%llu\n", (unsigned long long)(seed + round));
		uint64_t random = seed + round, left = 300;
		struct rig *r = rig_new(by_chance, 1 + rand_below(&random, 40), -1);
		r->conf.session.silent_ms = 30;
		r->conf.rebind_ms = rand_below(&random, 3) * 20;
		r->peer.arg = random;
		r->peer.arg2 = 1 + rand_below(&random, 3);
		while (left) {
			uint64_t n = 1 + rand_below(&random, left < 20 ? left : 20);
			rig_put(r, n);
			left -= n;
			rig_turns(r, (unsigned)rand_below(&random, 30));
			something_happens(r, &random);
		}
		/* mended, but for every 97th */
		r->peer.arg2 = 0;
		r->peer.open = OPEN_YES;
		if (r->peer.listener < 0)
			peer_listen(&r->peer);
		rig_until(r, rig_is_empty(r));
		/* a good one may have met bad luck three times, alone; taken before, it is aside too */
		size_t twice, taken = peer_taken(&r->peer, 1, 300, &twice);
		assert_in_range(taken, 294, 297);
		assert_in_range(stats(&r->box).aside_frames, 300 - taken, 6);
		rig_free(r);
	}
}

/* --- the log ----------------------------------------------------------------------------- */

static enum verdict one_a_connection(struct peer *p, uint64_t number)
{
	(void)number;
	return p->here == 1 ? YES : BREAK;
}

static void a_line_that_flaps_does_not_flood_the_log(void **state)
{
	(void)state;
	struct rig *r = rig_new(one_a_connection, 4, -1);
	rig_put(r, 100);
	rig_until(r, r->peer.connections >= 40);
	assert_in_range(r->lines, 1, 2 * (6 + 2));
	r->peer.says = NULL;
	rig_until(r, rig_is_empty(r));
	/* some time later it is told again, and of the others */
	r->sink->outage.told_ms -= 10000;
	peer_hang_up(&r->peer);
	unsigned before = r->lines;
	rig_until(r, r->lines > before);
	assert_in(r->log[before], "is suspended");
	assert_in(r->log[before], "short ones before it were not told");
	rig_free(r);
}

/* --- what status says ---------------------------------------------------------------- */

static enum verdict mute(struct peer *p, uint64_t number)
{
	(void)p;
	(void)number;
	return MUTE;
}

static void a_receiver_that_does_not_answer_is_not_called_delivering(void **state)
{
	(void)state;
	struct sink_status st;
	struct rig *r = rig_new(mute, 16, -1);
	r->sink->session->conf.silent_ms = 90000;
	rig_put(r, 3);
	rig_until(r, r->peer.n == 3);
	sink_status(r->sink, &st);
	assert_int_equal(st.state, SINK_DELIVERING);
	r->sink->session->progress_ms -= 7000;
	sink_status(r->sink, &st);
	assert_int_equal(st.state, SINK_SUSPENDED);
	assert_in(st.last_error, "no answer to messages for 7 s");
	assert_int_equal(st.unanswered, 3);
	rig_free(r);
}

static void a_doubt_that_is_over_is_not_shown(void **state)
{
	(void)state;
	struct sink_status st;
	struct rig *r = rig_new(refuse_one, 16, -1);
	r->peer.arg = 1;
	rig_put(r, 3);
	rig_until(r, r->peer.connections == 2 && r->sink->opened && r->sink->probe);
	sink_status(r->sink, &st);
	assert_int_equal(st.state, SINK_DOUBTING);
	r->peer.arg = 0;
	rig_until(r, r->sink->suspect.plan == SUSPECT_NONE);
	peer_kill(&r->peer);
	rig_put(r, 3);
	rig_until(r, r->sink->stage == STAGE_WAITING && r->count[SINK_FAILURES]);
	sink_status(r->sink, &st);
	assert_int_equal(st.state, SINK_SUSPENDED);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_arrive_once_and_in_order),
		cmocka_unit_test(the_others_behind_a_refused_record_are_already_accepted),
		cmocka_unit_test(the_whole_window_behind_a_refused_record_is_accepted),
		cmocka_unit_test(a_full_window_behind_a_refused_record_is_no_dead_end),
		cmocka_unit_test(a_record_that_breaks_the_session_is_set_aside),
		cmocka_unit_test(a_record_that_breaks_the_session_is_soon_found),
		cmocka_unit_test(a_run_of_bad_records_hides_no_good_one),
		cmocka_unit_test(every_second_record_is_bad),
		cmocka_unit_test(with_a_full_aside_file_it_goes_to_the_end_of_the_queue),
		cmocka_unit_test(with_a_full_queue_as_well_it_is_given_up_and_counted),
		cmocka_unit_test(nothing_is_set_aside_when_everything_is_refused),
		cmocka_unit_test(the_suspect_is_the_first_after_a_pause),
		cmocka_unit_test(the_suspect_is_given_up_while_another_record_is_under_way),
		cmocka_unit_test(what_was_accepted_behind_a_gap_is_not_given_up),
		cmocka_unit_test(without_descriptors_nothing_is_passed_over),
		cmocka_unit_test(transaction_numbers_that_are_used_up),
		cmocka_unit_test(rebinding_makes_no_duplicates),
		cmocka_unit_test(whatever_happens_nothing_is_lost),
		cmocka_unit_test(a_line_that_flaps_does_not_flood_the_log),
		cmocka_unit_test(a_receiver_that_does_not_answer_is_not_called_delivering),
		cmocka_unit_test(a_doubt_that_is_over_is_not_shown),
		cmocka_unit_test(nobody_is_given_up_while_others_are_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
