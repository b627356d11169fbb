/* selftest.c - the same program for every machine: vectors of the RFCs and of FIPS 180-4, corners of
   JSON, and (unless PORT_VERIFY_ONLY) login, refresh, replay, restart from a snapshot. No stdio, no heap;
   text goes through port_say, the result through port_main.

   It ends with "selftest: N passed, N failed"; each failure names its line in this file. */

#ifdef PORT_VERIFY_ONLY                 /* fits into 2 KB of RAM */
#  define TOKENAUTH_VERIFY_ONLY
#  define TOKENAUTH_NO_WEB
#  define TA_MAX_TOKEN   256
#  define TA_MAX_DEPTH   8
#  define TA_MAX_MEMBERS 16
#  define ROOM 240
#else
#  define ROOM 640
#endif
#ifdef PORT_NO_OS
#  define TOKENAUTH_NO_OS_RANDOM
#  define TOKENAUTH_NO_STATUS_STR
#endif
#define TOKENAUTH_STATIC
#define TOKENAUTH_IMPLEMENTATION
#include "../../tokenauth.h"
#include "port.h"

static uint16_t passed, failed;

static char room[ROOM];                 /* the texts that are read; tokens are decoded where they lie */
static ta_key key;

/* ---- saying ------------------------------------------------------------------------------------- */

static void say_number(uint16_t n)
{
    char digits[6];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do { *--at = (char)('0' + n % 10);  n = (uint16_t)(n / 10); } while (n > 0);
    port_say(at);
}

static void check(bool good, uint16_t line)
{
    if (good) { passed++;  return; }
    failed++;
    port_say("FAILED selftest.c:");
    say_number(line);
    port_say("\n");
}

#define CHECK(good) check(good, (uint16_t)__LINE__)

/* A row of a table: its number takes the place of a line. */
#define CHECK_ROW(good, table, row) check(good, (uint16_t)((table) * 1000 + (row)))

/* ---- hashes ------------------------------------------------------------------------------------- */

static const uint8_t abc_digest[32] PORT_FLASH = {      /* FIPS 180-2, B.1 */
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad
};
/* The digest of the 131 digests of messages of 0..130 bytes; byte i is 7i + 1. By Python's hashlib. */
static const uint8_t lengths_digest[32] PORT_FLASH = {
    0xd9, 0x59, 0xa4, 0x1a, 0xc0, 0xa5, 0x59, 0x63, 0x63, 0x05, 0x5e, 0xcd, 0x1c, 0x08, 0xd5, 0x4e,
    0xb4, 0x34, 0x7f, 0xbd, 0x25, 0x23, 0x3d, 0xb0, 0x00, 0x7b, 0xae, 0x1a, 0x28, 0x75, 0x6d, 0x03
};
static const struct { uint8_t byte, len;  char message[56];  uint8_t mac[32]; } hmacs[] PORT_FLASH = {
    {0x0b, 20, "Hi There",                              /* RFC 4231, 4.2 and 4.7 */
     {0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1, 0x2b,
      0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7}},
    {0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
     {0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f, 0x0d, 0x8a, 0x26, 0xaa, 0xcb, 0xf5, 0xb7, 0x7f,
      0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28, 0xc5, 0x14, 0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54}}
};

static bool is_digest(const uint8_t *got, const uint8_t *in_flash)
{
    uint8_t want[TA_SHA256_SIZE];
    PORT_COPY(want, in_flash, sizeof want);
    return ta_equal(got, want, sizeof want);
}

static void test_sha256(void)
{
    ta_sha256 all;
    uint8_t digest[TA_SHA256_SIZE];
    uint8_t n;

    ta_sha256_once("abc", 3, digest);
    CHECK(is_digest(digest, abc_digest));
    ta_sha256_init(&all);
    for (n = 0; n <= 130; n++) {
        room[n] = (char)(uint8_t)(7u * n + 1u);
        ta_sha256_once(room, n, digest);
        ta_sha256_update(&all, digest, sizeof digest);
    }
    ta_sha256_final(&all, digest);
    CHECK(is_digest(digest, lengths_digest));
}

static void test_hmac(void)
{
    uint8_t i, mac[TA_SHA256_SIZE];
    char message[56];
    for (i = 0; i < sizeof hmacs / sizeof hmacs[0]; i++) {
        uint8_t byte, len;
        PORT_COPY(&byte, &hmacs[i].byte, 1);
        PORT_COPY(&len, &hmacs[i].len, 1);
        PORT_COPY(message, hmacs[i].message, sizeof message);
        memset(room, byte, len);
        ta_hmac_sha256(room, len, message, strlen(message), mac);
        CHECK_ROW(is_digest(mac, hmacs[i].mac), 1, i);
    }
}

