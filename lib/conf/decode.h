// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_DECODE_H
#define CONF_DECODE_H

#include "conf/yaml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Nodes into structs by table, strictly: an unknown field, a wrong type, a
 * missing or unsupported value is a finding with position and path, worded as
 * Kubernetes words field errors. All are collected.
 */
enum field_kind {
	FIELD_STRING,  /* char *, owned */
	FIELD_BOOL,    /* bool */
	FIELD_INT,     /* int64_t */
	FIELD_SIZE,    /* int64_t: bytes, a number or a text such as "64KiB" (num_size) */
	FIELD_TIME,    /* int64_t: milliseconds, a number of seconds or a text such as "10m" (num_duration_ms) */
	FIELD_STRINGS, /* char **, owned, each too; how many at `count` */
	FIELD_STRUCT,  /* the struct of schema `sub`, at `offset` */
	FIELD_LIST,    /* an array of it, owned; how many at `count` */
};

#define FIELD_NOWHERE SIZE_MAX
#define FIELD_PRESENT(type, member) (offsetof(type, member) + 1)

#define FIELD_STRING_MAX 16384 /* bytes of a string, where the field says nothing */
#define FIELD_ITEMS_MAX 1000   /* items of a list, where the field says nothing */

struct decode;

struct field {
	const char *name; /* NULL ends the table */
	enum field_kind kind;
	bool required;	  /* absent, null, "" and an empty list are a "Required value" */
	enum code absent; /* said then; 0: CODE_REQUIRED; one of KIND_INVALID: `Invalid value: "": HINT` */
	const char *hint; /* said with it: "the host that receives"; or NULL */
	const char *about; /* for people who write it: its meaning, unit and default; NULL: nothing */
	size_t offset;	  /* in the schema's struct; FIELD_NOWHERE: only checked */
	size_t present;	  /* FIELD_PRESENT of a bool that tells whether it was there; 0: none */
	size_t count;	  /* of a size_t, for FIELD_STRINGS and FIELD_LIST */
	const struct schema *sub;
	int64_t min, max; /* FIELD_INT, _SIZE and _TIME: inclusive; of lists max: items, 0: FIELD_ITEMS_MAX;
			     FIELD_STRING max: bytes, 0: FIELD_STRING_MAX */
	const char *const *choices; /* FIELD_STRING: the values there are, NULL-ended; or NULL */
	/* Called with each value that has the right type (each item of a list of strings). */
	void (*check)(struct decode *d, const struct node *value);
	bool check_bounds; /* FIELD_INT: check says what is beyond min and max, too */
};

struct schema {
	const struct field *fields;
	size_t size; /* of the struct */
	/* A Kubernetes object: what its apiVersion and kind must be; else NULL. */
	const char *api_version, *kind;
	bool embedded; /* then they may be absent */
	bool open;     /* fields that the table does not have are let be */
	const char *about; /* as a field's */
	/*
	 * What check demands of fields being set (to true, to a list with items), NULL-ended, for
	 * whoever describes the schema: at least one of these; all of these or none. Or NULL.
	 */
	const char *const *any_of, *const *together;
	/* Called when all fields are decoded, also where some were wrong. */
	void (*check)(struct decode *d, const struct node *map, void *out);
};

/*
 * Decodes root into out (cleared by the caller, or set to defaults: what is
 * absent is left alone). path is root's own ("" at the top). Frees nothing: see
 * decode_free. 0, or -1 where an error was found. A limit of ours that f is not
 * for (too-many, too-long) does not end the decoding of what goes beyond it.
 */
int decode_run(const struct schema *schema, const struct node *root, const char *path, void *out,
	       struct findings *f);

/* Frees the strings and lists that decode_run made in out. */
void decode_free(const struct schema *schema, void *out);

/* --- for checks ----------------------------------------------------------- */

/*
 * Findings at a node, its path that of the value being checked. The text is
 * fmt's and must be escaped; decode_invalid puts `Invalid value: VALUE: ` in
 * front, decode_warn `VALUE: `.
 */
void decode_required(struct decode *d, const struct node *at, enum code code, const char *hint);
void decode_invalid(struct decode *d, const struct node *value, enum code code,
		    const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void decode_warn(struct decode *d, const struct node *value, enum code code,
		 const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* "Duplicate value: VALUE". */
void decode_duplicate(struct decode *d, const struct node *value);

/* "Unsupported value: VALUE: supported values: ..."; more is put behind ("" or "; ..."). */
void decode_unsupported(struct decode *d, const struct node *value, const char *const *choices,
			const char *more);

/* Is anybody there for whom the code is meant? (findings_want) */
bool decode_wants(const struct decode *d, enum code code);
bool decode_shows(const struct decode *d, struct slice text); /* may it, or a piece of it, be shown? */
bool decode_lints(const struct decode *d);    /* findings.lint */
bool decode_own_kind(const struct decode *d); /* findings.own_kind */

/* An integer, however it is written: 4.0 is 4, as in Kubernetes, where numbers pass through JSON. */
bool decode_integer(const struct node *v, int64_t *out);

/* A finding at a node, with the text alone: fmt's, escaped. */
void decode_add(struct decode *d, const struct node *at, enum code code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The path goes on to a key or item, for findings inside, and back. */
size_t decode_enter_key(struct decode *d, const char *name);
size_t decode_enter_index(struct decode *d, size_t i);
void decode_leave(struct decode *d, size_t mark);

#endif
