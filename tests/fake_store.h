/* fake_store.h - a store that is a plain array searched from its start, and around it everything
   else a ta_auth needs: keys, a clock, random numbers, users, a list of events.

   The store fails on command (fake_fail), lets others act between two calls (fake_meanwhile),
   forgets what was written (copy app.store and put the copy back) and watches each call: what a
   swap may change, when a record may be dropped, that no two calls overlap.
   The token, the record's id and its seals are computed here a second time from the formulas of
   the protocol, with ta_sha256 and ta_hmac_sha256 and nothing else of the header.              */

#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include "check.h"

#define FAKE_ROWS   512
#define FAKE_FAULTS 8
#define FAKE_EVENTS 16
#define FAKE_DAY    86400

/* ---- the store --------------------------------------------------------------------------- */

typedef enum fake_call { FAKE_GET, FAKE_CAS, FAKE_LIST, FAKE_SWEEP, FAKE_CALLS } fake_call;

typedef struct fake_row {
    uint8_t bytes[TA_RECORD_SIZE];      /* packed, as a real store keeps it */
    int64_t expires;
    bool    used, dead;                 /* dead: deleted, but its id may still be listed */
} fake_row;

typedef struct fake_fault {
    fake_call call;
    long      from, to;                 /* which calls of this kind, by fake_store.count */
    ta_status answer;
    bool      applied;                  /* the call is carried out, then the answer is lost */
    void    (*forge)(ta_record *);      /* instead of an answer: what a get gives is changed */
    bool      lazy;                     /* a get that says OK and gives nothing */
} fake_fault;

typedef struct fake_store {
    fake_row   rows[FAKE_ROWS];
    size_t     limit;                   /* rows at most; then FULL */
    long       calls, count[FAKE_CALLS];
    long       writes;                  /* swaps that were applied */
    ta_record  late;                    /* what the last swap that failed unapplied would have written */
    bool       late_insert;
    fake_fault fault[FAKE_FAULTS];
    size_t     faults;
    bool       busy;                    /* inside a call */
    bool       ghosts;                  /* list names deleted sessions, too */
    bool       rewinds;                 /* list begins anew each time, whatever `after` is */
    long       meanwhile_at;            /* before which call others act */
    void     (*meanwhile)(void);
    size_t     most;                    /* what the last sweep was allowed */
    long       swept;
} fake_store;

/* From the nth call of this kind from now (1: the next one) so many calls answer this instead. */
CHECK_UNUSED static fake_fault *fake_fail(fake_store *s, fake_call call, long nth, long times,
                                          ta_status answer, bool applied)
{
    fake_fault *f = &s->fault[s->faults++];
    if (s->faults > FAKE_FAULTS) { puts("too many faults"); exit(2); }
    memset(f, 0, sizeof *f);
    f->call    = call;
    f->from    = s->count[call] + nth;
    f->to      = f->from + times - 1;
    f->answer  = answer;
    f->applied = applied;
    return f;
}

/* The nth get from now gives a record that was changed on its way. */
CHECK_UNUSED static void fake_forge(fake_store *s, long nth, void (*forge)(ta_record *))
{
    fake_fail(s, FAKE_GET, nth, 1, TA_OK, true)->forge = forge;
}

/* Records of the wrong kind that are sound in themselves, under the id that was asked for. */
CHECK_UNUSED static void forge_mark(ta_record *r)
{
    ta_record mark;
    memset(&mark, 0, sizeof mark);
    mark.kind = 2;
    mark.ver = r->ver;
    memcpy(mark.id, r->id, sizeof mark.id);
    mark.created = mark.rotated_at = mark.idle_until = 1700000000;
    mark.ends_at = mark.created + FAKE_DAY;
    *r = mark;
}

CHECK_UNUSED static void forge_session(ta_record *r)
{
    r->kind = 1;
    r->sub_len = 5;
    memcpy(r->text, "alice", 5);
    if (r->created == 0) r->created = r->rotated_at = r->idle_until = r->ends_at = 1700000000;
}

/* Before the nth call from now, of any kind, others act; once. */
CHECK_UNUSED static void fake_meanwhile(fake_store *s, long nth, void (*act)(void))
{
    s->meanwhile_at = s->calls + nth;
    s->meanwhile = act;
}

