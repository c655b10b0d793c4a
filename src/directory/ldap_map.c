/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/ldap_map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf.h"
#include "directory/check.h"

enum { ADDRESSES_MAX = 64, TEXT_MAX = 4096, LARGE_MAX = 102400,
       VALUES_MAX = 64, ACCOUNT_DISABLED = 2,
       DISPLAY_ROOM = 7, DISPLAY_EQUIPMENT = 8 };

/* Names in settings, and the defaults: AD, AD with Exchange, OpenLDAP. */
static const struct {
	const char *name, *defaults[3];
} parts[LDAP_PARTS] = {
	[LDAP_GUID] = { "guid", { "objectGUID", "objectGUID", "entryUUID" } },
	[LDAP_ACCOUNT] = { "account", { "sAMAccountName", "sAMAccountName",
					"uid" } },
	[LDAP_UPN] = { "upn", { "userPrincipalName", "userPrincipalName",
				"" } },
	[LDAP_ALIAS] = { "alias", { "", "mailNickname", "" } },
	[LDAP_MAIL] = { "mail", { "mail", "mail", "mail" } },
	[LDAP_PROXY_ADDRESSES] = { "proxyAddresses", { "proxyAddresses",
		"proxyAddresses", "" } },
	[LDAP_OTHER_MAIL] = { "otherMail", { "otherMailbox", "",
					     "mailAlternateAddress" } },
	[LDAP_LEGACY_DN] = { "legacyExchangeDN", { "legacyExchangeDN",
		"legacyExchangeDN", "" } },
	[LDAP_MAILBOX_GUID] = { "mailboxGUID", { "", "msExchMailboxGuid",
						 "" } },
	[LDAP_HOME_MDB] = { "homeMDB", { "", "homeMDB", "" } },
	[LDAP_HIDDEN] = { "hidden", { "", "msExchHideFromAddressLists", "" } },
	[LDAP_ACCOUNT_CONTROL] = { "accountControl", { "userAccountControl",
		"userAccountControl", "" } },
	[LDAP_CHANGED] = { "changed", { "uSNChanged", "uSNChanged",
					"entryCSN" } },
	[LDAP_DISPLAY_TYPE] = { "displayType", { "",
		"msExchRecipientDisplayType", "" } },
	[LDAP_MEMBER_OF] = { "memberOf", { "memberOf", "memberOf",
					   "memberOf" } },
	[LDAP_OBJECT_CLASS] = { "objectClass", { "objectClass", "objectClass",
						 "objectClass" } },
};

bool ldap_schema_parse(const char *name, enum ldap_schema *out)
{
	static const char *const names[] = { "ad", "ad-exchange",
					     "openldap" };

	for (unsigned i = 0; i < 3; i++)
		if (strcasecmp(name, names[i]) == 0) {
			*out = (enum ldap_schema)i;
			return true;
		}
	return false;
}

const char *ldap_map_filter(const struct ldap_map *map)
{
	switch (map->schema) {
	case LDAP_SCHEMA_AD:
		return "(|(&(objectCategory=person)(objectClass=user))"
			"(&(objectCategory=group)(mail=*))"
			"(&(objectClass=contact)(mail=*)))";
	case LDAP_SCHEMA_AD_EXCHANGE:
		return "(|(&(objectCategory=person)(objectClass=user))"
			"(&(objectCategory=group)(mailNickname=*))"
			"(&(objectClass=contact)(mailNickname=*)))";
	case LDAP_SCHEMA_OPENLDAP:
		break;
	}
	return "(|(objectClass=inetOrgPerson)"
		"(&(|(objectClass=groupOfNames)"
		"(objectClass=groupOfUniqueNames))(mail=*)))";
}

/* Settings ------------------------------------------------------------- */

static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

static bool set_name(struct ldap_map *map, const char *ours,
		     const char *theirs, const char **renamed, size_t *n,
		     struct err *err)
{
	const struct recipient_attr *attr;

	for (int i = 0; i < LDAP_PARTS; i++)
		if (strcasecmp(parts[i].name, ours) == 0) {
			map->parts[i] = theirs;
			return true;
		}
	attr = recipient_attr_named(ours);
	if (attr == NULL || (attr->flags & ATTR_FIXED) != 0)
		return err_set(err, EC_INVALID_PARAM, "there is no attribute "
			       "\"%s\" to be renamed; posthouse.conf(5) lists "
			       "them", ours);
	renamed[(*n)++] = attr->ldap;
	renamed[(*n)++] = theirs;
	return true;
}

