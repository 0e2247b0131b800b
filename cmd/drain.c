// SPDX-License-Identifier: Apache-2.0
#include "cmd/drain.h"

#include "cmd/cmd.h"
#include "cmd/forward_conf.h"
#include "cmd/log.h"
#include "forward/lastgood.h"
#include "forward/settings.h"
#include "forward/tls.h"
#include "io/control.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "spool/dir.h"
#include "spool/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the running forward says: so many records wait. -1: nobody answers there, see e. */
static int ask_waiting(const char *path, uint64_t *count, struct err *e)
{
	struct buf answer = { 0 };
	if (control_ask(path, slice_str("waiting"), 5000, &answer, e) < 0)
		return -1;
	struct slice number = slice_of(answer.p, answer.len ? answer.len - 1 : 0);
	int result = num_u64(number, 0, UINT64_MAX, count);
	if (result < 0)
		err_code(e, EPROTO, "the answer is not one of forward's");
	buf_free(&answer);
	return result;
}

static int wait_for_running(const char *path, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	uint64_t count;
	int result = ask_waiting(path, &count, e);
	if (result < 0)
		return -1;
	if (count)
		fprintf(stderr, "relpbox: a forward is running on this spool, and %" PRIu64 " records wait; waiting until it has sent all\n",
			count);
	while (result == 0 && count) {
		nanosleep(&pause, NULL);
		result = ask_waiting(path, &count, e);
	}
	return result;
}

struct tally {
	uint64_t waits, aside;
};

static int on_item(void *arg, const struct spool_item *item)
{
	struct tally *t = arg;
	if (item->aside)
		t->aside++;
	else
		t->waits++;
	return 0;
}

/* Nothing waits any more; but what is set aside is not delivered. */
static int end_well(const char *dir)
{
	struct tally t = { 0 };
	struct err e;
	if (spool_walk(dir, on_item, &t, &e) < 0) {
		fprintf(stderr, "relpbox: %s\n", e.text);
		return EXIT_FAILED;
	}
	if (t.aside)
		fprintf(stderr, "relpbox: %" PRIu64 " records are still set aside: see `relpbox spool list` and `relpbox spool requeue`\n",
			t.aside);
	return t.aside ? EXIT_FAILED : EXIT_OK;
}

/* How many records wait, by a spool that is in order; -1: it is held by another, or sick. */
static int look(const char *dir, struct tally *t, struct err *e)
{
	struct spool_conf conf = { .dir = dir, .max_bytes = UINT64_C(1) << 40, .existing = true };
	struct spool *sp = NULL;
	struct spool_stats st;
	if (spool_open(&sp, &conf, clock_mono_ms(), e) < 0)
		return -1;
	int result = spool_trouble(sp)[0] ? err_set(e, "%s", spool_trouble(sp)) : 0;
	spool_stats(sp, &st);
	*t = (struct tally){ st.frames, st.aside_frames };
	spool_close(sp);
	return result;
}

/* Did forward send by TLS, as far as its last good configuration tells? By the option: the document has no word of it. */
static bool forward_had_tls(const char *dir, bool *by_option)
{
	struct document last;
	bool had = document_load_last_good(&last, dir) == 0 &&
		   (last.tls_by_option || settings_ask_for_tls(&last.config));
	*by_option = had && last.tls_by_option;
	document_free(&last);
	return had;
}

/* As forward would send: never in plain what it sent by TLS, whatever document is named here. */
static int settle(struct document *d, const char *dir, const struct forward_tls_words *words,
		  struct forward_conf *fc, struct err *e)
{
	struct say to = log_say();
	bool by_option;
	if (forward_tls_put(words, &d->config, e) < 0)
		return -1;
	if (!settings_ask_for_tls(&d->config) && forward_had_tls(dir, &by_option))
		return err_set(e, by_option ?
			"forward ran with --tls-dir: give it here too; in plain it is not sent" :
			"forward ran with TLS, and this configuration does not ask for it; in plain it is not sent");
	if (settings_check_run(&d->config, e) < 0 ||
	    settings_from_config(&d->config, "", fc, e) < 0)
		return -1;
	/* forward would wait for the files; who drains by hand wants to know */
	return fc->tls.on ? forward_tls_check(&fc->tls, fc->sink.host, &to, e) : 0;
}

static int send_rest(struct document *d, const char *dir, const struct forward_tls_words *words)
{
	struct forward_conf fc = { 0 };
	struct err e = { 0 };
	struct tally before = { 0 };
	struct say say_to = log_say();
	free(d->config.spool_dir);
	d->config.spool_dir = mem_strdup(dir);
	enum forward_end end = FORWARD_FAILED;
	if (settle(d, dir, words, &fc, &e) == 0 && look(dir, &before, &e) == 0) {
		fc.no_inputs = true;
		fc.n_inputs = 0;
		fc.sink.session.relp.software = program_software;
		end = forward_run(&fc, &say_to, &e);
	}
	settings_free(&fc);
	if (end == FORWARD_DONE) {
		printf("%" PRIu64 " records were delivered\n", before.waits);
		return end_well(dir);
	}
	if (end == FORWARD_FAILED)
		say(&say_to, SAY_ERR, "%s", e.text);
	else
		say(&say_to, SAY_ERR, "not all was delivered: see `relpbox spool list`");
	return EXIT_FAILED;
}

int drain(const char *dir, const char *config, const struct forward_tls_words *words)
{
	char path[PATH_MAX];
	struct err e;
	struct document d;
	if (dir_holds_spool(dir, &e) < 0) {
		fprintf(stderr, "relpbox: %s\n", e.text);
		return EXIT_FAILED;
	}
	forward_status_path(dir, path, sizeof(path));
	if (wait_for_running(path, &e) == 0)
		return end_well(dir);
	if (e.code != ENOENT && e.code != ECONNREFUSED) {
		fprintf(stderr, "relpbox: %s\n", e.text);
		return EXIT_FAILED;
	}
	int loaded = config ? document_load(&d, config) : document_load_last_good(&d, dir);
	if (loaded < 0 && !config)
		fprintf(stderr, "relpbox: %s holds no configuration that worked; --config is needed\n", dir);
	int code = loaded < 0 ? EXIT_FAILED : send_rest(&d, dir, words);
	document_free(&d);
	return code;
}
