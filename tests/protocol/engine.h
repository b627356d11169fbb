/* engine.h - the refresh engine of tokenauth.h, compiled as it is, seen as a function: from a call and
   the answers it has had so far to its next request, or to its result.

   A call is run from its beginning with the answers that are known; at the first request beyond them it
   is left by longjmp. What comes out is kept in a tree, one node for each sequence of answers, so
   each is computed once, and a call in the middle of its work is the number of a node: it can be copied,
   compared and gone on with in any order. On each way down the earlier requests are compared with those
   of the first time: the engine must not know anything but its arguments and answers.          */

#ifndef ENGINE_H
#define ENGINE_H

#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#define EPOCH_0  INT64_C(1000000000)    /* the clocks here count from this second */
#define WINDOW   10
#define RETRY    100
#define KEYS     10                     /* ids of records in one scenario */
#define MAX_GEN  15

static void die(const char *why) { printf("FAILED protocol: %s\n", why); exit(2); }

static void *grown(void *p, size_t count, size_t *cap, size_t each)
{
    if (count < *cap) return p;
    *cap = *cap > 0 ? *cap * 2 : 1024;
    p = realloc(p, *cap * each);
    if (p == NULL) die("out of memory");
    return p;
}

/* ---- bytes as numbers: records, ids, tokens; equal numbers are equal bytes ----------------------- */

typedef struct pool { unsigned char *bytes; size_t each, n, cap; uint32_t *slot; size_t slots; } pool;

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}
static uint64_t hash_bytes(const void *bytes, size_t n, uint64_t h)
{
    const unsigned char *p = (const unsigned char *)bytes;
    uint64_t v;
    for (; n >= 8; n -= 8, p += 8) { memcpy(&v, p, 8); h = mix(h, v); }
    for (v = 0; n > 0; n--) v = v << 8 | *p++;
    return mix(h, v);
}

static void pool_rehash(pool *p)
{
    size_t i, at;
    free(p->slot);
    p->slots = p->slots > 0 ? p->slots * 2 : 4096;
    p->slot = (uint32_t *)calloc(p->slots, sizeof *p->slot);
    if (p->slot == NULL) die("out of memory");
    for (i = 0; i < p->n; i++) {
        at = (size_t)hash_bytes(p->bytes + i * p->each, p->each, 1) & (p->slots - 1);
        while (p->slot[at] != 0) at = (at + 1) & (p->slots - 1);
        p->slot[at] = (uint32_t)i + 1;
    }
}

/* 1 for the first, 2 for the second; 0 means none everywhere.  fresh: it was not there before    */
static uint32_t pool_put(pool *p, const void *bytes, bool *fresh)
{
    size_t at;
    if (p->n * 2 >= p->slots) pool_rehash(p);
    at = (size_t)hash_bytes(bytes, p->each, 1) & (p->slots - 1);
    *fresh = false;
    for (; p->slot[at] != 0; at = (at + 1) & (p->slots - 1)) {
        if (memcmp(p->bytes + (size_t)(p->slot[at] - 1) * p->each, bytes, p->each) == 0) return p->slot[at];
    }
    *fresh = true;
    p->bytes = (unsigned char *)grown(p->bytes, p->n, &p->cap, p->each);
    memcpy(p->bytes + p->n * p->each, bytes, p->each);
    p->slot[at] = (uint32_t)++p->n;
    return p->slot[at];
}
static const void *pool_at(const pool *p, uint32_t i) { return p->bytes + (size_t)(i - 1) * p->each; }

static void pool_clear(pool *p)
{
    free(p->bytes);
    free(p->slot);
    p->bytes = NULL;
    p->slot = NULL;
    p->n = p->cap = p->slots = 0;
}

