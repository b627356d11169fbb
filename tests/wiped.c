/* wiped.c - what a call leaves behind on its stack: no key, no state of a key, no MAC that was made to be
   compared, nothing a refresh token is made of. Each call runs on a painted stack (that of a signal handler,
   the one stack of one's own that POSIX gives), and then that stack is searched.

   What a compiler keeps there of its own accord, registers it had to spill, no C text can wipe. So this looks
   at the library's own variables: cc -O0 -DTOKENAUTH_NO_INTRINSICS tests/wiped.c, without sanitizers, and
   each of them has its place in memory. It prints "wiped: N passed, N failed".                            */

#define _XOPEN_SOURCE 700
#include "check.h"
#include "own_stack.h"

#ifndef NAME
#  define NAME "wiped"
#endif

#define WINDOW 8                        /* so many bytes of a secret in a row, and it was found */
#define NOW    INT64_C(1800000000)

/* ---- the search --------------------------------------------------------------------------------------- */

/* Eight bytes that are all the same say nothing: padding looks like that. */
static bool is_telling(const uint8_t *p)
{
    size_t i;
    for (i = 1; i < WINDOW; i++) if (p[i] != p[0]) return true;
    return false;
}

static bool is_left(const void *secret, size_t len)
{
    const uint8_t *s = (const uint8_t *)secret;
    size_t at, i;
    for (i = 0; i + WINDOW <= len; i += WINDOW) {
        if (!is_telling(s + i)) continue;
        for (at = 0; at + WINDOW <= own_top; at++) {
            if (own_area[at] == s[i] && memcmp(own_area + at, s + i, WINDOW) == 0) return true;
        }
    }
    return false;
}

static bool is_left_masked(const uint8_t *secret, size_t len, uint8_t mask)
{
    uint8_t masked[64];
    size_t i;
    for (i = 0; i < len; i++) masked[i] = (uint8_t)(secret[i] ^ mask);
    return is_left(masked, len);
}

/* A digest as bytes, and as the words it was in the hash. */
static bool digest_is_left(const uint8_t digest[TA_SHA256_SIZE])
{
    uint32_t words[8];
    size_t i;
    for (i = 0; i < 8; i++) words[i] = tai_load32(digest + 4 * i);
    return is_left(digest, TA_SHA256_SIZE) || is_left(words, sizeof words);
}

/* What an HMAC under this key gives for this text, and the inner hash that went into it. */
static bool hmac_is_left(const uint8_t secret[32], const void *text, size_t len)
{
    uint8_t digest[TA_SHA256_SIZE], block[64] = {0};
    ta_sha256 c;
    size_t i;
    memcpy(block, secret, 32);
    for (i = 0; i < sizeof block; i++) block[i] ^= 0x36;
    ta_sha256_init(&c);
    ta_sha256_update(&c, block, sizeof block);
    ta_sha256_update(&c, text, len);
    ta_sha256_final(&c, digest);
    if (digest_is_left(digest)) return true;
    ta_hmac_sha256(secret, 32, text, len, digest);
    return digest_is_left(digest);
}

/* A secret in each shape it takes on its way into an HMAC. */
static bool key_is_left(const uint8_t *secret, size_t len, const ta_key *made)
{
    return is_left(secret, len) || is_left_masked(secret, len, 0x36) || is_left_masked(secret, len, 0x5C)
        || is_left(made->inner, sizeof made->inner) || is_left(made->outer, sizeof made->outer);
}

/* ---- keys --------------------------------------------------------------------------------------------- */

static uint8_t secret[32], message[200], mac[TA_SHA256_SIZE];
static ta_key  key, derived;
static char    spelled[128];
static ta_status got;

static void call_leaves_it(void)
{
    volatile uint8_t copy[512 + sizeof secret];
    size_t i;
    for (i = 0; i < sizeof secret; i++) copy[i] = secret[i];
    message[0] = copy[1];
}

static void call_hmac(void)      { ta_hmac_sha256(secret, sizeof secret, message, sizeof message, mac); }
static void call_key(void)       { got = ta_key_init(&key, secret, sizeof secret, NULL); }
static void call_key_text(void)  { got = ta_key_init_text(&key, spelled, strlen(spelled), NULL); }
static void call_derive(void)    { got = ta_key_derive(&derived, secret, sizeof secret, "access", NULL); }

