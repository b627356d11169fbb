/* form.c - see form.h.  Compile with -DFORM=bench_form_default (or _portable, _small) -DFORM_NAME='"..."'
   and the switches of that form.                                                                     */

#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#define TA_MAX_TOKEN 8192
#include "../../tokenauth.h"
#include "form.h"

static ta_key key;

static void set_up(void)
{
    size_t i;
    if (ta_key_init(&key, bench_secret, sizeof bench_secret, NULL) != TA_OK) return;
    for (i = 0; i < BENCH_TOKENS; i++) {
        bench_token *t = &bench_token_list[i];
        if (t->token_len > 0) continue;
        if (ta_jwt_sign_json(&key, t->json, t->json_len, t->token, sizeof t->token, &t->token_len) != TA_OK)
            t->token_len = 0;
        t->signed_len = t->token_len > 44 ? t->token_len - 44 : 0;
    }
}

/* The same chain as an HMAC's, nothing else: the inner hash from the key's state, then one block more that
   holds its result. What a MAC over n bytes cannot do without.                                         */
static bool run_floor(void *token, size_t n)
{
    const bench_token *t = (const bench_token *)token;
    uint32_t state[16] = {0};
    uint8_t  block[64];
    for (; n > 0; n--) {
        memcpy(state, key.inner, sizeof key.inner);
        tai_sha256_blocks(state, (const uint8_t *)t->token, (t->signed_len + 9 + 63) / 64);
        memcpy(block, state, sizeof block);
        memcpy(state, key.outer, sizeof key.outer);
        tai_sha256_blocks(state, block, 1);
        state[8] += state[0];
    }
    return state[8] != 1;
}

static bool run_hmac(void *token, size_t n)
{
    const bench_token *t = (const bench_token *)token;
    uint8_t mac[32] = {0};
    for (; n > 0; n--) tai_hmac(key.inner, key.outer, t->token, t->signed_len, mac);
    return memcmp(mac, "", 1) != 0 || mac[1] != 0;
}

static const bench_claim *claim_of(const bench_token *t, const char *name)
{
    static const bench_claim none;
    size_t i;
    for (i = 0; i < t->claim_count; i++) if (strcmp(t->claims[i].name, name) == 0) return &t->claims[i];
    return &none;
}

static const char *text_of(const bench_token *t, const char *name) { return claim_of(t, name)->text; }

static int64_t number_of(const bench_token *t, const char *name) { return claim_of(t, name)->number; }

static bool run_verify(void *token, size_t n)
{
    const bench_token *t = (const bench_token *)token;
    char buf[BENCH_TOKEN_CAP];
    ta_rules rules = TA_ZERO;
    ta_jwt jwt;
    bool good = true;
    rules.audience     = text_of(t, "aud");
    rules.allow_no_exp = number_of(t, "exp") == 0;
    for (; n > 0; n--) {
        good &= ta_jwt_verify(ta_keys_of(&key, 1), t->token, t->token_len, BENCH_NOW, &rules, buf, sizeof buf,
                              &jwt) == TA_OK;
    }
    return good && jwt.claims.len == t->json_len;
}

static bool run_sign(void *token, size_t n)
{
    const bench_token *t = (const bench_token *)token;
    char out[BENCH_TOKEN_CAP];
    ta_claims c = TA_ZERO;
    size_t len = 0;
    bool good = true;
    c.issuer       = text_of(t, "iss");
    c.subject      = text_of(t, "sub");
    c.audience     = text_of(t, "aud");
    c.id           = text_of(t, "jti");
    c.session      = text_of(t, "sid");
    c.expires_at   = number_of(t, "exp");
    c.issued_at    = number_of(t, "iat");
    c.allow_no_exp = c.expires_at == 0;
    c.more     = t->more;
    c.more_len = t->more_len;
    for (; n > 0; n--) good &= ta_jwt_sign(&key, &c, out, sizeof out, &len) == TA_OK;
    return good && len == t->token_len;
}

static bool run_sign_json(void *token, size_t n)
{
    const bench_token *t = (const bench_token *)token;
    char out[BENCH_TOKEN_CAP];
    size_t len = 0;
    bool good = true;
    for (; n > 0; n--) good &= ta_jwt_sign_json(&key, t->json, t->json_len, out, sizeof out, &len) == TA_OK;
    return good && len == t->token_len && memcmp(out, t->token, len) == 0;
}

static void compress(uint32_t state[8], const uint8_t *in, size_t blocks)
{
    tai_sha256_blocks(state, in, blocks);
}

static bool run_blocks(void *count, size_t n)
{
    uint32_t state[16] = {0};
    size_t i;
    for (; n > 0; n--) {
        for (i = *(const size_t *)count; i > 0; i--) {
            tai_sha256_blocks(state, (const uint8_t *)bench_token_list[1].token, 1);
        }
    }
    return state[0] != 1;
}

const bench_form FORM = {
    FORM_NAME, set_up, run_floor, run_hmac, run_verify, run_sign, run_sign_json, compress, run_blocks
};
