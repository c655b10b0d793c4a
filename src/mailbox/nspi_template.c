/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/nspi_template.h"

#include <string.h>
#include <strings.h>

#include "mapi/code_page.h"

/* What the text of edit controls may be. */
#define ANY "*"

#define PAGE(title) { CONTROL_PAGE, 0, 0, 0, 0, 0, 0, 0, title }
#define LABEL(x, y, w, text) { CONTROL_LABEL, 0, x, w, y, 8, 0, 0, text }
#define SHOW(x, y, w, tag) \
	{ CONTROL_EDIT, CONTROL_ACCEPT_DBCS, x, w, y, 12, tag, 256, ANY }
#define FIELD(x, y, w, text, tag) \
	LABEL(x, y + 2, 48, text), SHOW(x + 50, y, w, tag)
#define TABLE(y, h, tag) { CONTROL_LISTBOX, 0, 6, 358, y, h, tag, 0, ANY }
#define TEXTS(y, h, tag) { CONTROL_MV_LISTBOX, 0, 6, 358, y, h, tag, 0, ANY }

/* Strings of 8 bits: the client's code page is the request's. */
#define TAG8(id) ((uint32_t)(id) << 16 | PTYP_STRING8)
#define OBJECT(id) ((uint32_t)(id) << 16 | PTYP_OBJECT)

/* --- English ---------------------------------------------------------- */

static const struct nspi_control user_en[] = {
	PAGE("General"),
	FIELD(6, 8, 70, "First:", TAG8(0x3a06)),
	FIELD(132, 8, 24, "Initials:", TAG8(0x3a0a)),
	FIELD(212, 8, 100, "Last:", TAG8(0x3a11)),
	FIELD(6, 24, 126, "Display:", TAG8(0x3001)),
	FIELD(188, 24, 126, "Alias:", TAG8(0x3a00)),
	FIELD(6, 46, 126, "Address:", TAG8(0x3a29)),
	FIELD(188, 46, 126, "Title:", TAG8(0x3a17)),
	FIELD(188, 62, 126, "Company:", TAG8(0x3a16)),
	FIELD(6, 78, 126, "City:", TAG8(0x3a27)),
	FIELD(188, 78, 126, "Department:", TAG8(0x3a18)),
	FIELD(6, 94, 126, "State:", TAG8(0x3a28)),
	FIELD(188, 94, 126, "Office:", TAG8(0x3a19)),
	FIELD(6, 110, 126, "Zip code:", TAG8(0x3a2a)),
	FIELD(188, 110, 126, "Assistant:", TAG8(0x3a30)),
	FIELD(6, 126, 126, "Country:", TAG8(0x3a26)),
	FIELD(188, 126, 126, "Phone:", TAG8(0x3a08)),
	PAGE("Organization"),
	LABEL(6, 8, 100, "Manager:"),
	SHOW(6, 18, 358, TAG8(0x8005)),
	LABEL(6, 38, 100, "Direct reports:"),
	TABLE(48, 110, OBJECT(0x800e)),
	PAGE("Phone/Notes"),
	FIELD(6, 8, 126, "Business:", TAG8(0x3a08)),
	FIELD(188, 8, 126, "Home:", TAG8(0x3a09)),
	FIELD(6, 24, 126, "Fax:", TAG8(0x3a23)),
	FIELD(188, 24, 126, "Mobile:", TAG8(0x3a1c)),
	FIELD(6, 40, 126, "Assistant:", TAG8(0x3a2e)),
	FIELD(188, 40, 126, "Pager:", TAG8(0x3a21)),
	LABEL(6, 60, 100, "Notes:"),
	{ CONTROL_EDIT, CONTROL_MULTILINE | CONTROL_ACCEPT_DBCS, 6, 358, 70,
	  80, TAG8(0x3004), 4096, ANY },
	PAGE("Member Of"),
	LABEL(6, 8, 200, "Group membership:"),
	TABLE(18, 140, OBJECT(0x8008)),
	PAGE("E-mail Addresses"),
	LABEL(6, 8, 200, "E-mail addresses:"),
	TEXTS(18, 140, 0x800f101e),
};

