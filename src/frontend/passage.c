/* SPDX-License-Identifier: Apache-2.0 */
/* A request's way to its target: who calls, which mailbox, which server. */
#include "frontend/passage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/hop.h"
#include "base/clock.h"

/* Unique by a counter in a random GUID: the kernel need not be asked. */
static void make_id(struct frontend *f, char id[static GUID_TEXT_SIZE])
{
	uint64_t n = atomic_fetch_add_explicit(&f->next_id, 1,
					       memory_order_relaxed);
	struct guid g = f->id_base;

	for (size_t i = 0; i < 6; i++)
		g.b[10 + i] ^= (uint8_t)(n >> (8 * (5 - i)));
	guid_format(&g, id);
}

/* --- The end ---------------------------------------------------------- */

static void log_passage(const struct passage *p)
{
	struct log *log = p->frontend->config.log;
	char user[160], mailbox[160];

	if (!log_enabled(log, LOG_LEVEL_INFO))
		return;
	log_event(log, LOG_LEVEL_INFO, "proxy", "id=%s peer=%s user=%s "
		  "mailbox=%s backend=%s hop=%s status=%d%s%s us=%llu "
		  "up=%llu down=%llu%s", p->id, http_peer(p->req),
		  p->who != NULL ? log_quote(p->who->upn, user, sizeof user) :
		  "-", p->mailbox_id != NULL ? log_quote(p->mailbox_id,
		  mailbox, sizeof mailbox) : "-",
		  p->target.server.fqdn != NULL ? p->target.server.fqdn : "-",
		  p->passes ? "pass-through" : p->key == NULL ? "-" :
		  p->target.hop == FRONTEND_DELEGATION ? "delegation" :
		  "server",
		  p->status, p->failure != FRONTEND_OK ? " failure=" : "",
		  p->failure != FRONTEND_OK ?
		  frontend_failure_name(p->failure) : "",
		  (unsigned long long)(clock_ns() -
				       http_received_ns(p->req)) / 1000,
		  (unsigned long long)p->up, (unsigned long long)p->down,
		  p->gone ? " gone=1" : "");
}

void passage_ended(struct passage *p)
{
	struct frontend *f = p->frontend;

	if (p->u != NULL)
		proxy_let_go(p, false);
	hop_auth_free(p);
	log_passage(p);
	if (p->counted)
		bump(&f->n.pending, -1);
	bump(&f->n.bytes_up, (int64_t)p->up);
	bump(&f->n.bytes_down, (int64_t)p->down);
	identity_unref(p->who);
	p->who = NULL;
}

static void on_gone(void *ctx, struct http_request *req)
{
	struct passage *p = ctx;

	p->gone = true;
	if (p->waiting)
		return;           /* what is waited for comes here again */
	passage_ended(p);
	http_abort(req);
}

/* --- This very server ------------------------------------------------- */

static void whole(void *ctx, struct http_request *req)
{
	struct passage *p = ctx;
	struct frontend *f = p->frontend;
	enum frontend_service service = p->mount->service;
	const struct identity *who = p->who;
	struct frontend_caller caller = { .who = who, .id = p->id,
		.how = p->how, .policy = f->config.policy,
		.target = p->target.server.fqdn };

	http_on_gone(req, NULL, NULL);
	f->config.local[service](f->config.local_ctx[service], req, &caller);
	identity_unref(who);
}

static void hand_over(struct passage *p)
{
	bump(&p->frontend->n.local, 1);
	http_last_header(p->req, "X-FEServer", p->frontend->host_short);
	http_read_whole(p->req, p->frontend->config.body_max, whole, p);
}

/* --- The way ---------------------------------------------------------- */

static bool is_local_service(const struct passage *p)
{
	return p->frontend->config.local[p->mount->service] != NULL;
}

/* Who has no mailbox may still be told so, or look into the address book, by
 * the mailbox server that is here. */
