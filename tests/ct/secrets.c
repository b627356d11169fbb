/* secrets.c - under valgrind: secrets are marked as undefined memory, so each branch and each address that
   depends on one is reported as an error, whatever the compiler made of the source.

   Built from a copy of tokenauth.h in which verdicts are marked public where they are born (verdicts.txt):
   that a comparison failed, or that a text was no base64, is what the caller is told.          */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <valgrind/memcheck.h>

#define SECRET(p, n) (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n)
#define PUBLIC(p, n) (void)VALGRIND_MAKE_MEM_DEFINED(p, n)
#define BEGIN()      ((void)0)
#define END()        ((void)0)

static inline bool verdict(bool v)
{
    volatile bool seen = v;
    (void)VALGRIND_MAKE_MEM_DEFINED(&seen, sizeof seen);
    return seen;
}

#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include "cases.h"

static void expect(ta_status st, const char *what)
{
    if (st != TA_OK) printf("no %s\n", what);
}

/* A whole life of a session: every secret that there is, in every step.                         */
static void case_session(void)
{
    static ta_slot slots[8];
    static ta_table table;
    static const uint8_t retry_key[16] = {1};
    ta_login_opts login = TA_ZERO;
    ta_refresh_opts refresh = TA_ZERO;
    ta_pair pair;
    ta_jwt jwt;
    char buf[TA_ACCESS_CAP];
    uint8_t client[32], retry[16];
    int64_t now = 1000;
    int i;

    sink = ta_table_init(&table, slots, 8) == TA_OK;
    make_auth(ta_table_store(&table));
    memcpy(client, noise, sizeof client);
    memcpy(retry, retry_key, sizeof retry);
    SECRET(client, sizeof client);
    SECRET(retry, sizeof retry);
    login.salt = user_salt;
    login.salt_len = sizeof user_salt;
    login.client = refresh.client = client;
    login.client_len = refresh.client_len = sizeof client;
    refresh.retry_key = retry;
    expect(ta_login(&auth, "ann", now, &login, &pair), "login");
    for (i = 0; i < 3; i++) {
        PUBLIC(pair.refresh, 2);
        now += 20;
        expect(ta_refresh(&auth, pair.refresh, pair.refresh_len, now, &refresh, &pair), "refresh");
    }
    PUBLIC(pair.access, sizeof pair.access);
    expect(ta_check(&auth, pair.access, pair.access_len, now, buf, sizeof buf, &jwt), "check");
    expect(ta_logout_others(&auth, pair.refresh, pair.refresh_len, now, &refresh), "logout of the others");
    expect(ta_logout(&auth, pair.refresh, pair.refresh_len, now), "logout");
}

static const struct { const char *name; void (*run)(void); } cases[] = {
    {"equal", case_equal}, {"key", case_key}, {"key from raw:", case_key_raw},
    {"key from hex:", case_key_hex},
    {"key from base64:", case_key_base64}, {"key from base64url:", case_key_base64url},
    {"derived key", case_derive}, {"hmac", case_hmac}, {"encode", case_encode}, {"decode", case_decode},
    {"decode foreign", case_decode_foreign}, {"verify", case_verify}, {"sign", case_sign},
    {"fingerprint", case_fingerprint}, {"refresh tag", case_tag}, {"seal", case_seal},
    {"session", case_session}
};

/* One line each: the number of new errors, and the case.                                        */
int main(void)
{
    size_t i;
    unsigned before = 0, now;
    int bad = 0;
    if (RUNNING_ON_VALGRIND == 0) { printf("run this under valgrind\n"); return 2; }
#if TAI_X86
    printf("hash: %s\n", tai_cpu_has_sha() ? "SHA instructions" : "plain C");
    printf("base64: %s\n", tai_cpu_has(TAI_CPU_SSE) ? "SSE" : "plain C");
#else
    printf("hash: plain C\n");
#endif
    for (i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)(i * 167 + 13);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cases[i].run();
        now = (unsigned)VALGRIND_COUNT_ERRORS;
        printf("%u %s\n", now - before, cases[i].name);
        fflush(stdout);
        if (now != before) bad = 1;
        before = now;
    }
    return bad;
}
