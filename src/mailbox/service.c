/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mailbox/seats.h"
#include "mailbox/service.h"
#include "mailbox/session.h"
#include "mailbox/stream_lock.h"

enum {
	USER_BUCKETS = 1024,
	/* [MS-OXCSTOR] 3.2.5.1.1: "within a 10-second period" */
	FOREIGN_WINDOW_MS = 10000,
	FOREIGN_MAX = 32,
	INDEXES = UINT16_MAX + 1,
};

/* Sessions of one user, and the logons elsewhere that it tried of late. */
struct service_user {
	struct service_user *next;
	struct guid guid;
	uint32_t sessions;
	struct seat *seats;
	uint32_t n_foreign;
	uint64_t foreign_ms[FOREIGN_MAX];
};

struct mailbox_service {
	struct mailbox_options options;
	char *server;
	struct stream_locks *stream_locks;
	pthread_mutex_t lock;             /* all below */
	struct session *sessions;
	size_t n_sessions;
	uint16_t index;                   /* last session index given out */
	uint64_t indexes[INDEXES / 64];   /* a bit each that is in use */
	struct service_user *users[USER_BUCKETS];
};

static void limit_default(uint32_t *limit, uint32_t value)
{
	if (*limit == 0)
		*limit = value;
}

static void limits_defaults(struct mailbox_limits *l)
{
	limit_default(&l->sessions_user, 32);
	limit_default(&l->sessions_other, 16);
	limit_default(&l->sessions_admin, 64000);
	limit_default(&l->contexts_user, 256);
	if (l->contexts_user < l->sessions_user)
		l->contexts_user = l->sessions_user;
	limit_default(&l->folders, 500);
	limit_default(&l->messages, 250);
	limit_default(&l->streams, 250);
	limit_default(&l->attachments, 500);
	limit_default(&l->tables, 500);
	limit_default(&l->subscriptions, 500000);
	limit_default(&l->queued, 10000);
	limit_default(&l->foreign_logons, 5);
	limit_default(&l->lock_waiters, 10);
	if (l->foreign_logons > FOREIGN_MAX)
		l->foreign_logons = FOREIGN_MAX;
}

struct mailbox_service *mailbox_service_new(const struct mailbox_options *opts)
{
	struct mailbox_service *svc = xcalloc(1, sizeof *svc);

	svc->options = *opts;
	limits_defaults(&svc->options.limits);
	svc->server = xstrdup(opts->server != NULL ? opts->server : "");
	svc->options.server = svc->server;
	svc->stream_locks = stream_locks_new();
	pthread_mutex_init(&svc->lock, NULL);
	return svc;
}

void mailbox_service_free(struct mailbox_service *svc)
{
	struct service_user *u;

	if (svc == NULL)
		return;
	for (size_t i = 0; i < USER_BUCKETS; i++)
		while ((u = svc->users[i]) != NULL) {
			svc->users[i] = u->next;
			seats_free(&u->seats);
			free(u);
		}
	pthread_mutex_destroy(&svc->lock);
	stream_locks_free(svc->stream_locks);
	free(svc->server);
	free(svc);
}

size_t mailbox_service_sessions(const struct mailbox_service *svc)
{
	return __atomic_load_n(&svc->n_sessions, __ATOMIC_RELAXED);
}

const struct mailbox_limits *service_limits(const struct mailbox_service *svc)
{
	return &svc->options.limits;
}

struct directory *service_directory(const struct mailbox_service *svc)
{
	return svc->options.directory;
}

struct stream_locks *service_stream_locks(const struct mailbox_service *svc)
{
	return svc->stream_locks;
}

struct store_pool *service_pool(const struct mailbox_service *svc)
{
	return svc->options.pool;
}

const char *service_server(const struct mailbox_service *svc)
{
	return svc->server;
}

static struct service_user **user_bucket(struct mailbox_service *svc,
					 const struct guid *guid)
{
	/* User GUIDs are random: their first bytes do. */
	return &svc->users[(guid->b[0] | guid->b[1] << 8) % USER_BUCKETS];
}

/* Entries without sessions stay until their attempts are forgotten. */
static bool user_is_stale(const struct service_user *u, uint64_t now)
{
	if (u->sessions > 0)
		return false;
	for (uint32_t i = 0; i < u->n_foreign; i++)
		if (now - u->foreign_ms[i] < FOREIGN_WINDOW_MS)
			return false;
	return true;
}

