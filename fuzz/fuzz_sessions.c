/* fuzz_sessions.c - any row of logins, refreshes, replays, logouts, clock jumps, store failures and races,
   against a ledger that keeps every token ever issued.

   Promises   what has ended never lives again; a token two behind the newest one issued is never taken; a
              generation has one token; rotations go up by one; without a fault or a race in the call, the
              verdict is that of a naive reading of ledger, record and clock, a live session goes on, and no
              login leaves more sessions than the cap or ends one that the cap did not ask for; a failed call
              leaves its outputs empty; access tokens name the right session, and only that.
   Input      the settings, then a few bytes a step                                                      */
#include "fuzz.h"

#define LIFE_ROWS     14
#define LIFE_SESSIONS 40
#define LIFE_TOKENS   120
#define LIFE_STEPS    120
#define LIFE_START    1000000
#define LIFE_MAX      3         /* sessions a user */

typedef struct life_row { bool used; uint8_t packed[TA_RECORD_SIZE]; int64_t expires; } life_row;

typedef struct life_session {
    uint8_t  id[16];
    int      user, salt;        /* whose; of which password */
    bool     dead, bound, salt_unsure;
    uint32_t newest;            /* generation issued last */
    char     access[TA_ACCESS_CAP];
    size_t   access_len;
    int64_t  access_ends;
} life_session;

typedef struct life_token { size_t session; uint32_t gen; char text[TA_REFRESH_CAP]; size_t len; } life_token;

enum { FAULT_NONE, FAULT_GET, FAULT_LOST, FAULT_APPLIED, FAULT_LATE, FAULT_RANDOM, FAULT_RACE };

static struct {
    ta_auth   auth;
    ta_refresh_key refresh_key;
    ta_key    key;
    life_row  rows[LIFE_ROWS];
    life_session sessions[LIFE_SESSIONS];
    life_token tokens[LIFE_TOKENS];
    size_t    session_count, token_count;
    int       salt[2];
    bool      suspended[2];
    int64_t   now, latest;
    uint64_t  random;
    int       fault, fault_in;  /* which, and at which call of the store from now */
    bool      disturbed, racing;
    bool      unsettled;        /* a login failed when the store did: its session may be left behind */
    fuzz_in   in;
    struct { bool waiting; uint8_t id[16]; bool del; life_row row; int calls; } late;
} life;

static const char *const life_users[2] = {"ann", "bob"};

static bool life_step(uint8_t what);

/* ---- the store: an array, and what may go wrong with it ------------------------------------------ */

static life_row *life_find(const uint8_t *id)
{
    size_t i;
    for (i = 0; i < LIFE_ROWS; i++) {
        if (life.rows[i].used && memcmp(life.rows[i].packed + 16, id, 16) == 0) return &life.rows[i];
    }
    return NULL;
}

static void life_apply(const uint8_t *id, bool del, const life_row *row)
{
    life_row *at = life_find(id);
    size_t i;
    for (i = 0; at == NULL && i < LIFE_ROWS; i++) {
        if (!life.rows[i].used) at = &life.rows[i];
    }
    if (at == NULL) return;
    if (del) at->used = false;
    else *at = *row;
}

/* One more call of the store: is it the one that goes wrong? A late write may land now.               */
static int life_tick(void)
{
    int fault = FAULT_NONE;
    if (life.late.waiting && --life.late.calls <= 0) {
        life.late.waiting = false;
        life_apply(life.late.id, life.late.del, &life.late.row);
    }
    if (life.fault != FAULT_NONE && --life.fault_in <= 0) {
        fault = life.fault;
        life.fault = FAULT_NONE;
        life.disturbed = true;
        if (fault == FAULT_RACE && !life.racing) {
            life.racing = true;
            (void)life_step(fuzz_byte(&life.in));
            life.racing = false;
            life.disturbed = true;
        }
    }
    return fault;
}

