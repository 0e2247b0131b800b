// SPDX-License-Identifier: Apache-2.0
/*
 * A turn of the loop: sources that are ready hand records to the intake, the
 * spool commits the batch, sources forget what is safe, the sink sends. Nothing
 * in here waits for a disk, a name or a peer.
 */
#include "forward/forward_int.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STOP_LIMIT_MS 1500
#define TICK_BUSY_MS 250   /* while something waits in the spool or the disk is sick */
#define TICK_IDLE_MS 10000
#define STATUS_EVERY_MS 10000

void forward_status_path(const char *spool_dir, char *out, size_t size)
{
	snprintf(out, size, "%s/status.sock", spool_dir);
}

static void on_sink_count(void *arg, enum sink_count what, uint64_t n)
{
	struct forward *f = arg;
	counts_add(f->counts, COUNT_SINK + (size_t)what, n);
}

static void on_sink_stopped(void *arg)
{
	struct forward *f = arg;
	f->done = true;
}

static int on_sink_ready(void *arg, struct err *e)
{
	struct forward *f = arg;
	return forward_tls_ready(f->tls, e);
}

static void on_sink_stage(void *arg, enum session_stage stage)
{
	struct forward *f = arg;
	forward_tls_stage(f->tls, stage);
}

static void on_sink_ended(void *arg, enum session_end why, struct err *e)
{
	struct forward *f = arg;
	forward_tls_ended(f->tls, why, e);
}

static void begin_stop(struct forward *f)
{
	if (f->stopping)
		return;
	f->stopping = true;
	service_notify(&f->service, "STOPPING=1");
	sink_stop(f->sink, STOP_LIMIT_MS);
}

static void on_signal(void *arg, int signo)
{
	struct forward *f = arg;
	if (signo == SIGHUP) {
		say(&f->say, SAY_NOTICE, "SIGHUP is ignored: a changed configuration needs a restart");
		return;
	}
	f->stop_wanted = true;
	begin_stop(f);
}

static void on_request(void *arg, struct slice request, struct buf *answer)
{
	status_answer(arg, request, answer);
}

static void on_synced(void *arg, uint64_t number, int error)
{
	struct forward *f = arg;
	spool_synced(f->spool, number, error, loop_now_ms(f->loop));
}

static void open_control(struct forward *f)
{
	char path[4096];
	struct err e;
	forward_status_path(f->conf->spool_dir, path, sizeof(path));
	f->control = control_new(f->loop, path, 0600, on_request, f, &e);
	if (!f->control)
		say(&f->say, SAY_WARNING, "`relpbox status` will not reach this process: %s", e.text);
}

/* What could not be had in the spool directory at start may be had now. */
static void disk_is_well(struct forward *f)
{
	say(&f->say, SAY_NOTICE, "the spool's disk is well again");
	if (!f->control)
		open_control(f);
	if (f->conf->ready)
		f->conf->ready(f->conf->ready_arg, f->conf->spool_dir);
}

static void say_disk_trouble(struct forward *f)
{
	const char *now = spool_trouble(f->spool);
	if (strncmp(now, f->disk_said, sizeof(f->disk_said) - 1) == 0)
		return;
	if (now[0])
		say(&f->say, SAY_ERR,
		    "the spool's disk is sick, records are kept in memory and delivered from there: %s",
		    now);
	else
		disk_is_well(f);
	snprintf(f->disk_said, sizeof(f->disk_said), "%s", now);
}

/* Records that waited and can't be read any more. */
static void say_damage(struct forward *f)
{
	struct spool_stats st;
	spool_stats(f->spool, &st);
	if (st.gap_frames + st.gap_bytes == f->damage_said)
		return;
	say(&f->say, SAY_ERR,
	    "the spool is damaged: %" PRIu64 " records or more are lost, %" PRIu64 " bytes can't be read",
	    st.gap_frames, st.gap_bytes);
	f->damage_said = st.gap_frames + st.gap_bytes;
}

static void feed_service(struct forward *f)
{
	uint64_t now = loop_now_ms(f->loop);
	if (!f->ready_told)
		f->ready_told = service_notify(&f->service, "READY=1");
	/* an input that is not read any more is for the service manager to mend, by a restart */
	if (f->service.watchdog_ms && !inputs_trouble(f) &&
	    now - f->watchdog_ms >= f->service.watchdog_ms / 2) {
		service_notify(&f->service, "WATCHDOG=1");
		f->watchdog_ms = now;
	}
	if (now - f->status_ms >= STATUS_EVERY_MS) {
		say_damage(f);
		char line[400], state[420];
		status_line(f, line, sizeof(line));
		snprintf(state, sizeof(state), "STATUS=%s", line);
		service_notify(&f->service, state);
		f->status_ms = now;
	}
}

