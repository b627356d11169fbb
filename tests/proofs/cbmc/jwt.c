/* jwt.c - reading tokens: what anyone can have sent. */
#include "proof.h"
#include "contracts.h"

struct tai_date;
static void contract_tai_read_date(ta_json v, struct tai_date *d);
static void contract_tai_segment_encode(const uint8_t *in, size_t len, char *out);

#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"

static tai_date saw_date[3];    /* exp, nbf, iat */
static unsigned dates_read;

static void contract_tai_read_date(ta_json v, tai_date *d)
{
    claim(readable(v.text, v.len) && __CPROVER_w_ok(d, sizeof *d), "read_date");
    d->there = v.len > 0 && nondet_bool();
    d->bad = v.len > 0 && !d->there;
    d->ceil = d->there ? nondet_time() : 0;
    d->fraction = d->there && nondet_bool();
    assume(!d->fraction || d->ceil > INT64_MIN);        /* a fraction of the last second is `bad` */
    if (dates_read < 3) saw_date[dates_read++] = *d;
}

/* ---- any token, keys, rules --------------------------------------------------------------------- */

static ta_key key_list[2];
static char names[4][3];
static ta_rules rules;

static ta_keys any_keys(void)
{
    size_t i;
    for (i = 0; i < 2; i++) {
        names[i][0] = (char)nondet_byte();
        names[i][1] = (char)nondet_byte();
        key_list[i].ready = nondet_word();
        names[i][2] = '\0';
        key_list[i].kid = nondet_bool() ? names[i] : NULL;
    }
    return ta_keys_of(nondet_bool() ? key_list : NULL, any_up_to(2));
}

/* The token and the buffer: apart, the same, or one inside the other, which is refused. */
static char room[N], apart[N], as_sent[N];

/* In place a header that was read is spelled again for the MAC. There is one text that these bytes come from (the
   proof `decode`): the one that was sent. */
static void contract_tai_segment_encode(const uint8_t *in, size_t len, char *out)
{
    size_t n = len / 3 * 4 + (len % 3 > 0 ? len % 3 + 1 : 0), i;
    claim(readable(in, len) && writable(out, n), "segment_encode: bytes and room");
    claim((const char *)in == out, "segment_encode: over the bytes themselves");
    for (i = 0; i < n; i++) out[i] = as_sent[i];
}

static const char *any_name(size_t i)
{
    names[i][0] = (char)nondet_byte();
    names[i][1] = (char)nondet_byte();
    names[i][2] = '\0';
    return nondet_bool() ? names[i] : NULL;
}

static const ta_rules *any_rules(void)
{
    rules.issuer   = any_name(2);
    rules.subject  = any_name(2);
    rules.audience = any_name(2);
    rules.typ      = any_name(2);
    rules.required = any_name(3);
    rules.leeway_s = (int32_t)nondet_word();
    rules.max_age_s = (int32_t)nondet_word();
    rules.max_lifetime_s = (int32_t)nondet_word();
    rules.allow_no_exp = nondet_bool();
    rules.allow_any_audience = nondet_bool();
    rules.allow_any_typ = nondet_bool();
    return nondet_bool() ? &rules : NULL;
}

typedef struct input {
    char  *token, *buf;
    size_t len, cap, at;        /* at: some place in the buffer */
    char   before;              /* what stood there */
    bool   crossed;
} input;

static input any_input(void)
{
    input in;
    size_t i;
    in.len = any_up_to(N);
    in.cap = any_up_to(N);
    in.token = at_end_of(room, N, in.len);
    in.crossed = false;
    if (nondet_bool()) {
        in.buf = at_end_of(apart, N, in.cap);
    } else if (nondet_bool()) {
        in.buf = in.token = at_end_of(room, N, in.len > in.cap ? in.len : in.cap);
    } else {
        in.buf = room + any_up_to(N - in.cap);
        in.crossed = in.buf != in.token && in.len > 0 && in.cap > 0 && in.buf + in.cap > in.token;
    }
    in.at = nondet_size();
    assume(in.at < in.cap || (in.cap == 0 && in.at == 0));
    in.before = in.cap > 0 ? in.buf[in.at] : '\0';
    for (i = 0; i < in.len; i++) as_sent[i] = in.token[i];
    return in;
}

static void claim_refused(const input *in, const ta_jwt *out)
{
    claim(is_absent(out->header) && is_absent(out->claims) && is_absent(out->iss) && is_absent(out->sub)
          && is_absent(out->aud) && is_absent(out->jti) && is_absent(out->sid) && is_absent(out->typ)
          && is_absent(out->kid) && out->exp == 0 && out->nbf == 0 && out->iat == 0, "nothing is left of it");
    if (in->cap > 0) {
        claim(in->buf[in->at] == 0 || in->buf[in->at] == in->before, "nor in the buffer");
        claim(!in->crossed || in->buf[in->at] == in->before, "crossing buffers are not touched");
    }
}

static bool is_view_of(ta_json v, const input *in)
{
    return is_absent(v) || is_within(v.text, v.len, in->buf, in->cap);
}

