/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/wire.h"

struct fix {
	char folder[64], path[96];
	struct admin_server *server;
	atomic_int calls;
	atomic_bool entered;
};

/* Operations ----------------------------------------------------------- */

static bool op_echo(struct admin_request *rq, const json_t *args,
		    json_t **result, struct err *err)
{
	struct fix *f = admin_context(rq);

	(void)err;
	atomic_fetch_add(&f->calls, 1);
	*result = json_copy((json_t *)(uintptr_t)args);
	return true;
}

static bool op_nothing(struct admin_request *rq, const json_t *args,
		       json_t **result, struct err *err)
{
	(void)rq, (void)args, (void)result, (void)err;
	return true;
}

static bool op_fail(struct admin_request *rq, const json_t *args,
		    json_t **result, struct err *err)
{
	(void)rq, (void)args, (void)result;
	return err_set(err, EC_NOT_FOUND, "no such \"thing\"");
}

/* Bytes and items that came; each is told as progress. */
static bool op_count(struct admin_request *rq, const json_t *args,
		     json_t **result, struct err *err)
{
	struct buf item = BUF_INIT;
	json_int_t items = 0, bytes = 0;
	bool end = false, ok;

	(void)args;
	while ((ok = admin_receive(rq, 4 << 20, &item, &end, err)) && !end) {
		items++;
		bytes += (json_int_t)item.len;
		admin_progress(rq, json_pack("{s:I}", "item", items));
	}
	buf_free(&item);
	if (ok)
		*result = json_pack("{s:I,s:I}", "items", items, "bytes",
				    bytes);
	return ok;
}

/* Two items: one of 3 MB, one empty. */
static bool op_send(struct admin_request *rq, const json_t *args,
		    json_t **result, struct err *err)
{
	char *data = calloc(1, 3000000);
	bool ok;

	(void)args, (void)result;
	memset(data, 'x', 3000000);
	ok = admin_send(rq, data, 3000000, err) &&
		admin_send(rq, NULL, 0, err) && admin_send(rq, NULL, 0, err);
	free(data);
	return ok;
}

static bool op_wait(struct admin_request *rq, const json_t *args,
		    json_t **result, struct err *err)
{
	struct fix *f = admin_context(rq);

	(void)args, (void)result;
	atomic_store(&f->entered, true);
	while (!admin_cancelled(rq))
		usleep(1000);
	return err_set(err, EC_CANCEL, "cancelled");
}

static const struct admin_op ops[] = {
	{ "echo", op_echo }, { "nothing", op_nothing }, { "fail", op_fail },
	{ "count", op_count }, { NULL, NULL },
};
static const struct admin_op more_ops[] = {
	{ "send", op_send }, { "wait", op_wait }, { NULL, NULL },
};
static const struct admin_op *const tables[] = { ops, more_ops, NULL };

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof *f);
	struct err err;

	strcpy(f->folder, "/tmp/phadmin.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/admin.sock", f->folder);
	if (!admin_serve(f->path, tables, f, NULL, &f->server, &err))
		fail_msg("%s", err.text);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	admin_stop(f->server);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static struct admin_client *connect_to(struct fix *f)
{
	struct admin_client *client = NULL;
	struct err err;

	if (!admin_connect(f->path, &client, &err))
		fail_msg("%s", err.text);
	assert_non_null(client);
	return client;
}

/* Calls ---------------------------------------------------------------- */

static void test_call(void **state)
{
	struct admin_client *client = connect_to(*state);
	json_t *result = NULL;
	struct err err;

	for (int i = 0; i < 3; i++) {
		assert_true(admin_call(client, "echo",
				       json_pack("{s:i}", "n", i), NULL,
				       &result, &err));
		assert_int_equal(json_integer_value(
				json_object_get(result, "n")), i);
		json_decref(result);
	}
	assert_true(admin_call(client, "nothing", NULL, NULL, &result, &err));
	assert_true(json_is_null(result));
	assert_true(admin_call(client, "nothing", NULL, NULL, NULL, &err));
	assert_false(admin_call(client, "fail", NULL, NULL, &result, &err));
	assert_string_equal(err.text, "no such \"thing\"");
	assert_int_equal(err.ec, EC_NOT_FOUND);
	assert_false(admin_call(client, "nonsense", NULL, NULL, NULL, &err));
	assert_non_null(strstr(err.text, "no operation \"nonsense\""));
	/* The connection goes on after failures. */
	assert_true(admin_call(client, "nothing", NULL, NULL, NULL, &err));
	admin_client_close(client);
	admin_client_close(NULL);
}

static void count_progress(void *ctx, const json_t *progress)
{
	assert_int_equal(json_integer_value(json_object_get(progress, "item")),
			 ++*(int *)ctx);
}

static void put_items(struct admin_client *client, int n, size_t size)
{
	char *data = calloc(1, size + 1);

	for (int i = 0; i < n; i++)
		assert_true(admin_put(client, data, size, NULL) &&
			    admin_put_end(client, NULL));
	free(data);
}

