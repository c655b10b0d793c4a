/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: name, port, certificate, and requests without an answer. */
#include "analyzer/diagnose_impl.h"

enum { SOON_DAYS = 30 };

static bool no_name(const struct rule *rule, const struct observed *o,
		    struct finding *f)
{
	if (!o->resolve_failed)
		return false;
	evidence(o, f, "DNS has no address of %s", o->host);
	return true;
}

static bool no_port(const struct rule *rule, const struct observed *o,
		    struct finding *f)
{
	if (o->addresses_open > 0 || o->addresses_closed == 0)
		return false;
	evidence(o, f, "none of %u addresses of %s takes a connection",
		 o->addresses_closed, o->host);
	return true;
}

static bool some_ports(const struct rule *rule, const struct observed *o,
		       struct finding *f)
{
	if (o->addresses_open == 0 || o->addresses_closed == 0)
		return false;
	evidence(o, f, "%u of %u addresses take no connection",
		 o->addresses_closed, o->addresses_open + o->addresses_closed);
	return true;
}

/* What is wrong with the certificate; the rows' keys. */
enum { CERT_EXPIRED, CERT_NOT_YET, CERT_NAME, CERT_CHAIN, CERT_SELF_SIGNED,
       CERT_UNTRUSTED, CERT_HANDSHAKE };

static bool is_wrong(const struct observed_tls *t, long what)
{
	bool gap = t->untrusted && t->no_intermediate;

	switch (what) {
	case CERT_EXPIRED:
		return t->expired;
	case CERT_NOT_YET:
		return t->not_yet;
	case CERT_NAME:
		return t->name_mismatch;
	case CERT_CHAIN:
		return gap;
	case CERT_SELF_SIGNED:
		return t->self_signed;
	case CERT_UNTRUSTED:
		return t->untrusted && !gap && !t->self_signed;
	default:
		return !t->ok && !t->expired && !t->not_yet &&
			!t->name_mismatch && !t->self_signed &&
			!t->untrusted;
	}
}

static bool certificate(const struct rule *rule, const struct observed *o,
			struct finding *f)
{
	const struct observed_tls *t = &o->tls;

	if (!t->tried || !is_wrong(t, rule->key))
		return false;
	f->warning = o->insecure && rule->key != CERT_HANDSHAKE;
	if (t->error != NULL)
		evidence(o, f, "%s", t->error);
	if (t->subject != NULL)
		evidence(o, f, "subject %s, issuer %s", t->subject,
			 t->issuer != NULL ? t->issuer : "unknown");
	if (rule->key == CERT_NAME && t->names != NULL)
		evidence(o, f, "asked for %s; the certificate is for %s",
			 o->host, t->names);
	return true;
}

static bool expires_soon(const struct rule *rule, const struct observed *o,
			 struct finding *f)
{
	if (!o->tls.has_days || o->tls.expired || o->tls.days_left < 0 ||
	    o->tls.days_left >= SOON_DAYS)
		return false;
	evidence(o, f, "%d days are left", o->tls.days_left);
	return true;
}

/* Plain HTTP on something that is not loopback or asked for by hand. */
static bool plain_http(const struct rule *rule, const struct observed *o,
		       struct finding *f)
{
	if (o->url == NULL || o->tls_wanted || o->from_text)
		return false;
	evidence(o, f, "the URL is %s", o->url);
	return true;
}

/* No answer: which failure. */
static bool transport(const struct rule *rule, const struct observed *o,
		      struct finding *f)
{
	const struct observed_exchange *x =
		with_failure(o, (enum http_failure)rule->key);

	if (x == NULL)
		return false;
	evidence(o, f, "%s: %s", op_name(x->op),
		 x->error != NULL ? x->error : "no answer");
	return true;
}

