// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_TARGET, {
		.what =
			"`target` is neither an IP address in its canonical form nor a DNS name in small letters (DNS-1123).",
		.why =
			"Admission refuses the Shoot. It wants IPv4 without leading zeros and IPv6 in its shortest\n"
			"form in small letters, without brackets and without a zone.",
		.mend =
			"Write it so; the port has a field of its own:\n\n"
			"    target: logs.example.com     # not: Logs.example.com, logs.example.com:20514\n"
			"    target: 2001:db8::1          # not: 2001:DB8:0::1, [2001:db8::1]",
	} },
	{ CODE_TARGET_NODE, {
		.what =
			"`target` passes admission, or is not seen by it, and cannot be reached by that name.",
		.why =
			"Admission knows no limit of a label (63 characters) and lets names pass that end in a\n"
			"number, such as `256.1.1.1` or `010.1.1.1`: no resolver knows them, and nothing is ever sent.",
		.mend =
			"Write an address with numbers from 0 to 255, or a DNS name.",
	} },
	{ CODE_PORT_NEGATIVE, {
		.what =
			"The port is below 0.",
		.why =
			"Admission refuses the Shoot.",
		.mend =
			"Write the port on which the receiver listens, 1 to 65535:\n\n"
			"    port: 20514",
	} },
	{ CODE_PORT, {
		.what =
			"The port is 0 or above 65535.",
		.why =
			"Admission takes any number from 0 up. There is no such TCP port: the node connects to\n"
			"nothing, and no record is ever sent.",
		.mend =
			"Write the port on which the receiver listens, 1 to 65535:\n\n"
			"    port: 20514",
	} },
	{ CODE_PORT_ABSENT, {
		.what =
			"There is no port.",
		.why =
			"Admission takes an absent port as 0, and rsyslog's configuration then says port 0: nothing\n"
			"is ever sent. relpbox does not start.",
		.mend =
			"Write the port on which the receiver listens:\n\n"
			"    port: 20514",
	} },
};

const struct explain_group explain_target = {
	.title = "target and port",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
