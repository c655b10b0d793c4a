/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/nspi_client.h"

#include <string.h>

enum { BODY_SIZE = 32768, CODE_PAGE = 1252 };

const char *nspi_client_url(const char *mail_store_url, struct arena *arena)
{
	const char *at = strcasestr(mail_store_url, "/emsmdb");

	if (at == NULL)
		return mail_store_url;
	return arena_printf(arena, "%.*s/nspi%s", (int)(at - mail_store_url),
			    mail_store_url, at + strlen("/emsmdb"));
}

struct nspi_stat nspi_client_stat(void)
{
	return (struct nspi_stat){ .code_page = CODE_PAGE,
		.template_locale = NSPI_DEFAULT_LOCALE,
		.sort_locale = NSPI_DEFAULT_LOCALE };
}

bool nspi_client_encode(enum request_type type, const union nspi_req *req,
			struct arena *arena, struct bin *body,
			struct err *err)
{
	struct nspi_codec codec = {
		.prop = prop_ctx_address_book(arena, CODE_PAGE) };
	uint8_t *buf = arena_array(arena, BODY_SIZE, 1);
	struct wire_w w = wire_w(buf, BODY_SIZE);
	const struct bin none = { NULL, 0 };

	nspi_request_encode(&codec, &w, type, req, &none);
	*body = (struct bin){ buf, w.len };
	return !w.full || err_set(err, EC_INVALID_PARAM, "%s is too large",
				  request_type_name(type));
}

static bool failed(enum request_type type, const struct nspi_answer *answer,
		   struct err *err)
{
	const char *name = nspi_error_name(answer->error_code);

	if (answer->status_code != 0)
		return err_set(err, EC_ERROR, "%s failed with StatusCode %u",
			       request_type_name(type), answer->status_code);
	return err_set(err, (enum ec)answer->error_code,
		       "%s failed with %s (0x%08x)", request_type_name(type),
		       name != NULL ? name : "an error", answer->error_code);
}

bool nspi_client_decode(enum request_type type, const struct bin *body,
			struct arena *arena, union nspi_rsp *rsp,
			struct err *err)
{
	struct nspi_codec codec = {
		.prop = prop_ctx_address_book(arena, CODE_PAGE) };
	struct nspi_answer answer;
	uint32_t success = type == REQUEST_TYPE_UNBIND ?
		NSPI_UNBIND_SUCCESS : 0;

	if (!nspi_response_decode(&codec, type, body, &answer, rsp))
		return err_set(err, EC_RPC_FORMAT, "the body of the answer "
			       "to %s cannot be decoded",
			       request_type_name(type));
	return (answer.status_code == 0 && answer.error_code == success) ||
		failed(type, &answer, err);
}

bool nspi_client_call(struct mapi_client *c, enum request_type type,
		      const union nspi_req *req, struct arena *arena,
		      struct mapi_answer *answer, union nspi_rsp *rsp,
		      struct err *err)
{
	struct bin body;

	return nspi_client_encode(type, req, arena, &body, err) &&
		mapi_client_must(c, request_type_name(type), body.data,
				 body.len, arena, answer, err) &&
		nspi_client_decode(type, &answer->body, arena, rsp, err);
}
