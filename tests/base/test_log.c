/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "base/log.h"

static char folder[] = "/tmp/posthouse-log-XXXXXX";

static char *path_of(const char *name)
{
	static char path[2][64];
	static int i;

	i = !i;
	snprintf(path[i], sizeof path[i], "%s/%s", folder, name);
	return path[i];
}

static unsigned lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[256];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		assert_non_null(strstr(line, "Z info event n="));
		assert_int_equal(line[strlen(line) - 1], '\n');
		n++;
	}
	fclose(f);
	return n;
}

enum { LINES = 2000 };

static void *write_lines(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_event(arg, LOG_LEVEL_INFO, "event", "n=%d", i);
	return NULL;
}

/* Rotated while two threads write: no line is lost or torn. */
static void reopened_while_written(void **state)
{
	struct err err;
	struct log *log = log_open(path_of("log"), LOG_LEVEL_INFO, &err);
	pthread_t threads[2];

	assert_non_null(log);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, write_lines, log);
	usleep(1000);
	assert_int_equal(rename(path_of("log"), path_of("old")), 0);
	assert_true(log_reopen(log, &err));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	log_event(log, LOG_LEVEL_INFO, "event", "n=last");
	log_event(log, LOG_LEVEL_DEBUG, "event", "n=not logged");
	log_close(log);
	assert_int_equal(lines_of(path_of("log")) + lines_of(path_of("old")),
			 2 * LINES + 1);
	unlink(path_of("log"));
	unlink(path_of("old"));
}

static void refused(void **state)
{
	struct err err = { 0 };

	assert_null(log_open("/nonexistent/log", LOG_LEVEL_INFO, &err));
	assert_non_null(strstr(err.text, "/nonexistent/log"));
	log_event(NULL, LOG_LEVEL_ERROR, "event", "n=1");
	assert_true(log_reopen(NULL, &err));
}

static void quoted(void **state)
{
	char out[16];

	assert_string_equal(log_quote("plain", out, sizeof out), "plain");
	assert_string_equal(log_quote("", out, sizeof out), "\"\"");
	assert_string_equal(log_quote("a b\"", out, sizeof out), "\"a b\\\"\"");
	assert_string_equal(log_quote("\n=", out, sizeof out), "\"\\x0a=\"");
	assert_true(strlen(log_quote("0123456789012345", out, sizeof out)) <
		    sizeof out);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reopened_while_written),
		cmocka_unit_test(refused),
		cmocka_unit_test(quoted),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
