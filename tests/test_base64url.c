/* test_base64url.c - base64url without padding: one spelling for each byte string.

   The judge here is slow and reads bit by bit (RFC 4648 section 5; spare bits 0: section 3.5;
   no padding: RFC 7515 section 2). The header must agree with it on every text that is tried,
   and what it accepts must encode back to the very same text.                                  */

#include "check.h"

#define FAIL(why) do { check_failed(__FILE__, __LINE__); puts(why); } while (0)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- the judge --------------------------------------------------------------------------- */

static int digit(char c)
{
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);
    return at == NULL ? -1 : (int)(at - alphabet);
}

/* The one true decoding into out (3 bytes for 4 characters are enough); -1 if there is none.   */
static long judge_decode(const char *in, size_t len, uint8_t *out)
{
    unsigned spare = 0, bits = 0;
    long n = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        int d = digit(in[i]);
        if (d < 0) return -1;
        spare = spare << 6 | (unsigned)d;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (uint8_t)(spare >> bits);
            spare &= (1u << bits) - 1u;
        }
    }
    return bits == 6 || spare != 0 ? -1 : n;
}

static size_t judge_encode(const uint8_t *in, size_t len, char *out)
{
    size_t bit, n = 0;
    for (bit = 0; bit < 8 * len; bit += 6) {
        unsigned v = 0, k;
        for (k = 0; k < 6; k++) {
            size_t b = bit + k;
            v = v << 1 | (b < 8 * len ? (unsigned)(in[b / 8] >> (7 - b % 8)) & 1u : 0u);
        }
        out[n++] = alphabet[v];
    }
    return n;
}

/* Room of exactly n bytes whose end is watched also when n is 0 (a malloc of 0 bytes may be 1).
   free_room() takes what room_of() gave.                                                       */
static void *room_of(size_t n) { return (uint8_t *)exact(n + 16) + 16; }
static void free_room(void *p) { free((uint8_t *)p - 16); }

static size_t text_len(size_t n) { return (8 * n + 5) / 6; }

/* ---- helpers ------------------------------------------------------------------------------- */

/* Decodes a text (in a block of exactly its size, by the caller) into room of exactly what the
   judge says, and checks result, bytes, and that refused text leaves nothing behind.           */
static void try_text(const char *in, size_t len)
{
    uint8_t want[4096], *out, *p;
    char back[5000];
    size_t got = 77, back_len = 77, room, i;
    long n = judge_decode(in, len, want);
    ta_status st;

    room = n >= 0 ? (size_t)n : len * 3 / 4;
    out = (uint8_t *)room_of(room);
    memset(out, 0xA5, room);
    st = ta_base64url_decode(in, len, out, room, &got);
    if (n < 0) {
        if (st != TA_ERR_ENCODING || got != 0) {
            CHECK_ST(st, TA_ERR_ENCODING);
            CHECK_EQ(got, 0);
            printf("    text \"%.*s\"\n", (int)len, in);
        }
        for (i = 0; i < room; i++) {
            if (out[i] != 0xA5 && out[i] != 0) { FAIL("decoded bytes were left behind"); break; }
        }
    } else if (st != TA_OK || got != room || (room > 0 && memcmp(out, want, room) != 0)) {
        CHECK_ST(st, TA_OK);
        CHECK_EQ(got, room);
        if (st == TA_OK) CHECK_BYTES(out, want, room);
        printf("    text \"%.*s\"\n", (int)len, in);
    } else {
        CHECK_ST(ta_base64url_encode(out, got, back, sizeof back, &back_len), TA_OK);
        CHECK_EQ(back_len, len);
        CHECK(back_len == len && memcmp(back, in, len) == 0);
    }
    free_room(out);

    /* the same in place */
    p = (uint8_t *)exact_copy(in, len);
    got = 77;
    CHECK_ST(ta_base64url_decode((const char *)p, len, p, len, &got), st);
    CHECK_EQ(got, n >= 0 ? n : 0);
    if (n > 0 && st == TA_OK) CHECK_BYTES(p, want, (size_t)n);
    for (i = 0; n < 0 && i < len; i++) {
        if (p[i] != (uint8_t)in[i] && p[i] != 0) { FAIL("decoded bytes were left behind"); break; }
    }
    free(p);
}

