// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as manifests, through all that `validate` does with them. The first
 * byte holds options; 0x1E parts files; 0x1F stands for a piece of a key, which
 * must not come out anywhere, whatever stands around it.
 *
 * What comes out is safe to print in each format, its positions are in the
 * files, JSON is JSON, and as a baseline it takes all of it away.
 */
#include "base/mem.h"
#include "base/utf8.h"
#include "conf/build.h"
#include "conf/json_read.h"
#include "validate/baseline.h"
#include "validate/validate.h"

#include <stdlib.h>

#define INPUT_MAX (64U << 10)
#define FILES 4
#define NAME_MAX_LEN 24
#define NOW INT64_C(1796000000)
#define DAY INT64_C(86400)

/* As in a line of PEM. */
static const char planted[] = "q7TzX0+hR3mWv9KbYc/2LdJ8sPnE5uGfA1oViQ4x";

enum { FOR_RELPBOX = 1, REQUIRE_REFS = 2, KEEP_SOURCE = 4, ODD_NAMES = 8, EXPIRES = 16 };

struct input {
	unsigned options;
	struct buf texts[FILES];
	char names[FILES][NAME_MAX_LEN + 1];
	size_t n;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- in ---------------------------------------------------------------------------- */

/* A run of twelve bytes of what is planted holds one of these pieces. */
static bool holds_piece(struct slice s)
{
	for (size_t i = 0; i + 6 < sizeof planted; i += 6)
		if (s.len && memmem(s.p, s.len, planted + i, 6))
			return true;
	return false;
}

static void name_it(struct input *in, size_t i)
{
	struct slice text = buf_slice(&in->texts[i]);
	char *name = in->names[i];
	name[0] = (char)('a' + (char)i);
	if (!(in->options & ODD_NAMES) || text.len < NAME_MAX_LEN || holds_piece(slice_of(text.p, NAME_MAX_LEN)))
		return;
	memcpy(name + 1, text.p, NAME_MAX_LEN - 1);
	for (size_t k = 0; k < NAME_MAX_LEN; k++)
		if (planted[0] == name[k])
			name[k] = '\0'; /* the beginning of what is planted is no name */
}

static void take_input(struct input *in, const uint8_t *data, size_t size)
{
	*in = (struct input){ .options = data[0] };
	for (size_t i = 1; i < size; i++) {
		if (data[i] == 0x1E && in->n + 1 < FILES)
			in->n++;
		else if (data[i] == 0x1F)
			buf_add_str(&in->texts[in->n], planted);
		else
			buf_add_char(&in->texts[in->n], (char)data[i]);
	}
	in->n++;
	for (size_t i = 0; i < in->n; i++)
		name_it(in, i);
}

static struct slice text_of(const struct input *in, size_t i)
{
	return in->texts[i].len ? buf_slice(&in->texts[i]) : slice_str("");
}

/* --- out --------------------------------------------------------------------------- */

static void check_printable(struct slice s, bool tabs)
{
	invariant(!holds_piece(s));
	while (s.len > 0) {
		uint32_t cp;
		size_t n = utf8_next(s, &cp);
		invariant(cp != UTF8_BAD);
		invariant(utf8_printable(cp) || cp == '\n' || (tabs && cp == '\t'));
		s = slice_of(s.p + n, s.len - n);
	}
}

/* Colour adds its sequences and nothing else. */
static void check_colour(const struct report *r, struct slice plain)
{
	static const char *const paint[] = { "\033[1m", "\033[1;31m", "\033[1;35m", "\033[0m" };
	struct buf coloured = { 0 }, bare = { 0 };
	report_text(r, true, &coloured);
	for (size_t i = 0; i < coloured.len;) {
		size_t skip = 0;
		for (size_t k = 0; coloured.p[i] == '\033' && k < sizeof paint / sizeof paint[0]; k++)
			if (coloured.len - i >= strlen(paint[k]) &&
			    memcmp(coloured.p + i, paint[k], strlen(paint[k])) == 0)
				skip = strlen(paint[k]);
		if (!skip)
			buf_add_char(&bare, coloured.p[i]);
		i += skip ? skip : 1;
	}
	invariant(slice_eq(buf_slice(&bare), plain));
	buf_free(&coloured);
	buf_free(&bare);
}

static void check_json(struct slice text)
{
	struct findings f = { 0 };
	struct arena arena = { 0 };
	struct builder *b = builder_new(text.len, text.len, &f);
	builder_start(b, &arena);
	invariant(json_read(b, text, 1) == 0 && f.n == 0);
	builder_free(b);
	arena_free(&arena);
}

static void check_place(const struct finding *f, struct slice text)
{
	unsigned line = 1;
	size_t i = 0;
	invariant(f->line > 0 || f->col == 0);
	if (f->line == 0)
		return;
	for (; line < f->line; line++) {
		while (i < text.len && text.p[i] != '\n' && text.p[i] != '\r')
			i++;
		invariant(i < text.len);
		i += i + 1 < text.len && text.p[i] == '\r' && text.p[i + 1] == '\n' ? 2 : 1;
	}
	size_t end = i, col = 1;
	while (end < text.len && text.p[end] != '\n' && text.p[end] != '\r')
		end++;
	invariant(f->col <= end - i + 1);
	for (; i < end; col++) {
		uint32_t cp;
		i += utf8_next(slice_of(text.p + i, end - i), &cp);
	}
	invariant(f->col <= col);
}

static void check_findings(const struct input *in, const struct report *r)
{
	size_t file = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct finding *f = r->at[i].finding;
		while (strcmp(in->names[file], r->at[i].file) != 0)
			invariant(++file < in->n);
		check_place(f, text_of(in, file));
		check_printable(slice_str(f->path), false);
		check_printable(slice_str(f->message), false);
		invariant(f->message[0] != '\0' && f->concerns != 0);
		invariant(!f->source || in->options & KEEP_SOURCE);
	}
}

