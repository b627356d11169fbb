/* redis.h - tokenauth.h keeps its sessions in Redis, or in a Redis Cluster: the same code, the same keys.
   SPDX-License-Identifier: MIT OR Unlicense   (the text stands at the end of tokenauth.h)

   In ONE .c file                             In all the others
       #define TA_REDIS_IMPLEMENTATION            #include "tokenauth.h"
       #include "tokenauth.h"                     #include "redis.h"
       #include "redis.h"                     Link with -lhiredis -lpthread

       signal(SIGPIPE, SIG_IGN);              hiredis writes to sockets that may be closed
       ta_redis r;
       if (ta_redis_open(&r, "redis://127.0.0.1:6379", NULL) != TA_OK) return complain(ta_redis_why(&r));
       cfg.store = ta_redis_store(&r);                    (a whole program: redis_example.c)

   NEEDS      Redis 6.2 or later (SET EXAT, GETEX), reached directly: no proxy, no replica for reading.
              An ACL user needs ~ta:* and
                  +evalsha +eval +script|load +get +getex +set +del +zadd +zrem +zrangebylex +ttl +time
                  +expireat +wait +role +info +select +client|info +client|kill +config|get
              in a cluster +cluster|slots +asking, with replicas +pttl and ~{ta:* for a key of a second beside
              another, for ta_redis_each (migrate) +scan.
   KEYS       ta:s:<id>     the packed record of a session or mark; <id> is base64url, as in the public sid
              ta:u:<user>   a session list: sorted set, all scores 0, of id (16 bytes) . end (16 digits);
                            <user> is base64url of the first 16 bytes of SHA-256(subject)
              No command needs two keys, there are no hash tags: sessions spread over all slots.
   ORDER      insert: first into the list, then the record, then OK. So a record is listed whenever it is
              there, also when the writer dies between the two: record first would leave a session that works
              and that no list shows, so no cap counts it and its user cannot see it. The price is that an
              id in a list may be dead. Its entry goes when the record is deleted, or at last when its
              session can no longer live: never because the record was not found, for it may be just being
              born. Deleting goes the other way round: the record, then its entry.
   EXPIRY     Redis drops the records by its own clock (EXAT); there is no sweep.
   KEEPS      what Redis keeps. Refused at opening, unless you allow it:
                  maxmemory-policy other than noeviction: evicting a user's mark would undo a logout
                  appendonly no, appendfsync other than always, or no-appendfsync-on-rewrite yes (then not
                  always): acknowledged revocations would be lost
              With replicas set, each write is answered TA_OK only when so many replicas have it (WAIT), and
              each read only when they have all that was there to read, whoever wrote it: else a logout that
              fell short here is taken for done by another server, and undone by a failover. A read costs a
              WAIT more, and a touch (see TA_REDIS_TOUCH) in the append-only file. WAIT knows memory, not
              disks. Set replicas to how many replicas each master has: of those that did not acknowledge,
              one might be promoted. While one is down, all that master is asked for is TA_ERR_STORE.
              A master that is cut off from its cluster answers reads for up to cluster-node-timeout after
              another took its place: set min-replicas-to-write 1, and it stops sooner (the reads here are
              GETEX or write, and Redis counts both as writes: a replica refuses them, too).
   LATE       A write that timed out could still be carried out. Before a lost link to a node is replaced, the
              old one is ended on the server (CLIENT KILL with its id and address): nothing comes late.
   FULL       maxmemory reached: TA_ERR_FULL for an insert, TA_ERR_STORE for a refresh. Deleting still goes.
   THREADS    may share one ta_redis; it lets one in at a time, so for speed give each thread its own.
   FORK       open it in the process that uses it: in a child every call is TA_ERR_STORE.
   CLUSTER    the map of slots comes from CLUSTER SLOTS; MOVED corrects it, ASK is followed once, and
              TRYAGAIN, CLUSTERDOWN and LOADING are waited for, all within timeout_ms.
   NOT HERE   TLS (run stunnel, or set link up with hiredis_ssl), Sentinel (give the address that follows
              the master).                                                                            */

#ifndef TA_REDIS_H
#define TA_REDIS_H

#include <pthread.h>
#include <hiredis/hiredis.h>
#include <sys/types.h>

#define TA_REDIS_NODES  128     /* masters of one cluster, and some that once were */
#define TA_REDIS_SLOTS  16384

typedef struct ta_redis_opts {
    const char *prefix;         /* NULL: "ta:"; at most 32 characters, none of {}*?[]\ */
    int         timeout_ms;     /* of one call, from its turn on (THREADS), with all its redirections; looking
                                   up a host's name has a limit of its own. 0: 2000 */
    int         replicas;       /* that must have a write before it is acknowledged. 0: none */
    bool        allow_volatile; /* Redis may forget the last writes, or all of them, in a crash */
    bool        allow_eviction; /* Redis may drop records when memory is short */
} ta_redis_opts;

typedef struct ta_redis_node {
    char          host[64];
    int           port;
    redisContext *link;         /* NULL: none */
    char          id[24], address[72];  /* of the link, as the server calls it */
    bool          in_doubt;     /* that link was lost with a write under way: end it there first */
} ta_redis_node;

typedef struct ta_redis {       /* contents are ours; does not copy with =, the store does */
    ta_redis_opts   opts;
    ta_redis_node   node[TA_REDIS_NODES];
    size_t          nodes, named;       /* known so far; of those, named in the url */
    uint8_t         slot[TA_REDIS_SLOTS];       /* node + 1; 0: not known */
    bool            cluster;
    char            sha[4][41]; /* of the scripts, told by SCRIPT LOAD */
    char            user[64], password[128], prefix[33];
    int             db;
    int64_t         deadline;   /* of this call, in ms of the monotonic clock */
    pid_t           pid;
    pthread_mutex_t mutex;
    char            why[240];
} ta_redis;

#ifdef __cplusplus
extern "C" {
#endif

/* ta_redis_open - connects and looks at the server's settings.
   url    redis://[[user]:password@]host[:port][,host[:port]...][/db]; several hosts: nodes of one cluster,
          the first that answers tells the rest. %xx in user and password; [::1] for IPv6
   opts   NULL: all zero
   TA_OK · TA_ERR_CONFIG a setting of the server or of the ACL that loses sessions, SIGPIPE not ignored ·
   TA_ERR_STORE no connection · TA_ERR_ARGUMENT the url, the prefix. After a failure everything is released;
   ta_redis_why tells more.                                                                       */
TA_MUST_CHECK ta_status ta_redis_open(ta_redis *r, const char *url, const ta_redis_opts *opts);
/* ta_redis_store - as a store, without sweep; *r must outlive it.                                */
ta_store    ta_redis_store(ta_redis *r);
/* ta_redis_each - every record (of all nodes) and when it may be dropped, until `visit` says other than
   TA_OK. What changes meanwhile may be told or not, or twice. visit must not call this store.     */
TA_MUST_CHECK ta_status ta_redis_each(ta_redis *r, void *ctx,
                                      ta_status (*visit)(void *ctx, const ta_record *rec, int64_t expires));
/* ta_redis_why - the last failure in words; "" at first.                                         */
const char *ta_redis_why(const ta_redis *r);
/* ta_redis_close - after the last call of the store.                                             */
void        ta_redis_close(ta_redis *r);

#ifdef __cplusplus
}
#endif
#endif /* TA_REDIS_H */