static const struct nspi_control list_en[] = {
	PAGE("General"),
	FIELD(6, 8, 126, "Display:", TAG8(0x3001)),
	FIELD(188, 8, 126, "Alias:", TAG8(0x3a00)),
	LABEL(6, 28, 100, "Owner:"),
	TABLE(38, 30, OBJECT(0x800c)),
	LABEL(6, 72, 100, "Members:"),
	TABLE(82, 60, OBJECT(0x8009)),
	LABEL(6, 146, 40, "Notes:"),
	SHOW(56, 144, 308, TAG8(0x3004)),
	PAGE("Member Of"),
	LABEL(6, 8, 200, "Group membership:"),
	TABLE(18, 140, OBJECT(0x8008)),
	PAGE("E-mail Addresses"),
	LABEL(6, 8, 200, "E-mail addresses:"),
	TEXTS(18, 140, 0x800f101e),
};

static const struct nspi_control other_en[] = {
	PAGE("General"),
	FIELD(6, 8, 126, "Display:", TAG8(0x3001)),
	FIELD(188, 8, 126, "Alias:", TAG8(0x3a00)),
	LABEL(6, 28, 40, "Notes:"),
	SHOW(56, 26, 308, TAG8(0x3004)),
	PAGE("E-mail Addresses"),
	LABEL(6, 8, 200, "E-mail addresses:"),
	TEXTS(18, 140, 0x800f101e),
};

static const struct nspi_control smtp_en[] = {
	PAGE("Internet Address"),
	LABEL(6, 10, 80, "Display name:"),
	{ CONTROL_EDIT, CONTROL_EDITABLE | CONTROL_ACCEPT_DBCS, 90, 200, 8,
	  12, TAG8(0x3001), 256, ANY },
	LABEL(6, 28, 80, "E-mail address:"),
	{ CONTROL_EDIT, CONTROL_EDITABLE | CONTROL_REQUIRED, 90, 200, 26, 12,
	  TAG8(0x3003), 254, ANY },
};

#define CONTROLS(v) v, sizeof v / sizeof *v

static const struct nspi_template templates[] = {
	{ "en", DT_MAILUSER, "0", "", "", CONTROLS(user_en) },
	{ "en", DT_DISTLIST, "1", "", "", CONTROLS(list_en) },
	{ "en", DT_FORUM, "2", "", "", CONTROLS(other_en) },
	{ "en", DT_AGENT, "3", "", "", CONTROLS(other_en) },
	{ "en", DT_REMOTE_MAILUSER, "6", "", "", CONTROLS(user_en) },
	{ "en", DT_ADDRESS_TEMPLATE, "SMTP", "Internet Address", "SMTP",
	  CONTROLS(smtp_en) },
};

enum { TEMPLATES = sizeof templates / sizeof *templates };

/* --- Finding one ------------------------------------------------------ */

/* Primary languages, [MS-LCID]. */
static bool is_language(const char *language, uint32_t lcid)
{
	static const struct {
		uint16_t primary;
		const char *name;
	} languages[] = { { 0x09, "en" } };

	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
		if (languages[i].primary == (lcid & 0x3ff))
			return strcmp(languages[i].name, language) == 0;
	/* 0: the client doesn't mind.  Other languages have English until
	 * they get a table; what is no language has nothing. */
	return (lcid & 0xffff) == lcid && (lcid & 0x3ff) <= 0x92 &&
		strcmp(language, "en") == 0;
}

const struct nspi_template *nspi_template_creation(uint32_t lcid, uint32_t n)
{
	for (size_t i = 0; i < TEMPLATES; i++)
		if (templates[i].display_type == DT_ADDRESS_TEMPLATE &&
		    is_language(templates[i].language, lcid) && n-- == 0)
			return &templates[i];
	return NULL;
}