static void claim_views(const input *in, const ta_jwt *out)
{
    claim(!in->crossed, "crossing buffers are refused");
    claim(is_view_of(out->header, in) && is_view_of(out->claims, in) && is_view_of(out->iss, in)
          && is_view_of(out->sub, in) && is_view_of(out->aud, in) && is_view_of(out->jti, in)
          && is_view_of(out->sid, in) && is_view_of(out->typ, in) && is_view_of(out->kid, in),
          "views into the buffer");
    claim(out->header.len > 0 && out->claims.len > 0, "a header and claims");
}

void prove_verify(void)
{
    ta_keys keys = any_keys();
    const ta_rules *r = any_rules();
    input in = any_input();
    int64_t now = nondet_time();
    ta_jwt out;
    ta_status st = ta_jwt_verify(keys, in.token, in.len, now, r, in.buf, in.cap, &out);

    if (st != TA_OK) {
        claim_refused(&in, &out);
        claim(out.failed == 0 || saw_same_mac, "nothing is told of a token without a good MAC");
        if (st == TA_ERR_SIGNATURE) reached("a bad MAC");
        if (out.failed == TA_FAILED_EXP) reached("expired");
        return;
    }
    claim_views(&in, &out);
    claim(saw_same_mac && macs_made > 0, "a key made its MAC");
    claim(saw_hs256, "alg is HS256");
    claim(!saw_crit, "no crit");
    claim(saw_date[0].there ? r != NULL && now - r->leeway_s < saw_date[0].ceil || now < saw_date[0].ceil
                            : r != NULL && r->allow_no_exp, "before its end, or allowed to have none");
    claim(out.failed == 0 && now > 0, "nothing failed");
    if (in.buf == in.token) reached("a good token, in place");
    if (in.buf != in.token && in.token[0] == 'e') reached("a good token");
}

void prove_jws(void)
{
    ta_keys keys = any_keys();
    input in = any_input();
    size_t n;
    ta_status st = ta_jws_verify(keys, in.token, in.len, in.buf, in.cap, &n);

    if (st != TA_OK) {
        claim(n == 0, "no length after a failure");
        if (in.cap > 0) claim(in.buf[in.at] == 0 || in.buf[in.at] == in.before, "nor a byte");
        if (st == TA_ERR_SIGNATURE) reached("a bad MAC");
        return;
    }
    claim(saw_same_mac && macs_made > 0 && !saw_crit && !in.crossed, "a key made its MAC");
    claim(saw_hs256, "alg is HS256");
    claim(n <= in.cap, "within the buffer");
    if (in.buf == in.token) reached("a good token, in place");
}

void prove_decode_unverified(void)
{
    input in = any_input();
    ta_jwt out;
    ta_status st = ta_jwt_decode_unverified(in.token, in.len, in.buf, in.cap, &out);
    if (st == TA_OK) {
        claim_views(&in, &out);
        reached("a token");
    } else {
        claim_refused(&in, &out);
        reached("a refusal");
    }
}

/* The third segment, of any length. */
void prove_read_mac(void)
{
    size_t len = any_up_to(N);
    uint8_t mac[TA_SHA256_SIZE];
    ta_status st = tai_read_mac(at_one_end_of(room, N, len), len, mac);
    claim(st == TA_OK || st == TA_ERR_SIGNATURE || st == TA_ERR_ENCODING, "one of the results");
    claim(st != TA_OK || len == 43, "32 bytes, which are 43 characters");
    if (st == TA_OK) reached("a MAC");
    if (st == TA_ERR_SIGNATURE) reached("base64url of another length");
}

/* The media type of a header, any bytes that begin like a string. */
void prove_type(void)
{
    size_t len = any_up_to(N);
    char want[3], prefix[2];
    ta_json v = view(at_one_end_of(room, N, len), len);
    want[2] = prefix[1] = '\0';
    assume(ta_json_kind(v) == TA_STRING);
    if (tai_is_type(v, prefix, want)) {
        claim(len > strlen(prefix) + strlen(want), "spelled in as many bytes at least");
        if (want[0] != '\0' && len == 4) reached("the same");
        if (prefix[0] != '\0' && want[0] != '\0') reached("the same behind its prefix");
        if (want[0] != '\0' && len == N) reached("the same, with an escape");
    }
}

/* A date as the check leaves it: a value of any kind; a number is a whole one. */
void prove_date(void)
{
    size_t len = any_up_to(N);
    ta_json v = view(at_one_end_of(room, N, len), len);
    tai_date d;
    assume(ta_json_kind(v) != TA_NUMBER || tai_number(v.text, v.len, 0) == v.len);
    tai_read_date(v, &d);
    claim(!(d.there && d.bad) && (d.there || d.bad) == (len > 0), "there, bad or absent");
    claim(d.there || (d.ceil == 0 && !d.fraction), "0 if it is not there");
    claim(!d.fraction || d.ceil > INT64_MIN, "the second before it can be named");
    if (d.fraction && d.ceil == 100) reached("99 and a fraction");
    if (d.bad) reached("a bad one");
}
