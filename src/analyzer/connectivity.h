/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test-MapiConnectivity: log on to a mailbox, and tell in one row how it
 * went, as Exchange's cmdlet does.
 */
#ifndef ANALYZER_CONNECTIVITY_H
#define ANALYZER_CONNECTIVITY_H

#include <jansson.h>

#include "analyzer/analyze.h"

struct connectivity {
	/* Given: what the row shows, and how to get there (analyze.h). */
	const char *mailbox_server;       /* "MX1" */
	const char *database;             /* "DB1" */
	const char *mailbox;              /* the address; NULL: none */
	struct analyze_options options;
	/* Found out: */
	bool ok;                  /* Result: "Success" or "*FAILURE*" */
	double latency_ms;        /* of the logon: Connect and RopLogon */
	const char *error;        /* "" if ok; in the arena */
	const char *cause;        /* what the diagnosis says; "" for nothing */
};

/*
 * Resolve, connect, authenticate, Connect, RopLogon and Disconnect; fills the
 * rest of the row, with strings in the arena.  Returns t->ok.
 */
bool test_mapi_connectivity(struct connectivity *t, struct arena *arena);

/*
 * An object with the properties that Exchange's cmdlet has: MailboxServer,
 * Database, Mailbox, Result, Error, Latency (ms) and, ours, Cause.  A new
 * reference.
 */
json_t *connectivity_json(const struct connectivity *t);

#endif
