// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_CODES_H
#define CONF_CODES_H

#include "base/slice.h"
#include "tls/inspect.h"

/*
 * What can be said about the user's input. A code is stable: people write it in
 * ignore comments and baselines. It fixes how serious a finding is, which kind
 * of field error Kubernetes calls it, and whom it concerns; codes.c is the table,
 * docs/FINDINGS.md what `relpbox validate --explain` says of each.
 */
enum concern {
	CONCERN_GARDENER = 1, /* admission, or the API server, refuses it */
	CONCERN_RSYSLOG = 2,  /* rsyslog, as Gardener renders it, on the node */
	CONCERN_RELPBOX = 4,  /* relpbox on the node */
	CONCERN_NODE = CONCERN_RSYSLOG | CONCERN_RELPBOX,
	CONCERN_ALL = CONCERN_GARDENER | CONCERN_NODE,
};

enum finding_severity { FINDING_ERROR, FINDING_WARNING };

/* Kubernetes' names of field errors; Decode: strict decoding; Reference: objects that are referred to. */
enum finding_kind {
	KIND_REQUIRED,
	KIND_INVALID,
	KIND_NOT_SUPPORTED,
	KIND_DUPLICATE,
	KIND_TYPE_INVALID,
	KIND_FORBIDDEN,
	KIND_DECODE,
	KIND_REFERENCE,
};

enum code {
	/* the text and its documents */
	CODE_YAML_SYNTAX,
	CODE_YAML_UTF8,
	CODE_YAML_CONTROL,
	CODE_YAML_KEY,
	CODE_YAML_ALIAS,
	CODE_YAML_MERGE,
	CODE_YAML_TAG,
	CODE_YAML_TAG_IGNORED,
	CODE_YAML_BINARY,
	CODE_TOO_LARGE,
	CODE_TOO_DEEP,
	CODE_DOCUMENTS,
	CODE_DOCUMENT_IGNORED,
	/* decoding */
	CODE_API_VERSION,
	CODE_KIND,
	CODE_KIND_ABSENT,
	CODE_UNKNOWN_FIELD,
	CODE_DUPLICATE_KEY,
	CODE_TYPE,
	CODE_REQUIRED,
	CODE_UNSUPPORTED,
	CODE_RANGE,
	CODE_TOO_LONG,
	CODE_TOO_MANY,
	CODE_INVALID,
	/* target and port */
	CODE_TARGET,
	CODE_TARGET_NODE,
	CODE_PORT_NEGATIVE,
	CODE_PORT,
	CODE_PORT_ABSENT,
	/* loggingRules */
	CODE_PROGRAM_NAME,
	CODE_PROGRAM_NAME_NEVER,
	CODE_PROGRAM_NAME_DOLLAR,
	CODE_PROGRAM_NAMES_EMPTY,
	CODE_SEVERITY,
	CODE_REGEX,
	CODE_REGEX_RSYSLOG,
	CODE_REGEX_SYNTAX,
	CODE_REGEX_RELPBOX,
	CODE_REGEX_EMPTY,
	CODE_REGEX_NEVER,
	CODE_REGEX_ESCAPE,
	CODE_EXCLUDE_EMPTY,
	CODE_RULE_HIDDEN,
	CODE_RULE_LONG,
	CODE_AUDIT_SEVERITY,
	CODE_AUDIT_NOT_FORWARDED,
	/* delivery */
	CODE_RETRY_ABSENT,
	CODE_RETRY,
	CODE_REBIND,
	CODE_TIMEOUT,
	CODE_INTEGER_CUT,
	/* tls */
	CODE_TLS_OFF,
	CODE_TLS_IGNORED,
	CODE_SECRET_REFERENCE,
	CODE_TLS_AUTH_ABSENT,
	CODE_TLS_AUTH_OPENSSL,
	CODE_TLS_NAME_REQUIRED,
	CODE_TLS_FINGERPRINT,
	CODE_TLS_FINGERPRINT_REQUIRED,
	CODE_PEER,
	CODE_PEER_NODE,
	CODE_PEER_MODE,
	CODE_PEER_ADDRESS,
	CODE_PEERS_NOBODY,
	/* auditConfig and Auditd */
	CODE_AUDIT_CONFIG_EMPTY,
	CODE_AUDIT_REFERENCE_IGNORED,
	CODE_AUDIT_RULES_EMPTY,
	CODE_AUDIT_RULES_NONE,
	/* Shoot, and what it refers to */
	CODE_PROVIDER_CONFIG,
	CODE_EXTENSION_DUPLICATE,
	CODE_RESOURCE_DUPLICATE,
	CODE_REFERENCE,
	CODE_REFERENCE_KIND,
	CODE_REFERENCE_NOT_GIVEN,
	CODE_REFERENCE_NAMESPACE,
	CODE_SECRET_ENTRY,
	CODE_SECRET_EXTRA,
	CODE_SECRET_IMMUTABLE,
	CODE_SECRET_BASE64,
	CODE_CONFIGMAP_ENTRY,
	CODE_CONFIGMAP_EXTRA,
	CODE_CONFIGMAP_EMPTY,
	CODE_CONFIGMAP_IMMUTABLE,
	/* our own kind */
	CODE_INPUT,
	CODE_INPUT_DUPLICATE,
	CODE_PATH,
	CODE_TLS_FILES,
	/* what is said to validate itself */
	CODE_IGNORE,

	/* what is wrong with ca, crt or key of a Secret: CODE_TLS + an enum tls_trouble */
	CODE_TLS,
	CODES = CODE_TLS + TLS_TROUBLES
};

struct code_info {
	const char *name; /* "unknown-field" */
	enum finding_severity severity;
	enum finding_kind kind;
	unsigned concerns; /* of enum concern, or'ed */
};

/* Of CODE_TLS and behind: what it can be at most; each finding says what it is. */
struct code_info code_info(enum code code);

/* By name; CODES: there is none. */
enum code code_find(struct slice name);

/* "Required", "NotSupported", ... */
const char *finding_kind_text(enum finding_kind kind);

#endif
