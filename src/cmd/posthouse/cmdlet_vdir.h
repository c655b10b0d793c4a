/* SPDX-License-Identifier: Apache-2.0 */
/* What the cmdlets of virtual directories share; for cmdlet_vdir*.c alone. */
#ifndef CMD_POSTHOUSE_CMDLET_VDIR_H
#define CMD_POSTHOUSE_CMDLET_VDIR_H

#include "cmd/posthouse/cmdlet_object.h"

/* All there are, those of server unless it is NULL; false after saying why. */
bool vdir_list(struct cmdlet_call *call, const char *server,
	       struct dir_vdir **out, size_t *count);

/* An identity by the server's FQDN as one by its name. */
const char *vdir_identity(struct cmdlet_call *call, const char *identity);

/* Say that there is none; CLI_FAILED. */
int vdir_not_found(struct cmdlet_call *call, const char *identity);

/*
 * What -Identity names, which must be one, else what comes through the pipe;
 * false after saying why.
 */
bool vdir_chosen(struct cmdlet_call *call, struct dir_vdir **out,
		 size_t *count);

/* The parameters of Set- and New- into *vdir; false after saying why. */
bool vdir_take_params(struct cmdlet_call *call, struct dir_vdir *vdir);

/* Say that a value is none of those of an enumeration; CLI_FAILED. */
int vdir_bad_value(struct cmdlet_call *call, const char *param,
		   const char *value, const char *type, const char *names);

/* Set-MapiVirtualDirectory */
int vdir_set(struct cmdlet_call *call);

#endif
