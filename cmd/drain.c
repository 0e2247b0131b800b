// SPDX-License-Identifier: Apache-2.0
#include "cmd/drain.h"

#include "cmd/cmd.h"
#include "cmd/forward_conf.h"
#include "cmd/log.h"
#include "forward/lastgood.h"
#include "forward/settings.h"
#include "io/control.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * What the running forward says of its spool: 1 nothing waits, 0 something
 * does, -1 nobody answers there (or e).
 */
static int ask_empty(const char *path, struct err *e)
{
	struct buf answer = { 0 };
	if (control_ask(path, slice_str("waiting"), 5000, &answer, e) < 0)
		return -1;
	bool empty = slice_is(buf_slice(&answer), "0\n");
	buf_free(&answer);
	return empty;
}

static int wait_for_running(const char *path, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	int empty = ask_empty(path, e);
	if (empty < 0)
		return -1;
	if (!empty)
		fprintf(stderr, "relpbox: a forward is running on this spool; waiting until it has sent all\n");
	while (empty == 0) {
		nanosleep(&pause, NULL);
		empty = ask_empty(path, e);
	}
	return empty < 0 ? -1 : 0;
}

static int send_rest(struct document *d, const char *dir)
{
	struct forward_conf fc;
	struct err e = { 0 };
	char host[256];
	struct say say_to = log_say();
	free(d->config.spool_dir);
	d->config.spool_dir = mem_strdup(dir);
	settings_hostname(host, sizeof(host));
	int code = EXIT_FAILED;
	enum forward_end end = FORWARD_FAILED;
	if (settings_check_run(&d->config, &e) == 0 &&
	    settings_from_config(&d->config, host, &fc, &e) == 0) {
		fc.no_inputs = true;
		fc.n_inputs = 0;
		fc.sink.session.relp.software = program_software;
		end = forward_run(&fc, &say_to, &e);
		rules_free(fc.rules);
	}
	if (end == FORWARD_DONE)
		code = EXIT_OK;
	else if (end == FORWARD_FAILED)
		say(&say_to, SAY_ERR, "%s", e.text);
	else
		say(&say_to, SAY_ERR, "not all was delivered: see `relpbox spool list`");
	return code;
}

int drain(const char *dir, const char *config)
{
	char path[PATH_MAX];
	struct err e;
	struct document d;
	forward_status_path(dir, path, sizeof(path));
	if (wait_for_running(path, &e) == 0)
		return EXIT_OK;
	if (e.code != ENOENT && e.code != ECONNREFUSED) {
		fprintf(stderr, "relpbox: %s\n", e.text);
		return EXIT_FAILED;
	}
	int loaded = config ? document_load(&d, config) : document_load_last_good(&d, dir);
	if (loaded < 0 && !config)
		fprintf(stderr, "relpbox: %s holds no configuration that worked; --config is needed\n", dir);
	int code = loaded < 0 ? EXIT_FAILED : send_rest(&d, dir);
	document_free(&d);
	return code;
}
