/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthouse/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/posthouse/commands.h"

enum { CA_DAYS = 3650, SERVER_DAYS = 825 };

/* A certificate and its key. */
struct pair {
	X509 *cert;
	EVP_PKEY *key;
};

static void pair_free(struct pair *p)
{
	X509_free(p->cert);
	EVP_PKEY_free(p->key);
}

static bool fail_ssl(struct cli *cli, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	cli_failf(cli, "cannot make %s: %s", what,
		  why != NULL ? why : "OpenSSL failed");
	return false;
}

/* Making --------------------------------------------------------------- */

static bool add_extension(X509 *cert, X509 *issuer, int nid,
			  const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* The fields that every certificate has, with a random serial number. */
static bool fill(X509 *cert, EVP_PKEY *key, const char *name, int days)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	uint64_t serial;

	if (RAND_bytes((unsigned char *)&serial, sizeof serial) != 1)
		return false;
	return X509_set_version(cert, 2) == 1 &&
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
					serial >> 1 | 1) == 1 &&
		X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
		X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L) !=
		NULL && X509_set_pubkey(cert, key) == 1 &&
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
			(const unsigned char *)name, -1, -1, 0) == 1;
}

static bool make_ca(struct pair *out)
{
	struct pair p = { .cert = X509_new(), .key = EVP_EC_gen("P-256") };
	X509 *c = p.cert;

	if (c != NULL && p.key != NULL &&
	    fill(c, p.key, "Posthouse test CA", CA_DAYS) &&
	    X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 &&
	    add_extension(c, c, NID_basic_constraints,
			  "critical,CA:TRUE,pathlen:0") &&
	    add_extension(c, c, NID_key_usage,
			  "critical,keyCertSign,cRLSign") &&
	    add_extension(c, c, NID_subject_key_identifier, "hash") &&
	    X509_sign(c, p.key, EVP_sha256()) != 0) {
		*out = p;
		return true;
	}
	pair_free(&p);
	return false;
}

static bool make_server(const struct pair *ca, const char *name,
			const char *names, struct pair *out)
{
	struct pair p = { .cert = X509_new(), .key = EVP_EC_gen("P-256") };
	X509 *c = p.cert;

	if (c != NULL && p.key != NULL &&
	    fill(c, p.key, name, SERVER_DAYS) &&
	    X509_set_issuer_name(c, X509_get_subject_name(ca->cert)) == 1 &&
	    add_extension(c, ca->cert, NID_basic_constraints, "CA:FALSE") &&
	    add_extension(c, ca->cert, NID_key_usage,
			  "critical,digitalSignature") &&
	    add_extension(c, ca->cert, NID_ext_key_usage, "serverAuth") &&
	    add_extension(c, ca->cert, NID_subject_alt_name, names) &&
	    add_extension(c, ca->cert, NID_subject_key_identifier, "hash") &&
	    add_extension(c, ca->cert, NID_authority_key_identifier,
			  "keyid:always") &&
	    X509_sign(c, ca->key, EVP_sha256()) != 0) {
		*out = p;
		return true;
	}
	pair_free(&p);
	return false;
}

/* Names ---------------------------------------------------------------- */

/* One more subject alternative name, unless it can't be one. */
static void add_name(struct buf *b, const char *host)
{
	uint8_t ip[16];
	bool is_ip = inet_pton(AF_INET, host, ip) == 1 ||
		inet_pton(AF_INET6, host, ip) == 1;
	char item[300];

	if (strpbrk(host, ",:/= ") != NULL && !is_ip)
		return;
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
		return;
	snprintf(item, sizeof item, "%s:%s", is_ip ? "IP" : "DNS", host);
	if (b->len > 0 && strstr(buf_str(b), item) != NULL)
		return;
	buf_printf(b, "%s%s", b->len > 0 ? "," : "", item);
}

static const char *server_name(struct cli *cli)
{
	const char *fqdn = cli_get(cli, "fqdn");
	const char *domain = cli_get(cli, "domain");
	const char *own = cli_config(cli)->server_name;

	if (fqdn != NULL)
		return fqdn;
	if (strchr(own, '.') == NULL && domain != NULL)
		return arena_printf(cli_arena(cli), "%s.%s", own, domain);
	return own;
}

static void all_names(struct cli *cli, struct buf *b)
{
	const struct config *c = cli_config(cli);
	const char *host;

	add_name(b, server_name(cli));
	for (unsigned i = 0; (host = cli_get_nth(cli, "host", i)) != NULL; i++)
		add_name(b, host);
	add_name(b, "localhost");
	add_name(b, "127.0.0.1");
	add_name(b, "::1");
	for (size_t i = 0; i < c->listener_count; i++)
		add_name(b, c->listeners[i].address);
}