static const fake_fault *fake_enter(fake_store *s, fake_call call)
{
    size_t i;
    CHECK(!s->busy);
    if (s->meanwhile != NULL && s->calls + 1 >= s->meanwhile_at) {
        void (*act)(void) = s->meanwhile;
        s->meanwhile = NULL;
        act();
    }
    s->busy = true;
    s->calls++;
    s->count[call]++;
    for (i = 0; i < s->faults; i++) {
        const fake_fault *f = &s->fault[i];
        if (f->call == call && s->count[call] >= f->from && s->count[call] <= f->to) return f;
    }
    return NULL;
}

static fake_row *fake_find(fake_store *s, const uint8_t id[TA_ID_SIZE])
{
    size_t i;
    for (i = 0; i < FAKE_ROWS; i++) {
        if (s->rows[i].used && !s->rows[i].dead
            && memcmp(s->rows[i].bytes + 16, id, TA_ID_SIZE) == 0) return &s->rows[i];
    }
    return NULL;
}

static ta_status fake_load(fake_store *s, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    fake_row *row = fake_find(s, id);
    memset(out, 0, sizeof *out);
    if (row == NULL) return TA_ERR_NOT_FOUND;
    return ta_record_unpack(row->bytes, TA_RECORD_SIZE, out) == TA_OK ? TA_OK : TA_ERR_STORE;
}

CHECK_UNUSED static bool fake_read(fake_store *s, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    return fake_load(s, id, out) == TA_OK;
}

static ta_status fake_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    fake_store *s = (fake_store *)ctx;
    const fake_fault *fault = fake_enter(s, FAKE_GET);
    ta_status st;
    if (fault != NULL && fault->lazy) {
        s->busy = false;
        return TA_OK;
    }
    st = fake_load(s, id, out);
    if (fault != NULL && fault->forge != NULL) {
        if (st == TA_ERR_NOT_FOUND) memcpy(out->id, id, TA_ID_SIZE);
        st = TA_OK;
        fault->forge(out);
    } else if (fault != NULL) {
        memset(out, 0xA5, sizeof *out);         /* a failed read may leave anything behind */
        st = fault->answer;
    }
    s->busy = false;
    return st;
}

static int64_t fake_drop_time(const ta_record *r)
{
    int64_t end = r->ends_at;
    if (r->kind == 1 && r->idle_until < end) end = r->idle_until;
    return end + FAKE_DAY;
}

/* What every swap of the engine must keep to, whatever it is for. */
static void fake_watch(const uint8_t id[TA_ID_SIZE], const ta_record *old, const ta_record *next,
                       int64_t expires)
{
    uint8_t bytes[TA_RECORD_SIZE];
    ta_record again;

    CHECK(old != NULL || next != NULL);
    if (old != NULL) CHECK_BYTES(old->id, id, TA_ID_SIZE);
    if (next == NULL) return;
    CHECK_BYTES(next->id, id, TA_ID_SIZE);
    CHECK_EQ(expires, fake_drop_time(next));
    ta_record_pack(next, bytes);
    CHECK_ST(ta_record_unpack(bytes, sizeof bytes, &again), TA_OK);
    CHECK_EQ(again.created, next->created);     /* no time in it that a packed record cannot hold */
    CHECK_EQ(again.rotated_at, next->rotated_at);
    CHECK_EQ(again.idle_until, next->idle_until);
    CHECK_EQ(again.ends_at, next->ends_at);
    if (old == NULL) return;
    CHECK_EQ(next->ver, (uint32_t)(old->ver + 1u));
    CHECK_EQ(next->kind, old->kind);
    if (next->kind == 2) return;
    CHECK(next->idle_until <= next->ends_at);
    CHECK(next->gen >= old->gen);               /* a token of the past never becomes current */
    CHECK(next->state >= old->state);           /* a revoked session stays revoked */
    CHECK_EQ(next->created, old->created);
    CHECK_EQ(next->ends_at, old->ends_at);
    CHECK_EQ(next->flags & 5, old->flags & 5);
    CHECK_BYTES(next->app, old->app, 4);
    CHECK_EQ(next->sub_len, old->sub_len);
    CHECK_EQ(next->label_len, old->label_len);
    CHECK_BYTES(next->text, old->text, TOKENAUTH_RECORD_TEXT);
}

static fake_row *fake_free_row(fake_store *s)
{
    size_t i, used = 0;
    fake_row *row = NULL;
    for (i = 0; i < FAKE_ROWS; i++) {
        if (s->rows[i].used && !s->rows[i].dead) used++;
        else if (row == NULL && !(s->ghosts && s->rows[i].dead)) row = &s->rows[i];
    }
    if (row == NULL) { puts("FAKE_ROWS is too small for this test"); exit(2); }
    return s->limit > 0 && used >= s->limit ? NULL : row;
}

