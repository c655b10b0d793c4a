/* SPDX-License-Identifier: Apache-2.0 */
/* What a helper process does. */
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "auth/gss.h"
#include "auth/helper.h"
#include "auth/ldap_password.h"
#include "auth/password.h"
#include "auth/pool.h"
#include "base/arena.h"

_Static_assert((int)POOL_MESSAGE_MAX >= (int)HANDSHAKE_MESSAGE_MAX,
	       "a message must fit");
_Static_assert((int)POOL_QUERY == (int)HANDSHAKE_QUERY, "one name each");

struct helper_process {
	int fd;
	struct gss *gss;          /* NULL before the settings */
	uint8_t *out;             /* POOL_MESSAGE_MAX bytes */
	uint8_t *reply;           /* as many: what a query was answered */
};

/* Passwords ------------------------------------------------------------ */

/* 'y', 'n', or 'f' for a message that makes no sense. */
static uint8_t check_password(const uint8_t *message, size_t len)
{
	const char *password = (const char *)message;
	const char *nul = memchr(message, '\0', len);
	const size_t prefix = strlen(LDAP_PASSWORD_PREFIX);
	bool match, known;

	if (nul == NULL || message[len - 1] != '\0' ||
	    nul == password + len - 1)
		return 'f';
	if (strncmp(nul + 1, LDAP_PASSWORD_PREFIX, prefix) == 0)
		known = ldap_password_verify(password, nul + 1 + prefix,
					     &match);
	else
		known = password_verify(password, nul + 1, &match, NULL);
	return !known ? 'f' : match ? 'y' : 'n';
}

/* Handshakes ----------------------------------------------------------- */

/*
 * Ask the daemon and wait for its reply.  What it wants forgotten meanwhile is
 * forgotten: it cannot be the handshake that is being worked on.
 */
static bool ask(void *ctx, const struct handshake_query *query,
		struct handshake_reply *reply)
{
	struct helper_process *p = ctx;
	struct handshake_message msg = { .kind = HANDSHAKE_QUERY,
					 .u.query = *query };
	size_t len = handshake_encode(&msg, p->out, POOL_MESSAGE_MAX);

	if (len == 0 || !helper_send(p->fd, p->out, len))
		return false;
	while (helper_recv(p->fd, p->reply, POOL_MESSAGE_MAX, &len) &&
	       handshake_decode(p->reply, len, &msg)) {
		if (msg.kind == HANDSHAKE_REPLY) {
			*reply = msg.u.reply;
			return true;
		}
		if (msg.kind != HANDSHAKE_FORGET)
			return false;
		gss_forget(p->gss, msg.u.forget.number);
	}
	return false;
}

static bool answer(struct helper_process *p,
		   const struct handshake_answer *a)
{
	struct handshake_message msg = { .kind = HANDSHAKE_ANSWER,
					 .u.answer = *a };
	size_t len = handshake_encode(&msg, p->out, POOL_MESSAGE_MAX);

	return len > 0 && helper_send(p->fd, p->out, len);
}

/* False: the daemon is gone, or says what makes no sense. */
static bool handshake(struct helper_process *p, const uint8_t *data,
		      size_t len)
{
	struct handshake_answer a;
	struct handshake_message msg;
	bool ok;

	if (!handshake_decode(data, len, &msg))
		return false;
	if (msg.kind == HANDSHAKE_SETTINGS && p->gss == NULL) {
		p->gss = gss_new(&msg.u.settings, ask, p);
		return true;
	}
	if (p->gss == NULL)
		return false;
	switch (msg.kind) {
	case HANDSHAKE_ACCEPT:
		gss_accept(p->gss, &msg.u.accept, &a);
		break;
	case HANDSHAKE_INITIATE:
		gss_initiate(p->gss, &msg.u.initiate, &a);
		break;
	case HANDSHAKE_FORGET:
		gss_forget(p->gss, msg.u.forget.number);
		return true;
	default:
		return false;
	}
	ok = answer(p, &a);
	OPENSSL_cleanse(p->reply, 64);
	return ok;
}

/* The process ---------------------------------------------------------- */

/* Passwords pass through here: no core files, no debugger of the user. */
static void harden(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGINT, SIG_IGN);  /* Ctrl-C is for the daemon, which drains */
}

static bool serve(struct helper_process *p, const uint8_t *message,
		  size_t len)
{
	uint8_t match;

	if (message[0] != HELPER_PASSWORD)
		return handshake(p, message, len);
	if (len < 2)
		return false;
	match = check_password(message + 1, len - 1);
	return helper_send(p->fd, &match, 1);
}

int helper_main(int fd)
{
	struct helper_process p = { .fd = fd };
	uint8_t *message = xmalloc(POOL_MESSAGE_MAX);
	bool ok = true;
	size_t len;

	harden();
	p.out = xmalloc(POOL_MESSAGE_MAX);
	p.reply = xmalloc(POOL_MESSAGE_MAX);
	while (ok && helper_recv(fd, message, POOL_MESSAGE_MAX, &len)) {
		ok = serve(&p, message, len);
		OPENSSL_cleanse(message, len);
	}
	gss_free(p.gss);
	free(message);
	free(p.out);
	free(p.reply);
	return ok ? 0 : 1;
}
