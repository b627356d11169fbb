/* test_store.c - records as bytes: one layout on every machine, and no byte of it is trusted.

   Compile with -DTOKENAUTH_RECORD_TEXT=254 as well: nothing here relies on 46.                */
#include "check.h"

#define GOING (check.bad < 12)
#define TEXT TOKENAUTH_RECORD_TEXT
#define MOST (INT64_C(1) << 53)        /* the last second a record can have been created */

/* ---- the layout, spelled out ---------------------------------------------------------------- */

/* Where each field begins (>>store).                                            */
enum {
    AT_FORMAT = 0, AT_KIND = 1, AT_STATE = 2, AT_FLAGS = 3, AT_VER = 4, AT_GEN = 8, AT_EPOCH = 12, AT_ID = 16,
    AT_CREATED = 32, AT_ROTATED = 40, AT_IDLE = 44, AT_ENDS = 48, AT_APP = 52, AT_CLIENT = 56, AT_RETRY = 64,
    AT_SEAL = 72, AT_SUB_LEN = 80, AT_LABEL_LEN = 81, AT_TEXT = 82
};

/* A live session of "ada" on "pc", every field with a value of its own. Written by hand.       */
static const uint8_t hand[82 + 5] = {
    0x01, 0x19, 0x00, 0x07,                              /* format 1, kind 1 kid 9, live, flags 1+2+4 */
    0xA1, 0xA2, 0xA3, 0xA4,                              /* ver */
    0xB1, 0xB2, 0xB3, 0xB4,                              /* gen */
    0xC1, 0xC2, 0xC3, 0xC4,                              /* epoch */
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F,
    0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,      /* created 4,328,719,365 */
    0x00, 0x00, 0x10, 0x00,                              /* rotated_at: 4,096 later */
    0x00, 0x12, 0x75, 0x00,                              /* idle_until: 14 days later */
    0xFE, 0xDC, 0xBA, 0x98,                              /* ends_at: 4,275,878,552 later */
    0xD1, 0xD2, 0xD3, 0xD4,                              /* app */
    0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,      /* client */
    0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,      /* retry */
    0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,      /* seal */
    0x03, 0x02, 'a', 'd', 'a', 'p', 'c'
};

static ta_record hand_record(void)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 1;
    r.kid = 9;
    r.state = 0;
    r.flags = 7;
    r.ver = 0xA1A2A3A4u;
    r.gen = 0xB1B2B3B4u;
    r.epoch = 0xC1C2C3C4u;
    memcpy(r.id, hand + 16, 16);
    r.created = INT64_C(4328719365);
    r.rotated_at = r.created + 4096;
    r.idle_until = r.created + 14 * 86400;
    r.ends_at = r.created + INT64_C(4275878552);
    memcpy(r.app, hand + 52, 4);
    memcpy(r.client, hand + 56, 8);
    memcpy(r.retry, hand + 64, 8);
    memcpy(r.seal, hand + 72, 8);
    r.sub_len = 3;
    r.label_len = 2;
    memcpy(r.text, "adapc", 5);
    return r;
}