/* ================================================================================================== */
#if defined(TA_REDIS_IMPLEMENTATION) && !defined(TA_REDIS_ONCE)
#define TA_REDIS_ONCE

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* ---- scripts: one key each, so that a cluster runs them where the key is ----------------------- */

/* The swap. ARGV: the version that must be there (4 bytes; "": no record), the new bytes ("": delete),
   when they may be dropped. 1: done, 0: not applied.                                               */
#define TA_REDIS_SWAP \
    "local v = redis.call('GET', KEYS[1])\n" \
    "if ARGV[1] == '' then\n" \
    "  if v then return 0 end\n" \
    "elseif not v or string.sub(v, 5, 8) ~= ARGV[1] then return 0 end\n" \
    "if ARGV[2] == '' then redis.call('DEL', KEYS[1])\n" \
    "else redis.call('SET', KEYS[1], ARGV[2], 'EXAT', ARGV[3]) end\n" \
    "return 1\n"

/* Into a list. ARGV: the entry, when its session's end. The list lives as long as the longest.     */
#define TA_REDIS_ENLIST \
    "redis.call('ZADD', KEYS[1], 0, ARGV[1])\n" \
    "local left, last = redis.call('TTL', KEYS[1]), tonumber(ARGV[2])\n" \
    "if left < 0 or redis.call('TIME')[1] + left < last then redis.call('EXPIREAT', KEYS[1], last) end\n" \
    "return 1\n"

/* Writes to the stream of the replicas, and changes nothing: what was read before this is there when this is,
   so WAIT after it speaks for the reading. (After a command that only read, WAIT need not speak for anything:
   since Redis 7.2 it looks at the last write of its own link.) The expiry is set to what it is, a whole
   second; that is allowed when memory is full, too. Where no key is, one is put beside it, in its slot: not
   told in KEYS, for while a slot moves two keys of it are in two places.                            */
#define TA_REDIS_TOUCH \
    "local t, left = redis.call('TIME'), redis.call('PTTL', KEYS[1])\n" \
    "if left > 0 then\n" \
    "  local ends = t[1] + t[2] / 1000000 + left / 1000\n" \
    "  redis.call('EXPIREAT', KEYS[1], math.floor(ends + 0.5))\n" \
    "else redis.call('SET', '{' .. KEYS[1] .. '}w', '', 'EX', 1) end\n"

/* A record, read so that WAIT can follow.                                                           */
#define TA_REDIS_READ \
    "local v = redis.call('GET', KEYS[1])\n" \
    TA_REDIS_TOUCH \
    "return v\n"

/* A page of a list. ARGV: from where, how many, whether WAIT follows ("": no). Entries of sessions past their
   end go. It begins with a write that changes nothing, so that a replica refuses it.                */
#define TA_REDIS_LIST \
    "redis.call('ZREM', KEYS[1], '')\n" \
    "local page = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])\n" \
    "local now = tonumber(redis.call('TIME')[1])\n" \
    "for _, entry in ipairs(page) do\n" \
    "  if tonumber(string.sub(entry, 17)) < now then redis.call('ZREM', KEYS[1], entry) end\n" \
    "end\n" \
    "if ARGV[3] ~= '' then\n" \
    TA_REDIS_TOUCH \
    "end\n" \
    "return page\n"

#define TA_REDIS_ENTRY (TA_ID_SIZE + 16)        /* of a list */

/* ---- small things ------------------------------------------------------------------------------------ */

static int64_t ta_redis_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* How long a call may take, in ms.                                                                  */
static int64_t ta_redis_limit(const ta_redis *r)
{
    return r->opts.timeout_ms > 0 ? r->opts.timeout_ms : 2000;
}

static struct timeval ta_redis_left(const ta_redis *r)
{
    int64_t ms = r->deadline - ta_redis_clock();
    struct timeval t;
    if (ms < 1) ms = 1;                         /* 0 would be for ever */
    t.tv_sec  = (time_t)(ms / 1000);
    t.tv_usec = (suseconds_t)(ms % 1000 * 1000);
    return t;
}

/* Waits a moment for the cluster to settle; false when the call's time is over.                    */
static bool ta_redis_nap(const ta_redis *r)
{
    struct timespec t = {0, 20000000};
    if (r->deadline - ta_redis_clock() < 20) return false;
    nanosleep(&t, NULL);
    return true;
}

static ta_status ta_redis_fail(ta_redis *r, ta_status st, const char *what, const char *more)
{
    snprintf(r->why, sizeof r->why, "%s%s%s", what, more[0] != '\0' ? ": " : "", more);
    return st;
}

static bool ta_redis_begins(const redisReply *a, const char *word)
{
    return a->type == REDIS_REPLY_ERROR && strncmp(a->str, word, strlen(word)) == 0;
}

/* CRC-16/XMODEM of the key, mod 16384: the slot of a key without braces, as ours are.              */
static unsigned ta_redis_slot_of(const char *key, size_t len)
{
    unsigned crc = 0;
    size_t i;
    int bit;
    for (i = 0; i < len; i++) {
        crc ^= (unsigned)(uint8_t)key[i] << 8;
        for (bit = 0; bit < 8; bit++) crc = (crc & 0x8000u) != 0 ? crc << 1 ^ 0x1021u : crc << 1;
    }
    return crc & (TA_REDIS_SLOTS - 1);
}

/* ---- nodes and links --------------------------------------------------------------------------------- */

/* Whether a slot leads to this node.                                                               */
static bool ta_redis_in_use(const ta_redis *r, const ta_redis_node *n)
{
    return memchr(r->slot, (int)(n - r->node) + 1, sizeof r->slot) != NULL;
}

/* Room for one more node. Where pods come and go, so do addresses: one that no slot leads to any more makes
   room, unless it was named in the url or a write on it is in doubt.                                 */
static ta_redis_node *ta_redis_room(ta_redis *r)
{
    size_t i;
    if (r->nodes < TA_REDIS_NODES) return &r->node[r->nodes++];
    for (i = r->named; i < r->nodes; i++) {
        ta_redis_node *n = &r->node[i];
        if (n->link != NULL || n->in_doubt || ta_redis_in_use(r, n)) continue;
        memset(n, 0, sizeof *n);
        return n;
    }
    return NULL;
}

static ta_redis_node *ta_redis_node_at(ta_redis *r, const char *host, size_t len, int port)
{
    ta_redis_node *n;
    size_t i;
    if (len == 0 || len >= sizeof n->host || port < 1 || port > 65535) return NULL;
    for (i = 0; i < r->nodes; i++) {
        n = &r->node[i];
        if (n->port == port && strlen(n->host) == len && memcmp(n->host, host, len) == 0) return n;
    }
    n = ta_redis_room(r);
    if (n == NULL) return NULL;
    memcpy(n->host, host, len);
    n->port = port;
    return n;
}

