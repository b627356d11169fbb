/* store_postgres.h - what only PostgreSQL can do to a store. Part of store_tests.c.                     */

static service pg_server;

static ta_postgres *postgres_open_port(int port, const ta_postgres_opts *opts)
{
    ta_postgres *p = (ta_postgres *)exact(sizeof *p);
    service at = pg_server;
    char url[230];
    at.port = port;
    pg_url(&at, url, 200);
    strcat(url, " connect_timeout=20");
    if (ta_postgres_open(p, url, opts) == TA_OK) return p;
    printf("postgres: %s\n", ta_postgres_why(p));
    free(p);
    return NULL;
}

static void *postgres_open(void)
{
    ta_postgres_opts opts = TA_ZERO;
    opts.timeout_ms = STORE_PATIENT_MS;
    return postgres_open_port(pg_server.port, &opts);
}

/* For connecting there is a limit of its own, at the end of the url. */
static void postgres_patience(void *o, int ms)
{
    ta_postgres *p = (ta_postgres *)o;
    p->opts.timeout_ms = ms;
    memcpy(p->url + strlen(p->url) - 2, ms < STORE_PATIENT_MS ? "02" : "20", 2);
}

static ta_store postgres_store(void *o) { return ta_postgres_store((ta_postgres *)o); }
static void postgres_close(void *o) { ta_postgres_close((ta_postgres *)o); free(o); }

static void pg_quiet(void *arg, const char *text) { (void)arg; (void)text; }

/* A statement on the tests' own connection; the number of rows it touched, or -1.                      */
static int pg_do(const char *sql, const uint8_t *id, uint8_t *bytes, bool reads)
{
    static PGconn *c;
    char url[200];
    const char *value[2];
    int len[2] = {TA_ID_SIZE, TA_RECORD_SIZE}, binary[2] = {1, 1}, rows = -1;
    PGresult *r;
    if (c != NULL) PQclear(PQexec(c, ""));              /* it may be of before a restart */
    if (c == NULL || PQstatus(c) != CONNECTION_OK) {
        if (c != NULL) PQfinish(c);
        pg_url(&pg_server, url, sizeof url);
        c = PQconnectdb(url);
        PQsetNoticeProcessor(c, pg_quiet, NULL);
    }
    value[0] = (const char *)id;
    value[1] = (const char *)bytes;
    r = id == NULL ? PQexec(c, sql) : PQexecParams(c, sql, reads ? 1 : 2, NULL, value, len, binary, 1);
    if (PQresultStatus(r) == PGRES_TUPLES_OK) {
        rows = PQntuples(r);
        if (reads && rows == 1 && PQgetlength(r, 0, 0) == TA_RECORD_SIZE)
            memcpy(bytes, PQgetvalue(r, 0, 0), TA_RECORD_SIZE);
    }
    if (PQresultStatus(r) == PGRES_COMMAND_OK) rows = atoi(PQcmdTuples(r));
    PQclear(r);
    return rows;
}

static void pg_must(const char *sql)
{
    if (pg_do(sql, NULL, NULL, false) >= 0) return;
    check_failed(__FILE__, __LINE__);
    printf("%s: refused\n", sql);
}

static void postgres_wipe(void) { pg_must("DROP TABLE IF EXISTS ta_record"); }

static bool postgres_peek(const uint8_t id[TA_ID_SIZE], uint8_t bytes[TA_RECORD_SIZE])
{
    return pg_do("SELECT record FROM ta_record WHERE id = $1::bytea", id, bytes, true) == 1;
}

static bool postgres_poke(const uint8_t id[TA_ID_SIZE], const uint8_t bytes[TA_RECORD_SIZE])
{
    uint8_t copy[TA_RECORD_SIZE];
    memcpy(copy, bytes, sizeof copy);
    return pg_do("UPDATE ta_record SET record = $2::bytea WHERE id = $1::bytea", id, copy, false) == 1;
}

static void postgres_hold(void) { pg_signal(&pg_server, SIGSTOP); }
static void postgres_go(void) { pg_signal(&pg_server, SIGCONT); }
static void postgres_kill(void) { pg_kill(&pg_server); }
static bool postgres_again(void) { return pg_start(&pg_server); }

