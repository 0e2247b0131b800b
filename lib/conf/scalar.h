// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_SCALAR_H
#define CONF_SCALAR_H

#include "conf/yaml.h"

/* What a scalar's tag asks for; what it is without one depends on its text alone. */
enum scalar_tag {
	SCALAR_PLAIN, /* no tag, no quotes: by its text */
	SCALAR_TEXT,  /* quoted, a block, or !!str: a string */
	SCALAR_BOOL,
	SCALAR_INT,
	SCALAR_FLOAT,
	SCALAR_NULL,
};

/*
 * Sets out->kind and its value from out->text, as go-yaml v2 (what
 * sigs.k8s.io/yaml is made of) resolves it. -1: the text is not what the tag asks for.
 */
int scalar_resolve(enum scalar_tag tag, struct node *out);

#endif
