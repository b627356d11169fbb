/* test_sha256.c - FIPS 180-4, against the standard's vectors and against another implementation.

   The famous vectors all pass with the padding, the buffering or the length field wrong, so every
   length is tried in every two pieces (ramp.h, made by make_ramp.py), and the length field with
   totals that nobody can hash in a test.                                                        */

#include "check.h"
#include "ramp.h"

static void ramp_fill(uint8_t *p, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) p[i] = (uint8_t)(7 * i + 3);
}

static uint8_t *ramp_new(size_t n)
{
    uint8_t *p = (uint8_t *)exact(n);
    ramp_fill(p, n);
    return p;
}

static void check_hex(const uint8_t digest[TA_SHA256_SIZE], const char *hex)
{
    size_t n;
    uint8_t *want = hex_bytes(hex, &n);
    CHECK_EQ(n, TA_SHA256_SIZE);
    CHECK_BYTES(digest, want, TA_SHA256_SIZE);
    free(want);
}

/* ---- the standard's vectors ---------------------------------------------------------------- */

/* FIPS 180-4 examples (csrc.nist.gov, "SHA256.pdf") and RFC 6234 section 8.5, the SHA-256 tests
   that are whole bytes: TEST1, TEST2_1, TEST4, TEST6_256, TEST8_256, TEST10_256; and "".        */