static const store_kind postgres = {"postgres", postgres_open, postgres_store, postgres_close, postgres_wipe,
    true, true, false, postgres_peek, postgres_poke, postgres_hold, postgres_go, postgres_kill,
    postgres_again, 3, postgres_patience};

static ta_status postgres_try_open(const ta_postgres_opts *opts)
{
    static ta_postgres p;
    char url[200];
    ta_status st;
    pg_url(&pg_server, url, sizeof url);
    st = ta_postgres_open(&p, url, opts);
    if (st == TA_OK) ta_postgres_close(&p);
    else CHECK(ta_postgres_why(&p)[0] != '\0');
    return st;
}

static void test_postgres_refuses_what_it_is_not(void)
{
    static ta_postgres p;
    ta_postgres_opts opts = TA_ZERO;
    postgres_wipe();
    pg_must("CREATE TABLE ta_record(id text, name text)");
    CHECK_ST(postgres_try_open(NULL), TA_ERR_SNAPSHOT);
    postgres_wipe();
    CHECK_ST(postgres_try_open(NULL), TA_OK);
    pg_must("ALTER TABLE ta_record SET UNLOGGED");
    CHECK_ST(postgres_try_open(NULL), TA_ERR_CONFIG);
    postgres_wipe();
    pg_must("ALTER SYSTEM SET fsync = off");
    pg_kill(&pg_server);
    CHECK(pg_start(&pg_server));
    CHECK_ST(postgres_try_open(NULL), TA_ERR_CONFIG);
    opts.allow_no_fsync = true;
    CHECK_ST(postgres_try_open(&opts), TA_OK);
    pg_must("ALTER SYSTEM RESET fsync");
    pg_kill(&pg_server);
    CHECK(pg_start(&pg_server));
    pg_must("ALTER DATABASE postgres SET default_transaction_read_only = on");
    CHECK_ST(postgres_try_open(NULL), TA_ERR_STORE);    /* as a standby is */
    pg_must("BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT");
    CHECK_ST(ta_postgres_open(&p, "host=127.0.0.1 port=1", NULL), TA_ERR_STORE);
    CHECK_ST(ta_postgres_open(&p, "this is no url", NULL), TA_ERR_STORE);
    CHECK_ST(postgres_try_open(NULL), TA_OK);
}

/* Whatever the database's defaults are.                                                                 */
static void test_postgres_sets_what_it_needs(void)
{
    ta_postgres *p;
    char is[40];
    pg_must("ALTER DATABASE postgres SET synchronous_commit = remote_write");
    p = (ta_postgres *)postgres_open();
    CHECK(ta_postgres_say(p, "SHOW synchronous_commit", is, sizeof is));
    CHECK_STR(is, "on");
    postgres_close(p);
    pg_must("ALTER DATABASE postgres SET synchronous_commit = off");
    pg_must("ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'");
    p = (ta_postgres *)postgres_open();
    CHECK(ta_postgres_say(p, "SHOW synchronous_commit", is, sizeof is));
    CHECK_STR(is, "on");
    CHECK(ta_postgres_say(p, "SHOW transaction_isolation", is, sizeof is));
    CHECK_STR(is, "read committed");
    postgres_close(p);
    pg_must("ALTER DATABASE postgres SET synchronous_commit = remote_apply");
    p = (ta_postgres *)postgres_open();
    CHECK(ta_postgres_say(p, "SHOW synchronous_commit", is, sizeof is));
    CHECK_STR(is, "remote_apply");
    postgres_close(p);
    pg_must("ALTER DATABASE postgres RESET ALL");
}

/* A pooler, or somebody's DEALLOCATE: they are made again, on a link of its own. */
static void test_postgres_statements_are_lost(void)
{
    ta_postgres *p;
    ta_store s;
    p = (ta_postgres *)open_with_one(&postgres, &s);
    CHECK(ta_postgres_say(p, "DEALLOCATE ALL", NULL, 0));
    CHECK_ST(look(&s, 1, NULL), TA_OK);
    CHECK(ta_postgres_say(p, "DEALLOCATE ALL", NULL, 0));
    CHECK_ST(add(&s, 2), TA_ERR_STORE);
    CHECK_ST(add(&s, 2), TA_OK);
    postgres_close(p);
}

