/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of the administration socket: see admin.h.  Internal. */
#ifndef ADMIN_FRAME_H
#define ADMIN_FRAME_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum frame_type { FRAME_JSON = 'J', FRAME_DATA = 'D', FRAME_END = 'E' };

enum { FRAME_HEAD = 5 };          /* a uint32 length and the type */

/* Take a head apart; false and err if no frame begins like this. */
bool frame_head(const uint8_t head[static FRAME_HEAD], enum frame_type *type,
		uint32_t *len, struct err *err);

void frame_put_head(uint8_t head[static FRAME_HEAD], enum frame_type type,
		    size_t len);

/* A J frame's content as a new object; NULL and err if it is none. */
json_t *frame_json(const void *data, size_t len, struct err *err);

/* The whole J frame of value, appended to out; false: it is too large. */
bool frame_put_json(struct buf *out, const json_t *value, struct err *err);

/* A client over a connected socket, which it takes over. */
struct admin_client;
struct admin_client *client_new(int fd, const char *path);

#endif
