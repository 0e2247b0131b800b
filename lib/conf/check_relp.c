// SPDX-License-Identifier: Apache-2.0
#include "conf/check_relp.h"

#include "gardener/names.h"
#include "tls/peer.h"

#include <inttypes.h>

bool node_is_set(const struct node *map, const char *name)
{
	const struct node *v = node_get(map, name);
	return v && v->kind != NODE_NULL;
}

/* A finding of a field that is not there, or says nothing: at what it says, or at the map that lacks it. */
static void add_absent(struct decode *d, const struct node *map, const char *field, enum code code,
		       const char *text)
{
	const struct node *v = map->kind == NODE_MAP ? node_get(map, field) : NULL; /* null */
	size_t mark = decode_enter_key(d, field);
	decode_add(d, v ? v : map, code, "%s", text);
	decode_leave(d, mark);
}

/* --- delivery ------------------------------------------------------------------- */

/* rsyslog reads 64 bits and keeps the lower 32: nothing is refused. */
static int32_t as_rsyslog(int64_t value)
{
	return (int32_t)(uint32_t)(uint64_t)value;
}

struct integer {
	const char *field;
	const struct config_int *value;
	/* Says what is wrong with it as rsyslog reads it. */
	void (*check)(struct decode *d, const struct node *v, int32_t value);
};

static void check_rebind(struct decode *d, const struct node *v, int32_t value)
{
	if (value > 0)
		decode_warn(d, v, CODE_REBIND,
			    "rsyslog takes it as a number of messages, not of seconds: it opens a new connection after each %" PRId32,
			    value);
}

static void check_timeout(struct decode *d, const struct node *v, int32_t value)
{
	if (value <= 0)
		decode_invalid(d, v, CODE_TIMEOUT,
			       "rsyslog waits that long for the receiver's answer, and so gets no session: must be at least 1");
}

static void check_retry(struct decode *d, const struct node *v, int32_t value)
{
	if (value != -1)
		decode_warn(d, v, CODE_RETRY, value > 0
			? "messages are dropped after this many retries: -1 drops none"
			: "messages are dropped as soon as the receiver is away: -1 drops none");
}

static void check_integer(struct decode *d, const struct node *map, const struct integer *i)
{
	if (!i->value->set)
		return;
	int64_t any;
	const struct node *v = node_get(map, i->field);
	if (!decode_integer(v, &any))
		return; /* it is of another type, and in the model there is nothing */
	int32_t value = as_rsyslog(any); /* not the model's, which has none where relpbox refuses it */
	size_t mark = decode_enter_key(d, i->field);
	if (value != any)
		decode_warn(d, v, CODE_INTEGER_CUT, "rsyslog keeps 32 bits of it, and reads %" PRId32, value);
	i->check(d, v, value);
	decode_leave(d, mark);
}

void check_delivery(struct decode *d, const struct node *map, const struct config *c)
{
	const struct integer integers[] = {
		{ "rebindInterval", &c->rebind_interval, check_rebind },
		{ "timeout", &c->timeout, check_timeout },
		{ "resumeRetryCount", &c->resume_retry_count, check_retry },
	};
	if (!decode_lints(d))
		return;
	if (!node_is_set(map, "resumeRetryCount"))
		add_absent(d, map, "resumeRetryCount", CODE_RETRY_ABSENT,
			   "it is absent, and rsyslog then drops messages while the receiver is away: -1 drops none");
	for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
		check_integer(d, map, &integers[i]);
}

/* --- tls ------------------------------------------------------------------------- */

#define TLS_OFF_TEXT "records are sent in plain: everybody on the way can read and change them"

void check_tls_absent(struct decode *d, const struct node *map)
{
	add_absent(d, map, "tls", CODE_TLS_OFF, TLS_OFF_TEXT);
}

