/* libjwt 1.x: it checks the MAC, its user the times; PEER_NAME tells the flavour */

#include "../peer.h"
#include <jwt.h>
#include <stdlib.h>

#ifndef PEER_NAME
#  define PEER_NAME "libjwt, OpenSSL"
#endif

static bool set_up(void) { return true; }

static bool times_hold(jwt_t *jwt)           /* a token without exp gives none above 0 */
{
    long exp = jwt_get_grant_int(jwt, "exp");
    return exp <= 0 || exp > BENCH_NOW;
}

static bool verify(const bench_token *t)
{
    jwt_t *jwt = NULL;
    bool good = jwt_decode(&jwt, t->token, bench_secret, sizeof bench_secret) == 0
             && jwt_get_grant(jwt, "sub") != NULL && times_hold(jwt);
    jwt_free(jwt);
    return good;
}

static bool sign(const bench_token *t)
{
    jwt_t *jwt = NULL;
    char *out = NULL;
    size_t i;
    bool good = jwt_new(&jwt) == 0;
    for (i = 0; good && i < t->claim_count; i++) {
        const bench_claim *c = &t->claims[i];
        good = (c->text != NULL ? jwt_add_grant(jwt, c->name, c->text)
                                : jwt_add_grant_int(jwt, c->name, (long)c->number)) == 0;
    }
    good = good && jwt_set_alg(jwt, JWT_ALG_HS256, bench_secret, sizeof bench_secret) == 0
        && (out = jwt_encode_str(jwt)) != NULL;
    free(out);
    jwt_free(jwt);
    return good;
}

const bench_peer bench_peer_entry = {PEER_NAME, set_up, verify, sign, NULL};
