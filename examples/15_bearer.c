/* 15_bearer.c - an API server that only checks: "Authorization: Bearer ..." in, HTTP code and challenge out.
   Learn: what to read, what to answer, how little the client is told; that this server has one key only.
   Build: cc -std=c99 -I.. 15_bearer.c -o 15 && ./15
   Prints (the checker compares it):
       a token with the scope write
          200: thank you, alice
       a token with the scope read
          403
          WWW-Authenticate: Bearer realm="api", error="insufficient_scope", scope="write"
       no header
          401
          WWW-Authenticate: Bearer realm="api"
          log: TA_ERR_ABSENT
       another scheme
          401
          WWW-Authenticate: Bearer realm="api"
          log: TA_ERR_ABSENT
       two tokens
          401
          WWW-Authenticate: Bearer realm="api", error="invalid_token"
          log: TA_ERR_FORMAT
       no token of ours
          401
          WWW-Authenticate: Bearer realm="api", error="invalid_token"
          log: TA_ERR_ALG
       longer than any token of ours
          401
          WWW-Authenticate: Bearer realm="api", error="invalid_token"
          log: TA_ERR_LIMIT
       29 seconds too late
          200: thank you, alice
       30 seconds too late
          401
          WWW-Authenticate: Bearer realm="api", error="invalid_token"
          log: TA_ERR_EXPIRED
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static int64_t now = 1767268800;                /* 2026-01-01 12:00:00 UTC. A server passes time(NULL) */
static ta_key  access_key;
static ta_auth auth;

/* No refresh keys and no store: whoever breaks into this server cannot mint refresh tokens. That holds only
   if the secret here is of the access key alone: the master of lesson 6 is both keys. So where servers only
   check, the issuer has two secrets, too, and derives nothing. But HS256 is symmetric, and a burglar can sign
   access tokens. Where that is too much, you need RS256 or ES256. */
static ta_status start(const void *access_secret, size_t len)
{
    ta_auth_config cfg = TA_ZERO;
    if (ta_key_init(&access_key, access_secret, len, NULL) != TA_OK) return TA_ERR_KEY;
    cfg.keys     = ta_keys_of(&access_key, 1);
    cfg.issuer   = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.leeway_s = 30;                          /* its clock and the issuer's may differ by that */
    return ta_auth_init(&auth, &cfg);
}

typedef struct response {
    int  code;
    char challenge[96], body[64];
} response;

/* RFC 6750 section 3.1: a good token that does not allow this is 403, and may say what would. */
static void forbid(response *out)
{
    out->code = 403;
    snprintf(out->challenge, sizeof out->challenge,
             "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"write\"");
}

/* PUT /article. jwt starts as TA_ZERO: if ta_bearer fails, ta_check never runs. What cannot fit in buf is
   the client's fault, so it must not become TA_ERR_SPACE, a 500. A 401 comes with a challenge; it says
   invalid_token, but not why. Why is for your log: ta_status_name(st), jwt.failed. */
static ta_status put_article(const char *authorization, response *out)
{
    char        buf[TA_JWT_BUF(TA_ACCESS_CAP)], who[32];
    const char *token;
    size_t      len, n;
    ta_jwt      jwt = TA_ZERO;
    ta_status   st = ta_bearer(authorization, strlen(authorization), &token, &len);

    if (st == TA_OK && len >= TA_ACCESS_CAP) st = TA_ERR_LIMIT;
    if (st == TA_OK) st = ta_check(&auth, token, len, now, buf, sizeof buf, &jwt);
    if (st == TA_OK) st = ta_json_string(jwt.sub, who, sizeof who, &n);
    out->body[0] = '\0';
    out->code = ta_http_code(st);
    if (ta_www_authenticate(st, "api", out->challenge, sizeof out->challenge, &n) != TA_OK) out->code = 500;
    if (st != TA_OK) return st;

    if (ta_json_has(ta_json_at(jwt.claims, "scope"), TA_LIT("write"))) {
        snprintf(out->body, sizeof out->body, "thank you, %s", who);
    } else {
        forbid(out);
    }
    return TA_OK;
}

static void show(const char *what, const char *authorization)
{
    response  out = TA_ZERO;
    ta_status st = put_article(authorization, &out);
    printf("%s\n   %d%s%s\n", what, out.code, out.body[0] != '\0' ? ": " : "", out.body);
    if (out.challenge[0] != '\0') printf("   WWW-Authenticate: %s\n", out.challenge);
    if (st != TA_OK) printf("   log: %s\n", ta_status_name(st));
}

/* What the issuer would send to this user: lesson 6 does it with ta_login. */
static ta_status issue(const char *scope, char *header, size_t cap)
{
    ta_claims      claims = TA_ZERO;
    char           more[64], token[TA_ACCESS_CAP];
    ta_json_writer w;
    size_t         len;
    ta_status      st;

    ta_json_begin(&w, more, sizeof more);
    ta_json_put_object(&w, NULL);
    ta_json_put_string(&w, "scope", scope, strlen(scope));
    ta_json_put_close(&w);
    st = ta_json_end(&w, &claims.more_len);
    if (st != TA_OK) return st;
    claims.issuer     = "https://id.example";
    claims.audience   = "https://api.example";
    claims.subject    = "alice";
    claims.typ        = "at+jwt";               /* an access token, nothing else (RFC 9068's typ, not all of it) */
    claims.issued_at  = now;
    claims.expires_at = now + TA_MINUTES(15);
    claims.more       = more;
    st = ta_jwt_sign(&access_key, &claims, token, sizeof token, &len);
    if (st == TA_OK) snprintf(header, cap, "Bearer %s", token);
    ta_wipe(token, sizeof token);
    return st;
}

int main(void)
{
    char header[2][TA_ACCESS_CAP + 8], junk[2000] = "Bearer ";
    if (start(TA_LIT("only for lesson 15: 32 bytes all")) != TA_OK) return 1;
    if (issue("read write", header[0], sizeof header[0]) != TA_OK) return 1;
    if (issue("read", header[1], sizeof header[1]) != TA_OK) return 1;

    show("a token with the scope write", header[0]);
    show("a token with the scope read", header[1]);
    show("no header", "");
    show("another scheme", "Basic YWxpY2U6c2VjcmV0");
    show("two tokens", "Bearer one two");
    show("no token of ours", "Bearer eyJhbGciOiJub25lIn0.e30.");
    memset(junk + 7, 'x', sizeof junk - 8);
    show("longer than any token of ours", junk);
    now += TA_MINUTES(15) + 29;
    show("29 seconds too late", header[0]);
    now += 1;
    show("30 seconds too late", header[0]);
    ta_wipe(header, sizeof header);
    ta_wipe(&access_key, sizeof access_key);
    return 0;
}
