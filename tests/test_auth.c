/* test_auth.c - login, check and refresh, rule by rule in the order of the protocol's own steps,
   then the known traps, then lost answers, then a model that plays clients, a thief and a store
   that forgets.

   Time never moves by itself here: app.now is the clock. The window is 10 s, sessions begin with
   their window open, so most tests let 10 s pass (ROTATE does) before they expect a new token.  */

#include "check.h"
#include "fake_store.h"

/* ---- what a token and a record are ------------------------------------------------------- */

/* A secret for tokens that the test makes itself. */
static const uint8_t own_secret[16] = {
    0xC0, 0x01, 0xD0, 0x0D, 0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 0x5A, 0xA5, 0x00, 0xFF };

/* A session record as the protocol describes it, made without the library; not sealed yet. */
static ta_record own_record(uint8_t kid, const char *subject)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 1;
    r.kid = kid;
    r.ver = 41;
    r.gen = 5;
    naive_session_id(own_secret, r.id);
    r.created = app.now - 5000;
    r.rotated_at = app.now - 1000;
    r.idle_until = app.now + 2000;
    r.ends_at = app.now + 3000;
    r.sub_len = (uint8_t)strlen(subject);
    memcpy(r.text, subject, r.sub_len);
    return r;
}

static void own_put(ta_record *r, const char *salt)
{
    naive_seal(r, salt, r->seal);
    fake_put(&app.store, r);
}

/* own_secret's token of this generation. */
static const char *own_token(uint8_t kid, uint32_t gen)
{
    static char out[4][TA_REFRESH_CAP];
    static unsigned turn;
    turn = (turn + 1) % 4;
    naive_token(1, kid, own_secret, gen, out[turn]);
    return out[turn];
}

static void test_token_is_37_bytes_as_the_formulas_say(void)
{
    uint8_t raw[38];
    size_t len;
    fake_text t;
    app_new();
    t = SESSION("alice");
    CHECK_EQ(strlen(t.s), 50);
    CHECK_EQ(app.pair.refresh_len, 50);
    CHECK_ST(ta_base64url_decode(t.s, strlen(t.s), raw, sizeof raw, &len), TA_OK);
    CHECK_EQ(len, 37);
    CHECK_EQ(raw[0], 0x13);                     /* version 1, kid 3 */
    CHECK_EQ(naive_read(t.s).gen, 0);
    CHECK(!all_zero(raw + 1, 16));
    CHECK_STR(t.s, naive_other_gen(t.s, 0));
    t = ROTATE(t.s);
    CHECK_EQ(naive_read(t.s).gen, 1);
    CHECK_STR(t.s, naive_other_gen(t.s, 1));
}

static void test_new_session_record_field_by_field(void)
{
    ta_record r;
    uint8_t id[TA_ID_SIZE], seal[8];
    naive_parts p;
    fake_text t;
    app_new();
    app.login.label = "Firefox on Linux";
    memcpy(app.login.app, "\x01\x02\xFE\xFF", 4);
    t = SESSION("alice@example.org");
    p = naive_read(t.s);
    naive_session_id(p.secret, id);
    CHECK_EQ(app.store.writes, 1);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.kind, 1);
    CHECK_EQ(r.kid, 3);
    CHECK_EQ(r.state, 0);
    CHECK_EQ(r.flags, 0);
    CHECK_EQ(r.gen, 0);
    CHECK_EQ(r.epoch, 0);
    CHECK_BYTES(r.id, id, sizeof id);
    CHECK_EQ(r.created, app.now);
    CHECK_EQ(r.rotated_at, app.now);
    CHECK_EQ(r.idle_until, app.now + 14 * FAKE_DAY);
    CHECK_EQ(r.ends_at, app.now + 90 * FAKE_DAY);
    CHECK_BYTES(r.app, "\x01\x02\xFE\xFF", 4);
    CHECK(all_zero(r.client, 8));
    CHECK(all_zero(r.retry, 8));
    naive_seal(&r, "", seal);
    CHECK_BYTES(r.seal, seal, 8);
    CHECK_TEXT(r.text, r.sub_len, "alice@example.org");
    CHECK_TEXT(r.text + r.sub_len, r.label_len, "Firefox on Linux");
    CHECK_EQ(app.pair.access_s, 900);
    CHECK_EQ(app.pair.refresh_s, 14 * FAKE_DAY);
    EVENTS(TA_EVENT_LOGIN, 0);
    CHECK_STR(app.event[0].session.sid, p.sid);
    CHECK_STR(app.event[0].session.subject, "alice@example.org");
    CHECK_STR(app.event[0].session.label, "Firefox on Linux");
    CHECK_BYTES(app.event[0].session.app, "\x01\x02\xFE\xFF", 4);
    CHECK_EQ(app.event[0].session.created, app.now);
    CHECK_EQ(app.event[0].session.last_used, app.now);
    CHECK_EQ(app.event[0].session.ends_at, app.now + 90 * FAKE_DAY);
}

/* Nothing of the store's records leads to a token: the secret is in none of them. */
static void test_store_never_holds_the_secret(void)
{
    naive_parts p;
    ta_record r;
    uint8_t bytes[TA_RECORD_SIZE];
    size_t i;
    fake_text t;
    app_new();
    t = ROTATE(SESSION("alice").s);
    p = naive_read(t.s);
    CHECK(app_record(t.s, &r));
    ta_record_pack(&r, bytes);
    for (i = 0; i + 4 <= sizeof bytes; i++) {
        CHECK(memcmp(bytes + i, p.secret, 4) != 0);
        CHECK(memcmp(bytes + i, p.secret + 12, 4) != 0);
    }
}

static void test_seal_client_and_retry_tags_as_the_formulas_say(void)
{
    ta_record r;
    uint8_t tag[8];
    fake_text t;
    app_new();
    app.cfg.realm = "shop";                     /* the realm, not the issuer, goes into the key */
    app_keys("b");
    app_init();
    app_user("hash-1", NULL, TA_OK);
    app.login.salt = "hash-1";
    app.login.salt_len = 6;
    app.login.client = "fingerprint";
    app.login.client_len = 11;
    t = SESSION("bob");
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.kid, 11);
    CHECK_EQ(r.flags, 5);
    naive_client('C', &r, "fingerprint", 11, tag);
    CHECK_BYTES(r.client, tag, 8);
    naive_seal(&r, "hash-1", tag);
    CHECK_BYTES(r.seal, tag, 8);

    app.opts.client = "fingerprint";
    app.opts.client_len = 11;
    app.opts.retry_key = "0123456789abcdef";
    t = ROTATE(t.s);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.flags, 7);
    naive_client('R', &r, "0123456789abcdef", 16, tag);
    CHECK_BYTES(r.retry, tag, 8);
    naive_client('C', &r, "fingerprint", 11, tag);
    CHECK_BYTES(r.client, tag, 8);
    naive_seal(&r, "hash-1", tag);
    CHECK_BYTES(r.seal, tag, 8);

    app.opts.retry_key = NULL;                  /* the next one goes without: nothing is left of it */
    t = ROTATE(t.s);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.flags, 5);
    CHECK(all_zero(r.retry, 8));
}

/* The engine takes a record and a token that were made from the formulas alone. */
static void test_session_made_elsewhere_from_the_formulas_works(void)
{
    ta_record r, after;
    app_new();
    app_user("s", NULL, TA_OK);
    app.opts.client = "c";
    app.opts.client_len = 1;
    app.opts.retry_key = "0123456789abcdef";
    r = own_record(3, "carol");
    r.flags = 7;
    naive_client('C', &r, "c", 1, r.client);
    naive_client('R', &r, "0123456789abcdef", 16, r.retry);
    memcpy(r.app, "appl", 4);
    own_put(&r, "s");
    HANDED(own_token(3, 4), own_token(3, 5));   /* the retry key's late retry */
    REFRESH(own_token(3, 5), TA_OK);
    CHECK_STR(app.pair.refresh, own_token(3, 6));
    CHECK(app_record(app.pair.refresh, &after));
    CHECK_EQ(after.gen, 6);
    CHECK_EQ(after.ver, 42);
    CHECK_EQ(after.rotated_at, app.now);
    CHECK_BYTES(after.app, "appl", 4);
    CHECK_TEXT(after.text, after.sub_len, "carol");
}

/* ---- login ------------------------------------------------------------------------------- */

static void test_login_access_token_claims(void)
{
    ta_jwt jwt;
    char buf[TA_JWT_BUF(TA_ACCESS_CAP)], first[64], again[64];
    size_t n;
    app_new();
    LOGIN("alice", TA_OK);
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf,
                      &jwt), TA_OK);
    CHECK(ta_json_equals(jwt.iss, FAKE_ISSUER, strlen(FAKE_ISSUER)));
    CHECK(ta_json_equals(jwt.aud, FAKE_AUDIENCE, strlen(FAKE_AUDIENCE)));
    CHECK(ta_json_equals(jwt.sub, "alice", 5));
    CHECK(ta_json_equals(jwt.sid, app.pair.sid, 22));
    CHECK(ta_json_equals(jwt.typ, "at+jwt", 6));
    CHECK_EQ(jwt.iat, app.now);
    CHECK_EQ(jwt.exp, app.now + 900);
    CHECK_EQ(jwt.nbf, 0);
    CHECK_ST(ta_json_string(jwt.jti, first, sizeof first, &n), TA_OK);
    CHECK(n >= 16);
    REFRESH(kept(app.pair.refresh).s, TA_OK);
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf,
                      &jwt), TA_OK);
    CHECK_ST(ta_json_string(jwt.jti, again, sizeof again, &n), TA_OK);
    CHECK(strcmp(first, again) != 0);           /* a deny-list knows tokens by their jti */
}

static void test_login_without_options_is_login_with_zero_options(void)
{
    ta_pair pair, next;
    app_new();
    CHECK_ST(ta_login(&app.auth, "alice", app.now, NULL, &pair), TA_OK);
    CHECK_EQ(pair.client, TA_CLIENT_SET);
    app.now += 10;
    CHECK_ST(ta_refresh(&app.auth, pair.refresh, pair.refresh_len, app.now, NULL, &next), TA_OK);
    CHECK_EQ(naive_read(next.refresh).gen, 1);
}

/* Trap: a cut subject is another user's. */
static void test_trap_cut_subject_is_refused_not_cut(void)
{
    static const char *const bad[] = {
        "", "\xFF", "\xC3", "a\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "ok\xC3(" };
    char long_name[TOKENAUTH_RECORD_TEXT + 2];
    size_t i;
    long randoms;
    ta_record r;
    uint32_t epoch;

    app_new();
    memset(long_name, 'a', sizeof long_name);
    long_name[TOKENAUTH_RECORD_TEXT] = '\0';
    LOGIN(long_name, TA_OK);
    CHECK(app_record(app.pair.refresh, &r));
    CHECK_EQ(r.sub_len, TOKENAUTH_RECORD_TEXT);
    REFRESH(kept(app.pair.refresh).s, TA_OK);
    CHECK_ST(ta_logout_all(&app.auth, long_name, app.now), TA_OK);

    long_name[TOKENAUTH_RECORD_TEXT] = 'b';
    long_name[TOKENAUTH_RECORD_TEXT + 1] = '\0';
    app_new();
    randoms = app.randoms;
    LOGIN(long_name, TA_ERR_ARGUMENT);
    CHECK_ST(ta_logout_all(&app.auth, long_name, app.now), TA_ERR_ARGUMENT);
    CHECK_ST(ta_user_epoch(&app.auth, long_name, &epoch), TA_ERR_ARGUMENT);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        LOGIN(bad[i], TA_ERR_ARGUMENT);
        CHECK_ST(ta_logout_all(&app.auth, bad[i], app.now), TA_ERR_ARGUMENT);
    }
    LOGIN(NULL, TA_ERR_ARGUMENT);
    CHECK_EQ(app.store.calls, 0);
    CHECK_EQ(app.randoms, randoms);
}

static void test_login_label_is_cut_at_a_characters_edge(void)
{
    /* the subject leaves 6 bytes for the label: a 2-, a 3- and a 4-byte character at each place */
    static const struct { const char *label, *kept; } t[] = {
        {"", ""}, {"abcdef", "abcdef"}, {"abcdefg", "abcdef"},
        {"abcde\xC3\xA9", "abcde"}, {"abcd\xC3\xA9", "abcd\xC3\xA9"}, {"abcd\xC3\xA9x", "abcd\xC3\xA9"},
        {"abcd\xE2\x82\xAC", "abcd"}, {"abc\xE2\x82\xAC", "abc\xE2\x82\xAC"},
        {"abcde\xE2\x82\xAC", "abcde"}, {"abc\xF0\x9F\x98\x80", "abc"},
        {"ab\xF0\x9F\x98\x80", "ab\xF0\x9F\x98\x80"}, {"abcd\xF0\x9F\x98\x80", "abcd"},
        {"abcde\xF0\x9F\x98\x80", "abcde"},
        {"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC", "\xE2\x82\xAC\xE2\x82\xAC"} };
    enum { SUB = TOKENAUTH_RECORD_TEXT - 6 };
    char subject[SUB + 1];
    size_t i;
    ta_record r;
    ta_session s;
    memset(subject, 's', SUB);
    subject[SUB] = '\0';
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        char *label = (char *)exact_copy(t[i].label, strlen(t[i].label) + 1);
        app_new();
        app.login.label = label;
        LOGIN(subject, TA_OK);
        CHECK(app_record(app.pair.refresh, &r));
        CHECK_TEXT(r.text + SUB, r.label_len, t[i].kept);
        CHECK_ST(ta_session_get(&app.auth, subject, app.pair.sid, 22, app.now, &s), TA_OK);
        CHECK_STR(s.label, t[i].kept);
        REFRESH(kept(app.pair.refresh).s, TA_OK);
        free(label);
    }
}

/* A label that the record could not be read back with must not make a session that nobody can use. */
static void test_login_label_of_bad_utf8_leaves_a_session_that_works_or_none(void)
{
    app_new();
    app.login.label = "bad \xC3( label";
    if (ta_login(&app.auth, "alice", app.now, &app.login, &app.pair) == TA_OK) {
        REFRESH(kept(app.pair.refresh).s, TA_OK);
    } else {
        CHECK_EQ(fake_count(&app.store, 1), 0);
    }
}

static void test_login_more_claims_are_in_the_token(void)
{
    ta_jwt jwt;
    char buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    char *more = (char *)exact_copy("{\"roles\":[\"admin\"],\"nbf\":5}", 27);
    app_new();
    app.login.more = more;
    app.login.more_len = 27;
    LOGIN("alice", TA_OK);
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf,
                      &jwt), TA_OK);
    CHECK(ta_json_has(ta_json_at(jwt.claims, "roles"), "admin", 5));
    CHECK(ta_json_equals(jwt.sub, "alice", 5));
    free(more);
}

/* Every name that the library writes itself; also spelled with an escape. */
static const char *const taken[] = {
    "{\"iss\":\"x\"}", "{\"aud\":\"x\"}", "{\"sub\":\"root\"}", "{\"iat\":1}", "{\"exp\":1}",
    "{\"jti\":\"x\"}", "{\"sid\":\"x\"}", "{\"a\":1,\"\\u0073ub\":\"root\"}", "{\"a\":1,\"a\":2}" };

static void test_login_more_claims_that_repeat_are_refused_before_any_write(void)
{
    size_t i;
    app_new();
    for (i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        app.login.more = taken[i];
        app.login.more_len = strlen(taken[i]);
        LOGIN("alice", TA_ERR_DUPLICATE);
        CHECK_EQ(app.store.count[FAKE_CAS], 0);
        CHECK_EQ(app.events, 0);
    }
    app.login.more = "{\"a\":1";
    app.login.more_len = 6;
    LOGIN("alice", TA_ERR_JSON);
    app.login.more = "[1]";
    app.login.more_len = 3;
    LOGIN("alice", TA_ERR_JSON);
    CHECK_EQ(app.store.count[FAKE_CAS], 0);
}

/* A claim object of exactly n bytes: {"x":"aaa..."} */
static char *claim_of(size_t n)
{
    char *s = (char *)exact(n + 1);
    memset(s, 'a', n);
    memcpy(s, "{\"x\":\"", 6);
    memcpy(s + n - 2, "\"}", 3);
    return s;
}

static void test_login_token_that_does_not_fit_leaves_nothing_behind(void)
{
    size_t n, fit = 0, full = 0, longest = 0;
    app_new();
    app.cfg.max_sessions = 1000;
    app_init();
    for (n = 300; n < 560; n++) {
        char *more = claim_of(n);
        size_t before = fake_count(&app.store, 1);
        app.login.more = more;
        app.login.more_len = n;
        if (full == 0 && ta_login(&app.auth, "alice", app.now, &app.login, &app.pair) == TA_OK) {
            fit++;
            longest = app.pair.access_len;
            CHECK_EQ(fake_count(&app.store, 1), before + 1);
        } else {
            full++;
            LOGIN("alice", TA_ERR_SPACE);
            CHECK_EQ(fake_count(&app.store, 1), before);
        }
        free(more);
    }
    CHECK(fit > 10 && full > 10);
    CHECK(longest <= TA_ACCESS_CAP - 1 && longest >= TA_ACCESS_CAP - 3);
}

static void test_login_each_failing_draw_is_random_and_writes_nothing(void)
{
    long k;
    for (k = 1; k < 20; k++) {
        app_new();
        app.random_fail = app.randoms + k;
        if (ta_login(&app.auth, "alice", app.now, &app.login, &app.pair) == TA_OK) break;
        app_new();
        app.random_fail = app.randoms + k;
        LOGIN("alice", TA_ERR_RANDOM);
        CHECK_EQ(app.store.count[FAKE_CAS], 0);
        CHECK_EQ(app.events, 0);
    }
    CHECK(k > 1 && k < 20);
}

/* A random source that repeats itself makes an id that is there already. */
static void test_login_meeting_its_own_id_is_a_broken_random_source(void)
{
    ta_record before, after;
    fake_text t;
    app_new();
    app.random_bytes = own_secret;
    t = SESSION("alice");
    CHECK(app_record(t.s, &before));
    LOGIN("mallory", TA_ERR_RANDOM);
    CHECK(app_record(t.s, &after));
    CHECK_BYTES(&after, &before, sizeof after);
    CHECK_EQ(fake_count(&app.store, 1), 1);
    LOGIN("alice", TA_ERR_RANDOM);              /* nor may it delete the session that it met */
    CHECK_EQ(fake_count(&app.store, 1), 1);
}

/* The same while the store loses an answer: the session that is there is still a stranger's. */
static void test_login_meeting_its_own_id_and_a_lost_answer(void)
{
    fake_text t;
    app_new();
    app.random_bytes = own_secret;
    t = SESSION("alice");
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
    LOGIN("mallory", TA_ERR_RANDOM);
    CHECK_EQ(fake_count(&app.store, 1), 1);
    REFRESH(t.s, TA_OK);
}

