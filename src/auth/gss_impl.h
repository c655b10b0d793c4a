/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the GSSAPI side share. */
#ifndef AUTH_GSS_IMPL_H
#define AUTH_GSS_IMPL_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5/krb5.h>

#include "auth/gss.h"

enum {
	HANDSHAKES_MAX = 2048,     /* under way in one helper: then the oldest
				   * is forgotten */
	USERS_MAX = 32,           /* S4U2Self credentials kept */
};

#ifndef GSS_C_CHANNEL_BOUND_FLAG
#define GSS_C_CHANNEL_BOUND_FLAG 2048
#endif

/* One that waits for its next token. */
struct gss_handshake {
	uint32_t number;
	uint64_t used;            /* gss->clock when last used; 0: free */
	gss_ctx_id_t context;
	gss_cred_id_t cred;       /* owned when own_cred */
	bool own_cred;
	const gss_OID_desc *mech; /* initiator: which to go on with */
	gss_name_t target;        /* initiator */
};

/* The credentials of a user, by S4U2Self. */
struct gss_user {
	char *name;
	gss_cred_id_t cred;
	int64_t until;            /* Unix time */
	uint64_t used;
};

struct gss {
	struct handshake_settings settings;       /* strings are our own */
	gss_query *query;
	void *query_ctx;
	krb5_context krb5;
	int keyfile;              /* memfd with one line of smbpasswd(5) */
	char keyfile_path[40];
	uint64_t clock;           /* counts uses */
	gss_cred_id_t accept_krb5, accept_spnego_krb5;    /* made when needed */
	gss_cred_id_t accept_ntlm, accept_spnego_ntlm;
	gss_cred_id_t own;        /* initiating; made when needed */
	struct gss_handshake handshakes[HANDSHAKES_MAX];
	struct gss_user users[USERS_MAX];
	gss_buffer_desc token;    /* of the last answer */
	char name[1100], target[600], cause[600];
};

extern const gss_OID_desc gss_ntlm_oid, gss_spnego_oid, gss_krb5_oid;

/* GSSAPI's parameters are not const. */
static inline gss_OID gss_oid(const gss_OID_desc *oid)
{
	return (gss_OID)(uintptr_t)oid;
}

/* The one with that number; make: a new one in its place. */
struct gss_handshake *gss_find(struct gss *gss, uint32_t number);
struct gss_handshake *gss_make(struct gss *gss, uint32_t number);
void gss_drop(struct gss_handshake *h);

/* text as a name of that type; GSS_C_NO_NAME when it cannot be. */
gss_name_t gss_name(const char *text, gss_OID type);
void gss_free_name(gss_name_t *name);
void gss_free_cred(gss_cred_id_t *cred);

/* The same for credentials that handshakes may be using: these end. */
void gss_free_shared(struct gss *gss, gss_cred_id_t *cred);

/* A name as text into out; "" when there is none. */
void gss_show(gss_name_t name, char *out, size_t size);

/* The words of both codes, "major (minor)", or minor alone if that says it. */
void gss_words(OM_uint32 major, OM_uint32 minor, const gss_OID_desc *mech,
	       char *out, size_t size);

/* The bindings for application data; NULL when there is none. */
gss_channel_bindings_t gss_bindings(const struct bytes *data,
	struct gss_channel_bindings_struct *room);

/* Write the one line that gss-ntlmssp will find the password of user in. */
bool gss_write_keyfile(struct gss *gss, const char *user,
		       const struct bytes *nt_hash);
void gss_clear_keyfile(struct gss *gss);

/* Fail with a cause. */
void gss_fail(struct gss *gss, struct handshake_answer *out,
	      enum initiate_reason reason, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* out: what a step came to, continued or done. */
void gss_step_answer(struct gss *gss, OM_uint32 major,
		     struct handshake_answer *out);

#endif
