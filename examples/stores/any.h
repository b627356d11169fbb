/* any.h - one of the stores beside it, by name, for programs that let their user choose.
   SPDX-License-Identifier: MIT OR Unlicense   (the text stands at the end of tokenauth.h)

   In ONE .c file: #define TA_ANY_IMPLEMENTATION before the include. It brings journal.h, and
   those that are asked for: TA_ANY_SQLITE, TA_ANY_POSTGRES, TA_ANY_REDIS (in all files alike).

       journal:PATH                       always there
       sqlite:PATH                        -DTA_ANY_SQLITE    -lsqlite3
       postgres:URL   or  postgres://...  -DTA_ANY_POSTGRES  -lpq
       redis:URL      or  redis://...     -DTA_ANY_REDIS     -lhiredis
                                          with ?prefix=app: at its end if the keys begin so         */

#ifndef TA_ANY_H
#define TA_ANY_H

#ifdef TA_ANY_IMPLEMENTATION
#  define TA_JOURNAL_IMPLEMENTATION
#  define TA_SQLITE_IMPLEMENTATION
#  define TA_POSTGRES_IMPLEMENTATION
#  define TA_REDIS_IMPLEMENTATION
#endif
#include "journal.h"
#ifdef TA_ANY_SQLITE
#  include "sqlite.h"
#endif
#ifdef TA_ANY_POSTGRES
#  include "postgres.h"
#endif
#ifdef TA_ANY_REDIS
#  include "redis.h"
#endif

typedef struct ta_any {
    char which;                 /* 0: not open; else the first letter of its name */
    union {
        ta_journal  journal;
#ifdef TA_ANY_SQLITE
        ta_sqlite   sqlite;
#endif
#ifdef TA_ANY_POSTGRES
        ta_postgres postgres;
#endif
#ifdef TA_ANY_REDIS
        ta_redis    redis;
#endif
    } as;
} ta_any;

#define TA_ANY_NAMES "journal:PATH, sqlite:PATH, postgres://..., redis://..."

/* ta_any_open - TA_ERR_UNSUPPORTED: no such name, or not built in; else as the store's own open.
   *why: the reason in words, valid as long as *a.                                                   */
TA_MUST_CHECK ta_status ta_any_open(ta_any *a, const char *name, const char **why);
ta_store  ta_any_store(ta_any *a);
void      ta_any_close(ta_any *a);
/* ta_any_why - the last failure of an open store. */
const char *ta_any_why(const ta_any *a);
/* ta_any_each - every record: see ta_journal_each and its like. */
TA_MUST_CHECK ta_status ta_any_each(ta_any *a, void *ctx,
                                    ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires));
#endif /* TA_ANY_H */

#if defined(TA_ANY_IMPLEMENTATION) && !defined(TA_ANY_ONCE)
#define TA_ANY_ONCE

/* The rest of the name after "kind:"; a url may stand for itself.                                       */
static const char *ta_any_is(const char *name, const char *kind)
{
    size_t n = strlen(kind);
    if (strncmp(name, kind, n) != 0 || name[n] != ':') return NULL;
    return strncmp(name + n, "://", 3) == 0 ? name : name + n + 1;
}

#ifdef TA_ANY_REDIS
/* The store takes the prefix of its keys as an option, not in the url.                                  */
static ta_status ta_any_open_redis(ta_redis *r, const char *url)
{
    static const char mark[] = "?prefix=";
    const char *at = strstr(url, mark);
    ta_redis_opts opts = TA_ZERO;
    char *address;
    ta_status st;
    if (at == NULL) return ta_redis_open(r, url, NULL);
    opts.prefix = at + sizeof mark - 1;
    address = (char *)malloc((size_t)(at - url) + 1);
    if (address == NULL) return TA_ERR_STORE;
    memcpy(address, url, (size_t)(at - url));
    address[at - url] = '\0';
    st = ta_redis_open(r, address, &opts);
    ta_wipe(address, (size_t)(at - url));               /* there may be a password in it */
    free(address);
    return st;
}
#endif

ta_status ta_any_open(ta_any *a, const char *name, const char **why)
{
    const char *at;
    ta_status st = TA_ERR_UNSUPPORTED;
    memset(a, 0, sizeof *a);
    *why = "no such store, or this program was built without it";
    if ((at = ta_any_is(name, "journal")) != NULL) {
        a->which = 'j';
        st = ta_journal_open(&a->as.journal, at, NULL);
    }
#ifdef TA_ANY_SQLITE
    if ((at = ta_any_is(name, "sqlite")) != NULL) {
        a->which = 's';
        st = ta_sqlite_open(&a->as.sqlite, at, NULL);
    }
#endif
#ifdef TA_ANY_POSTGRES
    if ((at = ta_any_is(name, "postgres")) != NULL) {
        a->which = 'p';
        st = ta_postgres_open(&a->as.postgres, at, NULL);
    }
#endif
#ifdef TA_ANY_REDIS
    if ((at = ta_any_is(name, "redis")) != NULL) {
        a->which = 'r';
        st = ta_any_open_redis(&a->as.redis, at);
    }
#endif
    if (a->which != 0) *why = ta_any_why(a);
    if (st != TA_OK) a->which = 0;
    return st;
}

const char *ta_any_why(const ta_any *a)
{
    switch (a->which) {
#ifdef TA_ANY_SQLITE
    case 's': return ta_sqlite_why(&a->as.sqlite);
#endif
#ifdef TA_ANY_POSTGRES
    case 'p': return ta_postgres_why(&a->as.postgres);
#endif
#ifdef TA_ANY_REDIS
    case 'r': return ta_redis_why(&a->as.redis);
#endif
    default:  return ta_journal_why(&a->as.journal);
    }
}

ta_store ta_any_store(ta_any *a)
{
    switch (a->which) {
#ifdef TA_ANY_SQLITE
    case 's': return ta_sqlite_store(&a->as.sqlite);
#endif
#ifdef TA_ANY_POSTGRES
    case 'p': return ta_postgres_store(&a->as.postgres);
#endif
#ifdef TA_ANY_REDIS
    case 'r': return ta_redis_store(&a->as.redis);
#endif
    default:  return ta_journal_store(&a->as.journal);
    }
}

ta_status ta_any_each(ta_any *a, void *ctx,
                      ta_status (*visit)(void *ctx, const ta_record *r, int64_t expires))
{
    switch (a->which) {
#ifdef TA_ANY_SQLITE
    case 's': return ta_sqlite_each(&a->as.sqlite, ctx, visit);
#endif
#ifdef TA_ANY_POSTGRES
    case 'p': return ta_postgres_each(&a->as.postgres, ctx, visit);
#endif
#ifdef TA_ANY_REDIS
    case 'r': return ta_redis_each(&a->as.redis, ctx, visit);
#endif
    default:  return ta_journal_each(&a->as.journal, ctx, visit);
    }
}

void ta_any_close(ta_any *a)
{
    switch (a->which) {
    case 'j': ta_journal_close(&a->as.journal); break;
#ifdef TA_ANY_SQLITE
    case 's': ta_sqlite_close(&a->as.sqlite); break;
#endif
#ifdef TA_ANY_POSTGRES
    case 'p': ta_postgres_close(&a->as.postgres); break;
#endif
#ifdef TA_ANY_REDIS
    case 'r': ta_redis_close(&a->as.redis); break;
#endif
    default: break;
    }
    a->which = 0;
}

#endif /* TA_ANY_IMPLEMENTATION */
