/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/check.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/assertion.h"
#include "auth/jwks.h"
#include "auth/jwks_fetch.h"
#include "base/buf.h"
#include "cmd/posthoused/system.h"

struct check {
	const struct config *config;
	void (*problem)(void *ctx, const char *text);
	void *ctx;
	unsigned problems;
};

static void report(struct check *c, const char *text)
{
	c->problems++;
	c->problem(c->ctx, text);
}

/*
 * The daemon starts without keys and reads them when the provider answers:
 * whoever waits for this check to start it must not wait for the provider.
 */
static void warn(struct check *c, struct err *err)
{
	err_prefix(err, "warning: bearer tokens are refused for now");
	c->problem(c->ctx, err->text);
}

/* posthouse-fetch lies beside posthouse-auth. */
static bool fetch(const struct config *config, struct buf *out,
		  struct err *err)
{
	char *helper = system_helper_path(config->auth_helper);
	char *program = system_beside(helper, "posthouse-fetch");
	bool ok = jwks_fetch_url(program, config->oauth.jwks_url,
				 config->oauth.ca_file, -1, out, err);

	free(program);
	free(helper);
	return ok;
}

static void check_keys(struct check *c)
{
	const struct config_oauth *o = &c->config->oauth;
	const char *from = o->jwks_file != NULL ? o->jwks_file : o->jwks_url;
	struct buf text = BUF_INIT;
	struct jwks *keys = NULL;
	struct err err;

	if (from == NULL)
		return;
	if (o->ca_file != NULL && access(o->ca_file, R_OK) < 0) {
		err_set(&err, EC_ERROR, "cannot read %s (ca_file under "
			"[oauth])", o->ca_file);
		report(c, err.text);
		return;
	}
	if (o->jwks_file == NULL && !fetch(c->config, &text, &err)) {
		warn(c, &err);
	} else if (o->jwks_file != NULL &&
		   !jwks_read_file(from, &text, &err)) {
		report(c, err.text);
	} else if (!jwks_parse(buf_str(&text), text.len, &keys, &err)) {
		err_prefix(&err, "the key set of %s", from);
		report(c, err.text);
	}
	jwks_unref(keys);
	buf_free(&text);
}

/* One that isn't there yet is made at the first start. */
static void check_assertion_key(struct check *c)
{
	struct assertion_key *key = NULL;
	char path[PATH_MAX];
	struct err err;

	snprintf(path, sizeof path, "%s/assertion.key", c->config->data);
	if (access(path, F_OK) < 0)
		return;
	if (!assertion_key_load(path, &key, &err))
		report(c, err.text);
	assertion_key_free(key);
}

unsigned check_services(const struct config *config,
			void (*problem)(void *ctx, const char *text),
			void *ctx)
{
	struct check c = { .config = config, .problem = problem, .ctx = ctx };

	check_keys(&c);
	check_assertion_key(&c);
	return c.problems;
}
