/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse recipients": import and export as LDIF and CSV. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "admin/ldif.h"
#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/people.h"

/* Attributes beside those of recipient_attrs. */
#define OBJECT_CLASS "objectClass"
#define HIDDEN "msExchHideFromAddressLists"
#define FILTER "msExchDynamicLDAPFilter"

enum { BYTES_MAX = 1 << 30, CHANGES_MAX = 256 };

static const char *const classes[RECIPIENT_KINDS] = {
	[RECIPIENT_MAILBOX] = "user",
	[RECIPIENT_GROUP] = "group",
	[RECIPIENT_DYNAMIC_GROUP] = "msExchDynamicDistributionList",
	[RECIPIENT_CONTACT] = "contact",
	[RECIPIENT_PUBLIC_FOLDER] = "publicFolder",
	[RECIPIENT_AGENT] = "agent",
	[RECIPIENT_ROOM] = "room",
	[RECIPIENT_EQUIPMENT] = "equipment",
};

static bool is_csv(struct cli *cli, const char *path, bool *out)
{
	const char *format = cli_get(cli, "format");
	size_t len = strlen(path);

	if (format == NULL)
		*out = len > 4 && strcasecmp(path + len - 4, ".csv") == 0;
	else if (strcasecmp(format, "csv") == 0 ||
		 strcasecmp(format, "ldif") == 0)
		*out = strcasecmp(format, "csv") == 0;
	else
		return cli_usage(cli, "--format is ldif or csv, not %s",
				 format), false;
	return true;
}

/* --- Export ----------------------------------------------------------- */

struct export {
	struct cli *cli;
	struct people people;
	bool csv;
	struct buf out;
};

/* A value as text; links as a DN (LDIF) or an alias. */
static bool value_text(const struct export *x,
		       const struct recipient_attr *attr,
		       const struct bin *v, struct bin *out)
{
	struct arena *a = cli_arena(x->cli);
	const struct recipient *to;
	struct guid guid;
	int64_t number;
	const char *text;

	*out = *v;
	if ((attr->flags & ATTR_LINK) != 0) {
		memcpy(&guid, v->data, sizeof guid);
		to = recipients_guid(x->people.s, &guid);
		if (to == NULL)
			return false;
		text = recipient_text(to, PID_TAG_ACCOUNT);
		if (!x->csv)
			text = arena_printf(a, "cn=%s", text);
	} else if (prop_tag_type(attr->tag) == PTYP_INTEGER32) {
		memcpy(&number, v->data, sizeof number);
		text = arena_printf(a, "%lld", (long long)number);
	} else if (prop_tag_type(attr->tag) == PTYP_BOOLEAN) {
		memcpy(&number, v->data, sizeof number);
		text = number != 0 ? "TRUE" : "FALSE";
	} else {
		return true;
	}
	*out = (struct bin){ (const uint8_t *)text, strlen(text) };
	return true;
}

/* Pictures and certificates, which records only hint at. */
static bool put_large(struct export *x, const struct recipient *r,
		      const struct recipient_attr *attr, struct err *err)
{
	const struct bin *v;
	uint32_t n;

	if (!recipient_has(r, attr->tag))
		return true;
	if (!recipients_fetch(x->people.all, &r->guid, attr->tag,
			      cli_arena(x->cli), &n, &v, err))
		return false;
	for (uint32_t i = 0; i < n; i++)
		ldif_put(&x->out, attr->ldap, v[i].data, v[i].len);
	return true;
}

static void put(struct export *x, const char *name, const char *value)
{
	if (*value != '\0')
		ldif_put(&x->out, name, value, strlen(value));
}

static bool put_ldif(struct export *x, const struct recipient *r,
		     struct err *err)
{
	size_t count, at;
	const struct recipient_attr *attrs = recipient_attrs(&count);
	struct bin v, text;

