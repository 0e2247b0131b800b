// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"
#include "cmd/relp_send.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/mem.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT_MAX UINT64_C(1000000000000)
#define RATE_MAX 1000000
#define TAG_OF_TESTS "relpbox-test"

enum {
	OPT_PRIORITY,
	OPT_TAG,
	OPT_ID,
	OPT_RFC5424,
	OPT_RAW,
	OPT_FILE,
	OPT_V4,
	OPT_V6,
	OPT_TLS_FIRST,
	OPT_FROM_CONFIG = OPT_TLS_FIRST + TLS_OPT_PEER + 1,
	OPT_TLS_DIR,
	OPT_QUIT_AFTER,
	OPT_COUNT,
	OPT_RATE,
	OPT_SIZE,
	OPT_PROBE_SIZE,
	OPT_CONNECT_TIMEOUT,
	OPT_TIMEOUT,
	OPT_WINDOW,
	OPT_JSON,
	OPT_VERBOSE,
	OPT_HELP_ITSELF,
};

static const struct opt opts[] = {
	[OPT_PRIORITY] = { "priority", 'p', "FACILITY.SEVERITY", "facility and severity, by name, as in logger(1)", "user.notice", NULL },
	[OPT_TAG] = { "tag", 't', "TAG", "the name of the program that the messages come from", "your user name; " TAG_OF_TESTS " for messages that are made here", NULL },
	[OPT_ID] = { "id", 'i', NULL, "show the number of this process behind the tag", NULL, NULL },
	[OPT_RFC5424] = { "rfc5424", 0, NULL, "write messages as RFC 5424 has it instead of RFC 3164", NULL, NULL },
	[OPT_RAW] = { "raw", 0, NULL, "send the bytes as they are, without priority, time and tag", NULL, NULL },
	[OPT_FILE] = { "file", 'f', "FILE", "send each line of FILE", NULL, NULL },
	[OPT_V4] = { "ipv4", '4', NULL, "use only IPv4", NULL, NULL },
	[OPT_V6] = { "ipv6", '6', NULL, "use only IPv6", NULL, NULL },
	TLS_OPTION_ROWS(OPT_TLS_FIRST),
	[OPT_FROM_CONFIG] = { "from-config", 0, "FILE", "connect exactly as forward would by this configuration; HOST:PORT is not given then", NULL, NULL },
	[OPT_TLS_DIR] = { "tls-dir", 0, "DIR", "with --from-config: as with forward, where --auth-mode and --permitted-peer go over the configuration too", NULL, NULL },
	[OPT_QUIT_AFTER] = { "quit-after", 0, NULL, "report, and go no further than this stage", "close", "configuration|dns|tcp|tls|open|messages|close" },
	[OPT_COUNT] = { "count", 0, "N", "send N messages that are made and numbered here, and report how long the answers took", NULL, NULL },
	[OPT_RATE] = { "rate", 0, "N", "send at most N messages a second", "as fast as it goes", NULL },
	[OPT_SIZE] = { "size", 0, "SIZE", "with --count: bytes of each message", "as long as it needs to be", NULL },
	[OPT_PROBE_SIZE] = { "probe-size", 0, NULL, "send one message of each size around the well-known limits, and say how to see what arrived", NULL, NULL },
	[OPT_CONNECT_TIMEOUT] = { "connect-timeout", 0, "TIME", "how long the name, and each address, may take", "10s", NULL },
	[OPT_TIMEOUT] = { "timeout", 0, "TIME", "how long to wait for each answer: in the TLS handshake, to open, to a message, to close", "30s", NULL },
	[OPT_WINDOW] = { "window", 0, "COUNT", "how many messages may be under way without an answer", "2048", NULL },
	[OPT_JSON] = { "json", 0, NULL, "report as JSON on standard output, one object a line for each stage", NULL, NULL },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "report every stage, and all that is sent (->) and received (<-); inside TLS (~> and <~)", NULL, NULL },
	[OPT_HELP_ITSELF] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "relp-send",
	.synopsis = "[OPTION]... HOST:PORT [MESSAGE]...",
	.summary = "Sends messages over RELP, each as logger(1) would, and waits until all are acknowledged; tells which stage fails, and why.",
	.opts = opts,
	.notes =
		"Each MESSAGE is sent as one; without any, each line of --file or of standard\n"
		"input is. Without messages on a terminal it only opens and closes a session,\n"
		"which logs nothing: a quick test of the way to the receiver.\n"
		"An IPv6 address stands in brackets: [::1]:20514.\n"
		"\n"
		"The stages are configuration, dns, tcp, tls, open, messages, close. Each is\n"
		"reported, on standard output, in that quick test and with -v, --quit-after,\n"
		"--count, --probe-size or --json. Otherwise nothing is said when all is well, and\n"
		"else the stage that failed, on standard error; on a terminal those before it too.\n"
		"\n"
		"Exit codes:\n"
		"   0  all messages are acknowledged\n"
		"   1  the input could not be read\n"
		"   2  wrong command line or configuration\n"
		"  10  the name could not be resolved\n"
		"  11  no TCP connection: refused, no route, or no answer in time\n"
		"  12  TLS could not be agreed on, or our certificate was refused\n"
		"  13  the receiver's certificate is not one that is permitted\n"
		"  14  the session was not opened: refused, or not RELP\n"
		"  15  a message was refused\n"
		"  16  no answer in time to open, or to a message\n"
		"  17  the connection ended before all messages were acknowledged\n"
		" 128 and more: ended by that signal: 130 by Ctrl-C\n"
		"\n"
		"Examples:  relpbox relp-send log.example.com:20514\n"
		"           relpbox relp-send -p auth.info -t test log.example.com:20514 hello\n"
		"           relpbox relp-send --from-config forward.yaml --quit-after open\n",
};

