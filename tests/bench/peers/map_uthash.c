/* uthash, with its own hash function */

#include "../maps.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

typedef struct item { uint8_t record[128]; UT_hash_handle hh; } item;
typedef struct map { item *head, *items; size_t used; } map;

static void *make(size_t count)
{
    map *m = calloc(1, sizeof *m);
    if (m == NULL || (m->items = calloc(count, sizeof *m->items)) == NULL) exit(2);
    return m;
}

static bool put(void *ctx, const uint8_t record[128])
{
    map *m = ctx;
    item *i = &m->items[m->used++];
    memcpy(i->record, record, 128);
    HASH_ADD_KEYPTR(hh, m->head, i->record, 16, i);
    return true;
}

static bool get(void *ctx, const uint8_t id[16], uint8_t record[128])
{
    map *m = ctx;
    item *i;
    HASH_FIND(hh, m->head, id, 16, i);
    if (i != NULL) memcpy(record, i->record, 128);
    return i != NULL;
}

static void drop(void *ctx)
{
    map *m = ctx;
    HASH_CLEAR(hh, m->head);
    free(m->items);
    free(m);
}

const bench_map bench_map_uthash = {"uthash, get", make, put, get, drop};
