/* fuzz_refresh.c - one refresh: any token text, and any record that a store may hold for a good token.

   Promises   text that we did not mint is refused before store, random source or user hook is asked; for a
              token and a record that the harness tags and seals (so mutations get past both) a naive reading
              of the protocol gives the same verdict, the same next record and the same word for the client;
              nothing is written for an answer that cannot be given; a failure leaves the pair empty.
   Input      text: any; made: the settings, the token, the record, the clock, what store and hooks answer  */
#include "fuzz.h"

#define REFRESH_BASE 1000000

enum { CAS_OK, CAS_CONFLICT, CAS_APPLIED_UNKNOWN, CAS_LOST_UNKNOWN, CAS_STORE };

static struct {
    ta_auth   auth;
    ta_refresh_key refresh_keys[2];
    ta_key    key;
    uint8_t   k[2][32];         /* the realm's keys */
    ta_record rec, next;        /* in the store; what was written */
    bool      there, written, deleted;
    ta_status get_status;
    uint32_t  epoch;            /* the user's; 0: no mark */
    int       cas, cas_calls;
    bool      random_fails, suspended;
    const char *salt, *more;
    int       touched, asked, events;
    ta_event  event;
    int64_t   now;
} rf;

static void refresh_hmac(const uint8_t k[32], const void *msg, size_t n, uint8_t out[32])
{
    ta_hmac_sha256(k, 32, msg, n, out);
}

static int refresh_key_of(unsigned kid) { return kid == 1 ? 0 : kid == 7 ? 1 : -1; }

static void refresh_id(const char *label, const void *bytes, size_t n, uint8_t id[16])
{
    uint8_t text[128], digest[32];
    size_t l = strlen(label);
    memcpy(text, label, l);
    memcpy(text + l, bytes, n);
    ta_sha256_once(text, l + n, digest);
    memcpy(id, digest, 16);
}

/* ---- what the protocol's formulas say, written down once more ----------------------------------- */

static void refresh_seal(const ta_record *r, const char *salt, uint8_t out[8])
{
    uint8_t text[256], mac[32];
    size_t n = 0, i;
    text[n++] = 'S';
    memcpy(text + n, r->id, 16);  n += 16;
    for (i = 8; i-- > 0; ) text[n++] = (uint8_t)((uint64_t)r->created >> (8 * i));
    for (i = 8; i-- > 0; ) text[n++] = (uint8_t)((uint64_t)r->ends_at >> (8 * i));
    memcpy(text + n, r->app, 4);  n += 4;
    text[n++] = r->flags & 5;
    memcpy(text + n, r->client, 8);  n += 8;
    text[n++] = r->sub_len;
    memcpy(text + n, r->text, r->sub_len);  n += r->sub_len;
    if ((r->flags & 4) != 0) { memcpy(text + n, salt, strlen(salt));  n += strlen(salt); }
    refresh_hmac(rf.k[refresh_key_of(r->kid)], text, n, mac);
    memcpy(out, mac, 8);
}

static void refresh_bind(const ta_record *r, char letter, const char *bytes, uint8_t out[8])
{
    uint8_t text[64], mac[32];
    text[0] = (uint8_t)letter;
    memcpy(text + 1, r->id, 16);
    memcpy(text + 17, bytes, 16);
    refresh_hmac(rf.k[refresh_key_of(r->kid)], text, 33, mac);
    memcpy(out, mac, 8);
}

static size_t refresh_mint(unsigned first, const uint8_t secret[16], uint32_t gen, char *out)
{
    uint8_t raw[38], mac[32];
    int k = refresh_key_of(first & 15);
    size_t n;
    raw[0] = 'T';
    raw[1] = (uint8_t)first;
    memcpy(raw + 2, secret, 16);
    raw[18] = (uint8_t)(gen >> 24);  raw[19] = (uint8_t)(gen >> 16);
    raw[20] = (uint8_t)(gen >> 8);   raw[21] = (uint8_t)gen;
    refresh_hmac(rf.k[k >= 0 ? k : 0], raw, 22, mac);
    memcpy(raw + 22, mac, 16);
    PROMISE(ta_base64url_encode(raw + 1, 37, out, 72, &n) == TA_OK && n == 50);
    return n;
}

