/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/ops.h"

#include <stddef.h>

const struct admin_op *const admin_tables[] = {
	admin_mailbox_ops,
	admin_mail_ops,
	NULL,
};
