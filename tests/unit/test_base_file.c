// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder of its own for each test, which is also the working folder. */
static int enter_folder(void **state)
{
	char name[] = "/tmp/relpbox-test-XXXXXX";
	if (!mkdtemp(name) || chdir(name) < 0)
		return -1;
	*state = strdup(name);
	return 0;
}

static void remove_files(void)
{
	DIR *d = opendir(".");
	for (struct dirent *f; d && (f = readdir(d));)
		if (unlink(f->d_name) < 0)
			rmdir(f->d_name);
	if (d)
		closedir(d);
}

static int leave_folder(void **state)
{
	remove_files();
	int r = chdir("/") < 0 || rmdir(*state) < 0 ? -1 : 0;
	free(*state);
	return r;
}

static int count_files(void)
{
	int n = 0;
	DIR *d = opendir(".");
	assert_non_null(d);
	for (struct dirent *f; (f = readdir(d));)
		n += strcmp(f->d_name, ".") && strcmp(f->d_name, "..");
	closedir(d);
	return n;
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void assert_holds(const char *name, const char *text)
{
	struct buf b = { 0 };
	struct err e;
	if (file_read(name, 1 << 20, &b, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(buf_cstr(&b), text);
	buf_free(&b);
}

static void reads_whole_files(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 1000000 };
	for (size_t i = 0; i < 6; i++) {
		char *text = malloc(sizes[i] + 1);
		memset(text, 'a' + (int)i, sizes[i]);
		text[sizes[i]] = '\0';
		put("f", text);
		struct buf b = { 0 };
		struct err e;
		buf_add_str(&b, "from before");
		assert_int_equal(file_read("f", sizes[i], &b, &e), 0);
		assert_int_equal(b.len, sizes[i]);
		assert_string_equal(buf_cstr(&b), text);
		if (sizes[i] > 0) {
			assert_int_equal(file_read("f", sizes[i] - 1, &b, &e), -1);
			assert_int_equal(e.code, EFBIG);
			char limit[60];
			snprintf(limit, sizeof(limit), "f: more than %zu bytes", sizes[i] - 1);
			assert_string_equal(e.text, limit);
		}
		buf_free(&b);
		free(text);
	}
}

static void reads_nothing_but_files(void **state)
{
	(void)state;
	struct buf b = { 0 };
	struct err e;
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_int_equal(file_read("dir", 10, &b, &e), -1);
	assert_string_equal(e.text, "dir: is a folder");
	assert_int_equal(file_read("/dev/zero", 10, &b, &e), -1);
	assert_string_equal(e.text, "/dev/zero: is not a file");
	assert_int_equal(file_read("ab\nsent", 10, &b, &e), -1);
	assert_string_equal(e.text, "ab\\nsent: No such file or directory");
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(file_read("-", 10, &b, &e), -1);
	assert_int_equal(e.code, ENOENT);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" };
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(file_read("sock", 10, &b, &e), -1);
	close(s);
	buf_free(&b);
}

static void reads_through_links(void **state)
{
	(void)state;
	put("f", "content"); /* as a mounted ConfigMap has it */
	assert_int_equal(symlink("f", "link"), 0);
	assert_holds("link", "content");
}

static void reads_a_pipe_to_its_end(void **state)
{
	(void)state;
	int fds[2];
	struct buf b = { 0 };
	struct err e;
	assert_int_equal(pipe(fds), 0);
	file_nonblock(fds[0], true); /* somebody else's doing */
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		for (int i = 0; i < 100; i++)
			if (file_write_all(fds[1], "0123456789", 10) < 0)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(file_read_fd(fds[0], "stdin", 1000, &b, &e), 0);
	assert_int_equal(b.len, 1000);
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	close(fds[0]);
	assert_int_equal(file_read_fd(-1, "no\x1b", 1000, &b, &e), -1);
	assert_string_equal(e.text, "no\\x1b: read: Bad file descriptor");
	buf_free(&b);
}

/* A writer that holds it open and says nothing, or says something and does not end. */
static void a_pipe_that_does_not_end_is_not_waited_for(void **state)
{
	(void)state;
	struct buf b = { 0 };
	struct err e = { 0 };
	assert_int_equal(mkfifo("fifo", 0600), 0);
	int fd = open("fifo", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(file_read_within("fifo", 1000, 30, &b, &e), -1);
		assert_int_equal(e.code, ETIMEDOUT);
		assert_non_null(strstr(e.text, "fifo: whoever writes to this pipe did not end"));
		assert_int_equal(write(fd, "half", 4), 4);
	}
	close(fd);
	buf_free(&b);
	assert_int_equal(unlink("fifo"), 0);
}

static void process_substitution_is_a_file(void **state)
{
	(void)state;
	int fds[2];
	char path[40];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(file_write_all(fds[1], "key: value\n", 11), 0);
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	assert_holds(path, "key: value\n");
	close(fds[0]);
}

static void writes_through_a_full_pipe(void **state)
{
	(void)state;
	int fds[2];
	enum { LEN = 1000000 };
	assert_int_equal(pipe(fds), 0);
	file_nonblock(fds[1], true);
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		char *p = calloc(1, LEN);
		_exit(file_write_all(fds[1], p, LEN) < 0);
	}
	close(fds[1]);
	struct buf b = { 0 };
	assert_int_equal(file_read_fd(fds[0], "pipe", LEN, &b, NULL), 0);
	assert_int_equal(b.len, LEN);
	buf_free(&b);
	close(fds[0]);
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	errno = 0;
	assert_int_equal(file_write_all(-1, "x", 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(file_write_all(-1, NULL, 0), 0);
}

static void replaces_whole(void **state)
{
	(void)state;
	struct err e;
	struct stat st;
	mode_t before = umask(077);
	assert_int_equal(file_replace(AT_FDCWD, "f", slice_str("one"), 0644, &e), 0);
	assert_holds("f", "one");
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644); /* whatever the umask */
	umask(before);
	assert_int_equal(file_replace(AT_FDCWD, "f", slice_str(""), 0600, &e), 0);
	assert_holds("f", "");
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	int path = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(file_replace(path, "f", slice_str("three"), 0600, &e), 0);
	close(path);
	assert_holds("f", "three");
	assert_int_equal(count_files(), 1);
}

static void replaces_a_link_and_not_its_target(void **state)
{
	(void)state;
	put("target", "precious");
	assert_int_equal(symlink("target", "f"), 0);
	assert_int_equal(file_replace(AT_FDCWD, "f", slice_str("new"), 0600, NULL), 0);
	assert_holds("target", "precious");
	struct stat st;
	assert_int_equal(lstat("f", &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void replacing_only_names_in_the_folder(void **state)
{
	(void)state;
	static const char *const names[] = { "", ".", "..", "../f", "/tmp/f", "a/b" };
	struct err e;
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(file_replace(AT_FDCWD, names[i], slice_str("x"), 0600, &e), -1);
		assert_int_equal(e.code, EINVAL);
	}
	char longest[NAME_MAX + 2];
	memset(longest, 'n', sizeof(longest));
	longest[NAME_MAX + 1] = '\0';
	assert_int_equal(file_replace(AT_FDCWD, longest, slice_str("x"), 0600, &e), -1);
	assert_int_equal(e.code, ENAMETOOLONG);
	assert_true(strstr(e.text, strerror(ENAMETOOLONG)));
	assert_int_equal(count_files(), 0);
	longest[NAME_MAX] = '\0'; /* 255 bytes: the temporary name is no longer than that */
	assert_int_equal(file_replace(AT_FDCWD, longest, slice_str("x"), 0600, &e), 0);
	assert_int_equal(count_files(), 1);
	assert_int_equal(file_replace(-1, "f", slice_str("x"), 0600, &e), -1);
	assert_int_equal(e.code, EBADF);
}

/* A limit on the size of files makes write fail half way, as a full disk would. */
static void a_failed_replace_leaves_the_old_file_alone(void **state)
{
	(void)state;
	put("f", "old");
	pid_t child = fork();
	if (child == 0) {
		static char big[100000];
		struct err e;
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 50000, 50000 });
		int r = file_replace(AT_FDCWD, "f", slice_of(big, sizeof(big)), 0600, &e);
		_exit(!(r == -1 && e.code == EFBIG && strstr(e.text, "f: write: File too large")));
	}
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_holds("f", "old");
	assert_int_equal(count_files(), 1);
	struct err e; /* rename fails: a folder of that name */
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(file_replace(AT_FDCWD, "d", slice_str("x"), 0600, &e), -1);
	assert_int_equal(e.code, EISDIR);
	assert_int_equal(count_files(), 2);
}

static void temporary_names_are_known(void **state)
{
	(void)state;
	assert_true(file_is_temp(".relpbox-tmp-0123456789abcdef"));
	static const char *const others[] = {
		"", ".", "config.yaml", ".relpbox-tmp-", ".relpbox-tmp-0123456789abcde",
		".relpbox-tmp-0123456789abcdef0", ".relpbox-tmp-0123456789abcdeF",
		"xrelpbox-tmp-0123456789abcdef",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(file_is_temp(others[i]));
	/* What a kill before the rename leaves is one of them. */
	pid_t child = fork();
	if (child == 0) {
		static char big[100000];
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 50000, 50000 }); /* SIGXFSZ kills */
		signal(SIGXFSZ, SIG_DFL);
		file_replace(AT_FDCWD, "f", slice_of(big, sizeof(big)), 0600, NULL);
		_exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	int temps = 0;
	DIR *d = opendir(".");
	for (struct dirent *f; (f = readdir(d));)
		temps += file_is_temp(f->d_name);
	closedir(d);
	assert_int_equal(temps, 1);
	assert_int_equal(count_files(), 1);
}

static void nonblock_goes_on_and_off(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	file_nonblock(fds[0], true);
	assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	file_nonblock(fds[0], true);
	file_nonblock(fds[0], false);
	assert_false(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	close(fds[0]);
	close(fds[1]);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(reads_whole_files),
		IN_FOLDER(reads_nothing_but_files),
		IN_FOLDER(reads_through_links),
		IN_FOLDER(reads_a_pipe_to_its_end),
		IN_FOLDER(a_pipe_that_does_not_end_is_not_waited_for),
		IN_FOLDER(process_substitution_is_a_file),
		IN_FOLDER(writes_through_a_full_pipe),
		IN_FOLDER(replaces_whole),
		IN_FOLDER(replaces_a_link_and_not_its_target),
		IN_FOLDER(replacing_only_names_in_the_folder),
		IN_FOLDER(a_failed_replace_leaves_the_old_file_alone),
		IN_FOLDER(temporary_names_are_known),
		IN_FOLDER(nonblock_goes_on_and_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
