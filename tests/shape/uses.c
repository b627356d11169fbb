/* uses.c - one program that calls a bit of every section, as a user's code would. The same text is
   C99 and C++11. Sections that are switched off on the command line are left out here as well.

   USES_IMPLEMENT  this file brings the implementation; without it, impl.c is linked to it
   The exit status is 0, or tells which section went wrong.                                     */
#ifdef USES_IMPLEMENT
#  define TOKENAUTH_IMPLEMENTATION
#endif
#include "../../tokenauth.h"
#include <string.h>

#if defined(TOKENAUTH_VERIFY_ONLY)
#  define USES_NO_SIGN
#  define USES_NO_WRITER
#  define USES_NO_REFRESH
#endif
#if defined(TOKENAUTH_NO_SIGN) || defined(TOKENAUTH_NO_WRITER)
#  define USES_NO_SIGN
#  define USES_NO_REFRESH       /* a login signs */
#endif
#if defined(TOKENAUTH_NO_WRITER)
#  define USES_NO_WRITER
#endif
#if defined(TOKENAUTH_NO_REFRESH)
#  define USES_NO_REFRESH
#endif

#define USES_NOW 1767225600

/* eyJ.. made with 32 bytes of 0x07: {"sub":"door-7","aud":"gate-7","exp":1767229200} */
static const char uses_token[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiJkb29yLTciLCJhdWQiOiJnYXRlLTciLCJleHAiOjE3NjcyMjkyMDB9."
    "BQtOvYazdoDTCEJ5CNL0iTRSbAQJfssc-5SGBtHINok";

static int uses_key_init(ta_key *key)
{
    uint8_t secret[32];
    ta_status st;
    memset(secret, 7, sizeof secret);
    st = ta_key_init(key, secret, sizeof secret, NULL);
    ta_wipe(secret, sizeof secret);
    return st == TA_OK;
}

static int uses_bytes(void)
{
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    uint8_t   digest[TA_SHA256_SIZE], again[TA_SHA256_SIZE], back[TA_BYTES_CAP(43)];
    char      text[TA_BASE64URL_CAP(TA_SHA256_SIZE)];
    ta_sha256 c;
    size_t    i, len;

    ta_sha256_init(&c);
    ta_sha256_update(&c, "ab", 2);
    ta_sha256_update(&c, "c", 1);
    ta_sha256_final(&c, digest);
    for (i = 0; i < sizeof digest; i++) {
        if ("0123456789abcdef"[digest[i] >> 4] != abc[2 * i]) return 0;
        if ("0123456789abcdef"[digest[i] & 15] != abc[2 * i + 1]) return 0;
    }
    ta_sha256_once("abc", 3, again);
    if (!ta_equal(digest, again, sizeof digest)) return 0;
    ta_hmac_sha256("key", 3, "abc", 3, again);
    if (ta_equal(digest, again, sizeof digest)) return 0;
    if (ta_base64url_encode(digest, sizeof digest, text, sizeof text, &len) != TA_OK) return 0;
    if (ta_base64url_decode(text, len, back, sizeof back, &len) != TA_OK) return 0;
    return len == sizeof digest && memcmp(back, digest, len) == 0;
}

static int uses_json(void)
{
    static const char text[] = "{\"a\":[1,{\"b c\":\"x y\"}],\"n\":1.5e1,\"t\":true}";
    ta_json v, name, value;
    char    out[8];
    size_t  at = 0, members = 0, len;
    int64_t n;
    bool    yes;

    if (ta_json_check(text, sizeof text - 1) != TA_OK) return 0;
    if (ta_json_check(text, sizeof text - 2) != TA_ERR_JSON) return 0;
    if (ta_json_find(text, sizeof text - 1, "", &v) != TA_OK || ta_json_kind(v) != TA_OBJECT) return 0;
    while (ta_json_next(v, &at, &name, &value) == TA_OK) {
        if (ta_json_equals(name, TA_LIT("t")) && ta_json_kind(value) == TA_BOOL) members += 10;
        members++;
    }
    if (members != 13) return 0;
    if (ta_json_int(ta_json_at(v, "n"), &n) != TA_OK || n != 15) return 0;
    if (ta_json_bool(ta_json_at(v, "t"), &yes) != TA_OK || !yes) return 0;
    if (!ta_json_has(ta_json_at(v, "a[1][\"b c\"]"), TA_LIT("y"))) return 0;
    return ta_json_string(ta_json_at(v, "a[1][\"b c\"]"), out, sizeof out, &len) == TA_OK && len == 3;
}

#if !defined(USES_NO_WRITER) || !defined(TOKENAUTH_NO_WEB)
static int uses_same(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && memcmp(a, b, strlen(a)) == 0;
}
#endif

#ifndef USES_NO_WRITER
static int uses_writer(void)
{
    char out[64];
    ta_json_writer w;
    size_t len;

    ta_json_begin(&w, out, sizeof out);
    ta_json_put_object(&w, NULL);
    ta_json_put_array(&w, "roles");
    ta_json_put_string(&w, NULL, TA_LIT("admin"));
    ta_json_put_null(&w, NULL);
    ta_json_put_close(&w);
    ta_json_put_int(&w, "level", 3);
    ta_json_put_bool(&w, "on", true);
    ta_json_put_close(&w);
    if (ta_json_end(&w, &len) != TA_OK) return 0;
    return len == strlen(out)
        && uses_same(out, "{\"roles\":[\"admin\",null],\"level\":3,\"on\":true}");
}
#endif

static int uses_verify(void)
{
    ta_rules rules = TA_ZERO;
    ta_key   key;
    ta_jwt   jwt;
    char     buf[TA_JWT_BUF(sizeof uses_token)];
    size_t   len = sizeof uses_token - 1;

    if (!uses_key_init(&key)) return 0;
    rules.audience = "gate-7";
    rules.required = "sub exp";
    if (ta_jwt_verify(ta_keys_of(&key, 1), uses_token, len, USES_NOW, &rules, buf, sizeof buf, &jwt)
        != TA_OK) return 0;
    if (!ta_json_equals(jwt.sub, TA_LIT("door-7")) || !ta_jwt_is_for(&jwt, "gate-7")) return 0;
    if (ta_jws_verify(ta_keys_of(&key, 1), uses_token, len, buf, sizeof buf, &len) != TA_OK) return 0;
    len = sizeof uses_token - 1;
    if (ta_jwt_verify(ta_keys_of(&key, 1), uses_token, len, jwt.exp, &rules, buf, sizeof buf, &jwt)
        != TA_ERR_EXPIRED || jwt.failed != TA_FAILED_EXP) return 0;
    if (ta_jwt_verify(ta_keys_of(&key, 1), uses_token, len, USES_NOW, NULL, buf, sizeof buf, &jwt)
        != TA_ERR_AUDIENCE) return 0;
    ta_wipe(&key, sizeof key);
    if (ta_jwt_verify(ta_keys_of(&key, 1), uses_token, len, USES_NOW, &rules, buf, sizeof buf, &jwt)
        != TA_ERR_KEY) return 0;
    return ta_jwt_decode_unverified(uses_token, len, buf, sizeof buf, &jwt) == TA_OK;
}

#ifndef USES_NO_SIGN
static int uses_sign(void)
{
    ta_claims claims = TA_ZERO;
    ta_key    key;
    char      token[TA_JWT_CAP(128)];
    size_t    len;

    if (!uses_key_init(&key)) return 0;
    claims.subject    = "door-7";
    claims.audience   = "gate-7";
    claims.expires_at = USES_NOW + TA_HOURS(1);
    if (ta_jwt_sign(&key, &claims, token, sizeof token, &len) != TA_OK) return 0;
    if (len != sizeof uses_token - 1 || memcmp(token, uses_token, len) != 0) return 0;
    return ta_jwt_sign_json(&key, TA_LIT("{}"), token, sizeof token, &len) == TA_OK;
}
#endif

#ifndef USES_NO_REFRESH

typedef struct uses_one {       /* a store with room for two records, for when there is no table */
    ta_record record[2];
    bool      taken[2];
} uses_one;

static ta_status uses_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    uses_one *s = (uses_one *)ctx;
    int i;
    for (i = 0; i < 2; i++) {
        if (s->taken[i] && memcmp(s->record[i].id, id, TA_ID_SIZE) == 0) {
            uint8_t bytes[TA_RECORD_SIZE];
            ta_record_pack(&s->record[i], bytes);
            return ta_record_unpack(bytes, sizeof bytes, out);
        }
    }
    return TA_ERR_NOT_FOUND;
}

