/* stack.c - how much stack each call takes, measured, with all that it can be asked: the call is made on a painted stack (that of a
   signal handler, the one stack of one's own that POSIX gives), and the lowest byte that changed is
   found. A bound that is exceeded is a failure; the header states the bounds.

   Build without sanitizers and with optimisation: cc -O2 (or another) tests/stack.c && ./a.out
   It prints "stack: N passed, N failed"; with any argument the figures too.                    */

#define _XOPEN_SOURCE 700
#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../tokenauth.h"
#include "own_stack.h"
#include <stdio.h>

static ta_key         key;
static ta_refresh_key refresh_key[1];
static ta_slot        slots[64];
static ta_table       table;
static ta_auth        auth;
static ta_pair        pair;
static ta_jwt         jwt;
static char           token[2048], buf[2048];
static size_t         token_len;
static volatile int   good;             /* each measured call must have done its work */

static ta_status fixed_random(void *ctx, void *out, size_t len)
{
    static uint8_t n;
    (void)ctx;
    memset(out, ++n, len);
    return TA_OK;
}

static void call_sha256(void)  { uint8_t d[32];  ta_sha256_once(token, token_len, d);  good += d[0] != 0 || d[1] != 0; }
static const char more[] = "{\"roles\":[\"admin\",{\"\\u0061\":1e3}],\"level\":3}";
static ta_claims claims;
static ta_rules  rules;
static ta_login_opts   login_opts;
static ta_refresh_opts refresh_opts;

static void call_check(void)   { good += ta_json_check(TA_LIT("{\"a\":[1,2,{\"b\":\"\\u00e9\"}]}")) == TA_OK; }
static void call_verify(void)
{
    good += ta_jwt_verify(ta_keys_of(&key, 1), token, token_len, 1000, &rules, buf, sizeof buf, &jwt) == TA_OK;
}
static void call_sign(void)
{
    good += ta_jwt_sign(&key, &claims, token, sizeof token, &token_len) == TA_OK;
}
static void call_login(void)   { good += ta_login(&auth, "alice", 1000, &login_opts, &pair) == TA_OK; }
static void call_refresh(void)
{
    static char old[TA_REFRESH_CAP];
    memcpy(old, pair.refresh, sizeof old);
    good += ta_refresh(&auth, old, strlen(old), 1100, &refresh_opts, &pair) == TA_OK;
}
static void call_access(void)
{
    good += ta_check(&auth, pair.access, pair.access_len, 1100, buf, sizeof buf, &jwt) == TA_OK;
}
static void call_logout(void)  { good += ta_logout(&auth, pair.refresh, pair.refresh_len, 1100) == TA_OK; }
static void call_logout_all(void) { good += ta_logout_all(&auth, "alice", 1100) == TA_OK; }

static ta_status user(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    (void)s;
    out->salt = "hash";
    out->salt_len = 4;
    out->more = more;
    out->more_len = sizeof more - 1;
    return TA_OK;
}

static size_t stack_used(void (*call)(void))
{
    size_t low = 0;
    own_stack_run(call);
    while (low < own_top && own_area[low] == OWN_PAINT) low++;
    return own_top - low;
}

static void set_up(void)
{
    static const uint8_t a[32] = {1}, b[32] = {2};
    ta_auth_config cfg = TA_ZERO;
    refresh_key[0].id = 1;
    if (ta_key_init(&key, a, sizeof a, NULL) != TA_OK || ta_key_init(&refresh_key[0].key, b, sizeof b, NULL) != TA_OK
        || ta_table_init(&table, slots, 64) != TA_OK) exit(2);
    cfg.keys = ta_keys_of(&key, 1);
    cfg.refresh_keys = refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.store = ta_table_store(&table);
    cfg.check_sessions = true;
    cfg.random = fixed_random;
    cfg.user = user;
    cfg.max_sessions = 1;                       /* so a login also ends a session */
    if (ta_auth_init(&auth, &cfg) != TA_OK) exit(2);
}

static void set_options(void)
{
    static const uint8_t retry_key[16] = {3};
    claims.issuer = "https://id.example";
    claims.audience = "https://api.example";
    claims.subject = "alice";
    claims.id = "0123456789";
    claims.issued_at = claims.not_before = 1000;
    claims.expires_at = 2000;
    claims.more = more;
    claims.more_len = sizeof more - 1;
    rules.issuer = claims.issuer;
    rules.audience = claims.audience;
    rules.subject = claims.subject;
    rules.required = "iss sub aud exp nbf iat jti roles level";
    login_opts.label = "Firefox on Linux";
    login_opts.salt = "hash";
    login_opts.salt_len = 4;
    login_opts.client = refresh_opts.client = "client";
    login_opts.client_len = refresh_opts.client_len = 6;
    login_opts.more = more;
    login_opts.more_len = sizeof more - 1;
    refresh_opts.retry_key = retry_key;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*call)(void); size_t most; } row[] = {
        { "ta_jwt_sign",   call_sign,     2200 }, { "ta_sha256_once", call_sha256, 700 },
        { "ta_json_check", call_check,    1200 }, { "ta_jwt_verify",  call_verify, 2200 },
        { "ta_login",      call_login,    4300 }, { "ta_check",       call_access, 2700 },
        { "ta_refresh",    call_refresh,  3000 }, { "ta_logout",      call_logout, 2100 },
        { "ta_logout_all", call_logout_all, 2000 }
    };
    size_t i, used;
    int failed = 0, n = (int)(sizeof row / sizeof row[0]);
    (void)argv;
    set_up();
    set_options();
    own_stack_use();
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        good = 0;
        row[i].call();                  /* once before, for what is found out only once */
        good = 0;
        used = stack_used(row[i].call);
        if (argc > 1) printf("%-16s %5lu bytes of stack, at most %lu\n", row[i].name, (unsigned long)used, (unsigned long)row[i].most);
        if (good == 1 && used > 0 && used <= row[i].most) continue;
        printf("FAILED %s: %lu bytes of stack, not 1..%lu%s\n", row[i].name, (unsigned long)used,
               (unsigned long)row[i].most, good == 1 ? "" : " (and the call failed)");
        failed++;
    }
    printf("stack: %d passed, %d failed\n", n - failed, failed);
    return failed != 0;
}
