// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_POSIX_INT_H
#define GARDENER_POSIX_INT_H

#include "base/slice.h"

#include <stdint.h>

/* Inside of posix*.c, and of their tests. */

#define POSIX_REPEAT_MAX 1000

/* Go's words. */
#define POSIX_BAD_RANGE "invalid character class range"
#define POSIX_BAD_ESCAPE "invalid escape sequence"
#define POSIX_BAD_REPEAT "invalid repeat count"
#define POSIX_BAD_UTF8 "invalid UTF-8"
#define POSIX_NO_BRACKET "missing closing ]"
#define POSIX_NO_PAREN "missing closing )"
#define POSIX_NO_OPERAND "missing argument to repetition operator"
#define POSIX_BACKSLASH_LAST "trailing backslash at end of expression"
#define POSIX_PAREN "unexpected )"
#define POSIX_TOO_DEEP "expression nests too deeply"
#define POSIX_TOO_LARGE "expression too large"

/* Why a pattern is refused: the words, and the part of the pattern that they are said of. */
struct posix_error {
	const char *why;
	struct slice part;
};

/* Does Go's regexp.CompilePOSIX take it? 0, or -1 and out is set. */
int posix_parse(struct slice pattern, struct posix_error *out);

/* --- posix_class.c ---------------------------------------------------------- */

/* A pattern that is being read. */
struct posix_text {
	struct slice s;
	size_t at;
	size_t no_name; /* no ":]" is found from here on; 0: not known yet */
	struct posix_error *error;
};

/* Sets the error to why, said of the bytes from `from` up to `to`; returns -1. */
int posix_fail(struct posix_text *t, const char *why, size_t from, size_t to);

/* The character at t->at, which moves behind it. At the pattern's end: *c is UTF8_BAD. */
int posix_char(struct posix_text *t, uint32_t *c);

/* At a backslash: the character that it means with what is behind it. */
int posix_escape(struct posix_text *t, uint32_t *c);

/* As much of a set of characters as matters: is it one, or one in upper and lower case? */
struct posix_class {
	uint32_t first, second; /* of the characters seen */
	unsigned n;		/* 3: more than two */
};

/* At a '[': reads up to behind its ']'. */
int posix_class(struct posix_text *t, struct posix_class *out);

/* --- posix_tree.c ----------------------------------------------------------- */

enum posix_op {
	POSIX_OTHER,
	POSIX_LITERAL, /* a run of characters */
	POSIX_CLASS,   /* one character of several */
	POSIX_EMPTY,
	POSIX_REPEAT, /* {n,m} */
	POSIX_OPEN,   /* from here on they hold places in the stack only */
	POSIX_BAR,
};

/* A part of the pattern that is complete: of its tree the measures alone are kept. */
struct posix_node {
	uint64_t size;	/* instructions, as reckoned when it was complete */
	uint32_t runes; /* of a POSIX_LITERAL */
	uint32_t height;
	uint32_t copies; /* product of the repeats inside, the largest one; up to 1001 */
	uint16_t times;	 /* of a POSIX_REPEAT */
	uint8_t op;
	bool fold; /* a POSIX_LITERAL in upper and lower case */
};

/* What Go keeps while it reads. {0} is an empty one. */
struct posix_tree {
	struct posix_node *stack;
	size_t n, cap;
	uint64_t live, most; /* nodes in use: now, and at most so far */
	uint64_t repeats;    /* product of all repeats; 0: none yet */
	bool sized;	     /* are sizes looked at? */
	const char *limit;   /* set when a limit is passed: Go stops then */
};

void posix_tree_free(struct posix_tree *t);
void posix_tree_leaf(struct posix_tree *t, enum posix_op op); /* POSIX_LITERAL: of one character */
void posix_tree_class(struct posix_tree *t, const struct posix_class *class);
void posix_tree_wrap(struct posix_tree *t, uint64_t extra); /* the last one gets *, + or ? */

/* The last one gets {min,max}; max -1: without end. Returns false if that makes too many copies. */
bool posix_tree_repeat(struct posix_tree *t, int min, int max);
bool posix_tree_repeatable(const struct posix_tree *t); /* is there something? */

void posix_tree_bar(struct posix_tree *t);
void posix_tree_alternate(struct posix_tree *t); /* all up to the last '(' becomes one node */
bool posix_tree_close(struct posix_tree *t);	 /* at ')'; false: there is no '(' */

#endif
