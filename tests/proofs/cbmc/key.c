/* key.c - secrets from configuration. */
#include "proof.h"
#include "contracts.h"

static void contract_tai_hmac_key(uint32_t inner[8], uint32_t outer[8], const void *key, size_t len)
{
    claim(readable(key, len) && writable(inner, 32) && writable(outer, 32), "hmac_key");
    havoc(inner, 32);
    havoc(outer, 32);
}

#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

static bool is_refused(const ta_key *key)
{
    return key->ready == 0 && key->kid == NULL && all_zero(key->inner, 32) && all_zero(key->outer, 32);
}

void prove_key_text(void)
{
    static char room[N];
    size_t len = any_up_to(N);
    const char *text = at_one_end_of(room, N, len);
    ta_key key;
    ta_status st = ta_key_init_text(&key, text, len, NULL);
    claim(st == TA_OK || st == TA_ERR_ENCODING || st == TA_ERR_LIMIT || st == TA_ERR_KEY, "one of the results");
    if (st == TA_OK) {
        claim(len >= 4 + 32 && text[0] != ' ', "32 bytes and a prefix at least");
        if (text[0] == 'r') reached("raw:");
        if (text[0] == 'b' && text[6] == ':') reached("base64:");
        if (text[0] == 'b' && text[6] == 'u') reached("base64url:");
    } else {
        claim(is_refused(&key), "no key after a failure");
        if (st == TA_ERR_KEY) reached("too short");
    }
}

void prove_key_init(void)
{
    static char room[N], kid_room[KID + 1];
    size_t len = any_up_to(N), kid_len = any_up_to(KID);
    char *secret = at_one_end_of(room, N, len), *kid = at_one_end_of(kid_room, KID + 1, kid_len + 1);
    ta_key key;
    bool named = nondet_bool();
    ta_status st;

    kid[kid_len] = '\0';
    st = nondet_bool() ? ta_key_init(&key, secret, len, named ? kid : NULL)
                       : ta_key_init_short(&key, secret, len, named ? kid : NULL);
    claim(st == TA_OK || st == TA_ERR_KEY || (st == TA_ERR_ARGUMENT && named), "one of the results");
    if (st == TA_OK) {
        claim(len > 0 && (!named || (kid[0] >= ' ' && kid[0] <= '~')), "a secret, and a kid or none");
        if (named && len == N) reached("a key with a kid");
    } else {
        claim(is_refused(&key), "no key after a failure");
        if (st == TA_ERR_KEY && len == N) reached("public key text");
    }
}

void prove_key_derive(void)
{
    static char room[N], purpose_room[KID + 1];
    size_t len = any_up_to(N), n = any_up_to(KID);
    char *master = at_one_end_of(room, N, len), *purpose = at_one_end_of(purpose_room, KID + 1, n + 1);
    ta_key key;
    ta_status st;
    purpose[n] = '\0';
    st = ta_key_derive(&key, master, len, purpose, NULL);
    if (st == TA_OK) {
        claim(len >= 32 && purpose[0] != '\0', "of a whole master, for a purpose");
        reached("a key");
    } else {
        claim(is_refused(&key), "no key after a failure");
        reached("a refusal");
    }
}
