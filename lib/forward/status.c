// SPDX-License-Identifier: Apache-2.0
/* What a running forward tells about itself: `relpbox status` and STATUS=. */
#include "forward/forward_int.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/json.h"
#include "base/num.h"
#include "spool/aside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All that is shown, gathered once. */
struct view {
	struct sink_status sink;
	struct spool_stats spool;
	uint64_t now_ms;
	int64_t now_us;
	uint64_t oldest_age_ms; /* of the oldest record that waits */
};

static void look(const struct forward *f, struct view *v)
{
	sink_status(f->sink, &v->sink);
	spool_stats(f->spool, &v->spool);
	v->now_ms = loop_now_ms(f->loop);
	v->now_us = clock_real_us();
	v->oldest_age_ms = 0;
	if (v->spool.oldest_us && v->now_us > v->spool.oldest_us)
		v->oldest_age_ms = (uint64_t)(v->now_us - v->spool.oldest_us) / 1000;
}

static const char *ago(const struct view *v, uint64_t at_ms, char *out)
{
	if (at_ms == 0)
		return "never";
	timetext_span(v->now_ms - at_ms, out);
	return out;
}

static const char *files_trouble(const struct forward *f)
{
	struct forward_tls_view tls;
	if (!f->tls)
		return "";
	forward_tls_view(f->tls, &tls);
	return tls.trouble;
}

void status_line(struct forward *f, char *out, size_t size)
{
	struct view v;
	char age[TIMETEXT_MAX];
	look(f, &v);
	timetext_span(v.oldest_age_ms, age);
	const char *disk = v.spool.in_memory ? "; the spool's disk is sick" : "";
	const char *tls = files_trouble(f);
	const char *before = tls[0] ? "; TLS: " : "";
	if (v.spool.frames == 0)
		snprintf(out, size, "%s to %s port %u; nothing waits%s%s%s",
			 sink_state_name(v.sink.state), f->conf->sink.host, f->conf->sink.port, disk,
			 before, tls);
	else
		snprintf(out, size, "%s to %s port %u; %" PRIu64 " records wait, the oldest for %s%s%s%s",
			 sink_state_name(v.sink.state), f->conf->sink.host, f->conf->sink.port,
			 v.spool.frames, age, disk, before, tls);
}

static void text_delivery(const struct forward *f, const struct view *v, struct buf *out)
{
	char span[TIMETEXT_MAX], name[300];
	const struct sink_status *s = &v->sink;
	buf_printf(out, "state:      %s since %s\n", sink_state_name(s->state),
		   ago(v, s->since_ms, span));
	buf_printf(out, "target:     %s port %u\n",
		   esc_text(name, sizeof(name), slice_str(f->conf->sink.host)), f->conf->sink.port);
	buf_printf(out, "connection: %s", s->stage);
	if (s->peer[0])
		buf_printf(out, " with %s, %" PRIu64 " unanswered", s->peer, s->unanswered);
	if (s->next_try_ms) {
		timetext_span(s->next_try_ms, span);
		buf_printf(out, ", next try in %s", span);
	}
	if (s->last_accepted_ms)
		buf_printf(out, "\naccepted:   the last record %s ago\n",
			   ago(v, s->last_accepted_ms, span));
	else
		buf_add_str(out, "\naccepted:   no record yet\n");
	if (s->last_error[0])
		buf_printf(out, "last error: %s (%s ago)\n", s->last_error,
			   ago(v, s->last_error_ms, span));
	if (s->suspect)
		buf_printf(out, "suspect:    record %" PRIu64 " (see `relpbox spool show`)\n",
			   s->suspect);
}

