/* SPDX-License-Identifier: Apache-2.0 */
/* Queries and cookies: a name, a NUL, and the text it is looked for in. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/chars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *name = malloc(len + 2), *text, *out;
	size_t value_len = 0;
	const char *value;

	memcpy(name, data, len);
	memset(name + len, 0, 2);
	text = name + strlen(name) + 1;
	out = malloc(strlen(text) + 1);
	if (http_query_find(text, name, out) && strlen(out) > strlen(text))
		abort();
	value = http_cookie_find(text, name, &value_len);
	if (value != NULL && value + value_len > text + strlen(text))
		abort();
	free(out);
	free(name);
	return 0;
}
