// SPDX-License-Identifier: Apache-2.0
#include "base/opt.h"

#include "base/esc.h"
#include "base/nearest.h"

#include <string.h>

#define WORD_SHOWN 120 /* of what the user wrote, in a message */

static bool takes_value(const struct opt *o)
{
	return o->arg || o->choices;
}

static bool is_choice(const char *choices, struct slice word)
{
	for (const char *p = choices;; p++) {
		size_t n = strcspn(p, "|");
		if (slice_eq(slice_of(p, n), word))
			return true;
		p += n;
		if (!*p)
			return false;
	}
}

static int bad_name(const struct opt *opts, struct slice name, struct err *e)
{
	char shown[WORD_SHOWN];
	struct nearest near = { .word = name };
	for (const struct opt *o = opts; o->name; o++)
		nearest_try(&near, o->name);
	esc_text(shown, sizeof(shown), name);
	if (near.best)
		err_set(e, "unknown option --%s; did you mean --%s?", shown, near.best);
	else
		err_set(e, "unknown option --%s", shown);
	return OPT_BAD;
}

static int bad_letter(const char *letter, struct err *e)
{
	char shown[WORD_SHOWN];
	size_t n = 1; /* with the rest of its UTF-8 sequence */
	while (((unsigned char)letter[n] & 0xc0) == 0x80)
		n++;
	err_set(e, "unknown option -%s", esc_text(shown, sizeof(shown), slice_of(letter, n)));
	return OPT_BAD;
}

/* Takes the value, from `given` or from the next word, and judges it. */
static int take_value(struct opt_scan *scan, const struct opt *opts, int i, const char *given,
		      struct err *e)
{
	const struct opt *o = &opts[i];
	char shown[WORD_SHOWN];
	if (!given && scan->at >= scan->argc) {
		err_set(e, "--%s needs a value: %s", o->name, o->choices ? o->choices : o->arg);
		return OPT_BAD;
	}
	scan->value = given ? given : scan->argv[scan->at++];
	if (!o->choices || is_choice(o->choices, slice_str(scan->value)))
		return i;
	esc_text(shown, sizeof(shown), slice_str(scan->value));
	err_set(e, "--%s takes %s, not \"%s\"", o->name, o->choices, shown);
	return OPT_BAD;
}

/* text: behind the two dashes. */
static int next_long(struct opt_scan *scan, const struct opt *opts, const char *text, struct err *e)
{
	struct slice name = slice_of(text, strcspn(text, "="));
	const char *given = text[name.len] ? text + name.len + 1 : NULL;
	int i = 0;
	while (opts[i].name && !slice_is(name, opts[i].name))
		i++;
	if (!opts[i].name)
		return bad_name(opts, name, e);
	if (takes_value(&opts[i]))
		return take_value(scan, opts, i, given, e);
	if (!given)
		return i;
	err_set(e, "--%s takes no value", opts[i].name);
	return OPT_BAD;
}

/* The first letter of scan->letters; what is behind it is its value or more letters. */
static int next_letter(struct opt_scan *scan, const struct opt *opts, struct err *e)
{
	const char *at = scan->letters;
	const char *rest = at[1] ? at + 1 : NULL;
	int i = 0;
	scan->letters = NULL;
	while (opts[i].name && (!opts[i].letter || opts[i].letter != *at))
		i++;
	if (!opts[i].name)
		return bad_letter(at, e);
	if (takes_value(&opts[i]))
		return take_value(scan, opts, i, rest, e);
	scan->letters = rest;
	return i;
}

int opt_next(struct opt_scan *scan, const struct opt *opts, struct err *e)
{
	scan->value = NULL;
	if (scan->letters)
		return next_letter(scan, opts, e);
	if (scan->at == 0)
		scan->at = 1; /* the name of the command */
	if (scan->at >= scan->argc)
		return OPT_END;
	char *word = scan->argv[scan->at++];
	if (!scan->words_only && strcmp(word, "--") == 0) {
		scan->words_only = true;
		return opt_next(scan, opts, e); /* once: words_only is set now */
	}
	if (scan->words_only || word[0] != '-' || word[1] == '\0') {
		scan->value = word; /* "-" alone too */
		return OPT_WORD;
	}
	if (word[1] == '-')
		return next_long(scan, opts, word + 2, e);
	scan->letters = word + 1;
	return next_letter(scan, opts, e);
}
