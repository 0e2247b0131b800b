// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_API_VERSION, {
		.what =
			"The object's apiVersion is absent, or not the one that goes with its kind.",
		.why =
			"The decoder finds the type by apiVersion and kind. Without apiVersion Gardener takes its\n"
			"internal type, whose fields are called otherwise, and then refuses `target` as unknown.",
		.mend =
			"Write\n\n"
			"    apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\n"
			"    kind: RsyslogRelpConfig",
	} },
	{ CODE_KIND, {
		.what =
			"The kind is not one that is registered for this apiVersion.",
		.why =
			"The decoder does not know what to make of the object. Kinds are compared exactly, upper and\n"
			"lower case differ.",
		.mend =
			"RsyslogRelpConfig in a Shoot's providerConfig, Auditd under `auditd` of a ConfigMap,\n"
			"Forward with `relpbox/v1alpha1`.",
	} },
	{ CODE_KIND_ABSENT, {
		.what =
			"The kind is absent.",
		.why =
			"Gardener fills in the kind where apiVersion is right; relpbox does not guess, and neither\n"
			"do other tools that read the file.",
		.mend =
			"Write the kind:\n\n"
			"    kind: RsyslogRelpConfig",
	} },
	{ CODE_UNKNOWN_FIELD, {
		.what =
			"There is no field of this name here. Names are case sensitive.",
		.why =
			"Admission refuses the Shoot, relpbox does not start. Where decoding is not strict, the\n"
			"field would be dropped, and the default taken in its place: a misspelt `tls` would send logs in\n"
			"plain.",
		.mend =
			"Write the name that the message offers; or look at the indentation: the field may belong\n"
			"to the level above or below.\n\n"
			"    tls:\n"
			"      enabled: true       # not: enable",
	} },
	{ CODE_DUPLICATE_KEY, {
		.what =
			"A key stands twice in one map, or is set and merged (`<<`) as well.",
		.why =
			"Strict decoding refuses it, because readers differ in which of the two counts.",
		.mend =
			"Remove one. Two rules are two items of a list, not two keys:\n\n"
			"    loggingRules:\n"
			"    - severity: 4\n"
			"    - programNames: [\"sshd\"]",
	} },
	{ CODE_TYPE, {
		.what =
			"The value has another type than the field: a text where an integer belongs, and so on.",
		.why =
			"The decoder refuses it. YAML 1.1 reads plain `yes`, `no`, `on`, `off`, `y` and `n` as\n"
			"booleans and `010` as 8; what stands in quotes is always a text.",
		.mend =
			"Add or remove quotes:\n\n"
			"    port: 20514                # not: \"20514\"\n"
			"    programNames: [\"on\"]       # not: [on]",
	} },
	{ CODE_REQUIRED, {
		.what =
			"The field must be there, and must not be null or empty.",
		.why =
			"Admission refuses the Shoot; relpbox does not start without it.",
		.mend =
			"Set it. A rule needs one of `programNames`, `severity` and `messageContent`; everything is\n"
			"forwarded by\n\n"
			"    loggingRules:\n"
			"    - severity: 7",
	} },
	{ CODE_UNSUPPORTED, {
		.what =
			"The value is not one of those that there are; the message lists them. Upper and lower case differ.",
		.why =
			"Admission refuses it, rsyslog and relpbox know no other.",
		.mend =
			"Write one of them:\n\n"
			"    tls:\n"
			"      authMode: name         # or fingerprint\n"
			"      tlsLib: openssl        # or gnutls",
	} },
	{ CODE_RANGE, {
		.what =
			"The number is outside of what relpbox takes.",
		.why =
			"Gardener does not look at most numbers; relpbox does not start with one that cannot be\n"
			"meant.",
		.mend =
			"Write one within the bounds that the message gives.",
	} },
	{ CODE_TOO_LONG, {
		.what =
			"A text is longer than relpbox takes (16 KiB).",
		.why =
			"A limit of relpbox: every input has one. A text of that size in a configuration is hardly\n"
			"meant.",
		.mend =
			"Shorten it; a long regex can be several rules.",
	} },
	{ CODE_TOO_MANY, {
		.what =
			"A list has more items than relpbox takes: 256 rules, 256 permitted peers, 1,000 names, 16 inputs.",
		.why =
			"A limit of relpbox: every input has one, and each rule costs time for each record.",
		.mend =
			"Join rules: names in one list, patterns by `|`.",
	} },
	{ CODE_INVALID, {
		.what =
			"The text is not what it must be; the message says what that is.",
		.why =
			"It cannot be used on the node.",
		.mend =
			"Write it as the message says, for example sizes as `64KiB` and times as `10m`.",
	} },
};

const struct explain_group explain_decoding = {
	.title = "Decoding",
	.about =
		"Decoding is strict in Gardener's admission and in relpbox: what nobody asked for is refused rather\n"
		"than ignored.",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