static void text_spool(const struct forward *f, const struct view *v, struct buf *out)
{
	char span[TIMETEXT_MAX];
	const struct spool_stats *s = &v->spool;
	timetext_span(v->oldest_age_ms, span);
	buf_printf(out, "spool:      %s, %" PRIu64 " records wait", f->conf->spool_dir, s->frames);
	if (s->frames)
		buf_printf(out, " (the oldest for %s)", span);
	buf_printf(out, ", %" PRIu64 " of %" PRIu64 " KiB", s->bytes / 1024, s->max_bytes / 1024);
	buf_printf(out, ", %" PRIu64 " set aside\n", s->aside_frames);
	if (s->gap_frames || s->gap_bytes)
		buf_printf(out, "damage:     %" PRIu64 " records or more lost in %" PRIu64
				" damaged bytes of the spool\n",
			   s->gap_frames, s->gap_bytes);
	if (s->foreign_files)
		buf_printf(out, "foreign:    %" PRIu64 " segments of another format were left alone\n",
			   s->foreign_files);
	if (s->in_memory)
		buf_printf(out, "disk:       sick: %s\n", spool_trouble(f->spool));
}

static void text_inputs(const struct forward *f, struct buf *out)
{
	for (size_t i = 0; i < f->conf->n_inputs; i++) {
		const struct input *in = &f->inputs[i];
		buf_printf(out, "input:      %s (%s%s) %s\n", in->conf->name,
			   in->conf->kind == INPUT_UNIX ? in->conf->path : "stdin",
			   in->from_systemd ? ", held by the service manager" : "",
			   in->trouble[0]		    ? in->trouble
			   : source_is_ended(in->source) ? "ended"
							    : "is read");
	}
}

static void answer_text(struct forward *f, struct buf *out)
{
	struct view v;
	char span[TIMETEXT_MAX];
	look(f, &v);
	timetext_span(v.now_ms - f->started_ms, span);
	buf_printf(out, "relpbox forward, pid %d, running for %s\n", (int)getpid(), span);
	if (f->conf->note)
		buf_printf(out, "ATTENTION:  %s\n", f->conf->note);
	text_delivery(f, &v, out);
	status_tls_text(f, out);
	text_spool(f, &v, out);
	text_inputs(f, out);
	buf_add_str(out, "counts:    ");
	for (size_t i = 0; i < COUNT_ALL; i++)
		if (counts_get(f->counts, i))
			buf_printf(out, " %s=%" PRIu64, count_names[i], counts_get(f->counts, i));
	buf_add_char(out, '\n');
}

static void json_delivery(const struct forward *f, const struct view *v, struct json *j)
{
	const struct sink_status *s = &v->sink;
	json_str(j, "state", slice_str(sink_state_name(s->state)));
	json_bool(j, "delivering", s->state == SINK_DELIVERING);
	json_u64(j, "state_for_ms", v->now_ms - s->since_ms);
	json_str(j, "target", slice_str(f->conf->sink.host));
	json_u64(j, "port", f->conf->sink.port);
	json_object(j, "connection");
	json_str(j, "stage", slice_str(s->stage));
	if (s->peer[0])
		json_str(j, "peer", slice_str(s->peer));
	else
		json_null(j, "peer");
	json_u64(j, "unanswered", s->unanswered);
	json_u64(j, "next_try_ms", s->next_try_ms);
	json_object_end(j);
	json_u64(j, "suspect", s->suspect);
	if (s->last_accepted_ms)
		json_u64(j, "last_accepted_ms_ago", v->now_ms - s->last_accepted_ms);
	else
		json_null(j, "last_accepted_ms_ago");
	if (s->last_error[0]) {
		json_object(j, "last_error");
		json_str(j, "text", slice_str(s->last_error));
		json_u64(j, "ms_ago", v->now_ms - s->last_error_ms);
		json_object_end(j);
	} else {
		json_null(j, "last_error");
	}
}

static void json_spool(const struct forward *f, const struct view *v, struct json *j)
{
	const struct spool_stats *s = &v->spool;
	json_object(j, "spool");
	json_str(j, "directory", slice_str(f->conf->spool_dir));
	json_u64(j, "records", s->frames);
	json_u64(j, "oldest_age_ms", v->oldest_age_ms);
	json_u64(j, "bytes", s->bytes);
	json_u64(j, "max_bytes", s->max_bytes);
	json_u64(j, "audit_bytes", s->audit_bytes);
	json_u64(j, "segments", s->segments);
	json_u64(j, "set_aside", s->aside_frames);
	json_u64(j, "gap_records", s->gap_frames);
	json_u64(j, "gap_bytes", s->gap_bytes);
	json_u64(j, "foreign_files", s->foreign_files);
	json_bool(j, "in_memory", s->in_memory);
	json_str(j, "disk_trouble", slice_str(spool_trouble(f->spool)));
	json_u64(j, "acknowledged", spool_acknowledged(f->spool));
	json_u64(j, "appended", spool_appended(f->spool));
	json_u64(j, "durable", spool_durable(f->spool));
	json_object_end(j);
}

