/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/bearer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/bearer_impl.h"
#include "auth/jwks_source.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"

#define EXCHANGE_CLIENT_ID "00000002-0000-0ff1-ce00-000000000000"

enum { REMEMBER_MS = 300000, REFRESH_MS = 3600000, REFETCH_MS = 30000 };

struct bearer {
	struct directory *dir;
	struct jwks_source *source;
	struct jwt_policy policy;
	const char *const *claims;
	size_t n_claims;
	char *challenge;
	struct arena *arena;      /* of the strings above */
	struct mac_key *key;

	pthread_mutex_t lock;     /* guards both */
	struct bearer_cache *cache;
	struct bearer_stats stats;
};

/* --- Options ---------------------------------------------------------- */

static const char *const *copy_list(struct arena *arena,
				    const char *const *list, size_t n)
{
	const char **copy = arena_alloc(arena, (n + 1) * sizeof *copy);

	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(arena, list[i]);
	return copy;
}

static void take_lists(struct bearer *b, const struct bearer_options *o)
{
	static const char *const usual[] = { "upn", "oid" };

	b->policy.issuers = copy_list(b->arena, o->issuers, o->n_issuers);
	b->policy.n_issuers = o->n_issuers;
	b->policy.audiences = copy_list(b->arena, o->audiences,
					o->n_audiences);
	b->policy.n_audiences = o->n_audiences;
	b->policy.skew = o->skew;
	b->n_claims = o->n_claims > 0 ? o->n_claims : 2;
	b->claims = copy_list(b->arena, o->n_claims > 0 ? o->claims : usual,
			      b->n_claims);
}

/* A parameter as a quoted string (RFC 9110 5.6.4); what would need quoting in
 * it is left out. */
static void put_parameter(struct buf *out, const char *name,
			  const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, "%s%s=\"", out->len > 0 ? ", " : "", name);
	for (; *value != '\0'; value++)
		if ((unsigned char)*value >= ' ' && *value != '"' &&
		    *value != '\\' && *value != 0x7f)
			buf_add(out, value, 1);
	buf_puts(out, "\"");
}

static char *make_challenge(const struct bearer_options *o)
{
	struct buf out = BUF_INIT;

	put_parameter(&out, "client_id", o->client_id != NULL ? o->client_id :
		      EXCHANGE_CLIENT_ID);
	put_parameter(&out, "trusted_issuers", o->trusted_issuers);
	put_parameter(&out, "token_types",
		      "app_asserted_user_v1 service_asserted_app_v1");
	put_parameter(&out, "authorization_uri", o->authorization_uri);
	return (char *)out.data;
}

static bool check_options(const struct bearer_options *o, struct err *err)
{
	if (o->n_issuers == 0 || o->n_audiences == 0)
		return err_set(err, EC_INVALID_PARAM, "bearer tokens need an "
			       "issuer and an audience; set both under "
			       "[oauth]");
	if ((o->jwks_file == NULL) == (o->jwks_url == NULL))
		return err_set(err, EC_INVALID_PARAM, "bearer tokens need the "
			       "keys of their issuer; set jwks_file or "
			       "jwks_url under [oauth]");
	return true;
}

/* --- Life ------------------------------------------------------------- */

bool bearer_new(struct directory *dir, const struct bearer_options *options,
		struct bearer **out, struct err *err)
{
	const struct bearer_options *o = options;
	struct bearer *b;

	if (!check_options(o, err))
		return false;
	b = xcalloc(1, sizeof *b);
	b->dir = dir;
	b->arena = arena_new(0);
	take_lists(b, o);
	b->challenge = make_challenge(o);
	b->key = mac_key_new();
	b->cache = bearer_cache_new();
	pthread_mutex_init(&b->lock, NULL);
	if (!jwks_source_start(&(struct jwks_source_options){
			.file = o->jwks_file, .url = o->jwks_url,
			.ca_file = o->ca_file, .fetch = o->fetch,
			.refresh = o->refresh > 0 ? o->refresh : REFRESH_MS,
			.refetch = o->refetch > 0 ? o->refetch : REFETCH_MS,
			.failed = o->failed, .ctx = o->ctx },
			&b->source, err)) {
		bearer_free(b);
		return false;
	}
	*out = b;
	return true;
}