static ta_status life_get(void *ctx, const uint8_t id[16], ta_record *out)
{
    const life_row *row;
    int fault = life_tick();
    (void)ctx;
    if (fault == FAULT_GET) return TA_ERR_STORE;
    row = life_find(id);
    return row != NULL ? ta_record_unpack(row->packed, TA_RECORD_SIZE, out) : TA_ERR_NOT_FOUND;
}

static bool life_may_swap(const life_row *at, const ta_record *old)
{
    ta_record r;
    if (old == NULL || at == NULL) return old == NULL && at == NULL;
    return ta_record_unpack(at->packed, TA_RECORD_SIZE, &r) == TA_OK && r.ver == old->ver;
}

static ta_status life_cas(void *ctx, const uint8_t id[16], const ta_record *old, const ta_record *next,
                          int64_t expires)
{
    int fault = life_tick();
    life_row row;
    size_t i, used = 0;
    (void)ctx;
    memset(&row, 0, sizeof row);
    if (life.late.waiting && memcmp(life.late.id, id, 16) == 0) life.late.waiting = false;
    if (!life_may_swap(life_find(id), old)) return TA_ERR_CONFLICT;
    for (i = 0; i < LIFE_ROWS; i++) used += life.rows[i].used;
    if (old == NULL && used == LIFE_ROWS) return TA_ERR_FULL;
    if (fault == FAULT_LOST) return TA_ERR_STORE;
    row.used = true;
    row.expires = expires;
    if (next != NULL) ta_record_pack(next, row.packed);
    if (fault == FAULT_LATE) {
        life.late.waiting = true;
        memcpy(life.late.id, id, 16);
        life.late.del = next == NULL;
        life.late.row = row;
        life.late.calls = 1 + fuzz_byte(&life.in) % 4;
        return TA_ERR_STORE;
    }
    life_apply(id, next == NULL, &row);
    return fault == FAULT_APPLIED ? TA_ERR_STORE : TA_OK;
}

static ta_status life_list(void *ctx, const char *sub, size_t len, const uint8_t *after, uint8_t (*ids)[16],
                           size_t cap, size_t *n)
{
    uint8_t last[16];
    bool any = after != NULL;
    (void)ctx;
    *n = 0;
    if (life_tick() == FAULT_GET) return TA_ERR_STORE;
    if (any) memcpy(last, after, 16);
    while (*n < cap) {
        const uint8_t *least = NULL;
        size_t i;
        for (i = 0; i < LIFE_ROWS; i++) {
            const uint8_t *p = life.rows[i].packed;
            if (!life.rows[i].used || p[1] >> 4 != 1 || !fuzz_same(p + 82, p[80], sub, len)) continue;
            if (any && memcmp(p + 16, last, 16) <= 0) continue;
            if (least == NULL || memcmp(p + 16, least, 16) < 0) least = p + 16;
        }
        if (least == NULL) break;
        memcpy(last, least, 16);
        memcpy(ids[(*n)++], least, 16);
        any = true;
    }
    return TA_OK;
}

static ta_status life_sweep(void *ctx, int64_t now, size_t most, size_t *done)
{
    size_t i;
    (void)ctx;
    *done = 0;
    for (i = 0; i < LIFE_ROWS && *done < most; i++) {
        if (!life.rows[i].used || life.rows[i].expires > now) continue;
        life.rows[i].used = false;
        ++*done;
    }
    return TA_OK;
}

static ta_status life_random(void *ctx, void *out, size_t n)
{
    uint8_t *p = (uint8_t *)out;
    (void)ctx;
    if (life.fault == FAULT_RANDOM) {
        life.fault = FAULT_NONE;
        life.disturbed = true;
        return TA_ERR_RANDOM;
    }
    while (n-- > 0) {
        life.random = life.random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        *p++ = (uint8_t)(life.random >> 56);
    }
    return TA_OK;
}

/* Of one byte, and another for each password of a run: a step changes one at most. */
static const char *life_salt(int n)
{
    static char salts[LIFE_STEPS + 1];
    PROMISE(n >= 0 && n <= LIFE_STEPS);
    salts[n] = (char)n;
    return &salts[n];
}

