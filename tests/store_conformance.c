/* store_conformance.c - the tests of store_conformance.h. Each begins with an empty store.          */

#define _DEFAULT_SOURCE
#include "store_conformance.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOW INT64_C(1700000000)
#define RACERS 6

static const store_kind *kind;
static bool quick;

/* ---- records and openers -------------------------------------------------------------------------- */

static void *opener(void)
{
    void *o = kind->open();
    if (o != NULL) return o;
    printf("%s does not open\n", kind->name);
    exit(2);
}

static void make_id(uint32_t n, uint8_t id[TA_ID_SIZE])
{
    uint8_t d[TA_SHA256_SIZE];
    ta_sha256_once(&n, sizeof n, d);
    memcpy(id, d, TA_ID_SIZE);
}

/* Far ahead of any clock, so that no store drops it.                                                 */
#define LATER INT64_C(4000000000)

static ta_record session(uint32_t n, const char *subject)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 1;
    r.kid = 3;
    make_id(n, r.id);
    r.created = r.rotated_at = NOW;
    r.idle_until = r.ends_at = LATER - TA_DAYS(1);
    memcpy(r.app, &n, 4);
    r.sub_len = (uint8_t)strlen(subject);
    memcpy(r.text, subject, r.sub_len);
    return r;
}

static ta_record mark(uint32_t n)
{
    ta_record r;
    memset(&r, 0, sizeof r);
    r.kind = 2;
    make_id(n, r.id);
    r.created = r.rotated_at = r.idle_until = NOW;
    r.ends_at = LATER - TA_DAYS(1);
    r.epoch = n + 1;
    return r;
}

static ta_status put(const ta_store *s, const ta_record *r) { return s->cas(s->ctx, r->id, NULL, r, LATER); }

static ta_status swap(const ta_store *s, const ta_record *old, ta_record *next)
{
    next->ver = old->ver + 1;
    return s->cas(s->ctx, old->id, old, next, LATER);
}

static ta_status drop(const ta_store *s, const ta_record *r) { return s->cas(s->ctx, r->id, r, NULL, 0); }

static ta_status get(const ta_store *s, const uint8_t *id, ta_record *out)
{
    memset(out, 0x5A, sizeof *out);
    return s->get(s->ctx, id, out);
}

static bool same(const ta_record *a, const ta_record *b)
{
    uint8_t x[TA_RECORD_SIZE], y[TA_RECORD_SIZE];
    ta_record_pack(a, x);
    ta_record_pack(b, y);
    return memcmp(x, y, sizeof x) == 0;
}

#define HOLDS(s, r) do { ta_record there_; CHECK_ST(get((s), (r)->id, &there_), TA_OK); \
                         CHECK(same(&there_, (r))); } while (0)
#define GONE(s, r)  do { ta_record there_; CHECK_ST(get((s), (r)->id, &there_), TA_ERR_NOT_FOUND); } while (0)

/* ---- one caller ------------------------------------------------------------------------------------ */

static void test_insert_twice(void)
{
    void *o = opener();
    ta_store s = kind->store(o);
    ta_record a = session(1, "alice"), b = session(1, "mallory"), m = mark(2);
    GONE(&s, &a);
    CHECK_ST(put(&s, &a), TA_OK);
    CHECK_ST(put(&s, &a), TA_ERR_CONFLICT);
    CHECK_ST(put(&s, &b), TA_ERR_CONFLICT);
    HOLDS(&s, &a);
    CHECK_ST(put(&s, &m), TA_OK);
    CHECK_ST(put(&s, &m), TA_ERR_CONFLICT);
    HOLDS(&s, &m);
    kind->close(o);
}

static void test_stale_swap(void)
{
    static const uint32_t begin[] = {0, 1, 255, 0x7FFFFFFF, 0x80000000u, 0xFFFFFFFEu, 0xFFFFFFFFu};
    void *o = opener();
    ta_store s = kind->store(o);
    size_t i;
    for (i = 0; i < sizeof begin / sizeof *begin; i++) {
        ta_record a = session(10 + (uint32_t)i, "alice"), b, other;
        a.ver = begin[i];                       /* it wraps from 0xFFFFFFFF to 0 */
        CHECK_ST(put(&s, &a), TA_OK);
        b = a;
        b.gen = 7;
        other = a;                              /* the generation is the same, the version is not */
        other.ver = a.ver + 256;
        CHECK_ST(swap(&s, &other, &b), TA_ERR_CONFLICT);
        CHECK_ST(drop(&s, &other), TA_ERR_CONFLICT);
        HOLDS(&s, &a);
        CHECK_ST(swap(&s, &a, &b), TA_OK);
        HOLDS(&s, &b);
        other = a;
        other.gen = 99;
        CHECK_ST(swap(&s, &a, &other), TA_ERR_CONFLICT);        /* the same one again */
        CHECK_ST(drop(&s, &a), TA_ERR_CONFLICT);
        HOLDS(&s, &b);
    }
    kind->close(o);
}

/* Two records that differ in ver alone: a swap that compares gen, or nothing, takes either for right. */
static void test_swap_compares_the_version(void)
{
    void *o = opener();
    ta_store s = kind->store(o);
    ta_record a = session(1, "alice"), revoked, rotated;
    a.gen = 5;
    CHECK_ST(put(&s, &a), TA_OK);
    revoked = a;
    revoked.state = 1;
    CHECK_ST(swap(&s, &a, &revoked), TA_OK);    /* gen stays 5: a swap on it would undo the revocation */
    rotated = a;
    rotated.gen = 6;
    CHECK_ST(swap(&s, &a, &rotated), TA_ERR_CONFLICT);
    HOLDS(&s, &revoked);
    kind->close(o);
}