/* A user's mark: id, ver, epoch and times, and nothing else.                                   */
static ta_record mark_record(void)
{
    ta_record r = hand_record();
    r.kind = 2;
    r.kid = r.flags = 0;
    r.gen = 0;
    r.rotated_at = r.idle_until = r.created;
    memset(r.app, 0, sizeof r.app);
    memset(r.client, 0, sizeof r.client);
    memset(r.retry, 0, sizeof r.retry);
    memset(r.seal, 0, sizeof r.seal);
    r.sub_len = r.label_len = 0;
    memset(r.text, 0, sizeof r.text);
    return r;
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

/* Packs into a block of exactly its size, filled with something else before. Free it.          */
static uint8_t *packed(const ta_record *r)
{
    uint8_t *out = (uint8_t *)exact(TA_RECORD_SIZE);
    memset(out, 0x5A, TA_RECORD_SIZE);
    ta_record_pack(r, out);
    return out;
}

/* Unpacks from a block of exactly len bytes. A refusal leaves all of *out zero.                */
static ta_status unpack(const uint8_t *bytes, size_t len, ta_record *out)
{
    uint8_t *in = (uint8_t *)exact_copy(bytes, len);
    ta_status st;
    memset(out, 0x5A, sizeof *out);
    st = ta_record_unpack(in, len, out);
    CHECK(st == TA_OK || st == TA_ERR_STORE);
    if (st != TA_OK) CHECK(all_zero(out, sizeof *out));
    free(in);
    return st;
}

/* These bytes are either refused, or they are the only ones of the record they give.           */
static ta_status refused_or_itself(const uint8_t *bytes)
{
    ta_record r;
    ta_status st = unpack(bytes, TA_RECORD_SIZE, &r);
    if (st == TA_OK) {
        uint8_t *again = packed(&r);
        CHECK_BYTES(again, bytes, TA_RECORD_SIZE);
        free(again);
    }
    return st;
}

static void test_record_pack_layout_by_hand(void)
{
    ta_record r = hand_record(), got;
    uint8_t *p = packed(&r);
    CHECK_BYTES(p, hand, sizeof hand);
    CHECK(all_zero(p + sizeof hand, TA_RECORD_SIZE - sizeof hand));
    CHECK_EQ(TA_RECORD_SIZE, 82 + TEXT);
    CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
    CHECK(same_record(&got, &r));
    free(p);
}

static void test_record_pack_layout_of_a_mark(void)
{
    ta_record r = mark_record(), got;
    uint8_t *p = packed(&r), want[TA_RECORD_SIZE];
    memset(want, 0, sizeof want);
    memcpy(want + AT_VER, hand + AT_VER, 4);
    memcpy(want + AT_EPOCH, hand + AT_EPOCH, 4);
    memcpy(want + AT_ID, hand + AT_ID, 16);
    memcpy(want + AT_CREATED, hand + AT_CREATED, 8);
    memcpy(want + AT_ENDS, hand + AT_ENDS, 4);
    want[0] = 1;
    want[1] = 0x20;
    CHECK_BYTES(p, want, TA_RECORD_SIZE);
    CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
    CHECK(same_record(&got, &r));
    free(p);
}

/* Records of many shapes survive the way there and back.                                       */
static void random_record(ta_record *r)
{
    size_t i, room = rnd(TEXT) + 1;
    memset(r, 0, sizeof *r);
    r->kind = 1;
    r->kid = (uint8_t)rnd(16);
    r->state = (uint8_t)rnd(2);
    r->flags = (uint8_t)rnd(8);
    r->ver = (uint32_t)rnd64();
    r->gen = (uint32_t)rnd64();
    r->epoch = (uint32_t)rnd64();
    rnd_bytes(r->id, 16);
    r->created = (int64_t)(rnd64() % (rnd(2) != 0 ? 2000000000u : (uint64_t)MOST)) + 1;
    r->rotated_at = r->created + (int64_t)rnd(UINT32_MAX);
    r->idle_until = r->created + (int64_t)rnd(UINT32_MAX);
    r->ends_at = r->created + (int64_t)rnd(UINT32_MAX);
    rnd_bytes(r->app, 4);
    if ((r->flags & 1) != 0) rnd_bytes(r->client, 8);
    if ((r->flags & 2) != 0) rnd_bytes(r->retry, 8);
    rnd_bytes(r->seal, 8);
    r->sub_len = (uint8_t)(rnd(room) + 1);
    r->label_len = (uint8_t)rnd(room - r->sub_len + 1);
    for (i = 0; i < (size_t)r->sub_len + r->label_len; i++) r->text[i] = (char)(rnd(95) + 32);
}

static void test_record_round_trip_of_random_records(void)
{
    int round;
    for (round = 0; round < 20000 && GOING; round++) {
        ta_record r, got;
        uint8_t *p;
        random_record(&r);
        p = packed(&r);
        CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
        CHECK(same_record(&got, &r));
        free(p);
    }
}

/* ---- every bit, every length ---------------------------------------------------------------- */

static void flip_every_bit(const ta_record *r)
{
    uint8_t *p = packed(r);
    size_t i;
    for (i = 0; i < 8 * (size_t)TA_RECORD_SIZE && GOING; i++) {
        ta_record got;
        ta_status st;
        p[i / 8] = (uint8_t)(p[i / 8] ^ (1u << (i % 8)));
        st = refused_or_itself(p);
        if (st == TA_OK && unpack(p, TA_RECORD_SIZE, &got) == TA_OK) {
            CHECK(!same_record(&got, r));          /* another record, and not by another name */
        }
        p[i / 8] = (uint8_t)(p[i / 8] ^ (1u << (i % 8)));
    }
    CHECK_ST(refused_or_itself(p), TA_OK);
    free(p);
}

static void test_record_every_bit_flip_is_refused_or_packs_back(void)
{
    ta_record r = hand_record();
    int round;
    flip_every_bit(&r);
    r.flags = 0;
    memset(r.client, 0, 8);
    memset(r.retry, 0, 8);
    flip_every_bit(&r);
    r.state = 1;
    memcpy(r.text, "\xC3\xA9\xF0\x9F\x98", 5);      /* an e with an accent, a smiling face */
    r.text[5] = (char)0x80;
    r.sub_len = 2;
    r.label_len = 4;
    flip_every_bit(&r);
    r = mark_record();
    flip_every_bit(&r);
    for (round = 0; round < 20 && GOING; round++) {
        random_record(&r);
        flip_every_bit(&r);
    }
}

static void test_record_random_bytes_are_refused_or_pack_back(void)
{
    long round, taken = 0;
    for (round = 0; round < 60000 && GOING; round++) {
        uint8_t b[TA_RECORD_SIZE];
        ta_record r;
        size_t k;
        random_record(&r);
        ta_record_pack(&r, b);
        for (k = rnd(4) + 1; k > 0; k--) {
            size_t at = rnd(3) == 0 ? rnd(TA_RECORD_SIZE) : rnd(4) == 0 ? AT_SUB_LEN + rnd(2) : rnd(4);
            b[at] = (uint8_t)(rnd(2) == 0 ? rnd(256) : rnd(3));
        }
        taken += refused_or_itself(b) == TA_OK;
    }
    CHECK(taken > 1000 && taken < 50000);
}

static void test_record_wrong_lengths(void)
{
    ta_record r = hand_record(), got;
    uint8_t big[2 * TA_RECORD_SIZE + 2], *p = packed(&r);
    size_t n;
    memset(big, 0, sizeof big);
    memcpy(big, p, TA_RECORD_SIZE);
    for (n = 0; n < sizeof big && GOING; n++) {
        CHECK_ST(unpack(big, n, &got), n == TA_RECORD_SIZE ? TA_OK : TA_ERR_STORE);
    }
    memcpy(big + TA_RECORD_SIZE, p, TA_RECORD_SIZE);
    CHECK_ST(unpack(big, 2 * (size_t)TA_RECORD_SIZE, &got), TA_ERR_STORE);
    memset(&got, 0x5A, sizeof got);
    CHECK_ST(ta_record_unpack(NULL, 0, &got), TA_ERR_STORE);
    CHECK_ST(ta_record_unpack(NULL, TA_RECORD_SIZE, &got), TA_ERR_STORE);
    CHECK_ST(ta_record_unpack(big, TA_RECORD_SIZE, NULL), TA_ERR_ARGUMENT);
    CHECK(all_zero(&got, sizeof got));
    free(p);
}

/* ---- ranges and unused bits ----------------------------------------------------------------- */

/* The hand-written session with one byte changed.                                              */
static ta_status with_byte(const ta_record *base, size_t at, unsigned value)
{
    uint8_t *p = packed(base);
    ta_status st;
    p[at] = (uint8_t)value;
    st = refused_or_itself(p);
    free(p);
    return st;
}

static void test_record_every_value_of_format_kind_state_flags(void)
{
    ta_record s = hand_record(), bare = hand_record(), m = mark_record();
    unsigned v;
    bare.flags = 0;
    memset(bare.client, 0, 8);
    memset(bare.retry, 0, 8);
    for (v = 0; v < 256 && GOING; v++) {
        CHECK_ST(with_byte(&s, AT_FORMAT, v), v == 1 ? TA_OK : TA_ERR_STORE);
        CHECK_ST(with_byte(&m, AT_FORMAT, v), v == 1 ? TA_OK : TA_ERR_STORE);
        CHECK_ST(with_byte(&s, AT_KIND, v), v >> 4 == 1 ? TA_OK : TA_ERR_STORE);
        CHECK_ST(with_byte(&m, AT_KIND, v), v == 0x20 ? TA_OK : TA_ERR_STORE);
        CHECK_ST(with_byte(&s, AT_STATE, v), v <= 1 ? TA_OK : TA_ERR_STORE);
        CHECK_ST(with_byte(&m, AT_STATE, v), v == 0 ? TA_OK : TA_ERR_STORE);
        /* client and retry bytes are there, so their flags must be */
        CHECK_ST(with_byte(&s, AT_FLAGS, v), v < 8 && (v & 3) == 3 ? TA_OK : TA_ERR_STORE);
        CHECK_ST(with_byte(&bare, AT_FLAGS, v), v < 8 ? TA_OK : TA_ERR_STORE);
        CHECK_ST(with_byte(&m, AT_FLAGS, v), v == 0 ? TA_OK : TA_ERR_STORE);
    }
}

static void test_record_client_and_retry_bytes_need_their_flag(void)
{
    ta_record r = hand_record();
    size_t i;
    r.flags = 4;
    memset(r.client, 0, 8);
    memset(r.retry, 0, 8);
    for (i = 0; i < 8; i++) {
        CHECK_ST(with_byte(&r, AT_CLIENT + i, 1), TA_ERR_STORE);
        CHECK_ST(with_byte(&r, AT_RETRY + i, 0x80), TA_ERR_STORE);
        CHECK_ST(with_byte(&r, AT_SEAL + i, 0), TA_OK);
    }
    r.flags = 1;
    for (i = 0; i < 8; i++) {
        CHECK_ST(with_byte(&r, AT_CLIENT + i, 1), TA_OK);
        CHECK_ST(with_byte(&r, AT_RETRY + i, 1), TA_ERR_STORE);
    }
    r.flags = 2;
    for (i = 0; i < 8; i++) {
        CHECK_ST(with_byte(&r, AT_CLIENT + i, 1), TA_ERR_STORE);
        CHECK_ST(with_byte(&r, AT_RETRY + i, 1), TA_OK);
    }
}

static void test_record_created_range(void)
{
    static const struct { uint64_t v; bool ok; } row[] = {
        {0, false}, {1, true}, {2, true}, {UINT64_C(1) << 53, true}, {(UINT64_C(1) << 53) + 1, false},
        {(UINT64_C(1) << 53) - 1, true}, {UINT64_C(1) << 54, false}, {INT64_MAX, false},
        {UINT64_C(1) << 63, false}, {UINT64_MAX, false}, {UINT64_MAX - 1, false},
        {(UINT64_C(1) << 63) + 1, false}
    };
    size_t i, k;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        ta_record kinds[2];
        kinds[0] = hand_record();
        kinds[1] = mark_record();
        for (k = 0; k < 2; k++) {
            uint8_t *p = packed(&kinds[k]);
            size_t b;
            for (b = 0; b < 8; b++) p[AT_CREATED + b] = (uint8_t)(row[i].v >> (56 - 8 * b));
            CHECK_ST(refused_or_itself(p), row[i].ok ? TA_OK : TA_ERR_STORE);
            free(p);
        }
    }
}

