/* postgres.h - tokenauth.h keeps its sessions in PostgreSQL.
   SPDX-License-Identifier: MIT OR Unlicense   (the text stands at the end of tokenauth.h)

   In ONE .c file                             In all the others
       #define TA_POSTGRES_IMPLEMENTATION         #include "tokenauth.h"
       #include "tokenauth.h"                     #include "postgres.h"
       #include "postgres.h"                  Link with -lpq -lpthread, -I$(pg_config --includedir)

       ta_postgres p;
       if (ta_postgres_open(&p, "postgres://me@host/db", NULL) != TA_OK) complain(ta_postgres_why(&p));
       cfg.store = ta_postgres_store(&p);                 (a whole program: postgres_example.c)

   NEEDS      PostgreSQL 11 or later, the primary, reached directly or through a pooler in session mode (a
              transaction pooler mixes up backends: see LATE). The role makes the table, or finds it made
              and may SELECT, INSERT, UPDATE, DELETE it.
   SCHEMA     ta_record(id bytea PRIMARY KEY, ver bigint, sub bytea, expires bigint, record bytea)
              sub is NULL for a user's mark. ver and sub repeat what is in the packed record; a row in which
              they disagree is TA_ERR_STORE. expires is rounded up to a whole day: most refreshes then change
              no index (HOT), and the table's fillfactor leaves them room.
   OWN LINK   each write is a statement of its own on a connection of its own, so it is committed when it is
              answered, and never part of your application's transaction: an error page would roll a
              revocation back with it.
   KEEPS      READ COMMITTED and synchronous_commit on (or what your server has, if that is more) are set on
              the connection; a server with fsync=off is refused, unless you allow it, and so is a table that
              is UNLOGGED. With synchronous_standby_names a failover loses nothing either: after a write
              in doubt the standbys are waited for before anything is read. (Other connections see such a
              write a moment earlier, and who cancels the wait by hand, with pg_cancel_backend, has
              PostgreSQL call it a success.)
   ERRORS     40001, 40P01 (serialization, deadlock): TA_ERR_CONFLICT, not applied. 53100 (disk full):
              TA_ERR_FULL for an insert. All else, a lost link before all: TA_ERR_STORE.
   LATE       A write that timed out could still be carried out. Before a lost connection is replaced, its
              backend is ended (pg_terminate_backend, waited for): nothing comes late.
   FAILOVER   name several hosts and target_session_attrs=read-write in the url (libpq), which is set here
              if you do not.
   THREADS    may share one ta_postgres; it lets one in at a time, so for speed give each thread its own.
   FORK       open it in the process that uses it: in a child every call is TA_ERR_STORE.            */

#ifndef TA_POSTGRES_H
#define TA_POSTGRES_H

#include <libpq-fe.h>
#include <pthread.h>
#include <sys/types.h>

typedef struct ta_postgres_opts {
    int  timeout_ms;            /* of one call. 0: 5000. Connecting anew comes on top: connect_timeout of
                                   the url, or 2 s, for each host */
    bool allow_no_fsync;        /* a server that loses its data when the power fails */
} ta_postgres_opts;

typedef struct ta_postgres {    /* contents are ours; does not copy with =, the store does */
    ta_postgres_opts opts;
    char            *url;
    PGconn          *link;
    char             backend[24], started[64];  /* which process serves the link, and since when */
    bool             in_doubt;  /* it was lost with a write under way: end it first */
    bool             weak;      /* fsync was off when last looked at, and that is not allowed */
    int64_t          deadline;
    pid_t            pid;
    pthread_mutex_t  mutex;
    char             why[240];
} ta_postgres;

#ifdef __cplusplus
extern "C" {
#endif

/* ta_postgres_open - connects, makes the table if there is none.
   url    whatever libpq takes: postgres://user@host:port/db?sslmode=verify-full or host=... user=...
   opts   NULL: all zero
   TA_OK · TA_ERR_CONFIG fsync is off, the table UNLOGGED · TA_ERR_SNAPSHOT ta_record is another table ·
   TA_ERR_STORE no connection, no right · TA_ERR_ARGUMENT. After a failure everything is released;
   ta_postgres_why tells more.                                                                    */
TA_MUST_CHECK ta_status ta_postgres_open(ta_postgres *p, const char *url, const ta_postgres_opts *opts);
/* ta_postgres_store - as a store; *p must outlive it.                                            */
ta_store    ta_postgres_store(ta_postgres *p);
/* ta_postgres_each - every record and the time it may be dropped, until `visit` says other than TA_OK.
   A picture of one moment, which is read whole first. visit must not call this store.             */
TA_MUST_CHECK ta_status ta_postgres_each(ta_postgres *p, void *ctx,
                                         ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires));
