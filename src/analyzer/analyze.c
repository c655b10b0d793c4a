/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/analyze_impl.h"

bool step_failed(struct analysis *a, const struct err *err)
{
	return report_end(a->r, STEP_ERROR, "%s", err->text);
}

static bool run_steps(struct analysis *a)
{
	const char *because = "An earlier step failed.";

	if (!step_resolve(a) || !step_port(a) || !step_tls(a) ||
	    !step_auth(a)) {
		report_skip(a->r, "Testing the MAPI Mail Store endpoint on "
			    "the Exchange server.", because);
		return false;
	}
	return step_mail_store(a);
}

bool analyze_run(struct report *r, const struct analyze_options *options)
{
	struct analysis a = { .r = r, .o = options,
			      .arena = report_arena(r) };
	struct err err;
	bool ok;

	if (!analyze_url(&a, &err)) {
		report_begin(r, "Testing MAPI over HTTP connectivity to %s",
			     options->url);
		return step_failed(&a, &err);
	}
	report_begin(r, "Testing MAPI over HTTP connectivity to server %s",
		     a.host);
	ok = run_steps(&a);
	return report_end(r, ok ? STEP_SUCCESS : STEP_ERROR, "%s", ok ?
			  "MAPI over HTTP connectivity was verified "
			  "successfully." :
			  "MAPI over HTTP connectivity failed.");
}
