/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of a virtual directory: methods and Extended Protection. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/bearer.h"
#include "auth/gate_impl.h"
#include "base/arena.h"
#include "base/buf.h"

_Static_assert((int)GATE_BASIC == (int)DIR_METHOD_BASIC &&
	       (int)GATE_NTLM == (int)DIR_METHOD_NTLM &&
	       (int)GATE_NEGOTIATE == (int)DIR_METHOD_NEGOTIATE &&
	       (int)GATE_OAUTH == (int)DIR_METHOD_OAUTH, "one set of bits");

const char *gate_method_name(enum gate_method method)
{
	return method == GATE_BASIC ? "Basic" : method == GATE_NTLM ? "NTLM" :
		method == GATE_NEGOTIATE ? "Negotiate" : "Bearer";
}

/* Rules ---------------------------------------------------------------- */

void gate_rules_unref(struct gate_rules *rules)
{
	if (rules == NULL || atomic_fetch_sub_explicit(&rules->refs, 1,
			memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; rules->spns != NULL && rules->spns[i] != NULL; i++)
		free(rules->spns[i]);
	free(rules->spns);
	for (size_t i = 0; rules->challenges[i] != NULL; i++)
		free(rules->challenges[i]);
	free(rules);
}

/* text that may stand in a quoted-string (RFC 9110 5.6.4) */
static void put_quoted(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_puts(b, "\\");
		buf_add(b, text, 1);
	}
}

/* In the order in which Exchange sends them: the strongest first, as clients
 * that cannot compare take the first that they know. */
static void make_challenges(const struct gate_policy *p,
			    struct gate_rules *rules)
{
	const char *bearer = p->gate->config.bearer != NULL ?
		bearer_challenge(p->gate->config.bearer) : "";
	struct buf b = BUF_INIT;
	size_t n = 0;

	if ((rules->methods & GATE_NEGOTIATE) != 0)
		rules->challenges[n++] = xstrdup("Negotiate");
	if ((rules->methods & GATE_NTLM) != 0)
		rules->challenges[n++] = xstrdup("NTLM");
	if ((rules->methods & GATE_BASIC) != 0) {
		buf_puts(&b, "Basic realm=\"");
		put_quoted(&b, p->realm);
		buf_puts(&b, "\"");
		rules->challenges[n++] = xstrdup(buf_str(&b));
	}
	if ((rules->methods & GATE_OAUTH) != 0) {
		buf_clear(&b);
		buf_puts(&b, *bearer != '\0' ? "Bearer " : "Bearer");
		buf_puts(&b, bearer);
		rules->challenges[n++] = xstrdup(buf_str(&b));
	}
	buf_free(&b);
}

/* Without a list, the names of the host itself. */
static void make_spns(const struct gate_policy *p, const struct dir_vdir *v,
		      struct gate_rules *rules)
{
	size_t n = v->ep_spn_count;

	rules->spns = xcalloc(n + 2, sizeof *rules->spns);
	for (size_t i = 0; i < n; i++)
		rules->spns[i] = xstrdup(v->ep_spns[i]);
	if (n == 0) {
		rules->spns[0] = xmalloc(strlen(p->realm) + 6);
		stpcpy(stpcpy(rules->spns[0], "HTTP/"), p->realm);
	}
}

static struct gate_rules *make_rules(const struct gate_policy *p)
{
	struct gate_rules *rules = xcalloc(1, sizeof *rules);
	struct arena *arena = arena_new(0);
	struct guid server = p->server;
	struct dir_server self;
	struct dir_vdir v = { .methods = DIR_METHOD_BASIC };

	if (guid_is_null(&server) &&
	    directory_this_server(p->gate->config.dir, arena, &self))
		server = self.guid;
	directory_vdir(p->gate->config.dir, &server,
		       p->listener == GATE_BACK_END, arena, &v);
	atomic_init(&rules->refs, 1);
	rules->methods = v.methods;
	rules->ep = v.ep_checking;
	rules->ep_flags = v.ep_flags;
	make_spns(p, &v, rules);
	make_challenges(p, rules);
	arena_free(arena);
	return rules;
}

