// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_REGEX_INT_H
#define RECORD_REGEX_INT_H

#include "record/regex.h"

#include <stdint.h>

/*
 * The parts of the regex engine, seen by its own files and its tests only.
 *
 *   regex_parse.c, regex_bracket.c   the pattern's grammar
 *   regex_build.c                    the program of it
 *   regex_nfa.c                      one step of all threads of the program
 *   regex_dfa.c                      steps remembered as states, within a bound
 *   regex_literal.c                  words that every match must hold
 *   regex.c                          putting these together
 */

enum regex_op {
	RX_BYTE,    /* consumes the byte arg */
	RX_SET,	    /* consumes a byte of sets[jump] */
	RX_ANY,	    /* consumes any byte */
	RX_ASSERT,  /* goes on where enum regex_assert arg holds */
	RX_JUMP,    /* goes on at jump */
	RX_ALT,	    /* goes on at the next instruction and at jump, the next alternative */
	RX_SKIP,    /* goes on at the next instruction and at jump, behind what may be left out */
	RX_BACK,    /* goes on at the next instruction and at jump, back to what may come again */
	RX_MATCH
};

enum regex_assert {
	RX_BEGIN,     /* ^ and \` */
	RX_END,	      /* $ and \' */
	RX_WORD_EDGE, /* \b */
	RX_WORD_SAME, /* \B */
	RX_WORD_OPEN, /* \< */
	RX_WORD_SHUT  /* \> */
};

/* Jumps are relative, so that a part of a program can be moved and copied. */
struct regex_inst {
	uint8_t op;
	uint8_t arg;
	int32_t jump; /* RX_SET: index into sets */
};

struct regex_set {
	uint64_t bits[4];
};

static inline bool regex_set_has(const struct regex_set *s, uint8_t byte)
{
	return (s->bits[byte >> 6] >> (byte & 63)) & 1;
}

static inline void regex_set_add(struct regex_set *s, uint8_t byte)
{
	s->bits[byte >> 6] |= (uint64_t)1 << (byte & 63);
}

struct regex_prog {
	struct regex_inst *inst;
	struct regex_set *sets;
	uint32_t n;
	uint32_t n_sets;
	uint32_t voided; /* assertions without effect, see regex_build.c */
};

/* What stands on one side of a position in the text. */
enum regex_side {
	RX_SIDE_EDGE,	 /* nothing: the text's begin or end */
	RX_SIDE_WORD,	 /* a letter, a digit or _ */
	RX_SIDE_NOTWORD, /* another byte */
	RX_SIDE_UNKNOWN	 /* not read yet */
};

/* Bytes that no instruction tells apart are one class. Class n stands for the text's end. */
struct regex_classes {
	uint8_t of[256];	/* byte -> class */
	uint8_t example[256];	/* class -> one of its bytes */
	uint32_t n;
};

#define REGEX_LITERALS_MAX 8
#define REGEX_LITERAL_MAX 32

/* A word to search for; a and b are the offsets of its two rarest bytes. */
struct regex_literal {
	uint8_t len;
	uint8_t a, b;
	char bytes[REGEX_LITERAL_MAX];
};

/* Every match holds one of these. */
struct regex_literals {
	uint8_t n;    /* 0: nothing to search for */
	bool exact;   /* finding one is a match */
	bool prefix;  /* a match starts with it (n is 1) */
	struct regex_literal word[REGEX_LITERALS_MAX];
};

/*
 * A state is a set of instructions (one bit each) at which threads wait, with
 * what stood before. States are known by the offset of their row in next[];
 * the first rows are not states but answers.
 */
struct regex_dfa {
	uint32_t *next;	 /* row of n_classes + 1 cells each */
	uint64_t *sets;	 /* words cells each */
	uint8_t *sides;	 /* enum regex_side each */
	uint32_t *hash;	 /* open addressing, 0 is free */
	uint32_t n, cap, cap_max;
	uint32_t row;	 /* cells in a row */
	uint32_t start[3]; /* by enum regex_side, 0: not built yet */
	uint32_t idle;	   /* no thread but those that start here, 0: not built yet */
	uint64_t served;  /* bytes read by states since they were last dropped */
	uint64_t flushes; /* how often that was */
};

#define RX_ROW_UNKNOWN 0
#define RX_ROW_MATCH 1
#define RX_ROW_DEAD 2
#define RX_ROWS_FIXED 3

/* Room for one step of the threads. */
struct regex_work {
	uint64_t *from, *ready, *seen, *to; /* words cells each */
	uint32_t *stack;		    /* an instruction is there at most once */
};

