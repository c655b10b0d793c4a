/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A handshake takes 3 answers at most; with a server that closes connections
 * in it, libcurl would begin again for ever.
 */
enum { BODY_MAX = 1 << 20, FIELDS_MAX = 200, TIMEOUT_MS = 60000,
       CONNECT_MS = 10000, RESPONSES_MAX = 8 };

struct http_client {
	CURL *curl;
	struct arena *arena;      /* of the configuration */
	struct http_client_config config;
	struct curl_slist *resolve;
};

/* One request on its way. */
struct exchange {
	const struct http_request *rq;
	struct arena *arena;
	struct buf body;
	struct http_field *fields;
	size_t n_fields;
	bool too_large;
	unsigned responses;
	bool challenge_token;
	const char *gss_error;
	CURL *curl;
	const char *tls_version;
};

static const char *copy(struct arena *a, const char *s)
{
	return s != NULL ? arena_strdup(a, s) : NULL;
}

struct http_client *http_client_new(const struct http_client_config *config)
{
	struct http_client *c = xcalloc(1, sizeof *c);

	c->arena = arena_new(512);
	c->config = *config;
	c->config.user = copy(c->arena, config->user);
	c->config.password = copy(c->arena, config->password);
	c->config.ca_file = copy(c->arena, config->ca_file);
	c->config.address = copy(c->arena, config->address);
	c->curl = curl_easy_init();
	if (c->curl == NULL)
		abort();        /* libcurl: out of memory */
	if (config->address != NULL)
		c->resolve = curl_slist_append(NULL, arena_printf(c->arena,
			"::%s:", config->address));
	return c;
}

void http_client_free(struct http_client *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->resolve);
	arena_free(c->arena);
	free(c);
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	size_t len = size * n;
	size_t max = x->rq->max_body > 0 ? x->rq->max_body : BODY_MAX;

	if (len > max - x->body.len) {
		x->too_large = true;
		return 0;
	}
	buf_add(&x->body, data, len);
	if (x->rq->on_data != NULL && !x->rq->on_data(x->rq->ctx, data, len))
		return 0;
	return len;
}

static const char *trimmed(struct arena *a, const char *s, size_t len)
{
	while (len > 0 && (*s == ' ' || *s == '\t'))
		s++, len--;
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t' ||
			   s[len - 1] == '\r' || s[len - 1] == '\n'))
		len--;
	return arena_strndup(a, s, len);
}

/* The session is there only while a transfer is under way. */
static void note_tls(struct exchange *x)
{
	struct curl_tlssessioninfo *info = NULL;

	if (x->tls_version == NULL &&
	    curl_easy_getinfo(x->curl, CURLINFO_TLS_SSL_PTR,
			      &info) == CURLE_OK && info != NULL &&
	    info->backend == CURLSSLBACKEND_OPENSSL &&
	    info->internals != NULL)
		x->tls_version = SSL_get_version(info->internals);
}

/* "Negotiate oYG…", "NTLM TlRM…": a method with more behind it. */
static bool is_token(const struct http_field *f)
{
	const char *blank = strchr(f->value, ' ');
	size_t len = blank != NULL ? (size_t)(blank - f->value) : 0;

	return strcasecmp(f->name, "WWW-Authenticate") == 0 &&
		((len == 4 && strncasecmp(f->value, "NTLM", 4) == 0) ||
		 (len == 9 && strncasecmp(f->value, "Negotiate", 9) == 0));
}

/* What libcurl says of GSSAPI stands in its log alone. */
static int on_debug(CURL *curl, curl_infotype type, char *data, size_t size,
		    void *ctx)
{
	struct exchange *x = ctx;

	if (type == CURLINFO_TEXT && x->gss_error == NULL &&
	    (memmem(data, size, "gss_init_sec_context() failed", 29) != NULL ||
	     memmem(data, size, "gss_import_name() failed", 24) != NULL))
		x->gss_error = trimmed(x->arena, data, size);
	return 0;
}

