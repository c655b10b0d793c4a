/* SPDX-License-Identifier: Apache-2.0 */
/* PROXY headers: wherever they are cut (the first byte says where), they must
 * come to the same end, and never take a byte behind it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t feed(struct proxy_parser *p, const uint8_t *data, size_t len,
		   size_t step)
{
	size_t at = 0;

	proxy_parser_init(p);
	while (at < len && p->state == PROXY_MORE)
		at += proxy_parser_feed(p, data + at, step < len - at ? step :
					len - at);
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct proxy_parser whole, cut;
	size_t used, cut_used;

	if (len == 0)
		return 0;
	used = feed(&whole, data + 1, len - 1, len);
	cut_used = feed(&cut, data + 1, len - 1, (size_t)data[0] + 1);
	if (whole.state != cut.state || used != cut_used ||
	    (whole.state == PROXY_BAD) != (whole.reason != NULL) ||
	    memcmp(&whole.client, &cut.client, sizeof whole.client) != 0)
		abort();
	return 0;
}