/* ---- store and hooks -------------------------------------------------------------------------------- */

static ta_status refresh_get(void *ctx, const uint8_t id[16], ta_record *out)
{
    uint8_t user[16];
    (void)ctx;
    rf.touched++;
    if (memcmp(id, rf.rec.id, 16) == 0) {
        if (rf.written && rf.cas == CAS_APPLIED_UNKNOWN) {
            if (rf.deleted) return TA_ERR_NOT_FOUND;
            *out = rf.next;
            return TA_OK;
        }
        if (rf.get_status == TA_OK) *out = rf.rec;
        return rf.get_status;
    }
    refresh_id("tokenauth.h user 1", rf.rec.text, rf.rec.sub_len, user);
    PROMISE(memcmp(id, user, 16) == 0);                 /* nobody else's record is asked for */
    if (rf.epoch == 0) return TA_ERR_NOT_FOUND;
    out->kind = 2;
    out->epoch = rf.epoch;
    memcpy(out->id, user, 16);
    out->created = out->rotated_at = out->idle_until = out->ends_at = REFRESH_BASE;
    return TA_OK;
}

static ta_status refresh_cas(void *ctx, const uint8_t id[16], const ta_record *old, const ta_record *next,
                             int64_t expires)
{
    (void)ctx;
    rf.touched++;
    rf.cas_calls++;
    PROMISE(old != NULL && memcmp(id, rf.rec.id, 16) == 0 && old->ver == rf.rec.ver);
    if (rf.cas == CAS_CONFLICT) return TA_ERR_CONFLICT;
    if (rf.cas == CAS_STORE) return TA_ERR_STORE;
    if (rf.cas == CAS_LOST_UNKNOWN && rf.cas_calls == 1) return TA_ERR_STORE;
    rf.written = true;
    rf.deleted = next == NULL;
    if (next != NULL) {
        rf.next = *next;
        PROMISE(expires == (next->idle_until < next->ends_at ? next->idle_until : next->ends_at) + 86400);
    }
    return rf.cas == CAS_APPLIED_UNKNOWN ? TA_ERR_STORE : TA_OK;
}

static ta_status refresh_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    rf.touched++;
    memset(out, 'r', n);
    return rf.random_fails ? TA_ERR_RANDOM : TA_OK;
}

static ta_status refresh_user(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx;
    rf.touched++;
    PROMISE(rf.asked++ == 0 && fuzz_same(s->subject, strlen(s->subject), rf.rec.text, rf.rec.sub_len));
    out->salt = rf.salt;
    out->salt_len = strlen(rf.salt);
    out->more = rf.more;
    out->more_len = rf.more != NULL ? strlen(rf.more) : 0;
    return rf.suspended ? TA_ERR_SUSPENDED : TA_OK;
}

static void refresh_event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx;
    (void)s;
    rf.events++;
    rf.event = what;
}

