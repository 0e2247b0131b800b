// SPDX-License-Identifier: Apache-2.0
#ifndef FORWARD_FORWARD_H
#define FORWARD_FORWARD_H

#include "base/err.h"
#include "base/say.h"
#include "conf/config.h"
#include "forward/intake.h"
#include "sink/sink.h"
#include "tls/store.h"

/*
 * The pipeline put together: sources -> intake -> spool -> sink, one loop, one
 * thread (fdatasync and name look-up run beside it). See docs/DESIGN.md.
 */
struct forward_input {
	const char *name; /* the source's stable name */
	enum config_input_kind kind;
	const char *path;
};

/* How records are sent where it is by TLS. */
struct forward_tls_conf {
	bool on;
	enum tls_auth auth;
	const char *permitted[TLS_PEERS_MAX];
	size_t n_permitted;
	struct tls_files files;
	uint64_t rotate_within_ms; /* with new files the connection is another after this time */
	uint64_t check_ms;	   /* how often it is looked whether the files are new */
};

#define FORWARD_INPUTS_MAX 16
#define FORWARD_RECORD_MAX (1U << 20) /* a longer datagram or line is cut, whatever max_message says */

/* All strings are borrowed and must outlive the run. */
struct forward_conf {
	const char *spool_dir;
	uint64_t spool_max;
	unsigned audit_share; /* percent */
	struct forward_input inputs[FORWARD_INPUTS_MAX];
	size_t n_inputs;
	struct rules *rules; /* borrowed */
	struct identity who;
	size_t max_message;
	enum oversize oversize;
	enum untrusted untrusted;
	struct sink_conf sink;
	struct forward_tls_conf tls; /* off: plain */
	bool no_inputs; /* `spool drain`: send what is left, then end */
	/* Called when spool and inputs are open; dirfd is the spool directory or -1. May be NULL. */
	void (*ready)(void *arg, const char *spool_dir);
	void *ready_arg;
	const char *note; /* shown by status and log while set: "the configuration is broken; ..." */
};

enum forward_end {
	FORWARD_DONE,	 /* all inputs ended and all is acknowledged */
	FORWARD_INCOMPLETE, /* all inputs ended, but in this run records were given up, set aside or
			       dropped, or damage was found in the spool */
	FORWARD_STOPPED, /* by SIGTERM or SIGINT */
	FORWARD_FAILED,	 /* could not start, or the loop broke: e */
};

enum forward_end forward_run(const struct forward_conf *conf, const struct say *say,
			     struct err *e);

/* The path of the status socket of a spool directory, into out (PATH_MAX). */
void forward_status_path(const char *spool_dir, char *out, size_t size);

#endif
