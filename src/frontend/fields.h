/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which header fields cross the hop: not those that belong to a connection
 * (RFC 9110 7.6.1), also those that Connection names, not what frames a
 * message, and nothing that only servers of the organisation may say.
 */
#ifndef FRONTEND_FIELDS_H
#define FRONTEND_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "http/parser.h"
#include "http/server.h"
#include "http/upstream.h"

/*
 * The lines of a client's request that go to the back end, added to out.
 * credentials: Authorization is one of them (pass-through).
 */
void fields_request(const struct http_request *req, bool credentials,
		    struct buf *out);

/*
 * The lines of a back end's answer that go to the client, added to req's
 * answer in their order.  credentials: so are WWW-Authenticate and
 * Persistent-Auth.
 */
void fields_answer(const struct http_answer *answer, bool credentials,
		   struct http_request *req);

/*
 * The methods that an answer's WWW-Authenticate fields offer, such as
 * "NTLM, Negotiate", into out; "" if none.  Text of a peer, but tokens alone.
 */
void fields_offered(const struct http_answer *answer, char *out, size_t size);

/*
 * What stands behind a scheme's name in WWW-Authenticate; "" if only the name
 * does, NULL if the scheme is not offered.
 */
const char *fields_challenge(const struct http_answer *answer,
			     const char *scheme);

#endif