static ta_status fake_swap(fake_store *s, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                           const ta_record *next, int64_t expires)
{
    fake_row *row = fake_find(s, id);
    ta_record now;
    uint8_t   bytes[TA_RECORD_SIZE];
    if (old == NULL) {
        if (row != NULL) return TA_ERR_CONFLICT;
        row = fake_free_row(s);
        if (row == NULL) return TA_ERR_FULL;
    } else if (row == NULL || ta_record_unpack(row->bytes, TA_RECORD_SIZE, &now) != TA_OK
               || now.ver != old->ver) {
        return TA_ERR_CONFLICT;
    } else {
        ta_record_pack(old, bytes);             /* old is the record as it was read, all of it */
        CHECK_BYTES(bytes, row->bytes, TA_RECORD_SIZE);
    }
    s->writes++;
    if (next == NULL) {
        row->dead = true;
        return TA_OK;
    }
    ta_record_pack(next, row->bytes);
    row->expires = expires;
    row->used = true;
    row->dead = false;
    return TA_OK;
}

static ta_status fake_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                          const ta_record *next, int64_t expires)
{
    fake_store *s = (fake_store *)ctx;
    const fake_fault *fault = fake_enter(s, FAKE_CAS);
    ta_status st = TA_OK;
    fake_watch(id, old, next, expires);
    if (fault == NULL || fault->applied) st = fake_swap(s, id, old, next, expires);
    else if (next != NULL) { s->late = *next; s->late_insert = old == NULL; }
    if (fault != NULL) st = fault->answer;
    s->busy = false;
    return st;
}

static ta_status fake_list(void *ctx, const char *sub, size_t len, const uint8_t *after,
                           uint8_t (*ids)[TA_ID_SIZE], size_t cap, size_t *n)
{
    fake_store *s = (fake_store *)ctx;
    const fake_fault *fault = fake_enter(s, FAKE_LIST);
    ta_status st = TA_OK;
    uint8_t   last[TA_ID_SIZE];
    bool      any = after != NULL && !s->rewinds;
    size_t    i;

    if (after != NULL) memcpy(last, after, sizeof last);
    *n = 0;
    while (*n < cap) {                          /* the smallest above the last one, each time */
        const uint8_t *best = NULL;
        for (i = 0; i < FAKE_ROWS; i++) {
            const uint8_t *b = s->rows[i].bytes;
            if (!s->rows[i].used || (s->rows[i].dead && !s->ghosts) || b[1] >> 4 != 1) continue;
            if (b[80] != len || memcmp(b + 82, sub, len) != 0) continue;
            if (any && memcmp(b + 16, last, TA_ID_SIZE) <= 0) continue;
            if (best == NULL || memcmp(b + 16, best + 16, TA_ID_SIZE) < 0) best = b;
        }
        if (best == NULL) break;
        memcpy(last, best + 16, TA_ID_SIZE);
        memcpy(ids[(*n)++], last, TA_ID_SIZE);
        any = true;
    }
    if (fault != NULL) { *n = cap + 1; st = fault->answer; }
    s->busy = false;
    return st;
}

static ta_status fake_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    fake_store *s = (fake_store *)ctx;
    const fake_fault *fault = fake_enter(s, FAKE_SWEEP);
    size_t i;
    *done = 0;
    s->most = most;
    for (i = 0; i < FAKE_ROWS && *done < most; i++) {
        if (s->rows[i].used && !s->rows[i].dead && s->rows[i].expires <= now) {
            s->rows[i].dead = true;
            ++*done;
            s->swept++;
        }
    }
    s->busy = false;
    return fault != NULL ? fault->answer : TA_OK;
}

CHECK_UNUSED static ta_store fake_store_of(fake_store *s)
{
    ta_store out = TA_ZERO;
    out.ctx = s;
    out.get = fake_get;
    out.cas = fake_cas;
    out.list = fake_list;
    out.sweep = fake_sweep;
    return out;
}

/* Records that are there, of one kind: 1 sessions, 2 marks. */
CHECK_UNUSED static size_t fake_count(const fake_store *s, int kind)
{
    size_t i, n = 0;
    for (i = 0; i < FAKE_ROWS; i++) {
        if (s->rows[i].used && !s->rows[i].dead && s->rows[i].bytes[1] >> 4 == kind) n++;
    }
    return n;
}

