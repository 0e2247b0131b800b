// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"
#include "cmd/forward.h"

#include "base/clock.h"
#include "base/esc.h"
#include "source/source.h"

#include <stdio.h>
#include <unistd.h>

struct dry {
	const struct forward_conf *conf;
	struct format format;
	struct buf scratch, work, out, with_pri;
	unsigned long line;
	bool ended, again, failed;
};

static void show_payload(void *arg, struct slice payload)
{
	struct dry *d = arg;
	buf_printf(&d->out, "  sends %zu bytes: \"", payload.len);
	esc_add(&d->out, payload, payload.len);
	buf_add_str(&d->out, "\"\n");
}

static enum take on_take(void *arg, struct slice line, const struct sender *from, uint64_t *seq)
{
	struct dry *d = arg;
	struct record rec;
	struct format_result made;
	(void)from;
	*seq = 0;
	d->line++;
	d->out.len = 0;
	record_parse(intake_line(&d->with_pri, line), &d->scratch, &rec);
	int rule = rules_match(d->conf->rules, &rec);
	if (rule == RULES_NONE) {
		buf_printf(&d->out, "line %lu: no rule takes it\n", d->line);
		rules_explain(d->conf->rules, &rec, &d->out);
	} else {
		buf_printf(&d->out, "line %lu: loggingRules[%d] takes it\n", d->line, rule);
		format_record(&d->format, &rec, clock_real_us(), &d->work, show_payload, d, &made);
		if (made.cut_bytes)
			buf_printf(&d->out, "  cut: %zu bytes are missing\n", made.cut_bytes);
	}
	fwrite(d->out.p, 1, d->out.len, stdout);
	return TAKE_DONE;
}

static void on_lost(void *arg, const char *what, uint64_t n)
{
	struct dry *d = arg;
	fprintf(stderr, "relpbox: line %lu: %s (%llu)\n", d->line, what, (unsigned long long)n);
}

static void on_again(void *arg)
{
	struct dry *d = arg;
	d->again = true;
}

static void on_ended(void *arg, const struct err *why)
{
	struct dry *d = arg;
	d->ended = true;
	if (why->text[0]) {
		fprintf(stderr, "relpbox: %s\n", why->text);
		d->failed = true;
	}
}

int forward_dry_run(const struct forward_conf *conf)
{
	struct err e;
	struct dry d = {
		.conf = conf,
		.format = { .who = conf->who, .max_message = conf->max_message,
			    .oversize = conf->oversize },
	};
	struct intake in = { &d, on_take, on_lost, on_again, on_ended };
	struct loop *l = loop_new(&e);
	struct source *s = l ? source_stdin(l, "stdin", STDIN_FILENO, FORWARD_RECORD_MAX, &in, &e)
			     : NULL;
	bool fine = s != NULL;
	while (fine && !d.ended) {
		uint64_t wait = d.again ? 0 : 60000;
		fine = loop_turn(l, wait, &e) == 0;
		if (d.again) {
			d.again = false;
			s->ops->read(s);
		}
		fflush(stdout);
	}
	if (!fine)
		fprintf(stderr, "relpbox: %s\n", e.text);
	source_free(s);
	loop_free(l);
	buf_free(&d.scratch);
	buf_free(&d.work);
	buf_free(&d.out);
	buf_free(&d.with_pri);
	format_free(&d.format);
	return fine && !d.failed && !ferror(stdout) ? EXIT_OK : EXIT_FAILED;
}
