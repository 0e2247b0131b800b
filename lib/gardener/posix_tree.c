// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "gardener/posix_int.h"

#include <stdlib.h>

/*
 * Go builds a syntax tree, and refuses one that gets too high or too large. Here
 * each part of the pattern is known by its measures alone. When sizes are looked
 * at, and how many nodes count then, follows Go's account of them: its bound is
 * a guess that starts with nodes times repeats, and a literal that grew since it
 * was measured is not measured again.
 */

#define HEIGHT_MAX 1000
#define SIZE_LIMIT ((uint64_t)(128 << 20) / 40) /* 128 MiB of instructions */

void posix_tree_free(struct posix_tree *t)
{
	free(t->stack);
	*t = (struct posix_tree){ 0 };
}

static struct posix_node *top(struct posix_tree *t, size_t below)
{
	return &t->stack[t->n - 1 - below];
}

static bool is_mark(const struct posix_node *node)
{
	return node->op >= POSIX_OPEN;
}

/* Is it one character, of one or several? */
static bool is_char(const struct posix_node *node)
{
	return node->op == POSIX_CLASS || (node->op == POSIX_LITERAL && node->runes == 1);
}

static uint64_t size_of(const struct posix_tree *t, const struct posix_node *node)
{
	return node->op == POSIX_LITERAL && !t->sized ? node->runes : node->size;
}

static void node_new(struct posix_tree *t)
{
	if (++t->live > t->most)
		t->most = t->live;
}

static void check_height(struct posix_tree *t, const struct posix_node *node)
{
	if (node->height > HEIGHT_MAX && t->limit == NULL)
		t->limit = POSIX_TOO_DEEP;
}

static void check_size(struct posix_tree *t, struct posix_node *node)
{
	if (node->op == POSIX_LITERAL)
		node->size = node->runes;
	if (node->size > SIZE_LIMIT && t->limit == NULL)
		t->limit = POSIX_TOO_LARGE;
}

/* The limits, after the last node has come or changed. */
static void check(struct posix_tree *t)
{
	struct posix_node *node = top(t, 0);

	if (t->repeats == 0)
		t->repeats = 1;
	if (!t->sized && node->op == POSIX_REPEAT) {
		if (node->times > SIZE_LIMIT / t->repeats)
			t->repeats = SIZE_LIMIT;
		else
			t->repeats *= node->times;
	}
	if (!t->sized && t->most >= SIZE_LIMIT / t->repeats) {
		t->sized = true;
		for (size_t i = 0; i < t->n; i++)
			check_size(t, &t->stack[i]);
	}
	if (t->sized)
		check_size(t, node);
	check_height(t, node);
}

/* Two literals on top become one. True: and there is a literal on top to be used again. */
static bool join_literals(struct posix_tree *t)
{
	if (t->n < 2)
		return false;
	struct posix_node *last = top(t, 0), *before = top(t, 1);

	if (last->op != POSIX_LITERAL || before->op != POSIX_LITERAL || last->fold != before->fold)
		return false;
	before->runes += last->runes;
	return true;
}

static void push(struct posix_tree *t, struct posix_node node)
{
	if (join_literals(t)) {
		t->n--;
		t->live--;
	}
	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 16;
		t->stack = mem_grow(t->stack, t->cap * sizeof(t->stack[0]));
	}
	t->stack[t->n++] = node;
	check(t);
}

void posix_tree_leaf(struct posix_tree *t, enum posix_op op)
{
	node_new(t);
	push(t, (struct posix_node){ .op = (uint8_t)op, .size = 1, .runes = 1, .height = 1 });
}

/* Are the two the upper and lower case of one letter, and of no third, as K and S are of? */
static bool is_case_pair(const struct posix_class *class)
{
	uint32_t low = class->first | 0x20;

	return class->n == 2 && (class->first ^ class->second) == 0x20 && low >= 'a' &&
	       low <= 'z' && low != 'k' && low != 's';
}

void posix_tree_class(struct posix_tree *t, const struct posix_class *class)
{
	bool fold = is_case_pair(class);

	if (class->n != 1 && !fold) {
		posix_tree_leaf(t, POSIX_CLASS);
		return;
	}
	node_new(t);
	if (join_literals(t)) { /* the last node takes the character; Go loses the new one */
		top(t, 0)->runes = 1;
		top(t, 0)->fold = fold;
		return;
	}
	push(t, (struct posix_node){
			.op = POSIX_LITERAL, .size = 1, .runes = 1, .height = 1, .fold = fold });
}

bool posix_tree_repeatable(const struct posix_tree *t)
{
	return t->n > 0 && !is_mark(&t->stack[t->n - 1]);
}

