/* contracts.h - the inner functions of tokenauth.h that larger proofs call by contract: what must hold before
   (a claim), and no more than what may hold after. A proof names those it uses in proofs.ini; prove.py turns
   the calls of `f` into calls of `contract_f`. */
#ifndef CONTRACTS_H
#define CONTRACTS_H

struct tai_want;

#define readable(p, n) ((n) == 0 || __CPROVER_r_ok(p, n))
#define writable(p, n) ((n) == 0 || __CPROVER_rw_ok(p, n))

static void havoc(void *p, size_t n)
{
    if (n > 0) __CPROVER_havoc_slice(p, n);
}

static bool is_within(const char *part, size_t part_len, const char *whole, size_t len)
{
    return __CPROVER_same_object(part, whole) && part >= whole && (size_t)(part - whole) <= len
        && part_len <= len - (size_t)(part - whole);
}

static ta_json view(const char *text, size_t len)
{
    ta_json v;
    v.text = text;
    v.len = len;
    return v;
}

/* Some part of a text, of one byte at least. */
static ta_json any_view(const char *text, size_t len)
{
    size_t from = nondet_size(), n = nondet_size();
    assume(from < len && n > 0 && n <= len - from);
    return view(text + from, n);
}

static bool is_absent(ta_json v) { return v.text == NULL && v.len == 0; }

/* ---- what was seen on the way, for claims about the result --------------------------------------- */

static bool saw_same_mac, saw_right_tag, saw_hs256, saw_crit;
static unsigned macs_made, walks;

/* ---- writing --------------------------------------------------------------------------------- */

static void contract_tai_put(ta_json_writer *w, const char *text, size_t len)
{
    claim(w->st != TA_OK || (w->len < w->cap && readable(text, len)), "put: text, and room for the NUL");
    if (w->st != TA_OK) return;
    if (len >= w->cap - w->len) w->st = TA_ERR_SPACE;
    else w->len += len;
}

static void contract_tai_put_text(ta_json_writer *w, const char *text)
{
    size_t len = any_up_to(64);
    claim(readable(text, 1) && (w->st != TA_OK || w->len < w->cap), "put_text: text, and room for the NUL");
    if (w->st != TA_OK) return;
    if (len >= w->cap - w->len) w->st = TA_ERR_SPACE;
    else w->len += len;
}

/* ---- searching ------------------------------------------------------------------------------- */

static size_t contract_tai_run_to(const void *bytes, size_t n, char c)
{
    size_t at = any_up_to(n);
    claim(readable(bytes, n), "run_to: the bytes");
    assume(at == n || ((const char *)bytes)[at] == c);
    return at;
}

static size_t contract_tai_space(const char *text, size_t len, size_t pos)
{
    size_t end = any_up_to(len);
    claim(readable(text, len) && pos <= len, "space: the text");
    assume(end >= pos);
    return end;
}

static bool contract_tai_is_utf8(const char *text, size_t len)
{
    claim(readable(text, len), "is_utf8");
    return nondet_bool();
}

/* ---- base64url of segments ------------------------------------------------------------------- */

static bool contract_tai_segment_decode(const char *in, size_t len, uint8_t *out)
{
    size_t n = len / 4 * 3 + (len % 4 > 1 ? len % 4 - 1 : 0);
    claim(readable(in, len) && writable(out, n), "segment_decode: text and room");
    havoc(out, n);
    return nondet_bool();
}

static void contract_tai_segment_encode(const uint8_t *in, size_t len, char *out)
{
    size_t n = len / 3 * 4 + (len % 3 > 0 ? len % 3 + 1 : 0);
    claim(readable(in, len) && writable(out, n), "segment_encode: bytes and room");
    havoc(out, n);
}

/* ---- MACs ------------------------------------------------------------------------------------ */

static void contract_tai_key_mac(const ta_key *key, const void *text, size_t len, uint8_t mac[TA_SHA256_SIZE])
{
    claim(__CPROVER_r_ok(key, sizeof *key) && readable(text, len) && writable(mac, 32), "key_mac");
    claim(key->ready == 0x746b6579u, "key_mac: a key that is ready");
    macs_made++;
    havoc(mac, 32);
}

