/* HMAC of OpenSSL: EVP_MAC with the key set once, and a copy of the context for each message */

#include "../peer.h"
#include <openssl/evp.h>
#include <openssl/params.h>

static EVP_MAC_CTX *ready;

static bool set_up(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("digest", (char *)"SHA256", 0), OSSL_PARAM_END};
    ready = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    return ready != NULL && EVP_MAC_init(ready, bench_secret, sizeof bench_secret, params) == 1;
}

static bool hmac(const bench_token *t)
{
    EVP_MAC_CTX *c = EVP_MAC_CTX_dup(ready);
    unsigned char out[32];
    size_t len = 0;
    bool good = c != NULL && EVP_MAC_update(c, (const unsigned char *)t->token, t->signed_len) == 1
             && EVP_MAC_final(c, out, &len, sizeof out) == 1;
    EVP_MAC_CTX_free(c);
    return good && len == 32;
}

const bench_peer bench_peer_entry = {"OpenSSL", set_up, NULL, NULL, hmac};