static void json_inputs(const struct forward *f, struct json *j)
{
	json_array(j, "inputs");
	for (size_t i = 0; i < f->conf->n_inputs; i++) {
		const struct input *in = &f->inputs[i];
		json_object(j, NULL);
		json_str(j, "name", slice_str(in->conf->name));
		json_str(j, "kind", slice_str(in->conf->kind == INPUT_UNIX ? "unix" : "stdin"));
		if (in->conf->kind == INPUT_UNIX)
			json_str(j, "path", slice_str(in->conf->path));
		json_bool(j, "passed_by_service_manager", in->from_systemd);
		json_bool(j, "read", !source_is_ended(in->source));
		json_str(j, "trouble", slice_str(in->trouble));
		json_object_end(j);
	}
	json_array_end(j);
}

static void answer_json(struct forward *f, struct buf *out)
{
	struct view v;
	struct json j;
	look(f, &v);
	json_start(&j, out);
	json_object(&j, NULL);
	json_u64(&j, "pid", (uint64_t)getpid());
	json_u64(&j, "running_for_ms", v.now_ms - f->started_ms);
	if (f->conf->note)
		json_str(&j, "attention", slice_str(f->conf->note));
	json_delivery(f, &v, &j);
	status_tls_json(f, &j);
	json_spool(f, &v, &j);
	json_inputs(f, &j);
	json_object(&j, "counts");
	for (size_t i = 0; i < COUNT_ALL; i++)
		json_u64(&j, count_names[i], counts_get(f->counts, i));
	json_object_end(&j);
	json_object_end(&j);
	buf_add_char(out, '\n');
}

static void answer_requeue(struct forward *f, struct slice which, struct buf *out)
{
	struct err e;
	struct spool_stats st;
	uint64_t seq = 0, count;
	spool_stats(f->spool, &st);
	if (which.len && num_u64(which, 1, UINT64_MAX, &seq) < 0)
		buf_add_str(out, "failed not a record's number\n");
	else if (spool_requeue(f->spool, seq, loop_now_ms(f->loop), &count, &e) < 0)
		buf_printf(out, "%s %s\n", e.code == EBUSY ? "busy" : "failed", e.text);
	else
		buf_printf(out, "done %" PRIu64 " of %" PRIu64 "\n", count, st.aside_frames);
}

/*
 * What status and spool ask (cmd/). "text", "json": the first line tells the
 * command how to exit, the rest is for its user. "waiting": a number.
 * "requeue [SEQ]": "done N of M" (M: were set aside; one call puts back so many,
 * see spool/aside.h), "busy WHY" (ask again), "failed WHY".
 */
void status_answer(struct forward *f, struct slice request, struct buf *out)
{
	static const struct slice requeue = { "requeue ", 8 };
	struct sink_status s;
	if (request.len >= requeue.len && slice_eq(slice_of(request.p, requeue.len), requeue)) {
		answer_requeue(f, slice_of(request.p + requeue.len, request.len - requeue.len), out);
		return;
	}
	if (slice_is(request, "waiting")) {
		struct spool_stats st;
		spool_stats(f->spool, &st);
		buf_printf(out, "%" PRIu64 "\n", st.frames);
		return;
	}
	sink_status(f->sink, &s);
	bool well = s.state == SINK_DELIVERING && !inputs_trouble(f);
	buf_add_str(out, well ? "delivering\n" : "not delivering\n");
	if (slice_is(request, "json"))
		answer_json(f, out);
	else
		answer_text(f, out);
}
