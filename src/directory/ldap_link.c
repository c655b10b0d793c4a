/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/ldap_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include <sasl/sasl.h>

#define SHOW_DELETED "1.2.840.113556.1.4.417"

enum { DEFAULT_TIMEOUT = 10000, DEFAULT_PAGE = 500 };

static struct timeval timeout_of(const struct ldap_config *config)
{
	unsigned ms = config->timeout_ms != 0 ? config->timeout_ms :
		DEFAULT_TIMEOUT;

	return (struct timeval){ ms / 1000, ms % 1000 * 1000 };
}

/* Connecting ----------------------------------------------------------- */

static bool fail(LDAP *ld, const char *url, const char *what, int code,
		 const char *cure, struct err *err)
{
	char *detail = NULL;

	if (ld != NULL)
		ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	err_set(err, code == LDAP_INVALID_CREDENTIALS ? EC_ACCESS_DENIED :
		EC_ERROR, "%s: %s: %s%s%.120s%s%s", url, what,
		ldap_err2string(code), detail != NULL && *detail != '\0' ?
		": " : "", detail != NULL ? detail : "",
		*cure != '\0' ? "; " : "", cure);
	if (detail != NULL)
		ldap_memfree(detail);
	return false;
}

static void set_options(LDAP *ld, const struct ldap_config *config)
{
	struct timeval timeout = timeout_of(config);
	int version = LDAP_VERSION3, fresh = 0;
	int demand = LDAP_OPT_X_TLS_DEMAND;

	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	/* The name in the URL is the server's, whatever DNS says. */
	ldap_set_option(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
	ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &timeout);
	ldap_set_option(ld, LDAP_OPT_TIMEOUT, &timeout);
	ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (config->ca_file != NULL)
		ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE,
				config->ca_file);
	ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &fresh);
}

/* "127.0.0.1.example.test" is a name, and anywhere. */
static bool is_loopback(const char *url)
{
	const char *host = strstr(url, "://");
	size_t len;

	if (host == NULL)
		return false;
	host += 3;
	if (strncmp(host, "[::1]", 5) == 0)
		return true;
	len = strcspn(host, ":/");
	return (strncmp(host, "127.", 4) == 0 &&
		strspn(host, "0123456789.") == len) ||
		(len == 9 && strncasecmp(host, "localhost", 9) == 0);
}

static bool is_ldaps(const char *url)
{
	return strncasecmp(url, "ldaps:", 6) == 0;
}

/* Passwords go over TLS, or stay on this machine. */
static bool secure(LDAP *ld, const char *url, const struct ldap_config *config,
		   struct err *err)
{
	int code;

	if (is_ldaps(url) || strncasecmp(url, "ldapi:", 6) == 0 ||
	    config->bind_dn == NULL)
		return true;
	if (is_loopback(url) && config->ca_file == NULL)
		return true;
	code = ldap_start_tls_s(ld, NULL, NULL);
	return code == LDAP_SUCCESS ||
		fail(ld, url, "StartTLS", code, "a password is sent over TLS "
		     "only: use ldaps:// or check ca_file", err);
}

/* GSSAPI asks for nothing that the keytab doesn't have. */
static int interact(LDAP *ld, unsigned flags, void *defaults, void *in)
{
	for (sasl_interact_t *i = in; i->id != SASL_CB_LIST_END; i++) {
		i->result = "";
		i->len = 0;
	}
	return LDAP_SUCCESS;
}

