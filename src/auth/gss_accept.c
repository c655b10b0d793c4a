/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of NTLM, and of SPNEGO with Kerberos or NTLM inside. */
#include "auth/gss_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/ntlm.h"
#include "base/arena.h"

/* Credentials ---------------------------------------------------------- */

static bool acquire(gss_name_t name, const gss_OID_desc *mech,
		    const char *key, const char *value,
		    const gss_OID_desc *inside, gss_cred_id_t *out,
		    OM_uint32 *major, OM_uint32 *minor)
{
	gss_OID_set_desc mechs = { 1, gss_oid(mech) };
	gss_OID_set_desc insides = { 1, gss_oid(inside) };
	gss_key_value_element_desc element = { key, value };
	gss_key_value_set_desc store = { 1, &element };
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	OM_uint32 ignored;

	*major = gss_acquire_cred_from(minor, name, 0, &mechs, GSS_C_ACCEPT,
				       key != NULL ? &store : NULL, &cred,
				       NULL, NULL);
	if (!GSS_ERROR(*major) && inside != NULL) {
		*major = gss_set_neg_mechs(minor, cred, &insides);
		if (GSS_ERROR(*major))
			gss_release_cred(&ignored, &cred);
	}
	if (GSS_ERROR(*major))
		return false;
	*out = cred;
	return true;
}

/*
 * Kerberos without a name takes any key of the keytab: several principals and
 * several key versions.  SPNEGO may offer this mechanism alone, as it asks
 * every one that it knows for credentials otherwise.
 */
static bool kerberos_cred(struct gss *gss, bool spnego,
			  gss_cred_id_t *out, OM_uint32 *major,
			  OM_uint32 *minor)
{
	gss_cred_id_t *kept = spnego ? &gss->accept_spnego_krb5 :
		&gss->accept_krb5;

	if (*kept == GSS_C_NO_CREDENTIAL &&
	    !acquire(GSS_C_NO_NAME, spnego ? &gss_spnego_oid : &gss_krb5_oid,
		     gss->settings.keytab[0] != '\0' ? "keytab" : NULL,
		     gss->settings.keytab, spnego ? &gss_krb5_oid : NULL,
		     kept, major, minor))
		return false;
	*out = *kept;
	return true;
}

/*
 * NTLM: the name is what the client is told that it talks to.  With a file
 * for passwords (and a name, without which that is not looked at) they come
 * from there, otherwise from winbind.
 */
static bool ntlm_cred(struct gss *gss, bool spnego, gss_cred_id_t *out,
		      OM_uint32 *major, OM_uint32 *minor)
{
	gss_cred_id_t *kept = spnego ? &gss->accept_spnego_ntlm :
		&gss->accept_ntlm;
	bool local = gss->settings.ntlm == AUTH_NTLM_LOCAL;
	char text[300];
	gss_name_t name;
	bool ok = true;

	if (*kept == GSS_C_NO_CREDENTIAL) {
		/* Without a service: a client that was sent one takes it for
		 * the only name that this server may be called by. */
		snprintf(text, sizeof text, "@%s", gss->settings.host);
		name = gss_name(text, GSS_C_NT_HOSTBASED_SERVICE);
		ok = acquire(name, spnego ? &gss_spnego_oid : &gss_ntlm_oid,
			     local ? "ntlmssp_keyfile" : NULL,
			     gss->keyfile_path,
			     spnego ? &gss_ntlm_oid : NULL, kept, major,
			     minor);
		gss_free_name(&name);
	}
	if (ok)
		*out = *kept;
	return ok;
}

/* What a first token is ------------------------------------------------ */

enum token_kind { TOKEN_NTLM, TOKEN_SPNEGO_NTLM, TOKEN_KRB5,
		  TOKEN_SPNEGO_KRB5, TOKEN_UNKNOWN };

/* RFC 2743 3.1: 0x60, a length, an OID; is it this one? */
static bool is_framed(const struct bytes *t, const gss_OID_desc *oid)
{
	size_t at = 2;

	if (t->len < 2 || t->data[0] != 0x60)
		return false;
	if (t->data[1] & 0x80)
		at += t->data[1] & 0x7f;
	return at <= t->len && t->len - at >= 2 + oid->length &&
		t->data[at] == 0x06 && t->data[at + 1] == oid->length &&
		memcmp(t->data + at + 2, oid->elements, oid->length) == 0;
}

/* The OID of Kerberos, or the one that Windows got wrong ([MS-SPNG]). */
static bool offers_krb5(const struct bytes *t)
{
	static const char windows[] =
		"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02";

	return memmem(t->data, t->len, gss_krb5_oid.elements,
		      gss_krb5_oid.length) != NULL ||
		memmem(t->data, t->len, windows, sizeof windows - 1) != NULL;
}

