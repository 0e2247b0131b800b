// SPDX-License-Identifier: Apache-2.0
//
// Each testdata/conf/NAME.yaml is loaded, and what was found and what was read
// is compared with NAME.expected. CONF_UPDATE=1 writes the .expected files anew:
// read the difference before you commit it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/esc.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "testdata/conf/"
#define CASES_MAX 400

static void dump_str(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, "%s = \"", name);
	esc_add(out, slice_str(value), SIZE_MAX);
	buf_add_str(out, "\"\n");
}

static void dump_int(struct buf *out, const char *name, struct config_int v)
{
	if (v.set)
		buf_printf(out, "%s = %lld\n", name, (long long)v.value);
}

static void dump_bool(struct buf *out, const char *name, bool v)
{
	buf_printf(out, "%s = %s\n", name, v ? "true" : "false");
}

static void dump_rule(struct buf *out, const struct config_rule *r)
{
	buf_add_str(out, "rule\n");
	for (size_t i = 0; i < r->n_program_names; i++)
		dump_str(out, "  program", r->program_names[i]);
	dump_int(out, "  severity", (struct config_int){ r->has_severity, r->severity });
	dump_str(out, "  regex", r->regex);
	dump_str(out, "  exclude", r->exclude);
}

static void dump_tls(struct buf *out, const struct config_tls *t)
{
	if (!t->present)
		return;
	dump_bool(out, "tls.enabled", t->enabled);
	dump_str(out, "tls.secretReferenceName", t->secret_reference_name);
	for (size_t i = 0; i < t->n_permitted_peer; i++)
		dump_str(out, "tls.permittedPeer", t->permitted_peer[i]);
	dump_str(out, "tls.authMode", t->auth_mode);
	dump_str(out, "tls.tlsLib", t->tls_lib);
}

static void dump_own(struct buf *out, const struct config *c)
{
	dump_str(out, "project", c->project);
	dump_str(out, "shoot", c->shoot);
	dump_str(out, "shootUID", c->shoot_uid);
	dump_str(out, "hostname", c->hostname);
	for (size_t i = 0; i < c->n_inputs; i++) {
		const struct config_input *in = &c->inputs[i];
		buf_printf(out, "input %s\n", in->kind == INPUT_STDIN ? "stdin" : "unix");
		dump_str(out, "  name", in->name);
		dump_str(out, "  path", in->path);
	}
	dump_str(out, "tls.directory", c->tls_files.directory);
	dump_str(out, "tls.ca", c->tls_files.ca);
	dump_str(out, "tls.cert", c->tls_files.cert);
	dump_str(out, "tls.key", c->tls_files.key);
	dump_int(out, "tls.rotateWithin", c->rotate_within);
	dump_str(out, "spool.directory", c->spool_dir);
	dump_int(out, "spool.maxSize", c->spool_max);
	dump_int(out, "spool.auditShare", c->audit_share);
	dump_int(out, "windowFrames", c->window_frames);
	dump_int(out, "windowBytes", c->window_bytes);
	dump_int(out, "maxRate", c->max_rate);
	dump_int(out, "messages.maxSize", c->max_message);
	dump_str(out, "oversize", c->oversize);
	dump_str(out, "untrusted", c->untrusted);
}

static void dump(struct buf *out, const struct config *c)
{
	dump_str(out, "target", c->target);
	buf_printf(out, "port = %lld\n", (long long)c->port);
	for (size_t i = 0; i < c->n_rules; i++)
		dump_rule(out, &c->rules[i]);
	dump_tls(out, &c->tls);
	dump_int(out, "rebindInterval", c->rebind_interval);
	dump_int(out, "timeout", c->timeout);
	dump_int(out, "resumeRetryCount", c->resume_retry_count);
	dump_bool(out, "reportSuspension", c->report_suspension);
	dump_bool(out, "auditEnabled", c->audit_enabled);
	dump_str(out, "auditConfigMap", c->audit_config_map);
	dump_own(out, c);
}

static void judge(const char *path, const char *name, struct buf *out)
{
	struct buf text = { 0 };
	struct err e;
	struct config c;
	struct findings f = { 0 };
	if (file_read(path, CONFIG_FILE_MAX, &text, &e) < 0)
		fail_msg("%s", e.text);
	int r = config_load(buf_slice(&text), &c, &f);
	findings_print(&f, name, out);
	assert_int_equal(r, f.errors ? -1 : 0);
	if (r == 0)
		dump(out, &c);
	config_free(&c);
	findings_free(&f);
	buf_free(&text);
}

static void one_case(void **state)
{
	const char *name = *state;
	char path[512];
	struct buf got = { 0 }, want = { 0 };
	struct err e;
	snprintf(path, sizeof path, FOLDER "%s.yaml", name);
	char *shown = path + strlen(FOLDER);
	judge(path, shown, &got);
	snprintf(path, sizeof path, FOLDER "%s.expected", name);
	if (getenv("CONF_UPDATE")) {
		FILE *out = fopen(path, "w");
		assert_non_null(out);
		fwrite(got.p, 1, got.len, out);
		fclose(out);
	}
	if (file_read(path, CONFIG_FILE_MAX, &want, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(buf_cstr(&got), buf_cstr(&want));
	buf_free(&got);
	buf_free(&want);
}

static int is_case(const struct dirent *d)
{
	size_t len = strlen(d->d_name);
	return len > 5 && strcmp(d->d_name + len - 5, ".yaml") == 0;
}

int main(void)
{
	static struct CMUnitTest tests[CASES_MAX];
	struct dirent **list;
	int n = scandir(FOLDER, &list, is_case, alphasort);
	if (n <= 0 || n > CASES_MAX) {
		fprintf(stderr, "%d cases in " FOLDER "\n", n);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char *name = mem_strdup(list[i]->d_name);
		name[strlen(name) - 5] = '\0';
		tests[i] = (struct CMUnitTest){ name, one_case, NULL, NULL, name };
		free(list[i]);
	}
	free(list);
	int failed = _cmocka_run_group_tests("conf_cases", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++)
		free(tests[i].initial_state);
	return failed;
}
