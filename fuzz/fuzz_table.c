/* fuzz_table.c - the table: snapshots from anywhere, then any row of store calls.

   Promises   a naive reader of snapshots gives the same verdict and the same records (the harness makes the
              checksums, so mutations get past them); a table that refused a snapshot is empty; a naive array
              answers each call alike, lists in the same order, and never loses a live record; what is saved
              loads into the same records; each record unpacks and packs into the same bytes.
   Input      raw: any snapshot; made: pieces and records out of choices; then calls, a few bytes each      */
#include "fuzz.h"

#define TABLE_MAX 6
#define TABLE_SNAPSHOT 4096

typedef struct table_row { bool used; ta_record r; int64_t expires; } table_row;
typedef struct table_model { size_t count; table_row rows[TABLE_MAX]; } table_model;

static const char *const table_subjects[4] = {"a", "b", "carol", "d\303\251"};

static void table_user_id(const char *sub, size_t len, uint8_t id[16])
{
    uint8_t digest[32];
    ta_sha256 c;
    ta_sha256_init(&c);
    ta_sha256_update(&c, "tokenauth.h user 1", 18);
    ta_sha256_update(&c, sub, len);
    ta_sha256_final(&c, digest);
    memcpy(id, digest, 16);
}

/* A record of few choices, so that ids and users meet again. Not always a sound one.                    */
static ta_record table_record(fuzz_in *in)
{
    uint8_t what = fuzz_byte(in), which = fuzz_byte(in), times = fuzz_byte(in);
    const char *sub = table_subjects[which >> 4 & 3];
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = (what & 7) == 7 ? 2 : 1;
    r.created = 100000;
    r.ends_at = r.created + (times >> 4) * 50000;
    r.epoch = what >> 3 & 3u;
    r.ver = what >> 5;
    if (r.kind == 2) {
        table_user_id(sub, strlen(sub), r.id);
        r.rotated_at = r.idle_until = r.created;
        return r;
    }
    memset(r.id, which & 15, sizeof r.id);
    r.kid = which & 15;
    r.state = (what & 7) == 6;
    r.rotated_at = r.created + (times & 3) * 1000;
    r.idle_until = r.created + (times >> 2 & 3) * 100000;
    r.sub_len = (uint8_t)strlen(sub);
    memcpy(r.text, sub, r.sub_len);
    if ((what & 7) == 5) r.label_len = times;           /* most are not sound */
    return r;
}

/* ---- the naive table ------------------------------------------------------------------------------ */

static int64_t model_expires(const ta_record *r)
{
    int64_t t = r->kind == 1 && r->idle_until < r->ends_at ? r->idle_until : r->ends_at;
    return t + 86400;
}

static table_row *model_find(table_model *m, const uint8_t *id)
{
    size_t i;
    for (i = 0; i < m->count; i++) {
        if (m->rows[i].used && memcmp(m->rows[i].r.id, id, 16) == 0) return &m->rows[i];
    }
    return NULL;
}

/* In a full table a record takes the place of a session of its user that was revoked, a mark also of one that
   it ends: of the one with the lowest id.                                                                */
static void model_make_room(table_model *m, const ta_record *in)
{
    table_row *lowest = NULL;
    uint8_t user[16], mine[16];
    size_t i;
    if (in->kind == 2) memcpy(mine, in->id, 16);
    else table_user_id(in->text, in->sub_len, mine);
    for (i = 0; i < m->count; i++) {
        table_row *row = &m->rows[i];
        if (!row->used) return;
        table_user_id(row->r.text, row->r.sub_len, user);
        if (row->r.kind != 1 || memcmp(user, mine, 16) != 0) continue;
        if (row->r.state != 1 && (in->kind != 2 || row->r.epoch == in->epoch)) continue;
        if (lowest == NULL || memcmp(row->r.id, lowest->r.id, 16) < 0) lowest = row;
    }
    if (lowest != NULL) lowest->used = false;
}

