// SPDX-License-Identifier: Apache-2.0
#include "base/esc.h"
#include "tls/inspect_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct tls_finding *found(const struct inspect *in, enum tls_part part, enum tls_trouble what)
{
	for (size_t i = 0; i < in->out->n; i++)
		if (in->out->at[i].part == part && in->out->at[i].what == what)
			return &in->out->at[i];
	return NULL;
}

bool inspect_found(const struct inspect *in, enum tls_part part, enum tls_trouble what)
{
	return found(in, part, what) != NULL;
}

void inspect_find(struct inspect *in, enum tls_part part, enum tls_trouble what, size_t line,
		  const char *fmt, ...)
{
	struct tls_finding *f = found(in, part, what);
	va_list ap;

	if (f) {
		in->again[f - in->out->at]++;
		return;
	}
	if (in->out->n == TLS_INSPECT_MAX)
		return;
	f = &in->out->at[in->out->n++];
	const struct tls_trouble_info *info = tls_trouble_info(what);
	*f = (struct tls_finding){ .part = part, .what = what, .line = line,
				   .node = info->node[part],
				   .receiver = part == TLS_PART_CA ? 0 : info->receiver };
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

const char *inspect_who(const struct inspect_certs *all, const struct inspect_cert *c,
			char out[INSPECT_WHO_MAX])
{
	char subject[80];

	esc_text(subject, sizeof(subject), slice_str(c->says.subject));
	if (all->blocks == 1)
		snprintf(out, INSPECT_WHO_MAX, "%s", subject[0] ? subject : "the certificate");
	else if (subject[0])
		snprintf(out, INSPECT_WHO_MAX, "certificate %zu (%s)", c->place, subject);
	else
		snprintf(out, INSPECT_WHO_MAX, "certificate %zu", c->place);
	return out;
}

static void say_again(struct tls_finding *f, unsigned again)
{
	size_t len = strlen(f->text);

	if (again)
		snprintf(f->text + len, sizeof(f->text) - len, " (and %u more)", again);
}

/* By part, what is about the whole of it first; stable, for the order of the text. */
static void sort(struct tls_inspection *out)
{
	for (size_t i = 1; i < out->n; i++) {
		struct tls_finding f = out->at[i];
		size_t k = i;
		for (; k > 0 && (out->at[k - 1].part > f.part ||
				 (out->at[k - 1].part == f.part && out->at[k - 1].line > f.line)); k--)
			out->at[k] = out->at[k - 1];
		out->at[k] = f;
	}
}

void inspect_finish(struct inspect *in)
{
	for (size_t i = 0; i < in->out->n; i++) {
		struct tls_finding *f = &in->out->at[i];
		say_again(f, in->again[i]);
		f->error = f->node || f->receiver == TLS_ALL;
	}
	sort(in->out);
}
