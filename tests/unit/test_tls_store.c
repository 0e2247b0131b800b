// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"
#include "tls_test.h"

#include "tls/store.h"
#include "tls/store_look.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define CHECK_MS 5

/* --- a folder of files, and what is said ------------------------------------------ */

struct here {
	char folder[64];
	char path[TLS_FILE_N][128];
	struct tls_conf conf;
	struct tls_files files;
	struct loop *loop;
	struct worker *worker;
	struct tls_store *store;
	int changed, warnings, notices;
	char last[1001];
};

static const char *const names[TLS_FILE_N] = { "ca.crt", "tls.crt", "tls.key" };

static void line(void *arg, enum say_priority priority, const char *text)
{
	struct here *h = arg;
	if (priority == SAY_WARNING)
		h->warnings++;
	else
		h->notices++;
	snprintf(h->last, sizeof(h->last), "%s", text);
}

static void changed(void *arg)
{
	((struct here *)arg)->changed++;
}

/* Another file of the same name, by rename; or the same one, written anew. */
static void put_bytes(struct here *h, enum tls_file f, struct slice content, bool in_place)
{
	struct err e;
	mode_t mode = f == TLS_FILE_KEY ? 0600 : 0644;
	if (!in_place) {
		if (file_replace(AT_FDCWD, h->path[f], content, mode, &e) != 0)
			fail_msg("%s", e.text);
		return;
	}
	int fd = open(h->path[f], O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, content.p, content.len), 0);
	close(fd);
}

static void put(struct here *h, enum tls_file f, const char *name, bool in_place)
{
	struct buf b = pki_read(name, f == TLS_FILE_KEY ? ".key" : ".crt");
	put_bytes(h, f, buf_slice(&b), in_place);
	buf_free(&b);
}

static void put_pair(struct here *h, const char *name)
{
	put(h, TLS_FILE_CERT, name, false);
	put(h, TLS_FILE_KEY, name, false);
}

static int setup(void **state)
{
	struct here *h = mem_zero(1, sizeof(*h));
	struct err e;
	strcpy(h->folder, "/tmp/relpbox-store-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	/* file_replace takes names without a '/': all is done in there */
	assert_int_equal(chdir(h->folder), 0);
	for (int f = 0; f < TLS_FILE_N; f++)
		strcpy(h->path[f], names[f]);
	put(h, TLS_FILE_CA, "ca", false);
	put_pair(h, "server");
	h->conf = (struct tls_conf){ .side = TLS_CLIENT, .auth = TLS_AUTH_NAME, .target = "logs.test" };
	h->files = (struct tls_files){ .ca = h->path[TLS_FILE_CA], .cert = h->path[TLS_FILE_CERT],
				       .key = h->path[TLS_FILE_KEY] };
	h->loop = test_loop();
	h->worker = worker_new(h->loop, &e);
	assert_non_null(h->worker);
	*state = h;
	return 0;
}

static void empty_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *one;
	while (d && (one = readdir(d)))
		if (one->d_name[0] != '.' || strncmp(one->d_name, "..d", 3) == 0)
			(void)unlinkat(dirfd(d), one->d_name, 0);
	if (d)
		closedir(d);
}

static int teardown(void **state)
{
	struct here *h = *state;
	tls_store_free(h->store);
	worker_free(h->worker);
	loop_free(h->loop);
	char a[128], b[128];
	snprintf(a, sizeof(a), "%s/a", h->folder);
	snprintf(b, sizeof(b), "%s/b", h->folder);
	empty_folder(a);
	empty_folder(b);
	(void)rmdir(a);
	(void)rmdir(b);
	empty_folder(h->folder);
	assert_int_equal(rmdir(h->folder), 0);
	free(h);
	return 0;
}

static struct tls_store *try_start(struct here *h, struct err *e)
{
	struct tls_store_events ev = { .arg = h, .say = { line, h }, .changed = changed };
	*e = (struct err){ 0 };
	h->store = tls_store_new(&h->conf, &h->files, &ev, e);
	return h->store;
}

static void start(struct here *h)
{
	struct err e;
	if (!try_start(h, &e))
		fail_msg("%s", e.text);
	tls_store_watch(h->store, h->loop, h->worker, CHECK_MS);
}

