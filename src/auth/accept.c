/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/accept.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "base/arena.h"
#include "base/clock.h"

enum { ADDRESS_SIZE = 64, CAUSE_SIZE = 700 };

struct accept {
	struct pool_job job;      /* first: the pool knows no more */
	struct auth *auth;
	atomic_uint refs;
	enum handshake_scheme scheme;
	uint32_t number;
	char address[ADDRESS_SIZE];
	uint8_t *ask;             /* of the step under way */
	accept_done *done;
	void *ctx;

	/* Of an NTLM client that said who it is; the pool's thread alone. */
	bool asked, throttled, local;
	struct guid found;        /* whose hash the helper was given … */
	bool found_server;        /* … a server's */
	uint64_t pair;
	char user[AUTH_NAME_SIZE];
	char note[200];           /* why it cannot succeed; "": it can */
};

struct accept *accept_new(struct auth *auth, enum handshake_scheme scheme,
			  const char *address)
{
	struct accept *a = xcalloc(1, sizeof *a);

	a->auth = auth;
	atomic_init(&a->refs, 1);
	a->scheme = scheme;
	a->number = atomic_fetch_add(&auth->next_handshake, 1) + 1;
	snprintf(a->address, sizeof a->address, "%s", address);
	return a;
}

/* The helper needn't keep what nobody goes on with. */
static void forget(struct accept *a)
{
	struct handshake_message msg = { .kind = HANDSHAKE_FORGET,
					 .u.forget.number = a->number };
	uint8_t text[16];

	if (a->job.pin.life != 0)
		pool_tell(a->auth->handshakes, &a->job.pin, text,
			  handshake_encode(&msg, text, sizeof text));
}

void accept_unref(struct accept *a)
{
	if (a == NULL || atomic_fetch_sub(&a->refs, 1) != 1)
		return;
	forget(a);
	free(a->ask);
	free(a);
}

/* An NTLM client says who it is ---------------------------------------- */

/* The sealed hash of a user or server; NULL, and a note, if it cannot be. */
static const uint8_t *sealed_hash(struct accept *a,
				  const struct auth_party *party, size_t *len)
{
	if (party->is_server) {
		a->found = party->server.guid;
		a->found_server = true;
		*len = party->server.account_hash_size;
		return party->server.account_hash;
	}
	if (!party->is_user) {
		snprintf(a->note, sizeof a->note, "unknown user");
		return NULL;
	}
	if (party->user.disabled) {
		snprintf(a->note, sizeof a->note, "the user is disabled");
		return NULL;
	}
	a->found = party->user.guid;
	if (party->user.nt_hash == NULL)
		snprintf(a->note, sizeof a->note, "there is no NT hash of the "
			 "user's password: it is kept from the next time that "
			 "the password is set");
	*len = party->user.nt_hash_size;
	return party->user.nt_hash;
}

static void local_hash(struct accept *a, const struct handshake_query *query,
		       uint8_t hash[static NT_HASH_SIZE])
{
	struct arena *arena = arena_new(0);
	struct auth_party party;
	const uint8_t *sealed;
	size_t len = 0;

	auth_ntlm_party(a->auth, query->domain, query->user, arena, &party);
	sealed = sealed_hash(a, &party, &len);
	if (sealed != NULL && (a->auth->nt_key == NULL ||
			       !nt_hash_open(a->auth->nt_key, &a->found,
					     sealed, len, hash)))
		snprintf(a->note, sizeof a->note, "the NT hash was encrypted "
			 "with another key: set the password anew");
	arena_free(arena);
}

/* For whom nothing fits there is a hash as well, so that the answer takes as
 * long and says as little. */
static size_t on_asked(struct pool_job *job, const uint8_t *data, size_t len,
		       uint8_t *reply, size_t size)
{
	struct accept *a = (struct accept *)job;
	struct handshake_message msg;
	uint8_t hash[NT_HASH_SIZE];
	size_t n;

	if (a->asked || !handshake_decode(data, len, &msg) ||
	    msg.kind != HANDSHAKE_QUERY)
		return 0;
	a->asked = true;
	snprintf(a->user, sizeof a->user, "%s%s%s", msg.u.query.domain,
		 msg.u.query.domain[0] != '\0' ? "\\" : "", msg.u.query.user);
	a->pair = auth_throttle_key(a->auth, msg.u.query.user, a->address);
	a->throttled = !auth_attempt(a->auth, a->pair, auth_throttle_key(
					     a->auth, "", a->address));
	a->local = a->auth->options.ntlm == AUTH_NTLM_LOCAL;
	nt_hash_random(hash);
	if (a->local && !a->throttled)
		local_hash(a, &msg.u.query, hash);
	msg.kind = HANDSHAKE_REPLY;
	msg.u.reply = (struct handshake_reply){ .verdict = a->throttled ?
		VERDICT_REFUSE : a->local ? VERDICT_HASH : VERDICT_ASK,
		.nt_hash = { hash, sizeof hash } };
	n = handshake_encode(&msg, reply, size);
	OPENSSL_cleanse(hash, sizeof hash);
	return n;
}

/* How a step ended ----------------------------------------------------- */

