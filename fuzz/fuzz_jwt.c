/* fuzz_jwt.c - tokens: signing, verifying, the rules.

   Promises   the harness makes the MAC, so mutations reach the claims; then a naive reader of header, claims
              and rules gives the same verdict, the same mask and the same dates. A foreign MAC, and one character
              changed in a good token, are never accepted. In place is as apart. What sign accepts, verify
              calls well formed. A failure leaves the buffer and the result empty. All forms agree.
   Input      flags, flags, now[4], header up to a byte 00, claims; the whole is also tried as a token */
#include "fuzz.h"
#include "naive.h"

#define JWT_MAX 6000
#define JWT_TOKEN (JWT_MAX * 4 / 3 + 64)

typedef struct jwt_case {
    ta_rules rules;
    int64_t  now;
    ta_key   keys[2];
    size_t   key_count;
    bool     signer_has_kid;
} jwt_case;

/* ---- the naive reader ---------------------------------------------------------------------- */

typedef struct jwt_date { bool there, bad, exact; int64_t floor; } jwt_date;

static jwt_date jwt_read_date(const uint8_t *text, const naive *v)
{
    jwt_date d;
    memset(&d, 0, sizeof d);
    if (v == NULL) return d;
    d.bad = v->kind != TA_NUMBER || !naive_floor(text + v->at, v->end - v->at, &d.floor, &d.exact)
         || (!d.exact && d.floor == INT64_MAX);
    d.there = !d.bad;
    return d;
}

static int64_t jwt_ceil(jwt_date d) { return d.there ? d.floor + (d.exact ? 0 : 1) : 0; }

/* The named member with the value null counts as missing.                                        */
static bool jwt_has(const naive *claims, const char *name)
{
    const naive *v = naive_get(claims, name);
    return v != NULL && v->kind != TA_NULL;
}

static bool jwt_is_for(const naive *aud, const char *audience)
{
    const naive *one;
    if (naive_is(aud, audience)) return true;
    for (one = aud != NULL && aud->kind == TA_ARRAY ? aud->child : NULL; one != NULL; one = one->next) {
        if (naive_is(one, audience)) return true;
    }
    return false;
}

static bool jwt_same_type(const char *text, size_t len, const char *want)
{
    size_t i;
    for (i = 0; i < len && want[i] != '\0'; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
        if (c != want[i]) return false;
    }
    return i == len && want[i] == '\0';
}

static bool jwt_typ_agrees(const char *typ, size_t len, bool there, bool string, const ta_rules *r)
{
    char media[64] = "application/";
    const char *want = r->typ != NULL ? r->typ : "jwt";
    if (r->typ == NULL && (r->allow_any_typ || !there)) return true;
    memcpy(media + 12, want, strlen(want));
    return string && (jwt_same_type(typ, len, want) || jwt_same_type(typ, len, media));
}

static unsigned jwt_failed_dates(const naive *c, const uint8_t *text, const jwt_case *t)
{
    jwt_date exp = jwt_read_date(text, naive_get(c, "exp")), nbf = jwt_read_date(text, naive_get(c, "nbf"));
    jwt_date iat = jwt_read_date(text, naive_get(c, "iat"));
    const ta_rules *r = &t->rules;
    int64_t early = t->now - r->leeway_s, late = t->now + r->leeway_s;
    bool aged = r->max_age_s > 0 || r->max_lifetime_s > 0;
    unsigned failed = 0;
    if (exp.there && (early > exp.floor || (early == exp.floor && exp.exact))) failed |= TA_FAILED_EXP;
    if (nbf.there && (late < nbf.floor || (late == nbf.floor && !nbf.exact))) failed |= TA_FAILED_NBF;
    if (!exp.there && !exp.bad && !r->allow_no_exp) failed |= TA_FAILED_REQUIRED;
    if (aged && !iat.there && !iat.bad) failed |= TA_FAILED_REQUIRED;
    if (iat.there && r->max_age_s > 0) {
        if (iat.floor > late || (iat.floor == late && !iat.exact)) failed |= TA_FAILED_IAT;
        if (iat.floor < early - r->max_age_s) failed |= TA_FAILED_AGE;
    }
    if (iat.there && r->max_lifetime_s > 0 && !exp.bad) {
        int64_t from = jwt_ceil(iat);
        if (!exp.there || (from <= INT64_MAX - r->max_lifetime_s && jwt_ceil(exp) > from + r->max_lifetime_s))
            failed |= TA_FAILED_LIFETIME;
    }
    if (exp.bad || nbf.bad || iat.bad) failed |= TA_FAILED_KIND;
    return failed;
}

