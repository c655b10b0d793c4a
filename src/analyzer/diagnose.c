/* SPDX-License-Identifier: Apache-2.0 */
/* Running the rules, and telling what they found. */
#include "analyzer/diagnose_impl.h"

#include <stdarg.h>
#include <string.h>

#include "analyzer/report.h"

static const struct rule *const tables[] = {
	rules_network, rules_hop, rules_auth, rules_mailbox, rules_protocol,
};
enum { TABLES = sizeof tables / sizeof *tables };

/* ---- what the rules use ---- */

void evidence(const struct observed *o, struct finding *f,
	      const char *format, ...)
{
	va_list ap;

	if (f->evidence == NULL)
		f->evidence = arena_array(o->arena, EVIDENCE_MAX,
					  sizeof *f->evidence);
	if (f->n_evidence == EVIDENCE_MAX)
		return;
	va_start(ap, format);
	f->evidence[f->n_evidence++] = arena_vprintf(o->arena, format, ap);
	va_end(ap);
}

const char *say(const struct observed *o, const char *format, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, format);
	text = arena_vprintf(o->arena, format, ap);
	va_end(ap);
	return text;
}

const char *op_name(enum observed_op op)
{
	static const char *const names[] = {
		[OP_NONE] = "a request", [OP_RESOLVE] = "name resolution",
		[OP_TCP] = "the connection", [OP_TLS] = "the TLS handshake",
		[OP_HEALTH] = "the health page",
		[OP_ANONYMOUS] = "the anonymous request",
		[OP_AUTHENTICATE] = "the authenticated request",
		[OP_CONNECT] = "Connect", [OP_LOGON] = "RopLogon",
		[OP_EXECUTE] = "Execute", [OP_WAIT] = "NotificationWait",
		[OP_DISCONNECT] = "Disconnect",
		[OP_AUTODISCOVER] = "Autodiscover",
		[OP_ADDRESS_BOOK] = "an address book request",
	};

	return names[op];
}

const struct observed_exchange *with_status(const struct observed *o,
					    int status)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && x->status != status)
		x = x->next;
	return x;
}

const struct observed_exchange *with_response_code(const struct observed *o,
						   int code)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && x->response_code != code)
		x = x->next;
	return x;
}

const struct observed_exchange *with_ec(const struct observed *o, uint32_t ec)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && (!x->has_ec || x->ec != ec))
		x = x->next;
	return x;
}

const struct observed_exchange *with_failure(const struct observed *o,
					     enum http_failure failure)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && x->failure != failure)
		x = x->next;
	return x;
}

const struct observed_exchange *with_failure_code(const struct observed *o,
						  enum failure_code code)
{
	const struct observed_exchange *x = o->first;

	while (x != NULL && (!x->has_failure ||
			     x->failure_context.code != code))
		x = x->next;
	return x;
}

const struct diag_line *diag_either(const struct observed *o, uint32_t ours,
				    uint32_t exchanges)
{
	const struct diag_line *line = diag_find(&o->diag, ours);

	return line != NULL ? line : diag_find(&o->diag, exchanges);
}

const char *server_of(const struct observed *o,
		      const struct observed_exchange *x)
{
	if (x != NULL && x->be_server != NULL)
		return x->be_server;
	if (x != NULL && x->be_target != NULL)
		return x->be_target;
	return o->host != NULL ? o->host : "the server";
}

/* ---- running ---- */

static void run(const struct rule *rule, const struct observed *o,
		struct diagnosis *d)
{
	struct finding f = {
		.rule = rule->info.name, .meaning = rule->meaning,
		.cure = rule->cure, .confidence = rule->confidence,
		.warning = rule->warning, .rank = rule->rank,
	};

	if (d->n == FINDINGS_MAX || !rule->check(rule, o, &f))
		return;
	d->v[d->n++] = f;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at != NULL; at = strchr(at, ' ')) {
		at += strspn(at, " ");
		if (strncmp(at, word, len) == 0 &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

static const struct rule *rule_named(const char *name)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct rule *r = tables[t]; r->info.name != NULL;
		     r++)
			if (strcmp(r->info.name, name) == 0)
				return r;
	return NULL;
}

static bool is_explained(const struct diagnosis *d, const char *rule)
{
	for (size_t i = 0; i < d->n; i++) {
		const char *explains = rule_named(d->v[i].rule)->explains;

		if (explains != NULL && has_word(explains, rule))
			return true;
	}
	return false;
}

/* What another finding explains goes; causes come first. */
static void settle(const struct diagnosis *all, struct diagnosis *out)
{
	out->n = 0;
	for (size_t i = 0; i < all->n; i++) {
		size_t at = out->n;

		if (is_explained(all, all->v[i].rule))
			continue;
		while (at > 0 && out->v[at - 1].rank > all->v[i].rank) {
			out->v[at] = out->v[at - 1];
			at--;
		}
		out->v[at] = all->v[i];
		out->n++;
	}
}

void diagnose(const struct observed *o, struct diagnosis *out)
{
	struct diagnosis all = { 0 };

	for (size_t t = 0; t < TABLES; t++)
		for (const struct rule *r = tables[t]; r->info.name != NULL;
		     r++)
			run(r, o, &all);
	settle(&all, out);
}

const struct finding *diagnosis_find(const struct diagnosis *d,
				     const char *rule)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].rule, rule) == 0)
			return &d->v[i];
	return NULL;
}

const struct rule_info *diagnose_rule(size_t n)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct rule *r = tables[t]; r->info.name != NULL;
		     r++)
			if (n-- == 0)
				return &r->info;
	return NULL;
}

/* ---- telling ---- */

const char *confidence_name(enum confidence c)
{
	static const char *const names[] = { "possible", "likely",
					     "certain" };

	return names[c];
}

/* Text of a peer may be in it: no control characters get to a terminal. */
static void put(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' :
		      *text, out);
}

static void print_one(FILE *out, const struct finding *f, bool color)
{
	const char *on = !color ? "" : f->warning ? "\033[33m" :
		"\033[1;31m";

	fprintf(out, "  %s%s%s [%s, %s]\n    ", on, f->rule,
		color ? "\033[0m" : "", f->warning ? "warning" : "error",
		confidence_name(f->confidence));
	put(out, f->meaning);
	fputc('\n', out);
	for (size_t i = 0; i < f->n_evidence; i++) {
		fputs("    Seen: ", out);
		put(out, f->evidence[i]);
		fputc('\n', out);
	}
	if (*f->cure == '\0')
		return;
	fputs("    Cure: ", out);
	for (const char *at = f->cure; *at != '\0'; at++)
		if (*at == '\n')
			fputs("\n          ", out);
		else
			fputc((unsigned char)*at < 0x20 ? ' ' : *at, out);
	fputc('\n', out);
}

void diagnosis_print(FILE *out, const struct diagnosis *d, bool color)
{
	if (d->n == 0)
		return;
	fputs("Diagnosis:\n", out);
	for (size_t i = 0; i < d->n; i++)
		print_one(out, &d->v[i], color);
}

static json_t *finding_json(const struct finding *f)
{
	json_t *seen = json_array();

	for (size_t i = 0; i < f->n_evidence; i++)
		json_array_append_new(seen, report_string(f->evidence[i]));
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o}", "rule", f->rule,
			 "severity", f->warning ? "warning" : "error",
			 "meaning", report_string(f->meaning),
			 "cure", report_string(f->cure),
			 "confidence", confidence_name(f->confidence),
			 "evidence", seen);
}

json_t *diagnosis_json(const struct diagnosis *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(all, finding_json(&d->v[i]));
	return all;
}
