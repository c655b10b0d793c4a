/* SPDX-License-Identifier: Apache-2.0 */
/* Which conversation a message belongs to ([MS-OXOMSG] 2.2.1.2). */
#ifndef STORE_CONVERSATION_H
#define STORE_CONVERSATION_H

#include "store/bag.h"

/*
 * Set PidTagConversationId from the index of the conversation, if
 * PidTagConversationIndexTracking says so and it is long enough, else from the
 * topic.  With neither it stays as it is.  EC_DISK_ERROR and the like.
 */
enum ec conversation_set_id(struct bag *bag, struct arena *a);

#endif