static void test_swap_after_delete(void)
{
    void *o = opener();
    ta_store s = kind->store(o);
    ta_record a = session(1, "alice"), b = a;
    CHECK_ST(swap(&s, &a, &b), TA_ERR_CONFLICT);        /* never there */
    CHECK_ST(drop(&s, &a), TA_ERR_CONFLICT);
    CHECK_ST(put(&s, &a), TA_OK);
    CHECK_ST(drop(&s, &a), TA_OK);
    GONE(&s, &a);
    CHECK_ST(swap(&s, &a, &b), TA_ERR_CONFLICT);
    CHECK_ST(drop(&s, &a), TA_ERR_CONFLICT);
    GONE(&s, &a);
    CHECK_ST(put(&s, &a), TA_OK);
    HOLDS(&s, &a);
    kind->close(o);
}

/* Ids of every kind of byte: NUL, quote, percent, newline, all ones. Subjects and labels too, but NUL. */
static void test_any_bytes(void)
{
    static const char *const sub[] = {"a", "'; DROP TABLE ta_record; --", "%s%n\r\n$1", "a{b}c",
                                      "\xC3\xA9\xE2\x82\xAC",
                                      "0123456789012345678901234567890123456789012345", "\\x00\\'\""};
    static const uint8_t byte[] = {0x00, 0xFF, '\'', '%', '\n', '\r', ' ', '{', '\\', '"', '$'};
    void *o = opener();
    ta_store s = kind->store(o);
    size_t i, j, n;
    for (i = 0; i < sizeof byte; i++) {
        for (j = 0; j < sizeof sub / sizeof *sub; j++) {
            ta_record a = session(0, sub[j]), b;
            uint8_t ids[4][TA_ID_SIZE];
            memset(a.id, byte[i], TA_ID_SIZE);
            a.id[15] = (uint8_t)j;
            memset(a.seal, byte[i], sizeof a.seal);
            CHECK_ST(put(&s, &a), TA_OK);
            HOLDS(&s, &a);
            b = a;
            b.gen = 0x00270025;                         /* ' and % in the packed bytes */
            CHECK_ST(swap(&s, &a, &b), TA_OK);
            HOLDS(&s, &b);
            if (s.list != NULL) {
                CHECK_ST(s.list(s.ctx, sub[j], strlen(sub[j]), NULL, ids, 4, &n), TA_OK);
                CHECK_EQ(n, 1);
                CHECK_BYTES(ids[0], a.id, TA_ID_SIZE);
                CHECK_ST(s.list(s.ctx, "a\0b", 3, NULL, ids, 4, &n), TA_OK);
                CHECK_EQ(n, 0);
            }
            CHECK_ST(drop(&s, &b), TA_OK);
            GONE(&s, &a);
        }
    }
    kind->close(o);
}

/* The engine never asks for it. The table, which checks less, is not held to it.                     */
static void test_next_of_another_id_is_refused(void)
{
    void *o = opener();
    ta_store s = kind->store(o);
    ta_record a = session(1, "alice"), b = session(2, "alice");
    if (!kind->survives) { kind->close(o); return; }
    CHECK(s.cas(s.ctx, a.id, NULL, &b, LATER) != TA_OK);
    CHECK_ST(put(&s, &a), TA_OK);
    b.ver = 1;
    CHECK(s.cas(s.ctx, a.id, &a, &b, LATER) != TA_OK);
    CHECK(s.cas(s.ctx, a.id, NULL, NULL, LATER) != TA_OK);
    HOLDS(&s, &a);
    GONE(&s, &b);
    kind->close(o);
}

/* The layout of DESIGN, typed in: what one machine wrote, every other reads.                          */
static void test_bytes_typed_in(void)
{
    static const char hex[] =
        "01" "13" "00" "07" "01020304" "05060708" "090a0b0c"
        "202122232425262728292a2b2c2d2e2f" "000000006553f100" "0000000a" "0000012c" "00015180"
        "a0a1a2a3" "b0b1b2b3b4b5b6b7" "c0c1c2c3c4c5c6c7" "d0d1d2d3d4d5d6d7" "05" "03"
        "616c696365" "466f78";
    void *o = opener();
    ta_store s = kind->store(o);
    uint8_t bytes[TA_RECORD_SIZE] = {0}, back[TA_RECORD_SIZE];
    ta_record r, there;
    size_t n;
    uint8_t *in = hex_bytes(hex, &n);
    memcpy(bytes, in, n);
    free(in);
    CHECK_ST(ta_record_unpack(bytes, sizeof bytes, &r), TA_OK);
    CHECK_EQ(r.kind, 1);
    CHECK_EQ(r.kid, 3);
    CHECK_EQ(r.ver, 0x01020304);
    CHECK_EQ(r.gen, 0x05060708);
    CHECK_EQ(r.epoch, 0x090A0B0C);
    CHECK_EQ(r.created, NOW);
    CHECK_EQ(r.rotated_at, NOW + 10);
    CHECK_EQ(r.idle_until, NOW + 300);
    CHECK_EQ(r.ends_at, NOW + 86400);
    CHECK_TEXT(r.text, r.sub_len, "alice");
    CHECK_TEXT(r.text + 5, r.label_len, "Fox");
    CHECK_ST(put(&s, &r), TA_OK);
    CHECK_ST(get(&s, r.id, &there), TA_OK);
    ta_record_pack(&there, back);
    CHECK_BYTES(back, bytes, sizeof bytes);
    if (kind->peek != NULL) {
        memset(back, 0, sizeof back);
        CHECK(kind->peek(r.id, back));
        CHECK_BYTES(back, bytes, sizeof bytes);
    }
    kind->close(o);
}

