// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"

enum { OPT_MAN, OPT_HELP_ITSELF };

static const struct opt opts[] = {
	[OPT_MAN] = { "man", 0, NULL, "print the OPTIONS section of the man page, as mdoc(7)", NULL, NULL },
	[OPT_HELP_ITSELF] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "help",
	.synopsis = "[--man] [COMMAND]",
	.summary = "Prints what there is, or what one command takes.",
	.opts = opts,
};

static int print_overview(void)
{
	struct buf out = { 0 };

	buf_add_str(&out, "Usage: relpbox COMMAND [ARGUMENT]...\n"
			  "       relpbox --version\n\n"
			  "Gets audit and journal logs off a node over RELP, and loses nothing.\n\n"
			  "Commands:\n");
	for (const struct command *const *c = commands; *c; c++)
		buf_printf(&out, "  %-12s %s\n", (*c)->name, (*c)->summary);
	buf_add_str(&out, "\nSee: relpbox help COMMAND\n");
	return command_print(&out);
}

static int print_one(const char *name, bool man, struct err *e)
{
	const struct command *c = command_find(name);
	struct buf out = { 0 };

	if (!c) {
		command_unknown(name, e);
		return command_misused(&cmd_help, e);
	}
	if (!man)
		return command_help(c);
	opt_man(c->usage, &out);
	return command_print(&out);
}

static int run(int argc, char **argv)
{
	struct opt_scan scan = { .argc = argc, .argv = argv };
	struct err e = { 0 };
	const char *name = NULL;
	bool man = false;
	int which;

	while ((which = opt_next(&scan, opts, &e)) != OPT_END) {
		if (which == OPT_BAD)
			return command_misused(&cmd_help, &e);
		if (which == OPT_HELP_ITSELF)
			return command_help(&cmd_help);
		if (which == OPT_MAN)
			man = true;
		else if (!name)
			name = scan.value;
		else {
			err_set(&e, "one command at a time");
			return command_misused(&cmd_help, &e);
		}
	}
	if (!name && man) {
		err_set(&e, "--man needs a command");
		return command_misused(&cmd_help, &e);
	}
	if (!name)
		return print_overview();
	return print_one(name, man, &e);
}

const struct command cmd_help = {
	.name = "help",
	.summary = "say what there is, or what one command takes",
	.run = run,
	.usage = &usage,
};
