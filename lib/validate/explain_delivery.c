// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_RETRY_ABSENT, {
		.what =
			"`resumeRetryCount` is absent.",
		.why =
			"Gardener then leaves it out, and rsyslog's own default is 0: when the receiver cannot be\n"
			"reached, messages are dropped at once. With a receiver that was away for 8 seconds 1500 of 2000\n"
			"messages were lost; with -1 none. relpbox takes -1 where it is absent.",
		.mend =
			"Write\n\n"
			"    resumeRetryCount: -1",
	} },
	{ CODE_RETRY, {
		.what =
			"`resumeRetryCount` is a number that loses messages, or means something else than it seems.",
		.why =
			"After so many tries, 30 seconds apart, the messages that wait are dropped. Only -1 means\n"
			"never.",
		.mend =
			"Write\n\n"
			"    resumeRetryCount: -1",
	} },
	{ CODE_REBIND, {
		.what =
			"`rebindInterval` means two things: seconds in the extension's documentation and for relpbox,\n"
			"messages for rsyslog.",
		.why =
			"rsyslog's omrelp ends the connection and makes a new one after so many messages: with 10 it\n"
			"did so 20 times for 200 messages. A number that is small as messages costs a handshake again and\n"
			"again.",
		.mend =
			"Leave it out, unless connections have to be balanced; then write one that is good as a\n"
			"number of messages, such as 100000.",
	} },
	{ CODE_TIMEOUT, {
		.what =
			"`timeout` is a number of seconds that does not work, or is hardly meant.",
		.why =
			"So long the receiver may be silent while it owes an answer. Too short ends good\n"
			"connections, and records are sent twice; too long, and a dead receiver holds up the queue.",
		.mend =
			"Leave it out (90 s), or write 30 to 300.",
	} },
};

const struct explain_group explain_delivery = {
	.title = "Delivery",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
