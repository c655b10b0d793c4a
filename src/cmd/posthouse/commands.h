/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of commands: one a file cmd_*.c, listed in tables.c. */
#ifndef CMD_POSTHOUSE_COMMANDS_H
#define CMD_POSTHOUSE_COMMANDS_H

#include "cmd/posthouse/cli.h"

extern const struct cli_command cmd_org[];
extern const struct cli_command cmd_certificate[];
extern const struct cli_command cmd_server[];
extern const struct cli_command cmd_database[];
extern const struct cli_command cmd_user[];
extern const struct cli_command cmd_people[];
extern const struct cli_command cmd_list[];
extern const struct cli_command cmd_recipients[];
extern const struct cli_command cmd_mailbox[];
extern const struct cli_command cmd_changes[];
extern const struct cli_command cmd_cmdlets[];
extern const struct cli_command cmd_daemon[];
extern const struct cli_command cmd_import[];
extern const struct cli_command cmd_export[];
extern const struct cli_command cmd_analyze[];
extern const struct cli_command cmd_explain[];
extern const struct cli_command cmd_bench[];
extern const struct cli_command cmd_dns[];
extern const struct cli_command cmd_ldap[];

#endif