/* Puts a record in behind the engine's back. */
CHECK_UNUSED static void fake_put(fake_store *s, const ta_record *r)
{
    fake_row *row = fake_find(s, r->id);
    if (row == NULL) row = fake_free_row(s);
    ta_record_pack(r, row->bytes);
    row->expires = fake_drop_time(r);
    row->used = true;
    row->dead = false;
}

/* A write that timed out arrives after all, and meets the store as any swap would. */
CHECK_UNUSED static void fake_late_write(fake_store *s)
{
    ta_record now;
    bool there = fake_read(s, s->late.id, &now);
    if (s->late.kind == 0 || there == s->late_insert) return;
    if (there && (uint32_t)(now.ver + 1u) != s->late.ver) return;
    fake_put(s, &s->late);
}

/* ---- the application around it ----------------------------------------------------------- */

typedef struct fake_user {
    const char *subject;        /* NULL: everybody */
    const char *salt;
    const char *more;
    ta_status   answer;
} fake_user;

typedef struct fake_event {
    ta_event   what;
    ta_session session;
    long       calls;           /* how many store calls there had been */
} fake_event;

static struct {
    fake_store      store;
    uint8_t         raw[16][32];        /* the refresh secret of each kid */
    uint8_t         access_raw[32];
    ta_key          access[1];
    ta_refresh_key  keys[4];
    ta_auth_config  cfg;
    ta_auth         auth;
    int64_t         now;
    ta_refresh_opts opts;               /* of the next refresh, until changed */
    ta_login_opts   login;              /* of the next login, until changed */
    ta_pair         pair;               /* of the last refresh or login */

    uint64_t        random_count;
    long            randoms, random_fail;   /* the how-manieth draw fails; 0: none */
    const uint8_t  *random_bytes;       /* instead of random ones, again and again */
    fake_user       user[4];
    size_t          users;
    long            user_calls;
    ta_session      user_saw;
    fake_event      event[FAKE_EVENTS];
    size_t          events;
} app;

#define FAKE_ISSUER   "https://id.example"
#define FAKE_AUDIENCE "https://api.example"

/* Counter-seeded: the same numbers in each run, no two draws alike. */
static ta_status fake_random(void *ctx, void *out, size_t len)
{
    uint8_t *b = (uint8_t *)out;
    size_t i;
    CHECK(ctx == (void *)&app);
    CHECK(!app.store.busy);
    app.randoms++;
    if (app.random_fail == app.randoms) {
        memset(out, 0x11, len / 2);             /* half done, then it failed */
        return TA_ERR_STORE;                    /* whatever it says, it is TA_ERR_RANDOM */
    }
    for (i = 0; i < len; i++) {
        uint8_t d[TA_SHA256_SIZE];
        if (app.random_bytes != NULL) { b[i] = app.random_bytes[i % 16]; continue; }
        app.random_count++;
        ta_sha256_once(&app.random_count, sizeof app.random_count, d);
        b[i] = d[0];
    }
    return TA_OK;
}

static ta_status fake_user_hook(void *ctx, const ta_session *s, ta_user *out)
{
    size_t i;
    CHECK(ctx == (void *)&app);
    CHECK(!app.store.busy);
    CHECK(all_zero(out, sizeof *out));
    app.user_calls++;
    app.user_saw = *s;
    for (i = 0; i < app.users; i++) {
        const fake_user *u = &app.user[i];
        if (u->subject != NULL && strcmp(u->subject, s->subject) != 0) continue;
        out->salt = u->salt;
        out->salt_len = u->salt != NULL ? strlen(u->salt) : 0;
        out->more = u->more;
        out->more_len = u->more != NULL ? strlen(u->more) : 0;
        return u->answer;
    }
    return TA_OK;
}

static void fake_event_hook(void *ctx, ta_event what, const ta_session *s)
{
    fake_event *e = &app.event[app.events];
    CHECK(ctx == (void *)&app);
    CHECK(!app.store.busy);
    CHECK(s != NULL);
    if (s == NULL || app.events == FAKE_EVENTS) return;
    app.events++;
    e->what = what;
    e->session = *s;
    e->calls = app.store.calls;
}

/* Sets up refresh keys with these kids; the first mints. */
static void app_keys(const char *kids)
{
    size_t i;
    memset(app.keys, 0, sizeof app.keys);
    app.cfg.refresh_key_count = strlen(kids);
    for (i = 0; kids[i] != '\0'; i++) {
        uint8_t kid = (uint8_t)(kids[i] <= '9' ? kids[i] - '0' : kids[i] - 'a' + 10);
        app.keys[i].id = kid;
        CHECK_ST(ta_key_init(&app.keys[i].key, app.raw[kid], 32, NULL), TA_OK);
    }
}

