/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "analyzer/report.h"

static const char *text_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void test_tree(void **state)
{
	struct report *r = report_new(NULL, false);
	const struct step *root, *child;

	report_begin(r, "Testing %s.", "everything");
	report_begin(r, "First.");
	report_detail(r, "detail %d", 1);
	report_detail(r, "detail %d", 2);
	report_detail(r, "detail %d", 3);
	assert_true(report_end(r, STEP_SUCCESS, "It was fine."));
	report_begin(r, "Second.");
	assert_true(report_end(r, STEP_SUCCESS, "%s", ""));
	assert_true(report_end(r, STEP_SUCCESS, "All."));

	root = report_root(r);
	assert_string_equal(root->description, "Testing everything.");
	assert_null(root->parent);
	assert_null(root->next);
	child = root->first;
	assert_string_equal(child->description, "First.");
	assert_string_equal(child->result, "It was fine.");
	assert_ptr_equal(child->parent, root);
	assert_int_equal(child->n_details, 3);
	assert_string_equal(child->details[0], "detail 1");
	assert_string_equal(child->details[2], "detail 3");
	assert_ptr_equal(child->next, root->last);
	assert_true(child->next->started >= child->started);
	assert_true(root->elapsed >= child->elapsed);
	report_free(r);
}

/* An error below is an error above, whatever is said there. */
static void test_error_rises(void **state)
{
	struct report *r = report_new(NULL, false);

	report_begin(r, "root");
	report_begin(r, "middle");
	report_begin(r, "leaf");
	assert_false(report_end(r, STEP_ERROR, "broken"));
	assert_false(report_end(r, STEP_SUCCESS, "said to be fine"));
	report_begin(r, "other");
	assert_true(report_end(r, STEP_SUCCESS, "fine"));
	assert_false(report_end(r, STEP_WARNING, "said to be a warning"));
	assert_int_equal(report_root(r)->status, STEP_ERROR);
	assert_int_equal(report_root(r)->first->status, STEP_ERROR);
	assert_int_equal(report_root(r)->last->status, STEP_SUCCESS);
	report_free(r);
}

/* A warning rises too, but is no failure; one who skips is neither. */
static void test_warning_rises(void **state)
{
	struct report *r = report_new(NULL, false);

	report_begin(r, "root");
	report_begin(r, "with a warning");
	assert_true(report_end(r, STEP_WARNING, "hm"));
	report_skip(r, "left out", "no need");
	assert_true(report_end(r, STEP_SUCCESS, "done"));
	assert_int_equal(report_root(r)->status, STEP_WARNING);
	assert_int_equal(report_root(r)->last->status, STEP_SKIPPED);
	assert_string_equal(report_root(r)->last->result, "no need");

	report_free(r);
	r = report_new(NULL, false);
	report_begin(r, "root");
	report_skip(r, "left out", "no need");
	assert_true(report_end(r, STEP_SUCCESS, "done"));
	assert_int_equal(report_root(r)->status, STEP_SUCCESS);
	report_free(r);
}

static void test_names(void **state)
{
	assert_string_equal(step_status_name(STEP_RUNNING), "Running");
	assert_string_equal(step_status_name(STEP_SUCCESS), "Success");
	assert_string_equal(step_status_name(STEP_WARNING),
			    "SuccessWithWarnings");
	assert_string_equal(step_status_name(STEP_ERROR), "Error");
	assert_string_equal(step_status_name(STEP_SKIPPED), "Skipped");
}

static void test_json(void **state)
{
	struct report *r = report_new(NULL, false);
	json_t *o, *children, *child;

	o = report_json(r);
	assert_int_equal(json_object_size(o), 0);
	json_decref(o);

	report_begin(r, "root \"quoted\"");
	report_detail(r, "über");
	report_begin(r, "child");
	report_end(r, STEP_ERROR, "it failed");
	report_end(r, STEP_SUCCESS, "end");
	o = report_json(r);
	assert_string_equal(text_of(o, "description"), "root \"quoted\"");
	assert_string_equal(text_of(o, "result"), "end");
	assert_string_equal(text_of(o, "status"), "Error");
	assert_string_equal(json_string_value(json_array_get(
		json_object_get(o, "details"), 0)), "über");
	assert_true(json_is_real(json_object_get(o, "elapsedMilliseconds")));
	children = json_object_get(o, "children");
	assert_int_equal(json_array_size(children), 1);
	child = json_array_get(children, 0);
	assert_string_equal(text_of(child, "description"), "child");
	assert_string_equal(text_of(child, "status"), "Error");
	assert_string_equal(text_of(child, "result"), "it failed");
	assert_int_equal(json_array_size(json_object_get(child, "children")),
			 0);
	json_decref(o);
	report_free(r);
}

/* A step that runs still has no result. */
static void test_json_running(void **state)
{
	struct report *r = report_new(NULL, false);
	json_t *o;

	report_begin(r, "root");
	o = report_json(r);
	assert_string_equal(text_of(o, "status"), "Running");
	assert_string_equal(text_of(o, "result"), "");
	json_decref(o);
	report_free(r);
}

/* What is printed while the tree grows; times are replaced by T. */
static void live(char *text, size_t size, bool color)
{
	FILE *f = fmemopen(text, size, "w");
	struct report *r = report_new(f, color);

	report_begin(r, "root");
	report_begin(r, "leaf");
	report_detail(r, "more");
	report_end(r, STEP_SUCCESS, "well");
	report_begin(r, "bad");
	report_end(r, STEP_ERROR, "worse");
	report_end(r, STEP_SUCCESS, "end");
	report_free(r);
	fclose(f);
	for (char *p = strchr(text, '('); p != NULL; p = strchr(p + 1, '(')) {
		char *end = strchr(p, ')');

		p[1] = 'T';
		memmove(p + 2, end, strlen(end) + 1);
	}
}

static void test_live(void **state)
{
	char text[1024] = "";

	live(text, sizeof text, false);
	assert_string_equal(text,
		"root\n"
		"  leaf  ok (T) well\n"
		"      more\n"
		"  bad  FAILED (T) worse\n"
		"= FAILED (T) end\n");
	live(text, sizeof text, true);
	assert_non_null(strstr(text, "\033[32mok\033[0m"));
	assert_non_null(strstr(text, "\033[1;31mFAILED\033[0m"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_error_rises),
		cmocka_unit_test(test_warning_rises),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_running),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