/* ta_postgres_why - the last failure in the server's words; "" at first.                         */
const char *ta_postgres_why(const ta_postgres *p);
/* ta_postgres_close - after the last call of the store.                                          */
void        ta_postgres_close(ta_postgres *p);

#ifdef __cplusplus
}
#endif
#endif /* TA_POSTGRES_H */

/* ================================================================================================== */
#if defined(TA_POSTGRES_IMPLEMENTATION) && !defined(TA_POSTGRES_ONCE)
#define TA_POSTGRES_ONCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char ta_postgres_schema[] =
    "CREATE TABLE IF NOT EXISTS ta_record("
    "  id bytea PRIMARY KEY, ver bigint NOT NULL, sub bytea, expires bigint NOT NULL,"
    "  record bytea NOT NULL) WITH (fillfactor = 70);"
    "CREATE INDEX IF NOT EXISTS ta_record_sub ON ta_record(sub, id) WHERE sub IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS ta_record_expires ON ta_record(expires)";

enum { TA_POSTGRES_GET, TA_POSTGRES_INSERT, TA_POSTGRES_REPLACE, TA_POSTGRES_DELETE, TA_POSTGRES_LIST,
       TA_POSTGRES_EXPIRED, TA_POSTGRES_SWEEP, TA_POSTGRES_ALL, TA_POSTGRES_COUNT };

/* Prepared as ta0, ta1 ... on each connection. Looking for expired rows before the delete keeps a sweep that
   finds none from being a write, and asking for the oldest first from reading the whole table, which the
   planner thinks cheap while it is new. SKIP LOCKED: two servers that sweep do not wait for each other. */
static const char *const ta_postgres_sql[TA_POSTGRES_COUNT] = {
    "SELECT record, ver, sub, expires FROM ta_record WHERE id = $1::bytea",
    "INSERT INTO ta_record(id, ver, sub, expires, record)"
    " VALUES($1::bytea, $2::bigint, $3::bytea, $4::bigint, $5::bytea) ON CONFLICT(id) DO NOTHING",
    "UPDATE ta_record SET ver = $2::bigint, expires = $4::bigint, record = $5::bytea"
    " WHERE id = $1::bytea AND ver = $6::bigint AND sub IS NOT DISTINCT FROM $3::bytea",
    "DELETE FROM ta_record WHERE id = $1::bytea AND ver = $2::bigint",
    "SELECT id FROM ta_record WHERE sub = $1::bytea AND id > $2::bytea ORDER BY id LIMIT $3::bigint",
    "SELECT 1 FROM (SELECT expires FROM ta_record ORDER BY expires LIMIT 1) AS oldest"
    " WHERE expires <= $1::bigint",
    "DELETE FROM ta_record WHERE expires <= $1::bigint AND id IN"
    " (SELECT id FROM ta_record WHERE expires <= $1::bigint ORDER BY expires LIMIT $2::bigint"
    "  FOR UPDATE SKIP LOCKED)",
    "SELECT record, ver, sub, expires FROM ta_record"
};

#define TA_POSTGRES_PARAMS 6

/* ---- small things ------------------------------------------------------------------------------------ */

static int64_t ta_postgres_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static ta_status ta_postgres_fail(ta_postgres *p, ta_status st, const char *what, const char *more)
{
    size_t n;
    snprintf(p->why, sizeof p->why, "%s: %s", what, more);
    n = strlen(p->why);
    while (n > 0 && p->why[n - 1] == '\n') p->why[--n] = '\0';
    return st;
}

static void ta_postgres_put64(char out[8], uint64_t v)
{
    int i;
    for (i = 0; i < 8; i++) out[i] = (char)(unsigned char)(v >> (56 - 8 * i));
}

static int64_t ta_postgres_get64(const char *p)
{
    uint64_t v = 0;
    int i;
    for (i = 0; i < 8; i++) v = v << 8 | (unsigned char)p[i];
    return (int64_t)v;
}

/* ---- one statement, with a time limit ---------------------------------------------------------------- */

