// SPDX-License-Identifier: Apache-2.0
/*
 * usage: feed SOCKET FILE [RATE [FIRST [COUNT]]]
 *
 * Sends each line of FILE as one datagram to the unix socket, waiting where its
 * queue is full, as a blocking syslog(3) does. RATE: lines a second, 0 as fast
 * as the reader takes them. FIRST, COUNT: only these lines (from 0). Goes on
 * while the socket's owner is away. Prints lines sent and seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap(double seconds)
{
	if (seconds <= 0)
		return;
	struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
	nanosleep(&t, NULL);
}

static int reach(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		if (errno != ECONNREFUSED && errno != ENOENT) {
			perror(path);
			exit(1);
		}
		nap(0.0005);
	}
	return fd;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: feed SOCKET FILE [RATE [FIRST [COUNT]]]\n");
		return 2;
	}
	double rate = argc > 3 ? strtod(argv[3], NULL) : 0;
	uint64_t first = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	uint64_t count = argc > 5 ? strtoull(argv[5], NULL, 10) : UINT64_MAX;
	int file = open(argv[2], O_RDONLY);
	struct stat st;
	if (file < 0 || fstat(file, &st) < 0) {
		perror(argv[2]);
		return 1;
	}
	const char *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	const char *end = p + st.st_size;
	int fd = reach(argv[1]);
	uint64_t line = 0, sent = 0;
	double begun = now();
	while (p < end && sent < count) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf : end) - p);
		if (line++ >= first) {
			while (send(fd, p, len, MSG_NOSIGNAL) < 0) {
				if (errno == ECONNREFUSED || errno == ENOTCONN || errno == EPIPE) {
					close(fd);
					fd = reach(argv[1]);
				} else if (errno != EINTR && errno != ENOBUFS) {
					perror("send");
					return 1;
				}
			}
			sent++;
			/* paced in steps of a millisecond or one line, whichever is longer */
			if (rate > 0) {
				double ahead = (double)sent / rate - (now() - begun);
				if (ahead > 0.001)
					nap(ahead);
			}
		}
		p = lf ? lf + 1 : end;
	}
	printf("%llu lines %.3f s\n", (unsigned long long)sent, now() - begun);
	return 0;
}
