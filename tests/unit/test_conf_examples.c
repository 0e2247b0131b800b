// SPDX-License-Identifier: Apache-2.0
//
// What we show to others works: deploy/*.yaml, and each yaml block of
// docs/CONFIGURATION.md, load without a finding.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "conf/config.h"

#include <string.h>

static void read_all(const char *path, struct buf *b)
{
	struct err e;
	if (file_read(path, CONFIG_FILE_MAX, b, &e) < 0)
		fail_msg("%s", e.text);
}

/* Without any finding; what was read goes to c, for config_free. */
static void load(const char *name, struct slice text, struct config *c)
{
	struct findings f = { 0 };
	struct buf out = { 0 };
	config_load(text, c, &f);
	findings_print(&f, name, &out);
	assert_string_equal(buf_cstr(&out), "");
	buf_free(&out);
	findings_free(&f);
}

static void load_file(const char *path, struct config *c)
{
	struct buf text = { 0 };
	read_all(path, &text);
	load(path, buf_slice(&text), c);
	buf_free(&text);
}

static void deploy_forward(void **state)
{
	(void)state;
	struct config c;
	load_file("deploy/forward.yaml", &c);
	assert_string_equal(c.spool_dir, "/var/lib/relpbox/spool");
	assert_int_equal(c.n_inputs, 1);
	assert_string_equal(c.inputs[0].name, "journal");
	assert_int_equal(c.spool_max.value, 256 << 20);
	assert_int_equal(c.window_bytes.value, 1 << 20);
	assert_int_equal(c.n_rules, 3);
	assert_int_equal(c.rebind_interval.value, 3600);
	config_free(&c);
}

static void deploy_rsyslogrelpconfig(void **state)
{
	(void)state;
	struct config c;
	load_file("deploy/rsyslogrelpconfig.yaml", &c);
	assert_string_equal(c.target, "logs.example.com");
	assert_int_equal(c.port, 20514);
	assert_int_equal(c.n_rules, 3);
	assert_string_equal(c.rules[2].exclude, "(livez|readyz|healthz)");
	assert_int_equal(c.resume_retry_count.value, -1);
	assert_null(c.spool_dir);
	config_free(&c);
}

static void blocks_of_the_documentation(void **state)
{
	(void)state;
	struct buf text = { 0 };
	size_t n = 0;
	read_all("docs/CONFIGURATION.md", &text);
	for (const char *p = buf_cstr(&text); (p = strstr(p, "```yaml\n")); n++) {
		struct config c;
		p += strlen("```yaml\n");
		const char *end = strstr(p, "```");
		assert_non_null(end);
		load("docs/CONFIGURATION.md", slice_of(p, (size_t)(end - p)), &c);
		config_free(&c);
		p = end + 3;
	}
	assert_int_equal(n, 4);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deploy_forward),
		cmocka_unit_test(deploy_rsyslogrelpconfig),
		cmocka_unit_test(blocks_of_the_documentation),
	};
	return cmocka_run_group_tests_name("conf_examples", tests, NULL, NULL);
}
