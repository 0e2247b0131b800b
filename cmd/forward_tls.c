// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward_tls.h"

#include "base/mem.h"
#include "forward/settings.h"

#include <stdlib.h>

int forward_tls_take(struct forward_tls_words *w, int which, const char *value, struct err *e)
{
	switch (which) {
	case FORWARD_TLS_DIR:
		if (!value[0])
			return err_set(e, "--tls-dir is empty");
		w->dir = value;
		return 0;
	case FORWARD_TLS_AUTH_MODE:
		w->auth_mode = value;
		return 0;
	default:
		if (w->n_peers == TLS_PEERS_MAX)
			return err_set(e, "more than %d --permitted-peer", TLS_PEERS_MAX);
		w->peers[w->n_peers++] = value;
		return 0;
	}
}

static char *renewed(char *old, const char *text)
{
	free(old);
	return text ? mem_strdup(text) : NULL;
}

static void put_dir(struct config_tls_files *f, const char *dir)
{
	f->directory = renewed(f->directory, dir);
	f->ca = renewed(f->ca, NULL);
	f->cert = renewed(f->cert, NULL);
	f->key = renewed(f->key, NULL);
	f->present = true;
}

static void put_peers(struct config_tls *t, const struct forward_tls_words *w)
{
	for (size_t i = 0; i < t->n_permitted_peer; i++)
		free(t->permitted_peer[i]);
	free(t->permitted_peer);
	t->permitted_peer = mem_zero(w->n_peers, sizeof(t->permitted_peer[0]));
	t->n_permitted_peer = w->n_peers;
	for (size_t i = 0; i < w->n_peers; i++)
		t->permitted_peer[i] = mem_strdup(w->peers[i]);
}

int forward_tls_put(const struct forward_tls_words *w, struct config *c, struct err *e)
{
	if (w->dir)
		put_dir(&c->tls_files, w->dir);
	if (w->auth_mode)
		c->tls.auth_mode = renewed(c->tls.auth_mode, w->auth_mode);
	if (w->n_peers)
		put_peers(&c->tls, w);
	if ((w->auth_mode || w->n_peers) && !settings_ask_for_tls(c))
		return err_set(e, "--%s is for TLS, and nothing asks for it: --tls-dir is needed",
			       w->auth_mode ? "auth-mode" : "permitted-peer");
	/* each by itself: of a wrong one among good ones is nothing said later */
	for (size_t i = 0; i < w->n_peers; i++)
		if (tls_peer_check(config_tls_auth(&c->tls), w->peers[i], e) < 0)
			return err_prefix(e, "--permitted-peer");
	return 0;
}
