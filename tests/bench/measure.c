/* measure.c - see measure.h. The clock is the processor's time stamp counter where there is one, set against
   the system's clock at the start; else the system's clock.                                            */

#define _GNU_SOURCE
#include "measure.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_NS   30000.0              /* so long that reading the clock does not matter */
#define ROUNDS_MAX 4000

size_t bench_reached, bench_missed, bench_right, bench_wrong;

/* ---- allocations ---------------------------------------------------------------------------------- */

#if defined(__GLIBC__)
static volatile long allocations;
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

void *malloc(size_t n)                { allocations = allocations + 1;  return __libc_malloc(n); }
void *calloc(size_t n, size_t size)   { allocations = allocations + 1;  return __libc_calloc(n, size); }
void *realloc(void *p, size_t n)      { allocations = allocations + 1;  return __libc_realloc(p, n); }
void *memalign(size_t align, size_t n) { allocations = allocations + 1; return __libc_memalign(align, n); }
void *aligned_alloc(size_t align, size_t n) { return memalign(align, n); }
int   posix_memalign(void **p, size_t align, size_t n)
{
    allocations = allocations + 1;
    *p = __libc_memalign(align, n);
    return *p == NULL ? 12 : 0;
}
long  bench_allocations(void) { return allocations; }
#else
long  bench_allocations(void) { return -1; }
#endif

/* ---- time ------------------------------------------------------------------------------------------- */

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__) || defined(__i386__)
static double tick_ns;

static uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile ("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void set_clock(void)
{
    double   start = bench_now();
    uint64_t first = ticks();
    while (bench_now() - start < 0.05) {}
    tick_ns = 1e9 * (bench_now() - start) / (double)(ticks() - first);
}
#else
static double tick_ns = 1.0;

static uint64_t ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void set_clock(void) {}
#endif

/* ---- rows ------------------------------------------------------------------------------------------- */

int bench_add(bench_rows *all, bench_row row)
{
    if (all->count == all->cap) {
        all->cap = all->cap == 0 ? 64 : 2 * all->cap;
        all->row = realloc(all->row, all->cap * sizeof *all->row);
        if (all->row == NULL) exit(2);
    }
    all->row[all->count] = row;
    return (int)all->count++;
}

static double time_batch(bench_row *r, size_t n)
{
    uint64_t start, end;
    bool good;
    if (r->before != NULL) r->before(r->ctx, n);
    start = ticks();
    good  = r->run(r->ctx, n);
    end   = ticks();
    if (r->after != NULL) r->after(r->ctx, n);
    if (!good) r->wrong = true;
    return tick_ns * (double)(end - start);
}

/* As many operations as fill BATCH_NS, found by doubling.                                         */
static void choose_batch(bench_row *r)
{
    size_t most = r->most == 0 ? 1000000 : r->most;
    double ns = time_batch(r, 1);
    for (r->batch = 1; ns < BATCH_NS / 2 && 2 * r->batch <= most; ns = time_batch(r, r->batch)) r->batch *= 2;
}

static void count_allocations(bench_row *r)
{
    size_t n = r->most == 0 || r->most > 16 ? 16 : r->most;
    long before;
    if (r->before != NULL) r->before(r->ctx, n);
    before = bench_allocations();
    if (!r->run(r->ctx, n)) r->wrong = true;
    r->allocations = before < 0 ? -1 : (double)(bench_allocations() - before) / (double)n;
    if (r->after != NULL) r->after(r->ctx, n);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_size);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void sum_up(bench_rows *all, bench_row *r)
{
    double *v = malloc((all->rounds + 1) * sizeof *v);
    size_t i;
    if (v == NULL) exit(2);
    if (r->base >= 0) {
        for (i = 0; i < all->rounds; i++) v[i] = r->ns[i] / all->row[r->base].ns[i];
        r->ratio = median_of(v, all->rounds);
    }
    memcpy(v, r->ns, all->rounds * sizeof *v);
    r->median = median_of(v, all->rounds);
    r->best   = v[0];
    free(v);
}

void bench_run(bench_rows *all, const char *title, double budget_s)
{
    size_t i;
    double end;
    set_clock();
    fprintf(stderr, "  %s: %zu rows", title, all->count);
    for (i = 0; i < all->count; i++) {
        bench_row *r = &all->row[i];
        r->ns = malloc(ROUNDS_MAX * sizeof *r->ns);
        if (r->ns == NULL) exit(2);
        choose_batch(r);
        count_allocations(r);
    }
    end = bench_now() + budget_s;
    for (all->rounds = 0; all->rounds < ROUNDS_MAX && (all->rounds < 5 || bench_now() < end); all->rounds++) {
        for (i = 0; i < all->count; i++) {
            bench_row *r = &all->row[i];
            if (r->before == NULL && !r->run(r->ctx, 1)) r->wrong = true;       /* to warm it up */
            r->ns[all->rounds] = time_batch(r, r->batch) / (double)r->batch;
        }
        if (all->rounds % 50 == 49) fputc('.', stderr);
    }
    fprintf(stderr, " %zu rounds\n", all->rounds);
    for (i = 0; i < all->count; i++) sum_up(all, &all->row[i]);
}

/* ---- what came out -------------------------------------------------------------------------------- */

static void print_goal(const bench_row *r)
{
    if (r->goal <= 0) return;
    if (r->ratio <= r->goal) { bench_reached++;  printf("  goal %.2f reached", r->goal); }
    else { bench_missed++;  printf("  goal %.2f missed by %.2f", r->goal, r->ratio - r->goal); }
}

static void print_row(const bench_row *r, const bench_rows *all)
{
    printf("  %-34s %11.1f %11.1f", r->name, r->median, r->best);
    if (r->base >= 0) printf(" %9.2f x", r->ratio);
    else              printf(" %11s", "");
    if (r->allocations >= 0) printf(" %7.4g", r->allocations);
    if (r->base >= 0) printf("  %s", all->row[r->base].name);
    print_goal(r);
    printf("%s\n", r->wrong ? "  WRONG RESULT" : "");
}

void bench_print(const bench_rows *all, const char *title, const char *results)
{
    FILE *f = results == NULL ? NULL : fopen(results, "a");
    const char *group = "";
    size_t i;
    if (*title != '\0') printf("\n%s\n", title);
    for (i = 0; i < all->count; i++) {
        const bench_row *r = &all->row[i];
        if (strcmp(r->group, group) != 0) {
            group = r->group;
            printf("\n  %-37.37s %8s %11s %11s %7s\n", group, "median ns", "best ns", "ratio", "allocs");
        }
        print_row(r, all);
        *(r->wrong ? &bench_wrong : &bench_right) += 1;
        if (f != NULL) fprintf(f, "%s\t%s\t%.2f\t%.2f\t%.4f\t%s\t%.2f\t%.4g\n", r->group, r->name, r->median,
                               r->best, r->ratio, r->base < 0 ? "" : all->row[r->base].name, r->goal,
                               r->allocations);
    }
    if (f != NULL) fclose(f);
    fflush(stdout);
}

void bench_free(bench_rows *all)
{
    size_t i;
    for (i = 0; i < all->count; i++) free(all->row[i].ns);
    free(all->row);
    memset(all, 0, sizeof *all);
}
