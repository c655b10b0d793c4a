/* SPDX-License-Identifier: Apache-2.0 */
/* The error codes that go onto the wire ([MS-OXCDATA] 2.4). */
#ifndef BASE_EC_H
#define BASE_EC_H

enum ec {
#define EC(constant, value, name, text) constant = (value),
#include "base/ec.def"
#undef EC

	/* Other names of the same codes, as parts of the specifications use. */
	EC_INVALID_PARAMETER = EC_INVALID_PARAM,
	EC_COLLISION = EC_DUPLICATE_NAME,
	EC_NO_ACCESS = EC_ACCESS_DENIED,
	EC_OUT_OF_MEMORY = EC_NOT_ENOUGH_MEMORY,
	EC_MEMORY = EC_NOT_ENOUGH_MEMORY,
	EC_VERSION_MISMATCH = EC_INVALID_VERSION,
	EC_NULL_DESTINATION_OBJECT = EC_DST_NULL_OBJECT,
	/* What Exchange answers when more than 10 wait for a mailbox. */
	EC_SERVER_BUSY = EC_TIMEOUT,
};

/* "ecNotFound", or "unknown error" for a code that is not in the table. */
const char *ec_name(enum ec ec);

/* What it means, in a few words for people. */
const char *ec_text(enum ec ec);

#endif
