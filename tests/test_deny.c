/* test_deny.c - the deny-list of single access tokens: bounded, sorted, never silently short.    */
#include "check.h"

#define GOING (check.bad < 12)
#define NOW INT64_C(1800000000)
#define LEEWAY 300                     /* a token passes until exp + the largest leeway */

/* A jwt as ta_jwt_verify gives it for these claims: jti NULL or raw JSON, times 0 when absent.
   Free claims.text with drop().                                                               */
static ta_jwt token(const char *jti, size_t jti_len, int64_t iat, int64_t exp)
{
    char *text = (char *)exact(jti_len + 128), *own;
    size_t n = 0;
    ta_jwt j = TA_ZERO;
    n += (size_t)sprintf(text, "{\"sub\":\"u\"");
    if (jti != NULL) {
        n += (size_t)sprintf(text + n, ",\"jti\":");
        memcpy(text + n, jti, jti_len);
        n += jti_len;
    }
    if (iat != 0) n += (size_t)sprintf(text + n, ",\"iat\":%lld", (long long)iat);
    if (exp != 0) n += (size_t)sprintf(text + n, ",\"exp\":%lld", (long long)exp);
    text[n++] = '}';
    own = (char *)exact_copy(text, n);
    free(text);
    CHECK_ST(ta_json_check(own, n), TA_OK);
    j.claims.text = own;
    j.claims.len = n;
    j.jti = ta_json_at(j.claims, "jti");
    j.iat = iat;
    j.exp = exp;
    return j;
}

static void drop(ta_jwt *j) { free((void *)(uintptr_t)j->claims.text); }

static ta_status add(ta_deny *d, const char *jti, int64_t exp, int64_t now)
{
    ta_jwt j = token(jti, strlen(jti), NOW, exp);
    ta_status st = ta_deny_add(d, &j, now);
    drop(&j);
    return st;
}

static bool has(const ta_deny *d, const char *jti)
{
    ta_jwt j = token(jti, strlen(jti), NOW, NOW + 900);
    bool is = ta_deny_has(d, &j);
    drop(&j);
    return is;
}

/* An empty list in a block of exactly its size.                                                */
static ta_deny fresh(size_t count)
{
    ta_deny_slot *s = (ta_deny_slot *)exact(count * sizeof *s);
    ta_deny d;
    memset(s, 0x5A, count * sizeof *s);
    memset(&d, 0x5A, sizeof d);
    CHECK_ST(ta_deny_init(&d, s, count), TA_OK);
    return d;
}

static void test_deny_init(void)
{
    ta_deny d = fresh(3);
    ta_deny_slot s[1];
    CHECK_EQ(d.count, 3);
    CHECK_EQ(d.used, 0);
    CHECK_EQ(d.before, 0);
    CHECK(!has(&d, "\"a\""));
    free(d.slots);
    CHECK_ST(ta_deny_init(NULL, s, 1), TA_ERR_ARGUMENT);
    CHECK_ST(ta_deny_init(&d, NULL, 1), TA_ERR_ARGUMENT);
    CHECK_ST(ta_deny_init(&d, s, 0), TA_ERR_ARGUMENT);
    CHECK_ST(ta_deny_init(&d, NULL, 0), TA_ERR_ARGUMENT);
}

static void test_deny_add_then_has(void)
{
    ta_deny d = fresh(4);
    CHECK(!has(&d, "\"a\""));
    CHECK_ST(add(&d, "\"a\"", NOW + 900, NOW), TA_OK);
    CHECK(has(&d, "\"a\""));
    CHECK(!has(&d, "\"b\""));
    CHECK(!has(&d, "\"A\""));
    CHECK(!has(&d, "\"aa\""));
    CHECK(!has(&d, "\"\""));
    CHECK_ST(add(&d, "\"\"", NOW + 900, NOW), TA_OK);      /* an odd id, but an id */
    CHECK(has(&d, "\"\""));
    CHECK_EQ(d.used, 2);
    free(d.slots);
}