/* A flipped bit is either refused or comes back as it stands: never cut, mended or another record.    */
static void test_each_bit_flipped(void)
{
    void *o = opener();
    ta_store s = kind->store(o);
    ta_record a = session(1, "alice"), there;
    uint8_t bytes[TA_RECORD_SIZE], back[TA_RECORD_SIZE];
    size_t bit, refused = 0;
    if (kind->poke == NULL) { kind->close(o); return; }
    CHECK_ST(put(&s, &a), TA_OK);
    ta_record_pack(&a, bytes);
    for (bit = 0; bit < 8 * sizeof bytes; bit++) {
        ta_status st;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(kind->poke(a.id, bytes));
        st = get(&s, a.id, &there);
        if (st == TA_ERR_STORE) {
            refused++;
        } else {
            CHECK_ST(st, TA_OK);
            ta_record_pack(&there, back);
            CHECK_BYTES(back, bytes, sizeof bytes);
        }
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK(refused > 400);               /* format, kind, flags, lengths, the 41 bytes of zeros */
    CHECK(kind->poke(a.id, bytes));
    HOLDS(&s, &a);
    CHECK_ST(drop(&s, &a), TA_OK);
    kind->close(o);
}

/* ---- lists ------------------------------------------------------------------------------------------ */

typedef struct deleter { ta_store s; const ta_record *r; size_t n; ta_status st; } deleter;

static void *delete_every_third(void *arg)
{
    deleter *d = (deleter *)arg;
    size_t i;
    for (i = 0; i < d->n; i += 3) {
        d->st = drop(&d->s, &d->r[i]);
        if (d->st != TA_OK) return NULL;
    }
    return NULL;
}

/* Walks all pages; counts how often each of the n records was listed; order is checked.               */
static void walk(const ta_store *s, const char *sub, size_t page, const ta_record *r, size_t n, int *seen)
{
    uint8_t ids[16][TA_ID_SIZE], last[TA_ID_SIZE];
    bool first = true;
    size_t got, i, j, rounds = 0;
    do {
        got = 99;
        CHECK_ST(s->list(s->ctx, sub, strlen(sub), first ? NULL : last, ids, page, &got), TA_OK);
        CHECK(got <= page);
        if (got > page) return;
        for (i = 0; i < got; i++) {
            CHECK(first || memcmp(ids[i], last, TA_ID_SIZE) > 0);
            memcpy(last, ids[i], TA_ID_SIZE);
            first = false;
            for (j = 0; j < n && memcmp(r[j].id, ids[i], TA_ID_SIZE) != 0; j++) { }
            CHECK(j < n);
            if (j < n) seen[j]++;
        }
    } while (got == page && ++rounds < 1000);
    CHECK(rounds < 1000);
}

static void test_list(void)
{
    enum { N = 90 };
    static ta_record r[N], foreign;
    void *o = opener();
    ta_store s = kind->store(o);
    deleter d;
    pthread_t thread;
    int seen[N] = {0};
    size_t i;
    if (s.list == NULL) { kind->close(o); return; }
    for (i = 0; i < N; i++) {
        r[i] = session((uint32_t)i, "alice");
        CHECK_ST(put(&s, &r[i]), TA_OK);
        foreign = session(1000 + (uint32_t)i, i % 2 == 0 ? "alic" : "alice2");
        if (i < 20) CHECK_ST(put(&s, &foreign), TA_OK);
    }
    walk(&s, "alice", 16, r, N, seen);
    for (i = 0; i < N; i++) CHECK_EQ(seen[i], 1);
    memset(seen, 0, sizeof seen);
    walk(&s, "alice", 1, r, N, seen);
    for (i = 0; i < N; i++) CHECK_EQ(seen[i], 1);

    d.s = s;
    d.r = r;
    d.n = N;
    d.st = TA_OK;
    memset(seen, 0, sizeof seen);
    CHECK(pthread_create(&thread, NULL, delete_every_third, &d) == 0);
    walk(&s, "alice", 4, r, N, seen);
    pthread_join(thread, NULL);
    CHECK_ST(d.st, TA_OK);
    for (i = 0; i < N; i++) CHECK(i % 3 == 0 ? seen[i] <= 1 : seen[i] == 1);
    kind->close(o);
}

/* Inserted and acknowledged by one, then listed by another, who sees it there; a mark is in no list.  */
static void test_list_after_insert(void)
{
    void *o = opener(), *p = kind->several ? opener() : o;
    ta_store s = kind->store(o), t = kind->store(p);
    uint8_t ids[16][TA_ID_SIZE];
    ta_record m = mark(500), next;
    size_t n;
    uint32_t i;
    CHECK_ST(put(&s, &m), TA_OK);
    for (i = 0; s.list != NULL && i < 12; i++) {
        ta_record r = session(i, "alice");
        CHECK_ST(put(&s, &r), TA_OK);
        CHECK_ST(t.list(t.ctx, "alice", 5, NULL, ids, 16, &n), TA_OK);
        CHECK_EQ(n, i + 1);
        next = r;
        CHECK_ST(swap(&t, &r, &next), TA_OK);
        CHECK_ST(t.list(t.ctx, "alice", 5, NULL, ids, 16, &n), TA_OK);
        CHECK_EQ(n, i + 1);
    }
    if (p != o) kind->close(p);
    kind->close(o);
}

/* ---- expiry ------------------------------------------------------------------------------------------ */

/* A store may round up to whole days.                                                                */
static void test_sweep(void)
{
    const int64_t day = 19676 * 86400;
    void *o = opener();
    ta_store s = kind->store(o);
    ta_record r[12];
    size_t i, done = 0, total = 0, rounds;
    if (s.sweep == NULL) { kind->close(o); return; }
    for (i = 0; i < 12; i++) {
        r[i] = i % 4 == 3 ? mark((uint32_t)i) : session((uint32_t)i, "alice");
        CHECK_ST(s.cas(s.ctx, r[i].id, NULL, &r[i], day + (i % 2 == 0 ? 0 : 86400)), TA_OK);
    }
    CHECK_ST(s.sweep(s.ctx, day - 1, 64, &done), TA_OK);
    CHECK_EQ(done, 0);
    for (rounds = 0; rounds < 100000 && total < 6; rounds++) {
        CHECK_ST(s.sweep(s.ctx, day + 86399, 2, &done), TA_OK);
        CHECK(done <= 2);
        total += done;
    }
    CHECK_EQ(total, 6);
    for (i = 0; i < 12; i++) {
        if (i % 2 == 0) GONE(&s, &r[i]);
        else            HOLDS(&s, &r[i]);
    }
    kind->close(o);
}

static void test_expires_by_itself(void)
{
    void *o = opener();
    ta_store s = kind->store(o);
    ta_record a = session(1, "alice"), b = session(2, "alice"), next;
    int64_t t = (int64_t)time(NULL);
    int waited;
    if (!kind->drops_by_itself) { kind->close(o); return; }
    CHECK_ST(s.cas(s.ctx, a.id, NULL, &a, t + 5), TA_OK);
    CHECK_ST(s.cas(s.ctx, b.id, NULL, &b, t + 5), TA_OK);
    next = b;
    CHECK_ST(swap(&s, &b, &next), TA_OK);       /* a later time moves with the swap */
    HOLDS(&s, &a);
    for (waited = 0; waited < 300 && get(&s, a.id, &b) == TA_OK; waited++) usleep(100000);
    GONE(&s, &a);
    HOLDS(&s, &next);
    kind->close(o);
}

/* ---- races: exactly one winner for each version -------------------------------------------------- */

#define RACE_VERS 64

/* Swaps from version to version until RACE_VERS; notes which it won.                                 */
static ta_status race(const ta_store *s, const uint8_t *id, uint8_t who, uint8_t won[RACE_VERS])
{
    for (;;) {
        ta_record r, next;
        ta_status st = get(s, id, &r);
        if (st != TA_OK) return st;
        if (r.ver >= RACE_VERS) return TA_OK;
        next = r;
        next.app[0] = who;
        st = swap(s, &r, &next);
        if (st == TA_OK) won[r.ver]++;
        else if (st != TA_ERR_CONFLICT) return st;
    }
}

typedef struct racer { ta_store s; uint8_t id[TA_ID_SIZE], who, won[RACE_VERS]; ta_record born; ta_status st;
                       bool inserted; } racer;

static void *racer_runs(void *arg)
{
    racer *me = (racer *)arg;
    ta_status st = put(&me->s, &me->born);
    me->inserted = st == TA_OK;
    me->st = st == TA_OK || st == TA_ERR_CONFLICT ? race(&me->s, me->id, me->who, me->won) : st;
    return NULL;
}

static void check_race(const racer *all, size_t n)
{
    size_t i, v, born = 0;
    for (i = 0; i < n; i++) {
        CHECK_ST(all[i].st, TA_OK);
        born += all[i].inserted;
    }
    CHECK_EQ(born, 1);
    for (v = 0; v < RACE_VERS; v++) {
        size_t winners = 0;
        for (i = 0; i < n; i++) winners += all[i].won[v];
        CHECK_EQ(winners, 1);
    }
}

static void new_racer(racer *r, uint8_t who, uint32_t id)
{
    memset(r, 0, sizeof *r);
    r->born = session(id, "alice");
    r->born.app[0] = r->who = who;
    memcpy(r->id, r->born.id, TA_ID_SIZE);
}

static void test_threads_race(void)
{
    static racer all[RACERS];
    pthread_t thread[RACERS];
    void *shared = opener(), *own[RACERS] = {0};
    size_t i;
    for (i = 0; i < RACERS; i++) {
        new_racer(&all[i], (uint8_t)i, 1);
        if (kind->several && i % 2 == 1) own[i] = opener();
        all[i].s = kind->store(own[i] != NULL ? own[i] : shared);
    }
    for (i = 0; i < RACERS; i++) CHECK(pthread_create(&thread[i], NULL, racer_runs, &all[i]) == 0);
    for (i = 0; i < RACERS; i++) pthread_join(thread[i], NULL);
    check_race(all, RACERS);
    for (i = 0; i < RACERS; i++) if (own[i] != NULL) kind->close(own[i]);
    kind->close(shared);
}

static bool read_all(int fd, void *p, size_t n)
{
    uint8_t *b = (uint8_t *)p;
    while (n > 0) {
        ssize_t got = read(fd, b, n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        b += got;
        n -= (size_t)got;
    }
    return true;
}

static void test_processes_race(void)
{
    static racer all[RACERS];
    int pipes[RACERS][2], status;
    pid_t pid[RACERS];
    size_t i;
    if (!kind->several) return;
    for (i = 0; i < RACERS; i++) {
        new_racer(&all[i], (uint8_t)i, 1);
        CHECK(pipe(pipes[i]) == 0);
        fflush(stdout);
        pid[i] = fork();
        if (pid[i] == 0) {
            void *o = opener();
            all[i].s = kind->store(o);
            racer_runs(&all[i]);
            kind->close(o);
            _exit(write(pipes[i][1], &all[i], sizeof all[i]) == (ssize_t)sizeof all[i] ? 0 : 1);
        }
        close(pipes[i][1]);
    }
    for (i = 0; i < RACERS; i++) {
        CHECK(read_all(pipes[i][0], &all[i], sizeof all[i]));
        close(pipes[i][0]);
        CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
    }
    check_race(all, RACERS);
}

/* A forked child must not use its parent's connection: two processes would read each other's answers. */
static void test_child_must_open_for_itself(void)
{
    void *o;
    ta_store s;
    ta_record a = session(1, "alice"), there;
    int status = -1;
    pid_t pid;
    if (!kind->survives) return;
    o = opener();
    s = kind->store(o);
    CHECK_ST(put(&s, &a), TA_OK);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        bool refused = get(&s, a.id, &there) == TA_ERR_STORE && drop(&s, &a) == TA_ERR_STORE;
        _exit(refused ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_EQ(status, 0);
    HOLDS(&s, &a);
    kind->close(o);
}

static void test_another_opener_sees_it(void)
{
    void *o, *p;
    ta_store s, t;
    uint32_t i;
    if (!kind->several) return;
    o = opener();
    p = opener();
    s = kind->store(o);
    t = kind->store(p);
    for (i = 0; i < 25; i++) {
        ta_record a = session(i, "alice"), b, c;
        GONE(&t, &a);
        CHECK_ST(put(&s, &a), TA_OK);
        HOLDS(&t, &a);
        b = a;
        b.gen = 1;
        CHECK_ST(swap(&t, &a, &b), TA_OK);
        HOLDS(&s, &b);
        c = b;
        c.state = 1;
        CHECK_ST(swap(&s, &b, &c), TA_OK);
        HOLDS(&t, &c);
        CHECK_ST(drop(&t, &c), TA_OK);
        GONE(&s, &c);
    }
    kind->close(p);
    kind->close(o);
}

/* ---- 10,000 random operations against a naive array --------------------------------------------- */

enum { MODEL = 24 };
static ta_record model[MODEL];
static bool model_has[MODEL];

static void model_get(const ta_store *s, size_t i)
{
    ta_record there;
    CHECK_ST(get(s, session((uint32_t)i, "x").id, &there), model_has[i] ? TA_OK : TA_ERR_NOT_FOUND);
    if (model_has[i]) CHECK(same(&there, &model[i]));
}

static void model_insert(const ta_store *s, size_t i)
{
    ta_record r = i % 5 == 4 ? mark((uint32_t)i) : session((uint32_t)i, i % 2 == 0 ? "alice" : "bob");
    r.ver = (uint32_t)rnd64();
    CHECK_ST(put(s, &r), model_has[i] ? TA_ERR_CONFLICT : TA_OK);
    if (!model_has[i]) model[i] = r;
    model_has[i] = true;
}

static void model_swap(const ta_store *s, size_t i, bool stale, bool delete_it)
{
    ta_record old = model[i], next;
    bool fits = model_has[i] && !stale;
    if (!model_has[i]) old = session((uint32_t)i, "alice");
    next = old;
    if (next.kind == 1) next.gen = (uint32_t)rnd(1000);
    if (stale) old.ver += 1 + (uint32_t)rnd(3);
    CHECK_ST(delete_it ? drop(s, &old) : swap(s, &old, &next), fits ? TA_OK : TA_ERR_CONFLICT);
    if (fits && !delete_it) model[i] = next;
    if (fits && delete_it) model_has[i] = false;
}

static void model_list(const ta_store *s, const char *sub)
{
    uint8_t ids[MODEL][TA_ID_SIZE];
    size_t n, i, want = 0, live = 0;
    CHECK_ST(s->list(s->ctx, sub, strlen(sub), NULL, ids, MODEL, &n), TA_OK);
    for (i = 0; i < MODEL; i++) {
        size_t j;
        if (!model_has[i] || model[i].kind != 1 || model[i].sub_len != strlen(sub)) continue;
        want++;
        for (j = 0; j < n; j++) live += memcmp(ids[j], model[i].id, TA_ID_SIZE) == 0;
    }
    CHECK_EQ(live, want);
}

static void test_random_operations(void)
{
    void *o[2];
    ta_store s[2];
    long i, n = 10000;
    o[0] = opener();
    o[1] = kind->several ? opener() : o[0];
    s[0] = kind->store(o[0]);
    s[1] = kind->store(o[1]);
    memset(model_has, 0, sizeof model_has);
    for (i = 0; i < n && check.bad == 0; i++) {
        const ta_store *t = &s[rnd(2)];
        size_t at = rnd(MODEL);
        switch (rnd(10)) {
        case 0: case 1: case 2: model_get(t, at); break;
        case 3: case 4:         model_insert(t, at); break;
        case 5: case 6:         model_swap(t, at, false, false); break;
        case 7:                 model_swap(t, at, true, rnd(2) == 0); break;
        case 8:                 model_swap(t, at, false, true); break;
        default: if (t->list != NULL) model_list(t, rnd(2) == 0 ? "alice" : "bob"); break;
        }
    }
    CHECK_EQ(i, n);
    if (o[1] != o[0]) kind->close(o[1]);
    kind->close(o[0]);
    if (!kind->survives) return;
    o[0] = opener();
    s[0] = kind->store(o[0]);
    for (i = 0; i < MODEL; i++) model_get(&s[0], (size_t)i);
    kind->close(o[0]);
}

/* ---- kill -9 between write and OK ------------------------------------------------------------------ */

/* The child inserts and swaps without end, and after each OK writes to the pipe what it did. What the
   parent read before it killed the child must be there; of what was under way, all or nothing.       */
static void child_writes(int fd)
{
    void *o = opener();
    ta_store s = kind->store(o);
    uint32_t n;
    for (n = 0; ; n++) {
        ta_record a = session(n / 2, "alice"), b = a;
        ta_status st = n % 2 == 0 ? put(&s, &a) : swap(&s, &a, &b);
        if (st != TA_OK || write(fd, &n, sizeof n) != (ssize_t)sizeof n) _exit(1);
    }
}

static void test_kill_between_write_and_ok(void)
{
    int rounds = quick ? 4 : 25, round;
    if (!kind->survives) return;
    for (round = 0; round < rounds; round++) {
        int fds[2], status;
        uint32_t n, last = 0, wanted = 5 + (uint32_t)rnd(60);
        ta_record r, there;
        void *o;
        ta_store s;
        pid_t pid;
        kind->wipe();
        CHECK(pipe(fds) == 0);
        fflush(stdout);
        pid = fork();
        if (pid == 0) { close(fds[0]); child_writes(fds[1]); }
        close(fds[1]);
        while (last < wanted && read_all(fds[0], &n, sizeof n)) last = n;
        usleep((useconds_t)rnd(3000));
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        CHECK(WIFSIGNALED(status));
        while (read_all(fds[0], &n, sizeof n)) last = n;
        close(fds[0]);
        o = opener();
        s = kind->store(o);
        for (n = 0; n <= (last + 1) / 2; n++) {         /* the last one may be one step further */
            bool swapped = 2 * n + 1 <= last, may_be = 2 * n + 1 == last + 1, unborn = 2 * n > last;
            ta_status st;
            r = session(n, "alice");
            st = get(&s, r.id, &there);
            if (unborn && st == TA_ERR_NOT_FOUND) continue;
            CHECK_ST(st, TA_OK);
            CHECK(there.ver == (swapped ? 1u : 0u) || (may_be && there.ver <= 1));
        }
        CHECK_ST(get(&s, session(last / 2 + 2, "alice").id, &there), TA_ERR_NOT_FOUND);
        kind->close(o);
    }
}

/* ---- the engine on top: failures, marks, epochs ------------------------------------------------- */

static struct {
    ta_key         access[1];
    ta_refresh_key refresh[1];
    ta_store       inner;
    long           writes, fail_at;     /* which write fails; 0: none */
    bool           applied;             /* it is carried out, then its answer is lost */
    ta_auth        auth;
} app;

static ta_status app_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    (void)ctx;
    return app.inner.get(app.inner.ctx, id, out);
}

static ta_status app_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old, const ta_record *next,
                         int64_t expires)
{
    ta_status st = TA_OK;
    (void)ctx;
    app.writes++;
    if (app.writes == app.fail_at && !app.applied) return TA_ERR_STORE;
    st = app.inner.cas(app.inner.ctx, id, old, next, expires);
    return app.writes == app.fail_at ? TA_ERR_STORE : st;
}

static ta_status app_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                          uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    (void)ctx;
    return app.inner.list(app.inner.ctx, sub, len, after, ids, cap, n);
}