static void app_init(void) { CHECK_ST(ta_auth_init(&app.auth, &app.cfg), TA_OK); }

/* A new world at 2023-11-14 22:13:20: refresh key 3, all settings as they come, an empty store. */
CHECK_UNUSED static void app_new(void)
{
    size_t i;
    memset(&app, 0, sizeof app);
    for (i = 0; i < sizeof app.raw; i++) app.raw[i / 32][i % 32] = (uint8_t)(i * 7 + i / 32 + 1);
    for (i = 0; i < 32; i++) app.access_raw[i] = (uint8_t)(200 - i);
    app.now = 1700000000;
    CHECK_ST(ta_key_init(&app.access[0], app.access_raw, 32, NULL), TA_OK);
    app.cfg.keys = ta_keys_of(app.access, 1);
    app.cfg.refresh_keys = app.keys;
    app.cfg.issuer = FAKE_ISSUER;
    app.cfg.audience = FAKE_AUDIENCE;
    app.cfg.store = fake_store_of(&app.store);
    app.cfg.ctx = &app;
    app.cfg.random = fake_random;
    app.cfg.event = fake_event_hook;
    app_keys("3");
    app_init();
}

/* One user row for everybody, and a hook that reads it. */
CHECK_UNUSED static void app_user(const char *salt, const char *more, ta_status answer)
{
    app.users = 1;
    app.user[0].subject = NULL;
    app.user[0].salt = salt;
    app.user[0].more = more;
    app.user[0].answer = answer;
    if (app.cfg.user == NULL) {
        app.cfg.user = fake_user_hook;
        app_init();
    }
}

/* ---- the protocol's formulas a second time ----------------------------------------------- */

static size_t naive_encode(const uint8_t *in, size_t n, char *out)
{
    static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t at, j, len = 0;
    for (at = 0; at < 8 * n; at += 6) {
        unsigned v = 0;
        for (j = at; j < at + 6; j++) {
            v = 2 * v + (j < 8 * n ? ((unsigned)in[j / 8] >> (7 - j % 8)) & 1u : 0u);
        }
        out[len++] = abc[v];
    }
    out[len] = '\0';
    return len;
}

/* Text to n bytes; the caller knows that the text is good. */
CHECK_UNUSED static void naive_decode(const char *in, uint8_t *out, size_t n)
{
    static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t bit;
    memset(out, 0, n);
    for (bit = 0; bit < 8 * n; bit++) {
        const char *c = strchr(abc, in[bit / 6]);
        unsigned v = c != NULL ? (unsigned)(c - abc) : 0u;
        out[bit / 8] = (uint8_t)(out[bit / 8] | (((v >> (5 - bit % 6)) & 1u) << (7 - bit % 8)));
    }
}

static void naive_be(uint8_t *out, uint64_t v, size_t n)
{
    while (n > 0) { out[--n] = (uint8_t)v; v >>= 8; }
}

/* HMAC(k[kid], what the parts say), where k is the refresh secret bound to the realm. */
static void naive_mac(uint8_t kid, const uint8_t *msg, size_t len, uint8_t *out, size_t out_len)
{
    static const char label[] = "tokenauth.h refresh 1";
    const char *realm = app.cfg.realm != NULL ? app.cfg.realm : app.cfg.issuer;
    uint8_t text[1024], k[TA_SHA256_SIZE], mac[TA_SHA256_SIZE];
    memcpy(text, label, sizeof label);          /* with its NUL */
    memcpy(text + sizeof label, realm, strlen(realm));
    ta_hmac_sha256(app.raw[kid], 32, text, sizeof label + strlen(realm), k);
    ta_hmac_sha256(k, sizeof k, msg, len, mac);
    memcpy(out, mac, out_len);
}

static void naive_id(const char *label, const void *data, size_t len, uint8_t id[TA_ID_SIZE])
{
    uint8_t text[512], d[TA_SHA256_SIZE];
    memcpy(text, label, strlen(label));
    memcpy(text + strlen(label), data, len);
    ta_sha256_once(text, strlen(label) + len, d);
    memcpy(id, d, TA_ID_SIZE);
}

CHECK_UNUSED static void naive_session_id(const uint8_t secret[16], uint8_t id[TA_ID_SIZE])
{
    naive_id("tokenauth.h session 1", secret, 16, id);
}

