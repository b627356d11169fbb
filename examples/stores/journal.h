/* journal.h - tokenauth.h keeps its sessions in memory and in one append-only file. Nothing but POSIX.
   SPDX-License-Identifier: MIT OR Unlicense   (the text stands at the end of tokenauth.h)

   In ONE .c file                             In all the others
       #define TA_JOURNAL_IMPLEMENTATION          #include "tokenauth.h"
       #include "tokenauth.h"                     #include "journal.h"
       #include "journal.h"

       ta_journal j;
       if (ta_journal_open(&j, "sessions.journal", NULL) != TA_OK) return complain(ta_journal_why(&j));
       cfg.store = ta_journal_store(&j);                  (a whole program: journal_example.c)

   FOR        one process with any number of threads, and sessions that survive its end.
   KEEPS      what cas answered TA_OK to is on the disk (fsync), then in memory, then answered.
   MEMORY     about TA_RECORD_SIZE + 45 bytes a session, from malloc; all of them are in memory.
   FILE       path, path.lock (held while open), path.new (while the file is written anew: it then takes
              path's place, with mode 0600, so path must not be a symbolic link).
              32 bytes of head, then entries of TA_RECORD_SIZE + 32 bytes:
                  what 'P' put, 'D' drop   1     zeros 7     expires 8, big-endian
                  the packed record, or the id and zeros       TA_RECORD_SIZE
                  SHA-256(check of the entry before . all of the above), 16 bytes of it
              Written anew, with the live records only, when most of it is history.
   CRASH      an entry cut short at the end was never acknowledged: it is cut off. Anything else that does
              not check is TA_ERR_SNAPSHOT, and ta_journal_why says at which byte. Nothing is skipped.
   DISK FULL  the entry is taken back: TA_ERR_FULL for an insert, else TA_ERR_STORE; later writes may go.
              The same at a limit of RLIMIT_FSIZE, if you ignore SIGXFSZ.
   fsync      failed: nobody knows what is on the disk. No write until closed and opened again.
   BACK-UP    copy path at any time: it is a valid journal of that moment. To restore one is to forget
              what came later: revoked sessions live again, and clients hold tokens of the future. Set
              ta_auth_config.sessions_not_before to the time of restoring (all log in again), or
              allow_ahead and accept the first.
   FORK       open it in the process that uses it: in a child every call is TA_ERR_STORE.            */

#ifndef TA_JOURNAL_H
#define TA_JOURNAL_H

#include <pthread.h>
#include <sys/types.h>

typedef struct ta_journal_opts {
    size_t max_records;         /* inserts beyond it are TA_ERR_FULL. 0: as many as memory holds */
    size_t spare_entries;       /* history allowed beyond the live records before the file is written
                                   anew, besides as many entries again as there are records. 0: 4096 */
} ta_journal_opts;

typedef struct ta_journal_node ta_journal_node;

typedef struct ta_journal {     /* contents are ours; does not copy with =, the store does */
    ta_journal_opts   opts;
    int               fd, lock_fd;
    pid_t             pid;
    bool              broken;
    char             *path;
    uint64_t          size;     /* bytes of the file that count */
    uint64_t          entries;
    uint64_t          tidy_at;  /* writing anew failed: not again before so many entries */
    uint8_t           sum[16];/* of the last entry */
    ta_journal_node **by_id, **by_sub;
    size_t            buckets, live, cursor;
    uint8_t           seed[TA_ID_SIZE];
    pthread_mutex_t   mutex;
    char              why[200];
} ta_journal;

#ifdef __cplusplus
extern "C" {
#endif

/* ta_journal_open - takes the lock, reads the file (makes one if there is none), cuts a torn end off.
   opts   NULL: all zero
   TA_OK · TA_ERR_BUSY another process, or this one, has it open · TA_ERR_SNAPSHOT not a journal, of
   another TOKENAUTH_RECORD_TEXT, or damaged · TA_ERR_STORE the system said no · TA_ERR_RANDOM ·
   TA_ERR_ARGUMENT. After a failure everything is released; ta_journal_why tells more.            */
TA_MUST_CHECK ta_status ta_journal_open(ta_journal *j, const char *path, const ta_journal_opts *opts);
/* ta_journal_store - the journal as a store, for all threads of this process; *j must outlive it. */
ta_store    ta_journal_store(ta_journal *j);
/* ta_journal_compact - write the file anew now. TA_OK · TA_ERR_STORE: the old file goes on, unless
   ta_journal_why says that it is closed for writing.                                              */
TA_MUST_CHECK ta_status ta_journal_compact(ta_journal *j);
/* ta_journal_each - every record and the time it may be dropped, in no order, until `visit` says other
   than TA_OK. Holds the lock: visit must not call the store.                                      */
TA_MUST_CHECK ta_status ta_journal_each(ta_journal *j, void *ctx,
                                        ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires));