/* needs: a link.   A lost one is told by what was under way on it: whether a write was.            */
static void ta_redis_drop(ta_redis_node *n, bool writing)
{
    n->in_doubt = n->in_doubt || writing;
    redisFree(n->link);
    n->link = NULL;
}

/* The socket's own limit is for each piece of an answer; a peer could send a byte now and then for ever. */
static bool ta_redis_may_go_on(const ta_redis *r, redisContext *link)
{
    return ta_redis_clock() < r->deadline && redisSetTimeout(link, ta_redis_left(r)) == REDIS_OK;
}

/* Sends what is waiting and reads one answer, all within the time of the call. NULL: no answer.      */
static redisReply *ta_redis_answer(const ta_redis *r, redisContext *link)
{
    void *a = NULL;
    int sent = 0;
    if (redisSetTimeout(link, ta_redis_left(r)) != REDIS_OK) return NULL;
    while (!sent) if (redisBufferWrite(link, &sent) != REDIS_OK) return NULL;
    do {
        if (redisBufferRead(link) != REDIS_OK || redisGetReplyFromReader(link, &a) != REDIS_OK) return NULL;
    } while (a == NULL && ta_redis_may_go_on(r, link));
    return (redisReply *)a;
}

/* One command on a link that is there. NULL: the link is lost.                                     */
static redisReply *ta_redis_send(ta_redis *r, ta_redis_node *n, int argc, const char *const *argv,
                                 const size_t *len, bool writing)
{
    redisReply *a = NULL;
    if (redisAppendCommandArgv(n->link, argc, (const char **)(uintptr_t)argv, len) == REDIS_OK)
        a = ta_redis_answer(r, n->link);
    if (a != NULL) return a;
    snprintf(r->why, sizeof r->why, "%s:%d: %s", n->host, n->port,
             n->link->err != 0 ? n->link->errstr : "no answer");
    ta_redis_drop(n, writing);
    return NULL;
}

/* The same with texts, up to the first NULL.                                                        */
static redisReply *ta_redis_say(ta_redis *r, ta_redis_node *n, const char *a, const char *b, const char *c,
                                const char *d, const char *e, const char *f)
{
    const char *argv[6];
    size_t len[6];
    int argc;
    argv[0] = a; argv[1] = b; argv[2] = c; argv[3] = d; argv[4] = e; argv[5] = f;
    for (argc = 0; argc < 6 && argv[argc] != NULL; argc++) len[argc] = strlen(argv[argc]);
    return ta_redis_send(r, n, argc, argv, len, false);
}

/* Sends it, and says whether the answer was not an error; the answer is gone.                      */
static bool ta_redis_ok(ta_redis *r, redisReply *a)
{
    bool ok = a != NULL && a->type != REDIS_REPLY_ERROR;
    if (a != NULL && !ok) ta_redis_fail(r, TA_ERR_STORE, "refused", a->str);
    if (a != NULL) freeReplyObject(a);
    return ok;
}

static bool ta_redis_log_in(ta_redis *r, ta_redis_node *n)
{
    char db[16];
    if (r->password[0] != '\0') {
        bool named = r->user[0] != '\0';
        if (!ta_redis_ok(r, ta_redis_say(r, n, "AUTH", named ? r->user : r->password,
                                         named ? r->password : NULL, NULL, NULL, NULL))) return false;
    }
    if (r->db == 0) return true;
    snprintf(db, sizeof db, "%d", r->db);
    return ta_redis_ok(r, ta_redis_say(r, n, "SELECT", db, NULL, NULL, NULL, NULL));
}

/* Ends the link that was here before, if a write may be under way on it. Both its id and its address: ids
   begin anew when the server does. Where nothing is in doubt it tries whether it would be allowed.  */
static bool ta_redis_fence(ta_redis *r, ta_redis_node *n)
{
    redisReply *a = ta_redis_say(r, n, "CLIENT", "KILL", "ID", n->in_doubt ? n->id : "9223372036854775807",
                                 "ADDR", n->in_doubt ? n->address : "0.0.0.0:0");
    if (!ta_redis_ok(r, a)) return false;
    n->in_doubt = false;
    return true;
}

/* A word of "id=7 addr=127.0.0.1:1234 ...".                                                        */
static bool ta_redis_word(const char *text, const char *name, char *out, size_t cap)
{
    const char *at = strstr(text, name);
    size_t n;
    if (at == NULL || (at != text && at[-1] != ' ')) return false;
    at += strlen(name);
    n = strcspn(at, " \n");
    if (n == 0 || n >= cap) return false;
    memcpy(out, at, n);
    out[n] = '\0';
    return true;
}

static bool ta_redis_who_am_i(ta_redis *r, ta_redis_node *n)
{
    redisReply *a = ta_redis_say(r, n, "CLIENT", "INFO", NULL, NULL, NULL, NULL);
    bool ok = a != NULL && (a->type == REDIS_REPLY_STRING || a->type == REDIS_REPLY_STATUS)
           && ta_redis_word(a->str, "id=", n->id, sizeof n->id)
           && ta_redis_word(a->str, "addr=", n->address, sizeof n->address);
    if (!ok) ta_redis_fail(r, TA_ERR_STORE, "CLIENT INFO",
                           a != NULL && a->type == REDIS_REPLY_ERROR ? a->str : "");
    if (a != NULL) freeReplyObject(a);
    return ok;
}

/* Whether CONFIG GET name answers this value.                                                      */
static bool ta_redis_setting_is(ta_redis *r, ta_redis_node *n, const char *name, const char *want)
{
    redisReply *a = ta_redis_say(r, n, "CONFIG", "GET", name, NULL, NULL, NULL);
    bool is = a != NULL && a->type == REDIS_REPLY_ARRAY && a->elements == 2
           && a->element[1]->type == REDIS_REPLY_STRING && strcmp(a->element[1]->str, want) == 0;
    if (!is) ta_redis_fail(r, TA_ERR_CONFIG, name, a != NULL && a->type == REDIS_REPLY_ERROR
                           ? "cannot be looked at (CONFIG GET)"
                           : "sessions would be lost; allow it, or change it");
    if (a != NULL) freeReplyObject(a);
    return is;
}

/* A replica does not answer for its master. In a cluster it says MOVED by itself.                  */
static bool ta_redis_is_master(ta_redis *r, ta_redis_node *n)
{
    redisReply *a = ta_redis_say(r, n, "ROLE", NULL, NULL, NULL, NULL, NULL);
    bool is = a != NULL && a->type == REDIS_REPLY_ARRAY && a->elements > 0
           && a->element[0]->type == REDIS_REPLY_STRING && strcmp(a->element[0]->str, "master") == 0;
    if (a != NULL && !is) ta_redis_fail(r, TA_ERR_STORE, "ROLE", "not a master");
    if (a != NULL) freeReplyObject(a);
    return is;
}

