/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the gate share. */
#ifndef AUTH_GATE_IMPL_H
#define AUTH_GATE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/accept.h"
#include "auth/auth_impl.h"
#include "auth/gate.h"

struct gate {
	struct gate_config config;
	struct {
		atomic_uint_least64_t checks, ok, asked, denied, throttled,
			unavailable, handshakes, handshakes_lost, persistent,
			basic, ntlm, negotiate_kerberos, negotiate_ntlm,
			bearer;
	} n;
};

/* --- Rules: what a virtual directory says now, immutable and counted --- */

struct gate_rules {
	atomic_uint refs;
	unsigned methods;         /* enum gate_method */
	enum dir_ep ep;
	unsigned ep_flags;
	char **spns;              /* NULL ends; in lower case */
	char *challenges[5];      /* NULL ends */
};

struct gate_policy {
	struct gate *gate;
	enum gate_listener listener;
	struct guid server;       /* null: this one */
	char *realm;
	pthread_mutex_t lock;     /* guards rules */
	struct gate_rules *rules;
	atomic_uint_least64_t change;     /* of the directory, when made */
};

/* One reference, the caller's. */
struct gate_rules *gate_rules_now(struct gate_policy *policy);
void gate_rules_unref(struct gate_rules *rules);

/* How a caller's handshake and its channel stand to each other. */
struct gate_channel {
	bool tls;                 /* ours */
	bool bound;               /* the client named it */
	const char *target;       /* the SPN that it meant; "": unsaid */
};

/* Whether Extended Protection wants to see the client's channel binding. */
bool gate_rules_bind(const struct gate_rules *rules);

/* Extended Protection: NULL, or why the caller is refused. */
const char *gate_rules_protect(const struct gate_rules *rules,
			       const struct gate_channel *channel);

#endif
