// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"

#include "base/num.h"
#include "base/ration.h"
#include "cmd/relp_recv_output.h"
#include "cmd/relp_recv_tls.h"
#include "io/net.h"
#include "io/signals.h"
#include "sink/receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OPT_LISTEN,
	OPT_OUTPUT,
	OPT_APPEND,
	OPT_COUNT,
	OPT_SYNC,
	OPT_RAW,
	OPT_MAX_CONNECTIONS,
	OPT_MAX_MESSAGE,
	OPT_OPEN_TIMEOUT,
	OPT_IDLE_TIMEOUT,
	OPT_TLS,
	OPT_NO_CLIENT_CERT = OPT_TLS + TLS_OPT_PEER + 1,
	OPT_VERBOSE,
	OPT_QUIET,
	OPT_HELP_ITSELF,
};

static const struct opt opts[] = {
	[OPT_LISTEN] = { "listen", 'l', "HOST:PORT", "where to listen; port 0 takes a free one", NULL, NULL },
	[OPT_OUTPUT] = { "output", 'o', "FILE", "the file that messages are written to", "standard output", NULL },
	[OPT_APPEND] = { "append", 'a', NULL, "add to FILE instead of emptying it first", NULL, NULL },
	[OPT_COUNT] = { "count", 'n', "N", "end once N messages are taken and answered", "no end", NULL },
	[OPT_SYNC] = { "sync", 0, NULL, "acknowledge only what is on the disk (fdatasync)", NULL, NULL },
	[OPT_RAW] = { "raw", 0, NULL, "write the bytes as they are, instead of control characters as #ooo", NULL, NULL },
	[OPT_MAX_CONNECTIONS] = { "max-connections", 0, "N", "turn connections away beyond so many at a time", "1024", NULL },
	[OPT_MAX_MESSAGE] = { "max-message", 0, "SIZE", "end a session that sends a longer message", "128KiB", NULL },
	[OPT_OPEN_TIMEOUT] = { "open-timeout", 0, "TIME", "drop a connection that is not open so long after it came, the handshake of TLS included", "30s", NULL },
	[OPT_IDLE_TIMEOUT] = { "idle-timeout", 0, "TIME", "end a session in which no message came for so long", "10m", NULL },
	TLS_OPTION_ROWS(OPT_TLS),
	[OPT_NO_CLIENT_CERT] = { "allow-no-client-cert", 0, NULL, "with --tls: take clients that show no certificate; one that is shown must be right", NULL, NULL },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "with --tls: tell each client's version, cipher and certificate", NULL, NULL },
	[OPT_QUIET] = { "quiet", 'q', NULL, "say nothing about sessions that failed", NULL, NULL },
	[OPT_HELP_ITSELF] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "relp-recv",
	.synopsis = "[OPTION]... --listen HOST:PORT",
	.summary = "Receives messages over RELP and writes each as a line; acknowledges what is written.",
	.opts = opts,
	.notes =
		"Says \"listening on HOST:PORT\" on standard error once it does, and with --tls who\n"
		"may talk. SIGTERM and SIGINT end it: what it took is written and acknowledged,\n"
		"open sessions are told.\n"
		"\n"
		"--tls needs --cert and --key, and says who may talk: --ca with its clients' CA,\n"
		"and --permitted-peer for some names of it only; or --auth-mode fingerprint with\n"
		"--permitted-peer, and no CA. New files are used as they come.\n"
		"\n"
		"Exit codes:\n"
		"   0  ended by a signal or by --count\n"
		"   1  it cannot listen, or the output could not be written; what was not\n"
		"      written is not acknowledged\n"
		"   2  wrong command line\n"
		"\n"
		"Examples: relpbox relp-recv --listen 127.0.0.1:20514 --output log --append\n"
		"          relpbox relp-recv --listen [::]:20514 --output log --tls --ca ca.crt \\\n"
		"              --cert tls.crt --key tls.key --permitted-peer '*.nodes.example.com'\n",
};

