/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/authorization.h"

#include <string.h>
#include <strings.h>

static const char *const schemes[] = {
	[AUTHORIZATION_BASIC] = "Basic",
	[AUTHORIZATION_NTLM] = "NTLM",
	[AUTHORIZATION_NEGOTIATE] = "Negotiate",
	[AUTHORIZATION_BEARER] = "Bearer",
};

static bool is_token68(const char *text, size_t len)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789-._~+/";
	size_t n = strspn(text, chars);

	return n > 0 && n + strspn(text + n, "=") == len;
}

bool authorization_parse(const char *header, struct authorization *out)
{
	size_t name = strcspn(header, " "), i;
	struct authorization a;

	for (i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strlen(schemes[i]) == name &&
		    strncasecmp(header, schemes[i], name) == 0)
			break;
	if (i == sizeof schemes / sizeof schemes[0])
		return false;
	a.scheme = (enum authorization_scheme)i;
	a.token = header + name;
	a.token += strspn(a.token, " ");
	a.len = strlen(a.token);
	if (a.len > 0 ? !is_token68(a.token, a.len) :
	    a.scheme != AUTHORIZATION_BEARER)
		return false;
	*out = a;
	return true;
}
