/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file, which posthoused and posthouse both read.
 *
 * Lines "key = value" under a [section]; '#' or ';' begins a comment line;
 * a value may stand in double quotes.  Unknown sections and keys, keys given
 * twice and values out of range are errors, with the file, the line and what
 * to do.  What each key means stands in config_keys.c and posthouse.conf(5).
 */
#ifndef DIRECTORY_CONFIG_H
#define DIRECTORY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

enum config_listener_kind {
	CONFIG_LISTEN_CLIENT,     /* [http] listen */
	CONFIG_LISTEN_BACKEND,    /* [http] listen_backend: for servers */
	CONFIG_LISTEN_METRICS,    /* [metrics] listen */
};

struct config_listener {
	enum config_listener_kind kind;
	char *address;            /* an IP address without brackets */
	uint16_t port;            /* 0: any free one, for tests */
	bool tls;                 /* false only on a loopback address, or
				   * for metrics */
	unsigned line;            /* where it stands, for messages */
};

/* [limits]: the defaults are those of Exchange. */
struct config_limits {
	/* Of a user on a mailbox database: MAPI over HTTP, other client
	 * types, and an administrator's of any type. */
	uint32_t sessions_user, sessions_other, sessions_admin;
	uint32_t contexts_user;           /* logged on or not */
	uint32_t foreign_logons;          /* in 10 s, to a mailbox elsewhere */
	uint32_t folders, messages, streams, attachments, tables;
	uint32_t notifications;           /* these six: a session */
	uint32_t lock_waiters;            /* on one mailbox: 10 */
	uint32_t open_mailboxes;          /* kept open at most */
	uint32_t pending_period;          /* X-PendingPeriod, ms */
	uint32_t expiration;              /* X-ExpirationInfo, ms */
	uint32_t notification_wait;       /* ms: 300,000 */
	uint32_t connections;             /* HTTP, in all */
	uint32_t header_size;             /* HTTP request headers, bytes */
	uint32_t body_size;               /* HTTP request body, bytes */
	uint32_t header_timeout;          /* ms to send the headers */
	uint32_t body_timeout;            /* ms without progress of a body */
	uint32_t idle_timeout;            /* ms between requests */
	uint32_t drain_timeout;           /* ms that SIGTERM waits */
};

/* [oauth]: bearer tokens; auth/bearer.h says more.  Lists are separated by
 * spaces.  Not configured: both of the first are NULL. */
struct config_oauth {
	char *jwks_file, *jwks_url;
	char *ca_file;            /* that jwks_url is checked with; NULL: the
				   * system's */
	char *issuer, *audience;  /* lists */
	char *claims;             /* list: "upn oid" */
	char *authorization_uri, *trusted_issuers, *client_id;
	uint32_t skew;            /* ms that clocks may differ */
	uint32_t refresh;         /* ms between two readings of the keys */
	uint32_t refetch;         /* ms at least between two readings for
				   * unknown keys */
};

/* [auth]: NTLM and Negotiate; auth/auth.h says more. */
struct config_auth {
	uint32_t ntlm;            /* enum auth_ntlm */
	char *keytab;             /* NULL: that of the Kerberos library */
	char *principal;          /* NULL: found in the keytab */
	char *domain;             /* NetBIOS; NULL: from the default domain */
	char *realm;              /* NULL: from the default domain */
	uint32_t helpers;         /* processes for handshakes: 2 */
};

/* [frontend]: how back ends are reached. */
struct config_frontend {
	/* By their make: 0 server to server, 1 constrained delegation, 2
	 * pass-through; the values of enum frontend_hop. */
	uint32_t hop_posthouse, hop_exchange, hop_gromox;
	uint32_t hop_auth;        /* 0 version, 1 ntlm, 2 negotiate */
	char *ca_file;            /* NULL: the system's */
	uint32_t connect_timeout, answer_timeout, probe;  /* ms */
};

/* [ldap]: directory/ldap_sync.h says what each is.  NULL: not given. */
struct config_ldap {
	char *url, *base, *filter, *bind_dn, *password_file, *keytab, *ca_file;
	char *schema, *attributes, *databases, *admins;
	uint32_t poll, full, timeout;     /* ms */
	uint32_t page;
};

struct config {
	char *path;               /* of the file itself, absolute */

	/* [server] */
	char *server_name;        /* this server's name in the directory */
	char *data;               /* the data folder, absolute */
	char *directory;          /* the organisation's database, absolute;
				 * NULL: data/organisation.db */
	char *user;               /* to drop to when root; NULL: none */
	char *pid_file;           /* NULL: none */
	char *auth_helper;        /* path of posthouse-auth; NULL: beside */
	uint32_t io_threads;      /* 0: one a processor, at most 4 */
	uint32_t workers;         /* 0: two a processor, at least 4 */
	uint32_t auth_helpers;    /* processes at most: 2 */
	uint32_t roles;           /* enum dir_role: both */

	struct config_auth auth;
	struct config_frontend frontend;

	/* [http] */
	struct config_listener *listeners;
	size_t listener_count;
	char *proxy_from;         /* networks; NULL: none */

	/* [metrics] */
	char *metrics_allow;      /* networks; NULL: loopback */

	/* [tls]: PEM files; both NULL when no listener uses TLS */
	char *certificate, *key;

	/* [log] */
	char *log_file;           /* NULL: standard error */
	uint32_t log_level;       /* enum log_level */
	char *audit_file;         /* NULL: none */

	struct config_oauth oauth;

	struct config_ldap ldap;

	/* [autodiscover]: pairs, as endpoint/autodiscover.h reads them */
	char *autodiscover_redirect;      /* NULL: none */

	struct config_limits limits;
};

/*
 * Read a configuration file; *out is the caller's, for config_free.  Relative
 * paths in it are taken from the folder of the file.  Looks at nothing but
 * the file: see config_check.
 */
bool config_load(const char *path, struct config **out, struct err *err);

/*
 * The same from text of len bytes, which may contain anything.  path is for
 * messages and relative paths; it needn't exist.
 */
bool config_parse(const char *path, const char *text, size_t len,
		  struct config **out, struct err *err);

void config_free(struct config *config);          /* NULL is allowed */

/*
 * What posthoused --check looks at besides the text: the user exists, the
 * data folder can be written, the certificate can be read, is valid now and
 * belongs to the key, the log folder can be written, listener addresses are
 * this machine's.  Every failure is reported through problem, in words for
 * people; returns how many there were.
 */
unsigned config_check(const struct config *config,
		      void (*problem)(void *ctx, const char *text), void *ctx);

/* Paths that both programs must agree on; to be freed by the caller. */
char *config_directory_path(const struct config *config);
char *config_socket_path(const struct config *config);    /* admin.sock */
char *config_nt_key_path(const struct config *config);    /* nt.key, beside
							   * the directory */

#endif
