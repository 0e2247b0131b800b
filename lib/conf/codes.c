// SPDX-License-Identifier: Apache-2.0
#include "conf/codes.h"

#include "base/mem.h"

#define ERROR(name, kind, concerns) { name, FINDING_ERROR, KIND_##kind, concerns }
#define WARNING(name, kind, concerns) { name, FINDING_WARNING, KIND_##kind, concerns }
#define GARDENER CONCERN_GARDENER
#define RSYSLOG CONCERN_RSYSLOG
#define RELPBOX CONCERN_RELPBOX
#define NODE CONCERN_NODE
#define ALL CONCERN_ALL

static const struct code_info infos[CODE_TLS] = {
	[CODE_YAML_SYNTAX] = ERROR("yaml-syntax", DECODE, ALL),
	[CODE_YAML_UTF8] = ERROR("yaml-utf8", DECODE, ALL),
	[CODE_YAML_CONTROL] = ERROR("yaml-control", DECODE, ALL),
	[CODE_YAML_KEY] = ERROR("yaml-key", DECODE, ALL),
	[CODE_YAML_ALIAS] = ERROR("yaml-alias", DECODE, ALL),
	[CODE_YAML_MERGE] = ERROR("yaml-merge", DECODE, ALL),
	[CODE_YAML_TAG] = ERROR("yaml-tag", DECODE, ALL),
	[CODE_YAML_TAG_IGNORED] = WARNING("yaml-tag-ignored", DECODE, ALL),
	[CODE_YAML_BINARY] = ERROR("yaml-binary", DECODE, NODE),
	[CODE_TOO_LARGE] = ERROR("too-large", INVALID, NODE),
	[CODE_TOO_DEEP] = ERROR("too-deep", INVALID, NODE),
	[CODE_DOCUMENTS] = ERROR("documents", DECODE, RELPBOX),
	[CODE_DOCUMENT_IGNORED] = WARNING("document-ignored", DECODE, NODE),

	[CODE_API_VERSION] = ERROR("api-version", DECODE, ALL),
	[CODE_KIND] = ERROR("kind", DECODE, ALL),
	[CODE_KIND_ABSENT] = ERROR("kind-absent", REQUIRED, RELPBOX),
	[CODE_UNKNOWN_FIELD] = ERROR("unknown-field", DECODE, GARDENER | RELPBOX),
	[CODE_DUPLICATE_KEY] = ERROR("duplicate-key", DECODE, GARDENER | RELPBOX),
	[CODE_TYPE] = ERROR("type", DECODE, ALL),
	[CODE_REQUIRED] = ERROR("required", REQUIRED, ALL),
	[CODE_UNSUPPORTED] = ERROR("unsupported", NOT_SUPPORTED, ALL),
	[CODE_RANGE] = ERROR("range", INVALID, RELPBOX),
	[CODE_TOO_LONG] = ERROR("too-long", INVALID, RELPBOX),
	[CODE_TOO_MANY] = ERROR("too-many", INVALID, RELPBOX),
	[CODE_INVALID] = ERROR("invalid", INVALID, NODE),

	[CODE_TARGET] = ERROR("target", INVALID, GARDENER),
	[CODE_TARGET_NODE] = ERROR("target-node", INVALID, NODE),
	[CODE_PORT_NEGATIVE] = ERROR("port-negative", INVALID, ALL),
	[CODE_PORT] = ERROR("port", INVALID, NODE),
	[CODE_PORT_ABSENT] = ERROR("port-absent", REQUIRED, NODE),

	[CODE_PROGRAM_NAME] = ERROR("program-name", INVALID, ALL),
	[CODE_PROGRAM_NAME_NEVER] = WARNING("program-name-never", INVALID, NODE),
	[CODE_PROGRAM_NAME_DOLLAR] = ERROR("program-name-dollar", INVALID, RSYSLOG),
	[CODE_PROGRAM_NAMES_EMPTY] = WARNING("program-names-empty", INVALID, NODE),
	[CODE_SEVERITY] = WARNING("severity", INVALID, NODE),
	[CODE_REGEX] = ERROR("regex", REQUIRED, GARDENER),
	[CODE_REGEX_RSYSLOG] = ERROR("regex-rsyslog", INVALID, RSYSLOG),
	[CODE_REGEX_SYNTAX] = ERROR("regex-syntax", INVALID, NODE),
	[CODE_REGEX_RELPBOX] = ERROR("regex-relpbox", INVALID, RELPBOX),
	[CODE_REGEX_EMPTY] = WARNING("regex-empty", INVALID, NODE),
	[CODE_REGEX_NEVER] = WARNING("regex-never", INVALID, NODE),
	[CODE_REGEX_ESCAPE] = WARNING("regex-escape", INVALID, NODE),
	[CODE_EXCLUDE_EMPTY] = WARNING("exclude-empty", INVALID, NODE),
	[CODE_RULE_HIDDEN] = WARNING("rule-hidden", INVALID, NODE),
	[CODE_RULE_LONG] = ERROR("rule-long", INVALID, RSYSLOG),
	[CODE_AUDIT_SEVERITY] = WARNING("audit-severity", INVALID, NODE),
	[CODE_AUDIT_NOT_FORWARDED] = WARNING("audit-not-forwarded", INVALID, NODE),

	[CODE_RETRY_ABSENT] = WARNING("retry-absent", REQUIRED, RSYSLOG),
	[CODE_RETRY] = WARNING("retry", INVALID, NODE),
	[CODE_REBIND] = WARNING("rebind", INVALID, RSYSLOG),
	[CODE_TIMEOUT] = ERROR("timeout", INVALID, RSYSLOG),
	[CODE_INTEGER_CUT] = WARNING("integer-cut", INVALID, RSYSLOG),

	[CODE_TLS_OFF] = WARNING("tls-off", INVALID, NODE),
	[CODE_TLS_IGNORED] = WARNING("tls-ignored", INVALID, NODE),
	[CODE_SECRET_REFERENCE] = ERROR("secret-reference", REQUIRED, GARDENER | RSYSLOG),
	[CODE_TLS_AUTH_ABSENT] = ERROR("tls-auth-absent", REQUIRED, RSYSLOG),
	[CODE_TLS_AUTH_OPENSSL] = WARNING("tls-auth-openssl", REQUIRED, RSYSLOG),
	[CODE_TLS_NAME_REQUIRED] = ERROR("tls-name-required", REQUIRED, RSYSLOG),
	[CODE_TLS_FINGERPRINT] = ERROR("tls-fingerprint", INVALID, RSYSLOG),
	[CODE_TLS_FINGERPRINT_REQUIRED] = ERROR("tls-fingerprint-required", REQUIRED, NODE),
	[CODE_PEER] = ERROR("peer", INVALID, GARDENER),
	[CODE_PEER_NODE] = ERROR("peer-node", INVALID, RELPBOX),
	[CODE_PEER_MODE] = WARNING("peer-mode", INVALID, NODE),
	[CODE_PEER_ADDRESS] = WARNING("peer-address", INVALID, RSYSLOG),
	[CODE_PEERS_NOBODY] = ERROR("peers-nobody", INVALID, NODE),

	[CODE_AUDIT_CONFIG_EMPTY] = WARNING("audit-config-empty", INVALID, NODE),
	[CODE_AUDIT_REFERENCE_IGNORED] = WARNING("audit-reference-ignored", INVALID, NODE),
	[CODE_AUDIT_RULES_EMPTY] = ERROR("audit-rules-empty", INVALID, ALL),
	[CODE_AUDIT_RULES_NONE] = WARNING("audit-rules-none", INVALID, NODE),

	[CODE_PROVIDER_CONFIG] = ERROR("provider-config", REQUIRED, GARDENER),
	[CODE_RESOURCE_DUPLICATE] = ERROR("resource-duplicate", DUPLICATE, GARDENER),
	[CODE_EXTENSION_DUPLICATE] = ERROR("extension-duplicate", DUPLICATE, GARDENER),
	[CODE_REFERENCE] = ERROR("reference", REFERENCE, GARDENER),
	[CODE_REFERENCE_KIND] = ERROR("reference-kind", REFERENCE, GARDENER),
	[CODE_REFERENCE_NOT_GIVEN] = ERROR("reference-not-given", REFERENCE, GARDENER),
	[CODE_REFERENCE_NAMESPACE] = WARNING("reference-namespace", REFERENCE, GARDENER),
	[CODE_SECRET_ENTRY] = ERROR("secret-entry", REFERENCE, GARDENER),
	[CODE_SECRET_EXTRA] = ERROR("secret-extra", REFERENCE, GARDENER),
	[CODE_SECRET_IMMUTABLE] = ERROR("secret-immutable", REFERENCE, GARDENER),
	[CODE_SECRET_BASE64] = ERROR("secret-base64", DECODE, GARDENER),
	[CODE_CONFIGMAP_ENTRY] = ERROR("configmap-entry", REFERENCE, GARDENER),
	[CODE_CONFIGMAP_EXTRA] = ERROR("configmap-extra", REFERENCE, GARDENER),
	[CODE_CONFIGMAP_EMPTY] = ERROR("configmap-empty", REFERENCE, GARDENER),
	[CODE_CONFIGMAP_IMMUTABLE] = ERROR("configmap-immutable", REFERENCE, GARDENER),

	[CODE_INPUT] = ERROR("input", INVALID, RELPBOX),
	[CODE_INPUT_DUPLICATE] = ERROR("duplicate", DUPLICATE, RELPBOX),
	[CODE_PATH] = ERROR("path", INVALID, RELPBOX),
	[CODE_TLS_FILES] = ERROR("tls-files", INVALID, RELPBOX),

	[CODE_IGNORE] = WARNING("ignore", INVALID, ALL),
};