/* The three times are counted from created, in 32 bits without a sign.                         */
static void test_record_offsets_whole_range(void)
{
    static const uint32_t off[] = {0, 1, 255, 256, 65535, 65536, 0x7FFFFFFF, 0x80000000u,
                                   0xFFFFFFFEu, 0xFFFFFFFFu};
    size_t i, k;
    for (i = 0; i < sizeof off / sizeof off[0]; i++) {
        for (k = 0; k < 3; k++) {
            ta_record r = hand_record(), got;
            size_t at = k == 0 ? AT_ROTATED : k == 1 ? AT_IDLE : AT_ENDS;
            uint8_t *p, *field;
            int64_t t = (r.created = MOST) + off[i];
            r.rotated_at = r.idle_until = r.ends_at = r.created;
            *(k == 0 ? &r.rotated_at : k == 1 ? &r.idle_until : &r.ends_at) = t;
            p = packed(&r);
            field = p + at;
            CHECK_EQ((uint32_t)field[0] << 24 | (uint32_t)field[1] << 16 | (uint32_t)field[2] << 8 | field[3],
                     off[i]);
            CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
            CHECK(same_record(&got, &r));
            free(p);
        }
    }
}

/* A clock that was set back gives a time before created: that is 0 seconds after, never a wrapped
   number that would mean the year 2160. Too far ahead is as far as it goes.                   */