static void no_target(struct passage *p, enum frontend_failure failure,
		      const char *why)
{
	if (failure == FRONTEND_NO_MAILBOX && p->who != NULL &&
	    is_local_service(p))
		hand_over(p);
	else
		passage_fail(p, failure, why, NULL);
}

static void route(struct passage *p)
{
	struct frontend *f = p->frontend;
	const char *why = "";
	enum frontend_failure failure;

	failure = route_target(&f->config, p->mailbox_id, p->who,
			       http_arena(p->req), &p->target, &why);
	if (failure != FRONTEND_OK)
		no_target(p, failure, why);
	else if (p->target.local && is_local_service(p))
		hand_over(p);
	else if (p->target.hop == FRONTEND_PASS_THROUGH && !p->passes)
		passage_fail(p, FRONTEND_NEEDS_MAILBOX_ID, "credentials can "
			     "be passed through only where the URL has a "
			     "MailboxId", NULL);
	else
		proxy_begin(p);
}

/* --- Who calls -------------------------------------------------------- */

static void gated(void *ctx, struct http_request *req,
		  const struct gate_result *result)
{
	struct passage *p = ctx;

	p->waiting = false;
	p->how = result->how != NULL ? result->how : "-";
	if (result->status == GATE_OK && result->who != NULL)
		p->who = identity_ref(result->who);
	if (p->gone) {
		passage_ended(p);
		http_abort(req);
	} else if (p->who != NULL) {
		p->gated = true;
		route(p);
	} else {
		passage_refuse(p, result->status == GATE_OK ?
			       GATE_UNAUTHORIZED : result->status);
	}
}

/*
 * Pass-through is decided before anybody has said who he is, so by MailboxId
 * alone.
 */
static bool try_pass_through(struct passage *p)
{
	struct frontend *f = p->frontend;
	const char *why;

	if (p->mailbox_id == NULL ||
	    route_target(&f->config, p->mailbox_id, NULL, http_arena(p->req),
			 &p->target, &why) != FRONTEND_OK ||
	    p->target.local || p->target.hop != FRONTEND_PASS_THROUGH)
		return false;
	p->passes = true;
	bump(&f->n.passed_through, 1);
	proxy_begin(p);
	return true;
}

/* Text of a client, and so no more than a reason to refuse. */
static unsigned hops_before(const struct http_request *req)
{
	const char *text = http_field(req, HOP_COUNT_HEADER);
	unsigned long n;
	char *end;

	if (text == NULL)
		return 0;
	n = strtoul(text, &end, 10);
	return *text == '\0' || *end != '\0' || n > HOPS_MAX ||
		http_field_count(req, HOP_COUNT_HEADER) > 1 ?
		HOPS_MAX : (unsigned)n;
}

/* Twice, or badly encoded: not to be routed by the one or the other. */
static bool has_bad_mailbox_id(const struct passage *p)
{
	return p->mailbox_id == NULL &&
		strcasestr(http_query(p->req), "MailboxId=") != NULL;
}

void passage_handle(void *ctx, struct http_request *req)
{
	const struct frontend_mount *mount = ctx;
	struct frontend *f = mount->frontend;
	struct passage *p = arena_zalloc(http_arena(req), sizeof *p);

	p->frontend = f;
	p->mount = mount;
	p->req = req;
	p->how = "-";
	make_id(f, p->id);
	bump(&f->n.requests, 1);
	http_on_gone(req, on_gone, p);
	p->hops = hops_before(req);
	if (*http_query(req) != '\0')
		p->mailbox_id = http_query_get(req, "MailboxId");
	if (p->hops >= HOPS_MAX)
		passage_fail(p, FRONTEND_LOOP, "the request goes in circles: "
			     "look where the InternalUrl of back-end virtual "
			     "directories leads", NULL);
	else if (has_bad_mailbox_id(p))
		passage_fail(p, FRONTEND_NO_MAILBOX, "the MailboxId of the "
			     "URL cannot be read", NULL);
	else if (!try_pass_through(p)) {
		p->waiting = true;
		gate_check(f->config.policy, req, gated, p);
	}
}
