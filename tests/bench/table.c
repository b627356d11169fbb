/* table.c - see table.h.  Every id is computed from its number, so that only the table is in memory; each
   operation takes the next number from what the one before has read, so that they cannot overlap.        */

#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"
#include "table.h"
#include "maps.h"
#include "measure.h"
#include "tokens.h"
#include <stdio.h>
#include <stdlib.h>

#define BATCH   256                     /* operations in one batch */
#define STEADY  12000                   /* operations before a batch, not timed: more than near caches hold */
#define OF_ONE  4                       /* sessions of one subject */

typedef struct bench {
    ta_table  table;
    ta_store  store;
    size_t    count;
    uint64_t  same;                     /* bits of an id that are the same in all of them */
    size_t    of_one;
    uint64_t  turn;
    ta_record saved[BATCH];
    uint8_t (*plain)[128];              /* the array of records that is merely touched */
} bench;

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static void make_id(const bench *b, size_t i, uint8_t id[16])
{
    uint64_t high = mix(i), low = mix(~(uint64_t)i) & ~b->same;
    memcpy(id, &high, 8);
    memcpy(id + 8, &low, 8);
    if (b->same != 0) {                 /* all that tells them apart stands in the first four bytes */
        memset(id, 0, 16);
        tai_store32(id, (uint32_t)i);
    }
}

static void make_record(const bench *b, size_t i, ta_record *r)
{
    memset(r, 0, sizeof *r);
    r->kind       = TAI_SESSION;
    r->created    = r->rotated_at = BENCH_NOW;
    r->idle_until = r->ends_at = BENCH_NOW + 1000000;
    r->sub_len    = (uint8_t)snprintf(r->text, sizeof r->text, "user-%zu", i / b->of_one);
    r->text[r->sub_len] = '\0';
    make_id(b, i, r->id);
}

static bool insert(bench *b, size_t i)
{
    ta_record r;
    make_record(b, i, &r);
    return b->store.cas(b->store.ctx, r.id, NULL, &r, r.ends_at) == TA_OK;
}

static bool drop(bench *b, const ta_record *r)
{
    return b->store.cas(b->store.ctx, r->id, r, NULL, 0) == TA_OK;
}

/* The next session, at random; `seen` comes from the one before and is always 0. */
static size_t next(bench *b, uint64_t seen)
{
    b->turn = mix(b->turn + seen);
    return (size_t)(b->turn % b->count);
}

/* ---- what is measured ---------------------------------------------------------------------------------- */

static bool run_touch(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    uint64_t seen = 0, v[16];
    for (; n > 0; n--) {
        memcpy(v, b->plain[next(b, seen)], sizeof v);
        seen = v[0] | v[5] | v[15];
    }
    return seen == 0;
}

static bool run_get(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    ta_record r = TA_ZERO;
    uint8_t id[16];
    bool good = true;
    for (; n > 0; n--) {
        make_id(b, next(b, r.epoch), id);
        good &= b->store.get(b->store.ctx, id, &r) == TA_OK;
    }
    return good;
}

/* Before a batch the same is done for a while, so that each row finds in the caches what it would have there
   if nothing else ran.                                                                                    */
static void before_touch(void *ctx, size_t n) { (void)n;  (void)run_touch(ctx, STEADY); }

static void before_get(void *ctx, size_t n)   { (void)n;  (void)run_get(ctx, STEADY); }

static size_t chosen[BATCH];

static bool picks_differ(size_t upto)
{
    size_t i;
    for (i = 0; i < upto; i++) if (chosen[i] == chosen[upto]) return false;
    return true;
}

static void pick(bench *b, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) do chosen[i] = next(b, 0); while (!picks_differ(i));
}

static bool get_chosen(bench *b, size_t i)
{
    uint8_t id[16];
    make_id(b, chosen[i], id);
    return b->store.get(b->store.ctx, id, &b->saved[i]) == TA_OK;
}

/* A swap comes right after its get, as in a rotation; the other writes find nothing in the near caches. */
static void before_swap(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    size_t i;
    pick(b, n);
    for (i = 0; i < n; i++) if (!get_chosen(b, i)) return;
}

static void before_delete(void *ctx, size_t n)
{
    before_swap(ctx, n);
    before_get(ctx, n);
}

static bool run_swap(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    bool good = true;
    size_t i;
    for (i = 0; i < n; i++) {
        ta_record r = b->saved[i];
        r.ver++;
        good &= b->store.cas(b->store.ctx, r.id, &b->saved[i], &r, r.ends_at) == TA_OK;
    }
    return good;
}

