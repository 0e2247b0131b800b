// SPDX-License-Identifier: Apache-2.0
#include "forward/tls.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/timetext.h"
#include "forward/count.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The connection is renewed so long before its certificate ends, if the new one came in time. */
#define RENEW_MARGIN_S 60
/* Where it did not: soon, but not all nodes at once. */
#define RENEW_LATE_MS 10000

struct forward_tls {
	const struct forward_tls_conf *conf;
	struct tls_conf policy;
	struct loop *loop;
	struct worker *worker;
	struct counts *counts;
	struct sink *sink;
	struct say say;

	struct tls_store *store; /* NULL: the files could not be used yet */
	struct loop_timer again; /* then they are tried again */
	char unready[512];	 /* and this is why */
	char counted[512];	 /* the store's trouble that was counted last */

	/* of the connection of now, or the last one */
	struct tls_report report;
	bool stands;	     /* there is one, and its handshake is done */
	int64_t not_after;   /* of the certificate it was made with */

	const char *failure_cause;
	char failure[512];
	uint64_t failure_ms;
};

static struct tls_conf policy_of(const struct forward_tls_conf *conf, const char *target)
{
	return (struct tls_conf){
		.side = TLS_CLIENT,
		.auth = conf->auth,
		.permitted = conf->permitted,
		.n_permitted = conf->n_permitted,
		.target = target,
	};
}

/* --- the files ------------------------------------------------------------------ */

uint64_t forward_tls_within(uint64_t within_ms, int64_t not_after, int64_t now)
{
	if (not_after == INT64_MAX)
		return within_ms;
	int64_t left = not_after - now - RENEW_MARGIN_S;
	if (left <= 0)
		return within_ms < RENEW_LATE_MS ? within_ms : RENEW_LATE_MS;
	return (uint64_t)left < within_ms / 1000 ? (uint64_t)left * 1000 : within_ms;
}

static void on_changed(void *arg)
{
	struct forward_tls *t = arg;
	counts_add(t->counts, COUNT_TLS_RELOADS, 1);
	if (t->sink)
		sink_renew_within(t->sink, forward_tls_within(t->conf->rotate_within_ms,
							      t->not_after, clock_real_s()));
}

/* -1: the files cannot be used now; t->unready says why. */
static int open_store(struct forward_tls *t)
{
	struct tls_store_events ev = { .arg = t, .say = t->say, .changed = on_changed };
	struct err e = { 0 };
	t->store = tls_store_new(&t->policy, &t->conf->files, &ev, &e);
	if (!t->store) {
		if (strcmp(t->unready, e.text) != 0)
			counts_add(t->counts, COUNT_TLS_RELOAD_FAILURES, 1);
		snprintf(t->unready, sizeof(t->unready), "%s", e.text);
		return -1;
	}
	t->unready[0] = '\0';
	tls_store_watch(t->store, t->loop, t->worker, t->conf->check_ms);
	return 0;
}

static void on_again(void *arg)
{
	struct forward_tls *t = arg;
	if (open_store(t) < 0)
		loop_timer_set(t->loop, &t->again, t->conf->check_ms);
	else
		on_changed(t);
}

void forward_tls_turn(struct forward_tls *t)
{
	const char *trouble = t->store ? tls_store_trouble(t->store) : "";
	if (strncmp(trouble, t->counted, sizeof(t->counted) - 1) == 0)
		return;
	if (trouble[0])
		counts_add(t->counts, COUNT_TLS_RELOAD_FAILURES, 1);
	snprintf(t->counted, sizeof(t->counted), "%s", trouble);
}

struct forward_tls *forward_tls_new(const struct forward_tls_conf *conf, const char *target,
				    struct loop *l, struct counts *counts, const struct say *say,
				    struct err *e)
{
	struct forward_tls *t = mem_zero(1, sizeof(*t));
	t->conf = conf;
	t->policy = policy_of(conf, target);
	t->not_after = INT64_MAX;
	t->loop = l;
	t->counts = counts;
	t->say = *say;
	t->again = (struct loop_timer){ .fire = on_again, .arg = t };
	t->worker = worker_new(l, e);
	if (!t->worker) {
		free(t);
		return NULL;
	}
	if (open_store(t) < 0)
		loop_timer_set(l, &t->again, conf->check_ms);
	return t;
}