static void start_sync(struct forward *f)
{
	int fd;
	uint64_t number;
	if (!syncer_busy(f->syncer) &&
	    spool_sync_next(f->spool, loop_now_ms(f->loop), &fd, &number))
		syncer_start(f->syncer, fd, number);
}

/* Sources that said again read their next quantum. */
static void read_again(struct forward *f)
{
	for (size_t i = 0; i < f->conf->n_inputs; i++) {
		struct input *in = &f->inputs[i];
		if (!in->again || !in->source)
			continue;
		in->again = false;
		in->source->ops->read(in->source);
	}
}

/* Acknowledgements made room, or a disk that is well again: sources that waited go on. */
static void resume(struct forward *f)
{
	uint64_t acknowledged = spool_acknowledged(f->spool);
	bool sick = spool_trouble(f->spool)[0] != '\0';
	bool healed = f->was_sick && !sick;
	f->was_sick = sick;
	if (acknowledged == f->resumed_at && !healed)
		return;
	f->resumed_at = acknowledged;
	for (size_t i = 0; i < f->conf->n_inputs; i++)
		if (f->inputs[i].source)
			f->inputs[i].source->ops->resume(f->inputs[i].source);
}

static void forget_safe(struct forward *f)
{
	uint64_t safe = spool_safe(f->spool);
	for (size_t i = 0; i < f->conf->n_inputs; i++)
		if (f->inputs[i].source)
			f->inputs[i].source->ops->safe(f->inputs[i].source, safe);
}

static void end_when_empty(struct forward *f)
{
	if (f->stopping || !(f->conf->no_inputs || inputs_all_ended(f)))
		return;
	if (spool_acknowledged(f->spool) < spool_appended(f->spool))
		return;
	begin_stop(f);
}

static void end_of_turn(struct forward *f)
{
	uint64_t now = loop_now_ms(f->loop);
	intake_report(&f->intake);
	spool_commit(f->spool, now);
	counts_commit(f->counts, now);
	forget_safe(f);
	sink_pump(f->sink);
	if (f->tls)
		forward_tls_turn(f->tls);
	resume(f);
	start_sync(f);
	say_disk_trouble(f);
	feed_service(f);
	end_when_empty(f);
}

/* When to turn at the latest, though nothing happens. */
static uint64_t max_wait(struct forward *f)
{
	for (size_t i = 0; i < f->conf->n_inputs; i++)
		if (f->inputs[i].again)
			return 0;
	bool busy = spool_acknowledged(f->spool) < spool_appended(f->spool) ||
		    spool_trouble(f->spool)[0];
	uint64_t wait = busy ? TICK_BUSY_MS : TICK_IDLE_MS;
	uint64_t half = f->service.watchdog_ms / 2;
	return half && half < wait ? half : wait;
}

static int turn(struct forward *f, struct err *e)
{
	if (loop_turn(f->loop, max_wait(f), e) < 0)
		return -1;
	if (!f->stopping)
		read_again(f);
	end_of_turn(f);
	return 0;
}

/* Records that no receiver has. */
static uint64_t lost(const struct forward *f)
{
	return counts_get(f->counts, COUNT_SINK + SINK_GIVEN_UP) +
	       counts_get(f->counts, COUNT_SINK + SINK_SET_ASIDE) +
	       counts_get(f->counts, COUNT_DROPPED_FULL) +
	       counts_get(f->counts, COUNT_DROPPED_FULL_AUDIT);
}

static int open_spool(struct forward *f, struct err *e)
{
	const struct forward_conf *c = f->conf;
	struct spool_conf sc = {
		.dir = c->spool_dir, .max_bytes = c->spool_max, .audit_percent = c->audit_share,
		.existing = c->no_inputs, /* what can't be read is not empty */
	};
	struct err why = { 0 };
	if (spool_open(&f->spool, &sc, clock_mono_ms(), e) < 0)
		return -1;
	f->counts = counts_open(c->spool_dir, count_names, &why);
	if (why.text[0])
		say(&f->say, SAY_WARNING, "the counts are kept in memory only: %s", why.text);
	counts_add(f->counts, COUNT_STARTS, 1);
	f->lost_before = lost(f);
	say_damage(f);
	return 0;
}

