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

static void set_claims(ta_claims *c, const bench_token *t)
{
    static const ta_claims none = TA_ZERO;
    *c = none;
    c->issuer       = text_of(t, "iss");
    c->subject      = text_of(t, "sub");
    c->audience     = text_of(t, "aud");
    c->id           = text_of(t, "jti");
    c->session      = text_of(t, "sid");
    c->expires_at   = number_of(t, "exp");
    c->issued_at    = number_of(t, "iat");
    c->allow_no_exp = c->expires_at == 0;
    c->more     = t->more;
    c->more_len = t->more_len;
}

static bool run_sign(void *token, size_t n)
{
    const bench_token *t = (const bench_token *)token;
    char out[BENCH_TOKEN_CAP];
    ta_claims c;
    size_t len = 0;
    bool good = true;
    set_claims(&c, t);
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

/* ---- where the time goes: the steps of ta_jwt_verify and ta_jwt_sign, each by itself --------------------- */

/* What a step finds, left over from the steps before it. */
typedef struct work {
    const bench_token *t;
    char      buf[BENCH_TOKEN_CAP];
    tai_parts parts;
    ta_jwt    jwt;
    ta_json   alg, crit, claims;
    tai_dates dates;
    ta_claims to_sign;
} work;

static bool step_header(work *w)
{
    unsigned candidates;
    return tai_prepare(w->t->token, w->t->token_len, w->buf, sizeof w->buf, &w->parts) == TA_OK
        && tai_read_header(w->t->token, &w->parts, w->buf, &w->jwt, &w->alg, &w->crit) == TA_OK
        && tai_check_header(ta_keys_of(&key, 1), w->alg, w->crit, w->jwt.kid, &candidates) == TA_OK;
}

static bool step_mac(work *w)
{
    uint8_t good[TA_SHA256_SIZE], came[TA_SHA256_SIZE];
    bool read = tai_read_mac(w->t->token + w->t->signed_len + 1, w->parts.mac, came) == TA_OK;
    tai_key_mac(&key, w->t->token, w->t->signed_len, good);
    return read && ta_equal(good, came, sizeof good);
}

static bool step_payload(work *w)
{
    return tai_decode_object(w->t->token + w->parts.head + 1, w->parts.body, w->buf + w->parts.head,
                             &w->claims) == TA_OK;
}

static bool step_json(work *w) { return tai_read_claims(w->claims, 0, &w->jwt, &w->dates) == TA_OK; }

static bool step_rules(work *w)
{
    ta_rules rules = TA_ZERO;
    rules.audience     = text_of(w->t, "aud");
    rules.allow_no_exp = number_of(w->t, "exp") == 0;
    return tai_check_claims(&w->jwt, &w->dates, BENCH_NOW, &rules) == TA_OK;
}

static bool step_more(work *w) { return tai_check_more(&w->to_sign) == TA_OK; }

static bool step_write(work *w)
{
    ta_json_writer out;
    tai_text_begin(&out, w->buf, sizeof w->buf);
    tai_put_header(&out, &key, "JWT");
    tai_put_claims(&out, &w->to_sign);
    return out.st == TA_OK;
}

static bool step_encode(work *w)
{
    tai_segment_encode((const uint8_t *)w->t->json, w->t->json_len, w->buf);
    return w->buf[0] == 'e';
}

static bool step_put_mac(work *w)
{
    ta_json_writer out;
    tai_text_begin(&out, w->buf, sizeof w->buf);
    out.len = w->t->signed_len;
    tai_put_mac(&out, &key);
    return out.st == TA_OK;
}

/* The steps before it have run once; then it runs n times. */
static bool run_step(void *token, size_t n, bool (*step)(work *))
{
    static work w;
    bool good;
    w.t = (const bench_token *)token;
    set_claims(&w.to_sign, w.t);
    good = step_header(&w) && step_payload(&w) && step_json(&w);
    for (; n > 0; n--) good &= step(&w);
    return good;
}

#define STEP(name) static bool run_##name(void *token, size_t n) { return run_step(token, n, step_##name); }
STEP(header) STEP(mac) STEP(payload) STEP(json) STEP(rules) STEP(more) STEP(write) STEP(encode) STEP(put_mac)
#undef STEP

static const bench_step steps[] = {
    {"verify: split, header", run_header}, {"verify: MAC, made and compared", run_mac},
    {"verify: payload decoded", run_payload}, {"verify: JSON checked, claims found", run_json},
    {"verify: rules", run_rules},
    {"sign: the members of `more`", run_more}, {"sign: header, claims written", run_write},
    {"sign: encoded", run_encode}, {"sign: MAC, made and written", run_put_mac}, {NULL, NULL}
};

const bench_form FORM = {
    FORM_NAME, set_up, run_floor, run_hmac, run_verify, run_sign, run_sign_json, compress, run_blocks, steps
};