	put(x, "dn", arena_printf(cli_arena(x->cli), "cn=%s",
				  recipient_text(r, PID_TAG_ACCOUNT)));
	put(x, OBJECT_CLASS, classes[r->kind]);
	put(x, HIDDEN, r->hidden ? "TRUE" : "");
	put(x, FILTER, recipient_filter(r));
	put(x, "mail", recipient_address(r));
	for (size_t i = 0; i < count; i++) {
		if (attrs[i].tag == PID_TAG_SMTP_ADDRESS)
			continue;
		if ((attrs[i].flags & ATTR_LARGE) != 0) {
			if (!put_large(x, r, &attrs[i], err))
				return false;
			continue;
		}
		for (at = 0; recipient_next(r, attrs[i].tag, &at, &v);)
			if (value_text(x, &attrs[i], &v, &text))
				ldif_put(&x->out, attrs[i].ldap, text.data,
					 text.len);
	}
	buf_puts(&x->out, "\n");
	return true;
}

/* The columns of a CSV: what is text. */
static bool is_column(const struct recipient_attr *attr)
{
	return (attr->flags & ATTR_LARGE) == 0 &&
		attr->tag != PID_TAG_SMTP_ADDRESS;
}

static void put_head(struct export *x)
{
	size_t count;
	const struct recipient_attr *attrs = recipient_attrs(&count);

	buf_puts(&x->out, OBJECT_CLASS "," HIDDEN "," FILTER ",mail");
	for (size_t i = 0; i < count; i++)
		if (is_column(&attrs[i]))
			buf_printf(&x->out, ",%s", attrs[i].ldap);
	buf_puts(&x->out, "\r\n");
}

static void put_csv(struct export *x, const struct recipient *r)
{
	size_t count, at;
	const struct recipient_attr *attrs = recipient_attrs(&count);
	struct buf cell = BUF_INIT;
	struct bin v, text;

	buf_printf(&x->out, "%s,%s,", classes[r->kind],
		   r->hidden ? "TRUE" : "");
	csv_put(&x->out, recipient_filter(r));
	buf_puts(&x->out, ",");
	csv_put(&x->out, recipient_address(r));
	for (size_t i = 0; i < count; i++) {
		if (!is_column(&attrs[i]))
			continue;
		buf_clear(&cell);
		for (at = 0; recipient_next(r, attrs[i].tag, &at, &v);) {
			if (!value_text(x, &attrs[i], &v, &text))
				continue;
			buf_puts(&cell, cell.len > 0 ? "|" : "");
			buf_add(&cell, text.data, text.len);
		}
		buf_puts(&x->out, ",");
		csv_put(&x->out, buf_str(&cell));
	}
	buf_puts(&x->out, "\r\n");
	buf_free(&cell);
}

static bool write_out(struct export *x, int fd, const char *path)
{
	size_t at = 0;

	while (at < x->out.len) {
		ssize_t n = write(fd, x->out.data + at, x->out.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			cli_failf(x->cli, "cannot write %s: %s", path,
				  strerror(errno));
			return false;
		}
		at += (size_t)n;
	}
	buf_clear(&x->out);
	return true;
}

static bool export_all(struct export *x, int fd, const char *path)
{
	const struct recipient *r;
	struct err err;

	if (x->csv)
		put_head(x);
	else
		buf_puts(&x->out, "version: 1\n\n");
	for (uint32_t i = 0; i < recipients_slots(x->people.s); i++) {
		r = recipients_slot(x->people.s, i);
		if (r == NULL)
			continue;
		if (x->csv)
			put_csv(x, r);
		else if (!put_ldif(x, r, &err))
			return cli_fail(x->cli, &err), false;
		if (x->out.len > 1 << 16 && !write_out(x, fd, path))
			return false;
	}
	return write_out(x, fd, path);
}

static int run_export(struct cli *cli)
{
	const char *path = cli_arg(cli, 0);
	struct export x = { .cli = cli, .out = BUF_INIT };
	bool ok, own = strcmp(path, "-") != 0;
	int fd = STDOUT_FILENO;

	if (!is_csv(cli, path, &x.csv))
		return CLI_USAGE;
	if (!people_open(cli, &x.people))
		return CLI_FAILED;
	if (own)
		fd = cli_open(cli, path, O_WRONLY | O_CREAT | O_TRUNC);
	ok = fd >= 0 && export_all(&x, fd, path);
	if (own && fd >= 0 && close(fd) != 0 && ok)
		ok = cli_failf(cli, "cannot write %s: %s", path,
			       strerror(errno)) == CLI_OK;
	buf_free(&x.out);
	people_close(&x.people);
	return ok ? CLI_OK : CLI_FAILED;
}

