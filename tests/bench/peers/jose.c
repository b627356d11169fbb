/* jose (latchset), a library over jansson: the token comes apart and together by hand, as in its tool */

#include "../peer.h"
#include <jose/b64.h>
#include <jose/jws.h>
#include <stdlib.h>
#include <string.h>

static json_t *key;

static bool set_up(void)
{
    key = json_pack("{s:s, s:s, s:o}", "kty", "oct", "alg", "HS256",
                    "k", jose_b64_enc(bench_secret, sizeof bench_secret));
    return key != NULL;
}

static json_t *claims_of(const json_t *jws)
{
    json_t *payload = json_object_get(jws, "payload"), *claims;
    size_t len = jose_b64_dec(payload, NULL, 0);
    char *text = malloc(len);
    if (text == NULL || jose_b64_dec(payload, text, len) != len) return NULL;
    claims = json_loadb(text, len, 0, NULL);
    free(text);
    return claims;
}

static bool verify(const bench_token *t)
{
    const char *dot = strchr(t->token, '.'), *last = t->token + t->signed_len;
    json_t *jws = json_pack("{s:s%, s:s%, s:s}", "protected", t->token, (int)(dot - t->token),
                            "payload", dot + 1, (int)(last - dot - 1), "signature", last + 1);
    json_t *claims = NULL, *exp;
    bool good = jws != NULL && jose_jws_ver(NULL, jws, NULL, key, false) && (claims = claims_of(jws)) != NULL;
    exp  = json_object_get(claims, "exp");
    good = good && json_object_get(claims, "sub") != NULL
        && (exp == NULL || json_integer_value(exp) > BENCH_NOW);
    json_decref(claims);
    json_decref(jws);
    return good;
}

static bool sign(const bench_token *t)
{
    json_t *claims = json_object(), *jws = NULL;
    char *text, *out = NULL;
    size_t i;
    bool good;
    for (i = 0; i < t->claim_count; i++) {
        const bench_claim *c = &t->claims[i];
        json_object_set_new(claims, c->name,
                            c->text != NULL ? json_string(c->text) : json_integer(c->number));
    }
    text = json_dumps(claims, JSON_COMPACT);
    jws  = text == NULL ? NULL : json_pack("{s:o}", "payload", jose_b64_enc(text, strlen(text)));
    good = jws != NULL && jose_jws_sig(NULL, jws, NULL, key);
    if (good) {
        const char *a = json_string_value(json_object_get(jws, "protected"));
        const char *b = json_string_value(json_object_get(jws, "payload"));
        const char *c = json_string_value(json_object_get(jws, "signature"));
        good = a != NULL && b != NULL && c != NULL
            && (out = malloc(strlen(a) + strlen(b) + strlen(c) + 3)) != NULL;
        if (good) strcat(strcat(strcat(strcat(strcpy(out, a), "."), b), "."), c);
    }
    free(out);
    free(text);
    json_decref(jws);
    json_decref(claims);
    return good;
}

const bench_peer bench_peer_entry = {"jose (latchset)", set_up, verify, sign, NULL};
