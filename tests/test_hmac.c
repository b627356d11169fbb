/* test_hmac.c - RFC 2104 with SHA-256: RFC 4231's vectors, a second HMAC written straight from the
   RFC, and the values of Python's hmac (ramp.h), for each key length around the block's size.    */

#include "check.h"
#include "ramp.h"

static uint8_t *ramp_new(size_t n)
{
    uint8_t *p = (uint8_t *)exact(n);
    size_t i;
    for (i = 0; i < n; i++) p[i] = (uint8_t)(7 * i + 3);
    return p;
}

/* H(K ^ opad, H(K ^ ipad, msg)), word for word from RFC 2104 section 2. */
static void plain_hmac(const uint8_t *key, size_t key_len, const uint8_t *msg, size_t msg_len,
                       uint8_t mac[TA_SHA256_SIZE])
{
    uint8_t k[64] = {0}, pad[64], inner[TA_SHA256_SIZE];
    ta_sha256 c;
    size_t i;
    if (key_len > 64) ta_sha256_once(key, key_len, k);
    else if (key_len > 0) memcpy(k, key, key_len);
    for (i = 0; i < 64; i++) pad[i] = (uint8_t)(k[i] ^ 0x36);
    ta_sha256_init(&c);
    ta_sha256_update(&c, pad, 64);
    ta_sha256_update(&c, msg, msg_len);
    ta_sha256_final(&c, inner);
    for (i = 0; i < 64; i++) pad[i] = (uint8_t)(k[i] ^ 0x5C);
    ta_sha256_init(&c);
    ta_sha256_update(&c, pad, 64);
    ta_sha256_update(&c, inner, sizeof inner);
    ta_sha256_final(&c, mac);
}

/* ---- the standard's vectors ---------------------------------------------------------------- */

/* RFC 4231 sections 4.2 to 4.8. Number 5 gives the first 16 bytes only. */
static const struct { const char *key, *msg, *mac; } rfc4231[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddddddddddddddddddddddddddddddddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {"0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
     "546573742057697468205472756e636174696f6e",
     "a3b6167473100ee06e0c796c2955552b"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a"
     "65204b6579202d2048617368204b6579204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "5468697320697320612074657374207573696e672061206c6172676572207468"
     "616e20626c6f636b2d73697a65206b657920616e642061206c61726765722074"
     "68616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565"
     "647320746f20626520686173686564206265666f7265206265696e6720757365"
     "642062792074686520484d414320616c676f726974686d2e",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}
};

static void test_rfc4231_vectors(void)
{
    static const size_t key_len[] = {20, 4, 20, 25, 20, 131, 131};
    size_t i;
    for (i = 0; i < sizeof rfc4231 / sizeof rfc4231[0]; i++) {
        size_t kn, mn, n;
        uint8_t *key = hex_bytes(rfc4231[i].key, &kn), *msg = hex_bytes(rfc4231[i].msg, &mn);
        uint8_t *want = hex_bytes(rfc4231[i].mac, &n), got[TA_SHA256_SIZE];
        CHECK_EQ(kn, key_len[i]);
        CHECK_EQ(n, i == 4 ? 16 : 32);
        ta_hmac_sha256(key, kn, msg, mn, got);
        CHECK_BYTES(got, want, n);
        free(key);
        free(msg);
        free(want);
    }
}

