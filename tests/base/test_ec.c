/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/ec.h"

/* Values that requirements of the specifications name. */
static const struct {
	enum ec ec;
	uint32_t value;
	const char *name;
} cases[] = {
	{ EC_SUCCESS, 0x00000000, "ecNone" },
	{ EC_ERROR, 0x80004005, "ecError" },
	{ EC_NOT_ENOUGH_MEMORY, 0x8007000e, "ecMAPIOOM" },
	{ EC_INVALID_PARAM, 0x80070057, "ecInvalidParam" },
	{ EC_ACCESS_DENIED, 0x80070005, "ecAccessDenied" },
	{ EC_NOT_SUPPORTED, 0x80040102, "ecNotSupported" },
	{ EC_NOT_FOUND, 0x8004010f, "ecNotFound" },
	{ EC_INVALID_VERSION, 0x80040110, "ecVersionMismatch" },
	{ EC_LOGIN_FAILURE, 0x80040111, "ecLoginFailure" },
	{ EC_RPC_FAILED, 0x80040115, "ecRpcFailed" },
	{ EC_COMPUTED, 0x8004011a, "ecComputed" },
	{ EC_CORRUPT_DATA, 0x8004011b, "ecCorruptData" },
	{ EC_UNEXPECTED_TYPE, 0x80040304, "ecPropType" },
	{ EC_TOO_BIG, 0x80040305, "ecTooBig" },
	{ EC_INVALID_BOOKMARK, 0x80040405, "ecInvalidBookmark" },
	{ EC_DUPLICATE_NAME, 0x80040604, "ecDuplicateName" },
	{ EC_NOT_INITIALIZED, 0x80040605, "ecNotInitialized" },
	{ EC_HAS_FOLDERS, 0x80040609, "ecFolderHasChildren" },
	{ EC_HAS_MESSAGES, 0x8004060a, "ecFolderHasContents" },
	{ EC_FOLDER_CYCLE, 0x8004060b, "ecRootFolderCycle" },
	{ EC_NOT_IMPLEMENTED, 0x80040fff, "NotImplemented" },
	{ EC_UNKNOWN_USER, 0x000003eb, "ecUnknownUser" },
	{ EC_UNKNOWN_CODE_PAGE, 0x000003ef, "ecUnknownCodePage" },
	{ EC_LOGIN_PERM, 0x000003f2, "ecLoginPerm" },
	{ EC_PARAMETER_OVERFLOW, 0x00000450, "ecParameterOverflow" },
	{ EC_SEARCH_FOLDER, 0x00000460, "ecSearchFolder" },
	{ EC_NOT_SEARCH_FOLDER, 0x00000461, "ecNotSearchFolder" },
	{ EC_MDB_NOT_INIT, 0x00000476, "ecMDBNotInit" },
	{ EC_WRONG_SERVER, 0x00000478, "ecWrongServer" },
	{ EC_BUFFER_TOO_SMALL, 0x0000047d, "ecBufferTooSmall" },
	{ EC_SERVER_PAUSED, 0x0000047f, "ecServerPaused" },
	{ EC_SERVER_TOO_BUSY, 0x00000480, "ecServerBusy" },
	{ EC_RPC_FORMAT, 0x000004b6, "ecRpcFormat" },
	{ EC_NULL_OBJECT, 0x000004b9, "ecNullObject" },
	{ EC_MAX_OBJS_EXCEEDED, 0x000004de, "ecMaxObjsExceeded" },
	{ EC_NOT_EXPANDED, 0x000004f7, "ecNotExpanded" },
	{ EC_NOT_COLLAPSED, 0x000004f8, "ecNotCollapsed" },
	{ EC_DST_NULL_OBJECT, 0x00000503, "ecDstNullObject" },
	{ EC_REJECTED, 0x000007ee, "ecRejected" },
	{ EC_STREAM_ACCESS_DENIED, 0x80030005, "StreamAccessDenied" },
	{ EC_STREAM_SEEK_ERROR, 0x80030019, "StreamSeekError" },
	{ EC_STREAM_INVALID_PARAM, 0x80030057, "StreamInvalidParam" },
	{ EC_WARN_WITH_ERRORS, 0x00040380, "ecWarnWithErrors" },
	{ EC_PARTIAL_COMPLETION, 0x00040680, "ecPartialCompletion" },
};

static void test_values(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal((uint32_t)cases[i].ec, cases[i].value);
		assert_string_equal(ec_name(cases[i].ec), cases[i].name);
	}
}

static void test_aliases(void **state)
{
	assert_int_equal(EC_COLLISION, EC_DUPLICATE_NAME);
	assert_int_equal(EC_INVALID_PARAMETER, EC_INVALID_PARAM);
	/* reference: what Exchange answers to more than 10 waiters */
	assert_int_equal((uint32_t)EC_SERVER_BUSY, 0x80040401);
	assert_string_equal(ec_name(EC_SERVER_BUSY), "ecTimeout");
}

static void test_texts(void **state)
{
#define EC(constant, value, name, text) \
	assert_string_equal(ec_text(constant), text); \
	assert_true(strlen(text) > 3);
#include "base/ec.def"
#undef EC
	assert_string_equal(ec_name((enum ec)0x12345678), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
