/* store_scale.h - what a store costs: bytes per session, refreshes per second, calls, round trips and
   fsyncs per refresh, and all of it as sessions grow. Part of store_tests.c; --scale=N prints lines of
   figures, tests/store_scale.sh makes tables of them:

     size STORE N BYTES                              of the store, per session
     calls STORE N CALLS ROUND_TRIPS FSYNCS          of the caller, per refresh; whole numbers, always alike
     scale STORE N RATE OWN SERVER                   one caller: per second; µs of CPU per refresh
     load STORE N CALLERS RATE OWN SERVERS BUSIEST   many: per second; cores busy, of the busiest server
     fsync US                                        what one takes where the files are                    */

#include <sys/resource.h>
#include <sys/times.h>

#define SCALE_CALLERS 8

static double scale_cpu_by(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec
         + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* CPU of a server, from /proc: its own and that of the children a postmaster has or had.               */
static double scale_cpu_of(pid_t wanted)
{
    DIR *d = opendir("/proc");
    struct dirent *e;
    double ticks = 0;
    while (wanted > 0 && d != NULL && (e = readdir(d)) != NULL) {
        char path[300];
        int ppid = 0;
        unsigned long user = 0, sys = 0, waited_user = 0, waited_sys = 0;
        FILE *f;
        snprintf(path, sizeof path, "/proc/%.20s/stat", e->d_name);
        if (atoi(e->d_name) <= 0 || (f = fopen(path, "r")) == NULL) continue;
        if (fscanf(f, "%*d (%*[^)]) %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu",
                   &ppid, &user, &sys, &waited_user, &waited_sys) == 5) {
            if (atoi(e->d_name) == wanted) ticks += (double)(user + sys + waited_user + waited_sys);
            else if (ppid == wanted)       ticks += (double)(user + sys);
        }
        fclose(f);
    }
    if (d != NULL) closedir(d);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

/* CPU of each server of the store; their number. */
static int scale_servers(const store_kind *k, double cpu[CLUSTER_NODES])
{
    int i;
    if (k == &redis)    { cpu[0] = scale_cpu_of(redis_server.pid); return 1; }
    if (k == &postgres) { cpu[0] = scale_cpu_of(pg_server.pid); return 1; }
    for (i = 0; k == &cluster && i < CLUSTER_NODES; i++) cpu[i] = scale_cpu_of(cluster_servers.node[i].pid);
    return i;
}

/* What the servers have used since `before`, together; *busiest: the one that used most.               */
static double scale_servers_since(const store_kind *k, const double *before, double *busiest)
{
    double now[CLUSTER_NODES], sum = 0;
    int n = scale_servers(k, now), i;
    *busiest = 0;
    for (i = 0; i < n; i++) {
        sum += now[i] - before[i];
        if (now[i] - before[i] > *busiest) *busiest = now[i] - before[i];
    }
    return sum;
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

static double scale_file(const char *name)
{
    struct stat s;
    return stat(in_dir(name), &s) == 0 ? (double)s.st_size : 0;
}

/* The file, once it holds what is still in the WAL. */
static double scale_sqlite_bytes(void)
{
    sqlite3 *db;
    bool ok = sqlite3_open(in_dir("db"), &db) == SQLITE_OK
           && sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) == SQLITE_OK;
    CHECK(ok);
    sqlite3_close(db);
    return scale_file("db") + scale_file("db-wal");
}

static double scale_postgres_bytes(void)
{
    char url[200];
    PGconn *c;
    PGresult *r;
    double sum;
    pg_url(&pg_server, url, sizeof url);
    c = PQconnectdb(url);
    r = PQexec(c, "SELECT pg_total_relation_size('ta_record')");
    sum = PQntuples(r) == 1 ? atof(PQgetvalue(r, 0, 0)) : 0;
    PQclear(r);
    PQfinish(c);
    return sum;
}

/* Of one server, if it is a master: a replica holds the same once more.                                */
static double scale_redis_bytes(int port)
{
    redisReply *a = redis_ask(port, "INFO");
    const char *at = a != NULL && a->str != NULL ? strstr(a->str, "used_memory_dataset:") : NULL;
    double sum = at != NULL && strstr(a->str, "role:master") != NULL ? atof(at + 20) : 0;
    if (a != NULL) freeReplyObject(a);
    return sum;
}

/* Bytes that the records take: of files for those that keep them there, of memory for the others.      */
static double scale_bytes(const store_kind *k, size_t sessions)
{
    double sum = 0;
    int i;
    if (k == &memory)   return (double)sizeof(ta_slot) * (double)sessions;
    if (k == &journal)  return scale_file("journal");
    if (k == &sqlite)   return scale_sqlite_bytes();
    if (k == &postgres) return scale_postgres_bytes();
    if (k == &redis)    return scale_redis_bytes(redis_server.port);
    for (i = 0; i < CLUSTER_NODES; i++) sum += scale_redis_bytes(cluster_servers.node[i].port);
    return sum;
}

/* ---- the sessions: made once, copied into each store -------------------------------------------------- */

typedef struct scale_session { char token[52]; uint8_t id[TA_ID_SIZE]; } scale_session;

static ta_table scale_origin;
static scale_session *scale_made;       /* shared with the processes that refresh them */
static scale_session *scale_of;         /* the same for the store at hand: tokens move on */
static int64_t scale_now;

static void *scale_shared(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) { perror("mmap"); exit(2); }
    return p;
}

static void scale_make(size_t n)
{
    size_t i, room = n + n / 16 + 1;
    ta_slot *slot = (ta_slot *)calloc(room, sizeof *slot);
    ta_auth a;
    if (slot == NULL || ta_table_init(&scale_origin, slot, room) != TA_OK) exit(2);
    scale_made = (scale_session *)scale_shared(n * sizeof *scale_made);
    scale_of = (scale_session *)scale_shared(n * sizeof *scale_of);
    scale_now = (int64_t)time(NULL);
    mover_auth(&a, ta_table_store(&scale_origin), 0, 0);
    for (i = 0; i < n; i++) {
        char subject[24];
        ta_pair p;
        snprintf(subject, sizeof subject, "user%lu", (unsigned long)(i / 3));
        CHECK_ST(ta_login(&a, subject, scale_now, NULL, &p), TA_OK);
        memcpy(scale_made[i].token, p.refresh, 51);
        CHECK(tai_sid_read(p.sid, strlen(p.sid), scale_made[i].id));
    }
}

/* Each `step`th session from `from` to `to`, as the login would have inserted it. On a busy machine a server
   may be slow to answer: once more, then, and what had been done is a conflict.                       */
static bool scale_fill(const ta_store *s, size_t from, size_t to, size_t step)
{
    ta_store origin = ta_table_store(&scale_origin);
    size_t i;
    for (i = from; i < to; i += step) {
        ta_status st;
        ta_record r;
        int tries;
        if (origin.get(origin.ctx, scale_made[i].id, &r) != TA_OK) return false;
        for (tries = 0, st = TA_ERR_STORE; tries < 20 && st == TA_ERR_STORE; tries++)
            st = s->cas(s->ctx, r.id, NULL, &r, r.idle_until + TA_DAYS(1));
        if (st != TA_OK && (st != TA_ERR_CONFLICT || tries == 1)) return false;
    }
    return true;
}

/* ---- callers, each on its own sessions ------------------------------------------------------------- */

typedef struct scale_caller {
    const ta_auth *auth;
    size_t n, first, step;
    double length, cpu;                 /* seconds */
    long   done, slow;                  /* refreshed; not answered in time */
    bool   failed;
} scale_caller;

/* One refresh after the other, in an order without meaning to the store (ids are hashes); each rotates, for
   it is 20 s since its last time.                                                                    */
static void scale_refresh(scale_caller *c, int64_t *now)
{
    double began = now_seconds();
    size_t i = c->first;
    ta_pair p;
    while (!c->failed && now_seconds() - began < c->length) {
        ta_status st = ta_refresh(c->auth, scale_of[i].token, strlen(scale_of[i].token), *now, NULL, &p);
        if (st == TA_OK) memcpy(scale_of[i].token, p.refresh, 51);
        if (st == TA_OK) c->done++;
        else if (st == TA_ERR_STORE || st == TA_ERR_BUSY) c->slow++;
        else printf("refresh: %s\n", ta_status_name(st));
        c->failed = (st != TA_OK && st != TA_ERR_STORE && st != TA_ERR_BUSY) || c->slow > 10;
        i += c->step;
        if (i >= c->n) { i = c->first; *now += 20; }
    }
}

static void *scale_thread(void *arg)
{
    int64_t now = scale_now;
    scale_refresh((scale_caller *)arg, &now);
    return NULL;
}

static void scale_process(const store_kind *k, scale_caller *c)
{
    void *o = k->open();
    ta_auth a;
    double before = scale_cpu_by(RUSAGE_SELF);
    int64_t now = scale_now;
    if (o == NULL) { c->failed = true; _exit(1); }
    mover_auth(&a, k->store(o), 0, 0);
    c->auth = &a;
    scale_refresh(c, &now);
    c->cpu = scale_cpu_by(RUSAGE_SELF) - before;
    k->close(o);
    _exit(0);
}

/* Many at once: processes where the store can have several, else threads of this one. auth: for threads. */
static void scale_load(const store_kind *k, const ta_auth *auth, size_t n, double length)
{
    scale_caller *c = (scale_caller *)scale_shared(SCALE_CALLERS * sizeof *c);
    pthread_t thread[SCALE_CALLERS];
    pid_t pid[SCALE_CALLERS];
    double server[CLUSTER_NODES], own = scale_cpu_by(RUSAGE_SELF), began = now_seconds(), servers, busiest;
    long done = 0;
    size_t i;
    scale_servers(k, server);
    fflush(stdout);
    for (i = 0; i < SCALE_CALLERS; i++) {
        c[i].auth = auth;
        c[i].n = n;
        c[i].first = i;
        c[i].step = SCALE_CALLERS;
        c[i].length = length;
        if (!k->several) CHECK(pthread_create(&thread[i], NULL, scale_thread, &c[i]) == 0);
        else if ((pid[i] = fork()) == 0) scale_process(k, &c[i]);
    }
    for (i = 0; i < SCALE_CALLERS; i++) {
        if (k->several) waitpid(pid[i], NULL, 0);
        else            pthread_join(thread[i], NULL);
        CHECK(!c[i].failed);
        done += c[i].done;
        own -= c[i].cpu;                /* what the others used is not in ours */
    }
    own = scale_cpu_by(RUSAGE_SELF) - own;
    servers = scale_servers_since(k, server, &busiest);
    began = now_seconds() - began;
    printf("load %s %lu %d %.0f %.2f %.2f %.2f\n", k->name, (unsigned long)n, SCALE_CALLERS,
           (double)done / length, own / began, servers / began, busiest / began);
    munmap(c, SCALE_CALLERS * sizeof *c);
}

/* ---- the store's calls, counted ---------------------------------------------------------------------- */

static struct { ta_store inner; long calls; } scale_ear;

static ta_status scale_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    (void)ctx;
    scale_ear.calls++;
    return scale_ear.inner.get(scale_ear.inner.ctx, id, out);
}

