/* SPDX-License-Identifier: Apache-2.0 */
/* Which virtual directories a cmdlet is about. */
#include <string.h>
#include <strings.h>

#include "cmd/posthouse/cmdlet_vdir.h"

#define LIST_VDIRS "Get-MapiVirtualDirectory -ShowMailboxVirtualDirectories"

bool vdir_list(struct cmdlet_call *call, const char *name,
	       struct dir_vdir **out, size_t *count)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	struct dir_server server;
	struct dir_vdir *list;
	size_t n, kept = 0;

	if (dir == NULL ||
	    (name != NULL && !find_server(call, name, &server)))
		return false;
	n = directory_vdirs(dir, cmdlet_arena(call), &list);
	for (size_t i = 0; i < n; i++)
		if (name == NULL || guid_equal(&list[i].server, &server.guid))
			list[kept++] = list[i];
	*out = list;
	*count = kept;
	return true;
}

/* By the FQDN, too: "mx1.example.test\mapi*". */
const char *vdir_identity(struct cmdlet_call *call, const char *identity)
{
	size_t len = strcspn(identity, "\\/");
	struct dir_server s;

	if (identity[len] == '\0' ||
	    !directory_server_named(cli_directory(cmdlet_cli(call)),
				    arena_strndup(cmdlet_arena(call), identity,
						  len),
				    cmdlet_arena(call), &s))
		return identity;
	return arena_printf(cmdlet_arena(call), "%s\\%s", s.name,
			    identity + len + 1);
}

/* "MX1mapi": the shell took the backslash. */
static bool lost_backslash(struct cmdlet_call *call, const char *identity)
{
	struct dir_server *list;
	size_t n = directory_servers(cli_directory(cmdlet_cli(call)),
				     cmdlet_arena(call), &list);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i].name);

		if (strncasecmp(identity, list[i].name, len) == 0 &&
		    strncasecmp(identity + len, "mapi", 4) == 0)
			return true;
	}
	return false;
}

int vdir_not_found(struct cmdlet_call *call, const char *identity)
{
	if (lost_backslash(call, identity))
		return cmdlet_error(call, "The operation couldn't be "
				    "performed because object '%s' couldn't "
				    "be found. The shell took its backslash: "
				    "write the identity in single quotes.",
				    identity);
	return no_such_object(call, identity, LIST_VDIRS);
}

/* What of text an object of the pipe says under name; NULL: nothing. */
static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Exactly one, which is added to list. */
static bool add_one(struct cmdlet_call *call, const struct dir_vdir *vdirs,
		    size_t count, const char *identity, struct dir_vdir *list,
		    size_t *n)
{
	struct dir_vdir *found = arena_array(cmdlet_arena(call), count + 1,
					     sizeof *found);
	size_t have = match_vdirs(vdirs, count, vdir_identity(call, identity),
				  false, found, 0);

	if (have == 0) {
		vdir_not_found(call, identity);
		return false;
	}
	if (have > 1) {
		cmdlet_error(call, "The operation couldn't be performed "
			     "because '%s' matches multiple entries: %s, %s%s.",
			     identity, found[0].identity, found[1].identity,
			     have > 2 ? " …" : "");
		return false;
	}
	/* What comes twice through a pipe is changed once. */
	for (size_t i = 0; i < *n; i++)
		if (guid_equal(&list[i].guid, &found[0].guid))
			return true;
	list[(*n)++] = found[0];
	return true;
}

/* Those of the objects in the pipe: by GUID, else by identity. */
static bool add_piped(struct cmdlet_call *call, const struct dir_vdir *vdirs,
		      size_t count, const json_t *input,
		      struct dir_vdir *list, size_t *n)
{
	const json_t *object;
	size_t i;

	json_array_foreach(input, i, object) {
		const char *key = member(object, "Guid");

		if (key == NULL)
			key = member(object, "Identity");
		if (key == NULL) {
			cmdlet_error(call, "object %zu of the pipe has no "
				     "Identity: pipe in what "
				     "Get-MapiVirtualDirectory writes", i + 1);
			return false;
		}
		if (!add_one(call, vdirs, count, key, list, n))
			return false;
	}
	return true;
}

/* What -Identity names, else what comes through the pipe. */
bool vdir_chosen(struct cmdlet_call *call, struct dir_vdir **out,
		 size_t *count)
{
	const char *identity = cmdlet_text(call, "Identity");
	struct dir_vdir *vdirs, *list;
	json_t *input = NULL;
	size_t total, n = 0;
	bool ok;

	if (identity == NULL) {
		/* The writer may be waiting for the directory's lock. */
		input = cmdlet_input(call);
		if (input == NULL)
			return false;
	}
	ok = vdir_list(call, NULL, &vdirs, &total);
	if (ok) {
		list = arena_array(cmdlet_arena(call), total + 1,
				   sizeof *list);
		ok = identity != NULL ?
			add_one(call, vdirs, total, identity, list, &n) :
			add_piped(call, vdirs, total, input, list, &n);
	}
	json_decref(input);
	if (ok) {
		*out = list;
		*count = n;
	}
	return ok;
}
