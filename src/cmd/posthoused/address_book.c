/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/address_book.h"

#include "directory/recipients_local.h"
#include "mailbox/nspi.h"

static void on_fault(void *ctx, const struct err *err)
{
	char text[512];

	log_event(ctx, LOG_LEVEL_ERROR, "address_book", "error=%s",
		  log_quote(err->text, text, sizeof text));
}

bool address_book_start(struct directory *dir, struct log *log,
			struct address_book *out, struct err *err)
{
	struct recipients_backend backend;

	if (!recipients_local(dir, &backend, err))
		return false;
	out->recipients = recipients_new(&backend);
	out->nspi = nspi_service_new(&(struct nspi_options){
		.directory = dir, .recipients = out->recipients,
		.fault = on_fault, .fault_ctx = log });
	return true;
}

void address_book_stop(struct address_book *book)
{
	nspi_service_free(book->nspi);
	recipients_free(book->recipients);
}
