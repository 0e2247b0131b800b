// SPDX-License-Identifier: Apache-2.0
//
// The cases of testdata/tls/peers, and what a table does not say.
#include "tls_test.h"

#include "tls/peer.h"

#include <ctype.h>

#define LIST_MAX 8
#define FIELDS 4 /* mode, permitted, target, names; the rest of the line is the verdict */

struct one {
	unsigned line;
	char *field[FIELDS], *verdict;
};

/* In place: "_" is a blank, "empty" nothing. */
static char *plain(char *text)
{
	if (strcmp(text, "empty") == 0)
		*text = '\0';
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = ' ';
	return text;
}

static size_t split(char *text, char *out[LIST_MAX])
{
	char *save;
	size_t n = 0;
	if (strcmp(text, "-") == 0)
		return 0;
	for (char *p = strtok_r(text, "|", &save); p; p = strtok_r(NULL, "|", &save)) {
		assert_true(n < LIST_MAX);
		out[n++] = p;
	}
	return n;
}

static void read_digest(const char *hex, uint8_t *out, size_t size)
{
	assert_int_equal(strlen(hex), size * 2);
	for (size_t i = 0; i < size; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static void add_name(struct tls_cert *c, char *text)
{
	static const char *const kinds[] = { "DNS:", "IP:", "OTHER:" };
	if (strncmp(text, "CN:", 3) == 0)
		c->common_name = plain(text + 3);
	else if (strncmp(text, "SHA1=", 5) == 0)
		read_digest(text + 5, c->sha1, sizeof(c->sha1));
	else if (strncmp(text, "SHA256=", 7) == 0)
		read_digest(text + 7, c->sha256, sizeof(c->sha256));
	for (size_t k = 0; k < COUNT(kinds); k++)
		if (strncmp(text, kinds[k], strlen(kinds[k])) == 0)
			c->names[c->n_names++] = (struct tls_name){ (enum tls_name_kind)k,
				plain(text + strlen(kinds[k])) };
}

static const char *verdict(struct one *one, struct err *e)
{
	static const char *const words[] = { "match", "no", "case" };
	char *permitted[LIST_MAX], *text[LIST_MAX];
	struct tls_name names[LIST_MAX];
	struct tls_cert leaf = { .names = names };
	enum tls_auth auth = strcmp(one->field[0], "name") == 0 ? TLS_AUTH_NAME : TLS_AUTH_FINGERPRINT;
	size_t n = split(one->field[1], permitted), n_names = split(one->field[3], text);
	char *target = strcmp(one->field[2], "-") == 0 ? NULL : plain(one->field[2]);
	for (size_t i = 0; i < n; i++)
		plain(permitted[i]);
	for (size_t i = 0; i < n_names; i++)
		add_name(&leaf, text[i]);
	struct tls_peers *p = tls_peers_new(auth, (const char *const *)permitted, n, target, e);
	int checked = 0;
	for (size_t i = 0; i < n && checked == 0; i++)
		checked = tls_peer_check(auth, permitted[i], NULL);
	if (n && (checked == 0) != !!p)
		fail_msg("line %u: tls_peer_check says otherwise", one->line);
	if (!p)
		return "error";
	const char *out = words[tls_peers_match(p, &leaf)];
	tls_peers_free(p);
	return out;
}

static void judge(struct one *one)
{
	struct err e = { 0 };
	const char *got = verdict(one, &e);
	bool error = strncmp(one->verdict, "error ", 6) == 0;
	if (error ? strcmp(got, "error") != 0 || !strstr(e.text, one->verdict + 6) :
		    strcmp(got, one->verdict) != 0)
		fail_msg("testdata/tls/peers:%u: wanted %s, got %s \"%s\"", one->line, one->verdict, got,
			 e.text);
}

static void the_table(void **state)
{
	(void)state;
	struct buf text = { 0 };
	struct err e;
	assert_int_equal(file_read("testdata/tls/peers", 1 << 20, &text, &e), 0);
	char *all = mem_strdup(buf_cstr(&text)), *next = all;
	unsigned cases = 0;
	struct one one = { 0 };
	for (char *line; (line = strsep(&next, "\n"));) {
		char *save, *p;
		one.line++;
		if (!*line || *line == '#')
			continue;
		p = strtok_r(line, " ", &save);
		for (int i = 0; i < FIELDS; i++, p = i < FIELDS ? strtok_r(NULL, " ", &save) : p) {
			assert_non_null(p);
			one.field[i] = p;
		}
		one.verdict = save + strspn(save, " ");
		judge(&one);
		cases++;
	}
	assert_true(cases > 130);
	free(all);
	buf_free(&text);
}

static struct tls_peers *peers(enum tls_auth auth, const char *const *permitted, size_t n,
			       const char *target)
{
	struct err e;
	struct tls_peers *p = tls_peers_new(auth, permitted, n, target, &e);
	if (!p)
		fail_msg("%s", e.text);
	return p;
}

static void says_who_is_permitted(void **state)
{
	(void)state;
	static const struct {
		enum tls_auth auth;
		const char *permitted[3], *target, *text;
	} cases[] = {
		{ TLS_AUTH_NAME, { "log.example.com" }, "x", "log.example.com" },
		{ TLS_AUTH_NAME, { "a", "*.b" }, NULL, "one of a, *.b" },
		{ TLS_AUTH_NAME, { NULL }, "log.example.com.", "log.example.com" },
		{ TLS_AUTH_NAME, { NULL }, NULL, "anyone whom the CA signed" },
		{ TLS_AUTH_FINGERPRINT, { "sha1:00112233445566778899aabbccddeeff00112233" }, NULL,
		  "SHA1:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33" },
	};
	char out[100];
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = 0;
		while (n < 3 && cases[i].permitted[n])
			n++;
		struct tls_peers *p = peers(cases[i].auth, cases[i].permitted, n, cases[i].target);
		assert_string_equal(tls_peers_text(p, out, sizeof(out)), cases[i].text);
		assert_true(strlen(tls_peers_text(p, out, 8)) <= 7);
		tls_peers_free(p);
	}
	tls_peers_free(NULL);
}

static void the_list_has_a_limit(void **state)
{
	(void)state;
	struct err e;
	const char *many[TLS_PEERS_MAX + 1];
	char out[64];
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = "a.example.com";
	assert_null(tls_peers_new(TLS_AUTH_NAME, many, COUNT(many), NULL, &e));
	assert_non_null(strstr(e.text, "more than 256"));
	struct tls_peers *p = peers(TLS_AUTH_NAME, many, TLS_PEERS_MAX, NULL);
	assert_string_equal(tls_peers_text(p, out, sizeof(out)),
			    "one of a.example.com, a.example.com, a.example.com, a.exampl...");
	tls_peers_free(p);
	char name[300];
	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	assert_int_equal(tls_peer_check(TLS_AUTH_NAME, name, &e), 0);
	name[255] = 'a';
	name[256] = '\0';
	assert_int_equal(tls_peer_check(TLS_AUTH_NAME, name, &e), -1);
	assert_non_null(strstr(e.text, "at most 255 bytes"));
}

/* What stands in an entry reaches a terminal by the message. */
static void messages_are_escaped(void **state)
{
	(void)state;
	static const char *const bad[] = { "\x1b[31m", "a\nb", "*\x1b*", "SHA1:\x1b" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e;
		assert_int_equal(tls_peer_check(TLS_AUTH_NAME, bad[i], &e), -1);
		assert_null(strpbrk(e.text, "\x1b\n"));
		assert_int_equal(tls_peer_check(TLS_AUTH_FINGERPRINT, bad[i], &e), -1);
		assert_null(strpbrk(e.text, "\x1b\n"));
	}
}

static enum tls_match match_one(const char *permitted, const char *certificate)
{
	bool print = strncmp(permitted, "SHA", 3) == 0;
	struct tls_certs certs = pki_certs(certificate);
	struct tls_peers *p = peers(print ? TLS_AUTH_FINGERPRINT : TLS_AUTH_NAME, &permitted, 1, NULL);
	enum tls_match out = tls_peers_match(p, &certs.at[0]);
	tls_peers_free(p);
	tls_certs_free(&certs);
	return out;
}

static void real_certificates(void **state)
{
	(void)state;
	static const struct {
		const char *permitted, *certificate;
		enum tls_match want;
	} cases[] = {
		{ "server.test", "server", TLS_MATCH },
		{ "*.example.test", "server", TLS_MATCH },
		{ "0::1", "server", TLS_MATCH },
		{ "spiffe://test/server", "server", TLS_NO_MATCH },
		{ "ops@example.test", "server", TLS_NO_MATCH },
		{ "server.test", "wrong-case", TLS_MATCH_BUT_CASE },
		{ "cn-only.example.test", "cn-only", TLS_MATCH },
		{ "server.test", "no-name", TLS_NO_MATCH },
		{ "server.test", "nul", TLS_NO_MATCH },
		{ "server.test", "nul-cn", TLS_NO_MATCH },
		{ "*.test", "nul", TLS_NO_MATCH },
		{ "*.*.*.*", "nul", TLS_NO_MATCH },
		{ "*", "nul", TLS_NO_MATCH },
		{ "*", "control", TLS_NO_MATCH },
		{ "host-127.example.test", "many-names", TLS_MATCH },
		{ "host-128.example.test", "many-names", TLS_NO_MATCH }, /* behind the limit */
		{ "first", "odd-subject", TLS_MATCH },
		{ "a=b", "odd-subject", TLS_NO_MATCH }, /* the second CN */
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		if (match_one(cases[i].permitted, cases[i].certificate) != cases[i].want)
			fail_msg("%s for %s", cases[i].permitted, cases[i].certificate);
	struct buf sha1 = pki_read("server", ".sha1"), sha256 = pki_read("server", ".sha256");
	sha1.len--;
	sha256.len--;
	assert_int_equal(match_one(buf_cstr(&sha1), "server"), TLS_MATCH);
	assert_int_equal(match_one(buf_cstr(&sha256), "server"), TLS_MATCH);
	assert_int_equal(match_one(buf_cstr(&sha1), "other"), TLS_NO_MATCH);
	buf_free(&sha1);
	buf_free(&sha256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(says_who_is_permitted),
		cmocka_unit_test(the_list_has_a_limit),
		cmocka_unit_test(messages_are_escaped),
		cmocka_unit_test(real_certificates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