static enum token_kind kind_of(const struct bytes *t)
{
	if (ntlm_message_type(t->data, t->len) != NTLM_NONE)
		return TOKEN_NTLM;
	if (is_framed(t, &gss_krb5_oid))
		return TOKEN_KRB5;
	if (!is_framed(t, &gss_spnego_oid))
		return TOKEN_UNKNOWN;
	/* An NTLM token sent along decides it: the client prefers that. */
	if (ntlm_find(t->data, t->len) != NULL || !offers_krb5(t))
		return TOKEN_SPNEGO_NTLM;
	return TOKEN_SPNEGO_KRB5;
}

/* The credentials for a first token; false: out is filled. */
static bool choose(struct gss *gss, const struct handshake_accept *step,
		   gss_cred_id_t *cred, struct handshake_answer *out)
{
	enum token_kind kind = kind_of(&step->token);
	OM_uint32 major = 0, minor = 0;
	char words[400];
	bool ntlm = gss->settings.ntlm != AUTH_NTLM_OFF;

	if (kind == TOKEN_UNKNOWN ||
	    (step->scheme == SCHEME_NTLM && kind != TOKEN_NTLM)) {
		gss_fail(gss, out, INITIATE_OTHER, "the token is none of "
			 "NTLM, SPNEGO or Kerberos");
		return false;
	}
	if ((kind == TOKEN_KRB5 || kind == TOKEN_SPNEGO_KRB5) &&
	    kerberos_cred(gss, kind == TOKEN_SPNEGO_KRB5, cred, &major,
			  &minor))
		return true;
	/* No keytab: SPNEGO may still agree on NTLM. */
	if (kind != TOKEN_KRB5 && ntlm &&
	    ntlm_cred(gss, kind != TOKEN_NTLM, cred, &major, &minor))
		return true;
	if (!ntlm && (kind == TOKEN_NTLM || kind == TOKEN_SPNEGO_NTLM)) {
		gss_fail(gss, out, INITIATE_NO_ACCOUNT, "the client speaks "
			 "NTLM, which is off: set ntlm under [auth]");
		return false;
	}
	gss_words(major, minor, kind == TOKEN_NTLM ? &gss_ntlm_oid :
		  &gss_krb5_oid, words, sizeof words);
	gss_fail(gss, out, INITIATE_NO_ACCOUNT, "this server cannot accept "
		 "%s: %s", kind == TOKEN_NTLM ? "NTLM" : "Kerberos", words);
	return false;
}

/* An NTLM client says who it is ---------------------------------------- */

/* Ask the daemon, and make the answer what gss-ntlmssp will find. */
static bool look_up(struct gss *gss, const struct ntlm_names *names,
		    struct handshake_answer *out)
{
	struct handshake_query query = { names->user, names->domain };
	struct handshake_reply reply;

	if (names->anonymous) {
		gss_fail(gss, out, INITIATE_OTHER, "NTLM: anonymous");
		return false;
	}
	if (!gss->query(gss->query_ctx, &query, &reply)) {
		gss_fail(gss, out, INITIATE_LOST, "nobody to ask");
		return false;
	}
	if (gss->settings.ntlm == AUTH_NTLM_WINBIND) {
		if (reply.verdict == VERDICT_ASK)
			return true;
		gss_fail(gss, out, INITIATE_OTHER, "refused");
		return false;
	}
	/* A user who does not exist has a hash, too: one that fits nothing. */
	if (!gss_write_keyfile(gss, names->user, &reply.nt_hash)) {
		gss_fail(gss, out, INITIATE_OTHER, "NTLM: no user can have "
			 "such a name");
		return false;
	}
	return true;
}

/* The step itself ------------------------------------------------------ */

static void explain(struct gss *gss, OM_uint32 major, OM_uint32 minor,
		    bool ntlm, const struct ntlm_names *names,
		    struct handshake_answer *out)
{
	char words[400];

	gss_words(major, minor, ntlm ? &gss_ntlm_oid : &gss_krb5_oid, words,
		  sizeof words);
	if (GSS_ROUTINE_ERROR(major) == GSS_S_BAD_BINDINGS ||
	    (ntlm && names->bound && strstr(words, "Permission") != NULL))
		gss_fail(gss, out, INITIATE_OTHER, "the channel binding is "
			 "not that of our certificate: TLS ends at another "
			 "place, or somebody is in the middle");
	else if (ntlm && !names->v2)
		gss_fail(gss, out, INITIATE_OTHER, "NTLM: the client answers "
			 "with NTLMv1 or LM; only NTLMv2 is taken");
	else if (ntlm && strstr(words, "Invalid argument") != NULL)
		gss_fail(gss, out, INITIATE_OTHER, "NTLM: wrong password");
	else
		gss_fail(gss, out, INITIATE_OTHER, "%s: %s",
			 ntlm ? "NTLM" : "Kerberos", words);
}

