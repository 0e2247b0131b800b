// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_YAML_SYNTAX, {
		.what =
			"The text is not YAML (or JSON): the message says what the parser met, and where.",
		.why =
			"Nobody reads any of this document: kubectl and the API server refuse it, relpbox does not\n"
			"start with it.",
		.mend =
			"Look at the line, and at the one before it: mostly indentation, a tab, a quote that is not\n"
			"closed, or a text without quotes that has `: ` in it or begins with one of `*&!%@[{`.\n\n"
			"    regex: 'error: (.*)'                  # not: error: (.*)\n"
			"    permittedPeer: [\"*.example.com\"]      # not: [*.example.com]",
	} },
	{ CODE_YAML_UTF8, {
		.what =
			"The text is not UTF-8.",
		.why =
			"JSON, which the API server gets, is UTF-8; bytes of another encoding are refused by the\n"
			"parser before anything is looked at.",
		.mend =
			"Save the file as UTF-8, or convert it:\n\n"
			"    iconv -f LATIN1 -t UTF-8 shoot.yaml > new.yaml",
	} },
	{ CODE_YAML_CONTROL, {
		.what =
			"A control character stands in the text that YAML does not allow.",
		.why =
			"The parser refuses the whole text. Such bytes come from a terminal's output, a binary file\n"
			"or a broken editor.",
		.mend =
			"Remove it. Where a value needs one, write it as an escape in double quotes:\n\n"
			"    text: \"\\x1b[31m\"",
	} },
	{ CODE_YAML_KEY, {
		.what =
			"A key is no scalar: a list or a map stands where the name of a field belongs.",
		.why =
			"JSON has only texts as keys, so that this cannot become an object of Kubernetes.",
		.mend =
			"Mostly an unquoted template or flow syntax is meant as text. Put it in quotes:\n\n"
			"    \"{name}\": value",
	} },
	{ CODE_YAML_ALIAS, {
		.what =
			"An alias (`*name`) refers to an anchor (`&name`) that does not stand before it, or to what it is\n"
			"itself a part of.",
		.why =
			"The parser refuses the document. A text that begins with `*` is read as an alias unless it\n"
			"is quoted.",
		.mend =
			"Define the anchor above, or quote the text:\n\n"
			"    regex: '*error'      # not: *error",
	} },
	{ CODE_YAML_MERGE, {
		.what =
			"A merge (`<<`) has a value that is no map and no list of maps.",
		.why =
			"A merge copies the fields of another map; there is nothing to copy, and the parser refuses\n"
			"it.",
		.mend =
			"Refer to an anchor of a map:\n\n"
			"    <<: *defaults",
	} },
	{ CODE_YAML_TAG, {
		.what =
			"A value does not fit the tag before it: `!!int` before a text that is no integer, and so on.",
		.why =
			"The parser refuses the document.",
		.mend =
			"Leave the tag out; quotes say that a text is meant:\n\n"
			"    name: \"1\"      # not: name: !!str 1",
	} },
	{ CODE_YAML_TAG_IGNORED, {
		.what =
			"A tag is not known and ignored: the value counts as if it were not there.",
		.why =
			"Tags such as `!vault` or `!Ref` belong to other programs that replace the value. Kubernetes\n"
			"reads what stands behind the tag as it is.",
		.mend =
			"Let that program write the file first, and judge what it wrote; or remove the tag.",
	} },
	{ CODE_YAML_BINARY, {
		.what =
			"`!!binary` stands before a value.",
		.why =
			"Kubernetes puts the decoded bytes where a text belongs. relpbox refuses it, because hardly\n"
			"anybody means that.",
		.mend =
			"In a Secret write the base64 text itself, without a tag:\n\n"
			"    data:\n"
			"      ca: LS0tLS1CRUdJTi...",
	} },
	{ CODE_TOO_LARGE, {
		.what =
			"The file, or what its aliases stand for, goes beyond a limit.",
		.why =
			"A file that grows without end, or a few lines whose aliases stand for gigabytes, must not\n"
			"take the machine's memory. `forward` reads 4 MiB, `validate` 16 MiB of a file; etcd takes about 1.5\n"
			"MiB of an object.",
		.mend =
			"Split the file, one object each. Write out what many aliases multiply.",
	} },
	{ CODE_TOO_DEEP, {
		.what =
			"Lists and maps are nested deeper than 64 levels.",
		.why =
			"No field of any kind that is judged here is that deep: the file is broken, or made to\n"
			"exhaust memory.",
		.mend =
			"Look for brackets that are opened and never closed.",
	} },
	{ CODE_DOCUMENTS, {
		.what =
			"There is no document, or more than one where one is wanted.",
		.why =
			"`forward` runs by one configuration, and does not guess which. Kubernetes would read the\n"
			"first and drop the rest of a providerConfig without a word.",
		.mend =
			"Keep one document in the file that `--config` names; empty ones do not count.",
	} },
	{ CODE_DOCUMENT_IGNORED, {
		.what =
			"A text that holds one document has more behind it: they are ignored.",
		.why =
			"Of a providerConfig, and of the `auditd` text of a ConfigMap, only the first document is\n"
			"read: what stands behind `---` has no effect, and nobody says so.",
		.mend =
			"Move it into the first document, or remove it.",
	} },
};

const struct explain_group explain_text = {
	.title = "The text and its documents",
	.about =
		"Texts are read as Kubernetes reads them: YAML 1.1 in the strict form of sigs.k8s.io/yaml, which\n"
		"becomes JSON. See [CONFIGURATION.md](CONFIGURATION.md#how-yaml-is-read).",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
