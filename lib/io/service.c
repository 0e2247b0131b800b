// SPDX-License-Identifier: Apache-2.0
#include "io/service.h"

#include "base/esc.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* sd_listen_fds(3): SD_LISTEN_FDS_START */
#define LISTEN_FDS_START 3

/* True where the variable is our pid; if_absent where it is not set. */
static bool is_our_pid(const char *variable, bool if_absent)
{
	const char *text = getenv(variable);
	uint64_t pid;

	if (!text)
		return if_absent;
	return num_u64(slice_str(text), 1, INT32_MAX, &pid) == 0 && (pid_t)pid == getpid();
}

static int set_address(struct service *s, const char *path, struct err *e)
{
	char shown[128];
	size_t len = strlen(path);

	esc_text(shown, sizeof(shown), slice_str(path));
	if ((path[0] != '/' && path[0] != '@') || len < 2)
		return err_set(e, "NOTIFY_SOCKET \"%s\" is neither a path nor an abstract name", shown);
	if (len >= sizeof(s->to.sun_path))
		return err_set(e, "NOTIFY_SOCKET \"%s\" is too long", shown);
	s->to.sun_family = AF_UNIX;
	memcpy(s->to.sun_path, path, len);
	if (path[0] == '@')
		s->to.sun_path[0] = '\0'; /* abstract, unix(7): its length counts, not a NUL */
	s->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/'));
	return 0;
}

static int open_notify(struct service *s, struct err *e)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path)
		return 0;
	if (set_address(s, path, e) < 0)
		return -1;
	s->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->notify_fd < 0)
		return err_errno(e, "NOTIFY_SOCKET: socket");
	return 0;
}

static int read_watchdog(struct service *s, struct err *e)
{
	const char *text = getenv("WATCHDOG_USEC");
	char shown[64];
	uint64_t us;

	if (!text || !is_our_pid("WATCHDOG_PID", true))
		return 0;
	if (num_u64(slice_str(text), 1, UINT64_MAX - 1, &us) < 0)
		return err_set(e, "WATCHDOG_USEC \"%s\" is no number of microseconds",
			       esc_text(shown, sizeof(shown), slice_str(text)));
	s->watchdog_ms = us < 1000 ? 1 : us / 1000;
	return 0;
}

int service_open(struct service *s, struct err *e)
{
	*s = (struct service){ .notify_fd = -1 };
	int result = open_notify(s, e);
	if (read_watchdog(s, result < 0 ? NULL : e) < 0)
		result = -1;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return result;
}

void service_close(struct service *s)
{
	if (s->notify_fd >= 0)
		close(s->notify_fd);
	s->notify_fd = -1;
}

bool service_notify(struct service *s, const char *state)
{
	if (s->notify_fd < 0)
		return true;
	/* not connected: systemd may bind its socket anew while we run */
	ssize_t n = sendto(s->notify_fd, state, strlen(state), MSG_NOSIGNAL,
			   (const struct sockaddr *)&s->to, s->to_len);
	return n >= 0;
}

static int take_fd(int fd)
{
	int flags = fcntl(fd, F_GETFD);
	if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
		return -1;
	flags = fcntl(fd, F_GETFL);
	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int take_fds(const char *count, int *fds, size_t max, struct err *e)
{
	char shown[64];
	uint64_t n;

	if (num_u64(slice_str(count), 0, INT32_MAX - LISTEN_FDS_START, &n) < 0)
		return err_set(e, "LISTEN_FDS \"%s\" is no number of descriptors",
			       esc_text(shown, sizeof(shown), slice_str(count)));
	if (n > max)
		return err_set(e, "systemd passed %llu sockets, at most %zu can be used",
			       (unsigned long long)n, max);
	for (size_t i = 0; i < n; i++) {
		fds[i] = LISTEN_FDS_START + (int)i;
		if (take_fd(fds[i]) < 0)
			return err_errno(e, "descriptor %d, which LISTEN_FDS names", fds[i]);
	}
	return (int)n;
}

int service_listen_fds(int *fds, size_t max, struct err *e)
{
	const char *count = getenv("LISTEN_FDS");
	int n = 0;

	if (count && is_our_pid("LISTEN_PID", false))
		n = take_fds(count, fds, max, e);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_PIDFDID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return n;
}
