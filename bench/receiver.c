// SPDX-License-Identifier: Apache-2.0
/*
 * usage: receiver PORT MAX_SEQ [EXPECTED [TLS-DIR PEER]]
 *
 * A RELP receiver that answers every frame at once and keeps nothing but which
 * "seq=N" (1..MAX_SEQ) arrived, so that the client is the bottleneck. PORT 0
 * takes a free one; "listening on PORT" goes to stdout. SIGUSR1: away (all
 * connections reset, nothing listens); SIGUSR2: back. SIGTERM: prints one JSON
 * object and ends. "all arrived" goes to stdout when EXPECTED different ones have. One thread, any number of connections.
 *
 * With TLS-DIR (ca.crt, tls.crt, tls.key) it speaks TLS, by OpenSSL, the fastest
 * there is, and takes clients whose certificate names PEER alone. BENCH_CIPHER,
 * an OpenSSL name of a TLS 1.3 suite: this one alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
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
	SSL *tls; /* NULL: plain */
	size_t len;
	char in[IN_MAX];
};

static struct connection *connections[CONNECTIONS];
static uint8_t *seen;
static uint64_t max_seq, expected, frames, distinct, duplicates, disorder, highest, bytes, opens;
static double first_at, last_at, back_at, first_after_back;
static int listener = -1, epfd;
static uint16_t port;
static SSL_CTX *tls;
static uint64_t wire, records;
static char cipher[64] = "none";

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
	if (c->tls) {
		wire += BIO_number_read(SSL_get_rbio(c->tls));
		SSL_free(c->tls);
	}
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
		ssize_t n = c->tls ? SSL_write(c->tls, p, (int)len) : send(c->fd, p, len, MSG_NOSIGNAL);
		if (c->tls && n <= 0 && SSL_get_error(c->tls, (int)n) == SSL_ERROR_WANT_WRITE) {
			struct pollfd f = { .fd = c->fd, .events = POLLOUT };
			poll(&f, 1, -1);
			continue;
		}
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

/* > 0: so many bytes are new; 0: none for now; < 0: the connection ended. */
static ssize_t take_bytes(struct connection *c)
{
	if (!c->tls) {
		ssize_t n = recv(c->fd, c->in + c->len, IN_MAX - c->len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		return n > 0 ? n : -1;
	}
	size_t had = c->len;
	int n;
	while (c->len < IN_MAX && (n = SSL_read(c->tls, c->in + c->len, (int)(IN_MAX - c->len))) > 0)
		c->len += (size_t)n;
	n = c->len < IN_MAX ? SSL_get_error(c->tls, n) : SSL_ERROR_NONE;
	ssize_t got = (ssize_t)(c->len - had);
	c->len = had;
	return got || n == SSL_ERROR_WANT_READ ? got : -1;
}

/* Each record that came in by its head. */
static void on_tls(int writes, int version, int type, const void *p, size_t len, SSL *ssl, void *arg)
{
	(void)version, (void)len, (void)arg;
	if (!writes && type == SSL3_RT_HEADER && ((const uint8_t *)p)[0] == SSL3_RT_APPLICATION_DATA)
		records++;
	if (cipher[0] == 'n' && SSL_is_init_finished(ssl))
		snprintf(cipher, sizeof(cipher), "%s %s", SSL_get_version(ssl), SSL_get_cipher(ssl));
}

static void start_tls(const char *dir, const char *peer)
{
	char path[3][4096];
	static const char *const names[3] = { "ca.crt", "tls.crt", "tls.key" };
	for (int i = 0; i < 3; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%s", dir, names[i]);
	tls = SSL_CTX_new(TLS_server_method());
	const char *only = getenv("BENCH_CIPHER");
	if (SSL_CTX_load_verify_locations(tls, path[0], NULL) != 1 ||
	    SSL_CTX_use_certificate_chain_file(tls, path[1]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, path[2], SSL_FILETYPE_PEM) != 1 ||
	    X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(tls), peer, 0) != 1 ||
	    (only && SSL_CTX_set_ciphersuites(tls, only) != 1)) {
		fprintf(stderr, "receiver: %s: not the files of TLS\n", dir);
		exit(1);
	}
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(tls, 1);
	SSL_CTX_set_default_read_buffer_len(tls, 1 << 18);
	SSL_CTX_set_msg_callback(tls, on_tls);
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
		connections[i]->tls = NULL;
		if (tls) {
			fcntl(fd, F_SETFL, O_NONBLOCK);
			connections[i]->tls = SSL_new(tls);
			SSL_set_fd(connections[i]->tls, fd);
			SSL_set_accept_state(connections[i]->tls);
		}
		watch(fd, connections[i]);
		return;
	}
	close(fd);
}

static void report(void)
{
	for (int i = 0; i < CONNECTIONS; i++)
		if (connections[i])
			drop(connections[i]);
	printf("{\"frames\": %llu, \"distinct\": %llu, \"duplicates\": %llu, \"out_of_order\": %llu, "
	       "\"bytes\": %llu, \"opens\": %llu, ",
	       (unsigned long long)frames, (unsigned long long)distinct, (unsigned long long)duplicates,
	       (unsigned long long)disorder, (unsigned long long)(tls ? wire : bytes), (unsigned long long)opens);
	printf("\"records\": %llu, \"cipher\": \"%s\", \"first_at\": %.6f, \"last_at\": %.6f, "
	       "\"back_at\": %.6f, \"first_after_back\": %.6f}\n",
	       (unsigned long long)records, cipher, first_at, last_at, back_at, first_after_back);
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
		fprintf(stderr, "usage: receiver PORT MAX_SEQ [EXPECTED [TLS-DIR PEER]]\n");
		return 2;
	}
	port = (uint16_t)strtoul(argv[1], NULL, 10);
	max_seq = strtoull(argv[2], NULL, 10);
	expected = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	seen = calloc(max_seq + 1, 1);
	if (argc > 5)
		start_tls(argv[4], argv[5]);
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
			ssize_t n = take_bytes(c);
			if (n > 0)
				c->len += (size_t)n;
			if (n < 0 || (n > 0 && !handle(c)))
				drop(c);
		}
	}
}
