/* store_moves.h - sessions moved to another store and back, and a store put back to what it was yesterday.
   Part of store_tests.c; the tool is examples/stores/migrate.c.                                       */

enum { MOVERS = 40 };
static ta_key mover_key;
static ta_refresh_key mover_refresh_key;
static ta_pair mover[MOVERS], mover_before[MOVERS];
static int mover_rollbacks;

static void mover_event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx;
    (void)s;
    mover_rollbacks += what == TA_EVENT_ROLLBACK;
}

static void mover_auth(ta_auth *a, ta_store s, uint8_t allow_ahead, int64_t not_before)
{
    static const char secret[] = "movers: 32 bytes that stay the same";
    ta_auth_config cfg = TA_ZERO;
    CHECK_ST(ta_key_derive(&mover_key, secret, 32, "access", NULL), TA_OK);
    CHECK_ST(ta_key_derive(&mover_refresh_key.key, secret, 32, "refresh", NULL), TA_OK);
    cfg.keys = ta_keys_of(&mover_key, 1);
    cfg.refresh_keys = &mover_refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.allow_ahead = allow_ahead;
    cfg.sessions_not_before = not_before;
    cfg.store = s;
    cfg.event = mover_event;
    CHECK_ST(ta_auth_init(a, &cfg), TA_OK);
}

/* What migrate calls the store.                                                                        */
static const char *store_name(const store_kind *k)
{
    static char name[300];
    char url[200];
    if (k == &journal) snprintf(name, sizeof name, "journal:%.250s", in_dir("journal"));
    if (k == &sqlite)  snprintf(name, sizeof name, "sqlite:%.250s", in_dir("db"));
    if (k == &redis)   snprintf(name, sizeof name, "redis://127.0.0.1:%d", redis_server.port);
    if (k == &cluster) snprintf(name, sizeof name, "redis://127.0.0.1:%d,127.0.0.1:%d",
                                cluster_servers.node[4].port, cluster_servers.node[1].port);
    if (k == &postgres) {
        pg_url(&pg_server, url, sizeof url);
        snprintf(name, sizeof name, "postgres:%s", url);
    }
    return name;
}

static bool migrate(const char *from, const char *to)
{
    const char *tool = getenv("MIGRATE");
    char command[800];
    snprintf(command, sizeof command, "'%s' '%s' '%s' >> '%s' 2>&1",
             tool != NULL ? tool : "build/stores/migrate", from, to, in_dir("migrate.log"));
    return system(command) == 0;
}

static ta_status mover_refresh(const ta_auth *a, const ta_pair *p, int64_t now, ta_pair *out)
{
    return ta_refresh(a, p->refresh, p->refresh_len, now, NULL, out);
}

/* Forty sessions of four users, each rotated some times; dan is logged out everywhere, one of ann's is
   revoked by a replay.                                                                                */
static void movers_begin(const ta_auth *a, int64_t now)
{
    static const char *const name[] = {"ann", "bob", "cy", "dan"};
    ta_pair out;
    int i, j;
    for (i = 0; i < MOVERS; i++) {
        CHECK_ST(ta_login(a, name[i % 4], now, NULL, &mover[i]), TA_OK);
        for (j = 0; j < i % 5; j++) {
            mover_before[i] = mover[i];
            CHECK_ST(mover_refresh(a, &mover_before[i], now + 20 * (j + 1), &mover[i]), TA_OK);
        }
    }
    CHECK_ST(mover_refresh(a, &mover_before[4], now + 120, &out), TA_ERR_REPLAY);
    CHECK_ST(ta_logout_all(a, "dan", now + 130), TA_OK);
}

static bool mover_is_over(int i) { return i % 4 == 3 || i == 4; }

/* The forty in an otherwise empty store, and a copy of it, whose name is returned. */
static const char *movers_copied(const store_kind *k, int64_t now)
{
    static char there[320];
    ta_auth a;
    void *o;
    snprintf(there, sizeof there, "journal:%.300s", in_dir("copy.journal"));
    unlink(in_dir("copy.journal"));
    k->wipe();
    o = k->open();
    mover_auth(&a, k->store(o), 0, 0);
    movers_begin(&a, now);
    k->close(o);
    CHECK(migrate(store_name(k), there));
    return there;
}