static size_t count_of(const char *text, char c)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == c;
	return n;
}

static bool parse_attributes(struct ldap_map *map, const char *text,
			     struct arena *arena, struct err *err)
{
	char *copy = arena_strdup(arena, text), *rest, *pair, *equals;
	const char **renamed = arena_array(arena, 2 * count_of(text, '=') + 1,
					   sizeof *renamed);
	size_t n = 0;

	map->renamed = renamed;
	for (pair = strtok_r(copy, ",", &rest); pair != NULL;
	     pair = strtok_r(NULL, ",", &rest)) {
		equals = strchr(pair, '=');
		if (equals == NULL)
			return err_set(err, EC_INVALID_PARAM, "\"%.80s\" is "
				       "not of the form name=attribute",
				       trimmed(pair));
		*equals = '\0';
		if (!set_name(map, trimmed(pair), trimmed(equals + 1),
			      renamed, &n, err))
			return false;
	}
	return true;
}

static bool parse_databases(struct ldap_map *map, const char *text,
			    struct arena *arena, struct err *err)
{
	char *copy = arena_strdup(arena, text), *rest, *rule, *colon;
	struct ldap_database_rule *rules =
		arena_array(arena, count_of(text, ';') + 1, sizeof *rules);

	map->rules = rules;
	for (rule = strtok_r(copy, ";", &rest); rule != NULL;
	     rule = strtok_r(NULL, ";", &rest)) {
		struct ldap_database_rule *r = &rules[map->rule_count++];

		colon = strrchr(rule, ':');
		r->group = "";
		r->database = trimmed(colon != NULL ? colon + 1 : rule);
		if (colon != NULL) {
			*colon = '\0';
			r->group = trimmed(rule);
		}
		if (*r->database == '\0')
			return err_set(err, EC_INVALID_PARAM, "a rule for "
				       "databases is \"GROUP-DN: DATABASE\" or "
				       "\"DATABASE\", with ; between");
	}
	return true;
}

bool ldap_map_make(enum ldap_schema schema, const char *attributes,
		   const char *databases, struct arena *arena,
		   struct ldap_map *out, struct err *err)
{
	struct ldap_map map = { .schema = schema, .admins = "" };

	for (int i = 0; i < LDAP_PARTS; i++)
		map.parts[i] = parts[i].defaults[schema];
	if (!parse_attributes(&map, attributes != NULL ? attributes : "",
			      arena, err) ||
	    !parse_databases(&map, databases != NULL ? databases : "", arena,
			     err))
		return false;
	*out = map;
	return true;
}

/* What an attribute is called there. */
static const char *name_of(const struct ldap_map *map,
			   const struct recipient_attr *attr)
{
	for (const char *const *p = map->renamed; *p != NULL; p += 2)
		if (strcmp(p[0], attr->ldap) == 0)
			return p[1];
	/* OpenLDAP's schemas call these otherwise. */
	if (map->schema == LDAP_SCHEMA_OPENLDAP) {
		if (strcmp(attr->ldap, "department") == 0)
			return "ou";
		if (strcmp(attr->ldap, "company") == 0)
			return "o";
		if (strcmp(attr->ldap, "thumbnailPhoto") == 0)
			return "jpegPhoto";
	}
	return attr->ldap;
}

char **ldap_map_attributes(const struct ldap_map *map, struct arena *arena)
{
	size_t count, n = 0;
	const struct recipient_attr *attrs = recipient_attrs(&count);
	char **names = arena_array(arena, count + LDAP_PARTS + 4,
				   sizeof *names);

	for (int i = 0; i < LDAP_PARTS; i++)
		if (*map->parts[i] != '\0')
			names[n++] = arena_strdup(arena, map->parts[i]);
	for (size_t i = 0; i < count; i++)
		if ((attrs[i].flags & ATTR_FIXED) == 0)
			names[n++] = arena_strdup(arena,
						  name_of(map, &attrs[i]));
	names[n++] = arena_strdup(arena, "displayName");
	names[n++] = arena_strdup(arena, "cn");
	names[n++] = arena_strdup(arena, "uniqueMember");
	return names;
}

/* Reading an entry ----------------------------------------------------- */

static const struct ldap_values *find(const struct ldap_entry *e,
				      const char *name)
{
	if (*name == '\0')
		return NULL;
	for (size_t i = 0; i < e->count; i++)
		if (strcasecmp(e->attributes[i].name, name) == 0)
			return &e->attributes[i];
	return NULL;
}

