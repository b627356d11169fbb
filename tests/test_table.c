/* test_table.c - the store in an array: get, cas, list and sweep against a naive list of records,
   the lock around each call, and snapshots, of which no bit may be wrong.                      */
#include "check.h"

#define GOING (check.bad < 12)
#define TEXT TOKENAUTH_RECORD_TEXT
#define T0 INT64_C(1800000000)
#define DAY INT64_C(86400)
#define NEVER INT64_MAX

/* ---- records --------------------------------------------------------------------------------- */

/* The record key of a subject's mark (the refresh protocol).                            */
static void user_id(const char *sub, uint8_t id[16])
{
    uint8_t digest[TA_SHA256_SIZE];
    ta_sha256 c;
    ta_sha256_init(&c);
    ta_sha256_update(&c, "tokenauth.h user 1", 18);
    ta_sha256_update(&c, sub, strlen(sub));
    ta_sha256_final(&c, digest);
    memcpy(id, digest, 16);
}

static ta_record session(const uint8_t id[16], const char *sub, uint32_t ver)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 1;
    r.ver = ver;
    memcpy(r.id, id, 16);
    r.created = T0;
    r.rotated_at = T0 + 10;
    r.idle_until = T0 + 14 * DAY;
    r.ends_at = T0 + 90 * DAY;
    r.sub_len = (uint8_t)strlen(sub);
    memcpy(r.text, sub, r.sub_len);
    return r;
}

static ta_record mark(const char *sub, uint32_t ver, uint32_t epoch)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 2;
    r.ver = ver;
    r.epoch = epoch;
    user_id(sub, r.id);
    r.created = r.rotated_at = r.idle_until = T0;
    r.ends_at = T0 + 90 * DAY;
    return r;
}

/* An id whose 16 bytes are easy to tell apart and to sort: i, then noise from i.               */
static void number_id(uint8_t id[16], uint32_t i)
{
    size_t k;
    id[0] = (uint8_t)(i >> 24);
    id[1] = (uint8_t)(i >> 16);
    id[2] = (uint8_t)(i >> 8);
    id[3] = (uint8_t)i;
    for (k = 4; k < 16; k++) id[k] = (uint8_t)((i + 1) * (uint32_t)k * 2654435761u >> 24);
}

static bool same_record(const ta_record *a, const ta_record *b)
{
    return a->kind == b->kind && a->kid == b->kid && a->state == b->state && a->flags == b->flags
        && a->ver == b->ver && a->gen == b->gen && a->epoch == b->epoch && memcmp(a->id, b->id, 16) == 0
        && a->created == b->created && a->rotated_at == b->rotated_at && a->idle_until == b->idle_until
        && a->ends_at == b->ends_at && memcmp(a->app, b->app, 4) == 0 && memcmp(a->client, b->client, 8) == 0
        && memcmp(a->retry, b->retry, 8) == 0 && memcmp(a->seal, b->seal, 8) == 0
        && a->sub_len == b->sub_len && a->label_len == b->label_len && memcmp(a->text, b->text, TEXT) == 0;
}

/* ---- a table in an exact block, with counted locks --------------------------------------------- */

typedef struct hooks {
    int depth, locks, unlocks;
    ta_status answer;
} hooks;

static ta_status hook_lock(void *ctx)
{
    hooks *h = (hooks *)ctx;
    h->locks++;
    if (h->answer != TA_OK) return h->answer;
    CHECK_EQ(h->depth, 0);                         /* never one inside another */
    h->depth++;
    return TA_OK;
}

static void hook_unlock(void *ctx)
{
    hooks *h = (hooks *)ctx;
    h->unlocks++;
    h->depth--;
    CHECK_EQ(h->depth, 0);
}

/* The memory holds something else before: nothing may rely on zeros.                            */
static ta_table table_of(size_t count)
{
    ta_table t;
    ta_slot *slots = (ta_slot *)exact(count * sizeof *slots);
    rnd_bytes(slots, count * sizeof *slots);
    memset(&t, 0x5A, sizeof t);
    CHECK_ST(ta_table_init(&t, slots, count), TA_OK);
    return t;
}

static void locked(ta_table *t, hooks *h)
{
    memset(h, 0, sizeof *h);
    t->lock_ctx = h;
    t->lock = hook_lock;
    t->unlock = hook_unlock;
}

static ta_status insert(ta_store s, const ta_record *r, int64_t expires)
{
    return s.cas(s.ctx, r->id, NULL, r, expires);
}

static ta_status remove_(ta_store s, const ta_record *r)
{
    return s.cas(s.ctx, r->id, r, NULL, 0);
}

static void check_there(ta_store s, const ta_record *want)
{
    ta_record got;
    memset(&got, 0x5A, sizeof got);
    CHECK_ST(s.get(s.ctx, want->id, &got), TA_OK);
    CHECK(same_record(&got, want));
}

static void check_gone(ta_store s, const uint8_t id[16])
{
    ta_record got;
    memset(&got, 0x5A, sizeof got);
    CHECK_ST(s.get(s.ctx, id, &got), TA_ERR_NOT_FOUND);
    CHECK(all_zero(&got, sizeof got));
}

/* Lists into an exact block; returns how many and checks the order.                             */
static size_t listed(ta_store s, const char *sub, const uint8_t *after, uint8_t *ids, size_t cap)
{
    char *text = (char *)exact_copy(sub, strlen(sub));
    uint8_t (*own)[TA_ID_SIZE] = (uint8_t (*)[TA_ID_SIZE])exact(cap * TA_ID_SIZE);
    size_t n = 99, i;
    CHECK_ST(s.list(s.ctx, text, strlen(sub), after, own, cap, &n), TA_OK);
    CHECK(n <= cap);
    for (i = 0; i < n && n <= cap; i++) {
        if (i > 0) CHECK(memcmp(own[i - 1], own[i], 16) < 0);
        else if (after != NULL) CHECK(memcmp(after, own[0], 16) < 0);
    }
    if (n > cap) n = cap;
    if (n > 0) memcpy(ids, own, n * TA_ID_SIZE);
    free(own);
    free(text);
    return n;
}

/* ---- the simple things ------------------------------------------------------------------------ */

static void test_table_init_arguments(void)
{
    ta_slot one[1];
    ta_table t;
    CHECK_ST(ta_table_init(NULL, one, 1), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_init(&t, NULL, 1), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_init(&t, one, 0), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_init(&t, NULL, 0), TA_ERR_ARGUMENT);
    if (SIZE_MAX > UINT32_MAX) {                   /* refused before a single byte is written */
        CHECK_ST(ta_table_init(&t, one, ((size_t)1 << 30) + 1), TA_ERR_ARGUMENT);
        CHECK_ST(ta_table_init(&t, one, (size_t)UINT32_MAX + 2), TA_ERR_ARGUMENT);
        CHECK_ST(ta_table_init(&t, one, SIZE_MAX), TA_ERR_ARGUMENT);
    }
    CHECK_ST(ta_table_init(&t, one, 1), TA_OK);
    CHECK(t.lock == NULL && t.unlock == NULL && t.lock_ctx == NULL);
    CHECK(t.slots == one && t.count == 1);
}

static void test_table_a_failed_init_is_no_table(void)
{
    ta_slot one[1];
    ta_table t;
    memset(&t, 0x5A, sizeof t);
    CHECK_ST(ta_table_init(&t, one, 0), TA_ERR_ARGUMENT);
    CHECK(t.slots == NULL && t.count == 0 && t.lock == NULL && t.unlock == NULL && t.lock_ctx == NULL);
}

/* An all-zero table, or one whose init failed: each call is refused and nothing is read.       */
/* A seed of one's own, for a device whose system has no random numbers: any will do, in an empty table. */
static void test_table_takes_a_seed_of_its_owner(void)
{
    static const uint64_t seeds[] = {0, 1, UINT64_MAX, UINT64_C(0x0123456789ABCDEF)};
    size_t k;
    uint32_t i;
    for (k = 0; k < sizeof seeds / sizeof seeds[0]; k++) {
        ta_table t = table_of(40);
        ta_store s = ta_table_store(&t);
        uint8_t id[40][16];
        ta_record r[40];
        t.seed = seeds[k];
        for (i = 0; i < 40; i++) {
            number_id(id[i], i + 1);
            r[i] = session(id[i], i % 3 == 0 ? "ada" : "bob", 1);
            CHECK_ST(insert(s, &r[i], NEVER), TA_OK);
        }
        for (i = 0; i < 40; i += 2) CHECK_ST(remove_(s, &r[i]), TA_OK);
        for (i = 0; i < 40; i++) {
            if (i % 2 == 0) check_gone(s, id[i]);
            else check_there(s, &r[i]);
        }
        free(t.slots);
    }
}

static void test_table_without_init_grants_nothing(void)
{
    ta_table t;
    ta_store s;
    uint8_t id[16] = {1}, ids[1][16];
    ta_record r = session(id, "ada", 0), got;
    size_t n = 9, slot = 0;
    char out[400];
    memset(&t, 0, sizeof t);
    s = ta_table_store(&t);
    CHECK(s.get(s.ctx, id, &got) != TA_OK);
    CHECK(insert(s, &r, NEVER) != TA_OK);
    CHECK(s.list(s.ctx, "ada", 3, NULL, ids, 1, &n) != TA_OK || n == 0);
    n = 9;
    CHECK(s.sweep(s.ctx, T0, 1, &n) != TA_OK || n == 0);
    n = 9;
    CHECK(ta_table_save(&t, &slot, out, sizeof out, &n) != TA_OK);
    CHECK_EQ(n, 0);
}

static void test_table_insert_get_replace_delete(void)
{
    ta_table t = table_of(4);
    ta_store s = ta_table_store(&t);
    uint8_t a[16], b[16];
    ta_record r, old, next;
    number_id(a, 1);
    number_id(b, 2);
    CHECK(s.get != NULL && s.cas != NULL && s.list != NULL && s.sweep != NULL);
    check_gone(s, a);
    r = session(a, "ada", 7);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    check_there(s, &r);
    check_gone(s, b);
    CHECK_ST(insert(s, &r, NEVER), TA_ERR_CONFLICT);          /* twice */
    old = r;
    next = r;
    next.ver = 8;
    next.gen = 1;
    next.state = 1;
    CHECK_ST(s.cas(s.ctx, a, &old, &next, NEVER), TA_OK);
    check_there(s, &next);
    CHECK_ST(s.cas(s.ctx, a, &old, &r, NEVER), TA_ERR_CONFLICT);   /* a stale swap */
    check_there(s, &next);
    CHECK_ST(s.cas(s.ctx, a, &old, NULL, NEVER), TA_ERR_CONFLICT); /* a stale delete */
    check_there(s, &next);
    CHECK_ST(s.cas(s.ctx, a, &next, NULL, NEVER), TA_OK);
    check_gone(s, a);
    CHECK_ST(s.cas(s.ctx, a, &next, NULL, NEVER), TA_ERR_CONFLICT);   /* after the delete */
    CHECK_ST(s.cas(s.ctx, a, &next, &r, NEVER), TA_ERR_CONFLICT);
    check_gone(s, a);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);                    /* again */
    check_there(s, &r);
    free(t.slots);
}

/* Trap: a swap on generation. The version alone decides; whatever else old holds is not looked at. */
static void test_table_trap_a_swap_compares_the_version_alone(void)
{
    ta_table t = table_of(2);
    ta_store s = ta_table_store(&t);
    uint8_t a[16];
    ta_record r, old, next;
    number_id(a, 1);
    r = session(a, "ada", 5);
    r.gen = 3;
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    next = r;
    next.ver = 6;
    old = r;
    old.ver = 4;                                   /* all but the version agrees */
    CHECK_ST(s.cas(s.ctx, a, &old, &next, NEVER), TA_ERR_CONFLICT);
    memset(&old, 0, sizeof old);                   /* only the version agrees */
    old.ver = 5;
    CHECK_ST(s.cas(s.ctx, a, &old, &next, NEVER), TA_OK);
    check_there(s, &next);
    free(t.slots);
}

static void test_table_version_wraps(void)
{
    static const uint32_t ver[] = {0xFFFFFFFEu, 0xFFFFFFFFu, 0, 1, 0x80000000u, 0x100, 0x10000};
    ta_table t = table_of(1);
    ta_store s = ta_table_store(&t);
    uint8_t a[16];
    ta_record r, next;
    size_t i, bit;
    number_id(a, 1);
    r = session(a, "ada", 0xFFFFFFFDu);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    for (i = 0; i < sizeof ver / sizeof ver[0]; i++) {
        next = r;
        next.ver = ver[i];
        for (bit = 0; bit < 32; bit++) {           /* each bit of the version counts */
            ta_record old = r;
            old.ver ^= UINT32_C(1) << bit;
            CHECK_ST(s.cas(s.ctx, a, &old, &next, NEVER), TA_ERR_CONFLICT);
        }
        CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_OK);
        check_there(s, &next);
        r = next;
    }
    free(t.slots);
}

