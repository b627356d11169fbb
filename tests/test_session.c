/* test_session.c - everything around the rotation: logging out in its three ways, the list of
   devices, the cap, replaced sessions, keys that change, settings that are refused.

   As in test_auth.c, app.now is the clock and sessions begin with a window of 10 s.            */

#include "check.h"
#include "fake_store.h"

/* Whether this token still gives a new pair; what a thief or a client would see. */
static bool works(const char *token)
{
    ta_pair pair;
    fake_store keep = app.store;                /* asking must not change the answer */
    size_t events = app.events;
    bool ok = ta_refresh(&app.auth, token, strlen(token), app.now, &app.opts, &pair) == TA_OK;
    app.store = keep;
    app.events = events;
    return ok;
}

static ta_status logout(const char *token)
{
    char *in = (char *)exact_copy(token, strlen(token));
    ta_status st;
    app.events = 0;
    st = ta_logout(&app.auth, in, strlen(token), app.now);
    free(in);
    return st;
}

static ta_status logout_others(const char *token)
{
    char *in = (char *)exact_copy(token, strlen(token));
    ta_status st;
    app.events = 0;
    st = ta_logout_others(&app.auth, in, strlen(token), app.now, &app.opts);
    free(in);
    return st;
}

static ta_status logout_all(const char *subject)
{
    app.events = 0;
    return ta_logout_all(&app.auth, subject, app.now);
}

/* The one who acts between two calls. */
static const char *other_token, *other_subject;
static ta_status   other_status;
static fake_text   other_got;

static void other_refreshes(void)
{
    ta_pair pair;
    other_status = ta_refresh(&app.auth, other_token, strlen(other_token), app.now, &app.opts, &pair);
    other_got = kept(pair.refresh);
    app.events = 0;                             /* the test asks for those of its own call */
}
static void other_logs_in(void)
{
    ta_pair pair;
    other_status = ta_login(&app.auth, other_subject, app.now, NULL, &pair);
    other_got = kept(pair.refresh);
    app.events = 0;
}
static void other_logs_out_all(void)
{
    other_status = ta_logout_all(&app.auth, other_subject, app.now);
    app.events = 0;
}
static void other_logs_out(void)
{
    other_status = ta_logout(&app.auth, other_token, strlen(other_token), app.now);
}

/* ---- logout ------------------------------------------------------------------------------ */

static void test_logout_any_generation_will_do(void)
{
    fake_text t, bob;
    fake_store before;
    uint32_t g;
    int i;
    ta_record r;
    app_new();
    bob = SESSION("bob");
    t = SESSION("alice");
    for (i = 0; i < 5; i++) t = ROTATE(t.s);
    app.now += 10;
    before = app.store;
    for (g = 0; g <= 8; g++) {                  /* past, current, and what a store has forgotten */
        app.store = before;
        CHECK_ST(logout(naive_other_gen(t.s, g)), TA_OK);
        CHECK(!app_record(t.s, &r));
        REFUSED(t.s, TA_ERR_ENDED);
        CHECK(works(bob.s));
    }
}

static void test_logout_twice_or_of_nothing_is_ok(void)
{
    static const uint8_t secret[16] = {9};
    char never[TA_REFRESH_CAP];
    fake_text t;
    long writes;
    app_new();
    t = SESSION("alice");
    CHECK_ST(logout(t.s), TA_OK);
    writes = app.store.writes;
    CHECK_ST(logout(t.s), TA_OK);
    naive_token(1, 3, secret, 0, never);
    CHECK_ST(logout(never), TA_OK);
    CHECK_EQ(app.store.writes, writes);
    EVENTS(0, 0);
}

static void test_logout_looks_nothing_up_for_what_is_not_ours(void)
{
    fake_text t, bad;
    size_t i;
    long calls;
    app_new();
    t = SESSION("alice");
    calls = app.store.calls;
    for (i = 1; i < 50; i++) {
        bad = t;
        bad.s[i] = bad.s[i] == 'A' ? 'B' : 'A';
        CHECK(logout(bad.s) == TA_ERR_INVALID || (i < 2 && logout(bad.s) == TA_ERR_UNKNOWN_KEY));
        bad = t;
        bad.s[i] = '\0';
        CHECK_ST(logout(bad.s), TA_ERR_INVALID);
    }
    app_keys("5");
    app_init();
    CHECK_ST(logout(t.s), TA_ERR_UNKNOWN_KEY);
    CHECK_EQ(app.store.calls, calls);
    CHECK_ST(ta_logout(&app.auth, NULL, 0, app.now), TA_ERR_INVALID);
    CHECK_ST(ta_logout(&app.auth, NULL, 5, app.now), TA_ERR_ARGUMENT);
    CHECK_ST(ta_logout(NULL, t.s, 50, app.now), TA_ERR_ARGUMENT);
}

/* Whoever cannot refresh any more can still log out: no user row, no client, no state is asked. */
static void test_logout_works_when_a_refresh_would_not(void)
{
    fake_text t;
    ta_record r;
    int i;
    for (i = 0; i < 7; i++) {
        app_new();
        app.login.salt = "salt";
        app.login.salt_len = 4;
        app.login.client = "client";
        app.login.client_len = 6;
        t = SESSION("alice");
        CHECK(app_record(t.s, &r));
        switch (i) {
        case 0: app_user(NULL, NULL, TA_ERR_SUSPENDED); break;
        case 1: r.state = 1; break;
        case 2: r.ends_at = app.now; break;
        case 3: r.idle_until = app.now; break;
        case 4: r.epoch = 5; break;
        case 5: r.kid = 9; break;               /* sealed under a key that is not here */
        default: r.seal[0] ^= 1; break;
        }
        fake_put(&app.store, &r);
        CHECK(!works(t.s));
        CHECK_ST(logout(t.s), TA_OK);
        CHECK(!app_record(t.s, &r));
        CHECK_EQ(app.user_calls, i == 0);       /* the one of works() */
    }
}

static void forge_id(ta_record *r)   { r->id[0] ^= 1; }

