/* 03_sign_and_verify.c - sign a token, take it apart, check its signature by hand, let the library check it.
   Learn: what the three segments are; what is signed; what "expired" and "forged" look like.
   Build: cc -std=c99 -I.. 03_sign_and_verify.c -o 03 && ./03
   Prints (the checker compares it):
       eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9
       .eyJzdWIiOiJhbGljZSIsImV4cCI6MTc2NzI2OTcwMCwiaWF0IjoxNzY3MjY4ODAwfQ
       .hYR4GyHDtxbdZqw8g5ful66i0kmNybcH7ERMSZ5Lq9s

       header  {"alg":"HS256","typ":"JWT"}
       claims  {"sub":"alice","exp":1767269700,"iat":1767268800}
       the third segment is the HMAC of the first two: yes

       at once               TA_OK, it is alice
       after 899 seconds     TA_OK, it is alice
       after 900 seconds     TA_ERR_EXPIRED, ours: yes
       another key           TA_ERR_SIGNATURE, ours: no
       one letter changed    TA_ERR_SIGNATURE, ours: no
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static const int64_t now = 1767268800;          /* 2026-01-01 12:00:00 UTC. A program passes time(NULL) */
static const char    secret[] = "only for lesson 3: 32 bytes long";

/* The claims are statements; exp ends them (RFC 7519 4.1.4). A token cannot be called back, so let it
   end soon. One without exp would be good for ever, and is not signed unless you insist. */
static ta_status issue(const ta_key *key, char *out, size_t cap, size_t *len)
{
    ta_claims claims = TA_ZERO;
    claims.subject    = "alice";
    claims.issued_at  = now;
    claims.expires_at = now + TA_MINUTES(15);
    return ta_jwt_sign(key, &claims, out, cap, len);
}

/* What a debugger shows. No key is needed for it: so nothing that is read here may be believed. */
static bool take_apart(const char *token, size_t len)
{
    char        buf[TA_JWT_BUF(256)];
    ta_jwt      jwt;
    const char *first = strchr(token, '.'), *last = strrchr(token, '.');

    if (ta_jwt_decode_unverified(token, len, buf, sizeof buf, &jwt) != TA_OK) return false;
    printf("%.*s\n%.*s\n%s\n\n", (int)(first - token), token, (int)(last - first), first, last);
    printf("header  %.*s\n", (int)jwt.header.len, jwt.header.text);
    printf("claims  %.*s\n", (int)jwt.claims.len, jwt.claims.text);
    return true;
}

/* RFC 7515 5.1: the signature covers the text "header.claims" as it stands, letters and dot. */
static bool signature_by_hand(const char *token)
{
    const char *last = strrchr(token, '.');
    uint8_t     mac[TA_SHA256_SIZE];
    char        text[TA_BASE64URL_CAP(TA_SHA256_SIZE)];
    size_t      n;

    ta_hmac_sha256(secret, sizeof secret - 1, token, (size_t)(last - token), mac);
    return ta_base64url_encode(mac, sizeof mac, text, sizeof text, &n) == TA_OK
        && n == strlen(last + 1) && ta_equal(text, last + 1, n);
}

/* jwt.failed tells two refusals apart: a token of ours that broke a rule (its bits say which), and one
   of which nothing is known (0). Only the first is worth saying more about. */
static void judge(const char *when, const ta_key *key, const char *token, size_t len, int64_t at)
{
    char      buf[TA_JWT_BUF(256)];
    ta_jwt    jwt;
    ta_status st = ta_jwt_verify(ta_keys_of(key, 1), token, len, at, NULL, buf, sizeof buf, &jwt);

    printf("%-22s%s, ", when, ta_status_name(st));
    if (st == TA_OK) printf("it is %s\n", ta_json_equals(jwt.sub, TA_LIT("alice")) ? "alice" : "another");
    else             printf("ours: %s\n", jwt.failed != 0 ? "yes" : "no");
}

static bool lesson(const ta_key *key, const ta_key *other)
{
    char   token[TA_JWT_CAP(128)];
    size_t len;

    if (issue(key, token, sizeof token, &len) != TA_OK) return false;
    if (!take_apart(token, len)) return false;
    printf("the third segment is the HMAC of the first two: %s\n\n", signature_by_hand(token) ? "yes" : "NO");

    judge("at once", key, token, len, now);
    judge("after 899 seconds", key, token, len, now + 899);
    judge("after 900 seconds", key, token, len, now + 900);     /* good while now < exp */
    judge("another key", other, token, len, now);
    token[50] = token[50] == 'A' ? 'B' : 'A';
    judge("one letter changed", key, token, len, now);
    return true;
}

/* A key is worth as much as its secret, so it is wiped on every way out: one exit makes that easy. */
int main(void)
{
    ta_key key = TA_ZERO, other = TA_ZERO;
    bool   ok = ta_key_init(&key, secret, sizeof secret - 1, NULL) == TA_OK
             && ta_key_init(&other, TA_LIT("another secret that is long enough"), NULL) == TA_OK
             && lesson(&key, &other);
    ta_wipe(&key, sizeof key);
    ta_wipe(&other, sizeof other);
    return ok ? 0 : 1;
}