static void test_record_offsets_do_not_wrap(void)
{
    static const int64_t wrong[] = {-1, -2, -86400, -4294967296, -4294967295, -INT64_C(9007199254740992)};
    static const int64_t far_[] = {INT64_C(4294967296), INT64_C(4294967297), INT64_C(1) << 40,
                                   INT64_C(1) << 52};
    size_t i, k;
    for (k = 0; k < 3; k++) {
        for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            ta_record r = hand_record(), got;
            int64_t *field = k == 0 ? &r.rotated_at : k == 1 ? &r.idle_until : &r.ends_at;
            uint8_t *p;
            *field = r.created + wrong[i];
            p = packed(&r);
            *field = r.created;
            CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
            CHECK(same_record(&got, &r));
            free(p);
        }
        for (i = 0; i < sizeof far_ / sizeof far_[0]; i++) {
            ta_record r = hand_record(), got;
            int64_t *field = k == 0 ? &r.rotated_at : k == 1 ? &r.idle_until : &r.ends_at;
            uint8_t *p;
            *field = r.created + far_[i];
            p = packed(&r);
            *field = r.created + INT64_C(0xFFFFFFFF);
            CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
            CHECK(same_record(&got, &r));
            free(p);
        }
    }
}

/* Both lengths and the zeros after the text: every pair around the edge.                       */
static void test_record_subject_and_label_lengths(void)
{
    unsigned sub, label;
    for (sub = 0; sub < 256 && GOING; sub++) {
        for (label = 0; label < 256 && GOING; label++) {
            ta_record r = hand_record();
            uint8_t *p;
            bool fits = sub >= 1 && sub + label <= TEXT;
            if (sub + label > TEXT + 3 && label % 16 != 0 && sub % 16 != 0) continue;   /* beyond is beyond */
            memset(r.text, 0, TEXT);
            memset(r.text, 'x', sub + label < TEXT ? sub + label : TEXT);
            r.sub_len = 1;
            r.label_len = 0;
            p = packed(&r);
            memcpy(p + AT_TEXT, r.text, TEXT);
            p[AT_SUB_LEN] = (uint8_t)sub;
            p[AT_LABEL_LEN] = (uint8_t)label;
            CHECK_ST(refused_or_itself(p), fits ? TA_OK : TA_ERR_STORE);
            free(p);
        }
    }
}

