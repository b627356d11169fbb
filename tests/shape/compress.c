/* compress.c - the block function of SHA-256 comes from outside, as from a chip's hash engine. The
   one here is FIPS 180-4, section 6.2.2, word for word; it counts its calls.                    */
#include <stddef.h>
#include <stdint.h>

static unsigned long shape_blocks, shape_idle;

static uint32_t shape_rotr(uint32_t x, unsigned n) { return x >> n | x << (32u - n); }

static void shape_compress(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    static const uint32_t k[64] = {
        0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
        0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
        0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
        0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
        0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
        0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
        0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
        0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u };
    if (blocks == 0) shape_idle++;      /* an engine may take 0 for anything */
    for (; blocks > 0; blocks--, in += 64) {
        uint32_t w[64], v[8], t1, t2;
        int t;
        for (t = 0; t < 16; t++) {
            w[t] = (uint32_t)in[4 * t] << 24 | (uint32_t)in[4 * t + 1] << 16 | (uint32_t)in[4 * t + 2] << 8
                 | in[4 * t + 3];
        }
        for (t = 16; t < 64; t++) {
            w[t] = w[t - 16] + w[t - 7]
                 + (shape_rotr(w[t - 15], 7) ^ shape_rotr(w[t - 15], 18) ^ w[t - 15] >> 3)
                 + (shape_rotr(w[t - 2], 17) ^ shape_rotr(w[t - 2], 19) ^ w[t - 2] >> 10);
        }
        for (t = 0; t < 8; t++) v[t] = state[t];
        for (t = 0; t < 64; t++) {
            t1 = v[7] + (shape_rotr(v[4], 6) ^ shape_rotr(v[4], 11) ^ shape_rotr(v[4], 25))
               + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[t] + w[t];
            t2 = (shape_rotr(v[0], 2) ^ shape_rotr(v[0], 13) ^ shape_rotr(v[0], 22))
               + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            v[7] = v[6]; v[6] = v[5]; v[5] = v[4]; v[4] = v[3] + t1;
            v[3] = v[2]; v[2] = v[1]; v[1] = v[0]; v[0] = t1 + t2;
        }
        for (t = 0; t < 8; t++) state[t] += v[t];
        shape_blocks++;
    }
}

#define TOKENAUTH_SHA256_COMPRESS(state, in, blocks) shape_compress(state, in, blocks)
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"

int main(void)
{
    static const uint8_t want[4] = {0xba, 0x78, 0x16, 0xbf};    /* FIPS 180-4's "abc" */
    uint8_t digest[TA_SHA256_SIZE], million[1000], end[TA_SHA256_SIZE];
    ta_sha256 c;
    int i;

    ta_sha256_once("abc", 3, digest);
    if (shape_blocks != 1 || !ta_equal(digest, want, sizeof want)) return 1;
    ta_sha256_init(&c);
    for (i = 0; i < 3; i++) ta_sha256_update(&c, "abc" + i, 1);
    ta_sha256_final(&c, digest);
    if (shape_blocks != 2 || !ta_equal(digest, want, sizeof want)) return 1;
    for (i = 0; i < 1000; i++) million[i] = 'a';
    ta_sha256_init(&c);
    for (i = 0; i < 1000; i++) ta_sha256_update(&c, million, sizeof million);
    ta_sha256_final(&c, end);
    return shape_idle == 0 && shape_blocks == 2 + 15626 && end[0] == 0xcd && end[31] == 0xd0 ? 0 : 2;
}