static bool is_text(const struct bin *v)
{
	if (v->len == 0 || v->len > TEXT_MAX ||
	    !utf8_valid((const char *)v->data, v->len))
		return false;
	for (uint32_t i = 0; i < v->len; i++)
		if (v->data[i] < 0x20 && v->data[i] != '\n' &&
		    v->data[i] != '\r' && v->data[i] != '\t')
			return false;
	return true;
}

/* The first value as text, "" if there is none. */
static const char *text_of(const struct ldap_entry *e, const char *name,
			   struct arena *arena)
{
	const struct ldap_values *v = find(e, name);

	if (v == NULL || v->count == 0 || !is_text(&v->values[0]))
		return "";
	return arena_strndup(arena, (const char *)v->values[0].data,
			     v->values[0].len);
}

static bool has_value(const struct ldap_entry *e, const char *name,
		      const char *value)
{
	const struct ldap_values *v = find(e, name);
	size_t len = strlen(value);

	for (size_t i = 0; v != NULL && i < v->count; i++)
		if (v->values[i].len == len &&
		    strncasecmp((const char *)v->values[i].data, value,
				len) == 0)
			return true;
	return false;
}

/* objectGUID is 16 bytes in the form of [MS-DTYP]; entryUUID is text. */
static bool read_guid(const struct ldap_entry *e, const char *name,
		      struct arena *arena, struct guid *out)
{
	const struct ldap_values *v = find(e, name);

	if (v == NULL || v->count == 0)
		return false;
	if (v->values[0].len == sizeof *out) {
		memcpy(out, v->values[0].data, sizeof *out);
		return true;
	}
	return guid_parse(text_of(e, name, arena), out);
}

/* Addresses ------------------------------------------------------------ */

struct addresses {
	const char **smtp;
	size_t count;
	struct bin *other;        /* with their type: X500:… */
	uint32_t other_count;
};

static void add_smtp(struct addresses *a, const char *address, bool first)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcasecmp(a->smtp[i], address) == 0) {
			if (first) {
				a->smtp[i] = a->smtp[0];
				a->smtp[0] = address;
			}
			return;
		}
	if (*address == '\0' || a->count == ADDRESSES_MAX)
		return;
	a->smtp[a->count++] = address;
	if (first) {
		a->smtp[a->count - 1] = a->smtp[0];
		a->smtp[0] = address;
	}
}

/* "SMTP:" is the primary one, "smtp:" another. */
static void add_proxies(const struct ldap_map *map, const struct ldap_entry *e,
			struct arena *arena, struct addresses *a)
{
	const struct ldap_values *v = find(e,
			map->parts[LDAP_PROXY_ADDRESSES]);
	const char *text;

	for (size_t i = 0; v != NULL && i < v->count; i++) {
		if (!is_text(&v->values[i]))
			continue;
		text = arena_strndup(arena, (const char *)v->values[i].data,
				     v->values[i].len);
		if (strncasecmp(text, "smtp:", 5) == 0)
			add_smtp(a, text + 5, strncmp(text, "SMTP:", 5) == 0);
		else if (strchr(text, ':') != NULL &&
			 a->other_count < VALUES_MAX)
			a->other[a->other_count++] = v->values[i];
	}
}

static void read_addresses(const struct ldap_map *map,
			   const struct ldap_entry *e, struct arena *arena,
			   struct addresses *a)
{
	const struct ldap_values *v = find(e, map->parts[LDAP_OTHER_MAIL]);

	*a = (struct addresses){
		.smtp = arena_array(arena, ADDRESSES_MAX, sizeof *a->smtp),
		.other = arena_array(arena, VALUES_MAX, sizeof *a->other) };
	add_smtp(a, text_of(e, map->parts[LDAP_MAIL], arena), true);
	add_proxies(map, e, arena, a);
	for (size_t i = 0; v != NULL && i < v->count; i++)
		if (is_text(&v->values[i]))
			add_smtp(a, arena_strndup(arena, (const char *)
					v->values[i].data, v->values[i].len),
				 false);
}

/* Attributes ----------------------------------------------------------- */

static bool read_number(const struct ldap_values *v, struct arena *arena,
			struct bin *out)
{
	const char *text;
	int64_t number;
	char *end;

