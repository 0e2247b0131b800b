// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/esc.h"
#include "base/json.h"
#include "base/num.h"
#include "base/timetext.h"
#include "cmd/cmd.h"
#include "cmd/drain.h"
#include "forward/forward.h"
#include "io/control.h"
#include "spool/aside.h"
#include "spool/dir.h"
#include "spool/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	OPT_SPOOL_DIR, OPT_CONFIG, OPT_TLS, OPT_JSON = OPT_TLS + FORWARD_TLS_OPTIONS, OPT_RAW, OPT_HELP
};

static const struct opt opts[] = {
	[OPT_SPOOL_DIR] = { "spool-dir", 'd', "DIR", "the spool directory", NULL, NULL },
	[OPT_CONFIG] = { "config", 'c', "FILE", "with drain: the configuration that says where to send", "the last configuration that worked, from the spool directory", NULL },
	FORWARD_TLS_ROWS(OPT_TLS),
	[OPT_JSON] = { "json", 0, NULL, "with list and show: print a JSON object for each record", NULL, NULL },
	[OPT_RAW] = { "raw", 0, NULL, "with show: print the record's bytes as they are", NULL, NULL },
	[OPT_HELP] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "spool",
	.synopsis = "list|show SEQ|requeue [SEQ]|drain --spool-dir DIR [OPTION]...",
	.summary = "Shows what waits in a spool and what was set aside, puts that back, sends the rest.",
	.opts = opts,
	.notes = "list           a line for each record that waits or was set aside; its first\n"
		 "               word is the record's number, SEQ\n"
		 "show SEQ       one of them, whole\n"
		 "requeue [SEQ]  puts what was set aside (all, or one) back at the queue's end\n"
		 "drain          sends what waits, then ends; beside a running forward it waits\n"
		 "               until that one has sent all, however long that takes\n"
		 "\n"
		 "All of them work beside a running forward, and without one. What it delivered in the\n"
		"last quarter of a second may still be listed as waiting.\n"
		 "\n"
		 "Exit codes:\n"
		 "  0  done\n"
		 "  1  not done: no such record, the spool can't be read, not all was delivered,\n"
		 "     or drain leaves records that are set aside\n"
		 "  2  wrong command line\n",
};

struct walk {
	uint64_t wanted; /* show: its number; 0: list all */
	bool json, raw;
	uint64_t found;
	struct buf out;
};

static void print_json(struct walk *w, const struct spool_item *it)
{
	struct json j;
	char at[TIMETEXT_MAX];
	json_start(&j, &w->out);
	json_object(&j, NULL);
	json_u64(&j, "seq", it->frame.seq);
	json_str(&j, "state", slice_str(it->aside ? "aside" : "waits"));
	timetext_utc(it->frame.taken_us, at);
	json_str(&j, "taken", slice_str(at));
	json_str(&j, "source", it->frame.source);
	json_bool(&j, "audit", it->frame.audit);
	json_u64(&j, "bytes", it->frame.payload.len);
	if (it->aside) {
		timetext_utc(it->aside_us, at);
		json_str(&j, "set_aside", slice_str(at));
		json_str(&j, "cause", it->cause);
	}
	if (w->wanted)
		json_str(&j, "payload", it->frame.payload);
	json_object_end(&j);
	buf_add_char(&w->out, '\n');
}

static void print_line(struct walk *w, const struct spool_item *it)
{
	char at[TIMETEXT_MAX];
	timetext_utc(it->frame.taken_us, at);
	buf_printf(&w->out, "%" PRIu64 " %s %s ", it->frame.seq, it->aside ? "aside" : "waits", at);
	esc_add(&w->out, it->frame.source, SPOOL_SOURCE_MAX);
	buf_printf(&w->out, " %zu bytes%s: ", it->frame.payload.len, it->frame.audit ? " audit" : "");
	esc_add(&w->out, it->frame.payload, w->wanted ? it->frame.payload.len : 100);
	buf_add_char(&w->out, '\n');
	if (!it->aside)
		return;
	timetext_utc(it->aside_us, at);
	buf_printf(&w->out, "    set aside %s: ", at);
	esc_add(&w->out, it->cause, 1000);
	buf_add_char(&w->out, '\n');
}