static void test_logout_store_error_is_not_a_logout(void)
{
    fake_text t;
    ta_record r;
    long n;
    app_new();
    t = SESSION("alice");
    fake_fail(&app.store, FAKE_GET, 1, 100, TA_ERR_STORE, false);
    CHECK_ST(logout(t.s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_GET, 1, 100, (ta_status)7, false);
    CHECK_ST(logout(t.s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_forge(&app.store, 1, forge_mark);
    CHECK_ST(logout(t.s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_forge(&app.store, 1, forge_id);
    CHECK_ST(logout(t.s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_CAS, 1, 100, TA_ERR_STORE, false);
    CHECK_ST(logout(t.s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_CAS, 1, 100, TA_ERR_FULL, false);
    CHECK_ST(logout(t.s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_CAS, 1, 1000, TA_ERR_CONFLICT, false);
    CHECK_ST(logout(t.s), TA_ERR_BUSY);
    CHECK(app_record(t.s, &r));
    CHECK(works(t.s));
    for (n = 1; n <= 2; n++) {                  /* one lost answer, before or after: OK says gone */
        app_new();
        t = SESSION("alice");
        fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, n == 2);
        if (logout(t.s) == TA_OK) CHECK(!app_record(t.s, &r));
        else CHECK(n == 2 || app_record(t.s, &r));
    }
    for (n = 1; n < 8; n++) {
        app_new();
        t = SESSION("alice");
        fake_fail(&app.store, FAKE_CAS, 1, n, TA_ERR_CONFLICT, false);
        CHECK_ST(logout(t.s), TA_OK);
        CHECK(!app_record(t.s, &r));
    }
}

static void test_logout_while_the_session_rotates_or_goes(void)
{
    fake_text t;
    ta_record r;
    long at;
    for (at = 1; at <= 2; at++) {
        app_new();
        t = SESSION("alice");
        app.now += 10;
        other_token = t.s;
        fake_meanwhile(&app.store, at, other_refreshes);
        CHECK_ST(logout(t.s), TA_OK);
        CHECK_ST(other_status, TA_OK);
        CHECK(!app_record(t.s, &r));            /* until it is gone, whatever it is by then */
        CHECK(!works(other_got.s));

        app_new();
        t = SESSION("alice");
        other_token = t.s;
        fake_meanwhile(&app.store, at, other_logs_out);
        CHECK_ST(logout(t.s), TA_OK);
        CHECK_ST(other_status, TA_OK);
    }
}

/* ---- logout everywhere ------------------------------------------------------------------- */

static void test_logout_all_writes_a_mark_and_ends_every_session(void)
{
    fake_text a, b, bob;
    ta_record mark;
    uint8_t id[TA_ID_SIZE], key[TA_ID_SIZE];
    size_t i;
    app_new();
    a = SESSION("alice");
    b = SESSION("alice");
    bob = SESSION("bob");
    b = ROTATE(b.s);
    CHECK_ST(logout_all("alice"), TA_OK);
    EVENTS(TA_EVENT_ENDED_ALL, 0);
    CHECK_STR(app.event[0].session.subject, "alice");
    CHECK_STR(app.event[0].session.sid, "");
    CHECK_EQ(app.event[0].calls, app.store.calls);
    memset(app.event[0].session.subject, 0, 5);         /* all are meant: nothing else is told */
    CHECK(all_zero(&app.event[0].session, sizeof app.event[0].session));
    CHECK(!works(a.s));
    CHECK(!works(b.s));
    CHECK(works(bob.s));
    CHECK(app_mark("alice", &mark));
    naive_user_id("alice", id);
    CHECK_BYTES(mark.id, id, sizeof id);
    CHECK_EQ(mark.kind, 2);
    CHECK(mark.epoch != 0);
    CHECK_EQ(mark.ends_at, app.now + 90 * FAKE_DAY);
    CHECK_EQ(mark.sub_len, 0);                  /* whose it is stands in no mark */
    CHECK_EQ(mark.label_len, 0);
    CHECK(!app_mark("bob", &mark));
    CHECK_EQ(fake_count(&app.store, 1), 1);     /* hygiene: her sessions are deleted */
    CHECK_EQ(fake_count(&app.store, 2), 1);
    a = SESSION("alice");
    CHECK(works(a.s));
    memcpy(key, id, sizeof key);
    for (i = 0; i < 3; i++) {                   /* again and again: one mark, another epoch each time */
        ta_record last;
        CHECK(app_mark("alice", &last));
        app.now += 100;
        CHECK_ST(logout_all("alice"), TA_OK);
        CHECK(app_mark("alice", &mark));
        CHECK(mark.epoch != last.epoch);
        CHECK_EQ(mark.ver, last.ver + 1);
        CHECK_EQ(mark.ends_at, app.now + 90 * FAKE_DAY);
        CHECK(!works(a.s));
        a = SESSION("alice");
        CHECK(works(a.s));
    }
    CHECK_EQ(fake_count(&app.store, 2), 1);
}

/* Epochs are random: one that were counted up would, lost and raised again, revive what it ended. */
static void test_logout_all_epochs_are_random(void)
{
    uint32_t seen[32];
    size_t i, j, high = 0;
    app_new();
    for (i = 0; i < 32; i++) {
        ta_record mark;
        CHECK_ST(logout_all("alice"), TA_OK);
        CHECK(app_mark("alice", &mark));
        seen[i] = mark.epoch;
        high += mark.epoch >> 31;
        for (j = 0; j < i; j++) CHECK(seen[i] != seen[j]);
    }
    CHECK(high > 4 && high < 28);
}

/* The mark is lost with the store's last writes, and everything is logged out again: a session whose
   epoch came from the lost mark must not come back to life.                                    */
static void test_logout_all_a_lost_mark_revives_nothing(void)
{
    fake_store before;
    fake_text t;
    ta_record r;
    app_new();
    before = app.store;
    CHECK_ST(logout_all("alice"), TA_OK);
    t = SESSION("alice");
    CHECK(app_record(t.s, &r));
    app.store = before;
    CHECK_ST(logout_all("alice"), TA_OK);
    fake_put(&app.store, &r);
    CHECK(!works(t.s));
    REFUSED(t.s, TA_ERR_LOGGED_OUT);
}

/* Zero is what no mark reads as, and the old epoch ends nothing: a random source that gives just these
   must not make a logout that is none.                                                         */
static void test_logout_all_draws_that_would_end_nothing(void)
{
    static const uint8_t zeros[16] = {0}, ones[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    fake_text t, u;
    app_new();
    app.cfg.store.list = NULL;                  /* or the sessions were deleted, whatever the epoch */
    app_init();
    t = SESSION("alice");
    app.random_bytes = zeros;
    if (logout_all("alice") == TA_OK) CHECK(!works(t.s));
    else CHECK_ST(logout_all("alice"), TA_ERR_RANDOM);

    app_new();
    app.cfg.store.list = NULL;
    app_init();
    app.random_bytes = ones;
    CHECK_ST(logout_all("alice"), TA_OK);
    app.random_bytes = NULL;
    u = SESSION("alice");
    CHECK(works(u.s));
    app.random_bytes = ones;                    /* the very epoch that is there already */
    if (logout_all("alice") == TA_OK) CHECK(!works(u.s));
    else CHECK_ST(logout_all("alice"), TA_ERR_RANDOM);

    app_new();
    app.cfg.store.list = NULL;
    app_init();
    t = SESSION("alice");                       /* of the time before any mark */
    CHECK_ST(logout_all("alice"), TA_OK);
    app.random_bytes = zeros;
    (void)logout_all("alice");
    CHECK(!works(t.s));
}

static void test_logout_all_failing_draw(void)
{
    fake_text t;
    ta_record mark;
    app_new();
    t = SESSION("alice");
    app.random_fail = app.randoms + 1;
    CHECK_ST(logout_all("alice"), TA_ERR_RANDOM);
    EVENTS(0, 0);
    CHECK(!app_mark("alice", &mark));
    CHECK(works(t.s));
}

/* What counts is the mark. That the sessions are deleted, too, may fail or be impossible. */
static void test_logout_all_without_list_or_with_a_list_that_fails(void)
{
    fake_text t;
    int i;
    for (i = 0; i < 4; i++) {
        app_new();
        t = SESSION("alice");
        switch (i) {
        case 0: app.cfg.store.list = NULL; app_init(); break;
        case 1: fake_fail(&app.store, FAKE_LIST, 1, 100, TA_ERR_STORE, false); break;
        case 2: fake_fail(&app.store, FAKE_LIST, 1, 100, TA_OK, false); break;      /* n beyond cap */
        default: fake_fail(&app.store, FAKE_CAS, 2, 100, TA_ERR_STORE, false); break;
        }
        CHECK_ST(logout_all("alice"), TA_OK);
        EVENTS(TA_EVENT_ENDED_ALL, 0);
        REFUSED(t.s, TA_ERR_LOGGED_OUT);
        app.now += 10;
        REFUSED(t.s, TA_ERR_LOGGED_OUT);
    }
}

static void test_logout_all_store_error_is_not_a_logout(void)
{
    static const ta_status odd[] = { TA_ERR_STORE, TA_ERR_ENDED, TA_ERR_BUSY, (ta_status)7 };
    size_t i;
    fake_text t;
    ta_record mark;
    app_new();
    t = SESSION("alice");
    for (i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        app.store.faults = 0;
        fake_fail(&app.store, FAKE_GET, 1, 100, odd[i], false);
        CHECK_ST(logout_all("alice"), TA_ERR_STORE);
        app.store.faults = 0;
        fake_fail(&app.store, FAKE_CAS, 1, 100, odd[i], false);
        CHECK_ST(logout_all("alice"), TA_ERR_STORE);
        EVENTS(0, 0);
    }
    app.store.faults = 0;
    fake_forge(&app.store, 1, forge_session);
    CHECK_ST(logout_all("alice"), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_CAS, 1, 1000, TA_ERR_CONFLICT, false);
    CHECK_ST(logout_all("alice"), TA_ERR_BUSY);
    EVENTS(0, 0);
    app.store.faults = 0;
    CHECK(!app_mark("alice", &mark));
    CHECK(works(t.s));
    fake_fail(&app.store, FAKE_CAS, 1, 3, TA_ERR_CONFLICT, false);
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK(!works(t.s));
}

static void test_logout_all_with_a_lost_answer(void)
{
    int applied, first;
    for (first = 0; first <= 1; first++) {
        for (applied = 0; applied <= 1; applied++) {
            fake_text t;
            ta_status st;
            app_new();
            if (!first) CHECK_ST(logout_all("alice"), TA_OK);
            t = SESSION("alice");
            fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, applied != 0);
            st = logout_all("alice");
            CHECK(st == TA_OK || st == TA_ERR_STORE);
            if (st == TA_OK || applied) CHECK(!works(t.s));
            if (!applied && st != TA_OK) CHECK(works(t.s));
        }
    }
}

static void test_logout_all_into_a_full_store(void)
{
    fake_text t;
    app_new();
    app.store.limit = 2;
    t = SESSION("alice");
    (void)SESSION("bob");
    CHECK_ST(logout_all("alice"), TA_ERR_FULL);
    EVENTS(0, 0);
    CHECK_EQ(app.store.most, 64);
    CHECK(works(t.s));
    app.store.rows[1].expires = app.now;        /* bob's is over: a sweep makes room */
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK(!works(t.s));
}

/* A server with a shorter setting must not pull the end of a mark back: were it forgotten before the
   sessions that it ended, they would live again on a server with the longer one.                */
static void test_logout_all_the_mark_outlives_every_session_that_it_ended(void)
{
    fake_text t;
    ta_record r, mark;
    app_new();
    app.cfg.store.list = NULL;
    app_init();
    t = SESSION("alice");                       /* lives for 90 days */
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK(app_record(t.s, &r));
    app.cfg.absolute_s = 1000;
    app_init();
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK(app_mark("alice", &mark));
    CHECK(mark.ends_at >= r.ends_at);
    CHECK(!works(t.s));
}

/* Trap: a login that began before, and ends after. Its epoch was read before the password was checked. */
static void test_login_while_everything_is_logged_out(void)
{
    long at;
    int with_mark;
    for (with_mark = 0; with_mark <= 1; with_mark++) {
        for (at = 1; at < 20; at++) {
            uint32_t epoch = 0;
            fake_text t;
            bool met;
            app_new();
            if (with_mark) CHECK_ST(logout_all("alice"), TA_OK);
            app.now += 50;                      /* so that the login wants to raise the mark's end */
            CHECK_ST(ta_user_epoch(&app.auth, "alice", &epoch), TA_OK);
            app.login.epoch = &epoch;
            other_subject = "alice";
            fake_meanwhile(&app.store, at, other_logs_out_all);
            t = SESSION("alice");
            met = app.store.meanwhile == NULL;
            if (met) CHECK_ST(other_status, TA_OK);
            app.store.meanwhile = NULL;
            CHECK(works(t.s) == !met);
            app.now += 10;
            if (!met) break;
            CHECK(!works(t.s));
        }
        CHECK(at > 3 && at < 20);
    }
}

/* Two logouts everywhere at once: after each one's OK every session that was there is over. */
static void test_logout_all_while_another_does_the_same(void)
{
    long at;
    for (at = 1; at <= 4; at++) {
        fake_text t;
        app_new();
        t = SESSION("alice");
        other_subject = "alice";
        fake_meanwhile(&app.store, at, other_logs_out_all);
        CHECK_ST(logout_all("alice"), TA_OK);
        CHECK_ST(other_status, TA_OK);
        CHECK(!works(t.s));
        CHECK_EQ(fake_count(&app.store, 2), 1);
    }
}

/* A login in the middle of a logout everywhere: whichever epoch it read, the store is consistent. */
static void test_logout_all_while_a_login_goes_on(void)
{
    long at;
    for (at = 1; at <= 8; at++) {
        ta_record mark, r;
        app_new();
        (void)SESSION("alice");
        other_subject = "alice";
        fake_meanwhile(&app.store, at, other_logs_in);
        CHECK_ST(logout_all("alice"), TA_OK);
        if (app.store.meanwhile != NULL) break;
        CHECK_ST(other_status, TA_OK);
        CHECK(app_mark("alice", &mark));
        CHECK(works(other_got.s) == (app_record(other_got.s, &r) && r.epoch == mark.epoch));
    }
    CHECK(at > 2);
}

/* ---- logout of the others ---------------------------------------------------------------- */

static void test_logout_others_keeps_this_one_and_spends_nothing(void)
{
    fake_text t, before, a, b, bob;
    ta_record r0, r1, mark;
    uint8_t seal[8];
    app_new();
    a = SESSION("alice");
    b = SESSION("alice");
    bob = SESSION("bob");
    before = SESSION("alice");
    t = ROTATE(before.s);
    app.now += 10;
    CHECK(app_record(t.s, &r0));
    CHECK_ST(logout_others(t.s), TA_OK);
    EVENTS(TA_EVENT_ENDED_ALL, 0);
    CHECK_STR(app.event[0].session.subject, "alice");
    CHECK(!works(a.s));
    CHECK(!works(b.s));
    CHECK(works(bob.s));
    CHECK(works(t.s));
    CHECK_EQ(fake_count(&app.store, 1), 2);     /* hygiene: the others are deleted */
    CHECK(app_record(t.s, &r1));
    CHECK(app_mark("alice", &mark));
    CHECK_EQ(r1.epoch, mark.epoch);
    CHECK(mark.epoch != 0);
    CHECK(mark.ends_at >= r1.ends_at);
    CHECK_EQ(r1.gen, r0.gen);                   /* not rotated */
    CHECK_EQ(r1.rotated_at, r0.rotated_at);     /* nor its window opened */
    CHECK_EQ(r1.idle_until, r0.idle_until);
    CHECK_EQ(r1.ver, r0.ver + 1);
    naive_seal(&r1, "", seal);
    CHECK_BYTES(r1.seal, seal, 8);
    REFRESH(t.s, TA_OK);
    CHECK_STR(app.pair.refresh, naive_other_gen(t.s, 2));
    app.now += 10;
    REFRESH(before.s, TA_ERR_REPLAY);           /* and what was old is still old */
}

static void test_logout_others_again_and_again(void)
{
    fake_text t, u;
    int i;
    app_new();
    t = SESSION("alice");
    for (i = 0; i < 4; i++) {
        u = SESSION("alice");
        CHECK_ST(logout_others(t.s), TA_OK);
        CHECK(!works(u.s));
        CHECK(works(t.s));
        t = ROTATE(t.s);
    }
}

/* It decides as a refresh does, with the same results. */
static void test_logout_others_refuses_what_a_refresh_refuses(void)
{
    fake_text t, u, bad;
    ta_record r, good;
    int i;
    for (i = 0; i < 12; i++) {
        ta_status want = TA_OK;
        long writes;
        app_new();
        app_user("salt", NULL, TA_OK);
        app.login.salt = "salt";
        app.login.salt_len = 4;
        app.login.client = app.opts.client = "client";
        app.login.client_len = app.opts.client_len = 6;
        u = SESSION("alice");
        t = SESSION("alice");
        CHECK(app_record(t.s, &r));
        good = r;
        bad = t;
        app.now += 20;
        switch (i) {
        case 0:  want = TA_ERR_INVALID; bad.s[30] = bad.s[30] == 'A' ? 'B' : 'A'; break;
        case 1:  want = TA_ERR_INVALID; bad.s[49] = '\0'; break;
        case 2:  want = TA_ERR_REVOKED; r.state = 1; break;
        case 3:  want = TA_ERR_EXPIRED; r.ends_at = app.now; break;
        case 4:  want = TA_ERR_IDLE; r.idle_until = app.now; break;
        case 5:  want = TA_ERR_LOGGED_OUT; r.epoch = 7; break;
        case 6:  want = TA_ERR_USER_CHANGED; app_user("other", NULL, TA_OK); break;
        case 7:  want = TA_ERR_USER_CHANGED; r.app[0] ^= 1; break;
        case 8:  want = TA_ERR_SUSPENDED; app_user("salt", NULL, TA_ERR_SUSPENDED); break;
        case 9:  want = TA_ERR_BINDING; app.opts.client_len = 5; break;
        case 10: want = TA_ERR_UNKNOWN_KEY; r.kid = 4; break;
        default: want = TA_ERR_CLOCK; break;
        }
        fake_put(&app.store, &r);
        writes = app.store.writes;
        app.events = 0;
        if (want == TA_ERR_CLOCK) {
            CHECK_ST(ta_logout_others(&app.auth, t.s, 50, 0, &app.opts), want);
        } else {
            CHECK_ST(logout_others(bad.s), want);
        }
        CHECK_EQ(app.store.writes, writes);
        EVENTS(want == TA_ERR_BINDING ? TA_EVENT_BINDING : 0, 0);
        fake_put(&app.store, &good);
        app_user("salt", NULL, TA_OK);
        app.opts.client_len = 6;
        CHECK(works(u.s));
        CHECK(works(t.s));
    }
    app_new();
    t = SESSION("alice");
    CHECK_ST(logout(t.s), TA_OK);
    CHECK_ST(logout_others(t.s), TA_ERR_ENDED);
    CHECK_ST(ta_logout_others(&app.auth, NULL, 0, app.now, NULL), TA_ERR_INVALID);
    CHECK_ST(ta_logout_others(&app.auth, NULL, 5, app.now, NULL), TA_ERR_ARGUMENT);
}

static void test_logout_others_by_an_old_token_is_a_replay(void)
{
    fake_text t0, t1, u;
    ta_record r;
    fake_store before, later;
    app_new();
    u = SESSION("alice");
    t0 = SESSION("alice");
    before = app.store;
    t1 = ROTATE(t0.s);
    later = app.store;
    CHECK_ST(logout_others(t0.s), TA_OK);       /* within the window it is as good as its successor */
    CHECK(works(t1.s));
    CHECK(!works(u.s));
    app.store = later;
    app.now += 10;
    CHECK_ST(logout_others(t0.s), TA_ERR_REPLAY);
    EVENTS(TA_EVENT_REPLAY, 0);
    CHECK(app_record(t1.s, &r));
    CHECK_EQ(r.state, 1);
    CHECK(!works(t1.s));
    CHECK(works(u.s));                          /* a thief's old token ends no other session */
    app.store = before;
    CHECK_ST(logout_others(t1.s), TA_ERR_AHEAD);
    EVENTS(TA_EVENT_AHEAD, 0);
    CHECK(!works(t0.s));
    CHECK(works(u.s));
}

static void test_logout_others_with_the_retry_key(void)
{
    fake_text t0, t1;
    app_new();
    t0 = SESSION("alice");
    app.opts.retry_key = "0123456789abcdef";
    t1 = ROTATE(t0.s);
    app.now += 100;
    CHECK_ST(logout_others(t0.s), TA_OK);
    HANDED(t0.s, t1.s);
    app.opts.retry_key = NULL;
    CHECK_ST(logout_others(t0.s), TA_ERR_REPLAY);
}

static void test_logout_others_by_a_token_ahead_within_allow_ahead(void)
{
    fake_text t0, t1, u;
    fake_store before;
    app_new();
    app.cfg.allow_ahead = 1;
    app_init();
    u = SESSION("alice");
    t0 = SESSION("alice");
    before = app.store;
    t1 = ROTATE(t0.s);
    app.store = before;
    app.now += 10;
    CHECK_ST(logout_others(t1.s), TA_OK);
    CHECK(works(t1.s));
    CHECK(!works(u.s));
}

/* The password was changed in this very session: it goes on under the new one, the others end. */
static void test_logout_others_after_a_change_of_the_password(void)
{
    fake_text t, u;
    ta_record r;
    uint8_t seal[8];
    app_new();
    app_user("old hash", NULL, TA_OK);
    app.login.salt = "old hash";
    app.login.salt_len = 8;
    u = SESSION("alice");
    t = SESSION("alice");
    app_user("new hash", NULL, TA_OK);
    CHECK_ST(logout_others(t.s), TA_ERR_USER_CHANGED);      /* what was it before? */
    app.opts.old_salt = "old hush";
    app.opts.old_salt_len = 8;
    CHECK_ST(logout_others(t.s), TA_ERR_USER_CHANGED);
    app.opts.old_salt = "old hash";
    app.opts.old_salt_len = 7;
    CHECK_ST(logout_others(t.s), TA_ERR_USER_CHANGED);
    app.opts.old_salt_len = 8;
    REFUSED(t.s, TA_ERR_ARGUMENT);              /* a refresh knows nothing of old salts */
    CHECK_ST(logout_others(t.s), TA_OK);
    CHECK(app_record(t.s, &r));
    naive_seal(&r, "new hash", seal);
    CHECK_BYTES(r.seal, seal, 8);
    app.opts.old_salt = NULL;
    app.opts.old_salt_len = 0;
    CHECK(works(t.s));
    CHECK(!works(u.s));
    app_user("old hash", NULL, TA_OK);          /* the old one is of no use to either of them */
    CHECK(!works(t.s));
    CHECK(!works(u.s));
    app_user("new hash", NULL, TA_OK);
    t = ROTATE(t.s);
    CHECK_ST(logout_others(t.s), TA_OK);        /* nothing changed since: no old salt is needed */
    (void)ROTATE(t.s);
}

/* An old salt is one more that the seal may have been made with; it excuses no other seal. */
static void test_logout_others_old_salt_excuses_no_changed_record(void)
{
    fake_text t;
    ta_record good, r;
    int salted;
    unsigned bit;
    for (salted = 0; salted <= 1; salted++) {
        app_new();
        if (salted) app_user("new hash", NULL, TA_OK);
        app.login.salt = "old hash";
        app.login.salt_len = salted ? 8 : 0;
        t = SESSION("alice");
        CHECK(app_record(t.s, &good));
        app.opts.old_salt = "old hash";
        app.opts.old_salt_len = 8;
        for (bit = 0; bit < 64; bit++) {
            r = good;
            r.seal[bit / 8] = (uint8_t)(r.seal[bit / 8] ^ (1u << (bit % 8)));
            fake_put(&app.store, &r);
            CHECK_ST(logout_others(t.s), TA_ERR_USER_CHANGED);
        }
        r = good;
        r.app[3] ^= 1;
        fake_put(&app.store, &r);
        CHECK_ST(logout_others(t.s), TA_ERR_USER_CHANGED);
        fake_put(&app.store, &good);
        CHECK_ST(logout_others(t.s), TA_OK);
    }
}

static void test_logout_others_old_salt_cannot_lift_a_suspension(void)
{
    fake_text t;
    app_new();
    app_user("old hash", NULL, TA_OK);
    app.login.salt = "old hash";
    app.login.salt_len = 8;
    t = SESSION("alice");
    app_user("new hash", NULL, TA_ERR_SUSPENDED);
    app.opts.old_salt = "old hash";
    app.opts.old_salt_len = 8;
    CHECK_ST(logout_others(t.s), TA_ERR_SUSPENDED);
    app.cfg.user = NULL;                        /* no hook: nobody says what the salt is now */
    app_init();
    CHECK_ST(logout_others(t.s), TA_ERR_USER_CHANGED);
}

/* Every call may fail, lose its answer or lose its swap: OK means that the others are out and this one
   is in; anything else never leaves this one in a state of its own making.                     */
static void test_logout_others_with_a_store_that_fails(void)
{
    static const struct { fake_call call; ta_status answer; bool applied; } how[] = {
        { FAKE_GET, TA_ERR_STORE, false }, { FAKE_CAS, TA_ERR_STORE, false },
        { FAKE_CAS, TA_ERR_STORE, true }, { FAKE_CAS, TA_ERR_CONFLICT, false } };
    size_t i;
    long nth, times, ok = 0, refused = 0;
    for (i = 0; i < sizeof how / sizeof how[0]; i++) {
        for (nth = 1; nth <= 6; nth++) {
            for (times = 1; times <= 100; times += 99) {
                fake_text t, u;
                ta_status st;
                app_new();
                u = SESSION("alice");
                t = SESSION("alice");
                app.now += 10;
                fake_fail(&app.store, how[i].call, nth, times, how[i].answer, how[i].applied);
                st = logout_others(t.s);
                app.store.faults = 0;
                if (st == TA_OK) {
                    ok++;
                    CHECK(works(t.s));
                    CHECK(!works(u.s));
                } else {
                    refused++;
                    CHECK(st == TA_ERR_STORE || st == TA_ERR_BUSY);
                    EVENTS(0, 0);
                }
                if (nth == 1 && times == 100) CHECK(st != TA_OK || how[i].applied);
                if (nth == 1 && times == 100 && !how[i].applied) CHECK(works(u.s) && works(t.s));
            }
        }
    }
    CHECK(ok > 5 && refused > 5);
}

/* Whatever comes in between. A logout everywhere most of all: nothing that was there may outlive it,
   also where no list helps to delete it.                                                       */
static void test_logout_others_while_others_act(void)
{
    void (*const act[])(void) = { other_refreshes, other_logs_out, other_logs_out_all, other_logs_in };
    size_t i;
    for (i = 0; i < 8; i++) {
        long at;
        for (at = 1; at <= 20; at++) {
            fake_text t, u;
            ta_status st;
            app_new();
            if (i >= 4) app.cfg.store.list = NULL;
            app_init();
            u = SESSION("alice");
            t = SESSION("alice");
            app.now += 10;
            other_token = t.s;
            other_subject = "alice";
            other_status = TA_ERR_BUSY;
            memset(&other_got, 0, sizeof other_got);
            fake_meanwhile(&app.store, at, act[i % 4]);
            st = logout_others(t.s);
            if (app.store.meanwhile != NULL) break;
            CHECK(st == TA_OK || st == TA_ERR_ENDED || st == TA_ERR_LOGGED_OUT);
            if (st == TA_OK) CHECK(!works(u.s));
            if (i % 4 == 0) {
                /* the other tab's refresh came first, or was told that it is logged out */
                CHECK_ST(st, TA_OK);
                CHECK(other_status == TA_OK || other_status == TA_ERR_LOGGED_OUT);
                CHECK(works(other_status == TA_OK ? other_got.s : t.s));
            }
            if (i % 4 == 1) CHECK(!works(t.s));     /* whoever logged out stays out */
            if (i % 4 == 2) {
                CHECK_ST(other_status, TA_OK);
                CHECK(!works(u.s));
                CHECK(!works(t.s));
            }
        }
        CHECK(at > 4 && at <= 20);
    }
}

static void other_logs_the_others_out(void)
{
    other_status = ta_logout_others(&app.auth, other_token, strlen(other_token), app.now, &app.opts);
    app.events = 0;
}

static int      change;
static uint32_t changed_at;                     /* the epoch the record had then; 0: not its new one */
static void other_changes_the_record(void)
{
    ta_record r;
    naive_parts p = naive_read(other_token);
    if (!fake_read(&app.store, p.id, &r)) return;
    changed_at = r.epoch;
    r.ver++;
    if (change == 0) r.state = 1;
    if (change == 1) r.app[0] ^= 1;
    if (change == 2) memcpy(r.text, "mallo", 5);
    if (change == 3) r.epoch ^= 0x40000000;
    if (change == 4) r.idle_until = app.now;
    if (change == 5) r.kid ^= 1;
    fake_put(&app.store, &r);
}

/* This call seals a record anew: never one that somebody else has changed in between. */
static void test_logout_others_does_not_seal_what_another_has_changed(void)
{
    for (change = 0; change < 6; change++) {
        long at;
        for (at = 1; at <= 20; at++) {
            fake_text t;
            ta_status st;
            app_new();
            (void)SESSION("alice");
            t = SESSION("alice");
            app.now += 10;
            other_token = t.s;
            fake_meanwhile(&app.store, at, other_changes_the_record);
            st = logout_others(t.s);
            if (app.store.meanwhile != NULL) break;
            CHECK((st == TA_OK) == (changed_at != 0));
            CHECK(!works(t.s));
        }
        CHECK(at > 5 && at <= 20);
    }
}

/* Two devices do it at once: one of them stays, not both, and not none. */
static void test_logout_others_from_two_devices_at_once(void)
{
    int nolist;
    for (nolist = 0; nolist <= 1; nolist++) {
        long at;
        for (at = 1; at <= 20; at++) {
            fake_text t, u;
            ta_status st;
            app_new();
            if (nolist) app.cfg.store.list = NULL;
            app_init();
            t = SESSION("alice");
            u = SESSION("alice");
            app.now += 10;
            other_token = u.s;
            fake_meanwhile(&app.store, at, other_logs_the_others_out);
            st = logout_others(t.s);
            if (app.store.meanwhile != NULL) break;
            CHECK(works(t.s) != works(u.s));
            if (!works(t.s)) CHECK_ST(other_status, TA_OK);
            if (!works(u.s)) CHECK(st == TA_OK);
        }
        CHECK(at > 4 && at <= 20);
    }
}

static void late_write(void) { fake_late_write(&app.store); }

/* A write that seemed lost arrives while the call tries again. OK still means OK. */
static void test_logout_others_with_a_write_that_arrives_late(void)
{
    long nth, at, ok = 0;
    for (nth = 1; nth <= 2; nth++) {
        for (at = 1; at <= 20; at++) {
            fake_text t, u;
            ta_status st;
            app_new();
            u = SESSION("alice");
            t = SESSION("alice");
            app.now += 10;
            fake_fail(&app.store, FAKE_CAS, nth, 1, TA_ERR_STORE, false);
            fake_meanwhile(&app.store, at, late_write);
            st = logout_others(t.s);
            app.store.faults = 0;
            if (app.store.meanwhile != NULL) break;
            CHECK_ST(st, TA_OK);
            CHECK(works(t.s) && !works(u.s));
            ok += st == TA_OK;
        }
        CHECK(at > 4 && at <= 20);
    }
    CHECK(ok > 6);
}

static void test_logout_all_with_a_write_that_arrives_late(void)
{
    long at;
    int first;
    for (first = 0; first <= 1; first++) {
        for (at = 1; at <= 20; at++) {
            fake_text t;
            ta_status st;
            app_new();
            if (!first) CHECK_ST(logout_all("alice"), TA_OK);
            t = SESSION("alice");
            fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
            fake_meanwhile(&app.store, at, late_write);
            st = logout_all("alice");
            app.store.faults = 0;
            if (app.store.meanwhile != NULL) break;
            CHECK_ST(st, TA_OK);
            CHECK(!works(t.s));
            t = SESSION("alice");
            CHECK(works(t.s));
        }
        CHECK(at > 4 && at <= 20);
    }
}

/* The answer of the last write is lost and it cannot be read again. The call is repeated, and finds that
   this session is sealed with the new salt already.                                            */
static void test_logout_others_repeated_after_a_lost_answer(void)
{
    fake_text t, u;
    app_new();
    app_user("old hash", NULL, TA_OK);
    app.login.salt = "old hash";
    app.login.salt_len = 8;
    u = SESSION("alice");
    t = SESSION("alice");
    app_user("new hash", NULL, TA_OK);
    app.opts.old_salt = "old hash";
    app.opts.old_salt_len = 8;
    fake_fail(&app.store, FAKE_CAS, 3, 1, TA_ERR_STORE, true);
    fake_fail(&app.store, FAKE_GET, 5, 1, TA_ERR_STORE, false);
    CHECK_ST(logout_others(t.s), TA_ERR_STORE);
    app.store.faults = 0;
    CHECK_ST(logout_others(t.s), TA_OK);
    app.opts.old_salt = NULL;
    app.opts.old_salt_len = 0;
    CHECK(works(t.s));
    CHECK(!works(u.s));
}

/* ---- the list of devices ----------------------------------------------------------------- */

static ta_status list(const char *subject, const char *after, ta_session *out, size_t cap, size_t *n)
{
    memset(out, 0xA5, cap * sizeof *out);
    *n = 99;
    return ta_session_list(&app.auth, subject, app.now, after, out, cap, n);
}

static void test_session_list_in_pages_of_every_size(void)
{
    enum { N = 11 };
    char sid[N][TA_SID_CAP];
    size_t cap, i, n, got;
    app_new();
    for (i = 0; i < N; i++) {
        char label[8];
        snprintf(label, sizeof label, "dev %02u", (unsigned)i);
        app.login.label = label;
        app.login.app[0] = (uint8_t)i;
        LOGIN("alice", TA_OK);
        strcpy(sid[i], app.pair.sid);
        if (i % 3 == 0) LOGIN("bob", TA_OK);
        app.now += 1;
    }
    for (cap = 1; cap <= N + 1; cap++) {
        ta_session *page = (ta_session *)exact(cap * sizeof *page);
        char after[TA_SID_CAP] = "";
        bool seen[N];
        uint8_t last[TA_ID_SIZE], id[TA_ID_SIZE];
        memset(seen, 0, sizeof seen);
        memset(last, 0, sizeof last);
        got = 0;
        do {
            CHECK_ST(list("alice", after, page, cap, &n), TA_OK);
            CHECK(n <= cap);
            if (n > cap) break;
            for (i = 0; i < n; i++) {
                const ta_session *s = &page[i];
                size_t k = s->app[0];
                naive_decode(s->sid, id, sizeof id);
                CHECK(memcmp(id, last, sizeof id) > 0);
                memcpy(last, id, sizeof last);
                CHECK_STR(s->subject, "alice");
                CHECK(k < N && !seen[k]);
                if (k >= N) continue;
                seen[k] = true;
                CHECK_STR(s->sid, sid[k]);
                CHECK_EQ(s->label[5], '0' + (int)k % 10);
                CHECK_EQ(s->created, 1700000000 + (int64_t)k);
                CHECK_EQ(s->last_used, s->created);
                CHECK_EQ(s->ends_at, s->created + 90 * FAKE_DAY);
                got++;
            }
            for (i = n; i < cap; i++) CHECK(all_zero(&page[i], sizeof page[i]));
            if (n > 0) memcpy(after, page[n - 1].sid, sizeof after);
        } while (n == cap && got <= N);
        CHECK_EQ(got, N);
        free(page);
    }
    {
        ta_session one[1];
        CHECK_ST(list("carol", "", one, 1, &n), TA_OK);
        CHECK_EQ(n, 0);
    }
}

/* Dead ones are passed over, and a page is still full when more live ones follow. */
static void test_session_list_has_live_sessions_only(void)
{
    enum { N = 14 };
    size_t i, n, cap, live = 0;
    ta_record r;
    fake_text t[N];
    app_new();
    app.store.ghosts = true;                    /* the store still lists what was deleted */
    for (i = 0; i < N; i++) t[i] = SESSION("alice");
    for (i = 0; i < N; i++) {
        CHECK(app_record(t[i].s, &r));
        switch (i % 7) {
        case 0: r.state = 1; break;
        case 1: r.ends_at = app.now; break;
        case 2: r.idle_until = app.now; break;
        case 3: r.epoch = 3; break;
        case 4: CHECK_ST(logout(t[i].s), TA_OK); continue;
        default: live++; continue;
        }
        fake_put(&app.store, &r);
    }
    CHECK_EQ(live, 4);
    for (cap = 1; cap <= 5; cap++) {
        ta_session *page = (ta_session *)exact(cap * sizeof *page);
        char after[TA_SID_CAP] = "";
        size_t got = 0, pages = 0;
        do {
            CHECK_ST(list("alice", after, page, cap, &n), TA_OK);
            for (i = 0; i < n && i < cap; i++) {
                ta_session s;
                CHECK_ST(ta_session_get(&app.auth, "alice", page[i].sid, 22, app.now, &s), TA_OK);
                CHECK_BYTES(&s, &page[i], sizeof s);
            }
            got += n;
            pages++;
            if (n > 0) memcpy(after, page[n - 1].sid, sizeof after);
        } while (n == cap && pages < 10);
        CHECK_EQ(got, live);
        CHECK_EQ(pages, live / cap + 1);
        free(page);
    }
    app.cfg.sessions_not_before = app.now + 1;
    app_init();
    {
        ta_session page[5];
        CHECK_ST(list("alice", "", page, 5, &n), TA_OK);
        CHECK_EQ(n, 0);
        app.cfg.sessions_not_before = 0;
        app_init();
        CHECK_ST(logout_all("alice"), TA_OK);
        for (i = 0; i < N; i++) {               /* as if the deletions had all failed */
            CHECK(!works(t[i].s));
        }
        CHECK_ST(list("alice", "", page, 5, &n), TA_OK);
        CHECK_EQ(n, 0);
        (void)SESSION("alice");                 /* under the new epoch */
        CHECK_ST(list("alice", "", page, 5, &n), TA_OK);
        CHECK_EQ(n, 1);
        CHECK_STR(page[0].sid, app.pair.sid);
    }
}

/* A list whose ids do not rise would be walked for ever. */
static void test_session_list_that_begins_anew_each_time_is_a_store_error(void)
{
    ta_session page[100];
    fake_text t;
    size_t i, n;
    app_new();
    app.cfg.max_sessions = 100;
    app_init();
    for (i = 0; i < 40; i++) t = SESSION("alice");
    app.store.rewinds = true;
    CHECK_ST(list("alice", "", page, 100, &n), TA_ERR_STORE);
    CHECK_EQ(n, 0);
    LOGIN("alice", TA_ERR_STORE);               /* the cap cannot be counted */
    CHECK_EQ(fake_count(&app.store, 1), 40);
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK(!works(t.s));
}

static void test_session_list_wrong_calls_and_failures(void)
{
    static const char *const bad[] = { "x", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA",
                                       "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAA!" };
    static const ta_session none[4];
    ta_session page[4];
    size_t i, n;
    app_new();
    LOGIN("alice", TA_OK);
    LOGIN("alice", TA_OK);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ST(list("alice", bad[i], page, 4, &n), TA_ERR_ARGUMENT);
        CHECK_EQ(n, 0);
    }
    CHECK_ST(list("", "", page, 4, &n), TA_ERR_ARGUMENT);
    CHECK_ST(list(NULL, "", page, 4, &n), TA_ERR_ARGUMENT);
    memset(page, 0xA5, sizeof page);
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", page, 4, NULL), TA_ERR_ARGUMENT);
    CHECK_BYTES(page, none, sizeof page);
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", NULL, 4, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", NULL, 4, &n), TA_ERR_ARGUMENT);
    CHECK_ST(list("alice", "AAAAAAAAAAAAAAAAAAAAAA", page, 4, &n), TA_OK);  /* a sid that is nobody's */
    CHECK_EQ(n, 2);
    CHECK_ST(list("alice", "_____________________w", page, 4, &n), TA_OK);
    CHECK_EQ(n, 0);
    for (i = 0; i < 6; i++) {
        app.store.faults = 0;
        switch (i) {
        case 0: fake_fail(&app.store, FAKE_LIST, 1, 100, TA_ERR_STORE, false); break;
        case 1: fake_fail(&app.store, FAKE_LIST, 1, 100, TA_ERR_NOT_FOUND, false); break;
        case 2: fake_fail(&app.store, FAKE_LIST, 1, 100, TA_OK, false); break;      /* n beyond cap */
        case 3: fake_fail(&app.store, FAKE_GET, 1, 1, TA_ERR_STORE, false); break;
        case 4: fake_fail(&app.store, FAKE_GET, 3, 1, TA_ERR_STORE, false); break;  /* one was there */
        default: fake_fail(&app.store, FAKE_GET, 2, 100, TA_ERR_STORE, false); break;
        }
        CHECK_ST(list("alice", "", page, 4, &n), TA_ERR_STORE);
        CHECK_EQ(n, 0);
        CHECK(all_zero(page, sizeof page));
    }
    app.store.faults = 0;
    app.cfg.store.list = NULL;
    app_init();
    CHECK_ST(list("alice", "", page, 4, &n), TA_ERR_UNSUPPORTED);
    CHECK_EQ(n, 0);
}

/* ---- one session, by its sid ------------------------------------------------------------- */

static ta_status get(const char *subject, const char *sid, ta_session *out)
{
    char *in = (char *)exact_copy(sid, strlen(sid));
    ta_status st;
    memset(out, 0xA5, sizeof *out);
    st = ta_session_get(&app.auth, subject, in, strlen(sid), app.now, out);
    if (st != TA_OK) CHECK(all_zero(out, sizeof *out));
    free(in);
    return st;
}

static ta_status end(const char *subject, const char *sid)
{
    char *in = (char *)exact_copy(sid, strlen(sid));
    ta_status st = ta_session_end(&app.auth, subject, in, strlen(sid), app.now);
    free(in);
    return st;
}

static void test_session_get(void)
{
    ta_session s;
    fake_text t;
    char sid[TA_SID_CAP];
    app_new();
    app.login.label = "tablet";
    memcpy(app.login.app, "wxyz", 4);
    t = SESSION("alice");
    strcpy(sid, app.pair.sid);
    t = ROTATE(t.s);
    CHECK_ST(get("alice", sid, &s), TA_OK);
    CHECK_STR(s.sid, sid);
    CHECK_STR(s.subject, "alice");
    CHECK_STR(s.label, "tablet");
    CHECK_BYTES(s.app, "wxyz", 4);
    CHECK_EQ(s.created, app.now - 10);
    CHECK_EQ(s.last_used, app.now);
    CHECK_EQ(s.ends_at, app.now - 10 + 90 * FAKE_DAY);
    CHECK_ST(get(NULL, sid, &s), TA_OK);        /* an administrator */
    CHECK_STR(s.subject, "alice");
}

/* Trap: a sid is public and comes from outside; another's must look like one that never was. */
static void test_trap_foreign_sid_is_not_found(void)
{
    static const char *const others[] = { "mallory", "alic", "alice2", "Alice", "bob" };
    ta_session s;
    fake_text t;
    char sid[TA_SID_CAP], never[TA_SID_CAP], mark_sid[TA_SID_CAP];
    uint8_t id[TA_ID_SIZE];
    size_t i;
    app_new();
    CHECK_ST(logout_all("alice"), TA_OK);
    (void)SESSION("bob");
    t = SESSION("alice");
    strcpy(sid, app.pair.sid);
    for (i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK_ST(get(others[i], sid, &s), TA_ERR_NOT_FOUND);
        CHECK_ST(end(others[i], sid), TA_ERR_NOT_FOUND);
    }
    memset(id, 0x5A, sizeof id);
    naive_encode(id, sizeof id, never);
    CHECK_ST(get("alice", never, &s), TA_ERR_NOT_FOUND);
    CHECK_ST(end("alice", never), TA_ERR_NOT_FOUND);
    naive_user_id("alice", id);                 /* a mark is no session, not even for its own user */
    naive_encode(id, sizeof id, mark_sid);
    CHECK_ST(get("alice", mark_sid, &s), TA_ERR_NOT_FOUND);
    CHECK_ST(end("alice", mark_sid), TA_ERR_NOT_FOUND);
    CHECK_ST(get(NULL, mark_sid, &s), TA_ERR_NOT_FOUND);
    CHECK_ST(end(NULL, mark_sid), TA_ERR_NOT_FOUND);
    CHECK_EQ(fake_count(&app.store, 2), 1);
    CHECK(works(t.s));
    {                                           /* nor does a dead session say that it was one */
        ta_record r;
        CHECK(app_record(t.s, &r));
        r.state = 1;
        fake_put(&app.store, &r);
        CHECK_ST(get("mallory", sid, &s), TA_ERR_NOT_FOUND);
        CHECK_ST(get("alice", sid, &s), TA_ERR_REVOKED);
    }
}

static void test_session_sid_that_is_none_is_not_found_without_a_look(void)
{
    ta_session s;
    char sid[TA_SID_CAP], bad[64];
    size_t i;
    long calls;
    app_new();
    LOGIN("alice", TA_OK);
    strcpy(sid, app.pair.sid);
    calls = app.store.calls;
    for (i = 0; i < 40; i++) {
        if (i == 22) continue;
        memset(bad, 'A', sizeof bad);
        memcpy(bad, sid, 22);
        bad[i] = '\0';
        CHECK_ST(get("alice", bad, &s), TA_ERR_NOT_FOUND);
        CHECK_ST(end("alice", bad), TA_ERR_NOT_FOUND);
    }
    for (i = 0; i < 22; i++) {
        strcpy(bad, sid);
        bad[i] = '+';
        CHECK_ST(get("alice", bad, &s), TA_ERR_NOT_FOUND);
    }
    strcpy(bad, sid);
    bad[21] = (char)(bad[21] == '9' ? '8' : bad[21] + 1);   /* spare bits that are not 0 */
    CHECK_ST(get("alice", bad, &s), TA_ERR_NOT_FOUND);
    CHECK_ST(end("alice", bad), TA_ERR_NOT_FOUND);
    CHECK_EQ(app.store.calls, calls);
    CHECK_ST(end("alice", sid), TA_OK);
    CHECK_ST(ta_session_get(&app.auth, "alice", NULL, 22, app.now, &s), TA_ERR_ARGUMENT);
    CHECK_ST(ta_session_get(&app.auth, "alice", sid, 22, app.now, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_session_end(&app.auth, "alice", NULL, 22, app.now), TA_ERR_ARGUMENT);
    CHECK_ST(ta_session_get(&app.auth, "", sid, 22, app.now, &s), TA_ERR_ARGUMENT);
    CHECK_ST(ta_session_end(&app.auth, "", sid, 22, app.now), TA_ERR_ARGUMENT);
}

static void test_session_get_of_one_that_is_over_says_why(void)
{
    ta_session s;
    fake_text t;
    ta_record r, good;
    char sid[TA_SID_CAP];
    app_new();
    t = SESSION("alice");
    strcpy(sid, app.pair.sid);
    CHECK(app_record(t.s, &good));
    r = good; r.state = 1;               fake_put(&app.store, &r);
    CHECK_ST(get("alice", sid, &s), TA_ERR_REVOKED);
    r = good; r.ends_at = app.now;       fake_put(&app.store, &r);
    CHECK_ST(get("alice", sid, &s), TA_ERR_EXPIRED);
    r = good; r.idle_until = app.now;    fake_put(&app.store, &r);
    CHECK_ST(get("alice", sid, &s), TA_ERR_IDLE);
    r = good; r.epoch = 3;               fake_put(&app.store, &r);
    CHECK_ST(get("alice", sid, &s), TA_ERR_LOGGED_OUT);
    fake_put(&app.store, &good);
    CHECK_ST(get("alice", sid, &s), TA_OK);
    app.cfg.sessions_not_before = app.now + 1;
    app_init();
    CHECK_ST(get("alice", sid, &s), TA_ERR_ENDED);
    app.cfg.sessions_not_before = 0;
    app.cfg.absolute_s = 100;
    app_init();
    app.now += 100;
    CHECK_ST(get("alice", sid, &s), TA_ERR_EXPIRED);
}

static void test_session_end_ends_this_one_only(void)
{
    fake_text t, u;
    ta_session s;
    char sid[TA_SID_CAP];
    ta_record r;
    app_new();
    u = SESSION("alice");
    t = SESSION("alice");
    strcpy(sid, app.pair.sid);
    CHECK_ST(end("alice", sid), TA_OK);
    REFUSED(t.s, TA_ERR_ENDED);
    CHECK(works(u.s));
    CHECK_ST(end("alice", sid), TA_ERR_NOT_FOUND);
    CHECK_ST(get("alice", sid, &s), TA_ERR_NOT_FOUND);
    t = SESSION("alice");
    CHECK_ST(end(NULL, app.pair.sid), TA_OK);   /* an administrator */
    CHECK(!app_record(t.s, &r));
}

static void test_session_end_and_a_store_that_fails(void)
{
    fake_text t;
    ta_session s;
    ta_record r;
    char sid[TA_SID_CAP];
    long at;
    app_new();
    t = SESSION("alice");
    strcpy(sid, app.pair.sid);
    fake_fail(&app.store, FAKE_GET, 1, 100, TA_ERR_STORE, false);
    CHECK_ST(end("alice", sid), TA_ERR_STORE);
    CHECK_ST(get("alice", sid, &s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_GET, 2, 100, TA_ERR_STORE, false);
    CHECK_ST(get("alice", sid, &s), TA_ERR_STORE);  /* the mark */
    app.store.faults = 0;
    fake_forge(&app.store, 1, forge_id);
    CHECK_ST(end("alice", sid), TA_ERR_STORE);
    app.store.faults = 0;
    fake_forge(&app.store, 1, forge_id);
    CHECK_ST(get("alice", sid, &s), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_CAS, 1, 100, TA_ERR_STORE, false);
    CHECK_ST(end("alice", sid), TA_ERR_STORE);
    app.store.faults = 0;
    fake_fail(&app.store, FAKE_CAS, 1, 1000, TA_ERR_CONFLICT, false);
    CHECK_ST(end("alice", sid), TA_ERR_BUSY);
    app.store.faults = 0;
    CHECK(works(t.s));
    for (at = 1; at <= 2; at++) {               /* it rotates meanwhile: until it is gone */
        app_new();
        t = SESSION("alice");
        strcpy(sid, app.pair.sid);
        app.now += 10;
        other_token = t.s;
        fake_meanwhile(&app.store, at, other_refreshes);
        CHECK_ST(end("alice", sid), TA_OK);
        CHECK(!app_record(t.s, &r));
        CHECK(!works(other_got.s));
    }
}

/* ---- the cap ----------------------------------------------------------------------------- */

static void test_cap_drops_the_least_used_session(void)
{
    fake_text t[18];
    size_t i;
    app_new();
    for (i = 0; i < 16; i++) {
        t[i] = SESSION("alice");
        EVENTS(TA_EVENT_LOGIN, 0);
        app.now += 10;
    }
    (void)SESSION("bob");                       /* another user's do not count */
    for (i = 0; i < 16; i++) CHECK(works(t[i].s));
    REFRESH(t[0].s, TA_OK);                     /* the oldest was used just now */
    t[0] = kept(app.pair.refresh);
    t[16] = SESSION("alice");
    EVENTS(TA_EVENT_EVICTED, TA_EVENT_LOGIN);
    CHECK_STR(app.event[0].session.sid, naive_read(t[1].s).sid);
    CHECK_STR(app.event[0].session.subject, "alice");
    CHECK_STR(app.event[1].session.sid, naive_read(t[16].s).sid);
    REFUSED(t[1].s, TA_ERR_ENDED);
    for (i = 0; i < 17; i++) CHECK(works(t[i].s) == (i != 1));
    app.now += 1;
    t[17] = SESSION("alice");
    CHECK(!works(t[2].s));
    CHECK_EQ(fake_count(&app.store, 1), 17);
}

/* A login whose reply got lost leaves a session that nobody holds: those go before used ones. */
static void test_cap_drops_orphans_of_lost_replies_before_used_ones(void)
{
    fake_text used, orphan, fresh;
    app_new();
    app.cfg.max_sessions = 2;
    app_init();
    used = SESSION("alice");
    used = ROTATE(used.s);
    app.now += 100;
    orphan = SESSION("alice");                  /* younger than the other's last use, never refreshed */
    app.now += 901;
    fresh = SESSION("alice");
    CHECK(works(used.s));
    CHECK(!works(orphan.s));
    CHECK(works(fresh.s));
    EVENTS(TA_EVENT_EVICTED, TA_EVENT_LOGIN);
    CHECK_STR(app.event[0].session.sid, naive_read(orphan.s).sid);

    app_new();                                  /* a young one that was not refreshed yet is no orphan */
    app.cfg.max_sessions = 2;
    app_init();
    used = SESSION("alice");
    used = ROTATE(used.s);
    app.now += 100;
    orphan = SESSION("alice");
    app.now += 500;
    (void)SESSION("alice");
    CHECK(!works(used.s));
    CHECK(works(orphan.s));
}

/* What is over already is dropped before anything that lives, and costs nobody his place. */
static void test_cap_drops_what_is_over_first(void)
{
    int how;
    for (how = 0; how < 4; how++) {
        fake_text live, dead, fresh;
        ta_record r;
        app_new();
        app.cfg.max_sessions = 2;
        app_init();
        live = SESSION("alice");
        app.now += 50;
        dead = SESSION("alice");
        CHECK(app_record(dead.s, &r));
        switch (how) {
        case 0:  r.ends_at = app.now + 5; break;
        case 1:  r.idle_until = app.now + 5; break;
        case 2:  r.state = 1; break;
        default: r.epoch = 4; break;
        }
        fake_put(&app.store, &r);
        app.now += 5;
        fresh = SESSION("alice");
        CHECK(works(live.s));
        CHECK(works(fresh.s));
        CHECK(!works(dead.s));
        if (how < 2) CHECK(!app_record(dead.s, &r));
    }
}

/* The new session is never the one that goes: not for other servers' clocks that are ahead, not among
   sessions of one second, whatever its id.                                                       */
static void test_cap_never_drops_the_new_session(void)
{
    int i;
    app_new();
    app.cfg.max_sessions = 1;
    app_init();
    for (i = 0; i < 20; i++) {
        fake_text t = SESSION("alice");
        CHECK(works(t.s));
        CHECK_EQ(fake_count(&app.store, 1), 1);
        app.now -= i / 10;                      /* ten in one second, then back a second each */
    }
}

static void test_cap_reached_is_no_cap_exceeded(void)
{
    fake_text t;
    app_new();
    app.cfg.max_sessions = 1;
    app_init();
    t = SESSION("alice");
    CHECK(works(t.s));
    app.now += 1;
    t = SESSION("alice");
    CHECK(works(t.s));
    CHECK_EQ(fake_count(&app.store, 1), 1);
    EVENTS(TA_EVENT_EVICTED, TA_EVENT_LOGIN);
}

static void test_cap_that_was_lowered_drops_many(void)
{
    size_t i, n;
    fake_text t[70], last;
    app_new();
    app.cfg.max_sessions = 100;
    app_init();
    for (i = 0; i < 70; i++) { t[i] = SESSION("alice"); app.now += 1; }
    CHECK_EQ(fake_count(&app.store, 1), 70);
    app.cfg.max_sessions = 3;
    app_init();
    last = SESSION("alice");
    EVENTS(TA_EVENT_EVICTED, TA_EVENT_LOGIN);   /* each kind once per call */
    n = fake_count(&app.store, 1);
    CHECK_EQ(n, 3);
    CHECK(works(last.s));
    CHECK(works(t[69].s));
    CHECK(works(t[68].s));
    CHECK(!works(t[67].s));
}

/* Half a census is none: nobody is dropped for sessions that could not be read.                   */
static void test_cap_drops_nobody_when_the_census_fails(void)
{
    fake_text a, b;
    app_new();
    app.cfg.max_sessions = 100;
    app_init();
    a = SESSION("alice");
    app.now += 1;
    b = SESSION("alice");
    app.cfg.max_sessions = 1;
    app_init();
    fake_fail(&app.store, FAKE_GET, 6, 1, TA_ERR_STORE, false);     /* the third session of three */
    LOGIN("alice", TA_ERR_STORE);
    CHECK_EQ(fake_count(&app.store, 1), 2);
    CHECK(works(a.s));
    CHECK(works(b.s));
}

static void test_cap_reject_refuses_the_new_one(void)
{
    fake_text a, b;
    ta_record r;
    app_new();
    app.cfg.max_sessions = 2;
    app.cfg.reject_over_cap = true;
    app_init();
    a = SESSION("alice");
    b = SESSION("alice");
    LOGIN("alice", TA_ERR_FULL);
    EVENTS(0, 0);
    CHECK_EQ(fake_count(&app.store, 1), 2);
    CHECK(works(a.s) && works(b.s));
    LOGIN("bob", TA_OK);
    CHECK_ST(logout(b.s), TA_OK);
    b = SESSION("alice");
    CHECK(works(a.s) && works(b.s));
    CHECK(app_record(a.s, &r));                 /* what is over takes no place */
    r.idle_until = app.now + 1;
    fake_put(&app.store, &r);
    app.now += 1;
    a = SESSION("alice");
    CHECK(works(a.s) && works(b.s));
}

/* Sessions that a logout everywhere has ended take no place either, though none could be deleted. */
static void test_cap_reject_after_a_logout_everywhere_that_could_not_delete(void)
{
    fake_text t;
    app_new();
    app.cfg.max_sessions = 2;
    app.cfg.reject_over_cap = true;
    app_init();
    (void)SESSION("alice");
    (void)SESSION("alice");
    fake_fail(&app.store, FAKE_LIST, 1, 1, TA_ERR_STORE, false);
    CHECK_ST(logout_all("alice"), TA_OK);
    t = SESSION("alice");
    CHECK(works(t.s));
}

/* One login in the middle of another, before each of its calls: never more than the cap. */
static void test_cap_holds_when_logins_race(void)
{
    int reject;
    for (reject = 0; reject <= 1; reject++) {
        long at;
        for (at = 1; at < 40; at++) {
            ta_status st;
            size_t n;
            fake_text mine;
            app_new();
            app.cfg.max_sessions = 2;
            app.cfg.reject_over_cap = reject != 0;
            app_init();
            (void)SESSION("alice");
            app.now += 1;
            if (!reject) (void)SESSION("alice");
            app.now += 1;
            other_subject = "alice";
            fake_meanwhile(&app.store, at, other_logs_in);
            st = ta_login(&app.auth, "alice", app.now, NULL, &app.pair);
            mine = kept(st == TA_OK ? app.pair.refresh : "");
            if (app.store.meanwhile != NULL) break;
            n = fake_count(&app.store, 1);
            CHECK(n <= 2 && n >= 1);
            CHECK(st == TA_OK || (reject && st == TA_ERR_FULL));
            CHECK(other_status == TA_OK || (reject && other_status == TA_ERR_FULL));
            if (reject && st == TA_OK) CHECK(works(mine.s));
            if (reject && other_status == TA_OK) CHECK(works(other_got.s));
        }
        CHECK(at > 4 && at < 40);
    }
}

/* The one that is to go was used just now, or is gone already. */
static void test_cap_while_the_one_to_go_is_used(void)
{
    long at;
    int how;
    for (how = 0; how <= 1; how++) {
        for (at = 1; at < 40; at++) {
            fake_text a, b, mine;
            app_new();
            app.cfg.max_sessions = 2;
            app_init();
            a = SESSION("alice");
            app.now += 10;
            b = SESSION("alice");
            app.now += 10;
            other_token = a.s;
            fake_meanwhile(&app.store, at, how ? other_logs_out : other_refreshes);
            mine = SESSION("alice");
            if (app.store.meanwhile != NULL) break;
            CHECK(works(mine.s));
            CHECK(fake_count(&app.store, 1) <= 2);
            if (how == 0 && other_status == TA_OK && at > 2) {
                CHECK(works(other_got.s) != works(b.s) || fake_count(&app.store, 1) < 2);
            }
        }
        CHECK(at > 4 && at < 40);
    }
}

/* If the cap cannot be kept, there is no login: the new session is taken back. */
static void test_cap_and_a_store_that_fails(void)
{
    static const struct { fake_call call; long nth, times; ta_status answer; } how[] = {
        { FAKE_LIST, 1, 100, TA_ERR_STORE }, { FAKE_LIST, 1, 100, TA_OK /* n beyond cap */ },
        { FAKE_LIST, 1, 100, TA_ERR_ENDED }, { FAKE_GET, 2, 1, TA_ERR_STORE },
        { FAKE_GET, 3, 1, TA_ERR_STORE }, { FAKE_GET, 4, 1, TA_ERR_STORE },
        { FAKE_GET, 5, 1, TA_ERR_STORE }, { FAKE_GET, 7, 1, TA_ERR_STORE },
        { FAKE_CAS, 2, 2, TA_ERR_STORE }, { FAKE_CAS, 2, 8, TA_ERR_CONFLICT } };
    size_t i;
    for (i = 0; i < sizeof how / sizeof how[0]; i++) {
        fake_text b;
        ta_status want = how[i].answer == TA_ERR_CONFLICT ? TA_ERR_BUSY : TA_ERR_STORE;
        app_new();
        app.cfg.max_sessions = 2;
        app_init();
        (void)SESSION("alice");
        app.now += 1;
        b = SESSION("alice");
        app.now += 1;
        fake_fail(&app.store, how[i].call, how[i].nth, how[i].times, how[i].answer, false);
        LOGIN("alice", want);
        EVENTS(0, 0);
        app.store.faults = 0;
        CHECK_EQ(fake_count(&app.store, 1), 2);
        CHECK(works(b.s));
    }
}

static void test_cap_needs_a_list(void)
{
    size_t i;
    app_new();
    app.cfg.max_sessions = 1;
    app.cfg.store.list = NULL;
    app_init();
    for (i = 0; i < 5; i++) LOGIN("alice", TA_OK);
    CHECK_EQ(fake_count(&app.store, 1), 5);
}

/* The store lists what was deleted long ago: those are no sessions. */
static void test_cap_counts_no_ghosts(void)
{
    fake_text a, b, t;
    size_t i;
    app_new();
    app.store.ghosts = true;
    app.cfg.max_sessions = 2;
    app_init();
    for (i = 0; i < 50; i++) {
        t = SESSION("alice");
        CHECK_ST(logout(t.s), TA_OK);
    }
    a = SESSION("alice");
    b = SESSION("alice");
    CHECK(works(a.s) && works(b.s));
    EVENTS(TA_EVENT_LOGIN, 0);
}

/* ---- replaced sessions ------------------------------------------------------------------- */

static void test_replaces_deletes_the_session_of_any_generation(void)
{
    fake_text old, t, other;
    ta_record r;
    char *held;
    app_new();
    other = SESSION("alice");
    old = SESSION("alice");
    t = ROTATE(ROTATE(old.s).s);
    memcpy(app.login.app, "adm\x01", 4);        /* step-up: other rights are another session */
    held = (char *)exact_copy(old.s, 50);
    app.login.replaces = held;
    app.login.replaces_len = 50;
    LOGIN("alice", TA_OK);
    free(held);
    CHECK(!app_record(t.s, &r));
    CHECK(app_record(app.pair.refresh, &r));
    CHECK_BYTES(r.app, "adm\x01", 4);
    CHECK(works(kept(app.pair.refresh).s));
    CHECK(works(other.s));
    REFUSED(t.s, TA_ERR_ENDED);
    EVENTS(0, 0);
}

/* A token of whoever used this client before. */
static void test_replaces_a_session_of_another_user(void)
{
    fake_text bob;
    app_new();
    bob = SESSION("bob");
    app.login.replaces = bob.s;
    app.login.replaces_len = 50;
    LOGIN("alice", TA_OK);
    CHECK(works(kept(app.pair.refresh).s));
    CHECK(!works(bob.s));
}

/* One pair for both: what it held before the call is replaced. */
static void test_replaces_the_token_that_stands_in_the_pair(void)
{
    ta_pair pair;
    fake_text old;
    app_new();
    CHECK_ST(ta_login(&app.auth, "alice", app.now, NULL, &pair), TA_OK);
    old = kept(pair.refresh);
    app.login.replaces = pair.refresh;
    app.login.replaces_len = pair.refresh_len;
    CHECK_ST(ta_login(&app.auth, "alice", app.now, &app.login, &pair), TA_OK);
    CHECK(!works(old.s));
    CHECK(works(kept(pair.refresh).s));
}

/* An old cookie may hold anything; it must not keep the user from logging in, nor end a stranger's. */
static void test_replaces_garbage_ends_nothing(void)
{
    fake_text bob, forged;
    app_new();
    bob = SESSION("bob");
    forged = bob;
    forged.s[40] = forged.s[40] == 'A' ? 'B' : 'A';
    app.login.replaces = forged.s;
    app.login.replaces_len = 50;
    if (ta_login(&app.auth, "alice", app.now, &app.login, &app.pair) == TA_OK) {
        CHECK(works(kept(app.pair.refresh).s));
    } else {
        CHECK_EQ(fake_count(&app.store, 1), 1);
    }
    CHECK(works(bob.s));
}

static void test_replaces_that_fails_takes_the_login_back(void)
{
    int how;
    for (how = 0; how < 3; how++) {
        fake_text old;
        app_new();
        app.cfg.store.list = NULL;              /* no cap: mark, mark, insert, what is replaced */
        app_init();
        old = SESSION("alice");
        app.login.replaces = old.s;
        app.login.replaces_len = 50;
        if (how == 0) fake_fail(&app.store, FAKE_GET, 2, 1, TA_ERR_STORE, false);
        if (how == 1) fake_fail(&app.store, FAKE_GET, 3, 1, TA_ERR_STORE, false);
        if (how == 2) fake_fail(&app.store, FAKE_CAS, 2, 2, TA_ERR_STORE, false);
        LOGIN("alice", TA_ERR_STORE);
        EVENTS(0, 0);
        CHECK_EQ(fake_count(&app.store, 1), 1);
        CHECK(works(old.s));
        app.store.faults = 0;
        LOGIN("alice", TA_OK);
        CHECK_EQ(fake_count(&app.store, 1), 1);
        CHECK(!works(old.s));
    }
}

/* ---- refresh keys ------------------------------------------------------------------------ */

static void test_keys_every_kid(void)
{
    unsigned kid;
    for (kid = 0; kid < 16; kid++) {
        char name[2];
        fake_text t;
        ta_record r;
        app_new();
        name[0] = "0123456789abcdef"[kid];
        name[1] = '\0';
        app_keys(name);
        app_init();
        t = SESSION("alice");
        CHECK_EQ(naive_read(t.s).kid, kid);
        CHECK(app_record(t.s, &r));
        CHECK_EQ(r.kid, kid);
        t = ROTATE(t.s);
        CHECK_ST(logout_others(t.s), TA_OK);
        CHECK_ST(logout(t.s), TA_OK);
    }
}

/* Add it last everywhere, move it first everywhere, drop the old one: nobody notices. */
static void test_keys_change_from_one_to_the_next(void)
{
    fake_text t, before;
    ta_record r;
    uint8_t tag[8];
    app_new();
    app_user("salt", NULL, TA_OK);
    app.login.salt = "salt";
    app.login.salt_len = 4;
    app.login.client = app.opts.client = "client";
    app.login.client_len = app.opts.client_len = 6;
    app_keys("7");
    app_init();
    t = SESSION("alice");
    app_keys("72");
    app_init();
    before = t;
    t = ROTATE(t.s);
    CHECK_EQ(naive_read(t.s).kid, 7);
    app_keys("27");
    app_init();
    app.now += 1;
    REFRESH(before.s, TA_OK);                   /* in the window: the same generation, minted anew */
    CHECK_EQ(naive_read(app.pair.refresh).kid, 2);
    CHECK_EQ(naive_read(app.pair.refresh).gen, 1);
    REFRESH(t.s, TA_OK);
    CHECK_EQ(naive_read(app.pair.refresh).kid, 2);
    CHECK_EQ(naive_read(app.pair.refresh).gen, 1);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.kid, 7);                         /* nothing was written */
    app.now += 10;
    app.opts.retry_key = "0123456789abcdef";
    REFRESH(t.s, TA_OK);                        /* a token of the old key rotates */
    before = t;
    t = kept(app.pair.refresh);
    CHECK_EQ(naive_read(t.s).kid, 2);
    CHECK_EQ(naive_read(t.s).gen, 2);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.kid, 2);                         /* and takes its record along, with all three tags */
    naive_client('C', &r, "client", 6, tag);
    CHECK_BYTES(r.client, tag, 8);
    naive_client('R', &r, "0123456789abcdef", 16, tag);
    CHECK_BYTES(r.retry, tag, 8);
    naive_seal(&r, "salt", tag);
    CHECK_BYTES(r.seal, tag, 8);
    app.now += 10;
    HANDED(before.s, t.s);                      /* the late retry of a token of the old key */
    app_keys("2");
    app_init();
    REFRESH(t.s, TA_OK);
    UNHEARD(before.s, TA_ERR_UNKNOWN_KEY);
}

/* The retry key's tag is the record's key's, not the first one's. */
static void test_keys_change_between_a_rotation_and_its_late_retry(void)
{
    fake_text t0, t1;
    app_new();
    app_keys("7");
    app_init();
    t0 = SESSION("alice");
    app.opts.retry_key = "0123456789abcdef";
    t1 = ROTATE(t0.s);
    app_keys("27");
    app_init();
    app.now += 50;
    REFRESH(t0.s, TA_OK);
    EVENTS(TA_EVENT_LATE_RETRY, 0);
    CHECK_EQ(naive_read(app.pair.refresh).gen, 1);
    CHECK_EQ(naive_read(app.pair.refresh).kid, 2);
    CHECK_ST(logout_others(app.pair.refresh), TA_OK);
    CHECK(works(t1.s));
}

static void test_keys_are_known_by_id_not_by_place(void)
{
    fake_text t;
    app_new();
    app_keys("a3f0");
    app_init();
    t = SESSION("alice");
    CHECK_EQ(naive_read(t.s).kid, 10);
    app_keys("0f3a");
    app_init();
    t = ROTATE(t.s);
    CHECK_EQ(naive_read(t.s).kid, 0);
    app_keys("3f");
    app_init();
    UNHEARD(t.s, TA_ERR_UNKNOWN_KEY);
}

/* Two applications on one store with one key are apart by their realm. */
static void test_keys_realms_are_apart(void)
{
    fake_text t;
    app_new();
    app.cfg.realm = "a";
    app_init();
    t = SESSION("alice");
    app.cfg.realm = "b";
    app_init();
    UNHEARD(t.s, TA_ERR_INVALID);
    CHECK_ST(logout(t.s), TA_ERR_INVALID);
    app.cfg.realm = "a";
    app_init();
    CHECK(works(t.s));
}

/* ---- settings ---------------------------------------------------------------------------- */

static void refused_config(int line, ta_status want)
{
    ta_auth a;
    ta_status st;
    memset(&a, 0xA5, sizeof a);
    st = ta_auth_init(&a, &app.cfg);
    if (st != want) {
        check_failed(__FILE__, line);
        printf("ta_auth_init said %s, not %s\n", ta_status_name(st), ta_status_name(want));
    }
    if (want != TA_OK) CHECK_LINE(all_zero(&a, sizeof a));
}
#define CONFIG(want) refused_config(__LINE__, (want))

static void test_config_ranges(void)
{
    static const struct { int which; int32_t value; bool good; } t[] = {
        {0, -1, false}, {0, INT32_MIN, false}, {0, 1, true}, {0, 86400, true},
        {1, -1, false}, {1, INT32_MIN, false}, {1, 1, true}, {1, INT32_MAX, true},
        {2, -1, false}, {2, INT32_MIN, false}, {2, 1, true}, {2, INT32_MAX, true},
        {3, -1, true}, {3, -2, false}, {3, 1, true}, {3, 300, true}, {3, 301, false},
        {3, INT32_MAX, false},
        {4, -1, true}, {4, -2, false}, {4, 1, true}, {4, INT32_MAX, true}, {4, INT32_MIN, false},
        {5, -1, false}, {5, 0, true}, {5, 300, true}, {5, 301, false} };
    size_t i;
    for (i = 0; i < sizeof t / sizeof t[0]; i++) {
        app_new();
        switch (t[i].which) {
        case 0:  app.cfg.access_s = t[i].value; break;
        case 1:  app.cfg.idle_s = t[i].value; break;
        case 2:  app.cfg.absolute_s = t[i].value; break;
        case 3:  app.cfg.window_s = t[i].value; break;
        case 4:  app.cfg.retry_s = t[i].value; break;
        default: app.cfg.leeway_s = t[i].value; break;
        }
        CONFIG(t[i].good ? TA_OK : TA_ERR_CONFIG);
    }
    app_new();
    app.cfg.sessions_not_before = -1;
    CONFIG(TA_ERR_CONFIG);
}

static void test_config_names(void)
{
    static const char *const good[] = { "", "a", "acme_rt_", "A-Z.a~z_0-9", "12345678901234567890" };
    static const char *const bad[] = { "123456789012345678901", "a b", "a/b", "a+b", "a=", "\xC3\xA9",
                                       "a\n",
                                       "a\"", "a;", "a{" };
    size_t i;
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        fake_text t;
        app_new();
        app.cfg.refresh_prefix = good[i];
        CONFIG(TA_OK);
        app_init();
        t = SESSION("alice");
        CHECK_EQ(strlen(t.s), strlen(good[i]) + 50);
        (void)ROTATE(t.s);
    }
    app_new();
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        app.cfg.refresh_prefix = bad[i];
        CONFIG(TA_ERR_CONFIG);
    }
    app.cfg.refresh_prefix = NULL;
    app.cfg.issuer = NULL;
    CONFIG(TA_ERR_CONFIG);
    app.cfg.issuer = "";
    CONFIG(TA_ERR_CONFIG);
    app.cfg.issuer = FAKE_ISSUER;
    app.cfg.audience = NULL;
    CONFIG(TA_ERR_CONFIG);
    app.cfg.audience = "";
    CONFIG(TA_ERR_CONFIG);
    app.cfg.audience = FAKE_AUDIENCE;
    CONFIG(TA_OK);
}

static void test_config_keys(void)
{
    ta_refresh_key five[5];
    size_t i;
    app_new();
    app_keys("0123");
    CONFIG(TA_OK);
    app_keys("0120");
    CONFIG(TA_ERR_CONFIG);
    app_keys("0121");
    CONFIG(TA_ERR_CONFIG);
    app_keys("33");
    CONFIG(TA_ERR_CONFIG);
    app_keys("34");
    app.keys[1].id = 16;
    CONFIG(TA_ERR_CONFIG);
    app.keys[1].id = 255;
    CONFIG(TA_ERR_CONFIG);
    app_keys("34");
    app.keys[0].id = 16;
    CONFIG(TA_ERR_CONFIG);
    app_keys("34");
    ta_wipe(&app.keys[1].key, sizeof app.keys[1].key);
    CONFIG(TA_ERR_KEY);
    app_keys("3");
    for (i = 0; i < 5; i++) { five[i] = app.keys[0]; five[i].id = (uint8_t)i; }
    app.cfg.refresh_keys = five;
    app.cfg.refresh_key_count = 5;
    CONFIG(TA_ERR_CONFIG);
    app.cfg.refresh_key_count = 4;
    CONFIG(TA_OK);
    app.cfg.refresh_key_count = 0;              /* a store, and nothing to make tokens with */
    CONFIG(TA_ERR_CONFIG);
    app.cfg.refresh_keys = NULL;
    app.cfg.refresh_key_count = 1;
    CHECK(ta_auth_init(&app.auth, &app.cfg) != TA_OK);

    app_new();
    app.cfg.keys.count = 0;
    CONFIG(TA_ERR_KEY);
    app.cfg.keys.count = 5;
    CONFIG(TA_ERR_KEY);
    app.cfg.keys = ta_keys_of(NULL, 1);
    CONFIG(TA_ERR_KEY);
    app_new();
    ta_wipe(&app.access[0], sizeof app.access[0]);
    CONFIG(TA_ERR_KEY);
}

static void test_config_store(void)
{
    app_new();
    app.cfg.store.get = NULL;
    CONFIG(TA_ERR_CONFIG);
    app_new();
    app.cfg.store.cas = NULL;
    CONFIG(TA_ERR_CONFIG);
    app_new();
    app.cfg.store.cas = NULL;                   /* half a store is none, even where none is needed */
    app.cfg.refresh_keys = NULL;
    app.cfg.refresh_key_count = 0;
    CONFIG(TA_ERR_CONFIG);
    app_new();
    app.cfg.store.list = NULL;
    app.cfg.store.sweep = NULL;
    CONFIG(TA_OK);
    app_new();                                  /* sessions are to be checked, and there is no store */
    app.cfg.check_sessions = true;
    memset(&app.cfg.store, 0, sizeof app.cfg.store);
    app.cfg.refresh_keys = NULL;
    app.cfg.refresh_key_count = 0;
    CONFIG(TA_ERR_CONFIG);
}

/* A server that only checks, with check_sessions: it reads the store and is not given refresh keys. */
static void test_config_a_checking_server_reads_sessions_without_refresh_keys(void)
{
    char access[TA_ACCESS_CAP], buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    ta_jwt jwt;
    fake_text t;
    app_new();
    t = SESSION("alice");
    strcpy(access, app.pair.access);
    app.cfg.check_sessions = true;
    app.cfg.refresh_keys = NULL;
    app.cfg.refresh_key_count = 0;
    app_init();
    CHECK_ST(ta_check(&app.auth, access, strlen(access), app.now, buf, sizeof buf, &jwt), TA_OK);
    REFRESH(t.s, TA_ERR_CONFIG);
    LOGIN("alice", TA_ERR_CONFIG);
    CHECK_ST(logout(t.s), TA_ERR_CONFIG);
}

static void test_config_arguments(void)
{
    ta_auth a;
    app_new();
    CHECK_ST(ta_auth_init(NULL, &app.cfg), TA_ERR_ARGUMENT);
    memset(&a, 0xA5, sizeof a);
    CHECK_ST(ta_auth_init(&a, NULL), TA_ERR_ARGUMENT);
    CHECK(all_zero(&a, sizeof a));
}

/* A ta_auth that was never initialised, or whose init failed, lets nobody in. */
static void test_config_all_zero_auth_refuses_every_call(void)
{
    ta_auth zero;
    ta_session s;
    ta_jwt jwt;
    char access[TA_ACCESS_CAP], buf[1024];
    uint32_t epoch;
    size_t n;
    fake_text t;
    app_new();
    t = SESSION("alice");
    strcpy(access, app.pair.access);
    memset(&zero, 0, sizeof zero);
    app.auth = zero;
    LOGIN("alice", TA_ERR_CONFIG);
    REFRESH(t.s, TA_ERR_CONFIG);
    CHECK_ST(ta_user_epoch(&zero, "alice", &epoch), TA_ERR_CONFIG);
    CHECK_ST(ta_check(&zero, access, strlen(access), app.now, buf, sizeof buf, &jwt), TA_ERR_CONFIG);
    CHECK_ST(ta_logout(&zero, t.s, 50, app.now), TA_ERR_CONFIG);
    CHECK_ST(ta_logout_all(&zero, "alice", app.now), TA_ERR_CONFIG);
    CHECK_ST(ta_logout_others(&zero, t.s, 50, app.now, NULL), TA_ERR_CONFIG);
    CHECK_ST(ta_session_list(&zero, "alice", app.now, "", &s, 1, &n), TA_ERR_CONFIG);
    CHECK_ST(ta_session_get(&zero, "alice", app.pair.sid, 22, app.now, &s), TA_ERR_CONFIG);
    CHECK_ST(ta_session_end(&zero, "alice", app.pair.sid, 22, app.now), TA_ERR_CONFIG);
}

/* The settings are taken over at init: the caller's struct may change or go. */
static void test_config_is_copied_and_an_auth_copies_with_assignment(void)
{
    static ta_auth other;
    fake_text t;
    app_new();
    t = SESSION("alice");
    memset(&app.cfg, 0, sizeof app.cfg);
    app.cfg.issuer = FAKE_ISSUER;               /* what the test's own formulas read */
    app.cfg.keys = ta_keys_of(app.access, 1);
    t = ROTATE(t.s);
    other = app.auth;
    memset(&app.auth, 0, sizeof app.auth);
    app.auth = other;
    (void)ROTATE(t.s);
}

/* Without a hook the random numbers are the system's. */
static void test_config_system_random(void)
{
    fake_text a, b;
    app_new();
    app.cfg.random = NULL;
    app_init();
    a = SESSION("alice");
    b = SESSION("alice");
    CHECK(memcmp(naive_read(a.s).secret, naive_read(b.s).secret, 16) != 0);
    CHECK(!all_zero(naive_read(a.s).secret, 16));
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK_EQ(app.randoms, 0);
}

/* Without an event hook nothing is missing. */
static void test_config_no_event_hook(void)
{
    fake_text t0, t1;
    app_new();
    app.cfg.event = NULL;
    app_init();
    t0 = SESSION("alice");
    t1 = ROTATE(t0.s);
    HANDED(t0.s, t1.s);
    app.now += 10;
    REFRESH(t0.s, TA_ERR_REPLAY);
    CHECK_ST(logout_all("alice"), TA_OK);
}

/* ---- over the library's own table -------------------------------------------------------- */

/* The engine and ta_table together: one life of a session from login to logout everywhere. */
static void test_whole_life_over_a_table(void)
{
    static ta_slot slots[8];
    static ta_table table;
    fake_text t0, t1, u;
    ta_session s[4];
    size_t n;
    app_new();
    CHECK_ST(ta_table_init(&table, slots, 8), TA_OK);
    app.cfg.store = ta_table_store(&table);
    app.cfg.max_sessions = 2;
    app_init();
    t0 = SESSION("alice");
    t1 = ROTATE(t0.s);
    REFRESH(t0.s, TA_OK);
    CHECK_STR(app.pair.refresh, t1.s);
    u = SESSION("alice");
    CHECK_ST(list("alice", "", s, 4, &n), TA_OK);
    CHECK_EQ(n, 2);
    CHECK_ST(logout_others(t1.s), TA_OK);
    CHECK(ta_refresh(&app.auth, u.s, 50, app.now, NULL, &app.pair) != TA_OK);
    app.now += 10;
    REFRESH(t1.s, TA_OK);
    app.now += 10;
    REFRESH(t0.s, TA_ERR_REPLAY);
    REFRESH(t1.s, TA_ERR_REVOKED);
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK_ST(list("alice", "", s, 4, &n), TA_OK);
    CHECK_EQ(n, 0);
    for (n = 0; n < 20; n++) {
        LOGIN("bob", TA_OK);
        app.now += 1;
    }
    CHECK_ST(list("bob", "", s, 4, &n), TA_OK);
    CHECK_EQ(n, 2);
}

/* ---- what a clever client could make of the cap ------------------------------------------------------ */

/* Sessions that end as replays stay in the store for a while; they may not fill it. */
static void test_cap_holds_for_revoked_sessions_too(void)
{
    int i;
    app_new();
    app.cfg.max_sessions = 2;
    app_init();
    for (i = 0; i < 8; i++) {
        fake_text t = SESSION("mallory");
        CHECK(fake_count(&app.store, 1) <= 2);
        app.now += 20;
        REFRESH(t.s, TA_OK);
        app.now += 20;
        REFRESH(t.s, TA_ERR_REPLAY);
    }
    CHECK(fake_count(&app.store, 1) <= 2);
}

/* The session that a login replaces leaves anyway: it costs nobody else his place. */
static void test_cap_does_not_count_what_is_replaced(void)
{
    fake_text phone, desk;
    app_new();
    app.cfg.max_sessions = 2;
    app_init();
    phone = SESSION("alice");
    app.now += 20;
    desk = SESSION("alice");
    app.now += 20;
    app.login.replaces = desk.s;
    app.login.replaces_len = strlen(desk.s);
    LOGIN("alice", TA_OK);
    CHECK(works(phone.s));
    CHECK(!works(desk.s));

    app_new();
    app.cfg.max_sessions = 1;
    app.cfg.reject_over_cap = true;
    app_init();
    desk = SESSION("alice");
    app.login.replaces = desk.s;
    app.login.replaces_len = strlen(desk.s);
    LOGIN("alice", TA_OK);
}

/* A changed password ended the old session: it does not keep its owner out. */
static void test_cap_is_not_held_by_sessions_of_an_old_password(void)
{
    app_new();
    app.cfg.max_sessions = 1;
    app.cfg.reject_over_cap = true;
    app_init();
    app_user("old hash", NULL, TA_OK);
    app.login.salt = "old hash";
    app.login.salt_len = 8;
    LOGIN("alice", TA_OK);
    app.now += 1000;
    LOGIN("alice", TA_ERR_FULL);
    app_user("new hash", NULL, TA_OK);
    app.login.salt = "new hash";
    LOGIN("alice", TA_OK);
    CHECK_EQ(fake_count(&app.store, 1), 1);
}

/* A login whose password was changed while it was checked has the salt of before: the sessions of the new
   one only look like those of an old one, and none goes without a word.                            */
static void test_cap_after_an_overtaken_login_ends_no_session_silently(void)
{
    fake_text first, second;
    int reject;
    for (reject = 0; reject < 2; reject++) {
        app_new();
        app.cfg.max_sessions = 2;
        app.cfg.reject_over_cap = reject != 0;
        app_init();
        app_user("new hash", NULL, TA_OK);
        app.login.salt = "new hash";
        app.login.salt_len = 8;
        first = SESSION("alice");
        app.now += 20;
        second = SESSION("alice");
        app.now += 880;                         /* 900 since the first: just not long */
        app.login.salt = "old hash";
        app.events = 0;
        LOGIN("alice", reject ? TA_ERR_FULL : TA_OK);
        if (reject) CHECK_EQ(app.events, 0);
        else EVENTS(TA_EVENT_EVICTED, TA_EVENT_LOGIN);
        CHECK(works(first.s) == (reject != 0));
        CHECK(works(second.s));
    }
}

/* In a full table the mark would take the slot of a session, the caller's own perhaps: then all stays
   as it was.                                                                                      */
static void test_logout_others_in_a_full_table_ends_nobody(void)
{
    ta_slot slots[3];
    ta_table table;
    int run, i;
    for (run = 0; run < 20; run++) {
        fake_text t[3];
        app_new();
        CHECK_ST(ta_table_init(&table, slots, 3), TA_OK);
        app.cfg.store = ta_table_store(&table);
        app_init();
        for (i = 0; i < 3; i++) t[i] = SESSION("alice");
        CHECK_ST(logout_others(t[run % 3].s), TA_ERR_FULL);
        for (i = 0; i < 3; i++) CHECK(works(t[i].s));
    }
}

/* A mark that was swept and made anew has another version: a swap of the old one cannot succeed. */
static void test_the_version_of_a_first_mark_is_random(void)
{
    ta_record a, b;
    app_new();
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK_ST(logout_all("bob"), TA_OK);
    CHECK(app_mark("alice", &a) && app_mark("bob", &b));
    CHECK(a.ver != b.ver && a.ver > 0xFFFF && b.ver > 0xFFFF);
}

static ta_status hook_without_bytes(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    (void)s;
    out->salt = NULL;
    out->salt_len = 1;
    return TA_OK;
}

static void test_user_hook_with_a_length_and_no_bytes(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.cfg.user = hook_without_bytes;
    app_init();
    app.now += 20;
    REFUSED(t.s, TA_ERR_ARGUMENT);          /* before anything is drawn */
}

static ta_status hook_with_claims_but_no_bytes(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    (void)s;
    out->more = NULL;
    out->more_len = 1;
    return TA_OK;
}

static void test_user_hook_with_a_length_of_claims_and_no_bytes(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.cfg.user = hook_with_claims_but_no_bytes;
    app_init();
    app.now += 20;
    REFUSED(t.s, TA_ERR_ARGUMENT);          /* before anything is drawn */
}

/* ---- rare ways through the store -------------------------------------------------------------- */

/* The mark of a user must outlive the new session, and others keep changing it. */
static void test_login_while_the_mark_keeps_changing_is_busy(void)
{
    app_new();
    CHECK_ST(logout_all("alice"), TA_OK);
    app.now += FAKE_DAY;
    fake_fail(&app.store, FAKE_CAS, 1, 8, TA_ERR_CONFLICT, false);
    LOGIN("alice", TA_ERR_BUSY);
    CHECK_EQ(fake_count(&app.store, 1), 0);
    LOGIN("alice", TA_OK);
}

/* The epoch was read before the password was checked; then a sweep took the mark. Nobody logged out since, so
   the login holds, and it ends nobody who came in between.                                        */
static void test_login_with_the_epoch_of_a_mark_that_was_swept(void)
{
    uint32_t epoch = 77;
    fake_text other;
    ta_record mark;
    app_new();
    other = SESSION("alice");
    app.login.epoch = &epoch;
    LOGIN("alice", TA_OK);
    CHECK(!app_mark("alice", &mark));
    CHECK(works(app.pair.refresh) && works(other.s));
    CHECK_ST(logout_all("alice"), TA_OK);
    CHECK(!works(app.pair.refresh) && !works(other.s));
}

/* A store may refuse an insert for a reason of its own, a transaction that met another. Nothing is there then,
   so the login goes on; not for ever. In doubt the first time makes no difference.               */
static void test_login_whose_insert_is_refused_though_nothing_is_there(void)
{
    long n, doubt;
    for (doubt = 0; doubt <= 1; doubt++) {
        for (n = 1; n <= 8; n++) {
            app_new();
            if (doubt) fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
            fake_fail(&app.store, FAKE_CAS, 1 + doubt, n - doubt, TA_ERR_CONFLICT, false);
            LOGIN("alice", n < 8 ? TA_OK : TA_ERR_BUSY);
            CHECK_EQ(fake_count(&app.store, 1), n < 8);
            if (n < 8) CHECK(works(app.pair.refresh));
        }
    }
    app_new();                                  /* nor is a look that failed a look at nothing */
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_CONFLICT, false);
    fake_fail(&app.store, FAKE_GET, 3, 1, TA_ERR_STORE, false);
    LOGIN("alice", TA_ERR_STORE);
    CHECK_EQ(fake_count(&app.store, 1), 0);
}

/* Refused over the cap, while one call of the store fails: no session is left behind. */
static void test_login_over_the_cap_is_taken_back_past_one_failure(void)
{
    static const struct { fake_call call; bool applied; } how[] = {
        { FAKE_GET, false }, { FAKE_CAS, false }, { FAKE_CAS, true } };
    size_t i;
    long at, full;
    for (i = 0; i < sizeof how / sizeof how[0]; i++) {
        for (at = 1, full = 0; at < 12; at++) {
            ta_status st;
            app_new();
            app.cfg.max_sessions = 1;
            app.cfg.reject_over_cap = true;
            app_init();
            (void)SESSION("alice");
            fake_fail(&app.store, how[i].call, at, 1, TA_ERR_STORE, how[i].applied);
            st = ta_login(&app.auth, "alice", app.now, NULL, &app.pair);
            CHECK(st == TA_ERR_FULL || st == TA_ERR_STORE);
            CHECK_EQ(fake_count(&app.store, 1), 1);
            full += st == TA_ERR_FULL;
        }
        CHECK(full > 4);
    }
}

/* The seal of a session cannot be judged: the login has no salt, or its key is gone. It counts as live. */
static void test_cap_counts_sessions_whose_seal_cannot_be_judged(void)
{
    app_new();
    app_user("hash", NULL, TA_OK);
    app.login.salt = "hash";
    app.login.salt_len = 4;
    LOGIN("alice", TA_OK);
    app.login.salt_len = 0;
    LOGIN("alice", TA_OK);
    CHECK_EQ(fake_count(&app.store, 1), 2);

    app.login.salt_len = 4;
    app_keys("5");
    app.cfg.max_sessions = 1;
    app.cfg.reject_over_cap = true;
    app_init();
    LOGIN("alice", TA_ERR_FULL);
    CHECK_EQ(fake_count(&app.store, 1), 2);
}

/* A store that says "deleted" and deletes nothing must not be asked for ever. */
static void test_cap_in_a_store_that_deletes_nothing_is_busy(void)
{
    app_new();
    app.cfg.max_sessions = 1;
    app_init();
    LOGIN("alice", TA_OK);
    fake_fail(&app.store, FAKE_CAS, 2, 100, TA_OK, false);
    LOGIN("alice", TA_ERR_BUSY);
}

static const char *race_token;
static void race_late_write(void) { fake_late_write(&app.store); }
static void race_late_write_then_revoke(void)
{
    ta_record r;
    fake_late_write(&app.store);
    CHECK(app_record(race_token, &r));
    r.state = 1;
    r.ver++;
    fake_put(&app.store, &r);
}
static void race_other_epoch(void)
{
    ta_record r;
    CHECK(app_record(race_token, &r));
    r.epoch ^= 0x5555;
    r.ver++;
    fake_put(&app.store, &r);
}

/* The third write carries the session over into the new epoch; it is in doubt, and then somebody acts. */
static void carried(ta_status want, void (*act)(void))
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    race_token = t.s;
    fake_fail(&app.store, FAKE_CAS, 3, 1, TA_ERR_STORE, false);
    /* get, get (the mark); get, insert, swap (the mark); get (the mark again); swap; get; here */
    fake_meanwhile(&app.store, 9, act);
    CHECK_ST(logout_others(t.s), want);
    CHECK(app.store.meanwhile == NULL);
}

