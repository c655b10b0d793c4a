/* SPDX-License-Identifier: Apache-2.0 */
/* The server over TLS, and what thousands of waiting connections cost. */
#include "raw_client.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "http/server.h"

#define H "Host: h\r\n"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEASURES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEASURES 0
#endif
#endif
#ifndef MEASURES
#define MEASURES 1
#endif

static char folder[] = "/tmp/posthouse-tls-XXXXXX";

static void echo(void *ctx, struct http_request *req)
{
	size_t len;
	const uint8_t *body = http_body(req, &len);

	http_header(req, "X-Tls", http_is_tls(req) ? "1" : "0");
	http_respond(req, 200, body, len);
}

static void end_waiting(void *ctx, struct http_request *req)
{
	http_finish(req);
}

/* A long poll: the head and a first piece, then nothing. */
static void wait_long(void *ctx, struct http_request *req)
{
	http_header(req, "X-PendingPeriod", "15000");
	http_header(req, "Content-Type", "application/mapi-http");
	http_start(req, 200);
	http_send(req, &(struct iovec){ "PROCESSING\r\n", 12 }, 1);
	http_on_gone(req, end_waiting, NULL);
	http_timer(req, 600000, end_waiting, NULL);
	http_forget(req);
	assert_null(http_field(req, "Host"));
}

static void big(void *ctx, struct http_request *req)
{
	static char block[65536];
	struct iovec piece = { block, sizeof block };

	http_start(req, 200);
	for (int i = 0; i < 64; i++)
		http_send(req, &piece, 1);
	http_finish(req);
}

static struct http_server *serve(int *plain, int *tls)
{
	struct http_server_config config = { .threads = 2 };
	const struct http_mount mounts[] = {
		{ "/", 1 << 20, echo, NULL, false },
		{ "/wait", 1000, wait_long, NULL, false },
		{ "/big", 1000, big, NULL, false },
	};
	struct http_server *server;
	char cert[64], key[64];
	struct err err = { 0 };

	snprintf(cert, sizeof cert, "%s/cert.pem", folder);
	snprintf(key, sizeof key, "%s/key.pem", folder);
	server = http_server_new(&config, &err);
	assert_non_null(server);
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
		http_server_mount(server, &mounts[i]);
	*tls = http_server_listen(server, "127.0.0.1:0", cert, key, &err);
	*plain = http_server_listen(server, "[::]:0", NULL, NULL, &err);
	if (*tls == 0 || *plain == 0)
		fail_msg("%s", err.text);
	assert_true(http_server_start(server, &err));
	return server;
}

static void subject_of(SSL *ssl, char *out, size_t size)
{
	X509 *cert = SSL_get1_peer_certificate(ssl);

	assert_non_null(cert);
	X509_NAME_oneline(X509_get_subject_name(cert), out, (int)size);
	X509_free(cert);
}

static void over_tls(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int plain, port;
	struct http_server *server = serve(&plain, &port);
	char *body = calloc(1, 300001);
	struct client c;
	struct answer a;

	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
	     version++) {
		SSL_CTX_set_max_proto_version(ctx, version);
		c = client_open(port);
		assert_true(client_tls(&c, ctx));
		assert_int_equal(SSL_version(c.ssl), version);
		client_puts(&c, "POST / HTTP/1.1\r\n" H
			    "Content-Length: 2\r\n\r\nhi"
			    "POST / HTTP/1.1\r\n" H
			    "Content-Length: 2\r\n\r\nho");
		assert_true(client_read(&c, &a, false));
		assert_string_equal(a.body, "hi");
		assert_non_null(strstr(a.head, "X-Tls: 1\r\n"));
		answer_free(&a);
		client_expect(&c, 200, "ho");
		memset(body, 'x', 300000);
		client_puts(&c, "POST / HTTP/1.1\r\n" H
			    "Content-Length: 300000\r\n\r\n");
		client_send(&c, body, 300000);
		client_expect(&c, 200, body);
		client_puts(&c, "GET /big HTTP/1.1\r\n" H "\r\n");
		assert_true(client_read(&c, &a, false));
		assert_int_equal(a.len, 64 * 65536);
		answer_free(&a);
		client_puts(&c, "GET / HTTP/1.1\r\n" H
			    "Connection: close\r\n\r\n");
		client_expect(&c, 200, "");
		assert_int_equal(SSL_read(c.ssl, body, 1), 0);
		assert_int_equal(SSL_get_shutdown(c.ssl),
				 SSL_RECEIVED_SHUTDOWN);
		client_close(&c);
	}
	c = client_open(plain);
	client_puts(&c, "GET / HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "");
	client_close(&c);
	free(body);
	SSL_CTX_free(ctx);
	http_server_free(server);
}