static ta_status app_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    (void)ctx;
    return app.inner.sweep(app.inner.ctx, now, most, done);
}

static int64_t app_now;         /* the real time: stores with a clock of their own drop by it */

static void app_on(ta_store inner)
{
    static const uint8_t secret[32] = {1, 2, 3}, other[32] = {4, 5, 6};
    ta_auth_config cfg = TA_ZERO;
    memset(&app, 0, sizeof app);
    app.inner = inner;
    app_now = (int64_t)time(NULL);
    CHECK_ST(ta_key_init(&app.access[0], secret, 32, NULL), TA_OK);
    app.refresh[0].id = 1;
    CHECK_ST(ta_key_init(&app.refresh[0].key, other, 32, NULL), TA_OK);
    cfg.keys = ta_keys_of(app.access, 1);
    cfg.refresh_keys = app.refresh;
    cfg.refresh_key_count = 1;
    cfg.issuer = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.max_sessions = 3;
    cfg.store.ctx = &app;
    cfg.store.get = app_get;
    cfg.store.cas = app_cas;
    cfg.store.list = inner.list != NULL ? app_list : NULL;
    cfg.store.sweep = inner.sweep != NULL ? app_sweep : NULL;
    CHECK_ST(ta_auth_init(&app.auth, &cfg), TA_OK);
}

