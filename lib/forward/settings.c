// SPDX-License-Identifier: Apache-2.0
#include "forward/settings.h"

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void settings_hostname(char *out, size_t size)
{
	if (gethostname(out, size) < 0 || out[0] == '\0')
		snprintf(out, size, "localhost");
	out[size - 1] = '\0';
	char *dot = strchr(out, '.');
	if (dot && dot != out)
		*dot = '\0';
}

/* The default input keeps its name, however it is given: the name is its identity. */
static char *input_name(const char *path)
{
	char name[SPOOL_SOURCE_MAX + 1];
	size_t len = strlen(path);
	if (strcmp(path, DEFAULT_UNIX_PATH) == 0)
		return mem_strdup("journal");
	if (len <= SPOOL_SOURCE_MAX)
		return mem_strdup(path);
	snprintf(name, sizeof(name), "%08x...%s", (unsigned)crc32c(0, path, len), path + len - 50);
	return mem_strdup(name);
}

int settings_parse_input(const char *text, struct config_input *out, struct err *e)
{
	*out = (struct config_input){ 0 };
	if (strcmp(text, "stdin") == 0) {
		out->kind = INPUT_STDIN;
		out->name = mem_strdup("stdin");
		return 0;
	}
	if (strncmp(text, "unix:", 5) != 0 || text[5] != '/')
		return err_set(e, "--input takes unix:/PATH or stdin");
	out->kind = INPUT_UNIX;
	out->path = mem_strdup(text + 5);
	out->name = input_name(out->path);
	return 0;
}

static int inputs(const struct config *c, struct forward_conf *out, struct err *e)
{
	if (c->n_inputs > FORWARD_INPUTS_MAX)
		return err_set(e, "more than %d inputs", FORWARD_INPUTS_MAX);
	for (size_t i = 0; i < c->n_inputs; i++) {
		const struct config_input *in = &c->inputs[i];
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->inputs[k].name, in->name) == 0)
				return err_set(e, "two inputs are called \"%s\"", in->name);
		if (strlen(in->name) > SPOOL_SOURCE_MAX)
			return err_set(e, "the input's name \"%s\" is longer than %d bytes; give it one in a document of kind Forward",
				       in->name, SPOOL_SOURCE_MAX);
		out->inputs[i] = (struct forward_input){ in->name, in->kind, in->path };
	}
	out->n_inputs = c->n_inputs;
	if (out->n_inputs == 0) {
		out->inputs[0] =
			(struct forward_input){ "journal", INPUT_UNIX, DEFAULT_UNIX_PATH };
		out->n_inputs = 1;
	}
	return 0;
}

static int rules(const struct config *c, struct forward_conf *out, struct err *e)
{
	out->rules = rules_new();
	for (size_t i = 0; i < c->n_rules; i++) {
		const struct config_rule *r = &c->rules[i];
		struct rule_spec spec = {
			.program_names = (const char *const *)r->program_names,
			.n_program_names = r->n_program_names,
			.has_severity = r->has_severity,
			.severity = r->severity,
			.regex = r->regex,
			.exclude = r->exclude,
		};
		if (rules_add(out->rules, &spec, e) < 0)
			return err_prefix(e, "loggingRules[%zu].messageContent.%s", i,
					  e && e->code == 2 ? "exclude" : "regex");
	}
	return 0;
}

static int64_t or_default(struct config_int i, int64_t fallback)
{
	return i.set ? i.value : fallback;
}

static struct sink_conf sink(const struct config *c)
{
	uint64_t timeout_ms = (uint64_t)or_default(c->timeout, DEFAULT_TIMEOUT_S) * 1000;
	return (struct sink_conf){
		.host = c->target,
		.port = (uint16_t)c->port,
		.rebind_ms = (uint64_t)or_default(c->rebind_interval, 0) * 1000,
		.resume_retry_count = or_default(c->resume_retry_count, -1),
		.max_rate = (uint64_t)or_default(c->max_rate, 0),
		.report_continuation = c->report_suspension,
		.seed = clock_seed(),
		.session = {
			.relp = {
				.window_frames = (size_t)or_default(c->window_frames, DEFAULT_WINDOW_FRAMES),
				.window_bytes = (size_t)or_default(c->window_bytes, DEFAULT_WINDOW_BYTES),
			},
			.connect_ms = timeout_ms < 10000 ? timeout_ms : 10000,
			.open_ms = timeout_ms,
			.silent_ms = timeout_ms,
			.drain_ms = timeout_ms,
			.close_ms = timeout_ms < 5000 ? timeout_ms : 5000,
		},
	};
}

int settings_check_run(const struct config *c, struct err *e)
{
	if (c->tls.enabled)
		return err_set(e, "tls.enabled is true, and this version has no TLS yet: it refuses to send in plain what was to be encrypted");
	if (!c->spool_dir)
		return err_set(e, "--spool-dir (or spool.directory) is needed");
	return 0;
}

int settings_from_config(const struct config *c, const char *hostname, struct forward_conf *out,
			 struct err *e)
{
	*out = (struct forward_conf){ 0 };
	out->spool_dir = c->spool_dir;
	out->spool_max = (uint64_t)or_default(c->spool_max, DEFAULT_SPOOL_MAX);
	out->audit_share = (unsigned)or_default(c->audit_share, DEFAULT_AUDIT_SHARE);
	out->who = (struct identity){
		.project = c->project ? c->project : "-",
		.shoot = c->shoot ? c->shoot : "-",
		.shoot_uid = c->shoot_uid ? c->shoot_uid : "-",
		.hostname = c->hostname ? c->hostname : hostname,
	};
	out->max_message = (size_t)or_default(c->max_message, DEFAULT_MAX_MESSAGE);
	out->oversize = c->oversize && strcmp(c->oversize, "split") == 0 ? OVERSIZE_SPLIT
									 : OVERSIZE_CUT;
	if (c->untrusted && strcmp(c->untrusted, "mark") == 0)
		out->untrusted = UNTRUSTED_MARK;
	else if (c->untrusted && strcmp(c->untrusted, "drop") == 0)
		out->untrusted = UNTRUSTED_DROP;
	out->sink = sink(c);
	if (out->max_message > out->spool_max / 8)
		return err_set(e, "the spool (%" PRIu64 " bytes) must hold at least eight of the longest records (max-message, %zu bytes)",
			       out->spool_max, out->max_message);
	if (inputs(c, out, e) < 0)
		return -1;
	return rules(c, out, e);
}
