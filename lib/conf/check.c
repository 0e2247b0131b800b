// SPDX-License-Identifier: Apache-2.0
#include "conf/check.h"

#include "gardener/names.h"
#include "tls/peer.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>

#define NAME_MAX_LEN 253 /* RFC 1035, as text without the last dot */
#define LABEL_MAX 63
#define SOCKET_PATH_MAX 107 /* sockaddr_un.sun_path with its NUL: 108 */

/* --- the host ----------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_ip(const char *s)
{
	struct in6_addr any;
	char v6[INET6_ADDRSTRLEN];
	const char *zone = strchr(s, '%'); /* fe80::1%eth0 */
	if (zone == NULL)
		return inet_pton(AF_INET, s, &any) == 1 || inet_pton(AF_INET6, s, &any) == 1;
	size_t len = (size_t)(zone - s);
	if (len >= sizeof v6 || zone[1] == '\0')
		return false;
	memcpy(v6, s, len);
	v6[len] = '\0';
	for (const char *p = zone + 1; *p; p++)
		if (!is_alnum(*p) && !strchr("-_.", *p))
			return false;
	return inet_pton(AF_INET6, v6, &any) == 1;
}

static bool is_label(const char *p, size_t len)
{
	if (len == 0 || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(p[i]) && p[i] != '-')
			return false;
	return true;
}

static bool all_digits(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(p[i]))
			return false;
	return true;
}

/* Labels joined by dots; the last one is not a number, else it is an IPv4 address gone wrong. */
static bool is_dns_name(const char *s)
{
	size_t len = strlen(s), last = 0;
	if (len > 0 && s[len - 1] == '.')
		len--;
	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && s[i] != '.')
			continue;
		if (!is_label(s + last, i - last))
			return false;
		if (i == len)
			return !all_digits(s + last, i - last);
		last = i + 1;
	}
	return false;
}

/* 127.1, 010.1.1.1, 0x7f000001: what is no name, and an address to who looks it up. */
static bool is_odd_address(const char *s)
{
	struct in_addr any;
	return inet_aton(s, &any) && inet_pton(AF_INET, s, &any) != 1;
}

static const char *target_hint(const char *s)
{
	const char *colon = strrchr(s, ':');
	if (is_odd_address(s))
		return "; it is read as an address, with octal and hexadecimal numbers";
	if (strstr(s, "://"))
		return "; it is not a URL";
	if (s[0] == '[')
		return "; an IPv6 address stands here without brackets, and the port in its own field";
	if (colon && colon == strchr(s, ':') && colon[1] && all_digits(colon + 1, strlen(colon + 1)))
		return "; the port has a field of its own";
	return "";
}

/* "Invalid value: ...: " with each of the errors. */
static void say_names(struct decode *d, const struct node *v, enum code code,
		      const struct names_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		decode_invalid(d, v, code, "%s", e->text[i]);
}

/* The first of admission's errors, with what to write instead where that can be known. */
static void say_first(struct decode *d, const struct node *v, enum gardener_names of,
		      enum code code, const char *text)
{
	struct buf name = { 0 };
	bool told = strstr(text, "must be in canonical form") != NULL; /* and that is in it */
	if (!told && gardener_name_spelling(of, v->text, &name) == 0)
		decode_invalid(d, v, code, "%s; write \"%.*s\"", text, (int)name.len, name.p);
	else
		decode_invalid(d, v, code, "%s", text);
	buf_free(&name);
}

/* As admission has it: neither an address nor a name, and why not. */
static bool gardener_refuses_target(struct decode *d, const struct node *v)
{
	struct names_errors ip, name;
	if (!decode_wants(d, CODE_TARGET) || gardener_ip(v->text, &ip) == 0 ||
	    gardener_dns1123_subdomain(v->text, &name) == 0)
		return false;
	say_first(d, v, GARDENER_TARGET, CODE_TARGET, ip.text[0]); /* there is never a second */
	say_names(d, v, CODE_TARGET, &name);
	return true;
}

void check_target(struct decode *d, const struct node *v)
{
	const char *s = v->text.p;
	if (!gardener_refuses_target(d, v) && !is_ip(s) && (!is_dns_name(s) || is_odd_address(s)))
		decode_invalid(d, v, CODE_TARGET_NODE, "must be an IP address or a DNS name%s",
			       target_hint(s));
}

void check_port(struct decode *d, const struct node *v)
{
	int64_t port;
	if (!decode_integer(v, &port) || (port >= 1 && port <= 65535))
		return;
	if (port < 0)
		decode_invalid(d, v, CODE_PORT_NEGATIVE, "port cannot be less than 0");
	else
		decode_invalid(d, v, CODE_PORT, "must be between 1 and 65535, inclusive");
}

/* --- rules --------------------------------------------------------------------- */

static bool is_graphic(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7E)
			return false;
	return true;
}

#define PROGRAM_NAME_MAX 511 /* bytes that rsyslog keeps of a tag */