/* RFC 7515 A.1: the MAC of the first JWT anybody meets. */
static void test_rfc7515_a1(void)
{
    static const uint8_t key[64] = {
        3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230,
        240, 84, 201, 40, 169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239,
        150, 138, 180, 195, 119, 98, 61, 34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245,
        103, 208, 128, 163
    };
    static const uint8_t want[32] = {
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37,
        77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121
    };
    static const char msg[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ";
    uint8_t got[TA_SHA256_SIZE];
    ta_hmac_sha256(key, sizeof key, msg, sizeof msg - 1, got);
    CHECK_BYTES(got, want, sizeof got);
}

/* ---- every key length --------------------------------------------------------------------------- */

/* A key of 64 bytes is taken as it is, one of 65 is hashed first. */
static void test_each_key_length_against_a_plain_hmac(void)
{
    size_t k, i;
    static const size_t msgs[] = {0, 1, 31, 32, 54, 55, 56, 63, 64, 65, 119, 120, 128, 200};
    for (k = 0; k <= 130; k++) {
        uint8_t *key = (uint8_t *)exact(k);
        rnd_bytes(key, k);
        for (i = 0; i < sizeof msgs / sizeof msgs[0]; i++) {
            uint8_t *msg = (uint8_t *)exact(msgs[i]);
            uint8_t want[TA_SHA256_SIZE], got[TA_SHA256_SIZE + 1];
            rnd_bytes(msg, msgs[i]);
            memset(got, 0x5A, sizeof got);
            plain_hmac(key, k, msg, msgs[i], want);
            ta_hmac_sha256(key, k, msg, msgs[i], got);
            if (memcmp(got, want, sizeof want) != 0) {
                CHECK_BYTES(got, want, sizeof want);
                printf("    key %lu message %lu\n", (unsigned long)k, (unsigned long)msgs[i]);
            }
            CHECK_EQ(got[TA_SHA256_SIZE], 0x5A);
            free(msg);
        }
        free(key);
    }
}

/* The plain HMAC above shares our SHA-256; these values do not. */
static void test_each_key_length_against_another_implementation(void)
{
    size_t k, m;
    uint8_t got[TA_SHA256_SIZE];
    ta_sha256 chain;
    for (k = 0; k <= 130; k++) {
        uint8_t *key = ramp_new(k), *msg = ramp_new(150 - k);
        ta_hmac_sha256(key, k, msg, 150 - k, got);
        if (memcmp(got, ramp_hmac[k], sizeof got) != 0) {
            CHECK_BYTES(got, ramp_hmac[k], sizeof got);
            printf("    key %lu\n", (unsigned long)k);
        }
        free(key);
        free(msg);
    }
    ta_sha256_init(&chain);
    for (k = 0; k <= 130; k++) {
        uint8_t *key = ramp_new(k);
        for (m = 0; m <= 130; m++) {
            uint8_t *msg = ramp_new(m);
            ta_hmac_sha256(key, k, msg, m, got);
            ta_sha256_update(&chain, got, sizeof got);
            free(msg);
        }
        free(key);
    }
    ta_sha256_final(&chain, got);
    CHECK_BYTES(got, ramp_hmac_chain, sizeof got);
}

/* RFC 2104 pads a short key with zeros, so "k" and "k\0" are one key up to 64 bytes, and a long key
   and its digest are one. Known, and why a ta_key has a least length; beyond it keys differ.     */
static void test_keys_that_are_one_key(void)
{
    uint8_t *key = (uint8_t *)exact(65), a[TA_SHA256_SIZE], b[TA_SHA256_SIZE], digest[TA_SHA256_SIZE];
    memset(key, 0, 65);
    memset(key, 'k', 10);
    ta_hmac_sha256(key, 10, "m", 1, a);
    ta_hmac_sha256(key, 64, "m", 1, b);
    CHECK_BYTES(a, b, sizeof a);
    ta_hmac_sha256(key, 65, "m", 1, b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    ta_sha256_once(key, 65, digest);
    ta_hmac_sha256(digest, sizeof digest, "m", 1, a);
    CHECK_BYTES(a, b, sizeof a);
    free(key);
}

/* Each bit of key and message counts. */
static void test_each_bit_flip_changes_the_mac(void)
{
    static const size_t lengths[] = {1, 32, 63, 64, 65, 100};
    size_t k, i;
    for (k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        size_t n = lengths[k];
        uint8_t *key = (uint8_t *)exact(n), *msg = (uint8_t *)exact(n);
        uint8_t whole[TA_SHA256_SIZE], got[TA_SHA256_SIZE];
        rnd_bytes(key, n);
        rnd_bytes(msg, n);
        ta_hmac_sha256(key, n, msg, n, whole);
        for (i = 0; i < 8 * n; i++) {
            key[i / 8] = (uint8_t)(key[i / 8] ^ (1u << (i % 8)));
            ta_hmac_sha256(key, n, msg, n, got);
            CHECK(memcmp(got, whole, sizeof got) != 0);
            key[i / 8] = (uint8_t)(key[i / 8] ^ (1u << (i % 8)));
            msg[i / 8] = (uint8_t)(msg[i / 8] ^ (1u << (i % 8)));
            ta_hmac_sha256(key, n, msg, n, got);
            CHECK(memcmp(got, whole, sizeof got) != 0);
            msg[i / 8] = (uint8_t)(msg[i / 8] ^ (1u << (i % 8)));
        }
        ta_hmac_sha256(key, n, msg, n, got);
        CHECK_BYTES(got, whole, sizeof got);
        free(key);
        free(msg);
    }
}

static void test_empty_key_and_empty_message(void)
{
    /* HMAC-SHA256("", "") of Python's hmac, OpenSSL and others */
    static const uint8_t want[32] = {
        0xb6, 0x13, 0x67, 0x9a, 0x08, 0x14, 0xd9, 0xec, 0x77, 0x2f, 0x95, 0xd7, 0x78, 0xc3, 0x5f, 0xc5,
        0xff, 0x16, 0x97, 0xc4, 0x93, 0x71, 0x56, 0x53, 0xc6, 0xc7, 0x12, 0x14, 0x42, 0x92, 0xc5, 0xad
    };
    uint8_t got[TA_SHA256_SIZE], other[TA_SHA256_SIZE];
    ta_hmac_sha256(NULL, 0, NULL, 0, got);
    CHECK_BYTES(got, want, sizeof got);
    ta_hmac_sha256("", 0, "", 0, got);
    CHECK_BYTES(got, want, sizeof got);
    ta_hmac_sha256(NULL, 0, "m", 1, got);
    plain_hmac((const uint8_t *)"", 0, (const uint8_t *)"m", 1, other);
    CHECK_BYTES(got, other, sizeof got);
    ta_hmac_sha256("k", 1, NULL, 0, got);
    plain_hmac((const uint8_t *)"k", 1, (const uint8_t *)"", 0, other);
    CHECK_BYTES(got, other, sizeof got);
}

/* ---- public vectors: id, key_hex, msg_hex, tag_hex, tag_bytes, result, note ---------------------- */

static void hmac_row(char **field, size_t fields)
{
    size_t kn, mn, n;
    uint8_t *key, *msg, *tag, got[TA_SHA256_SIZE], want[TA_SHA256_SIZE];
    CHECK(fields >= 6);
    if (fields < 6) return;
    key = hex_bytes(field[1], &kn);
    msg = hex_bytes(field[2], &mn);
    tag = hex_bytes(field[3], &n);
    CHECK_EQ(n, strtol(field[4], NULL, 10));
    CHECK(n >= 1 && n <= TA_SHA256_SIZE);
    if (n > TA_SHA256_SIZE) n = TA_SHA256_SIZE;
    ta_hmac_sha256(key, kn, msg, mn, got);
    plain_hmac(key, kn, msg, mn, want);
    CHECK_BYTES(got, want, sizeof got);
    if (strcmp(field[5], "valid") == 0) {
        CHECK_BYTES(got, tag, n);
        CHECK(ta_equal(got, tag, n));
    } else {
        CHECK(strcmp(field[5], "invalid") == 0);
        CHECK(!ta_equal(got, tag, n));
    }
    free(key);
    free(msg);
    free(tag);
}

/* What the last steps worked on is cleared by themselves, whatever their callers do afterwards.     */
static void test_nothing_of_the_state_is_left(void)
{
    ta_key key;
    ta_sha256 c;
    uint32_t state[8];
    uint8_t mac[TA_SHA256_SIZE];
    CHECK_ST(ta_key_init(&key, "thirty-two bytes, and one more..", 32, NULL), TA_OK);
    memcpy(state, key.inner, sizeof state);
    tai_hmac_outer(key.outer, state, mac);
    CHECK(all_zero(state, sizeof state));
    tai_hmac_begin(&c, key.inner);
    ta_sha256_update(&c, "text", 4);
    tai_hmac_end(&c, key.outer, mac);
    CHECK(all_zero(&c, sizeof c));
}

int main(void)
{
    RUN(test_rfc4231_vectors);
    RUN(test_rfc7515_a1);
    RUN(test_each_key_length_against_a_plain_hmac);
    RUN(test_each_key_length_against_another_implementation);
    RUN(test_keys_that_are_one_key);
    RUN(test_each_bit_flip_changes_the_mac);
    RUN(test_empty_key_and_empty_message);
    RUN(test_nothing_of_the_state_is_left);
    run_vectors("hmac/rfc4231.tsv", 7, hmac_row);
    run_vectors("hmac/cavp_hmac_sha256.tsv", 159, hmac_row);
    run_vectors("hmac/wycheproof_hmac_sha256.tsv", 115, hmac_row);
    return check_done("hmac");
}
