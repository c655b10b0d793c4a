/* SPDX-License-Identifier: Apache-2.0 */
/* What clients send back as cookies, MailboxId and X-RequestId. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1), again[CONTEXT_COOKIE_SIZE];
	struct context_cookie cookie;

	memcpy(text, data, len);
	text[len] = '\0';
	if (context_cookie_parse(text, &cookie)) {
		context_cookie_format(&cookie, again);
		if (strcmp(text, again) != 0)
			abort();
	}
	if (mailbox_id_valid(text) && strlen(text) < 36)
		abort();
	if (request_id_valid(text) && strchr(text, ':') == NULL)
		abort();
	free(text);
	return 0;
}
