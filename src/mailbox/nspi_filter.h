/* SPDX-License-Identifier: Apache-2.0 */
/* Restrictions over address book objects, PidTagAnr among their properties. */
#ifndef MAILBOX_NSPI_FILTER_H
#define MAILBOX_NSPI_FILTER_H

#include "mailbox/nspi_impl.h"

enum { NSPI_ANR_MAX = 1000 };     /* beyond that a name is ambiguous anyway */

struct nspi_filter;

/* EC_TOO_COMPLEX.  To be freed; within the call. */
enum ec nspi_filter_new(struct nspi_call *call, const struct restriction *r,
			struct nspi_filter **out);
bool nspi_filter_has(struct nspi_filter *filter, const struct recipient *r);
void nspi_filter_free(struct nspi_filter *filter);

/* Whether all that a restriction asks for is one name to be resolved. */
bool nspi_filter_is_anr(const struct restriction *r);

/* 32 hexadecimal digits of a GUID, as DNs of containers have it. */
void nspi_guid_hex(const struct guid *guid, char out[static 33]);

#endif