static ta_status scale_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                           const ta_record *next, int64_t expires)
{
    (void)ctx;
    scale_ear.calls++;
    return scale_ear.inner.cas(scale_ear.inner.ctx, id, old, next, expires);
}

static ta_status scale_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    (void)ctx;
    scale_ear.calls++;
    return scale_ear.inner.sweep(scale_ear.inner.ctx, now, most, done);
}

/* A hundred refreshes: few enough that SQLite's checkpoint does not show in the rounded figure.        */
static void scale_count(const store_kind *k, const ta_store *s, size_t n)
{
    enum { TIMES = 100 };
    ta_store heard = *s;
    ta_auth a;
    ta_pair p;
    long sends, syncs;
    int i;
    scale_ear.inner = *s;
    scale_ear.calls = 0;
    heard.get = scale_get;
    heard.cas = scale_cas;
    if (s->sweep != NULL) heard.sweep = scale_sweep;
    mover_auth(&a, heard, 0, 0);
    scale_now += 20;
    sends = disk.sends;
    syncs = disk.syncs;
    for (i = 0; i < TIMES; i++) {
        scale_session *one_of = &scale_of[i];
        CHECK_ST(ta_refresh(&a, one_of->token, strlen(one_of->token), scale_now, NULL, &p), TA_OK);
        memcpy(one_of->token, p.refresh, 51);
    }
    printf("calls %s %lu %.0f %.0f %.0f\n", k->name, (unsigned long)n, (double)scale_ear.calls / TIMES,
           (double)(disk.sends - sends) / TIMES, (double)(disk.syncs - syncs) / TIMES);
}

