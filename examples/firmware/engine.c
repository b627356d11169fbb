/* engine.c - stands in for a chip's SHA-256 engine, which QEMU's board does not have: what matters is its
   face. With a real one the body of board_sha256 is: write the state to the engine, feed it the blocks,
   wait until it is ready, read the state back. It must not be interrupted by another user of the engine. */
#include "board.h"

static const uint32_t constants[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u
};

static uint32_t rotate(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void one_block(uint32_t state[8], const uint8_t *in)
{
    uint32_t w[64], s[8], sum;
    unsigned t, i;
    for (t = 0; t < 16; t++) w[t] = word(in + 4 * t);
    for (; t < 64; t++) {
        w[t] = w[t - 16] + (rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3)
             + w[t - 7] + (rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10);
    }
    for (i = 0; i < 8; i++) s[i] = state[i];
    for (t = 0; t < 64; t++) {
        sum = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25))
            + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[t] + w[t];
        s[7] = s[6];  s[6] = s[5];  s[5] = s[4];  s[4] = s[3] + sum;
        sum += (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22))
             + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        s[3] = s[2];  s[2] = s[1];  s[1] = s[0];  s[0] = sum;
    }
    for (i = 0; i < 8; i++) state[i] += s[i];
}

void board_sha256(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    for (; blocks > 0; blocks--, in += 64) one_block(state, in);
}
