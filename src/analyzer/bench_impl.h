/* SPDX-License-Identifier: Apache-2.0 */
/* What the load generator's files share. */
#ifndef ANALYZER_BENCH_IMPL_H
#define ANALYZER_BENCH_IMPL_H

#include "analyzer/bench.h"
#include "analyzer/bench_session.h"
#include "analyzer/bench_stats.h"

/* One of those that put load on the server, with a thread of its own. */
struct bench_worker {
	const struct bench_options *o;
	const struct bench_mode *mode;
	const struct bench_target *target;
	unsigned index;           /* from 0 */
	struct bench_session *session;
	struct arena *arena;      /* of the whole run */
	struct arena *scratch;    /* of one operation */
	uint32_t logon;           /* handles */
	uint32_t folder;
	uint64_t folder_id;
	struct rop_logon_rsp logon_rsp;
	struct rop_batch batch;   /* encoded once in request, if the */
	struct bin request;       /* operation is the same each time */
	struct bin connect;       /* cycle: the body of Connect */
	uint64_t *messages;       /* open: IDs */
	size_t n_messages;
	const char **names;       /* nspi-resolve */
	size_t n_names;
	uint64_t turn;            /* operations begun */
};

enum bench_mode_flags {
	WARM_UP = 1,              /* do some before the measurement begins */
	ADDRESS_BOOK = 2,         /* at that endpoint */
};

struct bench_mode {
	const char *name, *summary;
	const char *unit;
	unsigned flags;           /* enum bench_mode_flags */
	/* Before the measurement: connections, sessions, requests. */
	bool (*prepare)(struct bench_worker *w, struct err *err);
	/* One operation; adds what it did to *units. */
	bool (*operate)(struct bench_worker *w, uint64_t *units,
			struct err *err);
	/* Instead of both. */
	bool (*run)(const struct bench_options *o,
		    const struct bench_target *target,
		    const struct server_processes *server,
		    struct bench_result *out, struct err *err);
};

/* bench_modes.c: those that need no folder. */
bool prepare_connection(struct bench_worker *w, struct err *err);
bool prepare_logon(struct bench_worker *w, struct err *err);
bool prepare_cycle(struct bench_worker *w, struct err *err);
bool prepare_release(struct bench_worker *w, struct err *err);
bool prepare_receive_folder(struct bench_worker *w, struct err *err);
bool prepare_properties(struct bench_worker *w, struct err *err);
bool operate_ping(struct bench_worker *w, uint64_t *units, struct err *err);
bool operate_cycle(struct bench_worker *w, uint64_t *units, struct err *err);
bool operate_execute(struct bench_worker *w, uint64_t *units,
		     struct err *err);

/* bench_folder.c: those that work on a folder's messages. */
bool prepare_folder(struct bench_worker *w, struct err *err);
bool prepare_open(struct bench_worker *w, struct err *err);
bool operate_fill(struct bench_worker *w, uint64_t *units, struct err *err);
bool operate_sweep(struct bench_worker *w, uint64_t *units, struct err *err);
bool operate_page(struct bench_worker *w, uint64_t *units, struct err *err);
bool operate_open(struct bench_worker *w, uint64_t *units, struct err *err);

/* bench_nspi.c */
bool prepare_book(struct bench_worker *w, struct err *err);
bool prepare_resolve(struct bench_worker *w, struct err *err);
bool operate_bind(struct bench_worker *w, uint64_t *units, struct err *err);
bool operate_book_page(struct bench_worker *w, uint64_t *units,
		       struct err *err);
bool operate_resolve(struct bench_worker *w, uint64_t *units,
		     struct err *err);

/* bench_hold.c */
bool run_hold(const struct bench_options *o,
	      const struct bench_target *target,
	      const struct server_processes *server,
	      struct bench_result *out, struct err *err);

/*
 * Register for everything that happens in the store, in the session of the
 * logon ([MS-OXCNOTIF] 2.2.1.2.1).
 */
bool bench_register(struct bench_session *s, struct arena *arena,
		    uint32_t logon, struct err *err);

#endif
