/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, and the FILETIME of the wire: 100 ns since 1601-01-01 UTC. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { HTTP_DATE_SIZE = 30 };     /* "Sun, 06 Nov 1994 08:49:37 GMT" + NUL */
enum { ISO_DATE_SIZE = 29 };      /* "2026-11-22T09:38:00.0000000Z" + NUL */

/* Monotonic time, for measuring and for deadlines. */
uint64_t clock_ns(void);
uint64_t clock_ms(void);

uint64_t filetime_now(void);
uint64_t filetime_from_unix(int64_t seconds);
int64_t filetime_to_unix(uint64_t filetime);    /* rounded down */

/* RFC 9110 5.6.7 */
void http_date_format(time_t t, char text[static HTTP_DATE_SIZE]);

/* ISO 8601 in UTC with seven decimals. */
void iso_date_format(uint64_t filetime, char text[static ISO_DATE_SIZE]);

#endif
