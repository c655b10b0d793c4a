/* SPDX-License-Identifier: Apache-2.0 */
/* The directory's entries as cmdlets show and find them. */
#ifndef CMD_POSTHOUSE_CMDLET_OBJECT_H
#define CMD_POSTHOUSE_CMDLET_OBJECT_H

#include "cmd/posthouse/cmdlet.h"

/* New objects, with Exchange's names of properties in its order. */
json_t *object_vdir(struct arena *arena, const struct dir_vdir *vdir);
json_t *object_server(struct cmdlet_call *call, const struct dir_server *s);
json_t *object_database(struct cmdlet_call *call,
			const struct dir_database *db);
json_t *object_mailbox(struct cmdlet_call *call, const struct dir_mailbox *m);

/* {"Ntlm", "OAuth", "Negotiate"} */
json_t *object_methods(unsigned methods);
/* null for "" */
json_t *object_text(const char *text);
json_t *object_guid(const struct guid *guid);
/* FILETIME: "2026-11-22T13:04:53Z" */
json_t *object_time(uint64_t filetime);

/* A server by name, FQDN or GUID; false after saying that there is none. */
bool find_server(struct cmdlet_call *call, const char *name,
		 struct dir_server *out);

/* "The operation couldn't be performed because object '…' couldn't be …" */
int no_such_object(struct cmdlet_call *call, const char *name,
		   const char *list);

/*
 * Virtual directories by Identity: "SERVER\mapi (Default Web Site)", with '*'
 * for anything, "SERVER\mapi", a GUID; back-end ones only if all says so, or
 * by their web site or GUID.  Adds those that match to list, which has room;
 * returns how many it holds then.
 */
size_t match_vdirs(const struct dir_vdir *vdirs, size_t count,
		   const char *identity, bool all, struct dir_vdir *list,
		   size_t n);

/* What a cmdlet is asked about: each NULL or a name, as a parameter has it. */
struct scope {
	const char *identity, *database, *server;
};

/*
 * Get what -Identity, -Database and -Server say; when none is given and
 * objects come through the pipe, what each of them says.  Nothing is given
 * out if get fails for one.  The exit status.
 */
int cmdlet_each_scope(struct cmdlet_call *call,
		      int (*get)(struct cmdlet_call *call,
				 const struct scope *scope));

#endif