void bearer_free(struct bearer *bearer)
{
	if (bearer == NULL)
		return;
	jwks_source_stop(bearer->source);
	bearer_cache_free(bearer->cache);
	mac_key_free(bearer->key);
	pthread_mutex_destroy(&bearer->lock);
	arena_free(bearer->arena);
	free(bearer->challenge);
	free(bearer);
}

void bearer_reload(struct bearer *bearer)
{
	jwks_source_reload(bearer->source);
}

const char *bearer_challenge(const struct bearer *bearer)
{
	return bearer != NULL ? bearer->challenge : "";
}

void bearer_stats(struct bearer *bearer, struct bearer_stats *out)
{
	struct jwks_source_stats source;

	jwks_source_stats(bearer->source, &source);
	pthread_mutex_lock(&bearer->lock);
	*out = bearer->stats;
	pthread_mutex_unlock(&bearer->lock);
	out->fetches = source.fetches;
	out->fetch_failures = source.failures;
	out->keys = source.keys;
	out->waiting = source.waiting;
}

/* --- Memory ----------------------------------------------------------- */

/*
 * What a token is remembered under: keys that were withdrawn must not live on
 * in it, so it goes with the keys' generation.
 */
static void mac_of(struct bearer *b, const char *token, struct mac *out)
{
	uint64_t generation = jwks_source_generation(b->source);

	mac_compute(b->key, token, strlen(token), out);
	for (size_t i = 0; i < sizeof generation; i++)
		out->b[i] ^= (uint8_t)(generation >> 8 * i);
}

static const struct identity *recall(struct bearer *b, const struct mac *mac)
{
	const struct identity *id;

	pthread_mutex_lock(&b->lock);
	id = bearer_cache_find(b->cache, mac, clock_ms(), b->dir);
	if (id != NULL) {
		identity_ref(id);
		b->stats.remembered++;
	}
	pthread_mutex_unlock(&b->lock);
	return id;
}

static void keep(struct bearer *b, const struct mac *mac,
		 const struct identity *id, int64_t expires)
{
	int64_t left = expires - (int64_t)time(NULL);
	uint64_t ms = left > REMEMBER_MS / 1000 ? REMEMBER_MS :
		left > 0 ? (uint64_t)left * 1000 : 0;

	pthread_mutex_lock(&b->lock);
	bearer_cache_add(b->cache, mac, clock_ms() + ms, id);
	pthread_mutex_unlock(&b->lock);
}

/* --- A check ---------------------------------------------------------- */

static void count(struct bearer *b, enum auth_result result)
{
	pthread_mutex_lock(&b->lock);
	b->stats.checks++;
	b->stats.ok += result == AUTH_OK;
	b->stats.denied += result == AUTH_DENIED;
	b->stats.malformed += result == AUTH_MALFORMED;
	b->stats.unavailable += result == AUTH_UNAVAILABLE;
	pthread_mutex_unlock(&b->lock);
}

/* Answer; the reference of id is dropped. */
static void answer(struct bearer *b, const struct bearer_result *result,
		   bearer_done *done, void *ctx)
{
	count(b, result->result);
	done(ctx, result);
	identity_unref(result->id);
}

static void deny(struct bearer_result *out, enum auth_result result,
		 const char *cause)
{
	out->result = result;
	out->cause = cause;
}

static void find_user(struct bearer *b, const struct jwt *jwt,
		      const struct mac *mac, int64_t expires,
		      struct bearer_result *out)
{
	switch (bearer_find_user(b->dir, jwt, b->claims, b->n_claims,
				 &out->id)) {
	case BEARER_USER:
		out->result = AUTH_OK;
		out->cause = NULL;
		out->user = out->id->upn;
		keep(b, mac, out->id, expires);
		break;
	case BEARER_AMBIGUOUS:
		deny(out, AUTH_DENIED, "its claims name different users");
		break;
	case BEARER_DISABLED:
		deny(out, AUTH_DENIED, "the user is disabled");
		break;
	default:
		deny(out, AUTH_DENIED, "its claims name no user here");
		break;
	}
}

/*
 * False: newer keys could change the result.  What a token claims is looked
 * at before its signature too, so that only one that would be good otherwise
 * makes us fetch keys.
 */