static bool bind_gssapi(LDAP *ld, const char *url,
			const struct ldap_config *config, struct err *err)
{
	ber_len_t none = 0, some = 1;
	int code;

	if (config->keytab != NULL) {
		setenv("KRB5_CLIENT_KTNAME", config->keytab, 1);
		setenv("KRB5CCNAME", "MEMORY:posthouse-ldap", 1);
	}
	/* Active Directory takes no second layer within TLS. */
	if (is_ldaps(url))
		ldap_set_option(ld, LDAP_OPT_X_SASL_SSF_MAX, &none);
	else
		ldap_set_option(ld, LDAP_OPT_X_SASL_SSF_MIN, &some);
	code = ldap_sasl_interactive_bind_s(ld, NULL, "GSSAPI", NULL, NULL,
					    LDAP_SASL_QUIET, interact, NULL);
	return code == LDAP_SUCCESS ||
		fail(ld, url, "Kerberos (SASL GSSAPI)", code, "check the "
		     "keytab, the clock, and that the URL has the server's "
		     "full name", err);
}

static bool bind_simple(LDAP *ld, const char *url,
			const struct ldap_config *config, struct err *err)
{
	struct berval password = {
		.bv_val = (char *)(config->password != NULL ?
				   config->password : ""),
		.bv_len = config->password != NULL ?
			strlen(config->password) : 0 };
	int code = ldap_sasl_bind_s(ld, config->bind_dn, LDAP_SASL_SIMPLE,
				    &password, NULL, NULL, NULL);

	if (code == LDAP_SUCCESS)
		return true;
	fail(ld, url, config->bind_dn, code, code == LDAP_INVALID_CREDENTIALS ?
	     "check bind_dn and the password in password_file" : "", err);
	/* A DN that is gone or has no password: no other server knows
	 * better, and who guesses should not be told apart. */
	if (code == LDAP_NO_SUCH_OBJECT || code == LDAP_INAPPROPRIATE_AUTH)
		err->ec = EC_ACCESS_DENIED;
	return false;
}

static bool open_one(const char *url, const struct ldap_config *config,
		     LDAP **out, struct err *err)
{
	LDAP *ld = NULL;
	int code = ldap_initialize(&ld, url);

	if (code != LDAP_SUCCESS)
		return fail(NULL, url, "the URL", code, "write ldaps://HOST",
			    err);
	set_options(ld, config);
	if (secure(ld, url, config, err) &&
	    (config->bind_dn != NULL ? bind_simple(ld, url, config, err) :
	     bind_gssapi(ld, url, config, err))) {
		*out = ld;
		return true;
	}
	ldap_unbind_ext_s(ld, NULL, NULL);
	return false;
}

bool ldap_link_open(const struct ldap_config *config, LDAP **out,
		    const char **url, struct arena *arena, struct err *err)
{
	char *urls = arena_strdup(arena, config->urls), *rest, *one;

	err_set(err, EC_INVALID_PARAM, "no LDAP server is configured");
	for (one = strtok_r(urls, " ,\t", &rest); one != NULL;
	     one = strtok_r(NULL, " ,\t", &rest))
		if (open_one(one, config, out, err)) {
			*url = one;
			return true;
		} else if (err->ec == EC_ACCESS_DENIED) {
			/* Asking them all would lock the account. */
			return false;
		}
	return false;
}

/* Searching ------------------------------------------------------------ */

struct search {
	LDAP *ld;
	const struct ldap_config *config;
	const char *base, *filter;
	int scope;
	char **attributes;
	bool deleted;
	bool (*each)(void *ctx, LDAP *ld, LDAPMessage *entry);
	void *ctx;
};

/* The cookie of the next page; empty at the end. */
static bool next_cookie(LDAP *ld, LDAPMessage *result, struct berval **cookie,
			int *code)
{
	LDAPControl **controls = NULL, *page;
	ber_int_t estimate;

	ber_bvfree(*cookie);
	*cookie = NULL;
	if (ldap_parse_result(ld, result, code, NULL, NULL, NULL, &controls,
			      0) != LDAP_SUCCESS)
		*code = LDAP_DECODING_ERROR;
	page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (*code == LDAP_SUCCESS && page != NULL) {
		*cookie = ber_memcalloc(1, sizeof **cookie);
		if (ldap_parse_pageresponse_control(ld, page, &estimate,
						    *cookie) != LDAP_SUCCESS)
			*code = LDAP_DECODING_ERROR;
	}
	ldap_controls_free(controls);
	return *code == LDAP_SUCCESS;
}