static ta_status refresh(const ta_pair *p, int64_t now, ta_pair *out)
{
    return ta_refresh(&app.auth, p->refresh, p->refresh_len, now, NULL, out);
}

/* Each write of each call fails once, before it and after it. The call says either OK, and it is so, or an
   error; the same call again then succeeds.                                                          */
static void check_one_failure(long at, bool applied, int what, bool *reached)
{
    static const char *const users[] = {"login", "refresh", "logout", "logout-all", "others", "replay"};
    char subject[40];
    ta_login_opts opts = TA_ZERO;
    ta_pair a, b, out, second;
    ta_status st, again = TA_OK;
    snprintf(subject, sizeof subject, "%s %ld %d", users[what], at, applied);
    app.fail_at = 0;
    CHECK_ST(ta_login(&app.auth, subject, app_now - 100, &opts, &a), TA_OK);
    CHECK_ST(ta_login(&app.auth, subject, app_now - 100, &opts, &b), TA_OK);
    if (what == 5) {
        CHECK_ST(refresh(&a, app_now - 60, &second), TA_OK);
        CHECK_ST(refresh(&second, app_now - 30, &out), TA_OK);
    }
    app.writes = 0;
    app.fail_at = at;
    app.applied = applied;
    switch (what) {
    case 0: st = ta_login(&app.auth, subject, app_now, &opts, &out); break;
    case 1: st = refresh(&a, app_now, &out); break;
    case 2: st = ta_logout(&app.auth, a.refresh, a.refresh_len, app_now); break;
    case 3: st = ta_logout_all(&app.auth, subject, app_now); break;
    case 4: st = ta_logout_others(&app.auth, a.refresh, a.refresh_len, app_now, NULL); break;
    default: st = refresh(&a, app_now, &out); break;
    }
    *reached = app.writes >= at;
    app.fail_at = 0;
    if (what == 5) {                    /* a replay: revoked when it says so */
        CHECK(st == TA_ERR_REPLAY || st == TA_ERR_STORE || st == TA_ERR_REVOKED);
        if (st != TA_ERR_STORE) CHECK_ST(refresh(&second, app_now, &out), TA_ERR_REVOKED);
        return;
    }
    CHECK(st == TA_OK || st == TA_ERR_STORE);
    if (st == TA_ERR_STORE) {
        switch (what) {
        case 0: again = ta_login(&app.auth, subject, app_now, &opts, &out); break;
        case 1: again = refresh(&a, app_now, &out); break;
        case 2: again = ta_logout(&app.auth, a.refresh, a.refresh_len, app_now); break;
        case 3: again = ta_logout_all(&app.auth, subject, app_now); break;
        default: again = ta_logout_others(&app.auth, a.refresh, a.refresh_len, app_now, NULL); break;
        }
        if (what == 4 && again == TA_ERR_LOGGED_OUT) return;    /* its first half was done */
        CHECK_ST(again, TA_OK);
    }
    switch (what) {
    case 0: case 1: CHECK_ST(refresh(&out, app_now + 20, &second), TA_OK); break;
    case 2: CHECK_ST(refresh(&a, app_now, &out), TA_ERR_ENDED); break;
    case 3: st = refresh(&a, app_now, &out);
            CHECK(st == TA_ERR_LOGGED_OUT || st == TA_ERR_ENDED); break;
    default: st = refresh(&b, app_now, &out);
            CHECK(st == TA_ERR_LOGGED_OUT || st == TA_ERR_ENDED);
            CHECK_ST(refresh(&a, app_now, &out), TA_OK); break;
    }
}