static void test_logout_others_whose_own_write_comes_late(void)
{
    carried(TA_OK, race_late_write);
    carried(TA_ERR_REVOKED, race_late_write_then_revoke);
    carried(TA_ERR_LOGGED_OUT, race_other_epoch);
}

/* The swap is lost, and the session cannot be read again, or is none. */
static void test_logout_others_that_cannot_read_its_session_again(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    fake_fail(&app.store, FAKE_CAS, 3, 1, TA_ERR_CONFLICT, false);
    fake_fail(&app.store, FAKE_GET, 5, 1, TA_ERR_STORE, false);
    CHECK_ST(logout_others(t.s), TA_ERR_STORE);

    app_new();
    t = SESSION("alice");
    fake_fail(&app.store, FAKE_CAS, 3, 1, TA_ERR_CONFLICT, false);
    fake_forge(&app.store, 5, forge_mark);
    CHECK_ST(logout_others(t.s), TA_ERR_STORE);
}

/* The revocation by an old token loses every swap. */
static void test_logout_others_by_an_old_token_while_others_write_is_busy(void)
{
    fake_text old, t;
    app_new();
    old = SESSION("alice");
    app.now += 20;
    t = ROTATE(old.s);
    app.now += 20;
    t = ROTATE(t.s);
    app.now += 20;
    fake_fail(&app.store, FAKE_CAS, 1, 8, TA_ERR_CONFLICT, false);
    CHECK_ST(logout_others(old.s), TA_ERR_BUSY);
    CHECK(works(t.s));
}

