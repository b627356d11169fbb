/* 13_fingerprint.c - a script steals alice's access token out of the page. It is of no use to the thief.
   Learn: what sidejacking is; a token bound to a cookie that scripts cannot read; a refresh token too.
   Build: cc -std=c99 -I.. 13_fingerprint.c -o 13 && ./13
   Prints (the checker compares it):
       alice logs in
          Set-Cookie: __Host-fingerprint=...; Path=/; Max-Age=7776000; Secure; HttpOnly; SameSite=Strict
          alice's request                                TA_OK, HTTP 200
       a script has stolen her access token
          the thief's, without the cookie                TA_ERR_BINDING, HTTP 401
          the thief's, with a cookie of his own          TA_ERR_BINDING, HTTP 401
       and her refresh token leaks from a backup
          the thief's refresh                            TA_ERR_BINDING, HTTP 401
          alice's refresh, as ever                       TA_OK, HTTP 200
          alice's request with the new access token      TA_OK, HTTP 200
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

/* A row of the server's own: the claim that goes into each access token of a session. */
static struct {
    char sid[TA_SID_CAP];
    char claims[80];
} row;

/* So that a refreshed access token is bound as the first one was. */
static ta_status user_row(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    if (strcmp(s->sid, row.sid) != 0) return TA_ERR_ENDED;
    out->more     = row.claims;
    out->more_len = strlen(row.claims);
    return TA_OK;
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
    cfg.user              = user_row;
    return ta_auth_init(&auth, &cfg);
}

/* ---- login: 32 random bytes go into a cookie, their hash into the token ---------------------------- */
typedef struct browser {
    char    fingerprint[TA_BASE64URL_CAP(32)];  /* in a cookie: Secure, HttpOnly, SameSite=Strict */
    size_t  len;
    ta_pair pair;
} browser;

static ta_status login(browser *b)
{
    uint8_t       random[32];
    ta_login_opts opts = TA_ZERO;
    ta_cookie     cookie = TA_ZERO;
    char          header[TA_COOKIE_CAP], claim[TA_FINGERPRINT_CAP];
    size_t        n;
    ta_status     st;

    if (ta_random(random, sizeof random) != TA_OK) return TA_ERR_RANDOM;
    st = ta_base64url_encode(random, sizeof random, b->fingerprint, sizeof b->fingerprint, &b->len);
    ta_wipe(random, sizeof random);
    cookie.name = "__Host-fingerprint";
    if (st == TA_OK) {
        st = ta_cookie_set(&cookie, b->fingerprint, b->len, TA_DAYS(90), header, sizeof header, &n);
    }
    if (st != TA_OK) return st;

    ta_fingerprint_claim(b->fingerprint, b->len, claim);        /* the hash: its 43 letters need no escape */
    snprintf(row.claims, sizeof row.claims, "{\"fingerprint\":\"%s\"}", claim);
    opts.more       = row.claims;
    opts.more_len   = strlen(row.claims);
    opts.client     = b->fingerprint;           /* binds the refresh token as well: the record keeps a MAC */
    opts.client_len = b->len;
    st = ta_login(&auth, "alice", now, &opts, &b->pair);
    memcpy(row.sid, b->pair.sid, sizeof row.sid);
    printf("   Set-Cookie: %s=...%s\n", cookie.name, strchr(header, ';'));
    ta_wipe(header, sizeof header);
    return st;
}

/* ---- each request: the token from its header, the fingerprint from its cookie ----------------------- */
static void request(const char *who, const ta_pair *pair, const char *cookie, size_t len)
{
    char      buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt    jwt;
    ta_status st = ta_check(&auth, pair->access, pair->access_len, now, buf, sizeof buf, &jwt);
    if (st == TA_OK) st = ta_fingerprint_check(&jwt, cookie, len);
    printf("   %-46s %s, HTTP %d\n", who, ta_status_name(st), ta_http_code(st));
}

/* A refusal here changes nothing, or a thief could log alice out. Your log has it: TA_EVENT_BINDING. */
static void refresh(const char *who, const ta_pair *pair, const char *cookie, size_t len, ta_pair *out)
{
    ta_refresh_opts opts = TA_ZERO;
    ta_status       st;
    opts.client     = cookie;
    opts.client_len = len;
    st = ta_refresh(&auth, pair->refresh, pair->refresh_len, now, &opts, out);
    printf("   %-46s %s, HTTP %d\n", who, ta_status_name(st), ta_http_code(st));
}

static bool play(browser *alice, ta_pair *next)
{
    static const char guess[] = "a-cookie-of-his-own";
    printf("alice logs in\n");
    if (login(alice) != TA_OK) return false;
    request("alice's request", &alice->pair, alice->fingerprint, alice->len);

    /* Sidejacking: the script ran in alice's page and sent home what it found. The cookie it could not
       read. (It may act from within the page, while that is open: this is no cure for script injection.) */
    printf("a script has stolen her access token\n");
    request("the thief's, without the cookie", &alice->pair, NULL, 0);
    request("the thief's, with a cookie of his own", &alice->pair, guess, sizeof guess - 1);

    printf("and her refresh token leaks from a backup\n");
    now += TA_MINUTES(15);
    refresh("the thief's refresh", &alice->pair, guess, sizeof guess - 1, next);
    refresh("alice's refresh, as ever", &alice->pair, alice->fingerprint, alice->len, next);
    request("alice's request with the new access token", next, alice->fingerprint, alice->len);
    return true;
}

int main(void)
{
    browser alice;
    ta_pair next;
    bool    ok = start(TA_LIT("only for lesson 13: 32 bytes all")) == TA_OK && play(&alice, &next);
    ta_wipe(&alice, sizeof alice);
    ta_wipe(&next, sizeof next);
    return ok ? 0 : 1;
}