static void test_table_neither_old_nor_next_changes_nothing(void)
{
    ta_table t = table_of(2);
    ta_store s = ta_table_store(&t);
    uint8_t a[16], b[16];
    ta_record r;
    number_id(a, 1);
    number_id(b, 2);
    r = session(a, "ada", 5);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    CHECK(s.cas(s.ctx, a, NULL, NULL, NEVER) != TA_OK);
    CHECK(s.cas(s.ctx, b, NULL, NULL, NEVER) != TA_OK);
    check_there(s, &r);
    check_gone(s, b);
    free(t.slots);
}

/* Index and chain hang on a record's id, kind and subject: a swap that would change one is refused,
   and a record stays with its user.                                                           */
static void test_table_a_record_keeps_id_kind_and_subject(void)
{
    ta_table t = table_of(3);
    ta_store s = ta_table_store(&t);
    uint8_t a[16], b[16], ids[3 * 16];
    ta_record r, m = mark("ada", 1, 1), next;
    number_id(a, 1);
    number_id(b, 2);
    r = session(a, "ada", 1);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    CHECK_ST(insert(s, &m, NEVER), TA_OK);
    next = session(a, "eve", 2);
    CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_CONFLICT);
    next = session(a, "ad", 2);
    CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_CONFLICT);
    next = session(a, "adam", 2);
    CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_CONFLICT);
    next = session(b, "ada", 2);
    CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_CONFLICT);
    next = mark("ada", 2, 2);
    memcpy(next.id, a, 16);
    CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_CONFLICT);
    next = session(m.id, "ada", 2);
    CHECK_ST(s.cas(s.ctx, m.id, &m, &next, NEVER), TA_ERR_CONFLICT);
    check_there(s, &r);
    check_there(s, &m);
    check_gone(s, b);
    CHECK_EQ(listed(s, "ada", NULL, ids, 3), 1);
    CHECK_EQ(listed(s, "eve", NULL, ids, 3), 0);
    next = r;                                      /* a label may change */
    next.ver = 2;
    next.label_len = 2;
    memcpy(next.text + 3, "pc", 2);
    CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_OK);
    check_there(s, &next);
    free(t.slots);
}

/* Every count: exactly that many fit, in whatever order they come and go.                       */
static void test_table_count_n_holds_exactly_n(void)
{
    size_t count, i, round;
    for (count = 1; count <= 66 && GOING; count++) {
        ta_table t = table_of(count);
        ta_store s = ta_table_store(&t);
        uint8_t id[16], ids[67 * 16];
        ta_record r;
        for (i = 0; i < count; i++) {
            number_id(id, (uint32_t)(i * 2654435761u));
            r = session(id, i % 2 != 0 ? "ada" : "bob", (uint32_t)i);
            CHECK_ST(insert(s, &r, NEVER), TA_OK);
        }
        number_id(id, 7);
        r = session(id, "ada", 1);
        CHECK_ST(insert(s, &r, NEVER), TA_ERR_FULL);
        check_gone(s, id);
        r = mark("eve", 1, 1);                     /* a mark needs room too */
        CHECK_ST(insert(s, &r, NEVER), TA_ERR_FULL);
        check_gone(s, r.id);
        CHECK_EQ(listed(s, "ada", NULL, ids, 67), count / 2);
        CHECK_EQ(listed(s, "bob", NULL, ids, 67), (count + 1) / 2);
        for (round = 0; round < 3 * count && GOING; round++) {
            size_t k = rnd(count);
            number_id(id, (uint32_t)(k * 2654435761u));
            r = session(id, k % 2 != 0 ? "ada" : "bob", (uint32_t)k);
            CHECK_ST(remove_(s, &r), TA_OK);
            check_gone(s, id);
            CHECK_ST(insert(s, &r, NEVER), TA_OK);
        }
        for (i = 0; i < count; i++) {
            number_id(id, (uint32_t)(i * 2654435761u));
            r = session(id, i % 2 != 0 ? "ada" : "bob", (uint32_t)i);
            check_there(s, &r);
        }
        free(t.slots);
    }
}

/* All that changes is inside the slots: a copy of the handle is the same table.                 */
static void test_table_copies_are_one(void)
{
    ta_table t = table_of(3), copy = t, later;
    ta_store s = ta_table_store(&t), c = ta_table_store(&copy);
    uint8_t a[16], b[16], ids[3 * 16];
    ta_record r, q;
    size_t done = 0;
    number_id(a, 1);
    number_id(b, 2);
    r = session(a, "ada", 1);
    CHECK_ST(insert(s, &r, T0 + 5), TA_OK);
    check_there(c, &r);
    q = session(b, "ada", 1);
    CHECK_ST(insert(c, &q, NEVER), TA_OK);
    later = t;
    check_there(s, &q);
    CHECK_EQ(listed(s, "ada", NULL, ids, 3), 2);
    CHECK_EQ(listed(ta_table_store(&later), "ada", NULL, ids, 3), 2);
    CHECK_ST(remove_(s, &q), TA_OK);
    check_gone(c, b);
    do {
        CHECK_ST(c.sweep(c.ctx, T0 + 5, 64, &done), TA_OK);
    } while (done > 0);
    check_gone(s, a);
    check_gone(ta_table_store(&later), a);
    free(t.slots);
}

/* ---- list -------------------------------------------------------------------------------------- */

static void test_table_list_ascending_in_pages_of_every_size(void)
{
    ta_table t = table_of(40);
    ta_store s = ta_table_store(&t);
    uint8_t id[16], all[40 * 16], page[40 * 16];
    uint32_t i, order[20];
    size_t cap, n, total;
    ta_record r;
    for (i = 0; i < 20; i++) order[i] = i;
    for (i = 19; i > 0; i--) {                     /* they come in any order */
        uint32_t k = (uint32_t)rnd(i + 1), x = order[i];
        order[i] = order[k];
        order[k] = x;
    }
    for (i = 0; i < 20; i++) {
        number_id(id, order[i] * 0x0C000001u);
        r = session(id, "ada", 1);
        CHECK_ST(insert(s, &r, NEVER), TA_OK);
        number_id(id, order[i] * 0x0C000001u + 0x100);
        r = session(id, i % 2 != 0 ? "ad" : "adam", 1);       /* neighbours by name */
        CHECK_ST(insert(s, &r, NEVER), TA_OK);
    }
    CHECK_EQ(listed(s, "ada", NULL, all, 40), 20);
    for (i = 0; i < 20; i++) {
        number_id(id, i * 0x0C000001u);
        CHECK_BYTES(all + 16 * i, id, 16);
    }
    for (cap = 1; cap <= 22 && GOING; cap++) {
        const uint8_t *after = NULL;
        uint8_t last[16];
        total = 0;
        do {
            n = listed(s, "ada", after, page, cap);
            CHECK(total + n <= 20);
            if (n > 0 && total + n <= 20) {
                CHECK_BYTES(page, all + 16 * total, 16 * n);
                memcpy(last, page + 16 * (n - 1), 16);
                after = last;
            }
            total += n;
        } while (n == cap && GOING);
        CHECK_EQ(total, 20);
    }
    /* an `after` that is nobody's id, below all, between, above all */
    memset(id, 0, 16);
    CHECK_EQ(listed(s, "ada", id, page, 40), memcmp(all, id, 16) == 0 ? 19 : 20);
    memset(id, 0xFF, 16);
    CHECK_EQ(listed(s, "ada", id, page, 40), 0);
    memcpy(id, all + 16 * 9, 16);
    id[15]++;
    CHECK_EQ(listed(s, "ada", id, page, 40), 10);
    id[15] = (uint8_t)(id[15] - 2);
    CHECK_EQ(listed(s, "ada", id, page, 40), 11);
    CHECK_EQ(listed(s, "nobody", NULL, page, 40), 0);
    CHECK_EQ(listed(s, "ad", NULL, page, 40), 10);
    CHECK_EQ(listed(s, "adam", NULL, page, 40), 10);
    CHECK_EQ(listed(s, "a", NULL, page, 40), 0);
    free(t.slots);
}

/* Ids that differ in the last bit, or only in the first, sort by all sixteen bytes, unsigned.   */
static void test_table_list_sorts_by_every_byte(void)
{
    size_t at, n;
    for (at = 0; at < 16 && GOING; at++) {
        static const uint8_t v[] = {0xFF, 0x00, 0x80, 0x7F, 0x01};
        ta_table t = table_of(5);
        ta_store s = ta_table_store(&t);
        uint8_t id[16], ids[5 * 16];
        for (n = 0; n < 5; n++) {
            ta_record r;
            memset(id, 0x55, 16);
            id[at] = v[n];
            r = session(id, "ada", 1);
            CHECK_ST(insert(s, &r, NEVER), TA_OK);
        }
        CHECK_EQ(listed(s, "ada", NULL, ids, 5), 5);
        for (n = 0; n < 5; n++) {
            static const uint8_t sorted[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
            CHECK_EQ(ids[16 * n + at], sorted[n]);
        }
        free(t.slots);
    }
}

static void test_table_list_is_of_sessions_only_and_by_whole_subject(void)
{
    ta_table t = table_of(8);
    ta_store s = ta_table_store(&t);
    char full[TEXT + 1];
    uint8_t id[16], ids[8 * 16];
    ta_record r, m;
    size_t n = 9;
    memset(full, 'z', TEXT);
    full[TEXT] = '\0';
    m = mark("ada", 1, 9);
    CHECK_ST(insert(s, &m, NEVER), TA_OK);
    CHECK_EQ(listed(s, "ada", NULL, ids, 8), 0);   /* a mark is no session */
    number_id(id, 1);
    r = session(id, "ada", 1);
    memcpy(r.text + 3, "label", 5);                /* the label is no part of the subject */
    r.label_len = 5;
    r.epoch = 9;
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    number_id(id, 2);
    r = session(id, full, 1);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    CHECK_EQ(listed(s, "ada", NULL, ids, 8), 1);
    CHECK_EQ(listed(s, "adalabel", NULL, ids, 8), 0);
    CHECK_EQ(listed(s, full, NULL, ids, 8), 1);
    full[TEXT - 1] = 'y';
    CHECK_EQ(listed(s, full, NULL, ids, 8), 0);
    CHECK(s.list(s.ctx, "", 0, NULL, (uint8_t (*)[16])ids, 8, &n) != TA_OK || n == 0);
    check_there(s, &m);
    free(t.slots);
}

static void test_table_list_many_subjects(void)
{
    enum { N = 600 };
    ta_table t = table_of(N);
    ta_store s = ta_table_store(&t);
    uint8_t id[16], ids[4 * 16];
    char sub[16];
    uint32_t i;
    ta_record r;
    for (i = 0; i < N; i++) {
        snprintf(sub, sizeof sub, "u%lu", (unsigned long)(i / 2));
        number_id(id, i * 2654435761u);
        r = session(id, sub, i);
        CHECK_ST(insert(s, &r, NEVER), TA_OK);
    }
    for (i = 0; i < N / 2 && GOING; i++) {
        snprintf(sub, sizeof sub, "u%lu", (unsigned long)i);
        CHECK_EQ(listed(s, sub, NULL, ids, 4), 2);
    }
    for (i = 0; i < N; i += 2) {                   /* and the first of each goes */
        number_id(id, i * 2654435761u);
        snprintf(sub, sizeof sub, "u%lu", (unsigned long)(i / 2));
        r = session(id, sub, i);
        CHECK_ST(remove_(s, &r), TA_OK);
        CHECK_EQ(listed(s, sub, NULL, ids, 4), 1);
        number_id(id, (i + 1) * 2654435761u);
        CHECK_BYTES(ids, id, 16);
    }
    free(t.slots);
}

/* ---- who gives up a slot in a full table ------------------------------------------------------------------------ */

static void test_table_a_mark_takes_the_slot_of_a_session_it_ends(void)
{
    ta_table t = table_of(4);
    ta_store s = ta_table_store(&t);
    uint8_t id[4][16], ids[4 * 16];
    ta_record r[4], m;
    uint32_t i;
    for (i = 0; i < 4; i++) {
        number_id(id[i], i + 1);
        r[i] = session(id[i], i == 3 ? "bob" : "ada", 1);
        r[i].epoch = i == 1 ? 77 : 5;              /* the middle one was born after the logout */
        CHECK_ST(insert(s, &r[i], NEVER), TA_OK);
    }
    m = mark("eve", 1, 77);                        /* she has no session to give up */
    CHECK_ST(insert(s, &m, NEVER), TA_ERR_FULL);
    check_gone(s, m.id);
    for (i = 0; i < 4; i++) check_there(s, &r[i]);
    m = mark("ada", 1, 77);
    CHECK_ST(insert(s, &m, NEVER), TA_OK);
    check_there(s, &m);
    check_there(s, &r[1]);                         /* the one it does not end */
    check_there(s, &r[3]);                         /* another user's */
    CHECK_EQ(listed(s, "ada", NULL, ids, 4), 2);
    CHECK_EQ(listed(s, "bob", NULL, ids, 4), 1);
    CHECK_ST(insert(s, &m, NEVER), TA_ERR_CONFLICT);
    CHECK(insert(s, &r[0], NEVER) != TA_OK && insert(s, &r[2], NEVER) != TA_OK);    /* still full */
    free(t.slots);
}

static void test_table_a_mark_spares_the_sessions_of_its_own_epoch(void)
{
    ta_table t = table_of(2);
    ta_store s = ta_table_store(&t);
    uint8_t a[16], b[16];
    ta_record r, q, m;
    number_id(a, 1);
    number_id(b, 2);
    r = session(a, "ada", 1);
    q = session(b, "ada", 1);
    r.epoch = q.epoch = 8;
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    CHECK_ST(insert(s, &q, NEVER), TA_OK);
    m = mark("ada", 1, 8);
    CHECK_ST(insert(s, &m, NEVER), TA_ERR_FULL);
    check_there(s, &r);
    check_there(s, &q);
    m.epoch = 9;
    CHECK_ST(insert(s, &m, NEVER), TA_OK);
    check_there(s, &m);
    free(t.slots);
}

static void test_table_a_mark_evicts_nobody_where_there_is_room(void)
{
    ta_table t = table_of(3);
    ta_store s = ta_table_store(&t);
    uint8_t a[16], b[16];
    ta_record r, q, m = mark("ada", 1, 8);
    number_id(a, 1);
    number_id(b, 2);
    r = session(a, "ada", 1);
    q = session(b, "ada", 1);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);
    CHECK_ST(insert(s, &q, NEVER), TA_OK);
    CHECK_ST(insert(s, &m, NEVER), TA_OK);
    check_there(s, &r);
    check_there(s, &q);
    check_there(s, &m);
    free(t.slots);
}

