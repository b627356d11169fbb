/* test_key.c - secrets become keys: lengths, spellings, what is refused, what is left behind.
   A key is judged by what it signs: each token is compared with one put together here from the
   raw secret by ta_hmac_sha256 and ta_base64url_encode, which test_hmac.c and test_base64url.c
   hold to public vectors.                                                                        */

#if defined(__linux__)
#  include <sys/random.h>
static int random_calls = -1;           /* so many more will do; -1: all */
static ssize_t random_some(void *out, size_t len, unsigned flags)
{
    if (random_calls == 0) return -1;
    if (random_calls > 0) random_calls--;
    return getrandom(out, len, flags);
}
#  define getrandom random_some
#  define KEY_RANDOM_FAILS
#endif
#include "check.h"

#define PAYLOAD "{\"sub\":\"x\"}"

static const uint8_t ramp[600] = {
#define TEN(n) n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9
    TEN(0), TEN(10), TEN(20), TEN(30), TEN(40), TEN(50), TEN(60), TEN(70), TEN(80), TEN(90),
    TEN(100), TEN(110), TEN(120), TEN(130), TEN(140), TEN(150), TEN(160), TEN(170), TEN(180),
    TEN(190), TEN(200), TEN(210), TEN(220), TEN(230), TEN(240)
};

static ta_key k;                /* the key that the tests below try to make */

/* No test may find it unchanged: every byte is set, padding too.                                 */
static void dirty(void) { memset(&k, 0xEE, sizeof k); }

static ta_key good_key(void)
{
    ta_key key;
    if (ta_key_init(&key, ramp, 32, NULL) != TA_OK) { puts("no key"); exit(2); }
    return key;
}

/* The token of PAYLOAD under a raw secret, NUL-ended; from HMAC and base64url alone.             */
static void token_of(const void *secret, size_t n, const char *kid, char out[400])
{
    char    header[200];
    uint8_t mac[TA_SHA256_SIZE];
    size_t  len, m;
    if (kid == NULL) snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    else snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", kid);
    if (ta_base64url_encode(header, strlen(header), out, 300, &len) != TA_OK) exit(2);
    out[len++] = '.';
    if (ta_base64url_encode(PAYLOAD, strlen(PAYLOAD), out + len, 50, &m) != TA_OK) exit(2);
    len += m;
    ta_hmac_sha256(secret, n, out, len, mac);
    out[len++] = '.';
    if (ta_base64url_encode(mac, sizeof mac, out + len, 50, &m) != TA_OK) exit(2);
}

/* key signs and reads as the raw secret does                                                     */
#define KEY_IS(key, secret, n) key_is(__LINE__, key, secret, n)
static void key_is(int line, const ta_key *key, const void *secret, size_t n)
{
    char   want[400], got[400], buf[300];
    size_t len = 0, payload;
    ta_status st;
    token_of(secret, n, key->kid, want);
    st = ta_jwt_sign_json(key, PAYLOAD, strlen(PAYLOAD), got, sizeof got, &len);
    if (st != TA_OK || strcmp(got, want) != 0) {
        check_failed(__FILE__, line);
        printf("%s: signs \"%s\", not \"%s\"\n", ta_status_name(st), st == TA_OK ? got : "", want);
    }
    st = ta_jws_verify(ta_keys_of(key, 1), want, strlen(want), buf, sizeof buf, &payload);
    if (st != TA_OK) {
        check_failed(__FILE__, line);
        printf("does not read its own token: %s\n", ta_status_name(st));
    }
}

/* A failed init leaves nothing of the key that was there, and nothing that can be used.          */
#define REFUSED(call, want) \
    do { \
        dirty(); \
        CHECK_ST(call, want); \
        CHECK(all_zero(&k, sizeof k)); \
    } while (0)

static ta_status init_exact(ta_key *key, const void *secret, size_t n, const char *kid)
{
    void *copy = exact_copy(secret, n);
    ta_status st = ta_key_init(key, copy, n, kid);
    free(copy);
    return st;
}

static ta_status short_exact(ta_key *key, const void *secret, size_t n, const char *kid)
{
    void *copy = exact_copy(secret, n);
    ta_status st = ta_key_init_short(key, copy, n, kid);
    free(copy);
    return st;
}

static ta_status text_exact(ta_key *key, const char *text, size_t n)
{
    char *copy = (char *)exact_copy(text, n);
    ta_status st = ta_key_init_text(key, copy, n, NULL);
    free(copy);
    return st;
}

