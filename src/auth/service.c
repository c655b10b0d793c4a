/* SPDX-License-Identifier: Apache-2.0 */
/* The start and end of the service, and what is counted. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "base/arena.h"
#include "base/clock.h"

/* Throttling ----------------------------------------------------------- */

/*
 * The part of an address that its owner can't choose: of IPv6, where everybody
 * has 2^64 of them, the network (RFC 4291 2.5.4).  The length is returned.
 */
static size_t put_address(const char *address, char *out, size_t size)
{
	struct in6_addr v6;
	size_t n = 0;

	if (inet_pton(AF_INET6, address, &v6) == 1 && size >= sizeof v6) {
		n = IN6_IS_ADDR_V4MAPPED(&v6) ? sizeof v6 : sizeof v6 / 2;
		memcpy(out, &v6, n);
		return n;
	}
	while (*address != '\0' && n < size)
		out[n++] = *address++;
	return n;
}

uint64_t auth_throttle_key(const struct auth *auth, const char *name,
			   const char *address)
{
	const char *backslash = strchr(name, '\\');
	char text[AUTH_NAME_SIZE + 128];
	struct mac mac;
	uint64_t key;
	size_t n = 0;

	if (backslash != NULL)
		name = backslash + 1;
	for (; *name != '\0' && *name != '@' && n < AUTH_NAME_SIZE; name++)
		text[n++] = (char)(*name >= 'A' && *name <= 'Z' ?
				   *name + ('a' - 'A') : *name);
	text[n++] = '\0';
	n += put_address(address, text + n, sizeof text - n);
	mac_compute(auth->key, text, n, &mac);
	memcpy(&key, mac.b, sizeof key);
	return key | 1;
}

bool auth_attempt(struct auth *auth, uint64_t pair, uint64_t address)
{
	uint64_t now = clock_ms();
	bool full;

	pthread_mutex_lock(&auth->lock);
	full = throttle_is_full(auth->pairs, pair, now) ||
		throttle_is_full(auth->addresses, address, now);
	if (full)
		auth->stats.throttled++;
	else
		throttle_add(auth->pairs, pair, now);
	pthread_mutex_unlock(&auth->lock);
	return !full;
}

void auth_attempt_ended(struct auth *auth, uint64_t pair, uint64_t address,
			enum auth_result result)
{
	pthread_mutex_lock(&auth->lock);
	if (result == AUTH_OK) {
		throttle_clear(auth->pairs, pair);
	} else if (result == AUTH_DENIED) {
		throttle_add(auth->addresses, address, clock_ms());
		auth->stats.denied++;
	} else {
		auth->stats.unavailable++;
	}
	pthread_mutex_unlock(&auth->lock);
}

/* Settings of the helpers ---------------------------------------------- */

static char *upper(const char *text, size_t len)
{
	char *out = xcalloc(1, len + 1);

	for (size_t i = 0; i < len; i++)
		out[i] = (char)toupper((unsigned char)text[i]);
	return out;
}

/* What is not set follows from the organisation. */
static void fill_names(struct auth *auth)
{
	const struct auth_options *o = &auth->options;
	struct arena *arena = arena_new(0);
	struct dir_server self;
	struct dir_org org;

	directory_org(auth->dir, arena, &org);
	auth->host = xstrdup(o->host != NULL ? o->host :
			     directory_this_server(auth->dir, arena, &self) ?
			     self.fqdn : "localhost");
	auth->computer = upper(auth->host, strcspn(auth->host, "."));
	if (strlen(auth->computer) > 15)  /* NetBIOS: RFC 1001 14.1 */
		auth->computer[15] = '\0';
	auth->domain = o->domain != NULL ? xstrdup(o->domain) :
		upper(org.domain, strcspn(org.domain, "."));
	auth->realm = o->realm != NULL ? xstrdup(o->realm) :
		upper(org.domain, strlen(org.domain));
	arena_free(arena);
}