static void test_record_text_fills_the_whole_field(void)
{
    ta_record r = hand_record(), got;
    size_t i;
    uint8_t *p;
    for (i = 0; i < TEXT; i++) r.text[i] = (char)('a' + i % 26);
    r.sub_len = TEXT;
    r.label_len = 0;
    p = packed(&r);
    CHECK_BYTES(p + AT_TEXT, r.text, TEXT);
    CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
    CHECK(same_record(&got, &r));
    free(p);
    r.sub_len = 1;
    r.label_len = TEXT - 1;
    p = packed(&r);
    CHECK_BYTES(p + AT_TEXT, r.text, TEXT);
    CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
    CHECK(same_record(&got, &r));
    free(p);
}

static void test_record_bytes_after_the_text_are_zero(void)
{
    ta_record r = hand_record();
    size_t i;
    for (i = 5; i < TEXT; i++) CHECK_ST(with_byte(&r, AT_TEXT + i, i == 5 ? 'x' : 1), TA_ERR_STORE);
    r.label_len = 0;
    r.text[3] = r.text[4] = 0;
    for (i = 3; i < TEXT; i++) CHECK_ST(with_byte(&r, AT_TEXT + i, 0x80), TA_ERR_STORE);
    for (i = 0; i < TEXT - 1; i++) r.text[i] = 'a';
    r.sub_len = TEXT - 1;                           /* one byte is left of the field */
    CHECK_ST(with_byte(&r, AT_TEXT + TEXT - 1, 0), TA_OK);
    CHECK_ST(with_byte(&r, AT_TEXT + TEXT - 1, 1), TA_ERR_STORE);
}

