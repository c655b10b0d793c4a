/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/gss_impl.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"

/* [MS-NLMP], RFC 4178, RFC 4121 */
const gss_OID_desc gss_ntlm_oid = { 10, (void *)(uintptr_t)
	"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a" };
const gss_OID_desc gss_spnego_oid = { 6, (void *)(uintptr_t)
	"\x2b\x06\x01\x05\x05\x02" };
const gss_OID_desc gss_krb5_oid = { 9, (void *)(uintptr_t)
	"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };

/* Names and credentials ------------------------------------------------ */

gss_name_t gss_name(const char *text, gss_OID type)
{
	gss_buffer_desc b = { strlen(text), (void *)(uintptr_t)text };
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 minor;

	if (gss_import_name(&minor, &b, type, &name) != GSS_S_COMPLETE)
		return GSS_C_NO_NAME;
	return name;
}

void gss_free_name(gss_name_t *name)
{
	OM_uint32 minor;

	if (*name != GSS_C_NO_NAME)
		gss_release_name(&minor, name);
}

void gss_free_cred(gss_cred_id_t *cred)
{
	OM_uint32 minor;

	if (*cred != GSS_C_NO_CREDENTIAL)
		gss_release_cred(&minor, cred);
}

void gss_show(gss_name_t name, char *out, size_t size)
{
	gss_buffer_desc b = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;

	out[0] = '\0';
	if (name == GSS_C_NO_NAME ||
	    gss_display_name(&minor, name, &b, NULL) != GSS_S_COMPLETE)
		return;
	/* gss-ntlmssp counts the NUL. */
	if (b.length > 0 && ((char *)b.value)[b.length - 1] == '\0')
		b.length--;
	/* Cut names would be other names. */
	if (b.length < size && memchr(b.value, '\0', b.length) == NULL) {
		memcpy(out, b.value, b.length);
		out[b.length] = '\0';
	}
	gss_release_buffer(&minor, &b);
}

/* What went wrong ------------------------------------------------------ */

static void words_of(OM_uint32 code, int type, const gss_OID_desc *mech,
		     char *out, size_t size)
{
	gss_buffer_desc b = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor, more = 0;

	out[0] = '\0';
	if (gss_display_status(&minor, code, type, gss_oid(mech), &more, &b) !=
	    GSS_S_COMPLETE)
		return;
	snprintf(out, size, "%.*s", (int)b.length, (const char *)b.value);
	gss_release_buffer(&minor, &b);
}

void gss_words(OM_uint32 major, OM_uint32 minor, const gss_OID_desc *mech,
	       char *out, size_t size)
{
	char general[200], special[300];

	words_of(major, GSS_C_GSS_CODE, NULL, general, sizeof general);
	words_of(minor, GSS_C_MECH_CODE, mech, special, sizeof special);
	if (minor == 0 || special[0] == '\0' ||
	    strcmp(special, "Success") == 0 ||
	    strncmp(special, "Unknown error", 13) == 0)
		snprintf(out, size, "%s", general);
	else if (GSS_ROUTINE_ERROR(major) == GSS_S_FAILURE)
		snprintf(out, size, "%s", special);
	else
		snprintf(out, size, "%s (%s)", general, special);
}

void gss_fail(struct gss *gss, struct handshake_answer *out,
	      enum initiate_reason reason, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(gss->cause, sizeof gss->cause, format, ap);
	va_end(ap);
	*out = (struct handshake_answer){ .outcome = OUTCOME_FAILED,
		.name = "", .target = "", .reason = reason,
		.cause = gss->cause };
}

void gss_step_answer(struct gss *gss, OM_uint32 major,
		     struct handshake_answer *out)
{
	*out = (struct handshake_answer){
		.outcome = (major & GSS_S_CONTINUE_NEEDED) != 0 ?
			OUTCOME_CONTINUE : OUTCOME_OK,
		.token = { gss->token.value, gss->token.length },
		.name = "", .target = "", .cause = "" };
}

gss_channel_bindings_t gss_bindings(const struct bytes *data,
	struct gss_channel_bindings_struct *room)
{
	if (data->len == 0)
		return GSS_C_NO_CHANNEL_BINDINGS;
	*room = (struct gss_channel_bindings_struct){
		.application_data = { data->len,
				      (void *)(uintptr_t)data->data } };
	return room;
}

/* Passwords of NTLM ---------------------------------------------------- */

void gss_clear_keyfile(struct gss *gss)
{
	/* What was written first is overwritten, then cut off. */
	static const char zeros[1024];
	ssize_t n = pwrite(gss->keyfile, zeros, sizeof zeros, 0);

	if (n < 0 || ftruncate(gss->keyfile, 0) < 0)
		abort();        /* memory that cannot be written */
}

bool gss_write_keyfile(struct gss *gss, const char *user,
		       const struct bytes *nt_hash)
{
	char line[900], hex[2 * NT_HASH_SIZE + 1];
	int n;
	bool ok;

	if (nt_hash->len != NT_HASH_SIZE || user[0] == '\0' ||
	    user[0] == '#' || strpbrk(user, ":\r\n") != NULL)
		return false;
	for (size_t i = 0; i < NT_HASH_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02X", nt_hash->data[i]);
	n = snprintf(line, sizeof line, "%s:0:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
		     ":%s:[U          ]:LCT-00000000:\n", user, hex);
	gss_clear_keyfile(gss);
	ok = n > 0 && (size_t)n < sizeof line &&
		pwrite(gss->keyfile, line, (size_t)n, 0) == n;
	explicit_bzero(line, sizeof line);
	explicit_bzero(hex, sizeof hex);
	return ok;
}

/* Handshakes under way ------------------------------------------------- */

struct gss_handshake *gss_find(struct gss *gss, uint32_t number)
{
	for (size_t i = 0; i < HANDSHAKES_MAX; i++)
		if (gss->handshakes[i].used != 0 &&
		    gss->handshakes[i].number == number) {
			gss->handshakes[i].used = ++gss->clock;
			return &gss->handshakes[i];
		}
	return NULL;
}

void gss_drop(struct gss_handshake *h)
{
	OM_uint32 minor;

	if (h->context != GSS_C_NO_CONTEXT)
		gss_delete_sec_context(&minor, &h->context, GSS_C_NO_BUFFER);
	if (h->own_cred)
		gss_free_cred(&h->cred);
	gss_free_name(&h->target);
	memset(h, 0, sizeof *h);
}

struct gss_handshake *gss_make(struct gss *gss, uint32_t number)
{
	struct gss_handshake *oldest = &gss->handshakes[0];

	for (size_t i = 1; i < HANDSHAKES_MAX; i++)
		if (gss->handshakes[i].used < oldest->used)
			oldest = &gss->handshakes[i];
	gss_drop(oldest);
	oldest->number = number;
	oldest->used = ++gss->clock;
	return oldest;
}

void gss_free_shared(struct gss *gss, gss_cred_id_t *cred)
{
	for (size_t i = 0; i < HANDSHAKES_MAX && *cred != NULL; i++)
		if (gss->handshakes[i].cred == *cred)
			gss_drop(&gss->handshakes[i]);
	gss_free_cred(cred);
}

void gss_forget(struct gss *gss, uint32_t number)
{
	struct gss_handshake *h = gss_find(gss, number);

	if (h != NULL)
		gss_drop(h);
}

/* The whole ------------------------------------------------------------ */

/* gss-ntlmssp reads these: what we are called, and NTLMv2 or nothing. */
static void set_environment(const struct handshake_settings *s)
{
	setenv("LM_COMPAT_LEVEL", "5", 1);
	unsetenv("NTLM_USER_FILE");
	if (s->computer[0] != '\0')
		setenv("NETBIOS_COMPUTER_NAME", s->computer, 1);
	if (s->domain[0] != '\0')
		setenv("NETBIOS_DOMAIN_NAME", s->domain, 1);
	if (s->keytab[0] != '\0')
		setenv("KRB5_KTNAME", s->keytab, 1);
}

struct gss *gss_new(const struct handshake_settings *settings,
		    gss_query *query, void *ctx)
{
	struct gss *gss = xcalloc(1, sizeof *gss);

	gss->settings = (struct handshake_settings){
		.ntlm = settings->ntlm,
		.keytab = xstrdup(settings->keytab),
		.principal = xstrdup(settings->principal),
		.host = xstrdup(settings->host),
		.computer = xstrdup(settings->computer),
		.domain = xstrdup(settings->domain) };
	gss->query = query;
	gss->query_ctx = ctx;
	set_environment(&gss->settings);
	if (krb5_init_context(&gss->krb5) != 0)
		gss->krb5 = NULL;
	gss->keyfile = memfd_create("posthouse-auth", MFD_CLOEXEC);
	if (gss->keyfile < 0)
		abort();        /* no memory or no descriptors: no use */
	snprintf(gss->keyfile_path, sizeof gss->keyfile_path,
		 "/proc/self/fd/%d", gss->keyfile);
	return gss;
}

void gss_free(struct gss *gss)
{
	OM_uint32 minor;

	if (gss == NULL)
		return;
	for (size_t i = 0; i < HANDSHAKES_MAX; i++)
		gss_drop(&gss->handshakes[i]);
	for (size_t i = 0; i < USERS_MAX; i++) {
		free(gss->users[i].name);
		gss_free_cred(&gss->users[i].cred);
	}
	gss_free_cred(&gss->accept_krb5);
	gss_free_cred(&gss->accept_spnego_krb5);
	gss_free_cred(&gss->accept_ntlm);
	gss_free_cred(&gss->accept_spnego_ntlm);
	gss_free_cred(&gss->own);
	gss_release_buffer(&minor, &gss->token);
	if (gss->krb5 != NULL)
		krb5_free_context(gss->krb5);
	close(gss->keyfile);
	free((char *)(uintptr_t)gss->settings.keytab);
	free((char *)(uintptr_t)gss->settings.principal);
	free((char *)(uintptr_t)gss->settings.host);
	free((char *)(uintptr_t)gss->settings.computer);
	free((char *)(uintptr_t)gss->settings.domain);
	free(gss);
}
