/* SPDX-License-Identifier: Apache-2.0 */
#include "base/markup.h"

#include <string.h>

void markup_puts(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		default:
			if ((unsigned char)*text >= 0x20 ||
			    strchr("\t\r\n", *text) != NULL)
				buf_add(b, text, 1);
		}
}
