/* SPDX-License-Identifier: Apache-2.0 */
/* The service: its sessions, who has how many, and the mailboxes in use. */
#ifndef MAILBOX_SERVICE_H
#define MAILBOX_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/guid.h"
#include "mailbox/mailbox.h"

struct session;
struct directory;
struct store_pool;
struct stream_locks;              /* stream_lock.h */

/* With the defaults filled in. */
const struct mailbox_limits *service_limits(const struct mailbox_service *);
/* Name of this server, as configured. */
const char *service_server(const struct mailbox_service *svc);
struct stream_locks *service_stream_locks(const struct mailbox_service *svc);
struct directory *service_directory(const struct mailbox_service *svc);
struct store_pool *service_pool(const struct mailbox_service *svc);

/*
 * Count a session of the user in and out.  False, with nothing counted, when
 * max of them are there already, logged on or not.  It gets an index that no
 * other session has ([MS-OXCRPC] 3.1.4.1, piCxr).
 */
bool service_add(struct mailbox_service *svc, struct session *session,
		 const struct guid *user, uint32_t max);
void service_remove(struct mailbox_service *svc, struct session *session);

/*
 * Count the session in on a mailbox database, as its first logon there; false
 * if its user has max sessions of its client type there.  *count is how many
 * there would be.  And out again, when its last logon there goes.
 */
bool service_take_seat(struct mailbox_service *svc, struct session *session,
		       const struct guid *database, uint32_t max,
		       uint32_t *count);
void service_give_seat(struct mailbox_service *svc, struct session *session,
		       const struct guid *database);

/*
 * Whether the user may try to log on to a mailbox that is not here; counts
 * the attempt ([MS-OXCSTOR] 3.2.5.1.1: ecServerPaused).
 */
bool service_foreign_logon(struct mailbox_service *svc,
			   struct session *session);

/* Hand an event to the program. */
void service_event(struct mailbox_service *svc, enum mailbox_event_type type,
		   const char *user, const char *mailbox,
		   const struct err *err);

#endif