static void handshakes_that_fail(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int plain, port;
	struct http_server *server = serve(&plain, &port);
	struct http_counters n;
	struct client c;

	SSL_CTX_set_min_proto_version(ctx, 0);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
	c = client_open(port);
	assert_false(client_tls(&c, ctx));
	client_close(&c);
	c = client_open(port);    /* plain HTTP to a TLS port */
	client_puts(&c, "GET / HTTP/1.1\r\n" H "\r\n");
	while (client_more(&c))
		;
	client_close(&c);
	SSL_CTX_free(ctx);
	http_server_counters(server, &n);
	assert_int_equal(n.tls_failed, 2);
	assert_int_equal(n.requests, 0);
	http_server_free(server);
}

static void reload(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int plain, port;
	struct http_server *server;
	struct err err = { 0 };
	struct client before, after;
	char subject[128], command[256];

	make_certificate(folder, "before.test");
	server = serve(&plain, &port);
	before = client_open(port);
	assert_true(client_tls(&before, ctx));
	make_certificate(folder, "after.test");
	assert_true(http_server_reload_tls(server, &err));
	after = client_open(port);
	assert_true(client_tls(&after, ctx));
	subject_of(after.ssl, subject, sizeof subject);
	assert_string_equal(subject, "/CN=after.test");
	client_puts(&before, "GET / HTTP/1.1\r\n" H "\r\n");
	client_expect(&before, 200, "");
	client_close(&before);
	client_close(&after);
	/* A bad file is told, and what was there stays. */
	snprintf(command, sizeof command, "echo x > %s/cert.pem", folder);
	assert_int_equal(system(command), 0);
	assert_false(http_server_reload_tls(server, &err));
	assert_non_null(strstr(err.text, "cert.pem"));
	after = client_open(port);
	assert_true(client_tls(&after, ctx));
	client_close(&after);
	SSL_CTX_free(ctx);
	http_server_free(server);
	make_certificate(folder, "test");
}

/* --- Memory ----------------------------------------------------------- */

static long pss_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "Pss: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

/* A server in a process of its own, so that its memory is its own. */
static pid_t serve_apart(int ports[2])
{
	int pipe_fd[2];
	pid_t pid;

	assert_int_equal(pipe(pipe_fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		serve(&ports[0], &ports[1]);
		if (write(pipe_fd[1], ports, 2 * sizeof *ports) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipe_fd[0], ports, 2 * sizeof *ports),
			 2 * sizeof *ports);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	return pid;
}

static void open_waiting(struct client *c, int port, SSL_CTX *ctx)
{
	struct answer a;

	*c = client_open(port);
	if (ctx != NULL)
		assert_true(client_tls(c, ctx));
	client_puts(c, "POST /wait HTTP/1.1\r\nHost: mail.example.test\r\n"
		    "Content-Type: application/mapi-http\r\n"
		    "X-RequestType: NotificationWait\r\n"
		    "X-RequestId: {2EF33C39-49C8-421C-B876-CDF7F2AC3AA0}:12\r\n"
		    "X-ClientInfo: {2EF33C39-49C8-421C-B876-CDF7F2AC3AA0}:1\r\n"
		    "X-ClientApplication: Outlook/15.0.4815.1002\r\n"
		    "Authorization: Basic YWxpY2VAZXhhbXBsZS50ZXN0OnNlY3Jl"
		    "dA==\r\n"
		    "Cookie: MapiContext=MAPIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;"
		    " MapiSequence=12-AAAAAA==\r\n"
		    "Content-Length: 8\r\n\r\n12345678");
	assert_true(client_head(c, &a));
	answer_free(&a);
	free(c->data);
	c->data = NULL;
	c->len = c->cap = 0;
}

/* Kibibytes that each of n waiting connections costs the server. */
static double cost(pid_t pid, int port, SSL_CTX *ctx, int n)
{
	struct client *all = calloc((size_t)n + 10, sizeof *all);
	long before, after;

	for (int i = 0; i < 10; i++)
		open_waiting(&all[n + i], port, ctx);
	before = pss_kib(pid);
	for (int i = 0; i < n; i++)
		open_waiting(&all[i], port, ctx);
	after = pss_kib(pid);
	for (int i = 0; i < n + 10; i++)
		client_close(&all[i]);
	free(all);
	return (double)(after - before) / n;
}

static void waiting_connections(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct rlimit files;
	double plain, tls;
	int ports[2], n = 1000;
	pid_t pid;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < 1100)
		n = 200;
	pid = serve_apart(ports);
	plain = cost(pid, ports[0], NULL, n);
	tls = cost(pid, ports[1], ctx, n);
	printf("waiting: %.1f KiB plain, %.1f KiB TLS\n", plain, tls);
	if (MEASURES) {
		assert_true(plain < 3);
		assert_true(tls < 17);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	SSL_CTX_free(ctx);
}

static int make_folder(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	make_certificate(folder, "test");
	return 0;
}

static int remove_folder(void **state)
{
	char path[64];

	snprintf(path, sizeof path, "%s/cert.pem", folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/key.pem", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_connections),
		cmocka_unit_test(over_tls),
		cmocka_unit_test(handshakes_that_fail),
		cmocka_unit_test(reload),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
