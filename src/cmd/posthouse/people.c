/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthouse/people.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "auth/base64.h"

enum { CHANGES_MAX = 256, FILE_MAX = 1 << 20, LOCALE = 0x0409 };

bool people_open(struct cli *cli, struct people *out)
{
	struct directory *dir = cli_directory(cli);
	struct recipients_backend backend;
	struct err err;

	if (dir == NULL)
		return false;
	if (!recipients_local(dir, &backend, &err)) {
		cli_fail(cli, &err);
		return false;
	}
	out->all = recipients_new(&backend);
	if (!recipients_refresh(out->all, LOCALE, &err)) {
		cli_fail(cli, &err);
		recipients_free(out->all);
		return false;
	}
	out->s = recipients_hold(out->all);
	return true;
}

void people_close(struct people *people)
{
	recipients_release(people->all);
	recipients_free(people->all);
}

const struct recipient *people_find(const struct people *people,
				    const char *name)
{
	const struct recipients_snapshot *s = people->s;
	const struct recipient *r;
	struct guid guid;

	if (guid_parse(name, &guid))
		return recipients_guid(s, &guid);
	if (name[0] == '/')
		return recipients_dn(s, name);
	if (strchr(name, '@') != NULL || strchr(name, ':') != NULL)
		return recipients_proxy(s, name);
	for (uint32_t i = 0; i < recipients_slots(s); i++)
		if ((r = recipients_slot(s, i)) != NULL &&
		    strcasecmp(recipient_text(r, PID_TAG_ACCOUNT), name) == 0)
			return r;
	return NULL;
}

void people_read(struct cli *cli, const struct recipient *r,
		 struct dir_recipient *out)
{
	struct arena *a = cli_arena(cli);
	const char **addresses = arena_array(a, 64, sizeof *addresses);
	struct bin v;

	*out = (struct dir_recipient){ .guid = r->guid,
		.kind = (enum recipient_kind)r->kind, .hidden = r->hidden,
		.alias = arena_strdup(a, recipient_text(r, PID_TAG_ACCOUNT)),
		.display_name = arena_strdup(a, recipient_text(r,
			PID_TAG_DISPLAY_NAME)),
		.legacy_dn = arena_strdup(a, recipient_text(r,
			PID_TAG_EMAIL_ADDRESS)),
		.filter = arena_strdup(a, recipient_filter(r)) };
	for (size_t at = 0; out->address_count < 64 && recipient_next(r,
	     PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES, &at, &v);)
		if (strncasecmp((const char *)v.data, "smtp:", 5) == 0)
			addresses[out->address_count++] =
				arena_strdup(a, (const char *)v.data + 5);
	out->addresses = addresses;
}

/* --- As JSON ---------------------------------------------------------- */

static json_t *value_json(const struct people *people,
			  const struct recipient_attr *attr,
			  const struct bin *v)
{
	const struct recipient *to;
	struct guid guid;
	int64_t number;

	if ((attr->flags & ATTR_LARGE) != 0)
		return json_true();
	if ((attr->flags & ATTR_LINK) != 0) {
		memcpy(&guid, v->data, sizeof guid);
		to = recipients_guid(people->s, &guid);
		return json_string(to != NULL ?
				   recipient_text(to, PID_TAG_ACCOUNT) : "?");
	}
	switch (prop_tag_type(attr->tag)) {
	case PTYP_INTEGER32:
		memcpy(&number, v->data, sizeof number);
		return json_integer(number);
	case PTYP_BOOLEAN:
		memcpy(&number, v->data, sizeof number);
		return json_boolean(number != 0);
	default:
		return json_string((const char *)v->data);
	}
}

json_t *people_json(const struct people *people, const struct recipient *r)
{
	json_t *o = json_object();
	char guid[GUID_TEXT_SIZE];
	uint32_t tag;
	struct bin v;

	guid_format(&r->guid, guid);
	json_object_set_new(o, "guid", json_string(guid));
	json_object_set_new(o, "kind", json_string(recipient_kind_name(
		(enum recipient_kind)r->kind)));
	json_object_set_new(o, "hidden", json_boolean(r->hidden));
	json_object_set_new(o, "mail", json_string(recipient_address(r)));
	if (*recipient_filter(r) != '\0')
		json_object_set_new(o, "filter",
				    json_string(recipient_filter(r)));
	for (size_t at = 0; recipient_each(r, &at, &tag, &v);) {
		const struct recipient_attr *attr = recipient_attr(tag);
		json_t *list;

		if (attr == NULL)
			continue;
		if ((attr->flags & ATTR_MULTI) == 0) {
			json_object_set_new(o, attr->ldap,
					    value_json(people, attr, &v));
			continue;
		}
		list = json_object_get(o, attr->ldap);
		if (list == NULL) {
			list = json_array();
			json_object_set_new(o, attr->ldap, list);
		}
		json_array_append_new(list, value_json(people, attr, &v));
	}
	return o;
}

/* --- Changes ---------------------------------------------------------- */