/* What is kept: SHA-256 of the id's text, cut to 16, and exp + 300.                             */
static void test_deny_slot_contents(void)
{
    ta_deny d = fresh(2);
    uint8_t digest[TA_SHA256_SIZE];
    CHECK_ST(add(&d, "\"abc\"", NOW + 900, NOW), TA_OK);
    ta_sha256_once("abc", 3, digest);
    CHECK_BYTES(d.slots[0].id, digest, 16);
    CHECK_EQ(d.slots[0].until, NOW + 900 + LEEWAY);
    d.used = 0;
    CHECK_ST(add(&d, "\"abc\"", 5, 1), TA_OK);     /* the first second, and an exp of one digit */
    CHECK_EQ(d.slots[0].until, 5 + LEEWAY);
    free(d.slots);
}

/* "a" and "\u0061" are one id: a thief who can respell the token's JSON cannot (it is signed), but
   another server that writes escapes must be understood.                                      */
static void test_deny_jti_is_compared_unescaped(void)
{
    ta_deny d = fresh(4);
    CHECK_ST(add(&d, "\"a\\u0062c/\\u00e9\"", NOW + 900, NOW), TA_OK);
    CHECK(has(&d, "\"abc/\xC3\xA9\""));
    CHECK(has(&d, "\"\\u0061bc\\/\xC3\xA9\""));
    CHECK(!has(&d, "\"a\\\\u0062c/\xC3\xA9\""));
    CHECK_ST(add(&d, "\"abc\\/\\u00E9\"", NOW + 900, NOW), TA_OK);
    CHECK_EQ(d.used, 1);
    free(d.slots);
}

/* Four bytes in UTF-8, twelve as an escaped pair.                                               */
static void test_deny_characters_beyond_the_basic_plane(void)
{
    ta_deny d = fresh(2);
    CHECK_ST(add(&d, "\"\\ud83d\\ude00\"", NOW + 900, NOW), TA_OK);
    CHECK(has(&d, "\"\xF0\x9F\x98\x80\""));
    CHECK(has(&d, "\"\\uD83D\\uDE00\""));
    CHECK(!has(&d, "\"\\ud83d\\ude01\""));
    CHECK_EQ(d.used, 1);
    free(d.slots);
}

/* A view that no reader of ours made: refused, not read beyond.                                  */
static void test_deny_broken_ids_are_refused(void)
{
    static const char *const broken[] = {"\"\\x\"", "\"a\\\"", "\"\\u12\"", "\"\\ud800\"",
                                         "\"\xC3\"", "\"a\xFF\"", "\"\""};
    ta_deny d = fresh(2);
    size_t i;
    for (i = 0; i < 7; i++) {
        ta_jwt j = token("\"ok\"", 4, NOW, NOW + 900);
        size_t n = strlen(broken[i]);
        char *own = (char *)exact_copy(broken[i], n);
        bool empty = n == 2;                       /* the last one is whole */
        j.jti.text = own;
        j.jti.len = n;
        CHECK_EQ(ta_deny_has(&d, &j), !empty);
        CHECK_ST(ta_deny_add(&d, &j, NOW), empty ? TA_OK : TA_ERR_ABSENT);
        free(own);
        drop(&j);
    }
    CHECK_EQ(d.used, 1);
    free(d.slots);
}

static void test_deny_long_ids(void)
{
    size_t n;
    ta_deny d = fresh(8);
    for (n = 1000; n <= 4000 && GOING; n += 1000) {
        char *jti = (char *)exact(n + 2);
        ta_jwt j;
        memset(jti, 'x', n + 2);
        jti[0] = jti[n + 1] = '"';
        j = token(jti, n + 2, NOW, NOW + 900);
        CHECK(!ta_deny_has(&d, &j));
        CHECK_ST(ta_deny_add(&d, &j, NOW), TA_OK);
        CHECK(ta_deny_has(&d, &j));
        drop(&j);
        jti[n] = 'y';
        j = token(jti, n + 2, NOW, NOW + 900);
        CHECK(!ta_deny_has(&d, &j));
        drop(&j);
        free(jti);
    }
    free(d.slots);
}

/* U+0000 inside: never taken for the id before it, and never let through once added.           */
static void test_deny_nul_inside_an_id(void)
{
    ta_deny d = fresh(4);
    ta_jwt j = token("\"a\\u0000b\"", 10, NOW, NOW + 900);
    ta_status st = ta_deny_add(&d, &j, NOW);
    CHECK(st != TA_OK || ta_deny_has(&d, &j));
    if (st != TA_OK) CHECK(ta_deny_has(&d, &j));           /* what cannot be listed is refused */
    CHECK(!has(&d, "\"a\""));
    CHECK(!has(&d, "\"ab\""));
    drop(&j);
    free(d.slots);
}

