/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <string.h>

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

/* n as so many decimal digits; each request and line of the log has some. */
static char *put_digits(char *at, unsigned n, int digits)
{
	for (int i = digits; i-- > 0; n /= 10)
		at[i] = (char)('0' + n % 10);
	return at + digits;
}

void http_date_format(time_t t, char text[static HTTP_DATE_SIZE])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;

	gmtime_r(&t, &tm);
	memcpy(text, "Sun, 00 Jan 0000 00:00:00 GMT", HTTP_DATE_SIZE);
	memcpy(text, days + 3 * tm.tm_wday, 3);
	put_digits(text + 5, (unsigned)tm.tm_mday, 2);
	memcpy(text + 8, months + 3 * tm.tm_mon, 3);
	put_digits(text + 12, (unsigned)(tm.tm_year + 1900), 4);
	put_digits(text + 17, (unsigned)tm.tm_hour, 2);
	put_digits(text + 20, (unsigned)tm.tm_min, 2);
	put_digits(text + 23, (unsigned)tm.tm_sec, 2);
}

void iso_date_format(uint64_t filetime, char text[static ISO_DATE_SIZE])
{
	time_t t = (time_t)filetime_to_unix(filetime);
	struct tm tm;

	gmtime_r(&t, &tm);
	memcpy(text, "0000-00-00T00:00:00.0000000Z", ISO_DATE_SIZE);
	put_digits(text, (unsigned)(tm.tm_year + 1900), 4);
	put_digits(text + 5, (unsigned)tm.tm_mon + 1, 2);
	put_digits(text + 8, (unsigned)tm.tm_mday, 2);
	put_digits(text + 11, (unsigned)tm.tm_hour, 2);
	put_digits(text + 14, (unsigned)tm.tm_min, 2);
	put_digits(text + 17, (unsigned)tm.tm_sec, 2);
	put_digits(text + 20, (unsigned)(filetime % FILETIME_PER_SECOND), 7);
}
