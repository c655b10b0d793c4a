/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: limits and mailboxes, by MAPI errors and diagnostic contexts. */
#include "analyzer/diagnose_impl.h"

#include "base/ec.h"

enum { EC_MAILBOX_LOCKED = 0x80040401, LOCK_REFUSED = 10,
       RPC_SERVER_UNAVAILABLE = 1722 };

static bool said(const struct observed *o, uint32_t lid)
{
	return diag_find(&o->diag, lid) != NULL;
}

/* The code in an answer, or among the lines of a diagnostic context. */
static bool has_code(const struct observed *o, uint32_t ec)
{
	if (with_ec(o, ec) != NULL)
		return true;
	for (uint32_t i = 0; i < o->diag.n; i++)
		if ((o->diag.v[i].kind == DIAG_STORE_EC ||
		     o->diag.v[i].kind == DIAG_ERROR) &&
		    o->diag.v[i].value == ec)
			return true;
	return false;
}

static void line_seen(const struct observed *o, struct finding *f,
		      const struct diag_line *line)
{
	if (line->kind == DIAG_DWPARAM_MSG)
		evidence(o, f, "Lid: %u dwParam: 0x%X Msg: %s", line->lid,
			 line->value, line->text);
	else
		evidence(o, f, "Lid: %u dwParam: 0x%X", line->lid,
			 line->value);
}

static void code_seen(const struct observed *o, struct finding *f,
		      uint32_t ec)
{
	const struct observed_exchange *x = with_ec(o, ec);

	evidence(o, f, "%s%s%s (%u, 0x%X)", x != NULL ? op_name(x->op) : "",
		 x != NULL ? " failed with " : "", ec_name((enum ec)ec), ec,
		 ec);
}

/* ---- sessions ---- */

static const struct diag_line *session_limit_line(const struct observed *o)
{
	return diag_either(o, LID_SESSION_LIMIT, LID_EX_SESSION_LIMIT);
}

static bool session_limit(const struct rule *rule, const struct observed *o,
			  struct finding *f)
{
	const struct diag_line *limit = session_limit_line(o);
	const struct diag_line *count = diag_either(o, LID_SESSION_COUNT,
						    LID_EX_SESSION_COUNT);
	const struct lid_info *info;

	if (limit == NULL)
		return false;
	info = lid_find(limit->lid);
	f->meaning = say(o, "%u sessions of a limit of %u (client type %s): "
		"the user has as many sessions on the mailbox database as are "
		"allowed, so the logon was refused. The credentials are not "
		"the reason.", count != NULL ? count->value :
		limit->value + 1, limit->value, limit->text);
	f->cure = info->cure;
	if (info->origin == LID_INFERRED)
		f->confidence = CONFIDENCE_LIKELY;
	if (has_code(o, EC_MAX_OBJS_EXCEEDED))
		code_seen(o, f, EC_MAX_OBJS_EXCEEDED);
	line_seen(o, f, limit);
	if (count != NULL)
		line_seen(o, f, count);
	if (o->sessions_asked > 0)
		evidence(o, f, "%u of %u sessions were opened",
			 o->sessions_opened, o->sessions_asked);
	return true;
}

static bool limit_with_count(const struct rule *rule,
			     const struct observed *o, struct finding *f)
{
	const struct diag_line *limit = diag_find(&o->diag,
						  (uint32_t)rule->key);
	const struct diag_line *count;

	if (limit == NULL)
		return false;
	count = diag_find(&o->diag, (uint32_t)rule->key + 1);
	f->meaning = say(o, "%u of a limit of %u (%s): %s", count != NULL ?
			 count->value : limit->value + 1, limit->value,
			 limit->text, rule->meaning);
	f->cure = lid_find(limit->lid)->cure;
	line_seen(o, f, limit);
	return true;
}

/* 1246 without a word why: of a logon it is sessions, else objects. */
static bool some_limit(const struct rule *rule, const struct observed *o,
		       struct finding *f)
{
	const struct observed_exchange *x = with_ec(o, EC_MAX_OBJS_EXCEEDED);

