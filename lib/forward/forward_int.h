// SPDX-License-Identifier: Apache-2.0
#ifndef FORWARD_FORWARD_INT_H
#define FORWARD_FORWARD_INT_H

/* The pipeline's inside, shared by forward.c, inputs.c and status.c. */

#include "base/json.h"
#include "forward/count.h"
#include "forward/forward.h"
#include "forward/tls.h"
#include "io/control.h"
#include "io/service.h"
#include "io/signals.h"
#include "io/syncer.h"

struct forward;

struct input {
	struct forward *f;
	const struct forward_input *conf;
	struct source *source; /* NULL: could not be opened, or ended */
	bool again;	       /* has more than it could read in its turn */
	bool patient;
	bool from_systemd;
	char trouble[512]; /* why it is not read any more */
};

struct forward {
	const struct forward_conf *conf;
	struct loop *loop;
	struct resolver *resolver;
	struct spool *spool;
	struct counts *counts;
	struct intake_core intake;
	struct input inputs[FORWARD_INPUTS_MAX];
	int passed[FORWARD_INPUTS_MAX]; /* by systemd, until inputs_open takes them */
	size_t n_passed;
	struct sink *sink;
	struct forward_tls *tls; /* NULL: plain */
	struct syncer *syncer;
	struct service service;
	struct signals *signals;
	struct control *control;
	struct say say;

	uint64_t started_ms;
	uint64_t watchdog_ms;  /* when it was last fed */
	uint64_t status_ms;    /* when STATUS= was last sent */
	uint64_t resumed_at;   /* acknowledged number when waiting sources were last resumed */
	bool was_sick;	       /* the disk, then */
	uint64_t lost_before;  /* given up, set aside and dropped before this run */
	char disk_said[512];   /* the spool's trouble as last said */
	uint64_t damage_said;  /* lost records and unreadable bytes as last said */
	bool ready_told;       /* to the service manager, whose queue may be full */
	bool stopping;	       /* the sink is closing */
	bool stop_wanted;      /* by a signal */
	bool done;
};

/* inputs.c: takes what systemd passed; before anything else is opened (io/service.h). */
int inputs_take_passed(struct forward *f, struct err *e);
/* Opens all inputs, or says which failed. */
int inputs_open(struct forward *f, struct err *e);
void inputs_close(struct forward *f);
bool inputs_all_ended(const struct forward *f);
bool inputs_trouble(const struct forward *f); /* one is not read any more, by an error */

/* status_tls.c: what of TLS is shown; plain is told too. */
void status_tls_text(const struct forward *f, struct buf *out);
void status_tls_json(const struct forward *f, struct json *j);

/* status.c: answers one request of the status socket. */
void status_answer(struct forward *f, struct slice request, struct buf *out);
/* One line for STATUS=. */
void status_line(struct forward *f, char *out, size_t size);

#endif
