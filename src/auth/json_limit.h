/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from outside: bounded before the parser, which recurses, sees it. */
#ifndef AUTH_JSON_LIMIT_H
#define AUTH_JSON_LIMIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 8 };

/*
 * Parse an object of len bytes whose arrays and objects are nested at most
 * JSON_DEPTH_MAX deep, and in which no name stands twice in an object.  NULL:
 * it is none.  The reference is the caller's.
 */
json_t *json_object_from(const char *text, size_t len);

#endif
