/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: finding the command and its options. */
#include "cmd/posthouse/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/posthouse/cli_impl.h"

#define DEFAULT_CONFIG "/etc/posthouse/posthouse.conf"

const struct cli_option cli_global_options[] = {
	{ "config", "FILE", "the configuration; default: $POSTHOUSE_CONFIG, "
	  "else " DEFAULT_CONFIG, false },
	{ "json", NULL, "print results as JSON", false },
	{ "help", NULL, "show help and exit", false },
	{ "version", NULL, "show the version and exit", false },
	{ NULL, NULL, NULL, false },
};

const char *cli_default_config(void)
{
	const char *path = getenv("POSTHOUSE_CONFIG");

	return path != NULL && *path != '\0' ? path : DEFAULT_CONFIG;
}

/* Saying what is wrong ------------------------------------------------- */

static void complain(const struct cli *cli, const char *format, va_list ap)
{
	const struct cli_command *c = cli->command;

	if (cli->quiet)
		return;
	fflush(stdout);
	if (cli->cmdlet)
		fprintf(stderr, "%s : ", c->noun);
	else
		fprintf(stderr, "posthouse%s%s%s%s: ", c != NULL ? " " : "",
			c != NULL ? c->noun : "",
			c != NULL && c->verb != NULL ? " " : "",
			c != NULL && c->verb != NULL ? c->verb : "");
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

int cli_failf(struct cli *cli, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(cli, format, ap);
	va_end(ap);
	return CLI_FAILED;
}

int cli_fail(struct cli *cli, const struct err *err)
{
	return cli_failf(cli, "%s", err->text);
}

int cli_usage(struct cli *cli, const char *format, ...)
{
	const struct cli_command *c = cli->command;
	va_list ap;

	va_start(ap, format);
	complain(cli, format, ap);
	va_end(ap);
	fprintf(stderr, "Try \"posthouse %s%s%s--help\".\n",
		c != NULL ? c->noun : "", c != NULL ? " " : "",
		c != NULL && c->verb != NULL ? c->verb : "");
	return CLI_USAGE;
}

void cli_say(struct cli *cli, const char *format, ...)
{
	va_list ap;

	if (cli->json)
		return;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

/* Options -------------------------------------------------------------- */

static const struct cli_option *find_option(const struct cli_option *options,
					    const char *name, size_t len)
{
	for (; options != NULL && options->name != NULL; options++)
		if (strlen(options->name) == len &&
		    memcmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

static const struct cli_option *known_option(const struct cli *cli,
					     const char *name, size_t len)
{
	const struct cli_option *o = cli->command == NULL ? NULL :
		find_option(cli->command->options, name, len);

	/* A command's own --version, of a server, goes first. */
	return o != NULL ? o : find_option(cli_global_options, name, len);
}

static bool keep_option(struct cli *cli, const struct cli_option *option,
			const char *value)
{
	if (!option->repeats && (cli_flag(cli, option->name) ||
				 cli_get(cli, option->name) != NULL)) {
		cli_usage(cli, "--%s was given twice", option->name);
		return false;
	}
	cli->values[cli->value_count++] = (struct cli_value){ option, value };
	return true;
}

/* "--name", "--name value" or "--name=value" at argv[*i]. */
static bool take_option(struct cli *cli, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const struct cli_option *option = known_option(cli, name, len);
	const char *value = name[len] == '=' ? name + len + 1 : NULL;

	if (strcmp(argv[*i], "-h") == 0) {
		option = &cli_global_options[2];
		value = NULL;
	} else if (strncmp(argv[*i], "--", 2) != 0 || option == NULL) {
		cli_usage(cli, "there is no option %s here", argv[*i]);
		return false;
	}
	if (option->value == NULL && value != NULL) {
		cli_usage(cli, "--%s takes no value", option->name);
		return false;
	}
	if (option->value != NULL && value == NULL) {
		if (*i + 1 >= argc) {
			cli_usage(cli, "--%s needs a value: %s", option->name,
				  option->value);
			return false;
		}
		value = argv[++*i];
	}
	return keep_option(cli, option, value);
}

const char *cli_get_nth(const struct cli *cli, const char *option, unsigned n)
{
	for (unsigned i = 0; i < cli->value_count; i++)
		if (cli->values[i].value != NULL &&
		    strcmp(cli->values[i].option->name, option) == 0 &&
		    n-- == 0)
			return cli->values[i].value;
	return NULL;
}

const char *cli_get(const struct cli *cli, const char *option)
{
	return cli_get_nth(cli, option, 0);
}

bool cli_flag(const struct cli *cli, const char *option)
{
	for (unsigned i = 0; i < cli->value_count; i++)
		if (cli->values[i].value == NULL &&
		    strcmp(cli->values[i].option->name, option) == 0)
			return true;
	return false;
}

bool cli_number(struct cli *cli, const char *option, uint64_t min,
		uint64_t max, uint64_t *out)
{
	const char *text = cli_get(cli, option);
	unsigned long long n;
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' ||
	    n < min || n > max) {
		cli_usage(cli, "--%s is \"%s\"; write a number from %llu to "
			  "%llu", option, text, (unsigned long long)min,
			  (unsigned long long)max);
		return false;
	}
	*out = n;
	return true;
}

const char *cli_arg(const struct cli *cli, unsigned i)
{
	return i < cli->arg_count ? cli->args[i] : NULL;
}

unsigned cli_arg_count(const struct cli *cli)
{
	return cli->arg_count;
}

bool cli_json(const struct cli *cli)
{
	return cli->json;
}

struct arena *cli_arena(struct cli *cli)
{
	return cli->arena;
}

/* Commands ------------------------------------------------------------- */

static const struct cli_command *find_command(const char *noun,
					      const char *verb)
{
	for (size_t t = 0; cli_tables[t] != NULL; t++)
		for (const struct cli_command *c = cli_tables[t];
		     c->noun != NULL; c++)
			if (strcmp(c->noun, noun) == 0 &&
			    (c->verb == NULL ||
			     (verb != NULL && strcmp(c->verb, verb) == 0)))
				return c;
	return NULL;
}

static bool is_noun(const char *noun)
{
	for (size_t t = 0; cli_tables[t] != NULL; t++)
		for (const struct cli_command *c = cli_tables[t];
		     c->noun != NULL; c++)
			if (strcmp(c->noun, noun) == 0)
				return true;
	return false;
}

/*
 * The first two words that are no options name the command, and are taken out
 * of the arguments; options before them are global ones.
 */
static int name_command(struct cli *cli)
{
	const char *noun = cli_arg(cli, 0), *verb = cli_arg(cli, 1);
	unsigned words;

	if (noun == NULL)
		return CLI_OK;
	cli->command = find_command(noun, verb);
	if (cli->command == NULL && !is_noun(noun))
		return cli_usage(cli, "there is no command \"%s\"", noun);
	if (cli->command == NULL && verb != NULL)
		return cli_usage(cli, "there is no command \"%s %s\"", noun,
				 verb);
	if (cli->command == NULL)
		return CLI_OK;
	words = cli->command->verb == NULL ? 1 : 2;
	cli->args += words;
	cli->arg_count -= words;
	return CLI_OK;
}

static int parse(struct cli *cli, int argc, char **argv)
{
	bool named = false, only_args = false;
	int rc;

	for (int i = 1; i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && argv[i][0] == '-' && argv[i][1]) {
			if (!take_option(cli, argc, argv, &i))
				return CLI_USAGE;
		} else {
			cli->args[cli->arg_count++] = argv[i];
			/* As soon as it is known: its options follow. */
			if (named || find_command(cli->args[0],
					cli_arg(cli, 1)) == NULL)
				continue;
			named = true;
			rc = name_command(cli);
			if (rc != CLI_OK)
				return rc;
		}
	}
	return named ? CLI_OK : name_command(cli);
}

static int check_args(struct cli *cli)
{
	const struct cli_command *c = cli->command;

	if (cli->arg_count < c->min_args)
		return cli_usage(cli, "something is missing: %s", c->args);
	if (cli->arg_count > c->max_args)
		return cli_usage(cli, "\"%s\" is too much",
				 cli->args[c->max_args]);
	return CLI_OK;
}

static int run(struct cli *cli)
{
	const char *noun = cli_arg(cli, 0);
	int rc;

	if (cli_flag(cli, "version")) {
		printf("posthouse %s\n", POSTHOUSE_VERSION);
		return CLI_OK;
	}
	if (cli->command != NULL && cli_flag(cli, "help")) {
		cli_print_command_help(cli->command);
		return CLI_OK;
	}
	if (cli->command == NULL) {
		if (cli_flag(cli, "help")) {
			cli_print_help(noun);
			return CLI_OK;
		}
		if (noun == NULL)
			return cli_usage(cli, "which command?");
		return cli_usage(cli, "\"%s\" needs a verb after it", noun);
	}
	rc = check_args(cli);
	if (rc != CLI_OK)
		return rc;
	if (!cli_load_config(cli))
		return CLI_FAILED;
	return cli->command->run(cli);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = { .own_uid = geteuid(), .own_gid = getegid() };
	int rc;

	cli.arena = arena_new(0);
	cli.args = arena_array(cli.arena, (size_t)argc + 1,
				      sizeof *cli.args);
	cli.values = arena_array(cli.arena, (size_t)argc + 1,
				 sizeof *cli.values);
	rc = parse(&cli, argc, argv);
	if (rc == CLI_OK) {
		cli.json = cli_flag(&cli, "json");
		cli.config_path = cli_get(&cli, "config");
		if (cli.config_path == NULL)
			cli.config_path = cli_default_config();
		rc = run(&cli);
	}
	if (fflush(stdout) != 0 && rc == CLI_OK)
		rc = cli_failf(&cli, "cannot write the output: %s",
			       strerror(errno));
	cli_close(&cli);
	return rc;
}