static void test_what_is_left_is_found(void)
{
    rnd_bytes(secret, sizeof secret);
    rnd_bytes(message, sizeof message);
    own_stack_run(call_leaves_it);
    CHECK(is_left(secret, sizeof secret));
    memset(own_area, 0, sizeof own_area);
    CHECK(!is_left(secret, sizeof secret));
}

static void test_hmac(void)
{
    ta_key made;
    CHECK_ST(ta_key_init(&made, secret, sizeof secret, NULL), TA_OK);
    own_stack_run(call_hmac);
    CHECK(!key_is_left(secret, sizeof secret, &made));
    CHECK(!hmac_is_left(secret, message, sizeof message));
}

static void test_key(void)
{
    own_stack_run(call_key);
    CHECK_ST(got, TA_OK);
    CHECK(!key_is_left(secret, sizeof secret, &key));
}

/* Each spelling, and each with a fault at its end. */
static void test_key_from_text(void)
{
    static const char *const prefix[] = {"hex:", "base64url:", "base64:"};
    size_t i, n, fault;
    for (i = 0; i < 3; i++) {
        for (fault = 0; fault < 2; fault++) {
            n = strlen(prefix[i]);
            memcpy(spelled, prefix[i], n + 1);
            if (i == 0) {
                size_t k;
                for (k = 0; k < sizeof secret; k++) n += (size_t)sprintf(spelled + n, "%02x", secret[k]);
            } else {
                size_t len;
                CHECK_ST(ta_base64url_encode(secret, sizeof secret, spelled + n, sizeof spelled - n, &len), TA_OK);
                if (i == 2) {
                    size_t k;
                    for (k = n; spelled[k] != '\0'; k++) {
                        if (spelled[k] == '-') spelled[k] = '+';
                        if (spelled[k] == '_') spelled[k] = '/';
                    }
                    strcat(spelled, "=");
                }
            }
            if (fault) spelled[strlen(spelled) - 2] = '?';
            own_stack_run(call_key_text);
            CHECK_ST(got, fault ? TA_ERR_ENCODING : TA_OK);
            CHECK(!key_is_left(secret, sizeof secret, &key));
        }
    }
}

static void test_derive(void)
{
    uint8_t made[TA_SHA256_SIZE], text[] = "tokenauth.h derive 1\0access";
    own_stack_run(call_derive);
    CHECK_ST(got, TA_OK);
    ta_hmac_sha256(secret, sizeof secret, text, sizeof text - 1, made);
    CHECK(!key_is_left(made, sizeof made, &derived));
    CHECK_ST(ta_key_init(&key, secret, sizeof secret, NULL), TA_OK);
    CHECK(!key_is_left(secret, sizeof secret, &key));
}

/* ---- access tokens: the MAC that should have come is worth a token -------------------------------------- */

static char   token[512], buf[512];
static size_t token_len;
static ta_jwt jwt;

static void call_sign(void)
{
    ta_claims c = TA_ZERO;
    c.subject    = "alice";
    c.expires_at = NOW + 60;
    got = ta_jwt_sign(&key, &c, token, sizeof token, &token_len);
}
static void call_verify(void)
{
    got = ta_jwt_verify(ta_keys_of(&key, 1), token, token_len, NOW, NULL, buf, sizeof buf, &jwt);
}

/* The comparison alone: in a whole call what comes after it may cover its traces by chance. */
#if TAI_SMALL
static void call_compare(void)
{
    tai_parts p;
    unsigned  makers;
    got = tai_split(token, token_len, &p);
    if (got == TA_OK) got = tai_find_makers(ta_keys_of(&key, 1), token, &p, &makers);
    if (got == TA_OK && makers == 0) got = TA_ERR_SIGNATURE;
}
#else
static void call_compare(void)
{
    static const uint8_t none[TA_SHA256_SIZE];
    got = tai_check_mac(ta_keys_of(&key, 1), 1, token, token_len - 44, none);
}
#endif