static void test_login_store_that_fails_gives_nothing(void)
{
    long n;
    for (n = 1; n <= 2; n++) {
        app_new();
        fake_fail(&app.store, FAKE_GET, n, 100, TA_ERR_STORE, false);
        if (ta_login(&app.auth, "alice", app.now, &app.login, &app.pair) == TA_OK) break;
        CHECK_EQ(fake_count(&app.store, 1), 0);
        app_new();
        fake_fail(&app.store, FAKE_GET, n, 100, TA_ERR_STORE, false);
        LOGIN("alice", TA_ERR_STORE);
        CHECK_EQ(app.events, 0);
    }
    CHECK(n > 1);                               /* the mark must have been asked for */

    app_new();                                  /* the mark cannot be read: whose epoch would it be? */
    fake_fail(&app.store, FAKE_GET, 1, 1, TA_ERR_CONFLICT, false);
    LOGIN("alice", TA_ERR_STORE);

    app_new();
    fake_fail(&app.store, FAKE_CAS, 1, 100, TA_ERR_STORE, false);
    LOGIN("alice", TA_ERR_STORE);
    CHECK_EQ(app.events, 0);
    CHECK_EQ(fake_count(&app.store, 1), 0);
}

/* The insert was carried out and its answer lost: either it is found out, or nobody gets a token. */
static void test_login_insert_with_a_lost_answer(void)
{
    app_new();
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
    if (ta_login(&app.auth, "alice", app.now, &app.login, &app.pair) == TA_OK) {
        CHECK_EQ(fake_count(&app.store, 1), 1);
        REFRESH(kept(app.pair.refresh).s, TA_OK);
    } else {
        app_new();
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
        LOGIN("alice", TA_ERR_STORE);
        CHECK_EQ(app.events, 0);
        CHECK_EQ(fake_count(&app.store, 1), 0);
    }
    app_new();                                  /* nor can it be read whether it was: it is taken back */
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
    fake_fail(&app.store, FAKE_GET, 3, 1, TA_ERR_STORE, false);
    LOGIN("alice", TA_ERR_STORE);
    CHECK_EQ(app.events, 0);
    CHECK_EQ(fake_count(&app.store, 1), 0);
}

static void late_write(void) { fake_late_write(&app.store); }

/* The insert seemed lost and arrives while the login tries again: it is its own, no stranger's. */
static void test_login_insert_that_arrives_late(void)
{
    long at;
    for (at = 1; at < 12; at++) {
        ta_status st;
        bool met;
        app_new();
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
        fake_meanwhile(&app.store, at, late_write);
        st = ta_login(&app.auth, "alice", app.now, &app.login, &app.pair);
        met = app.store.meanwhile == NULL;
        app.store.meanwhile = NULL;
        if (st == TA_OK) {
            CHECK_EQ(fake_count(&app.store, 1), 1);
            REFRESH(kept(app.pair.refresh).s, TA_OK);
        } else {
            CHECK_EQ(fake_count(&app.store, 1), 0);
        }
        if (!met) break;
    }
    CHECK(at > 4 && at < 12);
}

static void test_login_into_a_full_store_sweeps_once_and_tries_again(void)
{
    ta_record r;
    app_new();
    app.store.limit = 3;
    app.cfg.max_sessions = 100;
    app_init();
    LOGIN("a", TA_OK);
    LOGIN("b", TA_OK);
    r = own_record(3, "old");
    r.ends_at = r.idle_until = app.now - FAKE_DAY;
    r.created = r.rotated_at = app.now - 2 * FAKE_DAY;
    own_put(&r, "");
    app.store.rows[2].expires = app.now + 5;    /* not yet: two more of the day it is kept */
    CHECK_EQ(fake_count(&app.store, 1), 3);
    LOGIN("c", TA_ERR_FULL);
    CHECK_EQ(app.store.most, 64);
    CHECK_EQ(app.events, 0);
    app.now += 5;
    LOGIN("c", TA_OK);
    CHECK_EQ(app.store.swept, 1);
    CHECK_EQ(fake_count(&app.store, 1), 3);

    app.cfg.store.sweep = NULL;                 /* nobody to make room */
    app_init();
    LOGIN("d", TA_ERR_FULL);
}

static void test_login_and_rotation_sweep_two_and_a_failing_sweep_harms_nobody(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    CHECK_EQ(app.store.count[FAKE_SWEEP], 1);
    CHECK_EQ(app.store.most, 2);
    HANDED(t.s, t.s);
    CHECK_EQ(app.store.count[FAKE_SWEEP], 1);
    app.store.most = 0;
    t = ROTATE(t.s);
    CHECK_EQ(app.store.count[FAKE_SWEEP], 2);
    CHECK_EQ(app.store.most, 2);
    fake_fail(&app.store, FAKE_SWEEP, 1, 100, TA_ERR_STORE, false);
    t = ROTATE(t.s);
    LOGIN("bob", TA_OK);
    app.cfg.store.sweep = NULL;
    app_init();
    LOGIN("bob", TA_OK);
    (void)ROTATE(t.s);
}

static void test_login_reads_the_epoch_of_the_mark(void)
{
    ta_record r, mark;
    uint32_t epoch = 7;
    fake_text t;
    app_new();
    CHECK_ST(ta_user_epoch(&app.auth, "alice", &epoch), TA_OK);
    CHECK_EQ(epoch, 0);                         /* no mark reads as 0 */
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    CHECK(app_mark("alice", &mark));
    CHECK(mark.epoch != 0);
    CHECK_ST(ta_user_epoch(&app.auth, "alice", &epoch), TA_OK);
    CHECK_EQ(epoch, mark.epoch);
    t = SESSION("alice");
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.epoch, mark.epoch);
    fake_fail(&app.store, FAKE_GET, 1, 1, TA_ERR_STORE, false);
    epoch = 7;
    CHECK_ST(ta_user_epoch(&app.auth, "alice", &epoch), TA_ERR_STORE);
    CHECK_EQ(epoch, 0);
}

/* The mark must outlive each session that carries its epoch. */
static void test_login_raises_the_end_of_the_mark_to_the_sessions(void)
{
    ta_record mark, later;
    fake_text t;
    app_new();
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    CHECK(app_mark("alice", &mark));
    CHECK_EQ(mark.ends_at, app.now + 90 * FAKE_DAY);
    app.now += 1000;
    t = SESSION("alice");
    CHECK(app_mark("alice", &later));
    CHECK_EQ(later.ends_at, app.now + 90 * FAKE_DAY);
    CHECK_EQ(later.epoch, mark.epoch);
    app.now += 10;
    REFRESH(t.s, TA_OK);
    app.cfg.absolute_s = 100;                   /* a shorter one must not pull the end back */
    app_init();
    LOGIN("alice", TA_OK);
    mark = later;
    CHECK(app_mark("alice", &later));
    CHECK_EQ(later.ends_at, mark.ends_at);
}

/* Trap: a login with the old password overtakes the change of the password, and lives. */
static void test_login_with_an_epoch_read_before_a_logout_all_is_born_over(void)
{
    uint32_t epoch = 0;
    fake_text t;
    app_new();
    CHECK_ST(ta_user_epoch(&app.auth, "alice", &epoch), TA_OK);
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);    /* while the password is checked */
    app.login.epoch = &epoch;
    t = SESSION("alice");
    REFUSED(t.s, TA_ERR_LOGGED_OUT);
    app.now += 10;
    REFUSED(t.s, TA_ERR_LOGGED_OUT);
    CHECK_ST(ta_user_epoch(&app.auth, "alice", &epoch), TA_OK);     /* read anew: a good login */
    t = SESSION("alice");
    REFRESH(t.s, TA_OK);
}

static void test_login_salt_is_the_one_that_the_password_was_checked_against(void)
{
    fake_text t;
    app_new();
    app_user("new-hash", NULL, TA_OK);
    app.login.salt = "old-hash";                /* it changed while the login was under way */
    app.login.salt_len = 8;
    t = SESSION("alice");
    CHECK_EQ(app.user_calls, 0);
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    app.login.salt = "new-hash";
    t = SESSION("alice");
    REFRESH(t.s, TA_OK);
}

static void test_login_access_token_ends_with_the_session(void)
{
    app_new();
    app.cfg.absolute_s = 500;
    app_init();
    LOGIN("alice", TA_OK);
    CHECK_EQ(app.pair.access_s, 500);
    CHECK_EQ(app.pair.refresh_s, 500);
    app.cfg.absolute_s = 5000;
    app.cfg.idle_s = 600;
    app_init();
    LOGIN("alice", TA_OK);
    CHECK_EQ(app.pair.access_s, 900);           /* the idle time does not shorten it */
    CHECK_EQ(app.pair.refresh_s, 600);
}

static void test_clock_outside_its_range_is_refused_by_every_call(void)
{
    static const int64_t bad[] = { 0, -1, INT64_MIN, ((int64_t)1 << 53) + 1, INT64_MAX };
    size_t i, n;
    ta_session s;
    ta_jwt jwt;
    char buf[1024];
    fake_text t;
    char access[TA_ACCESS_CAP];
    app_new();
    t = SESSION("alice");
    strcpy(access, app.pair.access);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        long calls = app.store.calls;
        app.now = bad[i];
        LOGIN("alice", TA_ERR_CLOCK);
        REFRESH(t.s, TA_ERR_CLOCK);
        CHECK_ST(ta_logout(&app.auth, t.s, strlen(t.s), bad[i]), TA_ERR_CLOCK);
        CHECK_ST(ta_logout_all(&app.auth, "alice", bad[i]), TA_ERR_CLOCK);
        CHECK_ST(ta_logout_others(&app.auth, t.s, strlen(t.s), bad[i], NULL), TA_ERR_CLOCK);
        CHECK_ST(ta_session_list(&app.auth, "alice", bad[i], "", &s, 1, &n), TA_ERR_CLOCK);
        CHECK_ST(ta_session_get(&app.auth, "alice", naive_read(t.s).sid, 22, bad[i], &s),
                 TA_ERR_CLOCK);
        CHECK_ST(ta_session_end(&app.auth, "alice", naive_read(t.s).sid, 22, bad[i]), TA_ERR_CLOCK);
        if (bad[i] <= 0) {
            CHECK_ST(ta_check(&app.auth, access, strlen(access), bad[i], buf, sizeof buf, &jwt),
                     TA_ERR_CLOCK);
        }
        CHECK_EQ(app.store.calls, calls);
    }
    app.now = 1;                                /* the first second that is a time */
    LOGIN("alice", TA_OK);
    REFRESH(kept(app.pair.refresh).s, TA_OK);
}

/* A pointer may be NULL only with length 0. */
static void test_null_with_a_length_is_an_argument_error(void)
{
    fake_text t;
    uint32_t epoch = 7;
    size_t i;
    app_new();
    t = SESSION("alice");
    app.now += 10;
    for (i = 0; i < 4; i++) {
        memset(&app.login, 0, sizeof app.login);
        switch (i) {
        case 0:  app.login.salt_len = 1; break;
        case 1:  app.login.client_len = 1; break;
        case 2:  app.login.more_len = 1; break;
        default: app.login.replaces_len = 1; break;
        }
        LOGIN("alice", TA_ERR_ARGUMENT);
    }
    app.opts.client_len = 1;
    REFUSED(t.s, TA_ERR_ARGUMENT);
    CHECK_ST(ta_logout_others(&app.auth, t.s, 50, app.now, &app.opts), TA_ERR_ARGUMENT);
    app.opts.client_len = 0;
    app.opts.old_salt_len = 1;
    CHECK_ST(ta_logout_others(&app.auth, t.s, 50, app.now, &app.opts), TA_ERR_ARGUMENT);
    app.opts.old_salt_len = 0;
    CHECK_EQ(app.store.writes, 1);
    REFRESH(t.s, TA_OK);
    CHECK_ST(ta_login(NULL, "alice", app.now, NULL, &app.pair), TA_ERR_ARGUMENT);
    CHECK_ST(ta_login(&app.auth, "alice", app.now, NULL, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_user_epoch(&app.auth, "alice", NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_user_epoch(NULL, "alice", &epoch), TA_ERR_ARGUMENT);
    CHECK_EQ(epoch, 0);
    epoch = 7;
    CHECK_ST(ta_user_epoch(&app.auth, "", &epoch), TA_ERR_ARGUMENT);
    CHECK_EQ(epoch, 0);
    CHECK_ST(ta_logout_all(NULL, "alice", app.now), TA_ERR_ARGUMENT);
}

/* Salt and client may be of any length; the last byte counts as much as the first. */
static void test_long_salt_client_and_realm(void)
{
    enum { LONG = 5000 };
    char *salt = (char *)exact(LONG + 1), *client = (char *)exact(LONG), *realm = (char *)exact(401);
    fake_text t;
    memset(salt, 's', LONG);
    memset(client, 'c', LONG);
    memset(realm, 'r', 400);
    salt[LONG] = realm[400] = '\0';
    app_new();
    app.cfg.realm = realm;
    app_init();
    app_user(salt, NULL, TA_OK);
    app.login.salt = salt;
    app.login.salt_len = LONG;
    app.login.client = app.opts.client = client;
    app.login.client_len = app.opts.client_len = LONG;
    t = SESSION("alice");
    t = ROTATE(t.s);
    app.now += 10;
    salt[LONG - 1] = 'S';
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    salt[LONG - 1] = 's';
    client[LONG - 1] = 'C';
    REFUSED(t.s, TA_ERR_BINDING);
    client[LONG - 1] = 'c';
    REFRESH(t.s, TA_OK);
    realm[399] = 'R';
    app_init();
    UNHEARD(t.s, TA_ERR_INVALID);
    free(salt);
    free(client);
    free(realm);
}

/* The largest settings at the last moment: no time overflows, in the record's 32 bits either. */
static void test_longest_settings_to_their_end(void)
{
    fake_text t;
    ta_record r;
    app_new();
    app.cfg.access_s = app.cfg.idle_s = app.cfg.absolute_s = app.cfg.retry_s = INT32_MAX;
    app_init();
    t = SESSION("alice");
    CHECK_EQ(app.pair.access_s, INT32_MAX);
    CHECK_EQ(app.pair.refresh_s, INT32_MAX);
    app.now += INT32_MAX - 10;
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
    REFRESH(t.s, TA_OK);
    CHECK_EQ(app.pair.refresh_s, 10);
    CHECK_EQ(app.pair.access_s, 10);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.gen, 1);
    app.now += 10;
    REFUSED(app.pair.refresh, TA_ERR_EXPIRED);
}

/* A clock that lost its battery: the session is from its far future, the cookie's age stays a number. */
static void test_clock_at_1970_with_a_session_of_2065(void)
{
    fake_text t;
    app_new();
    app.now = INT64_C(3000000000);
    t = SESSION("alice");
    app.now = 1;
    REFRESH(t.s, TA_OK);
}

/* The pair may be refreshed into itself. */
static void test_refresh_of_a_pair_into_itself(void)
{
    ta_pair pair;
    app_new();
    CHECK_ST(ta_login(&app.auth, "alice", app.now, NULL, &pair), TA_OK);
    app.now += 10;
    CHECK_ST(ta_refresh(&app.auth, pair.refresh, pair.refresh_len, app.now, NULL, &pair), TA_OK);
    CHECK_EQ(naive_read(pair.refresh).gen, 1);
}

/* The last seconds that are a time: whatever is granted there works there. */
static void test_last_seconds_of_time(void)
{
    int i;
    for (i = 0; i < 3; i++) {
        app_new();
        app.now = ((int64_t)1 << 53) - (i == 0 ? 0 : i == 1 ? 900 : 100 * FAKE_DAY);
        if (ta_login(&app.auth, "alice", app.now, NULL, &app.pair) == TA_OK) {
            fake_text t = kept(app.pair.refresh);
            app.now -= 10;
            REFRESH(t.s, TA_OK);
            CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
        } else {
            CHECK(i < 2);
            CHECK_EQ(fake_count(&app.store, 1), 0);
        }
    }
}

/* ---- refresh, step 1: form --------------------------------------------------------------- */

static void test_step_1_each_length_but_its_own_is_invalid(void)
{
    char text[60];
    size_t n;
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.now += 10;
    memset(text, 'A', sizeof text);
    memcpy(text, t.s, 50);
    for (n = 0; n < 60; n++) {
        char part[61];
        memcpy(part, text, n);
        part[n] = '\0';
        if (n != 50) UNHEARD(part, TA_ERR_INVALID);
    }
    CHECK_ST(ta_refresh(&app.auth, NULL, 0, app.now, NULL, &app.pair), TA_ERR_INVALID);
    CHECK_ST(ta_refresh(&app.auth, NULL, 50, app.now, NULL, &app.pair), TA_ERR_ARGUMENT);
    CHECK_ST(ta_refresh(&app.auth, t.s, 50, app.now, NULL, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_refresh(NULL, t.s, 50, app.now, NULL, &app.pair), TA_ERR_ARGUMENT);
    REFRESH(t.s, TA_OK);
}

/* Each character replaced by each other one, in and outside the alphabet. Only the kid's four bits
   give another answer: a kid that is not configured here may be another server's.              */
static void test_step_1_to_3_each_other_character_is_refused_unheard(void)
{
    size_t i;
    unsigned c, foreign = 0;
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.now += 10;
    for (i = 0; i < 50; i++) {
        for (c = 1; c < 256; c += (i < 3 || i > 47 ? 1 : 7)) {
            fake_text bad = t;
            uint8_t was[37], is[37];
            ta_status want = TA_ERR_INVALID;
            size_t n;
            bad.s[i] = (char)c;
            if (bad.s[i] == t.s[i]) continue;
            naive_decode(t.s, was, sizeof was);
            if (ta_base64url_decode(bad.s, 50, is, sizeof is, &n) == TA_OK
                && is[0] >> 4 == 1 && is[0] != was[0]) { want = TA_ERR_UNKNOWN_KEY; foreign++; }
            UNHEARD(bad.s, want);
        }
    }
    CHECK(foreign >= 15);
    REFRESH(t.s, TA_OK);
}

static void test_step_1_to_3_every_bit_of_the_37_bytes(void)
{
    size_t bit;
    app_new();
    app_keys("3210");                           /* kids 0..3: then the kid's low bits are known keys */
    app_init();
    {
        fake_text t = SESSION("alice");
        app.now += 10;
        for (bit = 0; bit < 8 * 37; bit++) {
            uint8_t raw[37];
            char text[TA_REFRESH_CAP];
            naive_decode(t.s, raw, sizeof raw);
            raw[bit / 8] = (uint8_t)(raw[bit / 8] ^ (1u << (bit % 8)));
            naive_encode(raw, sizeof raw, text);
            UNHEARD(text, bit == 2 || bit == 3 ? TA_ERR_UNKNOWN_KEY : TA_ERR_INVALID);
        }
        REFRESH(t.s, TA_OK);
    }
}

static void test_step_1_spare_bits_must_be_0(void)
{
    static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned i;
    fake_text t, bad;
    app_new();
    t = SESSION("alice");
    for (i = 1; i < 16; i++) {                  /* four spare bits in the last character */
        const char *c = strchr(abc, t.s[49]);
        bad = t;
        bad.s[49] = abc[(unsigned)(c - abc) + i];
        UNHEARD(bad.s, TA_ERR_INVALID);
    }
    bad = t;
    memcpy(bad.s + 50, "=", 2);
    UNHEARD(bad.s, TA_ERR_INVALID);
}

static void test_step_1_every_other_version_is_invalid(void)
{
    unsigned version;
    char text[TA_REFRESH_CAP];
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    own_put(&r, "");
    for (version = 0; version < 16; version++) {
        naive_token(version, 3, own_secret, 5, text);
        if (version != 1) UNHEARD(text, TA_ERR_INVALID);
        naive_token(version, 9, own_secret, 5, text);       /* the version is looked at first */
        if (version != 1) UNHEARD(text, TA_ERR_INVALID);
    }
    REFRESH(own_token(3, 5), TA_OK);
}

static void test_step_1_prefix_is_exact(void)
{
    static const char *const bad[] = { "", "acme_rt", "acme_rt__", "Acme_rt_", "acme_ru_", " acme_rt_" };
    size_t i;
    char text[TA_REFRESH_CAP];
    fake_text t, plain;
    app_new();
    plain = SESSION("alice");
    app.cfg.refresh_prefix = "acme_rt_";
    app_init();
    UNHEARD(plain.s, TA_ERR_INVALID);
    t = SESSION("alice");
    CHECK(strncmp(t.s, "acme_rt_", 8) == 0);
    CHECK_EQ(strlen(t.s), 58);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        strcpy(text, bad[i]);
        strcat(text, t.s + 8);
        UNHEARD(text, TA_ERR_INVALID);
    }
    for (i = 0; i < 58; i++) {
        memcpy(text, t.s, i);
        text[i] = '\0';
        UNHEARD(text, TA_ERR_INVALID);
    }
    for (i = 0; i < 8 * 8; i++) {
        fake_text flip = t;
        flip.s[i / 8] = (char)(flip.s[i / 8] ^ (1 << (i % 8)));
        if (flip.s[i / 8] != '\0') UNHEARD(flip.s, TA_ERR_INVALID);
    }
    app.now += 10;
    REFRESH(t.s, TA_OK);
    CHECK(strncmp(app.pair.refresh, "acme_rt_", 8) == 0);
    app.cfg.refresh_prefix = NULL;
    app_init();
    UNHEARD(t.s, TA_ERR_INVALID);
}

/* ---- steps 2 and 3: key and tag ---------------------------------------------------------- */

static void test_step_2_unknown_kid_keeps_the_token(void)
{
    char text[TA_REFRESH_CAP];
    uint8_t kid;
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    own_put(&r, "");
    for (kid = 0; kid < 16; kid++) {
        naive_token(1, kid, own_secret, 5, text);
        if (kid != 3) UNHEARD(text, TA_ERR_UNKNOWN_KEY);
        if (kid != 3) CHECK_EQ(app.pair.client, TA_CLIENT_KEEP);
    }
}

static void test_step_3_another_realm_and_another_key_are_invalid(void)
{
    fake_text t;
    ta_record r;
    app_new();
    t = SESSION("alice");
    app.cfg.realm = "another";
    app_init();
    UNHEARD(t.s, TA_ERR_INVALID);
    app.cfg.realm = FAKE_ISSUER;                /* no realm: the issuer is it */
    app_init();
    HANDED(t.s, t.s);
    app.raw[3][0] ^= 1;                         /* another key under the same id */
    app_keys("3");
    app_init();
    UNHEARD(t.s, TA_ERR_INVALID);

    app_new();                                  /* the tag of one generation fits no other one */
    r = own_record(3, "alice");
    own_put(&r, "");
    {
        uint8_t raw[37], other[37];
        char text[TA_REFRESH_CAP];
        naive_decode(own_token(3, 5), raw, sizeof raw);
        naive_decode(own_token(3, 4), other, sizeof other);
        memcpy(raw + 21, other + 21, 16);
        naive_encode(raw, sizeof raw, text);
        UNHEARD(text, TA_ERR_INVALID);
    }
}

/* ---- step 4: the record ------------------------------------------------------------------ */

static void forge_id(ta_record *r)    { r->id[15] ^= 1; }
static void forge_kind(ta_record *r)  { r->kind = 0; }
static void forge_kind3(ta_record *r) { r->kind = 3; }

static void test_step_4_no_record_is_ended(void)
{
    app_new();
    REFUSED(own_token(3, 5), TA_ERR_ENDED);
    CHECK_EQ(app.store.count[FAKE_GET], 1);
}

static void test_step_4_a_mark_or_anothers_record_is_a_store_error(void)
{
    void (*const forge[])(ta_record *) = { forge_mark, forge_id, forge_kind, forge_kind3 };
    size_t i;
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.now += 10;
    for (i = 0; i < sizeof forge / sizeof forge[0]; i++) {
        fake_forge(&app.store, 1, forge[i]);
        REFUSED(t.s, TA_ERR_STORE);
    }
    REFRESH(t.s, TA_OK);
}

/* Trap: a store error fails open. Whatever a get says but OK and NOT_FOUND is a store error. */
static void test_trap_store_error_of_a_get_refuses(void)
{
    static const int odd[] = { -60, -62, -64, -61, -65, -66, -14, -1, -2, -3, -5, -42, -43, 1, 7, 99 };
    size_t i;
    long nth;
    fake_text t;
    app_new();
    t = SESSION("alice");
    CHECK_ST(ta_logout_all(&app.auth, "bob", app.now), TA_OK);
    app.now += 10;
    for (nth = 1; nth <= 2; nth++) {            /* the session's record, the user's mark */
        for (i = 0; i < sizeof odd / sizeof odd[0]; i++) {
            app.store.faults = 0;
            fake_fail(&app.store, FAKE_GET, nth, 1, (ta_status)odd[i], false);
            REFUSED(t.s, TA_ERR_STORE);
            CHECK_EQ(app.pair.client, TA_CLIENT_KEEP);
            CHECK_EQ(app.events, 0);
        }
    }
    REFRESH(t.s, TA_OK);
}

/* A get that says OK and writes nothing must not leave the record of the round before in its place. */
static void test_trap_store_error_of_a_get_that_gives_nothing(void)
{
    fake_text t;
    long nth;
    app_new();
    t = SESSION("alice");
    app.now += 10;
    for (nth = 1; nth <= 4; nth++) {
        app.store.faults = 0;
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_CONFLICT, false);
        fake_fail(&app.store, FAKE_GET, nth, 1, TA_OK, true)->lazy = true;
        REFRESH(t.s, TA_ERR_STORE);
        CHECK_EQ(app.store.writes, 1);
    }
}

