/* SPDX-License-Identifier: Apache-2.0 */
/* The error codes that go onto the wire ([MS-OXCDATA] 2.4). */
#ifndef BASE_EC_H
#define BASE_EC_H

enum ec {
#define EC(constant, value, name, text) constant = (value),
#include "base/ec.def"
#undef EC
};

/* "ecNotFound", or "unknown error" for a code that is not in the table. */
const char *ec_name(enum ec ec);

/* What it means, in a few words for people. */
const char *ec_text(enum ec ec);

#endif
