// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_PROVIDER_CONFIG, {
		.what =
			"The extension's entry has no `providerConfig`.",
		.why =
			"Admission refuses the Shoot: there is nothing to configure rsyslog by.",
		.mend =
			"Write one; or take the extension out, or set `disabled: true` in its entry:\n\n"
			"    extensions:\n"
			"    - type: shoot-rsyslog-relp\n"
			"      providerConfig:\n"
			"        apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\n"
			"        kind: RsyslogRelpConfig\n"
			"        target: logs.example.com\n"
			"        port: 20514\n"
			"        resumeRetryCount: -1\n"
			"        loggingRules:\n"
			"        - severity: 7\n"
			"        tls:\n"
			"          enabled: true\n"
			"          secretReferenceName: rsyslog-relp-tls     # see `reference`\n"
			"          authMode: name\n"
			"          permittedPeer: [\"logs.example.com\"]",
	} },
	{ CODE_EXTENSION_DUPLICATE, {
		.what =
			"The extension stands twice in `spec.extensions`.",
		.why =
			"Gardener's API server refuses a type that is there twice; the extension's own admission\n"
			"looks at the first alone.",
		.mend =
			"Remove one.",
	} },
	{ CODE_RESOURCE_DUPLICATE, {
		.what =
			"A name that the providerConfig refers to stands twice in `spec.resources`.",
		.why =
			"Gardener's API server refuses the Shoot; admission would look at the first alone.",
		.mend =
			"Give each entry a name of its own, and refer to the one that is meant.",
	} },
	{ CODE_REFERENCE, {
		.what =
			"A name that is referred to is not the name of an entry of `spec.resources`.",
		.why =
			"Admission refuses the Shoot. `secretReferenceName` and `configMapReferenceName` are names\n"
			"of entries of `spec.resources`, not of the objects themselves.",
		.mend =
			"Add the entry:\n\n"
			"    resources:\n"
			"    - name: rsyslog-relp-tls          # secretReferenceName\n"
			"      resourceRef:\n"
			"        apiVersion: v1\n"
			"        kind: Secret\n"
			"        name: rsyslog-relp-tls-v1     # the Secret",
	} },
	{ CODE_REFERENCE_KIND, {
		.what =
			"The entry of `spec.resources` refers to an object of another kind.",
		.why =
			"Admission refuses the Shoot: for TLS it wants a Secret, for audit rules a ConfigMap.",
		.mend =
			"Correct `resourceRef.kind`, or refer to another entry.",
	} },
	{ CODE_REFERENCE_NOT_GIVEN, {
		.what =
			"The object that is referred to is not among the files (`--require-refs`).",
		.why =
			"Admission refuses a Shoot whose Secret or ConfigMap does not exist. Here it may exist in\n"
			"the cluster, so that this is said only with `--require-refs`.",
		.mend =
			"Give its file too, or judge without `--require-refs`.",
	} },
	{ CODE_REFERENCE_NAMESPACE, {
		.what =
			"An object of this name is among the files, and in another namespace.",
		.why =
			"Admission looks in the Shoot's namespace, which is the project's (`garden-...`).",
		.mend =
			"Give both the same `metadata.namespace`.",
	} },
	{ CODE_SECRET_ENTRY, {
		.what =
			"The Secret lacks one of `ca`, `crt` and `key`.",
		.why =
			"Admission refuses the Shoot. The names are these, not those of a Secret of type\n"
			"kubernetes.io/tls (`ca.crt`, `tls.crt`, `tls.key`).",
		.mend =
			"Make it anew:\n\n"
			"    kubectl create secret generic rsyslog-relp-tls-v1 --from-file=ca=ca.crt \\\n"
			"        --from-file=crt=tls.crt --from-file=key=tls.key",
	} },
	{ CODE_SECRET_EXTRA, {
		.what =
			"The Secret has more than `ca`, `crt` and `key`.",
		.why =
			"Admission refuses the Shoot: it wants exactly these three.",
		.mend =
			"Remove what else is in it.",
	} },
	{ CODE_SECRET_IMMUTABLE, {
		.what =
			"The Secret is not immutable.",
		.why =
			"Admission refuses the Shoot. It looks at a Shoot's changes alone, and so wants what it\n"
			"looked at to stay as it is.",
		.mend =
			"Write\n\n"
			"    immutable: true\n\n"
			"For new certificates make a Secret with a new name, and let `spec.resources` refer to that.",
	} },
	{ CODE_SECRET_BASE64, {
		.what =
			"A value under `data` is not base64.",
		.why =
			"The API server refuses the Secret.",
		.mend =
			"Encode it, or write it as it is under `stringData`:\n\n"
			"    base64 -w0 ca.crt",
	} },
	{ CODE_CONFIGMAP_ENTRY, {
		.what =
			"The ConfigMap has no entry `auditd`.",
		.why =
			"Admission refuses the Shoot.",
		.mend =
			"Write\n\n"
			"    data:\n"
			"      auditd: |\n"
			"        apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\n"
			"        kind: Auditd\n"
			"        auditRules: |\n"
			"          -a exit,always -F arch=b64 -S execve -F euid=0 -k root",
	} },
	{ CODE_CONFIGMAP_EXTRA, {
		.what =
			"The ConfigMap has more than the entry `auditd`.",
		.why =
			"Admission refuses the Shoot: it wants exactly this one.",
		.mend =
			"Remove what else is in it.",
	} },
	{ CODE_CONFIGMAP_EMPTY, {
		.what =
			"The entry `auditd` is empty.",
		.why =
			"Admission refuses the Shoot.",
		.mend =
			"Write an Auditd document (see `configmap-entry`), or remove `configMapReferenceName`.",
	} },
	{ CODE_CONFIGMAP_IMMUTABLE, {
		.what =
			"The ConfigMap is not immutable.",
		.why =
			"Admission refuses the Shoot. It looks at a Shoot's changes alone, and so wants what it\n"
			"looked at to stay as it is.",
		.mend =
			"Write\n\n"
			"    immutable: true\n\n"
			"For new rules make a ConfigMap with a new name, and let `spec.resources` refer to that.",
	} },
};

const struct explain_group explain_objects = {
	.title = "Shoot, Secret and ConfigMap",
	.about =
		"What Gardener's admission says of a Shoot and of what it refers to by `spec.resources`. Objects are\n"
		"looked for among the files that are judged, in the Shoot's namespace.",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
