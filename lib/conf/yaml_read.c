// SPDX-License-Identifier: Apache-2.0
//
// The one file that knows libyaml: its events go to the builder.
#include "conf/yaml_read.h"

#include "base/mem.h"
#include "conf/cursor.h"
#include "conf/literal.h"
#include "conf/path.h"
#include "conf/scalar.h"

#include <stdio.h>
#include <yaml.h>

#define TAG_PREFIX "tag:yaml.org,2002:"
#define TAG_DIRECTIVES_MAX 64

struct reading {
	yaml_parser_t parser;
	struct builder *b;
	struct findings *f;
	struct slice text;
	unsigned line;	      /* of the file, that text begins with */
	struct cursor cursor; /* where the event begins */
	size_t documents;
	bool hidden_breaks;
	size_t flow; /* levels of {} and [], counted from the outermost of these */
};

static struct build_item item_of(const struct reading *r, const yaml_char_t *anchor)
{
	struct build_item item = { .line = r->cursor.line, .col = r->cursor.col };
	if (anchor)
		item.anchor = slice_str((const char *)anchor);
	return item;
}

/* --- tags and scalars ------------------------------------------------------ */

struct known_tag {
	const char *name;
	enum scalar_tag scalar;
};

static const struct known_tag *tag_find(const yaml_char_t *tag)
{
	static const struct known_tag known[] = {
		{ TAG_PREFIX "str", SCALAR_TEXT },	{ TAG_PREFIX "bool", SCALAR_BOOL },
		{ TAG_PREFIX "int", SCALAR_INT },	{ TAG_PREFIX "float", SCALAR_FLOAT },
		{ TAG_PREFIX "null", SCALAR_NULL },	{ TAG_PREFIX "timestamp", SCALAR_TEXT },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp((const char *)tag, known[i].name) == 0)
			return &known[i];
	return NULL;
}

static void tag_ignored(struct reading *r, const struct build_item *item, const yaml_char_t *tag,
			bool scalar)
{
	struct buf text = { 0 };
	buf_add_str(&text, "the tag ");
	if (r->f->discreet)
		buf_add_str(&text, NOT_SHOWN);
	else
		show_quoted(&text, slice_str((const char *)tag));
	buf_printf(&text, " is not known and ignored%s", scalar ? ": the value is a string" : "");
	build_say(r->b, item, CODE_YAML_TAG_IGNORED, buf_cstr(&text));
	buf_free(&text);
}

static int not_of_tag(struct reading *r, const struct build_item *item, const struct node *n,
		      const yaml_char_t *tag)
{
	struct buf text = { 0 };
	if (r->f->discreet)
		buf_add_str(&text, NOT_SHOWN);
	else
		show_quoted(&text, n->text);
	buf_printf(&text, " is no !!%s", (const char *)tag + strlen(TAG_PREFIX));
	build_refuse(r->b, item, CODE_YAML_TAG, buf_cstr(&text));
	buf_free(&text);
	return -1;
}

static int scalar_value(struct reading *r, const struct build_item *item, const yaml_event_t *ev,
			struct node *n)
{
	const yaml_char_t *tag = ev->data.scalar.tag;
	enum scalar_tag want = ev->data.scalar.plain_implicit ? SCALAR_PLAIN : SCALAR_TEXT;
	if (tag && strcmp((const char *)tag, TAG_PREFIX "binary") == 0)
		return build_refuse(r->b, item, CODE_YAML_BINARY, "!!binary is not taken here");
	if (tag) {
		const struct known_tag *known = tag_find(tag);
		want = known ? known->scalar : SCALAR_TEXT;
		if (!known && strcmp((const char *)tag, "!") != 0)
			tag_ignored(r, item, tag, true);
	}
	n->plain = want == SCALAR_PLAIN;
	return scalar_resolve(want, n) == 0 ? 0 : not_of_tag(r, item, n, tag);
}

/* Kubernetes' library ends a plain scalar there, as YAML 1.1 did; libyaml goes on. */
static bool is_cut_elsewhere(const struct reading *r, const yaml_event_t *ev)
{
	return r->flow > 0 && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && ev->data.scalar.length > 0 &&
	       memchr(ev->data.scalar.value, '?', ev->data.scalar.length);
}