/* One that was revoked is of no use to its user: his next login takes its slot, nobody else's does. */
static void test_table_a_login_takes_the_slot_of_a_revoked_session_of_its_user(void)
{
    ta_table t = table_of(3);
    ta_store s = ta_table_store(&t);
    uint8_t id[5][16];
    ta_record r[5], m;
    uint32_t i;
    for (i = 0; i < 5; i++) {
        number_id(id[i], i + 1);
        r[i] = session(id[i], i == 2 || i == 4 ? "bob" : "ada", 1);
        r[i].state = i == 1;                       /* ada's second one is revoked */
        if (i < 3) CHECK_ST(insert(s, &r[i], NEVER), TA_OK);
    }
    CHECK_ST(insert(s, &r[4], NEVER), TA_ERR_FULL);
    m = mark("bob", 1, r[2].epoch);
    CHECK_ST(insert(s, &m, NEVER), TA_ERR_FULL);
    for (i = 0; i < 3; i++) check_there(s, &r[i]);
    CHECK_ST(insert(s, &r[3], NEVER), TA_OK);
    check_gone(s, id[1]);
    check_there(s, &r[0]);
    check_there(s, &r[2]);
    check_there(s, &r[3]);
    CHECK_ST(insert(s, &r[1], NEVER), TA_ERR_FULL);
    free(t.slots);
}

/* A session never takes the slot of one that is not revoked.                                    */
static void test_table_a_session_takes_nobodys_slot(void)
{
    ta_table t = table_of(1);
    ta_store s = ta_table_store(&t);
    uint8_t a[16], b[16];
    ta_record r, q;
    number_id(a, 1);
    number_id(b, 2);
    r = session(a, "ada", 1);
    q = session(b, "ada", 1);
    r.epoch = 1;
    q.epoch = 2;
    CHECK_ST(insert(s, &r, 1), TA_OK);             /* even one whose time is over: sweep decides */
    CHECK_ST(insert(s, &q, NEVER), TA_ERR_FULL);
    check_there(s, &r);
    check_gone(s, b);
    user_id("ada", b);                             /* not even under her mark's own id */
    q = session(b, "ada", 1);
    q.epoch = 2;
    CHECK_ST(insert(s, &q, NEVER), TA_ERR_FULL);
    check_there(s, &r);
    free(t.slots);
}

/* ---- sweep -------------------------------------------------------------------------------------- */

static void test_table_sweep_at_the_very_second(void)
{
    static const int64_t when[] = {1, 2, 1000, T0, T0 + 90 * DAY, INT64_C(0xFFFFFFFE), INT64_C(0xFFFFFFFF)};
    size_t i, done;
    for (i = 0; i < sizeof when / sizeof when[0]; i++) {
        ta_table t = table_of(1);
        ta_store s = ta_table_store(&t);
        uint8_t a[16];
        ta_record r;
        number_id(a, 1);
        r = session(a, "ada", 1);
        if (r.created > when[i]) r.created = r.rotated_at = r.idle_until = r.ends_at = (when[i] + 1) / 2;
        CHECK_ST(insert(s, &r, when[i]), TA_OK);
        if (when[i] > 1) {
            done = 9;
            CHECK_ST(s.sweep(s.ctx, when[i] - 1, 64, &done), TA_OK);
            CHECK_EQ(done, 0);
            check_there(s, &r);
        }
        done = 9;
        CHECK_ST(s.sweep(s.ctx, when[i], 64, &done), TA_OK);
        CHECK_EQ(done, 1);
        check_gone(s, a);
        done = 9;
        CHECK_ST(s.sweep(s.ctx, when[i], 64, &done), TA_OK);
        CHECK_EQ(done, 0);
        CHECK_ST(insert(s, &r, NEVER), TA_OK);
        free(t.slots);
    }
}

/* Never before `expires`, however far away; a number cut to 32 bits would say otherwise.        */
static void test_table_sweep_never_before_far_expiries(void)
{
    static const int64_t when[] = {
        INT64_C(4294967296), INT64_C(4294967297), T0 + INT64_C(4294967295), T0 + INT64_C(4294967296),
        T0 + INT64_C(4294967297), INT64_C(1) << 33, INT64_C(1) << 40, INT64_C(1) << 53,
        INT64_MAX - 1, INT64_MAX
    };
    size_t i, done;
    for (i = 0; i < sizeof when / sizeof when[0]; i++) {
        ta_table t = table_of(2);
        ta_store s = ta_table_store(&t);
        uint8_t a[16], b[16];
        ta_record r, q;
        number_id(a, 1);
        number_id(b, 2);
        r = session(a, "ada", 1);
        q = session(b, "ada", 1);
        CHECK_ST(insert(s, &r, when[i]), TA_OK);
        CHECK_ST(insert(s, &q, 5), TA_OK);         /* replaced below: its expiry moves with it */
        q.ver = 2;
        {
            ta_record old = q;
            old.ver = 1;
            CHECK_ST(s.cas(s.ctx, b, &old, &q, when[i]), TA_OK);
        }
        CHECK_ST(s.sweep(s.ctx, T0, 64, &done), TA_OK);
        CHECK_EQ(done, 0);
        CHECK_ST(s.sweep(s.ctx, when[i] - 1, 64, &done), TA_OK);
        CHECK_EQ(done, 0);
        check_there(s, &r);
        check_there(s, &q);
        free(t.slots);
    }
}

/* A replace moves the expiry, both ways.                                                        */
static void test_table_sweep_follows_a_replaced_expiry(void)
{
    ta_table t = table_of(2);
    ta_store s = ta_table_store(&t);
    uint8_t a[16];
    ta_record r, next;
    size_t done;
    number_id(a, 1);
    r = session(a, "ada", 1);
    CHECK_ST(insert(s, &r, T0 + 100), TA_OK);
    next = r;
    next.ver = 2;
    CHECK_ST(s.cas(s.ctx, a, &r, &next, T0 + 200), TA_OK);
    CHECK_ST(s.sweep(s.ctx, T0 + 199, 64, &done), TA_OK);
    CHECK_EQ(done, 0);
    check_there(s, &next);
    r = next;
    next.ver = 3;
    CHECK_ST(s.cas(s.ctx, a, &r, &next, T0 + 50), TA_OK);
    CHECK_ST(s.sweep(s.ctx, T0 + 50, 64, &done), TA_OK);
    CHECK_EQ(done, 1);
    check_gone(s, a);
    /* a swap that was refused moves nothing */
    CHECK_ST(insert(s, &r, T0 + 100), TA_OK);
    next.ver = 77;
    CHECK_ST(s.cas(s.ctx, a, &next, &r, T0 + 1), TA_ERR_CONFLICT);
    CHECK_ST(s.sweep(s.ctx, T0 + 99, 64, &done), TA_OK);
    CHECK_EQ(done, 0);
    check_there(s, &r);
    free(t.slots);
}

/* At most `most`, and nothing expired is left when it says that it found fewer.                 */
static void test_table_sweep_is_bounded_and_complete(void)
{
    size_t most;
    for (most = 0; most <= 12 && GOING; most++) {
        enum { N = 100 };
        ta_table t = table_of(N);
        ta_store s = ta_table_store(&t);
        uint8_t id[16];
        ta_record r;
        uint32_t i;
        size_t done, total = 0, calls = 0;
        for (i = 0; i < N; i++) {
            number_id(id, i * 2654435761u);
            r = session(id, i % 3 != 0 ? "ada" : "bob", i);
            CHECK_ST(insert(s, &r, i % 4 == 1 ? T0 + i : NEVER), TA_OK);
        }
        do {
            done = 99;
            CHECK_ST(s.sweep(s.ctx, T0 + N, most, &done), TA_OK);
            CHECK(done <= most);
            total += done;
            calls++;
        } while (calls < 3 * N && total < N / 4 && most > 0 && GOING);
        CHECK_EQ(total, most > 0 ? N / 4 : 0);
        for (i = 0; i < N; i++) {
            number_id(id, i * 2654435761u);
            r = session(id, i % 3 != 0 ? "ada" : "bob", i);
            if (i % 4 == 1 && most > 0) check_gone(s, id);
            else check_there(s, &r);
        }
        free(t.slots);
    }
}

/* No call goes through the whole table: the one expired record behind 999 live ones is found after
   a while, by calls that each look at a few.                                                  */
static void test_table_sweep_is_short_in_a_large_table(void)
{
    enum { N = 1000 };
    ta_table t = table_of(N);
    ta_store s = ta_table_store(&t);
    uint8_t id[16];
    ta_record r;
    uint32_t i;
    size_t done = 0, calls = 0;
    for (i = 0; i < N; i++) {
        number_id(id, i);
        r = session(id, "ada", 1);
        CHECK_ST(insert(s, &r, i == N - 1 ? T0 + 1 : NEVER), TA_OK);
    }
    while (done == 0 && calls < N) {
        CHECK_ST(s.sweep(s.ctx, T0 + 1, 2, &done), TA_OK);
        calls++;
    }
    CHECK_EQ(done, 1);
    CHECK(calls > 20);
    check_gone(s, id);
    free(t.slots);
}

static void test_table_sweep_refuses_no_clock(void)
{
    ta_table t = table_of(1);
    ta_store s = ta_table_store(&t);
    uint8_t a[16];
    ta_record r;
    size_t done = 9;
    number_id(a, 1);
    r = session(a, "ada", 1);
    CHECK_ST(insert(s, &r, 1), TA_OK);
    CHECK(s.sweep(s.ctx, 0, 5, &done) != TA_OK || done == 0);
    CHECK(s.sweep(s.ctx, -1, 5, &done) != TA_OK || done == 0);
    CHECK(s.sweep(s.ctx, INT64_MIN, 5, &done) != TA_OK || done == 0);
    check_there(s, &r);
    free(t.slots);
}

/* ---- the lock ------------------------------------------------------------------------------------ */

static void test_table_lock_surrounds_each_call_once(void)
{
    ta_table t = table_of(2);
    hooks h;
    ta_store s;
    uint8_t a[16], b[16], ids[2][16];
    char out[TA_SNAPSHOT_CAP(2)];
    ta_record r, q, next, got, m;
    size_t n, slot = 0;
    int calls = 0;
    locked(&t, &h);
    s = ta_table_store(&t);
    CHECK_EQ(h.locks, 0);                          /* making the store needs none */
    number_id(a, 1);
    number_id(b, 2);
    r = session(a, "ada", 1);
    q = session(b, "ada", 1);
    next = r;
    next.ver = 2;
#define ONE_LOCK(st, want) do { \
        CHECK_ST(st, want); \
        calls++; \
        CHECK_EQ(h.locks, calls); \
        CHECK_EQ(h.unlocks, calls); \
        CHECK_EQ(h.depth, 0); \
    } while (0)
    ONE_LOCK(s.get(s.ctx, a, &got), TA_ERR_NOT_FOUND);
    ONE_LOCK(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_CONFLICT);
    ONE_LOCK(s.cas(s.ctx, a, &r, NULL, NEVER), TA_ERR_CONFLICT);
    ONE_LOCK(insert(s, &r, NEVER), TA_OK);
    ONE_LOCK(insert(s, &r, NEVER), TA_ERR_CONFLICT);
    ONE_LOCK(insert(s, &q, 1), TA_OK);
    ONE_LOCK(s.get(s.ctx, a, &got), TA_OK);
    m = mark("eve", 1, 1);
    ONE_LOCK(insert(s, &m, NEVER), TA_ERR_FULL);
    ONE_LOCK(s.list(s.ctx, "ada", 3, NULL, ids, 2, &n), TA_OK);
    ONE_LOCK(s.list(s.ctx, "eve", 3, a, ids, 1, &n), TA_OK);
    ONE_LOCK(s.cas(s.ctx, a, &r, &next, NEVER), TA_OK);
    ONE_LOCK(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_CONFLICT);
    ONE_LOCK(s.sweep(s.ctx, T0, 5, &n), TA_OK);
    ONE_LOCK(ta_table_save(&t, &slot, out, sizeof out, &n), TA_OK);
    ONE_LOCK(s.cas(s.ctx, a, &next, NULL, NEVER), TA_OK);
    ONE_LOCK(s.sweep(s.ctx, T0, 5, &n), TA_OK);
    h.locks = h.unlocks = calls = 0;
    CHECK_EQ(slot, 0);
    CHECK_ST(ta_table_save(&t, &slot, out, sizeof out, &n), TA_OK);
    CHECK_ST(ta_table_load(&t, out, n, T0, TA_LOAD_RESUME, 1000), TA_OK);
    CHECK_EQ(h.locks, 2);
    CHECK_EQ(h.unlocks, 2);
    out[0] ^= 1;
    CHECK_ST(ta_table_load(&t, out, n, T0, TA_LOAD_RESUME, 1000), TA_ERR_SNAPSHOT);
    CHECK_EQ(h.locks, h.unlocks);
    CHECK_EQ(h.depth, 0);
    free(t.slots);
}