static ta_status life_user(void *ctx, const ta_session *s, ta_user *out)
{
    int who = strcmp(s->subject, life_users[1]) == 0;
    (void)ctx;
    PROMISE(strcmp(s->subject, life_users[who]) == 0);
    out->salt = life_salt(life.salt[who]);
    out->salt_len = 1;
    return life.suspended[who] ? TA_ERR_SUSPENDED : TA_OK;
}

/* ---- the ledger ------------------------------------------------------------------------------------ */

static bool life_record(const life_session *s, ta_record *r)
{
    const life_row *row = life_find(s->id);
    return row != NULL && ta_record_unpack(row->packed, TA_RECORD_SIZE, r) == TA_OK;
}

static uint32_t life_epoch(int user)
{
    uint8_t id[16], digest[32];
    char text[32] = "tokenauth.h user 1";
    const life_row *row;
    ta_record r;
    strcat(text, life_users[user]);
    ta_sha256_once(text, strlen(text), digest);
    memcpy(id, digest, 16);
    row = life_find(id);
    return row != NULL && ta_record_unpack(row->packed, TA_RECORD_SIZE, &r) == TA_OK ? r.epoch : 0;
}

/* What the record, the clock and the user say about a session; the token aside.                          */
static ta_status life_state(const life_session *s, ta_record *r)
{
    if (!life_record(s, r)) return TA_ERR_ENDED;
    if (r->state != 0) return TA_ERR_REVOKED;
    if (r->ends_at <= life.now) return TA_ERR_EXPIRED;
    if (r->idle_until <= life.now) return TA_ERR_IDLE;
    return r->epoch != life_epoch(s->user) ? TA_ERR_LOGGED_OUT : TA_OK;
}

static size_t life_live(int user)
{
    size_t i, n = 0;
    ta_record r;
    for (i = 0; i < life.session_count; i++) {
        if (life.sessions[i].user == user && life_state(&life.sessions[i], &r) == TA_OK) n++;
    }
    return n;
}

/* After every step: generations go up by one at most, and what is gone, revoked or logged out stays so.   */
static void life_audit(void)
{
    size_t i;
    ta_record r;
    for (i = 0; i < life.session_count; i++) {
        life_session *s = &life.sessions[i];
        bool there = life_record(s, &r);
        if (there) PROMISE(r.gen == s->newest || r.gen == s->newest + 1);
        if (s->dead) PROMISE(!there || life_state(s, &r) != TA_OK || s->salt != life.salt[s->user]);
        if (!there || r.state != 0) s->dead = true;
    }
}

static bool life_is_known(const uint8_t *id)
{
    size_t i;
    for (i = 0; i < life.session_count; i++) {
        if (memcmp(life.sessions[i].id, id, 16) == 0) return true;
    }
    return false;
}

/* A login that failed may leave a session behind that the store could not take back. Nobody has its token,
   but it is listed and counts against the cap: the ledger takes it in. False: no room for it.             */
static bool life_adopt(void)
{
    size_t i;
    ta_record r;
    for (i = 0; i < LIFE_ROWS; i++) {
        life_session *s = &life.sessions[life.session_count];
        if (!life.rows[i].used || ta_record_unpack(life.rows[i].packed, TA_RECORD_SIZE, &r) != TA_OK) continue;
        if (r.kind != 1 || life_is_known(r.id)) continue;
        if (life.session_count == LIFE_SESSIONS) return false;
        PROMISE(life.unsettled && r.gen == 0);
        memset(s, 0, sizeof *s);
        memcpy(s->id, r.id, 16);
        s->user = fuzz_same(r.text, r.sub_len, life_users[1], 3);
        s->salt = life.salt[s->user];
        life.session_count++;
    }
    life.unsettled = life.late.waiting;
    return true;
}

