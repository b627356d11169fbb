/* store_services.h - starts Redis, a Redis Cluster and PostgreSQL for the tests of the stores: on loopback,
   on free ports, in a directory of their own, and ends them with the test, however that ends.        */

#ifndef STORE_SERVICES_H
#define STORE_SERVICES_H

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct service {
    pid_t pid;
    int   port, bus;
    bool  placed;               /* it has run there: it keeps its ports */
    char  home[300];
    const char *const *extra;   /* further arguments, ended by NULL */
} service;

static int free_port(void)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0), port = 0, yes = 1;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0)
        port = ntohs(a.sin_port);
    close(fd);
    return port;
}

/* Runs a program with its output in home/log; it ends when this process does. user: NULL, or who to be. */
static pid_t spawn(const char *home, const char *user, const char *const *argv)
{
    char log[320];
    pid_t parent = getpid(), pid;
    fflush(stdout);
    pid = fork();
    if (pid != 0) return pid;
    snprintf(log, sizeof log, "%s/log", home);
    {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666), i;
        struct passwd *pw = user != NULL && geteuid() == 0 ? getpwnam(user) : NULL;
        dup2(fd, 1);
        dup2(fd, 2);
        for (i = 3; i < 256; i++) close(i);
        if (pw != NULL && (setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)) _exit(126);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(125);
        if (chdir(home) != 0) _exit(124);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
}