static void test_each_write_fails_once(void)
{
    void *o = opener();
    int what, applied;
    long at;
    app_on(kind->store(o));
    for (what = 0; what < 6; what++) {
        for (applied = 0; applied < 2; applied++) {
            bool reached = true;
            for (at = 1; reached && at < 20; at++) check_one_failure(at, applied != 0, what, &reached);
            CHECK(at >= 3 && at < 20);          /* at least one write failed, and the end was reached */
        }
    }
    kind->close(o);
}

/* An ended session never lives again: not when its user's mark was dropped and made anew.            */
static void test_marks_and_their_epochs(void)
{
    void *o = opener();
    ta_store s = kind->store(o);
    uint32_t epoch[3];
    ta_record m, there;
    ta_pair a, b, c, out;
    int i;
    app_on(s);
    CHECK_ST(ta_login(&app.auth, "alice", app_now, NULL, &a), TA_OK);
    app.auth.cfg.store.list = NULL;             /* nobody tidies up: the records of the ended stay */
    for (i = 0; i < 3; i++) {
        CHECK_ST(ta_logout_all(&app.auth, "alice", app_now), TA_OK);
        CHECK_ST(ta_user_epoch(&app.auth, "alice", &epoch[i]), TA_OK);
        CHECK(epoch[i] > 65535 || epoch[i] != (uint32_t)i + 1);         /* random, no counter */
    }
    CHECK(epoch[0] != epoch[1] && epoch[1] != epoch[2] && epoch[0] != epoch[2]);
    CHECK_ST(refresh(&a, app_now, &out), TA_ERR_LOGGED_OUT);
    CHECK_ST(ta_login(&app.auth, "alice", app_now, NULL, &b), TA_OK);
    CHECK_ST(refresh(&b, app_now + 20, &out), TA_OK);

    tai_user_id("alice", 5, m.id);              /* the mark is lost ... */
    CHECK_ST(s.get(s.ctx, m.id, &there), TA_OK);
    CHECK_ST(drop(&s, &there), TA_OK);
    CHECK_ST(refresh(&b, app_now + 40, &out), TA_ERR_LOGGED_OUT);
    for (i = 0; i < 5; i++) {                   /* ... and whatever mark comes next */
        CHECK_ST(ta_logout_all(&app.auth, "alice", app_now), TA_OK);
        CHECK_ST(ta_login(&app.auth, "alice", app_now, NULL, &c), TA_OK);
        CHECK_ST(refresh(&b, app_now + 40, &out), TA_ERR_LOGGED_OUT);
    }
    kind->close(o);
}