/* ta_journal_why - the last failure in words, with the byte or the system's reason; "" at first.  */
const char *ta_journal_why(const ta_journal *j);
/* ta_journal_close - after the last call of the store. Nothing is lost without it.                */
void        ta_journal_close(ta_journal *j);

#ifdef __cplusplus
}
#endif
#endif /* TA_JOURNAL_H */

/* ================================================================================================== */
#if defined(TA_JOURNAL_IMPLEMENTATION) && !defined(TA_JOURNAL_ONCE)
#define TA_JOURNAL_ONCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where write() and fsync() are not enough, or a test wants them to fail. On a Mac: fcntl F_FULLFSYNC. */
#ifndef TA_JOURNAL_FSYNC
#  define TA_JOURNAL_FSYNC(fd) fsync(fd)
#endif
#ifndef TA_JOURNAL_PWRITE
#  define TA_JOURNAL_PWRITE(fd, p, n, at) pwrite(fd, p, n, at)
#endif

#define TA_JOURNAL_HEAD   32u
#define TA_JOURNAL_BODY   (16u + TA_RECORD_SIZE)
#define TA_JOURNAL_CHECK  16u
#define TA_JOURNAL_ENTRY  (TA_JOURNAL_BODY + TA_JOURNAL_CHECK)
#define TA_JOURNAL_AT_ID  16u           /* of the id in a packed record */
static const char ta_journal_magic[17] = "tokenauth.jrnl1\n";

struct ta_journal_node {
    ta_journal_node *next_id, *next_sub;
    int64_t          expires;
    uint8_t          record[TA_RECORD_SIZE];
};

static ta_status ta_journal_fail(ta_journal *j, ta_status st, const char *what, int error)
{
    snprintf(j->why, sizeof j->why, "%s%s%s%s", what, error != 0 ? ": " : "",
             error != 0 ? strerror(error) : "",
             j->broken ? "; closed for writing until it is opened again" : "");
    return st;
}

static ta_status ta_journal_break(ta_journal *j, const char *what, int error)
{
    j->broken = true;
    return ta_journal_fail(j, TA_ERR_STORE, what, error);
}

/* ---- numbers, big-endian -------------------------------------------------------------------- */

