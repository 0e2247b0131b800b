// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/format.h"

#include <stdio.h>
#include <stdlib.h>

#define FIXED_TIME INT64_C(1795288801081870)
#define PIECES_MAX 64
#define HEAD " p s u h 30 tag[7]: 2026-11-21T19:20:01.081870+00:00 7 - "

struct pieces {
	struct buf piece[PIECES_MAX];
	unsigned n;
	struct format_result result;
};

static void keep(void *arg, struct slice payload)
{
	struct pieces *p = arg;
	assert_true(p->n < PIECES_MAX);
	buf_add_slice(&p->piece[p->n++], payload);
}

static void make(struct pieces *p, struct slice datagram, size_t max, enum oversize oversize)
{
	struct buf scratch = { 0 }, work = { 0 };
	struct format f = { .who = { "p", "s", "u", "h" }, .max_message = max,
			    .oversize = oversize };
	struct record r;
	*p = (struct pieces){ 0 };
	record_parse(datagram, &scratch, &r);
	format_record(&f, &r, FIXED_TIME, &work, keep, p, &p->result);
	assert_int_equal(p->result.pieces, p->n);
	format_free(&f);
	buf_free(&scratch);
	buf_free(&work);
}

static void pieces_free(struct pieces *p)
{
	for (unsigned i = 0; i < p->n; i++)
		buf_free(&p->piece[i]);
}

/* "<30>tag[7]: " and n bytes, repeating unit. */
static struct slice long_datagram(struct buf *b, const char *unit, size_t n)
{
	b->len = 0;
	buf_add_str(b, "<30>tag[7]: ");
	for (size_t i = 0; i < n; i++)
		buf_add_char(b, unit[i % strlen(unit)]);
	return buf_slice(b);
}

static void ten_fields(void **state)
{
	(void)state;
	struct pieces p;
	make(&p, slice_str("<30>Nov  1 00:00:00 tag[7]: hi"), 480, OVERSIZE_CUT);
	assert_string_equal(buf_cstr(&p.piece[0]), HEAD " hi ");
	assert_int_equal(p.result.cut_bytes, 0);
	assert_false(p.result.beyond_8k);
	pieces_free(&p);
	make(&p, slice_str("<192>"), 480, OVERSIZE_CUT);
	assert_string_equal(buf_cstr(&p.piece[0]),
			    " p s u h invld  2026-11-21T19:20:01.081870+00:00 - -  ");
	pieces_free(&p);
}

static void every_pri_in_decimal(void **state)
{
	(void)state;
	for (unsigned pri = 0; pri < 256; pri++) {
		char datagram[16], expected[32];
		struct pieces p;
		snprintf(datagram, sizeof(datagram), "<%u>a: ", pri);
		if (pri <= 191)
			snprintf(expected, sizeof(expected), " p s u h %u a: 2026", pri);
		else
			snprintf(expected, sizeof(expected), " p s u h invld a: 2026");
		make(&p, slice_str(datagram), 480, OVERSIZE_CUT);
		assert_memory_equal(p.piece[0].p, expected, strlen(expected));
		pieces_free(&p);
	}
}

/* One byte under, at and over the limit, and always within it. */
static void cut_only_over_the_limit(void **state)
{
	(void)state;
	struct buf b = { 0 };
	size_t fits = 1000 - strlen(HEAD) - 2;
	for (size_t n = fits - 2; n <= fits + 60; n++) {
		struct pieces p;
		make(&p, long_datagram(&b, "abc", n), 1000, OVERSIZE_CUT);
		assert_int_equal(p.n, 1);
		assert_true(p.piece[0].len <= 1000);
		const char *mark = strstr(buf_cstr(&p.piece[0]), " [relpbox: ");
		assert_true((mark != NULL) == (n > fits));
		assert_true((p.result.cut_bytes != 0) == (n > fits));
		if (mark != NULL) {
			char expected[64];
			snprintf(expected, sizeof(expected), " [relpbox: %zu bytes cut] ",
				 p.result.cut_bytes);
			assert_string_equal(mark, expected);
			assert_int_equal((size_t)(mark - p.piece[0].p) + p.result.cut_bytes,
					 strlen(HEAD) + 1 + n);
		}
		pieces_free(&p);
	}
	buf_free(&b);
}

static void joined_is_the_whole(struct pieces *p, struct slice datagram)
{
	struct buf joined = { 0 };
	for (unsigned i = 0; i < p->n; i++) {
		char mark[64];
		struct buf *piece = &p->piece[i];
		snprintf(mark, sizeof(mark), " [relpbox: part %u/%u] ", i + 1, p->n);
		assert_true(piece->len > strlen(HEAD) + strlen(mark));
		assert_memory_equal(piece->p, HEAD, strlen(HEAD));
		assert_memory_equal(piece->p + piece->len - strlen(mark), mark, strlen(mark));
		buf_add(&joined, piece->p + strlen(HEAD), piece->len - strlen(HEAD) - strlen(mark));
	}
	size_t head = strlen("<30>tag[7]:");
	assert_true(slice_eq(buf_slice(&joined), slice_of(datagram.p + head, datagram.len - head)));
	buf_free(&joined);
}

