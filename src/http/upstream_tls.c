/* SPDX-License-Identifier: Apache-2.0 */
/* TLS towards a back end: its certificate must be valid, and of its name. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "http/upstream_impl.h"

SSL_CTX *upstream_tls_context(const char *ca_file, struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int ok;

	if (ctx == NULL) {
		err_set(err, EC_ERROR, "cannot start TLS");
		return NULL;
	}
	ERR_clear_error();
	ok = ca_file != NULL ?
		SSL_CTX_load_verify_locations(ctx, ca_file, NULL) :
		SSL_CTX_set_default_verify_paths(ctx);
	if (ok != 1) {
		const char *why = ERR_reason_error_string(
			ERR_peek_last_error());

		err_set(err, EC_ERROR, "cannot read the CA certificates %s: "
			"%s; check that it is a PEM file and that the "
			"server's user may read it", ca_file != NULL ?
			ca_file : "of the system", why != NULL ? why : "?");
		ERR_clear_error();
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
			 SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(ctx, 1);
	return ctx;
}

/*
 * The system's authorities are over a megabyte once they are read, which a
 * server without hops over TLS need not have: hence not before the first.
 */
static SSL *new_ssl(struct http_upstreams *ups)
{
	struct err err;
	SSL *ssl = NULL;

	pthread_mutex_lock(&ups->lock);
	if (ups->ctx == NULL)
		ups->ctx = upstream_tls_context(NULL, &err);
	if (ups->ctx != NULL)
		ssl = SSL_new(ups->ctx);
	pthread_mutex_unlock(&ups->lock);
	return ssl;
}

bool upstream_tls_begin(struct http_upstream *u)
{
	X509_VERIFY_PARAM *param;
	bool ok;

	u->ssl = new_ssl(u->ups);
	if (u->ssl == NULL)
		return false;
	param = SSL_get0_param(u->ssl);
	X509_VERIFY_PARAM_set_hostflags(param,
		X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (u->literal)
		ok = X509_VERIFY_PARAM_set1_ip_asc(param, u->host) == 1;
	else
		ok = X509_VERIFY_PARAM_set1_host(param, u->host, 0) == 1 &&
			SSL_set_tlsext_host_name(u->ssl, u->host) == 1;
	if (!ok || SSL_set_fd(u->ssl, u->fd) != 1) {
		ERR_clear_error();
		return false;
	}
	SSL_set_connect_state(u->ssl);
	return true;
}

static void handshake_failed(struct http_upstream *u)
{
	long verify = SSL_get_verify_result(u->ssl);
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	if (verify != X509_V_OK)
		upstream_fail(u, HTTP_UPSTREAM_CERTIFICATE, "the certificate "
			      "of %s:%u is not valid: %s", u->host, u->port,
			      X509_verify_cert_error_string(verify));
	else
		upstream_fail(u, HTTP_UPSTREAM_TLS, "no TLS with %s:%u: %s",
			      u->host, u->port, why != NULL ? why :
			      "it closed the connection");
}

int upstream_tls_handshake(struct http_upstream *u)
{
	int n, error;

	ERR_clear_error();
	n = SSL_do_handshake(u->ssl);
	if (n == 1)
		return 1;
	error = SSL_get_error(u->ssl, n);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		upstream_want_write(u, error == SSL_ERROR_WANT_WRITE);
		return 0;
	}
	handshake_failed(u);
	return -1;
}