static void test_sessions_of_no_sid_and_lists_without_room(void)
{
    ta_session one[1];
    size_t n = 7;
    app_new();
    CHECK_ST(ta_session_get(&app.auth, NULL, NULL, 0, app.now, one), TA_ERR_NOT_FOUND);
    CHECK_ST(ta_session_end(&app.auth, NULL, NULL, 0, app.now), TA_ERR_NOT_FOUND);
    CHECK_ST(ta_session_get(&app.auth, NULL, NULL, 1, app.now, one), TA_ERR_ARGUMENT);
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", one, 0, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    n = 7;
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", NULL, 1, &n), TA_ERR_ARGUMENT);
    CHECK_EQ(n, 0);
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", one, 1, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, NULL, one, 1, &n), TA_ERR_ARGUMENT);
}

static void test_check_without_an_output_an_auth_or_a_clock(void)
{
    ta_jwt jwt;
    char buf[TA_ACCESS_CAP];
    app_new();
    LOGIN("alice", TA_OK);
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf, NULL),
             TA_ERR_ARGUMENT);
    CHECK_ST(ta_check(NULL, app.pair.access, app.pair.access_len, app.now, buf, sizeof buf, &jwt),
             TA_ERR_ARGUMENT);
    CHECK_ST(ta_check(&app.auth, app.pair.access, app.pair.access_len, INT64_C(1) << 54, buf, sizeof buf, &jwt),
             TA_ERR_CLOCK);
    CHECK(all_zero(&jwt, sizeof jwt));
}