static int on_item(void *arg, const struct spool_item *it)
{
	struct walk *w = arg;
	if (w->wanted && it->frame.seq != w->wanted)
		return 0;
	w->found++;
	w->out.len = 0;
	if (w->wanted && w->raw)
		buf_add_slice(&w->out, it->frame.payload);
	else if (w->json)
		print_json(w, it);
	else
		print_line(w, it);
	fwrite(w->out.p, 1, w->out.len, stdout);
	return ferror(stdout) ? 1 : 0;
}

static int walk(const char *dir, struct walk *w)
{
	struct err e;
	int result = dir_holds_spool(dir, &e);
	if (result == 0)
		result = spool_walk(dir, on_item, w, &e);
	buf_free(&w->out);
	if (result < 0) {
		fprintf(stderr, "relpbox spool: %s\n", e.text);
		return EXIT_FAILED;
	}
	if (result > 0 || fflush(stdout) != 0) {
		perror("relpbox spool: standard output");
		return EXIT_FAILED;
	}
	if (w->wanted && w->found == 0) {
		fprintf(stderr, "relpbox spool: there is no record %" PRIu64 "; see `relpbox spool list`\n",
			w->wanted);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

#define REQUEUE_PATIENCE 600 /* times 0.1 s, for the disk */

/* One answer of the running forward to `requeue`: 1 done, 0 busy, -1 failed (e) or nobody is there (e->code). */
static int requeue_ask(const char *path, uint64_t seq, uint64_t *count, uint64_t *there,
		       struct err *e)
{
	char request[64] = "requeue ", shown[512];
	struct buf answer = { 0 };
	int result = -1;
	if (seq)
		snprintf(request, sizeof(request), "requeue %" PRIu64, seq);
	if (control_ask(path, slice_str(request), 10000, &answer, e) < 0)
		return -1;
	buf_add_char(&answer, '\0');
	if (sscanf(answer.p, "done %" SCNu64 " of %" SCNu64, count, there) == 2)
		result = 1;
	else if (strncmp(answer.p, "busy ", 5) == 0)
		result = 0;
	if (result < 1) {
		const char *why = strncmp(answer.p, "failed ", 7) == 0 ? answer.p + 7 : answer.p;
		err_code(e, EPROTO, "%s", esc_text(shown, sizeof(shown),
						   slice_of(why, strcspn(why, "\n"))));
	}
	buf_free(&answer);
	return result;
}

/*
 * By the running forward, which holds the spool: as often as it takes for all
 * that was there at first. What is set aside anew meanwhile stays.
 */
static int requeue_asking(const char *path, uint64_t seq, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	uint64_t all = 0, wanted = 0, count, there;
	for (int patience = REQUEUE_PATIENCE;;) {
		int got = requeue_ask(path, seq, &count, &there, e);
		if (got < 0 || (got == 0 && --patience == 0))
			return -1;
		if (got == 0) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (all == 0)
			wanted = seq ? 1 : there;
		all += count;
		patience = REQUEUE_PATIENCE;
		if (count == 0 || all >= wanted)
			break;
	}
	printf("%" PRIu64 " records were put back into the queue\n", all);
	return EXIT_OK;
}

/* No forward runs: we hold the spool ourselves. */
static int requeue_here(const char *dir, uint64_t seq)
{
	struct spool *sp = NULL;
	struct spool_conf conf = { .dir = dir, .max_bytes = UINT64_C(1) << 40, .existing = true };
	struct err e;
	uint64_t count, all = 0;
	if (spool_open(&sp, &conf, clock_mono_ms(), &e) < 0)
		goto failed;
	if (spool_trouble(sp)[0]) {
		err_set(&e, "%s", spool_trouble(sp));
		goto failed;
	}
	do {
		if (spool_requeue(sp, seq, clock_mono_ms(), &count, &e) < 0 ||
		    spool_sync_wait(sp, clock_mono_ms(), &e) < 0)
			goto failed;
		all += count;
	} while (count && !seq);
	spool_close(sp);
	printf("%" PRIu64 " records were put back into the queue\n", all);
	return EXIT_OK;
failed:
	fprintf(stderr, "relpbox spool: %s\n", e.text);
	spool_close(sp);
	return EXIT_FAILED;
}

static int requeue(const char *dir, uint64_t seq)
{
	char path[PATH_MAX];
	struct err e;
	if (dir_holds_spool(dir, &e) < 0) {
		fprintf(stderr, "relpbox spool: %s\n", e.text);
		return EXIT_FAILED;
	}
	forward_status_path(dir, path, sizeof(path));
	int code = requeue_asking(path, seq, &e);
	if (code >= 0)
		return code;
	if (e.code == ENOENT || e.code == ECONNREFUSED)
		return requeue_here(dir, seq);
	fprintf(stderr, "relpbox spool: %s\n", e.text);
	return EXIT_FAILED;
}

struct request {
	const char *verb, *dir, *config;
	struct forward_tls_words tls;
	uint64_t seq; /* 0: none given */
	bool json, raw, help;
};

static int scan(int argc, char **argv, struct request *r, struct err *e)
{
	struct opt_scan s = { .argc = argc, .argv = argv };
	int which;
	while ((which = opt_next(&s, opts, e)) != OPT_END) {
		switch (which) {
		case OPT_BAD: return -1;
		case OPT_SPOOL_DIR: r->dir = s.value; break;
		case OPT_CONFIG: r->config = s.value; break;
		case OPT_JSON: r->json = true; break;
		case OPT_RAW: r->raw = true; break;
		case OPT_HELP: r->help = true; return 0;
		case OPT_TLS + FORWARD_TLS_DIR:
		case OPT_TLS + FORWARD_TLS_AUTH_MODE:
		case OPT_TLS + FORWARD_TLS_PEER:
			if (forward_tls_take(&r->tls, which - OPT_TLS, s.value, e) < 0)
				return -1;
			break;
		default:
			if (!r->verb)
				r->verb = s.value;
			else if (r->seq || num_u64(slice_str(s.value), 1, UINT64_MAX, &r->seq) < 0)
				return err_set(e, "behind show or requeue stands one record's number, from 1 up");
		}
	}
	if (!r->verb)
		return err_set(e, "what to do? list, show, requeue or drain is missing");
	if (!r->dir)
		return err_set(e, "--spool-dir is needed");
	if (!r->dir[0])
		return err_set(e, "--spool-dir is empty");
	return 0;
}

static int run(int argc, char **argv)
{
	struct request r = { 0 };
	struct err e = { 0 };
	if (scan(argc, argv, &r, &e) < 0)
		return command_misused(&cmd_spool, &e);
	if (r.help)
		return command_help(&cmd_spool);
	struct walk w = { .json = r.json, .raw = r.raw };
	if (strcmp(r.verb, "list") == 0 && !r.seq)
		return walk(r.dir, &w);
	if (strcmp(r.verb, "show") == 0 && r.seq) {
		w.wanted = r.seq;
		return walk(r.dir, &w);
	}
	if (strcmp(r.verb, "requeue") == 0)
		return requeue(r.dir, r.seq);
	if (strcmp(r.verb, "drain") == 0 && !r.seq)
		return drain(r.dir, r.config, &r.tls);
	err_set(&e, "it takes list, show SEQ, requeue [SEQ] or drain");
	return command_misused(&cmd_spool, &e);
}

const struct command cmd_spool = {
	.name = "spool",
	.summary = "show what waits and what was set aside; put back; send the rest",
	.run = run,
	.usage = &usage,
};
