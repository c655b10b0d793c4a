/* SPDX-License-Identifier: Apache-2.0 */
#include "frontend/meta.h"

#include <string.h>

static bool is_line(const struct meta_scan *scan, const char *text)
{
	return scan->len == strlen(text) &&
		memcmp(scan->line, text, scan->len) == 0;
}

void meta_scan(struct meta_scan *scan, const void *data, size_t len)
{
	const char *at = data;

	for (size_t i = 0; i < len && !scan->done; i++) {
		if (scan->len == META_LINE_MAX) {
			scan->done = true;
			return;
		}
		scan->line[scan->len++] = at[i];
		if (at[i] != '\n')
			continue;
		if (!is_line(scan, "PROCESSING\r\n") &&
		    !is_line(scan, "PENDING\r\n"))
			scan->done = true;
		scan->len = 0;
	}
}

bool meta_is_pending(const struct meta_scan *scan)
{
	return !scan->done && scan->len == 0;
}