/* A good text of len characters, len not 4n+1. */
static void random_text(char *out, size_t len)
{
    uint8_t bytes[4096];
    size_t n = len * 3 / 4;
    rnd_bytes(bytes, n);
    if (judge_encode(bytes, n, out) != len) { FAIL("no text of this length"); }
}

/* ---- the vectors of the standard ------------------------------------------------------------- */

/* RFC 4648 section 10, the padding taken off (RFC 7515 section 2). */
static void test_rfc4648_section_10(void)
{
    static const char *const vector[][2] = {
        {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}
    };
    size_t i;
    for (i = 0; i < sizeof vector / sizeof vector[0]; i++) {
        size_t n = strlen(vector[i][0]), t = strlen(vector[i][1]), len = 77;
        char *in = (char *)exact_copy(vector[i][0], n), *text = (char *)exact(t + 1);
        CHECK_ST(ta_base64url_encode(in, n, text, t + 1, &len), TA_OK);
        CHECK_EQ(len, t);
        CHECK_STR(text, vector[i][1]);
        free(text);
        text = (char *)exact_copy(vector[i][1], t);
        try_text(text, t);
        len = 77;
        memset(in, 0, n);
        CHECK_ST(ta_base64url_decode(text, t, in, n, &len), TA_OK);
        CHECK_TEXT(in, len, vector[i][0]);
        free(text);
        free(in);
    }
}

/* RFC 7515 appendix C and A.1: '-' and '_' where base64 has '+' and '/', and a JWT's header. */
static void test_rfc7515_examples(void)
{
    static const uint8_t bytes[5] = {3, 236, 255, 224, 193};
    static const char header[] = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
    char out[64];
    size_t len;
    CHECK_ST(ta_base64url_encode(bytes, 5, out, sizeof out, &len), TA_OK);
    CHECK_STR(out, "A-z_4ME");
    CHECK_ST(ta_base64url_encode(header, sizeof header - 1, out, sizeof out, &len), TA_OK);
    CHECK_STR(out, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9");
    CHECK_ST(ta_base64url_decode("A-z_4ME", 7, out, sizeof out, &len), TA_OK);
    CHECK_EQ(len, 5);
    CHECK_BYTES(out, bytes, 5);
}

static void test_each_padding_is_refused(void)
{
    static const char *const padded[] = {
        "=", "==", "====", "Zg==", "Zg=", "Zm8=", "Zm9v=", "Zm9v====", "Zm9vYg==", "Zm9vYmE=",
        "=Zm9", "Z=m9", "Zg==Zg==", "Zm8=Zm8=", "AA=A", "A===", "AA=="
    };
    size_t i;
    for (i = 0; i < sizeof padded / sizeof padded[0]; i++) {
        char *in = (char *)exact_copy(padded[i], strlen(padded[i]));
        size_t len = 77;
        uint8_t out[32];
        CHECK_ST(ta_base64url_decode(in, strlen(padded[i]), out, sizeof out, &len), TA_ERR_ENCODING);
        CHECK_EQ(len, 0);
        try_text(in, strlen(padded[i]));
        free(in);
    }
}

/* White space, the alphabet of plain base64, and a NUL that ends nothing. */
static void test_foreign_characters_are_refused(void)
{
    static const struct { const char *text; size_t len; } bad[] = {
        {TA_LIT(" Zm9v")}, {TA_LIT("Zm9v ")}, {TA_LIT("Zm9v\n")}, {TA_LIT("Zm9v\r\n")},
        {TA_LIT("Zm 9v")}, {TA_LIT("\tm9v")}, {TA_LIT("A+z/4ME")}, {TA_LIT("A+z_")},
        {TA_LIT("A-z/")}, {TA_LIT("Zm9v\0")}, {TA_LIT("Zm9\0")}, {TA_LIT("Zm\0")},
        {TA_LIT("\0")}, {TA_LIT("\0\0")}, {TA_LIT("\0\0\0\0")}, {TA_LIT("Zm9v\0Zm9")},
        {TA_LIT("Zm9v.")}, {TA_LIT("Zm.v")}, {TA_LIT("%3Dv")}, {TA_LIT("Zm9v\xC3\xA9Zg")},
        {TA_LIT("\xEF\xBB\xBFZ")}, {TA_LIT("~~~~")}, {TA_LIT("\xFF\xFF\xFF\xFF")}
    };
    size_t i;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *in = (char *)exact_copy(bad[i].text, bad[i].len);
        size_t len = 77;
        uint8_t out[32];
        CHECK_ST(ta_base64url_decode(in, bad[i].len, out, sizeof out, &len), TA_ERR_ENCODING);
        CHECK_EQ(len, 0);
        try_text(in, bad[i].len);
        free(in);
    }
}

