/* store_torture.h - many clients in many processes on one store, while processes, servers and masters are
   killed; afterwards a checker reads what everybody was told and looks for a contradiction.
   Part of store_tests.c.

   The time of the sessions runs TORTURE_PACE times as fast as ours, so that windows of 10 s come and go.
   What is kept of each call is in memory shared by all processes, so that kill -9 forgets nothing:
     calls   what a client asked of the engine and was told; a clock ticks before and after each
     writes  what the engine asked of the store and was told
   The checker's rules stand above its functions. At last the store is put back to what it was shortly
   before, and every client comes with the token it has.                                                 */

#include <sys/mman.h>

#define TORTURE_PACE     50
#define TORTURE_WINDOW   10         /* s of session time: a fifth of a second of ours */
#define TORTURE_CLIENTS  48
#define TORTURE_SUBJECTS 8
#define TORTURE_CALLS    1500000
#define TORTURE_WRITES   400000
#define TORTURE_SESSIONS 40000

typedef enum torture_op { T_LOGIN, T_REFRESH, T_THEFT, T_LOGOUT, T_LOGOUT_ALL, T_LIST, T_OPS } torture_op;

typedef struct torture_call {
    uint32_t  start, end;           /* end 0: never answered */
    uint32_t  session;
    uint8_t   op, subject;
    bool      late;                 /* took longer than the window allows for */
    ta_status st;
    uint32_t  used, got;            /* generations */
} torture_call;

typedef struct torture_write {
    uint32_t  start, end;
    uint8_t   id[TA_ID_SIZE], kind;
    bool      insert, remove;
    uint32_t  from, to;             /* versions */
    ta_status st;
} torture_write;

typedef struct torture_jar {        /* what a browser keeps: all its tabs share it */
    char     token[TA_REFRESH_CAP], old[TA_REFRESH_CAP];
    uint8_t  retry[16];
    size_t   len, old_len;          /* len 0: logged out */
    uint32_t session, gen;
} torture_jar;

typedef struct torture_client {
    pthread_mutex_t mutex;          /* robust: its holder may be killed */
    torture_jar     jar[2];         /* one is written while the other is good */
    int             good;
    uint32_t        begun;          /* refreshes of its own */
} torture_client;

static struct torture_shared {
    uint32_t       clock, calls, writes, sessions;
    bool           over;
    struct timespec begun;
    torture_client client[TORTURE_CLIENTS];
    torture_call   call[TORTURE_CALLS];
    torture_write  write[TORTURE_WRITES];
} *torture;

static __thread uint64_t torture_random_state;

static uint32_t torture_tick(void) { return __atomic_add_fetch(&torture->clock, 1, __ATOMIC_SEQ_CST); }

static size_t torture_rnd(size_t n)
{
    torture_random_state = torture_random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((torture_random_state >> 33) % n);
}

static double torture_age(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)(t.tv_sec - torture->begun.tv_sec) + (double)(t.tv_nsec - torture->begun.tv_nsec) / 1e9;
}

static int64_t torture_base;
static int64_t torture_now(void) { return torture_base + (int64_t)(torture_age() * TORTURE_PACE); }

/* ---- the store, listened to ------------------------------------------------------------------------- */

typedef struct torture_ear { ta_store inner; } torture_ear;

static ta_status ear_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    const ta_store *s = &((torture_ear *)ctx)->inner;
    return s->get(s->ctx, id, out);
}

static ta_status ear_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old, const ta_record *next,
                         int64_t expires)
{
    const ta_store *s = &((torture_ear *)ctx)->inner;
    uint32_t at = __atomic_fetch_add(&torture->writes, 1, __ATOMIC_SEQ_CST);
    torture_write *w = &torture->write[at < TORTURE_WRITES ? at : TORTURE_WRITES - 1];
    memcpy(w->id, id, TA_ID_SIZE);
    w->kind = old != NULL ? old->kind : next->kind;
    w->insert = old == NULL;
    w->remove = next == NULL;
    w->from = old != NULL ? old->ver : 0;
    w->to = next != NULL ? next->ver : 0;
    w->st = TA_ERR_STORE;
    w->start = torture_tick();
    w->st = s->cas(s->ctx, id, old, next, expires);
    w->end = torture_tick();
    return w->st;
}