/* ---- one store ------------------------------------------------------------------------------------- */

static void scale_alone(const store_kind *k, const ta_auth *auth, size_t n, double length)
{
    scale_caller c;
    double own, server[CLUSTER_NODES], servers, busiest;
    memset(&c, 0, sizeof c);
    c.auth = auth;
    c.n = n;
    c.step = 1;
    c.length = length / 4;
    scale_now += 20;
    scale_refresh(&c, &scale_now);      /* warm */
    scale_now += 20;
    c.done = 0;
    c.length = length;
    own = scale_cpu_by(RUSAGE_SELF);
    scale_servers(k, server);
    scale_refresh(&c, &scale_now);
    CHECK(!c.failed && c.done > 0);
    own = scale_cpu_by(RUSAGE_SELF) - own;
    servers = scale_servers_since(k, server, &busiest);
    printf("scale %s %lu %.0f %.1f %.1f\n", k->name, (unsigned long)n, (double)c.done / length,
           own / (double)c.done * 1e6, servers / (double)c.done * 1e6);
}

/* Servers are filled by several processes at once. None waits for the disk at each record: only the refreshes
   are what is measured. (fsync is this program's own, see store_disk.h.)                              */
static void scale_grow(const store_kind *k, const ta_store *s, size_t from, size_t to)
{
    enum { FILLERS = 4 };
    pid_t pid[FILLERS];
    int i, status;
    disk.no_sync = true;
    if (k->hold == NULL && k != &cluster) CHECK(scale_fill(s, from, to, 1));
    else {
        fflush(stdout);
        for (i = 0; i < FILLERS; i++) {
            pid[i] = fork();
            if (pid[i] == 0) {
                void *o = k->open();
                ta_store mine = TA_ZERO;
                if (o != NULL) mine = k->store(o);
                _exit(o != NULL && scale_fill(&mine, from + (size_t)i, to, FILLERS) ? 0 : 1);
            }
        }
        for (i = 0; i < FILLERS; i++) CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
    }
    disk.no_sync = false;
    sync();
}

