/* store_redis.h - what only Redis and its cluster can do to a store. Part of store_tests.c.             */

static service redis_server;
static cluster_service cluster_servers;

static void redis_url(int port, char *url, size_t cap) { snprintf(url, cap, "redis://127.0.0.1:%d", port); }

static ta_redis *redis_open_port(int port, const ta_redis_opts *opts)
{
    ta_redis *r = (ta_redis *)exact(sizeof *r);
    char url[60];
    redis_url(port, url, sizeof url);
    if (ta_redis_open(r, url, opts) == TA_OK) return r;
    printf("redis: %s\n", ta_redis_why(r));
    free(r);
    return NULL;
}

static void *redis_open(void)
{
    ta_redis_opts opts = TA_ZERO;
    opts.timeout_ms = STORE_PATIENT_MS;
    return redis_open_port(redis_server.port, &opts);
}

static ta_store redis_store(void *o) { return ta_redis_store((ta_redis *)o); }
static void redis_patience(void *o, int ms) { ((ta_redis *)o)->opts.timeout_ms = ms; }
static void redis_close(void *o) { ta_redis_close((ta_redis *)o); free(o); }

static void redis_do(int port, const char *command)
{
    redisReply *a = redis_ask(port, command);
    if (a == NULL || a->type == REDIS_REPLY_ERROR) {
        check_failed(__FILE__, __LINE__);
        printf("%s: %s\n", command, a != NULL ? a->str : "no answer");
    }
    if (a != NULL) freeReplyObject(a);
}

static void redis_wipe(void) { redis_do(redis_server.port, "FLUSHALL ASYNC"); }

static void redis_key_of(const uint8_t *id, char key[64])
{
    char text[TA_BASE64URL_CAP(TA_ID_SIZE)];
    size_t n;
    if (ta_base64url_encode(id, TA_ID_SIZE, text, sizeof text, &n) != TA_OK) exit(2);
    snprintf(key, 64, "ta:s:%s", text);
}

static bool redis_peek(const uint8_t id[TA_ID_SIZE], uint8_t bytes[TA_RECORD_SIZE])
{
    char key[64];
    redisReply *a;
    bool ok;
    redis_key_of(id, key);
    a = redis_ask(redis_server.port, "GET %s", key);
    ok = a != NULL && a->type == REDIS_REPLY_STRING && a->len == TA_RECORD_SIZE;
    if (ok) memcpy(bytes, a->str, TA_RECORD_SIZE);
    if (a != NULL) freeReplyObject(a);
    return ok;
}

static bool redis_poke(const uint8_t id[TA_ID_SIZE], const uint8_t bytes[TA_RECORD_SIZE])
{
    char key[64];
    redisReply *a;
    bool ok;
    redis_key_of(id, key);
    a = redis_ask(redis_server.port, "SET %s %b XX KEEPTTL", key, bytes, (size_t)TA_RECORD_SIZE);
    ok = a != NULL && a->type == REDIS_REPLY_STATUS;
    if (a != NULL) freeReplyObject(a);
    return ok;
}

static void redis_hold(void) { kill(redis_server.pid, SIGSTOP); }
static void redis_go(void) { kill(redis_server.pid, SIGCONT); }
static void redis_kill(void) { end_service(&redis_server); }
static bool redis_again(void) { return redis_start(&redis_server); }

static const store_kind redis = {"redis", redis_open, redis_store, redis_close, redis_wipe,
    true, true, true, redis_peek, redis_poke, redis_hold, redis_go, redis_kill, redis_again, 1,
    redis_patience};

/* ---- Redis as it should not be ------------------------------------------------------------------------ */

static ta_status redis_try_open(const char *url, const ta_redis_opts *opts)
{
    static ta_redis r;
    ta_status st = ta_redis_open(&r, url, opts);
    if (st == TA_OK) ta_redis_close(&r);
    else CHECK(ta_redis_why(&r)[0] != '\0');
    return st;
}

static void test_redis_settings_that_lose(void)
{
    ta_redis_opts opts = TA_ZERO;
    char url[60];
    int port = redis_server.port;
    redis_url(port, url, sizeof url);
    CHECK_ST(redis_try_open(url, NULL), TA_OK);
    redis_do(port, "CONFIG SET maxmemory-policy volatile-lru");
    CHECK_ST(redis_try_open(url, NULL), TA_ERR_CONFIG);
    opts.allow_eviction = true;
    CHECK_ST(redis_try_open(url, &opts), TA_OK);
    redis_do(port, "CONFIG SET maxmemory-policy noeviction");
    redis_do(port, "CONFIG SET appendfsync everysec");
    CHECK_ST(redis_try_open(url, &opts), TA_ERR_CONFIG);
    opts.allow_volatile = true;
    CHECK_ST(redis_try_open(url, &opts), TA_OK);
    redis_do(port, "CONFIG SET appendfsync always");
    redis_do(port, "CONFIG SET no-appendfsync-on-rewrite yes");
    CHECK_ST(redis_try_open(url, NULL), TA_ERR_CONFIG);
    CHECK_ST(redis_try_open(url, &opts), TA_OK);
    redis_do(port, "CONFIG SET no-appendfsync-on-rewrite no");
    redis_do(port, "CONFIG SET appendonly no");
    CHECK_ST(redis_try_open(url, NULL), TA_ERR_CONFIG);
    redis_do(port, "CONFIG SET appendonly yes");
    wait_redis(port, "INFO persistence", "aof_rewrite_in_progress:0");
    signal(SIGPIPE, SIG_DFL);
    CHECK_ST(redis_try_open(url, NULL), TA_ERR_CONFIG);
    signal(SIGPIPE, SIG_IGN);
}

