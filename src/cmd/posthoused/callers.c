/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/callers.h"

#include <stdlib.h>

#include "auth/ldap_password.h"
#include "auth/nt_hash.h"
#include "base/arena.h"

/* Without secrets: whom the client claims to be, and what was wrong. */
static void on_failed(void *ctx, const struct gate_failure *f)
{
	const struct callers *c = ctx;
	char user[256], cause[1024];

	log_event(c->log, f->result == AUTH_UNAVAILABLE ? LOG_LEVEL_WARNING :
		  LOG_LEVEL_INFO, "auth",
		  "peer=%s method=%s result=%s user=%s cause=%s", f->peer,
		  f->method != 0 ? gate_method_name(f->method) : "-",
		  auth_result_name(f->result), f->user != NULL ?
		  log_quote(f->user, user, sizeof user) : "-",
		  log_quote(f->cause, cause, sizeof cause));
}

/*
 * The account that other servers know this one by, when there is no domain
 * that has one: a random password, of which the directory keeps the hash.
 */
static bool make_account(const struct callers *c, struct directory *dir,
			 struct dir_server *self, struct err *err)
{
	uint8_t hash[NT_HASH_LEN], sealed[NT_HASH_SEALED_SIZE];
	struct nt_key *key;
	bool ok;

	if (!nt_key_load(c->nt_key, &key, err))
		return false;
	ok = nt_hash_open(key, &self->guid, self->account_hash,
			  self->account_hash_size, hash);
	if (!ok) {
		nt_hash_random(hash);
		ok = nt_hash_seal(key, &self->guid, hash, sealed, err);
		self->account_hash = sealed;
		self->account_hash_size = sizeof sealed;
		ok = ok && directory_set_server(dir, self, err);
	}
	nt_key_free(key);
	return ok;
}

static void make_gate(struct callers *c, struct directory *dir,
		      struct bearer *bearer, const char *host)
{
	c->gate = gate_new(&(struct gate_config){ .auth = c->auth,
		.dir = dir, .bearer = bearer, .failed = on_failed,
		.ctx = c });
	c->front_end = gate_policy_new(c->gate,
		&(struct gate_policy_config){ .listener = GATE_FRONT_END,
					      .realm = host });
	c->back_end = gate_policy_new(c->gate,
		&(struct gate_policy_config){ .listener = GATE_BACK_END,
					      .realm = host });
}

/*
 * Where the helpers ask for the passwords of users from LDAP; what is returned
 * stands for the password of somebody who doesn't exist.  NULL: no LDAP.
 */
static const char *ldap_environment(const struct config *config,
				    struct arena *arena)
{
	if (config->ldap.url == NULL)
		return NULL;
	setenv(LDAP_PASSWORD_URL, config->ldap.url, 1);
	if (config->ldap.ca_file != NULL)
		setenv(LDAP_PASSWORD_CA, config->ldap.ca_file, 1);
	setenv(LDAP_PASSWORD_TIMEOUT, arena_printf(arena, "%u",
						   config->ldap.timeout), 1);
	return arena_printf(arena, LDAP_PASSWORD_PREFIX "cn=nobody,%s",
			    config->ldap.base != NULL ? config->ldap.base :
			    "");
}

bool callers_start(struct callers *c, const struct config *config,
		   struct directory *dir, const char *helper,
		   struct bearer *bearer, struct log *log, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_server self;
	bool ok;

	c->log = log;
	c->nt_key = config_nt_key_path(config);
	c->arena = arena_new(0);
	c->unknown = ldap_environment(config, c->arena);
	ok = directory_this_server(dir, arena, &self) ||
		err_set(err, EC_NOT_FOUND, "this server was removed from the "
			"directory");
	if (ok && config->auth.ntlm == AUTH_NTLM_LOCAL)
		ok = make_account(c, dir, &self, err);
	ok = ok && auth_start(dir, &(struct auth_options){
			.helper = helper, .helpers = config->auth_helpers,
			.unknown_password = c->unknown,
			.ntlm = (enum auth_ntlm)config->auth.ntlm,
			.keytab = config->auth.keytab,
			.principal = config->auth.principal,
			.domain = config->auth.domain,
			.realm = config->auth.realm, .nt_key = c->nt_key,
			.handshakers = config->auth.helpers }, &c->auth, err);
	if (ok)
		make_gate(c, dir, bearer, self.fqdn);
	arena_free(arena);
	return ok;
}

void callers_stop(struct callers *c)
{
	gate_policy_free(c->front_end);
	gate_policy_free(c->back_end);
	/* Handshakes under way are answered before the gate goes. */
	auth_stop(c->auth);
	gate_free(c->gate);
	free(c->nt_key);
	if (c->arena != NULL)
		arena_free(c->arena);
}
