/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of the mailbox endpoint; the first byte says which.  What was
 * decoded is encoded, which must give the body again, but for the failure
 * status, whose form is fixed by the first field.
 */
#include <stdlib.h>

#include "mapi/http_body.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct arena *arena;

static void expect(const struct wire_w *w, const struct bin *body)
{
	if (w->full || w->len != body->len ||
	    (w->len > 0 && memcmp(w->base, body->data, w->len) != 0))
		abort();
}

/* One kind of body: decoded, encoded, compared. */
#define BODY(type, call) \
	static void run_##type(const struct bin *body) \
	{ \
		static uint8_t out[OUT_MAX]; \
		struct wire_w w = wire_w(out, sizeof out); \
		struct type v; \
		\
		if (!(call)) \
			return; \
		type##_encode(&w, &v); \
		expect(&w, body); \
	}
BODY(connect_req, connect_req_decode(body, arena, &v))
BODY(execute_req, execute_req_decode(body, &v))
BODY(execute_rsp, execute_rsp_decode(body, &v))
BODY(disconnect_req, disconnect_req_decode(body, &v))
BODY(disconnect_rsp, disconnect_rsp_decode(body, &v))
BODY(notification_wait_req, notification_wait_req_decode(body, &v))
BODY(notification_wait_rsp, notification_wait_rsp_decode(body, &v))

/* Its display name need not be valid UTF-16: sizes agree, bytes need not. */
static void run_connect_rsp(const struct bin *body)
{
	static uint8_t out[OUT_MAX];
	struct wire_w w = wire_w(out, sizeof out);
	struct connect_rsp v;

	if (!connect_rsp_decode(body, arena, &v))
		return;
	connect_rsp_encode(&w, &v);
	if (w.full || w.len != connect_rsp_size(&v))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const run[])(const struct bin *) = {
		run_connect_req, run_connect_rsp, run_execute_req,
		run_execute_rsp, run_disconnect_req, run_disconnect_rsp,
		run_notification_wait_req, run_notification_wait_rsp,
	};
	struct bin body = { data + 1, len - 1 };

	if (len == 0 || len > OUT_MAX / 2)
		return 0;
	arena = arena_new(0);
	run[data[0] % 8](&body);
	arena_free(arena);
	return 0;
}
