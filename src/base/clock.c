/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>

enum { FILETIME_PER_SECOND = 10000000 };
static const int64_t unix_epoch = 11644473600;  /* seconds after 1601 */

uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t clock_ms(void)
{
	return clock_ns() / 1000000u;
}

uint64_t filetime_from_unix(int64_t seconds)
{
	return seconds <= -unix_epoch ? 0 :
		(uint64_t)(seconds + unix_epoch) * FILETIME_PER_SECOND;
}

int64_t filetime_to_unix(uint64_t filetime)
{
	return (int64_t)(filetime / FILETIME_PER_SECOND) - unix_epoch;
}

uint64_t filetime_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return filetime_from_unix(ts.tv_sec) + (uint64_t)ts.tv_nsec / 100;
}

void http_date_format(time_t t, char text[static HTTP_DATE_SIZE])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;

	gmtime_r(&t, &tm);
	snprintf(text, HTTP_DATE_SIZE,
		 "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
		 days + 3 * tm.tm_wday, (unsigned)tm.tm_mday % 100u,
		 months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + 1900) % 10000u,
		 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
		 (unsigned)tm.tm_sec % 100u);
}

void iso_date_format(uint64_t filetime, char text[static ISO_DATE_SIZE])
{
	time_t t = (time_t)filetime_to_unix(filetime);
	struct tm tm;

	gmtime_r(&t, &tm);
	snprintf(text, ISO_DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%07uZ",
		 (unsigned)(tm.tm_year + 1900) % 10000u,
		 (unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u,
		 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
		 (unsigned)tm.tm_sec % 100u,
		 (unsigned)(filetime % FILETIME_PER_SECOND));
}
