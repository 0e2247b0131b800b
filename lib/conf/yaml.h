// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include "conf/arena.h"
#include "conf/findings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * YAML (and JSON, which is nearly a subset) as a tree of nodes that know where
 * they stand. Scalars are read as Kubernetes reads them (sigs.k8s.io/yaml, which
 * is YAML 1.1): plain yes, no, on, off, y, n are booleans, 010 is octal, 4.0 is
 * a number that may be taken as 4.
 */
enum node_kind {
	NODE_NULL,
	NODE_BOOL,
	NODE_INT,
	NODE_FLOAT, /* also integers that int64_t cannot hold */
	NODE_STRING,
	NODE_SEQ,
	NODE_MAP,
};

struct node {
	enum node_kind kind;
	bool plain;	    /* a scalar without quotes, tag or block style */
	bool wide;	    /* a NODE_FLOAT that is written as an integer, and fits 64 bits without a sign */
	unsigned line, col; /* where it begins, 1-based, in characters; of an alias: the alias */
	unsigned block;	    /* of a literal block ("|"): the line that its text's line 1 is; else 0 */
	unsigned indent;    /* of a literal block: characters before each of its lines */
	struct slice text;  /* a scalar's text, as written or unescaped; a NUL is behind it */
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct {
			struct node **at;
			size_t n;
		} items;
		struct {
			struct node_entry *at;
			size_t n;
		} entries;
	};
};

struct node_entry {
	struct slice name;	/* the key as JSON would have it: "true" where it was written yes */
	const struct node *key;
	struct node *value;
	unsigned line, col;	/* of the key; of one that came by a merge: of the "<<" */
	bool merged;
};

/* The value of a key, NULL where map has none or is no NODE_MAP. */
const struct node *node_get(const struct node *map, const char *name);

/* Where text that n holds stands in the file, for the findings about what is inside. */
struct findings_place node_place(const struct node *n);

/* "a string", "a list": for messages. */
const char *node_kind_text(enum node_kind kind);

#define YAML_DEPTH_MAX 64

/* Of each document. */
#define YAML_ANCHORS_MAX 1000
#define YAML_NODES_MAX 100000 /* and twice as many when each alias counts for what it stands for */

/* Of a text. */
#define YAML_DOCUMENTS_MAX 20000

struct yaml_document {
	const struct node *root; /* NULL: it is empty, or bad */
	bool bad;		 /* no YAML, or beyond a limit: findings say so */
	size_t index;		 /* 0 for the first of the text; empty ones count */
	unsigned first, last;	 /* the lines in which its text begins and ends */
	struct slice text;	 /* as it stands in the file, with "---", directives and comments */
	struct findings_mark before; /* f before it was read: what was said of it since can be taken back */
};

struct yaml_calls {
	/* doc and all nodes are gone when it returns; it may add to f, or take back to doc->before. */
	void (*document)(void *arg, const struct yaml_document *doc);
	/* Before a document is read: may it hold secrets, so that f is discreet about it? NULL: as f is. */
	bool (*secret)(void *arg, struct slice text);
	void *arg;
	size_t max_values; /* of a document; 0: YAML_NODES_MAX */
};

/*
 * Reads the documents of a text one by one. A bad one does not keep the others
 * from being read: a line that begins with "---" begins a document in any case.
 * Other findings (duplicate keys, keys that are no scalars) leave a root to go
 * on with: the first of two equal keys counts. Aliases are followed and "<<"
 * merged; nodes may then be shared, but never form a circle. A document that is
 * strict JSON is read as such. Where f is discreet no value, tag or key is shown.
 * 0, or -1 where the text has too many bytes (no document is read) or too many
 * documents (the rest is not); that is a finding. Bad documents are no -1.
 */
int yaml_each(struct slice text, size_t max_bytes, struct findings *f,
	      const struct yaml_calls *calls);

struct yaml_tree {
	struct arena arena;
	const struct node **documents; /* all of the text; of an empty one NULL */
	size_t n_documents;
};

/*
 * The same for all documents at once, which together stay under the limits of
 * one. 0, or -1 where one is bad or a limit is passed: then there are no
 * documents. tree is to be freed either way.
 */
int yaml_tree_parse(struct slice text, size_t max_bytes, struct yaml_tree *tree,
		    struct findings *f);
void yaml_tree_free(struct yaml_tree *tree);

#endif
