/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/observe.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In the order of the bits of enum http_auth. */
static const struct {
	const char *name, *scheme;
} methods[METHODS] = {
	{ "Basic", "Basic" }, { "Ntlm", "NTLM" },
	{ "Negotiate", "Negotiate" }, { "OAuth", "Bearer" },
};

unsigned method_index(unsigned auth)
{
	unsigned i = 0;

	while (i + 1 < METHODS && (auth & 1U << i) == 0)
		i++;
	return i;
}

const char *method_name(unsigned auth)
{
	return methods[method_index(auth)].name;
}

const char *method_names(struct arena *arena, unsigned auth)
{
	const char *all = "";

	for (unsigned i = 0; i < METHODS; i++)
		if (auth & 1U << i)
			all = arena_printf(arena, "%s%s%s", all,
					   *all != '\0' ? ", " : "",
					   methods[i].name);
	return *all != '\0' ? all : "(none)";
}

unsigned method_of(const char *name, size_t len)
{
	for (unsigned i = 0; i < METHODS; i++)
		if ((strlen(methods[i].name) == len &&
		     strncasecmp(methods[i].name, name, len) == 0) ||
		    (strlen(methods[i].scheme) == len &&
		     strncasecmp(methods[i].scheme, name, len) == 0))
			return 1U << i;
	return 0;
}

struct observed *observed_new(struct arena *arena)
{
	struct observed *o = arena_zalloc(arena, sizeof *o);

	o->arena = arena;
	return o;
}

struct observed_exchange *observed_add(struct observed *o,
				       enum observed_op op)
{
	struct observed_exchange *x = arena_zalloc(o->arena, sizeof *x);

	x->op = op;
	x->response_code = -1;
	if (o->last != NULL)
		o->last->next = x;
	else
		o->first = x;
	o->last = x;
	return x;
}

static const char *field(struct observed *o, const struct http_response *rsp,
			 const char *name)
{
	const char *value = http_response_field(rsp, name, 0);

	return value != NULL ? arena_strdup(o->arena, value) : NULL;
}

/*
 * Some clients know header names only as Exchange writes them (Outlook
 * 16.0.4266); a proxy that speaks HTTP/2 behind itself makes them small.
 */
static bool is_lower_case(const struct http_response *rsp)
{
	unsigned names = 0;

	for (size_t i = 0; i < rsp->n_fields; i++) {
		const char *name = rsp->fields[i].name;

		/* Exchange itself writes some in lower case. */
		if (strncasecmp(name, "X-", 2) != 0)
			continue;
		names++;
		for (; *name != '\0'; name++)
			if (*name >= 'A' && *name <= 'Z')
				return false;
	}
	return names > 1;
}

void observed_headers(struct observed *o, struct observed_exchange *x,
		      const struct http_response *rsp)
{
	const char *text = http_response_field(rsp, "X-FailureContext", 0);
	const char *code = http_response_field(rsp, "X-ResponseCode", 0);

	x->status = rsp->status;
	x->fe_server = field(o, rsp, "X-FEServer");
	x->be_server = field(o, rsp, "X-BEServer");
	x->be_target = field(o, rsp, "X-CalculatedBETarget");
	x->server_application = field(o, rsp, "X-ServerApplication");
	x->diag_info = field(o, rsp, "X-DiagInfo");
	x->lower_case = is_lower_case(rsp);
	x->rounds = rsp->responses > 0 ? rsp->responses - 1 : 0;
	x->elapsed = rsp->times.total * 1000;
	x->ntlm_challenge = rsp->challenge_token;
	if (text != NULL)
		x->has_failure = failure_context_parse(text, o->arena,
						       &x->failure_context);
	if (code != NULL && *code >= '0' && *code <= '9')
		x->response_code = (int)strtoul(code, NULL, 10);
}

void observed_diag(struct observed *o, const struct diag_context *diag)
{
	struct diag_line *v;

	if (diag->n == 0)
		return;
	v = arena_array(o->arena, o->diag.n + diag->n, sizeof *v);
	if (o->diag.n > 0)
		memcpy(v, o->diag.v, o->diag.n * sizeof *v);
	memcpy(v + o->diag.n, diag->v, diag->n * sizeof *v);
	o->diag = (struct diag_context){ o->diag.n + diag->n, v };
}

const struct observed_exchange *observed_find(const struct observed *o,
					      enum observed_op op)
{
	const struct observed_exchange *found = NULL;

	for (const struct observed_exchange *x = o->first; x != NULL;
	     x = x->next)
		if (x->op == op)
			found = x;
	return found;
}