static ta_status ta_redis_greet(ta_redis *r, ta_redis_node *n)
{
    if (!ta_redis_log_in(r, n) || !ta_redis_fence(r, n) || !ta_redis_who_am_i(r, n)) return TA_ERR_STORE;
    if (!r->cluster && !ta_redis_is_master(r, n)) return TA_ERR_STORE;
    if (!r->opts.allow_eviction && !ta_redis_setting_is(r, n, "maxmemory-policy", "noeviction"))
        return TA_ERR_CONFIG;
    if (!r->opts.allow_volatile && (!ta_redis_setting_is(r, n, "appendonly", "yes")
                                    || !ta_redis_setting_is(r, n, "appendfsync", "always")
                                    || !ta_redis_setting_is(r, n, "no-appendfsync-on-rewrite", "no")))
        return TA_ERR_CONFIG;
    return TA_OK;
}

static ta_status ta_redis_call(ta_redis *r, ta_redis_node *n)
{
    ta_status st;
    n->link = redisConnectWithTimeout(n->host, n->port, ta_redis_left(r));
    if (n->link == NULL || n->link->err != 0) {
        snprintf(r->why, sizeof r->why, "%s:%d: %s", n->host, n->port,
                 n->link != NULL ? n->link->errstr : "out of memory");
        redisFree(n->link);
        n->link = NULL;
        return TA_ERR_STORE;
    }
    fcntl(n->link->fd, F_SETFD, FD_CLOEXEC);
    st = ta_redis_greet(r, n);
    if (st != TA_OK && n->link != NULL) ta_redis_drop(n, false);
    return st;
}

/* In a cluster within half of the time that is left: a node that hangs takes the connection and says nothing,
   and to ask the others who took its place needs time, too.                                        */
static ta_status ta_redis_connect(ta_redis *r, ta_redis_node *n)
{
    int64_t all = r->deadline, now = ta_redis_clock();
    ta_status st;
    if (n->link != NULL) return TA_OK;
    if (r->cluster && all > now) r->deadline = now + (all - now) / 2;
    st = ta_redis_call(r, n);
    r->deadline = all;
    return st;
}

/* ---- the map of slots -------------------------------------------------------------------------------- */

/* One row of CLUSTER SLOTS: from, to, [host, port, ...] of the master, the replicas.               */
static void ta_redis_map_row(ta_redis *r, const ta_redis_node *told_by, const redisReply *row)
{
    const redisReply *master, *host;
    ta_redis_node *n;
    long long i;
    if (row->type != REDIS_REPLY_ARRAY || row->elements < 3) return;
    master = row->element[2];
    if (master->type != REDIS_REPLY_ARRAY || master->elements < 2) return;
    host = master->element[0];
    n = host->type == REDIS_REPLY_STRING && host->len > 0       /* else: the one that you asked */
      ? ta_redis_node_at(r, host->str, (size_t)host->len, (int)master->element[1]->integer)
      : ta_redis_node_at(r, told_by->host, strlen(told_by->host), (int)master->element[1]->integer);
    if (n == NULL || row->element[0]->integer < 0 || row->element[1]->integer >= TA_REDIS_SLOTS) return;
    for (i = row->element[0]->integer; i <= row->element[1]->integer; i++)
        r->slot[i] = (uint8_t)(n - r->node + 1);
}

/* Links to where no slot is any more; whoever told us is still talking.                            */
static void ta_redis_hang_up(ta_redis *r, const ta_redis_node *but)
{
    size_t i;
    for (i = 0; i < r->nodes; i++) {
        ta_redis_node *n = &r->node[i];
        if (n != but && n->link != NULL && !ta_redis_in_use(r, n)) ta_redis_drop(n, false);
    }
}

static bool ta_redis_map_from(ta_redis *r, ta_redis_node *n)
{
    redisReply *a;
    size_t i;
    bool ok;
    if (ta_redis_connect(r, n) != TA_OK) return false;
    a = ta_redis_say(r, n, "CLUSTER", "SLOTS", NULL, NULL, NULL, NULL);
    ok = a != NULL && a->type == REDIS_REPLY_ARRAY && a->elements > 0;
    for (i = 0; ok && i < a->elements; i++) ta_redis_map_row(r, n, a->element[i]);
    if (ok) ta_redis_hang_up(r, n);
    if (a != NULL) freeReplyObject(a);
    return ok;
}

/* From any node that answers; `but` just did not. Those with a link first: one that hangs has none for long.
   Nobody is asked when little time is left: a sound link would be given up for an answer on its way. */
static bool ta_redis_map(ta_redis *r, const ta_redis_node *but)
{
    size_t i, n = r->nodes;
    for (i = 0; i < 2 * n && r->deadline - ta_redis_clock() > ta_redis_limit(r) / 8; i++) {
        ta_redis_node *at = &r->node[i % n];
        if (at != but && (at->link != NULL) == (i < n) && ta_redis_map_from(r, at)) return true;
    }
    return false;
}

/* "MOVED 3999 127.0.0.1:6381": from now on there; "ASK ...": this once.                            */
static ta_redis_node *ta_redis_redirected(ta_redis *r, const ta_redis_node *from, const char *text)
{
    const char *at = strchr(text, ' '), *colon;
    ta_redis_node *n;
    long slot;
    char *end;
    if (at == NULL) return NULL;
    slot = strtol(at, &end, 10);
    colon = strrchr(end, ':');
    if (slot < 0 || slot >= TA_REDIS_SLOTS || *end != ' ' || colon == NULL) return NULL;
    end++;
    n = colon > end ? ta_redis_node_at(r, end, (size_t)(colon - end), atoi(colon + 1))
                    : ta_redis_node_at(r, from->host, strlen(from->host), atoi(colon + 1));
    if (n != NULL && text[0] == 'M') r->slot[slot] = (uint8_t)(n - r->node + 1);
    return n;
}

/* ---- a command to wherever its key is ------------------------------------------------------------------ */

typedef struct ta_redis_command {
    int         argc, key;      /* which argument is the key */
    const char *argv[8];
    size_t      len[8];
    const char *script;         /* argv[1] of an EVAL; NULL: none */
    bool        writes;
    ta_redis_node *done_by;     /* who answered */
} ta_redis_command;

static void ta_redis_arg(ta_redis_command *c, const void *p, size_t len)
{
    c->argv[c->argc] = (const char *)p;
    c->len[c->argc++] = len;
}

static ta_redis_node *ta_redis_owner(ta_redis *r, const ta_redis_command *c)
{
    unsigned at = r->cluster ? r->slot[ta_redis_slot_of(c->argv[c->key], c->len[c->key])] : 1;
    return &r->node[at > 0 ? at - 1 : 0];       /* not known: whoever it is says MOVED */
}

/* A link to the node, or false when there is none. A node of a cluster that is not there has perhaps been
   replaced: the others know.                                                                       */