static void test_config_rest(void)
{
    ta_deny deny;
    app_new();
    app.cfg.issuer = "\xFF";
    CONFIG(TA_ERR_CONFIG);
    app_new();                                  /* refresh keys, and no store */
    memset(&app.cfg.store, 0, sizeof app.cfg.store);
    CONFIG(TA_ERR_CONFIG);
    app.cfg.refresh_key_count = 0;              /* a server that only checks */
    app.cfg.refresh_keys = NULL;
    CONFIG(TA_OK);
    app_new();
    memset(&deny, 0, sizeof deny);              /* never initialised */
    app.cfg.deny = &deny;
    CONFIG(TA_ERR_CONFIG);
}

/* ---- the rarer ends of caps, lists and times, and parts looked at alone ---------------------------- */

/* A get that says OK and gives nothing is refused even when the place it should fill holds the record. */
static void test_a_get_that_gives_nothing_is_no_record(void)
{
    ta_record r, there;
    fake_text t;
    app_new();
    t = SESSION("alice");
    CHECK(app_record(t.s, &r));
    there = r;
    fake_fail(&app.store, FAKE_GET, 1, 1, TA_OK, true)->lazy = true;
    CHECK_ST(tai_get(&app.auth, r.id, &there), TA_ERR_STORE);
    CHECK(all_zero(&there, sizeof there));
    there = r;
    fake_fail(&app.store, FAKE_GET, 1, 1, TA_ERR_STORE, false);         /* and leaves what it likes */
    CHECK_ST(tai_get(&app.auth, r.id, &there), TA_ERR_STORE);
    CHECK(all_zero(&there, sizeof there));
    CHECK_ST(tai_get(&app.auth, r.id, &there), TA_OK);
}

