/* A disk that can lose power or be full, for the tests of posthorn: loaded with LD_PRELOAD, it writes
 * every change below POWERLOSS_FOLDER to POWERLOSS_JOURNAL, in the order in which it happened, and
 * refuses to let a file grow while POWERLOSS_FULL exists. The test builds from the journal what a disk
 * would hold if power failed at any point. Left out on purpose: memory-mapped writes (SQLite maps only
 * its -shm file, which a restart makes anew) and calls that the program does not use.
 *
 * A record: kind (1 octet), two numbers (8 each), length (4), octets; all in the machine's order. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { CREATE = 1, OPEN, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MKDIR, RMDIR };

#define FDS 8192
struct file { int is_folder; uint64_t inode; char *path; };

static struct file *files[FDS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static size_t folder_length;
static const char *full;
static int journal = -1;

static __attribute__((constructor)) void begin(void)
{
    const char *path = getenv("POWERLOSS_JOURNAL");
    folder = getenv("POWERLOSS_FOLDER");
    full = getenv("POWERLOSS_FULL");
    folder_length = folder ? strlen(folder) : 0;
    if (path)
        journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static void record(enum kind kind, uint64_t a, uint64_t b, const void *octets, size_t length)
{
    unsigned char head[21];
    uint32_t length32 = (uint32_t)length;
    if (journal < 0)
        return;
    head[0] = (unsigned char)kind;
    memcpy(head + 1, &a, 8);
    memcpy(head + 9, &b, 8);
    memcpy(head + 17, &length32, 4);
    struct iovec parts[2] = { { head, sizeof head }, { (void *)octets, length } };
    if (syscall(SYS_writev, journal, parts, length ? 2 : 1) != (long)(sizeof head + length)) {
        dprintf(2, "powerloss: the journal cannot be written\n");
        abort();
    }
}

/* The path below the folder, or NULL when it lies elsewhere or is not looked at. */
static const char *below(int at, const char *path, char *space)
{
    size_t length;
    if (!folder || !path)
        return NULL;
    if (path[0] != '/') {
        char link[64];
        ssize_t used;
        snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
        used = readlink(link, space, PATH_MAX - 1);
        if (used < 0 || (size_t)used + strlen(path) + 2 > PATH_MAX)
            return NULL;
        space[used] = '/';
        strcpy(space + used + 1, path);
        path = space;
    }
    if (strncmp(path, folder, folder_length) != 0)
        return NULL;
    path += folder_length;
    if (path[0] == 0)
        return path;
    if (path[0] != '/')
        return NULL;
    path++;
    length = strlen(path);
    if (length >= 4 && strcmp(path + length - 4, "-shm") == 0)
        return NULL;
    return path;
}

static struct file *tracked(int fd)
{
    return fd >= 0 && fd < FDS ? files[fd] : NULL;
}

/* Does a change that ends at this octet meet a full disk? */
static int is_full(int fd, uint64_t end)
{
    struct stat now;
    return full && syscall(SYS_faccessat, AT_FDCWD, full, F_OK) == 0 && fstat(fd, &now) == 0 &&
           end > (uint64_t)now.st_size;
}

static void opened(int fd, const char *path, int existed, int flags)
{
    struct stat now;
    struct file *file;
    if (fd < 0 || fd >= FDS || fstat(fd, &now) != 0)
        return;
    file = malloc(sizeof *file);
    file->is_folder = S_ISDIR(now.st_mode);
    file->inode = now.st_ino;
    file->path = strdup(path);
    files[fd] = file;
    if (file->is_folder)
        return;
    record(existed ? OPEN : CREATE, now.st_ino, 0, path, strlen(path));
    if (existed && (flags & O_TRUNC))
        record(TRUNCATE, now.st_ino, 0, NULL, 0);
}

static int open_at(int at, const char *given, int flags, mode_t mode)
{
    char space[PATH_MAX];
    const char *path = below(at, given, space);
    struct stat before;
    int fd, existed;
    if (!path)
        return (int)syscall(SYS_openat, at, given, flags, mode);
    pthread_mutex_lock(&mutex);
    existed = fstatat(at, given, &before, 0) == 0;
    fd = (int)syscall(SYS_openat, at, given, flags, mode);
    if (fd >= 0)
        opened(fd, path, existed, flags);
    pthread_mutex_unlock(&mutex);
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd)
{
    REAL(close);
    if (tracked(fd)) {
        pthread_mutex_lock(&mutex);
        free(files[fd]->path);
        free(files[fd]);
        files[fd] = NULL;
        pthread_mutex_unlock(&mutex);
    }
    return real(fd);
}

static ssize_t written(struct file *file, ssize_t count, off_t at, const void *octets)
{
    if (count > 0)
        record(WRITE, file->inode, (uint64_t)at, octets, (size_t)count);
    return count;
}

