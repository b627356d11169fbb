/* stack.c - how much stack each call takes, measured: the call is made on a painted stack (that of a
   signal handler, the one stack of one's own that POSIX gives), and the lowest byte that changed is
   found. A bound that is exceeded is a failure; the header states the bounds.

   Build without sanitizers and with optimisation: cc -O2 (or -Os) tests/stack.c && ./a.out
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
static void call_check(void)   { good += ta_json_check(TA_LIT("{\"a\":[1,2,{\"b\":\"c\"}]}")) == TA_OK; }
static void call_verify(void)
{
    good += ta_jwt_verify(ta_keys_of(&key, 1), token, token_len, 1000, NULL, buf, sizeof buf, &jwt) == TA_OK;
}
static void call_sign(void)
{
    ta_claims c = TA_ZERO;
    c.subject = "alice";
    c.expires_at = 2000;
    good += ta_jwt_sign(&key, &c, token, sizeof token, &token_len) == TA_OK;
}
static void call_login(void)   { good += ta_login(&auth, "alice", 1000, NULL, &pair) == TA_OK; }
static void call_refresh(void)
{
    char old[TA_REFRESH_CAP];
    memcpy(old, pair.refresh, sizeof old);
    good += ta_refresh(&auth, old, strlen(old), 1100, NULL, &pair) == TA_OK;
}
static void call_access(void)
{
    good += ta_check(&auth, pair.access, pair.access_len, 1100, buf, sizeof buf, &jwt) == TA_OK;
}
static void call_logout(void)  { good += ta_logout(&auth, pair.refresh, pair.refresh_len, 1100) == TA_OK; }
static void call_logout_all(void) { good += ta_logout_all(&auth, "alice", 1100) == TA_OK; }

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
    if (ta_auth_init(&auth, &cfg) != TA_OK) exit(2);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*call)(void); size_t most; } row[] = {
        { "ta_jwt_sign",   call_sign,     1900 }, { "ta_sha256_once", call_sha256, 700 },
        { "ta_json_check", call_check,    1200 }, { "ta_jwt_verify",  call_verify, 1900 },
        { "ta_login",      call_login,    3600 }, { "ta_check",       call_access, 2400 },
        { "ta_refresh",    call_refresh,  2900 }, { "ta_logout",      call_logout, 1400 },
        { "ta_logout_all", call_logout_all, 1900 }
    };
    size_t i, used;
    int failed = 0, n = (int)(sizeof row / sizeof row[0]);
    (void)argv;
    set_up();
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
