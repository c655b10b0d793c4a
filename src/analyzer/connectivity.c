/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/connectivity.h"

#include <string.h>

#include "analyzer/diagnose.h"

/* The step that is the reason: the deepest one that failed first. */
static const struct step *failed_step(const struct step *s)
{
	for (const struct step *c = s->first; c != NULL; c = c->next)
		if (c->status == STEP_ERROR)
			return failed_step(c);
	return s;
}

/* The time of the two steps that are the logon. */
static double logon_ms(const struct step *s)
{
	double ms = 0;

	if (strncmp(s->description, "Connecting to the mail", 22) == 0 ||
	    strncmp(s->description, "Attempting to log on", 20) == 0)
		ms += s->elapsed;
	for (const struct step *c = s->first; c != NULL; c = c->next)
		ms += logon_ms(c);
	return ms;
}

bool test_mapi_connectivity(struct connectivity *t, struct arena *arena)
{
	struct report *r = report_new(NULL, false);
	struct observed *seen;
	struct diagnosis d;

	t->options.logon_only = true;
	t->error = t->cause = "";
	t->ok = analyze_run(r, &t->options, &seen);
	t->latency_ms = logon_ms(report_root(r));
	diagnose(seen, &d);
	if (!t->ok) {
		const struct step *s = failed_step(report_root(r));

		t->error = arena_strdup(arena, s->result);
		t->latency_ms = -1;
		if (d.n > 0)
			t->cause = arena_strdup(arena, d.v[0].meaning);
	}
	report_free(r);
	return t->ok;
}

static json_t *text_or_null(const char *text)
{
	return text != NULL && *text != '\0' ? report_string(text) :
		json_null();
}

json_t *connectivity_json(const struct connectivity *t)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:f, s:o}",
			 "MailboxServer", text_or_null(t->mailbox_server),
			 "Database", text_or_null(t->database),
			 "Mailbox", text_or_null(t->mailbox),
			 "Result", t->ok ? "Success" : "*FAILURE*",
			 "Error", text_or_null(t->error),
			 "Latency", t->latency_ms,
			 "Cause", text_or_null(t->cause));
}
