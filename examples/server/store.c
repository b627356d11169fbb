/* store.c - the table in memory and its snapshot, a journal, and faults on demand.

   A snapshot brings back what it holds. Had a session ended since it was made, it would live again; so it
   is made by a clean stop only, when nothing can end any more, and the next start takes it away when it
   has read it. After a crash there is none, and everybody logs in again. The journal does better: each change is on the disk before it is answered. */
#include "store.h"
#define TA_JOURNAL_IMPLEMENTATION
#include "../stores/journal.h"
#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    ta_slot *slots;
    size_t   count;
    ta_table table;
    char     file[PATH_CAP];            /* "" : none */
} memory;

/* ============================================================================
   memory, memory:FILE
   ========================================================================== */

static const char *load_snapshot(int64_t now, int32_t keep_s)
{
    size_t len;
    uint8_t *all = file_read(memory.file, TA_SNAPSHOT_CAP(memory.count), &len);
    ta_status st;
    if (all == NULL) {
        return len == 0 ? NULL : "the snapshot cannot be read, or has more sessions than there is room for";
    }
    st = ta_table_load(&memory.table, all, len, now, TA_LOAD_RESUME, keep_s);
    ta_wipe(all, len);
    free(all);
    if (st != TA_OK) return "the snapshot is damaged or too old: move it away to start without sessions";
    return unlink(memory.file) == 0 ? NULL : "the snapshot cannot be removed";
}

static const char *save_snapshot(void)
{
    static uint8_t piece[TA_SNAPSHOT_CAP(256)];
    size_t slot = 0, len;
    ta_status st;
    new_file f;
    bool kept;
    if (!new_file_begin(&f, memory.file)) return "the snapshot cannot be written";
    do {
        st = ta_table_save(&memory.table, &slot, piece, sizeof piece, &len);
        fwrite(piece, 1, len, f.stream);
    } while (st == TA_OK && slot != 0);
    ta_wipe(piece, sizeof piece);
    kept = new_file_end(&f);                    /* a part of a snapshot is refused when it is read */
    return st == TA_OK && kept ? NULL : "the snapshot cannot be written";
}

static const char *open_memory(const char *file, size_t capacity, int64_t now, int32_t keep_s, ta_store *out,
                               const char **note)
{
    const char *problem;
    memory.count = capacity;
    memory.slots = calloc(capacity, sizeof *memory.slots);
    if (memory.slots == NULL || ta_table_init(&memory.table, memory.slots, capacity) != TA_OK) {
        return "no memory for that many sessions";
    }
    *out = ta_table_store(&memory.table);
    if (file[0] == '\0') {
        *note = "sessions are kept in memory only";
        return NULL;
    }
    if (strlen(file) >= sizeof memory.file) return "the name of the snapshot is too long";
    memcpy(memory.file, file, strlen(file) + 1);
    problem = load_snapshot(now, keep_s);
    if (problem != NULL) memory.file[0] = '\0';         /* what lies there is not ours to replace */
    return problem;
}

static const char *close_memory(void)
{
    const char *problem = memory.file[0] == '\0' ? NULL : save_snapshot();
    ta_wipe(memory.slots, memory.count * sizeof *memory.slots);
    free(memory.slots);
    memory.slots = NULL;
    return problem;
}

/* ============================================================================
   journal:FILE
   ========================================================================== */

static ta_journal journal;
static bool       has_journal;

static const char *open_journal(const char *file, size_t capacity, ta_store *out)
{
    ta_journal_opts opts = TA_ZERO;
    opts.max_records = capacity;
    has_journal = ta_journal_open(&journal, file, &opts) == TA_OK;
    if (!has_journal) return ta_journal_why(&journal);
    *out = ta_journal_store(&journal);
    return NULL;
}

static const char *close_journal(void)
{
    ta_journal_close(&journal);
    has_journal = false;
    return NULL;
}

/* ============================================================================
   sqlite, postgres, redis: shared by several servers. Built in with -DSERVER_STORES (make server-stores)
   ========================================================================== */

#ifdef SERVER_STORES
#define TA_ANY_IMPLEMENTATION
#define TA_ANY_SQLITE
#define TA_ANY_POSTGRES
#define TA_ANY_REDIS
#include "../stores/any.h"

#include <stdio.h>

static ta_any shared;

static const char *open_shared(const char *text, ta_store *out)
{
    static char problem[320];
    const char *why;
    ta_status st = ta_any_open(&shared, text, &why);
    if (st == TA_ERR_UNSUPPORTED) return "no such store: it is memory, memory:FILE, " TA_ANY_NAMES;
    if (st != TA_OK) {
        snprintf(problem, sizeof problem, "%s (%s)", why, ta_status_str(st));
        return problem;
    }
    *out = ta_any_store(&shared);
    return NULL;
}

static void close_shared(void) { ta_any_close(&shared); }
#else
static const char *open_shared(const char *text, ta_store *out)
{
    (void)text;
    (void)out;
    return "no such store: it is memory, memory:FILE or journal:FILE";
}

static void close_shared(void) { }
#endif

/* ============================================================================
   Which one
   ========================================================================== */

const char *open_store(const char *text, size_t capacity, int64_t now, int32_t keep_s,
                       ta_store *out, const char **note)
{
    *note = NULL;
    if (strcmp(text, "memory") == 0) return open_memory("", capacity, now, keep_s, out, note);
    if (strncmp(text, "memory:", 7) == 0 && text[7] != '\0') {
        return open_memory(text + 7, capacity, now, keep_s, out, note);
    }
    if (strncmp(text, "journal:", 8) == 0 && text[8] != '\0') return open_journal(text + 8, capacity, out);
    return open_shared(text, out);
}

const char *close_store(void)
{
    close_shared();
    return memory.slots != NULL ? close_memory() : has_journal ? close_journal() : NULL;
}

/* ============================================================================
   Faults: what a database that is down looks like
   ========================================================================== */

unsigned long store_faults;
static ta_store sound;

static bool faulty(void)
{
    if (store_faults == 0) return false;
    store_faults--;
    return true;
}

static ta_status faulty_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    return faulty() ? TA_ERR_STORE : sound.get(ctx, id, out);
}

static ta_status faulty_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                            const ta_record *next, int64_t expires)
{
    return faulty() ? TA_ERR_STORE : sound.cas(ctx, id, old, next, expires);
}

static ta_status faulty_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                             uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    return faulty() ? TA_ERR_STORE : sound.list(ctx, sub, len, after, ids, cap, n);
}

ta_store store_with_faults(ta_store inner)
{
    ta_store out = inner;
    sound    = inner;
    out.get  = faulty_get;
    out.cas  = faulty_cas;
    out.list = inner.list == NULL ? NULL : faulty_list;
    return out;
}
