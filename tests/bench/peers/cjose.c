/* cjose: JWS only. The claims are parsed and written with jansson, as its users do */

#include "../peer.h"
#include <cjose/cjose.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static cjose_jwk_t *key;

static bool set_up(void)
{
    key = cjose_jwk_create_oct_spec(bench_secret, sizeof bench_secret, NULL);
    return key != NULL;
}

static bool exp_holds(json_t *claims)
{
    json_t *exp = json_object_get(claims, "exp");
    return claims != NULL && json_object_get(claims, "sub") != NULL
        && (exp == NULL || json_integer_value(exp) > BENCH_NOW);
}

static bool verify(const bench_token *t)
{
    cjose_jws_t *jws = cjose_jws_import(t->token, t->token_len, NULL);
    uint8_t *text = NULL;
    size_t len = 0;
    json_t *claims = NULL;
    bool good = jws != NULL && cjose_jws_verify(jws, key, NULL)
             && cjose_jws_get_plaintext(jws, &text, &len, NULL)
             && (claims = json_loadb((const char *)text, len, 0, NULL)) != NULL && exp_holds(claims);
    json_decref(claims);
    cjose_jws_release(jws);
    return good;
}

static bool sign(const bench_token *t)
{
    cjose_header_t *header = cjose_header_new(NULL);
    cjose_jws_t *jws = NULL;
    json_t *claims = json_object();
    const char *out = NULL;
    char *text = NULL;
    size_t i;
    bool good = header != NULL && cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, NULL);
    for (i = 0; i < t->claim_count; i++) {
        const bench_claim *c = &t->claims[i];
        json_object_set_new(claims, c->name,
                            c->text != NULL ? json_string(c->text) : json_integer(c->number));
    }
    text = json_dumps(claims, JSON_COMPACT);
    good = good && text != NULL
        && (jws = cjose_jws_sign(key, header, (const uint8_t *)text, strlen(text), NULL)) != NULL
        && cjose_jws_export(jws, &out, NULL);
    cjose_jws_release(jws);
    cjose_header_release(header);
    json_decref(claims);
    free(text);
    return good;
}

const bench_peer bench_peer_entry = {"cjose + jansson", set_up, verify, sign, NULL};