static const struct { const char *text; size_t len; long repeat; const char *hex; } known[] = {
    {TA_LIT(""), 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {TA_LIT("abc"), 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {TA_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {TA_LIT("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
            "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"), 1,
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {TA_LIT("0123456701234567012345670123456701234567012345670123456701234567"), 10,
     "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5"},
    {TA_LIT("\x19"), 1, "68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4"},
    {TA_LIT("\xe3\xd7\x25\x70\xdc\xdd\x78\x7c\xe3\x88\x7a\xb2\xcd\x68\x46\x52"), 1,
     "175ee69b02ba9b58e2b0a5fd13819cea573f3940a94f825128cf4209beabb4e8"},
    {TA_LIT("\x83\x26\x75\x4e\x22\x77\x37\x2f\x4f\xc1\x2b\x20\x52\x7a\xfe\xf0\x4d\x8a\x05\x69"
            "\x71\xb1\x1a\xd5\x71\x23\xa7\xc1\x37\x76\x00\x00\xd7\xbe\xf6\xf3\xc1\xf7\xa9\x08"
            "\x3a\xa3\x9d\x81\x0d\xb3\x10\x77\x7d\xab\x8b\x1e\x7f\x02\xb8\x4a\x26\xc7\x73\x32"
            "\x5f\x8b\x23\x74\xde\x7a\x4b\x5a\x58\xcb\x5c\x5c\xf3\x5b\xce\xe6\xfb\x94\x6e\x5b"
            "\xd6\x94\xfa\x59\x3a\x8b\xeb\x3f\x9d\x65\x92\xec\xed\xaa\x66\xca\x82\xa2\x9d\x0c"
            "\x51\xbc\xf9\x33\x62\x30\xe5\xd7\x84\xe4\xc0\xa4\x3f\x8d\x79\xa3\x0a\x16\x5c\xba"
            "\xbe\x45\x2b\x77\x4b\x9c\x71\x09\xa9\x7d\x13\x8f\x12\x92\x28\x96\x6f\x6c\x0a\xdc"
            "\x10\x6a\xad\x5a\x9f\xdd\x30\x82\x57\x69\xb2\xc6\x71\xaf\x67\x59\xdf\x28\xeb\x39"
            "\x3d\x54\xd6"), 1,
     "97dbca7df46d62c8a422c941dd7e835b8ad3361763f7e9b2d95f4f0da6e1ccbc"}
};

static void test_fips_180_and_rfc6234_vectors(void)
{
    size_t i;
    long r;
    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t *msg = (uint8_t *)exact_copy(known[i].text, known[i].len), got[TA_SHA256_SIZE];
        ta_sha256 c;
        ta_sha256_init(&c);
        for (r = 0; r < known[i].repeat; r++) ta_sha256_update(&c, msg, known[i].len);
        ta_sha256_final(&c, got);
        check_hex(got, known[i].hex);
        if (known[i].repeat == 1) {
            memset(got, 0, sizeof got);
            ta_sha256_once(msg, known[i].len, got);
            check_hex(got, known[i].hex);
        }
        free(msg);
    }
}

/* FIPS 180-4 example, RFC 6234 TEST3: in one piece, in pieces of 1, 63, 64, 65 and 1,000 bytes. */
static void test_a_million_a(void)
{
    static const char hex[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    static const size_t pieces[] = {1000000, 1, 63, 64, 65, 1000};
    uint8_t *msg = (uint8_t *)exact(1000000), got[TA_SHA256_SIZE];
    size_t i, at;
    memset(msg, 'a', 1000000);
    ta_sha256_once(msg, 1000000, got);
    check_hex(got, hex);
    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        ta_sha256 c;
        ta_sha256_init(&c);
        for (at = 0; at < 1000000; at += pieces[i]) {
            ta_sha256_update(&c, msg + at, 1000000 - at < pieces[i] ? 1000000 - at : pieces[i]);
        }
        ta_sha256_final(&c, got);
        check_hex(got, hex);
    }
    free(msg);
}

/* ---- every length ------------------------------------------------------------------------------ */

/* 55 and 56 bytes are where the padding spills into one block more, 119 and 120 again. */
static void test_each_length_in_two_pieces(void)
{
    size_t n, cut;
    for (n = 0; n <= 130; n++) {
        for (cut = 0; cut <= n; cut++) {
            uint8_t *a = ramp_new(n), *b = (uint8_t *)exact_copy(a + cut, n - cut);
            uint8_t got[TA_SHA256_SIZE];
            ta_sha256 c;
            uint8_t *head = (uint8_t *)exact_copy(a, cut);
            ta_sha256_init(&c);
            ta_sha256_update(&c, head, cut);
            ta_sha256_update(&c, b, n - cut);
            ta_sha256_final(&c, got);
            if (memcmp(got, ramp_digest[n], sizeof got) != 0) {
                CHECK_BYTES(got, ramp_digest[n], sizeof got);
                printf("    n=%lu cut=%lu\n", (unsigned long)n, (unsigned long)cut);
            }
            free(head);
            free(a);
            free(b);
        }
    }
}

static void test_each_length_at_once_and_at_each_address(void)
{
    size_t n, odd;
    for (n = 0; n <= RAMP_MAX; n++) {
        for (odd = 0; odd < (n < 140 ? 16u : 4u); odd++) {
            uint8_t *p = (uint8_t *)exact(odd + n), got[TA_SHA256_SIZE + 1];
            memset(p, 0xEE, odd);
            ramp_fill(p + odd, n);
            memset(got, 0x5A, sizeof got);
            ta_sha256_once(p + odd, n, got);
            CHECK_BYTES(got, ramp_digest[n], TA_SHA256_SIZE);
            CHECK_EQ(got[TA_SHA256_SIZE], 0x5A);
            free(p);
        }
    }
}

static void test_one_byte_at_a_time(void)
{
    size_t n;
    uint8_t *msg = ramp_new(RAMP_MAX);
    ta_sha256 c, copy;
    ta_sha256_init(&c);
    for (n = 0; n <= RAMP_MAX; n++) {
        uint8_t got[TA_SHA256_SIZE];
        copy = c;                                   /* contexts copy with =, and c goes on */
        ta_sha256_final(&copy, got);
        CHECK_BYTES(got, ramp_digest[n], sizeof got);
        if (n < RAMP_MAX) ta_sha256_update(&c, msg + n, 1);
    }
    free(msg);
}

static void test_long_messages_in_random_pieces(void)
{
    size_t i, k, at, step;
    for (i = 0; i < sizeof ramp_long / sizeof ramp_long[0]; i++) {
        size_t n = ramp_long[i].n;
        uint8_t *msg = ramp_new(n), got[TA_SHA256_SIZE];
        ta_sha256_once(msg, n, got);
        CHECK_BYTES(got, ramp_long[i].digest, sizeof got);
        for (k = 0; k < 60; k++) {
            ta_sha256 c;
            ta_sha256_init(&c);
            for (at = 0; at < n; at += step) {
                step = rnd(k % 3 == 0 ? 64 : k % 3 == 1 ? 200 : n + 1);
                if (step > n - at) step = n - at;
                ta_sha256_update(&c, msg + at, step);
            }
            ta_sha256_final(&c, got);
            CHECK_BYTES(got, ramp_long[i].digest, sizeof got);
        }
        free(msg);
    }
}

static void test_three_random_pieces(void)
{
    size_t k;
    for (k = 0; k < 20000; k++) {
        size_t n = rnd(RAMP_MAX + 1), a = rnd(n + 1), b = a + rnd(n - a + 1);
        uint8_t *p = (uint8_t *)exact(a), *q = (uint8_t *)exact(b - a), *r = (uint8_t *)exact(n - b);
        uint8_t all[RAMP_MAX], got[TA_SHA256_SIZE];
        ta_sha256 c;
        ramp_fill(all, n);
        if (a > 0) memcpy(p, all, a);
        if (b > a) memcpy(q, all + a, b - a);
        if (n > b) memcpy(r, all + b, n - b);
        ta_sha256_init(&c);
        ta_sha256_update(&c, p, a);
        ta_sha256_update(&c, q, b - a);
        ta_sha256_update(&c, r, n - b);
        ta_sha256_final(&c, got);
        if (memcmp(got, ramp_digest[n], sizeof got) != 0) {
            CHECK_BYTES(got, ramp_digest[n], sizeof got);
            printf("    n=%lu a=%lu b=%lu\n", (unsigned long)n, (unsigned long)a, (unsigned long)b);
        }
        free(p);
        free(q);
        free(r);
    }
}

/* ---- the length field ---------------------------------------------------------------------------- */

/* It has 64 bits; no message that a test can hash sets the upper half. So the count is moved by
   hand, on a block's edge, and the digest must be that of a message as long (ramp.h says how).   */
static void test_length_field_of_huge_totals(void)
{
    size_t i;
    for (i = 0; i < sizeof ramp_after / sizeof ramp_after[0]; i++) {
        uint8_t *msg = ramp_new(ramp_after[i].n), got[TA_SHA256_SIZE];
        ta_sha256 c;
        ta_sha256_init(&c);
        c.total = ramp_after[i].before;
        ta_sha256_update(&c, msg, ramp_after[i].n);
        CHECK(c.total == ramp_after[i].before + ramp_after[i].n);
        ta_sha256_final(&c, got);
        if (memcmp(got, ramp_after[i].digest, sizeof got) != 0) {
            CHECK_BYTES(got, ramp_after[i].digest, sizeof got);
            printf("    row %lu\n", (unsigned long)i);
        }
        free(msg);
    }
}

/* ---- edges ----------------------------------------------------------------------------------------- */

static void test_nothing_may_be_null(void)
{
    uint8_t got[TA_SHA256_SIZE];
    ta_sha256 c;
    size_t n;
    ta_sha256_once(NULL, 0, got);
    CHECK_BYTES(got, ramp_digest[0], sizeof got);
    for (n = 0; n <= 130; n++) {                    /* an empty piece changes nothing anywhere */
        uint8_t *msg = ramp_new(n);
        ta_sha256_init(&c);
        ta_sha256_update(&c, NULL, 0);
        ta_sha256_update(&c, msg, n);
        ta_sha256_update(&c, NULL, 0);
        ta_sha256_update(&c, msg + n, 0);
        ta_sha256_final(&c, got);
        CHECK_BYTES(got, ramp_digest[n], sizeof got);
        free(msg);
    }
}

static void test_final_wipes_the_context(void)
{
    static const size_t lengths[] = {0, 1, 55, 56, 63, 64, 65, 119, 120, 130};
    size_t i;
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t *msg = ramp_new(lengths[i]), got[TA_SHA256_SIZE];
        ta_sha256 *c = (ta_sha256 *)exact(sizeof *c);
        memset(c, 0xFF, sizeof *c);                 /* init must not rely on what was there */
        ta_sha256_init(c);
        ta_sha256_update(c, msg, lengths[i]);
        ta_sha256_final(c, got);
        CHECK(all_zero(c, sizeof *c));
        CHECK_BYTES(got, ramp_digest[lengths[i]], sizeof got);
        ta_sha256_init(c);                          /* and may be used again */
        ta_sha256_update(c, msg, lengths[i]);
        ta_sha256_final(c, got);
        CHECK_BYTES(got, ramp_digest[lengths[i]], sizeof got);
        free(c);
        free(msg);
    }
}

/* The digest may overwrite the message: it is written when all has been read. */
static void test_digest_over_the_message(void)
{
    size_t n;
    for (n = TA_SHA256_SIZE; n <= 130; n++) {
        uint8_t *p = ramp_new(n);
        ta_sha256_once(p, n, p);
        CHECK_BYTES(p, ramp_digest[n], TA_SHA256_SIZE);
        free(p);
    }
}

/* Two messages at once, in turns: no state is shared. */
static void test_two_contexts_do_not_mix(void)
{
    uint8_t *msg = ramp_new(RAMP_MAX), got[TA_SHA256_SIZE];
    ta_sha256 a, b;
    size_t i;
    ta_sha256_init(&a);
    ta_sha256_init(&b);
    for (i = 0; i < 130; i += 13) {
        ta_sha256_update(&a, msg + i, 13);
        ta_sha256_update(&b, msg + 2 * i, 26);
    }
    ta_sha256_final(&b, got);
    CHECK_BYTES(got, ramp_digest[260], sizeof got);
    ta_sha256_final(&a, got);
    CHECK_BYTES(got, ramp_digest[130], sizeof got);
    free(msg);
}

/* ---- the compression alone -------------------------------------------------------------------- */

static uint32_t ror(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

/* FIPS 180-4 6.2.2, letter by letter; that the constants are the standard's, every vector above says. */
static void fips_compress(uint32_t h[8], const uint8_t *in)
{
    uint32_t w[64], v[8], t1, t2;
    unsigned t, i;
    for (t = 0; t < 16; t++) {
        w[t] = (uint32_t)in[4 * t] << 24 | (uint32_t)in[4 * t + 1] << 16 | (uint32_t)in[4 * t + 2] << 8
             | in[4 * t + 3];
    }
    for (; t < 64; t++) {
        w[t] = (ror(w[t - 2], 17) ^ ror(w[t - 2], 19) ^ w[t - 2] >> 10) + w[t - 7]
             + (ror(w[t - 15], 7) ^ ror(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 16];
    }
    memcpy(v, h, sizeof v);
    for (t = 0; t < 64; t++) {
        t1 = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6]))
           + tai_sha256_k[t] + w[t];
        t2 = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22))
           + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (i = 7; i > 0; i--) v[i] = v[i - 1];
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (i = 0; i < 8; i++) h[i] += v[i];
}

