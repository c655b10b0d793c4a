/* SPDX-License-Identifier: Apache-2.0 */
/* All commands, in the order of "posthouse --help". */
#include "cmd/posthouse/cmdlets.h"
#include "cmd/posthouse/commands.h"

const struct cli_command *const cli_tables[] = {
	cmd_org,
	cmd_certificate,
	cmd_server,
	cmd_database,
	cmd_user,
	cmd_people,
	cmd_list,
	cmd_recipients,
	cmd_mailbox,
	cmd_changes,
	cmd_daemon,
	cmd_import,
	cmd_export,
	cmd_analyze,
	cmd_explain,
	cmd_bench,
	cmd_dns,
	cmd_ldap,
	cmd_cmdlets,
	NULL,
};

const struct cmdlet *const cmdlet_tables[] = {
	cmdlets_vdir,
	cmdlets_server,
	cmdlets_test,
	cmdlets_audit,
	cmdlets_format,
	NULL,
};