static unsigned jwt_failed_parties(const naive *c, const ta_rules *r)
{
    const naive *aud = naive_get(c, "aud");
    unsigned failed = 0;
    if (r->issuer != NULL && !naive_is(naive_get(c, "iss"), r->issuer)) failed |= TA_FAILED_ISS;
    if (r->subject != NULL && !naive_is(naive_get(c, "sub"), r->subject)) failed |= TA_FAILED_SUB;
    if (r->audience != NULL ? !jwt_is_for(aud, r->audience) : aud != NULL && !r->allow_any_audience)
        failed |= TA_FAILED_AUD;
    if (r->required != NULL && (!jwt_has(c, "x") || !jwt_has(c, "y"))) failed |= TA_FAILED_REQUIRED;
    return failed;
}

static ta_status jwt_named(unsigned failed)
{
    static const struct { unsigned bit; ta_status st; } names[] = {
        {TA_FAILED_EXP, TA_ERR_EXPIRED}, {TA_FAILED_NBF | TA_FAILED_IAT, TA_ERR_EARLY},
        {TA_FAILED_AGE | TA_FAILED_LIFETIME, TA_ERR_AGE}, {TA_FAILED_ISS, TA_ERR_ISSUER},
        {TA_FAILED_SUB, TA_ERR_SUBJECT}, {TA_FAILED_AUD, TA_ERR_AUDIENCE}, {TA_FAILED_TYP, TA_ERR_TYP},
        {TA_FAILED_REQUIRED, TA_ERR_MISSING}, {TA_FAILED_KIND, TA_ERR_CLAIM}
    };
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((failed & names[i].bit) != 0) return names[i].st;
    }
    return TA_OK;
}

static ta_status jwt_object(fuzz_in part, naive **root)
{
    ta_status st = naive_parse(part.p, part.n, root);
    size_t i = 0;
    while (i < part.n && part.p[i] != 0 && strchr(" \t\n\r", part.p[i]) != NULL) i++;
    return i < part.n && part.p[i] == '{' ? st : TA_ERR_JSON;
}

typedef struct jwt_verdict {
    ta_status header, st;       /* of header and MAC; of all */
    unsigned  failed;
    bool      odd;              /* a name with an escape: the limit on slow comparisons may strike first */
    int64_t   exp, nbf, iat;
} jwt_verdict;

/* The header's verdict; what its typ is goes to *typ_ok.                                              */
static ta_status jwt_judge_header(fuzz_in header, const jwt_case *t, bool *typ_ok)
{
    naive *h;
    const naive *kid, *typ;
    ta_status st = jwt_object(header, &h);
    bool named;
    if (st != TA_OK) return st;
    if (!naive_is(naive_get(h, "alg"), "HS256")) return TA_ERR_ALG;
    if (naive_get(h, "crit") != NULL) return TA_ERR_CRIT;
    kid = naive_get(h, "kid");
    typ = naive_get(h, "typ");
    *typ_ok = jwt_typ_agrees(typ != NULL ? typ->string : NULL, typ != NULL ? typ->string_len : 0, typ != NULL,
                             typ != NULL && typ->kind == TA_STRING, &t->rules);
    named = kid == NULL || naive_is(kid, "a");
    if (!t->signer_has_kid || named) return TA_OK;
    return t->key_count > 1 && naive_is(kid, "b") ? TA_ERR_SIGNATURE : TA_ERR_KID;
}