const char *nspi_template_dn(const struct nspi_call *call,
			     const struct nspi_template *t)
{
	const char *folder = t->display_type == DT_ADDRESS_TEMPLATE ?
		"Address-Templates" : "Display-Templates";
	struct dir_org org;

	directory_org(call->svc->options.directory, call->arena, &org);
	return arena_printf(call->arena, "/o=%s/cn=Addressing/cn=%s/cn=%s/"
			    "cn=%s", org.name, folder, t->language, t->cn);
}

/* Constraint 5: by DN, else by display type and locale. */
static const struct nspi_template *
find(const struct nspi_call *call, const struct nspi_get_template_info_req *q)
{
	for (size_t i = 0; i < TEMPLATES; i++) {
		const struct nspi_template *t = &templates[i];

		if (q->has_template_dn ?
		    strcasecmp(nspi_template_dn(call, t), q->template_dn) == 0
		    : t->display_type == q->display_type &&
		    is_language(t->language, q->locale_id))
			return t;
	}
	return NULL;
}

/* --- TRowSet, [MS-OXOABKT] 2.2.2.1 ------------------------------------ */

enum { TROWSET_TYPE = 1, TROWSET_HEAD = 8, TROW_SIZE = 36 };

static size_t put_text(struct nspi_call *call, struct wire_w *w,
		       const char *text)
{
	size_t at = w->len, len;
	const char *bytes = code_page_from_utf8(call->arena, call->code_page,
						text, &len);

	wire_put(w, bytes, len + 1);
	return at;
}

static void put_row(struct wire_w *w, const struct nspi_control *c,
		    size_t text)
{
	wire_put_u32(w, c->x);
	wire_put_u32(w, c->width);
	wire_put_u32(w, c->y);
	wire_put_u32(w, c->height);
	wire_put_u32(w, c->type);
	wire_put_u32(w, c->flags);
	wire_put_u32(w, c->tag);          /* CNTRL: dwType, ulSize, ulString */
	wire_put_u32(w, c->size);
	wire_put_u32(w, (uint32_t)text);
}

static struct bin template_data(struct nspi_call *call,
				const struct nspi_template *t)
{
	size_t head = TROWSET_HEAD + t->n_controls * TROW_SIZE, size = head;
	struct wire_w rows, texts;
	uint8_t *data;

	for (size_t i = 0; i < t->n_controls; i++)
		size += 4 * strlen(t->controls[i].text) + 1;
	data = arena_alloc(call->arena, size);
	rows = wire_w(data, head);
	texts = wire_w(data, size);
	wire_claim(&texts, head);
	wire_put_u32(&rows, TROWSET_TYPE);
	wire_put_u32(&rows, (uint32_t)t->n_controls);
	for (size_t i = 0; i < t->n_controls; i++)
		put_row(&rows, &t->controls[i],
			put_text(call, &texts, t->controls[i].text));
	return (struct bin){ data, texts.len };
}

/* 3.1.4.1.18 */
enum ec nspi_get_template_info(struct nspi_call *call,
			       const struct nspi_get_template_info_req *req,
			       struct nspi_get_template_info_rsp *rsp)
{
	/* A script that does nothing: the instruction to halt. */
	static const uint8_t halt[4];
	struct prop_value *v = arena_array(call->arena, 2, sizeof *v);
	const struct nspi_template *t;

	rsp->code_page = req->code_page;
	if (req->code_page == CP_WINUNICODE ||
	    !code_page_known(req->code_page))
		return EC_INVALID_CODE_PAGE;
	call->code_page = req->code_page;
	t = find(call, req);
	if (t == NULL)
		return EC_INVALID_LOCALE;
	rsp->has_row = true;
	if ((req->flags & TI_TEMPLATE) != 0)
		v[rsp->row.n++] = (struct prop_value){
			.tag = PID_TAG_TEMPLATE_DATA,
			.bin = template_data(call, t) };
	if ((req->flags & TI_SCRIPT) != 0)
		v[rsp->row.n++] = (struct prop_value){
			.tag = PID_TAG_SCRIPT_DATA,
			.bin = { halt, sizeof halt } };
	rsp->row.v = v;
	return EC_SUCCESS;
}