static void forge_long_subject(ta_record *r) { r->sub_len = 255; }
static void forge_long_label(ta_record *r)   { r->label_len = 255; }
static void forge_no_subject(ta_record *r)   { r->sub_len = 0; }
static void forge_kid(ta_record *r)          { r->kid = 255; }
static void forge_state(ta_record *r)        { r->state = 77; }
static void forge_gen(ta_record *r)          { r->gen = 0xFFFFFFFF; }       /* never written */
static void forge_times(ta_record *r)        { r->created = r->rotated_at = INT64_MIN; }
static void forge_end(ta_record *r)          { r->ends_at = r->idle_until = INT64_MAX; }
static void forge_all(ta_record *r)          { memset(r, 0xFF, sizeof *r); }

/* A store that does not keep bytes may hand out what ta_record_unpack would have refused. */
static void test_step_4_records_out_of_every_range_are_refused(void)
{
    void (*const forge[])(ta_record *) = {
        forge_long_subject, forge_long_label, forge_no_subject, forge_kid, forge_state, forge_gen,
        forge_times, forge_end, forge_all };
    size_t i;
    fake_text t;
    app_new();
    app.login.label = "phone";
    t = SESSION("alice");
    app.now += 10;
    for (i = 0; i < sizeof forge / sizeof forge[0]; i++) {
        long writes = app.store.writes;
        ta_status st;
        app.store.faults = 0;
        fake_forge(&app.store, 1, forge[i]);
        st = ta_refresh(&app.auth, t.s, strlen(t.s), app.now, NULL, &app.pair);
        CHECK(st != TA_OK && st != TA_ERR_REPLAY && st != TA_ERR_AHEAD);
        CHECK_EQ(app.store.writes, writes);
        CHECK_EQ(app.pair.refresh_len, 0);
    }
    app.store.faults = 0;
    REFRESH(t.s, TA_OK);
}

/* ---- steps 5, 6, 7: key of the record, its state and times, the mark --------------------- */

static void test_step_5_record_under_an_unknown_key(void)
{
    ta_record r;
    app_new();
    r = own_record(9, "alice");                 /* sealed under kid 9; the token was minted under 3 */
    own_put(&r, "");
    REFUSED(own_token(3, 5), TA_ERR_UNKNOWN_KEY);
    app_keys("39");
    app_init();
    REFRESH(own_token(3, 5), TA_OK);
}

static void test_step_6_revoked(void)
{
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    r.state = 1;
    own_put(&r, "");
    REFUSED(own_token(3, 5), TA_ERR_REVOKED);
    REFUSED(own_token(3, 4), TA_ERR_REVOKED);
    REFUSED(own_token(3, 6), TA_ERR_REVOKED);
}

static void test_step_6_absolute_end_to_the_second(void)
{
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    r.idle_until = app.now + 9000;              /* beyond the end: then the end rules */
    r.rotated_at = app.now + 2995;              /* young, so that nothing is written */
    own_put(&r, "");
    app.now += 2999;
    HANDED(own_token(3, 5), own_token(3, 5));
    CHECK_EQ(app.pair.access_s, 1);
    CHECK_EQ(app.pair.refresh_s, 1);
    app.now += 1;
    REFUSED(own_token(3, 5), TA_ERR_EXPIRED);
    app.now += 9000;
    REFUSED(own_token(3, 5), TA_ERR_EXPIRED);
}

static void test_step_6_idle_end_to_the_second(void)
{
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    r.rotated_at = app.now + 1995;
    own_put(&r, "");
    app.now += 1999;
    HANDED(own_token(3, 5), own_token(3, 5));
    CHECK_EQ(app.pair.refresh_s, 1);
    CHECK_EQ(app.pair.access_s, 900);
    app.now += 1;
    REFUSED(own_token(3, 5), TA_ERR_IDLE);
}

/* Absolute means absolute: however often it is used, and whatever idle_s is. */
static void test_step_6_use_does_not_move_the_absolute_end(void)
{
    fake_text t;
    int64_t end;
    app_new();
    app.cfg.absolute_s = 200;
    app.cfg.idle_s = 100;
    app_init();
    t = SESSION("alice");
    end = app.now + 200;
    while (app.now + 10 < end) t = ROTATE(t.s);
    CHECK(app.now + 10 == end);
    app.now = end;
    REFUSED(t.s, TA_ERR_EXPIRED);
}

static void test_step_6_use_moves_the_idle_end(void)
{
    fake_text t;
    app_new();
    app.cfg.idle_s = 100;
    app_init();
    t = SESSION("alice");
    app.now += 99;
    REFRESH(t.s, TA_OK);
    t = kept(app.pair.refresh);
    app.now += 99;
    REFRESH(t.s, TA_OK);
    t = kept(app.pair.refresh);
    CHECK_EQ(app.pair.refresh_s, 100);
    app.now += 5;
    HANDED(t.s, t.s);                           /* a hand-out writes nothing, so it moves nothing */
    CHECK_EQ(app.pair.refresh_s, 95);
    app.now += 95;
    REFUSED(t.s, TA_ERR_IDLE);
}

/* A setting made shorter today holds for the sessions of yesterday. */
static void test_step_6_a_shorter_absolute_setting_ends_older_sessions(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.cfg.absolute_s = 1000;
    app_init();
    app.now += 999;
    REFRESH(t.s, TA_OK);
    t = kept(app.pair.refresh);
    app.now += 1;
    REFUSED(t.s, TA_ERR_EXPIRED);
}

/* Then no token may promise more than what is left, and a list of devices says so. */
static void test_step_6_what_a_shorter_absolute_setting_leaves(void)
{
    char buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    fake_text t;
    ta_session s;
    ta_jwt jwt;
    int64_t exp, ends;
    app_new();
    t = SESSION("alice");
    ends = app.now + 1000;
    app.cfg.absolute_s = 1000;
    app_init();
    app.now += 400;
    REFRESH(t.s, TA_OK);
    CHECK_EQ(app.pair.refresh_s, 600);
    CHECK_EQ(app.pair.access_s, 600);
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf, &jwt), TA_OK);
    CHECK_ST(ta_json_int(ta_json_at(jwt.claims, "exp"), &exp), TA_OK);
    CHECK_EQ(exp, ends);
    CHECK_ST(ta_session_get(&app.auth, "alice", app.pair.sid, strlen(app.pair.sid), app.now, &s), TA_OK);
    CHECK_EQ(s.ends_at, ends);
}

static void test_step_6_sessions_not_before(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.cfg.sessions_not_before = app.now;      /* made at that very second: still good */
    app_init();
    HANDED(t.s, t.s);
    app.cfg.sessions_not_before = app.now + 1;
    app_init();
    app.now += 50;
    REFUSED(t.s, TA_ERR_ENDED);
    t = SESSION("alice");
    REFRESH(t.s, TA_OK);
}

static void test_step_6_order_revoked_expired_idle_not_before(void)
{
    ta_record r;
    app_new();
    app.cfg.sessions_not_before = app.now - 10; /* own_record was created before */
    app_init();
    r = own_record(3, "alice");
    r.epoch = 77;                               /* and logged out, which is asked later */
    r.state = 1;
    r.ends_at = r.idle_until = app.now;
    own_put(&r, "");
    REFUSED(own_token(3, 5), TA_ERR_REVOKED);
    r.state = 0;
    own_put(&r, "");
    REFUSED(own_token(3, 5), TA_ERR_EXPIRED);
    r.ends_at = app.now + 1;
    own_put(&r, "");
    REFUSED(own_token(3, 5), TA_ERR_IDLE);
    r.idle_until = app.now + 1;
    own_put(&r, "");
    REFUSED(own_token(3, 5), TA_ERR_ENDED);
    CHECK_EQ(app.store.count[FAKE_GET], 4);     /* the mark was never asked for */
    app.cfg.sessions_not_before = 0;
    app_init();
    REFUSED(own_token(3, 5), TA_ERR_LOGGED_OUT);
}

static void test_step_7_epoch_must_be_the_marks(void)
{
    ta_record r, mark;
    app_new();
    r = own_record(3, "alice");
    r.epoch = 1;                                /* no mark reads as 0 */
    own_put(&r, "");
    REFUSED(own_token(3, 5), TA_ERR_LOGGED_OUT);
    r.epoch = 0;
    own_put(&r, "");
    CHECK_ST(ta_logout_all(&app.auth, "bob", app.now), TA_OK);      /* another user's mark */
    REFRESH(own_token(3, 5), TA_OK);

    own_put(&r, "");
    memset(&mark, 0, sizeof mark);
    mark.kind = 2;
    mark.ver = 1;
    mark.created = app.now;
    mark.rotated_at = mark.idle_until = mark.ends_at = app.now;
    naive_user_id("alice", mark.id);
    mark.epoch = 0x80000001;
    fake_put(&app.store, &mark);
    REFUSED(own_token(3, 5), TA_ERR_LOGGED_OUT);
    r.epoch = 0x80000001;
    own_put(&r, "");
    REFRESH(own_token(3, 5), TA_OK);
}

static void test_step_7_what_is_no_mark_of_this_user_is_a_store_error(void)
{
    fake_text t;
    app_new();
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    t = SESSION("alice");
    app.now += 10;
    fake_forge(&app.store, 2, forge_session);
    REFUSED(t.s, TA_ERR_STORE);
    fake_forge(&app.store, 2, forge_id);
    REFUSED(t.s, TA_ERR_STORE);
    REFRESH(t.s, TA_OK);
}

/* ---- step 8: user and seal --------------------------------------------------------------- */

static void test_step_8_the_hook_sees_the_session(void)
{
    fake_text t;
    int64_t born;
    app_new();
    app_user(NULL, NULL, TA_OK);
    app.login.label = "phone";
    memcpy(app.login.app, "abcd", 4);
    t = SESSION("alice");
    born = app.now;
    t = ROTATE(t.s);
    app.now += 20;
    REFRESH(t.s, TA_OK);
    CHECK_STR(app.user_saw.sid, naive_read(t.s).sid);
    CHECK_STR(app.user_saw.subject, "alice");
    CHECK_STR(app.user_saw.label, "phone");
    CHECK_BYTES(app.user_saw.app, "abcd", 4);
    CHECK_EQ(app.user_saw.created, born);
    CHECK_EQ(app.user_saw.last_used, born + 10);
    CHECK_EQ(app.user_saw.ends_at, born + 90 * FAKE_DAY);
}

static void test_step_8_what_the_hook_says_comes_back_as_it_is(void)
{
    static const int say[] = { -46, -47, -60, -61, -63, -42, -1, 3, 1000 };
    size_t i;
    fake_text t, old;
    app_new();
    app_user(NULL, NULL, TA_OK);
    old = SESSION("alice");
    t = ROTATE(old.s);
    app.now += 10;
    for (i = 0; i < sizeof say / sizeof say[0]; i++) {
        app_user(NULL, NULL, (ta_status)say[i]);
        REFUSED(t.s, (ta_status)say[i]);
        CHECK_EQ(app.events, 0);
    }
    app_user(NULL, NULL, TA_ERR_SUSPENDED);
    REFUSED(old.s, TA_ERR_SUSPENDED);           /* not even a replay: 4 to 9 change nothing */
    app_user(NULL, NULL, TA_OK);
    REFRESH(t.s, TA_OK);
}

static void test_step_8_another_salt_ends_the_session(void)
{
    static const char *const other[] = { "hash-2", "hash-", "hash-11", "", "Hash-1" };
    size_t i;
    fake_text t;
    app_new();
    app_user("hash-1", NULL, TA_OK);
    app.login.salt = "hash-1";
    app.login.salt_len = 6;
    t = SESSION("alice");
    HANDED(t.s, t.s);
    t = ROTATE(t.s);
    app.now += 10;
    for (i = 0; i < sizeof other / sizeof other[0]; i++) {
        app_user(other[i], NULL, TA_OK);
        REFUSED(t.s, TA_ERR_USER_CHANGED);
    }
    app_user(NULL, NULL, TA_OK);
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    app_user("hash-1", NULL, TA_OK);
    REFRESH(t.s, TA_OK);
}