/* A user who may do what the opening comment of redis.h says, and no more: all its words with + and ~.    */
static void redis_make_user(int port, const char *name, const char *password)
{
    char line[200], command[1200];
    size_t n = (size_t)snprintf(command, sizeof command, "ACL SETUSER %s reset on >%s -@all", name, password);
    FILE *f = fopen(TA_REDIS_FILE, "r");
    CHECK(f != NULL);
    while (f != NULL && fgets(line, sizeof line, f) != NULL && strstr(line, "   KEYS ") != line) {
        char *word = strtok(line, " ,.\n");
        for (; word != NULL; word = strtok(NULL, " ,.\n")) {
            if ((word[0] != '+' && word[0] != '~') || n + strlen(word) + 2 > sizeof command) continue;
            n += (size_t)snprintf(command + n, sizeof command - n, " %s", word);
        }
    }
    if (f != NULL) fclose(f);
    redis_do(port, command);
}

static ta_status count_record(void *ctx, const ta_record *rec, int64_t expires)
{
    size_t *n = (size_t *)ctx;
    (void)rec;
    (void)expires;
    ++*n;
    return TA_OK;
}

static void test_redis_urls(void)
{
    static const char *const bad[] = {"", "http://h", "redis://", "redis://h:0", "redis://h:70000",
        "redis://:6379", "redis://pw@h", "redis://u:%zz@h", "redis://u:%00@h", "redis://[::1",
        "redis://h:6379x", "redis://h:", "redis://h/db", "redis://h/2x", "redis://h/-1", "redis://u:@h",
        "redis://[::1]x", "redis://[::1]:", "redis://[]:6379", "redis://h,", "redis://h:6379,,h2",
        "redis://h:4294973675", "rediss://h", "redis://h:6379/0/1"};
    char url[100];
    ta_redis_opts opts = TA_ZERO;
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        ta_status st = redis_try_open(bad[i], NULL);
        if (st != TA_ERR_ARGUMENT) printf("%s is taken\n", bad[i]);
        CHECK_ST(st, TA_ERR_ARGUMENT);
    }
    CHECK_ST(redis_try_open("redis://127.0.0.1:1", NULL), TA_ERR_STORE);
    opts.prefix = "a{b}";
    CHECK_ST(redis_try_open("redis://127.0.0.1:1", &opts), TA_ERR_ARGUMENT);
    opts.prefix = "a*";                         /* SCAN would find what is not ours */
    CHECK_ST(redis_try_open("redis://127.0.0.1:1", &opts), TA_ERR_ARGUMENT);
    opts.prefix = "123456789012345678901234567890123";
    CHECK_ST(redis_try_open("redis://127.0.0.1:1", &opts), TA_ERR_ARGUMENT);
    redis_make_user(redis_server.port, "ta", "p@ss:w%%rd");
    redis_do(redis_server.port, "ACL SETUSER ta resetkeys ~app:*");
    opts.prefix = "app:";
    snprintf(url, sizeof url, "redis://ta:p%%40ss%%3aw%%25rd@127.0.0.1:%d/2", redis_server.port);
    CHECK_ST(redis_try_open(url, &opts), TA_OK);
    snprintf(url, sizeof url, "redis://ta:wrong@127.0.0.1:%d", redis_server.port);
    CHECK_ST(redis_try_open(url, &opts), TA_ERR_STORE);
    {
        static ta_redis r;
        ta_store s;
        uint8_t ids[4][TA_ID_SIZE];
        size_t n;
        snprintf(url, sizeof url, "redis://ta:p%%40ss%%3aw%%25rd@127.0.0.1:%d/2", redis_server.port);
        CHECK_ST(ta_redis_open(&r, url, &opts), TA_OK);
        s = ta_redis_store(&r);
        CHECK_ST(add(&s, 1), TA_OK);
        CHECK_ST(raise_gen(&s, 1, 0), TA_OK);
        CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
        CHECK_EQ(n, 1);
        n = 0;
        CHECK_ST(ta_redis_each(&r, &n, count_record), TA_OK);
        CHECK_EQ(n, 1);
        redis_do(redis_server.port, "ACL SETUSER ta -scan");
        CHECK_ST(ta_redis_each(&r, &n, count_record), TA_ERR_STORE);
        CHECK(strstr(ta_redis_why(&r), "SCAN: NOPERM") != NULL);
        ta_redis_close(&r);
    }
    redis_do(redis_server.port, "ACL DELUSER ta");
}

/* A record that somebody made to stay for ever is not silently left behind.                            */
static void test_redis_each_without_expiry(void)
{
    ta_record rec = one(1);
    char key[64], command[100];
    ta_redis *r;
    ta_store s;
    size_t n = 0;
    r = (ta_redis *)open_with_one(&redis, &s);
    redis_key_of(rec.id, key);
    snprintf(command, sizeof command, "PERSIST %s", key);
    redis_do(redis_server.port, command);
    CHECK_ST(ta_redis_each(r, &n, count_record), TA_ERR_STORE);
    CHECK_EQ(n, 0);
    CHECK(strstr(ta_redis_why(r), key) != NULL);
    CHECK_ST(raise_gen(&s, 1, 0), TA_OK);       /* which sets an expiry again */
    CHECK_ST(ta_redis_each(r, &n, count_record), TA_OK);
    CHECK_EQ(n, 1);
    redis_close(r);
}

