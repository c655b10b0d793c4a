/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's side of the administration socket: a thread a connection. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/frame.h"
#include "base/arena.h"

enum { CONNECTIONS_MAX = 32, SEND_TIMEOUT_S = 60 };

struct admin_server {
	const struct admin_op *const *tables;
	void *ctx;
	struct log *log;
	char *path;
	int fd, wake;
	pthread_t thread;
	atomic_bool stop;

	pthread_mutex_t lock;     /* guards both below */
	pthread_cond_t gone;
	struct connection *connections;
	unsigned count;
};

struct connection {
	struct connection *next, *prev;
	struct admin_server *server;
	int fd;
};

struct admin_request {
	struct connection *conn;
	bool takes_items;         /* D frames and an E frame follow */
	bool ended;               /* the E frame was read */
	bool broken;              /* the stream can't be used any more */
};

/* Bytes ---------------------------------------------------------------- */

/* Whether all len bytes came; *clean: none did, the peer closed. */
static bool read_all(int fd, void *to, size_t len, bool *clean)
{
	uint8_t *at = to;
	size_t have = 0;
	ssize_t n;

	*clean = false;
	while (have < len) {
		n = recv(fd, at + have, len - have, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*clean = n == 0 && have == 0;
			return false;
		}
		have += (size_t)n;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t len)
{
	const uint8_t *at = from;
	ssize_t n;

	while (len > 0) {
		n = send(fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool client_left(struct err *err)
{
	return err_set(err, EC_CANCEL, "the client has left");
}

/* A whole frame, its content appended to data.  *clean as in read_all. */
static bool read_frame(int fd, enum frame_type *type, struct buf *data,
		       size_t max, bool *clean, struct err *err)
{
	uint8_t head[FRAME_HEAD];
	uint32_t len;

	if (!read_all(fd, head, sizeof head, clean))
		return client_left(err);
	if (!frame_head(head, type, &len, err))
		return false;
	if (len > max)
		return err_set(err, EC_TOO_BIG, "an item is larger than "
			       "allowed");
	if (!read_all(fd, buf_room(data, len), len, clean)) {
		*clean = false;
		return client_left(err);
	}
	data->len += len;
	data->data[data->len] = '\0';
	return true;
}

/* For handlers --------------------------------------------------------- */

void *admin_context(struct admin_request *rq)
{
	return rq->conn->server->ctx;
}

bool admin_cancelled(struct admin_request *rq)
{
	struct pollfd p = { .fd = rq->conn->fd, .events = POLLRDHUP };

	return rq->broken || atomic_load(&rq->conn->server->stop) ||
		(poll(&p, 1, 0) > 0 &&
		 (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

static bool send_json(struct admin_request *rq, const json_t *value,
		      struct err *err)
{
	struct buf b = BUF_INIT;
	bool ok = frame_put_json(&b, value, err);

	if (ok && !write_all(rq->conn->fd, b.data, b.len)) {
		rq->broken = true;
		ok = client_left(err);
	}
	buf_free(&b);
	return ok;
}

bool admin_progress(struct admin_request *rq, json_t *progress)
{
	json_t *value = json_pack("{s:o}", "progress", progress);
	bool ok = value != NULL && send_json(rq, value, NULL);

	json_decref(value);
	return ok;
}

bool admin_receive(struct admin_request *rq, size_t max, struct buf *item,
		   bool *end, struct err *err)
{
	enum frame_type type = FRAME_END;
	size_t before;
	bool clean;

	buf_clear(item);
	if (!rq->takes_items || rq->ended) {
		*end = true;
		return true;
	}
	do {
		before = item->len;
		if (!read_frame(rq->conn->fd, &type, item, max - item->len,
				&clean, err)) {
			rq->broken = true;
			return false;
		}
	} while (type == FRAME_DATA && item->len > before);
	if (type == FRAME_JSON || (type == FRAME_END && item->len > 0)) {
		rq->broken = true;
		return err_set(err, EC_FORMAT_ERROR, "an item was cut short");
	}
	rq->ended = type == FRAME_END;
	*end = rq->ended;
	return true;
}

bool admin_send(struct admin_request *rq, const void *data, size_t len,
		struct err *err)
{
	const uint8_t *at = data;
	uint8_t head[FRAME_HEAD];

	do {
		size_t n = len < ADMIN_DATA_MAX ? len : ADMIN_DATA_MAX;

		frame_put_head(head, FRAME_DATA, n);
		if (!write_all(rq->conn->fd, head, sizeof head) ||
		    !write_all(rq->conn->fd, at, n)) {
			rq->broken = true;
			return client_left(err);
		}
		at += n;
		len -= n;
	} while (len > 0);
	return true;
}

/* Requests ------------------------------------------------------------- */

static admin_handler *find_op(const struct admin_server *server,
			      const char *name)
{
	for (size_t t = 0; server->tables[t] != NULL; t++)
		for (const struct admin_op *op = server->tables[t];
		     op->name != NULL; op++)
			if (strcmp(op->name, name) == 0)
				return op->run;
	return NULL;
}

static void answer_error(struct admin_request *rq, const struct err *err)
{
	json_t *value = json_pack("{s:{s:s%,s:I}}", "error", "text", err->text,
				  strlen(err->text), "ec",
				  (json_int_t)err->ec);

	/* A text that is no UTF-8, cut in the middle of a letter. */
	if (value == NULL)
		value = json_pack("{s:{s:s,s:I}}", "error", "text",
				  "the operation failed", "ec",
				  (json_int_t)err->ec);
	send_json(rq, value, NULL);
	json_decref(value);
}

static void answer(struct admin_request *rq, bool ok, json_t *result,
		   struct err *err)
{
	json_t *value;

	if (ok) {
		value = json_pack("{s:O?}", "result", result);
		ok = value != NULL && send_json(rq, value, err);
		json_decref(value);
	}
	if (!ok && !rq->broken)
		answer_error(rq, err);
}

/* What the handler left of the items, so that the next request is found. */
static void skip_items(struct admin_request *rq)
{
	enum frame_type type = FRAME_DATA;
	struct buf b = BUF_INIT;
	bool clean;

	while (rq->takes_items && !rq->ended && !rq->broken) {
		buf_clear(&b);
		if (!read_frame(rq->conn->fd, &type, &b, ADMIN_DATA_MAX,
				&clean, NULL) || type == FRAME_JSON)
			rq->broken = true;
		rq->ended = type == FRAME_END;
	}
	buf_free(&b);
}

static void run_op(struct admin_request *rq, const json_t *request)
{
	const struct admin_server *server = rq->conn->server;
	const char *name = json_string_value(json_object_get(request, "op"));
	const json_t *args = json_object_get(request, "args");
	admin_handler *run = name != NULL ? find_op(server, name) : NULL;
	struct err err = { .ec = EC_ERROR, .text = "the operation failed" };
	json_t *result = NULL, *none = json_object();
	bool ok = false;

	rq->takes_items = json_is_true(json_object_get(request, "items"));
	if (run == NULL)
		err_set(&err, EC_NOT_SUPPORTED, "the daemon knows no operation"
			" \"%s\"; it may be older than this command: restart "
			"it", name != NULL ? name : "");
	else
		ok = run(rq, json_is_object(args) ? args : none, &result,
			 &err);
	answer(rq, ok, result, &err);
	skip_items(rq);
	log_event(server->log, LOG_LEVEL_INFO, "admin", "op=%s result=%s",
		  run != NULL ? name : "unknown", ok ? "ok" : "failed");
	json_decref(result);
	json_decref(none);
}

/* One request; false: the connection is over. */
static bool serve_one(struct connection *conn)
{
	struct admin_request rq = { .conn = conn };
	enum frame_type type;
	struct buf b = BUF_INIT;
	json_t *request = NULL;
	bool clean, ok = false;
	struct err err;

	if (!read_frame(conn->fd, &type, &b, ADMIN_JSON_MAX, &clean, &err))
		goto out;
	clean = false;
	if (type != FRAME_JSON) {
		err_set(&err, EC_FORMAT_ERROR, "a request must be JSON");
		goto out;
	}
	request = frame_json(b.data, b.len, &err);
	if (request == NULL)
		goto out;
	run_op(&rq, request);
	ok = !rq.broken;
	clean = true;
out:
	if (!ok && !clean)
		answer_error(&rq, &err);
	json_decref(request);
	buf_free(&b);
	return ok;
}

/* Connections ---------------------------------------------------------- */

static void remove_connection(struct connection *conn)
{
	struct admin_server *server = conn->server;

	pthread_mutex_lock(&server->lock);
	if (conn->prev != NULL)
		conn->prev->next = conn->next;
	else
		server->connections = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	server->count--;
	close(conn->fd);
	pthread_cond_signal(&server->gone);
	pthread_mutex_unlock(&server->lock);
	free(conn);
}

static void *serve_connection(void *arg)
{
	struct connection *conn = arg;

	while (!atomic_load(&conn->server->stop) && serve_one(conn))
		;
	remove_connection(conn);
	return NULL;
}

/* Root, and whoever the daemon runs as. */
static bool is_allowed(struct admin_server *server, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid()))
		return true;
	log_event(server->log, LOG_LEVEL_WARNING, "admin_refused", "uid=%u",
		  (unsigned)peer.uid);
	return false;
}

static void refuse(struct admin_server *server, int fd, const char *why)
{
	struct connection conn = { .server = server, .fd = fd };
	struct admin_request rq = { .conn = &conn };
	struct err err;

	err_set(&err, EC_ACCESS_DENIED, "%s", why);
	answer_error(&rq, &err);
	close(fd);
}

/* NULL: there are too many. */
static struct connection *add_connection(struct admin_server *server, int fd)
{
	struct connection *conn = NULL;

	pthread_mutex_lock(&server->lock);
	if (server->count < CONNECTIONS_MAX) {
		conn = xcalloc(1, sizeof *conn);
		conn->server = server;
		conn->fd = fd;
		conn->next = server->connections;
		if (conn->next != NULL)
			conn->next->prev = conn;
		server->connections = conn;
		server->count++;
	}
	pthread_mutex_unlock(&server->lock);
	return conn;
}

static bool serve_in_thread(struct connection *conn)
{
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attr, serve_connection, conn);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		remove_connection(conn);
	return rc == 0;
}

static void start_connection(struct admin_server *server, int fd)
{
	const struct timeval timeout = { .tv_sec = SEND_TIMEOUT_S };
	struct connection *conn;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	if (!is_allowed(server, fd)) {
		refuse(server, fd, "only root and the daemon's user may use "
		       "the administration socket");
		return;
	}
	conn = add_connection(server, fd);
	if (conn == NULL) {
		refuse(server, fd, "too many commands at once use the "
		       "administration socket; try again");
		return;
	}
	serve_in_thread(conn);
}

static void *listen_thread(void *arg)
{
	struct admin_server *server = arg;
	struct pollfd fds[2] = { { .fd = server->fd, .events = POLLIN },
				 { .fd = server->wake, .events = POLLIN } };
	int fd;

	while (!atomic_load(&server->stop)) {
		if (poll(fds, 2, -1) <= 0 || fds[0].revents == 0)
			continue;
		fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			start_connection(server, fd);
		else if (errno == EMFILE || errno == ENFILE)
			poll(NULL, 0, 100);       /* it won't go away */
	}
	return NULL;
}

/* Listening ------------------------------------------------------------ */

static bool bind_socket(int fd, const struct sockaddr_un *addr,
			struct err *err)
{
	if (bind(fd, (const struct sockaddr *)addr, sizeof *addr) == 0 &&
	    chmod(addr->sun_path, 0600) == 0 && listen(fd, 16) == 0)
		return true;
	return err_set(err, EC_ERROR, "cannot listen on the administration "
		       "socket %s: %s", addr->sun_path, strerror(errno));
}

/* A socket that nobody listens on is left over from a crash. */
static bool remove_stale(const struct sockaddr_un *addr, struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)addr,
					sizeof *addr) == 0;

	if (fd >= 0)
		close(fd);
	if (alive)
		return err_set(err, EC_ERROR, "another daemon listens on %s; "
			       "stop it first", addr->sun_path);
	unlink(addr->sun_path);
	return true;
}

static bool open_socket(struct admin_server *server, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(server->path) >= sizeof addr.sun_path)
		return err_set(err, EC_INVALID_PARAM, "the path of the "
			       "administration socket, %s, is longer than %zu "
			       "bytes; use a shorter data folder",
			       server->path, sizeof addr.sun_path - 1);
	strcpy(addr.sun_path, server->path);
	if (!remove_stale(&addr, err))
		return false;
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
			    SOCK_NONBLOCK, 0);
	return bind_socket(server->fd, &addr, err);
}