static void ta_journal_put64(uint8_t *p, uint64_t v)
{
    int i;
    for (i = 0; i < 8; i++) p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint64_t ta_journal_get64(const uint8_t *p)
{
    uint64_t v = 0;
    int i;
    for (i = 0; i < 8; i++) v = v << 8 | p[i];
    return v;
}

static uint32_t ta_journal_ver(const ta_journal_node *n)
{
    return (uint32_t)(ta_journal_get64(n->record) & 0xFFFFFFFFu);     /* bytes 4 to 7 */
}

/* ---- memory: two chained indexes over the same nodes, by id and by subject ------------------ */

/* Seeded, so that nobody can choose subjects that share a bucket.                                */
static size_t ta_journal_bucket(const ta_journal *j, const void *bytes, size_t len)
{
    uint8_t digest[TA_SHA256_SIZE];
    ta_sha256 c;
    ta_sha256_init(&c);
    ta_sha256_update(&c, j->seed, sizeof j->seed);
    ta_sha256_update(&c, bytes, len);
    ta_sha256_final(&c, digest);
    return (size_t)(ta_journal_get64(digest) & (j->buckets - 1));
}

static bool ta_journal_is_session(const ta_journal_node *n) { return n->record[1] >> 4 == 1; }

/* The subject of a packed session: a length at byte 80, the text at 82.                          */
static bool ta_journal_is_of(const ta_journal_node *n, const char *sub, size_t len)
{
    return n->record[80] == len && memcmp(n->record + 82, sub, len) == 0;
}

/* The link that leads to a record, or to the NULL where it would go.                             */
static ta_journal_node **ta_journal_find(const ta_journal *j, const uint8_t id[TA_ID_SIZE])
{
    ta_journal_node **link = &j->by_id[ta_journal_bucket(j, id, TA_ID_SIZE)];
    while (*link != NULL && memcmp((*link)->record + TA_JOURNAL_AT_ID, id, TA_ID_SIZE) != 0)
        link = &(*link)->next_id;
    return link;
}

static void ta_journal_link(ta_journal *j, ta_journal_node *n)
{
    ta_journal_node **head = &j->by_id[ta_journal_bucket(j, n->record + TA_JOURNAL_AT_ID, TA_ID_SIZE)];
    n->next_id = *head;
    *head = n;
    if (!ta_journal_is_session(n)) return;
    head = &j->by_sub[ta_journal_bucket(j, n->record + 82, n->record[80])];
    n->next_sub = *head;
    *head = n;
}

/* Twice as many buckets; without the memory for them it goes on, slower.                          */
static bool ta_journal_grow(ta_journal *j, size_t buckets)
{
    ta_journal_node **ids = (ta_journal_node **)calloc(buckets, sizeof *ids);
    ta_journal_node **subs = (ta_journal_node **)calloc(buckets, sizeof *subs);
    ta_journal_node **old = j->by_id, *n, *next;
    size_t i, before = j->buckets;
    if (ids == NULL || subs == NULL) {
        free(ids);
        free(subs);
        return false;
    }
    free(j->by_sub);
    j->by_id = ids;
    j->by_sub = subs;
    j->buckets = buckets;
    j->cursor = 0;
    for (i = 0; i < before; i++) {
        for (n = old[i]; n != NULL; n = next) {
            next = n->next_id;
            ta_journal_link(j, n);
        }
    }
    free(old);
    return true;
}

static ta_journal_node *ta_journal_new_node(ta_journal *j)
{
    if (j->live >= j->buckets) (void)ta_journal_grow(j, 2 * j->buckets);
    return (ta_journal_node *)calloc(1, sizeof(ta_journal_node));
}

static void ta_journal_add(ta_journal *j, ta_journal_node *n, const uint8_t *record, int64_t expires)
{
    memcpy(n->record, record, TA_RECORD_SIZE);
    n->expires = expires;
    ta_journal_link(j, n);
    j->live++;
}

static void ta_journal_remove(ta_journal *j, ta_journal_node **link)
{
    ta_journal_node *n = *link, **sub;
    *link = n->next_id;
    if (ta_journal_is_session(n)) {
        sub = &j->by_sub[ta_journal_bucket(j, n->record + 82, n->record[80])];
        while (*sub != n) sub = &(*sub)->next_sub;
        *sub = n->next_sub;
    }
    ta_wipe(n, sizeof *n);
    free(n);
    j->live--;
}

static void ta_journal_forget(ta_journal *j)
{
    size_t i;
    for (i = 0; i < j->buckets; i++) {
        while (j->by_id[i] != NULL) ta_journal_remove(j, &j->by_id[i]);
    }
    free(j->by_id);
    free(j->by_sub);
    j->by_id = j->by_sub = NULL;
    j->buckets = 0;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* All n bytes, or false with errno; a short write goes on where it stopped.                       */
static bool ta_journal_write(int fd, const uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t done = TA_JOURNAL_PWRITE(fd, p, n, (off_t)at);
        if (done < 0 && errno == EINTR) continue;
        if (done == 0) errno = ENOSPC;
        if (done <= 0) return false;
        p += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return true;
}

static bool ta_journal_read(int fd, uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t done = pread(fd, p, n, (off_t)at);
        if (done < 0 && errno == EINTR) continue;
        if (done == 0) errno = EIO;
        if (done <= 0) return false;
        p += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return true;
}

/* A new or renamed file is only there for certain when its directory is on the disk.              */
static bool ta_journal_sync_dir(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    char *dir = (char *)calloc(1, len + 1);
    bool ok;
    int fd;
    if (dir == NULL) return false;
    memcpy(dir, slash == NULL ? "." : path, len);
    fd = open(dir, O_RDONLY | O_CLOEXEC);
    free(dir);
    if (fd < 0) return false;
    ok = TA_JOURNAL_FSYNC(fd) == 0;
    close(fd);
    return ok;
}

static void ta_journal_seal(const uint8_t before[16], const uint8_t *bytes, size_t n, uint8_t out[16])
{
    uint8_t digest[TA_SHA256_SIZE];
    ta_sha256 c;
    ta_sha256_init(&c);
    ta_sha256_update(&c, before, 16);
    ta_sha256_update(&c, bytes, n);
    ta_sha256_final(&c, digest);
    memcpy(out, digest, 16);
}

/* One entry after `check`, which becomes its own. record NULL: a drop of id.                      */
static void ta_journal_entry(uint8_t sum[16], const uint8_t *id, const uint8_t *record, int64_t expires,
                             uint8_t out[TA_JOURNAL_ENTRY])
{
    memset(out, 0, TA_JOURNAL_ENTRY);
    out[0] = record != NULL ? 'P' : 'D';
    ta_journal_put64(out + 8, (uint64_t)expires);
    if (record != NULL) memcpy(out + 16, record, TA_RECORD_SIZE);
    else                memcpy(out + 16, id, TA_ID_SIZE);
    ta_journal_seal(sum, out, TA_JOURNAL_BODY, out + TA_JOURNAL_BODY);
    memcpy(sum, out + TA_JOURNAL_BODY, 16);
}

/* The file must be as we left it: not removed, not replaced, not written to by somebody else.     */
static ta_status ta_journal_look(ta_journal *j)
{
    struct stat s;
    if (fstat(j->fd, &s) != 0) return ta_journal_break(j, "fstat", errno);
    if (s.st_nlink == 0) return ta_journal_break(j, "the file was removed or replaced", 0);
    if ((uint64_t)s.st_size != j->size) return ta_journal_break(j, "somebody else wrote to the file", 0);
    return TA_OK;
}

/* What could not be written is cut off again, so that the next entry follows the last good one.    */
static ta_status ta_journal_take_back(ta_journal *j, int error, bool insert)
{
    bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    if (ftruncate(j->fd, (off_t)j->size) != 0 || TA_JOURNAL_FSYNC(j->fd) != 0)
        return ta_journal_break(j, "an entry could be neither written nor taken back", error);
    return ta_journal_fail(j, full && insert ? TA_ERR_FULL : TA_ERR_STORE, "write", error);
}

/* On the disk, or not acknowledged.                                                                */
static ta_status ta_journal_append(ta_journal *j, const uint8_t *id, const uint8_t *record, int64_t expires,
                                   bool insert)
{
    uint8_t entry[TA_JOURNAL_ENTRY], sum[16];
    ta_status st = ta_journal_look(j);
    if (st != TA_OK) return st;
    memcpy(sum, j->sum, sizeof sum);
    ta_journal_entry(sum, id, record, expires, entry);
    if (!ta_journal_write(j->fd, entry, sizeof entry, j->size)) return ta_journal_take_back(j, errno, insert);
    if (TA_JOURNAL_FSYNC(j->fd) != 0) return ta_journal_break(j, "fsync", errno);
    memcpy(j->sum, sum, sizeof sum);
    j->size += TA_JOURNAL_ENTRY;
    j->entries++;
    return TA_OK;
}

/* ---- writing the file anew ---------------------------------------------------------------------- */

typedef struct ta_journal_copy {        /* a file in the making, written a block at a time */
    int      fd;
    uint64_t size, entries;
    uint8_t  sum[16];
    size_t   used;
    uint8_t  block[64 * TA_JOURNAL_ENTRY];
} ta_journal_copy;

static bool ta_journal_flush(ta_journal_copy *c)
{
    if (!ta_journal_write(c->fd, c->block, c->used, c->size)) return false;
    c->size += c->used;
    c->used = 0;
    return true;
}

static ta_status ta_journal_copy_head(ta_journal_copy *c)
{
    uint8_t head[TA_JOURNAL_HEAD], none[16] = {0};
    memset(head, 0, sizeof head);
    memcpy(head, ta_journal_magic, 16);
    ta_journal_put64(head + 16, TA_RECORD_SIZE);
    if (ta_random(head + 24, 8) != TA_OK) return TA_ERR_RANDOM;    /* no entry of another file fits in */
    ta_journal_seal(none, head, sizeof head, c->sum);
    if (!ta_journal_write(c->fd, head, sizeof head, 0)) return TA_ERR_STORE;
    c->size = sizeof head;
    return TA_OK;
}

static ta_status ta_journal_copy_all(const ta_journal *j, ta_journal_copy *c)
{
    const ta_journal_node *n;
    size_t i;
    ta_status st = ta_journal_copy_head(c);
    for (i = 0; i < j->buckets && st == TA_OK; i++) {
        for (n = j->by_id[i]; n != NULL; n = n->next_id) {
            if (c->used == sizeof c->block && !ta_journal_flush(c)) return TA_ERR_STORE;
            ta_journal_entry(c->sum, NULL, n->record, n->expires, c->block + c->used);
            c->used += TA_JOURNAL_ENTRY;
            c->entries++;
        }
    }
    if (st == TA_OK && (!ta_journal_flush(c) || TA_JOURNAL_FSYNC(c->fd) != 0)) st = TA_ERR_STORE;
    return st;
}

static char *ta_journal_name(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    char *name = (char *)malloc(n + m + 1);
    if (name == NULL) return NULL;
    memcpy(name, path, n);
    memcpy(name + n, suffix, m + 1);
    return name;
}

/* The same path for as long as it is open: the program may change its directory. NULL: errno says why.  */
static char *ta_journal_absolute(const char *path)
{
    char here[4096];
    if (path[0] == '/') return ta_journal_name(path, "");
    if (getcwd(here, sizeof here - 1) == NULL) return NULL;
    strcat(here, "/");
    return ta_journal_name(here, path);
}

/* The new file takes the old one's place. Once renamed there is no way back: if the directory then does
   not reach the disk, either of the two may be there after a crash, and only the old one was complete. */
static ta_status ta_journal_switch(ta_journal *j, ta_journal_copy *c, const char *name)
{
    if (rename(name, j->path) != 0) return ta_journal_fail(j, TA_ERR_STORE, "rename", errno);
    if (j->fd >= 0) close(j->fd);
    j->fd = c->fd;
    c->fd = -1;
    j->size = c->size;
    j->entries = c->entries;
    memcpy(j->sum, c->sum, sizeof j->sum);
    if (!ta_journal_sync_dir(j->path)) return ta_journal_break(j, "fsync of the directory", errno);
    return TA_OK;
}

static ta_status ta_journal_rewrite(ta_journal *j)
{
    ta_journal_copy *c = (ta_journal_copy *)calloc(1, sizeof *c);
    char *name = ta_journal_name(j->path, ".new");
    ta_status st = TA_ERR_STORE;
    if (c != NULL) c->fd = -1;
    if (c != NULL && name != NULL) {
        c->fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        st = c->fd >= 0 ? ta_journal_copy_all(j, c) : TA_ERR_STORE;
        if (st != TA_OK) ta_journal_fail(j, st, "writing the new file", errno);
        else             st = ta_journal_switch(j, c, name);
        if (c->fd >= 0) {
            close(c->fd);
            unlink(name);
        }
    }
    free(c);
    free(name);
    return st;
}

/* Enough history that writing anew pays: each record is copied at most once for each entry appended. A
   failure loses nothing and is tried again when as much history has come again: a full disk would have all
   of it copied at each write.                                                                     */
static void ta_journal_tidy(ta_journal *j)
{
    size_t spare = j->opts.spare_entries > 0 ? j->opts.spare_entries : 4096;
    if (j->entries <= 2 * (uint64_t)j->live + spare || j->entries < j->tidy_at) return;
    j->tidy_at = ta_journal_rewrite(j) == TA_OK ? 0 : j->entries + j->live + spare;
}

/* ---- opening ------------------------------------------------------------------------------------- */

static ta_status ta_journal_apply(ta_journal *j, const uint8_t *e)
{
    ta_journal_node **link = ta_journal_find(j, e + 16 + (e[0] == 'P' ? TA_JOURNAL_AT_ID : 0)), *n;
    ta_record r;
    if (e[0] == 'D') {
        if (*link != NULL) ta_journal_remove(j, link);
        return TA_OK;
    }
    if (e[0] != 'P' || ta_record_unpack(e + 16, TA_RECORD_SIZE, &r) != TA_OK) return TA_ERR_SNAPSHOT;
    if (*link != NULL) ta_journal_remove(j, link);
    n = ta_journal_new_node(j);
    if (n == NULL) return TA_ERR_STORE;
    ta_journal_add(j, n, e + 16, (int64_t)ta_journal_get64(e + 8));
    return TA_OK;
}

static ta_status ta_journal_damaged(ta_journal *j, const char *what, uint64_t at)
{
    snprintf(j->why, sizeof j->why, "%s at byte %llu", what, (unsigned long long)at);
    return TA_ERR_SNAPSHOT;
}

static ta_status ta_journal_read_head(ta_journal *j, uint64_t size)
{
    uint8_t head[TA_JOURNAL_HEAD], none[16] = {0};
    if (size < sizeof head) return ta_journal_damaged(j, "not a journal: too short", size);
    if (!ta_journal_read(j->fd, head, sizeof head, 0)) return ta_journal_fail(j, TA_ERR_STORE, "read", errno);
    if (memcmp(head, ta_journal_magic, 16) != 0) return ta_journal_damaged(j, "not a journal", 0);
    if (ta_journal_get64(head + 16) != TA_RECORD_SIZE)
        return ta_journal_damaged(j, "made with another TOKENAUTH_RECORD_TEXT", 16);
    ta_journal_seal(none, head, sizeof head, j->sum);
    j->size = sizeof head;
    return TA_OK;
}

/* Where the file grew but not all of its sectors came, the last entry begins or ends in zeros: it too was
   never acknowledged. (It can lie in two sectors, not in three; their edge may be inside the check.) */
static bool ta_journal_is_torn(const uint8_t *e, uint64_t at)
{
    static const uint8_t zero[TA_JOURNAL_CHECK] = {0};
    size_t edge = (size_t)(512 - at % 512);
    if (edge < TA_JOURNAL_BODY || edge >= TA_JOURNAL_ENTRY) edge = TA_JOURNAL_BODY;
    return memcmp(e, zero, sizeof zero) == 0 || memcmp(e + edge, zero, TA_JOURNAL_ENTRY - edge) == 0;
}

/* One entry; *torn: it is the last one, and no more than a beginning.                               */
static ta_status ta_journal_replay_one(ta_journal *j, const uint8_t *e, bool last, bool *torn)
{
    uint8_t sum[16];
    ta_status st;
    ta_journal_seal(j->sum, e, TA_JOURNAL_BODY, sum);
    if (memcmp(sum, e + TA_JOURNAL_BODY, sizeof sum) != 0) {
        *torn = last && ta_journal_is_torn(e, j->size);
        return *torn ? TA_OK : ta_journal_damaged(j, "damaged: the entry does not check", j->size);
    }
    st = ta_journal_apply(j, e);
    if (st == TA_ERR_SNAPSHOT) return ta_journal_damaged(j, "no sound record", j->size);
    if (st != TA_OK) return ta_journal_fail(j, st, "out of memory", 0);
    memcpy(j->sum, sum, sizeof sum);
    j->size += TA_JOURNAL_ENTRY;
    j->entries++;
    return TA_OK;
}

static ta_status ta_journal_replay(ta_journal *j, uint64_t size)
{
    uint8_t block[64 * TA_JOURNAL_ENTRY];
    bool torn = false;
    ta_status st = ta_journal_read_head(j, size);
    while (st == TA_OK && !torn && size - j->size >= TA_JOURNAL_ENTRY) {
        uint64_t whole = (size - j->size) / TA_JOURNAL_ENTRY;
        size_t n = whole > 64 ? 64 : (size_t)whole, i;
        if (!ta_journal_read(j->fd, block, n * TA_JOURNAL_ENTRY, j->size))
            return ta_journal_fail(j, TA_ERR_STORE, "read", errno);
        for (i = 0; i < n && st == TA_OK && !torn; i++) {
            bool last = j->size + TA_JOURNAL_ENTRY == size;
            st = ta_journal_replay_one(j, block + i * TA_JOURNAL_ENTRY, last, &torn);
        }
    }
    if (st != TA_OK || j->size == size) return st;
    if (ftruncate(j->fd, (off_t)j->size) != 0 || TA_JOURNAL_FSYNC(j->fd) != 0)
        return ta_journal_fail(j, TA_ERR_STORE, "cutting off the torn end", errno);
    return TA_OK;
}

static ta_status ta_journal_lock_file(ta_journal *j)
{
    char *name = ta_journal_name(j->path, ".lock");
    if (name == NULL) return ta_journal_fail(j, TA_ERR_STORE, "out of memory", 0);
    j->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(name);
    if (j->lock_fd < 0) return ta_journal_fail(j, TA_ERR_STORE, "opening the lock", errno);
    if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0) return TA_OK;
    if (errno == EWOULDBLOCK) return ta_journal_fail(j, TA_ERR_BUSY, "another has this journal open", 0);
    return ta_journal_fail(j, TA_ERR_STORE, "flock", errno);
}

static ta_status ta_journal_open_file(ta_journal *j)
{
    struct stat s;
    if (lstat(j->path, &s) == 0 && S_ISLNK(s.st_mode))
        return ta_journal_fail(j, TA_ERR_STORE, "a symbolic link: name the file that it leads to", 0);
    j->fd = open(j->path, O_RDWR | O_CLOEXEC);
    if (j->fd < 0 && errno == ENOENT) return ta_journal_rewrite(j);
    if (j->fd < 0 || fstat(j->fd, &s) != 0) return ta_journal_fail(j, TA_ERR_STORE, "open", errno);
    if (!S_ISREG(s.st_mode)) return ta_journal_fail(j, TA_ERR_SNAPSHOT, "not a file", 0);
    return ta_journal_replay(j, (uint64_t)s.st_size);
}

ta_status ta_journal_open(ta_journal *j, const char *path, const ta_journal_opts *opts)
{
    ta_status st;
    if (j == NULL || path == NULL || path[0] == '\0') return TA_ERR_ARGUMENT;
    memset(j, 0, sizeof *j);
    j->fd = j->lock_fd = -1;
    j->pid = getpid();
    if (opts != NULL) j->opts = *opts;
    j->path = ta_journal_absolute(path);
    if (j->path == NULL) return ta_journal_fail(j, TA_ERR_STORE, "the current directory", errno);
    if (pthread_mutex_init(&j->mutex, NULL) != 0) {
        free(j->path);
        j->path = NULL;
        return ta_journal_fail(j, TA_ERR_STORE, "mutex", 0);
    }
    st = ta_random(j->seed, sizeof j->seed);
    if (st == TA_OK && !ta_journal_grow(j, 1024)) st = ta_journal_fail(j, TA_ERR_STORE, "out of memory", 0);
    if (st == TA_OK) st = ta_journal_lock_file(j);
    if (st == TA_OK) st = ta_journal_open_file(j);
    if (st != TA_OK) ta_journal_close(j);
    return st;
}

void ta_journal_close(ta_journal *j)
{
    if (j->path == NULL && j->buckets == 0) return;
    if (j->buckets > 0) ta_journal_forget(j);
    if (j->fd >= 0) close(j->fd);
    if (j->lock_fd >= 0 && j->pid == getpid()) flock(j->lock_fd, LOCK_UN);     /* a forked child holds it, too */
    if (j->lock_fd >= 0) close(j->lock_fd);
    j->fd = j->lock_fd = -1;
    free(j->path);
    j->path = NULL;
    pthread_mutex_destroy(&j->mutex);
}

const char *ta_journal_why(const ta_journal *j) { return j->why; }

/* ---- the store's four calls ---------------------------------------------------------------------- */

static bool ta_journal_enter(ta_journal *j)
{
    return j->pid == getpid() && j->path != NULL && pthread_mutex_lock(&j->mutex) == 0;
}

static ta_status ta_journal_leave(ta_journal *j, ta_status st)
{
    pthread_mutex_unlock(&j->mutex);
    return st;
}

static ta_status ta_journal_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    ta_journal *j = (ta_journal *)ctx;
    const ta_journal_node *n;
    memset(out, 0, sizeof *out);
    if (!ta_journal_enter(j)) return TA_ERR_STORE;
    n = *ta_journal_find(j, id);
    if (n == NULL) return ta_journal_leave(j, TA_ERR_NOT_FOUND);
    return ta_journal_leave(j, ta_record_unpack(n->record, TA_RECORD_SIZE, out));
}