/* With any one bit of the stored record flipped, nobody gets another's session, or more of his own.    */
static void test_flipped_bits_under_the_engine(void)
{
    void *o = opener();
    uint8_t bytes[TA_RECORD_SIZE], id[TA_ID_SIZE], was[TA_RECORD_SIZE];
    ta_login_opts opts = TA_ZERO;
    ta_session info;
    ta_pair a, out;
    size_t bit;
    if (kind->poke == NULL) { kind->close(o); return; }
    app_on(kind->store(o));
    opts.label = "Fox";
    memcpy(opts.app, "user", 4);
    CHECK_ST(ta_login(&app.auth, "alice", app_now, &opts, &a), TA_OK);
    CHECK(tai_sid_read(a.sid, strlen(a.sid), id));
    CHECK(kind->peek(id, was));
    for (bit = 0; bit < 8 * sizeof was; bit++) {
        ta_status st;
        bool same_rights;
        memcpy(bytes, was, sizeof bytes);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(kind->poke(id, bytes));
        st = refresh(&a, app_now + 20, &out);
        if (st != TA_OK) { CHECK(st < 0 && out.access_len == 0); continue; }
        st = ta_session_get(&app.auth, "alice", out.sid, strlen(out.sid), app_now + 20, &info);
        same_rights = st == TA_OK && memcmp(info.app, "user", 4) == 0 && info.created == app_now
                   && info.ends_at == app_now + TA_DAYS(90);
        CHECK(same_rights);
    }
    kind->close(o);
}