static void make_hello(struct auth *auth)
{
	const struct auth_options *o = &auth->options;
	struct handshake_message msg = { .kind = HANDSHAKE_SETTINGS };

	msg.u.settings = (struct handshake_settings){
		.ntlm = o->ntlm, .keytab = o->keytab,
		.principal = o->principal, .host = auth->host,
		.computer = auth->computer, .domain = auth->domain };
	auth->hello = xmalloc(HANDSHAKE_MESSAGE_MAX);
	auth->hello_len = handshake_encode(&msg, auth->hello,
					   HANDSHAKE_MESSAGE_MAX);
}

/* The service ---------------------------------------------------------- */

static void or_default(unsigned *value, unsigned preset)
{
	if (*value == 0)
		*value = preset;
}

static void fill_options(struct auth_options *o)
{
	if (o->helper == NULL)
		o->helper = "posthouse-auth";
	or_default(&o->helpers, 2);
	or_default(&o->helper_checks, 1000);
	or_default(&o->queue, 256);
	or_default(&o->deadline, 10000);
	or_default(&o->remember, 300000);
	or_default(&o->remembered, 65536);
	or_default(&o->failures, 10);
	or_default(&o->address_failures, 100);
	or_default(&o->failure_window, 60000);
	or_default(&o->handshakers, 2);
	or_default(&o->handshakes, 1000);
}

static void free_auth(struct auth *auth)
{
	nt_key_free(auth->nt_key);
	free(auth->host);
	free(auth->computer);
	free(auth->domain);
	free(auth->realm);
	free(auth->hello);
	remember_free(auth->remember);
	throttle_free(auth->pairs);
	throttle_free(auth->addresses);
	mac_key_free(auth->key);
	pthread_mutex_destroy(&auth->lock);
	free(auth);
}

static bool start_pools(struct auth *auth, struct err *err)
{
	const struct auth_options *o = &auth->options;

	if (o->ntlm == AUTH_NTLM_LOCAL && o->nt_key != NULL &&
	    !nt_key_load(o->nt_key, &auth->nt_key, err))
		return false;
	if (!pool_start(&(struct pool_options){
			.helper = o->helper, .helpers = o->helpers,
			.checks = o->helper_checks, .queue = o->queue },
			&auth->pool, err))
		return false;
	if (pool_start(&(struct pool_options){
			.helper = o->helper, .helpers = o->handshakers,
			.checks = o->handshakes, .grace = 10000,
			.queue = o->queue, .hello = auth->hello,
			.hello_len = auth->hello_len },
			&auth->handshakes, err))
		return true;
	pool_stop(auth->pool);
	return false;
}

bool auth_start(struct directory *dir, const struct auth_options *options,
		struct auth **out, struct err *err)
{
	struct auth *auth = xcalloc(1, sizeof *auth);
	struct auth_options *o = &auth->options;

	if (options != NULL)
		*o = *options;
	fill_options(o);
	auth->dir = dir;
	auth->key = mac_key_new();
	auth->remember = remember_new(o->remembered, o->remember);
	auth->pairs = throttle_new(o->failures, o->failure_window);
	auth->addresses = throttle_new(o->address_failures,
				       o->failure_window);
	pthread_mutex_init(&auth->lock, NULL);
	fill_names(auth);
	make_hello(auth);
	if (!start_pools(auth, err)) {
		free_auth(auth);
		return false;
	}
	*out = auth;
	return true;
}

void auth_stop(struct auth *auth)
{
	if (auth == NULL)
		return;
	pool_stop(auth->handshakes);
	pool_stop(auth->pool);
	free_auth(auth);
}

void auth_stats(struct auth *auth, struct auth_stats *out)
{
	struct pool_stats pool, handshakes;

	pool_stats(auth->pool, &pool);
	pool_stats(auth->handshakes, &handshakes);
	pthread_mutex_lock(&auth->lock);
	*out = auth->stats;
	pthread_mutex_unlock(&auth->lock);
	out->helpers_started = pool.started + handshakes.started;
	out->helpers_lost = pool.lost + handshakes.lost;
	out->waiting = pool.waiting + handshakes.waiting;
}
