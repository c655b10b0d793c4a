/* SPDX-License-Identifier: Apache-2.0 */
/* Name, port and certificate: before anything is said. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "analyzer/analyze_impl.h"

enum { CONNECT_MS = 10000, SOON_DAYS = 30 };

bool analyze_url(struct analysis *a, struct err *err)
{
	const char *url = a->o->url, *host, *end, *colon;

	if (strncasecmp(url, "https://", 8) == 0)
		a->tls = true;
	else if (strncasecmp(url, "http://", 7) != 0)
		return err_set(err, EC_INVALID_PARAM, "%s is no URL: it has "
			       "to begin with https:// or http://", url);
	host = url + (a->tls ? 8 : 7);
	end = host + strcspn(host, "/?#");
	a->path = *end != '\0' ? arena_strdup(a->arena, end) : "/";
	if (*host == '[') {
		const char *close = memchr(host, ']', (size_t)(end - host));

		if (close == NULL)
			return err_set(err, EC_INVALID_PARAM, "%s is no URL: "
				       "the IPv6 address has no ]", url);
		a->host = arena_strndup(a->arena, host + 1,
					(size_t)(close - host - 1));
		colon = close + 1 < end && close[1] == ':' ? close + 1 : NULL;
	} else {
		colon = memchr(host, ':', (size_t)(end - host));
		a->host = arena_strndup(a->arena, host, (size_t)
			((colon != NULL ? colon : end) - host));
	}
	a->port = colon != NULL ? arena_strndup(a->arena, colon + 1,
		(size_t)(end - colon - 1)) : a->tls ? "443" : "80";
	if (*a->host == '\0')
		return err_set(err, EC_INVALID_PARAM, "%s has no host", url);
	return true;
}

static struct addrinfo *resolve(const struct analysis *a, int *failure)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	const char *name = a->o->address != NULL ? a->o->address : a->host;

	*failure = getaddrinfo(name, a->port, &hints, &list);
	return *failure == 0 ? list : NULL;
}

static void address_text(const struct addrinfo *ai, char *text, size_t size)
{
	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, (socklen_t)size,
			NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(text, size, "?");
}

bool step_resolve(struct analysis *a)
{
	struct addrinfo *list;
	char text[INET6_ADDRSTRLEN];
	int failure;

	report_begin(a->r, "Attempting to resolve the host name %s in DNS.",
		     a->host);
	list = resolve(a, &failure);
	a->seen->resolve_failed = list == NULL;
	if (list == NULL)
		return report_end(a->r, STEP_ERROR, "The host name couldn't "
				  "be resolved: %s", gai_strerror(failure));
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		address_text(ai, text, sizeof text);
		report_detail(a->r, "IP address returned: %s", text);
	}
	freeaddrinfo(list);
	return report_end(a->r, STEP_SUCCESS,
			  "The host name resolved successfully.");
}

/* A connected socket, or -1 with errno. */
static int connect_to(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
			SOCK_NONBLOCK, ai->ai_protocol);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) != 0)
		error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (poll(&p, 1, CONNECT_MS) > 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	if (error == 0 && fcntl(fd, F_SETFL, 0) == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

bool step_port(struct analysis *a)
{
	struct addrinfo *list;
	char text[INET6_ADDRSTRLEN];
	unsigned open = 0, closed = 0;
	int failure;

	report_begin(a->r, "Testing TCP port %s on host %s to ensure it's "
		     "listening and open.", a->port, a->host);
	list = resolve(a, &failure);
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		int fd = connect_to(ai);

		address_text(ai, text, sizeof text);
		if (fd >= 0) {
			open++;
			close(fd);
		} else {
			closed++;
			report_detail(a->r, "%s: %s", text, strerror(errno));
		}
	}
	if (list != NULL)
		freeaddrinfo(list);
	a->seen->addresses_open = open;
	a->seen->addresses_closed = closed;
	if (open == 0)
		return report_end(a->r, STEP_ERROR, "The specified port is "
				  "either blocked, not listening, or not "
				  "producing the expected response.");
	return report_end(a->r, closed > 0 ? STEP_WARNING : STEP_SUCCESS,
			  closed > 0 ? "The port is open on some of the "
			  "addresses only." :
			  "The port was opened successfully.");
}

/* ---- the certificate ---- */

static const char *detail_name(struct analysis *a, const char *what,
			       const X509_NAME *name)
{
	char text[256];

	X509_NAME_oneline(name, text, sizeof text);
	report_detail(a->r, "%s: %s", what, text);
	return arena_strdup(a->arena, text);
}

static void detail_names(struct analysis *a, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name,
						NULL, NULL);
	const char *all = "";

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type == GEN_DNS)
			all = arena_printf(a->arena, "%s%s%.*s", all,
				*all != '\0' ? ", " : "",
				ASN1_STRING_length(n->d.dNSName),
				ASN1_STRING_get0_data(n->d.dNSName));
	}
	GENERAL_NAMES_free(names);
	a->seen->tls.names = *all != '\0' ? all : "(no names)";
	report_detail(a->r, "Names: %s", *all != '\0' ? all : "(none)");
}