/* What lies in text beyond the two lengths is not part of the record: a caller's array may hold
   anything there, and the packed bytes stay the same.                                         */
static void test_record_pack_leaves_out_what_is_beyond_the_lengths(void)
{
    ta_record r = hand_record();
    uint8_t *p;
    memset(r.text + 5, 'Z', TEXT - 5);
    p = packed(&r);
    CHECK_BYTES(p, hand, sizeof hand);
    CHECK(all_zero(p + sizeof hand, TA_RECORD_SIZE - sizeof hand));
    free(p);
}

static ta_status with_text(const char *sub, size_t sub_len, const char *label, size_t label_len)
{
    ta_record r = hand_record();
    uint8_t *p;
    ta_status st;
    memset(r.text, 0, TEXT);
    memcpy(r.text, sub, sub_len);
    memcpy(r.text + sub_len, label, label_len);
    r.sub_len = (uint8_t)sub_len;
    r.label_len = (uint8_t)label_len;
    p = packed(&r);
    st = refused_or_itself(p);
    free(p);
    return st;
}

static void test_record_text_is_utf8(void)
{
    static const struct { const char *s; bool ok; } row[] = {
        {"a", true}, {"\x01", true}, {"\x7f", true},
        {"\xC2\x80", true}, {"\xDF\xBF", true}, {"\xE0\xA0\x80", true}, {"\xED\x9F\xBF", true},
        {"\xEE\x80\x80", true},
        {"\xEF\xBF\xBF", true}, {"\xF0\x90\x80\x80", true}, {"\xF4\x8F\xBF\xBF", true},
        {"\x80", false}, {"\xBF", false}, {"\xC0\x80", false}, {"\xC1\xBF", false}, {"\xE0\x9F\xBF", false},
        {"\xED\xA0\x80", false}, {"\xED\xBF\xBF", false}, {"\xF0\x8F\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF5\x80\x80\x80", false}, {"\xFE", false}, {"\xFF", false}, {"\xC3", false}, {"\xE2\x82", false},
        {"\xF0\x9F\x98", false}, {"\xC3x", false}, {"\xE2\x82x", false},
        {"\xF0\x9F\x98x", false}, {"a\x80", false}
    };
    size_t i;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        ta_status want = row[i].ok ? TA_OK : TA_ERR_STORE;
        size_t n = strlen(row[i].s);
        CHECK_ST(with_text(row[i].s, n, "", 0), want);
        CHECK_ST(with_text("a", 1, row[i].s, n), want);
        CHECK_ST(with_text(row[i].s, n, "b", 1), want);
        CHECK_ST(with_text(row[i].s, n, row[i].s, n), want);
        if (check.bad > 0) { printf("  row %lu\n", (unsigned long)i); break; }
    }
}

/* Together they are UTF-8, each alone is not: a subject is compared, a label is shown.         */
static void test_record_no_character_across_subject_and_label(void)
{
    CHECK_ST(with_text("a\xC3\xA9", 3, "b", 1), TA_OK);
    CHECK_ST(with_text("a\xC3", 2, "\xA9" "b", 2), TA_ERR_STORE);
    CHECK_ST(with_text("a\xE2\x82", 3, "\xAC", 1), TA_ERR_STORE);
    CHECK_ST(with_text("a\xE2", 2, "\x82\xAC", 2), TA_ERR_STORE);
    CHECK_ST(with_text("\xF0\x9F", 2, "\x98\x80", 2), TA_ERR_STORE);
}