CHECK_UNUSED static void naive_user_id(const char *subject, uint8_t id[TA_ID_SIZE])
{
    naive_id("tokenauth.h user 1", subject, strlen(subject), id);
}

/* base64url( version<<4|kid · secret · generation · tag ), after the prefix */
CHECK_UNUSED static size_t naive_token(unsigned version, uint8_t kid, const uint8_t secret[16],
                                       uint32_t gen, char out[TA_REFRESH_CAP])
{
    uint8_t msg[22], raw[37];
    const char *prefix = app.cfg.refresh_prefix != NULL ? app.cfg.refresh_prefix : "";
    raw[0] = (uint8_t)(version << 4 | kid);
    memcpy(raw + 1, secret, 16);
    naive_be(raw + 17, gen, 4);
    msg[0] = 'T';
    memcpy(msg + 1, raw, 21);
    naive_mac(kid, msg, sizeof msg, raw + 21, 16);
    strcpy(out, prefix);
    return strlen(prefix) + naive_encode(raw, sizeof raw, out + strlen(prefix));
}

/* 'C' or 'R' · id · what the client gave */
CHECK_UNUSED static void naive_client(char what, const ta_record *r, const void *data, size_t len,
                                      uint8_t out[8])
{
    uint8_t msg[512];
    msg[0] = (uint8_t)what;
    memcpy(msg + 1, r->id, 16);
    memcpy(msg + 17, data, len);
    naive_mac(r->kid, msg, 17 + len, out, 8);
}

CHECK_UNUSED static void naive_seal(const ta_record *r, const char *salt, uint8_t out[8])
{
    uint8_t msg[1024];
    size_t n = 0, salt_len = (r->flags & 4) != 0 ? strlen(salt) : 0;
    msg[n++] = 'S';
    memcpy(msg + n, r->id, 16);                 n += 16;
    naive_be(msg + n, (uint64_t)r->created, 8); n += 8;
    naive_be(msg + n, (uint64_t)r->ends_at, 8); n += 8;
    memcpy(msg + n, r->app, 4);                 n += 4;
    msg[n++] = r->flags & 5;
    memcpy(msg + n, r->client, 8);              n += 8;
    msg[n++] = r->sub_len;
    memcpy(msg + n, r->text, r->sub_len);       n += r->sub_len;
    memcpy(msg + n, salt, salt_len);            n += salt_len;
    naive_mac(r->kid, msg, n, out, 8);
}

/* What is inside a refresh token. */
typedef struct naive_parts {
    uint8_t  kid, secret[16], id[TA_ID_SIZE];
    uint32_t gen;
    char     sid[TA_SID_CAP];
} naive_parts;

CHECK_UNUSED static naive_parts naive_read(const char *token)
{
    naive_parts p;
    uint8_t raw[37];
    size_t skip = app.cfg.refresh_prefix != NULL ? strlen(app.cfg.refresh_prefix) : 0;
    memset(&p, 0, sizeof p);
    naive_decode(token + skip, raw, sizeof raw);
    p.kid = raw[0] & 15;
    memcpy(p.secret, raw + 1, 16);
    p.gen = (uint32_t)raw[17] << 24 | (uint32_t)raw[18] << 16 | (uint32_t)raw[19] << 8 | raw[20];
    naive_session_id(p.secret, p.id);
    naive_encode(p.id, sizeof p.id, p.sid);
    return p;
}

/* The token of the same session with another generation: what only the issuer can make. */
CHECK_UNUSED static const char *naive_other_gen(const char *token, uint32_t gen)
{
    static char out[4][TA_REFRESH_CAP];
    static unsigned turn;
    naive_parts p = naive_read(token);
    turn = (turn + 1) % 4;
    naive_token(1, p.kid, p.secret, gen, out[turn]);
    return out[turn];
}

/* The record of a token's session; false when there is none. */
CHECK_UNUSED static bool app_record(const char *token, ta_record *out)
{
    naive_parts p = naive_read(token);
    return fake_read(&app.store, p.id, out);
}

CHECK_UNUSED static bool app_mark(const char *subject, ta_record *out)
{
    uint8_t id[TA_ID_SIZE];
    naive_user_id(subject, id);
    return fake_read(&app.store, id, out) && out->kind == 2;
}

/* ---- calls, with what holds for every one of them ---------------------------------------- */