static ta_status uses_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old,
                          const ta_record *next, int64_t expires)
{
    uses_one *s = (uses_one *)ctx;
    int i;
    (void)expires;
    for (i = 0; i < 2; i++) {
        if (old == NULL ? s->taken[i] : !s->taken[i]) continue;
        if (old != NULL && memcmp(s->record[i].id, id, TA_ID_SIZE) != 0) continue;
        if (old != NULL && s->record[i].ver != old->ver) return TA_ERR_CONFLICT;
        s->taken[i] = next != NULL;
        if (next != NULL) s->record[i] = *next;
        return TA_OK;
    }
    return old == NULL ? TA_ERR_FULL : TA_ERR_CONFLICT;
}

static ta_status uses_random(void *ctx, void *out, size_t len)
{
    uint8_t *b = (uint8_t *)out;
    size_t i;
    for (i = 0; i < len; i++) b[i] = (uint8_t)((*(unsigned *)ctx)++);
    return TA_OK;
}

static int uses_auth(ta_store store)
{
    static const char master[] = "thirty-two bytes, for a test only";
    ta_auth_config cfg = TA_ZERO;
    ta_refresh_key refresh[1];
    ta_key   access;
    ta_auth  auth;
    ta_pair  first, second, third;
    ta_jwt   jwt;
    char     buf[TA_JWT_BUF(TA_ACCESS_CAP)];
    unsigned counter = 1;

    refresh[0].id = 1;
    if (ta_key_derive(&access, master, sizeof master - 1, "access", "k1") != TA_OK) return 0;
    if (ta_key_derive(&refresh[0].key, master, sizeof master - 1, "refresh", NULL) != TA_OK) return 0;
    cfg.keys              = ta_keys_of(&access, 1);
    cfg.refresh_keys      = refresh;
    cfg.refresh_key_count = 1;
    cfg.issuer            = "https://id.example";
    cfg.audience          = "https://api.example";
    cfg.store             = store;
    cfg.ctx               = &counter;
    cfg.random            = uses_random;
    if (ta_auth_init(&auth, &cfg) != TA_OK) return 0;
    if (ta_login(&auth, "alice", USES_NOW, NULL, &first) != TA_OK) return 0;
    if (ta_check(&auth, first.access, first.access_len, USES_NOW, buf, sizeof buf, &jwt) != TA_OK)
        return 0;
    if (ta_refresh(&auth, first.refresh, first.refresh_len, USES_NOW + 60, NULL, &second) != TA_OK)
        return 0;
    if (second.client != TA_CLIENT_SET) return 0;
    if (ta_refresh(&auth, first.refresh, first.refresh_len, USES_NOW + 120, NULL, &third)
        != TA_ERR_REPLAY) return 0;
    if (ta_refresh(&auth, second.refresh, second.refresh_len, USES_NOW + 120, NULL, &third)
        != TA_ERR_REVOKED || third.client != TA_CLIENT_LOGIN) return 0;
    return ta_logout(&auth, second.refresh, second.refresh_len, USES_NOW + 120) == TA_OK;
}