static void refresh_setup(uint8_t a)
{
    static const uint8_t label[] = "tokenauth.h refresh 1";
    ta_auth_config cfg = TA_ZERO;
    uint8_t secret[32], text[64];
    size_t i, n = sizeof label;
    memset(&rf, 0, sizeof rf);
    memcpy(text, label, n);
    text[n++] = 'r';
    for (i = 0; i < 2; i++) {
        rf.refresh_keys[i].id = i == 0 ? 1 : 7;
        rf.refresh_keys[i].key = fuzz_key((uint8_t)(100 + i), NULL);
        memset(secret, (int)(100 + i), sizeof secret);
        ta_hmac_sha256(secret, 32, text, n, rf.k[i]);
    }
    rf.key = fuzz_key('k', NULL);
    cfg.keys = ta_keys_of(&rf.key, 1);
    cfg.refresh_keys = rf.refresh_keys;
    cfg.refresh_key_count = 2;
    cfg.issuer = "i";
    cfg.audience = "a";
    cfg.realm = "r";
    if ((a & 1) != 0) cfg.refresh_prefix = "rt_";
    cfg.window_s = (a & 2) != 0 ? TA_NONE : 10;
    cfg.retry_s = (a & 4) != 0 ? TA_NONE : 100;
    cfg.allow_ahead = (a & 8) != 0 ? 2 : 0;
    cfg.sessions_not_before = (a & 16) != 0 ? REFRESH_BASE + 50 : 0;
    cfg.idle_s = 1000;
    cfg.absolute_s = 5000;
    cfg.store.get = refresh_get;
    cfg.store.cas = refresh_cas;
    cfg.random = refresh_random;
    cfg.user = refresh_user;
    cfg.event = refresh_event;
    PROMISE(ta_auth_init(&rf.auth, &cfg) == TA_OK);
}

/* ---- any text ------------------------------------------------------------------------------------------ */

static ta_status refresh_judge_text(const char *in, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *p;
    unsigned first = 0;
    size_t i;
    if (rf.auth.cfg.refresh_prefix != NULL) {
        if (n < 3 || memcmp(in, "rt_", 3) != 0) return TA_ERR_INVALID;
        in += 3;
        n -= 3;
    }
    if (n != 50) return TA_ERR_INVALID;
    for (i = 0; i < n; i++) {
        p = in[i] != '\0' ? strchr(letters, in[i]) : NULL;
        if (p == NULL || (i == 49 && (p - letters) % 16 != 0)) return TA_ERR_INVALID;
        if (i < 2) first = first << 6 | (unsigned)(p - letters);
    }
    if (first >> 8 != 1) return TA_ERR_INVALID;
    return refresh_key_of(first >> 4 & 15) < 0 ? TA_ERR_UNKNOWN_KEY : TA_ERR_INVALID;  /* no tag of ours */
}

static void refresh_text(const char *in, size_t n)
{
    ta_status want = refresh_judge_text(in, n);
    ta_pair pair;
    memset(&pair, 0xA5, sizeof pair);
    PROMISE(ta_refresh(&rf.auth, in, n, REFRESH_BASE, NULL, &pair) == want);
    PROMISE(pair.client == (want == TA_ERR_INVALID ? TA_CLIENT_LOGIN : TA_CLIENT_KEEP));
    pair.client = TA_CLIENT_KEEP;
    PROMISE(fuzz_all(&pair, sizeof pair, 0));
    PROMISE(ta_logout(&rf.auth, in, n, REFRESH_BASE) == want);
    PROMISE(ta_logout_others(&rf.auth, in, n, REFRESH_BASE, NULL) == want);
    PROMISE(rf.touched == 0 && rf.events == 0);
}

/* ---- a good token, any record --------------------------------------------------------------- */

typedef struct refresh_verdict {
    ta_status st;
    ta_event  event;
    bool      writes, rotates;
    uint32_t  gen;              /* of the token handed out */
} refresh_verdict;

typedef struct refresh_case {
    uint32_t gen;               /* the token's */
    const char *client, *retry;
    bool     seal_is_good, client_is_good, retry_is_good;
} refresh_case;

static ta_status refresh_admit(const refresh_case *c)
{
    const ta_record *r = &rf.rec;
    if (rf.get_status != TA_OK) return rf.get_status == TA_ERR_NOT_FOUND ? TA_ERR_ENDED : TA_ERR_STORE;
    if (refresh_key_of(r->kid) < 0) return TA_ERR_UNKNOWN_KEY;
    if (r->state != 0) return TA_ERR_REVOKED;
    if (r->ends_at <= rf.now || r->created + 5000 <= rf.now) return TA_ERR_EXPIRED;
    if (r->idle_until <= rf.now) return TA_ERR_IDLE;
    if (r->created < rf.auth.cfg.sessions_not_before) return TA_ERR_ENDED;
    if (r->epoch != rf.epoch) return TA_ERR_LOGGED_OUT;
    if (rf.suspended) return TA_ERR_SUSPENDED;
    if (((r->flags & 4) != 0 && rf.salt[0] == '\0') || !c->seal_is_good) return TA_ERR_USER_CHANGED;
    if ((r->flags & 1) != 0 && !c->client_is_good) return TA_ERR_BINDING;
    return TA_OK;
}

