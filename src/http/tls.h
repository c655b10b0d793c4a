/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of one listener: a certificate and key that can be read again. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct tls;

/* The files are read at once; their names are kept for tls_reload. */
struct tls *tls_new(const char *certificate, const char *key,
		    struct err *err);
void tls_free(struct tls *tls);           /* NULL is allowed */

/* Read the files again; on failure what was read before stays in use. */
bool tls_reload(struct tls *tls, struct err *err);

/* The server's side of a new connection, with the present certificate; NULL
 * if it cannot be made.  Any thread. */
SSL *tls_accept(struct tls *tls, int fd);

/*
 * tls-server-end-point (RFC 5929 4.1) of the certificate that the server's
 * side sent: at most 64 bytes; the length is returned, 0 if there is none.
 */
size_t tls_endpoint_binding(SSL *ssl, uint8_t out[static 64]);
/* The same of the certificate that the peer sent. */
size_t tls_peer_endpoint_binding(SSL *ssl, uint8_t out[static 64]);

#endif