/* Trap: a missing hook fails open. */
static void test_trap_missing_hook_refuses_a_session_made_with_salt(void)
{
    fake_text t;
    app_new();
    app.login.salt = "hash-1";
    app.login.salt_len = 6;
    t = SESSION("alice");
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    app.now += 10;
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    app_user("hash-1", NULL, TA_OK);
    REFRESH(t.s, TA_OK);
}

static void test_step_8_a_session_made_without_salt_ignores_it(void)
{
    fake_text t;
    ta_record r;
    app_new();
    app_user("hash-1", NULL, TA_OK);
    t = SESSION("alice");                       /* no salt given */
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.flags, 0);
    t = ROTATE(t.s);
    app_user("hash-2", NULL, TA_OK);
    t = ROTATE(t.s);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.flags, 0);
    app.login.salt = "hash-1";                  /* given, but of no bytes: not given */
    app.login.salt_len = 0;
    t = SESSION("alice");
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.flags, 0);
    (void)ROTATE(t.s);
}

/* A writer of the store who has not the key: every sealed field, changed alone. */
static void test_step_8_a_writer_of_the_store_cannot_change_a_sealed_field(void)
{
    ta_record good, r;
    unsigned i;
    app_new();
    app_user("salt", NULL, TA_OK);
    app.opts.client = "c";
    app.opts.client_len = 1;
    good = own_record(3, "alice");
    good.flags = 5;
    good.label_len = 3;
    memcpy(good.text + 5, "tab", 3);
    memcpy(good.app, "\x00\x00\x00\x02", 4);
    naive_client('C', &good, "c", 1, good.client);
    own_put(&good, "salt");
    good = own_record(3, "alice");              /* once more, for its seal: own_put filled it in */
    good.flags = 5;
    good.label_len = 3;
    memcpy(good.text + 5, "tab", 3);
    memcpy(good.app, "\x00\x00\x00\x02", 4);
    naive_client('C', &good, "c", 1, good.client);
    naive_seal(&good, "salt", good.seal);

    for (i = 0; i < 15; i++) {
        r = good;
        switch (i) {
        case 0:  r.created -= 1; break;
        case 1:  r.created += 1; break;
        case 2:  r.ends_at += 1; break;
        case 3:  r.ends_at -= 1; break;
        case 4:  r.app[0] ^= 0x80; break;
        case 5:  r.app[3] ^= 1; break;
        case 6:  r.flags = 1; break;            /* "there never was a salt" */
        case 7:  r.flags = 4; memset(r.client, 0, 8); break;    /* "nor a client" */
        case 8:  r.flags = 0; memset(r.client, 0, 8); break;
        case 9:  naive_client('C', &r, "thief", 5, r.client); app.opts.client = "thief";
                 app.opts.client_len = 5; break;
        case 10: r.text[0] = 'A'; break;
        case 11: r.text[4] = 'f'; break;
        case 12: r.sub_len = 6; r.label_len = 2; break;         /* the same text, cut elsewhere */
        case 13: r.sub_len = 4; r.label_len = 4; break;
        default: r.seal[7] ^= 1; break;
        }
        fake_put(&app.store, &r);
        REFUSED(own_token(3, 5), TA_ERR_USER_CHANGED);
        app.opts.client = "c";
        app.opts.client_len = 1;
    }
    for (i = 0; i < 64; i++) {
        r = good;
        r.seal[i / 8] = (uint8_t)(r.seal[i / 8] ^ (1u << (i % 8)));
        fake_put(&app.store, &r);
        REFUSED(own_token(3, 5), TA_ERR_USER_CHANGED);
    }
    fake_put(&app.store, &good);
    REFRESH(own_token(3, 5), TA_OK);
}

/* Mallory writes to the store and holds a session of his own: he cannot make it Alice's. */
static void test_step_8_a_writer_of_the_store_cannot_swap_subjects(void)
{
    fake_text alice, mallory;
    ta_record a, m, swap;
    app_new();
    alice = SESSION("alice");
    mallory = SESSION("mallory");
    CHECK(app_record(alice.s, &a));
    CHECK(app_record(mallory.s, &m));
    swap = a;                                   /* all of Alice's record but its id */
    memcpy(swap.id, m.id, sizeof swap.id);
    fake_put(&app.store, &swap);
    REFUSED(mallory.s, TA_ERR_USER_CHANGED);
    swap = m;                                   /* her name in his record */
    memcpy(swap.text, a.text, sizeof swap.text);
    swap.sub_len = a.sub_len;
    fake_put(&app.store, &swap);
    REFUSED(mallory.s, TA_ERR_USER_CHANGED);
    memcpy(swap.seal, a.seal, 8);
    fake_put(&app.store, &swap);
    REFUSED(mallory.s, TA_ERR_USER_CHANGED);
    fake_put(&app.store, &m);
    REFRESH(mallory.s, TA_OK);
}

/* Two fields that meet in the seal must not be able to trade a byte. */
static void test_step_8_salt_and_subject_do_not_run_together(void)
{
    ta_record r;
    app_new();
    app_user("bc", NULL, TA_OK);
    r = own_record(3, "a");
    r.flags = 4;
    own_put(&r, "bc");
    r.sub_len = 2;                              /* subject "ab", salt "c": the same bytes in a row */
    r.text[1] = 'b';
    app_user("c", NULL, TA_OK);
    fake_put(&app.store, &r);
    REFUSED(own_token(3, 5), TA_ERR_USER_CHANGED);
}

/* ---- step 9: the client ------------------------------------------------------------------ */

static void test_step_9_another_client_is_refused_and_changes_nothing(void)
{
    static const struct { const char *bytes; size_t len; } other[] = {
        {"fingerprinT", 11}, {"fingerprin", 10}, {"fingerprint2", 12}, {"", 0}, {NULL, 0},
        {"fingerprint", 0}, {"fingerprint\0", 12} };
    size_t i;
    fake_text t, old;
    app_new();
    app.login.client = "fingerprint";
    app.login.client_len = 11;
    app.opts.client = "fingerprint";
    app.opts.client_len = 11;
    old = SESSION("alice");
    t = ROTATE(old.s);
    for (i = 0; i < sizeof other / sizeof other[0]; i++) {
        app.opts.client = other[i].bytes;
        app.opts.client_len = other[i].len;
        REFUSED(t.s, TA_ERR_BINDING);           /* within the window */
        EVENTS(TA_EVENT_BINDING, 0);
        CHECK_STR(app.event[0].session.subject, "alice");
        CHECK_STR(app.event[0].session.sid, naive_read(t.s).sid);
        app.now += 10;
        REFUSED(t.s, TA_ERR_BINDING);           /* after it */
        REFUSED(old.s, TA_ERR_BINDING);         /* and no replay: a thief cannot end the session so */
        app.now -= 10;
    }
    app.opts.client = "fingerprint";
    app.opts.client_len = 11;
    HANDED(t.s, t.s);
    EVENTS(0, 0);
    HANDED(old.s, t.s);
    app.now += 10;
    REFRESH(t.s, TA_OK);
    EVENTS(0, 0);
}

/* One byte is a client, and one is a salt. */
static void test_a_client_and_a_salt_of_one_byte(void)
{
    fake_text t;
    app_new();
    app_user("1", NULL, TA_OK);
    app.login.client = "c";
    app.login.client_len = 1;
    app.login.salt = "1";
    app.login.salt_len = 1;
    t = SESSION("alice");
    REFUSED(t.s, TA_ERR_BINDING);
    app.opts.client = "d";
    app.opts.client_len = 1;
    REFUSED(t.s, TA_ERR_BINDING);
    app.opts.client = "c";
    HANDED(t.s, t.s);
    app_user("2", NULL, TA_OK);
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    app_user(NULL, NULL, TA_OK);
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    app_user("1", NULL, TA_OK);
    app.opts.old_salt = "1";                    /* for ta_logout_others alone */
    app.opts.old_salt_len = 1;
    UNHEARD(t.s, TA_ERR_ARGUMENT);
    app_user("2", NULL, TA_OK);
    CHECK_ST(ta_logout_others(&app.auth, t.s, strlen(t.s), app.now, &app.opts), TA_OK);
    app.opts.old_salt = NULL;
    app.opts.old_salt_len = 0;
    HANDED(t.s, t.s);
}

/* What was noticed on the way to a pair that cannot be made is no event. */
static void test_no_event_when_no_pair_can_be_made(void)
{
    fake_text old;
    app_new();
    app_user(NULL, NULL, TA_OK);
    old = SESSION("alice");
    (void)ROTATE(old.s);
    app_user(NULL, "{\"broken", TA_OK);
    REFRESH(old.s, TA_ERR_JSON);
    EVENTS(0, 0);
    app_user(NULL, NULL, TA_OK);
    REFRESH(old.s, TA_OK);
    EVENTS(TA_EVENT_WINDOW, 0);
}

/* Logged out or taken over: one more look at the record tells, and no further round is made. */
static void test_logged_out_is_looked_at_twice(void)
{
    fake_text t;
    long gets;
    app_new();
    t = SESSION("alice");
    app.cfg.store.list = NULL;                  /* the session stays, with the epoch of before */
    app_init();
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    gets = app.store.count[FAKE_GET];
    REFUSED(t.s, TA_ERR_LOGGED_OUT);
    CHECK_EQ(app.store.count[FAKE_GET], gets + 3);
}

/* Step 8 comes first: of a user who changed, nobody is told that his client is another one. */
static void test_step_9_comes_after_step_8(void)
{
    fake_text t;
    app_new();
    app_user("hash-1", NULL, TA_OK);
    app.login.salt = "hash-1";
    app.login.salt_len = 6;
    app.login.client = "client";
    app.login.client_len = 6;
    t = SESSION("alice");
    REFUSED(t.s, TA_ERR_BINDING);
    app_user("hash-2", NULL, TA_OK);
    REFUSED(t.s, TA_ERR_USER_CHANGED);
    EVENTS(0, 0);
    app_user("hash-2", NULL, TA_ERR_SUSPENDED);
    REFUSED(t.s, TA_ERR_SUSPENDED);
    EVENTS(0, 0);
}

static void test_step_9_a_session_made_without_client_ignores_it(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.opts.client = "anything";
    app.opts.client_len = 8;
    HANDED(t.s, t.s);
    t = ROTATE(t.s);
    app.opts.client = NULL;
    app.opts.client_len = 0;
    (void)ROTATE(t.s);
    app.login.client = "given, but of no bytes";
    app.login.client_len = 0;
    t = SESSION("alice");
    (void)ROTATE(t.s);
}

/* ---- step 10: the window ----------------------------------------------------------------- */

/* For d = 0 and d = 1, at each edge, on both sides of the rotation. */
static void test_step_10_window_to_the_second(void)
{
    static const int32_t windows[] = { 0, 1, 10, 300 };     /* 0: the default of 10 */
    size_t i;
    for (i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        int32_t w = windows[i] == 0 ? 10 : windows[i];
        fake_text t0, t1;
        fake_store before;
        int64_t at;
        app_new();
        app.cfg.window_s = windows[i];
        app_init();
        t0 = SESSION("alice");
        app.now += w - 1;
        HANDED(t0.s, t0.s);                     /* a session begins with its window open */
        EVENTS(0, 0);
        app.now += 1;
        at = app.now;
        REFRESH(t0.s, TA_OK);
        t1 = kept(app.pair.refresh);
        CHECK_EQ(naive_read(t1.s).gen, 1);
        EVENTS(0, 0);

        HANDED(t0.s, t1.s);
        EVENTS(TA_EVENT_WINDOW, 0);
        CHECK_STR(app.event[0].session.subject, "alice");
        app.now = at + w - 1;
        HANDED(t0.s, t1.s);
        EVENTS(TA_EVENT_WINDOW, 0);
        HANDED(t1.s, t1.s);
        EVENTS(0, 0);
        app.now = at - (w - 1);                 /* a server whose clock is behind */
        HANDED(t0.s, t1.s);
        HANDED(t1.s, t1.s);

        before = app.store;
        app.now = at + w;
        REFRESH(t0.s, TA_ERR_REPLAY);
        app.store = before;
        REFRESH(t1.s, TA_OK);
        CHECK_STR(app.pair.refresh, naive_other_gen(t1.s, 2));
        app.store = before;
        app.now = at - w;                       /* a clock set back shuts the window */
        REFRESH(t0.s, TA_ERR_REPLAY);
        app.store = before;
        REFRESH(t1.s, TA_OK);
        CHECK_STR(app.pair.refresh, naive_other_gen(t1.s, 2));
    }
}

static void test_step_10_no_window_at_all(void)
{
    fake_text t0, t1;
    app_new();
    app.cfg.window_s = TA_NONE;
    app_init();
    t0 = SESSION("alice");
    REFRESH(t0.s, TA_OK);                       /* in the very second of the login */
    t1 = kept(app.pair.refresh);
    CHECK_EQ(naive_read(t1.s).gen, 1);
    REFRESH(t1.s, TA_OK);
    CHECK_EQ(naive_read(app.pair.refresh).gen, 2);
    REFRESH(t1.s, TA_ERR_REPLAY);
}

/* The answer to a request got lost: the same successor, byte for byte, not a second one. */
static void test_step_10_lost_answer_gives_the_same_successor(void)
{
    fake_text t0, t1;
    int i;
    app_new();
    t0 = SESSION("alice");
    t1 = ROTATE(t0.s);
    for (i = 0; i < 9; i++) {
        app.now++;
        HANDED(t0.s, t1.s);
        EVENTS(TA_EVENT_WINDOW, 0);
    }
}

static void test_step_10_hand_out_has_a_fresh_access_token(void)
{
    char first[TA_ACCESS_CAP];
    fake_text t0;
    app_new();
    t0 = SESSION("alice");
    (void)ROTATE(t0.s);
    strcpy(first, app.pair.access);
    app.now += 3;
    REFRESH(t0.s, TA_OK);
    CHECK(strcmp(first, app.pair.access) != 0);
    CHECK_EQ(app.pair.access_s, 900);
}

/* ---- step 11: the retry key -------------------------------------------------------------- */

static void test_step_11_retry_key_to_the_second(void)
{
    static const int32_t retry[] = { 0, 50 };   /* 0: the default of a day */
    size_t i;
    for (i = 0; i < 2; i++) {
        int32_t s = retry[i] == 0 ? FAKE_DAY : retry[i];
        fake_text t0, t1;
        fake_store before;
        int64_t at;
        app_new();
        app.cfg.retry_s = retry[i];
        app_init();
        t0 = SESSION("alice");
        app.opts.retry_key = "0123456789abcdef";
        t1 = ROTATE(t0.s);
        at = app.now;
        app.now = at + 10;                      /* the window is over */
        HANDED(t0.s, t1.s);
        EVENTS(TA_EVENT_LATE_RETRY, 0);
        CHECK_STR(app.event[0].session.subject, "alice");
        app.now = at + s - 1;
        HANDED(t0.s, t1.s);
        EVENTS(TA_EVENT_LATE_RETRY, 0);
        app.now = at - 10;                      /* set back: the window is shut, the key still fits */
        HANDED(t0.s, t1.s);
        before = app.store;
        app.now = at + s;
        REFRESH(t0.s, TA_ERR_REPLAY);
        app.store = before;
        app.opts.retry_key = NULL;
        REFRESH(t1.s, TA_OK);
    }
}

static void test_step_11_another_or_no_retry_key_is_a_replay(void)
{
    static const char key[] = "0123456789abcdef";
    unsigned bit;
    fake_store before;
    fake_text t0, t1;
    char other[17];
    app_new();
    t0 = SESSION("alice");
    app.opts.retry_key = key;
    t1 = ROTATE(t0.s);
    app.now += 10;
    before = app.store;
    for (bit = 0; bit < 128; bit += 7) {
        memcpy(other, key, sizeof other);
        other[bit / 8] = (char)(other[bit / 8] ^ (1 << (bit % 8)));
        app.opts.retry_key = other;
        app.store = before;
        REFRESH(t0.s, TA_ERR_REPLAY);
    }
    app.store = before;
    app.opts.retry_key = NULL;
    REFRESH(t0.s, TA_ERR_REPLAY);

    app.store = before;                         /* one rotation on, the key is the last one's only */
    app.opts.retry_key = "another retry ke";
    REFRESH(t1.s, TA_OK);
    app.now += 10;
    before = app.store;
    HANDED(t1.s, app.pair.refresh);
    app.opts.retry_key = key;
    REFRESH(t1.s, TA_ERR_REPLAY);
    app.store = before;
    REFRESH(t0.s, TA_ERR_REPLAY);               /* two behind, with the key of its own time */
}

/* A session whose last rotation had no retry key has eight zero bytes there: no key may fit them. */
static void test_step_11_no_retry_key_in_the_record_fits_none(void)
{
    fake_text t0;
    app_new();
    t0 = SESSION("alice");
    (void)ROTATE(t0.s);
    app.now += 10;
    app.opts.retry_key = "0123456789abcdef";
    REFRESH(t0.s, TA_ERR_REPLAY);
}

static void test_step_11_no_late_retry_where_it_is_switched_off(void)
{
    fake_text t0, t1;
    app_new();
    app.cfg.retry_s = TA_NONE;
    app_init();
    t0 = SESSION("alice");
    app.opts.retry_key = "0123456789abcdef";
    t1 = ROTATE(t0.s);
    HANDED(t0.s, t1.s);                         /* the window is another thing */
    app.now += 10;
    REFRESH(t0.s, TA_ERR_REPLAY);
}

/* Switched off is switched off, also for a clock that stands before the rotation. */
static void test_step_11_switched_off_and_a_clock_set_back(void)
{
    fake_text t0;
    app_new();
    t0 = SESSION("alice");
    app.opts.retry_key = "0123456789abcdef";
    app.now += 500;
    REFRESH(t0.s, TA_OK);
    app.cfg.retry_s = TA_NONE;
    app_init();
    app.now -= 100;
    REFRESH(t0.s, TA_ERR_REPLAY);
}

/* A retry key on the current token is no retry: it is the next rotation's. */
static void test_step_11_is_for_the_token_before_only(void)
{
    fake_text t;
    int i;
    app_new();
    app.opts.retry_key = "0123456789abcdef";    /* a client that never changes it */
    t = SESSION("alice");
    for (i = 1; i < 5; i++) {
        t = ROTATE(t.s);
        CHECK_EQ(naive_read(t.s).gen, i);
    }
    app.now += 10;
    REFRESH(naive_other_gen(t.s, 2), TA_ERR_REPLAY);
}

/* ---- step 12: rotation ------------------------------------------------------------------- */