/* The server becomes a replica under an open connection: nothing stale is read, nothing is written.      */
static void test_redis_demoted(void)
{
    ta_redis_opts opts = TA_ZERO;
    ta_redis *r, *lists;
    ta_store s, l;
    uint8_t ids[4][TA_ID_SIZE];
    size_t n;
    char url[60];
    opts.timeout_ms = 300;
    redis_wipe();
    r = (ta_redis *)redis_open();
    lists = (ta_redis *)redis_open();
    s = ta_redis_store(r);
    l = ta_redis_store(lists);
    CHECK_ST(add(&s, 1), TA_OK);
    CHECK_ST(l.list(l.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
    redis_patience(r, 300);
    redis_patience(lists, 300);
    redis_do(redis_server.port, "REPLICAOF 127.0.0.1 1");
    CHECK_ST(l.list(l.ctx, "alice", 5, NULL, ids, 4, &n), TA_ERR_STORE);
    redis_close(lists);
    CHECK_ST(look(&s, 1, NULL), TA_ERR_STORE);
    CHECK_ST(raise_gen(&s, 1, 0), TA_ERR_STORE);
    CHECK_ST(add(&s, 2), TA_ERR_STORE);
    redis_url(redis_server.port, url, sizeof url);
    CHECK_ST(redis_try_open(url, &opts), TA_ERR_STORE);
    redis_do(redis_server.port, "REPLICAOF NO ONE");
    redis_patience(r, STORE_PATIENT_MS);
    CHECK_ST(look(&s, 1, NULL), TA_OK);
    CHECK_ST(raise_gen(&s, 1, 0), TA_OK);
    redis_close(r);
}

static void test_redis_out_of_memory(void)
{
    ta_redis *r;
    ta_store s;
    r = (ta_redis *)open_with_one(&redis, &s);
    redis_do(redis_server.port, "CONFIG SET maxmemory 1");
    CHECK_ST(add(&s, 2), TA_ERR_FULL);
    CHECK_ST(raise_gen(&s, 1, 0), TA_ERR_STORE);
    CHECK_ST(look(&s, 1, NULL), TA_OK);
    CHECK_ST(look(&s, 2, NULL), TA_ERR_NOT_FOUND);
    CHECK_ST(erase(&s, 1), TA_OK);              /* a logout goes through */
    redis_do(redis_server.port, "CONFIG SET maxmemory 0");
    CHECK_ST(add(&s, 2), TA_OK);
    redis_close(r);
}

static void test_redis_foreign_values(void)
{
    static const char *const write[] = {"SET %s short", "LPUSH %s x", "SET %s ''", "HSET %s a b"};
    ta_record rec = one(1);
    char key[64], command[120];
    ta_redis *r = (ta_redis *)redis_open();
    ta_store s = ta_redis_store(r);
    size_t i;
    redis_key_of(rec.id, key);
    for (i = 0; i < sizeof write / sizeof *write; i++) {
        redis_wipe();
        snprintf(command, sizeof command, write[i], key);
        redis_do(redis_server.port, command);
        CHECK_ST(look(&s, 1, NULL), TA_ERR_STORE);
        CHECK(add(&s, 1) != TA_OK);
        CHECK(raise_gen(&s, 1, 0) != TA_OK);
    }
    redis_wipe();
    redis_do(redis_server.port, "SCRIPT FLUSH");        /* as after a restart */
    CHECK_ST(add(&s, 1), TA_OK);
    CHECK_ST(raise_gen(&s, 1, 0), TA_OK);
    redis_close(r);
}

/* An id is listed as long as its session may live, the list no longer than its longest; dead ids leave.  */
static void test_redis_list_lives_as_long_as_its_sessions(void)
{
    ta_redis *r;
    ta_store s;
    ta_record a = one(1), b = one(2);
    uint8_t ids[4][TA_ID_SIZE];
    int64_t now = (int64_t)time(NULL);
    redisReply *ttl;
    size_t n;
    redis_wipe();
    r = (ta_redis *)redis_open();
    s = ta_redis_store(r);
    a.created = b.created = a.rotated_at = b.rotated_at = now - 100;
    a.idle_until = b.idle_until = now + 10;
    a.ends_at = now + 1000;
    b.ends_at = now + 500;
    CHECK_ST(s.cas(s.ctx, a.id, NULL, &a, now + 10), TA_OK);
    CHECK_ST(s.cas(s.ctx, b.id, NULL, &b, now + 10), TA_OK);
    {
        uint8_t digest[TA_SHA256_SIZE];
        char text[TA_BASE64URL_CAP(TA_ID_SIZE)];
        ta_sha256_once("alice", 5, digest);
        CHECK_ST(ta_base64url_encode(digest, TA_ID_SIZE, text, sizeof text, &n), TA_OK);
        ttl = redis_ask(redis_server.port, "TTL ta:u:%s", text);
        CHECK(ttl != NULL && ttl->integer > 86400 + 990 && ttl->integer <= 86400 + 1000);
        if (ttl != NULL) freeReplyObject(ttl);
    }
    CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
    CHECK_EQ(n, 2);
    CHECK_ST(s.cas(s.ctx, b.id, &b, NULL, 0), TA_OK);
    CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
    CHECK_EQ(n, 1);
    b.ends_at = b.idle_until = now - 90000;             /* over for more than a day: its entry goes */
    b.created = b.rotated_at = now - 100000;
    CHECK_ST(s.cas(s.ctx, b.id, NULL, &b, now + 10), TA_OK);
    CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
    CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
    CHECK_EQ(n, 1);
    redis_close(r);
}

/* Between the two writes of an insert. What is left of a crash there is an id without a record, which is
   passed over and stays until its session could be over: it may be just being born. And a session that could
   not be listed is not there: nobody could end what he does not see.                                  */
static void test_redis_between_list_and_record(void)
{
    ta_redis *r, *dead;
    ta_store s;
    ta_record a = one(1);
    uint8_t ids[4][TA_ID_SIZE];
    char key[TA_REDIS_KEY];
    size_t n, i;
    a.ends_at = a.idle_until = (int64_t)time(NULL) + 1000;
    redis_wipe();
    dead = (ta_redis *)redis_open();            /* does the first, and dies */
    CHECK(ta_redis_enter(dead));
    CHECK_ST(ta_redis_leave(dead, ta_redis_enlist(dead, &a)), TA_OK);
    redis_close(dead);
    r = (ta_redis *)redis_open();
    s = ta_redis_store(r);
    for (i = 0; i < 3; i++) {                   /* to list it does not unlist it */
        CHECK_ST(look(&s, 1, NULL), TA_ERR_NOT_FOUND);
        CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
        CHECK_EQ(n, 1);
    }
    CHECK_ST(s.cas(s.ctx, a.id, NULL, &a, a.ends_at), TA_OK);     /* ... or goes on after all */
    CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
    CHECK_EQ(n, 1);
    CHECK_BYTES(ids[0], a.id, TA_ID_SIZE);

    redis_wipe();
    ta_redis_list_key(r, "alice", 5, key);
    {
        char command[120];
        snprintf(command, sizeof command, "SET %s no-list", key);
        redis_do(redis_server.port, command);
    }
    CHECK_ST(add(&s, 2), TA_ERR_STORE);
    CHECK_ST(look(&s, 2, NULL), TA_ERR_NOT_FOUND);
    CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_ERR_STORE);
    CHECK_EQ(n, 0);
    redis_wipe();
    redis_close(r);
}

/* ---- a bad link --------------------------------------------------------------------------------- */

/* Opened with time enough; what is tested then has timeout_ms. */
static ta_redis *redis_open_slowly(int port, int timeout_ms)
{
    ta_redis_opts opts = TA_ZERO;
    ta_redis *r;
    opts.timeout_ms = 20000;
    r = redis_open_port(port, &opts);
    if (r == NULL) exit(2);
    r->opts.timeout_ms = timeout_ms;
    return r;
}

static void redis_through_proxy(void (*run)(const ta_store *))
{
    ta_redis *r;
    ta_store s;
    redis_wipe();
    proxy_start(redis_server.port);
    r = redis_open_slowly(proxy.port, STORE_PATIENT_MS);
    link_ms = &r->opts.timeout_ms;
    s = ta_redis_store(r);
    run(&s);
    redis_close(r);
    proxy_stop();
}

static void test_redis_late_write(void) { redis_through_proxy(check_late_write); }
static void test_redis_bad_link(void) { redis_through_proxy(check_bad_link); }

/* An answer that comes so slowly that each piece is in time, but the whole is not.                      */
static void check_trickle(const ta_store *s)
{
    double began;
    CHECK_ST(add(s, 1), TA_OK);
    proxy.dribble_us = 60000;
    proxy.dribble = true;
    *link_ms = 1000;
    began = now_seconds();
    CHECK_ST(look(s, 1, NULL), TA_ERR_STORE);
    CHECK(now_seconds() - began < 6);           /* a record takes nine seconds so */
    proxy.dribble = false;
}

static void test_redis_trickle(void) { redis_through_proxy(check_trickle); }

/* What no Redis says, or says at the wrong place. 'N' nothing, 'I' 0 or 1, 'F' full, ' ' an error.      */
static const char *const nonsense[] = {
    "I:1\r\n", "I:0\r\n", " :2\r\n", " :-1\r\n", " +OK\r\n", " +\r\n", "N$-1\r\n", "N*-1\r\n", " *0\r\n",
    " $0\r\n\r\n", " $5\r\nhello\r\n", " $-2\r\n", " *-2\r\n", " *1\r\n*1\r\n*1\r\n$-1\r\n",
    " *3\r\n$-1\r\n$-1\r\n$-1\r\n", " *2\r\n:1\r\n:2\r\n", " *1\r\n$3\r\nabc\r\n",
    " *1\r\n*3\r\n:0\r\n:99999999999\r\n*2\r\n$3\r\nabc\r\n:7000\r\n",
    " *1\r\n*3\r\n:-5\r\n:5\r\n*2\r\n$3\r\nabc\r\n:7000\r\n",
    " *1\r\n*3\r\n:9\r\n:5\r\n*2\r\n*0\r\n$-1\r\n",
    " *1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\nx\r\n:4294973675\r\n",
    " $99999999999999999999\r\n", " !!!!\r\n", " HTTP/1.1 400 Bad Request\r\n\r\n", " $40\r\ncut short",
    " *2\r\n$1\r\nx", " -\r\n", " -ERR no\r\n", " -MOVED\r\n", " -MOVED 1\r\n",
    " -MOVED 99999 127.0.0.1:1\r\n", " -MOVED x y:z\r\n", " -MOVED 5 :0\r\n",
    " -MOVED 5 127.0.0.1:99999\r\n", " -ASK\r\n", " -ASK 1 nowhere\r\n",
    " -READONLY no\r\n", " -LOADING no\r\n", " -CLUSTERDOWN no\r\n", " -TRYAGAIN\r\n", " -NOSCRIPT no\r\n",
    " -NOAUTH no\r\n", " -BUSY no\r\n", " -MASTERDOWN no\r\n", "F-OOM no\r\n",
    "F-ERR Error running script (call to f_0): @user_script:6: -OOM command not allowed\r\n" };

static void hear_nonsense(const ta_store *s, char kind_of)
{
    uint8_t ids[4][TA_ID_SIZE];
    size_t n = 9;
    ta_status st;
    fake.command = "GETEX";
    CHECK_ST(look(s, 1, NULL), kind_of == 'N' ? TA_ERR_NOT_FOUND : TA_ERR_STORE);
    fake.command = "EVALSHA";
    st = add(s, 1);
    if (kind_of == 'I') CHECK(st == TA_OK || st == TA_ERR_CONFLICT);
    else                CHECK_ST(st, kind_of == 'F' ? TA_ERR_FULL : TA_ERR_STORE);
    st = raise_gen(s, 1, 0);
    if (kind_of == 'I') CHECK(st == TA_OK || st == TA_ERR_CONFLICT);
    else                CHECK_ST(st, TA_ERR_STORE);
    st = s->list(s->ctx, "alice", 5, NULL, ids, 4, &n);
    CHECK(n == 0 && (st == TA_ERR_STORE || (st == TA_OK && strcmp(fake.answer, "*0\r\n") == 0)));
    fake.command = NULL;
}

/* Whatever is said to whichever command: no call takes it for something else, or longer than it may.      */
static void test_redis_nonsense(void)
{
    static const char *const greeting[] = {"CLIENT KILL", "CLIENT INFO", "ROLE", "CONFIG GET", "SCRIPT LOAD",
                                           "INFO", "CLUSTER SLOTS"};
    ta_redis_opts opts = TA_ZERO;
    char url[60];
    size_t i, j;
    int cluster_too;
    opts.timeout_ms = 40;
    fake_start();
    redis_url(fake.port, url, sizeof url);
    for (cluster_too = 0; cluster_too < 2; cluster_too++) {
        fake.cluster = cluster_too != 0;
        for (i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
            ta_redis *r = redis_open_slowly(fake.port, nonsense[i][0] == ' ' ? 40 : 20000);
            ta_store s = ta_redis_store(r);
            fake.answer = nonsense[i] + 1;
            hear_nonsense(&s, nonsense[i][0]);
            redis_close(r);
            for (j = 0; j < sizeof greeting / sizeof *greeting; j++) {
                static ta_redis t;
                fake.command = greeting[j];
                if (ta_redis_open(&t, url, &opts) == TA_OK) ta_redis_close(&t);
                fake.command = NULL;
            }
        }
    }
    fake_stop();
}

/* Sent to itself again and again: given up in time, without a storm of questions.                       */
static void test_redis_sent_around(void)
{
    static const char *const way[] = {"-MOVED 0 127.0.0.1:%d\r\n", "-ASK 0 127.0.0.1:%d\r\n"};
    static const char *const way_why[] = {"MOVED", "ASK"};
    size_t i;
    fake_start();
    fake.cluster = true;
    for (i = 0; i < 2; i++) {
        char answer[60];
        double began;
        ta_redis *r = redis_open_slowly(fake.port, 800);
        int tries;
        ta_store s = ta_redis_store(r);
        snprintf(answer, sizeof answer, way[i], fake.port);
        fake.answer = answer;
        fake.asked = 0;
        fake.command = "GETEX";
        began = now_seconds();
        CHECK_ST(look(&s, 1, NULL), TA_ERR_STORE);
        CHECK(now_seconds() - began < 3);
        CHECK(fake.asked >= 3 && fake.asked < 60);
        /* the last question may have been too late to be answered: that is said, then */
        for (tries = 0; tries < 10 && strstr(ta_redis_why(r), way_why[i]) == NULL; tries++)
            CHECK_ST(look(&s, 1, NULL), TA_ERR_STORE);
        CHECK(strstr(ta_redis_why(r), way_why[i]) != NULL);
        fake.command = NULL;
        redis_close(r);
    }
    fake_stop();
}

/* A cluster in which every node gets a new address again and again, as pods do.                          */
static void test_redis_addresses_come_and_go(void)
{
    ta_redis *r;
    ta_store s;
    int i;
    fake_start();
    fake.cluster = true;
    r = redis_open_slowly(fake.port, 20000);
    s = ta_redis_store(r);
    CHECK(ta_redis_enter(r));
    for (i = 0; i < 1000; i++) {
        char host[20];
        ta_redis_node *n;
        snprintf(host, sizeof host, "10.0.%d.%d", i / 250, i % 250);
        n = ta_redis_node_at(r, host, strlen(host), 6379);
        CHECK(n != NULL && strcmp(n->host, host) == 0);
        if (n != NULL) memset(r->slot, (int)(n - r->node) + 1, sizeof r->slot);
    }
    CHECK(ta_redis_map(r, NULL));               /* the one that the url names is still known */
    ta_redis_leave(r, TA_OK);
    fake.command = "GETEX";
    fake.answer = "$-1\r\n";
    CHECK_ST(look(&s, 1, NULL), TA_ERR_NOT_FOUND);
    redis_close(r);
    fake_stop();
}

static ta_status look_till_told(const ta_store *s, uint32_t n, uint32_t *gen)
{
    ta_status st = TA_ERR_STORE;
    int tries;
    for (tries = 0; tries < 40 && st == TA_ERR_STORE; tries++) st = look(s, n, gen);
    return st;
}

/* What one opener wrote and could not get acknowledged, another one does not tell either: not that a session
   is over, for it may come back, nor how far it is, nor what a list shows. Both ask for a replica, which is
   there and then is not.                                                                              */
static void check_wait_for_others(const service *replica, const ta_store *mine, const ta_store *yours)
{
    uint8_t ids[4][TA_ID_SIZE];
    uint32_t gen;
    size_t n;
    CHECK_ST(add(mine, 2), TA_OK);
    CHECK_ST(add(mine, 3), TA_OK);
    redis_patience(mine->ctx, 500);
    redis_patience(yours->ctx, 500);
    kill(replica->pid, SIGSTOP);
    CHECK_ST(erase(mine, 2), TA_ERR_STORE);
    CHECK_ST(raise_gen(mine, 3, 0), TA_ERR_STORE);
    CHECK_ST(look(yours, 2, NULL), TA_ERR_STORE);
    CHECK_ST(look(yours, 3, &gen), TA_ERR_STORE);
    CHECK_ST(yours->list(yours->ctx, "alice", 5, NULL, ids, 4, &n), TA_ERR_STORE);
    CHECK_EQ(n, 0);
    kill(replica->pid, SIGCONT);
    CHECK_ST(look_till_told(yours, 2, NULL), TA_ERR_NOT_FOUND);
    CHECK_ST(look_till_told(yours, 3, &gen), TA_OK);
    CHECK_EQ(gen, 1);
    CHECK_ST(yours->list(yours->ctx, "alice", 5, NULL, ids, 4, &n), TA_OK);
}

/* To read so that WAIT can follow leaves the expiry as it is; what is put beside a missing key goes by
   itself. A full memory is no reason not to be told, and a logout still goes through.                 */
static void check_reading_changes_nothing(const ta_store *s)
{
    ta_record a = one(4);
    int64_t end = (int64_t)time(NULL) + 1000;
    char key[64];
    redisReply *before, *after;
    redis_patience(s->ctx, STORE_PATIENT_MS);
    CHECK_ST(s->cas(s->ctx, a.id, NULL, &a, end), TA_OK);
    redis_key_of(a.id, key);
    before = redis_ask(redis_server.port, "PEXPIRETIME %s", key);
    redis_do(redis_server.port, "CONFIG SET maxmemory 1");
    CHECK_ST(look(s, 4, NULL), TA_OK);
    after = redis_ask(redis_server.port, "PEXPIRETIME %s", key);
    if (before != NULL && before->type == REDIS_REPLY_INTEGER) {        /* Redis 7 tells */
        CHECK(before->integer == end * 1000);
        CHECK(after != NULL && after->integer == before->integer);
    }
    CHECK_ST(erase(s, 4), TA_OK);
    redis_do(redis_server.port, "CONFIG SET maxmemory 0");
    CHECK_ST(look(s, 4, NULL), TA_ERR_NOT_FOUND);
    CHECK(wait_redis(redis_server.port, "EVAL return(#redis.call('KEYS','{*w')==0)and'none'or'some' 0",
                     "none"));
    if (before != NULL) freeReplyObject(before);
    if (after != NULL) freeReplyObject(after);
}

/* WAIT: with no replica there, nothing is acknowledged, and what was written so is not read either. r has
   little time, `patient` has much.                                                                    */
static void test_redis_wait(void)
{
    static service replica;
    static const char *extra[] = {"--replicaof", "127.0.0.1", NULL, "--repl-diskless-sync-delay", "0", NULL};
    static char port[16];
    ta_redis_opts opts = TA_ZERO;
    ta_redis *r, *patient, *other;
    ta_store s, p, t;
    uint32_t gen;
    redis_wipe();
    opts.timeout_ms = STORE_PATIENT_MS;
    opts.replicas = 1;
    r = redis_open_port(redis_server.port, &opts);
    patient = redis_open_port(redis_server.port, &opts);
    other = (ta_redis *)redis_open();
    s = ta_redis_store(r);
    p = ta_redis_store(patient);
    t = ta_redis_store(other);
    redis_patience(r, 500);
    CHECK_ST(add(&s, 1), TA_ERR_STORE);
    CHECK_ST(look(&s, 1, NULL), TA_ERR_STORE);
    snprintf(port, sizeof port, "%d", redis_server.port);
    extra[2] = port;
    make_home(&replica, dir, "replica", NULL);
    replica.extra = extra;
    CHECK(redis_start(&replica));
    CHECK(wait_redis(replica.port, "INFO replication", "master_link_status:up"));
    CHECK(wait_redis(redis_server.port, "INFO replication", "state=online"));
    CHECK_ST(look_till_told(&s, 1, &gen), TA_ERR_NOT_FOUND);    /* its list had not reached one */
    CHECK_ST(add(&p, 1), TA_OK);
    CHECK_ST(raise_gen(&p, 1, 0), TA_OK);
    kill(replica.pid, SIGSTOP);
    redis_patience(r, 2000);
    CHECK_ST(raise_gen(&s, 1, 1), TA_ERR_STORE);        /* written, not acknowledged */
    CHECK_ST(look(&s, 1, &gen), TA_ERR_STORE);          /* nor told to anybody here */
    CHECK_ST(look(&t, 1, &gen), TA_OK);
    CHECK_EQ(gen, 2);
    kill(replica.pid, SIGCONT);
    redis_patience(r, 500);
    CHECK_ST(look_till_told(&s, 1, &gen), TA_OK);
    CHECK_EQ(gen, 2);
    CHECK_ST(raise_gen(&p, 1, 2), TA_OK);
    check_wait_for_others(&replica, &s, &p);
    check_reading_changes_nothing(&p);
    redis_close(other);
    redis_close(patient);
    redis_close(r);
    end_service(&replica);
}

static void own_redis(void)
{
    OWN(test_redis_settings_that_lose);
    OWN(test_redis_urls);
    OWN(test_redis_each_without_expiry);
    OWN(test_redis_demoted);
    OWN(test_redis_out_of_memory);
    OWN(test_redis_foreign_values);
    OWN(test_redis_list_lives_as_long_as_its_sessions);
    OWN(test_redis_between_list_and_record);
    OWN(test_redis_late_write);
    OWN(test_redis_bad_link);
    OWN(test_redis_trickle);
    OWN(test_redis_nonsense);
    OWN(test_redis_sent_around);
    OWN(test_redis_addresses_come_and_go);
    OWN(test_redis_wait);
}

/* ---- the cluster --------------------------------------------------------------------------------------- */

static ta_redis *cluster_open_as(const char *who, const ta_redis_opts *opts)
{
    ta_redis *r = (ta_redis *)exact(sizeof *r);
    char url[200];
    snprintf(url, sizeof url, "redis://%s127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d", who,
             cluster_servers.node[0].port, cluster_servers.node[1].port, cluster_servers.node[5].port);
    if (ta_redis_open(r, url, opts) == TA_OK) return r;
    printf("cluster: %s\n", ta_redis_why(r));
    free(r);
    return NULL;
}

static ta_redis *cluster_open_for(const char *who)
{
    ta_redis_opts opts = TA_ZERO;
    opts.timeout_ms = STORE_PATIENT_MS;
    opts.replicas = 1;
    return cluster_open_as(who, &opts);
}

static void *cluster_open(void) { return cluster_open_for(""); }

static void cluster_wipe(void)
{
    int i;
    for (i = 0; i < CLUSTER_NODES; i++) {
        if (redis_says(cluster_servers.node[i].port, "INFO replication", "role:master"))
            redis_do(cluster_servers.node[i].port, "FLUSHALL ASYNC");
    }
}

static const store_kind cluster = {"cluster", cluster_open, redis_store, redis_close, cluster_wipe,
    true, true, true, NULL, NULL, NULL, NULL, NULL, NULL, 0, redis_patience};

/* The slots of the specification's own example, and of what the servers say.  */
static void test_cluster_slots(void)
{
    char key[64];
    uint32_t n;
    CHECK_EQ(ta_redis_slot_of("123456789", 9), 0x31C3);
    for (n = 0; n < 20; n++) {
        ta_record r = one(n * 77777);
        redisReply *a;
        redis_key_of(r.id, key);
        a = redis_ask(cluster_servers.node[0].port, "CLUSTER KEYSLOT %s", key);
        CHECK(a != NULL && a->integer == (long long)ta_redis_slot_of(key, strlen(key)));
        if (a != NULL) freeReplyObject(a);
    }
}

/* Sessions spread over all masters; a map that is wrong everywhere is put right by the answers.  */
static void test_cluster_moved(void)
{
    ta_redis *r = (ta_redis *)cluster_open();
    ta_store s = ta_redis_store(r);
    uint32_t i, gen;
    size_t slot;
    int node;
    cluster_wipe();
    for (i = 0; i < 60; i++) {
        for (slot = 0; slot < TA_REDIS_SLOTS; slot++) r->slot[slot] = (uint8_t)(1 + (slot + i) % 3);
        if (i % 3 == 2) memset(r->slot, 0, sizeof r->slot);
        CHECK_ST(add(&s, i), TA_OK);
        CHECK_ST(raise_gen(&s, i, 0), TA_OK);
    }
    for (i = 0; i < 60; i++) { CHECK_ST(look(&s, i, &gen), TA_OK); CHECK_EQ(gen, 1); }
    for (node = 0; node < 3; node++) {
        redisReply *a = redis_ask(cluster_servers.node[node].port, "DBSIZE");
        CHECK(a != NULL && a->integer >= 8);
        if (a != NULL) freeReplyObject(a);
    }
    redis_close(r);
}

static void cluster_id(int node, char id[64])
{
    redisReply *a = redis_ask(cluster_servers.node[node].port, "CLUSTER MYID");
    snprintf(id, 64, "%s", a != NULL && a->str != NULL ? a->str : "");
    if (a != NULL) freeReplyObject(a);
}

/* A slot on its way from one master to another: keys that have gone, that have not, and that are born. As a
   user with no more rights than needed.                                                              */
static void test_cluster_ask(void)
{
    ta_redis *r;
    ta_store s;
    ta_record m = a_mark(1), next, there;
    char key[64], command[200], from_id[64], to_id[64];
    unsigned slot;
    int from = -1, to, i;
    for (i = 0; i < CLUSTER_NODES; i++) redis_make_user(cluster_servers.node[i].port, "ta", "word");
    r = cluster_open_for("ta:word@");
    CHECK(r != NULL);
    if (r == NULL) return;
    s = ta_redis_store(r);
    cluster_wipe();
    redis_key_of(m.id, key);
    slot = ta_redis_slot_of(key, strlen(key));
    for (i = 0; i < 3; i++) if (slot < (unsigned)((i + 1) * 16384 / 3)) { from = i; break; }
    to = (from + 1) % 3;
    cluster_id(from, from_id);
    cluster_id(to, to_id);
    CHECK_ST(s.cas(s.ctx, m.id, NULL, &m, LATER), TA_OK);
    snprintf(command, sizeof command, "CLUSTER SETSLOT %u IMPORTING %s", slot, from_id);
    redis_do(cluster_servers.node[to].port, command);
    snprintf(command, sizeof command, "CLUSTER SETSLOT %u MIGRATING %s", slot, to_id);
    redis_do(cluster_servers.node[from].port, command);
    CHECK_ST(s.get(s.ctx, m.id, &there), TA_OK);        /* still at home */
    snprintf(command, sizeof command, "MIGRATE 127.0.0.1 %d %s 0 5000", cluster_servers.node[to].port, key);
    redis_do(cluster_servers.node[from].port, command);
    CHECK_ST(s.get(s.ctx, m.id, &there), TA_OK);        /* ASK */
    next = m;
    next.ver++;
    CHECK_ST(s.cas(s.ctx, m.id, &m, &next, LATER), TA_OK);
    CHECK_ST(s.cas(s.ctx, m.id, &m, &next, LATER), TA_ERR_CONFLICT);
    CHECK_ST(s.cas(s.ctx, m.id, &next, NULL, 0), TA_OK);
    CHECK_ST(s.get(s.ctx, m.id, &there), TA_ERR_NOT_FOUND);
    CHECK_ST(s.cas(s.ctx, m.id, NULL, &m, LATER), TA_OK);  /* born on the other side */
    for (i = 0; i < 3; i++) {
        snprintf(command, sizeof command, "CLUSTER SETSLOT %u NODE %s", slot, to_id);
        redis_do(cluster_servers.node[i == 0 ? to : i == 1 ? from : 3 - to - from].port, command);
    }
    CHECK_ST(s.get(s.ctx, m.id, &there), TA_OK);        /* MOVED */
    CHECK_ST(s.cas(s.ctx, m.id, &m, &next, LATER), TA_OK);
    redis_close(r);
    for (i = 0; i < CLUSTER_NODES; i++) redis_do(cluster_servers.node[i].port, "ACL DELUSER ta");
}

/* One that a replica stands behind. */
static service *cluster_master(void)
{
    int i;
    for (i = 0; i < CLUSTER_NODES; i++) {
        if (redis_says(cluster_servers.node[i].port, "INFO replication", "connected_slaves:1"))
            return &cluster_servers.node[i];
    }
    return NULL;
}

/* A master dies. Nothing that was acknowledged is lost, and the store finds the new one by itself.  */
static void test_cluster_failover(void)
{
    enum { N = 40 };
    uint32_t acked[N] = {0}, gen, i, round;
    ta_redis *r;
    ta_store s;
    service *victim;
    int tries;
    cluster_wipe();
    r = (ta_redis *)cluster_open();
    s = ta_redis_store(r);
    for (i = 0; i < N; i++) CHECK_ST(add(&s, i), TA_OK);
    victim = cluster_master();
    CHECK(victim != NULL);
    if (victim == NULL) return;
    redis_patience(r, 1000);
    cluster_patience(&cluster_servers, 1000);
    for (round = 0; round < 4; round++) {
        for (i = 0; i < N; i++) {
            ta_status st = raise_gen(&s, i, acked[i]);
            if (st == TA_OK) acked[i]++;
            if (round == 1 && i == N / 2) end_service(victim);
            if (st == TA_ERR_STORE) {           /* unknown: read, for as long as it takes */
                for (tries = 0; tries < 60 && (st = look(&s, i, &gen)) != TA_OK; tries++) {
                    if (victim->pid == 0 && tries == 4) CHECK(redis_start(victim));
                }
                CHECK_ST(st, TA_OK);
                CHECK(gen == acked[i] || gen == acked[i] + 1);
                acked[i] = gen;
            }
        }
    }
    if (victim->pid == 0) CHECK(redis_start(victim));
    CHECK(cluster_ready(&cluster_servers));
    cluster_patience(&cluster_servers, CLUSTER_PATIENT_MS);
    redis_patience(r, STORE_PATIENT_MS);
    for (i = 0; i < N; i++) { CHECK_ST(look(&s, i, &gen), TA_OK); CHECK_EQ(gen, acked[i]); }
    redis_close(r);
}

/* A master dies and stays dead: the others know who took its place.  */
static void test_cluster_new_master(void)
{
    enum { N = 30 };
    ta_redis_opts opts = TA_ZERO;
    ta_redis *r, *waits;
    ta_store s, w;
    service *victim;
    ta_status st;
    uint32_t i;
    int tries;
    cluster_wipe();
    opts.timeout_ms = STORE_PATIENT_MS;
    r = cluster_open_as("", &opts);
    s = ta_redis_store(r);
    for (i = 0; i < N; i++) CHECK_ST(add(&s, i), TA_OK);
    waits = (ta_redis *)cluster_open();         /* for the replicas, which then have all of the above, too */
    w = ta_redis_store(waits);
    for (i = 0; i < N; i++) CHECK_ST(raise_gen(&w, i, 0), TA_OK);
    redis_close(waits);
    victim = cluster_master();
    CHECK(victim != NULL);
    if (victim == NULL) return;
    cluster_patience(&cluster_servers, 1000);
    end_service(victim);
    for (i = 0; i < N; i++) {
        redis_patience(r, 500);
        for (tries = 0; tries < 120 && (st = look(&s, i, NULL)) == TA_ERR_STORE; tries++) usleep(20000);
        CHECK_ST(st, TA_OK);
        if (st != TA_OK) break;
        redis_patience(r, STORE_PATIENT_MS);
        CHECK_ST(raise_gen(&s, i, 1), TA_OK);
    }
    CHECK(redis_start(victim));
    CHECK(cluster_ready(&cluster_servers));
    cluster_patience(&cluster_servers, CLUSTER_PATIENT_MS);
    redis_close(r);
}

static void own_cluster(void)
{
    OWN(test_cluster_slots);
    OWN(test_cluster_moved);
    OWN(test_cluster_ask);
    OWN(test_cluster_failover);
    OWN(test_cluster_new_master);
}
