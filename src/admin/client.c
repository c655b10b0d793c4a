/* SPDX-License-Identifier: Apache-2.0 */
/* A command's side of the administration socket. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/frame.h"
#include "base/arena.h"

enum { READ_SIZE = 65536 };

struct admin_client {
	int fd;
	char *path;
	struct buf in;            /* read, and not looked at yet from at on */
	size_t at;
	size_t scanned;           /* failed_early looked so far */
	json_t *answer;           /* the last frame of the answer, once here */
};

struct frame {
	enum frame_type type;
	const uint8_t *data;
	uint32_t len;
};

struct admin_client *client_new(int fd, const char *path)
{
	struct admin_client *client = xcalloc(1, sizeof *client);

	client->fd = fd;
	client->path = xstrdup(path);
	return client;
}

bool admin_connect(const char *path, struct admin_client **out,
		   struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	*out = NULL;
	if (strlen(path) >= sizeof addr.sun_path)
		return true;      /* no daemon can listen there either */
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, EC_ERROR, "cannot make a socket: %s",
			       strerror(errno));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) < 0) {
		int why = errno;

		close(fd);
		if (why == ENOENT || why == ECONNREFUSED || why == ENOTDIR)
			return true;
		return err_set(err, EC_ACCESS_DENIED, "cannot reach the daemon"
			       " at %s: %s; run this as root or as the "
			       "daemon's user", path, strerror(why));
	}
	*out = client_new(fd, path);
	return true;
}

void admin_client_close(struct admin_client *client)
{
	if (client == NULL)
		return;
	close(client->fd);
	buf_free(&client->in);
	json_decref(client->answer);
	free(client->path);
	free(client);
}

static bool lost(const struct admin_client *client, struct err *err)
{
	return err_set(err, EC_RPC_FAILED, "the daemon at %s closed the "
		       "connection; look into its log", client->path);
}

/* Reading -------------------------------------------------------------- */