/* The outcome table of the protocol, typed in once more. */
static ta_client naive_client_does(ta_status st)
{
    switch (st) {
    case TA_OK:
        return TA_CLIENT_SET;
    case TA_ERR_INVALID: case TA_ERR_ENDED: case TA_ERR_REVOKED: case TA_ERR_EXPIRED:
    case TA_ERR_IDLE: case TA_ERR_LOGGED_OUT: case TA_ERR_USER_CHANGED: case TA_ERR_SUSPENDED:
    case TA_ERR_BINDING: case TA_ERR_REPLAY: case TA_ERR_AHEAD:
        return TA_CLIENT_LOGIN;
    default:
        return TA_CLIENT_KEEP;
    }
}

static int naive_http(ta_status st)             /* 0: the table does not say */
{
    if (st == TA_OK) return 200;
    if (st == TA_ERR_STORE || st == TA_ERR_BUSY) return 503;
    if (st == TA_ERR_UNKNOWN_KEY || naive_client_does(st) == TA_CLIENT_LOGIN) return 401;
    if (st == TA_ERR_SPACE || st == TA_ERR_DUPLICATE || st == TA_ERR_RANDOM) return 500;
    return 0;
}

#if defined(__GNUC__)
#  define FAKE_FILE __BASE_FILE__       /* line is a line of the test file, not of this one */
#else
#  define FAKE_FILE "line of the test"
#endif
#define CHECK_LINE(x) \
    do { if (!(x)) { check_failed(FAKE_FILE, line); printf("not so: %s\n", #x); } } while (0)

static void app_judge_access(int line, const ta_pair *p)
{
    ta_rules rules = TA_ZERO;
    ta_jwt   jwt;
    char     buf[TA_JWT_BUF(TA_ACCESS_CAP)], jti[32];
    size_t   n = 0;
    rules.issuer = FAKE_ISSUER;
    rules.audience = FAKE_AUDIENCE;
    rules.typ = "at+jwt";
    rules.required = "iss aud sub iat exp jti sid";
    CHECK_LINE(ta_jwt_verify(app.cfg.keys, p->access, p->access_len, app.now, &rules, buf,
                             sizeof buf, &jwt) == TA_OK);
    CHECK_LINE(ta_json_equals(jwt.sid, p->sid, strlen(p->sid)));
    CHECK_LINE(ta_json_string(jwt.jti, jti, sizeof jti, &n) == TA_OK && n == 22);      /* 128 bits */
    CHECK_LINE(jwt.iat == app.now);
    CHECK_LINE(jwt.exp == app.now + p->access_s);
}

/* What holds for each pair after each result. line is the test's, so that it is the one named. */
static void app_judge(int line, ta_status st, ta_status want, const ta_pair *p)
{
    size_t i;
    if (st != want) {
        check_failed(FAKE_FILE, line);
        printf("it said %s, not %s\n", ta_status_name(st), ta_status_name(want));
    }
    if (naive_http(st) != 0) CHECK_LINE(ta_http_code(st) == naive_http(st));
    CHECK_LINE((p->retry_after_s > 0) == (st == TA_ERR_STORE || st == TA_ERR_BUSY));
    CHECK_LINE(p->retry_after_s >= 0);
    for (i = 0; i < app.events; i++) {          /* events come last: no store call after them */
        CHECK_LINE(app.event[i].calls == app.store.calls);
    }
    if (st != TA_OK) {
        ta_pair rest = *p;
        rest.client = (ta_client)0;
        rest.retry_after_s = 0;
        CHECK_LINE(all_zero(&rest, sizeof rest));
        return;
    }
    {
        naive_parts part = naive_read(p->refresh);
        char made[TA_REFRESH_CAP];
        CHECK_LINE(p->refresh_len == strlen(p->refresh));
        CHECK_LINE(p->access_len == strlen(p->access));
        CHECK_LINE(all_zero(p->refresh + p->refresh_len, sizeof p->refresh - p->refresh_len));
        CHECK_LINE(all_zero(p->access + p->access_len, sizeof p->access - p->access_len));
        CHECK_LINE(naive_token(1, part.kid, part.secret, part.gen, made) == p->refresh_len);
        CHECK_LINE(strcmp(made, p->refresh) == 0);
        CHECK_LINE(strcmp(part.sid, p->sid) == 0);
        CHECK_LINE(p->access_s > 0);
        CHECK_LINE(p->refresh_s > 0);
        app_judge_access(line, p);
    }
}

/* Which results a refresh has given so far, over all worlds. */
#define FAKE_STATUSES 128
static bool refresh_said[FAKE_STATUSES];

/* Refreshes a copy of exact length with app.opts at app.now into app.pair. */
static ta_status app_refresh(int line, const char *token, ta_status want)
{
    size_t len = strlen(token);
    char *in = (char *)exact_copy(token, len);  /* app.pair.refresh may be it */
    ta_status st;
    memset(&app.pair, 0xA5, sizeof app.pair);
    app.events = 0;
    st = ta_refresh(&app.auth, in, len, app.now, &app.opts, &app.pair);
    free(in);
    app_judge(line, st, want, &app.pair);
    CHECK_LINE(app.pair.client == naive_client_does(st));
    if (st <= TA_OK && st > -FAKE_STATUSES) refresh_said[-st] = true;
    return st;
}
#define REFRESH(token, want) app_refresh(__LINE__, (token), (want))

/* The same, for what must not change anything: not the store, not the random source. */
CHECK_UNUSED static void app_refused(int line, const char *token, ta_status want)
{
    long writes = app.store.writes, cas = app.store.count[FAKE_CAS], randoms = app.randoms;
    app_refresh(line, token, want);
    CHECK_LINE(app.store.writes == writes);
    CHECK_LINE(app.store.count[FAKE_CAS] == cas);
    CHECK_LINE(app.randoms == randoms);
}
#define REFUSED(token, want) app_refused(__LINE__, (token), (want))

/* The same, for what is refused before the store is asked at all. */
CHECK_UNUSED static void app_unheard(int line, const char *token, ta_status want)
{
    long calls = app.store.calls, users = app.user_calls;
    app_refused(line, token, want);
    CHECK_LINE(app.store.calls == calls);
    CHECK_LINE(app.user_calls == users);
    CHECK_LINE(app.events == 0);
}
#define UNHEARD(token, want) app_unheard(__LINE__, (token), (want))

/* A refresh that gives a token and must not write, because it is the window's or a late retry's. */
CHECK_UNUSED static void app_handed(int line, const char *token, const char *want)
{
    long writes = app.store.writes, cas = app.store.count[FAKE_CAS];
    app_refresh(line, token, TA_OK);
    CHECK_LINE(strcmp(app.pair.refresh, want) == 0);
    CHECK_LINE(app.store.writes == writes);
    CHECK_LINE(app.store.count[FAKE_CAS] == cas);
}
#define HANDED(token, want) app_handed(__LINE__, (token), (want))

/* Logs in with app.login at app.now into app.pair. */
static ta_status app_login(int line, const char *subject, ta_status want)
{
    ta_status st;
    memset(&app.pair, 0xA5, sizeof app.pair);
    app.events = 0;
    st = ta_login(&app.auth, subject, app.now, &app.login, &app.pair);
    app_judge(line, st, want, &app.pair);
    CHECK_LINE(app.pair.client == (st == TA_OK ? TA_CLIENT_SET : TA_CLIENT_KEEP));
    return st;
}
#define LOGIN(subject, want) app_login(__LINE__, (subject), (want))

/* A text that stays: tokens are kept by the test while app.pair is used again. */
typedef struct fake_text { char s[TA_REFRESH_CAP]; } fake_text;

CHECK_UNUSED static fake_text kept(const char *token)
{
    fake_text t;
    memset(&t, 0, sizeof t);
    if (strlen(token) < sizeof t.s) strcpy(t.s, token);
    return t;
}

/* Opens a session and gives its first refresh token. */
static fake_text app_session(int line, const char *subject)
{
    app_login(line, subject, TA_OK);
    return kept(app.pair.refresh);
}
#define SESSION(subject) app_session(__LINE__, (subject))

/* Lets the window pass and rotates once: the next token. */
CHECK_UNUSED static fake_text app_rotate(int line, const char *token)
{
    app.now += 10;
    app_refresh(line, token, TA_OK);
    return kept(app.pair.refresh);
}
#define ROTATE(token) app_rotate(__LINE__, (token))

/* The events of the last call are exactly these, in this order; 0 ends the list early. */
CHECK_UNUSED static void app_events(int line, ta_event a, ta_event b)
{
    size_t want = (a != 0) + (size_t)(b != 0);
    CHECK_LINE(app.events == want);
    if (app.events > 0 && a != 0) CHECK_LINE(app.event[0].what == a);
    if (app.events > 1 && b != 0) CHECK_LINE(app.event[1].what == b);
}
#define EVENTS(a, b) app_events(__LINE__, (ta_event)(a), (ta_event)(b))

#endif
