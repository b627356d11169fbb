/* migrate.c - moves live sessions from one store to another; nobody is logged out.
   Build: cc -O2 -I../.. -DTA_ANY_SQLITE -DTA_ANY_POSTGRES -DTA_ANY_REDIS -I$(pg_config --includedir)
             migrate.c -o migrate -lsqlite3 -lpq -lhiredis -lpthread        (or leave out what you have not)
   Run:   ./migrate sqlite:old.db redis://127.0.0.1:6379

   1. Stop every server, or let all of them answer 503. Clients keep their tokens and come again.
   2. Run this. It copies each record as it is - version, generation, marks, revoked ones too - and
      then reads each back from the new store. It can be stopped and run again.
   3. Start the servers with the new store. Keep the old one until you are sure, but never start a
      server on it again: what was revoked since would live.

   Writing meanwhile would be lost, so do not leave out step 1; it sees to it that nothing differs at
   the end, and says so if something does.                                                            */

#define _POSIX_C_SOURCE 200809L
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#define TA_ANY_IMPLEMENTATION
#include "any.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    ta_any   from, to;
    ta_store store;             /* of `to` */
    unsigned long copied, there, expired, checked;
    int64_t  now;
} job;

static bool is_same(const ta_record *a, const ta_record *b)
{
    uint8_t x[TA_RECORD_SIZE], y[TA_RECORD_SIZE];
    ta_record_pack(a, x);
    ta_record_pack(b, y);
    return memcmp(x, y, sizeof x) == 0;
}

static void progress(unsigned long n, const char *what)
{
    if (n % 100000 == 0) fprintf(stderr, "%lu records %s\n", n, what);
}

/* An insert that is refused is one that an earlier run made, or a mistake. */
static ta_status copy(void *ctx, const ta_record *r, int64_t expires)
{
    ta_record there;
    ta_status st;
    (void)ctx;
    if (expires <= job.now) {
        job.expired++;
        return TA_OK;
    }
    st = job.store.cas(job.store.ctx, r->id, NULL, r, expires);
    if (st == TA_OK) {
        progress(++job.copied, "copied");
        return TA_OK;
    }
    if (st != TA_ERR_CONFLICT && st != TA_ERR_STORE) return st;
    st = job.store.get(job.store.ctx, r->id, &there);   /* unknown, or there: look */
    if (st != TA_OK || !is_same(r, &there)) return TA_ERR_CONFLICT;
    job.there++;
    return TA_OK;
}

static ta_status check(void *ctx, const ta_record *r, int64_t expires)
{
    ta_record there;
    (void)ctx;
    if (expires <= job.now) return TA_OK;
    if (job.store.get(job.store.ctx, r->id, &there) != TA_OK || !is_same(r, &there)) return TA_ERR_CONFLICT;
    progress(++job.checked, "checked");
    return TA_OK;
}

static int fail(const char *what, ta_status st, const char *why)
{
    fprintf(stderr, "migrate: %s: %s%s%s\n", what, ta_status_str(st), why[0] != '\0' ? ": " : "", why);
    return 1;
}

int main(int argc, char **argv)
{
    const char *why;
    ta_status st;
    if (argc != 3) {
        fprintf(stderr, "usage: migrate FROM TO      each one of " TA_ANY_NAMES "\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    job.now = (int64_t)time(NULL);
    st = ta_any_open(&job.from, argv[1], &why);
    if (st != TA_OK) return fail(argv[1], st, why);
    st = ta_any_open(&job.to, argv[2], &why);
    if (st != TA_OK) return fail(argv[2], st, why);
    job.store = ta_any_store(&job.to);
    st = ta_any_each(&job.from, NULL, copy);
    if (st == TA_ERR_CONFLICT) return fail(argv[2], st, "it has another record of the same id");
    if (st == TA_OK) st = ta_any_each(&job.from, NULL, check);
    if (st == TA_ERR_CONFLICT) return fail(argv[1], st, "it changed meanwhile: is a server running?");
    if (st != TA_OK) {
        fail(argv[1], st, ta_any_why(&job.from));
        return fail(argv[2], st, ta_any_why(&job.to));
    }
    printf("%lu records copied, %lu were there, %lu had expired; %lu checked\n",
           job.copied, job.there, job.expired, job.checked);
    ta_any_close(&job.from);
    ta_any_close(&job.to);
    return 0;
}
