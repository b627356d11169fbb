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
    return len % 4 != 1 && nondet_bool();
}

/* ---- MACs ------------------------------------------------------------------------------------ */

static void contract_tai_key_mac(const ta_key *key, const void *text, size_t len, uint8_t mac[TA_SHA256_SIZE])
{
    claim(__CPROVER_r_ok(key, sizeof *key) && readable(text, len) && writable(mac, 32), "key_mac");
    claim(key->ready == 0x746b6579u, "key_mac: a key that is ready");
    macs_made++;
    havoc(mac, 32);
}

static ta_status contract_tai_read_mac(const char *in, size_t len, uint8_t mac[TA_SHA256_SIZE])
{
    claim(readable(in, len) && writable(mac, 32), "read_mac: the segment, and room");
    havoc(mac, 32);
    return nondet_bool() ? TA_OK : nondet_bool() ? TA_ERR_SIGNATURE : TA_ERR_ENCODING;
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

static bool saw_strings, saw_chars;     /* those that are read again were checked: they are whole, and good */

static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_hex4(const char *t) { return is_hex(t[0]) && is_hex(t[1]) && is_hex(t[2]) && is_hex(t[3]); }
static bool is_beyond_ascii(char c)             /* in UTF-8 */
{
    uint8_t b = (uint8_t)c;
    return b >= 0x80 && b != 0xC0 && b != 0xC1 && b <= 0xF4;
}

/* How RFC 8259 spells one character of a string, in k bytes; which bytes are good UTF-8 is said by tests. */
static bool is_spelling(const char *t, size_t k)
{
    size_t i;
    if (t[0] == '\\' && k == 2)
        return t[1] == '"' || t[1] == '\\' || t[1] == '/' || t[1] == 'b' || t[1] == 'f' || t[1] == 'n'
            || t[1] == 'r' || t[1] == 't';
    if (t[0] == '\\')
        return (k == 6 && t[1] == 'u' && is_hex4(t + 2))
            || (k == 12 && t[1] == 'u' && is_hex4(t + 2) && t[6] == '\\' && t[7] == 'u' && is_hex4(t + 8));
    if (k == 1) return (uint8_t)t[0] >= 0x20 && (uint8_t)t[0] < 0x80 && t[0] != '"';
    for (i = 0; i < k; i++) if (!is_beyond_ascii(t[i])) return false;
    return k >= 2 && k <= 4;
}

static bool is_plain(char c) { return (uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '"' && c != '\\'; }

static size_t contract_tai_plain_end(const char *text, size_t len, size_t pos)
{
    size_t end = any_up_to(len), i;
    claim(pos <= len && readable(text, len), "plain_end: the text");
    assume(end >= pos && (end == len || !is_plain(text[end])));
    for (i = pos; i < end; i++) assume(is_plain(text[i]));
    return end;
}

/* From quote to quote, with none between them but behind a backslash; 0: none. */
static size_t contract_tai_string(const char *text, size_t len, size_t pos)
{
    size_t end = any_up_to(len), i;
    claim(pos <= len && readable(text, len), "string: the text");
    if (!saw_strings && nondet_bool()) return 0;
    assume(end >= 2 && end - 2 >= pos && text[pos] == '"' && text[end - 1] == '"');
    for (i = pos + 1; i + 1 < end; i++) assume(text[i] != '"' || text[i - 1] == '\\');
    return end;
}

static size_t contract_tai_string_rest(const char *text, size_t len, size_t pos)
{
    size_t end = any_up_to(len), i;
    claim(pos <= len && readable(text, len), "string_rest: the text");
    if (nondet_bool()) return 0;
    assume(end > pos && text[end - 1] == '"');
    for (i = pos; i + 1 < end; i++) assume(text[i] != '"' || (i > 0 && text[i - 1] == '\\'));
    return end;
}

static uint32_t contract_tai_name_mix(uint32_t mix, uint32_t word) { (void)mix;  (void)word;  return nondet_word(); }

static size_t contract_tai_number(const char *text, size_t len, size_t pos)
{
    size_t end = any_up_to(len);
    claim(pos <= len && readable(text, len), "number: the text");
    if (nondet_bool()) return 0;
    assume(end > pos && (text[pos] == '-' || (text[pos] >= '0' && text[pos] <= '9')));
    return end;
}

static bool contract_tai_strings_equal(ta_json a, ta_json b)
{
    claim(a.len > 0 && b.len > 0 && readable(a.text, a.len) && readable(b.text, b.len), "strings_equal: both");
    return nondet_bool();
}

static size_t contract_tai_char(ta_json *rest, uint8_t out[4])
{
    size_t k = any_up_to(12), n = nondet_size();
    claim(rest->len > 0 && readable(rest->text, rest->len) && writable(out, 4), "char: a text, and room for one");
    havoc(out, 4);
    assume(k <= rest->len && n <= 4);
    assume(n > 0 ? k > 0 && n <= k && is_spelling(rest->text, k) : !saw_chars);
    *rest = view(rest->text + k, rest->len - k);
    return n;
}

static ta_status any_verdict(void)
{
    return nondet_bool() ? TA_ERR_JSON : nondet_bool() ? TA_ERR_LIMIT : TA_ERR_DUPLICATE;
}

static ta_status contract_tai_scan_check(const char *json, size_t len, size_t others)
{
    claim(readable(json, len), "scan_check: the text");
    (void)others;
    return len > 0 && nondet_bool() ? TA_OK : any_verdict();
}

static ta_status contract_tai_read_members(ta_json object, const struct tai_want *wants, size_t want_count,
                                           size_t others, ta_json *values)
{
    const char *json = object.text;
    size_t len = object.len;
    bool good = nondet_bool();
    size_t i;
    claim(readable(json, len) && writable(values, want_count * sizeof *values), "read_members: text and room");
    (void)wants;
    (void)others;
    for (i = 0; i < want_count; i++) {
        values[i] = view(NULL, 0);
        if (good && len > 0 && nondet_bool()) values[i] = any_view(json, len);
    }
    if (want_count == 4) saw_crit = values[3].len > 0;
    return good && len > 0 ? TA_OK : any_verdict();
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
    claim(v.len > 0 && readable(v.text, v.len) && v.text[0] == '"', "is_type: a string");
    claim(readable(prefix, 1) && readable(want, 1), "is_type: what it should be");
    return nondet_bool();
}

static ta_status any_string_failure(void)
{
    ta_status st = (ta_status)-(int)nondet_byte();
    assume(st == TA_ERR_SPACE || st == TA_ERR_KIND || st == TA_ERR_ABSENT || st == TA_ERR_NUL || st == TA_ERR_JSON);
    return st;
}

static ta_status contract_ta_json_string(ta_json v, char *out, size_t out_cap, size_t *out_len)
{
    size_t n = any_up_to(out_cap);
    claim(readable(v.text, v.len) && writable(out, out_cap) && writable(out_len, sizeof n), "string: text and room");
    havoc(out, out_cap);
    *out_len = 0;
    if (out_cap > 0) out[0] = '\0';
    if (v.len == 0 || n == out_cap || nondet_bool()) return any_string_failure();
    havoc(out, out_cap);
    out[n] = '\0';
    *out_len = n;
    return TA_OK;
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
    if (name != NULL && v.text[0] == '{') *name = any_view(v.text, v.len);
    *at = nondet_size();
    return TA_OK;
}

#endif
