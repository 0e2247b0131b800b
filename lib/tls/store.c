// SPDX-License-Identifier: Apache-2.0
#include "tls/store.h"

#include "base/esc.h"
#include "base/mem.h"
#include "base/timetext.h"
#include "tls/internal.h"
#include "tls/store_look.h"

#include <stdlib.h>

#define DAY 86400
#define SHOWN 200
#define START_TRIES 5 /* at the start there are no old ones to go on with */

/* The job, the look, and whose it is: they outlive a store that is freed while the thread has them. */
struct task {
	struct worker_job job;
	struct tls_look *look;
	struct tls_store *store; /* NULL: freed */
};

struct tls_store {
	struct tls_store_events ev;
	struct task *task;
	struct tls_creds *creds;
	struct loop *loop;
	struct worker *worker;
	struct loop_timer timer;
	uint64_t check_ms;
	char trouble[sizeof(((struct err *)0)->text)];
	/* what was said of the ones in use, and is not said again */
	unsigned end_said; /* the place behind the last of `ends` that was */
	bool ca_said;
	bool early_said;
	bool purpose_said;
	mode_t mode_said; /* of the key; 0: nothing */
};

/* --- what there is to be said -------------------------------------------------------- */

static const char *date(int64_t seconds, char out[TIMETEXT_MAX])
{
	int64_t limit = INT64_MAX / 1000000;
	timetext_utc((seconds < limit ? seconds : limit) * 1000000, out);
	return out;
}

static const char *path_of(const struct tls_store *s, enum tls_file f, char out[SHOWN])
{
	const char *path = s->task->look->path[f];
	return esc_text(out, SHOWN, slice_str(path ? path : "no file"));
}

static void say_ends(struct tls_store *s, const struct tls_cert *own, int64_t now)
{
	char subject[SHOWN], path[SHOWN], when[TIMETEXT_MAX], left[TIMETEXT_MAX];
	esc_text(subject, sizeof(subject), slice_str(own->subject));
	path_of(s, TLS_FILE_CERT, path);
	date(own->not_after, when);
	if (now > own->not_after) {
		say(&s->ev.say, SAY_WARNING, "our certificate (%s) in %s expired on %s: renew it", subject,
		    path, when);
		return;
	}
	timetext_span((uint64_t)(own->not_after - now) * 1000, left);
	say(&s->ev.say, SAY_WARNING, "our certificate (%s) in %s ends in %s, on %s: renew it", subject,
	    path, left, when);
}

/*
 * Each once: 30 days, 7 days, a day before the end, and when it is over; but of one
 * that is made for a short time only what is less than half of that.
 */
static void judge_end(struct tls_store *s, const struct tls_cert *own, int64_t now)
{
	static const int64_t ends[] = { 30 * DAY, 7 * DAY, 1 * DAY, -1 };
	unsigned n = sizeof(ends) / sizeof(ends[0]), level = 0;
	int64_t left = own->not_after - now;
	for (unsigned i = 0; i < n; i++)
		if (left <= ends[i] && ends[i] < (own->not_after - own->not_before) / 2)
			level = i + 1;
	if (level > s->end_said)
		say_ends(s, own, now);
	s->end_said = level > s->end_said ? level : s->end_said;
}

static void judge_start(struct tls_store *s, const struct tls_cert *own, int64_t now)
{
	char path[SHOWN], from[TIMETEXT_MAX], clock[TIMETEXT_MAX];
	if (s->early_said || now >= own->not_before)
		return;
	s->early_said = true;
	say(&s->ev.say, SAY_WARNING, "our certificate in %s is not valid before %s, the clock here says %s",
	    path_of(s, TLS_FILE_CERT, path), date(own->not_before, from), date(now, clock));
}

/* A server's that is not meant for one is an error (creds.c); a GnuTLS imrelp takes any client's. */
static void judge_purpose(struct tls_store *s)
{
	char path[SHOWN];
	if (s->purpose_said || s->creds->side != TLS_CLIENT ||
	    tls_has_purpose(&s->creds->own, TLS_CLIENT))
		return;
	s->purpose_said = true;
	say(&s->ev.say, SAY_WARNING, "our certificate in %s is not meant for a TLS client, its key usage or "
				     "extended key usage says otherwise: receivers may refuse it",
	    path_of(s, TLS_FILE_CERT, path));
}

static void judge_ca(struct tls_store *s, int64_t now)
{
	const struct tls_certs *ca = tls_creds_ca(s->creds);
	int64_t last = INT64_MIN;
	for (size_t i = 0; i < ca->n; i++)
		if (ca->at[i].not_after > last)
			last = ca->at[i].not_after;
	if (s->ca_said || ca->n == 0 || last >= now || s->task->look->conf.auth != TLS_AUTH_NAME)
		return;
	char path[SHOWN], when[TIMETEXT_MAX];
	s->ca_said = true;
	say(&s->ev.say, SAY_WARNING, "every CA certificate in %s has expired, the last on %s: no peer will "
				     "be permitted", path_of(s, TLS_FILE_CA, path), date(last, when));
}

static void judge_mode(struct tls_store *s)
{
	const struct tls_look *look = s->task->look;
	mode_t mode = look->tried[TLS_FILE_KEY].mode & 07777;
	char path[SHOWN];
	if (look->tried[TLS_FILE_KEY].error || mode == s->mode_said)
		return;
	s->mode_said = mode & 066 ? mode : 0;
	if (mode & 066)
		say(&s->ev.say, SAY_WARNING, "%s: others than its owner can %s this private key (mode %04o)",
		    path_of(s, TLS_FILE_KEY, path), mode & 022 ? "change" : "read", (unsigned)mode);
}

