/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address book server behind the NSPI endpoint ([MS-OXNSPI],
 * [MS-OXCMAPIHTTP] 2.2.5) over the recipients of the directory.  It knows no
 * HTTP: the endpoint keeps cookies and sequences, decodes the bodies and
 * calls nspi_run.
 *
 * Tables are stateless: a request brings its STAT.  What a session is besides
 * is its code page.  Any number of requests are served at once.
 */
#ifndef MAILBOX_NSPI_H
#define MAILBOX_NSPI_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/err.h"
#include "base/guid.h"
#include "mapi/nspi.h"

struct directory;                 /* directory/directory.h */
struct identity;                  /* auth/auth.h */
struct recipients;                /* directory/recipients.h */

struct nspi_options {
	struct directory *directory;
	struct recipients *recipients;
	/* Called once for each failure of the back end, from any thread;
	 * NULL: nobody. */
	void (*fault)(void *ctx, const struct err *err);
	void *fault_ctx;
};

struct nspi_service;
struct nspi_session;

/* directory and recipients stay the caller's and must outlive it. */
struct nspi_service *nspi_service_new(const struct nspi_options *options);
void nspi_service_free(struct nspi_service *svc);         /* NULL allowed */

/* The GUID that Bind answers: another in every process, since Minimal Entry
 * IDs are a process's ([MS-OXNSPI] 3.1.3, 3.1.4.6). */
struct guid nspi_server_guid(const struct nspi_service *svc);

/*
 * Whether a request takes microseconds and waits for nothing: then nspi_run
 * may be called on an I/O thread.  False as well for the first ones, which
 * read the directory.
 */
bool nspi_is_inline(struct nspi_service *svc, enum request_type type,
		    const union nspi_req *req);

/*
 * Serve a decoded request of who.  *session is NULL for Bind, which sets it
 * if it succeeds (nspi_session_free), and may be NULL for request types with
 * NSPI_NO_SESSION.  The body of the response is in the arena; its ErrorCode,
 * one of [MS-OXNSPI] 2.2.1.2, is returned as well.
 */
uint32_t nspi_run(struct nspi_service *svc, struct nspi_session **session,
		  const struct identity *who, enum request_type type,
		  const union nspi_req *req, struct arena *arena,
		  struct bin *body);

void nspi_session_free(struct nspi_session *session);     /* NULL allowed */

#endif
