/* khash of klib, as htslib ships it; records beside the table, ids in it */

#include "../maps.h"
#include <htslib/khash.h>
#include <stdlib.h>
#include <string.h>

typedef struct id16 { uint8_t bytes[16]; } id16;

static khint_t first_bytes(id16 id) { khint_t h;  memcpy(&h, id.bytes, sizeof h);  return h; }

#define same_id(a, b) (memcmp((a).bytes, (b).bytes, 16) == 0)
KHASH_INIT(sessions, id16, uint32_t, 1, first_bytes, same_id)

typedef struct map { khash_t(sessions) *table; uint8_t (*records)[128]; uint32_t used; } map;

static void *make(size_t count)
{
    map *m = calloc(1, sizeof *m);
    if (m == NULL || (m->records = malloc(count * sizeof *m->records)) == NULL) exit(2);
    m->table = kh_init(sessions);
    return m;
}

static bool put(void *ctx, const uint8_t record[128])
{
    map *m = ctx;
    id16 id;
    int fresh;
    khiter_t k;
    memcpy(id.bytes, record, 16);
    k = kh_put(sessions, m->table, id, &fresh);
    memcpy(m->records[m->used], record, 128);
    kh_value(m->table, k) = m->used++;
    return fresh > 0;
}

static bool get(void *ctx, const uint8_t bytes[16], uint8_t record[128])
{
    map *m = ctx;
    id16 id;
    khiter_t k;
    memcpy(id.bytes, bytes, 16);
    k = kh_get(sessions, m->table, id);
    if (k == kh_end(m->table)) return false;
    memcpy(record, m->records[kh_value(m->table, k)], 128);
    return true;
}

static void drop(void *ctx)
{
    map *m = ctx;
    kh_destroy(sessions, m->table);
    free(m->records);
    free(m);
}

const bench_map bench_map_khash = {"khash, get", make, put, get, drop};
