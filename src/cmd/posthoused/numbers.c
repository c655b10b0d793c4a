/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/numbers.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/gate.h"
#include "base/clock.h"
#include "cmd/posthoused/tokens.h"
#include "endpoint/autodiscover.h"
#include "endpoint/endpoint.h"
#include "mailbox/mailbox.h"
#include "store/pool.h"

static void counter(struct metrics_text *t, const char *name,
		    const char *help, uint64_t value)
{
	metric(t, METRIC_COUNTER, name, help, (double)value);
}

static void gauge(struct metrics_text *t, const char *name, const char *help,
		  uint64_t value)
{
	metric(t, METRIC_GAUGE, name, help, (double)value);
}

/* --- The process: names that Prometheus' own clients use -------------- */

static uint64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static double seconds(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static void collect_process(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct rusage usage;

	metric_family(t, METRIC_GAUGE, "posthouse_build_info",
		      "The version that runs; always 1.");
	metric_sample1(t, "version", n->version, 1);
	getrusage(RUSAGE_SELF, &usage);
	metric(t, METRIC_COUNTER, "process_cpu_seconds_total",
	       "Processor time, user and system.",
	       seconds(usage.ru_utime) + seconds(usage.ru_stime));
	gauge(t, "process_resident_memory_bytes", "Resident memory.",
	      resident_bytes());
}

/* --- HTTP ------------------------------------------------------------- */

static void collect_http(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct http_counters c;

	http_server_counters(n->http, &c);
	counter(t, "posthouse_http_connections_total",
		"Connections accepted.", c.accepted);
	gauge(t, "posthouse_http_connections", "Connections open.", c.open);
	counter(t, "posthouse_http_requests_total",
		"Requests handed to a handler.", c.requests);
	gauge(t, "posthouse_http_requests_in_progress",
	      "Requests not yet answered.", c.in_hand);
	counter(t, "posthouse_http_refused_total",
		"Requests and connections refused before a handler.",
		c.refused);
	counter(t, "posthouse_http_timeouts_total",
		"Connections that were too slow.", c.timed_out);
	counter(t, "posthouse_http_tls_failures_total",
		"TLS handshakes that failed.", c.tls_failed);
	counter(t, "posthouse_http_received_bytes_total",
		"Bytes received, TLS removed.", c.bytes_in);
	counter(t, "posthouse_http_sent_bytes_total",
		"Bytes sent, before TLS.", c.bytes_out);
}

/* --- Authentication --------------------------------------------------- */

static void collect_auth(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct auth_stats s;

	auth_stats(n->auth, &s);
	counter(t, "posthouse_auth_password_checks_total",
		"Passwords presented.", s.checks);
	counter(t, "posthouse_auth_password_remembered_total",
		"Of these, known from a check before.", s.remembered);
	counter(t, "posthouse_auth_password_denied_total",
		"Of these, wrong.", s.denied);
	counter(t, "posthouse_auth_throttled_total",
		"Attempts refused after too many failures.", s.throttled);
	counter(t, "posthouse_auth_unavailable_total",
		"Attempts that found no helper process.", s.unavailable);
	counter(t, "posthouse_auth_helpers_started_total",
		"Helper processes started.", s.helpers_started);
	counter(t, "posthouse_auth_helpers_lost_total",
		"Helper processes that died over their work.",
		s.helpers_lost);
	gauge(t, "posthouse_auth_waiting", "Attempts that wait or are checked "
	      "by a helper.", s.waiting);
}

static void collect_gate(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct gate_stats s;

	gate_stats(n->gate, &s);
	metric_family(t, METRIC_COUNTER, "posthouse_gate_passed_total",
		      "Requests of callers that were let in, by method.");
	metric_sample1(t, "method", "Basic", (double)s.basic);
	metric_sample1(t, "method", "NTLM", (double)s.ntlm);
	metric_sample1(t, "method", "Negotiate/Kerberos",
		       (double)s.negotiate_kerberos);
	metric_sample1(t, "method", "Negotiate/NTLM",
		       (double)s.negotiate_ntlm);
	metric_sample1(t, "method", "Bearer", (double)s.bearer);
	counter(t, "posthouse_gate_persistent_total", "Of those, on "
		"connections that were authenticated before.", s.persistent);
	counter(t, "posthouse_gate_denied_total",
		"Requests with credentials that were refused.", s.denied);
	counter(t, "posthouse_gate_handshakes_total",
		"Handshakes of NTLM and Negotiate begun.", s.handshakes);
	counter(t, "posthouse_gate_handshakes_lost_total",
		"Of those, lost with a helper process.", s.handshakes_lost);
}

static void collect_bearer(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct bearer_stats s;

	bearer_stats(n->tokens->bearer, &s);
	metric_family(t, METRIC_COUNTER, "posthouse_bearer_checks_total",
		      "Bearer tokens presented, by what came of them.");
	metric_sample1(t, "result", "ok", (double)s.ok);
	metric_sample1(t, "result", "denied", (double)s.denied);
	metric_sample1(t, "result", "malformed", (double)s.malformed);
	metric_sample1(t, "result", "unavailable", (double)s.unavailable);
	counter(t, "posthouse_bearer_remembered_total",
		"Bearer tokens known from a check before.", s.remembered);
	counter(t, "posthouse_bearer_key_fetches_total",
		"Readings of the issuer's keys.", s.fetches);
	counter(t, "posthouse_bearer_key_fetch_failures_total",
		"Of these, failed.", s.fetch_failures);
	gauge(t, "posthouse_bearer_keys", "Keys of the issuer in use.",
	      s.keys);
}

static void collect_hop(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct hop_stats s;

	hop_stats(n->tokens->hop, &s);
	metric_family(t, METRIC_COUNTER, "posthouse_assertions_total",
		      "Users named by other servers, by what came of it.");
	metric_sample1(t, "result", "accepted", (double)s.accepted);
	metric_sample1(t, "result", "refused", (double)s.refused);
	counter(t, "posthouse_assertions_stale_total",
		"Of those refused, with a grant that was too old.", s.stale);
}

/* --- The mailbox role ------------------------------------------------- */

static void collect_requests(const struct endpoint_counters *c,
			     struct metrics_text *t)
{
	const struct {
		const char *type;
		uint64_t n;
	} types[] = { { "Connect", c->connect }, { "Execute", c->execute },
		      { "Disconnect", c->disconnect },
		      { "NotificationWait", c->notification_wait },
		      { "PING", c->ping } };

	metric_family(t, METRIC_COUNTER, "posthouse_mapi_requests_total",
		      "MAPI over HTTP requests, by X-RequestType.");
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		metric_sample1(t, "type", types[i].type, (double)types[i].n);
}

static void collect_codes(const struct endpoint_counters *c,
			  struct metrics_text *t)
{
	char code[8];

	metric_family(t, METRIC_COUNTER, "posthouse_mapi_responses_total",
		      "MAPI over HTTP responses, by X-ResponseCode.");
	for (size_t i = 0; i < sizeof c->response_code /
	     sizeof c->response_code[0]; i++) {
		snprintf(code, sizeof code, "%zu", i);
		metric_sample1(t, "code", code, (double)c->response_code[i]);
	}
}

static void collect_endpoint(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct endpoint_counters c;

	endpoint_counters(n->endpoint, &c);
	collect_requests(&c, t);
	collect_codes(&c, t);
	counter(t, "posthouse_mapi_execute_inline_total",
		"Execute requests answered without a worker.",
		c.execute_inline);
	counter(t, "posthouse_mapi_unauthorized_total",
		"Requests answered with 401.", c.unauthorized);
	counter(t, "posthouse_mapi_contexts_expired_total",
		"Session contexts ended by their timer.", c.expired);
	counter(t, "posthouse_mapi_pending_total",
		"PENDING meta-tags sent.", c.pending);
	counter(t, "posthouse_mapi_busy_total",
		"Requests refused since the queue was full.", c.busy);
	gauge(t, "posthouse_mapi_contexts", "Session contexts.", c.contexts);
	gauge(t, "posthouse_mapi_notification_waits",
	      "NotificationWait requests that wait.", c.waiting);
	gauge(t, "posthouse_mapi_queued", "Requests that wait for a worker.",
	      c.queued);
}

static void collect_mailboxes(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct store_pool_stats s;

	store_pool_stats(n->pool, &s);
	gauge(t, "posthouse_mailbox_sessions", "Sessions.",
	      mailbox_service_sessions(n->mailboxes));
	gauge(t, "posthouse_store_mailboxes_open", "Mailboxes open.", s.open);
	counter(t, "posthouse_store_mailboxes_opened_total",
		"Mailboxes opened.", s.opened);
	counter(t, "posthouse_store_syncs_total",
		"Times that a mailbox's file was synced.", s.syncs);
	counter(t, "posthouse_store_read_bytes_total",
		"Bytes read of mailbox files.", s.read_bytes);
	counter(t, "posthouse_store_written_bytes_total",
		"Bytes written to mailbox files.", s.written_bytes);
	gauge(t, "posthouse_store_staged_bytes",
	      "Bytes of unsaved objects in the staging file.",
	      s.staged_bytes);
}

/* --- The page --------------------------------------------------------- */

static void serve(void *ctx, struct http_request *req)
{
	struct buf text = BUF_INIT;

	metrics_write(ctx, &text);
	http_header(req, "Content-Type",
		    "text/plain; version=0.0.4; charset=utf-8");
	http_respond(req, 200, buf_str(&text), text.len);
	buf_free(&text);
}

static void collect_autodiscover(void *ctx, struct metrics_text *t)
{
	const struct numbers *n = ctx;
	struct autodiscover_counters c;

	autodiscover_counters(n->autodiscover, &c);
	counter(t, "posthouse_autodiscover_requests_total",
		"Requests to Autodiscover.", c.requests);
	counter(t, "posthouse_autodiscover_settings_total",
		"Of these, answered with the settings of a mailbox.",
		c.settings);
	counter(t, "posthouse_autodiscover_redirects_total",
		"Of these, sent elsewhere.", c.redirects);
	counter(t, "posthouse_autodiscover_errors_total",
		"Of these, answered with an error.", c.errors);
	counter(t, "posthouse_autodiscover_json_total",
		"Of these, in the JSON form.", c.json);
	counter(t, "posthouse_autodiscover_unauthorized_total",
		"Of these, answered with 401.", c.unauthorized);
}

void numbers_attach(const struct numbers *n, struct metrics *m)
{
	void *ctx = (void *)(uintptr_t)n;

	metrics_add(m, collect_process, ctx);
	metrics_add(m, collect_http, ctx);
	if (n->auth != NULL)
		metrics_add(m, collect_auth, ctx);
	if (n->gate != NULL)
		metrics_add(m, collect_gate, ctx);
	if (n->tokens->bearer != NULL)
		metrics_add(m, collect_bearer, ctx);
	if (n->tokens->hop != NULL)
		metrics_add(m, collect_hop, ctx);
	if (n->endpoint != NULL)
		metrics_add(m, collect_endpoint, ctx);
	if (n->autodiscover != NULL)
		metrics_add(m, collect_autodiscover, ctx);
	if (n->mailboxes != NULL && n->pool != NULL)
		metrics_add(m, collect_mailboxes, ctx);
	http_server_mount_on(n->http, &(struct http_mount){
		.prefix = "/metrics", .body_max = 1024, .handle = serve,
		.ctx = m }, 1U << HTTP_LISTENER_METRICS);
}
