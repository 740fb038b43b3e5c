/* For tools/faults.py, which compiles it: stands between a program and its system calls on files below FAULT_FOLDER, counts them in FAULT_COUNT, and
   at the call of number FAULT_AT does what FAULT_KIND says: kill, a short read or write, or an error by its number. (fsync is called past it: strace
   does that.) Linux. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static size_t folder_length;
static long at = -1;
static int kind; /* 0: none, -1: kill, -2: short, else errno */
static volatile long *count;

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("FAULT_FOLDER"), *number = getenv("FAULT_AT"), *what = getenv("FAULT_KIND"), *file = getenv("FAULT_COUNT");
    if (!name || !file)
        return;
    int descriptor = (int)open(file, O_RDWR | O_CREAT, 0600);
    if (descriptor < 0 || ftruncate(descriptor, sizeof(long)) != 0)
        return;
    void *memory = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (memory == MAP_FAILED)
        return;
    at = number ? atol(number) : -1;
    kind = what ? atoi(what) : 0;
    folder_length = strlen(name);
    memcpy(folder, name, folder_length + 1);
    count = memory;
}

static int inside(const char *path)
{
    return count && path && strncmp(path, folder, folder_length) == 0;
}

static int inside_fd(int descriptor)
{
    char link[32], path[PATH_MAX];
    if (!count)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return inside(path);
}

/* Whether this call is the one; then errno is set, or the process is gone. -1: an error, -2: short. */
static int due(int counted)
{
    if (!counted || __sync_fetch_and_add(count, 1) != at || kind == 0)
        return 0;
    if (kind == -1)
        kill(getpid(), SIGKILL);
    if (kind > 0)
        errno = kind;
    return kind > 0 ? -1 : -2;
}

#define NEXT(name) static __typeof__(name) *next; if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define OPENING(name) \
    int name(const char *path, int flags, ...) \
    { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        static int (*next)(const char *, int, ...); if (!next) next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        return due(inside(path)) == -1 ? -1 : next(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)

#define MOVING(name, pointer, ...) \
    { \
        NEXT(name); \
        int fault = due(inside_fd(descriptor)); \
        if (fault == -1) return -1; \
        if (fault == -2 && size > 1) size = size / 2; \
        return next(descriptor, pointer, size, ##__VA_ARGS__); \
    }
ssize_t read(int descriptor, void *to, size_t size) MOVING(read, to)
ssize_t write(int descriptor, const void *from, size_t size) MOVING(write, from)
ssize_t pread64(int descriptor, void *to, size_t size, off64_t offset) MOVING(pread64, to, offset)
ssize_t pwrite64(int descriptor, const void *from, size_t size, off64_t offset) MOVING(pwrite64, from, offset)
ssize_t pread(int descriptor, void *to, size_t size, off_t offset) MOVING(pread, to, offset)
ssize_t pwrite(int descriptor, const void *from, size_t size, off_t offset) MOVING(pwrite, from, offset)

int rename(const char *from, const char *to) { NEXT(rename); return due(inside(from)) == -1 ? -1 : next(from, to); }
int unlink(const char *path) { NEXT(unlink); return due(inside(path)) == -1 ? -1 : next(path); }
int mkdir(const char *path, mode_t mode) { NEXT(mkdir); return due(inside(path)) == -1 ? -1 : next(path, mode); }
int ftruncate64(int descriptor, off64_t size) { NEXT(ftruncate64); return due(inside_fd(descriptor)) == -1 ? -1 : next(descriptor, size); }
int fallocate64(int descriptor, int mode, off64_t offset, off64_t size) { NEXT(fallocate64); return due(inside_fd(descriptor)) == -1 ? -1 : next(descriptor, mode, offset, size); }
int fchmod(int descriptor, mode_t mode) { NEXT(fchmod); return due(inside_fd(descriptor)) == -1 ? -1 : next(descriptor, mode); }
void *mmap64(void *address, size_t size, int protection, int flags, int descriptor, off64_t offset)
{
    NEXT(mmap64);
    return descriptor >= 0 && due(inside_fd(descriptor)) == -1 ? MAP_FAILED : next(address, size, protection, flags, descriptor, offset);
}