static bool hand_out(const struct search *s, LDAPMessage *result)
{
	LDAPMessage *entry;

	for (entry = ldap_first_entry(s->ld, result); entry != NULL;
	     entry = ldap_next_entry(s->ld, entry))
		if (!s->each(s->ctx, s->ld, entry))
			return false;
	return true;
}

/* One page; *more: whether there is another. */
static bool one_page(const struct search *s, struct berval **cookie,
		     bool *more, int *code)
{
	struct timeval timeout = timeout_of(s->config);
	LDAPControl *page = NULL, shown = { .ldctl_oid = (char *)SHOW_DELETED,
					    .ldctl_iscritical = 1 };
	LDAPControl *controls[3] = { NULL, NULL, NULL };
	LDAPMessage *result = NULL;
	bool ok;

	*code = ldap_create_page_control(s->ld, (ber_int_t)(s->config->page !=
			0 ? s->config->page : DEFAULT_PAGE), *cookie, 0, &page);
	if (*code != LDAP_SUCCESS)
		return false;
	controls[0] = page;
	controls[1] = s->deleted ? &shown : NULL;
	*code = ldap_search_ext_s(s->ld, s->base, s->scope, s->filter,
				  s->attributes, 0, controls, NULL, &timeout,
				  LDAP_NO_LIMIT, &result);
	ldap_control_free(page);
	ok = *code == LDAP_SUCCESS && next_cookie(s->ld, result, cookie, code);
	*more = ok && hand_out(s, result) && *cookie != NULL &&
		(*cookie)->bv_len > 0;
	ldap_msgfree(result);
	return ok;
}

bool ldap_link_search(LDAP *ld, const struct ldap_config *config,
		      const char *base, int scope, const char *filter,
		      char **attributes, bool deleted,
		      bool (*each)(void *ctx, LDAP *ld, LDAPMessage *entry),
		      void *ctx, struct err *err)
{
	struct search s = { ld, config, base, filter, scope, attributes,
			    deleted, each, ctx };
	struct berval *cookie = NULL;
	bool more = true, ok = true;
	int code = LDAP_SUCCESS;

	while (ok && more)
		ok = one_page(&s, &cookie, &more, &code);
	ber_bvfree(cookie);
	if (ok)
		return true;
	return fail(ld, base, "search", code, code == LDAP_NO_SUCH_OBJECT ?
		    "check base" : code == LDAP_FILTER_ERROR ?
		    "check filter" : "", err);
}

struct first_value {
	const char *attribute, *value;
	struct arena *arena;
};

static bool take_value(void *ctx, LDAP *ld, LDAPMessage *entry)
{
	struct first_value *f = ctx;
	struct berval **v = ldap_get_values_len(ld, entry, f->attribute);

	if (v != NULL && v[0] != NULL)
		f->value = arena_strndup(f->arena, v[0]->bv_val,
					 v[0]->bv_len);
	ldap_value_free_len(v);
	return false;
}

const char *ldap_link_value(LDAP *ld, const struct ldap_config *config,
			    const char *dn, const char *attribute,
			    struct arena *arena)
{
	struct first_value f = { attribute, "", arena };
	char *attributes[] = { arena_strdup(arena, attribute), NULL };
	struct timeval timeout = timeout_of(config);
	LDAPMessage *result = NULL, *entry;

	/* Without paging: not every server pages its root. */
	if (ldap_search_ext_s(ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)",
			      attributes, 0, NULL, NULL, &timeout, 1,
			      &result) == LDAP_SUCCESS) {
		entry = ldap_first_entry(ld, result);
		if (entry != NULL)
			take_value(&f, ld, entry);
	}
	ldap_msgfree(result);
	return f.value;
}

/* Entries -------------------------------------------------------------- */

