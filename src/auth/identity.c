/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "base/arena.h"

/* One block: the count, what is seen of it, and its strings. */
struct counted {
	atomic_uint refs;
	struct identity id;
	char text[];
};

static struct counted *counted(const struct identity *id)
{
	return (struct counted *)((char *)(uintptr_t)id -
				  offsetof(struct counted, id));
}

static const char *put(char **at, const char *s)
{
	size_t size = strlen(s) + 1;
	char *here = *at;

	memcpy(here, s, size);
	*at += size;
	return here;
}

const struct identity *identity_new(const struct dir_user *user)
{
	size_t text = strlen(user->account) + strlen(user->upn) +
		strlen(user->legacy_dn) + strlen(user->display_name) + 4;
	struct counted *c = xcalloc(1, sizeof *c + text);
	char *at = c->text;

	atomic_init(&c->refs, 1);
	c->id.user = user->guid;
	c->id.mailbox = user->mailbox;
	c->id.account = put(&at, user->account);
	c->id.upn = put(&at, user->upn);
	c->id.legacy_dn = put(&at, user->legacy_dn);
	c->id.display_name = put(&at, user->display_name);
	c->id.is_admin = user->is_admin;
	c->id.changed = user->changed;
	return &c->id;
}

const struct identity *identity_ref(const struct identity *id)
{
	atomic_fetch_add_explicit(&counted(id)->refs, 1,
				  memory_order_relaxed);
	return id;
}

void identity_unref(const struct identity *id)
{
	if (id != NULL && atomic_fetch_sub_explicit(&counted(id)->refs, 1,
			memory_order_acq_rel) == 1)
		free(counted(id));
}
