/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum ec ec, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return false;
	err->ec = ec;
	va_start(ap, format);
	vsnprintf(err->text, sizeof err->text, format, ap);
	va_end(ap);
	return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
	char was[sizeof err->text];
	va_list ap;
	size_t len;

	if (err == NULL)
		return false;
	memcpy(was, err->text, sizeof was);
	va_start(ap, format);
	vsnprintf(err->text, sizeof err->text, format, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof err->text - len, ": %s", was);
	return false;
}