/* Append values; in the arena. */
static void add_values(struct berval **from, struct arena *arena,
		       struct ldap_values *out)
{
	size_t n = from != NULL ? (size_t)ldap_count_values_len(from) : 0;
	struct bin *values = arena_array(arena, out->count + n + 1,
					 sizeof *values);

	if (out->count > 0)
		memcpy(values, out->values, out->count * sizeof *values);
	for (size_t i = 0; i < n; i++) {
		values[out->count + i].data = arena_memdup(arena,
				from[i]->bv_val, from[i]->bv_len);
		values[out->count + i].len = (uint32_t)from[i]->bv_len;
	}
	out->values = values;
	out->count += n;
}

/* The first value that is missing after "member;range=0-1499"; 0: none is. */
static unsigned after_range(const char *name)
{
	const char *range = strcasestr(name, ";range=");
	unsigned from, to;

	return range != NULL && sscanf(range + 7, "%u-%u", &from, &to) == 2 &&
		to >= from ? to + 1 : 0;
}

/* One more range of an entry's attribute; the start of the next, 0 at the
 * end. */
static unsigned read_range(LDAP *ld, const char *dn, unsigned from,
			   struct arena *arena, struct ldap_values *out)
{
	char *name = arena_printf(arena, "%s;range=%u-*", out->name, from);
	char *attributes[] = { name, NULL };
	LDAPMessage *result = NULL, *entry;
	BerElement *at = NULL;
	unsigned next = 0;

	if (ldap_search_ext_s(ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)",
			      attributes, 0, NULL, NULL, NULL, 1, &result) ==
	    LDAP_SUCCESS && (entry = ldap_first_entry(ld, result)) != NULL) {
		name = ldap_first_attribute(ld, entry, &at);
		if (name != NULL) {
			struct berval **v = ldap_get_values_len(ld, entry,
								name);

			add_values(v, arena, out);
			ldap_value_free_len(v);
			next = after_range(name);
			ldap_memfree(name);
		}
		ber_free(at, 0);
	}
	ldap_msgfree(result);
	return next > from ? next : 0;
}

/* The attribute of that name; made if it is not there.  NULL: too many. */
static struct ldap_values *place(struct ldap_values *list, size_t *n,
				 size_t max, const char *name,
				 struct arena *arena)
{
	/* "userCertificate;binary", "member;range=0-1499" */
	size_t len = strcspn(name, ";");

	for (size_t i = 0; i < *n; i++)
		if (strncasecmp(list[i].name, name, len) == 0 &&
		    list[i].name[len] == '\0')
			return &list[i];
	if (*n == max)
		return NULL;
	list[*n] = (struct ldap_values){ arena_strndup(arena, name, len),
					 NULL, 0 };
	return &list[(*n)++];
}

void ldap_link_entry(LDAP *ld, LDAPMessage *message, struct arena *arena,
		     struct ldap_entry *out)
{
	enum { ATTRIBUTES_MAX = 256 };
	struct ldap_values *list = arena_array(arena, ATTRIBUTES_MAX,
					       sizeof *list), *v;
	char *dn = ldap_get_dn(ld, message), *name;
	BerElement *at = NULL;
	size_t n = 0;

	out->dn = arena_strdup(arena, dn != NULL ? dn : "");
	ldap_memfree(dn);
	for (name = ldap_first_attribute(ld, message, &at); name != NULL;
	     name = ldap_next_attribute(ld, message, at)) {
		struct berval **values = ldap_get_values_len(ld, message,
							     name);

		v = place(list, &n, ATTRIBUTES_MAX, name, arena);
		if (v != NULL)
			add_values(values, arena, v);
		/* Active Directory gives 1,500 values at a time. */
		for (unsigned next = after_range(name); v != NULL && next > 0;)
			next = read_range(ld, out->dn, next, arena, v);
		ldap_value_free_len(values);
		ldap_memfree(name);
	}
	ber_free(at, 0);
	out->attributes = list;
	out->count = n;
}
