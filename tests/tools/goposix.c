// SPDX-License-Identifier: Apache-2.0
/*
 * Our side of tests/tools/goregex.go, which tells how the two are compared:
 * goposix judge|admission|quote|ip <LINES, or goposix print.
 */
#include "base/buf.h"
#include "gardener/names.h"
#include "gardener/posix_int.h"
#include "gardener/quote.h"

#include <stdio.h>
#include <stdlib.h>

static void encode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\\')
			buf_add_str(out, "\\\\");
		else if (c < ' ' || c > '~')
			buf_printf(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
}

static void decode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '\\') {
			buf_add_char(out, s.p[i]);
		} else if (++i < s.len && s.p[i] == 'x' && s.len - i > 2) {
			const char hex[] = { s.p[i + 1], s.p[i + 2], '\0' };

			buf_add_char(out, (char)strtol(hex, NULL, 16));
			i += 2;
		} else {
			buf_add_char(out, '\\');
		}
	}
}

static void answer(struct buf *out, struct slice pattern, const char *how)
{
	struct buf quoted = { 0 };
	struct names_errors wrong;
	struct posix_error e;

	if (*how == 'i') {
		buf_add_str(out, gardener_ip(pattern, &wrong) == 0 ? "ok" : wrong.text[0]);
		return;
	}
	go_quote(&quoted, pattern);
	if (*how == 'q') {
		encode(out, buf_slice(&quoted));
	} else if (posix_parse(*how == 'a' ? buf_slice(&quoted) : pattern, &e) == 0) {
		buf_add_str(out, "ok");
	} else {
		buf_printf(out, "%s\t", e.why);
		encode(out, e.part);
	}
	buf_free(&quoted);
}

int main(int argc, char **argv)
{
	struct buf pattern = { 0 }, out = { 0 };
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (argc != 2)
		return 2;
	for (uint32_t cp = 0; *argv[1] == 'p' && cp <= 0x10ffff; cp++) {
		if (go_is_print(cp))
			printf("%X\n", cp);
	}
	while (*argv[1] != 'p' && (n = getline(&line, &cap, stdin)) > 0) {
		struct slice s = slice_of(line, (size_t)n - (line[n - 1] == '\n'));

		pattern.len = out.len = 0;
		decode(&pattern, s);
		answer(&out, buf_slice(&pattern), argv[1]);
		printf("%.*s\t%s\n", (int)s.len, s.p, buf_cstr(&out));
	}
	free(line);
	buf_free(&pattern);
	buf_free(&out);
	return 0;
}