static bool check(struct bearer *b, const struct jwt *jwt,
		  const struct mac *mac, struct bearer_result *out)
{
	struct jwks *keys = jwks_source_keys(b->source);
	enum jwt_result claims, signature = JWT_UNKNOWN_KEY;
	int64_t expires = 0;

	claims = jwt_check(jwt, &b->policy, time(NULL), &expires);
	if (keys != NULL)
		signature = jwt_verify(jwt, keys);
	out->user = bearer_claimed(jwt, b->claims, b->n_claims);
	if (signature != JWT_OK)
		deny(out, keys == NULL ? AUTH_UNAVAILABLE : AUTH_DENIED,
		     keys == NULL ? "the issuer's keys could not be fetched" :
		     jwt_result_name(signature));
	else if (claims != JWT_OK)
		deny(out, AUTH_DENIED, jwt_result_name(claims));
	else
		find_user(b, jwt, mac, expires, out);
	jwks_unref(keys);
	return signature != JWT_UNKNOWN_KEY || claims != JWT_OK;
}

/* --- Waiting for keys ------------------------------------------------- */

struct waiting {
	struct jwks_waiter waiter;        /* first */
	struct bearer *bearer;
	bearer_done *done;
	void *ctx;
	struct jwt *jwt;
	struct mac mac;
	char token[];
};

static void keys_came(struct jwks_waiter *waiter)
{
	struct waiting *w = (struct waiting *)waiter;
	struct bearer_result result = { .result = AUTH_DENIED };

	mac_of(w->bearer, w->token, &w->mac);
	check(w->bearer, w->jwt, &w->mac, &result);
	answer(w->bearer, &result, w->done, w->ctx);
	jwt_free(w->jwt);
	free(w);
}

/* False: it may not wait. */
static bool wait_for_keys(struct bearer *b, const char *token,
			  bearer_done *done, void *ctx)
{
	size_t len = strlen(token);
	struct waiting *w = xcalloc(1, sizeof *w + len + 1);

	w->waiter.done = keys_came;
	w->bearer = b;
	w->done = done;
	w->ctx = ctx;
	memcpy(w->token, token, len + 1);
	if (jwt_parse(w->token, len, &w->jwt) == JWT_OK &&
	    jwks_source_wait(b->source, &w->waiter))
		return true;
	jwt_free(w->jwt);
	free(w);
	return false;
}

/* --- Requests --------------------------------------------------------- */

/* What stands behind "Bearer"; NULL: another scheme. */
static const char *token_of(const char *header)
{
	if (strncasecmp(header, "Bearer", 6) != 0 ||
	    (header[6] != ' ' && header[6] != '\0'))
		return NULL;
	header += 6;
	return header + strspn(header, " ");
}

/* A token that was good before; false: this one was not. */
static bool answer_from_memory(struct bearer *b, const struct mac *mac,
			       bearer_done *done, void *ctx)
{
	struct bearer_result result = { .result = AUTH_OK };

	result.id = recall(b, mac);
	if (result.id == NULL)
		return false;
	result.user = result.id->upn;
	answer(b, &result, done, ctx);
	return true;
}

static bool check_token(struct bearer *b, const char *token,
			bearer_done *done, void *ctx)
{
	struct bearer_result result = { .result = AUTH_DENIED };
	enum jwt_result parsed;
	struct jwt *jwt = NULL;
	struct mac mac;
	bool waits = false;

	mac_of(b, token, &mac);
	if (answer_from_memory(b, &mac, done, ctx))
		return true;
	parsed = jwt_parse(token, strlen(token), &jwt);
	if (parsed != JWT_OK)
		deny(&result, parsed == JWT_MALFORMED ||
		     parsed == JWT_TOO_LARGE ? AUTH_MALFORMED : AUTH_DENIED,
		     jwt_result_name(parsed));
	else if (!check(b, jwt, &mac, &result))
		waits = wait_for_keys(b, token, done, ctx);
	if (!waits)               /* result.user is in jwt */
		answer(b, &result, done, ctx);
	jwt_free(jwt);
	return !waits;
}

bool bearer_check(struct bearer *bearer, const char *header,
		  bearer_done *done, void *ctx)
{
	const char *token = token_of(header);
	struct bearer_result result = { .result = AUTH_DENIED };

	if (token != NULL && *token != '\0')
		return check_token(bearer, token, done, ctx);
	result.empty = token != NULL;
	if (token == NULL)
		deny(&result, AUTH_MALFORMED, "not a Bearer header");
	else
		deny(&result, AUTH_DENIED, "no token yet");
	answer(bearer, &result, done, ctx);
	return true;
}