/* Some looks, in which nothing is to happen. */
static void some_looks(struct here *h)
{
	struct err e;
	uint64_t end = clock_mono_ms() + 12 * CHECK_MS;
	while (clock_mono_ms() < end)
		assert_int_equal(loop_turn(h->loop, CHECK_MS, &e), 0);
}

static const char *own(const struct here *h)
{
	return tls_creds_own(tls_store_creds(h->store))->at[0].common_name;
}

/* --- at the start ------------------------------------------------------------------- */

static void good_files_are_read(void **state)
{
	struct here *h = *state;
	start(h);
	assert_string_equal(own(h), "server.test");
	assert_int_equal(tls_creds_ca(tls_store_creds(h->store))->n, 1);
	some_looks(h);
	assert_int_equal(h->warnings + h->notices + h->changed, 0);
	assert_string_equal(tls_store_trouble(h->store), "");
}

/* Nor is its writer waited for, who may never come to an end. */
static void a_pipe_is_no_file_where_none_may_be(void **state)
{
	struct here *h = *state;
	struct err e;
	h->files.no_pipes = true;
	assert_int_equal(unlink(h->path[TLS_FILE_CA]), 0);
	assert_int_equal(mkfifo(h->path[TLS_FILE_CA], 0600), 0);
	int fd = open(h->path[TLS_FILE_CA], O_RDWR | O_CLOEXEC);
	uint64_t begin = clock_mono_ms();
	assert_null(try_start(h, &e));
	assert_true(clock_mono_ms() - begin < 5000);
	assert_string_equal(e.text, "ca.crt: is a pipe, not a file");
	close(fd);
}

static void no_files_at_all(void **state)
{
	struct here *h = *state;
	const char *peer = "SHA1:0011223344556677889900112233445566778899";
	h->files = (struct tls_files){ 0 };
	h->conf.auth = TLS_AUTH_FINGERPRINT;
	h->conf.permitted = &peer;
	h->conf.n_permitted = 1;
	start(h);
	some_looks(h);
	assert_int_equal(h->warnings + h->notices + h->changed, 0);
}

struct bad_start {
	enum tls_file f;
	const char *name, *suffix; /* NULL: it is taken away */
	const char *words;
};

