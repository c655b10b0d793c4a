/* SPDX-License-Identifier: Apache-2.0 */
#include "frontend/route.h"

#include <string.h>
#include <strings.h>

static const struct route routes[] = {
#define ROUTE(back, b1, b2, b3, b4, b5, b6, front, f1, f2, f3, f4, f5, f6, \
	      says, reached) \
	{ back, front, says, { b1, b2, b3 }, { b4, b5, b6 }, \
	  { f1, f2, f3 }, { f4, f5, f6 }, reached },
#include "frontend/route.def"
#undef ROUTE
};

const struct route *route_at(size_t i)
{
	return i < sizeof routes / sizeof *routes ? &routes[i] : NULL;
}

static bool before(const unsigned a[3], const unsigned b[3])
{
	for (size_t i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

static bool parse(const char *text, unsigned out[3])
{
	unsigned revision;

	return dir_version_parse(text, &out[0], &out[1], &out[2], &revision);
}

const struct route *route_find(const char *front, const char *back)
{
	unsigned f[3], b[3];

	if (!parse(front, f) || !parse(back, b))
		return NULL;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		const struct route *r = &routes[i];

		if (!before(b, r->back_from) && before(b, r->back_to) &&
		    !before(f, r->front_from) && before(f, r->front_to))
			return r;
	}
	return NULL;
}

bool route_same_version(const char *a, const char *b)
{
	unsigned va[3], vb[3];

	return parse(a, va) && parse(b, vb) && va[0] == vb[0] &&
		va[1] == vb[1];
}

const char *route_hop_name(enum frontend_hop hop)
{
	return hop == FRONTEND_SERVER ? "server to server" :
		hop == FRONTEND_DELEGATION ? "constrained delegation" :
		"pass-through";
}

static bool is_make(const struct dir_server *server, const char *make)
{
	return strcasecmp(server->make, make) == 0;
}

enum frontend_hop route_hop(const struct frontend_config *config,
			    const struct dir_server *server)
{
	return is_make(server, "Exchange") ? config->hop_exchange :
		is_make(server, "gromox") ? config->hop_gromox :
		config->hop_posthouse;
}

/* gromox counts its versions in its own way. */
static bool is_reached(const struct frontend_config *config,
		       const struct dir_server *server, struct arena *arena,
		       const char **why)
{
	const struct route *route;

	if (!is_make(server, "Exchange") && !is_make(server, "Posthouse"))
		return true;
	route = route_find(config->version, server->version);
	if (route != NULL && route->reached)
		return true;
	*why = arena_printf(arena, "%s of %s is not reached from %s over MAPI "
			    "over HTTP%s%s", server->fqdn, server->version,
			    config->version, route != NULL ? ": " : "",
			    route != NULL ? route->back : "");
	return false;
}

static bool find_mailbox(const struct frontend_config *config,
			 const char *mailbox_id, const struct identity *who,
			 struct arena *arena, struct dir_mailbox *out)
{
	if (mailbox_id != NULL)
		return directory_mailbox_by_id(config->directory, mailbox_id,
					       arena, out);
	return who != NULL && directory_mailbox(config->directory,
						&who->mailbox, arena, out);
}

bool route_is_private(const struct http_origin *origin)
{
	return origin->tls || strcasecmp(origin->host, "localhost") == 0 ||
		(origin->literal && (strncmp(origin->host, "127.", 4) == 0 ||
				     strcmp(origin->host, "::1") == 0));
}

/* The virtual directory, which alone says where the server is reached. */
static enum frontend_failure find_vdir(const struct frontend_config *config,
				       struct arena *arena,
				       struct target *out, const char **why)
{
	const struct dir_server *server = &out->server;

	if (directory_vdir(config->directory, &server->guid, true, arena,
			   &out->vdir) &&
	    http_origin_parse(out->vdir.internal_url, arena, &out->origin)) {
		if (route_is_private(&out->origin))
			return FRONTEND_OK;
		*why = arena_printf(arena, "the InternalUrl of %s is plain "
				    "HTTP to another machine: set one with "
				    "https", server->name);
		return FRONTEND_NO_VDIR;
	}
	*why = arena_printf(arena, "%s has no back-end virtual directory with "
			    "a URL: set its InternalUrl", server->name);
	return FRONTEND_NO_VDIR;
}

enum frontend_failure route_target(const struct frontend_config *config,
				   const char *mailbox_id,
				   const struct identity *who,
				   struct arena *arena, struct target *out,
				   const char **why)
{
	memset(out, 0, sizeof *out);
	if (!find_mailbox(config, mailbox_id, who, arena, &out->mailbox)) {
		*why = mailbox_id != NULL ?
			arena_printf(arena, "there is no mailbox %s",
				     mailbox_id) :
			"the caller has no mailbox";
		return FRONTEND_NO_MAILBOX;
	}
	if (!directory_server(config->directory, &out->mailbox.server, arena,
			      &out->server)) {
		*why = arena_printf(arena, "the database %s is active nowhere",
				    out->mailbox.database_name);
		return FRONTEND_NO_ROUTE;
	}
	out->local = out->mailbox.local &&
		config->local[FRONTEND_EMSMDB] != NULL;
	out->hop = route_hop(config, &out->server);
	if (out->local)
		return FRONTEND_OK;
	if (!is_reached(config, &out->server, arena, why))
		return FRONTEND_NO_ROUTE;
	return find_vdir(config, arena, out, why);
}
