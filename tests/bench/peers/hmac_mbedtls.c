/* HMAC of mbedTLS: the key set once, mbedtls_md_hmac_reset for each message */

#include "../peer.h"
#include <mbedtls/md.h>

static mbedtls_md_context_t ctx;

static bool set_up(void)
{
    mbedtls_md_init(&ctx);
    return mbedtls_md_setup(&ctx, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) == 0
        && mbedtls_md_hmac_starts(&ctx, bench_secret, sizeof bench_secret) == 0;
}

static bool hmac(const bench_token *t)
{
    unsigned char out[32];
    return mbedtls_md_hmac_reset(&ctx) == 0
        && mbedtls_md_hmac_update(&ctx, (const unsigned char *)t->token, t->signed_len) == 0
        && mbedtls_md_hmac_finish(&ctx, out) == 0;
}

const bench_peer bench_peer_entry = {"mbedTLS", set_up, NULL, NULL, hmac};
