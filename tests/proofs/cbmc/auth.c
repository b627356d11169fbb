/* auth.c - refresh tokens and session ids as a client sent them, and records as a store hands them out. */
#include "proof.h"
#include "contracts.h"

struct tai_alphabet;
struct tai_access;
static bool contract_tai_base64_decode(const char *in, size_t len, uint8_t *out, struct tai_alphabet a);
static ta_status contract_tai_delete(struct tai_access *x, const uint8_t id[TA_ID_SIZE]);
static void contract_tai_token_tag(const ta_key *k, const uint8_t *token, uint8_t mac[TA_SHA256_SIZE]);
static void contract_tai_id_of(const char *label, const void *bytes, size_t len, uint8_t id[TA_ID_SIZE]);

#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

static bool contract_tai_base64_decode(const char *in, size_t len, uint8_t *out, tai_alphabet a)
{
    claim(readable(in, len) && writable(out, tai_base64_byte_len(len)), "decode: text and room");
    (void)a;
    havoc(out, tai_base64_byte_len(len));
    return nondet_bool();
}

static bool saw_tag, deleted;

static void contract_tai_token_tag(const ta_key *k, const uint8_t *token, uint8_t mac[TA_SHA256_SIZE])
{
    claim(__CPROVER_r_ok(k, sizeof *k) && readable(token, 21) && writable(mac, 32), "token_tag");
    saw_tag = true;
    havoc(mac, 32);
}

static void contract_tai_id_of(const char *label, const void *bytes, size_t len, uint8_t id[TA_ID_SIZE])
{
    claim(readable(label, 1), "id_of: the label");
    claim(readable(bytes, len), "id_of: the bytes");
    claim(writable(id, TA_ID_SIZE), "id_of: the room");
    havoc(id, TA_ID_SIZE);
}

static ta_status contract_tai_delete(tai_access *x, const uint8_t id[TA_ID_SIZE])
{
    claim(readable(id, TA_ID_SIZE), "delete");
    deleted = true;
    return nondet_bool() ? TA_OK : nondet_bool() ? TA_ERR_STORE : TA_ERR_BUSY;
}

/* A store that says and hands out anything. */
static ta_status any_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    claim(readable(id, TA_ID_SIZE) && writable(out, sizeof *out), "get: id and room");
    havoc(out, sizeof *out);
    return (ta_status)-(int)nondet_byte();
}

static ta_auth auth;
static ta_refresh_key refresh_keys[2];
static char room[N];

static const ta_auth *any_auth(void)
{
    auth.cfg.issuer = "i";
    auth.cfg.store.get = any_get;
    auth.cfg.refresh_keys = refresh_keys;
    auth.cfg.refresh_key_count = any_up_to(2);
    auth.cfg.refresh_prefix = nondet_bool() ? "p_" : NULL;
    auth.cfg.absolute_s = (int32_t)nondet_word();
    auth.cfg.sessions_not_before = nondet_time();
    refresh_keys[0].id = nondet_byte();
    refresh_keys[1].id = nondet_byte();
    assume(auth.cfg.absolute_s > 0);
    return &auth;
}

void prove_token(void)
{
    const ta_auth *a = any_auth();
    size_t len = any_up_to(N), prefix = a->cfg.refresh_prefix != NULL ? 2 : 0;
    const char *text = at_one_end_of(room, N, len);
    ta_status st = ta_logout(a, text, len, nondet_time());

    claim(!deleted || (saw_tag && saw_right_tag), "nothing is looked up without a good tag");
    if (deleted) {
        claim(len == 50 + prefix && (prefix == 0 || text[0] == 'p'), "50 characters and the prefix");
        reached("a token");
    }
    if (st == TA_ERR_INVALID) reached("not ours");
    if (st == TA_ERR_UNKNOWN_KEY) reached("an unknown key");
}

/* A sid from outside, and whatever record the store has for it. */
void prove_session(void)
{
    const ta_auth *a = any_auth();
    size_t len = any_up_to(N), i;
    ta_session out;
    char subject[3];
    bool named = nondet_bool();
    ta_status st;

    subject[2] = '\0';
    st = ta_session_get(a, named ? subject : NULL, at_one_end_of(room, N, len), len, nondet_time(), &out);
    if (st != TA_OK) {
        claim(all_zero(&out, sizeof out), "nothing after a failure");
        if (st == TA_ERR_EXPIRED) reached("expired");
        return;
    }
    claim(len == 22, "a sid is 22 characters");
    claim(out.subject[TOKENAUTH_RECORD_TEXT] == '\0' && out.label[TOKENAUTH_RECORD_TEXT] == '\0', "texts end");
    for (i = 0; named && i < 2 && subject[i] != '\0'; i++) claim(out.subject[i] == subject[i], "this subject's");
    if (named) reached("a session");
}