static ta_status ta_journal_insert(ta_journal *j, const uint8_t *record, int64_t expires)
{
    ta_journal_node *n;
    ta_status st;
    if (j->opts.max_records > 0 && j->live >= j->opts.max_records) return TA_ERR_FULL;
    n = ta_journal_new_node(j);         /* before the disk: after it nothing may fail */
    if (n == NULL) return TA_ERR_FULL;
    st = ta_journal_append(j, NULL, record, expires, true);
    if (st == TA_OK) ta_journal_add(j, n, record, expires);
    else             free(n);
    return st;
}

/* A record keeps its id, kind and subject for life; the subject's index hangs on them.            */
static bool ta_journal_same_place(const ta_journal_node *n, const uint8_t *record)
{
    return memcmp(n->record + TA_JOURNAL_AT_ID, record + TA_JOURNAL_AT_ID, TA_ID_SIZE) == 0
        && n->record[1] >> 4 == record[1] >> 4
        && ta_journal_is_of(n, (const char *)record + 82, record[80]);
}

static ta_status ta_journal_swap(ta_journal *j, const uint8_t *id, const ta_record *old,
                                 const ta_record *next, int64_t expires)
{
    ta_journal_node **link = ta_journal_find(j, id);
    uint8_t record[TA_RECORD_SIZE];
    ta_status st;
    if (next != NULL) ta_record_pack(next, record);
    if (old == NULL && *link != NULL) return TA_ERR_CONFLICT;
    if (old == NULL) return ta_journal_insert(j, record, expires);
    if (*link == NULL || ta_journal_ver(*link) != old->ver) return TA_ERR_CONFLICT;
    if (next == NULL) {
        st = ta_journal_append(j, id, NULL, 0, false);
        if (st == TA_OK) ta_journal_remove(j, link);
        return st;
    }
    if (!ta_journal_same_place(*link, record)) return TA_ERR_CONFLICT;
    st = ta_journal_append(j, NULL, record, expires, false);
    if (st == TA_OK) {
        memcpy((*link)->record, record, sizeof record);
        (*link)->expires = expires;
    }
    return st;
}