static void life_add_token(size_t session, const ta_pair *pair)
{
    life_session *s = &life.sessions[session];
    uint8_t raw[37];
    uint32_t gen;
    size_t n, i;
    char buf[TA_ACCESS_CAP];
    ta_jwt jwt;
    ta_rules rules = TA_ZERO;
    life_token *t;
    PROMISE(ta_base64url_decode(pair->refresh, pair->refresh_len, raw, sizeof raw, &n) == TA_OK && n == 37);
    gen = (uint32_t)raw[17] << 24 | (uint32_t)raw[18] << 16 | (uint32_t)raw[19] << 8 | raw[20];
    if (gen == s->newest + 1) s->newest = gen;
    PROMISE(gen == s->newest || (life.disturbed && gen + 1 == s->newest));      /* a race came in between */
    rules.audience = "api";
    rules.typ = "at+jwt";
    PROMISE(ta_jwt_verify(life.auth.cfg.keys, pair->access, pair->access_len, life.now, &rules,
                          buf, sizeof buf, &jwt) == TA_OK);
    PROMISE(ta_json_equals(jwt.sub, life_users[s->user], 3));
    PROMISE(ta_json_equals(jwt.sid, pair->sid, strlen(pair->sid)));
    PROMISE(jwt.exp - life.now == pair->access_s && pair->access_s > 0 && pair->refresh_s > 0);
    memcpy(s->access, pair->access, pair->access_len);
    s->access_len = pair->access_len;
    s->access_ends = jwt.exp;
    for (i = 0; i < life.token_count; i++) {            /* a generation has one token */
        t = &life.tokens[i];
        if (t->session != session || t->gen != gen) continue;
        PROMISE(fuzz_same(t->text, t->len, pair->refresh, pair->refresh_len));
        return;
    }
    if (life.token_count == LIFE_TOKENS) return;
    t = &life.tokens[life.token_count++];
    t->session = session;
    t->gen = gen;
    t->len = pair->refresh_len;
    memcpy(t->text, pair->refresh, t->len);
}

static void life_check_empty(ta_pair *pair)
{
    pair->client = TA_CLIENT_KEEP;
    pair->retry_after_s = 0;
    PROMISE(fuzz_all(pair, sizeof *pair, 0));
}

/* ---- the steps ----------------------------------------------------------------------------------------- */

/* A session of this user that a refresh would not refuse by itself.                                       */
static bool life_goes_on(const life_session *s, int user)
{
    ta_record r;
    return s->user == user && s->salt == life.salt[user] && life_state(s, &r) == TA_OK;
}

/* One of an old password, used so lately that a login takes it for one that goes on.                     */
static bool life_is_in_doubt(const life_session *s, int user)
{
    ta_record r;
    return s->user == user && s->salt != life.salt[user] && life_state(s, &r) == TA_OK
        && life.now - r.rotated_at <= life.auth.cfg.access_s;
}

static void life_login(uint8_t how)
{
    int user = how & 1;
    size_t live = 0, doubt = 0, i, ended = 0;
    bool was_live[LIFE_SESSIONS];
    life_session fresh, *s = &fresh;            /* another login may come in between */
    ta_login_opts o = TA_ZERO;
    ta_record r;
    ta_pair pair;
    ta_status st;
    if (life.session_count == LIFE_SESSIONS || (how & 6) == 6) return;
    memset(s, 0, sizeof *s);
    s->user = user;
    s->salt = life.salt[user];
    s->bound = (how & 2) != 0;
    o.salt = life_salt(s->salt);
    o.salt_len = 1;
    o.client = s->bound ? "client" : NULL;
    o.client_len = s->bound ? 6 : 0;
    for (i = 0; i < life.session_count; i++) {
        was_live[i] = life_goes_on(&life.sessions[i], user);
        live += was_live[i];
        doubt += life_is_in_doubt(&life.sessions[i], user);
    }
    memset(&pair, 0xA5, sizeof pair);
    st = ta_login(&life.auth, life_users[user], life.now, &o, &pair);
    PROMISE(pair.client == (st == TA_OK ? TA_CLIENT_SET : TA_CLIENT_KEEP));
    if (!life.disturbed) {
        PROMISE(st == TA_OK || st == TA_ERR_FULL);
        for (i = 0; i < life.session_count; i++) {
            if (was_live[i] && !life_goes_on(&life.sessions[i], user)) ended++;
        }
        if (st == TA_ERR_FULL || live + doubt < LIFE_MAX) PROMISE(ended == 0);
        else PROMISE(ended <= live + doubt + 1 - LIFE_MAX && (doubt > 0 || ended == live + 1 - LIFE_MAX));
    }
    if (st == TA_OK) {
        size_t n;
        PROMISE(ta_base64url_decode(pair.sid, strlen(pair.sid), s->id, 16, &n) == TA_OK && n == 16);
        if (life.session_count == LIFE_SESSIONS) return;
        life.sessions[life.session_count++] = fresh;
        life_add_token(life.session_count - 1, &pair);
        if (!life.disturbed) PROMISE(life_live(user) <= LIFE_MAX && life_state(s, &r) == TA_OK);
    } else {
        life_check_empty(&pair);
        if (life.disturbed) life.unsettled = true;
    }
}

