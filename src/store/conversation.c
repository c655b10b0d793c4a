/* SPDX-License-Identifier: Apache-2.0 */
#include "store/conversation.h"

#include <openssl/evp.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/utf.h"

/* [MS-OXOMSG] 2.2.1.3: a byte 0x01, 5 of the time, 16 of a GUID, then more */
enum { INDEX_MIN = 22, INDEX_FIRST = 0x01, INDEX_GUID = 6 };
enum { ID_SIZE = 16, TOPIC_MAX = 255 };

static bool from_index(struct bag *bag, struct arena *a,
		       uint8_t out[static ID_SIZE])
{
	struct prop_value tracking, index;

	if (bag_get(bag, PID_TAG_CONVERSATION_INDEX_TRACKING, a, &tracking) !=
	    EC_SUCCESS || !tracking.b ||
	    bag_get(bag, PID_TAG_CONVERSATION_INDEX, a, &index) !=
	    EC_SUCCESS || index.bin.len < INDEX_MIN ||
	    index.bin.data[0] != INDEX_FIRST)
		return false;
	memcpy(out, index.bin.data + INDEX_GUID, ID_SIZE);
	return true;
}

/* In upper case unit by unit, in no language: surrogates stay. */
static void upcase(uint8_t *unit)
{
	unsigned c = (unsigned)unit[0] | (unsigned)unit[1] << 8;
	UChar32 upper = c >= 0xd800 && c < 0xe000 ? (UChar32)c :
		u_toupper((UChar32)c);

	if (upper > 0xffff)
		return;
	unit[0] = (uint8_t)upper;
	unit[1] = (uint8_t)(upper >> 8);
}

static bool from_topic(struct bag *bag, struct arena *a,
		       uint8_t out[static ID_SIZE])
{
	struct prop_value topic;
	uint8_t *text;
	size_t bytes, len;

	if (bag_get(bag, PID_TAG_CONVERSATION_TOPIC, a, &topic) != EC_SUCCESS)
		return false;
	bytes = strlen(topic.str);
	len = utf8_to_utf16_size(topic.str, bytes);
	text = arena_alloc(a, len);
	utf8_to_utf16(topic.str, bytes, text);
	if (len > 2 * TOPIC_MAX)
		len = 2 * TOPIC_MAX;
	for (size_t i = 0; i + 1 < len; i += 2)
		upcase(text + i);
	return EVP_Digest(text, len, out, NULL, EVP_md5(), NULL) == 1;
}

enum ec conversation_set_id(struct bag *bag, struct arena *a)
{
	struct prop_value id = { .tag = PID_TAG_CONVERSATION_ID }, now;
	uint8_t bytes[ID_SIZE];

	if (!from_index(bag, a, bytes) && !from_topic(bag, a, bytes))
		return EC_SUCCESS;
	id.bin = (struct bin){ bytes, ID_SIZE };
	if (bag_get(bag, PID_TAG_CONVERSATION_ID, a, &now) == EC_SUCCESS &&
	    prop_value_equal(&id, &now))
		return EC_SUCCESS;
	return bag_set(bag, &id);
}
