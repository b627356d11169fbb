/* measure.h - what can be measured: a row. All rows run in turn, in many short rounds, so that whatever else
   the machine does hits all of them alike; a ratio is the median of the ratios within one round.      */

#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bench_row {
    const char *group, *name;           /* "jwt/default", "verify T1" */
    bool      (*run)(void *ctx, size_t n);      /* n operations; false: one of them was wrong */
    void       *ctx;
    void      (*before)(void *ctx, size_t n);   /* not timed; may be NULL, as after */
    void      (*after)(void *ctx, size_t n);
    size_t      most;                   /* operations in one batch; 0: any number */
    int         base;                   /* the row it is compared with, below its own number; or -1 */
    double      goal;                   /* ratio to reach; 0: none */
    /* the results */
    size_t      batch;
    double     *ns;                     /* of one operation, round by round */
    double      median, best, ratio;
    double      allocations;            /* per operation */
    bool        wrong;
} bench_row;

typedef struct bench_rows {
    bench_row *row;
    size_t     count, cap, rounds;
} bench_rows;

/* Adds a row, gives its number.                                                               */
int  bench_add(bench_rows *all, bench_row row);

/* Runs the rows; `budget_s` of time at most, 5 rounds at least. Says on standard error how far it is. */
void bench_run(bench_rows *all, const char *title, double budget_s);

/* Prints the rows as a table and appends them to the file of results.                            */
void bench_print(const bench_rows *all, const char *title, const char *results);

void bench_free(bench_rows *all);

/* Counts this process's calls of malloc, calloc, realloc and their like; -1 where that is not possible. */
long bench_allocations(void);

double bench_now(void);                 /* seconds */

extern size_t bench_reached, bench_missed, bench_right, bench_wrong;

#endif
