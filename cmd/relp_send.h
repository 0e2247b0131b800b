// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_SEND_H
#define CMD_RELP_SEND_H

#include "cmd/forward_tls.h"
#include "cmd/relp_send_input.h"
#include "cmd/relp_send_load.h"
#include "cmd/relp_send_other.h"
#include "cmd/relp_send_report.h"
#include "cmd/relp_send_trace.h"
#include "cmd/tls_options.h"

#include "base/timetext.h"
#include "io/resolver.h"
#include "io/signals.h"
#include "sink/session.h"

/*
 * What the files of relp-send share: relp_send.c (options), relp_send_run.c (the
 * way from stage to stage), relp_send_messages.c, relp_send_conf.c (--from-config),
 * relp_send_tls.c, relp_send_certs.c (TLS), relp_send_stages.c, relp_send_results.c
 * (what is told).
 */

/* Stable, documented: scripts rely on them. Beside them 128 + the signal that ended it. */
enum {
	EXIT_DNS = 10,
	EXIT_TCP = 11,
	EXIT_TLS = 12,
	EXIT_PEER = 13,
	EXIT_OPEN = 14,
	EXIT_REFUSED = 15,
	EXIT_TIMEOUT = 16,
	EXIT_CLOSED_EARLY = 17,
};

/* What was asked for. */
struct wish {
	char host[ADDR_HOST_MAX];
	uint16_t port;
	int family;
	const char *from_config;
	struct forward_tls_words over; /* --from-config: what goes over the document, as with forward */
	struct tls_options tls;
	bool verbose, json, sizes;
	bool quits; /* --quit-after */
	enum stage quit_after;
	uint64_t rate;
	struct syslog_format format;
	struct session_conf conf;
	uint64_t connect_ms; /* also for the name */
};

/* How one address took the connect. */
struct attempt {
	uint64_t begun_us, us;
	int code;
	bool tried, connected;
	char text[512]; /* why not */
};

/* What became of one size. */
struct size_result {
	enum { SIZE_PENDING, SIZE_ACCEPTED, SIZE_REFUSED, SIZE_CLOSED, SIZE_SILENT } fate;
	uint64_t us;
	char text[512];
};
#define SIZES_MAX 16

struct send {
	struct wish w;
	struct report report;
	struct trace trace;
	struct input input;
	struct load load;

	/* the configuration, and TLS where it is spoken */
	bool tls;
	struct send_conf *conf;	 /* see relp_send_conf.c */
	struct tls_store *store;
	struct tls_report seen;
	struct buf warnings; /* what the store says of the files, a line each */

	/* where it is */
	struct loop *loop;
	struct resolver *resolver;
	struct signals *signals;
	struct session *session;
	struct other *other;
	struct loop_timer again;    /* the rate allows the next message */
	struct loop_timer progress; /* --count on a terminal */
	struct loop_timer give_up;  /* after a signal */
	struct addr_list list;	    /* of the name, only those of the family */
	struct addr_list all;
	struct attempt attempts[ADDR_LIST_MAX];
	enum stage at; /* the stage that is under way */
	uint64_t started_us, began_us; /* all; this stage */
	uint64_t took_us; /* until it failed; 0: it did not yet */
	uint64_t tls_us;
	bool tls_told;
	const char *other_said; /* see other_ask */
	bool other_asked;
	enum session_end why;
	struct err why_error;
	struct buf offers; /* theirs */

	struct buf message; /* formatted, and not sent yet where message_waits */
	bool message_waits;
	uint64_t sent, accepted, refused;
	struct buf refusals; /* the first few, a line each */
	struct size_result sizes[SIZES_MAX];
	bool renews; /* a size was refused: the next has a session of its own */
	int signo; /* that asks for the end */
	bool stopped; /* --quit-after: no further stage is told of */
	bool ended;
	int code;
};

/* --- relp_send_conf.c --------------------------------------------------------------- */

/* Takes the document of --from-config into s->w. 0; -1 with e; where e is empty it has been said. */
int send_conf_load(struct send *s, struct err *e);
void send_conf_free(struct send *s);

/* --- relp_send_tls.c ---------------------------------------------------------------- */

/* Reads the files of TLS, where it is spoken: from then on sessions speak it. */
int send_tls_load(struct send *s, struct err *e);
void send_tls_free(struct send *s);

/* As those of relp_send_stages.c. */
void tell_configuration(struct send *s, uint64_t us, const struct err *e);
void tell_tls(struct send *s, const struct err *e);

/* --- relp_send_run.c ---------------------------------------------------------------- */

/* From dns to close: the exit code. */
int send_run(struct send *s);

/* --- relp_send_messages.c ----------------------------------------------------------- */

/* What the loop and the session call. */
void send_on_input(void *arg, uint32_t events);
void send_on_again(void *arg);
void send_on_room(void *arg);
void send_on_accepted(void *arg, uint64_t first, uint64_t last, size_t count);
void send_on_refused(void *arg, uint64_t token, unsigned code, struct slice text);

/* A session ended: is there a further one for what is left to send? Then it was started. */
bool send_next_session(struct send *s, enum session_end why, const struct err *e);
/* The exit code for sizes that ended their sessions; 0: none did. */
int send_code_of_sizes(const struct send *s);

#define SEND_PROGRESS_MS 1000
void send_on_progress(void *arg);
void send_clear_progress(struct send *s);

/* --- relp_send_stages.c ------------------------------------------------------------- */

/* How long the stage under way took; what was probed after it failed does not count. */
uint64_t stage_took(const struct send *s);

/* Each tells of its stage, from what stands in s. e: why it failed; NULL: it did not. */
void tell_dns(struct send *s, const struct err *e);
void tell_tcp(struct send *s, const struct err *e);
void tell_open(struct send *s, const struct err *e);

/* --- relp_send_results.c ------------------------------------------------------------ */

/* As those of relp_send_stages.c. */
void tell_messages(struct send *s, const struct err *e);
void tell_close(struct send *s, const struct err *e); /* e: what was odd; it does no harm */
void tell_result(struct send *s);

/* --- relp_send_certs.c -------------------------------------------------------------- */

/* What a chain says, to the stage's details and its JSON object, under key. now: Unix seconds. */
void tell_chain(struct stage_report *r, const char *key, const struct tls_certs *chain, int64_t now);

/* A date of a certificate; "never" and "before 1970" for what has no text. */
const char *cert_date(int64_t seconds, char out[TIMETEXT_MAX]);

#endif