/* Cut off where the field itself ends: there is no byte behind it to look at.                    */
static void test_record_no_cut_character_at_the_end_of_the_field(void)
{
    static const char *const cut[] = {"\xC3", "\xE2", "\xE2\x82", "\xF0", "\xF0\x9F", "\xF0\x9F\x98"};
    char text[TEXT];
    size_t i, n;
    for (i = 0; i < 6; i++) {
        n = strlen(cut[i]);
        memset(text, 'a', TEXT);
        memcpy(text + TEXT - n, cut[i], n);
        CHECK_ST(with_text(text, TEXT, "", 0), TA_ERR_STORE);
        CHECK_ST(with_text(text, TEXT - n, cut[i], n), TA_ERR_STORE);
        CHECK_ST(with_text(text, TEXT - n, "", 0), TA_OK);
    }
}

/* Subject and label become C strings in ta_session: "ada\0x" would be shown, and looked up, as "ada". */
static void test_record_no_nul_in_the_text(void)
{
    CHECK_ST(with_text("ada\0x", 5, "pc", 2), TA_ERR_STORE);
    CHECK_ST(with_text("\0", 1, "pc", 2), TA_ERR_STORE);
    CHECK_ST(with_text("ada\0", 4, "", 0), TA_ERR_STORE);
    CHECK_ST(with_text("ada", 3, "p\0c", 3), TA_ERR_STORE);
    CHECK_ST(with_text("ada", 3, "pc\0", 3), TA_ERR_STORE);
}

static void test_record_a_mark_has_nothing_of_a_session(void)
{
    static const size_t where[] = {AT_STATE, AT_FLAGS, AT_CLIENT, AT_CLIENT + 7, AT_RETRY, AT_RETRY + 7,
                                   AT_SUB_LEN, AT_LABEL_LEN, AT_TEXT, AT_TEXT + TEXT - 1};
    ta_record m = mark_record();
    size_t i;
    CHECK_ST(with_byte(&m, AT_VER, 0), TA_OK);
    CHECK_ST(with_byte(&m, AT_EPOCH, 0), TA_OK);
    CHECK_ST(with_byte(&m, AT_ENDS, 0), TA_OK);
    for (i = 0; i < sizeof where / sizeof where[0]; i++) {
        CHECK_ST(with_byte(&m, where[i], 1), TA_ERR_STORE);
    }
    for (i = 0; i < 8; i++) {                          /* unused bits: all of them */
        CHECK_ST(with_byte(&m, AT_SEAL + i, 1), TA_ERR_STORE);
        if (i >= 4) continue;
        CHECK_ST(with_byte(&m, AT_GEN + i, 1), TA_ERR_STORE);
        CHECK_ST(with_byte(&m, AT_APP + i, 1), TA_ERR_STORE);
        CHECK_ST(with_byte(&m, AT_ROTATED + i, 1), TA_ERR_STORE);
        CHECK_ST(with_byte(&m, AT_IDLE + i, 1), TA_ERR_STORE);
    }
    {                                                  /* a subject in a mark, all lengths right */
        uint8_t *p = packed(&m);
        p[AT_SUB_LEN] = 3;
        memcpy(p + AT_TEXT, "ada", 3);
        CHECK_ST(refused_or_itself(p), TA_ERR_STORE);
        free(p);
    }
}

static void test_record_a_session_has_a_subject(void)
{
    CHECK_ST(with_text("", 0, "", 0), TA_ERR_STORE);
    CHECK_ST(with_text("", 0, "pc", 2), TA_ERR_STORE);
    CHECK_ST(with_text("a", 1, "", 0), TA_OK);
}

/* A store may hand over a ta_record that never was 128 bytes; what unpack refuses by its layout is
   then refused by this.                                                                       */