/* What admission takes, and no message can have. */
static void check_program_reached(struct decode *d, const struct node *v)
{
	if (!decode_lints(d))
		return;
	if (v->text.len > PROGRAM_NAME_MAX)
		decode_warn(d, v, CODE_PROGRAM_NAME_NEVER, "no program has this name: tags are cut after %d bytes",
			    PROGRAM_NAME_MAX);
	else if (memchr(v->text.p, '*', v->text.len))
		decode_warn(d, v, CODE_PROGRAM_NAME_NEVER,
			    "names are compared as they are: \"*\" stands for nothing but itself");
	else if (memchr(v->text.p, ',', v->text.len))
		decode_warn(d, v, CODE_PROGRAM_NAME_NEVER,
			    "this is one name with a comma in it: each name is an item of its own");
	else if (memchr(v->text.p, '$', v->text.len) && decode_wants(d, CODE_PROGRAM_NAME_DOLLAR))
		decode_invalid(d, v, CODE_PROGRAM_NAME_DOLLAR,
			       "rsyslog cannot read a \"$\" here: it takes neither this rule nor anything behind it");
}

void check_program_name(struct decode *d, const struct node *v)
{
	struct slice s = v->text;
	if (v->kind == NODE_NULL || s.len == 0) {
		decode_invalid(d, v, CODE_PROGRAM_NAME, ".programNames can't contain empty program name");
		return;
	}
	if (memchr(s.p, '[', s.len) || memchr(s.p, ':', s.len) || memchr(s.p, '/', s.len))
		decode_invalid(d, v, CODE_PROGRAM_NAME,
			       ".programNames can't contain `[`, `:` or `/`");
	if (!is_graphic(s))
		decode_invalid(d, v, CODE_PROGRAM_NAME,
			       ".programNames can only contain printable characters");
	check_program_reached(d, v);
}

void check_severity(struct decode *d, const struct node *v)
{
	double severity = v->kind == NODE_INT ? (double)v->integer : v->real;
	if (severity < 0)
		decode_warn(d, v, CODE_SEVERITY,
			    "severities are 0 to 7: no message is that severe, the rule takes none");
	else if (severity > 7)
		decode_warn(d, v, CODE_SEVERITY,
			    "severities are 0 to 7: every message is at least that severe, as with 7");
}

/* As admission has it. Of the three texts the first one is told once, the others may be two each. */
static bool gardener_refuses_peer(struct decode *d, const struct node *v)
{
	struct names_errors wildcard, name;
	if (!decode_wants(d, CODE_PEER) || gardener_is_sha1_fingerprint(v->text) ||
	    gardener_dns1123_wildcard(v->text, &wildcard) == 0 ||
	    gardener_dns1123_subdomain(v->text, &name) == 0)
		return false;
	say_first(d, v, GARDENER_PEER, CODE_PEER,
		  ".permitedPeer elements can only match `^SHA1:[0-9A-Fa-f]{40}$` or be a hostname (wildcards allowed)");
	say_names(d, v, CODE_PEER, &wildcard);
	say_names(d, v, CODE_PEER, &name);
	return true;
}

/* Whatever authMode is: that an entry is not of its kind is told elsewhere. */
void check_permitted_peer(struct decode *d, const struct node *v)
{
	struct err e = { 0 };
	if (v->text.len == 0 || v->kind == NODE_NULL) {
		decode_required(d, v, CODE_REQUIRED, "value cannot be empty");
		return;
	}
	bool fingerprint = strncasecmp(v->text.p, "SHA", 3) == 0 && strchr(v->text.p, ':');
	if (!gardener_refuses_peer(d, v) &&
	    tls_peer_check(fingerprint ? TLS_AUTH_FINGERPRINT : TLS_AUTH_NAME, v->text.p, &e) < 0)
		decode_invalid(d, v, CODE_PEER_NODE, "%s", e.text);
}

/* --- our own kind ----------------------------------------------------------------- */

void check_word(struct decode *d, const struct node *v)
{
	if (v->text.len == 0 || v->text.len > NAME_MAX_LEN || !is_graphic(v->text))
		decode_invalid(d, v, CODE_INVALID,
			       "must be 1 to 253 printable ASCII characters without blanks");
}

void check_input_name(struct decode *d, const struct node *v)
{
	struct slice s = v->text;
	bool good = s.len >= 1 && s.len <= 63;
	for (size_t i = 0; good && i < s.len; i++)
		good = is_digit(s.p[i]) || (s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '-';
	if (!good)
		decode_invalid(d, v, CODE_INPUT, "must be 1 to 63 characters of a-z, 0-9 and \"-\"");
}

static void check_path(struct decode *d, const struct node *v, size_t max)
{
	if (v->text.len == 0 || v->text.p[0] != '/')
		decode_invalid(d, v, CODE_PATH, "must be an absolute path");
	else if (v->text.len > max)
		decode_invalid(d, v, CODE_PATH, "may not be more than %zu bytes", max);
}

void check_socket_path(struct decode *d, const struct node *v)
{
	check_path(d, v, SOCKET_PATH_MAX);
}

void check_file(struct decode *d, const struct node *v)
{
	check_path(d, v, PATH_MAX - 1);
}

void check_directory(struct decode *d, const struct node *v)
{
	check_path(d, v, PATH_MAX - 1);
}
