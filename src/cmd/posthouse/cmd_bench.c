/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthouse/commands.h"

const struct cli_command cmd_bench[] = {
	{ .noun = NULL },
};
