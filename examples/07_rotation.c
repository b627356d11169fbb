/* 07_rotation.c - a refresh token is replaced when it is used. Honest clients use one twice all the same.
   Learn: rotation; the window, for two tabs; the retry key, for answers that are lost.
   Build: cc -std=c99 -I.. 07_rotation.c -o 07 && ./07
   Prints (the checker compares it):
       1. Each use replaces the token
          laptop                                         TA_OK, a new token
          laptop, with the new one                       TA_OK, a new token
       2. Two tabs refresh at once
          first tab                                      TA_OK, a new token
          second tab, with the cookie it had read before TA_OK, the same new token, log: WINDOW
       3. The answer is lost, and the phone asks again hours later
          phone without a retry key, the answer is lost  TA_OK, a new token
          phone, once more                               TA_ERR_REPLAY, log: REPLAY
          phone with a retry key, the answer is lost     TA_OK, a new token
          phone, once more with the same retry key       TA_OK, the same new token, log: LATE_RETRY
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

/* What belongs into the log. */
static const char *logged = "";
static void event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx;
    (void)s;                                    /* whose session on which device: s->subject, s->label */
    if (what == TA_EVENT_WINDOW)     logged = ", log: WINDOW";
    if (what == TA_EVENT_LATE_RETRY) logged = ", log: LATE_RETRY";
    if (what == TA_EVENT_REPLAY)     logged = ", log: REPLAY";
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
    return ta_auth_init(&auth, &cfg);           /* window_s is 10 seconds, retry_s a day */
}

/* ---- a client: its token and, beside it, a key for retries ----------------------------------------- */

typedef struct client {
    char    token[TA_REFRESH_CAP];
    size_t  len;
    bool    has_retry_key;
    uint8_t retry_key[16];
} client;

/* The retry key is made and stored BEFORE the token is spent. Afterwards it may be too late. */
static bool keep(client *c, const ta_pair *pair)
{
    memcpy(c->token, pair->refresh, sizeof c->token);
    c->len = pair->refresh_len;
    return ta_random(c->retry_key, sizeof c->retry_key) == TA_OK;
}

static bool login(client *c, const char *device, bool has_retry_key)
{
    ta_login_opts opts = TA_ZERO;
    ta_pair       pair;
    bool          ok;
    opts.label = device;
    c->has_retry_key = has_retry_key;
    ok = ta_login(&auth, "alice", now, &opts, &pair) == TA_OK && keep(c, &pair);
    ta_wipe(&pair, sizeof pair);
    return ok;
}

/* One POST /refresh. The answer arrives, or is lost on its way. */
static void spend(const char *what, client *c, bool arrives)
{
    static char     last[TA_REFRESH_CAP];
    ta_refresh_opts opts = TA_ZERO;
    ta_pair         answer;
    ta_status       st;
    if (c->has_retry_key) opts.retry_key = c->retry_key;
    st = ta_refresh(&auth, c->token, c->len, now, &opts, &answer);
    printf("   %-46s %s%s%s\n", what, ta_status_name(st), st != TA_OK ? ""
           : strcmp(answer.refresh, last) == 0 ? ", the same new token" : ", a new token", logged);
    logged = "";
    memcpy(last, answer.refresh, sizeof last);
    if (st == TA_OK && arrives && !keep(c, &answer)) printf("   no random numbers here\n");
    ta_wipe(&answer, sizeof answer);
}

static client tab, other, phone;

static bool play(void)
{
    printf("1. Each use replaces the token\n");
    if (!login(&tab, "laptop", false)) return false;
    now += TA_MINUTES(15);
    spend("laptop", &tab, true);
    now += TA_MINUTES(15);
    spend("laptop, with the new one", &tab, true);

    /* Both tabs share the cookie. For window_s after a rotation the token before it buys the SAME
       successor: nothing forks, and as this writes nothing, the window does not slide. */
    printf("2. Two tabs refresh at once\n");
    now += TA_MINUTES(15);
    other = tab;
    spend("first tab", &tab, true);
    now += 2;
    spend("second tab, with the cookie it had read before", &other, true);

    /* Without a retry key, a phone that comes back later looks exactly like a thief. */
    printf("3. The answer is lost, and the phone asks again hours later\n");
    if (!login(&phone, "phone", false)) return false;
    now += TA_MINUTES(15);
    spend("phone without a retry key, the answer is lost", &phone, false);
    now += TA_HOURS(8);
    spend("phone, once more", &phone, true);
    if (!login(&phone, "phone", true)) return false;
    now += TA_MINUTES(15);
    spend("phone with a retry key, the answer is lost", &phone, false);
    now += TA_HOURS(8);
    spend("phone, once more with the same retry key", &phone, true);
    return true;
}

int main(void)
{
    bool ok = start(TA_LIT("only for lesson 7: 32 bytes long")) == TA_OK && play();
    ta_wipe(&tab, sizeof tab);
    ta_wipe(&other, sizeof other);
    ta_wipe(&phone, sizeof phone);
    return ok ? 0 : 1;
}
