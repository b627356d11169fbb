/* 11_key_rotation.c - change the secrets of a running service, server by server; nobody is logged out.
   Learn: what kid is for; why a new key is first known and then used; how long the old one must stay.
   Build: cc -std=c99 -I.. 11_key_rotation.c -o 11 && ./11
   Prints (the checker compares it):
       taken by:              {old}   {old, new}   {new, old}        {new}
       from {old}               yes          yes          yes           no
       from {old, new}          yes          yes          yes           no
       from {new, old}           no          yes          yes          yes
       from {new}                no          yes          yes          yes
       one session refreshes at {new, old}            TA_OK
         and goes on at {new}                         TA_OK
       the other slept until {new}                    TA_ERR_UNKNOWN_KEY, client: KEEP
   The secrets are in the source only so that the output never changes. Do not ship that. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

#define STAGES 4

/* Servers go from stage to stage one by one, so at any moment there are two neighbouring stages. Each
   must take what the other one gives out. From {old} straight to {new} they would not. */
static const char *const stage_name[STAGES] = {"{old}", "{old, new}", "{new, old}", "{new}"};
static const size_t      key_count[STAGES]  = {1, 2, 2, 1};
static ta_key            access_keys[STAGES][2];
static ta_refresh_key    refresh_keys[STAGES][2];
static ta_auth           server[STAGES];

static int64_t  now = 1767268800;               /* 2026-01-01 12:00:00 UTC. A server passes time(NULL) */
static ta_slot  slots[16];
static ta_table table;                          /* all servers share the sessions: one store */

/* The kid is a name in the token's header that says which key to try; it is public. A refresh key has a
   number. Both are given once and stay, wherever the key stands in a list: the first of a list signs. */
static ta_status make_keys(const void *secret, size_t len, const char *kid, uint8_t id, ta_key *access,
                           ta_refresh_key *refresh)
{
    refresh->id = id;
    if (ta_key_derive(access, secret, len, "access", kid) != TA_OK) return TA_ERR_KEY;
    return ta_key_derive(&refresh->key, secret, len, "refresh", NULL);
}

static ta_status start(void)
{
    ta_auth_config cfg = TA_ZERO;
    ta_key         a_old = TA_ZERO, a_new = TA_ZERO;
    ta_refresh_key r_old = TA_ZERO, r_new = TA_ZERO;
    ta_status      st;
    size_t         i;

    st = make_keys(TA_LIT("the older of lesson 11's secrets"), "2026-01", 1, &a_old, &r_old);
    if (st == TA_OK) st = make_keys(TA_LIT("the newer of lesson 11's secrets"), "2026-02", 2, &a_new, &r_new);
    if (st == TA_OK) st = ta_table_init(&table, slots, sizeof slots / sizeof slots[0]);

    cfg.issuer   = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.store    = ta_table_store(&table);
    for (i = 0; i < STAGES && st == TA_OK; i++) {
        access_keys[i][0]     = i < 2 ? a_old : a_new;
        access_keys[i][1]     = i < 2 ? a_new : a_old;
        refresh_keys[i][0]    = i < 2 ? r_old : r_new;
        refresh_keys[i][1]    = i < 2 ? r_new : r_old;
        cfg.keys              = ta_keys_of(access_keys[i], key_count[i]);
        cfg.refresh_keys      = refresh_keys[i];
        cfg.refresh_key_count = key_count[i];
        st = ta_auth_init(&server[i], &cfg);
    }
    ta_wipe(&a_old, sizeof a_old);
    ta_wipe(&a_new, sizeof a_new);
    ta_wipe(&r_old, sizeof r_old);
    ta_wipe(&r_new, sizeof r_new);
    return st;
}

/* Are both tokens of the pair taken there? Within window_s a refresh spends nothing, so we may try. */
static const char *taken(const ta_auth *a, const ta_pair *pair)
{
    char      buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt    jwt;
    ta_pair   next;
    ta_status access  = ta_check(a, pair->access, pair->access_len, now, buf, sizeof buf, &jwt);
    ta_status refresh = ta_refresh(a, pair->refresh, pair->refresh_len, now, NULL, &next);
    ta_wipe(&next, sizeof next);
    if (access == TA_OK && refresh == TA_OK) return "yes";
    return access == TA_ERR_KID && refresh == TA_ERR_UNKNOWN_KEY ? "no" : "?";
}

static bool neighbours(ta_pair *pair)
{
    size_t from, to;
    printf("%-15s", "taken by:");
    for (to = 0; to < STAGES; to++) printf("%13s", stage_name[to]);
    printf("\n");
    for (from = 0; from < STAGES; from++) {
        if (ta_login(&server[from], "alice", now, NULL, pair) != TA_OK) return false;
        printf("from %-10s", stage_name[from]);
        for (to = 0; to < STAGES; to++) printf("%13s", taken(&server[to], pair));
        printf("\n");
    }
    return true;
}

static bool refresh(const char *what, size_t stage, ta_pair *pair)
{
    ta_pair   next;
    ta_status st = ta_refresh(&server[stage], pair->refresh, pair->refresh_len, now, NULL, &next);
    printf("%-46s %s%s\n", what, ta_status_name(st), next.client == TA_CLIENT_KEEP ? ", client: KEEP" : "");
    if (st == TA_OK) *pair = next;
    ta_wipe(&next, sizeof next);
    return st == TA_OK;
}

/* A refresh moves a session to the first key. One that sleeps through the middle stages is left behind:
   so keep the old access key for access_s and the leeway, and the old refresh key for idle_s, the longest sleep. KEEP,
   because another server may still have the key; if it stays so, the client asks for a login. */
static bool sleepers(ta_pair *busy, ta_pair *asleep)
{
    if (ta_login(&server[0], "alice", now, NULL, busy) != TA_OK) return false;
    if (ta_login(&server[0], "alice", now, NULL, asleep) != TA_OK) return false;
    now += TA_DAYS(1);
    if (!refresh("one session refreshes at {new, old}", 2, busy)) return false;
    now += TA_DAYS(1);
    if (!refresh("  and goes on at {new}", 3, busy)) return false;
    return !refresh("the other slept until {new}", 3, asleep);
}

int main(void)
{
    ta_pair one, other;
    bool    ok = start() == TA_OK && neighbours(&one) && sleepers(&one, &other);
    ta_wipe(&one, sizeof one);
    ta_wipe(&other, sizeof other);
    return ok ? 0 : 1;
}