static void test_items_in(void **state)
{
	struct admin_client *client = connect_to(*state);
	int seen = 0;
	const struct admin_events events = { .progress = count_progress,
					     .ctx = &seen };
	json_t *result = NULL;
	struct err err;

	assert_true(admin_begin(client, "count", NULL, &err));
	put_items(client, 3, 3000000);
	put_items(client, 2, 0);
	if (!admin_finish(client, &events, &result, &err))
		fail_msg("%s", err.text);
	assert_int_equal(seen, 5);
	assert_int_equal(json_integer_value(json_object_get(result, "items")),
			 5);
	assert_int_equal(json_integer_value(json_object_get(result, "bytes")),
			 9000000);
	json_decref(result);
	/* More progress than a socket holds while nobody reads. */
	seen = 0;
	assert_true(admin_begin(client, "count", NULL, &err));
	put_items(client, 20000, 10);
	assert_true(admin_finish(client, &events, NULL, &err));
	assert_int_equal(seen, 20000);
	admin_client_close(client);
}

static void test_item_too_large(void **state)
{
	struct admin_client *client = connect_to(*state);
	char *data = calloc(1, 5 << 20);
	struct err err;
	bool ok;

	assert_true(admin_begin(client, "count", NULL, &err));
	ok = admin_put(client, data, 5 << 20, &err) &&
		admin_put_end(client, &err) &&
		admin_finish(client, NULL, NULL, &err);
	free(data);
	assert_false(ok);
	admin_client_close(client);
}

/* The daemon refuses early: the sender learns it at once. */
static void test_early_failure(void **state)
{
	struct admin_client *client = connect_to(*state);
	char data[1000] = "";
	struct err err = { .text = "" };
	bool ok = true;

	assert_true(admin_begin(client, "fail", NULL, &err));
	for (int i = 0; ok && i < 100000; i++)
		ok = admin_put(client, data, sizeof data, &err);
	if (ok)
		ok = admin_finish(client, NULL, NULL, &err);
	assert_false(ok);
	assert_string_equal(err.text, "no such \"thing\"");
	admin_client_close(client);
}

/* What an operation doesn't read is passed over. */
static void test_items_unread(void **state)
{
	struct admin_client *client = connect_to(*state);
	struct err err;

	assert_true(admin_begin(client, "nothing", NULL, &err));
	put_items(client, 3, 1000);
	assert_true(admin_finish(client, NULL, NULL, &err));
	assert_true(admin_call(client, "nothing", NULL, NULL, NULL, &err));
	admin_client_close(client);
}

struct got {
	size_t bytes, items;
};

static bool take_data(void *ctx, const void *data, size_t len,
		      struct err *err)
{
	struct got *g = ctx;

	(void)data, (void)err;
	g->bytes += len;
	g->items += len == 0;
	return true;
}

static void test_items_out(void **state)
{
	struct admin_client *client = connect_to(*state);
	struct got got = { 0, 0 };
	const struct admin_events events = { .data = take_data,
					     .ctx = &got };
	struct err err;

	assert_true(admin_call(client, "send", NULL, &events, NULL, &err));
	assert_int_equal(got.bytes, 3000000);
	assert_true(got.items >= 2);
	admin_client_close(client);
}

static void test_here(void **state)
{
	struct admin_client *client = NULL;
	struct admin_server *server = NULL;
	struct err err;

	assert_true(admin_serve_here(tables, *state, &server, &client, &err));
	assert_true(admin_call(client, "nothing", NULL, NULL, NULL, &err));
	assert_false(admin_call(client, "fail", NULL, NULL, NULL, &err));
	admin_client_close(client);
	admin_stop(server);
	admin_stop(NULL);
}

/* The socket ----------------------------------------------------------- */

static void test_nobody(void **state)
{
	struct admin_client *client = (void *)1;
	struct err err;

	(void)state;
	assert_true(admin_connect("/nonexistent/admin.sock", &client, &err));
	assert_null(client);
}

static void test_second_daemon(void **state)
{
	struct fix *f = *state;
	struct admin_server *second = NULL;
	struct err err;

	assert_false(admin_serve(f->path, tables, f, NULL, &second, &err));
	assert_non_null(strstr(err.text, "another daemon"));
	/* What a killed one left is replaced. */
	admin_stop(f->server);
	{
		struct sockaddr_un addr = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		strcpy(addr.sun_path, f->path);
		assert_int_equal(bind(fd, (struct sockaddr *)&addr,
				      sizeof addr), 0);
		close(fd);
	}
	assert_true(admin_serve(f->path, tables, f, NULL, &f->server, &err));
	admin_client_close(connect_to(f));
}

static void test_long_path(void **state)
{
	struct admin_server *server = NULL;
	char path[200] = "/tmp/";
	struct err err;

	memset(path + 5, 'x', 150);
	assert_false(admin_serve(path, tables, *state, NULL, &server, &err));
	assert_non_null(strstr(err.text, "shorter data folder"));
}

