// SPDX-License-Identifier: Apache-2.0
#include "validate/report_int.h"

static void add_one(const struct report_finding *at, struct buf *out)
{
	const struct finding *f = at->finding;
	struct json j;
	struct buf file = { 0 };
	report_file_name(at->file, &file);
	json_start(&j, out);
	json_object(&j, NULL);
	json_str(&j, "file", buf_slice(&file));
	json_u64(&j, "line", f->line);
	json_u64(&j, "column", f->col);
	json_str(&j, "severity", slice_str(report_severity(f)));
	json_str(&j, "gardener", slice_str(report_gardener(f)));
	report_concerns(f, &j, "concerns");
	json_str(&j, "path", slice_str(f->path));
	json_str(&j, "kind", slice_str(finding_kind_text(f->kind)));
	json_str(&j, "code", slice_str(code_info(f->code).name));
	json_str(&j, "message", slice_str(f->message));
	json_object_end(&j);
	buf_free(&file);
}

/* A finding a line, so that a baseline that is kept in git changes by lines. */
void report_json(const struct report *r, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < r->n; i++) {
		buf_add_str(out, i ? ",\n" : "\n");
		add_one(&r->at[i], out);
	}
	buf_add_str(out, r->n ? "\n]\n" : "]\n");
}
