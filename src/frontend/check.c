/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot work, said before it is tried. */
#include <stdio.h>

#include "frontend/route.h"

struct check {
	const struct frontend_config *config;
	void (*problem)(void *ctx, const char *text);
	void *ctx;
	struct arena *arena;
	unsigned problems;
};

static void report(struct check *c, const char *text)
{
	c->problems++;
	c->problem(c->ctx, text);
}

/*
 * A client binds its handshake to the certificate of the connection that it
 * has, which is not the one that the back end gives: what is passed through
 * can't be bound.
 */
static void check_binding(struct check *c, const struct dir_server *server,
			  const struct dir_vdir *vdir)
{
	if (vdir->ep_checking == DIR_EP_REQUIRE)
		report(c, arena_printf(c->arena, "%s requires Extended "
				       "Protection, and pass-through to %s "
				       "(%s) can't give it: set "
				       "ExtendedProtectionTokenChecking to "
				       "None or Allow, or another hop_ under "
				       "[frontend]", vdir->identity,
				       server->name, server->make));
}

static void check_server(struct check *c, const struct dir_server *server,
			 const struct dir_vdir *own)
{
	struct http_origin origin;
	struct dir_vdir vdir;

	if (!directory_vdir(c->config->directory, &server->guid, true,
			    c->arena, &vdir))
		return;
	if (vdir.internal_url[0] == '\0')
		;                 /* nobody sends there */
	else if (!http_origin_parse(vdir.internal_url, c->arena, &origin))
		report(c, arena_printf(c->arena, "the InternalUrl of %s, "
				       "\"%s\", is no URL that a front end "
				       "can send to", vdir.identity,
				       vdir.internal_url));
	else if (!route_is_private(&origin))
		report(c, arena_printf(c->arena, "the InternalUrl of %s, "
				       "\"%s\", is plain HTTP to another "
				       "machine, and nothing will be sent to "
				       "it: set one with https", vdir.identity,
				       vdir.internal_url));
	if (route_hop(c->config, server) != FRONTEND_PASS_THROUGH)
		return;
	check_binding(c, server, &vdir);
	if (own != NULL)
		check_binding(c, server, own);
}

unsigned frontend_check(const struct frontend_config *config,
			void (*problem)(void *ctx, const char *text),
			void *ctx)
{
	struct check c = { .config = config, .problem = problem, .ctx = ctx,
		.arena = arena_new(0) };
	struct dir_server self, *all;
	struct dir_vdir own;
	bool has_self = directory_this_server(config->directory, c.arena,
					      &self);
	bool has_own = has_self && directory_vdir(config->directory,
						  &self.guid, false, c.arena,
						  &own);
	size_t n = directory_servers(config->directory, c.arena, &all);

	for (size_t i = 0; i < n; i++)
		if (!has_self || !guid_equal(&all[i].guid, &self.guid))
			check_server(&c, &all[i], has_own ? &own : NULL);
	arena_free(c.arena);
	return c.problems;
}
