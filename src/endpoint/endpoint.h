/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MAPI/HTTP endpoints of a mailbox server ([MS-OXCMAPIHTTP]): the request
 * types over HTTP, cookies, session contexts, sequence, pending responses.
 *
 * posthoused's main makes the service and attaches it to a server:
 *
 *	service = endpoint_new(&config, &err);
 *	endpoint_attach(service, server);
 *	http_server_start(server, &err);
 *	…
 *	endpoint_drain(service);                SIGTERM
 *	http_server_drain(server);
 *	http_server_wait(server, 30000);
 *	http_server_free(server);
 *	endpoint_free(service);                 then auth, mailboxes, store
 */
#ifndef ENDPOINT_ENDPOINT_H
#define ENDPOINT_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gate_policy;               /* auth/gate.h */
struct hop;                       /* auth/hop.h */
struct http_request;              /* http/server.h */
struct http_server;
struct identity;                  /* auth/auth.h */
struct log;                       /* base/log.h */
struct mailbox_service;           /* mailbox/mailbox.h */
struct nspi_service;              /* mailbox/nspi.h */

struct endpoint_service;

/* 0 in a number means the default beside it. */
struct endpoint_config {
	struct mailbox_service *mailboxes;
	struct nspi_service *nspi;        /* NULL: no address book */
	/* Who may come, on listeners for clients and on those for servers;
	 * the latter NULL: there are none. */
	struct gate_policy *policy, *back_end_policy;
	struct hop *hop;          /* what servers assert; NULL: nothing */
	struct log *log;          /* one line a request; NULL: none */
	const char *host;         /* FQDN: X-BEServer, health page */
	/* X-ServerApplication is "Exchange/" and this; NULL: the version of
	 * Exchange 2013 that clients know, "15.00.1210.002". */
	const char *version;
	unsigned workers;         /* threads for what may block: 4 */
	unsigned queue;           /* requests waiting for them: 1,024 */
	unsigned contexts;        /* session contexts at most: 100,000 */
	unsigned pending_ms;      /* X-PendingPeriod: 15,000 */
	unsigned expiration_ms;   /* X-ExpirationInfo: 900,000 */
	unsigned wait_ms;         /* NotificationWait at most: 300,000 */
	/* Request body at most: 0x40000 ([MS-OXCRPC] 3.1.4.2) and room for
	 * the auxiliary buffer and the fixed fields. */
	size_t body_max;
};

/* Counted since the start, but for contexts, waiting and queued: now. */
struct endpoint_counters {
	uint64_t requests;        /* POSTs to an endpoint */
	uint64_t ping, connect, execute, execute_inline, disconnect;
	uint64_t notification_wait, nspi;
	uint64_t response_code[19];       /* X-ResponseCode, late ones too */
	uint64_t unauthorized;    /* 401 */
	uint64_t expired;         /* contexts destroyed by their timer */
	uint64_t pending;         /* PENDING meta-tags sent */
	uint64_t busy;            /* refused, the queue was full */
	uint64_t contexts, waiting, queued;
};

/*
 * A service.  The strings of config are copied; mailboxes, policies, hop and
 * log must outlive it.  NULL and err if threads cannot be made.
 */
struct endpoint_service *endpoint_new(const struct endpoint_config *config,
				      struct err *err);

/*
 * End every session and free the service; after the servers that it is
 * attached to are freed, and before the gate and mailbox_service_free.
 * NULL is allowed.
 */
void endpoint_free(struct endpoint_service *service);

/*
 * Mount /mapi/emsmdb/, /mapi/nspi/ and /mapi/healthcheck.htm on server,
 * which has not been started yet.  Several servers may be given.
 */
void endpoint_attach(struct endpoint_service *service,
		     struct http_server *server);

/* A caller that a front end in this very process has authenticated. */
struct endpoint_caller {
	const struct identity *who;       /* borrowed */
	const char *id;           /* request-id; NULL: a new one */
	struct gate_policy *policy;       /* for gate_put_headers */
};

enum endpoint_directory { ENDPOINT_EMSMDB, ENDPOINT_NSPI };

/* What a mount does with a request, for a caller who is known.  I/O thread. */
void endpoint_handle(struct endpoint_service *service,
		     enum endpoint_directory directory,
		     struct http_request *req,
		     const struct endpoint_caller *caller);

/*
 * Answer new requests with X-ResponseCode 18 and complete every waiting
 * NotificationWait with no event pending.  Executes under way finish.  Any
 * thread; returns at once.
 */
void endpoint_drain(struct endpoint_service *service);

void endpoint_counters(const struct endpoint_service *service,
		       struct endpoint_counters *out);

#endif
