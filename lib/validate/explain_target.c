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
			"`target` passes admission, or is not seen by it, and is not what the node connects to.",
		.why =
			"Admission takes every text of digits and dots as a name. rsyslog reads `010.1.1.1` as octal\n"
			"(8.1.1.1) and `127.1` as 127.0.0.1; for `256.1.1.1` and names whose last label is a number it asks\n"
			"the DNS, where there is none. For a label of more than 63 characters the resolver does not even ask.",
		.mend =
			"Write an address of four numbers from 0 to 255 without leading zeros, or a DNS name.",
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
			"Admission takes any number from 0 up. With 0 rsyslog never connects; of a larger number it\n"
			"takes what is left of it modulo 65536, another port. relpbox does not start.",
		.mend =
			"Write the port on which the receiver listens, 1 to 65535:\n\n"
			"    port: 20514",
	} },
	{ CODE_PORT_ABSENT, {
		.what =
			"There is no port.",
		.why =
			"Admission takes an absent port as 0, and so does rsyslog, which then never connects.\n"
			"relpbox does not start.",
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