/* While the session changes again and again under a logout of the others, it is not taken over. */
static void test_logout_others_whose_session_keeps_changing_is_busy(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    fake_fail(&app.store, FAKE_CAS, 3, 1000, TA_ERR_CONFLICT, false);   /* behind the mark's two */
    CHECK_ST(logout_others(t.s), TA_ERR_BUSY);
    CHECK_EQ(app.events, 0);
}

/* The second time, too, the others are those of the epoch before, and deleted; a lost swap is made again. */
/* The hook's word is final, also where it is the word that the engine has for an overtaken epoch, and another
   tab's refresh has changed the record meanwhile.                                                 */
static bool hook_is_asked_inside;
static ta_status hook_that_refuses_while_another_refreshes(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    (void)s;
    (void)out;
    if (hook_is_asked_inside) return TA_OK;
    hook_is_asked_inside = true;
    other_refreshes();
    hook_is_asked_inside = false;
    return TA_ERR_LOGGED_OUT;
}

static void test_user_hook_that_refuses_while_another_refreshes(void)
{
    fake_text t;
    app_new();
    t = SESSION("alice");
    app.cfg.user = hook_that_refuses_while_another_refreshes;
    app_init();
    app.now += 20;
    other_token = t.s;
    REFRESH(t.s, TA_ERR_LOGGED_OUT);
    CHECK_ST(other_status, TA_OK);
}

