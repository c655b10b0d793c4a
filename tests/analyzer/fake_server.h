/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for the analyzer's tests: a thread that takes connections one
 * after another, reads requests, and answers what it was told.
 */
#ifndef TESTS_ANALYZER_FAKE_SERVER_H
#define TESTS_ANALYZER_FAKE_SERVER_H

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAKE_REQUEST_MAX = 65536, FAKE_ANSWERS_MAX = 16 };

struct fake_answer {
	const void *data;
	size_t len;               /* 0: a string */
	size_t piece;             /* send so many bytes at a time; 0: all */
	bool close;               /* after it */
};

struct fake_server {
	int fd;
	uint16_t port;
	pthread_t thread;
	struct fake_answer answers[FAKE_ANSWERS_MAX];
	size_t n_answers;
	/* What came: requests with head and body, NUL-terminated. */
	char *requests[FAKE_ANSWERS_MAX];
	size_t lengths[FAKE_ANSWERS_MAX];
	size_t n_requests;
	unsigned connections;
	bool joined;
	char url[128];
};

/* A whole request, or false when the client is gone. */
static inline bool fake_read(int fd, char **out, size_t *out_len)
{
	char *data = calloc(1, FAKE_REQUEST_MAX), *end, *length;
	size_t len = 0, want = SIZE_MAX;

	while (data != NULL && len < want && len < FAKE_REQUEST_MAX - 1) {
		ssize_t n = recv(fd, data + len, FAKE_REQUEST_MAX - 1 - len,
				 0);

		if (n <= 0) {
			free(data);
			return false;
		}
		len += (size_t)n;
		end = memmem(data, len, "\r\n\r\n", 4);
		if (want != SIZE_MAX || end == NULL)
			continue;
		want = (size_t)(end - data) + 4;
		length = strcasestr(data, "\r\nContent-Length: ");
		if (length != NULL && length < end)
			want += strtoul(length + 18, NULL, 10);
	}
	*out = data;
	*out_len = len;
	return true;
}

static inline void fake_write(int fd, const struct fake_answer *a)
{
	const char *at = a->data;
	size_t left = a->len != 0 ? a->len : strlen(at);
	size_t piece = a->piece != 0 ? a->piece : left;

	while (left > 0) {
		size_t n = left < piece ? left : piece;
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		at += sent;
		left -= (size_t)sent;
		if (a->piece != 0)
			usleep(1000);
	}
}

static inline void *fake_run(void *ctx)
{
	struct fake_server *s = ctx;

	while (s->n_requests < s->n_answers) {
		int fd = accept(s->fd, NULL, NULL);
		bool open = fd >= 0;

		if (!open)
			return NULL;
		s->connections++;
		while (open && s->n_requests < s->n_answers) {
			size_t i = s->n_requests;

			if (!fake_read(fd, &s->requests[i], &s->lengths[i]))
				break;
			s->n_requests++;
			fake_write(fd, &s->answers[i]);
			open = !s->answers[i].close;
		}
		close(fd);
	}
	return NULL;
}

/* Answers are given in this order, whatever is asked. */
static inline void fake_start(struct fake_server *s,
			      const struct fake_answer *answers, size_t n)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof addr;

	memset(s, 0, sizeof *s);
	assert_true(n <= FAKE_ANSWERS_MAX);
	memcpy(s->answers, answers, n * sizeof *answers);
	s->n_answers = n;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&addr, sizeof addr),
			 0);
	assert_int_equal(listen(s->fd, 16), 0);
	getsockname(s->fd, (struct sockaddr *)&addr, &len);
	s->port = ntohs(addr.sin_port);
	snprintf(s->url, sizeof s->url,
		 "http://127.0.0.1:%u/mapi/emsmdb/?MailboxId=x@example.test",
		 s->port);
	assert_int_equal(pthread_create(&s->thread, NULL, fake_run, s), 0);
}

/* All has been answered: what came may be looked at. */
static inline void fake_join(struct fake_server *s)
{
	if (!s->joined)
		pthread_join(s->thread, NULL);
	s->joined = true;
}

static inline void fake_stop(struct fake_server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	fake_join(s);
	close(s->fd);
	for (size_t i = 0; i < s->n_requests; i++)
		free(s->requests[i]);
}

/* An answer of type application/mapi-http with this body, as a string. */
static inline const char *fake_mapi(char *buf, size_t size,
				    const char *fields, const char *body)
{
	int n = snprintf(buf, size,
			 "HTTP/1.1 200 OK\r\n"
			 "Content-Type: application/mapi-http\r\n"
			 "%sContent-Length: %zu\r\n\r\n%s", fields,
			 strlen(body), body);

	assert_true(n > 0 && (size_t)n < size);
	return buf;
}

#endif
