// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"
#include "cmd/relp_send_format.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/mem.h"
#include "base/num.h"
#include "sink/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1 << 20)
#define READ_BYTES (64 * 1024)

/* Stable, documented: scripts rely on them. */
enum {
	EXIT_DNS = 10,
	EXIT_TCP = 11,
	EXIT_TLS = 12,
	EXIT_OPEN = 14,
	EXIT_REFUSED = 15,
	EXIT_TIMEOUT = 16,
	EXIT_CLOSED_EARLY = 17,
};

enum {
	OPT_PRIORITY,
	OPT_TAG,
	OPT_ID,
	OPT_RFC5424,
	OPT_RAW,
	OPT_FILE,
	OPT_V4,
	OPT_V6,
	OPT_CONNECT_TIMEOUT,
	OPT_TIMEOUT,
	OPT_WINDOW,
	OPT_VERBOSE,
	OPT_HELP_ITSELF,
};

static const struct opt opts[] = {
	[OPT_PRIORITY] = { "priority", 'p', "FACILITY.SEVERITY", "facility and severity, by name, as in logger(1)", "user.notice", NULL },
	[OPT_TAG] = { "tag", 't', "TAG", "the name of the program that the messages come from", "your user name", NULL },
	[OPT_ID] = { "id", 'i', NULL, "show the number of this process behind the tag", NULL, NULL },
	[OPT_RFC5424] = { "rfc5424", 0, NULL, "write messages as RFC 5424 has it instead of RFC 3164", NULL, NULL },
	[OPT_RAW] = { "raw", 0, NULL, "send the bytes as they are, without priority, time and tag", NULL, NULL },
	[OPT_FILE] = { "file", 'f', "FILE", "send each line of FILE", NULL, NULL },
	[OPT_V4] = { "ipv4", '4', NULL, "use only IPv4", NULL, NULL },
	[OPT_V6] = { "ipv6", '6', NULL, "use only IPv6", NULL, NULL },
	[OPT_CONNECT_TIMEOUT] = { "connect-timeout", 0, "TIME", "how long each address may take to connect", "10s", NULL },
	[OPT_TIMEOUT] = { "timeout", 0, "TIME", "how long to wait for each answer: to open, to a message, to close", "30s", NULL },
	[OPT_WINDOW] = { "window", 0, "COUNT", "how many messages may be under way without an answer", "2048", NULL },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "say what happens, step by step, and what was acknowledged", NULL, NULL },
	[OPT_HELP_ITSELF] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "relp-send",
	.synopsis = "[OPTION]... HOST:PORT [MESSAGE]...",
	.summary = "Sends messages over RELP, each as logger(1) would, and waits until all are acknowledged.",
	.opts = opts,
	.notes =
		"Each MESSAGE is sent as one; without any, each line of --file or of standard\n"
		"input is. Without messages on a terminal it only opens and closes a session,\n"
		"which logs nothing: a quick test of the way to the receiver.\n"
		"An IPv6 address stands in brackets: [::1]:20514.\n"
		"\n"
		"Exit codes:\n"
		"   0  all messages are acknowledged\n"
		"   1  the input could not be read\n"
		"   2  wrong command line\n"
		"  10  the name could not be resolved\n"
		"  11  no TCP connection: refused, no route, or no answer in time\n"
		"  12  TLS could not be agreed on (no TLS in this version)\n"
		"  13  the receiver is not who it should be (no TLS in this version)\n"
		"  14  the session was not opened: refused, or not RELP\n"
		"  15  a message was refused\n"
		"  16  no answer in time to open, or to a message\n"
		"  17  the connection ended before all messages were acknowledged\n"
		"\n"
		"Example:  relpbox relp-send -p auth.info -t test log.example.com:20514 hello\n",
};

struct send {
	/* what was asked for */
	char host[ADDR_HOST_MAX];
	uint16_t port;
	int family;
	const char *file;
	char **words;
	size_t n_words;
	bool verbose;
	struct syslog_format format;
	struct session_conf conf;

