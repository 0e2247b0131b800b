// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_LITERAL_H
#define CONF_LITERAL_H

#include "conf/cursor.h"
#include "conf/yaml.h"

/*
 * Sets block and indent of n, which is a literal block that begins (with its
 * anchor and tag, if it has them) at the cursor. Its text is held against the raw
 * one; where they do not go together, both stay 0.
 */
void literal_place(const struct cursor *at, struct node *n);

#endif
