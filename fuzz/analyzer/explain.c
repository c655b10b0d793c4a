/* SPDX-License-Identifier: Apache-2.0 */
/* Any text: what is said of it has no control characters but line ends. */
#include <stdint.h>
#include <stdlib.h>

#include "analyzer/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *said = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&said, &size);

	if (out == NULL)
		abort();
	(void)diag_explain((const char *)data, len, out, false);
	fclose(out);
	for (size_t i = 0; i < size; i++)
		if (((unsigned char)said[i] < 0x20 && said[i] != '\n') ||
		    said[i] == 0x7f)
			abort();
	free(said);
	json_decref(diag_explain_json((const char *)data, len));
	return 0;
}