static void test_step_12_what_a_rotation_changes_and_what_not(void)
{
    ta_record r0, r1;
    fake_text t;
    app_new();
    app.login.label = "phone";
    memcpy(app.login.app, "abcd", 4);
    t = SESSION("alice");
    CHECK(app_record(t.s, &r0));
    app.now += 1000;
    REFRESH(t.s, TA_OK);
    CHECK(app_record(t.s, &r1));
    CHECK_EQ(r1.gen, r0.gen + 1);
    CHECK_EQ(r1.ver, r0.ver + 1);
    CHECK_EQ(r1.rotated_at, app.now);
    CHECK_EQ(r1.idle_until, app.now + 14 * FAKE_DAY);
    CHECK_EQ(app.pair.refresh_s, 14 * FAKE_DAY);
    r1.gen = r0.gen;
    r1.ver = r0.ver;
    r1.rotated_at = r0.rotated_at;
    r1.idle_until = r0.idle_until;
    CHECK_BYTES(&r1, &r0, sizeof r1);
    EVENTS(0, 0);
}

static void test_step_12_near_the_end_both_tokens_end_with_the_session(void)
{
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    own_put(&r, "");
    app.now += 1500;                            /* 1500 s before the end */
    REFRESH(own_token(3, 5), TA_OK);
    CHECK_EQ(app.pair.access_s, 900);
    CHECK_EQ(app.pair.refresh_s, 1500);
    app.now += 1400;
    REFRESH(own_token(3, 6), TA_OK);
    CHECK_EQ(app.pair.access_s, 100);
    CHECK_EQ(app.pair.refresh_s, 100);
}

static void test_step_12_version_wraps(void)
{
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    r.ver = 0xFFFFFFFF;
    own_put(&r, "");
    REFRESH(own_token(3, 5), TA_OK);
    CHECK(app_record(own_token(3, 5), &r));
    CHECK_EQ(r.ver, 0);
}

/* The generation must not wrap: then every old token were a future one. */
static void test_step_12_generation_at_its_end_deletes_the_session(void)
{
    ta_record r;
    app_new();
    r = own_record(3, "alice");
    r.gen = 0xFFFFFFFD;
    own_put(&r, "");
    REFRESH(own_token(3, 0xFFFFFFFD), TA_OK);
    CHECK_STR(app.pair.refresh, own_token(3, 0xFFFFFFFE));
    HANDED(own_token(3, 0xFFFFFFFD), own_token(3, 0xFFFFFFFE));
    app.now += 10;
    REFRESH(own_token(3, 0xFFFFFFFE), TA_ERR_ENDED);
    CHECK(!app_record(own_token(3, 0), &r));
    CHECK_EQ(fake_count(&app.store, 1), 0);

    r = own_record(3, "alice");                 /* the same by way of a token that is ahead */
    app.cfg.allow_ahead = 255;
    app_init();
    r.gen = 0xFFFFFFFD;
    own_put(&r, "");
    REFRESH(own_token(3, 0xFFFFFFFE), TA_ERR_ENDED);
    EVENTS(0, 0);                               /* "goes on" would be a lie */
    CHECK_EQ(fake_count(&app.store, 1), 0);
    own_put(&r, "");
    REFRESH(own_token(3, 0xFFFFFFFF), TA_ERR_ENDED);
    CHECK_EQ(fake_count(&app.store, 1), 0);
}

/* ---- step 13: replay --------------------------------------------------------------------- */

static void test_step_13_every_older_generation_is_a_replay(void)
{
    enum { LONG = 40 };
    fake_text t[LONG + 1];
    fake_store before;
    ta_record r0, r1;
    int g;
    app_new();
    t[0] = SESSION("alice");
    for (g = 1; g <= LONG; g++) t[g] = ROTATE(t[g - 1].s);
    before = app.store;
    CHECK(app_record(t[0].s, &r0));
    for (g = 0; g < LONG; g++) {
        app.store = before;
        /* two or more behind: at once, in the window; the one before: after it */
        if (g == LONG - 1) app.now += 10;
        REFRESH(t[g].s, TA_ERR_REPLAY);
        EVENTS(TA_EVENT_REPLAY, 0);
        CHECK_STR(app.event[0].session.subject, "alice");
        CHECK_STR(app.event[0].session.sid, naive_read(t[0].s).sid);
        CHECK(app_record(t[0].s, &r1));         /* committed before the answer */
        CHECK_EQ(r1.state, 1);
        CHECK_EQ(r1.ver, r0.ver + 1);
        REFUSED(t[LONG].s, TA_ERR_REVOKED);     /* client and thief are both out */
        REFUSED(t[g].s, TA_ERR_REVOKED);
        EVENTS(0, 0);
    }
    app.store = before;
    REFRESH(t[LONG].s, TA_OK);
}

static void test_step_13_replay_far_behind(void)
{
    static const uint32_t gens[] = { 0x80000000, 0x80000005, 0x80000006, 0xFFFFFFFD };
    size_t i;
    for (i = 0; i < sizeof gens / sizeof gens[0]; i++) {
        ta_record r;
        app_new();
        app.cfg.allow_ahead = 255;
        app_init();
        r = own_record(3, "alice");
        r.gen = gens[i];
        own_put(&r, "");
        REFRESH(own_token(3, 0), TA_ERR_REPLAY);
        own_put(&r, "");
        REFRESH(own_token(3, gens[i] - 2), TA_ERR_REPLAY);
    }
}

/* ---- step 14: ahead ---------------------------------------------------------------------- */

static void test_step_14_a_token_ahead_of_the_store_revokes(void)
{
    fake_store before;
    fake_text t, ahead;
    ta_record r;
    app_new();
    t = SESSION("alice");
    t = ROTATE(t.s);
    before = app.store;
    ahead = ROTATE(t.s);
    app.store = before;                         /* the store lost that write */
    REFRESH(ahead.s, TA_ERR_AHEAD);
    EVENTS(TA_EVENT_AHEAD, 0);
    CHECK_STR(app.event[0].session.subject, "alice");
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.state, 1);
    REFUSED(t.s, TA_ERR_REVOKED);               /* the older chain, perhaps a thief's, is over too */

    app.store = before;                         /* in the window of what the store still knows */
    app.now -= 10;
    REFRESH(ahead.s, TA_ERR_AHEAD);
}

static void test_step_14_allow_ahead_to_the_generation(void)
{
    static const uint8_t allow[] = { 0, 1, 3, 255 };
    size_t i;
    for (i = 0; i < sizeof allow / sizeof allow[0]; i++) {
        uint32_t most = allow[i];
        ta_record r, after;
        app_new();
        app.cfg.allow_ahead = allow[i];
        app_init();
        r = own_record(3, "alice");
        own_put(&r, "");
        REFRESH(own_token(3, 5 + most + 1), TA_ERR_AHEAD);
        EVENTS(TA_EVENT_AHEAD, 0);
        if (most == 0) continue;
        own_put(&r, "");
        REFRESH(own_token(3, 5 + most), TA_OK);
        EVENTS(TA_EVENT_ROLLBACK, 0);
        CHECK_STR(app.event[0].session.subject, "alice");
        CHECK_EQ(app.event[0].session.last_used, app.now);      /* as it is from now on */
        CHECK_STR(app.pair.refresh, own_token(3, 5 + most + 1));
        CHECK(app_record(own_token(3, 0), &after));
        CHECK_EQ(after.gen, 5 + most + 1);
        CHECK_EQ(after.ver, r.ver + 1);
        CHECK_EQ(after.rotated_at, app.now);
        HANDED(own_token(3, 5 + most), own_token(3, 5 + most + 1));
        app.now += 10;
        REFRESH(own_token(3, 5), TA_ERR_REPLAY);    /* the chain that the store had kept */
    }
}

/* Ahead is decided before the window: rec.gen must not be handed to a token that is newer. */
static void test_step_14_within_the_window(void)
{
    ta_record r;
    app_new();
    app.cfg.allow_ahead = 1;
    app_init();
    r = own_record(3, "alice");
    r.rotated_at = app.now;
    own_put(&r, "");
    REFRESH(own_token(3, 6), TA_OK);
    CHECK_STR(app.pair.refresh, own_token(3, 7));
    own_put(&r, "");
    REFRESH(own_token(3, 7), TA_ERR_AHEAD);
}

/* 64 bits: the far future is not the past. */
static void test_step_14_far_ahead(void)
{
    static const uint32_t gens[] = { 0x80000000, 0x80000005, 0x80000006, 0xFFFFFFFF, 261 };
    size_t i;
    for (i = 0; i < sizeof gens / sizeof gens[0]; i++) {
        ta_record r;
        app_new();
        app.cfg.allow_ahead = 255;
        app_init();
        r = own_record(3, "alice");
        own_put(&r, "");
        REFRESH(own_token(3, gens[i]), TA_ERR_AHEAD);
    }
}

/* ---- step 15: the swap ------------------------------------------------------------------- */

static void test_step_15_each_failing_draw_leaves_the_session_as_it_was(void)
{
    long k;
    for (k = 1; k < 20; k++) {
        ta_record r0, r1;
        fake_text t;
        app_new();
        t = SESSION("alice");
        CHECK(app_record(t.s, &r0));
        app.now += 10;
        app.random_fail = app.randoms + k;
        if (ta_refresh(&app.auth, t.s, 50, app.now, NULL, &app.pair) == TA_OK) break;
        app.random_fail = app.randoms + k;
        REFRESH(t.s, TA_ERR_RANDOM);
        CHECK_EQ(app.store.count[FAKE_CAS], 1);         /* the login's */
        CHECK(app_record(t.s, &r1));
        CHECK_BYTES(&r1, &r0, sizeof r1);
        app.random_fail = 0;
        REFRESH(t.s, TA_OK);
    }
    CHECK(k > 1 && k < 20);
}

/* Trap: the rotation is committed, and then the new access token does not fit. */
static void test_trap_token_that_does_not_fit_leaves_the_session_as_it_was(void)
{
    size_t n, fit = 0, full = 0;
    ta_record r0, r1;
    fake_text t;
    app_new();
    app_user(NULL, NULL, TA_OK);
    t = SESSION("alice");
    for (n = 300; n < 560; n++) {
        char *more = claim_of(n);
        app_user(NULL, more, TA_OK);
        app.now += 10;
        CHECK(app_record(t.s, &r0));
        if (ta_refresh(&app.auth, t.s, 50, app.now, NULL, &app.pair) == TA_OK) {
            fit++;
            CHECK_EQ(full, 0);
            CHECK(app.pair.access_len < TA_ACCESS_CAP);
            t = kept(app.pair.refresh);
        } else {
            long cas = app.store.count[FAKE_CAS];
            full++;
            REFRESH(t.s, TA_ERR_SPACE);
            CHECK_EQ(app.store.count[FAKE_CAS], cas);
            CHECK(app_record(t.s, &r1));
            CHECK_BYTES(&r1, &r0, sizeof r1);
        }
        free(more);
    }
    CHECK(fit > 10 && full > 10);
    app_user(NULL, NULL, TA_OK);
    REFRESH(t.s, TA_OK);
}

static void test_step_15_claims_of_the_hook(void)
{
    ta_jwt jwt;
    char buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    size_t i;
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.now += 10;
    for (i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        long cas = app.store.count[FAKE_CAS];
        app_user(NULL, taken[i], TA_OK);
        REFRESH(t.s, TA_ERR_DUPLICATE);
        CHECK_EQ(app.store.count[FAKE_CAS], cas);
    }
    app_user(NULL, "{", TA_OK);
    REFRESH(t.s, TA_ERR_JSON);
    app_user(NULL, "[]", TA_OK);
    REFRESH(t.s, TA_ERR_JSON);
    CHECK_EQ(app.store.writes, 1);
    app_user(NULL, "{\"roles\":[\"admin\"]}", TA_OK);
    REFRESH(t.s, TA_OK);
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf,
                      &jwt), TA_OK);
    CHECK(ta_json_has(ta_json_at(jwt.claims, "roles"), "admin", 5));
    CHECK(ta_json_equals(jwt.sub, "alice", 5));
    HANDED(t.s, app.pair.refresh);              /* in the window they are asked for again */
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf,
                      &jwt), TA_OK);
    CHECK(ta_json_has(ta_json_at(jwt.claims, "roles"), "admin", 5));
}

static void test_step_15_seven_conflicts_are_nothing_eight_are_busy(void)
{
    long n;
    for (n = 1; n <= 9; n++) {
        ta_record r;
        fake_text t;
        app_new();
        app_user(NULL, NULL, TA_OK);
        t = SESSION("alice");
        app.now += 10;
        fake_fail(&app.store, FAKE_CAS, 1, n, TA_ERR_CONFLICT, false);
        REFRESH(t.s, n < 8 ? TA_OK : TA_ERR_BUSY);
        CHECK_EQ(app.user_calls, 1);            /* the hook is asked in the first round only */
        EVENTS(0, 0);
        CHECK(app_record(t.s, &r));
        CHECK_EQ(r.gen, n < 8);
        if (n >= 8) CHECK_EQ(app.store.count[FAKE_CAS], 1 + 8);
        app.store.faults = 0;
        REFRESH(t.s, TA_OK);
        CHECK_EQ(naive_read(app.pair.refresh).gen, 1);
    }
}

/* The answer of the swap is lost; it is read again whether it was carried out. */
static void test_step_15_unknown_outcome_is_resolved_by_reading(void)
{
    int applied;
    for (applied = 0; applied <= 1; applied++) {
        ta_record r;
        fake_text t, next;
        app_new();
        t = SESSION("alice");
        app.now += 10;
        app.opts.retry_key = "0123456789abcdef";
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, applied != 0);
        REFRESH(t.s, TA_OK);
        EVENTS(0, 0);                           /* its own write is no other tab's */
        next = kept(app.pair.refresh);
        CHECK_EQ(app.store.writes, 2);
        CHECK(app_record(t.s, &r));
        CHECK_EQ(r.gen, 1);
        CHECK_STR(next.s, naive_other_gen(t.s, 1));
        HANDED(t.s, next.s);
    }
}

/* Whatever a swap says but OK, CONFLICT (and FULL for an insert) is an unknown outcome. */
static void test_step_15_odd_answers_of_a_swap_are_unknown_outcomes(void)
{
    static const int odd[] = { -60, -63, -64, -61, -14, -1, -5, -42, 1, 7 };
    size_t i;
    int applied;
    for (i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        for (applied = 0; applied <= 1; applied++) {
            fake_text t;
            app_new();
            t = SESSION("alice");
            app.now += 10;
            fake_fail(&app.store, FAKE_CAS, 1, 1, (ta_status)odd[i], applied != 0);
            REFRESH(t.s, TA_OK);
            CHECK_EQ(naive_read(app.pair.refresh).gen, 1);
            app.now += 10;
            app.store.faults = 0;
            fake_fail(&app.store, FAKE_CAS, 1, 8, (ta_status)odd[i], false);
            REFRESH(kept(app.pair.refresh).s, TA_ERR_STORE);
        }
    }
}

static void test_step_15_a_second_store_error_is_one(void)
{
    ta_record r;
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.now += 10;
    fake_fail(&app.store, FAKE_CAS, 1, 2, TA_ERR_STORE, false);
    REFRESH(t.s, TA_ERR_STORE);
    EVENTS(0, 0);
    CHECK_EQ(app.store.count[FAKE_CAS], 1 + 2);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.gen, 0);
    REFRESH(t.s, TA_OK);                        /* harmless: the same token once more */

    app_new();                                  /* applied, but it cannot be read again */
    t = SESSION("alice");
    app.now += 10;
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
    fake_fail(&app.store, FAKE_GET, 3, 1, TA_ERR_STORE, false);
    REFRESH(t.s, TA_ERR_STORE);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.gen, 1);
    HANDED(t.s, naive_other_gen(t.s, 1));       /* harmless: the window is open for it */

    app_new();                                  /* STORE, a conflict between, STORE: two are two */
    t = SESSION("alice");
    app.now += 10;
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
    fake_fail(&app.store, FAKE_CAS, 2, 1, TA_ERR_CONFLICT, false);
    fake_fail(&app.store, FAKE_CAS, 3, 1, TA_ERR_STORE, false);
    REFRESH(t.s, TA_ERR_STORE);
}

/* A record packs times as seconds after its creation: a clock set back to before that must not make
   the engine take its own write for somebody else's.                                            */
static void test_step_15_unknown_outcome_with_a_clock_before_the_sessions_birth(void)
{
    fake_text t, next;
    app_new();
    t = SESSION("alice");
    app.now -= 5000;
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
    REFRESH(t.s, TA_OK);
    EVENTS(0, 0);
    next = kept(app.pair.refresh);
    CHECK_EQ(naive_read(next.s).gen, 1);
    CHECK_EQ(app.store.writes, 2);
}

static const char *other_token;                 /* what the one who acts meanwhile holds */
static ta_status   other_status;
static ta_pair     other_pair;
static void other_refreshes(void)
{
    other_status = ta_refresh(&app.auth, other_token, strlen(other_token), app.now, NULL, &other_pair);
    app.events = 0;
}
static void other_logs_the_others_out(void)
{
    other_status = ta_logout_others(&app.auth, other_token, strlen(other_token), app.now, NULL);
    app.events = 0;
}
static int64_t other_now;
static void other_refreshes_by_its_clock(void)
{
    other_status = ta_refresh(&app.auth, other_token, strlen(other_token), other_now, NULL, &other_pair);
    app.events = 0;
}
static void other_logs_out(void)
{
    other_status = ta_logout(&app.auth, other_token, strlen(other_token), app.now);
}
static void other_logs_out_all(void)
{
    other_status = ta_logout_all(&app.auth, "alice", app.now);
    app.events = 0;
}

/* After an unknown outcome somebody else's write is not taken for one's own. */
static void test_step_15_unknown_outcome_and_another_client_in_between(void)
{
    int skew;
    fake_text t;
    for (skew = 0; skew <= 1; skew++) {         /* 0: both would have written the very same bytes */
        app_new();
        t = SESSION("alice");
        app.now += 10;
        other_token = t.s;
        other_now = app.now + skew;
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
        fake_meanwhile(&app.store, 4, other_refreshes_by_its_clock);    /* get, get, cas, here */
        REFRESH(t.s, TA_OK);
        CHECK_ST(other_status, TA_OK);
        CHECK_STR(app.pair.refresh, other_pair.refresh);
        CHECK_EQ(app.store.writes, 2);
        if (skew == 1) EVENTS(TA_EVENT_WINDOW, 0);
    }

    app_new();
    t = SESSION("alice");
    app.now += 10;
    other_token = t.s;
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
    fake_meanwhile(&app.store, 4, other_logs_out);
    REFRESH(t.s, TA_ERR_ENDED);                 /* applied, and logged out before it was read again */
    CHECK_ST(other_status, TA_OK);
}

/* The swap seemed lost and arrives while the refresh tries again: still one successor. */
static void test_step_15_write_that_arrives_late(void)
{
    long at;
    for (at = 4; at <= 9; at++) {
        fake_text t, next;
        ta_record r;
        app_new();
        t = SESSION("alice");
        app.now += 10;
        app.opts.retry_key = "0123456789abcdef";
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
        fake_meanwhile(&app.store, at, late_write);
        REFRESH(t.s, TA_OK);
        if (app.store.meanwhile != NULL) break;
        next = kept(app.pair.refresh);
        CHECK_STR(next.s, naive_other_gen(t.s, 1));
        CHECK(app_record(t.s, &r));
        CHECK_EQ(r.gen, 1);
        app.store.faults = 0;
        HANDED(t.s, next.s);
    }
    CHECK(at > 6 && at <= 9);
}

