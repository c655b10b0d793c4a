/* SPDX-License-Identifier: Apache-2.0 */
/* What struct cmdlet_call is made of; for cmdlet*.c alone. */
#ifndef CMD_POSTHOUSE_CMDLET_IMPL_H
#define CMD_POSTHOUSE_CMDLET_IMPL_H

#include "cmd/posthouse/cmdlet.h"

struct cmdlet_value {
	const struct cmdlet_param *param;
	const char **items;
	size_t count;
	bool on;                  /* of a switch */
	enum cmdlet_edit edit;
};

enum { CMDLET_VALUES = 32 };      /* parameters that a cmdlet has at most */

struct cmdlet_call {
	const struct cmdlet *cmdlet;
	struct cli *cli;
	struct arena *arena;
	struct cmdlet_value values[CMDLET_VALUES];
	size_t value_count;
	const char *config;       /* --config; NULL: as always */
	bool json, help, version;
	bool yes_to_all, no_to_all;
	json_t *output;           /* an array */
};

/* cmdlet_args.c: bind argv[1…]; false after saying what is wrong. */
bool cmdlet_bind(struct cmdlet_call *call, int argc, char **argv);
extern const struct cmdlet_param cmdlet_common[];
extern const struct cmdlet_param cmdlet_common_change[];

/* cmdlet_print.c */
int cmdlet_print(struct cmdlet_call *call);
void cmdlet_print_help(const struct cmdlet *cmdlet);
/* Objects as a table of these columns, or as a list of these properties
 * (NULL: all); '*' in a name stands for anything. */
void cmdlet_print_table(struct arena *arena, const json_t *objects,
			const char *const *columns);
void cmdlet_print_list(struct arena *arena, const json_t *objects,
		       const char *const *names);

#endif
