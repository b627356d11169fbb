/* 06_access_and_refresh.c - alice logs in, is let in, refreshes and logs out: four calls.
   Learn: what the two tokens are for; what the server keeps; that the client is told what to do.
   Build: cc -std=c99 -I.. 06_access_and_refresh.c -o 06 && ./06
   Prints (the checker compares it):
       12:00:00  ta_login    TA_OK, client: SET, store the new refresh token
                   access token: 900 s; refresh token: 14 days, 50 characters
       12:00:00  ta_check    TA_OK
                   "iss": "https://id.example"
                   "sub": "alice"
                   "aud": "https://api.example"
                   "exp": 1767269700
                   "iat": 1767268800
                   "jti": "AgICAgICAgICAgICAgICAg"
                   "sid": "sZkvEALC5Eoiq7OQcKZzog"
       12:14:59  ta_check    TA_OK
       12:15:00  ta_check    TA_ERR_EXPIRED, so the client turns to its refresh token
       12:15:00  ta_refresh  TA_OK, client: SET, store the new refresh token
       12:15:00  ta_check    TA_OK
       12:20:00  ta_logout   TA_OK, delete the refresh token
       12:20:00  ta_refresh  TA_ERR_ENDED, client: LOGIN, ask for the password
   The secret is in the source, and the random numbers are none, only so that the output never changes.
   Do not ship either. */
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <stdio.h>
#include <string.h>

static int64_t now = 1767268800;        /* 2026-01-01 12:00:00 UTC. A server passes time(NULL) */

/* !! Only for a lesson: anybody can foretell these. A server leaves cfg.random NULL. */
static ta_status no_random(void *ctx, void *out, size_t len)
{
    static int n;
    (void)ctx;
    memset(out, ++n, len);
    return TA_OK;
}

/* ---- the server -------------------------------------------------------------------------------- */

static ta_key         access_key;       /* signs access tokens: each API server has it */
static ta_refresh_key refresh_key;      /* mints refresh tokens: stays with the one that answers /refresh */
static ta_slot        slots[16];        /* one per session, in memory of your own */
static ta_table       table;
static ta_auth        auth;             /* never changes after its init; with threads, lock the table */

static ta_status start(const void *secret, size_t len)
{
    ta_auth_config cfg = TA_ZERO;
    refresh_key.id = 1;
    if (ta_key_derive(&access_key, secret, len, "access", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_key_derive(&refresh_key.key, secret, len, "refresh", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) != TA_OK) return TA_ERR_CONFIG;
    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    cfg.random            = no_random;
    return ta_auth_init(&auth, &cfg);           /* the durations that were not named have good defaults */
}

/* The epoch is read before the password is checked, so that a login with an old password cannot
   overtake its change. Lesson 10 shows that race. */
static ta_status login(ta_pair *out)
{
    ta_login_opts opts = TA_ZERO;
    uint32_t      epoch;
    ta_status     st = ta_user_epoch(&auth, "alice", &epoch);
    if (st != TA_OK) return st;
    /* ... here the password is checked, with a slow hash such as Argon2id ... */
    opts.epoch = &epoch;
    opts.label = "Firefox on Linux";
    return ta_login(&auth, "alice", now, &opts, out);
}

/* ---- what happens ------------------------------------------------------------------------------- */

static void told(const char *call, ta_status st, const char *then)
{
    printf("%02d:%02d:%02d  %-12s%s%s%s\n", (int)(now / 3600 % 24), (int)(now / 60 % 60), (int)(now % 60),
           call, ta_status_name(st), then[0] != '\0' ? ", " : "", then);
}

/* Set after every result, success or not. Only a logout ever deletes a cookie: when a failure arrives,
   the cookie may be the one of another tab's new login. */
static const char *const todo[] = {     /* in the order of ta_client */
    "client: KEEP, the server has a problem",       "client: SET, store the new refresh token",
    "client: LOGIN, ask for the password",          "client: CLEAR, delete the refresh token"
};

static void check(const ta_pair *pair, bool show)
{
    char      buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    size_t    at = 0;
    ta_json   name, value;
    ta_jwt    jwt;
    ta_status st = ta_check(&auth, pair->access, pair->access_len, now, buf, sizeof buf, &jwt);

    told("ta_check", st, st == TA_ERR_EXPIRED ? "so the client turns to its refresh token" : "");
    while (show && ta_json_next(jwt.claims, &at, &name, &value) == TA_OK) {
        printf("            %.*s: %.*s\n", (int)name.len, name.text, (int)value.len, value.text);
    }
}

static bool day(ta_pair *pair, ta_pair *next)
{
    ta_status st = login(pair);
    told("ta_login", st, todo[pair->client]);
    if (st != TA_OK) return false;
    printf("            access token: %ld s; refresh token: %ld days, %u characters\n", (long)pair->access_s,
           (long)(pair->refresh_s / TA_DAYS(1)), (unsigned)pair->refresh_len);
    check(pair, true);
    now += 899;
    check(pair, false);
    now += 1;
    check(pair, false);

    st = ta_refresh(&auth, pair->refresh, pair->refresh_len, now, NULL, next);
    told("ta_refresh", st, todo[next->client]);
    if (st != TA_OK) return false;
    check(next, false);
    now += TA_MINUTES(5);
    st = ta_logout(&auth, next->refresh, next->refresh_len, now);
    told("ta_logout", st, st == TA_OK ? "delete the refresh token" : "not logged out, try again");
    st = ta_refresh(&auth, next->refresh, next->refresh_len, now, NULL, pair);
    told("ta_refresh", st, todo[pair->client]);
    return true;
}

int main(void)
{
    ta_pair pair = TA_ZERO, next = TA_ZERO;
    bool    ok = start(TA_LIT("only for lesson 6: 32 bytes long")) == TA_OK && day(&pair, &next);
    ta_wipe(&pair, sizeof pair);
    ta_wipe(&next, sizeof next);
    return ok ? 0 : 1;
}
