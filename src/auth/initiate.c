/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/initiate.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "auth/base64.h"
#include "base/arena.h"
#include "base/clock.h"

#define BINDING_PREFIX "tls-server-end-point:"

enum { BINDING_MAX = 64, PREFIX_LEN = sizeof BINDING_PREFIX - 1 };

struct initiate {
	struct pool_job job;      /* first: the pool knows no more */
	struct auth *auth;
	enum initiate_method method;
	uint32_t number;
	unsigned deadline;
	bool ended;               /* the mechanism is content */
	char *host, *user;
	uint8_t binding[PREFIX_LEN + BINDING_MAX];
	size_t binding_len;
	uint8_t *ask;
	size_t ask_size;
	initiate_done *done;
	void *ctx;
};

const char *initiate_reason_name(enum initiate_reason reason)
{
	static const char *const names[] = { "none", "no account", "no SPN",
		"clock skew", "KDC unreachable", "key refused",
		"not delegated", "no user", "refused", "lost", "timed out",
		"other" };

	return (size_t)reason < sizeof names / sizeof names[0] ?
		names[reason] : "other";
}

/* The answer ----------------------------------------------------------- */

static void fail(struct initiate *i, enum initiate_reason reason,
		 const char *cause)
{
	struct initiate_result r = { .status = INITIATE_FAILED,
		.reason = reason, .cause = cause };

	i->done(i->ctx, &r);
}

static void tell(struct initiate *i, const struct handshake_answer *a)
{
	struct initiate_result r = { .cause = "" };
	char *text = NULL;

	if (a->token.len > 0) {
		size_t len = base64_size(a->token.len);

		text = xmalloc(len + 4);
		base64_encode(a->token.data, a->token.len, text);
		for (; len % 4 != 0; len++)
			text[len] = '=';
		text[len] = '\0';
	}
	r.token = text;
	r.status = a->outcome == OUTCOME_OK ? INITIATE_OK : INITIATE_CONTINUE;
	i->ended = a->outcome == OUTCOME_OK;
	i->done(i->ctx, &r);
	free(text);
}

static void on_done(struct pool_job *job, enum pool_result outcome,
		    const uint8_t *answer, size_t len)
{
	struct initiate *i = (struct initiate *)job;
	struct handshake_message msg;

	OPENSSL_cleanse(i->ask, i->ask_size);
	if (outcome == POOL_LOST)
		fail(i, INITIATE_LOST, "the helper process ended in "
		     "mid-handshake");
	else if (outcome != POOL_ANSWERED)
		fail(i, INITIATE_TIMED_OUT, "no helper process answered in "
		     "time");
	else if (!handshake_decode(answer, len, &msg) ||
		 msg.kind != HANDSHAKE_ANSWER)
		fail(i, INITIATE_OTHER, "the helper speaks another version; "
		     "install posthouse-auth and posthoused together");
	else if (msg.u.answer.outcome == OUTCOME_FAILED)
		fail(i, msg.u.answer.reason, msg.u.answer.cause);
	else
		tell(i, &msg.u.answer);
}

/* The question --------------------------------------------------------- */

/* This server's account of the directory, "MX1$", and the hash of its
 * password; false: it has none. */
static bool own_hash(struct initiate *i, char *account, size_t size,
		     uint8_t hash[static NT_HASH_SIZE])
{
	struct arena *arena = arena_new(0);
	struct dir_server self;
	bool ok = i->auth->nt_key != NULL &&
		directory_this_server(i->auth->dir, arena, &self) &&
		nt_hash_open(i->auth->nt_key, &self.guid, self.account_hash,
			     self.account_hash_size, hash) &&
		snprintf(account, size, "%s$", self.name) < (int)size;

	arena_free(arena);
	return ok;
}

static void submit(struct initiate *i, const struct bytes *token)
{
	struct handshake_message msg = { .kind = HANDSHAKE_INITIATE };
	struct handshake_initiate *m = &msg.u.initiate;
	uint8_t hash[NT_HASH_SIZE];
	char account[300];

	*m = (struct handshake_initiate){ .number = i->number,
		.method = i->method, .host = i->host, .user = i->user,
		.account = "", .binding = { i->binding, i->binding_len },
		.token = *token };
	if (token->len == 0 && i->method != INITIATE_KERBEROS &&
	    own_hash(i, account, sizeof account, hash)) {
		m->account = account;
		m->nt_hash = (struct bytes){ hash, sizeof hash };
	}
	free(i->ask);
	i->ask_size = token->len + strlen(i->host) + strlen(i->user) + 700;
	i->ask = xmalloc(i->ask_size);
	i->job.ask = i->ask;
	i->job.ask_len = handshake_encode(&msg, i->ask, i->ask_size);
	OPENSSL_cleanse(hash, sizeof hash);
	i->job.once = true;
	i->job.deadline = clock_ms() + i->deadline;
	i->job.done = on_done;
	if (!pool_submit(i->auth->handshakes, &i->job))
		fail(i, INITIATE_LOST, "too many handshakes wait for the "
		     "helper processes");
}

struct initiate *initiate_begin(struct auth *auth,
				const struct initiate_options *options,
				initiate_done *done, void *ctx)
{
	struct initiate *i = xcalloc(1, sizeof *i);

	i->auth = auth;
	i->method = options->method;
	i->number = atomic_fetch_add(&auth->next_handshake, 1) + 1;
	i->deadline = options->deadline != 0 ? options->deadline :
		auth->options.deadline;
	i->host = xstrdup(options->host);
	i->user = options->user != NULL ?
		auth_user_principal(auth, options->user) : xstrdup("");
	if (options->binding_len > 0 && options->binding_len <= BINDING_MAX) {
		memcpy(i->binding, BINDING_PREFIX, PREFIX_LEN);
		memcpy(i->binding + PREFIX_LEN, options->binding,
		       options->binding_len);
		i->binding_len = PREFIX_LEN + options->binding_len;
	}
	i->done = done;
	i->ctx = ctx;
	if (i->user[0] != '\0' && i->method != INITIATE_KERBEROS)
		fail(i, INITIATE_OTHER, "only Kerberos can speak for a user");
	else
		submit(i, &(struct bytes){ NULL, 0 });
	return i;
}

void initiate_step(struct initiate *i, const char *token,
		   initiate_done *done, void *ctx)
{
	size_t len = token != NULL ? strlen(token) : 0, n;
	uint8_t *data;

	i->done = done;
	i->ctx = ctx;
	if (len == 0 || i->ended) {
		fail(i, INITIATE_REFUSED, "the back end refused the "
		     "credentials");
		return;
	}
	data = xmalloc(len);
	if (len > HANDSHAKE_TOKEN_MAX ||
	    !base64_decode(token, len, data, len, &n))
		fail(i, INITIATE_REFUSED, "the back end's token is not "
		     "base64");
	else
		submit(i, &(struct bytes){ data, n });
	free(data);
}

void initiate_free(struct initiate *i)
{
	struct handshake_message msg = { .kind = HANDSHAKE_FORGET };
	uint8_t text[16];

	if (i == NULL)
		return;
	msg.u.forget.number = i->number;
	if (i->job.pin.life != 0)
		pool_tell(i->auth->handshakes, &i->job.pin, text,
			  handshake_encode(&msg, text, sizeof text));
	free(i->host);
	free(i->user);
	if (i->ask != NULL)
		OPENSSL_cleanse(i->ask, i->ask_size);
	free(i->ask);
	free(i);
}