/* Whom the helper has accepted, as the directory has it now. */
static void find_party(struct accept *a, const struct handshake_answer *h,
		       struct arena *arena, struct auth_party *out)
{
	memset(out, 0, sizeof *out);
	if (h->mech == MECH_KERBEROS)
		auth_kerberos_party(a->auth, h->name, arena, out);
	else if (!a->asked)
		return;         /* NTLM without a question: not from us */
	else if (!a->local)
		auth_ntlm_name_party(a->auth, h->name, arena, out);
	else if (a->note[0] != '\0')
		return;
	else if (a->found_server)
		out->is_server = directory_server(a->auth->dir, &a->found,
						  arena, &out->server);
	else
		out->is_user = directory_user(a->auth->dir, &a->found, arena,
					      &out->user);
}

static void accepted(struct accept *a, const struct handshake_answer *h,
		     struct arena *arena, struct accept_result *out)
{
	struct auth_party party;

	find_party(a, h, arena, &party);
	out->user = arena_strdup(arena, h->name);
	if (party.is_user && !party.user.disabled) {
		out->who = identity_new(&party.user);
	} else if (party.is_server) {
		out->server = arena_memdup(arena, &party.server,
					   sizeof party.server);
	} else {
		out->status = ACCEPT_DENIED;
		out->cause = arena_printf(arena, "%s: %s is %s",
			h->mech == MECH_NTLM ? "NTLM" : "Kerberos", h->name,
			party.is_user ? "disabled" :
			"nobody in the directory");
		return;
	}
	out->status = ACCEPT_OK;
	out->mech = h->mech;
	out->bound = h->bound;
	out->target = h->target;
	out->token = h->token;
}

/* What the helper said, and what we know better. */
static const char *cause_of(struct accept *a, const char *said,
			    struct arena *arena)
{
	if (a->throttled)
		return "too many failures of late";
	if (a->note[0] != '\0')
		return arena_printf(arena, "NTLM: %s", a->note);
	return arena_strdup(arena, said);
}

static void interpret(struct accept *a, const uint8_t *answer, size_t len,
		      struct arena *arena, struct accept_result *out)
{
	struct handshake_message msg;

	if (!handshake_decode(answer, len, &msg) ||
	    msg.kind != HANDSHAKE_ANSWER) {
		out->status = ACCEPT_UNAVAILABLE;
		out->cause = "the helper speaks another version; install "
			"posthouse-auth and posthoused together";
		return;
	}
	if (msg.u.answer.outcome == OUTCOME_CONTINUE) {
		out->status = ACCEPT_CONTINUE;
		out->token = msg.u.answer.token;
	} else if (msg.u.answer.outcome == OUTCOME_OK && !a->throttled) {
		accepted(a, &msg.u.answer, arena, out);
	} else {
		out->status = ACCEPT_DENIED;
		out->cause = cause_of(a, msg.u.answer.cause, arena);
	}
}

/*
 * A password that was wrong counts against the name and the address.  Kerberos
 * is not counted: nobody guesses a ticket, and a key that is missing here would
 * soon shut out the clients that fall back to NTLM.
 */
static void count(struct accept *a, const struct accept_result *r)
{
	uint64_t address = auth_throttle_key(a->auth, "", a->address);
	enum auth_result result = r->status == ACCEPT_OK ? AUTH_OK :
		r->status == ACCEPT_DENIED ? AUTH_DENIED : AUTH_UNAVAILABLE;

	if (r->status != ACCEPT_CONTINUE && a->asked && !a->throttled)
		auth_attempt_ended(a->auth, a->pair, address, result);
}

static void on_done(struct pool_job *job, enum pool_result outcome,
		    const uint8_t *answer, size_t len)
{
	struct accept *a = (struct accept *)job;
	struct arena *arena = arena_new(0);
	struct accept_result r = { .status = ACCEPT_UNAVAILABLE,
		.target = "", .user = "" };

	if (outcome == POOL_ANSWERED) {
		interpret(a, answer, len, arena, &r);
	} else if (outcome == POOL_LOST) {
		r.status = ACCEPT_LOST;
		r.cause = "the helper process ended in mid-handshake";
	} else {
		r.cause = "no helper process answered in time";
	}
	if (r.user[0] == '\0')
		r.user = a->user;
	r.throttled = a->throttled;
	count(a, &r);
	a->done(a->ctx, &r);
	identity_unref(r.who);
	arena_free(arena);
	accept_unref(a);
}

void accept_step(struct accept *a, const struct bytes *token,
		 const struct bytes *binding, accept_done *done, void *ctx)
{
	struct handshake_message msg = { .kind = HANDSHAKE_ACCEPT };
	struct accept_result full = { .status = ACCEPT_UNAVAILABLE,
		.target = "", .user = "", .cause = "too many handshakes wait "
		"for the helper processes" };
	size_t size = token->len + binding->len + 64;

	msg.u.accept = (struct handshake_accept){ .number = a->number,
		.scheme = a->scheme, .binding = *binding, .token = *token };
	free(a->ask);
	a->ask = xmalloc(size);
	a->job.ask = a->ask;
	a->job.ask_len = handshake_encode(&msg, a->ask, size);
	a->job.once = true;
	a->job.deadline = clock_ms() + a->auth->options.deadline;
	a->job.asked = on_asked;
	a->job.done = on_done;
	a->done = done;
	a->ctx = ctx;
	atomic_fetch_add(&a->refs, 1);
	if (token->len <= HANDSHAKE_TOKEN_MAX &&
	    pool_submit(a->auth->handshakes, &a->job))
		return;
	done(ctx, &full);
	accept_unref(a);
}
