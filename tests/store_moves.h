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

static bool migrate_with(const char *flag, const char *from, const char *to)
{
    const char *tool = getenv("MIGRATE");
    char command[1000];
    snprintf(command, sizeof command, "'%s' %s '%s' '%s' >> '%s' 2>&1",
             tool != NULL ? tool : "build/stores/migrate", flag, from, to, in_dir("migrate.log"));
    return system(command) == 0;
}

static bool migrate(const char *from, const char *to) { return migrate_with("", from, to); }

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

/* Everybody goes on in the journal that was copied to, but who is over and the one given. */
static void check_copy(int ended, int64_t now)
{
    ta_journal j;
    ta_auth a;
    ta_pair out;
    int i;
    CHECK_ST(ta_journal_open(&j, in_dir("copy.journal"), NULL), TA_OK);
    mover_auth(&a, ta_journal_store(&j), 0, 0);
    for (i = 0; i < MOVERS; i++) {
        if (mover_is_over(i)) continue;
        CHECK_ST(mover_refresh(&a, &mover[i], now + 200, &out), i == ended ? TA_ERR_ENDED : TA_OK);
    }
    ta_journal_close(&j);
}

static void log_out_of_copy(const ta_pair *p, int64_t now)
{
    ta_journal j;
    ta_auth a;
    CHECK_ST(ta_journal_open(&j, in_dir("copy.journal"), NULL), TA_OK);
    mover_auth(&a, ta_journal_store(&j), 0, 0);
    CHECK_ST(ta_logout(&a, p->refresh, p->refresh_len, now + 150), TA_OK);
    ta_journal_close(&j);
}

/* Who logged out of the new store is in the old one still: no run brings him back, in either direction.  */
static void check_moved_again(const store_kind *k)
{
    int64_t now = (int64_t)time(NULL);
    const char *there = movers_copied(k, now);
    log_out_of_copy(&mover[2], now);
    CHECK(!migrate(store_name(k), there));
    CHECK(!migrate(there, store_name(k)));
    CHECK(!migrate_with("--resume", there, store_name(k)));
    check_copy(2, now);
}

/* A copy that was interrupted goes on, but only when that is said; one that was used since does not.     */
static void check_resumed(const store_kind *k)
{
    int64_t now = (int64_t)time(NULL);
    const char *there = movers_copied(k, now);
    struct stat s;
    CHECK(stat(in_dir("copy.journal"), &s) == 0 && truncate(in_dir("copy.journal"), s.st_size / 2) == 0);
    CHECK(!migrate(store_name(k), there));
    CHECK(migrate_with("--resume", store_name(k), there));
    CHECK(migrate(store_name(k), there));
    check_copy(-1, now);
    CHECK(!migrate_with("--resume", store_name(k), there));
}

/* A copy in SQLite, whose records are put aside, and which does more at an insert than it is told. */
static const char *trapped(const store_kind *k, const char *trap)
{
    static char to[320];
    sqlite3 *db;
    unlink(in_dir("copy.db"));
    snprintf(to, sizeof to, "sqlite:%.300s", in_dir("copy.db"));
    CHECK(migrate(store_name(k), to));
    CHECK_EQ(sqlite3_open(in_dir("copy.db"), &db), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db, "CREATE TABLE earlier AS SELECT * FROM ta_record; DELETE FROM ta_record",
                          NULL, NULL, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db, trap, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    return to;
}

/* At the first insert all that the source once had is there: as if a run had copied it, and then somebody
   had logged out of the source. And one that loses what it acknowledged.                             */
static void check_moved_meanwhile(const store_kind *k)
{
    static const char all[] = "CREATE TRIGGER trap AFTER INSERT ON ta_record BEGIN"
        " INSERT OR IGNORE INTO ta_record(id, ver, sub, expires, record)"
        " SELECT id, ver, sub, expires, record FROM earlier; END";
    static const char loses[] = "CREATE TRIGGER trap AFTER INSERT ON ta_record"
        " WHEN (SELECT count(*) FROM ta_record) = 7 BEGIN DELETE FROM ta_record WHERE id = NEW.id; END";
    int64_t now = (int64_t)time(NULL);
    const char *to;
    void *o;
    ta_auth a;
    (void)movers_copied(k, now);
    CHECK(!migrate(store_name(k), trapped(k, loses)));
    CHECK(migrate(store_name(k), trapped(k, all)));     /* the same records: nothing happened meanwhile */
    to = trapped(k, all);
    o = k->open();
    mover_auth(&a, k->store(o), 0, 0);
    CHECK_ST(ta_logout(&a, mover[2].refresh, mover[2].refresh_len, now + 150), TA_OK);
    k->close(o);
    CHECK(!migrate(store_name(k), to));
}

/* A mistyped name is no empty store. */
static void check_nothing_to_move(const store_kind *k)
{
    char typo[320];
    k->wipe();
    k->close(k->open());
    snprintf(typo, sizeof typo, "sqlite:%.300s", in_dir("typo"));
    CHECK(!migrate_with("--empty-ok", typo, store_name(k)));
    snprintf(typo, sizeof typo, "journal:%.300s", in_dir("typo"));
    CHECK(!migrate_with("--empty-ok", typo, store_name(k)));
    CHECK(access(in_dir("typo"), F_OK) != 0 && access(in_dir("typo.lock"), F_OK) != 0);
    snprintf(typo, sizeof typo, "journal:%.300s", in_dir("copy.journal"));
    unlink(in_dir("copy.journal"));
    CHECK(!migrate(store_name(k), typo));
    CHECK(migrate_with("--empty-ok", store_name(k), typo));
}

/* Sessions under keys of another prefix are not found, and not mixed, unless it is given. */
static void check_prefix(const store_kind *k)
{
    int64_t now = (int64_t)time(NULL);
    const char *there = movers_copied(k, now);
    char named[320], other[320];
    snprintf(named, sizeof named, "%.300s?prefix=app:", store_name(k));
    snprintf(other, sizeof other, "%.300s?prefix=typo:", store_name(k));
    CHECK(migrate(there, named));
    k->wipe();                                          /* all of it */
    CHECK(!migrate(named, there));
    CHECK(migrate(there, named));
    unlink(in_dir("copy.journal"));
    CHECK(!migrate(store_name(k), there));
    CHECK(!migrate(other, there));
    CHECK(migrate(named, there));
    check_copy(-1, now);
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
static void test_moved_again_after_a_logout(void) { check_moved_again(torture_kind); }
static void test_moved_after_an_interruption(void) { check_resumed(torture_kind); }
static void test_moved_while_somebody_logs_out(void) { check_moved_meanwhile(torture_kind); }
static void test_moved_from_nothing(void) { check_nothing_to_move(torture_kind); }
static void test_moved_with_a_prefix(void) { check_prefix(torture_kind); }
static void test_restored_without_a_policy(void) { check_restored(torture_kind, 0, false); }
static void test_restored_going_on(void) { check_restored(torture_kind, 3, false); }
static void test_restored_all_log_in(void) { check_restored(torture_kind, 0, true); }

static void own_moves(const store_kind *k)
{
    if (k == &memory) return;
    torture_kind = k;
    OWN(test_moved);
    OWN(test_moved_again_after_a_logout);
    OWN(test_moved_after_an_interruption);
    OWN(test_moved_while_somebody_logs_out);
    OWN(test_moved_from_nothing);
    if (k == &redis || k == &cluster) OWN(test_moved_with_a_prefix);
    OWN(test_restored_without_a_policy);
    OWN(test_restored_going_on);
    OWN(test_restored_all_log_in);
}