void forward_tls_attach(struct forward_tls *t, struct sink *s)
{
	t->sink = s;
}

void forward_tls_free(struct forward_tls *t)
{
	if (!t)
		return;
	loop_timer_clear(t->loop, &t->again);
	tls_store_free(t->store);
	worker_free(t->worker);
	tls_report_clear(&t->report);
	free(t);
}

int forward_tls_check(const struct forward_tls_conf *conf, const char *target,
		      const struct say *to, struct err *e)
{
	struct tls_conf policy = policy_of(conf, target);
	struct tls_store_events ev = { .say = *to };
	struct tls_store *store = tls_store_new(&policy, &conf->files, &ev, e);
	char at[TIMETEXT_MAX];
	if (!store)
		return -1;
	const struct tls_certs *ca = tls_creds_ca(tls_store_creds(store));
	for (size_t i = 0; ca && i < ca->n; i++) {
		if (ca->at[i].not_after >= clock_real_s())
			continue;
		timetext_utc(ca->at[i].not_after * 1000000, at);
		say(to, SAY_WARNING, "%s: CA certificate %zu is expired since %s", conf->files.ca, i + 1, at);
	}
	tls_store_free(store);
	return 0;
}

/* --- a connection ----------------------------------------------------------------- */

int forward_tls_ready(struct forward_tls *t, struct err *e)
{
	if (t->store)
		return 0;
	return err_set(e, "TLS cannot be spoken: %s", t->unready);
}

struct transport *forward_tls_wrap(void *arg, int fd, struct err *e)
{
	struct forward_tls *t = arg;
	if (forward_tls_ready(t, e) < 0)
		return NULL;
	struct tls_creds *creds = tls_store_creds(t->store);
	t->not_after = tls_creds_not_after(creds);
	return tls_transport(creds, fd, t->worker, &t->report);
}

void forward_tls_stage(struct forward_tls *t, enum session_stage stage)
{
	if (stage == SESSION_CONNECT)
		tls_report_clear(&t->report);
	if (stage != SESSION_OPEN)
		return;
	t->stands = true;
	counts_add(t->counts, COUNT_TLS_HANDSHAKES, 1);
}

static void note_failure(struct forward_tls *t, const struct err *e, bool late)
{
	counts_add(t->counts, COUNT_TLS_FAILURES, 1);
	t->failure_cause = late ? "timeout" : tls_cause_name(t->report.cause);
	t->failure_ms = loop_now_ms(t->loop);
	snprintf(t->failure, sizeof(t->failure), "%s", e->text);
}

void forward_tls_ended(struct forward_tls *t, enum session_end why, struct err *e)
{
	enum tls_cause cause = t->report.cause;
	bool known = cause != TLS_UNKNOWN && cause != TLS_GOOD;
	bool late = why == SESSION_END_HANDSHAKE && e && e->code == ETIMEDOUT;
	t->stands = false;
	if (!e || (why != SESSION_END_HANDSHAKE && !known))
		return;
	if (known) /* that it was closed before open was answered is part of it */
		(void)tls_report_say(&t->report, clock_real_s(), e);
	const char *hint = tls_report_hint(&t->report);
	size_t len = strlen(e->text);
	note_failure(t, e, late);
	if (known && hint) /* without its final stop */
		snprintf(e->text + len, sizeof(e->text) - len, " (%.*s)", (int)strlen(hint) - 1, hint);
}

/* --- for status ------------------------------------------------------------------- */

void forward_tls_view(const struct forward_tls *t, struct forward_tls_view *out)
{
	*out = (struct forward_tls_view){
		.report = t->stands ? &t->report : NULL,
		.creds = t->store ? tls_store_creds(t->store) : NULL,
		.trouble = t->store ? tls_store_trouble(t->store) : t->unready,
		.failure_cause = t->failure_cause,
		.failure = t->failure,
		.failure_ms = t->failure_ms,
	};
}