/* A naive reading of steps 4 to 14; *gen is the generation to be handed out.                               */
static ta_status life_judge(const life_token *t, bool client_is_good, bool with_retry, uint32_t *gen)
{
    const life_session *s = &life.sessions[t->session];
    const ta_auth_config *cfg = &life.auth.cfg;
    ta_record r;
    ta_status st = life_state(s, &r);
    int64_t age;
    bool young, retry;
    *gen = 0;
    if (st != TA_OK) return st;
    if (life.suspended[s->user]) return TA_ERR_SUSPENDED;
    if (s->salt != life.salt[s->user]) return TA_ERR_USER_CHANGED;
    if (s->bound && !client_is_good) return TA_ERR_BINDING;
    age = life.now - r.rotated_at;
    young = cfg->window_s > 0 && age < cfg->window_s && -age < cfg->window_s;
    retry = with_retry && (r.flags & 2) != 0 && age < cfg->retry_s;
    *gen = t->gen == r.gen && !young ? r.gen + 1 : r.gen;
    if (t->gen == r.gen || (t->gen + 1 == r.gen && (young || retry))) return TA_OK;
    return t->gen < r.gen ? TA_ERR_REPLAY : TA_ERR_AHEAD;
}

/* A client repeats one key for one token: it depends on both. */
static ta_refresh_opts life_opts(const life_token *t, uint8_t how, char retry[16])
{
    ta_refresh_opts o = TA_ZERO;
    memset(retry, (int)t->gen, 16);
    retry[0] = (char)t->session;
    o.client = (how & 1) != 0 ? "thief!" : "client";
    o.client_len = 6;
    if ((how & 2) != 0) o.retry_key = retry;
    return o;
}

static const life_token *life_pick(uint8_t which)
{
    return life.token_count > 0 ? &life.tokens[life.token_count - 1 - which % life.token_count] : NULL;
}

static void life_refresh(uint8_t which, uint8_t how)
{
    const life_token *t = life_pick(which);
    life_session *s;
    ta_refresh_opts o;
    char retry[16];
    ta_status want, st;
    ta_pair pair;
    uint32_t newest, gen;
    bool dead;
    if (t == NULL) return;
    s = &life.sessions[t->session];
    o = life_opts(t, how, retry);
    want = life_judge(t, (how & 1) == 0, (how & 2) != 0, &gen);
    dead = s->dead;
    newest = s->newest;
    memset(&pair, 0xA5, sizeof pair);
    st = ta_refresh(&life.auth, t->text, t->len, life.now, &o, &pair);
    if (!life.disturbed && !s->salt_unsure) PROMISE(st == want);
    if (st == TA_OK) {
        PROMISE(!dead && t->gen + 1 >= newest && pair.client == TA_CLIENT_SET);
        PROMISE(!s->bound || (how & 1) == 0);
        life_add_token(t->session, &pair);
        if (!life.disturbed && !s->salt_unsure) PROMISE(s->newest == gen);
    } else {
        PROMISE(pair.client != TA_CLIENT_SET && pair.client != TA_CLIENT_CLEAR);
        life_check_empty(&pair);
        if (st == TA_ERR_REPLAY || st == TA_ERR_AHEAD) s->dead = true;
    }
}