/* The entry of the user, made when there is none; others are swept. */
static struct service_user *user_get(struct mailbox_service *svc,
				     const struct guid *guid)
{
	struct service_user **at = user_bucket(svc, guid), **bucket = at, *u;
	struct service_user *found = NULL;
	uint64_t now = clock_ms();

	while ((u = *at) != NULL) {
		if (guid_equal(&u->guid, guid)) {
			found = u;
		} else if (user_is_stale(u, now)) {
			*at = u->next;
			free(u);
			continue;
		}
		at = &u->next;
	}
	if (found == NULL) {
		found = xcalloc(1, sizeof *found);
		found->guid = *guid;
		found->next = *bucket;
		*bucket = found;
	}
	return found;
}

/*
 * An index that no session has.  With more sessions than indexes they are
 * shared: nothing is told apart by them, since sessions are never linked.
 */
static uint16_t index_take(struct mailbox_service *svc)
{
	uint64_t *word, bit;

	do {
		svc->index++;
		word = &svc->indexes[svc->index / 64];
		bit = UINT64_C(1) << svc->index % 64;
	} while ((*word & bit) != 0 && svc->n_sessions < INDEXES / 2);
	*word |= bit;
	return svc->index;
}

bool service_add(struct mailbox_service *svc, struct session *session,
		 const struct guid *user, uint32_t max)
{
	struct service_user *u;
	bool ok;

	pthread_mutex_lock(&svc->lock);
	u = user_get(svc, user);
	ok = u->sessions < max;
	if (ok) {
		u->sessions++;
		session->user = u;
		session->index = index_take(svc);
		session->prev = NULL;
		session->next = svc->sessions;
		if (session->next != NULL)
			session->next->prev = session;
		svc->sessions = session;
		svc->n_sessions++;
	}
	pthread_mutex_unlock(&svc->lock);
	return ok;
}

void service_remove(struct mailbox_service *svc, struct session *session)
{
	pthread_mutex_lock(&svc->lock);
	if (session->next != NULL)
		session->next->prev = session->prev;
	if (session->prev != NULL)
		session->prev->next = session->next;
	else
		svc->sessions = session->next;
	svc->n_sessions--;
	svc->indexes[session->index / 64] &=
		~(UINT64_C(1) << session->index % 64);
	session->user->sessions--;
	session->user = NULL;
	pthread_mutex_unlock(&svc->lock);
}

bool service_take_seat(struct mailbox_service *svc, struct session *session,
		       const struct guid *database, uint32_t max,
		       uint32_t *count)
{
	bool ok;

	pthread_mutex_lock(&svc->lock);
	ok = seats_take(&session->user->seats, database,
			session->client_type, max, count);
	pthread_mutex_unlock(&svc->lock);
	return ok;
}

void service_give_seat(struct mailbox_service *svc, struct session *session,
		       const struct guid *database)
{
	pthread_mutex_lock(&svc->lock);
	seats_give(&session->user->seats, database, session->client_type);
	pthread_mutex_unlock(&svc->lock);
}

bool service_foreign_logon(struct mailbox_service *svc,
			   struct session *session)
{
	struct service_user *u = session->user;
	uint64_t now = clock_ms();
	uint32_t recent = 0;

	pthread_mutex_lock(&svc->lock);
	for (uint32_t i = 0; i < u->n_foreign; i++)
		if (now - u->foreign_ms[i] < FOREIGN_WINDOW_MS)
			u->foreign_ms[recent++] = u->foreign_ms[i];
	u->n_foreign = recent;
	if (recent < svc->options.limits.foreign_logons)
		u->foreign_ms[u->n_foreign++] = now;
	pthread_mutex_unlock(&svc->lock);
	return recent < svc->options.limits.foreign_logons;
}

void service_event(struct mailbox_service *svc, enum mailbox_event_type type,
		   const char *user, const char *mailbox,
		   const struct err *err)
{
	const struct mailbox_event event = {
		.type = type, .user = user, .mailbox = mailbox, .err = err,
	};

	if (svc->options.event != NULL)
		svc->options.event(svc->options.event_ctx, &event);
}