#define TEXT(t) text_exact(&k, t, sizeof(t) - 1)

/* ---- ta_key_init, ta_key_init_short ---------------------------------------------------------- */

/* Around 64 bytes HMAC begins to hash the key first; 128 and 192 are where that hash spills.  */
static void test_key_of_every_length_signs_as_its_secret(void)
{
    size_t n;
    for (n = 1; n <= 300; n++) {
        dirty();
        if (n >= 32) {
            CHECK_ST(init_exact(&k, ramp, n, NULL), TA_OK);
            KEY_IS(&k, ramp, n);
            CHECK(k.kid == NULL);
        }
        dirty();
        CHECK_ST(short_exact(&k, ramp, n, NULL), TA_OK);
        KEY_IS(&k, ramp, n);
    }
}

static void test_key_known_answer(void)
{
    /* from CPython's hmac and base64: the key is 00 01 .. 1f                                  */
    static const char want[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ4In0."
                               "0YOqvEeppbBX1U3uGch-JX9vGwTDgCWUF_BB3EfgGVI";
    char   out[200];
    size_t len;
    k = good_key();
    CHECK_ST(ta_jwt_sign_json(&k, PAYLOAD, strlen(PAYLOAD), out, sizeof out, &len), TA_OK);
    CHECK_TEXT(out, len, want);
}

/* Rule: empty and short keys are refused.                                                        */
static void test_key_empty_and_short_are_refused(void)
{
    size_t n;
    for (n = 0; n < 32; n++) REFUSED(init_exact(&k, ramp, n, NULL), TA_ERR_KEY);
    REFUSED(ta_key_init(&k, NULL, 0, NULL), TA_ERR_KEY);
    REFUSED(ta_key_init(&k, NULL, 32, NULL), TA_ERR_KEY);
    REFUSED(ta_key_init_short(&k, "", 0, NULL), TA_ERR_KEY);
    REFUSED(ta_key_init_short(&k, NULL, 0, NULL), TA_ERR_KEY);
    REFUSED(ta_key_init_short(&k, NULL, 8, NULL), TA_ERR_KEY);
    CHECK_ST(ta_key_init(NULL, ramp, 32, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_key_init_short(NULL, ramp, 32, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_key_init_text(NULL, "raw:", 4, NULL), TA_ERR_ARGUMENT);
    CHECK_ST(ta_key_derive(NULL, ramp, 32, "p", NULL), TA_ERR_ARGUMENT);
}

/* A key of 32 zero bytes is a poor secret, but it is one: zero bytes are not "no key".           */
static void test_key_of_zero_bytes_is_a_key(void)
{
    static const uint8_t zero[32] = {0};
    dirty();
    CHECK_ST(ta_key_init(&k, zero, 32, NULL), TA_OK);
    KEY_IS(&k, zero, 32);
}

/* Lengths rule, a NUL ends nothing: keys that differ after a NUL differ.                         */
static void test_key_nul_ends_nothing(void)
{
    uint8_t s[40], t[40];
    char    a[400], b[400];
    memset(s, 'k', sizeof s);
    s[5] = 0;
    memcpy(t, s, sizeof t);
    t[39] = 'l';
    token_of(s, sizeof s, NULL, a);
    token_of(t, sizeof t, NULL, b);
    CHECK(strcmp(a, b) != 0);
    CHECK_ST(ta_key_init(&k, s, sizeof s, NULL), TA_OK);
    KEY_IS(&k, s, sizeof s);
    CHECK_ST(ta_key_init(&k, t, sizeof t, NULL), TA_OK);
    KEY_IS(&k, t, sizeof t);
}

/* The classic confusion: a public key, which everybody has, taken for the HMAC secret.           */
static void test_key_pem_text_is_refused_as_a_secret(void)
{
    static const char begin[] = "-----BEGIN ";
    static const char *const near_misses[] = {
        "-----BEGIN-RSA PUBLIC KEY-----", "----BEGIN RSA PUBLIC KEY-----", "-----begin PUBLIC KEY-----",
        "- ----BEGIN PUBLIC KEY-----", "-----BEGI", " ssh-rsa AAAA", "xssh-rsa AAAA", "ssh", "ssh_rsa",
        "SSH-rsa", "ecdsa-sha2", "ecdsa-sha2_nistp256", "ecdsa-sha3-nistp256", " ecdsa-sha2-nistp256",
        "--- BEGIN SSH2 PUBLIC KEY", "---- BEGIN-SSH2 PUBLIC KEY", "sk-ssh", "ssk-ssh-ed25519", "sk-ecdsa-sha2",
        "sk_ssh-ed25519@openssh.com", "abcecdsa-sha2-nistp256"
    };
    static const char *const keys[] = {
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIC+DCCAeCgAwIBAgIJ\n-----END CERTIFICATE-----\n",
        "Bag Attributes\n    friendlyName: x\n-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@host", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDq me",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI me",
        "ssh-rsa and then -----BEGIN PUBLIC KEY-----", "ecdsa-sha2-nistp256 -----BEGIN PUBLIC KEY-----",
        "-----BEGIN A----- -----BEGIN B-----", "------BEGIN PUBLIC KEY, six dashes --",
        "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2E\n", "Comment: me\n---- BEGIN SSH2 PUBLIC KEY ----",
        "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1", "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVj"
    };
    char   s[80], text[200];
    size_t i;
    for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        REFUSED(init_exact(&k, keys[i], strlen(keys[i]), NULL), TA_ERR_KEY);
        REFUSED(short_exact(&k, keys[i], strlen(keys[i]), NULL), TA_ERR_KEY);
        snprintf(text, sizeof text, "raw:%s", keys[i]);
        REFUSED(text_exact(&k, text, strlen(text)), TA_ERR_KEY);
    }
    for (i = 0; i + 11 <= 80; i++) {            /* at each place, the last one too; bytes around it */
        memset(s, i % 2 == 0 ? 0 : '-', sizeof s);
        memcpy(s + i, i % 3 == 0 ? "---- BEGIN " : begin, 11);
        REFUSED(init_exact(&k, s, 80, NULL), TA_ERR_KEY);
        REFUSED(short_exact(&k, s, i + 11, NULL), TA_ERR_KEY);
        {
            dirty();             /* without the last character it is no PEM text */
            CHECK_ST(short_exact(&k, s, i + 10, NULL), TA_OK);
            KEY_IS(&k, s, i + 10);
        }
    }
    REFUSED(short_exact(&k, "ssh-", 4, NULL), TA_ERR_KEY);
    REFUSED(short_exact(&k, "ecdsa-sha2-", 11, NULL), TA_ERR_KEY);
    for (i = 0; i < sizeof near_misses / sizeof near_misses[0]; i++) {
        dirty();
        CHECK_ST(short_exact(&k, near_misses[i], strlen(near_misses[i]), NULL), TA_OK);
        KEY_IS(&k, near_misses[i], strlen(near_misses[i]));
    }
    /* the same texts behind an encoding: "-----BEGIN PUBLIC KEY-----......" in base64, hex     */
    REFUSED(TEXT("base64:LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0uLi4uLi4="), TA_ERR_KEY);
    REFUSED(TEXT("base64url:LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0uLi4uLi4"), TA_ERR_KEY);
    REFUSED(TEXT("hex:2d2d2d2d2d424547494e205055424c4943204b45592d2d2d2d2d2e2e2e2e2e2e"), TA_ERR_KEY);
    REFUSED(ta_key_derive(&k, keys[0], strlen(keys[0]), "p", NULL), TA_ERR_KEY);
}

/* ---- kid ------------------------------------------------------------------------------------- */

static void test_key_kid_is_printable_and_at_most_64(void)
{
    char kid[70], text[80];
    int  c;
    size_t n;
    for (n = 0; n <= 66; n++) {
        dirty();
        memset(kid, 'k', n);
        kid[n] = '\0';
        if (n >= 1 && n <= TA_KID_MAX) {
            char *mine = (char *)exact_copy(kid, n + 1);
            CHECK_ST(ta_key_init(&k, ramp, 32, mine), TA_OK);
            CHECK(k.kid == mine);                   /* it is the caller's text, no copy */
            KEY_IS(&k, ramp, 32);
            free(mine);
            CHECK_ST(ta_key_init_short(&k, ramp, 3, kid), TA_OK);
            CHECK(k.kid == kid);
            CHECK_ST(ta_key_init_text(&k, TA_LIT("raw:0123456789abcdef0123456789abcdef"), kid), TA_OK);
            CHECK(k.kid == kid);
            CHECK_ST(ta_key_derive(&k, ramp, 32, "p", kid), TA_OK);
            CHECK(k.kid == kid);
        } else {
            REFUSED(ta_key_init(&k, ramp, 32, kid), TA_ERR_ARGUMENT);
            REFUSED(ta_key_init_short(&k, ramp, 3, kid), TA_ERR_ARGUMENT);
            REFUSED(ta_key_init_text(&k, TA_LIT("raw:0123456789abcdef0123456789abcdef"), kid),
                    TA_ERR_ARGUMENT);
            REFUSED(ta_key_derive(&k, ramp, 32, "p", kid), TA_ERR_ARGUMENT);
        }
    }
    for (c = 1; c < 256; c++) {
        bool good = c >= 0x20 && c <= 0x7E && c != '"' && c != '\\';
        size_t at;
        for (at = 0; at < 3; at++) {                /* first, middle and last place */
        dirty();
            memcpy(kid, "abc", 4);
            kid[at] = (char)c;
            memcpy(text, kid, 4);
            CHECK_ST(ta_key_init(&k, ramp, 32, kid), good ? TA_OK : TA_ERR_ARGUMENT);
            if (good) KEY_IS(&k, ramp, 32);
            else CHECK(all_zero(&k, sizeof k));
        }
    }
}

/* ---- ta_key_init_text ------------------------------------------------------------------------ */

static void test_key_text_four_spellings_of_one_key(void)
{
    static const uint8_t high[32] = {0xfb, 0xff, 0xbf, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                     14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28};
    dirty();
    CHECK_ST(TEXT("base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TA_OK);
    KEY_IS(&k, ramp, 32);
    dirty();
    CHECK_ST(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), TA_OK);
    KEY_IS(&k, ramp, 32);
    dirty();
    CHECK_ST(TEXT("hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), TA_OK);
    KEY_IS(&k, ramp, 32);
    dirty();
    CHECK_ST(TEXT("hex:000102030405060708090A0b0c0D0E0F101112131415161718191A1B1C1D1E1F"), TA_OK);
    KEY_IS(&k, ramp, 32);
    dirty();
    CHECK_ST(TEXT("base64url:-_-_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw"), TA_OK);
    KEY_IS(&k, high, 32);
    dirty();
    CHECK_ST(TEXT("base64:+/+/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw="), TA_OK);
    KEY_IS(&k, high, 32);
    dirty();
    CHECK_ST(TEXT("raw:a secret of exactly 32 bytes!!!!"), TA_OK);
    KEY_IS(&k, "a secret of exactly 32 bytes!!!!", 32);
    dirty();                                /* only the first prefix is one */
    CHECK_ST(TEXT("raw:hex:00010203040506070809101112131415"), TA_OK);
    KEY_IS(&k, "hex:00010203040506070809101112131415", 36);
    CHECK(k.kid == NULL);
}

static void test_key_text_without_a_prefix_is_not_guessed(void)
{
    REFUSED(TEXT(""), TA_ERR_ENCODING);
    REFUSED(TEXT(":"), TA_ERR_ENCODING);
    REFUSED(TEXT("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), TA_ERR_ENCODING);
    REFUSED(TEXT("HEX:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), TA_ERR_ENCODING);
    REFUSED(TEXT("hex=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), TA_ERR_ENCODING);
    REFUSED(TEXT("xhex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), TA_ERR_ENCODING);
    REFUSED(TEXT("Base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64URL:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT("base32:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT("a secret of more than thirty-two bytes"), TA_ERR_ENCODING);
    REFUSED(TEXT("Raw:a secret of exactly 32 bytes!!!!"), TA_ERR_ENCODING);
    REFUSED(ta_key_init_text(&k, NULL, 0, NULL), TA_ERR_ENCODING);
    REFUSED(ta_key_init_text(&k, NULL, 1, NULL), TA_ERR_ARGUMENT);
    REFUSED(ta_key_init_text(&k, NULL, 9, NULL), TA_ERR_ARGUMENT);
}

/* Every prefix of each text that works is refused, and never read past its end.                  */
static void test_key_text_every_prefix_is_refused(void)
{
    static const char *const texts[] = {
        "base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "raw:a secret of exactly 32 bytes!!!!"
    };
    size_t t, n;
    for (t = 0; t < 4; t++) {
        for (n = 0; n < strlen(texts[t]); n++) {
            dirty();
            ta_status st = text_exact(&k, texts[t], n);
            CHECK(st == TA_ERR_ENCODING || st == TA_ERR_KEY);
            if (n <= 3) CHECK_ST(st, TA_ERR_ENCODING);
            CHECK(all_zero(&k, sizeof k));
        }
    }
}

static void test_key_text_only_one_spelling_is_read(void)
{
    /* base64url: no padding, no standard alphabet, no spare bits, no white space               */
    REFUSED(TEXT("base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64url:+/+/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64url: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64url:AAECAwQFBgcICQoLDA0O\nDxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT(" base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\0"), TA_ERR_ENCODING);
    /* base64: padding asked for, one length, standard alphabet only                            */
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:-_-_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:+/-/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:+/+_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 "), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8====="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH==="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh=8"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:AAECAwQFBgcICQoLDA0=ODxAREhMUFRYXGBkaGxwdHh8"), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:="), TA_ERR_ENCODING);
    REFUSED(TEXT("base64:===="), TA_ERR_ENCODING);
    /* hex: pairs of digits and nothing else                                                    */
    REFUSED(TEXT("hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0"), TA_ERR_ENCODING);
    REFUSED(TEXT("hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g"), TA_ERR_ENCODING);
    REFUSED(TEXT("hex:0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), TA_ERR_ENCODING);
    REFUSED(TEXT("hex:000102030405060708090a0b0c0d0e0f10111213:415161718191a1b1c1d1e1f"), TA_ERR_ENCODING);
    REFUSED(TEXT("hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"),
        TA_ERR_ENCODING);
    REFUSED(TEXT("hex:00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15"), TA_ERR_ENCODING);
}

/* Each byte after "hex:" is tried in each of the 256 ways, and so are those of the two base64s.  */
static void test_key_text_alphabets_byte_by_byte(void)
{
    char   text[80];
    int    c;
    for (c = 0; c < 256; c++) {
        bool digit = c >= '0' && c <= '9', hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        bool alnum = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        dirty();
        memcpy(text, "hex:00000000000000000000000000000000000000000000000000000000000000a0", 68);
        text[20] = (char)c;
        CHECK_ST(text_exact(&k, text, 68), hex ? TA_OK : TA_ERR_ENCODING);
        if (hex) {                                  /* the digit's worth, in the high half */
            uint8_t want[32] = {0};
            want[8] = (uint8_t)(16 * (digit ? c - '0' : (c | 32) - 'a' + 10));
            want[31] = 0xa0;
            KEY_IS(&k, want, 32);
        }
        memcpy(text, "base64url:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", 53);
        text[20] = (char)c;
        CHECK_ST(text_exact(&k, text, 53), alnum || c == '-' || c == '_' ? TA_OK : TA_ERR_ENCODING);
        memcpy(text, "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 51);
        text[20] = (char)c;
        CHECK_ST(text_exact(&k, text, 51), alnum || c == '+' || c == '/' ? TA_OK : TA_ERR_ENCODING);
    }
}

/* Encodes n bytes of the ramp in each way. 31 is too short, 256 the most an encoding may hold.  */
static void test_key_text_lengths(void)
{
    static const char digit[] = "0123456789abcdef";
    char   text[1300];
    size_t n, i, len;
    for (n = 28; n <= 262; n++) {
        ta_status want = n < 32 ? TA_ERR_KEY : n <= 256 ? TA_OK : TA_ERR_LIMIT;
        dirty();
        memcpy(text, "hex:", 4);
        for (i = 0; i < n; i++) {
            text[4 + 2 * i] = digit[ramp[i] >> 4];
            text[5 + 2 * i] = digit[ramp[i] & 15];
        }
        CHECK_ST(text_exact(&k, text, 4 + 2 * n), want);
        if (want == TA_OK) KEY_IS(&k, ramp, n); else CHECK(all_zero(&k, sizeof k));
        text[4 + 2 * n] = '0';                      /* one digit too many, also behind the longest */
        REFUSED(text_exact(&k, text, 5 + 2 * n), n <= 256 ? TA_ERR_ENCODING : TA_ERR_LIMIT);

        dirty();
        memcpy(text, "base64url:", 10);
        CHECK_ST(ta_base64url_encode(ramp, n, text + 10, 600, &len), TA_OK);
        CHECK_ST(text_exact(&k, text, 10 + len), want);
        if (want == TA_OK) KEY_IS(&k, ramp, n); else CHECK(all_zero(&k, sizeof k));

        dirty();
        memcpy(text, "base64:", 7);                 /* the same letters in the other alphabet, filled up */
        CHECK_ST(ta_base64url_encode(ramp, n, text + 7, 600, &len), TA_OK);
        for (i = 7; i < 7 + len;
            i++) text[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
        while (len % 4 != 0) text[7 + len++] = '=';
        CHECK_ST(text_exact(&k, text, 7 + len), want);
        if (want == TA_OK) KEY_IS(&k, ramp, n); else CHECK(all_zero(&k, sizeof k));
    }
    for (n = 0; n <= 600; n += n < 40 ? 1 : 7) {    /* raw has no such bound, and takes any byte */
    dirty();
        memcpy(text, "raw:", 4);
        memcpy(text + 4, ramp, n);
        CHECK_ST(text_exact(&k, text, 4 + n), n < 32 ? TA_ERR_KEY : TA_OK);
        if (n >= 32) KEY_IS(&k, ramp, n); else CHECK(all_zero(&k, sizeof k));
    }
    REFUSED(TEXT("hex:"), TA_ERR_KEY);
    REFUSED(TEXT("base64:"), TA_ERR_KEY);
    REFUSED(TEXT("base64url:"), TA_ERR_KEY);
    REFUSED(TEXT("raw:"), TA_ERR_KEY);
}

/* ---- ta_key_derive --------------------------------------------------------------------------- */

static void test_key_derive_known_answers(void)
{
    /* from CPython: hmac.new(bytes(range(32)), b"tokenauth.h derive 1\0" + purpose, sha256)     */
    static const struct { const char *purpose, *hex; } row[] = {
        {"access", "5e225d4c09d05481c71cf128373ed5c3a0f235780b02bcb325b24f6bc47956b1"},
        {"refresh", "219ed5fa3b37033954b6697d68f9411965f0bea363d967b75d75c4b6d6cdaa6d"}
    };
    size_t i, n;
    for (i = 0; i < 2; i++) {
        dirty();
        uint8_t *want = hex_bytes(row[i].hex, &n), *master = (uint8_t *)exact_copy(ramp, 32);
        CHECK_ST(ta_key_derive(&k, master, 32, row[i].purpose, NULL), TA_OK);
        KEY_IS(&k, want, n);
        CHECK(k.kid == NULL);
        free(want);
        free(master);
    }
}

static void test_key_derive_is_hmac_of_the_label_and_purpose(void)
{
    char   purpose[400], msg[500];
    size_t n;
    for (n = 1; n < 400; n += n < 120 ? 1 : 31) {
        size_t  len = 32 + n / 2;
        uint8_t secret[TA_SHA256_SIZE];
        dirty();
        char   *p;
        memset(purpose, 'a' + (int)(n % 26), n);
        purpose[n] = '\0';
        p = (char *)exact_copy(purpose, n + 1);
        memcpy(msg, "tokenauth.h derive 1\0", 21);
        memcpy(msg + 21, purpose, n);
        ta_hmac_sha256(ramp, len, msg, 21 + n, secret);
        CHECK_ST(ta_key_derive(&k, ramp, len, p, "kid 1"), TA_OK);
        CHECK_STR(k.kid, "kid 1");
        KEY_IS(&k, secret, sizeof secret);
        free(p);
    }
}

static void test_key_derive_refuses(void)
{
    size_t n;
    for (n = 0; n < 32; n++) {
        void *master = exact_copy(ramp, n);
        REFUSED(ta_key_derive(&k, master, n, "access", NULL), TA_ERR_KEY);
        free(master);
    }
    REFUSED(ta_key_derive(&k, NULL, 0, "access", NULL), TA_ERR_KEY);
    REFUSED(ta_key_derive(&k, NULL, 32, "access", NULL), TA_ERR_KEY);
    REFUSED(ta_key_derive(&k, ramp, 32, NULL, NULL), TA_ERR_ARGUMENT);
    REFUSED(ta_key_derive(&k, ramp, 32, "", NULL), TA_ERR_ARGUMENT);
}

/* ---- lists, and keys that are none ----------------------------------------------------------- */

static void test_keys_of_names_a_list(void)
{
    ta_key  two[2];
    ta_keys keys;
    two[0] = two[1] = good_key();
    keys = ta_keys_of(two, 2);
    CHECK(keys.list == two);
    CHECK_EQ(keys.count, 2);
    keys = ta_keys_of(NULL, 0);
    CHECK(keys.list == NULL);
    CHECK_EQ(keys.count, 0);
}

/* Every call that takes one key, given bad: TA_ERR_KEY, and nothing comes out.                   */
#define REFUSED_EVERYWHERE(bad) refused_everywhere(__LINE__, bad)
static void refused_everywhere(int line, const ta_key *bad)
{
    ta_claims claims = TA_ZERO;
    ta_rules  rules = TA_ZERO;
    ta_jwt    jwt;
    char      tok[400], out[400], buf[300];
    size_t    len = 7;
    int       before = check.bad;
    token_of(ramp, 32, NULL, tok);
    claims.expires_at = 10;
    memset(out, 'x', sizeof out);
    CHECK_ST(ta_jwt_sign(bad, &claims, out, sizeof out, &len), TA_ERR_KEY);
    CHECK_EQ(len, 0);
    CHECK_EQ(out[0], 0);
    len = 7;
    memset(out, 'x', sizeof out);
    CHECK_ST(ta_jwt_sign_json(bad, PAYLOAD, strlen(PAYLOAD), out, sizeof out, &len), TA_ERR_KEY);
    CHECK_EQ(len, 0);
    CHECK_EQ(out[0], 0);
    rules.allow_no_exp = true;
    memset(&jwt, 0xEE, sizeof jwt);
    CHECK_ST(ta_jwt_verify(ta_keys_of(bad, 1), tok, strlen(tok), 1, &rules, buf, sizeof buf, &jwt),
             TA_ERR_KEY);
    CHECK(all_zero(&jwt, sizeof jwt));
    len = 7;
    CHECK_ST(ta_jws_verify(ta_keys_of(bad, 1), tok, strlen(tok), buf, sizeof buf, &len), TA_ERR_KEY);
    CHECK_EQ(len, 0);
    if (check.bad > before) printf("    called from line %d\n", line);
}

static void test_wiped_and_never_initialised_keys_are_refused_everywhere(void)
{
    ta_key none;
    k = good_key();
    ta_wipe(&k, sizeof k);
    REFUSED_EVERYWHERE(&k);
    memset(&none, 0, sizeof none);
    REFUSED_EVERYWHERE(&none);
    k = good_key();
    CHECK_ST(ta_key_init(&k, ramp, 31, NULL), TA_ERR_KEY);
    REFUSED_EVERYWHERE(&k);
    k = good_key();
    CHECK_ST(ta_key_init_text(&k, TA_LIT("hex:zz"), NULL), TA_ERR_ENCODING);
    REFUSED_EVERYWHERE(&k);
    k = good_key();
    CHECK_ST(ta_key_derive(&k, ramp, 31, "p", NULL), TA_ERR_KEY);
    REFUSED_EVERYWHERE(&k);
    k = good_key();
    CHECK_ST(ta_key_init_short(&k, ramp, 0, NULL), TA_ERR_KEY);
    REFUSED_EVERYWHERE(&k);
}

/* A list is good when 1..TA_MAX_KEYS keys are there and every one is ready: a dead key among live
   ones is a mistake in the set-up that must not hide until the day its turn comes.               */
static void test_key_lists_that_are_none_are_refused(void)
{
    ta_rules rules = TA_ZERO;
    ta_key   list[TA_MAX_KEYS + 1];
    ta_jwt   jwt;
    char     tok[400], buf[300];
    size_t   count, dead, len;
    rules.allow_no_exp = true;
    token_of(ramp, 32, NULL, tok);
    for (count = 0; count <= TA_MAX_KEYS + 1; count++) {
        for (dead = 0; dead <= count; dead++) {         /* dead == count: none is */
            ta_status want = count >= 1 && count <= TA_MAX_KEYS && dead == count ? TA_OK : TA_ERR_KEY;
            size_t i;
            for (i = 0; i <= TA_MAX_KEYS; i++) list[i] = good_key();
            if (dead < count) ta_wipe(&list[dead], sizeof list[dead]);
            {
                ta_key *exactly = (ta_key *)exact_copy(list, count * sizeof list[0]);
                ta_keys keys = ta_keys_of(exactly, count);
                CHECK_ST(ta_jwt_verify(keys, tok, strlen(tok), 1, &rules, buf, sizeof buf, &jwt), want);
                CHECK_EQ(jwt.claims.len, want == TA_OK ? strlen(PAYLOAD) : 0);
                CHECK_ST(ta_jws_verify(keys, tok, strlen(tok), buf, sizeof buf, &len), want);
                CHECK_EQ(len, want == TA_OK ? strlen(PAYLOAD) : 0);
                free(exactly);
            }
        }
    }
    CHECK_ST(ta_jws_verify(ta_keys_of(NULL, 1), tok, strlen(tok), buf, sizeof buf, &len), TA_ERR_KEY);
    CHECK_ST(ta_jws_verify(ta_keys_of(list, (size_t)-1), tok, strlen(tok), buf, sizeof buf, &len),
             TA_ERR_KEY);
    /* the keys are looked at before the token                                                  */
    ta_wipe(list, sizeof list);
    CHECK_ST(ta_jws_verify(ta_keys_of(list, 1), "x", 1, buf, sizeof buf, &len), TA_ERR_KEY);
}

/* Keys hold no pointer into themselves: a copy works when the first is gone.                     */
static void test_key_copies_with_an_equals_sign(void)
{
    ta_key copy;
    k = good_key();
    copy = k;
    ta_wipe(&k, sizeof k);
    KEY_IS(&copy, ramp, 32);
}

/* The struct keeps HMAC's states and not the secret.                                             */
static void test_key_does_not_hold_the_secret(void)
{
    uint8_t secret[32];
    size_t  i;
    dirty();
    rnd_bytes(secret, sizeof secret);
    CHECK_ST(ta_key_init(&k, secret, sizeof secret, NULL), TA_OK);
    for (i = 0; i + 8 <= sizeof k; i++) {
        size_t j;
        for (j = 0; j + 8 <= sizeof secret; j++) {
            CHECK(memcmp((const uint8_t *)&k + i, secret + j, 8) != 0);
        }
    }
}

/* ---- the system's random source --------------------------------------------------------------- */

static void test_random_arguments(void)
{
    uint8_t a[600], b[600];
    CHECK_ST(ta_random(NULL, 0), TA_OK);
    CHECK_ST(ta_random(NULL, 1), TA_ERR_ARGUMENT);
    CHECK_ST(ta_random(a, sizeof a), TA_OK);
    CHECK_ST(ta_random(b, sizeof b), TA_OK);
    CHECK(memcmp(a, b, sizeof a) != 0 && memcmp(a, a + 300, 300) != 0);
}

#ifdef KEY_RANDOM_FAILS
static void test_random_that_fails_leaves_nothing(void)
{
    uint8_t a[600];
    ta_table t;
    ta_slot slots[2];
    memset(a, 0xA5, sizeof a);
    random_calls = 1;                           /* 256 bytes come, then no more */
    CHECK_ST(ta_random(a, sizeof a), TA_ERR_RANDOM);
    CHECK(all_zero(a, sizeof a));
    random_calls = 0;
    CHECK_ST(ta_table_init(&t, slots, 2), TA_OK);       /* it only loses a defence it need not have */
    random_calls = -1;
}
#endif

int main(void)
{
    RUN(test_key_of_every_length_signs_as_its_secret);
    RUN(test_key_known_answer);
    RUN(test_key_empty_and_short_are_refused);
    RUN(test_key_of_zero_bytes_is_a_key);
    RUN(test_key_nul_ends_nothing);
    RUN(test_key_pem_text_is_refused_as_a_secret);
    RUN(test_key_kid_is_printable_and_at_most_64);
    RUN(test_key_text_four_spellings_of_one_key);
    RUN(test_key_text_without_a_prefix_is_not_guessed);
    RUN(test_key_text_every_prefix_is_refused);
    RUN(test_key_text_only_one_spelling_is_read);
    RUN(test_key_text_alphabets_byte_by_byte);
    RUN(test_key_text_lengths);
    RUN(test_key_derive_known_answers);
    RUN(test_key_derive_is_hmac_of_the_label_and_purpose);
    RUN(test_key_derive_refuses);
    RUN(test_keys_of_names_a_list);
    RUN(test_wiped_and_never_initialised_keys_are_refused_everywhere);
    RUN(test_key_lists_that_are_none_are_refused);
    RUN(test_key_copies_with_an_equals_sign);
    RUN(test_key_does_not_hold_the_secret);
    RUN(test_random_arguments);
#ifdef KEY_RANDOM_FAILS
    RUN(test_random_that_fails_leaves_nothing);
#endif
    return check_done("key");
}