void posix_tree_wrap(struct posix_tree *t, uint64_t extra)
{
	struct posix_node *node = top(t, 0);

	node_new(t);
	*node = (struct posix_node){
		.op = POSIX_OTHER,
		.size = size_of(t, node) + extra,
		.height = node->height + 1,
		.copies = node->copies,
	};
	check(t);
}

/* How often is the innermost thing there, on the worst way down? */
static uint32_t copies_of(const struct posix_node *sub, int min, int max)
{
	uint32_t n = (uint32_t)(max < 0 ? min : max);

	if (n == 0)
		return max == 0 ? 0 : sub->copies;
	n *= sub->copies > 0 ? sub->copies : 1;
	return n > POSIX_REPEAT_MAX ? POSIX_REPEAT_MAX + 1 : n;
}

static uint64_t repeat_size(uint64_t sub, int min, int max)
{
	uint64_t size;

	if (max < 0)
		size = min == 0 ? sub + 2 : 1 + (uint64_t)min * sub;
	else
		size = (uint64_t)max * sub + (uint64_t)(max - min);
	return size > 0 ? size : 1;
}

bool posix_tree_repeat(struct posix_tree *t, int min, int max)
{
	struct posix_node *node = top(t, 0);
	int times = max < 0 ? min : max;

	node_new(t);
	*node = (struct posix_node){
		.op = POSIX_REPEAT,
		.size = repeat_size(size_of(t, node), min, max),
		.height = node->height + 1,
		.copies = copies_of(node, min, max),
		.times = (uint16_t)(times > 0 ? times : 1),
	};
	check(t);
	return node->copies <= POSIX_REPEAT_MAX;
}

/* All down to the last mark becomes one node. between: instructions between two of them. */
static void collapse(struct posix_tree *t, uint64_t between)
{
	size_t from = t->n;
	struct posix_node all = { .op = POSIX_OTHER, .height = 1 };

	while (from > 0 && !is_mark(&t->stack[from - 1]))
		from--;
	size_t n = t->n - from, kept = 0;

	for (size_t i = from; i < t->n; i++) {
		const struct posix_node *sub = &t->stack[i];

		if (between > 0 && sub->op == POSIX_EMPTY && i + 1 < t->n &&
		    sub[1].op == POSIX_EMPTY)
			continue; /* of several empty alternatives in a row one is left */
		kept++;
		all.size += size_of(t, sub);
		all.height = sub->height >= all.height ? sub->height + 1 : all.height;
		all.copies = sub->copies > all.copies ? sub->copies : all.copies;
	}
	if (n > 1)
		node_new(t);
	if (n > 1 && kept == 1)
		t->live--;
	if (kept == 1)
		all = t->stack[t->n - 1];
	else
		all.size += (kept - 1) * between;
	t->n = from;
	push(t, all);
}

/* What stands behind the last mark becomes one node. */
static void concat(struct posix_tree *t)
{
	if (join_literals(t)) {
		t->n--;
		t->live--;
	}
	if (posix_tree_repeatable(t))
		collapse(t, 0);
	else
		posix_tree_leaf(t, POSIX_EMPTY);
}

/*
 * Above a '|' on the stack stands the newest alternative, below it all before
 * that: the newest one goes below, too. False if there is no '|'.
 */
static bool swap_bar(struct posix_tree *t)
{
	if (t->n < 2 || top(t, 1)->op != POSIX_BAR)
		return false;
	if (t->n >= 3 && is_char(top(t, 0)) && is_char(top(t, 2))) {
		top(t, 2)->op = POSIX_CLASS;
		t->live--;
		t->n--;
		return true;
	}
	struct posix_node bar = *top(t, 1);

	*top(t, 1) = *top(t, 0);
	*top(t, 0) = bar;
	return true;
}

void posix_tree_bar(struct posix_tree *t)
{
	concat(t);
	if (t->limit == NULL && !swap_bar(t))
		posix_tree_leaf(t, POSIX_BAR);
}

void posix_tree_alternate(struct posix_tree *t)
{
	concat(t);
	if (t->limit != NULL)
		return;
	if (swap_bar(t))
		t->n--;
	collapse(t, 1);
}

bool posix_tree_close(struct posix_tree *t)
{
	posix_tree_alternate(t);
	if (t->limit != NULL)
		return true;
	if (t->n < 2 || top(t, 1)->op != POSIX_OPEN)
		return false;
	struct posix_node group = *top(t, 0);

	group.size = size_of(t, &group) + 2;
	group.height++;
	group.op = POSIX_OTHER;
	t->n -= 2;
	push(t, group);
	return true;
}
