/* sessions.c - see sessions.h */

#include <stddef.h>

#if defined(COUNT)
#  include "form.h"
static size_t counted;
#  define TOKENAUTH_SHA256_COMPRESS(state, in, blocks) \
       (counted += (blocks), bench_form_portable.compress(state, in, blocks))
#  define SESSIONS bench_sessions_counted
#else
static const size_t counted = 0;
#  define SESSIONS bench_sessions_timed
#endif

#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"
#include "sessions.h"
#include "tokens.h"
#include <stdio.h>

#define STEP 20                         /* seconds from one rotation to the next: past the window */

static ta_key         key;
static ta_refresh_key refresh_key[1];
static ta_slot        slots[BENCH_SESSIONS + BENCH_SESSION_BATCH];
static ta_table       table;
static ta_auth        auth, auth_os;    /* auth_os: with the system's random source */
static ta_pair        pairs[BENCH_SESSIONS];
static char           spent[BENCH_SESSIONS][TA_REFRESH_CAP];   /* the token before the current one */
static int64_t        now = BENCH_NOW;
static size_t         at;               /* the session whose turn it is */

/* A source that costs next to nothing, so that what is measured is the library.                          */
static ta_status quick_random(void *ctx, void *out, size_t len)
{
    static uint64_t s = 88172645463325252u;
    uint8_t *p = (uint8_t *)out;
    size_t i;
    (void)ctx;
    for (i = 0; i < len; i += 8) {
        s ^= s << 13;  s ^= s >> 7;  s ^= s << 17;
        memcpy(p + i, &s, len - i < 8 ? len - i : 8);
    }
    return TA_OK;
}

static bool log_in(size_t i, const ta_auth *a)
{
    char name[24];
    snprintf(name, sizeof name, "user-%04zu", i);
    return ta_login(a, name, now, NULL, &pairs[i]) == TA_OK;
}

static bool set_up(void)
{
    static const uint8_t secret[32] = {7};
    ta_auth_config cfg = TA_ZERO;
    size_t i;
    bool good = ta_key_init(&key, bench_secret, sizeof bench_secret, NULL) == TA_OK
             && ta_key_init(&refresh_key[0].key, secret, sizeof secret, NULL) == TA_OK
             && ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) == TA_OK;
    refresh_key[0].id     = 1;
    cfg.keys              = ta_keys_of(&key, 1);
    cfg.refresh_keys      = refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    good = good && ta_auth_init(&auth_os, &cfg) == TA_OK;
    cfg.random            = quick_random;
    good = good && ta_auth_init(&auth, &cfg) == TA_OK;
    for (i = 0; i < BENCH_SESSIONS; i++) good = good && log_in(i, &auth);
    return good;
}

static size_t turn(void)
{
    at = at + 1 < BENCH_SESSIONS ? at + 1 : 0;
    if (at == 0) now += STEP;
    return at;
}

static bool rotate_with(const ta_auth *a, size_t n)
{
    bool good = true;
    for (; n > 0; n--) {
        size_t i = turn();
        memcpy(spent[i], pairs[i].refresh, sizeof spent[i]);
        good &= ta_refresh(a, spent[i], TAI_TOKEN_CHARS, now, NULL, &pairs[i]) == TA_OK;
    }
    return good;
}

static bool run_rotate(void *unused, size_t n)    { (void)unused;  return rotate_with(&auth, n); }
static bool run_rotate_os(void *unused, size_t n) { (void)unused;  return rotate_with(&auth_os, n); }

/* ---- the window: the token before the current one, a moment after its rotation ------- */

static void before_window(void *unused, size_t n)
{
    (void)unused;  (void)n;
    at = BENCH_SESSIONS - 1;
    rotate_with(&auth, BENCH_SESSION_BATCH);
}

static bool run_window(void *unused, size_t n)
{
    static ta_pair out;
    bool good = true;
    size_t i;
    (void)unused;
    for (i = 0; i < n; i++)
        good &= ta_refresh(&auth, spent[i % BENCH_SESSION_BATCH], TAI_TOKEN_CHARS, now, NULL, &out) == TA_OK;
    return good;
}

/* ---- a replay ends the session; so the batch begins with new ones ------- */

static void log_in_again(size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        if (ta_logout(&auth, pairs[i].refresh, pairs[i].refresh_len, now) != TA_OK) return;
        if (!log_in(i, &auth)) return;
    }
}

static char stolen[BENCH_SESSION_BATCH][TA_REFRESH_CAP];

static void before_replay(void *unused, size_t n)
{
    size_t i;
    (void)unused;
    log_in_again(n);
    for (i = 0; i < n; i++) memcpy(stolen[i], pairs[i].refresh, sizeof stolen[i]);
    at = BENCH_SESSIONS - 1;
    rotate_with(&auth, n);              /* a full round: everybody is past the window */
    rotate_with(&auth, BENCH_SESSIONS - n);
    at = BENCH_SESSIONS - 1;
    rotate_with(&auth, n);
}

static bool run_replay(void *unused, size_t n)
{
    static ta_pair out;
    bool good = true;
    size_t i;
    (void)unused;
    for (i = 0; i < n; i++)
        good &= ta_refresh(&auth, stolen[i], TAI_TOKEN_CHARS, now, NULL, &out) == TA_ERR_REPLAY;
    return good;
}

static void after_replay(void *unused, size_t n) { (void)unused;  log_in_again(n); }

/* ---- login and check --------------------------------------------------------------------------------- */

static void before_login(void *unused, size_t n)
{
    size_t i;
    (void)unused;
    for (i = 0; i < n; i++) {
        if (ta_logout(&auth, pairs[i].refresh, pairs[i].refresh_len, now) != TA_OK) return;
    }
}

static bool run_login(void *unused, size_t n)
{
    bool good = true;
    size_t i;
    (void)unused;
    for (i = 0; i < n; i++) good &= log_in(i, &auth);
    return good;
}

static bool run_check(void *unused, size_t n)
{
    char buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt jwt;
    bool good = true;
    (void)unused;
    for (; n > 0; n--) {
        const ta_pair *p = &pairs[turn()];
        good &= ta_check(&auth, p->access, p->access_len, BENCH_NOW, buf, sizeof buf, &jwt) == TA_OK;
    }
    return good;
}

static size_t compressions(void) { return counted; }

static const bench_call calls[] = {
    {"refresh, rotates",               run_rotate,    NULL,          NULL},
    {"refresh, rotates, system random",run_rotate_os, NULL,          NULL},
    {"refresh, in the window",         run_window,    before_window, NULL},
    {"refresh, a replay",              run_replay,    before_replay, after_replay},
    {"login",                          run_login,     before_login,  NULL},
    {"check",                          run_check,     NULL,          NULL},
    {NULL, NULL, NULL, NULL}
};

const bench_sessions SESSIONS = {set_up, calls, compressions};