/* Each form of the compression gives what the standard's text gives, from states and over blocks that no
   message leads to, one block and several in a call, at each address.                            */
static void test_compression_of_random_states(void)
{
    uint8_t bytes[4 * 64 + 16];
    long i;
    for (i = 0; i < 300; i++) {
        uint32_t got[8], want[8];
        size_t blocks = 1 + rnd(4), at = rnd(16), b;
        for (b = 0; b < sizeof bytes; b++) bytes[b] = (uint8_t)rnd(256);
        for (b = 0; b < 8; b++) got[b] = want[b] = (uint32_t)rnd(65536) << 16 | (uint32_t)rnd(65536);
        if (i % 10 == 0) memset(bytes, i % 20 == 0 ? 0xFF : 0, sizeof bytes);
        for (b = 0; b < blocks; b++) fips_compress(want, bytes + at + 64 * b);
        tai_sha256_blocks(got, bytes + at, blocks);
        CHECK_BYTES(got, want, sizeof want);
    }
}

/* ---- public vectors ------------------------------------------------------------------------------- */

/* id, len_bytes, msg_hex, sha256_hex */
static void cavp_row(char **field, size_t fields)
{
    size_t n, want_n, cut;
    uint8_t *msg, *want, got[TA_SHA256_SIZE];
    ta_sha256 c;
    CHECK(fields >= 4);
    if (fields < 4) return;
    msg = hex_bytes(field[2], &n);
    want = hex_bytes(field[3], &want_n);
    CHECK_EQ(n, strtol(field[1], NULL, 10));
    CHECK_EQ(want_n, TA_SHA256_SIZE);
    ta_sha256_once(msg, n, got);
    CHECK_BYTES(got, want, TA_SHA256_SIZE);
    cut = rnd(n + 1);
    ta_sha256_init(&c);
    ta_sha256_update(&c, msg, cut);
    ta_sha256_update(&c, msg + cut, n - cut);
    ta_sha256_final(&c, got);
    CHECK_BYTES(got, want, TA_SHA256_SIZE);
    free(msg);
    free(want);
}

