// SPDX-License-Identifier: Apache-2.0
#include "forward/settings.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often is looked whether the files for TLS are new: oftener where they have to be used soon. */
#define CHECK_MIN_MS 200
#define CHECK_MAX_MS 10000

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
			.handshake_ms = timeout_ms < HANDSHAKE_MS ? timeout_ms : HANDSHAKE_MS,
			.connect_ms = timeout_ms < 10000 ? timeout_ms : 10000,
			.open_ms = timeout_ms,
			.silent_ms = timeout_ms,
			.drain_ms = timeout_ms,
			.close_ms = timeout_ms < 5000 ? timeout_ms : 5000,
		},
	};
}

bool settings_ask_for_tls(const struct config *c)
{
	return c->tls.enabled || c->tls_files.present;
}

static int check_files(const struct config *c, struct err *e)
{
	const struct config_tls_files *f = &c->tls_files;
	if (f->directory)
		return 0;
	if (!f->ca && config_tls_auth(&c->tls) == TLS_AUTH_NAME)
		return err_set(e, "tls.ca is needed: the receiver's chain has to lead to it (authMode name)");
	if (!f->cert != !f->key)
		return err_set(e, "tls.cert and tls.key belong together");
	return 0;
}

int settings_check_tls(const struct config *c, struct err *e)
{
	const struct config_tls *t = &c->tls;
	if (!settings_ask_for_tls(c))
		return 0;
	if (!c->tls_files.present)
		return err_set(e, "tls.enabled is true, but nothing says where the certificates are: --tls-dir DIR is needed (or tls in a document of kind Forward); in plain it is not sent");
	if (t->enabled_set && !t->enabled)
		return err_set(e, "tls.enabled is false, but --tls-dir (or tls in a document of kind Forward) asks for TLS: only one of them can be meant");
	if (config_tls_auth(t) == TLS_AUTH_FINGERPRINT && t->n_permitted_peer == 0)
		return err_set(e, "tls.permittedPeer (or --permitted-peer) is needed: authMode fingerprint needs the receiver's fingerprint");
	return check_files(c, e);
}

int settings_check_run(const struct config *c, struct err *e)
{
	if (settings_check_tls(c, e) < 0)
		return -1;
	if (!c->spool_dir)
		return err_set(e, "--spool-dir (or spool.directory) is needed");
	return 0;
}

static char *path_in(const char *dir, const char *name)
{
	struct buf path = { 0 };
	buf_printf(&path, "%s/%s", dir, name);
	char *text = mem_strdup(buf_cstr(&path));
	buf_free(&path);
	return text;
}

static char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

/* Entries that are of the other authMode permit nobody, and are left out. */
static int permitted(const struct config_tls *t, struct forward_tls_conf *out, struct err *e)
{
	struct err why = { 0 };
	for (size_t i = 0; i < t->n_permitted_peer; i++) {
		if (tls_peer_check(out->auth, t->permitted_peer[i], &why) < 0)
			continue;
		if (out->n_permitted == TLS_PEERS_MAX)
			return err_set(e, "more than %d permitted peers", TLS_PEERS_MAX);
		out->permitted[out->n_permitted++] = t->permitted_peer[i];
	}
	/* without any, other peers would be permitted than were meant */
	if (t->n_permitted_peer && out->n_permitted == 0)
		return err_set(e, "nobody is permitted: permittedPeer: %s", why.text);
	return 0;
}

static int tls(const struct config *c, struct forward_tls_conf *out, struct err *e)
{
	const struct config_tls_files *f = &c->tls_files;
	uint64_t within = (uint64_t)or_default(c->rotate_within, DEFAULT_ROTATE_WITHIN_MS);
	uint64_t check = within / 4;
	if (!settings_ask_for_tls(c))
		return 0;
	out->on = true;
	out->auth = config_tls_auth(&c->tls);
	out->rotate_within_ms = within;
	out->check_ms = check < CHECK_MIN_MS ? CHECK_MIN_MS : check > CHECK_MAX_MS ? CHECK_MAX_MS : check;
	out->files.ca = f->directory ? path_in(f->directory, "ca.crt") : copy(f->ca);
	out->files.cert = f->directory ? path_in(f->directory, "tls.crt") : copy(f->cert);
	out->files.key = f->directory ? path_in(f->directory, "tls.key") : copy(f->key);
	/* they are read again and again, and at the start beside the inputs */
	out->files.no_pipes = true;
	return permitted(&c->tls, out, e);
}

void settings_free(struct forward_conf *out)
{
	rules_free(out->rules);
	free((char *)out->tls.files.ca);
	free((char *)out->tls.files.cert);
	free((char *)out->tls.files.key);
	*out = (struct forward_conf){ 0 };
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
	if (tls(c, &out->tls, e) < 0)
		return -1;
	if (out->max_message > out->spool_max / 8)
		return err_set(e, "the spool (%" PRIu64 " bytes) must hold at least eight of the longest records (max-message, %zu bytes)",
			       out->spool_max, out->max_message);
	if (inputs(c, out, e) < 0)
		return -1;
	return rules(c, out, e);
}