/* With a deny-list, a token that could not be on it is refused.                                */
static void test_deny_without_jti_or_iat_is_refused(void)
{
    static const char *const kind[] = {"1", "null", "true", "[\"a\"]", "{\"a\":\"b\"}"};
    ta_deny d = fresh(2);
    ta_jwt j = token(NULL, 0, NOW, NOW + 900);
    size_t i;
    CHECK(ta_deny_has(&d, &j));
    CHECK_ST(ta_deny_add(&d, &j, NOW), TA_ERR_ABSENT);
    drop(&j);
    for (i = 0; i < 5; i++) {
        j = token(kind[i], strlen(kind[i]), NOW, NOW + 900);
        CHECK(ta_deny_has(&d, &j));
        CHECK_ST(ta_deny_add(&d, &j, NOW), TA_ERR_ABSENT);
        drop(&j);
    }
    CHECK_EQ(d.used, 0);
    j = token("\"a\"", 3, 0, NOW + 900);                    /* no iat */
    CHECK(ta_deny_has(&d, &j));
    drop(&j);
    j = token("\"a\"", 3, NOW, NOW + 900);
    CHECK(!ta_deny_has(&d, &j));
    drop(&j);
    memset(&j, 0, sizeof j);                                /* what a failed verify leaves */
    CHECK(ta_deny_has(&d, &j));
    CHECK_ST(ta_deny_add(&d, &j, NOW), TA_ERR_ABSENT);
    free(d.slots);
}

static void test_deny_arguments_and_clock(void)
{
    ta_deny d = fresh(2);
    ta_jwt j = token("\"a\"", 3, NOW, NOW + 900);
    CHECK_ST(ta_deny_add(NULL, &j, NOW), TA_ERR_ARGUMENT);
    CHECK_ST(ta_deny_add(&d, NULL, NOW), TA_ERR_ARGUMENT);
    CHECK_ST(ta_deny_add(&d, &j, 0), TA_ERR_CLOCK);
    CHECK_ST(ta_deny_add(&d, &j, -1), TA_ERR_CLOCK);
    CHECK_ST(ta_deny_add(&d, &j, INT64_MIN), TA_ERR_CLOCK);
    CHECK_EQ(d.used, 0);
    CHECK(ta_deny_has(&d, NULL));                           /* nothing to look at: refused */
    CHECK(ta_deny_has(NULL, &j));                           /* no list to look in: refused */
    ta_deny_before(NULL, NOW);
    drop(&j);
    free(d.slots);
}

/* Full is an answer, not an eviction: whoever was denied stays denied.                         */
static void test_deny_full_evicts_nothing(void)
{
    size_t count, i;
    for (count = 1; count <= 20 && GOING; count++) {
        ta_deny d = fresh(count);
        char id[24];
        for (i = 0; i < count; i++) {
            snprintf(id, sizeof id, "\"t%lu\"", (unsigned long)i);
            CHECK_ST(add(&d, id, NOW + 900, NOW), TA_OK);
        }
        CHECK_EQ(d.used, count);
        CHECK_ST(add(&d, "\"more\"", NOW + 900, NOW), TA_ERR_FULL);
        CHECK(!has(&d, "\"more\""));
        for (i = 0; i < count; i++) {
            snprintf(id, sizeof id, "\"t%lu\"", (unsigned long)i);
            CHECK(has(&d, id));
            CHECK_ST(add(&d, id, NOW + 900, NOW), TA_OK);   /* is there: needs no room */
        }
        CHECK_EQ(d.used, count);
        /* the way out */
        ta_deny_before(&d, NOW + 1);
        CHECK(has(&d, "\"more\""));
        free(d.slots);
    }
}

static void test_deny_entries_go_when_their_time_is_over(void)
{
    ta_deny d = fresh(2);
    CHECK_ST(add(&d, "\"a\"", NOW + 900, NOW), TA_OK);
    CHECK_ST(add(&d, "\"b\"", NOW + 1000, NOW), TA_OK);
    CHECK_ST(add(&d, "\"c\"", NOW + 2000, NOW), TA_ERR_FULL);
    /* one second before the last moment at which any leeway lets "a" through */
    CHECK_ST(add(&d, "\"c\"", NOW + 2000, NOW + 900 + LEEWAY - 1), TA_ERR_FULL);
    CHECK(has(&d, "\"a\""));
    CHECK_ST(add(&d, "\"c\"", NOW + 2000, NOW + 900 + LEEWAY), TA_OK);
    CHECK(!has(&d, "\"a\""));
    CHECK(has(&d, "\"b\""));
    CHECK(has(&d, "\"c\""));
    CHECK_EQ(d.used, 2);
    CHECK_ST(add(&d, "\"d\"", NOW + 2000, NOW + 1000 + LEEWAY), TA_OK);
    CHECK(!has(&d, "\"b\""));
    free(d.slots);
}

