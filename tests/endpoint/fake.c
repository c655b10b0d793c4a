/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "mapi/http_body.h"

struct fake_state fake;

/* --- Identities ------------------------------------------------------- */

struct counted {
	struct identity id;       /* first */
	atomic_int refs;
};

const struct identity *identity_ref(const struct identity *id)
{
	atomic_fetch_add(&((struct counted *)id)->refs, 1);
	return id;
}

void identity_unref(const struct identity *id)
{
	struct counted *c = (struct counted *)id;

	if (c != NULL && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}

static struct counted *identity_make(const char *name)
{
	struct counted *c = calloc(1, sizeof *c);

	c->refs = 1;
	c->id.user.b[0] = (uint8_t)name[0];
	c->id.account = name;
	c->id.upn = name[0] == 'a' ? "alice@example.test" : "<bob>@x.test";
	c->id.legacy_dn = "/o=x/cn=user";
	c->id.display_name = name;
	return c;
}

/* --- Authentication: "Basic alice", "Basic later bob", … -------------- */

struct later {
	char text[32];
	auth_done *done;
	void *ctx;
};

static void decide(const char *text, auth_done *done, void *ctx)
{
	const char *name = strcmp(text, "alice") == 0 ? "alice" :
		strcmp(text, "bob") == 0 ? "bob" : NULL;
	struct counted *c;

	if (name == NULL) {
		done(ctx, strcmp(text, "down") == 0 ? AUTH_UNAVAILABLE :
		     AUTH_DENIED, NULL);
		return;
	}
	c = identity_make(name);
	done(ctx, AUTH_OK, &c->id);
	identity_unref(&c->id);
}

static void *decide_later(void *arg)
{
	struct later *later = arg;

	nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
	decide(later->text, later->done, later->ctx);
	free(later);
	return NULL;
}

bool auth_check_basic(struct auth *auth, const char *header,
		      const char *address, auth_done *done, void *ctx)
{
	struct later *later;
	pthread_t thread;

	atomic_fetch_add(&fake.checks, 1);
	if (strncmp(header, "Basic ", 6) != 0 ||
	    strcmp(address, "127.0.0.1") != 0) {
		done(ctx, AUTH_MALFORMED, NULL);
		return true;
	}
	if (strncmp(header, "Basic later ", 12) != 0) {
		decide(header + 6, done, ctx);
		return true;
	}
	later = calloc(1, sizeof *later);
	snprintf(later->text, sizeof later->text, "%s", header + 12);
	later->done = done;
	later->ctx = ctx;
	pthread_create(&thread, NULL, decide_later, later);
	pthread_detach(thread);
	return false;
}

/* --- Sessions --------------------------------------------------------- */

struct session {
	struct session *next;
	atomic_int in_call;
	bool light;               /* its last Execute was an inline one */
	int queued;
	void (*wake)(void *ctx);
	void *wake_ctx;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *sessions;

enum ec mailbox_connect(struct mailbox_service *svc,
			const struct identity *who,
			const struct connect_req *req, struct arena *arena,
			struct connect_rsp *rsp, struct session **out)
{
	struct session *s;

	*rsp = (struct connect_rsp){ .polls_max = 60000, .dn_prefix = "",
		.display_name = who->display_name };
	if (strcmp(req->user_dn, "/refused") == 0) {
		rsp->error_code = EC_ACCESS_DENIED;
		return EC_ACCESS_DENIED;
	}
	s = calloc(1, sizeof *s);
	pthread_mutex_lock(&lock);
	s->next = sessions;
	sessions = s;
	pthread_mutex_unlock(&lock);
	atomic_fetch_add(&fake.connected, 1);
	*out = s;
	return EC_SUCCESS;
}

void mailbox_disconnect(struct session *session)
{
	struct session **at = &sessions;

	if (session == NULL)
		return;
	pthread_mutex_lock(&lock);
	while (*at != session)
		at = &(*at)->next;
	*at = session->next;
	pthread_mutex_unlock(&lock);
	atomic_fetch_add(&fake.disconnected, 1);
	free(session);
}

static void queue_event(struct session *s)
{
	void (*wake)(void *ctx) = s->wake;

	s->queued++;
	s->wake = NULL;
	if (wake != NULL)
		wake(s->wake_ctx);
}

void fake_event(void)
{
	pthread_mutex_lock(&lock);
	for (struct session *s = sessions; s != NULL; s = s->next)
		queue_event(s);
	pthread_mutex_unlock(&lock);
}

static bool begins(const struct execute_req *req, const char *word)
{
	return req->rop_buffer.len >= strlen(word) &&
		memcmp(req->rop_buffer.data, word, strlen(word)) == 0;
}

enum ec mailbox_execute(struct session *session,
			const struct execute_req *req, struct arena *arena,
			struct execute_rsp *rsp)
{
	char text[64] = "";

	if (atomic_fetch_add(&session->in_call, 1) != 0)
		atomic_store(&fake.overlapped, true);
	atomic_fetch_add(&fake.executed, 1);
	*rsp = (struct execute_rsp){ .rop_buffer = req->rop_buffer };
	if (begins(req, "slow ")) {
		long ms;

		memcpy(text, req->rop_buffer.data, req->rop_buffer.len < 63 ?
		       req->rop_buffer.len : 63);
		ms = atol(text + 5);
		nanosleep(&(struct timespec){ ms / 1000,
			  ms % 1000 * 1000000 }, NULL);
	}
	if (begins(req, "failed")) {
		rsp->error_code = EC_RPC_FORMAT;
		rsp->rop_buffer.len = 0;
	}
	session->light = mailbox_is_inline(session, req);
	pthread_mutex_lock(&lock);
	if (begins(req, "event"))
		queue_event(session);
	else
		session->queued = 0;
	pthread_mutex_unlock(&lock);
	atomic_fetch_sub(&session->in_call, 1);
	return (enum ec)rsp->error_code;
}

bool mailbox_is_inline(const struct session *session,
		       const struct execute_req *req)
{
	return begins(req, "inline") || begins(req, "echo");
}

const void *mailbox_queue_key(const struct session *session)
{
	return NULL;
}

bool mailbox_disconnect_is_inline(const struct session *session)
{
	return session->light;
}

bool mailbox_notify_pending(struct session *session)
{
	bool pending;

	pthread_mutex_lock(&lock);
	pending = session->queued > 0;
	pthread_mutex_unlock(&lock);
	return pending;
}

bool mailbox_notify_set(struct session *session, void (*wake)(void *ctx),
			void *ctx)
{
	bool waiting;

	pthread_mutex_lock(&lock);
	waiting = session->queued > 0;
	session->wake = waiting ? NULL : wake;
	session->wake_ctx = ctx;
	pthread_mutex_unlock(&lock);
	return waiting;
}
