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
			"0, and each negative number but -1, means for rsyslog that messages are dropped as soon as\n"
			"the receiver cannot be reached. With N above 0 they are dropped after N tries, some 30 seconds\n"
			"apart. Only -1 means never.",
		.mend =
			"Write\n\n"
			"    resumeRetryCount: -1",
	} },
	{ CODE_REBIND, {
		.what =
			"`rebindInterval` means two things: seconds in the extension's documentation and for relpbox,\n"
			"messages for rsyslog.",
		.why =
			"rsyslog ends the connection and makes a new one after so many messages: with 10 it did so\n"
			"20 times for 200 messages, with 1 for each. A number that is good in seconds costs a handshake again\n"
			"and again.",
		.mend =
			"Leave it out, unless connections have to be balanced. Then write one that is good as a\n"
			"number of messages, and say so; this warning cannot know it:\n\n"
			"    rebindInterval: 100000     # relpbox:ignore rebind meant as messages",
	} },
	{ CODE_TIMEOUT, {
		.what =
			"`timeout` is 0 or less.",
		.why =
			"So long rsyslog waits for the receiver's answer: it cannot open a session, and nothing is\n"
			"ever sent. Admission takes it.",
		.mend =
			"Leave it out (90 s), or write 30 to 300. With 1, a receiver that takes 2 seconds to answer\n"
			"never gets a record accepted.",
	} },
	{ CODE_INTEGER_CUT, {
		.what =
			"The number does not fit into 32 bits, of which rsyslog keeps the lower ones.",
		.why =
			"Admission takes 64 bits. rsyslog goes on with what is left, and says nothing: 4294967299 is\n"
			"3.",
		.mend =
			"Write the number that is meant.",
	} },
};

const struct explain_group explain_delivery = {
	.title = "Delivery",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