/* --- Import ----------------------------------------------------------- */

/* A name that a recipient has in the file or in the directory. */
struct known {
	const char *name;
	struct guid guid;
};

struct import {
	struct cli *cli;
	struct people people;
	struct ldif_record *records;
	struct guid *guids;       /* of the records */
	size_t n, cap;
	struct known *known;      /* by name, once sorted */
	size_t n_known, cap_known;
	unsigned made, changed;
};

static bool fail_at(const struct import *m, const struct ldif_record *r,
		    const char *what)
{
	cli_failf(m->cli, "the record at line %u: %s", r->line, what);
	return false;
}

/* The first value of an attribute, by either name; NULL if there is none. */
static const char *field(const struct ldif_record *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcasecmp(r->v[i].name, name) == 0 &&
		    r->v[i].value.len > 0)
			return (const char *)r->v[i].value.data;
	return NULL;
}

static void know(struct import *m, const char *name, const struct guid *guid)
{
	if (name == NULL || *name == '\0')
		return;
	if (m->n_known == m->cap_known) {
		m->cap_known = m->cap_known != 0 ? 2 * m->cap_known : 256;
		m->known = xrealloc(m->known,
				    m->cap_known * sizeof *m->known);
	}
	m->known[m->n_known++] = (struct known){ name, *guid };
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(((const struct known *)a)->name,
			  ((const struct known *)b)->name);
}

static void sort_known(struct import *m)
{
	if (m->n_known > 0)
		qsort(m->known, m->n_known, sizeof *m->known, by_name);
}

/* By DN of the file, alias, address or DN of Exchange's form. */
static bool look_up(const struct import *m, const char *name,
		    struct guid *out)
{
	struct known key = { .name = name };
	const struct known *found = m->n_known == 0 ? NULL :
		bsearch(&key, m->known, m->n_known, sizeof key, by_name);
	const struct recipient *r = NULL;

	if (found != NULL)
		*out = found->guid;
	else if (name[0] == '/')
		r = recipients_dn(m->people.s, name);
	else if (strchr(name, '@') != NULL)
		r = recipients_proxy(m->people.s, name);
	if (r != NULL)
		*out = r->guid;
	return found != NULL || r != NULL;
}

static bool read_file(struct import *m, const char *path, struct buf *out)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) :
		cli_open(m->cli, path, O_RDONLY);
	ssize_t n = 1;

	while (fd >= 0 && n > 0 && out->len < BYTES_MAX) {
		n = read(fd, buf_room(out, 65536), 65536);
		out->len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && n != 0)
		cli_failf(m->cli, "cannot read %s: %s", path, n < 0 ?
			  strerror(errno) : "it is too large");
	return fd >= 0 && n == 0;
}

static bool parse(struct import *m, const struct buf *file, bool csv)
{
	struct ldif_record record;
	struct ldif_reader r;
	struct err err = { .ec = EC_SUCCESS };

	if (!csv)
		ldif_begin(&r, file->data, file->len, cli_arena(m->cli));
	else if (!csv_begin(&r, file->data, file->len, cli_arena(m->cli),
			    &err))
		return cli_fail(m->cli, &err), false;
	while (ldif_next(&r, &record, &err)) {
		if (m->n == m->cap) {
			m->cap = m->cap != 0 ? 2 * m->cap : 64;
			m->records = xrealloc(m->records,
					      m->cap * sizeof record);
		}
		m->records[m->n++] = record;
	}
	if (err.ec == EC_NOT_FOUND)
		return true;
	cli_fail(m->cli, &err);
	return false;
}

/* What a record is; the last class that is known is the most specific. */
static bool take_kind(const struct import *m, const struct ldif_record *r,
		      enum recipient_kind *out)
{
	bool found = false;