/* ---- all of it -------------------------------------------------------------------------------- */

/* Each of the 256 byte values at each place of texts of 1..68 characters: whole groups, tails, and
   whatever a decoder that takes 8, 16 or 32 characters at a time treats apart.                  */
static void test_each_byte_value_in_each_position(void)
{
    size_t i, len;
    unsigned v;
    for (len = 1; len <= 68; len++) {
        char *in;
        if (len == 25) len = 31;                /* around 32 and 64 again; the rest shows no more */
        if (len == 37) len = 63;
        in = (char *)exact(len);
        if (len % 4 == 1) {
            random_text(in, len - 1);
            in[len - 1] = 'A';
        } else {
            random_text(in, len);
        }
        for (i = 0; i < len; i++) {
            char keep = in[i];
            for (v = 0; v < 256; v++) {
                memset(in + i, (int)v, 1);
                try_text(in, len);
            }
            in[i] = keep;
        }
        free(in);
    }
}

/* Two characters at any two places of a group take all 64 x 64 values: no table entry is wrong,
   no shift, and no value of one place hides in another's.                                      */
static void test_each_pair_of_characters(void)
{
    static const uint8_t at[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    char *in = (char *)exact(8);
    size_t p, a, b;
    for (p = 0; p < 6; p++) {
        random_text(in, 8);
        for (a = 0; a < 64; a++) {
            for (b = 0; b < 64; b++) {
                in[at[p][0]] = alphabet[a];
                in[at[p][1]] = alphabet[b];
                try_text(in, 8);
                in[4 + at[p][0]] = alphabet[b];
                in[4 + at[p][1]] = alphabet[a];
                try_text(in, 8);
            }
        }
    }
    free(in);
}

static void decode_tail(const char *in, size_t len, long *good, uint8_t *seen)
{
    uint8_t out[3], want[3];
    char back[5];
    size_t n = 77, t = 77;
    long w = judge_decode(in, len, want);
    ta_status st = ta_base64url_decode(in, len, out, len - 1, &n);
    if (w < 0) {
        if (st != TA_ERR_ENCODING || n != 0) {
            CHECK_ST(st, TA_ERR_ENCODING);
            printf("    tail %.*s\n", (int)len, in);
        }
        return;
    }
    if (st != TA_OK || n != len - 1 || memcmp(out, want, n) != 0
        || ta_base64url_encode(out, n, back, len + 1, &t) != TA_OK || t != len
        || memcmp(back, in, len + 1) != 0) {        /* in is NUL-ended, as the encoder's text is */
        FAIL("a canonical tail does not come through");
        printf("    tail %.*s\n", (int)len, in);
        return;
    }
    (*good)++;
    t = n == 1 ? out[0] : (size_t)out[0] << 8 | out[1];
    seen[t]++;
}

/* All 64^2 and 64^3 tails: 256 and 65,536 of them are canonical, one for each byte string. */
static void test_last_character_cannot_be_changed(void)
{
    uint8_t *seen = (uint8_t *)exact(65536);
    char in[4];
    size_t a, b, c, i;
    long good = 0;
    memset(seen, 0, 65536);
    in[2] = '\0';
    for (a = 0; a < 64; a++) {
        for (b = 0; b < 64; b++) {
            in[0] = alphabet[a];
            in[1] = alphabet[b];
            decode_tail(in, 2, &good, seen);
        }
    }
    CHECK_EQ(good, 256);
    for (i = 0; i < 256; i++) CHECK_EQ(seen[i], 1);

    good = 0;
    memset(seen, 0, 65536);
    in[3] = '\0';
    for (a = 0; a < 64; a++) {
        for (b = 0; b < 64; b++) {
            for (c = 0; c < 64; c++) {
                in[0] = alphabet[a];
                in[1] = alphabet[b];
                in[2] = alphabet[c];
                decode_tail(in, 3, &good, seen);
            }
        }
    }
    CHECK_EQ(good, 65536);
    for (i = 0; i < 65536; i++) {
        if (seen[i] != 1) { CHECK_EQ(seen[i], 1); break; }
    }
    free(seen);
}

static void test_each_bit_flip_of_a_canonical_text(void)
{
    size_t len, i;
    for (len = 2; len <= 60; len++) {
        char good[64];
        uint8_t *in;
        if (len % 4 == 1) continue;
        random_text(good, len);
        in = (uint8_t *)exact_copy(good, len);
        try_text((const char *)in, len);
        for (i = 0; i < 8 * len; i++) {
            in[i / 8] = (uint8_t)(in[i / 8] ^ (1u << (i % 8)));
            try_text((const char *)in, len);
            in[i / 8] = (uint8_t)(in[i / 8] ^ (1u << (i % 8)));
        }
        free(in);
    }
}

/* The same where the tail follows whole groups: of the 64 characters that could stand last, 4, 16
   or all 64 are canonical.                                                                      */
static void test_each_canonical_last_character_after_groups(void)
{
    size_t len, v;
    for (len = 4; len <= 40; len++) {
        char *in;
        long good = 0, n;
        if (len % 4 == 1) continue;
        in = (char *)exact(len);
        random_text(in, len);
        for (v = 0; v < 64; v++) {
            uint8_t out[32];
            size_t got = 77;
            in[len - 1] = alphabet[v];
            try_text(in, len);
            good += ta_base64url_decode(in, len, out, sizeof out, &got) == TA_OK;
        }
        n = len % 4 == 2 ? 4 : len % 4 == 3 ? 16 : 64;
        CHECK_EQ(good, n);
        free(in);
    }
}

static void test_a_length_of_4n_plus_1_is_refused(void)
{
    size_t len;
    for (len = 1; len <= 201; len += 4) {
        char *in = (char *)exact(len);
        size_t i, got = 77;
        uint8_t out[200];
        for (i = 0; i < 64; i++) {
            memset(in, 'A', len);
            in[len - 1] = alphabet[i];
            try_text(in, len);
            CHECK_ST(ta_base64url_decode(in, len, out, sizeof out, &got), TA_ERR_ENCODING);
            CHECK_EQ(got, 0);
        }
        free(in);
    }
}

static void round_trip(const uint8_t *bytes, size_t n)
{
    size_t t = text_len(n), len = 77, cap;
    char want[400], *text = (char *)exact(t + 1);
    uint8_t *back = (uint8_t *)exact(n);
    CHECK_EQ(judge_encode(bytes, n, want), t);
    CHECK_ST(ta_base64url_encode(bytes, n, text, t + 1, &len), TA_OK);
    CHECK_EQ(len, t);
    CHECK(memcmp(text, want, t) == 0);
    CHECK_EQ(text[t], 0);
    len = 77;
    CHECK_ST(ta_base64url_decode(text, t, back, n, &len), TA_OK);
    CHECK_EQ(len, n);
    CHECK_BYTES(back, bytes, n);
    memset(back, 0, n);
    cap = TA_BYTES_CAP(t);                      /* the promised room is enough */
    CHECK(cap >= n);
    CHECK(TA_BASE64URL_CAP(n) >= t + 1);
    free(back);

    back = (uint8_t *)exact_copy(text, t);      /* in place, without the NUL */
    len = 77;
    CHECK_ST(ta_base64url_decode((const char *)back, t, back, n, &len), TA_OK);
    CHECK_EQ(len, n);
    CHECK_BYTES(back, bytes, n);
    free(back);
    free(text);
}

static void test_round_trip_of_each_length(void)
{
    size_t n, k;
    for (n = 0; n <= 200; n++) {
        uint8_t *bytes = (uint8_t *)exact(n);
        memset(bytes, 0, n);
        round_trip(bytes, n);
        memset(bytes, 0xFF, n);
        round_trip(bytes, n);
        for (k = 0; k < 5; k++) {
            rnd_bytes(bytes, n);
            round_trip(bytes, n);
        }
        free(bytes);
    }
}

/* One byte takes every value at each of the three places, next to all-zero and all-one bits. */
static void test_encode_each_byte_in_each_place(void)
{
    size_t n, i, v;
    for (n = 1; n <= 7; n++) {
        uint8_t *bytes = (uint8_t *)exact(n);
        for (i = 0; i < n; i++) {
            for (v = 0; v < 256; v++) {
                memset(bytes, 0, n);
                bytes[i] = (uint8_t)v;
                round_trip(bytes, n);
                memset(bytes, 0xFF, n);
                bytes[i] = (uint8_t)v;
                round_trip(bytes, n);
            }
        }
        free(bytes);
    }
}

/* Tokens are longer than anything above: one wrong byte anywhere, in texts up to 4,000 characters. */
static void test_long_texts(void)
{
    size_t k, i;
    for (k = 0; k < 60; k++) {
        size_t len = 200 + rnd(3800);
        char good[4096];
        uint8_t *in;
        if (len % 4 == 1) len++;
        random_text(good, len);
        in = (uint8_t *)exact_copy(good, len);
        try_text((const char *)in, len);
        for (i = 0; i < 60; i++) {
            size_t at = i < 8 ? len - 1 - i : rnd(len);
            uint8_t keep = in[at];
            in[at] = (uint8_t)rnd64();
            try_text((const char *)in, len);
            in[at] = keep;
        }
        free(in);
    }
}

/* Inside, a text is also written over its own bytes (a token is built where its JSON lies); the
   public call does not promise that.                                                            */
static void test_encode_over_its_own_bytes(void)
{
    size_t n;
    for (n = 0; n <= 200; n++) {
        size_t t = text_len(n);
        uint8_t bytes[200];
        char want[300], *p = (char *)exact(t);
        rnd_bytes(bytes, n);
        CHECK_EQ(judge_encode(bytes, n, want), t);
        if (n > 0) memcpy(p, bytes, n);
        tai_base64url_encode((const uint8_t *)p, n, p);
        CHECK_BYTES(p, want, t);
        free(p);
    }
}

/* ---- room and arguments ------------------------------------------------------------------------ */

static void test_encode_room(void)
{
    size_t n, cap;
    for (n = 0; n <= 100; n++) {
        size_t need = text_len(n) + 1, len;
        uint8_t *bytes = (uint8_t *)exact(n);
        rnd_bytes(bytes, n);
        for (cap = 0; cap <= need + 1; cap++) {
            char *out = (char *)room_of(cap);
            memset(out, '#', cap);
            len = 77;
            if (cap < need) {
                CHECK_ST(ta_base64url_encode(bytes, n, out, cap, &len), TA_ERR_SPACE);
                CHECK_EQ(len, 0);
                if (cap > 0) CHECK_EQ(out[0], 0);
            } else {
                CHECK_ST(ta_base64url_encode(bytes, n, out, cap, &len), TA_OK);
                CHECK_EQ(len, need - 1);
                CHECK_EQ(strlen(out), need - 1);
                if (cap > need) CHECK_EQ(out[need], '#');
            }
            free_room(out);
        }
        free(bytes);
    }
}

static void test_decode_room(void)
{
    size_t n, cap, i;
    for (n = 0; n <= 100; n++) {
        char text[200];
        uint8_t bytes[100];
        size_t t, len;
        char *in;
        rnd_bytes(bytes, n);
        for (i = 0; i < n; i++) bytes[i] = (uint8_t)(bytes[i] | 1u);        /* never 0 */
        t = judge_encode(bytes, n, text);
        in = (char *)exact_copy(text, t);
        for (cap = 0; cap <= n + 1; cap++) {
            uint8_t *out = (uint8_t *)room_of(cap);
            memset(out, 0xA4, cap);
            len = 77;
            if (cap < n) {
                CHECK_ST(ta_base64url_decode(in, t, out, cap, &len), TA_ERR_SPACE);
                CHECK_EQ(len, 0);
                for (i = 0; i < cap; i++) CHECK_EQ(out[i], 0xA4);           /* untouched */
            } else {
                CHECK_ST(ta_base64url_decode(in, t, out, cap, &len), TA_OK);
                CHECK_EQ(len, n);
                CHECK_BYTES(out, bytes, n);
            }
            free_room(out);
        }
        for (cap = 0; cap < n; cap++) {         /* too little room in place: the text is unhurt */
            char *p = (char *)exact_copy(text, t);
            len = 77;
            CHECK_ST(ta_base64url_decode(p, t, p, cap, &len), TA_ERR_SPACE);
            CHECK_EQ(len, 0);
            CHECK(memcmp(p, text, t) == 0);
            free(p);
        }
        free(in);
    }
}

/* A length near SIZE_MAX must not wrap around into "fits"; the bytes are never looked at. */
static void huge_decode(size_t huge)
{
    static const char in[4] = {'A', 'A', 'A', 'A'};
    char out[8];
    size_t len = 77;
    ta_status st = ta_base64url_decode(in, huge, out, sizeof out, &len);
    CHECK(st == TA_ERR_SPACE || (huge % 4 == 1 && st == TA_ERR_ENCODING));
    CHECK_EQ(len, 0);
}

static void huge_encode(size_t huge)
{
    static const char in[4] = {'A', 'A', 'A', 'A'};
    char out[8] = "#";
    size_t len = 77;
    CHECK_ST(ta_base64url_encode(in, huge, out, sizeof out, &len), TA_ERR_SPACE);
    CHECK_EQ(len, 0);
    CHECK_EQ(out[0], 0);
}

static void test_huge_lengths_do_not_wrap(void)
{
    size_t i, part;
    for (part = 1; part <= 24; part++) {        /* 3 * n wraps at thirds, 4 * n at quarters, 8 * n ... */
        for (i = 0; i < 16; i++) {
            size_t edge = SIZE_MAX / 24 * part;
            huge_decode(edge - i);
            huge_encode(edge - i);
            if (i <= SIZE_MAX - edge) {
                huge_decode(edge + i);
                huge_encode(edge + i);
            }
        }
    }
    for (part = 3; part <= 8; part++) {         /* and right behind each such edge */
        for (i = 0; i < 16; i++) {
            size_t k;
            for (k = 1; k < part; k++) {
                huge_decode(SIZE_MAX / part * k + k + i);
                huge_encode(SIZE_MAX / part * k + k + i);
            }
        }
    }
}

static void test_arguments(void)
{
    char out[8];
    size_t len = 77;
    CHECK_ST(ta_base64url_encode(NULL, 0, out, sizeof out, &len), TA_OK);
    CHECK_EQ(len, 0);
    CHECK_STR(out, "");

    len = 77;
    out[0] = '#';
    CHECK_ST(ta_base64url_encode(NULL, 1, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    CHECK_EQ(out[0], 0);
    len = 77;
    CHECK_ST(ta_base64url_encode("a", 1, NULL, 8, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    out[0] = '#';
    CHECK_ST(ta_base64url_encode("a", 1, out, sizeof out, NULL), TA_ERR_ARGUMENT);
    CHECK_EQ(out[0], 0);

    len = 77;
    CHECK_ST(ta_base64url_decode(NULL, 0, out, sizeof out, &len), TA_OK);
    CHECK_EQ(len, 0);
    len = 77;
    CHECK_ST(ta_base64url_decode("", 0, out, 0, &len), TA_OK);
    CHECK_EQ(len, 0);
    len = 77;
    CHECK_ST(ta_base64url_decode(NULL, 4, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    CHECK_ST(ta_base64url_decode(NULL, 1, out, sizeof out, &len), TA_ERR_ARGUMENT);
    CHECK_ST(ta_base64url_decode("Zg", 2, NULL, 8, &len), TA_ERR_ARGUMENT);
    len = 77;
    CHECK_ST(ta_base64url_decode("Zm9v", 4, NULL, 8, &len), TA_ERR_ARGUMENT);
    CHECK_EQ(len, 0);
    out[0] = '#';
    CHECK_ST(ta_base64url_decode("Zm9v", 4, out, sizeof out, NULL), TA_ERR_ARGUMENT);
    CHECK(out[0] == '#' || out[0] == 0);
}

static void test_caps_are_always_enough(void)
{
    size_t n;
    for (n = 0; n <= 3000; n++) {
        CHECK(TA_BASE64URL_CAP(n) >= text_len(n) + 1);
        CHECK(TA_BYTES_CAP(text_len(n)) >= n);
        CHECK(TA_BYTES_CAP(n) >= n * 3 / 4);
        CHECK(TA_BASE64URL_CAP(n) <= n / 3 * 4 + 8);        /* and not absurd */
    }
}

/* ---- public vectors: id, input_hex, verdict, decoded_hex, why, source, note -------------------- */

static void base64url_row(char **field, size_t fields)
{
    size_t n, want_n, len = 77, back_len = 77;
    uint8_t *in, *want, *out;
    char *back;
    ta_status st;
    CHECK(fields >= 4);
    if (fields < 4) return;
    in = hex_bytes(field[1], &n);
    want = hex_bytes(field[3], &want_n);
    out = (uint8_t *)exact(n + 1);
    st = ta_base64url_decode((const char *)in, n, out, n + 1, &len);
    if (strcmp(field[2], "valid") == 0) {
        CHECK_ST(st, TA_OK);
        CHECK_EQ(len, want_n);
        if (len == want_n) CHECK_BYTES(out, want, want_n);
        back = (char *)exact(n + 1);
        CHECK_ST(ta_base64url_encode(want, want_n, back, n + 1, &back_len), TA_OK);
        CHECK_EQ(back_len, n);
        CHECK(back_len == n && memcmp(back, in, n) == 0);
        free(back);
    } else {
        CHECK(strcmp(field[2], "invalid") == 0);
        CHECK_ST(st, TA_ERR_ENCODING);
        CHECK_EQ(len, 0);
    }
    try_text((const char *)in, n);
    free(out);
    free(want);
    free(in);
}

static void test_nothing_needs_no_room(void)
{
    size_t len = 7;
    CHECK_ST(ta_base64url_decode("", 0, NULL, 0, &len), TA_OK);
    CHECK_EQ(len, 0);
}

int main(void)
{
    RUN(test_rfc4648_section_10);
    RUN(test_rfc7515_examples);
    RUN(test_each_padding_is_refused);
    RUN(test_foreign_characters_are_refused);
    RUN(test_each_byte_value_in_each_position);
    RUN(test_each_pair_of_characters);
    RUN(test_last_character_cannot_be_changed);
    RUN(test_each_bit_flip_of_a_canonical_text);
    RUN(test_each_canonical_last_character_after_groups);
    RUN(test_a_length_of_4n_plus_1_is_refused);
    RUN(test_round_trip_of_each_length);
    RUN(test_encode_each_byte_in_each_place);
    RUN(test_long_texts);
    RUN(test_encode_over_its_own_bytes);
    RUN(test_encode_room);
    RUN(test_decode_room);
    RUN(test_huge_lengths_do_not_wrap);
    RUN(test_arguments);
    RUN(test_caps_are_always_enough);
    run_vectors("base64/base64url.tsv", 555, base64url_row);
    RUN(test_nothing_needs_no_room);
    return check_done("base64url");
}
