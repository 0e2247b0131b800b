// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send.h"

#include "base/esc.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/forward_conf.h"
#include "forward/settings.h"

#include <stdlib.h>

/*
 * --from-config: the target, its port, time limits, window and TLS are those
 * with which forward would connect, by the same decoder and the same settings.
 */
struct send_conf {
	struct document document;
	struct forward_conf forward;
};

static void take_tls(struct send *s, const struct forward_tls_conf *t)
{
	struct tls_options *o = &s->w.tls;

	o->tls = t->on;
	o->files = t->files;
	o->auth = t->auth;
	o->n_permitted = t->n_permitted;
	for (size_t i = 0; i < t->n_permitted; i++)
		o->permitted[i] = t->permitted[i];
}

int send_conf_load(struct send *s, struct err *e)
{
	struct send_conf *c = s->conf = mem_zero(1, sizeof(*c));
	char host[256], shown[300];

	if (document_load(&c->document, s->w.from_config) < 0)
		return err_set(e, "%s cannot be used: what is wrong is on standard error",
			       esc_text(shown, sizeof(shown), slice_str(s->w.from_config)));
	settings_hostname(host, sizeof(host));
	if (forward_tls_put(&s->w.over, &c->document.config, e) < 0 ||
	    settings_check_tls(&c->document.config, e) < 0 ||
	    settings_from_config(&c->document.config, host, &c->forward, e) < 0)
		return -1;
	const struct sink_conf *sink = &c->forward.sink;
	if (strlen(sink->host) >= sizeof(s->w.host))
		return err_set(e, "target is too long");
	strcpy(s->w.host, sink->host);
	s->w.port = sink->port;
	s->w.connect_ms = sink->session.connect_ms;
	s->w.conf = sink->session;
	s->w.conf.relp.software = program_software;
	take_tls(s, &c->forward.tls);
	return 0;
}

void send_conf_free(struct send *s)
{
	if (!s->conf)
		return;
	settings_free(&s->conf->forward);
	document_free(&s->conf->document);
	free(s->conf);
}
