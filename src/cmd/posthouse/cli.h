/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the posthouse command: "posthouse --config FILE NOUN VERB …".
 *
 * A command is a row: noun, verb, options with their help, handler.  Each
 * file cmd_*.c ends in a table of rows, which tables.c lists; parsing, --help
 * and the exit status follow from the rows.
 */
#ifndef CMD_POSTHOUSE_CLI_H
#define CMD_POSTHOUSE_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "admin/admin.h"
#include "base/arena.h"
#include "base/err.h"
#include "directory/config.h"
#include "directory/directory.h"

/* The exit status. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli;

struct cli_option {
	const char *name;         /* without "--" */
	const char *value;        /* "NAME", as help shows it; NULL: a flag */
	const char *help;
	bool repeats;             /* may be given several times */
};

struct cli_command {
	const char *noun;
	const char *verb;         /* NULL: the noun is all, as in "import" */
	const char *args;         /* as help shows them: "ACCOUNT"; or "" */
	const char *summary;      /* one line, a sentence */
	const struct cli_option *options; /* ends in a NULL name; or NULL */
	unsigned min_args, max_args;
	bool no_config;           /* works without a configuration */
	int (*run)(struct cli *cli);
};

/* All tables, each ending in a NULL noun; ends in NULL.  In tables.c. */
extern const struct cli_command *const cli_tables[];

/* Parse the command line and run the command.  The exit status. */
int cli_main(int argc, char **argv);

/* What was asked for --------------------------------------------------- */

/* The i-th argument after the verb; NULL when there are fewer. */
const char *cli_arg(const struct cli *cli, unsigned i);
unsigned cli_arg_count(const struct cli *cli);

/* An option's value (the last one), NULL when it was not given. */
const char *cli_get(const struct cli *cli, const char *option);
bool cli_flag(const struct cli *cli, const char *option);

/* The i-th value of an option that repeats; NULL when there are fewer. */
const char *cli_get_nth(const struct cli *cli, const char *option,
			unsigned i);

/*
 * An option as a number from min to max; absent: *out is untouched.  False
 * when it is none, after saying so: return CLI_USAGE then.
 */
bool cli_number(struct cli *cli, const char *option, uint64_t min,
		uint64_t max, uint64_t *out);

bool cli_json(const struct cli *cli);             /* --json */
struct arena *cli_arena(struct cli *cli);         /* until the end */

/* What it works on ----------------------------------------------------- */

/* The configuration; never NULL but for no_config commands without one. */
const struct config *cli_config(struct cli *cli);

/*
 * The directory, opened on first use; NULL after saying why: return
 * CLI_FAILED then.  From here on the process acts as the daemon's user.
 */
struct directory *cli_directory(struct cli *cli);

/*
 * The operations on mailboxes (admin/ops.h): the daemon's, or this process's
 * own when no daemon runs.  NULL after saying why.
 */
struct admin_client *cli_admin(struct cli *cli);

/* One operation with arguments (taken over): false after saying why. */
bool cli_call(struct cli *cli, const char *op, json_t *args,
	      const struct admin_events *events, json_t **result);

/*
 * Act as the daemon's user, so that files are made as its own.  Nothing when
 * not root.  False after saying why.
 */
bool cli_act_as_daemon(struct cli *cli);

/*
 * Act as the person again, once the directory has been read: tickets and
 * other files that libraries open for themselves are theirs.  False after
 * saying why.
 */
bool cli_act_as_person(struct cli *cli);

/*
 * Open a file that the person named, with their own rights, also after
 * cli_act_as_daemon.  flags as in open(2); -1 after saying why.
 */
int cli_open(struct cli *cli, const char *path, int flags);

/* Make a folder that may be there already, likewise. */
bool cli_mkdir(struct cli *cli, const char *path);

/* The password of --password-file or --password-stdin, in the arena; NULL
 * after saying why. */
const char *cli_password(struct cli *cli);

/* The same from a file, or with path NULL from standard input, where a
 * terminal is asked and shows nothing. */
const char *cli_read_password(struct cli *cli, const char *path);
#define CLI_PASSWORD_OPTIONS \
	{ "password-stdin", NULL, "read the password from standard input", \
	  false }, \
	{ "password-file", "FILE", "read it from the first line of a file", \
	  false }
bool cli_has_password(const struct cli *cli);

/* Saying things -------------------------------------------------------- */

/* "posthouse user new: what failed" on standard error; CLI_FAILED. */
int cli_fail(struct cli *cli, const struct err *err);
int cli_failf(struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, and how to get help; CLI_USAGE. */
int cli_usage(struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line on standard output for people; nothing with --json. */
void cli_say(struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct cli_column {
	const char *key;          /* of the rows' objects */
	const char *title;
};

/*
 * Print rows, an array of objects (taken over): a table of these columns, or
 * with --json all there is.  Columns end in a NULL key.
 */
int cli_list(struct cli *cli, json_t *rows, const struct cli_column *columns);

/* Print one object (taken over): "key: value" lines, or JSON. */
int cli_show(struct cli *cli, json_t *object);

#endif