struct recv {
	const char *listen;
	char host[ADDR_HOST_MAX];
	uint16_t port;
	bool quiet;
	uint64_t count; /* 0: no end */
	bool verbose;
	struct tls_options tls_options;
	struct receiver_conf conf;

	struct loop *loop;
	struct recv_tls *tls; /* NULL: plain */
	struct ration ration; /* of lines about sessions that failed */
	struct receiver *receiver;
	struct output output;
	uint64_t taken;
	bool failed, ending;
};

/* --- what the receiver and the loop call --------------------------------------------- */

static bool on_message(void *arg, struct slice payload)
{
	struct recv *r = arg;

	if (r->failed || (r->count && r->taken == r->count))
		return false;
	output_add(&r->output, payload);
	if (++r->taken == r->count)
		r->ending = true;
	return true;
}

static int on_commit(void *arg)
{
	struct recv *r = arg;
	struct err e;

	if (r->failed)
		return -1;
	if (output_commit(&r->output, &e) < 0) {
		fprintf(stderr, "relpbox relp-recv: %s; not acknowledged, ending\n", e.text);
		r->failed = r->ending = true;
	}
	return r->failed ? -1 : 0;
}

static void on_trouble(void *arg, const struct addr *peer, const struct err *e)
{
	struct recv *r = arg;
	char text[ADDR_TEXT_MAX];
	uint64_t left_out;

	/* a port scanner must not fill the log */
	if (r->quiet || !ration_take(&r->ration, loop_now_ms(r->loop), &left_out))
		return;
	if (left_out)
		fprintf(stderr, "relpbox relp-recv: %llu more sessions failed, untold\n",
			(unsigned long long)left_out);
	fprintf(stderr, "relpbox relp-recv: %s: %s\n", addr_text(peer, text), e->text);
}

static void on_say(void *arg, enum say_priority priority, const char *text)
{
	(void)arg;
	(void)priority;
	fprintf(stderr, "relpbox relp-recv: %s\n", text);
}

static void on_signal(void *arg, int signo)
{
	struct recv *r = arg;

	(void)signo;
	r->ending = true;
}

static const struct receiver_events events = {
	.message = on_message,
	.commit = on_commit,
	.trouble = on_trouble,
};

/* --- setting up ------------------------------------------------------------------------ */

static int start_listening(struct recv *r, struct err *e)
{
	char text[ADDR_TEXT_MAX], clients[600];
	struct addr_list list;
	struct addr bound;
	int fd;

	if (addr_resolve(r->host, r->port, AF_UNSPEC, &list, e) < 0)
		return -1;
	fd = net_listen(&list.at[0], &bound, e);
	if (fd < 0)
		return -1;
	r->receiver = receiver_new(r->loop, fd, &r->conf, &events, r, e);
	if (!r->receiver)
		return -1;
	if (r->tls)
		fprintf(stderr, "listening on %s, TLS, clients: %s\n", addr_text(&bound, text),
			recv_tls_clients(&r->tls_options, clients, sizeof(clients)));
	else
		fprintf(stderr, "listening on %s\n", addr_text(&bound, text));
	return 0;
}

static int start_tls(struct recv *r, struct err *e)
{
	struct recv_tls_conf conf = {
		.options = &r->tls_options,
		.say = { .line = on_say },
		.verbose = r->verbose,
	};

	if (!r->tls_options.tls)
		return 0;
	r->tls = recv_tls_new(r->loop, &conf, e);
	r->conf.wrap = recv_tls_wrap;
	r->conf.wrap_arg = r->tls;
	return r->tls ? 0 : -1;
}

/* Until it is to end and all sessions are gone. */
static int turn_loop(struct recv *r, struct err *e)
{
	bool stopping = false;

	while (!stopping || !receiver_stopped(r->receiver)) {
		if (loop_turn(r->loop, 60000, e) < 0)
			return -1;
		receiver_turn(r->receiver);
		if (r->ending && !stopping) {
			stopping = true;
			receiver_stop(r->receiver);
		}
	}
	return 0;
}

