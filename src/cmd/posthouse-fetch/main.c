/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posthouse-fetch URL [CA-FILE]: write what is at URL to standard output.
 * posthoused has it fetch the keys of an identity provider, now and then,
 * so that it needs no HTTP client in its own memory.
 */
#include <stdio.h>

#include "base/arena.h"
#include "http/client.h"

enum { TIMEOUT_MS = 10000, DOCUMENT_MAX = 256 * 1024 };

static int fail(const char *url, const char *why)
{
	fprintf(stderr, "%s: %s\n", url, why);
	return 1;
}

static int fetch(struct http_client *client, struct arena *arena,
		 const char *url)
{
	const struct http_field accept = { "Accept", "application/json" };
	const struct http_request request = { .method = "GET", .url = url,
		.fields = &accept, .n_fields = 1, .timeout_ms = TIMEOUT_MS,
		.max_body = DOCUMENT_MAX };
	struct http_response answer;
	enum http_failure failure;
	struct err err;
	char text[64];

	if (!http_client_send(client, &request, arena, &answer, &failure,
			      &err))
		return fail(url, err.text);
	if (answer.status != 200) {
		snprintf(text, sizeof text, "the answer is status %d",
			 answer.status);
		return fail(url, text);
	}
	if (fwrite(answer.body, 1, answer.body_len, stdout) !=
	    answer.body_len || fflush(stdout) != 0)
		return fail(url, "cannot write what came");
	return 0;
}

int main(int argc, char **argv)
{
	struct http_client_config config = { .auth = HTTP_AUTH_NONE };
	struct http_client *client;
	struct arena *arena;
	int rc;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: posthouse-fetch URL [CA-FILE]\n");
		return 2;
	}
	config.ca_file = argc == 3 ? argv[2] : NULL;
	arena = arena_new(0);
	client = http_client_new(&config);
	rc = fetch(client, arena, argv[1]);
	http_client_free(client);
	arena_free(arena);
	return rc;
}
