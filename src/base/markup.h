/* SPDX-License-Identifier: Apache-2.0 */
/* Text within HTML and XML. */
#ifndef BASE_MARKUP_H
#define BASE_MARKUP_H

#include "base/buf.h"

/*
 * Add text as content or as an attribute's value in double quotes: '<', '>',
 * '&' and '"' escaped, and without the control characters that XML 1.0 (2.2)
 * has no place for.
 */
void markup_puts(struct buf *b, const char *text);

#endif