/* Reading drops nothing and needs no clock: an entry stays until an add wants its room.         */
static void test_deny_has_leaves_the_list_alone(void)
{
    ta_deny d = fresh(2), copy;
    CHECK_ST(add(&d, "\"a\"", 1000, 900), TA_OK);
    copy = d;
    CHECK(has(&d, "\"a\""));
    CHECK(!has(&d, "\"b\""));
    CHECK(d.used == copy.used && d.before == copy.before && d.count == copy.count);
    CHECK_EQ(d.slots[0].until, 1000 + LEEWAY);
    free(d.slots);
}

static void test_deny_same_id_again_keeps_the_later_end(void)
{
    ta_deny d = fresh(1);
    CHECK_ST(add(&d, "\"a\"", NOW + 900, NOW), TA_OK);
    CHECK_ST(add(&d, "\"a\"", NOW + 5000, NOW), TA_OK);
    CHECK_EQ(d.used, 1);
    CHECK_EQ(d.slots[0].until, NOW + 5000 + LEEWAY);
    CHECK_ST(add(&d, "\"a\"", NOW + 900, NOW), TA_OK);
    CHECK_EQ(d.slots[0].until, NOW + 5000 + LEEWAY);
    CHECK_ST(add(&d, "\"a\"", 0, NOW), TA_OK);             /* one without exp lives for ever */
    CHECK_ST(add(&d, "\"b\"", NOW + 9999, NOW + 9000), TA_ERR_FULL);
    CHECK(has(&d, "\"a\""));
    free(d.slots);
}

static void test_deny_token_without_exp_is_kept_for_ever(void)
{
    ta_deny d = fresh(1);
    CHECK_ST(add(&d, "\"a\"", 0, NOW), TA_OK);
    CHECK(has(&d, "\"a\""));
    CHECK_ST(add(&d, "\"b\"", NOW + TA_DAYS(20001), NOW + TA_DAYS(20000)), TA_ERR_FULL);
    CHECK_ST(add(&d, "\"b\"", 0, INT64_MAX - 1), TA_ERR_FULL);
    CHECK(has(&d, "\"a\""));
    free(d.slots);
}

/* exp + 300 must not wrap into the past.                                                       */
static void test_deny_exp_at_the_end_of_time(void)
{
    static const int64_t exp[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX - 299, INT64_MAX - 300,
                                  INT64_MAX - 301};
    size_t i;
    for (i = 0; i < 5; i++) {
        ta_deny d = fresh(1);
        CHECK_ST(add(&d, "\"a\"", exp[i], NOW), TA_OK);
        CHECK(has(&d, "\"a\""));
        CHECK_ST(add(&d, "\"b\"", NOW + 2000000, NOW + 1000000), TA_ERR_FULL);
        CHECK(has(&d, "\"a\""));
        CHECK(d.slots[0].until > NOW + 1000000);
        free(d.slots);
    }
    {
        ta_deny d = fresh(1);                              /* and one from long before 1970 */
        ta_status st = add(&d, "\"a\"", INT64_MIN, NOW);
        CHECK(st == TA_OK);
        CHECK_ST(add(&d, "\"b\"", NOW + 900, NOW), TA_OK);  /* never holds a slot against others */
        free(d.slots);
    }
}

