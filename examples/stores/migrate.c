/* migrate.c - moves live sessions from one store to another; nobody is logged out, and who was stays so.
   Build: cc -O2 -I../.. -DTA_ANY_SQLITE -DTA_ANY_POSTGRES -DTA_ANY_REDIS -I$(pg_config --includedir)
             migrate.c -o migrate -lsqlite3 -lpq -lhiredis -lpthread        (or leave out what you have not)
   Run:   ./migrate sqlite:old.db redis://127.0.0.1:6379

   1. Stop every server, or let all of them answer 503. Clients keep their tokens and come again.
   2. Run this, into an empty store. It copies each record as it is - version, generation, marks, revoked
      ones too - and then compares both stores, each with the other. Was it interrupted: again, with
      --resume.
   3. Start the servers with the new store, if this ended with 0. Keep the old one until you are sure, but
      never start a server on it again, and never run this again: what was revoked since would live.

   A logout deletes its record. So a store that lacks one looks the same after an interrupted copy as after a
   copy and a logout, and only you know which it was: that is what --resume tells. Nor can it see what a
   server writes after both were compared: do not leave out step 1.                                  */

#define _POSIX_C_SOURCE 200809L
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#define TA_ANY_IMPLEMENTATION
#include "any.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    ta_any      from, to;
    ta_store    from_store, to_store;
    bool        resume, empty_ok;
    const char *refused;        /* why, and what to do */
    unsigned long held, copied, there, expired, checked;
} job;

static const char foreign[] =
    "it holds a record that the source has not, or has otherwise: a server used one of them since, or it is "
    "another's. Nothing was copied; give a store that is empty";
static const char in_part[] =
    "it holds a part of the source. Nothing was copied. If a run of this was interrupted and no server has "
    "used it since, add --resume; if one has, leave it as it is: who logged out there would be back";
static const char changed[] =
    "the two differ: a server wrote to one meanwhile. Stop them all, empty this store and run it again";
static const char nothing[] =
    "it holds no live record: is it the right one, with the right prefix? If so, --empty-ok";

static ta_status refuse(const char *why)
{
    job.refused = why;
    return TA_ERR_CONFLICT;
}

static bool is_same(const ta_record *a, const ta_record *b)
{
    uint8_t x[TA_RECORD_SIZE], y[TA_RECORD_SIZE];
    ta_record_pack(a, x);
    ta_record_pack(b, y);
    return memcmp(x, y, sizeof x) == 0;
}

/* TA_OK: the other store has the same; TA_ERR_CONFLICT: something else; TA_ERR_NOT_FOUND: nothing.     */
static ta_status compare(const ta_store *other, const ta_record *r)
{
    ta_record there;
    ta_status st = other->get(other->ctx, r->id, &there);
    return st != TA_OK || is_same(r, &there) ? st : TA_ERR_CONFLICT;
}

/* Some stores drop by their own clocks: what ends before this may be missing. So the numbers of the walks
   need not agree, and are not compared.                                                               */
static int64_t soon(void) { return (int64_t)time(NULL) + 60; }

static ta_status expect(const ta_store *other, const ta_record *r, int64_t expires, const char *or_else)
{
    ta_status st = compare(other, r);
    if (st == TA_ERR_NOT_FOUND && expires <= soon()) return TA_OK;
    return st == TA_ERR_NOT_FOUND || st == TA_ERR_CONFLICT ? refuse(or_else) : st;
}

static void progress(unsigned long n, const char *what)
{
    if (n % 100000 == 0) fprintf(stderr, "%lu records %s\n", n, what);
}

/* Of `to`, before: it may hold what an interrupted run has copied, and nothing else.                  */
static ta_status look(void *ctx, const ta_record *r, int64_t expires)
{
    (void)ctx;
    if (expires > soon()) job.held++;
    return expect(&job.from_store, r, expires, foreign);
}

