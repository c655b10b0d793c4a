/* SPDX-License-Identifier: Apache-2.0 */
/* Test-MapiConnectivity: which mailboxes; analyzer/connectivity.h does it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "analyzer/connectivity.h"
#include "cmd/posthouse/cmdlet_object.h"
#include "cmd/posthouse/cmdlets.h"
#include "cmd/posthouse/entry.h"
#include "http/client.h"

/* Parameters ----------------------------------------------------------- */

static bool take_auth(struct cmdlet_call *call, unsigned *out)
{
	static const struct {
		const char *name;
		unsigned auth;
	} names[] = {
		{ "Basic", HTTP_AUTH_BASIC }, { "Ntlm", HTTP_AUTH_NTLM },
		{ "Negotiate", HTTP_AUTH_NEGOTIATE },
	};
	const char *text = cmdlet_text(call, "AuthenticationMethod");

	if (text == NULL)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(names[i].name, text) == 0) {
			*out = names[i].auth;
			return true;
		}
	cmdlet_error(call, "Cannot process argument transformation on "
		     "parameter 'AuthenticationMethod'. Cannot convert value "
		     "\"%s\": write Basic, Ntlm or Negotiate.", text);
	return false;
}

/* -PerConnectionTimeout, in seconds. */
static bool take_timeout(struct cmdlet_call *call, unsigned *out)
{
	const char *text = cmdlet_text(call, "PerConnectionTimeout");
	unsigned long seconds;
	char *end;

	if (text == NULL)
		return true;
	seconds = strtoul(text, &end, 10);
	if (*end == '\0' && text[0] >= '0' && text[0] <= '9' &&
	    seconds > 0 && seconds <= 3600) {
		*out = (unsigned)seconds * 1000;
		return true;
	}
	cmdlet_error(call, "Cannot process argument transformation on "
		     "parameter 'PerConnectionTimeout'. Cannot convert value "
		     "\"%s\": write seconds from 1 to 3600.", text);
	return false;
}

/* A password is asked for when there is a name to which it belongs. */
static bool take_credential(struct cmdlet_call *call,
			    struct analyze_options *o)
{
	const char *file = cmdlet_text(call, "PasswordFile");

	o->user = cmdlet_text(call, "MailboxCredential");
	if (o->user == NULL && file == NULL)
		return true;
	o->password = cli_read_password(cmdlet_cli(call), file);
	return o->password != NULL;
}

static bool take_options(struct cmdlet_call *call, struct analyze_options *o)
{
	*o = (struct analyze_options){
		.ca_file = cmdlet_text(call, "CAFile"),
		.address = cmdlet_text(call, "Address"),
		.insecure = cmdlet_switch(call, "TrustAnySSLCertificate"),
		.timeout_ms = 10000 };
	return take_auth(call, &o->auth) &&
		take_timeout(call, &o->timeout_ms) && take_credential(call, o);
}

/* Which mailboxes ------------------------------------------------------ */

static bool in_scope(struct cmdlet_call *call, const struct dir_mailbox *m,
		     const struct dir_server *server)
{
	const char *database = cmdlet_text(call, "Database");

	return (database == NULL ||
		cmdlet_like(database, m->database_name)) &&
		(server == NULL || guid_equal(&m->server, &server->guid)) &&
		!m->disabled;
}

/* Whether the database of list[i] comes before it already. */
static bool seen_database(const struct dir_mailbox *list, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (guid_equal(&list[k].database, &list[i].database))
			return true;
	return false;
}

/* One of each database of -Server or -Database. */
static size_t scoped_mailboxes(struct cmdlet_call *call,
			       const struct dir_server *server,
			       struct dir_mailbox **out)
{
	struct dir_mailbox *list;
	size_t n = directory_mailboxes(cli_directory(cmdlet_cli(call)),
				       cmdlet_arena(call), &list), kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!in_scope(call, &list[i], server))
			continue;
		list[kept] = list[i];
		if (!seen_database(list, kept))
			kept++;
	}
	*out = list;
	return kept;
}

/* What Get-Mailbox wrote into the pipe. */
static bool piped_mailboxes(struct cmdlet_call *call, const json_t *input,
			    struct dir_mailbox **out, size_t *count)
{
	struct dir_mailbox *list = arena_array(cmdlet_arena(call),
			json_array_size(input), sizeof *list);
	const json_t *object;
	size_t i;

	json_array_foreach(input, i, object) {
		const char *guid = json_string_value(
			json_object_get(object, "ExchangeGuid"));

		if (guid == NULL) {
			cmdlet_error(call, "object %zu of the pipe is no "
				     "mailbox: pipe in what Get-Mailbox "
				     "writes", i + 1);
			return false;
		}
		if (!entry_mailbox(cmdlet_cli(call), guid, &list[i]))
			return false;
	}
	*out = list;
	*count = i;
	return true;
}

/* -Identity, else whose password it is, else what -Server and so on say. */
static bool chosen_mailboxes(struct cmdlet_call *call,
			     const struct analyze_options *o,
			     struct dir_mailbox **out, size_t *count)
{
	const char *identity = cmdlet_text(call, "Identity");
	const char *name = cmdlet_text(call, "Server");
	struct dir_server server;