/* What the command line says, before it is known how it goes together. */
struct words {
	struct send *s;
	const char *count, *size;
	bool window, timeouts, v4, v6;
	char **words;
	size_t n_words;
};

static int take_stage(struct wish *w, const char *value)
{
	w->quits = true;
	w->quit_after = STAGE_CONFIGURATION;
	while (strcmp(stage_name(w->quit_after), value) != 0)
		w->quit_after++;
	return 0;
}

static int take_number(const char *name, const char *value, uint64_t max, uint64_t *out, struct err *e)
{
	if (num_u64(slice_str(value), 1, max, out) < 0)
		return err_set(e, "--%s: a number from 1 to %" PRIu64, name, max);
	return 0;
}

static int take_time(struct words *w, int which, const char *value, struct err *e)
{
	struct session_conf *conf = &w->s->w.conf;
	uint64_t ms;

	if (num_duration_ms(slice_str(value), 1, 86400000, &ms) < 0)
		return err_set(e, "--%s: a time like 500ms, 10s or 2m, up to 24h", opts[which].name);
	w->timeouts = true;
	if (which == OPT_CONNECT_TIMEOUT)
		conf->connect_ms = w->s->w.connect_ms = ms;
	else
		conf->handshake_ms = conf->open_ms = conf->silent_ms = conf->close_ms = ms;
	return 0;
}

static int take_format(struct send *s, int which, const char *value, struct err *e)
{
	struct syslog_format *f = &s->w.format;

	if (which == OPT_PRIORITY)
		return syslog_priority(value, &f->priority, e);
	if (which == OPT_TAG)
		f->tag = value;
	else if (which == OPT_ID)
		f->pid = getpid();
	else
		f->style = which == OPT_RFC5424 ? SYSLOG_RFC5424 : SYSLOG_RAW;
	return 0;
}

/* Two of them are options of forward too, which go over its document. */
static int take_tls(struct wish *w, enum tls_option which, const char *value, struct err *e)
{
	if (which == TLS_OPT_AUTH_MODE && forward_tls_take(&w->over, FORWARD_TLS_AUTH_MODE, value, e) < 0)
		return -1;
	if (which == TLS_OPT_PEER && forward_tls_take(&w->over, FORWARD_TLS_PEER, value, e) < 0)
		return -1;
	return tls_options_take(&w->tls, which, value, e);
}

static int take_amount(struct words *w, int which, const char *value, struct err *e)
{
	struct wish *wish = &w->s->w;
	uint64_t n;

	switch (which) {
	case OPT_COUNT:
		w->count = value;
		return take_number("count", value, COUNT_MAX, &w->s->input.count, e);
	case OPT_RATE:
		return take_number("rate", value, RATE_MAX, &wish->rate, e);
	case OPT_WINDOW:
		w->window = true;
		if (take_number("window", value, 1 << 20, &n, e) < 0)
			return -1;
		wish->conf.relp.window_frames = (size_t)n;
		return 0;
	default:
		w->size = value;
		if (num_size(slice_str(value), 1, 1 << 20, &n) < 0)
			return err_set(e, "--size: a size like 500, 8KiB or 1MiB, up to 1MiB");
		w->s->input.size = (size_t)n;
		return 0;
	}
}