static void life_logout(uint8_t which)
{
    const life_token *t = life_pick(which);
    ta_status st;
    if (t == NULL) return;
    st = ta_logout(&life.auth, t->text, t->len, life.now);
    if (!life.disturbed) PROMISE(st == TA_OK);
    if (st == TA_OK) life.sessions[t->session].dead = true;
}

static void life_end_all(int user, size_t but)
{
    size_t i;
    for (i = 0; i < life.session_count; i++) {
        if (life.sessions[i].user == user && i != but) life.sessions[i].dead = true;
    }
}

static void life_logout_all(int user)
{
    size_t there = life.session_count, i;
    bool mine[LIFE_SESSIONS];
    ta_status st;
    for (i = 0; i < there; i++) mine[i] = life.sessions[i].user == user;
    st = ta_logout_all(&life.auth, life_users[user], life.now);
    if (!life.disturbed) PROMISE(st == TA_OK || st == TA_ERR_FULL);
    for (i = 0; st == TA_OK && i < there; i++) {        /* a login that raced with it may be newer */
        if (mine[i]) life.sessions[i].dead = true;
    }
    if (st == TA_OK && !life.disturbed) PROMISE(life_live(user) == 0);
}

/* With a new password, perhaps: then the old one is named, and only the caller's session goes over. */
static void life_logout_others(uint8_t which, uint8_t how)
{
    const life_token *t = life_pick(which);
    life_session *s;
    ta_refresh_opts o;
    char retry[16];
    ta_status want, st;
    uint32_t gen;
    int old;
    if (t == NULL) return;
    s = &life.sessions[t->session];
    old = s->salt;
    o = life_opts(t, how, retry);
    if ((how & 4) != 0 && !life.racing) {
        life.salt[s->user]++;
        o.old_salt = life_salt(old);
        o.old_salt_len = 1;
        s->salt = life.salt[s->user];
    }
    want = life_judge(t, (how & 1) == 0, (how & 2) != 0, &gen);
    s->salt = old;
    st = ta_logout_others(&life.auth, t->text, t->len, life.now, &o);
    if (!life.disturbed && !s->salt_unsure) PROMISE(st == want || (want == TA_OK && st == TA_ERR_FULL));
    if (st == TA_OK) s->salt = life.salt[s->user];
    else if (life.disturbed && (how & 4) != 0) s->salt_unsure = true;
    if (st == TA_OK && !life.disturbed) life_end_all(s->user, t->session);
    if (st == TA_ERR_REPLAY || st == TA_ERR_AHEAD) s->dead = true;
}

static void life_ask(uint8_t which, uint8_t how)
{
    life_session *s;
    ta_session list[LIFE_ROWS], one;
    char sid[24], buf[TA_ACCESS_CAP];
    size_t n = 77, len;
    ta_record r;
    ta_jwt jwt;
    ta_status want, st;
    if (life.session_count == 0) return;
    s = &life.sessions[which % life.session_count];
    want = life_state(s, &r);
    PROMISE(ta_base64url_encode(s->id, 16, sid, sizeof sid, &len) == TA_OK && len == 22);
    st = ta_session_get(&life.auth, life_users[!s->user], sid, len, life.now, &one);
    PROMISE(life.disturbed ? st != TA_OK : st == TA_ERR_NOT_FOUND);
    PROMISE(fuzz_all(&one, sizeof one, 0));
    st = ta_session_get(&life.auth, life_users[s->user], sid, len, life.now, &one);
    if (!life.disturbed) PROMISE(st == want || (want == TA_ERR_ENDED && st == TA_ERR_NOT_FOUND));
    if (st == TA_OK) PROMISE(strcmp(one.sid, sid) == 0 && strcmp(one.subject, life_users[s->user]) == 0);
    st = ta_session_list(&life.auth, life_users[s->user], life.now, "", list, LIFE_ROWS, &n);
    if (!life.disturbed) PROMISE(st == TA_OK && n == life_live(s->user));
    if (st != TA_OK) PROMISE(n == 0);
    st = ta_check(&life.auth, s->access, s->access_len, life.now, buf, sizeof buf, &jwt);
    if (s->access_len == 0) PROMISE(st == TA_ERR_FORMAT);               /* one left behind */
    else if (life.now >= s->access_ends) PROMISE(st == TA_ERR_EXPIRED);
    else if (!life.auth.cfg.check_sessions) PROMISE(st == TA_OK);
    else if (!life.disturbed) PROMISE(st == want);
    if (st == TA_OK && life.auth.cfg.check_sessions && !life.disturbed) PROMISE(!s->dead);
    if ((how & 3) == 3) {
        st = ta_session_end(&life.auth, life_users[s->user], sid, len, life.now);
        if (st == TA_OK) s->dead = true;
        if (!life.disturbed) PROMISE(st == TA_OK || (st == TA_ERR_NOT_FOUND && want == TA_ERR_ENDED));
    }
}

