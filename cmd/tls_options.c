// SPDX-License-Identifier: Apache-2.0
#include "cmd/tls_options.h"

#include "base/esc.h"

#include <string.h>

#define SHOWN 120 /* of what the user wrote, in a message */

static int take_file(const char **path, const char *name, const char *value, struct err *e)
{
	if (!*value)
		return err_set(e, "%s: the name of a file is missing", name);
	*path = value;
	return 0;
}

int tls_options_take(struct tls_options *o, enum tls_option which, const char *value, struct err *e)
{
	if (which == TLS_OPT_TLS) {
		o->tls = true;
		return 0;
	}
	o->given = true;
	switch (which) {
	case TLS_OPT_CA:
		return take_file(&o->files.ca, "--ca", value, e);
	case TLS_OPT_CERT:
		return take_file(&o->files.cert, "--cert", value, e);
	case TLS_OPT_KEY:
		return take_file(&o->files.key, "--key", value, e);
	case TLS_OPT_AUTH_MODE:
		o->auth = strcmp(value, "fingerprint") == 0 ? TLS_AUTH_FINGERPRINT : TLS_AUTH_NAME;
		return 0;
	case TLS_OPT_PEER:
		if (o->n_permitted == TLS_PEERS_MAX)
			return err_set(e, "--permitted-peer: %d at most", TLS_PEERS_MAX);
		o->permitted[o->n_permitted++] = value;
		return 0;
	default:
		return err_set(e, "unexpected option");
	}
}

/* Each entry is judged only now: the mode may have come behind it. */
static int check_peers(const struct tls_options *o, struct err *e)
{
	char shown[SHOWN];

	for (size_t i = 0; i < o->n_permitted; i++) {
		if (tls_peer_check(o->auth, o->permitted[i], e) < 0)
			return err_prefix(e, "--permitted-peer %s",
					  esc_text(shown, sizeof(shown), slice_str(o->permitted[i])));
	}
	return 0;
}

static int check_files(const struct tls_options *o, enum tls_side side, struct err *e)
{
	const struct tls_files *f = &o->files;

	if (f->cert && !f->key)
		return err_set(e, "--cert without --key: its private key is missing");
	if (f->key && !f->cert)
		return err_set(e, "--key without --cert: the certificate of the key is missing");
	if (side == TLS_SERVER && !f->cert)
		return err_set(e, "--tls needs --cert and --key: a server shows a certificate");
	if (o->auth == TLS_AUTH_NAME && !f->ca && !(o->anyone && !o->n_permitted))
		return err_set(e, "--tls needs --ca, which the other side's certificate has to lead "
				  "to; or --auth-mode fingerprint with --permitted-peer");
	return 0;
}

int tls_options_check(const struct tls_options *o, enum tls_side side, struct err *e)
{
	if (!o->tls && !o->given && !o->anyone)
		return 0;
	if (!o->tls && o->files.ca)
		return err_set(e, "--ca without --tls");
	if (!o->tls && o->files.cert)
		return err_set(e, "--cert without --tls");
	if (!o->tls && o->files.key)
		return err_set(e, "--key without --tls");
	if (!o->tls && o->n_permitted)
		return err_set(e, "--permitted-peer without --tls");
	if (!o->tls)
		return err_set(e, "%s without --tls",
			       o->anyone ? "--allow-no-client-cert" : "--auth-mode");
	if (check_files(o, side, e) < 0)
		return -1;
	if (o->auth == TLS_AUTH_FINGERPRINT && !o->n_permitted)
		return err_set(e, "--auth-mode fingerprint needs --permitted-peer: "
				  "whose certificate is permitted?");
	return check_peers(o, e);
}

void tls_options_conf(const struct tls_options *o, enum tls_side side, const char *target,
		      struct tls_conf *out)
{
	*out = (struct tls_conf){
		.side = side,
		.auth = o->auth,
		.permitted = o->permitted,
		.n_permitted = o->n_permitted,
		.target = target,
		.anyone = o->anyone,
	};
}
