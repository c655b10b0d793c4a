/* SPDX-License-Identifier: Apache-2.0 */
/* Autodiscover over HTTP. */
#include "endpoint/autodiscover.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/gate.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/server.h"

struct autodiscover_service {
	struct autodiscover_config config;        /* strings are its own */
	char *server_application, *host_short;
	atomic_uint_least64_t requests, settings, redirects, errors, json,
		unauthorized;
};

/* A request; in its arena. */
struct visit {
	struct autodiscover_service *service;
	const char *user;         /* UPN, for the log; NULL: nobody */
	const char *email;        /* that is asked for; NULL: none */
	char id[GUID_TEXT_SIZE];
};

/* Service -------------------------------------------------------------- */

static void copy_redirects(struct autodiscover_config *config)
{
	const struct autodiscover_redirect *from = config->redirects;
	struct autodiscover_redirect *to;

	to = xcalloc(config->redirect_count + 1, sizeof *to);
	for (size_t i = 0; i < config->redirect_count; i++) {
		to[i].domain = xstrdup(from[i].domain);
		to[i].to = xstrdup(from[i].to);
	}
	config->redirects = to;
}

struct autodiscover_service *
autodiscover_new(const struct autodiscover_config *config)
{
	struct autodiscover_service *service = xcalloc(1, sizeof *service);
	const char *version = config->version != NULL ? config->version :
		"15.00.1210.002";
	size_t size = strlen("Exchange/") + strlen(version) + 1;

	service->config = *config;
	service->config.host = xstrdup(config->host);
	service->server_application = xmalloc(size);
	snprintf(service->server_application, size, "Exchange/%s", version);
	service->host_short = xstrdup(config->host);
	service->host_short[strcspn(service->host_short, ".")] = '\0';
	copy_redirects(&service->config);
	return service;
}

void autodiscover_free(struct autodiscover_service *service)
{
	if (service == NULL)
		return;
	for (size_t i = 0; i < service->config.redirect_count; i++) {
		free((char *)service->config.redirects[i].domain);
		free((char *)service->config.redirects[i].to);
	}
	free((struct autodiscover_redirect *)service->config.redirects);
	free((char *)service->config.host);
	free(service->host_short);
	free(service->server_application);
	free(service);
}

