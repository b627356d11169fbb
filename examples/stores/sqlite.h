/* sqlite.h - tokenauth.h keeps its sessions in an SQLite database.
   SPDX-License-Identifier: MIT OR Unlicense   (the text stands at the end of tokenauth.h)

   In ONE .c file                             In all the others
       #define TA_SQLITE_IMPLEMENTATION           #include "tokenauth.h"
       #include "tokenauth.h"                     #include "sqlite.h"
       #include "sqlite.h"                    Link with -lsqlite3 -lpthread

       ta_sqlite db;
       if (ta_sqlite_open(&db, "sessions.db", NULL) != TA_OK) return complain(ta_sqlite_why(&db));
       cfg.store = ta_sqlite_store(&db);                  (a whole program: sqlite_example.c)

   FOR        one machine, any number of processes: each opens the file for itself. Threads may share one
              ta_sqlite; it lets one in at a time, so for speed give each thread its own.
   KEEPS      WAL, synchronous=FULL, and F_FULLFSYNC on a Mac: what cas answered TA_OK to is on the disk.
   SCHEMA     made on opening if it is not there:
                  ta_record(id BLOB PRIMARY KEY, ver INTEGER, sub BLOB, expires INTEGER, record BLOB)
              sub is NULL for a user's mark. ver and sub repeat what is in the packed record; a row in
              which they disagree is TA_ERR_STORE.
   OWN FILE   a file of its own, not a table of your application: its busy writers would be in our way, and
              a revocation inside your transaction would be rolled back with it.
   BUSY       another process holds the write lock for longer than wait_ms: TA_ERR_STORE, nothing written.
   DISK FULL  TA_ERR_FULL for an insert, else TA_ERR_STORE; nothing written.
   BACK-UP    `sqlite3 sessions.db ".backup FILE"` or VACUUM INTO, at any time. Restore with all processes
              stopped, and remove sessions.db-wal and -shm. To restore is to forget what came later: revoked
              sessions live again, and clients hold tokens of the future. Set sessions_not_before
              to the time of restoring (all log in again), or allow_ahead and accept the first.
   FORK       open it in the process that uses it: in a child every call is TA_ERR_STORE, and so is opening,
              if anything was open when it was forked: SQLite's locks would not hold there. Close, then fork.
   NFS        no: SQLite's WAL needs shared memory.                                                   */

#ifndef TA_SQLITE_H
#define TA_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

typedef struct ta_sqlite_opts {
    int wait_ms;                /* for another's write to end. 0: 5000 */
} ta_sqlite_opts;

enum { TA_SQLITE_GET, TA_SQLITE_INSERT, TA_SQLITE_REPLACE, TA_SQLITE_DELETE, TA_SQLITE_LIST,
       TA_SQLITE_EXPIRED, TA_SQLITE_SWEEP, TA_SQLITE_ALL, TA_SQLITE_COUNT };

typedef struct ta_sqlite {      /* contents are ours; does not copy with =, the store does */
    sqlite3        *db;
    sqlite3_stmt   *stmt[TA_SQLITE_COUNT];
    pid_t           pid;
    pthread_mutex_t mutex;
    char            why[200];
} ta_sqlite;

#ifdef __cplusplus
extern "C" {
#endif

/* ta_sqlite_open - opens or makes the file.   opts   NULL: all zero
   TA_OK · TA_ERR_SNAPSHOT no database, damaged, or a ta_record of another making · TA_ERR_STORE it cannot
   be opened, WAL is not to be had, or it was busy · TA_ERR_ARGUMENT. After a failure everything is
   released; ta_sqlite_why tells more.                                                            */
TA_MUST_CHECK ta_status ta_sqlite_open(ta_sqlite *s, const char *path, const ta_sqlite_opts *opts);
/* ta_sqlite_store - the database as a store; *s must outlive it.                                 */
ta_store    ta_sqlite_store(ta_sqlite *s);
/* ta_sqlite_each - every record and the time it may be dropped, until `visit` says other than TA_OK.
   A picture of one moment. Holds the lock: visit must not call this store.                        */
TA_MUST_CHECK ta_status ta_sqlite_each(ta_sqlite *s, void *ctx,
                                       ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires));
