/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/listen.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct networks {
	struct net *nets;
	size_t n;
};

/* text was looked at when the configuration was read; NULL: none. */
static bool read_networks(const char *text, struct networks *out,
			  struct err *err)
{
	*out = (struct networks){ NULL, 0 };
	return text == NULL || net_parse_list(text, &out->nets, &out->n, err);
}

static enum http_listener_kind kind_of(const struct config_listener *l)
{
	return l->kind == CONFIG_LISTEN_BACKEND ? HTTP_LISTENER_BACKEND :
		l->kind == CONFIG_LISTEN_METRICS ? HTTP_LISTENER_METRICS :
		HTTP_LISTENER_CLIENT;
}

static const char *name_of(enum http_listener_kind kind)
{
	return kind == HTTP_LISTENER_BACKEND ? "servers" :
		kind == HTTP_LISTENER_METRICS ? "metrics" : "clients";
}

static bool listen_on(struct http_server *http, const struct config *c,
		      const struct config_listener *l, struct log *log,
		      struct err *err)
{
	struct http_listen_options options = { .kind = kind_of(l),
		.certificate = l->tls ? c->certificate : NULL,
		.key = l->tls ? c->key : NULL };
	bool v6 = strchr(l->address, ':') != NULL, ok;
	struct networks proxies, allowed;
	struct buf address = BUF_INIT;
	int port = 0;

	buf_printf(&address, "%s%s%s:%u", v6 ? "[" : "", l->address,
		   v6 ? "]" : "", l->port);
	ok = read_networks(options.kind == HTTP_LISTENER_CLIENT ?
			   c->proxy_from : NULL, &proxies, err) &&
		read_networks(options.kind == HTTP_LISTENER_METRICS ?
			      c->metrics_allow : NULL, &allowed, err);
	if (ok) {
		options.proxies = proxies.nets;
		options.n_proxies = proxies.n;
		options.allowed = allowed.nets;
		options.n_allowed = allowed.n;
		port = http_server_listen_as(http, buf_str(&address), &options,
					     err);
		free(allowed.nets);
	}
	free(proxies.nets);
	buf_free(&address);
	if (port == 0)
		return err_prefix(err, "%s:%u", c->path, l->line);
	log_event(log, LOG_LEVEL_INFO, "listening",
		  "address=%s port=%d tls=%s for=%s", l->address, port,
		  l->tls ? "yes" : "no", name_of(options.kind));
	return true;
}

bool listen_all(struct http_server *http, const struct config *config,
		struct log *log, struct err *err)
{
	for (size_t i = 0; i < config->listener_count; i++)
		if (!listen_on(http, config, &config->listeners[i], log, err))
			return false;
	return true;
}