static void check_moved(const store_kind *k)
{
    int64_t now = (int64_t)time(NULL);
    const char *there = movers_copied(k, now);
    void *o;
    ta_auth a;
    ta_pair out;
    int i;
    CHECK(migrate(store_name(k), there));               /* again: nothing to do */
    k->wipe();
    o = k->open();
    k->close(o);
    CHECK(migrate(there, store_name(k)));
    o = k->open();
    mover_auth(&a, k->store(o), 0, 0);
    for (i = 0; i < MOVERS; i++) {
        ta_status st = mover_refresh(&a, &mover[i], now + 200, &out);
        if (!mover_is_over(i)) CHECK_ST(st, TA_OK);
        else CHECK(st == (i == 4 ? TA_ERR_REVOKED : TA_ERR_ENDED) || st == TA_ERR_LOGGED_OUT);
        if (i % 5 > 1 && !mover_is_over(i)) {           /* what is old is known as old */
            CHECK_ST(mover_refresh(&a, &mover_before[i], now + 220, &mover[i]), TA_ERR_REPLAY);
            CHECK_ST(mover_refresh(&a, &out, now + 220, &mover[i]), TA_ERR_REVOKED);
        }
    }
    CHECK_ST(ta_login(&a, "dan", now + 200, NULL, &out), TA_OK);
    CHECK_ST(mover_refresh(&a, &mover[3], now + 240, &out), TA_ERR_ENDED);
    k->close(o);
    /* a record of the same id that differs is no copy */
    unlink(in_dir("copy.journal"));
    CHECK(migrate(store_name(k), there));
    o = k->open();
    mover_auth(&a, k->store(o), 0, 0);
    CHECK_ST(mover_refresh(&a, &mover[0], now + 260, &out), TA_ERR_REPLAY);
    k->close(o);
    CHECK(!migrate(there, store_name(k)));
}

/* The store is put back to a moment before some rotations and a logout. What happens is the policy's:
   0: refused, and the chain revoked, for who holds a token of the future; the logged-out lives again.
   allow_ahead: they go on, and it is told. sessions_not_before: everybody logs in again.             */
static void check_restored(const store_kind *k, uint8_t allow_ahead, bool not_before)
{
    int64_t now = (int64_t)time(NULL);
    const char *there = movers_copied(k, now);
    ta_pair held, gone, out;
    void *o;
    ta_auth a;
    o = k->open();
    mover_auth(&a, k->store(o), 0, 0);
    CHECK_ST(mover_refresh(&a, &mover[0], now + 200, &out), TA_OK);
    CHECK_ST(mover_refresh(&a, &out, now + 220, &held), TA_OK);         /* two ahead of the snapshot */
    gone = mover[2];
    CHECK_ST(ta_logout(&a, gone.refresh, gone.refresh_len, now + 220), TA_OK);
    k->close(o);
    k->wipe();
    o = k->open();
    k->close(o);
    CHECK(migrate(there, store_name(k)));
    o = k->open();
    mover_auth(&a, k->store(o), allow_ahead, not_before ? now + 230 : 0);
    mover_rollbacks = 0;
    if (not_before) {
        CHECK_ST(mover_refresh(&a, &held, now + 300, &out), TA_ERR_ENDED);
        CHECK_ST(mover_refresh(&a, &mover[1], now + 300, &out), TA_ERR_ENDED);
        CHECK_ST(mover_refresh(&a, &gone, now + 300, &out), TA_ERR_ENDED);
        CHECK_ST(ta_login(&a, "ann", now + 300, NULL, &out), TA_OK);
    } else if (allow_ahead > 0) {
        CHECK_ST(mover_refresh(&a, &held, now + 300, &out), TA_OK);
        CHECK_EQ(mover_rollbacks, 1);
        CHECK_ST(mover_refresh(&a, &mover[0], now + 320, &out), TA_ERR_REPLAY);
    } else {
        CHECK_ST(mover_refresh(&a, &held, now + 300, &out), TA_ERR_AHEAD);
        CHECK_ST(mover_refresh(&a, &mover[0], now + 300, &out), TA_ERR_REVOKED);
        CHECK_ST(mover_refresh(&a, &mover[1], now + 300, &out), TA_OK);
    }
    k->close(o);
}

static void test_moved(void) { check_moved(torture_kind); }
static void test_restored_without_a_policy(void) { check_restored(torture_kind, 0, false); }
static void test_restored_going_on(void) { check_restored(torture_kind, 3, false); }
static void test_restored_all_log_in(void) { check_restored(torture_kind, 0, true); }

static void own_moves(const store_kind *k)
{
    if (k == &memory) return;
    torture_kind = k;
    OWN(test_moved);
    OWN(test_restored_without_a_policy);
    OWN(test_restored_going_on);
    OWN(test_restored_all_log_in);
}