static pool records = {NULL, TA_RECORD_SIZE, 0, 0, NULL, 0};
static pool ids     = {NULL, TA_ID_SIZE, 0, 0, NULL, 0};
static pool tokens  = {NULL, TA_REFRESH_CAP, 0, 0, NULL, 0};
static pool accesses = {NULL, TA_ACCESS_CAP, 0, 0, NULL, 0};

static ta_record record_at(uint32_t i)
{
    ta_record r;
    if (ta_record_unpack(pool_at(&records, i), TA_RECORD_SIZE, &r) != TA_OK) die("a record does not unpack");
    return r;
}
static uint16_t record_number(const ta_record *r)
{
    uint8_t packed[TA_RECORD_SIZE];
    bool fresh;
    uint32_t i;
    ta_record_pack(r, packed);
    i = pool_put(&records, packed, &fresh);
    if (fresh) (void)record_at(i);
    if (i > 65535) die("too many records");
    return (uint16_t)i;
}
static uint8_t key_number(const uint8_t id[TA_ID_SIZE])
{
    bool fresh;
    uint32_t i = pool_put(&ids, id, &fresh);
    if (i >= KEYS) die("too many ids");
    return (uint8_t)i;
}

/* What a token says, by its format alone: version, secret, generation, tag.                       */
typedef struct token_text { uint8_t key, gen; } token_text;

static token_text token_read(uint32_t token)
{
    static const char label[] = "tokenauth.h session 1";
    uint8_t raw[TA_BYTES_CAP(TA_REFRESH_CAP)], text[sizeof label - 1 + 16], digest[TA_SHA256_SIZE];
    const char *chars = (const char *)pool_at(&tokens, token);
    token_text t;
    size_t n;
    if (ta_base64url_decode(chars, strlen(chars), raw, sizeof raw, &n) != TA_OK || n != 37)
        die("a token's form");
    memcpy(text, label, sizeof label - 1);
    memcpy(text + sizeof label - 1, raw + 1, 16);
    ta_sha256_once(text, sizeof text, digest);
    t.key = key_number(digest);
    t.gen = raw[20];
    if (raw[17] != 0 || raw[18] != 0 || raw[19] != 0 || t.gen > MAX_GEN) die("a generation beyond the model");
    return t;
}

/* ---- calls and nodes ------------------------------------------------------------------------------ */

enum call_kind {
    CALL_LOGIN = 1, CALL_REFRESH, CALL_CHECK, CALL_LOGOUT, CALL_LOGOUT_ALL, CALL_LOGOUT_OTHERS, CALL_END,
    CALL_EPOCH, CALL_LABEL
};
typedef struct call {
    uint8_t kind, server, user, retry; /* user 0 ann, 1 bob; retry: number of the retry key, 0 none */
    uint8_t  password, salted, with_epoch, spare;
    uint16_t token, access, seed, spare2;
    int32_t  now;
    uint32_t epoch;
} call;

enum request_kind { ASK_GET = 1, ASK_CAS, ASK_LIST, ASK_USER, DONE };
typedef struct request {
    uint8_t  kind, key;
    uint16_t old, next;                 /* ASK_CAS */
    int32_t  st;                        /* from here: DONE */
    uint16_t token, access, events;
    uint32_t epoch;
} request;

typedef struct answer { int32_t st; uint32_t value; } answer;   /* a record, a set of keys, a password */

typedef struct node {
    uint32_t parent, root;              /* root: number of the call */
    answer   last;
    request  req;
} node;

static pool   calls = {NULL, sizeof(call), 0, 0, NULL, 0};
typedef struct edge { uint32_t from; answer last; } edge;
static pool   edges = {NULL, sizeof(edge), 0, 0, NULL, 0};     /* edge number = node number */
static node  *nodes;
static size_t nodes_cap;

static ta_auth servers[2];
static long    engine_runs;

/* ---- one run ---------------------------------------------------------------------------------------- */

static struct {
    const uint32_t *path;               /* node numbers, the first of them the root */
    size_t   depth, at;
    const call *c;
    request  asked;
    uint8_t  draws;
    uint16_t events;
    jmp_buf  leave;
} run;

