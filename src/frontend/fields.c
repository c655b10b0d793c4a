/* SPDX-License-Identifier: Apache-2.0 */
#include "frontend/fields.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/hop.h"
#include "frontend/be_cookie.h"

struct name {
	const char *text;
	size_t len;
};

#define NAME(text) { text, sizeof text - 1 }

/* RFC 9110 7.6.1, and what each side makes anew. */
static const struct name connection_fields[] = {
	NAME("connection"), NAME("keep-alive"), NAME("proxy-connection"),
	NAME("proxy-authenticate"), NAME("proxy-authorization"), NAME("te"),
	NAME("trailer"), NAME("transfer-encoding"), NAME("upgrade"),
	NAME("content-length"),
};

static const struct name request_fields[] = {
	NAME("host"), NAME("expect"), NAME("request-id"),
	NAME("x-forwarded-for"), NAME("x-forwarded-proto"),
	NAME("x-forwarded-host"), NAME("forwarded"), NAME("via"),
	NAME("cookie"),
};

static const struct name answer_fields[] = {
	NAME("date"), NAME("request-id"), NAME("x-calculatedbetarget"),
	NAME("x-feserver"), NAME("server"),
};

static bool is_in(const struct name *names, size_t n, const char *name,
		  size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].len == len &&
		    strncasecmp(names[i].text, name, len) == 0)
			return true;
	return false;
}

#define IS_IN(names, name, len) \
	is_in(names, sizeof names / sizeof *names, name, len)

static bool is_name(const char *name, size_t len, const char *text)
{
	return strlen(text) == len && strncasecmp(name, text, len) == 0;
}

/* Whether a Connection field's list has the name. */
static bool list_has(const char *list, const char *name, size_t len)
{
	while (*list != '\0') {
		size_t n;

		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == len && strncasecmp(list, name, len) == 0)
			return true;
		list += n;
	}
	return false;
}

/* All Connection fields of a message; few have more than one. */
struct nominated {
	const char *list[4];
	unsigned n;
	bool too_many;            /* then nothing is taken that is not known */
};

static void nominate(struct nominated *all, const char *name, size_t len,
		     const char *value)
{
	if (!is_name(name, len, "connection"))
		return;
	if (all->n == sizeof all->list / sizeof *all->list)
		all->too_many = true;
	else
		all->list[all->n++] = value;
}

static bool is_nominated(const struct nominated *all, const char *name,
			 size_t len)
{
	for (unsigned i = 0; i < all->n; i++)
		if (list_has(all->list[i], name, len))
			return true;
	return all->too_many;
}

static void put_line(struct buf *out, const char *name, size_t len,
		     const char *value)
{
	buf_add(out, name, len);
	buf_add(out, ": ", 2);
	buf_add(out, value, strlen(value));
	buf_add(out, "\r\n", 2);
}

/* --- Requests --------------------------------------------------------- */

/* The client's cookies, but the front end's own. */
static void put_cookies(struct buf *out, const char *value)
{
	static const char own[] = BE_COOKIE_NAME "=";
	bool any = false;

	while (*value != '\0') {
		size_t len;

		value += strspn(value, "; \t");
		len = strcspn(value, ";");
		if (len > 0 && strncasecmp(value, own, sizeof own - 1) != 0) {
			buf_puts(out, any ? "; " : "Cookie: ");
			buf_add(out, value, len);
			any = true;
		}
		value += len;
	}
	if (any)
		buf_puts(out, "\r\n");
}

static bool request_field_passes(const char *name, size_t len,
				 bool credentials)
{
	if (is_name(name, len, "authorization"))
		return credentials;
	return !IS_IN(connection_fields, name, len) &&
		!IS_IN(request_fields, name, len) &&
		!hop_is_internal(name, len);
}

void fields_request(const struct http_request *req, bool credentials,
		    struct buf *out)
{
	struct nominated nominated = { .n = 0 };
	const char *name, *value;

	for (unsigned i = 0; http_field_at(req, i, &name, &value); i++)
		nominate(&nominated, name, strlen(name), value);
	for (unsigned i = 0; http_field_at(req, i, &name, &value); i++) {
		size_t len = strlen(name);

		if (is_nominated(&nominated, name, len))
			continue;
		if (is_name(name, len, "cookie"))
			put_cookies(out, value);
		else if (request_field_passes(name, len, credentials))
			put_line(out, name, len, value);
	}
}

/* --- Answers ---------------------------------------------------------- */

static bool answer_field_passes(const char *name, size_t len,
				bool credentials)
{
	if (is_name(name, len, "www-authenticate") ||
	    is_name(name, len, "persistent-auth"))
		return credentials;
	return !IS_IN(connection_fields, name, len) &&
		!IS_IN(answer_fields, name, len) &&
		strncasecmp(name, "x-posthouse-", 12) != 0;
}

void fields_answer(const struct http_answer *answer, bool credentials,
		   struct http_request *req)
{
	struct nominated nominated = { .n = 0 };

	for (unsigned i = 0; i < answer->n_fields; i++)
		nominate(&nominated, answer->fields[i].name,
			 answer->fields[i].name_len, answer->fields[i].value);
	for (unsigned i = 0; i < answer->n_fields; i++) {
		const struct http_text_field *f = &answer->fields[i];

		if (!is_nominated(&nominated, f->name, f->name_len) &&
		    answer_field_passes(f->name, f->name_len, credentials))
			http_header(req, f->name, f->value);
	}
}

/* --- WWW-Authenticate ------------------------------------------------- */

static bool is_challenge(const struct http_text_field *f)
{
	return is_name(f->name, f->name_len, "www-authenticate");
}

void fields_offered(const struct http_answer *answer, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < answer->n_fields; i++) {
		const struct http_text_field *f = &answer->fields[i];
		size_t len = strspn(f->value, "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

		if (!is_challenge(f) || len == 0 || at + len + 3 > size)
			continue;
		at += (size_t)snprintf(out + at, size - at, "%s%.*s",
				       at > 0 ? ", " : "", (int)len, f->value);
	}
}

const char *fields_challenge(const struct http_answer *answer,
			     const char *scheme)
{
	size_t len = strlen(scheme);

	for (unsigned i = 0; i < answer->n_fields; i++) {
		const char *value = answer->fields[i].value;

		if (!is_challenge(&answer->fields[i]) ||
		    strncasecmp(value, scheme, len) != 0 ||
		    (value[len] != '\0' && value[len] != ' '))
			continue;
		value += len;
		return value + strspn(value, " ");
	}
	return NULL;
}
