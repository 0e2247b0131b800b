// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_FINDINGS_H
#define CONF_FINDINGS_H

#include "base/buf.h"
#include "conf/codes.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What is to be said about the user's input: data, printed by the command.
 * Position is 1-based, in characters, 0 where there is none. All findings are
 * collected. {0} is a valid empty list that keeps what concerns anybody.
 */
struct finding {
	enum code code;
	enum finding_severity severity;
	enum finding_kind kind;
	unsigned concerns; /* of those whom the list is for */
	bool own_kind;	   /* of a document that Gardener never sees */
	unsigned line, col;
	char *path;    /* "loggingRules[0].programNames[2]"; escaped; "" at the top */
	char *message; /* escaped; no value of a secret */
	char *source;  /* its line of the file, as it is, where that may be shown; else NULL */
};

/* Where in the file a text stands that is read as a document of its own. */
struct findings_place {
	unsigned line, col; /* of what holds it: of its findings too, where block is 0 */
	unsigned block;	    /* the line of the file that its line 1 is: it stands there literally */
	unsigned indent;    /* characters before each of its lines */
	unsigned lines;	    /* how many it has: its end may be behind the last of them, in the file it is not */
};

struct findings {
	size_t n, cap;
	size_t errors;	/* also those that were not kept */
	size_t dropped; /* beyond the limit: counted, not kept */
	struct finding *at;

	unsigned who;  /* CONCERN_*: what concerns none of them is not said; 0: everybody */
	bool lint;     /* advice is wanted too: what works and is not likely meant */
	bool own_kind; /* of a document that Gardener never sees: a wrong type is TypeInvalid */
	bool discreet; /* the text may hold secrets: no values are shown, nor keys that nobody knows */
	const struct findings_place *place; /* positions are of a text inside the file; NULL: of the file */
};

#define FINDINGS_MAX 1000 /* errors; and of all, before warnings are dropped */

void findings_free(struct findings *f); /* and makes f an empty list */
bool findings_full(const struct findings *f); /* a warning that is added now is only counted */

/* path (NULL: "") and the text that fmt makes must be escaped already; both are copied. */
void findings_add(struct findings *f, unsigned line, unsigned col, enum code code,
		  const char *path, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* The same, where the code alone does not say how serious it is and whom it concerns. */
void findings_add_as(struct findings *f, enum finding_severity severity, unsigned concerns,
		     unsigned line, unsigned col, enum code code, const char *path, const char *text);

/* Does anybody whom f is for care for what the code says? Where not, it need not be found out. */
bool findings_want(const struct findings *f, enum code code);

/* What f held at a moment. findings_back() takes away all that was added since. */
struct findings_mark {
	size_t n, errors, dropped;
};

struct findings_mark findings_mark(const struct findings *f);
void findings_back(struct findings *f, struct findings_mark to);

/* All of from behind those of to, as far as there is room; from is empty then. */
void findings_move(struct findings *to, struct findings *from);

/* By position; those of the same position stay in the order in which they came. */
void findings_sort(struct findings *f);

/* One a line: "FILE:LINE:COL: error: PATH: MESSAGE [CODE]". file must be escaped already. */
void findings_print(const struct findings *f, const char *file, struct buf *out);

#endif