static void bump(atomic_uint_least64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

void autodiscover_counters(const struct autodiscover_service *service,
			   struct autodiscover_counters *out)
{
	out->requests = atomic_load(&service->requests);
	out->settings = atomic_load(&service->settings);
	out->redirects = atomic_load(&service->redirects);
	out->errors = atomic_load(&service->errors);
	out->json = atomic_load(&service->json);
	out->unauthorized = atomic_load(&service->unauthorized);
}

/* Answers -------------------------------------------------------------- */

static void log_visit(const struct visit *v, struct http_request *req,
		      int status, const char *what)
{
	uint64_t us = (clock_ns() - http_received_ns(req)) / 1000;
	char user[200], email[200];

	log_event(v->service->config.log, LOG_LEVEL_INFO, "autodiscover",
		  "id=%s peer=%s user=%s email=%s status=%d answer=%s us=%llu",
		  v->id, http_peer(req),
		  v->user != NULL ? log_quote(v->user, user, sizeof user) :
		  "-", v->email != NULL ?
		  log_quote(v->email, email, sizeof email) : "-", status, what,
		  (unsigned long long)us);
}

static void put_head(const struct visit *v, struct http_request *req,
		     const char *type)
{
	http_header(req, "Cache-Control", "private");
	if (type != NULL)
		http_header(req, "Content-Type", type);
	http_header(req, "request-id", v->id);
	http_header(req, "X-ServerApplication",
		    v->service->server_application);
	http_header(req, "X-DiagInfo", v->service->host_short);
	http_header(req, "X-BEServer", v->service->host_short);
}

/* 2.2.4.1.1.3: the attributes of Error. */
static void put_error_place(const struct visit *v, struct arena *arena,
			    struct autodiscover_rsp *rsp)
{
	struct timespec now;
	struct tm tm;
	uint32_t id = 5381;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	rsp->time = arena_printf(arena, "%02d:%02d:%02d.%07ld", tm.tm_hour,
				 tm.tm_min, tm.tm_sec, now.tv_nsec / 100);
	for (const char *p = v->service->config.host; *p != '\0'; p++)
		id = id * 33 + (uint8_t)*p;
	rsp->id = arena_printf(arena, "%u", id);
}

static const char *count_answer(struct autodiscover_service *service,
				const struct autodiscover_rsp *rsp)
{
	if (rsp->error != AUTODISCOVER_OK) {
		bump(&service->errors);
		return "error";
	}
	if (rsp->action != AUTODISCOVER_SETTINGS) {
		bump(&service->redirects);
		return "redirect";
	}
	bump(&service->settings);
	return "settings";
}

static void answer_xml(struct visit *v, struct http_request *req)
{
	const struct autodiscover_config *config = &v->service->config;
	struct arena *arena = http_arena(req);
	struct autodiscover_rsp rsp = { .error = AUTODISCOVER_INVALID };
	struct autodiscover_req asked;
	struct buf b = BUF_INIT;
	const uint8_t *body;
	size_t len;

	body = http_body(req, &len);
	rsp.error = autodiscover_req_decode(body, len, arena, &asked);
	if (rsp.error == AUTODISCOVER_OK) {
		v->email = *asked.email != '\0' ? asked.email :
			asked.legacy_dn;
		autodiscover_answer(config, &asked, autodiscover_capability(
				http_field(req, "X-MapiHttpCapability")),
				arena, &rsp);
	}
	put_error_place(v, arena, &rsp);
	autodiscover_rsp_encode(&rsp, &b);
	gate_put_headers(config->policy, req, GATE_OK);
	put_head(v, req, "text/xml; charset=utf-8");
	log_visit(v, req, 200, count_answer(v->service, &rsp));
	http_respond(req, 200, b.data, b.len);
	buf_free(&b);
}

static void refuse(struct visit *v, struct http_request *req, int status,
		   const char *what)
{
	put_head(v, req, NULL);
	log_visit(v, req, status, what);
	http_respond(req, status, "", 0);
}

static void checked(void *ctx, struct http_request *req,
		    const struct gate_result *result)
{
	struct visit *v = ctx;

	if (result->status == GATE_UNAVAILABLE) {
		http_header(req, "Retry-After", "1");
		refuse(v, req, 503, "unavailable");
		return;
	}
	if (result->status != GATE_OK || result->who == NULL) {
		bump(&v->service->unauthorized);
		gate_put_headers(v->service->config.policy, req,
				 GATE_UNAUTHORIZED);
		refuse(v, req, 401, "unauthorized");
		return;
	}
	v->user = arena_strdup(http_arena(req), result->who->upn);
	answer_xml(v, req);
}

static void answer_json(struct visit *v, struct http_request *req)
{
	struct autodiscover_json answer;
	const char *email = http_query_get(req, "Email");
	const char *path = http_path(req), *version;

	/* …/autodiscover.json/v1.0/user@example.test */
	version = strstr(path, "/v1.0/");
	if (email == NULL && version != NULL)
		email = version + strlen("/v1.0/");
	v->email = email;
	autodiscover_json_answer(&v->service->config, email,
				 http_query_get(req, "Protocol"),
				 http_arena(req), &answer);
	bump(&v->service->json);
	put_head(v, req, "application/json; charset=utf-8");
	log_visit(v, req, answer.status, "json");
	http_respond(req, answer.status, answer.body, strlen(answer.body));
}

/* Requests ------------------------------------------------------------- */

static bool is_below(const char *path, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(path, name, len) == 0 &&
		(path[len] == '\0' || path[len] == '/');
}

static void handle(void *ctx, struct http_request *req)
{
	struct visit *v = arena_zalloc(http_arena(req), sizeof *v);
	const char *method = http_method(req), *path = http_path(req);
	struct guid id = guid_new();
	bool get = strcmp(method, "GET") == 0;

	v->service = ctx;
	guid_format(&id, v->id);
	bump(&v->service->requests);
	if (is_below(path, "/autodiscover/autodiscover.json") && get) {
		answer_json(v, req);
	} else if (!is_below(path, "/autodiscover/autodiscover.xml") &&
		   !is_below(path, "/autodiscover/autodiscover.json")) {
		refuse(v, req, 404, "not-found");
	} else if (strcmp(method, "POST") == 0 || get) {
		/* GET has no request in it: 600, but only for users. */
		gate_check(v->service->config.policy, req, checked, v);
	} else {
		http_header(req, "Allow", "GET, POST");
		refuse(v, req, 405, "method");
	}
}

void autodiscover_attach(struct autodiscover_service *service,
			 struct http_server *server)
{
	http_server_mount(server, &(struct http_mount){
		.prefix = "/autodiscover/", .body_max = AUTODISCOVER_MAX,
		.handle = handle, .ctx = service });
}
