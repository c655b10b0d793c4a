/* SPDX-License-Identifier: Apache-2.0 */
/* The address book of the daemon: recipients of the directory, and the server
 * over them. */
#ifndef CMD_POSTHOUSED_ADDRESS_BOOK_H
#define CMD_POSTHOUSED_ADDRESS_BOOK_H

#include "base/err.h"
#include "base/log.h"

struct directory;
struct nspi_service;
struct recipients;

struct address_book {
	struct recipients *recipients;
	struct nspi_service *nspi;
};

/* Nothing is read yet: the first request does.  dir and log must outlive it. */
bool address_book_start(struct directory *dir, struct log *log,
			struct address_book *out, struct err *err);
/* Also what was not started. */
void address_book_stop(struct address_book *book);

#endif
