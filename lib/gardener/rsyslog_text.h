// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_RSYSLOG_TEXT_H
#define GARDENER_RSYSLOG_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

/*
 * How rsyslog 8.2302 reads the texts of a rule that Gardener wrote into its
 * configuration. Measured: testdata/gardener/rsyslog-text.tsv and -lines.tsv.
 */
enum rsyslog_text {
	RSYSLOG_TEXT_SAME,    /* the bytes that its escapes say */
	RSYSLOG_TEXT_CHANGED, /* others, and rsyslog says nothing: it ends at a byte 0 */
	RSYSLOG_TEXT_REFUSED  /* a syntax error: this rule and all behind it are not there */
};

/*
 * quoted: a text with its double quotes, as it stands in the file. Adds to out
 * the bytes that rsyslog takes for it (nothing where it is refused). e says why
 * it is refused, or what is changed; e->code is the byte in quoted, from 1.
 */
enum rsyslog_text rsyslog_read_quoted(struct slice quoted, struct buf *out, struct err *e);

/* So much of a line does rsyslog read at a time; it puts a line feed behind each piece. */
#define RSYSLOG_PIECE 10239

/*
 * line: the line of a rule, `if EXPRESSION then {`, without its line feed. Looks
 * from *at on for the next word or quoted text that the end of a piece tears
 * apart, and sets token to that part of line and *at behind it; false: there is
 * none. A torn quoted text is another one, mostly without a word of rsyslog;
 * a torn word is a syntax error. Begin with *at == 0.
 */
bool rsyslog_torn(struct slice line, size_t *at, struct slice *token);

#endif