/* Trap: a store error failing open. A lock that fails is STORE whatever it says, and nothing is
   read, changed or unlocked.                                                                  */
static void test_table_trap_a_failing_lock_is_a_store_error(void)
{
    static const ta_status says[] = {TA_ERR_STORE, TA_ERR_BUSY, TA_ERR_NOT_FOUND, TA_ERR_CONFLICT,
                                     TA_ERR_FULL,
                                     (ta_status)1, (ta_status)-999};
    size_t i;
    for (i = 0; i < sizeof says / sizeof says[0]; i++) {
        ta_table t = table_of(3);
        hooks h;
        ta_store s;
        uint8_t a[16], b[16], ids[3][16];
        char out[TA_SNAPSHOT_CAP(3)], snap[TA_SNAPSHOT_CAP(3)];
        ta_record r, q, next, got;
        size_t n, slot = 0, snap_len;
        locked(&t, &h);
        s = ta_table_store(&t);
        number_id(a, 1);
        number_id(b, 2);
        r = session(a, "ada", 1);
        q = session(b, "ada", 1);
        next = r;
        next.ver = 2;
        CHECK_ST(insert(s, &r, 1), TA_OK);
        CHECK_ST(ta_table_save(&t, &slot, snap, sizeof snap, &snap_len), TA_OK);
        memset(&h, 0, sizeof h);
        h.answer = says[i];
        memset(&got, 0x5A, sizeof got);
        CHECK_ST(s.get(s.ctx, a, &got), TA_ERR_STORE);
        CHECK(all_zero(&got, sizeof got));
        CHECK_ST(s.get(s.ctx, b, &got), TA_ERR_STORE);
        CHECK_ST(insert(s, &q, NEVER), TA_ERR_STORE);
        CHECK_ST(s.cas(s.ctx, a, &r, &next, NEVER), TA_ERR_STORE);
        CHECK_ST(s.cas(s.ctx, a, &r, NULL, NEVER), TA_ERR_STORE);
        n = 9;
        CHECK_ST(s.list(s.ctx, "ada", 3, NULL, ids, 3, &n), TA_ERR_STORE);
        CHECK_EQ(n, 0);
        n = 9;
        CHECK_ST(s.sweep(s.ctx, T0, 5, &n), TA_ERR_STORE);
        CHECK_EQ(n, 0);
        n = 9;
        slot = 0;
        CHECK_ST(ta_table_save(&t, &slot, out, sizeof out, &n), TA_ERR_STORE);
        CHECK_EQ(n, 0);
        CHECK_EQ(slot, 0);
        CHECK_ST(ta_table_load(&t, snap, snap_len, T0, TA_LOAD_REVOKE_ALL, 0), TA_ERR_STORE);
        CHECK(h.locks > 0);
        CHECK_EQ(h.unlocks, 0);
        h.answer = TA_OK;
        check_there(s, &r);                        /* nothing happened meanwhile */
        check_gone(s, b);
        free(t.slots);
    }
}

static void test_table_lock_without_unlock_and_the_other_way(void)
{
    ta_table t = table_of(1);
    hooks h;
    ta_store s;
    uint8_t a[16];
    ta_record r;
    memset(&h, 0, sizeof h);
    t.lock_ctx = &h;
    t.lock = NULL;
    t.unlock = NULL;
    s = ta_table_store(&t);
    number_id(a, 1);
    r = session(a, "ada", 1);
    CHECK_ST(insert(s, &r, NEVER), TA_OK);         /* no hooks: no calls */
    CHECK_EQ(h.locks + h.unlocks, 0);
    free(t.slots);
}

/* ---- against a naive list ---------------------------------------------------------------------- */

/* What should be in the table: a record per place in a fixed pool of ids. The first `sessions`
   places are sessions, place k of subject k % subs; then comes one mark per subject.           */
typedef struct shadow { bool in; uint8_t id[16]; ta_record r; int64_t expires; } shadow;
typedef struct world {
    ta_table t;
    ta_store s;
    hooks    h;
    shadow  *pool;
    size_t   count, sessions, subs, used;
    int64_t  now;
    long     fulls, conflicts, swept, taken;
} world;

#define NAME 32
static void subject_of(size_t sub, char *out) { snprintf(out, NAME, "user-%lu", (unsigned long)sub); }

static size_t places(const world *w) { return w->sessions + w->subs; }

/* Some ids share their first bytes, so that an index on these has to look further.             */
static void pool_id(uint8_t id[16])
{
    rnd_bytes(id, 16);
    switch (rnd(6)) {
    case 0: memset(id, 0, 8); break;
    case 1: memset(id, 0xFF, 8); break;
    case 2: memset(id, 0x80, 15); break;
    default: break;
    }
}

static world new_world(size_t count, size_t sessions, size_t subs)
{
    world w;
    size_t i, k;
    memset(&w, 0, sizeof w);
    w.t = table_of(count);
    w.count = count;
    w.sessions = sessions;
    w.subs = subs;
    w.now = T0;
    w.pool = (shadow *)exact((sessions + subs) * sizeof *w.pool);
    memset(w.pool, 0, (sessions + subs) * sizeof *w.pool);
    for (i = 0; i < sessions; i++) {
        do {
            pool_id(w.pool[i].id);
            for (k = 0; k < i && memcmp(w.pool[k].id, w.pool[i].id, 16) != 0; k++) { }
        } while (k < i);
    }
    for (i = 0; i < subs; i++) {
        char sub[NAME];
        subject_of(i, sub);
        user_id(sub, w.pool[sessions + i].id);
    }
    return w;
}

static ta_record new_record(const world *w, size_t place, uint32_t ver)
{
    char sub[NAME];
    ta_record r;
    if (place >= w->sessions) {
        subject_of(place - w->sessions, sub);
        r = mark(sub, ver, (uint32_t)rnd(3));
        r.ends_at = T0 + (int64_t)rnd(1000000);
        return r;
    }
    subject_of(place % w->subs, sub);
    r = session(w->pool[place].id, sub, ver);
    r.epoch = (uint32_t)rnd(3);
    r.gen = (uint32_t)rnd64();
    r.kid = (uint8_t)rnd(16);
    r.state = (uint8_t)rnd(2);
    r.flags = (uint8_t)(rnd(2) * 4);
    r.rotated_at = T0 + (int64_t)rnd(100000);
    rnd_bytes(r.app, 4);
    rnd_bytes(r.seal, 8);
    if (rnd(2) == 0) {
        r.label_len = (uint8_t)rnd(TEXT - r.sub_len + 1u);
        memset(r.text + r.sub_len, 'L', r.label_len);
    }
    return r;
}

static void check_place(const world *w, size_t place)
{
    const shadow *p = &w->pool[place];
    if (p->in) check_there(w->s, &p->r);
    else check_gone(w->s, p->id);
}

static int by_id(const void *a, const void *b) { return memcmp(a, b, 16); }