struct gate_rules *gate_rules_now(struct gate_policy *p)
{
	uint64_t change = directory_change(p->gate->config.dir);
	struct gate_rules *rules, *old = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->rules == NULL || atomic_load(&p->change) != change) {
		old = p->rules;
		p->rules = make_rules(p);
		atomic_store(&p->change, change);
	}
	rules = p->rules;
	atomic_fetch_add_explicit(&rules->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&p->lock);
	gate_rules_unref(old);
	return rules;
}

/* Policies ------------------------------------------------------------- */

struct gate_policy *gate_policy_new(struct gate *gate,
				    const struct gate_policy_config *config)
{
	struct gate_policy *p = xcalloc(1, sizeof *p);

	p->gate = gate;
	p->listener = config->listener;
	p->server = config->server;
	p->realm = xstrdup(config->realm != NULL ? config->realm : "");
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void gate_policy_free(struct gate_policy *p)
{
	if (p == NULL)
		return;
	gate_rules_unref(p->rules);
	pthread_mutex_destroy(&p->lock);
	free(p->realm);
	free(p);
}

unsigned gate_policy_methods(struct gate_policy *policy)
{
	struct gate_rules *rules = gate_rules_now(policy);
	unsigned methods = rules->methods;

	gate_rules_unref(rules);
	return methods;
}

size_t gate_challenges(struct gate_policy *policy, struct arena *arena,
		       const char *const **out)
{
	struct gate_rules *rules = gate_rules_now(policy);
	const char **list;
	size_t n = 0;

	while (rules->challenges[n] != NULL)
		n++;
	list = arena_array(arena, n, sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = arena_strdup(arena, rules->challenges[i]);
	gate_rules_unref(rules);
	*out = list;
	return n;
}

/* Extended Protection -------------------------------------------------- */

/*
 * With Proxy another place ends TLS, so that the channel that the client
 * names is never ours.
 */
bool gate_rules_bind(const struct gate_rules *rules)
{
	return rules->ep != DIR_EP_NONE &&
		(rules->ep_flags & DIR_EP_PROXY) == 0;
}

/* "HTTP/mail.example.test@REALM" is meant for "HTTP/mail.example.test". */
static bool is_listed(const struct gate_rules *rules, const char *target)
{
	size_t len = strcspn(target, "@");

	for (size_t i = 0; rules->spns[i] != NULL; i++)
		if (strlen(rules->spns[i]) == len &&
		    strncasecmp(rules->spns[i], target, len) == 0)
			return true;
	return false;
}

static const char *check_target(const struct gate_rules *rules,
				const char *target)
{
	size_t len = strcspn(target, "@");

	if ((rules->ep_flags & DIR_EP_NO_SERVICE_NAME_CHECK) != 0)
		return NULL;
	if (*target == '\0')
		return rules->ep == DIR_EP_ALLOW ? NULL : "Extended "
			"Protection: the client does not say which service it "
			"means (SPN)";
	/* Kerberos names the account whose key fitted: ours, whichever of its
	 * services was meant.  No other server can have passed that on. */
	if (len > 1 && target[len - 1] == '$')
		return NULL;
	if (memchr(target, '.', len) == NULL &&
	    (rules->ep_flags & DIR_EP_ALLOW_DOTLESS_SPN) == 0)
		return "Extended Protection: the client means a service "
			"without a domain (AllowDotlessSPN is not set)";
	return is_listed(rules, target) ? NULL : "Extended Protection: the "
		"client means another service; add its SPN to "
		"ExtendedProtectionSPNList if that is this one";
}

const char *gate_rules_protect(const struct gate_rules *rules,
			       const struct gate_channel *channel)
{
	bool proxied = (rules->ep_flags & (DIR_EP_PROXY |
					   DIR_EP_PROXY_COHOSTING)) != 0;

	if (rules->ep == DIR_EP_NONE || (channel->tls && channel->bound))
		return NULL;
	if (!channel->tls || proxied)
		return check_target(rules, channel->target);
	return rules->ep == DIR_EP_ALLOW ? NULL : "Extended Protection: the "
		"client sends no channel binding";
}
