// SPDX-License-Identifier: Apache-2.0
#ifndef VALIDATE_INTERNAL_H
#define VALIDATE_INTERNAL_H

#include "conf/config.h"
#include "conf/yaml.h"
#include "validate/ignore.h"
#include "validate/validate.h"

/* Shared by the files of this folder that judge. */

enum object_kind { OBJECT_SECRET, OBJECT_CONFIGMAP };

/* A Secret or ConfigMap that somebody may refer to, and what is to be said of it then. */
struct object {
	enum object_kind kind;
	size_t file;
	char *name, *ns; /* NULL: it says none */
	bool ours;	 /* by what it holds: judged, whoever refers to it */
	bool referred;
	bool unread;	 /* encrypted, a template, or made of another kind: it is there, and that is all */
	unsigned libs;	 /* of rsyslog: TLS_GNUTLS, TLS_OPENSSL, of the Shoots that refer to it */
	struct findings findings;
	struct tls_findings *tls; /* what is wrong with a Secret's certificates and key; or NULL */
};

/* A Shoot's entry of spec.resources that its providerConfig uses. */
struct reference {
	enum object_kind kind;
	size_t file;
	bool discreet;	 /* of the Shoot: names are not shown */
	char *name, *ns; /* of the object; ns NULL: the Shoot says none */
	unsigned libs;	 /* as an object's */
	unsigned line, col;
	char *path;
};

struct file {
	char *name;
	struct findings findings;
	struct ignore_comments comments;
};

struct validate {
	struct validate_options o;
	struct file *files;
	size_t n_files, cap_files;
	struct object *objects;
	size_t n_objects, cap_objects;
	struct reference *references;
	size_t n_references, cap_references;
	char **patches; /* files, by what kustomizations say */
	size_t n_patches, cap_patches;
	size_t n_findings; /* of all files */
	struct report report;
	size_t cap_report;
};

/* --- kustomize's patches: patches.c ---------------------------------------------- */

#define PATCH_PATH_MAX 4096

/* The files that a Kustomization, if root is one, names as patches. */
void patches_note(struct validate *v, size_t file, const struct node *root);
void patches_sort(struct validate *v);			  /* once all are noted */
bool patches_have(const struct validate *v, const char *file); /* after that */
bool patch_may_lack(enum code code); /* said of what is absent, and may stand in what is patched */
void patches_free(struct validate *v);

/* One document of a file, or an item of a List in it. */
struct document {
	struct validate *v;
	size_t file;
	const struct node *root;
	const char *path; /* of root: "" or "items[3]" */
	struct findings *f; /* the file's */
	bool typed; /* its kind and apiVersion are those of the List that it stands in */
};

/* --- what a document is: kinds.c ------------------------------------------------- */

enum document_kind {
	DOCUMENT_OTHER, /* nothing to us */
	DOCUMENT_LIST,
	DOCUMENT_SHOOT,
	DOCUMENT_RELP,
	DOCUMENT_FORWARD,
	DOCUMENT_AUDITD,
	DOCUMENT_SECRET,
	DOCUMENT_CONFIGMAP,
	DOCUMENT_UNREGISTERED, /* a kind or version that there is not, in a group of ours */
};

/* By kind and apiVersion; where there is no kind, by what it holds. */
enum document_kind document_kind(const struct node *root);

/* An item's. typed: the API server's SecretList and the like have kind and apiVersion for their items. */
enum document_kind document_kind_in(const struct node *list, const struct node *item, bool *typed);

/* Of relpbox's own group, which Gardener never sees. */
bool document_is_own(const struct node *root);

bool document_is_encrypted(const struct node *root); /* by sops */

/* A "{{" and a "}}" behind it. */
bool text_has_template(struct slice s);

/* Does one, or a ${NAME}, stand in what would be judged? */
bool document_is_template(enum document_kind kind, const struct node *root);

/* Does a private key stand in it, wherever that is? Then nothing of it is shown. */
bool document_holds_key(const struct node *root);

/* Of a text before it is read: may it hold a secret? Rather too often than not. */
bool text_may_be_secret(struct slice text);

/* Of a text that cannot be read: may it be something to judge? Rather too often than not. */
bool text_may_be_manifest(struct slice text);

#define EXTENSION_TYPE "shoot-rsyslog-relp"

/* The entries of a Shoot's spec.extensions that are the extension's; NULL: there is none behind `from`. */
const struct node *shoot_extension(const struct node *root, size_t from, size_t *at);

/* --- judging: each adds to d->f --------------------------------------------------- */

void judge_shoot(const struct document *d);
void judge_relp(const struct document *d);
void judge_forward(const struct document *d);
void judge_auditd(const struct document *d);
void judge_secret(const struct document *d);
void judge_configmap(const struct document *d);
void judge_unregistered(const struct document *d);

/*
 * The audit rules that value, a string, holds; path is value's. What a linter of
 * rules says goes here: node_place(value) tells where each of its lines stands.
 */
void judge_audit_rules(const struct node *value, const char *path, struct findings *f);

/* An Auditd that is a text inside another document, at path. */
void judge_auditd_text(const struct node *value, const char *path, struct findings *f);

/* --- parts: object.c ---------------------------------------------------------------- */

/* Of metadata; NULL where it says none. The string is the document's. */
const char *metadata_text(const struct node *root, const char *key);

/* "PATH.KEY", or "KEY" where path is "". */
void path_join(struct buf *out, const char *path, const char *key);

/* A finding at n, path d->path and key. */
void document_add(const struct document *d, const struct node *n, const char *key, enum code code,
		  const char *text);

/* apiVersion must be there, and be this, and kind must be there: as the API server has it. */
void document_check_type(const struct document *d, const char *api_version, const char *kind);

/* immutable: true, as admission wants it of what a Shoot refers to. */
void document_check_immutable(const struct document *d, enum code code, const char *text);

/* What is wrong with a Secret's certificates and key, until it is known who refers to it. */
struct tls_findings;
struct tls_findings *tls_findings_of(const struct document *d, const struct node *const values[TLS_PARTS],
				     const char *const keys[TLS_PARTS], const struct tls_pem *pem);
/* Adds it to f, for rsyslog with one of these libraries; 0: with whichever. */
void tls_findings_add(const struct tls_findings *t, unsigned libs, struct findings *f);
void tls_findings_free(struct tls_findings *t); /* NULL is fine */

/* Follows what references name. */
void references_follow(struct validate *v);

struct object *object_add(struct validate *v, enum object_kind kind, size_t file, const struct node *root);
/* What was skipped may be, or become, an object that is referred to: then it is not missing. */
void object_add_unread(const struct document *d, enum document_kind kind);
void reference_add(struct validate *v, struct reference r); /* takes name, ns and path over */
void objects_free(struct validate *v);

#endif
