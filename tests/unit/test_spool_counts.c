// SPDX-License-Identifier: Apache-2.0
#include "spool_test.h"

#include "spool/counts.h"

static const char *const names[] = { "taken", "dropped full", "cut", NULL };
static const char *const later[] = { "new", "cut", "taken", NULL };

static void counts_survive(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	box_new(&b, 1 << 20);
	struct counts *c = counts_open(b.dir, names, &e);
	assert_string_equal(e.text, "");
	counts_add(c, 0, 5);
	counts_add(c, 2, 1);
	assert_int_equal(counts_get(c, 0), 5);
	counts_commit(c, 1);
	struct counts *d = counts_open(b.dir, names, &e); /* as after a kill */
	assert_int_equal(counts_get(d, 0), 5);
	assert_int_equal(counts_get(d, 1), 0);
	assert_int_equal(counts_get(d, 2), 1);
	counts_close(d);
	counts_close(c);

	/* Another version knows other names, in another order, and keeps what it does not know. */
	c = counts_open(b.dir, later, &e);
	assert_int_equal(counts_get(c, 0), 0);
	assert_int_equal(counts_get(c, 1), 1);
	assert_int_equal(counts_get(c, 2), 5);
	counts_add(c, 0, 9);
	counts_add(c, 2, 1);
	counts_close(c);
	c = counts_open(b.dir, names, &e);
	assert_int_equal(counts_get(c, 0), 6);
	counts_close(c);
	box_free(&b);
}

static void a_damaged_slot_costs_that_count(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	char path[256];
	box_new(&b, 1 << 20);
	struct counts *c = counts_open(b.dir, names, &e);
	for (size_t i = 0; i < 3; i++)
		counts_add(c, i, 100 + i);
	counts_close(c);
	box_path(&b, "counts", path, sizeof(path));
	poke(path, 64 + 50, "\xff", 1);
	c = counts_open(b.dir, names, &e);
	assert_int_equal(counts_get(c, 0), 100);
	assert_int_equal(counts_get(c, 1), 0);
	assert_int_equal(counts_get(c, 2), 102);
	counts_add(c, 1, 1);
	counts_close(c);
	c = counts_open(b.dir, names, &e);
	assert_int_equal(counts_get(c, 1), 1);
	counts_close(c);
	box_free(&b);
}

static void without_a_disk_they_live_in_memory(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	box_new(&b, 1 << 20);
	struct counts *c = counts_open(b.dir, names, &e);
	counts_add(c, 0, 1000);
	counts_close(c);

	char away[128];
	snprintf(away, sizeof(away), "%s-away", b.dir);
	assert_int_equal(rename(b.dir, away), 0);
	c = counts_open(b.dir, names, &e);
	assert_string_not_equal(e.text, "");
	counts_add(c, 0, 7);
	counts_commit(c, 20000);
	assert_int_equal(counts_get(c, 0), 7);
	assert_int_equal(rename(away, b.dir), 0);
	counts_commit(c, 25000); /* too early */
	assert_int_equal(counts_get(c, 0), 7);
	counts_commit(c, 30000);
	assert_int_equal(counts_get(c, 0), 1007);
	counts_close(c);
	c = counts_open(b.dir, names, &e);
	assert_int_equal(counts_get(c, 0), 1007);
	counts_close(c);
	box_free(&b);
}

static void a_full_disk_is_tried_again(void **state)
{
	(void)state;
	struct box b;
	struct err e;
	box_new(&b, 1 << 20);
	struct counts *c = counts_open(b.dir, names, &e);
	limit_files(64);
	for (size_t i = 0; i < 3; i++)
		counts_add(c, i, i + 1);
	counts_commit(c, 1);
	limit_files(0);
	counts_commit(c, 2);
	struct counts *d = counts_open(b.dir, names, &e);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(counts_get(d, i), i + 1);
	counts_close(d);
	counts_close(c);
	box_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_survive),
		cmocka_unit_test(a_damaged_slot_costs_that_count),
		cmocka_unit_test(without_a_disk_they_live_in_memory),
		cmocka_unit_test(a_full_disk_is_tried_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