static answer ask(const request *r)
{
    const node *n = &nodes[run.path[run.at]];
    if (run.at + 1 == run.depth) {
        run.asked = *r;
        longjmp(run.leave, 1);
    }
    if (memcmp(&n->req, r, sizeof *r) != 0) die("the same answers, another request: the engine has a memory");
    return nodes[run.path[++run.at]].last;
}

static ta_status store_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    request r;
    answer a;
    (void)ctx;
    memset(&r, 0, sizeof r);
    r.kind = ASK_GET;
    r.key = key_number(id);
    a = ask(&r);
    if (a.st == TA_OK) *out = record_at(a.value);
    return (ta_status)a.st;
}

/* A write must be one that a store may rely on: an id, a raised version, an expiry.               */
static void check_write(const uint8_t id[TA_ID_SIZE], const ta_record *old, const ta_record *next,
                        int64_t expires)
{
    int64_t end;
    if (old != NULL && memcmp(old->id, id, TA_ID_SIZE) != 0) die("cas: old has another id");
    if (next == NULL) return;
    if (memcmp(next->id, id, TA_ID_SIZE) != 0) die("cas: next has another id");
    end = next->kind == TAI_SESSION && next->idle_until < next->ends_at ? next->idle_until : next->ends_at;
    if (expires != end + 86400) die("cas: expires is not a day after the record's end");
}

static ta_status store_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                           const ta_record *next, int64_t expires)
{
    request r;
    (void)ctx;
    check_write(id, old, next, expires);
    memset(&r, 0, sizeof r);
    r.kind = ASK_CAS;
    r.key  = key_number(id);
    r.old  = old != NULL ? record_number(old) : 0;
    r.next = next != NULL ? record_number(next) : 0;
    return (ta_status)ask(&r).st;
}

/* The answer is a set of keys; here they get into order.                                          */
static ta_status store_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                            uint8_t (*out)[TA_ID_SIZE], size_t cap, size_t *n)
{
    request r;
    answer a;
    uint32_t k, j;
    (void)ctx;
    memset(&r, 0, sizeof r);
    r.kind = ASK_LIST;
    r.key  = len == 3 && memcmp(sub, "ann", 3) == 0 ? 0 : 1;
    a = ask(&r);
    *n = 0;
    if (a.st != TA_OK) return (ta_status)a.st;
    for (k = 1; k < KEYS; k++) {
        const uint8_t *id = (const uint8_t *)pool_at(&ids, k);
        if ((a.value >> k & 1) == 0 || (after != NULL && memcmp(id, after, TA_ID_SIZE) <= 0)) continue;
        if (*n == cap) die("list: more than a page");
        for (j = (uint32_t)(*n)++; j > 0 && memcmp(out[j - 1], id, TA_ID_SIZE) > 0; j--)
            memcpy(out[j], out[j - 1], TA_ID_SIZE);
        memcpy(out[j], id, TA_ID_SIZE);
    }
    return TA_OK;
}

static char salt_of[2][4] = {"pw0", "pw1"};

static ta_status hook_user(void *ctx, const ta_session *s, ta_user *out)
{
    request r;
    answer a;
    (void)ctx; (void)s;
    memset(&r, 0, sizeof r);
    r.kind = ASK_USER;
    a = ask(&r);
    if (run.c->salted) {
        out->salt = salt_of[a.value & 1];
        out->salt_len = 3;
    }
    return (ta_status)a.st;
}

static ta_status hook_random(void *ctx, void *out, size_t len)
{
    uint8_t *p = (uint8_t *)out;
    size_t i;
    (void)ctx;
    run.draws++;
    for (i = 0; i < len; i++)
        p[i] = (uint8_t)((i & 1 ? run.c->seed >> 8 : run.c->seed) + run.draws * 101 + i * 7 + run.c->kind);
    return TA_OK;
}

