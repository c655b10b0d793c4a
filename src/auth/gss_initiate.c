/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side: as this server, with the keys of its keytab, or on
 * behalf of a user (S4U2Self, then S4U2Proxy: [MS-SFU]).
 */
#include "auth/gss_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"

/* Reasons -------------------------------------------------------------- */

/* Codes of Kerberos whose words say the same. */
static const struct {
	krb5_error_code code;
	enum initiate_reason reason;
} reasons[] = {
	{ KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, INITIATE_NO_SPN },
	{ KRB5_REALM_UNKNOWN, INITIATE_KDC_UNREACHABLE },
	{ KRB5_KDC_UNREACH, INITIATE_KDC_UNREACHABLE },
	{ KRB5KRB_AP_ERR_SKEW, INITIATE_CLOCK_SKEW },
	{ KRB5_KDCREP_SKEW, INITIATE_CLOCK_SKEW },
	{ KRB5KDC_ERR_PREAUTH_FAILED, INITIATE_KEY_REFUSED },
	{ KRB5KRB_AP_ERR_BAD_INTEGRITY, INITIATE_KEY_REFUSED },
	{ KRB5KDC_ERR_BADOPTION, INITIATE_NOT_DELEGATED },
	{ KRB5KDC_ERR_POLICY, INITIATE_NOT_DELEGATED },
	{ KRB5_KT_NOTFOUND, INITIATE_NO_ACCOUNT },
};

/*
 * The codes themselves are numbered anew by each layer of GSSAPI, so it is
 * the words that are compared: the library's own, for the same code.
 */
static enum initiate_reason reason_of(struct gss *gss, const char *words,
				      bool for_user)
{
	enum initiate_reason found = INITIATE_OTHER;

	if (strstr(words, "Cannot contact any KDC") != NULL)
		return INITIATE_KDC_UNREACHABLE;
	if (strstr(words, "lient not found in Kerberos database") != NULL ||
	    strstr(words, "Client '") != NULL)
		return for_user ? INITIATE_NO_USER : INITIATE_NO_ACCOUNT;
	if (strstr(words, "not found in Kerberos database") != NULL)
		return INITIATE_NO_SPN;
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0] &&
	     gss->krb5 != NULL && found == INITIATE_OTHER; i++) {
		const char *text = krb5_get_error_message(gss->krb5,
			reasons[i].code);

		if (strstr(words, text) != NULL)
			found = reasons[i].reason;
		krb5_free_error_message(gss->krb5, text);
	}
	return found;
}

static void fail(struct gss *gss, struct handshake_answer *out,
		 const struct handshake_initiate *step, OM_uint32 major,
		 OM_uint32 minor, const gss_OID_desc *mech)
{
	bool for_user = step->user[0] != '\0';
	enum initiate_reason reason;
	char words[400];

	gss_words(major, minor, mech, words, sizeof words);
	reason = reason_of(gss, words, for_user);
	/* A KDC says the same of three causes: doc/delegation.md. */
	gss_fail(gss, out, reason, "%s to HTTP/%s%s%s: %s%s",
		 mech == &gss_ntlm_oid ? "NTLM" : "Kerberos", step->host,
		 for_user ? " for " : "", step->user, words,
		 !for_user || reason != INITIATE_NOT_DELEGATED ? "" :
		 ": this server's account may not delegate to that service, "
		 "or not from any protocol, or the user is disabled or "
		 "\"cannot be delegated\"");
}

/* The keytab ----------------------------------------------------------- */

struct keytab_walk {
	krb5_keytab keytab;
	krb5_kt_cursor cursor;
};

static bool walk_begin(struct gss *gss, struct keytab_walk *w)
{
	const char *name = gss->settings.keytab;

	if (gss->krb5 == NULL)
		return false;
	if ((name[0] != '\0' ? krb5_kt_resolve(gss->krb5, name, &w->keytab) :
	     krb5_kt_default(gss->krb5, &w->keytab)) != 0)
		return false;
	if (krb5_kt_start_seq_get(gss->krb5, w->keytab, &w->cursor) == 0)
		return true;
	krb5_kt_close(gss->krb5, w->keytab);
	return false;
}

static void walk_end(struct gss *gss, struct keytab_walk *w)
{
	krb5_kt_end_seq_get(gss->krb5, w->keytab, &w->cursor);
	krb5_kt_close(gss->krb5, w->keytab);
}

