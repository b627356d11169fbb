/* 16_cookies.c - the refresh token lives in a cookie: set by login and refresh, deleted by logout alone.
   Learn: a cookie that no script and no other site can use; what each answer does to it; CSRF.
   Build: cc -std=c99 -I.. 16_cookies.c -o 16 && ./16
   Prints (the checker compares it):
       POST /refresh, no cookie yet       401
       POST /login                        200
          Set-Cookie: __Host-refresh=...; Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Strict
       POST /refresh from another site    403
       POST /refresh                      200
          Set-Cookie: __Host-refresh=...; Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Strict
       POST /refresh, the store is down   503, try again in 2 s
       POST /refresh, once more           200
          Set-Cookie: __Host-refresh=...; Path=/; Max-Age=1209600; Secure; HttpOnly; SameSite=Strict
       POST /logout                       200
          Set-Cookie: __Host-refresh=...; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict
       POST /refresh                      401
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
static ta_cookie      cookie;
static bool           store_is_down;

/* A server with threads locks a mutex here. Where that fails, the call fails, and nothing is granted. */
static ta_status lock(void *ctx) { (void)ctx; return store_is_down ? TA_ERR_STORE : TA_OK; }
static void unlock(void *ctx) { (void)ctx; }

static ta_status start(const void *secret, size_t len)
{
    ta_auth_config cfg = TA_ZERO;
    if (ta_key_derive(&access_key, secret, len, "access", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_key_derive(&refresh_key.key, secret, len, "refresh", NULL) != TA_OK) return TA_ERR_KEY;
    if (ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) != TA_OK) return TA_ERR_CONFIG;
    table.lock   = lock;
    table.unlock = unlock;
    cookie.name  = "__Host-refresh";            /* this prefix makes browsers insist on Secure and Path=/ */
    cfg.keys              = ta_keys_of(&access_key, 1);
    cfg.refresh_keys      = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = ta_table_store(&table);
    return ta_auth_init(&auth, &cfg);
}

typedef struct response { int code, retry_after; char set_cookie[TA_COOKIE_CAP]; } response;

/* The access token goes into the body, for a variable of the page. The refresh token goes into the cookie
   and nowhere else. pair->client decides: a failure sets no cookie and deletes none, because when it
   arrives, the browser may hold the one of another tab's new login. */
static void answer(response *out, ta_status st, const ta_pair *pair)
{
    size_t n;
    out->code        = ta_http_code(st);
    out->retry_after = (int)pair->retry_after_s;
    if (ta_cookie_put(&cookie, pair, out->set_cookie, sizeof out->set_cookie, &n) != TA_OK) out->code = 500;
}

/* The password has been checked: lesson 10 says what belongs to that. */
static void post_login(response *out)
{
    ta_pair pair;
    answer(out, ta_login(&auth, "alice", now, NULL, &pair), &pair);
    ta_wipe(&pair, sizeof pair);
}

/* A cookie is sent with requests that another site made the browser send, too (CSRF). SameSite=Strict
   stops those. So does a header that only a script of our own site can add, for browsers without it. */
static void post_refresh(const char *cookies, bool has_our_header, response *out)
{
    const char *token;
    size_t      len;
    ta_pair     pair = TA_ZERO;
    ta_status   st = ta_cookie_get(cookies, strlen(cookies), cookie.name, &token, &len);
    out->code = 403;
    if (!has_our_header) return;
    if (st == TA_OK) st = ta_refresh(&auth, token, len, now, NULL, &pair);
    answer(out, st, &pair);
    ta_wipe(&pair, sizeof pair);
}

/* The only place where a cookie is deleted, and only when the session is gone. */
static void post_logout(const char *cookies, bool has_our_header, response *out)
{
    const char *token;
    size_t      len;
    ta_status   st = ta_cookie_get(cookies, strlen(cookies), cookie.name, &token, &len);
    out->code = 403;
    if (!has_our_header) return;
    if (st == TA_OK) st = ta_logout(&auth, token, len, now);
    if (st == TA_ERR_INVALID || st == TA_ERR_UNKNOWN_KEY) st = TA_OK;       /* nothing to end but the cookie */
    out->code = ta_http_code(st);
    if (st != TA_OK) return;
    if (ta_cookie_clear(&cookie, out->set_cookie, sizeof out->set_cookie, &len) != TA_OK) out->code = 500;
}

static char jar[TA_COOKIE_CAP + 16] = "theme=dark";

/* What the browser does with an answer; shown without the token. */
static void receive(const char *what, const response *r)
{
    const char *attributes = strchr(r->set_cookie, ';');
    printf("%-34s %d", what, r->code);
    if (r->retry_after > 0) printf(", try again in %d s", r->retry_after);
    printf("\n");
    if (attributes == NULL) return;
    printf("   Set-Cookie: __Host-refresh=...%s\n", attributes);
    snprintf(jar, sizeof jar, "theme=dark; %.*s", (int)(attributes - r->set_cookie), r->set_cookie);
    if (strstr(attributes, "Max-Age=0;") != NULL) snprintf(jar, sizeof jar, "theme=dark");
}

static void refresh(const char *what, bool has_our_header)
{
    response r = TA_ZERO;
    post_refresh(jar, has_our_header, &r);
    receive(what, &r);
    ta_wipe(&r, sizeof r);
}

int main(void)
{
    response r = TA_ZERO;
    if (start(TA_LIT("only for lesson 16: 32 bytes all")) != TA_OK) return 1;
    refresh("POST /refresh, no cookie yet", true);
    post_login(&r);
    receive("POST /login", &r);
    now += TA_MINUTES(15);
    refresh("POST /refresh from another site", false);
    refresh("POST /refresh", true);
    now += TA_MINUTES(15);
    store_is_down = true;
    refresh("POST /refresh, the store is down", true);
    store_is_down = false;
    refresh("POST /refresh, once more", true);
    memset(&r, 0, sizeof r);
    post_logout(jar, true, &r);
    receive("POST /logout", &r);
    refresh("POST /refresh", true);
    ta_wipe(&r, sizeof r);
    ta_wipe(jar, sizeof jar);
    return 0;
}