static void test_token(void)
{
    size_t signed_len;
    CHECK_ST(ta_key_init(&key, secret, sizeof secret, NULL), TA_OK);
    own_stack_run(call_sign);
    CHECK_ST(got, TA_OK);
    CHECK(!key_is_left(secret, sizeof secret, &key));

    signed_len = token_len - 44;
    own_stack_run(call_verify);
    CHECK_ST(got, TA_OK);
    CHECK(!key_is_left(secret, sizeof secret, &key));

    token[signed_len + 1] = token[signed_len + 1] == 'A' ? 'B' : 'A';
    memset(token + signed_len + 2, 'x', 41);            /* nothing of the right MAC comes from outside */
    token[token_len - 1] = 'A';
    own_stack_run(call_verify);
    CHECK_ST(got, TA_ERR_SIGNATURE);
    CHECK(!hmac_is_left(secret, token, signed_len));

    own_stack_run(call_compare);
    CHECK_ST(got, TA_ERR_SIGNATURE);
    CHECK(!hmac_is_left(secret, token, signed_len));
}

/* ---- sessions: key of the tags, and the 16 random bytes that make a refresh token ------------------------- */

static ta_refresh_key refresh_key[1];
static ta_slot        slots[8];
static ta_table       table;
static ta_auth        auth;
static ta_pair        pair;
static char           came[TA_REFRESH_CAP], good[TA_REFRESH_CAP];
static uint8_t        drawn[64];        /* the random bytes that were handed out last */

static ta_status draw(void *ctx, void *out, size_t len)
{
    (void)ctx;
    rnd_bytes(drawn, sizeof drawn);
    memcpy(out, drawn, len < sizeof drawn ? len : sizeof drawn);
    return len <= sizeof drawn ? TA_OK : TA_ERR_RANDOM;
}

static void call_login(void)   { got = ta_login(&auth, "alice", NOW, NULL, &pair); }
static void call_refresh(void) { got = ta_refresh(&auth, came, strlen(came), NOW + 30, NULL, &pair); }
static void call_check(void)
{
    got = ta_check(&auth, pair.access, pair.access_len, NOW + 30, buf, sizeof buf, &jwt);
}
static void call_replace(void)
{
    ta_login_opts o = TA_ZERO;
    o.replaces = came;
    o.replaces_len = strlen(came);
    got = ta_login(&auth, "alice", NOW + 30, &o, &pair);
}
static void call_others(void)  { got = ta_logout_others(&auth, came, strlen(came), NOW + 31, NULL); }
static void call_logout(void)  { got = ta_logout(&auth, came, strlen(came), NOW + 31); }

/* The parts of these alone: what they leave, the rest of a call may write over. */
static uint8_t raw_token[TAI_TOKEN_BYTES], bound[8];
static tai_token read_token;
static ta_record record;
static void call_open(void) { got = tai_token_open(&auth, came, strlen(came), raw_token); }
static void call_read(void) { got = tai_token_read(&auth, came, strlen(came), &read_token); }
static void call_mint(void) { tai_token_mint(&auth, drawn, 0, good); }
static void call_bind(void) { tai_bind(&auth.refresh[0], "C", record.id, secret, sizeof secret, bound); }
static ta_auth_config config;
static void call_init(void) { got = ta_auth_init(&auth, &config); }
static void call_seal(void) { tai_seal(&auth.refresh[0], &record, secret, sizeof secret, bound); }

static uint8_t session_secret[TAI_SECRET];

static void forge_tag(char *refresh)
{
    char *c = refresh + strlen(refresh) - 2;
    *c = *c == 'A' ? 'B' : 'A';
}

static bool session_is_left(void)
{
    return is_left(refresh_key[0].key.inner, 32) || is_left(refresh_key[0].key.outer, 32)
        || is_left(key.inner, 32) || is_left(key.outer, 32) || is_left(drawn, 16)
        || is_left(session_secret, TAI_SECRET);
}