/* A server that comes back with other settings than it had when we opened. */
static void test_postgres_becomes_weak(void)
{
    ta_postgres *p;
    ta_store s;
    p = (ta_postgres *)open_with_one(&postgres, &s);
    pg_must("ALTER SYSTEM SET fsync = off");
    pg_kill(&pg_server);
    CHECK(pg_start(&pg_server));
    CHECK_ST(add(&s, 2), TA_ERR_STORE);
    CHECK_ST(add(&s, 2), TA_ERR_STORE);
    CHECK(strstr(ta_postgres_why(p), "fsync") != NULL);
    pg_must("ALTER SYSTEM RESET fsync");
    pg_kill(&pg_server);
    CHECK(pg_start(&pg_server));
    CHECK_ST(add(&s, 2), TA_OK);
    postgres_close(p);
}

static void test_postgres_row_that_disagrees(void)
{
    static const char *const by_hand[] = {
        "UPDATE ta_record SET ver = ver + 1", "UPDATE ta_record SET sub = '\\x00'",
        "UPDATE ta_record SET sub = NULL",
        "UPDATE ta_record SET record = ''", "UPDATE ta_record SET record = record || '\\x00'::bytea" };
    size_t i;
    for (i = 0; i < sizeof by_hand / sizeof *by_hand; i++) {
        void *o;
        ta_store s;
        postgres_wipe();
        o = postgres_open();
        s = postgres_store(o);
        CHECK_ST(add(&s, 1), TA_OK);
        pg_must(by_hand[i]);
        CHECK_ST(look(&s, 1, NULL), TA_ERR_STORE);
        postgres_close(o);
    }
}

/* What the server refuses by name: each SQLSTATE is answered as it should be, and nothing was applied.   */
static void test_postgres_errors(void)
{
    static const struct { const char *state; ta_status insert, other; } want[] = {
        {"40001", TA_ERR_CONFLICT, TA_ERR_CONFLICT}, {"40P01", TA_ERR_CONFLICT, TA_ERR_CONFLICT},
        {"53100", TA_ERR_FULL, TA_ERR_STORE}, {"57014", TA_ERR_STORE, TA_ERR_STORE},
        {"XX000", TA_ERR_STORE, TA_ERR_STORE} };
    void *o;
    ta_store s;
    char sql[300];
    uint32_t gen;
    size_t i;
    o = open_with_one(&postgres, &s);
    for (i = 0; i < sizeof want / sizeof *want; i++) {
        snprintf(sql, sizeof sql, "CREATE OR REPLACE FUNCTION bad() RETURNS trigger LANGUAGE plpgsql AS "
                 "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$", want[i].state);
        pg_must(sql);
        if (i == 0) pg_must("CREATE TRIGGER bad BEFORE INSERT OR UPDATE OR DELETE ON ta_record "
                            "FOR EACH ROW EXECUTE FUNCTION bad()");
        CHECK_ST(add(&s, 2), want[i].insert);
        CHECK_ST(raise_gen(&s, 1, 0), want[i].other);
        CHECK_ST(erase(&s, 1), want[i].other);
    }
    pg_must("DROP TRIGGER bad ON ta_record");
    CHECK_ST(look(&s, 1, &gen), TA_OK);
    CHECK_EQ(gen, 0);
    CHECK_ST(look(&s, 2, NULL), TA_ERR_NOT_FOUND);
    CHECK_ST(raise_gen(&s, 1, 0), TA_OK);
    postgres_close(o);
}

static void test_postgres_many_open_at_once(void)
{
    ta_postgres_opts opts = TA_ZERO;
    int round, i, status;
    opts.timeout_ms = STORE_PATIENT_MS;         /* at the first try */
    for (round = 0; round < 3; round++) {
        pid_t pid[6];
        postgres_wipe();
        fflush(stdout);
        for (i = 0; i < 6; i++) {
            pid[i] = fork();
            if (pid[i] == 0) {
                void *o = postgres_open_port(pg_server.port, &opts);
                ta_store s = TA_ZERO;
                if (o != NULL) s = postgres_store(o);
                _exit(o != NULL && add(&s, (uint32_t)i) == TA_OK ? 0 : 1);
            }
        }
        for (i = 0; i < 6; i++) CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
    }
}