static bool run_delete(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    bool good = true;
    size_t i;
    for (i = 0; i < n; i++) good &= drop(b, &b->saved[i]);
    return good;
}

static bool run_insert(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    bool good = true;
    size_t i;
    for (i = 0; i < n; i++) {
        const ta_record *r = &b->saved[i];
        good &= b->store.cas(b->store.ctx, r->id, NULL, r, r->ends_at) == TA_OK;
    }
    return good;
}

static void after_delete(void *ctx, size_t n) { if (!run_insert(ctx, n)) abort(); }

static void before_insert(void *ctx, size_t n)
{
    before_swap(ctx, n);
    if (!run_delete(ctx, n)) abort();
    before_get(ctx, n);                 /* that some are gone now does not matter */
}

static bool run_list(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    uint8_t ids[16][16];
    char name[32];
    size_t got = 0, expected = b->of_one < 16 ? b->of_one : 16;
    bool good = true;
    for (; n > 0; n--) {
        size_t subject = next(b, 0) / b->of_one;
        int len = snprintf(name, sizeof name, "user-%zu", subject);
        good &= b->store.list(b->store.ctx, name, (size_t)len, NULL, ids, 16, &got) == TA_OK;
        good &= got == expected || (subject + 1) * b->of_one > b->count;
    }
    return good;
}

static bool run_sweep(void *ctx, size_t n)      /* as after each rotation: nothing has expired */
{
    bench *b = (bench *)ctx;
    size_t done;
    bool good = true;
    for (; n > 0; n--) good &= b->store.sweep(b->store.ctx, BENCH_NOW, 2, &done) == TA_OK && done == 0;
    return good;
}

/* The sweep goes on where it stopped: the records of the next slots are the ones it drops. */
static void before_expired(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    size_t slot, i;
    before_get(b, n);
    slot = tai_word(&b->table, tai_cursor_at(&b->table));
    for (i = 0; i < n; i++, slot = slot + 1 < b->count ? slot + 1 : 0) {
        if (ta_record_unpack(tai_slot(&b->table, slot), TA_RECORD_SIZE, &b->saved[i]) != TA_OK) abort();
    }
}

static bool run_expired(void *ctx, size_t n)
{
    bench *b = (bench *)ctx;
    size_t done;
    return b->store.sweep(b->store.ctx, BENCH_NOW + 2000000, n, &done) == TA_OK && done == n;
}

/* ---- a table of a size ------------------------------------------------------------------------------- */

/* The memory there is, in bytes; where that cannot be asked, any amount. calloc would promise it, and lie. */
static double memory_left(void)
{
    FILE *f = fopen("/proc/meminfo", "r");
    char line[128];
    double kib = -1;
    if (f == NULL) return 1e18;
    while (kib < 0 && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "MemAvailable: %lf", &kib) != 1) kib = -1;
    }
    fclose(f);
    return kib < 0 ? 1e18 : 1024 * kib;
}

static bool fill(bench *b, size_t count, uint64_t same, size_t of_one)
{
    bool room = 1.1 * (double)count * (sizeof(ta_slot) + 128) < memory_left();
    ta_slot *slots = room ? (ta_slot *)calloc(count, sizeof *slots) : NULL;
    size_t i;
    memset(b, 0, sizeof *b);
    b->count  = count;
    b->same   = same;
    b->of_one = of_one;
    b->plain  = (uint8_t (*)[128])calloc(count, 128);
    if (slots == NULL || b->plain == NULL || ta_table_init(&b->table, slots, count) != TA_OK) {
        free(slots);
        free(b->plain);
        return false;
    }
    for (i = 0; i < count; i++) {       /* written, or all pages would be the one page of zeros */
        memset(b->plain[i], 1, 128);
        memset(b->plain[i], 0, 8);
        memset(b->plain[i] + 40, 0, 8);
        memset(b->plain[i] + 120, 0, 8);
    }
    b->store = ta_table_store(&b->table);
    for (i = 0; i < count; i++) if (!insert(b, i)) abort();
    return true;
}

static void empty(bench *b)
{
    free(b->table.slots);
    free(b->plain);
}

static bench_row row(bench *b, const char *group, const char *name, bool (*run)(void *, size_t), int base)
{
    bench_row r = {0};
    r.group = group;
    r.name  = name;
    r.run   = run;
    r.ctx   = b;
    r.base  = base;
    return r;
}

static bench_row prepared(bench_row r, void (*before)(void *, size_t), void (*after)(void *, size_t))
{
    r.most   = BATCH;
    r.before = before;
    r.after  = after;
    return r;
}