/* Each header line; a status line begins another response (401, 100). */
static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	size_t len = size * n;
	const char *colon = memchr(line, ':', len);

	if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
		x->n_fields = 0;
		if (++x->responses > RESPONSES_MAX)
			return 0;
		buf_clear(&x->body);
		note_tls(x);
	} else if (colon != NULL && x->n_fields < FIELDS_MAX) {
		struct http_field *f = &x->fields[x->n_fields++];
		size_t name = (size_t)(colon - line);

		f->name = arena_strndup(x->arena, line, name);
		f->value = trimmed(x->arena, colon + 1, len - name - 1);
		x->challenge_token = x->challenge_token || is_token(f);
	}
	return len;
}

static void set_auth(struct http_client *c)
{
	const struct http_client_config *config = &c->config;
	long methods = 0;

	if (config->auth & HTTP_AUTH_BASIC)
		methods |= (long)CURLAUTH_BASIC;
	if (config->auth & HTTP_AUTH_NTLM)
		methods |= (long)CURLAUTH_NTLM;
	if (config->auth & HTTP_AUTH_NEGOTIATE)
		methods |= (long)CURLAUTH_NEGOTIATE;
	if (config->auth & HTTP_AUTH_BEARER)
		methods |= (long)CURLAUTH_BEARER;
	if (methods == 0)
		return;
	curl_easy_setopt(c->curl, CURLOPT_HTTPAUTH, methods);
	if (config->auth & HTTP_AUTH_BEARER) {
		curl_easy_setopt(c->curl, CURLOPT_XOAUTH2_BEARER,
				 config->password);
		return;
	}
	/* Kerberos takes the user from the credential cache: ":". */
	curl_easy_setopt(c->curl, CURLOPT_USERNAME,
			 config->user != NULL ? config->user : "");
	curl_easy_setopt(c->curl, CURLOPT_PASSWORD,
			 config->password != NULL ? config->password : "");
}

static void set_tls(struct http_client *c)
{
	CURL *curl = c->curl;

	if (c->config.ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, c->config.ca_file);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER,
			 c->config.insecure ? 0L : 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST,
			 c->config.insecure ? 0L : 2L);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
}