static ta_status ear_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                          uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    const ta_store *s = &((torture_ear *)ctx)->inner;
    return s->list(s->ctx, sub, len, after, ids, cap, n);
}

static ta_key torture_key;
static ta_refresh_key torture_refresh_key;

/* Once in each process, before its threads begin: they only read the keys.                        */
static bool torture_make_keys(void)
{
    static const char secret[] = "torture: 32 bytes that stay the same";
    return ta_key_derive(&torture_key, secret, 32, "access", NULL) == TA_OK
        && ta_key_derive(&torture_refresh_key.key, secret, 32, "refresh", NULL) == TA_OK;
}

static bool torture_auth(ta_auth *a, torture_ear *ear, ta_store inner)
{
    ta_auth_config cfg = TA_ZERO;
    ear->inner = inner;
    cfg.keys = ta_keys_of(&torture_key, 1);
    cfg.refresh_keys = &torture_refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.max_sessions = 60000;
    cfg.window_s = TORTURE_WINDOW;
    cfg.store.ctx = ear;
    cfg.store.get = ear_get;
    cfg.store.cas = ear_cas;
    cfg.store.list = inner.list != NULL ? ear_list : NULL;
    return ta_auth_init(a, &cfg) == TA_OK;
}

/* ---- a client ----------------------------------------------------------------------------------------- */

static void torture_lock(torture_client *c)
{
    if (pthread_mutex_lock(&c->mutex) == EOWNERDEAD) pthread_mutex_consistent(&c->mutex);
}

static torture_jar torture_look(torture_client *c)
{
    torture_jar j;
    torture_lock(c);
    j = c->jar[c->good];
    pthread_mutex_unlock(&c->mutex);
    return j;
}

/* The generation stands in the token: bytes 17 to 20.                                                 */
static uint32_t torture_gen(const char *token, size_t len)
{
    uint8_t raw[TA_BYTES_CAP(TA_REFRESH_CAP)];
    size_t n;
    if (ta_base64url_decode(token, len, raw, sizeof raw, &n) != TA_OK || n != 37) return 0;
    return (uint32_t)raw[17] << 24 | (uint32_t)raw[18] << 16 | (uint32_t)raw[19] << 8 | raw[20];
}

/* What a thief has: some token of before, the last one or not.                                        */
static void torture_keep_old(torture_jar *next, const torture_jar *now)
{
    bool this_one = now->old_len == 0 || torture_rnd(3) == 0;
    next->old_len = this_one ? now->len : now->old_len;
    memcpy(next->old, this_one ? now->token : now->old, next->old_len);
}

