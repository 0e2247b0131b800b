// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward_conf.h"

#include "base/file.h"
#include "forward/lastgood.h"

#include <stdio.h>
#include <string.h>

static int decode(struct document *d, const char *name)
{
	struct buf out = { 0 };
	int result = config_load(buf_slice(&d->text), &d->config, &d->findings);
	findings_print(&d->findings, name, &out);
	if (out.len) /* without a finding there is no memory either, and fwrite takes no NULL */
		fwrite(out.p, 1, out.len, stderr);
	buf_free(&out);
	return result;
}

int document_load(struct document *d, const char *path)
{
	struct err e;
	*d = (struct document){ 0 };
	if (file_read(path, CONFIG_FILE_MAX, &d->text, &e) < 0) {
		fprintf(stderr, "relpbox: %s\n", e.text);
		return -1;
	}
	return decode(d, path);
}

int document_load_last_good(struct document *d, const char *spool_dir)
{
	*d = (struct document){ 0 };
	if (lastgood_load(spool_dir, &d->text, NULL) < 0)
		return -1;
	return decode(d, LASTGOOD_NAME);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/*
 * The text with its comments blanked, so that what is commented out asks for
 * nothing. Behind a quote a # may belong to a string: nothing is blanked there.
 */
static void blank_comments(struct buf *text)
{
	bool comment = false, quote = false;
	for (size_t i = 0; i < text->len; i++) {
		char *c = &text->p[i];
		if (*c == '\n')
			comment = quote = false;
		else if (*c == '"' || *c == '\'')
			quote = true;
		else if (*c == '#' && !quote && (i == 0 || strchr(" \t\n", c[-1])))
			comment = true;
		if (comment)
			*c = ' ';
	}
}

/* Behind the first `key:`, quoted or not, from p on; NULL: there is none. p ends with a NUL. */
static const char *behind_key(const char *p, const char *key)
{
	const char *begin = p;
	while ((p = strstr(p, key)) != NULL) {
		bool starts = p == begin || !is_word(p[-1]);
		p += strlen(key);
		const char *end = p + strspn(p, "\"' \t");
		if (starts && *end == ':')
			return end + 1;
	}
	return NULL;
}

bool document_asks_for_tls(const struct document *d)
{
	if (d->config.tls.enabled)
		return true;
	if (d->text.len >= 2 && (!memcmp(d->text.p, "\xff\xfe", 2) || !memcmp(d->text.p, "\xfe\xff", 2)))
		return true; /* UTF-16, which YAML allows: not to be read like this */
	struct buf text = { 0 };
	buf_add_slice(&text, buf_slice(&d->text));
	blank_comments(&text);
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '\0')
			text.p[i] = ' ';
	buf_add_char(&text, '\0');
	bool asks = false;
	for (const char *tls = text.p; !asks && (tls = behind_key(tls, "tls")) != NULL;) {
		const char *enabled = behind_key(tls, "enabled");
		if (enabled)
			enabled += strspn(enabled, " \t");
		asks = !enabled || strncmp(enabled, "false", 5) != 0 || is_word(enabled[5]);
	}
	buf_free(&text);
	return asks;
}

void document_free(struct document *d)
{
	buf_free(&d->text);
	config_free(&d->config);
	findings_free(&d->findings);
}
