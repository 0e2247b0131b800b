// SPDX-License-Identifier: Apache-2.0
/*
 * usage: receiver PORT MAX_SEQ [EXPECTED]
 *
 * A RELP receiver that answers every frame at once and keeps nothing but which
 * "seq=N" (1..MAX_SEQ) arrived, so that the client is the bottleneck. PORT 0
 * takes a free one; "listening on PORT" goes to stdout. SIGUSR1: away (all
 * connections reset, nothing listens); SIGUSR2: back. SIGTERM: prints one JSON
 * object and ends. "all arrived" goes to stdout when EXPECTED different ones have. One thread, any number of connections.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_MAX (2u << 20)
#define CONNECTIONS 64

struct connection {
	int fd;
	size_t len;
	char in[IN_MAX];
};

static struct connection *connections[CONNECTIONS];
static uint8_t *seen;
static uint64_t max_seq, expected, frames, distinct, duplicates, disorder, highest, bytes, opens;
static double first_at, last_at, back_at, first_after_back;
static int listener = -1, epfd;
static uint16_t port;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void watch(int fd, void *who)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = who };
	epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
}

static void start_listening(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int on = 1;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(listener, 1000) < 0) {
		perror("listen");
		exit(1);
	}
	getsockname(listener, (struct sockaddr *)&sa, &len);
	port = ntohs(sa.sin_port);
	watch(listener, &listener);
}

static void drop(struct connection *c)
{
	close(c->fd);
	for (int i = 0; i < CONNECTIONS; i++)
		if (connections[i] == c)
			connections[i] = NULL;
	free(c);
}

static void go_away(void)
{
	close(listener);
	listener = -1;
	for (int i = 0; i < CONNECTIONS; i++)
		if (connections[i]) {
			struct linger hard = { 1, 0 };
			setsockopt(connections[i]->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
			drop(connections[i]);
		}
}

static void count(const char *p, size_t len)
{
	const char *s = memmem(p, len, "seq=", 4);
	frames++;
	last_at = now();
	if (first_at == 0)
		first_at = last_at;
	if (back_at != 0 && first_after_back == 0)
		first_after_back = last_at;
	uint64_t n = s ? strtoull(s + 4, NULL, 10) : 0;
	if (n == 0 || n > max_seq)
		return;
	if (seen[n]) {
		duplicates++;
		return;
	}
	seen[n] = 1;
	distinct++;
	if (n < highest)
		disorder++;
	else
		highest = n;
	if (distinct == expected) {
		printf("all arrived\n");
		fflush(stdout);
	}
}

static void answer(struct connection *c, const char *p, size_t len)
{
	while (len) {
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

/* Handles all whole frames; false: close. */
static int handle(struct connection *c)
{
	static char out[IN_MAX];
	size_t at = 0, n_out = 0;
	for (;;) {
		char *p = c->in + at, *end = c->in + c->len, *q = p;
		char *sp1 = memchr(q, ' ', (size_t)(end - q));
		char *sp2 = sp1 ? memchr(sp1 + 1, ' ', (size_t)(end - sp1 - 1)) : NULL;
		if (!sp2)
			break;
		char *rest;
		char *stop = sp2 + 11 < end ? sp2 + 11 : end;
		for (rest = sp2 + 1; rest < stop && *rest >= '0' && *rest <= '9'; rest++)
			;
		if (rest == end)
			break;
		size_t size = strtoull(sp2 + 1, NULL, 10);
		size_t whole = (size_t)(rest - p) + (size ? 1 + size : 0) + 1;
		if (whole > (size_t)(end - p))
			break;
		uint64_t txnr = strtoull(p, NULL, 10);
		if (memcmp(sp1 + 1, "syslog", 6) == 0) {
			bytes += whole;
			count(rest + 1, size);
			n_out += (size_t)sprintf(out + n_out, "%llu rsp 6 200 OK\n", (unsigned long long)txnr);
		} else if (memcmp(sp1 + 1, "open", 4) == 0) {
			static const char offers[] = "200 OK\nrelp_version=0\nrelp_software=bench\ncommands=syslog";
			opens++;
			n_out += (size_t)sprintf(out + n_out, "%llu rsp %zu %s\n", (unsigned long long)txnr, strlen(offers), offers);
		} else {
			n_out += (size_t)sprintf(out + n_out, "%llu rsp 0\n0 serverclose 0\n", (unsigned long long)txnr);
			answer(c, out, n_out);
			return 0;
		}
		at += whole;
		if (n_out > sizeof(out) / 2) {
			answer(c, out, n_out);
			n_out = 0;
		}
	}
	memmove(c->in, c->in + at, c->len - at);
	c->len -= at;
	answer(c, out, n_out);
	return c->len < IN_MAX;
}

static void take_connection(void)
{
	int fd = accept(listener, NULL, NULL);
	int on = 1;
	for (int i = 0; i < CONNECTIONS && fd >= 0; i++) {
		if (connections[i])
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		connections[i] = malloc(sizeof(struct connection));
		connections[i]->fd = fd;
		connections[i]->len = 0;
		watch(fd, connections[i]);
		return;
	}
	close(fd);
}

static void report(void)
{
	printf("{\"frames\": %llu, \"distinct\": %llu, \"duplicates\": %llu, \"out_of_order\": %llu, \"bytes\": %llu, \"opens\": %llu, \"first_at\": %.6f, \"last_at\": %.6f, \"back_at\": %.6f, \"first_after_back\": %.6f}\n",
	       (unsigned long long)frames, (unsigned long long)distinct, (unsigned long long)duplicates,
	       (unsigned long long)disorder, (unsigned long long)bytes, (unsigned long long)opens, first_at, last_at,
	       back_at, first_after_back);
}

/* False: end. */
static int on_signal(int fd)
{
	struct signalfd_siginfo si;
	if (read(fd, &si, sizeof(si)) != sizeof(si))
		return 1;
	if (si.ssi_signo == SIGUSR1) {
		go_away();
	} else if (si.ssi_signo == SIGUSR2) {
		start_listening();
		back_at = now();
		first_after_back = 0;
	} else {
		report();
		return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: receiver PORT MAX_SEQ [EXPECTED]\n");
		return 2;
	}
	port = (uint16_t)strtoul(argv[1], NULL, 10);
	max_seq = strtoull(argv[2], NULL, 10);
	expected = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	seen = calloc(max_seq + 1, 1);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int signals = signalfd(-1, &set, 0);
	epfd = epoll_create1(0);
	watch(signals, &signals);
	start_listening();
	printf("listening on %u\n", port);
	fflush(stdout);
	for (;;) {
		struct epoll_event ev;
		if (epoll_wait(epfd, &ev, 1, -1) != 1)
			continue;
		if (ev.data.ptr == &signals) {
			if (!on_signal(signals))
				return 0;
		} else if (ev.data.ptr == &listener) {
			take_connection();
		} else {
			struct connection *c = ev.data.ptr;
			ssize_t n = recv(c->fd, c->in + c->len, IN_MAX - c->len, MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				continue;
			if (n > 0)
				c->len += (size_t)n;
			if (n <= 0 || !handle(c))
				drop(c);
		}
	}
}