/* A link that is lost is told by what was under way on it: whether a write was.                     */
static void ta_postgres_drop(ta_postgres *p, bool writing)
{
    p->in_doubt = p->in_doubt || writing;
    PQfinish(p->link);
    p->link = NULL;
}

static bool ta_postgres_poll(ta_postgres *p, bool also_out)
{
    struct pollfd f;
    int64_t left = p->deadline - ta_postgres_clock();
    int rc;
    f.fd = PQsocket(p->link);
    f.events = (short)(POLLIN | (also_out ? POLLOUT : 0));
    f.revents = 0;
    if (left <= 0 || f.fd < 0) return false;
    rc = poll(&f, 1, left > 100000 ? 100000 : (int)left);
    return rc > 0 || (rc < 0 && errno == EINTR);
}

static bool ta_postgres_flush(ta_postgres *p)
{
    int more;
    while ((more = PQflush(p->link)) > 0) {
        if (!ta_postgres_poll(p, true) || PQconsumeInput(p->link) == 0) return false;
    }
    return more == 0;
}

/* The result of what was sent; NULL: none in time, or the link is lost.                            */
static PGresult *ta_postgres_result(ta_postgres *p)
{
    PGresult *first = NULL, *r;
    if (!ta_postgres_flush(p)) return NULL;
    for (;;) {
        while (PQisBusy(p->link)) {
            if (!ta_postgres_poll(p, false) || PQconsumeInput(p->link) == 0) {
                PQclear(first);
                return NULL;
            }
        }
        r = PQgetResult(p->link);
        if (r == NULL) break;
        if (first == NULL) first = r;
        else               PQclear(r);
    }
    if (first != NULL && PQstatus(p->link) == CONNECTION_OK) return first;
    PQclear(first);
    return NULL;
}

typedef struct ta_postgres_params {
    const char *value[TA_POSTGRES_PARAMS];
    int         len[TA_POSTGRES_PARAMS], binary[TA_POSTGRES_PARAMS], n;
    char        number[TA_POSTGRES_PARAMS][8];
} ta_postgres_params;

static void ta_postgres_bytes(ta_postgres_params *a, const void *bytes, size_t len)
{
    a->value[a->n] = (const char *)bytes;
    a->len[a->n] = (int)len;
    a->binary[a->n++] = 1;
}

static void ta_postgres_int(ta_postgres_params *a, int64_t v)
{
    ta_postgres_put64(a->number[a->n], (uint64_t)v);
    ta_postgres_bytes(a, a->number[a->n], 8);
}

/* Statements can be lost without the link: DEALLOCATE, or a pooler that gave us another backend.     */
static bool ta_postgres_forgot(const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    return state != NULL && strcmp(state, "26000") == 0;
}

/* needs: a link. NULL: it is gone, or was given up.                                                 */
static PGresult *ta_postgres_run(ta_postgres *p, int which, const ta_postgres_params *a, bool writing)
{
    char name[16];
    PGresult *r = NULL;
    bool forgot;
    snprintf(name, sizeof name, "ta%d", which);
    if (PQsendQueryPrepared(p->link, name, a->n, a->value, a->len, a->binary, 1) == 1)
        r = ta_postgres_result(p);
    forgot = r != NULL && ta_postgres_forgot(r);
    if (r != NULL && !forgot) return r;
    ta_postgres_fail(p, TA_ERR_STORE, "link", PQerrorMessage(p->link)[0] != '\0' ? PQerrorMessage(p->link)
                                                                                : "no answer in time");
    PQclear(r);
    ta_postgres_drop(p, writing && !forgot);
    return NULL;
}

/* ---- connecting -------------------------------------------------------------------------------------- */

