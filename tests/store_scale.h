/* store_scale.h - what a store costs: sessions per MB, refreshes per second, and both as sessions grow.
   Part of store_tests.c; --scale=N prints lines of figures, tests/store_scale.sh makes tables of them. */

#include <sys/resource.h>
#include <sys/times.h>

static double scale_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double scale_own_cpu(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec
         + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* CPU of the servers, from /proc: theirs and that of the children a postmaster has.                   */
static double scale_cpu_of(pid_t wanted)
{
    DIR *d = opendir("/proc");
    struct dirent *e;
    double ticks = 0;
    while (wanted > 0 && d != NULL && (e = readdir(d)) != NULL) {
        char path[300];
        int ppid = 0;
        unsigned long user = 0, sys = 0;
        FILE *f;
        snprintf(path, sizeof path, "/proc/%.20s/stat", e->d_name);
        if (atoi(e->d_name) <= 0 || (f = fopen(path, "r")) == NULL) continue;
        if (fscanf(f, "%*d (%*[^)]) %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                   &ppid, &user, &sys) == 3
            && (ppid == wanted || atoi(e->d_name) == wanted)) ticks += (double)(user + sys);
        fclose(f);
    }
    if (d != NULL) closedir(d);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static double scale_server_cpu(const store_kind *k)
{
    double sum = 0;
    int i;
    if (k == &redis) return scale_cpu_of(redis_server.pid);
    if (k == &postgres) return scale_cpu_of(pg_server.pid);
    for (i = 0; k == &cluster && i < CLUSTER_NODES; i++) sum += scale_cpu_of(cluster_servers.node[i].pid);
    return sum;
}

/* Bytes that the records take: of files for those that keep them there, of memory for Redis.          */
static double scale_bytes(const store_kind *k, size_t sessions)
{
    char sql[100] = "SELECT pg_total_relation_size('ta_record')", url[200];
    struct stat s;
    double sum = 0;
    int i;
    PGconn *c;
    PGresult *r;
    if (k == &memory) return (double)sizeof(ta_slot) * (double)sessions;
    if (k == &journal) return stat(in_dir("journal"), &s) == 0 ? (double)s.st_size : 0;
    if (k == &sqlite) {
        sum = stat(in_dir("db"), &s) == 0 ? (double)s.st_size : 0;
        return sum + (stat(in_dir("db-wal"), &s) == 0 ? (double)s.st_size : 0);
    }
    if (k == &postgres) {
        pg_url(&pg_server, url, sizeof url);
        c = PQconnectdb(url);
        r = PQexec(c, sql);
        sum = PQntuples(r) == 1 ? atof(PQgetvalue(r, 0, 0)) : 0;
        PQclear(r);
        PQfinish(c);
        return sum;
    }
    for (i = 0; i < CLUSTER_NODES; i++) {
        int port = k == &redis ? redis_server.port : cluster_servers.node[i].port;
        redisReply *a = redis_ask(port, "INFO");
        const char *at = a != NULL && a->str != NULL ? strstr(a->str, "used_memory_dataset:") : NULL;
        if (at != NULL && strstr(a->str, "role:master") != NULL) sum += atof(at + 20);
        if (a != NULL) freeReplyObject(a);
        if (k == &redis) break;
    }
    return sum;
}

static char (*scale_token)[52];

static void scale_login(const ta_auth *a, size_t i, int64_t now)
{
    char subject[24];
    ta_pair p;
    snprintf(subject, sizeof subject, "user%lu", (unsigned long)(i / 3));
    CHECK_ST(ta_login(a, subject, now, NULL, &p), TA_OK);
    memcpy(scale_token[i], p.refresh, 51);
}

/* Refreshes of all sessions, one after the other in an order without meaning to the store (their ids are
   hashes); each rotates, for it is 20 s since its last time.                                          */
static void scale_refresh(const store_kind *k, const ta_auth *a, size_t n, int64_t *now, double length)
{
    double began = scale_seconds(), cpu = scale_own_cpu(), server = scale_server_cpu(k), took;
    long done = 0;
    ta_pair p;
    while ((took = scale_seconds() - began) < length && check.bad == 0) {
        size_t i = (size_t)done % n;
        if (i == 0) *now += 20;
        CHECK_ST(ta_refresh(a, scale_token[i], strlen(scale_token[i]), *now, NULL, &p), TA_OK);
        memcpy(scale_token[i], p.refresh, 51);
        done++;
    }
    cpu = scale_own_cpu() - cpu;
    server = scale_server_cpu(k) - server;
    printf("scale %s %lu %.0f %.1f %.1f %.1f\n", k->name, (unsigned long)n, (double)done / took,
           took / (double)done * 1e6, cpu / (double)done * 1e6, server / (double)done * 1e6);
    fflush(stdout);
}

/* The journal and SQLite are filled without waiting for the disk at each record: only the refreshes are
   what is measured. (fsync is this program's own, see store_disk.h.)                                  */
static void run_scale(const store_kind *k, size_t most)
{
    void *o;
    ta_auth a;
    size_t n = 0, next;
    int64_t now = (int64_t)time(NULL);
    double before;
    static ta_slot *many;
    k->wipe();
    if (k == &memory) {
        many = (ta_slot *)calloc(most + most / 16 + 1, sizeof *many);
        CHECK(many != NULL && ta_table_init(&table, many, most + most / 16 + 1) == TA_OK);
    }
    o = k->open();
    before = k == &redis || k == &cluster ? scale_bytes(k, 0) : 0;
    scale_token = calloc(most, sizeof *scale_token);
    mover_auth(&a, k->store(o), 0, 0);
    for (next = 1000; next <= most; next *= 10) {
        disk.no_sync = true;
        for (; n < next; n++) scale_login(&a, n, now);
        disk.no_sync = false;
        sync();
        printf("size %s %lu %.1f\n", k->name, (unsigned long)n, (scale_bytes(k, n) - before) / (double)n);
        scale_refresh(k, &a, n, &now, quick ? 1.0 : 4.0);
    }
    k->close(o);
    free(scale_token);
    free(many);
    many = NULL;
}

static size_t scale_most;
static void test_scale(void) { run_scale(torture_kind, scale_most); }