/* Files ---------------------------------------------------------------- */

/* A new file, the daemon's own, so that it can read it again at SIGHUP. */
static FILE *create(struct cli *cli, const char *path, mode_t mode,
		    bool for_daemon)
{
	const char *user = cli_config(cli)->user;
	const struct passwd *pw = NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0) {
		cli_failf(cli, "cannot make %s: %s%s", path, strerror(errno),
			  errno == EEXIST ? "; remove it first if it may go" :
			  "");
		return NULL;
	}
	if (for_daemon && user != NULL && geteuid() == 0)
		pw = getpwnam(user);
	if (pw != NULL && fchown(fd, pw->pw_uid, pw->pw_gid) < 0)
		cli_failf(cli, "note: cannot give %s to %s: %s", path, user,
			  strerror(errno));
	return fdopen(fd, "w");
}

static bool written(struct cli *cli, FILE *f, bool ok, const char *path)
{
	ok = fclose(f) == 0 && ok;
	if (!ok)
		cli_failf(cli, "cannot write %s: %s", path, strerror(errno));
	return ok;
}

static bool write_key(struct cli *cli, const char *path, EVP_PKEY *key,
		      bool for_daemon)
{
	FILE *f = create(cli, path, 0600, for_daemon);

	return f != NULL && written(cli, f, PEM_write_PrivateKey(f, key, NULL,
				    NULL, 0, NULL, NULL) == 1, path);
}

static bool write_cert(struct cli *cli, const char *path, X509 *cert)
{
	FILE *f = create(cli, path, 0644, true);

	return f != NULL && written(cli, f, PEM_write_X509(f, cert) == 1,
				    path);
}

static bool read_pair(struct cli *cli, const char *cert, const char *key,
		      struct pair *out)
{
	FILE *c = fopen(cert, "re"), *k = fopen(key, "re");

	if (c != NULL && k != NULL) {
		out->cert = PEM_read_X509(c, NULL, NULL, NULL);
		out->key = PEM_read_PrivateKey(k, NULL, NULL, NULL);
	}
	if (c != NULL)
		fclose(c);
	if (k != NULL)
		fclose(k);
	if (out->cert != NULL && out->key != NULL)
		return true;
	ERR_clear_error();
	pair_free(out);
	*out = (struct pair){ NULL, NULL };
	cli_failf(cli, "cannot read the test CA %s and its key %s; remove "
		  "both to have new ones made", cert, key);
	return false;
}

static const char *beside(struct cli *cli, const char *name)
{
	const char *cert = cli_config(cli)->certificate;
	int folder = (int)(strrchr(cert, '/') - cert);

	return arena_printf(cli_arena(cli), "%.*s/%s", folder, cert, name);
}

static bool get_ca(struct cli *cli, struct pair *out)
{
	const char *cert = beside(cli, "test-ca.pem");
	const char *key = beside(cli, "test-ca.key");

	if (access(cert, F_OK) == 0)
		return read_pair(cli, cert, key, out);
	if (!make_ca(out))
		return fail_ssl(cli, "a test CA");
	return write_key(cli, key, out->key, false) &&
		write_cert(cli, cert, out->cert);
}

bool certificate_make(struct cli *cli)
{
	const struct config *c = cli_config(cli);
	struct pair ca = { NULL, NULL }, server = { NULL, NULL };
	struct buf names = BUF_INIT;
	bool ok = false;

	if (c->certificate == NULL) {
		cli_failf(cli, "%s names no certificate; set certificate and "
			  "key under [tls]", c->path);
		return false;
	}
	all_names(cli, &names);
	if (!get_ca(cli, &ca))
		goto out;
	if (!make_server(&ca, server_name(cli), buf_str(&names), &server)) {
		fail_ssl(cli, "the certificate");
		goto out;
	}
	ok = write_key(cli, c->key, server.key, true) &&
		write_cert(cli, c->certificate, server.cert);
	if (ok)
		cli_say(cli, "Made %s for %s.\nClients must trust %s, a test "
			"CA: not for production.", c->certificate,
			buf_str(&names), beside(cli, "test-ca.pem"));
out:
	pair_free(&ca);
	pair_free(&server);
	buf_free(&names);
	return ok;
}

/* The command ---------------------------------------------------------- */

static int certificate_new(struct cli *cli)
{
	return certificate_make(cli) ? CLI_OK : CLI_FAILED;
}

static const struct cli_option new_options[] = {
	{ "host", "NAME", "one more name or address that it is good for",
	  true },
	{ "fqdn", "HOST", "full name of this server; default: from the "
	  "configuration", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_certificate[] = {
	{ "certificate", "new", "", "Make the server's certificate, signed by "
	  "a test CA.", new_options, 0, 0, false, certificate_new },
	{ .noun = NULL },
};