static bool ta_redis_reach(ta_redis *r, ta_redis_node *n)
{
    if (ta_redis_connect(r, n) == TA_OK) return true;
    if (r->cluster) (void)ta_redis_map(r, n);
    return false;
}

typedef enum ta_redis_next { TA_REDIS_DONE, TA_REDIS_AGAIN, TA_REDIS_ASK } ta_redis_next;

/* What an answer asks for. All that is tried again was not carried out.                            */
static ta_redis_next ta_redis_judge(ta_redis *r, ta_redis_node *n, const redisReply *a, ta_redis_node **to)
{
    *to = NULL;
    if (a->type != REDIS_REPLY_ERROR) return TA_REDIS_DONE;
    if (ta_redis_begins(a, "MOVED ")) {
        return ta_redis_redirected(r, n, a->str) != NULL ? TA_REDIS_AGAIN : TA_REDIS_DONE;
    }
    if (ta_redis_begins(a, "ASK ")) {
        *to = ta_redis_redirected(r, n, a->str);
        return *to != NULL ? TA_REDIS_ASK : TA_REDIS_DONE;
    }
    if (ta_redis_begins(a, "READONLY")) {       /* it was the master when we connected */
        ta_redis_drop(n, false);
        return ta_redis_nap(r) ? TA_REDIS_AGAIN : TA_REDIS_DONE;
    }
    if (ta_redis_begins(a, "TRYAGAIN") || ta_redis_begins(a, "CLUSTERDOWN") || ta_redis_begins(a, "LOADING")
        || ta_redis_begins(a, "MASTERDOWN") || ta_redis_begins(a, "BUSY "))
        return ta_redis_nap(r) ? TA_REDIS_AGAIN : TA_REDIS_DONE;
    return TA_REDIS_DONE;
}

/* A node that is about to own a slot serves it to those who say that they were sent.               */
static bool ta_redis_ask(ta_redis *r, ta_redis_node *n)
{
    return ta_redis_ok(r, ta_redis_say(r, n, "ASKING", NULL, NULL, NULL, NULL, NULL));
}

/* Sends the command, after ASKING if it was asked for. A script that the node does not know goes whole.  */
static redisReply *ta_redis_try(ta_redis *r, ta_redis_node *n, const ta_redis_command *c, bool asking)
{
    const char *argv[8];
    size_t len[8];
    redisReply *a;
    if (asking && !ta_redis_ask(r, n)) return NULL;
    a = ta_redis_send(r, n, c->argc, c->argv, c->len, c->writes);
    if (a == NULL || c->script == NULL || !ta_redis_begins(a, "NOSCRIPT")) return a;
    freeReplyObject(a);
    if (asking && !ta_redis_ask(r, n)) return NULL;
    memcpy(argv, c->argv, sizeof argv);
    memcpy(len, c->len, sizeof len);
    argv[0] = "EVAL";
    len[0] = 4;
    argv[1] = c->script;
    len[1] = strlen(c->script);
    return ta_redis_send(r, n, c->argc, argv, len, c->writes);
}

/* The answer, or NULL: no node, no time, or the link was lost. A command that was sent and not answered is
   repeated only if it does not write.                                                              */
static redisReply *ta_redis_do(ta_redis *r, ta_redis_command *c)
{
    ta_redis_node *n = ta_redis_owner(r, c), *to = NULL;
    bool asking = false;
    int tries;
    for (tries = 0; ta_redis_clock() < r->deadline; tries++) {
        ta_redis_next next;
        redisReply *a;
        if (tries > 8 && !ta_redis_nap(r)) return NULL;     /* two that send us to each other */
        if (!ta_redis_reach(r, n)) {
            if (!ta_redis_nap(r)) return NULL;
            n = ta_redis_owner(r, c);
            asking = false;
            continue;
        }
        a = ta_redis_try(r, n, c, asking);
        if (a == NULL && c->writes) return NULL;
        if (a == NULL) { n = ta_redis_owner(r, c); asking = false; continue; }
        next = ta_redis_judge(r, n, a, &to);
        c->done_by = n;
        if (next == TA_REDIS_DONE) return a;
        ta_redis_fail(r, TA_ERR_STORE, "no other answer in time", a->str);
        freeReplyObject(a);
        asking = next == TA_REDIS_ASK;
        n = asking ? to : ta_redis_owner(r, c);
    }
    return NULL;
}

/* ---- scripts by their hash ---------------------------------------------------------------------- */

static const char *const ta_redis_script[4] = {TA_REDIS_SWAP, TA_REDIS_ENLIST, TA_REDIS_LIST, TA_REDIS_READ};

static bool ta_redis_load_scripts(ta_redis *r, ta_redis_node *n)
{
    bool ok = true;
    int i;
    for (i = 0; i < 4 && ok; i++) {
        redisReply *a = ta_redis_say(r, n, "SCRIPT", "LOAD", ta_redis_script[i], NULL, NULL, NULL);
        ok = a != NULL && a->type == REDIS_REPLY_STRING && a->len == 40;
        if (ok) memcpy(r->sha[i], a->str, 41);
        if (a != NULL && !ok) ta_redis_fail(r, TA_ERR_STORE, "SCRIPT LOAD", a->str != NULL ? a->str : "");
        if (a != NULL) freeReplyObject(a);
    }
    return ok;
}

static ta_redis_command ta_redis_run(const ta_redis *r, int script, const char *key, bool writes)
{
    ta_redis_command c;
    memset(&c, 0, sizeof c);
    c.script = ta_redis_script[script];
    c.writes = writes;
    c.key = 3;
    ta_redis_arg(&c, "EVALSHA", 7);
    ta_redis_arg(&c, r->sha[script], 40);
    ta_redis_arg(&c, "1", 1);
    ta_redis_arg(&c, key, strlen(key));
    return c;
}

/* ---- keys --------------------------------------------------------------------------------------- */

#define TA_REDIS_KEY 64         /* prefix of at most 32, "s:", 22 characters, NUL */

static void ta_redis_key(const ta_redis *r, char kind, const uint8_t id[TA_ID_SIZE], char key[TA_REDIS_KEY])
{
    char text[TA_BASE64URL_CAP(TA_ID_SIZE)] = "";
    size_t n;
    if (ta_base64url_encode(id, TA_ID_SIZE, text, sizeof text, &n) != TA_OK) text[0] = '\0';
    snprintf(key, TA_REDIS_KEY, "%s%c:%s", r->prefix, kind, text);
}

/* Subjects are hashed: whoever chooses his name does not choose his slot, and any byte may be in it. */
static void ta_redis_list_key(const ta_redis *r, const char *sub, size_t len, char key[TA_REDIS_KEY])
{
    uint8_t digest[TA_SHA256_SIZE];
    ta_sha256_once(sub, len, digest);
    ta_redis_key(r, 'u', digest, key);
}

static void ta_redis_entry(const ta_record *rec, char entry[TA_REDIS_ENTRY + 1], char end[17])
{
    snprintf(end, 17, "%016llu", (unsigned long long)(rec->ends_at + 86400) % 10000000000000000ULL);
    memcpy(entry, rec->id, TA_ID_SIZE);
    memcpy(entry + TA_ID_SIZE, end, 17);
}