static struct curl_slist *field_list(const struct http_request *rq,
				     struct arena *a)
{
	/* No "Expect: 100-continue", which costs a round trip. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; i < rq->n_fields; i++)
		list = curl_slist_append(list, arena_printf(a,
			*rq->fields[i].value != '\0' ? "%s: %s" : "%s;",
			rq->fields[i].name, rq->fields[i].value));
	return list;
}

static void set_request(struct http_client *c, struct exchange *x,
			struct curl_slist *fields)
{
	const struct http_request *rq = x->rq;
	CURL *curl = c->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, rq->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(c->config.connect_timeout_ms > 0 ?
				c->config.connect_timeout_ms : CONNECT_MS));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(rq->timeout_ms > 0 ?
			 rq->timeout_ms : TIMEOUT_MS));
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, rq->method);
	if (rq->body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, rq->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)rq->body_len);
	}
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	if (c->resolve != NULL)
		curl_easy_setopt(curl, CURLOPT_CONNECT_TO, c->resolve);
	if (c->config.auth & HTTP_AUTH_NEGOTIATE) {
		curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
		curl_easy_setopt(curl, CURLOPT_DEBUGDATA, x);
		curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	}
	set_auth(c);
	set_tls(c);
}

static double seconds(CURL *curl, CURLINFO what)
{
	curl_off_t us = 0;

	curl_easy_getinfo(curl, what, &us);
	return (double)us / 1e6;
}

static void get_times(CURL *curl, struct http_times *t)
{
	t->resolved = seconds(curl, CURLINFO_NAMELOOKUP_TIME_T);
	t->connected = seconds(curl, CURLINFO_CONNECT_TIME_T);
	t->secured = seconds(curl, CURLINFO_APPCONNECT_TIME_T);
	t->sent = seconds(curl, CURLINFO_PRETRANSFER_TIME_T);
	t->first_byte = seconds(curl, CURLINFO_STARTTRANSFER_TIME_T);
	t->total = seconds(curl, CURLINFO_TOTAL_TIME_T);
}

static const char *info_of(struct arena *a, const struct curl_slist *list,
			   const char *name)
{
	size_t len = strlen(name);

	for (; list != NULL; list = list->next)
		if (strncmp(list->data, name, len) == 0 &&
		    list->data[len] == ':')
			return arena_strdup(a, list->data + len + 1);
	return "";
}

static void get_certificates(CURL *curl, struct arena *a,
			     struct http_response *out)
{
	struct curl_certinfo *info = NULL;
	struct http_certificate *v;

	curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info);
	if (info == NULL || info->num_of_certs <= 0)
		return;
	v = arena_array(a, (size_t)info->num_of_certs, sizeof *v);
	for (int i = 0; i < info->num_of_certs; i++) {
		const struct curl_slist *list = info->certinfo[i];

		v[i].subject = info_of(a, list, "Subject");
		v[i].issuer = info_of(a, list, "Issuer");
		v[i].not_after = info_of(a, list, "Expire date");
		v[i].names = info_of(a, list,
				     "X509v3 Subject Alternative Name");
	}
	out->certificates = v;
	out->n_certificates = (size_t)info->num_of_certs;
}

static void get_response(struct http_client *c, struct exchange *x,
			 struct http_response *out)
{
	CURL *curl = c->curl;
	char *address = NULL;
	long status = 0, version = 0, connects = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &address);
	curl_easy_getinfo(curl, CURLINFO_PRIMARY_PORT, &out->port);
	out->status = (int)status;
	out->http_1_0 = version == (long)CURL_HTTP_VERSION_1_0;
	out->new_connection = connects > 0;
	out->address = arena_strdup(x->arena, address != NULL ? address : "");
	out->fields = x->fields;
	out->n_fields = x->n_fields;
	out->tls_version = x->tls_version;
	out->responses = x->responses;
	out->challenge_token = x->challenge_token;
	out->gss_error = x->gss_error;
	out->body = arena_memdup(x->arena, x->body.data, x->body.len);
	out->body_len = x->body.len;
	get_times(curl, &out->times);
	get_certificates(curl, x->arena, out);
}

static enum http_failure failure_of(CURLcode code, const struct exchange *x)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_FAILURE_RESOLVE;
	case CURLE_COULDNT_CONNECT:
		return HTTP_FAILURE_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
		return HTTP_FAILURE_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_FAILURE_CERTIFICATE;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_FAILURE_TIMEOUT;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return HTTP_FAILURE_CLOSED;
	default:
		return x->too_large ? HTTP_FAILURE_TOO_LARGE :
			HTTP_FAILURE_OTHER;
	}
}

bool http_client_send(struct http_client *c, const struct http_request *rq,
		      struct arena *arena, struct http_response *out,
		      enum http_failure *failure, struct err *err)
{
	struct exchange x = { .rq = rq, .arena = arena, .curl = c->curl };
	struct curl_slist *fields = field_list(rq, arena);
	char text[CURL_ERROR_SIZE] = "";
	CURLcode code;

	memset(out, 0, sizeof *out);
	x.fields = arena_array(arena, FIELDS_MAX, sizeof *x.fields);
	set_request(c, &x, fields);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, text);
	code = curl_easy_perform(c->curl);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, NULL);
	get_response(c, &x, out);
	curl_slist_free_all(fields);
	buf_free(&x.body);
	*failure = HTTP_FAILURE_NONE;
	if (code == CURLE_OK)
		return true;
	*failure = failure_of(code, &x);
	return err_set(err, EC_ERROR, "%s", x.too_large ?
		       "the answer is larger than allowed" :
		       x.responses > RESPONSES_MAX ?
		       "the server answers 401 again and again" :
		       text[0] != '\0' ? text : curl_easy_strerror(code));
}

const char *http_response_field(const struct http_response *rsp,
				const char *name, size_t nth)
{
	for (size_t i = 0; i < rsp->n_fields; i++)
		if (strcasecmp(rsp->fields[i].name, name) == 0 && nth-- == 0)
			return rsp->fields[i].value;
	return NULL;
}
