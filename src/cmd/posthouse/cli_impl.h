/* SPDX-License-Identifier: Apache-2.0 */
/* What struct cli is made of; for cli*.c alone. */
#ifndef CMD_POSTHOUSE_CLI_IMPL_H
#define CMD_POSTHOUSE_CLI_IMPL_H

#include <sys/types.h>

#include "cmd/posthouse/cli.h"

struct cli_value {
	const struct cli_option *option;
	const char *value;        /* NULL for a flag */
};

struct store_pool;
struct admin_daemon;

struct cli {
	const struct cli_command *command;
	const char *config_path;
	bool json, help;
	bool cmdlet;              /* it is one: cmdlet.h */
	bool quiet;               /* errors are not printed */

	const char **args;        /* after the verb */
	unsigned arg_count;
	struct cli_value *values;
	unsigned value_count;

	struct arena *arena;
	struct config *config;
	struct directory *directory;
	struct admin_client *admin;
	/* When this process carries out the operations itself. */
	struct admin_server *server;
	struct admin_daemon *daemon;
	const char *staging;      /* the pool's folder, removed at the end */

	uid_t own_uid;            /* who started us */
	gid_t own_gid;
	bool acting;              /* as the daemon's user */
	uid_t daemon_uid;
	gid_t daemon_gid;
};

/* cli_help.c: all commands, those of a noun, or one. */
void cli_print_help(const char *noun);
/* Words of text, with line breaks; lines after the first are indented. */
void cli_print_wrapped(const char *text, size_t indent);
void cli_print_command_help(const struct cli_command *command);
extern const struct cli_option cli_global_options[];

/* $POSTHOUSE_CONFIG, else where the configuration is installed. */
const char *cli_default_config(void);

/* cli_print.c: columns that a text takes on a terminal. */
size_t cli_width(const char *text);

/* cli_context.c */
bool cli_load_config(struct cli *cli);
void cli_close(struct cli *cli);

#endif