/* A command in text. false: refused, or the link is gone.                                           */
static bool ta_postgres_say(ta_postgres *p, const char *sql, char *out, size_t cap)
{
    PGresult *r = PQsendQuery(p->link, sql) == 1 ? ta_postgres_result(p) : NULL;
    ExecStatusType got = PQresultStatus(r);
    bool ok = got == PGRES_COMMAND_OK || got == PGRES_TUPLES_OK;
    if (!ok) ta_postgres_fail(p, TA_ERR_STORE, sql,
                              r != NULL ? PQresultErrorMessage(r) : PQerrorMessage(p->link));
    if (ok && out != NULL) snprintf(out, cap, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return ok;
}

/* Ends the backend of the connection that was here before, if a write may be under way in it, and waits
   until it is gone. Its number alone could by now be another's.                                     */
static bool ta_postgres_fence(ta_postgres *p)
{
    static const char who[] = "FROM pg_stat_activity WHERE pid = %s"
                              " AND extract(epoch from backend_start)::text = '%s'";
    char sql[300], rest[200], left[24];
    if (!p->in_doubt) return true;
    snprintf(rest, sizeof rest, who, p->backend, p->started);
    snprintf(sql, sizeof sql, "SELECT count(pg_terminate_backend(pid)) %s", rest);
    if (!ta_postgres_say(p, sql, NULL, 0)) return false;
    snprintf(sql, sizeof sql, "SELECT count(*) %s", rest);
    for (;;) {
        struct timespec t = {0, 10000000};
        if (!ta_postgres_say(p, sql, left, sizeof left)) return false;
        if (strcmp(left, "0") == 0) break;
        if (ta_postgres_clock() >= p->deadline) return false;
        nanosleep(&t, NULL);
    }
    p->in_doubt = false;
    return true;
}

static bool ta_postgres_prepare(ta_postgres *p)
{
    int i;
    for (i = 0; i < TA_POSTGRES_COUNT; i++) {
        char name[16];
        PGresult *r;
        bool ok;
        snprintf(name, sizeof name, "ta%d", i);
        r = PQsendPrepare(p->link, name, ta_postgres_sql[i], 0, NULL) == 1 ? ta_postgres_result(p) : NULL;
        ok = PQresultStatus(r) == PGRES_COMMAND_OK;
        if (!ok) ta_postgres_fail(p, TA_ERR_SNAPSHOT, "ta_record",
                                  r != NULL ? PQresultErrorMessage(r) : "link lost");
        PQclear(r);
        if (!ok) return false;
    }
    return true;
}

/* The server may have come back with other settings than it had when we opened.                      */
static bool ta_postgres_is_durable(ta_postgres *p)
{
    char fsync_is[8];
    if (!ta_postgres_say(p, "SHOW fsync", fsync_is, sizeof fsync_is)) return false;
    if (strcmp(fsync_is, "on") == 0 || p->opts.allow_no_fsync) return true;
    ta_postgres_fail(p, TA_ERR_CONFIG, "fsync is off", "sessions would be lost; allow it, or change it");
    p->weak = true;
    return false;
}

/* What the connection has to be like, whatever the role's or database's defaults are.                */
static bool ta_postgres_set_up(ta_postgres *p)
{
    return ta_postgres_say(p, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED,"
                              " READ WRITE", NULL, 0)
        && ta_postgres_say(p, "SELECT set_config('synchronous_commit', 'on', false)"
                              " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')",
                           NULL, 0)
        && ta_postgres_say(p, "SELECT pg_backend_pid()", p->backend, sizeof p->backend)
        && ta_postgres_say(p, "SELECT extract(epoch from backend_start)::text FROM pg_stat_activity"
                              " WHERE pid = pg_backend_pid()",
                           p->started, sizeof p->started)
        && ta_postgres_is_durable(p);
}

/* A transaction that writes a word into the log and nothing else: when its commit has reached the disk and
   the standbys, all before it has, and with it what was in doubt.                                    */
static bool ta_postgres_settle(ta_postgres *p)
{
    return ta_postgres_say(p, "SELECT pg_logical_emit_message(true, 'tokenauth', '')", NULL, 0);
}

/* The url comes last, so it has the last word.                                                       */
static PGconn *ta_postgres_dial(const char *url)
{
    const char *name[5], *value[5];
    name[0] = "connect_timeout";       value[0] = "2";
    name[1] = "target_session_attrs";  value[1] = "read-write";
    name[2] = "application_name";      value[2] = "tokenauth";
    name[3] = "dbname";                value[3] = url;
    name[4] = NULL;                    value[4] = NULL;
    return PQconnectdbParams(name, value, 1);
}

static void ta_postgres_quiet(void *ctx, const char *text) { (void)ctx; (void)text; }

static ta_status ta_postgres_connect(ta_postgres *p)
{
    int64_t began = ta_postgres_clock();
    if (p->link != NULL && PQstatus(p->link) == CONNECTION_OK) return TA_OK;
    if (p->link != NULL) ta_postgres_drop(p, false);
    p->weak = false;
    p->link = ta_postgres_dial(p->url);
    p->deadline += ta_postgres_clock() - began;         /* that had its own limit */
    if (p->link == NULL || PQstatus(p->link) != CONNECTION_OK || PQsetnonblocking(p->link, 1) != 0)
        ta_postgres_fail(p, TA_ERR_STORE, "connecting",
                         p->link != NULL ? PQerrorMessage(p->link) : "no memory");
    else {
        bool doubt = p->in_doubt;
        PQsetNoticeProcessor(p->link, ta_postgres_quiet, NULL);
        if (ta_postgres_fence(p) && ta_postgres_set_up(p) && (!doubt || ta_postgres_settle(p))) return TA_OK;
        p->in_doubt = doubt;
    }
    if (p->link != NULL) ta_postgres_drop(p, false);
    return TA_ERR_STORE;
}

/* A link with the statements prepared.                                                               */
static ta_status ta_postgres_ready(ta_postgres *p)
{
    bool fresh = p->link == NULL || PQstatus(p->link) != CONNECTION_OK;
    ta_status st = ta_postgres_connect(p);
    if (st != TA_OK || !fresh) return st;
    if (ta_postgres_prepare(p)) return TA_OK;
    ta_postgres_drop(p, false);
    return TA_ERR_STORE;
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static void ta_postgres_begin(ta_postgres *p)
{
    p->deadline = ta_postgres_clock() + (p->opts.timeout_ms > 0 ? p->opts.timeout_ms : 5000);
}

static ta_status ta_postgres_is_logged(ta_postgres *p)
{
    char persistence[8];
    if (!ta_postgres_say(p, "SELECT relpersistence FROM pg_class WHERE oid = to_regclass('ta_record')",
                         persistence, sizeof persistence)) return TA_ERR_STORE;
    if (strcmp(persistence, "p") == 0) return TA_OK;
    return ta_postgres_fail(p, TA_ERR_CONFIG, "ta_record is UNLOGGED", "a crash would empty it");
}

/* Two servers that start at once must not both make the table: IF NOT EXISTS alone is no lock.       */
static ta_status ta_postgres_make_table(ta_postgres *p)
{
    char there[8];
    if (!ta_postgres_say(p, "SELECT to_regclass('ta_record') IS NOT NULL", there, sizeof there))
        return TA_ERR_STORE;
    if (strcmp(there, "t") == 0) return ta_postgres_is_logged(p);
    if (!ta_postgres_say(p, "BEGIN; SELECT pg_advisory_xact_lock(7466931)", NULL, 0)
        || !ta_postgres_say(p, ta_postgres_schema, NULL, 0) || !ta_postgres_say(p, "COMMIT", NULL, 0))
        return TA_ERR_STORE;
    return TA_OK;
}

static ta_status ta_postgres_look(ta_postgres *p)
{
    ta_status st = ta_postgres_connect(p);
    if (st != TA_OK) return p->weak ? TA_ERR_CONFIG : st;
    st = ta_postgres_make_table(p);
    if (st == TA_OK && !ta_postgres_prepare(p)) st = TA_ERR_SNAPSHOT;
    return st;
}

ta_status ta_postgres_open(ta_postgres *p, const char *url, const ta_postgres_opts *opts)
{
    ta_status st = TA_OK;
    if (p == NULL || url == NULL) return TA_ERR_ARGUMENT;
    memset(p, 0, sizeof *p);
    if (opts != NULL) p->opts = *opts;
    p->pid = getpid();
    p->url = (char *)malloc(strlen(url) + 1);
    if (p->url == NULL || pthread_mutex_init(&p->mutex, NULL) != 0) {
        free(p->url);
        p->url = NULL;
        return ta_postgres_fail(p, TA_ERR_STORE, "opening", "out of memory");
    }
    memcpy(p->url, url, strlen(url) + 1);
    ta_postgres_begin(p);
    st = ta_postgres_look(p);
    if (st != TA_OK) ta_postgres_close(p);
    return st;
}

/* In a forked child the parent's connection is let alone: to close it would tell the server good-bye. */
void ta_postgres_close(ta_postgres *p)
{
    if (p->url == NULL || p->pid != getpid()) return;
    PQfinish(p->link);
    p->link = NULL;
    ta_wipe(p->url, strlen(p->url));            /* a password may be in it */
    free(p->url);
    p->url = NULL;
    pthread_mutex_destroy(&p->mutex);
}

const char *ta_postgres_why(const ta_postgres *p) { return p->why; }

/* ---- the store's four calls ---------------------------------------------------------------------------- */

static bool ta_postgres_enter(ta_postgres *p)
{
    if (p->pid != getpid() || p->url == NULL || pthread_mutex_lock(&p->mutex) != 0) return false;
    ta_postgres_begin(p);
    return true;
}

static ta_status ta_postgres_leave(ta_postgres *p, PGresult *r, ta_status st)
{
    if (st == TA_ERR_STORE && r != NULL && PQresultStatus(r) == PGRES_FATAL_ERROR)
        ta_postgres_fail(p, st, "refused", PQresultErrorMessage(r));
    PQclear(r);
    pthread_mutex_unlock(&p->mutex);
    return st;
}

/* Reads may be repeated: once, on a new link, if the old one turns out to be dead.                   */
static PGresult *ta_postgres_query(ta_postgres *p, int which, const ta_postgres_params *a)
{
    PGresult *r = NULL;
    int tries;
    for (tries = 0; tries < 2 && r == NULL; tries++) {
        if (ta_postgres_ready(p) != TA_OK) return NULL;
        r = ta_postgres_run(p, which, a, false);
    }
    if (r != NULL && PQresultStatus(r) != PGRES_TUPLES_OK) {
        ta_postgres_fail(p, TA_ERR_STORE, "refused", PQresultErrorMessage(r));
        PQclear(r);
        r = NULL;
    }
    return r;
}

/* A row's record, if its columns say the same as its bytes.                                          */
static ta_status ta_postgres_read(const PGresult *r, int row, ta_record *out)
{
    size_t sub_len = (size_t)PQgetlength(r, row, 2);
    if (PQgetlength(r, row, 1) != 8
        || ta_record_unpack(PQgetvalue(r, row, 0), (size_t)PQgetlength(r, row, 0), out) != TA_OK)
        return TA_ERR_STORE;
    if (ta_postgres_get64(PQgetvalue(r, row, 1)) == (int64_t)out->ver && sub_len == out->sub_len
        && memcmp(PQgetvalue(r, row, 2), out->text, sub_len) == 0) return TA_OK;
    memset(out, 0, sizeof *out);
    return TA_ERR_STORE;
}

static ta_status ta_postgres_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    ta_postgres *p = (ta_postgres *)ctx;
    ta_postgres_params a;
    PGresult *r;
    memset(out, 0, sizeof *out);
    memset(&a, 0, sizeof a);
    if (!ta_postgres_enter(p)) return TA_ERR_STORE;
    ta_postgres_bytes(&a, id, TA_ID_SIZE);
    r = ta_postgres_query(p, TA_POSTGRES_GET, &a);
    if (r == NULL) return ta_postgres_leave(p, NULL, TA_ERR_STORE);
    return ta_postgres_leave(p, r, PQntuples(r) == 0 ? TA_ERR_NOT_FOUND : ta_postgres_read(r, 0, out));
}

/* What became of a write. Only what the server refused by name is known not to have happened.         */
static ta_status ta_postgres_outcome(const PGresult *r, bool insert)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (r == NULL) return TA_ERR_STORE;
    if (PQresultStatus(r) == PGRES_COMMAND_OK)
        return strcmp(PQcmdTuples((PGresult *)(uintptr_t)r), "1") == 0 ? TA_OK : TA_ERR_CONFLICT;
    if (state != NULL && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0)) return TA_ERR_CONFLICT;
    return state != NULL && insert && strcmp(state, "53100") == 0 ? TA_ERR_FULL : TA_ERR_STORE;
}

