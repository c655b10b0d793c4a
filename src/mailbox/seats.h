/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many sessions a user has on each mailbox database, by client type: what
 * the session limits are about.  A session counts from its first logon to a
 * mailbox of the database to the release of its last one there, however many
 * logons it has.
 *
 * A list belongs to one user; its owner keeps the lock.
 */
#ifndef MAILBOX_SEATS_H
#define MAILBOX_SEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/guid.h"

struct mailbox_limits;            /* mailbox.h */

enum client_type {
#define CLIENT_TYPE(constant, name, limit, text) constant,
#include "mailbox/client_types.def"
#undef CLIENT_TYPE
	CLIENT_TYPES
};

/* "MoMT" */
const char *client_type_name(enum client_type type);

/* Sessions of a user on a database. */
uint32_t client_type_limit(const struct mailbox_limits *limits,
			   enum client_type type, bool is_admin);

struct seat;                      /* those on one database, of one type */

/*
 * Count a session in if there are fewer than max; *count is how many there
 * are with it, also when it was refused.
 */
bool seats_take(struct seat **seats, const struct guid *database,
		enum client_type type, uint32_t max, uint32_t *count);

/* Count one out that was counted in. */
void seats_give(struct seat **seats, const struct guid *database,
		enum client_type type);

void seats_free(struct seat **seats);

#endif