/* ---- writes, and the replicas ------------------------------------------------------------------- */

/* Whether as many replicas as wanted have all that this link wrote. A quarter of the time that is left is for
   the answer: a link is not lost because a replica is.                                              */
static bool ta_redis_wait(ta_redis *r, ta_redis_node *n)
{
    char want[16], ms[24];
    redisReply *a;
    bool enough;
    int64_t left = r->deadline - ta_redis_clock();
    if (r->opts.replicas == 0) return true;
    if (n->link == NULL) return false;
    snprintf(want, sizeof want, "%d", r->opts.replicas);
    snprintf(ms, sizeof ms, "%lld", (long long)(left > 4 ? left - left / 4 : 1));
    a = ta_redis_say(r, n, "WAIT", want, ms, NULL, NULL, NULL);
    enough = a != NULL && a->type == REDIS_REPLY_INTEGER && a->integer >= r->opts.replicas;
    if (a != NULL && !enough) ta_redis_fail(r, TA_ERR_STORE, "WAIT", "too few replicas have it");
    if (a != NULL) freeReplyObject(a);
    return enough;
}

/* Redis 6 wraps what a script ran into: "ERR Error running script (...): -OOM command not allowed". */
static bool ta_redis_is_full(const redisReply *a)
{
    return ta_redis_begins(a, "OOM ") || (a->type == REDIS_REPLY_ERROR && strstr(a->str, "-OOM ") != NULL);
}

/* A script that writes: TA_OK it answered 1, TA_ERR_CONFLICT 0.                                     */
static ta_status ta_redis_write(ta_redis *r, ta_redis_command *c, bool insert)
{
    redisReply *a = ta_redis_do(r, c);
    ta_status st = TA_ERR_STORE;
    if (a == NULL) return TA_ERR_STORE;
    if (a->type == REDIS_REPLY_INTEGER && a->integer == 1)      st = TA_OK;
    else if (a->type == REDIS_REPLY_INTEGER && a->integer == 0) st = TA_ERR_CONFLICT;
    else if (a->type == REDIS_REPLY_ERROR) ta_redis_fail(r, st, "refused", a->str);
    if (insert && ta_redis_is_full(a)) st = TA_ERR_FULL;
    freeReplyObject(a);
    return st == TA_OK && !ta_redis_wait(r, c->done_by) ? TA_ERR_STORE : st;
}

/* ---- the store's three calls -------------------------------------------------------------------- */

static bool ta_redis_enter(ta_redis *r)
{
    if (r->pid != getpid() || r->nodes == 0 || pthread_mutex_lock(&r->mutex) != 0) return false;
    r->deadline = ta_redis_clock() + ta_redis_limit(r);
    return true;
}

static ta_status ta_redis_leave(ta_redis *r, ta_status st)
{
    pthread_mutex_unlock(&r->mutex);
    return st;
}

static ta_status ta_redis_take(const redisReply *a, ta_record *out)
{
    if (a == NULL) return TA_ERR_STORE;
    if (a->type == REDIS_REPLY_NIL) return TA_ERR_NOT_FOUND;
    if (a->type != REDIS_REPLY_STRING) return TA_ERR_STORE;
    return ta_record_unpack(a->str, (size_t)a->len, out);
}

static ta_redis_command ta_redis_reading(const ta_redis *r, const char *key)
{
    ta_redis_command c;
    if (r->opts.replicas > 0) return ta_redis_run(r, 3, key, false);
    memset(&c, 0, sizeof c);
    c.key = 1;
    ta_redis_arg(&c, "GETEX", 5);
    ta_redis_arg(&c, key, strlen(key));
    return c;
}

static ta_status ta_redis_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    ta_redis *r = (ta_redis *)ctx;
    char key[TA_REDIS_KEY];
    ta_redis_command c;
    redisReply *a;
    ta_status st;
    memset(out, 0, sizeof *out);
    if (!ta_redis_enter(r)) return TA_ERR_STORE;
    ta_redis_key(r, 's', id, key);
    c = ta_redis_reading(r, key);
    a = ta_redis_do(r, &c);
    st = ta_redis_take(a, out);
    if (a != NULL && a->type == REDIS_REPLY_ERROR) ta_redis_fail(r, st, "refused", a->str);
    if (a != NULL) freeReplyObject(a);
    if ((st == TA_OK || st == TA_ERR_NOT_FOUND) && !ta_redis_wait(r, c.done_by)) {
        memset(out, 0, sizeof *out);
        st = TA_ERR_STORE;
    }
    return ta_redis_leave(r, st);
}

static ta_status ta_redis_enlist(ta_redis *r, const ta_record *rec)
{
    char key[TA_REDIS_KEY], entry[TA_REDIS_ENTRY + 1], end[17];
    ta_redis_command c;
    ta_redis_list_key(r, rec->text, rec->sub_len, key);
    ta_redis_entry(rec, entry, end);
    c = ta_redis_run(r, 1, key, false);            /* writes, but may come late or twice */
    ta_redis_arg(&c, entry, TA_REDIS_ENTRY);
    ta_redis_arg(&c, end, 16);
    return ta_redis_write(r, &c, true);
}

/* The record is gone, so it does not matter if this fails.                                          */
static void ta_redis_unlist(ta_redis *r, const ta_record *rec)
{
    char key[TA_REDIS_KEY], entry[TA_REDIS_ENTRY + 1], end[17];
    ta_redis_command c;
    redisReply *a;
    memset(&c, 0, sizeof c);
    ta_redis_list_key(r, rec->text, rec->sub_len, key);
    ta_redis_entry(rec, entry, end);
    c.key = 1;
    ta_redis_arg(&c, "ZREM", 4);
    ta_redis_arg(&c, key, strlen(key));
    ta_redis_arg(&c, entry, TA_REDIS_ENTRY);
    a = ta_redis_do(r, &c);
    if (a != NULL) freeReplyObject(a);
}

static ta_status ta_redis_swap(ta_redis *r, const uint8_t *id, const ta_record *old, const ta_record *next,
                               int64_t expires)
{
    uint8_t bytes[TA_RECORD_SIZE], ver[4];
    char key[TA_REDIS_KEY], when[24];
    ta_redis_command c;
    int i;
    ta_redis_key(r, 's', id, key);
    if (old != NULL) for (i = 0; i < 4; i++) ver[i] = (uint8_t)(old->ver >> (24 - 8 * i));
    if (next != NULL) ta_record_pack(next, bytes);
    snprintf(when, sizeof when, "%lld", (long long)expires);
    c = ta_redis_run(r, 0, key, true);
    ta_redis_arg(&c, ver, old != NULL ? 4 : 0);
    ta_redis_arg(&c, bytes, next != NULL ? sizeof bytes : 0);
    ta_redis_arg(&c, when, strlen(when));
    return ta_redis_write(r, &c, old == NULL);
}

