/* 02_hmac.c - forge a signature without the key, where it is a plain hash; then fail, where it is HMAC.
   Learn: what a MAC is; why SHA-256(key . message) is none; how HMAC is built, and what it stops.
   Build: cc -std=c99 -I.. 02_hmac.c -o 02 && ./02
   Prints (the checker compares it):
       HMAC by hand, RFC 4231 case 2: 5bdcc146bf60754e...
       the library says the same:     yes

       SHA-256(key . message)
         the message as it was sent   accepted
         one letter changed           refused
         something appended           accepted  <- forged without the key
       HMAC-SHA-256(key, message)
         the message as it was sent   accepted
         one letter changed           refused
         something appended           refused
   The forged message reads: user=guest, 22 bytes of filling, &role=admin. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

typedef void mac_function(const void *key, size_t key_len, const void *msg, size_t len, uint8_t mac[32]);

/* RFC 2104: hash the message behind the key XOR 0x36..., then that digest behind the key XOR 0x5c....
   What comes out is not the state in which the message was left, so nobody can go on from there (length
   extension).
   For keys of up to 64 bytes, the hash's block; longer ones are hashed first. */
static void hmac_by_hand(const void *key, size_t key_len, const void *msg, size_t len, uint8_t mac[32])
{
    const uint8_t *k = (const uint8_t *)key;
    uint8_t   inner[64], outer[64];
    ta_sha256 c;
    size_t    i;

    for (i = 0; i < 64; i++) {
        uint8_t byte = i < key_len ? k[i] : 0;
        inner[i] = byte ^ 0x36;
        outer[i] = byte ^ 0x5c;
    }
    ta_sha256_init(&c);
    ta_sha256_update(&c, inner, sizeof inner);
    ta_sha256_update(&c, msg, len);
    ta_sha256_final(&c, mac);
    ta_sha256_init(&c);
    ta_sha256_update(&c, outer, sizeof outer);
    ta_sha256_update(&c, mac, TA_SHA256_SIZE);
    ta_sha256_final(&c, mac);
    ta_wipe(inner, sizeof inner);
    ta_wipe(outer, sizeof outer);
}

/* What one might write instead. Do not. */
static void naive_mac(const void *key, size_t key_len, const void *msg, size_t len, uint8_t mac[32])
{
    ta_sha256 c;
    ta_sha256_init(&c);
    ta_sha256_update(&c, key, key_len);
    ta_sha256_update(&c, msg, len);
    ta_sha256_final(&c, mac);
}

/* The attack. SHA-256 works in blocks of 64 bytes, and its digest IS its state after the last one. The
   attacker loads it and goes on. He must know how many bytes went in, which he can try, and nothing
   of the key. What SHA-256 filled the last block with (FIPS 180-4 5.1.1) becomes part of his message.
   (A program of yours never looks into a ta_sha256. An attacker brings a hash of his own.) */
static size_t append(uint8_t *msg, size_t len, size_t key_len, const char *more, uint8_t mac[32])
{
    uint64_t  bits = (uint64_t)(key_len + len) * 8;
    size_t    i;
    ta_sha256 c;

    msg[len++] = 0x80;
    while ((key_len + len) % 64 != 56) msg[len++] = 0;
    for (i = 0; i < 8; i++) msg[len++] = (uint8_t)(bits >> (56 - 8 * i));

    ta_sha256_init(&c);
    c.total = key_len + len;
    for (i = 0; i < 8; i++) {
        c.state[i] = (uint32_t)mac[4 * i] << 24 | (uint32_t)mac[4 * i + 1] << 16
                   | (uint32_t)mac[4 * i + 2] << 8 | mac[4 * i + 3];
    }
    ta_sha256_update(&c, more, strlen(more));
    ta_sha256_final(&c, mac);
    memcpy(msg + len, more, strlen(more));
    return len + strlen(more);
}

/* ---- the server: it alone has the key --------------------------------------------------------- */

static const char secret[] = "nobody outside knows this secret";

static void sign(mac_function *f, const uint8_t *msg, size_t len, uint8_t mac[32])
{
    f(secret, sizeof secret - 1, msg, len, mac);
}

/* Compare with ta_equal: memcmp stops at the first difference, and the time it took tells where. */
static const char *verify(mac_function *f, const uint8_t *msg, size_t len, const uint8_t mac[32])
{
    uint8_t good[TA_SHA256_SIZE];
    sign(f, msg, len, good);
    return ta_equal(good, mac, sizeof good) ? "accepted" : "refused";
}

static void play(mac_function *f, const char *remark)
{
    uint8_t msg[256] = "user=guest", mac[TA_SHA256_SIZE];
    size_t  len = strlen("user=guest");

    sign(f, msg, len, mac);
    printf("  the message as it was sent   %s\n", verify(f, msg, len, mac));
    msg[5] = 'G';
    printf("  one letter changed           %s\n", verify(f, msg, len, mac));
    msg[5] = 'g';
    len = append(msg, len, sizeof secret - 1, "&role=admin", mac);
    printf("  something appended           %s%s\n", verify(f, msg, len, mac), remark);
}

int main(void)
{
    static const char data[] = "what do ya want for nothing?";
    uint8_t mine[TA_SHA256_SIZE], theirs[TA_SHA256_SIZE];
    size_t  i;

    hmac_by_hand(TA_LIT("Jefe"), data, sizeof data - 1, mine);
    ta_hmac_sha256(TA_LIT("Jefe"), data, sizeof data - 1, theirs);
    printf("HMAC by hand, RFC 4231 case 2: ");
    for (i = 0; i < 8; i++) printf("%02x", (unsigned)mine[i]);
    printf("...\nthe library says the same:     %s\n", ta_equal(mine, theirs, sizeof mine) ? "yes" : "NO");

    printf("\nSHA-256(key . message)\n");
    play(naive_mac, "  <- forged without the key");
    printf("HMAC-SHA-256(key, message)\n");
    play(ta_hmac_sha256, "");
    return 0;
}