static void what_cannot_be_used(void **state)
{
	struct here *h = *state;
	static const struct bad_start cases[] = {
		{ TLS_FILE_CA, NULL, NULL, "ca.crt: No such file" },
		{ TLS_FILE_CA, "empty", ".crt", "ca.crt: no certificate in it" },
		{ TLS_FILE_CA, "words", ".crt", "ca.crt: no certificate in it" },
		{ TLS_FILE_CA, "second-damaged", ".crt", "ca.crt: certificate 2" },
		{ TLS_FILE_CERT, NULL, NULL, "tls.crt: No such file" },
		{ TLS_FILE_CERT, "truncated", ".crt", "tls.crt: certificate 1 is cut off" },
		{ TLS_FILE_CERT, "ed25519", ".crt", "tls.crt: certificate 1" },
		{ TLS_FILE_KEY, NULL, NULL, "tls.key: No such file" },
		{ TLS_FILE_KEY, "truncated", ".key", "tls.key: " },
		{ TLS_FILE_KEY, "server.encrypted", ".key", "tls.key: it is encrypted" },
		{ TLS_FILE_KEY, "empty", ".crt", "tls.key: " },
		{ TLS_FILE_KEY, "other", ".key", "tls.key: it does not belong to the certificate" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct bad_start *c = &cases[i];
		struct err e;
		if (c->name) {
			struct buf b = pki_read(c->name, c->suffix);
			put_bytes(h, c->f, buf_slice(&b), false);
			buf_free(&b);
		} else {
			assert_int_equal(unlink(h->path[c->f]), 0);
		}
		assert_null(try_start(h, &e));
		if (!strstr(e.text, c->words))
			fail_msg("case %zu: \"%s\"", i, e.text);
		assert_int_equal(e.code == TLS_ERR_MISMATCH, i + 1 == COUNT(cases));
		put(h, TLS_FILE_CA, "ca", false);
		put_pair(h, "server");
	}
	assert_int_equal(h->warnings, 0);
}

/* --- while it runs -------------------------------------------------------------------- */

static void wait_new(struct here *h, const char *name)
{
	turn_until(h->loop, &h->changed, 1);
	assert_int_equal(h->changed, 1);
	assert_string_equal(own(h), name);
	assert_int_equal(h->notices, 1);
	assert_non_null(strstr(h->last, "new TLS files are in use: our certificate is CN="));
	assert_non_null(strstr(h->last, name));
	some_looks(h);
	assert_int_equal(h->changed, 1);
	assert_int_equal(h->notices, 1);
}

static void swapped_by_rename(void **state)
{
	struct here *h = *state;
	start(h);
	some_looks(h);
	put_pair(h, "server-p384");
	wait_new(h, "server-p384.test");
}

static void written_in_place(void **state)
{
	struct here *h = *state;
	start(h);
	some_looks(h);
	put(h, TLS_FILE_CERT, "server-p384", true);
	put(h, TLS_FILE_KEY, "server-p384", true);
	wait_new(h, "server-p384.test");
}

static void changed_before_the_first_look(void **state)
{
	struct here *h = *state;
	start(h);
	put_pair(h, "server-p384");
	wait_new(h, "server-p384.test");
}

/* As kubelet does: tls.crt -> ..data/tls.crt, ..data -> a; then ..data -> b. */
static void swapped_by_a_symbolic_link(void **state)
{
	struct here *h = *state;
	static const char *const folders[] = { "a", "b" }, *const servers[] = { "server", "chained" };
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mkdir(folders[i], 0755), 0);
		put_pair(h, servers[i]);
		for (int f = 0; f < TLS_FILE_N; f++) {
			char to[64];
			snprintf(to, sizeof(to), "%s/%s", folders[i], names[f]);
			assert_int_equal(f == TLS_FILE_CA ? link(names[f], to) : rename(names[f], to), 0);
		}
	}
	assert_int_equal(symlink("a", "..data"), 0);
	assert_int_equal(symlink("..data/tls.crt", names[TLS_FILE_CERT]), 0);
	assert_int_equal(symlink("..data/tls.key", names[TLS_FILE_KEY]), 0);
	start(h);
	assert_string_equal(own(h), "server.test");
	some_looks(h);
	assert_int_equal(symlink("b", "..data_tmp"), 0);
	assert_int_equal(rename("..data_tmp", "..data"), 0);
	wait_new(h, "chained.test");
}

static void a_half_written_pair_waits(void **state)
{
	struct here *h = *state;
	start(h);
	some_looks(h);
	put(h, TLS_FILE_CERT, "server-p384", false);
	turn_until(h->loop, &h->warnings, 1);
	assert_string_equal(h->last, "the TLS files that lie there now are not used, the old ones go on: "
				     "tls.key: it does not belong to the certificate");
	assert_string_equal(tls_store_trouble(h->store), "tls.key: it does not belong to the certificate");
	some_looks(h);
	assert_int_equal(h->warnings, 1); /* once */
	assert_int_equal(h->changed, 0);
	assert_string_equal(own(h), "server.test");
	put(h, TLS_FILE_KEY, "server-p384", false);
	wait_new(h, "server-p384.test");
	assert_string_equal(tls_store_trouble(h->store), "");
	assert_int_equal(h->warnings, 1);
}

static void broken_files_keep_the_old_ones(void **state)
{
	struct here *h = *state;
	start(h);
	put_bytes(h, TLS_FILE_CA, slice_str(""), true);
	turn_until(h->loop, &h->warnings, 1);
	assert_non_null(strstr(h->last, "ca.crt: no certificate in it"));
	put_bytes(h, TLS_FILE_CERT, slice_str(""), true); /* the CA is still what is wrong: said already */
	some_looks(h);
	assert_int_equal(h->warnings, 1);
	assert_int_equal(unlink(names[TLS_FILE_CA]), 0);
	turn_until(h->loop, &h->warnings, 2);
	assert_non_null(strstr(h->last, "ca.crt: No such file"));
	some_looks(h);
	assert_int_equal(h->warnings, 2);
	assert_string_equal(own(h), "server.test");
	put(h, TLS_FILE_CERT, "server", false);
	put(h, TLS_FILE_CA, "ca", false);
	turn_until(h->loop, &h->notices, 1);
	assert_non_null(strstr(h->last, "are the ones in use again"));
	some_looks(h);
	assert_int_equal(h->notices, 1);
	assert_int_equal(h->changed, 0);
	assert_string_equal(tls_store_trouble(h->store), "");
}