static jwt_verdict jwt_judge(fuzz_in header, fuzz_in claims, const jwt_case *t)
{
    jwt_verdict v;
    naive *c;
    bool typ_ok = false;
    memset(&v, 0, sizeof v);
    v.header = v.st = jwt_judge_header(header, t, &typ_ok);
    v.odd = naive_state.odd;
    if (v.st != TA_OK) return v;
    v.st = jwt_object(claims, &c);
    v.odd = v.odd || naive_state.odd;
    if (v.st != TA_OK) return v;
    v.failed = jwt_failed_dates(c, claims.p, t) | jwt_failed_parties(c, &t->rules)
             | (typ_ok ? 0 : TA_FAILED_TYP);
    v.st = jwt_named(v.failed);
    v.exp = jwt_ceil(jwt_read_date(claims.p, naive_get(c, "exp")));
    v.nbf = jwt_ceil(jwt_read_date(claims.p, naive_get(c, "nbf")));
    v.iat = jwt_ceil(jwt_read_date(claims.p, naive_get(c, "iat")));
    return v;
}

/* ---- the case ---------------------------------------------------------------------------------- */

static jwt_case jwt_read_case(fuzz_in *in)
{
    static const int32_t leeway[4] = {0, 1, 30, 300}, age[4] = {0, 60, 3600, INT32_MAX};
    uint8_t a = fuzz_byte(in), b = fuzz_byte(in);
    jwt_case t;
    memset(&t, 0, sizeof t);
    t.rules.allow_no_exp = (a & 1) != 0;
    t.rules.allow_any_audience = (a & 2) != 0;
    t.rules.allow_any_typ = (a & 4) != 0;
    if ((a & 8) != 0) t.rules.issuer = "i";
    if ((a & 16) != 0) t.rules.subject = "s";
    if ((a & 32) != 0) t.rules.audience = "a";
    if ((a & 64) != 0) t.rules.typ = "at+jwt";
    if ((a & 128) != 0) t.rules.required = "x  y";
    t.rules.leeway_s = leeway[b & 3];
    t.rules.max_age_s = age[b >> 2 & 3];
    t.rules.max_lifetime_s = age[b >> 4 & 3];
    t.now = 1 + (int64_t)fuzz_u32(in);
    t.signer_has_kid = (b & 128) == 0;
    t.keys[0] = fuzz_key('k', t.signer_has_kid ? "a" : NULL);
    t.keys[1] = fuzz_key('z', "b");
    t.key_count = 1 + ((b & 64) != 0 ? 1u : 0u);
    return t;
}

static size_t jwt_make(fuzz_in header, fuzz_in claims, char *token)
{
    uint8_t mac[32], secret[32];
    size_t n, m;
    memset(secret, 'k', sizeof secret);
    PROMISE(ta_base64url_encode(header.p, header.n, token, JWT_TOKEN, &n) == TA_OK);
    token[n++] = '.';
    PROMISE(ta_base64url_encode(claims.p, claims.n, token + n, JWT_TOKEN - n, &m) == TA_OK);
    n += m;
    ta_hmac_sha256(secret, sizeof secret, token, n, mac);
    token[n++] = '.';
    PROMISE(ta_base64url_encode(mac, sizeof mac, token + n, JWT_TOKEN - n, &m) == TA_OK);
    return n + m;
}

static bool jwt_is_empty(const ta_jwt *j)      /* but for why it failed */
{
    ta_jwt none = *j;
    none.failed = none.failed_len = 0;
    none.failed_name = NULL;
    return fuzz_all(&none, sizeof none, 0);
}

static bool jwt_same_text(ta_json v, const char *text, size_t len)
{
    return fuzz_same(v.text, v.len, text, len);
}