static int by_number(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void check_list(const world *w, size_t sub)
{
    char name[NAME];
    uint8_t *want = (uint8_t *)exact(16 * (w->sessions + 1)), *got = (uint8_t *)exact(16 * (w->sessions + 1));
    uint8_t after[16];
    size_t i, n = 0, from = 0, cap, k;
    bool whole = rnd(2) == 0;
    subject_of(sub, name);
    rnd_bytes(after, 16);
    for (i = sub; i < w->sessions; i += w->subs) {
        if (w->pool[i].in) memcpy(want + 16 * n++, w->pool[i].id, 16);
    }
    qsort(want, n, 16, by_id);
    if (n > 0 && rnd(2) == 0) memcpy(after, want + 16 * rnd(n), 16);
    if (!whole) while (from < n && memcmp(want + 16 * from, after, 16) <= 0) from++;
    cap = rnd(3) == 0 ? rnd(n + 1) + 1 : w->sessions + 1;
    k = listed(w->s, name, whole ? NULL : after, got, cap);
    n -= from;
    if (n > cap) n = cap;
    CHECK_EQ(k, n);
    if (k == n) CHECK_BYTES(got, want + 16 * from, 16 * n);
    free(want);
    free(got);
}

static void check_all(const world *w)
{
    size_t i;
    for (i = 0; i < places(w); i++) check_place(w, i);
    for (i = 0; i < w->subs; i++) check_list(w, i);
}

/* May this session make room for that record of its user?                                       */
static bool gives_up(const shadow *p, const ta_record *r)
{
    return p->in && (p->r.state == 1 || (r->kind == 2 && p->r.epoch != r->epoch));
}

/* An insert, and the one case where the table may choose: the victim in a full one.             */
static void do_insert(world *w, size_t place)
{
    shadow *p = &w->pool[place];
    size_t first = place < w->sessions ? place % w->subs : place - w->sessions;
    ta_record r = new_record(w, place, (uint32_t)rnd64());
    int64_t expires = w->now + (int64_t)rnd(2000) - 200;
    ta_status st = insert(w->s, &r, expires);
    size_t i, ended = 0, missing = 0;
    if (p->in) {
        CHECK_ST(st, TA_ERR_CONFLICT);
        w->conflicts++;
        return;
    }
    for (i = first; i < w->sessions; i += w->subs) ended += gives_up(&w->pool[i], &r);
    if (w->used == w->count && ended == 0) {
        CHECK_ST(st, TA_ERR_FULL);
        w->fulls++;
        return;
    }
    CHECK_ST(st, TA_OK);
    if (w->used == w->count) {
        for (i = first; i < w->sessions; i += w->subs) {
            ta_record got;
            if (!w->pool[i].in || w->s.get(w->s.ctx, w->pool[i].id, &got) == TA_OK) continue;
            CHECK(gives_up(&w->pool[i], &r));
            w->pool[i].in = false;
            missing++;
        }
        CHECK_EQ(missing, 1);
        w->used -= missing;
        w->taken++;
    }
    p->in = true;
    p->r = r;
    p->expires = expires;
    w->used++;
}

static void do_swap(world *w, size_t place)
{
    shadow *p = &w->pool[place];
    ta_record old, r = new_record(w, place, (uint32_t)rnd64());
    bool drop = rnd(2) == 0, stale = rnd(5) == 0;
    int64_t expires = w->now + (int64_t)rnd(2000) - 200;
    ta_status st;
    memset(&old, 0, sizeof old);
    old.ver = p->r.ver;
    if (stale) old.ver ^= UINT32_C(1) << rnd(32);
    st = w->s.cas(w->s.ctx, p->id, &old, drop ? NULL : &r, expires);
    if (!p->in || stale) {
        CHECK_ST(st, TA_ERR_CONFLICT);
        w->conflicts++;
        return;
    }
    CHECK_ST(st, TA_OK);
    if (drop) {
        p->in = false;
        w->used--;
    } else {
        p->r = r;
        p->expires = expires;
    }
}

static void do_sweep(world *w)
{
    size_t most = rnd(4) == 0 ? 64 : rnd(4), done = 99, i, gone = 0;
    CHECK_ST(w->s.sweep(w->s.ctx, w->now, most, &done), TA_OK);
    CHECK(done <= most);
    for (i = 0; i < places(w); i++) {
        ta_record got;
        if (!w->pool[i].in || w->s.get(w->s.ctx, w->pool[i].id, &got) == TA_OK) continue;
        CHECK(w->pool[i].expires <= w->now);
        w->pool[i].in = false;
        gone++;
    }
    CHECK_EQ(gone, done);
    w->used -= gone;
    w->swept += (long)gone;
}

static void against_a_model(size_t count, size_t sessions, size_t subs, long rounds, bool every)
{
    world w = new_world(count, sessions, subs);
    long round;
    size_t place;
    locked(&w.t, &w.h);
    w.s = ta_table_store(&w.t);
    for (round = 0; round < rounds && GOING; round++) {
        /* fuller and emptier by turns */
        size_t inserts = round / (500 + 4 * (long)count) % 2 == 0 ? 6 : 2;
        if (rnd(every ? 20 : 400) == 0) w.now += (int64_t)rnd(600);
        place = rnd(8) == 0 ? w.sessions + rnd(w.subs) : rnd(w.sessions);
        if (rnd(every ? 12 : 100) == 0) do_sweep(&w);
        else if (rnd(8) < inserts) do_insert(&w, place);
        else do_swap(&w, place);
        if (every) {
            check_all(&w);
        } else {
            check_place(&w, place);
            check_place(&w, rnd(places(&w)));
            check_list(&w, place < w.sessions ? place % w.subs : place - w.sessions);
            if (round % 2000 == 0) check_all(&w);
        }
        CHECK_EQ(w.h.locks, w.h.unlocks);
    }
    check_all(&w);
    if (GOING) {                                   /* every case really came up */
        CHECK(w.conflicts > 0 && w.swept > 0);
        CHECK(w.fulls > 0);
        if (count > 1) CHECK(w.taken > 0);
    }
    /* and all of it can be taken out again */
    for (place = 0; place < places(&w) && GOING; place++) {
        if (w.pool[place].in) CHECK_ST(remove_(w.s, &w.pool[place].r), TA_OK);
        w.pool[place].in = false;
    }
    check_all(&w);
    free(w.t.slots);
    free(w.pool);
}

static void test_table_agrees_with_a_naive_list_in_small(void)
{
    against_a_model(1, 3, 2, 5000, true);
    against_a_model(2, 5, 2, 8000, true);
    against_a_model(3, 5, 1, 8000, true);
    against_a_model(5, 8, 3, 10000, true);
    against_a_model(8, 12, 2, 10000, true);
    against_a_model(16, 20, 3, 8000, true);
    against_a_model(17, 24, 4, 6000, true);
}

static void test_table_agrees_with_a_naive_list_in_large(void)
{
    against_a_model(100, 200, 6, 30000, false);
    against_a_model(1000, 3000, 40, 30000, false);
}

/* Hundreds of ids with the same first bytes: slower, but right.                                 */
static void test_table_ids_with_one_beginning(void)
{
    enum { N = 300 };
    size_t same;
    for (same = 4; same <= 14; same += 5) {
        ta_table t = table_of(N);
        ta_store s = ta_table_store(&t);
        uint8_t id[16], ids[N * 16];
        uint32_t i;
        ta_record r;
        for (i = 0; i < N; i++) {
            number_id(id, i);
            memmove(id + 14, id + 2, 2);
            memset(id, 0xEE, same);
            r = session(id, "ada", i);
            CHECK_ST(insert(s, &r, NEVER), TA_OK);
        }
        for (i = 0; i < N; i += 3) {
            number_id(id, i);
            memmove(id + 14, id + 2, 2);
            memset(id, 0xEE, same);
            r = session(id, "ada", i);
            CHECK_ST(remove_(s, &r), TA_OK);
        }
        for (i = 0; i < N && GOING; i++) {
            number_id(id, i);
            memmove(id + 14, id + 2, 2);
            memset(id, 0xEE, same);
            r = session(id, "ada", i);
            if (i % 3 == 0) check_gone(s, id);
            else check_there(s, &r);
        }
        CHECK_EQ(listed(s, "ada", NULL, ids, N), N - N / 3);
        free(t.slots);
    }
}

/* The hash is keyed: every bit of the id counts, and ids that were chosen to meet under one seed part
   again under another, so names cannot be made to slow down a table that nobody has seen.      */
static void test_table_hash_is_keyed_and_sees_every_bit(void)
{
    enum { N = 60 };
    ta_table a = table_of(200), b = table_of(200);
    uint8_t id[16], flipped[16], ids[N][16];
    uint32_t i, n = 0, hits[400], most = 0;
    unsigned bit;
#ifndef TOKENAUTH_NO_OS_RANDOM
    CHECK(a.seed != b.seed);
#endif
    b.seed = rnd64();
    for (i = 0; i < 20 && GOING; i++) {
        a.seed = rnd64();
        rnd_bytes(id, 16);
        for (bit = 0; bit < 128; bit++) {
            memcpy(flipped, id, 16);
            flipped[bit / 8] = (uint8_t)(flipped[bit / 8] ^ (1u << (bit % 8)));
            CHECK(tai_hash(&a, id) != tai_hash(&a, flipped));
        }
        memcpy(flipped, id + 8, 8);             /* and every place: the halves have keys of their own */
        memcpy(flipped + 8, id, 8);
        CHECK(tai_hash(&a, id) != tai_hash(&a, flipped));
    }
    a.seed = rnd64();
    for (i = 0; n < N; i++) {
        rnd_bytes(id, 16);
        if (tai_spread(tai_hash(&a, id), 399) == 7) memcpy(ids[n++], id, 16);
    }
    memset(hits, 0, sizeof hits);
    for (i = 0; i < N; i++) {
        size_t at = tai_spread(tai_hash(&b, ids[i]), 399);
        CHECK(at < 399);
        if (++hits[at] > most) most = hits[at];
    }
    CHECK(most <= 6);
    free(a.slots);
    free(b.slots);
}

/* Two ids of one hash, so of one home and one tag: only all sixteen bytes tell them apart. By the
   birthday rule a pair or two is among so many.                                               */
static void test_table_two_ids_of_one_hash(void)
{
    enum { N = 400000 };
    ta_table t = table_of(4);
    ta_store s = ta_table_store(&t);
    uint64_t *all = (uint64_t *)exact(N * sizeof *all);     /* hash, then what the id was made from */
    uint8_t a[16], b[16];
    ta_record r, q, next;
    size_t pairs = 0;
    uint32_t i;
    for (i = 0; i < N; i++) {
        number_id(a, i);
        all[i] = (uint64_t)tai_hash(&t, a) << 32 | i;
    }
    qsort(all, N, sizeof *all, by_number);
    for (i = 1; i < N && pairs < 3; i++) {
        if (all[i] >> 32 != all[i - 1] >> 32) continue;
        pairs++;
        number_id(a, (uint32_t)all[i - 1]);
        number_id(b, (uint32_t)all[i]);
        r = session(a, "ada", 1);
        q = session(b, "bob", 1);
        CHECK_ST(insert(s, &r, NEVER), TA_OK);
        check_gone(s, b);
        CHECK_ST(remove_(s, &q), TA_ERR_CONFLICT);
        CHECK_ST(insert(s, &q, NEVER), TA_OK);
        check_there(s, &r);
        check_there(s, &q);
        next = q;
        next.ver = 2;
        CHECK_ST(s.cas(s.ctx, b, &q, &next, NEVER), TA_OK);
        check_there(s, &r);
        CHECK_ST(remove_(s, &r), TA_OK);
        check_gone(s, a);
        check_there(s, &next);
        CHECK_ST(remove_(s, &next), TA_OK);
    }
    CHECK(pairs > 0);
    CHECK_EQ(tai_spread(0, 7), 0);                 /* homes are spread over the whole index */
    CHECK_EQ(tai_spread(UINT32_MAX, 7), 6);
    CHECK_EQ(tai_spread(UINT32_C(0x80000000), 7), 3);
    CHECK_EQ(tai_spread(UINT32_MAX, 1), 0);
    free(all);
    free(t.slots);
}

/* ---- snapshots ------------------------------------------------------------------------------------ */

/* All pieces one after the other in an exact block. cut[0..*pieces] are the places between them. */
static uint8_t *save(const ta_table *t, size_t cap, size_t *len, size_t *cut, size_t *pieces)
{
    uint8_t *all = (uint8_t *)exact(1), *piece;
    size_t slot = 0, n, total = 0, k = 0;
    do {
        piece = (uint8_t *)exact(cap);
        n = 99;
        CHECK_ST(ta_table_save(t, &slot, piece, cap, &n), TA_OK);
        CHECK(n > 0 && n <= cap);
        all = (uint8_t *)realloc(all, total + n + 1);
        memcpy(all + total, piece, n);
        if (cut != NULL) cut[k] = total;
        total += n;
        k++;
        free(piece);
    } while (slot != 0 && k <= t->count && GOING);
    CHECK_EQ(slot, 0);
    if (cut != NULL) cut[k] = total;
    if (pieces != NULL) *pieces = k;
    *len = total;
    piece = (uint8_t *)exact_copy(all, total);
    free(all);
    return piece;
}

/* A table with these many records in it, all with different content: sessions of two users, and
   their marks.                                                                                */
static ta_table filled(size_t count, size_t records)
{
    ta_table t = table_of(count);
    ta_store s = ta_table_store(&t);
    uint8_t id[16];
    uint32_t i;
    ta_record r;
    for (i = 0; i < records; i++) {
        if (i == 1) {
            r = mark("ada", 4, 0x01020304);
        } else {
            number_id(id, i * 2654435761u + 9);
            r = session(id, i % 2 != 0 ? "ada" : "bob", i);
            r.gen = i * 3;
            r.rotated_at = T0 + i;
        }
        CHECK_ST(insert(s, &r, T0 + 15 * DAY), TA_OK);
    }
    return t;
}

/* The same records in both. A table that was loaded as revoked differs in state and version.         */
static void check_same_tables(ta_table *a, ta_table *b, size_t records, bool revoked)
{
    ta_store x = ta_table_store(a), y = ta_table_store(b);
    uint8_t id[16], xs[64 * 16], ys[64 * 16];
    uint32_t i;
    size_t n;
    for (i = 0; i < records; i++) {
        ta_record p, q;
        number_id(id, i * 2654435761u + 9);
        if (i == 1) user_id("ada", id);
        CHECK_ST(x.get(x.ctx, id, &p), TA_OK);
        CHECK_ST(y.get(y.ctx, id, &q), TA_OK);
        if (revoked && p.kind == 1) {
            CHECK_EQ(q.state, 1);
            CHECK_EQ(q.ver, p.ver + 1);            /* a write like any other */
            q.state = p.state;
            q.ver = p.ver;
        }
        CHECK(same_record(&p, &q));
    }
    n = listed(x, "ada", NULL, xs, 64);
    CHECK_EQ(listed(y, "ada", NULL, ys, 64), n);
    CHECK_BYTES(ys, xs, 16 * n);
    n = listed(x, "bob", NULL, xs, 64);
    CHECK_EQ(listed(y, "bob", NULL, ys, 64), n);
    CHECK_BYTES(ys, xs, 16 * n);
}

/* Nothing is in it, and all of its slots can be filled.                                         */
static void check_empty(ta_table *t)
{
    ta_store s = ta_table_store(t);
    uint8_t id[16], ids[64 * 16];
    uint32_t i;
    for (i = 0; i < 8; i++) {
        number_id(id, i * 2654435761u + 9);
        check_gone(s, id);
    }
    user_id("ada", id);
    check_gone(s, id);
    CHECK_EQ(listed(s, "ada", NULL, ids, 64), 0);
    CHECK_EQ(listed(s, "bob", NULL, ids, 64), 0);
}

static void check_usable(ta_table *t)
{
    ta_store s = ta_table_store(t);
    uint8_t id[16];
    uint32_t i;
    ta_record r;
    for (i = 0; i <= t->count; i++) {
        number_id(id, i * 977u + 5);
        r = session(id, "zoe", i);
        CHECK_ST(insert(s, &r, NEVER), i < t->count ? TA_OK : TA_ERR_FULL);
    }
    for (i = 0; i < t->count; i++) {
        number_id(id, i * 977u + 5);
        r = session(id, "zoe", i);
        CHECK_ST(remove_(s, &r), TA_OK);
    }
}

static void test_table_save_and_load_with_room_of_every_size(void)
{
    size_t records, cap, len;
    for (records = 0; records <= 6 && GOING; records++) {
        ta_table t = filled(7, records), back = table_of(7);
        for (cap = TA_SNAPSHOT_CAP(1); cap <= TA_SNAPSHOT_CAP(7) + 1 && GOING; cap++) {
            uint8_t *snap;
            if (cap % 7 != 0 && cap > TA_SNAPSHOT_CAP(1) + 3 && cap < TA_SNAPSHOT_CAP(7) - 3
                && (cap - 50) % TA_RECORD_SIZE > 5) continue;
            snap = save(&t, cap, &len, NULL, NULL);
            CHECK_ST(ta_table_load(&back, snap, len, T0 + 100, TA_LOAD_RESUME, 1000), TA_OK);
            check_same_tables(&t, &back, records, false);
            free(snap);
        }
        free(t.slots);
        free(back.slots);
    }
}

/* The macro's promise: that much is one piece for the whole table.                              */
static void test_table_snapshot_cap_is_enough_for_one_piece(void)
{
    size_t count, pieces, len;
    for (count = 1; count <= 40 && GOING; count++) {
        ta_table t = filled(count, count);
        uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(count), &len, NULL, &pieces);
        CHECK_EQ(pieces, 1);
        CHECK(len <= TA_SNAPSHOT_CAP(count));
        free(snap);
        free(t.slots);
    }
}

