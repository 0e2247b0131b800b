// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"

enum { OPT_HELP_ITSELF };

static const struct opt opts[] = {
	[OPT_HELP_ITSELF] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "completion",
	.synopsis = "bash",
	.summary = "Prints a script that completes commands and options in a shell.",
	.opts = opts,
	.notes = "For the shell that runs now:  . <(relpbox completion bash)\n",
};

/*
 * bash splits at '=' too: behind "--name =" or "--name" come the choices, which
 * opt_complete gives as "--name=CHOICE".
 */
static const char head[] =
	"# bash completion for relpbox\n"
	"_relpbox() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} name=${COMP_WORDS[COMP_CWORD - 1]} word\n"
	"\tlocal command=${COMP_WORDS[0]##*/} words= choices=\n"
	"\tif [[ $command == relpbox ]]; then\n"
	"\t\tcommand=${COMP_WORDS[1]}\n"
	"\t\t((COMP_CWORD > 1)) || command=\n"
	"\tfi\n"
	"\tcase $command in\n";

static const char tail[] =
	"\tesac\n"
	"\t[[ $cur != = ]] || cur=\n"
	"\t[[ $name != = ]] || name=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfor word in $words; do\n"
	"\t\t[[ $word != \"$name=\"* ]] || choices+=\" ${word#*=}\"\n"
	"\tdone\n"
	"\tCOMPREPLY=($(compgen -W \"${choices:-$words}\" -- \"$cur\"))\n"
	"}\n"
	/* relpbox, and links to it; not those whose names are other programs' or the shell's too */
	"complete -o default -F _relpbox relpbox relp-send relp-recv\n";

/* The words that are no options, where there are fixed ones. */
static void add_verbs(struct buf *out, const struct command *c)
{
	if (c == &cmd_spool)
		buf_add_str(out, "list show requeue drain ");
	else if (c == &cmd_completion)
		buf_add_str(out, "bash ");
	else if (c == &cmd_help)
		for (const struct command *const *k = commands; *k; k++)
			buf_printf(out, "%s ", (*k)->name);
}

static void add_words(struct buf *out, const struct opt_command *c)
{
	size_t start = out->len;

	opt_complete(c, out);
	for (size_t i = start; i < out->len; i++)
		if (out->p[i] == '\n')
			out->p[i] = ' ';
}

static int print_bash(void)
{
	struct buf out = { 0 };

	buf_add_str(&out, head);
	buf_add_str(&out, "\t'') words='--help --version");
	for (const struct command *const *c = commands; *c; c++)
		buf_printf(&out, " %s", (*c)->name);
	buf_add_str(&out, "' ;;\n");
	for (const struct command *const *c = commands; *c; c++) {
		buf_printf(&out, "\t%s) words='", (*c)->name);
		add_verbs(&out, *c);
		add_words(&out, (*c)->usage);
		buf_add_str(&out, "' ;;\n");
	}
	buf_add_str(&out, tail);
	return command_print(&out);
}

static int run(int argc, char **argv)
{
	struct opt_scan scan = { .argc = argc, .argv = argv };
	struct err e = { 0 };
	bool bash = false;
	int which;

	while ((which = opt_next(&scan, opts, &e)) != OPT_END) {
		if (which == OPT_HELP_ITSELF)
			return command_help(&cmd_completion);
		if (which == OPT_BAD)
			return command_misused(&cmd_completion, &e);
		bash = slice_is(slice_str(scan.value), "bash");
	}
	if (!bash) {
		err_set(&e, "name the shell: bash");
		return command_misused(&cmd_completion, &e);
	}
	return print_bash();
}

const struct command cmd_completion = {
	.name = "completion",
	.summary = "print a script that completes command lines in bash",
	.run = run,
	.usage = &usage,
};
