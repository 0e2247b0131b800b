// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_CONFIG_H
#define CONF_CONFIG_H

#include "base/slice.h"
#include "conf/findings.h"
#include "tls/peer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The model of what `forward` runs by: Gardener's RsyslogRelpConfig (gardener.md
 * 1.1), alone or inside a document of our own kind that adds who the node is,
 * the inputs by name and all options:
 *
 *   apiVersion: relpbox/v1alpha1
 *   kind: Forward
 *   identity: {project: P, shoot: S, shootUID: U, hostname: H}
 *   inputs:
 *   - name: journal
 *     unix: /run/systemd/journal/syslog
 *   - name: pipe
 *     stdin: true
 *   tls: {directory: D, rotateWithin: 10m}    # or ca, cert and key: FILE
 *   spool: {directory: D, maxSize: 256MiB, auditShare: 50}
 *   delivery: {windowFrames: 2048, windowBytes: 1MiB, maxRate: 0}
 *   messages: {maxSize: 64KiB, oversize: cut|split, untrusted: pass|mark|drop}
 *   rsyslogRelpConfig: {target: ..., port: ..., loggingRules: [...], ...}
 *
 * Strings are owned by the model; NULL where absent.
 */
struct config_rule {
	char **program_names;
	size_t n_program_names;
	bool has_severity;
	int64_t severity;
	char *regex;
	char *exclude;
};

enum config_input_kind { INPUT_UNIX, INPUT_STDIN };

struct config_input {
	char *name; /* stable: the source's name in the spool */
	enum config_input_kind kind;
	char *path; /* INPUT_UNIX */
};

struct config_tls {
	bool present;
	bool enabled;
	bool enabled_set; /* it says enabled: true or false, and not nothing */
	char *secret_reference_name;
	char **permitted_peer;
	size_t n_permitted_peer;
	char *auth_mode;
	char *tls_lib;
};

/* Where the files for TLS are: a directory as Gardener lays it down, or each by its name. */
struct config_tls_files {
	bool present;
	char *directory; /* ca.crt, tls.crt, tls.key */
	char *ca, *cert, *key;
};

/* An integer that may be absent. */
struct config_int {
	bool set;
	int64_t value;
};

struct config {
	/* RsyslogRelpConfig */
	char *target;
	int64_t port;
	struct config_rule *rules;
	size_t n_rules;
	struct config_tls tls;
	struct config_int rebind_interval; /* seconds */
	struct config_int timeout;	   /* seconds */
	struct config_int resume_retry_count;
	bool report_suspension;
	bool audit_enabled; /* auditConfig.enabled; true where auditConfig is absent */
	char *audit_config_map;

	/* our own kind; options of the command line go over these */
	char *project, *shoot, *shoot_uid, *hostname;
	struct config_input *inputs;
	size_t n_inputs;
	struct config_tls_files tls_files;
	struct config_int rotate_within; /* milliseconds */
	char *spool_dir;
	struct config_int spool_max;   /* bytes */
	struct config_int audit_share; /* percent */
	struct config_int window_frames, window_bytes;
	struct config_int max_rate; /* records a second */
	struct config_int max_message; /* bytes */
	char *oversize;	 /* "cut", "split" */
	char *untrusted; /* "pass", "mark", "drop" */
};

#define CONFIG_ROTATE_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)
#define CONFIG_FILE_MAX (4U << 20)
#define CONFIG_RULES_MAX 256
#define CONFIG_INPUTS_MAX 16

/*
 * Decodes strictly one YAML or JSON document of either kind: unknown fields
 * (with the nearest known name), duplicate keys, wrong types and missing values
 * are findings with position and path. What would not run is an error too:
 * values out of range, a regex that the engine refuses. 0 when there is no
 * error (warnings may be there); else -1. The model is to be freed either way.
 */
int config_load(struct slice text, struct config *out, struct findings *f);

/* One node of a larger document as either kind; path is its own. What config_load says holds, but that f says for whom. */
enum config_kind { CONFIG_RELP, CONFIG_FORWARD }; /* in the order of config_schemas */
struct node;
int config_decode(enum config_kind kind, const struct node *root, const char *path,
		  struct config *out, struct findings *f);

void config_free(struct config *c);

/* Those of the kinds that config_load takes, NULL-ended (conf/decode.h). */
extern const struct schema *const config_schemas[];

/* What authMode says; absent: name. */
enum tls_auth config_tls_auth(const struct config_tls *t);

#endif