/* Read what there is, waiting for something if need be. */
static bool read_more(struct admin_client *client, struct err *err)
{
	ssize_t n;

	if (client->at == client->in.len) {
		buf_clear(&client->in);
		client->at = client->scanned = 0;
	}
	do
		n = recv(client->fd, buf_room(&client->in, READ_SIZE),
			 READ_SIZE, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return lost(client, err);
	client->in.len += (size_t)n;
	return true;
}

/* The next whole frame of what was read; *got false: there is none yet. */
static bool peek_frame(struct admin_client *client, size_t at,
		       struct frame *out, bool *got, struct err *err)
{
	const uint8_t *in = client->in.data + at;
	size_t left = client->in.len - at;

	*got = false;
	if (left < FRAME_HEAD)
		return true;
	if (!frame_head(in, &out->type, &out->len, err))
		return false;
	if (left - FRAME_HEAD < out->len)
		return true;
	out->data = in + FRAME_HEAD;
	*got = true;
	return true;
}

static bool next_frame(struct admin_client *client, struct frame *out,
		       struct err *err)
{
	bool got = false;

	for (;;) {
		if (client->in.len > 0 &&
		    !peek_frame(client, client->at, out, &got, err))
			return false;
		if (got)
			break;
		if (!read_more(client, err))
			return false;
	}
	client->at += FRAME_HEAD + out->len;
	return true;
}

/* What the daemon's error says.  Returns false. */
static bool fail(const json_t *answer, struct err *err)
{
	const json_t *error = json_object_get(answer, "error");
	const char *text = json_string_value(json_object_get(error, "text"));

	return err_set(err, (enum ec)json_integer_value(
			       json_object_get(error, "ec")), "%s",
		       text != NULL ? text : "the daemon failed");
}

/* Look at one J frame: progress, or the end of the answer. */
static bool take_json(struct admin_client *client, const struct frame *f,
		      const struct admin_events *events, struct err *err)
{
	json_t *value = frame_json(f->data, f->len, err);
	const json_t *progress;

	if (value == NULL)
		return false;
	progress = json_object_get(value, "progress");
	if (progress == NULL) {
		json_decref(client->answer);
		client->answer = value;
		return true;
	}
	if (events != NULL && events->progress != NULL)
		events->progress(events->ctx, progress);
	json_decref(value);
	return true;
}

/* Writing -------------------------------------------------------------- */

/* Whether the daemon has failed already: then nothing more need be sent. */
static bool failed_early(struct admin_client *client, struct err *err)
{
	struct frame f;
	bool got = true;

	if (client->scanned < client->at)
		client->scanned = client->at;
	while (client->in.len > client->scanned) {
		if (!peek_frame(client, client->scanned, &f, &got, err))
			return true;
		if (!got)
			break;
		client->scanned += FRAME_HEAD + f.len;
		if (f.type == FRAME_JSON && f.len > 9 &&
		    memcmp(f.data, "{\"error\":", 9) == 0) {
			take_json(client, &f, NULL, err);
			fail(client->answer, err);
			return true;
		}
	}
	return false;
}

/* The daemon doesn't listen any more: its reason, if it gave one. */
static bool send_failed(struct admin_client *client, struct err *err)
{
	while (read_more(client, NULL))
		;
	return failed_early(client, err) ? false : lost(client, err);
}

/*
 * Send while taking in what the daemon sends meanwhile: else both could wait
 * for the other to read.
 */
static bool send_all(struct admin_client *client, const void *data, size_t len,
		     struct err *err)
{
	struct pollfd p = { .fd = client->fd, .events = POLLIN | POLLOUT };
	const uint8_t *at = data;
	ssize_t n;

	while (len > 0) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return lost(client, err);
		if ((p.revents & POLLIN) != 0 && !read_more(client, NULL))
			return send_failed(client, err);
		if ((p.revents & (POLLOUT | POLLERR | POLLHUP)) == 0)
			continue;
		n = send(client->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return send_failed(client, err);
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Operations ----------------------------------------------------------- */

static bool begin(struct admin_client *client, const char *op, json_t *args,
		  bool items, struct err *err)
{
	json_t *request = json_pack("{s:s,s:o,s:b}", "op", op, "args",
				    args != NULL ? args : json_object(),
				    "items", items);
	struct buf b = BUF_INIT;
	bool ok;

	json_decref(client->answer);
	client->answer = NULL;
	if (request == NULL)
		return err_set(err, EC_INVALID_PARAM, "what is asked of the "
			       "daemon is not UTF-8");
	ok = frame_put_json(&b, request, err) &&
		send_all(client, b.data, b.len, err);
	buf_free(&b);
	json_decref(request);
	return ok;
}

bool admin_begin(struct admin_client *client, const char *op, json_t *args,
		 struct err *err)
{
	return begin(client, op, args, true, err);
}

static bool put_frame(struct admin_client *client, enum frame_type type,
		      const void *data, size_t len, struct err *err)
{
	uint8_t head[FRAME_HEAD];

	if (failed_early(client, err))
		return false;
	frame_put_head(head, type, len);
	return send_all(client, head, sizeof head, err) &&
		send_all(client, data, len, err);
}

bool admin_put(struct admin_client *client, const void *data, size_t len,
	       struct err *err)
{
	const uint8_t *at = data;
	size_t n;

	for (; len > 0; at += n, len -= n) {
		n = len < ADMIN_DATA_MAX ? len : ADMIN_DATA_MAX;
		if (!put_frame(client, FRAME_DATA, at, n, err))
			return false;
	}
	return true;
}

bool admin_put_end(struct admin_client *client, struct err *err)
{
	return put_frame(client, FRAME_DATA, NULL, 0, err);
}

static bool read_answer(struct admin_client *client,
			const struct admin_events *events, json_t **result,
			struct err *err)
{
	struct frame f;
	json_t *value;

	while (client->answer == NULL) {
		if (!next_frame(client, &f, err))
			return false;
		if (f.type == FRAME_JSON) {
			if (!take_json(client, &f, events, err))
				return false;
		} else if (f.type == FRAME_DATA && events != NULL &&
			   events->data != NULL &&
			   !events->data(events->ctx, f.data, f.len, err)) {
			return false;
		}
	}
	if (json_object_get(client->answer, "error") != NULL)
		return fail(client->answer, err);
	value = json_object_get(client->answer, "result");
	if (result != NULL)
		*result = json_incref(value);
	return true;
}

bool admin_finish(struct admin_client *client,
		  const struct admin_events *events, json_t **result,
		  struct err *err)
{
	return put_frame(client, FRAME_END, NULL, 0, err) &&
		read_answer(client, events, result, err);
}

bool admin_call(struct admin_client *client, const char *op, json_t *args,
		const struct admin_events *events, json_t **result,
		struct err *err)
{
	return begin(client, op, args, false, err) &&
		read_answer(client, events, result, err);
}
