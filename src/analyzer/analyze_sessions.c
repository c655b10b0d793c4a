/* SPDX-License-Identifier: Apache-2.0 */
/* Many sessions at once: where the limit of a user's sessions is. */
#include <stdlib.h>

#include "analyzer/analyze_impl.h"

/* One session more; the client is kept in *out in any case. */
static bool open_one(struct analysis *a, struct mapi_client **out,
		     enum observed_op *op, struct err *err)
{
	struct mapi_answer answer;
	uint32_t logon;

	*out = new_client(a);
	*op = OP_CONNECT;
	if (!mapi_client_connect(*out, a->o->user_dn, 0, a->arena, &answer,
				 NULL, err))
		return false;
	*op = OP_LOGON;
	return logon_with(a, *out, &logon, NULL, err);
}

static void close_all(struct analysis *a, struct mapi_client **clients,
		      unsigned n)
{
	struct mapi_answer answer;
	struct err err;

	for (unsigned i = 0; i < n; i++) {
		if (mapi_client_cookie(clients[i], "MapiContext") != NULL)
			mapi_client_disconnect(clients[i], a->arena, &answer,
					       &err);
		mapi_client_free(clients[i]);
	}
}

bool step_sessions(struct analysis *a)
{
	unsigned wanted = a->o->sessions, n = 0;
	struct mapi_client **clients = arena_array(a->arena, wanted,
						   sizeof *clients);
	enum observed_op op = OP_CONNECT;
	struct err err;
	bool ok = true;

	report_begin(a->r, "Opening %u sessions on the mailbox at once.",
		     wanted);
	a->seen->sessions_asked = wanted;
	while (n < wanted && ok)
		ok = open_one(a, &clients[n++], &op, &err);
	a->seen->sessions_opened = ok ? n : n - 1;
	if (!ok) {
		const struct mapi_answer *last =
			mapi_client_last(clients[n - 1]);

		note_answer(a, clients[n - 1], op, &err);
		detail_servers(a, &last->http);
		detail_diag(a, &last->diag);
	}
	close_all(a, clients, n);
	if (!ok)
		return report_end(a->r, STEP_ERROR, "Session %u of %u was "
				  "refused: %s", n, wanted, err.text);
	return report_end(a->r, STEP_SUCCESS, "%u sessions were opened and "
			  "closed again.", n);
}
