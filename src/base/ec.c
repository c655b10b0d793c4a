/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ec.h"

const char *ec_name(enum ec ec)
{
	switch (ec) {
#define EC(constant, value, name, text) case constant: return name;
#include "base/ec.def"
#undef EC
	}
	return "unknown error";
}

const char *ec_text(enum ec ec)
{
	switch (ec) {
#define EC(constant, value, name, text) case constant: return text;
#include "base/ec.def"
#undef EC
	}
	return "an error code that is not in the specification";
}