/*
 * How well a principal serves as this server's own: a KDC of Active Directory
 * gives tickets to accounts ("MX1$") alone, MIT's to any.
 */
static int worth(const struct gss *gss, const char *name)
{
	size_t len = strcspn(name, "@"), host = strlen(gss->settings.host);

	if (len > 1 && name[len - 1] == '$')
		return 4;
	if (len == host + 5 && strncasecmp(name, "HTTP/", 5) == 0 &&
	    strncasecmp(name + 5, gss->settings.host, host) == 0)
		return 3;
	if (len == host + 5 && strncasecmp(name, "HOST/", 5) == 0 &&
	    strncasecmp(name + 5, gss->settings.host, host) == 0)
		return 2;
	return 1;
}

/* The principal that the keytab serves best for; false: there is none. */
static bool own_principal(struct gss *gss, char *out, size_t size)
{
	struct keytab_walk w;
	krb5_keytab_entry entry;
	int best = 0;

	if (gss->settings.principal[0] != '\0')
		return snprintf(out, size, "%s", gss->settings.principal) <
			(int)size;
	if (!walk_begin(gss, &w))
		return false;
	while (krb5_kt_next_entry(gss->krb5, w.keytab, &entry, &w.cursor) ==
	       0) {
		char *name;

		if (krb5_unparse_name(gss->krb5, entry.principal, &name) ==
		    0) {
			if (worth(gss, name) > best && strlen(name) < size) {
				best = worth(gss, name);
				strcpy(out, name);
			}
			krb5_free_unparsed_name(gss->krb5, name);
		}
		krb5_free_keytab_entry_contents(gss->krb5, &entry);
	}
	walk_end(gss, &w);
	return best > 0;
}

/*
 * The NT hash of the account: the key of the type arcfour-hmac is one
 * (RFC 4757 2), that of the highest version.
 */
static bool keytab_hash(struct gss *gss, const char *principal,
			uint8_t out[static NT_HASH_SIZE])
{
	struct keytab_walk w;
	krb5_keytab_entry entry;
	krb5_principal want;
	bool found = false;
	krb5_kvno version = 0;

	if (gss->krb5 == NULL ||
	    krb5_parse_name(gss->krb5, principal, &want) != 0)
		return false;
	if (!walk_begin(gss, &w)) {
		krb5_free_principal(gss->krb5, want);
		return false;
	}
	while (krb5_kt_next_entry(gss->krb5, w.keytab, &entry, &w.cursor) ==
	       0) {
		if (entry.key.enctype == ENCTYPE_ARCFOUR_HMAC &&
		    entry.key.length == NT_HASH_SIZE &&
		    (!found || entry.vno >= version) &&
		    krb5_principal_compare(gss->krb5, entry.principal,
					   want)) {
			memcpy(out, entry.key.contents, NT_HASH_SIZE);
			version = entry.vno;
			found = true;
		}
		krb5_free_keytab_entry_contents(gss->krb5, &entry);
	}
	walk_end(gss, &w);
	krb5_free_principal(gss->krb5, want);
	return found;
}

/* Credentials ---------------------------------------------------------- */

/*
 * SPNEGO says of every failure that it found no mechanism.  Asking Kerberos
 * alone for a ticket of our own says which it is; the ticket stays.
 */
static bool probe_own(gss_name_t name, const gss_key_value_set_desc *store,
		      OM_uint32 *major, OM_uint32 *minor)
{
	gss_OID_set_desc mechs = { 1, gss_oid(&gss_krb5_oid) };
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	OM_uint32 left;

	*major = gss_acquire_cred_from(minor, name, 0, &mechs, GSS_C_INITIATE,
				       store, &cred, NULL, NULL);
	if (!GSS_ERROR(*major))
		*major = gss_inquire_cred(minor, cred, NULL, &left, NULL,
					  NULL);
	gss_free_cred(&cred);
	return !GSS_ERROR(*major);
}

/* Where this server's keys and tickets are; tickets stay in memory. */
static gss_key_value_set_desc own_store(const struct gss *gss,
					gss_key_value_element_desc room[3])
{
	const char *keytab = gss->settings.keytab;

	room[0] = (gss_key_value_element_desc){ "ccache",
						"MEMORY:posthouse" };
	room[1] = (gss_key_value_element_desc){ "client_keytab", keytab };
	room[2] = (gss_key_value_element_desc){ "keytab", keytab };
	return (gss_key_value_set_desc){ keytab[0] != '\0' ? 3 : 1, room };
}