/* ta_sqlite_why - the last failure in SQLite's words; "" at first.                               */
const char *ta_sqlite_why(const ta_sqlite *s);
/* ta_sqlite_close - after the last call of the store. Nothing is lost without it.                */
void        ta_sqlite_close(ta_sqlite *s);

#ifdef __cplusplus
}
#endif
#endif /* TA_SQLITE_H */

/* ================================================================================================== */
#if defined(TA_SQLITE_IMPLEMENTATION) && !defined(TA_SQLITE_ONCE)
#define TA_SQLITE_ONCE

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char ta_sqlite_schema[] =
    "CREATE TABLE IF NOT EXISTS ta_record("
    "  id BLOB PRIMARY KEY, ver INTEGER NOT NULL, sub BLOB, expires INTEGER NOT NULL,"
    "  record BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS ta_record_sub ON ta_record(sub, id) WHERE sub IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS ta_record_expires ON ta_record(expires);";

/* Each is a transaction of its own. Looking for expired rows before the delete keeps a sweep that finds
   none from being a write.                                                                        */
static const char *const ta_sqlite_sql[TA_SQLITE_COUNT] = {
    "SELECT record, ver, sub, expires FROM ta_record WHERE id = ?1",
    "INSERT INTO ta_record(id, ver, sub, expires, record) VALUES(?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT(id) DO NOTHING",
    "UPDATE ta_record SET ver = ?2, expires = ?4, record = ?5 WHERE id = ?1 AND ver = ?6 AND sub IS ?3",
    "DELETE FROM ta_record WHERE id = ?1 AND ver = ?6",
    "SELECT id FROM ta_record WHERE sub = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    "SELECT 1 FROM ta_record WHERE expires <= ?1 LIMIT 1",
    "DELETE FROM ta_record WHERE id IN (SELECT id FROM ta_record WHERE expires <= ?1"
    " ORDER BY expires LIMIT ?2)",
    "SELECT record, ver, sub, expires FROM ta_record"
};

static ta_status ta_sqlite_fail(ta_sqlite *s, ta_status st, const char *what)
{
    snprintf(s->why, sizeof s->why, "%s: %s", what, s->db != NULL ? sqlite3_errmsg(s->db) : "no memory");
    return st;
}

/* ---- opening ------------------------------------------------------------------------------------- */

