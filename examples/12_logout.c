/* 12_logout.c - alice has logged out. Her access token has not heard of it.
   Learn: what a check without a store can and cannot know; two ways to know more, and their price.
   Build: cc -std=c99 -I.. 12_logout.c -o 12 && ./12
   Prints (the checker compares it):
       Nobody is asked: good to its end
          ta_logout                                      TA_OK
          ta_check                                       TA_OK
          ta_check with the store                        TA_ERR_ENDED
          ta_check, 15 minutes after the login           TA_ERR_EXPIRED
       A deny-list of two is asked
          ta_deny_add, one token                         TA_OK
          ta_check of that one                           TA_ERR_DENIED
          ta_check of another                            TA_OK
          ta_deny_add, a second one                      TA_OK
          ta_deny_add, a third one                       TA_ERR_FULL
          ta_deny_before, and ta_check of the third      TA_ERR_DENIED
          ta_check of one that was issued afterwards     TA_OK
       The store is asked: cfg.check_sessions
          ta_check                                       TA_OK
          ta_session_end                                 TA_OK
          ta_check                                       TA_ERR_ENDED
          ta_check of another session                    TA_OK
          ta_logout_all                                  TA_OK
          ta_check of that session                       TA_ERR_ENDED
   The secret is in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static int64_t        now = 1767268800;         /* 2026-01-01 12:00:00 UTC. A server passes time(NULL) */
static ta_key         access_key;
static ta_refresh_key refresh_key;
static ta_slot        slots[16];
static ta_table       table;
static ta_deny_slot   denied[2];                /* small, so that it is full soon */
static ta_deny        deny;
static ta_auth        stateless, with_list, with_store;

static ta_status start(const void *secret, size_t len)
{
    ta_auth_config cfg = TA_ZERO;
    ta_status      st;
    if (ta_key_derive(&access_key, secret, len, "access", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_key_derive(&refresh_key.key, secret, len, "refresh", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) != TA_OK) return TA_ERR_CONFIG;
    if (ta_deny_init(&deny, denied, sizeof denied / sizeof denied[0]) != TA_OK) return TA_ERR_CONFIG;
    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    st = ta_auth_init(&stateless, &cfg);
    cfg.deny = &deny;
    if (st == TA_OK) st = ta_auth_init(&with_list, &cfg);
    cfg.deny = NULL;
    cfg.check_sessions = true;
    if (st == TA_OK) st = ta_auth_init(&with_store, &cfg);
    return st;
}

static void told(const char *what, ta_status st) { printf("   %-46s %s\n", what, ta_status_name(st)); }

static ta_status check(const ta_auth *a, const ta_pair *pair)
{
    char   buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt jwt;
    return ta_check(a, pair->access, pair->access_len, now, buf, sizeof buf, &jwt);
}

static bool login(ta_pair *out) { return ta_login(&stateless, "alice", now, NULL, out) == TA_OK; }

/* The list wants a token that was checked: a stranger's must not fill it. It keeps a hash of the jti until
   the token would have expired for the most lenient clock, so it stays as small as access_s is short. */
static ta_status deny_token(const ta_pair *pair)
{
    char      buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt    jwt;
    ta_status st = ta_check(&with_list, pair->access, pair->access_len, now, buf, sizeof buf, &jwt);
    return st == TA_OK ? ta_deny_add(&deny, &jwt, now) : st;
}

/* Whoever has the key can check a token without asking anybody: that is what it is good for. So nobody
   is told of a logout either, and a short access_s is the whole remedy. */
static bool nobody_is_asked(ta_pair *pair)
{
    printf("Nobody is asked: good to its end\n");
    if (!login(pair)) return false;
    now += TA_MINUTES(5);
    told("ta_logout", ta_logout(&stateless, pair->refresh, pair->refresh_len, now));
    told("ta_check", check(&stateless, pair));
    told("ta_check with the store", check(&with_store, pair));
    now += TA_MINUTES(10);
    told("ta_check, 15 minutes after the login", check(&stateless, pair));
    return true;
}

/* For single tokens, in one process or shared by you. Nothing is evicted, for that would let a token back
   in. When it is full, refuse everything older than this second: the others refresh, and go on. */
static bool a_list_is_asked(ta_pair *one, ta_pair *two, ta_pair *three)
{
    printf("A deny-list of two is asked\n");
    if (!login(one) || !login(two) || !login(three)) return false;
    told("ta_deny_add, one token", deny_token(one));
    told("ta_check of that one", check(&with_list, one));
    told("ta_check of another", check(&with_list, two));
    told("ta_deny_add, a second one", deny_token(two));
    told("ta_deny_add, a third one", deny_token(three));
    now += 1;                                   /* so that those of this very second are older, too */
    ta_deny_before(&deny, now);
    told("ta_deny_before, and ta_check of the third", check(&with_list, three));
    if (!login(three)) return false;
    told("ta_check of one that was issued afterwards", check(&with_list, three));
    return true;
}

/* Two reads of the store for each request, which the token was meant to save: for what cannot wait 15
   minutes, payments for example. A store that fails is a refusal, TA_ERR_STORE, never a yes. */
static bool the_store_is_asked(ta_pair *one, ta_pair *two)
{
    printf("The store is asked: cfg.check_sessions\n");
    if (!login(one) || !login(two)) return false;
    told("ta_check", check(&with_store, one));
    told("ta_session_end", ta_session_end(&stateless, "alice", one->sid, strlen(one->sid), now));
    told("ta_check", check(&with_store, one));
    told("ta_check of another session", check(&with_store, two));
    told("ta_logout_all", ta_logout_all(&stateless, "alice", now));
    told("ta_check of that session", check(&with_store, two));
    return true;
}

int main(void)
{
    ta_pair one, two, three;
    bool    ok = start(TA_LIT("only for lesson 12: 32 bytes all")) == TA_OK && nobody_is_asked(&one)
              && a_list_is_asked(&one, &two, &three) && the_store_is_asked(&one, &two);
    ta_wipe(&one, sizeof one);
    ta_wipe(&two, sizeof two);
    ta_wipe(&three, sizeof three);
    return ok ? 0 : 1;
}
