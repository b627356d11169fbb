/* rhonabwy, over GnuTLS */

#include "../peer.h"
#include <rhonabwy.h>

static bool set_up(void) { return r_global_init() == RHN_OK; }

static bool verify(const bench_token *t)
{
    jwt_t *jwt = NULL;
    bool good = r_jwt_init(&jwt) == RHN_OK && r_jwt_parse(jwt, t->token, 0) == RHN_OK
             && r_jwt_add_sign_key_symmetric(jwt, bench_secret, sizeof bench_secret) == RHN_OK
             && r_jwt_verify_signature(jwt, NULL, 0) == RHN_OK
             && r_jwt_validate_claims(jwt, R_JWT_CLAIM_IAT, R_JWT_CLAIM_NOW, R_JWT_CLAIM_NOP) == RHN_OK
             && r_jwt_get_claim_str_value(jwt, "sub") != NULL;
    r_jwt_free(jwt);
    return good;
}

static bool sign(const bench_token *t)
{
    jwt_t *jwt = NULL;
    char *out = NULL;
    size_t i;
    bool good = r_jwt_init(&jwt) == RHN_OK && r_jwt_set_sign_alg(jwt, R_JWA_ALG_HS256) == RHN_OK
             && r_jwt_add_sign_key_symmetric(jwt, bench_secret, sizeof bench_secret) == RHN_OK;
    for (i = 0; good && i < t->claim_count; i++) {
        const bench_claim *c = &t->claims[i];
        good = (c->text != NULL ? r_jwt_set_claim_str_value(jwt, c->name, c->text)
                                : r_jwt_set_claim_int_value(jwt, c->name, (rhn_int_t)c->number)) == RHN_OK;
    }
    good = good && (out = r_jwt_serialize_signed(jwt, NULL, 0)) != NULL;
    r_free(out);
    r_jwt_free(jwt);
    return good;
}

const bench_peer bench_peer_entry = {"rhonabwy", set_up, verify, sign, NULL};