/* --- one run ------------------------------------------------------------------------- */

static struct validate *judge(const struct input *in)
{
	struct validate_options o = { .node = in->options & FOR_RELPBOX ? CONCERN_RELPBOX : CONCERN_RSYSLOG,
				      .require_refs = in->options & REQUIRE_REFS,
				      .keep_source = in->options & KEEP_SOURCE,
				      .expires_within = in->options & EXPIRES ? 36500 * DAY : 30 * DAY,
				      .now = NOW };
	struct validate *v = validate_new(&o);
	for (size_t i = 0; i < in->n; i++)
		validate_text(v, in->names[i], text_of(in, i));
	return v;
}

static void check_baseline(const struct input *in, struct slice json, size_t n)
{
	struct err e;
	struct baseline *b = baseline_parse(json, &e);
	invariant(b && baseline_left(b) == n);
	struct validate *v = judge(in);
	const struct report *r = validate_report(v, NULL, b);
	invariant(r->n == 0 && r->known == n && baseline_left(b) == 0);
	validate_free(v);
	baseline_free(b);
}

static void check_formats(const struct input *in, const struct report *r)
{
	bool tabs = in->options & KEEP_SOURCE;
	struct buf out = { 0 };
	report_text(r, false, &out);
	check_printable(buf_slice(&out), tabs);
	check_colour(r, buf_slice(&out));
	out.len = 0;
	report_github(r, &out);
	check_printable(buf_slice(&out), false);
	out.len = 0;
	report_sarif(r, "1.0", &out);
	check_printable(buf_slice(&out), false);
	check_json(buf_slice(&out));
	out.len = 0;
	report_json(r, &out);
	check_printable(buf_slice(&out), false);
	check_json(buf_slice(&out));
	check_baseline(in, buf_slice(&out), r->n);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_MAX || holds_piece(slice_of(data, size)))
		return -1; /* pieces that stand there anyway may come out */
	struct input in;
	take_input(&in, data, size);
	struct validate *v = judge(&in);
	const struct report *r = validate_report(v, NULL, NULL);
	invariant(r->files == in.n && r->known == 0);
	check_findings(&in, r);
	check_formats(&in, r);
	validate_free(v);
	for (size_t i = 0; i < in.n; i++)
		buf_free(&in.texts[i]);
	return 0;
}
