// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_recv_tls.h"

#include "base/esc.h"
#include "base/mem.h"
#include "io/net.h"
#include "io/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK_FILES_MS 1000

struct recv_tls {
	struct recv_tls_conf conf;
	struct worker *worker;
	struct tls_store *store;
};

/* A transport that says who came, once it is known. */
struct client {
	struct transport t;
	struct transport *inner;
	struct recv_tls *of;
	struct tls_report report;
	char peer[ADDR_TEXT_MAX];
};

/* --- one client ------------------------------------------------------------------------ */

static struct client *client(struct transport *t)
{
	return (struct client *)t;
}

static void say_who(const struct client *c)
{
	const struct tls_report *r = &c->report;
	char subject[200], sha256[TLS_FINGERPRINT_MAX];

	if (!r->chain.n) {
		say(&c->of->conf.say, SAY_INFO, "%s: %s, %s, no certificate", c->peer, r->version,
		    r->cipher);
		return;
	}
	say(&c->of->conf.say, SAY_INFO, "%s: %s, %s, %s, %s", c->peer, r->version, r->cipher,
	    esc_text(subject, sizeof(subject), slice_str(r->chain.at[0].subject)),
	    tls_fingerprint_text(r->chain.at[0].sha256, sizeof(r->chain.at[0].sha256), sha256));
}

static int client_handshake(struct transport *t, struct err *e)
{
	struct client *c = client(t);
	int got;

	c->inner->wake = t->wake;
	c->inner->wake_arg = t->wake_arg;
	got = c->inner->ops->handshake(c->inner, e);
	if (got == 0 && c->of->conf.verbose)
		say_who(c);
	return got;
}

static ssize_t client_read(struct transport *t, void *p, size_t len, struct err *e)
{
	struct transport *inner = client(t)->inner;

	return inner->ops->read(inner, p, len, e);
}

static ssize_t client_write(struct transport *t, const void *p, size_t len, struct err *e)
{
	struct transport *inner = client(t)->inner;

	return inner->ops->write(inner, p, len, e);
}

static int client_shut(struct transport *t, struct err *e)
{
	struct transport *inner = client(t)->inner;

	return inner->ops->shut(inner, e);
}

static void client_explain(struct transport *t, struct err *e)
{
	struct transport *inner = client(t)->inner;

	inner->ops->explain(inner, e);
}

static bool client_spent(const struct transport *t)
{
	const struct transport *inner = ((const struct client *)t)->inner;

	return inner->ops->spent(inner);
}

static void client_free(struct transport *t)
{
	struct client *c = client(t);

	transport_free(c->inner);
	tls_report_clear(&c->report);
	free(c);
}

static const struct transport_ops client_ops = {
	.name = "TLS",
	.handshake = client_handshake,
	.read = client_read,
	.write = client_write,
	.shut = client_shut,
	.explain = client_explain,
	.spent = client_spent,
	.free = client_free,
};

struct transport *recv_tls_wrap(void *arg, int fd, struct err *e)
{
	struct recv_tls *t = arg;
	struct client *c = mem_zero(1, sizeof(*c));
	struct addr peer = { .len = sizeof(peer.sa) };

	(void)e;
	if (getpeername(fd, (struct sockaddr *)&peer.sa, &peer.len) < 0)
		peer.sa.ss_family = AF_UNSPEC;
	addr_text(&peer, c->peer);
	c->of = t;
	c->inner = tls_transport(tls_store_creds(t->store), fd, t->worker, &c->report);
	c->t = (struct transport){ .ops = &client_ops, .fd = fd };
	return &c->t;
}

/* --- all of them ----------------------------------------------------------------------- */

/* The next client gets them: recv_tls_wrap asks each time. */
static void on_changed(void *arg)
{
	(void)arg;
}

struct recv_tls *recv_tls_new(struct loop *l, const struct recv_tls_conf *conf, struct err *e)
{
	struct recv_tls *t = mem_zero(1, sizeof(*t));
	struct tls_store_events ev = { .arg = t, .say = conf->say, .changed = on_changed };
	struct tls_conf policy;

	t->conf = *conf;
	tls_options_conf(conf->options, TLS_SERVER, NULL, &policy);
	t->store = tls_store_new(&policy, &conf->options->files, &ev, e);
	if (t->store)
		t->worker = worker_new(l, e);
	if (t->worker) {
		tls_store_watch(t->store, l, t->worker, CHECK_FILES_MS);
		return t;
	}
	recv_tls_free(t);
	return NULL;
}

void recv_tls_free(struct recv_tls *t)
{
	if (!t)
		return;
	tls_store_free(t->store);
	worker_free(t->worker);
	free(t);
}

const char *recv_tls_clients(const struct tls_options *o, char *out, size_t size)
{
	struct tls_peers *peers;
	char who[400], ca[200];

	esc_text(ca, sizeof(ca), slice_str(o->files.ca ? o->files.ca : ""));
	if (o->n_permitted) {
		peers = tls_peers_new(o->auth, o->permitted, o->n_permitted, NULL, NULL);
		snprintf(who, sizeof(who), "%s", peers ? tls_peers_text(peers, out, size) : "nobody");
		tls_peers_free(peers);
	}
	if (o->anyone && !o->files.ca && !o->n_permitted)
		snprintf(out, size, "anyone, no certificate is asked for");
	else if (o->anyone)
		snprintf(out, size, "anyone without a certificate; with one: %s",
			 o->n_permitted ? who : "every one that the CA signed");
	else if (!o->n_permitted)
		snprintf(out, size, "every one whose certificate leads to the CA in %s", ca);
	else if (o->auth == TLS_AUTH_NAME)
		snprintf(out, size, "%s, signed by the CA in %s", who, ca);
	else
		snprintf(out, size, "%s", who);
	return out;
}
