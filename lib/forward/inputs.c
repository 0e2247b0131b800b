// SPDX-License-Identifier: Apache-2.0
#include "forward/forward_int.h"

#include "base/esc.h"
#include "io/net.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static enum take on_take(void *arg, struct slice datagram, const struct sender *from,
			 uint64_t *seq)
{
	struct input *in = arg;
	return intake_take(&in->f->intake, in->conf->name, in->patient, datagram, from, seq);
}

static void on_lost(void *arg, const char *what, uint64_t n)
{
	struct input *in = arg;
	for (size_t i = 0; i < COUNT_ALL; i++)
		if (strcmp(count_names[i], what) == 0)
			counts_add(in->f->counts, i, n);
}

static void on_again(void *arg)
{
	struct input *in = arg;
	in->again = true;
}

static void on_ended(void *arg, const struct err *why)
{
	struct input *in = arg;
	if (why->text[0] == '\0')
		return;
	snprintf(in->trouble, sizeof(in->trouble), "%s", why->text);
	say(&in->f->say, SAY_ERR, "%s", why->text);
}

/* The path a unix datagram socket is bound to; false: it is something else. */
static bool datagram_path(int fd, char *out, size_t size)
{
	int type = 0;
	struct sockaddr_un sa;
	socklen_t len = sizeof(type), sa_len = sizeof(sa);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_DGRAM)
		return false;
	if (getsockname(fd, (struct sockaddr *)&sa, &sa_len) < 0 || sa.sun_family != AF_UNIX)
		return false;
	size_t max = sa_len - offsetof(struct sockaddr_un, sun_path);
	snprintf(out, size, "%.*s", (int)strnlen(sa.sun_path, max), sa.sun_path);
	return out[0] != '\0';
}

/* Gives each socket that systemd passed to the input of its type and address. */
static void match_passed(struct forward *f, int *of_input)
{
	const int *fds = f->passed;
	for (size_t k = 0; k < f->n_passed; k++) {
		char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
		bool used = false;
		bool unix_socket = datagram_path(fds[k], path, sizeof(path));
		for (size_t i = 0; unix_socket && !used && i < f->conf->n_inputs; i++) {
			const struct forward_input *in = &f->conf->inputs[i];
			if (in->kind != INPUT_UNIX || of_input[i] >= 0 || strcmp(in->path, path) != 0)
				continue;
			of_input[i] = fds[k];
			used = true;
		}
		if (used)
			continue;
		say(&f->say, SAY_WARNING,
		    "the service manager passed a socket (%s) that no input names; it is not read",
		    unix_socket ? path : "not a unix datagram socket");
		close(fds[k]);
	}
}

static int open_input(struct forward *f, struct input *in, int passed, struct err *e)
{
	struct intake intake = {
		.arg = in, .take = on_take, .lost = on_lost, .again = on_again, .ended = on_ended,
	};
	if (in->conf->kind == INPUT_STDIN) {
		in->patient = true;
		in->source = source_stdin(f->loop, in->conf->name, STDIN_FILENO, FORWARD_RECORD_MAX,
					  &intake, e);
		return in->source ? 0 : -1;
	}
	in->from_systemd = passed >= 0;
	int fd = passed >= 0 ? passed : net_unix_bind(in->conf->path, SOCK_DGRAM, 0666, e);
	if (fd < 0)
		return err_prefix(e, "input %s", in->conf->name);
	in->source = source_unix(f->loop, in->conf->name, fd, FORWARD_RECORD_MAX, &intake, e);
	return in->source ? 0 : -1;
}

int inputs_take_passed(struct forward *f, struct err *e)
{
	int n = service_listen_fds(f->passed, FORWARD_INPUTS_MAX, e);
	f->n_passed = n > 0 ? (size_t)n : 0;
	return n < 0 ? -1 : 0;
}

int inputs_open(struct forward *f, struct err *e)
{
	int of_input[FORWARD_INPUTS_MAX];
	for (size_t i = 0; i < FORWARD_INPUTS_MAX; i++)
		of_input[i] = -1;
	match_passed(f, of_input);
	for (size_t i = 0; i < f->conf->n_inputs; i++) {
		struct input *in = &f->inputs[i];
		in->f = f;
		in->conf = &f->conf->inputs[i];
		if (open_input(f, in, of_input[i], e) < 0)
			return -1;
	}
	return 0;
}

void inputs_close(struct forward *f)
{
	for (size_t i = 0; i < f->conf->n_inputs; i++) {
		source_free(f->inputs[i].source);
		f->inputs[i].source = NULL;
	}
}

bool inputs_trouble(const struct forward *f)
{
	for (size_t i = 0; i < f->conf->n_inputs; i++)
		if (f->inputs[i].trouble[0])
			return true;
	return false;
}

bool inputs_all_ended(const struct forward *f)
{
	for (size_t i = 0; i < f->conf->n_inputs; i++)
		if (!source_is_ended(f->inputs[i].source))
			return false;
	return true;
}
