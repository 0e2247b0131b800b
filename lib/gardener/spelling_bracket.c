// SPDX-License-Identifier: Apache-2.0
#include "gardener/spelling_int.h"

static bool has(const struct byte_set *set, unsigned b)
{
	return set->bits[b / 64] >> (b % 64) & 1;
}

static void add(struct byte_set *set, unsigned first, unsigned last)
{
	for (unsigned b = first; b <= last; b++)
		set->bits[b / 64] |= UINT64_C(1) << (b % 64);
}

static void drop(struct byte_set *set, unsigned b)
{
	set->bits[b / 64] &= ~(UINT64_C(1) << (b % 64));
}

static void invert(struct byte_set *set)
{
	for (int i = 0; i < 4; i++)
		set->bits[i] = ~set->bits[i];
	drop(set, 0);
}

static bool is_empty(const struct byte_set *set)
{
	return (set->bits[0] | set->bits[1] | set->bits[2] | set->bits[3]) == 0;
}

/* --- reading ---------------------------------------------------------------- */

static bool add_named(struct byte_set *set, struct slice name)
{
	static const struct {
		const char *name, *ranges; /* pairs of first and last byte */
	} classes[] = {
		{ "alpha", "AZaz" },
		{ "digit", "09" },
		{ "alnum", "09AZaz" },
		{ "upper", "AZ" },
		{ "lower", "az" },
		{ "space", "\t\r  " },
		{ "blank", "\t\t  " },
		{ "punct", "!/:@[`{~" },
		{ "print", " ~" },
		{ "graph", "!~" },
		{ "cntrl", "\x01\x1f\x7f\x7f" },
		{ "xdigit", "09AFaf" },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!slice_is(name, classes[i].name))
			continue;
		for (const char *r = classes[i].ranges; *r != '\0'; r += 2)
			add(set, (uint8_t)r[0], (uint8_t)r[1]);
		return true;
	}
	return false;
}

struct reader {
	struct slice s;
	size_t at;
	struct byte_set *set;
};

static int peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->s.len ? (uint8_t)r->s.p[r->at + ahead] : -1;
}

/* At "[:", "[=" or "[.". Returns the byte of [.x.], 256 for what cannot begin a range, or -1. */
static int read_symbol(struct reader *r)
{
	char mark = (char)peek(r, 1);
	size_t from = r->at + 2, end = from;

	while (end + 1 < r->s.len && (r->s.p[end] != mark || r->s.p[end + 1] != ']'))
		end++;
	if (end + 1 >= r->s.len)
		return -1;
	struct slice name = slice_of(r->s.p + from, end - from);

	r->at = end + 2;
	if (mark == ':')
		return add_named(r->set, name) ? 256 : -1;
	if (name.len != 1)
		return -1;
	if (mark == '.')
		return (uint8_t)name.p[0];
	add(r->set, (uint8_t)name.p[0], (uint8_t)name.p[0]);
	return 256;
}

/* hyphen: may '-' stand for itself here, where no ']' follows? */
static int read_element(struct reader *r, bool hyphen)
{
	int c = peek(r, 0), next = peek(r, 1);

	if (c <= 0)
		return -1;
	if (c == '[' && (next == ':' || next == '=' || next == '.'))
		return read_symbol(r);
	if (c == '-' && !hyphen && next != ']')
		return -1;
	r->at++;
	return c;
}

static int read_item(struct reader *r, bool first)
{
	int from = read_element(r, first);

	if (from < 0 || from > 255)
		return from < 0 ? -1 : 0;
	if (peek(r, 0) != '-' || peek(r, 1) == ']' || peek(r, 1) < 0) {
		add(r->set, (unsigned)from, (unsigned)from);
		return 0;
	}
	r->at++;
	int to = read_element(r, true);

	if (to < from || to > 255)
		return -1;
	add(r->set, (unsigned)from, (unsigned)to);
	return 0;
}

int bracket_read(struct slice text, size_t *at, struct byte_set *out)
{
	struct reader r = { .s = text, .at = *at + 1, .set = out };
	bool negated = peek(&r, 0) == '^';

	*out = (struct byte_set){ 0 };
	r.at += negated;
	for (bool first = true; first || peek(&r, 0) != ']'; first = false) {
		if (read_item(&r, first) < 0)
			return -1;
	}
	*at = r.at + 1;
	if (negated)
		invert(out);
	return 0;
}

/* --- writing ---------------------------------------------------------------- */

/* Does Go quote it by an escape that rsyslog or admission does not know? */
static bool needs_name(unsigned b)
{
	return b == '\a' || b == '\b' || b == '\f' || b == '\v';
}

