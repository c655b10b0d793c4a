/* SPDX-License-Identifier: Apache-2.0 */
/* Properties whose values are objects ([MS-OXOABK] 2.2.5, 2.2.6). */
#include <string.h>

#include "mailbox/nspi_impl.h"

/* forward: kept with the object; else with those that link to it. */
static const struct link {
	uint32_t tag, stored;
	bool forward;
} links[] = {
	{ PID_TAG_ADDRESS_BOOK_MANAGER, PID_TAG_ADDRESS_BOOK_MANAGER, true },
	{ PID_TAG_ADDRESS_BOOK_MEMBER, PID_TAG_ADDRESS_BOOK_MEMBER, true },
	{ PID_TAG_ADDRESS_BOOK_OWNER, PID_TAG_ADDRESS_BOOK_OWNER, true },
	{ PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES,
	  PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES, true },
	{ PID_TAG_ADDRESS_BOOK_REPORTS, PID_TAG_ADDRESS_BOOK_MANAGER, false },
	{ PID_TAG_ADDRESS_BOOK_IS_MEMBER_OF_DISTRIBUTION_LIST,
	  PID_TAG_ADDRESS_BOOK_MEMBER, false },
	{ PID_TAG_ADDRESS_BOOK_OWNER_BACK_LINK, PID_TAG_ADDRESS_BOOK_OWNER,
	  false },
};

static const struct link *find(uint32_t tag)
{
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (prop_tag_id(links[i].tag) == prop_tag_id(tag))
			return &links[i];
	return NULL;
}

bool nspi_is_link(uint32_t tag)
{
	return find(tag) != NULL;
}

static size_t forward(const struct nspi_call *call, const struct recipient *r,
		      uint32_t tag, const struct recipient ***out)
{
	const struct recipient **v;
	size_t n = 0, count = 0;
	struct bin value;
	struct guid guid;

	for (size_t at = 0; recipient_next(r, tag, &at, &value);)
		n++;
	v = arena_array(call->arena, n, sizeof *v);
	for (size_t at = 0; recipient_next(r, tag, &at, &value);) {
		if (value.len != sizeof guid)
			continue;
		memcpy(&guid, value.data, sizeof guid);
		v[count] = recipients_guid(call->s, &guid);
		count += v[count] != NULL;
	}
	*out = v;
	return count;
}

size_t nspi_links(const struct nspi_call *call, const struct recipient *r,
		  uint32_t tag, const struct recipient ***out)
{
	const struct link *l = find(tag);

	*out = NULL;
	if (l == NULL || r == NULL)
		return 0;
	if (l->forward)
		return forward(call, r, l->stored, out);
	return recipients_backlinks(call->s, &r->guid, l->stored, call->arena,
				    out);
}