static void free_server(struct admin_server *server)
{
	if (server->fd >= 0)
		close(server->fd);
	if (server->wake >= 0)
		close(server->wake);
	pthread_cond_destroy(&server->gone);
	pthread_mutex_destroy(&server->lock);
	free(server->path);
	free(server);
}

/* Signals are for the program's own thread. */
static bool start_thread(struct admin_server *server, struct err *err)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&server->thread, NULL, listen_thread, server);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return true;
	return err_set(err, EC_ERROR, "cannot start the thread of the "
		       "administration socket: %s", strerror(rc));
}

static struct admin_server *new_server(const struct admin_op *const *tables,
				       void *ctx, struct log *log)
{
	struct admin_server *server = xcalloc(1, sizeof *server);

	server->tables = tables;
	server->ctx = ctx;
	server->log = log;
	server->fd = -1;
	server->wake = -1;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->gone, NULL);
	return server;
}

bool admin_serve(const char *path, const struct admin_op *const *tables,
		 void *ctx, struct log *log, struct admin_server **out,
		 struct err *err)
{
	struct admin_server *server = new_server(tables, ctx, log);

	server->path = xstrdup(path);
	server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!open_socket(server, err) || !start_thread(server, err)) {
		free_server(server);
		return false;
	}
	*out = server;
	return true;
}

