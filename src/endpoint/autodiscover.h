/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Autodiscover ([MS-OXDSCLI]): from an e-mail address to the URLs of the
 * mailbox.  Every server of the organisation answers for every mailbox, from
 * the directory alone; it needs no mailbox store, so a front end has it too.
 *
 *	/autodiscover/autodiscover.xml    POST, authenticated: the XML form
 *	/autodiscover/autodiscover.json   GET, for everyone: where that is
 *
 * A library of its own (autodiscover_dep).
 */
#ifndef ENDPOINT_AUTODISCOVER_H
#define ENDPOINT_AUTODISCOVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "directory/directory.h"
#include "mapi/autodiscover.h"

struct gate_policy;               /* auth/gate.h */
struct http_server;               /* http/server.h */
struct log;                       /* base/log.h */

/* Whose addresses are elsewhere. */
struct autodiscover_redirect {
	const char *domain;       /* of the addresses that are asked for */
	/* A URL ("https://…"): ask there; else a domain: ask for the same
	 * local part in it. */
	const char *to;
};

struct autodiscover_config {
	struct directory *dir;
	struct gate_policy *policy;       /* of the front-end virtual
					   * directory */
	struct log *log;          /* one line a request; NULL: none */
	const char *host;         /* FQDN of this server */
	const char *version;      /* X-ServerApplication: "Exchange/" + it;
				   * NULL: "15.00.1210.002" */
	const struct autodiscover_redirect *redirects;
	size_t redirect_count;
};

struct autodiscover_counters {
	uint64_t requests, settings, redirects, errors, json, unauthorized;
};

struct autodiscover_service;

/* config is copied with its strings; dir, policy and log must outlive it. */
struct autodiscover_service *
autodiscover_new(const struct autodiscover_config *config);
/* After the servers that it is attached to.  NULL is allowed. */
void autodiscover_free(struct autodiscover_service *service);

/* Mount /autodiscover/ on a server that has not been started yet. */
void autodiscover_attach(struct autodiscover_service *service,
			 struct http_server *server);

void autodiscover_counters(const struct autodiscover_service *service,
			   struct autodiscover_counters *out);

/*
 * Redirects as the configuration has them: "moved.test https://…, renamed.test
 * example.test".  *out and its strings lie in the arena; text NULL: none.
 * False and err when a pair isn't one.
 */
bool autodiscover_parse_redirects(const char *text, struct arena *arena,
				  struct autodiscover_redirect **out,
				  size_t *count, struct err *err);

/* --- Without HTTP ----------------------------------------------------- */

/*
 * The answer to a request (3.2.5).  capability is what X-MapiHttpCapability
 * said, 0 when it was not there or invalid.  *out lies in the arena and
 * borrows from req and config; time and id of an error are left to the
 * caller.  An unknown address takes the same steps as a known one.
 */
void autodiscover_answer(const struct autodiscover_config *config,
			 const struct autodiscover_req *req,
			 unsigned capability, struct arena *arena,
			 struct autodiscover_rsp *out);

/* 2.2.2.1: a positive integer, else 0. */
unsigned autodiscover_capability(const char *header);

/* What answers the JSON form: a status and its body. */
struct autodiscover_json {
	int status;
	const char *body;         /* in the arena */
};

/*
 * email and protocol as the query has them, NULL when it does not.  An
 * address of one of the organisation's domains gets the same answer whether
 * it exists or not: nobody has authenticated here.
 */
void autodiscover_json_answer(const struct autodiscover_config *config,
			      const char *email, const char *protocol,
			      struct arena *arena,
			      struct autodiscover_json *out);

#endif
