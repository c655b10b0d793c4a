/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cmdlets: commands under the names, and with the parameters, that Exchange's
 * administrators know, for a POSIX shell.
 *
 *     Get-MapiVirtualDirectory | Set-MapiVirtualDirectory -IIS… Ntlm, OAuth
 *
 * The program is one of them when it is started under its name (a link), or
 * as "posthouse NAME …".  A cmdlet is a row: parameters with their help, and
 * the function that does it.  Binding of parameters, -WhatIf, -Confirm, help
 * and output follow from the row.
 *
 * What the shell makes of PowerShell's syntax is understood: "Ntlm, OAuth" is
 * two arguments, "-Confirm:$false" arrives as "-Confirm:", and "$null" not at
 * all.
 */
#ifndef CMD_POSTHOUSE_CMDLET_H
#define CMD_POSTHOUSE_CMDLET_H

#include <jansson.h>

#include "cmd/posthouse/cli.h"

enum cmdlet_type {
	CMDLET_SWITCH,            /* there or not; "-Name:$false": not */
	CMDLET_TEXT,
	CMDLET_LIST,              /* values parted by commas */
	CMDLET_URL,               /* text, or nothing for $null */
};

struct cmdlet_param {
	const char *name;
	enum cmdlet_type type;
	const char *value;        /* as help shows it: "<Uri>" */
	const char *help;
	bool mandatory;
	bool positional;          /* the first argument without a name */
	const char *alias;        /* NULL: none */
};

enum cmdlet_flag {
	CMDLET_CHANGES = 1,       /* has -WhatIf and -Confirm */
	CMDLET_ASKS = 2,          /* asks unless -Confirm:$false or -Force */
	CMDLET_PIPE = 4,          /* reads objects when it has no Identity */
	CMDLET_LOCAL = 8,         /* needs no configuration */
};

struct cmdlet_call;

struct cmdlet {
	const char *name;
	const char *summary;      /* one line, a sentence */
	const struct cmdlet_param *params;        /* ends in a NULL name */
	unsigned flags;           /* enum cmdlet_flag */
	const char *const *columns;       /* of the table on a terminal; ends
					   * in NULL; NULL: a list */
	const char *example;      /* NULL: none */
	int (*run)(struct cmdlet_call *call);
};

/* All tables, each ending in a NULL name; ends in NULL. */
extern const struct cmdlet *const cmdlet_tables[];

/* By its name in any case; NULL: there is none. */
const struct cmdlet *cmdlet_named(const char *name);

/*
 * The cmdlet that this command line asks for, with the exit status in *rc;
 * false when it asks for none.
 */
bool cmdlet_main(int argc, char **argv, int *rc);

/* What was asked for --------------------------------------------------- */

struct cli *cmdlet_cli(struct cmdlet_call *call);
struct arena *cmdlet_arena(struct cmdlet_call *call);

bool cmdlet_given(const struct cmdlet_call *call, const char *param);
bool cmdlet_switch(const struct cmdlet_call *call, const char *param);

/* "" for $null; NULL when it was not given. */
const char *cmdlet_text(const struct cmdlet_call *call, const char *param);

/* The values of a list; *out is NULL when it was not given. */
size_t cmdlet_list(const struct cmdlet_call *call, const char *param,
		   const char *const **out);

/* How a list was given: whole, or as @{Add=…} or @{Remove=…}. */
enum cmdlet_edit { CMDLET_REPLACE, CMDLET_ADD, CMDLET_REMOVE };
enum cmdlet_edit cmdlet_edit(const struct cmdlet_call *call,
			     const char *param);

/* Whether s matches the pattern, where '*' is anything; case is ignored. */
bool cmdlet_like(const char *pattern, const char *s);

/*
 * The objects that come through the pipe, one JSON object a line: an array,
 * the caller's.  NULL after saying why, also when there are none.
 */
json_t *cmdlet_input(struct cmdlet_call *call);

/*
 * The same for a cmdlet that can also do without: NULL with *ok true when
 * standard input is no pipe, or holds no objects, which are left in it then.
 */
json_t *cmdlet_piped(struct cmdlet_call *call, bool *ok);

/* Saying things -------------------------------------------------------- */

/* "Name : what is wrong" on standard error; CLI_FAILED. */
int cmdlet_error(struct cmdlet_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cmdlet_warning(struct cmdlet_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* With -Verbose only. */
void cmdlet_verbose(struct cmdlet_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* An object (taken over) that the cmdlet gives out at its end. */
void cmdlet_put(struct cmdlet_call *call, json_t *object);
/* Give out nothing after all. */
void cmdlet_drop(struct cmdlet_call *call);

/*
 * Before a change: whether to make it.  False with -WhatIf, which says what
 * it would be, and when the person answers no.  action is a sentence.  When
 * nobody can be asked, *rc becomes CLI_FAILED.
 */
bool cmdlet_should(struct cmdlet_call *call, const char *action, int *rc);

#endif
