/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request goes: from a mailbox to a server, and by which way. */
#ifndef FRONTEND_ROUTE_H
#define FRONTEND_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/auth.h"
#include "base/arena.h"
#include "directory/directory.h"
#include "frontend/frontend.h"
#include "http/upstream.h"

/* A row of route.def. */
struct route {
	const char *back, *front, *says;
	unsigned back_from[3], back_to[3], front_from[3], front_to[3];
	bool reached;
};

/* The i-th; NULL after the last. */
const struct route *route_at(size_t i);

/*
 * The row that decides for a front end and a back end of these versions (as
 * in the directory); NULL if there is none: not reached.  Only for back ends
 * of makes that have Exchange's versions.
 */
const struct route *route_find(const char *front, const char *back);

/* Whether both are of the same major and minor version. */
bool route_same_version(const char *a, const char *b);

/* Where a mailbox is.  Strings are in the arena that it was looked up with. */
struct target {
	struct dir_mailbox mailbox;
	struct dir_server server;
	struct dir_vdir vdir;     /* the server's back-end one */
	struct http_origin origin;        /* of its internal_url */
	enum frontend_hop hop;
	bool local;               /* this process holds it */
};

/*
 * Find the target of a mailbox: of mailbox_id if that is not NULL, else of
 * the caller.  FRONTEND_OK and *out, or why there is none; what was found so
 * far is in *out all the same, and *why says it in words (in arena).
 */
enum frontend_failure route_target(const struct frontend_config *config,
				   const char *mailbox_id,
				   const struct identity *who,
				   struct arena *arena, struct target *out,
				   const char **why);

/* By the make of a back end. */
enum frontend_hop route_hop(const struct frontend_config *config,
			    const struct dir_server *server);

/* Whether credentials may go there: over TLS, or without leaving the machine
 * (an address on loopback, or "localhost"; what other names mean is DNS's). */
bool route_is_private(const struct http_origin *origin);

/* "server to server", "constrained delegation", "pass-through". */
const char *route_hop_name(enum frontend_hop hop);

#endif
