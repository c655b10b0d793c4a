/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/gate.h"
#include "auth/hop.h"
#include "base/clock.h"
#include "mailbox/nspi.h"
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
	struct http_request *req;
	gate_done *done;
	void *ctx;
};

static void decide(const char *text, struct http_request *req,
		   gate_done *done, void *ctx)
{
	struct gate_result r = { .method = GATE_BASIC, .how = "Basic" };
	const char *name = strcmp(text, "alice") == 0 ? "alice" :
		strcmp(text, "bob") == 0 ? "bob" : NULL;
	struct counted *c;

	if (name == NULL) {
		r.status = strcmp(text, "down") == 0 ? GATE_UNAVAILABLE :
			GATE_UNAUTHORIZED;
		done(ctx, req, &r);
		return;
	}
	c = identity_make(name);
	r.who = &c->id;
	done(ctx, req, &r);
	identity_unref(&c->id);
}

static void decided(void *ctx, struct http_request *req)
{
	struct later *later = ctx;

	decide(later->text, req, later->done, later->ctx);
	free(later);
}

static void *decide_later(void *arg)
{
	struct later *later = arg;

	nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
	http_post(later->req, decided, later);
	return NULL;
}

void gate_check(struct gate_policy *policy, struct http_request *req,
		gate_done *done, void *ctx)
{
	const char *header = http_field(req, "Authorization");
	struct later *later;
	pthread_t thread;

	atomic_fetch_add(&fake.checks, 1);
	if (header == NULL || http_field_count(req, "Authorization") > 1 ||
	    strncmp(header, "Basic ", 6) != 0) {
		decide("", req, done, ctx);
		return;
	}
	if (strncmp(header, "Basic later ", 12) != 0) {
		decide(header + 6, req, done, ctx);
		return;
	}
	later = calloc(1, sizeof *later);
	snprintf(later->text, sizeof later->text, "%s", header + 12);
	later->req = req;
	later->done = done;
	later->ctx = ctx;
	pthread_create(&thread, NULL, decide_later, later);
	pthread_detach(thread);
}

void gate_put_headers(struct gate_policy *policy, struct http_request *req,
		      enum gate_status status)
{
	if (status == GATE_UNAUTHORIZED)
		http_header(req, "WWW-Authenticate",
			    "Basic realm=\"mail.example.test\"");
}

enum auth_result hop_identity(struct hop *hop, struct http_request *req,
			      const struct dir_server *peer,
			      const struct identity **id, const char **cause,
			      bool *stale)
{
	*cause = "nobody asserts in these tests";
	return AUTH_DENIED;
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

/* --- The address book: Bind gives a session, the others an empty answer -- */

bool nspi_is_inline(struct nspi_service *svc, enum request_type type,
		    const union nspi_req *req)
{
	return type != REQUEST_TYPE_MOD_PROPS;
}

uint32_t nspi_run(struct nspi_service *svc, struct nspi_session **session,
		  const struct identity *who, enum request_type type,
		  const union nspi_req *req, struct arena *arena,
		  struct bin *body)
{
	bool bind = type == REQUEST_TYPE_BIND;

	if (bind && !req->bind.has_state)
		*body = (struct bin){ (const uint8_t *)"refused", 7 };
	else
		*body = (struct bin){ (const uint8_t *)"served", 6 };
	if (bind && req->bind.has_state) {
		*session = malloc(1);
		fake.connected++;
	}
	return 0;
}

void nspi_session_free(struct nspi_session *session)
{
	if (session != NULL)
		fake.disconnected++;
	free(session);
}

const char *hop_request_id(const struct http_request *req)
{
	return NULL;
}