static void check_ignored(struct decode *d, const struct node *map)
{
	static const char *const fields[] = { "secretReferenceName", "permittedPeer", "authMode",
					      "tlsLib" };
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (!node_is_set(map, fields[i]))
			continue;
		size_t mark = decode_enter_key(d, fields[i]);
		decode_add(d, node_get(map, fields[i]), CODE_TLS_IGNORED,
			   "it is ignored while tls.enabled is not true");
		decode_leave(d, mark);
	}
}

static void check_disabled(struct decode *d, const struct node *map, const struct config_tls *t)
{
	const struct node *enabled = node_get(map, "enabled");
	if (!decode_lints(d)) {
		if (!t->enabled_set && map->entries.n)
			decode_warn(d, map, CODE_TLS_IGNORED, "without enabled: true nothing of it counts, and records are sent in plain (but with --tls-dir, or tls in a Forward)");
		return;
	}
	if (enabled && enabled->kind != NODE_BOOL && enabled->kind != NODE_NULL)
		return; /* what was meant is not known */
	if (!decode_own_kind(d) || t->enabled_set) /* else what the Forward says of files counts */
		add_absent(d, map, "enabled", CODE_TLS_OFF, TLS_OFF_TEXT);
	if (!decode_own_kind(d) || t->enabled_set)
		check_ignored(d, map);
}

/*
 * Gardener takes names beside authMode fingerprint and the other way round. Such
 * an entry permits nobody; where all are such, nobody at all would be.
 */
static void check_peers_mode(struct decode *d, const struct node *map, const struct node *peers,
			     enum tls_auth auth)
{
	enum tls_auth other = auth == TLS_AUTH_NAME ? TLS_AUTH_FINGERPRINT : TLS_AUTH_NAME;
	size_t unfit = 0;
	/* Where authMode is absent, it is name to relpbox alone; of rsyslog more is said elsewhere. */
	if (!node_is_set(map, "authMode") && !decode_wants(d, CODE_PEER_NODE))
		return;
	for (size_t i = 0; i < peers->items.n; i++) {
		const struct node *v = peers->items.at[i];
		if (v->kind != NODE_STRING || v->text.len == 0 ||
		    tls_peer_check(auth, v->text.p, NULL) == 0 ||
		    tls_peer_check(other, v->text.p, NULL) < 0)
			continue;
		size_t inner = decode_enter_index(d, i);
		decode_warn(d, v, CODE_PEER_MODE, auth == TLS_AUTH_NAME
			? "permits nobody: it is a fingerprint, and authMode is name"
			: "permits nobody: it is a name, and authMode is fingerprint");
		decode_leave(d, inner);
		unfit++;
	}
	if (unfit && unfit == peers->items.n)
		decode_invalid(d, peers, CODE_PEERS_NOBODY, "permits nobody: none of them is a %s",
			       auth == TLS_AUTH_NAME ? "name, and authMode is name"
						     : "fingerprint, and authMode is fingerprint");
}

/* As measured with both of its libraries (docs/TLS-MATRIX.md); relpbox takes no authMode for name. */
static void check_auth_rsyslog(struct decode *d, const struct node *map, const struct config_tls *t,
			       bool peers)
{
	bool openssl = t->tls_lib && strcmp(t->tls_lib, "openssl") == 0;
	if (!node_is_set(map, "authMode")) {
		add_absent(d, map, "authMode", openssl ? CODE_TLS_AUTH_OPENSSL : CODE_TLS_AUTH_ABSENT,
			   openssl ? "without authMode rsyslog with openssl takes every receiver that the CA signed, whatever its name, and ignores permittedPeer: use name"
				   : "Required value: without authMode rsyslog with gnutls, which it takes where tlsLib does not say openssl, lets no receiver pass: use name");
		return;
	}
	if (!t->auth_mode)
		return;
	if (strcmp(t->auth_mode, "fingerprint") == 0) {
		size_t mark = decode_enter_key(d, "authMode");
		decode_invalid(d, node_get(map, "authMode"), CODE_TLS_FINGERPRINT,
			       "rsyslog lets no receiver pass: admission takes SHA1:HEX without colons alone, and rsyslog compares with colons; use name");
		decode_leave(d, mark);
	} else if (!peers) {
		add_absent(d, map, "permittedPeer", CODE_TLS_NAME_REQUIRED,
			   "Required value: with authMode name rsyslog lets no receiver pass that is not named here");
	}
}