static void add_rows(bench_rows *all, bench *b, const char *group)
{
    int touch = bench_add(all, prepared(row(b, group, "touch of a record", run_touch, -1),
                                        before_touch, NULL));
    int get   = bench_add(all, prepared(row(b, group, "get", run_get, touch), before_get, NULL));
    if (b->count == 1000000) all->row[get].goal = 1.5;
    bench_add(all, prepared(row(b, group, "swap", run_swap, touch), before_swap, NULL));
    bench_add(all, prepared(row(b, group, "insert", run_insert, touch), before_insert, NULL));
    bench_add(all, prepared(row(b, group, "delete", run_delete, touch), before_delete, after_delete));
    bench_add(all, prepared(row(b, group, "list", run_list, touch), before_get, NULL));
    bench_add(all, prepared(row(b, group, "sweep, nothing expired", run_sweep, touch), before_get, NULL));
    bench_add(all, prepared(row(b, group, "sweep, one dropped", run_expired, touch),
                            before_expired, after_delete));
}

static void print_probes(const bench *b, const char *group)
{
    size_t i, at, probes, worst = 0, sum = 0;
    uint8_t id[16];
    for (i = 0; i < b->count; i++) {
        make_id(b, i, id);
        if (!tai_index_find(&b->table, id, &at, &probes)) abort();
        sum += probes + 1;
        if (probes + 1 > worst) worst = probes + 1;
    }
    printf("  %s: entries of the index looked at: %.2f on average, %zu at worst\n", group,
           (double)sum / (double)b->count, worst);
}

/* ---- other people's tables: the same ids, the same touch ------- */

typedef struct map_bench { bench *b; const bench_map *map; void *m; } map_bench;

static bool run_map(void *ctx, size_t n)
{
    map_bench *m = (map_bench *)ctx;
    uint8_t id[16], rec[128] = {0};
    bool good = true;
    for (; n > 0; n--) {
        make_id(m->b, next(m->b, rec[127]), id);
        good &= m->map->get(m->m, id, rec);
    }
    return good;
}

static void before_map(void *ctx, size_t n)   { (void)n;  (void)run_map(ctx, STEADY); }

static size_t add_maps(bench_rows *all, bench *b, const char *group, map_bench *maps)
{
    size_t n, i;
    uint8_t rec[128] = {0};
    for (n = 0; bench_maps[n] != NULL; n++) {
        bench_row r = row(b, group, bench_maps[n]->name, run_map, 0);
        maps[n].b   = b;
        maps[n].map = bench_maps[n];
        maps[n].m   = bench_maps[n]->make(b->count);
        for (i = 0; i < b->count; i++) {
            make_id(b, i, rec);
            if (!bench_maps[n]->put(maps[n].m, rec)) abort();
        }
        r.ctx = &maps[n];
        bench_add(all, prepared(r, before_map, NULL));
    }
    return n;
}

static char *group_of(size_t count)
{
    char *s = (char *)malloc(48);
    if (s == NULL) exit(2);
    snprintf(s, 48, "table of %zu", count);
    return s;
}

void bench_table(const char *results, size_t count, double seconds)
{
    bench b;
    map_bench maps[8];
    bench_rows all = {0};
    char *group = group_of(count);
    size_t n = 0;
    fprintf(stderr, "  filling a %s\n", group);
    if (!fill(&b, count, 0, OF_ONE)) {
        printf("\n  %s: not measured, no memory for it\n", group);
        return;
    }
    add_rows(&all, &b, group);
    if (700.0 * (double)count < memory_left()) n = add_maps(&all, &b, group, maps);
    bench_run(&all, group, seconds);
    bench_print(&all, "", results);
    print_probes(&b, group);
    while (n-- > 0) maps[n].map->drop(maps[n].m);
    bench_free(&all);
    empty(&b);
}

static void hostile(const char *results, const char *group, size_t count, uint64_t same, size_t of_one,
                    double seconds)
{
    bench b;
    bench_rows all = {0};
    if (!fill(&b, count, same, of_one)) return;
    add_rows(&all, &b, group);
    bench_run(&all, group, seconds);
    bench_print(&all, "", results);
    print_probes(&b, group);
    bench_free(&all);
    empty(&b);
}

void bench_table_hostile(const char *results, size_t count, double seconds)
{
    hostile(results, "ids equal in 96 of 128 bits", count, 1, OF_ONE, seconds);
    hostile(results, "16 sessions of each subject", count, 0, 16, seconds);
    hostile(results, "1000 sessions of each subject", count, 0, 1000, seconds);
}
