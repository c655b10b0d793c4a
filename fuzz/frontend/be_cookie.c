/* SPDX-License-Identifier: Apache-2.0 */
/* X-BackEndCookie, as a client sends it; what is taken is written alike. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/be_cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new(0);
	struct be_cookie cookie, again;
	char *text = malloc(len + 1);

	memcpy(text, data, len);
	text[len] = '\0';
	if (be_cookie_parse(a, text, &cookie) &&
	    strchr(cookie.domain, '~') == NULL && cookie.expiry >= 0 &&
	    cookie.expiry < 253402300800 &&
	    strlen(cookie.domain) < 300 &&
	    (!be_cookie_parse(a, be_cookie_format(a, &cookie), &again) ||
	     !guid_equal(&cookie.mailbox, &again.mailbox) ||
	     !guid_equal(&cookie.database, &again.database) ||
	     cookie.expiry != again.expiry))
		abort();
	free(text);
	arena_free(a);
	return 0;
}
