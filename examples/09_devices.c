/* 09_devices.c - alice sees where she is logged in, and ends the phone that she left in a taxi.
   Learn: one session per login; its public sid; whose session may be ended by whom; the cap.
   Build: cc -std=c99 -I.. 09_devices.c -o 09 && ./09
   Prints (the checker compares it):
       alice's devices, seen from the laptop
          DJMEKF3yr_Q3I8NRyQS2zw  phone    last used  0 h ago
          sZkvEALC5Eoiq7OQcKZzog  laptop   last used  1 h ago, here
       bob tries his luck with the phone's sid
          ta_session_end for bob               TA_ERR_NOT_FOUND, HTTP 403
       alice ends the phone
          ta_session_end for alice             TA_OK, HTTP 200
          the phone refreshes                  TA_ERR_ENDED, HTTP 401
          the laptop refreshes                 TA_OK, HTTP 200
       three more logins, and at most three sessions
          log: too many sessions, alice's tablet is out
          mlsQRpkNWivhzsMjPkrLvA  car      last used  0 h ago, here
          sZkvEALC5Eoiq7OQcKZzog  laptop   last used  3 h ago
          w2wEucHQbOT61T-BaX389w  tv       last used  1 h ago
   The secret is in the source, and the random numbers are none, only so that the output never changes.
   Do not ship either. */
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

/* !! Only for a lesson: anybody can foretell these. A server leaves cfg.random NULL. */
static ta_status no_random(void *ctx, void *out, size_t len)
{
    static int n;
    (void)ctx;
    memset(out, ++n, len);
    return TA_OK;
}

static void event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx;
    if (what == TA_EVENT_EVICTED) printf("   log: too many sessions, %s's %s is out\n", s->subject, s->label);
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
    cfg.max_sessions      = 3;                  /* per user; 16 if you say nothing */
    cfg.random            = no_random;
    cfg.event             = event;
    return ta_auth_init(&auth, &cfg);
}

static void told(const char *what, ta_status st)
{
    printf("   %-36s %s, HTTP %d\n", what, ta_status_name(st), ta_http_code(st));
}

static bool login(const char *user, const char *device, ta_pair *out)
{
    ta_login_opts opts = TA_ZERO;
    opts.label = device;                        /* cut to fit if it is long */
    now += TA_HOURS(1);
    return ta_login(&auth, user, now, &opts, out) == TA_OK;
}

static void refresh(const char *what, ta_pair *pair)
{
    ta_pair   next;
    ta_status st = ta_refresh(&auth, pair->refresh, pair->refresh_len, now, NULL, &next);
    told(what, st);
    if (st == TA_OK) *pair = next;
    ta_wipe(&next, sizeof next);
}

/* GET /sessions. `here` is the sid of the access token that came with the request. A page at a time, so
   that the memory is fixed; `after` is where the next page begins. */
static bool devices(const char *user, const char *here)
{
    ta_session list[2];
    char       after[TA_SID_CAP] = "";
    size_t     n, i;
    do {
        if (ta_session_list(&auth, user, now, after, list, 2, &n) != TA_OK) return false;
        for (i = 0; i < n; i++) {
            printf("   %s  %-8s last used %2d h ago%s\n", list[i].sid, list[i].label,
                   (int)((now - list[i].last_used) / 3600), strcmp(list[i].sid, here) == 0 ? ", here" : "");
        }
        if (n > 0) memcpy(after, list[n - 1].sid, sizeof after);
    } while (n == 2);
    return true;
}

static bool play(ta_pair *laptop, ta_pair *phone, ta_pair *other)
{
    if (!login("alice", "laptop", laptop) || !login("alice", "phone", phone)) return false;
    printf("alice's devices, seen from the laptop\n");
    if (!devices("alice", laptop->sid)) return false;

    /* DELETE /sessions/SID. The sid comes from the client and proves nothing, so name the user of the
       access token with it. Another user's session does not exist for him. */
    printf("bob tries his luck with the phone's sid\n");
    told("ta_session_end for bob", ta_session_end(&auth, "bob", phone->sid, strlen(phone->sid), now));
    printf("alice ends the phone\n");
    told("ta_session_end for alice", ta_session_end(&auth, "alice", phone->sid, strlen(phone->sid), now));
    refresh("the phone refreshes", phone);
    refresh("the laptop refreshes", laptop);

    /* Somebody who logs in again and again must not fill the store. First goes a session whose refresh
       token was never used though its access token is over, for that answer was lost, most likely; then
       the one that was used least recently. */
    printf("three more logins, and at most three sessions\n");
    if (!login("alice", "tablet", other) || !login("alice", "tv", other)) return false;
    return login("alice", "car", other) && devices("alice", other->sid);
}

int main(void)
{
    ta_pair laptop, phone, other;
    bool    ok = start(TA_LIT("only for lesson 9: 32 bytes long")) == TA_OK && play(&laptop, &phone, &other);
    ta_wipe(&laptop, sizeof laptop);
    ta_wipe(&phone, sizeof phone);
    ta_wipe(&other, sizeof other);
    return ok ? 0 : 1;
}