static bool contract_ta_equal(const void *a, const void *b, size_t len)
{
    bool same = nondet_bool();
    claim(readable(a, len) && readable(b, len), "equal: both");
    if (len == TA_SHA256_SIZE && same) saw_same_mac = true;
    if (len == 16 && same) saw_right_tag = true;
    return same;
}

/* ---- the hash -------------------------------------------------------------------------------- */

static void contract_ta_sha256_init(ta_sha256 *c) { claim(writable(c, sizeof *c), "init"); }

static void contract_ta_sha256_update(ta_sha256 *c, const void *in, size_t len)
{
    claim(writable(c, sizeof *c) && readable(in, len), "update");
}

static void contract_ta_sha256_final(ta_sha256 *c, uint8_t digest[TA_SHA256_SIZE])
{
    claim(writable(c, sizeof *c) && writable(digest, TA_SHA256_SIZE), "final");
    havoc(digest, TA_SHA256_SIZE);
}

static void contract_tai_hmac_end(ta_sha256 *c, const uint32_t outer[8], uint8_t mac[TA_SHA256_SIZE])
{
    claim(writable(c, sizeof *c) && readable(outer, 32) && writable(mac, TA_SHA256_SIZE), "hmac_end");
    havoc(mac, TA_SHA256_SIZE);
}

static void contract_ta_sha256_once(const void *in, size_t len, uint8_t digest[TA_SHA256_SIZE])
{
    claim(readable(in, len) && writable(digest, TA_SHA256_SIZE), "once");
    havoc(digest, TA_SHA256_SIZE);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static ta_status contract_tai_json_scan(const char *json, size_t len, const struct tai_want *wants,
                                        size_t want_count, size_t others, ta_json *values)
{
    bool good = nondet_bool();
    size_t i;
    claim(readable(json, len) && writable(values, want_count * sizeof *values), "scan: text and room");
    (void)wants;
    (void)others;
    for (i = 0; i < want_count; i++) {
        values[i] = view(NULL, 0);
        if (good && len > 0 && nondet_bool()) values[i] = any_view(json, len);
    }
    if (want_count == 4) saw_crit = values[3].len > 0;
    return good && len > 0 ? TA_OK : nondet_bool() ? TA_ERR_JSON : nondet_bool() ? TA_ERR_LIMIT : TA_ERR_DUPLICATE;
}

static bool contract_ta_json_equals(ta_json v, const char *text, size_t len)
{
    bool same = nondet_bool();
    claim(readable(v.text, v.len) && readable(text, len), "equals: both");
    if (v.len == 0) same = false;
    if (len == 5 && text[0] == 'H') saw_hs256 = same;
    return same;
}

static bool contract_tai_is_type(ta_json v, const char *prefix, const char *want)
{
    claim(v.len > 0 && readable(v.text, v.len) && readable(prefix, 1) && readable(want, 1), "is_type: all three");
    return nondet_bool();
}

static ta_json contract_ta_json_at(ta_json v, const char *path)
{
    claim(readable(v.text, v.len) && readable(path, 1), "at: both");
    return v.len > 0 && nondet_bool() ? any_view(v.text, v.len) : view(NULL, 0);
}

/* Up to three steps: what is done with each does not depend on how many there were. */
static ta_status contract_ta_json_next(ta_json v, size_t *at, ta_json *name, ta_json *value)
{
    claim(readable(v.text, v.len), "next: the text");
    if (name != NULL) *name = view(NULL, 0);
    *value = view(NULL, 0);
    if (v.len == 0 || walks >= 3 || nondet_bool()) return nondet_bool() ? TA_ERR_ABSENT : TA_ERR_KIND;
    walks++;
    *value = any_view(v.text, v.len);
    if (name != NULL && nondet_bool()) *name = any_view(v.text, v.len);
    *at = nondet_size();
    return TA_OK;
}

#endif
