/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a cmdlet: finding it, running it, asking, saying. */
#include "cmd/posthouse/cmdlet.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/posthouse/cli_impl.h"
#include "cmd/posthouse/cmdlet_impl.h"

struct cli *cmdlet_cli(struct cmdlet_call *call)
{
	return call->cli;
}

struct arena *cmdlet_arena(struct cmdlet_call *call)
{
	return call->arena;
}

/* Saying things -------------------------------------------------------- */

/* -ErrorAction and -WarningAction: whether nothing is to be printed. */
static bool is_silent(const struct cmdlet_call *call, const char *param)
{
	const char *action = cmdlet_text(call, param);

	return action != NULL && (strcasecmp(action, "SilentlyContinue") == 0 ||
				  strcasecmp(action, "Ignore") == 0);
}

int cmdlet_error(struct cmdlet_call *call, const char *format, ...)
{
	va_list ap;

	if (is_silent(call, "ErrorAction"))
		return CLI_FAILED;
	fflush(stdout);
	va_start(ap, format);
	fprintf(stderr, "%s : ", call->cmdlet->name);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	return CLI_FAILED;
}

void cmdlet_warning(struct cmdlet_call *call, const char *format, ...)
{
	va_list ap;

	if (is_silent(call, "WarningAction"))
		return;
	va_start(ap, format);
	fputs("WARNING: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void cmdlet_verbose(struct cmdlet_call *call, const char *format, ...)
{
	va_list ap;

	if (!cmdlet_switch(call, "Verbose") && !cmdlet_switch(call, "Debug"))
		return;
	va_start(ap, format);
	fputs("VERBOSE: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void cmdlet_put(struct cmdlet_call *call, json_t *object)
{
	json_array_append_new(call->output, object);
}

void cmdlet_drop(struct cmdlet_call *call)
{
	json_array_clear(call->output);
}

/* Asking --------------------------------------------------------------- */

static bool must_ask(const struct cmdlet_call *call)
{
	if (cmdlet_given(call, "Confirm"))
		return cmdlet_switch(call, "Confirm");
	return (call->cmdlet->flags & CMDLET_ASKS) &&
		!cmdlet_switch(call, "Force");
}

/* The terminal, also when standard input is a pipe.  The answer's letter. */
static char ask(FILE *tty, const char *action)
{
	char line[64];

	for (;;) {
		fprintf(tty, "\nConfirm\nAre you sure you want to perform "
			"this action?\n%s\n[Y] Yes  [A] Yes to All  [N] No  "
			"[L] No to All  [?] Help (default is \"Y\"): ",
			action);
		fflush(tty);
		if (fgets(line, sizeof line, tty) == NULL)
			return 'l';
		switch (line[0]) {
		case '\n': case 'y': case 'Y':
			return 'y';
		case 'a': case 'A':
			return 'a';
		case 'n': case 'N':
			return 'n';
		case 'l': case 'L':
			return 'l';
		default:
			fputs("Y: do it. A: do it, and ask no more. N: leave "
			      "this one as it is. L: leave this one and all "
			      "others.\n", tty);
		}
	}
}

bool cmdlet_should(struct cmdlet_call *call, const char *action, int *rc)
{
	FILE *tty;
	char answer;

	if (cmdlet_switch(call, "WhatIf")) {
		printf("What if: %s\n", action);
		return false;
	}
	if (call->no_to_all)
		return false;
	if (call->yes_to_all || !must_ask(call)) {
		cmdlet_verbose(call, "%s", action);
		return true;
	}
	tty = fopen("/dev/tty", "r+");
	if (tty == NULL) {
		*rc = cmdlet_error(call, "%s Nobody can be asked, for there "
				   "is no terminal: add -Confirm:$false.",
				   action);
		return false;
	}
	answer = ask(tty, action);
	fclose(tty);
	call->yes_to_all = answer == 'a';
	call->no_to_all = answer == 'l';
	return answer == 'y' || answer == 'a';
}

/* Running -------------------------------------------------------------- */

const struct cmdlet *cmdlet_named(const char *name)
{
	for (size_t t = 0; cmdlet_tables[t] != NULL; t++)
		for (const struct cmdlet *c = cmdlet_tables[t];
		     c->name != NULL; c++)
			if (strcasecmp(c->name, name) == 0)
				return c;
	return NULL;
}

/* -WhatIf and the text of -Confirm are the cmdlet's own; output at its end. */
static int carry_out(struct cmdlet_call *call)
{
	int rc, printed;

	if (call->help) {
		cmdlet_print_help(call->cmdlet);
		return CLI_OK;
	}
	if (call->version) {
		printf("posthouse %s\n", POSTHOUSE_VERSION);
		return CLI_OK;
	}
	if (!(call->cmdlet->flags & CMDLET_LOCAL) &&
	    !cli_load_config(call->cli))
		return CLI_FAILED;
	rc = call->cmdlet->run(call);
	printed = cmdlet_print(call);
	return rc == CLI_OK ? printed : rc;
}

static int run(const struct cmdlet *cmdlet, const char *config, int argc,
	       char **argv)
{
	const struct cli_command command = { .noun = cmdlet->name,
		.args = "", .no_config = cmdlet->flags & CMDLET_LOCAL };
	struct cli cli = { .command = &command, .cmdlet = true,
			   .own_uid = geteuid(), .own_gid = getegid() };
	struct cmdlet_call call = { .cmdlet = cmdlet, .cli = &cli };
	int rc = CLI_FAILED;

	cli.arena = call.arena = arena_new(0);
	call.output = json_array();
	if (cmdlet_bind(&call, argc, argv)) {
		cli.quiet = is_silent(&call, "ErrorAction");
		cli.config_path = call.config != NULL ? call.config :
			config != NULL ? config : cli_default_config();
		cmdlet_verbose(&call, "the configuration is %s",
			       cli.config_path);
		rc = carry_out(&call);
	}
	if (fflush(stdout) != 0 && rc == CLI_OK)
		rc = cmdlet_error(&call, "cannot write the output: %s",
				  strerror(errno));
	json_decref(call.output);
	cli_close(&cli);
	return rc;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool cmdlet_main(int argc, char **argv, int *rc)
{
	const struct cmdlet *cmdlet;
	const char *config = NULL;
	int at = 1;

	if (argc == 0)
		return false;
	cmdlet = cmdlet_named(base_name(argv[0]));
	if (cmdlet != NULL) {
		*rc = run(cmdlet, NULL, argc, argv);
		return true;
	}
	/* "posthouse --config FILE Get-MapiVirtualDirectory …" */
	if (argc > 2 && strcmp(argv[1], "--config") == 0) {
		config = argv[2];
		at = 3;
	} else if (argc > 1 && strncmp(argv[1], "--config=", 9) == 0) {
		config = argv[1] + 9;
		at = 2;
	}
	cmdlet = at < argc ? cmdlet_named(argv[at]) : NULL;
	if (cmdlet != NULL)
		*rc = run(cmdlet, config, argc - at, argv + at);
	return cmdlet != NULL;
}