	if (!is_text(&v->values[0]))
		return false;
	text = arena_strndup(arena, (const char *)v->values[0].data,
			     v->values[0].len);
	if (strcasecmp(text, "TRUE") == 0 || strcasecmp(text, "FALSE") == 0) {
		number = strcasecmp(text, "TRUE") == 0;
	} else {
		number = strtoll(text, &end, 10);
		if (*end != '\0')
			return false;
	}
	out->data = arena_memdup(arena, &number, sizeof number);
	out->len = sizeof number;
	return true;
}

static uint32_t read_values(const struct recipient_attr *attr,
			    const struct ldap_values *v, struct arena *arena,
			    struct bin *out)
{
	unsigned type = prop_tag_type(attr->tag);
	size_t max = (attr->flags & ATTR_MULTI) != 0 ? VALUES_MAX : 1;
	uint32_t n = 0;

	if (type == PTYP_INTEGER32 || type == PTYP_BOOLEAN)
		return v->count > 0 && read_number(v, arena, out);
	for (size_t i = 0; i < v->count && n < max; i++)
		if ((attr->flags & ATTR_LARGE) != 0 ?
		    v->values[i].len > 0 && v->values[i].len <= LARGE_MAX :
		    is_text(&v->values[i]))
			out[n++] = v->values[i];
	return n;
}

struct collected {
	struct recipient_change *changes;
	size_t change_count;
	struct mirror_link *links;
	size_t link_count, link_max;
};

static void add_links(struct collected *c, const struct recipient_attr *attr,
		      const struct ldap_values *v, struct arena *arena)
{
	for (size_t i = 0; v != NULL && i < v->count; i++) {
		if (!is_text(&v->values[i]))
			continue;
		if (c->link_count == c->link_max) {
			struct mirror_link *more;

			c->link_max = c->link_max * 2 + 32;
			more = arena_array(arena, c->link_max, sizeof *more);
			if (c->link_count > 0)
				memcpy(more, c->links,
				       c->link_count * sizeof *more);
			c->links = more;
		}
		c->links[c->link_count++] = (struct mirror_link){ attr->tag,
			arena_strndup(arena, (const char *)v->values[i].data,
				      v->values[i].len) };
	}
}

static void add_attribute(struct collected *c, const struct ldap_map *map,
			  const struct ldap_entry *e,
			  const struct recipient_attr *attr,
			  struct arena *arena)
{
	const struct ldap_values *v = find(e, name_of(map, attr));
	struct bin *values;
	uint32_t n;

	if (attr->tag == PID_TAG_ADDRESS_BOOK_MEMBER && v == NULL)
		v = find(e, "uniqueMember");
	if (v == NULL || (attr->flags & ATTR_FIXED) != 0 ||
	    attr->tag == PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES)
		return;
	if ((attr->flags & ATTR_LINK) != 0) {
		add_links(c, attr, v, arena);
		return;
	}
	values = arena_array(arena, VALUES_MAX, sizeof *values);
	n = read_values(attr, v, arena, values);
	if (n > 0)
		c->changes[c->change_count++] = (struct recipient_change){
			RECIPIENT_SET, attr->tag, n, values };
}

static void collect(const struct ldap_map *map, const struct ldap_entry *e,
		    const struct addresses *a, struct arena *arena,
		    struct mirror_object *o)
{
	size_t count;
	const struct recipient_attr *attrs = recipient_attrs(&count);
	struct collected c = { .changes = arena_array(arena, count + 1,
						      sizeof *c.changes) };

	for (size_t i = 0; i < count; i++)
		add_attribute(&c, map, e, &attrs[i], arena);
	if (a->other_count > 0)
		c.changes[c.change_count++] = (struct recipient_change){
			RECIPIENT_SET, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
			a->other_count, a->other };
	o->attributes = c.changes;
	o->attribute_count = c.change_count;
	o->links = c.links;
	o->link_count = c.link_count;
}

/* The object ----------------------------------------------------------- */

/* What it is; false: nothing for us. */
static bool read_kind(const struct ldap_map *map, const struct ldap_entry *e,
		      struct arena *arena, struct mirror_object *o)
{
	const char *class = map->parts[LDAP_OBJECT_CLASS];
	long type = strtol(text_of(e, map->parts[LDAP_DISPLAY_TYPE], arena),
			   NULL, 10);

