/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, statuses and codes, wherever they stand in a text. */
#include "analyzer/explain_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ec.h"
#include "mapi/http_body.h"

enum { EXCHANGES_MAX = 200, LINE_MAX_LEN = 4096 };

/* ---- HTML to text ---- */

static const struct {
	const char *entity, *text;
} entities[] = {
	{ "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" },
	{ "&#39;", "'" }, { "&apos;", "'" }, { "&nbsp;", " " },
	{ "&#xD;", "\n" }, { "&#xA;", "\n" }, { "&amp;", "&" },
};
enum { ENTITIES = sizeof entities / sizeof *entities };

/* The text of an entity at p, and its length there; NULL if it is none. */
static const char *entity_at(const char *p, const char *end, size_t *len)
{
	for (size_t i = 0; i < ENTITIES; i++) {
		*len = strlen(entities[i].entity);
		if ((size_t)(end - p) >= *len &&
		    strncasecmp(p, entities[i].entity, *len) == 0)
			return entities[i].text;
	}
	return NULL;
}

/*
 * "<br>", "</p>", "<!--", "<a b=\"…\">": where the tag ends; NULL for a "<"
 * of text.
 */
static const char *tag_end(const char *p, const char *end)
{
	char quote = '\0';
	const char *stop;

	if (end - p < 3 || (!isalpha((unsigned char)p[1]) && p[1] != '/' &&
			    p[1] != '!' && p[1] != '?'))
		return NULL;
	for (stop = p; stop < end; stop++) {
		if (quote != '\0')
			quote = *stop == quote ? '\0' : quote;
		else if (*stop == '"' && stop[-1] == '=')
			quote = *stop;
		else if (*stop == '>')
			return stop;
	}
	return memchr(p, '>', (size_t)(end - p));
}

const char *explain_plain(struct arena *arena, const char *text, size_t len,
			  size_t *out_len)
{
	const char *end = text + len, *stop, *plain, *inside = NULL;
	char *out = arena_alloc(arena, len + 1), *at = out;

	for (const char *p = text; p < end; p++) {
		size_t skip;

		if (*p == '<' && (stop = tag_end(p, end)) != NULL) {
			*at++ = '\n';
			/* Reports as XML have their texts in attributes. */
			text = memmem(p, (size_t)(stop - p), "=\"", 2);
			p = text != NULL ? text + 1 : stop;
			inside = text != NULL ? stop : NULL;
		} else if (inside != NULL && p >= inside) {
			inside = NULL;
		} else if (*p == '&' &&
			   (plain = entity_at(p, end, &skip)) != NULL) {
			*at++ = *plain;
			p += skip - 1;
		} else {
			*at++ = *p != '\0' ? *p : ' ';
		}
	}
	*at = '\0';
	*out_len = (size_t)(at - out);
	return out;
}

/* ---- lines ---- */

struct reader {
	struct observed *o;
	struct observed_exchange *x;      /* the answer that is read */
	enum observed_op op;              /* of the request before it */
	unsigned auth;
	size_t recognised, exchanges;
};

static enum observed_op op_of(const char *type)
{
	static const struct {
		const char *name;
		enum observed_op op;
	} ops[] = {
		{ "Connect", OP_CONNECT }, { "Execute", OP_EXECUTE },
		{ "NotificationWait", OP_WAIT },
		{ "Disconnect", OP_DISCONNECT }, { "Bind", OP_CONNECT },
	};

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (strncasecmp(type, ops[i].name,
				strlen(ops[i].name)) == 0)
			return ops[i].op;
	return OP_NONE;
}

static struct observed_exchange *begin(struct reader *r, int status)
{
	if (r->exchanges < EXCHANGES_MAX) {
		r->x = observed_add(r->o, r->op);
		r->exchanges++;
	}
	r->x->auth = r->auth;
	r->x->status = status;
	r->recognised++;
	return r->x;
}

/* The value of "Name: value" at the beginning of a line; NULL. */
static const char *header(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	return line + strspn(line, " \t");
}

static void take_challenges(struct reader *r, const char *value)
{
	struct observed *o = r->o;
	size_t len = strcspn(value, ",");

	o->challenged = true;
	for (;; value += len + 1, len = strcspn(value, ",")) {
		size_t blank, word;
		unsigned auth;

		while (*value == ' ')
			value++, len--;
		blank = strcspn(value, " ");
		word = blank < len ? blank : len;
		auth = method_of(value, word);
		if (auth != 0) {
			o->offered |= auth;
			o->methods[method_index(auth)].offered = true;
			if (r->x != NULL && word < len)
				r->x->ntlm_challenge = true;
		} else {
			o->unknown_methods++;
		}
		if (value[len] == '\0')
			return;
	}
}

static void take_request(struct reader *r, const char *line)
{
	const char *value;

	if (strncmp(line, "POST /", 6) == 0 || strncmp(line, "GET /", 5) == 0) {
		r->op = line[0] == 'G' ? OP_ANONYMOUS : OP_NONE;
		r->auth = 0;
		r->x = NULL;
	} else if ((value = header(line, "X-RequestType")) != NULL) {
		r->op = op_of(value);
		if (r->x != NULL && r->x->op == OP_NONE)
			r->x->op = r->op;
	} else if ((value = header(line, "Authorization")) != NULL) {
		r->auth = method_of(value, strcspn(value, " "));
		/* An empty Bearer asks for the methods. */
		if (r->auth == HTTP_AUTH_BEARER && value[6] == '\0')
			r->auth = 0;
		if (r->auth != 0 && r->op == OP_ANONYMOUS)
			r->op = OP_AUTHENTICATE;
	}
}

