// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/decode.h"

/* Checks of single values, for tables of fields. What is wrong is a finding at the value. */
void check_target(struct decode *d, const struct node *v);	/* an IP address or a DNS name */
void check_port(struct decode *d, const struct node *v);
void check_program_name(struct decode *d, const struct node *v); /* what rsyslog's $programname can be */
void check_severity(struct decode *d, const struct node *v);	/* 0..7, else a warning */
void check_regex(struct decode *d, const struct node *v);	/* messageContent.regex: Gardener, rsyslog, and the engine take it */
void check_exclude(struct decode *d, const struct node *v);	/* the same, for what excludes */
void check_permitted_peer(struct decode *d, const struct node *v); /* of either authMode */
void check_file(struct decode *d, const struct node *v);	/* an absolute path */
void check_word(struct decode *d, const struct node *v);	/* 1..253 of 0x21-0x7E: a field of the wire record */
void check_input_name(struct decode *d, const struct node *v);	/* [a-z0-9-]{1,63} */
void check_socket_path(struct decode *d, const struct node *v); /* absolute, fits into sockaddr_un */
void check_directory(struct decode *d, const struct node *v);	/* an absolute path */

#endif