static void test_record_sound_only_where_it_can_be_packed(void)
{
    static const int64_t bad[] = {-1, -4294967296, INT64_C(4294967296), INT64_C(1) << 40};
    ta_record good = hand_record(), r, m = mark_record();
    size_t i, k;
    CHECK(tai_record_is_sound(&good));
    CHECK(tai_record_is_sound(&m));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (k = 0; k < 3; k++) {
            r = good;
            *(k == 0 ? &r.rotated_at : k == 1 ? &r.idle_until : &r.ends_at) = r.created + bad[i];
            CHECK(!tai_record_is_sound(&r));
        }
        r = m;
        r.ends_at = r.created + bad[i];
        CHECK(!tai_record_is_sound(&r));
    }
    for (k = 0; k < 3; k++) {
        r = good;
        *(k == 0 ? &r.rotated_at : k == 1 ? &r.idle_until : &r.ends_at) = r.created + INT64_C(0xFFFFFFFF);
        CHECK(tai_record_is_sound(&r));
    }
    r = good;
    r.kid = 16;
    CHECK(!tai_record_is_sound(&r));
    r = good;
    r.kind = 0x11;
    CHECK(!tai_record_is_sound(&r));
    r = good;
    r.created = -1;
    CHECK(!tai_record_is_sound(&r));
    r.created = INT64_MIN;
    CHECK(!tai_record_is_sound(&r));
}

/* "gen may not wrap": the highest number is never written, so nobody can be ahead of it.         */
static void test_record_generation_never_at_its_last_number(void)
{
    ta_record r = hand_record(), got;
    uint8_t *p;
    r.gen = 0xFFFFFFFEu;
    p = packed(&r);
    CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_OK);
    CHECK_EQ(got.gen, 0xFFFFFFFEu);
    p[AT_GEN + 3] = 0xFF;
    CHECK_ST(refused_or_itself(p), TA_ERR_STORE);
    free(p);
}

/* Lengths that no record can have come from a broken caller; pack still writes its own bytes only. */
static void test_record_pack_stays_inside_its_bytes(void)
{
    ta_record r = hand_record(), got;
    uint8_t *p;
    r.sub_len = r.label_len = 255;
    p = packed(&r);
    CHECK_ST(unpack(p, TA_RECORD_SIZE, &got), TA_ERR_STORE);
    free(p);
}

/* A store need not keep packed bytes, so a record may come with times that no packing would give. */
static void test_a_record_from_beyond_2_to_the_53_is_not_sound(void)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 2;
    r.created = r.rotated_at = r.idle_until = r.ends_at = INT64_C(1) << 53;
    CHECK(tai_record_is_sound(&r));
    r.created = r.rotated_at = r.idle_until = r.ends_at = (INT64_C(1) << 53) + 1;
    CHECK(!tai_record_is_sound(&r));
}

int main(void)
{
    RUN(test_record_pack_layout_by_hand);
    RUN(test_record_pack_layout_of_a_mark);
    RUN(test_record_round_trip_of_random_records);
    RUN(test_record_every_bit_flip_is_refused_or_packs_back);
    RUN(test_record_random_bytes_are_refused_or_pack_back);
    RUN(test_record_wrong_lengths);
    RUN(test_record_every_value_of_format_kind_state_flags);
    RUN(test_record_client_and_retry_bytes_need_their_flag);
    RUN(test_record_created_range);
    RUN(test_record_offsets_whole_range);
    RUN(test_record_offsets_do_not_wrap);
    RUN(test_record_subject_and_label_lengths);
    RUN(test_record_text_fills_the_whole_field);
    RUN(test_record_bytes_after_the_text_are_zero);
    RUN(test_record_pack_leaves_out_what_is_beyond_the_lengths);
    RUN(test_record_text_is_utf8);
    RUN(test_record_no_character_across_subject_and_label);
    RUN(test_record_no_cut_character_at_the_end_of_the_field);
    RUN(test_record_no_nul_in_the_text);
    RUN(test_record_a_mark_has_nothing_of_a_session);
    RUN(test_record_a_session_has_a_subject);
    RUN(test_record_sound_only_where_it_can_be_packed);
    RUN(test_record_generation_never_at_its_last_number);
    RUN(test_record_pack_stays_inside_its_bytes);
    RUN(test_a_record_from_beyond_2_to_the_53_is_not_sound);
    return check_done("store");
}
