/* cases.h - what must take the same time whatever the secret: one function for each, for both ways of
   looking (secrets.c under valgrind, traces.c on a chip).

   The includer defines  SECRET(p, n)  these bytes are secret from here on
                         PUBLIC(p, n)  and these are not, any more
                         BEGIN() END() what lies between is looked at
   and noise[], bytes that differ from run to run where runs are compared.                      */

#ifndef CASES_H
#define CASES_H

static uint8_t noise[256];
static volatile unsigned sink;

static const char token_of_another[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIiwiZXhwIjoyMDAwfQ."
                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* The two states of a key are the secret; that it is ready is not, nor its kid.                   */
static void secret_key(ta_key *key)
{
    sink = ta_key_init(key, noise, 32, NULL) == TA_OK;
    SECRET(key->inner, sizeof key->inner);
    SECRET(key->outer, sizeof key->outer);
}

/* Agreement in none, some or all of the first bytes: an early end would show.                   */
static void case_equal(void)
{
    uint8_t a[43], b[43];
    size_t n;
    memcpy(a, noise, sizeof a);
    memcpy(b, noise, sizeof b);
    b[noise[100] % sizeof b] ^= 1;
    SECRET(a, sizeof a);
    BEGIN();
    for (n = 0; n <= sizeof a; n++) {
        bool same = ta_equal(a, b, n);
        PUBLIC(&same, sizeof same);
        sink = same;
    }
    END();
}

static void case_key(void)
{
    uint8_t secret[80];
    ta_key key;
    memcpy(secret, noise, sizeof secret);
    SECRET(secret, sizeof secret);
    BEGIN();
    sink = ta_key_init(&key, secret, 32, "k") == TA_OK;
    sink = ta_key_init(&key, secret, 64, NULL) == TA_OK;
    sink = ta_key_init(&key, secret, 80, NULL) == TA_OK;       /* hashed first: longer than a block */
    sink = ta_key_init_short(&key, secret, 5, NULL) == TA_OK;
    END();
}

/* The prefix and base64's padding are looked at: with its last two characters it begins.        */
static void key_from_text(const char *prefix, const char *chars, size_t n, size_t padding)
{
    char text[160];
    size_t at = strlen(prefix), i, kinds = strlen(chars);
    ta_key key;
    memcpy(text, prefix, at);
    for (i = 0; i < n; i++) text[at + i] = chars[noise[i] % kinds];
    if (n % 4 != 0) text[at + n - 1] = 'A';                     /* no spare bits */
    for (i = 0; i < padding; i++) text[at + n + i] = '=';
    SECRET(text + at, n - padding);
    BEGIN();
    sink = ta_key_init_text(&key, text, at + n + padding, "k") == TA_OK;
    END();
}
static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char alphabet[]     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void case_key_raw(void)       { key_from_text("raw:", alphabet, 40, 0); }
static void case_key_hex(void)       { key_from_text("hex:", "0123456789abcdefABCDEF", 64, 0); }
static void case_key_base64(void)    { key_from_text("base64:", alphabet, 43, 1); }
static void case_key_base64url(void) { key_from_text("base64url:", url_alphabet, 43, 0); }

static void case_derive(void)
{
    uint8_t master[40];
    ta_key key;
    memcpy(master, noise, sizeof master);
    SECRET(master, sizeof master);
    BEGIN();
    sink = ta_key_derive(&key, master, sizeof master, "access", NULL) == TA_OK;
    END();
}

static void case_hmac(void)
{
    uint8_t secret[100], msg[70], mac[TA_SHA256_SIZE];
    memcpy(secret, noise, sizeof secret);
    memcpy(msg, noise + 100, sizeof msg);
    SECRET(secret, sizeof secret);
    SECRET(msg, sizeof msg);
    BEGIN();
    ta_hmac_sha256(secret, 32, msg, sizeof msg, mac);
    ta_hmac_sha256(secret, sizeof secret, msg, 3, mac);
    ta_sha256_once(msg, sizeof msg, mac);
    END();
}

static void case_encode(void)
{
    uint8_t in[170];
    char out[240];
    size_t n, len;
    memcpy(in, noise, sizeof in);
    SECRET(in, sizeof in);
    BEGIN();
    for (n = 0; n <= sizeof in; n += n < 7 ? 1 : 23)
        sink = ta_base64url_encode(in, n, out, sizeof out, &len) == TA_OK;
    END();
}

static void case_decode(void)
{
    char in[224];
    uint8_t out[168];
    size_t i, n, len;
    for (i = 0; i < sizeof in; i++) in[i] = url_alphabet[noise[i] & 63];
    SECRET(in, sizeof in);
    BEGIN();
    for (n = 4; n <= sizeof in; n += 20) sink = ta_base64url_decode(in, n, out, sizeof out, &len) == TA_OK;
    END();
}

/* Where the foreign character is must not show.                                                   */
static void case_decode_foreign(void)
{
    char in[224];
    uint8_t out[168];
    size_t i, len;
    for (i = 0; i < sizeof in; i++) in[i] = url_alphabet[noise[i] & 63];
    in[noise[150] % sizeof in] = '!';
    SECRET(in, sizeof in);
    BEGIN();
    sink = ta_base64url_decode(in, sizeof in, out, sizeof out, &len) == TA_OK;
    END();
}

/* A token that somebody else made: the MAC that would have been right stays secret.               */
static void case_verify(void)
{
    ta_key keys[2];
    ta_jwt jwt;
    char buf[128];
    size_t n;
    secret_key(&keys[0]);
    secret_key(&keys[1]);
    BEGIN();
    sink = ta_jwt_verify(ta_keys_of(keys, 2), token_of_another, sizeof token_of_another - 1, 1000, NULL,
                         buf, sizeof buf, &jwt) == TA_OK;
    sink = ta_jws_verify(ta_keys_of(keys, 1), token_of_another, sizeof token_of_another - 1, buf, sizeof buf,
                         &n) == TA_OK;
    END();
}

#ifndef TOKENAUTH_NO_SIGN
static void case_sign(void)
{
    ta_key key;
    ta_claims c = TA_ZERO;
    char out[512];
    size_t n;
    secret_key(&key);
    c.issuer = "https://id.example";
    c.subject = "ann";
    c.expires_at = 2000;
    BEGIN();
    sink = ta_jwt_sign(&key, &c, out, sizeof out, &n) == TA_OK;
    sink = ta_jwt_sign_json(&key, TA_LIT("{\"a\":1}"), out, sizeof out, &n) == TA_OK;
    END();
}
#endif

#ifndef TOKENAUTH_NO_WEB
static void case_fingerprint(void)
{
    char value[43], claim[TA_FINGERPRINT_CAP];
    memcpy(value, noise, sizeof value);
    SECRET(value, sizeof value);
    BEGIN();
    ta_fingerprint_claim(value, sizeof value, claim);
    END();
}
#endif

#ifndef TOKENAUTH_NO_REFRESH

static ta_auth        auth;
static ta_key         access_key;
static ta_refresh_key refresh_key[1];

static ta_status some_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memcpy(out, noise + 200, len);
    return TA_OK;
}

