// SPDX-License-Identifier: Apache-2.0
#include "validate/report_int.h"

#include "base/esc.h"
#include "base/utf8.h"

const char *report_gardener(const struct finding *f)
{
	bool refused = f->severity == FINDING_ERROR && f->concerns & CONCERN_GARDENER;
	return refused ? "refuses" : "accepts";
}

const char *report_severity(const struct finding *f)
{
	return f->severity == FINDING_ERROR ? "error" : "warning";
}

static bool is_clean(struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		uint32_t cp;
		i += utf8_next(slice_of(s.p + i, s.len - i), &cp);
		if (cp == UTF8_BAD || !utf8_printable(cp))
			return false;
	}
	return true;
}

void report_file_name(const char *file, struct buf *out)
{
	struct slice s = slice_str(file);
	if (is_clean(s))
		buf_add_slice(out, s);
	else
		esc_add(out, s, s.len);
}

void report_plain_name(struct slice name, struct buf *out)
{
	bool begun = false; /* a part of it is there */
	if (name.len > 0 && name.p[0] == '/')
		buf_add_char(out, '/');
	for (size_t i = 0; i < name.len;) {
		const char *slash = memchr(name.p + i, '/', name.len - i);
		size_t n = slash ? (size_t)(slash - name.p) - i : name.len - i;
		struct slice part = slice_of(name.p + i, n);
		i += n + 1;
		if (part.len == 0 || slice_is(part, "."))
			continue;
		if (begun)
			buf_add_char(out, '/');
		buf_add_slice(out, part);
		begun = true;
	}
}

static const struct {
	unsigned bit;
	const char *name;
} concerns[] = {
	{ CONCERN_GARDENER, "gardener" },
	{ CONCERN_RSYSLOG, "rsyslog" },
	{ CONCERN_RELPBOX, "relpbox" },
};

void report_concerns(const struct finding *f, struct json *j, const char *key)
{
	json_array(j, key);
	for (size_t i = 0; i < sizeof concerns / sizeof concerns[0]; i++)
		if (f->concerns & concerns[i].bit)
			json_str(j, NULL, slice_str(concerns[i].name));
	json_array_end(j);
}

static void add_whom(const struct finding *f, struct buf *out)
{
	const char *behind = "";
	if (report_gardener(f)[0] == 'r') {
		buf_add_str(out, "Gardener refuses it");
		return;
	}
	for (size_t i = 1; i < sizeof concerns / sizeof concerns[0]; i++) {
		if (!(f->concerns & concerns[i].bit))
			continue;
		buf_printf(out, "%s%s", behind, concerns[i].name);
		behind = ", ";
	}
	if (!f->own_kind)
		buf_printf(out, "%sGardener accepts it", behind[0] ? "; " : "");
}

void report_message(const struct finding *f, struct buf *out)
{
	if (f->path[0] != '\0')
		buf_printf(out, "%s: ", f->path);
	buf_add_str(out, f->message);
	if (f->code == CODE_IGNORE) /* about a comment that is for us alone */
		return;
	buf_add_str(out, " (");
	add_whom(f, out);
	buf_add_char(out, ')');
}
