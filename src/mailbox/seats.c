/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/seats.h"

#include <stdlib.h>

#include "base/arena.h"
#include "mailbox/mailbox.h"

struct seat {
	struct seat *next;
	struct guid database;
	enum client_type type;
	uint32_t count;           /* never 0 */
};

const char *client_type_name(enum client_type type)
{
	static const char *const names[] = {
#define CLIENT_TYPE(constant, name, limit, text) [constant] = name,
#include "mailbox/client_types.def"
#undef CLIENT_TYPE
	};

	return names[type];
}

uint32_t client_type_limit(const struct mailbox_limits *limits,
			   enum client_type type, bool is_admin)
{
	if (is_admin)
		return limits->sessions_admin;
	switch (type) {
#define CLIENT_TYPE(constant, name, limit, text) \
	case constant: \
		return limits->limit;
#include "mailbox/client_types.def"
#undef CLIENT_TYPE
	case CLIENT_TYPES:
		break;
	}
	return limits->sessions_other;
}

/* Where the seat of a database and type is linked, or the end. */
static struct seat **find(struct seat **at, const struct guid *database,
			  enum client_type type)
{
	while (*at != NULL && ((*at)->type != type ||
			       !guid_equal(&(*at)->database, database)))
		at = &(*at)->next;
	return at;
}

bool seats_take(struct seat **seats, const struct guid *database,
		enum client_type type, uint32_t max, uint32_t *count)
{
	struct seat **at = find(seats, database, type), *seat = *at;

	*count = (seat != NULL ? seat->count : 0) + 1;
	if (*count > max)
		return false;
	if (seat == NULL) {
		seat = *at = xcalloc(1, sizeof *seat);
		seat->database = *database;
		seat->type = type;
	}
	seat->count++;
	return true;
}

void seats_give(struct seat **seats, const struct guid *database,
		enum client_type type)
{
	struct seat **at = find(seats, database, type), *seat = *at;

	if (seat == NULL || --seat->count > 0)
		return;
	*at = seat->next;
	free(seat);
}

void seats_free(struct seat **seats)
{
	struct seat *seat;

	while ((seat = *seats) != NULL) {
		*seats = seat->next;
		free(seat);
	}
}