	/* where it is */
	struct loop *loop;
	struct session *session;
	struct loop_watch input; /* set while it is read */
	bool from_words, input_ended, input_open;
	size_t word;	/* next */
	struct buf in;	/* read, from in_at on not sent */
	size_t in_at;
	struct buf message; /* formatted, and not sent yet where message_waits */
	bool message_waits;
	struct err input_error; /* text "": none */
	uint64_t sent, accepted, refused;
	bool ended;
	int code;
};

static const char *shown(char *out, size_t size, struct slice s)
{
	return esc_text(out, size, s);
}

/* --- input --------------------------------------------------------------------------- */

static bool next_word(struct send *s, struct slice *out)
{
	if (s->word == s->n_words) {
		s->input_ended = true;
		return false;
	}
	*out = slice_str(s->words[s->word++]);
	return true;
}

/* A line of what was read; the last one may lack its line feed. */
static bool next_line(struct send *s, struct slice *out)
{
	struct slice rest = slice_of(s->in.p ? s->in.p + s->in_at : NULL, s->in.len - s->in_at);
	const char *lf = rest.len ? memchr(rest.p, '\n', rest.len) : NULL;

	if (!lf && (!s->input_ended || rest.len == 0))
		return false;
	*out = slice_of(rest.p, lf ? (size_t)(lf - rest.p) : rest.len);
	s->in_at += out->len + (lf ? 1 : 0);
	return true;
}

static void read_input(struct send *s)
{
	ssize_t n;

	buf_drop(&s->in, s->in_at);
	s->in_at = 0;
	if (s->in.len > LINE_MAX_BYTES) {
		err_set(&s->input_error, "a line is longer than %d bytes", LINE_MAX_BYTES);
		s->input_ended = true;
		s->in.len = 0;
		return;
	}
	buf_reserve(&s->in, READ_BYTES);
	n = read(s->input.fd, s->in.p + s->in.len, READ_BYTES);
	if (n > 0)
		s->in.len += (size_t)n;
	else if (n == 0)
		s->input_ended = true;
	else if (errno != EINTR && errno != EAGAIN) {
		err_errno(&s->input_error, "%s", s->file ? s->file : "standard input");
		s->input_ended = true;
	}
}

/* Sends as much as there is and has room. True: there was no room for more. */
static bool send_what_there_is(struct send *s)
{
	struct slice text;

	while (s->message_waits || (s->from_words ? next_word(s, &text) : next_line(s, &text))) {
		if (!s->message_waits) {
			s->message.len = 0;
			syslog_format_add(&s->format, text, clock_real_us(), &s->message);
		}
		s->message_waits = !session_room(s->session, s->message.len);
		if (s->message_waits)
			return true;
		session_send(s->session, ++s->sent, buf_slice(&s->message));
	}
	return false;
}

/* Moves things on: sends, asks for more input, or closes at its end. */
static void pump(struct send *s)
{
	bool full = send_what_there_is(s);
	bool want = !full && !s->input_ended;
	struct err e;

	if (s->input_open && loop_watch(s->loop, &s->input, want ? EPOLLIN : 0, &e) < 0) {
		s->input_error = e;
		s->input_ended = true;
	}
	if (!full && s->input_ended)
		session_close(s->session);
}

static void on_input(void *arg, uint32_t events)
{
	struct send *s = arg;

	(void)events;
	read_input(s);
	pump(s);
	session_flush(s->session);
}

/* --- the session's life ---------------------------------------------------------------- */

static void on_stage(void *arg, enum session_stage stage, const struct err *e)
{
	struct send *s = arg;
	char peer[ADDR_TEXT_MAX];

	if (e)
		fprintf(stderr, "relpbox relp-send: %s; trying the next address\n", e->text);
	else if (s->verbose)
		fprintf(stderr, "%s %s\n", session_stage_name(stage),
			addr_text(session_peer(s->session), peer));
}

static void on_opened(void *arg, struct slice offers)
{
	struct send *s = arg;
	char text[512];

	if (s->verbose)
		fprintf(stderr, "opened, the receiver offers: %s\n", shown(text, sizeof(text), offers));
}