static void ta_postgres_put_params(ta_postgres_params *a, const uint8_t *id, const ta_record *old,
                                   const ta_record *next, const uint8_t *record, int64_t expires)
{
    memset(a, 0, sizeof *a);
    ta_postgres_bytes(a, id, TA_ID_SIZE);
    ta_postgres_int(a, next != NULL ? (int64_t)next->ver : (int64_t)old->ver);
    if (next == NULL) return;
    ta_postgres_bytes(a, next->sub_len > 0 ? next->text : NULL, next->sub_len);
    ta_postgres_int(a, (expires + 86399) / 86400 * 86400);
    ta_postgres_bytes(a, record, TA_RECORD_SIZE);
    if (old != NULL) ta_postgres_int(a, (int64_t)old->ver);
}

static ta_status ta_postgres_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                                 const ta_record *next, int64_t expires)
{
    ta_postgres *p = (ta_postgres *)ctx;
    uint8_t record[TA_RECORD_SIZE];
    ta_postgres_params a;
    PGresult *r;
    if ((old == NULL && next == NULL) || (next != NULL && memcmp(next->id, id, TA_ID_SIZE) != 0))
        return TA_ERR_ARGUMENT;
    if (next != NULL) ta_record_pack(next, record);
    ta_postgres_put_params(&a, id, old, next, record, expires);
    if (!ta_postgres_enter(p)) return TA_ERR_STORE;
    if (ta_postgres_ready(p) != TA_OK) return ta_postgres_leave(p, NULL, TA_ERR_STORE);
    r = ta_postgres_run(p, old == NULL ? TA_POSTGRES_INSERT
                           : next == NULL ? TA_POSTGRES_DELETE : TA_POSTGRES_REPLACE, &a, true);
    return ta_postgres_leave(p, r, ta_postgres_outcome(r, old == NULL));
}