static void end_service(service *s)
{
    if (s->pid <= 0) return;
    kill(s->pid, SIGKILL);
    kill(s->pid, SIGCONT);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

static void make_home(service *s, const char *dir, const char *name, const char *owner)
{
    struct passwd *pw = owner != NULL && geteuid() == 0 ? getpwnam(owner) : NULL;
    snprintf(s->home, sizeof s->home, "%s/%s", dir, name);
    mkdir(s->home, 0700);
    if (pw != NULL && chown(s->home, pw->pw_uid, pw->pw_gid) != 0) perror("chown");
}

/* ---- Redis -------------------------------------------------------------------------------------------- */

/* The answer as text, or NULL; for set-up and for looking behind the store's back.                       */
static redisReply *redis_ask(int port, const char *format, ...)
{
    struct timeval t = {20, 0};
    redisContext *c = redisConnectWithTimeout("127.0.0.1", port, t);
    redisReply *a = NULL;
    va_list list;
    if (c != NULL && c->err == 0 && redisSetTimeout(c, t) == REDIS_OK) {
        va_start(list, format);
        a = (redisReply *)redisvCommand(c, format, list);
        va_end(list);
    }
    if (c != NULL) redisFree(c);
    return a;
}

static bool redis_says(int port, const char *command, const char *want)
{
    redisReply *a = redis_ask(port, command);
    bool is = a != NULL && a->str != NULL && strstr(a->str, want) != NULL;
    if (a != NULL) freeReplyObject(a);
    return is;
}

static bool wait_redis(int port, const char *command, const char *want)
{
    int tries;
    for (tries = 0; tries < 1200; tries++) {
        if (redis_says(port, command, want)) return true;
        usleep(50000);
    }
    printf("redis on %d: no %s to %s\n", port, want, command);
    return false;
}

static bool redis_start(service *s)
{
    char port[16], bus[16];
    const char *argv[40] = {"redis-server", "--bind", "127.0.0.1", "--appendonly", "yes",
        "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no",
        "--port", NULL};
    int n = 14, i, tries;
    for (tries = 0; tries < 5; tries++) {
        if (s->port == 0) s->port = free_port();
        if (s->bus == 0) s->bus = free_port();
        snprintf(port, sizeof port, "%d", s->port);
        snprintf(bus, sizeof bus, "%d", s->bus);
        argv[n] = port;
        for (i = 0; s->extra != NULL && s->extra[i] != NULL; i++)
            argv[n + 1 + i] = strcmp(s->extra[i], "BUS") == 0 ? bus : s->extra[i];
        argv[n + 1 + i] = NULL;
        s->pid = spawn(s->home, NULL, argv);
        for (i = 0; i < 2400; i++) {
            if (redis_says(s->port, "PING", "PONG")) return s->placed = true;
            if (waitpid(s->pid, NULL, WNOHANG) == s->pid) break;        /* the port was taken */
            usleep(25000);
        }
        if (i == 2400) break;
        if (!s->placed) s->port = s->bus = 0;
    }
    printf("redis-server does not start; see %s/log\n", s->home);
    return false;
}

#define CLUSTER_NODES 6
#define CLUSTER_PATIENT_MS 15000
typedef struct cluster_service { service node[CLUSTER_NODES]; } cluster_service;

static bool cluster_know_all(const cluster_service *c)
{
    int i;
    for (i = 0; i < CLUSTER_NODES; i++) {
        if (!redis_says(c->node[i].port, "CLUSTER INFO", "cluster_known_nodes:6")) return false;
    }
    return true;
}

/* On a busy machine a handshake may take longer than it is allowed to: again, then. */
static bool cluster_join(const cluster_service *c)
{
    char command[100];
    int tries, i;
    snprintf(command, sizeof command, "CLUSTER MEET 127.0.0.1 %d %d", c->node[0].port, c->node[0].bus);
    for (tries = 0; tries < 1200; tries++) {
        for (i = 1; i < CLUSTER_NODES && tries % 60 == 0; i++) {
            if (!redis_says(c->node[i].port, command, "OK")) return false;
        }
        if (cluster_know_all(c)) return true;
        usleep(50000);
    }
    printf("the nodes do not know each other\n");
    return false;
}

/* How long a node may be silent before the others take it for dead: much, but where one is killed. */
static void cluster_patience(const cluster_service *c, int ms)
{
    char command[60];
    int i;
    snprintf(command, sizeof command, "CONFIG SET cluster-node-timeout %d", ms);
    for (i = 0; i < CLUSTER_NODES; i++) (void)wait_redis(c->node[i].port, command, "OK");
}

static bool cluster_meet(cluster_service *c)
{
    char command[100], id[64];
    int i;
    redisReply *a;
    for (i = 0; i < CLUSTER_NODES; i++) {
        if (i < 3) {
            snprintf(command, sizeof command, "CLUSTER ADDSLOTSRANGE %d %d", i * 16384 / 3,
                     (i + 1) * 16384 / 3 - 1);
            if (!redis_says(c->node[i].port, command, "OK")) return false;
        }
        snprintf(command, sizeof command, "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
        if (!redis_says(c->node[i].port, command, "OK")) return false;
    }
    if (!cluster_join(c)) return false;
    for (i = 3; i < CLUSTER_NODES; i++) {
        a = redis_ask(c->node[i - 3].port, "CLUSTER MYID");
        snprintf(id, sizeof id, "%s", a != NULL && a->str != NULL ? a->str : "");
        if (a != NULL) freeReplyObject(a);
        snprintf(command, sizeof command, "CLUSTER REPLICATE %s", id);
        if (!wait_redis(c->node[i].port, command, "OK")) return false;
    }
    return true;
}

/* A replica may become the master while it is waited for. */
static bool cluster_node_ready(const service *s)
{
    int tries;
    for (tries = 0; tries < 1200; tries++) {
        if (redis_says(s->port, "INFO replication", "role:master")
            || redis_says(s->port, "INFO replication", "master_link_status:up")) return true;
        usleep(50000);
    }
    printf("redis on %d: neither a master nor linked to one\n", s->port);
    return false;
}

static bool cluster_ready(cluster_service *c)
{
    int i;
    for (i = 0; i < CLUSTER_NODES; i++) {
        if (!wait_redis(c->node[i].port, "CLUSTER INFO", "cluster_state:ok")
            || !cluster_node_ready(&c->node[i])) return false;
    }
    return true;
}

static bool cluster_start(cluster_service *c, const char *dir)
{
    static const char *const extra[] = {"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
        "--cluster-node-timeout", "1000", "--cluster-port", "BUS", "--repl-diskless-sync-delay", "0",
        "--cluster-require-full-coverage", "no", NULL};
    char name[20];
    int i;
    for (i = 0; i < CLUSTER_NODES; i++) {
        snprintf(name, sizeof name, "node%d", i);
        make_home(&c->node[i], dir, name, NULL);
        c->node[i].extra = extra;
        if (!redis_start(&c->node[i])) return false;
    }
    if (!cluster_meet(c) || !cluster_ready(c)) return false;
    cluster_patience(c, CLUSTER_PATIENT_MS);
    return true;
}

/* ---- PostgreSQL --------------------------------------------------------------------------------- */

static const char *pg_program(const char *name)
{
    static char path[2][300];
    static int at;
    DIR *d = opendir("/usr/lib/postgresql");
    struct dirent *e;
    int best = 0;
    while (d != NULL && (e = readdir(d)) != NULL) if (atoi(e->d_name) > best) best = atoi(e->d_name);
    if (d != NULL) closedir(d);
    at = !at;
    if (best > 0) snprintf(path[at], sizeof path[at], "/usr/lib/postgresql/%d/bin/%s", best, name);
    else          snprintf(path[at], sizeof path[at], "%s", name);
    return path[at];
}

static void pg_url(const service *s, char *url, size_t cap)
{
    snprintf(url, cap, "host=127.0.0.1 port=%d user=postgres dbname=postgres", s->port);
}

static bool pg_start(service *s)
{
    char port[16], url[200];
    const char *argv[] = {NULL, "-D", "data", "-p", port, "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=", "-c", "max_connections=60", "-c", "shared_buffers=32MB", NULL};
    int i, tries;
    argv[0] = pg_program("postgres");
    for (tries = 0; tries < 40; tries++) {              /* a killed one's children take a moment to leave */
        if (s->port == 0) s->port = free_port();
        snprintf(port, sizeof port, "%d", s->port);
        pg_url(s, url, sizeof url);
        s->pid = spawn(s->home, "postgres", argv);
        for (i = 0; i < 2400; i++) {
            if (PQping(url) == PQPING_OK) return s->placed = true;
            if (waitpid(s->pid, NULL, WNOHANG) == s->pid) break;
            usleep(25000);
        }
        if (i == 2400) break;
        if (!s->placed) s->port = 0;
        usleep(100000);
    }
    printf("postgres does not start; see %s/log\n", s->home);
    return false;
}

static bool pg_init(service *s, const char *dir)
{
    const char *argv[] = {NULL, "-D", "data", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8",
                          "--locale=C", NULL};
    int status;
    pid_t pid;
    argv[0] = pg_program("initdb");
    make_home(s, dir, "pg", "postgres");
    pid = spawn(s->home, "postgres", argv);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        printf("initdb failed; see %s/log\n", s->home);
        return false;
    }
    return pg_start(s);
}

/* The postmaster and all it started, which are in sessions of their own. It is stopped first and gets its
   signal last: a dead one's children are nobody's, and would go on answering.                           */
static void pg_signal(const service *s, int sig)
{
    DIR *d = opendir("/proc");
    struct dirent *e;
    kill(s->pid, SIGSTOP);
    while (d != NULL && (e = readdir(d)) != NULL) {
        char path[300];
        int ppid = 0;
        FILE *f;
        snprintf(path, sizeof path, "/proc/%.20s/stat", e->d_name);
        if (atoi(e->d_name) <= 0 || (f = fopen(path, "r")) == NULL) continue;
        if (fscanf(f, "%*d (%*[^)]) %*c %d", &ppid) == 1 && ppid == s->pid) kill(atoi(e->d_name), sig);
        fclose(f);
    }
    if (d != NULL) closedir(d);
    kill(s->pid, sig);
}

static void pg_kill(service *s)
{
    if (s->pid <= 0) return;
    pg_signal(s, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

#endif