static enum step_status detail_expiry(struct analysis *a, X509 *cert)
{
	int days = 0, seconds = 0;

	if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
		return STEP_WARNING;
	report_detail(a->r, "Expires in %d days", days);
	a->seen->tls.has_days = true;
	a->seen->tls.days_left = days;
	return days < SOON_DAYS ? STEP_WARNING : STEP_SUCCESS;
}

/* What OpenSSL found wrong, for the rules. */
static void note_verified(struct observed_tls *t, long verified)
{
	t->ok = verified == X509_V_OK;
	switch (verified) {
	case X509_V_OK:
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		t->expired = true;
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		t->not_yet = true;
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		t->name_mismatch = true;
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		t->self_signed = true;
		break;
	default:
		t->untrusted = true;
	}
	if (!t->ok)
		t->error = X509_verify_cert_error_string(verified);
}

static void note_certificate(struct analysis *a, SSL *ssl, X509 *cert,
			     long verified)
{
	struct observed_tls *t = &a->seen->tls;

	note_verified(t, verified);
	t->no_intermediate = sk_X509_num(SSL_get_peer_cert_chain(ssl)) <= 1 &&
		X509_NAME_cmp(X509_get_subject_name(cert),
			      X509_get_issuer_name(cert)) != 0;
}

static bool end_tls(struct analysis *a, SSL *ssl)
{
	X509 *cert = SSL_get1_peer_certificate(ssl);
	long verified = SSL_get_verify_result(ssl);
	enum step_status status;

	if (cert == NULL)
		return report_end(a->r, STEP_ERROR,
				  "The server sent no certificate.");
	report_detail(a->r, "Protocol: %s, %s", SSL_get_version(ssl),
		      SSL_get_cipher_name(ssl));
	a->seen->tls.subject = detail_name(a, "Subject",
					   X509_get_subject_name(cert));
	a->seen->tls.issuer = detail_name(a, "Issuer",
					  X509_get_issuer_name(cert));
	note_certificate(a, ssl, cert, verified);
	detail_names(a, cert);
	report_detail(a->r, "Certificates sent: %d",
		      sk_X509_num(SSL_get_peer_cert_chain(ssl)));
	status = detail_expiry(a, cert);
	X509_free(cert);
	if (verified != X509_V_OK)
		return report_end(a->r, a->o->insecure ? STEP_WARNING :
				  STEP_ERROR,
				  "The certificate is not valid: %s.",
				  X509_verify_cert_error_string(verified));
	return report_end(a->r, status, status == STEP_SUCCESS ?
			  "The certificate passed all validation "
			  "requirements." :
			  "The certificate is valid but expires soon.");
}

static SSL_CTX *new_context(struct analysis *a)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	if (a->o->ca_file == NULL)
		SSL_CTX_set_default_verify_paths(ctx);
	else if (SSL_CTX_load_verify_locations(ctx, a->o->ca_file,
					       NULL) != 1)
		report_detail(a->r, "The CA file %s cannot be read.",
			      a->o->ca_file);
	return ctx;
}

static int connect_any(const struct analysis *a)
{
	struct timeval limit = { .tv_sec = CONNECT_MS / 1000 };
	int failure, fd = -1;
	struct addrinfo *list = resolve(a, &failure);

	for (const struct addrinfo *ai = list; ai != NULL && fd < 0;
	     ai = ai->ai_next)
		fd = connect_to(ai);
	if (list != NULL)
		freeaddrinfo(list);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	}
	return fd;
}

/* An IP address in the URL is matched as an address. */
static void expect_host(SSL *ssl, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 ||
	    inet_pton(AF_INET6, host, address) == 1) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
		return;
	}
	SSL_set1_host(ssl, host);
	SSL_set_tlsext_host_name(ssl, host);
}

bool step_tls(struct analysis *a)
{
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	bool ok;

	if (!a->tls) {
		report_skip(a->r, "Testing the SSL certificate to make sure "
			    "it's valid.", "The URL is plain HTTP.");
		return true;
	}
	report_begin(a->r, "Testing the SSL certificate to make sure it's "
		     "valid.");
	a->seen->tls.tried = true;
	ctx = new_context(a);
	ssl = ctx != NULL ? SSL_new(ctx) : NULL;
	fd = connect_any(a);
	if (ssl != NULL && fd >= 0) {
		SSL_set_fd(ssl, fd);
		expect_host(ssl, a->host);
	}
	if (ssl == NULL || fd < 0 || SSL_connect(ssl) != 1)
		ok = report_end(a->r, STEP_ERROR, "The TLS handshake failed: "
				"%s.", fd < 0 ? strerror(errno) :
				ERR_peek_error() != 0 ?
				ERR_reason_error_string(ERR_peek_error()) :
				"the server closed the connection");
	else
		ok = end_tls(a, ssl);
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	if (fd >= 0)
		close(fd);
	return ok;
}
