/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administration socket: how commands reach mailboxes that the daemon has
 * open.  A Unix socket in the data folder; only root and the daemon's own
 * user are let in (SO_PEERCRED).
 *
 * A frame is a little-endian uint32 length, a byte of type and that many
 * bytes: 'J' a JSON object, 'D' a piece of an item (an empty one ends the
 * item), 'E' the end of the items.  A connection carries one request after
 * another.  The request is one J frame {"op": name, "args": {…}}, followed,
 * when the operation takes items, by their D frames and an E frame.  The
 * answer is any number of J {"progress": …} and items, then one J
 * {"result": …} or {"error": {"text": …, "ec": n}}.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

enum {
	ADMIN_JSON_MAX = 1 << 20,         /* bytes of a J frame */
	ADMIN_DATA_MAX = 1 << 20,         /* bytes of a D frame */
};

/* Serving -------------------------------------------------------------- */

struct admin_server;
struct admin_request;

/*
 * Carry out one operation, on the thread of the connection; it may block and
 * take long.  args is borrowed.  True: *result is a new reference (or left
 * NULL).  False: err says why.  ctx is the server's.
 */
typedef bool admin_handler(struct admin_request *rq, const json_t *args,
			   json_t **result, struct err *err);

struct admin_op {
	const char *name;         /* "mailbox.create" */
	admin_handler *run;
};

/*
 * Listen on path with these operations (tables ending in a NULL name; the
 * array of tables ends in NULL; they must outlive the server).  ctx is what
 * admin_context gives to handlers.  A socket left behind by a dead daemon is
 * replaced.  log may be NULL.
 */
bool admin_serve(const char *path, const struct admin_op *const *tables,
		 void *ctx, struct log *log, struct admin_server **out,
		 struct err *err);

/*
 * The same within this process, for a command that finds no daemon running:
 * no socket, one client, the operations on a thread.  Close the client, then
 * stop the server.
 */
struct admin_client;
bool admin_serve_here(const struct admin_op *const *tables, void *ctx,
		      struct admin_server **out, struct admin_client **client,
		      struct err *err);

/* Ends connections between requests, waits for the running ones. */
void admin_stop(struct admin_server *server);     /* NULL is allowed */

void *admin_context(struct admin_request *rq);

/* Whether the client has left or the daemon is stopping: then give up soon. */
bool admin_cancelled(struct admin_request *rq);

/* Tell how far it is; takes over the reference.  False: the client is gone. */
bool admin_progress(struct admin_request *rq, json_t *progress);

/*
 * The next item that the client sends, whole, into item (cleared first); one
 * larger than max fails.  *end: there are no more.
 */
bool admin_receive(struct admin_request *rq, size_t max, struct buf *item,
		   bool *end, struct err *err);

/* Send one piece of an item to the client; len 0 ends the item. */
bool admin_send(struct admin_request *rq, const void *data, size_t len,
		struct err *err);

/* Calling -------------------------------------------------------------- */

/*
 * Connect to the daemon's socket.  *out is NULL, without an error, when no
 * daemon listens there.
 */
bool admin_connect(const char *path, struct admin_client **out,
		   struct err *err);
void admin_client_close(struct admin_client *client);     /* NULL: allowed */

/* How the client is told of progress and items; any may be NULL. */
struct admin_events {
	void (*progress)(void *ctx, const json_t *progress);
	bool (*data)(void *ctx, const void *data, size_t len, struct err *err);
	void *ctx;
};

/*
 * One operation without items from the client: admin_begin + admin_finish.
 * Takes over args (NULL: none).  *result is a new reference.
 */
bool admin_call(struct admin_client *client, const char *op, json_t *args,
		const struct admin_events *events, json_t **result,
		struct err *err);

/*
 * One operation with items: begin, then any number of admin_put for the
 * pieces of an item and admin_put_end after each item, then admin_finish,
 * which says that there are no more and waits for the result.  admin_put and
 * admin_put_end fail as soon as the daemon has answered with an error, which
 * err then holds; after that the connection can only be closed.
 */
bool admin_begin(struct admin_client *client, const char *op, json_t *args,
		 struct err *err);
bool admin_put(struct admin_client *client, const void *data, size_t len,
	       struct err *err);
bool admin_put_end(struct admin_client *client, struct err *err);
bool admin_finish(struct admin_client *client,
		  const struct admin_events *events, json_t **result,
		  struct err *err);

#endif