/* Adds [:name:] and takes its bytes out of set, where that is right and of use. */
static void write_class(struct byte_set *set, const char *name, struct buf *out)
{
	struct byte_set class = { 0 };
	bool of_use = false;

	add_named(&class, slice_str(name));
	for (unsigned b = 1; b < 128; b++) {
		if (has(&class, b) && !has(set, b))
			return;
		of_use = of_use || (has(&class, b) && needs_name(b));
	}
	if (!of_use)
		return;
	buf_printf(out, "[:%s:]", name);
	for (unsigned b = 1; b < 128; b++) {
		if (has(&class, b))
			drop(set, b);
	}
}

/* What is not printable; takes it out of set. */
static int write_controls(struct byte_set *set, struct buf *out)
{
	write_class(set, "cntrl", out);
	write_class(set, "space", out);
	for (unsigned b = 1; b < 128; b++) {
		if (!has(set, b) || (b >= ' ' && b < 127))
			continue;
		if (needs_name(b))
			return -1;
		buf_add_char(out, (char)b);
		drop(set, b);
	}
	return 0;
}

/* What has a meaning at some place of a bracket expression stands at one where it has none. */
static bool is_special(unsigned b)
{
	return b == ']' || b == '[' || b == '^' || b == '-' || b == '\\';
}

/* Ranges with no special byte at the ends; takes them out of set. A dollar sign must be inside. */
static int write_ranges(struct byte_set *set, struct buf *out)
{
	for (unsigned b = ' '; b < 127; b++) {
		unsigned end = b;

		if (!has(set, b) || is_special(b))
			continue;
		while (end + 1 < 127 && has(set, end + 1))
			end++;
		while (is_special(end))
			end--;
		if (b == '$' || end == '$')
			return -1;
		buf_add_char(out, (char)b);
		if (end - b >= 2)
			buf_add_char(out, '-');
		if (end > b)
			buf_add_char(out, (char)end);
		for (; b < end; b++)
			drop(set, b);
		drop(set, end);
	}
	return 0;
}

/*
 * What is left of ASCII: ']' first, '[' where no '.', '=' or ':' follows, '^' not
 * first, '-' last. others: what stands between.
 */
static int write_specials(const struct byte_set *set, bool negated, struct slice others,
			  struct buf *out)
{
	bool hyphen = has(set, '-');
	size_t from = out->len;

	if (has(set, ']'))
		buf_add_char(out, ']');
	buf_add_slice(out, others);
	if (has(set, '\\'))
		buf_add_char(out, '\\');
	if (has(set, '['))
		buf_add_char(out, '[');
	if (has(set, '^') && out->len == from && !negated) {
		if (!hyphen)
			return -1;
		buf_add_char(out, '-');
		hyphen = false;
	}
	if (has(set, '^'))
		buf_add_char(out, '^');
	if (hyphen)
		buf_add_char(out, '-');
	return 0;
}

static int write_ascii(struct byte_set set, bool negated, struct buf *out)
{
	struct buf others = { 0 };
	int rc = -1;

	buf_add_str(out, negated ? "[^" : "[");
	if (write_controls(&set, &others) == 0 && write_ranges(&set, &others) == 0)
		rc = write_specials(&set, negated, buf_slice(&others), out);
	buf_add_char(out, ']');
	buf_free(&others);
	return rc;
}

/* All but some, with '$' among these: what is lost with its neighbours comes as an alternative. */
static int write_without_dollar(struct byte_set not, struct buf *out)
{
	bool before = has(&not, '#'), behind = has(&not, '%');

	if (before && behind)
		return -1;
	add(&not, '#', '%');
	buf_add_char(out, '(');
	if (write_ascii(not, true, out) < 0)
		return -1;
	buf_printf(out, "|[%s%s])", before ? "" : "#", behind ? "" : "%");
	return 0;
}

static int write_negated(struct byte_set not, bool group, struct buf *out)
{
	if (is_empty(&not )) {
		buf_add_char(out, '.');
		return 0;
	}
	size_t from = out->len;

	if (write_ascii(not, true, out) == 0)
		return 0;
	out->len = from;
	return group && has(&not, '$') ? write_without_dollar(not, out) : -1;
}

int bracket_write(const struct byte_set *set, bool group, struct buf *out)
{
	struct byte_set caret = { 0 }, not = *set;
	size_t from = out->len;
	uint64_t high = set->bits[2] & set->bits[3];
	int rc = -1;

	invert(&not );
	add(&caret, '^', '^');
	if (high == UINT64_MAX) {
		rc = write_negated(not, group, out);
	} else if ((set->bits[2] | set->bits[3]) == 0 && !is_empty(set)) {
		if (memcmp(set, &caret, sizeof(caret)) == 0) {
			buf_add_str(out, "\\^");
			return 0;
		}
		rc = write_ascii(*set, false, out);
	}
	if (rc < 0)
		out->len = from;
	return rc;
}