const struct rule rules_network[] = {
	{ { "name-not-resolved", "the host name has no address" },
	  RANK_NETWORK, CONFIDENCE_CERTAIN, false, "port-closed",
	  no_name, 0,
	  "The server's name cannot be resolved here: no request was sent.",
	  "Check the name in the URL and the DNS that this machine asks; from "
	  "inside, an internal name may be needed." },
	{ { "port-closed", "no address takes a connection" },
	  RANK_NETWORK, CONFIDENCE_CERTAIN, false, NULL, no_port, 0,
	  "Nothing listens on the port, or a firewall drops the connection.",
	  "See that the front end runs, and that the way to it is open "
	  "(firewall, load balancer)." },
	{ { "some-addresses-closed", "some addresses take no connection" },
	  RANK_NETWORK, CONFIDENCE_CERTAIN, true, NULL, some_ports, 0,
	  "The name has several addresses and some are dead: clients that are "
	  "given one of those wait, or fail now and then.",
	  "Take dead addresses out of DNS, or repair the server behind them; "
	  "a load balancer should look at /mapi/healthcheck.htm." },
	{ { "certificate-expired", "the certificate has expired" },
	  RANK_TLS, CONFIDENCE_CERTAIN, false,
	  "certificate-untrusted tls-failed", certificate, CERT_EXPIRED,
	  "The server's certificate has expired: Outlook refuses it.",
	  "Renew the certificate and assign it to the web site (Exchange: "
	  "Enable-ExchangeCertificate -Services IIS; Posthouse: [tls] in "
	  "posthouse.conf, then SIGHUP)." },
	{ { "certificate-not-yet-valid", "the certificate is not valid yet" },
	  RANK_TLS, CONFIDENCE_CERTAIN, false,
	  "certificate-untrusted tls-failed", certificate, CERT_NOT_YET,
	  "The server's certificate begins in the future, or the clock of "
	  "this machine is behind.",
	  "Compare the clocks first." },
	{ { "certificate-name", "the certificate is for another name" },
	  RANK_TLS, CONFIDENCE_CERTAIN, false,
	  "certificate-untrusted tls-failed", certificate, CERT_NAME,
	  "The certificate is not for the name that clients use.",
	  "Issue a certificate with this name, or give the name that is in it "
	  "as InternalUrl and ExternalUrl "
	  "(Set-MapiVirtualDirectory -InternalUrl … -ExternalUrl …)." },
	{ { "certificate-chain", "an intermediate certificate is missing" },
	  RANK_TLS, CONFIDENCE_LIKELY, false,
	  "certificate-untrusted tls-failed", certificate, CERT_CHAIN,
	  "The server sends its own certificate alone, and its issuer is not "
	  "known here: the intermediate certificate is missing.",
	  "Install the intermediate certificates on the server, so that it "
	  "sends them." },
	{ { "certificate-self-signed", "the certificate is self-signed" },
	  RANK_TLS, CONFIDENCE_CERTAIN, false,
	  "certificate-untrusted tls-failed", certificate, CERT_SELF_SIGNED,
	  "The certificate is self-signed: clients that were not told to do "
	  "so do not trust it.",
	  "Use a certificate of a known authority, or give --ca-file here and "
	  "the authority to clients." },
	{ { "certificate-untrusted", "the issuer is not trusted" },
	  RANK_TLS, CONFIDENCE_CERTAIN, false, "tls-failed",
	  certificate, CERT_UNTRUSTED,
	  "The issuer of the certificate is not trusted here.",
	  "Give the authority's certificate with --ca-file, or install it; "
	  "on clients likewise." },
	{ { "tls-failed", "no TLS connection came about" },
	  RANK_TLS, CONFIDENCE_LIKELY, false, NULL, certificate,
	  CERT_HANDSHAKE,
	  "The TLS handshake failed: what listens there speaks no TLS, or no "
	  "version or cipher that both sides have.",
	  "See what listens on the port, and that TLS 1.2 is enabled on the "
	  "server." },
	{ { "certificate-expires-soon", "the certificate expires soon" },
	  RANK_ADVICE, CONFIDENCE_CERTAIN, true, NULL, expires_soon, 0,
	  "The certificate expires within 30 days.", "Renew it in time." },
	{ { "plain-http", "the URL is plain HTTP" },
	  RANK_ADVICE, CONFIDENCE_CERTAIN, true, NULL, plain_http, 0,
	  "The endpoint was reached without TLS: passwords and mail are "
	  "readable on the way, and Outlook does not do that.",
	  "Use an https URL." },
	{ { "time-out", "a request was not answered in time" },
	  RANK_PROTOCOL, CONFIDENCE_LIKELY, false, NULL, transport,
	  HTTP_FAILURE_TIMEOUT,
	  "The connection stands, but no answer came in time: the server is "
	  "busy or hangs, or a proxy holds the answer back.",
	  "Try again with a longer --timeout; then look at the load of the "
	  "server, and at proxies that buffer answers: PROCESSING and PENDING "
	  "have to be passed on at once." },
	{ { "connection-closed", "the connection was closed in an answer" },
	  RANK_PROTOCOL, CONFIDENCE_LIKELY, false, NULL, transport,
	  HTTP_FAILURE_CLOSED,
	  "The server, or a proxy, closed the connection before the answer "
	  "was complete.",
	  "See whether the server was restarted, and whether a proxy's "
	  "time-out is shorter than the pending period." },
	{ { "answer-too-large", "an answer was larger than allowed" },
	  RANK_PROTOCOL, CONFIDENCE_CERTAIN, false, NULL, transport,
	  HTTP_FAILURE_TOO_LARGE,
	  "An answer was larger than any of MAPI over HTTP is: something else "
	  "answers there.", "Check the URL." },
	{ { NULL, NULL }, 0, 0, false, NULL, NULL, 0, NULL, NULL },
};