/* The revocation seemed lost and arrives while the refresh tries again: it is told once, as what it is. */
static void test_step_15_revocation_that_arrives_late(void)
{
    int ahead;
    for (ahead = 0; ahead <= 1; ahead++) {
        ta_status want = ahead ? TA_ERR_AHEAD : TA_ERR_REPLAY;
        long at;
        for (at = 4; at <= 9; at++) {
            fake_store before;
            fake_text bad, t;
            ta_record r;
            uint32_t version;
            app_new();
            bad = SESSION("alice");
            before = app.store;
            t = ROTATE(ROTATE(bad.s).s);
            if (ahead) { app.store = before; bad = t; }
            CHECK(app_record(bad.s, &r));
            version = r.ver;
            fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
            fake_meanwhile(&app.store, at, late_write);
            REFRESH(bad.s, want);
            EVENTS(ahead ? TA_EVENT_AHEAD : TA_EVENT_REPLAY, 0);
            CHECK(app_record(bad.s, &r));
            CHECK_EQ(r.state, 1);
            CHECK_EQ(r.ver, version + 1);               /* written once */
            if (app.store.meanwhile != NULL) break;
            app.store.faults = 0;
            REFUSED(bad.s, TA_ERR_REVOKED);
            EVENTS(0, 0);
        }
        CHECK(at > 6 && at <= 9);
    }
}

/* ---- the traps --------------------------------------------------------------------------- */

static void other_revokes(void)                 /* the same generation, another version */
{
    ta_record r;
    naive_parts p = naive_read(other_token);
    if (!fake_read(&app.store, p.id, &r)) return;
    r.state = 1;
    r.ver++;
    fake_put(&app.store, &r);
}

/* Somebody else was faster: he was told of the replay, and here nothing was done. */
static void test_revocation_that_another_was_faster_with(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    (void)ROTATE(ROTATE(t.s).s);
    other_token = t.s;
    fake_meanwhile(&app.store, 3, other_revokes);
    REFRESH(t.s, TA_ERR_REVOKED);
    EVENTS(0, 0);
}

/* Trap: a swap that compares the generation does not see a change that leaves it as it is. */
static void test_trap_swap_on_generation(void)
{
    long at;
    for (at = 1; at <= 3; at++) {
        ta_record r;
        fake_text t;
        app_new();
        t = SESSION("alice");
        app.now += 10;
        other_token = t.s;
        fake_meanwhile(&app.store, at, other_revokes);
        REFRESH(t.s, TA_ERR_REVOKED);
        CHECK(app_record(t.s, &r));
        CHECK_EQ(r.state, 1);
        CHECK_EQ(r.gen, 0);
    }
}

/* Trap: two tabs refresh at once, one loses the swap, and that is taken for a replay. */
static void test_trap_lost_swap_taken_for_a_replay(void)
{
    long at;
    int skew;
    for (skew = -9; skew <= 9; skew += 9) {
        for (at = 1; at <= 3; at++) {
            fake_text t;
            app_new();
            t = SESSION("alice");
            app.now += 20;
            other_token = t.s;
            fake_meanwhile(&app.store, at, other_refreshes);
            app.now += skew;                    /* the two servers' clocks differ */
            {
                int64_t mine = app.now;
                app.now = mine;
                REFRESH(t.s, TA_OK);
            }
            CHECK_ST(other_status, TA_OK);
            CHECK_STR(app.pair.refresh, other_pair.refresh);
            CHECK_EQ(naive_read(app.pair.refresh).gen, 1);
            CHECK_EQ(app.store.writes, 2);      /* the login and one rotation */
        }
    }
}

static void test_two_servers_whose_clocks_differ_by_less_than_the_window(void)
{
    int skew;
    for (skew = -9; skew <= 9; skew++) {
        fake_text t;
        app_new();
        t = SESSION("alice");
        app.now += 30;
        other_token = t.s;
        other_now = app.now + skew;
        fake_meanwhile(&app.store, 3, other_refreshes_by_its_clock);
        REFRESH(t.s, TA_OK);
        CHECK_ST(other_status, TA_OK);
        CHECK_STR(app.pair.refresh, other_pair.refresh);
    }
}

/* Trap: two good answers in the window, two successors. */
static void test_trap_fork_in_the_window(void)
{
    fake_text t0, t1;
    ta_record r;
    int i;
    app_new();
    t0 = SESSION("alice");
    t1 = ROTATE(t0.s);
    for (i = 0; i < 10; i++) {
        HANDED(t0.s, t1.s);
        HANDED(t1.s, t1.s);
        app.now += i < 9;
    }
    CHECK(app_record(t0.s, &r));
    CHECK_EQ(r.gen, 1);
    CHECK_EQ(app.store.writes, 2);
}

/* Trap: each answer in the window opens it anew. */
static void test_trap_window_that_slides(void)
{
    fake_text t0, t1;
    int64_t at;
    app_new();
    t0 = SESSION("alice");
    t1 = ROTATE(t0.s);
    at = app.now;
    while (app.now + 3 < at + 10) {
        app.now += 3;
        HANDED(t0.s, t1.s);
        HANDED(t1.s, t1.s);
    }
    app.now = at + 10;
    REFRESH(t0.s, TA_ERR_REPLAY);
}

/* Trap: the thief refreshes faster than the window, so that every old token of the victim is "only
   just" old. Measured from the last rotation he would never be found.                          */
static void test_trap_window_that_rotations_hold_open(void)
{
    static const int pace[] = { 1, 3, 9, 10, 11, 25 };
    size_t i;
    for (i = 0; i < sizeof pace / sizeof pace[0]; i++) {
        fake_text victim, thief;
        int64_t until;
        int k;
        app_new();
        victim = SESSION("alice");
        victim = ROTATE(victim.s);
        thief = victim;                         /* stolen */
        app.now += 10;
        until = app.now + 60;
        for (k = 0; app.now < until; k++) {
            REFRESH(thief.s, TA_OK);
            thief = kept(app.pair.refresh);
            app.now += pace[i];
        }
        CHECK(naive_read(thief.s).gen >= naive_read(victim.s).gen + 2);
        REFRESH(victim.s, TA_ERR_REPLAY);       /* the victim comes back after its minute */
        REFUSED(thief.s, TA_ERR_REVOKED);
    }
}

/* Trap: |now - rotated_at| computed as max(0, now - rotated_at): a clock set back opens the window. */
static void test_trap_ages_clamped_to_0(void)
{
    static const int back[] = { 10, 11, 100, 3600, 400000 };
    size_t i;
    for (i = 0; i < sizeof back / sizeof back[0]; i++) {
        fake_text t0, t1;
        app_new();
        t0 = SESSION("alice");
        app.now += 1000000;
        t1 = ROTATE(t0.s);
        app.now -= back[i];
        REFRESH(t0.s, TA_ERR_REPLAY);
        REFUSED(t1.s, TA_ERR_REVOKED);
    }
}

/* A clock set back, then right again: nothing is lost, each token is spent once. */
static void test_clock_set_back_rotates_and_goes_on(void)
{
    fake_text t0, t1, t2;
    app_new();
    t0 = SESSION("alice");
    app.now += 1000;
    REFRESH(t0.s, TA_OK);
    t1 = kept(app.pair.refresh);
    app.now -= 500;
    REFRESH(t1.s, TA_OK);
    t2 = kept(app.pair.refresh);
    CHECK_EQ(naive_read(t2.s).gen, 2);
    CHECK_EQ(app.pair.refresh_s, 14 * FAKE_DAY);
    HANDED(t1.s, t2.s);                         /* its window is where the clock was */
    app.now += 500;
    REFRESH(t1.s, TA_ERR_REPLAY);
    REFUSED(t2.s, TA_ERR_REVOKED);
}

static void test_clock_before_the_sessions_birth(void)
{
    fake_text t;
    ta_record r;
    int i;
    app_new();
    t = SESSION("alice");
    app.now -= 100000;
    for (i = 1; i < 4; i++) {                   /* a session from the future is a session */
        REFRESH(t.s, TA_OK);
        CHECK_EQ(naive_read(app.pair.refresh).gen, i);
        t = kept(app.pair.refresh);
        CHECK(app_record(t.s, &r));
        CHECK(r.rotated_at == app.now || r.rotated_at == r.created);
        app.now += 10;
    }
}

/* Trap: a late failure deletes the cookie that another tab's fresh login has just set. */
static void test_trap_deletion_that_hits_another_logins_cookie(void)
{
    ta_cookie cookie = TA_ZERO;
    char header[TA_COOKIE_CAP];
    size_t n, i;
    ta_record r;
    fake_text t[5];
    app_new();
    cookie.name = "__Host-refresh";
    t[0] = SESSION("alice");                    /* REPLAY */
    (void)ROTATE(ROTATE(t[0].s).s);
    t[1] = SESSION("alice");                    /* LOGGED_OUT, by a session of another epoch */
    CHECK(app_record(t[1].s, &r));
    r.epoch = 5;
    fake_put(&app.store, &r);
    t[2] = SESSION("alice");                    /* ENDED */
    CHECK_ST(ta_logout(&app.auth, t[2].s, 50, app.now), TA_OK);
    t[3] = t[2];                                /* INVALID */
    t[3].s[30] = t[3].s[30] == 'A' ? 'B' : 'A';
    t[4] = SESSION("alice");                    /* REVOKED */
    other_token = t[4].s;
    other_revokes();
    for (i = 0; i < 5; i++) {
        CHECK(ta_refresh(&app.auth, t[i].s, 50, app.now, NULL, &app.pair) != TA_OK);
        CHECK_EQ(app.pair.client, TA_CLIENT_LOGIN);
        header[0] = 'x';
        CHECK_ST(ta_cookie_put(&cookie, &app.pair, header, sizeof header, &n), TA_OK);
        CHECK_EQ(n, 0);
        CHECK_STR(header, "");
    }
}

/* A late logout of the old token must not end what the new login opened. */
static void test_trap_logout_of_an_old_token_leaves_another_login_alone(void)
{
    fake_text old, fresh;
    app_new();
    old = SESSION("alice");
    fresh = SESSION("alice");
    CHECK_ST(ta_logout(&app.auth, old.s, 50, app.now), TA_OK);
    CHECK_ST(ta_logout(&app.auth, old.s, 50, app.now), TA_OK);
    REFUSED(old.s, TA_ERR_ENDED);
    REFRESH(fresh.s, TA_OK);
}

/* Trap: the error page rolls the revocation back. It is in the store before the answer is known, by a
   swap of its own; and when the store cannot say so, nobody is told that it is done.           */
static void test_trap_revocation_rolled_back_with_the_request(void)
{
    int applied, ahead;
    for (ahead = 0; ahead <= 1; ahead++) {
        for (applied = 0; applied <= 1; applied++) {
            ta_status last = ahead ? TA_ERR_AHEAD : TA_ERR_REPLAY;
            fake_store before;
            fake_text t0, t1, bad;
            ta_record r;
            app_new();
            t0 = SESSION("alice");
            t1 = ROTATE(t0.s);
            before = app.store;
            bad = ROTATE(t1.s);
            if (ahead) app.store = before; else bad = t0;

            fake_fail(&app.store, FAKE_CAS, 1, 2, TA_ERR_STORE, false);
            REFRESH(bad.s, TA_ERR_STORE);       /* not written: not said */
            EVENTS(0, 0);
            CHECK(app_record(t0.s, &r));
            CHECK_EQ(r.state, 0);

            app.store.faults = 0;
            fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, applied != 0);
            REFRESH(bad.s, last);               /* resolved by reading, as a rotation is */
            EVENTS(ahead ? TA_EVENT_AHEAD : TA_EVENT_REPLAY, 0);
            CHECK(app_record(t0.s, &r));
            CHECK_EQ(r.state, 1);
        }
    }
}

/* The revocation loses its swap to a rotation, again and again: then it is not said to be done. */
static void test_revocation_and_conflicts(void)
{
    long n;
    for (n = 1; n <= 8; n++) {
        fake_text t0, t2;
        ta_record r;
        app_new();
        t0 = SESSION("alice");
        t2 = ROTATE(ROTATE(t0.s).s);
        fake_fail(&app.store, FAKE_CAS, 1, n, TA_ERR_CONFLICT, false);
        REFRESH(t0.s, n < 8 ? TA_ERR_REPLAY : TA_ERR_BUSY);
        CHECK(app_record(t2.s, &r));
        CHECK_EQ(r.state, n < 8);
    }
}

/* The thief's rotation and the victim's replay meet: the replay wins in the end. */
static void test_replay_while_the_thief_rotates(void)
{
    long at;
    for (at = 1; at <= 3; at++) {
        fake_text t0, t2;
        app_new();
        t0 = SESSION("alice");
        t2 = ROTATE(ROTATE(t0.s).s);
        app.now += 10;
        other_token = t2.s;
        fake_meanwhile(&app.store, at, other_refreshes);
        REFRESH(t0.s, TA_ERR_REPLAY);
        CHECK_ST(other_status, TA_OK);
        REFUSED(other_pair.refresh, TA_ERR_REVOKED);
    }
}

/* A logout or a logout everywhere in the middle of a refresh: what was granted is dead, too. */
static void test_refresh_while_the_user_logs_out(void)
{
    long at;
    int all;
    for (all = 0; all <= 1; all++) {
        for (at = 1; at <= 4; at++) {
            fake_text t;
            ta_status st;
            app_new();
            t = SESSION("alice");
            app.now += 10;
            other_token = t.s;
            fake_meanwhile(&app.store, at, all ? other_logs_out_all : other_logs_out);
            st = ta_refresh(&app.auth, t.s, 50, app.now, NULL, &app.pair);
            if (app.store.meanwhile != NULL) break;     /* it had fewer calls than that */
            CHECK_ST(other_status, TA_OK);
            if (st == TA_OK) {
                fake_text mine = kept(app.pair.refresh);
                st = ta_refresh(&app.auth, mine.s, 50, app.now, NULL, &app.pair);
            }
            CHECK(st == TA_ERR_ENDED || st == TA_ERR_LOGGED_OUT);
            CHECK(ta_refresh(&app.auth, t.s, 50, app.now, NULL, &app.pair) != TA_OK);
        }
        CHECK(at > 3);
    }
}

/* Another device logs all others out in the middle of a refresh: what was granted is dead, too. The same
   from another tab of the same session: then the session goes on.                               */
static void test_refresh_while_the_others_are_logged_out(void)
{
    int same, nolist;
    for (same = 0; same <= 1; same++) {
        for (nolist = 0; nolist <= 1; nolist++) {
            long at;
            for (at = 1; at <= 4; at++) {
                fake_text t, u;
                ta_status st;
                app_new();
                if (nolist) app.cfg.store.list = NULL;
                app_init();
                t = SESSION("alice");
                u = SESSION("alice");
                app.now += 10;
                other_token = same ? t.s : u.s;
                fake_meanwhile(&app.store, at, other_logs_the_others_out);
                st = ta_refresh(&app.auth, t.s, 50, app.now, NULL, &app.pair);
                if (app.store.meanwhile != NULL) break;
                CHECK_ST(other_status, TA_OK);
                if (st == TA_OK) {
                    fake_text mine = kept(app.pair.refresh);
                    CHECK_EQ(naive_read(mine.s).gen, 1);
                    st = ta_refresh(&app.auth, mine.s, 50, app.now, NULL, &app.pair);
                    CHECK(same == (st == TA_OK));
                } else {
                    CHECK(!same);               /* his own session is not over, not even for a moment */
                    CHECK(st == TA_ERR_ENDED || st == TA_ERR_LOGGED_OUT);
                }
                st = ta_refresh(&app.auth, other_token, 50, app.now, NULL, &app.pair);
                CHECK_ST(st, TA_OK);
            }
            CHECK(at > 3);
        }
    }
}

/* Before "logged out" is said the record is looked at again: a third read, which may fail or find nothing. */
static void test_logged_out_is_said_after_a_second_look(void)
{
    fake_text t;
    app_new();
    app.cfg.store.list = NULL;                  /* so that the record stays */
    app_init();
    t = SESSION("alice");
    app.now += 10;
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    fake_fail(&app.store, FAKE_GET, 3, 1, TA_ERR_STORE, false);
    REFRESH(t.s, TA_ERR_STORE);
    fake_fail(&app.store, FAKE_GET, 3, 1, TA_ERR_NOT_FOUND, false);
    REFRESH(t.s, TA_ERR_LOGGED_OUT);
    REFRESH(t.s, TA_ERR_LOGGED_OUT);
}

/* ---- ta_check ---------------------------------------------------------------------------- */

static ta_jwt check_jwt;
static char   check_buf[TA_JWT_BUF(TA_ACCESS_CAP)];

static void do_check(int line, const char *access, ta_status want, unsigned failed)
{
    char *in = (char *)exact_copy(access, strlen(access));
    ta_status st;
    memset(&check_jwt, 0xA5, sizeof check_jwt);
    st = ta_check(&app.auth, in, strlen(access), app.now, check_buf, sizeof check_buf, &check_jwt);
    free(in);
    if (st != want) {
        check_failed(__FILE__, line);
        printf("ta_check said %s, not %s\n", ta_status_name(st), ta_status_name(want));
    }
    CHECK_LINE(check_jwt.failed == failed);
    if (st != TA_OK) {
        ta_jwt rest = check_jwt;
        rest.failed = rest.failed_len = 0;
        rest.failed_name = NULL;
        CHECK_LINE(rest.header.text == NULL && rest.claims.text == NULL && rest.sub.text == NULL);
        CHECK_LINE(rest.exp == 0 && rest.iat == 0 && rest.sid.len == 0 && rest.jti.len == 0);
        if (failed != 0) CHECK_LINE(all_zero(check_buf, strlen(access) / 2));
    }
}
#define CHECK_ACCESS(access, want, failed) do_check(__LINE__, (access), (want), (failed))

/* An access token with the claims as given, signed with the access key. */
static const char *signed_by_us(const char *sub, const char *sid, const char *jti, int64_t iat,
                                const char *typ)
{
    static char out[TA_ACCESS_CAP];
    ta_claims c = TA_ZERO;
    size_t n;
    c.issuer = FAKE_ISSUER;
    c.audience = FAKE_AUDIENCE;
    c.subject = sub;
    c.session = sid;
    c.id = jti;
    c.issued_at = iat;
    c.expires_at = app.now + 100;
    c.typ = typ;
    CHECK_ST(ta_jwt_sign(&app.access[0], &c, out, sizeof out, &n), TA_OK);
    return out;
}