static int uses_own_store(void)
{
    static uses_one one;
    ta_store store = TA_ZERO;
    store.ctx = &one;
    store.get = uses_get;
    store.cas = uses_cas;
    return uses_auth(store);
}

#ifndef TOKENAUTH_NO_TABLE
static int uses_table(void)
{
    static ta_slot slots[8];
    ta_table table;
    if (ta_table_init(&table, slots, sizeof slots / sizeof slots[0]) != TA_OK) return 0;
    return uses_auth(ta_table_store(&table));
}
#endif

#ifndef TOKENAUTH_NO_DENY
static int uses_deny(void)
{
    static const char claims[] = "{\"jti\":\"j\",\"iat\":1767225600,\"exp\":1767225660}";
    static ta_deny_slot slots[4];
    ta_deny deny;
    ta_jwt  jwt = TA_ZERO;

    if (ta_deny_init(&deny, slots, 4) != TA_OK) return 0;
    if (ta_deny_add(&deny, &jwt, USES_NOW) != TA_ERR_ABSENT) return 0;
    jwt.claims.text = claims;           /* as ta_jwt_verify would fill it */
    jwt.claims.len  = sizeof claims - 1;
    jwt.jti = ta_json_at(jwt.claims, "jti");
    jwt.iat = USES_NOW;
    jwt.exp = USES_NOW + 60;
    if (ta_deny_has(&deny, &jwt)) return 0;
    return ta_deny_add(&deny, &jwt, USES_NOW) == TA_OK && ta_deny_has(&deny, &jwt);
}
#endif

#endif /* USES_NO_REFRESH */

#ifndef TOKENAUTH_NO_WEB
static int uses_web(void)
{
    const char *value;
    size_t  len;
    int32_t seconds;

    if (ta_bearer(TA_LIT("Bearer abc"), &value, &len) != TA_OK || len != 3) return 0;
    if (ta_cookie_get(TA_LIT("a=1; b=22"), "b", &value, &len) != TA_OK || len != 2) return 0;
    if (ta_seconds(TA_LIT("15m"), &seconds) != TA_OK || seconds != TA_MINUTES(15)) return 0;
    return ta_http_code(TA_OK) == 200 && uses_same(ta_http_error(TA_ERR_EXPIRED), "invalid_token");
}
#endif

int main(void)
{
    if (ta_status_str(TA_ERR_EXPIRED) == NULL || ta_status_name(TA_OK) == NULL) return 1;
    if (!uses_bytes()) return 2;
    if (!uses_json()) return 3;
    if (!uses_verify()) return 4;
#ifndef USES_NO_WRITER
    if (!uses_writer()) return 5;
#endif
#ifndef USES_NO_SIGN
    if (!uses_sign()) return 6;
#endif
#ifndef USES_NO_REFRESH
    if (!uses_own_store()) return 7;
#ifndef TOKENAUTH_NO_TABLE
    if (!uses_table()) return 8;
#endif
#ifndef TOKENAUTH_NO_DENY
    if (!uses_deny()) return 9;
#endif
#endif
#ifndef TOKENAUTH_NO_WEB
    if (!uses_web()) return 10;
#endif
    return 0;
}
