/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration parser: any bytes give a configuration or a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "directory/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config *config;
	struct err err = { .text = "" };

	if (config_parse("/etc/x/fuzz.conf", (const char *)data, len, &config,
			 &err)) {
		/* What is promised of an accepted one. */
		if (config->server_name == NULL || config->data[0] != '/' ||
		    config->listener_count == 0)
			abort();
		config_free(config);
	} else if (strstr(err.text, "fuzz.conf") == NULL) {
		abort();
	}
	return 0;
}