static void test_check_needs_neither_store_nor_refresh_keys(void)
{
    char access[TA_ACCESS_CAP];
    fake_text t;
    app_new();
    t = SESSION("alice");
    strcpy(access, app.pair.access);
    memset(&app.cfg.store, 0, sizeof app.cfg.store);
    app.cfg.refresh_keys = NULL;
    app.cfg.refresh_key_count = 0;
    app_init();
    app.store.calls = 0;
    CHECK_ACCESS(access, TA_OK, 0);
    CHECK(ta_json_equals(check_jwt.sub, "alice", 5));
    REFRESH(t.s, TA_ERR_CONFIG);                /* the others need both */
    LOGIN("alice", TA_ERR_CONFIG);
    CHECK_ST(ta_logout(&app.auth, t.s, 50, app.now), TA_ERR_CONFIG);
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_ERR_CONFIG);
    CHECK_EQ(app.store.calls, 0);
}

static void test_check_time_issuer_audience_and_typ(void)
{
    char access[TA_ACCESS_CAP];
    int64_t born;
    app_new();
    LOGIN("alice", TA_OK);
    strcpy(access, app.pair.access);
    born = app.now;
    app.now = born + 899;
    CHECK_ACCESS(access, TA_OK, 0);
    app.now = born + 900;
    CHECK_ACCESS(access, TA_ERR_EXPIRED, TA_FAILED_EXP);
    app.cfg.leeway_s = 30;
    app_init();
    app.now = born + 929;
    CHECK_ACCESS(access, TA_OK, 0);
    app.now = born + 930;
    CHECK_ACCESS(access, TA_ERR_EXPIRED, TA_FAILED_EXP);
    app.now = born;
    app.cfg.issuer = "https://id.example/";
    app_init();
    CHECK_ACCESS(access, TA_ERR_ISSUER, TA_FAILED_ISS);
    app.cfg.issuer = FAKE_ISSUER;
    app.cfg.audience = "https://other.example";
    app_init();
    CHECK_ACCESS(access, TA_ERR_AUDIENCE, TA_FAILED_AUD);
    app.cfg.audience = FAKE_AUDIENCE;
    app_init();
    CHECK_ACCESS(signed_by_us("alice", "x", "x", born, "at+jwt"), TA_OK, 0);
    CHECK_ACCESS(signed_by_us("alice", "x", "x", born, NULL), TA_ERR_TYP, TA_FAILED_TYP);
    CHECK_ACCESS(signed_by_us("alice", "x", "x", born, "mail+jwt"), TA_ERR_TYP, TA_FAILED_TYP);
    CHECK_ACCESS(app.pair.refresh, TA_ERR_FORMAT, 0);
    access[strlen(access) - 2] = access[strlen(access) - 2] == 'A' ? 'B' : 'A';
    CHECK_ACCESS(access, TA_ERR_SIGNATURE, 0);
}

static void test_check_without_sessions_asks_nobody(void)
{
    char access[TA_ACCESS_CAP];
    long calls;
    app_new();
    LOGIN("alice", TA_OK);
    strcpy(access, app.pair.access);
    CHECK_ST(ta_logout(&app.auth, app.pair.refresh, 50, app.now), TA_OK);
    calls = app.store.calls;
    CHECK_ACCESS(access, TA_OK, 0);
    CHECK_EQ(app.store.calls, calls);
}

static void test_check_deny_list(void)
{
    ta_deny deny;
    ta_deny_slot slots[2];
    char first[TA_ACCESS_CAP], second[TA_ACCESS_CAP];
    app_new();
    CHECK_ST(ta_deny_init(&deny, slots, 2), TA_OK);
    app.cfg.deny = &deny;
    app_init();
    LOGIN("alice", TA_OK);
    strcpy(first, app.pair.access);
    LOGIN("alice", TA_OK);
    strcpy(second, app.pair.access);
    CHECK_ACCESS(first, TA_OK, 0);
    CHECK_ST(ta_deny_add(&deny, &check_jwt, app.now), TA_OK);
    CHECK_ACCESS(first, TA_ERR_DENIED, TA_FAILED_DENIED);
    CHECK_ACCESS(second, TA_OK, 0);
    CHECK_ACCESS(signed_by_us("alice", "x", NULL, app.now, "at+jwt"), TA_ERR_MISSING,
                 TA_FAILED_REQUIRED);
    CHECK_ACCESS(signed_by_us("alice", "x", "x", 0, "at+jwt"), TA_ERR_MISSING, TA_FAILED_REQUIRED);
    ta_deny_before(&deny, app.now + 1);
    CHECK_ACCESS(second, TA_ERR_DENIED, TA_FAILED_DENIED);
    app.now += 1;
    LOGIN("alice", TA_OK);
    CHECK_ACCESS(app.pair.access, TA_OK, 0);
}

static void test_check_sessions_makes_a_logout_work_at_once(void)
{
    char access[TA_ACCESS_CAP];
    fake_text t;
    ta_record r;
    app_new();
    app.cfg.check_sessions = true;
    app_init();
    t = SESSION("alice");
    strcpy(access, app.pair.access);
    CHECK_ACCESS(access, TA_OK, 0);
    CHECK_EQ(app.store.writes, 1);              /* it reads, and writes nothing */

    CHECK(app_record(t.s, &r));
    r.state = 1;
    fake_put(&app.store, &r);
    CHECK_ACCESS(access, TA_ERR_REVOKED, TA_FAILED_SESSION);
    r.state = 0;
    r.idle_until = app.now;
    fake_put(&app.store, &r);
    CHECK_ACCESS(access, TA_ERR_IDLE, TA_FAILED_SESSION);
    r.idle_until = app.now + 1000;
    r.ends_at = app.now;
    fake_put(&app.store, &r);
    CHECK_ACCESS(access, TA_ERR_EXPIRED, TA_FAILED_SESSION);
    r.ends_at = app.now + 1000;
    r.epoch = 9;
    fake_put(&app.store, &r);
    CHECK_ACCESS(access, TA_ERR_LOGGED_OUT, TA_FAILED_SESSION);
    r.epoch = 0;
    fake_put(&app.store, &r);
    CHECK_ACCESS(access, TA_OK, 0);
    app.cfg.sessions_not_before = app.now + 1;
    app_init();
    CHECK_ACCESS(access, TA_ERR_ENDED, TA_FAILED_SESSION);
    app.cfg.sessions_not_before = 0;
    app_init();
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    fake_put(&app.store, &r);                   /* although the record is still there */
    CHECK_ACCESS(access, TA_ERR_LOGGED_OUT, TA_FAILED_SESSION);

    t = SESSION("alice");
    strcpy(access, app.pair.access);
    CHECK_ACCESS(access, TA_OK, 0);
    CHECK_ST(ta_logout(&app.auth, t.s, 50, app.now), TA_OK);
    CHECK_ACCESS(access, TA_ERR_ENDED, TA_FAILED_SESSION);
}

static void test_check_sessions_refuses_on_a_store_error(void)
{
    char access[TA_ACCESS_CAP];
    long nth;
    app_new();
    app.cfg.check_sessions = true;
    app_init();
    LOGIN("alice", TA_OK);
    strcpy(access, app.pair.access);
    for (nth = 1; nth <= 2; nth++) {
        app.store.faults = 0;
        fake_fail(&app.store, FAKE_GET, nth, 1, TA_ERR_STORE, false);
        CHECK_ACCESS(access, TA_ERR_STORE, TA_FAILED_SESSION);
        app.store.faults = 0;
        fake_fail(&app.store, FAKE_GET, nth, 1, (ta_status)7, false);
        CHECK_ACCESS(access, TA_ERR_STORE, TA_FAILED_SESSION);
    }
    app.store.faults = 0;
    fake_forge(&app.store, 1, forge_mark);      /* a mark where a session should be is no session */
    CHECK_ACCESS(access, TA_ERR_ENDED, TA_FAILED_SESSION);
    app.store.faults = 0;
    fake_forge(&app.store, 1, forge_id);
    CHECK_ACCESS(access, TA_ERR_STORE, TA_FAILED_SESSION);
    app.store.faults = 0;
    fake_forge(&app.store, 2, forge_session);   /* there was no mark; what comes instead is none */
    CHECK_ACCESS(access, TA_ERR_STORE, TA_FAILED_SESSION);
    app.store.faults = 0;
    CHECK_ACCESS(access, TA_OK, 0);
}

static void not_let_in(const char *sub, const char *sid)
{
    const char *tok = signed_by_us(sub, sid, "x", app.now, "at+jwt");
    CHECK(ta_check(&app.auth, tok, strlen(tok), app.now, check_buf, sizeof check_buf,
                   &check_jwt) != TA_OK);
    CHECK(check_jwt.failed != 0);
    CHECK_EQ(check_jwt.claims.len, 0);
}

/* A token whose sid is another's session, is no sid, or is missing. */
static void test_check_sessions_and_a_foreign_sid(void)
{
    static const char *const odd[] = {
        "x", "", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAA+" };
    size_t i;
    char sid[TA_SID_CAP];
    app_new();
    app.cfg.check_sessions = true;
    app_init();
    LOGIN("alice", TA_OK);
    strcpy(sid, app.pair.sid);
    CHECK_ACCESS(signed_by_us("alice", sid, "x", app.now, "at+jwt"), TA_OK, 0);
    for (i = 0; i < sizeof odd / sizeof odd[0]; i++) not_let_in("alice", odd[i]);
    not_let_in("alice", NULL);
    not_let_in("mallory", sid);
    not_let_in("alic", sid);
    not_let_in("alice2", sid);
    not_let_in("", sid);
    not_let_in(NULL, sid);
}

/* The token was refused for its time already: then the store is not asked. */
static void test_check_sessions_asks_the_store_last(void)
{
    char access[TA_ACCESS_CAP];
    long calls;
    app_new();
    app.cfg.check_sessions = true;
    app_init();
    LOGIN("alice", TA_OK);
    strcpy(access, app.pair.access);
    app.now += 900;
    calls = app.store.calls;
    CHECK_ACCESS(access, TA_ERR_EXPIRED, TA_FAILED_EXP);
    access[20] ^= 1;
    CHECK(ta_check(&app.auth, access, strlen(access), app.now, check_buf, sizeof check_buf,
                   &check_jwt) != TA_OK);
    CHECK_EQ(app.store.calls, calls);
}

/* Whoever says a name twice in his token is at fault himself: it must not look like a fault of the server. */
static void test_check_of_a_name_twice_is_the_clients_fault(void)
{
    static const char token[] = "eyJhbGciOiJIUzI1NiIsImFsZyI6IkhTMjU2In0.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    app_new();
    CHECK_ACCESS(token, TA_ERR_JSON, 0);
    CHECK_EQ(ta_http_code(TA_ERR_JSON), 401);
}

/* In place, with the token as its own buffer. */
static void test_check_in_place(void)
{
    char token[TA_ACCESS_CAP];
    app_new();
    app.cfg.check_sessions = true;
    app_init();
    LOGIN("alice", TA_OK);
    strcpy(token, app.pair.access);
    CHECK_ST(ta_check(&app.auth, token, strlen(token), app.now, token, sizeof token, &check_jwt), TA_OK);
    CHECK(ta_json_equals(check_jwt.sub, "alice", 5));
}

/* ---- the model ------------------------------------------------------------------------------

   Clients refresh, lose answers and retry; a thief copies what they hold; old tokens come back at
   random; clocks jump; swaps conflict, fail and lose their answers; the store is put back to an
   earlier copy. The model keeps for each session what the protocol says, in plain variables, and
   foretells each result. Every token ever issued can be made again, so "remembers all of them" is
   the first token of each session and how far it got.                                          */

enum { M_SESSIONS = 60, M_USERS = 3, M_CLIENTS = 8, M_WINDOW = 10, M_RETRY = 100, M_IDLE = 1000,
       M_ABSOLUTE = 4000 };

typedef struct m_session {
    bool     there, revoked, logged_out;        /* logged_out: and that was acknowledged */
    int      user;
    uint32_t gen, epoch;
    int64_t  created, rotated_at, idle_until, ends_at;
    int      retry;                             /* number of the retry key, -1 none */
} m_session;

typedef struct m_client { int session; uint32_t gen; int retry; } m_client;

static struct {
    struct {                                    /* what a rollback takes back */
        m_session s[M_SESSIONS];
        uint32_t  epoch[M_USERS];
        int64_t   mark_ends[M_USERS];
    } w, saved;
    fake_row  saved_rows[FAKE_ROWS];
    bool      have_saved;
    fake_text first[M_SESSIONS];                /* what no rollback takes back: tokens are out there */
    uint32_t  issued[M_SESSIONS];
    int       sessions, keys;
    uint32_t  epochs;
    int64_t   latest;
    uint8_t   ahead;
    m_client  client[M_CLIENTS];                /* the last one is the thief */
    long      said[FAKE_STATUSES], handed_late, handed_window, lost;
} m;

static const char *const m_user[M_USERS] = { "alice", "bob", "carol" };

static const char *m_retry_key(int n)
{
    static char key[32];
    snprintf(key, sizeof key, "retry key %06d", n);
    return key;
}

/* Expired sessions go at the next login of their user, at the latest a day after; the model learns it
   from the store.                                                                              */
static void m_notice_sweeps(void)
{
    int i;
    ta_record r;
    for (i = 0; i < m.sessions; i++) {
        m_session *s = &m.w.s[i];
        int64_t end = s->idle_until < s->ends_at ? s->idle_until : s->ends_at;
        if (!s->there || app_record(m.first[i].s, &r)) continue;
        CHECK(end <= m.latest);
        s->there = false;
    }
    for (i = 0; i < M_USERS; i++) {
        if (m.w.epoch[i] == 0 || app_mark(m_user[i], &r)) continue;
        CHECK(m.w.mark_ends[i] + FAKE_DAY <= m.latest);
        m.w.epoch[i] = 0;
    }
}

/* What the store holds is what the model holds. */
static void m_compare(int i)
{
    const m_session *s = &m.w.s[i];
    ta_record r;
    bool there = app_record(m.first[i].s, &r);
    CHECK_EQ(there, s->there);
    if (!there || !s->there) return;
    CHECK_EQ(r.gen, s->gen);
    CHECK_EQ(r.state, s->revoked);
    CHECK_EQ(r.created, s->created);
    CHECK_EQ(r.rotated_at, s->rotated_at);
    /* an idle end beyond the absolute one may be kept as it is or cut */
    CHECK(r.idle_until == s->idle_until || (s->idle_until > s->ends_at && r.idle_until == s->ends_at));
    CHECK_EQ(r.ends_at, s->ends_at);
    CHECK_EQ((r.flags & 2) != 0, s->retry >= 0);
}

/* The protocol's steps 4 to 15 where nothing fails. *next is the session after a write. */
static ta_status m_foretell(const m_session *s, uint32_t gen, int retry, bool *marks, bool *writes,
                            m_session *next)
{
    int64_t d = (int64_t)s->gen - (int64_t)gen;
    int64_t age = app.now > s->rotated_at ? app.now - s->rotated_at : s->rotated_at - app.now;
    *next = *s;
    *marks = *writes = false;
    if (!s->there) return TA_ERR_ENDED;
    if (s->revoked) return TA_ERR_REVOKED;
    if (s->ends_at <= app.now) return TA_ERR_EXPIRED;
    if (s->idle_until <= app.now) return TA_ERR_IDLE;
    *marks = true;
    if (s->epoch != m.w.epoch[s->user]) return TA_ERR_LOGGED_OUT;
    if ((d == 0 || d == 1) && age < M_WINDOW) return TA_OK;
    if (d == 1 && retry >= 0 && retry == s->retry && app.now < s->rotated_at + M_RETRY) return TA_OK;
    *writes = true;
    if (d > 0 || -d > m.ahead) {
        next->revoked = true;
        return d > 0 ? TA_ERR_REPLAY : TA_ERR_AHEAD;
    }
    next->gen = (d < 0 ? gen : s->gen) + 1;
    next->rotated_at = app.now > s->created ? app.now : s->created;
    next->idle_until = app.now + M_IDLE > s->created ? app.now + M_IDLE : s->created;
    next->retry = retry;
    return TA_OK;
}

/* One refresh with whatever goes wrong in the store. Gives the status; the new token's generation in
   *got after TA_OK.                                                                             */
static ta_status m_refresh(int i, uint32_t gen, int retry, uint32_t *got)
{
    m_session *s = &m.w.s[i], next;
    bool marks, writes;
    ta_status want = m_foretell(s, gen, retry, &marks, &writes, &next), st;
    uint32_t before = s->gen;
    size_t wrong = rnd(20);
    long n;

    app.store.faults = 0;
    if (wrong == 0) {
        n = 1 + (long)rnd(9);
        fake_fail(&app.store, FAKE_CAS, 1, n, TA_ERR_CONFLICT, false);
        if (writes && n >= 8) { want = TA_ERR_BUSY; writes = false; }
    } else if (wrong == 1) {
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, rnd(2) != 0);
    } else if (wrong == 2) {
        fake_fail(&app.store, FAKE_CAS, 1, 2, TA_ERR_STORE, false);
        if (writes) { want = TA_ERR_STORE; writes = false; }
    } else if (wrong == 3) {
        n = 1 + (long)rnd(2);
        fake_fail(&app.store, FAKE_GET, n, 1, TA_ERR_STORE, false);
        if (n == 1 || marks) { want = TA_ERR_STORE; writes = false; }
    }
    app.opts.retry_key = retry >= 0 ? m_retry_key(retry) : NULL;
    st = REFRESH(naive_other_gen(m.first[i].s, gen), want);
    app.store.faults = 0;
    if (writes) *s = next;
    m.said[-st]++;

    /* said once more without the model: after an acknowledged logout nothing works, and an old token
       works only right after it was spent                                                       */
    if (st == TA_OK) {
        CHECK(!s->logged_out);
        if (gen < before) CHECK_EQ(gen + 1, before);
        *got = naive_read(app.pair.refresh).gen;
        CHECK_EQ(*got, s->gen);
        CHECK_STR(app.pair.sid, naive_read(m.first[i].s).sid);
        if (gen < before && app.events == 1) {
            if (app.event[0].what == TA_EVENT_WINDOW) m.handed_window++;
            if (app.event[0].what == TA_EVENT_LATE_RETRY) m.handed_late++;
        }
        if (*got > m.issued[i]) m.issued[i] = *got;
    }
    m_compare(i);
    return st;
}

static void m_login(m_client *c)
{
    int i = m.sessions, user = (int)rnd(M_USERS);
    m_session *s = &m.w.s[i];
    c->session = -1;
    if (i == M_SESSIONS) return;
    m.first[i] = SESSION(m_user[user]);
    m.sessions++;
    m.issued[i] = 0;
    memset(s, 0, sizeof *s);
    s->there = true;
    s->user = user;
    s->epoch = m.w.epoch[user];
    s->created = s->rotated_at = app.now;
    s->idle_until = app.now + M_IDLE;
    s->ends_at = app.now + M_ABSOLUTE;
    s->retry = -1;
    if (m.w.epoch[user] != 0 && m.w.mark_ends[user] < s->ends_at) m.w.mark_ends[user] = s->ends_at;
    m_compare(i);
    c->session = i;
    c->gen = 0;
    c->retry = -1;
}