static int receive(struct recv *r, struct err *e)
{
	struct signals *signals;
	int result = -1;

	if (output_open(&r->output, e) < 0)
		return -1;
	r->loop = loop_new(e);
	if (!r->loop)
		return -1;
	signals = signals_new(r->loop, on_signal, r, e);
	if (signals && start_tls(r, e) == 0 && start_listening(r, e) == 0)
		result = turn_loop(r, e);
	receiver_free(r->receiver);
	recv_tls_free(r->tls);
	signals_free(signals);
	loop_free(r->loop);
	bool good = result == 0 && !r->failed; /* else it was said already */
	return output_close(&r->output, good ? e : NULL) < 0 && good ? -1 : result;
}

static int take_option(struct recv *r, int which, const char *value, struct err *e)
{
	uint64_t n;

	if (which >= OPT_TLS && which <= OPT_TLS + TLS_OPT_PEER)
		return tls_options_take(&r->tls_options, which - OPT_TLS, value, e);
	switch (which) {
	case OPT_LISTEN:
		r->listen = value;
		return addr_split(slice_str(value), r->host, &r->port, e);
	case OPT_OUTPUT:
		r->output.path = value;
		return 0;
	case OPT_APPEND:
		r->output.append = true;
		return 0;
	case OPT_SYNC:
		r->output.sync = true;
		return 0;
	case OPT_RAW:
		r->output.raw = true;
		return 0;
	case OPT_NO_CLIENT_CERT:
		r->tls_options.anyone = true;
		return 0;
	case OPT_VERBOSE:
		r->verbose = true;
		return 0;
	case OPT_QUIET:
		r->quiet = true;
		return 0;
	case OPT_COUNT:
		if (num_u64(slice_str(value), 1, UINT64_MAX, &r->count) < 0)
			return err_set(e, "--count: a number from 1");
		return 0;
	case OPT_MAX_CONNECTIONS:
		if (num_u64(slice_str(value), 1, 100000, &n) < 0)
			return err_set(e, "--max-connections: a number from 1 to 100000");
		r->conf.max_connections = (size_t)n;
		return 0;
	case OPT_MAX_MESSAGE:
		if (num_size(slice_str(value), 1, 16 << 20, &n) < 0)
			return err_set(e, "--max-message: a size like 8KiB, up to 16MiB");
		r->conf.max_message = (size_t)n;
		return 0;
	case OPT_OPEN_TIMEOUT:
		if (num_duration_ms(slice_str(value), 1, 86400000, &r->conf.open_ms) < 0)
			return err_set(e, "--open-timeout: a time like 10s or 5m, up to 24h");
		return 0;
	case OPT_IDLE_TIMEOUT:
		if (num_duration_ms(slice_str(value), 1, 86400000, &r->conf.idle_ms) < 0)
			return err_set(e, "--idle-timeout: a time like 10s or 5m, up to 24h");
		return 0;
	default:
		return err_set(e, "unexpected argument");
	}
}

static int take_command_line(struct recv *r, int argc, char **argv, bool *help, struct err *e)
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
			return err_set(e, "it takes no words; the address belongs behind --listen");
		if (take_option(r, which, scan.value, e) < 0)
			return -1;
	}
	if (!r->listen)
		return err_set(e, "where? --listen HOST:PORT is missing");
	if (r->output.append && !r->output.path)
		return err_set(e, "--append goes with --output");
	return tls_options_check(&r->tls_options, TLS_SERVER, e);
}

static int run(int argc, char **argv)
{
	struct recv r = { .conf = { .software = program_software },
			  .ration = { .burst = 30, .every_ms = 1000 } };
	struct err e = { 0 };
	bool help = false;
	int result;

	if (take_command_line(&r, argc, argv, &help, &e) < 0)
		return command_misused(&cmd_relp_recv, &e);
	if (help)
		return command_help(&cmd_relp_recv);
	result = receive(&r, &e);
	if (result < 0)
		fprintf(stderr, "relpbox relp-recv: %s\n", e.text);
	return result < 0 || r.failed ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_relp_recv = {
	.name = "relp-recv",
	.summary = "receive messages over RELP, for tests and debugging",
	.run = run,
	.usage = &usage,
};