static ta_status model_insert(table_model *m, const ta_record *r, int64_t expires, bool may_make_room)
{
    size_t i;
    if (model_find(m, r->id) != NULL) return TA_ERR_CONFLICT;
    if (may_make_room) model_make_room(m, r);
    for (i = 0; i < m->count && m->rows[i].used; i++) { }
    if (i == m->count) return TA_ERR_FULL;
    m->rows[i].used = true;
    m->rows[i].r = *r;
    m->rows[i].expires = expires;
    return TA_OK;
}

static ta_status model_cas(table_model *m, const uint8_t *id, const ta_record *old, const ta_record *next,
                           int64_t expires)
{
    table_row *row = model_find(m, id);
    if (old == NULL) return next != NULL ? model_insert(m, next, expires, true) : TA_ERR_ARGUMENT;
    if (row == NULL || row->r.ver != old->ver) return TA_ERR_CONFLICT;
    if (next == NULL) {
        row->used = false;
        return TA_OK;
    }
    if (next->kind != row->r.kind || memcmp(next->id, row->r.id, 16) != 0
        || !fuzz_same(next->text, next->sub_len, row->r.text, row->r.sub_len)) return TA_ERR_CONFLICT;
    row->r = *next;
    row->expires = expires;
    return TA_OK;
}

/* ---- is the table the model? ------------------------------------------------------------------------ */

static bool table_same(const ta_record *a, const ta_record *b)
{
    uint8_t x[TA_RECORD_SIZE], y[TA_RECORD_SIZE];
    ta_record_pack(a, x);
    ta_record_pack(b, y);
    return memcmp(x, y, sizeof x) == 0;
}

static void table_compare_list(const ta_store *s, table_model *m, const char *sub)
{
    uint8_t ids[TABLE_MAX + 1][16], last[16];
    size_t n = 77, i, mine = 0, page;
    for (i = 0; i < m->count; i++) {
        if (m->rows[i].used && m->rows[i].r.kind == 1
            && fuzz_same(m->rows[i].r.text, m->rows[i].r.sub_len, sub, strlen(sub))) mine++;
    }
    PROMISE(s->list(s->ctx, sub, strlen(sub), NULL, ids, TABLE_MAX + 1, &n) == TA_OK && n == mine);
    for (i = 0; i < n; i++) {
        PROMISE(model_find(m, ids[i]) != NULL && (i == 0 || memcmp(ids[i - 1], ids[i], 16) < 0));
    }
    for (i = 0, page = 1; page > 0 && i < n; i++) {     /* one at a time is the same walk */
        uint8_t one[1][16];
        PROMISE(s->list(s->ctx, sub, strlen(sub), i > 0 ? last : NULL, one, 1, &page) == TA_OK && page == 1);
        PROMISE(memcmp(one[0], ids[i], 16) == 0);
        memcpy(last, one[0], 16);
    }
}

static void table_compare(ta_table *t, table_model *m)
{
    ta_store s = ta_table_store(t);
    ta_record r;
    uint8_t id[16];
    size_t i;
    for (i = 0; i < m->count; i++) {
        if (!m->rows[i].used) continue;
        PROMISE(s.get(s.ctx, m->rows[i].r.id, &r) == TA_OK && table_same(&r, &m->rows[i].r));
    }
    for (i = 0; i < 16; i++) {
        memset(id, (int)i, sizeof id);
        if (model_find(m, id) == NULL)
            PROMISE(s.get(s.ctx, id, &r) == TA_ERR_NOT_FOUND && fuzz_all(&r, sizeof r, 0));
    }
    for (i = 0; i < 4; i++) table_compare_list(&s, m, table_subjects[i]);
}

/* ---- snapshots ------------------------------------------------------------------------------------ */

static uint32_t table_load32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool model_load_record(table_model *m, const uint8_t *p, int64_t now, ta_load how, int64_t *newest)
{
    uint8_t again[TA_RECORD_SIZE];
    ta_record r;
    if (ta_record_unpack(p, TA_RECORD_SIZE, &r) != TA_OK) {
        PROMISE(fuzz_all(&r, sizeof r, 0));
        return false;
    }
    ta_record_pack(&r, again);
    PROMISE(memcmp(again, p, sizeof again) == 0);
    if (r.rotated_at > *newest) *newest = r.rotated_at;
    if (model_expires(&r) <= now) return true;
    if (how == TA_LOAD_REVOKE_ALL && r.kind == 1) {
        r.state = 1;
        r.ver++;
    }
    return model_insert(m, &r, model_expires(&r), false) == TA_OK;
}