static void test_session(void)
{
    ta_auth_config cfg = TA_ZERO;
    refresh_key[0].id = 1;
    CHECK_ST(ta_key_derive(&key, secret, sizeof secret, "access", NULL), TA_OK);
    CHECK_ST(ta_key_derive(&refresh_key[0].key, secret, sizeof secret, "refresh", NULL), TA_OK);
    CHECK_ST(ta_table_init(&table, slots, sizeof slots / sizeof slots[0]), TA_OK);
    cfg.keys = ta_keys_of(&key, 1);
    cfg.refresh_keys = refresh_key;
    cfg.refresh_key_count = 1;
    cfg.issuer = "https://id.example";
    cfg.audience = "https://api.example";
    cfg.store = ta_table_store(&table);
    cfg.random = draw;
    CHECK_ST(ta_auth_init(&auth, &cfg), TA_OK);

    own_stack_run(call_login);
    CHECK_ST(got, TA_OK);
    CHECK(!session_is_left());
    memcpy(came, pair.refresh, sizeof came);
    CHECK_ST(tai_token_read(&auth, came, strlen(came), &read_token), TA_OK);
    memcpy(session_secret, read_token.secret, TAI_SECRET);
    CHECK(!session_is_left());
    own_stack_run(call_refresh);
    CHECK_ST(got, TA_OK);
    CHECK(!session_is_left());
    own_stack_run(call_check);
    CHECK_ST(got, TA_OK);
    CHECK(!session_is_left());

    memcpy(good, pair.refresh, sizeof good);
    memcpy(came, good, sizeof came);
    forge_tag(came);                            /* the good one is made to be compared */
    own_stack_run(call_refresh);
    CHECK_ST(got, TA_ERR_INVALID);
    CHECK(!session_is_left());

    memcpy(came, good, sizeof came);
    own_stack_run(call_others);
    CHECK_ST(got, TA_OK);
    CHECK(!session_is_left());
    own_stack_run(call_replace);
    CHECK_ST(got, TA_OK);
    CHECK(!session_is_left());
    memcpy(came, pair.refresh, sizeof came);
    CHECK_ST(tai_token_read(&auth, came, strlen(came), &read_token), TA_OK);
    memcpy(session_secret, read_token.secret, TAI_SECRET);
    own_stack_run(call_logout);
    CHECK_ST(got, TA_OK);
    CHECK(!session_is_left());
}

/* What is drawn from a refresh key for a realm is a key. */
static void test_set_up(void)
{
    static const char label[] = "tokenauth.h refresh 1";
    uint8_t made[TA_SHA256_SIZE];
    ta_sha256 c;
    config = auth.cfg;
    config.refresh_keys = refresh_key;
    config.realm = "a realm";
    tai_hmac_begin(&c, refresh_key[0].key.inner);
    ta_sha256_update(&c, label, sizeof label);
    ta_sha256_update(&c, config.realm, strlen(config.realm));
    tai_hmac_end(&c, refresh_key[0].key.outer, made);
    own_stack_run(call_init);
    CHECK_ST(got, TA_OK);
    CHECK_ST(ta_key_init(&derived, made, sizeof made, NULL), TA_OK);
    CHECK(memcmp(&derived, &auth.refresh[0], sizeof derived) == 0);
    CHECK(!key_is_left(made, sizeof made, &derived));
}

/* The tag of a token, the MAC a seal is the front of, the bytes of a token. */
static void test_parts_of_a_session(void)
{
    uint8_t tag[TA_SHA256_SIZE];
    CHECK_ST(ta_base64url_decode(good, strlen(good), raw_token, sizeof raw_token, &token_len), TA_OK);
    tai_token_tag(&auth.refresh[0], raw_token, tag);
    CHECK(ta_equal(tag, raw_token + TAI_TOKEN_BYTES - TAI_TAG, TAI_TAG));
    memcpy(came, good, sizeof came);
    forge_tag(came);
    own_stack_run(call_open);
    CHECK_ST(got, TA_ERR_INVALID);
    CHECK(!is_left(tag, sizeof tag));
    memcpy(came, good, sizeof came);
    own_stack_run(call_read);
    CHECK_ST(got, TA_OK);
    CHECK(!is_left(read_token.secret, sizeof read_token.secret));
    own_stack_run(call_mint);
    CHECK(!is_left(drawn, TAI_SECRET));
    own_stack_run(call_bind);
    CHECK(!is_left(bound, sizeof bound));
    own_stack_run(call_seal);
    CHECK(!is_left(bound, sizeof bound));
}

int main(void)
{
    own_stack_use();
    RUN(test_what_is_left_is_found);
    RUN(test_hmac);
    RUN(test_key);
    RUN(test_key_from_text);
    RUN(test_derive);
    RUN(test_token);
    RUN(test_session);
    RUN(test_parts_of_a_session);
    RUN(test_set_up);
    return check_done(NAME);
}