	if (!has_code(o, EC_MAX_OBJS_EXCEEDED) ||
	    session_limit_line(o) != NULL || said(o, LID_OBJECT_LIMIT) ||
	    said(o, LID_CONTEXT_LIMIT))
		return false;
	code_seen(o, f, EC_MAX_OBJS_EXCEEDED);
	if (x != NULL && x->op != OP_LOGON && x->op != OP_CONNECT)
		f->meaning = "The session has too many objects of a kind "
			"open.";
	return true;
}

/* ---- the others ---- */

static bool lock_queue(const struct rule *rule, const struct observed *o,
		       struct finding *f)
{
	const struct diag_line *line = diag_either(o, LID_LOCK_WAITERS,
						   LID_EX_LOCK_WAITERS);

	if (line == NULL && !has_code(o, EC_MAILBOX_LOCKED))
		return false;
	if (line == NULL || (line->lid == LID_EX_LOCK_WAITERS &&
			     line->value < LOCK_REFUSED))
		f->confidence = CONFIDENCE_LIKELY;
	if (line != NULL)
		line_seen(o, f, line);
	if (has_code(o, EC_MAILBOX_LOCKED))
		code_seen(o, f, EC_MAILBOX_LOCKED);
	return true;
}

static bool paused(const struct rule *rule, const struct observed *o,
		   struct finding *f)
{
	const struct diag_line *line = diag_find(&o->diag,
						 LID_LOGON_ATTEMPTS);

	if (line == NULL && !has_code(o, EC_SERVER_PAUSED))
		return false;
	code_seen(o, f, EC_SERVER_PAUSED);
	if (line != NULL) {
		line_seen(o, f, line);
		f->cure = lid_find(line->lid)->cure;
	}
	return true;
}

/* One of our LIDs says it all: meaning and cure are those of lids.def. */
static bool lid_says(const struct rule *rule, const struct observed *o,
		     struct finding *f)
{
	const struct diag_line *line = diag_find(&o->diag,
						 (uint32_t)rule->key);
	const struct lid_info *info;

	if (line == NULL)
		return false;
	info = lid_find(line->lid);
	f->meaning = *line->text != '\0' ?
		say(o, "%s (%s)", info->meaning, line->text) : info->meaning;
	f->cure = info->cure;
	evidence(o, f, "Lid: %u", line->lid);
	return true;
}

static bool code_says(const struct rule *rule, const struct observed *o,
		      struct finding *f)
{
	if (!has_code(o, (uint32_t)rule->key))
		return false;
	code_seen(o, f, (uint32_t)rule->key);
	return true;
}

#define LID_RULE(name, summary, lid, explains) \
	{ { name, summary }, RANK_MAILBOX, CONFIDENCE_CERTAIN, false, \
	  explains, lid_says, lid, "", "" }
#define CODE_RULE(name, summary, ec, meaning, cure) \
	{ { name, summary }, RANK_MAILBOX, CONFIDENCE_LIKELY, false, NULL, \
	  code_says, (long)(ec), meaning, cure }