bool admin_serve_here(const struct admin_op *const *tables, void *ctx,
		      struct admin_server **out, struct admin_client **client,
		      struct err *err)
{
	struct admin_server *server;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, EC_ERROR, "cannot make a socket pair: %s",
			       strerror(errno));
	server = new_server(tables, ctx, NULL);
	if (!serve_in_thread(add_connection(server, pair[0]))) {
		close(pair[1]);
		free_server(server);
		return err_set(err, EC_ERROR, "cannot start a thread");
	}
	*out = server;
	*client = client_new(pair[1], "this process");
	return true;
}

static void stop_listening(struct admin_server *server)
{
	const uint64_t one = 1;
	ssize_t n = write(server->wake, &one, sizeof one);

	(void)n;
	pthread_join(server->thread, NULL);
	unlink(server->path);
}

void admin_stop(struct admin_server *server)
{
	if (server == NULL)
		return;
	atomic_store(&server->stop, true);
	if (server->path != NULL)
		stop_listening(server);
	pthread_mutex_lock(&server->lock);
	for (struct connection *c = server->connections; c != NULL;
	     c = c->next)
		shutdown(c->fd, SHUT_RD);
	while (server->count > 0)
		pthread_cond_wait(&server->gone, &server->lock);
	pthread_mutex_unlock(&server->lock);
	free_server(server);
}
