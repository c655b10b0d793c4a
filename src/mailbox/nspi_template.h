/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates ([MS-OXOABKT]): how clients show an object, and how they ask for
 * an address that is not in the address book.  A language is a table in
 * nspi_template.c.
 */
#ifndef MAILBOX_NSPI_TEMPLATE_H
#define MAILBOX_NSPI_TEMPLATE_H

#include "mailbox/nspi_impl.h"

/* Control types and flags, [MS-OXOABKT] 2.2.2.1.2 */
enum nspi_control_type {
	CONTROL_LABEL = 0, CONTROL_EDIT = 1, CONTROL_LISTBOX = 2,
	CONTROL_CHECKBOX = 5, CONTROL_GROUPBOX = 6, CONTROL_BUTTON = 7,
	CONTROL_PAGE = 8, CONTROL_MV_LISTBOX = 11,
};

enum nspi_control_flag {
	CONTROL_MULTILINE = 1, CONTROL_EDITABLE = 2, CONTROL_REQUIRED = 4,
	CONTROL_ACCEPT_DBCS = 0x20,
};

/* One control: where it stands in dialog units, and what it shows. */
struct nspi_control {
	uint8_t type;             /* enum nspi_control_type */
	uint8_t flags;            /* enum nspi_control_flag */
	uint16_t x, width, y, height;
	uint32_t tag;             /* of the property; 0: none */
	uint32_t size;            /* characters of an edit control */
	const char *text;         /* label, or the characters allowed */
};

struct nspi_template {
	const char *language;     /* "en": the locales that it is for */
	uint32_t display_type;    /* DT_ADDRESS_TEMPLATE: makes an address */
	const char *cn;           /* last part of its DN */
	const char *name, *address_type;  /* of one that makes an address */
	const struct nspi_control *controls;
	size_t n_controls;
};

/* The n'th template that makes addresses, in a locale's language; NULL. */
const struct nspi_template *nspi_template_creation(uint32_t lcid, uint32_t n);

/* In the arena of the call. */
const char *nspi_template_dn(const struct nspi_call *call,
			     const struct nspi_template *t);

#endif
