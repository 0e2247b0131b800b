// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_SCHEMA_JSON_H
#define CONF_SCHEMA_JSON_H

#include "base/buf.h"

/*
 * A JSON Schema (draft-07, which editors know best) of what relpbox on a node
 * takes, made from the decoder's own tables. kind: of that kind alone; NULL: one
 * schema for all, which looks at `kind`. Appended to out, with a line feed at the
 * end. 0, or -1: there is no such kind, and out is as it was.
 *
 * It never refuses what the decoder takes, and refuses what the decoder says of
 * types, missing and unknown fields, choices, and numbers out of bounds. It
 * judges values as JSON has them: how YAML spells them, keys set twice and more
 * than one document are the parser's. Not said by it, and left to the decoder:
 *  - is a regular expression one; of target, permittedPeer and paths more than their looks;
 *  - bounds of sizes and times that are written as text ("1KiB"), NUL in a text, and
 *    lengths in bytes (a schema counts characters);
 *  - what two values have to do with each other: authMode and permittedPeer, TLS asked for
 *    and switched off, unix beside stdin, directory beside ca, cert and key, inputs that
 *    have the same name;
 *  - warnings.
 */
int schema_json_print(const char *kind, struct buf *out);

#endif
