/* sessions.h - the calls of >>auth on a table of 1,000 sessions. sessions.c is compiled twice: as it is, and
   with -DCOUNT, where every compression passes a counter.                                                */

#ifndef BENCH_SESSIONS_H
#define BENCH_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>

#define BENCH_SESSIONS 1000
#define BENCH_SESSION_BATCH 100         /* operations in one batch */

typedef struct bench_call {             /* one of them; before and after are not timed */
    const char *name;
    bool (*run)(void *unused, size_t n);
    void (*before)(void *unused, size_t n);
    void (*after)(void *unused, size_t n);
} bench_call;

typedef struct bench_sessions {
    bool              (*setup)(void);   /* a full table, everybody logged in */
    const bench_call   *calls;          /* ends with a NULL name */
    size_t            (*compressions)(void);    /* so far; only counted with -DCOUNT */
} bench_sessions;

extern const bench_sessions bench_sessions_timed, bench_sessions_counted;

#endif