static void judge(struct tls_store *s)
{
	const struct tls_certs *own = tls_creds_own(s->creds);
	int64_t now = tls_now();
	judge_mode(s);
	judge_ca(s, now);
	if (own->n) {
		judge_purpose(s);
		judge_start(s, &own->at[0], now);
		judge_end(s, &own->at[0], now);
	}
}

/* --- what a look brought ---------------------------------------------------------------- */

static bool same_own(const struct tls_creds *a, const struct tls_creds *b)
{
	const struct tls_certs *x = a ? tls_creds_own(a) : NULL, *y = tls_creds_own(b);
	return x && x->n && y->n && memcmp(x->at[0].sha256, y->at[0].sha256, 32) == 0;
}

static void take(struct tls_store *s)
{
	struct tls_look *look = s->task->look;
	if (!same_own(s->creds, look->creds)) {
		s->end_said = 0;
		s->early_said = false;
		s->purpose_said = false;
	}
	s->ca_said = false;
	s->trouble[0] = '\0';
	tls_creds_free(s->creds);
	s->creds = look->creds;
	look->creds = NULL;
	look->used = look->read;
}

static void say_new(struct tls_store *s)
{
	const struct tls_certs *own = tls_creds_own(s->creds);
	char subject[SHOWN], when[TIMETEXT_MAX];
	if (own->n)
		say(&s->ev.say, SAY_NOTICE, "new TLS files are in use: our certificate is %s, until %s",
		    esc_text(subject, sizeof(subject), slice_str(own->at[0].subject)),
		    date(own->at[0].not_after, when));
	else
		say(&s->ev.say, SAY_NOTICE, "new TLS files are in use");
}

/* Not at the first sight: the other file of a pair is perhaps still to be written. */
static void broken(struct tls_store *s)
{
	const struct tls_look *look = s->task->look;
	if (look->rounds < 2 || strcmp(s->trouble, look->err.text) == 0)
		return;
	memcpy(s->trouble, look->err.text, sizeof(s->trouble));
	say(&s->ev.say, SAY_WARNING, "the TLS files that lie there now are not used, the old ones go on: %s",
	    s->trouble);
}

static void mended(struct tls_store *s)
{
	if (!s->trouble[0])
		return;
	s->trouble[0] = '\0';
	say(&s->ev.say, SAY_NOTICE, "the TLS files that lie there are the ones in use again");
}

static void task_free(struct task *t)
{
	tls_look_free(t->look);
	free(t);
}

static void run(void *arg)
{
	struct task *t = arg;
	tls_look_run(t->look);
}

static void done(void *arg)
{
	struct task *t = arg;
	struct tls_store *s = t->store;
	enum tls_look_result result = t->look->result;
	if (!s) {
		task_free(t);
		return;
	}
	if (result == TLS_LOOK_NEW) {
		take(s);
		say_new(s);
	} else if (result == TLS_LOOK_SAME) {
		mended(s);
	} else if (result == TLS_LOOK_BROKEN) {
		broken(s);
	}
	judge(s);
	loop_timer_set(s->loop, &s->timer, s->check_ms);
	if (result == TLS_LOOK_NEW) /* the last of all: it may free the store */
		s->ev.changed(s->ev.arg);
}

static void drop(void *arg)
{
	struct task *t = arg;
	if (!t->store)
		task_free(t);
}

static void look_again(void *arg)
{
	struct tls_store *s = arg;
	worker_post(s->worker, &s->task->job);
}

/* --- life ------------------------------------------------------------------------------ */

/* At once, and again while somebody is writing just now. */
static int first_look(struct tls_look *look, struct err *e)
{
	for (int i = 0; i < START_TRIES; i++) {
		tls_look_run(look);
		if (look->result == TLS_LOOK_NEW)
			return 0;
		if (look->result == TLS_LOOK_BROKEN)
			return err_code(e, look->err.code, "%s", look->err.text);
	}
	return err_set(e, "the TLS files change while they are read");
}

struct tls_store *tls_store_new(const struct tls_conf *conf, const struct tls_files *files,
				const struct tls_store_events *ev, struct err *e)
{
	struct tls_look *look = tls_look_new(conf, files);
	if (first_look(look, e) != 0) {
		tls_look_free(look);
		return NULL;
	}
	struct tls_store *s = mem_zero(1, sizeof(*s));
	s->ev = *ev;
	s->timer = (struct loop_timer){ .fire = look_again, .arg = s };
	s->task = mem_zero(1, sizeof(*s->task));
	*s->task = (struct task){ .look = look, .store = s };
	s->task->job = (struct worker_job){ .run = run, .done = done, .drop = drop, .arg = s->task };
	take(s);
	judge(s);
	return s;
}

void tls_store_free(struct tls_store *s)
{
	if (!s)
		return;
	struct task *t = s->task;
	if (s->loop)
		loop_timer_clear(s->loop, &s->timer);
	t->store = NULL;
	if (!t->job.posted || worker_cancel(s->worker, &t->job))
		task_free(t);
	tls_creds_free(s->creds);
	free(s);
}

void tls_store_watch(struct tls_store *s, struct loop *l, struct worker *w, uint64_t check_ms)
{
	s->loop = l;
	s->worker = w;
	s->check_ms = check_ms;
	loop_timer_set(l, &s->timer, check_ms);
}

struct tls_creds *tls_store_creds(const struct tls_store *s)
{
	return s->creds;
}

const char *tls_store_trouble(const struct tls_store *s)
{
	return s->trouble;
}