/* ---- base64url ----------------------------------------------------------------------------------- */

static const struct { char text[10];  int8_t bytes; } base64urls[] PORT_FLASH = {  /* RFC 4648, 10 */
    {"", 0}, {"Zg", 1}, {"Zm8", 2}, {"Zm9v", 3}, {"Zm9vYg", 4}, {"Zm9vYmE", 5}, {"Zm9vYmFy", 6},
    {"-_-_", 3}, {"+/+/", -1}, {"Zg==", -1}, {"Zh", -1}, {"Zm9", -1}, {"Z", -1}, {"Zm9vY", -1}, {"Zm 9", -1}
};

static void test_base64url(void)
{
    uint8_t i, out[8];
    size_t n, back;
    for (i = 0; i < sizeof base64urls / sizeof base64urls[0]; i++) {
        char text[10], again[12];
        int8_t want;
        ta_status st;
        PORT_COPY(text, base64urls[i].text, sizeof text);
        PORT_COPY(&want, &base64urls[i].bytes, 1);
        st = ta_base64url_decode(text, strlen(text), out, sizeof out, &n);
        if (want < 0) {
            CHECK_ROW(st == TA_ERR_ENCODING && n == 0, 2, i);
        } else {
            CHECK_ROW(st == TA_OK && n == (size_t)want
                      && ta_base64url_encode(out, n, again, sizeof again, &back) == TA_OK
                      && back == strlen(text) && memcmp(again, text, back + 1) == 0, 2, i);
        }
    }
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

static const struct { char text[44];  int8_t st; } jsons[] PORT_FLASH = {
    {"{}", TA_OK}, {" [ ] \n", TA_OK}, {"\"\\u00e9\\ud83d\\ude00\"", TA_OK}, {"\"\\ud83d\"", TA_ERR_JSON},
    {"\"\\udE00\\ud83d\"", TA_ERR_JSON}, {"\"\xC3\xA9\xF0\x9F\x98\x80\"", TA_OK},
    {"\"\xC0\xAF\"", TA_ERR_JSON},
    {"\"\xED\xA0\x80\"", TA_ERR_JSON}, {"\"\xF4\x90\x80\x80\"", TA_ERR_JSON}, {"\"\t\"", TA_ERR_JSON},
    {"01", TA_ERR_JSON}, {"-0.5E+07", TA_OK}, {"1.", TA_ERR_JSON}, {"+1", TA_ERR_JSON}, {".5", TA_ERR_JSON},
    {"nul", TA_ERR_JSON}, {"true", TA_OK}, {"NaN", TA_ERR_JSON}, {"[1,]", TA_ERR_JSON},
    {"{\"a\":1,}", TA_ERR_JSON},
    {"{\"a\" 1}", TA_ERR_JSON}, {"[1] 2", TA_ERR_JSON}, {"\xEF\xBB\xBF{}", TA_ERR_JSON}, {"", TA_ERR_JSON},
    {"{\"a\":1,\"a\":2}", TA_ERR_DUPLICATE}, {"{\"a\":1,\"\\u0061\":2}", TA_ERR_DUPLICATE},
    {"{\"\":0,\"b\":[{\"a\":1},{\"a\":2}],\"a\":3}", TA_OK},
    {"{\"x\":{\"ab\":1,\"c\":2,\"ab\":1}}", TA_ERR_DUPLICATE},
    {"{\"a\":{\"b\":{}},\"\\u00e9\":1,\"\xC3\xA9\":2}", TA_ERR_DUPLICATE},
    {"{\"a\":1,\"A\":2,\"aa\":3}", TA_OK}
};
static const struct { char text[24];  int8_t st;  int64_t value; } ints[] PORT_FLASH = {
    {"0", TA_OK, 0}, {"-0", TA_OK, 0}, {"5.0e0", TA_OK, 5}, {"1300819380", TA_OK, 1300819380},
    {"9223372036854775807", TA_OK, INT64_MAX}, {"-9223372036854775808", TA_OK, INT64_MIN},
    {"9223372036854775808", TA_ERR_RANGE, 0}, {"1e19", TA_ERR_RANGE, 0}, {"12.5", TA_ERR_RANGE, 0},
    {"12.50e1", TA_OK, 125}, {"0.000e999999999999", TA_OK, 0}, {"1e-1", TA_ERR_RANGE, 0},
    {"\"1\"", TA_ERR_KIND, 0}
};

static void test_json(void)
{
    uint8_t i;
    int8_t st;
    int64_t want, got;
    for (i = 0; i < sizeof jsons / sizeof jsons[0]; i++) {
        PORT_COPY(room, jsons[i].text, sizeof jsons[i].text);
        PORT_COPY(&st, &jsons[i].st, 1);
        CHECK_ROW(ta_json_check(room, strlen(room)) == (ta_status)st, 3, i);
    }
    for (i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        ta_json v;
        PORT_COPY(room, ints[i].text, sizeof ints[i].text);
        PORT_COPY(&st, &ints[i].st, 1);
        PORT_COPY(&want, &ints[i].value, sizeof want);
        v.text = room;
        v.len = strlen(room);
        CHECK_ROW(ta_json_int(v, &got) == (ta_status)st && got == want, 4, i);
    }
}

/* One more than what is allowed is refused, in depth and in width. */
static void test_json_limits(void)
{
    size_t n, at;
    memset(room, '[', TA_MAX_DEPTH + 1);
    memset(room + TA_MAX_DEPTH + 1, ']', TA_MAX_DEPTH + 1);
    CHECK(ta_json_check(room + 1, 2 * TA_MAX_DEPTH) == TA_OK);
    CHECK(ta_json_check(room, 2 * TA_MAX_DEPTH + 2) == TA_ERR_LIMIT);
#ifdef PORT_VERIFY_ONLY                 /* 16 members fit into the buffer */
    for (n = 0, at = 0; n <= TA_MAX_MEMBERS; n++) {
        static const char member[] = "{\"a\":0";
        memcpy(room + at, member, sizeof member - 1);
        room[at + 2] = (char)('a' + n);
        if (n > 0) room[at] = ',';
        at += sizeof member - 1;
        room[at] = '}';
        if (n + 1 == TA_MAX_MEMBERS) CHECK(ta_json_check(room, at + 1) == TA_OK);
    }
    CHECK(ta_json_check(room, at + 1) == TA_ERR_LIMIT);
#else
    (void)n; (void)at;
#endif
}

#ifdef PORT_BIG_TEXT                    /* a machine with size_t of 16 bits, and memory for this */
/* The work that is allowed for spelled-out names is eight times the text: more than 16 bits hold. No check
   of its own, so that the sum is the same everywhere. */
static void test_long_json(void)
{
    static char text[8184];             /* 8 * 8184 + 64 is 65,536 */
    static const char start[] = "{\"a\":0,\"\\u0061\":0";
    memset(text, ' ', sizeof text);
    memcpy(text, start, sizeof start - 1);
    text[sizeof text - 1] = '}';
    if (ta_json_check(text, sizeof text) != TA_ERR_DUPLICATE) CHECK(false);
}
#endif

/* ---- tokens ----------------------------------------------------------------------------------------- */

/* RFC 7515, A.1, and its key */
static const char rfc_token[] PORT_FLASH = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char rfc_key[] PORT_FLASH =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
#define RFC_LEN (sizeof rfc_token - 1)

static ta_status verify_rfc(size_t flip, int64_t now)
{
    ta_jwt jwt;
    PORT_COPY(room, rfc_token, sizeof rfc_token);
    if (flip < RFC_LEN) room[flip] = (char)(room[flip] ^ 1);
    return ta_jwt_verify(ta_keys_of(&key, 1), room, RFC_LEN, now, NULL, room, RFC_LEN, &jwt);
}

static void test_rfc7515(void)
{
    uint8_t secret[64];
    size_t n;
    PORT_COPY(room, rfc_key, sizeof rfc_key);
    CHECK(ta_base64url_decode(room, sizeof rfc_key - 1, secret, sizeof secret, &n) == TA_OK && n == 64);
    CHECK(ta_key_init(&key, secret, 31, NULL) == TA_ERR_KEY);
    CHECK(verify_rfc(RFC_LEN, 1) == TA_ERR_KEY);
    CHECK(ta_key_init(&key, secret, n, NULL) == TA_OK);
    CHECK(verify_rfc(RFC_LEN, 1300819379) == TA_OK);
    CHECK(verify_rfc(RFC_LEN, 1300819380) == TA_ERR_EXPIRED);
    CHECK(verify_rfc(RFC_LEN, 0) == TA_ERR_CLOCK);
    CHECK(verify_rfc(60, 1) == TA_ERR_SIGNATURE);
    CHECK(verify_rfc(RFC_LEN - 3, 1) == TA_ERR_SIGNATURE);
    CHECK(verify_rfc(RFC_LEN - 1, 1) == TA_ERR_ENCODING);       /* the spare bits of the last letter */
    CHECK(verify_rfc(40, 1) == TA_ERR_FORMAT);                  /* the dot has gone */
}

/* Tokens are made by hand here: a verify-only build has no signer. */
static size_t put_segment(size_t at, const char *text)
{
    size_t n;
    char copy[80];
    memcpy(copy, text, strlen(text));
    if (ta_base64url_encode(copy, strlen(text), room + at, sizeof room - at, &n) != TA_OK) return 0;
    return at + n;
}

static size_t make_token(const char *header, const char *claims)
{
    uint8_t mac[TA_SHA256_SIZE], secret[32];
    size_t at = put_segment(0, header), n;
    room[at++] = '.';
    at = put_segment(at, claims);
    memset(secret, 7, sizeof secret);
    ta_hmac_sha256(secret, sizeof secret, room, at, mac);
    room[at++] = '.';
    if (ta_base64url_encode(mac, sizeof mac, room + at, sizeof room - at, &n) != TA_OK) return 0;
    return at + n;
}

#define HS256 "{\"alg\":\"HS256\"}"

static const struct { char header[48], claims[72];  int8_t st;  uint16_t failed; } tokens[] PORT_FLASH = {
    {HS256, "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":101}",               TA_OK, 0},
    {HS256, "{\"iss\":\"id\",\"aud\":[\"a\",\"gate\"],\"exp\":1.01e2}",    TA_OK, 0},
    {HS256, "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":100.5}",             TA_OK, 0},
    {HS256, "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":100}",               TA_ERR_EXPIRED, TA_FAILED_EXP},
    {HS256, "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":200,\"nbf\":100.1}", TA_ERR_EARLY, TA_FAILED_NBF},
    {HS256, "{\"iss\":\"Id\",\"aud\":\"gates\",\"exp\":9}", TA_ERR_EXPIRED,
     TA_FAILED_EXP | TA_FAILED_ISS | TA_FAILED_AUD},
    {HS256, "{\"iss\":\"Id\",\"aud\":\"gate\",\"exp\":200}",               TA_ERR_ISSUER, TA_FAILED_ISS},
    {HS256, "{\"iss\":\"id\",\"exp\":200}",                                TA_ERR_AUDIENCE, TA_FAILED_AUD},
    {HS256, "{\"iss\":\"id\",\"aud\":\"gate\"}",                           TA_ERR_MISSING,
     TA_FAILED_REQUIRED},
    {HS256, "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":\"200\"}",           TA_ERR_CLAIM, TA_FAILED_KIND},
    {HS256, "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":1e19}",              TA_ERR_CLAIM, TA_FAILED_KIND},
    {HS256, "{\"iss\":\"id\",\"exp\":9,\"\\u0065xp\":200}",                TA_ERR_DUPLICATE, 0},
    {HS256, "[]",                                                          TA_ERR_JSON, 0},
    {"{\"alg\":\"none\"}",   "{\"exp\":200}",                              TA_ERR_ALG, 0},
    {"{\"alg\":\"hs256\"}",  "{\"exp\":200}",                              TA_ERR_ALG, 0},
    {"{\"alg\":\"HS256\",\"kid\":\"k9\"}", "{\"exp\":200}",                TA_ERR_KID, 0},
    {"{\"alg\":\"HS256\",\"crit\":[\"b64\"]}", "{\"exp\":200}",            TA_ERR_CRIT, 0},
    {"{\"alg\":\"HS256\",\"alg\":\"none\"}", "{\"exp\":200}",              TA_ERR_DUPLICATE, 0},
    {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":200}",
     TA_ERR_TYP, TA_FAILED_TYP},
    {"{\"alg\":\"HS256\",\"typ\":\"application/jwt\"}",
     "{\"iss\":\"id\",\"aud\":\"gate\",\"exp\":200}", TA_OK, 0}
};

static void test_tokens(void)
{
    uint8_t i, secret[32];
    ta_rules rules = TA_ZERO;
    rules.issuer = "id";
    rules.audience = "gate";
    memset(secret, 7, sizeof secret);
    CHECK(ta_key_init(&key, secret, sizeof secret, "k1") == TA_OK);
    for (i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        char header[48], claims[72];
        ta_jwt jwt;
        int8_t st;
        uint16_t mask;
        size_t len;
        PORT_COPY(header, tokens[i].header, sizeof header);
        PORT_COPY(claims, tokens[i].claims, sizeof claims);
        PORT_COPY(&st, &tokens[i].st, 1);
        PORT_COPY(&mask, &tokens[i].failed, sizeof mask);
        len = make_token(header, claims);
        CHECK_ROW(ta_jwt_verify(ta_keys_of(&key, 1), room, len, 100, &rules, room, len, &jwt) == (ta_status)st
                  && jwt.failed == mask, 5, i);
    }
}

#ifndef PORT_VERIFY_ONLY

/* ---- signing ------------------------------------------------------------------------------------------ */

static const char signed_token[] PORT_FLASH =           /* by Python's hmac */
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJpc3MiOiJpZCIsInN1YiI6ImFsaWNlIiwiYXVkIjoiZ2F0"
    "ZSIsImV4cCI6MjAwMDAwMDkwMCwiaWF0IjoyMDAwMDAwMDAwLCJsZXZlbCI6N30."
    "ZSZ9vGbzy4Sszln2hdsWt9HkbYDiWYo19XEUVI-2X9c";

static void test_sign(void)
{
    uint8_t secret[32], i;
    char want[sizeof signed_token];
    ta_claims c = TA_ZERO;
    size_t n;
    int64_t level;
    ta_jwt jwt;
    ta_rules rules = TA_ZERO;

    for (i = 0; i < 32; i++) secret[i] = (uint8_t)(i + 1);
    CHECK(ta_key_init(&key, secret, sizeof secret, "k1") == TA_OK);
    c.issuer = "id";  c.subject = "alice";  c.audience = "gate";
    c.issued_at = 2000000000;  c.expires_at = 2000000900;
    c.more = "{\"level\":7}";  c.more_len = strlen(c.more);
    PORT_COPY(want, signed_token, sizeof want);
    CHECK(ta_jwt_sign(&key, &c, room, sizeof room, &n) == TA_OK && n == sizeof want - 1
          && memcmp(room, want, sizeof want) == 0);
    rules.allow_any_audience = true;
    rules.required = "sub level";
    rules.max_age_s = 60;
    CHECK(ta_jwt_verify(ta_keys_of(&key, 1), room, n, 2000000060, &rules, room, n, &jwt) == TA_OK);
    CHECK(ta_json_int(ta_json_at(jwt.claims, "level"), &level) == TA_OK && level == 7);
    PORT_COPY(room, signed_token, sizeof signed_token);
    CHECK(ta_jwt_verify(ta_keys_of(&key, 1), room, n, 2000000061, &rules, room, n, &jwt) == TA_ERR_AGE);
    c.expires_at = 0;
    CHECK(ta_jwt_sign(&key, &c, room, sizeof room, &n) == TA_ERR_MISSING && n == 0);
}

/* ---- login, refresh, replay, restart ------------------------------------------------------------ */

#define SLOTS 4
static ta_slot        slots[SLOTS];
static ta_table       table;
static ta_refresh_key refresh_key;
static ta_auth        auth;
static ta_pair        pair;
static ta_deny_slot   denied[2];
static ta_deny        deny;
static uint8_t        replays, logins;

static ta_status chip_random(void *ctx, void *out, size_t len)
{
    static uint8_t n;
    (void)ctx;
    memset(out, ++n, len);
    return TA_OK;
}

static void on_event(void *ctx, ta_event what, const ta_session *s)
{
    (void)ctx; (void)s;
    if (what == TA_EVENT_REPLAY) replays++;
    if (what == TA_EVENT_LOGIN) logins++;
}

static void start(void)
{
    uint8_t secret[32];
    ta_auth_config cfg = TA_ZERO;
    memset(secret, 9, sizeof secret);
    memset(slots, 0xFF, sizeof slots);
    refresh_key.id = 3;
    CHECK(ta_key_derive(&key, secret, sizeof secret, "access", NULL) == TA_OK);
    CHECK(ta_key_derive(&refresh_key.key, secret, sizeof secret, "refresh", NULL) == TA_OK);
    CHECK(ta_table_init(&table, slots, SLOTS) == TA_OK && ta_deny_init(&deny, denied, 2) == TA_OK);
    cfg.keys = ta_keys_of(&key, 1);
    cfg.refresh_keys = &refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "id";
    cfg.audience = "gate";
    cfg.store = ta_table_store(&table);
    cfg.deny = &deny;
    cfg.random = chip_random;
    cfg.event = on_event;
    cfg.check_sessions = true;
    CHECK(ta_auth_init(&auth, &cfg) == TA_OK);
}

static ta_status is_in(int64_t now)
{
    ta_jwt jwt;
    if (pair.access_len > sizeof room) return TA_ERR_SPACE;
    memcpy(room, pair.access, pair.access_len);
    return ta_check(&auth, room, pair.access_len, now, room, sizeof room, &jwt);
}

static void test_story(void)
{
    const int64_t noon = 2000000000;
    char first[TA_REFRESH_CAP], second[TA_REFRESH_CAP];
    size_t slot = 0, n;

    start();
    CHECK(ta_login(&auth, "alice", noon, NULL, &pair) == TA_OK && pair.client == TA_CLIENT_SET);
    CHECK(logins == 1 && is_in(noon + 1) == TA_OK && is_in(noon + 900) == TA_ERR_EXPIRED);
    memcpy(first, pair.refresh, sizeof first);
    CHECK(ta_refresh(&auth, first, strlen(first), noon + 901, NULL, &pair) == TA_OK);
    CHECK(is_in(noon + 901) == TA_OK);
    memcpy(second, pair.refresh, sizeof second);
    CHECK(ta_refresh(&auth, pair.refresh, pair.refresh_len, noon + 1800, NULL, &pair) == TA_OK);

    /* the power goes, and what was saved comes back */
    CHECK(ta_table_save(&table, &slot, room, sizeof room, &n) == TA_OK && slot == 0);
    start();
    CHECK(ta_table_load(&table, room, n, noon + 1801, TA_LOAD_RESUME, 60) == TA_OK);
    CHECK(is_in(noon + 1801) == TA_OK);
    CHECK(ta_refresh(&auth, second, strlen(second), noon + 1802, NULL, &pair) == TA_OK);  /* in time */

    /* the first token is two generations old by now: somebody else has it */
    CHECK(ta_refresh(&auth, first, strlen(first), noon + 1900, NULL, &pair) == TA_ERR_REPLAY && replays == 1);
    CHECK(pair.client == TA_CLIENT_LOGIN && pair.access_len == 0);
    CHECK(ta_refresh(&auth, second, strlen(second), noon + 1901, NULL, &pair) == TA_ERR_REVOKED);
    first[0] = first[0] == 'A' ? 'B' : 'A';
    CHECK(ta_refresh(&auth, first, strlen(first), noon + 1901, NULL, &pair) != TA_OK);
}

static void test_logout(void)
{
    const int64_t noon = 2000000000;
    ta_jwt jwt;
    start();
    CHECK(ta_login(&auth, "bob", noon, NULL, &pair) == TA_OK && is_in(noon) == TA_OK);
    CHECK(ta_logout(&auth, pair.refresh, pair.refresh_len, noon + 1) == TA_OK);
    CHECK(is_in(noon + 1) == TA_ERR_ENDED);
    CHECK(ta_login(&auth, "bob", noon + 2, NULL, &pair) == TA_OK);
    CHECK(ta_logout_all(&auth, "bob", noon + 3) == TA_OK && is_in(noon + 3) != TA_OK);
    CHECK(ta_refresh(&auth, pair.refresh, pair.refresh_len, noon + 4, NULL, &pair) != TA_OK);
    CHECK(ta_login(&auth, "bob", noon + 5, NULL, &pair) == TA_OK);
    memcpy(room, pair.access, pair.access_len);
    CHECK(ta_check(&auth, room, pair.access_len, noon + 5, room, sizeof room, &jwt) == TA_OK);
    CHECK(ta_deny_add(&deny, &jwt, noon + 5) == TA_OK && is_in(noon + 5) == TA_ERR_DENIED);
    CHECK(ta_http_code(TA_ERR_DENIED) == 401);
}

#endif

int port_main(void)
{
    passed = failed = 0;
    test_sha256();
    test_hmac();
    test_base64url();
    test_json();
    test_json_limits();
#ifdef PORT_BIG_TEXT
    test_long_json();
#endif
    test_rfc7515();
    test_tokens();
#ifndef PORT_VERIFY_ONLY
    test_sign();
    test_story();
    test_logout();
#endif
    port_say("selftest: ");
    say_number(passed);
    port_say(" passed, ");
    say_number(failed);
    port_say(" failed\n");
    return failed == 0 && passed > 0 ? 0 : 1;
}
