/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of cmdlets, listed in tables.c. */
#ifndef CMD_POSTHOUSE_CMDLETS_H
#define CMD_POSTHOUSE_CMDLETS_H

#include "cmd/posthouse/cmdlet.h"

extern const struct cmdlet cmdlets_vdir[];
extern const struct cmdlet cmdlets_server[];
extern const struct cmdlet cmdlets_test[];
extern const struct cmdlet cmdlets_audit[];
extern const struct cmdlet cmdlets_format[];

#endif