static ta_status ta_redis_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                              const ta_record *next, int64_t expires)
{
    ta_redis *r = (ta_redis *)ctx;
    ta_status st = TA_OK;
    if ((old == NULL && next == NULL) || (next != NULL && memcmp(next->id, id, TA_ID_SIZE) != 0))
        return TA_ERR_ARGUMENT;
    if (!ta_redis_enter(r)) return TA_ERR_STORE;
    if (old == NULL && next->kind == 1) st = ta_redis_enlist(r, next);
    if (st == TA_OK) st = ta_redis_swap(r, id, old, next, expires);
    if (st == TA_OK && next == NULL && old->kind == 1) ta_redis_unlist(r, old);
    return ta_redis_leave(r, st);
}

static ta_status ta_redis_page(const redisReply *a, uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    size_t i;
    if (a == NULL || a->type != REDIS_REPLY_ARRAY || a->elements > cap) return TA_ERR_STORE;
    for (i = 0; i < a->elements; i++) {
        const redisReply *e = a->element[i];
        if (e->type != REDIS_REPLY_STRING || e->len != TA_REDIS_ENTRY) return TA_ERR_STORE;
        memcpy(ids[i], e->str, TA_ID_SIZE);
    }
    *n = a->elements;
    return TA_OK;
}

static ta_status ta_redis_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                               uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    ta_redis *r = (ta_redis *)ctx;
    char key[TA_REDIS_KEY], from[1 + TA_REDIS_ENTRY], count[24];
    ta_redis_command c;
    redisReply *a;
    ta_status st = TA_ERR_STORE;
    *n = 0;
    if (!ta_redis_enter(r)) return TA_ERR_STORE;
    ta_redis_list_key(r, sub, len, key);
    from[0] = after != NULL ? '(' : '-';
    if (after != NULL) memcpy(from + 1, after, TA_ID_SIZE);
    memset(from + 1 + TA_ID_SIZE, 0xFF, sizeof from - 1 - TA_ID_SIZE);  /* above each entry of that id */
    snprintf(count, sizeof count, "%lu", (unsigned long)cap);
    c = ta_redis_run(r, 2, key, false);
    ta_redis_arg(&c, from, after != NULL ? sizeof from : 1);
    ta_redis_arg(&c, count, strlen(count));
    ta_redis_arg(&c, "1", r->opts.replicas > 0 ? 1 : 0);
    a = ta_redis_do(r, &c);
    st = ta_redis_page(a, ids, cap, n);
    if (a != NULL) freeReplyObject(a);
    if (st == TA_OK && !ta_redis_wait(r, c.done_by)) {
        *n = 0;
        st = TA_ERR_STORE;
    }
    return ta_redis_leave(r, st);
}

ta_store ta_redis_store(ta_redis *r)
{
    ta_store s = TA_ZERO;
    s.ctx  = r;
    s.get  = ta_redis_get;
    s.cas  = ta_redis_cas;
    s.list = ta_redis_list;
    return s;
}

/* ---- opening ------------------------------------------------------------------------------------ */

static int ta_redis_hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Text of a url, %xx undone.                                                                        */
static bool ta_redis_text(const char *in, size_t n, char *out, size_t cap)
{
    size_t i, at = 0;
    for (i = 0; i < n; i++) {
        int c = (unsigned char)in[i];
        if (c == '%') {
            if (i + 2 >= n || ta_redis_hex(in[i + 1]) < 0 || ta_redis_hex(in[i + 2]) < 0) return false;
            c = ta_redis_hex(in[i + 1]) * 16 + ta_redis_hex(in[i + 2]);
            i += 2;
        }
        if (c == 0 || at + 1 >= cap) return false;
        out[at++] = (char)c;
    }
    out[at] = '\0';
    return true;
}

/* A number of at most five digits and nothing else.                                                 */
static bool ta_redis_number(const char *p, size_t n, int *out)
{
    size_t i;
    *out = 0;
    if (n == 0 || n > 5) return false;
    for (i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++) *out = *out * 10 + (p[i] - '0');
    return i == n;
}

/* host, host:port, [v6] or [v6]:port.                                                               */
static bool ta_redis_add_host(ta_redis *r, const char *at, size_t n)
{
    size_t skip = n > 0 && at[0] == '[' ? 1 : 0;
    const char *end = (const char *)memchr(at, skip ? ']' : ':', n), *rest;
    int port = 6379;
    if (skip && end == NULL) return false;
    if (end == NULL) end = at + n;
    rest = end + skip;                          /* "" or ":6379" */
    if (rest < at + n && (*rest != ':' || !ta_redis_number(rest + 1, (size_t)(at + n - rest) - 1, &port)))
        return false;
    return ta_redis_node_at(r, at + skip, (size_t)(end - at) - skip, port) != NULL;
}

static bool ta_redis_read_url(ta_redis *r, const char *url)
{
    const char *at = url + 8, *end, *slash, *sign, *colon;
    if (strncmp(url, "redis://", 8) != 0) return false;
    slash = strchr(at, '/');
    end = slash != NULL ? slash : at + strlen(at);
    if (slash != NULL && slash[1] != '\0' && !ta_redis_number(slash + 1, strlen(slash + 1), &r->db))
        return false;
    for (sign = end; sign > at && sign[-1] != '@'; sign--) { }
    if (sign > at) {
        colon = (const char *)memchr(at, ':', (size_t)(sign - 1 - at));
        if (colon == NULL || !ta_redis_text(at, (size_t)(colon - at), r->user, sizeof r->user)
            || !ta_redis_text(colon + 1, (size_t)(sign - 2 - colon), r->password, sizeof r->password)
            || (r->user[0] != '\0' && r->password[0] == '\0')) return false;
    }
    for (at = sign; ; at++) {
        size_t n = strcspn(at, ",/");
        if (!ta_redis_add_host(r, at, n)) return false;
        at += n;
        if (at == end) break;
    }
    r->named = r->nodes;
    return true;
}

static bool ta_redis_in_cluster(ta_redis *r, ta_redis_node *n)
{
    redisReply *a = ta_redis_say(r, n, "INFO", "cluster", NULL, NULL, NULL, NULL);
    bool is = a != NULL && a->type == REDIS_REPLY_STRING && strstr(a->str, "cluster_enabled:1") != NULL;
    if (a != NULL) freeReplyObject(a);
    return is;
}

/* The first of the named nodes that answers tells whether it is one of a cluster. Until it has, it is not
   asked for its role: a replica of a cluster knows the way, too.                                    */
