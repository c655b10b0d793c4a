/* SPDX-License-Identifier: Apache-2.0 */
/* Help, from the rows. */
#include <stdio.h>
#include <string.h>

#include "cmd/posthouse/cli_impl.h"
#include "cmd/posthouse/cmdlet.h"

enum { HELP_COLUMN = 26, SCREEN = 79 };

void cli_print_wrapped(const char *text, size_t indent)
{
	size_t column = indent;

	for (bool first = true; *text != '\0'; first = false) {
		size_t bytes = strcspn(text, " ");
		char word[256];
		size_t wide;

		snprintf(word, sizeof word, "%.*s", (int)bytes, text);
		wide = cli_width(word);
		if (!first && column + 1 + wide > SCREEN) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			putchar(' ');
			column++;
		}
		fputs(word, stdout);
		column += wide;
		text += bytes + (text[bytes] == ' ');
	}
	putchar('\n');
}

/* Help text beside its subject, or below if that is long. */
static void print_pair(const char *subject, const char *help)
{
	size_t len = cli_width(subject);

	printf("  %s", subject);
	if (len + 4 > HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	else
		printf("%*s", HELP_COLUMN - 2 - (int)len, "");
	cli_print_wrapped(help, HELP_COLUMN);
}

static void print_option(const struct cli_option *o)
{
	char subject[128];

	snprintf(subject, sizeof subject, "--%s%s%s%s", o->name,
		 o->value != NULL ? " " : "",
		 o->value != NULL ? o->value : "", o->repeats ? " …" : "");
	print_pair(subject, o->help);
}

static void print_options(const struct cli_option *options)
{
	for (; options != NULL && options->name != NULL; options++)
		print_option(options);
}

static bool is_in(const struct cli_option *options, const char *name)
{
	for (; options != NULL && options->name != NULL; options++)
		if (strcmp(options->name, name) == 0)
			return true;
	return false;
}

/* Those that the command has no other use for. */
static void print_global_options(const struct cli_option *own)
{
	printf("\nOptions of all commands:\n");
	for (const struct cli_option *o = cli_global_options; o->name != NULL;
	     o++)
		if (!is_in(own, o->name))
			print_option(o);
}

void cli_print_command_help(const struct cli_command *c)
{
	printf("usage: posthouse [--config FILE] %s%s%s%s%s%s\n\n%s\n",
	       c->noun, c->verb != NULL ? " " : "",
	       c->verb != NULL ? c->verb : "",
	       c->options != NULL ? " [OPTION …]" : "",
	       c->args[0] != '\0' ? " " : "", c->args, c->summary);
	if (c->options != NULL) {
		printf("\nOptions:\n");
		print_options(c->options);
	}
	print_global_options(c->options);
}

static void print_commands(const char *noun)
{
	for (size_t t = 0; cli_tables[t] != NULL; t++)
		for (const struct cli_command *c = cli_tables[t];
		     c->noun != NULL; c++) {
			char subject[128];

			if (noun != NULL && strcmp(noun, c->noun) != 0)
				continue;
			snprintf(subject, sizeof subject, "%s%s%s%s%s",
				 c->noun, c->verb != NULL ? " " : "",
				 c->verb != NULL ? c->verb : "",
				 c->args[0] != '\0' ? " " : "", c->args);
			print_pair(subject, c->summary);
		}
}

/* Their names are long: a column of their own. */
static void print_cmdlets(void)
{
	printf("\nCmdlets, which are programs of their own as well; NAME -? "
	       "shows their help:\n");
	for (size_t t = 0; cmdlet_tables[t] != NULL; t++)
		for (const struct cmdlet *c = cmdlet_tables[t];
		     c->name != NULL; c++)
			printf("  %-27s %s\n", c->name, c->summary);
}

void cli_print_help(const char *noun)
{
	printf("usage: posthouse [--config FILE] NOUN [VERB] [OPTION …] "
	       "[ARGUMENT …]\n\nCommands:\n");
	print_commands(noun);
	if (noun == NULL)
		print_cmdlets();
	print_global_options(NULL);
	printf("\n\"posthouse NOUN VERB --help\" shows a command's own "
	       "options.\nExit status: 0 done, 1 failed, 2 wrong usage.\n");
}