static void life_clock(uint8_t how)
{
    static const int32_t jumps[8] = {1, 4, 11, 60, 600, 3000, -3, -40};
    life.now += jumps[how & 7];
    if (life.now > life.latest) life.latest = life.now;
    if (life.now < life.latest - 40000) life.now = life.latest;         /* within the stores' day of grace */
}

/* False: the ledger is full, and the run over. */
static bool life_step(uint8_t what)
{
    uint8_t a = fuzz_byte(&life.in), b = fuzz_byte(&life.in);
    if (!life.racing) {
        life.disturbed = life.late.waiting;
        life.fault = what >> 4 < 7 ? what >> 4 : FAULT_NONE;
        life.fault_in = 1 + b / 16;
        if (life.fault == FAULT_RANDOM) life.fault_in = 1000;
    }
    switch (what & 15) {
    case 0: case 1: case 2: life_login(a);  break;
    case 3: case 4: case 5: case 6: case 7: life_refresh(a & 15, b & 3);  break;
    case 8: life_refresh(a, b & 3);  break;
    case 9: life_logout(a);  break;
    case 10: if ((a & 2) == 0) life_logout_all(a & 1);  break;
    case 11: life_logout_others(a & 15, b & 7);  break;
    case 12: if (!life.racing) life_ask(a, b);  break;
    case 13: if (!life.racing) life.salt[a & 1] += (b & 3) == 0;  break;
    case 14: if (!life.racing) life.suspended[a & 1] = (b & 3) == 0;  break;
    default: if (!life.racing) life_clock(a);
    }
    if (!life.racing) {
        life.fault = FAULT_NONE;
        if (!life_adopt()) return false;
        life_audit();
    }
    return true;
}

static void life_begin(uint8_t shape)
{
    static const int32_t windows[4] = {10, TA_NONE, 10, 1};
    ta_auth_config cfg = TA_ZERO;
    memset(&life, 0, sizeof life);
    life.now = life.latest = LIFE_START;
    life.refresh_key.id = 3;
    life.refresh_key.key = fuzz_key('r', NULL);
    life.key = fuzz_key('k', NULL);
    cfg.keys = ta_keys_of(&life.key, 1);
    cfg.refresh_keys = &life.refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "i";
    cfg.audience = "api";
    cfg.access_s = 300;
    cfg.idle_s = 4000;
    cfg.absolute_s = 20000;
    cfg.window_s = windows[shape & 3];
    cfg.retry_s = 1000;
    cfg.max_sessions = LIFE_MAX;
    cfg.reject_over_cap = (shape & 4) != 0;
    cfg.check_sessions = (shape & 8) != 0;
    cfg.store.get = life_get;
    cfg.store.cas = life_cas;
    cfg.store.list = life_list;
    cfg.store.sweep = (shape & 16) != 0 ? NULL : life_sweep;
    cfg.random = life_random;
    cfg.user = life_user;
    PROMISE(ta_auth_init(&life.auth, &cfg) == TA_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int steps = 0;
    fuzz_in in;
    in.p = data;
    in.n = size;
    life_begin(fuzz_byte(&in));
    life.in = in;
    while (life.in.n > 0 && steps < LIFE_STEPS && life_step(fuzz_byte(&life.in))) steps++;
    return 0;
}