/* NIST SHAVS section 6.4: each checkpoint is the end of 1,000 digests, each of the last three. */
static uint8_t monte_seed[TA_SHA256_SIZE];

static void monte_row(char **field, size_t fields)
{
    uint8_t last[3 * TA_SHA256_SIZE], md[TA_SHA256_SIZE];
    int i;
    CHECK(fields >= 2);
    if (fields < 2) return;
    for (i = 0; i < 3; i++) memcpy(last + 32 * i, monte_seed, 32);
    for (i = 0; i < 1000; i++) {
        ta_sha256_once(last, sizeof last, md);
        memmove(last, last + 32, 64);
        memcpy(last + 64, md, 32);
    }
    check_hex(md, field[1]);
    memcpy(monte_seed, md, sizeof md);
}

static void run_monte(void)
{
    size_t n;
    uint8_t *seed = hex_bytes("6d1e72ad03ddeb5de891e572e2396f8da015d899ef0e79503152d6010a3fe691", &n);
    memcpy(monte_seed, seed, sizeof monte_seed);
    free(seed);
    run_vectors("sha256/cavp_monte.tsv", 67, monte_row);
}

int main(void)
{
    RUN(test_fips_180_and_rfc6234_vectors);
    RUN(test_a_million_a);
    RUN(test_each_length_in_two_pieces);
    RUN(test_each_length_at_once_and_at_each_address);
    RUN(test_one_byte_at_a_time);
    RUN(test_long_messages_in_random_pieces);
    RUN(test_three_random_pieces);
    RUN(test_length_field_of_huge_totals);
    RUN(test_nothing_may_be_null);
    RUN(test_final_wipes_the_context);
    RUN(test_digest_over_the_message);
    RUN(test_two_contexts_do_not_mix);
    RUN(test_compression_of_random_states);
    run_vectors("sha256/cavp_short.tsv", 65, cavp_row);
    run_vectors("sha256/cavp_long.tsv", 44, cavp_row);
    run_monte();
    return check_done("sha256");
}
