// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward.h"

#include "base/mem.h"
#include "base/num.h"
#include "cmd/cmd.h"
#include "cmd/forward_conf.h"
#include "cmd/forward_keep.h"
#include "cmd/forward_tls.h"
#include "cmd/log.h"
#include "forward/lastgood.h"
#include "forward/settings.h"
#include "forward/tls.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_CONFIG, OPT_INPUT, OPT_SPOOL_DIR, OPT_SPOOL_MAX, OPT_AUDIT_SHARE, OPT_PROJECT, OPT_SHOOT,
	OPT_SHOOT_UID, OPT_HOSTNAME, OPT_MAX_MESSAGE, OPT_OVERSIZE, OPT_UNTRUSTED, OPT_MAX_RATE,
	OPT_WINDOW_FRAMES, OPT_WINDOW_BYTES, OPT_TLS,
	OPT_ROTATE_WITHIN = OPT_TLS + FORWARD_TLS_OPTIONS, OPT_CHECK_CONFIG, OPT_DRY_RUN, OPT_HELP,
};

static const struct opt opts[] = {
	[OPT_CONFIG] = { "config", 'c', "FILE", "the configuration: a RsyslogRelpConfig, or a document of kind Forward that holds one", NULL, NULL },
	[OPT_INPUT] = { "input", 'i', "INPUT", "what to read: unix:/PATH (a datagram socket) or stdin; may be given several times; replaces the inputs of the configuration", "unix:" DEFAULT_UNIX_PATH, NULL },
	[OPT_SPOOL_DIR] = { "spool-dir", 'd', "DIR", "where records wait until the receiver has acknowledged them; made where it is missing; needed unless the configuration names it", NULL, NULL },
	[OPT_SPOOL_MAX] = { "spool-max", 0, "SIZE", "how much the spool may take on the disk; once it is full, new records are dropped and counted", "256MiB", NULL },
	[OPT_AUDIT_SHARE] = { "audit-share", 0, "PERCENT", "how much of the spool only records of audit programs may fill", "50", NULL },
	[OPT_PROJECT] = { "project", 0, "NAME", "the project: first field of each record", "-", NULL },
	[OPT_SHOOT] = { "shoot", 0, "NAME", "the shoot: second field", "-", NULL },
	[OPT_SHOOT_UID] = { "shoot-uid", 0, "UID", "the shoot's UID: third field", "-", NULL },
	[OPT_HOSTNAME] = { "hostname", 0, "NAME", "this node: fourth field", "the short host name", NULL },
	[OPT_MAX_MESSAGE] = { "max-message", 0, "SIZE", "the longest record that is sent; the receiver must accept as much (maxMessageSize of an imrelp)", "64KiB", NULL },
	[OPT_OVERSIZE] = { "oversize", 0, "HOW", "what happens to a longer record: cut it, with a mark, or split it into several", "cut", "cut|split" },
	[OPT_UNTRUSTED] = { "untrusted", 0, "HOW", "what happens to a record with an audit program's name that was not sent by root: pass it on as rsyslog does, mark it, or drop it", "pass", "pass|mark|drop" },
	[OPT_MAX_RATE] = { "max-rate", 0, "N", "send at most so many records a second; 0: no bound", "0", NULL },
	[OPT_WINDOW_FRAMES] = { "window-frames", 0, "N", "how many records may be under way without an answer", "2048", NULL },
	[OPT_WINDOW_BYTES] = { "window-bytes", 0, "SIZE", "how many bytes of records may be under way without an answer", "1MiB", NULL },
	FORWARD_TLS_ROWS(OPT_TLS),
	[OPT_ROTATE_WITHIN] = { "rotate-within", 0, "TIME", "when there are new files for TLS, the connection is renewed at a random moment within this time", "10m", NULL },
	[OPT_CHECK_CONFIG] = { "check-config", 0, NULL, "say what is wrong with the configuration and the files for TLS, and where, and exit: 0 nothing, 1 something", NULL, NULL },
	[OPT_DRY_RUN] = { "dry-run", 0, NULL, "read lines from standard input and print for each which rule takes it, or why none does, and what would be sent; no spool, no network", NULL, NULL },
	[OPT_HELP] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "forward",
	.synopsis = "--config FILE --spool-dir DIR [OPTION]...",
	.summary = "Reads logs, filters them and delivers them over RELP, with nothing lost.",
	.opts = opts,
	.notes = "Options override the configuration. SIGTERM and SIGINT end it within 2 seconds;\n"
		 "what is not delivered stays in the spool. SIGHUP does nothing: a changed\n"
		 "configuration needs a restart. How it is doing: relpbox status --spool-dir DIR\n"
		 "\n"
		 "Exit codes:\n"
		 "  0  ended by a signal; or stdin, the only input, ended and all is acknowledged\n"
		 "  1  it could not start or go on; the configuration is bad; or stdin ended, but\n"
		 "     records were given up, set aside or dropped, or the spool was damaged\n"
		 "  2  wrong command line\n"
		 "\n"
		 "Example:  relpbox forward --config /etc/relpbox/forward.yaml \\\n"
		 "            --spool-dir /var/lib/relpbox/spool\n",
};