/* The swap is done, its answer lost, and the store stays away. A client that waits as it is told, three
   times, comes within the window: it gets the successor, and no replay.                           */
static void test_three_waits_after_a_store_error_lie_within_the_window(void)
{
    fake_text t;
    ta_record r;
    int i;
    app_new();
    t = SESSION("alice");
    app.now += 20;
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, true);
    fake_fail(&app.store, FAKE_GET, 3, 100, TA_ERR_STORE, false);
    REFRESH(t.s, TA_ERR_STORE);
    for (i = 0; i < 2; i++) {
        app.now += app.pair.retry_after_s;
        REFRESH(t.s, TA_ERR_STORE);
    }
    app.now += app.pair.retry_after_s;
    app.store.faults = 0;
    REFRESH(t.s, TA_OK);
    CHECK(app_record(t.s, &r));
    CHECK_EQ(r.gen, 1);
    CHECK_EQ(naive_read(app.pair.refresh).gen, 1);
}

/* The window is for what hands out tokens; here it is no news, least of all of a failure.          */
static void test_logout_others_tells_nothing_of_the_window(void)
{
    fake_text t0;
    app_new();
    (void)SESSION("alice");
    t0 = SESSION("alice");
    (void)ROTATE(t0.s);
    fake_fail(&app.store, FAKE_CAS, 1, 100, TA_ERR_STORE, false);
    CHECK_ST(logout_others(t0.s), TA_ERR_STORE);
    EVENTS(0, 0);
    app.store.faults = 0;
    CHECK_ST(logout_others(t0.s), TA_OK);
    EVENTS(TA_EVENT_ENDED_ALL, 0);
}

/* `after` is mostly the last sid of the page before, and stands where the next one goes.           */
static void test_sessions_by_a_sid_that_stands_in_the_output(void)
{
    ta_session page[2], one;
    size_t n;
    int i;
    app_new();
    for (i = 0; i < 3; i++) (void)SESSION("alice");
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", page, 2, &n), TA_OK);
    CHECK_EQ(n, 2);
    one = page[1];
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, page[1].sid, page, 2, &n), TA_OK);
    CHECK_EQ(n, 1);
    CHECK(strcmp(page[0].sid, one.sid) != 0);
    CHECK(all_zero(&page[1], sizeof page[1]));
    CHECK_ST(ta_session_get(&app.auth, "alice", one.sid, strlen(one.sid), app.now, &one), TA_OK);
    CHECK_STR(one.subject, "alice");
}

/* A snapshot that comes back as revoked fills its table: each user's login takes the place of his own.  */
static void test_everybody_logs_in_again_after_a_load_that_revokes(void)
{
    static const char *const name[] = {"alice", "bob", "carol"};
    static ta_slot slots[3];
    static ta_table table;
    static uint8_t image[TA_SNAPSHOT_CAP(3)];
    size_t i, slot = 0, n;
    app_new();
    CHECK_ST(ta_table_init(&table, slots, 3), TA_OK);
    app.cfg.store = ta_table_store(&table);
    app_init();
    for (i = 0; i < 3; i++) (void)SESSION(name[i]);
    CHECK_ST(ta_table_save(&table, &slot, image, sizeof image, &n), TA_OK);
    CHECK_ST(ta_table_load(&table, image, n, app.now, TA_LOAD_REVOKE_ALL, 0), TA_OK);
    for (i = 0; i < 3; i++) (void)SESSION(name[i]);
    LOGIN("dave", TA_ERR_FULL);
}