static void on_accepted(void *arg, uint64_t first, uint64_t last, size_t count)
{
	struct send *s = arg;

	(void)first;
	(void)last;
	s->accepted += count;
}

static void on_refused(void *arg, uint64_t token, unsigned code, struct slice text)
{
	struct send *s = arg;
	char words[256];

	/* the first few in words, the rest by their number at the end */
	if (s->refused++ < 10)
		fprintf(stderr, "relpbox relp-send: message %llu was refused: %u %s\n",
			(unsigned long long)token, code, shown(words, sizeof(words), text));
}

static void on_room(void *arg)
{
	pump(arg);
}

static int exit_code(const struct send *s, enum session_end why)
{
	switch (why) {
	case SESSION_END_CONNECT:
		return EXIT_TCP;
	case SESSION_END_HANDSHAKE:
		return EXIT_TLS;
	case SESSION_END_OPEN_REFUSED:
		return EXIT_OPEN;
	case SESSION_END_OPEN_TIMEOUT:
	case SESSION_END_SILENT:
		return EXIT_TIMEOUT;
	case SESSION_END_PROTOCOL:
		return s->sent ? EXIT_CLOSED_EARLY : EXIT_OPEN;
	case SESSION_END_OPEN_CLOSED:
	case SESSION_END_CLOSED_EARLY:
	case SESSION_END_SERVERCLOSE:
		return EXIT_CLOSED_EARLY;
	case SESSION_END_CLOSED:
		return s->refused ? EXIT_REFUSED : s->input_error.text[0] ? EXIT_FAILED : EXIT_OK;
	}
	return EXIT_FAILED;
}

static void on_ended(void *arg, enum session_end why, const struct err *e)
{
	struct send *s = arg;
	bool well = why == SESSION_END_CLOSED;

	s->ended = true;
	s->code = exit_code(s, why);
	if (e && (!well || s->verbose))
		fprintf(stderr, "relpbox relp-send: %s%s%s\n", well ? "" : session_end_name(why),
			well ? "" : ": ", e->text);
	if (s->input_error.text[0])
		fprintf(stderr, "relpbox relp-send: %s\n", s->input_error.text);
	if (s->verbose || (s->code != EXIT_OK && (s->sent || s->n_words)))
		fprintf(stderr, "relpbox relp-send: %llu of %llu messages are acknowledged%s\n",
			(unsigned long long)s->accepted,
			(unsigned long long)(s->from_words ? s->n_words : s->sent),
			s->refused ? ", some were refused" : "");
}

static const struct session_events events = {
	.stage = on_stage,
	.opened = on_opened,
	.accepted = on_accepted,
	.refused = on_refused,
	.room = on_room,
	.ended = on_ended,
};

/* --- setting up ------------------------------------------------------------------------ */

/* 0, or -1 with e for a wrong command line. */
static int take_option(struct send *s, int which, const char *value, struct err *e)
{
	uint64_t n;

	switch (which) {
	case OPT_PRIORITY:
		return syslog_priority(value, &s->format.priority, e);
	case OPT_TAG:
		s->format.tag = value;
		return 0;
	case OPT_ID:
		s->format.pid = getpid();
		return 0;
	case OPT_RFC5424:
		s->format.style = SYSLOG_RFC5424;
		return 0;
	case OPT_RAW:
		s->format.style = SYSLOG_RAW;
		return 0;
	case OPT_FILE:
		s->file = value;
		return 0;
	case OPT_V4:
		s->family = AF_INET;
		return 0;
	case OPT_V6:
		s->family = AF_INET6;
		return 0;
	case OPT_VERBOSE:
		s->verbose = true;
		return 0;
	case OPT_WINDOW:
		if (num_u64(slice_str(value), 1, 1 << 20, &n) < 0)
			return err_set(e, "--window: a number from 1 to 1048576");
		s->conf.relp.window_frames = (size_t)n;
		return 0;
	default:
		break;
	}
	if (num_duration_ms(slice_str(value), 1, 86400000, &n) < 0)
		return err_set(e, "--%s: a time like 500ms, 10s or 2m, up to 24h", opts[which].name);
	if (which == OPT_CONNECT_TIMEOUT)
		s->conf.connect_ms = n;
	else
		s->conf.open_ms = s->conf.silent_ms = s->conf.close_ms = n;
	return 0;
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

static int take_word(struct send *s, char *word, struct err *e)
{
	if (s->host[0]) {
		s->words[s->n_words++] = word;
		return 0;
	}
	if (addr_split(slice_str(word), s->host, &s->port, e) < 0) {
		hint_brackets(word, e);
		return -1;
	}
	return s->port ? 0 : err_set(e, "the port is missing");
}

/* EXIT_OK: go on. */
static int take_command_line(struct send *s, int argc, char **argv, bool *help, struct err *e)
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
		if (which == OPT_WORD ? take_word(s, (char *)(uintptr_t)scan.value, e) :
					take_option(s, which, scan.value, e))
			return -1;
	}
	if (!s->host[0])
		return err_set(e, "where to? HOST:PORT is missing");
	if (s->file && s->n_words)
		return err_set(e, "both --file and messages are given");
	return 0;
}

