// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_SPELLING_H
#define GARDENER_SPELLING_H

#include "base/buf.h"

/*
 * Another spelling for a regular expression that glibc takes and that does not
 * come through as it is: because admission refuses it (posix.h), or because
 * rsyslog refuses the file that Gardener writes it into.
 *
 * Adds to out what means the same to glibc, passes admission's check, and can be
 * read by rsyslog. It is as close to the text as we know: the text itself, where
 * nothing is wrong. Returns 0, or -1 and leaves out alone where we know none, as
 * for \$ and for a text that glibc refuses.
 *
 * An end anchor becomes \', which is the same to glibc where the text holds no
 * line feed, as a message in rsyslog does not.
 */
int gardener_regex_spelling(struct slice text, struct buf *out);

/*
 * Can rsyslog read it, quoted by Go, out of its configuration file? Else it
 * refuses the whole file: for a dollar sign, and for Go's escapes \a \f \v \u \U.
 * It reads \\ \" \b \n \r \t and \xHH as Go means them.
 */
bool gardener_rsyslog_reads(struct slice text);

#endif