static int on_scalar(struct reading *r, const yaml_event_t *ev)
{
	struct build_item item = item_of(r, ev->data.scalar.anchor);
	struct slice text = slice_of(ev->data.scalar.value, ev->data.scalar.length);
	if (is_cut_elsewhere(r, ev))
		return build_refuse(r->b, &item, CODE_YAML_SYNTAX,
				    "not YAML 1.1: a value with a question mark between { and } or [ and ] needs quotes");
	struct node *n = build_scalar(r->b, &item, text);
	if (n == NULL || scalar_value(r, &item, ev, n) < 0)
		return -1;
	if (ev->data.scalar.style == YAML_LITERAL_SCALAR_STYLE && !r->hidden_breaks)
		literal_place(&r->cursor, n);
	build_add(r->b, n);
	return 0;
}

/* --- sequences, mappings, documents ------------------------------------------ */

static int on_start(struct reading *r, enum node_kind kind, const yaml_char_t *anchor,
		    const yaml_char_t *tag)
{
	struct build_item item = item_of(r, anchor);
	const char *own = kind == NODE_SEQ ? TAG_PREFIX "seq" : TAG_PREFIX "map";
	if (tag && strcmp((const char *)tag, own) != 0)
		tag_ignored(r, &item, tag, false);
	return build_start(r->b, &item, kind);
}

static int on_alias(struct reading *r, const yaml_event_t *ev)
{
	struct build_item item = item_of(r, ev->data.alias.anchor);
	return build_alias(r->b, &item);
}

static int refuse_document(struct reading *r, const char *text)
{
	findings_add(r->f, r->cursor.line, r->cursor.col, CODE_YAML_SYNTAX, NULL, "not YAML: %s",
		     text);
	return -1;
}

static int on_document(struct reading *r, const yaml_event_t *ev)
{
	const yaml_version_directive_t *version = ev->data.document_start.version_directive;
	if (r->documents++ > 0)
		return refuse_document(r, "a document begins behind U+0085, U+2028 or U+2029, where no line does");
	if (version && (version->major != 1 || version->minor != 1))
		return refuse_document(r, "%YAML 1.1 is the only version that Kubernetes takes");
	return 0;
}