/* Another user is refused, even if the file let them connect. */
static void test_other_user(void **state)
{
	struct fix *f = *state;
	struct stat st;
	int status;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	if (geteuid() != 0)
		skip();
	chmod(f->path, 0777);
	chmod(f->folder, 0777);
	if (fork() == 0) {
		struct admin_client *client = NULL;
		struct err err;

		if (setuid(65534) != 0 ||
		    !admin_connect(f->path, &client, &err) || client == NULL)
			_exit(2);
		if (admin_call(client, "echo", NULL, NULL, NULL, &err))
			_exit(3);
		_exit(strstr(err.text, "only root") != NULL ? 0 : 4);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&f->calls), 0);
}

/* Malformed frames: an error or the end, and the server goes on. */
static void send_bytes(struct fix *f, const void *data, size_t len)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct admin_client *client;
	char answer[1000];

	strcpy(addr.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr),
			 0);
	if (len > 0)
		assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
	shutdown(fd, SHUT_WR);
	while (recv(fd, answer, sizeof answer, 0) > 0)
		;
	close(fd);
	client = connect_to(f);
	assert_true(admin_call(client, "nothing", NULL, NULL, NULL, NULL));
	admin_client_close(client);
}

static size_t frame(uint8_t *out, uint32_t len, char type, const char *text)
{
	struct wire_w w = wire_w(out, 1000);

	wire_put_u32(&w, len);
	wire_put_u8(&w, (uint8_t)type);
	wire_put(&w, text, strlen(text));
	return w.len;
}

static void test_malformed(void **state)
{
	static const char request[] = "{\"op\":\"count\",\"items\":true}";
	static const char *const texts[] = { "", "x", "[]", "{}", "\"op\"",
		"{\"op\":1}", "{\"op\":\"echo\",\"args\":[]}", "{\"op\":",
		"{\"op\":\"echo\",\"op\":\"fail\"}", "\xff\xff" };
	struct fix *f = *state;
	uint8_t b[1000];
	size_t n;

	send_bytes(f, "", 0);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		n = frame(b, (uint32_t)strlen(texts[i]), 'J', texts[i]);
		send_bytes(f, b, n);
	}
	send_bytes(f, b, frame(b, 0xffffffff, 'J', "x"));
	send_bytes(f, b, frame(b, ADMIN_JSON_MAX + 1, 'J', "x"));
	send_bytes(f, b, frame(b, ADMIN_JSON_MAX, 'J', "x"));
	send_bytes(f, b, frame(b, 1, 'D', "x"));
	send_bytes(f, b, frame(b, 0, 'E', ""));
	send_bytes(f, b, frame(b, 1, '\0', "x"));
	/* A request whose items are cut off, at every byte. */
	n = frame(b, sizeof request - 1, 'J', request);
	n += frame(b + n, 5, 'D', "hello");
	n += frame(b + n, 0, 'D', "");
	for (size_t cut = 0; cut < n; cut++)
		send_bytes(f, b, cut);
	n += frame(b + n, 2, 'J', "{}");
	send_bytes(f, b, n);
}

/* Stopping and leaving ------------------------------------------------- */

static void *call_wait(void *arg)
{
	struct admin_client *client = connect_to(arg);

	assert_false(admin_call(client, "wait", NULL, NULL, NULL, NULL));
	admin_client_close(client);
	return NULL;
}

static void test_stop_while_busy(void **state)
{
	struct fix *f = *state;
	struct admin_client *idle = connect_to(f);
	struct err err;
	pthread_t thread;

	pthread_create(&thread, NULL, call_wait, f);
	while (!atomic_load(&f->entered))
		usleep(1000);
	admin_stop(f->server);
	pthread_join(thread, NULL);
	assert_false(admin_call(idle, "nothing", NULL, NULL, NULL, &err));
	admin_client_close(idle);
	assert_true(admin_serve(f->path, tables, f, NULL, &f->server, &err));
}

static void test_client_leaves(void **state)
{
	struct fix *f = *state;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		call_wait(f);
		_exit(0);
	}
	while (!atomic_load(&f->entered))
		usleep(1000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* teardown would hang if the operation went on. */
}

static void test_many_connections(void **state)
{
	struct admin_client *clients[40];
	int refused = 0;

	for (int i = 0; i < 40; i++)
		clients[i] = connect_to(*state);
	for (int i = 0; i < 40; i++) {
		struct err err;

		if (!admin_call(clients[i], "nothing", NULL, NULL, NULL,
				&err)) {
			refused++;
			assert_non_null(strstr(err.text, "try again"));
		}
	}
	assert_int_equal(refused, 8);
	for (int i = 0; i < 40; i++)
		admin_client_close(clients[i]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_call),
		TEST(test_items_in),
		TEST(test_item_too_large),
		TEST(test_early_failure),
		TEST(test_items_unread),
		TEST(test_items_out),
		TEST(test_here),
		TEST(test_nobody),
		TEST(test_second_daemon),
		TEST(test_long_path),
		TEST(test_other_user),
		TEST(test_malformed),
		TEST(test_stop_while_busy),
		TEST(test_client_leaves),
		TEST(test_many_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