/* What admission takes, and rsyslog compares with nothing. */
static bool is_address(const struct node *v)
{
	return v->kind == NODE_STRING && v->text.len && gardener_ip(v->text, NULL) == 0 &&
	       gardener_dns1123_subdomain(v->text, NULL) == 0;
}

/* rsyslog looks at names alone; and it reads the list as one line. */
static void check_peers_rsyslog(struct decode *d, const struct node *peers, const struct config_tls *t)
{
	size_t addresses = 0, names = 0;
	if (!decode_wants(d, CODE_PEER_ADDRESS) || !t->auth_mode || strcmp(t->auth_mode, "name") != 0)
		return;
	for (size_t i = 0; i < peers->items.n; i++) {
		const struct node *v = peers->items.at[i];
		names += !is_address(v) && !gardener_is_sha1_fingerprint(v->text);
		if (!is_address(v))
			continue;
		size_t mark = decode_enter_index(d, i);
		decode_warn(d, v, CODE_PEER_ADDRESS,
			    "permits nobody: rsyslog looks at names of a certificate, not at its addresses");
		decode_leave(d, mark);
		addresses++;
	}
	if (names == 0 && addresses > 0)
		decode_invalid(d, peers, CODE_PEERS_NOBODY,
			       "permits nobody: none of them is a name, and rsyslog looks at nothing else");
}

static void check_enabled(struct decode *d, const struct node *map, const struct config_tls *t)
{
	const struct node *peers = node_get(map, "permittedPeer");
	bool list = peers && peers->kind == NODE_SEQ, some = list && peers->items.n > 0;
	enum tls_auth auth = config_tls_auth(t);
	if (!t->secret_reference_name || !t->secret_reference_name[0]) {
		size_t mark = decode_enter_key(d, "secretReferenceName");
		const struct node *v = node_get(map, "secretReferenceName");
		if (!v || v->kind == NODE_NULL || v->kind == NODE_STRING)
			decode_required(d, v ? v : map, CODE_SECRET_REFERENCE,
					"secretReferenceName must not be empty when tls is enabled");
		decode_leave(d, mark);
	}
	check_auth_rsyslog(d, map, t, some || (peers && !list && peers->kind != NODE_NULL));
	size_t mark = decode_enter_key(d, "permittedPeer");
	if (some) {
		check_peers_mode(d, map, peers, auth);
		check_peers_rsyslog(d, peers, t);
	} else if (auth == TLS_AUTH_FINGERPRINT && (!peers || list || peers->kind == NODE_NULL)) {
		decode_required(d, peers ? peers : map, CODE_TLS_FINGERPRINT_REQUIRED,
				"authMode fingerprint needs the receiver's fingerprint");
	}
	decode_leave(d, mark);
}

void check_tls(struct decode *d, const struct node *map, const struct config_tls *t)
{
	if (t->enabled)
		check_enabled(d, map, t);
	else
		check_disabled(d, map, t);
}

/* --- auditConfig ------------------------------------------------------------------- */

void check_audit_config(struct decode *d, const struct node *map, const struct config *c)
{
	if (!decode_lints(d) || c->audit_enabled)
		return;
	if (!node_is_set(map, "enabled"))
		decode_add(d, map, CODE_AUDIT_CONFIG_EMPTY, "%s",
			   "auditing is off: where auditConfig is there, enabled has to be true in it; without auditConfig it is on");
	if (node_is_set(map, "configMapReferenceName")) {
		size_t mark = decode_enter_key(d, "configMapReferenceName");
		decode_add(d, node_get(map, "configMapReferenceName"), CODE_AUDIT_REFERENCE_IGNORED,
			   "it is ignored while auditConfig.enabled is not true");
		decode_leave(d, mark);
	}
}