static void test_table_save_too_little_room(void)
{
    ta_table t = filled(3, 3), back = table_of(3);
    size_t cap, slot, n, len = 0;
    for (cap = 0; cap < TA_SNAPSHOT_CAP(1) && GOING; cap++) {
        uint8_t *out = (uint8_t *)exact(cap);
        slot = 0;
        n = 9;
        CHECK_ST(ta_table_save(&t, &slot, out, cap, &n), TA_ERR_SPACE);
        CHECK_EQ(n, 0);
        CHECK_EQ(slot, 0);
        free(out);
    }
    {                                              /* too little half way: go on with more */
        uint8_t all[TA_SNAPSHOT_CAP(3) + 2 * TA_SNAPSHOT_CAP(1)];
        size_t half;
        slot = 0;
        CHECK_ST(ta_table_save(&t, &slot, all, TA_SNAPSHOT_CAP(1), &len), TA_OK);
        CHECK(slot != 0);
        half = slot;
        n = 9;
        CHECK_ST(ta_table_save(&t, &slot, all + len, 10, &n), TA_ERR_SPACE);
        CHECK_EQ(n, 0);
        CHECK_EQ(slot, half);
        CHECK_ST(ta_table_save(&t, &slot, all + len, TA_SNAPSHOT_CAP(3), &n), TA_OK);
        CHECK_EQ(slot, 0);
        CHECK_ST(ta_table_load(&back, all, len + n, T0 + 9, TA_LOAD_RESUME, 1000), TA_OK);
        check_same_tables(&t, &back, 3, false);
    }
    free(t.slots);
    free(back.slots);
}

