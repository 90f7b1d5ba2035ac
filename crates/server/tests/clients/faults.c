/* Put before the C library (LD_PRELOAD) by test_faults.py: a disk that fails when told to.
 *
 * FAULT_FILE holds the fault, or is not there; FAULT_DIRECTORY is the disk. Faults are
 * `EROFS`, what a file system answers once it is read-only; `EIO`; `ENOSPC`; `slow
 * <milliseconds>` for every flush; and `crash <end of a name>`, the end of the process
 * after a flush of such a file and before anybody hears of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int told(char *fault, size_t size) {
    const char *place = getenv("FAULT_FILE");
    int file = place ? (int)syscall(SYS_openat, AT_FDCWD, place, O_RDONLY, 0) : -1;
    if (file < 0) return 0;
    ssize_t length = read(file, fault, size - 1);
    syscall(SYS_close, file);
    if (length <= 0) return 0;
    fault[length] = 0;
    return 1;
}

static int on_disk(const char *path) {
    const char *disk = getenv("FAULT_DIRECTORY");
    return disk && path && strncmp(path, disk, strlen(disk)) == 0;
}

static int path_of(int file, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int open_on_disk(int file) {
    char path[4096];
    return path_of(file, path, sizeof path) && on_disk(path);
}

static void crash_after_flush(int file) {
    char fault[64], path[4096];
    if (!told(fault, sizeof fault) || strncmp(fault, "crash ", 6) != 0) return;
    if (!path_of(file, path, sizeof path) || !on_disk(path)) return;
    size_t length = strlen(path), end = strlen(fault + 6);
    if (length >= end && strcmp(path + length - end, fault + 6) == 0) _exit(137);
}

/* The error that a change of the disk ends with; 0 if it succeeds. */
static int refused(int is_flush, int frees_room) {
    char fault[64];
    if (!told(fault, sizeof fault)) return 0;
    if (strncmp(fault, "EROFS", 5) == 0) return is_flush ? 0 : EROFS;
    if (strncmp(fault, "EIO", 3) == 0) return EIO;
    if (strncmp(fault, "ENOSPC", 6) == 0) return is_flush || frees_room ? 0 : ENOSPC;
    if (is_flush && strncmp(fault, "slow ", 5) == 0) {
        long millis = atol(fault + 5);
        struct timespec pause = {millis / 1000, millis % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
    return 0;
}

#define FAIL_IF(concerned, is_flush, frees_room)                      \
    do {                                                              \
        int error = (concerned) ? refused(is_flush, frees_room) : 0;  \
        if (error) { errno = error; return -1; }                      \
    } while (0)

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    FAIL_IF(open_on_disk(file), 0, 0);
    return NEXT(pwrite64)(file, bytes, length, at);
}

ssize_t write(int file, const void *bytes, size_t length) {
    FAIL_IF(open_on_disk(file), 0, 0);
    return NEXT(write)(file, bytes, length);
}

int ftruncate64(int file, off64_t length) {
    FAIL_IF(open_on_disk(file), 0, 0);
    return NEXT(ftruncate64)(file, length);
}

int fdatasync(int file) {
    FAIL_IF(open_on_disk(file), 1, 0);
    int result = NEXT(fdatasync)(file);
    if (result == 0) crash_after_flush(file);
    return result;
}

int fsync(int file) {
    FAIL_IF(open_on_disk(file), 1, 0);
    int result = NEXT(fsync)(file);
    if (result == 0) crash_after_flush(file);
    return result;
}

int rename(const char *from, const char *to) {
    FAIL_IF(on_disk(from), 0, 1);
    return NEXT(rename)(from, to);
}

int unlink(const char *path) {
    FAIL_IF(on_disk(path), 0, 1);
    return NEXT(unlink)(path);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    FAIL_IF(on_disk(path) && (flags & O_ACCMODE) != O_RDONLY, 0, 0);
    return NEXT(open64)(path, flags, mode);
}