/* What the command line says; absent is NULL. */
struct words {
	const char *of[OPT_HELP + 1];
	struct forward_tls_words tls;
	const char *inputs[FORWARD_INPUTS_MAX];
	size_t n_inputs;
};

static int scan_words(int argc, char **argv, struct words *w, struct err *e)
{
	struct opt_scan scan = { .argc = argc, .argv = argv };
	int which;
	while ((which = opt_next(&scan, opts, e)) != OPT_END) {
		if (which == OPT_BAD)
			return -1;
		if (which == OPT_WORD)
			return err_set(e, "it takes no words, only options");
		if (which == OPT_INPUT) {
			if (w->n_inputs == FORWARD_INPUTS_MAX)
				return err_set(e, "more than %d inputs", FORWARD_INPUTS_MAX);
			w->inputs[w->n_inputs++] = scan.value;
		}
		if (which >= OPT_TLS && which < OPT_TLS + FORWARD_TLS_OPTIONS &&
		    forward_tls_take(&w->tls, which - OPT_TLS, scan.value, e) < 0)
			return -1;
		w->of[which] = scan.value ? scan.value : "";
	}
	if (w->of[OPT_SPOOL_DIR] && !w->of[OPT_SPOOL_DIR][0])
		return err_set(e, "--spool-dir is empty");
	return 0;
}

static void put_string(char **field, const char *word)
{
	if (!word)
		return;
	free(*field);
	*field = mem_strdup(word);
}

/* As identity's fields in the document: a blank would part the record's fields elsewhere. */
static int put_identity(char **field, const char *word, int which, struct err *e)
{
	size_t len = word ? strlen(word) : 1;
	bool good = len >= 1 && len <= 253;
	for (const char *p = word; good && p && *p; p++)
		good = *p > 0x20 && *p < 0x7f;
	if (!good)
		return err_set(e, "--%s takes 1 to 253 characters, no blank and only ASCII among them",
			       opts[which].name);
	put_string(field, word);
	return 0;
}

static int put_number(struct config_int *field, const char *word, int which, uint64_t min,
		      uint64_t max, bool size, struct err *e)
{
	uint64_t v;
	if (!word)
		return 0;
	if ((size ? num_size : num_u64)(slice_str(word), min, max, &v) < 0)
		return err_set(e, "--%s takes a %s from %llu to %llu", opts[which].name,
			       size ? "size" : "number", (unsigned long long)min,
			       (unsigned long long)max);
	*field = (struct config_int){ .set = true, .value = (int64_t)v };
	return 0;
}

static int put_tls(struct config *c, const struct words *w, struct err *e)
{
	const char *within = w->of[OPT_ROTATE_WITHIN];
	uint64_t ms;
	if (forward_tls_put(&w->tls, c, e) < 0)
		return -1;
	if (!within)
		return 0;
	if (num_duration_ms(slice_str(within), 0, CONFIG_ROTATE_MAX_MS, &ms) < 0)
		return err_set(e, "--rotate-within takes a time from 0 to 168h");
	if (!settings_ask_for_tls(c))
		return err_set(e, "--rotate-within is for TLS, and nothing asks for it: --tls-dir is needed");
	c->rotate_within = (struct config_int){ .set = true, .value = (int64_t)ms };
	return 0;
}