static ta_status ta_postgres_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                                  uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    ta_postgres *p = (ta_postgres *)ctx;
    ta_postgres_params a;
    PGresult *r;
    int i, rows;
    *n = 0;
    memset(&a, 0, sizeof a);
    if (!ta_postgres_enter(p)) return TA_ERR_STORE;
    ta_postgres_bytes(&a, sub, len);
    ta_postgres_bytes(&a, after != NULL ? (const char *)after : "", after != NULL ? TA_ID_SIZE : 0);
    ta_postgres_int(&a, (int64_t)cap);
    r = ta_postgres_query(p, TA_POSTGRES_LIST, &a);
    rows = r != NULL ? PQntuples(r) : -1;
    if (rows < 0 || (size_t)rows > cap) return ta_postgres_leave(p, r, TA_ERR_STORE);
    for (i = 0; i < rows; i++) {
        if (PQgetlength(r, i, 0) != TA_ID_SIZE) return ta_postgres_leave(p, r, TA_ERR_STORE);
        memcpy(ids[i], PQgetvalue(r, i, 0), TA_ID_SIZE);
    }
    *n = (size_t)rows;
    return ta_postgres_leave(p, r, TA_OK);
}

static ta_status ta_postgres_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    ta_postgres *p = (ta_postgres *)ctx;
    ta_postgres_params a;
    PGresult *r;
    ta_status st;
    *done = 0;
    memset(&a, 0, sizeof a);
    if (!ta_postgres_enter(p)) return TA_ERR_STORE;
    ta_postgres_int(&a, now);
    r = ta_postgres_query(p, TA_POSTGRES_EXPIRED, &a);
    if (r == NULL || PQntuples(r) == 0) return ta_postgres_leave(p, r, r != NULL ? TA_OK : TA_ERR_STORE);
    PQclear(r);
    ta_postgres_int(&a, (int64_t)most);
    r = ta_postgres_run(p, TA_POSTGRES_SWEEP, &a, false);       /* expired now is expired later, too */
    st = r != NULL && PQresultStatus(r) == PGRES_COMMAND_OK ? TA_OK : TA_ERR_STORE;
    if (st == TA_OK) *done = (size_t)strtoul(PQcmdTuples(r), NULL, 10);
    return ta_postgres_leave(p, r, st);
}

ta_store ta_postgres_store(ta_postgres *p)
{
    ta_store s = TA_ZERO;
    s.ctx   = p;
    s.get   = ta_postgres_get;
    s.cas   = ta_postgres_cas;
    s.list  = ta_postgres_list;
    s.sweep = ta_postgres_sweep;
    return s;
}

ta_status ta_postgres_each(ta_postgres *p, void *ctx,
                           ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires))
{
    ta_postgres_params a;
    ta_record rec;
    PGresult *r;
    ta_status st = TA_OK;
    int i;
    memset(&a, 0, sizeof a);
    if (!ta_postgres_enter(p)) return TA_ERR_STORE;
    p->deadline += 600000;
    r = ta_postgres_query(p, TA_POSTGRES_ALL, &a);
    if (r == NULL) return ta_postgres_leave(p, NULL, TA_ERR_STORE);
    for (i = 0; i < PQntuples(r) && st == TA_OK; i++) {
        st = ta_postgres_read(r, i, &rec);
        if (st == TA_OK) st = visit(ctx, &rec, ta_postgres_get64(PQgetvalue(r, i, 3)));
    }
    return ta_postgres_leave(p, r, st);
}

#endif /* TA_POSTGRES_IMPLEMENTATION */