static void test_table_save_arguments(void)
{
    ta_table t = filled(3, 3);
    char out[TA_SNAPSHOT_CAP(3)];
    size_t slot = 0, n = 9;
    CHECK_ST(ta_table_save(NULL, &slot, out, sizeof out, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    n = 9;
    CHECK_ST(ta_table_save(&t, NULL, out, sizeof out, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    n = 9;
    CHECK_ST(ta_table_save(&t, &slot, NULL, sizeof out, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    CHECK_ST(ta_table_save(&t, &slot, out, sizeof out, NULL), TA_ERR_ARGUMENT);
    CHECK_EQ(slot, 0);
    slot = 3;                                      /* no such place */
    n = 9;
    CHECK_ST(ta_table_save(&t, &slot, out, sizeof out, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    slot = SIZE_MAX;
    n = 9;
    CHECK_ST(ta_table_save(&t, &slot, out, sizeof out, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    free(t.slots);
}

/* Saving changes nothing, and does so twice in the same way.                                    */
static void test_table_save_only_reads(void)
{
    ta_table t = filled(5, 4);
    ta_slot *before = (ta_slot *)exact_copy(t.slots, 5 * sizeof *before);
    size_t a_len, b_len;
    uint8_t *a = save(&t, TA_SNAPSHOT_CAP(5), &a_len, NULL, NULL);
    uint8_t *b = save(&t, TA_SNAPSHOT_CAP(5), &b_len, NULL, NULL);
    CHECK_EQ(a_len, b_len);
    if (a_len == b_len) CHECK_BYTES(a, b, a_len);
    CHECK_BYTES(t.slots, before, 5 * sizeof *before);
    free(a);
    free(b);
    free(before);
    free(t.slots);
}

static void refused(ta_table *t, const uint8_t *snap, size_t len)
{
    uint8_t *in = (uint8_t *)exact_copy(snap, len);
    CHECK_ST(ta_table_load(t, in, len, T0 + 100, TA_LOAD_RESUME, 1000), TA_ERR_SNAPSHOT);
    check_empty(t);
    free(in);
}

/* ---- snapshots that somebody made: the checksum is right, the rest is not -------------------------- */

#define HEAD 20

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* magic, record size, two zeros; from, to, count; the records; SHA-256 of all that. Gives its length. */
static size_t make_piece(uint8_t *out, uint32_t from, uint32_t to, const ta_record *r, uint32_t count)
{
    uint32_t i;
    size_t n = HEAD + (size_t)count * TA_RECORD_SIZE;
    memcpy(out, "TAS1", 4);
    out[4] = TA_RECORD_SIZE >> 8;
    out[5] = TA_RECORD_SIZE & 255;
    out[6] = out[7] = 0;
    put32(out + 8, from);
    put32(out + 12, to);
    put32(out + 16, count);
    for (i = 0; i < count; i++) ta_record_pack(&r[i], out + HEAD + (size_t)i * TA_RECORD_SIZE);
    ta_sha256_once(out, n, out + n);
    return n + TA_SHA256_SIZE;
}

/* The checksum again, after something was changed.                                              */
static void sum(uint8_t *piece, size_t len)
{
    ta_sha256_once(piece, len - TA_SHA256_SIZE, piece + len - TA_SHA256_SIZE);
}

static void three_records(ta_record r[3])
{
    uint8_t id[16];
    uint32_t i;
    for (i = 0; i < 3; i++) {
        number_id(id, i * 2654435761u + 9);
        r[i] = session(id, i == 0 ? "bob" : "ada", i);
    }
    r[1] = mark("ada", 4, 5);
}

/* What was saved today must load in ten years: the bytes are part of the contract.              */
static void test_table_snapshot_layout_by_hand(void)
{
    ta_table t = table_of(5), back = table_of(3);
    ta_store s = ta_table_store(&t), b = ta_table_store(&back);
    ta_record r[3];
    uint8_t want[TA_SNAPSHOT_CAP(3)], *got;
    size_t len, n, i;
    three_records(r);
    for (i = 0; i < 3; i++) CHECK_ST(insert(s, &r[i], NEVER), TA_OK);
    n = make_piece(want, 0, 0, r, 3);
    CHECK_EQ(n, TA_SNAPSHOT_CAP(3));
    got = save(&t, TA_SNAPSHOT_CAP(5), &len, NULL, NULL);
    CHECK_EQ(len, n);
    if (len == n) CHECK_BYTES(got, want, n);
    CHECK_ST(ta_table_load(&back, want, n, T0 + 20, TA_LOAD_RESUME, 1000), TA_OK);
    for (i = 0; i < 3; i++) check_there(b, &r[i]);
    free(got);
    /* in pieces: each says where it begins and where the next one does */
    n = make_piece(want, 0, 1, r, 1);
    got = save(&t, TA_SNAPSHOT_CAP(1), &len, NULL, NULL);
    CHECK_EQ(len, 3 * TA_SNAPSHOT_CAP(1));
    if (len > n) CHECK_BYTES(got, want, n);
    free(got);
    free(t.slots);
    free(back.slots);
}

static void test_table_load_checksummed_but_wrong_headers(void)
{
    static const struct { size_t at; uint32_t v; } row[] = {
        {0, 0}, {0, 0x54415332}, {0, 0x74617331}, {4, 0}, {4, (uint32_t)(TA_RECORD_SIZE + 1) << 16},
        {4, (uint32_t)TA_RECORD_SIZE << 16 | 1}, {4, (uint32_t)TA_RECORD_SIZE << 16 | 0x100},
        {8, 1}, {8, 0xFFFFFFFFu},
        {12, 1}, {12, 3}, {12, 0xFFFFFFFFu}, {16, 0}, {16, 1}, {16, 2}, {16, 4},
        {16, 0x7FFFFFFF}, {16, 0xFFFFFFFFu},
        {16, 0x80000000u}, {16, 0x02000003}, {16, 0x20000003}
    };
    ta_table back = table_of(8);
    ta_record r[3];
    uint8_t buf[4 * TA_SNAPSHOT_CAP(3)];
    size_t n, m, i;
    three_records(r);
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        n = make_piece(buf, 0, 0, r, 3);
        put32(buf + row[i].at, row[i].v);
        sum(buf, n);
        refused(&back, buf, n);
        if (check.bad > 0) { printf("  row %lu\n", (unsigned long)i); break; }
    }
    /* a chain of pieces goes upwards, from 0 to 0, without a gap */
    n = make_piece(buf, 0, 1, r, 1);
    m = make_piece(buf + n, 1, 0, r + 1, 2);
    CHECK_ST(ta_table_load(&back, buf, n + m, T0 + 20, TA_LOAD_RESUME, 1000), TA_OK);
    for (i = 0; i < 8; i++) {
        static const uint32_t a_to[]   = {1, 1, 2, 0, 5, 5, 1, 7};
        static const uint32_t b_from[] = {0, 2, 1, 0, 4, 5, 1, 8};
        static const uint32_t b_to[]   = {0, 0, 0, 0, 0, 5, 1, 0};
        n = make_piece(buf, 0, a_to[i], r, 1);
        m = make_piece(buf + n, b_from[i], b_to[i], r + 1, 2);
        refused(&back, buf, n + m);
    }
    n = make_piece(buf, 0, 5, r, 1);               /* downwards, and at last to 0 */
    n += make_piece(buf + n, 5, 4, r + 1, 1);
    n += make_piece(buf + n, 4, 0, r + 2, 1);
    refused(&back, buf, n);
    n = make_piece(buf, 0, 1, r, 1);               /* round and round, with nothing in it */
    for (i = 0; i < 3; i++) n += make_piece(buf + n, 1, 1, r, 0);
    refused(&back, buf, n);
    n += make_piece(buf + n, 1, 0, r + 1, 2);      /* and out of it again */
    refused(&back, buf, n);
    free(back.slots);
}

/* The age is that of the newest record, wherever it stands among the others.                    */
static void test_table_load_age_is_that_of_the_newest_record(void)
{
    ta_table back = table_of(3);
    uint8_t buf[TA_SNAPSHOT_CAP(3)];
    size_t n, i;
    for (i = 0; i < 3; i++) {
        ta_record r[3];
        three_records(r);
        r[0].rotated_at = r[2].rotated_at = T0 + 10;
        r[1].ends_at += 7;
        if (i == 1) {
            r[1].created = r[1].rotated_at = r[1].idle_until = T0 + 500;     /* a mark, just made */
        } else {
            r[i].rotated_at = T0 + 500;
        }
        n = make_piece(buf, 0, 0, r, 3);
        CHECK_ST(ta_table_load(&back, buf, n, T0 + 560, TA_LOAD_RESUME, 60), TA_OK);
        CHECK_ST(ta_table_load(&back, buf, n, T0 + 561, TA_LOAD_RESUME, 60), TA_ERR_SNAPSHOT);
        check_empty(&back);
    }
    {
        ta_record r[3];                             /* the oldest there can be */
        three_records(r);
        r[0].created = r[0].rotated_at = 1;
        n = make_piece(buf, 0, 0, r, 1);
        CHECK_ST(ta_table_load(&back, buf, n, 1, TA_LOAD_RESUME, 60), TA_OK);
        CHECK_ST(ta_table_load(&back, buf, n, 62, TA_LOAD_RESUME, 60), TA_ERR_SNAPSHOT);
    }
    free(back.slots);
}

/* A record is trusted no more than the file: each of its bits, with the checksum put right.      */
static void test_table_load_checksummed_but_wrong_records(void)
{
    ta_table back = table_of(3);
    ta_record r[3];
    uint8_t buf[TA_SNAPSHOT_CAP(3)];
    size_t n, bit, taken = 0, len;
    three_records(r);
    n = make_piece(buf, 0, 0, r, 3);
    for (bit = 0; bit < 3 * 8 * (size_t)TA_RECORD_SIZE && GOING; bit++) {
        uint8_t *at = buf + HEAD + bit / 8;
        ta_record one;
        uint8_t *whole = buf + HEAD + bit / 8 / TA_RECORD_SIZE * TA_RECORD_SIZE;
        bool sound;
        *at = (uint8_t)(*at ^ (1u << (bit % 8)));
        sum(buf, n);
        sound = ta_record_unpack(whole, TA_RECORD_SIZE, &one) == TA_OK;
        if (!sound) {
            refused(&back, buf, n);
        } else if (ta_table_load(&back, buf, n, T0 + 20, TA_LOAD_RESUME, INT32_MAX) == TA_OK) {
            int64_t end = one.kind == 1 && one.idle_until < one.ends_at ? one.idle_until : one.ends_at;
            uint8_t *again = save(&back, TA_SNAPSHOT_CAP(3), &len, NULL, NULL);
            if (end + DAY > T0 + 20) {             /* else it was left out */
                check_there(ta_table_store(&back), &one);
                CHECK_EQ(len, n);
                if (len == n) CHECK_BYTES(again, buf, n);
                taken++;
            }
            free(again);
        }
        *at = (uint8_t)(*at ^ (1u << (bit % 8)));
    }
    CHECK(taken > 100);
    free(back.slots);
}

static void test_table_load_two_of_one_id(void)
{
    ta_table back = table_of(8);
    ta_record r[3];
    uint8_t buf[2 * TA_SNAPSHOT_CAP(3)];
    size_t n;
    three_records(r);
    memcpy(r[2].id, r[0].id, 16);
    n = make_piece(buf, 0, 0, r, 3);
    refused(&back, buf, n);
    r[2] = r[0];
    n = make_piece(buf, 0, 0, r, 3);
    refused(&back, buf, n);
    r[2] = r[1];                                   /* a mark twice */
    n = make_piece(buf, 0, 0, r, 3);
    refused(&back, buf, n);
    three_records(r);
    memcpy(r[2].id, r[1].id, 16);                  /* a session in a mark's place */
    n = make_piece(buf, 0, 0, r, 3);
    refused(&back, buf, n);
    n = make_piece(buf, 0, 1, r, 1);               /* in two pieces */
    n += make_piece(buf + n, 1, 0, r, 1);
    refused(&back, buf, n);
    free(back.slots);
}

/* Ids that all fall on one place of the index would make each call slow. Nobody outside knows the
   seed, but a file could have been made for it: 1,024 steps, and no more.                      */
static void test_table_load_bounds_the_probes(void)
{
    enum { N = 1026 };
    ta_table t = table_of(2 * N);
    ta_store s = ta_table_store(&t);
    ta_record *r = (ta_record *)exact(N * sizeof *r), got;
    uint8_t *buf = (uint8_t *)exact(TA_SNAPSHOT_CAP(N)), id[16];
    uint32_t i, n = 0;
    size_t len;
    rnd_bytes(id, 16);
    for (i = 0; n < N; i++) {
        put32(id, i);
        if (tai_spread(tai_hash(&t, id), tai_buckets(&t)) != 100) continue;
        r[n++] = session(id, "ada", 1);
    }
    len = make_piece(buf, 0, 0, r, N - 1);
    CHECK_ST(ta_table_load(&t, buf, len, T0 + 20, TA_LOAD_RESUME, 1000), TA_OK);
    check_there(s, &r[0]);
    check_there(s, &r[N - 2]);
    len = make_piece(buf, 0, 0, r, N);
    CHECK_ST(ta_table_load(&t, buf, len, T0 + 20, TA_LOAD_RESUME, 1000), TA_ERR_SNAPSHOT);
    CHECK_ST(s.get(s.ctx, r[0].id, &got), TA_ERR_NOT_FOUND);
    for (i = 0; i < N; i++) CHECK_ST(insert(s, &r[i], NEVER), TA_OK);      /* one by one: slow, but right */
    check_there(s, &r[N - 1]);
    free(buf);
    free(r);
    free(t.slots);
}

static void test_table_load_every_bit_flipped(void)
{
    ta_table t = filled(4, 3), back = table_of(4);
    size_t len, cut[5], pieces, i, way;
    for (way = 0; way < 2; way++) {
        uint8_t *snap = save(&t, way == 0 ? TA_SNAPSHOT_CAP(4) : TA_SNAPSHOT_CAP(1), &len, cut, &pieces);
        for (i = 0; i < 8 * len && GOING; i++) {
            snap[i / 8] = (uint8_t)(snap[i / 8] ^ (1u << (i % 8)));
            refused(&back, snap, len);
            snap[i / 8] = (uint8_t)(snap[i / 8] ^ (1u << (i % 8)));
            if (i % 1000 == 0) check_usable(&back);
        }
        check_usable(&back);
        CHECK_ST(ta_table_load(&back, snap, len, T0 + 100, TA_LOAD_RESUME, 1000), TA_OK);
        check_same_tables(&t, &back, 3, false);
        free(snap);
    }
    free(t.slots);
    free(back.slots);
}

static void test_table_load_cut_or_with_more_behind(void)
{
    ta_table t = filled(4, 3), back = table_of(4);
    size_t len, cut[5], pieces, n, way;
    for (way = 0; way < 2; way++) {
        uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(way == 0 ? 4 : 1), &len, cut, &pieces), *more;
        for (n = 0; n < len && GOING; n++) refused(&back, snap, n);
        for (n = 1; n < len && GOING; n++) refused(&back, snap + n, len - n);
        for (n = 1; n < 200 && GOING; n++) {
            more = (uint8_t *)exact(len + n);
            memcpy(more, snap, len);
            memset(more + len, n % 2 != 0 ? 0 : 0xFF, n);
            refused(&back, more, len + n);
            free(more);
        }
        free(snap);
    }
    CHECK_ST(ta_table_load(&back, NULL, 0, T0, TA_LOAD_REVOKE_ALL, 0), TA_ERR_SNAPSHOT);
    free(t.slots);
    free(back.slots);
}

/* The pieces of one save, in the order of the list; each is piece[i] of the snapshot.            */
static void load_pieces(ta_table *back, const uint8_t *snap, const size_t *cut, const size_t *order, size_t n)
{
    uint8_t *all = (uint8_t *)exact(4096 + 4 * TEXT * 8);
    size_t i, len = 0;
    for (i = 0; i < n; i++) {
        memcpy(all + len, snap + cut[order[i]], cut[order[i] + 1] - cut[order[i]]);
        len += cut[order[i] + 1] - cut[order[i]];
    }
    refused(back, all, len);
    free(all);
}

static void test_table_load_pieces_swapped_doubled_missing(void)
{
    ta_table t = filled(4, 4), back = table_of(12);
    size_t len, cut[8], pieces, i, k;
    uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(1), &len, cut, &pieces);
    CHECK(pieces == 4);
    for (i = 0; i < pieces && GOING; i++) {
        size_t order[8], n = 0;
        for (k = 0; k < pieces; k++) if (k != i) order[n++] = k;          /* one missing */
        load_pieces(&back, snap, cut, order, n);
        for (n = 0, k = 0; k < pieces; k++) {                             /* one twice */
            order[n++] = k;
            if (k == i) order[n++] = k;
        }
        load_pieces(&back, snap, cut, order, n);
        order[0] = i;                                                     /* one alone */
        load_pieces(&back, snap, cut, order, 1);
        for (k = 0; k < pieces; k++) {                                    /* two swapped */
            if (k == i) continue;
            for (n = 0; n < pieces; n++) order[n] = n;
            order[i] = k;
            order[k] = i;
            load_pieces(&back, snap, cut, order, pieces);
        }
        for (n = 0; n < pieces; n++) order[n] = n;
        order[pieces] = i;                                                /* one again at the end */
        load_pieces(&back, snap, cut, order, pieces + 1);
    }
    {
        size_t twice[] = {0, 1, 2, 3, 0, 1, 2, 3};                        /* the whole of it twice */
        load_pieces(&back, snap, cut, twice, 8);
    }
    CHECK_ST(ta_table_load(&back, snap, len, T0 + 100, TA_LOAD_RESUME, 1000), TA_OK);
    check_same_tables(&t, &back, 4, false);
    free(snap);
    free(t.slots);
    free(back.slots);
}

static void test_table_load_random_bytes(void)
{
    ta_table t = filled(4, 3), back = table_of(4);
    size_t len, round, k;
    uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(1), &len, NULL, NULL), junk[600];
    for (round = 0; round < 3000 && GOING; round++) {
        uint8_t *in = (uint8_t *)exact_copy(snap, len);
        for (k = rnd(3) + 1; k > 0; k--) {
            size_t at = rnd(len);
            uint8_t v = (uint8_t)rnd64();
            if (in[at] == v) v++;
            in[at] = v;
        }
        if (memcmp(in, snap, len) != 0) refused(&back, in, len);
        free(in);
        k = rnd(sizeof junk);
        rnd_bytes(junk, k);
        refused(&back, junk, k);
    }
    free(snap);
    free(t.slots);
    free(back.slots);
}

static void test_table_load_into_other_sizes(void)
{
    ta_table t = filled(9, 9);
    size_t count, len, way;
    for (way = 0; way < 2; way++) {
        uint8_t *snap = save(&t, way == 0 ? TA_SNAPSHOT_CAP(9) : TA_SNAPSHOT_CAP(2), &len, NULL, NULL);
        for (count = 1; count <= 30 && GOING; count++) {
            ta_table back = table_of(count);
            ta_status st = ta_table_load(&back, snap, len, T0 + 100, TA_LOAD_RESUME, 1000);
            CHECK_ST(st, count >= 9 ? TA_OK : TA_ERR_SNAPSHOT);
            if (st == TA_OK) {
                check_same_tables(&t, &back, 9, false);
            } else {
                check_empty(&back);
                check_usable(&back);
            }
            free(back.slots);
        }
        free(snap);
    }
    free(t.slots);
}

/* Whatever was in the table before is gone, after a good load and after a bad one.              */
static void test_table_load_replaces_what_was_there(void)
{
    ta_table t = filled(3, 2), back = table_of(3);
    ta_store s = ta_table_store(&back);
    uint8_t id[16], ids[3 * 16];
    size_t len, way;
    uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(3), &len, NULL, NULL);
    ta_record r;
    number_id(id, 4711);
    for (way = 0; way < 2; way++) {
        r = session(id, "zoe", 1);
        CHECK_ST(insert(s, &r, NEVER), TA_OK);
        if (way == 1) snap[len / 2] ^= 4;
        CHECK_ST(ta_table_load(&back, snap, len, T0 + 9, TA_LOAD_RESUME, 1000),
                 way == 0 ? TA_OK : TA_ERR_SNAPSHOT);
        check_gone(s, id);
        CHECK_EQ(listed(s, "zoe", NULL, ids, 3), 0);
        if (way == 0) check_same_tables(&t, &back, 2, false);
    }
    check_empty(&back);
    check_usable(&back);
    free(snap);
    free(t.slots);
    free(back.slots);
}

static void test_table_load_revoke_all_is_the_default(void)
{
    ta_table t = filled(6, 6), back = table_of(6);
    size_t len;
    uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(6), &len, NULL, NULL);
    CHECK_EQ(TA_LOAD_REVOKE_ALL, 0);
    CHECK_ST(ta_table_load(&back, snap, len, T0 + 100, TA_LOAD_REVOKE_ALL, 0), TA_OK);
    check_same_tables(&t, &back, 6, true);
    /* however old it is */
    CHECK_ST(ta_table_load(&back, snap, len, T0 + 14 * DAY, TA_LOAD_REVOKE_ALL, 0), TA_OK);
    check_same_tables(&t, &back, 6, true);
    CHECK_ST(ta_table_load(&back, snap, len, T0 + 100, TA_LOAD_RESUME, 1000), TA_OK);
    check_same_tables(&t, &back, 6, false);
    if (ta_table_load(&back, snap, len, T0 + 100, (ta_load)2, 1000) == TA_OK) {
        check_same_tables(&t, &back, 6, true);     /* a number that is none does not resume */
    }
    free(snap);
    free(t.slots);
    free(back.slots);
}

/* In a full table a login may take the slot of its user's revoked session; a snapshot may not, or what it holds
   would depend on the order of its records.                                                       */
static void test_table_load_of_more_than_fits(void)
{
    ta_table t = table_of(5), back = table_of(4);
    ta_store s = ta_table_store(&t);
    size_t len, i;
    uint8_t *snap, id[16];
    ta_record r;
    for (i = 0; i < 5; i++) {
        memset(id, (int)i + 1, sizeof id);
        r = session(id, "zoe", 1);
        r.state = 1;
        CHECK_ST(insert(s, &r, NEVER), TA_OK);
    }
    snap = save(&t, TA_SNAPSHOT_CAP(5), &len, NULL, NULL);
    CHECK_ST(ta_table_load(&back, snap, len, T0 + 9, TA_LOAD_RESUME, 1000), TA_ERR_SNAPSHOT);
    check_empty(&back);
    CHECK_ST(ta_table_load(&back, snap, len, T0 + 9, TA_LOAD_REVOKE_ALL, 0), TA_ERR_SNAPSHOT);
    check_empty(&back);
    free(snap);
    free(t.slots);
    free(back.slots);
}

/* RESUME brings ended sessions back to life, so an old picture is refused: by the newest time in it. */
static void test_table_load_resume_refuses_old_snapshots(void)
{
    static const int32_t most[] = {1, 2, 60, 3600, INT32_MAX};
    ta_table t = filled(6, 6), back = table_of(6);
    size_t len, i;
    int64_t newest = T0 + 5;                       /* rotated_at of the last one */
    uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(6), &len, NULL, NULL);
    for (i = 0; i < 5; i++) {
        CHECK_ST(ta_table_load(&back, snap, len, newest, TA_LOAD_RESUME, most[i]), TA_OK);
        if (most[i] > 3600) continue;              /* all of them have expired by then */
        CHECK_ST(ta_table_load(&back, snap, len, newest + most[i], TA_LOAD_RESUME, most[i]), TA_OK);
        check_same_tables(&t, &back, 6, false);
        CHECK_ST(ta_table_load(&back, snap, len, newest + most[i] + 1, TA_LOAD_RESUME, most[i]),
                 TA_ERR_SNAPSHOT);
        check_empty(&back);
    }
    CHECK_ST(ta_table_load(&back, snap, len, INT64_MAX, TA_LOAD_RESUME, INT32_MAX), TA_ERR_SNAPSHOT);
    /* a clock that lost its battery makes nothing young: no age is clamped to 0 */
    CHECK_ST(ta_table_load(&back, snap, len, newest - 1, TA_LOAD_RESUME, 60), TA_OK);
    CHECK_ST(ta_table_load(&back, snap, len, newest - 60, TA_LOAD_RESUME, 60), TA_OK);
    CHECK_ST(ta_table_load(&back, snap, len, newest - 61, TA_LOAD_RESUME, 60), TA_ERR_SNAPSHOT);
    CHECK_ST(ta_table_load(&back, snap, len, 1, TA_LOAD_RESUME, 3600), TA_ERR_SNAPSHOT);
    check_empty(&back);
    CHECK_ST(ta_table_load(&back, snap, len, newest, TA_LOAD_RESUME, 0), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_load(&back, snap, len, newest, TA_LOAD_RESUME, -1), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_load(&back, snap, len, newest, TA_LOAD_RESUME, INT32_MIN), TA_ERR_ARGUMENT);
    free(snap);
    free(t.slots);
    free(back.slots);
}

static void test_table_load_leaves_expired_ones_out(void)
{
    ta_table t = table_of(4), back = table_of(4);
    ta_store s = ta_table_store(&t), b = ta_table_store(&back);
    uint8_t id[3][16], ids[4 * 16];
    ta_record r[3], m = mark("ada", 1, 5);
    size_t len, i;
    uint8_t *snap;
    for (i = 0; i < 3; i++) {
        number_id(id[i], (uint32_t)i + 1);
        r[i] = session(id[i], "ada", 1);
        r[i].rotated_at = T0;
    }
    r[0].idle_until = T0 + 100;                    /* the earlier of the two, and a day, counts */
    r[0].ends_at = T0 + 5000;
    r[1].idle_until = T0 + 5000;
    r[1].ends_at = T0 + 200;
    r[2].idle_until = T0 + 5000;
    r[2].ends_at = T0 + 5000;
    m.ends_at = T0 + 300;
    CHECK_ST(insert(s, &r[0], T0 + 100 + DAY), TA_OK);
    CHECK_ST(insert(s, &r[1], T0 + 200 + DAY), TA_OK);
    CHECK_ST(insert(s, &r[2], T0 + 5000 + DAY), TA_OK);
    CHECK_ST(insert(s, &m, T0 + 300 + DAY), TA_OK);
    snap = save(&t, TA_SNAPSHOT_CAP(4), &len, NULL, NULL);
    for (i = 0; i < 8; i++) {
        static const int64_t at[] = {99, 100, 199, 200, 299, 300, 4999, 5000};
        int64_t now = T0 + DAY + at[i];
        CHECK_ST(ta_table_load(&back, snap, len, now, TA_LOAD_RESUME, 2 * 86400), TA_OK);
        if (at[i] < 100) check_there(b, &r[0]); else check_gone(b, id[0]);
        if (at[i] < 200) check_there(b, &r[1]); else check_gone(b, id[1]);
        if (at[i] < 300) check_there(b, &m); else check_gone(b, m.id);
        if (at[i] < 5000) check_there(b, &r[2]); else check_gone(b, id[2]);
        CHECK_EQ(listed(b, "ada", NULL, ids, 4), (at[i] < 100) + (at[i] < 200) + (at[i] < 5000));
    }
    /* the loaded ones keep their end: a sweep finds it */
    CHECK_ST(ta_table_load(&back, snap, len, T0 + 9, TA_LOAD_RESUME, 1000), TA_OK);
    for (i = 0; i < 4; i++) {
        static const int64_t end[] = {100, 200, 300, 5000};
        size_t done = 9;
        CHECK_ST(b.sweep(b.ctx, T0 + DAY + end[i] - 1, 64, &done), TA_OK);
        CHECK_EQ(done, 0);
        CHECK_ST(b.sweep(b.ctx, T0 + DAY + end[i], 64, &done), TA_OK);
        CHECK_EQ(done, 1);
    }
    free(snap);
    free(t.slots);
    free(back.slots);
}

static void test_table_load_of_an_empty_table(void)
{
    ta_table t = table_of(3), back = table_of(2), full = filled(2, 2);
    size_t len, pieces;
    uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(1), &len, NULL, &pieces);
    CHECK_EQ(pieces, 1);
    CHECK_ST(ta_table_load(&back, snap, len, T0, TA_LOAD_REVOKE_ALL, 0), TA_OK);
    check_empty(&back);
    check_usable(&back);
    CHECK_ST(ta_table_load(&full, snap, len, T0, TA_LOAD_RESUME, 1), TA_OK);
    check_empty(&full);
    check_usable(&full);
    free(snap);
    free(t.slots);
    free(back.slots);
    free(full.slots);
}

static void test_table_load_arguments_and_clock(void)
{
    ta_table t = filled(3, 3), back = table_of(3);
    size_t len;
    uint8_t *snap = save(&t, TA_SNAPSHOT_CAP(3), &len, NULL, NULL);
    CHECK_ST(ta_table_load(NULL, snap, len, T0, TA_LOAD_REVOKE_ALL, 0), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_load(&back, NULL, len, T0, TA_LOAD_REVOKE_ALL, 0), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_load(&back, snap, len, 0, TA_LOAD_REVOKE_ALL, 0), TA_ERR_CLOCK);
    CHECK_ST(ta_table_load(&back, snap, len, -1, TA_LOAD_RESUME, 5), TA_ERR_CLOCK);
    CHECK_ST(ta_table_load(&back, snap, len, INT64_MIN, TA_LOAD_RESUME, 5), TA_ERR_CLOCK);
    check_empty(&back);
    free(snap);
    free(t.slots);
    free(back.slots);
}

/* A loaded table is a table like any other: random work goes on where it stopped, over and over.  */
static void test_table_goes_on_after_save_and_load(void)
{
    world w = new_world(24, 32, 3);
    int round;
    size_t len, step;
    w.s = ta_table_store(&w.t);
    for (round = 0; round < 60 && GOING; round++) {
        ta_table next;
        uint8_t *snap;
        for (step = 0; step < 60; step++) {
            size_t place = rnd(8) == 0 ? w.sessions + rnd(w.subs) : rnd(w.sessions);
            if (rnd(8) < 6) do_insert(&w, place);
            else do_swap(&w, place);
        }
        snap = save(&w.t, TA_SNAPSHOT_CAP(1 + rnd(24)), &len, NULL, NULL);
        next = table_of(w.used + rnd(9) + (w.used == 0));
        CHECK_ST(ta_table_load(&next, snap, len, T0 + 1, TA_LOAD_RESUME, INT32_MAX), TA_OK);
        free(snap);
        free(w.t.slots);
        w.t = next;
        w.count = next.count;
        w.s = ta_table_store(&w.t);
        check_all(&w);
    }
    free(w.t.slots);
    free(w.pool);
}

/* Changes between two pieces may be in it or not, but what nobody touched is, and once.         */
static void test_table_changes_between_pieces(void)
{
    int round;
    for (round = 0; round < 200 && GOING; round++) {
        enum { N = 12 };
        ta_table t = table_of(N + 4), back = table_of(2 * N);
        ta_store s = ta_table_store(&t), b = ta_table_store(&back);
        uint8_t id[16], all[2 * N * TA_SNAPSHOT_CAP(1)];
        ta_record r;
        uint32_t i;
        size_t slot = 0, n, len = 0;
        ta_status st;
        for (i = 0; i < N; i++) {
            number_id(id, i);
            r = session(id, "ada", 1);
            CHECK_ST(insert(s, &r, T0 + 15 * DAY), TA_OK);
        }
        do {
            CHECK_ST(ta_table_save(&t, &slot, all + len, TA_SNAPSHOT_CAP(1 + rnd(3)), &n), TA_OK);
            len += n;
            i = (uint32_t)rnd(N / 2) * 2;          /* the odd ones are left alone */
            number_id(id, i);
            r = session(id, "ada", 1);
            if (rnd(2) == 0) (void)(remove_(s, &r) == TA_OK);
            else (void)(insert(s, &r, T0 + 15 * DAY) == TA_OK);
        } while (slot != 0 && len < sizeof all - TA_SNAPSHOT_CAP(3) && GOING);
        CHECK_EQ(slot, 0);
        st = ta_table_load(&back, all, len, T0 + 20, TA_LOAD_RESUME, 1000);
        CHECK(st == TA_OK || st == TA_ERR_SNAPSHOT);   /* one that moved may be in it twice */
        if (st == TA_OK) {
            for (i = 1; i < N; i += 2) {
                number_id(id, i);
                r = session(id, "ada", 1);
                check_there(b, &r);
            }
        }
        free(t.slots);
        free(back.slots);
    }
}

static void test_load_into_a_table_that_never_was(void)
{
    ta_table t = TA_ZERO;
    ta_slot slots[1];
    CHECK_ST(ta_table_load(&t, "x", 1, 1, TA_LOAD_REVOKE_ALL, 0), TA_ERR_ARGUMENT);
    CHECK_ST(ta_table_init(&t, slots, 1), TA_OK);
    CHECK_ST(ta_table_load(&t, NULL, 0, 1, TA_LOAD_REVOKE_ALL, 0), TA_ERR_SNAPSHOT);
    CHECK_ST(ta_table_load(&t, NULL, 1, 1, TA_LOAD_REVOKE_ALL, 0), TA_ERR_ARGUMENT);
}

int main(void)
{
    RUN(test_table_init_arguments);
    RUN(test_table_a_failed_init_is_no_table);
    RUN(test_table_takes_a_seed_of_its_owner);
    RUN(test_table_without_init_grants_nothing);
    RUN(test_table_insert_get_replace_delete);
    RUN(test_table_trap_a_swap_compares_the_version_alone);
    RUN(test_table_version_wraps);
    RUN(test_table_neither_old_nor_next_changes_nothing);
    RUN(test_table_a_record_keeps_id_kind_and_subject);
    RUN(test_table_count_n_holds_exactly_n);
    RUN(test_table_copies_are_one);
    RUN(test_table_list_ascending_in_pages_of_every_size);
    RUN(test_table_list_sorts_by_every_byte);
    RUN(test_table_list_is_of_sessions_only_and_by_whole_subject);
    RUN(test_table_list_many_subjects);
    RUN(test_table_a_mark_takes_the_slot_of_a_session_it_ends);
    RUN(test_table_a_mark_spares_the_sessions_of_its_own_epoch);
    RUN(test_table_a_mark_evicts_nobody_where_there_is_room);
    RUN(test_table_a_login_takes_the_slot_of_a_revoked_session_of_its_user);
    RUN(test_table_a_session_takes_nobodys_slot);
    RUN(test_table_sweep_at_the_very_second);
    RUN(test_table_sweep_never_before_far_expiries);
    RUN(test_table_sweep_follows_a_replaced_expiry);
    RUN(test_table_sweep_is_bounded_and_complete);
    RUN(test_table_sweep_is_short_in_a_large_table);
    RUN(test_table_sweep_refuses_no_clock);
    RUN(test_table_lock_surrounds_each_call_once);
    RUN(test_table_trap_a_failing_lock_is_a_store_error);
    RUN(test_table_lock_without_unlock_and_the_other_way);
    RUN(test_table_agrees_with_a_naive_list_in_small);
    RUN(test_table_agrees_with_a_naive_list_in_large);
    RUN(test_table_ids_with_one_beginning);
    RUN(test_table_hash_is_keyed_and_sees_every_bit);
    RUN(test_table_two_ids_of_one_hash);
    RUN(test_table_save_and_load_with_room_of_every_size);
    RUN(test_table_snapshot_cap_is_enough_for_one_piece);
    RUN(test_table_save_too_little_room);
    RUN(test_table_save_arguments);
    RUN(test_table_save_only_reads);
    RUN(test_table_snapshot_layout_by_hand);
    RUN(test_table_load_checksummed_but_wrong_headers);
    RUN(test_table_load_age_is_that_of_the_newest_record);
    RUN(test_table_load_checksummed_but_wrong_records);
    RUN(test_table_load_two_of_one_id);
    RUN(test_table_load_bounds_the_probes);
    RUN(test_table_load_every_bit_flipped);
    RUN(test_table_load_cut_or_with_more_behind);
    RUN(test_table_load_pieces_swapped_doubled_missing);
    RUN(test_table_load_random_bytes);
    RUN(test_table_load_into_other_sizes);
    RUN(test_table_load_replaces_what_was_there);
    RUN(test_table_load_revoke_all_is_the_default);
    RUN(test_table_load_of_more_than_fits);
    RUN(test_table_load_resume_refuses_old_snapshots);
    RUN(test_table_load_leaves_expired_ones_out);
    RUN(test_table_load_of_an_empty_table);
    RUN(test_table_load_arguments_and_clock);
    RUN(test_table_goes_on_after_save_and_load);
    RUN(test_table_changes_between_pieces);
    RUN(test_load_into_a_table_that_never_was);
    return check_done("table");
}