static void postgres_through_proxy(void (*run)(const ta_store *))
{
    ta_postgres_opts opts = TA_ZERO;
    ta_postgres *p;
    ta_store s;
    postgres_wipe();
    proxy_start(pg_server.port);
    opts.timeout_ms = STORE_PATIENT_MS;
    p = postgres_open_port(proxy.port, &opts);
    link_ms = &p->opts.timeout_ms;
    s = ta_postgres_store(p);
    run(&s);
    postgres_close(p);
    proxy_stop();
}

static void test_postgres_late_write(void) { postgres_through_proxy(check_late_write); }
static void test_postgres_bad_link(void) { postgres_through_proxy(check_bad_link); }

/* A write that waits for a lock longer than the call may take: it must not happen afterwards.           */
static void check_locked(const ta_store *s)
{
    char url[200];
    PGconn *c;
    uint32_t gen;
    CHECK_ST(add(s, 1), TA_OK);
    pg_url(&pg_server, url, sizeof url);
    c = PQconnectdb(url);
    PQclear(PQexec(c, "BEGIN; UPDATE ta_record SET expires = expires"));
    *link_ms = 500;
    CHECK_ST(raise_gen(s, 1, 0), TA_ERR_STORE);
    *link_ms = STORE_PATIENT_MS;
    CHECK_ST(look(s, 1, &gen), TA_OK);
    CHECK_EQ(gen, 0);
    PQclear(PQexec(c, "COMMIT"));
    PQfinish(c);
    usleep(300000);
    CHECK_ST(look(s, 1, &gen), TA_OK);
    CHECK_EQ(gen, 0);
    CHECK_ST(raise_gen(s, 1, 0), TA_OK);
}

static void test_postgres_waits_for_a_lock(void) { postgres_through_proxy(check_locked); }

static bool pg_setting_is(ta_postgres *p, const char *show, const char *want)
{
    char is[40] = "";
    int tries;
    for (tries = 0; tries < 400 && strcmp(is, want) != 0; tries++) {
        if (!ta_postgres_say(p, show, is, sizeof is)) return false;
        usleep(10000);
    }
    return strcmp(is, want) == 0;
}

/* A standby that has to have each write, and is not there: nothing is acknowledged, and what is only here is
   not read. (A statement_timeout of the database does not end the wait.)                              */
static void test_postgres_waits_for_the_standby(void)
{
    ta_postgres_opts opts = TA_ZERO;
    ta_postgres *p;
    ta_store s;
    uint32_t gen;
    postgres_wipe();
    pg_must("ALTER DATABASE postgres SET statement_timeout = 1000");
    opts.timeout_ms = STORE_PATIENT_MS;
    p = postgres_open_port(pg_server.port, &opts);
    s = ta_postgres_store(p);
    CHECK_ST(add(&s, 1), TA_OK);
    pg_must("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    pg_must("SELECT pg_reload_conf()");
    CHECK(pg_setting_is(p, "SHOW synchronous_standby_names", "nobody"));
    p->opts.timeout_ms = 2500;
    CHECK_ST(raise_gen(&s, 1, 0), TA_ERR_STORE);
    CHECK_ST(look(&s, 1, &gen), TA_ERR_STORE);
    CHECK_ST(look(&s, 1, &gen), TA_ERR_STORE);
    p->opts.timeout_ms = STORE_PATIENT_MS;
    pg_must("ALTER SYSTEM RESET synchronous_standby_names");
    pg_must("SELECT pg_reload_conf()");
    CHECK_ST(look(&s, 1, &gen), TA_OK);         /* waits until that is known everywhere */
    CHECK_EQ(gen, 1);
    CHECK_ST(raise_gen(&s, 1, 1), TA_OK);
    postgres_close(p);
    pg_must("ALTER DATABASE postgres RESET ALL");
}

static void own_postgres(void)
{
    OWN(test_postgres_refuses_what_it_is_not);
    OWN(test_postgres_sets_what_it_needs);
    OWN(test_postgres_row_that_disagrees);
    OWN(test_postgres_errors);
    OWN(test_postgres_statements_are_lost);
    OWN(test_postgres_becomes_weak);
    OWN(test_postgres_many_open_at_once);
    OWN(test_postgres_late_write);
    OWN(test_postgres_bad_link);
    OWN(test_postgres_waits_for_a_lock);
    OWN(test_postgres_waits_for_the_standby);
}
