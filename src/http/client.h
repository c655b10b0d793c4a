/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP client, on libcurl: one connection, which is kept alive, for one
 * user.  An authenticated connection must never serve another (NTLM and
 * Negotiate belong to the connection), so a client is made for each.
 * Blocking; one thread at a time.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum http_auth { HTTP_AUTH_NONE = 0, HTTP_AUTH_BASIC = 1, HTTP_AUTH_NTLM = 2,
		 HTTP_AUTH_NEGOTIATE = 4, HTTP_AUTH_BEARER = 8 };

struct http_client_config {
	const char *user, *password;      /* NULL: none; or the bearer token
					   * in password */
	unsigned auth;                    /* enum http_auth, or'ed */
	const char *ca_file;              /* NULL: the system's */
	bool insecure;                    /* do not check the certificate */
	const char *address;              /* connect here ("127.0.0.1") and
					   * not to what the name resolves to;
					   * NULL: resolve */
	unsigned connect_timeout_ms;      /* 0: 10 s */
};

struct http_client;

/* Everything is copied.  Never NULL. */
struct http_client *http_client_new(const struct http_client_config *config);
void http_client_free(struct http_client *c);     /* NULL is allowed */

struct http_field {
	const char *name, *value;         /* name as it was sent */
};

/* Seconds since the request was begun; 0: it did not happen. */
struct http_times {
	double resolved, connected, secured, sent, first_byte, total;
};

struct http_certificate {
	const char *subject, *issuer, *not_after, *names;
};

struct http_request {
	const char *method;               /* "POST" */
	const char *url;
	const struct http_field *fields;
	size_t n_fields;
	const void *body;
	size_t body_len;
	unsigned timeout_ms;              /* of the whole; 0: 60 s */
	size_t max_body;                  /* of the answer; 0: 1 MB */
	/* Each piece of the body as it comes; false ends it.  NULL: none. */
	bool (*on_data)(void *ctx, const void *data, size_t len);
	void *ctx;
};

struct http_response {
	int status;
	bool http_1_0;
	const struct http_field *fields;
	size_t n_fields;
	const uint8_t *body;
	size_t body_len;
	/* Status lines that came for the request: 2 and more when a 401 or
	 * 100 preceded this answer. */
	unsigned responses;
	/* A WWW-Authenticate of one of them carried a token: the handshake of
	 * NTLM or Negotiate went on. */
	bool challenge_token;
	/* Why no token could be made (GSSAPI's words); NULL. */
	const char *gss_error;
	struct http_times times;
	const char *address;              /* of the peer */
	long port;
	bool new_connection;
	const char *tls_version;          /* NULL: plain */
	const struct http_certificate *certificates;      /* leaf first */
	size_t n_certificates;
};

/* What kind of failure it was that no response came of. */
enum http_failure { HTTP_FAILURE_NONE, HTTP_FAILURE_RESOLVE,
		    HTTP_FAILURE_CONNECT, HTTP_FAILURE_TLS,
		    HTTP_FAILURE_CERTIFICATE, HTTP_FAILURE_TIMEOUT,
		    HTTP_FAILURE_CLOSED, HTTP_FAILURE_TOO_LARGE,
		    HTTP_FAILURE_OTHER };

/*
 * Send a request and read its whole answer into arena.  False and err, with
 * *failure told, when there is none; out->times are filled all the same.
 */
bool http_client_send(struct http_client *c, const struct http_request *rq,
		      struct arena *arena, struct http_response *out,
		      enum http_failure *failure, struct err *err);

/* The value of a field, whatever its case; NULL.  The nth, from 0. */
const char *http_response_field(const struct http_response *rsp,
				const char *name, size_t nth);

#endif