static void the_same_content_is_no_change(void **state)
{
	struct here *h = *state;
	start(h);
	some_looks(h);
	for (int i = 0; i < 4; i++) {
		put(h, TLS_FILE_CA, "ca", i & 1);
		put(h, TLS_FILE_CERT, "server", i & 1);
		put(h, TLS_FILE_KEY, "server", i & 1);
		some_looks(h);
	}
	assert_int_equal(h->changed + h->notices, 0);
}

static void a_new_ca_alone(void **state)
{
	struct here *h = *state;
	struct buf ca = pki_read("ca", ".crt"), other = pki_read("other-ca", ".crt");
	start(h);
	buf_add_slice(&ca, buf_slice(&other));
	put_bytes(h, TLS_FILE_CA, buf_slice(&ca), false);
	turn_until(h->loop, &h->changed, 1);
	assert_int_equal(tls_creds_ca(tls_store_creds(h->store))->n, 2);
	buf_free(&ca);
	buf_free(&other);
}

static void who_holds_the_old_ones_keeps_them(void **state)
{
	struct here *h = *state;
	start(h);
	struct tls_creds *old = tls_creds_hold(tls_store_creds(h->store));
	put_pair(h, "server-p384");
	turn_until(h->loop, &h->changed, 1);
	assert_ptr_not_equal(old, tls_store_creds(h->store));
	tls_store_free(h->store);
	h->store = NULL;
	assert_string_equal(tls_creds_own(old)->at[0].common_name, "server.test");
	tls_creds_free(old);
}

/* --- what an operator is told ------------------------------------------------------------ */

static void a_key_that_others_may_read(void **state)
{
	struct here *h = *state;
	assert_int_equal(chmod(names[TLS_FILE_KEY], 0644), 0);
	start(h);
	assert_int_equal(h->warnings, 1);
	assert_string_equal(h->last, "tls.key: others than its owner can read this private key "
				     "(mode 0644)");
	some_looks(h);
	assert_int_equal(h->warnings, 1); /* once */
	assert_int_equal(chmod(names[TLS_FILE_KEY], 0600), 0);
	some_looks(h);
	assert_int_equal(h->warnings, 1);
	assert_int_equal(chmod(names[TLS_FILE_KEY], 0620), 0);
	turn_until(h->loop, &h->warnings, 2);
	assert_non_null(strstr(h->last, "can change this private key (mode 0620)"));
	assert_int_equal(h->changed + h->notices, 0);
}