/* Whom the client meant to talk to, as far as it said. */
static void fill_target(struct gss *gss, gss_ctx_id_t context, bool ntlm,
			const struct ntlm_names *names)
{
	gss_name_t target = GSS_C_NO_NAME;
	OM_uint32 minor;

	gss->target[0] = '\0';
	if (ntlm) {
		snprintf(gss->target, sizeof gss->target, "%s",
			 names->target);
		return;
	}
	if (gss_inquire_context(&minor, context, NULL, &target, NULL, NULL,
				NULL, NULL, NULL) == GSS_S_COMPLETE)
		gss_show(target, gss->target, sizeof gss->target);
	gss_free_name(&target);
}

struct accepted {
	gss_name_t source;
	gss_OID mech;
	OM_uint32 flags;
};

static void complete(struct gss *gss, const struct gss_handshake *h,
		     const struct accepted *a, const struct ntlm_names *names,
		     struct handshake_answer *out)
{
	bool ntlm = gss_oid_equal(a->mech, &gss_ntlm_oid);

	if (!ntlm && !gss_oid_equal(a->mech, &gss_krb5_oid)) {
		gss_fail(gss, out, INITIATE_OTHER, "a mechanism that was not "
			 "asked for");
		return;
	}
	gss_show(a->source, gss->name, sizeof gss->name);
	if (gss->name[0] == '\0' || (a->flags & GSS_C_ANON_FLAG) != 0) {
		gss_fail(gss, out, INITIATE_OTHER, "the caller is anonymous");
		return;
	}
	fill_target(gss, h->context, ntlm, names);
	gss_step_answer(gss, GSS_S_COMPLETE, out);
	out->mech = ntlm ? MECH_NTLM : MECH_KERBEROS;
	out->bound = (a->flags & GSS_C_CHANNEL_BOUND_FLAG) != 0;
	out->name = gss->name;
	out->target = gss->target;
}

static void accept_token(struct gss *gss, struct gss_handshake *h,
			 const struct handshake_accept *step,
			 gss_buffer_desc *token, struct handshake_answer *out)
{
	struct ntlm_names names = { .user = "" };
	struct gss_channel_bindings_struct room;
	struct accepted a = { .source = GSS_C_NO_NAME };
	const uint8_t *ntlm = ntlm_find(token->value, token->length);
	OM_uint32 major, minor, ignored;
	size_t len = 0;
	bool says_who;

	if (ntlm != NULL)
		len = token->length - (size_t)(ntlm -
					       (uint8_t *)token->value);
	says_who = ntlm != NULL && ntlm_message_type(ntlm, len) ==
		NTLM_TYPE_AUTHENTICATE;
	if (!ntlm_is_single(token->value, token->length) ||
	    (says_who && !ntlm_names(ntlm, len, &names))) {
		gss_fail(gss, out, INITIATE_OTHER, "the NTLM message is "
			 "malformed");
		return;
	}
	if (says_who && !look_up(gss, &names, out))
		return;
	gss_release_buffer(&ignored, &gss->token);
	major = gss_accept_sec_context(&minor, &h->context, h->cred, token,
		gss_bindings(&step->binding, &room), &a.source, &a.mech,
		&gss->token, &a.flags, NULL, NULL);
	gss_clear_keyfile(gss);
	if (GSS_ERROR(major))
		explain(gss, major, minor, says_who, &names, out);
	else if ((major & GSS_S_CONTINUE_NEEDED) != 0)
		gss_step_answer(gss, major, out);
	else
		complete(gss, h, &a, &names, out);
	gss_free_name(&a.source);
}

void gss_accept(struct gss *gss, const struct handshake_accept *step,
		struct handshake_answer *out)
{
	struct gss_handshake *h = gss_find(gss, step->number);
	gss_cred_id_t cred;
	gss_buffer_desc token;
	uint8_t *copy;

	if (h == NULL) {
		if (!choose(gss, step, &cred, out))
			return;
		h = gss_make(gss, step->number);
		h->cred = cred;
	}
	/* Room for the padding of ntlm_repair. */
	copy = xmalloc(step->token.len + NTLM_MIN_NEGOTIATE);
	if (step->token.len > 0)
		memcpy(copy, step->token.data, step->token.len);
	token.value = copy;
	token.length = ntlm_repair(copy, step->token.len, step->token.len +
				   NTLM_MIN_NEGOTIATE);
	accept_token(gss, h, step, &token, out);
	free(copy);
	if (out->outcome != OUTCOME_CONTINUE)
		gss_drop(h);
}