static ta_status refresh_answer(void)           /* can an answer be given at all? */
{
    if (rf.random_fails) return TA_ERR_RANDOM;
    return rf.more != NULL && strstr(rf.more, "sub") != NULL ? TA_ERR_DUPLICATE : TA_OK;
}

static refresh_verdict refresh_judge(const refresh_case *c)
{
    const ta_auth_config *cfg = &rf.auth.cfg;
    refresh_verdict v;
    int64_t behind = (int64_t)rf.rec.gen - (int64_t)c->gen, age = rf.now - rf.rec.rotated_at;
    bool young = cfg->window_s > 0 && age < 10 && age > -10;
    bool retry = cfg->retry_s > 0 && c->retry_is_good && rf.now < rf.rec.rotated_at + 100;
    memset(&v, 0, sizeof v);
    v.gen = rf.rec.gen;
    v.st = refresh_admit(c);
    if (v.st == TA_ERR_BINDING) v.event = TA_EVENT_BINDING;
    if (v.st != TA_OK) return v;
    if ((behind == 0 || behind == 1) && (young || (behind == 1 && retry))) {
        v.st = refresh_answer();
        if (v.st == TA_OK && behind == 1) v.event = young ? TA_EVENT_WINDOW : TA_EVENT_LATE_RETRY;
        return v;
    }
    v.rotates = behind == 0 || (behind < 0 && -behind <= cfg->allow_ahead);
    v.writes = true;
    v.event = behind > 0 ? TA_EVENT_REPLAY : behind == 0 ? (ta_event)0
            : v.rotates ? TA_EVENT_ROLLBACK : TA_EVENT_AHEAD;
    if (!v.rotates) {
        v.st = behind > 0 ? TA_ERR_REPLAY : TA_ERR_AHEAD;
        return v;
    }
    v.gen = c->gen + 1;
    if (c->gen >= 0xFFFFFFFE) {
        v.st = TA_ERR_ENDED;
    } else {
        v.st = refresh_answer();
        v.writes = v.st == TA_OK;
        if (v.st != TA_OK) v.event = (ta_event)0;
    }
    return v;
}

/* The record after a rotation, or after a revocation.                                                     */
static void refresh_check_written(const refresh_case *c, const refresh_verdict *v)
{
    ta_record want = rf.rec;
    uint8_t x[TA_RECORD_SIZE], y[TA_RECORD_SIZE];
    int64_t idle = rf.now + 1000;
    want.ver++;
    if (!v->rotates) {
        want.state = 1;
    } else if (c->gen >= 0xFFFFFFFE) {
        PROMISE(rf.deleted);
        return;
    } else {
        want.kid = 1;
        want.gen = c->gen + 1;
        want.rotated_at = rf.now > want.created ? rf.now : want.created;
        want.idle_until = idle > want.ends_at ? want.ends_at : idle;
        if (want.idle_until < want.created) want.idle_until = want.created;
        want.flags &= 5;
        memset(want.retry, 0, 8);
        if (c->retry != NULL) {
            want.flags |= 2;
            refresh_bind(&want, 'R', c->retry, want.retry);
        }
        if ((want.flags & 1) != 0) refresh_bind(&want, 'C', c->client, want.client);
        refresh_seal(&want, rf.salt, want.seal);
    }
    PROMISE(!rf.deleted);
    ta_record_pack(&want, x);
    ta_record_pack(&rf.next, y);
    PROMISE(memcmp(x, y, sizeof x) == 0);
}

