// SPDX-License-Identifier: Apache-2.0
/*
 * usage: corpus LINES SEED
 *
 * Log lines as journald forwards them to its syslog socket, one a line, made
 * from a seed: audit records (SYSCALL, EXECVE, PATH, PROCTITLE; nine in ten
 * lines) as audisp-syslog writes them, and kubelet lines at severities that
 * Gardener's rules pass and drop. Each carries "seq=N" with N from 1.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint64_t next(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
	return (unsigned)(next() % n);
}

static const char *const programs[] = { "/usr/bin/runc", "/usr/sbin/sshd", "/usr/bin/containerd-shim-runc-v2",
					"/bin/sh", "/usr/bin/systemctl", "/usr/local/bin/kubelet" };
static const char *const words[] = { "--root", "/run/containerd/runc/k8s.io", "--log-format", "json", "create",
				     "--bundle", "/run/containerd/io.containerd.runtime.v2.task/k8s.io", "--pid-file",
				     "init.pid", "-c", "status", "--no-pager" };

static void hex(unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		printf("%02X", below(256));
}

static void head(uint64_t n, const char *type)
{
	printf("<14>Nov 21 19:%02u:%02u audisp-syslog[812]: node=vm type=%s msg=audit(1763752801.%03u:%" PRIu64
	       "): seq=%" PRIu64 " ",
	       below(60), below(60), type, below(1000), n / 4 + 1000, n);
}

static void syscall_line(uint64_t n)
{
	const char *program = programs[below(6)];
	head(n, "SYSCALL");
	printf("arch=c000003e syscall=59 success=yes exit=0 a0=%x a1=%x a2=%x a3=8 items=2 ppid=%u pid=%u auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm=\"runc\" exe=\"%s\" subj=unconfined key=\"privilege_escalation\"\035ARCH=x86_64 SYSCALL=execve AUID=\"unset\" UID=\"root\" GID=\"root\" EUID=\"root\" SUID=\"root\" FSUID=\"root\" EGID=\"root\"\n",
	       below(1u << 30), below(1u << 30), below(1u << 30), below(99999), below(99999), program);
}

static void execve_line(uint64_t n)
{
	unsigned argc = 6 + below(16);
	head(n, "EXECVE");
	printf("argc=%u", argc);
	for (unsigned i = 0; i < argc; i++)
		printf(" a%u=\"%s\"", i, words[below(12)]);
	putchar('\n');
}

static void path_line(uint64_t n)
{
	head(n, "PATH");
	printf("item=0 name=\"%s\" inode=%u dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\035OUID=\"root\" OGID=\"root\"\n",
	       programs[below(6)], below(9999999));
}

static void proctitle_line(uint64_t n)
{
	head(n, "PROCTITLE");
	printf("proctitle=");
	hex(20 + below(180));
	putchar('\n');
}

/* One in ten; kubelet logs at info (pri 30) and error (27); the rules take up to severity 4. */
static void kubelet_line(uint64_t n)
{
	printf("<%d>Nov 21 19:%02u:%02u kubelet[1234]: %c1121 19:%02u:%02u.%06u    1234 pod_workers.go:1300] seq=%" PRIu64
	       " \"Error syncing pod, skipping\" err=\"failed to \\\"StartContainer\\\" for \\\"app\\\" with CrashLoopBackOff: \\\"back-off 5m0s restarting failed container=app pod=app-%08x\\\"\" pod=\"default/app-%08x\" podUID=\"%08x\"\n",
	       below(100) == 0 ? 27 : 30, below(60), below(60), below(2) ? 'E' : 'I', below(60), below(60),
	       below(1000000), n, below(1u << 31), below(1u << 31), below(1u << 31));
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: corpus LINES SEED\n");
		return 2;
	}
	uint64_t lines = strtoull(argv[1], NULL, 10);
	state = strtoull(argv[2], NULL, 10);
	for (uint64_t n = 1; n <= lines; n++) {
		switch (below(10)) {
		case 0: kubelet_line(n); break;
		case 1: case 2: execve_line(n); break;
		case 3: case 4: case 5: path_line(n); break;
		case 6: proctitle_line(n); break;
		default: syscall_line(n); break;
		}
	}
	return ferror(stdout) || fflush(stdout) != 0;
}
