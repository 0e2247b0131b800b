// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward_conf.h"

#include "base/file.h"
#include "forward/lastgood.h"

#include <stdio.h>
#include <string.h>

/* A comment, behind whatever document. */
static const char tls_mark[] = "\n# this ran with --tls-dir\n";

static int decode(struct document *d, const char *name)
{
	struct buf out = { 0 };
	int result = config_load(buf_slice(&d->text), &d->config, &d->findings);
	findings_print(&d->findings, name, &out);
	if (out.len) /* without a finding there is no memory either, and fwrite takes no NULL */
		fwrite(out.p, 1, out.len, stderr);
	buf_free(&out);
	d->sound = result == 0;
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
	size_t len = strlen(tls_mark);
	d->tls_by_option = d->text.len >= len &&
			   memcmp(d->text.p + d->text.len - len, tls_mark, len) == 0;
	return decode(d, LASTGOOD_NAME);
}

void document_mark_tls(struct buf *text)
{
	buf_add_str(text, tls_mark);
}

/*
 * The letters tls in any case, or a backslash by which a quoted "tls" can be
 * written without them: \x74, \u0074, \U00000074, or a line folded amid the word.
 */
static bool trace_of_tls(struct slice text)
{
	static const char word[] = "tls";
	size_t at = 0; /* letters of it that the text before has */
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];
		if (c == '\\' && i + 1 < text.len && memchr("xuU\r\n", text.p[i + 1], 5))
			return true;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		at = c == word[at] ? at + 1 : c == word[0] ? 1 : 0;
		if (word[at] == '\0')
			return true;
	}
	return false;
}

bool document_may_ask_for_tls(const struct document *d)
{
	if (d->config.tls.enabled)
		return true;
	if (d->text.len >= 2 && (!memcmp(d->text.p, "\xff\xfe", 2) || !memcmp(d->text.p, "\xfe\xff", 2)))
		return !d->sound; /* UTF-16, which YAML allows: not to be read like this */
	return !d->sound && trace_of_tls(buf_slice(&d->text));
}

void document_free(struct document *d)
{
	buf_free(&d->text);
	config_free(&d->config);
	findings_free(&d->findings);
}
