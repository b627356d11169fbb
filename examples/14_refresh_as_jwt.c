/* 14_refresh_as_jwt.c - the refresh token as a second JWT, as many articles have it. What is lost?
   Learn: why "stateless" refresh cannot rotate, notice a theft or log out; why typ must be checked.
   Build: cc -std=c99 -I.. 14_refresh_as_jwt.c -o 14 && ./14
   Prints (the checker compares it):
       Two JWTs
          the refresh token as an access token               TA_ERR_TYP
          the same where nobody set a typ: 14 days of access TA_OK
          alice refreshes                                    TA_OK
          the thief refreshes with the token she has spent   TA_OK
          alice refreshes, and sees nothing                  TA_OK
          the thief again, in a chain of his own             TA_OK
          the thief, 13 days after she has logged out        TA_OK
       One record of 128 bytes
          alice refreshes                                    TA_OK
          the thief refreshes with the token she has spent   TA_ERR_REPLAY
          alice refreshes, and learns that she must log in   TA_ERR_REVOKED
          she logs in again, and out                         TA_OK
          a refresh afterwards                               TA_ERR_ENDED
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static int64_t now = 1767268800;                /* 2026-01-01 12:00:00 UTC. A server passes time(NULL) */

static void told(const char *what, ta_status st) { printf("   %-50s %s\n", what, ta_status_name(st)); }

/* ---- the articles' way: two JWTs, nothing stored ---------------------------------------------------- */

static ta_key key;

typedef struct token {
    char   text[TA_JWT_CAP(200)];
    size_t len;
} token;

/* RFC 8725 3.11: tokens of different use get different types, and each reader asks for its own. */
static ta_status issue(const char *typ, int32_t seconds, token *out)
{
    ta_claims claims = TA_ZERO;
    claims.subject    = "alice";
    claims.audience   = "https://api.example";
    claims.typ        = typ;
    claims.issued_at  = now;
    claims.expires_at = now + seconds;
    return ta_jwt_sign(&key, &claims, out->text, sizeof out->text, &out->len);
}

static ta_status verify(const char *typ, const token *t)
{
    char     buf[TA_JWT_BUF(sizeof t->text)];
    ta_rules rules = TA_ZERO;
    ta_jwt   jwt;
    rules.audience = "https://api.example";
    rules.typ      = typ;                       /* NULL: "JWT", as if nobody had thought of it */
    return ta_jwt_verify(ta_keys_of(&key, 1), t->text, t->len, now, &rules, buf, sizeof buf, &jwt);
}

/* Good signature, not expired: here is your next pair. There is nothing else to ask. ("at+jwt" is the typ of
   RFC 9068, "rt+jwt" one that this program made up in its likeness.) */
static ta_status jwt_refresh(const token *spent, token *access, token *refresh)
{
    ta_status st = verify("rt+jwt", spent);
    if (st == TA_OK) st = issue("at+jwt", TA_MINUTES(15), access);
    if (st == TA_OK) st = issue("rt+jwt", TA_DAYS(14), refresh);
    return st;
}

static bool two_jwts(void)
{
    token access, refresh, first, stolen, untyped;

    printf("Two JWTs\n");
    if (issue("at+jwt", TA_MINUTES(15), &access) != TA_OK) return false;
    if (issue("rt+jwt", TA_DAYS(14), &first) != TA_OK) return false;
    if (issue(NULL, TA_DAYS(14), &untyped) != TA_OK) return false;
    told("the refresh token as an access token", verify("at+jwt", &first));
    told("the same where nobody set a typ: 14 days of access", verify(NULL, &untyped));

    stolen = first;
    now += TA_MINUTES(15);
    told("alice refreshes", jwt_refresh(&first, &access, &refresh));
    now += TA_DAYS(1);
    told("the thief refreshes with the token she has spent", jwt_refresh(&stolen, &access, &stolen));
    told("alice refreshes, and sees nothing", jwt_refresh(&refresh, &access, &refresh));
    now += TA_DAYS(13);
    told("the thief again, in a chain of his own", jwt_refresh(&stolen, &access, &stolen));
    /* Here alice logs out: her client deletes its tokens. The server has nothing to delete. */
    now += TA_DAYS(13);
    told("the thief, 13 days after she has logged out", jwt_refresh(&stolen, &access, &stolen));
    return true;
}

/* ---- one record per session ------------------------------------------------------------------------- */

static ta_refresh_key refresh_key;
static ta_slot        slots[4];
static ta_table       table;
static ta_auth        auth;

static ta_status start(void)
{
    ta_auth_config cfg = TA_ZERO;
    if (ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) != TA_OK) return TA_ERR_CONFIG;
    cfg.keys              = ta_keys_of(&key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    return ta_auth_init(&auth, &cfg);
}

/* The record says which token is the current one. That is all the state there is: 128 bytes a session,
   however often it is refreshed. Lists of all spent tokens are not needed. */
static bool one_record(ta_pair *first, ta_pair *next, ta_pair *thief)
{
    printf("One record of 128 bytes\n");
    if (ta_login(&auth, "alice", now, NULL, first) != TA_OK) return false;
    now += TA_MINUTES(15);
    told("alice refreshes", ta_refresh(&auth, first->refresh, first->refresh_len, now, NULL, next));
    now += TA_DAYS(1);
    told("the thief refreshes with the token she has spent",
         ta_refresh(&auth, first->refresh, first->refresh_len, now, NULL, thief));
    told("alice refreshes, and learns that she must log in",
         ta_refresh(&auth, next->refresh, next->refresh_len, now, NULL, first));
    if (ta_login(&auth, "alice", now, NULL, first) != TA_OK) return false;
    told("she logs in again, and out",
         ta_logout(&auth, first->refresh, first->refresh_len, now));
    told("a refresh afterwards", ta_refresh(&auth, first->refresh, first->refresh_len, now, NULL, next));
    return true;
}

int main(void)
{
    static const char secret[] = "only for lesson 14: 32 bytes all";
    ta_pair first, next, thief;
    bool    ok = ta_key_derive(&key, secret, sizeof secret - 1, "access", NULL) == TA_OK
              && ta_key_derive(&refresh_key.key, secret, sizeof secret - 1, "refresh", NULL) == TA_OK
              && start() == TA_OK && two_jwts() && one_record(&first, &next, &thief);
    ta_wipe(&first, sizeof first);
    ta_wipe(&next, sizeof next);
    ta_wipe(&thief, sizeof thief);
    ta_wipe(&key, sizeof key);
    ta_wipe(&refresh_key, sizeof refresh_key);
    return ok ? 0 : 1;
}