struct regex {
	struct regex_prog prog;
	struct regex_classes classes;
	struct regex_literals literals;
	struct regex_work work;
	struct regex_dfa dfa;
	uint64_t *asserts;  /* the instructions that wait for the next byte */
	uint32_t words;	    /* cells of 64 bits in a set of instructions */
	bool word_asserts;  /* is there any of \b \B \< \> */
	bool leaps;	    /* does it pay to look for a byte with which a match can begin? */
	bool first[256];    /* these bytes */
	size_t fixed;	    /* bytes in use beside the states */
	uint64_t steps;	    /* for tests: instructions looked at; none where states are known */
	bool nfa_only;	    /* for tests */
};

/*
 * Translates the pattern. The program's size is counted before anything of it
 * is built; above inst_max instructions *need says how many there are, p stays
 * empty and 0 is returned: the caller knows what that means in bytes.
 */
int regex_parse(struct slice pattern, uint64_t inst_max, struct regex_prog *p, uint64_t *need,
		struct err *e);

/* A program that grows. Where inst is NULL, its length only. */
struct regex_build {
	struct regex_inst *inst;
	struct regex_set *sets;
	uint64_t n, peak;
	uint32_t n_sets;
	uint32_t frail;	 /* assertions so far that copies will lack */
	uint32_t voided; /* assertions that copies lack */
};

/* The last thing that was added: a byte, a set or a group. */
struct regex_atom {
	uint64_t from;	/* its first instruction */
	uint32_t frail; /* regex_build.frail before it */
	bool asserted;	/* is there an assertion directly before? */
};

void regex_emit(struct regex_build *b, enum regex_op op, unsigned arg, int64_t jump);
void regex_emit_set(struct regex_build *b, const struct regex_set *set);

/* Puts an instruction before those from at on. */
void regex_emit_before(struct regex_build *b, uint64_t at, enum regex_op op, int64_t jump);

/* The assertion just before the instruction at is frail. */
void regex_mark_frail(struct regex_build *b, uint64_t at);

/* atom{min,max}, max > 0, or -1: without end. */
void regex_repeat(struct regex_build *b, const struct regex_atom *atom, uint64_t min, int max);

/* atom{0} */
void regex_drop(struct regex_build *b, const struct regex_atom *atom);

/*
 * The rest of a bracket expression: *at stands behind the '[' and is moved
 * behind the ']'. Returns 0, or -1.
 */
int regex_bracket(struct slice pattern, size_t *at, struct regex_set *out, struct err *e);

/* [:name:] of the C locale; false: no such class. Adds to out. */
bool regex_class(struct slice name, struct regex_set *out);
bool regex_is_word(uint8_t byte);

/* Error at the 0-based offset at; always -1. */
int regex_error(struct err *e, size_t at, const char *what);

enum regex_verdict { RX_GO_ON, RX_MATCHED, RX_NEVER };

void regex_nfa_classes(const struct regex_prog *p, bool word_asserts, struct regex_classes *out);

/* The side that a byte makes; where the pattern does not ask, all are RX_SIDE_NOTWORD. */
enum regex_side regex_nfa_side(const struct regex *re, uint8_t byte);

/* The threads at a text's begin (RX_SIDE_EDGE) or behind a byte, into work.to. */
enum regex_verdict regex_nfa_start(struct regex *re, enum regex_side before);

/* Fills re->first and re->leaps. */
void regex_nfa_first(struct regex *re);

/*
 * All threads of the set over one byte of the class (or over the end), and
 * those that start behind it: from work.from into work.to, *before is moved on.
 */
enum regex_verdict regex_nfa_step(struct regex *re, enum regex_side *before, uint32_t class);

/* Bytes that the smallest useful cache takes. */
size_t regex_dfa_least(const struct regex *re);
void regex_dfa_init(struct regex *re, size_t memory);
void regex_dfa_free(struct regex_dfa *d);
size_t regex_dfa_memory(const struct regex *re);

/* Does text from offset at hold a match, where what stands before at is known. */
bool regex_dfa_run(struct regex *re, struct slice text, size_t at);

void regex_literals_find(const struct regex_prog *p, struct regex_literals *out);

/* The offset of a word, of its first place, or SIZE_MAX. Of several words it may be any. */
size_t regex_literals_search(const struct regex_literals *l, struct slice text);

/* Are bytes of the set seldom seen in log text? */
bool regex_bytes_rare(const struct regex_set *set);

#endif
