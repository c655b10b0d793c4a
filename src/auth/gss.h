/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GSSAPI handshakes, accepted and initiated: what a helper process does.
 * Blocks (winbind, KDCs), and some mechanisms leak: never in the daemon.
 */
#ifndef AUTH_GSS_H
#define AUTH_GSS_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/handshake.h"

struct gss;

/*
 * Who is query's user?  Called in the middle of gss_accept; false when nobody
 * can be asked any more.  reply's bytes must stay until the next call.
 */
typedef bool gss_query(void *ctx, const struct handshake_query *query,
		       struct handshake_reply *reply);

/* settings' strings are copied.  Sets environment variables. */
struct gss *gss_new(const struct handshake_settings *settings,
		    gss_query *query, void *ctx);
void gss_free(struct gss *gss);                   /* NULL is allowed */

/*
 * One step.  What *out borrows stays until the next call with this gss.  A
 * handshake that is not to be continued is forgotten.
 */
void gss_accept(struct gss *gss, const struct handshake_accept *step,
		struct handshake_answer *out);
void gss_initiate(struct gss *gss, const struct handshake_initiate *step,
		  struct handshake_answer *out);
void gss_forget(struct gss *gss, uint32_t number);

#endif
