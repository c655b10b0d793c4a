/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/config_keys.h"

#include "directory/config.h"

#define STRING(section, key, field, preset) \
	{ section, key, CONFIG_STRING, offsetof(struct config, field), 0, 0, \
	  preset }
#define PATH(section, key, field) \
	{ section, key, CONFIG_PATH, offsetof(struct config, field), 0, 0, \
	  NULL }
#define VALUE(section, key, type, field, min, max, preset) \
	{ section, key, type, offsetof(struct config, field), min, max, \
	  preset }
#define LIMIT(key, type, min, max, preset) \
	VALUE("limits", #key, type, limits.key, min, max, preset)

/* A change here belongs into man/posthouse.conf.5 and share/ as well. */
const struct config_key config_keys[] = {
	STRING("server", "name", server_name, NULL),
	PATH("server", "data", data),
	PATH("server", "directory", directory),
	STRING("server", "user", user, NULL),
	PATH("server", "pid_file", pid_file),
	PATH("server", "auth_helper", auth_helper),
	VALUE("server", "io_threads", CONFIG_NUMBER, io_threads, 0, 64, "0"),
	VALUE("server", "workers", CONFIG_NUMBER, workers, 0, 1024, "0"),
	VALUE("server", "auth_helpers", CONFIG_NUMBER, auth_helpers, 1, 64,
	      "2"),

	VALUE("server", "roles", CONFIG_ROLES, roles, 0, 0,
	      "mailbox frontend"),

	VALUE("frontend", "hop_posthouse", CONFIG_WORD, frontend.hop_posthouse,
	      CONFIG_WORDS_HOP, 0, "server"),
	VALUE("frontend", "hop_exchange", CONFIG_WORD, frontend.hop_exchange,
	      CONFIG_WORDS_HOP, 0, "delegation"),
	VALUE("frontend", "hop_gromox", CONFIG_WORD, frontend.hop_gromox,
	      CONFIG_WORDS_HOP, 0, "pass-through"),
	VALUE("frontend", "hop_auth", CONFIG_WORD, frontend.hop_auth,
	      CONFIG_WORDS_HOP_AUTH, 0, "version"),
	PATH("frontend", "ca_file", frontend.ca_file),
	VALUE("frontend", "connect_timeout", CONFIG_TIME,
	      frontend.connect_timeout, 100, 60000, "5 s"),
	VALUE("frontend", "answer_timeout", CONFIG_TIME,
	      frontend.answer_timeout, 100, 600000, "60 s"),
	VALUE("frontend", "probe", CONFIG_TIME, frontend.probe, 100, 600000,
	      "10 s"),

	VALUE("auth", "ntlm", CONFIG_WORD, auth.ntlm, CONFIG_WORDS_NTLM, 0,
	      "off"),
	PATH("auth", "keytab", auth.keytab),
	STRING("auth", "principal", auth.principal, NULL),
	STRING("auth", "domain", auth.domain, NULL),
	STRING("auth", "realm", auth.realm, NULL),
	VALUE("auth", "helpers", CONFIG_NUMBER, auth.helpers, 1, 64, "2"),

	VALUE("http", "listen", CONFIG_LISTEN, listeners,
	      CONFIG_LISTEN_CLIENT, 0, NULL),
	VALUE("http", "listen_backend", CONFIG_LISTEN, listeners,
	      CONFIG_LISTEN_BACKEND, 0, NULL),
	VALUE("http", "proxy_from", CONFIG_NETS, proxy_from, 0, 0, NULL),

	VALUE("metrics", "listen", CONFIG_LISTEN, listeners,
	      CONFIG_LISTEN_METRICS, 0, NULL),
	VALUE("metrics", "allow", CONFIG_NETS, metrics_allow, 0, 0, NULL),

	PATH("tls", "certificate", certificate),
	PATH("tls", "key", key),

	PATH("log", "file", log_file),
	VALUE("log", "level", CONFIG_LEVEL, log_level, 0, 0, "info"),
	PATH("log", "audit", audit_file),

	PATH("oauth", "jwks_file", oauth.jwks_file),
	STRING("oauth", "jwks_url", oauth.jwks_url, NULL),
	PATH("oauth", "ca_file", oauth.ca_file),
	STRING("oauth", "issuer", oauth.issuer, NULL),
	STRING("oauth", "audience", oauth.audience, NULL),
	STRING("oauth", "claims", oauth.claims, "upn oid"),
	VALUE("oauth", "skew", CONFIG_TIME, oauth.skew, 0, 600000, "5 min"),
	VALUE("oauth", "refresh", CONFIG_TIME, oauth.refresh, 1000, 86400000,
	      "1 h"),
	VALUE("oauth", "refetch", CONFIG_TIME, oauth.refetch, 100, 3600000,
	      "30 s"),
	STRING("oauth", "authorization_uri", oauth.authorization_uri, NULL),
	STRING("oauth", "trusted_issuers", oauth.trusted_issuers, NULL),
	STRING("oauth", "client_id", oauth.client_id, NULL),

	STRING("ldap", "url", ldap.url, NULL),
	STRING("ldap", "base", ldap.base, NULL),
	STRING("ldap", "filter", ldap.filter, NULL),
	STRING("ldap", "bind_dn", ldap.bind_dn, NULL),
	PATH("ldap", "password_file", ldap.password_file),
	PATH("ldap", "keytab", ldap.keytab),
	PATH("ldap", "ca_file", ldap.ca_file),
	STRING("ldap", "schema", ldap.schema, "ad"),
	STRING("ldap", "attributes", ldap.attributes, NULL),
	STRING("ldap", "databases", ldap.databases, NULL),
	STRING("ldap", "admins", ldap.admins, NULL),
	VALUE("ldap", "poll", CONFIG_TIME, ldap.poll, 100, 86400000, "5 s"),
	VALUE("ldap", "full", CONFIG_TIME, ldap.full, 1000, 604800000, "1 h"),
	VALUE("ldap", "timeout", CONFIG_TIME, ldap.timeout, 100, 600000,
	      "10 s"),
	VALUE("ldap", "page", CONFIG_NUMBER, ldap.page, 1, 10000, "500"),

	STRING("autodiscover", "redirect", autodiscover_redirect, NULL),

	/* Sessions of a user on a mailbox database. */
	LIMIT(sessions_user, CONFIG_NUMBER, 1, 1000000, "32"),
	LIMIT(sessions_other, CONFIG_NUMBER, 1, 1000000, "16"),
	LIMIT(sessions_admin, CONFIG_NUMBER, 1, 1000000, "64000"),
	LIMIT(contexts_user, CONFIG_NUMBER, 1, 1000000, "256"),
	LIMIT(foreign_logons, CONFIG_NUMBER, 1, 32, "5"),

	/* Objects of a session. */
	LIMIT(folders, CONFIG_NUMBER, 1, 1000000, "500"),
	LIMIT(messages, CONFIG_NUMBER, 1, 1000000, "250"),
	LIMIT(streams, CONFIG_NUMBER, 1, 1000000, "250"),
	LIMIT(attachments, CONFIG_NUMBER, 1, 1000000, "500"),
	LIMIT(tables, CONFIG_NUMBER, 1, 1000000, "500"),
	LIMIT(notifications, CONFIG_NUMBER, 1, 10000000, "500000"),

	/* Mailboxes of this process. */
	LIMIT(lock_waiters, CONFIG_NUMBER, 1, 10000, "10"),
	LIMIT(open_mailboxes, CONFIG_NUMBER, 1, 100000, "200"),

	/* [MS-OXCMAPIHTTP] 2.2.3.3.5, 2.2.3.3.6 and 2.2.4.4 */
	LIMIT(pending_period, CONFIG_TIME, 1000, 300000, "30 s"),
	LIMIT(expiration, CONFIG_TIME, 10000, 86400000, "15 min"),
	LIMIT(notification_wait, CONFIG_TIME, 1000, 3600000, "5 min"),

	LIMIT(connections, CONFIG_NUMBER, 1, 10000000, "50000"),
	LIMIT(header_size, CONFIG_SIZE, 1024, 1 << 20, "32 KiB"),
	LIMIT(body_size, CONFIG_SIZE, 0x40000, 1U << 30, "1 MiB"),
	LIMIT(header_timeout, CONFIG_TIME, 100, 600000, "30 s"),
	LIMIT(body_timeout, CONFIG_TIME, 100, 600000, "60 s"),
	LIMIT(idle_timeout, CONFIG_TIME, 100, 3600000, "5 min"),
	LIMIT(drain_timeout, CONFIG_TIME, 100, 600000, "20 s"),
};

const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];