static ta_status ta_journal_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                                const ta_record *next, int64_t expires)
{
    ta_journal *j = (ta_journal *)ctx;
    ta_status st;
    if ((old == NULL && next == NULL) || (next != NULL && memcmp(next->id, id, TA_ID_SIZE) != 0))
        return TA_ERR_ARGUMENT;
    if (!ta_journal_enter(j)) return TA_ERR_STORE;
    st = j->broken ? TA_ERR_STORE : ta_journal_swap(j, id, old, next, expires);
    if (st == TA_OK) ta_journal_tidy(j);
    return ta_journal_leave(j, st);
}

/* Into a sorted list of at most cap ids; the largest falls off.                                   */
static void ta_journal_sort_in(uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n, const uint8_t *id)
{
    size_t at = *n;
    if (*n == cap && memcmp(id, ids[cap - 1], TA_ID_SIZE) > 0) return;
    if (*n == cap) at = cap - 1;
    else           ++*n;
    for (; at > 0 && memcmp(ids[at - 1], id, TA_ID_SIZE) > 0; at--)
        memcpy(ids[at], ids[at - 1], TA_ID_SIZE);
    memcpy(ids[at], id, TA_ID_SIZE);
}

static ta_status ta_journal_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                                 uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    ta_journal *j = (ta_journal *)ctx;
    const ta_journal_node *at;
    *n = 0;
    if (cap == 0) return TA_OK;
    if (!ta_journal_enter(j)) return TA_ERR_STORE;
    for (at = j->by_sub[ta_journal_bucket(j, sub, len)]; at != NULL; at = at->next_sub) {
        const uint8_t *id = at->record + TA_JOURNAL_AT_ID;
        if (!ta_journal_is_of(at, sub, len)) continue;
        if (after == NULL || memcmp(id, after, TA_ID_SIZE) > 0) ta_journal_sort_in(ids, cap, n, id);
    }
    return ta_journal_leave(j, TA_OK);
}