/* The contents of a file that the person named. */
static bool file_value(struct cli *cli, const char *path, struct bin *out)
{
	uint8_t *data = arena_alloc(cli_arena(cli), FILE_MAX);
	int fd = cli_open(cli, path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while (len < FILE_MAX &&
	       (n = read(fd, data + len, FILE_MAX - len)) > 0)
		len += (size_t)n;
	close(fd);
	*out = (struct bin){ data, len };
	return true;
}

static bool number_value(struct cli *cli, const struct recipient_attr *attr,
			 const char *text, struct bin *out)
{
	int64_t *n = arena_alloc(cli_arena(cli), sizeof *n);
	char *end = "";

	if (prop_tag_type(attr->tag) != PTYP_BOOLEAN)
		*n = strtoll(text, &end, 10);
	else if (strcasecmp(text, "true") == 0 ||
		 strcasecmp(text, "false") == 0)
		*n = strcasecmp(text, "true") == 0;
	else
		end = "?";
	if (*end != '\0' || *text == '\0') {
		cli_usage(cli, "\"%s\" can't be %s", text, attr->ldap);
		return false;
	}
	*out = (struct bin){ (const uint8_t *)n, sizeof *n };
	return true;
}

bool people_value(struct cli *cli, const struct people *people,
		  const struct recipient_attr *attr, const char *text,
		  struct bin *out)
{
	unsigned type = prop_tag_type(attr->tag);
	const struct recipient *to;

	if ((attr->flags & ATTR_LINK) != 0) {
		to = people_find(people, text);
		if (to == NULL) {
			cli_failf(cli, "there is no recipient %s; name one by "
				  "alias, address, DN or GUID", text);
			return false;
		}
		*out = (struct bin){ arena_memdup(cli_arena(cli), to->guid.b,
						  sizeof to->guid.b),
				     sizeof to->guid.b };
		return true;
	}
	if ((attr->flags & ATTR_LARGE) != 0 && *text != '@') {
		cli_usage(cli, "give %s as a file: %s=@FILE", attr->ldap,
			  attr->ldap);
		return false;
	}
	if (*text == '@' && (attr->flags & ATTR_LARGE) != 0)
		return file_value(cli, text + 1, out);
	if (type == PTYP_INTEGER32 || type == PTYP_BOOLEAN)
		return number_value(cli, attr, text, out);
	*out = (struct bin){ (const uint8_t *)text, strlen(text) };
	return true;
}

struct applying {
	struct cli *cli;
	struct people people;
	bool open;
	struct recipient_change changes[CHANGES_MAX];
	size_t n;
};

static bool add_change(struct applying *a, enum recipient_change_op op,
		       const struct recipient_attr *attr, const char *text)
{
	struct bin *v = arena_alloc(cli_arena(a->cli), sizeof *v);

	if (a->n == CHANGES_MAX) {
		cli_usage(a->cli, "these are too many attributes at once");
		return false;
	}
	/* Links are looked up, which takes all recipients. */
	if ((attr->flags & ATTR_LINK) != 0 && *text != '\0' && !a->open) {
		a->open = people_open(a->cli, &a->people);
		if (!a->open)
			return false;
	}
	if (*text != '\0' &&
	    !people_value(a->cli, &a->people, attr, text, v))
		return false;
	a->changes[a->n++] = (struct recipient_change){ op, attr->tag,
		*text != '\0', v };
	return true;
}

/* "--set department=Sales" */
static bool take_pairs(struct applying *a, const char *option,
		       enum recipient_change_op op)
{
	const char *pair;

	for (unsigned i = 0; (pair = cli_get_nth(a->cli, option, i)) != NULL;
	     i++) {
		size_t len = strcspn(pair, "=");
		char *name = arena_strndup(cli_arena(a->cli), pair, len);
		const struct recipient_attr *attr =
			recipient_attr_named(name);

		if (attr == NULL || pair[len] != '=') {
			cli_usage(a->cli, "\"%s\" is not ATTRIBUTE=VALUE "
				  "with an attribute such as department or "
				  "telephoneNumber", pair);
			return false;
		}
		if (!add_change(a, op, attr, pair + len + 1))
			return false;
	}
	return true;
}

/* Options that are attributes: the last value, or all of several. */
static bool take_options(struct applying *a)
{
	size_t count;
	const struct recipient_attr *attrs = recipient_attrs(&count);
	const char *text;

	for (size_t i = 0; i < count; i++) {
		const struct recipient_attr *attr = &attrs[i];
		bool multi = (attr->flags & ATTR_MULTI) != 0;

		if ((attr->flags & ATTR_FIXED) != 0)
			continue;
		if (!multi && (text = cli_get(a->cli, attr->option)) != NULL &&
		    !add_change(a, RECIPIENT_SET, attr, text))
			return false;
		for (unsigned j = 0; multi && (text = cli_get_nth(a->cli,
		     attr->option, j)) != NULL; j++)
			if (!add_change(a, RECIPIENT_ADD, attr, text))
				return false;
	}
	for (unsigned j = 0; (text = cli_get_nth(a->cli, "remove-member",
						 j)) != NULL; j++)
		if (!add_change(a, RECIPIENT_REMOVE, recipient_attr(
				PID_TAG_ADDRESS_BOOK_MEMBER), text))
			return false;
	return true;
}

int people_apply(struct cli *cli, const struct guid *guid)
{
	struct applying *a = xcalloc(1, sizeof *a);
	int status = CLI_USAGE;
	struct err err;

	a->cli = cli;
	if (take_options(a) && take_pairs(a, "set", RECIPIENT_SET) &&
	    take_pairs(a, "add", RECIPIENT_ADD) &&
	    take_pairs(a, "delete", RECIPIENT_REMOVE))
		status = a->n == 0 || directory_set_attributes(
			cli_directory(cli), guid, a->changes, a->n, &err) ?
			CLI_OK : cli_fail(cli, &err);
	if (a->open)
		people_close(&a->people);
	free(a);
	return status;
}