static void jwt_check_views(const ta_jwt *j, fuzz_in claims)
{
    static const char *const names[5] = {"iss", "sub", "aud", "jti", "sid"};
    const ta_json *views[5];
    naive *c;
    size_t i;
    views[0] = &j->iss;  views[1] = &j->sub;  views[2] = &j->aud;  views[3] = &j->jti;  views[4] = &j->sid;
    PROMISE(naive_parse(claims.p, claims.n, &c) == TA_OK);
    PROMISE(jwt_same_text(j->claims, (const char *)claims.p + c->at, c->end - c->at));
    for (i = 0; i < 5; i++) {
        const naive *v = naive_get(c, names[i]);
        PROMISE(v != NULL ? jwt_same_text(*views[i], (const char *)claims.p + v->at, v->end - v->at)
                          : views[i]->text == NULL && views[i]->len == 0);
    }
}

/* The verdict of the header's reader on a token, twice: apart and in place; and of the other forms.  */
static void jwt_verify_all(const jwt_case *t, const char *token, size_t len, fuzz_in header, fuzz_in claims)
{
    jwt_verdict want = jwt_judge(header, claims, t);
    ta_keys keys = ta_keys_of(t->keys, t->key_count);
    size_t cap = header.n + claims.n, room = TA_JWT_BUF(len), payload = 77;
    char *buf = (char *)fuzz_room(cap), *other = (char *)fuzz_room(room);
    char *place = (char *)fuzz_copy(token, len);
    ta_jwt j, k;
    ta_status st = ta_jwt_verify(keys, token, len, t->now, &t->rules, buf, cap, &j);

    if (st == TA_ERR_LIMIT && want.st != st) {
        PROMISE(want.odd);
    } else {
        PROMISE(st == want.st && j.failed == want.failed);
        PROMISE((j.failed & TA_FAILED_REQUIRED) == 0 ? j.failed_name == NULL && j.failed_len == 0
                                                     : j.failed_name != NULL && j.failed_len > 0);
    }
    if (st == TA_OK) {
        PROMISE(j.exp == want.exp && j.nbf == want.nbf && j.iat == want.iat);
        jwt_check_views(&j, claims);
        PROMISE(ta_jwt_verify(keys, token, len, t->now, &t->rules, buf, cap - 1, &k) == TA_ERR_SPACE);
        PROMISE(fuzz_all(&k, sizeof k, 0));
    } else {
        PROMISE(jwt_is_empty(&j) && fuzz_cleared(buf, cap));
    }
    PROMISE(ta_jwt_verify(keys, place, len, t->now, &t->rules, place, len, &k) == st && k.failed == j.failed);
    PROMISE(k.exp == j.exp && k.claims.len == j.claims.len && k.sub.len == j.sub.len);
    PROMISE(fuzz_plain.verify(keys, token, len, t->now, &t->rules, other, room, &k) == st);
    PROMISE(k.failed == j.failed);
    PROMISE(fuzz_small.verify(keys, token, len, t->now, &t->rules, other, room, &k) == st);
    PROMISE(k.failed == j.failed);
    memset(other, 0xA5, room);
    st = ta_jws_verify(keys, token, len, other, room, &payload);
    if (st != TA_ERR_LIMIT || !want.odd) PROMISE(st == want.header);
    if (st == TA_OK) PROMISE(fuzz_same(other, payload, claims.p, claims.n));
    else PROMISE(payload == 0 && fuzz_cleared(other, room));
    free(buf);
    free(place);
    free(other);
}

/* One character of the token is another: at most the claim of which error it is may differ.            */
static void jwt_flip(const jwt_case *t, char *token, size_t len, uint32_t where)
{
    char *buf = (char *)fuzz_room(TA_JWT_BUF(len)), old = token[where % len];
    ta_rules lax = TA_ZERO;
    ta_jwt j;
    size_t n;
    lax.allow_no_exp = lax.allow_any_audience = lax.allow_any_typ = true;
    token[where % len] = old == 'A' ? 'B' : 'A';
    PROMISE(ta_jwt_verify(ta_keys_of(t->keys, t->key_count), token, len, 1, &lax, buf, TA_JWT_BUF(len), &j)
            != TA_OK);
    PROMISE(j.failed == 0 && jwt_is_empty(&j) && fuzz_cleared(buf, TA_JWT_BUF(len)));
    PROMISE(ta_jws_verify(ta_keys_of(t->keys, t->key_count), token, len, buf, TA_JWT_BUF(len), &n) != TA_OK);
    token[where % len] = old;
    free(buf);
}

