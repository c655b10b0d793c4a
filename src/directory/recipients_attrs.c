/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes that a recipient can have, and the kinds of recipients. */
#include <strings.h>

#include "directory/recipients.h"

/* In the order in which commands and exports show them. */
static const struct recipient_attr attrs[] = {
	{ PID_TAG_ACCOUNT, ATTR_FIXED | ATTR_ANR, "mailNickname", "alias",
	  "the alias, or mail nickname" },
	{ PID_TAG_DISPLAY_NAME, ATTR_FIXED | ATTR_ANR, "displayName",
	  "display-name", "the name that lists show" },
	{ PID_TAG_EMAIL_ADDRESS, ATTR_FIXED, "legacyExchangeDN", "legacy-dn",
	  "the distinguished name in Exchange's form" },
	{ PID_TAG_SMTP_ADDRESS, ATTR_FIXED, "mail", "mail",
	  "the primary SMTP address" },
	{ PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES, ATTR_MULTI, "proxyAddresses",
	  "proxy-address", "a further address with its type: X500:/o=…" },
	{ PID_TAG_GIVEN_NAME, ATTR_ANR, "givenName", "given-name",
	  "given name" },
	{ PID_TAG_SURNAME, ATTR_ANR, "sn", "surname", "family name" },
	{ PID_TAG_INITIALS, 0, "initials", "initials", "initials" },
	{ PID_TAG_ADDRESS_BOOK_DISPLAY_NAME_PRINTABLE, 0,
	  "displayNamePrintable", "simple-display-name",
	  "the display name in ASCII" },
	{ PID_TAG_TITLE, 0, "title", "title", "job title" },
	{ PID_TAG_DEPARTMENT_NAME, 0, "department", "department",
	  "department" },
	{ PID_TAG_COMPANY_NAME, 0, "company", "company", "company" },
	{ PID_TAG_OFFICE_LOCATION, ATTR_ANR, "physicalDeliveryOfficeName",
	  "office", "office" },
	{ PID_TAG_BUSINESS_TELEPHONE_NUMBER, 0, "telephoneNumber", "phone",
	  "telephone at work" },
	{ PID_TAG_BUSINESS2_TELEPHONE_NUMBERS, ATTR_MULTI, "otherTelephone",
	  "other-phone", "a further telephone at work" },
	{ PID_TAG_HOME_TELEPHONE_NUMBER, 0, "homePhone", "home-phone",
	  "telephone at home" },
	{ PID_TAG_MOBILE_TELEPHONE_NUMBER, 0, "mobile", "mobile",
	  "mobile telephone" },
	{ PID_TAG_PRIMARY_FAX_NUMBER, 0, "facsimileTelephoneNumber", "fax",
	  "fax" },
	{ PID_TAG_PAGER_TELEPHONE_NUMBER, 0, "pager", "pager", "pager" },
	{ PID_TAG_ASSISTANT, 0, "msExchAssistantName", "assistant",
	  "the assistant's name" },
	{ PID_TAG_ASSISTANT_TELEPHONE_NUMBER, 0, "telephoneAssistant",
	  "assistant-phone", "the assistant's telephone" },
	{ PID_TAG_STREET_ADDRESS, 0, "streetAddress", "street", "street" },
	{ PID_TAG_LOCALITY, 0, "l", "city", "city" },
	{ PID_TAG_STATE_OR_PROVINCE, 0, "st", "state", "state or province" },
	{ PID_TAG_POSTAL_CODE, 0, "postalCode", "postal-code",
	  "postal code" },
	{ PID_TAG_COUNTRY, 0, "co", "country", "country" },
	{ PID_TAG_COMMENT, 0, "info", "notes", "notes" },
	{ PID_TAG_ADDRESS_BOOK_MANAGER, ATTR_LINK, "manager", "manager",
	  "the manager, by alias or address" },
	{ PID_TAG_ADDRESS_BOOK_MEMBER, ATTR_LINK | ATTR_MULTI, "member",
	  "member", "a member" },
	{ PID_TAG_ADDRESS_BOOK_OWNER, ATTR_LINK | ATTR_MULTI, "managedBy",
	  "owner", "who manages it" },
	{ PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES, ATTR_LINK | ATTR_MULTI,
	  "publicDelegates", "delegate", "who may send on behalf" },
	{ PID_TAG_ADDRESS_BOOK_PHONETIC_DISPLAY_NAME, ATTR_ANR,
	  "msDS-PhoneticDisplayName", "phonetic-display-name",
	  "display name as it is spoken" },
	{ PID_TAG_ADDRESS_BOOK_PHONETIC_GIVEN_NAME, ATTR_ANR,
	  "msDS-PhoneticFirstName", "phonetic-given-name",
	  "given name as it is spoken" },
	{ PID_TAG_ADDRESS_BOOK_PHONETIC_SURNAME, ATTR_ANR,
	  "msDS-PhoneticLastName", "phonetic-surname",
	  "family name as it is spoken" },
	{ PID_TAG_ADDRESS_BOOK_PHONETIC_DEPARTMENT_NAME, 0,
	  "msDS-PhoneticDepartment", "phonetic-department",
	  "department as it is spoken" },
	{ PID_TAG_ADDRESS_BOOK_PHONETIC_COMPANY_NAME, 0,
	  "msDS-PhoneticCompanyName", "phonetic-company",
	  "company as it is spoken" },
	{ PID_TAG_ADDRESS_BOOK_TARGET_ADDRESS, 0, "targetAddress",
	  "target-address", "where mail goes: SMTP:bob@example.net" },
	{ PID_TAG_ADDRESS_BOOK_ROOM_CAPACITY, 0, "msExchResourceCapacity",
	  "capacity", "how many a room holds" },
	{ PID_TAG_ADDRESS_BOOK_ROOM_DESCRIPTION, 0,
	  "msExchResourceDisplay", "room-description", "what a room has" },
	{ PID_TAG_ADDRESS_BOOK_SENIORITY_INDEX, 0, "msDS-HABSeniorityIndex",
	  "seniority", "rank in the hierarchy" },
	{ PID_TAG_SEND_RICH_INFO, 0, "mAPIRecipient", "send-rich-info",
	  "whether its mail client reads TNEF" },
	{ PID_TAG_ADDRESS_BOOK_HOME_MESSAGE_DATABASE, ATTR_FIXED, "homeMDB",
	  "home-mdb", "the mailbox database" },
	{ PID_TAG_USER_X509_CERTIFICATE, ATTR_LARGE | ATTR_MULTI,
	  "userSMIMECertificate", "smime-certificate",
	  "an S/MIME certificate" },
	{ PID_TAG_ADDRESS_BOOK_X509_CERTIFICATE, ATTR_LARGE | ATTR_MULTI,
	  "userCertificate", "certificate", "an X.509 certificate" },
	{ PID_TAG_THUMBNAIL_PHOTO, ATTR_LARGE, "thumbnailPhoto", "photo",
	  "a picture, JPEG" },
#define EXTENSION(n) \
	{ PID_TAG_ADDRESS_BOOK_EXTENSION_ATTRIBUTE##n, 0, \
	  "extensionAttribute" #n, "custom-attribute" #n, \
	  "custom attribute " #n },
	EXTENSION(1) EXTENSION(2) EXTENSION(3) EXTENSION(4) EXTENSION(5)
	EXTENSION(6) EXTENSION(7) EXTENSION(8) EXTENSION(9) EXTENSION(10)
	EXTENSION(11) EXTENSION(12) EXTENSION(13) EXTENSION(14) EXTENSION(15)
};

enum { ATTRS = sizeof attrs / sizeof *attrs };

const struct recipient_attr *recipient_attrs(size_t *count)
{
	*count = ATTRS;
	return attrs;
}

const struct recipient_attr *recipient_attr(uint32_t tag)
{
	for (size_t i = 0; i < ATTRS; i++)
		if (prop_tag_id(attrs[i].tag) == prop_tag_id(tag))
			return &attrs[i];
	return NULL;
}

const struct recipient_attr *recipient_attr_named(const char *name)
{
	for (size_t i = 0; i < ATTRS; i++)
		if (strcasecmp(attrs[i].ldap, name) == 0 ||
		    strcasecmp(attrs[i].option, name) == 0)
			return &attrs[i];
	return NULL;
}

static const char *const kinds[RECIPIENT_KINDS] = {
	[RECIPIENT_MAILBOX] = "user",
	[RECIPIENT_GROUP] = "group",
	[RECIPIENT_DYNAMIC_GROUP] = "dynamic group",
	[RECIPIENT_CONTACT] = "contact",
	[RECIPIENT_PUBLIC_FOLDER] = "public folder",
	[RECIPIENT_AGENT] = "agent",
	[RECIPIENT_ROOM] = "room",
	[RECIPIENT_EQUIPMENT] = "equipment",
};

const char *recipient_kind_name(enum recipient_kind kind)
{
	return (unsigned)kind < RECIPIENT_KINDS ? kinds[kind] : "unknown";
}

bool recipient_kind_parse(const char *name, enum recipient_kind *out)
{
	for (int i = 0; i < RECIPIENT_KINDS; i++)
		if (strcasecmp(kinds[i], name) == 0) {
			*out = (enum recipient_kind)i;
			return true;
		}
	return false;
}