static ta_client refresh_client_for(ta_status st)
{
    switch (st) {
    case TA_OK: return TA_CLIENT_SET;
    case TA_ERR_STORE: case TA_ERR_BUSY: case TA_ERR_UNKNOWN_KEY: case TA_ERR_DUPLICATE: case TA_ERR_RANDOM:
        return TA_CLIENT_KEEP;
    default: return TA_CLIENT_LOGIN;
    }
}

static void refresh_check_pair(ta_pair *pair, const uint8_t secret[16], const refresh_verdict *v)
{
    char want[80], buf[TA_ACCESS_CAP];
    ta_jwt jwt;
    size_t prefix = rf.auth.cfg.refresh_prefix != NULL ? 3 : 0, n;
    int64_t left;
    const ta_record *r = v->rotates ? &rf.next : &rf.rec;
    memcpy(want, "rt_", 3);
    n = prefix + refresh_mint(0x11, secret, v->gen, want + prefix);
    PROMISE(fuzz_same(pair->refresh, pair->refresh_len, want, n) && pair->refresh[n] == '\0');
    PROMISE(ta_check(&rf.auth, pair->access, pair->access_len, rf.now, buf, sizeof buf, &jwt) == TA_OK);
    PROMISE(ta_json_equals(jwt.sub, r->text, r->sub_len) && jwt.iat == rf.now);
    PROMISE(ta_json_equals(jwt.sid, pair->sid, strlen(pair->sid)));
    PROMISE(jwt.exp == (rf.now + 900 < r->ends_at ? rf.now + 900 : r->ends_at));
    PROMISE(pair->access_s == jwt.exp - rf.now);
    left = (r->idle_until < r->ends_at ? r->idle_until : r->ends_at) - rf.now;
    PROMISE(pair->refresh_s == (left < INT32_MAX ? left : INT32_MAX));
}