static int on_event(struct reading *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(r, ev);
	case YAML_ALIAS_EVENT:
		return on_alias(r, ev);
	case YAML_SCALAR_EVENT:
		return on_scalar(r, ev);
	case YAML_SEQUENCE_START_EVENT:
		r->flow += r->flow > 0 || ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
		return on_start(r, NODE_SEQ, ev->data.sequence_start.anchor,
				ev->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		r->flow += r->flow > 0 || ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
		return on_start(r, NODE_MAP, ev->data.mapping_start.anchor,
				ev->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->flow -= r->flow > 0;
		return build_end(r->b);
	case YAML_DOCUMENT_END_EVENT:
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
		break;
	}
	return 0;
}

/* --- errors of libyaml: their texts hold nothing of what is read --------------- */

static struct cursor at_mark(const struct reading *r, yaml_mark_t mark)
{
	struct cursor c = cursor_at(r->text, r->line);
	cursor_to_index(&c, mark.index);
	return c;
}

/* Of a character that is cut off, libyaml names the byte that is wrong: we its first. */
static size_t lead_of(const struct reading *r, size_t offset)
{
	if (!strstr(r->parser.problem, "trailing"))
		return offset;
	for (size_t back = 1; back <= 3 && back <= offset && offset <= r->text.len; back++)
		if (((unsigned char)r->text.p[offset - back] & 0xC0) != 0x80)
			return offset - back;
	return offset;
}

/* The reader only knows an offset in bytes. */
static void reader_finding(const struct reading *r)
{
	const yaml_parser_t *p = &r->parser;
	struct cursor c = cursor_at(r->text, r->line);
	cursor_to_byte(&c, lead_of(r, p->problem_offset));
	if (strstr(p->problem, "control characters")) {
		findings_add(r->f, c.line, c.col, CODE_YAML_CONTROL, NULL,
			     "control character 0x%02x", (unsigned)p->problem_value);
		return;
	}
	bool utf16 = r->text.len >= 2 && (memcmp(r->text.p, "\xFF\xFE", 2) == 0 ||
					  memcmp(r->text.p, "\xFE\xFF", 2) == 0);
	findings_add(r->f, c.line, c.col, CODE_YAML_UTF8, NULL, "not UTF-8%s",
		     utf16 ? ": this looks like UTF-16" : "");
}

static void syntax_finding(const struct reading *r)
{
	const yaml_parser_t *p = &r->parser;
	struct cursor c = at_mark(r, p->problem_mark), context = at_mark(r, p->context_mark);
	const char *hint = "";
	if (c.byte < r->text.len && strstr(p->problem, "cannot start any token"))
		hint = r->text.p[c.byte] == '\t' ? "; a tab cannot indent" : "; put it in quotes";
	else if (p->context && strstr(p->context, "scanning an alias"))
		hint = "; a text that begins with * is put in quotes";
	char since[48] = "";
	if (p->context && context.line != c.line)
		snprintf(since, sizeof since, " in line %u", context.line);
	findings_add(r->f, c.line, c.col, CODE_YAML_SYNTAX, NULL, "not YAML: %s%s%s%s%s",
		     p->problem, p->context ? ", " : "", p->context ? p->context : "", since, hint);
}

static void parser_finding(const struct reading *r)
{
	invariant(r->parser.error != YAML_MEMORY_ERROR);
	if (r->parser.error == YAML_READER_ERROR)
		reader_finding(r);
	else
		syntax_finding(r);
}

/* --- all of it ---------------------------------------------------------------- */

static int run(struct reading *r)
{
	for (bool end = false; !end;) {
		yaml_event_t ev;
		if (!yaml_parser_parse(&r->parser, &ev)) {
			parser_finding(r);
			return -1;
		}
		end = ev.type == YAML_STREAM_END_EVENT;
		cursor_to_index(&r->cursor, ev.start_mark.index);
		int done = on_event(r, &ev);
		yaml_event_delete(&ev);
		if (done < 0)
			return -1;
	}
	return 0;
}

/*
 * libyaml compares each %TAG with all before it: a file of them takes minutes.
 * Text may hold the word too; nobody has this many.
 */
static bool too_many_tags(struct slice text)
{
	size_t n = 0;
	const char *end = text.p + text.len, *p = text.p;
	while (n <= TAG_DIRECTIVES_MAX && (p = memmem(p, (size_t)(end - p), "%TAG", 4))) {
		p += 4;
		n++;
	}
	return n > TAG_DIRECTIVES_MAX;
}

/* libyaml passes over one where a line begins; for Kubernetes it is a part of the key behind it. */
static bool has_inner_bom(struct slice text, struct cursor *c)
{
	static const char bom[] = "\xEF\xBB\xBF";
	const char *end = text.p + text.len, *p = text.p;
	for (; (p = memmem(p, (size_t)(end - p), bom, 3)) != NULL; p += 3) {
		if (p > text.p && p[-1] != '\n' && p[-1] != '\r')
			continue;
		cursor_to_byte(c, (size_t)(p - text.p));
		return true;
	}
	return false;
}

int yaml_read(struct builder *b, struct slice text, unsigned line, struct findings *f)
{
	if (too_many_tags(text)) {
		findings_add(f, line, 1, CODE_TOO_LARGE, NULL, "too many %%TAG directives");
		return -1;
	}
	struct reading r = { .b = b, .f = f, .text = text, .line = line };
	r.cursor = cursor_at(text, line);
	struct cursor c = r.cursor;
	if (has_inner_bom(text, &c)) {
		findings_add(f, c.line, c.col, CODE_YAML_SYNTAX, NULL,
			     "not YAML: a byte order mark (U+FEFF) in the middle of the file");
		return -1;
	}
	r.hidden_breaks = has_hidden_breaks(text);
	invariant(yaml_parser_initialize(&r.parser));
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.len);
	int done = run(&r);
	yaml_parser_delete(&r.parser);
	return done;
}
