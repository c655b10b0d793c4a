/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct tls {
	pthread_mutex_t lock;     /* guards ctx */
	SSL_CTX *ctx;
	char *certificate, *key;
};

/* Forward secrecy throughout; CBC for the oldest clients of TLS 1.2. */
static const char cipher_list[] =
	"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES";

/* OpenSSL's reason, and what to do. */
static bool fail(struct err *err, const char *what, const char *file)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	err_set(err, EC_ERROR, "cannot %s %s: %s; check that it is a PEM file "
		"and that the server's user may read it", what, file,
		reason != NULL ? reason : "unknown reason");
	ERR_clear_error();
	return false;
}

static bool load_files(SSL_CTX *ctx, const char *certificate,
		       const char *key, struct err *err)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		return fail(err, "use the certificate", certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return fail(err, "use the private key", key);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return fail(err, "use this certificate with the key", key);
	return true;
}

/* RFC 7301: of what the client offers, HTTP/1.1 or nothing. */
static int select_protocol(SSL *ssl, const unsigned char **out,
			   unsigned char *len, const unsigned char *in,
			   unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *selected;

	if (SSL_select_next_proto(&selected, len, ours, sizeof ours - 1, in,
				  in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

/*
 * Buffers are released while a connection waits: thousands of idle long polls
 * are the usual load.  Tickets are stateless, so no session cache grows.
 */
static void set_options(SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, cipher_list);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_NO_COMPRESSION |
			    SSL_OP_CIPHER_SERVER_PREFERENCE |
			    SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
			 SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
}

static SSL_CTX *load(const char *certificate, const char *key,
		     struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL) {
		fail(err, "start TLS for", certificate);
		return NULL;
	}
	set_options(ctx);
	if (!load_files(ctx, certificate, key, err)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

struct tls *tls_new(const char *certificate, const char *key,
		    struct err *err)
{
	SSL_CTX *ctx = load(certificate, key, err);
	struct tls *tls;

	if (ctx == NULL)
		return NULL;
	tls = xcalloc(1, sizeof *tls);
	pthread_mutex_init(&tls->lock, NULL);
	tls->ctx = ctx;
	tls->certificate = xstrdup(certificate);
	tls->key = xstrdup(key);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx);
	pthread_mutex_destroy(&tls->lock);
	free(tls->certificate);
	free(tls->key);
	free(tls);
}

bool tls_reload(struct tls *tls, struct err *err)
{
	SSL_CTX *ctx = load(tls->certificate, tls->key, err), *old;

	if (ctx == NULL)
		return false;
	pthread_mutex_lock(&tls->lock);
	old = tls->ctx;
	tls->ctx = ctx;
	pthread_mutex_unlock(&tls->lock);
	SSL_CTX_free(old);
	return true;
}

/*
 * RFC 5929 4.1: the hash of the certificate's signature, but SHA-256 for MD5
 * and SHA-1, and for signatures that have none of their own.
 */
static size_t binding_of(X509 *cert, uint8_t out[static 64])
{
	const EVP_MD *md = NULL;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int nid;

	if (cert == NULL)
		return 0;
	if (X509_get_signature_info(cert, &nid, NULL, NULL, NULL) == 1 &&
	    nid != NID_undef && nid != NID_md5 && nid != NID_sha1)
		md = EVP_get_digestbynid(nid);
	if (md == NULL)
		md = EVP_sha256();
	if (X509_digest(cert, md, hash, &len) != 1 || len > 64) {
		ERR_clear_error();
		return 0;
	}
	memcpy(out, hash, len);
	return len;
}

size_t tls_endpoint_binding(SSL *ssl, uint8_t out[static 64])
{
	return binding_of(SSL_get_certificate(ssl), out);
}

size_t tls_peer_endpoint_binding(SSL *ssl, uint8_t out[static 64])
{
	return binding_of(SSL_get0_peer_certificate(ssl), out);
}

SSL *tls_accept(struct tls *tls, int fd)
{
	SSL *ssl;

	pthread_mutex_lock(&tls->lock);
	ssl = SSL_new(tls->ctx);
	pthread_mutex_unlock(&tls->lock);
	if (ssl == NULL)
		return NULL;
	if (SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}
