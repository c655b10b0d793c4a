/* SPDX-License-Identifier: Apache-2.0 */
/* The address book endpoint, for a client ([MS-OXCMAPIHTTP] 2.2.5). */
#ifndef ANALYZER_NSPI_CLIENT_H
#define ANALYZER_NSPI_CLIENT_H

#include "analyzer/mapi_client.h"
#include "mapi/nspi.h"

/* Where it is, by the address of the mail store endpoint beside it. */
const char *nspi_client_url(const char *mail_store_url, struct arena *arena);

/* What a client begins with: the GAL, in English. */
struct nspi_stat nspi_client_stat(void);

/* The body of a request, in arena; false if it is too large. */
bool nspi_client_encode(enum request_type type, const union nspi_req *req,
			struct arena *arena, struct bin *body,
			struct err *err);

/* Take the body of an answer apart; false unless it is a success.  err->ec is
 * then ErrorCode. */
bool nspi_client_decode(enum request_type type, const struct bin *body,
			struct arena *arena, union nspi_rsp *rsp,
			struct err *err);

/* Both, with the request between them. */
bool nspi_client_call(struct mapi_client *c, enum request_type type,
		      const union nspi_req *req, struct arena *arena,
		      struct mapi_answer *answer, union nspi_rsp *rsp,
		      struct err *err);

#endif
