// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_PATH_H
#define CONF_PATH_H

#include "base/buf.h"
#include "conf/findings.h"

/* A field path as Kubernetes writes it: "loggingRules[0].programNames[2]"; keys are escaped and cut. */
void path_key(struct buf *path, struct slice key);
void path_index(struct buf *path, size_t i);

/* The same for a key that the user wrote; where f is discreet, "*" unless everybody may know it. */
void show_key(const struct findings *f, struct buf *path, struct slice key);
bool key_may_be_shown(const struct findings *f, struct slice key);

/* Does it look like a certificate, a key, or a piece of one? Then it is shown nowhere. */
bool text_is_private(struct slice text);

/* Does a private key stand in it, as it is or in base64? Then all of it is a place to be discreet in. */
bool text_holds_key(struct slice text);

/* In place of a value where findings are discreet. */
#define NOT_SHOWN "(not shown)"

/* How much of a value or key is shown. */
#define SHOWN_MAX 64

/* text in double quotes, escaped (quotes too), at most SHOWN_MAX bytes of it; no private key. */
void show_quoted(struct buf *out, struct slice text);
void show_quoted_max(struct buf *out, struct slice text, size_t max);

/* The same, where f may be discreet: then only of words too short to be a piece of a key. */
void show_text(const struct findings *f, struct buf *out, struct slice text);

#endif