/* Who on the node refuses it, in whichever part; nobody there, but a receiver: then it concerns both. */
static struct code_info tls_info(enum tls_trouble what)
{
	const struct tls_trouble_info *t = tls_trouble_info(what);
	unsigned node = t->node[TLS_PART_CA] | t->node[TLS_PART_CERT] | t->node[TLS_PART_KEY];
	unsigned concerns = (node & (TLS_GNUTLS | TLS_OPENSSL) ? RSYSLOG : 0U) |
			    (node & TLS_MBEDTLS ? RELPBOX : 0U);
	bool error = node || t->receiver == TLS_ALL;
	return (struct code_info){ t->name, error ? FINDING_ERROR : FINDING_WARNING, KIND_INVALID,
				   concerns && t->receiver != TLS_ALL ? concerns : NODE };
}

struct code_info code_info(enum code code)
{
	invariant(code < CODES);
	return code < CODE_TLS ? infos[code] : tls_info((enum tls_trouble)(code - CODE_TLS));
}

enum code code_find(struct slice name)
{
	for (unsigned c = 0; c < CODES; c++)
		if (slice_is(name, code_info((enum code)c).name))
			return (enum code)c;
	return CODES;
}

const char *finding_kind_text(enum finding_kind kind)
{
	static const char *const texts[] = {
		[KIND_REQUIRED] = "Required",	      [KIND_INVALID] = "Invalid",
		[KIND_NOT_SUPPORTED] = "NotSupported", [KIND_DUPLICATE] = "Duplicate",
		[KIND_TYPE_INVALID] = "TypeInvalid",  [KIND_FORBIDDEN] = "Forbidden",
		[KIND_DECODE] = "Decode",	      [KIND_REFERENCE] = "Reference",
	};
	return texts[kind];
}