/* ---- a store that is down or slow --------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_store_slow(void)
{
    void *o;
    ta_store s;
    ta_record a = session(1, "alice"), b = session(2, "alice"), next = a, there;
    uint8_t ids[4][TA_ID_SIZE];
    size_t n;
    double before;
    ta_status st;
    if (kind->hold == NULL) return;
    o = opener();
    s = kind->store(o);
    CHECK_ST(put(&s, &a), TA_OK);
    kind->patience(o, 700);
    kind->hold();
    before = seconds();
    next.gen = 1;
    CHECK_ST(swap(&s, &a, &next), TA_ERR_STORE);
    CHECK_ST(get(&s, a.id, &there), TA_ERR_STORE);
    CHECK(all_zero(&there, sizeof there));
    CHECK_ST(put(&s, &b), TA_ERR_STORE);
    CHECK_ST(s.list(s.ctx, "alice", 5, NULL, ids, 4, &n), TA_ERR_STORE);
    CHECK(seconds() - before < 4.0 * kind->slow_s + 2);
    kind->go();
    kind->patience(o, STORE_PATIENT_MS);
    st = get(&s, a.id, &there);
    CHECK_ST(st, TA_OK);
    CHECK(same(&there, &a) || same(&there, &next));     /* unknown then, known now, for good */
    CHECK_ST(swap(&s, &there, &next), TA_OK);
    HOLDS(&s, &next);
    st = get(&s, b.id, &there);
    CHECK(st == TA_OK || st == TA_ERR_NOT_FOUND);
    if (st == TA_ERR_NOT_FOUND) {
        st = put(&s, &b);
        CHECK(st == TA_OK || st == TA_ERR_CONFLICT);    /* answered: from here on the late one is no more */
    }
    CHECK_ST(drop(&s, &b), TA_OK);
    usleep(300000);
    GONE(&s, &b);
    kind->close(o);
}

static void test_store_down(void)
{
    void *o;
    ta_store s;
    ta_record a = session(1, "alice"), b = a, there;
    if (kind->kill == NULL) return;
    o = opener();
    s = kind->store(o);
    CHECK_ST(put(&s, &a), TA_OK);
    kind->patience(o, 1000);
    kind->kill();
    CHECK_ST(get(&s, a.id, &there), TA_ERR_STORE);
    b.gen = 1;
    CHECK_ST(swap(&s, &a, &b), TA_ERR_STORE);
    CHECK_ST(drop(&s, &a), TA_ERR_STORE);
    CHECK(kind->start());
    kind->patience(o, STORE_PATIENT_MS);
    HOLDS(&s, &a);                              /* found again by itself, and nothing was lost */
    CHECK_ST(swap(&s, &a, &b), TA_OK);
    kind->kill();                               /* this time the connection is found dead by the write */
    CHECK(kind->start());
    {
        ta_record c = b;
        ta_status st = swap(&s, &b, &c);
        CHECK(st == TA_ERR_STORE || st == TA_OK);
        CHECK_ST(get(&s, b.id, &there), TA_OK);
        CHECK(same(&there, st == TA_OK ? &c : &b));
    }
    kind->close(o);
}

/* ---- all of it ------------------------------------------------------------------------------------ */

/* ONLY=name runs that test alone; VERBOSE=1 says how long each takes.                                 */
static bool wanted(const char *test)
{
    const char *only = getenv("ONLY");
    return only == NULL || strcmp(only, test) == 0;
}

#define CONFORM(fn) \
    do { \
        double began_; \
        if (!wanted(#fn)) break; \
        kind->wipe(); \
        began_ = seconds(); \
        RUN(fn); \
        if (getenv("VERBOSE") != NULL) printf("%s %s: %.2f s\n", kind->name, #fn, seconds() - began_); \
    } while (0)

void store_conformance(const store_kind *k, bool in_short, long *passed, long *failed)
{
    kind = k;
    quick = in_short;
    check.passed = check.failed = 0;
    CONFORM(test_insert_twice);
    CONFORM(test_stale_swap);
    CONFORM(test_swap_compares_the_version);
    CONFORM(test_swap_after_delete);
    CONFORM(test_any_bytes);
    CONFORM(test_next_of_another_id_is_refused);
    CONFORM(test_bytes_typed_in);
    CONFORM(test_each_bit_flipped);
    CONFORM(test_list);
    CONFORM(test_list_after_insert);
    CONFORM(test_sweep);
    CONFORM(test_expires_by_itself);
    CONFORM(test_threads_race);
    CONFORM(test_processes_race);
    CONFORM(test_child_must_open_for_itself);
    CONFORM(test_another_opener_sees_it);
    CONFORM(test_random_operations);
    CONFORM(test_kill_between_write_and_ok);
    CONFORM(test_each_write_fails_once);
    CONFORM(test_marks_and_their_epochs);
    CONFORM(test_flipped_bits_under_the_engine);
    CONFORM(test_store_slow);
    CONFORM(test_store_down);
    kind->wipe();
    *passed += check.passed;
    *failed += check.failed;
}