/* 0, or -1 with e for a wrong command line. */
static int take_option(struct words *w, int which, const char *value, struct err *e)
{
	struct wish *wish = &w->s->w;

	switch (which) {
	case OPT_PRIORITY:
	case OPT_TAG:
	case OPT_ID:
	case OPT_RFC5424:
	case OPT_RAW:
		return take_format(w->s, which, value, e);
	case OPT_FILE:
		w->s->input.file = value;
		return 0;
	case OPT_V4:
		w->v4 = true;
		wish->family = AF_INET;
		return 0;
	case OPT_V6:
		w->v6 = true;
		wish->family = AF_INET6;
		return 0;
	case OPT_FROM_CONFIG:
		wish->from_config = value;
		return 0;
	case OPT_TLS_DIR:
		return forward_tls_take(&wish->over, FORWARD_TLS_DIR, value, e);
	case OPT_QUIT_AFTER:
		return take_stage(wish, value);
	case OPT_COUNT:
	case OPT_RATE:
	case OPT_SIZE:
	case OPT_WINDOW:
		return take_amount(w, which, value, e);
	case OPT_PROBE_SIZE:
		wish->sizes = true;
		return 0;
	case OPT_JSON:
		wish->json = true;
		return 0;
	case OPT_VERBOSE:
		wish->verbose = true;
		return 0;
	case OPT_CONNECT_TIMEOUT:
	case OPT_TIMEOUT:
		return take_time(w, which, value, e);
	default:
		return take_tls(wish, (enum tls_option)(which - OPT_TLS_FIRST), value, e);
	}
}

/* ::1:20514 is no address, but its part before the last colon is: shows how it is to be written. */
static void hint_brackets(const char *word, struct err *e)
{
	char host[ADDR_HOST_MAX];
	struct in6_addr v6;
	uint64_t port;
	const char *colon = strrchr(word, ':');
	if (!colon || (size_t)(colon - word) >= sizeof(host) || inet_pton(AF_INET6, word, &v6) == 1 ||
	    num_u64(slice_str(colon + 1), 1, 65535, &port) < 0)
		return;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - word), word);
	if (inet_pton(AF_INET6, host, &v6) == 1)
		err_set(e, "address \"%s\": an IPv6 address stands in brackets: [%s]:%u", word, host,
			(unsigned)port);
}

static int take_target(struct wish *w, const char *word, struct err *e)
{
	if (addr_split(slice_str(word), w->host, &w->port, e) < 0) {
		hint_brackets(word, e);
		return -1;
	}
	return w->port ? 0 : err_set(e, "the port is missing");
}

/* The configuration says all of it: what else says it contradicts. */
static int check_from_config(struct words *w, struct err *e)
{
	char host[ADDR_HOST_MAX];
	uint16_t port;
	const struct tls_options *o = &w->s->w.tls;

	if (o->tls || o->files.ca || o->files.cert || o->files.key)
		return err_set(e, "--from-config says whether TLS is spoken: --tls, --ca, --cert and --key cannot be given beside it, but --tls-dir");
	if (w->window || w->timeouts)
		return err_set(e, "--from-config says the window and the time limits: they cannot be given beside it");
	if (w->n_words && addr_split(slice_str(w->words[0]), host, &port, NULL) == 0 && port)
		return err_set(e, "--from-config says where to: HOST:PORT cannot be given beside it");
	return 0;
}

static int check_target(struct words *w, struct err *e)
{
	struct wish *wish = &w->s->w;

	if (wish->from_config)
		return check_from_config(w, e);
	if (wish->over.dir)
		return err_set(e, "--tls-dir goes with --from-config; else there are --tls, --ca, --cert and --key");
	if (!w->n_words)
		return err_set(e, "where to? HOST:PORT is missing");
	if (take_target(wish, w->words[0], e) < 0 || tls_options_check(&wish->tls, TLS_CLIENT, e) < 0)
		return -1;
	w->words++;
	w->n_words--;
	return 0;
}

/* Which of the ways to get messages is meant: one at most. */
static int choose_input(struct words *w, struct err *e)
{
	struct input *in = &w->s->input;

	if (in->file && w->n_words)
		return err_set(e, "both --file and messages are given");
	if ((w->count || w->size || w->s->w.sizes) && (in->file || w->n_words))
		return err_set(e, "with --count, --size and --probe-size messages are made here: none can be given");
	if (w->s->w.sizes && (w->count || w->size || w->s->w.rate))
		return err_set(e, "--probe-size has sizes of its own: --count, --rate and --size do not go with it");
	if (w->s->w.sizes)
		in->kind = INPUT_SIZES;
	else if (w->count || w->size)
		in->kind = INPUT_LOAD;
	else if (w->n_words)
		in->kind = INPUT_WORDS;
	else if (in->file || !isatty(STDIN_FILENO))
		in->kind = INPUT_LINES;
	if (w->size && !w->count)
		in->count = 1;
	in->words = w->words;
	in->n_words = w->n_words;
	snprintf(in->id, sizeof(in->id), "%08" PRIx32, (uint32_t)clock_seed());
	return 0;
}