static void one_that_ends_soon(void **state)
{
	struct here *h = *state;
	static const struct {
		const char *name, *words;
	} cases[] = {
		{ "ends-29.5", "(CN=ends-29.5.test) in tls.crt ends in 29 d " },
		{ "ends-6.5", "ends in 6 d " },
		{ "ends-0.5", " h " },
		{ "expired", "in tls.crt expired on " },
		{ "not-yet", "our certificate in tls.crt is not valid before " },
		{ "eku-server", "our certificate in tls.crt is not meant for a TLS client" },
		{ "eku-client", NULL },
		{ "short-lived", NULL }, /* it is meant to */
		{ "server", NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		put_pair(h, cases[i].name);
		h->warnings = 0;
		start(h);
		if (h->warnings != !!cases[i].words || (cases[i].words && !strstr(h->last, cases[i].words)))
			fail_msg("%s: %d \"%s\"", cases[i].name, h->warnings, h->last);
		some_looks(h);
		assert_int_equal(h->warnings, !!cases[i].words); /* once */
		h->changed = 0;
		put(h, TLS_FILE_CA, i & 1 ? "ca" : "rsa-ca", false);
		turn_until(h->loop, &h->changed, 1); /* nothing new about our own */
		assert_int_equal(h->warnings, !!cases[i].words);
		put_pair(h, "ends-6.5"); /* one that was not told of yet, but where it is that one */
		if (strcmp(cases[i].name, "ends-6.5") != 0)
			turn_until(h->loop, &h->warnings, !!cases[i].words + 1);
		tls_store_free(h->store);
		h->store = NULL;
	}
}

static void a_ca_that_has_expired(void **state)
{
	struct here *h = *state;
	put(h, TLS_FILE_CA, "expired-ca", false);
	start(h);
	assert_int_equal(h->warnings, 1);
	assert_non_null(strstr(h->last, "every CA certificate in ca.crt has expired"));
	some_looks(h);
	assert_int_equal(h->warnings, 1);
}

/* --- beside the loop ------------------------------------------------------------------- */

static void freed_while_it_is_read(void **state)
{
	struct here *h = *state;
	struct err e;
	for (int i = 0; i < 30; i++) {
		struct tls_store_events ev = { .arg = h, .say = { line, h }, .changed = changed };
		struct tls_store *s = tls_store_new(&h->conf, &h->files, &ev, &e);
		assert_non_null(s);
		tls_store_watch(s, h->loop, h->worker, 0);
		put_pair(h, i & 1 ? "server" : "server-rsa");
		for (int turns = i % 5; turns > 0; turns--)
			assert_int_equal(loop_turn(h->loop, 1, &e), 0);
		tls_store_free(s);
		if (i % 7 == 0)
			assert_int_equal(loop_turn(h->loop, 1, &e), 0);
	}
	/* one look may be the thread's still: teardown frees the worker */
}

struct in_callback {
	struct tls_store *store;
	int freed;
};

static void free_it(void *arg)
{
	struct in_callback *c = arg;
	tls_store_free(c->store);
	c->freed++;
}

static void freed_by_its_own_event(void **state)
{
	struct here *h = *state;
	struct in_callback c = { 0 };
	struct err e;
	struct tls_store_events ev = { .arg = &c, .say = { line, h }, .changed = free_it };
	c.store = tls_store_new(&h->conf, &h->files, &ev, &e);
	assert_non_null(c.store);
	tls_store_watch(c.store, h->loop, h->worker, CHECK_MS);
	put_pair(h, "server-p384");
	turn_until(h->loop, &c.freed, 1);
	some_looks(h);
}

/* The order of looks and writes, one by one. */
static void looks_one_by_one(void **state)
{
	struct here *h = *state;
	struct tls_look *l = tls_look_new(&h->conf, &h->files);
	tls_look_run(l);
	assert_int_equal(l->result, TLS_LOOK_NEW);
	tls_creds_free(l->creds);
	l->creds = NULL;
	l->used = l->read;
	tls_look_run(l); /* once more: the clock of the files is coarse */
	assert_int_equal(l->result, TLS_LOOK_SAME);
	tls_look_run(l);
	assert_int_equal(l->result, TLS_LOOK_SETTLED);
	put(h, TLS_FILE_CERT, "server-p384", false);
	tls_look_run(l);
	assert_int_equal(l->result, TLS_LOOK_BROKEN);
	assert_int_equal(l->err.code, TLS_ERR_MISMATCH);
	assert_int_equal(l->rounds, 1); /* not complained about yet */
	put(h, TLS_FILE_KEY, "server-p384", false);
	tls_look_run(l);
	assert_int_equal(l->result, TLS_LOOK_NEW);
	assert_int_equal(l->rounds, 1);
	tls_look_free(l); /* and what it found */
}

int main(void)
{
	/* the tests work in folders of their own */
	char folder[4096];
	const char *pki = getenv("RELPBOX_PKI");
	if (!realpath(pki ? pki : "build/pki", folder)) {
		perror("make pki");
		return 1;
	}
	setenv("RELPBOX_PKI", folder, 1);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(good_files_are_read),
		TEST(no_files_at_all),
		TEST(a_pipe_is_no_file_where_none_may_be),
		TEST(what_cannot_be_used),
		TEST(swapped_by_rename),
		TEST(written_in_place),
		TEST(changed_before_the_first_look),
		TEST(swapped_by_a_symbolic_link),
		TEST(a_half_written_pair_waits),
		TEST(broken_files_keep_the_old_ones),
		TEST(the_same_content_is_no_change),
		TEST(a_new_ca_alone),
		TEST(who_holds_the_old_ones_keeps_them),
		TEST(a_key_that_others_may_read),
		TEST(one_that_ends_soon),
		TEST(a_ca_that_has_expired),
		TEST(freed_while_it_is_read),
		TEST(freed_by_its_own_event),
		TEST(looks_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