static void hook_event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx; (void)s;
    run.events |= (uint16_t)(1u << what);
}

/* ---- the calls themselves ----------------------------------------------------------------------------- */

static uint8_t retry_key[16];

static ta_refresh_opts refresh_opts(const call *c)
{
    ta_refresh_opts o = TA_ZERO;
    if (c->retry != 0) {
        memset(retry_key, c->retry, sizeof retry_key);
        o.retry_key = retry_key;
    }
    if (c->kind == CALL_LOGOUT_OTHERS && c->salted) {
        o.old_salt = salt_of[c->password];
        o.old_salt_len = 3;
    }
    return o;
}

static ta_client client_after(ta_status st)     /* the protocol's table, once more */
{
    if (st == TA_OK) return TA_CLIENT_SET;
    return st <= TA_ERR_INVALID && st >= TA_ERR_AHEAD && st != TA_ERR_UNKNOWN_KEY ? TA_CLIENT_LOGIN
                                                                                  : TA_CLIENT_KEEP;
}

static void check_pair(ta_status st, const ta_pair *p)
{
    ta_pair none;
    memset(&none, 0, sizeof none);
    if (p->client != client_after(st)) die("pair.client is not as the table says");
    if (st == TA_OK) return;
    none.client = p->client;
    none.retry_after_s = p->retry_after_s;
    if (memcmp(none.access, p->access, sizeof none.access) != 0 || none.access_len != p->access_len
        || memcmp(none.refresh, p->refresh, sizeof none.refresh) != 0 || none.refresh_len != p->refresh_len
        || memcmp(none.sid, p->sid, sizeof none.sid) != 0 || p->access_s != 0 || p->refresh_s != 0)
        die("something was left in a pair after a failure");
}

static void take_pair(ta_status st, const ta_pair *p, request *done)
{
    char text[TA_REFRESH_CAP] = {0};
    bool fresh;
    check_pair(st, p);
    if (st != TA_OK) return;
    memcpy(text, p->refresh, p->refresh_len);
    done->token  = (uint16_t)pool_put(&tokens, text, &fresh);
    done->access = (uint16_t)pool_put(&accesses, p->access, &fresh);
}

/* An administrator's write beside the engine: a label, by the rules of the store.                 */
static ta_status write_label(const char *token)
{
    tai_token t;
    ta_record old, next;
    ta_status st;
    st = tai_token_read(&servers[0], token, strlen(token), &t);
    if (st != TA_OK) return st;
    do {
        st = store_get(NULL, t.id, &old);
        if (st != TA_OK) return st;
        next = old;
        next.ver++;
        next.label_len = 1;
        next.text[next.sub_len] = 'M';
        st = store_cas(NULL, t.id, &old, &next,
                       (next.idle_until < next.ends_at ? next.idle_until : next.ends_at) + 86400);
    } while (st == TA_ERR_CONFLICT);
    return st;
}

static ta_status do_login(const ta_auth *a, const call *c, const char *user, int64_t now, request *done)
{
    ta_login_opts o = TA_ZERO;
    ta_pair pair;
    ta_status st;
    memset(&pair, 0xA5, sizeof pair);
    if (c->salted) {
        o.salt = salt_of[c->password];
        o.salt_len = 3;
    }
    if (c->with_epoch) o.epoch = &c->epoch;
    st = ta_login(a, user, now, &o, &pair);
    if (st != TA_OK && pair.client != TA_CLIENT_KEEP) die("a failed login changes the cookie");
    if (st == TA_OK) take_pair(st, &pair, done);
    return st;
}

