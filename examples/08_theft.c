/* 08_theft.c - somebody copied a refresh token. Rotation makes the copy show, whoever is faster.
   Learn: how reuse is noticed, what it costs the owner, what it does not protect from.
   Build: cc -std=c99 -I.. 08_theft.c -o 08 && ./08
   Prints (the checker compares it):
       1. The owner is faster
          laptop                           TA_OK
          thief                            TA_ERR_REPLAY, asks for a login, log: REPLAY
          laptop                           TA_ERR_REVOKED, asks for a login
          phone, another session           TA_OK
       2. The thief is faster, and goes on for a while
          thief                            TA_OK
          thief                            TA_OK
          laptop, which knows of nothing   TA_ERR_REPLAY, asks for a login, log: REPLAY
          thief                            TA_ERR_REVOKED, asks for a login
       3. The thief comes within the window
          laptop                           TA_OK
          thief                            TA_OK
          both hold the same token: yes
          laptop                           TA_OK
          thief                            TA_ERR_REPLAY, asks for a login, log: REPLAY
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
static ta_auth        auth;

/* Somebody should read this log: it says that a copy of a token of s->subject's s->label is about. */
static const char *logged = "";
static void event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx;
    (void)s;
    if (what == TA_EVENT_REPLAY) logged = ", log: REPLAY";
}

static ta_status start(const void *secret, size_t len)
{
    ta_auth_config cfg = TA_ZERO;
    if (ta_key_derive(&access_key, secret, len, "access", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_key_derive(&refresh_key.key, secret, len, "refresh", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) != TA_OK) return TA_ERR_CONFIG;
    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    cfg.event             = event;
    return ta_auth_init(&auth, &cfg);
}

static bool login(ta_pair *out, const char *device)
{
    ta_login_opts opts = TA_ZERO;
    opts.label = device;
    return ta_login(&auth, "alice", now, &opts, out) == TA_OK;
}

/* A copy of the pair is all that a thief needs: a bearer token belongs to whoever holds it. */
static void spend(const char *who, ta_pair *pair)
{
    ta_pair   answer;
    ta_status st = ta_refresh(&auth, pair->refresh, pair->refresh_len, now, NULL, &answer);
    printf("   %-32s %s%s%s\n", who, ta_status_name(st),
           answer.client == TA_CLIENT_LOGIN ? ", asks for a login" : "", logged);
    logged = "";
    if (st == TA_OK) *pair = answer;
    ta_wipe(&answer, sizeof answer);
}

static void later(int32_t seconds) { now += seconds; }

/* Only one of the two can spend the token first. The other one then brings an old token, and that happens
   to an honest client in two cases only (lesson 7: tabs, and answers that are lost). The server cannot know
   which of them is alice, so both lose: she can log in again, the thief cannot. RFC 9700 section 4.14.2. */
static bool owner_is_faster(ta_pair *laptop, ta_pair *thief, ta_pair *phone)
{
    printf("1. The owner is faster\n");
    if (!login(laptop, "laptop")) return false;
    *thief = *laptop;
    later(TA_MINUTES(15));
    spend("laptop", laptop);
    later(TA_MINUTES(1));
    spend("thief", thief);
    spend("laptop", laptop);
    spend("phone, another session", phone);
    return true;
}

static bool thief_is_faster(ta_pair *laptop, ta_pair *thief)
{
    printf("2. The thief is faster, and goes on for a while\n");
    if (!login(laptop, "laptop")) return false;
    *thief = *laptop;
    later(TA_MINUTES(5));
    spend("thief", thief);
    later(TA_MINUTES(5));
    spend("thief", thief);
    later(TA_MINUTES(5));
    spend("laptop, which knows of nothing", laptop);
    spend("thief", thief);
    return true;
}

/* Inside window_s the copy buys what the owner bought: two holders of one chain, and at the next rotation
   it shows. What never shows is a copy whose owner does not come back: absolute_s ends that. */
static bool within_the_window(ta_pair *laptop, ta_pair *thief)
{
    printf("3. The thief comes within the window\n");
    if (!login(laptop, "laptop")) return false;
    *thief = *laptop;
    later(TA_MINUTES(15));
    spend("laptop", laptop);
    later(3);
    spend("thief", thief);
    printf("   both hold the same token: %s\n", strcmp(laptop->refresh, thief->refresh) == 0 ? "yes" : "no");
    later(TA_MINUTES(15));
    spend("laptop", laptop);
    later(TA_MINUTES(1));
    spend("thief", thief);
    return true;
}

int main(void)
{
    ta_pair phone, laptop, thief;
    bool    ok = start(TA_LIT("only for lesson 8: 32 bytes long")) == TA_OK && login(&phone, "phone")
              && owner_is_faster(&laptop, &thief, &phone) && thief_is_faster(&laptop, &thief)
              && within_the_window(&laptop, &thief);
    ta_wipe(&phone, sizeof phone);
    ta_wipe(&laptop, sizeof laptop);
    ta_wipe(&thief, sizeof thief);
    return ok ? 0 : 1;
}