static void refresh_made(fuzz_in *in)
{
    static const char *const salts[4] = {"", "salt", "other", "salt"};
    static const char *const mores[4] = {NULL, "{\"x\":1}", "{\"sub\":\"eve\"}", NULL};
    static const unsigned firsts[8] = {0x11, 0x17, 0x11, 0x13, 0x11, 0x17, 0x21, 0x11};
    static const char client[17] = "a client, 16 by.", retry[17] = "a retry key, 16b";
    uint8_t b = fuzz_byte(in), d = fuzz_byte(in), e = fuzz_byte(in), f = fuzz_byte(in), secret[16];
    unsigned first = firsts[b & 7];
    char token[80] = "rt_", old_salt[8];
    ta_refresh_opts opts = TA_ZERO;
    refresh_verdict v;
    refresh_case c;
    ta_pair pair;
    size_t prefix = rf.auth.cfg.refresh_prefix != NULL ? 3 : 0, n;
    ta_record *r = &rf.rec;
    ta_status st;

    memset(&c, 0, sizeof c);
    memset(secret, b, sizeof secret);
    refresh_id("tokenauth.h session 1", secret, 16, r->id);
    r->kind = 1;
    r->kid = (uint8_t)((d & 3) == 0 ? 7 : (d & 7) == 7 ? 3 : 1);
    r->state = (d & 0x78) == 0x78;
    r->flags = e & 7;
    r->ver = fuzz_u32(in);
    r->gen = fuzz_u32(in);
    if (r->gen == UINT32_MAX) r->gen = 5;
    r->epoch = f & 3;
    rf.epoch = (f & 0xC) == 0 ? r->epoch : f >> 4 & 3u;
    r->created = REFRESH_BASE + fuzz_byte(in);
    r->rotated_at = r->created + fuzz_byte(in) * 8;
    r->idle_until = r->created + fuzz_byte(in) * 16;
    r->ends_at = r->created + fuzz_byte(in) * 32;
    r->sub_len = 3;
    memcpy(r->text, "bob", 3);
    rf.now = r->created + (int64_t)(fuzz_u32(in) % 8192) - 500;
    b = fuzz_byte(in);                                  /* mostly near the last rotation */
    if (b < 192) rf.now = r->rotated_at + (int8_t)b;
    b = fuzz_byte(in);
    c.gen = (uint32_t)((int64_t)r->gen - (b < 240 ? b % 4 - 1 : (int8_t)b));
    b = fuzz_byte(in);
    rf.get_status = (b & 31) == 31 ? TA_ERR_STORE : (b & 31) == 30 ? TA_ERR_NOT_FOUND : TA_OK;
    rf.cas = b >> 5 < 5 ? b >> 5 : CAS_OK;
    b = fuzz_byte(in);
    rf.random_fails = (b & 15) == 15;
    rf.suspended = (b & 0xF0) == 0xF0;
    b = fuzz_byte(in);
    strcpy(old_salt, salts[b & 3]);
    rf.salt = salts[b >> 2 & 3];
    rf.more = mores[b >> 4 & 3];
    if (refresh_key_of(r->kid) >= 0) {
        if ((r->flags & 1) != 0) refresh_bind(r, 'C', client, r->client);
        if ((r->flags & 2) != 0) refresh_bind(r, 'R', retry, r->retry);
        refresh_seal(r, old_salt, r->seal);
    }
    c.seal_is_good = (r->flags & 4) == 0 || strcmp(old_salt, rf.salt) == 0;
    if ((b & 0xC0) == 0xC0) {                           /* somebody wrote into the store */
        r->seal[0] ^= 1;
        c.seal_is_good = false;
    }
    c.client = (e & 8) != 0 ? NULL : (e & 0x30) == 0x30 ? "another client16" : client;
    c.client_is_good = c.client == client;
    c.retry = (e & 0x40) != 0 ? retry : (e & 0x80) != 0 ? "another retry 16" : NULL;
    c.retry_is_good = c.retry == retry && (r->flags & 2) != 0;
    opts.client = c.client;
    opts.client_len = c.client != NULL ? 16 : 0;
    opts.retry_key = c.retry;

    n = prefix + refresh_mint(first, secret, c.gen, token + prefix);
    memset(&pair, 0xA5, sizeof pair);
    st = ta_refresh(&rf.auth, token, n, rf.now, &opts, &pair);
    if (first >> 4 != 1 || refresh_key_of(first & 15) < 0) {
        PROMISE(st == (first >> 4 != 1 ? TA_ERR_INVALID : TA_ERR_UNKNOWN_KEY) && rf.touched == 0);
        return;
    }
    v = refresh_judge(&c);
    if (v.writes && rf.cas == CAS_CONFLICT) v.st = TA_ERR_BUSY;
    if (v.writes && rf.cas == CAS_STORE) v.st = TA_ERR_STORE;
    PROMISE(st == v.st);
    PROMISE(pair.client == refresh_client_for(st));
    PROMISE(pair.retry_after_s == (st == TA_ERR_BUSY ? 1 : st == TA_ERR_STORE ? 2 : 0));
    PROMISE(rf.written == (v.writes && rf.cas != CAS_CONFLICT && rf.cas != CAS_STORE));
    if (st == TA_ERR_BUSY || st == TA_ERR_STORE) v.event = (ta_event)0;
    if (rf.deleted) v.event = (ta_event)0;
    PROMISE(rf.events == (v.event != 0) && (rf.events == 0 || rf.event == v.event));
    if (rf.written) refresh_check_written(&c, &v);
    if (st == TA_OK) {
        refresh_check_pair(&pair, secret, &v);
    } else {
        pair.client = TA_CLIENT_KEEP;
        pair.retry_after_s = 0;
        PROMISE(fuzz_all(&pair, sizeof pair, 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = (uint8_t *)fuzz_copy(data, size), shape;
    fuzz_in in;
    in.p = copy;
    in.n = size;
    shape = fuzz_byte(&in);
    refresh_setup(shape);
    if ((shape & 128) != 0) refresh_made(&in);
    else refresh_text((const char *)in.p, in.n);
    free(copy);
    return 0;
}