/*
 * This server's own, renewed from the keytab when they expire.  For delegation
 * they must serve both directions.
 */
static bool acquire_own(struct gss *gss, const char *principal,
			gss_cred_id_t *out, OM_uint32 *major, OM_uint32 *minor)
{
	gss_OID_set_desc mechs = { 1, gss_oid(&gss_spnego_oid) };
	gss_OID_set_desc insides = { 1, gss_oid(&gss_krb5_oid) };
	gss_key_value_element_desc room[3];
	gss_key_value_set_desc store = own_store(gss, room);
	gss_name_t name = gss_name(principal,
				   (gss_OID)(uintptr_t)GSS_C_NT_USER_NAME);
	OM_uint32 ignored;

	if (probe_own(name, &store, major, minor))
		*major = gss_acquire_cred_from(minor, name, 0, &mechs,
					       GSS_C_BOTH, &store, out, NULL,
					       NULL);
	gss_free_name(&name);
	if (GSS_ERROR(*major))
		return false;
	*major = gss_set_neg_mechs(minor, *out, &insides);
	if (GSS_ERROR(*major))
		gss_release_cred(&ignored, out);
	return !GSS_ERROR(*major);
}

/* False: out is filled. */
static bool own_cred(struct gss *gss, const struct handshake_initiate *step,
		     gss_cred_id_t *cred, struct handshake_answer *out)
{
	OM_uint32 major, minor, left = 0;
	char principal[512];

	if (gss->own != GSS_C_NO_CREDENTIAL &&
	    (gss_inquire_cred(&minor, gss->own, NULL, &left, NULL, NULL) !=
	     GSS_S_COMPLETE || left < 60))
		gss_free_shared(gss, &gss->own);
	if (gss->own == GSS_C_NO_CREDENTIAL) {
		if (!own_principal(gss, principal, sizeof principal)) {
			gss_fail(gss, out, INITIATE_NO_ACCOUNT, "this server "
				 "has no Kerberos key: %s%s; export one and "
				 "set keytab under [auth]",
				 gss->settings.keytab[0] != '\0' ?
				 "there is none in " : "no keytab is set",
				 gss->settings.keytab);
			return false;
		}
		if (!acquire_own(gss, principal, &gss->own, &major, &minor)) {
			fail(gss, out, step, major, minor, &gss_krb5_oid);
			return false;
		}
	}
	*cred = gss->own;
	return true;
}

static struct gss_user *user_slot(struct gss *gss, const char *name)
{
	struct gss_user *oldest = &gss->users[0];

	for (size_t i = 0; i < USERS_MAX; i++) {
		struct gss_user *u = &gss->users[i];

		if (u->name != NULL && strcmp(u->name, name) == 0)
			return u;
		if (u->used < oldest->used)
			oldest = u;
	}
	return oldest;
}

/* Why S4U2Self failed: the same again without SPNEGO, which hides it. */
static void explain_user(struct gss *gss, gss_name_t user, OM_uint32 *major,
			 OM_uint32 *minor)
{
	gss_OID_set_desc mechs = { 1, gss_oid(&gss_krb5_oid) };
	gss_cred_id_t own = GSS_C_NO_CREDENTIAL, cred = GSS_C_NO_CREDENTIAL;
	gss_key_value_element_desc room[3];
	gss_key_value_set_desc store = own_store(gss, room);
	char principal[512];
	gss_name_t name;

	if (!own_principal(gss, principal, sizeof principal))
		return;
	name = gss_name(principal, (gss_OID)(uintptr_t)GSS_C_NT_USER_NAME);
	*major = gss_acquire_cred_from(minor, name, 0, &mechs, GSS_C_BOTH,
				       &store, &own, NULL, NULL);
	if (!GSS_ERROR(*major))
		*major = gss_acquire_cred_impersonate_name(minor, own, user,
			GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE, &cred,
			NULL, NULL);
	gss_free_name(&name);
	gss_free_cred(&own);
	gss_free_cred(&cred);
}