/* A session that expired is not worth an entry: the file loses it when it is written anew, and until then
   opening brings it back, expired. A mark is: one that came back would log out whoever came since. */
static bool ta_journal_lets_go(ta_journal *j, const ta_journal_node *n)
{
    if (n->record[1] >> 4 == 1) return true;
    return !j->broken && ta_journal_append(j, n->record + TA_JOURNAL_AT_ID, NULL, 0, false) == TA_OK;
}

/* Goes round the buckets, a few at each call.                                                     */
static ta_status ta_journal_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    ta_journal *j = (ta_journal *)ctx;
    ta_journal_node **link;
    size_t steps;
    *done = 0;
    if (!ta_journal_enter(j)) return TA_ERR_STORE;
    for (steps = 4 * most; steps > 0 && *done < most; steps--) {
        link = &j->by_id[j->cursor];
        j->cursor = (j->cursor + 1) & (j->buckets - 1);
        while (*link != NULL && *done < most) {
            if ((*link)->expires > now || !ta_journal_lets_go(j, *link)) {
                link = &(*link)->next_id;
                continue;
            }
            ta_journal_remove(j, link);
            ++*done;
        }
    }
    return ta_journal_leave(j, TA_OK);
}

ta_store ta_journal_store(ta_journal *j)
{
    ta_store s = TA_ZERO;
    s.ctx   = j;
    s.get   = ta_journal_get;
    s.cas   = ta_journal_cas;
    s.list  = ta_journal_list;
    s.sweep = ta_journal_sweep;
    return s;
}

ta_status ta_journal_compact(ta_journal *j)
{
    if (!ta_journal_enter(j)) return TA_ERR_STORE;
    return ta_journal_leave(j, j->broken ? TA_ERR_STORE : ta_journal_rewrite(j));
}

ta_status ta_journal_each(ta_journal *j, void *ctx,
                          ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires))
{
    const ta_journal_node *n;
    ta_record r;
    ta_status st = TA_OK;
    size_t i;
    if (!ta_journal_enter(j)) return TA_ERR_STORE;
    for (i = 0; i < j->buckets && st == TA_OK; i++) {
        for (n = j->by_id[i]; n != NULL && st == TA_OK; n = n->next_id) {
            st = ta_record_unpack(n->record, TA_RECORD_SIZE, &r);
            if (st == TA_OK) st = visit(ctx, &r, n->expires);
        }
    }
    return ta_journal_leave(j, st);
}

#endif /* TA_JOURNAL_IMPLEMENTATION */
