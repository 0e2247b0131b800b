// SPDX-License-Identifier: Apache-2.0
#include "tls/store_look.h"

#include "base/buf.h"
#include "base/esc.h"
#include "base/file.h"
#include "base/mem.h"
#include "tls/internal.h"

#include <errno.h>
#include <psa/crypto.h>
#include <stdlib.h>

#define PATH_SHOWN 200
#define KEY_MAX (64U << 10) /* of it no copy may stay behind in memory that was given back */
#define ROUNDS 2 /* a clock that ticks in milliseconds can hide a write just behind the first */

static char *copy(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

static void conf_copy(struct tls_conf *to, const struct tls_conf *from)
{
	char **permitted = mem_zero(from->n_permitted, sizeof(permitted[0]));
	for (size_t i = 0; i < from->n_permitted; i++)
		permitted[i] = mem_strdup(from->permitted[i]);
	*to = *from;
	to->permitted = (const char *const *)permitted;
	to->target = copy(from->target);
}

struct tls_look *tls_look_new(const struct tls_conf *conf, const struct tls_files *files)
{
	struct tls_look *l = mem_zero(1, sizeof(*l));
	conf_copy(&l->conf, conf);
	l->path[TLS_FILE_CA] = copy(files->ca);
	l->path[TLS_FILE_CERT] = copy(files->cert);
	l->path[TLS_FILE_KEY] = copy(files->key);
	l->no_pipes = files->no_pipes;
	return l;
}

void tls_look_free(struct tls_look *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->conf.n_permitted; i++)
		free((void *)l->conf.permitted[i]);
	free((void *)l->conf.permitted);
	free((void *)l->conf.target);
	for (int f = 0; f < TLS_FILE_N; f++)
		free(l->path[f]);
	tls_creds_free(l->creds);
	free(l);
}

/* --- has something changed ------------------------------------------------------- */

/* Behind every symbolic link: that one of them points elsewhere is seen by the inode. */
static void print_all(const struct tls_look *l, struct tls_print out[TLS_FILE_N])
{
	for (int f = 0; f < TLS_FILE_N; f++) {
		struct stat st;
		out[f] = (struct tls_print){ 0 };
		if (!l->path[f])
			continue;
		if (stat(l->path[f], &st) != 0) {
			out[f].error = errno;
			continue;
		}
		out[f] = (struct tls_print){
			.device = st.st_dev, .inode = st.st_ino, .size = st.st_size,
			.mode = st.st_mode, .modified = st.st_mtim, .changed = st.st_ctim,
		};
	}
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_prints(const struct tls_print a[TLS_FILE_N], const struct tls_print b[TLS_FILE_N])
{
	for (int f = 0; f < TLS_FILE_N; f++)
		if (a[f].error != b[f].error || a[f].device != b[f].device ||
		    a[f].inode != b[f].inode || a[f].size != b[f].size || a[f].mode != b[f].mode ||
		    !same_time(a[f].modified, b[f].modified) ||
		    !same_time(a[f].changed, b[f].changed))
			return false;
	return true;
}

/* --- reading ---------------------------------------------------------------------- */

struct bytes {
	struct buf file[TLS_FILE_N];
};

static void forget(struct bytes *b)
{
	struct buf *key = &b->file[TLS_FILE_KEY];
	if (key->p)
		explicit_bzero(key->p, key->cap);
	for (int f = 0; f < TLS_FILE_N; f++)
		buf_free(&b->file[f]);
}

static int is_pipe(const char *path, struct err *e)
{
	char shown[PATH_SHOWN];
	return err_set(e, "%s: is a pipe, not a file", esc_text(shown, sizeof(shown), slice_str(path)));
}

static int read_all(const struct tls_look *l, struct bytes *b, struct err *e)
{
	/* all the room that reading could ask for, so that the buffer does not move */
	if (l->path[TLS_FILE_KEY])
		buf_reserve(&b->file[TLS_FILE_KEY], KEY_MAX + 1);
	for (int f = 0; f < TLS_FILE_N; f++) {
		size_t max = f == TLS_FILE_KEY ? KEY_MAX : TLS_PEM_MAX;
		if (l->no_pipes && S_ISFIFO(l->tried[f].mode))
			return is_pipe(l->path[f], e);
		if (l->path[f] && file_read(l->path[f], max, &b->file[f], e) != 0)
			return -1;
		if (l->path[f])
			buf_reserve(&b->file[f], 1); /* an empty file is not none */
	}
	return 0;
}

static int digest_all(const struct bytes *b, struct tls_content *out, struct err *e)
{
	if (tls_psa_ready() != 0)
		return err_set(e, "the cryptography cannot be started: no random numbers?");
	*out = (struct tls_content){ .known = true };
	for (int f = 0; f < TLS_FILE_N; f++) {
		size_t len;
		psa_status_t state = psa_hash_compute(PSA_ALG_SHA_256, (const uint8_t *)b->file[f].p,
						      b->file[f].len, out->digest[f], 32, &len);
		invariant(state == PSA_SUCCESS);
	}
	return 0;
}

/* What tls_creds_new calls "key: ..." is for a person the file. */
static void name_file(const struct tls_look *l, struct err *e)
{
	static const char *const parts[] = { "CA: ", "certificate: ", "key: " };
	for (int f = 0; f < TLS_FILE_N; f++) {
		char shown[PATH_SHOWN];
		size_t len = strlen(parts[f]);
		if (!l->path[f] || strncmp(e->text, parts[f], len) != 0)
			continue;
		struct err old = *e;
		esc_text(shown, sizeof(shown), slice_str(l->path[f]));
		err_code(e, old.code, "%s: %s", shown, old.text + len);
		return;
	}
}

static enum tls_look_result parse(struct tls_look *l, const struct bytes *b)
{
	struct tls_pem pem = {
		.ca = buf_slice(&b->file[TLS_FILE_CA]),
		.cert = buf_slice(&b->file[TLS_FILE_CERT]),
		.key = buf_slice(&b->file[TLS_FILE_KEY]),
	};
	l->creds = tls_creds_new(&l->conf, &pem, &l->err);
	if (l->creds)
		return TLS_LOOK_NEW;
	name_file(l, &l->err);
	return TLS_LOOK_BROKEN;
}

/* Read between two looks that saw the same: what was read belongs together. */
static enum tls_look_result read_and_parse(struct tls_look *l, const struct tls_print *before)
{
	struct bytes b = { 0 };
	struct tls_print after[TLS_FILE_N];
	enum tls_look_result result = TLS_LOOK_BROKEN;
	int state = read_all(l, &b, &l->err);
	print_all(l, after);
	if (!same_prints(before, after)) {
		l->rounds = 0;
		result = TLS_LOOK_BUSY;
	} else if (state == 0 && digest_all(&b, &l->read, &l->err) == 0) {
		result = l->used.known && memcmp(&l->used, &l->read, sizeof(l->read)) == 0 ?
			TLS_LOOK_SAME : parse(l, &b);
	}
	forget(&b);
	return result;
}

void tls_look_run(struct tls_look *l)
{
	struct tls_print now[TLS_FILE_N];
	print_all(l, now);
	if (!same_prints(now, l->tried))
		l->rounds = 0;
	memcpy(l->tried, now, sizeof(now));
	if (l->rounds >= ROUNDS) {
		l->result = TLS_LOOK_SETTLED;
		return;
	}
	l->rounds++;
	l->err = (struct err){ 0 };
	l->result = read_and_parse(l, now);
}