/* Keeps a new token unless the jar has a newer one by now, or is another login's. token NULL: out.     */
static void torture_keep(torture_client *c, uint32_t session, bool login, const char *token, size_t len)
{
    torture_jar *now, *next;
    uint32_t gen = token != NULL ? torture_gen(token, len) : 0;
    torture_lock(c);
    now = &c->jar[c->good];
    next = &c->jar[!c->good];
    if (login || (now->session == session && (token == NULL || (now->len > 0 && gen > now->gen)))) {
        memset(next, 0, sizeof *next);
        next->session = session;
        if (token != NULL) {
            memcpy(next->token, token, len);
            next->len = len;
            next->gen = gen;
            if (!login) torture_keep_old(next, now);
            if (ta_random(next->retry, sizeof next->retry) != TA_OK) abort();
        }
        __atomic_store_n(&c->good, !c->good, __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&c->mutex);
}

static const char *torture_subject(size_t client)
{
    static const char *const name[TORTURE_SUBJECTS] = {"ann", "bob", "cy", "dee", "eve", "fay", "gus", "hal"};
    return name[client % TORTURE_SUBJECTS];
}

static torture_call *torture_begin(torture_op op, size_t client, const torture_jar *j)
{
    uint32_t at = __atomic_fetch_add(&torture->calls, 1, __ATOMIC_SEQ_CST);
    torture_call *c = &torture->call[at < TORTURE_CALLS ? at : TORTURE_CALLS - 1];
    c->op = (uint8_t)op;
    c->subject = (uint8_t)(client % TORTURE_SUBJECTS);
    c->session = j->session;
    c->used = j->gen;
    c->st = TA_ERR_STORE;
    c->start = torture_tick();
    return c;
}

static void torture_end(torture_call *c, ta_status st, double began)
{
    c->late = (torture_age() - began) * TORTURE_PACE > TORTURE_WINDOW / 2.0;
    c->st = st;
    c->end = torture_tick();
}

static void torture_login(const ta_auth *a, size_t n)
{
    torture_jar none;
    torture_call *call;
    ta_pair pair;
    ta_status st;
    double began = torture_age();
    memset(&none, 0, sizeof none);
    none.session = __atomic_add_fetch(&torture->sessions, 1, __ATOMIC_SEQ_CST);
    call = torture_begin(T_LOGIN, n, &none);
    st = ta_login(a, torture_subject(n), torture_now(), NULL, &pair);
    torture_end(call, st, began);
    if (st == TA_OK) torture_keep(&torture->client[n], none.session, true, pair.refresh, pair.refresh_len);
}

/* A thief strikes where it hurts most: while the session rotates. */
static void torture_lie_in_wait(const torture_client *c)
{
    uint32_t seen = __atomic_load_n(&c->begun, __ATOMIC_SEQ_CST);
    int tries;
    for (tries = 0; tries < 300 && __atomic_load_n(&c->begun, __ATOMIC_SEQ_CST) == seen; tries++) usleep(200);
}

static void torture_refresh(const ta_auth *a, size_t n, bool theft)
{
    torture_client *c = &torture->client[n];
    double began;
    torture_jar j;
    ta_refresh_opts opts = TA_ZERO;
    torture_call *call;
    ta_pair pair;
    ta_status st;
    if (theft) torture_lie_in_wait(c);
    else       __atomic_add_fetch(&c->begun, 1, __ATOMIC_SEQ_CST);
    began = torture_age();              /* from here on the token grows old */
    j = torture_look(c);
    if (j.len == 0 || (theft && j.old_len == 0)) return;
    opts.retry_key = theft ? NULL : j.retry;            /* a thief has the token, not the key */
    call = torture_begin(theft ? T_THEFT : T_REFRESH, n, &j);
    st = ta_refresh(a, theft ? j.old : j.token, theft ? j.old_len : j.len, torture_now(), &opts, &pair);
    if (st == TA_OK) call->got = torture_gen(pair.refresh, pair.refresh_len);
    torture_end(call, st, began);
    if (theft) return;
    if (st == TA_OK) torture_keep(c, j.session, false, pair.refresh, pair.refresh_len);
    if (pair.client == TA_CLIENT_LOGIN) torture_keep(c, j.session, false, NULL, 0);
}

static void torture_logout(const ta_auth *a, size_t n)
{
    torture_client *c = &torture->client[n];
    torture_jar j = torture_look(c);
    torture_call *call;
    ta_status st;
    double began = torture_age();
    if (j.len == 0) return;
    call = torture_begin(T_LOGOUT, n, &j);
    st = ta_logout(a, j.token, j.len, torture_now());
    torture_end(call, st, began);
    if (st == TA_OK) torture_keep(c, j.session, false, NULL, 0);
}

static void torture_logout_all(const ta_auth *a, size_t n)
{
    torture_jar none;
    torture_call *call;
    double began = torture_age();
    memset(&none, 0, sizeof none);
    call = torture_begin(T_LOGOUT_ALL, n, &none);
    torture_end(call, ta_logout_all(a, torture_subject(n), torture_now()), began);
}

static void torture_list(const ta_auth *a, size_t n)
{
    static __thread ta_session list[16];
    size_t got;
    torture_jar none;
    torture_call *call;
    double began = torture_age();
    memset(&none, 0, sizeof none);
    call = torture_begin(T_LIST, n, &none);
    torture_end(call, ta_session_list(a, torture_subject(n), torture_now(), "", list, 16, &got), began);
}

static void torture_step(const ta_auth *a)
{
    size_t n = torture_rnd(TORTURE_CLIENTS), dice = torture_rnd(10000);
    if (torture_look(&torture->client[n]).len == 0) torture_login(a, n);
    else if (dice < 20)  torture_logout(a, n);
    else if (dice < 24)  torture_logout_all(a, n);
    else if (dice < 70)  torture_refresh(a, n, true);
    else if (dice < 120) torture_list(a, n);
    else                 torture_refresh(a, n, false);
}

static void *torture_thread(void *arg)
{
    ta_auth auth;
    torture_ear ear;
    if (!torture_auth(&auth, &ear, *(ta_store *)arg)) abort();
    torture_random_state = (uint64_t)getpid() * 2654435761u ^ (uint64_t)(uintptr_t)&auth ^ torture_tick();
    while (!torture->over && torture->calls < TORTURE_CALLS - 100 && torture->writes < TORTURE_WRITES - 100
           && torture->sessions < TORTURE_SESSIONS - 100) {
        torture_step(&auth);
        usleep((useconds_t)torture_rnd(1500));
    }
    return NULL;
}

/* A process: opens the store, which may take a while when it is down, and is its clients until the end. */
static void torture_process(int threads)
{
    pthread_t thread[8];
    void *o = NULL;
    ta_store s;
    int i;
    if (freopen("/dev/null", "w", stdout) == NULL || !torture_make_keys()) _exit(1);
    while (o == NULL && !torture->over) {
        o = torture_kind->open();
        if (o == NULL) usleep(100000);
    }
    if (o == NULL) _exit(0);
    if (torture_kind->patience != NULL)
        torture_kind->patience(o, torture_kind == &cluster ? 10000 : torture_kind == &postgres ? 2000 : 1000);
    s = torture_kind->store(o);
    for (i = 0; i < threads; i++) if (pthread_create(&thread[i], NULL, torture_thread, &s) != 0) _exit(1);
    for (i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    torture_kind->close(o);
    _exit(0);
}

/* ---- faults ------------------------------------------------------------------------------------- */

enum { TORTURE_PROCESSES = 4 };
static pid_t torture_pid[TORTURE_PROCESSES];
static int torture_processes, torture_threads, torture_faults;

static void torture_fork(int i)
{
    fflush(stdout);
    torture_pid[i] = fork();
    if (torture_pid[i] == 0) torture_process(torture_threads);
}

static void torture_kill_process(void)
{
    int i = (int)torture_rnd((size_t)torture_processes);
    kill(torture_pid[i], SIGKILL);
    waitpid(torture_pid[i], NULL, 0);
    torture_fork(i);
    torture_faults++;
}

static void torture_kill_master(void)
{
    int i = (int)torture_rnd(CLUSTER_NODES);
    service *victim = &cluster_servers.node[i];
    end_service(victim);
    torture_faults++;
    usleep(2500000);                            /* its replica takes over, if it was a master */
    CHECK(redis_start(victim));
    CHECK(cluster_ready(&cluster_servers));
}

static void torture_fault(void)
{
    size_t dice = torture_rnd(3);
    if (torture_kind == &memory) { usleep(200000); return; }
    if (dice > 0 || (torture_kind->kill == NULL && torture_kind != &cluster)) {
        torture_kill_process();
        return;
    }
    if (torture_kind == &cluster) {
        torture_kill_master();
        return;
    }
    if (torture_rnd(2) == 0) {
        torture_kind->hold();
        usleep(300000 + (useconds_t)torture_rnd(1500000));
        torture_kind->go();
    } else {
        torture_kind->kill();
        usleep((useconds_t)torture_rnd(500000));
        CHECK(torture_kind->start());
    }
    torture_faults++;
}

/* ---- the checker -------------------------------------------------------------------------------- */

static int torture_violations;

static void torture_violated(const char *rule, const char *what, uint32_t a, uint32_t b)
{
    if (torture_violations++ < 10) printf("violated: %s: %s (%u, %u)\n", rule, what, a, b);
}

static int torture_by_id(const void *a, const void *b)
{
    const torture_write *x = (const torture_write *)a, *y = (const torture_write *)b;
    int c = memcmp(x->id, y->id, TA_ID_SIZE);
    if (c != 0) return c;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* One winner: of the writes to one record that were acknowledged, no two began from the same version.
   Inserts: one, unless a removal that was acknowledged, or may have happened, lies before the second.
   Sessions only: a mark may go and come.                                                               */
static void torture_check_winners(const torture_write *w, size_t n)
{
    size_t i, j;
    for (i = 0; i < n; i++) {
        if (w[i].st != TA_OK || w[i].kind != 1) continue;
        for (j = i + 1; j < n; j++) {
            if (w[j].st == TA_OK && w[j].insert == w[i].insert && w[j].from == w[i].from)
                torture_violated("one winner for each version", "two were told OK", w[i].start, w[j].start);
        }
    }
}

/* Nothing acknowledged is lost: the record is at least as far as the last acknowledged write, and gone if
   a removal was acknowledged. It may be further, or gone, only by a write whose outcome nobody was told. */
static void torture_check_kept(const ta_store *s, const torture_write *w, size_t n)
{
    ta_record r;
    ta_status st = s->get(s->ctx, w[0].id, &r);
    uint32_t last = 0, possible = 0;
    static const char kept[] = "nothing acknowledged is lost";
    bool born = false, removed = false, removal_possible = false;
    size_t i;
    for (i = 0; i < n; i++) {
        bool unknown = w[i].st == TA_ERR_STORE;
        if (w[i].st == TA_OK && w[i].remove) removed = true;
        if (unknown && w[i].remove) removal_possible = true;
        if (w[i].remove) continue;
        if (w[i].st == TA_OK) born = true;
        if (w[i].st == TA_OK && w[i].to > last) last = w[i].to;
        if (unknown && w[i].to > possible) possible = w[i].to;
    }
    if (w[0].kind != 1) return;
    if (st == TA_ERR_STORE) torture_violated("readable at the end", "it is not", w[0].start, 0);
    else if (removed && st == TA_OK) torture_violated(kept, "removed, and there", w[0].start, r.ver);
    else if (!removed && born && st == TA_ERR_NOT_FOUND && !removal_possible)
        torture_violated(kept, "a session is gone", w[0].start, last);
    else if (st == TA_OK && r.ver < last) torture_violated(kept, "a write is gone", r.ver, last);
    else if (st == TA_OK && r.ver > last && r.ver > possible)
        torture_violated("nothing happens by itself", "a version nobody wrote", r.ver, last);
}

static void torture_check_writes(const ta_store *s)
{
    size_t n = torture->writes < TORTURE_WRITES ? torture->writes : TORTURE_WRITES, i, j;
    qsort(torture->write, n, sizeof *torture->write, torture_by_id);
    for (i = 0; i < n; i = j) {
        for (j = i + 1; j < n && memcmp(torture->write[i].id, torture->write[j].id, TA_ID_SIZE) == 0; j++) { }
        torture_check_winners(torture->write + i, j - i);
        torture_check_kept(s, torture->write + i, j - i);
    }
}

/* No token works after an acknowledged revocation: a logout, a replay or a logout of the whole subject
   that was answered before the refresh began.                                                          */
static uint32_t torture_ended[TORTURE_SESSIONS], torture_touched[TORTURE_SESSIONS];

static void torture_note_end(uint32_t session, uint32_t when)
{
    if (torture_ended[session] == 0 || when < torture_ended[session]) torture_ended[session] = when;
}

/* Who may have been ended by somebody: from when on its client may be told so. */
static void torture_note_touch(uint32_t session, uint32_t when)
{
    if (torture_touched[session] == 0 || when < torture_touched[session]) torture_touched[session] = when;
}

static void torture_note_all(const torture_call *c, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const torture_call *l = &torture->call[i];
        if (l->op != T_LOGIN || l->subject != c->subject) continue;
        torture_note_touch(l->session, c->start);
        if (c->end != 0 && c->st == TA_OK && l->end != 0 && l->end < c->start)
            torture_note_end(l->session, c->end);
    }
}

static bool torture_is_lost(const torture_call *c)
{
    return c->end == 0 || c->st == TA_ERR_STORE || c->st == TA_ERR_BUSY;
}

/* The token after this call's was presented, and may have been rotated, before the call was over: two
   behind, as its own then is, is a replay by the protocol. It takes a rotation that was long past when its
   answer, lost with a server, was asked for again.                                                     */
static bool torture_is_overtaken(const torture_call *c, size_t n)
{
    const torture_call *first = torture->call, *o = c - first > 64 ? c - 64 : first;
    for (; o < first + n && (c->end == 0 || o->start < c->end); o++) {
        if (o->op == T_REFRESH && o->session == c->session && o->used > c->used
            && (torture_is_lost(o) || (o->st == TA_OK && o->got > o->used))) return true;
    }
    return false;
}

/* A client that came too late with its token has ended its session itself, whether it was told or not. */
static bool torture_may_end_its_own(const torture_call *c, size_t n)
{
    return c->op == T_REFRESH && (torture_is_lost(c) || c->st == TA_ERR_REPLAY)
        && (c->late || torture_is_overtaken(c, n));
}

static void torture_check_calls(void)
{
    size_t n = torture->calls < TORTURE_CALLS ? torture->calls : TORTURE_CALLS, i;
    memset(torture_ended, 0, sizeof torture_ended);
    memset(torture_touched, 0, sizeof torture_touched);
    for (i = 0; i < n; i++) {
        const torture_call *c = &torture->call[i];
        if (c->op == T_LOGOUT_ALL) torture_note_all(c, n);
        if (c->op == T_LOGOUT || c->op == T_THEFT || torture_may_end_its_own(c, n))
            torture_note_touch(c->session, c->start);
        if (c->end == 0) continue;
        if ((c->op == T_LOGOUT && c->st == TA_OK) || c->st == TA_ERR_REPLAY || c->st == TA_ERR_AHEAD)
            torture_note_end(c->session, c->end);
    }
    for (i = 0; i < n; i++) {
        const torture_call *c = &torture->call[i];
        uint32_t ended = torture_ended[c->session], touched = torture_touched[c->session];
        bool told_to_go = c->st == TA_ERR_REPLAY || c->st == TA_ERR_ENDED || c->st == TA_ERR_REVOKED
                       || c->st == TA_ERR_LOGGED_OUT || c->st == TA_ERR_INVALID || c->st == TA_ERR_AHEAD;
        if ((c->op != T_REFRESH && c->op != T_THEFT) || c->end == 0) continue;
        if (c->st == TA_OK && ended != 0 && c->start > ended)
            torture_violated("no token works after a revocation", "it did", ended, c->start);
        if (c->st == TA_ERR_AHEAD)
            torture_violated("nothing acknowledged is lost", "a token is ahead", c->session, c->used);
        if (c->op == T_REFRESH && told_to_go && (touched == 0 || touched > c->end) && !c->late)
            torture_violated("no honest client is logged out by a race", ta_status_name(c->st), c->session,
                             c->used);
        if (c->op == T_REFRESH && c->st == TA_OK && c->got != c->used && c->got != c->used + 1)
            torture_violated("one chain", "a token out of line", c->used, c->got);
    }
}

/* ---- a back-up from before the end, put back --------------------------------------------------------- */

/* The journal's file may be copied at any time. The others are copied by the tool, which says that somebody
   is writing meanwhile: for a back-up that will do.                                                   */
static void torture_back_up(const store_kind *k)
{
    char command[700], to[320];
    unlink(in_dir("backup"));
    snprintf(to, sizeof to, "journal:%.300s", in_dir("backup"));
    snprintf(command, sizeof command, "cp '%.300s' '%.300s'", in_dir("journal"), in_dir("backup"));
    if (k != &journal)               (void)migrate(store_name(k), to);
    else if (system(command) != 0)   CHECK(!"copied");
}

static void *torture_restore(const store_kind *k)
{
    char command[700], from[320];
    k->wipe();
    snprintf(from, sizeof from, "journal:%.300s", in_dir("backup"));
    snprintf(command, sizeof command, "cp '%.300s' '%.300s'", in_dir("backup"), in_dir("journal"));
    if (k == &journal) CHECK(system(command) == 0);
    else {
        k->close(k->open());            /* makes what it keeps them in */
        CHECK(migrate(from, store_name(k)));
    }
    return k->open();
}

/* What the store of then has to say to a token of now. */
static ta_status torture_expected(const ta_store *s, const torture_jar *j)
{
    uint8_t raw[TA_BYTES_CAP(TA_REFRESH_CAP)], id[TA_ID_SIZE];
    ta_record r, mark;
    size_t n;
    uint32_t epoch = 0;
    if (ta_base64url_decode(j->token, j->len, raw, sizeof raw, &n) != TA_OK) return TA_ERR_INVALID;
    tai_session_id(raw + 1, id);
    if (s->get(s->ctx, id, &r) != TA_OK) return TA_ERR_ENDED;
    if (r.state != 0) return TA_ERR_REVOKED;
    tai_user_id(r.text, r.sub_len, id);
    if (s->get(s->ctx, id, &mark) == TA_OK) epoch = mark.epoch;
    if (r.epoch != epoch) return TA_ERR_LOGGED_OUT;
    return j->gen > r.gen ? TA_ERR_AHEAD : j->gen == r.gen ? TA_OK : TA_ERR_REPLAY;
}

/* After the back-up is back: who is ahead of it is told so, and then nothing of his works, the older token
   that a thief has neither; who is not goes on; who came later is unknown.                            */
static void torture_check_restored(const store_kind *k)
{
    static const char rule[] = "a back-up that came back";
    int went_on = 0, ahead = 0, unknown = 0;
    void *o = torture_restore(k);
    int64_t now = torture_now() + 1000;
    torture_ear ear;
    ta_store s;
    ta_auth a;
    ta_pair p;
    size_t i;
    CHECK(o != NULL && torture_make_keys());
    if (o == NULL) return;
    s = k->store(o);
    CHECK(torture_auth(&a, &ear, s));
    for (i = 0; i < TORTURE_CLIENTS; i++) {
        torture_jar j = torture_look(&torture->client[i]);
        ta_status want, st;
        if (j.len == 0) continue;
        want = torture_expected(&s, &j);
        st = ta_refresh(&a, j.token, j.len, now, NULL, &p);
        went_on += st == TA_OK;
        ahead   += st == TA_ERR_AHEAD;
        unknown += st == TA_ERR_ENDED;
        if (st != want) torture_violated(rule, ta_status_name(st), j.session, j.gen);
        if (st != TA_ERR_AHEAD) continue;
        if (ta_refresh(&a, j.token, j.len, now, NULL, &p) != TA_ERR_REVOKED
            || (j.old_len > 0 && ta_refresh(&a, j.old, j.old_len, now, NULL, &p) != TA_ERR_REVOKED))
            torture_violated(rule, "a token works after TA_ERR_AHEAD", j.session, j.gen);
    }
    printf("%s: back-up of a second ago put back: %d sessions go on, %d ahead of it and revoked, "
           "%d unknown\n", k->name, went_on, ahead, unknown);
    CHECK(ahead + unknown > 0);
    k->close(o);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static void torture_set_up(void)
{
    pthread_mutexattr_t attr;
    int i;
    torture = (struct torture_shared *)mmap(NULL, sizeof *torture, PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (torture == MAP_FAILED) exit(2);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    for (i = 0; i < TORTURE_CLIENTS; i++) pthread_mutex_init(&torture->client[i].mutex, &attr);
    clock_gettime(CLOCK_MONOTONIC, &torture->begun);
    torture_base = (int64_t)time(NULL);
    torture_random_state = rnd64();
    torture_violations = torture_faults = 0;
}

static void torture_stop(void)
{
    int i;
    torture->over = true;
    for (i = 0; i < torture_processes; i++) waitpid(torture_pid[i], NULL, 0);
}

static void torture_count(const store_kind *k, double seconds_run)
{
    static const char *const name[T_OPS] = {"logins", "refreshes", "thefts", "logouts", "logouts of all",
                                            "lists"};
    long ok[T_OPS] = {0}, all[T_OPS] = {0}, unanswered = 0, store = 0;
    size_t n = torture->calls, i;
    for (i = 0; i < n; i++) {
        const torture_call *c = &torture->call[i];
        all[c->op]++;
        ok[c->op] += c->end != 0 && c->st == TA_OK;
        unanswered += c->end == 0;
        store += c->end != 0 && (c->st == TA_ERR_STORE || c->st == TA_ERR_BUSY);
    }
    printf("%s: %lu operations, %u writes in %.0f s; %d faults, %ld answers lost, %ld refused for the store;"
           " %d violations\n", k->name, (unsigned long)n, torture->writes, seconds_run, torture_faults,
           unanswered, store, torture_violations);
    for (i = 0; i < T_OPS; i++)
        printf("    %ld of %ld %s%s", ok[i], all[i], name[i], i + 1 < T_OPS ? "," : "\n");
    CHECK(ok[T_LOGIN] >= 20 && ok[T_REFRESH] >= 300);   /* it did run */
    CHECK(k == &memory || torture_faults >= 3);
}

static void torture_until(double then)
{
    while (torture_age() < then) {
        torture_fault();
        usleep(100000 + (useconds_t)torture_rnd(400000));
    }
}

/* Calls since the first-th that went well and gave a new token. */
static long torture_news(size_t first, torture_op op)
{
    long n = 0;
    for (; first < torture->calls && first < TORTURE_CALLS; first++) {
        const torture_call *c = &torture->call[first];
        n += c->op == op && c->end != 0 && c->st == TA_OK && (op == T_LOGIN || c->got > c->used);
    }
    return n;
}

/* On a busy machine a fault may take as long as all of it was meant to: on until there was enough.     */
static void torture_until_enough(const store_kind *k)
{
    double most = torture_age() + 120;
    while (torture_age() < most && (torture_news(0, T_LOGIN) < 50 || torture_news(0, T_REFRESH) < 300
                                    || (k != &memory && torture_faults < 3))) torture_until(torture_age() + 0.5);
}

static void torture_until_ahead_of_back_up(size_t first)
{
    double most = torture_age() + 120;
    torture_until(torture_age() + 0.7);
    while (torture_age() < most && torture_news(first, T_REFRESH) + torture_news(first, T_LOGIN) < 30)
        torture_until(torture_age() + 0.5);
}

static void run_torture(const store_kind *k)
{
    void *o;
    ta_store s;
    double length = quick ? 5 : 60;
    int i;
    torture_kind = k;
    if (k == &cluster) length = quick ? 9 : 90;
    k->wipe();
    if (k == &cluster) cluster_patience(&cluster_servers, 1000);
    torture_set_up();
    torture_processes = k->several ? TORTURE_PROCESSES : 1;
    torture_threads = k->several ? 2 : 8;
    for (i = 0; i < torture_processes; i++) torture_fork(i);
    usleep(500000);
    torture_until(length - 0.7);
    torture_until_enough(k);
    if (k != &memory) torture_back_up(k);
    torture_until_ahead_of_back_up(torture->calls);
    torture_stop();
    if (k == &cluster) cluster_patience(&cluster_servers, CLUSTER_PATIENT_MS);
    if (k != &memory) {
        o = k->open();
        CHECK(o != NULL);
        if (o == NULL) return;
        s = k->store(o);
        torture_check_writes(&s);
        k->close(o);
    }
    torture_check_calls();
    if (k != &memory) torture_check_restored(k);
    torture_count(k, torture_age());
    CHECK_EQ(torture_violations, 0);
    munmap(torture, sizeof *torture);
}