/* S4U2Self, kept until a little before it expires.  False: out is filled. */
static bool user_cred(struct gss *gss, const struct handshake_initiate *step,
		      gss_cred_id_t *cred, struct handshake_answer *out)
{
	struct gss_user *u = user_slot(gss, step->user);
	gss_OID_set_desc mechs = { 1, gss_oid(&gss_spnego_oid) };
	gss_OID_set_desc insides = { 1, gss_oid(&gss_krb5_oid) };
	OM_uint32 major, minor, left = 0;
	gss_cred_id_t own;
	gss_name_t name;

	if (u->name != NULL && strcmp(u->name, step->user) == 0 &&
	    u->until > time(NULL)) {
		u->used = ++gss->clock;
		*cred = u->cred;
		return true;
	}
	if (!own_cred(gss, step, &own, out))
		return false;
	free(u->name);
	u->name = NULL;
	gss_free_shared(gss, &u->cred);
	name = gss_name(step->user, (gss_OID)(uintptr_t)GSS_C_NT_USER_NAME);
	major = gss_acquire_cred_impersonate_name(&minor, own, name,
		GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE, &u->cred, NULL,
		&left);
	if (GSS_ERROR(major))
		explain_user(gss, name, &major, &minor);
	else
		major = gss_set_neg_mechs(&minor, u->cred, &insides);
	gss_free_name(&name);
	if (u->cred == GSS_C_NO_CREDENTIAL || GSS_ERROR(major)) {
		gss_free_cred(&u->cred);
		fail(gss, out, step, major, minor, &gss_krb5_oid);
		return false;
	}
	u->name = xstrdup(step->user);
	u->until = (int64_t)time(NULL) + (left > 660 ? 600 : left / 2);
	u->used = ++gss->clock;
	*cred = u->cred;
	return true;
}

/* The account that NTLM speaks as, "MX1$", and its hash. */
static bool ntlm_account(struct gss *gss,
			 const struct handshake_initiate *step, char *account,
			 size_t size, uint8_t hash[static NT_HASH_SIZE])
{
	char principal[512];
	size_t len;

	if (step->nt_hash.len == NT_HASH_SIZE && step->account[0] != '\0') {
		memcpy(hash, step->nt_hash.data, NT_HASH_SIZE);
		return snprintf(account, size, "%s", step->account) <
			(int)size;
	}
	if (!own_principal(gss, principal, sizeof principal) ||
	    !keytab_hash(gss, principal, hash))
		return false;
	len = strcspn(principal, "@");
	if (len >= size)
		return false;
	memcpy(account, principal, len);
	account[len] = '\0';
	return true;
}

/* False: out is filled. */
static bool own_ntlm(struct gss *gss, const struct handshake_initiate *step,
		     bool spnego, gss_cred_id_t *cred,
		     struct handshake_answer *out)
{
	gss_OID_set_desc mechs = { 1, gss_oid(spnego ? &gss_spnego_oid :
					      &gss_ntlm_oid) };
	gss_OID_set_desc insides = { 1, gss_oid(&gss_ntlm_oid) };
	gss_key_value_element_desc element = { "ntlmssp_keyfile",
					       gss->keyfile_path };
	gss_key_value_set_desc store = { 1, &element };
	OM_uint32 major, minor, ignored;
	uint8_t hash[NT_HASH_SIZE];
	char account[300], full[600];
	gss_name_t name;

	if (!ntlm_account(gss, step, account, sizeof account, hash)) {
		gss_fail(gss, out, INITIATE_NO_ACCOUNT, "NTLM to HTTP/%s: "
			 "this server has no password of its own: its keytab "
			 "needs the arcfour-hmac key of its account, or [auth]"
			 " ntlm = local", step->host);
		return false;
	}
	gss_write_keyfile(gss, account, &(struct bytes){ hash, sizeof hash });
	explicit_bzero(hash, sizeof hash);
	snprintf(full, sizeof full, "%s%s%s", gss->settings.domain,
		 gss->settings.domain[0] != '\0' ? "\\" : "", account);
	name = gss_name(full, (gss_OID)(uintptr_t)GSS_C_NT_USER_NAME);
	major = gss_acquire_cred_from(&minor, name, 0, &mechs, GSS_C_INITIATE,
				      &store, cred, NULL, NULL);
	gss_clear_keyfile(gss);
	gss_free_name(&name);
	if (!GSS_ERROR(major) && spnego &&
	    GSS_ERROR(major = gss_set_neg_mechs(&minor, *cred, &insides)))
		gss_release_cred(&ignored, cred);
	if (GSS_ERROR(major))
		fail(gss, out, step, major, minor, &gss_ntlm_oid);
	return !GSS_ERROR(major);
}