ssize_t write(int fd, const void *octets, size_t count)
{
    REAL(write);
    struct file *file = tracked(fd);
    ssize_t done = -1;
    if (!file)
        return real(fd, octets, count);
    pthread_mutex_lock(&mutex);
    if (is_full(fd, (uint64_t)lseek(fd, 0, SEEK_CUR) + count)) {
        errno = ENOSPC;
    } else {
        done = real(fd, octets, count);
        written(file, done, lseek(fd, 0, SEEK_CUR) - done, octets);
    }
    pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev);
    ssize_t sum = 0;
    if (!tracked(fd))
        return real(fd, parts, count);
    for (int n = 0; n < count; n++) {
        ssize_t done = write(fd, parts[n].iov_base, parts[n].iov_len);
        if (done < 0)
            return sum ? sum : done;
        sum += done;
        if ((size_t)done < parts[n].iov_len)
            break;
    }
    return sum;
}

static ssize_t write_at(int fd, const void *octets, size_t count, off_t at)
{
    REAL(pwrite);
    struct file *file = tracked(fd);
    ssize_t done = -1;
    if (!file)
        return real(fd, octets, count, at);
    pthread_mutex_lock(&mutex);
    if (is_full(fd, (uint64_t)at + count)) {
        errno = ENOSPC;
    } else {
        done = real(fd, octets, count, at);
        written(file, done, at, octets);
    }
    pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t pwrite(int fd, const void *octets, size_t count, off_t at) { return write_at(fd, octets, count, at); }
ssize_t pwrite64(int fd, const void *octets, size_t count, off64_t at) { return write_at(fd, octets, count, at); }

static int truncate_at(int fd, off_t length)
{
    REAL(ftruncate);
    struct file *file = tracked(fd);
    int result = -1;
    if (!file)
        return real(fd, length);
    pthread_mutex_lock(&mutex);
    result = real(fd, length);
    if (result == 0)
        record(TRUNCATE, file->inode, (uint64_t)length, NULL, 0);
    pthread_mutex_unlock(&mutex);
    return result;
}

int ftruncate(int fd, off_t length) { return truncate_at(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncate_at(fd, length); }

/* Both kinds count as one: what the program needs of a file is its octets and its length. */
static int sync_fd(int fd, int (*real)(int))
{
    struct file *file = tracked(fd);
    int result;
    if (!file)
        return real(fd);
    pthread_mutex_lock(&mutex);
    result = real(fd);
    if (result == 0 && file->is_folder)
        record(SYNC_FOLDER, 0, 0, file->path, strlen(file->path));
    else if (result == 0)
        record(SYNC, file->inode, 0, NULL, 0);
    pthread_mutex_unlock(&mutex);
    return result;
}

int fsync(int fd) { REAL(fsync); return sync_fd(fd, real); }
int fdatasync(int fd) { REAL(fdatasync); return sync_fd(fd, real); }

static int rename_at(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
    char from_space[PATH_MAX], to_space[PATH_MAX], both[2 * PATH_MAX];
    const char *from_path = below(from_at, from, from_space), *to_path = below(to_at, to, to_space);
    int result;
    if (!from_path || !to_path)
        return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&mutex);
    result = (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    if (result == 0) {
        size_t length = strlen(from_path) + 1;
        memcpy(both, from_path, length);
        strcpy(both + length, to_path);
        record(RENAME, 0, 0, both, length + strlen(to_path));
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

int rename(const char *from, const char *to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return rename_at(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return rename_at(a, from, b, to, flags); }

static int unlink_at(int at, const char *given, int flags)
{
    char space[PATH_MAX];
    const char *path = below(at, given, space);
    int result;
    if (!path)
        return (int)syscall(SYS_unlinkat, at, given, flags);
    pthread_mutex_lock(&mutex);
    result = (int)syscall(SYS_unlinkat, at, given, flags);
    if (result == 0)
        record(flags & AT_REMOVEDIR ? RMDIR : UNLINK, 0, 0, path, strlen(path));
    pthread_mutex_unlock(&mutex);
    return result;
}

int unlink(const char *path) { return unlink_at(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlink_at(at, path, flags); }
int rmdir(const char *path) { return unlink_at(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int at, const char *given, mode_t mode)
{
    char space[PATH_MAX];
    const char *path = below(at, given, space);
    int result;
    if (!path)
        return (int)syscall(SYS_mkdirat, at, given, mode);
    pthread_mutex_lock(&mutex);
    result = (int)syscall(SYS_mkdirat, at, given, mode);
    if (result == 0)
        record(MKDIR, 0, 0, path, strlen(path));
    pthread_mutex_unlock(&mutex);
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