const struct rule rules_mailbox[] = {
	{ { "session-limit", "too many sessions on the database" },
	  RANK_LIMIT, CONFIDENCE_CERTAIN, false, "limit", session_limit, 0,
	  "", "" },
	{ { "context-limit", "too many session contexts" },
	  RANK_LIMIT, CONFIDENCE_CERTAIN, false, "limit", limit_with_count,
	  LID_CONTEXT_LIMIT, "the user has too many session contexts.", "" },
	{ { "object-limit", "too many objects in a session" },
	  RANK_LIMIT, CONFIDENCE_CERTAIN, false, "limit", limit_with_count,
	  LID_OBJECT_LIMIT, "the session has too many objects of this type "
	  "open.", "" },
	{ { "limit", "ecMaxObjsExceeded, for a reason that was not told" },
	  RANK_LIMIT, CONFIDENCE_LIKELY, false, NULL, some_limit, 0,
	  "The user has too many sessions on the mailbox database (32 for "
	  "MAPI over HTTP, by default). The credentials are not the reason.",
	  "Close sessions that are not needed, or raise the limit." },
	{ { "lock-queue", "the queue for the mailbox is full" },
	  RANK_LIMIT, CONFIDENCE_CERTAIN, false, NULL, lock_queue, 0,
	  "More than 10 requests wait for this mailbox: more are refused at "
	  "once.",
	  "Find out what keeps the mailbox busy: a search, an import, a "
	  "device that synchronises all of it, many clients at once." },
	{ { "server-paused", "ecServerPaused" },
	  RANK_LIMIT, CONFIDENCE_CERTAIN, false, "elsewhere", paused, 0,
	  "The client tried more than five times in 10 seconds to log on to a "
	  "mailbox that is not on this server, and was told to wait.",
	  "Find out why the client does not go to the server that has the "
	  "mailbox: the URLs of its virtual directory, Autodiscover, the "
	  "front end's routing." },
	LID_RULE("unknown-mailbox", "no such legacyExchangeDN",
		 LID_UNKNOWN_MAILBOX, "unknown-user"),
	LID_RULE("no-such-user", "no such legacyExchangeDN at Connect",
		 LID_UNKNOWN_USER, "unknown-user"),
	LID_RULE("no-mailbox", "the user has no mailbox", LID_NO_MAILBOX,
		 "unknown-user"),
	LID_RULE("mailbox-disabled", "the mailbox is disabled",
		 LID_MAILBOX_DISABLED, "unknown-user"),
	LID_RULE("no-permission", "not the caller's mailbox",
		 LID_NO_PERMISSION, "login-permission"),
	LID_RULE("other-user", "Connect names someone else", LID_OTHER_USER,
		 "access-denied"),
	LID_RULE("no-administrator", "administrator privilege refused",
		 LID_NO_ADMINISTRATOR, "login-permission"),
	LID_RULE("never-opened", "the mailbox was never opened",
		 LID_NOT_CREATED, "access-denied"),
	LID_RULE("store-unavailable", "the mailbox's file can't be opened",
		 LID_STORE_UNAVAILABLE, "login-failure"),
	CODE_RULE("unknown-user", "ecUnknownUser", EC_UNKNOWN_USER,
		"The server knows no mailbox with this legacyExchangeDN.",
		"Compare the legacyExchangeDN with the directory's: after a "
		"move, a restore or a re-created account it is another; add "
		"the old one as an X500 address."),
	CODE_RULE("login-permission", "ecLoginPerm", EC_LOGIN_PERM,
		"The user may not open this mailbox.",
		"Log on as its owner, or give the right "
		"(Add-MailboxPermission)."),
	CODE_RULE("access-denied", "ecAccessDenied", EC_ACCESS_DENIED,
		"The server denies access.",
		"Compare the account with the mailbox that is asked for."),
	CODE_RULE("login-failure", "ecLoginFailure", EC_LOGIN_FAILURE,
		"The server could not open the mailbox.",
		"The server's log says why: see whether the database is "
		"mounted (Get-MailboxDatabase -Status)."),
	CODE_RULE("elsewhere", "ecWrongServer", EC_WRONG_SERVER,
		"The mailbox is on another server than the one that was "
		"asked.",
		"The front end or Autodiscover should send the client there: "
		"check where the database is active and the URLs of that "
		"server."),
	CODE_RULE("mailbox-in-transit", "ecMailboxInTransit",
		EC_MAILBOX_IN_TRANSIT,
		"The mailbox is being moved, and locked for the time.",
		"Wait for the move (Get-MoveRequestStatistics)."),
	CODE_RULE("account-disabled", "ecAccountDisabled",
		EC_ACCOUNT_DISABLED,
		"The user's account is disabled.", "Enable it."),
	CODE_RULE("send-as-denied", "ecSendAsDenied", EC_SEND_AS_DENIED,
		"The user may not send in the name that stands in From.",
		"Give the right (Add-ADPermission -ExtendedRights Send-As), or "
		"change From."),
	CODE_RULE("database-dismounted", "ecMDBNotInit", EC_MDB_NOT_INIT,
		"The mailbox database is not mounted, or just starting.",
		"Mount it (Mount-Database); see why it was dismounted."),
	CODE_RULE("store-unreachable", "RPC_S_SERVER_UNAVAILABLE (1722)",
		RPC_SERVER_UNAVAILABLE,
		"The server's middle tier can't reach the store: the service "
		"is down, or the database has moved.",
		"See that the Information Store runs on the server where the "
		"database is active."),
	CODE_RULE("no-space", "quota", EC_QUOTA_EXCEEDED,
		"The mailbox is full.",
		"Raise its quota, or let the owner delete."),
	{ { NULL, NULL }, 0, 0, false, NULL, NULL, 0, NULL, NULL },
};