static void scale_fsync(void)
{
    enum { TIMES = 50 };
    uint8_t bytes[160] = {0};
    int fd = open(in_dir("fsync"), O_CREAT | O_WRONLY, 0600), i;
    double began = now_seconds();
    for (i = 0; i < TIMES; i++) CHECK(write(fd, bytes, sizeof bytes) == sizeof bytes && fsync(fd) == 0);
    printf("fsync %.0f\n", (now_seconds() - began) / TIMES * 1e6);
    close(fd);
}

static void run_scale(const store_kind *k, size_t most)
{
    void *o;
    ta_store s;
    ta_auth a;
    ta_slot *many = NULL;
    size_t n = 0, next, room = most + most / 16 + 1;
    double before, length = quick ? 0.5 : 4.0;
    if (scale_made == NULL) {
        scale_fsync();
        scale_make(most);
    }
    memcpy(scale_of, scale_made, most * sizeof *scale_of);
    k->wipe();
    if (k == &memory) {
        many = (ta_slot *)calloc(room, sizeof *many);
        CHECK(many != NULL && ta_table_init(&table, many, room) == TA_OK);
    }
    o = k->open();
    CHECK(o != NULL);
    if (o == NULL) return;
    s = k->store(o);
    mover_auth(&a, s, 0, 0);
    before = k == &redis || k == &cluster ? scale_bytes(k, 0) : 0;
    for (next = 1000; next <= most; next *= 10) {
        scale_grow(k, &s, n, next);
        n = next;
        printf("size %s %lu %.1f\n", k->name, (unsigned long)n, (scale_bytes(k, n) - before) / (double)n);
        scale_alone(k, &a, n, length);
        fflush(stdout);
    }
    scale_count(k, &s, n);
    scale_now += 20;
    if (k->several) k->close(o);        /* no connection of SQLite may come through a fork */
    scale_load(k, &a, n, length);
    if (!k->several) k->close(o);
    k->wipe();
    free(many);
}

static size_t scale_most;
static void test_scale(void) { run_scale(torture_kind, scale_most); }