/* Whether a pragma answers this text: what the file system cannot do, SQLite does not refuse.    */
static bool ta_sqlite_says(ta_sqlite *s, const char *pragma, const char *want)
{
    sqlite3_stmt *q = NULL;
    const char *says = NULL;
    bool yes;
    if (sqlite3_prepare_v2(s->db, pragma, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        says = (const char *)sqlite3_column_text(q, 0);
    yes = says != NULL && strcmp(says, want) == 0;
    sqlite3_finalize(q);
    return yes;
}

/* How many are open, and in which process: what a child inherits makes SQLite believe that it holds locks
   that are its parent's, and the first of them to close would take the log away from the other.    */
static pthread_mutex_t ta_sqlite_guard = PTHREAD_MUTEX_INITIALIZER;
static size_t          ta_sqlite_open_count;
static pid_t           ta_sqlite_owner;

static bool ta_sqlite_count_in(void)
{
    bool may;
    if (pthread_mutex_lock(&ta_sqlite_guard) != 0) return false;
    may = ta_sqlite_open_count == 0 || ta_sqlite_owner == getpid();
    if (may) {
        ta_sqlite_owner = getpid();
        ta_sqlite_open_count++;
    }
    pthread_mutex_unlock(&ta_sqlite_guard);
    return may;
}

static void ta_sqlite_count_out(void)
{
    pthread_mutex_lock(&ta_sqlite_guard);
    ta_sqlite_open_count--;
    pthread_mutex_unlock(&ta_sqlite_guard);
}

/* Where several open a new file at once, this does not wait for the others as all else does.      */
static bool ta_sqlite_use_wal(ta_sqlite *s, int wait_ms)
{
    int waited;
    for (waited = 0; !ta_sqlite_says(s, "PRAGMA journal_mode=WAL", "wal"); waited += 10) {
        if (sqlite3_errcode(s->db) != SQLITE_BUSY || waited >= wait_ms) return false;
        sqlite3_sleep(10);
    }
    return true;
}

static ta_status ta_sqlite_set_up(ta_sqlite *s, int wait_ms)
{
    int rc, i;
    sqlite3_busy_timeout(s->db, wait_ms);
    if (!ta_sqlite_use_wal(s, wait_ms))
        return ta_sqlite_fail(s, sqlite3_errcode(s->db) == SQLITE_NOTADB ? TA_ERR_SNAPSHOT : TA_ERR_STORE,
                              "journal_mode=WAL");
    if (sqlite3_exec(s->db, "PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA checkpoint_fullfsync=1",
                     NULL, NULL, NULL) != SQLITE_OK
        || !ta_sqlite_says(s, "PRAGMA synchronous", "2"))
        return ta_sqlite_fail(s, TA_ERR_STORE, "synchronous=FULL");
    rc = sqlite3_exec(s->db, ta_sqlite_schema, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return ta_sqlite_fail(s, rc == SQLITE_BUSY ? TA_ERR_STORE : TA_ERR_SNAPSHOT, "schema");
    for (i = 0; i < TA_SQLITE_COUNT; i++) {
        rc = sqlite3_prepare_v3(s->db, ta_sqlite_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[i], NULL);
        if (rc != SQLITE_OK) return ta_sqlite_fail(s, TA_ERR_SNAPSHOT, "table ta_record");
    }
    return TA_OK;
}

ta_status ta_sqlite_open(ta_sqlite *s, const char *path, const ta_sqlite_opts *opts)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    ta_status st = TA_OK;
    if (s == NULL || path == NULL || path[0] == '\0') return TA_ERR_ARGUMENT;
    memset(s, 0, sizeof *s);
    if (!ta_sqlite_count_in()) {
        snprintf(s->why, sizeof s->why, "another was open when this process was forked");
        return TA_ERR_STORE;
    }
    if (pthread_mutex_init(&s->mutex, NULL) != 0) {
        ta_sqlite_count_out();
        return ta_sqlite_fail(s, TA_ERR_STORE, "mutex");
    }
    s->pid = getpid();
    if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK) st = ta_sqlite_fail(s, TA_ERR_STORE, "open");
    if (st == TA_OK) st = ta_sqlite_set_up(s, opts != NULL && opts->wait_ms > 0 ? opts->wait_ms : 5000);
    if (st != TA_OK) ta_sqlite_close(s);
    return st;
}

/* In a forked child the parent's connection must not be touched, not even to close it.           */
void ta_sqlite_close(ta_sqlite *s)
{
    int i;
    if (s->pid == 0 || s->pid != getpid()) return;
    for (i = 0; i < TA_SQLITE_COUNT; i++) {
        sqlite3_finalize(s->stmt[i]);
        s->stmt[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
    s->pid = 0;
    pthread_mutex_destroy(&s->mutex);
    ta_sqlite_count_out();
}

const char *ta_sqlite_why(const ta_sqlite *s) { return s->why; }

/* ---- one statement ------------------------------------------------------------------------------- */

static sqlite3_stmt *ta_sqlite_enter(ta_sqlite *s, int which)
{
    if (s->pid != getpid() || s->db == NULL || pthread_mutex_lock(&s->mutex) != 0) return NULL;
    return s->stmt[which];
}

/* Ends the statement, and with it its transaction.                                               */
static ta_status ta_sqlite_leave(ta_sqlite *s, sqlite3_stmt *q, ta_status st)
{
    int rc = sqlite3_errcode(s->db);
    if (st == TA_ERR_STORE && rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
        ta_sqlite_fail(s, st, "statement");
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    pthread_mutex_unlock(&s->mutex);
    return st;
}

static bool ta_sqlite_bind_blob(sqlite3_stmt *q, int at, const void *bytes, size_t len)
{
    return sqlite3_bind_blob(q, at, bytes, (int)len, SQLITE_STATIC) == SQLITE_OK;
}

/* The row's record, if its columns say the same as its bytes.                                     */
static ta_status ta_sqlite_read(sqlite3_stmt *q, ta_record *out)
{
    const void *bytes = sqlite3_column_blob(q, 0);      /* NULL for no bytes: unpack refuses it */
    const void *sub = sqlite3_column_blob(q, 2);
    size_t sub_len = (size_t)sqlite3_column_bytes(q, 2);
    bool same;
    if (ta_record_unpack(bytes, (size_t)sqlite3_column_bytes(q, 0), out) != TA_OK) return TA_ERR_STORE;
    same = sqlite3_column_int64(q, 1) == (sqlite3_int64)out->ver && sub_len == out->sub_len
        && (sub_len == 0 || memcmp(sub, out->text, sub_len) == 0);
    if (same) return TA_OK;
    memset(out, 0, sizeof *out);
    return TA_ERR_STORE;
}

/* ---- the store's four calls ---------------------------------------------------------------------- */

static ta_status ta_sqlite_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    ta_sqlite *s = (ta_sqlite *)ctx;
    sqlite3_stmt *q = ta_sqlite_enter(s, TA_SQLITE_GET);
    ta_status st = TA_ERR_STORE;
    int rc;
    memset(out, 0, sizeof *out);
    if (q == NULL) return TA_ERR_STORE;
    rc = ta_sqlite_bind_blob(q, 1, id, TA_ID_SIZE) ? sqlite3_step(q) : SQLITE_ERROR;
    if (rc == SQLITE_ROW)  st = ta_sqlite_read(q, out);
    if (rc == SQLITE_DONE) st = TA_ERR_NOT_FOUND;
    return ta_sqlite_leave(s, q, st);
}

/* Only the parameters that the statement has: ?3, ?4, ?5 are of the new record, ?6 of the old.    */
static bool ta_sqlite_bind_swap(sqlite3_stmt *q, const uint8_t *id, const ta_record *old,
                                const ta_record *next, const uint8_t *record, int64_t expires)
{
    bool ok = ta_sqlite_bind_blob(q, 1, id, TA_ID_SIZE);
    if (old != NULL) ok = ok && sqlite3_bind_int64(q, 6, (sqlite3_int64)old->ver) == SQLITE_OK;
    if (next == NULL) return ok;
    if (next->sub_len > 0) ok = ok && ta_sqlite_bind_blob(q, 3, next->text, next->sub_len);
    return ok && sqlite3_bind_int64(q, 2, (sqlite3_int64)next->ver) == SQLITE_OK
        && sqlite3_bind_int64(q, 4, expires) == SQLITE_OK
        && ta_sqlite_bind_blob(q, 5, record, TA_RECORD_SIZE);
}

/* A statement that failed did nothing. After a failure SQLite may leave its transaction open: it is
   ended here, or this connection would see what nobody else does.                                  */
static ta_status ta_sqlite_outcome(ta_sqlite *s, sqlite3_stmt *q, int rc, bool insert)
{
    if (rc == SQLITE_DONE) return sqlite3_changes(s->db) == 1 ? TA_OK : TA_ERR_CONFLICT;
    ta_sqlite_fail(s, TA_ERR_STORE, "write");
    sqlite3_reset(q);
    if (sqlite3_get_autocommit(s->db) == 0) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return insert && rc == SQLITE_FULL ? TA_ERR_FULL : TA_ERR_STORE;
}

static ta_status ta_sqlite_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                               const ta_record *next, int64_t expires)
{
    ta_sqlite *s = (ta_sqlite *)ctx;
    uint8_t record[TA_RECORD_SIZE];
    sqlite3_stmt *q;
    int rc;
    if ((old == NULL && next == NULL) || (next != NULL && memcmp(next->id, id, TA_ID_SIZE) != 0))
        return TA_ERR_ARGUMENT;
    if (next != NULL) ta_record_pack(next, record);
    q = ta_sqlite_enter(s, old == NULL ? TA_SQLITE_INSERT
                           : next == NULL ? TA_SQLITE_DELETE : TA_SQLITE_REPLACE);
    if (q == NULL) return TA_ERR_STORE;
    rc = ta_sqlite_bind_swap(q, id, old, next, record, expires) ? sqlite3_step(q) : SQLITE_ERROR;
    return ta_sqlite_leave(s, q, ta_sqlite_outcome(s, q, rc, old == NULL));
}

static ta_status ta_sqlite_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                                uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    ta_sqlite *s = (ta_sqlite *)ctx;
    sqlite3_stmt *q = ta_sqlite_enter(s, TA_SQLITE_LIST);
    int rc = SQLITE_ERROR;
    *n = 0;
    if (q == NULL) return TA_ERR_STORE;
    if (ta_sqlite_bind_blob(q, 1, sub, len)
        && ta_sqlite_bind_blob(q, 2, after != NULL ? (const char *)after : "", after != NULL ? TA_ID_SIZE : 0)
        && sqlite3_bind_int64(q, 3, (sqlite3_int64)cap) == SQLITE_OK) rc = sqlite3_step(q);
    for (; rc == SQLITE_ROW && *n < cap; rc = sqlite3_step(q)) {
        if (sqlite3_column_bytes(q, 0) != TA_ID_SIZE) break;
        memcpy(ids[(*n)++], sqlite3_column_blob(q, 0), TA_ID_SIZE);
    }
    if (rc == SQLITE_DONE) return ta_sqlite_leave(s, q, TA_OK);
    *n = 0;
    return ta_sqlite_leave(s, q, TA_ERR_STORE);
}

static ta_status ta_sqlite_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    ta_sqlite *s = (ta_sqlite *)ctx;
    sqlite3_stmt *q = ta_sqlite_enter(s, TA_SQLITE_EXPIRED);
    int rc;
    *done = 0;
    if (q == NULL) return TA_ERR_STORE;
    sqlite3_bind_int64(q, 1, now);
    rc = sqlite3_step(q);
    if (rc != SQLITE_ROW) return ta_sqlite_leave(s, q, rc == SQLITE_DONE ? TA_OK : TA_ERR_STORE);
    sqlite3_reset(q);
    q = s->stmt[TA_SQLITE_SWEEP];
    sqlite3_bind_int64(q, 1, now);
    sqlite3_bind_int64(q, 2, (sqlite3_int64)most);
    rc = sqlite3_step(q);
    if (rc == SQLITE_DONE) *done = (size_t)sqlite3_changes(s->db);
    else                   ta_sqlite_outcome(s, q, rc, false);
    return ta_sqlite_leave(s, q, rc == SQLITE_DONE ? TA_OK : TA_ERR_STORE);
}

ta_store ta_sqlite_store(ta_sqlite *s)
{
    ta_store store = TA_ZERO;
    store.ctx   = s;
    store.get   = ta_sqlite_get;
    store.cas   = ta_sqlite_cas;
    store.list  = ta_sqlite_list;
    store.sweep = ta_sqlite_sweep;
    return store;
}

ta_status ta_sqlite_each(ta_sqlite *s, void *ctx,
                         ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires))
{
    sqlite3_stmt *q = ta_sqlite_enter(s, TA_SQLITE_ALL);
    ta_record r;
    ta_status st = TA_OK;
    int rc = SQLITE_DONE;
    if (q == NULL) return TA_ERR_STORE;
    while (st == TA_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        st = ta_sqlite_read(q, &r);
        if (st == TA_OK) st = visit(ctx, &r, sqlite3_column_int64(q, 3));
    }
    return ta_sqlite_leave(s, q, st == TA_OK && rc != SQLITE_DONE ? TA_ERR_STORE : st);
}

#endif /* TA_SQLITE_IMPLEMENTATION */