	for (size_t i = 0; i < r->n; i++)
		for (int k = 0; k < RECIPIENT_KINDS; k++)
			if (strcasecmp(r->v[i].name, OBJECT_CLASS) == 0 &&
			    strcasecmp((const char *)r->v[i].value.data,
				       classes[k]) == 0) {
				*out = (enum recipient_kind)k;
				found = true;
			}
	return found || fail_at(m, r, "objectClass is none of user, group, "
				"msExchDynamicDistributionList, contact, "
				"publicFolder, agent, room and equipment");
}

/* What the file says nothing of stays as it is. */
static void take_rest(struct import *m, struct dir_recipient *d)
{
	const struct recipient *r = recipients_guid(m->people.s, &d->guid);
	struct dir_recipient old;

	if (r == NULL)
		return;
	people_read(m->cli, r, &old);
	if (d->display_name == NULL)
		d->display_name = old.display_name;
	if (d->legacy_dn == NULL)
		d->legacy_dn = old.legacy_dn;
	if (d->filter == NULL)
		d->filter = old.filter;
	if (d->address_count == 0) {
		d->addresses = old.addresses;
		d->address_count = old.address_count;
	}
	if (r->kind != RECIPIENT_MAILBOX)
		d->kind = old.kind;
}

/* "mail" first, then the SMTP addresses among the proxies. */
static void take_addresses(struct import *m, const struct ldif_record *r,
			   struct dir_recipient *out)
{
	const char **list = arena_array(cli_arena(m->cli), r->n + 1,
					sizeof *list);
	const char *mail = field(r, "mail");

	if (mail != NULL)
		list[out->address_count++] = mail;
	for (size_t i = 0; i < r->n; i++) {
		const char *v = (const char *)r->v[i].value.data;

		if (strcasecmp(r->v[i].name, "proxyAddresses") == 0 &&
		    strncasecmp(v, "smtp:", 5) == 0 &&
		    (mail == NULL || strcasecmp(v + 5, mail) != 0))
			list[out->address_count++] = v + 5;
	}
	out->addresses = list;
}

static bool is_hidden(const struct ldif_record *r)
{
	const char *hidden = field(r, HIDDEN);

	return hidden != NULL && strcasecmp(hidden, "TRUE") == 0;
}

/* The recipient that a record means: made, or given its main attributes. */
static bool import_one(struct import *m, const struct ldif_record *r,
		       struct guid *out)
{
	struct directory *dir = cli_directory(m->cli);
	struct dir_recipient d = { .alias = field(r, "mailNickname"),
		.display_name = field(r, "displayName"),
		.legacy_dn = field(r, "legacyExchangeDN"),
		.filter = field(r, FILTER) };
	struct err err;
	bool there, ok;

	if (!take_kind(m, r, &d.kind))
		return false;
	if (d.alias == NULL)
		return fail_at(m, r, "there is no mailNickname");
	there = look_up(m, d.alias, &d.guid);
	d.hidden = is_hidden(r);
	take_addresses(m, r, &d);
	if (there)
		take_rest(m, &d);
	if (d.kind == RECIPIENT_MAILBOX && !there)
		return fail_at(m, r, "there is no such user; make users with "
			       "\"posthouse user new\" first");
	if (d.kind == RECIPIENT_MAILBOX)
		ok = directory_set_hidden(dir, &d.guid, d.hidden, &err);
	else if (there)
		ok = directory_set_recipient(dir, &d, &err);
	else
		ok = directory_new_recipient(dir, &d, &err);
	*out = d.guid;
	m->changed += there;
	m->made += !there;
	return ok || fail_at(m, r, err.text);
}

static bool take_value(struct import *m, const struct ldif_record *r,
		       const struct recipient_attr *attr,
		       const struct bin *text, struct bin *out)
{
	struct arena *a = cli_arena(m->cli);
	struct guid *guid;

	if ((attr->flags & ATTR_LINK) != 0) {
		guid = arena_alloc(a, sizeof *guid);
		*out = (struct bin){ guid->b, sizeof guid->b };
		return look_up(m, (const char *)text->data, guid) ||
			fail_at(m, r, arena_printf(a, "%s: there is no "
				"recipient %s", attr->ldap,
				(const char *)text->data));
	}
	if ((attr->flags & ATTR_LARGE) != 0) {
		*out = *text;
		return true;
	}
	return people_value(m->cli, &m->people, attr,
			    (const char *)text->data, out);
}