static const char *user_name(void)
{
	const struct passwd *pw = getpwuid(geteuid());

	return pw && pw->pw_name[0] ? pw->pw_name : "relpbox";
}

static int open_input(struct send *s, struct err *e)
{
	s->input = (struct loop_watch){ .ready = on_input, .arg = s, .fd = STDIN_FILENO };
	s->from_words = s->n_words || (!s->file && isatty(STDIN_FILENO));
	if (s->from_words)
		return 0;
	if (s->file)
		s->input.fd = open(s->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->input.fd < 0)
		return err_errno(e, "%s", s->file);
	s->input_open = true;
	return 0;
}

/* Until the session ended. */
static int turn_loop(struct send *s, struct err *e)
{
	while (!s->ended)
		if (loop_turn(s->loop, 60000, e) < 0)
			return -1;
	return 0;
}

static int failed(int code, const struct err *e)
{
	fprintf(stderr, "relpbox relp-send: %s\n", e->text);
	return code;
}

static int send_all(struct send *s)
{
	struct addr_list list;
	struct err e = { 0 };

	if (open_input(s, &e) < 0)
		return failed(EXIT_FAILED, &e);
	if (addr_resolve(s->host, s->port, s->family, &list, &e) < 0)
		return failed(EXIT_DNS, &e);
	s->loop = loop_new(&e);
	if (!s->loop)
		return failed(EXIT_FAILED, &e);
	s->session = session_new(s->loop, &s->conf, &events, s);
	session_start(s->session, &list);
	if (turn_loop(s, &e) < 0)
		s->code = failed(EXIT_FAILED, &e);
	session_free(s->session);
	loop_unwatch(s->loop, &s->input);
	loop_free(s->loop);
	return s->code;
}

static int run(int argc, char **argv)
{
	struct send s = {
		.family = AF_UNSPEC,
		.words = mem_zero((size_t)argc, sizeof(char *)),
		.format = { .priority = 13 },
		.conf = { .open_ms = 30000, .silent_ms = 30000, .close_ms = 30000,
			  .relp.software = program_software },
	};
	struct err e = { 0 };
	bool help = false;
	int code;

	if (take_command_line(&s, argc, argv, &help, &e) < 0) {
		code = command_misused(&cmd_relp_send, &e);
	} else if (help) {
		code = command_help(&cmd_relp_send);
	} else {
		syslog_format_init(&s.format);
		if (!s.format.tag)
			s.format.tag = user_name();
		code = send_all(&s);
	}
	syslog_format_free(&s.format);
	buf_free(&s.in);
	buf_free(&s.message);
	if (s.file && s.input_open)
		close(s.input.fd);
	free(s.words);
	return code;
}

const struct command cmd_relp_send = {
	.name = "relp-send",
	.summary = "send messages over RELP by hand and see what happens",
	.run = run,
	.usage = &usage,
};
