// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_TEST_H
#define VALIDATE_TEST_H

#include "validate/report.h"

/* A report that is put together by hand. */
struct made {
	struct findings f;
	struct report r;
	struct report_finding at[32];
};

static struct finding *made_add(struct made *m, const char *file, unsigned line, unsigned col,
				enum code code, const char *path, const char *message)
{
	size_t n = m->f.n;
	findings_add(&m->f, line, col, code, path, "%s", message);
	m->at[n] = (struct report_finding){ .file = file };
	m->r.n = m->f.n;
	m->r.at = m->at;
	for (size_t i = 0; i <= n; i++) /* they move as the list grows */
		m->at[i].finding = &m->f.at[i];
	return &m->f.at[n];
}

static void made_free(struct made *m)
{
	findings_free(&m->f);
}

#endif
