/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Autodiscover's XML in both directions.  What is taken for a response must,
 * written again, be taken for the same.
 */
#include <stdlib.h>
#include <string.h>

#include "mapi/autodiscover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_response(const struct autodiscover_rsp *rsp,
			   struct arena *arena)
{
	struct autodiscover_rsp back;
	struct buf b = BUF_INIT;

	autodiscover_rsp_encode(rsp, &b);
	/* Escaping can make it longer than what is read. */
	if (b.len <= AUTODISCOVER_MAX &&
	    (!autodiscover_rsp_decode(b.data, b.len, arena, &back, NULL) ||
	     back.error != rsp->error || back.action != rsp->action ||
	     back.protocol_count != rsp->protocol_count ||
	     back.mailbox_count != rsp->mailbox_count))
		abort();
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct autodiscover_req req;
	struct autodiscover_rsp rsp;

	if (autodiscover_req_decode(data, len, arena, &req) ==
	    AUTODISCOVER_OK && *req.email == '\0' && *req.legacy_dn == '\0')
		abort();
	if (autodiscover_rsp_decode(data, len, arena, &rsp, NULL))
		check_response(&rsp, arena);
	arena_free(arena);
	return 0;
}