static void split_loses_nothing(void **state)
{
	(void)state;
	static const char *const units[] = { "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
					     "#011", "#", "\x80", "\xf0\x9f\x98\x80#035" };
	struct buf b = { 0 };
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		for (size_t n = 400; n < 5000; n += 397) {
			struct pieces p;
			struct slice d = long_datagram(&b, units[u], n);
			make(&p, d, 480, OVERSIZE_SPLIT);
			for (unsigned i = 0; i < p.n; i++)
				assert_true(p.piece[i].len <= 480);
			if (p.n > 1)
				joined_is_the_whole(&p, d);
			assert_int_equal(p.result.cut_bytes, 0);
			pieces_free(&p);
		}
	buf_free(&b);
}

/* A piece begins with a whole character, and no piece with the rest of "#011". */
static void nothing_is_torn(void **state)
{
	(void)state;
	struct buf b = { 0 };
	for (size_t shift = 0; shift < 8; shift++) {
		static const char unit[] = "xyzuvw\xe2\x82\xac#011";
		struct pieces p;
		make(&p, long_datagram(&b, unit + (shift < 6 ? shift : 0), 4000), 480,
		     OVERSIZE_SPLIT);
		for (unsigned i = 1; i < p.n; i++) {
			const char *text = p.piece[i].p + strlen(HEAD);
			assert_true(((unsigned char)text[0] & 0xc0) != 0x80);
			assert_true(text[0] != '0' && text[0] != '1');
		}
		pieces_free(&p);
	}
	buf_free(&b);
}

static void long_names_still_leave_text(void **state)
{
	(void)state;
	struct buf b = { 0 };
	struct pieces p;
	buf_add_str(&b, "<30>");
	for (int i = 0; i < 500; i++)
		buf_add_char(&b, 't');
	buf_add_str(&b, "[1]: ");
	for (int i = 0; i < 1000; i++)
		buf_add_char(&b, 'm');
	make(&p, buf_slice(&b), 480, OVERSIZE_SPLIT);
	assert_true(p.n > 1 && p.n <= 1000 / FORMAT_TEXT_MIN + 1);
	pieces_free(&p);
	buf_free(&b);
}

static void beyond_what_an_imrelp_keeps(void **state)
{
	(void)state;
	struct buf b = { 0 };
	size_t fits = FORMAT_RECEIVER_DEFAULT - strlen(HEAD) - 2;
	for (size_t n = fits; n <= fits + 1; n++) {
		struct pieces p;
		make(&p, long_datagram(&b, "abc", n), FORMAT_MESSAGE_DEFAULT, OVERSIZE_CUT);
		assert_int_equal(p.piece[0].len, FORMAT_RECEIVER_DEFAULT + n - fits);
		assert_true(p.result.beyond_8k == (n > fits));
		pieces_free(&p);
	}
	buf_free(&b);
}

/* As omrelp, which takes strlen; but ours is counted. */
static void nul_in_the_tag_ends_the_record(void **state)
{
	(void)state;
	static const char datagram[] = "<30>ab\0cd: msg";
	struct pieces p;
	make(&p, slice_of(datagram, sizeof(datagram) - 1), 480, OVERSIZE_CUT);
	assert_string_equal(buf_cstr(&p.piece[0]), " p s u h 30 ab");
	/* the NUL and "cd:", and a message that the escape has shifted by 3: "cd: msg" */
	assert_int_equal(p.result.cut_bytes, 4 + 7);
	pieces_free(&p);
}

static void add_up(void *arg, struct slice payload)
{
	size_t *all = arg;
	*all += payload.len + 100;
}

static void most_is_never_too_little(void **state)
{
	(void)state;
	static const char *const units[] = { "a", "\001", "#001", "\xe2\x82\xac", "x\xf0\x9f\x92\xa9" };
	static const size_t maxima[] = { 480, 600, 8096 };
	struct buf b = { 0 }, scratch = { 0 }, work = { 0 };
	struct format_result result;
	struct record r;
	for (unsigned i = 0; i < 5 * 3 * 2 * 40; i++) {
		struct format f = { .who = { "project", "shoot", "uid", "host" },
				    .max_message = maxima[i / 5 % 3],
				    .oversize = i / 15 % 2 ? OVERSIZE_CUT : OVERSIZE_SPLIT };
		size_t all = 0;
		struct slice d = long_datagram(&b, units[i % 5], (size_t)i * 37);
		record_parse(d, &scratch, &r);
		size_t most = format_most(&f, &r, 100);
		format_record(&f, &r, FIXED_TIME, &work, add_up, &all, &result);
		assert_true(all <= most);
		/* and not much too much */
		assert_true(most <= all + all / 4 + 400);
		format_free(&f);
	}
	buf_free(&b);
	buf_free(&scratch);
	buf_free(&work);
}

static int set_zone(void **state)
{
	(void)state;
	return setenv("TZ", "UTC", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_fields),
		cmocka_unit_test(every_pri_in_decimal),
		cmocka_unit_test(cut_only_over_the_limit),
		cmocka_unit_test(split_loses_nothing),
		cmocka_unit_test(nothing_is_torn),
		cmocka_unit_test(long_names_still_leave_text),
		cmocka_unit_test(beyond_what_an_imrelp_keeps),
		cmocka_unit_test(nul_in_the_tag_ends_the_record),
		cmocka_unit_test(most_is_never_too_little),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
