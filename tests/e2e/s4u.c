/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constrained delegation with MIT's GSSAPI alone, to see what the KDC allows:
 *
 *	s4u KEYTAB ACCOUNT USER TARGET TARGET-KEYTAB
 *
 * ACCOUNT, with its key in KEYTAB, asks for a ticket for USER to the service
 * TARGET (HTTP@host), which then accepts it.  A USER that begins with "upn:"
 * is named by UPN.  It prints the steps that went well, and at last the
 * user's name as the target sees it; or the step that failed, and why.
 */
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gss_OID_set_desc krb5_only = { 1, (gss_OID)0 };

static void print_status(OM_uint32 value, int type)
{
	OM_uint32 min, more = 0;
	gss_buffer_desc text;

	do {
		gss_display_status(&min, value, type,
				   type == GSS_C_MECH_CODE ?
				   krb5_only.elements : GSS_C_NO_OID, &more,
				   &text);
		printf(" %.*s;", (int)text.length, (char *)text.value);
		gss_release_buffer(&min, &text);
	} while (more != 0);
}

static void check(const char *step, OM_uint32 maj, OM_uint32 min)
{
	if (!GSS_ERROR(maj)) {
		printf("%s: ok\n", step);
		return;
	}
	printf("%s:", step);
	print_status(maj, GSS_C_GSS_CODE);
	print_status(min, GSS_C_MECH_CODE);
	printf("\n");
	exit(1);
}

static gss_name_t import(const char *text, const gss_OID_desc *type)
{
	gss_buffer_desc buffer = { strlen(text), (void *)(uintptr_t)text };
	OM_uint32 maj, min;
	gss_name_t name = GSS_C_NO_NAME;

	maj = gss_import_name(&min, &buffer, (gss_OID)(uintptr_t)type, &name);
	if (GSS_ERROR(maj))
		check("name", maj, min);
	return name;
}

static gss_cred_id_t acquire(const char *step, const char *account,
			     const char *keytab)
{
	gss_key_value_element_desc elements[] = {
		{ "keytab", keytab }, { "client_keytab", keytab },
		{ "ccache", "MEMORY:s4u" },
	};
	gss_key_value_set_desc store = { 3, elements };
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	OM_uint32 maj, min;

	maj = gss_acquire_cred_from(&min, account == NULL ? GSS_C_NO_NAME :
				    import(account,
					   GSS_KRB5_NT_PRINCIPAL_NAME),
				    GSS_C_INDEFINITE, &krb5_only,
				    account == NULL ? GSS_C_ACCEPT :
				    GSS_C_BOTH, &store, &cred, NULL, NULL);
	check(step, maj, min);
	return cred;
}

static gss_cred_id_t impersonate(gss_cred_id_t own, const char *user)
{
	bool upn = strncmp(user, "upn:", 4) == 0;
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	OM_uint32 maj, min;

	maj = gss_acquire_cred_impersonate_name(
		&min, own, import(upn ? user + 4 : user,
				  upn ? GSS_KRB5_NT_ENTERPRISE_NAME :
				  GSS_KRB5_NT_PRINCIPAL_NAME),
		GSS_C_INDEFINITE, &krb5_only, GSS_C_INITIATE, &cred, NULL,
		NULL);
	check("S4U2Self", maj, min);
	return cred;
}

static void accept_user(gss_cred_id_t cred, gss_buffer_desc *token)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_buffer_desc answer = GSS_C_EMPTY_BUFFER, text;
	gss_name_t source = GSS_C_NO_NAME;
	OM_uint32 maj, min;

	maj = gss_accept_sec_context(&min, &context, cred, token,
				     GSS_C_NO_CHANNEL_BINDINGS, &source, NULL,
				     &answer, NULL, NULL, NULL);
	check("accept", maj, min);
	maj = gss_display_name(&min, source, &text, NULL);
	check("name", maj, min);
	printf("accepted as %.*s\n", (int)text.length, (char *)text.value);
}

int main(int argc, char **argv)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	gss_cred_id_t user;
	OM_uint32 maj, min;

	if (argc != 6) {
		fprintf(stderr, "usage: s4u KEYTAB ACCOUNT USER TARGET "
			"TARGET-KEYTAB\n");
		return 2;
	}
	krb5_only.elements = (gss_OID)(uintptr_t)gss_mech_krb5;
	user = impersonate(acquire("account", argv[2], argv[1]), argv[3]);
	maj = gss_init_sec_context(&min, user, &context,
				   import(argv[4], GSS_C_NT_HOSTBASED_SERVICE),
				   krb5_only.elements, 0, 0,
				   GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
				   &token, NULL, NULL);
	check("S4U2Proxy", maj, min);
	accept_user(acquire("target", NULL, argv[5]), &token);
	return 0;
}