	if (identity == NULL && name == NULL &&
	    !cmdlet_given(call, "Database"))
		identity = o->user;
	if (identity != NULL) {
		*out = arena_array(cmdlet_arena(call), 1, sizeof **out);
		*count = 1;
		return entry_mailbox(cmdlet_cli(call), identity, *out);
	}
	if (name != NULL && !find_server(call, name, &server))
		return false;
	*count = scoped_mailboxes(call, name != NULL ? &server : NULL, out);
	if (*count > 0)
		return true;
	cmdlet_error(call, "There is no mailbox to log on to; name one with "
		     "-Identity.");
	return false;
}

static bool test_one(struct cmdlet_call *call,
		     const struct analyze_options *options,
		     const struct dir_mailbox *m)
{
	struct directory *dir = cli_directory(cmdlet_cli(call));
	const char *url = cmdlet_text(call, "Url");
	struct connectivity t = { .options = *options,
		.database = m->database_name, .mailbox = m->address };
	struct dir_server server = { .name = "" };
	bool ok;

	directory_server(dir, &m->server, cmdlet_arena(call), &server);
	t.mailbox_server = server.name;
	t.options.email = m->address;
	t.options.user_dn = m->legacy_dn;
	t.options.url = url != NULL ? url : entry_url(cmdlet_cli(call), m);
	if (t.options.user == NULL)
		t.options.user = m->address;
	cmdlet_verbose(call, "logging on to %s at %s", m->address,
		       t.options.url);
	if (!cli_act_as_person(cmdlet_cli(call)))
		return false;
	ok = test_mapi_connectivity(&t, cmdlet_arena(call));
	cmdlet_put(call, connectivity_json(&t));
	return ok;
}

/* A password that comes through the pipe is no object, and stays in it. */
static bool take_all(struct cmdlet_call *call, struct analyze_options *options,
		     struct dir_mailbox **list, size_t *count)
{
	bool named = cmdlet_given(call, "Identity") ||
		cmdlet_given(call, "Server") || cmdlet_given(call, "Database");
	bool ok = true;
	json_t *input = named ? NULL : cmdlet_piped(call, &ok);

	ok = ok && take_options(call, options) &&
		cli_directory(cmdlet_cli(call)) != NULL &&
		(input != NULL ? piped_mailboxes(call, input, list, count) :
		 chosen_mailboxes(call, options, list, count));
	json_decref(input);
	return ok;
}

static int test_connectivity(struct cmdlet_call *call)
{
	struct analyze_options options;
	struct dir_mailbox *list;
	size_t count, failed = 0;

	if (!take_all(call, &options, &list, &count))
		return CLI_FAILED;
	for (size_t i = 0; i < count; i++)
		failed += !test_one(call, &options, &list[i]);
	return failed == 0 ? CLI_OK : CLI_FAILED;
}

/* The table ------------------------------------------------------------ */

static const struct cmdlet_param params[] = {
	{ "Identity", CMDLET_TEXT, "<MailboxIdParameter>", "the mailbox to "
	  "log on to; default: that of -MailboxCredential", false, true,
	  NULL },
	{ "Database", CMDLET_TEXT, "<DatabaseIdParameter>", "a mailbox in "
	  "each of these databases, with * for anything", false, false, NULL },
	{ "Server", CMDLET_TEXT, "<ServerIdParameter>", "a mailbox in each "
	  "database that is active on this server", false, false, NULL },
	{ "MailboxCredential", CMDLET_TEXT, "<PSCredential>", "log on as this "
	  "user; the password is asked for. Not given: as the mailbox's "
	  "owner, with the Kerberos ticket that there is", false, false,
	  "Credential" },
	{ "PasswordFile", CMDLET_TEXT, "<String>", "read the password from "
	  "the first line of this file", false, false, NULL },
	{ "AuthenticationMethod", CMDLET_TEXT, "<AuthenticationMethod>",
	  "Basic, Ntlm or Negotiate; default: each that is offered", false,
	  false, NULL },
	{ "Url", CMDLET_TEXT, "<Uri>", "of the mail store endpoint; default: "
	  "the InternalUrl of the server's virtual directory", false, false,
	  NULL },
	{ "Address", CMDLET_TEXT, "<IPAddress>", "connect to this address "
	  "instead of resolving the name", false, false, NULL },
	{ "CAFile", CMDLET_TEXT, "<String>", "trust the certificates of this "
	  "file", false, false, NULL },
	{ "TrustAnySSLCertificate", CMDLET_SWITCH, NULL, "go on when the "
	  "certificate is not valid", false, false, NULL },
	{ "PerConnectionTimeout", CMDLET_TEXT, "<Int32>", "seconds that a "
	  "request may take; default: 10", false, false, NULL },
	{ .name = NULL },
};

static const char *const columns[] = { "MailboxServer", "Database", "Mailbox",
	"Result", "Latency", "Error", NULL };

const struct cmdlet cmdlets_test[] = {
	{ "Test-MapiConnectivity", "Log on to mailboxes, and tell how it "
	  "went.", params, 0, columns, "Test-MapiConnectivity alice "
	  "-MailboxCredential alice@example.test", test_connectivity },
	{ .name = NULL },
};
