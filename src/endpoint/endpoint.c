/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "endpoint/call.h"

enum {
	WORKERS = 4, QUEUE = 1024, CONTEXTS = 100000, PENDING_MS = 15000,
	EXPIRATION_MS = 900000, WAIT_MS = 300000,
	/* [MS-OXCRPC] 3.1.4.2: ROPs, auxiliary buffer; and fixed fields. */
	BODY_MAX = 0x40000 + 0x1008 + 64,
	/* Bodies up to this many times body_max get X-ResponseCode 9, larger
	 * ones are not read: 413. */
	BODY_READ_FACTOR = 2,
};

static const char default_version[] = "15.00.1210.002";

static void set_default(unsigned *value, unsigned otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static char *text_of(unsigned n)
{
	char text[16];

	snprintf(text, sizeof text, "%u", n);
	return xstrdup(text);
}

/* The headers of success that no request changes, in their order. */
static void make_lines(struct endpoint_service *service)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "X-PendingPeriod: %s\r\nX-ExpirationInfo: %s\r\n"
		   "X-ResponseCode: 0\r\nX-DiagInfo: %s\r\n"
		   "X-BEServer: %s\r\nCache-Control: private\r\n"
		   "Content-Type: application/mapi-http\r\n",
		   service->pending_period, service->expiration,
		   service->host_short, service->host_short);
	service->lines = (char *)b.data;
	service->lines_len = b.len;
}

static void set_config(struct endpoint_service *service,
		       const struct endpoint_config *config)
{
	struct endpoint_config *c = &service->config;
	const char *version = config->version != NULL ? config->version :
		default_version;
	size_t label = strcspn(config->host, ".");

	*c = *config;
	set_default(&c->workers, WORKERS);
	set_default(&c->queue, QUEUE);
	set_default(&c->contexts, CONTEXTS);
	set_default(&c->pending_ms, PENDING_MS);
	set_default(&c->expiration_ms, EXPIRATION_MS);
	set_default(&c->wait_ms, WAIT_MS);
	if (c->body_max == 0)
		c->body_max = BODY_MAX;
	c->host = xstrdup(config->host);
	c->version = xstrdup(version);
	service->server_application = xcalloc(1, strlen(version) + 10);
	sprintf(service->server_application, "Exchange/%s", version);
	service->host_short = xcalloc(1, label + 1);
	memcpy(service->host_short, config->host, label);
	service->expiration = text_of(c->expiration_ms);
	service->pending_period = text_of(c->pending_ms);
	make_lines(service);
}

struct endpoint_service *endpoint_new(const struct endpoint_config *config,
				      struct err *err)
{
	struct endpoint_service *service = xcalloc(1, sizeof *service);
	struct contexts_config contexts;

	set_config(service, config);
	service->emsmdb = (struct vdir){ service, "/mapi/emsmdb/", false };
	service->nspi = (struct vdir){ service, "/mapi/nspi/",
				       config->nspi == NULL };
	service->id_base = guid_new();
	contexts = (struct contexts_config){
		.max = service->config.contexts,
		.expiration_ms = service->config.expiration_ms };
	service->contexts = contexts_new(&contexts, err);
	if (service->contexts != NULL)
		service->workers = workers_new(service->config.workers,
					 service->config.queue, err);
	if (service->workers == NULL) {
		endpoint_free(service);
		return NULL;
	}
	return service;
}

void endpoint_free(struct endpoint_service *service)
{
	if (service == NULL)
		return;
	workers_free(service->workers);
	contexts_free(service->contexts);
	free((char *)service->config.host);
	free((char *)service->config.version);
	free(service->server_application);
	free(service->host_short);
	free(service->lines);
	free(service->expiration);
	free(service->pending_period);
	free(service);
}

void endpoint_attach(struct endpoint_service *service,
		     struct http_server *server)
{
	size_t body = service->config.body_max * BODY_READ_FACTOR;
	const struct http_mount mounts[] = {
		{ .prefix = service->emsmdb.path, .body_max = body,
		  .handle = call_handle, .ctx = &service->emsmdb },
		{ .prefix = service->nspi.path, .body_max = body,
		  .handle = call_handle, .ctx = &service->nspi },
		{ .prefix = "/mapi/healthcheck.htm",
		  .handle = health_handle, .ctx = service },
	};

	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
		http_server_mount(server, &mounts[i]);
}

void endpoint_handle(struct endpoint_service *service,
		     enum endpoint_directory directory,
		     struct http_request *req,
		     const struct endpoint_caller *caller)
{
	call_handle_known(directory == ENDPOINT_NSPI ? &service->nspi :
			  &service->emsmdb, req, caller);
}

void endpoint_drain(struct endpoint_service *service)
{
	atomic_store(&service->draining, true);
	contexts_cancel_waits(service->contexts);
}

static uint64_t get(const atomic_uint_least64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

void endpoint_counters(const struct endpoint_service *service,
		       struct endpoint_counters *out)
{
	const struct endpoint_stats *n = &service->n;

	*out = (struct endpoint_counters){
		.requests = get(&n->requests), .ping = get(&n->ping),
		.connect = get(&n->connect), .execute = get(&n->execute),
		.execute_inline = get(&n->execute_inline),
		.disconnect = get(&n->disconnect),
		.notification_wait = get(&n->notification_wait),
		.nspi = get(&n->nspi),
		.unauthorized = get(&n->unauthorized),
		.expired = contexts_expired(service->contexts),
		.pending = get(&n->pending), .busy = get(&n->busy),
		.contexts = contexts_count(service->contexts),
		.waiting = get(&n->waiting),
		.queued = workers_waiting(service->workers),
	};
	for (size_t i = 0; i <= RESPONSE_ENDPOINT_SHUTTING_DOWN; i++)
		out->response_code[i] = get(&n->response_code[i]);
}