static void test_logout_others_a_second_time(void)
{
    fake_text t, other;
    ta_record r;
    app_new();
    t = SESSION("alice");
    CHECK_ST(logout_others(t.s), TA_OK);
    other = SESSION("alice");
    fake_fail(&app.store, FAKE_CAS, 2, 1, TA_ERR_CONFLICT, false);      /* behind the mark's */
    CHECK_ST(logout_others(t.s), TA_OK);
    CHECK(works(t.s) && !works(other.s));
    CHECK(!app_record(other.s, &r));
}

/* A session that is over takes the room before one that lives, and that is no eviction. */
static void test_cap_drops_what_is_over_without_an_event(void)
{
    fake_text old, live;
    app_new();
    app.cfg.max_sessions = 2;
    app_init();
    app.login.salt = "1";
    app.login.salt_len = 1;
    old = SESSION("alice");                     /* of the password before */
    app.now += 10;
    app.login.salt = "2";
    live = SESSION("alice");
    app.now += 891;
    (void)SESSION("alice");
    EVENTS(TA_EVENT_LOGIN, 0);
    app_user("2", NULL, TA_OK);
    CHECK(works(live.s));
    REFUSED(old.s, TA_ERR_ENDED);
}

/* Who logs in without a salt knows nothing of other salts: a sealed session is as good as any. */
static void test_cap_of_a_login_without_a_salt_spares_the_salted(void)
{
    fake_text salted, plain;
    app_new();
    app.cfg.max_sessions = 2;
    app_init();
    plain = SESSION("alice");
    app.now += 10;
    app.login.salt = "1";
    app.login.salt_len = 1;
    salted = SESSION("alice");
    app.now += 901;                             /* both are orphans by then, and the plain one is older */
    app.login.salt = NULL;
    app.login.salt_len = 0;
    (void)SESSION("alice");
    EVENTS(TA_EVENT_EVICTED, TA_EVENT_LOGIN);
    CHECK_STR(app.event[0].session.sid, naive_read(plain.s).sid);
    app_user("1", NULL, TA_OK);
    CHECK(works(salted.s));
}

/* A login deletes the user's expired and idle sessions on its way, however few there are. */
static void test_login_deletes_what_has_expired(void)
{
    fake_text t;
    ta_record r;
    int idle;
    for (idle = 0; idle < 2; idle++) {
        app_new();
        app.cfg.store.sweep = NULL;
        app.cfg.idle_s = idle ? 100 : 1000;
        app.cfg.absolute_s = idle ? 1000 : 100;
        app_init();
        t = SESSION("alice");
        CHECK(app_record(t.s, &r));
        app.now += 101;
        (void)SESSION("alice");
        CHECK(!app_record(t.s, &r));
    }
}

/* The cap holds for the others, too, when one of them is replaced. */
static void test_cap_with_a_session_that_is_replaced(void)
{
    fake_text a, b, c;
    app_new();
    a = SESSION("alice");
    app.now += 10;
    b = SESSION("alice");
    app.now += 10;
    c = SESSION("alice");
    app.cfg.max_sessions = 2;                   /* fewer from now on */
    app_init();
    app.login.replaces = c.s;
    app.login.replaces_len = strlen(c.s);
    (void)SESSION("alice");
    EVENTS(TA_EVENT_EVICTED, TA_EVENT_LOGIN);
    CHECK(!works(a.s) && works(b.s) && !works(c.s));
}

static ta_status list_twice(void *ctx, const char *sub, size_t len, const uint8_t *after,
                            uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    ta_status st = fake_list(ctx, sub, len, after, ids, cap, n);
    if (st == TA_OK && *n > 0 && *n < cap) {
        memcpy(ids[*n], ids[*n - 1], TA_ID_SIZE);
        ++*n;
    }
    return st;
}

static void forge_subject(ta_record *r) { r->text[0] = 'A'; }

/* A store that lists an id twice, or another user's session, is broken. */
static void test_a_list_that_repeats_or_strays_is_refused(void)
{
    ta_session s[4];
    size_t n = 7;
    app_new();
    (void)SESSION("alice");
    fake_forge(&app.store, 2, forge_subject);   /* behind the mark */
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", s, 4, &n), TA_ERR_STORE);
    CHECK_EQ(n, 0);
    app.cfg.store.list = list_twice;
    app_init();
    CHECK_ST(ta_session_list(&app.auth, "alice", app.now, "", s, 4, &n), TA_ERR_STORE);
    CHECK_EQ(n, 0);
}

static void test_check_at_the_ends_of_time(void)
{
    ta_jwt jwt;
    char buf[TA_ACCESS_CAP];
    app_new();
    CHECK_ST(ta_check(&app.auth, "x", 1, 1, buf, sizeof buf, &jwt), TA_ERR_FORMAT);
    CHECK_ST(ta_check(&app.auth, "x", 1, TAI_MAX_TIME, buf, sizeof buf, &jwt), TA_ERR_FORMAT);
    CHECK_ST(ta_check(&app.auth, "x", 1, TAI_MAX_TIME + 1, buf, sizeof buf, &jwt), TA_ERR_CLOCK);
}

/* An insert whose answer was lost, and that is not there, is made again. */
static void test_login_whose_first_insert_is_lost(void)
{
    ta_record r;
    fake_text t;
    app_new();
    fake_fail(&app.store, FAKE_CAS, 1, 1, TA_ERR_STORE, false);
    t = SESSION("alice");
    CHECK(app_record(t.s, &r) && works(t.s));
}

/* The mark cannot be read a second time: nothing says that the new session would live. */
static void test_login_that_cannot_read_the_mark_again(void)
{
    app_new();
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    fake_fail(&app.store, FAKE_GET, 2, 1, TA_ERR_STORE, false);
    LOGIN("alice", TA_ERR_STORE);
}

static void test_the_last_second_is_a_time(void)
{
    app_new();
    CHECK_ST(ta_logout(&app.auth, "x", 1, TAI_MAX_TIME), TA_ERR_INVALID);
    CHECK_ST(ta_logout(&app.auth, "x", 1, TAI_MAX_TIME + 1), TA_ERR_CLOCK);
}

static void forge_session_of_epoch_5(ta_record *r)
{
    forge_session(r);
    r->epoch = 5;
}

/* Where a user's mark should be stands a session: no epoch is told. */
static void test_no_epoch_from_what_is_no_mark(void)
{
    uint32_t epoch = 77;
    ta_record r;
    app_new();
    CHECK_ST(ta_logout_all(&app.auth, "alice", app.now), TA_OK);
    fake_forge(&app.store, 1, forge_session_of_epoch_5);
    CHECK_ST(tai_mark_get(&app.auth, "alice", 5, &r, &epoch), TA_ERR_STORE);
    CHECK_EQ(epoch, 0);
}

static void test_a_draw_that_fails_leaves_nothing(void)
{
    uint8_t bytes[16];
    app_new();
    app.random_fail = 1;
    CHECK_ST(tai_draw(&app.auth, bytes, sizeof bytes), TA_ERR_RANDOM);
    CHECK(all_zero(bytes, sizeof bytes));
}

/* Of a token that is refused nothing is handed on, and a made one ends with its NUL. */
static void test_a_refused_token_leaves_nothing(void)
{
    char text[TA_REFRESH_CAP], sid[TA_SID_CAP];
    uint8_t bytes[16] = {1};
    tai_token read;
    fake_text t;
    size_t n;
    app_new();
    t = SESSION("alice");
    CHECK_ST(tai_token_read(&app.auth, t.s, strlen(t.s), &read), TA_OK);
    CHECK(!all_zero(&read, sizeof read));
    t.s[strlen(t.s) - 2] = t.s[strlen(t.s) - 2] == 'A' ? 'B' : 'A';
    CHECK_ST(tai_token_read(&app.auth, t.s, strlen(t.s), &read), TA_ERR_INVALID);
    CHECK(all_zero(&read, sizeof read));
    CHECK_ST(ta_logout(&app.auth, NULL, 1, app.now), TA_ERR_ARGUMENT);
    memset(text, 'x', sizeof text);
    n = tai_token_mint(&app.auth, bytes, 7, text);
    CHECK(n < sizeof text && text[n] == '\0' && memchr(text, '\0', n) == NULL);
    memset(sid, 'x', sizeof sid);
    tai_sid_put(bytes, sid);
    CHECK(strlen(sid) == 22);
}

int main(void)
{
    RUN(test_logout_any_generation_will_do);
    RUN(test_logout_twice_or_of_nothing_is_ok);
    RUN(test_logout_looks_nothing_up_for_what_is_not_ours);
    RUN(test_logout_works_when_a_refresh_would_not);
    RUN(test_logout_store_error_is_not_a_logout);
    RUN(test_logout_while_the_session_rotates_or_goes);
    RUN(test_logout_all_writes_a_mark_and_ends_every_session);
    RUN(test_logout_all_epochs_are_random);
    RUN(test_logout_all_a_lost_mark_revives_nothing);
    RUN(test_logout_all_draws_that_would_end_nothing);
    RUN(test_logout_all_failing_draw);
    RUN(test_logout_all_without_list_or_with_a_list_that_fails);
    RUN(test_logout_all_store_error_is_not_a_logout);
    RUN(test_logout_all_with_a_lost_answer);
    RUN(test_logout_all_into_a_full_store);
    RUN(test_logout_all_the_mark_outlives_every_session_that_it_ended);
    RUN(test_login_while_everything_is_logged_out);
    RUN(test_logout_all_while_another_does_the_same);
    RUN(test_logout_all_while_a_login_goes_on);
    RUN(test_logout_others_keeps_this_one_and_spends_nothing);
    RUN(test_logout_others_again_and_again);
    RUN(test_logout_others_refuses_what_a_refresh_refuses);
    RUN(test_logout_others_by_an_old_token_is_a_replay);
    RUN(test_logout_others_with_the_retry_key);
    RUN(test_logout_others_by_a_token_ahead_within_allow_ahead);
    RUN(test_logout_others_after_a_change_of_the_password);
    RUN(test_logout_others_old_salt_excuses_no_changed_record);
    RUN(test_logout_others_old_salt_cannot_lift_a_suspension);
    RUN(test_logout_others_with_a_store_that_fails);
    RUN(test_logout_others_while_others_act);
    RUN(test_logout_others_does_not_seal_what_another_has_changed);
    RUN(test_logout_others_from_two_devices_at_once);
    RUN(test_logout_others_with_a_write_that_arrives_late);
    RUN(test_logout_all_with_a_write_that_arrives_late);
    RUN(test_logout_others_repeated_after_a_lost_answer);
    RUN(test_session_list_in_pages_of_every_size);
    RUN(test_session_list_has_live_sessions_only);
    RUN(test_session_list_that_begins_anew_each_time_is_a_store_error);
    RUN(test_session_list_wrong_calls_and_failures);
    RUN(test_session_get);
    RUN(test_trap_foreign_sid_is_not_found);
    RUN(test_session_sid_that_is_none_is_not_found_without_a_look);
    RUN(test_session_get_of_one_that_is_over_says_why);
    RUN(test_session_end_ends_this_one_only);
    RUN(test_session_end_and_a_store_that_fails);
    RUN(test_cap_drops_the_least_used_session);
    RUN(test_cap_drops_orphans_of_lost_replies_before_used_ones);
    RUN(test_cap_drops_what_is_over_first);
    RUN(test_cap_never_drops_the_new_session);
    RUN(test_cap_reached_is_no_cap_exceeded);
    RUN(test_cap_that_was_lowered_drops_many);
    RUN(test_cap_drops_nobody_when_the_census_fails);
    RUN(test_cap_reject_refuses_the_new_one);
    RUN(test_cap_reject_after_a_logout_everywhere_that_could_not_delete);
    RUN(test_cap_holds_when_logins_race);
    RUN(test_cap_while_the_one_to_go_is_used);
    RUN(test_cap_and_a_store_that_fails);
    RUN(test_cap_needs_a_list);
    RUN(test_cap_counts_no_ghosts);
    RUN(test_cap_holds_for_revoked_sessions_too);
    RUN(test_cap_does_not_count_what_is_replaced);
    RUN(test_cap_is_not_held_by_sessions_of_an_old_password);
    RUN(test_cap_after_an_overtaken_login_ends_no_session_silently);
    RUN(test_logout_others_in_a_full_table_ends_nobody);
    RUN(test_the_version_of_a_first_mark_is_random);
    RUN(test_user_hook_with_a_length_and_no_bytes);
    RUN(test_replaces_deletes_the_session_of_any_generation);
    RUN(test_replaces_a_session_of_another_user);
    RUN(test_replaces_the_token_that_stands_in_the_pair);
    RUN(test_replaces_garbage_ends_nothing);
    RUN(test_replaces_that_fails_takes_the_login_back);
    RUN(test_keys_every_kid);
    RUN(test_keys_change_from_one_to_the_next);
    RUN(test_keys_change_between_a_rotation_and_its_late_retry);
    RUN(test_keys_are_known_by_id_not_by_place);
    RUN(test_keys_realms_are_apart);
    RUN(test_config_ranges);
    RUN(test_config_names);
    RUN(test_config_keys);
    RUN(test_config_store);
    RUN(test_config_a_checking_server_reads_sessions_without_refresh_keys);
    RUN(test_config_arguments);
    RUN(test_config_all_zero_auth_refuses_every_call);
    RUN(test_config_is_copied_and_an_auth_copies_with_assignment);
    RUN(test_config_system_random);
    RUN(test_config_no_event_hook);
    RUN(test_whole_life_over_a_table);
    RUN(test_user_hook_with_a_length_of_claims_and_no_bytes);
    RUN(test_login_while_the_mark_keeps_changing_is_busy);
    RUN(test_login_with_the_epoch_of_a_mark_that_was_swept);
    RUN(test_login_whose_insert_is_refused_though_nothing_is_there);
    RUN(test_login_over_the_cap_is_taken_back_past_one_failure);
    RUN(test_cap_counts_sessions_whose_seal_cannot_be_judged);
    RUN(test_cap_in_a_store_that_deletes_nothing_is_busy);
    RUN(test_logout_others_whose_own_write_comes_late);
    RUN(test_logout_others_that_cannot_read_its_session_again);
    RUN(test_logout_others_by_an_old_token_while_others_write_is_busy);
    RUN(test_sessions_of_no_sid_and_lists_without_room);
    RUN(test_check_without_an_output_an_auth_or_a_clock);
    RUN(test_config_rest);
    RUN(test_a_get_that_gives_nothing_is_no_record);
    RUN(test_logout_others_whose_session_keeps_changing_is_busy);
    RUN(test_user_hook_that_refuses_while_another_refreshes);
    RUN(test_three_waits_after_a_store_error_lie_within_the_window);
    RUN(test_logout_others_tells_nothing_of_the_window);
    RUN(test_sessions_by_a_sid_that_stands_in_the_output);
    RUN(test_everybody_logs_in_again_after_a_load_that_revokes);
    RUN(test_logout_others_a_second_time);
    RUN(test_cap_drops_what_is_over_without_an_event);
    RUN(test_cap_of_a_login_without_a_salt_spares_the_salted);
    RUN(test_login_deletes_what_has_expired);
    RUN(test_cap_with_a_session_that_is_replaced);
    RUN(test_a_list_that_repeats_or_strays_is_refused);
    RUN(test_check_at_the_ends_of_time);
    RUN(test_login_whose_first_insert_is_lost);
    RUN(test_login_that_cannot_read_the_mark_again);
    RUN(test_the_last_second_is_a_time);
    RUN(test_no_epoch_from_what_is_no_mark);
    RUN(test_a_draw_that_fails_leaves_nothing);
    RUN(test_a_refused_token_leaves_nothing);
    return check_done("session");
}
