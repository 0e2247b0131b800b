// SPDX-License-Identifier: Apache-2.0
/*
 * SARIF 2.1.0, as far as GitHub's code scanning wants it: a rule for each code
 * that is found, a result for each finding.
 */
#include "validate/report_int.h"

#include "validate/explain.h"

#include <inttypes.h>
#include <stdio.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static void add_text(struct json *j, const char *key, struct slice text)
{
	json_object(j, key);
	json_str(j, "text", text);
	json_object_end(j);
}

/* Relative to wherever validate ran, which in a pipeline is the repository; an absolute name by file:. */
static void add_uri(struct json *j, const char *file)
{
	struct buf plain = { 0 }, uri = { 0 };
	report_plain_name(slice_str(file), &plain);
	if (slice_is(buf_slice(&plain), "-")) {
		plain.len = 0;
		buf_add_str(&plain, "stdin"); /* a result has to be somewhere */
	}
	if (plain.len > 0 && plain.p[0] == '/')
		buf_add_str(&uri, "file://");
	for (size_t i = 0; i < plain.len; i++) {
		unsigned char c = (unsigned char)plain.p[i];
		bool as_it_is = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
				(c && strchr("-._~/", c));
		if (as_it_is)
			buf_add_char(&uri, (char)c);
		else
			buf_printf(&uri, "%%%02X", (unsigned)c);
	}
	json_str(j, "uri", buf_slice(&uri));
	buf_free(&plain);
	buf_free(&uri);
}

static void add_location(struct json *j, const struct report_finding *at)
{
	const struct finding *f = at->finding;
	json_array(j, "locations");
	json_object(j, NULL);
	json_object(j, "physicalLocation");
	json_object(j, "artifactLocation");
	add_uri(j, at->file);
	json_object_end(j);
	if (f->line > 0) {
		json_object(j, "region");
		json_u64(j, "startLine", f->line);
		if (f->col > 0)
			json_u64(j, "startColumn", f->col);
		json_object_end(j);
	}
	json_object_end(j);
	json_object_end(j);
	json_array_end(j);
}

/* FNV-1a. Nobody attacks it: two findings that share it are shown as one. */
static uint64_t hash_text(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	while (*s++);
	return h;
}

/* Of what stays when lines move. */
static uint64_t hash_of(const struct report_finding *at)
{
	const struct finding *f = at->finding;
	uint64_t h = hash_text(UINT64_C(0xcbf29ce484222325), at->file);
	h = hash_text(h, code_info(f->code).name);
	return hash_text(hash_text(h, f->path), f->message);
}

/* Which one of those that are equal it is. They are of one file, so near each other. */
static size_t count_before(const struct report *r, size_t i)
{
	uint64_t h = hash_of(&r->at[i]);
	size_t n = 1;
	for (size_t k = i; k > 0 && strcmp(r->at[k - 1].file, r->at[i].file) == 0; k--)
		n += r->at[k - 1].finding->code == r->at[i].finding->code &&
		     hash_of(&r->at[k - 1]) == h;
	return n;
}

static void add_fingerprint(struct json *j, const struct report *r, size_t i)
{
	char text[48];
	snprintf(text, sizeof(text), "%016" PRIx64 ":%zu", hash_of(&r->at[i]), count_before(r, i));
	json_object(j, "partialFingerprints");
	json_str(j, "relpboxFinding/v1", slice_str(text));
	json_object_end(j);
}

static void add_properties(struct json *j, const struct finding *f)
{
	json_object(j, "properties");
	json_str(j, "gardener", slice_str(report_gardener(f)));
	report_concerns(f, j, "concerns");
	json_str(j, "kind", slice_str(finding_kind_text(f->kind)));
	json_str(j, "path", slice_str(f->path));
	json_object_end(j);
}

static void add_result(const struct report *r, size_t i, const size_t rule[CODES], struct buf *out)
{
	const struct finding *f = r->at[i].finding;
	struct buf text = { 0 };
	struct json j;
	report_message(f, &text);
	json_start(&j, out);
	json_object(&j, NULL);
	json_str(&j, "ruleId", slice_str(code_info(f->code).name));
	json_u64(&j, "ruleIndex", rule[f->code]);
	json_str(&j, "level", slice_str(report_severity(f)));
	add_text(&j, "message", buf_slice(&text));
	add_location(&j, &r->at[i]);
	add_fingerprint(&j, r, i);
	add_properties(&j, f);
	json_object_end(&j);
	buf_free(&text);
}

static void add_rule(struct json *j, enum code code)
{
	struct code_info info = code_info(code);
	struct explanation is;
	json_object(j, NULL);
	json_str(j, "id", slice_str(info.name));
	if (explain(code, &is)) {
		add_text(j, "shortDescription", slice_str(is.what));
		add_text(j, "fullDescription", slice_str(is.why));
		json_object(j, "help");
		json_str(j, "text", slice_str(is.mend));
		json_str(j, "markdown", slice_str(is.mend));
		json_object_end(j);
	}
	json_object(j, "defaultConfiguration");
	json_str(j, "level", slice_str(info.severity == FINDING_ERROR ? "error" : "warning"));
	json_object_end(j);
	json_object_end(j);
}

/* Those that are found; into rule the place of each. */
static void add_rules(struct json *j, const struct report *r, size_t rule[CODES])
{
	bool found[CODES] = { false };
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		found[r->at[i].finding->code] = true;
	json_array(j, "rules");
	for (unsigned c = 0; c < CODES; c++) {
		if (!found[c])
			continue;
		rule[c] = n++;
		add_rule(j, (enum code)c);
	}
	json_array_end(j);
}

void report_sarif(const struct report *r, const char *version, struct buf *out)
{
	size_t rule[CODES] = { 0 };
	struct json j;
	json_start(&j, out);
	json_object(&j, NULL);
	json_str(&j, "$schema", slice_str(SCHEMA));
	json_str(&j, "version", slice_str("2.1.0"));
	json_array(&j, "runs");
	json_object(&j, NULL);
	json_object(&j, "tool");
	json_object(&j, "driver");
	json_str(&j, "name", slice_str("relpbox"));
	json_str(&j, "version", slice_str(version));
	add_rules(&j, r, rule);
	json_object_end(&j);
	json_object_end(&j);
	json_str(&j, "columnKind", slice_str("unicodeCodePoints"));
	json_array(&j, "results");
	for (size_t i = 0; i < r->n; i++) {
		buf_add_str(out, i ? ",\n" : "\n");
		add_result(r, i, rule, out);
	}
	buf_add_str(out, r->n ? "\n" : "");
	json_array_end(&j);
	json_object_end(&j);
	json_array_end(&j);
	json_object_end(&j);
	buf_add_char(out, '\n');
}
