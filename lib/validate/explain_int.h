// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_EXPLAIN_INT_H
#define VALIDATE_EXPLAIN_INT_H

#include "validate/explain.h"

#include <stddef.h>

struct explain_row {
	enum code code;
	struct explanation is;
};

/* A chapter of docs/FINDINGS.md, one file each. */
struct explain_group {
	const char *title, *about; /* about: a paragraph, or NULL */
	const struct explain_row *rows;
	size_t n;
};

extern const struct explain_group explain_text;	     /* the text and its documents */
extern const struct explain_group explain_decoding;
extern const struct explain_group explain_target;
extern const struct explain_group explain_rules;
extern const struct explain_group explain_delivery;
extern const struct explain_group explain_tls;
extern const struct explain_group explain_audit;
extern const struct explain_group explain_objects;   /* Shoot, Secret, ConfigMap */
extern const struct explain_group explain_own;	     /* our own kinds, and validate itself */

#endif
