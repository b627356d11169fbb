/* GHashTable of GLib; ids are random, so their first bytes are hash enough */

#include "../maps.h"
#include <glib.h>
#include <string.h>

typedef struct map { GHashTable *table; uint8_t (*records)[128]; size_t used; } map;

static guint hash(gconstpointer id) { guint h;  memcpy(&h, id, sizeof h);  return h; }

static gboolean same(gconstpointer a, gconstpointer b) { return memcmp(a, b, 16) == 0; }

static void *make(size_t count)
{
    map *m = g_new0(map, 1);
    m->table   = g_hash_table_new(hash, same);
    m->records = g_malloc(count * sizeof *m->records);
    return m;
}

static bool put(void *ctx, const uint8_t record[128])
{
    map *m = ctx;
    uint8_t *r = m->records[m->used++];
    memcpy(r, record, 128);
    return g_hash_table_insert(m->table, r, r);
}

static bool get(void *ctx, const uint8_t id[16], uint8_t record[128])
{
    const void *r = g_hash_table_lookup(((map *)ctx)->table, id);
    if (r != NULL) memcpy(record, r, 128);
    return r != NULL;
}

static void drop(void *ctx)
{
    map *m = ctx;
    g_hash_table_destroy(m->table);
    g_free(m->records);
    g_free(m);
}

const bench_map bench_map_glib = {"GHashTable, get", make, put, get, drop};