static void test_deny_before_refuses_all_issued_earlier(void)
{
    ta_deny d = fresh(1);
    ta_jwt old = token("\"a\"", 3, NOW - 1, NOW + 900), same = token("\"b\"", 3, NOW, NOW + 900);
    ta_jwt later = token("\"c\"", 3, NOW + 1, NOW + 900), minus = token("\"d\"", 3, -5, NOW + 900);
    CHECK(!ta_deny_has(&d, &old) && !ta_deny_has(&d, &same) && !ta_deny_has(&d, &later));
    ta_deny_before(&d, NOW);
    CHECK(ta_deny_has(&d, &old));
    CHECK(ta_deny_has(&d, &minus));
    CHECK(!ta_deny_has(&d, &same));
    CHECK(!ta_deny_has(&d, &later));
    ta_deny_before(&d, NOW - 100);                         /* never goes back */
    CHECK(ta_deny_has(&d, &old));
    ta_deny_before(&d, 0);
    ta_deny_before(&d, INT64_MIN);
    CHECK(ta_deny_has(&d, &old));
    CHECK_EQ(d.before, NOW);
    ta_deny_before(&d, NOW + 1);
    CHECK(ta_deny_has(&d, &same));
    CHECK(!ta_deny_has(&d, &later));
    ta_deny_before(&d, INT64_MAX);
    CHECK(ta_deny_has(&d, &later));
    drop(&old);
    drop(&same);
    drop(&later);
    drop(&minus);
    free(d.slots);
}

/* Fractions count: half a second before is before, though jwt.iat is rounded up.                 */
static void test_deny_before_counts_fractions(void)
{
    static const char text[] = "{\"jti\":\"a\",\"iat\":1799999999.5,\"exp\":1800000900}";
    ta_deny d = fresh(1);
    ta_jwt j = TA_ZERO;
    j.claims.text = text;
    j.claims.len = sizeof text - 1;
    j.jti = ta_json_at(j.claims, "jti");
    j.iat = NOW;
    j.exp = NOW + 900;
    CHECK(!ta_deny_has(&d, &j));
    ta_deny_before(&d, NOW - 1);
    CHECK(!ta_deny_has(&d, &j));
    ta_deny_before(&d, NOW);
    CHECK(ta_deny_has(&d, &j));
    free(d.slots);
}

/* A list that was never made, or whose init failed, lets nobody through.                         */
static void test_deny_without_init_refuses(void)
{
    ta_deny d = TA_ZERO;
    ta_jwt j = token("\"a\"", 3, NOW, NOW + 900);
    CHECK(ta_deny_has(&d, &j));
    CHECK_ST(ta_deny_add(&d, &j, NOW), TA_ERR_ARGUMENT);
    drop(&j);
}

/* ---- against a naive list --------------------------------------------------------------------- */

#define IDS 40

static void against_a_model(size_t count, long rounds)
{
    struct { bool in; int64_t until; } model[IDS];
    ta_deny d = fresh(count);
    int64_t now = NOW, before = 0;
    long round, fulls = 0;
    size_t used = 0, i;
    memset(model, 0, sizeof model);
    for (round = 0; round < rounds && GOING; round++) {
        size_t who = rnd(IDS);
        char id[24];
        ta_jwt j;
        int64_t exp, iat = NOW + (int64_t)rnd(3000);
        now += (int64_t)(rnd(200) == 0 ? rnd(2000) : rnd(4));
        exp = rnd(20) == 0 ? 0 : now + (int64_t)rnd(900) - 100;
        snprintf(id, sizeof id, "\"id-%lu\"", (unsigned long)who);
        j = token(id, strlen(id), iat, exp);
        if (rnd(3000) == 0) {                             /* else the ones without exp fill it */
            free(d.slots);
            d = fresh(count);
            memset(model, 0, sizeof model);
            before = 0;
            used = 0;
        }
        if (rnd(500) == 0) {
            int64_t t = NOW + (int64_t)rnd(300);
            ta_deny_before(&d, t);
            if (t > before) before = t;
        }
        if (rnd(2) == 0) {
            int64_t until = exp == 0 ? INT64_MAX : exp + LEEWAY;
            ta_status st = ta_deny_add(&d, &j, now);
            for (i = 0, used = 0; i < IDS; i++) {
                if (model[i].in && model[i].until <= now) model[i].in = false;
                used += model[i].in;
            }
            if (model[who].in) {
                CHECK_ST(st, TA_OK);
                if (until > model[who].until) model[who].until = until;
            } else if (used == count) {
                CHECK_ST(st, TA_ERR_FULL);
                fulls++;
            } else {
                CHECK_ST(st, TA_OK);
                model[who].in = true;
                model[who].until = until;
                used++;
            }
            CHECK_EQ(d.used, used);
        }
        CHECK_EQ(ta_deny_has(&d, &j), model[who].in || iat < before);
        for (i = 1; i < d.used; i++) CHECK(memcmp(d.slots[i - 1].id, d.slots[i].id, 16) < 0);
        drop(&j);
    }
    CHECK(fulls > 0 || count >= IDS);
    for (i = 0; i < IDS && GOING; i++) {
        char id[24];
        snprintf(id, sizeof id, "\"id-%lu\"", (unsigned long)i);
        if (before <= NOW) CHECK_EQ(has(&d, id), model[i].in);
    }
    free(d.slots);
}

