/* SPDX-License-Identifier: Apache-2.0 */
/* The Authorization header (RFC 9110 11.6.2), read strictly. */
#ifndef AUTH_AUTHORIZATION_H
#define AUTH_AUTHORIZATION_H

#include <stdbool.h>
#include <stddef.h>

enum authorization_scheme {
	AUTHORIZATION_BASIC, AUTHORIZATION_NTLM, AUTHORIZATION_NEGOTIATE,
	AUTHORIZATION_BEARER,
};

struct authorization {
	enum authorization_scheme scheme;
	const char *token;        /* token68, in the header; "" for a Bearer
				   * that has none */
	size_t len;
};

/*
 * False, *out untouched, for another scheme and for anything that is not
 * exactly a scheme and one token (RFC 9110 11.2: token68).  Only Bearer may
 * come without.
 */
bool authorization_parse(const char *header, struct authorization *out);

#endif