static int put_inputs(struct config *c, const struct words *w, struct err *e)
{
	if (w->n_inputs == 0)
		return 0;
	for (size_t i = 0; i < c->n_inputs; i++) {
		free(c->inputs[i].name);
		free(c->inputs[i].path);
	}
	free(c->inputs);
	c->inputs = mem_zero(w->n_inputs, sizeof(c->inputs[0]));
	c->n_inputs = w->n_inputs;
	for (size_t i = 0; i < w->n_inputs; i++)
		if (settings_parse_input(w->inputs[i], &c->inputs[i], e) < 0)
			return -1;
	return 0;
}

/* Options go over the document. */
static int put_words(struct config *c, const struct words *w, struct err *e)
{
	put_string(&c->spool_dir, w->of[OPT_SPOOL_DIR]);
	if (put_identity(&c->project, w->of[OPT_PROJECT], OPT_PROJECT, e) < 0 ||
	    put_identity(&c->shoot, w->of[OPT_SHOOT], OPT_SHOOT, e) < 0 ||
	    put_identity(&c->shoot_uid, w->of[OPT_SHOOT_UID], OPT_SHOOT_UID, e) < 0 ||
	    put_identity(&c->hostname, w->of[OPT_HOSTNAME], OPT_HOSTNAME, e) < 0)
		return -1;
	put_string(&c->oversize, w->of[OPT_OVERSIZE]);
	put_string(&c->untrusted, w->of[OPT_UNTRUSTED]);
	const struct {
		struct config_int *field;
		int which;
		uint64_t min, max;
		bool size;
	} numbers[] = {
		{ &c->spool_max, OPT_SPOOL_MAX, 1 << 20, 1ULL << 40, true },
		{ &c->audit_share, OPT_AUDIT_SHARE, 0, 100, false },
		{ &c->max_message, OPT_MAX_MESSAGE, 480, 1 << 20, true },
		{ &c->max_rate, OPT_MAX_RATE, 0, INT32_MAX, false },
		{ &c->window_frames, OPT_WINDOW_FRAMES, 1, 100000, false },
		{ &c->window_bytes, OPT_WINDOW_BYTES, 4096, 64 << 20, true },
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (put_number(numbers[i].field, w->of[numbers[i].which], numbers[i].which,
			       numbers[i].min, numbers[i].max, numbers[i].size, e) < 0)
			return -1;
	return put_tls(c, w, e) < 0 ? -1 : put_inputs(c, w, e);
}

static int end_code(enum forward_end end, const struct err *e, const struct say *to)
{
	switch (end) {
	case FORWARD_DONE:
	case FORWARD_STOPPED:
		return EXIT_OK;
	case FORWARD_INCOMPLETE:
		say(to, SAY_ERR, "not all was delivered, or an input was lost: the lines above and `relpbox spool list` tell");
		return EXIT_FAILED;
	case FORWARD_FAILED:
		break;
	}
	say(to, SAY_ERR, "%s", e->text);
	return EXIT_FAILED;
}

static int run_forward(const struct document *d, struct forward_conf *fc, const struct words *w,
		       const char *note)
{
	struct err e = { 0 };
	struct say to = log_say();
	struct forward_keep *k = forward_keep_new(d, w->tls.dir != NULL, &to);
	if (!note) {
		fc->ready = forward_keep_ready;
		fc->ready_arg = k;
	} else {
		fc->note = note;
		say(&to, SAY_ERR, "%s", note);
	}
	int code = end_code(forward_run(fc, &to, &e), &e, &to);
	forward_keep_end(k);
	return code;
}

/* The files for TLS, as far as whoever asks can read them. */
static int check_files(const struct forward_conf *fc)
{
	struct err e = { 0 };
	struct say to = log_say();
	if (!fc->tls.on || forward_tls_check(&fc->tls, fc->sink.host, &to, &e) == 0)
		return EXIT_OK;
	bool unreadable = e.code == EACCES;
	fprintf(stderr, "relpbox: %s%s\n", e.text, unreadable ? ": the files for TLS are not checked" : "");
	return unreadable ? EXIT_OK : EXIT_FAILED;
}

#define UNFIT (-1) /* beside the exit codes: nobody can run by this document, it was said why */

/* Judges and runs what stands in d, by the mode that the words ask for: an exit code, or UNFIT. */
static int act(struct document *d, const struct words *w, const char *note)
{
	struct forward_conf fc = { 0 };
	struct err e = { 0 };
	char host[256];
	bool dry = w->of[OPT_DRY_RUN] != NULL, check = w->of[OPT_CHECK_CONFIG] != NULL;
	if (put_words(&d->config, w, &e) < 0)
		return command_misused(&cmd_forward, &e);
	if (!dry && !check && !d->config.spool_dir) {
		err_set(&e, "--spool-dir (or spool.directory in the document) is needed");
		return command_misused(&cmd_forward, &e);
	}
	settings_hostname(host, sizeof(host));
	int code = EXIT_FAILED;
	int refused = dry ? 0 : check ? settings_check_tls(&d->config, &e)
				      : settings_check_run(&d->config, &e);
	if (refused < 0) {
		fprintf(stderr, "relpbox: %s\n", e.text);
	} else if (settings_from_config(&d->config, host, &fc, &e) < 0) {
		fprintf(stderr, "relpbox: %s\n", e.text);
		code = UNFIT;
	} else if (check) {
		code = check_files(&fc);
	} else if (dry) {
		code = forward_dry_run(&fc);
	} else {
		fc.sink.session.relp.software = program_software;
		code = run_forward(d, &fc, w, note);
	}
	settings_free(&fc);
	return code;
}

/*
 * The document is broken: the last one that worked serves, loudly. But where
 * the broken one may ask for TLS, one that does not must not stand in; nor where
 * the last one ran with TLS by an option that is not given any more.
 */
static bool may_stand_in(const struct document *last, const struct document *broken,
			 const struct words *w)
{
	if (w->tls.dir || settings_ask_for_tls(&last->config))
		return true;
	if (document_may_ask_for_tls(broken))
		fprintf(stderr, "relpbox: the broken configuration has a trace of TLS and may ask for it: the last one that worked is not used in its place, as it sends in plain\n");
	else if (last->tls_by_option)
		fprintf(stderr, "relpbox: the last configuration that worked ran with --tls-dir, which is not given now: it is not used\n");
	else
		return true;
	return false;
}

static int act_by_last_good(const struct document *broken, const struct words *w)
{
	struct document d;
	const char *dir = w->of[OPT_SPOOL_DIR] ? w->of[OPT_SPOOL_DIR] : broken->config.spool_dir;
	int code = EXIT_FAILED;
	if (!dir || document_load_last_good(&d, dir) < 0) {
		fprintf(stderr, "relpbox: there is no earlier configuration that worked: not started\n");
		return EXIT_FAILED;
	}
	if (!may_stand_in(&d, broken, w)) {
		document_free(&d);
		return EXIT_FAILED;
	}
	char note[PATH_MAX + 200];
	snprintf(note, sizeof(note),
		 "the configuration %s is broken; running by the last one that worked (%s/" LASTGOOD_NAME
		 "): mend it and restart",
		 w->of[OPT_CONFIG], dir);
	code = act(&d, w, note);
	document_free(&d);
	return code;
}

static int run(int argc, char **argv)
{
	struct words w = { 0 };
	struct err e = { 0 };
	struct document d;
	if (scan_words(argc, argv, &w, &e) < 0)
		return command_misused(&cmd_forward, &e);
	if (w.of[OPT_HELP])
		return command_help(&cmd_forward);
	if (!w.of[OPT_CONFIG]) {
		err_set(&e, "--config is needed");
		return command_misused(&cmd_forward, &e);
	}
	int code = UNFIT;
	if (document_load(&d, w.of[OPT_CONFIG]) == 0)
		code = act(&d, &w, NULL);
	if (code == UNFIT && !w.of[OPT_CHECK_CONFIG] && !w.of[OPT_DRY_RUN])
		code = act_by_last_good(&d, &w);
	document_free(&d);
	return code == UNFIT ? EXIT_FAILED : code;
}

const struct command cmd_forward = {
	.name = "forward",
	.summary = "read logs, filter them, deliver them over RELP with nothing lost",
	.run = run,
	.usage = &usage,
};
