// SPDX-License-Identifier: Apache-2.0
#include "validate/report_int.h"

/*
 * What a workflow command cannot hold, as GitHub's toolkit writes it: % and line
 * ends everywhere, in a property also what parts properties.
 */
static void add_escaped(struct slice s, bool property, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
		else
			buf_add_char(out, c);
	}
}

static void add_one(const struct report_finding *at, struct buf *out)
{
	const struct finding *f = at->finding;
	struct buf file = { 0 }, text = { 0 };
	report_file_name(at->file, &file);
	report_plain_name(buf_slice(&file), &text); /* as the repository names it */
	buf_printf(out, "::%s file=", report_severity(f));
	add_escaped(buf_slice(&text), true, out);
	if (f->line > 0)
		buf_printf(out, ",line=%u", f->line);
	if (f->line > 0 && f->col > 0)
		buf_printf(out, ",col=%u", f->col);
	buf_printf(out, ",title=%s::", code_info(f->code).name);

	text.len = 0;
	report_message(f, &text);
	add_escaped(buf_slice(&text), false, out);
	buf_add_char(out, '\n');
	buf_free(&file);
	buf_free(&text);
}

void report_github(const struct report *r, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		add_one(&r->at[i], out);
}