/* Of `from`. An insert whose outcome is unknown may have been done: look.                             */
static ta_status copy(void *ctx, const ta_record *r, int64_t expires)
{
    const ta_store *to = &job.to_store;
    ta_status st = TA_ERR_NOT_FOUND;
    (void)ctx;
    if (expires <= (int64_t)time(NULL)) {
        job.expired++;
        return TA_OK;
    }
    if (job.held > 0) st = compare(to, r);
    if (st == TA_ERR_NOT_FOUND) {
        if (job.held > 0 && !job.resume) return refuse(in_part);
        st = to->cas(to->ctx, r->id, NULL, r, expires);
        if (st == TA_OK) {
            progress(++job.copied, "copied");
            return TA_OK;
        }
        if (st == TA_ERR_CONFLICT || st == TA_ERR_STORE) st = compare(to, r);
    }
    if (st == TA_OK) job.there++;
    return st == TA_ERR_CONFLICT ? refuse(changed) : st;
}

/* Of `from`, after: `to` has it.                                                                       */
static ta_status check(void *ctx, const ta_record *r, int64_t expires)
{
    ta_status st;
    (void)ctx;
    if (expires <= (int64_t)time(NULL)) return TA_OK;
    st = expect(&job.to_store, r, expires, changed);
    if (st == TA_OK) progress(++job.checked, "checked");
    return st;
}

/* Of `to`, after: `from` has it still. What was logged out there since it was copied shows here alone.  */
static ta_status check_back(void *ctx, const ta_record *r, int64_t expires)
{
    (void)ctx;
    return expect(&job.from_store, r, expires, changed);
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "migrate: %s: %s\n", what, why);
    return 1;
}

static int fail_with(const char *what, ta_status st, const char *why)
{
    fprintf(stderr, "migrate: %s: %s%s%s\n", what, ta_status_str(st), why[0] != '\0' ? ": " : "", why);
    return 1;
}

/* Opening makes a file that is not there: for the source, that hides a mistyped name.                  */
static bool is_missing(const char *name)
{
    const char *path = ta_any_is(name, "journal");
    if (path == NULL) path = ta_any_is(name, "sqlite");
    return path != NULL && access(path, F_OK) != 0;
}

static int open_both(const char *from, const char *to)
{
    const char *why;
    ta_status st;
    if (is_missing(from)) return fail(from, strerror(errno));
    st = ta_any_open(&job.from, from, &why);
    if (st != TA_OK) return fail_with(from, st, why);
    st = ta_any_open(&job.to, to, &why);
    if (st != TA_OK) return fail_with(to, st, why);
    job.from_store = ta_any_store(&job.from);
    job.to_store = ta_any_store(&job.to);
    return 0;
}

static int move(const char *from, const char *to)
{
    ta_status st = ta_any_each(&job.to, NULL, look);
    if (st == TA_OK) st = ta_any_each(&job.from, NULL, copy);
    if (st == TA_OK) st = ta_any_each(&job.from, NULL, check);
    if (st == TA_OK) st = ta_any_each(&job.to, NULL, check_back);
    if (st != TA_OK && job.refused != NULL) return fail(to, job.refused);
    if (st != TA_OK) {
        fail_with(from, st, ta_any_why(&job.from));
        return fail_with(to, st, ta_any_why(&job.to));
    }
    printf("%lu records copied, %lu were there, %lu had expired; %lu checked\n",
           job.copied, job.there, job.expired, job.checked);
    return job.copied + job.there == 0 && !job.empty_ok ? fail(from, nothing) : 0;
}

int main(int argc, char **argv)
{
    int i, rc;
    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--resume") == 0)        job.resume = true;
        else if (strcmp(argv[i], "--empty-ok") == 0) job.empty_ok = true;
        else break;
    }
    if (argc - i != 2) {
        fprintf(stderr, "usage: migrate [--resume] [--empty-ok] FROM TO      each one of " TA_ANY_NAMES "\n"
                "--resume    a run was interrupted, and no server has used TO since: go on with it\n"
                "--empty-ok  it is no mistake that FROM holds nothing\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    rc = open_both(argv[i], argv[i + 1]);
    if (rc == 0) rc = move(argv[i], argv[i + 1]);
    if (rc != 0 && job.copied > 0) fail(argv[i + 1], "not a copy that can be used: start no server on it");
    ta_any_close(&job.from);
    ta_any_close(&job.to);
    return rc;
}
