/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names in Exchange's form. */
#include <stdio.h>
#include <string.h>

#include "directory/directory.h"

/* The administrative group that every Exchange organisation has. */
static const char group[] = "Exchange Administrative Group (FYDIBOHF23SPDLT)";

/* Keep what a distinguished name of [MS-OXOABK] may hold: ASCII, no "/=". */
static char *dn_part(struct arena *arena, const char *text, size_t max)
{
	char *out = arena_strndup(arena, text, strnlen(text, max));

	for (char *c = out; *c != '\0'; c++)
		if ((uint8_t)*c < 0x20 || (uint8_t)*c >= 0x7f ||
		    strchr("/=", *c) != NULL)
			*c = '_';
	return out;
}

char *directory_user_dn(struct arena *arena, const char *org,
			const struct guid *guid, const char *name)
{
	char hex[33];

	for (size_t i = 0; i < sizeof guid->b; i++)
		snprintf(hex + 2 * i, 3, "%02x", guid->b[i]);
	return arena_printf(arena, "/o=%s/ou=%s/cn=Recipients/cn=%s-%s",
			    dn_part(arena, org, 64), group, hex,
			    dn_part(arena, name, 31));
}

char *directory_server_dn(struct arena *arena, const char *org,
			  const char *server)
{
	return arena_printf(arena, "/o=%s/ou=%s/cn=Configuration/cn=Servers/"
			    "cn=%s", dn_part(arena, org, 64), group,
			    dn_part(arena, server, 64));
}