static bool model_load(table_model *m, const uint8_t *in, size_t n, int64_t now, ta_load how, int32_t max_age)
{
    static const uint8_t magic[8] = {'T', 'A', 'S', '1', TA_RECORD_SIZE >> 8, TA_RECORD_SIZE & 255, 0, 0};
    uint8_t digest[32];
    uint32_t from = 0, to, count, i;
    int64_t newest = 0;
    size_t bytes;
    do {
        if (n < 52 || memcmp(in, magic, 8) != 0 || table_load32(in + 8) != from) return false;
        to = table_load32(in + 12);
        count = table_load32(in + 16);
        if (count > (n - 52) / TA_RECORD_SIZE || (to != 0 && to <= from)) return false;
        bytes = 20 + (size_t)count * TA_RECORD_SIZE;
        ta_sha256_once(in, bytes, digest);
        if (memcmp(digest, in + bytes, 32) != 0) return false;
        for (i = 0; i < count; i++) {
            if (!model_load_record(m, in + 20 + i * TA_RECORD_SIZE, now, how, &newest)) return false;
        }
        in += bytes + 32;
        n -= bytes + 32;
        from = to;
    } while (to != 0);
    if (how == TA_LOAD_RESUME && newest > 0 && (now - newest > max_age || newest - now > max_age))
        return false;
    return n == 0;
}

static void table_put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* Pieces of records, with a good checksum, and here and there one wrong byte before it was made.         */
static size_t table_make_snapshot(fuzz_in *in, uint8_t *out)
{
    static const uint8_t magic[8] = {'T', 'A', 'S', '1', TA_RECORD_SIZE >> 8, TA_RECORD_SIZE & 255, 0, 0};
    size_t n = 0, pieces = 1 + fuzz_byte(in) % 3u, p, i, records, bytes;
    uint32_t from = 0, to;
    for (p = 0; p < pieces; p++) {
        uint8_t shape = fuzz_byte(in), *piece = out + n;
        records = shape & 3u;
        to = p + 1 < pieces ? from + 1 + (shape >> 6) : 0;
        memcpy(piece, magic, 8);
        table_put32(piece + 8, from);
        table_put32(piece + 12, to);
        table_put32(piece + 16, (uint32_t)records);
        for (i = 0; i < records; i++) {
            ta_record r = table_record(in);
            ta_record_pack(&r, piece + 20 + i * TA_RECORD_SIZE);
        }
        bytes = 20 + records * TA_RECORD_SIZE;
        if ((shape & 4) != 0) piece[fuzz_byte(in) % bytes] ^= fuzz_byte(in);
        ta_sha256_once(piece, bytes, piece + bytes);
        n += bytes + 32;
        from = to;
    }
    return n;
}

static void table_load(ta_table *t, table_model *m, const uint8_t *snapshot, size_t n, uint8_t how)
{
    int64_t now = 100000 + (how >> 4) * 20000;
    ta_load load = (how & 1) != 0 ? TA_LOAD_RESUME : TA_LOAD_REVOKE_ALL;
    uint8_t *in = (uint8_t *)fuzz_copy(snapshot, n);
    bool good = model_load(m, in, n, now, load, 50000);
    if (!good) memset(m->rows, 0, sizeof m->rows);
    PROMISE(ta_table_load(t, in, n, now, load, 50000) == (good ? TA_OK : TA_ERR_SNAPSHOT));
    table_compare(t, m);
    free(in);
}

