/* hash.c - ta_equal, ta_wipe, SHA-256 and HMAC: every length, from any state. */
#include "proof.h"
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

void prove_model(void)
{
    uint32_t one = 1;
#ifdef MODEL_BIG_ENDIAN
    claim(((const uint8_t *)&one)[3] == 1, "big-endian");
#else
    claim(((const uint8_t *)&one)[0] == 1, "little-endian");
#endif
    claim(tai_load32((const uint8_t *)"\1\2\3\4") == UINT32_C(0x01020304), "loads are big-endian on any machine");
    reached("the end");
}

void prove_equal(void)
{
    static uint8_t room_a[N], room_b[N];
    size_t len = any_up_to(N), i;
    char *a = at_one_end_of(room_a, N, len), *b = at_one_end_of(room_b, N, len);
    bool same = true;
    for (i = 0; i < len; i++) same = same && a[i] == b[i];
    claim(ta_equal(a, b, len) == same, "true when all bytes agree, and only then");
    ta_wipe(a, len);
    claim(all_zero(a, len), "wiped");
    if (same && len == N) reached("two that agree");
    if (!same && len == N) reached("two that differ");
}

void prove_compress(void)
{
    uint32_t state[8];
    uint8_t block[2 * 64];
    tai_sha256_blocks(state, block, any_up_to(2));
    reached("the end");
}

/* From any state: what update needs of it is the total alone. */
void prove_update(void)
{
    static uint8_t room[N];
    ta_sha256 c;
    size_t len = any_up_to(N);
    uint64_t before = c.total;
    ta_sha256_update(&c, at_one_end_of(room, N, len), len);
    claim(c.total == before + len, "counted");
    if (len == N && before % 64 == 60) reached("over a block's edge");
}

void prove_final(void)
{
    ta_sha256 c;
    uint8_t digest[TA_SHA256_SIZE];
    size_t used = (size_t)(c.total % 64);
    ta_sha256_final(&c, digest);
    claim(all_zero(&c, sizeof c), "wiped");
    if (used == 63) reached("two blocks");
    if (used == 0) reached("an empty one");
}

void prove_hmac(void)
{
    static uint8_t key_room[N], room[N];
    size_t key_len = any_up_to(N), len = any_up_to(N);
    char *key = at_one_end_of(key_room, N, key_len), *msg = at_one_end_of(room, N, len);
    uint8_t mac[TA_SHA256_SIZE], digest[TA_SHA256_SIZE];
    ta_hmac_sha256(key, key_len, msg, len, mac);
    ta_sha256_once(msg, len, digest);
    if (key_len == N && len == N) reached("the end");
}