static int check_words(struct words *w, struct err *e)
{
	if (w->v4 && w->v6)
		return err_set(e, "-4 and -6 exclude each other");
	if (check_target(w, e) < 0 || choose_input(w, e) < 0)
		return -1;
	if (w->s->w.quits && w->s->w.quit_after == STAGE_TLS && !w->s->w.from_config && !w->s->w.tls.tls)
		return err_set(e, "--quit-after tls without --tls");
	return 0;
}

static int take_command_line(struct words *w, int argc, char **argv, bool *help, struct err *e)
{
	struct opt_scan scan = { .argc = argc, .argv = argv };
	int which;

	while ((which = opt_next(&scan, opts, e)) != OPT_END) {
		if (which == OPT_BAD)
			return -1;
		if (which == OPT_HELP_ITSELF) {
			*help = true;
			return 0;
		}
		if (which == OPT_WORD)
			w->words[w->n_words++] = (char *)(uintptr_t)scan.value;
		else if (take_option(w, which, scan.value, e) < 0)
			return -1;
	}
	return check_words(w, e);
}

static const char *user_name(void)
{
	const struct passwd *pw = getpwuid(geteuid());

	return pw && pw->pw_name[0] ? pw->pw_name : "relpbox";
}

static const char *default_tag(const struct send *s)
{
	bool made_here = s->input.kind == INPUT_LOAD || s->input.kind == INPUT_SIZES;

	return made_here ? TAG_OF_TESTS : user_name();
}

static void choose_report(struct send *s)
{
	bool whole = s->w.verbose || s->w.quits || s->input.kind == INPUT_NONE ||
		     s->input.kind == INPUT_LOAD || s->input.kind == INPUT_SIZES;

	s->report.how = s->w.json ? REPORT_JSON : whole ? REPORT_TEXT : REPORT_QUIET;
	s->report.terminal = isatty(STDERR_FILENO);
	s->trace.to = s->w.verbose ? report_file(&s->report) : NULL;
}

/* The configuration stage, and then the others. */
static int configure_and_run(struct send *s)
{
	struct err e = { 0 };
	int r = s->w.from_config ? send_conf_load(s, &e) : 0;

	if (r == 0)
		r = send_tls_load(s, &e);
	if (r == 0 && s->w.quits && s->w.quit_after == STAGE_TLS && !s->tls)
		r = err_set(&e, "--quit-after tls, and the configuration asks for no TLS");
	tell_configuration(s, clock_mono_us() - s->started_us, r < 0 ? &e : NULL);
	if (r < 0)
		return EXIT_USAGE;
	if (s->w.quits && s->w.quit_after == STAGE_CONFIGURATION)
		return EXIT_OK;
	/* nothing is read where nothing will be sent */
	bool sends = !s->w.quits || s->w.quit_after >= STAGE_MESSAGES;
	if (sends && s->input.kind == INPUT_LINES && input_open(&s->input, &e) < 0) {
		fprintf(stderr, "relpbox relp-send: %s\n", e.text);
		return EXIT_FAILED;
	}
	return send_run(s);
}

static int send_all(struct send *s)
{
	syslog_format_init(&s->w.format);
	if (!s->w.format.tag)
		s->w.format.tag = default_tag(s);
	s->started_us = clock_mono_us();
	choose_report(s);
	s->code = configure_and_run(s);
	tell_result(s);
	return s->code;
}

static void send_free(struct send *s)
{
	syslog_format_free(&s->w.format);
	input_free(&s->input);
	load_free(&s->load);
	report_free(&s->report);
	trace_free(&s->trace);
	send_tls_free(s);
	send_conf_free(s);
	buf_free(&s->offers);
	buf_free(&s->message);
	buf_free(&s->refusals);
	free(s);
}

static int run(int argc, char **argv)
{
	struct send *s = mem_zero(1, sizeof(*s));
	char **all = mem_zero((size_t)argc, sizeof(char *));
	struct words w = { .s = s, .words = all };
	struct err e = { 0 };
	bool help = false;
	int code;

	s->w.family = AF_UNSPEC;
	s->w.format.priority = 13;
	s->w.connect_ms = 10000;
	s->w.conf = (struct session_conf){ .handshake_ms = 30000, .open_ms = 30000, .silent_ms = 30000,
					   .close_ms = 30000, .relp.software = program_software };
	if (take_command_line(&w, argc, argv, &help, &e) < 0)
		code = command_misused(&cmd_relp_send, &e);
	else if (help)
		code = command_help(&cmd_relp_send);
	else
		code = send_all(s);
	send_free(s);
	free(all);
	return code;
}

const struct command cmd_relp_send = {
	.name = "relp-send",
	.summary = "test the way to a receiver, send messages over RELP by hand",
	.run = run,
	.usage = &usage,
};