static void m_act(m_client *c, bool thief)
{
    uint32_t got = 0;
    ta_status st;
    if (c->session < 0) {
        if (!thief) m_login(c);
        else *c = m.client[rnd(M_CLIENTS - 1)];     /* steals; a retry key only by chance */
        if (thief && rnd(4) != 0) c->retry = -1;
        return;
    }
    if (c->retry < 0 && rnd(2) == 0) c->retry = m.keys++;
    st = m_refresh(c->session, c->gen, c->retry, &got);
    if (st == TA_OK && rnd(6) == 0) { m.lost++; return; }       /* the answer never arrives */
    if (st == TA_OK) {
        c->gen = got;
        c->retry = -1;
    } else if (naive_client_does(st) == TA_CLIENT_LOGIN) {
        c->session = -1;
    }
}

static void m_logout(int i)
{
    const char *token = naive_other_gen(m.first[i].s, (uint32_t)rnd(m.issued[i] + 1u));
    fake_fail(&app.store, FAKE_CAS, 1, (long)rnd(4), TA_ERR_CONFLICT, false);
    CHECK_ST(ta_logout(&app.auth, token, 50, app.now), TA_OK);
    app.store.faults = 0;
    m.w.s[i].there = false;
    m.w.s[i].logged_out = true;
    m_compare(i);
}

static void m_logout_all(int user)
{
    int i;
    ta_record r;
    CHECK_ST(ta_logout_all(&app.auth, m_user[user], app.now), TA_OK);
    m.w.epoch[user] = ++m.epochs;
    CHECK(app_mark(m_user[user], &r));
    m.w.mark_ends[user] = r.ends_at;
    for (i = 0; i < m.sessions; i++) {
        m_session *s = &m.w.s[i];
        if (s->user != user || !s->there) continue;
        s->logged_out = true;
        s->there = app_record(m.first[i].s, &r);    /* that they are deleted, too, is hygiene */
    }
}

/* As a refresh, but that a token is not spent: then all of the user's other sessions are over. */
static void m_logout_others(int i, uint32_t gen)
{
    m_session *s = &m.w.s[i], next;
    bool marks, writes;
    ta_status want = m_foretell(s, gen, -1, &marks, &writes, &next);
    int k;
    ta_record r;
    app.opts.retry_key = NULL;
    CHECK_ST(ta_logout_others(&app.auth, naive_other_gen(m.first[i].s, gen), 50, app.now, &app.opts),
             want);
    app.events = 0;
    if (want == TA_ERR_REPLAY || want == TA_ERR_AHEAD) *s = next;
    if (want != TA_OK) { m_compare(i); return; }
    m.w.epoch[s->user] = s->epoch = ++m.epochs;
    CHECK(app_mark(m_user[s->user], &r));
    m.w.mark_ends[s->user] = r.ends_at;
    for (k = 0; k < m.sessions; k++) {
        m_session *o = &m.w.s[k];
        if (k == i || o->user != s->user || !o->there) continue;
        o->logged_out = true;
        o->there = app_record(m.first[k].s, &r);
    }
    m_compare(i);
}

/* Of all tokens of a session at most one still rotates once the window is shut. */
static void m_one_live_chain(int i)
{
    fake_store kept_store = app.store;
    int64_t now = app.now;
    uint32_t g;
    int alive = 0;
    app.opts.retry_key = NULL;
    app.now += M_WINDOW + M_RETRY;
    for (g = 0; g <= m.issued[i]; g++) {
        ta_pair pair;
        app.store = kept_store;
        alive += ta_refresh(&app.auth, naive_other_gen(m.first[i].s, g), 50, app.now, &app.opts,
                            &pair) == TA_OK;
    }
    CHECK(alive <= 1);
    app.store = kept_store;
    app.now = now;
}

static void m_step(void)
{
    size_t t = rnd(20), what = rnd(100);
    if (t < 10)      app.now += (int64_t)rnd(4);
    else if (t < 15) app.now += (int64_t)rnd(20);
    else if (t < 18) app.now += (int64_t)rnd(120);
    else if (t < 19) app.now += (int64_t)rnd(700);
    else             app.now -= (int64_t)rnd(40);
    if (app.now > m.latest) m.latest = app.now;
    m_notice_sweeps();

    if (what < 70) {
        size_t who = rnd(M_CLIENTS);
        m_act(&m.client[who], who == M_CLIENTS - 1);
    } else if (what < 80 && m.sessions > 0) {       /* something old comes back */
        uint32_t got;
        int i = (int)rnd((size_t)m.sessions);
        (void)m_refresh(i, (uint32_t)rnd(m.issued[i] + 1u), -1, &got);
    } else if (what < 82 && m.sessions > 0) {
        m_logout((int)rnd((size_t)m.sessions));
    } else if (what < 83) {
        m_logout_all((int)rnd(M_USERS));
    } else if (what < 84 && m.sessions > 0) {
        int i = (int)rnd((size_t)m.sessions);
        uint32_t back = (uint32_t)rnd(3);
        m_logout_others(i, m.issued[i] > back ? m.issued[i] - back : 0);
    } else if (what < 86) {
        m.saved = m.w;
        memcpy(m.saved_rows, app.store.rows, sizeof m.saved_rows);
        m.have_saved = true;
    } else if (what < 87 && m.have_saved) {         /* all writes since then are lost */
        m.w = m.saved;
        memcpy(app.store.rows, m.saved_rows, sizeof m.saved_rows);
    } else if (what < 91 && m.sessions > 0 && m.ahead == 0) {
        m_one_live_chain((int)rnd((size_t)m.sessions));
    }
}

static void test_model_of_clients_a_thief_and_a_store_that_forgets(void)
{
    int run, k = 0, i;
    long said[FAKE_STATUSES];
    long late = 0, window = 0, lost = 0;
    memset(said, 0, sizeof said);
    for (run = 0; run < 16 && check.bad == 0; run++) {
        app_new();
        memset(&m, 0, sizeof m);
        m.ahead = run % 2 == 0 ? 0 : 3;
        m.latest = app.now;
        app.cfg.window_s = M_WINDOW;
        app.cfg.retry_s = M_RETRY;
        app.cfg.idle_s = M_IDLE;
        app.cfg.absolute_s = M_ABSOLUTE;
        app.cfg.max_sessions = 1000;
        app.cfg.allow_ahead = m.ahead;
        app_init();
        for (i = 0; i < M_CLIENTS; i++) m.client[i].session = -1;
        for (k = 0; k < 900 && check.bad == 0; k++) m_step();
        m_notice_sweeps();
        for (i = 0; i < m.sessions; i++) m_compare(i);
        for (i = 0; i < FAKE_STATUSES; i++) said[i] += m.said[i];
        late += m.handed_late;
        window += m.handed_window;
        lost += m.lost;
    }
    if (check.bad > 0) { printf("    in run %d, step %d\n", run - 1, k); return; }
    CHECK(said[0] > 1000);                          /* it was not all refused, nor all granted */
    CHECK(said[-TA_ERR_REPLAY] > 20);
    CHECK(said[-TA_ERR_REVOKED] > 20);
    CHECK(said[-TA_ERR_AHEAD] > 0);
    CHECK(said[-TA_ERR_ENDED] > 20);
    CHECK(said[-TA_ERR_LOGGED_OUT] + said[-TA_ERR_ENDED] > 30);
    CHECK(said[-TA_ERR_IDLE] > 5);
    CHECK(said[-TA_ERR_STORE] > 20);
    CHECK(said[-TA_ERR_BUSY] > 1);
    CHECK(window > 20 && late > 5 && lost > 50);
}

/* A thief and his victim both go on, each at a pace of their own, answers get lost: it is found out
   soon, and not before both have used what only one of them can have.                          */
static void test_theft_is_detected_whoever_comes_first(void)
{
    int run;
    for (run = 0; run < 60; run++) {
        fake_text token[2];
        int64_t due[2], pace[2];
        int k;
        ta_status st = TA_OK;
        app_new();
        token[0] = SESSION("alice");
        for (k = (int)rnd(5); k > 0; k--) token[0] = ROTATE(token[0].s);
        token[1] = token[0];
        pace[0] = 12 + (int64_t)rnd(1000);
        pace[1] = 1 + (int64_t)rnd(1000);
        due[0] = app.now + pace[0];
        due[1] = app.now + 1 + (int64_t)rnd(500);
        for (k = 0; k < 3000 && st == TA_OK; k++) {
            int who = due[0] <= due[1] ? 0 : 1;
            app.now = due[who];
            st = ta_refresh(&app.auth, token[who].s, 50, app.now, NULL, &app.pair);
            token[who] = kept(app.pair.refresh);
            due[who] += pace[who] + (int64_t)rnd(3);
        }
        CHECK_ST(st, TA_ERR_REPLAY);
        CHECK(app.now < 1700000000 + 100 + 60 * 1000);
    }
}

/* ---- the outcome table ------------------------------------------------------------------- */

/* Each row was met above, and its column "client", the HTTP code and the cleared outputs were looked
   at by app_judge. A row that no test reaches any more shows here.                             */
static void test_each_row_of_the_outcome_table_was_met(void)
{
    static const ta_status rows[] = {
        TA_OK, TA_ERR_STORE, TA_ERR_BUSY, TA_ERR_UNKNOWN_KEY, TA_ERR_INVALID, TA_ERR_ENDED,
        TA_ERR_REVOKED, TA_ERR_EXPIRED, TA_ERR_IDLE, TA_ERR_LOGGED_OUT, TA_ERR_USER_CHANGED,
        TA_ERR_SUSPENDED, TA_ERR_BINDING, TA_ERR_REPLAY, TA_ERR_AHEAD, TA_ERR_SPACE,
        TA_ERR_DUPLICATE, TA_ERR_RANDOM, TA_ERR_CLOCK, TA_ERR_CONFIG };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(refresh_said[-rows[i]]);
        if (!refresh_said[-rows[i]]) printf("    %s\n", ta_status_name(rows[i]));
    }
}

int main(void)
{
    RUN(test_token_is_37_bytes_as_the_formulas_say);
    RUN(test_new_session_record_field_by_field);
    RUN(test_store_never_holds_the_secret);
    RUN(test_seal_client_and_retry_tags_as_the_formulas_say);
    RUN(test_session_made_elsewhere_from_the_formulas_works);
    RUN(test_login_access_token_claims);
    RUN(test_login_without_options_is_login_with_zero_options);
    RUN(test_trap_cut_subject_is_refused_not_cut);
    RUN(test_login_label_is_cut_at_a_characters_edge);
    RUN(test_login_label_of_bad_utf8_leaves_a_session_that_works_or_none);
    RUN(test_login_more_claims_are_in_the_token);
    RUN(test_login_more_claims_that_repeat_are_refused_before_any_write);
    RUN(test_login_token_that_does_not_fit_leaves_nothing_behind);
    RUN(test_login_each_failing_draw_is_random_and_writes_nothing);
    RUN(test_login_meeting_its_own_id_is_a_broken_random_source);
    RUN(test_login_meeting_its_own_id_and_a_lost_answer);
    RUN(test_login_store_that_fails_gives_nothing);
    RUN(test_login_insert_with_a_lost_answer);
    RUN(test_login_insert_that_arrives_late);
    RUN(test_login_into_a_full_store_sweeps_once_and_tries_again);
    RUN(test_login_and_rotation_sweep_two_and_a_failing_sweep_harms_nobody);
    RUN(test_login_reads_the_epoch_of_the_mark);
    RUN(test_login_raises_the_end_of_the_mark_to_the_sessions);
    RUN(test_login_with_an_epoch_read_before_a_logout_all_is_born_over);
    RUN(test_login_salt_is_the_one_that_the_password_was_checked_against);
    RUN(test_login_access_token_ends_with_the_session);
    RUN(test_clock_outside_its_range_is_refused_by_every_call);
    RUN(test_null_with_a_length_is_an_argument_error);
    RUN(test_long_salt_client_and_realm);
    RUN(test_longest_settings_to_their_end);
    RUN(test_clock_at_1970_with_a_session_of_2065);
    RUN(test_refresh_of_a_pair_into_itself);
    RUN(test_last_seconds_of_time);
    RUN(test_step_1_each_length_but_its_own_is_invalid);
    RUN(test_step_1_to_3_each_other_character_is_refused_unheard);
    RUN(test_step_1_to_3_every_bit_of_the_37_bytes);
    RUN(test_step_1_spare_bits_must_be_0);
    RUN(test_step_1_every_other_version_is_invalid);
    RUN(test_step_1_prefix_is_exact);
    RUN(test_step_2_unknown_kid_keeps_the_token);
    RUN(test_step_3_another_realm_and_another_key_are_invalid);
    RUN(test_step_4_no_record_is_ended);
    RUN(test_step_4_a_mark_or_anothers_record_is_a_store_error);
    RUN(test_trap_store_error_of_a_get_refuses);
    RUN(test_trap_store_error_of_a_get_that_gives_nothing);
    RUN(test_step_4_records_out_of_every_range_are_refused);
    RUN(test_step_5_record_under_an_unknown_key);
    RUN(test_step_6_revoked);
    RUN(test_step_6_absolute_end_to_the_second);
    RUN(test_step_6_idle_end_to_the_second);
    RUN(test_step_6_use_does_not_move_the_absolute_end);
    RUN(test_step_6_use_moves_the_idle_end);
    RUN(test_step_6_a_shorter_absolute_setting_ends_older_sessions);
    RUN(test_step_6_what_a_shorter_absolute_setting_leaves);
    RUN(test_step_6_sessions_not_before);
    RUN(test_step_6_order_revoked_expired_idle_not_before);
    RUN(test_step_7_epoch_must_be_the_marks);
    RUN(test_step_7_what_is_no_mark_of_this_user_is_a_store_error);
    RUN(test_step_8_the_hook_sees_the_session);
    RUN(test_step_8_what_the_hook_says_comes_back_as_it_is);
    RUN(test_step_8_another_salt_ends_the_session);
    RUN(test_trap_missing_hook_refuses_a_session_made_with_salt);
    RUN(test_step_8_a_session_made_without_salt_ignores_it);
    RUN(test_step_8_a_writer_of_the_store_cannot_change_a_sealed_field);
    RUN(test_step_8_a_writer_of_the_store_cannot_swap_subjects);
    RUN(test_step_8_salt_and_subject_do_not_run_together);
    RUN(test_step_9_another_client_is_refused_and_changes_nothing);
    RUN(test_step_9_comes_after_step_8);
    RUN(test_a_client_and_a_salt_of_one_byte);
    RUN(test_no_event_when_no_pair_can_be_made);
    RUN(test_logged_out_is_looked_at_twice);
    RUN(test_step_9_a_session_made_without_client_ignores_it);
    RUN(test_step_10_window_to_the_second);
    RUN(test_step_10_no_window_at_all);
    RUN(test_step_10_lost_answer_gives_the_same_successor);
    RUN(test_step_10_hand_out_has_a_fresh_access_token);
    RUN(test_step_11_retry_key_to_the_second);
    RUN(test_step_11_another_or_no_retry_key_is_a_replay);
    RUN(test_step_11_no_retry_key_in_the_record_fits_none);
    RUN(test_step_11_no_late_retry_where_it_is_switched_off);
    RUN(test_step_11_switched_off_and_a_clock_set_back);
    RUN(test_step_11_is_for_the_token_before_only);
    RUN(test_step_12_what_a_rotation_changes_and_what_not);
    RUN(test_step_12_near_the_end_both_tokens_end_with_the_session);
    RUN(test_step_12_version_wraps);
    RUN(test_step_12_generation_at_its_end_deletes_the_session);
    RUN(test_step_13_every_older_generation_is_a_replay);
    RUN(test_step_13_replay_far_behind);
    RUN(test_step_14_a_token_ahead_of_the_store_revokes);
    RUN(test_step_14_allow_ahead_to_the_generation);
    RUN(test_step_14_within_the_window);
    RUN(test_step_14_far_ahead);
    RUN(test_step_15_each_failing_draw_leaves_the_session_as_it_was);
    RUN(test_trap_token_that_does_not_fit_leaves_the_session_as_it_was);
    RUN(test_step_15_claims_of_the_hook);
    RUN(test_step_15_seven_conflicts_are_nothing_eight_are_busy);
    RUN(test_step_15_unknown_outcome_is_resolved_by_reading);
    RUN(test_step_15_odd_answers_of_a_swap_are_unknown_outcomes);
    RUN(test_step_15_a_second_store_error_is_one);
    RUN(test_step_15_unknown_outcome_with_a_clock_before_the_sessions_birth);
    RUN(test_step_15_unknown_outcome_and_another_client_in_between);
    RUN(test_step_15_write_that_arrives_late);
    RUN(test_step_15_revocation_that_arrives_late);
    RUN(test_revocation_that_another_was_faster_with);
    RUN(test_trap_swap_on_generation);
    RUN(test_trap_lost_swap_taken_for_a_replay);
    RUN(test_two_servers_whose_clocks_differ_by_less_than_the_window);
    RUN(test_trap_fork_in_the_window);
    RUN(test_trap_window_that_slides);
    RUN(test_trap_window_that_rotations_hold_open);
    RUN(test_trap_ages_clamped_to_0);
    RUN(test_clock_set_back_rotates_and_goes_on);
    RUN(test_clock_before_the_sessions_birth);
    RUN(test_trap_deletion_that_hits_another_logins_cookie);
    RUN(test_trap_logout_of_an_old_token_leaves_another_login_alone);
    RUN(test_trap_revocation_rolled_back_with_the_request);
    RUN(test_revocation_and_conflicts);
    RUN(test_replay_while_the_thief_rotates);
    RUN(test_refresh_while_the_user_logs_out);
    RUN(test_refresh_while_the_others_are_logged_out);
    RUN(test_logged_out_is_said_after_a_second_look);
    RUN(test_check_needs_neither_store_nor_refresh_keys);
    RUN(test_check_time_issuer_audience_and_typ);
    RUN(test_check_without_sessions_asks_nobody);
    RUN(test_check_deny_list);
    RUN(test_check_sessions_makes_a_logout_work_at_once);
    RUN(test_check_sessions_refuses_on_a_store_error);
    RUN(test_check_sessions_and_a_foreign_sid);
    RUN(test_check_sessions_asks_the_store_last);
    RUN(test_check_of_a_name_twice_is_the_clients_fault);
    RUN(test_check_in_place);
    RUN(test_model_of_clients_a_thief_and_a_store_that_forgets);
    RUN(test_theft_is_detected_whoever_comes_first);
    RUN(test_each_row_of_the_outcome_table_was_met);
    return check_done("auth");
}