static ta_status ta_redis_find_out(ta_redis *r)
{
    ta_status st = TA_ERR_STORE;
    ta_redis_node *n = NULL;
    size_t i;
    r->cluster = true;
    for (i = 0; i < r->nodes && st == TA_ERR_STORE; i++) {
        n = &r->node[i];
        st = ta_redis_connect(r, n);
    }
    if (st != TA_OK) return st;
    if (!ta_redis_load_scripts(r, n)) return TA_ERR_STORE;
    r->cluster = ta_redis_in_cluster(r, n);
    if (n->link == NULL) return TA_ERR_STORE;
    if (r->cluster)
        return ta_redis_map_from(r, n) ? TA_OK : ta_redis_fail(r, TA_ERR_STORE, "CLUSTER SLOTS", "");
    if (r->nodes != 1) return ta_redis_fail(r, TA_ERR_ARGUMENT, "several hosts, but no cluster", "");
    return ta_redis_is_master(r, n) ? TA_OK : TA_ERR_STORE;
}

ta_status ta_redis_open(ta_redis *r, const char *url, const ta_redis_opts *opts)
{
    struct sigaction sa;
    ta_status st = TA_OK;
    if (r == NULL || url == NULL) return TA_ERR_ARGUMENT;
    memset(r, 0, sizeof *r);
    if (opts != NULL) r->opts = *opts;
    if (r->opts.prefix == NULL) r->opts.prefix = "ta:";
    if (strlen(r->opts.prefix) > 32 || strpbrk(r->opts.prefix, "{}*?[]\\") != NULL)
        return ta_redis_fail(r, TA_ERR_ARGUMENT, "the prefix is too long, or has one of {}*?[]\\", "");
    memcpy(r->prefix, r->opts.prefix, strlen(r->opts.prefix) + 1);
    r->opts.prefix = r->prefix;
    if (!ta_redis_read_url(r, url)) {
        r->nodes = 0;
        return ta_redis_fail(r, TA_ERR_ARGUMENT, "not redis://[[user]:password@]host[:port]...[/db]", "");
    }
    if (sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL) {
        r->nodes = 0;
        return ta_redis_fail(r, TA_ERR_CONFIG, "signal(SIGPIPE, SIG_IGN) first", "");
    }
    r->pid = getpid();
    if (pthread_mutex_init(&r->mutex, NULL) != 0) st = TA_ERR_STORE;
    r->deadline = ta_redis_clock() + ta_redis_limit(r);
    if (st == TA_OK) st = ta_redis_find_out(r);
    if (st != TA_OK) ta_redis_close(r);
    return st;
}

void ta_redis_close(ta_redis *r)
{
    size_t i;
    if (r->nodes == 0) return;
    for (i = 0; i < r->nodes; i++) {
        if (r->node[i].link != NULL) redisFree(r->node[i].link);
        r->node[i].link = NULL;
    }
    r->nodes = 0;
    ta_wipe(r->password, sizeof r->password);
    pthread_mutex_destroy(&r->mutex);
}

const char *ta_redis_why(const ta_redis *r) { return r->why; }

/* ---- every record ------------------------------------------------------------------------------- */

/* When a record may be dropped; 0: it is gone. PEXPIRETIME is of Redis 7: the time comes from TTL. One that
   somebody made to stay for ever is not passed over: whoever moves sessions would leave it behind.  */
static ta_status ta_redis_end_of(ta_redis *r, ta_redis_node *n, const redisReply *key, int64_t *end)
{
    redisReply *a = ta_redis_say(r, n, "TTL", key->str, NULL, NULL, NULL, NULL);
    ta_status st = a != NULL && a->type == REDIS_REPLY_INTEGER ? TA_OK : TA_ERR_STORE;
    *end = 0;
    if (st == TA_OK && a->integer >= 0) *end = (int64_t)time(NULL) + a->integer + 1;
    if (st == TA_OK && a->integer == -1) st = ta_redis_fail(r, TA_ERR_STORE, "no expiry", key->str);
    if (a != NULL && a->type == REDIS_REPLY_ERROR) ta_redis_fail(r, st, "TTL", a->str);
    if (a != NULL) freeReplyObject(a);
    return st;
}

/* One record, if it is still there and is one.                                                      */
static ta_status ta_redis_visit(ta_redis *r, ta_redis_node *n, const redisReply *key, void *ctx,
                                ta_status (*visit)(void *, const ta_record *, int64_t))
{
    redisReply *a;
    ta_record rec;
    ta_status st;
    int64_t end;
    if (key->type != REDIS_REPLY_STRING) return TA_ERR_STORE;
    a = ta_redis_say(r, n, "GET", key->str, NULL, NULL, NULL, NULL);
    st = ta_redis_take(a, &rec);
    if (a != NULL && st == TA_ERR_STORE)
        ta_redis_fail(r, st, key->str, a->type == REDIS_REPLY_ERROR ? a->str : "not a record");
    if (a != NULL) freeReplyObject(a);
    if (st == TA_ERR_NOT_FOUND) return TA_OK;
    if (st == TA_OK) st = ta_redis_end_of(r, n, key, &end);
    return st != TA_OK || end == 0 ? st : visit(ctx, &rec, end);
}

static ta_status ta_redis_scan(ta_redis *r, ta_redis_node *n, void *ctx,
                               ta_status (*visit)(void *, const ta_record *, int64_t))
{
    char cursor[32] = "0", match[TA_REDIS_KEY];
    ta_status st = ta_redis_connect(r, n);
    snprintf(match, sizeof match, "%ss:*", r->prefix);
    while (st == TA_OK) {
        redisReply *a;
        size_t i;
        r->deadline = ta_redis_clock() + 60000;
        a = ta_redis_say(r, n, "SCAN", cursor, "MATCH", match, "COUNT", "1000");
        if (a != NULL && a->type == REDIS_REPLY_ERROR) ta_redis_fail(r, TA_ERR_STORE, "SCAN", a->str);
        if (a == NULL || a->type != REDIS_REPLY_ARRAY || a->elements != 2
            || a->element[0]->type != REDIS_REPLY_STRING || a->element[1]->type != REDIS_REPLY_ARRAY)
            st = TA_ERR_STORE;
        for (i = 0; st == TA_OK && i < a->element[1]->elements; i++)
            st = ta_redis_visit(r, n, a->element[1]->element[i], ctx, visit);
        if (st == TA_OK) snprintf(cursor, sizeof cursor, "%s", a->element[0]->str);
        if (a != NULL) freeReplyObject(a);
        if (strcmp(cursor, "0") == 0) break;
    }
    return st;
}

ta_status ta_redis_each(ta_redis *r, void *ctx,
                        ta_status (*visit)(void *ctx, const ta_record *rec, int64_t expires))
{
    bool seen[TA_REDIS_NODES] = {false};
    ta_status st = TA_OK;
    size_t i;
    if (!ta_redis_enter(r)) return TA_ERR_STORE;
    if (r->cluster && !ta_redis_map(r, NULL)) st = TA_ERR_STORE;
    for (i = 0; i < (r->cluster ? TA_REDIS_SLOTS : 1) && st == TA_OK; i++) {
        unsigned at = r->cluster ? r->slot[i] : 1;
        if (at == 0 || seen[at - 1]) continue;
        seen[at - 1] = true;
        st = ta_redis_scan(r, &r->node[at - 1], ctx, visit);
    }
    return ta_redis_leave(r, st);
}

#endif /* TA_REDIS_IMPLEMENTATION */
