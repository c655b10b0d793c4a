/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/frame.h"

#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "base/wire.h"

bool frame_head(const uint8_t head[static FRAME_HEAD], enum frame_type *type,
		uint32_t *len, struct err *err)
{
	struct wire_r r = wire_r(head, FRAME_HEAD);
	uint32_t n = wire_u32(&r);
	uint8_t t = wire_u8(&r);

	if (t != FRAME_JSON && t != FRAME_DATA && t != FRAME_END)
		return err_set(err, EC_FORMAT_ERROR, "not a frame of the "
			       "administration socket (type 0x%02x)", t);
	if (n > (t == FRAME_JSON ? ADMIN_JSON_MAX :
		 t == FRAME_DATA ? ADMIN_DATA_MAX : 0))
		return err_set(err, EC_TOO_BIG, "a frame of %u bytes is too "
			       "large for the administration socket", n);
	*type = (enum frame_type)t;
	*len = n;
	return true;
}

void frame_put_head(uint8_t head[static FRAME_HEAD], enum frame_type type,
		    size_t len)
{
	struct wire_w w = wire_w(head, FRAME_HEAD);

	wire_put_u32(&w, (uint32_t)len);
	wire_put_u8(&w, (uint8_t)type);
}

json_t *frame_json(const void *data, size_t len, struct err *err)
{
	json_error_t where;
	json_t *value = json_loadb(data, len, JSON_REJECT_DUPLICATES, &where);

	if (value == NULL) {
		err_set(err, EC_FORMAT_ERROR, "not JSON: %s", where.text);
	} else if (!json_is_object(value)) {
		err_set(err, EC_FORMAT_ERROR, "not a JSON object");
		json_decref(value);
		value = NULL;
	}
	return value;
}

bool frame_put_json(struct buf *out, const json_t *value, struct err *err)
{
	char *text = json_dumps(value, JSON_COMPACT);
	size_t len = text != NULL ? strlen(text) : 0;
	uint8_t head[FRAME_HEAD];

	if (text == NULL || len > ADMIN_JSON_MAX) {
		free(text);
		return err_set(err, EC_TOO_BIG, "what was to be sent over the "
			       "administration socket is too large");
	}
	frame_put_head(head, FRAME_JSON, len);
	buf_add(out, head, sizeof head);
	buf_add(out, text, len);
	free(text);
	return true;
}
