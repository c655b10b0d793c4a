/* SPDX-License-Identifier: Apache-2.0 */
/* Whether text can be what it is given as; internal to src/directory. */
#ifndef DIRECTORY_CHECK_H
#define DIRECTORY_CHECK_H

#include "base/err.h"

/* UTF-8 without control characters and those of refused. */
bool dir_clean(const char *s, const char *refused);

/* what names it in the error; NULL and "" are refused. */
bool dir_check_name(const char *what, const char *name, struct err *err);
bool dir_check_account(const char *account, struct err *err);
bool dir_check_domain(const char *domain, struct err *err);
bool dir_check_address(const char *address, struct err *err);

/* An absolute http or https URL without user, query and fragment. */
bool dir_check_url(const char *what, const char *url, struct err *err);

#endif