static const char salt[] = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA";
static uint8_t    user_salt[sizeof salt];

static ta_status some_user(void *ctx, const ta_session *s, ta_user *out)
{
    (void)ctx; (void)s;
    out->salt = user_salt;
    out->salt_len = sizeof user_salt;
    return TA_OK;
}

static void make_auth(ta_store store)
{
    ta_auth_config c = TA_ZERO;
    secret_key(&access_key);
    refresh_key[0].id = 1;
    secret_key(&refresh_key[0].key);
    c.keys = ta_keys_of(&access_key, 1);
    c.refresh_keys = refresh_key;
    c.refresh_key_count = 1;
    c.issuer = "https://id.example";
    c.audience = "api";
    c.store = store;
    c.random = some_random;
    c.user = some_user;
    sink = ta_auth_init(&auth, &c) == TA_OK;
    memcpy(user_salt, salt, sizeof salt);
    SECRET(user_salt, sizeof user_salt);
}

static ta_status no_get(void *ctx, const uint8_t id[TA_ID_SIZE], ta_record *out)
{
    (void)ctx; (void)id; (void)out;
    return TA_ERR_NOT_FOUND;
}
static ta_status no_cas(void *ctx, const uint8_t id[TA_ID_SIZE], const ta_record *old, const ta_record *next,
                        int64_t expires)
{
    (void)ctx; (void)id; (void)old; (void)next; (void)expires;
    return TA_ERR_CONFLICT;
}
static ta_store no_store(void)
{
    ta_store s = TA_ZERO;
    s.get = no_get;
    s.cas = no_cas;
    return s;
}

/* A refresh token: its first two characters are version and kid, the rest is secret. One that is not ours,
   but for its form: the right tag stays secret; and one of our own.                               */
static void case_tag(void)
{
    char text[TA_REFRESH_CAP];
    uint8_t raw[TAI_TOKEN_BYTES];
    tai_token t;
    size_t n;
    make_auth(no_store());
    memcpy(raw, noise, sizeof raw);
    raw[0] = (uint8_t)(TAI_VERSION << 4 | 1);
    sink = ta_base64url_encode(raw, sizeof raw, text, sizeof text, &n) == TA_OK;
    SECRET(text + 2, n - 2);
    BEGIN();
    sink = tai_token_read(&auth, text, n, &t) == TA_OK;
    END();
    n = tai_token_mint(&auth, noise, 7, text);
    PUBLIC(text, 2);
    BEGIN();
    sink = tai_token_read(&auth, text, n, &t) == TA_OK;
    END();
    {                                       /* our own but for a character of its tag */
        char *c = text + 30 + noise[150] % 19;
        PUBLIC(c, 1);
        *c = *c == 'A' ? 'B' : 'A';
        SECRET(c, 1);
    }
    BEGIN();
    sink = tai_token_read(&auth, text, n, &t) == TA_OK;
    END();
}

static void case_seal(void)
{
    ta_record r;
    uint8_t seal[8], client[32];
    make_auth(no_store());
    memset(&r, 0, sizeof r);
    r.flags = TAI_HAS_SALT | TAI_HAS_CLIENT;
    r.sub_len = 3;
    memcpy(r.text, "ann", 3);
    memcpy(client, noise, sizeof client);
    SECRET(client, sizeof client);
    BEGIN();
    tai_bind(&auth.refresh[0], "C", r.id, client, sizeof client, r.client);
    tai_seal(&auth.refresh[0], &r, user_salt, sizeof user_salt, seal);
    sink = ta_equal(seal, noise, sizeof seal);
    sink = ta_equal(r.client, noise, sizeof r.client);
    END();
}

#endif
#endif
