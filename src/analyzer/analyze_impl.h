/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps share. */
#ifndef ANALYZER_ANALYZE_IMPL_H
#define ANALYZER_ANALYZE_IMPL_H

#include "analyzer/analyze.h"
#include "analyzer/mapi_client.h"

/* One analysis on its way. */
struct analysis {
	struct report *r;
	const struct analyze_options *o;
	struct arena *arena;      /* the report's */
	bool tls;
	const char *host, *port, *path;   /* of the URL */
	unsigned auth;            /* chosen */
	struct observed *seen;
	enum observed_op op;      /* what the running step does */
	struct mapi_client *client;
	uint32_t logon;           /* handle */
	uint64_t top, inbox;      /* folder IDs */
	uint64_t message;         /* to be opened; 0: the Inbox is empty */
	uint32_t total;           /* messages in the Inbox */
};

/* analyze_net.c: name, port, certificate. */
bool analyze_url(struct analysis *a, struct err *err);
bool step_resolve(struct analysis *a);
bool step_port(struct analysis *a);
bool step_tls(struct analysis *a);

/* analyze_http.c: the health page and the 401 round. */
void step_health(struct analysis *a);
bool step_auth(struct analysis *a);

/* analyze_sessions.c: as many sessions at once as were asked for. */
bool step_sessions(struct analysis *a);

/* analyze.c: note the client's last request in what was observed, with err
 * NULL if it went well; and show its headers, or why it failed, as details of
 * the running step. */
void note_answer(struct analysis *a, const struct mapi_client *client,
		 enum observed_op op, const struct err *err);
void detail_servers(struct analysis *a, const struct http_response *rsp);
void detail_diag(struct analysis *a, const struct diag_context *diag);

/* analyze_store.c */
struct mapi_client *new_client(const struct analysis *a);
bool logon_with(struct analysis *a, struct mapi_client *client,
		uint32_t *logon, struct rop_logon_rsp *rsp, struct err *err);
bool step_mail_store(struct analysis *a);

/* analyze_mail.c: below the logon. */
bool step_folders(struct analysis *a);
bool step_newest(struct analysis *a);
bool step_open_message(struct analysis *a);

/* analyze_nspi.c */
#define STEP_ADDRESS_BOOK \
	"Testing the MAPI Address Book endpoint on the Exchange server."
bool step_address_book(struct analysis *a);

/* analyze_autodiscover.c: on the endpoint's host. */
bool step_autodiscover(struct analysis *a);

/* analyze_write.c */
bool step_write(struct analysis *a);

bool open_folder(struct analysis *a, uint64_t id, uint32_t *handle,
		 struct err *err);
void release(struct analysis *a, uint32_t handle);

/* End the running step as an error that err tells of. */
bool step_failed(struct analysis *a, const struct err *err);

/*
 * The rows of a table, at most max, in the analysis's arena; each has a value
 * a column.
 */
bool read_table(struct analysis *a, uint32_t table,
		const struct prop_tags *columns, uint32_t max,
		const struct prop_values **rows, uint32_t *n, struct err *err);

#endif