/* All values of one attribute, which begins at field i. */
static bool take_change(struct import *m, const struct ldif_record *r,
			size_t i, const struct recipient_attr *attr,
			struct recipient_change *out)
{
	struct bin *v = arena_array(cli_arena(m->cli), r->n - i, sizeof *v);
	uint32_t n = 0;

	for (; i < r->n; i++) {
		const struct ldif_field *f = &r->v[i];
		const char *text = (const char *)f->value.data;

		if (recipient_attr_named(f->name) != attr ||
		    f->value.len == 0 ||
		    /* Those are the recipient's addresses. */
		    (attr->tag == PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES &&
		     strncasecmp(text, "smtp:", 5) == 0))
			continue;
		if (!take_value(m, r, attr, &f->value, &v[n++]))
			return false;
	}
	*out = (struct recipient_change){ RECIPIENT_SET, attr->tag, n, v };
	return true;
}

static bool import_attributes(struct import *m, const struct ldif_record *r,
			      const struct guid *guid)
{
	struct recipient_change *changes = arena_array(cli_arena(m->cli),
		CHANGES_MAX, sizeof *changes);
	size_t n = 0;
	struct err err;

	for (size_t i = 0; i < r->n; i++) {
		const struct recipient_attr *attr =
			recipient_attr_named(r->v[i].name);
		bool seen = false;

		if (attr == NULL || (attr->flags & ATTR_FIXED) != 0)
			continue;
		for (size_t j = 0; j < n; j++)
			seen = seen || changes[j].tag == attr->tag;
		if (seen || n == CHANGES_MAX)
			continue;
		if (!take_change(m, r, i, attr, &changes[n++]))
			return false;
	}
	return n == 0 || directory_set_attributes(cli_directory(m->cli),
						  guid, changes, n, &err) ||
		fail_at(m, r, err.text);
}

/* First everything that may be linked to, then what links. */
static bool import_all(struct import *m)
{
	m->guids = xcalloc(m->n + 1, sizeof *m->guids);
	for (uint32_t i = 0; i < recipients_slots(m->people.s); i++) {
		const struct recipient *r = recipients_slot(m->people.s, i);

		if (r != NULL)
			know(m, recipient_text(r, PID_TAG_ACCOUNT),
			     &r->guid);
	}
	sort_known(m);
	for (size_t i = 0; i < m->n; i++)
		if (!import_one(m, &m->records[i], &m->guids[i]))
			return false;
	for (size_t i = 0; i < m->n; i++) {
		know(m, field(&m->records[i], "dn"), &m->guids[i]);
		know(m, field(&m->records[i], "mailNickname"), &m->guids[i]);
		know(m, field(&m->records[i], "mail"), &m->guids[i]);
	}
	sort_known(m);
	for (size_t i = 0; i < m->n; i++)
		if (!import_attributes(m, &m->records[i], &m->guids[i]))
			return false;
	return true;
}

static int run_import(struct cli *cli)
{
	const char *path = cli_arg(cli, 0);
	struct import m = { .cli = cli };
	struct buf file = BUF_INIT;
	bool csv, ok;

	if (!is_csv(cli, path, &csv))
		return CLI_USAGE;
	if (!people_open(cli, &m.people))
		return CLI_FAILED;
	ok = read_file(&m, path, &file) && parse(&m, &file, csv) &&
		import_all(&m);
	if (ok || m.made + m.changed > 0)
		cli_say(cli, "%u made, %u changed", m.made, m.changed);
	people_close(&m.people);
	buf_free(&file);
	free(m.records);
	free(m.guids);
	free(m.known);
	return ok ? CLI_OK : CLI_FAILED;
}

static const struct cli_option options[] = {
	{ "format", "FORMAT", "ldif or csv (default: by the file's name)",
	  false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_recipients[] = {
	{ "recipients", "import", "FILE", "Add or change recipients that an "
	  "LDIF or a CSV file has; - reads standard input.", options, 1, 1,
	  false, run_import },
	{ "recipients", "export", "FILE", "Write all recipients as LDIF or "
	  "CSV; - writes standard output.", options, 1, 1, false,
	  run_export },
	{ .noun = NULL },
};
