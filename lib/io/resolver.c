// SPDX-License-Identifier: Apache-2.0
#include "io/resolver.h"

#include "base/mem.h"
#include "base/timetext.h"
#include "io/resolver_helper.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum state {
	IDLE,
	ASKED,	 /* the helper has the question; the timer is the limit */
	DECIDED, /* the answer is here; the timer calls done in the next turn */
};

struct resolver {
	struct loop *loop;
	resolver_fn *resolve;
	struct loop_watch watch; /* fd -1: no helper */
	struct loop_timer timer;
	pid_t helper;
	enum state state;
	uint64_t id; /* of the last question */
	uint64_t limit_ms;
	void (*done)(void *arg, const struct addr_list *list, const struct err *why);
	void *arg;
	struct resolver_answer answer; /* DECIDED */
};

/* ---- the helper process ---- */

static void end_helper(struct resolver *r)
{
	if (r->watch.fd < 0)
		return;
	loop_unwatch(r->loop, &r->watch);
	close(r->watch.fd);
	r->watch.fd = -1;
	kill(r->helper, SIGKILL); /* its worker dies with it */
	while (waitpid(r->helper, NULL, 0) < 0 && errno == EINTR)
		;
}

static int start_helper(struct resolver *r, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_errno(e, "resolver: socketpair");
	pid_t pid = fork();
	if (pid == 0)
		resolver_helper(ends[1], r->resolve);
	int code = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_code(e, code, "resolver: fork: %s", strerror(code));
	}
	r->watch.fd = ends[0];
	r->helper = pid;
	if (loop_watch(r->loop, &r->watch, EPOLLIN, e) < 0) {
		end_helper(r);
		return -1;
	}
	return 0;
}

/* Blocks never: at most two packets are on the way before the helper has taken one. */
static int tell(struct resolver *r, const struct resolver_question *q)
{
	ssize_t n;

	do {
		n = send(r->watch.fd, q, sizeof(*q), MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* ---- answers ---- */

/* The last act: done may ask again or free r. */
static void finish(struct resolver *r, const struct resolver_answer *a)
{
	r->state = IDLE;
	loop_timer_clear(r->loop, &r->timer);
	r->done(r->arg, a->found ? &a->list : NULL, a->found ? NULL : &a->why);
}

/* Makes safe what comes from a process that has read what the DNS said. */
static bool is_sound(struct resolver_answer *a)
{
	a->why.text[sizeof(a->why.text) - 1] = '\0';
	if (!a->found)
		return true;
	if (a->list.n == 0 || a->list.n > ADDR_LIST_MAX)
		return false;
	for (size_t i = 0; i < a->list.n; i++) {
		const struct addr *at = &a->list.at[i];
		if (!(at->sa.ss_family == AF_INET && at->len == sizeof(struct sockaddr_in)) &&
		    !(at->sa.ss_family == AF_INET6 && at->len == sizeof(struct sockaddr_in6)))
			return false;
	}
	return true;
}

static void fail(struct resolver_answer *a, int code, const char *why)
{
	memset(a, 0, sizeof(*a));
	err_code(&a->why, code, "%s", why);
}

static void readable(void *arg, uint32_t events)
{
	struct resolver *r = arg;
	struct resolver_answer a;

	(void)events;
	ssize_t n = recv(r->watch.fd, &a, sizeof(a), MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n != (ssize_t)sizeof(a)) {
		end_helper(r);
		fail(&a, 0, "the resolver process was ended by somebody");
		a.id = r->id;
	}
	if (r->state != ASKED || a.id != r->id)
		return; /* too late, or cancelled */
	if (!is_sound(&a))
		fail(&a, 0, "the resolver process gave an answer that makes no sense");
	finish(r, &a);
}

static void fire(void *arg)
{
	struct resolver *r = arg;
	struct resolver_answer a;
	char span[TIMETEXT_MAX];

	if (r->state == DECIDED) {
		a = r->answer;
		finish(r, &a);
		return;
	}
	uint64_t limit_ms = r->limit_ms;
	resolver_cancel(r);
	timetext_span(limit_ms, span);
	memset(&a, 0, sizeof(a));
	err_code(&a.why, ETIMEDOUT, "the name was not resolved within %s", span);
	finish(r, &a);
}

/* ---- the interface ---- */

struct resolver *resolver_new_using(struct loop *l, resolver_fn *resolve, struct err *e)
{
	struct resolver *r = mem_zero(1, sizeof(*r));

	r->loop = l;
	r->resolve = resolve;
	r->watch = (struct loop_watch){ .ready = readable, .arg = r, .fd = -1 };
	r->timer = (struct loop_timer){ .fire = fire, .arg = r };
	if (start_helper(r, e) < 0) {
		free(r);
		return NULL;
	}
	return r;
}

struct resolver *resolver_new(struct loop *l, struct err *e)
{
	return resolver_new_using(l, addr_resolve, e);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	loop_timer_clear(r->loop, &r->timer);
	end_helper(r);
	free(r);
}

static int ask_helper(struct resolver *r, const char *host, uint16_t port, struct err *e)
{
	struct resolver_question q;

	memset(&q, 0, sizeof(q));
	q.id = r->id;
	q.port = port;
	memcpy(q.host, host, strlen(host));
	if (r->watch.fd >= 0 && tell(r, &q) == 0)
		return 0;
	/* killed by somebody since the last question */
	end_helper(r);
	if (start_helper(r, e) < 0)
		return -1;
	return tell(r, &q) == 0 ? 0 : err_errno(e, "resolver: send");
}

void resolver_ask(struct resolver *r, const char *host, uint16_t port, uint64_t limit_ms,
		  void (*done)(void *arg, const struct addr_list *list, const struct err *why),
		  void *arg)
{
	struct resolver_answer *a = &r->answer;
	size_t len = strlen(host);

	invariant(r->state == IDLE);
	r->done = done;
	r->arg = arg;
	r->limit_ms = limit_ms;
	r->id++;
	r->state = DECIDED;
	memset(a, 0, sizeof(*a));
	if (addr_literal(host, port, &a->list.at[0]) == 0) {
		a->found = true;
		a->list.n = 1;
	} else if (len == 0 || len >= ADDR_HOST_MAX) {
		err_set(&a->why, "the name to resolve is empty or too long");
	} else if (ask_helper(r, host, port, &a->why) == 0) {
		r->state = ASKED;
	}
	loop_timer_set(r->loop, &r->timer, r->state == ASKED ? limit_ms : 0);
}

void resolver_cancel(struct resolver *r)
{
	struct resolver_question nothing;

	if (r->state == ASKED && r->watch.fd >= 0) {
		memset(&nothing, 0, sizeof(nothing));
		/* where it fails the next question says so */
		(void)tell(r, &nothing);
	}
	r->state = IDLE;
	loop_timer_clear(r->loop, &r->timer);
}
