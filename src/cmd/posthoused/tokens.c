/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cmd/posthoused/system.h"
#include "directory/audit.h"

enum { WORDS_MAX = 32 };

/* --- Bearer tokens ---------------------------------------------------- */

static void on_failed(void *ctx, const char *text)
{
	char quoted[600];

	log_event(ctx, LOG_LEVEL_ERROR, "oauth", "error=%s",
		  log_quote(text, quoted, sizeof quoted));
}

/* The words of a list, in the arena; NULL text: none. */
static size_t split(struct arena *arena, const char *text,
		    const char *words[static WORDS_MAX])
{
	char *copy = arena_strdup(arena, text != NULL ? text : "");
	char *rest = NULL, *word = strtok_r(copy, " \t", &rest);
	size_t n = 0;

	for (; word != NULL && n < WORDS_MAX; n++) {
		words[n] = word;
		word = strtok_r(NULL, " \t", &rest);
	}
	return n;
}

static bool start_bearer(struct tokens *t, const struct config_oauth *c,
			 struct directory *dir, const char *helper,
			 struct log *log, struct err *err)
{
	const char *issuers[WORDS_MAX], *audiences[WORDS_MAX];
	const char *claims[WORDS_MAX];
	struct arena *arena;
	char *fetch;
	bool ok;

	if (c->jwks_file == NULL && c->jwks_url == NULL)
		return true;
	arena = arena_new(0);
	fetch = system_beside(helper, "posthouse-fetch");
	ok = bearer_new(dir, &(struct bearer_options){
		.jwks_file = c->jwks_file, .jwks_url = c->jwks_url,
		.ca_file = c->ca_file,
		.fetch = fetch,
		.refresh = c->refresh, .refetch = c->refetch,
		.issuers = issuers,
		.n_issuers = split(arena, c->issuer, issuers),
		.audiences = audiences,
		.n_audiences = split(arena, c->audience, audiences),
		.claims = claims,
		.n_claims = split(arena, c->claims, claims),
		.skew = c->skew / 1000,
		.authorization_uri = c->authorization_uri,
		.trusted_issuers = c->trusted_issuers,
		.client_id = c->client_id,
		.failed = on_failed, .ctx = log }, &t->bearer, err);
	free(fetch);
	arena_free(arena);
	return ok;
}

/* --- Assertions ------------------------------------------------------- */

/* The other servers check by what the directory says. */
static bool publish(const struct assertion_key *key, struct directory *dir,
		    struct dir_server *self, struct err *err)
{
	uint8_t public[ASSERTION_KEY_SIZE];

	assertion_key_public(key, public);
	if (self->assertion_key != NULL &&
	    memcmp(self->assertion_key, public, sizeof public) == 0)
		return true;
	self->assertion_key = public;
	directory_set_actor(dir, NULL, "posthoused");
	return directory_set_server(dir, self, err) ||
		err_prefix(err, "cannot put this server's assertion key into "
			   "the directory");
}

static bool start_assertions(struct tokens *t, const char *data,
			     struct directory *dir, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_server self;
	bool ok = assertion_key_load(arena_printf(arena, "%s/assertion.key",
						  data), &t->key, err);

	if (ok && !directory_this_server(dir, arena, &self))
		ok = err_set(err, EC_NOT_FOUND, "this server was removed from "
			     "the directory");
	ok = ok && publish(t->key, dir, &self, err);
	if (ok) {
		t->signer = assertion_signer_new(t->key, &self.guid);
		t->hop = hop_new(dir, t->key);
	}
	arena_free(arena);
	return ok;
}

/* --- Both ------------------------------------------------------------- */

bool tokens_start(struct tokens *t, const struct config *config,
		  struct directory *dir, const char *helper, struct log *log,
		  struct err *err)
{
	return start_assertions(t, config->data, dir, err) &&
		start_bearer(t, &config->oauth, dir, helper, log, err);
}

void tokens_stop(struct tokens *t)
{
	bearer_free(t->bearer);
	hop_free(t->hop);
	assertion_signer_free(t->signer);
	assertion_key_free(t->key);
	memset(t, 0, sizeof *t);
}

void tokens_reload(struct tokens *t)
{
	if (t->bearer != NULL)
		bearer_reload(t->bearer);
}
