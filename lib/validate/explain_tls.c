// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_TLS_OFF, {
		.what =
			"Records are sent in plain.",
		.why =
			"Whoever is on the way can read and change them, audit records with user names, commands and\n"
			"paths among them; and anybody can send to the receiver in the node's name.",
		.mend =
			"Turn TLS on, and name the Secret with `ca`, `crt` and `key`:\n\n"
			"    tls:\n"
			"      enabled: true\n"
			"      secretReferenceName: rsyslog-relp-tls\n"
			"      authMode: name\n"
			"      permittedPeer: [\"logs.example.com\"]",
	} },
	{ CODE_TLS_IGNORED, {
		.what =
			"Fields of `tls` are set, and TLS is off: nothing of them counts.",
		.why =
			"Without `enabled: true` Gardener leaves all of `tls` out, and records are sent in plain. An\n"
			"absent `enabled` is false.",
		.mend =
			"Add `enabled: true`, or remove `tls`.",
	} },
	{ CODE_SECRET_REFERENCE, {
		.what =
			"TLS is on, and `secretReferenceName` is absent or empty.",
		.why =
			"Admission refuses the Shoot: there is no CA, no certificate and no key for the node.",
		.mend =
			"Name an entry of the Shoot's `spec.resources` that refers to a Secret:\n\n"
			"    tls:\n"
			"      enabled: true\n"
			"      secretReferenceName: rsyslog-relp-tls",
	} },
	{ CODE_TLS_AUTH_ABSENT, {
		.what =
			"TLS is on, and `authMode` is absent.",
		.why =
			"With `tlsLib: gnutls`, and without `tlsLib`, rsyslog then compares fingerprints and refuses\n"
			"every receiver: nothing is ever sent. Admission takes it. relpbox takes `name`.",
		.mend =
			"Write\n\n"
			"    authMode: name\n"
			"    permittedPeer: [\"logs.example.com\"]",
	} },
	{ CODE_TLS_AUTH_OPENSSL, {
		.what =
			"TLS is on with `tlsLib: openssl`, and `authMode` is absent.",
		.why =
			"rsyslog then takes every receiver whose certificate the CA signed, whatever its name, and\n"
			"ignores `permittedPeer`: any node of the same CA can take the logs.",
		.mend =
			"Write\n\n"
			"    authMode: name\n"
			"    permittedPeer: [\"logs.example.com\"]",
	} },
	{ CODE_TLS_NAME_REQUIRED, {
		.what =
			"`authMode` is `name`, and `permittedPeer` is empty.",
		.why =
			"rsyslog then permits nobody: no handshake succeeds, and nothing is ever sent. Admission\n"
			"takes it. relpbox wants the target's own name then.",
		.mend =
			"Name the receiver as its certificate does:\n\n"
			"    permittedPeer: [\"logs.example.com\"]",
	} },
	{ CODE_TLS_FINGERPRINT, {
		.what =
			"`authMode` is `fingerprint`, and rsyslog is to compare a fingerprint as Gardener takes it.",
		.why =
			"Admission takes `SHA1:` and 40 digits without colons alone; rsyslog, with either library,\n"
			"knows only digits with colons. So no such entry ever fits: no handshake succeeds, and nothing is\n"
			"ever sent.",
		.mend =
			"With rsyslog use names:\n\n"
			"    authMode: name\n"
			"    permittedPeer: [\"logs.example.com\"]",
	} },
	{ CODE_TLS_FINGERPRINT_REQUIRED, {
		.what =
			"`authMode` is `fingerprint`, and `permittedPeer` is empty.",
		.why =
			"There is nothing to compare with: the receiver is never permitted, and nothing is sent.",
		.mend =
			"With rsyslog use names (see `tls-fingerprint`). With relpbox write the fingerprint of the\n"
			"receiver's certificate:\n\n"
			"    openssl x509 -in server.crt -noout -fingerprint -sha1 | sed 's/.*=/SHA1:/; s/:\\(..\\)/\\1/2g'",
	} },
	{ CODE_PEER, {
		.what =
			"Gardener's admission refuses the entry of `permittedPeer`.",
		.why =
			"It takes `SHA1:` and 40 hexadecimal digits without colons, a DNS name in small letters, or\n"
			"`*.` and such a name. Addresses in IPv6, SHA-256 and other patterns are refused.",
		.mend =
			"Write one of\n\n"
			"    permittedPeer:\n"
			"    - logs.example.com\n"
			"    - \"*.example.com\"\n"
			"    - SHA1:0123456789abcdef0123456789abcdef01234567     # with authMode: fingerprint",
	} },
	{ CODE_PEER_NODE, {
		.what =
			"relpbox cannot use the entry of `permittedPeer`.",
		.why =
			"It does not start with a pattern that it does not know, or a fingerprint of the wrong\n"
			"length, rather than to permit something else than is meant.",
		.mend =
			"A star stands for one label, or begins or ends one: `*.example.com`, `log*.example.com`. A\n"
			"fingerprint is `SHA1:` with 40 hexadecimal digits or `SHA256:` with 64.",
	} },
	{ CODE_PEER_MODE, {
		.what =
			"The entry is not of the kind that `authMode` looks at.",
		.why =
			"With `name`, fingerprints permit nobody; with `fingerprint`, names permit nobody. Addresses\n"
			"are no names for rsyslog, which does not look at those of a certificate.",
		.mend =
			"Remove the entry, or change `authMode`.",
	} },
	{ CODE_PEER_ADDRESS, {
		.what =
			"The entry of `permittedPeer` is an address.",
		.why =
			"rsyslog looks at the names of a certificate, not at its addresses: the entry permits\n"
			"nobody. relpbox looks at both.",
		.mend =
			"Name the receiver as its certificate does:\n\n"
			"    permittedPeer: [\"logs.example.com\"]",
	} },
	{ CODE_PEERS_NOBODY, {
		.what =
			"None of the entries of `permittedPeer` is of the kind that `authMode` looks at.",
		.why =
			"Nobody is permitted: no handshake succeeds, and nothing is ever sent.",
		.mend =
			"Write names for `authMode: name`, fingerprints for `authMode: fingerprint`.",
	} },
};

const struct explain_group explain_tls = {
	.title = "TLS",
	.about =
		"Which certificates are needed, and how to make them: [TLS.md](TLS.md).",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
