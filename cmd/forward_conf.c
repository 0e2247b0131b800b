// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward_conf.h"

#include "base/file.h"
#include "forward/lastgood.h"

#include <stdio.h>

static int decode(struct document *d, const char *name)
{
	struct buf out = { 0 };
	int result = config_load(buf_slice(&d->text), &d->config, &d->findings);
	findings_print(&d->findings, name, &out);
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

void document_free(struct document *d)
{
	buf_free(&d->text);
	config_free(&d->config);
	findings_free(&d->findings);
}
