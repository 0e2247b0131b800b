// SPDX-License-Identifier: Apache-2.0
/*
 * relpbox COMMAND ..., or a link to the program that is named after a command.
 * The table below drives dispatch, help and completion.
 */
#include "cmd/cmd.h"

#include "base/esc.h"
#include "base/nearest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

const char program_version[] = RELPBOX_VERSION;
const char program_software[] = "relpbox," RELPBOX_VERSION;

const struct command *const commands[] = {
	/* in the order of `relpbox help` */
	&cmd_forward,
	&cmd_status,
	&cmd_spool,
	&cmd_relp_send,
	&cmd_relp_recv,
	&cmd_validate,
	&cmd_help,
	&cmd_completion,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

int command_misused(const struct command *c, const struct err *e)
{
	fprintf(stderr, "relpbox %s: %s\nSee: relpbox help %s\n", c->name, e->text, c->name);
	return EXIT_USAGE;
}

int command_help(const struct command *c)
{
	struct buf out = { 0 };

	opt_help(c->usage, &out);
	return command_print(&out);
}

int command_print(struct buf *b)
{
	fwrite(b->p, 1, b->len, stdout);
	buf_free(b);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_OK;
	perror("relpbox: standard output");
	return EXIT_FAILED;
}

int command_unknown(const char *name, struct err *e)
{
	struct nearest near = { .word = slice_str(name) };
	char shown[128];

	for (const struct command *const *c = commands; *c; c++)
		nearest_try(&near, (*c)->name);
	esc_text(shown, sizeof(shown), near.word);
	if (near.best)
		return err_set(e, "there is no command \"%s\"; did you mean \"%s\"?", shown, near.best);
	return err_set(e, "there is no command \"%s\"", shown);
}

static int print_version(void)
{
	struct buf out = { 0 };

	buf_add_str(&out, "relpbox " RELPBOX_VERSION "\n");
	return command_print(&out);
}

/*
 * Whoever starts us may have closed 0, 1 or 2: the next file opened would take
 * the number, and what is meant for a log would go into it. They are opened the
 * wrong way, so that using them still fails.
 */
static void hold_standard_fds(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	hold_standard_fds();
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
	const struct command *c = command_find(name);

	if (c)
		return c->run(argc, argv);
	if (argc < 2) {
		fprintf(stderr, "Usage: relpbox COMMAND [ARGUMENT]...\nSee: relpbox help\n");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cmd_help.run(1, argv);
	c = command_find(argv[1]);
	if (c)
		return c->run(argc - 1, argv + 1);

	struct err e;
	command_unknown(argv[1], &e);
	fprintf(stderr, "relpbox: %s\nSee: relpbox help\n", e.text);
	return EXIT_USAGE;
}
