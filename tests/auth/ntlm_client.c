/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An NTLM client as it would be elsewhere, for test_gss.c: the user is the one
 * of the file NTLM_USER_FILE.  Prints each token in base64, a line each, and
 * reads the answers.
 */
#include <gssapi/gssapi.h>
#include <stdio.h>
#include <string.h>

#include "auth/base64.h"

int main(void)
{
	static gss_OID_desc ntlm = { 10, (void *)
		"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a" };
	static char text[16384];
	static uint8_t data[8192];
	gss_OID_set_desc mechs = { 1, &ntlm };
	gss_buffer_desc name = { 21, (void *)"HTTP@mx1.example.test" };
	gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_name_t target;
	OM_uint32 major, minor;

	major = gss_import_name(&minor, &name, GSS_C_NT_HOSTBASED_SERVICE,
				&target);
	if (!GSS_ERROR(major))
		major = gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, &mechs,
					 GSS_C_INITIATE, &cred, NULL, NULL);
	while (!GSS_ERROR(major)) {
		major = gss_init_sec_context(&minor, cred, &context, target,
			&ntlm, 0, 0, GSS_C_NO_CHANNEL_BINDINGS, &in, NULL,
			&out, NULL, NULL);
		if (GSS_ERROR(major) || out.length == 0)
			break;
		base64_encode(out.value, out.length, text);
		while (strlen(text) % 4 != 0)
			strcat(text, "=");
		printf("%s\n", text);
		fflush(stdout);
		if (fgets(text, sizeof text, stdin) == NULL)
			return 0;
		text[strcspn(text, "\n")] = '\0';
		if (!base64_decode(text, strlen(text), data, sizeof data,
				   &in.length))
			return 2;
		in.value = data;
	}
	return 1;
}
