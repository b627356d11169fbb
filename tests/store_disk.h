/* store_disk.h - stands between a store and the disk: this program's own write, fsync and ftruncate, which
   SQLite calls too. Counts what was written and has not been synced, and fails on command. Counts what is
   sent to servers as well.
   Linux only, as the tests of the stores are.                                                       */

#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define DISK_FDS 1024

static struct {
    bool dirty[DISK_FDS];       /* written since its last sync */
    bool on;                    /* fail as below */
    long writes, syncs;
    long sends;                 /* pieces written to sockets: a request of libpq or hiredis is one */
    int  write_error;           /* errno of the next writes; 0: none */
    long write_after;           /* so many writes go well first */
    long partly;                /* the write that fails writes so many bytes first */
    int  sync_error;
    bool no_sync;               /* say that it is done, and do not wait for it */
    int  truncate_error;
    bool eintr, little;         /* each write first fails with EINTR; writes at most 7 bytes */
} disk;

static void disk_clear(void)
{
    bool keep[DISK_FDS];
    memcpy(keep, disk.dirty, sizeof keep);
    memset(&disk, 0, sizeof disk);
    memcpy(disk.dirty, keep, sizeof keep);
}

/* Files that must survive; SQLite's -shm need not, and is not synced.                               */
static bool disk_matters(int fd)
{
    struct stat s;
    char link[64], path[1024];
    ssize_t n;
    if (fd < 0 || fd >= DISK_FDS || fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n < 0) return false;
    path[n] = '\0';
    return strstr(path, "-shm") == NULL && strstr(path, "/stores-") != NULL;
}

/* How many files hold what the disk does not have yet. Closed ones do not count: journal.h closes only
   what was replaced, SQLite only what it has synced.                                                */
CHECK_UNUSED static int disk_dirty(void)
{
    int fd, n = 0;
    for (fd = 0; fd < DISK_FDS; fd++) n += disk.dirty[fd] && disk_matters(fd);
    return n;
}

static bool disk_is_socket(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode);
}

static ssize_t disk_write(int fd, const void *p, size_t n, off_t at, bool positioned)
{
    static bool interrupted;
    ssize_t done;
    if (disk_matters(fd)) {
        disk.dirty[fd] = true;
        disk.writes++;
        if (disk.on && disk.eintr && (interrupted = !interrupted)) { errno = EINTR; return -1; }
        if (disk.on && disk.little && n > 7) n = 7;
        if (disk.on && disk.write_error != 0 && disk.write_after-- <= 0) {
            if (disk.partly > 0 && (size_t)disk.partly < n && positioned)
                syscall(SYS_pwrite64, fd, p, (size_t)disk.partly, at);
            errno = disk.write_error;
            return -1;
        }
    }
    if (disk_is_socket(fd)) disk.sends++;
    done = positioned ? (ssize_t)syscall(SYS_pwrite64, fd, p, n, at) : (ssize_t)syscall(SYS_write, fd, p, n);
    return done;
}

static int disk_sync(int fd, long call)
{
    bool matters = disk_matters(fd);
    if (matters && disk.on && disk.sync_error != 0) { errno = disk.sync_error; return -1; }
    disk.syncs += matters;
    if (fd >= 0 && fd < DISK_FDS) disk.dirty[fd] = false;
    return disk.no_sync && matters ? 0 : (int)syscall(call, fd);
}

ssize_t write(int fd, const void *p, size_t n) { return disk_write(fd, p, n, 0, false); }
ssize_t pwrite(int fd, const void *p, size_t n, off_t at) { return disk_write(fd, p, n, at, true); }
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at) { return disk_write(fd, p, n, at, true); }
ssize_t send(int fd, const void *p, size_t n, int flags)
{
    disk.sends++;
    return (ssize_t)syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}
int fsync(int fd) { return disk_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return disk_sync(fd, SYS_fdatasync); }

static int disk_truncate(int fd, off_t size)
{
    if (disk_matters(fd)) {
        disk.dirty[fd] = true;
        if (disk.on && disk.truncate_error != 0) { errno = disk.truncate_error; return -1; }
    }
    return (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate(int fd, off_t size) { return disk_truncate(fd, size); }
int ftruncate64(int fd, off_t size) { return disk_truncate(fd, size); }

#endif
