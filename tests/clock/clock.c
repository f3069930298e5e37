/*
 * Sets the wall clock of a process that is loaded with this library
 * (LD_PRELOAD). It is the clock since boot, which nobody sets and which goes on
 * while the machine sleeps, plus so many nanoseconds: what a test says, and
 * nothing of what the machine's own wall clock says.
 *
 *   WALL_CLOCK_AHEAD=N     the nanoseconds
 *   WALL_CLOCK_FILE=PATH   a file with them, read each time, so that the clock of
 *                          a process that runs can be set; it goes first
 *
 * With neither of them, and for every other clock, nothing changes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const char *file;
static long long ahead;
static int is_set;
static int (*machine)(clockid_t, struct timespec *);

static int read_machine(clockid_t clock, struct timespec *time)
{
	if (!machine)
		machine = (__typeof__(machine))dlsym(RTLD_NEXT, "clock_gettime");
	return machine(clock, time);
}

__attribute__((constructor)) static void begin(void)
{
	const char *value = getenv("WALL_CLOCK_AHEAD");
	file = getenv("WALL_CLOCK_FILE");
	is_set = value || file;
	if (value)
		ahead = strtoll(value, NULL, 10);
}

/* How far the wall clock is ahead now. A file that cannot be read changes
 * nothing: it is replaced as a whole. */
static long long read_ahead(void)
{
	char text[32] = { 0 };
	int before = errno;
	if (file) {
		int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			if (syscall(SYS_read, fd, text, sizeof text - 1) > 0)
				__atomic_store_n(&ahead, strtoll(text, NULL, 10), __ATOMIC_RELAXED);
			syscall(SYS_close, fd);
		}
	}
	errno = before;
	return __atomic_load_n(&ahead, __ATOMIC_RELAXED);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
	if (!is_wall || !is_set)
		return read_machine(clock, time);
	int result = read_machine(CLOCK_BOOTTIME, time);
	if (result == 0) {
		long long now = time->tv_sec * SECOND + time->tv_nsec + read_ahead();
		time->tv_sec = now / SECOND;
		time->tv_nsec = now % SECOND;
	}
	return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return -1;
	time->tv_sec = now.tv_sec;
	time->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *place)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return -1;
	if (place)
		*place = now.tv_sec;
	return now.tv_sec;
}

int timespec_get(struct timespec *time, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}