static ta_status do_call(const call *c, request *done)
{
    const ta_auth *a = &servers[c->server];
    static const char *const users[2] = {"ann", "bob"};
    const char *user = users[c->user];
    const char *token = c->token != 0 ? (const char *)pool_at(&tokens, c->token) : "";
    const char *access = c->access != 0 ? (const char *)pool_at(&accesses, c->access) : "";
    int64_t now = EPOCH_0 + c->now;
    ta_refresh_opts o = refresh_opts(c);
    ta_pair pair;
    ta_jwt jwt;
    char buf[TA_ACCESS_CAP];
    ta_status st;

    memset(&pair, 0xA5, sizeof pair);
    switch (c->kind) {
    case CALL_LOGIN:  return do_login(a, c, user, now, done);
    case CALL_REFRESH:
        st = ta_refresh(a, token, strlen(token), now, &o, &pair);
        take_pair(st, &pair, done);
        return st;
    case CALL_CHECK:         return ta_check(a, access, strlen(access), now, buf, sizeof buf, &jwt);
    case CALL_LOGOUT:        return ta_logout(a, token, strlen(token), now);
    case CALL_LOGOUT_ALL:    return ta_logout_all(a, user, now);
    case CALL_LOGOUT_OTHERS: return ta_logout_others(a, token, strlen(token), now, &o);
    case CALL_END: {
        char sid[TA_SID_CAP];
        size_t n;
        if (ta_base64url_encode(pool_at(&ids, token_read(c->token).key), TA_ID_SIZE, sid, sizeof sid, &n)
            != TA_OK)
            die("sid");
        return ta_session_end(a, user, sid, n, now);
    }
    case CALL_EPOCH: return ta_user_epoch(a, user, &done->epoch);
    default:         return write_label(token);
    }
}

static void run_path(const uint32_t *path, size_t depth)
{
    request done;
    run.path = path;
    run.depth = depth;
    run.at = 0;
    run.c = (const call *)pool_at(&calls, nodes[path[0]].root);
    run.draws = 0;
    run.events = 0;
    engine_runs++;
    if (setjmp(run.leave) != 0) return;
    memset(&done, 0, sizeof done);
    done.kind = DONE;
    done.st = do_call(run.c, &done);
    done.events = run.events;
    if (run.at + 1 != depth) die("the same answers, and the engine was done earlier");
    run.asked = done;
}

/* ---- the tree ----------------------------------------------------------------------------------------- */

static uint32_t node_of_edge(const edge *e, uint32_t root)
{
    enum { LONGEST = 256 };
    uint32_t path[LONGEST], n, i;
    size_t depth = 0;
    bool fresh;
    n = pool_put(&edges, e, &fresh);
    if (!fresh) return n;
    nodes = (node *)grown(nodes, n, &nodes_cap, sizeof *nodes);
    memset(&nodes[n], 0, sizeof nodes[n]);
    nodes[n].parent = e->from;
    nodes[n].root   = root;
    nodes[n].last   = e->last;
    for (i = n; i != 0; i = nodes[i].parent) if (++depth > LONGEST) die("a call that does not end");
    for (i = n, depth = 0; i != 0; i = nodes[i].parent) depth++;
    for (i = n; i != 0; i = nodes[i].parent) path[--depth] = i;
    for (i = n; i != 0; i = nodes[i].parent) depth++;
    run_path(path, depth);
    nodes[n].req = run.asked;
    return n;
}

static uint32_t node_begin(const call *c)
{
    edge e;
    bool fresh;
    memset(&e, 0, sizeof e);
    e.last.value = pool_put(&calls, c, &fresh);
    return node_of_edge(&e, e.last.value);
}
static uint32_t node_answer(uint32_t from, int32_t st, uint32_t value)
{
    edge e;
    memset(&e, 0, sizeof e);
    e.from = from;
    e.last.st = st;
    e.last.value = value;
    return node_of_edge(&e, nodes[from].root);
}

static void engine_clear(void)
{
    pool_clear(&records); pool_clear(&ids); pool_clear(&tokens); pool_clear(&accesses);
    pool_clear(&calls);   pool_clear(&edges);
}

#endif