/* Sign accepts exactly the objects whose dates make sense; and all forms write the same token.          */
static void jwt_sign(fuzz_in claims)
{
    size_t cap = TA_JWT_CAP(claims.n), len = 77, len2;
    char *token = (char *)fuzz_room(cap), *other = (char *)fuzz_room(cap);
    ta_key key = fuzz_key('k', "a");
    naive *c;
    jwt_date exp, nbf, iat;
    ta_status want = naive_parse(claims.p, claims.n, &c), st;
    if (want == TA_OK && c->kind != TA_OBJECT) want = TA_ERR_JSON;
    if (want == TA_OK) {
        exp = jwt_read_date(claims.p, naive_get(c, "exp"));
        nbf = jwt_read_date(claims.p, naive_get(c, "nbf"));
        iat = jwt_read_date(claims.p, naive_get(c, "iat"));
        if (exp.bad || nbf.bad || iat.bad) want = TA_ERR_CLAIM;
        else if (exp.there && ((nbf.there && jwt_ceil(exp) <= jwt_ceil(nbf))
                               || (iat.there && jwt_ceil(exp) <= jwt_ceil(iat)))) want = TA_ERR_AGE;
    }
    st = ta_jwt_sign_json(&key, (const char *)claims.p, claims.n, token, cap, &len);
    if (st == TA_OK) PROMISE(want == TA_OK && len < cap && token[len] == '\0');
    else PROMISE(len == 0 && token[0] == '\0' && (st == want || st == TA_ERR_LIMIT || want == TA_ERR_LIMIT));
    if (st == TA_ERR_LIMIT && want != st) PROMISE(naive_state.odd || claims.n * 4 / 3 + 100 > 4096);
    PROMISE(fuzz_plain.sign_json(&key, (const char *)claims.p, claims.n, other, cap, &len2) == st);
    PROMISE(fuzz_same(token, len, other, len2));
    PROMISE(fuzz_small.sign_json(&key, (const char *)claims.p, claims.n, other, cap, &len2) == st);
    PROMISE(fuzz_same(token, len, other, len2));
    free(token);
    free(other);
}

/* Bytes that nobody signed.                                                                             */
static void jwt_foreign(const jwt_case *t, const char *in, size_t n)
{
    size_t room = TA_JWT_BUF(n);
    char *buf = (char *)fuzz_room(room);
    ta_jwt j;
    PROMISE(ta_jwt_verify(ta_keys_of(&t->keys[1], 1), in, n, t->now, &t->rules, buf, room, &j) != TA_OK);
    PROMISE(j.failed == 0 && jwt_is_empty(&j) && fuzz_cleared(buf, room));
    memset(buf, 0xA5, room);
    if (ta_jwt_decode_unverified(in, n, buf, room, &j) != TA_OK)
        PROMISE(jwt_is_empty(&j) && fuzz_cleared(buf, room));
    else
        PROMISE(ta_json_kind(j.header) == TA_OBJECT && ta_json_check(j.claims.text, j.claims.len) == TA_OK);
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char token[JWT_TOKEN];
    uint8_t *copy;
    fuzz_in in, header;
    jwt_case t;
    size_t len;
    if (size > JWT_MAX) return 0;
    copy = (uint8_t *)fuzz_copy(data, size);
    in.p = copy;
    in.n = size;
    t = jwt_read_case(&in);
    jwt_foreign(&t, (const char *)in.p, in.n);
    header = fuzz_until(&in, 0);
    jwt_sign(in);
    len = jwt_make(header, in, token);
    if (len <= 4096) {
        jwt_verify_all(&t, token, len, header, in);
        jwt_flip(&t, token, len, (uint32_t)t.now);
    }
    free(copy);
    return 0;
}
