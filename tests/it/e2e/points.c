/*
 * Write points of a process that is loaded with this library (LD_PRELOAD):
 * each call by which bytes leave it for the database or for a socket.
 *
 *   POINTS_DATABASE=PATH  the database; files beginning so belong to it
 *   POINTS_LOG=PATH       one line a point: number, call, where, bytes
 *   POINTS_KILL=N         after point N the process ends as by kill -9
 *   POINTS_TORN=1         half of point N is written before
 *   POINTS_FAIL=ERRNO     the number of an error that disk calls give back ...
 *   POINTS_FAIL_AT=N      ... the N-th of them, once
 *   POINTS_FAIL_WHILE=PATH  ... or all, while this file exists
 *   POINTS_HANG_WHILE=PATH  a sync of the disk waits while this file exists
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum place { ELSEWHERE, DATABASE, SOCKET };

static const char *database, *failing_while, *hanging_while;
static int log_fd = -1, torn, failure;
static long kill_at, fail_at;
static atomic_long points, disk_calls;

__attribute__((constructor)) static void begin(void)
{
	const char *value;
	database = getenv("POINTS_DATABASE");
	failing_while = getenv("POINTS_FAIL_WHILE");
	hanging_while = getenv("POINTS_HANG_WHILE");
	torn = getenv("POINTS_TORN") != NULL;
	if ((value = getenv("POINTS_KILL")))
		kill_at = atol(value);
	if ((value = getenv("POINTS_FAIL")))
		failure = atoi(value);
	if ((value = getenv("POINTS_FAIL_AT")))
		fail_at = atol(value);
	if ((value = getenv("POINTS_LOG")))
		log_fd = (int)syscall(SYS_openat, AT_FDCWD, value,
				      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int belongs(const char *path)
{
	return database && path && strncmp(path, database, strlen(database)) == 0;
}

static enum place place_of(int fd, char *name, size_t room)
{
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, name, room - 1);
	if (length < 0)
		return ELSEWHERE;
	name[length] = 0;
	if (strncmp(name, "socket:", 7) == 0)
		return SOCKET;
	return belongs(name) ? DATABASE : ELSEWHERE;
}

/* Whether this disk call is to fail; sets errno then. */
static int fails(void)
{
	if (!failure)
		return 0;
	long number = atomic_fetch_add(&disk_calls, 1) + 1;
	int on = failing_while ? syscall(SYS_faccessat, AT_FDCWD, failing_while, F_OK) == 0
			       : number == fail_at;
	if (on)
		errno = failure;
	return on;
}

static void die(void)
{
	syscall(SYS_kill, (pid_t)syscall(SYS_getpid), SIGKILL);
	for (;;)
		pause();
}

/* Counts a point; true when the process is to end with it. */
static int is_last(const char *call, const char *name, long bytes)
{
	long number = atomic_fetch_add(&points, 1) + 1;
	if (log_fd >= 0) {
		char line[512];
		const char *file = strrchr(name, '/');
		int length = snprintf(line, sizeof line, "%ld %s %s %ld\n", number, call,
				      file ? file + 1 : "socket", bytes);
		syscall(SYS_write, log_fd, line, (size_t)length);
	}
	return kill_at && number == kill_at;
}

#define REAL(name) \
	static __typeof__(&name) real; \
	if (!real) \
		real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define POINT(call, fd, bytes, whole, half) \
	int before = errno; \
	char where[4096]; \
	enum place place = place_of(fd, where, sizeof where); \
	errno = before; \
	if (place == ELSEWHERE) \
		return whole; \
	if (place == DATABASE && fails()) \
		return -1; \
	if (is_last(call, where, (long)(bytes))) { \
		if (torn) \
			(void)!(half); \
		else \
			(void)!(whole); \
		die(); \
	} \
	return whole

ssize_t write(int fd, const void *data, size_t size)
{
	REAL(write);
	POINT("write", fd, size, real(fd, data, size), real(fd, data, size / 2));
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	REAL(pwrite);
	POINT("pwrite", fd, size, real(fd, data, size, at), real(fd, data, size / 2, at));
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	REAL(pwrite64);
	POINT("pwrite", fd, size, real(fd, data, size, at), real(fd, data, size / 2, at));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	REAL(writev);
	POINT("writev", fd, count ? parts[0].iov_len : 0, real(fd, parts, count),
	      write(fd, parts[0].iov_base, parts[0].iov_len / 2));
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	REAL(send);
	POINT("send", fd, size, real(fd, data, size, flags), real(fd, data, size / 2, flags));
}

/* A disk that does not answer. */
static void hang(int fd)
{
	char where[4096];
	while (hanging_while && place_of(fd, where, sizeof where) == DATABASE &&
	       syscall(SYS_faccessat, AT_FDCWD, hanging_while, F_OK) == 0)
		usleep(10000);
}

int fsync(int fd)
{
	hang(fd);
	REAL(fsync);
	POINT("fsync", fd, 0, real(fd), 0);
}

int fdatasync(int fd)
{
	hang(fd);
	REAL(fdatasync);
	POINT("fdatasync", fd, 0, real(fd), 0);
}

int ftruncate(int fd, off_t size)
{
	REAL(ftruncate);
	POINT("ftruncate", fd, size, real(fd, size), 0);
}

int ftruncate64(int fd, off64_t size)
{
	REAL(ftruncate64);
	POINT("ftruncate", fd, size, real(fd, size), 0);
}

int unlink(const char *path)
{
	REAL(unlink);
	if (!belongs(path))
		return real(path);
	if (fails())
		return -1;
	if (is_last("unlink", path, 0)) {
		if (!torn)
			real(path);
		die();
	}
	return real(path);
}

/* Opening for writing or making a file fails too: a file system that was
 * mounted anew read-only. */
static int refuses(const char *path, int flags)
{
	return belongs(path) && (flags & O_ACCMODE) != O_RDONLY && fails();
}

#define OPEN(name, path, flags, call) \
	REAL(name); \
	mode_t mode = 0; \
	if (flags & (O_CREAT | O_TMPFILE)) { \
		va_list rest; \
		va_start(rest, flags); \
		mode = va_arg(rest, mode_t); \
		va_end(rest); \
	} \
	if (refuses(path, flags)) \
		return -1; \
	return call

int open(const char *path, int flags, ...)
{
	OPEN(open, path, flags, real(path, flags, mode));
}

int open64(const char *path, int flags, ...)
{
	OPEN(open64, path, flags, real(path, flags, mode));
}

int openat(int at, const char *path, int flags, ...)
{
	OPEN(openat, path, flags, real(at, path, flags, mode));
}

int openat64(int at, const char *path, int flags, ...)
{
	OPEN(openat64, path, flags, real(at, path, flags, mode));
}