static int make_sink(struct forward *f, struct err *e)
{
	struct sink_conf conf = f->conf->sink;
	struct sink_events events = {
		.arg = f, .say = f->say, .count = on_sink_count, .stopped = on_sink_stopped,
	};
	if (f->conf->tls.on) {
		f->tls = forward_tls_new(&f->conf->tls, conf.host, f->loop, f->counts, &f->say, e);
		if (!f->tls)
			return -1;
		conf.session.wrap = forward_tls_wrap;
		conf.session.wrap_arg = f->tls;
		events.ready = on_sink_ready;
		events.stage = on_sink_stage;
		events.ended = on_sink_ended;
	}
	f->sink = sink_new(f->loop, f->resolver, f->spool, &conf, &events);
	if (f->tls)
		forward_tls_attach(f->tls, f->sink);
	return 0;
}

static int start(struct forward *f, struct err *e)
{
	const struct forward_conf *c = f->conf;
	struct err why;
	if (inputs_take_passed(f, e) < 0)
		return -1;
	/* the resolver's helper is forked first: while there is one thread and nothing is open */
	f->loop = loop_new(e);
	if (!f->loop || !(f->resolver = resolver_new(f->loop, e)))
		return -1;
	if (service_open(&f->service, &why) < 0)
		say(&f->say, SAY_WARNING, "the service manager is not told how it goes: %s", why.text);
	if (open_spool(f, e) < 0)
		return -1;
	f->intake = (struct intake_core){
		.loop = f->loop, .spool = f->spool, .counts = f->counts, .rules = c->rules,
		.format = { .who = c->who, .max_message = c->max_message, .oversize = c->oversize },
		.untrusted = c->untrusted, .say = f->say,
	};
	intake_start(&f->intake);
	f->signals = signals_new(f->loop, on_signal, f, e);
	f->syncer = f->signals ? syncer_new(f->loop, on_synced, f, e) : NULL;
	if (!f->syncer)
		return -1;
	if (make_sink(f, e) < 0 || inputs_open(f, e) < 0)
		return -1;
	open_control(f);
	return 0;
}

static void stop(struct forward *f)
{
	inputs_close(f);
	sink_free(f->sink);
	forward_tls_free(f->tls);
	control_free(f->control);
	/* a disk may hang for long: exit(2) ends its thread, we do not wait for it */
	if (!f->syncer || !syncer_busy(f->syncer))
		syncer_free(f->syncer);
	signals_free(f->signals);
	counts_close(f->counts);
	spool_close(f->spool);
	intake_free(&f->intake);
	resolver_free(f->resolver);
	service_close(&f->service);
	loop_free(f->loop);
}

static enum forward_end verdict(struct forward *f)
{
	if (f->stop_wanted)
		return FORWARD_STOPPED;
	say_damage(f);
	if (inputs_trouble(f))
		return FORWARD_INCOMPLETE;
	return lost(f) > f->lost_before || f->damage_said ? FORWARD_INCOMPLETE : FORWARD_DONE;
}

static void say_start(struct forward *f)
{
	const struct forward_conf *c = f->conf;
	struct spool_stats st;
	char host[ADDR_HOST_MAX];
	spool_stats(f->spool, &st);
	for (size_t i = 0; i < c->n_inputs; i++)
		say(&f->say, SAY_INFO, "input %s: %s%s", c->inputs[i].name,
		    c->inputs[i].kind == INPUT_UNIX ? c->inputs[i].path : "standard input",
		    f->inputs[i].from_systemd ? ", held by the service manager" : "");
	say(&f->say, SAY_INFO, "%s: delivering to %s port %u%s from the spool %s, in which %" PRIu64 " records wait",
	    c->sink.session.relp.software ? c->sink.session.relp.software : "relpbox",
	    esc_text(host, sizeof(host), slice_str(c->sink.host)), c->sink.port, c->tls.on ? " by TLS" : "",
	    c->spool_dir, st.frames);
}

static enum forward_end run(struct forward *f, struct err *e)
{
	f->started_ms = loop_now_ms(f->loop);
	say_start(f);
	f->ready_told = service_notify(&f->service, "READY=1");
	if (f->conf->ready)
		f->conf->ready(f->conf->ready_arg, f->conf->spool_dir);
	sink_start(f->sink);
	while (!f->done)
		if (turn(f, e) < 0)
			return FORWARD_FAILED;
	return verdict(f);
}

enum forward_end forward_run(const struct forward_conf *conf, const struct say *say, struct err *e)
{
	struct forward *f = mem_zero(1, sizeof(*f));
	f->conf = conf;
	f->say = *say;
	f->service.notify_fd = -1;
	enum forward_end end = start(f, e) < 0 ? FORWARD_FAILED : run(f, e);
	stop(f);
	free(f);
	return end;
}