/* Saved in small pieces and loaded elsewhere, the records are the same.                                   */
static void table_save(ta_table *t, table_model *m, uint8_t how)
{
    static ta_slot slots[TABLE_MAX];
    static uint8_t out[TABLE_SNAPSHOT];
    ta_table other;
    size_t slot = 0, n = 0, len = 77, i, cap = TA_SNAPSHOT_CAP(1 + how % 3u);
    PROMISE(ta_table_save(t, &slot, out, TA_SNAPSHOT_CAP(1) - 1, &len) == TA_ERR_SPACE && len == 0);
    do {
        PROMISE(n + cap <= sizeof out && ta_table_save(t, &slot, out + n, cap, &len) == TA_OK && len <= cap);
        n += len;
    } while (slot != 0);
    for (i = 0; i < m->count; i++) {                    /* the load below is at second 1 */
        if (m->rows[i].used && m->rows[i].r.rotated_at > INT32_MAX) return;
    }
    PROMISE(ta_table_init(&other, slots, m->count) == TA_OK);
    PROMISE(ta_table_load(&other, out, n, 1, TA_LOAD_RESUME, INT32_MAX) == TA_OK);
    table_compare(&other, m);
    out[n / 2] ^= 1;
    PROMISE(ta_table_load(&other, out, n, 1, TA_LOAD_RESUME, INT32_MAX) == TA_ERR_SNAPSHOT);
}

/* ---- calls ------------------------------------------------------------------------------------------- */

static void table_sweep(ta_table *t, table_model *m, int64_t now, size_t most)
{
    ta_store s = ta_table_store(t);
    ta_record r;
    size_t done = 77, gone = 0, i;
    PROMISE(s.sweep(s.ctx, now, most, &done) == TA_OK && done <= most);
    for (i = 0; i < m->count; i++) {
        if (!m->rows[i].used || s.get(s.ctx, m->rows[i].r.id, &r) == TA_OK) continue;
        PROMISE(m->rows[i].expires <= now);             /* nothing live is ever dropped */
        m->rows[i].used = false;
        gone++;
    }
    PROMISE(gone == done);
    for (i = 0; i < m->count && most >= 64; i++) PROMISE(!m->rows[i].used || m->rows[i].expires > now);
}

static void table_calls(ta_table *t, table_model *m, fuzz_in *in)
{
    ta_store s = ta_table_store(t);
    uint8_t packed[TA_RECORD_SIZE];
    ta_record r, sound;
    table_row *row;
    int64_t expires;
    while (in->n > 0) {
        uint8_t call = fuzz_byte(in);
        r = table_record(in);
        ta_record_pack(&r, packed);
        if (ta_record_unpack(packed, sizeof packed, &sound) != TA_OK) continue;
        row = model_find(m, r.id);
        expires = r.created + (call >> 4) * 10000;
        if (row != NULL && ((call & 7) == 1 || (call & 7) == 3)) r.ver = row->r.ver;    /* the right one */
        switch (call & 7) {
        case 0:
            PROMISE(s.cas(s.ctx, r.id, NULL, &r, expires) == model_cas(m, r.id, NULL, &r, expires));
            break;
        case 1:
        case 2: PROMISE(s.cas(s.ctx, r.id, &r, &r, expires) == model_cas(m, r.id, &r, &r, expires));  break;
        case 3:
        case 4: PROMISE(s.cas(s.ctx, r.id, &r, NULL, 0) == model_cas(m, r.id, &r, NULL, 0));  break;
        case 5: table_sweep(t, m, 100000 + (call >> 4) * 20000, call & 8 ? 64 : 1);  break;
        case 6: table_save(t, m, call >> 4);  break;
        default: PROMISE(s.cas(s.ctx, r.id, NULL, NULL, 0) == TA_ERR_ARGUMENT);
        }
        table_compare(t, m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ta_slot slots[TABLE_MAX];
    static uint8_t snapshot[TABLE_SNAPSHOT];
    table_model m;
    ta_table t;
    fuzz_in in;
    uint8_t shape, how;
    size_t n;
    in.p = data;
    in.n = size;
    memset(&m, 0, sizeof m);
    shape = fuzz_byte(&in);
    how = fuzz_byte(&in);
    m.count = 1 + shape % TABLE_MAX;
    PROMISE(ta_table_init(&t, slots, m.count) == TA_OK);
    t.seed = 12345;                                     /* a run must not depend on chance */
    if ((shape & 64) != 0) {
        table_load(&t, &m, in.p, in.n, how);
        return 0;
    }
    if ((shape & 128) != 0) {
        n = table_make_snapshot(&in, snapshot);
        table_load(&t, &m, snapshot, n, how);
    }
    table_calls(&t, &m, &in);
    return 0;
}