/* Steps ---------------------------------------------------------------- */

static void step_on(struct gss *gss, struct gss_handshake *h,
		    const struct handshake_initiate *step, bool ntlm,
		    struct handshake_answer *out)
{
	struct gss_channel_bindings_struct room;
	gss_buffer_desc token = { step->token.len,
				  (void *)(uintptr_t)step->token.data };
	OM_uint32 major, minor, ignored;

	gss_release_buffer(&ignored, &gss->token);
	major = gss_init_sec_context(&minor, h->cred, &h->context, h->target,
		gss_oid(h->mech), ntlm ? GSS_C_INTEG_FLAG :
		GSS_C_MUTUAL_FLAG, 0,
		gss_bindings(&step->binding, &room), &token, NULL,
		&gss->token, NULL, NULL);
	if (!GSS_ERROR(major)) {
		gss_step_answer(gss, major, out);
		out->mech = ntlm ? MECH_NTLM : MECH_KERBEROS;
		return;
	}
	if (step->token.len > 0) {
		char words[400];

		gss_words(major, minor, h->mech, words, sizeof words);
		gss_fail(gss, out, INITIATE_REFUSED, "HTTP/%s sent a token "
			 "that makes no sense: %s", step->host, words);
	} else {
		fail(gss, out, step, major, minor, ntlm ? &gss_ntlm_oid :
		     &gss_krb5_oid);
	}
}

/* Begin with one mechanism; false: out says why not. */
static bool begin(struct gss *gss, const struct handshake_initiate *step,
		  const gss_OID_desc *mech, bool ntlm,
		  struct handshake_answer *out)
{
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	struct gss_handshake *h;
	char target[300];
	bool ok;

	if (ntlm)
		ok = own_ntlm(gss, step, mech == &gss_spnego_oid, &cred, out);
	else if (step->user[0] != '\0')
		ok = user_cred(gss, step, &cred, out);
	else
		ok = own_cred(gss, step, &cred, out);
	if (!ok)
		return false;
	snprintf(target, sizeof target, "HTTP@%s", step->host);
	h = gss_make(gss, step->number);
	h->cred = cred;
	h->own_cred = ntlm;
	h->mech = mech;
	h->target = gss_name(target, GSS_C_NT_HOSTBASED_SERVICE);
	step_on(gss, h, step, ntlm, out);
	if (out->outcome != OUTCOME_CONTINUE)
		gss_drop(h);
	return out->outcome != OUTCOME_FAILED;
}

/* Kerberos, and NTLM in the same clothes if that does not begin. */
static void begin_negotiate(struct gss *gss,
			    const struct handshake_initiate *step,
			    struct handshake_answer *out)
{
	enum initiate_reason reason;
	char why[300];

	if (begin(gss, step, &gss_spnego_oid, false, out) ||
	    step->user[0] != '\0')
		return;
	reason = out->reason;
	snprintf(why, sizeof why, "%s", gss->cause);
	if (begin(gss, step, &gss_spnego_oid, true, out))
		return;
	/* What Kerberos said is what there is to cure. */
	gss_fail(gss, out, reason, "%s; nor NTLM", why);
}

void gss_initiate(struct gss *gss, const struct handshake_initiate *step,
		  struct handshake_answer *out)
{
	struct gss_handshake *h;

	if (step->token.len == 0) {
		if (step->method == INITIATE_NEGOTIATE)
			begin_negotiate(gss, step, out);
		else
			begin(gss, step, step->method == INITIATE_NTLM ?
			      &gss_ntlm_oid : &gss_spnego_oid,
			      step->method == INITIATE_NTLM, out);
		return;
	}
	h = gss_find(gss, step->number);
	if (h == NULL) {
		gss_fail(gss, out, INITIATE_LOST, "the handshake with HTTP/%s "
			 "was forgotten", step->host);
		return;
	}
	step_on(gss, h, step, h->own_cred, out);
	if (out->outcome != OUTCOME_CONTINUE)
		gss_drop(h);
}
