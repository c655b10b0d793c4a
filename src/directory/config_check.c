/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "directory/config.h"

struct check {
	const struct config *config;
	void (*problem)(void *ctx, const char *text);
	void *ctx;
	unsigned problems;
	uid_t uid;                /* whom the daemon will run as */
	gid_t gid;
};

static void report(struct check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void report(struct check *c, const char *format, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, format);
	buf_vprintf(&b, format, ap);
	va_end(ap);
	c->problems++;
	c->problem(c->ctx, buf_str(&b));
	buf_free(&b);
}

static void check_user(struct check *c)
{
	const char *name = c->config->user;
	const struct passwd *pw;

	c->uid = geteuid();
	c->gid = getegid();
	if (name == NULL)
		return;
	pw = getpwnam(name);
	if (pw == NULL) {
		report(c, "there is no user %s; make it with \"adduser "
		       "--system --group %s\", or change user under [server]",
		       name, name);
		return;
	}
	if (c->uid == 0) {
		c->uid = pw->pw_uid;
		c->gid = pw->pw_gid;
	}
}

static bool may_write(const struct check *c, const struct stat *st)
{
	if (c->uid == 0)
		return true;
	if (st->st_uid == c->uid)
		return (st->st_mode & 0300) == 0300;
	if (st->st_gid == c->gid)
		return (st->st_mode & 0030) == 0030;
	return (st->st_mode & 0003) == 0003;
}

static void check_folder(struct check *c, const char *path, const char *key)
{
	struct stat st;

	if (stat(path, &st) < 0)
		report(c, "%s: %s (%s); make it with \"posthouse org init\" "
		       "or mkdir", path, strerror(errno), key);
	else if (!S_ISDIR(st.st_mode))
		report(c, "%s is not a folder (%s)", path, key);
	else if (!may_write(c, &st))
		report(c, "%s can't be written by uid %u (%s); chown it to "
		       "that user", path, (unsigned)c->uid, key);
}

/* The folder that a file will be made in. */
static void check_parent(struct check *c, const char *file, const char *key)
{
	const char *slash;
	char folder[4096];

	if (file == NULL || (slash = strrchr(file, '/')) == NULL)
		return;
	snprintf(folder, sizeof folder, "%.*s",
		 slash == file ? 1 : (int)(slash - file), file);
	check_folder(c, folder, key);
}

static void check_helper(struct check *c)
{
	const char *path = c->config->auth_helper;

	if (path != NULL && access(path, X_OK) < 0)
		report(c, "the program %s can't be run: %s (auth_helper)",
		       path, strerror(errno));
}

/* TLS ------------------------------------------------------------------ */

static const char *tls_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	return reason != NULL ? reason : "it can't be read";
}

static void check_dates(struct check *c, SSL_CTX *tls)
{
	const X509 *cert = SSL_CTX_get0_certificate(tls);

	if (cert == NULL)
		return;
	if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
		report(c, "the certificate %s is not valid yet; check the "
		       "clock", c->config->certificate);
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		report(c, "the certificate %s has expired; renew it",
		       c->config->certificate);
}

static void check_key_mode(struct check *c)
{
	struct stat st;

	if (stat(c->config->key, &st) == 0 && (st.st_mode & 0007) != 0)
		report(c, "the key %s is open to every user of this machine; "
		       "chmod 600 it", c->config->key);
}

static bool readable(struct check *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		report(c, "cannot read %s: %s; check certificate and key "
		       "under [tls]", path, strerror(errno));
	else
		close(fd);
	return fd >= 0;
}

static void check_pair(struct check *c, SSL_CTX *tls)
{
	const char *cert = c->config->certificate, *key = c->config->key;

	if (SSL_CTX_use_certificate_chain_file(tls, cert) != 1)
		report(c, "%s is not a PEM certificate: %s", cert,
		       tls_reason());
	else if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		report(c, "%s is not the PEM key of the certificate %s: %s",
		       key, cert, tls_reason());
	else if (SSL_CTX_check_private_key(tls) != 1)
		report(c, "the key %s doesn't belong to the certificate %s",
		       key, cert);
	check_dates(c, tls);
}

static void check_tls(struct check *c)
{
	SSL_CTX *tls;

	if (c->config->certificate == NULL)
		return;
	if (!readable(c, c->config->certificate) ||
	    !readable(c, c->config->key))
		return;
	tls = SSL_CTX_new(TLS_server_method());
	if (tls == NULL) {
		report(c, "OpenSSL can't be set up: %s", tls_reason());
		return;
	}
	ERR_clear_error();
	check_pair(c, tls);
	check_key_mode(c);
	SSL_CTX_free(tls);
}

/* Listeners ------------------------------------------------------------ */

static socklen_t socket_address(const struct config_listener *l,
				struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, l->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(l->port);
		return sizeof *v4;
	}
	inet_pton(AF_INET6, l->address, &v6->sin6_addr);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(l->port);
	return sizeof *v6;
}

static void check_keytab(struct check *c)
{
	const char *path = c->config->auth.keytab;
	struct stat st;

	if (path == NULL)
		return;
	if (stat(path, &st) < 0)
		report(c, "cannot read the keytab %s: %s; export one, or "
		       "remove keytab under [auth]", path, strerror(errno));
	else if ((st.st_mode & 0007) != 0)
		report(c, "the keytab %s is open to all: chmod 600 it", path);
	else if (c->uid != 0 && !(st.st_uid == c->uid &&
				  (st.st_mode & 0400) != 0) &&
		 !(st.st_gid == c->gid && (st.st_mode & 0040) != 0))
		report(c, "the keytab %s can't be read by uid %u; chown it to "
		       "that user", path, (unsigned)c->uid);
}

/* A port in use is no error: the daemon itself may be running. */
static void check_listener(struct check *c, const struct config_listener *l)
{
	struct sockaddr_storage addr;
	socklen_t len = socket_address(l, &addr);
	int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *cure = "";

	if (fd < 0) {
		report(c, "line %u: this machine has no sockets for %s: %s",
		       l->line, l->address, strerror(errno));
		return;
	}
	if (bind(fd, (const struct sockaddr *)&addr, len) < 0 &&
	    errno != EADDRINUSE) {
		if (errno == EACCES)
			cure = "; start as root or with the capability "
				"CAP_NET_BIND_SERVICE";
		else if (errno == EADDRNOTAVAIL)
			cure = "; use an address of this machine, 0.0.0.0 or "
				"[::]";
		report(c, "line %u: cannot listen on %s port %u: %s%s",
		       l->line, l->address, l->port, strerror(errno), cure);
	}
	close(fd);
}

unsigned config_check(const struct config *config,
		      void (*problem)(void *ctx, const char *text), void *ctx)
{
	struct check c = { .config = config, .problem = problem, .ctx = ctx };

	check_user(&c);
	check_folder(&c, config->data, "data");
	check_parent(&c, config->pid_file, "pid_file");
	check_parent(&c, config->log_file, "log file");
	check_parent(&c, config->audit_file, "audit");
	check_helper(&c);
	check_tls(&c);
	check_keytab(&c);
	for (size_t i = 0; i < config->listener_count; i++)
		check_listener(&c, &config->listeners[i]);
	return c.problems;
}