	if (has_value(e, class, "computer"))
		return false;
	if (has_value(e, class, "group") ||
	    has_value(e, class, "groupOfNames") ||
	    has_value(e, class, "groupOfUniqueNames"))
		o->kind = RECIPIENT_GROUP;
	else if (has_value(e, class, "contact"))
		o->kind = RECIPIENT_CONTACT;
	else if (type == DISPLAY_ROOM)
		o->kind = RECIPIENT_ROOM;
	else if (type == DISPLAY_EQUIPMENT)
		o->kind = RECIPIENT_EQUIPMENT;
	else
		o->is_user = true;
	return true;
}

static const char *database_of(const struct ldap_map *map,
			       const struct ldap_entry *e,
			       struct arena *arena)
{
	const char *mdb = text_of(e, map->parts[LDAP_HOME_MDB], arena);

	/* "CN=DB2,CN=Databases,…" */
	if (strncasecmp(mdb, "CN=", 3) == 0)
		return arena_strndup(arena, mdb + 3, strcspn(mdb + 3, ","));
	for (size_t i = 0; i < map->rule_count; i++)
		if (*map->rules[i].group == '\0' ||
		    has_value(e, map->parts[LDAP_MEMBER_OF],
			      map->rules[i].group))
			return map->rules[i].database;
	return "";
}

static bool read_mailbox(const struct ldap_map *map,
			 const struct ldap_entry *e, struct arena *arena,
			 struct mirror_object *o)
{
	const char *attr = map->parts[LDAP_MAILBOX_GUID];

	o->mailbox = o->guid;
	o->database = database_of(map, e, arena);
	/* With Exchange's schema, a mailbox is what has its GUID. */
	if (map->schema == LDAP_SCHEMA_AD_EXCHANGE && *attr != '\0')
		return read_guid(e, attr, arena, &o->mailbox);
	return *text_of(e, map->parts[LDAP_MAIL], arena) != '\0';
}

/* An alias is what an address may begin with. */
static const char *alias_of(const struct ldap_map *map,
			    const struct ldap_entry *e,
			    const struct addresses *a, struct arena *arena)
{
	const char *alias = text_of(e, map->parts[LDAP_ALIAS], arena);

	if (*alias != '\0')
		return alias;
	if (a->count > 0)
		return arena_strndup(arena, a->smtp[0],
				     strcspn(a->smtp[0], "@"));
	return text_of(e, map->parts[LDAP_ACCOUNT], arena);
}

static void read_user(const struct ldap_map *map, const struct ldap_entry *e,
		      struct arena *arena, struct mirror_object *o)
{
	long control = strtol(text_of(e, map->parts[LDAP_ACCOUNT_CONTROL],
				      arena), NULL, 10);

	o->account = text_of(e, map->parts[LDAP_ACCOUNT], arena);
	o->upn = text_of(e, map->parts[LDAP_UPN], arena);
	if (*o->upn == '\0' && o->address_count > 0)
		o->upn = o->addresses[0];
	o->disabled = (control & ACCOUNT_DISABLED) != 0;
	o->is_admin = *map->admins != '\0' &&
		has_value(e, map->parts[LDAP_MEMBER_OF], map->admins);
	o->has_mailbox = read_mailbox(map, e, arena, o);
	if (map->password_prefix != NULL)
		o->password = arena_printf(arena, "%s%s",
					   map->password_prefix, e->dn);
}

bool ldap_map_entry(const struct ldap_map *map, const struct ldap_entry *entry,
		    struct arena *arena, struct mirror_object *out,
		    const char **why)
{
	struct mirror_object o = { .name = entry->dn, .upn = "",
				   .password = "", .database = "" };
	struct addresses a;

	*why = NULL;
	if (!read_kind(map, entry, arena, &o))
		return false;
	if (!read_guid(entry, map->parts[LDAP_GUID], arena, &o.guid)) {
		*why = "it has no GUID that may be read";
		return false;
	}
	read_addresses(map, entry, arena, &a);
	o.addresses = a.smtp;
	o.address_count = a.count;
	if (!o.is_user && a.count == 0)
		return false;
	o.display_name = text_of(entry, "displayName", arena);
	if (*o.display_name == '\0')
		o.display_name = text_of(entry, "cn", arena);
	o.legacy_dn = text_of(entry, map->parts[LDAP_LEGACY_DN], arena);
	o.hidden = has_value(entry, map->parts[LDAP_HIDDEN], "TRUE");
	if (o.is_user)
		read_user(map, entry, arena, &o);
	else
		o.account = alias_of(map, entry, &a, arena);
	if (*o.account == '\0') {
		*why = "it has no account name";
		return false;
	}
	collect(map, entry, &a, arena, &o);
	*out = o;
	return true;
}