static void test_deny_agrees_with_a_naive_list(void)
{
    against_a_model(1, 5000);
    against_a_model(2, 5000);
    against_a_model(7, 15000);
    against_a_model(16, 15000);
    against_a_model(IDS, 10000);
}

/* From a real token to the list and back, with nothing made up by this file.                    */
static void test_deny_with_a_real_token(void)
{
    static const uint8_t secret[32] = {7};
    ta_key key;
    ta_claims c = TA_ZERO;
    char tok[512], buf[512], buf2[512];
    size_t len;
    ta_jwt a, b;
    ta_deny d = fresh(2);
    CHECK_ST(ta_key_init(&key, secret, sizeof secret, NULL), TA_OK);
    c.id = "one";
    c.issued_at = NOW;
    c.expires_at = NOW + 900;
    CHECK_ST(ta_jwt_sign(&key, &c, tok, sizeof tok, &len), TA_OK);
    CHECK_ST(ta_jwt_verify(ta_keys_of(&key, 1), tok, len, NOW, NULL, buf, sizeof buf, &a), TA_OK);
    c.id = "two";
    CHECK_ST(ta_jwt_sign(&key, &c, tok, sizeof tok, &len), TA_OK);
    CHECK_ST(ta_jwt_verify(ta_keys_of(&key, 1), tok, len, NOW, NULL, buf2, sizeof buf2, &b), TA_OK);
    CHECK(!ta_deny_has(&d, &a) && !ta_deny_has(&d, &b));
    CHECK_ST(ta_deny_add(&d, &a, NOW), TA_OK);
    CHECK(ta_deny_has(&d, &a) && !ta_deny_has(&d, &b));
    free(d.slots);
}

/* Fractions count: 99.5 is before 100. And a list that was never initialised lets nobody through. */
static void test_deny_before_counts_fractions_and_zero_fails_closed(void)
{
    static const char text[] = "{\"jti\":\"a\",\"iat\":99.5}";
    ta_deny_slot slot[1];
    ta_deny d, none = TA_ZERO;
    ta_jwt j = TA_ZERO;
    CHECK_ST(ta_json_find(text, sizeof text - 1, "", &j.claims), TA_OK);
    j.jti = ta_json_at(j.claims, "jti");
    j.iat = 100;
    CHECK_ST(ta_deny_init(&d, slot, 1), TA_OK);
    CHECK(!ta_deny_has(&d, &j));
    ta_deny_before(&d, 99);
    CHECK(!ta_deny_has(&d, &j));
    ta_deny_before(&d, 100);
    CHECK(ta_deny_has(&d, &j));
    CHECK(ta_deny_has(&none, &j));
}

int main(void)
{
    RUN(test_deny_init);
    RUN(test_deny_add_then_has);
    RUN(test_deny_slot_contents);
    RUN(test_deny_jti_is_compared_unescaped);
    RUN(test_deny_characters_beyond_the_basic_plane);
    RUN(test_deny_broken_ids_are_refused);
    RUN(test_deny_long_ids);
    RUN(test_deny_nul_inside_an_id);
    RUN(test_deny_without_jti_or_iat_is_refused);
    RUN(test_deny_arguments_and_clock);
    RUN(test_deny_full_evicts_nothing);
    RUN(test_deny_entries_go_when_their_time_is_over);
    RUN(test_deny_has_leaves_the_list_alone);
    RUN(test_deny_same_id_again_keeps_the_later_end);
    RUN(test_deny_token_without_exp_is_kept_for_ever);
    RUN(test_deny_exp_at_the_end_of_time);
    RUN(test_deny_before_refuses_all_issued_earlier);
    RUN(test_deny_before_counts_fractions);
    RUN(test_deny_without_init_refuses);
    RUN(test_deny_agrees_with_a_naive_list);
    RUN(test_deny_with_a_real_token);
    RUN(test_deny_before_counts_fractions_and_zero_fails_closed);
    return check_done("deny");
}