static const char *kept(const struct reader *r, const char *value)
{
	return arena_strdup(r->o->arena, value);
}

/* Headers of answers; those alone, without a status line, begin one. */
static void take_answer(struct reader *r, const char *line)
{
	static const struct {
		const char *name;
		size_t at;
	} texts[] = {
		{ "X-FEServer", offsetof(struct observed_exchange,
					 fe_server) },
		{ "X-BEServer", offsetof(struct observed_exchange,
					 be_server) },
		{ "X-CalculatedBETarget", offsetof(struct observed_exchange,
						   be_target) },
		{ "X-ServerApplication", offsetof(struct observed_exchange,
						  server_application) },
		{ "X-DiagInfo", offsetof(struct observed_exchange,
					 diag_info) },
	};
	const char *value;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if ((value = header(line, texts[i].name)) != NULL) {
			if (r->x == NULL)
				begin(r, 0);
			*(const char **)((char *)r->x + texts[i].at) =
				kept(r, value);
			r->recognised++;
		}
	if ((value = header(line, "X-ResponseCode")) != NULL) {
		if (r->x == NULL)
			begin(r, 200);
		r->x->response_code = atoi(value);
		r->recognised++;
	}
	if ((value = header(line, "WWW-Authenticate")) != NULL) {
		if (r->x == NULL)
			begin(r, 401);
		take_challenges(r, value);
		r->recognised++;
	}
}

/* "HTTP/1.1 401 Unauthorized" */
static int status_line(const char *line)
{
	if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12)
		return 0;
	return atoi(line + 9);
}

static void take_line(struct reader *r, const char *line)
{
	int status = status_line(line);

	if (status >= 100 && status <= 599) {
		begin(r, status);
		return;
	}
	take_request(r, line);
	take_answer(r, line);
}

static void take_lines(struct reader *r, const char *text)
{
	char line[LINE_MAX_LEN];

	while (*text != '\0') {
		size_t len = strcspn(text, "\r\n"), n = len;

		while (n > 0 && isspace((unsigned char)*text))
			text++, n--, len--;
		if (n >= sizeof line)
			n = sizeof line - 1;
		memcpy(line, text, n);
		while (n > 0 && isspace((unsigned char)line[n - 1]))
			n--;
		line[n] = '\0';
		take_line(r, line);
		text += len;
		text += strspn(text, "\r\n");
	}
}

/* ---- what may stand anywhere ---- */

static void take_failures(struct reader *r, const char *text)
{
	const char *at = text;

	while ((at = strcasestr(at, "X-FailureContext:")) != NULL) {
		struct failure_context c;
		const char *value;

		at += 17;
		at += strspn(at, " \t\r\n");
		value = arena_strndup(r->o->arena, at, strcspn(at, "\r\n"));
		if (!failure_context_parse(value, r->o->arena, &c))
			continue;
		if (r->o->last == NULL)
			begin(r, c.status);
		r->o->last->has_failure = true;
		r->o->last->failure_context = c;
		r->recognised++;
	}
}

static void take_statuses(struct reader *r, const char *text)
{
	const char *at = text;

	while ((at = strcasestr(at, "HttpStatusCode: ")) != NULL) {
		int status = atoi(at += 16);
		const struct observed_exchange *x = r->o->first;

		while (x != NULL && x->status != status)
			x = x->next;
		if (x == NULL && status >= 100 && status <= 599)
			begin(r, status);
	}
}

/* "(hr=0x80040112, ec=1246)", also as a negative number */
static void take_codes(struct reader *r, const char *text)
{
	bool logon = strcasestr(text, "Unable to open message store") != NULL
		|| strcasestr(text, "ROP: ropLogon") != NULL;
	const char *at = text;

	while ((at = strstr(at, " ec=")) != NULL) {
		char *end;
		long long code = strtoll(at += 4, &end, 0);
		struct observed_exchange *x;

		if (end == at || code == 0 || code > UINT32_MAX ||
		    code < INT32_MIN || r->exchanges == EXCHANGES_MAX)
			continue;
		r->op = logon ? OP_LOGON : OP_EXECUTE;
		x = begin(r, 0);
		x->has_ec = true;
		x->ec = (uint32_t)code;
	}
}

/* "FailureLID: 47372" */
static void take_failure_lids(struct reader *r, const char *text)
{
	const char *at = text;

	while ((at = strcasestr(at, "FailureLID: ")) != NULL) {
		struct diag_line line = {
			.lid = (uint32_t)strtoul(at += 12, NULL, 10),
			.kind = DIAG_BARE, .text = "" };

		if (lid_find(line.lid) == NULL || r->o->diag.n > 0)
			continue;
		observed_diag(r->o, &(struct diag_context){ 1, &line });
		r->recognised++;
	}
}

/* What was refused, if nothing that came after it was let in. */
static void settle_methods(struct observed *o)
{
	for (const struct observed_exchange *x = o->first; x != NULL;
	     x = x->next)
		if (x->auth != 0 && x->status != 0)
			o->methods[method_index(x->auth)].state =
				x->status == 401 ? METHOD_REFUSED :
				METHOD_WORKS;
}

size_t explain_observe(const char *text, size_t len, struct observed *o)
{
	struct reader r = { .o = o };
	struct diag_context diag;
	const char *plain = explain_plain(o->arena, text, len, &len);

	o->from_text = true;
	take_lines(&r, plain);
	take_failures(&r, plain);
	take_statuses(&r, plain);
	take_codes(&r, plain);
	take_failure_lids(&r, plain);
	settle_methods(o);
	if (diag_parse(plain, len, o->arena, &diag)) {
		observed_diag(o, &diag);
		r.recognised += diag.n;
	}
	return r.recognised;
}
